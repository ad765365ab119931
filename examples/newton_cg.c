/* newton_cg.c - a truncated Newton method: each step minimises the quadratic model within a trust region by conjugate
   gradients (Steihaug 1983), which ask for products of the Hessian with vectors and for nothing else of it. No Hessian
   is formed.

   Problems, f(x) to be minimised:
     rosenbrock  sum over pairs (a, b) = (x[2i], x[2i+1]) of 100 (b - a^2)^2 + (1 - a)^2, from (-1.2, 1, -1.2, 1, ...):
                 the extended Rosenbrock function of More, Garbow and Hillstrom
     chained     sum over i of 100 (x[i+1] - x[i]^2)^2 + (1 - x[i])^2, from the same point, for which it is much harder
     logistic    multinomial logistic regression on the pictures of digits: mean negative log likelihood plus
                 0.0005 |x|^2, from 0 */
#include "common/cli.h"
#include "common/clock.h"
#include "common/digits_data.h"

#include <float.h>
#include <jets.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_NUMBERS = 1 << 28 };

static const double most_forcing = 0.1; /* of the tolerance for linear systems, relative */

typedef enum problem_kind { ROSENBROCK, CHAINED, LOGISTIC } problem_kind;
static const char *const problem_names[] = {"rosenbrock", "chained", "logistic", NULL};

typedef struct settings {
  cli_choice problem;
  int n, iterations;
  double tolerance;
  const char *data;
} settings;

typedef struct problem {
  jet_callback *f;
  ptrdiff_t n;
  digits_data digits;
  ptrdiff_t *labels;
} problem;

typedef struct solver {
  jet_fn *f;
  ptrdiff_t n;
  double *x, *g;      /* the point, its gradient                                                          */
  double *p;          /* the step                                                                         */
  double *r, *d, *hd; /* of conjugate gradients: minus the residual, direction, its Hessian product  */
  double *trial;      /* x + p                                                                            */
  double *block;      /* that holds all these                                                             */
  double value, radius;
  double hvp_seconds;
  int products;
} solver;

/* ---- the problems ----------------------------------------------------------------------------------------------- */

/* sum of 100 (b - a^2)^2 + (1 - a)^2 */
static jet banana(jet a, jet b) {
  jet valley = jet_sub(b, jet_square(a)), distance = jet_shift(jet_neg(a), 1);
  return jet_add(jet_scale(jet_sum(jet_square(valley)), 100), jet_sum(jet_square(distance)));
}

static jet elements(jet x, ptrdiff_t start, ptrdiff_t stop, ptrdiff_t step) {
  return jet_slice(x, &start, &stop, &step);
}

static jet rosenbrock(jet x, void *data) {
  (void)data;
  ptrdiff_t n = jet_size(x);
  return banana(elements(x, 0, n, 2), elements(x, 1, n, 2));
}

static jet chained(jet x, void *data) {
  (void)data;
  ptrdiff_t n = jet_size(x);
  return banana(elements(x, 0, n - 1, 1), elements(x, 1, n, 1));
}

/* x: weights [PIXELS, DIGITS], then DIGITS biases. */
static jet logistic(jet x, void *data) {
  const problem *p = (const problem *)data;
  const ptrdiff_t pictures[] = {p->digits.rows, PIXELS}, matrix[] = {PIXELS, DIGITS};
  jet weights = jet_reshape(elements(x, 0, PIXELS * DIGITS, 1), 2, matrix),
      biases = elements(x, PIXELS * DIGITS, jet_size(x), 1),
      logits = jet_add(jet_matmul(jet_constant(x.tape, 2, pictures, p->digits.pixels), weights), biases);
  return jet_add(jet_mean(jet_cross_entropy(logits, p->labels)), jet_scale(jet_sum(jet_square(x)), 0.0005));
}

static int read_problem(problem *p, const settings *s) {
  static jet_callback *const functions[] = {rosenbrock, chained, logistic};
  *p = (problem){functions[s->problem.at], s->n, {0, NULL, NULL}, NULL};
  if (s->problem.at != LOGISTIC) return -1;
  if (!digits_read(&p->digits, s->data)) return 2;
  p->n = (PIXELS + 1) * DIGITS;
  p->labels = (ptrdiff_t *)malloc((size_t)p->digits.rows * sizeof *p->labels);
  if (!p->labels) return cli_complain(1, "out of memory");
  for (ptrdiff_t i = 0; i < p->digits.rows; i++) p->labels[i] = (ptrdiff_t)p->digits.labels[i];
  return -1;
}

