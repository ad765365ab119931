/* compose.h - rows given by their outer Taylor coefficients s_j = f^(m+j)(x_0)/j! (removable.h), composed with x by Horner's rule
   in z = x - x_0. z has no coefficient 0, so step j needs only the coefficients that still reach below k1. */
#include "removable.h"

typedef void outer_fn(V *s, V x, int m, int n);

static void horner(V *y, const V *s, const V *z, int k1, int degree) {
  y[0] = s[k1 - 1];
  for (int j = k1 - 2; j >= 0; j--) {
    for (int k = k1 - 1 - j; k > 0; k--) {
      V t = z[1] * y[k - 1];
      for (int i = 2; i <= k && i <= degree; i++) t = v_fma(z[i], y[k - i], t);
      y[k] = t;
    }
    y[0] = s[j];
  }
}

static void powers(V *y, const V *s, V z, int k1) {
  V p = v_set(1), q = z; /* z^floor(k/2), z^ceil(k/2): s_k z^k may be in range where z^k is not */
  y[0] = s[0];
  for (int k = 1; k < k1; k++) {
    y[k] = s[k] * p * q;
    if (k % 2) p = q;
    else q *= z;
  }
}

/* Where z is zero altogether, whatever f does at x_0. */
static void flatten(V *y, const V *z, int k1, int degree) {
  M flat = (M)(v_set(0) == 0);
  for (int k = 1; k < k1; k++) {
    if (k <= degree) flat &= (M)(z[k] == 0);
    if (!v_any(flat)) return;
    y[k] = v_select(flat, v_set(0), y[k]);
  }
}

/* y = f(x), x[0] = x, from the outer coefficients s; z with one coefficient needs no more than powers. */
static void compose_vector(V *y, V *s, const V *x, outer_fn *outer, int m, int order, int k1, int degree) {
  outer(s, x[0], m, order + 1);
  if (degree > 1) horner(y, s, x, k1, degree);
  else powers(y, s, degree ? x[1] : v_set(0), k1);
}

typedef void compose_fn(const jk_call *c, V *const x[7], int degree); /* x[2] <- f(x[0]); the others are scratch */

static void compose(jk_call *c, compose_fn *f) {
  V *x[7];
  work_arrays(c, x);
  int d = degree_of(&c->in[0], c->k1);
  for (ptrdiff_t i = 0; i < c->n; i += W) {
    ptrdiff_t m = c->n - i < W ? c->n - i : W;
    load_any(x[0], &c->in[0], c->k1, i, m);
    f(c, x, d);
    flatten(x[2], x[0], c->k1, d);
    store_any(x[2], &c->out[0], c->k0, c->k1, i, m);
  }
}

static void compose_sinc(const jk_call *c, V *const x[7], int d) {
  compose_vector(x[2], x[1], x[0], outer_sinc, c->m, c->order, c->k1, d);
}

static void compose_exprel(const jk_call *c, V *const x[7], int d) {
  compose_vector(x[2], x[1], x[0], outer_exprel, c->m, c->order, c->k1, d);
}

/* s <- sqrt r, p <- 2 p / (s + 1) */
static void halve(V *s, const V *r, V *p, int k1) {
  s[0] = v_sqrt(r[0]);
  V half = 0.5 / s[0], w = 1 / (s[0] + 1);
  for (int k = 1; k < k1; k++) s[k] = (r[k] - square_sum_any(s, k, 1)) * half;
  for (int k = 0; k < k1; k++) {
    V t = p[k] + p[k];
    for (int i = 0; i < k; i++) t = v_fnma(p[i], s[k - i], t);
    p[k] = t * w;
  }
}

/* The outer coefficients of log1prel alternate and decay no faster than the distance to the pole at -1 tells, so that powers of
   a long z cancel (2e3 u at order 30 have been seen). With s = sqrt(1 + x), log1prel(x) = 2/(s + 1) log1prel(s - 1): four such
   steps divide z by 16, and lose nothing. Near the pole itself powers are as good as anything. */
static void compose_log1prel(const jk_call *c, V *const x[7], int d) {
  V *y = x[2], *r = x[3], *s = x[4], *p = x[5], *f = x[6];
  M pole = ~(M)(x[0][0] > -0.999);
  compose_vector(y, x[1], x[0], outer_log1prel, c->m, c->order, d < 2 || c->m || v_any(pole) ? c->k1 : 2, d);
  if (d < 2 || c->m) return;
  for (int k = 0; k < c->k1; k++) r[k] = x[0][k], p[k] = v_set(0);
  r[0] += 1;
  p[0] = v_set(1);
  for (int j = 0; j < 4; j += 2) {
    halve(s, r, p, c->k1);
    halve(r, s, p, c->k1);
  }
  r[0] -= 1;
  compose_vector(f, x[1], r, outer_log1prel, 0, c->order, c->k1, c->k1 - 1);
  for (int k = 2; k < c->k1; k++) { /* 0 and 1 have nothing to cancel, and the bits that they have where nobody wants more */
    V t = product_at(p, f, k, 0, k);
    y[k] = v_any(pole) ? v_select(pole, y[k], t) : t;
  }
}

#define COMPOSED(name)                                                                                               \
  static void name##_kernel(jk_call *c, head_fn *head) {                                                             \
    (void)head;                                                                                                      \
    compose(c, compose_##name);                                                                                      \
  }
COMPOSED(sinc)
COMPOSED(exprel)
COMPOSED(log1prel)
