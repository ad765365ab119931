/* matmul.h - what the recording and the numbers of products share. */
#ifndef JETS_MATMUL_H
#define JETS_MATMUL_H

#include "tape.h"

enum { TRANSPOSE_A = 1, TRANSPOSE_B = 2 };

typedef struct sizes { /* [m,k] x [rows,n], where rows has to be k */
  ptrdiff_t m, k, rows, n;
} sizes;

static inline sizes sizes_of(const shape *a, const shape *b, int flags) {
  const ptrdiff_t *x = a->dims + a->rank - 2, *y = b->dims + b->rank - 2;
  int ta = flags & TRANSPOSE_A ? 1 : 0, tb = flags & TRANSPOSE_B ? 1 : 0;
  sizes s = {x[ta], x[1 - ta], y[tb], y[1 - tb]};
  return s;
}

#endif
