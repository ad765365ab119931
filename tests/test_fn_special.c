/* test_fn_special.c - jet_fn: misuse, functions that expand inside themselves, k!, orders lost and won back. */
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

#include "fn_help.h"
#include "reference.h"

/* ---- misuse
 * ------------------------------------------------------------------------------------------------------------ */

static void orders_out_of_range(void **state) {
  double c = 2, x = 1, v = 1, d = 0;
  (void)state;
  jet_fn *f = jet_fn_new(exp_of_cx, &c, 1);
  assert_fn_fails(f, jet_fn_derivatives(f, -1, &x, &d), JET_BAD_ORDER);
  assert_fn_fails(f, jet_fn_derivatives(f, JET_MAX_ORDER + 1, &x, &d), JET_BAD_ORDER);
  assert_fn_fails(f, jet_fn_taylor(f, -1, &x, &v, &d), JET_BAD_ORDER);
  assert_fn_fails(f, jet_fn_taylor(f, JET_MAX_ORDER + 1, &x, &v, &d), JET_BAD_ORDER);
  assert_fn_ok(f, jet_fn_derivatives(f, 0, &x, &d)); /* and the function is still good */
  jet_fn_free(f);
}

static void the_highest_order(void **state) {
  double c = 2, x = 1, v = 1, *d = test_malloc((JET_MAX_ORDER + 1) * sizeof *d);
  (void)state;
  jet_fn *f = jet_fn_new(pole_at_c, &c, 1);
  assert_fn_ok(f, jet_fn_taylor(f, JET_MAX_ORDER, &x, &v, d));
  for (int k = 0; k <= JET_MAX_ORDER; k++) assert_near(d[k], 1, 1, "1/(1-t)", k);
  jet_fn_free(f);
  test_free(d);
}

static void null_arrays(void **state) {
  double c = 2, x = 1, out[2];
  (void)state;
  jet_fn *f = jet_fn_new(exp_of_cx, &c, 1);
  assert_fn_fails(f, jet_fn_value(f, NULL, out), JET_BAD_ARGUMENT);
  assert_fn_fails(f, jet_fn_value(f, &x, NULL), JET_BAD_ARGUMENT);
  assert_fn_fails(f, jet_fn_derivatives(f, 1, NULL, out), JET_BAD_ARGUMENT);
  assert_fn_fails(f, jet_fn_derivatives(f, 1, &x, NULL), JET_BAD_ARGUMENT);
  assert_fn_fails(f, jet_fn_taylor(f, 1, NULL, &x, out), JET_BAD_ARGUMENT);
  assert_fn_fails(f, jet_fn_taylor(f, 1, &x, NULL, out), JET_BAD_ARGUMENT);
  assert_fn_fails(f, jet_fn_taylor(f, 1, &x, &x, NULL), JET_BAD_ARGUMENT);
  assert_fn_ok(f, jet_fn_taylor(f, 1, &x, &x, out));
  jet_fn_free(f);
}

static void a_null_callback(void **state) {
  double x = 1, y;
  (void)state;
  jet_fn *f = jet_fn_new(NULL, NULL, 1);
  assert_non_null(f);
  assert_fn_fails_somehow(f, jet_fn_value(f, &x, &y));
  assert_fn_fails_somehow(f, jet_fn_derivatives(f, 0, &x, &y));
  assert_int_equal(jet_fn_outputs(f), -1);
  jet_fn_free(f);
}

static jet not_a_jet(jet x, void *data) {
  (void)x, (void)data;
  return (jet){NULL, -1};
}

static jet no_such_id(jet x, void *data) {
  (void)data;
  return (jet){x.tape, 12345};
}

static jet from_another_tape(jet x, void *data) {
  (void)x;
  return jet_scalar(data, 1);
}

static jet of_bad_shape(jet x, void *data) {
  static const ptrdiff_t dims[] = {5};
  static const double values[5] = {0};
  (void)data;
  return jet_add(jet_sin(x), jet_exp(jet_constant(x.tape, 1, dims, values)));
}

static jet hides_a_failure(jet x, void *data) {
  (void)of_bad_shape(x, data);
  return jet_sin(x);
}

