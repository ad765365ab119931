/* build.h - a plan in the making, between build.c and layout.c. */
#ifndef JETS_BUILD_H
#define JETS_BUILD_H

#include "plan.h"

typedef struct span { /* coefficients lo..hi; none if hi < lo */
  int lo, hi;
} span;

typedef struct build {
  jet_plan *plan;
  const jet_tape *tape;
  bag scratch;    /* dies with the build */
  int nvalues, nnodes;
  span *need;     /* by value, inside its interval */
  int **planes;   /* by value: plane ids by coefficient, or NULL */
  int *complete;  /* by value: first region in which all of it can be read */
  int *in_block;  /* by value: first region whose blocks of the same shape can read it */
  int *region_of; /* by shape: the latest region + 1 */
  char *plain_of; /* by value: a plain array that depends on a jet_coefficient */
} build;

int build_no_memory(build *);                      /* 0, after plan_fail */
int build_plane(const build *, int value, int k);  /* id, or -1: structurally zero or not needed */
int plan_layout(build *, int n, const jet outputs[]); /* layout.c; 0 after plan_fail */

#endif
