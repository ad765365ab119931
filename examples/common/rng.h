/* rng.h - random numbers that are the same everywhere for the same seed: xoshiro256** (Blackman and Vigna 2018), seeded
   by splitmix64. */
#ifndef EXAMPLES_RNG_H
#define EXAMPLES_RNG_H

#include <stddef.h>
#include <stdint.h>

typedef struct rng {
  uint64_t s[4];
  double spare; /* normal numbers come in pairs */
  int has_spare;
} rng;

rng rng_new(uint64_t seed);
uint64_t rng_bits(rng *);
double rng_uniform(rng *);               /* in [0, 1) */
double rng_normal(rng *);                /* mean 0, variance 1 */
ptrdiff_t rng_below(rng *, ptrdiff_t n); /* 0..n-1, each as likely; n > 0 */
void rng_permutation(rng *, ptrdiff_t n, ptrdiff_t *p);

#endif
