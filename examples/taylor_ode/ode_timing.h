/* ode_timing.h - the time of a trajectory by Taylor series, alone and among many, beside GSL's rk8pd at the same
   error. */
#ifndef EXAMPLES_ODE_TIMING_H
#define EXAMPLES_ODE_TIMING_H

#include "dynamics.h"

typedef struct ode_timing {
  double tolerance;
  int order;
  double error;                            /* root mean square, over some trajectories, of the largest component's */
  double steps;                            /* of a trajectory                                                      */
  double alone, together;                  /* microseconds a trajectory                                            */
  double peer_tolerance, peer_error, peer; /* NaN without GSL                                     */
} ode_timing;

/* `trajectories` that begin where the seed says, in `lanes` lanes. The reference is of tolerance 1e-20. Returns 0, or
   an exit status after a complaint. */
int ode_timing_take(ode_timing *, const dynamics *, double tolerance, int trajectories, int lanes, int seed);

/* Seconds of the processor in this thread: on a machine that does other things too, those on the wall are longer, and
   more so for long runs than for short ones. */
double ode_seconds(void);

/* Whether the errors are near enough to compare the times: rk8pd cannot be as exact as its numbers are rounded. */
int ode_timing_is_equal(const ode_timing *);

/* On standard output: a table's heading, and a row of it. */
void ode_timing_heading(int trajectories);
void ode_timing_print(const ode_timing *, const char *problem);

#endif
