/* digits_data.h - the pictures of data/digits.csv. */
#ifndef EXAMPLES_DIGITS_DATA_H
#define EXAMPLES_DIGITS_DATA_H

#include "rng.h"

#include <stddef.h>

enum { PIXELS = 64, DIGITS = 10 };

typedef struct digits_data {
  ptrdiff_t rows;
  double *pixels; /* [rows, PIXELS], from 0 to 1         */
  double *labels; /* [rows], each one of 0..DIGITS-1     */
} digits_data;

/* path = NULL: the project's own file. Returns 1, or complains in one sentence and returns 0, with nothing to free. */
int digits_read(digits_data *, const char *path);
int digits_shuffle(digits_data *, rng *); /* 0: out of memory */
void digits_free(digits_data *);

#endif
