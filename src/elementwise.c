/* elementwise.c - the rows of functions.def as operations, broadcasting, and their public functions. */
#include "ops.h"

#include <math.h>

/* ---- structure: parameter, order, interval ------------------------------------------------------------------------ */

static int empty(const value *v) { return v->low > v->degree; }

static int meet(jet_tape *tape, const char *name, int nin, const int *in, value *out) {
  for (int i = 0; i < nin; i++) {
    const value *v = value_of(tape, in[i]);
    if (v->parameter < 0) continue;
    if (out->parameter >= 0 && out->parameter != v->parameter)
      return tape_fail(tape, JET_BAD_PARAMETER,
                       "%s: a jet in parameter #%d (order %d) meets one in parameter #%d (order %d); jets meet only if "
                       "they have the same jet_parameter",
                       name, out->parameter, out->order, v->parameter, v->order);
    out->parameter = v->parameter;
    out->order = v->order;
  }
  return 1;
}

static void set_interval(value *out, int low, int degree) {
  out->low = low;
  out->degree = min_(degree, out->order);
}

typedef void interval_fn(const jk_row *, const value *a, const value *b, value *out);

static void linear_interval(const jk_row *row, const value *a, const value *b, value *out) {
  if (!b && row->q != 0) set_interval(out, 0, max_(a->degree, 0));
  else if (!b || empty(b)) set_interval(out, a->low, a->degree);
  else if (empty(a)) set_interval(out, b->low, b->degree);
  else set_interval(out, min_(a->low, b->low), max_(a->degree, b->degree));
}

static void product_interval(const jk_row *row, const value *a, const value *b, value *out) {
  (void)row;
  if (!b) b = a;
  if (empty(a) || empty(b)) set_interval(out, 1, 0);
  else set_interval(out, a->low + b->low, a->degree + b->degree);
}

static void piecewise_interval(const jk_row *row, const value *a, const value *b, value *out) {
  (void)row;
  set_interval(out, 0, max_(max_(a->degree, b ? b->degree : 0), 0));
}

static void general_interval(const jk_row *row, const value *a, const value *b, value *out) {
  int by_constant = row == &jk_rows[JK_div] && b && b->degree <= 0;
  piecewise_interval(row, a, b, out);
  if (out->degree > 0 && !by_constant) out->degree = out->order;
}

static void step_interval(const jk_row *row, const value *a, const value *b, value *out) {
  (void)row, (void)a, (void)b;
  set_interval(out, 0, 0);
}

static interval_fn *const interval_of[] = {
    [JK_LINEAR] = linear_interval,   [JK_PRODUCT] = product_interval,     [JK_GENERAL] = general_interval,
    [JK_SPECIAL] = general_interval, [JK_PIECEWISE] = piecewise_interval, [JK_STEP] = step_interval,
};

static int infer_row(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with, value *out) {
  const jk_row *row = &jk_rows[o->row];
  const value *a = value_of(tape, in[0]), *b = nin > 1 ? value_of(tape, in[1]) : NULL;
  (void)with;
  out->shape = a->shape;
  if (!meet(tape, o->name, nin, in, out)) return 0;
  interval_of[row->kind](row, a, b, out);
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
  return (in_a && !in_b && row->p == 1) || (in_b && !in_a && b >= 0 && row->q == 1);
}

const op op_row[JK_ROWS] = {
#define ONE(name) JK_##name, #name,
#define TWO(a, b) JK_##a##b, #a,
#define CONSTANT ONE
#define HIDDEN ONE
#define ROW(names, nin, nout, kind, rule, head, p, q) {names nout, infer_row, STEP_ROW, alias_row},
#include "functions.def"
#include "functions_end.def"
};

/* ---- broadcasting --------------------------------------------------------------------------------------------------- */

static int infer_broadcast(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with, value *out) {
  const value *x = value_of(tape, in[0]);
  (void)o, (void)nin;
  out->shape = with->shape;
  out->parameter = x->parameter;
  out->order = x->order;
  set_interval(out, x->low, x->degree);
  return 1;
}

const op op_broadcast = {-1, "broadcast", 1, infer_broadcast, STEP_BROADCAST, NULL};

