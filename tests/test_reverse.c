/* test_reverse.c - gradients: of gradients, of Taylor coefficients, at special points, of long tapes. The laws of
   every single operation are in test_ops.c. */
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
#include "tape.h"

static void check_tape(const jet_tape *tape) {
  if (jet_tape_status(tape)) fail_msg("%s", jet_tape_message(tape));
}

static jet vector(jet_tape *tape, ptrdiff_t n) { return jet_input(tape, 1, &n); }

static jet gradient(jet loss, jet x) {
  jet g;
  jet_grad(loss, 1, &x, &g);
  return g;
}

/* Runs outputs with x_0 at x, for plans that are used once. */
static void evaluate(jet_tape *tape, jet x, const double *at, int n, const jet outputs[], double *const values[]) {
  check_tape(tape);
  jet_plan *plan = jet_plan_new(tape, n, outputs);
  double *to = jet_plan_data(plan, x, 0);
  if (!to) fail_msg("%s", jet_plan_message(plan));
  memcpy(to, at, (size_t)jet_size(x) * sizeof *to);
  run(plan);
  for (int i = 0; i < n; i++)
    memcpy(values[i], jet_plan_data(plan, outputs[i], 0), (size_t)jet_size(outputs[i]) * sizeof *to);
  jet_plan_free(plan);
}

static void assert_close(const char *what, double got, double want, double tolerance) {
  if (!(fabs(got - want) <= tolerance)) fail_msg("%s: %.17g instead of %.17g", what, got, want);
}

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
