/* digits_idx.h - a set of MNIST's kind and size, for programs that have been given none: pictures of 28 x 28 grown from
   the 8 x 8 digits of digits_data.h by interpolation, shifts and noise. */
#ifndef EXAMPLES_DIGITS_IDX_H
#define EXAMPLES_DIGITS_IDX_H

#include "../common/files.h"
#include "../common/progress.h"

enum { DIGITS_IDX_FILES = 4, DIGITS_IDX_SIDE = 28 };

/* Training pictures, their labels, validation pictures, their labels. */
extern const char *const digits_idx_names[DIGITS_IDX_FILES];

/* Makes the set into the first DIGITS_IDX_FILES of the open files, in that order, and commits them. Training pictures
   come from the first four fifths of the digits, validation pictures from the others, so that none is known from
   training. The same counts give the same files. Returns an exit status: 0, or after a complaint. */
int digits_idx_make(files *, int training, int validation, progress *);

#endif
