/* fn_forward.c - what sweeps of jets through the function give: its value, derivatives, Taylor coefficients, J v. */
#include "fn.h"

#include <math.h>
#include <string.h>

enum { MAX_EXTRA = 40 /* orders to win back at removable singularities */, LAST_FACTORIAL = 170 };

static void bind(jet_fn *f, prepared *p, int order, const double *v, double *y, double *rest) {
  if (p->key.what != DERIVATIVES) fn_read(fn_given(f, p, 0), v);
  for (int k = 0; k <= order; k++) fn_result(p, k)->at = k == 0 ? y : rest ? rest + (k - 1) * f->outputs : NULL;
}

/* Coefficients 0..order; where orders are lost at removable singularities, again with as many more until none is missing.
   A lane that is 0/0 to every order stays NaN. */
static jet_status sweep(jet_fn *f, question what, int order, const double *v, double *y, double *rest) {
  for (int extra = 0;;) {
    prepared *p;
    asked a = {what, order + extra, 1, 0, 1, fn_first};
    jet_status status = fn_prepare(f, &a, &p);
    if (status) return status;
    bind(f, p, order, v, y, rest);
    if ((status = fn_run(f, p))) return status;
    int lost = jet_plan_lost(p->plan, fn_result(p, 0)->x);
    if (lost > 2 * extra + 8) lost = 2 * extra + 8;
    if (lost <= extra || lost > MAX_EXTRA || order + lost > JET_MAX_ORDER) return JET_OK;
    extra = lost;
  }
}

jet_status fn_taylor(jet_fn *f, int order, const double *v, double *y, double *rest) {
  return sweep(f, TAYLOR, order, v, y, rest);
}

/* y, then the others behind it. */
static double *behind(const jet_fn *f, double *c) { return c ? c + f->outputs : NULL; }

jet_status jet_fn_value(jet_fn *f, const double *x, double *y) {
  prepared *p;
  asked a = {VALUE, 0, 1, 0, 0, NULL};
  jet_status status = fn_enter(f, "jet_fn_value", x);
  if (status || (status = fn_array(f, "jet_fn_value", "y", f->outputs, y))) return status;
  if ((status = fn_prepare(f, &a, &p))) return status;
  fn_result(p, 0)->at = y;
  return fn_run(f, p);
}

jet_status jet_fn_taylor(jet_fn *f, int order, const double *x, const double *v, double *c) {
  const char *name = "jet_fn_taylor";
  jet_status status = fn_enter(f, name, x);
  if (status || (status = fn_order(f, name, 0, order)) || (status = fn_array(f, name, "v", f->inputs[0].n, v)) ||
      (status = fn_array(f, name, "c", f->outputs, c)))
    return status;
  return fn_taylor(f, order, v, c, behind(f, c));
}

jet_status jet_fn_jvp(jet_fn *f, const double *x, const double *v, double *y, double *jv) {
  const char *name = "jet_fn_jvp";
  jet_status status = fn_enter(f, name, x);
  if (status || (status = fn_array(f, name, "v", f->inputs[0].n, v)) || (status = fn_array(f, name, "jv", f->outputs, jv)))
    return status;
  if (!f->expands) return fn_taylor(f, 1, v, y, jv);
  prepared *p;
  asked a = {JVP_TWICE, 1, 1, 0, 1, fn_first};
  if ((status = fn_prepare(f, &a, &p))) return status;
  bind(f, p, 1, v, y, jv);
  return fn_run(f, p);
}

/* d_k = k! c_k, the factorial in pieces that do not overflow before the product does. Whether one does, and where. */
static int unscale(double *d, int k, ptrdiff_t n, ptrdiff_t *where) {
  double piece[16] = {1};
  int pieces = 1, overflow = 0;
  for (int j = 2; j <= k; j++) {
    if (piece[pieces - 1] > 1e290) piece[pieces++] = 1;
    piece[pieces - 1] *= j;
  }
  for (ptrdiff_t i = n - 1; i >= 0; i--) {
    double r = d[i];
    for (int j = 0; j < pieces; j++) r *= piece[j];
    if (isinf(r) && isfinite(d[i])) overflow = 1, *where = i;
    d[i] = r;
  }
  return overflow;
}

static jet_status unscale_all(jet_fn *f, const char *name, int order, double *d) {
  ptrdiff_t n = f->outputs, where = 0;
  jet_status status = JET_OK;
  for (int k = 2; k <= order; k++)
    if (n && unscale(d + k * n, k, n, &where) && !status)
      status = fn_fail(f, JET_OVERFLOW, "%s: %d! times coefficient %d overflows at element %td", name, k, k, where);
  if (order <= LAST_FACTORIAL || status) return status;
  return fn_fail(f, JET_OVERFLOW,
                 "%s: k! overflows above order %d, and Taylor coefficients of derivatives of size 1 underflow there to 0; "
                 "jet_fn_taylor has the coefficients",
                 name, LAST_FACTORIAL);
}

jet_status jet_fn_derivatives(jet_fn *f, int order, const double *x, double *d) {
  const char *name = "jet_fn_derivatives";
  jet_status status = fn_enter(f, name, x);
  if (status || (status = fn_order(f, name, 0, order)) || (status = fn_array(f, name, "d", f->outputs, d))) return status;
  if (f->elementwise < 0) f->elementwise = fn_is_elementwise(f);
  if (f->elementwise < 0) return fn_fail(f, JET_NO_MEMORY, "%s: out of memory", name);
  if (!f->elementwise) return fn_fail(f, JET_NOT_ELEMENTWISE, "%s: %s; jet_fn_taylor takes any function", name, f->why);
  if ((status = sweep(f, DERIVATIVES, order, NULL, d, behind(f, d)))) return status;
  return unscale_all(f, name, order, d);
}
