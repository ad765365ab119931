/* shape.c - arrays read at patterns and added up at patterns, which are each other's transposes; and the operations that
   give the elements of one array another order: reshape, permute, slice, flip. Each is one view of its operand: to
   view a view's own operand would cut the one between off from gradients with respect to it. */
#include "reverse.h"
#include "pair.h"
#include "shape.h"

#include <string.h>

/* ---- views ------------------------------------------------------------------------------------------------------- */

view view_all(const shape *s) {
  view v = {0, s->rank, {0}, {0}};
  ptrdiff_t size = 1;
  for (int i = s->rank - 1; i >= 0; i--) {
    v.dims[i] = s->dims[i];
    v.stride[i] = s->size ? size : 0; /* of an empty array the product may overflow, and is of no use */
    size *= s->size ? s->dims[i] : 1;
  }
  return v;
}

ptrdiff_t view_pattern(const view *v, ptrdiff_t *pattern) {
  pattern[0] = PATTERN_VIEW;
  pattern[1] = v->offset;
  pattern[2] = v->rank;
  for (int i = 0; i < v->rank; i++) {
    pattern[3 + 2 * i] = v->dims[i];
    pattern[4 + 2 * i] = v->stride[i];
  }
  return 3 + 2 * v->rank;
}

jet view_read(const char *name, jet x, const view *v) {
  ptrdiff_t pattern[VIEW_NUMBERS], count = view_pattern(v, pattern);
  int s = tape_shape(x.tape, name, v->rank, v->dims);
  return s < 0 ? failed(x, x) : read_pattern(x, s, pattern, count);
}

/* ---- reading at a pattern ---------------------------------------------------------------------------------------- */

static int alias_same(const jet_tape *tape, const node *n, int k, int *input, int *coefficient) {
  *input = node_input(tape, n, 0);
  *coefficient = k;
  return 1;
}

static jet roll_back(jet y, const list *at) { /* a roll is undone by another */
  ptrdiff_t pattern[ROLL_NUMBERS];
  if (y.id < 0) return y;
  memcpy(pattern, at->at, (size_t)at->count * sizeof *pattern);
  for (ptrdiff_t i = 0; i < pattern[1]; i++)
    if (pattern[3 + 2 * i]) pattern[3 + 2 * i] = pattern[2 + 2 * i] - pattern[3 + 2 * i];
  return read_pattern(y, value_of(y.tape, y.id)->shape, pattern, at->count);
}

static void pull_read(reverse *r, const node *n) {
  const list at = *list_of(reverse_tape(r), n);
  if (at.at[0] == PATTERN_ROLL) give(r, n, 0, roll_back(adjoint(r, n->first), &at));
  else give_part(r, n, 0, adjoint(r, n->first), at.at, at.count);
}

const op op_read = {.name = "read", .row = -1, .count = 1, .infer = infer_linear, .pull = pull_read, .step = STEP_PLANES,
                    .needs = {NEED_SAME, NEED_SAME}, .numbers = NUMBERS_read};
const op op_view = {.name = "view", .row = -1, .count = 1, .infer = infer_linear, .pull = pull_read, .step = STEP_VIEW,
                    .needs = {NEED_SAME, NEED_SAME}, .alias = alias_same, .numbers = NUMBERS_read};

jet read_pattern(jet x, int shape, const ptrdiff_t *pattern, ptrdiff_t count) {
  if (x.id < 0) return x;
  ptrdiff_t offset;
  int run = pattern_run(pattern, &offset);
  if (run && shape_of(x.tape, x.id)->size == pattern_size(pattern)) return reshape_to(x, shape);
  attributes with = NO_ATTRIBUTES;
  with.shape = shape;
  with.list = tape_list(x.tape, pattern, count);
  return with.list < 0 ? failed(x, x) : tape_record(x.tape, run ? &op_view : &op_read, 1, &x.id, &with);
}

/* ---- deposits: the transpose ------------------------------------------------------------------------------------- */

