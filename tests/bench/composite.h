/* composite.h - what the competitors of the composite benchmark do. */
#ifndef BENCH_COMPOSITE_H
#define BENCH_COMPOSITE_H

#include <stddef.h>

#ifdef __cplusplus
#define PEER extern "C"
#else
#define PEER extern
#endif

/* c[k*n + i] = coefficient k of y(x_i + t), k = 0..order, scaled. Returns 0, or 1 where it cannot. The file
   peer_<name>.cpp defines peer_<name>. */
typedef int peer_fn(int order, ptrdiff_t n, const double *x, double *c);

PEER peer_fn peer_adolc;
PEER peer_fn peer_sacado;
PEER peer_fn peer_boost;

PEER void plain_values(ptrdiff_t n, const double *x, double *y);

#endif
