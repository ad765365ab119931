/* test_derivatives.c - gradients, Hessians, Jacobians and their products by jet_fn: against closed forms, against each other and
   against differences. */
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

enum { MAX_N = 12, MAX_M = 12, TOP = 4 };

static void assert_fn_ok(jet_fn *f, jet_status status) {
  if (status != JET_OK) fail_msg("status \"%s\": %s", jet_status_string(status), jet_fn_message(f));
}

/* A failure comes with a sentence that has the words. */
static void assert_fn_fails(jet_fn *f, jet_status status, jet_status want, const char *words) {
  if (status != want || !strstr(jet_fn_message(f), words))
    fail_msg("status \"%s\" instead of \"%s\", \"%s\" instead of \"%s\"", jet_status_string(status),
             jet_status_string(want), jet_fn_message(f), words);
}

static void assert_close(const char *what, const double *got, const double *want, ptrdiff_t n, double tolerance) {
  double scale = 1;
  for (ptrdiff_t i = 0; i < n; i++) scale = fmax(scale, fabs(want[i]));
  for (ptrdiff_t i = 0; i < n; i++)
    if (!(fabs(got[i] - want[i]) <= tolerance * scale)) fail_msg("%s %td: got %.17g, want %.17g", what, i, got[i], want[i]);
}

static void assert_same(const char *what, const double *got, const double *want, ptrdiff_t n) {
  for (ptrdiff_t i = 0; i < n; i++)
    if (memcmp(&got[i], &want[i], sizeof *got)) fail_msg("%s %td: got %.17g, want %.17g", what, i, got[i], want[i]);
}

/* Deterministic, in [-1, 1]. */
static double some(int i) { return sin(12.9898 * i + 4.1414); }

static void fill(double *x, ptrdiff_t n, int seed) {
  for (ptrdiff_t i = 0; i < n; i++) x[i] = some(seed + (int)i);
}

/* ---- scalar functions -------------------------------------------------------------------------------------------------- */

static jet part(jet x, ptrdiff_t from, ptrdiff_t to) { return jet_slice(x, &from, &to, NULL); }
static jet element(jet x, ptrdiff_t i) { return jet_reshape(part(x, i, i + 1), 0, NULL); }

static jet rosenbrock(jet x, void *data) {
  ptrdiff_t n = jet_size(x);
  jet a = part(x, 0, n - 1), b = part(x, 1, n);
  (void)data;
  return jet_sum(jet_add(jet_scale(jet_square(jet_sub(b, jet_square(a))), 100), jet_square(jet_shift(jet_neg(a), 1))));
}

static void rosenbrock_exactly(int n, const double *x, double *g, double *h) {
  memset(g, 0, (size_t)n * sizeof *g);
  memset(h, 0, (size_t)(n * n) * sizeof *h);
  for (int i = 0; i + 1 < n; i++) {
    double r = x[i + 1] - x[i] * x[i];
    g[i] += -400 * x[i] * r - 2 * (1 - x[i]);
    g[i + 1] += 200 * r;
    h[i * n + i] += 1200 * x[i] * x[i] - 400 * x[i + 1] + 2;
    h[(i + 1) * n + i + 1] += 200;
    h[i * n + i + 1] -= 400 * x[i];
    h[(i + 1) * n + i] -= 400 * x[i];
  }
}

static jet log_sum_exp(jet x, void *data) { return (void)data, jet_logsumexp(x); }

static void log_sum_exp_exactly(int n, const double *x, double *g, double *h) {
  double sum = 0;
  for (int i = 0; i < n; i++) sum += exp(x[i]);
  for (int i = 0; i < n; i++) g[i] = exp(x[i]) / sum;
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) h[i * n + j] = (i == j ? g[i] : 0) - g[i] * g[j];
}

/* log(exp a + exp b + ..) as typed */
static jet log_sum_exp_typed(jet x, void *data) { return (void)data, jet_log(jet_sum(jet_exp(x))); }

static jet speelpenning(jet x, void *data) { return (void)data, jet_prod(x); }

static void speelpenning_exactly(int n, const double *x, double *g, double *h) {
  for (int i = 0; i < n; i++) {
    g[i] = 1;
    for (int k = 0; k < n; k++) g[i] *= k == i ? 1 : x[k];
    for (int j = 0; j < n; j++) {
      h[i * n + j] = i != j;
      for (int k = 0; k < n; k++) h[i * n + j] *= k == i || k == j ? 1 : x[k];
    }
  }
}

/* A layer of four neurons, three inputs; x: its weights. */
static jet perceptron(jet x, void *data) {
  static const ptrdiff_t weights[] = {3, 4}, samples[] = {5, 3}, targets[] = {5, 4};
  double s[15], t[20];
  (void)data;
  fill(s, 15, 100);
  fill(t, 20, 200);
  jet y = jet_tanh(jet_matmul(jet_constant(x.tape, 2, samples, s), jet_reshape(x, 2, weights)));
  return jet_mean(jet_square(jet_sub(y, jet_constant(x.tape, 2, targets, t))));
}

/* f = sinc(x) exprel(x), summed: with s = sinc, e = exprel at 0: s = 1, 0, -1/3; e = 1, 1/2, 1/3 (derivatives). */
static jet removable(jet x, void *data) { return (void)data, jet_sum(jet_mul(jet_sinc(x), jet_exprel(x))); }

static void removable_exactly(int n, const double *x, double *g, double *h) {
  memset(h, 0, (size_t)(n * n) * sizeof *h);
  for (int i = 0; i < n; i++) {
    double a = x[i], s = sin(a), c = cos(a), e = expm1(a);
    g[i] = 0.5; /* at 0; f'' there is -1/3 + 1/3 = 0 */
    if (a == 0) continue;
    double s0 = s / a, s1 = (c - s0) / a, s2 = (-s - 2 * s1) / a, e0 = e / a, e1 = (e + 1 - e0) / a, e2 = (e + 1 - 2 * e1) / a;
    g[i] = s1 * e0 + s0 * e1;
    h[i * n + i] = s2 * e0 + 2 * s1 * e1 + s0 * e2;
  }
}

