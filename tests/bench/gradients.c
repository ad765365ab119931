/* gradients.c - f, its gradient, and gradient with Hessian-vector product: Rosenbrock, Speelpenning's product, and the loss of
   the digits' network over all samples; beside the plain value, hand-written C and ADOL-C, taking turns in one run.

     meson test --benchmark gradients -v        or        gradients FILE.csv

   One thread (set OPENBLAS_NUM_THREADS=1: BLAS is the caller's). Timed is a run of a plan with arrays bound; recording is not.
   Results are compared: exit status 1 where they differ by more than 1e-10 of the largest number. */
#include "common.h"

#include "gradients.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { RUNS = 9 };

static void *must(void *p) {
  if (p) return p;
  fprintf(stderr, "gradients: out of memory\n");
  exit(2);
}
static double *doubles(ptrdiff_t n) { return (double *)must(calloc((size_t)n, sizeof(double))); }

static double uniform(unsigned long long *s, double low, double high) {
  *s = *s * 6364136223846793005u + 1442695040888963407u;
  return low + (high - low) * (double)(*s >> 11) * 0x1p-53;
}

/* ---- ours -------------------------------------------------------------------------------------------------------------- */

typedef jet function(jet x, void *data);

static jet rosenbrock(jet x, void *data) {
  ptrdiff_t n = jet_size(x), zero = 0, one = 1, last = n - 1;
  (void)data;
  jet a = jet_slice(x, &zero, &last, NULL), b = jet_slice(x, &one, &n, NULL);
  jet p = jet_square(jet_sub(b, jet_square(a))), q = jet_square(jet_shift(jet_neg(a), 1));
  return jet_sum(jet_add(jet_scale(p, 100), q));
}

static jet speelpenning(jet x, void *data) {
  (void)data;
  return jet_prod(x);
}

static jet part(jet w, ptrdiff_t at, ptrdiff_t rows, ptrdiff_t n) {
  ptrdiff_t stop = at + rows * n, dims[2] = {rows, n};
  jet s = jet_slice(w, &at, &stop, NULL);
  return rows > 1 ? jet_reshape(s, 2, dims) : s;
}

static jet mlp(jet w, void *data) {
  const network *q = (const network *)data;
  ptrdiff_t dims[2] = {q->samples, IN};
  jet x = jet_constant(w.tape, 2, dims, q->data);
  jet h = jet_tanh(jet_add(jet_matmul(x, part(w, 0, IN, HIDDEN)), part(w, IN * HIDDEN, 1, HIDDEN)));
  jet o = jet_add(jet_matmul(h, part(w, IN * HIDDEN + HIDDEN, HIDDEN, OUT)), part(w, WEIGHTS - OUT, 1, OUT));
  return jet_sum(jet_cross_entropy(o, q->labels));
}

typedef struct ours {
  jet_tape *tape;
  jet_plan *value, *gradient, *hvp;
} ours;

static void check(jet_status status, const char *message) {
  if (status == JET_OK) return;
  fprintf(stderr, "gradients: %s\n", message);
  exit(2);
}

static jet_plan *plan(jet_tape *tape, int n, const jet y[], int nin, const jet in[], double *const at[], const int k[], double *const out[]) {
  jet_plan *p = jet_plan_new(tape, n, y);
  check(jet_plan_status(p), jet_plan_message(p));
  for (int i = 0; i < nin; i++) check(jet_plan_bind(p, in[i], 0, at[i]), jet_plan_message(p));
  for (int i = 0; i < n; i++)
    if (out[i]) check(jet_plan_bind(p, y[i], k[i], out[i]), jet_plan_message(p));
  return p;
}

