/* kernel_known.h - what rows of the kernels should give: values from <math.h> and series in long double. Include after cmocka.h. */
#ifndef KERNEL_KNOWN_H
#define KERNEL_KNOWN_H

#include "kernel_trial.h"

/* ---- 6. recurrences: series in long double, all by y' = g x' with g put together from sums, products and quotients ------------- */

enum { LONG = 24, EXTRA = 4 };

typedef wide series[LONG + EXTRA + 1];

static int degree_; /* of all series in the following */

#define EACH(k) for (int k = 0; k <= degree_; k++)

static inline wide product_at(const wide *a, const wide *b, int k) {
  wide s = 0;
  for (int i = 0; i <= k; i++) s += a[i] * b[k - i];
  return s;
}

static inline void affine(wide *y, wide p, const wide *a, wide q) { EACH(k) y[k] = p * a[k] + (k ? 0 : q); } /* p a + q */

static inline void product(wide *y, const wide *a, const wide *b) {
  series r = {0};
  EACH(k) r[k] = product_at(a, b, k);
  memcpy(y, r, sizeof r);
}

static inline void quotient(wide *y, const wide *a, const wide *b) {
  series r = {0};
  EACH(k) r[k] = 0, r[k] = (a[k] - product_at(r, b, k)) / b[0];
  memcpy(y, r, sizeof r);
}

static inline void inverse(wide *y, const wide *a) {
  series one = {1};
  quotient(y, one, a);
}

static inline void root(wide *y, const wide *a) {
  series r = {sqrtl(a[0])};
  for (int k = 1; k <= degree_; k++) r[k] = 0, r[k] = (a[k] - product_at(r, r, k)) / (2 * r[0]);
  memcpy(y, r, sizeof r);
}

static inline void integral(wide *y, const wide *g, const wide *x) { /* y' = g x', y_0 stays */
  for (int k = 1; k <= degree_; k++) {
    y[k] = 0;
    for (int i = 0; i < k; i++) y[k] += g[i] * x[k - i] * (k - i) / k;
  }
}

static inline void exponential(wide *y, const wide *a) {
  series r = {expl(a[0])};
  integral(r, r, a);
  memcpy(y, r, sizeof r);
}

static inline void logarithm(wide *y, const wide *a) {
  series g = {0}, r = {logl(a[0])};
  inverse(g, a);
  integral(r, g, a);
  memcpy(y, r, sizeof r);
}

/* s' = c x', c' = p s x', where the coefficients 0 are given */
static inline void pair(wide *s, wide *c, wide p, const wide *x) {
  for (int k = 1; k <= degree_; k++) {
    s[k] = c[k] = 0;
    for (int i = 0; i < k; i++) s[k] += c[i] * x[k - i] * (k - i) / k, c[k] += p * s[i] * x[k - i] * (k - i) / k;
  }
}

/* y_0 (and z_0 of a second result) are given; a and b are not touched. */
typedef void naive_fn(wide *y, wide *z, const wide *a, const wide *b, wide c);

#define NAIVE(name) static inline void naive_##name(wide *y, wide *z, const wide *a, const wide *b, wide c)

#define IGNORE (void)z, (void)b, (void)c

NAIVE(add) {
  IGNORE;
  EACH(k) y[k] = a[k] + b[k];
}

NAIVE(sub) {
  IGNORE;
  EACH(k) y[k] = a[k] - b[k];
}

NAIVE(neg) {
  IGNORE;
  affine(y, -1, a, 0);
}

NAIVE(scale) {
  IGNORE;
  affine(y, c, a, 0);
}

NAIVE(shift) {
  IGNORE;
  affine(y, 1, a, c);
}

NAIVE(mul) {
  IGNORE;
  product(y, a, b);
}

NAIVE(square) {
  IGNORE;
  product(y, a, a);
}

NAIVE(div) {
  IGNORE;
  quotient(y, a, b);
}

NAIVE(recip) {
  IGNORE;
  inverse(y, a);
}

NAIVE(sqrt) {
  IGNORE;
  root(y, a);
}

NAIVE(rsqrt) {
  IGNORE;
  root(y, a), inverse(y, y);
}

static inline void power(wide *y, const wide *a, wide c) { /* y' = c y/a a' */
  series g = {0}, l = {0};
  inverse(g, a);
  l[0] = c * logl(a[0]);
  integral(l, g, a);
  for (int k = 1; k <= degree_; k++) l[k] *= c;
  exponential(y, l);
}

NAIVE(powc) {
  IGNORE;
  power(y, a, c);
}

