/* shape.h - strided views of row-major arrays, and the checks that operations on shapes share. */
#ifndef JETS_SHAPE_H
#define JETS_SHAPE_H

#include "ops.h"
#include "pattern.h"

typedef struct view {
  ptrdiff_t offset;
  int rank;
  ptrdiff_t dims[JET_MAX_RANK], stride[JET_MAX_RANK];
} view;

enum { VIEW_NUMBERS = 3 + 2 * JET_MAX_RANK, ROLL_NUMBERS = 2 + 2 * JET_MAX_RANK };

view view_all(const shape *);                                  /* of the whole array */
ptrdiff_t view_pattern(const view *, ptrdiff_t *pattern);      /* writes at most VIEW_NUMBERS; how many */
jet view_read(const char *name, jet x, const view *);
jet roll_read(jet x, const ptrdiff_t by[]); /* along each axis at once, by any number */

jet reshape_to(jet x, int shape); /* of the same size */

/* A value under a name of its own. A plan gives each jet that it is asked for memory to bind, and has one for an output that is
   an input: so an operation that changes nothing does not give back an input itself, nor a gradient a jet that the caller has. */
jet renamed_value(jet x);
jet not_an_input(jet x); /* x, renamed where it is one */

int null_check(const char *name, jet x, const char *what, const void *p); /* p may be NULL at rank 0 alone */

#endif
