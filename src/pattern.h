/* pattern.h - which elements of a row-major array an array is read from or added to, as a list of numbers:

     VIEW   {PATTERN_VIEW, offset, rank, extent_0, stride_0, ...}        element (i, j, ..) at offset + i stride_0 + j stride_1 + ...
     INDEX  {PATTERN_INDEX, outer, extent, inner, m, index_0 .. index_{m-1}}   [outer, m, inner] from [outer, extent, inner]
     ROLL   {PATTERN_ROLL, rank, extent_0, by_0, ...}                   element (i, j, ..) at ((i - by_0) mod extent_0, (j - by_1) mod ..)

   Strides may be negative or zero; 0 <= by < extent; a roll has an axis at least, and none
   without elements. */
#ifndef JETS_PATTERN_H
#define JETS_PATTERN_H

#include "typed.h"

#include <stddef.h>

enum { PATTERN_VIEW, PATTERN_INDEX, PATTERN_ROLL };

ptrdiff_t pattern_length(const ptrdiff_t *);          /* numbers in it */
ptrdiff_t pattern_size(const ptrdiff_t *);            /* elements */
int pattern_run(const ptrdiff_t *, ptrdiff_t *offset); /* whether it is one contiguous run, and from where */
void pattern_read(const ptrdiff_t *, real *y, const real *x);  /* y[i] = x[at(i)] */
/* By lanes, lane after lane: y[i] = x[at(first + i)], i < n; of what is not one run. Worth while where that is no worse than all at once
   by tiles; and whether it touches hardly more lines of memory than its elements would side by side. */
void pattern_read_lanes(const ptrdiff_t *p, real *y, const real *x, ptrdiff_t first, ptrdiff_t n);
int pattern_reads_lanes(const ptrdiff_t *);
int pattern_is_dense(const ptrdiff_t *);
void pattern_add(const ptrdiff_t *, real *y, const real *x);   /* y[at(i)] += x[i] */

#endif