NAIVE(cpow) { /* (a + ib) w' = c w (a + ib)', w = y + iz */
  wide size = a[0] * a[0] + b[0] * b[0], turn = c * atan2l(b[0], a[0]), length = powl(size, c / 2);
  y[0] = length * cosl(turn), z[0] = length * sinl(turn);
  for (int k = 1; k <= degree_; k++) {
    wide re = 0, im = 0;
    for (int i = 0; i < k; i++) {
      wide w = (c * (k - i) - i) / k;
      re += w * (a[k - i] * y[i] - b[k - i] * z[i]), im += w * (a[k - i] * z[i] + b[k - i] * y[i]);
    }
    y[k] = (re * a[0] + im * b[0]) / size, z[k] = (im * a[0] - re * b[0]) / size;
  }
}

NAIVE(cbrt) {
  IGNORE;
  power(y, a, 1.0L / 3);
}

NAIVE(pow) {
  IGNORE;
  series l = {0};
  logarithm(l, a), product(l, l, b), exponential(y, l);
}

static inline void sum_of_squares(wide *y, const wide *a, const wide *b) {
  series s = {0}, t = {0};
  product(s, a, a), product(t, b, b);
  EACH(k) y[k] = s[k] + t[k];
}

NAIVE(hypot) {
  IGNORE;
  sum_of_squares(y, a, b), root(y, y);
}

NAIVE(atan2) {
  IGNORE;
  series r = {0}, g = {0}, h = {0}, t = {0};
  sum_of_squares(r, a, b), quotient(g, b, r), quotient(h, a, r);
  integral(t, h, b), integral(y, g, a);
  for (int k = 1; k <= degree_; k++) y[k] -= t[k];
}

static inline wide leading(const wide *a, const wide *b) { /* the sign of a - b for small t > 0 */
  EACH(k) if (a[k] - (b ? b[k] : 0) != 0) return a[k] - (b ? b[k] : 0);
  return 0;
}

NAIVE(abs) {
  IGNORE;
  affine(y, leading(a, NULL) < 0 ? -1 : 1, a, 0);
}

NAIVE(relu) {
  IGNORE;
  affine(y, leading(a, NULL) > 0, a, 0);
}

NAIVE(max) {
  IGNORE;
  affine(y, 1, leading(a, b) < 0 ? b : a, 0);
}

NAIVE(min) {
  IGNORE;
  affine(y, 1, leading(a, b) > 0 ? b : a, 0);
}

NAIVE(step) {
  IGNORE, (void)a;
  for (int k = 1; k <= degree_; k++) y[k] = 0;
}

static inline void choice(wide *y, wide difference) {
  naive_step(y, NULL, NULL, NULL, 0);
  y[0] = difference > 0 ? 1 : difference < 0 ? -1 : 0;
}

NAIVE(along) {
  IGNORE;
  choice(y, leading(a, NULL));
}

NAIVE(compare) {
  IGNORE;
  choice(y, leading(a, b));
}

NAIVE(exp) {
  IGNORE;
  exponential(y, a);
}

NAIVE(exp2) {
  IGNORE;
  series l = {0};
  affine(l, logl(2), a, 0), exponential(y, l);
}

NAIVE(expm1) {
  IGNORE;
  exponential(y, a), y[0] = expm1l(a[0]);
}

static inline void log_slope(wide *y, const wide *a, wide p, wide q) { /* y' = p a'/(a + q) */
  series g = {0};
  affine(g, 1 / p, a, q / p), inverse(g, g), integral(y, g, a);
}

NAIVE(log) {
  IGNORE;
  log_slope(y, a, 1, 0);
}

NAIVE(log1p) {
  IGNORE;
  log_slope(y, a, 1, 1);
}

NAIVE(log2) {
  IGNORE;
  log_slope(y, a, 1 / logl(2), 0);
}

NAIVE(log10) {
  IGNORE;
  log_slope(y, a, 1 / logl(10), 0);
}

NAIVE(sincos) {
  IGNORE;
  pair(y, z, -1, a);
}

NAIVE(sinhcosh) {
  IGNORE;
  pair(y, z, 1, a);
}

NAIVE(sinpicospi) {
  IGNORE;
  series x = {0};
  affine(x, pi, a, 0), pair(y, z, -1, x);
}

NAIVE(tan) {
  IGNORE;
  series s = {sinl(a[0])}, q = {cosl(a[0])};
  pair(s, q, -1, a), quotient(y, s, q);
}

NAIVE(tanh) {
  IGNORE;
  series s = {sinhl(a[0])}, q = {coshl(a[0])};
  pair(s, q, 1, a), quotient(y, s, q);
}

NAIVE(sigmoid) {
  IGNORE;
  series e = {0};
  affine(e, -1, a, 0), exponential(e, e), e[0] += 1, inverse(y, e);
}

NAIVE(softplus) {
  series g = {0};
  naive_sigmoid(g, z, a, b, c), integral(y, g, a);
}

