/* redo.c - one lane again, where the plain recurrence met a singular point. Quotients and roots go by valuation (leading exact
   zeros are dropped), and zero coefficients absorb infinities. Rarely run, compiled once, scalar.

   A series known to k1 coefficients that is divided by t^v is known to k1 - v: the top v coefficients of the result are lost
   and become NaN. Convention: t -> 0+. */
#include "kernel.h"

#include <math.h>
#include <string.h>

#define INLINE static inline __attribute__((unused))
#define L double
#define l_set(x) (x)
#define l_abs fabs
#define l_select(c, a, b) ((c) ? (a) : (b))
INLINE double l_mul(double a, double b) { return a == 0 || b == 0 ? 0 : a * b; }
INLINE double l_fma(double a, double b, double c) { return c + l_mul(a, b); }
INLINE double l_fnma(double a, double b, double c) { return c - l_mul(a, b); }
INLINE double l_over(double x, double w0, double r) { return (void)r, x == 0 && w0 == w0 ? 0 : x / w0; }
#define RULE(name) name##_redo
#define L_TILES 0
#define l_ahead(s, fresh, g, d, k, n, first, degree) ((void)(s), (void)(n), 0)
#define LOOP
#include "rules.h"

typedef jk_lane lane;
typedef void rule_fn(double *, double *, double *, double *, double *, double *, double *, int, int, int, int, double,
                     double);

static int apply(rule_fn *rule, const lane *x) { /* from coefficient 1, coefficient 0 given */
  int d = x->k1 - 1;
  rule(x->a, x->b ? x->b : x->a, x->y[0], x->y[1], x->y[2], x->t, x->u, d, d, 1, x->k1, x->p,
       x->q);
  return 0;
}

static int valuation(const double *x, int n) { /* leading exact zeros; n if all are */
  int v = 0;
  while (v < n && x[v] == 0) v++;
  return v;
}

static void fill(double *y, int from, int to, double value) {
  for (int k = from; k < to; k++) y[k] = value;
}

/* A lane like x whose inputs have lost their first v coefficients. */
static lane divided(const lane *x, int v) {
  lane z = *x;
  z.a += v;
  if (z.b) z.b += v;
  z.k1 -= v;
  return z;
}

/* y <- t^v y for v >= 0, where n coefficients of y are known; NaN above. The number lost. */
static int multiply(double *y, int v, int n, int k1) {
  int known = n + v < k1 ? n + v : k1;
  if (v >= k1) known = k1, v = k1;
  memmove(y + v, y, (size_t)(known - v) * sizeof *y);
  fill(y, 0, v, 0);
  fill(y, known, k1, NAN);
  return k1 - known;
}

/* ---- quotients ---------------------------------------------------------------------------------------------------- */

static int redo_div(const lane *x) {
  int n = x->k1, v = valuation(x->b, n), u = valuation(x->a, n);
  double *y = x->y[0];
  if (v == n || (v && u < v)) { /* no quotient, or a pole */
    double top = u < n ? x->a[u] : 0, bottom = v < n ? copysign(0, x->b[v]) : x->b[0];
    y[0] = top / bottom;
    fill(y, 1, n, NAN);
    return u == n && v == n ? n : 0;
  }
  lane z = divided(x, v);
  y[0] = z.a[0] / z.b[0];
  apply(div_redo, &z);
  return multiply(y, 0, n - v, n);
}

static int redo_recip(const lane *x) {
  lane z = *x;
  double *one = x->u;
  fill(one, 0, x->k1, 0);
  one[0] = 1;
  z.b = x->a;
  z.a = one;
  return redo_div(&z);
}

/* ---- powers: x = t^v z, x^p = t^(pv) z^p --------------------------------------------------------------------------- */

/* x^p with p v not an integer: zeros below t^(pv), there an infinite coefficient, above it nothing. */
static int branch_point(double *y, double pv, double sign, int k1) {
  int first = pv < k1 ? (int)ceil(pv) : k1;
  fill(y, 0, first, 0);
  if (first < k1) y[first] = sign * INFINITY;
  fill(y, first + 1, k1, NAN);
  return 0;
}

