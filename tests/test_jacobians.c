/* test_jacobians.c - jet_fn: Jacobians; functions that expand inside themselves. */
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

/* ---- Jacobians ----------------------------------------------------------------------------------------------------------- */

static void jacobians_match_closed_forms_in_any_mode_and_chunk(void **state) {
  double x[MAX_N], y[MAX_M], value[MAX_M], j[MAX_N * MAX_M], want[MAX_N * MAX_M];
  (void)state;
  for (const vector_case *c = vectors; c < vectors + VECTORS; c++) {
    jet_fn *f = jet_fn_new(c->f, NULL, c->n);
    fill(x, c->n, 30);
    c->exactly(x, want);
    assert_fn_ok(f, jet_fn_value(f, x, value));
    assert_fn_ok(f, jet_fn_jacobian(f, x, NULL, j));
    assert_close(c->name, j, want, c->n * c->m, 1e-14);
    for (int chunk = 0; chunk < 7; chunk++) {
      assert_fn_ok(f, jet_fn_set_chunk(f, chunk));
      for (int mode = JET_BY_SHAPE; mode <= JET_REVERSE; mode++) {
        for (int i = 0; i < c->n * c->m; i++) j[i] = 99;
        for (int i = 0; i < c->m; i++) y[i] = 99;
        assert_fn_ok(f, jet_fn_jacobian_mode(f, (jet_mode)mode, x, y, j));
        assert_close(c->name, j, want, c->n * c->m, 1e-14);
        assert_close(c->name, y, value, c->m, 1e-14);
      }
    }
    jet_fn_free(f);
  }
}

static jet steps(jet x, void *data) {
  (void)data;
  return jet_add(jet_floor(x), jet_add(jet_sign(x), jet_round(x)));
}

static jet sum_of_steps(jet x, void *data) { return jet_sum(steps(x, data)); }

static jet sum_of_floors(jet x, void *data) { return (void)data, jet_sum(jet_floor(x)); }

/* Along one direction the steps of an even number of elements may cancel. */
static void check_finds_steps_of_any_number(void **state) {
  static const int sizes[] = {1, 2, 3, 4, 5, 6, 50};
  double x[50];
  (void)state;
  for (int i = 0; i < 50; i++) x[i] = 1;
  for (int i = 0; i < 7; i++) {
    jet_fn *f = jet_fn_new(sum_of_floors, NULL, sizes[i]);
    if (jet_fn_check(f, 1, x, 0) != JET_MISMATCH) fail_msg("%d steps are not found", sizes[i]);
    jet_fn_free(f);
  }
}

static void matrices_of_steps_are_zeros(void **state) {
  (void)state;
  enum { STEPS = 40 };
  double x[STEPS], h[STEPS * STEPS];
  for (int i = 0; i < STEPS; i++) x[i] = i + 0.3;
  for (int chunk = 0; chunk < 4; chunk++)
    for (int i = 0; i < 2; i++) {
      jet_fn *f = jet_fn_new(i ? steps : sum_of_steps, NULL, STEPS);
      assert_fn_ok(f, jet_fn_set_chunk(f, chunk));
      for (int j = 0; j < STEPS * STEPS; j++) h[j] = 7;
      assert_fn_ok(f, i ? jet_fn_jacobian(f, x, NULL, h) : jet_fn_hessian(f, x, h));
      for (int j = 0; j < STEPS * STEPS; j++) assert_true(h[j] == 0);
      jet_fn_free(f);
    }
}

static void jvp_and_vjp_are_products_with_the_jacobian(void **state) {
  double x[MAX_N], v[MAX_N], u[MAX_M], y[MAX_M], value[MAX_M], j[MAX_N * MAX_M], got[MAX_N], want[MAX_N];
  (void)state;
  for (const vector_case *c = vectors; c < vectors + VECTORS; c++) {
    jet_fn *f = jet_fn_new(c->f, NULL, c->n);
    fill(x, c->n, 31);
    fill(v, c->n, 32);
    fill(u, c->m, 33);
    c->exactly(x, j);
    assert_fn_ok(f, jet_fn_value(f, x, value));
    assert_fn_ok(f, jet_fn_jvp(f, x, v, y, got));
    multiply(c->m, c->n, j, v, want);
    assert_close(c->name, got, want, c->m, 1e-14);
    assert_close(c->name, y, value, c->m, 1e-15);
    assert_fn_ok(f, jet_fn_jvp(f, x, v, NULL, got));
    assert_close(c->name, got, want, c->m, 1e-14);
    memset(want, 0, sizeof want);
    for (int i = 0; i < c->m; i++)
      for (int k = 0; k < c->n; k++) want[k] += u[i] * j[i * c->n + k];
    assert_fn_ok(f, jet_fn_vjp(f, x, u, y, got));
    assert_close(c->name, got, want, c->n, 1e-14);
    assert_close(c->name, y, value, c->m, 1e-15);
    assert_fn_ok(f, jet_fn_vjp(f, x, u, NULL, got));
    assert_close(c->name, got, want, c->n, 1e-14);
    jet_fn_free(f);
  }
}

/* J v in one sweep wins lost orders back, as Taylor coefficients do. */
static jet cosm1_typed(jet x, void *data) {
  (void)data;
  return jet_div(jet_shift(jet_neg(jet_cos(x)), 1), jet_square(x));
}

static void jvp_at_a_removable_singularity(void **state) {
  double x[2] = {0, 1}, v[2] = {1, 1}, y[2], jv[2];
  (void)state;
  jet_fn *f = jet_fn_new(cosm1_typed, NULL, 2);
  assert_fn_ok(f, jet_fn_jvp(f, x, v, y, jv));
  assert_close("value", y, (double[]){0.5, 1 - cos(1)}, 2, 1e-15);
  assert_close("derivative", jv, (double[]){0, sin(1) - 2 * (1 - cos(1))}, 2, 1e-14);
  jet_fn_free(f);
}