static void pull_deposit(reverse *r, const node *n) {
  jet_tape *tape = reverse_tape(r);
  jet y = adjoint(r, n->first);
  const ptrdiff_t *at = list_of(tape, n)->at; /* lists move, their numbers do not */
  for (int i = 0; y.id >= 0 && i < n->nin; i++, at += pattern_length(at)) {
    int x = node_input(tape, n, i);
    if (wanted(r, x)) give(r, n, i, read_pattern(y, value_of(tape, x)->shape, at, pattern_length(at)));
  }
}

const op op_deposit = {.name = "deposit", .row = -1, .count = 1, .infer = infer_linear, .pull = pull_deposit,
                       .step = STEP_DEPOSIT, .needs = {NEED_SAME, NEED_SAME}};

/* Whether the only part is all of the array. */
static int covers(jet x, ptrdiff_t size, const ptrdiff_t *pattern) {
  ptrdiff_t offset;
  return shape_of(x.tape, x.id)->size == size && pattern_run(pattern, &offset);
}

jet deposit(jet_tape *tape, int n, const jet x[], int shape, const ptrdiff_t *patterns, ptrdiff_t count) {
  if (tape->status || shape < 0) return tape_jet(tape, -1);
  if (n == 0) return record_zero(tape, shape, -1, 1);
  if (n == 1 && covers(x[0], tape->shapes[shape].size, patterns)) return reshape_to(x[0], shape);
  attributes with = NO_ATTRIBUTES;
  with.shape = shape;
  size_t room = (size_t)n * sizeof(int);
  int *in = (int *)memory_resize(&tape->mem, NULL, 0, room);
  jet y = tape_jet(tape, -1);
  if (!in) tape_fail(tape, JET_NO_MEMORY, "out of memory while recording");
  else if ((with.list = tape_list(tape, patterns, count)) >= 0) {
    for (int i = 0; i < n; i++) in[i] = x[i].id;
    y = tape_record(tape, &op_deposit, n, in, &with);
  }
  memory_resize(&tape->mem, in, room, 0);
  return y;
}

/* ---- reshape ----------------------------------------------------------------------------------------------------- */

static void pull_reshape(reverse *r, const node *n) {
  const jet_tape *tape = reverse_tape(r);
  jet y = adjoint(r, n->first);
  if (y.id >= 0) give(r, n, 0, reshape_to(y, value_of(tape, node_input(tape, n, 0))->shape));
}

const op op_reshape = {.name = "reshape", .row = -1, .count = 1, .infer = infer_linear, .pull = pull_reshape,
                       .step = STEP_ALIAS, .needs = {NEED_SAME, NEED_SAME}, .alias = alias_same};

static jet reshaped(jet x, int shape) {
  attributes with = NO_ATTRIBUTES;
  with.shape = shape;
  return tape_record(x.tape, &op_reshape, 1, &x.id, &with);
}

jet renamed_value(jet x) { return x.id < 0 ? x : reshaped(x, value_of(x.tape, x.id)->shape); }

jet not_an_input(jet x) {
  const op *o = x.id < 0 ? NULL : node_of(x.tape, x.id)->op;
  return o == &op_input || o == &op_input_series ? renamed_value(x) : x;
}

jet reshape_to(jet x, int shape) {
  if (x.id < 0 || shape < 0) return failed(x, x);
  return value_of(x.tape, x.id)->shape == shape ? not_an_input(x) : reshaped(x, shape);
}

/* dims with the extent that is -1 filled in. */
static int fill_open(jet x, int rank, const ptrdiff_t *dims, ptrdiff_t *filled) {
  const shape *from = shape_of(x.tape, x.id);
  shape to = {rank, {0}, 0};
  ptrdiff_t known = 1;
  int open = -1;
  if (rank < 0 || rank > JET_MAX_RANK || (rank && !dims)) return tape_shape(x.tape, "reshape", rank, dims) >= 0;
  for (int i = 0; i < rank; i++) {
    filled[i] = to.dims[i] = dims[i];
    if (dims[i] == -1 && open >= 0)
      return tape_fail(x.tape, JET_BAD_ARGUMENT, "reshape: extents %d and %d are -1; only one may be", open, i);
    if (dims[i] == -1) open = i;
    else if (__builtin_mul_overflow(known, dims[i], &known)) known = 0;
  }
  if (open < 0) return 1;
  char s[200], t[200];
  if (known <= 0 || from->size % known)
    return tape_fail(x.tape, JET_BAD_SHAPE, "reshape: no extent in place of -1 gives %s the %td elements of %s",
                     shape_text(&to, s), from->size, shape_text(from, t));
  filled[open] = from->size / known;
  return 1;
}

