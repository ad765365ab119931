/* generator.h - random numbers for tests. */
#ifndef GENERATOR_H
#define GENERATOR_H

#include <stdint.h>

typedef struct generator {
  uint64_t state;
} generator;

static inline uint64_t random_bits(generator *g) { /* splitmix64 */
  uint64_t z = g->state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static inline double uniform(generator *g, double low, double high) {
  return low + (high - low) * (double)(random_bits(g) >> 11) * 0x1p-53;
}

static inline int random_below(generator *g, int n) { return (int)(random_bits(g) % (uint64_t)n); }

#endif
