/* fn_inputs.c - functions of several arrays (parameters and a minibatch, say): bound once, asked about by input. */
#include "fn.h"

jet_status jet_fn_bind(jet_fn *f, int input, const double *x) {
  if (!f) return JET_BAD_ARGUMENT;
  if (f == &no_fn) return JET_NO_MEMORY;
  if (f->broken) return fn_record(f, 0);
  if (input < 0 || input >= f->ninputs)
    return fn_fail(f, JET_BAD_INDEX, "jet_fn_bind: input %d is outside 0..%d", input, f->ninputs - 1);
  f->inputs[input].bound = x;
  return fn_done(f);
}

jet_status jet_fn_value_inputs(jet_fn *f, double *y) {
  const char *name = "jet_fn_value_inputs";
  prepared *p;
  asked a = {VALUE, 0, 1, 0, 0, NULL};
  jet_status status = fn_enter_inputs(f, name);
  if (status || (status = fn_array(f, name, "y", f->outputs, y)) || (status = fn_prepare(f, &a, &p))) return status;
  fn_result(p, 0)->at = y;
  return fn_run(f, p);
}

static jet_status check_which(jet_fn *f, const char *name, int n, const int which[]) {
  if (n < 1) return fn_fail(f, JET_BAD_ARGUMENT, "%s: n is %d; it is asked about at least one input", name, n);
  if (!which) return fn_fail(f, JET_BAD_ARGUMENT, "%s: which is NULL", name);
  for (int i = 0; i < n; i++) {
    if (which[i] < 0 || which[i] >= f->ninputs)
      return fn_fail(f, JET_BAD_INDEX, "%s: which[%d] is %d, outside inputs 0..%d", name, i, which[i], f->ninputs - 1);
    for (int j = 0; j < i; j++)
      if (which[j] == which[i])
        return fn_fail(f, JET_BAD_ARGUMENT, "%s: which[%d] and which[%d] are both input %d", name, j, i, which[i]);
  }
  return JET_OK;
}

/* Arrays for the inputs asked about, none of them NULL. */
static jet_status check_arrays(jet_fn *f, const char *name, const char *what, int n, const int which[],
                               const double *const *p) {
  if (!p) return fn_fail(f, JET_BAD_ARGUMENT, "%s: %s is NULL", name, what);
  for (int i = 0; i < n; i++)
    if (!p[i] && f->inputs[which[i]].n) return fn_fail(f, JET_BAD_ARGUMENT, "%s: %s[%d] is NULL", name, what, i);
  return JET_OK;
}

jet_status jet_fn_gradient_inputs(jet_fn *f, int n, const int which[], double *y, double *const g[]) {
  const char *name = "jet_fn_gradient_inputs";
  jet_status status = fn_enter_inputs(f, name);
  if (status || (status = fn_scalar(f, name)) || (status = check_which(f, name, n, which)) ||
      (status = check_arrays(f, name, "g", n, which, (const double *const *)g)))
    return status;
  return fn_gradient(f, n, which, y, g);
}

jet_status jet_fn_hvp_inputs(jet_fn *f, int n, const int which[], const double *const v[], double *const g[],
                             double *const hv[]) {
  const char *name = "jet_fn_hvp_inputs";
  jet_status status = fn_enter_inputs(f, name);
  if (status || (status = fn_scalar(f, name)) || (status = check_which(f, name, n, which)) ||
      (status = check_arrays(f, name, "v", n, which, v)) ||
      (status = check_arrays(f, name, "hv", n, which, (const double *const *)hv)))
    return status;
  return fn_hvp(f, n, which, v, g, hv);
}
