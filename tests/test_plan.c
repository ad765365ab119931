/* test_plan.c - what a plan evaluates and gives: only what is needed, outputs of all kinds, bad calls, sizes. */
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
#include "plan_help.h"
#include "reference.h"

/* ---- only what is needed is evaluated ---------------------------------------------------------------------------- */

static int is_row(const step *s, int row) { return s->type == &type_row && s->call->row == row; }

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
      cmocka_unit_test(data_of_what_is_no_port_is_refused),
      cmocka_unit_test(outputs_must_be_jets_of_the_tape),
      cmocka_unit_test(no_plan_at_all_does_nothing),
      cmocka_unit_test(all_sizes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
