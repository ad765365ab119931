/* elementwise.c - the rows of functions.def as operations, broadcasting, and their public functions. */
#include "pair.h"
#include "ops.h"
#include "reverse.h"
#include "shape.h"

#include <math.h>

/* ---- structure: parameter, order, interval, directions ------------------------------------------------------------- */

static int meet_parameter(jet_tape *tape, const char *name, const value *v, value *out) {
  if (out->parameter >= 0 && out->parameter != v->parameter)
    return tape_fail(tape, JET_BAD_PARAMETER,
                     "%s: a jet in parameter #%d (order %d) meets one in parameter #%d (order %d); jets meet only if "
                     "they have the same jet_parameter",
                     name, out->parameter, out->order, v->parameter, v->order);
  if (out->parameter < 0) out->shared = v->order + 1;
  out->parameter = v->parameter;
  out->order = v->order;
  return 1;
}

static int meet_directions(jet_tape *tape, const char *name, const value *v, value *out) {
  if (v->directions == 1) return 1;
  if (out->directions > 1 && out->directions != v->directions)
    return tape_fail(tape, JET_BAD_SHAPE, "%s: a jet with %d directions meets one with %d", name, out->directions, v->directions);
  out->directions = v->directions;
  out->shared = min_(out->shared, v->shared);
  return 1;
}

int meet(jet_tape *tape, const char *name, int nin, const int *in, value *out) {
  for (int i = 0; i < nin; i++) {
    const value *v = value_of(tape, in[i]);
    if (v->parameter >= 0 && (!meet_parameter(tape, name, v, out) || !meet_directions(tape, name, v, out))) return 0;
  }
  return 1;
}

void set_interval(value *out, int low, int degree) {
  out->low = low;
  out->degree = min_(degree, out->order);
}

static void unite(value *out, const value *v, int any) { /* any: out has an interval already */
  if (is_zero(v)) return;
  if (any) set_interval(out, min_(out->low, v->low), max_(out->degree, v->degree));
  else set_interval(out, v->low, v->degree);
}

int infer_linear(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with, value *out) {
  out->shape = with->shape;
  if (!meet(tape, o->name, nin, in, out)) return 0;
  set_interval(out, 1, 0);
  for (int i = 0; i < nin; i++)
    if (o->needs[min_(i, JK_MAX_IN - 1)] == NEED_SAME) unite(out, value_of(tape, in[i]), !is_zero(out));
  return 1;
}

static void multiply_intervals(const value *a, const value *b, value *out) {
  if (is_zero(a) || is_zero(b)) set_interval(out, 1, 0);
  else set_interval(out, a->low + b->low, a->degree + b->degree);
}

int infer_bilinear(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with, value *out) {
  out->shape = with->shape;
  if (!meet(tape, o->name, nin, in, out)) return 0;
  multiply_intervals(value_of(tape, in[0]), value_of(tape, in[1]), out);
  return 1;
}

/* Decided by coefficient 0 alone, a choice is one for all directions that share it; else each has its own. */
static void choose(value *out, int by_zero) {
  set_interval(out, 0, 0);
  if (out->directions > 1 && !by_zero) out->shared = 0;
}

int infer_choice(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with, value *out) {
  out->shape = with->shape;
  if (!meet(tape, o->name, nin, in, out)) return 0;
  choose(out, o->needs[0] == NEED_ZERO);
  if (out->shared > 0) out->parameter = -1, out->order = 0, out->directions = out->shared = 1;
  return 1;
}

/* ---- rows ------------------------------------------------------------------------------------------------------------ */

typedef void interval_fn(const jk_row *, const value *const in[], value *out);

static void linear_interval(const jk_row *row, const value *const in[], value *out) {
  if (row->nin == 1 && row->q != 0) set_interval(out, 0, max_(in[0]->degree, 0));
  else set_interval(out, 1, 0);
  for (int i = 0; i < row->nin; i++) unite(out, in[i], !is_zero(out));
}

static void product_interval(const jk_row *row, const value *const in[], value *out) {
  multiply_intervals(in[0], in[row->nin - 1], out);
}

static void piecewise_interval(const jk_row *row, const value *const in[], value *out) {
  int degree = 0;
  for (int i = 0; i < row->nin; i++) degree = max_(degree, in[i]->degree);
  set_interval(out, 0, degree);
}

static void general_interval(const jk_row *row, const value *const in[], value *out) {
  int by_constant = row == &jk_rows[JK_div] && in[1]->degree <= 0;
  piecewise_interval(row, in, out);
  if (out->degree > 0 && !by_constant) out->degree = out->order;
}

