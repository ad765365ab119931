/* rk8pd.h - the Runge-Kutta pair of orders 8 and 9 of Prince and Dormand, as GSL has it: to compare with. */
#ifndef EXAMPLES_RK8PD_H
#define EXAMPLES_RK8PD_H

#include "dynamics.h"

extern const int rk8pd_available; /* whether the program is built with GSL */

/* n trajectories one after the other over the span; tolerance: relative and absolute. x: [dimension, n], the points
   before and after. Returns 0, or an exit status after a complaint. */
int rk8pd_run(const dynamics *, double tolerance, ptrdiff_t n, double *x, double span);

#endif
