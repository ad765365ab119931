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

/* f(x)/x */
static const struct {
  int row;
  jet (*better)(jet);
} removable[] = {{JK_sincos, jet_sinc}, {JK_expm1, jet_exprel}, {JK_log1p, jet_log1prel}};

jet rewrite_binary(int r, jet a, jet b) {
  if (r != JK_div) return jet_none;
  for (size_t i = 0; i < sizeof removable / sizeof *removable; i++)
    if (made_by(a, removable[i].row) && input_of(a, 0).id == b.id) return removable[i].better(b);
  return jet_none;
}

jet rewrite_shift(jet x, double c) {
  if (c == -1 && made_by(x, JK_exp)) return jet_expm1(input_of(x, 0)); /* exp(x) - 1 */
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