/* sqrt(x) where x > 0, else 0: masks choose, they do not multiply. */
static jet masked(jet x, void *data) {
  (void)data;
  jet zero = jet_scalar(x.tape, 0);
  return jet_sum(jet_where(jet_greater(x, zero), jet_sqrt(x), jet_scale(x, 3)));
}

static void masked_exactly(int n, const double *x, double *g, double *h) {
  memset(h, 0, (size_t)(n * n) * sizeof *h);
  for (int i = 0; i < n; i++) {
    g[i] = x[i] > 0 ? 0.5 / sqrt(x[i]) : 3;
    h[i * n + i] = x[i] > 0 ? -0.25 / (x[i] * sqrt(x[i])) : 0;
  }
}

static jet half_square(jet x, void *data) { return (void)data, jet_scale(jet_dot(x, x), 0.5); }

static void half_square_exactly(int n, const double *x, double *g, double *h) {
  memcpy(g, x, (size_t)n * sizeof *g);
  for (int i = 0; i < n * n; i++) h[i] = i % (n + 1) == 0;
}

static jet linear(jet x, void *data) { return (void)data, jet_sum(jet_scale(x, 3)); }

static void linear_exactly(int n, const double *x, double *g, double *h) {
  (void)x;
  memset(h, 0, (size_t)(n * n) * sizeof *h);
  for (int i = 0; i < n; i++) g[i] = 3;
}

static jet seven(jet x, void *data) { return (void)data, jet_scalar(x.tape, 7); }

static void seven_exactly(int n, const double *x, double *g, double *h) {
  (void)x;
  memset(h, 0, (size_t)(n * n) * sizeof *h);
  memset(g, 0, (size_t)n * sizeof *g);
}

static jet first_element(jet x, void *data) { return (void)data, part(x, 0, 1); } /* [1]: a scalar in a vector */

static void first_element_exactly(int n, const double *x, double *g, double *h) {
  seven_exactly(n, x, g, h);
  g[0] = 1;
}

typedef struct scalar_case {
  const char *name;
  jet_callback *f;
  void (*exactly)(int n, const double *x, double *g, double *h);
  int n;
  double scale;      /* of x; 0: x has zeros, and 4 and -1 among them */
} scalar_case;

static const scalar_case scalars[] = {
    {"rosenbrock", rosenbrock, rosenbrock_exactly, 7, 1},
    {"rosenbrock of two", rosenbrock, rosenbrock_exactly, 2, 1},
    {"logsumexp", log_sum_exp, log_sum_exp_exactly, 6, 3},
    {"log(sum(exp))", log_sum_exp_typed, log_sum_exp_exactly, 6, 3},
    {"speelpenning", speelpenning, speelpenning_exactly, 6, 1},
    {"speelpenning with zeros", speelpenning, speelpenning_exactly, 5, 0},
    {"perceptron", perceptron, NULL, 12, 1},
    {"sinc exprel", removable, removable_exactly, 5, 2},
    {"sinc exprel at 0", removable, removable_exactly, 5, 0},
    {"where", masked, masked_exactly, 6, 2},
    {"where at 0", masked, masked_exactly, 6, 0},
    {"half square", half_square, half_square_exactly, 5, 1},
    {"linear", linear, linear_exactly, 4, 1},
    {"seven", seven, seven_exactly, 3, 1},
    {"first element", first_element, first_element_exactly, 3, 1},
    {"of one", first_element, first_element_exactly, 1, 1},
};

enum { SCALARS = sizeof scalars / sizeof *scalars };

static void point_of(const scalar_case *c, double *x) {
  fill(x, c->n, 1);
  for (int i = 0; i < c->n; i++) x[i] *= c->scale;
  if (c->scale == 0 && c->n > 3) x[1] = 4, x[3] = -1;
}

static jet_fn *fn_of(const scalar_case *c) {
  jet_fn *f = jet_fn_new(c->f, NULL, c->n);
  assert_non_null(f);
  return f;
}

static void gradient_and_hessian_match_closed_forms(void **state) {
  double x[MAX_N], g[MAX_N], h[MAX_N * MAX_N], want_g[MAX_N], want_h[MAX_N * MAX_N], y, value;
  (void)state;
  for (const scalar_case *c = scalars; c < scalars + SCALARS; c++) {
    if (!c->exactly) continue;
    jet_fn *f = fn_of(c);
    point_of(c, x);
    c->exactly(c->n, x, want_g, want_h);
    assert_fn_ok(f, jet_fn_gradient(f, x, &y, g));
    assert_close(c->name, g, want_g, c->n, 1e-13);
    assert_fn_ok(f, jet_fn_value(f, x, &value));
    assert_same(c->name, &y, &value, 1);
    assert_fn_ok(f, jet_fn_gradient(f, x, NULL, g));
    assert_fn_ok(f, jet_fn_hessian(f, x, h));
    assert_close(c->name, h, want_h, c->n * c->n, 1e-13);
    assert_string_equal(jet_fn_message(f), "");
    jet_fn_free(f);
  }
}

static void a_hessian_is_symmetric(void **state) {
  double x[MAX_N], h[MAX_N * MAX_N], transposed[MAX_N * MAX_N];
  (void)state;
  for (const scalar_case *c = scalars; c < scalars + SCALARS; c++) {
    jet_fn *f = fn_of(c);
    point_of(c, x);
    assert_fn_ok(f, jet_fn_hessian(f, x, h));
    for (int i = 0; i < c->n; i++)
      for (int j = 0; j < c->n; j++) transposed[j * c->n + i] = h[i * c->n + j];
    assert_close(c->name, h, transposed, c->n * c->n, 1e-14);
    jet_fn_free(f);
  }
}