static void step_interval(const jk_row *row, const value *const in[], value *out) {
  (void)row, (void)in;
  choose(out, 1);
}

static void choice_interval(const jk_row *row, const value *const in[], value *out) {
  (void)row, (void)in;
  choose(out, 0);
}

static void select_interval(const jk_row *row, const value *const in[], value *out) {
  (void)row;
  set_interval(out, 1, 0);
  unite(out, in[1], 0);
  unite(out, in[2], !is_zero(out));
}

static interval_fn *const interval_of[] = {
    [JK_LINEAR] = linear_interval,   [JK_PRODUCT] = product_interval,     [JK_GENERAL] = general_interval,
    [JK_SPECIAL] = general_interval, [JK_PIECEWISE] = piecewise_interval, [JK_STEP] = step_interval,
    [JK_CHOICE] = choice_interval,   [JK_SELECT] = select_interval,
};

static int infer_row(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with, value *out) {
  const jk_row *row = &jk_rows[o->row];
  const value *v[JK_MAX_IN];
  (void)with;
  for (int i = 0; i < nin; i++) v[i] = value_of(tape, in[i]);
  out->shape = v[0]->shape;
  if (!meet(tape, o->name, nin, in, out)) return 0;
  interval_of[row->kind](row, v, out);
  for (int i = 1; i < o->count; i++) {
    out[i] = out[0];
    out[i].index = i;
  }
  return 1;
}

static int has(const value *v, int k) { return k >= v->low && k <= v->degree; }

/* A sum where only one side has coefficient k is that side; x + c changes only coefficient 0. */
static int alias_row(const jet_tape *tape, const node *n, int k, int *input, int *coefficient) {
  const jk_row *row = &jk_rows[n->op->row];
  if (row->kind != JK_LINEAR) return 0;
  int a = node_input(tape, n, 0), b = n->nin > 1 ? node_input(tape, n, 1) : -1;
  int in_a = has(value_of(tape, a), k), in_b = b >= 0 ? has(value_of(tape, b), k) : k == 0 && row->q != 0;
  *input = in_a ? a : b;
  *coefficient = k;
  if (!((in_a && !in_b && row->p == 1) || (in_b && !in_a && b >= 0 && row->q == 1))) return 0;
  return copies_of(value_of(tape, *input), k) == copies_of(value_of(tape, n->first), k);
}

const op op_row[JK_ROWS] = {
#define ONE(name_) .row = JK_##name_, .name = #name_
#define TWO(a, b) .row = JK_##a##b, .name = #a
#define CONSTANT ONE
#define HIDDEN ONE
#define ROW(names, nin, nout, kind, rule, head, p, q, ...)                                                           \
  {names, .count = nout, .infer = infer_row, .step = STEP_ROW, .alias = alias_row,                                   \
   .pull = kind == JK_STEP || kind == JK_CHOICE ? NULL : pull_row},
#include "functions.def"
#include "functions_end.def"
};

/* ---- broadcasting --------------------------------------------------------------------------------------------------- */

/* The sum over the axes that it has widened. */
static void pull_broadcast(reverse *r, const node *n) {
  jet y = adjoint(r, n->first);
  jet_tape *tape = y.tape;
  int in = node_input(tape, n, 0);
  shape from = *shape_of(tape, in), to = *shape_of(tape, n->first);
  unsigned axes = 0;
  for (int i = 0; i < to.rank; i++) {
    int j = i - (to.rank - from.rank);
    if (j < 0 || from.dims[j] != to.dims[i]) axes |= 1u << i;
  }
  give(r, n, 0, jet_reshape(sum_axes("broadcast", y, axes, 0), from.rank, from.dims));
}

const op op_broadcast = {.name = "broadcast", .row = -1, .count = 1, .infer = infer_linear, .pull = pull_broadcast,
                         .step = STEP_BROADCAST, .needs = {NEED_SAME}};

static int meet_shapes(jet_tape *tape, const char *name, int sa, int sb) {
  if (sa == sb) return sa;
  const shape *x = &tape->shapes[sa], *y = &tape->shapes[sb];
  ptrdiff_t dims[JET_MAX_RANK];
  int rank = max_(x->rank, y->rank);
  for (int i = 0; i < rank; i++) {
    int ix = i - (rank - x->rank), iy = i - (rank - y->rank);
    ptrdiff_t p = ix < 0 ? 1 : x->dims[ix], q = iy < 0 ? 1 : y->dims[iy];
    if (p != q && p != 1 && q != 1) {
      char s[200], t[200];
      return tape_fail(tape, JET_BAD_SHAPE, "%s: %s and %s do not broadcast", name, shape_text(x, s), shape_text(y, t)) - 1;
    }
    dims[i] = p == 1 ? q : p;
  }
  return tape_shape(tape, name, rank, dims);
}

