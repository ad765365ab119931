/* reduce.c - reductions. */
#include "ops.h"

static int infer_sum(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with, value *out) {
  const value *x = value_of(tape, in[0]);
  (void)o, (void)nin;
  out->shape = with->shape;
  out->parameter = x->parameter;
  out->order = x->order;
  out->low = x->low;
  out->degree = x->degree;
  return 1;
}

const op op_sum = {-1, "sum", 1, infer_sum, STEP_SUM, NULL};

jet jet_sum(jet x) {
  attributes with = NO_ATTRIBUTES;
  if (!operand_check("sum", x) || (with.shape = tape_shape(x.tape, "sum", 0, NULL)) < 0) return tape_jet(x.tape, -1);
  return tape_record(x.tape, &op_sum, 1, &x.id, &with);
}
