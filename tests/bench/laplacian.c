/* laplacian.c - the Laplacian of a network 50-768-768-512-512-1 with tanh between, a batch of 16: by jets of order 2 in 50 directions,
   by the same with coefficient 2 summed over directions from the beginning, and by hand with BLAS in that way, taking turns; f and
   its gradient beside them. Weights uniform in +-sqrt(3 / inputs) and biases and x in +-1 from the linear congruential generator below,
   seed 1.

     meson test --benchmark laplacian -v        or        laplacian [THREADS]

   One thread without an argument (set OPENBLAS_NUM_THREADS=1: BLAS is the caller's). Timed is a run of a plan. Results are compared
   with each other and with the trace of a Hessian: exit status 1 where they differ. */
#include "common.h"

#include "laplacian.h"

#include <cblas.h>
#include <stdio.h>
#include <string.h>

enum { RUNS = 9 };

static void check(jet_status status, const char *message) {
  if (status == JET_OK) return;
  fprintf(stderr, "laplacian: %s\n", message);
  exit(2);
}

static double *doubles(size_t n) {
  double *p = (double *)aligned_alloc(64, (n * sizeof *p + 63) / 64 * 64);
  if (!p) check(JET_NO_MEMORY, "out of memory");
  memset(p, 0, n * sizeof *p);
  return p;
}

static double uniform(unsigned long long *s, double size) {
  *s = *s * 6364136223846793005u + 1442695040888963407u;
  return size * (2 * ((double)(*s >> 11) * 0x1p-53) - 1);
}

static void fill(network *q) {
  unsigned long long s = 1;
  for (int l = 0; l < LAYERS; l++) {
    size_t k = (size_t)widths[l], n = (size_t)widths[l + 1];
    q->w[l] = doubles(k * n), q->b[l] = doubles(n);
    for (size_t i = 0; i < k * n; i++) q->w[l][i] = uniform(&s, sqrt(3 / (double)k));
    for (size_t i = 0; i < n; i++) q->b[l][i] = uniform(&s, 1);
  }
  for (int i = 0; i < BATCH * INPUTS; i++) q->x[i] = uniform(&s, 1);
  q->h = doubles(STACK * WIDEST), q->z = doubles(STACK * WIDEST);
}

/* ---- ours ---------------------------------------------------------------------------------------------------------------------- */

static jet forward(jet x, const network *q) {
  for (int l = 0; l < LAYERS; l++) {
    ptrdiff_t dims[2] = {widths[l], widths[l + 1]};
    x = jet_matmul(x, jet_constant(x.tape, 2, dims, q->w[l]));
    x = jet_add(x, jet_constant(x.tape, 1, dims + 1, q->b[l]));
    if (l < LAYERS - 1) x = jet_tanh(x);
  }
  return x;
}

typedef enum what { VALUE, GRADIENT, STANDARD, COLLAPSED, WHATS } what;

static jet expanded(jet x, const network *q) {
  double identity[INPUTS * INPUTS] = {0};
  const ptrdiff_t dims[3] = {INPUTS, 1, INPUTS};
  for (int i = 0; i < INPUTS; i++) identity[i * INPUTS + i] = 1;
  return forward(jet_expand_many(x, jet_constant(x.tape, 3, dims, identity), jet_parameter(x.tape, 2)), q);
}

static jet record(jet x, const network *q, what w) {
  const int first = 0;
  jet g;
  switch (w) {
  case VALUE: return forward(x, q);
  case GRADIENT: jet_grad(jet_sum(forward(x, q)), 1, &x, &g); return g;
  case STANDARD: return jet_scale(jet_sum_over(jet_coefficient(expanded(x, q), 2), 1, &first, 0), 2);
  default: return jet_scale(jet_coefficient_sum(expanded(x, q), 2), 2);
  }
}

typedef struct ours {
  jet_plan *plan;
  const double *y;
} ours;

