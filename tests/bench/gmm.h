/* gmm.h - the log-posterior of a Gaussian mixture with Wishart prior, as ADBench defines it (gamma = 1, m = 0):

     L = -n d/2 log 2 pi + sum_i logsumexp_k (alpha_k + sum_j q_kj - |Q_k (x_i - mu_k)|^2 / 2) - n logsumexp(alpha)
         + sum_k (|exp q_k|^2 + |l_k|^2) / 2 - K C,     Q_k: diagonal exp q_k, below it l_k by columns

   Parameters one after another: alpha [K], mu [K, d], then for each k: q [d], l [d (d-1)/2]. */
#ifndef BENCH_GMM_H
#define BENCH_GMM_H

#include <stddef.h>

typedef struct gmm {
  ptrdiff_t n, d, k;
  double *x; /* n x d */
} gmm;

static inline ptrdiff_t gmm_icf(const gmm *g) { return g->d * (g->d + 1) / 2; }
static inline ptrdiff_t gmm_parameters(const gmm *g) { return g->k * (1 + g->d + gmm_icf(g)); }
double gmm_constant(const gmm *); /* what does not depend on the parameters */

/* The value, and where grad is not NULL its gradient; work: 4 d + 3 K d + 2 K numbers and 2 K d d. */
double gmm_hand(const gmm *, const double *p, double *grad, double *work);

#endif
