/* test_tape_failures.c - what tapes refuse, and the sentences. */
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

/* ---- failures ---------------------------------------------------------------------------------------------------- */

/* Everything of the public face, on a tape that has failed, with a jet that was good and such as fail by themselves. */
static void record_everything(jet_tape *tape, jet good) {
  const double number = 1;
  const ptrdiff_t extent = 1, bad = -1;
  jet_tape *other = jet_tape_new();
  jet made_up = {tape, 1000}, foreign = jet_input(other, 0, NULL);
  for (int i = 0; i < UNARIES; i++) assert_failed_jet(unary[i].f(i % 2 ? good : made_up));
  for (int i = 0; i < BINARIES; i++) assert_failed_jet(binary[i].f(good, i % 2 ? good : made_up));
  jet results[] = {jet_input(tape, 1, &extent),
                   jet_constant(tape, 1, &extent, &number),
                   jet_scalar(tape, 1),
                   jet_parameter(tape, 3),
                   jet_input_series(good, 0, NULL),
                   jet_expand(good, good, good),
                   jet_coefficient(good, 0),
                   jet_scale(good, 2),
                   jet_shift(good, 2),
                   jet_powc(good, 2),
                   jet_powc(good, 0),
                   jet_powc(good, 1.5),
                   jet_sum(good),
                   jet_sub(good, foreign),
                   jet_sub(good, jet_none),
                   jet_sub(jet_none, good),
                   jet_expand(good, foreign, foreign),
                   jet_expand(good, good, foreign),
                   jet_input(tape, 1, &bad),
                   jet_input(tape, -1, NULL),
                   jet_constant(tape, 1, &extent, NULL),
                   jet_parameter(tape, -1),
                   jet_coefficient(good, -1)};
  for (size_t i = 0; i < sizeof results / sizeof *results; i++) assert_failed_jet(results[i]);
  jet_tape_free(other);
}

/* The first failure stays, with its sentence; nothing more is recorded; a plan says the same. */
static void assert_sticky(jet_tape *tape, jet good, jet_status status) {
  char message[256];
  int nodes = tape->nnodes, values = tape->nvalues, shapes = tape->nshapes;
  strcpy(message, jet_tape_message(tape));
  record_everything(tape, good);
  assert_int_equal(jet_tape_status(tape), status);
  assert_string_equal(jet_tape_message(tape), message);
  assert_int_equal(tape->nnodes, nodes);
  assert_int_equal(tape->nvalues, values);
  assert_int_equal(tape->nshapes, shapes);
}

static void assert_plan_fails(const jet_tape *tape, jet output, jet_status status) {
  jet_plan *plan = jet_plan_new(tape, 1, &output);
  double number;
  assert_non_null(plan);
  assert_int_equal(jet_plan_status(plan), status);
  assert_true(strlen(jet_plan_message(plan)) > 10);
  if (tape) assert_non_null(strstr(jet_plan_message(plan), jet_tape_message(tape)));
  assert_int_equal(jet_plan_run(plan), status);
  assert_int_equal(jet_plan_run_orders(plan, 0, 1), status);
  assert_null(jet_plan_data(plan, output, 0));
  assert_int_equal(jet_plan_bind(plan, output, 0, &number), status);
  assert_int_equal(jet_plan_lost(plan, output), -1);
  jet_plan_free(plan);
}

typedef struct bad_input {
  const char *what, *name; /* name: of the operation that the sentence must begin with */
  jet (*record)(jet_tape *);
  jet_status want;
  const char *words[WORDS];
} bad_input;

static int check_bad(const bad_input *b) {
  jet_tape *tape = jet_tape_new();
  jet good = jet_input(tape, 0, NULL), bad = b->record(tape);
  int wrong = jet_tape_status(tape) != b->want || bad.id != -1;
  if (wrong) print_error("%s: status \"%s\"\n", b->what, jet_status_string(jet_tape_status(tape)));
  wrong |= sentence_lacks(jet_tape_message(tape), b->name, b->words);
  if (jet_tape_status(tape)) {
    assert_failed_jet(bad);
    assert_sticky(tape, good, jet_tape_status(tape));
    assert_plan_fails(tape, good, jet_tape_status(tape));
  }
  jet_tape_free(tape);
  return wrong;
}

