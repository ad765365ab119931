/* rk8pd.c */
#include "rk8pd.h"

#include "../common/cli.h"

#ifdef HAVE_GSL
#include <gsl/gsl_errno.h>
#include <gsl/gsl_odeiv2.h>

const int rk8pd_available = 1;

static const double first_step = 1e-3;

static int run_one(gsl_odeiv2_driver *driver, int dimension, ptrdiff_t n, double *x, double span) {
  double at[MOST_DIMENSION], time = 0;
  gsl_odeiv2_driver_reset_hstart(driver, first_step);
  for (int i = 0; i < dimension; i++) at[i] = x[i * n];
  const int status = gsl_odeiv2_driver_apply(driver, &time, span, at);
  for (int i = 0; i < dimension; i++) x[i * n] = at[i];
  return status ? cli_complain(1, "rk8pd: %s at time %g", gsl_strerror(status), time) : 0;
}

int rk8pd_run(const dynamics *d, double tolerance, ptrdiff_t n, double *x, double span) {
  gsl_odeiv2_system system = {d->slope, NULL, (size_t)d->dimension, NULL};
  gsl_set_error_handler_off();
  gsl_odeiv2_driver *driver =
      gsl_odeiv2_driver_alloc_y_new(&system, gsl_odeiv2_step_rk8pd, first_step, tolerance, tolerance);
  if (!driver) return cli_complain(1, "rk8pd: out of memory");
  int status = 0;
  for (ptrdiff_t j = 0; j < n && !status; j++) status = run_one(driver, d->dimension, n, x + j, span);
  gsl_odeiv2_driver_free(driver);
  return status;
}
#else
const int rk8pd_available = 0;

int rk8pd_run(const dynamics *d, double tolerance, ptrdiff_t n, double *x, double span) {
  (void)d, (void)tolerance, (void)n, (void)x, (void)span;
  return cli_complain(1, "rk8pd: built without GSL");
}
#endif