static ours record(function *f, void *data, ptrdiff_t n, double *x, double *v, double *g, double *g2, double *hv) {
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  options.threads = 1;
  ours o = {.tape = jet_tape_new_ex(&options)};
  int zero[3] = {0, 0, 0};
  jet in[2] = {jet_input(o.tape, 1, &n), jet_input(o.tape, 1, &n)}, y[3];
  double *at[2] = {x, v}, *out[3] = {NULL, g, NULL};
  y[0] = f(in[0], data);
  jet_grad(y[0], 1, in, &y[1]);
  check(jet_tape_status(o.tape), jet_tape_message(o.tape));
  o.value = plan(o.tape, 1, y, 1, in, at, zero, out);
  o.gradient = plan(o.tape, 2, y, 1, in, at, zero, out);
  jet xt = jet_expand(in[0], in[1], jet_parameter(o.tape, 1)), gt;
  jet_grad(f(xt, data), 1, &xt, &gt);
  jet both[2] = {jet_coefficient(gt, 0), jet_coefficient(gt, 1)};
  double *out2[2] = {g2, hv};
  check(jet_tape_status(o.tape), jet_tape_message(o.tape));
  o.hvp = plan(o.tape, 2, both, 2, in, at, zero, out2);
  return o;
}

static void discard(ours *o) {
  jet_plan_free(o->value);
  jet_plan_free(o->gradient);
  jet_plan_free(o->hvp);
  jet_tape_free(o->tape);
}

/* ---- time -------------------------------------------------------------------------------------------------------------- */

static double difference(ptrdiff_t n, const double *a, const double *b) {
  double d = 0, most = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    if (!(fabs(a[i] - b[i]) <= d)) d = fabs(a[i] - b[i]);
    if (fabs(a[i]) > most) most = fabs(a[i]);
  }
  return d / most;
}

enum { OUR_F, OUR_G, OUR_H, PLAIN, FAST, HAND_G, HAND_H, ADOLC_G, ADOLC_H, COLUMNS };

static void print(const char *name, ptrdiff_t n, double t[COLUMNS][RUNS]) {
  double m[COLUMNS];
  for (int i = 0; i < COLUMNS; i++) m[i] = 1e6 * median(t[i], RUNS);
  printf("| %s | %td | %.4g | %.4g | %.4g | %.4g | %.4g | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f |", name, n, m[OUR_F], m[OUR_G],
         m[OUR_H], m[PLAIN], m[FAST], m[OUR_G] / m[PLAIN], m[OUR_H] / m[PLAIN], m[OUR_G] / m[FAST], m[OUR_H] / m[FAST],
         m[OUR_G] / m[HAND_G], m[OUR_H] / m[HAND_H]);
  if (m[ADOLC_G] > 0) printf(" %.1f | %.1f |\n", m[ADOLC_G] / m[OUR_G], m[ADOLC_H] / m[OUR_H]);
  else printf(" | |\n");
  fflush(stdout);
}

static volatile double sink;

/* A function of the table, by all. which: for ADOL-C, or -1. */
static bool row(const char *name, int which, function *f, ptrdiff_t n, value_fn *plain, value_fn *fast, gradient_fn *hand_g,
                hvp_fn *hand_h, double low, double high) {
  double *x = doubles(n), *v = doubles(n), *g = doubles(n), *g2 = doubles(n), *hv = doubles(n), *hg = doubles(n), *hh = doubles(n);
  double t[COLUMNS][RUNS] = {{0}};
  unsigned long long s = 1;
  for (ptrdiff_t i = 0; i < n; i++) x[i] = uniform(&s, low, high), v[i] = uniform(&s, -1, 1);
  ours o = record(f, NULL, n, x, v, g, g2, hv);
  for (int r = -1; r < RUNS; r++) {
    int i = r < 0 ? 0 : r;
    TIMED(t[OUR_F][i], jet_plan_run(o.value));
    TIMED(t[PLAIN][i], sink = plain(n, x));
    TIMED(t[FAST][i], sink = fast(n, x));
    TIMED(t[OUR_G][i], jet_plan_run(o.gradient));
    TIMED(t[HAND_G][i], sink = hand_g(n, x, hg));
    TIMED(t[OUR_H][i], jet_plan_run(o.hvp));
    TIMED(t[HAND_H][i], hand_h(n, x, v, hg, hh));
#if BENCH_ADOLC
    if (n <= 100000 && which >= 0) {
      TIMED(t[ADOLC_G][i], adolc_gradient(which, n, x, hg));
      TIMED(t[ADOLC_H][i], adolc_hvp(which, n, x, v, hh));
    }
#endif
  }
  hand_h(n, x, v, hg, hh);
  double worst = fmax(fmax(difference(n, g, hg), difference(n, g2, hg)), difference(n, hv, hh));
  print(name, n, t);
  if (worst > 1e-10) printf("VALUES DIFFER by %g\n", worst);
  discard(&o);
  double *all[] = {x, v, g, g2, hv, hg, hh};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
  (void)which;
  return worst <= 1e-10;
}

