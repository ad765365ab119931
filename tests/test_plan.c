/* test_plan.c - plans: what is evaluated, where it is read and written, order by order, orders lost. */
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "functions.h"
#include "plan.h"
#include "reference.h"

/* ---- small helpers ----------------------------------------------------------------------------------------------- */

static jet vector(jet_tape *tape, ptrdiff_t n) { return jet_input(tape, 1, &n); }
static jet series(jet t, ptrdiff_t n) { return jet_input_series(t, 1, &n); }

static jet_plan *plan_of(jet_tape *tape, int n, const jet outputs[]) {
  jet_plan *plan = jet_plan_new(tape, n, outputs);
  if (jet_plan_status(plan)) fail_msg("%s", jet_plan_message(plan));
  return plan;
}

static jet_plan *stepwise(jet_tape *tape, int n, const jet outputs[]) {
  jet_plan_options options = JET_PLAN_OPTIONS_INIT;
  options.by_orders = 1;
  return jet_plan_new_ex(tape, n, outputs, &options);
}

static void run(jet_plan *plan) {
  if (jet_plan_run(plan) != JET_OK) fail_msg("%s", jet_plan_message(plan));
}

static void free_both(jet_plan *plan, jet_tape *tape) {
  jet_plan_free(plan);
  jet_tape_free(tape);
}

static double *data(jet_plan *plan, jet x, int k) {
  double *p = jet_plan_data(plan, x, k);
  if (!p) fail_msg("coefficient %d: %s", k, jet_plan_message(plan));
  return p;
}

static void put(jet_plan *plan, jet x, int k, const double *numbers) {
  memcpy(data(plan, x, k), numbers, (size_t)jet_size(x) * sizeof *numbers);
}

static void put_all(jet_plan *plan, jet x, int k, double number) {
  for (ptrdiff_t i = 0; i < jet_size(x); i++) data(plan, x, k)[i] = number;
}

static bool same(double a, double b) { return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b)); }
static bool near(double a, double b, double tolerance) { return a == b || fabs(a - b) <= tolerance * (1 + fabs(b)); }

static void assert_numbers(const double *got, const double *want, ptrdiff_t n, const char *what) {
  for (ptrdiff_t i = 0; i < n; i++)
    if (!same(got[i], want[i])) fail_msg("%s: element %td is %.17g, not %.17g", what, i, got[i], want[i]);
}

static uint64_t random_state;
static uint64_t random_bits(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  return random_state ^= random_state << 17;
}
static int random_below(int n) { return (int)(random_bits() >> 33) % n; }
static double random_in(double low, double high) {
  return low + (high - low) * (double)(random_bits() >> 11) * 0x1p-53;
}

/* ---- only what is needed is evaluated ---------------------------------------------------------------------------- */

static int is_row(const step *s, int row) { return s->run == run_row && s->call->row == row; }

static int steps_of(const jet_plan *plan, int row) {
  int n = 0;
  for (int i = 0; i < plan->nsteps; i++) n += is_row(&plan->steps[i], row);
  return n;
}

static int highest(const jet_plan *plan, int row) { /* coefficient that steps of the row make; -1: none */
  int k = 0;
  for (int i = 0; i < plan->nsteps; i++)
    if (is_row(&plan->steps[i], row) && plan->steps[i].k1 > k) k = plan->steps[i].k1;
  return k - 1;
}

static void dead_code_gives_no_step(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, 5), t = jet_parameter(tape, 4), l = jet_expand(x, x, t), y = jet_tanh(jet_sin(x));
  jet_sum(jet_exp(jet_div(jet_tan(l), y)));
  jet_plan *plan = plan_of(tape, 1, &y);
  assert_int_equal(plan->nsteps, 2);
  assert_int_equal(plan->nregions, 1);
  assert_int_equal(steps_of(plan, JK_sincos) + steps_of(plan, JK_tanh), 2);
  free_both(plan, tape);
}

static void shared_work_is_done_once(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, 5), s = jet_sin(x), y[] = {jet_exp(s), jet_tanh(s), s, jet_add(s, s)};
  jet_plan *plan = plan_of(tape, 4, y);
  assert_int_equal(plan->nsteps, 4);
  free_both(plan, tape);
}

/* All but valuation looks downwards: coefficient 2 needs no coefficient above 2. */
static void coefficient_two_needs_no_higher_ones(void **state) {
  (void)state;
  for (int f = 0; f < UNARIES; f++) {
    jet_tape *tape = jet_tape_new();
    jet t = jet_parameter(tape, 8), y = jet_coefficient(jet_exp(unary[f].f(jet_sinh(series(t, 5)))), 2);
    jet_plan *plan = plan_of(tape, 1, &y);
    int special = 0;
    for (int r = 0; r < JK_ROWS; r++)
      if (jk_rows[r].kind == JK_SPECIAL && steps_of(plan, r)) special = 1, assert_int_equal(highest(plan, r), 8);
    for (int r = 0; r < JK_ROWS; r++)
      if (jk_rows[r].kind != JK_SPECIAL && (!special || r == JK_exp) && highest(plan, r) > 2)
        fail_msg("%s: a step %s makes coefficient %d", unary[f].name, jk_rows[r].name, highest(plan, r));
    if (special) assert_int_equal(highest(plan, JK_sinhcosh), 8); /* the divisor's valuation may need them */
    free_both(plan, tape);
  }
}

static void need_passes_sums_broadcasts_and_products(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet t = jet_parameter(tape, 8), x = series(t, 5), y = jet_mul(jet_exp(x), jet_sum(jet_sin(x)));
  y = jet_coefficient(jet_add(y, jet_cos(x)), 3);
  jet_plan *plan = plan_of(tape, 1, &y);
  for (int i = 0; i < plan->nsteps; i++) assert_true(plan->steps[i].k1 <= 4);
  assert_int_equal(highest(plan, JK_exp), 3);
  free_both(plan, tape);
}

static void a_linear_coefficient_needs_itself_alone(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet t = jet_parameter(tape, 8), a = series(t, 5), b = series(t, 5);
  jet y = jet_coefficient(jet_sub(jet_scale(jet_add(a, b), 3), jet_neg(a)), 5);
  jet_plan *plan = plan_of(tape, 1, &y);
  for (int i = 0; i < plan->nsteps; i++) {
    assert_int_equal(plan->steps[i].k0, 5);
    assert_int_equal(plan->steps[i].k1, 6);
  }
  put_all(plan, a, 5, 2), put_all(plan, b, 5, 7);
  put_all(plan, a, 4, NAN), put_all(plan, b, 6, NAN);
  run(plan);
  for (int i = 0; i < 5; i++) assert_true(data(plan, y, 0)[i] == 3 * 9 + 2);
  free_both(plan, tape);
}

/* Every operation, each coefficient alone: the same bits as with all of them. Number of elements that differ. */
static int check_coefficient_alone(int f, int order, int k) {
  enum { LENGTH = 5 };
  jet_tape *tape = jet_tape_new();
  jet t = jet_parameter(tape, order), a = series(t, LENGTH), b = series(t, LENGTH);
  jet y = f < UNARIES ? unary[f].f(a) : binary[f - UNARIES].f(a, b), c = jet_coefficient(y, k);
  jet_plan *whole = plan_of(tape, 1, &y), *part = plan_of(tape, 1, &c);
  int wrong = 0;
  random_state = 77;
  for (int j = 0; j <= order; j++)
    for (int i = 0; i < LENGTH; i++) {
      data(part, a, j)[i] = data(whole, a, j)[i] = random_in(0.2, 0.8) - (i == 3); /* log of a negative number too */
      data(part, b, j)[i] = data(whole, b, j)[i] = j || i < 4 ? random_in(0.2, 0.8) : 0;
    }
  run(whole);
  run(part);
  for (int i = 0; i < LENGTH; i++) wrong += !same(data(part, c, 0)[i], data(whole, y, k)[i]);
  jet_plan_free(whole);
  free_both(part, tape);
  return wrong;
}

