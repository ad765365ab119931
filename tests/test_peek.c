/* test_peek.c - values while recording: what can be seen and what cannot. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "op_list.h"
#include "peek.h"
#include "peek_help.h"

/* ---- what can be seen ---------------------------------------------------------------------------------------------------- */

static void constants_need_no_inputs(void **state) {
  const ptrdiff_t dims[] = {2, 3};
  const double x[] = {1, -2, 3, 0.5, INFINITY, 6};
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet c = jet_constant(tape, 2, dims, x), s = jet_scalar(tape, 2.5);
  assert_false(tape_peeked(tape));
  assert_peek(c, 6, x);
  assert_true(tape_peeked(tape));
  assert_peek_scalar(s, 2.5);
  assert_peek_scalar(jet_mul(s, s), 6.25);
  assert_peek_scalar(jet_sum(jet_mul(jet_neg(c), s)), -INFINITY);
  assert_peek(c, 6, x);
  jet_tape_free(tape);
}

static void inputs_and_what_follows(void **state) {
  const double x[] = {1, 2, 3, 4}, y[] = {0.5, 0.25, 4, 8}, product[] = {0.5, 0.5, 12, 32},
               quotient[] = {2, 8, 0.75, 0.5};
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet a = vector(tape, 4), b = vector(tape, 4), c = jet_mul(a, b), d = jet_div(a, b);
  assert_int_equal(jet_poke(a, 4, x), JET_OK);
  assert_int_equal(jet_poke(b, 4, y), JET_OK);
  assert_false(tape_peeked(tape));
  assert_peek(c, 4, product);
  assert_peek(d, 4, quotient);
  assert_peek(a, 4, x);
  assert_peek_scalar(jet_sum(c), 45);
  assert_peek_scalar(jet_dot(a, c), 0.5 + 1 + 36 + 128);
  assert_peek_scalar(jet_amax(jet_sub(d, a)), 6);
  assert_peek_scalar(jet_prod(b), 4);
  assert_int_equal(jet_tape_status(tape), JET_OK);
  jet_tape_free(tape);
}

static void arrays_of_no_elements(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, 0), y = jet_exp(x);
  assert_int_equal(jet_poke(x, 0, NULL), JET_OK);
  assert_peek(y, 0, NULL);
  assert_peek_scalar(jet_sum(y), 0);
  assert_peek_scalar(jet_prod(y), 1);
  jet_tape_free(tape);
}

/* Windows end between the coefficients of a jet and what reads them. */
static void jets_and_their_coefficients(void **state) {
  const double x = 0.75;
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet a = jet_input(tape, 0, NULL), t = jet_parameter(tape, 3), e = jet_exp(jet_expand(a, jet_scalar(tape, 2), t));
  jet_poke(a, 1, &x);
  assert_peek_scalar(t, 0);
  assert_peek_scalar(e, exp(x));
  for (int k = 0; k < 4; k++) {
    assert_peek_scalar(jet_coefficient(e, k), exp(x) * pow(2, k) / tgamma(k + 1));
    assert_peek_scalar(jet_coefficient(t, k), k == 1);
    assert_peek_scalar(jet_coefficient(jet_mul(t, t), k), k == 2);
  }
  assert_peek_scalar(jet_coefficient(jet_mul(e, e), 3), exp(2 * x) * 64 / 6);
  assert_peek_scalar(jet_coefficient(jet_mul(t, e), 3), exp(x) * 2);
  jet u = jet_parameter(tape, 2), f = jet_sin(jet_expand(a, jet_coefficient(e, 0), u)); /* another, fed by the first */
  assert_peek_scalar(f, sin(x));
  assert_peek_scalar(jet_coefficient(f, 1), cos(x) * exp(x));
  assert_int_equal(jet_tape_status(tape), JET_OK);
  jet_tape_free(tape);
}