NAIVE(logaddexp) {
  IGNORE;
  series e = {0}, f = {0};
  exponential(e, a), exponential(f, b);
  EACH(k) e[k] += f[k];
  logarithm(y, e);
}

static inline void square_slope(wide *y, const wide *a, wide p, wide q, int rooted,
                         wide c) { /* y' = c a'/(p a^2 + q) or of its root */
  series g = {0};
  product(g, a, a), affine(g, p, g, q);
  if (rooted) root(g, g);
  inverse(g, g), affine(g, c, g, 0), integral(y, g, a);
}

NAIVE(atan) {
  IGNORE;
  square_slope(y, a, 1, 1, 0, 1);
}

NAIVE(atanh) {
  IGNORE;
  square_slope(y, a, -1, 1, 0, 1);
}

NAIVE(asin) {
  IGNORE;
  square_slope(y, a, -1, 1, 1, 1);
}

NAIVE(acos) {
  IGNORE;
  square_slope(y, a, -1, 1, 1, -1);
}

NAIVE(asinh) {
  IGNORE;
  square_slope(y, a, 1, 1, 1, 1);
}

NAIVE(acosh) {
  IGNORE;
  square_slope(y, a, 1, -1, 1, 1);
}

static inline void gauss_slope(wide *y, const wide *a, wide p, wide c) { /* y' = c exp(p a^2) a' */
  series g = {0};
  product(g, a, a), affine(g, p, g, 0), exponential(g, g), affine(g, c, g, 0), integral(y, g, a);
}

NAIVE(erf) {
  IGNORE;
  gauss_slope(y, a, -1, 2 / sqrtl(pi));
}

NAIVE(erfc) {
  IGNORE;
  gauss_slope(y, a, -1, -2 / sqrtl(pi));
}

NAIVE(normcdf) {
  IGNORE;
  gauss_slope(y, a, -0.5L, 1 / sqrtl(2 * pi));
}

NAIVE(sinc) {
  IGNORE;
  series s = {sinl(a[0])}, q = {cosl(a[0])};
  pair(s, q, -1, a), quotient(y, s, a);
}

NAIVE(exprel) {
  IGNORE;
  exponential(y, a), y[0] -= 1, quotient(y, y, a);
}

NAIVE(log1prel) {
  IGNORE;
  series l = {log1pl(a[0])};
  log_slope(l, a, 1, 1), quotient(y, l, a);
}

