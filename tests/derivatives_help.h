/* derivatives_help.h - functions and comparisons of the tests of jet_fn's derivatives. Include after cmocka.h. */
#ifndef DERIVATIVES_HELP_H
#define DERIVATIVES_HELP_H

#include "reference.h"

enum { MAX_N = 12, MAX_M = 12, TOP = 4 };

static inline void assert_fn_ok(jet_fn *f, jet_status status) {
  if (status != JET_OK) fail_msg("status \"%s\": %s", jet_status_string(status), jet_fn_message(f));
}

/* A failure comes with a sentence that has the words. */
static inline void assert_fn_fails(jet_fn *f, jet_status status, jet_status want, const char *words) {
  if (status != want || !strstr(jet_fn_message(f), words))
    fail_msg("status \"%s\" instead of \"%s\", \"%s\" instead of \"%s\"", jet_status_string(status),
             jet_status_string(want), jet_fn_message(f), words);
}

static inline void assert_close(const char *what, const double *got, const double *want, ptrdiff_t n, double tolerance) {
  double scale = 1;
  for (ptrdiff_t i = 0; i < n; i++) scale = fmax(scale, fabs(want[i]));
  for (ptrdiff_t i = 0; i < n; i++)
    if (!(fabs(got[i] - want[i]) <= tolerance * scale)) fail_msg("%s %td: got %.17g, want %.17g", what, i, got[i], want[i]);
}

static inline void assert_same(const char *what, const double *got, const double *want, ptrdiff_t n) {
  for (ptrdiff_t i = 0; i < n; i++)
    if (memcmp(&got[i], &want[i], sizeof *got)) fail_msg("%s %td: got %.17g, want %.17g", what, i, got[i], want[i]);
}

/* Deterministic, in [-1, 1]. */
static inline double some(int i) { return sin(12.9898 * i + 4.1414); }

static inline void fill(double *x, ptrdiff_t n, int seed) {
  for (ptrdiff_t i = 0; i < n; i++) x[i] = some(seed + (int)i);
}

/* ---- scalar functions -------------------------------------------------------------------------------------------------- */

static inline jet part(jet x, ptrdiff_t from, ptrdiff_t to) { return jet_slice(x, &from, &to, NULL); }

static inline jet element(jet x, ptrdiff_t i) { return jet_reshape(part(x, i, i + 1), 0, NULL); }

static inline jet rosenbrock(jet x, void *data) {
  ptrdiff_t n = jet_size(x);
  jet a = part(x, 0, n - 1), b = part(x, 1, n);
  (void)data;
  return jet_sum(jet_add(jet_scale(jet_square(jet_sub(b, jet_square(a))), 100), jet_square(jet_shift(jet_neg(a), 1))));
}

static inline void rosenbrock_exactly(int n, const double *x, double *g, double *h) {
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

static inline jet log_sum_exp(jet x, void *data) { return (void)data, jet_logsumexp(x); }

static inline void log_sum_exp_exactly(int n, const double *x, double *g, double *h) {
  double sum = 0;
  for (int i = 0; i < n; i++) sum += exp(x[i]);
  for (int i = 0; i < n; i++) g[i] = exp(x[i]) / sum;
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) h[i * n + j] = (i == j ? g[i] : 0) - g[i] * g[j];
}

/* log(exp a + exp b + ..) as typed */
static inline jet log_sum_exp_typed(jet x, void *data) { return (void)data, jet_log(jet_sum(jet_exp(x))); }

static inline jet speelpenning(jet x, void *data) { return (void)data, jet_prod(x); }