static void multiply(int m, int n, const double *a, const double *v, double *y) {
  for (int i = 0; i < m; i++) {
    y[i] = 0;
    for (int j = 0; j < n; j++) y[i] += a[i * n + j] * v[j];
  }
}

static void hvp_is_the_hessian_times_v(void **state) {
  double x[MAX_N], v[MAX_N], g[MAX_N], gradient[MAX_N], hv[MAX_N], h[MAX_N * MAX_N], want[MAX_N];
  (void)state;
  for (const scalar_case *c = scalars; c < scalars + SCALARS; c++) {
    jet_fn *f = fn_of(c);
    point_of(c, x);
    fill(v, c->n, 50);
    assert_fn_ok(f, jet_fn_gradient(f, x, NULL, gradient));
    assert_fn_ok(f, jet_fn_hessian(f, x, h));
    assert_fn_ok(f, jet_fn_hvp(f, x, v, g, hv));
    multiply(c->n, c->n, h, v, want);
    assert_close(c->name, hv, want, c->n, 1e-13);
    assert_close(c->name, g, gradient, c->n, 1e-15);
    assert_fn_ok(f, jet_fn_hvp(f, x, v, NULL, want));
    assert_same(c->name, want, hv, c->n);
    for (int j = 0; j < c->n; j++) { /* along unit vectors: its rows */
      memset(v, 0, sizeof v);
      v[j] = 1;
      assert_fn_ok(f, jet_fn_hvp(f, x, v, NULL, hv));
      assert_close(c->name, hv, h + j * c->n, c->n, 1e-15);
    }
    jet_fn_free(f);
  }
}

/* Any chunk gives the numbers of single products, bit for bit. */
static void hvps_are_hvp_in_any_chunk(void **state) {
  enum { P = 7 };
  double x[MAX_N], v[P * MAX_N], g[MAX_N], want_g[MAX_N], hv[P * MAX_N], want[P * MAX_N];
  (void)state;
  for (const scalar_case *c = scalars; c < scalars + SCALARS; c++) {
    jet_fn *f = fn_of(c);
    point_of(c, x);
    fill(v, P * c->n, 60);
    for (int i = 0; i < P; i++) assert_fn_ok(f, jet_fn_hvp(f, x, v + i * c->n, want_g, want + i * c->n));
    for (int chunk = 0; chunk <= P + 1; chunk++) {
      assert_fn_ok(f, jet_fn_set_chunk(f, chunk));
      for (int p = 1; p <= P; p++) {
        for (int i = 0; i < P * c->n; i++) hv[i] = 99;
        assert_fn_ok(f, jet_fn_hvps(f, p, x, v, p % 2 ? g : NULL, hv));
        assert_same(c->name, hv, want, p * c->n);
        if (p % 2) assert_same(c->name, g, want_g, c->n);
        for (int i = p * c->n; i < P * c->n; i++) assert_true(hv[i] == 99);
      }
    }
    jet_fn_free(f);
  }
}

static void hessians_are_the_same_in_any_chunk(void **state) {
  double x[MAX_N], h[MAX_N * MAX_N], want[MAX_N * MAX_N];
  (void)state;
  for (const scalar_case *c = scalars; c < scalars + SCALARS; c++) {
    jet_fn *f = fn_of(c);
    point_of(c, x);
    assert_fn_ok(f, jet_fn_hessian(f, x, want));
    for (int chunk = 1; chunk <= c->n + 1; chunk++) {
      assert_fn_ok(f, jet_fn_set_chunk(f, chunk));
      assert_fn_ok(f, jet_fn_hessian(f, x, h));
      assert_same(c->name, h, want, c->n * c->n);
    }
    jet_fn_free(f);
  }
}

/* ---- Taylor jets of the gradient ------------------------------------------------------------------------------------- */

static double dot(int n, const double *a, const double *b) {
  double s = 0;
  for (int i = 0; i < n; i++) s += a[i] * b[i];
  return s;
}

static void gradient_taylor_begins_with_gradient_and_hvp(void **state) {
  double x[MAX_N], v[MAX_N], g[MAX_N], hv[MAX_N], c[(TOP + 1) * MAX_N], lower[(TOP + 1) * MAX_N];
  (void)state;
  for (const scalar_case *s = scalars; s < scalars + SCALARS; s++) {
    jet_fn *f = fn_of(s);
    point_of(s, x);
    fill(v, s->n, 70);
    assert_fn_ok(f, jet_fn_hvp(f, x, v, g, hv));
    assert_fn_ok(f, jet_fn_gradient_taylor(f, TOP, x, v, c));
    assert_close(s->name, c, g, s->n, 1e-15);
    assert_close(s->name, c + s->n, hv, s->n, 1e-14);
    for (int order = 0; order < TOP; order++) {
      assert_fn_ok(f, jet_fn_gradient_taylor(f, order, x, v, lower));
      assert_close(s->name, lower, c, (order + 1) * s->n, 1e-14);
    }
    jet_fn_free(f);
  }
}

/* <v, grad f(x + v t)> = d/dt f(x + v t), coefficient by coefficient */
static void gradient_taylor_along_v_is_the_derivative_of_taylor(void **state) {
  double x[MAX_N], v[MAX_N], c[(TOP + 1) * MAX_N], y[TOP + 2];
  (void)state;
  for (const scalar_case *s = scalars; s < scalars + SCALARS; s++) {
    jet_fn *f = fn_of(s);
    point_of(s, x);
    fill(v, s->n, 80);
    assert_fn_ok(f, jet_fn_gradient_taylor(f, TOP, x, v, c));
    assert_fn_ok(f, jet_fn_taylor(f, TOP + 1, x, v, y));
    for (int k = 0; k <= TOP; k++) {
      double got = dot(s->n, v, c + k * s->n), want = (k + 1) * y[k + 1];
      assert_close(s->name, &got, &want, 1, 1e-11);
    }
    jet_fn_free(f);
  }
}

