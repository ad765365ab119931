/* test_reverse.c - reverse mode: nested gradients, Hessians, coefficients inside a loss, orders and parameters. */
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

/* ---- gradients of gradients of gradients ------------------------------------------------------------------------- */

enum { POINTS = 7, DEPTH = 3 };

/* d[0..DEPTH]: f(x) elementwise, its derivatives by DEPTH reverse sweeps, each over the one before. */
static void nest(jet y, jet x, jet d[DEPTH + 1]) {
  d[0] = y;
  for (int m = 1; m <= DEPTH; m++) d[m] = gradient(jet_sum(d[m - 1]), x);
}

static void nested_gradients_are_jets_of_order_3(void **state) {
  (void)state;
  static const double factorial[] = {1, 1, 2, 6};
  for (int f = 0; f < UNARIES; f++) {
    const op_entry *op = op_find(unary[f].name, strlen(unary[f].name));
    assert_non_null(op);
    jet_tape *tape = jet_tape_new();
    jet x = vector(tape, POINTS), d[2 * DEPTH + 2], t = jet_parameter(tape, DEPTH);
    double at[POINTS], values[2 * DEPTH + 2][POINTS], *to[2 * DEPTH + 2];
    nest(unary[f].f(x), x, d);
    jet y = unary[f].f(jet_expand(x, jet_scalar(tape, 1), t));
    for (int k = 0; k <= DEPTH; k++) d[DEPTH + 1 + k] = k <= jet_order(y) ? jet_coefficient(y, k) : jet_scale(x, 0);
    for (int i = 0; i < POINTS; i++) at[i] = op->in[0].low + (op->in[0].high - op->in[0].low) * (i + 0.3) / POINTS;
    for (int k = 0; k < 2 * DEPTH + 2; k++) to[k] = values[k];
    evaluate(tape, x, at, 2 * DEPTH + 2, d, to);
    for (int i = 0; i < POINTS; i++) {
      double scale = 0;
      for (int k = 0; k <= DEPTH; k++) {
        double want = factorial[k] * values[DEPTH + 1 + k][i];
        scale = fmax(scale, fabs(want));
        if (!(fabs(values[k][i] - want) <= 1e-13 * scale))
          fail_msg("%s at %g, derivative %d: %.17g in reverse, %.17g by jets", unary[f].name, at[i], k, values[k][i],
                   want);
      }
    }
    jet_tape_free(tape);
  }
}

/* At x_0 alone; NaN where the sweep has no value. */
static void nested_at(const char *expr, double x0, double d[DEPTH + 1]) {
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, 1), all[DEPTH + 1];
  double *to[DEPTH + 1];
  nest(ref_record(expr, x, x, REF_GENERAL), x, all);
  for (int k = 0; k <= DEPTH; k++) to[k] = &d[k];
  evaluate(tape, x, &x0, DEPTH + 1, all, to);
  jet_tape_free(tape);
}

enum { REFERENCE_TOLERANCE = 640 }; /* units of u S_k: ten times what a sweep of jets is allowed */

static int reference_file(const char *path) {
  static const double factorial[] = {1, 1, 2, 6};
  ref_file *f = ref_open(path);
  int wrong = 0;
  if (!f) fail_msg("%s cannot be read", path);
  for (int i = 0; i < f->ncase && f->cases[i].nin == 1 && !f->cases[i].extra; i++) {
    const ref_case *c = &f->cases[i];
    double d[DEPTH + 1];
    nested_at(f->expr, c->input[0][0], d);
    for (int k = 0; k <= DEPTH; k++) {
      double error = ref_error(c, k, d[k] / factorial[k]);
      if (error <= REFERENCE_TOLERANCE) continue;
      print_error("%s at %g, derivative %d: %.17g, %g u S too far off\n", f->name, c->input[0][0], k, d[k], error);
      wrong++;
    }
  }
  ref_free(f);
  return wrong;
}

