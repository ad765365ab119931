/* test_reduce_jets.c - reductions: gradients, directions, order by order, bad arguments. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random_jets.h"
#include "reduce_help.h"

/* ---- gradients ------------------------------------------------------------------------------------------------------------------ */

/* y = f(x(t)), g(t) = J(x(t))^T u:  <u, y'(t)> = <g(t), x'(t)>, coefficient by coefficient. */
static void check_gradient(const char *name, const session *s, array *a, jet y, generator *g, double tolerance) {
  int rank = jet_rank(y);
  ptrdiff_t dims[JET_MAX_RANK];
  for (int i = 0; i < rank; i++) dims[i] = jet_extent(y, i);
  jet u = jet_input(s->tape, rank, dims), out[2] = {y, y};
  if (jet_vjp(1, &y, &u, 1, &s->x, &out[1])) fail_msg("%s: %s", name, jet_tape_message(s->tape));
  jet_plan *plan = jet_plan_new(s->tape, 2, out);
  if (jet_plan_status(plan)) fail_msg("%s", jet_plan_message(plan));
  for (ptrdiff_t i = 0; i < jet_size(u); i++) jet_plan_data(plan, u, 0)[i] = uniform(g, -1, 1);
  for (int k = 0; k <= a->order; k++)
    for (ptrdiff_t i = 0; i < a->size; i++) jet_plan_data(plan, s->x, k)[i] = (double)a->at[i][k];
  run(plan);
  for (int k = 0; k < a->order; k++) {
    long double left = 0, right = 0, scale = 1;
    for (ptrdiff_t i = 0; i < jet_size(y); i++)
      left += (long double)jet_plan_data(plan, u, 0)[i] * (k + 1) * jet_plan_data(plan, y, k + 1)[i];
    for (ptrdiff_t i = 0; i < a->size; i++)
      for (int j = 0; j <= k; j++) {
        long double term = (long double)jet_plan_data(plan, out[1], j)[i] * (k - j + 1) * a->at[i][k - j + 1];
        right += term;
        scale += fabsl(term);
      }
    if (!(fabsl(left - right) <= tolerance * scale))
      fail_msg("%s: coefficient %d of <u, y'> is %.17Lg, of <g, x'> %.17Lg", name, k, left, right);
  }
  end(s, plan, a);
}

static void gradients_of_reductions(void **state) {
  (void)state;
  generator g = {7};
  for (int f = 0; f < REDUCTIONS; f++)
    for (int trial = 0; trial < 80; trial++) {
      int coarse = trial % 3 == 0 && reductions[f].list == list_prod, axes[JET_MAX_RANK], n = 0, rank = trial % 5;
      array a = random_array(&g, rank, 4, trial % ORDERS, coarse);
      session s = begin(&a);
      for (int i = 0; i < rank; i++)
        if (below(&g, 2)) axes[n++] = i;
      check_gradient(reductions[f].name, &s, &a, reductions[f].over(s.x, n, axes, below(&g, 2)), &g, 1e-10);
    }
}

static void gradients_of_scans(void **state) {
  (void)state;
  generator g = {8};
  for (int f = 0; f < SCANS; f++)
    for (int trial = 0; trial < 60; trial++) {
      int coarse = trial % 3 == 0 && scans[f].list == list_cumprod, rank = 1 + trial % 3;
      array a = random_array(&g, rank, 6, trial % ORDERS, coarse);
      session s = begin(&a);
      check_gradient(scans[f].name, &s, &a, scans[f].f(s.x, below(&g, rank)), &g, 1e-10);
    }
}

