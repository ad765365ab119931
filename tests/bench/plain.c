/* plain.c - the composite benchmark's function by <math.h>, values only, as one would write it. Compiled for the
   machine that runs it, at -O3. */
#include "composite.h"

#include <math.h>

void plain_values(ptrdiff_t n, const double *x, double *y) {
  for (ptrdiff_t i = 0; i < n; i++)
    y[i] = exp(sin(x[i]) * tanh(x[i])) / (1 + x[i] * x[i]) + pow(log(1 + x[i] * x[i]), 1.5);
}
