/* leaf.c - where values come from, and how jets are made of plain arrays and plain arrays of jets. */
#include "ops.h"

#include <string.h>

static void whole(value *out, int order, int low, int degree) {
  out->order = order;
  out->low = low;
  out->degree = degree < order ? degree : order;
}

/* ---- inputs and constants ------------------------------------------------------------------------------------------- */

static int infer_leaf(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with, value *out) {
  (void)tape, (void)o, (void)nin, (void)in;
  out->shape = with->shape;
  whole(out, 0, 0, 0);
  return 1;
}

const op op_input = {-1, "input", 1, infer_leaf, STEP_LEAF, NULL};
const op op_constant = {-1, "constant", 1, infer_leaf, STEP_LEAF, NULL};

static jet record_leaf(jet_tape *tape, const op *o, int rank, const ptrdiff_t *dims) {
  attributes with = NO_ATTRIBUTES;
  with.shape = tape_shape(tape, o->name, rank, dims);
  return with.shape < 0 ? tape_jet(tape, -1) : tape_record(tape, o, 0, NULL, &with);
}

jet jet_input(jet_tape *tape, int rank, const ptrdiff_t *dims) {
  return tape ? record_leaf(tape, &op_input, rank, dims) : jet_none;
}

jet jet_constant(jet_tape *tape, int rank, const ptrdiff_t *dims, const double *data) {
  attributes with = NO_ATTRIBUTES;
  if (!tape || (with.shape = tape_shape(tape, "constant", rank, dims)) < 0) return tape_jet(tape, -1);
  ptrdiff_t n = tape->shapes[with.shape].size;
  if (n && !data) {
    tape_fail(tape, JET_BAD_ARGUMENT, "constant: data is NULL for %td numbers", n);
    return tape_jet(tape, -1);
  }
  with.data = tape_data(tape, data, n);
  return with.data < 0 ? tape_jet(tape, -1) : tape_record(tape, &op_constant, 0, NULL, &with);
}

jet jet_scalar(jet_tape *tape, double value) { return jet_constant(tape, 0, NULL, &value); }

/* ---- jets ------------------------------------------------------------------------------------------------------------- */

static int infer_parameter(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with, value *out) {
  (void)o, (void)nin, (void)in;
  out->shape = with->shape;
  out->parameter = tape->nvalues;
  whole(out, with->k, 1, 1);
  return 1;
}

const op op_parameter = {-1, "parameter", 1, infer_parameter, STEP_LEAF, NULL};

jet jet_parameter(jet_tape *tape, int order) {
  attributes with = NO_ATTRIBUTES;
  if (!tape || (with.shape = tape_shape(tape, "parameter", 0, NULL)) < 0) return tape_jet(tape, -1);
  if (order < 0 || order > JET_MAX_ORDER) {
    tape_fail(tape, JET_BAD_ORDER, "parameter: an order of %d is outside 0..%d", order, JET_MAX_ORDER);
    return tape_jet(tape, -1);
  }
  with.k = order;
  return tape_record(tape, &op_parameter, 0, NULL, &with);
}

static int parameter_check(const char *name, jet t) {
  if (!operand_check(name, t)) return 0;
  if (node_of(t.tape, t.id)->op == &op_parameter) return 1;
  return tape_fail(t.tape, JET_BAD_PARAMETER, "%s: t is not a jet_parameter", name);
}

static int infer_series(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with, value *out) {
  const value *t = value_of(tape, in[0]);
  (void)o, (void)nin;
  out->shape = with->shape;
  out->parameter = t->parameter;
  whole(out, t->order, 0, t->order);
  return 1;
}

const op op_input_series = {-1, "input_series", 1, infer_series, STEP_LEAF, NULL};

jet jet_input_series(jet t, int rank, const ptrdiff_t *dims) {
  attributes with = NO_ATTRIBUTES;
  if (!parameter_check("input_series", t) || (with.shape = tape_shape(t.tape, "input_series", rank, dims)) < 0)
    return tape_jet(t.tape, -1);
  return tape_record(t.tape, &op_input_series, 1, &t.id, &with);
}

/* ---- x + v t ------------------------------------------------------------------------------------------------------------ */

static int infer_expand(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with, value *out) {
  const value *x = value_of(tape, in[0]), *v = value_of(tape, in[1]), *t = value_of(tape, in[2]);
  (void)o, (void)nin, (void)with;
  out->shape = x->shape;
  out->parameter = t->parameter;
  int has_x = x->degree >= x->low, has_v = v->degree >= v->low;
  whole(out, t->order, has_x ? 0 : 1, has_v ? 1 : 0);
  return 1;
}

static int alias_expand(const jet_tape *tape, const node *n, int k, int *input, int *coefficient) {
  *input = node_input(tape, n, k);
  *coefficient = 0;
  return 1;
}

const op op_expand = {-1, "expand", 1, infer_expand, STEP_ALIAS, alias_expand};

jet jet_expand(jet x, jet v, jet t) {
  jet_tape *tape = operands_check("expand", x, v);
  if (!tape || !operands_check("expand", x, t) || !parameter_check("expand", t)) return tape_jet(x.tape ? x.tape : v.tape, -1);
  const value *a = value_of(tape, x.id), *b = value_of(tape, v.id);
  if (a->parameter >= 0 || b->parameter >= 0) {
    tape_fail(tape, JET_BAD_PARAMETER, "expand: %s is already a jet, of order %d; jets of jets are not made by expanding twice",
              a->parameter >= 0 ? "x" : "v", a->parameter >= 0 ? a->order : b->order);
    return tape_jet(tape, -1);
  }
  int s = broadcast_shape("expand", x, v);
  if (s < 0) return tape_jet(tape, -1);
  x = operand_broadcast(x, s);
  v = operand_broadcast(v, s);
  int in[3] = {x.id, v.id, t.id};
  attributes with = NO_ATTRIBUTES;
  return tape_record(tape, &op_expand, 3, in, &with);
}

/* ---- a coefficient of a jet ------------------------------------------------------------------------------------------------ */

static int infer_coefficient(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with, value *out) {
  const value *y = value_of(tape, in[0]);
  (void)o, (void)nin;
  out->shape = y->shape;
  whole(out, 0, with->k < y->low || with->k > y->degree ? 1 : 0, 0);
  return 1;
}

static int alias_coefficient(const jet_tape *tape, const node *n, int k, int *input, int *coefficient) {
  (void)k;
  *input = node_input(tape, n, 0);
  *coefficient = n->with.k;
  return 1;
}

const op op_coefficient = {-1, "coefficient", 1, infer_coefficient, STEP_ALIAS, alias_coefficient};

jet jet_coefficient(jet y, int k) {
  attributes with = NO_ATTRIBUTES;
  if (!operand_check("coefficient", y)) return tape_jet(y.tape, -1);
  int order = jet_order(y);
  if (k < 0 || k > order) {
    tape_fail(y.tape, JET_BAD_ORDER, "coefficient: %d is outside 0..%d, the order of the jet", k, order);
    return tape_jet(y.tape, -1);
  }
  if (value_of(y.tape, y.id)->parameter < 0) return y;
  with.k = k;
  return tape_record(y.tape, &op_coefficient, 1, &y.id, &with);
}