static void directions(void **state) {
  enum { N = 2 };
  const ptrdiff_t dims[] = {P, N};
  const double x[N] = {0.5, 2}, v[P * N] = {1, 0, 0, 1, 3, -1};
  double first[P * N], second[P * N], value[N];
  (void)state;
  for (int i = 0; i < N; i++) value[i] = exp(x[i]);
  for (int i = 0; i < P * N; i++) first[i] = value[i % N] * v[i], second[i] = value[i % N] * v[i] * v[i] / 2;
  for (int together = 0; together < 2; together++) {
    jet_tape *tape = jet_tape_new();
    jet a = vector(tape, N), t = jet_parameter(tape, 2);
    jet b = jet_expand_many(a, jet_constant(tape, 2, dims, v), t), e = jet_exp(b);
    jet_poke(a, N, x);
    if (!together) assert_peek(e, N, value);
    if (!together) assert_peek(b, N, x);
    assert_peek(jet_coefficient(e, 1), P * N, first);
    assert_peek(jet_coefficient(e, 2), P * N, second);
    assert_peek(jet_coefficient(b, 1), P * N, v);
    assert_peek(jet_coefficient(jet_mul(jet_scalar(tape, 1), e), 1), P * N, first);
    assert_peek(jet_coefficient(e, 0), N, value);
    assert_int_equal(jet_tape_status(tape), JET_OK);
    jet_tape_free(tape);
  }
}

static void structural_zeros_need_no_inputs(void **state) {
  const double zeros[3] = {0};
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, 3), l = jet_expand(x, x, jet_parameter(tape, 4)), z = jet_coefficient(l, 3);
  assert_peek(z, 3, zeros);
  assert_peek_scalar(jet_sum(z), 0);
  assert_peek_scalar(jet_shift(jet_sum(jet_exp(z)), -3), 0);
  assert_int_equal(jet_tape_status(tape), JET_OK);
  jet_tape_free(tape);
}

/* A program of many kinds of steps; the values seen after each operation, in any grouping, are those of a plan. */
enum { N = 6, VALUES = 24 };

static int mixture(jet_tape *tape, jet x, int peeks, jet out[VALUES]) { /* peeks: bit i: after operation i */
  const ptrdiff_t square[] = {2, 3}, pick[] = {5, 0, 0}, three = 3, start[] = {1}, stop[] = {4}, step[] = {1};
  const ptrdiff_t starts[] = {5}, stops[] = {-1}, steps[] = {-2};
  double y[MOST];
  jet t = jet_parameter(tape, 2);
  int n = 0;
#define NEXT(expression)                                                                                               \
  out[n] = expression;                                                                                                 \
  if (peeks >> n & 1) jet_peek(out[n], jet_size(out[n]), y);                                                           \
  n++
  NEXT(jet_sin(x));
  NEXT(jet_reshape(out[0], 2, square));
  NEXT(jet_transpose(out[1]));
  NEXT(jet_matmul(out[1], out[2]));
  NEXT(jet_slice(x, start, stop, step));
  NEXT(jet_slice(out[0], starts, stops, steps));
  NEXT(jet_mul(out[4], out[5]));
  NEXT(jet_gather(x, 0, 1, &three, pick));
  NEXT(jet_expand(out[6], out[7], t));
  NEXT(jet_cos(out[8]));
  NEXT(jet_mul(out[9], jet_sin(out[8])));
  NEXT(jet_coefficient(out[10], 1));
  NEXT(jet_coefficient(out[8], 1));
  NEXT(jet_sum(jet_coefficient(out[10], 2)));
  NEXT(jet_div(out[11], out[13]));
  const jet both[] = {out[14], x};
  NEXT(jet_concat(2, both, 0));
  NEXT(jet_cumsum(out[15], 0));
  NEXT(jet_sort(out[16], 0));
  NEXT(jet_where(jet_greater(out[16], out[13]), out[15], out[17]));
  NEXT(jet_softmax(out[18], 0));
  NEXT(jet_logsumexp(out[18]));
  NEXT(jet_add(out[19], out[20]));
  NEXT(jet_mul(t, out[20]));
  NEXT(jet_coefficient(out[22], 1));
#undef NEXT
  return n;
}