static inline void speelpenning_exactly(int n, const double *x, double *g, double *h) {
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
static inline jet perceptron(jet x, void *data) {
  static const ptrdiff_t weights[] = {3, 4}, samples[] = {5, 3}, targets[] = {5, 4};
  double s[15], t[20];
  (void)data;
  fill(s, 15, 100);
  fill(t, 20, 200);
  jet y = jet_tanh(jet_matmul(jet_constant(x.tape, 2, samples, s), jet_reshape(x, 2, weights)));
  return jet_mean(jet_square(jet_sub(y, jet_constant(x.tape, 2, targets, t))));
}

/* f = sinc(x) exprel(x), summed: with s = sinc, e = exprel at 0: s = 1, 0, -1/3; e = 1, 1/2, 1/3 (derivatives). */
static inline jet removable(jet x, void *data) { return (void)data, jet_sum(jet_mul(jet_sinc(x), jet_exprel(x))); }

static inline void removable_exactly(int n, const double *x, double *g, double *h) {
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
static inline jet masked(jet x, void *data) {
  (void)data;
  jet zero = jet_scalar(x.tape, 0);
  return jet_sum(jet_where(jet_greater(x, zero), jet_sqrt(x), jet_scale(x, 3)));
}

static inline void masked_exactly(int n, const double *x, double *g, double *h) {
  memset(h, 0, (size_t)(n * n) * sizeof *h);
  for (int i = 0; i < n; i++) {
    g[i] = x[i] > 0 ? 0.5 / sqrt(x[i]) : 3;
    h[i * n + i] = x[i] > 0 ? -0.25 / (x[i] * sqrt(x[i])) : 0;
  }
}

static inline jet half_square(jet x, void *data) { return (void)data, jet_scale(jet_dot(x, x), 0.5); }

static inline void half_square_exactly(int n, const double *x, double *g, double *h) {
  memcpy(g, x, (size_t)n * sizeof *g);
  for (int i = 0; i < n * n; i++) h[i] = i % (n + 1) == 0;
}

static inline jet linear(jet x, void *data) { return (void)data, jet_sum(jet_scale(x, 3)); }

static inline void linear_exactly(int n, const double *x, double *g, double *h) {
  (void)x;
  memset(h, 0, (size_t)(n * n) * sizeof *h);
  for (int i = 0; i < n; i++) g[i] = 3;
}

static inline jet seven(jet x, void *data) { return (void)data, jet_scalar(x.tape, 7); }

static inline void seven_exactly(int n, const double *x, double *g, double *h) {
  (void)x;
  memset(h, 0, (size_t)(n * n) * sizeof *h);
  memset(g, 0, (size_t)n * sizeof *g);
}

static inline jet first_element(jet x, void *data) { return (void)data, part(x, 0, 1); } /* [1]: a scalar in a vector */

static inline void first_element_exactly(int n, const double *x, double *g, double *h) {
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

static inline void point_of(const scalar_case *c, double *x) {
  fill(x, c->n, 1);
  for (int i = 0; i < c->n; i++) x[i] *= c->scale;
  if (c->scale == 0 && c->n > 3) x[1] = 4, x[3] = -1;
}

static inline jet_fn *fn_of(const scalar_case *c) {
  jet_fn *f = jet_fn_new(c->f, NULL, c->n);
  assert_non_null(f);
  return f;
}

static inline void multiply(int m, int n, const double *a, const double *v, double *y) {
  for (int i = 0; i < m; i++) {
    y[i] = 0;
    for (int j = 0; j < n; j++) y[i] += a[i * n + j] * v[j];
  }
}

/* ---- Taylor jets of the gradient ------------------------------------------------------------------------------------- */

static inline double dot(int n, const double *a, const double *b) {
  double s = 0;
  for (int i = 0; i < n; i++) s += a[i] * b[i];
  return s;
}

/* ---- Jacobians ----------------------------------------------------------------------------------------------------------- */

static inline jet five_of_three(jet x, void *data) {
  jet a = element(x, 0), b = element(x, 1), c = element(x, 2);
  const jet rows[5] = {jet_mul(a, b), jet_sin(c), jet_exp(a), jet_mul(jet_square(b), c), jet_div(a, c)};
  (void)data;
  return jet_stack(5, rows, 0);
}

static inline void five_of_three_exactly(const double *x, double *j) {
  const double want[15] = {x[1], x[0], 0, 0, 0, cos(x[2]), exp(x[0]), 0, 0, 0, 2 * x[1] * x[2], x[1] * x[1],
                           1 / x[2], 0, -x[0] / (x[2] * x[2])};
  memcpy(j, want, sizeof want);
}

static inline jet two_of_six(jet x, void *data) { /* the sum of squares, and the product of neighbours, as [1,2] */
  static const ptrdiff_t dims[] = {1, 2};
  const jet rows[2] = {jet_sum(jet_square(x)), jet_sum(jet_mul(part(x, 0, 5), part(x, 1, 6)))};
  (void)data;
  return jet_reshape(jet_stack(2, rows, 0), 2, dims);
}

static inline void two_of_six_exactly(const double *x, double *j) {
  for (int i = 0; i < 6; i++) {
    j[i] = 2 * x[i];
    j[6 + i] = (i > 0 ? x[i - 1] : 0) + (i < 5 ? x[i + 1] : 0);
  }
}

static inline jet sines(jet x, void *data) { return (void)data, jet_sin(x); }

static inline void sines_exactly(const double *x, double *j) {
  for (int i = 0; i < 16; i++) j[i] = i % 5 ? 0 : cos(x[i / 5]);
}

static inline jet constants(jet x, void *data) {
  static const ptrdiff_t dims[] = {3};
  static const double c[] = {1, 2, 3};
  (void)data;
  return jet_constant(x.tape, 1, dims, c);
}

static inline void constants_exactly(const double *x, double *j) {
  (void)x;
  memset(j, 0, 6 * sizeof *j);
}

static inline jet the_same(jet x, void *data) { return (void)data, x; }

static inline void the_same_exactly(const double *x, double *j) {
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

/* ---- a function that expands inside itself --------------------------------------------------------------------------------- */

/* Mean of (u'' + u^3 - 1)^2 at five points; u a network of three neurons with weights w: u = sum c tanh(a s + b); u'' from jets. */
static inline jet residual(jet w, void *data) {
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
static inline jet curvature(jet x, void *data) {
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

/* ---- several inputs -------------------------------------------------------------------------------------------------------- */

enum { ROWS = 5, IN = 3, OUT = 2, WEIGHTS = IN * OUT, DATA = ROWS * IN };

static const int sizes[3] = {WEIGHTS, OUT, DATA};

#endif