static void check_all_bad(const bad_input *b, size_t n) {
  int wrong = 0;
  for (size_t i = 0; i < n; i++) wrong += check_bad(&b[i]);
  if (wrong) fail_msg("%d of %zu bad inputs are not reported as they should be", wrong, n);
}

#define CHECK_ALL_BAD(list) check_all_bad(list, sizeof(list) / sizeof *(list))

/* ---- bad shapes -------------------------------------------------------------------------------------------------- */

static const ptrdiff_t negative[] = {4, -3}, overflowing[] = {(ptrdiff_t)1 << 40, (ptrdiff_t)1 << 40},
                       wrapping[] = {PTRDIFF_MAX, 2}, ones[JET_MAX_RANK + 1] = {1, 1, 1, 1, 1, 1, 1, 1, 1};

static jet series(jet_tape *tape, int rank, const ptrdiff_t *dims) {
  return jet_input_series(jet_parameter(tape, 2), rank, dims);
}

static jet input_negative(jet_tape *t) { return jet_input(t, 2, negative); }

static jet input_overflows(jet_tape *t) { return jet_input(t, 2, overflowing); }

static jet input_wraps(jet_tape *t) { return jet_input(t, 2, wrapping); }

static jet input_rank(jet_tape *t) { return jet_input(t, JET_MAX_RANK + 1, ones); }

static jet input_negative_rank(jet_tape *t) { return jet_input(t, -1, ones); }

static jet input_no_dims(jet_tape *t) { return jet_input(t, 1, NULL); }

static jet constant_negative(jet_tape *t) { return jet_constant(t, 2, negative, NULL); }

static jet constant_overflows(jet_tape *t) { return jet_constant(t, 2, overflowing, (double[1]){0}); }

static jet constant_rank(jet_tape *t) { return jet_constant(t, JET_MAX_RANK + 1, ones, (double[1]){0}); }

static jet constant_no_dims(jet_tape *t) { return jet_constant(t, 3, NULL, (double[1]){0}); }

static jet constant_no_data(jet_tape *t) { return jet_constant(t, 2, ones, NULL); }

static jet series_negative(jet_tape *t) { return series(t, 2, negative); }

static jet series_overflows(jet_tape *t) { return series(t, 2, overflowing); }

static jet series_negative_rank(jet_tape *t) { return series(t, -7, ones); }

static jet series_no_dims(jet_tape *t) { return series(t, 1, NULL); }

static jet broadcast_overflows(jet_tape *t) {
  return jet_mul(matrix(t, (ptrdiff_t)1 << 40, 1), matrix(t, 1, (ptrdiff_t)1 << 40));
}

static void bad_shapes_are_refused(void **state) {
  static const bad_input list[] = {
      {"negative extent", "input", input_negative, JET_BAD_SHAPE, {"1", "-3", "negative"}},
      {"2^40 x 2^40", "input", input_overflows, JET_TOO_LARGE, {"overflow"}},
      {"PTRDIFF_MAX x 2", "input", input_wraps, JET_TOO_LARGE, {"overflow"}},
      {"rank 9", "input", input_rank, JET_BAD_SHAPE, {"rank", "9", "8"}},
      {"rank -1", "input", input_negative_rank, JET_BAD_SHAPE, {"rank", "-1"}},
      {"dims NULL", "input", input_no_dims, JET_BAD_ARGUMENT, {"dims", "NULL"}},
      {"negative extent of a constant", "constant", constant_negative, JET_BAD_SHAPE, {"-3"}},
      {"2^40 x 2^40 constants", "constant", constant_overflows, JET_TOO_LARGE, {"overflow"}},
      {"rank 9 of a constant", "constant", constant_rank, JET_BAD_SHAPE, {"rank", "9"}},
      {"dims NULL of a constant", "constant", constant_no_dims, JET_BAD_ARGUMENT, {"dims", "NULL", "3"}},
      {"data NULL of a constant", "constant", constant_no_data, JET_BAD_ARGUMENT, {"data", "NULL"}},
      {"negative extent of a series", "input_series", series_negative, JET_BAD_SHAPE, {"-3"}},
      {"2^40 x 2^40 series", "input_series", series_overflows, JET_TOO_LARGE, {"overflow"}},
      {"rank -7 of a series", "input_series", series_negative_rank, JET_BAD_SHAPE, {"rank", "-7"}},
      {"dims NULL of a series", "input_series", series_no_dims, JET_BAD_ARGUMENT, {"dims", "NULL"}},
      {"a broadcast to 2^40 x 2^40", "mul", broadcast_overflows, JET_TOO_LARGE, {"overflow"}},
  };
  (void)state;
  CHECK_ALL_BAD(list);
}

