/* rewrite.c - what is recorded instead of what was typed.

   simplify: the same function by a cheaper operation, always. rewrite: a program that is numerically better (see jets.h),
   unless the tape's options say no. A result with tape NULL: nothing to rewrite. */
#include "ops.h"

static jet input_of(jet x, int i) { return tape_jet(x.tape, node_input(x.tape, node_of(x.tape, x.id), i)); }

/* What a broadcast has widened, which the better program widens again. */
static jet narrow(jet x) { return node_of(x.tape, x.id)->op == &op_broadcast ? input_of(x, 0) : x; }

static const node *made_by(jet x, int r) { /* as its first value */
  const node *n = node_of(x.tape, x.id);
  return n->op == &op_row[r] && value_of(x.tape, x.id)->index == 0 ? n : NULL;
}

static int scalar_constant(jet x, double *c) {
  const node *n = node_of(x.tape, x.id);
  if (n->op != &op_constant || shape_of(x.tape, x.id)->rank) return 0;
  *c = x.tape->data[n->with.data][0];
  return 1;
}

int constant_number(jet x, double *c) {
  x = narrow(x);
  const node *n = node_of(x.tape, x.id);
  if (n->op != &op_constant || n->with.k != PULL_NUMBER) return 0;
  *c = x.tape->data[n->with.data][0];
  return 1;
}

jet simplify(int r, jet a, jet b) {
  double c;
  if (r == JK_mul && a.id == b.id) return jet_square(a);
  if (scalar_constant(b, &c)) {
    if (r == JK_mul) return jet_scale(a, c);
    if (r == JK_add) return jet_shift(a, c);
    if (r == JK_sub) return jet_shift(a, -c);
    if (r == JK_pow) return jet_powc(a, c);
  } else if (scalar_constant(a, &c)) {
    if (r == JK_mul) return jet_scale(b, c);
    if (r == JK_add) return jet_shift(b, c);
    if (r == JK_sub) return jet_shift(jet_neg(b), c);
  }
  return jet_none;
}

/* Whether both were recorded as the same expression, as far as a few levels tell. */
static int same(jet a, jet b, int levels) {
  if (a.id == b.id) return 1;
  const node *m = node_of(a.tape, a.id), *n = node_of(b.tape, b.id);
  if (!levels || m->op != n->op || m->op->step != STEP_ROW || m->with.c != n->with.c || m->with.m != n->with.m ||
      value_of(a.tape, a.id)->index != value_of(b.tape, b.id)->index)
    return 0;
  for (int i = 0; i < m->nin; i++)
    if (!same(input_of(a, i), input_of(b, i), levels - 1)) return 0;
  return 1;
}
enum { LEVELS = 4 };

/* f(x)/x */
static const struct {
  int row;
  jet (*better)(jet);
} removable[] = {{JK_sincos, jet_sinc}, {JK_expm1, jet_exprel}, {JK_log1p, jet_log1prel}};

/* a/b, where a is c f(u) and b is u up to a constant */
static jet removable_quotient(jet a, jet b) {
  if (made_by(a, JK_neg) || made_by(a, JK_scale)) {
    jet y = removable_quotient(input_of(a, 0), b);
    if (!y.tape) return y;
    return made_by(a, JK_neg) ? jet_neg(y) : jet_scale(y, node_of(a.tape, a.id)->with.c);
  }
  for (size_t i = 0; i < sizeof removable / sizeof *removable; i++) {
    if (!made_by(a, removable[i].row)) continue;
    jet u = input_of(a, 0);
    if (same(u, b, LEVELS)) return removable[i].better(u);
    if (made_by(u, JK_neg) && same(input_of(u, 0), b, LEVELS)) return jet_neg(removable[i].better(u));
    if (made_by(u, JK_scale) && same(input_of(u, 0), b, LEVELS))
      return jet_scale(removable[i].better(u), node_of(u.tape, u.id)->with.c);
  }
  return jet_none;
}

jet rewrite_binary(int r, jet a, jet b) {
  if (r != JK_div) return jet_none;
  if (made_by(b, JK_expm1) && same(a, input_of(b, 0), LEVELS)) return jet_recip(jet_exprel(a)); /* x/(e^x - 1) */
  return removable_quotient(a, b);
}

jet rewrite_shift(jet x, double c) {
  if (c == -1 && made_by(x, JK_exp)) return jet_expm1(input_of(x, 0)); /* exp(x) - 1 */
  if (c == 1 && made_by(x, JK_neg) && made_by(input_of(x, 0), JK_exp)) /* 1 - exp(x) */
    return jet_neg(jet_expm1(input_of(input_of(x, 0), 0)));
  return jet_none;
}

jet rewrite_unary(int r, jet x) {
  const node *n = node_of(x.tape, x.id);
  if (r == JK_log && made_by(x, JK_shift) && n->with.c == 1) return jet_log1p(input_of(x, 0));
  if (!made_by(x, JK_add)) return jet_none;
  jet a = narrow(input_of(x, 0)), b = narrow(input_of(x, 1));
  if (r == JK_log && made_by(a, JK_exp) && made_by(b, JK_exp)) return jet_logaddexp(input_of(a, 0), input_of(b, 0));
  if (r == JK_sqrt && made_by(a, JK_square) && made_by(b, JK_square)) return jet_hypot(input_of(a, 0), input_of(b, 0));
  return jet_none;
}
