/* test_derivatives.c - jet_fn: gradients, Hessians, their products, Taylor jets of the gradient, a point kept. */
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

/* ---- scalar functions -------------------------------------------------------------------------------------------------- */

static void gradient_and_hessian_match_closed_forms(void **state) {
  double x[MAX_N], g[MAX_N], h[MAX_N * MAX_N], want_g[MAX_N], want_h[MAX_N * MAX_N], y, value;
  (void)state;
  for (const scalar_case *c = scalars; c < scalars + SCALARS; c++) {
    if (!c->exactly) continue;
    jet_fn *f = fn_of(c);
    point_of(c, x);
    c->exactly(c->n, x, want_g, want_h);
    assert_fn_ok(f, jet_fn_gradient(f, x, &y, g));
    assert_close(c->name, g, want_g, c->n, 1e-13);
    assert_fn_ok(f, jet_fn_value(f, x, &value));
    assert_same(c->name, &y, &value, 1);
    assert_fn_ok(f, jet_fn_gradient(f, x, NULL, g));
    assert_fn_ok(f, jet_fn_hessian(f, x, h));
    assert_close(c->name, h, want_h, c->n * c->n, 1e-13);
    assert_string_equal(jet_fn_message(f), "");
    jet_fn_free(f);
  }
}

static void a_hessian_is_symmetric(void **state) {
  double x[MAX_N], h[MAX_N * MAX_N], transposed[MAX_N * MAX_N];
  (void)state;
  for (const scalar_case *c = scalars; c < scalars + SCALARS; c++) {
    jet_fn *f = fn_of(c);
    point_of(c, x);
    assert_fn_ok(f, jet_fn_hessian(f, x, h));
    for (int i = 0; i < c->n; i++)
      for (int j = 0; j < c->n; j++) transposed[j * c->n + i] = h[i * c->n + j];
    assert_close(c->name, h, transposed, c->n * c->n, 1e-14);
    jet_fn_free(f);
  }
}

static void hvp_is_the_hessian_times_v(void **state) {
  double x[MAX_N], v[MAX_N], g[MAX_N], gradient[MAX_N], hv[MAX_N], h[MAX_N * MAX_N], want[MAX_N];
  (void)state;
  for (const scalar_case *c = scalars; c < scalars + SCALARS; c++) {
    jet_fn *f = fn_of(c);
    point_of(c, x);
    fill(v, c->n, 50);
    assert_fn_ok(f, jet_fn_gradient(f, x, NULL, gradient));
    assert_fn_ok(f, jet_fn_hessian(f, x, h));
    assert_fn_ok(f, jet_fn_hvp(f, x, v, g, hv));
    multiply(c->n, c->n, h, v, want);
    assert_close(c->name, hv, want, c->n, 1e-13);
    assert_close(c->name, g, gradient, c->n, 1e-15);
    assert_fn_ok(f, jet_fn_hvp(f, x, v, NULL, want));
    assert_same(c->name, want, hv, c->n);
    for (int j = 0; j < c->n; j++) { /* along unit vectors: its rows */
      memset(v, 0, sizeof v);
      v[j] = 1;
      assert_fn_ok(f, jet_fn_hvp(f, x, v, NULL, hv));
      assert_close(c->name, hv, h + j * c->n, c->n, 1e-15);
    }
    jet_fn_free(f);
  }
}

/* Any chunk gives the numbers of single products, bit for bit. */
static void hvps_are_hvp_in_any_chunk(void **state) {
  enum { P = 7 };
  double x[MAX_N], v[P * MAX_N], g[MAX_N], want_g[MAX_N], hv[P * MAX_N], want[P * MAX_N];
  (void)state;
  for (const scalar_case *c = scalars; c < scalars + SCALARS; c++) {
    jet_fn *f = fn_of(c);
    point_of(c, x);
    fill(v, P * c->n, 60);
    for (int i = 0; i < P; i++) assert_fn_ok(f, jet_fn_hvp(f, x, v + i * c->n, want_g, want + i * c->n));
    for (int chunk = 0; chunk <= P + 1; chunk++) {
      assert_fn_ok(f, jet_fn_set_chunk(f, chunk));
      for (int p = 1; p <= P; p++) {
        for (int i = 0; i < P * c->n; i++) hv[i] = 99;
        assert_fn_ok(f, jet_fn_hvps(f, p, x, v, p % 2 ? g : NULL, hv));
        assert_same(c->name, hv, want, p * c->n);
        if (p % 2) assert_same(c->name, g, want_g, c->n);
        for (int i = p * c->n; i < P * c->n; i++) assert_true(hv[i] == 99);
      }
    }
    jet_fn_free(f);
  }
}

