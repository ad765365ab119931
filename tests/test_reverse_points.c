/* test_reverse_points.c - reverse mode: special points, arrays of many blocks, long tapes, what was found in use. */
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
#include "op_list.h"
#include "random_jets.h"
#include "reverse_help.h"
#include "tape.h"

/* ---- special points ---------------------------------------------------------------------------------------------- */

typedef struct special {
  const char *what;
  jet (*record)(jet x);
  int n;
  double at[4], want[4];
  bool smooth; /* twice differentiable there */
} special;

static jet zero(jet x) { return jet_scalar(x.tape, 0); }

static jet masked_sqrt(jet x) { return jet_where(jet_greater(x, zero(x)), jet_sqrt(x), zero(x)); }

static jet masked_log(jet x) { return jet_where(jet_greater(x, zero(x)), jet_log(x), zero(x)); }

static jet masked_quotient(jet x) { return jet_where(jet_equal(x, zero(x)), jet_square(x), jet_div(x, jet_square(x))); }

static jet double_amax(jet x) { return jet_amax(jet_mul(x, x)); }

static jet last_of_cumprod(jet x) {
  const ptrdiff_t start = jet_size(x) - 1, stop = jet_size(x);
  return jet_slice(jet_cumprod(x, 0), &start, &stop, NULL);
}

static jet largest_of_two(jet x) { return jet_max(x, x); }

static jet sorted_first(jet x) {
  const ptrdiff_t start = 0, stop = 1;
  return jet_slice(jet_sort(x, 0), &start, &stop, NULL);
}

static jet hypot_with_zero(jet x) { return jet_hypot(x, jet_scale(x, 0)); }

static jet clamped(jet x) { return jet_clamp(x, -1, 1); }

static jet cube(jet x) { return jet_powc(x, 3); }

static jet xlogx(jet x) { return jet_where(jet_equal(x, zero(x)), zero(x), jet_xlogy(x, x)); }

static const special specials[] = {
    {"where(x > 0, sqrt x, 0)", masked_sqrt, 3, {0, 4, -1}, {0, 0.25, 0}, true},
    {"where(x > 0, log x, 0)", masked_log, 3, {0, 4, -1}, {0, 0.25, 0}, true},
    {"where(x = 0, x^2, x/x^2)", masked_quotient, 2, {0, 2}, {0, -0.25}, true},
    {"where(x = 0, 0, x log x)", xlogx, 2, {0, 1}, {0, 1}, true},
    {"prod with a zero", jet_prod, 4, {2, 0, 3, 5}, {0, 30, 0, 0}, true},
    {"prod with two zeros", jet_prod, 4, {2, 0, 0, 5}, {0, 0, 0, 0}, true},
    {"prod without", jet_prod, 3, {2, 3, 5}, {15, 10, 6}, true},
    {"cumprod with a zero, last", last_of_cumprod, 4, {2, 0, 3, 5}, {0, 30, 0, 0}, true},
    {"cumprod with a zero, all", jet_prod, 2, {0, 7}, {7, 0}, true},
    {"norm at 0", jet_norm, 3, {0, 0, 0}, {0, 0, 0}, false},
    {"norm", jet_norm, 2, {3, 4}, {0.6, 0.8}, true},
    {"amax at a tie", jet_amax, 4, {1, 3, 3, 2}, {0, 0.5, 0.5, 0}, false},
    {"amax of four", jet_amax, 4, {3, 3, 3, 3}, {0.25, 0.25, 0.25, 0.25}, false},
    {"amin at a tie", jet_amin, 3, {1, 3, 1}, {0.5, 0, 0.5}, false},
    {"amax of squares at a tie", double_amax, 3, {-2, 2, 1}, {-2, 2, 0}, false},
    {"abs", jet_abs, 3, {0, -2, 3}, {0, -1, 1}, true},
    {"relu", jet_relu, 3, {0, -2, 3}, {0, 0, 1}, true},
    {"sign", jet_sign, 3, {0, -2, 3}, {0, 0, 0}, false},
    {"max(x, x)", largest_of_two, 2, {0, 3}, {1, 1}, true},
    {"first of sorted, tie", sorted_first, 3, {1, 0.5, 0.5}, {0, 1, 0}, true},
    {"hypot(x, 0)", hypot_with_zero, 2, {3, -3}, {1, -1}, true},
    {"clamp", clamped, 3, {-2, 0.5, 2}, {0, 1, 0}, true},
    {"x^3 at 0", cube, 2, {0, -2}, {0, 12}, true},
    {"logsumexp with -inf", jet_logsumexp, 3, {-INFINITY, 0, 0}, {0, 0.5, 0.5}, true},
    {"logsumexp far out", jet_logsumexp, 2, {1e4, -1e4}, {1, 0}, true},
    {"softplus far out", jet_softplus, 2, {1e4, -1e4}, {1, 0}, true},
    {"logsigmoid far out", jet_logsigmoid, 2, {1e4, -1e4}, {0, 1}, true},
};