static void a_coefficient_alone_is_that_of_the_jet(void **state) {
  int wrong = 0;
  (void)state;
  for (int f = 0; f < UNARIES + BINARIES; f++)
    for (int k = 0; k <= 6; k++)
      if (check_coefficient_alone(f, 6, k))
        wrong++, print_error("%s, coefficient %d\n", f < UNARIES ? unary[f].name : binary[f - UNARIES].name, k);
  if (wrong) fail_msg("%d failures", wrong);
}

/* log 0 is infinite, so that lanes are computed again one by one: only where the interval and the need are. */
static void lanes_computed_again_stay_inside_the_interval(void **state) {
  enum { ORDER = 6 };
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet t = jet_parameter(tape, ORDER), x = series(t, 5), y = jet_xlogy(t, x), z = jet_xlogy(jet_square(t), x);
  jet out[] = {y, z, jet_coefficient(jet_xlogy(x, x), 3), jet_coefficient(jet_div(x, x), 2)};
  for (int o = 0; o < 4; o++) {
    jet_plan *plan = plan_of(tape, 1, &out[o]);
    put_all(plan, x, 1, 1);
    run(plan);
    for (int i = 0; o < 2 && i < 5; i++) assert_true(data(plan, out[o], 0)[i] == 0);
    jet_plan_free(plan);
  }
  jet_tape_free(tape);
}

static void coefficients_are_not_copied(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, 5), v = vector(tape, 5), l = jet_expand(x, v, jet_parameter(tape, 8));
  jet c[] = {jet_coefficient(l, 0), jet_coefficient(l, 1), jet_coefficient(jet_shift(l, 2), 1)};
  jet_plan *plan = plan_of(tape, 3, c);
  assert_int_equal(plan->nsteps, 0);
  assert_int_equal(plan->nplanes, 2);
  free_both(plan, tape);
}

/* ---- outputs: several, twice, aliases of each other and of inputs, constants ------------------------------------- */

enum { N = 37, K = 3 };

typedef struct zoo { /* one of each kind of output */
  jet_tape *tape;
  jet x, v, s, c; /* inputs, an input series, a constant */
  jet out[11];
  int n;
} zoo;

static double constant_at(int i) { return 1 - 0.5 * i; }
static double input_at(int which, int i) { return (which + 1) * (i % 7) - 3 + 0.25 * which; }

static zoo zoo_new(void) {
  double numbers[N];
  const ptrdiff_t n = N;
  zoo z = {.tape = jet_tape_new(), .n = 11};
  jet t = jet_parameter(z.tape, K);
  for (int i = 0; i < N; i++) numbers[i] = constant_at(i);
  z.x = vector(z.tape, N), z.v = vector(z.tape, N), z.s = series(t, N), z.c = jet_constant(z.tape, 1, &n, numbers);
  jet line = jet_expand(z.x, z.v, t), y = jet_mul(z.s, line), moved = jet_shift(z.s, 10);
  jet out[11] = {y,
                 z.x,
                 z.c,
                 jet_coefficient(y, 1),
                 y,
                 z.s,
                 jet_coefficient(z.s, 2),
                 moved,
                 line,
                 jet_coefficient(moved, 2),
                 jet_coefficient(y, 1)};
  memcpy(z.out, out, sizeof out);
  return z;
}

static double zoo_want(int o, int k, int i) {
  double x = input_at(0, i), v = input_at(1, i), s[K + 1], y;
  for (int j = 0; j <= K; j++) s[j] = input_at(2 + j, i);
  if (o == 3 || o == 10) k = 1;
  y = s[k] * x + (k ? s[k - 1] * v : 0);
  return o == 1             ? x
         : o == 2           ? constant_at(i)
         : o == 5           ? s[k]
         : o == 6 || o == 9 ? s[2]
         : o == 7           ? s[k] + (k ? 0 : 10)
         : o == 8           ? (k == 0   ? x
                               : k == 1 ? v
                                        : 0)
                            : y;
}

static void zoo_put(const zoo *z, jet_plan *plan) {
  for (int i = 0; i < N; i++) {
    data(plan, z->x, 0)[i] = input_at(0, i);
    data(plan, z->v, 0)[i] = input_at(1, i);
    for (int k = 0; k <= K; k++) data(plan, z->s, k)[i] = input_at(2 + k, i);
  }
}

static void zoo_check(const zoo *z, jet_plan *plan, int o) {
  for (int k = 0; k <= jet_order(z->out[o]); k++)
    for (int i = 0; i < N; i++)
      if (data(plan, z->out[o], k)[i] != zoo_want(o, k, i))
        fail_msg("output %d, coefficient %d, element %d: %g, not %g", o, k, i, data(plan, z->out[o], k)[i],
                 zoo_want(o, k, i));
}

static void each_kind_of_output_alone(void **state) {
  (void)state;
  zoo z = zoo_new();
  for (int o = 0; o < z.n; o++) {
    jet_plan *plan = plan_of(z.tape, 1, &z.out[o]);
    zoo_put(&z, plan);
    run(plan);
    zoo_check(&z, plan, o);
    jet_plan_free(plan);
  }
  jet_tape_free(z.tape);
}

static void all_kinds_of_outputs_together(void **state) {
  (void)state;
  zoo z = zoo_new();
  jet_plan *plan = plan_of(z.tape, z.n, z.out);
  for (int runs = 0; runs < 2; runs++) {
    zoo_put(&z, plan);
    run(plan);
    for (int o = 0; o < z.n; o++) zoo_check(&z, plan, o);
  }
  free_both(plan, z.tape);
}

static void outputs_in_any_order(void **state) {
  (void)state;
  zoo z = zoo_new();
  random_state = 5;
  for (int trial = 0; trial < 50; trial++) {
    jet out[11];
    int which[11], n = 1 + random_below(z.n);
    for (int o = 0; o < n; o++) out[o] = z.out[which[o] = random_below(z.n)];
    jet_plan *plan = plan_of(z.tape, n, out);
    zoo_put(&z, plan);
    run(plan);
    for (int o = 0; o < n; o++) zoo_check(&z, plan, which[o]);
    jet_plan_free(plan);
  }
  jet_tape_free(z.tape);
}

/* ---- binding ----------------------------------------------------------------------------------------------------- */

static void bind(jet_plan *plan, jet x, int k, double *p) {
  assert_int_equal(jet_plan_bind(plan, x, k, p), JET_OK);
  if (p) assert_ptr_equal(jet_plan_data(plan, x, k), p);
}

/* Every subset of coefficients bound, filled with a number that must not stay; memory off the alignment of vectors. */
static void outputs_of_all_kinds_bound(void **state) {
  static double memory[11][K + 1][N + 3];
  (void)state;
  zoo z = zoo_new();
  jet_plan *plan = plan_of(z.tape, z.n, z.out);
  random_state = 9;
  for (int trial = 0; trial < 60; trial++) {
    zoo_put(&z, plan);
    for (int o = 0; o < z.n; o++)
      for (int k = 0; k <= jet_order(z.out[o]); k++) {
        int input = o == 1 || o == 5;
        double *p = memory[o][k] + random_below(3);
        for (int i = 0; i < N + 3; i++) memory[o][k][i] = 777;
        if (!input) bind(plan, z.out[o], k, random_below(2) ? p : NULL);
      }
    run(plan);
    for (int o = 0; o < z.n; o++) zoo_check(&z, plan, o);
  }
  free_both(plan, z.tape);
}

static void inputs_bound_at_any_alignment(void **state) {
  static double memory[6][N + 8];
  (void)state;
  zoo z = zoo_new();
  jet_plan *plan = plan_of(z.tape, z.n, z.out);
  for (int shift = 0; shift < 8; shift++) {
    for (int j = 0; j < 6; j++)
      bind(plan, j == 0 ? z.x : j == 1 ? z.v : z.s, j < 2 ? 0 : j - 2, memory[j] + (shift + j) % 8);
    zoo_put(&z, plan);
    run(plan);
    for (int o = 0; o < z.n; o++) zoo_check(&z, plan, o);
  }
  free_both(plan, z.tape);
}