static void check_bad_callback(jet_callback *callback, void *data, jet_status want) {
  double x[3] = {1, 2, 3}, v[3] = {1, 1, 1}, out[6];
  jet_fn *f = jet_fn_new(callback, data, 3);
  assert_fn_fails(f, jet_fn_value(f, x, out), want);
  assert_fn_fails(f, jet_fn_derivatives(f, 1, x, out), want);
  assert_fn_fails(f, jet_fn_taylor(f, 1, x, v, out), want);
  assert_int_equal(jet_fn_outputs(f), -1);
  jet_fn_free(f);
}

static void callbacks_that_return_no_jet(void **state) {
  (void)state;
  check_bad_callback(not_a_jet, NULL, JET_BAD_CALLBACK);
  check_bad_callback(no_such_id, NULL, JET_BAD_CALLBACK);
}

static void a_callback_that_returns_a_foreign_jet(void **state) {
  double x = 1, y;
  jet_tape *other = jet_tape_new();
  (void)state;
  jet_fn *f = jet_fn_new(from_another_tape, other, 1);
  jet_status status = jet_fn_value(f, &x, &y);
  assert_true(status == JET_FOREIGN || status == JET_BAD_CALLBACK);
  assert_fn_fails(f, status, status);
  jet_fn_free(f);
  jet_tape_free(other);
}

static void a_failure_inside_the_callback_is_passed_on(void **state) {
  (void)state;
  check_bad_callback(of_bad_shape, NULL, JET_BAD_SHAPE);
  check_bad_callback(hides_a_failure, NULL, JET_BAD_SHAPE);
}

static jet fails_if_told(jet x, void *data) { return *(const bool *)data ? not_a_jet(x, NULL) : jet_sin(x); }

static void a_failed_function_can_be_tried_again(void **state) {
  bool fails = true;
  double x = 1, y;
  (void)state;
  jet_fn *f = jet_fn_new(fails_if_told, &fails, 1);
  assert_fn_fails(f, jet_fn_value(f, &x, &y), JET_BAD_CALLBACK);
  fails = false;
  jet_fn_forget(f);
  assert_fn_ok(f, jet_fn_value(f, &x, &y));
  assert_near(y, sin(1), 1, "sin", 0);
  jet_fn_free(f);
}

/* ---- a function that expands inside itself
 * ------------------------------------------------------------------------------ */

static jet half_second_derivative_of_sin(jet x, void *data) {
  jet t = jet_parameter(x.tape, 2);
  (void)data;
  return jet_coefficient(jet_sin(jet_expand(x, jet_scalar(x.tape, 1), t)), 2);
}

static jet returns_its_own_jet(jet x, void *data) {
  (void)data;
  return jet_sin(jet_expand(x, jet_scalar(x.tape, 1), jet_parameter(x.tape, 2)));
}

static void a_function_that_expands_inside_has_a_value(void **state) {
  double x[3] = {0.5, 1, 2}, y[3];
  (void)state;
  jet_fn *f = jet_fn_new(half_second_derivative_of_sin, NULL, 3);
  assert_fn_ok(f, jet_fn_value(f, x, y));
  for (int i = 0; i < 3; i++) assert_near(y[i], -sin(x[i]) / 2, 1, "-sin/2", 0);
  jet_fn_free(f);
}

static void a_function_that_expands_inside_has_no_jets_outside(void **state) {
  double x[3] = {0.5, 1, 2}, v[3] = {1, 1, 1}, y[3], out[9];
  (void)state;
  jet_fn *f = jet_fn_new(half_second_derivative_of_sin, NULL, 3);
  assert_fn_fails(f, jet_fn_derivatives(f, 2, x, out), JET_BAD_PARAMETER);
  assert_fn_fails(f, jet_fn_taylor(f, 2, x, v, out), JET_BAD_PARAMETER);
  assert_fn_ok(f, jet_fn_value(f, x, y));
  jet_fn_free(f);
}

static void a_function_must_return_a_plain_value(void **state) {
  double x = 0.5, y[3];
  (void)state;
  jet_fn *f = jet_fn_new(returns_its_own_jet, NULL, 1);
  assert_fn_fails_somehow(f, jet_fn_value(f, &x, y));
  assert_fn_fails_somehow(f, jet_fn_derivatives(f, 1, &x, y));
  jet_fn_free(f);
}

/* ---- k!
 * ----------------------------------------------------------------------------------------------------------------- */

