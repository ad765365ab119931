/* sort.c - sorting along an axis, and elements taken and put by indices known at the run. */
#include "pair.h"
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

static size_t scratch_argsort(const piece *p) {
  return 2 * (size_t)split_at(&p->out, (unsigned)p->with.k).along * sizeof(item);
}

static void whole_argsort(const piece *p, int order, int k0, int k1, const jets in[], const jets out[]) {
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

static const op op_argsort = {.name = "argsort", .row = -1, .count = 1, .infer = infer_choice, .step = STEP_WHOLE,
                              .needs = {NEED_ZERO, NEED_ZERO}, .whole = whole_argsort, .scratch = scratch_argsort};

static jet argsort(const char *name, jet x, int axis) {
  if (!operand_check(name, x) || (axis = axis_check(name, x, axis)) < 0) return failed(x, x);
  return record_axes(&op_argsort, x, value_of(x.tape, x.id)->shape, 1u << axis);
}

jet jet_argsort(jet x, int axis) { return argsort("argsort", x, axis); }

/* ---- take_along and its transpose ---------------------------------------------------------------------------------------- */

/* An index as an element's position along an axis of extent n; -1 where it is none. */
static ptrdiff_t position(const real *index, ptrdiff_t at, ptrdiff_t n) {
  real i = index ? index[at] : 0;
  return i >= 0 && i < (double)n && i == floor(i) ? (ptrdiff_t)i : -1;
}

static void plane_take(const piece *p, real *y, const real *const x[]) {
  split s = split_at(&p->out, (unsigned)p->with.k);
  ptrdiff_t n = split_at(&p->in[0], (unsigned)p->with.k).along, at = 0;
  for (ptrdiff_t o = 0; o < s.outer; o++)
    for (ptrdiff_t i = 0; i < s.along; i++)
      for (ptrdiff_t j = 0; j < s.inner; j++, at++) {
        ptrdiff_t from = position(x[1], at, n);
        y[at] = from < 0 ? NAN : x[0] ? x[0][(o * n + from) * s.inner + j] : 0;
      }
}

static void spoil(real *y, ptrdiff_t n, ptrdiff_t stride) { /* nobody knows which of them is meant */
  for (ptrdiff_t i = 0; i < n; i++) y[i * stride] = NAN;
}

static void plane_put(const piece *p, real *y, const real *const x[]) {
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

static void pull_take(reverse *, const node *), pull_put(reverse *, const node *);

static const op op_take = {.name = "take_along", .row = -1, .count = 1, .infer = infer_linear, .pull = pull_take,
                           .step = STEP_PLANES, .needs = {NEED_SAME, NEED_ZERO}, .plane = plane_take};
static const op op_put = {.name = "put_along", .row = -1, .count = 1, .infer = infer_linear, .pull = pull_put,
                          .step = STEP_PLANES, .needs = {NEED_SAME, NEED_ZERO}, .plane = plane_put};

static jet record_indexed(const op *o, jet x, int index, int shape, int axes) {
  attributes with = NO_ATTRIBUTES;
  const int in[2] = {x.id, index};
  with.shape = shape;
  with.k = axes;
  return tape_record(x.tape, o, 2, in, &with);
}

static void pull_indexed(reverse *r, const node *n, const op *transpose) {
  jet_tape *tape = reverse_tape(r);
  jet y = adjoint(r, n->first);
  int x = node_input(tape, n, 0), index = node_input(tape, n, 1);
  if (y.id < 0 || !wanted(r, x)) return;
  give(r, n, 0, record_indexed(transpose, y, index, value_of(tape, x)->shape, n->with.k));
}

static void pull_take(reverse *r, const node *n) { pull_indexed(r, n, &op_put); }
static void pull_put(reverse *r, const node *n) { pull_indexed(r, n, &op_take); }

static int fits(const shape *x, const shape *index, int axis) {
  int good = x->rank == index->rank;
  for (int i = 0; i < x->rank && good; i++) good = i == axis || x->dims[i] == index->dims[i];
  return good;
}

jet take_along(const char *name, jet x, jet index, int axis) {
  jet_tape *tape = operands_check(name, x, index);
  char s[200], t[200];
  if (!tape || (axis = axis_check(name, x, axis)) < 0) return failed(x, index);
  if (!fits(shape_of(tape, x.id), shape_of(tape, index.id), axis)) {
    tape_fail(tape, JET_BAD_SHAPE, "%s: an index of shape %s does not fit %s but along axis %d", name,
              shape_text(shape_of(tape, index.id), s), shape_text(shape_of(tape, x.id), t), axis);
    return failed(x, index);
  }
  if (value_of(tape, index.id)->parameter >= 0) index = jet_stop_gradient(index);
  if (index.id < 0) return index;
  return record_indexed(&op_take, x, index.id, value_of(tape, index.id)->shape, (int)(1u << axis));
}

jet jet_take_along(jet x, jet index, int axis) {
  BY_PARTS(x, part, jet_take_along(part, index, axis))
  return take_along("take_along", x, index, axis);
}

jet jet_sort(jet x, int axis) {
  jet order = argsort("sort", x, axis);
  return order.id < 0 ? order : take_along("sort", x, order, axis);
}