/* Sizes that are allowed one by one, but not with all coefficients. */
static void a_plan_too_large_for_memory_is_refused(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  ptrdiff_t n = PTRDIFF_MAX / 128;
  jet y = jet_exp(jet_input_series(jet_parameter(tape, 1000), 1, &n));
  assert_int_equal(jet_tape_status(tape), JET_OK);
  jet_plan *plan = jet_plan_new(tape, 1, &y);
  assert_int_equal(jet_plan_status(plan), JET_TOO_LARGE);
  assert_non_null(strstr(jet_plan_message(plan), "overflow"));
  jet_plan_free(plan);
  jet_tape_free(tape);
}

static void an_empty_array_never_overflows(void **state) {
  const ptrdiff_t dims[] = {PTRDIFF_MAX, 0, PTRDIFF_MAX};
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = jet_input(tape, 3, dims), c = jet_constant(tape, 3, dims, NULL);
  assert_int_equal(jet_tape_status(tape), JET_OK);
  assert_int_equal(jet_size(x), 0);
  assert_int_equal(jet_size(jet_add(x, c)), 0);
  assert_int_equal(jet_extent(x, 2), PTRDIFF_MAX);
  jet_tape_free(tape);
}

/* ---- bad orders, parameters, coefficients ------------------------------------------------------------------------ */

static jet order_negative(jet_tape *t) { return jet_parameter(t, -1); }

static jet order_above(jet_tape *t) { return jet_parameter(t, JET_MAX_ORDER + 1); }

static jet order_int_min(jet_tape *t) { return jet_parameter(t, INT_MIN); }

static jet coefficient_negative(jet_tape *t) { return jet_coefficient(line(t, 4), -1); }

static jet coefficient_above(jet_tape *t) { return jet_coefficient(line(t, 4), 5); }

static jet coefficient_of_plain(jet_tape *t) { return jet_coefficient(jet_input(t, 0, NULL), 1); }

static jet two_parameters(jet_tape *t) { return jet_mul(line(t, 3), line(t, 5)); }

static jet two_parameters_of_one_order(jet_tape *t) { return jet_atan2(line(t, 4), line(t, 4)); }

static jet two_parameters_themselves(jet_tape *t) { return jet_add(jet_parameter(t, 2), jet_parameter(t, 2)); }

static jet two_parameters_later(jet_tape *t) { return jet_div(jet_sum(jet_sin(line(t, 1))), jet_exp(line(t, 1))); }

static jet two_parameters_in_xlogy(jet_tape *t) { return jet_xlogy(line(t, 1), line(t, 1)); }

static jet expand_x_jet(jet_tape *t) {
  jet x = line(t, 6);
  return jet_expand(x, jet_scalar(t, 1), jet_parameter(t, 2));
}

static jet expand_v_jet(jet_tape *t) {
  jet v = line(t, 6);
  return jet_expand(jet_scalar(t, 1), v, jet_parameter(t, 2));
}

static jet expand_in_the_same_parameter(jet_tape *tape) {
  jet t = jet_parameter(tape, 2), x = jet_expand(jet_scalar(tape, 1), jet_scalar(tape, 1), t);
  return jet_expand(x, jet_scalar(tape, 1), t);
}

static jet expand_t_plain(jet_tape *t) {
  jet x = jet_input(t, 0, NULL);
  return jet_expand(x, x, x);
}

static jet expand_t_series(jet_tape *t) { return jet_expand(jet_scalar(t, 1), jet_scalar(t, 1), line(t, 3)); }

static jet expand_t_twice(jet_tape *t) {
  return jet_expand(jet_scalar(t, 1), jet_scalar(t, 1), jet_scale(jet_parameter(t, 3), 2));
}

static jet expand_shapes(jet_tape *t) { return jet_expand(vector(t, 3), vector(t, 4), jet_parameter(t, 1)); }

static jet series_t_plain(jet_tape *t) { return jet_input_series(jet_scalar(t, 1), 0, NULL); }

