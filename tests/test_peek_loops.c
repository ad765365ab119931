/* test_peek_loops.c - values while recording: loops and branches, cost, memory that ends. */
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

/* ---- loops and branches on values ---------------------------------------------------------------------------------------------- */

/* Newton's iteration for sqrt a, from 1, to its end and one step more, by which the derivative has converged too. */
static jet newton_sqrt(jet a, int *steps) {
  jet y = jet_scalar(a.tape, 1);
  int last = 0;
  for (*steps = 0; *steps < 2000 && last < 2; ++*steps) {
    jet next = jet_scale(jet_add(y, jet_div(a, y)), 0.5);
    double change = look(jet_sub(next, y));
    if (isnan(change)) return next;
    last += fabs(change) <= 1e-9 * look(next);
    y = next;
  }
  return y;
}

static jet newton_callback(jet x, void *data) { return newton_sqrt(jet_sum(x), (int *)data); }

static const double points[] = {2, 1, 0.25, 1e-6, 1e8, 3};

enum { POINTS = sizeof points / sizeof *points };

static void newtons_iteration(void **state) {
  int step = 0, steps[POINTS];
  const double one = 1;
  (void)state;
  jet_fn *f = jet_fn_new(newton_callback, &step, 1);
  for (int round = 0; round < 2; round++)
    for (int i = 0; i < POINTS; i++) {
      double a = points[i], y, g, value, j;
      if (jet_fn_value(f, &a, &value)) fail_msg("%s", jet_fn_message(f));
      assert_close(value, sqrt(a), 1e-15);
      if (jet_fn_gradient(f, &a, &y, &g)) fail_msg("%s", jet_fn_message(f));
      assert_close(y, sqrt(a), 1e-15);
      assert_close(g, 0.5 / sqrt(a), 1e-14);
      steps[i] = step;
      if (jet_fn_jvp(f, &a, &one, &y, &j)) fail_msg("%s", jet_fn_message(f));
      assert_close(j, 0.5 / sqrt(a), 1e-14);
      assert_int_equal(step, steps[i]);
    }
  assert_true(steps[1] < steps[0] && steps[0] < steps[3] && steps[3] != steps[4]);
  jet_fn_free(f);
}

/* The root of r^3 + r = a by halving, ended by a step of Newton's, which alone carries the derivative. */
static jet bisection(jet a, int *steps) {
  jet_tape *tape = a.tape;
  double low = -1, high = 1;
  for (*steps = 0; look(jet_shift(a, -(high * high * high + high))) > 0; ++*steps) high *= 2;
  for (; look(jet_shift(a, -(low * low * low + low))) < 0; ++*steps) low *= 2;
  for (; high - low > 1e-8 * (1 + fabs(low)) && *steps < 400; ++*steps) {
    double middle = (low + high) / 2;
    jet m = jet_scalar(tape, middle), rest = jet_sub(jet_add(jet_powc(m, 3), m), a);
    if (look(rest) > 0) high = middle;
    else low = middle;
  }
  double m = (low + high) / 2;
  return jet_shift(jet_scale(jet_shift(a, -(m * m * m + m)), 1 / (3 * m * m + 1)), m);
}

static jet bisection_callback(jet x, void *data) { return bisection(jet_sum(x), (int *)data); }

static void bisection_takes_branches(void **state) {
  const double roots[] = {0.5, -0.3, 7, -40, 0, 1};
  int step = 0, steps[6];
  (void)state;
  jet_fn *f = jet_fn_new(bisection_callback, &step, 1);
  for (int i = 0; i < 6; i++) {
    double r = roots[i], a = r * r * r + r, y, g;
    if (jet_fn_gradient(f, &a, &y, &g)) fail_msg("%s", jet_fn_message(f));
    steps[i] = step;
    if (r != 0) assert_close(y, r, 1e-13);
    else assert_true(fabs(y) < 1e-14);
    assert_close(g, 1 / (3 * r * r + 1), 1e-7);
  }
  assert_true(steps[2] != steps[0] && steps[3] != steps[2]);
  jet_fn_free(f);
}

