/* gnuplot.h - gnuplot run as a filter: script and numbers in, picture out. So no file name is ever part of a script or
   of a shell command. */
#ifndef EXAMPLES_GNUPLOT_H
#define EXAMPLES_GNUPLOT_H

#include "output.h"

/* Writes the script that draws `what`; path tells the kind of picture by its suffix. */
typedef void gnuplot_script(FILE *, const char *path, const void *what);

/* Draws and commits the output. Returns an exit status: 0 too where there is no gnuplot, which standard output is told;
   else after a complaint. */
int gnuplot_draw(output *, const char *path, gnuplot_script *, const void *what);

#endif