static void what_is_seen_is_what_a_plan_gives(void **state) {
  const double x[N] = {0.3, -1.2, 2.5, 0.01, 4, -0.7};
  const int groupings[] = {0, 0xffffff, 0x555555, 0xaaaaaa, 0x111111, 0x000800, 0x01f00f};
  (void)state;
  for (size_t g = 0; g < sizeof groupings / sizeof *groupings; g++) {
    double y[MOST];
    jet out[VALUES];
    jet_tape *tape = jet_tape_new();
    jet in = vector(tape, N);
    jet_poke(in, N, x);
    int n = mixture(tape, in, groupings[g], out);
    jet_plan *p = jet_plan_new(tape, n, out);
    if (jet_plan_status(p)) fail_msg("%s", jet_plan_message(p));
    memcpy(jet_plan_data(p, in, 0), x, sizeof x);
    jet_plan_run(p);
    for (int i = 0; i < n; i++) {
      if (jet_peek(out[i], jet_size(out[i]), y)) fail_msg("%s", jet_tape_message(tape));
      for (ptrdiff_t j = 0; j < jet_size(out[i]); j++)
        if (y[j] != jet_plan_data(p, out[i], 0)[j])
          fail_msg("grouping %zu, value %d, element %td: %.17g and %.17g", g, i, j, y[j],
                   jet_plan_data(p, out[i], 0)[j]);
    }
    jet_plan_free(p);
    jet_tape_free(tape);
  }
}

/* Every operation on plain arrays, jets, jets with directions; seen in one window with its operands, and in one of its own. */
enum { LARGEST = 4096 };

static double some_number(int i, const operand *o) {
  if (o->kind == OPERAND_MASK) return i % 3 == 1;
  double u = fmod(0.5 + 0.6180339887498949 * (i + 1), 1), x = o->low + (o->high - o->low) * u;
  return o->kind == OPERAND_INDEX ? floor(x) : x;
}

typedef struct trial {
  jet_tape *tape;
  jet x[OPERANDS], y; /* what is poked and the result */
  double numbers[OPERANDS][LARGEST];
} trial;

static void record_trial(trial *r, const op_entry *e, const op_variant *v, int directions, int apart) {
  jet operands[OPERANDS], t;
  r->tape = jet_tape_new();
  t = jet_parameter(r->tape, ORDER);
  for (int i = 0; i < v->arity; i++) {
    const op_shape *s = &v->in[i];
    ptrdiff_t size = op_shape_size(s), dims[5] = {directions};
    double along[LARGEST], y[LARGEST];
    assert_true(size * P <= LARGEST);
    for (int j = 0; j < s->rank; j++) dims[j + 1] = s->dims[j];
    for (int j = 0; j < size; j++) r->numbers[i][j] = some_number(j + 7 * i, &e->in[i]);
    for (int j = 0; j < size * directions; j++) along[j] = sin(j + i);
    r->x[i] = operands[i] = jet_input(r->tape, s->rank, s->dims);
    jet_poke(r->x[i], size, r->numbers[i]);
    if (directions && e->in[i].kind == OPERAND_JET)
      operands[i] = jet_expand_many(operands[i], jet_constant(r->tape, s->rank + 1, dims, along), t);
    if (apart) assert_int_equal(jet_peek(operands[i], size, y), JET_OK);
  }
  r->y = (v->record ? v->record : e->record)(operands);
}

