/* test_fn_inputs.c - jet_fn: several inputs, misuse of derivatives, memory. */
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

/* ---- several inputs -------------------------------------------------------------------------------------------------------- */

static jet layer(jet weights, jet bias, jet data) {
  return jet_mean(jet_square(jet_tanh(jet_add(jet_matmul(data, weights), bias))));
}

static jet layer_of_inputs(int n, const jet x[], void *data) {
  (void)data;
  assert_int_equal(n, 3);
  return layer(x[0], x[1], x[2]);
}

static const int ranks[3] = {2, 1, 2};

static const ptrdiff_t weight_dims[] = {IN, OUT}, bias_dims[] = {OUT}, data_dims[] = {ROWS, IN};

static const ptrdiff_t *const all_dims[3] = {weight_dims, bias_dims, data_dims};

/* The same with weights and bias in one array. */
static jet layer_of_one(jet x, void *data) {
  jet weights = jet_reshape(part(x, 0, WEIGHTS), 2, weight_dims), bias = part(x, WEIGHTS, WEIGHTS + OUT);
  return layer(weights, bias, jet_constant(x.tape, 2, data_dims, (const double *)data));
}

static void several_inputs_are_one_in_parts(void **state) {
  enum { N = WEIGHTS + OUT };
  static const int both[] = {0, 1}, reversed[] = {1, 0};
  double x[N], v[N], samples[DATA], g[N], h[N], want_g[N], want_h[N], y, want;
  (void)state;
  fill(x, N, 1);
  fill(v, N, 2);
  fill(samples, DATA, 3);
  jet_fn *f = jet_fn_new_inputs(layer_of_inputs, NULL, 3, ranks, all_dims), *one = jet_fn_new(layer_of_one, samples, N);
  assert_fn_ok(f, jet_fn_bind(f, 0, x));
  assert_fn_ok(f, jet_fn_bind(f, 1, x + WEIGHTS));
  assert_fn_ok(f, jet_fn_bind(f, 2, samples));
  assert_int_equal(jet_fn_outputs(f), 1);
  for (int round = 0; round < 2; round++) {
    assert_fn_ok(one, jet_fn_hvp(one, x, v, want_g, want_h));
    assert_fn_ok(one, jet_fn_value(one, x, &want));
    assert_fn_ok(f, jet_fn_value_inputs(f, &y));
    assert_close("value", &y, &want, 1, 1e-15);
    assert_fn_ok(f, jet_fn_gradient_inputs(f, 2, both, &y, (double *[]){g, g + WEIGHTS}));
    assert_close("gradient", g, want_g, N, 1e-14);
    assert_fn_ok(f, jet_fn_gradient_inputs(f, 2, reversed, NULL, (double *[]){g + WEIGHTS, g}));
    assert_close("gradient", g, want_g, N, 1e-14);
    assert_fn_ok(f, jet_fn_hvp_inputs(f, 2, both, (const double *[]){v, v + WEIGHTS}, (double *[]){g, NULL},
                                      (double *[]){h, h + WEIGHTS}));
    assert_close("gradient", g, want_g, WEIGHTS, 1e-14);
    assert_close("hvp", h, want_h, N, 1e-14);
    assert_fn_ok(f, jet_fn_hvp_inputs(f, 2, reversed, (const double *[]){v + WEIGHTS, v}, NULL, (double *[]){h + WEIGHTS, h}));
    assert_close("hvp", h, want_h, N, 1e-14);
    fill(x, N, 17); /* read in place at each evaluation */
  }
  jet_fn_free(one);
  jet_fn_free(f);
}