/* The numbers beside the caller's arrays stay. */
static void bound_outputs_are_not_overrun(void **state) {
  (void)state;
  for (ptrdiff_t n = 0; n <= 70; n++) {
    double memory[3][72];
    jet_tape *tape = jet_tape_new();
    jet x = vector(tape, n), y = jet_square(jet_expand(x, x, jet_parameter(tape, 2)));
    jet_plan *plan = plan_of(tape, 1, &y);
    for (int k = 0; k < 3; k++) {
      for (int i = 0; i < 72; i++) memory[k][i] = 555;
      bind(plan, y, k, memory[k] + 1);
    }
    put_all(plan, x, 0, 2);
    run(plan);
    for (int k = 0; k < 3; k++)
      for (int i = 0; i < 72; i++) assert_true(memory[k][i] == (i < 1 || i > n ? 555 : k == 1 ? 8 : 4));
    free_both(plan, tape);
  }
}

static void memory_is_bound_again_between_runs(void **state) {
  double a[N], b[N], x1[N], x2[N];
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, N), y = jet_scale(x, 2);
  jet_plan *plan = plan_of(tape, 1, &y);
  double *own_x = data(plan, x, 0), *own_y = data(plan, y, 0);
  for (int i = 0; i < N; i++) x1[i] = i, x2[i] = -i, own_x[i] = 100;
  bind(plan, x, 0, x1), bind(plan, y, 0, a), run(plan);
  bind(plan, x, 0, x2), bind(plan, y, 0, b), run(plan);
  for (int i = 0; i < N; i++) assert_true(a[i] == 2 * i && b[i] == -2 * i && (HOSTILE || own_y[i] == 0));
  bind(plan, x, 0, NULL), bind(plan, y, 0, NULL), run(plan);
  assert_ptr_equal(data(plan, x, 0), own_x);
  assert_ptr_equal(data(plan, y, 0), own_y);
  for (int i = 0; i < N; i++) assert_true(own_y[i] == 200 && a[i] == 2 * i && b[i] == -2 * i);
  free_both(plan, tape);
}

/* A bound output that other outputs and later regions read too. */
static void a_bound_output_feeds_others(void **state) {
  double memory[N];
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, N), y = jet_scale(x, 2), out[] = {y, jet_sub(y, jet_sum(y)), jet_sum(y)};
  jet_plan *plan = plan_of(tape, 3, out);
  for (int bound = 0; bound < 3; bound++) {
    for (int i = 0; i < N; i++) data(plan, x, 0)[i] = i + bound;
    bind(plan, y, 0, bound == 1 ? memory : NULL);
    run(plan);
    double sum = N * (N - 1) + 2. * N * bound;
    assert_true(*data(plan, out[2], 0) == sum);
    for (int i = 0; i < N; i++) assert_true(data(plan, out[1], 0)[i] == 2 * (i + bound) - sum);
  }
  free_both(plan, tape);
}

static void structural_zeros_are_written(void **state) {
  double memory[6][N];
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet t = jet_parameter(tape, 5), x = vector(tape, N), l = jet_expand(x, x, t), plain = jet_sin(x);
  jet y[] = {jet_square(l), jet_floor(l), jet_coefficient(l, 3), jet_mul(plain, jet_coefficient(l, 2))};
  static const int degree[] = {2, 0, -1, -1};
  jet_plan *plan = plan_of(tape, 4, y);
  put_all(plan, x, 0, 3);
  for (int bound = 0; bound < 2; bound++)
    for (int o = 0; o < 4; o++) {
      for (int k = 0; k <= jet_order(y[o]); k++) {
        for (int i = 0; i < N; i++) memory[k][i] = 777;
        bind(plan, y[o], k, bound ? memory[k] : NULL);
      }
      run(plan);
      for (int k = degree[o] + 1; k <= jet_order(y[o]); k++)
        for (int i = 0; i < N; i++) assert_true(data(plan, y[o], k)[i] == 0);
    }
  free_both(plan, tape);
}

static void inputs_start_as_zeros_and_survive_runs(void **state) {
  enum { ORDER = 2 };
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, N), s = series(jet_parameter(tape, ORDER), N);
  jet y = jet_sum(jet_add(jet_exp(jet_mul(x, s)), jet_tanh(s)));
  jet_plan *plan = plan_of(tape, 1, &y);
  for (int i = 0; i < N; i++) assert_true(data(plan, x, 0)[i] == 0 && data(plan, s, 1)[i] == 0);
  run(plan);
  assert_true(*data(plan, y, 0) == N && *data(plan, y, 1) == 0);
  for (int k = 0; k <= ORDER; k++)
    for (int i = 0; i < N; i++) data(plan, s, k)[i] = 0.125 * (i + k);
  for (int i = 0; i < N; i++) data(plan, x, 0)[i] = 0.0625 * i;
  for (int runs = 0; runs < 3; runs++) run(plan);
  for (int k = 0; k <= ORDER; k++)
    for (int i = 0; i < N; i++) assert_true(data(plan, s, k)[i] == 0.125 * (i + k));
  for (int i = 0; i < N; i++) assert_true(data(plan, x, 0)[i] == 0.0625 * i);
  free_both(plan, tape);
}

static void an_input_that_nobody_needs_has_memory(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, N), unused = vector(tape, 3), t = jet_parameter(tape, 4), s = series(t, 2), y = jet_sin(x);
  jet_plan *plan = plan_of(tape, 1, &y);
  put_all(plan, unused, 0, 1);
  for (int k = 0; k <= 4; k++) put_all(plan, s, k, 2);
  run(plan);
  assert_true(data(plan, unused, 0)[2] == 1 && data(plan, s, 4)[1] == 2);
  free_both(plan, tape);
}

static void data_stays_where_it_is(void **state) {
  (void)state;
  zoo z = zoo_new();
  jet_plan *plan = plan_of(z.tape, z.n, z.out);
  double *p[11];
  for (int o = 0; o < z.n; o++) p[o] = data(plan, z.out[o], 0);
  run(plan);
  for (int o = 0; o < z.n; o++) assert_ptr_equal(p[o], data(plan, z.out[o], 0));
  free_both(plan, z.tape);
}

/* ---- bad calls --------------------------------------------------------------------------------------------------- */

static void assert_no_data(jet_plan *plan, jet x, int k, jet_status want, const char *word) {
  double number;
  assert_null(jet_plan_data(plan, x, k));
  if (!strstr(jet_plan_message(plan), word)) fail_msg("no \"%s\" in \"%s\"", word, jet_plan_message(plan));
  assert_int_equal(jet_plan_bind(plan, x, k, &number), want);
  if (!strstr(jet_plan_message(plan), "jet_plan_bind")) fail_msg("\"%s\"", jet_plan_message(plan));
  assert_int_equal(jet_plan_status(plan), JET_OK);
  run(plan);
}

static void data_of_what_is_no_port_is_refused(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new(), *other = jet_tape_new();
  jet x = vector(tape, 3), l = jet_expand(x, x, jet_parameter(tape, 4)), inner = jet_sin(l), y = jet_exp(inner);
  jet_plan *plan = plan_of(tape, 1, &y);
  jet later = vector(tape, 3), foreign = vector(other, 3);
  assert_no_data(plan, y, 5, JET_BAD_ORDER, "5");
  assert_no_data(plan, y, -1, JET_BAD_ORDER, "-1");
  assert_no_data(plan, y, INT_MIN, JET_BAD_ORDER, "jet_plan_data");
  assert_no_data(plan, x, 1, JET_BAD_ORDER, "1");
  assert_no_data(plan, inner, 0, JET_BAD_ARGUMENT, "neither an input nor an output");
  assert_no_data(plan, later, 0, JET_BAD_ARGUMENT, "neither");
  assert_no_data(plan, foreign, 0, JET_FOREIGN, "not of the plan's tape");
  assert_no_data(plan, (jet){tape, -1}, 0, JET_BAD_ARGUMENT, "neither");
  assert_no_data(plan, (jet){tape, INT_MAX}, 0, JET_BAD_ARGUMENT, "neither");
  assert_no_data(plan, (jet){NULL, 0}, 0, JET_FOREIGN, "not of the plan's tape");
  assert_int_equal(jet_plan_lost(plan, inner), -1);
  assert_int_equal(jet_plan_lost(plan, foreign), -1);
  assert_int_equal(jet_plan_lost(plan, y), 0);
  jet_tape_free(other);
  free_both(plan, tape);
}

