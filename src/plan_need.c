/* plan_need.c - what is needed of each value: an interval of coefficients, from the outputs back. */
#include "build.h"
#include "ops.h"

#include <limits.h>

void plan_want(build *b, int v, int lo, int hi) {
  const value *x = value_of(b->tape, v);
  span *s = &b->need[v];
  if (lo < x->low) lo = x->low;
  if (hi > x->degree) hi = x->degree;
  if (lo > hi) return;
  if (s->hi < s->lo) s->lo = lo, s->hi = hi;
  if (lo < s->lo) s->lo = lo;
  if (hi > s->hi) s->hi = hi;
}

static int needed(const build *b, int v) { return b->need[v].hi >= b->need[v].lo; }

/* The need of the values grows to what is made in one go. */
static void want_values(build *b, const node *n, span s, int all) {
  for (int v = n->first; v < n->first + n->count; v++)
    if (all || needed(b, v)) plan_want(b, v, s.lo, s.hi);
}

static void want_row(build *b, const node *n, span s) {
  jk_kind kind = jk_rows[n->op->row].kind;
  int same = kind == JK_LINEAR || kind == JK_SELECT;
  if (kind == JK_SPECIAL) s.hi = INT_MAX; /* valuation looks at higher coefficients */
  if (!same && kind != JK_PRODUCT) s.lo = 0;
  /* Directions that share coefficient 0 go on from it: spares too. */
  want_values(b, n, s, value_of(b->tape, n->first)->directions > 1);
  for (int i = 0; i < n->nin; i++) {
    int in = build_input(b, n, i);
    if (kind == JK_STEP || (kind == JK_SELECT && i == 0)) plan_want(b, in, 0, 0);
    else plan_want(b, in, same ? s.lo : 0, kind == JK_CHOICE ? INT_MAX : s.hi);
  }
}

static void want_alias(build *b, const node *n, span s) {
  for (int k = s.lo; k <= s.hi; k++) {
    int input, coefficient;
    if (n->op->alias(b->tape, n, k, &input, &coefficient)) plan_want(b, b->same_as[input], coefficient, coefficient);
  }
}

/* y_k = sum of a_i b_{k-i} inside the intervals. */
static void want_pairs(build *b, const node *n, span s) {
  int in[2] = {build_input(b, n, 0), build_input(b, n, 1)};
  for (int i = 0; i < 2; i++) {
    const value *other = value_of(b->tape, in[1 - i]);
    plan_want(b, in[i], s.lo - other->degree, s.hi - other->low);
  }
}

static void want_by_needs(build *b, const node *n, span s) {
  for (int i = 0; i < JK_MAX_IN && n->op->step == STEP_WHOLE; i++)
    if (n->op->needs[i] == NEED_LOWER) s.lo = 0; /* it goes up from the lowest coefficients, of its values too */
  want_values(b, n, s, numbers_of(n->op)->prepare != NULL);
  const span of[] = {[NEED_SAME] = s, [NEED_LOWER] = {0, s.hi}, [NEED_ZERO] = {0, 0}, [NEED_ALL] = {0, INT_MAX}};
  for (int i = 0; i < n->nin; i++) {
    span t = of[n->op->needs[min_(i, JK_MAX_IN - 1)]];
    plan_want(b, build_input(b, n, i), t.lo, t.hi);
  }
}

static void want_same(build *b, const node *n, span s) {
  for (int i = 0; i < n->nin; i++) plan_want(b, build_input(b, n, i), s.lo, s.hi);
}

static void want_nothing(build *b, const node *n, span s) { (void)b, (void)n, (void)s; }

static void (*const want_of[])(build *, const node *, span) = {
    [STEP_LEAF] = want_nothing,   [STEP_ALIAS] = want_alias,     [STEP_VIEW] = want_same,
    [STEP_ROW] = want_row,        [STEP_BROADCAST] = want_same,  [STEP_SUM] = want_same,
    [STEP_DEPOSIT] = want_same,   [STEP_PLANES] = want_by_needs, [STEP_PAIRS] = want_pairs,
    [STEP_WHOLE] = want_by_needs,
};

static void want_inputs(build *b, const node *n) {
  span s = {INT_MAX, -1};
  for (int v = n->first; v < n->first + n->count; v++) {
    if (!needed(b, v)) continue;
    s.lo = min_(s.lo, b->need[v].lo);
    s.hi = max_(s.hi, b->need[v].hi);
  }
  if (s.lo <= s.hi) want_of[n->op->step](b, n, s);
}

/* For a sweep by orders: the whole series of what is needed at all, spares too. */
static void want_series(build *b, const node *n) {
  const span all = {0, INT_MAX};
  int any = 0;
  for (int v = n->first; v < n->first + n->count; v++) any |= needed(b, v);
  if (any) want_values(b, n, all, 1);
}

int plan_need(build *b, int n, const jet outputs[]) {
  if (!(b->need = (span *)bag_new(&b->scratch, (size_t)b->nvalues, sizeof *b->need))) return build_no_memory(b);
  for (int v = 0; v < b->nvalues; v++) b->need[v].hi = -1;
  for (int i = 0; i < n; i++) plan_want(b, b->same_as[outputs[i].id], 0, INT_MAX);
  for (int i = b->nnodes - 1; i >= 0; i--) {
    const node *x = &b->tape->nodes[i];
    if (b->plan->by_orders && (x->op->step == STEP_ROW || x->op->step == STEP_WHOLE)) want_series(b, x);
    want_inputs(b, x);
  }
  return 1;
}