/* Along v in some inputs, the others fixed. */
static void hvp_of_some_inputs_matches_differences(void **state) {
  const double step = 0x1p-14;
  double x[3][DATA], v[DATA], g[2][DATA], h[DATA], moved[DATA], want[DATA];
  (void)state;
  for (int i = 0; i < 3; i++) fill(x[i], sizes[i], 10 * i);
  fill(v, DATA, 77);
  jet_fn *f = jet_fn_new_inputs(layer_of_inputs, NULL, 3, ranks, all_dims);
  for (int w = 0; w < 3; w++) {
    for (int i = 0; i < 3; i++) assert_fn_ok(f, jet_fn_bind(f, i, x[i]));
    assert_fn_ok(f, jet_fn_hvp_inputs(f, 1, &w, (const double *[]){v}, (double *[]){g[0]}, (double *[]){h}));
    assert_fn_ok(f, jet_fn_bind(f, w, moved));
    for (int side = 0; side < 2; side++) {
      for (int i = 0; i < sizes[w]; i++) moved[i] = x[w][i] + (side ? -step : step) * v[i];
      assert_fn_ok(f, jet_fn_gradient_inputs(f, 1, &w, NULL, (double *[]){g[side]}));
    }
    for (int i = 0; i < sizes[w]; i++) want[i] = (g[0][i] - g[1][i]) / (2 * step);
    assert_close("hvp", h, want, sizes[w], 1e-7);
  }
  jet_fn_free(f);
}

static void misuse_of_several_inputs(void **state) {
  double x[3][DATA] = {{0}}, out[DATA];
  double *const g[2] = {out, out};
  const int none[] = {3}, negative[] = {-1}, twice[] = {1, 1}, first[] = {0};
  (void)state;
  jet_fn *f = jet_fn_new_inputs(layer_of_inputs, NULL, 3, ranks, all_dims);
  assert_fn_fails(f, jet_fn_value(f, out, out), JET_BAD_ARGUMENT, "jet_fn_value: the function has 3 inputs");
  assert_fn_fails(f, jet_fn_hvp(f, NULL, out, out, out), JET_BAD_ARGUMENT, "3 inputs");
  assert_fn_fails(f, jet_fn_check(f, 1, out, 0), JET_BAD_ARGUMENT, "3 inputs");
  assert_fn_fails(f, jet_fn_value_inputs(f, out), JET_NO_VALUE, "input 0 has no memory");
  assert_fn_fails(f, jet_fn_bind(f, 3, x[0]), JET_BAD_INDEX, "input 3 is outside 0..2");
  assert_fn_fails(f, jet_fn_bind(f, -1, x[0]), JET_BAD_INDEX, "outside");
  for (int i = 0; i < 3; i++) assert_fn_ok(f, jet_fn_bind(f, i, x[i]));
  assert_fn_fails(f, jet_fn_value_inputs(f, NULL), JET_BAD_ARGUMENT, "y is NULL");
  assert_fn_fails(f, jet_fn_gradient_inputs(f, 0, first, NULL, g), JET_BAD_ARGUMENT, "n is 0");
  assert_fn_fails(f, jet_fn_gradient_inputs(f, 1, NULL, NULL, g), JET_BAD_ARGUMENT, "which is NULL");
  assert_fn_fails(f, jet_fn_gradient_inputs(f, 1, none, NULL, g), JET_BAD_INDEX, "which[0] is 3");
  assert_fn_fails(f, jet_fn_gradient_inputs(f, 1, negative, NULL, g), JET_BAD_INDEX, "which[0] is -1");
  assert_fn_fails(f, jet_fn_gradient_inputs(f, 2, twice, NULL, g), JET_BAD_ARGUMENT, "both input 1");
  assert_fn_fails(f, jet_fn_gradient_inputs(f, 1, first, NULL, NULL), JET_BAD_ARGUMENT, "g is NULL");
  assert_fn_fails(f, jet_fn_gradient_inputs(f, 1, first, NULL, (double *[]){NULL}), JET_BAD_ARGUMENT, "g[0] is NULL");
  assert_fn_fails(f, jet_fn_hvp_inputs(f, 1, first, NULL, NULL, g), JET_BAD_ARGUMENT, "v is NULL");
  assert_fn_fails(f, jet_fn_hvp_inputs(f, 1, first, (const double *[]){NULL}, NULL, g), JET_BAD_ARGUMENT, "v[0] is NULL");
  assert_fn_fails(f, jet_fn_hvp_inputs(f, 1, first, (const double *[]){out}, NULL, NULL), JET_BAD_ARGUMENT, "hv is NULL");
  assert_fn_ok(f, jet_fn_bind(f, 1, NULL));
  assert_fn_fails(f, jet_fn_gradient_inputs(f, 1, first, NULL, g), JET_NO_VALUE, "input 1 has no memory");
  jet_fn_free(f);
}

