/* heads.h - coefficient 0 of every row's results: r[0] the value, r[1], r[2] the row's spares (see rules.h).
   Spares that would cancel (1 - tanh^2 x, 1 - sigmoid, 1 - x^2) come from forms that do not. */
#ifndef JETS_HEADS_H
#define JETS_HEADS_H

#include "vmath.h"

enum { HEADS = 16 }; /* vectors in one go */

/* n lanes, whole vectors of them: result j of vector v to r[j * HEADS + v] */
typedef void head_fn(const real *a, const real *b, V *r, real c, ptrdiff_t n);

#define HEAD(name, results)                                                                                          \
  INLINE void vector_##name(V a, V b, V *r, real c);                                                                 \
  static void head_##name(const real *a, const real *b, V *r, real c, ptrdiff_t n) {                                 \
    for (ptrdiff_t i = 0; i < n; i += W, r++) {                                                                      \
      V x[results];                                                                                                  \
      vector_##name(v_load(a + i), v_load(b + i), x, c);                                                             \
      UNROLL for (int j = 0; j < results; j++) r[j * HEADS] = x[j];                                                  \
    }                                                                                                                \
  }                                                                                                                  \
  INLINE void vector_##name(V a, V b, V *r, real c)
#define ARGS (void)a, (void)b, (void)c
#define HEAD1(name, f)                                                                                               \
  HEAD(name, 1) {                                                                                                    \
    ARGS;                                                                                                            \
    r[0] = f;                                                                                                        \
  }
#define HEAD2(name, f, g)                                                                                            \
  HEAD(name, 2) {                                                                                                    \
    ARGS;                                                                                                            \
    r[0] = f;                                                                                                        \
    r[1] = g;                                                                                                        \
  }

HEAD1(div, a / b)
HEAD1(recip, v_set(1) / a)
HEAD1(sqrt, v_sqrt(a))
HEAD1(rsqrt, v_set(1) / v_sqrt(a))
HEAD1(cbrt, v_cbrt(a))
HEAD1(powc, v_pow(a, v_set(c)))

/* g = hypot - |a|, a the larger one */
HEAD(hypot, 2) {
  ARGS;
  M swap = (M)(v_abs(a) < v_abs(b));
  V big = v_abs(v_select(swap, b, a)), small = v_select(swap, a, b);
  r[0] = v_hypot(a, b);
  r[1] = small * (small / (r[0] + big));
}
HEAD2(atan2, v_atan2(a, b), a *a + b * b)
HEAD1(exp, v_exp(a))
HEAD1(exp2, v_exp2(a))
HEAD2(expm1, v_expm1(a), v_exp(a))
HEAD1(log, v_log(a))
HEAD1(log1p, v_log1p(a))
HEAD1(log2, v_log2(a))
HEAD1(log10, v_log10(a))
HEAD2(sinhcosh, v_sinh(a), v_cosh(a))
HEAD2(atan, v_atan(a), a *a + 1)
HEAD2(atanh, v_atanh(a), (1 - a) * (1 + a))
HEAD2(asin, v_asin(a), v_sqrt((1 - a) * (1 + a)))
HEAD2(acos, v_acos(a), v_sqrt((1 - a) * (1 + a)))

/* Before the square overflows 1 has long been lost beside it. */
INLINE V huge_or(V a, V g) { return v_select(v_abs(a) > REAL(1e150, 1e15f), v_abs(a), g); }
HEAD2(asinh, v_asinh(a), huge_or(a, v_sqrt(a * a + 1)))
HEAD2(acosh, v_select(a > REAL(1e150, 1e15f), v_log(a) + (real)M_LN2, v_acosh(a)), huge_or(a, v_sqrt((a - 1) * (a + 1))))

HEAD(sincos, 2) {
  ARGS;
  v_sincos(a, &r[0], &r[1]);
}

/* a = n/2 + f exactly, |f| <= 1/4: quarter turns swap and negate. */
HEAD(sinpicospi, 2) {
  ARGS;
  V n = v_rint(a * 2), f = v_select(v_abs(a) < REAL(0x1p52, 0x1p23), a - n * 0.5, a * 0), s, co;
  V q = n - v_floor(n * 0.25) * 4; /* 0..3 */
  v_sincos(f * (real)M_PI, &s, &co);
  M odd = (M)(q == 1) | (M)(q == 3);
  V x = v_select(odd, co, s), y = v_select(odd, s, co);
  r[0] = v_select((M)(q >= 2), -x, x);
  r[1] = v_select((M)(q == 1) | (M)(q == 2), -y, y);
}

HEAD(tan, 2) {
  ARGS;
  r[0] = v_tan(a);
  r[1] = r[0] * r[0] + 1;
}

/* With e = exp(2|x|) - 1: tanh |x| = e/(e+2), tanh' = 4(e+1)/(e+2)^2; beyond half of where e overflows 1 and 0. */
HEAD(tanh, 2) {
  ARGS;
  V x = v_abs(a), e = v_expm1(v_select(x > REAL(354, 44), v_set(REAL(708, 88)), x + x)), w = 1 / (e + 2);
  r[0] = v_copysign(e * w, a);
  r[1] = v_select(x > REAL(354, 44), v_set(0), (e + 1) * w * (4 * w));
}

/* e = exp -|x|; s = sigmoid x, d = its derivative */
INLINE void logistic(V x, V *e, V *s, V *d) {
  *e = v_exp(-v_abs(x));
  V w = 1 / (1 + *e);
  *s = v_select(x < 0, *e * w, w);
  *d = *e * w * w;
}

HEAD(sigmoid, 2) {
  ARGS;
  V e;
  logistic(a, &e, &r[0], &r[1]);
}

HEAD(softplus, 3) {
  ARGS;
  V e;
  logistic(a, &e, &r[1], &r[2]);
  r[0] = v_select(a > 0, a, v_set(0)) + v_log1p(e);
}

HEAD(logaddexp, 3) {
  ARGS;
  V big = v_select(a < b, b, a), d = v_select(a == b, v_set(0), v_select(a < b, a - b, b - a)), e;
  logistic(d, &e, &r[1], &r[2]);
  r[0] = big + v_log1p(e);
}

/* exp(p x^2) with the rounding error of x^2 put back */
INLINE V gauss(V x, real p) {
  V s = x * x, lo = v_select(s < REAL(1e300, 1e37f), v_fma(x, x, -s), v_set(0)), e = v_exp(s * p);
  return v_fma(e, lo * p, e);
}
HEAD2(erf, v_erf(a), gauss(a, -1) * (real)M_2_SQRTPI)
HEAD2(erfc, v_erfc(a), gauss(a, -1) * (real)-M_2_SQRTPI)
HEAD2(normcdf, v_erfc(a * (real)-M_SQRT1_2) * 0.5, gauss(a, -0.5) * (real)(M_2_SQRTPI * M_SQRT1_2 * 0.5))

/* (a + ib)^c */
HEAD(cpow, 2) {
  ARGS;
  V s, t, n = v_pow(v_hypot(a, b), v_set(c));
  v_sincos(v_atan2(b, a) * c, &s, &t);
  r[0] = n * t;
  r[1] = n * s;
}

HEAD(pow, 3) {
  ARGS;
  r[0] = v_pow(a, b);
  r[1] = v_log(a);
  r[2] = b * r[1];
}

#undef HEAD
#undef HEAD1
#undef HEAD2
#undef ARGS
#endif
