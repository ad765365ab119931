/* hand.c - gradients and Hessian-vector products written by hand, with BLAS and the same vector tanh and exp as the library. */
#include "gradients.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

/* ---- Rosenbrock ---------------------------------------------------------------------------------------------------- */

double hand_rosenbrock_gradient(ptrdiff_t n, const double *x, double *g) {
  double s = 0;
  g[0] = 0;
  for (ptrdiff_t i = 0; i + 1 < n; i++) {
    double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
    s += 100 * a * a + b * b;
    g[i] += -400 * a * x[i] - 2 * b;
    g[i + 1] = 200 * a;
  }
  return s;
}

void hand_rosenbrock_hvp(ptrdiff_t n, const double *x, const double *v, double *g, double *hv) {
  g[0] = hv[0] = 0;
  for (ptrdiff_t i = 0; i + 1 < n; i++) {
    double a = x[i + 1] - x[i] * x[i], b = 1 - x[i], da = v[i + 1] - 2 * x[i] * v[i];
    g[i] += -400 * a * x[i] - 2 * b;
    g[i + 1] = 200 * a;
    hv[i] += -400 * (da * x[i] + a * v[i]) + 2 * v[i];
    hv[i + 1] = 200 * da;
  }
}

/* ---- Speelpenning: products before and behind each factor, and their derivatives along v ------------------------------- */

double hand_speelpenning_gradient(ptrdiff_t n, const double *x, double *g) {
  double p = 1;
  for (ptrdiff_t i = 0; i < n; i++) g[i] = p, p *= x[i];
  double value = p;
  p = 1;
  for (ptrdiff_t i = n - 1; i >= 0; i--) g[i] *= p, p *= x[i];
  return value;
}

void hand_speelpenning_hvp(ptrdiff_t n, const double *x, const double *v, double *g, double *hv) {
  double p = 1, dp = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    g[i] = p, hv[i] = dp;
    dp = dp * x[i] + p * v[i];
    p *= x[i];
  }
  p = 1, dp = 0;
  for (ptrdiff_t i = n - 1; i >= 0; i--) {
    hv[i] = hv[i] * p + g[i] * dp;
    g[i] *= p;
    dp = dp * x[i] + p * v[i];
    p *= x[i];
  }
}

/* ---- the network ------------------------------------------------------------------------------------------------------- */

#if JETS_SLEEF && defined __AVX512F__
#include <immintrin.h>
#include <sleef.h>
enum { LANES = 8 };
static void tanh_block(double *x) { _mm512_storeu_pd(x, Sleef_tanhd8_u10avx512f(_mm512_loadu_pd(x))); }
static void exp_block(double *x) { _mm512_storeu_pd(x, Sleef_expd8_u10avx512f(_mm512_loadu_pd(x))); }
#elif JETS_SLEEF && defined __AVX2__
#include <immintrin.h>
#include <sleef.h>
enum { LANES = 4 };
static void tanh_block(double *x) { _mm256_storeu_pd(x, Sleef_tanhd4_u10avx2(_mm256_loadu_pd(x))); }
static void exp_block(double *x) { _mm256_storeu_pd(x, Sleef_expd4_u10avx2(_mm256_loadu_pd(x))); }
#else
enum { LANES = 1 };
static void tanh_block(double *x) { *x = tanh(*x); }
static void exp_block(double *x) { *x = exp(*x); }
#endif

static void each(void f(double *), double *x, ptrdiff_t n) {
  ptrdiff_t i = 0;
  for (; i + LANES <= n; i += LANES) f(x + i);
  double rest[LANES] = {0};
  if (i == n) return;
  memcpy(rest, x + i, (size_t)(n - i) * sizeof *x);
  f(rest);
  memcpy(x + i, rest, (size_t)(n - i) * sizeof *x);
}

static void gemm(int ta, int tb, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const double *a, const double *b, double beta, double *c) {
  cblas_dgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, (int)m, (int)n, (int)k, 1, a,
              (int)(ta ? m : k), b, (int)(tb ? k : n), beta, c, (int)n);
}

static void rows(double *y, const double *b, ptrdiff_t m, ptrdiff_t n) { /* y_i = b */
  for (ptrdiff_t i = 0; i < m; i++) memcpy(y + i * n, b, (size_t)n * sizeof *b);
}

static void columns(double *y, const double *x, ptrdiff_t m, ptrdiff_t n) { /* y = sum of x_i */
  memset(y, 0, (size_t)n * sizeof *y);
  for (ptrdiff_t i = 0; i < m; i++)
    for (ptrdiff_t j = 0; j < n; j++) y[j] += x[i * n + j];
}

typedef struct weights {
  const double *w1, *b1, *w2, *b2;
} weights;
static weights parts(const double *w) {
  weights p = {w, w + IN * HIDDEN, w + IN * HIDDEN + HIDDEN, w + IN * HIDDEN + HIDDEN + HIDDEN * OUT};
  return p;
}
#define PART(w, field) ((w) + (parts(w).field - (w)))

