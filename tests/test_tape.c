/* test_tape.c - tapes: options, broadcasting, orders, structural zeros, rewriting. */
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
#include "reference.h"
#include "tape.h"
#include "tape_help.h"

/* ---- options ----------------------------------------------------------------------------------------------------- */

static void tape_options_of_a_wrong_size_are_refused(void **state) {
  static const size_t sizes[] = {0, 1, sizeof(size_t) - 1, (size_t)1 << 20, SIZE_MAX};
  static const char *const words[WORDS] = {"size"};
  (void)state;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    jet_tape_options options = JET_TAPE_OPTIONS_INIT;
    options.size = sizes[i];
    jet_tape *tape = jet_tape_new_ex(&options);
    assert_int_equal(jet_tape_status(tape), JET_BAD_ARGUMENT);
    assert_int_equal(sentence_lacks(jet_tape_message(tape), "jet_tape_new_ex", words), 0);
    assert_failed_jet(jet_input(tape, 0, NULL));
    jet_tape_free(tape);
  }
}

static void options_of_an_older_size_keep_the_defaults(void **state) {
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  (void)state;
  options.size = offsetof(jet_tape_options, no_rewriting);
  options.no_rewriting = 1;
  jet_tape *tape = jet_tape_new_ex(&options);
  jet x = jet_input(tape, 0, NULL), y = jet_div(jet_sin(x), x);
  jet_plan *plan = jet_plan_new(tape, 1, &y);
  assert_int_equal(jet_plan_run(plan), JET_OK);
  assert_true(*jet_plan_data(plan, y, 0) == 1);
  jet_plan_free(plan);
  jet_tape_free(tape);
}

static void plan_options_of_a_wrong_size_are_refused(void **state) {
  static const size_t sizes[] = {0, sizeof(size_t) - 1, (size_t)1 << 20};
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet y = jet_sin(jet_input(tape, 0, NULL));
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    jet_plan_options options = JET_PLAN_OPTIONS_INIT;
    options.size = sizes[i];
    jet_plan *plan = jet_plan_new_ex(tape, 1, &y, &options);
    assert_int_equal(jet_plan_status(plan), JET_BAD_ARGUMENT);
    assert_non_null(strstr(jet_plan_message(plan), "size"));
    assert_int_equal(jet_plan_run(plan), JET_BAD_ARGUMENT);
    jet_plan_free(plan);
  }
  assert_int_equal(jet_tape_status(tape), JET_OK);
  jet_tape_free(tape);
}

static void an_instruction_set_that_is_not_here_is_refused(void **state) {
  static const int isas[] = {-1, 99, JET_ISA_BASELINE, JET_ISA_AVX2, JET_ISA_AVX512};
  static const char *const words[WORDS] = {"instruction set"};
  (void)state;
  for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
    jet_isa isa = (jet_isa)isas[i];
    jet_tape *tape = ref_tape(isa, true);
    if (jet_isa_available(isa)) assert_int_equal(jet_tape_status(tape), JET_OK);
    else {
      assert_int_equal(jet_tape_status(tape), JET_UNSUPPORTED);
      assert_int_equal(sentence_lacks(jet_tape_message(tape), "jet_tape_new_ex", words), 0);
    }
    jet_tape_free(tape);
  }
  assert_false(jet_isa_available((jet_isa)-1));
  assert_false(jet_isa_available((jet_isa)99));
  assert_true(jet_isa_available(JET_ISA_AUTO));
  assert_true(jet_isa_available(JET_ISA_BASELINE));
}

static void every_status_has_a_sentence(void **state) {
  (void)state;
  for (int s = JET_OK; s <= JET_UNSUPPORTED; s++) assert_true(strlen(jet_status_string((jet_status)s)) > 5);
  assert_non_null(jet_status_string((jet_status)-1));
  assert_non_null(jet_status_string((jet_status)1000));
}

/* ---- broadcasting ------------------------------------------------------------------------------------------------ */

enum { SHAPES = sizeof shapes / sizeof *shapes, LARGEST = 48 };

static jet input_shape(jet_tape *tape, int i) { return jet_input(tape, shapes[i].rank, shapes[i].dims); }

