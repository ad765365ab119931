/* test_plan_bind.c - plans with the caller's memory; plans and their tapes. */
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

/* What changes nothing and what is a gradient has memory of its own, also where its numbers are an input's or another's. */
static void results_are_not_inputs(void **state) {
  enum { M = 4 };
  const ptrdiff_t n = M, zero = 0;
  const int first = 0;
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = jet_input(tape, 1, &n), w = jet_input(tape, 1, &n), s = jet_sin(w), g[5], out[13];
  jet wrt[2] = {x, w};
  assert_int_equal(jet_grad(jet_dot(x, w), 1, &x, &g[0]), JET_OK);                     /* w */
  assert_int_equal(jet_grad(jet_sum(jet_mul(x, s)), 1, &x, &g[1]), JET_OK);            /* s */
  assert_int_equal(jet_grad(jet_sum(jet_add(x, w)), 2, wrt, &g[2]), JET_OK);           /* ones, twice */
  assert_int_equal(jet_vjp(1, &x, &w, 1, &x, &g[4]), JET_OK);                          /* w, through nothing */
  jet all[] = {s, g[0], g[1], g[2], g[3], g[4], jet_roll(x, M, 0), jet_fftshift(jet_reshape(x, 1, &n), 1, &first), jet_slice(x, &zero, &n, NULL),
               jet_broadcast_to(x, 1, &n), jet_powc(x, 1), jet_coefficient(x, 0), jet_concat(1, &x, 0)};
  for (int i = 0; i < 13; i++) out[i] = all[i];
  jet_plan *plan = jet_plan_new(tape, 13, out);
  assert_string_equal(jet_plan_message(plan), "");
  double memory[13][M], at[2][M];
  for (int i = 0; i < M; i++) at[0][i] = i + 1, at[1][i] = 10 * (i + 1);
  bind(plan, x, 0, at[0]), bind(plan, w, 0, at[1]);
  for (int i = 0; i < 13; i++) {
    for (int j = 0; j < M; j++) memory[i][j] = 777;
    bind(plan, out[i], 0, memory[i]);
  }
  assert_int_equal(jet_plan_run(plan), JET_OK);
  for (int j = 0; j < M; j++) {
    const double sine = memory[0][j], want[13] = {sine, at[1][j], sine, 1, 1, at[1][j], j + 1, (j + M / 2) % M + 1, j + 1, j + 1, j + 1, j + 1, j + 1};
    assert_true(fabs(sine - sin(at[1][j])) < 1e-14 && at[0][j] == j + 1 && at[1][j] == 10 * (j + 1));
    for (int i = 0; i < 13; i++) assert_true(memory[i][j] == want[i]);
  }
  jet_plan_free(plan);
  jet_tape_free(tape);
}

static void complex_results_are_not_inputs(void **state) {
  enum { M = 3 };
  const ptrdiff_t n = M;
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet z = jet_input_complex(tape, 1, &n), out[3] = {jet_powc(z, 1), jet_roll(z, M, 0), jet_reshape(z, 1, &n)};
  jet_plan *plan = jet_plan_new(tape, 3, out);
  assert_string_equal(jet_plan_message(plan), "");
  double pairs[2 * M], memory[3][2 * M] = {{0}};
  for (int i = 0; i < 2 * M; i++) pairs[i] = i + 1;
  assert_int_equal(jet_plan_bind_complex(plan, z, 0, pairs), JET_OK);
  for (int i = 0; i < 3; i++) assert_int_equal(jet_plan_bind_complex(plan, out[i], 0, memory[i]), JET_OK);
  assert_int_equal(jet_plan_run(plan), JET_OK);
  for (int i = 0; i < 3; i++) assert_memory_equal(memory[i], pairs, sizeof pairs);
  jet_plan_free(plan);
  jet_tape_free(tape);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(outputs_of_all_kinds_bound),
      cmocka_unit_test(results_are_not_inputs),
      cmocka_unit_test(complex_results_are_not_inputs),
      cmocka_unit_test(inputs_bound_at_any_alignment),
      cmocka_unit_test(bound_outputs_are_not_overrun),
      cmocka_unit_test(memory_is_bound_again_between_runs),
      cmocka_unit_test(a_bound_output_feeds_others),
      cmocka_unit_test(structural_zeros_are_written),
      cmocka_unit_test(inputs_start_as_zeros_and_survive_runs),
      cmocka_unit_test(an_input_that_nobody_needs_has_memory),
      cmocka_unit_test(data_stays_where_it_is),
      cmocka_unit_test(a_plan_outlives_its_tape),
      cmocka_unit_test(the_tape_grows_after_the_plan),
      cmocka_unit_test(a_failed_tape_leaves_old_plans_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