/* Finite coefficients 2^k e^700 / k!, whose k! multiple overflows from k = 15 on. */
static void a_derivative_that_overflows_is_reported(void **state) {
  enum { ORDER = 20 };
  double c = 2, x[3] = {0, 350, -1}, d[(ORDER + 1) * 3];
  (void)state;
  jet_fn *f = jet_fn_new(exp_of_cx, &c, 3);
  assert_fn_fails(f, jet_fn_derivatives(f, ORDER, x, d), JET_OVERFLOW);
  for (int k = 0; k <= ORDER; k++) {
    double size = ldexp(exp(700), k);
    assert_near(d[3 * k], ldexp(1, k), ldexp(1, k), "exp(2x) at 0", k);
    assert_near(d[3 * k + 2], ldexp(exp(-2), k), ldexp(1, k), "exp(2x) at -1", k);
    assert_near(d[3 * k + 1], size, fmin(size, DBL_MAX), "exp(2x) at 350", k);
  }
  assert_fn_ok(f, jet_fn_derivatives(f, 10, x, d));
  jet_fn_free(f);
}

static void the_sign_of_an_overflow_is_kept(void **state) {
  enum { ORDER = 200 };
  double c = 0, x = 0.5, d[ORDER + 1]; /* 1/(0 - x): derivatives of both signs, |f^(k)| = k! 2^(k+1) */
  (void)state;
  jet_fn *f = jet_fn_new(pole_at_c, &c, 1);
  assert_fn_fails(f, jet_fn_derivatives(f, ORDER, &x, d), JET_OVERFLOW);
  for (int k = 0; k <= ORDER; k++) {
    double want = (k % 2 ? 1 : -1) * ldexp(k > 170 ? INFINITY : factorial(k), k + 1);
    assert_near(d[k], want, isfinite(want) ? fabs(want) : 0, "-1/x", k);
  }
  jet_fn_free(f);
}

/* k! alone overflows from 171 on, which is said; the product need not, and is right then. */
static void a_large_factorial_does_not_overflow_by_itself(void **state) {
  double c = 1, x = 600, d[MAX_TEST_ORDER + 1];
  (void)state;
  jet_fn *f = jet_fn_new(exp_of_cx, &c, 1);
  assert_fn_fails(f, jet_fn_derivatives(f, MAX_TEST_ORDER, &x, d), JET_OVERFLOW);
  for (int k = 0; k <= MAX_TEST_ORDER; k++) assert_near(d[k], exp(600), exp(600) * (600 + k) / 64, "exp", k);
  jet_fn_free(f);
}

static jet exp2_of_x(jet x, void *data) {
  (void)data;
  return jet_exp2(x);
}

static void exp2_at_large_x_and_order(void **state) {
  double x = 1000, d[201];
  (void)state;
  jet_fn *f = jet_fn_new(exp2_of_x, NULL, 1);
  assert_fn_ok(f, jet_fn_derivatives(f, 170, &x, d));
  assert_fn_fails(f, jet_fn_derivatives(f, 200, &x, d), JET_OVERFLOW);
  for (int k = 0; k <= 200; k++) {
    double want = (double)(ldexpl(1, 1000) * powl(0.693147180559945309417232121458176568L, k));
    assert_near(d[k], want, want * (1000 + k) / 64, "exp2", k);
  }
  jet_fn_free(f);
}

static jet cosm1_by_square(jet x, void *data) {
  (void)data;
  return jet_div(jet_shift(jet_neg(jet_cos(x)), 1), jet_square(x));
}

/* A plan of a higher order, made for one call, wins back the lost orders of another: it must not remember the first caller's
   memory. */
static void plans_forget_the_memory_of_their_callers(void **state) {
  double x = 1, v = 1, c[3], *big = (double *)malloc(5 * sizeof *big);
  (void)state;
  assert_non_null(big);
  jet_fn *f = jet_fn_new(cosm1_by_square, NULL, 1);
  assert_fn_ok(f, jet_fn_taylor(f, 4, &x, &v, big));
  for (int k = 0; k < 5; k++) big[k] = 77;
  x = 0;
  assert_fn_ok(f, jet_fn_taylor(f, 2, &x, &v, c));
  for (int k = 0; k < 5; k++) assert_true(big[k] == 77);
  assert_near(c[0], 0.5, 0.5, "(1-cos x)/x^2", 0);
  assert_near(c[2], -1.0 / 24, 1.0 / 24, "(1-cos x)/x^2", 2);
  free(big);
  jet_fn_free(f);
}