/* NumPy's rule; false if they do not fit. */
static bool fit(int i, int j, int rank, ptrdiff_t dims[4]) {
  for (int a = 0; a < rank; a++) {
    ptrdiff_t p = extent(i, rank, a), q = extent(j, rank, a);
    if (p != q && p != 1 && q != 1) return false;
    dims[a] = p == 1 ? q : p;
  }
  return true;
}

/* Where element e of the result comes from in an array of shape i. */
static ptrdiff_t source(int i, int rank, const ptrdiff_t dims[4], ptrdiff_t e) {
  ptrdiff_t at = 0, stride = 1;
  for (int a = rank - 1; a >= 0; a--) {
    ptrdiff_t index = e % dims[a], p = extent(i, rank, a);
    e /= dims[a];
    if (p != 1) at += index * stride;
    stride *= p;
  }
  return at;
}

static void fill(jet_plan *plan, jet x, int k, double first) {
  double *p = jet_plan_data(plan, x, k);
  for (ptrdiff_t i = 0; i < jet_size(x); i++) p[i] = first + (double)i;
}

static void assert_shape(jet y, int rank, const ptrdiff_t *dims) {
  ptrdiff_t size = 1;
  assert_int_equal(jet_rank(y), rank);
  for (int a = 0; a < rank; a++) {
    assert_int_equal(jet_extent(y, a), dims[a]);
    size *= dims[a];
  }
  assert_int_equal(jet_size(y), size);
  assert_int_equal(jet_extent(y, rank), -1);
  assert_int_equal(jet_extent(y, -1), -1);
}

static void check_pair(int i, int j) {
  ptrdiff_t dims[4];
  int rank = shapes[i].rank > shapes[j].rank ? shapes[i].rank : shapes[j].rank;
  jet_tape *tape = jet_tape_new();
  jet a = input_shape(tape, i), b = input_shape(tape, j), y[2] = {jet_sub(a, b), jet_none};
  if (!fit(i, j, rank, dims)) {
    assert_int_equal(jet_tape_status(tape), JET_BAD_SHAPE);
    jet_tape_free(tape);
    return;
  }
  y[1] = jet_expand(a, b, jet_parameter(tape, 3));
  for (int o = 0; o < 2; o++) assert_shape(y[o], rank, dims);
  jet_plan *plan = jet_plan_new(tape, 2, y);
  fill(plan, a, 0, 1000);
  fill(plan, b, 0, 1);
  assert_int_equal(jet_plan_run(plan), JET_OK);
  for (ptrdiff_t e = 0; e < jet_size(y[0]); e++) {
    double p = 1000 + (double)source(i, rank, dims, e), q = 1 + (double)source(j, rank, dims, e);
    assert_true(jet_plan_data(plan, y[0], 0)[e] == p - q);
    assert_true(jet_plan_data(plan, y[1], 0)[e] == p);
    if (jet_plan_data(plan, y[1], 1)[e] != q)
      fail_msg("x + v t: coefficient 1 is %g, not v = %g", jet_plan_data(plan, y[1], 1)[e], q);
    assert_true(jet_plan_data(plan, y[1], 2)[e] == 0);
  }
  jet_plan_free(plan);
  jet_tape_free(tape);
}

static void shapes_broadcast_as_in_numpy(void **state) {
  (void)state;
  for (int i = 0; i < SHAPES; i++)
    for (int j = 0; j < SHAPES; j++) check_pair(i, j);
}

/* One broadcast result used by others: three shapes at once, in jets. */
static void broadcasts_of_broadcasts(void **state) {
  const ptrdiff_t column[] = {3, 1}, row[] = {4}, cube[] = {2, 1, 1};
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet t = jet_parameter(tape, 2), a = jet_input_series(t, 2, column), b = jet_input(tape, 1, row);
  jet c = jet_input_series(t, 3, cube), y = jet_mul(jet_add(a, b), c);
  jet_plan *plan = jet_plan_new(tape, 1, &y);
  for (int k = 0; k < 3; k++) fill(plan, a, k, 1 + 10 * k), fill(plan, c, k, 2 - 3 * k);
  fill(plan, b, 0, 5);
  assert_int_equal(jet_plan_run(plan), JET_OK);
  for (int e = 0; e < 24; e++)
    for (int k = 0; k < 3; k++) {
      double want = 0;
      for (int l = 0; l <= k; l++) want += (1 + 10 * l + e / 4 % 3 + (l ? 0 : 5 + e % 4)) * (2. - 3 * (k - l) + e / 12);
      assert_true(jet_plan_data(plan, y, k)[e] == want);
    }
  jet_plan_free(plan);
  jet_tape_free(tape);
}

