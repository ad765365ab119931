/* test_fn.c - jet_fn: a C callback made differentiable. */
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

#include "reference.h"

enum { MAX_TEST_ORDER = 250 };

static double factorial(int k) {
  long double product = 1;
  for (int i = 2; i <= k; i++) product *= i;
  return (double)product;
}

static bool near(double got, double want, double scale) {
  return got == want || fabs(got - want) <= REF_TOLERANCE * REF_UNIT * scale;
}

static void assert_near(double got, double want, double scale, const char *what, int k) {
  if (!near(got, want, scale)) fail_msg("%s, order %d: got %.17g, want %.17g", what, k, got, want);
}

static void assert_fn_ok(jet_fn *f, jet_status status) {
  if (status != JET_OK) fail_msg("status %d: %s", (int)status, jet_fn_message(f));
}

/* A failure comes with a sentence. */
static void assert_fn_fails(jet_fn *f, jet_status status, jet_status want) {
  if (status != want)
    fail_msg("status \"%s\" instead of \"%s\": %s", jet_status_string(status), jet_status_string(want),
             jet_fn_message(f));
  if (strlen(jet_fn_message(f)) < 10) fail_msg("not a sentence: \"%s\"", jet_fn_message(f));
}

static void assert_fn_fails_somehow(jet_fn *f, jet_status status) {
  assert_int_not_equal(status, JET_OK);
  assert_fn_fails(f, status, status);
}

/* ---- functions with derivatives known in closed form ------------------------------------------------------------- */

static jet exp_of_cx(jet x, void *data) { return jet_exp(jet_scale(x, *(const double *)data)); }
static double exp_of_cx_derivative(double x, double c, int k) { return pow(c, k) * exp(c * x); }

static jet log_of_cx(jet x, void *data) { return jet_log(jet_scale(x, *(const double *)data)); }
static double log_of_cx_derivative(double x, double c, int k) {
  return k == 0 ? log(c * x) : (k % 2 ? 1 : -1) * factorial(k - 1) / pow(x, k);
}

static jet sin_of_cx(jet x, void *data) { return jet_sin(jet_mul(x, jet_scalar(x.tape, *(const double *)data))); }
static double sin_of_cx_derivative(double x, double c, int k) {
  double s = k % 2 ? cos(c * x) : sin(c * x);
  return pow(c, k) * (k / 2 % 2 ? -s : s);
}

static jet pole_at_c(jet x, void *data) { return jet_recip(jet_shift(jet_neg(x), *(const double *)data)); }
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

static jet_fn *new_on(jet_isa isa, jet_callback *f, void *data, ptrdiff_t n, bool rewriting) {
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  options.isa = isa;
  options.no_rewriting = !rewriting;
  jet_fn *fn = jet_fn_new_ex(f, data, n, &options);
  assert_non_null(fn);
  return fn;
}

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
