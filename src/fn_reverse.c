/* fn_reverse.c - what reverse mode gives: gradient, Hessian-vector products, the Taylor jet of the gradient, u J. */
#include "fn.h"

#include <string.h>

static jet_status enter_scalar(jet_fn *f, const char *name, const double *x) {
  jet_status status = fn_enter(f, name, x);
  return status ? status : fn_scalar(f, name);
}

/* ---- first derivatives ------------------------------------------------------------------------------------------------ */

jet_status fn_gradient(jet_fn *f, int n, const int which[], double *y, double *const g[]) {
  prepared *p;
  asked a = {GRADIENT, 0, 1, 0, n, which};
  jet_status status = fn_prepare(f, &a, &p);
  if (status) return status;
  fn_result(p, 0)->at = y;
  for (int i = 0; i < n; i++) fn_result(p, 1 + i)->at = g[i];
  return fn_run(f, p);
}

jet_status jet_fn_gradient(jet_fn *f, const double *x, double *y, double *g) {
  jet_status status = enter_scalar(f, "jet_fn_gradient", x);
  if (status || (status = fn_array(f, "jet_fn_gradient", "g", f->inputs[0].n, g))) return status;
  return fn_gradient(f, 1, fn_first, y, &g);
}

jet_status jet_fn_vjp(jet_fn *f, const double *x, const double *u, double *y, double *uj) {
  prepared *p;
  asked a = {VJP, 0, 1, 0, 1, fn_first};
  jet_status status = fn_enter(f, "jet_fn_vjp", x);
  if (status || (status = fn_array(f, "jet_fn_vjp", "u", f->outputs, u)) ||
      (status = fn_array(f, "jet_fn_vjp", "uj", f->inputs[0].n, uj)) || (status = fn_prepare(f, &a, &p)))
    return status;
  fn_read(fn_given(f, p, 0), u);
  fn_result(p, 0)->at = y;
  fn_result(p, 1)->at = uj;
  return fn_run(f, p);
}

/* ---- Hessian-vector products ------------------------------------------------------------------------------------------- */

jet_status fn_hvp(jet_fn *f, int n, const int which[], const double *const v[], double *const g[], double *const hv[]) {
  prepared *p;
  asked a = {f->expands ? HVP_TWICE : GRADIENT_TAYLOR, 1, 1, 0, n, which};
  jet_status status = fn_prepare(f, &a, &p);
  if (status) return status;
  for (int i = 0; i < n; i++) {
    fn_read(fn_given(f, p, i), v[i]);
    fn_result(p, 2 * i)->at = g ? g[i] : NULL;
    fn_result(p, 2 * i + 1)->at = hv[i];
  }
  return fn_run(f, p);
}

/* A plan that is run to order 0 here and from order 1 at each product. Functions that are not run by orders (they look at values,
   expand inside themselves, or feed a coefficient to a jet) keep the point alone. */
static jet_status start_at_point(jet_fn *f) {
  asked a = {GRADIENT_TAYLOR, 1, 1, 1, 1, fn_first};
  if (f->peeks || f->expands) return fn_done(f);
  jet_status status = fn_prepare_at(f, &a, &f->point);
  if (status == JET_UNSUPPORTED) return fn_done(f);
  if (status) return status;
  if (f->inputs[0].n) jet_plan_bind(f->point.plan, f->point.slots[0].x, 0, f->point_x);
  status = jet_plan_run_orders(f->point.plan, 0, 1);
  return status ? fn_fail(f, status, "%s", jet_plan_message(f->point.plan)) : fn_done(f);
}

jet_status jet_fn_set_point(jet_fn *f, const double *x) {
  jet_status status = enter_scalar(f, "jet_fn_set_point", x);
  if (status) return status;
  size_t n = (size_t)f->inputs[0].n, size = n * sizeof *f->point_x;
  if (!f->point_x && n && !(f->point_x = (double *)memory_resize(&f->mem, NULL, 0, size)))
    return fn_fail(f, JET_NO_MEMORY, "jet_fn_set_point: out of memory");
  if (n) memcpy(f->point_x, x, size);
  return start_at_point(f);
}