static void check_bad_inputs(int n, const int *r, const ptrdiff_t *const *d, jet_status want, const char *words) {
  double y;
  jet_fn *f = jet_fn_new_inputs(layer_of_inputs, NULL, n, r, d);
  assert_non_null(f);
  assert_fn_fails(f, jet_fn_value_inputs(f, &y), want, words);
  assert_fn_fails(f, jet_fn_bind(f, 0, &y), want, words);
  assert_int_equal(jet_fn_outputs(f), -1);
  jet_fn_forget(f);
  assert_fn_fails(f, jet_fn_value_inputs(f, &y), want, words);
  jet_fn_free(f);
}

static void functions_of_bad_inputs(void **state) {
  static const int nine[] = {9}, below[] = {-1};
  static const ptrdiff_t minus[] = {2, -3}, huge[] = {PTRDIFF_MAX / 4, PTRDIFF_MAX / 4};
  (void)state;
  check_bad_inputs(0, ranks, all_dims, JET_BAD_ARGUMENT, "n is 0");
  check_bad_inputs(-1, ranks, all_dims, JET_BAD_ARGUMENT, "n is -1");
  check_bad_inputs(3, NULL, all_dims, JET_BAD_ARGUMENT, "ranks is NULL");
  check_bad_inputs(3, ranks, NULL, JET_BAD_ARGUMENT, "dims of input 0 is NULL");
  check_bad_inputs(1, nine, all_dims, JET_BAD_SHAPE, "rank of 9");
  check_bad_inputs(1, below, all_dims, JET_BAD_SHAPE, "rank of -1");
  check_bad_inputs(1, ranks, (const ptrdiff_t *[]){minus}, JET_BAD_SHAPE, "extent 1 of input 0 is negative (-3)");
  check_bad_inputs(1, ranks, (const ptrdiff_t *[]){huge}, JET_TOO_LARGE, "overflows");
}

static jet one_matrix(int n, const jet x[], void *data) { return (void)n, (void)data, jet_sum(jet_sin(x[0])); }

/* One input of any shape is one input: both faces. The highest rank leaves no axis for directions. */
static void one_input_of_any_rank(void **state) {
  static const ptrdiff_t dims[JET_MAX_RANK] = {1, 2, 1, 1, 2, 1, 1, 1};
  const ptrdiff_t *const shapes[] = {dims};
  double x[4], g[4], h[16], want[16] = {0};
  (void)state;
  fill(x, 4, 3);
  for (int i = 0; i < 4; i++) want[5 * i] = -sin(x[i]);
  for (int rank = 5; rank <= JET_MAX_RANK; rank++) {
    jet_fn *f = jet_fn_new_inputs(one_matrix, NULL, 1, &rank, shapes);
    assert_fn_ok(f, jet_fn_gradient(f, x, NULL, g));
    for (int i = 0; i < 4; i++) assert_true(fabs(g[i] - cos(x[i])) < 1e-15);
    assert_fn_ok(f, jet_fn_hessian(f, x, h));
    assert_close("hessian", h, want, 16, 1e-15);
    jet_fn_free(f);
  }
}

/* ---- misuse ---------------------------------------------------------------------------------------------------------------- */

