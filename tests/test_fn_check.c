/* test_fn_check.c - jet_fn: callbacks that look, jet_fn_check, sizes. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "derivatives_help.h"
#include "reference.h"

/* ---- callbacks that look ---------------------------------------------------------------------------------------------- */

typedef struct looking {
  int calls;
} looking;

/* |x|_1 by branches on values: x where positive, else -x; then a square, so that there is a second derivative */
static jet by_branches(jet x, void *data) {
  looking *l = (looking *)data;
  double at[3];
  l->calls++;
  jet_peek(x, 3, at);
  jet s = jet_scalar(x.tape, 0);
  for (int i = 0; i < 3; i++) {
    jet e = element(x, i);
    s = jet_add(s, at[i] > 0 ? jet_powc(e, 3) : jet_neg(jet_square(e)));
  }
  return s;
}

static void a_callback_that_looks_is_called_each_time(void **state) {
  const double x[2][3] = {{1, -2, 3}, {-1, 2, -3}};
  double g[3], hv[3], h[9], y;
  const double v[3] = {1, 1, 1};
  looking l = {0};
  (void)state;
  jet_fn *f = jet_fn_new(by_branches, &l, 3);
  assert_int_equal(jet_fn_outputs(f), -1); /* nothing to look at yet */
  assert_true(strlen(jet_fn_message(f)) > 10);
  int before = l.calls;
  for (int round = 0; round < 4; round++) {
    const double *at = x[round % 2];
    assert_fn_ok(f, jet_fn_gradient(f, at, &y, g));
    assert_int_equal(l.calls, before + 3 * round + 1);
    assert_fn_ok(f, jet_fn_hvp(f, at, v, NULL, hv));
    assert_fn_ok(f, jet_fn_hessian(f, at, h));
    assert_int_equal(l.calls, before + 3 * round + 3);
    for (int i = 0; i < 3; i++) {
      double a = at[i], first = a > 0 ? 3 * a * a : -2 * a, second = a > 0 ? 6 * a : -2;
      assert_true(g[i] == first && hv[i] == second && h[4 * i] == second);
    }
  }
  assert_int_equal(jet_fn_outputs(f), 1);
  assert_fn_ok(f, jet_fn_set_point(f, x[0]));
  assert_fn_ok(f, jet_fn_gradient(f, x[1], &y, g));
  assert_fn_ok(f, jet_fn_hvp(f, NULL, v, g, hv));
  assert_true(g[0] == 3 && g[1] == 4 && hv[1] == -2 && hv[2] == 18);
  assert_fn_ok(f, jet_fn_check(f, 3, x[0], 0));
  jet_fn_free(f);
}

/* ---- jet_fn_check -------------------------------------------------------------------------------------------------------- */

static void check_agrees_on_good_functions(void **state) {
  double x[MAX_N];
  (void)state;
  for (const scalar_case *c = scalars; c < scalars + SCALARS; c++) {
    if (c->f == masked && c->scale == 0) continue; /* a kink at 0 */
    jet_fn *f = fn_of(c);
    point_of(c, x);
    for (int order = 1; order <= 6; order++) assert_fn_ok(f, jet_fn_check(f, order, x, 0));
    jet_fn_free(f);
  }
  for (const vector_case *c = vectors; c < vectors + VECTORS; c++) {
    jet_fn *f = jet_fn_new(c->f, NULL, c->n);
    fill(x, c->n, 30);
    assert_fn_ok(f, jet_fn_check(f, 4, x, 0));
    jet_fn_free(f);
  }
  for (const expanding *c = inside; c < inside + 2; c++) {
    jet_fn *f = jet_fn_new(c->f, NULL, c->n);
    fill(x, MAX_N, 40);
    assert_fn_ok(f, jet_fn_check(f, 1, x, 0));
    assert_fn_ok(f, jet_fn_check(f, 2, x, 0));
    assert_fn_fails(f, jet_fn_check(f, 3, x, 0), JET_BAD_PARAMETER, "up to order 2");
    jet_fn_free(f);
  }
}

