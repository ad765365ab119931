/* reduce.c - axes, sums over them, and the reductions that are made of sums and products. */
#include "pair.h"
#include "reduction.h"
#include "reverse.h"

#include <math.h>
#include <stdint.h>

/* ---- axes ------------------------------------------------------------------------------------------------------------ */

int axes_check(const char *name, jet x, int n, const int axes[], unsigned *axes_out) {
  unsigned bits = 0;
  *axes_out = 0;
  if (!operand_check(name, x)) return 0;
  if (n < 0) return tape_fail(x.tape, JET_BAD_ARGUMENT, "%s: the number of axes is negative (%d)", name, n);
  if (n && !axes) return tape_fail(x.tape, JET_BAD_ARGUMENT, "%s: axes is NULL for %d axes", name, n);
  for (int i = 0; i < n; i++) {
    int axis = axis_check(name, x, axes[i]);
    if (axis < 0) return 0;
    if (has_axis(bits, axis)) return tape_fail(x.tape, JET_BAD_ARGUMENT, "%s: axis %d is given twice", name, axis);
    bits |= 1u << axis;
  }
  *axes_out = bits;
  return 1;
}

unsigned axes_all(jet x) { return (1u << shape_of(x.tape, x.id)->rank) - 1; }

ptrdiff_t axes_count(jet x, unsigned axes) {
  const shape *s = shape_of(x.tape, x.id);
  ptrdiff_t n = 1;
  int empty = 0, huge = 0; /* beside an extent of 0 the others may be anything */
  for (int i = 0; i < s->rank; i++) {
    if (!has_axis(axes, i)) continue;
    empty |= s->dims[i] == 0;
    if (s->dims[i]) huge |= __builtin_mul_overflow(n, s->dims[i], &n);
  }
  return empty ? 0 : huge ? PTRDIFF_MAX : n;
}

int axes_shape(const char *name, jet x, unsigned axes, int keep) {
  const shape *s = shape_of(x.tape, x.id);
  ptrdiff_t dims[JET_MAX_RANK];
  int rank = 0;
  for (int i = 0; i < s->rank; i++)
    if (!has_axis(axes, i) || keep) dims[rank++] = has_axis(axes, i) ? 1 : s->dims[i];
  return tape_shape(x.tape, name, rank, dims);
}

split split_at(const shape *s, unsigned axes) {
  split p = {s->size ? 1 : 0, s->size ? 1 : 0, s->size ? 1 : 0};
  for (int i = 0; i < s->rank && s->size; i++) {
    if (has_axis(axes, i)) p.along *= s->dims[i];
    else *(axes >> i ? &p.outer : &p.inner) *= s->dims[i];
  }
  return p;
}

jet record_axes(const op *o, jet x, int shape, unsigned axes) {
  attributes with = NO_ATTRIBUTES;
  with.shape = shape;
  with.k = (int)axes;
  return x.id < 0 || shape < 0 ? failed(x, x) : tape_record(x.tape, o, 1, &x.id, &with);
}

/* ---- sums -------------------------------------------------------------------------------------------------------------- */

static void pull_sum(reverse *r, const node *n) {
  jet_tape *tape = reverse_tape(r);
  give(r, n, 0, operand_broadcast(adjoint(r, n->first), value_of(tape, node_input(tape, n, 0))->shape));
}

const op op_sum = {.name = "sum", .row = -1, .count = 1, .infer = infer_linear, .pull = pull_sum, .step = STEP_SUM,
                   .needs = {NEED_SAME, NEED_SAME}};

/* y, the result of the node or something of its shape, as an array of x's shape. */
static jet spread_like(const node *n, jet x, jet y) {
  y = reshape_to(y, axes_shape(n->op->name, x, (unsigned)n->with.k, 1));
  return operand_broadcast(y, value_of(x.tape, x.id)->shape);
}

jet spread(reverse *r, const node *n) {
  jet x = tape_jet(reverse_tape(r), node_input(reverse_tape(r), n, 0)), y = adjoint(r, n->first);
  return y.id < 0 ? y : spread_like(n, x, y);
}

static void pull_sum_axes(reverse *r, const node *n) { give(r, n, 0, spread(r, n)); }

const op op_sum_axes = {.name = "sum", .row = -1, .count = 1, .infer = infer_linear, .pull = pull_sum_axes,
                        .step = STEP_PLANES, .needs = {NEED_SAME, NEED_SAME}, .numbers = NUMBERS_sum_axes};

jet sum_axes(const char *name, jet x, unsigned axes, int keep) {
  if (x.id < 0) return x;
  int s = axes_shape(name, x, axes, keep);
  if (s < 0) return failed(x, x);
  if (axes_count(x, axes) == 1) return reshape_to(x, s);
  return record_axes(x.tape->shapes[s].size == 1 ? &op_sum : &op_sum_axes, x, s, axes);
}

LINEAR_REDUCTION(sum, sum_axes)