/* ---- orders ------------------------------------------------------------------------------------------------------ */

static void the_order_belongs_to_the_value(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet plain = vector(tape, 3), t = jet_parameter(tape, 7), s = jet_parameter(tape, 2);
  jet x = jet_expand(plain, plain, t), u = jet_expand(jet_coefficient(jet_exp(x), 5), plain, s);
  assert_int_equal(jet_order(plain), 0);
  assert_int_equal(jet_order(t), 7);
  assert_int_equal(jet_rank(t), 0);
  assert_int_equal(jet_order(x), 7);
  assert_int_equal(jet_order(jet_input_series(t, 0, NULL)), 7);
  assert_int_equal(jet_order(jet_sum(x)), 7);
  assert_int_equal(jet_order(jet_coefficient(x, 3)), 0);
  assert_int_equal(jet_order(u), 2);
  assert_int_equal(jet_order(jet_powc(x, 0)), 7);
  assert_int_equal(jet_order(jet_parameter(tape, 0)), 0);
  assert_int_equal(jet_order(jet_parameter(tape, JET_MAX_ORDER)), JET_MAX_ORDER);
  for (int f = 0; f < BINARIES; f++) {
    assert_int_equal(jet_order(binary[f].f(plain, x)), 7);
    assert_int_equal(jet_order(binary[f].f(x, plain)), 7);
    assert_int_equal(jet_order(binary[f].f(plain, plain)), 0);
  }
  for (int f = 0; f < UNARIES; f++) assert_int_equal(jet_order(unary[f].f(x)), 7);
  assert_int_equal(jet_tape_status(tape), JET_OK);
  assert_string_equal(jet_tape_message(tape), "");
  jet_tape_free(tape);
}

static void coefficient_zero_of_a_plain_array_is_itself(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = jet_neg(vector(tape, 3)), y = jet_coefficient(x, 0);
  assert_int_equal(y.id, x.id);
  jet_tape_free(tape);
}

/* A parameter of order 0 is an own parameter all the same. */
static void a_parameter_of_order_zero(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = jet_input(tape, 0, NULL), y = jet_exp(jet_expand(x, x, jet_parameter(tape, 0)));
  jet_plan *plan = jet_plan_new(tape, 1, &y);
  *jet_plan_data(plan, x, 0) = 1;
  assert_int_equal(jet_plan_run(plan), JET_OK);
  assert_true(fabs(*jet_plan_data(plan, y, 0) - exp(1)) < 1e-15);
  assert_null(jet_plan_data(plan, y, 1));
  jet_plan_free(plan);
  jet_add(y, jet_expand(x, x, jet_parameter(tape, 0)));
  assert_int_equal(jet_tape_status(tape), JET_BAD_PARAMETER);
  jet_tape_free(tape);
}

/* ---- structural zeros -------------------------------------------------------------------------------------------- */

enum { ORDER = 5 };

/* Coefficients of y at x = value; x a scalar input. */
static void coefficients(jet_tape *tape, jet x, double value, jet y, double c[]) {
  jet_plan *plan = jet_plan_new(tape, 1, &y);
  if (jet_plan_status(plan)) fail_msg("%s", jet_plan_message(plan));
  *jet_plan_data(plan, x, 0) = value;
  assert_int_equal(jet_plan_run(plan), JET_OK);
  for (int k = 0; k <= jet_order(y); k++) c[k] = *jet_plan_data(plan, y, k);
  jet_plan_free(plan);
}