static void gradients_of_cross_entropy(void **state) {
  (void)state;
  generator g = {9};
  const ptrdiff_t label[4] = {1, 0, 2, 2}, rows = 4;
  const double number[4] = {1, 0, 2, 2};
  for (int at = 0; at < 2; at++) {
    array a = {2, 3, {4, 3}, 12, (series *)calloc(12, sizeof(series))};
    for (int i = 0; i < 12; i++)
      for (int k = 0; k < 4; k++) a.at[i][k] = (double)uniform(&g, -2, 2);
    session s = begin(&a);
    jet y = at ? jet_cross_entropy_at(s.x, jet_constant(s.tape, 1, &rows, number)) : jet_cross_entropy(s.x, label);
    check_gradient("cross_entropy", &s, &a, y, &g, 1e-11);
  }
}

/* The gradient of f at a plain vector x. */
static void gradient_at(all_fn *f, int n, numbers x, double *grad) {
  jet_tape *tape = jet_tape_new();
  const ptrdiff_t dims = n;
  jet v = jet_input(tape, 1, &dims), y = f(v), d;
  if (jet_grad(y, 1, &v, &d)) fail_msg("%s", jet_tape_message(tape));
  jet_plan *plan = jet_plan_new(tape, 1, &d);
  if (jet_plan_status(plan)) fail_msg("%s", jet_plan_message(plan));
  memcpy(jet_plan_data(plan, v, 0), x.at, (size_t)n * sizeof *grad);
  run(plan);
  memcpy(grad, jet_plan_data(plan, d, 0), (size_t)n * sizeof *grad);
  jet_plan_free(plan);
  jet_tape_free(tape);
}

static void gradients_at_special_points(void **state) {
  (void)state;
  double d[4];
  gradient_at(jet_norm, 2, (numbers){{0, 0}}, d);
  assert_true(d[0] == 0 && d[1] == 0);
  gradient_at(jet_amax, 4, (numbers){{1, 3, 2, 3}}, d);
  assert_true(d[0] == 0 && d[1] == 0.5 && d[2] == 0 && d[3] == 0.5);
  gradient_at(jet_amin, 4, (numbers){{1, 1, 2, 1}}, d);
  assert_true(d[0] == 1.0 / 3 && d[1] == d[0] && d[2] == 0 && d[3] == d[0]);
  gradient_at(jet_amax, 3, (numbers){{-INFINITY, -INFINITY, -INFINITY}}, d);
  assert_true(d[0] == 1.0 / 3 && d[2] == d[0]);
  gradient_at(jet_amax, 3, (numbers){{1, NAN, 2}}, d);
  assert_true(isnan(d[1]));
  gradient_at(jet_prod, 3, (numbers){{0, 3, 2}}, d);
  assert_true(d[0] == 6 && d[1] == 0 && d[2] == 0);
  gradient_at(jet_prod, 3, (numbers){{0, 3, 0}}, d);
  assert_true(d[0] == 0 && d[1] == 0 && d[2] == 0);
  gradient_at(jet_logsumexp, 3, (numbers){{-INFINITY, 5, -INFINITY}}, d);
  assert_true(d[0] == 0 && d[1] == 1 && d[2] == 0);
  gradient_at(jet_logsumexp, 2, (numbers){{1e6, 1e6}}, d);
  assert_true(d[0] == 0.5 && d[1] == 0.5);
}

/* A tie in coefficient 0 that coefficient 1 decides has one winner. */
static void ties_are_in_all_coefficients(void **state) {
  (void)state;
  array a = {1, 1, {4}, 4, (series *)calloc(4, sizeof(series))};
  const double x1[4] = {1, 2, 2, 0};
  for (int i = 0; i < 4; i++) a.at[i][0] = i < 3, a.at[i][1] = x1[i];
  session s = begin(&a);
  jet y = jet_amax(s.x), d;
  assert_int_equal(jet_grad(y, 1, &s.x, &d), JET_OK);
  jet_plan *plan = plan_of(&s, &a, 1, &d);
  const double want[4] = {0, 0.5, 0.5, 0};
  for (int i = 0; i < 4; i++) {
    check_number("share", 0, i, jet_plan_data(plan, d, 0)[i], want[i], 0);
    check_number("share", 1, i, jet_plan_data(plan, d, 1)[i], 0, 0);
  }
  end(&s, plan, &a);
}

