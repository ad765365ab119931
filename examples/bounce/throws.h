/* throws.h - a ball is thrown, bounces off the ground and a wall, and misses a target by so much: twice, by steps whose
   recording is the same for all throws, and by a loop that looks at its numbers. */
#ifndef EXAMPLES_THROWS_H
#define EXAMPLES_THROWS_H

#include <jets.h>

enum { ROUNDS = 3, MOST_STEPS = 1000, MOST_POINTS = 1 + ROUNDS * MOST_STEPS, MOST_CONTACTS = 100 };

static const double wall = 4, wall_height = 1.5;

typedef struct target {
  double at[2];
  int steps; /* of time, until the ball has to be there */
} target;

/* ---- by steps, all throws as one array --------------------------------------------------------------------------- */

typedef struct throws {
  jet_plan *plan;
  double *u, *v, *loss;
  double *left; /* time that a throw has left over, because a step has room for ROUNDS - 1 contacts: its loss is NaN */
  double *gu, *gv; /* with gradients */
} throws;

typedef enum throws_kind { LOSSES, GRADIENTS } throws_kind;

/* path: where [2, n, 1 + ROUNDS steps] numbers go, x and y after each round of each step, or NULL. Returns an exit
   status, after a complaint if it is not 0; free it in both cases. */
int throws_new(throws *, const target *, ptrdiff_t n, throws_kind, double *path);
void throws_free(throws *);

/* ---- by a loop, one throw ---------------------------------------------------------------------------------------- */

typedef struct looping {
  const target *aim;
  char
      contacts[MOST_CONTACTS + 1]; /* g for the ground and w for the wall, in their order; the loss of so many is NaN */
} looping;

jet throw_by_loop(jet velocity, void *looping); /* a jet_callback */

#endif
