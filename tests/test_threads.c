/* test_threads.c - a finished tape is read by many threads, each with its own plan; each thread its own jet_fn; and the threads of a
   run: any number of them gives the same bits. */
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

#include "plan.h"
#include "random_jets.h"
#include "workers.h"

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

/* ---- threads of a run ---------------------------------------------------------------------------------------------- */

enum { RESULTS_MOST = 4, OPS = 6 };

typedef struct model {
  jet_tape *tape;
  jet x, v, out[RESULTS_MOST];
  int count;
  bool overlap; /* more than a worker's share: the gradient is of one worker */
} model;

static jet part(jet x, ptrdiff_t start, ptrdiff_t n) {
  ptrdiff_t stop = start + n;
  return jet_slice(x, &start, &stop, NULL);
}

static jet random_op(generator *g, jet a, jet b) {
  switch (random_below(g, 9)) {
    case 0: return jet_mul(a, b);
    case 1: return jet_add(a, jet_scale(b, 0.7));
    case 2: return jet_exp(jet_scale(a, -0.3));
    case 3: return jet_tanh(jet_sub(a, b));
    case 4: return jet_div(a, jet_shift(jet_square(b), 1));
    case 5: return jet_sin(jet_add(a, b));
    case 6: return jet_sinc(a);
    case 7: return jet_where(a, b, jet_cos(a));
    default: return jet_hypot(a, b);
  }
}

/* A chain of operations on three slices that overlap or do not, its sum, and the gradient of that. */
static model random_model(generator *g, ptrdiff_t n, ptrdiff_t apart, int order, int directions) {
  const ptrdiff_t dims[] = {directions, n}, m = n - apart;
  model r = {.tape = jet_tape_new(), .overlap = apart > n / 16 && 2 * m > n};
  jet x = r.x = jet_input(r.tape, 1, &n), y[OPS + 3];
  r.v = jet_input(r.tape, directions > 1 ? 2 : 1, directions > 1 ? dims : &n);
  if (order)
    x = directions > 1 ? jet_expand_many(x, r.v, jet_parameter(r.tape, order)) : jet_expand(x, r.v, jet_parameter(r.tape, order));
  y[0] = part(x, 0, m);
  y[1] = part(x, apart, m);
  y[2] = 2 * m == n ? y[0] : part(x, apart / 2, m);
  for (int i = 3; i < OPS + 3; i++) y[i] = random_op(g, y[random_below(g, i)], y[i - 1 - random_below(g, 3)]);
  jet loss = jet_sum(jet_mul(y[OPS + 2], jet_sub(y[0], y[1]))), grad;
  jet_grad(loss, 1, &x, &grad);
  r.out[r.count++] = y[OPS + 2];
  r.out[r.count++] = loss;
  r.out[r.count++] = grad;
  assert_string_equal(jet_tape_message(r.tape), "");
  return r;
}

static jet_plan *plan_threads(const model *r, int threads, int by_orders) {
  jet_plan_options options = JET_PLAN_OPTIONS_INIT;
  options.threads = threads;
  options.by_orders = by_orders;
  jet_plan *p = jet_plan_new_ex(r->tape, r->count, r->out, &options);
  assert_string_equal(jet_plan_message(p), "");
  return p;
}

static void put_numbers(const model *r, jet_plan *p) {
  double *x = jet_plan_data(p, r->x, 0), *v = jet_plan_data(p, r->v, 0);
  for (ptrdiff_t i = 0; i < jet_size(r->x); i++) x[i] = sin((double)i * 0.7);
  for (ptrdiff_t i = 0; i < jet_size(r->v); i++) v[i] = cos((double)i * 0.3);
}

static int most_workers(const jet_plan *p) {
  int most = 1;
  for (int i = 0; i < p->nregions; i++)
    if (p->regions[i].workers > most) most = p->regions[i].workers;
  return most;
}

static bool same_results(const model *r, jet_plan *a, jet_plan *b) {
  bool good = true;
  for (int o = 0; o < r->count; o++)
    for (int k = 0; k <= jet_order(r->out[o]); k++) {
      size_t copies = k ? (size_t)jet_directions(r->out[o]) : 1, n = copies * (size_t)jet_size(r->out[o]);
      good &= memcmp(jet_plan_data(a, r->out[o], k), jet_plan_data(b, r->out[o], k), n * sizeof(double)) == 0;
    }
  return good;
}

static void run_either_way(jet_plan *p, int by_orders) {
  if (!by_orders) run(p);
  else
    for (int k = 0; k <= p->max_order; k++) assert_int_equal(jet_plan_run_orders(p, k, k + 1), JET_OK);
}