/* (d/dt) of coefficient k - 1 is k times coefficient k. */
static void gradient_taylor_matches_differences(void **state) {
  const double h = 0x1p-15;
  double x[MAX_N], v[MAX_N], moved[MAX_N], c[(TOP + 1) * MAX_N], d[2][(TOP + 1) * MAX_N];
  (void)state;
  for (const scalar_case *s = scalars; s < scalars + SCALARS; s++) {
    if (s->scale == 0) continue;
    jet_fn *f = fn_of(s);
    point_of(s, x);
    fill(v, s->n, 90);
    assert_fn_ok(f, jet_fn_gradient_taylor(f, TOP, x, v, c));
    for (int side = 0; side < 2; side++) {
      for (int i = 0; i < s->n; i++) moved[i] = x[i] + (side ? -h : h) * v[i];
      assert_fn_ok(f, jet_fn_gradient_taylor(f, TOP, moved, v, d[side]));
    }
    for (int i = s->n; i < (TOP + 1) * s->n; i++) {
      double want = (d[0][i - s->n] - d[1][i - s->n]) / (2 * h), got = i / s->n * c[i];
      if (!(fabs(got - want) <= 1e-6 * fmax(1, fmax(fabs(want), fabs(d[0][i - s->n])))))
        fail_msg("%s: coefficient %d: %.17g against %.17g", s->name, i / s->n, got, want);
    }
    jet_fn_free(f);
  }
}

/* ---- a point kept ----------------------------------------------------------------------------------------------------- */

static void hvp_at_the_point_is_hvp(void **state) {
  double x[MAX_N], other[MAX_N], v[MAX_N], g[2][MAX_N], hv[2][MAX_N], y;
  (void)state;
  for (const scalar_case *c = scalars; c < scalars + SCALARS; c++) {
    jet_fn *f = fn_of(c);
    for (int round = 0; round < 2; round++) {
      point_of(c, x);
      for (int i = 0; i < c->n; i++) x[i] *= 1 + 0.125 * round;
      memcpy(other, x, sizeof x);
      assert_fn_ok(f, jet_fn_set_point(f, other));
      for (int i = 0; i < c->n; i++) other[i] = NAN; /* it is copied */
      for (int j = 0; j < 3; j++) {
        fill(v, c->n, 10 * j);
        assert_fn_ok(f, jet_fn_hvp(f, NULL, v, j ? g[0] : NULL, hv[0]));
        assert_fn_ok(f, jet_fn_hvp(f, x, v, g[1], hv[1]));
        assert_same(c->name, hv[0], hv[1], c->n);
        if (j) assert_same(c->name, g[0], g[1], c->n);
        assert_fn_ok(f, jet_fn_hvps(f, 1, NULL, v, NULL, hv[0]));
        assert_same(c->name, hv[0], hv[1], c->n);
        fill(other, c->n, 5);
        assert_fn_ok(f, jet_fn_gradient(f, other, &y, g[1])); /* elsewhere in between */
      }
    }
    jet_fn_free(f);
  }
}

static void without_a_point_x_is_needed(void **state) {
  double x[3] = {1, 2, 3}, v[3] = {1, 1, 1}, hv[3];
  (void)state;
  jet_fn *f = jet_fn_new(rosenbrock, NULL, 3);
  assert_fn_fails(f, jet_fn_hvp(f, NULL, v, NULL, hv), JET_NO_VALUE, "jet_fn_hvp: x is NULL");
  assert_fn_fails(f, jet_fn_hvps(f, 1, NULL, v, NULL, hv), JET_NO_VALUE, "jet_fn_hvps: x is NULL");
  assert_fn_ok(f, jet_fn_set_point(f, x));
  assert_fn_ok(f, jet_fn_hvp(f, NULL, v, NULL, hv));
  assert_fn_fails(f, jet_fn_hessian(f, NULL, hv), JET_BAD_ARGUMENT, "x is NULL");
  assert_fn_fails(f, jet_fn_set_point(f, NULL), JET_BAD_ARGUMENT, "x is NULL");
  jet_fn_forget(f);
  assert_fn_fails(f, jet_fn_hvp(f, NULL, v, NULL, hv), JET_NO_VALUE, "set no point");
  jet_fn_free(f);
}

/* ---- Jacobians ----------------------------------------------------------------------------------------------------------- */

static jet five_of_three(jet x, void *data) {
  jet a = element(x, 0), b = element(x, 1), c = element(x, 2);
  const jet rows[5] = {jet_mul(a, b), jet_sin(c), jet_exp(a), jet_mul(jet_square(b), c), jet_div(a, c)};
  (void)data;
  return jet_stack(5, rows, 0);
}

static void five_of_three_exactly(const double *x, double *j) {
  const double want[15] = {x[1], x[0], 0, 0, 0, cos(x[2]), exp(x[0]), 0, 0, 0, 2 * x[1] * x[2], x[1] * x[1],
                           1 / x[2], 0, -x[0] / (x[2] * x[2])};
  memcpy(j, want, sizeof want);
}

static jet two_of_six(jet x, void *data) { /* the sum of squares, and the product of neighbours, as [1,2] */
  static const ptrdiff_t dims[] = {1, 2};
  const jet rows[2] = {jet_sum(jet_square(x)), jet_sum(jet_mul(part(x, 0, 5), part(x, 1, 6)))};
  (void)data;
  return jet_reshape(jet_stack(2, rows, 0), 2, dims);
}