/* round(x + t) is a constant jet: whatever is made of it, at poles and branch points too, has zero derivatives. */
static void a_constant_has_zero_derivatives(void **state) {
  static const double points[] = {0, 1, -1, 2, INFINITY, NAN};
  int wrong = 0;
  (void)state;
  for (int f = 0; f < UNARIES; f++)
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
      double c[ORDER + 1];
      jet_tape *tape = jet_tape_new();
      jet x = jet_input(tape, 0, NULL), constant = jet_round(jet_expand(x, x, jet_parameter(tape, ORDER)));
      jet y = unary[f].f(constant);
      assert_int_equal(jet_order(y), ORDER);
      coefficients(tape, x, points[i], y, c);
      for (int k = 1; k <= ORDER; k++)
        if (c[k] != 0) wrong++, print_error("%s(%g): coefficient %d is %g\n", unary[f].name, points[i], k, c[k]);
      jet_tape_free(tape);
    }
  if (wrong) fail_msg("%d failures", wrong);
}

static void two_constants_have_zero_derivatives(void **state) {
  static const double points[] = {0, 1, -2, INFINITY, NAN};
  int wrong = 0;
  (void)state;
  for (int f = 0; f < BINARIES; f++)
    for (int i = 0; i < 25; i++) {
      double c[ORDER + 1];
      jet_tape *tape = jet_tape_new();
      jet x = jet_input(tape, 0, NULL), constant = jet_floor(jet_expand(x, x, jet_parameter(tape, ORDER)));
      jet number = jet_scalar(tape, points[i % 5]);
      coefficients(tape, x, points[i / 5], binary[f].f(constant, number), c);
      for (int k = 1; k <= ORDER; k++)
        if (c[k] != 0) wrong++, print_error("%s: coefficient %d is %g\n", binary[f].name, k, c[k]);
      jet_tape_free(tape);
    }
  if (wrong) fail_msg("%d failures", wrong);
}

static void coefficients_outside_the_interval_are_zeros(void **state) {
  double c[ORDER + 1];
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = jet_input(tape, 0, NULL), t = jet_parameter(tape, ORDER), l = jet_expand(x, x, t);
  coefficients(tape, x, 3, jet_coefficient(l, 2), c);
  assert_true(c[0] == 0);
  coefficients(tape, x, 3, jet_exp(jet_coefficient(l, 4)), c);
  assert_true(c[0] == 1);
  coefficients(tape, x, 3, jet_sum(jet_coefficient(l, 4)), c);
  assert_true(c[0] == 0);
  coefficients(tape, x, 3, jet_expand(jet_coefficient(l, 4), x, t), c);
  assert_true(c[0] == 0 && c[1] == 3 && c[2] == 0);
  coefficients(tape, x, 3, jet_expand(x, jet_coefficient(l, 3), t), c);
  assert_true(c[0] == 3 && c[1] == 0);
  coefficients(tape, x, 3, jet_coefficient(jet_square(l), 2), c);
  assert_true(c[0] == 9);
  coefficients(tape, x, 3, jet_coefficient(jet_square(l), 3), c);
  assert_true(c[0] == 0);
  jet_tape_free(tape);
}

static void the_parameter_itself(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = jet_input(tape, 0, NULL), t = jet_parameter(tape, ORDER), y[] = {t, jet_square(t), jet_mul(x, t), jet_neg(t)};
  for (int i = 0; i < 4; i++) {
    double c[ORDER + 1];
    static const double want[4][3] = {{0, 1, 0}, {0, 0, 1}, {0, 7, 0}, {0, -1, 0}};
    coefficients(tape, x, 7, y[i], c);
    for (int k = 0; k <= ORDER; k++)
      if (c[k] != (k < 3 ? want[i][k] : 0)) fail_msg("expression %d: coefficient %d is %g", i, k, c[k]);
  }
  jet_tape_free(tape);
}

/* ---- rewriting --------------------------------------------------------------------------------------------------- */

static jet one(jet x) { return jet_scalar(x.tape, 1); }

static jet sin_x_by_x(jet x, jet b) { return (void)b, jet_div(jet_sin(x), x); }

static jet expm1_x_by_x(jet x, jet b) { return (void)b, jet_div(jet_expm1(x), x); }

static jet exp_x_minus_1_by_x(jet x, jet b) { return (void)b, jet_div(jet_sub(jet_exp(x), one(x)), x); }

static jet log1p_x_by_x(jet x, jet b) { return (void)b, jet_div(jet_log1p(x), x); }