static void compare_threads(const model *r, int by_orders) {
  static const int counts[] = {2, 4, 8, 3};
  jet_plan *want = plan_threads(r, 1, by_orders);
  assert_int_equal(most_workers(want), 1);
  put_numbers(r, want);
  run_either_way(want, by_orders);
  for (int i = 0; i < 4; i++) {
    jet_plan *p = plan_threads(r, counts[i], by_orders);
    if (!r->overlap) assert_int_equal(most_workers(p), workers_allowed(counts[i]));
    put_numbers(r, p);
    for (int again = 0; again < 2; again++) {
      run_either_way(p, by_orders);
      assert_true(same_results(r, want, p));
    }
    jet_plan_free(p);
  }
  jet_plan_free(want);
}

static void any_number_of_threads_gives_the_same_bits(void **state) {
  static const ptrdiff_t n = 100000, apart[] = {1, 2, 300, 5000, 40000, n / 2};
  generator g = {11};
  (void)state;
  for (int order = 0; order <= 4; order++)
    for (int directions = 1; directions <= 3; directions += 2)
      for (int i = 0; i < 2; i++) {
        model r = random_model(&g, n, apart[random_below(&g, 6)], order, order ? directions : 1);
        compare_threads(&r, 0);
        jet_tape_free(r.tape);
      }
}

static void large_odd_sizes(void **state) {
  generator g = {12};
  (void)state;
  for (int order = 0; order <= 2; order++) {
    model r = random_model(&g, 1000007, order ? 1 : 1000, order, 1);
    compare_threads(&r, 0);
    jet_tape_free(r.tape);
  }
}

static void orders_one_by_one(void **state) {
  generator g = {13};
  (void)state;
  model r = random_model(&g, 100000, 1, 3, 1);
  compare_threads(&r, 1);
  jet_tape_free(r.tape);
}

/* Every part of the borders: gradients of sums of a few shifted slices, against sums in whole numbers, which are exact. */
static void borders_of_shifted_slices(void **state) {
  const ptrdiff_t n = 131072 + 77, shifts[] = {0, 1, 1, 31, 700}, m = n - 700;
  (void)state;
  model r = {.tape = jet_tape_new(), .count = 1};
  r.x = r.v = jet_input(r.tape, 1, &n);
  jet sum = jet_scalar(r.tape, 0), c = jet_input(r.tape, 1, &m);
  for (int i = 0; i < 5; i++) sum = jet_add(sum, jet_sum(jet_mul(jet_scale(c, i + 1), part(r.x, shifts[i], m))));
  jet_grad(sum, 1, &r.x, r.out);
  for (int threads = 1; threads <= 4; threads++) {
    jet_plan *p = plan_threads(&r, threads, 0);
    for (ptrdiff_t i = 0; i < m; i++) jet_plan_data(p, c, 0)[i] = (double)(i % 1009);
    run(p);
    assert_int_equal(most_workers(p), workers_allowed(threads));
    for (ptrdiff_t z = 0; z < n; z++) {
      double want = 0;
      for (int i = 0; i < 5; i++)
        if (z >= shifts[i] && z - shifts[i] < m) want += (i + 1) * (double)((z - shifts[i]) % 1009);
      if (jet_plan_data(p, r.out[0], 0)[z] != want) fail_msg("element %td with %d threads", z, threads);
    }
    jet_plan_free(p);
  }
  jet_tape_free(r.tape);
}

static void orders_lost_by_any_thread_count(void **state) {
  const ptrdiff_t n = 200000;
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  (void)state;
  options.no_rewriting = 1;
  model r = {.tape = jet_tape_new_ex(&options), .count = 1};
  r.x = r.v = jet_input(r.tape, 1, &n);
  jet x = jet_expand(r.x, jet_scalar(r.tape, 1), jet_parameter(r.tape, 2));
  r.out[0] = jet_div(jet_sin(x), x);
  for (int threads = 1; threads <= 8; threads *= 2) {
    jet_plan *p = plan_threads(&r, threads, 0);
    double *at = jet_plan_data(p, r.x, 0);
    for (ptrdiff_t i = 0; i < n; i++) at[i] = 1;
    for (int quarter = 0; quarter < 4; quarter++) {
      ptrdiff_t zero = quarter * (n / 4) + n / 8;
      at[zero] = 0;
      run(p);
      assert_int_equal(jet_plan_lost(p, r.out[0]), 1);
      at[zero] = 1;
      run(p);
      assert_int_equal(jet_plan_lost(p, r.out[0]), 0);
    }
    jet_plan_free(p);
  }
  jet_tape_free(r.tape);
}

typedef struct replay {
  const model *r;
  jet_plan *plan, *want;
  pthread_t thread;
  bool good;
} replay;

