/* derivative.c - the pull of elementwise rows, from the last column of functions.def. */
#include "ops.h"
#include "reverse.h"

#include <math.h>

/* ---- what the column is written with ---------------------------------------------------------------------------- */

typedef struct partial { /* the derivative of value `which / nin` by input `which % nin` */
  int which;
  jet a, b, y, g, h; /* inputs; values */
  double c, p, q;
  int m;
} partial;
typedef jet partial_fn(const partial *);

static jet along(jet a) { return record_unary(JK_along, a, 0, 0); }

jet slope(jet a, jet y) { return jet_where(along(y), jet_div(a, y), jet_scalar(a.tape, 0)); }

/* u/(a^2 + b^2), 0 at (0, 0); divided twice because squares overflow */
static jet turn(jet u, jet a, jet b) {
  jet r = record_binary(JK_hypot, a, b);
  return slope(jet_div(u, r), r);
}

/* Part i of c (a + ib)^(c - 1) */
static jet power_slope(jet a, jet b, double c, int i) {
  const jet z[2] = {a, b};
  jet y = record_row(JK_cpow, 2, z, c - 1, 0);
  return y.id < 0 ? y : jet_scale(tape_jet(y.tape, y.id + i), c);
}

/* 1 where a > b along t -> 0+, 1/2 at ties, 0 where a < b */
static jet share(jet a, jet b) { return jet_scale(jet_shift(record_binary(JK_compare, a, b), 1), 0.5); }

#define nothing jet_none
#define linear jet_none
#define choice jet_none
#define PICK(...) PICK_(__VA_ARGS__, nothing, nothing, nothing, nothing, nothing, nothing)
#define PICK_(e0, e1, e2, e3, e4, e5, ...)                                                                          \
  (d->which == 0 ? (e0) : d->which == 1 ? (e1) : d->which == 2 ? (e2) : d->which == 3 ? (e3) : d->which == 4 ? (e4) : (e5))
#define ONE(f) partial_##f
#define TWO(f, g) partial_##f##g
#define CONSTANT ONE
#define HIDDEN ONE
#define ROW(names, nin, nout, kind, rule, head, p_, q_, ...)                                                        \
  static jet names(const partial *d) {                                                                              \
    const jet a = d->a, b = d->b, y = d->y, g = d->g, h = d->h;                                                     \
    const double c = d->c, p = d->p, q = d->q;                                                                      \
    const int m = d->m;                                                                                             \
    (void)a, (void)b, (void)y, (void)g, (void)h, (void)c, (void)p, (void)q, (void)m;                                \
    return PICK(__VA_ARGS__);                                                                                       \
  }
#include "functions.def"
#undef ROW
#define ROW(names, ...) names,
static partial_fn *const partial_of[JK_ROWS] = {
#include "functions.def"
#include "functions_end.def"
};

/* ---- the pull ---------------------------------------------------------------------------------------------------- */

/* c x, a constant x taken as the number that it is; a zero in x absorbs an infinite c */
static jet times(jet x, double c) {
  double value;
  if (c == 1 || x.id < 0) return x;
  if (!isfinite(c)) return record_binary(JK_mulz, x, pull_number(x.tape, c));
  if (!constant_number(x, &value)) return c == -1 ? jet_neg(x) : jet_scale(x, c);
  return operand_broadcast(pull_number(x.tape, c * value), value_of(x.tape, x.id)->shape);
}

static int usable(double c) { return c != 0 && isfinite(c); } /* zero absorbs */

jet pull_back(jet y, jet d) {
  double c;
  if (y.id < 0 || d.id < 0) return failed(y, d);
  if (is_zero(value_of(y.tape, y.id)) || is_zero(value_of(d.tape, d.id))) return tape_jet(y.tape, -1);
  if (constant_number(y, &c) && usable(c)) return times(d, c);
  if (constant_number(d, &c) && usable(c)) return times(y, c);
  return record_binary(JK_mulz, y, d);
}

/* The same for a partial derivative that was recorded for this alone, from value `since` on: c (c' x) becomes (c c') x. */
static jet pull_back_fresh(jet y, jet d, int since) {
  double c;
  const node *n = d.id >= since ? node_of(d.tape, d.id) : NULL;
  if (!n || n->op != &op_row[JK_scale] || !constant_number(y, &c) || !usable(c) || !usable(c * n->with.c)) return pull_back(y, d);
  return times(tape_jet(d.tape, node_input(d.tape, n, 0)), c * n->with.c);
}

/* p a + q b, or c a, or a + c */
static void pull_linear(reverse *r, const node *n, jet y) {
  const jk_row *row = &jk_rows[n->op->row];
  for (int i = 0; i < n->nin; i++) {
    double c = i ? row->q : row->p != 0 ? row->p : n->with.c;
    if (wanted(r, node_input(y.tape, n, i))) give(r, n, i, times(y, c));
  }
}

/* The adjoint is chosen as the value was. */
static void pull_select(reverse *r, const node *n, jet y) {
  jet mask = tape_jet(y.tape, node_input(y.tape, n, 0));
  for (int i = 1; i < 3; i++) {
    if (!wanted(r, node_input(y.tape, n, i))) continue;
    jet zero = record_zero(y.tape, value_of(y.tape, n->first)->shape, -1, 1);
    give(r, n, i, i == 1 ? jet_where(mask, y, zero) : jet_where(mask, zero, y));
  }
}

static void pull_value(reverse *r, const node *n, int j) {
  jet_tape *tape = reverse_tape(r);
  const jk_row *row = &jk_rows[n->op->row];
  jet value[3], in[3], ybar = adjoint(r, n->first + j);
  for (int i = 0; i < 3; i++) {
    value[i] = tape_jet(tape, i < n->count ? n->first + i : -1);
    in[i] = tape_jet(tape, i < n->nin ? node_input(tape, n, i) : -1);
  }
  if (ybar.id < 0) return;
  if (row->kind == JK_LINEAR) pull_linear(r, n, ybar);
  else if (row->kind == JK_SELECT) pull_select(r, n, ybar);
  else
    for (int i = 0; i < n->nin; i++) {
      if (!wanted(r, in[i].id)) continue;
      partial d = {j * n->nin + i, in[0], in[1], value[0], value[1], value[2], n->with.c, row->p, row->q, n->with.m};
      int since = tape->nvalues;
      jet g = partial_of[n->op->row](&d);
      if (g.tape) give(r, n, i, pull_back_fresh(ybar, g, since));
    }
}

void pull_row(reverse *r, const node *n) {
  for (int j = 0; j < n->count; j++) pull_value(r, n, j);
}