static void read_digits(const char *file, network *q) {
  FILE *in = fopen(file, "r");
  double *data = doubles(1797 * IN);
  ptrdiff_t *labels = (ptrdiff_t *)must(calloc(1797, sizeof *labels));
  for (q->samples = 0; in && q->samples < 1797; q->samples++) {
    for (int j = 0; j < IN; j++)
      if (fscanf(in, "%lf,", &data[q->samples * IN + j]) != 1) check(JET_BAD_ARGUMENT, "bad digits");
    if (fscanf(in, "%td", &labels[q->samples]) != 1) check(JET_BAD_ARGUMENT, "bad digits");
  }
  if (!in) check(JET_BAD_ARGUMENT, "the digits cannot be read");
  fclose(in);
  for (ptrdiff_t i = 0; i < q->samples * IN; i++) data[i] /= 16;
  q->data = data;
  q->labels = labels;
  q->h = doubles(q->samples * HIDDEN), q->d = doubles(q->samples * HIDDEN);
  q->hd = doubles(q->samples * HIDDEN), q->dd = doubles(q->samples * HIDDEN);
  q->o = doubles(q->samples * OUT), q->od = doubles(q->samples * OUT);
}

static bool network_row(const char *file) {
  network q;
  double w[WEIGHTS], v[WEIGHTS], t[COLUMNS][RUNS] = {{0}};
  double *g = doubles(WEIGHTS), *g2 = doubles(WEIGHTS), *hv = doubles(WEIGHTS), *hg = doubles(WEIGHTS), *hh = doubles(WEIGHTS);
  unsigned long long s = 1;
  read_digits(file, &q);
  for (int i = 0; i < WEIGHTS; i++) w[i] = uniform(&s, -0.2, 0.2), v[i] = uniform(&s, -1, 1);
  ours o = record(mlp, &q, WEIGHTS, w, v, g, g2, hv);
  for (int r = -1; r < RUNS; r++) {
    int i = r < 0 ? 0 : r;
    TIMED(t[OUR_F][i], jet_plan_run(o.value));
    TIMED(t[PLAIN][i], sink = hand_mlp_value(&q, w));
    t[FAST][i] = t[PLAIN][i];
    TIMED(t[OUR_G][i], jet_plan_run(o.gradient));
    TIMED(t[HAND_G][i], sink = hand_mlp_gradient(&q, w, hg));
    TIMED(t[OUR_H][i], jet_plan_run(o.hvp));
    TIMED(t[HAND_H][i], hand_mlp_hvp(&q, w, v, hg, hh));
  }
  double worst = fmax(fmax(difference(WEIGHTS, g, hg), difference(WEIGHTS, g2, hg)), difference(WEIGHTS, hv, hh));
  print("MLP 64-128-10, all digits", q.samples, t);
  if (worst > 1e-10) printf("VALUES DIFFER by %g\n", worst);
  discard(&o);
  return worst <= 1e-10; /* the process ends here: memory goes with it */
}

int main(int argc, char **argv) {
  static const ptrdiff_t sizes[] = {1000, 100000, 1000000};
  bool good = true;
  printf("microseconds, medians of %d, one thread; plain: the value, C at -O3; fast: with -ffast-math (of the network: by hand)\n\n"
         "| function | n | f | gradient | with hvp | plain | fast | grad/plain | hvp/plain | grad/fast | hvp/fast | grad/hand | "
         "hvp/hand | ADOL-C/grad | ADOL-C/hvp |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n", RUNS);
  for (int i = 0; i < 3; i++)
    good = row("Rosenbrock", 0, rosenbrock, sizes[i], plain_rosenbrock, fast_rosenbrock, hand_rosenbrock_gradient,
               hand_rosenbrock_hvp, -2, 2) && good;
  good = row("Speelpenning", 1, speelpenning, 1000, plain_speelpenning, fast_speelpenning, hand_speelpenning_gradient,
             hand_speelpenning_hvp, 0.8, 1.2) && good;
  if (argc > 1) good = network_row(argv[1]) && good;
  return good ? 0 : 1;
}