static void *replay_often(void *data) {
  replay *x = (replay *)data;
  for (int i = 0; i < 20; i++) x->good &= jet_plan_run(x->plan) == JET_OK && same_results(x->r, x->plan, x->want);
  return NULL;
}

static void prepare_replays(const model *r, replay *x, int n, jet_plan *want) {
  put_numbers(r, want);
  run(want);
  for (int i = 0; i < n; i++) {
    replay fresh = {.r = r, .plan = plan_threads(r, i + 1, 0), .want = want, .good = true};
    x[i] = fresh;
    put_numbers(r, x[i].plan);
  }
}

static void plans_with_threads_run_at_once(void **state) {
  generator g = {14};
  replay x[3];
  (void)state;
  model r = random_model(&g, 100000, 1, 1, 1);
  jet_plan *want = plan_threads(&r, 1, 0);
  prepare_replays(&r, x, 3, want);
  for (int i = 0; i < 3; i++) assert_int_equal(pthread_create(&x[i].thread, NULL, replay_often, &x[i]), 0);
  for (int i = 0; i < 3; i++) assert_int_equal(pthread_join(x[i].thread, NULL), 0);
  for (int i = 0; i < 3; i++) assert_true(x[i].good);
#ifdef _OPENMP
#pragma omp parallel for num_threads(3) schedule(static, 1)
  for (int i = 0; i < 3; i++) replay_often(&x[i]);
#endif
  for (int i = 0; i < 3; i++) assert_true(x[i].good);
  for (int i = 0; i < 3; i++) jet_plan_free(x[i].plan);
  jet_plan_free(want);
  jet_tape_free(r.tape);
}

static jet wave(jet x, void *data) {
  (void)data;
  return jet_sum(jet_mul(jet_sin(x), jet_tanh(x)));
}

static void functions_take_threads_too(void **state) {
  enum { MANY = 100000 };
  static double x[MANY], y[2], d[2][MANY];
  (void)state;
  for (int i = 0; i < MANY; i++) x[i] = sin(i);
  for (int i = 0; i < 2; i++) {
    jet_tape_options options = JET_TAPE_OPTIONS_INIT;
    options.threads = i ? 4 : 1;
    jet_fn *f = jet_fn_new_ex(wave, NULL, MANY, &options);
    assert_int_equal(jet_fn_gradient(f, x, &y[i], d[i]), JET_OK);
    jet_fn_free(f);
  }
  assert_memory_equal(&y[0], &y[1], sizeof *y);
  assert_memory_equal(d[0], d[1], sizeof d[0]);
}

static void numbers_of_threads(void **state) {
  const ptrdiff_t n = 1000000, few = 1000;
  (void)state;
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  options.threads = 2;
  model r = {.tape = jet_tape_new_ex(&options), .count = 1};
  r.out[0] = jet_exp(jet_input(r.tape, 1, &n));
  jet_plan *of_tape = plan_threads(&r, 0, 0), *own = plan_threads(&r, 3, 0), *most = plan_threads(&r, 1000000000, 0);
  assert_int_equal(most_workers(of_tape), workers_allowed(2));
  assert_int_equal(most_workers(own), workers_allowed(3));
  assert_true(most_workers(most) >= most_workers(own) && most_workers(most) <= WORKERS_MOST);
  jet_plan_free(of_tape), jet_plan_free(own), jet_plan_free(most);
  r.out[0] = jet_exp(jet_input(r.tape, 1, &few));
  jet_plan *small = plan_threads(&r, 8, 0);
  if (!HOSTILE) assert_int_equal(most_workers(small), 1);
  jet_plan_free(small);
  jet_plan_options bad = JET_PLAN_OPTIONS_INIT;
  bad.threads = -1;
  jet_plan *p = jet_plan_new_ex(r.tape, 1, r.out, &bad);
  assert_int_equal(jet_plan_status(p), JET_BAD_ARGUMENT);
  jet_plan_free(p);
  jet_tape_free(r.tape);
  options.threads = -1;
  jet_tape *tape = jet_tape_new_ex(&options);
  assert_int_equal(jet_tape_status(tape), JET_BAD_ARGUMENT);
  jet_tape_free(tape);
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
      cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
      cmocka_unit_test(large_odd_sizes),
      cmocka_unit_test(orders_one_by_one),
      cmocka_unit_test(borders_of_shifted_slices),
      cmocka_unit_test(orders_lost_by_any_thread_count),
      cmocka_unit_test(plans_with_threads_run_at_once),
      cmocka_unit_test(functions_take_threads_too),
      cmocka_unit_test(numbers_of_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
