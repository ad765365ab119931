/* test_reduce.c - reductions over any axes and along one, special numbers, cross-entropy. */
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

/* ---- every reduction, any axes --------------------------------------------------------------------------------------------------- */

/* The elements of a that make element `at` of the result over the axes, as a list. */
static int list_of(const array *a, unsigned axes, ptrdiff_t at, series *list) {
  int n = 0;
  for (ptrdiff_t i = 0; i < a->size; i++) {
    ptrdiff_t rest = i, flat = 0, scale = 1;
    for (int axis = a->rank - 1; axis >= 0; axis--) {
      ptrdiff_t index = rest % a->dims[axis];
      rest /= a->dims[axis];
      if (axes >> axis & 1) continue;
      flat += index * scale;
      scale *= a->dims[axis];
    }
    if (flat == at) copy(list[n++], a->at[i]);
  }
  return n;
}

static void check_shape(const char *name, const array *a, unsigned axes, int keep, jet y) {
  int at = 0;
  for (int i = 0; i < a->rank; i++) {
    if (!(axes >> i & 1)) assert_int_equal(jet_extent(y, at++), a->dims[i]);
    else if (keep) assert_int_equal(jet_extent(y, at++), 1);
  }
  if (jet_rank(y) != at) fail_msg("%s: rank %d, not %d", name, jet_rank(y), at);
  assert_int_equal(jet_order(y), a->order);
}

static void check_reduction(int f, generator *g, int rank, int order, int coarse) {
  static series list[LIST];
  array a = random_array(g, rank, 4, order, coarse);
  int axes[JET_MAX_RANK], n = 0, keep = below(g, 2), whole = !below(g, 6);
  unsigned bits = 0;
  for (int i = rank - 1; i >= 0; i--)
    if (whole || below(g, 2)) bits |= 1u << i, axes[n++] = below(g, 2) ? i : i - rank;
  session s = begin(&a);
  jet y = whole ? reductions[f].all(s.x) : reductions[f].over(s.x, n, axes, keep);
  check_shape(reductions[f].name, &a, bits, !whole && keep, y);
  jet_plan *plan = plan_of(&s, &a, 1, &y);
  for (ptrdiff_t i = 0; i < jet_size(y); i++) {
    series want;
    reductions[f].list(list_of(&a, bits, i, list), list, want);
    for (int k = 0; k <= order; k++)
      check_number(reductions[f].name, k, i, jet_plan_data(plan, y, k)[i], want[k], 2e-11);
  }
  end(&s, plan, &a);
}

static void reductions_over_any_axes(void **state) {
  (void)state;
  generator g = {1};
  for (int f = 0; f < REDUCTIONS; f++)
    for (int trial = 0; trial < 150; trial++)
      check_reduction(f, &g, trial % 16 == 15 ? 8 : trial % 5, trial % ORDERS, 0);
}

/* Zeros and ties in every coefficient. (norm has its special points elsewhere.) */
static void reductions_of_zeros_and_ties(void **state) {
  (void)state;
  generator g = {2};
  for (int f = 0; f < REDUCTIONS; f++)
    for (int trial = 0; trial < 100 && reductions[f].list != list_norm; trial++)
      check_reduction(f, &g, trial % 4, trial % ORDERS, 1);
}

/* Every subset of the axes of one array, against sums of integers, which are exact. */
static void sums_over_every_subset(void **state) {
  (void)state;
  generator g = {3};
  static series list[LIST];
  array a = random_array(&g, 6, 1, 0, 0);
  const ptrdiff_t dims[] = {2, 3, 1, 4, 3, 5};
  a.size = 360;
  a.at = (series *)realloc(a.at, 360 * sizeof(series));
  memcpy(a.dims, dims, sizeof dims);
  for (int i = 0; i < 360; i++) set(a.at[i], i * i % 101);
  session s = begin(&a);
  jet y[64];
  for (unsigned bits = 0; bits < 64; bits++) {
    int axes[6], n = 0;
    for (int i = 0; i < 6; i++)
      if (bits >> i & 1) axes[n++] = i;
    y[bits] = jet_sum_over(s.x, n, axes, 1);
  }
  jet_plan *plan = plan_of(&s, &a, 64, y);
  for (unsigned bits = 0; bits < 64; bits++)
    for (ptrdiff_t i = 0; i < jet_size(y[bits]); i++) {
      series want;
      list_sum(list_of(&a, bits, i, list), list, want);
      check_number("sum", 0, i, jet_plan_data(plan, y[bits], 0)[i], want[0], 0);
    }
  end(&s, plan, &a);
}

