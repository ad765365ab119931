/* expand.c - jets of plain arrays and plain arrays of jets: all of them other names for planes. */
#include "pair.h"
#include "ops.h"
#include "reverse.h"
#include "shape.h"

/* ---- x t^k: the same planes under other coefficients ------------------------------------------------------------------- */

static int infer_raise(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with, value *out) {
  const value *x = value_of(tape, in[0]);
  out->shape = x->shape;
  if (!meet(tape, o->name, nin, in, out)) return 0;
  if (is_zero(x)) set_interval(out, 1, 0);
  else set_interval(out, x->low + with->k, x->degree + with->k);
  if (out->directions > 1) out->shared = min_(x->shared + with->k, out->order + 1);
  return 1;
}

static int alias_raise(const jet_tape *tape, const node *n, int k, int *input, int *coefficient) {
  *input = node_input(tape, n, 0);
  *coefficient = k - n->with.k;
  return *coefficient >= 0;
}

/* With adjoints in either order of coefficients this is its own transpose. */
static void pull_raise(reverse *r, const node *n) {
  jet t = tape_jet(reverse_tape(r), node_input(reverse_tape(r), n, 1));
  give(r, n, 0, raise_to(adjoint(r, n->first), t, n->with.k));
}

const op op_raise = {.name = "raise", .row = -1, .count = 1, .infer = infer_raise, .pull = pull_raise, .step = STEP_ALIAS,
                     .alias = alias_raise};

jet raise_to(jet x, jet t, int k) {
  attributes with = NO_ATTRIBUTES;
  int in[2] = {x.id, t.id};
  with.k = k;
  if (x.id < 0 || t.id < 0) return failed(x, x);
  return tape_record(x.tape, &op_raise, 2, in, &with);
}

/* Directions apart: x is plain, P x shape, and gives coefficient k of P directions. */
static int infer_raise_many(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with, value *out) {
  const value *x = value_of(tape, in[0]);
  out->shape = with->shape;
  if (!meet(tape, o->name, nin, in, out)) return 0;
  if (is_zero(x)) set_interval(out, 1, 0);
  else set_interval(out, with->k, with->k);
  out->directions = (int)tape->shapes[x->shape].dims[0];
  out->shared = out->directions == 1 ? out->order + 1 : with->k > 0;
  return 1;
}

static int alias_raise_many(const jet_tape *tape, const node *n, int k, int *input, int *coefficient) {
  *input = node_input(tape, n, 0);
  *coefficient = 0;
  return k == n->with.k;
}

static void pull_raise_many(reverse *r, const node *n) {
  jet y = adjoint(r, n->first);
  jet_tape *tape = reverse_tape(r);
  int x = node_input(tape, n, 0);
  if (!wanted(r, x)) return;
  if (reverse_is_jet(r)) {
    tape_fail(tape, JET_UNSUPPORTED, "grad: the gradient of a jet with respect to what its directions are made of is not available");
    return;
  }
  const shape s = *shape_of(tape, x);
  int k = value_of(tape, n->first)->order - n->with.k;
  y = coefficient_of(y, k); /* of a y without directions: the same in each */
  give(r, n, 0, jet_broadcast_to(y, s.rank, s.dims));
}

static const op op_raise_many = {.name = "raise_many", .row = -1, .count = 1, .infer = infer_raise_many, .pull = pull_raise_many,
                                 .step = STEP_ALIAS, .alias = alias_raise_many};

jet raise_many(jet x, jet t, int k) {
  attributes with = NO_ATTRIBUTES;
  int in[2] = {x.id, t.id};
  if (x.id < 0 || t.id < 0) return failed(x, x);
  const shape s = *shape_of(x.tape, x.id);
  with.k = k;
  if ((with.shape = tape_shape(x.tape, "expand_many", s.rank - 1, s.dims + 1)) < 0) return failed(x, x);
  return tape_record(x.tape, &op_raise_many, 2, in, &with);
}

/* ---- x + v t ------------------------------------------------------------------------------------------------------------ */

static int expand_check(const char *name, jet x, jet v, jet t) {
  jet_tape *tape = operands_check(name, x, v);
  if (!tape || !operands_check(name, x, t) || !parameter_check(name, t)) return 0;
  const value *a = value_of(tape, x.id), *b = value_of(tape, v.id);
  if (a->parameter < 0 && b->parameter < 0) return 1;
  return tape_fail(tape, JET_BAD_PARAMETER, "%s: %s is already a jet, of order %d; jets of jets are not made by expanding twice",
                   name, a->parameter >= 0 ? "x" : "v", a->parameter >= 0 ? a->order : b->order);
}