static ours plan_of(const network *q, what w, int threads) {
  const ptrdiff_t dims[2] = {BATCH, INPUTS};
  jet_tape *tape = jet_tape_new();
  jet x = jet_input(tape, 2, dims), y = record(x, q, w);
  jet_plan_options o = JET_PLAN_OPTIONS_INIT;
  o.threads = threads;
  ours p = {jet_plan_new_ex(tape, 1, &y, &o), NULL};
  check(jet_plan_status(p.plan), jet_plan_message(p.plan));
  memcpy(jet_plan_data(p.plan, x, 0), q->x, sizeof q->x);
  p.y = jet_plan_data(p.plan, y, 0);
  jet_tape_free(tape);
  return p;
}

/* ---- the trace of the Hessian at the first row ------------------------------------------------------------------------------------ */

static jet first_row(jet x, void *data) {
  const ptrdiff_t one[2] = {1, INPUTS};
  return jet_sum(forward(jet_reshape(x, 2, one), (const network *)data));
}

static double trace(network *q) {
  double h[INPUTS * INPUTS], sum = 0;
  jet_fn *f = jet_fn_new(first_row, q, INPUTS);
  check(jet_fn_hessian(f, q->x, h), jet_fn_message(f));
  for (int i = 0; i < INPUTS; i++) sum += h[i * INPUTS + i];
  jet_fn_free(f);
  return sum;
}

/* ---- the run ------------------------------------------------------------------------------------------------------------------------ */

static double difference(const double *x, const double *y, int n) {
  double worst = 0, size = 0;
  for (int i = 0; i < n; i++) worst = fmax(worst, fabs(x[i] - y[i])), size = fmax(size, fabs(y[i]));
  return worst / size;
}

static double least(double *t) {
  qsort(t, RUNS, sizeof *t, compare_doubles);
  return 1e3 * t[0];
}

static void gemm(const network *q) {
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, STACK, WIDEST, WIDEST, 1, q->h, WIDEST, q->w[1], WIDEST, 0, q->z, WIDEST);
}

int main(int argc, char **argv) {
  static const char *const names[] = {"f", "gradient", "standard", "collapsed", "by hand", "dgemm"};
  static network q;
  double t[WHATS + 2][RUNS], f[BATCH], lap[BATCH], least_of[WHATS + 2];
  ours p[WHATS];
  fill(&q);
  for (int w = 0; w < WHATS; w++) p[w] = plan_of(&q, (what)w, argc > 1 ? atoi(argv[1]) : 1);
  for (int r = -1; r < RUNS; r++) {
    int i = r < 0 ? 0 : r;
    for (int w = 0; w < WHATS; w++) TIMED(t[w][i], jet_plan_run(p[w].plan));
    TIMED(t[WHATS][i], hand_laplacian(&q, f, lap));
    TIMED(t[WHATS + 1][i], gemm(&q));
  }
  for (int w = 0; w < WHATS + 2; w++) least_of[w] = least(t[w]);
  double flops = 2.0 * STACK * WIDEST * WIDEST, weights = 0;
  for (int l = 0; l < LAYERS; l++) weights += (double)widths[l] * widths[l + 1];
  double layers = 1e-6 * 2 * STACK * weights / (1e-6 * flops / least_of[WHATS + 1]);
  printf("milliseconds, least of %d; dgemm: [%d,%d] x [%d,%d], %.1f GFLOP/s, at which the collapsed products take %.1f\n\n|", RUNS, STACK,
         WIDEST, WIDEST, WIDEST, 1e-6 * flops / least_of[WHATS + 1], layers);
  for (int w = 0; w < WHATS + 2; w++) printf(" %s |", names[w]);
  printf(" collapsed/standard | collapsed/by hand |\n|--:|--:|--:|--:|--:|--:|--:|--:|\n|");
  for (int w = 0; w < WHATS + 2; w++) printf(" %.2f |", least_of[w]);
  printf(" %.3f | %.3f |\n", least_of[COLLAPSED] / least_of[STANDARD], least_of[COLLAPSED] / least_of[WHATS]);
  double one = trace(&q), worst = fmax(difference(p[COLLAPSED].y, lap, BATCH), difference(p[STANDARD].y, lap, BATCH));
  worst = fmax(worst, fmax(difference(p[VALUE].y, f, BATCH), difference(p[COLLAPSED].y, &one, 1)));
  if (worst > 1e-10) printf("VALUES DIFFER by %g\n", worst);
  return worst <= 1e-10 ? 0 : 1; /* the process ends here: memory goes with it */
}