static void check_bad_plan(jet_plan *plan, jet_status want) {
  assert_non_null(plan);
  assert_int_equal(jet_plan_status(plan), want);
  assert_true(strlen(jet_plan_message(plan)) > 10);
  assert_int_equal(jet_plan_run(plan), want);
  jet_plan_free(plan);
}

static void outputs_must_be_jets_of_the_tape(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new(), *other = jet_tape_new();
  jet x = vector(tape, 3), bad[] = {x, vector(other, 3)}, made_up[] = {x, {tape, 1}};
  check_bad_plan(jet_plan_new(tape, 2, bad), JET_FOREIGN);
  check_bad_plan(jet_plan_new(tape, 2, made_up), JET_BAD_ARGUMENT);
  check_bad_plan(jet_plan_new(tape, 0, &x), JET_BAD_ARGUMENT);
  check_bad_plan(jet_plan_new(tape, -3, &x), JET_BAD_ARGUMENT);
  check_bad_plan(jet_plan_new(tape, 1, NULL), JET_BAD_ARGUMENT);
  assert_int_equal(jet_tape_status(tape), JET_OK);
  jet_tape_free(other);
  jet_tape_free(tape);
}

static void no_plan_at_all_does_nothing(void **state) {
  jet x = {NULL, 0};
  double number;
  (void)state;
  assert_int_equal(jet_plan_status(NULL), JET_BAD_ARGUMENT);
  assert_int_equal(jet_plan_run(NULL), JET_BAD_ARGUMENT);
  assert_int_equal(jet_plan_run_orders(NULL, 0, 1), JET_BAD_ARGUMENT);
  assert_int_equal(jet_plan_bind(NULL, x, 0, &number), JET_BAD_ARGUMENT);
  assert_null(jet_plan_data(NULL, x, 0));
  assert_int_equal(jet_plan_lost(NULL, x), -1);
  assert_true(strlen(jet_plan_message(NULL)) > 3);
  jet_plan_free(NULL);
}

/* ---- sizes ------------------------------------------------------------------------------------------------------- */

/* (x + v t)^3 and its sum in numbers that are exact. */
static void check_size(ptrdiff_t n) {
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, n), v = vector(tape, n), l = jet_expand(x, v, jet_parameter(tape, 4));
  jet cube = jet_mul(l, jet_mul(l, l)), out[] = {cube, jet_sum(cube), jet_sum(jet_coefficient(cube, 2)), jet_sum(x)};
  jet_plan *plan = plan_of(tape, 4, out);
  double sum[5] = {0}, sum_x = 0;
  for (ptrdiff_t i = 0; i < n; i++)
    sum_x += data(plan, x, 0)[i] = (double)(i % 13) - 5, data(plan, v, 0)[i] = (double)(i % 5);
  run(plan);
  for (ptrdiff_t i = 0; i < n; i++) {
    double p = (double)(i % 13) - 5, q = (double)(i % 5),
           want[] = {p * p * p, 3 * p * p * q, 3 * p * q * q, q * q * q, 0};
    for (int k = 0; k <= 4; k++) {
      sum[k] += want[k];
      if (data(plan, cube, k)[i] != want[k]) fail_msg("n %td, coefficient %d, element %td", n, k, i);
    }
  }
  for (int k = 0; k <= 4; k++) assert_true(*data(plan, out[1], k) == sum[k]);
  assert_true(*data(plan, out[2], 0) == sum[2] && *data(plan, out[3], 0) == sum_x);
  free_both(plan, tape);
}

static void all_sizes(void **state) {
  (void)state;
  for (ptrdiff_t n = 0; n <= 70; n++) check_size(n);
  for (ptrdiff_t n = 500; n <= 530; n++) check_size(n);
  check_size(1000);
  check_size(1000000);
}

/* ---- several regions --------------------------------------------------------------------------------------------- */

static double scattered(ptrdiff_t i) { return sin(1.7 * (double)i); }

static void a_softmax_and_its_jets(void **state) {
  enum { ORDER = 3 };
  (void)state;
  for (ptrdiff_t n = 1; n <= 1000; n = n < 40 ? n + 3 : 5 * n) {
    double e[ORDER + 1], s[ORDER + 1] = {0}, y[ORDER + 1];
    jet_tape *tape = jet_tape_new();
    jet x = vector(tape, n), v = vector(tape, n), l = jet_exp(jet_expand(x, v, jet_parameter(tape, ORDER)));
    jet out[] = {jet_div(l, jet_sum(l)), jet_div(jet_exp(x), jet_sum(jet_exp(x)))};
    jet_plan *plan = plan_of(tape, 2, out);
    for (ptrdiff_t i = 0; i < n; i++) data(plan, x, 0)[i] = scattered(i), data(plan, v, 0)[i] = scattered(i + 7);
    run(plan);
    static const double factorial[] = {1, 1, 2, 6};
    for (ptrdiff_t i = 0; i < n; i++)
      for (int k = 0; k <= ORDER; k++) s[k] += exp(scattered(i)) * pow(scattered(i + 7), k) / factorial[k];
    for (ptrdiff_t i = 0; i < n; i++)
      for (int k = 0; k <= ORDER; k++) {
        y[k] = e[k] = exp(scattered(i)) * pow(scattered(i + 7), k) / factorial[k];
        for (int j = 0; j < k; j++) y[k] -= y[j] * s[k - j];
        y[k] /= s[0];
        assert_true(near(data(plan, out[0], k)[i], y[k], 1e-14));
        if (k == 0) assert_true(same(data(plan, out[0], 0)[i], data(plan, out[1], 0)[i]));
      }
    free_both(plan, tape);
  }
}

static void a_variance_by_two_sums(void **state) {
  enum { LENGTH = 777 };
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, LENGTH), mean = jet_scale(jet_sum(x), 1. / LENGTH), d = jet_sub(x, mean);
  jet variance = jet_scale(jet_sum(jet_square(d)), 1. / LENGTH), z = jet_div(d, jet_sqrt(variance));
  jet out[] = {mean, variance, z, jet_sum(jet_square(z))};
  jet_plan *plan = plan_of(tape, 4, out);
  double m = 0, s = 0;
  for (int i = 0; i < LENGTH; i++) m += data(plan, x, 0)[i] = scattered(i) + 3;
  m /= LENGTH;
  for (int i = 0; i < LENGTH; i++) s += (scattered(i) + 3 - m) * (scattered(i) + 3 - m) / LENGTH;
  run(plan);
  assert_true(near(*data(plan, mean, 0), m, 1e-14) && near(*data(plan, variance, 0), s, 1e-13));
  for (int i = 0; i < LENGTH; i++) assert_true(near(data(plan, z, 0)[i], (scattered(i) + 3 - m) / sqrt(s), 1e-13));
  assert_true(near(*data(plan, out[3], 0), LENGTH, 1e-13));
  free_both(plan, tape);
}

/* Rows, columns, sums and scalars, back and forth: values of a region are read in blocks of a later one. */
static void regions_of_different_shapes(void **state) {
  enum { ROWS = 45, COLUMNS = 31 };
  const ptrdiff_t column[] = {ROWS, 1}, row[] = {COLUMNS};
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet a = jet_input(tape, 2, column), b = jet_input(tape, 1, row), a2 = jet_scale(a, 2), b3 = jet_scale(b, 3);
  jet table = jet_mul(a2, b3), total = jet_sum(table), late = jet_sub(jet_mul(a2, total), a),
      y = jet_add(late, jet_sub(b3, b));
  jet out[] = {y, table, jet_sum(y)};
  jet_plan *plan = plan_of(tape, 3, out);
  double sum = 0, want, sum_y = 0;
  for (int i = 0; i < ROWS; i++) data(plan, a, 0)[i] = i - 7;
  for (int j = 0; j < COLUMNS; j++) data(plan, b, 0)[j] = j + 1;
  run(plan);
  for (int i = 0; i < ROWS * COLUMNS; i++) sum += 6. * (i / COLUMNS - 7) * (i % COLUMNS + 1);
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    double p = i / COLUMNS - 7, q = i % COLUMNS + 1;
    sum_y += want = 2 * p * sum - p + 2 * q;
    assert_true(data(plan, table, 0)[i] == 6 * p * q && data(plan, y, 0)[i] == want);
  }
  assert_true(*data(plan, out[2], 0) == sum_y);
  free_both(plan, tape);
}

