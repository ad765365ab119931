/* numbers_sort.c - sorting, and elements taken and put by indices known at the run, on numbers. */
#include "numbers.h"
#include "reduction.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* ---- argsort: a merge sort, for it is stable ----------------------------------------------------------------------------- */

typedef struct item {
  int64_t key;
  ptrdiff_t at;
} item;

/* An integer in the order of the numbers: zeros equal, NaN last. */
static int64_t key_of(double x) {
  int64_t bits;
  if (isnan(x)) return INT64_MAX;
  x += 0.0; /* -0 + 0 = 0 */
  memcpy(&bits, &x, sizeof bits);
  return bits < 0 ? bits ^ INT64_MAX : bits;
}

enum { RUN = 16 };

static void sort_run(item *x, ptrdiff_t n) {
  for (ptrdiff_t i = 1; i < n; i++) {
    item a = x[i];
    ptrdiff_t j = i;
    for (; j > 0 && a.key < x[j - 1].key; j--) x[j] = x[j - 1];
    x[j] = a;
  }
}

static void merge(item *y, const item *a, ptrdiff_t m, const item *b, ptrdiff_t n) {
  const item *a_end = a + m, *b_end = b + n;
  while (a < a_end && b < b_end) { /* without a branch that could not be foreseen */
    int second = b->key < a->key;
    *y++ = *(second ? b : a);
    b += second;
    a += !second;
  }
  const item *rest = a < a_end ? a : b;
  memcpy(y, rest, (size_t)(a_end - a + (b_end - b)) * sizeof *y);
}

static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

static const item *sort_items(item *x, item *other, ptrdiff_t n) { /* where the result is */
  for (ptrdiff_t i = 0; i < n; i += RUN) sort_run(x + i, least(RUN, n - i));
  for (ptrdiff_t width = RUN; width < n; width *= 2) {
    for (ptrdiff_t i = 0; i < n; i += 2 * width) {
      ptrdiff_t m = least(width, n - i), rest = least(width, n - i - m);
      merge(other + i, x + i, m, x + i + m, rest);
    }
    item *swap = x;
    x = other;
    other = swap;
  }
  return x;
}

size_t scratch_argsort(const piece *p) {
  return 2 * (size_t)split_at(&p->out, (unsigned)p->with.k).along * sizeof(item);
}

void whole_argsort(const piece *p, int order, int k0, int k1, const jets in[], const jets out[]) {
  split s = split_at(&p->out, (unsigned)p->with.k);
  const real *x = in->plane[0];
  real *y = k0 == 0 && k1 > 0 ? out->plane[0] : NULL;
  item *items = (item *)p->scratch;
  (void)order;
  for (ptrdiff_t o = 0; y && o < s.outer; o++)
    for (ptrdiff_t j = 0; j < s.inner; j++) {
      ptrdiff_t first = o * s.along * s.inner + j;
      for (ptrdiff_t i = 0; i < s.along; i++) items[i] = (item){x ? key_of(x[first + i * s.inner]) : 0, i};
      const item *sorted = sort_items(items, items + s.along, s.along);
      for (ptrdiff_t i = 0; i < s.along; i++) y[first + i * s.inner] = (real)sorted[i].at;
    }
}

/* ---- elements by index --------------------------------------------------------------------------------------------------------- */

/* An index as an element's position along an axis of extent n; -1 where it is none. */
static ptrdiff_t position(const real *index, ptrdiff_t at, ptrdiff_t n) {
  real i = index ? index[at] : 0;
  return i >= 0 && (double)i < (double)n && i == REAL(floor, floorf)(i) ? (ptrdiff_t)i : -1;
}

void plane_take(const piece *p, real *y, const real *const x[]) {
  split s = split_at(&p->out, (unsigned)p->with.k);
  ptrdiff_t n = split_at(&p->in[0], (unsigned)p->with.k).along, at = 0;
  for (ptrdiff_t o = 0; o < s.outer; o++)
    for (ptrdiff_t i = 0; i < s.along; i++)
      for (ptrdiff_t j = 0; j < s.inner; j++, at++) {
        ptrdiff_t from = position(x[1], at, n);
        y[at] = from < 0 ? (real)NAN : x[0] ? x[0][(o * n + from) * s.inner + j] : 0;
      }
}

static void spoil(real *y, ptrdiff_t n, ptrdiff_t stride) { /* nobody knows which of them is meant */
  for (ptrdiff_t i = 0; i < n; i++) y[i * stride] = (real)NAN;
}

void plane_put(const piece *p, real *y, const real *const x[]) {
  split s = split_at(&p->in[0], (unsigned)p->with.k);
  ptrdiff_t n = split_at(&p->out, (unsigned)p->with.k).along, at = 0;
  p->set->fill(y, 0, p->out.size);
  for (ptrdiff_t o = 0; x[0] && o < s.outer; o++)
    for (ptrdiff_t i = 0; i < s.along; i++)
      for (ptrdiff_t j = 0; j < s.inner; j++, at++) {
        ptrdiff_t to = position(x[1], at, n);
        if (to >= 0) y[(o * n + to) * s.inner + j] += x[0][at];
        else if (x[0][at] != 0) spoil(y + o * n * s.inner + j, n, s.inner);
      }
}
