/* plot.h - line plots by gnuplot, which is run as a filter: script and numbers in, picture out. So no file name is ever
   part of a script or of a shell command. */
#ifndef EXAMPLES_PLOT_H
#define EXAMPLES_PLOT_H

#include "csv.h"
#include "output.h"

typedef struct plot {
  const char *title, *x_label, *legend; /* no quotes or backslashes; NULL: none     */
  const char *legend_at;                /* "bottom right", ...; NULL: top right     */
  double x_low, x_high, y_low, y_high;  /* equal: as the data are                   */
  int log_y;
  int overlaid; /* curves that nearly coincide: those before show beside those after, being broader */
  ptrdiff_t rows;
  int columns; /* columns 1.. are drawn over column 0 */
  const column *list;
} plot;

int plot_known_suffix(const char *path); /* .png or .svg */

/* Draws the panels, one below the other, as PNG or SVG by the suffix of path, and commits the output. Returns an exit
   status: 0 too where there is no gnuplot, which standard output is told; else after a complaint. */
int plot_write(output *, const char *path, int panels, const plot[]);

#endif
