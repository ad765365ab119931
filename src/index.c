/* index.c - arrays put together from parts, elements by constant indices, and what matrices have on and beside their
   diagonal. */
#include "pair.h"
#include "shape.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* ---- numbers of the tape's memory, while recording --------------------------------------------------------------- */

ptrdiff_t *numbers_new(jet_tape *tape, ptrdiff_t count) {
  void *p = memory_resize(&tape->mem, NULL, 0, (size_t)count * sizeof(ptrdiff_t));
  if (!p) tape_fail(tape, JET_NO_MEMORY, "out of memory while recording");
  return (ptrdiff_t *)p;
}

void numbers_free(jet_tape *tape, ptrdiff_t *p, ptrdiff_t count) {
  memory_resize(&tape->mem, p, (size_t)count * sizeof(ptrdiff_t), 0);
}

/* ---- concat and stack -------------------------------------------------------------------------------------------- */

/* The parts fit if they agree beside `axis` (-1: everywhere). */
static int parts_fit(const char *name, int n, const jet x[], int axis) {
  jet_tape *tape = x[0].tape;
  const shape *a = shape_of(tape, x[0].id);
  char s[200], t[200];
  for (int i = 1; i < n; i++) {
    const shape *b = shape_of(tape, x[i].id);
    int same = a->rank == b->rank;
    for (int j = 0; same && j < a->rank; j++) same = j == axis || a->dims[j] == b->dims[j];
    if (same) continue;
    if (axis < 0)
      return tape_fail(tape, JET_BAD_SHAPE, "%s: operand %d is %s, operand 0 is %s", name, i, shape_text(b, s),
                       shape_text(a, t));
    return tape_fail(tape, JET_BAD_SHAPE, "%s: operand %d is %s, operand 0 is %s; only axis %d may differ", name, i,
                     shape_text(b, s), shape_text(a, t), axis);
  }
  return 1;
}

/* Before the deposit is recorded, so that the sentence has the name that was called. */
static int parts_meet(const char *name, int n, const jet x[]) {
  value common = {.parameter = -1, .directions = 1, .shared = 1};
  for (int i = 0; i < n; i++)
    if (!meet(x[i].tape, name, 1, &x[i].id, &common)) return 0;
  return 1;
}

/* The parts one after the other along `axis` of the shape; in a stack they themselves do not have that axis. */
static jet put_together(jet_tape *tape, int n, const jet x[], int shape, int axis, int stacked) {
  const view whole = view_all(&tape->shapes[shape]);
  ptrdiff_t each = 3 + 2 * (whole.rank - stacked), count = n * each, from = 0;
  ptrdiff_t *patterns = numbers_new(tape, count);
  if (!patterns) return tape_jet(tape, -1);
  for (int i = 0; i < n; i++) {
    view v = view_all(shape_of(tape, x[i].id));
    for (int j = 0; j < v.rank; j++) v.stride[j] = whole.stride[j + (stacked && j >= axis)];
    v.offset = from * whole.stride[axis];
    view_pattern(&v, patterns + i * each);
    from += stacked ? 1 : v.dims[axis];
  }
  jet y = deposit(tape, n, x, shape, patterns, count);
  numbers_free(tape, patterns, count);
  return y;
}

/* Real parts together, and imaginary ones. */
static jet parts_together(int n, const jet x[], int axis, jet (*together)(int, const jet[], int)) {
  const memory *mem = &x[0].tape->mem;
  size_t room = 2 * (size_t)n * sizeof(jet);
  jet *re = x[0].tape ? (jet *)memory_resize(mem, NULL, 0, room) : NULL, *im = re + n;
  if (!re) {
    if (x[0].tape) tape_fail(x[0].tape, JET_NO_MEMORY, "out of memory while recording");
    return failed(x[0], x[0]);
  }
  for (int i = 0; i < n; i++) re[i] = part_of(x[i], 0), im[i] = part_of(x[i], 1);
  jet y = together(n, re, axis), z = together(n, im, axis);
  memory_resize(mem, re, room, 0);
  return jet_complex(y, z);
}

jet jet_concat(int n, const jet x[], int axis) {
  if (n < 1 || !x) return jet_none;
  if (list_is_complex(n, x)) return parts_together(n, x, axis, jet_concat);
  jet_tape *tape = operands_check_all("concat", n, x);
  if (!tape || (axis = axis_check("concat", x[0], axis)) < 0 || !parts_fit("concat", n, x, axis) ||
      !parts_meet("concat", n, x))
    return failed(x[0], x[0]);
  shape s = *shape_of(tape, x[0].id);
  for (int i = 1; i < n; i++)
    if (__builtin_add_overflow(s.dims[axis], jet_extent(x[i], axis), &s.dims[axis])) {
      tape_fail(tape, JET_TOO_LARGE, "concat: the extent of axis %d overflows", axis);
      return failed(x[0], x[0]);
    }
  int whole = tape_shape(tape, "concat", s.rank, s.dims);
  return whole < 0 ? failed(x[0], x[0]) : put_together(tape, n, x, whole, axis, 0);
}

