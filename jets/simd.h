/* simd.h - a vector of W lanes exactly as wide as the registers of the instruction set compiled for.
   Arithmetic is GCC's vector extension; what it lacks stands here. fma is explicit, the compiler contracts nothing, so
   every lane computes the same whatever its position. */
#ifndef JETS_SIMD_H
#define JETS_SIMD_H

#include "real.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#if defined __AVX512F__
#define W 8
#elif defined __AVX2__
#define W 4
#else
#define W 2
#endif

#if defined __AVX2__ || defined __SSE2__
#include <immintrin.h>
#endif


typedef real V __attribute__((vector_size(W * sizeof(real)), may_alias));
typedef real VU __attribute__((vector_size(W * sizeof(real)), may_alias, aligned(sizeof(real)))); /* at any element */
typedef long long M __attribute__((vector_size(W * sizeof(real)), may_alias));                    /* a mask: 0 or -1 */

#define INLINE static inline __attribute__((always_inline, unused))
#if defined __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

INLINE V v_set(real a) {
#if W == 8
  return (V){a, a, a, a, a, a, a, a};
#elif W == 4
  return (V){a, a, a, a};
#else
  return (V){a, a};
#endif
}

INLINE V v_fma(V a, V b, V c) { /* a*b + c */
#if W == 8
  return (V)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif W == 4
  return (V)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#else
  return a * b + c;
#endif
}

INLINE V v_fnma(V a, V b, V c) { /* c - a*b */
#if W == 8
  return (V)_mm512_fnmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif W == 4
  return (V)_mm256_fnmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#else
  return c - a * b;
#endif
}

INLINE V v_select(M m, V a, V b) { return (V)(((M)a & m) | ((M)b & ~m)); } /* m ? a : b */
INLINE V v_abs(V a) { return (V)((M)a & ~(M)v_set(-0.0)); }
INLINE V v_copysign(V a, V sign) {
  M s = (M)v_set(-0.0);
  return (V)(((M)a & ~s) | ((M)sign & s));
}
INLINE V v_max(V a, V b) { return v_select((M)(a > b), a, b); }
INLINE V v_min(V a, V b) { return v_select((M)(a < b), a, b); }

INLINE int v_any(M m) {
#if W == 8
  return _mm512_test_epi64_mask((__m512i)m, (__m512i)m) != 0;
#elif W == 4
  return !_mm256_testz_si256((__m256i)m, (__m256i)m);
#else
  return (m[0] | m[1]) != 0;
#endif
}

INLINE V v_sqrt(V a) {
#if W == 8
  return (V)_mm512_sqrt_pd((__m512d)a);
#elif W == 4
  return (V)_mm256_sqrt_pd((__m256d)a);
#elif defined __SSE2__
  return (V)_mm_sqrt_pd((__m128d)a);
#else
  return (V){sqrt(a[0]), sqrt(a[1])};
#endif
}

/* Rounding to integers: to nearest even, down, up. */
#if W == 8
#define V_ROUND(name, libm, mode) INLINE V name(V a) { return (V)_mm512_roundscale_pd((__m512d)a, (mode) | 8); }
#elif W == 4
#define V_ROUND(name, libm, mode) INLINE V name(V a) { return (V)_mm256_round_pd((__m256d)a, (mode) | 8); }
#else
#define V_ROUND(name, libm, mode) INLINE V name(V a) { return (V){libm(a[0]), libm(a[1])}; }
#endif
V_ROUND(v_rint, rint, 0)
V_ROUND(v_floor, floor, 1)
V_ROUND(v_ceil, ceil, 2)

INLINE V v_load(const real *p) { return (V) * (const VU *)p; }
INLINE void v_store(real *p, V a) { *(VU *)p = (VU)a; }

/* The first n lanes, 0 < n <= W; where n is W at compile time these are v_load and v_store. */
INLINE V v_load_n(const real *p, ptrdiff_t n) {
  if (n == W) return v_load(p);
  V a = v_set(1);
  memcpy(&a, p, (size_t)n * sizeof *p);
  return a;
}
INLINE void v_store_n(real *p, V a, ptrdiff_t n) {
  if (n == W) v_store(p, a);
  else memcpy(p, &a, (size_t)n * sizeof *p);
}

#endif