/* ---- directions ------------------------------------------------------------------------------------------------------------------- */

static const ptrdiff_t table[2] = {ROWS, COLUMNS};

static jet apply(int f, jet x) {
  const int axis = 0;
  return f < REDUCTIONS ? reductions[f].over(x, 1, &axis, 0) : scans[f - REDUCTIONS].f(x, 1);
}

/* Value and gradient along direction p of v, or all (p < 0), to y[k][p][i], g[k][p][i]. */
static void sweep(int f, int p, const double *x, const double *v, double y[3][DIRECTIONS][N],
                  double g[3][DIRECTIONS][N]) {
  jet_tape *tape = jet_tape_new();
  const ptrdiff_t many[3] = {DIRECTIONS, ROWS, COLUMNS};
  jet t = jet_parameter(tape, 2), c = jet_constant(tape, 2, table, x);
  jet z = p < 0 ? jet_expand_many(c, jet_constant(tape, 3, many, v), t)
                : jet_expand(c, jet_constant(tape, 2, table, v + p * N), t);
  jet r = apply(f, z), d;
  if (jet_grad(jet_sum(jet_mul(r, r)), 1, &z, &d)) fail_msg("%s", jet_tape_message(tape));
  jet out[6];
  for (int k = 0; k < 3; k++) out[k] = jet_coefficient(r, k), out[3 + k] = jet_coefficient(d, k);
  jet_plan *plan = jet_plan_new(tape, 6, out);
  if (jet_plan_status(plan)) fail_msg("%s", jet_plan_message(plan));
  run(plan);
  for (int k = 0; k < 6; k++) {
    ptrdiff_t n = jet_size(k < 3 ? r : d);
    for (int q = 0; q < DIRECTIONS; q++)
      for (ptrdiff_t i = 0; i < n && (p < 0 || q == p); i++)
        (k < 3 ? y : g)[k % 3][q][i] = jet_plan_data(plan, out[k], 0)[p < 0 && jet_size(out[k]) > n ? q * n + i : i];
  }
  jet_plan_free(plan);
  jet_tape_free(tape);
}

static void directions_are_single_sweeps(void **state) {
  (void)state;
  generator g = {10};
  static double all[2][3][DIRECTIONS][N], one[2][3][DIRECTIONS][N];
  double x[N], v[DIRECTIONS * N];
  for (int i = 0; i < N; i++)
    x[i] = i % 7 == 3 ? 0.5 : uniform(&g, 0.25, 1); /* ties that directions decide differently */
  for (int i = 0; i < N; i++) x[i] = i % 5 < 2 ? 1 : x[i];
  for (int i = 0; i < DIRECTIONS * N; i++) v[i] = uniform(&g, -1, 1);
  for (int f = 0; f < EVERY; f++) {
    memset(all, 0, sizeof all);
    memset(one, 0, sizeof one);
    sweep(f, -1, x, v, all[0], all[1]);
    for (int p = 0; p < DIRECTIONS; p++) sweep(f, p, x, v, one[0], one[1]);
    const double *a = &all[0][0][0][0], *b = &one[0][0][0][0];
    int shared = f < REDUCTIONS && (reductions[f].list == list_amax || reductions[f].list == list_amin);
    for (int i = 0; i < 2 * 3 * DIRECTIONS * N; i++) {
      int gradient_zero = i / (DIRECTIONS * N) == 3; /* of amax it differs by direction, and is read from the first */
      if (!(shared && gradient_zero) && !same(a[i], b[i]))
        fail_msg("%s: number %d is %.17g, in a sweep of its own %.17g",
                 f < REDUCTIONS ? reductions[f].name : scans[f - REDUCTIONS].name, i, a[i], b[i]);
    }
  }
}

/* ---- order by order -------------------------------------------------------------------------------------------------------------------- */