static void sums_of_jets_and_of_zeros(void **state) {
  enum { LENGTH = 100 };
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet t = jet_parameter(tape, 3), s = series(t, LENGTH), x = vector(tape, LENGTH), l = jet_expand(x, x, t);
  jet out[] = {jet_sum(s), jet_sum(l), jet_sum(jet_coefficient(l, 3)), jet_sum(jet_sum(s)), jet_sum(t)};
  jet_plan *plan = plan_of(tape, 5, out);
  for (int k = 0; k <= 3; k++)
    for (int i = 0; i < LENGTH; i++) data(plan, s, k)[i] = i * (k + 1);
  put_all(plan, x, 0, 2);
  run(plan);
  for (int k = 0; k <= 3; k++) {
    assert_true(*data(plan, out[0], k) == 4950 * (k + 1) && *data(plan, out[3], k) == 4950 * (k + 1));
    assert_true(*data(plan, out[1], k) == (k < 2 ? 200 : 0));
    assert_true(*data(plan, out[4], k) == (k == 1));
  }
  assert_true(*data(plan, out[2], 0) == 0);
  free_both(plan, tape);
}

/* The tree of a sum is fixed by its size: what else the plan computes must not change a bit. */
static void a_sum_does_not_depend_on_the_rest_of_the_plan(void **state) {
  enum { LENGTH = 3001 };
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, LENGTH), y[60] = {jet_sum(x)};
  for (int i = 1; i < 60; i++) y[i] = jet_shift(x, i);
  double sum = 0;
  for (int n = 1; n <= 60; n++) {
    jet_plan *plan = plan_of(tape, n, y);
    for (int i = 0; i < LENGTH; i++) data(plan, x, 0)[i] = scattered(i);
    run(plan);
    if (n == 1) sum = *data(plan, y[0], 0);
    if (*data(plan, y[0], 0) != sum)
      fail_msg("beside %d other outputs the sum is %.17g, alone %.17g", n - 1, *data(plan, y[0], 0), sum);
    jet_plan_free(plan);
  }
  jet_tape_free(tape);
}

/* ---- order by order ---------------------------------------------------------------------------------------------- */

enum { MANY = UNARIES + BINARIES + 8 };

static jet in_domain(int f, jet a) { return unary[f].f == jet_acosh ? jet_shift(a, 1.5) : a; }

/* Every operation on regular arguments, and a chain over several regions. */
static int every_operation(jet_tape *tape, jet a, jet b, jet out[MANY]) {
  int n = 0;
  for (int f = 0; f < UNARIES; f++) out[n++] = unary[f].f(in_domain(f, a));
  for (int f = 0; f < BINARIES; f++) out[n++] = binary[f].f(a, b);
  out[n++] = jet_powc(a, 5);
  out[n++] = jet_powc(a, -1.5);
  out[n++] = jet_scale(a, 3);
  out[n++] = jet_shift(a, 3);
  out[n++] = jet_sum(jet_exp(a));
  out[n++] = jet_div(jet_sin(jet_exp(a)), jet_sum(jet_mul(a, b)));
  out[n++] = jet_mul(jet_scalar(tape, 2), a);
  out[n++] = jet_sub(jet_softplus(out[2]), jet_log(jet_add(out[4], b)));
  return n;
}

static void put_series(jet_plan *plan, jet x, uint64_t seed) {
  random_state = seed;
  for (int k = 0; k <= jet_order(x); k++)
    for (ptrdiff_t i = 0; i < jet_size(x); i++) data(plan, x, k)[i] = k ? random_in(-0.5, 0.5) : random_in(0.1, 0.9);
}

static void run_in_pieces(jet_plan *plan, int order) {
  for (int k = 0; k <= order;) {
    int next = k + 1 + random_below(order + 1 - k);
    if (jet_plan_run_orders(plan, k, next)) fail_msg("%s", jet_plan_message(plan));
    k = next;
  }
}

static void assert_same_outputs(jet_plan *got, jet_plan *want, int n, const jet out[], const char *what) {
  for (int o = 0; o < n; o++)
    for (int k = 0; k <= jet_order(out[o]); k++)
      for (ptrdiff_t i = 0; i < jet_size(out[o]); i++) {
        double p = data(got, out[o], k)[i], q = data(want, out[o], k)[i];
        if (!same(p, q)) fail_msg("%s: output %d, coefficient %d, element %td: %.17g, not %.17g", what, o, k, i, p, q);
      }
}

static void check_pieces(jet_isa isa, int order, ptrdiff_t n) {
  jet out[MANY];
  jet_tape *tape = ref_tape(isa, true);
  jet t = jet_parameter(tape, order), a = series(t, n), b = series(t, n);
  int count = every_operation(tape, a, b, out);
  jet_plan *sweep = plan_of(tape, count, out), *pieces = stepwise(tape, count, out);
  put_series(sweep, a, 3), put_series(sweep, b, 4), put_series(pieces, a, 3), put_series(pieces, b, 4);
  run(sweep);
  run(pieces);
  assert_same_outputs(pieces, sweep, count, out, "one sweep");
  random_state = (uint64_t)(order + 1) * 1000003;
  for (int trial = 0; trial < 4; trial++) {
    for (int o = 0; o < count; o++)
      for (int k = 0; k <= order; k++) put_all(pieces, out[o], k, NAN);
    put_series(pieces, a, 3), put_series(pieces, b, 4);
    random_state = (uint64_t)(trial + 1) * 7919;
    run_in_pieces(pieces, order);
    assert_same_outputs(pieces, sweep, count, out, "pieces");
  }
  jet_plan_free(sweep);
  free_both(pieces, tape);
}

static void pieces_are_the_sweep_bit_for_bit(void **state) {
  static const int orders[] = {0, 1, 2, 5, 8, 9, 14};
  jet_isa isas[3];
  (void)state;
  for (int a = ref_isas(isas); a-- > 0;)
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
      check_pieces(isas[a], orders[i], 3);
      check_pieces(isas[a], orders[i], 101);
    }
}

/* A plain result of a coefficient is there after the last piece. */
static void check_coefficients_in_pieces(int n, const jet out[], jet_tape *tape, jet x, const char *what) {
  jet_plan *sweep = plan_of(tape, n, out), *pieces = stepwise(tape, n, out);
  put_series(sweep, x, 3), put_series(pieces, x, 3);
  run(sweep);
  for (int k = 0; k <= jet_order(x); k++) assert_int_equal(jet_plan_run_orders(pieces, k, k + 1), JET_OK);
  assert_same_outputs(pieces, sweep, n, out, what);
  jet_plan_free(sweep);
  jet_plan_free(pieces);
}

static void coefficients_as_outputs_in_pieces(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = series(jet_parameter(tape, 4), 5), y = jet_exp(x), c = jet_coefficient(y, 2);
  jet both[] = {y, c}, moved[] = {jet_shift(x, 1), jet_coefficient(x, 3)}, later = jet_sin(c), sum = jet_sum(c);
  jet second = jet_exp(jet_cos(c)); /* cos is the second value of its node */
  check_coefficients_in_pieces(1, &c, tape, x, "coefficient 2");
  check_coefficients_in_pieces(2, both, tape, x, "y and its coefficient 2");
  check_coefficients_in_pieces(2, moved, tape, x, "coefficients of an input");
  check_coefficients_in_pieces(1, &later, tape, x, "sin of coefficient 2");
  check_coefficients_in_pieces(1, &sum, tape, x, "sum of coefficient 2");
  check_coefficients_in_pieces(1, &second, tape, x, "exp cos of coefficient 2");
  jet_tape_free(tape);
}