/* h = tanh(x w1 + b1), o = softmax(h w2 + b2) */
double hand_mlp_value(network *q, const double *w) {
  ptrdiff_t m = q->samples;
  weights p = parts(w);
  double loss = 0;
  rows(q->h, p.b1, m, HIDDEN);
  gemm(0, 0, m, HIDDEN, IN, q->data, p.w1, 1, q->h);
  each(tanh_block, q->h, m * HIDDEN);
  rows(q->o, p.b2, m, OUT);
  gemm(0, 0, m, OUT, HIDDEN, q->h, p.w2, 1, q->o);
  for (ptrdiff_t i = 0; i < m; i++) {
    double *o = q->o + i * OUT, most = o[0];
    for (int j = 1; j < OUT; j++) most = o[j] > most ? o[j] : most;
    for (int j = 0; j < OUT; j++) o[j] -= most;
    loss -= o[q->labels[i]];
  }
  each(exp_block, q->o, m * OUT);
  for (ptrdiff_t i = 0; i < m; i++) {
    double *o = q->o + i * OUT, s = 0;
    for (int j = 0; j < OUT; j++) s += o[j];
    for (int j = 0; j < OUT; j++) o[j] /= s;
    loss += log(s);
  }
  return loss;
}

double hand_mlp_gradient(network *q, const double *w, double *g) {
  ptrdiff_t m = q->samples;
  double loss = hand_mlp_value(q, w);
  weights p = parts(w);
  memcpy(q->od, q->o, (size_t)(m * OUT) * sizeof *w);
  for (ptrdiff_t i = 0; i < m; i++) q->od[i * OUT + q->labels[i]] -= 1;
  gemm(1, 0, HIDDEN, OUT, m, q->h, q->od, 0, PART(g, w2));
  columns(PART(g, b2), q->od, m, OUT);
  gemm(0, 1, m, HIDDEN, OUT, q->od, p.w2, 0, q->d);
  for (ptrdiff_t i = 0; i < m * HIDDEN; i++) q->d[i] *= 1 - q->h[i] * q->h[i];
  gemm(1, 0, IN, HIDDEN, m, q->data, q->d, 0, PART(g, w1));
  columns(PART(g, b1), q->d, m, HIDDEN);
  return loss;
}

/* The same, differentiated along v: hd, dd, and od = derivatives of h, of the adjoint d, and of the adjoint of the logits. */
void hand_mlp_hvp(network *q, const double *w, const double *v, double *g, double *hv) {
  ptrdiff_t m = q->samples;
  hand_mlp_gradient(q, w, g);
  weights p = parts(w), dp = parts(v);
  rows(q->hd, dp.b1, m, HIDDEN);
  gemm(0, 0, m, HIDDEN, IN, q->data, dp.w1, 1, q->hd);
  for (ptrdiff_t i = 0; i < m * HIDDEN; i++) q->hd[i] *= 1 - q->h[i] * q->h[i];
  double *od = q->o; /* becomes o (od - <o, od>); the adjoint itself is rebuilt from it where needed */
  double *adjoint = q->od, *t = q->dd;
  rows(t, dp.b2, m, OUT);
  gemm(0, 0, m, OUT, HIDDEN, q->h, dp.w2, 1, t);
  gemm(0, 0, m, OUT, HIDDEN, q->hd, p.w2, 1, t);
  for (ptrdiff_t i = 0; i < m; i++) {
    double s = 0;
    for (int j = 0; j < OUT; j++) s += od[i * OUT + j] * t[i * OUT + j];
    for (int j = 0; j < OUT; j++) od[i * OUT + j] *= t[i * OUT + j] - s;
  }
  gemm(1, 0, HIDDEN, OUT, m, q->h, od, 0, PART(hv, w2));
  gemm(1, 0, HIDDEN, OUT, m, q->hd, adjoint, 1, PART(hv, w2));
  columns(PART(hv, b2), od, m, OUT);
  gemm(0, 1, m, HIDDEN, OUT, od, p.w2, 0, q->dd);
  gemm(0, 1, m, HIDDEN, OUT, adjoint, dp.w2, 1, q->dd);
  /* d = (adjoint w2^T) (1 - h^2):  dd (1 - h^2) + d / (1 - h^2) (-2 h hd) */
  gemm(0, 1, m, HIDDEN, OUT, adjoint, p.w2, 0, q->d);
  for (ptrdiff_t i = 0; i < m * HIDDEN; i++)
    q->dd[i] = q->dd[i] * (1 - q->h[i] * q->h[i]) - 2 * q->h[i] * q->hd[i] * q->d[i];
  gemm(1, 0, IN, HIDDEN, m, q->data, q->dd, 0, PART(hv, w1));
  columns(PART(hv, b1), q->dd, m, HIDDEN);
}