jet jet_expand(jet x, jet v, jet t) {
  if (any_complex(x, v))
    return jet_complex(jet_expand(part_of(x, 0), part_of(v, 0), t), jet_expand(part_of(x, 1), part_of(v, 1), t));
  int s;
  if (!expand_check("expand", x, v, t) || (s = broadcast_shape("expand", x, v)) < 0) return failed(x, v);
  return record_binary(JK_add, operand_broadcast(x, s), raise_to(operand_broadcast(v, s), t, 1));
}

jet jet_expand_many(jet x, jet v, jet t) {
  if (any_complex(x, v))
    return jet_complex(jet_expand_many(part_of(x, 0), part_of(v, 0), t), jet_expand_many(part_of(x, 1), part_of(v, 1), t));
  char a[200], b[200];
  if (!expand_check("expand_many", x, v, t)) return failed(x, v);
  const shape from = *shape_of(x.tape, x.id), to = *shape_of(v.tape, v.id);
  if (to.rank != from.rank + 1) {
    tape_fail(x.tape, JET_BAD_SHAPE, "expand_many: v is %s and not directions x %s, the shape of x", shape_text(&to, b),
              shape_text(&from, a));
    return failed(x, x);
  }
  if (to.dims[0] < 1 || to.dims[0] > JET_MAX_DIRECTIONS) {
    tape_fail(x.tape, JET_BAD_SHAPE, "expand_many: %td directions are outside 1..%d", to.dims[0], JET_MAX_DIRECTIONS);
    return failed(x, x);
  }
  int s = broadcast_shape("expand_many", x, v); /* P x the common shape */
  if (s < 0) return failed(x, x);
  const shape many = x.tape->shapes[s];
  int one = tape_shape(x.tape, "expand_many", many.rank - 1, many.dims + 1);
  if (one < 0) return failed(x, x);
  if (many.dims[0] != to.dims[0]) {
    tape_fail(x.tape, JET_BAD_SHAPE, "expand_many: v is %s and not directions x %s, the shape of x", shape_text(&to, b),
              shape_text(&from, a));
    return failed(x, x);
  }
  return record_binary(JK_add, operand_broadcast(x, one), raise_many(operand_broadcast(v, s), t, 1));
}

/* ---- the sum over directions --------------------------------------------------------------------------------------------- */

static int infer_collapse(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with, value *out) {
  const value *x = value_of(tape, in[0]);
  (void)o, (void)nin, (void)with;
  out->shape = x->shape;
  out->parameter = x->parameter;
  out->order = x->order;
  out->shared = x->order + 1;
  set_interval(out, x->low, x->degree);
  return 1;
}

/* An adjoint without directions is the same for each. */
static void pull_collapse(reverse *r, const node *n) { give(r, n, 0, adjoint(r, n->first)); }

/* with.k: of how many directions */
const op op_collapse = {.name = "collapse", .row = -1, .count = 1, .infer = infer_collapse, .pull = pull_collapse,
                        .step = STEP_COLLAPSE};

jet collapse(jet x) {
  attributes with = NO_ATTRIBUTES;
  if (x.id < 0 || (with.k = value_of(x.tape, x.id)->directions) == 1) return x;
  return tape_record(x.tape, &op_collapse, 1, &x.id, &with);
}

/* ---- a coefficient of a jet ------------------------------------------------------------------------------------------------ */

static int infer_coefficient(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with, value *out) {
  const value *y = value_of(tape, in[0]);
  (void)o, (void)nin;
  out->shape = with->shape;
  if (with->k < y->low || with->k > y->degree) set_interval(out, 1, 0);
  return 1;
}

static int alias_coefficient(const jet_tape *tape, const node *n, int k, int *input, int *coefficient) {
  (void)k;
  *input = node_input(tape, n, 0);
  *coefficient = n->with.k;
  return 1;
}