static jet an_input_of_its_own(jet x, void *data) {
  ptrdiff_t n = jet_size(x);
  (void)data;
  return jet_add(x, jet_input(x.tape, 1, &n));
}

static void inputs_of_the_callback_are_refused(void **state) {
  double x[2] = {1, 2}, y[2];
  (void)state;
  jet_fn *f = jet_fn_new(an_input_of_its_own, NULL, 2);
  assert_fn_fails(f, jet_fn_value(f, x, y), JET_BAD_CALLBACK);
  jet_fn_free(f);
}

/* A coefficient that is itself infinite is a number like any other. */
static void an_infinite_coefficient_is_no_overflow(void **state) {
  double c = 1, x = 800, d[4];
  (void)state;
  jet_fn *f = jet_fn_new(exp_of_cx, &c, 1);
  assert_fn_ok(f, jet_fn_derivatives(f, 3, &x, d));
  for (int k = 0; k <= 3; k++) assert_true(d[k] == INFINITY);
  jet_fn_free(f);
}

/* ---- orders lost at removable singularities are won back -------------------------------------------------------- */

static double sinc_series(int k) { return k % 2 ? 0 : (k / 2 % 2 ? -1 : 1) / factorial(k + 1); }

static double exprel_series(int k) { return 1 / factorial(k + 1); }

static double cosm1_series(int k) { return k % 2 ? 0 : (k / 2 % 2 ? -1 : 1) / factorial(k + 2); }

static double bernoulli_series(int k) {
  static const double b[] = {1, -1.0 / 2, 1.0 / 6, 0, -1.0 / 30, 0, 1.0 / 42, 0, -1.0 / 30, 0, 5.0 / 66};
  return b[k] / factorial(k);
}

static double one_then_zeros(int k) { return k == 0; }

static const struct removable {
  const char *expr;
  double (*series)(int k);  /* at 0 */
  double (*divisor)(int k); /* coefficients of the divisor, its leading zeros dropped: for the tolerance */
} removables[] = {
    {"sin(x)/x", sinc_series, one_then_zeros},
    {"(exp(x)-1)/x", exprel_series, one_then_zeros},
    {"(1-cos(x))/(x*x)", cosm1_series, one_then_zeros},
    {"x/(exp(x)-1)", bernoulli_series, exprel_series},
};

enum { REMOVABLES = sizeof removables / sizeof *removables, TOP = 10 };

static jet typed(jet x, void *data) { return ref_record(((const struct removable *)data)->expr, x, x, REF_GENERAL); }

/* What is added up in coefficient k of a quotient q: sum |q_j| |divisor_{k-j}|. */
static double quotient_scale(const struct removable *r, int k) {
  double scale = 0;
  for (int j = 0; j <= k; j++) scale += fabs(r->series(j) * r->divisor(k - j));
  return scale;
}

static void check_removable(const struct removable *r, jet_isa isa, bool rewriting, int order) {
  static const double x[] = {0, 0.75, 0, -1.5, 0, 0, 2.5, 0, 0, 0, 1}, v[11] = {1, 1, 2, 1, -0.5, 1, 1, 1, 1, 1, 1};
  enum { n = 11 };
  double d[(TOP + 1) * n], c[(TOP + 1) * n];
  struct removable copy = *r;
  jet_fn *f = new_on(isa, typed, &copy, n, rewriting);
  assert_fn_ok(f, jet_fn_derivatives(f, order, x, d));
  assert_fn_ok(f, jet_fn_taylor(f, order, x, v, c));
  for (int k = 0; k <= order; k++)
    for (int i = 0; i < n; i++) {
      double size = fmax(quotient_scale(r, k), fabs(r->series(k))), power = pow(v[i], k);
      if (x[i] != 0 && !(isfinite(d[k * n + i]) && isfinite(c[k * n + i]))) fail_msg("%s is lost at %g", r->expr, x[i]);
      if (x[i] != 0) continue;
      assert_near(d[k * n + i], r->series(k) * factorial(k), size * factorial(k), r->expr, k);
      assert_near(c[k * n + i], r->series(k) * power, size * fabs(power), r->expr, k);
    }
  jet_fn_free(f);
}

static void typed_quotients_give_all_orders_asked_for(void **state) {
  jet_isa isas[3];
  (void)state;
  for (int a = ref_isas(isas); a-- > 0;)
    for (int i = 0; i < REMOVABLES; i++)
      for (int order = 0; order <= TOP; order++) check_removable(&removables[i], isas[a], false, order);
}

