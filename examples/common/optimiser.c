/* optimiser.c - each method is one loop over the numbers, and every loop vectorises. */
#include "optimiser.h"

#include <math.h>
#include <stdlib.h>

const char *const optimiser_names[] = {"sgd", "momentum", "rmsprop", "adam", NULL};

int optimiser_new(optimiser *o, optimiser_kind kind, double rate, ptrdiff_t n) {
  *o = (optimiser){kind, rate, n, 0, NULL, NULL};
  o->m = (double *)calloc((size_t)n + !n, sizeof *o->m);
  o->v = (double *)calloc((size_t)n + !n, sizeof *o->v);
  return o->m && o->v;
}

void optimiser_free(optimiser *o) {
  free(o->m);
  free(o->v);
}

/* x -= rate g */
static void sgd(ptrdiff_t n, double rate, double *restrict x, const double *restrict g) {
  for (ptrdiff_t i = 0; i < n; i++) x[i] -= rate * g[i];
}

/* m = .9 m + .1 g, x -= rate m */
static void momentum(ptrdiff_t n, double rate, double *restrict x, double *restrict m, const double *restrict g) {
  const double mass = 0.9;
  for (ptrdiff_t i = 0; i < n; i++) {
    m[i] = mass * m[i] + (1 - mass) * g[i];
    x[i] -= rate * m[i];
  }
}

/* v = .9 v + .1 g^2, x -= rate g / (sqrt(v) + eps); at step n a v that began with 0 is 1 - .9^n of its mean */
static void rmsprop(ptrdiff_t n, int steps, double rate, double *restrict x, double *restrict v,
                    const double *restrict g) {
  const double decay = 0.9, eps = 1e-8, unbias = 1 / sqrt(1 - pow(decay, steps));
  for (ptrdiff_t i = 0; i < n; i++) {
    v[i] = decay * v[i] + (1 - decay) * g[i] * g[i];
    x[i] -= rate * g[i] / (unbias * sqrt(v[i]) + eps);
  }
}

/* Kingma and Ba 2015: m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, x -= rate mhat / (sqrt(vhat) + eps), where mhat =
   m / (1 - b1^n), vhat = v / (1 - b2^n) */
static void adam(ptrdiff_t n, int steps, double rate, double *restrict x, double *restrict m, double *restrict v,
                 const double *restrict g) {
  const double b1 = 0.9, b2 = 0.999, eps = 1e-8;
  double step = rate / (1 - pow(b1, steps)), unbias = 1 / sqrt(1 - pow(b2, steps));
  for (ptrdiff_t i = 0; i < n; i++) {
    m[i] = b1 * m[i] + (1 - b1) * g[i];
    v[i] = b2 * v[i] + (1 - b2) * g[i] * g[i];
    x[i] -= step * m[i] / (unbias * sqrt(v[i]) + eps);
  }
}

void optimiser_step(optimiser *o, double *x, const double *gradient) {
  o->steps++;
  switch (o->kind) {
  case SGD: sgd(o->n, o->rate, x, gradient); break;
  case MOMENTUM: momentum(o->n, o->rate, x, o->m, gradient); break;
  case RMSPROP: rmsprop(o->n, o->steps, o->rate, x, o->v, gradient); break;
  case ADAM: adam(o->n, o->steps, o->rate, x, o->m, o->v, gradient); break;
  }
}