/* dL/dy_k goes to coefficient K - k of the adjoint of y. Of directions that share y_k each gets a part. */
static void pull_coefficient(reverse *r, const node *n) {
  jet_tape *tape = reverse_tape(r);
  jet z = adjoint(r, n->first);
  int y = node_input(tape, n, 0);
  if (!wanted(r, y)) return;
  if (reverse_is_jet(r)) {
    tape_fail(tape, JET_BAD_PARAMETER, "grad: the loss is a jet and reaches wrt through a jet_coefficient of a jet of order %d; "
              "take the gradient of a coefficient of the loss", value_of(tape, y)->order);
    return;
  }
  const value v = *value_of(tape, y);
  jet t = tape_jet(tape, v.parameter);
  int at = v.order - n->with.k;
  if (copies_of(&v, n->with.k) > 1) give(r, n, 0, raise_many(z, t, at));
  else give(r, n, 0, raise_to(v.directions > 1 ? jet_scale(z, 1.0 / v.directions) : z, t, at));
}

const op op_coefficient = {.name = "coefficient", .row = -1, .count = 1, .infer = infer_coefficient, .pull = pull_coefficient,
                           .step = STEP_ALIAS, .alias = alias_coefficient};

static int many_shape(jet_tape *tape, const char *name, const value *v) {
  const shape *s = &tape->shapes[v->shape];
  ptrdiff_t dims[JET_MAX_RANK + 1] = {v->directions};
  for (int i = 0; i < s->rank; i++) dims[i + 1] = s->dims[i];
  return tape_shape(tape, name, s->rank + 1, dims);
}

jet coefficient_of(jet y, int k) {
  attributes with = NO_ATTRIBUTES;
  if (y.id < 0) return y;
  const value v = *value_of(y.tape, y.id);
  if (v.parameter < 0) return y;
  with.k = k;
  with.shape = copies_of(&v, k) > 1 ? many_shape(y.tape, "coefficient", &v) : v.shape;
  return with.shape < 0 ? failed(y, y) : tape_record(y.tape, &op_coefficient, 1, &y.id, &with);
}

jet jet_coefficient(jet y, int k) {
  BY_PARTS(y, part, jet_coefficient(part, k))
  if (!operand_check("coefficient", y)) return failed(y, y);
  const value v = *value_of(y.tape, y.id);
  if (k < 0 || k > v.order) {
    tape_fail(y.tape, JET_BAD_ORDER, "coefficient: %d is outside 0..%d, the order of the jet", k, v.order);
    return failed(y, y);
  }
  jet z = not_an_input(coefficient_of(y, k));
  if (z.id < 0 || v.directions == 1 || (copies_of(&v, k) > 1) == (k > 0)) return z;
  if (k > 0) { /* shared all the same */
    int s = many_shape(y.tape, "coefficient", &v);
    return s < 0 ? failed(y, y) : operand_broadcast(z, s);
  }
  const shape s = y.tape->shapes[v.shape]; /* decided by each direction: that of the first */
  const ptrdiff_t start[JET_MAX_RANK] = {0};
  ptrdiff_t stop[JET_MAX_RANK] = {1};
  for (int i = 0; i < s.rank; i++) stop[i + 1] = s.dims[i];
  return jet_reshape(jet_slice(z, start, stop, NULL), s.rank, s.dims);
}

jet jet_coefficient_sum(jet y, int k) {
  if (!operand_check("coefficient_sum", y)) return failed(y, y);
  int order = value_of(y.tape, y.id)->order;
  if (k >= 0 && k <= order) return coefficient_of(collapse(y), k);
  tape_fail(y.tape, JET_BAD_ORDER, "coefficient_sum: %d is outside 0..%d, the order of the jet", k, order);
  return failed(y, y);
}

/* ---- a constant of a jet --------------------------------------------------------------------------------------------------- */

static int infer_stop(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with, value *out) {
  const value *x = value_of(tape, in[0]);
  (void)o, (void)nin, (void)with;
  if (copies_of(x, 0) > 1) *out = (value){out->node, 0, x->shape, x->parameter, x->order, 0, 0, x->directions, 0, 0};
  out->shape = x->shape;
  if (x->low > 0 || is_zero(x)) set_interval(out, 1, 0);
  return 1;
}

static int alias_stop(const jet_tape *tape, const node *n, int k, int *input, int *coefficient) {
  *input = node_input(tape, n, 0);
  *coefficient = k;
  return k == 0;
}

const op op_stop_gradient = {.name = "stop_gradient", .row = -1, .count = 1, .infer = infer_stop, .step = STEP_ALIAS,
                             .alias = alias_stop};

jet jet_stop_gradient(jet x) {
  BY_PARTS(x, part, jet_stop_gradient(part))
  attributes with = NO_ATTRIBUTES;
  return operand_check("stop_gradient", x) ? tape_record(x.tape, &op_stop_gradient, 1, &x.id, &with) : failed(x, x);
}
