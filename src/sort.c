/* sort.c - sorting along an axis, and elements taken and put by indices known at the run. */
#include "pair.h"
#include "reduction.h"

static const op op_argsort = {.name = "argsort", .row = -1, .count = 1, .infer = infer_choice, .step = STEP_WHOLE,
                              .needs = {NEED_ZERO, NEED_ZERO}, .numbers = NUMBERS_argsort};

static jet argsort(const char *name, jet x, int axis) {
  if (!operand_check(name, x) || (axis = axis_check(name, x, axis)) < 0) return failed(x, x);
  return record_axes(&op_argsort, x, value_of(x.tape, x.id)->shape, 1u << axis);
}

jet jet_argsort(jet x, int axis) { return argsort("argsort", x, axis); }

/* ---- take_along and its transpose ---------------------------------------------------------------------------------------- */

static void pull_take(reverse *, const node *), pull_put(reverse *, const node *);

static const op op_take = {.name = "take_along", .row = -1, .count = 1, .infer = infer_linear, .pull = pull_take,
                           .step = STEP_PLANES, .needs = {NEED_SAME, NEED_ZERO}, .numbers = NUMBERS_take};
static const op op_put = {.name = "put_along", .row = -1, .count = 1, .infer = infer_linear, .pull = pull_put,
                          .step = STEP_PLANES, .needs = {NEED_SAME, NEED_ZERO}, .numbers = NUMBERS_put};

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
