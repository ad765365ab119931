/* convolve.c - convolutions and correlations of one or two axes: by shifted sums where one operand is short, else by Fourier
   transforms. */
#include "pair.h"
#include "transform.h"

#include <math.h>

enum { TAPS = 64 }; /* elements of a short operand: more would make too long a program */

static int check(const char *name, jet a, jet b, jet_convolve_mode mode) {
  char s[200], t[200];
  jet x = is_complex(a) ? part_of(a, 0) : a, y = is_complex(b) ? part_of(b, 0) : b;
  jet_tape *tape = operands_check(name, x, y);
  if (!tape) return 0;
  const shape *p = shape_of(tape, x.id), *q = shape_of(tape, y.id);
  if (p->rank != q->rank || p->rank < 1 || p->rank > 2)
    return tape_fail(tape, JET_BAD_SHAPE, "%s: %s and %s are not both of rank 1 or both of rank 2", name, shape_text(p, s), shape_text(q, t));
  if (!p->size || !q->size)
    return tape_fail(tape, JET_BAD_SHAPE, "%s: %s and %s: both need elements", name, shape_text(p, s), shape_text(q, t));
  if (mode != JET_FULL && mode != JET_SAME && mode != JET_VALID)
    return tape_fail(tape, JET_BAD_ARGUMENT, "%s: %d is no jet_convolve_mode", name, (int)mode);
  for (int i = 0; mode == JET_VALID && i < p->rank; i++)
    if (p->dims[i] < q->dims[i])
      return tape_fail(tape, JET_BAD_SHAPE, "%s: %s is nowhere inside %s", name, shape_text(q, t), shape_text(p, s));
  return 1;
}

/* Of the full result, the part that the mode asks for: where it begins and its extent. */
static void range_of(const ptrdiff_t *m, const ptrdiff_t *n, int rank, jet_convolve_mode mode, ptrdiff_t *first, ptrdiff_t *count) {
  for (int i = 0; i < rank; i++) {
    count[i] = mode == JET_FULL ? m[i] + n[i] - 1 : mode == JET_SAME ? m[i] : m[i] - n[i] + 1;
    first[i] = mode == JET_FULL ? 0 : mode == JET_SAME ? (n[i] - 1) / 2 : n[i] - 1;
  }
}

static void dims_of(jet x, ptrdiff_t *dims) {
  for (int i = 0; i < jet_rank(x); i++) dims[i] = jet_extent(x, i);
}

static jet window(jet x, const ptrdiff_t *first, const ptrdiff_t *count) {
  ptrdiff_t stop[2];
  for (int i = 0; i < jet_rank(x); i++) stop[i] = first[i] + count[i];
  return jet_slice(x, first, stop, NULL);
}

/* y = sum over taps of b_j times a shifted by j. */
static jet by_taps(jet a, jet b, const ptrdiff_t *first, const ptrdiff_t *count) {
  ptrdiff_t m[2] = {1, 1}, n[2] = {1, 1}, before[2], after[2], at[2] = {0, 0}, one[2] = {1, 1};
  int rank = jet_rank(a);
  dims_of(a, m), dims_of(b, n);
  for (int i = 0; i < rank; i++) { /* so that every window lies inside */
    before[i] = n[i] - 1 > first[i] ? n[i] - 1 - first[i] : 0;
    after[i] = first[i] + count[i] > m[i] ? first[i] + count[i] - m[i] : 0;
  }
  jet wide = jet_pad(a, before, after, 0), sum = jet_none;
  for (ptrdiff_t j = 0; j < n[0] * n[1] && wide.id >= 0; j++) {
    ptrdiff_t tap[2] = {rank == 2 ? j / n[1] : j, rank == 2 ? j % n[1] : 0};
    for (int i = 0; i < rank; i++) at[i] = first[i] - tap[i] + before[i];
    jet term = jet_mul(window(wide, at, count), jet_reshape(window(b, tap, one), 0, NULL));
    sum = sum.tape ? jet_add(sum, term) : term;
  }
  return sum.tape ? sum : failed(a, a);
}

static ptrdiff_t fast_length(ptrdiff_t n) { /* the next product of 2, 3, 5, 7 */
  for (;; n++) {
    ptrdiff_t m = n;
    for (int p = 2; p <= 7; p += p == 2 ? 1 : 2)
      while (m % p == 0) m /= p;
    if (m == 1) return n;
  }
}

static jet padded(jet x, const ptrdiff_t *to) {
  const ptrdiff_t none[2] = {0, 0};
  ptrdiff_t after[2];
  for (int i = 0; i < jet_rank(x); i++) after[i] = to[i] - jet_extent(x, i);
  return jet_pad(x, none, after, 0);
}

static jet by_transforms(jet a, jet b, const ptrdiff_t *first, const ptrdiff_t *count) {
  static const int axes[2] = {0, 1};
  ptrdiff_t to[2];
  int rank = jet_rank(a);
  for (int i = 0; i < rank; i++) to[i] = fast_length(jet_extent(a, i) + jet_extent(b, i) - 1);
  a = padded(a, to), b = padded(b, to);
  if (any_complex(a, b))
    return window(jet_ifftn(jet_mul(jet_fftn(a, rank, axes, JET_FFT_BACKWARD), jet_fftn(b, rank, axes, JET_FFT_BACKWARD)), rank, axes,
                            JET_FFT_BACKWARD), first, count);
  jet y = jet_mul(jet_rfftn(a, rank, axes, JET_FFT_BACKWARD), jet_rfftn(b, rank, axes, JET_FFT_BACKWARD));
  return window(jet_irfftn(y, to[rank - 1], rank, axes, JET_FFT_BACKWARD), first, count);
}

/* Taps cost a multiply-add for each element of the result; three transforms of N padded numbers about 7.5 N log2 N operations. */
static int taps_are_fewer(jet a, jet b, const ptrdiff_t *count) {
  double result = 1, n = 1;
  for (int i = 0; i < jet_rank(a); i++) result *= (double)count[i], n *= (double)(jet_extent(a, i) + jet_extent(b, i) - 1);
  double taps = (double)jet_size(b);
  return !JETS_FFTW || (taps <= TAPS && 2 * taps * result <= 7.5 * n * log2(n + 1) + 64 * taps);
}

static jet convolve(const char *name, jet a, jet b, jet_convolve_mode mode) {
  ptrdiff_t m[2], n[2], first[2], count[2];
  if (!check(name, a, b, mode)) return failed(a, b);
  dims_of(a, m), dims_of(b, n);
  range_of(m, n, jet_rank(a), mode, first, count);
  if (taps_are_fewer(a, b, count)) return by_taps(a, b, first, count);
  if (taps_are_fewer(b, a, count)) return by_taps(b, a, first, count);
  return by_transforms(a, b, first, count);
}

jet jet_convolve(jet a, jet b, jet_convolve_mode mode) { return convolve("convolve", a, b, mode); }

/* sum over j of a_{k+j} conj(b_j): a convolution with b conjugate and reversed. */
jet jet_correlate(jet a, jet b, jet_convolve_mode mode) {
  if (!check("correlate", a, b, mode)) return failed(a, b);
  for (int i = 0; i < jet_rank(b); i++) b = jet_flip(b, i);
  return convolve("correlate", a, jet_conj(b), mode);
}
