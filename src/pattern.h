/* pattern.h - which elements of a row-major array an array is read from or added to, as a list of numbers:

     VIEW   {PATTERN_VIEW, offset, rank, extent_0, stride_0, ...}        element (i, j, ..) at offset + i stride_0 + j stride_1 + ...
     INDEX  {PATTERN_INDEX, outer, extent, inner, m, index_0 .. index_{m-1}}   [outer, m, inner] from [outer, extent, inner]

   Strides may be negative or zero. */
#ifndef JETS_PATTERN_H
#define JETS_PATTERN_H

#include "typed.h"

#include <stddef.h>

enum { PATTERN_VIEW, PATTERN_INDEX };

ptrdiff_t pattern_length(const ptrdiff_t *);          /* numbers in it */
ptrdiff_t pattern_size(const ptrdiff_t *);            /* elements */
int pattern_run(const ptrdiff_t *, ptrdiff_t *offset); /* whether it is one contiguous run, and from where */
void pattern_read(const ptrdiff_t *, real *y, const real *x);  /* y[i] = x[at(i)] */
void pattern_add(const ptrdiff_t *, real *y, const real *x);   /* y[at(i)] += x[i] */

#endif
