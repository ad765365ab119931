/* test_fn.c - jet_fn: value, derivatives, Taylor coefficients against closed forms; one recording; sizes. */
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

/* ---- functions with derivatives known in closed form ------------------------------------------------------------- */

static double exp_of_cx_derivative(double x, double c, int k) { return pow(c, k) * exp(c * x); }

static double log_of_cx_derivative(double x, double c, int k) {
  return k == 0 ? log(c * x) : (k % 2 ? 1 : -1) * factorial(k - 1) / pow(x, k);
}

static jet sin_of_cx(jet x, void *data) { return jet_sin(jet_mul(x, jet_scalar(x.tape, *(const double *)data))); }

static double sin_of_cx_derivative(double x, double c, int k) {
  double s = k % 2 ? cos(c * x) : sin(c * x);
  return pow(c, k) * (k / 2 % 2 ? -s : s);
}

static double pole_at_c_derivative(double x, double c, int k) { return factorial(k) / pow(c - x, k + 1); }

static jet c_x_cubed(jet x, void *data) { return jet_scale(jet_powc(x, 3), *(const double *)data); }

static double c_x_cubed_derivative(double x, double c, int k) {
  return k > 3 ? 0 : c * (k == 0 ? x * x * x : k == 1 ? 3 * x * x : k == 2 ? 6 * x : 6);
}

static const struct closed_form {
  const char *name;
  jet_callback *f;
  double (*derivative)(double x, double c, int k);
  double c;
} closed_forms[] = {
    {"exp(-1.5 x)", exp_of_cx, exp_of_cx_derivative, -1.5}, {"log(3 x)", log_of_cx, log_of_cx_derivative, 3},
    {"sin(2 x)", sin_of_cx, sin_of_cx_derivative, 2},       {"1/(4 - x)", pole_at_c, pole_at_c_derivative, 4},
    {"5 x^3", c_x_cubed, c_x_cubed_derivative, 5},
};

enum { FORMS = sizeof closed_forms / sizeof *closed_forms, N = 11 };

static double point(int i) { return 0.5 + 0.25 * i; }

static void points(double *x, int n) {
  for (int i = 0; i < n; i++) x[i] = point(i);
}

/* The sum of the moduli of the two parts of sin' and its like is the scale; elsewhere the value itself. */
static double closed_scale(const struct closed_form *form, double x, int k) {
  double d = form->derivative(x, form->c, k);
  return form->f == sin_of_cx   ? pow(form->c, k) * (1 + fabs(form->c * x))
         : form->f == exp_of_cx ? fabs(d) * (1 + fabs(form->c * x))
                                : fmax(fabs(d), k == 0 ? 1 : 0);
}

static void check_closed_derivatives(const struct closed_form *form, jet_isa isa, int order) {
  double c = form->c, x[N], d[(20 + 1) * N];
  jet_fn *f = new_on(isa, form->f, &c, N, true);
  points(x, N);
  assert_fn_ok(f, jet_fn_derivatives(f, order, x, d));
  for (int k = 0; k <= order; k++)
    for (int i = 0; i < N; i++)
      assert_near(d[k * N + i], form->derivative(x[i], c, k), closed_scale(form, x[i], k), form->name, k);
  assert_string_equal(jet_fn_message(f), "");
  jet_fn_free(f);
}

static void derivatives_match_closed_forms(void **state) {
  (void)state;
  jet_isa isas[3];
  for (int a = ref_isas(isas); a-- > 0;)
    for (int i = 0; i < FORMS; i++)
      for (int order = 0; order <= 20; order++) check_closed_derivatives(&closed_forms[i], isas[a], order);
}