static void nested_gradients_are_the_reference_data(void **state) {
  (void)state;
  char **paths;
  int n = ref_list(REFERENCE_DIR "/elementary", &paths), wrong = 0;
  assert_true(n > 30);
  for (int i = 0; i < n; i++) wrong += reference_file(paths[i]);
  ref_list_free(n, paths);
  assert_int_equal(wrong, 0);
}

/* Coefficient n of the series of sinc, exprel, log1prel at 0. */
static long double sinc_series(int n) { return n % 2 ? 0 : (n % 4 ? -1 : 1) / tgammal(n + 2); }

static long double exprel_series(int n) { return 1 / tgammal(n + 2); }

static long double log1prel_series(int n) { return (n % 2 ? -1.0L : 1.0L) / (n + 1); }

static long double derivative_of_series(long double (*c)(int), int m, long double x) {
  long double sum = 0;
  for (int n = 60; n >= m; n--) sum += c(n) * tgammal(n + 1) / tgammal(n - m + 1) * powl(x, n - m);
  return sum;
}

static void removable_functions_near_zero(void **state) {
  (void)state;
  static const struct {
    const char *expr;
    long double (*series)(int);
  } functions[] = {{"sinc(x)", sinc_series},  {"exprel(x)", exprel_series},  {"log1prel(x)", log1prel_series},
                   {"sin(x)/x", sinc_series}, {"expm1(x)/x", exprel_series}, {"log1p(x)/x", log1prel_series}};
  static const double points[] = {0, 1e-300, 1e-16, -1e-8, 1e-5, -1e-3, 0.02, -0.1, 0.25};
  for (size_t f = 0; f < sizeof functions / sizeof *functions; f++)
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
      double d[DEPTH + 1];
      nested_at(functions[f].expr, points[i], d);
      for (int m = 0; m <= DEPTH; m++) {
        double want = (double)derivative_of_series(functions[f].series, m, points[i]);
        double size = fabs(want) + fabs(points[i]);
        if (!(fabs(d[m] - want) <= 1e-14 * size))
          fail_msg("%s at %g, derivative %d: %.17g instead of %.17g", functions[f].expr, points[i], m, d[m], want);
      }
    }
}

/* ---- Hessians ---------------------------------------------------------------------------------------------------- */

enum { VARIABLES = 6 };

/* A scalar of operations of many kinds. */
static jet mixture(jet x) {
  static const ptrdiff_t dims[] = {2, 3}, index[] = {5, 0, 0, 3};
  const ptrdiff_t four = 4;
  jet a = jet_reshape(jet_sin(x), 2, dims), b = jet_matmul(a, jet_transpose(a));
  jet parts[] = {jet_logsumexp(x),
                 jet_trace(jet_exp(jet_scale(b, 0.3))),
                 jet_norm(jet_gather(x, 0, 1, &four, index)),
                 jet_prod(jet_shift(jet_square(x), 0.5)),
                 jet_var(jet_cumsum(jet_tanh(x), 0)),
                 jet_sum(jet_mul(jet_softmax(x, 0), jet_roll(x, 2, 0)))};
  return jet_sum(jet_stack(6, parts, 0));
}

static const double somewhere[VARIABLES] = {0.31, -0.72, 1.13, 0.57, -1.41, 0.89};

static void unit(double v[VARIABLES], int i) {
  memset(v, 0, VARIABLES * sizeof *v);
  v[i] = 1;
}

