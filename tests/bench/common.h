/* common.h - for the benchmarks: a clock, medians, the peak of one core for each instruction set. Include it first. */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#define _POSIX_C_SOURCE 200809L
#include <jets.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

static inline double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static inline double median(double *a, int n) { /* sorts a */
  qsort(a, (size_t)n, sizeof *a, compare_doubles);
  return n % 2 ? a[n / 2] : (a[n / 2 - 1] + a[n / 2]) / 2;
}

/* One measurement: repeated to 10 ms, as short runs are at the mercy of the clock. */
#define TIMED(result, call)                                                                                            \
  do {                                                                                                                 \
    double start_ = seconds(), spent_ = 0;                                                                             \
    int count_ = 0;                                                                                                    \
    while (spent_ < 0.01) {                                                                                            \
      call;                                                                                                            \
      count_++;                                                                                                        \
      spent_ = seconds() - start_;                                                                                     \
    }                                                                                                                  \
    (result) = spent_ / count_;                                                                                        \
  } while (0)

static inline const char *isa_name(jet_isa isa) {
  static const char *const names[] = {"auto", "baseline", "AVX2", "AVX-512"};
  return names[isa];
}

/* ---- peak ------------------------------------------------------------------------------------------------------ */

#if defined __x86_64__ && defined __GNUC__
#include <immintrin.h>

/* a = a m + c in 14 independent chains: enough to hide the latency of two units for each operation (6 cycles of a
   product and a sum without FMA), and with m and c they fit 16 registers. */
/* clang-format off */
#define PEAK_CHAINS(DO, P)                                                                                           \
  DO(P, 0) DO(P, 1) DO(P, 2) DO(P, 3) DO(P, 4) DO(P, 5) DO(P, 6) DO(P, 7) DO(P, 8) DO(P, 9) DO(P, 10) DO(P, 11)      \
  DO(P, 12) DO(P, 13)
/* clang-format on */
#define PEAK_START(P, i) a##i = P##_set1_pd(1 + i / 16.0),
#define PEAK_SUM(P, i) s = P##_add_pd(s, a##i);
#define PEAK_FMA(P, i) a##i = P##_fmadd_pd(a##i, m, c);
#define PEAK_MUL_ADD(P, i) a##i = P##_add_pd(P##_mul_pd(a##i, m), c);

/* The compiler must not know m and c (x*1 is x), nor that the loop has no effect. */
#define PEAK_LOOP(name, isa, V, P, STEP)                                                                               \
  __attribute__((target(isa), noinline)) static double name(long n, double m_, double c_) {                            \
    __asm__ volatile("" : "+m"(m_), "+m"(c_));                                                                         \
    V PEAK_CHAINS(PEAK_START, P) m = P##_set1_pd(m_), c = P##_set1_pd(c_), s = P##_setzero_pd();                       \
    for (long i = 0; i < n; i++) {                                                                                     \
      PEAK_CHAINS(STEP, P)                                                                                             \
      PEAK_CHAINS(STEP, P)                                                                                             \
    }                                                                                                                  \
    PEAK_CHAINS(PEAK_SUM, P)                                                                                           \
    return s[0];                                                                                                       \
  }

PEAK_LOOP(peak_sse2, "sse2", __m128d, _mm, PEAK_MUL_ADD)
PEAK_LOOP(peak_avx2, "avx2,fma", __m256d, _mm256, PEAK_FMA)
PEAK_LOOP(peak_avx512, "avx512f", __m512d, _mm512, PEAK_FMA)

/* Operations per second of one core, the median of 7 runs of about .1 ms; NaN where it is not known. The processor must
   have the instruction set. */
static inline double peak_flops(jet_isa isa) {
  const long n = 10000;
  double rate[7];
  volatile double keep;
  for (int r = 0; r < 7; r++) {
    double start = seconds(), per_step = isa == JET_ISA_AVX512 ? 16 : isa == JET_ISA_AVX2 ? 8 : 4;
    if (isa == JET_ISA_AVX512) keep = peak_avx512(n, 0.5, 1);
    else if (isa == JET_ISA_AVX2) keep = peak_avx2(n, 0.5, 1);
    else keep = peak_sse2(n, 0.5, 1);
    rate[r] = 28 * per_step * (double)n / (seconds() - start);
  }
  (void)keep;
  return median(rate, 7);
}
#else
static inline double peak_flops(jet_isa isa) {
  (void)isa;
  return NAN;
}
#endif

#endif