jet jet_stack(int n, const jet x[], int axis) {
  if (n < 1 || !x) return jet_none;
  if (list_is_complex(n, x)) return parts_together(n, x, axis, jet_stack);
  jet_tape *tape = operands_check_all("stack", n, x);
  if (!tape || !parts_fit("stack", n, x, -1) || !parts_meet("stack", n, x)) return failed(x[0], x[0]);
  const shape *s = shape_of(tape, x[0].id);
  ptrdiff_t dims[JET_MAX_RANK + 1];
  int rank = s->rank + 1;
  if (axis < -rank || axis >= rank) {
    tape_fail(tape, JET_BAD_SHAPE, "stack: axis %d is outside %d..%d", axis, -rank, rank - 1);
    return failed(x[0], x[0]);
  }
  axis += axis < 0 ? rank : 0;
  for (int i = 0; i < rank; i++) dims[i] = i == axis ? n : s->dims[i - (i > axis)];
  int whole = tape_shape(tape, "stack", rank, dims);
  return whole < 0 ? failed(x[0], x[0]) : put_together(tape, n, x, whole, axis, 1);
}

/* ---- pad --------------------------------------------------------------------------------------------------------- */

/* A constant: value around the view, and inside -0, which added to any number gives that number. */
static jet padding(jet_tape *tape, int whole, const ptrdiff_t *pattern, double number) {
  const shape s = tape->shapes[whole];
  size_t inside = (size_t)pattern_size(pattern), room = ((size_t)s.size + inside) * sizeof(double);
  double *c = (double *)memory_resize(&tape->mem, NULL, 0, room), *ones = c + s.size;
  if (!c) {
    tape_fail(tape, JET_NO_MEMORY, "out of memory while recording");
    return tape_jet(tape, -1);
  }
  for (ptrdiff_t i = 0; i < s.size; i++) c[i] = 0;
  for (size_t i = 0; i < inside; i++) ones[i] = 1;
  pattern_add(pattern, c, ones);
  for (ptrdiff_t i = 0; i < s.size; i++) c[i] = c[i] == 0 ? number : -0.0;
  jet y = jet_constant(tape, s.rank, s.dims, c);
  memory_resize(&tape->mem, c, room, 0);
  return y;
}

/* The extents of the padded array. */
static int pad_axes(jet x, const ptrdiff_t before[], const ptrdiff_t after[], ptrdiff_t dims[]) {
  const shape *s = shape_of(x.tape, x.id);
  for (int i = 0; i < s->rank; i++) {
    if (before[i] < 0 || after[i] < 0)
      return tape_fail(x.tape, JET_BAD_ARGUMENT, "pad: %td before and %td after axis %d: none may be negative", before[i],
                       after[i], i);
    if (__builtin_add_overflow(s->dims[i], before[i], &dims[i]) || __builtin_add_overflow(dims[i], after[i], &dims[i]))
      return tape_fail(x.tape, JET_TOO_LARGE, "pad: the extent of axis %d overflows", i);
  }
  return 1;
}

jet jet_pad(jet x, const ptrdiff_t before[], const ptrdiff_t after[], double number) {
  if (is_complex(x))
    return jet_complex(jet_pad(part_of(x, 0), before, after, number), jet_pad(part_of(x, 1), before, after, 0));
  ptrdiff_t dims[JET_MAX_RANK], pattern[VIEW_NUMBERS];
  int whole = -1;
  if (!operand_check("pad", x) || !null_check("pad", x, "before", before) || !null_check("pad", x, "after", after) ||
      !pad_axes(x, before, after, dims) || (whole = tape_shape(x.tape, "pad", jet_rank(x), dims)) < 0)
    return failed(x, x);
  const shape *s = shape_of(x.tape, x.id);
  view v = view_all(&x.tape->shapes[whole]);
  int grows = x.tape->shapes[whole].size != s->size;
  for (int i = 0; i < v.rank; i++) {
    v.dims[i] = s->dims[i];
    v.offset += before[i] * v.stride[i];
  }
  jet y = deposit(x.tape, 1, &x, whole, pattern, view_pattern(&v, pattern));
  return (number == 0 && !signbit(number)) || !grows || y.id < 0 ? y : jet_add(y, padding(x.tape, whole, pattern, number));
}

