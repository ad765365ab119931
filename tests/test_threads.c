/* test_threads.c - a finished tape is read by many threads, each with its own plan; each thread its own jet_fn. */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reference.h"

enum { N = 300, ORDER = 4, OUTPUTS = 3, THREADS = 4, ROUNDS = 200, RESULTS = 2 * (ORDER + 1) * N + ORDER + 1 };

/* ---- one tape for all -------------------------------------------------------------------------------------------- */

typedef struct recording {
  jet_tape *tape;
  jet x, s, out[OUTPUTS];
} recording;

static recording record(void) {
  double numbers[N];
  const ptrdiff_t n = N;
  recording r = {.tape = jet_tape_new()};
  for (int i = 0; i < N; i++) numbers[i] = cos(i);
  jet t = jet_parameter(r.tape, ORDER), c = jet_constant(r.tape, 1, &n, numbers);
  r.x = jet_input(r.tape, 1, &n);
  r.s = jet_input_series(t, 1, &n);
  jet l = jet_expand(r.x, c, t), e = jet_exp(jet_mul(l, r.s));
  r.out[0] = jet_div(e, jet_sum(e));
  r.out[1] = jet_hypot(jet_tanh(l), jet_sinc(r.s));
  jet column = jet_constant(r.tape, 2, (ptrdiff_t[]){5, 1}, numbers);
  r.out[2] = jet_sum(jet_mul(jet_pow(jet_shift(jet_square(l), 1), r.s), column));
  return r;
}

typedef struct worker {
  const recording *r;
  pthread_t thread;
  int seed;
  int failures; /* counted: a thread cannot assert */
  double results[RESULTS];
} worker;

static void put_inputs(const recording *r, jet_plan *plan, int seed) {
  double *x = jet_plan_data(plan, r->x, 0);
  for (int i = 0; i < N; i++) x[i] = sin(i + seed);
  for (int k = 0; k <= ORDER; k++) {
    double *s = jet_plan_data(plan, r->s, k);
    for (int i = 0; i < N; i++) s[i] = cos(i * (k + 1) + seed);
  }
}

static void take_results(const recording *r, jet_plan *plan, double *results) {
  for (int o = 0; o < OUTPUTS; o++)
    for (int k = 0; k <= ORDER; k++) {
      size_t n = (size_t)jet_size(r->out[o]);
      memcpy(results, jet_plan_data(plan, r->out[o], k), n * sizeof *results);
      results += n;
    }
}

static int plan_and_run(const recording *r, int seed, double results[RESULTS]) {
  jet_plan *plan = jet_plan_new(r->tape, OUTPUTS, r->out);
  int failed = jet_plan_status(plan) != JET_OK;
  if (!failed) {
    put_inputs(r, plan, seed);
    failed |= jet_plan_run(plan) != JET_OK;
    take_results(r, plan, results);
    failed |= jet_plan_lost(plan, r->out[0]) != 0;
  }
  jet_plan_free(plan);
  return failed;
}

static void *plan_and_run_often(void *data) {
  worker *w = (worker *)data;
  for (int i = 0; i < ROUNDS; i++) {
    double again[RESULTS];
    w->failures += plan_and_run(w->r, w->seed, again);
    if (i == 0) memcpy(w->results, again, sizeof again);
    w->failures += memcmp(w->results, again, sizeof again) != 0;
  }
  return NULL;
}

static void *run_one_plan_often(void *data) {
  worker *w = (worker *)data;
  jet_plan *plan = jet_plan_new(w->r->tape, OUTPUTS, w->r->out);
  w->failures += jet_plan_status(plan) != JET_OK;
  for (int i = 0; i < ROUNDS && !w->failures; i++) {
    put_inputs(w->r, plan, w->seed + ROUNDS - 1 - i);
    w->failures += jet_plan_run(plan) != JET_OK;
  }
  if (!w->failures) take_results(w->r, plan, w->results);
  jet_plan_free(plan);
  return NULL;
}

/* Starts n threads and waits for them; own: each with other inputs. */
static void run_threads(worker *workers, int n, bool own, const recording *r, void *(*work)(void *)) {
  memset(workers, 0, (size_t)n * sizeof *workers);
  for (int i = 0; i < n; i++) {
    workers[i].r = r;
    workers[i].seed = own ? i : 0;
    assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
  }
  for (int i = 0; i < n; i++) assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
  for (int i = 0; i < n; i++) assert_int_equal(workers[i].failures, 0);
}

