/* runs.h - one of GSL's solvers on one problem, driven by jets or by differences. */
#ifndef EXAMPLES_GSL_RUNS_H
#define EXAMPLES_GSL_RUNS_H

#include "../common/progress.h"

#include "gsl_adapter.h"
#include "problems.h"

enum { BY_JETS, BY_DIFFERENCES, BY_ADAPTIVE, WAYS }; /* the last for minima alone */
enum { BFGS, CONJUGATE, HYBRID };
enum { MOST_REPEATS = 99 };

typedef struct plain { /* params of GSL's callbacks for the function in plain C */
  const problem *p;
  long values, derivatives; /* evaluations; how often GSL asked for a gradient */
  gsl_vector *point;        /* on a line along an axis */
  size_t axis;
} plain;

typedef struct run {
  const problem *p;
  adapter *jets;
  plain c;
  int method, way, most_iterations;
  double tolerance;
  int status, iterations;
  long values, derivatives; /* evaluations of the function; of its gradient or Jacobian by jets */
  double size, error;       /* |gradient| or |F| at the end, by jets, and the error of x */
  double seconds[MOST_REPEATS], time;
  double *evaluations, *sizes; /* [iterations + 1] each, of a run that is traced; else NULL */
  ptrdiff_t rows;
  progress *line; /* that shows what of the work this is, by `part`; the clock is looked at after every iteration */
  char part[64];
} run;

/* Returns 0, or an exit status after a complaint. A solver that gives up is no failure. */
int run_once(run *);

/* |gradient| or |F| at x by jets, not counted; NaN where the adapter fails. */
double size_at(adapter *, const problem *, const double *x);
double norm_of(size_t n, const double *);

#endif
