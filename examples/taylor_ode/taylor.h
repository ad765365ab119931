/* taylor.h - x' = f(x) by Taylor series, whose coefficients come one order after the other from a plan made with
   by_orders: x_{k+1} = f(x)_k / (k + 1). Order and step are those of Jorba and Zou (Experimental Mathematics 14, 2005,
   pp. 99-117): for a tolerance e the order is p = ceil(1 - log(e) / 2), and with |.| the largest component
       rho = min over j = p - 1, p of (max(1, |x|) / |x_j|)^(1/j),      h = rho / exp(2 + 0.7 / (p - 1)).
   What the sum x + (h x_1 + ...) loses in rounding is kept and added in the next step.

   Many trajectories go side by side, in lanes. Each lane has a time and a step of its own, and one that has arrived
   takes the next trajectory. */
#ifndef EXAMPLES_TAYLOR_H
#define EXAMPLES_TAYLOR_H

#include <jets.h>

typedef void taylor_field(const jet x[], jet f[]); /* records f(x), one jet for each component */

typedef struct taylor {
  int dimension, order;
  ptrdiff_t lanes;
  jet_tape *tape;
  jet_plan *plan;
  double *x;            /* [dimension, order + 1, lanes]: coefficients at the beginning of the step          */
  double *low;          /* [dimension, lanes]: the point is x_0 + low                                        */
  double *next, *after; /* [dimension, lanes] each: the point at the end of the step, next + after           */
  double *time, *late;  /* [lanes] each: time since the beginning, time + late                               */
  double *step;         /* [lanes]: 0 where there is nothing to do                                           */
  ptrdiff_t *at;        /* [lanes]: the trajectory, or -1                                                    */
  const double **f;     /* [dimension, order]: where the plan leaves the coefficients of f                   */
  double *block, *work; /* all of the numbers above; [2, lanes]                                              */
  double span;          /* of the run: time goes from 0 to it, downwards where it is negative                */
  long long steps;      /* of all lanes, in the last run                                                     */
} taylor;

/* Called when the step of a lane is known and not yet made: its polynomial is valid on [0, step[lane]]. */
typedef void taylor_observer(const taylor *, ptrdiff_t lane, void *data);

int taylor_order(double tolerance);

/* Each returns 0, or an exit status after a complaint. taylor_free is good after both. */
int taylor_new(taylor *, taylor_field *, int dimension, double tolerance, ptrdiff_t lanes);
/* n trajectories over the same span of time; x: [dimension, n], the points before and after. observer: may be NULL. */
int taylor_run(taylor *, ptrdiff_t n, double *x, double span, taylor_observer *, void *data);
void taylor_free(taylor *);

/* In an observer: component i at time[lane] + s; and where in the step it passes zero upwards: 0 if it does not. */
double taylor_value(const taylor *, ptrdiff_t lane, int i, double s);
int taylor_rises(const taylor *, ptrdiff_t lane, int i, double *s);

#endif
