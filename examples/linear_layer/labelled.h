/* labelled.h - labelled pictures: a pair of IDX files, and the numbers that a plan reads. */
#ifndef EXAMPLES_LABELLED_H
#define EXAMPLES_LABELLED_H

#include "../common/numbers.h"
#include "../common/progress.h"
#include "../common/rng.h"

enum { LABELLED_FILES = 4 };

typedef struct labelled {
  ptrdiff_t rows, features;
  numbers pixels, labels; /* [rows, features] from 0 to 1, [rows] */
} labelled;

/* Pictures that train and pictures that validate, of paths[0] with its labels paths[1], which are below `classes`. The
   first `samples` train, 0: five sixths, in a random order; the others validate, or, where paths[2] is not NULL, those
   of paths[2] with its labels paths[3]. Returns 0; or an exit status after one sentence with file and place, with
   nothing to free. */
int labelled_split(labelled *train, labelled *validate, jet_type, const char *const paths[LABELLED_FILES], int classes,
                   ptrdiff_t samples, rng *, progress *);

void labelled_free(labelled *);

#endif