static void problem_free(problem *p) {
  digits_free(&p->digits);
  free(p->labels);
}

/* ---- vectors ---------------------------------------------------------------------------------------------------- */

/* Eight sums, so that the loop vectorises and does not wait for one addition after another. */
static double dot(ptrdiff_t n, const double *a, const double *b) {
  double sum[8] = {0};
  ptrdiff_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (int j = 0; j < 8; j++) sum[j] += a[i + j] * b[i + j];
  for (; i < n; i++) sum[0] += a[i] * b[i];
  return ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

static double norm(ptrdiff_t n, const double *a) { return sqrt(dot(n, a, a)); }

static void add_multiple(ptrdiff_t n, double *restrict y, double c, const double *restrict x) {
  for (ptrdiff_t i = 0; i < n; i++) y[i] += c * x[i];
}

/* ---- conjugate gradients in a ball ------------------------------------------------------------------------------ */

static jet_status product(solver *s) {
  double start = clock_seconds();
  jet_status status = jet_fn_hvp(s->f, NULL, s->d, NULL, s->hd);
  s->hvp_seconds += clock_seconds() - start;
  s->products++;
  return status;
}

/* The positive root c of |p + c d| = radius. */
static double to_boundary(const solver *s) {
  double a = dot(s->n, s->d, s->d), b = dot(s->n, s->p, s->d), gap = s->radius * s->radius - dot(s->n, s->p, s->p);
  double root = sqrt(b * b + a * fmax(gap, 0));
  return b > 0 ? fmax(gap, 0) / (b + root) : (root - b) / a;
}

/* The step: from p = 0 along conjugate directions, until |g + H p| <= forcing |g|, or out of the ball, or down a
   direction of negative curvature to its surface. *decrease: of the model g p + p H p / 2, which is -c d r + c^2 d H d
   / 2 along d. */
static jet_status find_step(solver *s, double forcing, double *decrease, int *steps) {
  ptrdiff_t n = s->n;
  double rr = dot(n, s->g, s->g), stop = forcing * forcing * rr;
  *decrease = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    s->p[i] = 0;
    s->r[i] = s->d[i] = -s->g[i];
  }
  for (*steps = 0; rr > stop && *steps < 2 * n;) {
    jet_status status = product(s);
    if (status) return status;
    ++*steps;
    double curvature = dot(n, s->d, s->hd), rd = dot(n, s->r, s->d), most = to_boundary(s), c = rr / curvature;
    int outside = !(curvature > 0) || c >= most;
    if (outside) c = most;
    add_multiple(n, s->p, c, s->d);
    *decrease += c * rd - 0.5 * c * c * curvature;
    if (outside) break;
    add_multiple(n, s->r, -c, s->hd);
    double before = rr;
    rr = dot(n, s->r, s->r);
    for (ptrdiff_t i = 0; i < n; i++) s->d[i] = s->r[i] + rr / before * s->d[i];
  }
  return JET_OK;
}

/* ---- the iteration ---------------------------------------------------------------------------------------------- */

/* Moves to x + p if f falls there by enough of what the model promised, and adapts the radius. Close to the minimum
   both are lost in the rounding of f, so both are taken for at least that (Conn, Gould, Toint 2000, section 17.4.2). */
static jet_status try_step(solver *s, double decrease) {
  double value, rounding = 10 * DBL_EPSILON * fabs(s->value), length = norm(s->n, s->p);
  for (ptrdiff_t i = 0; i < s->n; i++) s->trial[i] = s->x[i] + s->p[i];
  jet_status status = jet_fn_value(s->f, s->trial, &value);
  if (status) return status;
  double ratio = (s->value - value + rounding) / (decrease + rounding);
  if (!(ratio >= 0.25)) s->radius = 0.25 * length;
  else if (ratio > 0.75 && length > 0.99 * s->radius) s->radius *= 2;
  if (!(ratio > 1e-4)) return JET_OK;
  double *old = s->x;
  s->x = s->trial;
  s->trial = old;
  status = jet_fn_gradient(s->f, s->x, &s->value, s->g);
  return status ? status : jet_fn_set_point(s->f, s->x);
}

/* Linear systems are solved the better, the faster the gradient falls (Eisenstat and Walker 1996, choice 2 with its
   safeguard): superlinear convergence, and no conjugate gradients wasted far from the minimum. */
