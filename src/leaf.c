/* leaf.c - where values come from. */
#include "ops.h"

#include <string.h>

static void whole(value *out, int order, int low, int degree) {
  out->order = order;
  out->low = low;
  out->degree = degree < order ? degree : order;
  out->shared = order + 1;
}

/* ---- inputs and constants ------------------------------------------------------------------------------------------- */

static int infer_leaf(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with, value *out) {
  (void)tape, (void)o, (void)nin, (void)in;
  out->shape = with->shape;
  whole(out, 0, 0, 0);
  return 1;
}

const op op_input = {.name = "input", .row = -1, .count = 1, .infer = infer_leaf, .step = STEP_LEAF};
const op op_constant = {.name = "constant", .row = -1, .count = 1, .infer = infer_leaf, .step = STEP_LEAF};

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

jet pull_number(jet_tape *tape, double value) {
  attributes with = NO_ATTRIBUTES;
  with.k = PULL_NUMBER;
  if ((with.shape = tape_shape(tape, "constant", 0, NULL)) < 0 || (with.data = tape_data(tape, &value, 1)) < 0)
    return tape_jet(tape, -1);
  return tape_record(tape, &op_constant, 0, NULL, &with);
}

/* ---- jets ------------------------------------------------------------------------------------------------------------- */

static int infer_parameter(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with, value *out) {
  (void)o, (void)nin, (void)in;
  out->shape = with->shape;
  out->parameter = tape->nvalues;
  whole(out, with->k, 1, 1);
  return 1;
}

const op op_parameter = {.name = "parameter", .row = -1, .count = 1, .infer = infer_parameter, .step = STEP_LEAF};

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

int parameter_check(const char *name, jet t) {
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

const op op_input_series = {.name = "input_series", .row = -1, .count = 1, .infer = infer_series, .step = STEP_LEAF};

jet jet_input_series(jet t, int rank, const ptrdiff_t *dims) {
  attributes with = NO_ATTRIBUTES;
  if (!parameter_check("input_series", t) || (with.shape = tape_shape(t.tape, "input_series", rank, dims)) < 0)
    return failed(t, t);
  return tape_record(t.tape, &op_input_series, 1, &t.id, &with);
}

/* ---- structural zeros -------------------------------------------------------------------------------------------------- */

static int infer_zero(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with, value *out) {
  out->shape = with->shape;
  if (!meet(tape, o->name, nin, in, out)) return 0;
  whole(out, out->order, 1, 0);
  if (with->k > 1) out->directions = with->k, out->shared = 1;
  return 1;
}

const op op_zero = {.name = "zero", .row = -1, .count = 1, .infer = infer_zero, .step = STEP_LEAF};

jet record_zero(jet_tape *tape, int shape, int parameter, int directions) {
  attributes with = NO_ATTRIBUTES;
  with.shape = shape;
  with.k = directions;
  return tape_record(tape, &op_zero, parameter >= 0, &parameter, &with);
}