/* ---- constant indices -------------------------------------------------------------------------------------------- */

static int indices_check(const char *name, jet_tape *tape, ptrdiff_t extent, int axis, ptrdiff_t m,
                         const ptrdiff_t *index) {
  if (m > 0 && !index) return tape_fail(tape, JET_BAD_ARGUMENT, "%s: index is NULL for %td indices", name, m);
  for (ptrdiff_t i = 0; i < m; i++)
    if (index[i] < 0 || index[i] >= extent)
      return tape_fail(tape, JET_BAD_INDEX, "%s: index %td at position %td is outside 0..%td of axis %d", name, index[i], i,
                       extent - 1, axis);
  return 1;
}

/* Of the array of shape s, of which `axis` is indexed. NULL after tape_fail. */
static ptrdiff_t *index_pattern(jet_tape *tape, const shape *s, int axis, ptrdiff_t m, const ptrdiff_t *index) {
  ptrdiff_t outer = s->size ? 1 : 0, inner = 1, *p = numbers_new(tape, 5 + m);
  if (!p) return NULL;
  for (int i = 0; i < axis; i++) outer *= s->size ? s->dims[i] : 0;
  for (int i = axis + 1; i < s->rank; i++) inner *= s->size ? s->dims[i] : 0;
  const ptrdiff_t head[5] = {PATTERN_INDEX, outer, s->dims[axis], inner, m};
  memcpy(p, head, sizeof head);
  if (m > 0) memcpy(p + 5, index, (size_t)m * sizeof *p);
  return p;
}

/* dims in place of `axis` of s. */
static int replaced_shape(jet_tape *tape, const char *name, const shape *s, int axis, int rank, const ptrdiff_t *dims) {
  ptrdiff_t to[2 * JET_MAX_RANK];
  for (int i = 0; i < axis; i++) to[i] = s->dims[i];
  for (int i = axis + 1; i < s->rank; i++) to[i + rank - 1] = s->dims[i];
  for (int i = 0; i < rank; i++) to[axis + i] = dims[i];
  return tape_shape(tape, name, s->rank - 1 + rank, to);
}

jet jet_gather(jet x, int axis, int rank, const ptrdiff_t *dims, const ptrdiff_t *index) {
  BY_PARTS(x, part, jet_gather(part, axis, rank, dims, index))
  int of_index = -1, whole = -1;
  if (!operand_check("gather", x) || (axis = axis_check("gather", x, axis)) < 0 ||
      (of_index = tape_shape(x.tape, "gather", rank, dims)) < 0)
    return failed(x, x);
  const shape s = *shape_of(x.tape, x.id);
  ptrdiff_t m = x.tape->shapes[of_index].size, *p;
  if (!indices_check("gather", x.tape, s.dims[axis], axis, m, index) ||
      (whole = replaced_shape(x.tape, "gather", &s, axis, rank, dims)) < 0 ||
      !(p = index_pattern(x.tape, &s, axis, m, index)))
    return failed(x, x);
  jet y = read_pattern(x, whole, p, 5 + m);
  numbers_free(x.tape, p, 5 + m);
  return y;
}

/* Id of the shape of x with the axes from `axis` on, which are dims, replaced by the extent. */
static int scattered_shape(jet x, int axis, int rank, const ptrdiff_t *dims, ptrdiff_t extent) {
  const shape *s = shape_of(x.tape, x.id);
  int fits = rank <= s->rank && axis <= s->rank - rank;
  shape part = {rank, {0}, 0}, to = {s->rank - rank + 1, {0}, 0};
  for (int i = 0; i < rank; i++) part.dims[i] = dims[i];
  for (int i = 0; fits && i < rank; i++) fits = s->dims[axis + i] == dims[i];
  char a[200], b[200];
  if (!fits)
    return tape_fail(x.tape, JET_BAD_SHAPE, "scatter_add: %s does not have the extents %s at axis %d", shape_text(s, a),
                     shape_text(&part, b), axis) - 1;
  if (to.rank > JET_MAX_RANK) return tape_shape(x.tape, "scatter_add", to.rank, NULL);
  for (int i = 0; i < to.rank; i++) to.dims[i] = i < axis ? s->dims[i] : i == axis ? extent : s->dims[i + rank - 1];
  return tape_shape(x.tape, "scatter_add", to.rank, to.dims);
}