/* Rows of the Hessian, by reverse over reverse and by jets of order 1 under reverse. */
static void hessians_are_symmetric(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, VARIABLES), v = vector(tape, VARIABLES), t = jet_parameter(tape, 1);
  jet twice = gradient(jet_dot(gradient(mixture(x), x), v), x);
  jet xt = jet_expand(x, v, t), once = gradient(mixture(xt), xt), rows[] = {twice, jet_coefficient(once, 1)};
  check_tape(tape);
  jet_plan *plan = jet_plan_new(tape, 2, rows);
  double h[2][VARIABLES][VARIABLES];
  memcpy(jet_plan_data(plan, x, 0), somewhere, sizeof somewhere);
  for (int i = 0; i < VARIABLES; i++) {
    unit(jet_plan_data(plan, v, 0), i);
    run(plan);
    for (int w = 0; w < 2; w++) memcpy(h[w][i], jet_plan_data(plan, rows[w], 0), sizeof h[w][i]);
  }
  for (int i = 0; i < VARIABLES; i++)
    for (int j = 0; j < VARIABLES; j++) {
      assert_close("reverse over reverse against forward under reverse", h[0][i][j], h[1][i][j], 1e-12);
      assert_close("symmetry", h[1][i][j], h[1][j][i], 1e-12);
    }
  jet_plan_free(plan);
  jet_tape_free(tape);
}

/* All rows at once, each bit for bit the row alone. */
static void directions_are_single_products(void **state) {
  (void)state;
  enum { P = 3 };
  jet_tape *tape = jet_tape_new();
  ptrdiff_t dims[] = {P, VARIABLES};
  jet x = vector(tape, VARIABLES), vs = jet_input(tape, 2, dims), v = vector(tape, VARIABLES),
      t = jet_parameter(tape, 2);
  jet many = jet_expand_many(x, vs, t), one = jet_expand(x, v, t);
  jet g_many = gradient(mixture(many), many), g_one = gradient(mixture(one), one);
  jet out[] = {jet_coefficient(g_many, 0), jet_coefficient(g_many, 1), jet_coefficient(g_many, 2),
               jet_coefficient(g_one, 0),  jet_coefficient(g_one, 1),  jet_coefficient(g_one, 2)};
  check_tape(tape);
  assert_int_equal(jet_directions(g_many), P);
  assert_int_equal(jet_directions(g_one), 1);
  jet_plan *plan = jet_plan_new(tape, 6, out);
  generator g = {77};
  memcpy(jet_plan_data(plan, x, 0), somewhere, sizeof somewhere);
  for (int i = 0; i < P * VARIABLES; i++) jet_plan_data(plan, vs, 0)[i] = uniform(&g, -1, 1);
  for (int p = 0; p < P; p++) {
    memcpy(jet_plan_data(plan, v, 0), jet_plan_data(plan, vs, 0) + p * VARIABLES, VARIABLES * sizeof(double));
    run(plan);
    for (int k = 0; k < 3; k++)
      for (int i = 0; i < VARIABLES; i++)
        if (!same(jet_plan_data(plan, out[k], 0)[(k ? p * VARIABLES : 0) + i], jet_plan_data(plan, out[3 + k], 0)[i]))
          fail_msg("direction %d, coefficient %d, element %d", p, k, i);
  }
  jet_plan_free(plan);
  jet_tape_free(tape);
}

/* ---- Taylor coefficients inside a loss --------------------------------------------------------------------------- */

enum { WIDTH = 4, WEIGHTS = 3 * WIDTH, COLLOCATION = 5 };

/* mean of (u_xx + u_xxxx/50 - u u_x)^2 over points, u = sum_j a_j tanh(w_j x + b_j). */
static jet residual_loss(jet weights) {
  static const double points[COLLOCATION] = {-0.8, -0.3, 0.1, 0.45, 0.9};
  const ptrdiff_t column[] = {COLLOCATION, 1}, rows[] = {3, WIDTH};
  jet_tape *tape = weights.tape;
  jet t = jet_parameter(tape, 4), x = jet_expand(jet_constant(tape, 2, column, points), jet_scalar(tape, 1), t);
  jet w = jet_reshape(weights, 2, rows), part[3];
  for (ptrdiff_t i = 0; i < 3; i++) {
    const ptrdiff_t start[] = {i, 0}, stop[] = {i + 1, WIDTH};
    part[i] = jet_slice(w, start, stop, NULL);
  }
  jet hidden = jet_tanh(jet_add(jet_mul(x, part[0]), part[1]));
  jet u = jet_matvec(hidden, jet_reshape(part[2], 1, (const ptrdiff_t[]){WIDTH}));
  jet u_xx = jet_scale(jet_coefficient(u, 2), 2), u_xxxx = jet_scale(jet_coefficient(u, 4), 24.0 / 50);
  jet residual = jet_sub(jet_add(u_xx, u_xxxx), jet_mul(jet_coefficient(u, 0), jet_coefficient(u, 1)));
  return jet_mean(jet_square(residual));
}