static void over_nothing(void **state) {
  (void)state;
  const double want[REDUCTIONS] = {0, NAN, NAN, 1, 0, -INFINITY, INFINITY, -INFINITY};
  const ptrdiff_t dims[3] = {2, 0, 3};
  const int axis = 1;
  for (int f = 0; f < REDUCTIONS; f++) {
    array a = {3, 2, {2, 0, 3}, 0, NULL};
    session s = begin(&a);
    jet zero = jet_coefficient(jet_mul(s.t, jet_input(s.tape, 3, dims)), 0); /* structurally */
    jet y[3] = {reductions[f].all(s.x), reductions[f].over(s.x, 1, &axis, 0), reductions[f].all(zero)};
    assert_int_equal(jet_order(y[1]), 2);
    jet_plan *plan = plan_of(&s, &a, 3, y);
    for (int i = 0; i < 3; i++)
      for (ptrdiff_t j = 0; j < jet_size(y[i]); j++)
        check_number(reductions[f].name, 0, j, jet_plan_data(plan, y[i], 0)[j], want[f], 0);
    for (int j = 0; j < 6; j++) check_number(reductions[f].name, 1, j, jet_plan_data(plan, y[1], 1)[j], 0, 0);
    end(&s, plan, &a);
  }
}

static void no_axes_change_nothing(void **state) {
  (void)state;
  const ptrdiff_t dims[2] = {2, 3};
  for (int f = 0; f < REDUCTIONS; f++) {
    jet_tape *tape = jet_tape_new();
    jet x = jet_neg(jet_input(tape, 2, dims)), y = reductions[f].over(x, 0, NULL, 0);
    assert_int_equal(jet_rank(y), 2);
    assert_int_equal(jet_extent(y, 1), 3);
    if (reductions[f].list == list_sum || reductions[f].list == list_amax) assert_int_equal(y.id, x.id);
    jet r = jet_neg(jet_input(tape, 0, NULL));
    assert_int_equal(jet_sum(r).id, r.id);
    assert_int_equal(jet_tape_status(tape), JET_OK);
    jet_tape_free(tape);
  }
}

/* ---- special numbers ----------------------------------------------------------------------------------------------------------- */

/* f of a vector of n jets of order 1 into y[0], y[1] */
static void reduce_pairs(all_fn *f, int n, numbers x0, numbers x1, double y[2]) {
  array a = {1, 1, {n}, n, (series *)calloc((size_t)n, sizeof(series))};
  for (int i = 0; i < n; i++) a.at[i][0] = x0.at[i], a.at[i][1] = x1.at[i];
  session s = begin(&a);
  jet z = f(s.x);
  jet_plan *plan = plan_of(&s, &a, 1, &z);
  for (int k = 0; k < 2; k++) y[k] = jet_plan_data(plan, z, k)[0];
  end(&s, plan, &a);
}