int broadcast_shape(const char *name, jet a, jet b) {
  return meet_shapes(a.tape, name, value_of(a.tape, a.id)->shape, value_of(b.tape, b.id)->shape);
}

jet operand_broadcast(jet x, int s) {
  if (x.id < 0 || value_of(x.tape, x.id)->shape == s) return x;
  attributes with = NO_ATTRIBUTES;
  with.shape = s;
  return tape_record(x.tape, &op_broadcast, 1, &x.id, &with);
}

/* ---- recording -------------------------------------------------------------------------------------------------------- */

int operand_check(const char *name, jet x) {
  if (!x.tape || x.tape->status) return 0;
  if (x.id >= 0 && x.id < x.tape->nvalues && !value_of(x.tape, x.id)->complex) return 1;
  if (is_complex(x))
    return tape_fail(x.tape, JET_BAD_ARGUMENT, "%s: the operand is complex where a real array is needed (jet_real, jet_imag, jet_abs "
                     "make one)", name);
  return tape_fail(x.tape, JET_BAD_ARGUMENT, "%s: an operand is not a jet of this tape (id %d)", name, x.id);
}

jet_tape *operands_check(const char *name, jet a, jet b) {
  jet_tape *tape = a.tape ? a.tape : b.tape;
  if (a.tape == b.tape) return operand_check(name, a) && operand_check(name, b) ? tape : NULL;
  if (a.tape && b.tape) tape_fail(tape, JET_FOREIGN, "%s: the operands are jets of two tapes%s%s", name,
                                    *other_type(tape->type, b.tape) ? "," : "", other_type(tape->type, b.tape));
  else tape_fail(tape, JET_BAD_ARGUMENT, "%s: an operand is not a jet (its tape is NULL)", name);
  return NULL;
}

jet_tape *operands_check_all(const char *name, int n, const jet x[]) {
  for (int i = n > 1; i < n; i++) /* x[0] with each: one of the two has a tape that can fail */
    if (!operands_check(name, x[0], x[i])) return NULL;
  return x[0].tape;
}

