/* runs.c */
#include "runs.h"

#include "../common/cli.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_deriv.h>
#include <math.h>

static const double first_step = 0.1, line_tolerance = 0.1, adaptive_step = 1e-3;

/* ---- differences ------------------------------------------------------------------------------------------------ */

static double plain_f(const gsl_vector *x, void *params) {
  plain *c = (plain *)params;
  c->values++;
  return c->p->scalar(x->size, x->data);
}

static void central_df(const gsl_vector *x, void *params, gsl_vector *g) {
  plain *c = (plain *)params;
  gsl_multimin_function f = {plain_f, x->size, c};
  c->derivatives++;
  if (gsl_multimin_diff(&f, x, g)) gsl_vector_set_all(g, GSL_NAN);
}

static void central_fdf(const gsl_vector *x, void *params, double *f, gsl_vector *g) {
  *f = plain_f(x, params);
  central_df(x, params, g);
}

static double plain_along(double t, void *params) {
  plain *c = (plain *)params;
  gsl_vector_set(c->point, c->axis, t);
  return plain_f(c->point, c);
}

static void adaptive_df(const gsl_vector *x, void *params, gsl_vector *g) {
  plain *c = (plain *)params;
  gsl_function f = {plain_along, c};
  double error;
  c->derivatives++;
  gsl_vector_memcpy(c->point, x);
  for (c->axis = 0; c->axis < x->size; c->axis++) {
    const double at = gsl_vector_get(x, c->axis);
    if (gsl_deriv_central(&f, at, adaptive_step, gsl_vector_ptr(g, c->axis), &error)) gsl_vector_set_all(g, GSL_NAN);
    gsl_vector_set(c->point, c->axis, at);
  }
}

static void adaptive_fdf(const gsl_vector *x, void *params, double *f, gsl_vector *g) {
  *f = plain_f(x, params);
  adaptive_df(x, params, g);
}

static int plain_system_f(const gsl_vector *x, void *params, gsl_vector *y) {
  plain *c = (plain *)params;
  c->values++;
  c->p->system(x->size, x->data, y->data, c->p->unit);
  return GSL_SUCCESS;
}

/* ---- a run ------------------------------------------------------------------------------------------------------ */

double norm_of(size_t n, const double *x) {
  gsl_vector_const_view v = gsl_vector_const_view_array(x, n);
  return gsl_blas_dnrm2(&v.vector);
}

/* |gradient| or |F|, not counted; whoever drives the solver, jets judge. */
double size_at(adapter *a, const problem *p, const double *x) {
  if (!a->status)
    a->status = p->scalar ? jet_fn_gradient(a->fn, x, NULL, a->y->data) : jet_fn_value(a->fn, x, a->y->data);
  return a->status ? GSL_NAN : norm_of(p->n, a->y->data);
}

static long evaluations(const run *r) {
  return r->way == BY_JETS ? r->jets->values + r->jets->derivatives : r->c.values;
}

/* Between two iterations: notes where the solver is, and tells whether another one is wanted. size: as it sees it. */
static int go_on(run *r, int status, const gsl_vector *x, double size) {
  if (r->evaluations) {
    r->evaluations[r->rows] = (double)evaluations(r);
    r->sizes[r->rows++] = size_at(r->jets, r->p, x->data);
  }
  progress_show(r->line, "%s, iteration %d", r->part, r->iterations);
  r->status = adapter_status(r->jets) ? adapter_status(r->jets) : status;
  if (r->status || size <= r->tolerance) return 0;
  if (r->iterations == r->most_iterations) r->status = GSL_EMAXITER;
  else r->iterations++;
  return !r->status;
}

static void finish_run(run *r, const gsl_vector *x) {
  r->values = r->way == BY_JETS ? r->jets->values : r->c.values;
  r->derivatives = r->way == BY_JETS ? r->jets->derivatives : r->c.derivatives;
  r->size = size_at(r->jets, r->p, x->data);
  r->error = problem_error(r->p, x->data);
}

static int minimise(run *r, const gsl_vector *start) {
  gsl_multimin_function_fdf f[WAYS] = {min_function(r->jets),
                                       {plain_f, central_df, central_fdf, r->p->n, &r->c},
                                       {plain_f, adaptive_df, adaptive_fdf, r->p->n, &r->c}};
  gsl_multimin_fdfminimizer *m = gsl_multimin_fdfminimizer_alloc(
      r->method == BFGS ? gsl_multimin_fdfminimizer_vector_bfgs2 : gsl_multimin_fdfminimizer_conjugate_fr, r->p->n);
  if (!m) return GSL_ENOMEM;
  int status = gsl_multimin_fdfminimizer_set(m, &f[r->way], start, first_step, line_tolerance);
  while (go_on(r, status, m->x, gsl_blas_dnrm2(m->gradient))) status = gsl_multimin_fdfminimizer_iterate(m);
  finish_run(r, m->x);
  gsl_multimin_fdfminimizer_free(m);
  return GSL_SUCCESS;
}

static int solve_by_jets(run *r, const gsl_vector *start) {
  gsl_multiroot_function_fdf f = root_function(r->jets);
  gsl_multiroot_fdfsolver *s = gsl_multiroot_fdfsolver_alloc(gsl_multiroot_fdfsolver_hybridsj, r->p->n);
  if (!s) return GSL_ENOMEM;
  int status = gsl_multiroot_fdfsolver_set(s, &f, start);
  while (go_on(r, status, s->x, gsl_blas_dnrm2(s->f))) status = gsl_multiroot_fdfsolver_iterate(s);
  finish_run(r, s->x);
  gsl_multiroot_fdfsolver_free(s);
  return GSL_SUCCESS;
}

static int solve_by_differences(run *r, const gsl_vector *start) {
  gsl_multiroot_function f = {plain_system_f, r->p->n, &r->c};
  gsl_multiroot_fsolver *s = gsl_multiroot_fsolver_alloc(gsl_multiroot_fsolver_hybrids, r->p->n);
  if (!s) return GSL_ENOMEM;
  int status = gsl_multiroot_fsolver_set(s, &f, start);
  while (go_on(r, status, s->x, gsl_blas_dnrm2(s->f))) status = gsl_multiroot_fsolver_iterate(s);
  finish_run(r, s->x);
  gsl_multiroot_fsolver_free(s);
  return GSL_SUCCESS;
}

int run_once(run *r) {
  const gsl_vector_const_view start = gsl_vector_const_view_array(r->p->start, r->p->n);
  int (*const solve)(run *, const gsl_vector *) = r->p->scalar        ? minimise
                                                  : r->way == BY_JETS ? solve_by_jets
                                                                      : solve_by_differences;
  r->iterations = 0;
  r->jets->values = r->jets->derivatives = r->c.values = r->c.derivatives = 0;
  if (solve(r, &start.vector)) return cli_complain(1, "out of memory");
  return r->jets->status ? cli_complain(1, "%s: %s", r->p->name, adapter_message(r->jets)) : 0;
}