static void two_of_six_exactly(const double *x, double *j) {
  for (int i = 0; i < 6; i++) {
    j[i] = 2 * x[i];
    j[6 + i] = (i > 0 ? x[i - 1] : 0) + (i < 5 ? x[i + 1] : 0);
  }
}

static jet sines(jet x, void *data) { return (void)data, jet_sin(x); }

static void sines_exactly(const double *x, double *j) {
  for (int i = 0; i < 16; i++) j[i] = i % 5 ? 0 : cos(x[i / 5]);
}

static jet constants(jet x, void *data) {
  static const ptrdiff_t dims[] = {3};
  static const double c[] = {1, 2, 3};
  (void)data;
  return jet_constant(x.tape, 1, dims, c);
}

static void constants_exactly(const double *x, double *j) {
  (void)x;
  memset(j, 0, 6 * sizeof *j);
}

static jet the_same(jet x, void *data) { return (void)data, x; }

static void the_same_exactly(const double *x, double *j) {
  (void)x;
  for (int i = 0; i < 16; i++) j[i] = i % 5 == 0;
}

typedef struct vector_case {
  const char *name;
  jet_callback *f;
  void (*exactly)(const double *x, double *j);
  int n, m;
} vector_case;

static const vector_case vectors[] = {
    {"five of three", five_of_three, five_of_three_exactly, 3, 5},
    {"two of six", two_of_six, two_of_six_exactly, 6, 2},
    {"sines", sines, sines_exactly, 4, 4},
    {"constants", constants, constants_exactly, 2, 3},
    {"identity", the_same, the_same_exactly, 4, 4},
};

enum { VECTORS = sizeof vectors / sizeof *vectors };

static void jacobians_match_closed_forms_in_any_mode_and_chunk(void **state) {
  double x[MAX_N], y[MAX_M], value[MAX_M], j[MAX_N * MAX_M], want[MAX_N * MAX_M];
  (void)state;
  for (const vector_case *c = vectors; c < vectors + VECTORS; c++) {
    jet_fn *f = jet_fn_new(c->f, NULL, c->n);
    fill(x, c->n, 30);
    c->exactly(x, want);
    assert_fn_ok(f, jet_fn_value(f, x, value));
    assert_fn_ok(f, jet_fn_jacobian(f, x, NULL, j));
    assert_close(c->name, j, want, c->n * c->m, 1e-14);
    for (int chunk = 0; chunk < 7; chunk++) {
      assert_fn_ok(f, jet_fn_set_chunk(f, chunk));
      for (int mode = JET_BY_SHAPE; mode <= JET_REVERSE; mode++) {
        for (int i = 0; i < c->n * c->m; i++) j[i] = 99;
        for (int i = 0; i < c->m; i++) y[i] = 99;
        assert_fn_ok(f, jet_fn_jacobian_mode(f, (jet_mode)mode, x, y, j));
        assert_close(c->name, j, want, c->n * c->m, 1e-14);
        assert_close(c->name, y, value, c->m, 1e-14);
      }
    }
    jet_fn_free(f);
  }
}

static jet steps(jet x, void *data) {
  (void)data;
  return jet_add(jet_floor(x), jet_add(jet_sign(x), jet_round(x)));
}
static jet sum_of_steps(jet x, void *data) { return jet_sum(steps(x, data)); }
static jet sum_of_floors(jet x, void *data) { return (void)data, jet_sum(jet_floor(x)); }

/* Along one direction the steps of an even number of elements may cancel. */
static void check_finds_steps_of_any_number(void **state) {
  static const int sizes[] = {1, 2, 3, 4, 5, 6, 50};
  double x[50];
  (void)state;
  for (int i = 0; i < 50; i++) x[i] = 1;
  for (int i = 0; i < 7; i++) {
    jet_fn *f = jet_fn_new(sum_of_floors, NULL, sizes[i]);
    if (jet_fn_check(f, 1, x, 0) != JET_MISMATCH) fail_msg("%d steps are not found", sizes[i]);
    jet_fn_free(f);
  }
}

static void matrices_of_steps_are_zeros(void **state) {
  (void)state;
  enum { STEPS = 40 };
  double x[STEPS], h[STEPS * STEPS];
  for (int i = 0; i < STEPS; i++) x[i] = i + 0.3;
  for (int chunk = 0; chunk < 4; chunk++)
    for (int i = 0; i < 2; i++) {
      jet_fn *f = jet_fn_new(i ? steps : sum_of_steps, NULL, STEPS);
      assert_fn_ok(f, jet_fn_set_chunk(f, chunk));
      for (int j = 0; j < STEPS * STEPS; j++) h[j] = 7;
      assert_fn_ok(f, i ? jet_fn_jacobian(f, x, NULL, h) : jet_fn_hessian(f, x, h));
      for (int j = 0; j < STEPS * STEPS; j++) assert_true(h[j] == 0);
      jet_fn_free(f);
    }
}

static void jvp_and_vjp_are_products_with_the_jacobian(void **state) {
  double x[MAX_N], v[MAX_N], u[MAX_M], y[MAX_M], value[MAX_M], j[MAX_N * MAX_M], got[MAX_N], want[MAX_N];
  (void)state;
  for (const vector_case *c = vectors; c < vectors + VECTORS; c++) {
    jet_fn *f = jet_fn_new(c->f, NULL, c->n);
    fill(x, c->n, 31);
    fill(v, c->n, 32);
    fill(u, c->m, 33);
    c->exactly(x, j);
    assert_fn_ok(f, jet_fn_value(f, x, value));
    assert_fn_ok(f, jet_fn_jvp(f, x, v, y, got));
    multiply(c->m, c->n, j, v, want);
    assert_close(c->name, got, want, c->m, 1e-14);
    assert_close(c->name, y, value, c->m, 1e-15);
    assert_fn_ok(f, jet_fn_jvp(f, x, v, NULL, got));
    assert_close(c->name, got, want, c->m, 1e-14);
    memset(want, 0, sizeof want);
    for (int i = 0; i < c->m; i++)
      for (int k = 0; k < c->n; k++) want[k] += u[i] * j[i * c->n + k];
    assert_fn_ok(f, jet_fn_vjp(f, x, u, y, got));
    assert_close(c->name, got, want, c->n, 1e-14);
    assert_close(c->name, y, value, c->m, 1e-15);
    assert_fn_ok(f, jet_fn_vjp(f, x, u, NULL, got));
    assert_close(c->name, got, want, c->n, 1e-14);
    jet_fn_free(f);
  }
}