jet jet_reshape(jet x, int rank, const ptrdiff_t *dims) {
  BY_PARTS(x, part, jet_reshape(part, rank, dims))
  ptrdiff_t filled[JET_MAX_RANK];
  int s = -1;
  if (!operand_check("reshape", x) || !fill_open(x, rank, dims, filled) ||
      (s = tape_shape(x.tape, "reshape", rank, filled)) < 0)
    return failed(x, x);
  const shape *from = shape_of(x.tape, x.id), *to = &x.tape->shapes[s];
  char a[200], b[200];
  if (from->size == to->size) return reshape_to(x, s);
  tape_fail(x.tape, JET_BAD_SHAPE, "reshape: %s has %td elements, %s has %td", shape_text(from, a), from->size,
            shape_text(to, b), to->size);
  return failed(x, x);
}

jet jet_broadcast_to(jet x, int rank, const ptrdiff_t *dims) {
  BY_PARTS(x, part, jet_broadcast_to(part, rank, dims))
  int s = -1;
  if (!operand_check("broadcast_to", x) || (s = tape_shape(x.tape, "broadcast_to", rank, dims)) < 0) return failed(x, x);
  const shape *from = shape_of(x.tape, x.id), *to = &x.tape->shapes[s];
  int shift = to->rank - from->rank, fits = shift >= 0;
  for (int i = 0; fits && i < from->rank; i++) fits = from->dims[i] == 1 || from->dims[i] == to->dims[i + shift];
  char a[200], b[200];
  if (fits) return not_an_input(operand_broadcast(x, s));
  tape_fail(x.tape, JET_BAD_SHAPE, "broadcast_to: %s does not broadcast to %s", shape_text(from, a), shape_text(to, b));
  return failed(x, x);
}

/* ---- axes and elements in another order -------------------------------------------------------------------------- */

int null_check(const char *name, jet x, const char *what, const void *p) {
  int rank = shape_of(x.tape, x.id)->rank;
  if (p || rank == 0) return 1;
  return tape_fail(x.tape, JET_BAD_ARGUMENT, "%s: %s is NULL for rank %d", name, what, rank);
}

jet jet_permute(jet x, const int axes[]) {
  BY_PARTS(x, part, jet_permute(part, axes))
  if (!operand_check("permute", x) || !null_check("permute", x, "axes", axes)) return failed(x, x);
  const view all = view_all(shape_of(x.tape, x.id));
  view v = all;
  unsigned seen = 0;
  for (int i = 0; i < v.rank; i++) {
    int a = axis_check("permute", x, axes[i]);
    if (a >= 0 && seen >> a & 1) a = tape_fail(x.tape, JET_BAD_ARGUMENT, "permute: axis %d is there twice", a) - 1;
    if (a < 0) return failed(x, x);
    seen |= 1u << a;
    v.dims[i] = all.dims[a];
    v.stride[i] = all.stride[a];
  }
  return view_read("permute", x, &v);
}

jet jet_transpose(jet x) {
  BY_PARTS(x, part, jet_transpose(part))
  int axes[JET_MAX_RANK], rank;
  char s[200];
  if (!operand_check("transpose", x)) return failed(x, x);
  if ((rank = jet_rank(x)) < 2) {
    tape_fail(x.tape, JET_BAD_SHAPE, "transpose: %s has no two axes", shape_text(shape_of(x.tape, x.id), s));
    return failed(x, x);
  }
  for (int i = 0; i < rank; i++) axes[i] = i < rank - 2 ? i : 2 * rank - 3 - i;
  return jet_permute(x, axes);
}