/* ---- made of sums -------------------------------------------------------------------------------------------------------- */

jet over_nothing(const char *name, jet x, unsigned axes, int keep, double c) {
  return record_unary(JK_shift, sum_axes(name, x, axes, keep), c, 0);
}

static jet mean_axes(const char *name, jet x, unsigned axes, int keep) {
  ptrdiff_t n = axes_count(x, axes);
  if (n == 0) return over_nothing(name, x, axes, keep, NAN);
  jet s = sum_axes(name, x, axes, keep);
  return n == 1 ? s : record_unary(JK_scale, s, 1.0 / (double)n, 0);
}

static jet var_axes(const char *name, jet x, unsigned axes, int keep) {
  jet d = record_binary(JK_sub, x, mean_axes(name, x, axes, 1));
  return d.id < 0 ? d : mean_axes(name, record_unary(JK_square, d, 0, 0), axes, keep);
}

/* x and y = |x|: y under another name, with the gradient x/y that is right at 0 too, where that of sqrt is infinite. */
static int infer_norm(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with, value *out) {
  const value v = *value_of(tape, in[1]);
  (void)o, (void)nin, (void)with;
  *out = (value){out->node, 0, v.shape, v.parameter, v.order, v.low, v.degree, v.directions, v.shared, 0};
  return 1;
}

static int alias_norm(const jet_tape *tape, const node *n, int k, int *input, int *coefficient) {
  *input = node_input(tape, n, 1);
  *coefficient = k;
  return 1;
}

static void pull_norm(reverse *r, const node *n) {
  jet x = tape_jet(reverse_tape(r), node_input(reverse_tape(r), n, 0)), y = spread_like(n, x, tape_jet(x.tape, n->first));
  if (wanted(r, x.id)) give(r, n, 0, pull_back(spread(r, n), slope(x, y)));
}

static const op op_norm = {.name = "norm", .row = -1, .count = 1, .infer = infer_norm, .pull = pull_norm, .step = STEP_ALIAS,
                           .alias = alias_norm};

static jet norm_axes(const char *name, jet x, unsigned axes, int keep) {
  jet y = record_unary(JK_sqrt, sum_axes(name, record_unary(JK_square, x, 0, 0), axes, keep), 0, 0);
  attributes with = NO_ATTRIBUTES;
  const int in[2] = {x.id, y.id};
  with.k = (int)axes;
  return y.id < 0 ? y : tape_record(x.tape, &op_norm, 2, in, &with);
}

LINEAR_REDUCTION(mean, mean_axes)
REDUCTION(var, var_axes)
REDUCTION(norm, norm_axes)

/* ---- products ------------------------------------------------------------------------------------------------------------ */

/* The axes in front of the others, then [count, rest]. */
static jet in_front(const char *name, jet x, unsigned axes, ptrdiff_t n) {
  int rank = jet_rank(x), order[JET_MAX_RANK], at = 0, moved = 0;
  for (int i = 0; i < 2 * rank; i++)
    if (has_axis(axes, i % rank) == (i < rank)) order[at++] = i % rank;
  for (int i = 0; i < rank; i++) moved |= order[i] != i;
  ptrdiff_t dims[2] = {n, jet_size(x) / n};
  int s = tape_shape(x.tape, name, 2, dims);
  if (moved) x = jet_permute(x, order);
  return x.id < 0 || s < 0 ? failed(x, x) : reshape_to(x, s);
}

static jet rows(jet x, ptrdiff_t first, ptrdiff_t count) {
  const ptrdiff_t start[2] = {first, 0}, stop[2] = {first + count, jet_extent(x, 1)};
  return jet_slice(x, start, stop, NULL);
}

/* A tree of products: the first half of the rows by the second, and so on; an odd row waits for the others. */
static jet multiply_rows(jet x) {
  jet odd = jet_none;
  for (ptrdiff_t n; x.id >= 0 && (n = jet_extent(x, 0)) > 1;) {
    if (n % 2) odd = odd.tape ? record_binary(JK_mul, odd, rows(x, n - 1, 1)) : rows(x, n - 1, 1);
    x = record_binary(JK_mul, rows(x, 0, n / 2), rows(x, n / 2, n / 2));
  }
  return odd.tape && x.id >= 0 ? record_binary(JK_mul, x, odd) : x;
}

static jet prod_axes(const char *name, jet x, unsigned axes, int keep) {
  ptrdiff_t n = axes_count(x, axes);
  if (n == 0) return over_nothing(name, x, axes, keep, 1);
  int s = axes_shape(name, x, axes, keep);
  if (s < 0 || n == 1 || !jet_size(x)) return s < 0 ? failed(x, x) : sum_axes(name, x, axes, keep); /* no products */
  jet y = multiply_rows(in_front(name, x, axes, n));
  return y.id < 0 ? y : reshape_to(y, s);
}

REDUCTION(prod, prod_axes)