/* At the point, order 1 alone. */
static jet_status hvp_resumed(jet_fn *f, const double *v, double *g, double *hv) {
  prepared *p = &f->point;
  slot *in = fn_given(f, p, 0), *out = fn_result(p, 1);
  size_t size = (size_t)out->n * sizeof *hv;
  const double *gradient = fn_numbers(p, 0);
  if (g && size) memcpy(g, gradient, size);
  if (out->zero) {
    if (size) memset(hv, 0, size);
    return fn_done(f);
  }
  fn_read(in, v);
  jet_plan_bind(p->plan, in->x, 0, in->at);
  jet_plan_bind(p->plan, out->x, 1, hv);
  jet_status status = jet_plan_run_orders(p->plan, 1, 2);
  jet_plan_bind(p->plan, in->x, 0, NULL);
  jet_plan_bind(p->plan, out->x, 1, NULL);
  in->at = NULL;
  return status ? fn_fail(f, status, "%s", jet_plan_message(p->plan)) : fn_done(f);
}

/* x: NULL for the point, if there is one. */
static jet_status enter_product(jet_fn *f, const char *name, const double **x) {
  if (f && f != &no_fn && !*x && f->ninputs == 1 && f->inputs[0].n) {
    if (f->recorded) return fn_record(f, 0);
    if (!f->point_x) return fn_fail(f, JET_NO_VALUE, "%s: x is NULL and jet_fn_set_point has set no point", name);
    *x = f->point_x;
  }
  return enter_scalar(f, name, *x);
}

jet_status jet_fn_hvp(jet_fn *f, const double *x, const double *v, double *g, double *hv) {
  const double *at = x;
  jet_status status = enter_product(f, "jet_fn_hvp", &at);
  if (status || (status = fn_array(f, "jet_fn_hvp", "v", f->inputs[0].n, v)) ||
      (status = fn_array(f, "jet_fn_hvp", "hv", f->inputs[0].n, hv)))
    return status;
  return at != x && f->point.plan ? hvp_resumed(f, v, g, hv) : fn_hvp(f, 1, fn_first, &v, &g, &hv);
}

jet_status jet_fn_hvps(jet_fn *f, int p, const double *x, const double *v, double *g, double *hv) {
  const char *name = "jet_fn_hvps";
  const double *at = x;
  jet_status status = enter_product(f, name, &at);
  if (status) return status;
  if (p < 1) return fn_fail(f, JET_BAD_ARGUMENT, "%s: p is %d; there is at least one product", name, p);
  ptrdiff_t n = f->inputs[0].n;
  if ((status = fn_array(f, name, "v", n, v)) || (status = fn_array(f, name, "hv", n, hv))) return status;
  int chunk = fn_chunk(f, p);
  asked a = {f->expands ? HVP_TWICE : GRADIENT_TAYLOR, 1, chunk, 0, 1, fn_first};
  for (ptrdiff_t i = 0; i < p; i = fn_next(i, chunk, p)) {
    prepared *q;
    if ((status = fn_prepare(f, &a, &q))) return status;
    fn_read(fn_given(f, q, 0), n ? v + i * n : NULL);
    fn_result(q, 0)->at = g;
    fn_result(q, 1)->at = n ? hv + i * n : NULL;
    if ((status = fn_run(f, q))) return status;
  }
  return JET_OK;
}

/* ---- higher ones ----------------------------------------------------------------------------------------------------------- */

jet_status fn_gradient_taylor(jet_fn *f, int order, const double *v, double *c) {
  prepared *p;
  asked a = {GRADIENT_TAYLOR, order, 1, 0, 1, fn_first};
  jet_status status = fn_prepare(f, &a, &p);
  if (status) return status;
  fn_read(fn_given(f, p, 0), v);
  for (int k = 0; k <= order; k++) fn_result(p, k)->at = c ? c + k * f->inputs[0].n : NULL;
  return fn_run(f, p);
}

jet_status jet_fn_gradient_taylor(jet_fn *f, int order, const double *x, const double *v, double *c) {
  const char *name = "jet_fn_gradient_taylor";
  jet_status status = enter_scalar(f, name, x);
  if (status || (status = fn_order(f, name, 0, order)) || (status = fn_array(f, name, "v", f->inputs[0].n, v)) ||
      (status = fn_array(f, name, "c", f->inputs[0].n, c)))
    return status;
  return fn_gradient_taylor(f, order, v, c);
}
