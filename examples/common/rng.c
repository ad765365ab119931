/* rng.c */
#include "rng.h"

#include <math.h>

static uint64_t splitmix(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static uint64_t rotate(uint64_t x, int by) { return x << by | x >> (64 - by); }

rng rng_new(uint64_t seed) {
  rng r = {{0, 0, 0, 0}, 0, 0};
  for (int i = 0; i < 4; i++) r.s[i] = splitmix(&seed);
  return r;
}

uint64_t rng_bits(rng *r) {
  uint64_t *s = r->s, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate(s[3], 45);
  return result;
}

double rng_uniform(rng *r) { return (double)(rng_bits(r) >> 11) * 0x1p-53; }

/* Marsaglia's polar method: a point of the unit disc, its radius made normal. */
double rng_normal(rng *r) {
  double u, v, square;
  if (r->has_spare) {
    r->has_spare = 0;
    return r->spare;
  }
  do {
    u = 2 * rng_uniform(r) - 1;
    v = 2 * rng_uniform(r) - 1;
    square = u * u + v * v;
  } while (square >= 1 || square == 0);
  double scale = sqrt(-2 * log(square) / square);
  r->spare = v * scale;
  r->has_spare = 1;
  return u * scale;
}

/* What is above the last multiple of n is drawn again, so that no residue is likelier. */
ptrdiff_t rng_below(rng *r, ptrdiff_t n) {
  uint64_t range = (uint64_t)n, bound = UINT64_MAX - UINT64_MAX % range, x;
  do x = rng_bits(r);
  while (x >= bound);
  return (ptrdiff_t)(x % range);
}

void rng_permutation(rng *r, ptrdiff_t n, ptrdiff_t *p) {
  for (ptrdiff_t i = 0; i < n; i++) {
    ptrdiff_t j = rng_below(r, i + 1);
    p[i] = p[j];
    p[j] = i;
  }
}
