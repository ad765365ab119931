/* tile.h - long sums  s_{k+j} + sum_i a_i b_{k+j-i}, j = 0..T-1,  with T accumulators in registers: T independent chains side
   by side, each with i ascending as rules.h wants it. */
#ifndef JETS_TILE_H
#define JETS_TILE_H

#include "simd.h"

enum { TILE_MIN = 4, TILE_MAX = 8, TILE_STEP = VECTOR == 64 ? 4 : 1 }; /* steps of i at a time: what the registers hold */

typedef struct tile_range { /* the coefficients there are: la..da of a, lb..db of b */
  int la, da, lb, db;
} tile_range;

/* A fresh chain starts with a product; a multiply-add on -0 is one, the sign of zeros included.
   As j goes up, terms begin later where b is short (its coefficient above db is zero) and end later where a is not: a triangle,
   a rectangle, a triangle. The first and the last are apart if b has T coefficients. */
#define TILE(T)                                                                                                      \
  static __attribute__((noinline)) void tile_##T(V *s, int fresh, const V *a, const V *b, int k, tile_range r) {     \
    V y[T];                                                                                                          \
    UNROLL for (int j = 0; j < T; j++) y[j] = fresh ? v_set(-0.0) : s[j];                                            \
    if (k - r.db + T - 2 >= r.la)                                                                                    \
      UNROLL for (int d = 0; d < T - 1; d++) {                                                                       \
        int i = k - r.db + d;                                                                                        \
        if (i >= r.la && i <= r.da) UNROLL for (int j = 0; j <= d; j++) y[j] = v_fma(a[i], b[r.db - d + j], y[j]);   \
      }                                                                                                              \
    int i = k - r.db + T - 1, end = k - r.lb < r.da ? k - r.lb : r.da;                                               \
    if (i < r.la) i = r.la;                                                                                          \
    for (; i + TILE_STEP - 1 <= end; i += TILE_STEP)                                                                 \
      UNROLL for (int d = 0; d < TILE_STEP; d++)                                                                     \
        UNROLL for (int j = 0; j < T; j++) y[j] = v_fma(a[i + d], b[k - i - d + j], y[j]);                           \
    for (; i <= end; i++) UNROLL for (int j = 0; j < T; j++) y[j] = v_fma(a[i], b[k - i + j], y[j]);                 \
    if (k - r.lb + 1 <= r.da)                                                                                        \
      UNROLL for (int d = 1; d < T; d++) {                                                                           \
        i = k - r.lb + d;                                                                                            \
        if (i >= r.la && i <= r.da) UNROLL for (int j = d; j < T; j++) y[j] = v_fma(a[i], b[r.lb + j - d], y[j]);    \
      }                                                                                                              \
    UNROLL for (int j = 0; j < T; j++) s[j] = y[j];                                                                  \
  }
TILE(4)
TILE(5)
TILE(6)
TILE(7)
TILE(8)

typedef void tile_fn(V *s, int fresh, const V *a, const V *b, int k, tile_range r);
static tile_fn *const tile_table[TILE_MAX - TILE_MIN + 1] = {tile_4, tile_5, tile_6, tile_7, tile_8};

/* How many of n coefficients the next tile takes, so that all are of similar size; 0: too few for one. */
INLINE int tile_size(int n, tile_range r) {
  int tiles = (n + TILE_MAX - 1) / TILE_MAX;
  return n < TILE_MIN || r.db - r.lb < TILE_MAX - 1 ? 0 : (n + tiles - 1) / tiles;
}

INLINE void tile(V *s, int fresh, const V *a, const V *b, int k, int size, tile_range r) {
  tile_table[size - TILE_MIN](s, fresh, a, b, k, r);
}

/* For a recurrence: of up to n sums over i from `first` to k-1 on of g_i d_{k-i}, d up to its degree, what is known when g is known
   below k. How many: a tile, or none where a single sum is no slower. */
INLINE int tile_ahead(V *s, int fresh, const V *g, const V *d, int k, int n, int first, int degree) {
  tile_range r = {first, k - 1, 1, degree};
  int size = k - first < TILE_MIN ? 0 : tile_size(n, r);
  if (size) tile(s, fresh, g, d, k, size, r);
  return size;
}

#endif