/* Both on tapes, with the derivative as a Taylor coefficient and as a gradient, which are seen while they are recorded. */
static void derivatives_of_loops_on_tapes(void **state) {
  (void)state;
  for (int i = 0; i < POINTS; i++) {
    const double a = points[i];
    int steps;
    jet_tape *tape = jet_tape_new();
    jet x = jet_input(tape, 0, NULL), t = jet_parameter(tape, 2), g;
    jet_poke(x, 1, &a);
    jet series = newton_sqrt(jet_expand(x, jet_scalar(tape, 1), t), &steps), y = newton_sqrt(x, &steps);
    assert_close(look(series), sqrt(a), 1e-15);
    assert_close(look(jet_coefficient(series, 1)), 0.5 / sqrt(a), 1e-14);
    assert_close(look(y), sqrt(a), 1e-15);
    assert_int_equal(jet_grad(y, 1, &x, &g), JET_OK);
    assert_close(look(g), 0.5 / sqrt(a), 1e-14);

    const double b = a + 1e-3; /* what was recorded stays the same function elsewhere */
    jet out[] = {y, g};
    jet_plan *p = jet_plan_new(tape, 2, out);
    jet_plan_data(p, x, 0)[0] = b;
    if (jet_plan_run(p)) fail_msg("%s", jet_plan_message(p));
    if (a > 0.1) assert_close(jet_plan_data(p, y, 0)[0], sqrt(b), 1e-12);
    if (a > 0.1) assert_close(jet_plan_data(p, g, 0)[0], 0.5 / sqrt(b), 1e-9);
    jet_plan_free(p);
    jet_tape_free(tape);
  }
}

/* A loop over arrays that ends by its worst element. */
static void loops_on_arrays(void **state) {
  enum { M = 5 };
  const double a[M] = {2, 9, 0.5, 100, 1};
  double y[M], g[M];
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, M), r = jet_shift(jet_scale(x, 0), 1), grad;
  jet_poke(x, M, a);
  for (int i = 0, last = 0; i < 100 && last < 2; i++) {
    jet next = jet_scale(jet_add(r, jet_div(x, r)), 0.5);
    last += look(jet_amax(jet_abs(jet_sub(next, r)))) <= 1e-9;
    r = next;
  }
  assert_int_equal(jet_grad(jet_sum(r), 1, &x, &grad), JET_OK);
  assert_int_equal(jet_peek(r, M, y), JET_OK);
  assert_int_equal(jet_peek(grad, M, g), JET_OK);
  for (int i = 0; i < M; i++) {
    assert_close(y[i], sqrt(a[i]), 1e-15);
    assert_close(g[i], 0.5 / sqrt(a[i]), 1e-14);
  }
  jet_tape_free(tape);
}

/* ---- cost ------------------------------------------------------------------------------------------------------------------------ */