static void what_needs_a_scalar_says_so(void **state) {
  double x[4] = {1, 2, 3, 4}, out[16];
  (void)state;
  jet_fn *f = jet_fn_new(sines, NULL, 4);
  assert_fn_fails(f, jet_fn_gradient(f, x, NULL, out), JET_NOT_SCALAR, "jet_fn_gradient: the function has 4 outputs");
  assert_fn_fails(f, jet_fn_hvp(f, x, x, NULL, out), JET_NOT_SCALAR, "jet_fn_hvp: ");
  assert_fn_fails(f, jet_fn_hvps(f, 1, x, x, NULL, out), JET_NOT_SCALAR, "jet_fn_hvps: ");
  assert_fn_fails(f, jet_fn_hessian(f, x, out), JET_NOT_SCALAR, "jet_fn_hessian: ");
  assert_fn_fails(f, jet_fn_gradient_taylor(f, 1, x, x, out), JET_NOT_SCALAR, "jet_fn_gradient_taylor: ");
  assert_fn_fails(f, jet_fn_set_point(f, x), JET_NOT_SCALAR, "jet_fn_set_point: ");
  assert_fn_ok(f, jet_fn_jacobian(f, x, NULL, out));
  jet_fn_free(f);
}

static void null_and_bad_arguments(void **state) {
  double x[3] = {1, 2, 3}, out[9];
  (void)state;
  jet_fn *f = jet_fn_new(rosenbrock, NULL, 3);
  assert_fn_fails(f, jet_fn_gradient(f, NULL, NULL, out), JET_BAD_ARGUMENT, "x is NULL");
  assert_fn_fails(f, jet_fn_gradient(f, x, NULL, NULL), JET_BAD_ARGUMENT, "g is NULL");
  assert_fn_fails(f, jet_fn_hvp(f, x, NULL, NULL, out), JET_BAD_ARGUMENT, "v is NULL");
  assert_fn_fails(f, jet_fn_hvp(f, x, x, NULL, NULL), JET_BAD_ARGUMENT, "hv is NULL");
  assert_fn_fails(f, jet_fn_hvps(f, 0, x, x, NULL, out), JET_BAD_ARGUMENT, "p is 0");
  assert_fn_fails(f, jet_fn_hvps(f, 1, x, NULL, NULL, out), JET_BAD_ARGUMENT, "v is NULL");
  assert_fn_fails(f, jet_fn_hessian(f, x, NULL), JET_BAD_ARGUMENT, "h is NULL");
  assert_fn_fails(f, jet_fn_jacobian(f, x, NULL, NULL), JET_BAD_ARGUMENT, "j is NULL");
  assert_fn_fails(f, jet_fn_jacobian_mode(f, (jet_mode)7, x, NULL, out), JET_BAD_ARGUMENT, "no mode 7");
  assert_fn_fails(f, jet_fn_jvp(f, x, NULL, NULL, out), JET_BAD_ARGUMENT, "v is NULL");
  assert_fn_fails(f, jet_fn_jvp(f, x, x, NULL, NULL), JET_BAD_ARGUMENT, "jv is NULL");
  assert_fn_fails(f, jet_fn_vjp(f, x, NULL, NULL, out), JET_BAD_ARGUMENT, "u is NULL");
  assert_fn_fails(f, jet_fn_vjp(f, x, x, NULL, NULL), JET_BAD_ARGUMENT, "uj is NULL");
  assert_fn_fails(f, jet_fn_gradient_taylor(f, -1, x, x, out), JET_BAD_ORDER, "-1 is outside 0..");
  assert_fn_fails(f, jet_fn_gradient_taylor(f, JET_MAX_ORDER + 1, x, x, out), JET_BAD_ORDER, "is outside 0..");
  assert_fn_fails(f, jet_fn_set_chunk(f, -1), JET_BAD_ARGUMENT, "-1 directions");
  assert_fn_fails(f, jet_fn_check(f, 0, x, 0), JET_BAD_ORDER, "0 is outside 1..");
  assert_fn_fails(f, jet_fn_check(f, 1, x, -1), JET_BAD_ARGUMENT, "tolerance");
  assert_fn_fails(f, jet_fn_check(f, 1, x, NAN), JET_BAD_ARGUMENT, "tolerance");
  assert_fn_ok(f, jet_fn_gradient(f, x, NULL, out));
  assert_int_equal(jet_fn_gradient(NULL, x, NULL, out), JET_BAD_ARGUMENT);
  assert_int_equal(jet_fn_set_chunk(NULL, 1), JET_BAD_ARGUMENT);
  assert_int_equal(jet_fn_bind(NULL, 0, x), JET_BAD_ARGUMENT);
  jet_fn_free(f);
}