static double forcing_term(double forcing, double size, double before) {
  double next = 0.9 * (size / before) * (size / before), kept = 0.9 * forcing * forcing;
  if (kept > 0.1 && next < kept) next = kept;
  return fmin(next, most_forcing);
}

static void print_row(int iteration, const solver *s, double size, int steps, double hvp_seconds) {
  printf("%9d %16.9e %12.4e %8d %11.3e %11.3f\n", iteration, s->value, size, steps, s->radius, 1e3 * hvp_seconds);
  fflush(stdout);
}

static int minimise(solver *s, const settings *set, double *size) {
  jet_status status = jet_fn_gradient(s->f, s->x, &s->value, s->g);
  if (!status) status = jet_fn_set_point(s->f, s->x);
  double before, forcing = most_forcing;
  before = *size = norm(s->n, s->g);
  s->radius = fmax(1, norm(s->n, s->x));
  puts("iteration                f          |g| CG steps      radius  ms in hvp");
  if (!status) print_row(0, s, *size, 0, 0);
  for (int i = 1; !status && *size > set->tolerance && i <= set->iterations && s->radius > 0; i++) {
    double decrease, seconds = s->hvp_seconds;
    int steps;
    if (before != *size) forcing = forcing_term(forcing, *size, before);
    status = find_step(s, forcing, &decrease, &steps);
    if (!status) status = try_step(s, decrease);
    before = *size;
    *size = norm(s->n, s->g);
    if (!status) print_row(i, s, *size, steps, s->hvp_seconds - seconds);
  }
  if (status) return cli_complain(1, "%s", jet_fn_message(s->f));
  return !(*size <= set->tolerance);
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

static int solver_new(solver *s, problem *p) {
  *s = (solver){.f = jet_fn_new(p->f, p, p->n), .n = p->n};
  double **const vectors[] = {&s->x, &s->g, &s->p, &s->r, &s->d, &s->hd, &s->trial};
  enum { VECTORS = sizeof vectors / sizeof *vectors };
  s->block = (double *)calloc(VECTORS * (size_t)p->n, sizeof *s->block);
  if (!s->block) return 0;
  for (int i = 0; i < VECTORS; i++) *vectors[i] = s->block + i * p->n;
  return 1;
}

static int solve(const settings *set, problem *p) {
  solver s;
  double start = clock_seconds(), size = 0;
  int status = solver_new(&s, p) ? -1 : cli_complain(1, "out of memory");
  if (status < 0) {
    if (set->problem.at != LOGISTIC)
      for (ptrdiff_t i = 0; i < s.n; i++) s.x[i] = i % 2 ? 1 : -1.2;
    status = minimise(&s, set, &size);
    printf("%d products of the Hessian with a vector in %.3f s\n", s.products, s.hvp_seconds);
    printf("%s |g| %.3e f %.9e n %td time %.2f\n", status ? "not converged:" : "converged:", size, s.value, s.n,
           clock_seconds() - start);
  }
  jet_fn_free(s.f);
  free(s.block);
  return status;
}

static int read_settings(int argc, char **argv, settings *s) {
  const cli_option options[] = {
      {"problem", "NAME", "the function", CLI_CHOICE, &s->problem, 0, 0},
      {"n", "N", "unknowns of a Rosenbrock function", CLI_INTEGER, &s->n, 2, MOST_NUMBERS},
      {"tolerance", "G", "the norm of the gradient to reach", CLI_NUMBER, &s->tolerance, 0, 1e300},
      {"iterations", "N", "at most", CLI_INTEGER, &s->iterations, 0, 1000000},
      {"data", "FILE", "pictures of digits, instead of the project's", CLI_FILE, &s->data, 0, 0},
  };
  int status = cli_read(argc, argv, "Minimises a function by a truncated Newton method; exit status 1 if it fails to.",
                        sizeof options / sizeof *options, options);
  if (status >= 0) return status;
  if (s->problem.at == ROSENBROCK && s->n % 2) return cli_complain(2, "--n: %d is odd, rosenbrock has pairs", s->n);
  return -1;
}

int main(int argc, char **argv) {
  settings s = {.problem = {problem_names, ROSENBROCK}, .n = 1000000, .iterations = 1000, .tolerance = 1e-6};
  problem p;
  int status = read_settings(argc, argv, &s);
  if (status >= 0) return status;
  status = read_problem(&p, &s);
  if (status < 0) status = solve(&s, &p);
  problem_free(&p);
  return status;
}