/* ---- a function that expands inside itself --------------------------------------------------------------------------------- */

static void differences_of_value(jet_fn *f, int n, const double *x, double *g) {
  const double h = 0x1p-13;
  double moved[MAX_N], y[2];
  for (int i = 0; i < n; i++) {
    for (int side = 0; side < 2; side++) {
      memcpy(moved, x, sizeof moved);
      moved[i] += side ? -h : h;
      assert_fn_ok(f, jet_fn_value(f, moved, &y[side]));
    }
    g[i] = (y[0] - y[1]) / (2 * h);
  }
}

static void differences_of_gradient(jet_fn *f, int n, const double *x, double *jacobian) {
  const double h = 0x1p-13;
  double moved[MAX_N], g[2][MAX_N];
  for (int i = 0; i < n; i++) {
    for (int side = 0; side < 2; side++) {
      memcpy(moved, x, sizeof moved);
      moved[i] += side ? -h : h;
      assert_fn_ok(f, jet_fn_gradient(f, moved, NULL, g[side]));
    }
    for (int k = 0; k < n; k++) jacobian[i * n + k] = (g[0][k] - g[1][k]) / (2 * h);
  }
}

static void expanding_inside_gradient_and_hessian(void **state) {
  double x[MAX_N], v[MAX_N], g[MAX_N], want[MAX_N], h[MAX_N * MAX_N], differences[MAX_N * MAX_N], hv[2 * MAX_N];
  (void)state;
  for (const expanding *c = inside; c < inside + 2; c++) {
    jet_fn *f = jet_fn_new(c->f, NULL, c->n);
    fill(x, MAX_N, 40);
    fill(v, c->n, 41);
    differences_of_value(f, c->n, x, want);
    assert_fn_ok(f, jet_fn_gradient(f, x, NULL, g));
    assert_close(c->name, g, want, c->n, 1e-6);
    differences_of_gradient(f, c->n, x, differences);
    assert_fn_ok(f, jet_fn_hessian(f, x, h));
    assert_close(c->name, h, differences, c->n * c->n, 1e-6);
    assert_fn_ok(f, jet_fn_hvp(f, x, v, want, hv));
    assert_close(c->name, want, g, c->n, 1e-14);
    multiply(c->n, c->n, h, v, want);
    assert_close(c->name, hv, want, c->n, 1e-13);
    memcpy(hv + c->n, hv, (size_t)c->n * sizeof *hv);
    assert_fn_ok(f, jet_fn_set_point(f, x));
    assert_fn_ok(f, jet_fn_hvp(f, NULL, v, g, hv));
    assert_same(c->name, hv, hv + c->n, c->n);
    jet_fn_free(f);
  }
}

static void expanding_inside_jacobians(void **state) {
  double x[MAX_N], v[MAX_N], g[MAX_N], j[MAX_N], y, want, jv;
  const double u = 1;
  (void)state;
  for (const expanding *c = inside; c < inside + 2; c++) {
    jet_fn *f = jet_fn_new(c->f, NULL, c->n);
    fill(x, MAX_N, 42);
    fill(v, c->n, 43);
    assert_fn_ok(f, jet_fn_gradient(f, x, &want, g));
    for (int mode = JET_BY_SHAPE; mode <= JET_REVERSE; mode++) {
      assert_fn_ok(f, jet_fn_jacobian_mode(f, (jet_mode)mode, x, NULL, j));
      assert_close(c->name, j, g, c->n, 1e-14);
    }
    assert_fn_ok(f, jet_fn_vjp(f, x, &u, &y, j));
    assert_close(c->name, j, g, c->n, 1e-14);
    assert_fn_ok(f, jet_fn_jvp(f, x, v, &y, &jv));
    assert_close(c->name, &y, &want, 1, 1e-15);
    want = dot(c->n, v, g);
    assert_close(c->name, &jv, &want, 1, 1e-14);
    jet_fn_free(f);
  }
}

static void expanding_inside_has_no_jets_from_outside(void **state) {
  double x[MAX_N], v[MAX_N], out[3 * MAX_N];
  (void)state;
  for (const expanding *c = inside; c < inside + 2; c++) {
    jet_fn *f = jet_fn_new(c->f, NULL, c->n);
    fill(x, MAX_N, 44);
    fill(v, c->n, 45);
    assert_fn_fails(f, jet_fn_taylor(f, 1, x, v, out), JET_BAD_PARAMETER, "expands inside itself");
    assert_fn_fails(f, jet_fn_gradient_taylor(f, 1, x, v, out), JET_BAD_PARAMETER, "expands inside itself");
    assert_fn_ok(f, jet_fn_gradient(f, x, NULL, out));
    jet_fn_free(f);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(jacobians_match_closed_forms_in_any_mode_and_chunk),
      cmocka_unit_test(matrices_of_steps_are_zeros),
      cmocka_unit_test(check_finds_steps_of_any_number),
      cmocka_unit_test(jvp_and_vjp_are_products_with_the_jacobian),
      cmocka_unit_test(jvp_at_a_removable_singularity),
      cmocka_unit_test(expanding_inside_gradient_and_hessian),
      cmocka_unit_test(expanding_inside_jacobians),
      cmocka_unit_test(expanding_inside_has_no_jets_from_outside),
  };
  return cmocka_run_group_tests_name("derivatives", tests, NULL, NULL);
}