static jet of_bad_shape(jet x, void *data) {
  static const ptrdiff_t dims[] = {5};
  static const double values[5] = {0};
  (void)data;
  return jet_sum(jet_add(x, jet_constant(x.tape, 1, dims, values)));
}

/* Other failures in between do not change what a failed recording says. */
static void a_failed_recording_keeps_its_sentence(void **state) {
  double x[3] = {1, 2, 3}, g[3];
  (void)state;
  jet_fn *f = jet_fn_new(of_bad_shape, NULL, 3);
  assert_fn_fails(f, jet_fn_gradient(f, x, NULL, g), JET_BAD_SHAPE, "add: ");
  assert_fn_fails(f, jet_fn_bind(f, 7, x), JET_BAD_INDEX, "input 7");
  assert_fn_fails(f, jet_fn_hvp(f, NULL, x, NULL, g), JET_BAD_SHAPE, "add: ");
  assert_fn_fails(f, jet_fn_set_chunk(f, -1), JET_BAD_ARGUMENT, "-1 directions");
  assert_int_equal(jet_fn_outputs(f), -1);
  assert_non_null(strstr(jet_fn_message(f), "add: "));
  jet_fn_free(f);
}

static void no_elements(void **state) {
  double y = 7, c[3] = {7, 7, 7};
  (void)state;
  jet_fn *f = jet_fn_new(half_square, NULL, 0), *none = jet_fn_new(sines, NULL, 0);
  assert_fn_ok(f, jet_fn_gradient(f, NULL, &y, NULL));
  assert_true(y == 0);
  assert_fn_ok(f, jet_fn_hvp(f, NULL, NULL, NULL, NULL));
  assert_fn_ok(f, jet_fn_set_point(f, NULL));
  assert_fn_ok(f, jet_fn_hvp(f, NULL, NULL, NULL, NULL));
  assert_fn_ok(f, jet_fn_hvps(f, 3, NULL, NULL, NULL, NULL));
  assert_fn_ok(f, jet_fn_hessian(f, NULL, NULL));
  assert_fn_ok(f, jet_fn_gradient_taylor(f, 2, NULL, NULL, NULL));
  assert_fn_ok(f, jet_fn_jvp(f, NULL, NULL, NULL, c));
  assert_true(c[0] == 0);
  assert_fn_ok(f, jet_fn_jacobian(f, NULL, NULL, NULL));
  assert_fn_ok(f, jet_fn_check(f, 2, NULL, 0));
  assert_fn_ok(none, jet_fn_vjp(none, NULL, NULL, NULL, NULL));
  assert_fn_ok(none, jet_fn_jacobian(none, NULL, NULL, NULL));
  jet_fn_free(none);
  jet_fn_free(f);
}

/* ---- memory -------------------------------------------------------------------------------------------------------------- */

typedef struct bank {
  int calls, left; /* calls; allocations until it fails, -1: never */
  ptrdiff_t blocks;
} bank;

static void *allocate(void *context, void *p, size_t old_size, size_t new_size) {
  bank *b = (bank *)context;
  (void)old_size;
  b->calls++;
  if (new_size && b->left == 0) return NULL;
  if (new_size && b->left > 0) b->left--;
  if (!p) b->blocks++;
  if (!new_size) b->blocks--, free(p);
  return new_size ? realloc(p, new_size) : NULL;
}

static jet_fn *fn_in(bank *b, jet_callback *callback, ptrdiff_t n) {
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  options.allocate = allocate;
  options.context = b;
  return jet_fn_new_ex(callback, NULL, n, &options);
}

enum { ALL = 8 };