static void extremes_of_special_numbers(void **state) {
  (void)state;
  double y[2];
  reduce_pairs(jet_amax, 3, (numbers){{1, NAN, 2}}, (numbers){{5, 6, 7}}, y);
  assert_true(isnan(y[0]) && isnan(y[1]));
  reduce_pairs(jet_amin, 3, (numbers){{NAN, 1, 2}}, (numbers){{5, 6, 7}}, y);
  assert_true(isnan(y[0]) && isnan(y[1]));
  reduce_pairs(jet_amax, 3, (numbers){{1, 2, 2}}, (numbers){{NAN, 6, 7}}, y); /* it loses before the NaN counts */
  assert_true(y[0] == 2 && y[1] == 7);
  reduce_pairs(jet_amax, 3, (numbers){{2, 1, 2}}, (numbers){{NAN, 6, 7}}, y);
  assert_true(y[0] == 2 && isnan(y[1]));
  reduce_pairs(jet_amax, 3, (numbers){{2, 2, 3}}, (numbers){{NAN, 6, 7}}, y);
  assert_true(y[0] == 3 && y[1] == 7);
  reduce_pairs(jet_amax, 3, (numbers){{-INFINITY, -INFINITY, -INFINITY}}, (numbers){{1, 3, 2}}, y);
  assert_true(y[0] == -INFINITY && y[1] == 3);
  reduce_pairs(jet_amin, 3, (numbers){{0, -0.0, 1}}, (numbers){{1, 3, 2}}, y);
  assert_true(y[0] == 0 && y[1] == 1);
}

static void logsumexp_of_special_numbers(void **state) {
  (void)state;
  double y[2];
  const numbers one = {{1, 1, 1}}, zero = {{0}};
  reduce_pairs(jet_logsumexp, 2, (numbers){{1e4, 1e4}}, one, y);
  assert_true(fabs(y[0] - (1e4 + log(2))) < 1e-11 && y[1] == 1);
  reduce_pairs(jet_logsumexp, 2, (numbers){{-1e4, -1e4}}, one, y);
  assert_true(fabs(y[0] - (-1e4 + log(2))) < 1e-11 && y[1] == 1);
  reduce_pairs(jet_logsumexp, 3, (numbers){{-INFINITY, -INFINITY, -INFINITY}}, zero, y);
  assert_true(y[0] == -INFINITY);
  reduce_pairs(jet_logsumexp, 3, (numbers){{-INFINITY, INFINITY, 3}}, zero, y);
  assert_true(y[0] == INFINITY);
  reduce_pairs(jet_logsumexp, 3, (numbers){{-INFINITY, 3, -INFINITY}}, one, y);
  assert_true(y[0] == 3 && y[1] == 1);
  reduce_pairs(jet_logsumexp, 3, (numbers){{-INFINITY, 3, NAN}}, one, y);
  assert_true(isnan(y[0]));
}

static void mean_and_norm_at_special_points(void **state) {
  (void)state;
  double y[2];
  reduce_pairs(jet_norm, 2, (numbers){{0, 0}}, (numbers){{3, -4}}, y); /* 25 t^2 is beyond order 1 */
  assert_true(y[0] == 0 && y[1] == 0);
  reduce_pairs(jet_mean, 2, (numbers){{INFINITY, 1}}, (numbers){{1, 2}}, y);
  assert_true(y[0] == INFINITY && y[1] == 1.5);
}

/* ---- along an axis ---------------------------------------------------------------------------------------------------------------- */

static void check_scan(int f, generator *g, int rank, int most, int order, int coarse) {
  array a = random_array(g, rank, most, order, coarse);
  int axis = below(g, rank);
  ptrdiff_t n = a.dims[axis], inner = 1;
  for (int i = axis + 1; i < rank; i++) inner *= a.dims[i];
  session s = begin(&a);
  jet y = scans[f].f(s.x, below(g, 2) ? axis : axis - rank);
  check_shape(scans[f].name, &a, 0, 0, y);
  jet_plan *plan = plan_of(&s, &a, 1, &y);
  series *list = (series *)calloc((size_t)n + 1, sizeof(series)),
         *want = (series *)calloc((size_t)n + 1, sizeof(series));
  for (ptrdiff_t first = 0; first < a.size; first++) {
    if (first / inner % n) continue;
    for (ptrdiff_t i = 0; i < n; i++) copy(list[i], a.at[first + i * inner]);
    scans[f].list((int)n, list, want);
    for (ptrdiff_t i = 0; i < n; i++)
      for (int k = 0; k <= order; k++)
        check_number(scans[f].name, k, first + i * inner, jet_plan_data(plan, y, k)[first + i * inner], want[i][k],
                     2e-11);
  }
  free(list);
  free(want);
  end(&s, plan, &a);
}