/* One axis of a slice: where it begins and how many elements it has. A start at the end of a descending slice is the last
   element, as in Python. */
static int slice_axis(jet x, int axis, ptrdiff_t start, ptrdiff_t stop, ptrdiff_t step, view *v) {
  ptrdiff_t extent = v->dims[axis], lowest = step < 0 ? -1 : 0;
  if (step == 0) return tape_fail(x.tape, JET_BAD_ARGUMENT, "slice: the step of axis %d is 0", axis);
  if (start < 0 || start > extent)
    return tape_fail(x.tape, JET_BAD_INDEX, "slice: start %td is outside 0..%td of axis %d", start, extent, axis);
  if (stop < lowest || stop > extent)
    return tape_fail(x.tape, JET_BAD_INDEX, "slice: stop %td is outside %td..%td of axis %d", stop, lowest, extent, axis);
  if (step < 0 && start == extent) start--;
  ptrdiff_t way = step > 0 ? stop - start : start - stop;
  size_t stride = step > 0 ? (size_t)step : -(size_t)step;
  v->dims[axis] = way > 0 ? (ptrdiff_t)(((size_t)way - 1) / stride) + 1 : 0;
  v->offset += v->dims[axis] > 0 ? start * v->stride[axis] : 0;
  v->stride[axis] *= v->dims[axis] > 1 ? step : 1;
  return 1;
}

jet jet_slice(jet x, const ptrdiff_t start[], const ptrdiff_t stop[], const ptrdiff_t step[]) {
  BY_PARTS(x, part, jet_slice(part, start, stop, step))
  if (!operand_check("slice", x) || !null_check("slice", x, "start", start) || !null_check("slice", x, "stop", stop))
    return failed(x, x);
  view v = view_all(shape_of(x.tape, x.id));
  for (int i = 0; i < v.rank; i++)
    if (!slice_axis(x, i, start[i], stop[i], step ? step[i] : 1, &v)) return failed(x, x);
  return view_read("slice", x, &v);
}

jet jet_flip(jet x, int axis) {
  BY_PARTS(x, part, jet_flip(part, axis))
  if (!operand_check("flip", x) || (axis = axis_check("flip", x, axis)) < 0) return failed(x, x);
  view v = view_all(shape_of(x.tape, x.id));
  if (v.dims[axis] > 0) v.offset = (v.dims[axis] - 1) * v.stride[axis];
  v.stride[axis] = -v.stride[axis];
  return view_read("flip", x, &v);
}

/* An axis that does not roll is one with that before it. */
static void roll_axis(ptrdiff_t *pattern, ptrdiff_t extent, ptrdiff_t by) {
  ptrdiff_t *end = pattern + 2 + 2 * pattern[1];
  by = extent ? by % extent : 0;
  by += by < 0 ? extent : 0;
  if (by || pattern[1] == 0) end[0] = extent, end[1] = by, pattern[1]++;
  else end[-2] *= extent, end[-1] *= extent;
}

jet roll_read(jet x, const ptrdiff_t by[]) {
  const shape *s = shape_of(x.tape, x.id);
  ptrdiff_t pattern[ROLL_NUMBERS] = {PATTERN_ROLL, 0};
  for (int i = 0; i < s->rank && s->size; i++) roll_axis(pattern, s->dims[i], by[i]);
  return s->size ? read_pattern(x, value_of(x.tape, x.id)->shape, pattern, 2 + 2 * pattern[1]) : x;
}

jet jet_roll(jet x, ptrdiff_t by, int axis) {
  BY_PARTS(x, part, jet_roll(part, by, axis))
  ptrdiff_t all[JET_MAX_RANK] = {0};
  if (!operand_check("roll", x) || (axis = axis_check("roll", x, axis)) < 0) return failed(x, x);
  all[axis] = by;
  return roll_read(x, all);
}
