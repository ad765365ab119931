/* picture.h - grey pictures side by side, by gnuplot. */
#ifndef EXAMPLES_PICTURE_H
#define EXAMPLES_PICTURE_H

#include "output.h"
#include "pgm.h"

#include <stddef.h>

typedef struct picture {
  char title[40]; /* no quotes or backslashes */
  ptrdiff_t width, height;
  const double *grey; /* [height, width]; 0 is black, 1 white, and so is what is brighter */
} picture;

/* A square of n x n pixels, each the mean of what `shade` says (0..1) at 16 places in it, which are in [-1, 1]^2, y
   downwards. 0: out of memory. */
int picture_draw(pgm *, ptrdiff_t n, double (*shade)(double x, double y));

/* All of them, of equal size, in one row of a PGM, committed. Returns an exit status. */
int picture_row(output *, int count, const picture[]);

/* One PNG of them all, committed. As plot_write. */
int picture_write(output *, const char *path, int count, const picture[]);

#endif