static void check_threads(int n, bool own, void *(*work)(void *)) {
  static worker workers[THREADS];
  static double want[RESULTS];
  recording r = record();
  assert_int_equal(jet_tape_status(r.tape), JET_OK);
  run_threads(workers, n, own, &r, work);
  for (int i = 0; i < n; i++) {
    assert_int_equal(plan_and_run(&r, own ? i : 0, want), 0);
    assert_memory_equal(workers[i].results, want, sizeof want);
  }
  jet_tape_free(r.tape);
}

static void two_threads_plan_one_tape(void **state) { (void)state, check_threads(2, false, plan_and_run_often); }
static void four_threads_plan_one_tape(void **state) { (void)state, check_threads(4, true, plan_and_run_often); }
static void two_threads_run_their_plans(void **state) { (void)state, check_threads(2, true, run_one_plan_often); }
static void four_threads_run_their_plans(void **state) { (void)state, check_threads(4, true, run_one_plan_often); }

/* Failures are sentences of their own plan: no thread sees another's. */
static void *fail_often(void *data) {
  worker *w = (worker *)data;
  char number[20];
  jet_plan *plan = jet_plan_new(w->r->tape, OUTPUTS, w->r->out);
  for (int i = 0; i < ROUNDS; i++) {
    int k = 1000 * (w->seed + 1) + i;
    snprintf(number, sizeof number, " %d ", k);
    w->failures += jet_plan_data(plan, w->r->x, k) != NULL || !strstr(jet_plan_message(plan), number);
  }
  jet_plan_free(plan);
  return NULL;
}

static void messages_of_two_plans_do_not_mix(void **state) {
  static worker workers[THREADS];
  (void)state;
  recording r = record();
  run_threads(workers, 2, true, &r, fail_often);
  assert_int_equal(jet_tape_status(r.tape), JET_OK);
  jet_tape_free(r.tape);
}

/* ---- functions and tapes of their own ---------------------------------------------------------------------------- */

static jet typed_quotient(jet x, void *data) { /* loses an order at 0 */
  return jet_div(jet_sub(jet_exp(jet_scale(x, *(const double *)data)), jet_scalar(x.tape, 1)), x);
}

static int differentiate(int seed, double *d) {
  double x[N], v[N], c = 1 + seed;
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  options.no_rewriting = 1;
  for (int i = 0; i < N; i++) x[i] = 0.01 * i, v[i] = 1 + i % 2;
  jet_fn *f = jet_fn_new_ex(typed_quotient, &c, N, &options);
  int failures = jet_fn_derivatives(f, ORDER, x, d) != JET_OK;
  failures += jet_fn_taylor(f, ORDER, x, v, d + (ORDER + 1) * N) != JET_OK;
  failures += jet_fn_value(f, x, d) != JET_OK;
  jet_fn_free(f);
  return failures;
}

static void *differentiate_often(void *data) {
  worker *w = (worker *)data;
  for (int i = 0; i < ROUNDS; i++) w->failures += differentiate(w->seed, w->results);
  return NULL;
}

static void each_thread_its_function(void **state) {
  static worker workers[THREADS];
  static double want[RESULTS];
  (void)state;
  run_threads(workers, THREADS, true, NULL, differentiate_often);
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(differentiate(i, want), 0);
    assert_memory_equal(workers[i].results, want, sizeof want);
  }
}

static void *record_and_run_often(void *data) {
  worker *w = (worker *)data;
  for (int i = 0; i < ROUNDS; i++) {
    recording r = record();
    w->failures += jet_tape_status(r.tape) != JET_OK || plan_and_run(&r, w->seed, w->results);
    jet_tape_free(r.tape);
  }
  return NULL;
}

static void each_thread_its_tape(void **state) {
  static worker workers[THREADS];
  static double want[RESULTS];
  (void)state;
  run_threads(workers, THREADS, true, NULL, record_and_run_often);
  recording r = record();
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(plan_and_run(&r, i, want), 0);
    assert_memory_equal(workers[i].results, want, sizeof want);
  }
  jet_tape_free(r.tape);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_threads_plan_one_tape),
      cmocka_unit_test(four_threads_plan_one_tape),
      cmocka_unit_test(two_threads_run_their_plans),
      cmocka_unit_test(four_threads_run_their_plans),
      cmocka_unit_test(messages_of_two_plans_do_not_mix),
      cmocka_unit_test(each_thread_its_function),
      cmocka_unit_test(each_thread_its_tape),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