#define BOTH(name)                                                                                                     \
  { value_##name, NULL, naive_##name }

#define STEPS(name)                                                                                                    \
  { value_##name, NULL, naive_step }

#define PAIR(f, g)                                                                                                     \
  { value_##f, value_##g, naive_##f##g }

static const struct known {
  value_fn *value, *second;
  naive_fn *naive;
} known[JK_ROWS] = {
    [JK_add] = BOTH(add),
    [JK_sub] = BOTH(sub),
    [JK_neg] = BOTH(neg),
    [JK_scale] = BOTH(scale),
    [JK_shift] = BOTH(shift),
    [JK_mul] = BOTH(mul),
    [JK_mulz] = {value_mulz, NULL, naive_mul},
    [JK_square] = BOTH(square),
    [JK_div] = BOTH(div),
    [JK_recip] = BOTH(recip),
    [JK_sqrt] = BOTH(sqrt),
    [JK_powc] = BOTH(powc),
    [JK_rsqrt] = BOTH(rsqrt),
    [JK_cbrt] = BOTH(cbrt),
    [JK_pow] = BOTH(pow),
    [JK_cpow] = {NULL, NULL, naive_cpow}, /* values: test_complex.c */
    [JK_hypot] = BOTH(hypot),
    [JK_atan2] = BOTH(atan2),
    [JK_abs] = BOTH(abs),
    [JK_relu] = BOTH(relu),
    [JK_max] = BOTH(max),
    [JK_min] = BOTH(min),
    [JK_along] = BOTH(along),
    [JK_compare] = BOTH(compare),
    [JK_finite] = STEPS(finite),
    [JK_less] = STEPS(less),
    [JK_less_equal] = STEPS(less_equal),
    [JK_greater] = STEPS(greater),
    [JK_greater_equal] = STEPS(greater_equal),
    [JK_equal] = STEPS(equal),
    [JK_not_equal] = STEPS(not_equal),
    [JK_sign] = STEPS(sign),
    [JK_floor] = STEPS(floor),
    [JK_ceil] = STEPS(ceil),
    [JK_round] = STEPS(round),
    [JK_exp] = BOTH(exp),
    [JK_exp2] = BOTH(exp2),
    [JK_expm1] = BOTH(expm1),
    [JK_log] = BOTH(log),
    [JK_log1p] = BOTH(log1p),
    [JK_log2] = BOTH(log2),
    [JK_log10] = BOTH(log10),
    [JK_sincos] = PAIR(sin, cos),
    [JK_sinhcosh] = PAIR(sinh, cosh),
    [JK_sinpicospi] = PAIR(sinpi, cospi),
    [JK_tan] = BOTH(tan),
    [JK_tanh] = BOTH(tanh),
    [JK_sigmoid] = BOTH(sigmoid),
    [JK_softplus] = BOTH(softplus),
    [JK_logaddexp] = BOTH(logaddexp),
    [JK_atan] = BOTH(atan),
    [JK_atanh] = BOTH(atanh),
    [JK_asin] = BOTH(asin),
    [JK_acos] = BOTH(acos),
    [JK_asinh] = BOTH(asinh),
    [JK_acosh] = BOTH(acosh),
    [JK_erf] = BOTH(erf),
    [JK_erfc] = BOTH(erfc),
    [JK_normcdf] = BOTH(normcdf),
    [JK_sinc] = BOTH(sinc),
    [JK_exprel] = BOTH(exprel),
    [JK_log1prel] = BOTH(log1prel),
};

/* f' at x as a series: (f(x(t)))' / x'(t), one coefficient shorter. */
static inline void differentiate(wide *y, const wide *a) {
  series x = {0};
  for (int k = 0; k < degree_; k++) y[k] = (k + 1) * y[k + 1], x[k] = (k + 1) * a[k + 1];
  degree_--;
  quotient(y, y, x);
}

static inline void naive(const problem *p, ptrdiff_t i, wide *y, wide *z) {
  const struct known *f = &known[p->row];
  series x[JK_MAX_IN] = {{0}};
  degree_ = p->order + p->m;
  for (int j = 0; j < jk_rows[p->row].nin; j++) /* families want higher coefficients: of full series */
    EACH(k) x[j][k] = k > p->order || holds(p->in[j], k) ? p->x[j][k][i] : 0;
  y[0] = f->value ? f->value(x[0][0], x[1][0], p->c) : 0;
  z[0] = f->second ? f->second(x[0][0], x[1][0], p->c) : 0;
  f->naive(y, z, x[0], x[1], p->c);
  for (int m = 0; m < p->m; m++) differentiate(y, x[0]);
}

/* Jets whose results keep about their size from coefficient to coefficient, so that an error stands out at any order. */
static inline void moderate_lane(problem *p, ptrdiff_t i) {
  for (int j = 0; j < jk_rows[p->row].nin; j++)
    for (int k = 0; k <= p->order + p->m; k++) p->x[j][k][i] = k ? uniform(-0.25, 0.25) : inside(p->row);
  if (domains[p->row].hi == 4) p->x[0][0][i] = uniform(1.2, 2);
  if (is_family(p->row)) { /* quotients by x and x' are not to cancel */
    p->x[0][0][i] = p->row == JK_log1prel ? uniform(1, 2) : REAL(copysign, copysignf)(uniform(1.5, 2.5), p->x[0][0][i]);
    p->x[0][1][i] = uniform(0.8, 1.2);
    for (int k = 2; k <= p->order + p->m; k++) p->x[0][k][i] *= (real)(0.2 / k);
  }
  if (p->row == JK_div || p->row == JK_recip || p->row == JK_atan2 || p->row == JK_hypot)
    for (int j = 0; j < jk_rows[p->row].nin; j++) p->x[j][0][i] = REAL(copysign, copysignf)(uniform(0.5, 3), p->x[j][0][i]);
  if ((jk_rows[p->row].kind == JK_PIECEWISE || jk_rows[p->row].kind == JK_CHOICE) && below(2)) /* ties, solved further on */
    for (int k = below(4); k >= 0; k--) p->x[0][k][i] = jk_rows[p->row].nin > 1 ? p->x[1][k][i] : 0;
}

static inline void moderate_problem(problem *p, int row, int order) {
  random_problem(p, row, order, between(1, LANES));
  for (int j = 0; j < JK_MAX_IN; j++) {
    int any = jk_rows[row].kind == JK_LINEAR || jk_rows[row].kind == JK_PRODUCT;
    if (!any) p->in[j] = (interval){0, p->m ? order : max_(p->in[j].degree, 0)};
  }
  p->out = out_interval(p);
  for (ptrdiff_t i = 0; i < p->n; i++) moderate_lane(p, i);
}

/* ---- 7. coefficient 0 --------------------------------------------------------------------------------------------------------- */

static inline int64_t place(real x) { /* on the line of all numbers; inf follows the largest */
  REAL(int64_t, int32_t) i;
  memcpy(&i, &x, sizeof i);
  return i < 0 ? REAL(INT64_MIN, INT32_MIN) - i : i;
}

#endif