static void compare_trial(const trial *r, const char *name, int arity) {
  double y[LARGEST];
  jet out[ORDER + 1];
  int n = jet_order(r->y) + 1;
  for (int k = 0; k < n; k++) out[k] = jet_coefficient(r->y, k);
  jet_plan *p = jet_plan_new(r->tape, n, out);
  if (jet_plan_status(p)) fail_msg("%s: %s", name, jet_plan_message(p));
  for (int i = 0; i < arity; i++)
    if (jet_size(r->x[i]))
      memcpy(jet_plan_data(p, r->x[i], 0), r->numbers[i], (size_t)jet_size(r->x[i]) * sizeof(double));
  jet_plan_run(p);
  for (int k = n - 1; k >= 0; k--) {
    const double *want = jet_plan_data(p, out[k], 0);
    assert_true(jet_size(out[k]) <= LARGEST);
    if (jet_peek(out[k], jet_size(out[k]), y)) fail_msg("%s: %s", name, jet_tape_message(r->tape));
    for (ptrdiff_t j = 0; j < jet_size(out[k]); j++)
      if (y[j] != want[j] && !(isnan(y[j]) && isnan(want[j])))
        fail_msg("%s, coefficient %d, element %td: %.17g and %.17g", name, k, j, y[j], want[j]);
  }
  jet_plan_free(p);
}

static void every_operation(void **state) {
  static trial r;
  const int directions_of[] = {0, 1, P};
  (void)state;
  for (int i = 0; i < op_count; i++)
    for (int j = 0; j < op_list[i].count; j++)
      for (int kind = 0; kind < 6; kind++) {
        const op_variant *v = &op_list[i].variants[j];
        record_trial(&r, &op_list[i], v, directions_of[kind / 2], kind % 2);
        compare_trial(&r, op_list[i].name, v->arity);
        jet_tape_free(r.tape);
      }
}

/* ---- what cannot ----------------------------------------------------------------------------------------------------------- */

static void a_value_without_its_inputs(void **state) {
  const double one = 1, numbers[] = {1, 2, 3};
  double y[3] = {7, 7, 7};
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet a = vector(tape, 3), b = jet_input(tape, 0, NULL), c = jet_exp(jet_add(a, b));
  jet_poke(b, 1, &one);
  assert_peek_scalar(jet_exp(b), exp(1));
  assert_int_equal(jet_peek(jet_sum(c), 1, y), JET_NO_VALUE);
  assert_failure(tape, JET_NO_VALUE, "peek: ", "input of shape [3]", "jet_poke");
  assert_int_equal(jet_peek(b, 1, y), JET_NO_VALUE); /* sticky */
  assert_int_equal(jet_poke(a, 3, numbers), JET_NO_VALUE);
  assert_true(y[0] == 7);
  assert_true(tape_peeked(tape));
  jet_tape_free(tape);

  tape = jet_tape_new();
  assert_int_equal(jet_peek(jet_input_series(jet_parameter(tape, 2), 0, NULL), 1, y), JET_NO_VALUE);
  assert_failure(tape, JET_NO_VALUE, "peek: ", "input_series of shape []", "");
  jet_tape_free(tape);
}

/* Nodes that were passed over are looked at again. */
static void an_input_may_be_given_late(void **state) {
  const double x = 2, y = 3;
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet a = jet_input(tape, 0, NULL), b = jet_input(tape, 0, NULL), t = jet_parameter(tape, 1);
  jet product = jet_mul(a, b), line = jet_expand(a, b, t), sum = jet_coefficient(jet_square(line), 1),
      square = jet_square(a);
  jet_poke(a, 1, &x);
  assert_peek_scalar(square, 4);
  jet_poke(b, 1, &y);
  assert_peek_scalar(jet_add(product, square), 10);
  assert_peek_scalar(sum, 12);
  assert_int_equal(jet_tape_status(tape), JET_OK);
  jet_tape_free(tape);
}