static jet log_1_plus_x_by_x(jet x, jet b) { return (void)b, jet_div(jet_log(jet_add(one(x), x)), x); }

static jet log_1_plus_x(jet x, jet b) { return (void)b, jet_log(jet_add(one(x), x)); }

static jet log_x_plus_1(jet x, jet b) { return (void)b, jet_log(jet_add(x, one(x))); }

static jet log_shift(jet x, jet b) { return (void)b, jet_log(jet_shift(x, 1)); }

static jet log_x_minus_minus_1(jet x, jet b) { return (void)b, jet_log(jet_sub(x, jet_scalar(x.tape, -1))); }

static jet exp_minus_1(jet x, jet b) { return (void)b, jet_sub(jet_exp(x), one(x)); }

static jet exp_shift(jet x, jet b) { return (void)b, jet_shift(jet_exp(x), -1); }

static jet minus_1_plus_exp(jet x, jet b) { return (void)b, jet_add(jet_scalar(x.tape, -1), jet_exp(x)); }

static jet norm_by_products(jet a, jet b) { return jet_sqrt(jet_add(jet_mul(a, a), jet_mul(b, b))); }

static jet norm_by_squares(jet a, jet b) { return jet_sqrt(jet_add(jet_square(a), jet_square(b))); }

static jet norm_by_powers(jet a, jet b) {
  return jet_powc(jet_add(jet_powc(a, 2), jet_pow(b, jet_scalar(b.tape, 2))), 0.5);
}

static jet log_of_exps(jet a, jet b) { return jet_log(jet_add(jet_exp(a), jet_exp(b))); }

/* Not these functions: what is typed must stay. */
static jet cos_x_by_x(jet x, jet b) { return (void)b, jet_div(jet_cos(x), x); }

static jet sinh_x_by_x(jet x, jet b) { return (void)b, jet_div(jet_sinh(x), x); }

static jet sinpi_x_by_x(jet x, jet b) { return (void)b, jet_div(jet_sinpi(x), x); }

static jet sin_x_by_y(jet x, jet b) { return jet_div(jet_sin(x), b); }

static jet sin_x_by_sin_x(jet x, jet b) { return (void)b, jet_div(jet_sin(x), jet_sin(x)); }

static jet x_by_sin_x(jet x, jet b) { return (void)b, jet_div(x, jet_sin(x)); }

static jet sin_x_by_copy_of_x(jet x, jet b) { return (void)b, jet_div(jet_sin(x), jet_scale(x, 1)); }

static jet sin_2x_by_x(jet x, jet b) { return (void)b, jet_div(jet_sin(jet_scale(x, 2)), x); }

static jet expm1_x_by_y(jet x, jet b) { return jet_div(jet_expm1(x), b); }

static jet log1p_x_by_y(jet x, jet b) { return jet_div(jet_log1p(x), b); }

static jet exp_minus_2(jet x, jet b) { return (void)b, jet_shift(jet_exp(x), -2); }

static jet exp_plus_1(jet x, jet b) { return (void)b, jet_shift(jet_exp(x), 1); }

static jet one_minus_exp(jet x, jet b) { return (void)b, jet_sub(one(x), jet_exp(x)); }

static jet log_2_plus_x(jet x, jet b) { return (void)b, jet_log(jet_shift(x, 2)); }

static jet log_1_minus_x(jet x, jet b) { return (void)b, jet_log(jet_sub(one(x), x)); }

static jet log2_1_plus_x(jet x, jet b) { return (void)b, jet_log2(jet_shift(x, 1)); }

static jet sqrt_of_difference(jet a, jet b) { return jet_sqrt(jet_sub(jet_square(a), jet_square(b))); }

static jet sqrt_of_square_and_b(jet a, jet b) { return jet_sqrt(jet_add(jet_square(a), b)); }

static jet log_of_square_sum(jet a, jet b) { return jet_log(jet_add(jet_square(a), jet_square(b))); }

static jet log_of_exp_difference(jet a, jet b) { return jet_log(jet_sub(jet_exp(a), jet_exp(b))); }

static jet log_of_exp_and_b(jet a, jet b) { return jet_log(jet_add(jet_exp(a), b)); }

