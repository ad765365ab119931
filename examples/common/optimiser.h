/* optimiser.h - first-order methods on plain arrays: x moves by its gradient and by what is remembered of earlier
   ones. */
#ifndef EXAMPLES_OPTIMISER_H
#define EXAMPLES_OPTIMISER_H

#include "numbers.h"

#include <stddef.h>

typedef enum optimiser_kind { SGD, MOMENTUM, RMSPROP, ADAM } optimiser_kind;

extern const char *const optimiser_names[]; /* in that order, then NULL */

typedef struct optimiser {
  optimiser_kind kind;
  double rate; /* may be changed between steps */
  ptrdiff_t n;
  int steps;
  void *m, *v; /* running means of the gradient and of its square: of the type of the numbers, room for doubles */
} optimiser;

int optimiser_new(optimiser *, optimiser_kind, double rate, ptrdiff_t n); /* 0: out of memory */
void optimiser_step(optimiser *, double *x, const double *gradient);
void optimiser_step_f32(optimiser *, float *x, const float *gradient); /* one optimiser, one type */
void optimiser_step_numbers(optimiser *, numbers x, numbers gradient);
void optimiser_free(optimiser *);

#endif