static void poking_again(void **state) {
  const ptrdiff_t single = 1;
  const double x = 2, y = 3;
  (void)state;
  for (int seen = 0; seen < 4; seen++) {
    jet_tape *tape = jet_tape_new();
    jet a = jet_input(tape, 0, NULL), b = jet_reshape(a, 1, &single);
    assert_int_equal(jet_poke(a, 1, &x), JET_OK);
    assert_int_equal(jet_poke(a, 1, &y), JET_OK);
    if (seen == 1) assert_peek_scalar(a, 3);
    if (seen == 2) assert_peek_scalar(jet_square(a), 9);
    if (seen == 3) assert_peek_scalar(b, 3);
    assert_int_equal(jet_poke(a, 1, &x), seen ? JET_BAD_ARGUMENT : JET_OK);
    if (seen) assert_failure(tape, JET_BAD_ARGUMENT, "poke: ", "already", "");
    else assert_peek_scalar(jet_square(a), 4);
    jet_tape_free(tape);
  }
}

static void bad_arguments(void **state) {
  const double numbers[] = {1, 2, 3};
  double y[3];
  (void)state;
  const struct {
    const char *name, *fact, *fact2;
    jet_status status;
  } want[] = {
      {"peek: ", "n is 2", "3 elements", JET_BAD_ARGUMENT},
      {"peek: ", "out is NULL", "3", JET_BAD_ARGUMENT},
      {"peek: ", "id 99", "", JET_BAD_ARGUMENT},
      {"peek: ", "n is -1", "", JET_BAD_ARGUMENT},
      {"poke: ", "n is 4", "3 elements", JET_BAD_ARGUMENT},
      {"poke: ", "values is NULL", "3", JET_BAD_ARGUMENT},
      {"poke: ", "exp", "jet_input", JET_BAD_ARGUMENT},
      {"poke: ", "input_series", "jet_input", JET_BAD_ARGUMENT},
      {"poke: ", "constant", "jet_input", JET_BAD_ARGUMENT},
      {"poke: ", "id -1", "", JET_BAD_ARGUMENT},
  };
  for (int i = 0; i < (int)(sizeof want / sizeof *want); i++) {
    jet_tape *tape = jet_tape_new();
    jet x = vector(tape, 3), e = jet_exp(x), s = jet_input_series(jet_parameter(tape, 1), 0, NULL), bad = {tape, 99};
    jet none = {tape, -1}, c = jet_scalar(tape, 1);
    if (i < 4) jet_poke(x, 3, numbers);
    jet_status status = i == 0   ? jet_peek(e, 2, y)
                        : i == 1 ? jet_peek(e, 3, NULL)
                        : i == 2 ? jet_peek(bad, 3, y)
                        : i == 3 ? jet_peek(e, -1, y)
                        : i == 4 ? jet_poke(x, 4, numbers)
                        : i == 5 ? jet_poke(x, 3, NULL)
                        : i == 6 ? jet_poke(e, 3, numbers)
                        : i == 7 ? jet_poke(s, 1, numbers)
                        : i == 8 ? jet_poke(c, 1, numbers)
                                 : jet_poke(none, 1, numbers);
    assert_int_equal(status, want[i].status);
    assert_failure(tape, want[i].status, want[i].name, want[i].fact, want[i].fact2);
    jet_tape_free(tape);
  }
  jet nowhere = {NULL, -1};
  assert_int_equal(jet_peek(nowhere, 1, y), JET_BAD_ARGUMENT);
  assert_int_equal(jet_poke(nowhere, 1, y), JET_BAD_ARGUMENT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(constants_need_no_inputs),
      cmocka_unit_test(inputs_and_what_follows),
      cmocka_unit_test(arrays_of_no_elements),
      cmocka_unit_test(jets_and_their_coefficients),
      cmocka_unit_test(directions),
      cmocka_unit_test(structural_zeros_need_no_inputs),
      cmocka_unit_test(what_is_seen_is_what_a_plan_gives),
      cmocka_unit_test(every_operation),
      cmocka_unit_test(a_value_without_its_inputs),
      cmocka_unit_test(an_input_may_be_given_late),
      cmocka_unit_test(poking_again),
      cmocka_unit_test(bad_arguments),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
