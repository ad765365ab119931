/* labelled.h - labelled pictures: a pair of IDX files, and the numbers that a plan reads. */
#ifndef EXAMPLES_LABELLED_H
#define EXAMPLES_LABELLED_H

#include "idx.h"
#include "numbers.h"
#include "rng.h"

typedef struct labelled_bytes {
  const char *images_path, *labels_path; /* for complaints */
  idx images, labels;
  ptrdiff_t rows, features; /* pictures, pixels in each */
} labelled_bytes;

/* As many labels as pictures, each below `classes`. Returns 1, or complains in one sentence with file and place and
   returns 0, with nothing to free. */
int labelled_read(labelled_bytes *, const char *images, const char *labels, int classes);
void labelled_bytes_free(labelled_bytes *);

typedef struct labelled {
  ptrdiff_t rows, features;
  numbers pixels, labels; /* [rows, features] from 0 to 1, [rows] */
} labelled;

/* Pictures first, first + 1, ..., first + rows - 1; with an rng in a random order. 0: out of memory. */
int labelled_convert(labelled *, jet_type, const labelled_bytes *, ptrdiff_t first, ptrdiff_t rows, rng *);
void labelled_free(labelled *);

#endif