static double seconds(void) {
  struct timespec t;
  timespec_get(&t, TIME_UTC);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* x <- cos(x) or x/2, as x says; returns the time. */
static double walk(int steps, bank *b) {
  const double start = 0.2;
  jet_tape_options options = options_of(b);
  double begin = seconds(), want = start;
  jet_tape *tape = jet_tape_new_ex(&options);
  jet x = jet_input(tape, 0, NULL);
  jet_poke(x, 1, &start);
  for (int i = 0; i < steps; i++) {
    double v = look(x);
    assert_close(v, want, 1e-12);
    x = v > 0.9 ? jet_scale(x, 0.5) : jet_cos(x);
    want = v > 0.9 ? 0.5 * v : cos(v);
  }
  assert_int_equal(jet_tape_status(tape), JET_OK);
  jet_tape_free(tape);
  return seconds() - begin;
}

static void a_loop_is_linear(void **state) {
  (void)state;
  bank one = {0}, ten = {0};
  walk(1000, &one);
  memset(&one, 0, sizeof one);
  double t1 = walk(10000, &one), t10 = walk(100000, &ten);
  print_message("10^4 peeks: %.3f s, %.0f bytes each; 10^5: %.3f s, %.0f bytes each\n", t1, (double)one.bytes / 1e4,
                t10, (double)ten.bytes / 1e5);
  assert_true(t10 < 30 * t1);
  assert_true(ten.bytes < 15 * one.bytes);
  assert_int_equal(one.blocks, 0);
  assert_int_equal(ten.blocks, 0);
}

static void parts_of_a_large_array(void **state) {
  (void)state;
  for (int kind = 0; kind < 2; kind++) {
    size_t small = pick(500, kind), large = pick(4000, kind);
    if (large > 16 * small) fail_msg("kind %d: %zu and %zu bytes for 8 times as much", kind, small, large);
  }
}

static void other_names_are_no_copies(void **state) {
  enum { M = 1 << 18 };
  static double x[M], y[M];
  const ptrdiff_t dims[] = {M / 4, 4}, middle[] = {M / 8, 0};
  bank b = {0};
  jet_tape_options options = options_of(&b);
  (void)state;
  for (int i = 0; i < M; i++) x[i] = i;
  jet_tape *tape = jet_tape_new_ex(&options);
  jet a = vector(tape, M), t = jet_parameter(tape, 1);
  jet_poke(a, M, x);
  jet r = jet_reshape(a, 2, dims), z = jet_coefficient(jet_expand(r, r, t), 1);
  assert_int_equal(jet_peek(z, M, y), JET_OK);
  assert_memory_equal(x, y, sizeof x);
  jet half = jet_slice(z, middle, dims, NULL);
  assert_int_equal(jet_peek(half, M / 2, y), JET_OK);
  assert_memory_equal(x + M / 2, y, sizeof x / 2);
  assert_true(b.bytes < 1 << 16);
  jet_tape_free(tape);
}

/* ---- memory that ends --------------------------------------------------------------------------------------------------------------- */

static jet_status run_short(bank *b, double out[3]) {
  enum { M = 40 };
  static double numbers[M];
  jet_tape_options options = options_of(b);
  for (int i = 0; i < M; i++) numbers[i] = 1 + 0.1 * i;
  jet_tape *tape = jet_tape_new_ex(&options);
  jet x = vector(tape, M), t = jet_parameter(tape, 2), g;
  jet_poke(x, M, numbers);
  jet y = jet_sum(jet_exp(jet_neg(x)));
  jet_peek(y, 1, &out[0]);
  jet z = jet_coefficient(jet_sum(jet_sin(jet_expand(x, y, t))), 1);
  jet_peek(z, 1, &out[1]);
  jet_grad(jet_mul(z, y), 1, &x, &g);
  jet_status status = jet_peek(jet_norm(g), 1, &out[2]);
  assert_int_equal(status, jet_tape_status(tape));
  if (b->refused && !strstr(jet_tape_message(tape), "memory")) fail_msg("\"%s\"", jet_tape_message(tape));
  jet_tape_free(tape);
  return status;
}

static void every_allocation_may_fail(void **state) {
  bank b = {0};
  double want[3];
  (void)state;
  assert_int_equal(run_short(&b, want), JET_OK);
  int all = b.allocations;
  assert_int_equal(b.blocks, 0);
  for (int at = 1; at <= all; at++)
    for (int forever = 0; forever < 2; forever++) {
      bank c = {.fail_at = at, .forever = forever};
      double got[3];
      jet_status status = run_short(&c, got);
      assert_true(c.refused);
      if (status != JET_NO_MEMORY) fail_msg("allocation %d: %s", at, jet_status_string(status));
      if (c.blocks) fail_msg("allocation %d: %d blocks are not freed", at, c.blocks);
    }
  assert_true(all > 100);
}

static jet_status gradient_short(bank *b, double *g) {
  jet_tape_options options = options_of(b);
  int steps;
  double a = 2, y;
  jet_fn *f = jet_fn_new_ex(newton_callback, &steps, 1, &options);
  jet_status status = jet_fn_gradient(f, &a, &y, g);
  if (b->refused && !strstr(jet_fn_message(f), "memory")) fail_msg("\"%s\"", jet_fn_message(f));
  jet_fn_free(f);
  return status;
}

static void every_allocation_of_a_gradient_may_fail(void **state) {
  bank b = {0};
  double g;
  (void)state;
  assert_int_equal(gradient_short(&b, &g), JET_OK);
  assert_int_equal(b.blocks, 0);
  for (int at = 1; at <= b.allocations; at++) {
    bank c = {.fail_at = at};
    jet_status status = gradient_short(&c, &g);
    if (status != JET_NO_MEMORY) fail_msg("allocation %d: %s", at, jet_status_string(status));
    if (c.blocks) fail_msg("allocation %d: %d blocks are not freed", at, c.blocks);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(newtons_iteration),
      cmocka_unit_test(bisection_takes_branches),
      cmocka_unit_test(derivatives_of_loops_on_tapes),
      cmocka_unit_test(loops_on_arrays),
      cmocka_unit_test(a_loop_is_linear),
      cmocka_unit_test(parts_of_a_large_array),
      cmocka_unit_test(other_names_are_no_copies),
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(every_allocation_of_a_gradient_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