/* x' = x (1 - x), x_0 = 1/2:  1 / (1 + exp(-t)) */
static void the_logistic_equation_order_by_order(void **state) {
  static const double want[] = {1. / 2, 1. / 4, 0, -1. / 48, 0, 1. / 480, 0, -17. / 80640, 0, 31. / 1451520};
  enum { ORDER = 9 };
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = series(jet_parameter(tape, ORDER), N), f = jet_mul(x, jet_sub(jet_scalar(tape, 1), x));
  jet_plan *plan = stepwise(tape, 1, &f);
  for (int again = 0; again < 2; again++) {
    put_all(plan, x, 0, 0.5);
    for (int k = 0; k < ORDER; k++) {
      assert_int_equal(jet_plan_run_orders(plan, k, k + 1), JET_OK);
      for (int i = 0; i < N; i++) data(plan, x, k + 1)[i] = data(plan, f, k)[i] / (k + 1);
    }
    for (int k = 0; k <= ORDER; k++)
      for (int i = 0; i < N; i++) assert_true(fabs(data(plan, x, k)[i] - want[k]) < 1e-16);
  }
  free_both(plan, tape);
}

enum { STEPS = 20 };

/* x' = x y, y' = -x s, s' = c y', c' = -s y' with s = sin y, c = cos y: by its own convolutions. */
static void system_by_hand(double x[STEPS + 1], double y[STEPS + 1]) {
  double s[STEPS + 1] = {sin(y[0])}, c[STEPS + 1] = {cos(y[0])};
  for (int k = 0; k < STEPS; k++) {
    double xy = 0, xs = 0, ds = 0, dc = 0;
    for (int j = 0; j <= k; j++) xy += x[j] * y[k - j], xs += x[j] * s[k - j];
    x[k + 1] = xy / (k + 1);
    y[k + 1] = -xs / (k + 1);
    for (int j = 1; j <= k + 1; j++) ds += j * y[j] * c[k + 1 - j], dc -= j * y[j] * s[k + 1 - j];
    s[k + 1] = ds / (k + 1);
    c[k + 1] = dc / (k + 1);
  }
}

static void a_system_order_by_order(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet t = jet_parameter(tape, STEPS), x = series(t, N), y = series(t, N);
  jet f[] = {jet_mul(x, y), jet_neg(jet_mul(x, jet_sin(y)))};
  jet_plan *plan = stepwise(tape, 2, f);
  for (int i = 0; i < N; i++) data(plan, x, 0)[i] = 0.5 + 0.01 * i, data(plan, y, 0)[i] = 1 - 0.05 * i;
  for (int k = 0; k < STEPS; k++) {
    assert_int_equal(jet_plan_run_orders(plan, k, k + 1), JET_OK);
    for (int i = 0; i < N; i++) {
      data(plan, x, k + 1)[i] = data(plan, f[0], k)[i] / (k + 1);
      data(plan, y, k + 1)[i] = data(plan, f[1], k)[i] / (k + 1);
    }
  }
  for (int i = 0; i < N; i++) {
    double p[STEPS + 1] = {0.5 + 0.01 * i}, q[STEPS + 1] = {1 - 0.05 * i};
    system_by_hand(p, q);
    for (int k = 0; k <= STEPS; k++)
      assert_true(fabs(data(plan, x, k)[i] - p[k]) < 1e-14 && fabs(data(plan, y, k)[i] - q[k]) < 1e-14);
  }
  free_both(plan, tape);
}

/* A new x_1 with the old x_0: the sweep is resumed at k0 = 1. */
static void a_sweep_is_resumed_above_coefficient_zero(void **state) {
  enum { ORDER = 3 };
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = series(jet_parameter(tape, ORDER), N), y = jet_sum(jet_tanh(jet_exp(x)));
  jet_plan *plan = stepwise(tape, 1, &y), *fresh = plan_of(tape, 1, &y);
  put_series(plan, x, 1);
  assert_int_equal(jet_plan_run_orders(plan, 0, ORDER + 1), JET_OK);
  for (int trial = 0; trial < 3; trial++) {
    for (int i = 0; i < N; i++) data(plan, x, 1)[i] = scattered(i + trial);
    for (int k = 0; k <= ORDER; k++) put(fresh, x, k, data(plan, x, k));
    assert_int_equal(jet_plan_run_orders(plan, 1, ORDER + 1), JET_OK);
    run(fresh);
    assert_same_outputs(plan, fresh, 1, &y, "resumed");
  }
  jet_plan_free(fresh);
  free_both(plan, tape);
}

static void a_coefficient_that_feeds_a_jet_has_no_orders(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet t = jet_parameter(tape, 4), s = jet_parameter(tape, 2), x = series(t, 3), c = jet_coefficient(jet_exp(x), 2);
  jet y[] = {jet_mul(c, x), jet_add(x, jet_sum(jet_sin(c))), jet_expand(jet_scalar(tape, 1), c, s)};
  for (int i = 0; i < 3; i++) {
    jet_plan *plan = stepwise(tape, 1, &y[i]);
    assert_int_equal(jet_plan_status(plan), JET_UNSUPPORTED);
    assert_non_null(strstr(jet_plan_message(plan), "jet_coefficient feeds a jet"));
    assert_int_equal(jet_plan_run_orders(plan, 0, 1), JET_UNSUPPORTED);
    jet_plan_free(plan);
    jet_plan_free(plan_of(tape, 1, &y[i]));
  }
  jet_tape_free(tape);
}

static void orders_of_an_ordinary_plan_are_refused(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet y = jet_exp(series(jet_parameter(tape, 4), 3));
  jet_plan *plan = plan_of(tape, 1, &y);
  assert_int_equal(jet_plan_run_orders(plan, 0, 5), JET_BAD_ARGUMENT);
  assert_non_null(strstr(jet_plan_message(plan), "by_orders"));
  run(plan);
  assert_true(*data(plan, y, 0) == 1);
  free_both(plan, tape);
}

static void bad_ranges_of_orders_are_refused(void **state) {
  static const int bad[][2] = {{-1, 1}, {2, 2}, {3, 2}, {0, 6}, {4, 2000}, {INT_MIN, INT_MAX}, {0, 0}, {5, -1}};
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet y = jet_exp(series(jet_parameter(tape, 4), 3));
  jet_plan *plan = stepwise(tape, 1, &y);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char number[20];
    snprintf(number, sizeof number, "%d", bad[i][0]);
    assert_int_equal(jet_plan_run_orders(plan, bad[i][0], bad[i][1]), JET_BAD_ORDER);
    assert_non_null(strstr(jet_plan_message(plan), number));
  }
  assert_int_equal(jet_plan_run_orders(plan, 0, 5), JET_OK);
  assert_true(*data(plan, y, 0) == 1);
  free_both(plan, tape);
}

/* ---- orders lost ------------------------------------------------------------------------------------------------- */

static jet one_minus_cos(jet x) { return jet_sub(jet_scalar(x.tape, 1), jet_cos(x)); }
static jet lossy_sinc(jet x) { return jet_div(jet_sin(x), x); }
static jet cosm1_twice(jet x) { return jet_div(jet_div(one_minus_cos(x), x), x); }
static jet cosm1_square(jet x) { return jet_div(one_minus_cos(x), jet_square(x)); }
static jet lossy_chain(jet x) { return jet_div(jet_sub(jet_mul(lossy_sinc(x), jet_exp(x)), jet_scalar(x.tape, 1)), x); }
static jet lossy_product(jet x) { return jet_mul(lossy_sinc(x), jet_div(jet_expm1(x), x)); }
static jet lossy_sum(jet x) { return jet_sum(jet_exp(lossy_sinc(x))); }
static jet lossy_shifted(jet x) { return jet_neg(jet_shift(lossy_sinc(x), 1)); }
static jet lossless(jet x) { return jet_mul(jet_sinc(x), jet_exp(x)); }

