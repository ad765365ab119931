/* optimiser.c - each method is one loop over the numbers, and every loop vectorises. */
#include "optimiser.h"

#include <math.h>
#include <stdlib.h>

const char *const optimiser_names[] = {"sgd", "momentum", "rmsprop", "adam", NULL};

int optimiser_new(optimiser *o, optimiser_kind kind, double rate, ptrdiff_t n) {
  *o = (optimiser){kind, rate, n, 0, NULL, NULL};
  o->m = calloc((size_t)n + !n, sizeof(double));
  o->v = calloc((size_t)n + !n, sizeof(double));
  return o->m && o->v;
}

void optimiser_free(optimiser *o) {
  free(o->m);
  free(o->v);
}

#define NUMBER double
#define SQRT sqrt
#define STEP(name) name##_f64
#include "optimiser_steps.inc"
#define NUMBER float
#define SQRT sqrtf
#define STEP(name) name##_f32
#include "optimiser_steps.inc"

void optimiser_step(optimiser *o, double *x, const double *gradient) {
  o->steps++;
  step_f64(o, x, gradient);
}

void optimiser_step_f32(optimiser *o, float *x, const float *gradient) {
  o->steps++;
  step_f32(o, x, gradient);
}

void optimiser_step_numbers(optimiser *o, numbers x, numbers gradient) {
  if (x.type == JET_F32) optimiser_step_f32(o, (float *)x.at, (const float *)gradient.at);
  else optimiser_step(o, (double *)x.at, (const double *)gradient.at);
}