static jet_status ask_all(jet_fn *f, int n, int question) {
  double x[MAX_N], v[3 * MAX_N], out[MAX_N * MAX_N], g[MAX_N], y;
  fill(x, n, 1);
  fill(v, 3 * n, 2);
  jet_status status;
  switch (question) {
  case 0: return jet_fn_gradient(f, x, &y, g);
  case 1: return jet_fn_hvp(f, x, v, g, out);
  case 2: return (status = jet_fn_set_point(f, x)) ? status : jet_fn_hvp(f, NULL, v, g, out);
  case 3: return jet_fn_hvps(f, 3, x, v, NULL, out);
  case 4: return jet_fn_hessian(f, x, out);
  case 5: return jet_fn_jvp(f, x, v, &y, out);
  case 6: return jet_fn_jacobian(f, x, NULL, out);
  default: return jet_fn_vjp(f, x, v, &y, out);
  }
}

static void second_evaluations_do_not_call_the_allocator(void **state) {
  jet_callback *const callbacks[] = {rosenbrock, perceptron, curvature, removable};
  const int n[] = {12, 12, 12, 12};
  (void)state;
  for (int c = 0; c < 4; c++) {
    bank b = {0, -1, 0};
    jet_fn *f = fn_in(&b, callbacks[c], n[c]);
    assert_fn_ok(f, jet_fn_set_chunk(f, 5));
    for (int q = 0; q < ALL; q++) assert_fn_ok(f, ask_all(f, n[c], q));
    int before = b.calls;
    for (int i = 0; i < 3; i++)
      for (int q = 0; q < ALL; q++) {
        assert_fn_ok(f, ask_all(f, n[c], q));
        if (b.calls != before) fail_msg("function %d, question %d: %d calls of the allocator", c, q, b.calls - before);
      }
    jet_fn_free(f);
    assert_int_equal(b.blocks, 0);
  }
}

/* Whichever allocation fails: a status, nothing leaks, and after jet_fn_forget all is well. */
static void every_allocation_may_fail(void **state) {
  (void)state;
  for (int q = 0; q <= ALL; q++)
    for (int at = 0;; at++) {
      bank b = {0, at, 0};
      jet_fn *f = fn_in(&b, rosenbrock, 4);
      double x[4] = {1, 2, 3, 4};
      jet_status status = q < ALL ? ask_all(f, 4, q) : jet_fn_check(f, 2, x, 0);
      if (status && status != JET_NO_MEMORY) fail_msg("question %d, allocation %d: %s", q, at, jet_fn_message(f));
      int done = !status;
      b.left = -1;
      if (b.blocks) {
        jet_fn_forget(f);
        assert_fn_ok(f, q < ALL ? ask_all(f, 4, q) : jet_fn_check(f, 2, x, 0));
      }
      jet_fn_free(f);
      assert_int_equal(b.blocks, 0);
      if (done) break;
      assert_true(at < 100000);
    }
}

/* More questions than plans are kept, again and again. */
static void questions_take_turns(void **state) {
  double x[5], v[5], first[13][13 * 5], c[13 * 5];
  (void)state;
  fill(x, 5, 1);
  fill(v, 5, 2);
  jet_fn *f = jet_fn_new(removable, NULL, 5);
  for (int round = 0; round < 2; round++)
    for (int order = 0; order < 13; order++) {
      assert_fn_ok(f, jet_fn_gradient_taylor(f, order, x, v, round ? c : first[order]));
      if (round) assert_same("again", c, first[order], (order + 1) * 5);
    }
  jet_fn_free(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(several_inputs_are_one_in_parts),
      cmocka_unit_test(hvp_of_some_inputs_matches_differences),
      cmocka_unit_test(misuse_of_several_inputs),
      cmocka_unit_test(functions_of_bad_inputs),
      cmocka_unit_test(one_input_of_any_rank),
      cmocka_unit_test(what_needs_a_scalar_says_so),
      cmocka_unit_test(null_and_bad_arguments),
      cmocka_unit_test(a_failed_recording_keeps_its_sentence),
      cmocka_unit_test(no_elements),
      cmocka_unit_test(second_evaluations_do_not_call_the_allocator),
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(questions_take_turns),
  };
  return cmocka_run_group_tests_name("derivatives", tests, NULL, NULL);
}
