/* study.h - the four problems: each is solved, watched and checked by other means, and a line says what came of it. */
#ifndef EXAMPLES_STUDY_H
#define EXAMPLES_STUDY_H

#include "../common/progress.h"

#include "dynamics.h"
#include "ode_timing.h"
#include "taylor_watch.h"

/* More lanes are no faster: coefficients of these stay near the first cache, and few stand idle towards the end. */
enum { LANES = 64, SECTIONS = 48, BINS = 1000, FINE = 1000, COMPARED = 3 };

typedef struct study { /* a problem: what its trajectories leave */
  const dynamics *d;
  double time, span, scale;    /* time asked for, in numbers and in units of the field */
  long double begun[SECTIONS]; /* energies */
  double worst, drift[BINS];   /* largest relative change of the energy: of all, and along the span; NaN: no step */
  curves c;
  marks m;
  double error; /* the main result */
  ode_timing timing[COMPARED];
  progress line;
  long seen; /* steps */
} study;

/* The problem of y->d, at y->span. Returns 0, or an exit status after a complaint. */
int study_run(study *, double tolerance, int seed);

#endif
