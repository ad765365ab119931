/* plot.h - line plots by gnuplot, which is run as a filter: script and numbers in, picture out. So no file name is ever
   part of a script or of a shell command. */
#ifndef EXAMPLES_PLOT_H
#define EXAMPLES_PLOT_H

#include "csv.h"

typedef struct plot {
  const char *title, *x_label, *legend; /* no quotes or backslashes */
  double x_low, x_high, y_low, y_high;
} plot;

typedef enum plot_result { PLOT_DONE, PLOT_NO_GNUPLOT, PLOT_FAILED } plot_result;

int plot_known_suffix(const char *path); /* .png or .svg */

/* Draws columns 1.. over column 0 as PNG or SVG by the suffix of path, into the stream. Complains where it failed. */
plot_result plot_write(FILE *, const char *path, const plot *, ptrdiff_t rows, int columns, const column *);

#endif
