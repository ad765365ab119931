/* complex_help.h - complex numbers and random ones in tests of complex arrays and of transforms. */
#ifndef COMPLEX_HELP_H
#define COMPLEX_HELP_H

#include <complex.h>
#include <math.h>
#include <string.h>

typedef double complex number;

static inline number make(double re, double im) { /* CMPLX, which not every compiler has */
  const double parts[2] = {re, im};
  number z;
  memcpy(&z, parts, sizeof z);
  return z;
}

static inline double uniform(unsigned *seed, double low, double high) {
  *seed = *seed * 1664525u + 1013904223u;
  return low + (high - low) * (*seed >> 8) / 16777216.0;
}

#endif
