/* scan.c - cumulative sums and products along an axis. */
#include "pair.h"
#include "reduction.h"

/* ---- cumsum ------------------------------------------------------------------------------------------------------------ */

static void pull_cumsum(reverse *, const node *), pull_cumsum_back(reverse *, const node *);

static const op op_cumsum = {.name = "cumsum", .row = -1, .count = 1, .infer = infer_linear, .pull = pull_cumsum,
                             .step = STEP_PLANES, .needs = {NEED_SAME, NEED_SAME}, .numbers = NUMBERS_cumsum};
static const op op_cumsum_back = {.name = "cumsum", .row = -1, .count = 1, .infer = infer_linear,
                                  .pull = pull_cumsum_back, .step = STEP_PLANES, .needs = {NEED_SAME, NEED_SAME},
                                  .numbers = NUMBERS_cumsum_back};

static void pull_with(reverse *r, const node *n, const op *transpose) {
  jet y = adjoint(r, n->first);
  if (y.id >= 0) give(r, n, 0, record_axes(transpose, y, value_of(y.tape, y.id)->shape, (unsigned)n->with.k));
}

static void pull_cumsum(reverse *r, const node *n) { pull_with(r, n, &op_cumsum_back); }
static void pull_cumsum_back(reverse *r, const node *n) { pull_with(r, n, &op_cumsum); }

jet jet_cumsum(jet x, int axis) {
  BY_PARTS(x, part, jet_cumsum(part, axis))
  if (!operand_check("cumsum", x) || (axis = axis_check("cumsum", x, axis)) < 0) return failed(x, x);
  return record_axes(&op_cumsum, x, value_of(x.tape, x.id)->shape, 1u << axis);
}

/* ---- cumprod ----------------------------------------------------------------------------------------------------------- */

static jet every(jet x, ptrdiff_t first, ptrdiff_t stop, ptrdiff_t step) { /* along axis 1 of three */
  const ptrdiff_t from[3] = {0, first, 0}, to[3] = {jet_extent(x, 0), stop, jet_extent(x, 2)}, by[3] = {1, step, 1};
  return jet_slice(x, from, to, by);
}

/* The view of every second from `first` of an array whose axis 1 has extent n, for a part of it. */
static ptrdiff_t second(ptrdiff_t *pattern, jet part, ptrdiff_t first, ptrdiff_t n) {
  const shape *s = shape_of(part.tape, part.id);
  ptrdiff_t inner = s->dims[2];
  view v = {first * inner, 3, {s->dims[0], s->dims[1], inner}, {n * inner, 2 * inner, 1}};
  return view_pattern(&v, pattern);
}

/* With c the cumulative products of the pairs x_0 x_1, x_2 x_3, ...: c_i at 2i + 1, c_{i-1} x_2i at 2i, x_0 at 0. The
   work is linear. */
static jet multiply_along(jet x) {
  ptrdiff_t n = jet_extent(x, 1), count = 0, patterns[3 * VIEW_NUMBERS];
  if (x.id < 0 || n < 2) return x;
  jet c = multiply_along(record_binary(JK_mul, every(x, 0, n - 1, 2), every(x, 1, n, 2)));
  if (c.id < 0) return c;
  jet parts[3] = {every(x, 0, 1, 1), c, jet_none};
  int three = n > 2;
  if (three) parts[2] = record_binary(JK_mul, every(c, 0, (n - 1) / 2, 1), every(x, 2, n, 2));
  for (int i = 0; i < 2 + three; i++) {
    if (parts[i].id < 0) return failed(x, x);
    count += second(patterns + count, parts[i], i, n);
  }
  return deposit(x.tape, 2 + three, parts, value_of(x.tape, x.id)->shape, patterns, count);
}

jet jet_cumprod(jet x, int axis) {
  if (!operand_check("cumprod", x) || (axis = axis_check("cumprod", x, axis)) < 0) return failed(x, x);
  const value v = *value_of(x.tape, x.id);
  split p = split_at(&x.tape->shapes[v.shape], 1u << axis);
  const ptrdiff_t dims[3] = {p.outer, p.along, p.inner};
  if (p.along < 2) return x;
  int s = tape_shape(x.tape, "cumprod", 3, dims);
  return s < 0 ? failed(x, x) : reshape_to(multiply_along(reshape_to(x, s)), v.shape);
}
