/* test_reduce.c - reductions, scans, sorting and losses against lists of jets in long double, one result at a time. */
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

enum { ORDERS = 5, LIST = 4096 }; /* orders 0..4; the longest list */
typedef long double series[ORDERS];

/* ---- arithmetic of single jets, naively -------------------------------------------------------------------------------- */

static void set(series y, long double c) {
  for (int k = 0; k < ORDERS; k++) y[k] = k ? 0 : c;
}
static void copy(series y, const series x) { memcpy(y, x, sizeof(series)); }
static void accumulate(series y, const series x, long double c) { /* y += c x */
  for (int k = 0; k < ORDERS; k++) y[k] += c * x[k];
}
static void multiply(series y, const series a, const series b) {
  series r;
  set(r, 0);
  for (int i = 0; i < ORDERS; i++)
    for (int j = 0; i + j < ORDERS; j++) r[i + j] += a[i] * b[j];
  copy(y, r);
}
static void divide(series y, const series a, const series b) {
  for (int k = 0; k < ORDERS; k++) {
    long double s = a[k];
    for (int j = 0; j < k; j++) s -= y[j] * b[k - j];
    y[k] = s / b[0];
  }
}
static void root(series y, const series x) {
  for (int k = 0; k < ORDERS; k++) {
    long double s = x[k];
    for (int j = 1; j < k; j++) s -= y[j] * y[k - j];
    y[k] = k ? s / (2 * y[0]) : sqrtl(s);
  }
}
static void exponential(series y, const series x) {
  for (int k = 0; k < ORDERS; k++) {
    y[k] = k ? 0 : expl(x[0]);
    for (int j = 1; j <= k; j++) y[k] += j * x[j] * y[k - j] / k;
  }
}
static void logarithm(series y, const series x) {
  for (int k = 0; k < ORDERS; k++) {
    long double s = k ? k * x[k] : 0;
    for (int j = 1; j < k; j++) s -= j * y[j] * x[k - j];
    y[k] = k ? s / (k * x[0]) : logl(x[0]);
  }
}
static int larger(const series a, const series b) {
  for (int k = 0; k < ORDERS; k++)
    if (a[k] != b[k]) return a[k] > b[k];
  return 0;
}

/* ---- reductions of a list of n jets --------------------------------------------------------------------------------------- */

typedef void reduce_fn(int n, series *x, series y);

static void list_sum(int n, series *x, series y) {
  set(y, 0);
  for (int i = 0; i < n; i++) accumulate(y, x[i], 1);
}
static void list_mean(int n, series *x, series y) {
  list_sum(n, x, y);
  for (int k = 0; k < ORDERS; k++) y[k] = n ? y[k] / n : k ? 0 : NAN;
}
static void list_var(int n, series *x, series y) {
  series m, d;
  list_mean(n, x, m);
  set(y, n ? 0 : NAN);
  for (int i = 0; i < n; i++) {
    copy(d, x[i]);
    accumulate(d, m, -1);
    multiply(d, d, d);
    accumulate(y, d, 1.0L / n);
  }
}
static void list_prod(int n, series *x, series y) {
  set(y, 1);
  for (int i = 0; i < n; i++) multiply(y, y, x[i]);
}
static void list_norm(int n, series *x, series y) {
  series s, d;
  set(s, 0);
  for (int i = 0; i < n; i++) {
    multiply(d, x[i], x[i]);
    accumulate(s, d, 1);
  }
  if (n) root(y, s);
  else set(y, 0);
}
static void list_amax(int n, series *x, series y) {
  set(y, -INFINITY);
  for (int i = 0; i < n; i++)
    if (i == 0 || larger(x[i], y)) copy(y, x[i]);
}
static void list_amin(int n, series *x, series y) {
  set(y, INFINITY);
  for (int i = 0; i < n; i++)
    if (i == 0 || larger(y, x[i])) copy(y, x[i]);
}
static void list_logsumexp(int n, series *x, series y) {
  series s, e;
  set(s, 0);
  for (int i = 0; i < n; i++) {
    exponential(e, x[i]);
    accumulate(s, e, 1);
  }
  if (n) logarithm(y, s);
  else set(y, -INFINITY);
}

typedef jet all_fn(jet x);
typedef jet over_fn(jet x, int n, const int axes[], int keep);
static const struct {
  const char *name;
  all_fn *all;
  over_fn *over;
  reduce_fn *list;
} reductions[] = {
#define REDUCTION(f) {#f, jet_##f, jet_##f##_over, list_##f},
    REDUCTION(sum) REDUCTION(mean) REDUCTION(var) REDUCTION(prod) REDUCTION(norm) REDUCTION(amax) REDUCTION(amin)
        REDUCTION(logsumexp)};
enum { REDUCTIONS = sizeof reductions / sizeof *reductions };

/* ---- scans of a list --------------------------------------------------------------------------------------------------------- */

typedef void scan_fn(int n, series *x, series *y);

