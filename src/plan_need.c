/* plan_need.c - what is needed of each value: an interval of coefficients, from the outputs back. And whether the highest of them is
   wanted only as a sum over directions (jets/rows.c says why a sum of the inputs' is then enough): so it is of what is collapsed,
   and from there on of the inputs of whatever can work on sums. */
#include "build.h"
#include "ops.h"

#include <limits.h>

static span inside(const value *x, int lo, int hi) {
  span s = {max_(lo, x->low), min_(hi, x->degree)};
  return s;
}

static void extend(build *b, int v, int lo, int hi) {
  const span more = inside(value_of(b->tape, v), lo, hi);
  span *s = &b->need[v];
  if (more.lo > more.hi) return;
  if (s->hi < s->lo) *s = more;
  s->lo = min_(s->lo, more.lo);
  s->hi = max_(s->hi, more.hi);
}

void plan_want(build *b, int v, int lo, int hi) {
  const span s = inside(value_of(b->tape, v), lo, hi);
  extend(b, v, lo, hi);
  if (s.lo <= s.hi) b->apart[v] = max_(b->apart[v], s.hi);
}

/* As plan_want, but of coefficient `hi` the sum over directions is enough, if `sum`. */
static void want(build *b, int v, int lo, int hi, int sum) {
  plan_want(b, v, lo, sum ? hi - 1 : hi);
  extend(b, v, lo, hi);
}

/* The need of the values grows to what is made in one go. */
static void want_values(build *b, const node *n, span s, int all) {
  for (int v = n->first; v < n->first + n->count; v++)
    if (all || build_needs(b, v)) extend(b, v, s.lo, s.hi);
}

/* ---- sums over directions --------------------------------------------------------------------------------------------------- */

/* Its coefficient k is one of an input, of as many directions. */
static int same_directions(const build *b, const node *n, int k) {
  int input, coefficient;
  if (n->op->step != STEP_ALIAS) return 1;
  if (!n->op->alias(b->tape, n, k, &input, &coefficient)) return 0;
  const value *v = value_of(b->tape, n->first), *x = value_of(b->tape, b->same_as[input]);
  return b->tape->shapes[x->shape].size == b->tape->shapes[v->shape].size && copies_of(x, coefficient) == copies_of(v, k);
}

static int takes_sums(const node *n) {
  if (n->op->step == STEP_LEAF || n->op->step == STEP_WHOLE || n->op->step == STEP_COLLAPSE) return 0;
  if (n->op->step != STEP_ROW) return 1;
  jk_kind kind = jk_rows[n->op->row].kind;
  return kind == JK_LINEAR || kind == JK_PRODUCT || kind == JK_GENERAL || kind == JK_SELECT;
}

/* Whether the sum of coefficient k, the highest that is needed, is enough and can be made. */
static int sums(const build *b, const node *n, int k) {
  const value *v = value_of(b->tape, n->first);
  if (b->plan->by_orders || k < 1 || k > v->degree || copies_of(v, k) == 1 || v->shared < 1 || !takes_sums(n)) return 0;
  for (int i = n->first; i < n->first + n->count; i++)
    if (b->apart[i] >= k) return 0;
  return same_directions(b, n, k);
}

int plan_sum_input(const build *b, const node *n, int i) {
  switch (n->op->step) {
  case STEP_ROW: return jk_rows[n->op->row].kind != JK_SELECT || i > 0;
  case STEP_PLANES: return n->op->needs[min_(i, JK_MAX_IN - 1)] == NEED_SAME;
  case STEP_PAIRS: return value_of(b->tape, build_input(b, n, 1 - i))->low <= 0;
  default: return 1;
  }
}

/* ---- by kind of step ------------------------------------------------------------------------------------------------------------ */

static void want_row(build *b, const node *n, span s, int sum) {
  jk_kind kind = jk_rows[n->op->row].kind;
  int same = kind == JK_LINEAR || kind == JK_SELECT;
  if (kind == JK_SPECIAL) s.hi = INT_MAX; /* valuation looks at higher coefficients */
  if (!same && kind != JK_PRODUCT) s.lo = 0;
  /* Directions that share coefficient 0 go on from it: spares too. */
  want_values(b, n, s, value_of(b->tape, n->first)->directions > 1);
  for (int i = 0; i < n->nin; i++) {
    int in = build_input(b, n, i);
    if (kind == JK_STEP || (kind == JK_SELECT && i == 0)) plan_want(b, in, 0, 0);
    else want(b, in, same ? s.lo : 0, kind == JK_CHOICE ? INT_MAX : s.hi, sum);
  }
}