/* (f(h) - f(-h)) / 2h of many numbers, extrapolated from steps h, h/2, h/4 (Richardson). */
static void differences(jet_plan *plan, double *w, const double *w0, const double *v, jet f, double *d) {
  enum { STEPS = 3 };
  double table[STEPS][WEIGHTS];
  ptrdiff_t n = jet_size(f);
  for (int s = 0; s < STEPS; s++) {
    double h = 0.02 / (1 << s);
    for (int side = -1; side <= 1; side += 2) {
      for (int i = 0; i < WEIGHTS; i++) w[i] = w0[i] + side * h * v[i];
      run(plan);
      for (ptrdiff_t i = 0; i < n; i++)
        table[s][i] = (side < 0 ? 0 : table[s][i]) + side * jet_plan_data(plan, f, 0)[i] / (2 * h);
    }
  }
  for (ptrdiff_t i = 0; i < n; i++) {
    double a = (4 * table[1][i] - table[0][i]) / 3, b = (4 * table[2][i] - table[1][i]) / 3;
    d[i] = (16 * b - a) / 15;
  }
  memcpy(w, w0, WEIGHTS * sizeof *w);
}

static void residuals_with_derivatives_inside(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet w = vector(tape, WEIGHTS), v = vector(tape, WEIGHTS), loss = residual_loss(w), g = gradient(loss, w);
  jet hv = gradient(jet_dot(g, v), w), out[] = {loss, g, hv};
  check_tape(tape);
  jet_plan *plan = jet_plan_new(tape, 3, out);
  double *at = jet_plan_data(plan, w, 0), w0[WEIGHTS], v0[WEIGHTS], got[2][WEIGHTS], want[WEIGHTS];
  generator r = {5};
  for (int i = 0; i < WEIGHTS; i++) w0[i] = uniform(&r, -1.5, 1.5), v0[i] = uniform(&r, -1, 1);
  memcpy(at, w0, sizeof w0);
  memcpy(jet_plan_data(plan, v, 0), v0, sizeof v0);
  run(plan);
  for (int i = 0; i < 2; i++) memcpy(got[i], jet_plan_data(plan, out[1 + i], 0), sizeof got[i]);
  for (int i = 0; i < WEIGHTS; i++) {
    double e[WEIGHTS] = {0};
    e[i] = 1;
    differences(plan, at, w0, e, loss, want);
    assert_close("gradient of a residual", got[0][i], want[0], 1e-7 * (1 + fabs(want[0])));
  }
  differences(plan, at, w0, v0, g, want);
  for (int i = 0; i < WEIGHTS; i++)
    assert_close("Hessian of a residual times v", got[1][i], want[i], 1e-6 * (1 + fabs(want[i])));
  jet_plan_free(plan);
  jet_tape_free(tape);
}