int broadcast_shape(const char *name, jet a, jet b) {
  jet_tape *tape = a.tape;
  int sa = value_of(tape, a.id)->shape, sb = value_of(tape, b.id)->shape;
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

jet operand_broadcast(jet x, int s) {
  if (x.id < 0 || value_of(x.tape, x.id)->shape == s) return x;
  attributes with = NO_ATTRIBUTES;
  with.shape = s;
  return tape_record(x.tape, &op_broadcast, 1, &x.id, &with);
}

/* ---- recording -------------------------------------------------------------------------------------------------------- */

int operand_check(const char *name, jet x) {
  if (!x.tape || x.tape->status) return 0;
  if (x.id >= 0 && x.id < x.tape->nvalues) return 1;
  return tape_fail(x.tape, JET_BAD_ARGUMENT, "%s: an operand is not a jet of this tape (id %d)", name, x.id);
}

jet_tape *operands_check(const char *name, jet a, jet b) {
  jet_tape *tape = a.tape ? a.tape : b.tape;
  if (a.tape == b.tape) return operand_check(name, a) && operand_check(name, b) ? tape : NULL;
  if (a.tape && b.tape) tape_fail(tape, JET_FOREIGN, "%s: the operands are jets of two tapes", name);
  else tape_fail(tape, JET_BAD_ARGUMENT, "%s: an operand is not a jet (its tape is NULL)", name);
  return NULL;
}

static jet failed(jet a, jet b) { return tape_jet(a.tape ? a.tape : b.tape, -1); }

jet record_row(int r, int result, jet a, jet b, double c) {
  const op *o = &op_row[r];
  int nin = jk_rows[r].nin, in[2];
  attributes with = NO_ATTRIBUTES;
  with.c = c;
  if (nin > 1 ? !operands_check(o->name, a, b) : !operand_check(o->name, a)) return failed(a, b);
  if (nin > 1) {
    int s = broadcast_shape(o->name, a, b);
    if (s < 0) return failed(a, b);
    a = operand_broadcast(a, s);
    b = operand_broadcast(b, s);
  }
  in[0] = a.id;
  in[1] = b.id;
  jet y = tape_record(a.tape, o, nin, in, &with);
  return y.id < 0 ? y : tape_jet(y.tape, y.id + result);
}

static jet unary(const char *name, int r, int result, jet x) {
  if (!operand_check(name, x)) return failed(x, x);
  jet y = x.tape->rewriting ? rewrite_unary(r, x) : jet_none;
  return y.tape ? y : record_row(r, result, x, x, 0);
}

static jet binary(int r, jet a, jet b) {
  if (!operands_check(op_row[r].name, a, b)) return failed(a, b);
  jet y = simplify(r, a, b);
  if (!y.tape && a.tape->rewriting) y = rewrite_binary(r, a, b);
  return y.tape ? y : record_row(r, 0, a, b, 0);
}

/* ---- public functions: by the table, and those with a constant ---------------------------------------------------------- */

#define UNARY(f, r, result)                                                                                         \
  jet jet_##f(jet x) { return unary(#f, JK_##r, result, x); }
#define BINARY(f)                                                                                                   \
  jet jet_##f(jet a, jet b) { return binary(JK_##f, a, b); }
#define ROW(names, nin, nout, kind, rule, head, p, q) PUBLIC_##nin##_##names
#define PUBLIC_1_ONE(f) UNARY(f, f, 0)
#define PUBLIC_1_TWO(f, g) UNARY(f, f##g, 0) UNARY(g, f##g, 1)
#define PUBLIC_1_CONSTANT(f)
#define PUBLIC_2_HIDDEN(f)
#define PUBLIC_2_ONE(f) BINARY(f)
#include "functions.def"
#include "functions_end.def"

jet jet_scale(jet x, double c) { return record_row(JK_scale, 0, x, x, c); }

jet jet_shift(jet x, double c) {
  if (!operand_check("shift", x)) return failed(x, x);
  jet y = x.tape->rewriting ? rewrite_shift(x, c) : jet_none;
  return y.tape ? y : record_row(JK_shift, 0, x, x, c);
}

/* ---- compositions ----------------------------------------------------------------------------------------------------------- */

enum { MAX_PRODUCTS = 64 }; /* x^64 is six squarings; beyond, the recurrence of powc */

static jet products(jet x, int n) { /* n > 0 */
  if (n == 1) return x;
  jet half = jet_square(products(x, n / 2));
  return n % 2 ? jet_mul(half, x) : half;
}

jet jet_powc(jet x, double p) {
  if (!operand_check("powc", x)) return failed(x, x);
  if (p == 0.5) return jet_sqrt(x);
  if (p == 0 || p != rint(p) || fabs(p) > MAX_PRODUCTS) return record_row(JK_powc, 0, x, x, p);
  return p > 0 ? products(x, (int)p) : jet_recip(products(x, (int)-p));
}

/* Operands are checked first, so that a sentence has the name that was called. */
#define COMPOSED(f, x, composition)                                                                                 \
  jet jet_##f(jet x) { return operand_check(#f, x) ? composition : failed(x, x); }
COMPOSED(logsigmoid, x, jet_neg(jet_softplus(jet_neg(x))))
COMPOSED(gelu, x, jet_mul(x, jet_normcdf(x)))
COMPOSED(silu, x, jet_mul(x, jet_sigmoid(x)))

jet jet_xlogy(jet x, jet y) {
  value v = {.parameter = -1};
  int in[2] = {x.id, y.id};
  if (!operands_check("xlogy", x, y) || broadcast_shape("xlogy", x, y) < 0 || !meet(x.tape, "xlogy", 2, in, &v))
    return failed(x, y);
  return record_row(JK_mulz, 0, x, jet_log(y), 0);
}