static void hessians_are_the_same_in_any_chunk(void **state) {
  double x[MAX_N], h[MAX_N * MAX_N], want[MAX_N * MAX_N];
  (void)state;
  for (const scalar_case *c = scalars; c < scalars + SCALARS; c++) {
    jet_fn *f = fn_of(c);
    point_of(c, x);
    assert_fn_ok(f, jet_fn_hessian(f, x, want));
    for (int chunk = 1; chunk <= c->n + 1; chunk++) {
      assert_fn_ok(f, jet_fn_set_chunk(f, chunk));
      assert_fn_ok(f, jet_fn_hessian(f, x, h));
      assert_same(c->name, h, want, c->n * c->n);
    }
    jet_fn_free(f);
  }
}

/* ---- Taylor jets of the gradient ------------------------------------------------------------------------------------- */

static void gradient_taylor_begins_with_gradient_and_hvp(void **state) {
  double x[MAX_N], v[MAX_N], g[MAX_N], hv[MAX_N], c[(TOP + 1) * MAX_N], lower[(TOP + 1) * MAX_N];
  (void)state;
  for (const scalar_case *s = scalars; s < scalars + SCALARS; s++) {
    jet_fn *f = fn_of(s);
    point_of(s, x);
    fill(v, s->n, 70);
    assert_fn_ok(f, jet_fn_hvp(f, x, v, g, hv));
    assert_fn_ok(f, jet_fn_gradient_taylor(f, TOP, x, v, c));
    assert_close(s->name, c, g, s->n, 1e-15);
    assert_close(s->name, c + s->n, hv, s->n, 1e-14);
    for (int order = 0; order < TOP; order++) {
      assert_fn_ok(f, jet_fn_gradient_taylor(f, order, x, v, lower));
      assert_close(s->name, lower, c, (order + 1) * s->n, 1e-14);
    }
    jet_fn_free(f);
  }
}

/* <v, grad f(x + v t)> = d/dt f(x + v t), coefficient by coefficient */
static void gradient_taylor_along_v_is_the_derivative_of_taylor(void **state) {
  double x[MAX_N], v[MAX_N], c[(TOP + 1) * MAX_N], y[TOP + 2];
  (void)state;
  for (const scalar_case *s = scalars; s < scalars + SCALARS; s++) {
    jet_fn *f = fn_of(s);
    point_of(s, x);
    fill(v, s->n, 80);
    assert_fn_ok(f, jet_fn_gradient_taylor(f, TOP, x, v, c));
    assert_fn_ok(f, jet_fn_taylor(f, TOP + 1, x, v, y));
    for (int k = 0; k <= TOP; k++) {
      double got = dot(s->n, v, c + k * s->n), want = (k + 1) * y[k + 1];
      assert_close(s->name, &got, &want, 1, 1e-11);
    }
    jet_fn_free(f);
  }
}

/* (d/dt) of coefficient k - 1 is k times coefficient k. */
static void gradient_taylor_matches_differences(void **state) {
  const double h = 0x1p-15;
  double x[MAX_N], v[MAX_N], moved[MAX_N], c[(TOP + 1) * MAX_N], d[2][(TOP + 1) * MAX_N];
  (void)state;
  for (const scalar_case *s = scalars; s < scalars + SCALARS; s++) {
    if (s->scale == 0) continue;
    jet_fn *f = fn_of(s);
    point_of(s, x);
    fill(v, s->n, 90);
    assert_fn_ok(f, jet_fn_gradient_taylor(f, TOP, x, v, c));
    for (int side = 0; side < 2; side++) {
      for (int i = 0; i < s->n; i++) moved[i] = x[i] + (side ? -h : h) * v[i];
      assert_fn_ok(f, jet_fn_gradient_taylor(f, TOP, moved, v, d[side]));
    }
    for (int i = s->n; i < (TOP + 1) * s->n; i++) {
      double want = (d[0][i - s->n] - d[1][i - s->n]) / (2 * h), got = i / s->n * c[i];
      if (!(fabs(got - want) <= 1e-6 * fmax(1, fmax(fabs(want), fabs(d[0][i - s->n])))))
        fail_msg("%s: coefficient %d: %.17g against %.17g", s->name, i / s->n, got, want);
    }
    jet_fn_free(f);
  }
}