/* c = coefficient 2 of exp(a x) sin(x) at x = 0.7 along t, a function of a; its second derivative in a. */
static void gradient_of_a_gradient_of_a_coefficient(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet a = jet_input(tape, 0, NULL), t = jet_parameter(tape, 3), x = jet_shift(t, 0.7);
  jet c = jet_coefficient(jet_mul(jet_exp(jet_mul(a, x)), jet_sin(x)), 2), g = gradient(c, a), h = gradient(g, a);
  double at = 0.4, value[3], *to[] = {&value[0], &value[1], &value[2]};
  jet out[] = {c, g, h};
  evaluate(tape, a, &at, 3, out, to);
  /* f'' = e^(ax) ((a^2 - 1) sin x + 2 a cos x), c = f''/2, differentiated by a */
  double s = sin(0.7), k = cos(0.7), e = exp(at * 0.7) / 2, p = (at * at - 1) * s + 2 * at * k, q = 2 * at * s + 2 * k;
  assert_close("coefficient", value[0], e * p, 1e-15);
  assert_close("its gradient", value[1], e * (0.7 * p + q), 1e-14);
  assert_close("the gradient of that", value[2], e * (0.49 * p + 1.4 * q + 2 * s), 1e-14);
  jet_tape_free(tape);
}

/* ---- orders and parameters --------------------------------------------------------------------------------------- */

static void gradients_have_the_order_of_the_loss(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet w = vector(tape, 3), x = vector(tape, 3), t = jet_parameter(tape, 4), xt = jet_expand(x, x, t);
  jet wrt[] = {w, xt, x}, grad[3];
  assert_int_equal(jet_grad(jet_sum(jet_mul(jet_exp(w), jet_sin(xt))), 3, wrt, grad), JET_OK);
  for (int i = 0; i < 3; i++) assert_int_equal(jet_order(grad[i]), 4);
  jet loss = jet_sum(jet_coefficient(jet_mul(w, jet_sin(xt)), 3));
  assert_int_equal(jet_grad(loss, 1, &w, grad), JET_OK);
  assert_int_equal(jet_order(grad[0]), 0);
  assert_int_equal(jet_grad(loss, 1, &x, grad), JET_OK);
  assert_int_equal(jet_order(grad[0]), 0);
  jet_tape_free(tape);
}

static void assert_sentence(jet_tape *tape, jet_status status, const char *name) {
  const char *message = jet_tape_message(tape);
  assert_int_equal(jet_tape_status(tape), status);
  if (strncmp(message, name, strlen(name)) || strlen(message) < strlen(name) + 15) fail_msg("\"%s\"", message);
  jet_tape_free(tape);
}

static void plain_losses_and_jets(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = jet_expand(vector(tape, 3), vector(tape, 3), jet_parameter(tape, 2)), g;
  assert_int_equal(jet_grad(jet_sum(jet_coefficient(jet_exp(x), 1)), 1, &x, &g), JET_BAD_PARAMETER);
  assert_sentence(tape, JET_BAD_PARAMETER, "grad: ");

  tape = jet_tape_new();
  jet w = vector(tape, 3), t = jet_parameter(tape, 2), s = jet_parameter(tape, 2);
  jet inner = jet_coefficient(jet_exp(jet_expand(w, w, s)), 1), loss = jet_sum(jet_mul(inner, jet_expand(w, w, t)));
  assert_int_equal(jet_grad(loss, 1, &w, &g), JET_BAD_PARAMETER);
  assert_sentence(tape, JET_BAD_PARAMETER, "grad: ");
}

/* A function that expands inside itself is fed with jets of another parameter. */
static void perturbations_are_not_confused(void **state) {
  (void)state;
  for (int how = 0; how < 2; how++) {
    jet_tape *tape = jet_tape_new();
    jet outside = jet_expand(jet_input(tape, 0, NULL), jet_scalar(tape, 1), jet_parameter(tape, 1));
    jet t = jet_parameter(tape, 1);
    jet inside = how ? jet_expand(outside, jet_scalar(tape, 1), t) : jet_add(outside, t);
    jet y = jet_mul(outside, jet_coefficient(jet_mul(outside, inside), 1)), g;
    assert_int_equal(jet_grad(y, 1, &outside, &g), JET_BAD_PARAMETER);
    assert_int_equal(jet_order(g), -1);
    assert_sentence(tape, JET_BAD_PARAMETER, how ? "expand: " : "add: ");
  }
}