/* At x = 0 of arrays {0, 1}; c: the first coefficients at 0. */
static const struct {
  const char *what;
  jet (*record)(jet);
  int lost;
  double c[5];
} losses[] = {
    {"sin(x)/x", lossy_sinc, 1, {1, 0, -1. / 6, 0, 1. / 120}},
    {"((1-cos x)/x)/x", cosm1_twice, 2, {1. / 2, 0, -1. / 24, 0, 1. / 720}},
    {"(1-cos x)/x^2", cosm1_square, 2, {1. / 2, 0, -1. / 24, 0, 1. / 720}},
    {"(sin(x)/x exp(x) - 1)/x", lossy_chain, 2, {1, 1. / 3, 0, -1. / 30, -1. / 90}},
    {"sin(x)/x expm1(x)/x", lossy_product, 1, {1, 1. / 2, 0, -1. / 24, -1. / 90}},
    {"-(sin(x)/x + 1)", lossy_shifted, 1, {-2, 0, 1. / 6, 0, -1. / 120}},
    {"sinc(x) exp(x)", lossless, 0, {1, 1, 1. / 3, 0, -1. / 30}},
};

static void orders_lost_add_up_along_chains(void **state) {
  enum { ORDER = 6 };
  jet_isa isas[3];
  (void)state;
  for (int a = ref_isas(isas); a-- > 0;)
    for (size_t j = 0; j < sizeof losses / sizeof *losses; j++) {
      jet_tape *tape = ref_tape(isas[a], false);
      jet x = vector(tape, 2), y = losses[j].record(jet_expand(x, jet_scalar(tape, 1), jet_parameter(tape, ORDER)));
      jet_plan *plan = plan_of(tape, 1, &y);
      assert_int_equal(jet_plan_lost(plan, y), 0);
      for (int again = 0; again < 2; again++) {
        put(plan, x, 0, (double[]){0, 1});
        run(plan);
        assert_int_equal(jet_plan_lost(plan, y), losses[j].lost);
        for (int k = 0; k <= ORDER; k++) {
          double c = data(plan, y, k)[0];
          if (k > ORDER - losses[j].lost ? !isnan(c) : k < 5 && !(fabs(c - losses[j].c[k]) < 1e-15))
            fail_msg("%s: coefficient %d at 0 is %g", losses[j].what, k, c);
          assert_true(isfinite(data(plan, y, k)[1]));
        }
        put(plan, x, 0, (double[]){2, 1});
        run(plan);
        assert_int_equal(jet_plan_lost(plan, y), 0);
      }
      free_both(plan, tape);
    }
}

static void a_sum_loses_what_an_element_loses(void **state) {
  (void)state;
  jet_tape *tape = ref_tape(JET_ISA_AUTO, false);
  jet x = vector(tape, 70), l = jet_expand(x, x, jet_parameter(tape, 3)), y[] = {lossy_sum(l), jet_sin(l)};
  jet m = jet_expand(jet_shift(x, -1), x, jet_parameter(tape, 3)), z = jet_sum(lossy_sinc(m));
  jet out[] = {y[0], y[1], z, jet_add(z, jet_sum(m))};
  jet_plan *plan = plan_of(tape, 4, out);
  static const int want[][4] = {{0, 0, 0, 0}, {0, 0, 1, 1}, {0, 0, 0, 0}};
  for (int trial = 0; trial < 3; trial++) {
    put_all(plan, x, 0, 2);
    if (trial == 1) data(plan, x, 0)[69] = 1;
    run(plan);
    for (int o = 0; o < 4; o++) assert_int_equal(jet_plan_lost(plan, out[o]), want[trial][o]);
  }
  free_both(plan, tape);
}

/* ---- plans and tapes --------------------------------------------------------------------------------------------- */

static void a_plan_outlives_its_tape(void **state) {
  const ptrdiff_t n = 3;
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, 3), c = jet_constant(tape, 1, &n, (double[]){1, 2, 3}), y = jet_mul(jet_add(x, jet_sum(x)), c);
  jet out[] = {y, c};
  jet_plan *plan = plan_of(tape, 2, out);
  jet_tape_free(tape);
  memcpy(jet_plan_data(plan, x, 0), (double[]){10, 20, 30}, sizeof(double[3]));
  run(plan);
  assert_numbers(jet_plan_data(plan, y, 0), (double[]){70, 160, 270}, 3, "after the tape");
  assert_numbers(jet_plan_data(plan, c, 0), (double[]){1, 2, 3}, 3, "a constant after the tape");
  assert_null(jet_plan_data(plan, (jet){tape, 5000}, 0));
  jet_plan_free(plan);
}

static void the_tape_grows_after_the_plan(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, 3), y = jet_square(x), z = y;
  jet_plan *plan = plan_of(tape, 1, &y);
  for (int i = 0; i < 1000; i++) z = jet_add(jet_sin(z), jet_scalar(tape, i));
  jet_plan *second = plan_of(tape, 1, &z);
  put_all(plan, x, 0, 3);
  run(plan);
  run(second);
  assert_numbers(data(plan, y, 0), (double[]){9, 9, 9}, 3, "a grown tape");
  assert_null(jet_plan_data(plan, z, 0));
  jet_plan_free(second);
  free_both(plan, tape);
}

static void a_failed_tape_leaves_old_plans_alone(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, 3), y = jet_square(x);
  jet_plan *plan = plan_of(tape, 1, &y);
  jet_add(x, vector(tape, 4));
  assert_int_equal(jet_tape_status(tape), JET_BAD_SHAPE);
  put_all(plan, x, 0, 3);
  run(plan);
  assert_numbers(data(plan, y, 0), (double[]){9, 9, 9}, 3, "before the failure");
  free_both(plan, tape);
}

/* ---- random tapes ------------------------------------------------------------------------------------------------ */

enum { NODES = 200, INPUTS = 10 };

typedef struct garden {
  jet_tape *tape;
  jet t[2], x[NODES];
  int n, order;
} garden;

static int parameter_of(jet x) { return value_of(x.tape, x.id)->parameter; }

static jet pick(const garden *g) {
  return g->x[random_below(2) ? random_below(g->n) : g->n - 1 - random_below(INPUTS)];
}

static jet tame(jet x) { /* most of the time into the domain of most functions */
  switch (random_below(6)) {
  case 0: return x;
  case 1: return jet_tanh(x);
  case 2: return jet_shift(jet_sigmoid(x), 1);
  default: return jet_sigmoid(x);
  }
}

static jet grow_binary(const garden *g) {
  jet a = pick(g), b = pick(g);
  while (parameter_of(a) >= 0 && parameter_of(b) >= 0 && parameter_of(a) != parameter_of(b)) b = pick(g);
  return binary[random_below(BINARIES)].f(tame(a), tame(b));
}

static jet grow_expand(const garden *g) {
  jet a = pick(g), b = pick(g);
  while (parameter_of(a) >= 0) a = pick(g);
  while (parameter_of(b) >= 0) b = pick(g);
  return jet_expand(a, tame(b), g->t[random_below(2)]);
}

static jet grow(const garden *g) {
  static const double powers[] = {-2, -1, 0, 0.5, 1, 1.5, 2, 3, 7};
  jet x = pick(g);
  int what = random_below(20);
  if (what < 8) return unary[random_below(UNARIES)].f(tame(x));
  if (what < 14) return grow_binary(g);
  if (what == 14) return grow_expand(g);
  if (what == 15) return jet_scale(x, random_in(-1, 1));
  if (what == 16) return jet_shift(x, random_below(3) - 1);
  if (what == 17) return jet_powc(tame(x), powers[random_below(9)]);
  if (what == 18) return jet_sum(x);
  return jet_coefficient(x, random_below(jet_order(x) + 1));
}

static void plant(garden *g, ptrdiff_t m, ptrdiff_t n) { /* the inputs: shapes that all broadcast */
  const ptrdiff_t full[] = {m, n}, column[] = {m, 1}, row[] = {1, n};
  jet inputs[INPUTS] = {jet_input(g->tape, 2, full),
                        jet_input(g->tape, 0, NULL),
                        jet_input(g->tape, 1, &n),
                        jet_input(g->tape, 2, column),
                        jet_input_series(g->t[0], 2, full),
                        jet_input_series(g->t[0], 2, row),
                        jet_input_series(g->t[1], 2, column),
                        jet_input_series(g->t[1], 1, &n),
                        g->t[0],
                        jet_scalar(g->tape, 0.75)};
  memcpy(g->x, inputs, sizeof inputs);
  g->n = INPUTS;
  while (g->n < NODES) {
    jet y = grow(g);
    if (jet_tape_status(g->tape)) fail_msg("%s", jet_tape_message(g->tape));
    g->x[g->n++] = y;
  }
}

