/* scalar.h - pi, and the largest of numbers of which one may be none. */
#ifndef EXAMPLES_SCALAR_H
#define EXAMPLES_SCALAR_H

#include <math.h>

static const double pi = 3.14159265358979323846;

static inline void raise_to(double *most, double x) { /* NaN stays */
  if (!(x <= *most || isnan(*most))) *most = x;
}

#endif
