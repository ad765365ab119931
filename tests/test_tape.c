/* test_tape.c - recording: bad input and its sentences, broadcasting, orders, structural zeros, rewriting. */
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

static jet vector(jet_tape *tape, ptrdiff_t n) { return jet_input(tape, 1, &n); }

static jet matrix(jet_tape *tape, ptrdiff_t rows, ptrdiff_t columns) {
  ptrdiff_t dims[] = {rows, columns};
  return jet_input(tape, 2, dims);
}

/* x + t with x a scalar input */
static jet line(jet_tape *tape, int order) {
  return jet_expand(jet_input(tape, 0, NULL), jet_scalar(tape, 1), jet_parameter(tape, order));
}

/* ---- failures ---------------------------------------------------------------------------------------------------- */

enum { WORDS = 4 };

/* "name: ... word ... word": the operation that was called and the facts. Counts instead of asserting, to show all. */
static int sentence_lacks(const char *message, const char *name, const char *const words[WORDS]) {
  size_t n = strlen(name);
  int lacks = strncmp(message, name, n) || message[n] != ':' || strlen(message) < n + 10;
  for (int i = 0; i < WORDS && words && words[i]; i++) lacks |= !strstr(message, words[i]);
  if (lacks) print_error("of %s the sentence is \"%s\"\n", name, message);
  return lacks;
}

static void assert_failed_jet(jet x) {
  assert_int_equal(jet_order(x), -1);
  assert_int_equal(jet_rank(x), -1);
  assert_int_equal(jet_size(x), -1);
  assert_int_equal(jet_extent(x, 0), -1);
}

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

static const struct {
  int rank;
  ptrdiff_t dims[4];
} shapes[] = {{0, {0}},          {1, {1}},          {1, {3}},          {1, {0}},          {1, {5}},
              {2, {2, 3}},       {2, {2, 1}},       {2, {1, 3}},       {2, {1, 1}},       {2, {0, 3}},
              {2, {2, 0}},       {2, {1, 0}},       {2, {0, 1}},       {3, {4, 2, 3}},    {3, {4, 1, 1}},
              {3, {1, 2, 1}},    {3, {4, 1, 3}},    {3, {0, 1, 3}},    {3, {4, 2, 0}},    {4, {2, 4, 2, 3}},
              {4, {2, 1, 1, 3}}, {4, {1, 4, 2, 1}}, {4, {2, 1, 2, 1}}, {4, {1, 0, 2, 3}}, {4, {2, 4, 1, 1}}};
enum { SHAPES = sizeof shapes / sizeof *shapes, LARGEST = 48 };

static jet input_shape(jet_tape *tape, int i) { return jet_input(tape, shapes[i].rank, shapes[i].dims); }

static ptrdiff_t extent(int i, int rank, int axis) { /* as an array of that rank */
  int skip = rank - shapes[i].rank;
  return axis < skip ? 1 : shapes[i].dims[axis - skip];
}

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
  jet x = vector(tape, 3), y = jet_coefficient(x, 0);
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
