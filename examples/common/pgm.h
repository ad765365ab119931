/* pgm.h - grey pictures in netpbm's PGM format, plain (P2) and raw (P5), of at most 8 bits. */
#ifndef EXAMPLES_PGM_H
#define EXAMPLES_PGM_H

#include "output.h"

#include <stddef.h>

typedef struct pgm {
  ptrdiff_t width, height;
  double *grey; /* [height, width], from 0 to 1 */
} pgm;

/* Returns 1, or complains in one sentence with file and place and returns 0, with nothing to free. */
int pgm_read(pgm *, const char *path);
void pgm_free(pgm *);

/* Raw, 8 bits; what is outside 0..1 is cut off, NaN is black. Errors stay in the stream. */
void pgm_write(FILE *, ptrdiff_t width, ptrdiff_t height, const double *grey);

#endif