/* ---- a point kept ----------------------------------------------------------------------------------------------------- */

static void hvp_at_the_point_is_hvp(void **state) {
  double x[MAX_N], other[MAX_N], v[MAX_N], g[2][MAX_N], hv[2][MAX_N], y;
  (void)state;
  for (const scalar_case *c = scalars; c < scalars + SCALARS; c++) {
    jet_fn *f = fn_of(c);
    for (int round = 0; round < 2; round++) {
      point_of(c, x);
      for (int i = 0; i < c->n; i++) x[i] *= 1 + 0.125 * round;
      memcpy(other, x, sizeof x);
      assert_fn_ok(f, jet_fn_set_point(f, other));
      for (int i = 0; i < c->n; i++) other[i] = NAN; /* it is copied */
      for (int j = 0; j < 3; j++) {
        fill(v, c->n, 10 * j);
        assert_fn_ok(f, jet_fn_hvp(f, NULL, v, j ? g[0] : NULL, hv[0]));
        assert_fn_ok(f, jet_fn_hvp(f, x, v, g[1], hv[1]));
        assert_same(c->name, hv[0], hv[1], c->n);
        if (j) assert_same(c->name, g[0], g[1], c->n);
        assert_fn_ok(f, jet_fn_hvps(f, 1, NULL, v, NULL, hv[0]));
        assert_same(c->name, hv[0], hv[1], c->n);
        fill(other, c->n, 5);
        assert_fn_ok(f, jet_fn_gradient(f, other, &y, g[1])); /* elsewhere in between */
      }
    }
    jet_fn_free(f);
  }
}

static void without_a_point_x_is_needed(void **state) {
  double x[3] = {1, 2, 3}, v[3] = {1, 1, 1}, hv[3];
  (void)state;
  jet_fn *f = jet_fn_new(rosenbrock, NULL, 3);
  assert_fn_fails(f, jet_fn_hvp(f, NULL, v, NULL, hv), JET_NO_VALUE, "jet_fn_hvp: x is NULL");
  assert_fn_fails(f, jet_fn_hvps(f, 1, NULL, v, NULL, hv), JET_NO_VALUE, "jet_fn_hvps: x is NULL");
  assert_fn_ok(f, jet_fn_set_point(f, x));
  assert_fn_ok(f, jet_fn_hvp(f, NULL, v, NULL, hv));
  assert_fn_fails(f, jet_fn_hessian(f, NULL, hv), JET_BAD_ARGUMENT, "x is NULL");
  assert_fn_fails(f, jet_fn_set_point(f, NULL), JET_BAD_ARGUMENT, "x is NULL");
  jet_fn_forget(f);
  assert_fn_fails(f, jet_fn_hvp(f, NULL, v, NULL, hv), JET_NO_VALUE, "set no point");
  jet_fn_free(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gradient_and_hessian_match_closed_forms),
      cmocka_unit_test(a_hessian_is_symmetric),
      cmocka_unit_test(hvp_is_the_hessian_times_v),
      cmocka_unit_test(hvps_are_hvp_in_any_chunk),
      cmocka_unit_test(hessians_are_the_same_in_any_chunk),
      cmocka_unit_test(gradient_taylor_begins_with_gradient_and_hvp),
      cmocka_unit_test(gradient_taylor_along_v_is_the_derivative_of_taylor),
      cmocka_unit_test(gradient_taylor_matches_differences),
      cmocka_unit_test(hvp_at_the_point_is_hvp),
      cmocka_unit_test(without_a_point_x_is_needed),
  };
  return cmocka_run_group_tests_name("derivatives", tests, NULL, NULL);
}