static void special_points(void **state) {
  (void)state;
  int wrong = 0;
  for (size_t s = 0; s < sizeof specials / sizeof *specials; s++) {
    const special *p = &specials[s];
    jet_tape *tape = jet_tape_new();
    jet x = vector(tape, p->n), y = p->record(x), g = gradient(jet_rank(y) ? jet_sum(y) : y, x);
    double got[4], *to = got;
    evaluate(tape, x, p->at, 1, &g, &to);
    for (int i = 0; i < p->n; i++)
      if (!(fabs(got[i] - p->want[i]) <= 1e-15 * fabs(p->want[i]))) {
        print_error("%s, element %d at %g: gradient %g instead of %g\n", p->what, i, p->at[i], got[i], p->want[i]);
        wrong++;
      }
    jet_tape_free(tape);
  }
  assert_int_equal(wrong, 0);
}

/* Times (1, .., 1), by reverse over reverse and by jets of order 1 under reverse: finite, and the same. */
static void second_derivatives_at_special_points(void **state) {
  (void)state;
  int wrong = 0;
  for (size_t s = 0; s < sizeof specials / sizeof *specials; s++) {
    const special *p = &specials[s];
    if (!p->smooth) continue;
    jet_tape *tape = jet_tape_new();
    jet x = vector(tape, p->n), one = jet_scalar(tape, 1), xt = jet_expand(x, one, jet_parameter(tape, 1));
    jet twice = gradient(jet_sum(gradient(jet_sum(p->record(x)), x)), x), once = gradient(jet_sum(p->record(xt)), xt);
    jet out[] = {twice, jet_coefficient(once, 1)};
    double got[2][4], *to[] = {got[0], got[1]};
    evaluate(tape, x, p->at, 2, out, to);
    for (int i = 0; i < p->n; i++)
      if (!(fabs(got[0][i] - got[1][i]) <= 1e-14 * fabs(got[1][i]))) {
        print_error("%s, element %d at %g: second derivative %g in reverse, %g by jets\n", p->what, i, p->at[i],
                    got[0][i], got[1][i]);
        wrong++;
      }
    jet_tape_free(tape);
  }
  assert_int_equal(wrong, 0);
}

/* The Hessian of a product at zeros: of x y z at (0, 0, 3) it is 3 in (x, y) and 0 elsewhere. */
static void second_derivatives_of_products_with_zeros(void **state) {
  (void)state;
  for (int how = 0; how < 2; how++) {
    jet_tape *tape = jet_tape_new();
    jet x = vector(tape, 3), v = vector(tape, 3), y = how ? jet_sum(last_of_cumprod(x)) : jet_prod(x);
    jet h = gradient(jet_dot(gradient(y, x), v), x);
    check_tape(tape);
    jet_plan *plan = jet_plan_new(tape, 1, &h);
    jet_plan_data(plan, x, 0)[2] = 3;
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 3; j++) jet_plan_data(plan, v, 0)[j] = i == j;
      run(plan);
      for (int j = 0; j < 3; j++)
        assert_close(how ? "cumprod" : "prod", jet_plan_data(plan, h, 0)[j], i + j == 1 ? 3 : 0, 0);
    }
    jet_plan_free(plan);
    jet_tape_free(tape);
  }
}

/* The largest along t -> 0+: of (t, 2 t, 2 t) the last two share the gradient. */
static void ties_of_jets(void **state) {
  (void)state;
  static const double v[] = {1, 2, 2};
  jet_tape *tape = jet_tape_new();
  const ptrdiff_t n = 3;
  jet x = vector(tape, 3), xt = jet_expand(x, jet_constant(tape, 1, &n, v), jet_parameter(tape, 2));
  jet y = jet_amax(xt), g = gradient(y, xt),
      out[] = {jet_coefficient(y, 1), jet_coefficient(g, 0), jet_coefficient(g, 1)};
  double at[3] = {0}, value[3][3], *to[] = {value[0], value[1], value[2]};
  evaluate(tape, x, at, 3, out, to);
  assert_close("amax", value[0][0], 2, 0);
  evaluate(tape, x, at, 1, &out[1], &to[1]); /* alone: coefficients decide that nothing else needs */
  for (int i = 0; i < 3; i++) {
    assert_close("gradient", value[1][i], i ? 0.5 : 0, 0);
    assert_close("coefficient 1 of the gradient", value[2][i], 0, 0);
  }
  jet_tape_free(tape);
}