/* J v in one sweep wins lost orders back, as Taylor coefficients do. */
static jet cosm1_typed(jet x, void *data) {
  (void)data;
  return jet_div(jet_shift(jet_neg(jet_cos(x)), 1), jet_square(x));
}

static void jvp_at_a_removable_singularity(void **state) {
  double x[2] = {0, 1}, v[2] = {1, 1}, y[2], jv[2];
  (void)state;
  jet_fn *f = jet_fn_new(cosm1_typed, NULL, 2);
  assert_fn_ok(f, jet_fn_jvp(f, x, v, y, jv));
  assert_close("value", y, (double[]){0.5, 1 - cos(1)}, 2, 1e-15);
  assert_close("derivative", jv, (double[]){0, sin(1) - 2 * (1 - cos(1))}, 2, 1e-14);
  jet_fn_free(f);
}

/* ---- a function that expands inside itself --------------------------------------------------------------------------------- */

/* Mean of (u'' + u^3 - 1)^2 at five points; u a network of three neurons with weights w: u = sum c tanh(a s + b); u'' from jets. */
static jet residual(jet w, void *data) {
  static const ptrdiff_t column[] = {5, 1}, row[] = {1, 3}, one[] = {3, 1};
  static const double points[] = {0, 0.25, 0.5, 0.75, 1};
  (void)data;
  jet t = jet_parameter(w.tape, 2), s = jet_expand(jet_constant(w.tape, 2, column, points), jet_scalar(w.tape, 1), t);
  jet a = jet_reshape(part(w, 0, 3), 2, row), b = jet_reshape(part(w, 3, 6), 2, row), c = jet_reshape(part(w, 6, 9), 2, one);
  jet u = jet_matmul(jet_tanh(jet_add(jet_mul(s, a), b)), c);
  jet second = jet_scale(jet_coefficient(u, 2), 2), u0 = jet_coefficient(u, 0);
  return jet_mean(jet_square(jet_shift(jet_add(second, jet_powc(u0, 3)), -1)));
}

/* As residual without matrices. */
static jet curvature(jet x, void *data) {
  (void)data;
  jet t = jet_parameter(x.tape, 2);
  jet u = jet_exp(jet_sin(jet_expand(x, jet_scalar(x.tape, 1), t)));
  return jet_sum(jet_mul(jet_coefficient(u, 2), jet_coefficient(u, 1)));
}

typedef struct expanding {
  const char *name;
  jet_callback *f;
  int n;
} expanding;

static const expanding inside[] = {{"curvature", curvature, 4}, {"residual", residual, 9}};

static void differences_of_value(jet_fn *f, int n, const double *x, double *g) {
  const double h = 0x1p-13;
  double moved[MAX_N], y[2];
  for (int i = 0; i < n; i++) {
    for (int side = 0; side < 2; side++) {
      memcpy(moved, x, sizeof moved);
      moved[i] += side ? -h : h;
      assert_fn_ok(f, jet_fn_value(f, moved, &y[side]));
    }
    g[i] = (y[0] - y[1]) / (2 * h);
  }
}

static void differences_of_gradient(jet_fn *f, int n, const double *x, double *jacobian) {
  const double h = 0x1p-13;
  double moved[MAX_N], g[2][MAX_N];
  for (int i = 0; i < n; i++) {
    for (int side = 0; side < 2; side++) {
      memcpy(moved, x, sizeof moved);
      moved[i] += side ? -h : h;
      assert_fn_ok(f, jet_fn_gradient(f, moved, NULL, g[side]));
    }
    for (int k = 0; k < n; k++) jacobian[i * n + k] = (g[0][k] - g[1][k]) / (2 * h);
  }
}

static void expanding_inside_gradient_and_hessian(void **state) {
  double x[MAX_N], v[MAX_N], g[MAX_N], want[MAX_N], h[MAX_N * MAX_N], differences[MAX_N * MAX_N], hv[2 * MAX_N];
  (void)state;
  for (const expanding *c = inside; c < inside + 2; c++) {
    jet_fn *f = jet_fn_new(c->f, NULL, c->n);
    fill(x, MAX_N, 40);
    fill(v, c->n, 41);
    differences_of_value(f, c->n, x, want);
    assert_fn_ok(f, jet_fn_gradient(f, x, NULL, g));
    assert_close(c->name, g, want, c->n, 1e-6);
    differences_of_gradient(f, c->n, x, differences);
    assert_fn_ok(f, jet_fn_hessian(f, x, h));
    assert_close(c->name, h, differences, c->n * c->n, 1e-6);
    assert_fn_ok(f, jet_fn_hvp(f, x, v, want, hv));
    assert_close(c->name, want, g, c->n, 1e-14);
    multiply(c->n, c->n, h, v, want);
    assert_close(c->name, hv, want, c->n, 1e-13);
    memcpy(hv + c->n, hv, (size_t)c->n * sizeof *hv);
    assert_fn_ok(f, jet_fn_set_point(f, x));
    assert_fn_ok(f, jet_fn_hvp(f, NULL, v, g, hv));
    assert_same(c->name, hv, hv + c->n, c->n);
    jet_fn_free(f);
  }
}