jet jet_scatter_add(jet x, int axis, int rank, const ptrdiff_t *dims, const ptrdiff_t *index, ptrdiff_t extent) {
  BY_PARTS(x, part, jet_scatter_add(part, axis, rank, dims, index, extent))
  int of_index = -1, whole = -1;
  if (!operand_check("scatter_add", x) || (of_index = tape_shape(x.tape, "scatter_add", rank, dims)) < 0)
    return failed(x, x);
  int axes = max_(jet_rank(x) - rank + 1, 1); /* of the result, in which a negative axis counts */
  if (axis < -axes || axis >= axes) {
    tape_fail(x.tape, JET_BAD_SHAPE, "scatter_add: axis %d is outside %d..%d", axis, -axes, axes - 1);
    return failed(x, x);
  }
  axis += axis < 0 ? axes : 0;
  ptrdiff_t m = x.tape->shapes[of_index].size, *p;
  if ((whole = scattered_shape(x, axis, rank, dims, extent)) < 0 ||
      !indices_check("scatter_add", x.tape, extent, axis, m, index))
    return failed(x, x);
  const shape to = x.tape->shapes[whole];
  if (!(p = index_pattern(x.tape, &to, axis, m, index))) return failed(x, x);
  jet y = deposit(x.tape, 1, &x, whole, p, 5 + m);
  numbers_free(x.tape, p, 5 + m);
  return y;
}

/* ---- on, above and below the diagonal ---------------------------------------------------------------------------- */

static jet rank_failure(const char *name, jet x, const char *wanted) {
  char s[200];
  tape_fail(x.tape, JET_BAD_SHAPE, "%s: %s is not %s", name, shape_text(shape_of(x.tape, x.id), s), wanted);
  return failed(x, x);
}

static jet diagonal_matrix(jet x) {
  ptrdiff_t n = jet_size(x), dims[2] = {n, n}, pattern[VIEW_NUMBERS];
  int s = tape_shape(x.tape, "diag", 2, dims);
  view v = {0, 1, {n}, {n + 1}};
  return s < 0 ? failed(x, x) : deposit(x.tape, 1, &x, s, pattern, view_pattern(&v, pattern));
}

static jet diagonal(const char *name, jet x) {
  ptrdiff_t m = jet_extent(x, 0), n = jet_extent(x, 1);
  view v = {0, 1, {m < n ? m : n}, {n + 1}};
  return view_read(name, x, &v);
}

jet jet_diag(jet x) {
  BY_PARTS(x, part, jet_diag(part))
  if (!operand_check("diag", x)) return failed(x, x);
  if (jet_rank(x) == 1) return diagonal_matrix(x);
  return jet_rank(x) == 2 ? diagonal("diag", x) : rank_failure("diag", x, "a vector or a matrix");
}

jet jet_trace(jet x) {
  BY_PARTS(x, part, jet_trace(part))
  if (!operand_check("trace", x)) return failed(x, x);
  return jet_rank(x) == 2 ? jet_sum(diagonal("trace", x)) : rank_failure("trace", x, "a matrix");
}

/* 1 where low <= column - row <= high. */
static jet band(jet x, ptrdiff_t low, ptrdiff_t high) {
  int rank = jet_rank(x);
  ptrdiff_t dims[2] = {jet_extent(x, rank - 2), jet_extent(x, rank - 1)}, k = 0;
  int s = tape_shape(x.tape, "band", 2, dims);
  if (s < 0) return failed(x, x);
  size_t room = (size_t)x.tape->shapes[s].size * sizeof(double) + sizeof(double);
  double *mask = (double *)memory_resize(&x.tape->mem, NULL, 0, room);
  if (!mask) {
    tape_fail(x.tape, JET_NO_MEMORY, "out of memory while recording");
    return failed(x, x);
  }
  for (ptrdiff_t i = 0; i < dims[0]; i++)
    for (ptrdiff_t j = 0; j < dims[1]; j++) mask[k++] = j - i >= low && j - i <= high;
  jet y = jet_constant(x.tape, 2, dims, mask);
  memory_resize(&x.tape->mem, mask, room, 0);
  return y;
}

static jet within(const char *name, jet x, ptrdiff_t low, ptrdiff_t high) {
  BY_PARTS(x, part, within(name, part, low, high))
  if (!operand_check(name, x)) return failed(x, x);
  if (jet_rank(x) < 2) return rank_failure(name, x, "a matrix or an array of matrices");
  if (jet_size(x) == 0) return x;
  return jet_where(band(x, low, high), x, jet_scalar(x.tape, 0));
}

jet jet_tril(jet x, int k) { return within("tril", x, PTRDIFF_MIN, k); }
jet jet_triu(jet x, int k) { return within("triu", x, k, PTRDIFF_MAX); }