static void orders_one_by_one_are_the_whole_sweep(void **state) {
  (void)state;
  generator g = {11};
  jet_plan_options options = JET_PLAN_OPTIONS_INIT;
  options.by_orders = 1;
  for (int f = 0; f < EVERY; f++)
    for (int coarse = 0; coarse < 2; coarse++) {
      if (coarse && f < REDUCTIONS && reductions[f].list == list_norm) continue; /* valuation is not online */
      array a = random_array(&g, 2, 4, 3, coarse);
      session s = begin(&a);
      jet y = apply(f, s.x);
      jet_plan *plan = plan_of(&s, &a, 1, &y), *slow = jet_plan_new_ex(s.tape, 1, &y, &options);
      for (int k = 0; k <= 3; k++)
        for (ptrdiff_t i = 0; i < a.size; i++) jet_plan_data(slow, s.x, k)[i] = (double)a.at[i][k];
      for (int k = 0; k <= 3; k++)
        if (jet_plan_run_orders(slow, k, k + 1)) fail_msg("%s", jet_plan_message(slow));
      for (int k = 0; k <= 3; k++)
        for (ptrdiff_t i = 0; i < jet_size(y); i++)
          assert_true(same(jet_plan_data(plan, y, k)[i], jet_plan_data(slow, y, k)[i]));
      jet_plan_free(slow);
      end(&s, plan, &a);
    }
}

/* ---- bad arguments -------------------------------------------------------------------------------------------------------------------- */

typedef jet bad_call(jet x);

static const int again[2] = {1, -1}, second[1] = {2}, third[1] = {-3}, zeroth[1] = {0};

static const ptrdiff_t zeros[3] = {0, 0, 0}, beyond[2] = {2, 3}, minus[2] = {-1, 0};

static jet twice(jet x) { return jet_sum_over(x, 2, again, 0); }

static jet outside(jet x) { return jet_amax_over(x, 1, second, 0); }

static jet under(jet x) { return jet_prod_over(x, 1, third, 1); }

static jet null(jet x) { return jet_mean_over(x, 2, NULL, 0); }

static jet negative(jet x) { return jet_var_over(x, -1, NULL, 0); }

static jet no_axis(jet x) { return jet_cumsum(x, 2); }

static jet no_product(jet x) { return jet_cumprod(x, 7); }

static jet no_sort(jet x) { return jet_sort(x, -3); }

static jet no_argsort(jet x) { return jet_argsort(jet_sum(x), 0); }

static jet no_softmax(jet x) { return jet_softmax(x, 5); }

static jet no_log_softmax(jet x) { return jet_log_softmax(jet_sum(x), 0); }

static jet misfit(jet x) { return jet_take_along(x, jet_sum(x), 0); }

static jet other_rows(jet x) { return jet_take_along(x, jet_sum_over(x, 1, zeroth, 1), 1); }

static jet vector_logits(jet x) { return jet_cross_entropy(jet_sum_over(x, 1, zeroth, 0), zeros); }

static jet label_outside(jet x) { return jet_cross_entropy(x, beyond); }

static jet label_negative(jet x) { return jet_cross_entropy(x, minus); }

static jet no_labels(jet x) { return jet_cross_entropy(x, NULL); }

static jet label_shape(jet x) { return jet_cross_entropy_at(x, x); }

