/* fn_check.h - what jet_fn_check looks at: jets of some values of the recording along one direction, at x and around it. */
#ifndef JETS_FN_CHECK_H
#define JETS_FN_CHECK_H

#include "fn.h"

typedef struct watch { /* a value of the recording, coefficients 0..top: coefficient k of element i at numbers[at + k n + i] */
  int value;
  jet x;
  jet *series; /* where the coefficients are jets of their own; else NULL */
  ptrdiff_t n;
  size_t at;
  double floor; /* its elements are no more precise than what they are made of */
} watch;

typedef struct check {
  jet_fn *f;
  const double *x;
  double *direction;
  double tolerance;
  int order, top; /* asked for; looked at */
  bag owned;
  jet_tape *tape; /* x + v t and all that follows */
  jet_plan *plan;
  jet in, v, at;
  int *id_of; /* by value of the recording */
  watch *list;
  int count;
  size_t numbers;
  double *c, *best, *found; /* at x; the least disagreement with differences; the difference that it was with */
} check;

/* fn_watch.c; 0 after check_no_memory or a failure of the tape or plan */
int check_record(check *, int all);                              /* all values, or the result alone */
int check_run(check *, double h, double *to);                    /* at x + h v */
int check_differences(check *);                                  /* fills c, best and found */
const watch *check_worst(const check *, int *k, ptrdiff_t *i);   /* the first that disagrees, or NULL */
double check_distance(double a, double b, double scale);         /* relative; infinite where one of them is not finite */
double check_random(unsigned *seed);                             /* in +-[1/2, 1] */
void check_free(check *);

#endif
