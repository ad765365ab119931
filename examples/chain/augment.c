/* augment.c */
#include "augment.h"

#include "../common/scalar.h"

#include <math.h>

static double between(rng *r, double most) { return most * (2 * rng_uniform(r) - 1); }

/* As many random numbers whatever is asked for, so that two augmentations differ in what they are told alone. */
movement augment_draw(const augmentation *a, rng *r) {
  movement m;
  m.flip = rng_uniform(r) < a->flip;
  m.right = between(r, a->shift);
  m.down = between(r, a->shift);
  m.degrees = between(r, a->rotate);
  return m;
}

typedef struct grid {
  ptrdiff_t height, width;
  const double *at;
} grid;

static double pixel(const grid *g, ptrdiff_t y, ptrdiff_t x) {
  return y >= 0 && y < g->height && x >= 0 && x < g->width ? g->at[y * g->width + x] : 0;
}

/* Between four pixels. */
static double sample(const grid *g, double y, double x) {
  const double y0 = floor(y), x0 = floor(x), v = y - y0, u = x - x0;
  const ptrdiff_t i = (ptrdiff_t)y0, j = (ptrdiff_t)x0;
  const double upper = (1 - u) * pixel(g, i, j) + u * pixel(g, i, j + 1);
  const double lower = (1 - u) * pixel(g, i + 1, j) + u * pixel(g, i + 1, j + 1);
  return (1 - v) * upper + v * lower;
}

/* For each pixel the place that it comes from: the movements undone in the opposite order. */
void augment_apply(const movement *m, ptrdiff_t height, ptrdiff_t width, const double *from, double *to) {
  const grid g = {height, width, from};
  const double radians = m->degrees * (pi / 180), c = cos(radians), s = sin(radians);
  const double y0 = 0.5 * (double)(height - 1), x0 = 0.5 * (double)(width - 1);
  for (ptrdiff_t i = 0; i < height; i++)
    for (ptrdiff_t j = 0; j < width; j++) {
      const double y = (double)i - y0 - m->down, x = (double)j - x0 - m->right;
      const double turned_y = c * y - s * x, turned_x = c * x + s * y;
      to[i * width + j] = sample(&g, y0 + turned_y, x0 + (m->flip ? -turned_x : turned_x));
    }
}