static void water(const garden *g, jet_plan *plan) {
  random_state = 123;
  for (int j = 0; j < INPUTS - 2; j++)
    for (int k = 0; k <= jet_order(g->x[j]); k++)
      for (ptrdiff_t i = 0; i < jet_size(g->x[j]); i++) data(plan, g->x[j], k)[i] = random_in(-0.9, 0.9);
}

static int finite_share(const garden *g, jet_plan *plan) { /* percent */
  int finite = 0;
  for (int i = 0; i < g->n; i++)
    finite += jet_size(g->x[i]) == 0 || isfinite(data(plan, g->x[i], jet_order(g->x[i]))[0]);
  return 100 * finite / g->n;
}

static void check_garden(jet_isa isa, int seed, ptrdiff_t m, ptrdiff_t n) {
  garden g = {.tape = ref_tape(isa, seed % 2), .order = seed % 6};
  g.t[0] = jet_parameter(g.tape, g.order), g.t[1] = jet_parameter(g.tape, (g.order + 2) % 6);
  random_state = (uint64_t)seed * 2654435761u + 1;
  plant(&g, m, n);
  jet_plan *all = plan_of(g.tape, g.n, g.x), *last = plan_of(g.tape, 7, g.x + NODES - 7);
  jet_plan *orders = stepwise(g.tape, g.n, g.x);
  water(&g, all), run(all);
  water(&g, last), run(last);
  if (finite_share(&g, all) < 60) fail_msg("seed %d: only %d %% are finite", seed, finite_share(&g, all));
  assert_same_outputs(last, all, 7, g.x + NODES - 7, "the last seven");
  for (int i = 0; i < g.n; i++) {
    jet_plan *alone = plan_of(g.tape, 1, &g.x[i]);
    water(&g, alone), run(alone);
    assert_same_outputs(alone, all, 1, &g.x[i], "a node alone");
    assert_int_equal(jet_plan_lost(alone, g.x[i]), jet_plan_lost(all, g.x[i]));
    jet_plan_free(alone);
  }
  if (jet_plan_status(orders) != JET_UNSUPPORTED) {
    water(&g, orders), run(orders);
    assert_same_outputs(orders, all, g.n, g.x, "all planes kept");
  }
  jet_plan_free(all);
  jet_plan_free(last);
  free_both(orders, g.tape);
}

static void random_tapes_are_the_sum_of_their_nodes(void **state) {
  jet_isa isas[3];
  (void)state;
  for (int a = ref_isas(isas); a-- > 0;)
    for (int seed = 0; seed < 12; seed++) check_garden(isas[a], seed, 3, seed < 6 ? 5 : 37);
}

static void random_tapes_of_little_and_nothing(void **state) {
  (void)state;
  for (int seed = 20; seed < 23; seed++) {
    check_garden(JET_ISA_AUTO, seed, 1, 1);
    check_garden(JET_ISA_AUTO, seed, 3, 0);
    check_garden(JET_ISA_AUTO, seed, 0, 2);
  }
}

/* ---- long tapes -------------------------------------------------------------------------------------------------- */

enum { LONG = 100000 };

static void a_long_chain_in_one_region(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, 2), y = jet_expand(x, jet_scalar(tape, 1), jet_parameter(tape, 1));
  for (int i = 0; i < LONG; i++) y = i % 2 ? jet_neg(y) : jet_shift(y, 1);
  jet_plan *plan = plan_of(tape, 1, &y);
  put(plan, x, 0, (double[]){0.5, 3});
  run(plan);
  assert_numbers(data(plan, y, 0), (double[]){0.5, 3}, 2, "y"); /* -(-(x+1)+1) = x */
  assert_numbers(data(plan, y, 1), (double[]){1, 1}, 2, "y'");
  free_both(plan, tape);
}

static void a_long_chain_of_regions(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, 2), y = x;
  for (int i = 0; i < LONG / 3; i++) y = jet_sub(y, jet_scale(jet_sum(y), 0.5)); /* keeps the difference, centres */
  jet_plan *plan = plan_of(tape, 1, &y);
  put(plan, x, 0, (double[]){7, 3});
  run(plan);
  assert_numbers(data(plan, y, 0), (double[]){2, -2}, 2, "y");
  free_both(plan, tape);
}

static void a_long_chain_with_all_nodes_needed_twice(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, 2), y = x, before = x;
  for (int i = 0; i < LONG; i++) {
    jet next = jet_max(jet_add(y, before), jet_scale(y, -1));
    before = y;
    y = jet_tanh(next);
  }
  jet_plan *plan = plan_of(tape, 1, &y);
  put(plan, x, 0, (double[]){0.5, 3});
  run(plan);
  assert_true(isfinite(data(plan, y, 0)[1]));
  free_both(plan, tape);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(dead_code_gives_no_step),
      cmocka_unit_test(shared_work_is_done_once),
      cmocka_unit_test(coefficient_two_needs_no_higher_ones),
      cmocka_unit_test(need_passes_sums_broadcasts_and_products),
      cmocka_unit_test(a_linear_coefficient_needs_itself_alone),
      cmocka_unit_test(a_coefficient_alone_is_that_of_the_jet),
      cmocka_unit_test(lanes_computed_again_stay_inside_the_interval),
      cmocka_unit_test(coefficients_are_not_copied),
      cmocka_unit_test(each_kind_of_output_alone),
      cmocka_unit_test(all_kinds_of_outputs_together),
      cmocka_unit_test(outputs_in_any_order),
      cmocka_unit_test(outputs_of_all_kinds_bound),
      cmocka_unit_test(inputs_bound_at_any_alignment),
      cmocka_unit_test(bound_outputs_are_not_overrun),
      cmocka_unit_test(memory_is_bound_again_between_runs),
      cmocka_unit_test(a_bound_output_feeds_others),
      cmocka_unit_test(structural_zeros_are_written),
      cmocka_unit_test(inputs_start_as_zeros_and_survive_runs),
      cmocka_unit_test(an_input_that_nobody_needs_has_memory),
      cmocka_unit_test(data_stays_where_it_is),
      cmocka_unit_test(data_of_what_is_no_port_is_refused),
      cmocka_unit_test(outputs_must_be_jets_of_the_tape),
      cmocka_unit_test(no_plan_at_all_does_nothing),
      cmocka_unit_test(all_sizes),
      cmocka_unit_test(a_softmax_and_its_jets),
      cmocka_unit_test(a_variance_by_two_sums),
      cmocka_unit_test(regions_of_different_shapes),
      cmocka_unit_test(sums_of_jets_and_of_zeros),
      cmocka_unit_test(a_sum_does_not_depend_on_the_rest_of_the_plan),
      cmocka_unit_test(pieces_are_the_sweep_bit_for_bit),
      cmocka_unit_test(coefficients_as_outputs_in_pieces),
      cmocka_unit_test(the_logistic_equation_order_by_order),
      cmocka_unit_test(a_system_order_by_order),
      cmocka_unit_test(a_sweep_is_resumed_above_coefficient_zero),
      cmocka_unit_test(a_coefficient_that_feeds_a_jet_has_no_orders),
      cmocka_unit_test(orders_of_an_ordinary_plan_are_refused),
      cmocka_unit_test(bad_ranges_of_orders_are_refused),
      cmocka_unit_test(orders_lost_add_up_along_chains),
      cmocka_unit_test(a_sum_loses_what_an_element_loses),
      cmocka_unit_test(a_plan_outlives_its_tape),
      cmocka_unit_test(the_tape_grows_after_the_plan),
      cmocka_unit_test(a_failed_tape_leaves_old_plans_alone),
      cmocka_unit_test(random_tapes_are_the_sum_of_their_nodes),
      cmocka_unit_test(random_tapes_of_little_and_nothing),
      cmocka_unit_test(a_long_chain_in_one_region),
      cmocka_unit_test(a_long_chain_of_regions),
      cmocka_unit_test(a_long_chain_with_all_nodes_needed_twice),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