/* ---- arrays of many blocks --------------------------------------------------------------------------------------- */

enum { MANY = 12007, ROWS = 4, DIRECTIONS = 3 };

/* Permutations, scans, reductions over both axes, masks, a product of matrices. */
static jet large(jet x, const ptrdiff_t *index) {
  const ptrdiff_t dims[] = {ROWS, -1}, size = MANY, padded = MANY + 1, one = 1, none = 0;
  jet rows = jet_reshape(jet_pad(jet_sin(x), &none, &one, 0.5), 2, dims), shifted = jet_gather(x, 0, 1, &size, index);
  const int first = 0, last = -1;
  jet square = jet_matmul(rows, jet_transpose(rows));
  jet parts[] = {jet_logsumexp(jet_mul(x, shifted)),
                 jet_sum(jet_mul(jet_sort(x, 0), jet_exp(jet_scale(jet_square(shifted), -1)))),
                 jet_sum(jet_log(jet_shift(jet_square(jet_cumsum(jet_tanh(x), 0)), 1))),
                 jet_norm(jet_amax_over(rows, 1, &first, 0)),
                 jet_sum(jet_square(jet_mean_over(rows, 1, &last, 1))),
                 jet_trace(jet_scale(square, 1.0 / MANY)),
                 jet_sum(jet_where(jet_greater(x, shifted), jet_mul(x, jet_cos(shifted)), x))};
  return jet_add(jet_sum(jet_stack(7, parts, 0)), jet_scale(jet_shift(jet_sum(x), (double)padded), 1e-3));
}

static void large_arrays(void **state) {
  (void)state;
  static double at[MANY], v[DIRECTIONS][MANY], single[2][MANY];
  static ptrdiff_t index[MANY];
  generator r = {11};
  for (int i = 0; i < MANY; i++) {
    at[i] = uniform(&r, -2, 2), index[i] = random_below(&r, MANY);
    for (int p = 0; p < DIRECTIONS; p++) v[p][i] = uniform(&r, -1, 1);
  }
  jet_tape *tape = jet_tape_new();
  const ptrdiff_t dims[] = {DIRECTIONS, MANY};
  jet x = vector(tape, MANY), direction = vector(tape, MANY), directions = jet_input(tape, 2, dims);
  jet longer = jet_expand(x, direction, jet_parameter(tape, 3)), t = jet_parameter(tape, 2);
  jet xt = jet_expand(x, direction, t), many = jet_expand_many(x, directions, t);
  jet y = large(longer, index), g = gradient(large(xt, index), xt), g_many = gradient(large(many, index), many);
  jet out[] = {y, g, jet_coefficient(g_many, 1), jet_coefficient(g_many, 2)};
  check_tape(tape);
  jet_plan *plan = jet_plan_new(tape, 4, out);
  memcpy(jet_plan_data(plan, x, 0), at, sizeof at);
  memcpy(jet_plan_data(plan, directions, 0), v, sizeof v);
  for (int p = 0; p < DIRECTIONS; p++) {
    memcpy(jet_plan_data(plan, direction, 0), v[p], sizeof v[p]);
    run(plan);
    for (int k = 0; k < 3; k++) { /* (k + 1) y_{k+1} = <v, g_k> */
      double sum = 0, size = 0;
      for (int i = 0; i < MANY; i++) {
        double term = v[p][i] * jet_plan_data(plan, g, k)[i];
        sum += term, size += fabs(term);
      }
      assert_close("<v, gradient>", sum, (k + 1) * jet_plan_data(plan, y, k + 1)[0], 1e-11 * size);
    }
    for (int k = 1; k < 3; k++) {
      memcpy(single[k - 1], jet_plan_data(plan, g, k), sizeof single[0]);
      for (int i = 0; i < MANY; i++)
        if (!same(jet_plan_data(plan, out[1 + k], 0)[p * MANY + i], single[k - 1][i]))
          fail_msg("direction %d, coefficient %d, element %d", p, k, i);
    }
  }
  jet_plan_free(plan);
  jet_tape_free(tape);
}

