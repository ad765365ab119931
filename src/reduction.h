/* reduction.h - what reductions and scans share. Axes are bits of a number. */
#ifndef JETS_REDUCTION_H
#define JETS_REDUCTION_H

#include "ops.h"
#include "reverse.h"
#include "shape.h"

/* The list of axes as bits; 0 after tape_fail. */
int axes_check(const char *name, jet x, int n, const int axes[], unsigned *axes_out);
unsigned axes_all(jet x);
static inline int has_axis(unsigned axes, int axis) { return axes >> axis & 1; }

ptrdiff_t axes_count(jet x, unsigned axes);                       /* elements that become one */
int axes_shape(const char *name, jet x, unsigned axes, int keep); /* of the result: id, -1 after tape_fail */

/* c, with the structure of x, where axes_count is 0. */
jet over_nothing(const char *name, jet x, unsigned axes, int keep, double c);
jet amax_axes(const char *name, jet x, unsigned axes, int keep);
jet take_along(const char *name, jet x, jet index, int axis);
jet logsumexp_axes(const char *name, jet x, unsigned axes, int keep);

/* An array as [outer, along, inner] around adjacent axes; all zero for an empty one. */
typedef struct split {
  ptrdiff_t outer, along, inner;
} split;
split split_at(const shape *, unsigned axes);
jet record_axes(const op *, jet x, int shape, unsigned axes); /* an operation on x whose attribute k are the axes */
jet spread(reverse *, const node *); /* in its pull: the adjoint of its result as an array of x's shape */

/* jet_f over all axes, and jet_f_over; of complex arrays part by part, or not */
#define LINEAR_REDUCTION(f, by_axes)                                                                                 \
  jet jet_##f(jet x) {                                                                                               \
    BY_PARTS(x, part, jet_##f(part))                                                                                 \
    return operand_check(#f, x) ? by_axes(#f, x, axes_all(x), 0) : failed(x, x);                                     \
  }                                                                                                                  \
  jet jet_##f##_over(jet x, int n, const int axes[], int keep) {                                                     \
    BY_PARTS(x, part, jet_##f##_over(part, n, axes, keep))                                                           \
    unsigned bits;                                                                                                   \
    return axes_check(#f, x, n, axes, &bits) ? by_axes(#f, x, bits, keep) : failed(x, x);                            \
  }
#define REDUCTION(f, by_axes)                                                                                        \
  jet jet_##f(jet x) { return operand_check(#f, x) ? by_axes(#f, x, axes_all(x), 0) : failed(x, x); }                \
  jet jet_##f##_over(jet x, int n, const int axes[], int keep) {                                                     \
    unsigned bits;                                                                                                   \
    return axes_check(#f, x, n, axes, &bits) ? by_axes(#f, x, bits, keep) : failed(x, x);                            \
  }

#endif