static void expanding_inside_jacobians(void **state) {
  double x[MAX_N], v[MAX_N], g[MAX_N], j[MAX_N], y, want, jv;
  const double u = 1;
  (void)state;
  for (const expanding *c = inside; c < inside + 2; c++) {
    jet_fn *f = jet_fn_new(c->f, NULL, c->n);
    fill(x, MAX_N, 42);
    fill(v, c->n, 43);
    assert_fn_ok(f, jet_fn_gradient(f, x, &want, g));
    for (int mode = JET_BY_SHAPE; mode <= JET_REVERSE; mode++) {
      assert_fn_ok(f, jet_fn_jacobian_mode(f, (jet_mode)mode, x, NULL, j));
      assert_close(c->name, j, g, c->n, 1e-14);
    }
    assert_fn_ok(f, jet_fn_vjp(f, x, &u, &y, j));
    assert_close(c->name, j, g, c->n, 1e-14);
    assert_fn_ok(f, jet_fn_jvp(f, x, v, &y, &jv));
    assert_close(c->name, &y, &want, 1, 1e-15);
    want = dot(c->n, v, g);
    assert_close(c->name, &jv, &want, 1, 1e-14);
    jet_fn_free(f);
  }
}

static void expanding_inside_has_no_jets_from_outside(void **state) {
  double x[MAX_N], v[MAX_N], out[3 * MAX_N];
  (void)state;
  for (const expanding *c = inside; c < inside + 2; c++) {
    jet_fn *f = jet_fn_new(c->f, NULL, c->n);
    fill(x, MAX_N, 44);
    fill(v, c->n, 45);
    assert_fn_fails(f, jet_fn_taylor(f, 1, x, v, out), JET_BAD_PARAMETER, "expands inside itself");
    assert_fn_fails(f, jet_fn_gradient_taylor(f, 1, x, v, out), JET_BAD_PARAMETER, "expands inside itself");
    assert_fn_ok(f, jet_fn_gradient(f, x, NULL, out));
    jet_fn_free(f);
  }
}

/* ---- several inputs -------------------------------------------------------------------------------------------------------- */

enum { ROWS = 5, IN = 3, OUT = 2, WEIGHTS = IN * OUT, DATA = ROWS * IN };

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
static const int sizes[3] = {WEIGHTS, OUT, DATA};

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

/* ---- callbacks that look ---------------------------------------------------------------------------------------------- */

typedef struct looking {
  int calls;
} looking;

/* |x|_1 by branches on values: x where positive, else -x; then a square, so that there is a second derivative */
static jet by_branches(jet x, void *data) {
  looking *l = (looking *)data;
  double at[3];
  l->calls++;
  jet_peek(x, 3, at);
  jet s = jet_scalar(x.tape, 0);
  for (int i = 0; i < 3; i++) {
    jet e = element(x, i);
    s = jet_add(s, at[i] > 0 ? jet_powc(e, 3) : jet_neg(jet_square(e)));
  }
  return s;
}

static void a_callback_that_looks_is_called_each_time(void **state) {
  const double x[2][3] = {{1, -2, 3}, {-1, 2, -3}};
  double g[3], hv[3], h[9], y;
  const double v[3] = {1, 1, 1};
  looking l = {0};
  (void)state;
  jet_fn *f = jet_fn_new(by_branches, &l, 3);
  assert_int_equal(jet_fn_outputs(f), -1); /* nothing to look at yet */
  assert_true(strlen(jet_fn_message(f)) > 10);
  int before = l.calls;
  for (int round = 0; round < 4; round++) {
    const double *at = x[round % 2];
    assert_fn_ok(f, jet_fn_gradient(f, at, &y, g));
    assert_int_equal(l.calls, before + 3 * round + 1);
    assert_fn_ok(f, jet_fn_hvp(f, at, v, NULL, hv));
    assert_fn_ok(f, jet_fn_hessian(f, at, h));
    assert_int_equal(l.calls, before + 3 * round + 3);
    for (int i = 0; i < 3; i++) {
      double a = at[i], first = a > 0 ? 3 * a * a : -2 * a, second = a > 0 ? 6 * a : -2;
      assert_true(g[i] == first && hv[i] == second && h[4 * i] == second);
    }
  }
  assert_int_equal(jet_fn_outputs(f), 1);
  assert_fn_ok(f, jet_fn_set_point(f, x[0]));
  assert_fn_ok(f, jet_fn_gradient(f, x[1], &y, g));
  assert_fn_ok(f, jet_fn_hvp(f, NULL, v, g, hv));
  assert_true(g[0] == 3 && g[1] == 4 && hv[1] == -2 && hv[2] == 18);
  assert_fn_ok(f, jet_fn_check(f, 3, x[0], 0));
  jet_fn_free(f);
}

/* ---- jet_fn_check -------------------------------------------------------------------------------------------------------- */

static void check_agrees_on_good_functions(void **state) {
  double x[MAX_N];
  (void)state;
  for (const scalar_case *c = scalars; c < scalars + SCALARS; c++) {
    if (c->f == masked && c->scale == 0) continue; /* a kink at 0 */
    jet_fn *f = fn_of(c);
    point_of(c, x);
    for (int order = 1; order <= 6; order++) assert_fn_ok(f, jet_fn_check(f, order, x, 0));
    jet_fn_free(f);
  }
  for (const vector_case *c = vectors; c < vectors + VECTORS; c++) {
    jet_fn *f = jet_fn_new(c->f, NULL, c->n);
    fill(x, c->n, 30);
    assert_fn_ok(f, jet_fn_check(f, 4, x, 0));
    jet_fn_free(f);
  }
  for (const expanding *c = inside; c < inside + 2; c++) {
    jet_fn *f = jet_fn_new(c->f, NULL, c->n);
    fill(x, MAX_N, 40);
    assert_fn_ok(f, jet_fn_check(f, 1, x, 0));
    assert_fn_ok(f, jet_fn_check(f, 2, x, 0));
    assert_fn_fails(f, jet_fn_check(f, 3, x, 0), JET_BAD_PARAMETER, "up to order 2");
    jet_fn_free(f);
  }
}