/* f(x + t v): coefficient k is v^k f^(k)(x)/k!, for an elementwise f. */
static void taylor_matches_closed_forms(void **state) {
  enum { ORDER = 12 };
  double x[N], v[N], coefficients[(ORDER + 1) * N];
  (void)state;
  points(x, N);
  for (int i = 0; i < N; i++) v[i] = 0.25 * (i - 5);
  for (int j = 0; j < FORMS; j++) {
    double c = closed_forms[j].c;
    jet_fn *f = jet_fn_new(closed_forms[j].f, &c, N);
    assert_fn_ok(f, jet_fn_taylor(f, ORDER, x, v, coefficients));
    for (int k = 0; k <= ORDER; k++)
      for (int i = 0; i < N; i++) {
        double factor = pow(v[i], k) / factorial(k);
        assert_near(coefficients[k * N + i], closed_forms[j].derivative(x[i], c, k) * factor,
                    closed_scale(&closed_forms[j], x[i], k) * fabs(factor), closed_forms[j].name, k);
      }
    jet_fn_free(f);
  }
}

static void value_matches_closed_forms(void **state) {
  double x[N], y[N];
  (void)state;
  points(x, N);
  for (int j = 0; j < FORMS; j++) {
    double c = closed_forms[j].c;
    jet_fn *f = jet_fn_new(closed_forms[j].f, &c, N);
    assert_fn_ok(f, jet_fn_value(f, x, y));
    for (int i = 0; i < N; i++)
      assert_near(y[i], closed_forms[j].derivative(x[i], c, 0), closed_scale(&closed_forms[j], x[i], 0),
                  closed_forms[j].name, 0);
    assert_int_equal(jet_fn_outputs(f), N);
    jet_fn_free(f);
  }
}

static void the_three_calls_agree_at_order_zero(void **state) {
  double c = 2, x[N], v[N], y[N], d[N], coefficients[N];
  (void)state;
  points(x, N);
  points(v, N);
  jet_fn *f = jet_fn_new(sin_of_cx, &c, N);
  assert_fn_ok(f, jet_fn_value(f, x, y));
  assert_fn_ok(f, jet_fn_derivatives(f, 0, x, d));
  assert_fn_ok(f, jet_fn_taylor(f, 0, x, v, coefficients));
  assert_memory_equal(y, d, sizeof y);
  assert_memory_equal(y, coefficients, sizeof y);
  jet_fn_free(f);
}

/* ---- functions that are not elementwise ----------------------------------------------------------------------------
 */

static jet sum_of_squares(jet x, void *data) {
  (void)data;
  return jet_sum(jet_square(x));
}

static jet x_times_sum(jet x, void *data) {
  (void)data;
  return jet_mul(x, jet_sum(x));
}

static jet x_times_sum_of_constants(jet x, void *data) {
  (void)data;
  static const ptrdiff_t dims[] = {2};
  static const double values[] = {1, 2};
  return jet_mul(x, jet_sum(jet_constant(x.tape, 1, dims, values)));
}

static void taylor_of_a_sum(void **state) {
  static const double x[] = {1, 2, 3}, v[] = {-1, 0.5, 2};
  static const double want[] = {14, 12, 5.25, 0, 0};
  double c[5], y;
  (void)state;
  jet_fn *f = jet_fn_new(sum_of_squares, NULL, 3);
  assert_int_equal(jet_fn_outputs(f), 1);
  assert_fn_ok(f, jet_fn_value(f, x, &y));
  assert_true(y == 14);
  assert_fn_ok(f, jet_fn_taylor(f, 4, x, v, c));
  for (int k = 0; k <= 4; k++) assert_true(c[k] == want[k]);
  jet_fn_free(f);
}

static void taylor_mixes_elements(void **state) {
  static const double x[] = {1, 2}, v[] = {3, -1}; /* (x + t v)(3 + 2 t) */
  static const double want[] = {3, 6, 11, 1, 6, -2, 0, 0};
  double c[8];
  (void)state;
  jet_fn *f = jet_fn_new(x_times_sum, NULL, 2);
  assert_fn_ok(f, jet_fn_taylor(f, 3, x, v, c));
  for (int i = 0; i < 8; i++) assert_true(c[i] == want[i]);
  jet_fn_free(f);
}

