/* adjoint.c */
#include "fit.h"

#include "../common/plans.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { REFERENCE = 256 }; /* steps between two times */

/* Of both gradients, relative to 1 + their size, by the moment. What training leaves may be steep. */
static const double tolerance[] = {1e-4, 1e-3}, rounding = 1e-12;

/* ---- the adjoint equation ---------------------------------------------------------------------------------------- */

/* The rate of (x, a, dL/dw): N(x), -(dN/dx)' a, -(dN/dw)' a. */
int adjoint_plan(fit *f) {
  static const ptrdiff_t row[2] = {1, PLANE};
  flow *a = &f->adjoint;
  a->n = 2 * PLANE + f->net.size;
  jet in[2] = {jet_input(f->tape, 2, row), jet_input(f->tape, 2, row)}, minus_a = jet_neg(in[1]);
  jet wrt[1 + ARRAYS] = {in[0]}, out[2 + ARRAYS] = {fit_network(&f->net, in[0])};
  memcpy(wrt + 1, f->net.parameter, sizeof f->net.parameter);
  jet_vjp(1, out, &minus_a, 1 + ARRAYS, wrt, out + 1);
  a->plan = fit_plan(f, 2 + ARRAYS, out);
  plan_bind(a->plan, 2, in, a->stage);
  plan_bind(a->plan, 2 + ARRAYS, out, a->rate);
  return plan_check(a->plan);
}

/* The same step in plain C. */
static int flow_step(flow *f, double h) {
  static const double at[4] = {0, 0.5, 0.5, 1}, weight[4] = {1, 2, 2, 1};
  int status = 0;
  memset(f->sum, 0, sizeof f->sum);
  for (int s = 0; s < 4 && !status; s++) {
    for (ptrdiff_t i = 0; i < f->n; i++) f->stage[i] = f->y[i] + (s ? at[s] * h * f->rate[i] : 0);
    status = plan_run(f->plan);
    for (ptrdiff_t i = 0; i < f->n; i++) f->sum[i] += weight[s] * f->rate[i];
  }
  for (ptrdiff_t i = 0; i < f->n; i++) f->y[i] += h / 6 * f->sum[i];
  return status;
}

/* Leaves dL/dw at adjoint.y + 2 PLANE. Forwards a is 0; backwards x is taken up again at each time of the data. */
static int solve_adjoint(fit *f, int substeps) {
  static double path[MOST_TIMES * PLANE];
  const int times = f->set->times;
  const double h = fit_time_step(f, substeps);
  flow *a = &f->adjoint;
  int status = 0;
  memset(a->y, 0, sizeof a->y);
  memcpy(a->y, start, sizeof start);
  for (int i = 0; i < times; i++) {
    for (int j = 0; j < substeps && !status; j++) status = flow_step(a, h);
    memcpy(path + i * PLANE, a->y, PLANE * sizeof *path);
  }
  for (int i = times; i-- > 0;) {
    for (int j = 0; j < PLANE; j++) {
      a->y[j] = path[i * PLANE + j];
      a->y[PLANE + j] += (a->y[j] - f->data[(1 + j) * times + i]) / times; /* 2 (x - data) / (PLANE times) */
    }
    for (int j = 0; j < substeps && !status; j++) status = flow_step(a, -h);
  }
  return status;
}

double distance(ptrdiff_t n, const double *a, const double *b) {
  double sum = 0;
  for (ptrdiff_t i = 0; i < n; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sqrt(sum);
}

/* ---- both gradients ---------------------------------------------------------------------------------------------- */

static int check_row(fit *f, int i, const double *exact) {
  const int substeps = 1 << i;
  int status = plan_run_once(fit_plan_loss(f, substeps));
  if (!status) status = solve_adjoint(f, substeps);
  f->check[0][i] = substeps;
  f->check[1][i] = distance(f->net.size, f->net.g, exact);
  f->check[2][i] = distance(f->net.size, f->adjoint.y + 2 * PLANE, exact);
  printf("%7d  %27.3e  %17.3e", substeps, f->check[1][i], f->check[2][i]);
  if (i) printf("  %5.2f  %5.2f", log2(f->check[1][i - 1] / f->check[1][i]), log2(f->check[2][i - 1] / f->check[2][i]));
  putchar('\n');
  return status;
}

/* Of the last row: what both errors are at most, and at the first weights, whose field is smooth, the order. */
static int judge(const fit *f, moment when, double size) {
  for (int i = 1; i <= 2; i++) {
    const double *e = &f->check[i][f->checks - 1], order = log2(e[-1] / e[0]);
    const char *const name = i == 1 ? "through the steps" : "of the adjoint equation";
    if (!(e[0] <= tolerance[when] * (1 + size)))
      return cli_complain(1, "the gradient %s is %.1e away from the reference", name, e[0]);
    if (when == FIRST && e[0] > rounding * (1 + size) && !(fabs(order - 4) < 0.5))
      return cli_complain(1, "the gradient %s has order %.2f, not 4", name, order);
  }
  return 0;
}

int adjoint_check(fit *f, moment when) {
  static double exact[MOST_NUMBERS], zero[MOST_NUMBERS];
  int status = solve_adjoint(f, REFERENCE);
  memcpy(exact, f->adjoint.y + 2 * PLANE, sizeof exact);
  if (!status) status = plan_run(f->plan);
  f->trained = distance(f->net.size, f->net.g, exact);
  f->checks = when == FIRST ? CHECKS - 1 : CHECKS; /* to rounding */
  printf("gradient at the %s weights, by Runge-Kutta steps between two times:\n", when == FIRST ? "first" : "last");
  puts("  steps  |through the steps - exact|  |adjoint - exact|  orders");
  for (int i = 0; i < f->checks && !status; i++) status = check_row(f, i, exact);
  return status ? status : judge(f, when, distance(f->net.size, exact, zero));
}