static jet sqrt_of_exps(jet a, jet b) { return jet_sqrt(jet_add(jet_exp(a), jet_exp(b))); }

typedef struct rewriting_case {
  const char *what;
  jet (*record)(jet x, jet b);
  double x, b, better, as_typed;
} rewriting_case;

static double value_of_case(const rewriting_case *r, bool rewriting) {
  jet_tape *tape = ref_tape(JET_ISA_AUTO, rewriting);
  jet x = jet_input(tape, 0, NULL), b = jet_input(tape, 0, NULL), y = r->record(x, b);
  jet_plan *plan = jet_plan_new(tape, 1, &y);
  *jet_plan_data(plan, x, 0) = r->x;
  *jet_plan_data(plan, b, 0) = r->b;
  assert_int_equal(jet_plan_run(plan), JET_OK);
  double value = *jet_plan_data(plan, y, 0);
  jet_plan_free(plan);
  jet_tape_free(tape);
  return value;
}

static int check_case(const rewriting_case *r, bool rewriting, double want) {
  double got = value_of_case(r, rewriting);
  if (got == want || (isnan(got) && isnan(want)) || fabs(got - want) <= 4e-16 * fabs(want)) return 0;
  print_error("%s, rewriting %s: %.17g, not %.17g\n", r->what, rewriting ? "on" : "off", got, want);
  return 1;
}

static void better_programs_are_recorded_unless_switched_off(void **state) {
  const double L2 = 0.69314718055994531, huge = 1e200;
  const rewriting_case list[] = {
      {"sin(x)/x", sin_x_by_x, 0, 0, 1, NAN},
      {"expm1(x)/x", expm1_x_by_x, 0, 0, 1, NAN},
      {"(exp(x)-1)/x", exp_x_minus_1_by_x, 0, 0, 1, NAN},
      {"log1p(x)/x", log1p_x_by_x, 0, 0, 1, NAN},
      {"log(1+x)/x", log_1_plus_x_by_x, 0, 0, 1, NAN},
      {"log(1+x)", log_1_plus_x, 1e-20, 0, 1e-20, 0},
      {"log(x+1)", log_x_plus_1, 1e-20, 0, 1e-20, 0},
      {"log(shift(x,1))", log_shift, -1e-20, 0, -1e-20, 0},
      {"log(x-(-1))", log_x_minus_minus_1, 1e-20, 0, 1e-20, 0},
      {"exp(x)-1", exp_minus_1, 1e-20, 0, 1e-20, 0},
      {"shift(exp(x),-1)", exp_shift, -1e-20, 0, -1e-20, 0},
      {"-1+exp(x)", minus_1_plus_exp, 1e-20, 0, 1e-20, 0},
      {"sqrt(a*a+b*b)", norm_by_products, 3 * huge, 4 * huge, 5 * huge, INFINITY},
      {"sqrt(square(a)+square(b))", norm_by_squares, -3 * huge, 4 * huge, 5 * huge, INFINITY},
      {"powc(powc(a,2)+pow(b,2),0.5)", norm_by_powers, 3 / huge, 4 / huge, 5 / huge, 0},
      {"log(exp(a)+exp(b))", log_of_exps, 1000, 1000, 1000 + L2, INFINITY},
      {"log(exp(a)+exp(b))", log_of_exps, -1000, -1000, -1000 + L2, -INFINITY},
  };
  int wrong = 0;
  (void)state;
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    wrong += check_case(&list[i], true, list[i].better) + check_case(&list[i], false, list[i].as_typed);
  if (wrong) fail_msg("%d failures", wrong);
}

