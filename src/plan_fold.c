/* plan_fold.c - what is known when the plan is made. Nodes that depend on constants alone become steps of a region of its own, which
   runs once, at the end of planning; what others read of it is constant from then on. Operations that change nothing stand for their
   input. */
#include "build.h"
#include "ops.h"

/* ---- constants ------------------------------------------------------------------------------------------------------------- */

enum { LARGER = 4, FEW = 1024 }; /* times what it is made of, and numbers, that a constant may have */

static double numbers_of_value(const build *b, int v) {
  span s = b->need[v];
  return s.hi < s.lo ? 0 : (double)shape_of(b->tape, v)->size * value_of(b->tape, v)->directions * (s.hi - s.lo + 1);
}

static int is_small(const build *b, const node *n) {
  double made = 0, from = 0;
  for (int i = 0; i < n->nin; i++) from += numbers_of_value(b, build_input(b, n, i));
  for (int v = n->first; v < n->first + n->count; v++) made += numbers_of_value(b, v);
  return made <= FEW || made <= LARGER * from;
}

static int is_known(const build *b, const node *n) {
  if (n->op == &op_constant || n->op == &op_parameter || n->op == &op_zero) return 1;
  int all = n->op->step != STEP_LEAF && n->op->step != STEP_BROADCAST && n->nin > 0;
  for (int i = 0; all && i < n->nin; i++) all = b->known[build_input(b, n, i)];
  return all && is_small(b, n);
}

int plan_folds(build *b, const node *n) {
  if (!plan_may(b->plan, JET_FOLDING) || b->plan->by_orders || b->summed[n->first] || n->op->step == STEP_COLLAPSE || !is_known(b, n))
    return 0;
  for (int v = n->first; v < n->first + n->count; v++) b->known[v] = 1;
  return n->op->step != STEP_LEAF;
}

/* ---- what changes nothing ---------------------------------------------------------------------------------------------------- */

static int same_structure(const build *b, int v, int w) {
  const value *x = value_of(b->tape, v), *y = value_of(b->tape, w);
  return x->shape == y->shape && x->parameter == y->parameter && x->order == y->order && x->low == y->low &&
         x->degree == y->degree && x->directions == y->directions && x->shared == y->shared;
}

/* The value whose numbers the node's only one has to the bit, or -1. */
static int stands_for(const build *b, const node *n) {
  if (n->op == &op_row[JK_scale] && n->with.c == 1) return build_input(b, n, 0);
  if (n->op != &op_row[JK_neg]) return -1;
  const node *inner = node_of(b->tape, build_input(b, n, 0));
  return inner->op == &op_row[JK_neg] ? build_input(b, inner, 0) : -1;
}

void plan_clean(build *b) {
  for (int v = 0; v < b->nvalues && plan_may(b->plan, JET_FOLDING); v++) {
    if (b->same_as[v] != v) {
      b->same_as[v] = b->same_as[b->same_as[v]];
      continue;
    }
    int w = stands_for(b, node_of(b->tape, v));
    if (w >= 0 && same_structure(b, v, w)) b->same_as[v] = w;
  }
}
