/* test_long_tape.c - tapes of 10^6 nodes on scalars: recorded, differentiated, planned, run and freed on a small stack, in time that
   goes as their length. Of the suite `long`. */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include <jets.h>

#include "generator.h"

enum { MILLION = 1000000, INPUTS = 8, TRIALS = 3 };

/* 64 KB, and as much again for what is local to threads, which glibc takes from the stack: OpenBLAS has 60 KB of it. */
enum { STACK = 2 * 64 * 1024 };

static double seconds(void) { /* of this thread: the machine may have other work */
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- a program of n nodes, and the same in plain C --------------------------------------------------------------------------- */

typedef struct code {
  int op, a, b;
} code;

/* Operands from among the last `reach` values: a chain of reach 1 is as deep as it is long. */
static code *random_code(int n, int reach) {
  generator g = {17};
  code *c = (code *)malloc((size_t)n * sizeof *c);
  for (int i = 0; i < n; i++) {
    int from = i + INPUTS > reach ? i + INPUTS - reach : 0, count = i + INPUTS - from;
    c[i] = (code){random_below(&g, 5), from + random_below(&g, count), from + random_below(&g, count)};
  }
  return c;
}

static jet record_op(const code *c, const jet v[]) {
  switch (c->op) {
    case 0: return jet_scale(jet_add(v[c->a], v[c->b]), 0.5);
    case 1: return jet_mul(v[c->a], jet_shift(jet_scale(v[c->b], 0.25), 0.75));
    case 2: return jet_sub(v[c->a], jet_scale(v[c->b], 0.25));
    case 3: return jet_sin(v[c->a]);
    default: return jet_shift(jet_neg(v[c->a]), 0.5);
  }
}

static double compute_op(const code *c, const double v[]) {
  switch (c->op) {
    case 0: return 0.5 * (v[c->a] + v[c->b]);
    case 1: return v[c->a] * (0.25 * v[c->b] + 0.75);
    case 2: return v[c->a] - 0.25 * v[c->b];
    case 3: return sin(v[c->a]);
    default: return -v[c->a] + 0.5;
  }
}

static double compute(const code *c, int n, double x, double *d) { /* d: the derivative by x */
  double *v = (double *)malloc((size_t)(n + INPUTS) * sizeof *v), *u = (double *)malloc((size_t)(n + INPUTS) * sizeof *u);
  for (int i = 0; i < INPUTS; i++) v[i] = x + 0.1 * i, u[i] = 1;
  for (int i = 0; i < n; i++) {
    const code *k = &c[i];
    v[INPUTS + i] = compute_op(k, v);
    double a = u[k->a], b = u[k->b];
    u[INPUTS + i] = k->op == 0   ? 0.5 * (a + b)
                    : k->op == 1 ? a * (0.25 * v[k->b] + 0.75) + v[k->a] * 0.25 * b
                    : k->op == 2 ? a - 0.25 * b
                    : k->op == 3 ? cos(v[k->a]) * a
                                 : -a;
  }
  double y = v[INPUTS + n - 1];
  *d = u[INPUTS + n - 1];
  free(v), free(u);
  return y;
}

/* ---- the same on a tape ------------------------------------------------------------------------------------------------------ */

typedef struct job {
  int n, reach, order, gradient;
  double value, sum;             /* results: y, and the sum of its derivatives by the inputs, or coefficient 1 */
  double record, plan, replay;   /* seconds */
  long nodes; /* values on the tape */
  int failed;
} job;

static int record_all(job *w, jet_tape *tape, jet in[], jet out[]) {
  code *c = random_code(w->n, w->reach);
  jet *v = (jet *)malloc((size_t)(w->n + INPUTS) * sizeof *v);
  jet t = w->order ? jet_parameter(tape, w->order) : jet_scalar(tape, 0);
  for (int i = 0; i < INPUTS; i++) in[i] = jet_input(tape, 0, NULL), v[i] = w->order ? jet_add(in[i], t) : in[i];
  for (int i = 0; i < w->n; i++) v[INPUTS + i] = record_op(&c[i], v);
  out[0] = v[INPUTS + w->n - 1];
  free(v), free(c);
  if (!w->gradient) return 1;
  return jet_grad(out[0], INPUTS, in, out + 1) == JET_OK ? 1 + INPUTS : 0;
}

static void look_at(job *w, jet_plan *plan, const jet out[]) {
  w->value = jet_plan_data(plan, out[0], 0)[0];
  w->sum = 0;
  for (int i = 0; i < INPUTS && w->gradient; i++) w->sum += jet_plan_data(plan, out[1 + i], 0)[0];
  if (w->order) w->sum = jet_plan_data(plan, out[0], 1)[0];
}

static void *do_job(void *data) {
  job *w = (job *)data;
  jet in[INPUTS], out[INPUTS + 1];
  jet_tape *tape = jet_tape_new();
  double start = seconds();
  int n = record_all(w, tape, in, out);
  w->record = seconds() - start, start = seconds();
  for (int i = 0; i < n; i++) w->nodes = out[i].id > w->nodes ? out[i].id : w->nodes;
  jet_plan_options options = JET_PLAN_OPTIONS_INIT;
  options.threads = 1;
  jet_plan *plan = jet_plan_new_ex(tape, n, out, &options);
  w->plan = seconds() - start;
  w->failed = !n || jet_plan_status(plan);
  if (w->failed) fprintf(stderr, "%s%s\n", jet_tape_message(tape), jet_plan_message(plan));
  jet_tape_free(tape);
  w->replay = INFINITY;
  for (int i = 0; i < INPUTS && !w->failed; i++) *jet_plan_data(plan, in[i], 0) = 0.3 + 0.1 * i;
  for (int i = 0; i < TRIALS && !w->failed; i++) {
    start = seconds();
    w->failed = jet_plan_run(plan) != JET_OK;
    w->replay = fmin(w->replay, seconds() - start);
  }
  if (!w->failed) look_at(w, plan, out);
  jet_plan_free(plan);
  return NULL;
}

static job on_a_small_stack(int n, int reach, int order, int gradient) {
  job w = {.n = n, .reach = reach, .order = order, .gradient = gradient};
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  assert_int_equal(pthread_attr_setstacksize(&attributes, STACK), 0);
  assert_int_equal(pthread_create(&thread, &attributes, do_job, &w), 0);
  pthread_join(thread, NULL);
  pthread_attr_destroy(&attributes);
  assert_false(w.failed);
  print_message("%d operations, order %d%s: recorded in %.2f s, planned in %.2f s, %.1f ns for each node in a run\n", n, order,
                gradient ? ", with gradient" : "", w.record, w.plan, w.replay / (double)w.nodes * 1e9);
  return w;
}

static void assert_right(const job *w) {
  double d, y;
  code *c = random_code(w->n, w->reach);
  y = compute(c, w->n, 0.3, &d);
  free(c);
  assert_true(fabs(w->value - y) <= 1e-9);
  if (w->gradient || w->order) assert_true(fabs(w->sum - d) <= 1e-7 * fmax(1, fabs(d)));
}

/* ---- tests --------------------------------------------------------------------------------------------------------------------- */

static void check(int n, int reach, int order, int gradient) {
  job w = on_a_small_stack(n, reach, order, gradient);
  assert_right(&w);
}

static void values_of_1e6_nodes(void **state) { (void)state, check(MILLION, 1000, 0, 0); }
static void a_chain_as_deep_as_it_is_long(void **state) { (void)state, check(MILLION, 1, 0, 0); }
static void gradient_of_1e6_nodes(void **state) { (void)state, check(MILLION, 1000, 0, 1); }
static void gradient_of_a_deep_chain(void **state) { (void)state, check(MILLION, 1, 0, 1); }
static void jets_of_1e6_nodes(void **state) { (void)state, check(MILLION, 1000, 2, 0); }

/* Twice the nodes take about twice the time: not three times, of the best of some trials. */
static void assert_linear(double times[2], const char *what) {
  print_message("%s: %.2f s and %.2f s\n", what, times[0], times[1]);
  assert_true(times[0] < 10);
  assert_true(times[1] < 3 * times[0] + 0.2);
}

static void time_goes_as_length(void **state) {
  double record[2] = {INFINITY, INFINITY}, plan[2] = {INFINITY, INFINITY};
  (void)state;
  for (int trial = 0; trial < TRIALS; trial++)
    for (int i = 0; i < 2; i++) {
      job w = on_a_small_stack((i + 1) * MILLION, 1000, 0, 1);
      record[i] = fmin(record[i], w.record);
      plan[i] = fmin(plan[i], w.plan);
    }
  assert_linear(record, "recording");
  assert_linear(plan, "planning");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_of_1e6_nodes),      cmocka_unit_test(a_chain_as_deep_as_it_is_long),
      cmocka_unit_test(gradient_of_1e6_nodes),    cmocka_unit_test(gradient_of_a_deep_chain),
      cmocka_unit_test(jets_of_1e6_nodes),        cmocka_unit_test(time_goes_as_length),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