static jet steep(jet x, void *data) { return (void)data, jet_sum(jet_sin(jet_scale(x, 1000))); }

static jet stiff(jet x, void *data) { return (void)data, jet_sum(jet_exp(jet_scale(jet_log(x), 30))); }

static void check_agrees_on_steep_functions(void **state) {
  double x[3] = {0.5, 1.5, 2};
  (void)state;
  jet_callback *const callbacks[] = {steep, stiff};
  for (int i = 0; i < 2; i++) {
    jet_fn *f = jet_fn_new(callbacks[i], NULL, 3);
    for (int order = 1; order <= 4; order++) assert_fn_ok(f, jet_fn_check(f, order, x, 0));
    jet_fn_free(f);
  }
}

static jet with_abs(jet x, void *data) { return (void)data, jet_sum(jet_exp(jet_abs(jet_scale(x, 2)))); }

static jet with_floor(jet x, void *data) { return (void)data, jet_sum(jet_sin(jet_floor(jet_scale(x, 1)))); }

static jet with_sqrt(jet x, void *data) { return (void)data, jet_mul(jet_cos(x), jet_sqrt(jet_sin(x))); }

static void check_blames_the_operation(void **state) {
  static const struct {
    jet_callback *f;
    double x[2];
    const char *name;
  } bad[] = {{with_abs, {1, 0}, " is abs (node "}, {with_floor, {0.5, 3}, " is floor (node "}, {with_sqrt, {1, 0}, " is sqrt (node "}};
  (void)state;
  for (int i = 0; i < 3; i++) {
    const double good[2] = {0.25, 0.75};
    jet_fn *f = jet_fn_new(bad[i].f, NULL, 2);
    for (int order = 1; order <= 3; order++) {
      assert_fn_fails(f, jet_fn_check(f, order, bad[i].x, 0), JET_MISMATCH, bad[i].name);
      assert_fn_fails(f, jet_fn_check(f, order, bad[i].x, 0), JET_MISMATCH, "jet_fn_check: order 1: forward ");
    }
    assert_fn_ok(f, jet_fn_check(f, 3, good, 0));
    jet_fn_free(f);
  }
}

/* ---- a check of the tests: what they would say of a wrong function --------------------------------------------------------- */

static jet stopped(jet x, void *data) { return (void)data, jet_sum(jet_mul(x, jet_stop_gradient(jet_sin(x)))); }

/* stop_gradient makes derivatives that are not those of the value: wrong on purpose. */
static void check_finds_what_is_wrong_on_purpose(void **state) {
  double x[3] = {0.5, 1, 2};
  (void)state;
  jet_fn *f = jet_fn_new(stopped, NULL, 3);
  assert_fn_fails(f, jet_fn_check(f, 1, x, 0), JET_MISMATCH, "order 1: forward ");
  jet_fn_free(f);
}

/* ---- sizes ------------------------------------------------------------------------------------------------------------------ */

/* More directions than one chunk takes by default. */
static void a_larger_hessian(void **state) {
  enum { N = 150 };
  double *x = (double *)test_malloc(N * sizeof *x), *g = (double *)test_malloc(N * sizeof *g);
  double *h = (double *)test_malloc(N * N * sizeof *h), *want = (double *)test_malloc(N * N * sizeof *want);
  (void)state;
  fill(x, N, 1);
  rosenbrock_exactly(N, x, g, want);
  jet_fn *f = jet_fn_new(rosenbrock, NULL, N);
  assert_fn_ok(f, jet_fn_hessian(f, x, h));
  assert_close("hessian", h, want, N * N, 1e-13);
  jet_fn_free(f);
  test_free(x);
  test_free(g);
  test_free(h);
  test_free(want);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_callback_that_looks_is_called_each_time),
      cmocka_unit_test(check_agrees_on_good_functions),
      cmocka_unit_test(check_agrees_on_steep_functions),
      cmocka_unit_test(check_blames_the_operation),
      cmocka_unit_test(check_finds_what_is_wrong_on_purpose),
      cmocka_unit_test(a_larger_hessian),
  };
  return cmocka_run_group_tests_name("derivatives", tests, NULL, NULL);
}
