/* laplacian.h - the network of the benchmark, and the Laplacian by hand. */
#ifndef BENCH_LAPLACIAN_H
#define BENCH_LAPLACIAN_H

enum { LAYERS = 5, INPUTS = 50, WIDEST = 768, BATCH = 16, STACK = (INPUTS + 2) * BATCH };

static const int widths[LAYERS + 1] = {INPUTS, 768, 768, 512, 512, 1};

typedef struct network {
  double *w[LAYERS], *b[LAYERS];        /* [widths[l], widths[l + 1]] */
  double x[BATCH * INPUTS];
  double *h, *z; /* of the hand: STACK x WIDEST */
} network;

/* f and its Laplacian at each row of x. By the collapsed scheme: values, 50 first derivatives, one sum of second ones. */
void hand_laplacian(const network *, double f[BATCH], double laplacian[BATCH]);

#endif
