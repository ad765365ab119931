/* gmm_hand.c - value and gradient by hand: loops, as one would write them for a compiler. See gmm.h. */
#include "gmm.h"

#include <math.h>
#include <string.h>

double gmm_constant(const gmm *g) {
  double d = (double)g->d, log_gamma = 0.25 * d * (d - 1) * log(M_PI);
  for (ptrdiff_t j = 1; j <= g->d; j++) log_gamma += lgamma(0.5 * (d + 1) + 0.5 * (double)(1 - j));
  double c = (d + 1) * d * (-0.5 * log(2)) - log_gamma;
  return -0.5 * (double)g->n * d * log(2 * M_PI) - (double)g->k * c;
}

static double logsumexp(const double *x, ptrdiff_t n) {
  double most = x[0], s = 0;
  for (ptrdiff_t i = 1; i < n; i++) most = x[i] > most ? x[i] : most;
  for (ptrdiff_t i = 0; i < n; i++) s += exp(x[i] - most);
  return most + log(s);
}

/* Q_k and sum q_k; and the prior */
static double matrices(const gmm *g, const double *icf, double *q, double *sum) {
  ptrdiff_t d = g->d;
  double prior = 0;
  memset(q, 0, (size_t)(g->k * d * d) * sizeof *q);
  for (ptrdiff_t k = 0; k < g->k; k++, icf += gmm_icf(g), q += d * d) {
    const double *l = icf + d;
    sum[k] = 0;
    for (ptrdiff_t j = 0; j < d; j++) {
      sum[k] += icf[j];
      q[j * d + j] = exp(icf[j]);
      prior += q[j * d + j] * q[j * d + j];
      for (ptrdiff_t i = j + 1; i < d; i++) q[i * d + j] = *l, prior += *l * *l, l++;
    }
  }
  return prior / 2;
}

/* Of sum_k w_k (...): adds to the gradients of mu_k and Q_k. */
static void add_point(const gmm *g, double w, const double *c, const double *y, const double *q, double *mu, double *gq) {
  ptrdiff_t d = g->d;
  for (ptrdiff_t i = 0; i < d; i++) {
    double wy = w * y[i];
    for (ptrdiff_t j = 0; j <= i; j++) mu[j] += wy * q[i * d + j];
    for (ptrdiff_t j = 0; j <= i; j++) gq[i * d + j] -= wy * c[j];
  }
}

static void finish(const gmm *g, const double *p, const double *q, const double *weight, const double *gq, double *grad) {
  ptrdiff_t d = g->d;
  const double *icf = p + g->k * (1 + d);
  double *to = grad + g->k * (1 + d), all = logsumexp(p, g->k);
  for (ptrdiff_t k = 0; k < g->k; k++, q += d * d, gq += d * d, icf += gmm_icf(g), to += gmm_icf(g)) {
    double *l = to + d;
    grad[k] = weight[k] - (double)g->n * exp(p[k] - all);
    for (ptrdiff_t j = 0; j < d; j++) {
      to[j] = weight[k] + (gq[j * d + j] + q[j * d + j]) * q[j * d + j];
      for (ptrdiff_t i = j + 1; i < d; i++) *l++ = gq[i * d + j] + q[i * d + j];
    }
  }
}

double gmm_hand(const gmm *g, const double *p, double *grad, double *work) {
  ptrdiff_t n = g->n, d = g->d, m = g->k;
  double *c = work, *y = c + m * d, *sum = y + m * d, *term = sum + m, *weight = term + m, *q = weight + m, *gq = q + m * d * d;
  const double *mu = p + m;
  double value = gmm_constant(g) + matrices(g, p + m * (1 + d), q, sum) - (double)n * logsumexp(p, m);
  if (grad) {
    memset(grad, 0, (size_t)gmm_parameters(g) * sizeof *grad);
    memset(gq, 0, (size_t)(m * d * d) * sizeof *gq);
    memset(weight, 0, (size_t)m * sizeof *weight);
  }
  for (ptrdiff_t i = 0; i < n; i++) {
    const double *x = g->x + i * d;
    for (ptrdiff_t k = 0; k < m; k++) {
      double *ck = c + k * d, *yk = y + k * d, s = 0;
      const double *qk = q + k * d * d;
      for (ptrdiff_t j = 0; j < d; j++) ck[j] = x[j] - mu[k * d + j];
      for (ptrdiff_t r = 0; r < d; r++) {
        double t = 0;
        for (ptrdiff_t j = 0; j <= r; j++) t += qk[r * d + j] * ck[j];
        yk[r] = t;
        s += t * t;
      }
      term[k] = p[k] + sum[k] - 0.5 * s;
    }
    double total = logsumexp(term, m);
    value += total;
    for (ptrdiff_t k = 0; k < m && grad; k++) {
      double w = exp(term[k] - total);
      weight[k] += w;
      add_point(g, w, c + k * d, y + k * d, q + k * d * d, grad + m + k * d, gq + k * d * d);
    }
  }
  if (grad) finish(g, p, q, weight, gq, grad);
  return value;
}
