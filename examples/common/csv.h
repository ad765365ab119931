/* csv.h - tables of numbers as text that reads back exactly. */
#ifndef EXAMPLES_CSV_H
#define EXAMPLES_CSV_H

#include "output.h"

#include <stddef.h>
#include <stdio.h>

typedef struct column {
  const char *name; /* in the header of a table or the legend of a plot */
  const double *data;
} column;

/* The header, then one line per row, numbers as %.17g. Errors stay in the stream. */
void csv_write(FILE *, ptrdiff_t rows, int columns, const column *);

/* The same, and all that the file has. Returns an exit status, after a complaint where it is not 0. */
int csv_commit(output *, ptrdiff_t rows, int columns, const column *);

typedef struct csv_table {
  ptrdiff_t rows, columns;
  double *data; /* data[i * columns + j]: row i stands in line i + 1 */
} csv_table;

/* Numbers separated by commas, every line as many, no header; empty lines at the end are no harm. Returns 1, or
   complains in one sentence with file, line and column and returns 0, with nothing to free. */
int csv_read(csv_table *, const char *path);
void csv_free(csv_table *);

#endif
