/* naive_series.c - see naive_series.h. */
#include "naive_series.h"

#include <math.h>

enum { N = NAIVE_COEFFICIENTS };

static number n_of(long double v) { return (number){v, 0}; }
static number n_add(number a, number b) { return (number){a.v + b.v, a.e + b.e + fabsl(a.v + b.v)}; }
static number n_sub(number a, number b) { return (number){a.v - b.v, a.e + b.e + fabsl(a.v - b.v)}; }

static number n_mul(number a, number b) {
  if ((a.v == 0 && a.e == 0) || (b.v == 0 && b.e == 0)) return n_of(0);
  return (number){a.v * b.v, fabsl(a.v) * b.e + fabsl(b.v) * a.e + fabsl(a.v * b.v) + 0x1p-53L * a.e * b.e};
}

static number n_div(number a, number b) {
  long double q = a.v / b.v;
  if (a.v == 0 && a.e == 0) return n_of(0);
  return (number){q, (a.e + fabsl(q) * b.e) / fabsl(b.v) + fabsl(q)};
}

static number n_function(number x, long double f, long double slope) {
  return (number){f, fabsl(slope) * x.e + 2 * fabsl(f)};
}

series s_constant(double c) {
  series y = {{{c, 0}}};
  return y;
}

series s_unknown(series x) {
  for (int k = 0; k < N; k++) x.c[k].e = INFINITY;
  return x;
}

#define EACH(name, expression)                                                                                         \
  series s_##name(series a, series b) {                                                                                \
    series y;                                                                                                          \
    for (int k = 0; k < N; k++) y.c[k] = expression;                                                                   \
    return y;                                                                                                          \
  }
EACH(add, n_add(a.c[k], b.c[k]))
EACH(sub, n_sub(a.c[k], b.c[k]))

series s_mul(series a, series b) {
  series y = s_constant(0);
  for (int k = 0; k < N; k++)
    for (int j = 0; j <= k; j++) y.c[k] = n_add(y.c[k], n_mul(a.c[j], b.c[k - j]));
  return y;
}

series s_div(series a, series b) {
  series y = s_constant(0);
  for (int k = 0; k < N; k++) {
    number sum = a.c[k];
    for (int j = 0; j < k; j++) sum = n_sub(sum, n_mul(y.c[j], b.c[k - j]));
    y.c[k] = n_div(sum, b.c[0]);
  }
  return y;
}

series s_scale(series x, double c) {
  for (int k = 0; k < N; k++) x.c[k] = n_mul(x.c[k], n_of(c));
  return x;
}

series s_shift(series x, double c) {
  x.c[0] = n_add(x.c[0], n_of(c));
  return x;
}

series s_neg(series x) { return s_sub(s_constant(0), x); }
series s_square(series x) { return s_mul(x, x); }

/* Coefficient k of y with y' = g x', from g's coefficients below k. */
static number integral(const series *g, const series *x, int k) {
  number sum = n_of(0);
  for (int j = 1; j <= k; j++) sum = n_add(sum, n_mul(n_of(j), n_mul(x->c[j], g->c[k - j])));
  return n_div(sum, n_of(k));
}

series s_exp(series x) {
  series y = s_constant(0);
  y.c[0] = n_function(x.c[0], expl(x.c[0].v), expl(x.c[0].v));
  for (int k = 1; k < N; k++) y.c[k] = integral(&y, &x, k);
  return y;
}

series s_log(series x) {
  series y = s_constant(0), g = s_div(s_constant(1), x);
  y.c[0] = n_function(x.c[0], logl(x.c[0].v), 1 / x.c[0].v);
  for (int k = 1; k < N; k++) y.c[k] = integral(&g, &x, k);
  return y;
}

series s_sqrt(series x) {
  series y = s_constant(0);
  long double root = sqrtl(x.c[0].v);
  y.c[0] = n_function(x.c[0], root, 0.5L / root);
  for (int k = 1; k < N; k++) {
    number sum = x.c[k];
    for (int j = 1; j < k; j++) sum = n_sub(sum, n_mul(y.c[j], y.c[k - j]));
    y.c[k] = n_div(sum, n_mul(n_of(2), y.c[0]));
  }
  return y;
}

/* s' = c x', c' = sign s x' */
static void pair(series x, long double s0, long double c0, int sign, series *s, series *c) {
  *s = *c = s_constant(0);
  s->c[0] = n_function(x.c[0], s0, c0);
  c->c[0] = n_function(x.c[0], c0, s0);
  for (int k = 1; k < N; k++) {
    s->c[k] = integral(c, &x, k);
    c->c[k] = n_mul(n_of(sign), integral(s, &x, k));
  }
}

#define PAIRED(name, s0, c0, sign, result)                                                                             \
  series s_##name(series x) {                                                                                          \
    series s, c;                                                                                                       \
    pair(x, s0(x.c[0].v), c0(x.c[0].v), sign, &s, &c);                                                                 \
    return result;                                                                                                     \
  }
PAIRED(sin, sinl, cosl, -1, s)
PAIRED(cos, sinl, cosl, -1, c)
PAIRED(sinh, sinhl, coshl, 1, s)
PAIRED(cosh, sinhl, coshl, 1, c)

/* y' = (p + q y + r y^2) x' */
static series riccati(series x, long double y0, int p, int q, int r) {
  series y = s_constant(0);
  y.c[0] = n_function(x.c[0], y0, p + q * y0 + r * y0 * y0);
  for (int k = 1; k < N; k++) {
    series g = s_shift(s_add(s_scale(y, q), s_scale(s_mul(y, y), r)), p);
    y.c[k] = integral(&g, &x, k);
  }
  return y;
}

series s_tanh(series x) { return riccati(x, tanhl(x.c[0].v), 1, 0, -1); }
series s_sigmoid(series x) { return riccati(x, 1 / (1 + expl(-x.c[0].v)), 0, 1, -1); }

series s_atan(series x) {
  series y = s_constant(0), g = s_div(s_constant(1), s_shift(s_mul(x, x), 1));
  y.c[0] = n_function(x.c[0], atanl(x.c[0].v), 1);
  for (int k = 1; k < N; k++) y.c[k] = integral(&g, &x, k);
  return y;
}

int s_order(series a, series b) {
  long double d = a.c[0].v - b.c[0].v, margin = 0x1p-43L * (a.c[0].e + b.c[0].e + fabsl(a.c[0].v));
  return !(fabsl(d) > margin) ? 0 : d > 0 ? 1 : -1;
}

bool s_equal(series a, series b) {
  for (int k = 0; k < N; k++)
    if (a.c[k].v != b.c[k].v || !isfinite((double)(a.c[k].e + b.c[k].e))) return false;
  return true;
}