/* Jets of one direction are the same for each of the directions that they meet. */
static void one_direction_meets_many(void **state) {
  (void)state;
  enum { N = 5, P = 3, K = 3 };
  jet_tape *tape = jet_tape_new();
  const ptrdiff_t dims[] = {P, N};
  jet t = jet_parameter(tape, K), x = vector(tape, N), w = vector(tape, N), v = vector(tape, N),
      vs = jet_input(tape, 2, dims);
  jet many = jet_expand_many(x, vs, t), one = jet_expand(x, v, t), common = jet_exp(jet_expand(w, w, t)),
      out[4 * (K + 1)];
  jet y[] = {jet_dot(jet_sin(many), common), jet_dot(jet_sin(one), common)}, wrt[2][2] = {{many, w}, {one, w}};
  for (int i = 0; i < 2; i++) {
    jet grad[2];
    jet_grad(y[i], 2, wrt[i], grad);
    for (int k = 0; k <= K; k++)
      for (int j = 0; j < 2; j++) out[(2 * i + j) * (K + 1) + k] = jet_coefficient(grad[j], k);
  }
  check_tape(tape);
  jet_plan *plan = jet_plan_new(tape, 4 * (K + 1), out);
  generator r = {3};
  for (int i = 0; i < N; i++)
    jet_plan_data(plan, x, 0)[i] = uniform(&r, -1, 1), jet_plan_data(plan, w, 0)[i] = uniform(&r, -1, 1);
  for (int i = 0; i < P * N; i++) jet_plan_data(plan, vs, 0)[i] = uniform(&r, -1, 1);
  for (int p = 0; p < P; p++) {
    memcpy(jet_plan_data(plan, v, 0), jet_plan_data(plan, vs, 0) + p * N, N * sizeof(double));
    run(plan);
    for (int m = 0; m < 2 * (K + 1); m++)
      for (int i = 0; i < N; i++)
        if (!same(jet_plan_data(plan, out[m], 0)[(m % (K + 1) ? p * N : 0) + i],
                  jet_plan_data(plan, out[2 * (K + 1) + m], 0)[i]))
          fail_msg("direction %d, gradient %d, coefficient %d, element %d", p, m / (K + 1), m % (K + 1), i);
  }
  jet_plan_free(plan);
  jet_tape_free(tape);
}

/* ---- long tapes -------------------------------------------------------------------------------------------------- */

enum { LONG = 1000000, SLICES = 100000 };

static void a_million_nodes(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = jet_input(tape, 0, NULL), y = x;
  for (int i = 0; i < LONG / 2; i++) y = jet_shift(jet_scale(y, i % 2 ? 0.5 : 2), i % 3);
  jet g = gradient(y, x);
  double at = 1, got, *to = &got;
  evaluate(tape, x, &at, 1, &g, &to);
  assert_close("gradient of a chain", got, 1, 0);
  jet_tape_free(tape);
}

static void a_million_products(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = jet_input(tape, 0, NULL), y = x;
  for (int i = 0; i < LONG / 2; i++) y = jet_mul(jet_sin(y), x);
  jet g = gradient(y, x);
  check_tape(tape);
  assert_true(jet_order(g) == 0);
  jet_tape_free(tape);
}

static void many_slices_of_one_array(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, SLICES), sum = jet_scalar(tape, 0);
  for (ptrdiff_t i = 0; i < SLICES; i++) {
    const ptrdiff_t stop = i + 1;
    sum = jet_add(sum, jet_square(jet_slice(x, &i, &stop, NULL)));
  }
  jet g = gradient(jet_sum(sum), x);
  double *at = (double *)malloc(SLICES * sizeof *at), *got = (double *)malloc(SLICES * sizeof *got);
  for (int i = 0; i < SLICES; i++) at[i] = i;
  evaluate(tape, x, at, 1, &g, &got);
  for (int i = 0; i < SLICES; i++)
    if (got[i] != 2.0 * i) fail_msg("gradient by element %d: %g", i, got[i]);
  free(at);
  free(got);
  jet_tape_free(tape);
}

/* A small gradient again and again at the end of a long tape costs what it touches. */
static void only_what_lies_between(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = jet_input(tape, 0, NULL), y = x, g = x;
  for (int i = 0; i < LONG; i++) y = jet_shift(y, 1);
  for (int i = 0; i < 20000; i++) {
    jet w = jet_shift(x, i);
    g = gradient(jet_mul(jet_sin(w), w), w);
  }
  check_tape(tape);
  assert_true(jet_order(g) == 0);
  jet_tape_free(tape);
}

/* ---- found in use ------------------------------------------------------------------------------------------------- */