static int power(const lane *x, double p, double root(double, double)) {
  int n = x->k1, v = valuation(x->a, n);
  double *y = x->y[0], pv = p * v;
  lane z = divided(x, v == n ? 0 : v);
  z.p = p;
  if (p == 0) return fill(y, 0, n, 0), y[0] = 1, 0;
  if (v == 0) return apply(powp_redo, &z);
  if (v == n) { /* a constant 0: value as <math.h>, and no derivatives where it is finite */
    y[0] = pow(x->a[0], p);
    fill(y, 1, n, p < 0 ? NAN : 0);
    return 0;
  }
  double z0 = root(z.a[0], p);
  if (pv < 0) {
    y[0] = z0 == z0 ? copysign(INFINITY, z0) : pow(0, p);
    fill(y, 1, n, NAN);
    return 0;
  }
  if (fabs(pv - rint(pv)) > 1e-12 * pv) return branch_point(y, pv, z0 == z0 ? copysign(1, z0) : NAN, n);
  if (pv >= n) return fill(y, 0, n, 0), 0;
  y[0] = z0;
  apply(powp_redo, &z);
  return multiply(y, (int)rint(pv), n - v, n);
}

static double root_cbrt(double x, double p) { return (void)p, cbrt(x); }

static int redo_powc(const lane *x) { return power(x, x->p, pow); }
static int redo_sqrt(const lane *x) { return x->a[0] != 0 ? apply(sqrt_redo, x) : power(x, 0.5, pow); }
static int redo_powp(const lane *x) { return power(x, x->p, x->p > 0 ? root_cbrt : pow); } /* cbrt, rsqrt */

static int constant(const double *x, int n) { return n < 2 || valuation(x + 1, n - 1) == n - 1; }

static int redo_pow(const lane *x) {
  int n = x->k1, v = valuation(x->a, n);
  double *y = x->y[0], b0 = x->b[0];
  if (constant(x->b, n)) return power(x, b0, pow);
  if (x->a[0] > 0) return apply(pow_redo, x);
  if (v == n && b0 > 0) return fill(y, 0, n, 0), 0;
  y[0] = pow(x->a[0], b0);
  fill(y, 1, n, NAN);
  if (x->a[0] == 0 && b0 > 0 && b0 * v != rint(b0 * v)) branch_point(y, b0 * v, x->a[v] > 0 ? 1 : NAN, n);
  else for (int k = 1; k < n && k < b0 * v && x->a[0] == 0; k++) y[k] = 0; /* then powers of log t */
  return 0;
}

/* asin, acos, acosh at a branch point, by y' = q x' / sqrt(r), r = 1 - x^2 or x^2 - 1 with r_0 = 0. */
static int redo_asin(const lane *x) {
  int n = x->k1;
  double *y = x->y[0], *w = x->y[1], *r = x->t;
  if (w[0] != 0) return apply(asin_redo, x);
  r[0] = 0;
  for (int k = 1; k < n; k++) r[k] = x->p * square_sum_redo(x->a, k, 0);
  int v = valuation(r, n), m = v / 2;
  if (v == n) return fill(y, 1, n, 0), 0;
  double sign = x->q * x->a[valuation(x->a + 1, n - 1) + 1];
  if (v % 2 || r[v] < 0) {
    double y0 = y[0];
    branch_point(y, 0.5 * v, r[v] < 0 ? NAN : copysign(1, sign), n);
    y[0] = y0;
    return 0;
  }
  int known = n - v; /* coefficients of r / t^v, of its root w, and of y' */
  double *slope = x->u;
  w[0] = sqrt(r[v]);
  for (int k = 1; k < known; k++) w[k] = sqrt_at_redo(w, w[k - 1], r[v + k], 0, k);
  for (int k = 0; k < known; k++) { /* slope_k = (q x'_{k+m} - sum_{i<k} slope_i w_{k-i}) / w_0 */
    double s = x->q * (k + m + 1) * x->a[k + m + 1];
    for (int i = 0; i < k; i++) s -= slope[i] * w[k - i];
    slope[k] = s / w[0];
  }
  for (int k = 0; k < known; k++) y[k + 1] = slope[k] / (k + 1);
  fill(y, known + 1, n, NAN);
  return n - known - 1;
}

