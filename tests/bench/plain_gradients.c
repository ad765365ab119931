/* plain_gradients.c - values as one would write them. Compiled twice: at -O3 (plain_) and with -ffast-math (fast_). */
#include "gradients.h"

#define NAME_(prefix, f) prefix##f
#define NAME(prefix, f) NAME_(prefix, f)

double NAME(PREFIX, rosenbrock)(ptrdiff_t n, const double *x) {
  double s = 0;
  for (ptrdiff_t i = 0; i + 1 < n; i++) {
    double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
    s += 100 * a * a + b * b;
  }
  return s;
}

double NAME(PREFIX, speelpenning)(ptrdiff_t n, const double *x) {
  double p = 1;
  for (ptrdiff_t i = 0; i < n; i++) p *= x[i];
  return p;
}