static void a_mixing_function_has_no_elementwise_derivatives(void **state) {
  static jet_callback *const mixing[] = {sum_of_squares, x_times_sum};
  double x[3] = {1, 2, 3}, d[9];
  (void)state;
  for (int i = 0; i < 2; i++) {
    jet_fn *f = jet_fn_new(mixing[i], NULL, 3);
    assert_fn_fails(f, jet_fn_derivatives(f, 2, x, d), JET_NOT_ELEMENTWISE);
    assert_fn_ok(f, jet_fn_value(f, x, d)); /* the function itself is still good */
    jet_fn_free(f);
  }
}

static void a_sum_of_constants_mixes_nothing(void **state) {
  double x[2] = {5, 7}, d[4];
  static const double want[] = {15, 21, 3, 3};
  (void)state;
  jet_fn *f = jet_fn_new(x_times_sum_of_constants, NULL, 2);
  assert_fn_ok(f, jet_fn_derivatives(f, 1, x, d));
  for (int i = 0; i < 4; i++) assert_true(d[i] == want[i]);
  jet_fn_free(f);
}

/* ---- one recording
 * ---------------------------------------------------------------------------------------------------- */

struct counted {
  int calls;
  double c;
};

static jet counted_cx2(jet x, void *data) {
  struct counted *counted = data;
  counted->calls++;
  return jet_scale(jet_square(x), counted->c);
}

static void the_callback_is_called_once(void **state) {
  struct counted counted = {0, 3};
  double x[2] = {1, 2}, v[2] = {1, 1}, out[2 * 41];
  (void)state;
  jet_fn *f = jet_fn_new(counted_cx2, &counted, 2);
  assert_int_equal(counted.calls, 0);
  for (int order = 0; order <= 40; order++) {
    assert_fn_ok(f, jet_fn_value(f, x, out));
    assert_fn_ok(f, jet_fn_derivatives(f, order, x, out));
    assert_fn_ok(f, jet_fn_taylor(f, 40 - order, x, v, out));
    assert_int_equal(jet_fn_outputs(f), 2);
  }
  assert_int_equal(counted.calls, 1);
  jet_fn_free(f);
}

static void outputs_alone_records(void **state) {
  struct counted counted = {0, 3};
  (void)state;
  jet_fn *f = jet_fn_new(counted_cx2, &counted, 5);
  assert_int_equal(jet_fn_outputs(f), 5);
  assert_int_equal(counted.calls, 1);
  jet_fn_free(f);
}

static void forget_records_again_with_new_data(void **state) {
  struct counted counted = {0, 3};
  double x[2] = {1, 2}, d[4];
  (void)state;
  jet_fn *f = jet_fn_new(counted_cx2, &counted, 2);
  assert_fn_ok(f, jet_fn_derivatives(f, 1, x, d));
  assert_true(d[0] == 3 && d[1] == 12 && d[2] == 6 && d[3] == 12);
  counted.c = -1;
  assert_fn_ok(f, jet_fn_derivatives(f, 1, x, d));
  assert_true(d[1] == 12);
  jet_fn_forget(f);
  assert_int_equal(counted.calls, 1);
  assert_fn_ok(f, jet_fn_derivatives(f, 1, x, d));
  assert_true(d[0] == -1 && d[1] == -4 && d[2] == -2 && d[3] == -4);
  assert_fn_ok(f, jet_fn_value(f, x, d));
  assert_int_equal(counted.calls, 2);
  jet_fn_free(f);
}

static void forget_and_free_before_any_call(void **state) {
  struct counted counted = {0, 3};
  (void)state;
  jet_fn *f = jet_fn_new(counted_cx2, &counted, 2);
  assert_string_equal(jet_fn_message(f), "");
  jet_fn_forget(f);
  jet_fn_free(f);
  assert_int_equal(counted.calls, 0);
  jet_fn_free(NULL);
}

/* ---- sizes
 * ------------------------------------------------------------------------------------------------------------- */