/* ---- homogeneous functions of two jets: divide both by t^v, and by a power of two so that squares stay in range --------- */

/* Into t and u; the number of common leading zeros, k1 if all are zero. */
static int scaled(const lane *x, lane *z, int *exponent) {
  int n = x->k1, va = valuation(x->a, n), vb = valuation(x->b, n), v = va < vb ? va : vb;
  *exponent = 0;
  if (v == n) return n;
  *z = divided(x, v);
  double big = fmax(fabs(z->a[0]), fabs(z->b[0]));
  if (isfinite(big)) frexp(big, exponent);
  return v;
}

static void scale_into(double *y, const double *x, int exponent, int n) {
  for (int k = 0; k < n; k++) y[k] = ldexp(x[k], exponent);
}

static int redo_hypot(const lane *x) {
  lane z;
  int n = x->k1, e, v = scaled(x, &z, &e);
  double *y = x->y[0];
  if (v == n) return fill(y, 0, n, 0), 0;
  scale_into(z.a, z.a, -e, n - v);
  scale_into(z.b, z.b, -e, n - v);
  y[0] = hypot(z.a[0], z.b[0]);
  apply(hypot_redo, &z);
  scale_into(y, y, e, n - v);
  return multiply(y, v, n - v, n);
}

static int redo_atan2(const lane *x) {
  lane z;
  int n = x->k1, e, v = scaled(x, &z, &e);
  double *y = x->y[0];
  if (v == n) {
    y[0] = atan2(x->a[0], x->b[0]);
    return fill(y, 1, n, 0), 0;
  }
  scale_into(z.a, z.a, -e, n - v);
  scale_into(z.b, z.b, -e, n - v);
  y[0] = atan2(z.a[0], z.b[0]);
  x->y[1][0] = z.a[0] * z.a[0] + z.b[0] * z.b[0];
  apply(atan2_redo, &z);
  return multiply(y, 0, n - v, n);
}

/* ---- the table: by rule, for rows that share one treat their special points alike ------------------------------------ */

#define PLAIN(rule)                                                                                                  \
  static int redo_##rule(const lane *x) { return apply(rule##_redo, x); }
PLAIN(exp)
PLAIN(expm1)
PLAIN(log)
PLAIN(sincos)
PLAIN(riccati)
PLAIN(softplus)
PLAIN(logaddexp)
PLAIN(atan)
PLAIN(erf)
PLAIN(cpow)

typedef int redo_fn(const lane *);
/* rows that never come here */
#define redo_add NULL
#define redo_sub NULL
#define redo_neg NULL
#define redo_scale NULL
#define redo_shift NULL
#define redo_mul NULL
#define redo_mulz NULL
#define redo_square NULL
#define redo_abs NULL
#define redo_relu NULL
#define redo_max NULL
#define redo_min NULL
#define redo_along NULL
#define redo_compare NULL
#define redo_where NULL
#define redo_sign NULL
#define redo_floor NULL
#define redo_ceil NULL
#define redo_round NULL
#define redo_finite NULL
#define redo_less NULL
#define redo_less_equal NULL
#define redo_greater NULL
#define redo_greater_equal NULL
#define redo_equal NULL
#define redo_not_equal NULL
#define redo_sinc NULL
#define redo_exprel NULL
#define redo_log1prel NULL

int jk_redo(int row, const jk_lane *x) {
  static redo_fn *const table[] = {
#define ROW(names, nin, nout, kind, rule, head, p, q, ...) redo_##rule,
#include "functions.def"
#include "functions_end.def"
  };
  return table[row](x);
}
