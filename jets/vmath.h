/* vmath.h - vector libm: v_exp, v_log, ... of V. From SLEEF (1.0 ulp, erfc 1.5 ulp) for the instruction set compiled for, or
   <math.h> lane by lane without it. What SLEEF leaves out (huge, tiny, neighbours) is mended here, once. */
#ifndef JETS_VMATH_H
#define JETS_VMATH_H

#include "simd.h"

#if JETS_SLEEF
#include <sleef.h>
#if VECTOR == 64
#define SLEEF_ISA avx512f
typedef REAL(Sleef___m512d_2, Sleef___m512_2) v_pair;
#elif VECTOR == 32
#define SLEEF_ISA avx2
typedef REAL(Sleef___m256d_2, Sleef___m256_2) v_pair;
#elif defined __SSE2__
#define SLEEF_ISA sse2
#else
#define SLEEF_ISA
typedef V v_native;
#endif
/* Sleef_expd8_u10avx512f, Sleef_expf16_u10avx512f and their like */
#define SLEEF(name, ulp) SLEEF_(name, REAL(d, f), W, ulp, SLEEF_ISA)
#define SLEEF_(name, letter, lanes, ulp, isa) SLEEF__(name, letter, lanes, ulp, isa)
#define SLEEF__(name, letter, lanes, ulp, isa) Sleef_##name##letter##lanes##_##ulp##isa
#define VMATH1(prefix, name, ulp)                                                                                            \
  static inline V prefix##name(V a) { return (V)SLEEF(name, ulp)((v_native)a); }
#define VMATH2(prefix, name, ulp)                                                                                            \
  static inline V prefix##name(V a, V b) { return (V)SLEEF(name, ulp)((v_native)a, (v_native)b); }
#else
#define VMATH1(prefix, name, ulp)                                                                                            \
  static inline V prefix##name(V a) {                                                                                    \
    for (int i = 0; i < W; i++) a[i] = REAL(name, name##f)(a[i]);                                                                   \
    return a;                                                                                                        \
  }
#define VMATH2(prefix, name, ulp)                                                                                            \
  static inline V prefix##name(V a, V b) {                                                                               \
    for (int i = 0; i < W; i++) a[i] = REAL(name, name##f)(a[i], b[i]);                                                             \
    return a;                                                                                                        \
  }
#endif

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
VMATH1(raw_, exp, u10)
VMATH1(v_, expm1, u10)
VMATH1(v_, exp2, u10)
VMATH1(v_, log, u10)
VMATH1(v_, log2, u10)
VMATH1(v_, log10, u10)
VMATH1(v_, cbrt, u10)
VMATH1(v_, asin, u10)
VMATH1(v_, acos, u10)
VMATH1(v_, atan, u10)
VMATH1(v_, acosh, u10)
VMATH1(v_, atanh, u10)
VMATH1(v_, erf, u10)
VMATH1(v_, erfc, u15)
VMATH2(v_, pow, u10)
VMATH2(v_, atan2, u10)
VMATH2(v_, hypot, u05)
VMATH1(raw_, log1p, u10)
VMATH1(raw_, tan, u10)
VMATH1(raw_, sinh, u10)
VMATH1(raw_, cosh, u10)
VMATH1(raw_, asinh, u10)
#if !JETS_SLEEF
VMATH1(raw_, sin, u10)
VMATH1(raw_, cos, u10)
#endif

INLINE V or_tiny(V x, V y) { return v_select((M)(v_abs(x) < REAL(1e-290, 1e-30f)), x, y); } /* f(x) = x there; SLEEF flushes subnormals */

static inline V v_exp(V x) { /* SLEEF calls the last few infinite */
  V e = raw_exp(x), h;
  M large = (M)(x > REAL(709, 88));
  if (!v_any(large)) return e;
  h = raw_exp(x * 0.5);
  return v_select(large, h * h, e);
}

static inline V v_log1p(V x) { return or_tiny(x, v_select((M)(x > REAL(1e300, 1e36f)), v_log(x), raw_log1p(x))); }

static inline V v_asinh(V x) {
  V large = v_copysign(v_log(v_abs(x)) + (real)M_LN2, x);
  return or_tiny(x, v_select((M)(v_abs(x) > REAL(1e150, 1e15f)), large, raw_asinh(x)));
}

/* exp |x| overflows before half of it does */
INLINE V half_exp(V x) {
  V e = v_exp(v_abs(x) * 0.5);
  return e * 0.5 * e;
}
static inline V v_sinh(V x) { return v_select((M)(v_abs(x) > REAL(709, 88)), v_copysign(half_exp(x), x), raw_sinh(x)); }
static inline V v_cosh(V x) { return v_select((M)(v_abs(x) > REAL(709, 88)), half_exp(x), raw_cosh(x)); }

/* SLEEF reduces a whole vector for huge arguments, which rounds otherwise, where one lane is not below this; so that a lane's
   bits are its own, those lanes go apart, in company of another. */
INLINE M is_huge(V x) { return ~(M)(v_abs(x) < REAL(1e14, 125)); }

static inline V v_tan(V x) {
  M huge = is_huge(x);
  V t = or_tiny(x, raw_tan(v_select(huge, v_set(0), x)));
  return v_any(huge) ? v_select(huge, raw_tan(v_select(huge, x, v_set(REAL(1e15, 1e3f)))), t) : t;
}

static inline void raw_sincos(V x, V *s, V *c) {
#if JETS_SLEEF && VECTOR >= 32
  v_pair r = SLEEF(sincos, u10)((v_native)x);
  *s = (V)r.x, *c = (V)r.y;
#elif JETS_SLEEF
  *s = (V)SLEEF(sin, u10)((v_native)x), *c = (V)SLEEF(cos, u10)((v_native)x);
#else
  *s = raw_sin(x), *c = raw_cos(x);
#endif
}

static inline void v_sincos(V x, V *s, V *c) {
  M huge = is_huge(x);
  raw_sincos(v_select(huge, v_set(0), x), s, c);
  if (!v_any(huge)) return;
  V hs, hc;
  raw_sincos(v_select(huge, x, v_set(REAL(1e15, 1e3f))), &hs, &hc);
  *s = v_select(huge, hs, *s), *c = v_select(huge, hc, *c);
}
#pragma GCC diagnostic pop

#endif
