/* points.h - points about the line y = 3 x + 2, and what their moments tell of it. */
#ifndef EXAMPLES_POINTS_H
#define EXAMPLES_POINTS_H

#include <stddef.h>

enum { WEIGHT, BIAS, PARAMETERS };

typedef struct points {
  ptrdiff_t n;
  double *x, *y;           /* [n] each */
  double mx, my, mxx, mxy; /* means of x, y, x^2, x y */
  double best[PARAMETERS]; /* of least squares */
} points;

int points_draw(points *, ptrdiff_t n, int seed); /* an exit status; free them in any case */
void points_free(points *);

/* How far the gradient is from that of the moments, relative to the sum of the sizes of its terms. */
double points_gradient_error(const points *, const double value[], const double gradient[]);

#endif
