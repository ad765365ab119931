/* vmath.h - vector libm: v_exp, v_sin, ... of V. From SLEEF (1.0 ulp, erfc 1.5 ulp) for the instruction set compiled for, or
   <math.h> lane by lane without it. Arguments that SLEEF does not cover are redone by <math.h>. */
#ifndef JETS_VMATH_H
#define JETS_VMATH_H

#include "simd.h"

#if JETS_SLEEF
#include <sleef.h>
#if W == 8
#define SLEEF(name, ulp) Sleef_##name##d8_##ulp##avx512f
typedef __m512d sleef_v;
#elif W == 4
#define SLEEF(name, ulp) Sleef_##name##d4_##ulp##avx2
typedef __m256d sleef_v;
#else
#if defined __SSE2__
#define SLEEF(name, ulp) Sleef_##name##d2_##ulp##sse2
typedef __m128d sleef_v;
#else
#define SLEEF(name, ulp) Sleef_##name##d2_##ulp
typedef V sleef_v;
#endif
#endif
#define VMATH1(name, ulp)                                                                                            \
  static inline V v_##name(V a) { return (V)SLEEF(name, ulp)((sleef_v)a); }
#define VMATH2(name, ulp)                                                                                            \
  static inline V v_##name(V a, V b) { return (V)SLEEF(name, ulp)((sleef_v)a, (sleef_v)b); }
#else
#define VMATH1(name, ulp)                                                                                            \
  static inline V v_##name(V a) {                                                                                    \
    for (int i = 0; i < W; i++) a[i] = name(a[i]);                                                                   \
    return a;                                                                                                        \
  }
#define VMATH2(name, ulp)                                                                                            \
  static inline V v_##name(V a, V b) {                                                                               \
    for (int i = 0; i < W; i++) a[i] = name(a[i], b[i]);                                                             \
    return a;                                                                                                        \
  }
#endif
#define VMATH_LIST(F1, F2)                                                                                           \
  F1(exp, u10) F1(expm1, u10) F1(exp2, u10) F1(log, u10) F1(log1p, u10) F1(log2, u10) F1(log10, u10) F1(cbrt, u10)    \
  F1(sin, u10) F1(cos, u10) F1(tan, u10) F1(asin, u10) F1(acos, u10) F1(atan, u10)                                    \
  F1(sinh, u10) F1(cosh, u10) F1(tanh, u10) F1(asinh, u10) F1(acosh, u10) F1(atanh, u10) F1(erf, u10) F1(erfc, u15)   \
  F2(pow, u10) F2(atan2, u10) F2(hypot, u05)

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
VMATH_LIST(VMATH1, VMATH2)

static inline void v_sincos(V x, V *s, V *c) {
#if JETS_SLEEF && (W > 2 || defined __SSE2__)
#if W == 8
  Sleef___m512d_2 r = SLEEF(sincos, u10)((sleef_v)x);
#elif W == 4
  Sleef___m256d_2 r = SLEEF(sincos, u10)((sleef_v)x);
#else
  Sleef___m128d_2 r = SLEEF(sincos, u10)((sleef_v)x);
#endif
  *s = (V)r.x, *c = (V)r.y;
#else
  *s = v_sin(x), *c = v_cos(x);
#endif
}
#pragma GCC diagnostic pop

#endif