int axis_check(const char *name, jet x, int axis) {
  int rank = shape_of(x.tape, x.id)->rank;
  if (axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
  if (!rank) return tape_fail(x.tape, JET_BAD_SHAPE, "%s: there is no axis %d: the jet has rank 0", name, axis) - 1;
  return tape_fail(x.tape, JET_BAD_SHAPE, "%s: axis %d is outside %d..%d of a jet of rank %d", name, axis, -rank, rank - 1, rank) - 1;
}

jet record_row(int r, int nin, const jet x[], double c, int m) {
  const op *o = &op_row[r];
  jet a = x[0];
  attributes with = NO_ATTRIBUTES;
  int in[JK_MAX_IN], s;
  with.c = c;
  with.m = m;
  if (!operands_check_all(o->name, nin, x)) return failed(a, x[nin - 1]);
  s = value_of(a.tape, a.id)->shape;
  for (int i = 1; i < nin; i++)
    if ((s = meet_shapes(a.tape, o->name, s, value_of(a.tape, x[i].id)->shape)) < 0) return failed(a, a);
  for (int i = 0; i < nin; i++)
    if ((in[i] = operand_broadcast(x[i], s).id) < 0) return failed(a, a);
  return tape_record(a.tape, o, nin, in, &with);
}

jet record_unary(int r, jet x, double c, int m) { return record_row(r, 1, &x, c, m); }
jet record_binary(int r, jet a, jet b) {
  jet in[2] = {a, b};
  return record_row(r, 2, in, 0, 0);
}

static jet unary(const char *name, int r, int result, jet x) {
  if (is_complex(x)) return complex_unary(name, r, result, x);
  if (!operand_check(name, x)) return failed(x, x);
  jet y = x.tape->rewriting ? rewrite_unary(r, x) : jet_none;
  if (!y.tape) y = record_unary(r, x, 0, 0);
  return y.id < 0 ? y : tape_jet(y.tape, y.id + result);
}

static jet binary(int r, jet a, jet b) {
  if (any_complex(a, b)) {
    jet z = a.tape == b.tape && a.id >= 0 && b.id >= 0 ? simplify(r, a, b) : jet_none;
    return z.tape ? z : complex_binary(op_row[r].name, r, a, b);
  }
  if (!operands_check(op_row[r].name, a, b)) return failed(a, b);
  jet y = simplify(r, a, b);
  if (!y.tape && a.tape->rewriting) y = rewrite_binary(r, a, b);
  return y.tape ? y : record_binary(r, a, b);
}

/* ---- public functions: by the table, and those with a constant ---------------------------------------------------------- */

#define UNARY(f, r, result)                                                                                         \
  jet jet_##f(jet x) { return unary(#f, JK_##r, result, x); }
#define BINARY(f)                                                                                                   \
  jet jet_##f(jet a, jet b) { return binary(JK_##f, a, b); }
#define ROW(names, nin, nout, kind, rule, head, p, q, ...) PUBLIC_##nin##_##names
#define PUBLIC_1_HIDDEN(f)
#define PUBLIC_3_ONE(f)
#define PUBLIC_1_ONE(f) UNARY(f, f, 0)
#define PUBLIC_1_TWO(f, g) UNARY(f, f##g, 0) UNARY(g, f##g, 1)
#define PUBLIC_1_CONSTANT(f)
#define PUBLIC_2_HIDDEN(f)
#define PUBLIC_2_ONE(f) BINARY(f)
#include "functions.def"
#include "functions_end.def"

jet jet_scale(jet x, double c) {
  BY_PARTS(x, part, jet_scale(part, c))
  return record_unary(JK_scale, x, c, 0);
}

jet jet_shift(jet x, double c) {
  if (is_complex(x)) return jet_complex(jet_shift(part_of(x, 0), c), part_of(x, 1));
  if (!operand_check("shift", x)) return failed(x, x);
  jet y = x.tape->rewriting ? rewrite_shift(x, c) : jet_none;
  return y.tape ? y : record_unary(JK_shift, x, c, 0);
}

jet jet_where(jet mask, jet a, jet b) {
  jet in[3] = {mask, a, b};
  if (any_complex(a, b))
    return jet_complex(jet_where(mask, part_of(a, 0), part_of(b, 0)), jet_where(mask, part_of(a, 1), part_of(b, 1)));
  if (!operands_check("where", mask, a) || !operands_check("where", mask, b)) return failed(mask, a);
  return record_row(JK_where, 3, in, 0, 0);
}

/* ---- compositions ----------------------------------------------------------------------------------------------------------- */

enum { MAX_PRODUCTS = 64 }; /* x^64 is six squarings; beyond, the recurrence of powc */

static jet products(jet x, int n) { /* n > 0 */
  if (n == 1) return x;
  jet half = jet_square(products(x, n / 2));
  return n % 2 ? jet_mul(half, x) : half;
}

static jet unchanged(jet x) {
  return is_complex(x) ? jet_complex(not_an_input(part_of(x, 0)), not_an_input(part_of(x, 1))) : not_an_input(x);
}

jet jet_powc(jet x, double p) {
  if (!is_complex(x) && !operand_check("powc", x)) return failed(x, x);
  if (p == 0.5) return jet_sqrt(x);
  if (p == 0 || p != rint(p) || fabs(p) > MAX_PRODUCTS) return is_complex(x) ? complex_powc(x, p) : record_unary(JK_powc, x, p, 0);
  if (p == 1) return unchanged(x);
  return p > 0 ? products(x, (int)p) : jet_recip(products(x, (int)-p));
}

/* Operands are checked first, so that a sentence has the name that was called. */
#define COMPOSED(f, x, composition)                                                                                 \
  jet jet_##f(jet x) { return operand_check(#f, x) ? composition : failed(x, x); }
COMPOSED(logsigmoid, x, jet_neg(jet_softplus(jet_neg(x))))
COMPOSED(gelu, x, jet_mul(x, jet_normcdf(x)))
COMPOSED(silu, x, jet_mul(x, jet_sigmoid(x)))

jet jet_xlogy(jet x, jet y) {
  value v = {.parameter = -1, .directions = 1, .shared = 1};
  int in[2] = {x.id, y.id};
  if (!operands_check("xlogy", x, y) || broadcast_shape("xlogy", x, y) < 0 || !meet(x.tape, "xlogy", 2, in, &v))
    return failed(x, y);
  return record_binary(JK_mulz, x, jet_log(y));
}

jet jet_clamp(jet x, double low, double high) {
  if (!operand_check("clamp", x)) return failed(x, x);
  return jet_min(jet_max(x, jet_scalar(x.tape, low)), jet_scalar(x.tape, high));
}