static void want_alias(build *b, const node *n, span s, int sum) {
  for (int k = s.lo; k <= s.hi; k++) {
    int input, coefficient;
    if (n->op->alias(b->tape, n, k, &input, &coefficient))
      want(b, b->same_as[input], coefficient, coefficient, sum && k == s.hi);
  }
}

/* y_k = sum of a_i b_{k-i} inside the intervals. */
static void want_pairs(build *b, const node *n, span s, int sum) {
  int in[2] = {build_input(b, n, 0), build_input(b, n, 1)};
  for (int i = 0; i < 2; i++) {
    const value *other = value_of(b->tape, in[1 - i]);
    want(b, in[i], s.lo - other->degree, s.hi - other->low, sum && plan_sum_input(b, n, i));
  }
}

static void want_by_needs(build *b, const node *n, span s, int sum) {
  for (int i = 0; i < JK_MAX_IN && n->op->step == STEP_WHOLE; i++)
    if (n->op->needs[i] == NEED_LOWER) s.lo = 0; /* it goes up from the lowest coefficients, of its values too */
  want_values(b, n, s, numbers_of(n->op)->prepare != NULL);
  const span of[] = {[NEED_SAME] = s, [NEED_LOWER] = {0, s.hi}, [NEED_ZERO] = {0, 0}, [NEED_ALL] = {0, INT_MAX}};
  for (int i = 0; i < n->nin; i++) {
    span t = of[n->op->needs[min_(i, JK_MAX_IN - 1)]];
    want(b, build_input(b, n, i), t.lo, t.hi, sum && plan_sum_input(b, n, i));
  }
}

static void want_same(build *b, const node *n, span s, int sum) {
  for (int i = 0; i < n->nin; i++) want(b, build_input(b, n, i), s.lo, s.hi, sum);
}

static void want_collapse(build *b, const node *n, span s, int sum) {
  (void)sum;
  want(b, build_input(b, n, 0), s.lo, s.hi, 1);
}

static void want_nothing(build *b, const node *n, span s, int sum) { (void)b, (void)n, (void)s, (void)sum; }

static void (*const want_of[])(build *, const node *, span, int sum) = {
    [STEP_LEAF] = want_nothing,   [STEP_ALIAS] = want_alias,     [STEP_VIEW] = want_same,
    [STEP_ROW] = want_row,        [STEP_BROADCAST] = want_same,  [STEP_SUM] = want_same,
    [STEP_DEPOSIT] = want_same,   [STEP_PLANES] = want_by_needs, [STEP_PAIRS] = want_pairs,
    [STEP_STAGED] = want_by_needs, [STEP_WHOLE] = want_by_needs, [STEP_COLLAPSE] = want_collapse,
};

static void want_inputs(build *b, const node *n) {
  span s = {INT_MAX, -1};
  for (int v = n->first; v < n->first + n->count; v++) {
    if (!build_needs(b, v)) continue;
    s.lo = min_(s.lo, b->need[v].lo);
    s.hi = max_(s.hi, b->need[v].hi);
  }
  if (s.lo > s.hi) return;
  int sum = sums(b, n, s.hi);
  for (int v = n->first; v < n->first + n->count; v++) b->summed[v] = sum ? s.hi : 0;
  want_of[n->op->step](b, n, s, sum);
}

/* For a sweep by orders: the whole series of what is needed at all, spares too. */
static void want_series(build *b, const node *n) {
  const span all = {0, INT_MAX};
  int any = 0;
  for (int v = n->first; v < n->first + n->count; v++) any |= build_needs(b, v);
  if (any) want_values(b, n, all, 1);
}

int plan_collapses(const build *b) {
  for (int i = 0; i < b->nnodes; i++)
    if (b->tape->nodes[i].op == &op_collapse) return 1;
  return 0;
}

int plan_need(build *b, int n, const jet outputs[]) {
  size_t values = (size_t)b->nvalues;
  if (!b->need) {
    b->need = (span *)bag_new(&b->scratch, values, sizeof *b->need);
    b->apart = (int *)bag_new(&b->scratch, values, sizeof(int));
    b->summed = (int *)bag_new(&b->scratch, values, sizeof(int));
    if (!b->need || !b->apart || !b->summed) return build_no_memory(b);
  }
  for (int v = 0; v < b->nvalues; v++) b->need[v].lo = 0, b->need[v].hi = b->apart[v] = -1, b->summed[v] = 0;
  for (int i = 0; i < n; i++) plan_want(b, b->same_as[outputs[i].id], 0, INT_MAX);
  for (int i = b->nnodes - 1; i >= 0; i--) {
    const node *x = &b->tape->nodes[i];
    if (b->plan->by_orders && (x->op->step == STEP_ROW || x->op->step == STEP_WHOLE)) want_series(b, x);
    want_inputs(b, x);
  }
  return 1;
}