static void no_elements(void **state) {
  double c = 2, y = 7;
  (void)state;
  jet_fn *f = jet_fn_new(exp_of_cx, &c, 0);
  assert_int_equal(jet_fn_outputs(f), 0);
  assert_fn_ok(f, jet_fn_value(f, NULL, NULL));
  assert_fn_ok(f, jet_fn_derivatives(f, 3, NULL, NULL));
  assert_fn_ok(f, jet_fn_taylor(f, 3, NULL, NULL, NULL));
  assert_fn_ok(f, jet_fn_value(f, &y, &y));
  assert_true(y == 7);
  jet_fn_free(f);
}

static void the_sum_of_no_elements_is_zero(void **state) {
  double c[3] = {7, 7, 7};
  (void)state;
  jet_fn *f = jet_fn_new(sum_of_squares, NULL, 0);
  assert_fn_ok(f, jet_fn_value(f, NULL, c));
  assert_true(c[0] == 0);
  assert_fn_ok(f, jet_fn_taylor(f, 2, NULL, NULL, c));
  assert_true(c[0] == 0 && c[1] == 0 && c[2] == 0);
  jet_fn_free(f);
}

static void one_element(void **state) {
  double c = 1, x = 0.5, d[4];
  (void)state;
  jet_fn *f = jet_fn_new(exp_of_cx, &c, 1);
  assert_fn_ok(f, jet_fn_derivatives(f, 3, &x, d));
  for (int k = 0; k <= 3; k++) assert_near(d[k], exp(0.5), exp(0.5), "exp", k);
  jet_fn_free(f);
}

static void a_negative_size_is_refused(void **state) {
  double c = 1, x = 0, y = 0;
  (void)state;
  jet_fn *f = jet_fn_new(exp_of_cx, &c, -1);
  assert_non_null(f);
  assert_fn_fails_somehow(f, jet_fn_value(f, &x, &y));
  assert_int_equal(jet_fn_outputs(f), -1);
  jet_fn_free(f);
}

static void an_absurd_size_is_refused(void **state) {
  double c = 1, x = 0, y = 0;
  (void)state;
  jet_fn *f = jet_fn_new(exp_of_cx, &c, PTRDIFF_MAX / 4);
  assert_non_null(f);
  assert_fn_fails_somehow(f, jet_fn_derivatives(f, 20, &x, &y));
  jet_fn_free(f);
}

static void a_million_elements(void **state) {
  enum { MILLION = 1000000, ORDER = 3 };
  double c = 1, *x = test_malloc(MILLION * sizeof *x), *d = test_malloc((ORDER + 1) * MILLION * sizeof *d);
  (void)state;
  for (int i = 0; i < MILLION; i++) x[i] = 1e-5 * i - 3;
  jet_fn *f = jet_fn_new(sin_of_cx, &c, MILLION);
  assert_fn_ok(f, jet_fn_derivatives(f, ORDER, x, d));
  for (int i = 0; i < MILLION; i++)
    for (int k = 0; k <= ORDER; k++)
      if (!near(d[k * MILLION + i], sin_of_cx_derivative(x[i], c, k), 1))
        fail_msg("element %d, order %d: %.17g", i, k, d[k * MILLION + i]);
  jet_fn_free(f);
  test_free(x);
  test_free(d);
}

/* Caller's arrays need the alignment of a double only, and nothing outside them is touched. */
static void unaligned_arrays(void **state) {
  enum { ORDER = 2, LENGTH = 37, GUARD = 3, SIZE = (ORDER + 1) * LENGTH };
  double c = 1, *x = test_malloc((LENGTH + 8) * sizeof *x), *d = test_malloc((SIZE + 8 + 2 * GUARD) * sizeof *d);
  (void)state;
  for (int offset = 0; offset < 8; offset++) {
    for (int i = 0; i < SIZE + 8 + 2 * GUARD; i++) d[i] = 99;
    points(x + offset, LENGTH);
    double *inside = d + GUARD + offset;
    jet_fn *f = jet_fn_new(sin_of_cx, &c, LENGTH);
    assert_fn_ok(f, jet_fn_derivatives(f, ORDER, x + offset, inside));
    for (int k = 0; k <= ORDER; k++)
      for (int i = 0; i < LENGTH; i++)
        assert_near(inside[k * LENGTH + i], sin_of_cx_derivative(point(i), c, k), 1 + point(i), "sin", k);
    for (int i = 0; i < GUARD; i++) assert_true(inside[-1 - i] == 99 && inside[SIZE + i] == 99);
    assert_fn_ok(f, jet_fn_value(f, x + offset, inside));
    assert_true(inside[-1] == 99 && inside[0] == inside[0] && inside[LENGTH - 1] != 99);
    jet_fn_free(f);
  }
  test_free(x);
  test_free(d);
}