static jet series_t_jet(jet_tape *t) { return jet_input_series(line(t, 3), 0, NULL); }

static void bad_orders_and_parameters_are_refused(void **state) {
  static const bad_input list[] = {
      {"order -1", "parameter", order_negative, JET_BAD_ORDER, {"order", "-1", "1023"}},
      {"order 1024", "parameter", order_above, JET_BAD_ORDER, {"order", "1024", "1023"}},
      {"order INT_MIN", "parameter", order_int_min, JET_BAD_ORDER, {"order", "-2147483648"}},
      {"coefficient -1", "coefficient", coefficient_negative, JET_BAD_ORDER, {"-1", "4"}},
      {"coefficient 5 of order 4", "coefficient", coefficient_above, JET_BAD_ORDER, {"5", "4"}},
      {"coefficient 1 of a plain array", "coefficient", coefficient_of_plain, JET_BAD_ORDER, {"1", "0"}},
      {"orders 3 and 5", "mul", two_parameters, JET_BAD_PARAMETER, {"3", "5", "parameter"}},
      {"order 4 twice", "atan2", two_parameters_of_one_order, JET_BAD_PARAMETER, {"4", "parameter"}},
      {"t and t", "add", two_parameters_themselves, JET_BAD_PARAMETER, {"2", "parameter"}},
      {"after operations", "div", two_parameters_later, JET_BAD_PARAMETER, {"1", "parameter"}},
      {"in xlogy", "xlogy", two_parameters_in_xlogy, JET_BAD_PARAMETER, {"parameter"}},
      {"x a jet", "expand", expand_x_jet, JET_BAD_PARAMETER, {"x", "6", "jet"}},
      {"v a jet", "expand", expand_v_jet, JET_BAD_PARAMETER, {"v", "6", "jet"}},
      {"x a jet in t", "expand", expand_in_the_same_parameter, JET_BAD_PARAMETER, {"x", "2"}},
      {"t plain", "expand", expand_t_plain, JET_BAD_PARAMETER, {"t", "jet_parameter"}},
      {"t a jet in t", "expand", expand_t_series, JET_BAD_PARAMETER, {"jet_parameter"}},
      {"t twice t", "expand", expand_t_twice, JET_BAD_PARAMETER, {"jet_parameter"}},
      {"x [3], v [4]", "expand", expand_shapes, JET_BAD_SHAPE, {"[3]", "[4]", "broadcast"}},
      {"series of plain t", "input_series", series_t_plain, JET_BAD_PARAMETER, {"jet_parameter"}},
      {"series of a jet t", "input_series", series_t_jet, JET_BAD_PARAMETER, {"jet_parameter"}},
  };
  (void)state;
  CHECK_ALL_BAD(list);
}

/* ---- operands that are no jets, or of other tapes; shapes that do not fit, for every operation ------------------- */

static void operand_must_exist(const char *name, jet_tape *tape, jet result, int *wrong) {
  *wrong += jet_tape_status(tape) != JET_BAD_ARGUMENT || result.id != -1;
  *wrong += sentence_lacks(jet_tape_message(tape), name, NULL);
  jet_tape_free(tape);
}

static void made_up_ids_are_refused_by_name(void **state) {
  static const int ids[] = {-1, 1, INT_MAX, INT_MIN};
  int wrong = 0;
  (void)state;
  for (int i = 0; i < 4; i++) {
    for (int f = 0; f < UNARIES; f++) {
      jet_tape *tape = jet_tape_new();
      jet_input(tape, 0, NULL);
      operand_must_exist(unary[f].name, tape, unary[f].f((jet){tape, ids[i]}), &wrong);
    }
    for (int f = 0; f < 2 * BINARIES; f++) {
      jet_tape *tape = jet_tape_new();
      jet good = jet_input(tape, 0, NULL), bad = {tape, ids[i]};
      jet y = f % 2 ? binary[f / 2].f(good, bad) : binary[f / 2].f(bad, good);
      operand_must_exist(binary[f / 2].name, tape, y, &wrong);
    }
  }
  if (wrong) fail_msg("%d failures", wrong);
}

