/* taylor_watch.h - what an observer of a run of taylor.h takes down: points at equal distances of time, by dense
   output, and passages through 0, by Newton's method on the polynomial of a step. */
#ifndef EXAMPLES_TAYLOR_WATCH_H
#define EXAMPLES_TAYLOR_WATCH_H

#include "../common/plot.h"
#include "taylor.h"

enum { WATCHED = 4, EVERY_STEP = -1 }; /* components at most */

typedef struct points { /* columns of `rows` numbers; room for more */
  int dimension;
  ptrdiff_t rows, room;
  double *trajectory, *time, *x[WATCHED]; /* one block, that trajectory begins */
} points;

typedef struct curves { /* each trajectory's are rows count * trajectory .. */
  points p;
  ptrdiff_t count; /* of one trajectory; 0: nothing is wanted */
  double spacing;
} curves;

typedef struct marks {
  points p;
  int component;    /* that passes 0 upwards, or EVERY_STEP: where steps begin         */
  ptrdiff_t passed; /* how many there were; those without room write over the last row */
} marks;

/* Each returns 0, or an exit status after a complaint; free what is zero or new. */
int points_new(points *, int dimension, ptrdiff_t room);
void points_free(points *);
int points_sort(points *, ptrdiff_t trajectories); /* by trajectory, in the order that they have */

/* Component i comes into [-period/2, period/2]; NaN where it jumps, which breaks a line in a plot. */
void points_wrap(points *, int i, double period);

/* Component j over i, a layer for each trajectory, whose rows are together: in colours, but not in the legend. Returns
   how many there are. */
int points_layers(const points *, int i, int j, layer_kind, layer *);

/* As many points as a span upwards from 0 has, and not more than `most` + 1. */
int curves_new(curves *, int dimension, ptrdiff_t trajectories, double spacing, double span, ptrdiff_t most);
void curves_see(curves *, const taylor *, ptrdiff_t lane);

int marks_new(marks *, int dimension, int component, ptrdiff_t room);
void marks_see(marks *, const taylor *, ptrdiff_t lane);

#endif
