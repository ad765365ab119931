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
#define VECTOR 64 /* bytes */
#define W REAL(8, 16)
#elif defined __AVX2__
#define VECTOR 32
#define W REAL(4, 8)
#else
#define VECTOR 16
#define W REAL(2, 4)
#endif

#if defined __AVX2__ || defined __SSE2__
#include <immintrin.h>
#endif

/* _mm512_sqrt_pd and its like, and the type of their operands */
#define V_PASTE(prefix, name, suffix) V_PASTE_(prefix, name, suffix)
#define V_PASTE_(prefix, name, suffix) prefix##name##suffix
#if VECTOR == 64
#define V_OP(name) V_PASTE(_mm512_, name, REAL(_pd, _ps))
typedef REAL(__m512d, __m512) v_native;
#elif VECTOR == 32
#define V_OP(name) V_PASTE(_mm256_, name, REAL(_pd, _ps))
typedef REAL(__m256d, __m256) v_native;
#elif defined __SSE2__
#define V_OP(name) V_PASTE(_mm_, name, REAL(_pd, _ps))
typedef REAL(__m128d, __m128) v_native;
#endif

typedef real V __attribute__((vector_size(VECTOR), may_alias));
typedef real VU __attribute__((vector_size(VECTOR), may_alias, aligned(REAL_BYTES))); /* at any element */
typedef REAL(long long, int) M __attribute__((vector_size(VECTOR), may_alias));       /* a mask: 0 or -1 */

#define INLINE static inline __attribute__((always_inline, unused))
#if defined __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

INLINE V v_set(real a) {
#if W == 16
  return (V){a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a};
#elif W == 8
  return (V){a, a, a, a, a, a, a, a};
#elif W == 4
  return (V){a, a, a, a};
#else
  return (V){a, a};
#endif
}

INLINE V v_fma(V a, V b, V c) { /* a*b + c */
#if VECTOR >= 32
  return (V)V_OP(fmadd)((v_native)a, (v_native)b, (v_native)c);
#else
  return a * b + c;
#endif
}

INLINE V v_fnma(V a, V b, V c) { /* c - a*b */
#if VECTOR >= 32
  return (V)V_OP(fnmadd)((v_native)a, (v_native)b, (v_native)c);
#else
  return c - a * b;
#endif
}

/* The same of a number: a lane by itself. Out of the sight of GCC, which makes -(ab + c) one operation, whose zero has the other
   sign. */
INLINE real r_fma(real a, real b, real c) {
#if VECTOR >= 32
  real r = REAL(__builtin_fma, __builtin_fmaf)(a, b, c);
  __asm__("" : "+x"(r));
  return r;
#else
  return a * b + c;
#endif
}
INLINE real r_load(const real *p, ptrdiff_t n) { return (void)n, *p; }

INLINE V v_select(M m, V a, V b) { return (V)(((M)a & m) | ((M)b & ~m)); } /* m ? a : b */
INLINE V v_abs(V a) { return (V)((M)a & ~(M)v_set(-0.0)); }
INLINE V v_copysign(V a, V sign) {
  M s = (M)v_set(-0.0);
  return (V)(((M)a & ~s) | ((M)sign & s));
}
INLINE V v_max(V a, V b) { return v_select((M)(a > b), a, b); }
INLINE V v_min(V a, V b) { return v_select((M)(a < b), a, b); }

INLINE int v_any(M m) {
#if VECTOR == 64
  return _mm512_test_epi64_mask((__m512i)m, (__m512i)m) != 0;
#elif VECTOR == 32
  return !_mm256_testz_si256((__m256i)m, (__m256i)m);
#elif defined __SSE2__
  return _mm_movemask_epi8((__m128i)m) != 0;
#else
  for (int i = 1; i < W; i++) m[0] |= m[i];
  return m[0] != 0;
#endif
}

INLINE V v_sqrt(V a) {
#if VECTOR >= 32 || defined __SSE2__
  return (V)V_OP(sqrt)((v_native)a);
#else
  for (int i = 0; i < W; i++) a[i] = REAL(sqrt, sqrtf)(a[i]);
  return a;
#endif
}

/* Rounding to integers: to nearest even, down, up. */
#if VECTOR == 64
#define V_ROUND(name, libm, mode) INLINE V name(V a) { return (V)V_OP(roundscale)((v_native)a, (mode) | 8); }
#elif VECTOR == 32
#define V_ROUND(name, libm, mode) INLINE V name(V a) { return (V)V_OP(round)((v_native)a, (mode) | 8); }
#else
#define V_ROUND(name, libm, mode)                                                                                    \
  INLINE V name(V a) {                                                                                               \
    for (int i = 0; i < W; i++) a[i] = libm(a[i]);                                                                   \
    return a;                                                                                                        \
  }
#endif
V_ROUND(v_rint, REAL(rint, rintf), 0)
V_ROUND(v_floor, REAL(floor, floorf), 1)
V_ROUND(v_ceil, REAL(ceil, ceilf), 2)

INLINE V v_load(const real *p) { return (V) * (const VU *)p; }
INLINE void v_store(real *p, V a) { *(VU *)p = (VU)a; }

/* The first n lanes, 0 < n <= W, of those behind them nothing is read or written (they are some number of the first n, or 1); where n
   is W at compile time these are v_load and v_store. A single lane goes by itself: a load that is wider than the store before it
   waits for the cache. */
#if VECTOR == 64
#define V_FIRST(n) ((REAL(__mmask8, __mmask16))((1u << (n)) - 1))
INLINE V v_load_n(const real *p, ptrdiff_t n) {
  if (n == 1) return v_set(*p);
  return n == W ? v_load(p) : (V)V_OP(mask_loadu)((v_native)v_set(1), V_FIRST(n), p);
}
INLINE void v_store_n(real *p, V a, ptrdiff_t n) {
  if (n == W) v_store(p, a);
  else if (n == 1) *p = a[0];
  else V_OP(mask_storeu)(p, V_FIRST(n), (v_native)a);
}
#elif VECTOR == 32
INLINE M v_first(ptrdiff_t n) {
  const M lane = REAL(((M){0, 1, 2, 3}), ((M){0, 1, 2, 3, 4, 5, 6, 7}));
  return (M)(lane < (REAL(long long, int))n);
}
INLINE V v_load_n(const real *p, ptrdiff_t n) {
  if (n == W) return v_load(p);
  if (n == 1) return v_set(*p);
  return v_select(v_first(n), (V)V_OP(maskload)(p, (__m256i)v_first(n)), v_set(1));
}
INLINE void v_store_n(real *p, V a, ptrdiff_t n) {
  if (n == W) v_store(p, a);
  else if (n == 1) *p = a[0];
  else V_OP(maskstore)(p, (__m256i)v_first(n), (v_native)a);
}
#else
INLINE V v_load_n(const real *p, ptrdiff_t n) {
  if (n == W) return v_load(p);
  V a = v_set(1);
  UNROLL for (int i = 0; i < W - 1; i++) if (i < n) a[i] = p[i];
  return a;
}
INLINE void v_store_n(real *p, V a, ptrdiff_t n) {
  if (n == W) v_store(p, a);
  else UNROLL for (int i = 0; i < W - 1; i++) if (i < n) p[i] = a[i];
}
#endif

#endif