static void scans_along_any_axis(void **state) {
  (void)state;
  generator g = {4};
  for (int f = 0; f < SCANS; f++) {
    for (int trial = 0; trial < 100; trial++) check_scan(f, &g, 1 + trial % 4, 5, trial % ORDERS, 0);
    for (int trial = 0; trial < 60; trial++) check_scan(f, &g, 1 + trial % 3, 7, trial % ORDERS, 1);
    for (int trial = 0; trial < 10; trial++) check_scan(f, &g, 1, 300, trial % ORDERS, trial % 2);
  }
}

static void sort_of_special_numbers(void **state) {
  (void)state;
  enum { N = 8 };
  jet_tape *tape = jet_tape_new();
  const ptrdiff_t n = N;
  const double x[N] = {NAN, 1, -0.0, INFINITY, 0, NAN, -INFINITY, 1}, order[N] = {6, 2, 4, 1, 7, 3, 0, 5};
  jet c = jet_constant(tape, 1, &n, x), y[2] = {jet_argsort(c, 0), jet_sort(c, -1)};
  jet_plan *plan = jet_plan_new(tape, 2, y);
  run(plan);
  for (int i = 0; i < N; i++) {
    assert_true(jet_plan_data(plan, y[0], 0)[i] == order[i]);
    assert_true(same(jet_plan_data(plan, y[1], 0)[i], x[(int)order[i]]));
  }
  jet_plan_free(plan);
  jet_tape_free(tape);
}

static void long_sorts(void **state) {
  (void)state;
  generator g = {5};
  for (ptrdiff_t n = 1; n < 3000; n = n * 3 / 2 + 1) {
    jet_tape *tape = jet_tape_new();
    jet x = jet_input(tape, 1, &n), y[2] = {jet_argsort(x, 0), jet_sort(x, 0)};
    jet_plan *plan = jet_plan_new(tape, 2, y);
    double *in = jet_plan_data(plan, x, 0), *at = jet_plan_data(plan, y[0], 0), *sorted = jet_plan_data(plan, y[1], 0);
    for (ptrdiff_t i = 0; i < n; i++) in[i] = below(&g, 50) ? (double)below(&g, (int)n) : (double)NAN;
    run(plan);
    for (ptrdiff_t i = 0; i < n; i++) {
      assert_true(same(sorted[i], in[(ptrdiff_t)at[i]]));
      if (i == 0) continue;
      assert_true(sorted[i - 1] < sorted[i] || isnan(sorted[i]) ? isnan(sorted[i]) || !isnan(sorted[i - 1])
                                                                : sorted[i - 1] == sorted[i]);
      if (same(sorted[i - 1], sorted[i])) assert_true(at[i - 1] < at[i]); /* each index once, ties in their order */
    }
    jet_plan_free(plan);
    jet_tape_free(tape);
  }
}