static jet steep(jet x, void *data) { return (void)data, jet_sum(jet_sin(jet_scale(x, 1000))); }
static jet stiff(jet x, void *data) { return (void)data, jet_sum(jet_exp(jet_scale(jet_log(x), 30))); }

static void check_agrees_on_steep_functions(void **state) {
  double x[3] = {0.5, 1.5, 2};
  (void)state;
  jet_callback *const callbacks[] = {steep, stiff};
  for (int i = 0; i < 2; i++) {
    jet_fn *f = jet_fn_new(callbacks[i], NULL, 3);
    for (int order = 1; order <= 4; order++) assert_fn_ok(f, jet_fn_check(f, order, x, 0));
    jet_fn_free(f);
  }
}

static jet with_abs(jet x, void *data) { return (void)data, jet_sum(jet_exp(jet_abs(jet_scale(x, 2)))); }
static jet with_floor(jet x, void *data) { return (void)data, jet_sum(jet_sin(jet_floor(jet_scale(x, 1)))); }
static jet with_sqrt(jet x, void *data) { return (void)data, jet_mul(jet_cos(x), jet_sqrt(jet_sin(x))); }

static void check_blames_the_operation(void **state) {
  static const struct {
    jet_callback *f;
    double x[2];
    const char *name;
  } bad[] = {{with_abs, {1, 0}, " is abs (node "}, {with_floor, {0.5, 3}, " is floor (node "}, {with_sqrt, {1, 0}, " is sqrt (node "}};
  (void)state;
  for (int i = 0; i < 3; i++) {
    const double good[2] = {0.25, 0.75};
    jet_fn *f = jet_fn_new(bad[i].f, NULL, 2);
    for (int order = 1; order <= 3; order++) {
      assert_fn_fails(f, jet_fn_check(f, order, bad[i].x, 0), JET_MISMATCH, bad[i].name);
      assert_fn_fails(f, jet_fn_check(f, order, bad[i].x, 0), JET_MISMATCH, "jet_fn_check: order 1: forward ");
    }
    assert_fn_ok(f, jet_fn_check(f, 3, good, 0));
    jet_fn_free(f);
  }
}

/* ---- a check of the tests: what they would say of a wrong function --------------------------------------------------------- */

static jet stopped(jet x, void *data) { return (void)data, jet_sum(jet_mul(x, jet_stop_gradient(jet_sin(x)))); }

/* stop_gradient makes derivatives that are not those of the value: wrong on purpose. */
static void check_finds_what_is_wrong_on_purpose(void **state) {
  double x[3] = {0.5, 1, 2};
  (void)state;
  jet_fn *f = jet_fn_new(stopped, NULL, 3);
  assert_fn_fails(f, jet_fn_check(f, 1, x, 0), JET_MISMATCH, "order 1: forward ");
  jet_fn_free(f);
}

/* ---- sizes ------------------------------------------------------------------------------------------------------------------ */

/* More directions than one chunk takes by default. */
static void a_larger_hessian(void **state) {
  enum { N = 150 };
  double *x = (double *)test_malloc(N * sizeof *x), *g = (double *)test_malloc(N * sizeof *g);
  double *h = (double *)test_malloc(N * N * sizeof *h), *want = (double *)test_malloc(N * N * sizeof *want);
  (void)state;
  fill(x, N, 1);
  rosenbrock_exactly(N, x, g, want);
  jet_fn *f = jet_fn_new(rosenbrock, NULL, N);
  assert_fn_ok(f, jet_fn_hessian(f, x, h));
  assert_close("hessian", h, want, N * N, 1e-13);
  jet_fn_free(f);
  test_free(x);
  test_free(g);
  test_free(h);
  test_free(want);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gradient_and_hessian_match_closed_forms),
      cmocka_unit_test(a_hessian_is_symmetric),
      cmocka_unit_test(hvp_is_the_hessian_times_v),
      cmocka_unit_test(hvps_are_hvp_in_any_chunk),
      cmocka_unit_test(hessians_are_the_same_in_any_chunk),
      cmocka_unit_test(gradient_taylor_begins_with_gradient_and_hvp),
      cmocka_unit_test(gradient_taylor_along_v_is_the_derivative_of_taylor),
      cmocka_unit_test(gradient_taylor_matches_differences),
      cmocka_unit_test(hvp_at_the_point_is_hvp),
      cmocka_unit_test(without_a_point_x_is_needed),
      cmocka_unit_test(jacobians_match_closed_forms_in_any_mode_and_chunk),
      cmocka_unit_test(matrices_of_steps_are_zeros),
      cmocka_unit_test(check_finds_steps_of_any_number),
      cmocka_unit_test(jvp_and_vjp_are_products_with_the_jacobian),
      cmocka_unit_test(jvp_at_a_removable_singularity),
      cmocka_unit_test(expanding_inside_gradient_and_hessian),
      cmocka_unit_test(expanding_inside_jacobians),
      cmocka_unit_test(expanding_inside_has_no_jets_from_outside),
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
      cmocka_unit_test(a_callback_that_looks_is_called_each_time),
      cmocka_unit_test(check_agrees_on_good_functions),
      cmocka_unit_test(check_agrees_on_steep_functions),
      cmocka_unit_test(check_blames_the_operation),
      cmocka_unit_test(check_finds_what_is_wrong_on_purpose),
      cmocka_unit_test(a_larger_hessian),
  };
  return cmocka_run_group_tests_name("derivatives", tests, NULL, NULL);
}