/* Different arrays at each call: what was bound before must not be read or written again. */
static void other_arrays_at_each_call(void **state) {
  double c = 1, x[2][3] = {{1, 2, 3}, {4, 5, 6}}, y[2][3];
  (void)state;
  jet_fn *f = jet_fn_new(c_x_cubed, &c, 3);
  assert_fn_ok(f, jet_fn_value(f, x[0], y[0]));
  assert_fn_ok(f, jet_fn_value(f, x[1], y[1]));
  for (int i = 0; i < 3; i++) {
    assert_true(y[0][i] == x[0][i] * x[0][i] * x[0][i]);
    assert_true(y[1][i] == x[1][i] * x[1][i] * x[1][i]);
  }
  jet_fn_free(f);
}

static jet identity(jet x, void *data) {
  (void)data;
  return x;
}

static void the_identity(void **state) {
  double x[2] = {5, 7}, v[2] = {2, 3}, d[6];
  static const double derivatives[] = {5, 7, 1, 1, 0, 0}, taylor[] = {5, 7, 2, 3, 0, 0};
  (void)state;
  jet_fn *f = jet_fn_new(identity, NULL, 2);
  assert_fn_ok(f, jet_fn_value(f, x, d));
  assert_true(d[0] == 5 && d[1] == 7);
  assert_fn_ok(f, jet_fn_derivatives(f, 2, x, d));
  for (int i = 0; i < 6; i++) assert_true(d[i] == derivatives[i]);
  assert_fn_ok(f, jet_fn_taylor(f, 2, x, v, d));
  for (int i = 0; i < 6; i++) assert_true(d[i] == taylor[i]);
  jet_fn_free(f);
}

static jet ones(jet x, void *data) {
  static const double values[] = {1, 2, 3};
  static const ptrdiff_t dims[] = {3};
  (void)data;
  return jet_constant(x.tape, 1, dims, values);
}

static void a_constant_function(void **state) {
  double x[3] = {5, 7, 9}, d[6];
  (void)state;
  jet_fn *f = jet_fn_new(ones, NULL, 3);
  assert_fn_ok(f, jet_fn_derivatives(f, 1, x, d));
  for (int i = 0; i < 3; i++) assert_true(d[i] == i + 1 && d[3 + i] == 0);
  jet_fn_free(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(value_matches_closed_forms),
      cmocka_unit_test(derivatives_match_closed_forms),
      cmocka_unit_test(taylor_matches_closed_forms),
      cmocka_unit_test(the_three_calls_agree_at_order_zero),
      cmocka_unit_test(taylor_of_a_sum),
      cmocka_unit_test(taylor_mixes_elements),
      cmocka_unit_test(a_mixing_function_has_no_elementwise_derivatives),
      cmocka_unit_test(a_sum_of_constants_mixes_nothing),
      cmocka_unit_test(the_callback_is_called_once),
      cmocka_unit_test(outputs_alone_records),
      cmocka_unit_test(forget_records_again_with_new_data),
      cmocka_unit_test(forget_and_free_before_any_call),
      cmocka_unit_test(no_elements),
      cmocka_unit_test(the_sum_of_no_elements_is_zero),
      cmocka_unit_test(one_element),
      cmocka_unit_test(a_negative_size_is_refused),
      cmocka_unit_test(an_absurd_size_is_refused),
      cmocka_unit_test(a_million_elements),
      cmocka_unit_test(unaligned_arrays),
      cmocka_unit_test(other_arrays_at_each_call),
      cmocka_unit_test(the_identity),
      cmocka_unit_test(a_constant_function),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