static void bad_arguments_have_sentences(void **state) {
  (void)state;
  static const struct {
    bad_call *f;
    jet_status status;
    const char *sentence; /* its beginning */
  } calls[] = {
      {twice, JET_BAD_ARGUMENT, "sum: axis 1 is given twice"},
      {outside, JET_BAD_SHAPE, "amax: axis 2 "},
      {under, JET_BAD_SHAPE, "prod: axis -3 "},
      {null, JET_BAD_ARGUMENT, "mean: axes is NULL for 2 axes"},
      {negative, JET_BAD_ARGUMENT, "var: the number of axes is negative (-1)"},
      {no_axis, JET_BAD_SHAPE, "cumsum: axis 2 "},
      {no_product, JET_BAD_SHAPE, "cumprod: axis 7 "},
      {no_sort, JET_BAD_SHAPE, "sort: axis -3 "},
      {no_argsort, JET_BAD_SHAPE, "argsort: there is no axis 0: the jet has rank 0"},
      {no_softmax, JET_BAD_SHAPE, "softmax: axis 5 "},
      {no_log_softmax, JET_BAD_SHAPE, "log_softmax: there is no axis 0: the jet has rank 0"},
      {misfit, JET_BAD_SHAPE, "take_along: an index of shape [] does not fit [2,3] but along axis 0"},
      {other_rows, JET_BAD_SHAPE, "take_along: an index of shape [1,3] does not fit [2,3] but along axis 1"},
      {vector_logits, JET_BAD_SHAPE, "cross_entropy: logits of shape [3] are not [rows, classes]"},
      {label_outside, JET_BAD_INDEX, "cross_entropy: label 3 at position 1 is outside 0..2"},
      {label_negative, JET_BAD_INDEX, "cross_entropy: label -1 at position 0 is outside 0..2"},
      {no_labels, JET_BAD_ARGUMENT, "cross_entropy: labels is NULL for 2 rows"},
      {label_shape, JET_BAD_SHAPE, "cross_entropy_at: labels of shape [2,3] are not [2], one for each row"},
  };
  const ptrdiff_t dims[2] = {2, 3};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    jet_tape *tape = jet_tape_new();
    jet y = calls[i].f(jet_input(tape, 2, dims));
    assert_true(y.id < 0 && y.tape == tape);
    const char *message = jet_tape_message(tape);
    if (strncmp(message, calls[i].sentence, strlen(calls[i].sentence)))
      fail_msg("\"%s\", not \"%s\"", message, calls[i].sentence);
    assert_int_equal(jet_tape_status(tape), calls[i].status);
    for (int f = 0; f < REDUCTIONS; f++) assert_true(reductions[f].all(y).id < 0); /* failed jets are no harm */
    for (int f = 0; f < SCANS; f++) assert_true(scans[f].f(y, 0).id < 0);
    jet_tape_free(tape);
  }
  const jet nothing = {NULL, -1};
  for (int f = 0; f < REDUCTIONS; f++) assert_null(reductions[f].over(nothing, 1, zeroth, 0).tape);
  for (int f = 0; f < SCANS; f++) assert_null(scans[f].f(nothing, 0).tape);
  assert_null(jet_take_along(nothing, nothing, 0).tape);
  assert_null(jet_cross_entropy(nothing, NULL).tape);
  assert_null(jet_cross_entropy_at(nothing, nothing).tape);
}

static void losses_of_no_rows(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  const ptrdiff_t dims[2] = {0, 3};
  jet x = jet_input(tape, 2, dims),
      y[2] = {jet_cross_entropy(x, NULL), jet_cross_entropy_at(x, jet_input(tape, 1, dims))};
  jet out[2] = {jet_sum(y[0]), jet_sum(y[1])};
  jet_plan *plan = jet_plan_new(tape, 2, out);
  if (jet_plan_status(plan)) fail_msg("%s", jet_plan_message(plan));
  run(plan);
  for (int i = 0; i < 2; i++) assert_true(jet_plan_data(plan, out[i], 0)[0] == 0);
  jet_plan_free(plan);
  jet_tape_free(tape);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gradients_of_reductions),
      cmocka_unit_test(gradients_of_scans),
      cmocka_unit_test(gradients_of_cross_entropy),
      cmocka_unit_test(gradients_at_special_points),
      cmocka_unit_test(ties_are_in_all_coefficients),
      cmocka_unit_test(directions_are_single_sweeps),
      cmocka_unit_test(orders_one_by_one_are_the_whole_sweep),
      cmocka_unit_test(bad_arguments_have_sentences),
      cmocka_unit_test(losses_of_no_rows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
