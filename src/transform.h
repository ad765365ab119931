/* transform.h - Fourier and cosine transforms between their recording (fft.c, dct.c) and FFTW (transform.c).

   An operation's list: {kind, n axes, axes ...}; the last axis is the halved one of a real transform. Its number c: a factor of the
   result. */
#ifndef JETS_TRANSFORM_H
#define JETS_TRANSFORM_H

#include "tape.h"

#ifndef JETS_FFTW
#define JETS_FFTW 0
#endif

typedef enum transform_kind {
  TRANSFORM_FORWARD,  /* complex: sum of x_j e^{-2 pi i jk/n} */
  TRANSFORM_BACKWARD, /* e^{+2 pi i jk/n} */
  TRANSFORM_HALVE,    /* real to the first half of what forward gives: two results */
  TRANSFORM_JOIN,     /* the first half to real, backward: one result */
  TRANSFORM_DCT_1,    /* real to real: FFTW's REDFT00, 10, 01, 11 */
  TRANSFORM_DCT_2,
  TRANSFORM_DCT_3,
  TRANSFORM_DCT_4
} transform_kind;

typedef struct transform_ends { /* factors of the first number of an axis, of those between, of the last */
  double first, middle, last;
} transform_ends;

jet transform_weigh(jet x, int axis, transform_ends);
double transform_factor(double count, jet_fft_norm, int inverse); /* of a transform that with its inverse multiplies by count */
int transform_check(const char *name, jet x, jet_fft_norm); /* that there is FFTW, and such a norm: 0 after tape_fail */

#endif