static void rewritten_quotients_give_all_orders_asked_for(void **state) {
  jet_isa isas[3];
  (void)state;
  for (int a = ref_isas(isas); a-- > 0;)
    for (int i = 0; i < REMOVABLES; i++) check_removable(&removables[i], isas[a], true, TOP);
}

static jet quotient_of_high_valuation(jet x, void *data) { /* x^7 / x^7: 7 orders lost */
  jet p = jet_powc(x, 7);
  (void)data;
  return jet_div(p, jet_mul(jet_powc(x, 4), jet_powc(x, 3)));
}

static void many_orders_are_won_back(void **state) {
  double x[3] = {0, 1, 0}, d[4 * 3];
  (void)state;
  jet_fn *f = jet_fn_new(quotient_of_high_valuation, NULL, 3);
  assert_fn_ok(f, jet_fn_derivatives(f, 3, x, d));
  for (int k = 0; k <= 3; k++)
    for (int i = 0; i < 3; i++) assert_near(d[3 * k + i], k == 0, 1000, "x^7/x^7", k);
  jet_fn_free(f);
}

/* A true pole cannot be won back: no endless search for more orders. */
static void a_pole_stays_a_pole(void **state) {
  double c = 0, x[2] = {0, 2}, d[3 * 2];
  (void)state;
  jet_fn *f = jet_fn_new(pole_at_c, &c, 2);
  assert_fn_ok(f, jet_fn_derivatives(f, 2, x, d));
  assert_true(!isfinite(d[0]));
  assert_true(d[1] == -0.5 && d[3] == 0.25 && d[5] == -0.25);
  jet_fn_free(f);
}

static jet nan_everywhere(jet x, void *data) {
  (void)data;
  return jet_div(jet_sub(x, x), jet_sub(x, x));
}

static void zero_by_zero_stays_undefined(void **state) {
  double x[2] = {0, 2}, d[3 * 2];
  (void)state;
  jet_fn *f = jet_fn_new(nan_everywhere, NULL, 2);
  assert_fn_ok(f, jet_fn_derivatives(f, 2, x, d));
  for (int i = 0; i < 6; i++) assert_true(isnan(d[i]));
  jet_fn_free(f);
}

static void numbers_never_fail(void **state) {
  double c = 1, x[3] = {-1, 0, 1}, d[6];
  (void)state;
  jet_fn *f = jet_fn_new(log_of_cx, &c, 3);
  assert_fn_ok(f, jet_fn_derivatives(f, 1, x, d));
  assert_true(isnan(d[0]) && d[1] == -INFINITY && d[2] == 0 && d[5] == 1);
  assert_string_equal(jet_fn_message(f), "");
  jet_fn_free(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(orders_out_of_range),
      cmocka_unit_test(the_highest_order),
      cmocka_unit_test(null_arrays),
      cmocka_unit_test(a_null_callback),
      cmocka_unit_test(callbacks_that_return_no_jet),
      cmocka_unit_test(a_callback_that_returns_a_foreign_jet),
      cmocka_unit_test(a_failure_inside_the_callback_is_passed_on),
      cmocka_unit_test(a_failed_function_can_be_tried_again),
      cmocka_unit_test(a_function_that_expands_inside_has_a_value),
      cmocka_unit_test(a_function_that_expands_inside_has_no_jets_outside),
      cmocka_unit_test(a_function_must_return_a_plain_value),
      cmocka_unit_test(a_derivative_that_overflows_is_reported),
      cmocka_unit_test(the_sign_of_an_overflow_is_kept),
      cmocka_unit_test(a_large_factorial_does_not_overflow_by_itself),
      cmocka_unit_test(plans_forget_the_memory_of_their_callers),
      cmocka_unit_test(inputs_of_the_callback_are_refused),
      cmocka_unit_test(exp2_at_large_x_and_order),
      cmocka_unit_test(an_infinite_coefficient_is_no_overflow),
      cmocka_unit_test(typed_quotients_give_all_orders_asked_for),
      cmocka_unit_test(rewritten_quotients_give_all_orders_asked_for),
      cmocka_unit_test(many_orders_are_won_back),
      cmocka_unit_test(a_pole_stays_a_pole),
      cmocka_unit_test(zero_by_zero_stays_undefined),
      cmocka_unit_test(numbers_never_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
