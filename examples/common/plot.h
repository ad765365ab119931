/* plot.h - plots by gnuplot, which is run as a filter: script and numbers in, picture out. So no file name is ever
   part of a script or of a shell command. */
#ifndef EXAMPLES_PLOT_H
#define EXAMPLES_PLOT_H

#include "csv.h"
#include "output.h"

typedef enum layer_kind { LAYER_LINE, LAYER_POINTS, LAYER_ARROWS, LAYER_CONTOURS } layer_kind;

/* What is drawn over or under the curves: a line through points that may turn, points, arrows, the contours of a
   function. A layer with a name has it in the legend and the next colour; without, it is grey. */
typedef struct layer {
  layer_kind kind;
  const char *name; /* no quotes or backslashes; NULL: none */
  ptrdiff_t rows;
  const double *x, *y; /* [rows] each; a NaN breaks a line */
  const double *u, *v; /* arrows: from (x, y) to (x + u, y + v) */
  ptrdiff_t columns;   /* contours: x has `columns` numbers, y has rows, and u is the function, [rows, columns] */
  int levels;          /* of contours, about; on a logarithmic scale */
} layer;

typedef struct plot {
  const char *title, *x_label, *y_label, *legend; /* no quotes or backslashes; NULL: none */
  const char *legend_at;                          /* "bottom right", "outside right top", ...; NULL: top right */
  double x_low, x_high, y_low, y_high;            /* equal: as the data are                   */
  int log_x, log_y;
  int equal;    /* x and y of the same scale */
  int overlaid; /* curves that nearly coincide: those before show beside those after, being broader */
  ptrdiff_t rows;
  int columns; /* columns 1.. are drawn over column 0 */
  const column *list;
  int layers;
  const layer *drawn;
} plot;

int plot_known_suffix(const char *path); /* .png or .svg */

/* Draws the panels, one below the other, as PNG or SVG by the suffix of path, and commits the output. Returns an exit
   status: 0 too where there is no gnuplot, which standard output is told; else after a complaint. */
int plot_write(output *, const char *path, int panels, const plot[]);
int plot_write_across(output *, const char *path, int across, int panels, const plot[]); /* `across` of them in a row */

#endif