static void list_cumsum(int n, series *x, series *y) {
  for (int i = 0; i < n; i++) {
    copy(y[i], x[i]);
    if (i) accumulate(y[i], y[i - 1], 1);
  }
}
static void list_cumprod(int n, series *x, series *y) {
  for (int i = 0; i < n; i++) {
    copy(y[i], x[i]);
    if (i) multiply(y[i], y[i - 1], x[i]);
  }
}
static int after(const series a, const series b) { return a[0] > b[0] || (isnan(a[0]) && !isnan(b[0])); }
static void list_sort(int n, series *x, series *y) { /* by insertion */
  for (int i = 0; i < n; i++) {
    int j = i;
    for (; j > 0 && after(y[j - 1], x[i]); j--) copy(y[j], y[j - 1]);
    copy(y[j], x[i]);
  }
}
static void list_softmax(int n, series *x, series *y) {
  series s;
  set(s, 0);
  for (int i = 0; i < n; i++) {
    exponential(y[i], x[i]);
    accumulate(s, y[i], 1);
  }
  for (int i = 0; i < n; i++) {
    series e;
    copy(e, y[i]);
    divide(y[i], e, s);
  }
}
static void list_log_softmax(int n, series *x, series *y) {
  series s;
  list_logsumexp(n, x, s);
  for (int i = 0; i < n; i++) {
    copy(y[i], x[i]);
    accumulate(y[i], s, -1);
  }
}

static const struct {
  const char *name;
  jet (*f)(jet x, int axis);
  scan_fn *list;
} scans[] = {{"cumsum", jet_cumsum, list_cumsum},
             {"cumprod", jet_cumprod, list_cumprod},
             {"sort", jet_sort, list_sort},
             {"softmax", jet_softmax, list_softmax},
             {"log_softmax", jet_log_softmax, list_log_softmax}};
enum { SCANS = sizeof scans / sizeof *scans };

/* ---- random arrays -------------------------------------------------------------------------------------------------------------- */

static int below(generator *g, int n) { return (int)uniform(g, 0, n); }

typedef struct array {
  int rank, order;
  ptrdiff_t dims[JET_MAX_RANK], size;
  series *at;
} array;

static const double few[] = {0, 0, 1, -1, 0.5}; /* ties and zeros */

static array random_array(generator *g, int rank, int most, int order, int coarse) {
  array a = {rank, order, {0}, 1, NULL};
  for (int i = 0; i < rank; i++)
    a.size *= a.dims[i] = rank == 8 ? 1 + below(g, 3) % 2 : below(g, 12) ? 1 + below(g, most) : 0;
  a.at = (series *)calloc((size_t)a.size + 1, sizeof(series));
  for (ptrdiff_t i = 0; i < a.size; i++)
    for (int k = 0; k <= order; k++) a.at[i][k] = coarse ? few[below(g, 5)] : (double)uniform(g, -1.5, 1.5);
  return a;
}

typedef struct session {
  jet_tape *tape;
  jet t, x;
} session;

static session begin(const array *a) {
  session s;
  s.tape = jet_tape_new();
  s.t = jet_parameter(s.tape, a->order);
  s.x = jet_input_series(s.t, a->rank, a->dims);
  return s;
}

static jet_plan *plan_of(const session *s, const array *a, int n, const jet y[]) {
  if (jet_tape_status(s->tape)) fail_msg("%s", jet_tape_message(s->tape));
  jet_plan *plan = jet_plan_new(s->tape, n, y);
  if (jet_plan_status(plan)) fail_msg("%s", jet_plan_message(plan));
  for (int k = 0; k <= a->order; k++)
    for (ptrdiff_t i = 0; i < a->size; i++) jet_plan_data(plan, s->x, k)[i] = (double)a->at[i][k];
  run(plan);
  return plan;
}

static void end(const session *s, jet_plan *plan, array *a) {
  jet_plan_free(plan);
  jet_tape_free(s->tape);
  free(a->at);
}

static void check_number(const char *name, int k, ptrdiff_t at, double got, long double want, double tolerance) {
  if (isnan(want) ? isnan(got) : got == (double)want) return;
  if (!(fabsl(got - want) <= tolerance * (1 + fabsl(want))))
    fail_msg("%s: coefficient %d of element %td is %.17g, not %.17Lg", name, k, at, got, want);
}

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
    jet x = jet_input(tape, 2, dims), y = reductions[f].over(x, 0, NULL, 0);
    assert_int_equal(jet_rank(y), 2);
    assert_int_equal(jet_extent(y, 1), 3);
    if (reductions[f].list == list_sum || reductions[f].list == list_amax) assert_int_equal(y.id, x.id);
    jet r = jet_input(tape, 0, NULL);
    assert_int_equal(jet_sum(r).id, r.id);
    assert_int_equal(jet_tape_status(tape), JET_OK);
    jet_tape_free(tape);
  }
}

/* ---- special numbers ----------------------------------------------------------------------------------------------------------- */

typedef struct numbers {
  double at[4];
} numbers;

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

enum { DIRECTIONS = 3, ROWS = 4, COLUMNS = 5, N = ROWS * COLUMNS, EVERY = REDUCTIONS + SCANS };
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