static void taken_by_indices_of_the_run(void **state) {
  (void)state;
  const ptrdiff_t dims[2] = {2, 3}, more[2] = {2, 5}, none[2] = {2, 0};
  const double index[10] = {0, 2, 2, -1, 3, 1, 0.5, NAN, 0, INFINITY}, weight[10] = {1, 2, 3, 0, 0, 1, 1, 1, 1, 1};
  jet_tape *tape = jet_tape_new();
  jet t = jet_parameter(tape, 1), x = jet_input_series(t, 2, dims), i = jet_input(tape, 2, more),
      w = jet_constant(tape, 2, more, weight);
  jet y = jet_take_along(x, i, 1), e = jet_take_along(jet_input(tape, 2, none), i, 1), g[2], f;
  assert_int_equal(jet_vjp(1, &y, &w, 1, &x, g), JET_OK);
  assert_int_equal(jet_vjp(1, g, &x, 1, &w, &f), JET_OK); /* put_along has a gradient too: of the adjoints w */
  jet out[4] = {y, g[0], e, f};
  jet_plan *plan = jet_plan_new(tape, 4, out);
  if (jet_plan_status(plan)) fail_msg("%s", jet_plan_message(plan));
  memcpy(jet_plan_data(plan, i, 0), index, sizeof index);
  for (int k = 0; k < 2; k++)
    for (int j = 0; j < 6; j++) jet_plan_data(plan, x, k)[j] = 10 * k + j;
  run(plan);
  const double want[10] = {0, 2, 2, NAN, NAN, 4, NAN, NAN, 3, NAN};
  for (int j = 0; j < 10; j++) {
    check_number("take_along", 0, j, jet_plan_data(plan, y, 0)[j], want[j], 0);
    check_number("take_along", 1, j, jet_plan_data(plan, y, 1)[j], want[j] + 10, 0);
    check_number("take_along", 0, j, jet_plan_data(plan, e, 0)[j], NAN, 0);
    check_number("gradient of put_along", 0, j, jet_plan_data(plan, f, 0)[j], want[j], 0);
  }
  const double expected[6] = {1, 0, 5, NAN, NAN, NAN}; /* a zero absorbs what does not exist; anything else spoils its row */
  for (int j = 0; j < 6; j++) check_number("put_along", 0, j, jet_plan_data(plan, g[0], 0)[j], expected[j], 0);
  jet_plan_free(plan);
  jet_tape_free(tape);
}

/* ---- cross-entropy --------------------------------------------------------------------------------------------------------------- */

static void cross_entropies(void **state) {
  (void)state;
  generator g = {6};
  const ptrdiff_t label[5] = {0, 2, 3, 1, 3};
  const double number[5] = {0, 2, 3, 1, 3}, bad[5] = {0, 4, -1, 1.5, NAN};
  array a = {2, 3, {5, 4}, 20, (series *)calloc(20, sizeof(series))};
  for (int i = 0; i < 20; i++)
    for (int k = 0; k < 4; k++) a.at[i][k] = (double)uniform(&g, -2, 2);
  session s = begin(&a);
  jet good = jet_constant(s.tape, 1, a.dims, number), wrong = jet_constant(s.tape, 1, a.dims, bad);
  jet y[3] = {jet_cross_entropy(s.x, label), jet_cross_entropy_at(s.x, good), jet_cross_entropy_at(s.x, wrong)};
  jet_plan *plan = plan_of(&s, &a, 3, y);
  for (int i = 0; i < 5; i++) {
    series want;
    list_logsumexp(4, a.at + 4 * i, want);
    accumulate(want, a.at[4 * i + label[i]], -1);
    for (int k = 0; k <= 3; k++) {
      check_number("cross_entropy", k, i, jet_plan_data(plan, y[0], k)[i], want[k], 1e-13);
      check_number("cross_entropy_at", k, i, jet_plan_data(plan, y[1], k)[i], want[k], 1e-13);
      check_number("cross_entropy_at", k, i, jet_plan_data(plan, y[2], k)[i], i ? NAN : want[k], 1e-13);
    }
  }
  end(&s, plan, &a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reductions_over_any_axes),
      cmocka_unit_test(reductions_of_zeros_and_ties),
      cmocka_unit_test(sums_over_every_subset),
      cmocka_unit_test(over_nothing),
      cmocka_unit_test(no_axes_change_nothing),
      cmocka_unit_test(extremes_of_special_numbers),
      cmocka_unit_test(logsumexp_of_special_numbers),
      cmocka_unit_test(mean_and_norm_at_special_points),
      cmocka_unit_test(scans_along_any_axis),
      cmocka_unit_test(sort_of_special_numbers),
      cmocka_unit_test(long_sorts),
      cmocka_unit_test(taken_by_indices_of_the_run),
      cmocka_unit_test(cross_entropies),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
