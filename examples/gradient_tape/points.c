/* points.c */
#include "points.h"

#include "../common/cli.h"
#include "../common/rng.h"

#include <math.h>
#include <stdlib.h>

static const double true_weight = 3, true_bias = 2, noise = 1;

/* The moments in long double: they are what gradients are compared with. */
static void take_moments(points *p) {
  long double x = 0, y = 0, xx = 0, xy = 0;
  for (ptrdiff_t i = 0; i < p->n; i++) {
    x += p->x[i], y += p->y[i];
    xx += (long double)p->x[i] * p->x[i], xy += (long double)p->x[i] * p->y[i];
  }
  x /= p->n, y /= p->n, xx /= p->n, xy /= p->n;
  p->mx = (double)x, p->my = (double)y, p->mxx = (double)xx, p->mxy = (double)xy;
  p->best[WEIGHT] = (double)((xy - x * y) / (xx - x * x));
  p->best[BIAS] = (double)(y - x * (xy - x * y) / (xx - x * x));
}

int points_draw(points *p, ptrdiff_t n, int seed) {
  rng r = rng_new((uint64_t)seed);
  p->n = n;
  p->x = (double *)malloc((size_t)p->n * sizeof *p->x);
  p->y = (double *)malloc((size_t)p->n * sizeof *p->y);
  if (!p->x || !p->y) return cli_complain(1, "out of memory");
  for (ptrdiff_t i = 0; i < p->n; i++) {
    p->x[i] = rng_normal(&r);
    p->y[i] = true_weight * p->x[i] + true_bias + noise * rng_normal(&r);
  }
  take_moments(p);
  return 0;
}

void points_free(points *p) {
  free(p->x);
  free(p->y);
}

double points_gradient_error(const points *p, const double value[], const double gradient[]) {
  const double w = value[WEIGHT], b = value[BIAS];
  const double along_w = fabs(gradient[WEIGHT] - 2 * (w * p->mxx + b * p->mx - p->mxy)),
               along_b = fabs(gradient[BIAS] - 2 * (w * p->mx + b - p->my));
  return fmax(along_w / (fabs(w) * p->mxx + fabs(b * p->mx) + fabs(p->mxy)),
              along_b / (fabs(w * p->mx) + fabs(b) + fabs(p->my)));
}
