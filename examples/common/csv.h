/* csv.h - tables of numbers as text that reads back exactly. */
#ifndef EXAMPLES_CSV_H
#define EXAMPLES_CSV_H

#include <stddef.h>
#include <stdio.h>

typedef struct column {
  const char *name; /* in the header of a table or the legend of a plot */
  const double *data;
} column;

/* The header, then one line per row, numbers as %.17g. Errors stay in the stream. */
void csv_write(FILE *, ptrdiff_t rows, int columns, const column *);

#endif