/* ---- what is asked for ------------------------------------------------------------------------------------------- */

static void zeros_are_structural(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, 3), other = vector(tape, 2), masked = vector(tape, 3), wrt[] = {other, x, masked}, grad[3];
  jet loss = jet_sum(jet_add(jet_exp(x), jet_stop_gradient(masked)));
  assert_int_equal(jet_grad(loss, 3, wrt, grad), JET_OK);
  for (int i = 0; i < 3; i++) {
    const value *v = value_of(tape, grad[i].id);
    assert_int_equal(v->low > v->degree, i != 1);
    assert_int_equal(jet_size(grad[i]), jet_size(wrt[i]));
  }
  int values = tape->nvalues;
  assert_int_equal(jet_grad(loss, 1, &other, grad), JET_OK);
  assert_true(tape->nvalues <= values + 2); /* nothing lies between: the seed, and the zero itself */
  double at[3] = {1, 2, 3}, got[2] = {5, 5}, *to = got;
  evaluate(tape, x, at, 1, grad, &to);
  assert_true(got[0] == 0 && got[1] == 0);
  jet_tape_free(tape);
}

static void repeated_and_intermediate_wrt(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, 2), y = jet_square(x), z = jet_mul(y, x), loss = jet_sum(jet_add(z, y));
  jet wrt[] = {x, y, x, z, loss, y}, grad[6];
  double at[] = {3, -2}, value[6][2], *to[6];
  assert_int_equal(jet_grad(loss, 6, wrt, grad), JET_OK);
  for (int i = 0; i < 6; i++) to[i] = value[i];
  evaluate(tape, x, at, 6, grad, to);
  for (int i = 0; i < 2; i++) {
    assert_close("x", value[0][i], 3 * at[i] * at[i] + 2 * at[i], 0);
    assert_close("y", value[1][i], at[i] + 1, 0);
    assert_close("x again", value[2][i], value[0][i], 0);
    assert_close("z", value[3][i], 1, 0);
    assert_close("y again", value[5][i], value[1][i], 0);
  }
  assert_close("the loss", value[4][0], 1, 0);
  jet_tape_free(tape);
}

static void several_outputs(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, 2), y[] = {jet_exp(x), jet_square(x), x, jet_square(x)}, u[4], g;
  double weight[] = {0.5, -2, 3, 10}, at[] = {0.3, -0.6}, got[2], *to = got;
  for (int i = 0; i < 4; i++) u[i] = jet_broadcast_to(jet_scalar(tape, weight[i]), 1, (const ptrdiff_t[]){2});
  assert_int_equal(jet_vjp(4, y, u, 1, &x, &g), JET_OK);
  evaluate(tape, x, at, 1, &g, &to);
  for (int i = 0; i < 2; i++) assert_close("sum", got[i], 0.5 * exp(at[i]) - 4 * at[i] + 3 + 20 * at[i], 1e-14);
  jet_tape_free(tape);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nested_gradients_are_jets_of_order_3),
      cmocka_unit_test(nested_gradients_are_the_reference_data),
      cmocka_unit_test(removable_functions_near_zero),
      cmocka_unit_test(hessians_are_symmetric),
      cmocka_unit_test(directions_are_single_products),
      cmocka_unit_test(residuals_with_derivatives_inside),
      cmocka_unit_test(gradient_of_a_gradient_of_a_coefficient),
      cmocka_unit_test(gradients_have_the_order_of_the_loss),
      cmocka_unit_test(plain_losses_and_jets),
      cmocka_unit_test(perturbations_are_not_confused),
      cmocka_unit_test(zeros_are_structural),
      cmocka_unit_test(repeated_and_intermediate_wrt),
      cmocka_unit_test(several_outputs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
