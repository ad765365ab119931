/* kernels.c - the kernels of jets/ alone, with all planes in half of a level 1 cache of 32 KB: nanoseconds per
   element, for the product its share of the peak of one core measured around it, for the others their cost in
   products of the same order.

     meson test --benchmark kernels -v         or         kernels

   A product of order K is (K+1)^2 operations: (K+1)(K+2)/2 multiplications and K(K+1)/2 additions. Peak:
   multiply-adds count as two; the baseline has none, there a multiplication and an addition per cycle and unit. */
#include "common.h"

#include "kernel.h"

#include <stdio.h>
#include <stdlib.h>

enum { RUNS = 9, CACHE = 16384, MAX_K = 32, SERIES = JK_MAX_IN + JK_MAX_OUT };
static const int orders[] = {1, 2, 4, 8, 12, 16, 32};

static const struct kernel {
  const char *name;
  int row;
  double c;
} kernels[] = {
    {"mul", JK_mul, 0},        {"div", JK_div, 0},   {"exp", JK_exp, 0},     {"log", JK_log, 0},
    {"sin+cos", JK_sincos, 0}, {"sqrt", JK_sqrt, 0}, {"powc", JK_powc, 1.7}, {"tanh", JK_tanh, 0},
};
enum { KERNELS = sizeof kernels / sizeof *kernels };

/* ---- a call ---------------------------------------------------------------------------------------------------- */

typedef struct bench {
  jk_call call;
  double *plane[SERIES][MAX_K + 1];
  void *planes;
} bench;

static void *aligned(size_t size) {
  void *p = aligned_alloc(64, (size + 63) / 64 * 64);
  if (p) return p;
  fprintf(stderr, "kernels: out of memory\n");
  exit(2);
}

/* Lanes so that three series fill the cache, as the product has. */
static ptrdiff_t lanes(int order) {
  ptrdiff_t n = CACHE / (3 * (order + 1) * (ptrdiff_t)sizeof(double)) / 8 * 8;
  return n < 256 ? n : 256;
}

/* An odd number of cache lines: planes do not collide. */
static ptrdiff_t plane_stride(ptrdiff_t n) { return ((n + 7) / 8 | 1) * 8; }

/* x_0 in [.6, 1.4], coefficients falling like 2^-k: all functions are regular there and nothing underflows. */
static double coefficient(int k, unsigned *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  double r = (double)(*seed >> 8) / (1 << 24) - 0.5;
  return k ? ldexp(r, -k) : 1 + 0.8 * r;
}

static void series(bench *b, jk_series *s, int which, double *p, unsigned *seed) {
  int order = b->call.order;
  ptrdiff_t stride = plane_stride(b->call.n);
  for (int k = 0; k <= order; k++) {
    b->plane[which][k] = p + k * stride;
    for (ptrdiff_t i = 0; i < b->call.n; i++) b->plane[which][k][i] = coefficient(k, seed);
  }
  *s = (jk_series){.plane = b->plane[which], .low = 0, .degree = order};
}

/* Spare series have no memory if k0 = 0 and none is wanted. */
static void bench_init(bench *b, const struct kernel *kernel, int named, int order, ptrdiff_t n) {
  const jk_row *row = &jk_rows[kernel->row];
  ptrdiff_t size = plane_stride(n) * (order + 1);
  unsigned seed = 1;
  *b = (bench){.call = {.row = kernel->row, .order = order, .k1 = order + 1, .c = kernel->c, .n = n, .directions = 1}};
  double *p = (double *)(b->planes = aligned((size_t)(size * SERIES) * sizeof *p));
  for (int j = 0; j < row->nin; j++, p += size) series(b, &b->call.in[j], j, p, &seed);
  for (int j = 0; j < named; j++, p += size) series(b, &b->call.out[j], JK_MAX_IN + j, p, &seed);
  b->call.work = aligned(jk_work_size(order));
}

static void bench_free(bench *b) {
  free(b->planes);
  free(b->call.work);
}

/* ---- time ------------------------------------------------------------------------------------------------------ */

static double time_calls(jk_kernel *run, jk_call *call, int count) {
  double start = seconds();
  for (int i = 0; i < count; i++) run(call);
  return seconds() - start;
}

/* Nanoseconds per element: median of runs of about a millisecond. */
static double time_kernel(const struct kernel *kernel, jet_isa isa, int order, ptrdiff_t n) {
  jk_kernel *run = jk_select((int)isa)->kernel[kernel->row];
  int named = kernel->row == JK_sincos ? 2 : 1, count = 100;
  double times[RUNS];
  bench b;
  bench_init(&b, kernel, named, order, n);
  double once = time_calls(run, &b.call, count) / count;
  count = (int)(1e-3 / once) + 1;
  for (int r = 0; r < RUNS; r++) times[r] = time_calls(run, &b.call, count) / (count * (double)n) * 1e9;
  bench_free(&b);
  return median(times, RUNS);
}

/* ---- table ----------------------------------------------------------------------------------------------------- */

static void print_row(jet_isa isa, int order) {
  ptrdiff_t n = lanes(order);
  double before = peak_flops(isa), mul = time_kernel(&kernels[0], isa, order, n), after = peak_flops(isa);
  double peak = 5e-10 * (before + after), rate = (order + 1) * (order + 1) / mul;
  printf("| %2d | %3td | %6.1f | %6.2f | %5.1f | %3.0f %% |", order, n, peak, mul, rate, 100 * rate / peak);
  for (int i = 1; i < KERNELS; i++) {
    double ns = time_kernel(&kernels[i], isa, order, n);
    printf(" %6.2f (%4.1f) |", ns, ns / mul);
  }
  printf("\n");
  fflush(stdout);
}

static void print_table(jet_isa isa) {
  printf("\n%s: ns per element (in products of the same order)\n\n| %2s | %3s | %6s | %6s | %5s | %5s |", isa_name(isa),
         "K", "n", "peak", "mul", "GF/s", "share");
  for (int i = 1; i < KERNELS; i++) printf(" %13s |", kernels[i].name);
  printf("\n|--:|--:|--:|--:|--:|--:|");
  for (int i = 1; i < KERNELS; i++) printf("--:|");
  printf("\n");
  for (size_t j = 0; j < sizeof orders / sizeof *orders; j++) print_row(isa, orders[j]);
}

int main(void) {
  for (jet_isa isa = JET_ISA_BASELINE; isa <= JET_ISA_AVX512; isa = (jet_isa)(isa + 1))
    if (jk_select((int)isa)) print_table(isa);
  return 0;
}
