/* picture.h - grey pictures side by side, by gnuplot. */
#ifndef EXAMPLES_PICTURE_H
#define EXAMPLES_PICTURE_H

#include "output.h"

#include <stddef.h>

typedef struct picture {
  char title[40]; /* no quotes or backslashes */
  ptrdiff_t width, height;
  const double *grey; /* [height, width]; 0 is black, 1 white, and so is what is brighter */
} picture;

/* One PNG of them all, committed. As plot_write. */
int picture_write(output *, const char *path, int count, const picture[]);

#endif