static double gradient_of_sum(jet tape_x, jet y, double at) {
  double g, *to[1] = {&g};
  jet d = gradient(jet_sum(y), tape_x);
  evaluate(tape_x.tape, tape_x, &at, 1, &d, to);
  return g;
}

static void wrt_recorded_after_the_loss(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet a = jet_input(tape, 0, NULL), loss = jet_square(a), later = jet_input(tape, 0, NULL), g;
  assert_int_equal(jet_grad(loss, 1, &later, &g), JET_OK);
  assert_int_equal(jet_order(g), 0);
  jet_tape_free(tape);
}

/* Pulls take as numbers only what they have made themselves: constants of the caller may be asked about in a second gradient. */
static void constants_of_one_element_are_not_folded(void **state) {
  (void)state;
  const ptrdiff_t one = 1;
  const double two = 2;
  jet_tape *tape = jet_tape_new();
  jet a = jet_input(tape, 1, &one), b = jet_constant(tape, 1, &one, &two), s = jet_broadcast_to(jet_scalar(tape, 2), 1, &one);
  jet gb = gradient(jet_sum(gradient(jet_sum(jet_mul(a, b)), a)), b);
  jet gs = gradient(jet_sum(gradient(jet_sum(jet_mul(a, s)), a)), s);
  jet y = jet_mul(a, a), gy, gu;
  jet_vjp(1, &y, &b, 1, &a, &gy);
  gu = gradient(jet_sum(gy), b);
  jet out[3] = {gb, gs, gu};
  double at = 3, v[3], *to[3] = {v, v + 1, v + 2};
  evaluate(tape, a, &at, 3, out, to);
  assert_close("of a constant", v[0], 1, 0);
  assert_close("of a broadcast", v[1], 1, 0);
  assert_close("of an adjoint", v[2], 6, 0);
  jet_tape_free(tape);
  tape = jet_tape_new();
  jet c = jet_scalar(tape, 2), x = jet_input(tape, 0, NULL), g;
  assert_int_equal(jet_grad(jet_mul(x, c), 1, &c, &g), JET_BAD_ARGUMENT);
  jet_tape_free(tape);
}

static void infinite_factors_are_absorbed(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    const ptrdiff_t one = 1;
    jet_tape *tape = jet_tape_new();
    jet x = jet_input(tape, 1, &one), zero = jet_scalar(tape, 0);
    jet y = i ? jet_mul(x, jet_scalar(tape, INFINITY)) : jet_scale(x, INFINITY);
    assert_close("where beside infinity", gradient_of_sum(x, jet_where(jet_greater(x, zero), y, zero), -1), 0, 0);
    jet_tape_free(tape);
  }
}

/* |x + v t| at x = 0: gradient v/|v| along the jet, 0 without one, to any number of sweeps. */
static void norms_at_zero(void **state) {
  (void)state;
  const ptrdiff_t n = 2;
  const double direction[2] = {3, 4}, at[2] = {0, 0};
  jet_tape *tape = jet_tape_new();
  jet x = jet_input(tape, 1, &n), v = jet_constant(tape, 1, &n, direction), t = jet_parameter(tape, 2);
  jet along = gradient(jet_norm(jet_expand(x, v, t)), x), g = gradient(jet_norm(x), x), h = gradient(jet_sum(g), x);
  jet out[3] = {jet_coefficient(along, 0), g, h};
  double a[2], b[2], c[2], *to[3] = {a, b, c};
  evaluate(tape, x, at, 3, out, to);
  for (int i = 0; i < 2; i++) {
    assert_close("norm along a jet", a[i], direction[i] / 5, 1e-15);
    assert_close("norm", b[i], 0, 0);
    assert_close("norm twice", c[i], 0, 0);
  }
  jet_tape_free(tape);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(special_points),
      cmocka_unit_test(second_derivatives_of_products_with_zeros),
      cmocka_unit_test(ties_of_jets),
      cmocka_unit_test(second_derivatives_at_special_points),
      cmocka_unit_test(large_arrays),
      cmocka_unit_test(one_direction_meets_many),
      cmocka_unit_test(a_million_nodes),
      cmocka_unit_test(a_million_products),
      cmocka_unit_test(many_slices_of_one_array),
      cmocka_unit_test(only_what_lies_between),
      cmocka_unit_test(wrt_recorded_after_the_loss),
      cmocka_unit_test(constants_of_one_element_are_not_folded),
      cmocka_unit_test(infinite_factors_are_absorbed),
      cmocka_unit_test(norms_at_zero),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