static void made_up_ids_are_refused_by_operations_with_numbers(void **state) {
  int wrong = 0;
  (void)state;
  for (int f = 0; f < 8; f++) {
    jet_tape *tape = jet_tape_new();
    jet good = jet_parameter(tape, 2), bad = {tape, 99}, y = bad;
    const char *names[] = {"scale", "shift", "powc", "sum", "coefficient", "expand", "expand", "input_series"};
    if (f == 0) y = jet_scale(bad, 2);
    if (f == 1) y = jet_shift(bad, 2);
    if (f == 2) y = jet_powc(bad, 3);
    if (f == 3) y = jet_sum(bad);
    if (f == 4) y = jet_coefficient(bad, 0);
    if (f == 5) y = jet_expand(bad, jet_scalar(tape, 1), good);
    if (f == 6) y = jet_expand(jet_scalar(tape, 1), jet_scalar(tape, 1), bad);
    if (f == 7) y = jet_input_series(bad, 0, NULL);
    operand_must_exist(names[f], tape, y, &wrong);
  }
  if (wrong) fail_msg("%d failures", wrong);
}

static void shapes_that_do_not_broadcast_are_named(void **state) {
  static const char *const words[WORDS] = {"[2,3]", "[4]", "broadcast"};
  int wrong = 0;
  (void)state;
  for (int f = 0; f < BINARIES; f++) {
    jet_tape *tape = jet_tape_new();
    jet y = binary[f].f(matrix(tape, 2, 3), vector(tape, 4));
    wrong += jet_tape_status(tape) != JET_BAD_SHAPE || y.id != -1;
    wrong += sentence_lacks(jet_tape_message(tape), binary[f].name, words);
    jet_tape_free(tape);
  }
  if (wrong) fail_msg("%d failures", wrong);
}

/* The sentence is on the first operand's tape; the other is unharmed. */
static void jets_of_two_tapes_do_not_meet(void **state) {
  static const char *const words[WORDS] = {"tape"};
  int wrong = 0;
  (void)state;
  for (int f = 0; f <= BINARIES; f++) {
    jet_tape *tape = jet_tape_new(), *other = jet_tape_new();
    jet a = jet_input(tape, 0, NULL), b = jet_input(other, 0, NULL);
    jet y = f < BINARIES ? binary[f].f(a, b) : jet_expand(a, a, jet_parameter(other, 2));
    assert_failed_jet(y);
    wrong += jet_tape_status(tape) != JET_FOREIGN;
    wrong += sentence_lacks(jet_tape_message(tape), f < BINARIES ? binary[f].name : "expand", words);
    assert_int_equal(jet_tape_status(other), JET_OK);
    jet_tape_free(tape);
    jet_tape_free(other);
  }
  if (wrong) fail_msg("%d failures", wrong);
}

static void a_jet_of_no_tape_fails_the_others_tape(void **state) {
  int wrong = 0;
  (void)state;
  for (int f = 0; f < 2 * BINARIES; f++) {
    jet_tape *tape = jet_tape_new();
    jet a = jet_input(tape, 0, NULL), none = {NULL, 0};
    jet y = f % 2 ? binary[f / 2].f(a, none) : binary[f / 2].f(none, a);
    operand_must_exist(binary[f / 2].name, tape, y, &wrong);
  }
  if (wrong) fail_msg("%d failures", wrong);
}

static void no_tape_at_all_does_nothing(void **state) {
  jet none = jet_input(NULL, 0, NULL);
  (void)state;
  record_everything(NULL, none);
  assert_int_equal(jet_tape_status(NULL), JET_BAD_ARGUMENT);
  assert_true(strlen(jet_tape_message(NULL)) > 5);
  assert_plan_fails(NULL, none, JET_BAD_ARGUMENT);
  jet_tape_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bad_shapes_are_refused),
      cmocka_unit_test(a_plan_too_large_for_memory_is_refused),
      cmocka_unit_test(an_empty_array_never_overflows),
      cmocka_unit_test(bad_orders_and_parameters_are_refused),
      cmocka_unit_test(made_up_ids_are_refused_by_name),
      cmocka_unit_test(made_up_ids_are_refused_by_operations_with_numbers),
      cmocka_unit_test(shapes_that_do_not_broadcast_are_named),
      cmocka_unit_test(jets_of_two_tapes_do_not_meet),
      cmocka_unit_test(a_jet_of_no_tape_fails_the_others_tape),
      cmocka_unit_test(no_tape_at_all_does_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