/* The value is that of what was typed, with rewriting on and off. */
static void only_the_same_function_is_rewritten(void **state) {
  const rewriting_case list[] = {
      {"cos(x)/x", cos_x_by_x, 0, 0, INFINITY, 0},
      {"sinh(x)/x", sinh_x_by_x, 2, 0, sinh(2) / 2, 0},
      {"sinpi(x)/x", sinpi_x_by_x, 0.5, 0, 2, 0},
      {"sin(x)/y", sin_x_by_y, 0, 0, NAN, 0},
      {"sin(x)/y", sin_x_by_y, 1, 2, sin(1) / 2, 0},
      {"sin(x)/sin(x)", sin_x_by_sin_x, 2, 0, 1, 0},
      {"x/sin(x)", x_by_sin_x, 2, 0, 2 / sin(2), 0},
      {"sin(x)/(1 x)", sin_x_by_copy_of_x, 0, 0, NAN, 0},
      {"sin(2x)/x", sin_2x_by_x, 1, 0, sin(2), 0},
      {"expm1(x)/y", expm1_x_by_y, 0, 0, NAN, 0},
      {"log1p(x)/y", log1p_x_by_y, 0, 0, NAN, 0},
      {"exp(x)-2", exp_minus_2, 1, 0, exp(1) - 2, 0},
      {"exp(x)+1", exp_plus_1, 1, 0, exp(1) + 1, 0},
      {"1-exp(x)", one_minus_exp, 1, 0, 1 - exp(1), 0},
      {"log(2+x)", log_2_plus_x, 1, 0, log(3), 0},
      {"log(1-x)", log_1_minus_x, 0.5, 0, log(0.5), 0},
      {"log2(1+x)", log2_1_plus_x, 3, 0, 2, 0},
      {"sqrt(a*a-b*b)", sqrt_of_difference, 5, 3, 4, 0},
      {"sqrt(a*a+b)", sqrt_of_square_and_b, 3, 7, 4, 0},
      {"log(a*a+b*b)", log_of_square_sum, 3, 4, log(25), 0},
      {"log(exp(a)-exp(b))", log_of_exp_difference, 2, 1, log(exp(2) - exp(1)), 0},
      {"log(exp(a)+b)", log_of_exp_and_b, 2, 1, log(exp(2) + 1), 0},
      {"sqrt(exp(a)+exp(b))", sqrt_of_exps, 2, 1, sqrt(exp(2) + exp(1)), 0},
  };
  int wrong = 0;
  (void)state;
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    wrong += check_case(&list[i], true, list[i].better) + check_case(&list[i], false, list[i].better);
  if (wrong) fail_msg("%d failures", wrong);
}

/* Different elements of different arrays: what the same x means for arrays, and jets of the rewritten program. */
static void rewriting_keeps_arrays_and_jets(void **state) {
  static const double want[] = {1, 0, -1. / 6, 0, 1. / 120};
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, 3), t = jet_parameter(tape, 4), l = jet_expand(x, jet_scalar(tape, 1), t);
  jet y = jet_div(jet_sin(l), l);
  assert_shape(y, 1, (ptrdiff_t[]){3});
  assert_int_equal(jet_order(y), 4);
  jet_plan *plan = jet_plan_new(tape, 1, &y);
  assert_int_equal(jet_plan_run(plan), JET_OK);
  for (int k = 0; k <= 4; k++)
    for (int i = 0; i < 3; i++) assert_true(fabs(jet_plan_data(plan, y, k)[i] - want[k]) < 1e-16);
  assert_int_equal(jet_plan_lost(plan, y), 0);
  jet_plan_free(plan);
  jet_tape_free(tape);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tape_options_of_a_wrong_size_are_refused),
      cmocka_unit_test(options_of_an_older_size_keep_the_defaults),
      cmocka_unit_test(plan_options_of_a_wrong_size_are_refused),
      cmocka_unit_test(an_instruction_set_that_is_not_here_is_refused),
      cmocka_unit_test(every_status_has_a_sentence),
      cmocka_unit_test(shapes_broadcast_as_in_numpy),
      cmocka_unit_test(broadcasts_of_broadcasts),
      cmocka_unit_test(the_order_belongs_to_the_value),
      cmocka_unit_test(coefficient_zero_of_a_plain_array_is_itself),
      cmocka_unit_test(a_parameter_of_order_zero),
      cmocka_unit_test(a_constant_has_zero_derivatives),
      cmocka_unit_test(two_constants_have_zero_derivatives),
      cmocka_unit_test(coefficients_outside_the_interval_are_zeros),
      cmocka_unit_test(the_parameter_itself),
      cmocka_unit_test(better_programs_are_recorded_unless_switched_off),
      cmocka_unit_test(only_the_same_function_is_rewritten),
      cmocka_unit_test(rewriting_keeps_arrays_and_jets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
