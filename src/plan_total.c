/* plan_total.c - sums over directions of coefficients that are there in each direction too, or that all share: for those who take sums
   where others need the directions. */
#include "build.h"
#include "ops.h"

static int step_planes(build *b, int v, int k, step *s) {
  bag *owned = &b->plan->owned;
  int *ids = (int *)bag_new(owned, (size_t)k + 1, sizeof *ids);
  s->in = (jk_series *)bag_new(owned, 2, sizeof *s->in);
  s->in_planes = (const int **)bag_new(owned, 2, sizeof *s->in_planes);
  if (!ids || !s->in || !s->in_planes) return build_no_memory(b);
  const jk_series one = {NULL, NULL, k, k};
  s->nin = s->nout = 1;
  s->in[0] = s->in[1] = one;
  s->out = s->in + 1;
  s->in_planes[0] = b->planes[v];
  s->in_planes[1] = ids;
  s->out_planes = s->in_planes + 1;
  ids[k] = plan_new_plane(b, s->n, 1);
  if (ids[k] < 0) return 0;
  b->plan->planes[ids[k]].region = s->region;
  return 1;
}

static int add_total(build *b, int v, int k, int directions) {
  jet_plan *p = b->plan;
  const value *x = value_of(b->tape, v);
  ptrdiff_t n = shape_of(b->tape, v)->size;
  int r = plan_region(b, b->space_of[x->shape], n, b->in_block[v]);
  if (r < 0 || !build_grow(b, &p->steps, &p->steps_room, p->nsteps, sizeof *p->steps)) return 0;
  step *s = &p->steps[p->nsteps], fresh = {.type = &type_collapse, .of = &op_collapse, .result = build_shape(b, x->shape),
                                           .order = x->order, .k0 = k, .k1 = k + 1, .now0 = k, .now1 = k + 1,
                                           .late = b->late_of[v], .region = r, .node = p->nflows - 1,
                                           .directions = directions, .n = n};
  if (!fresh.result || !step_planes(b, v, k, &fresh)) return 0;
  *s = fresh;
  b->totals[v][k] = ++p->nsteps;
  b->in_block[v] = max_(b->in_block[v], p->regions[r].level);
  b->complete[v] = max_(b->complete[v], p->regions[r].level + !p->regions[r].once);
  return 1;
}

static const step *known_total(const build *b, int v, int k, int directions) {
  int at = b->totals[v] ? b->totals[v][k] : 0;
  return at && b->plan->steps[at - 1].directions == directions ? &b->plan->steps[at - 1] : NULL;
}

int plan_total(build *b, int v, int k, int directions, int *id) {
  *id = build_plane(b, v, k);
  if (*id < 0 || build_summed(b, v, k)) return 1;
  if (!b->totals[v] && !(b->totals[v] = (int *)bag_new(&b->scratch, (size_t)b->need[v].hi + 1, sizeof(int))))
    return build_no_memory(b);
  if (!known_total(b, v, k, directions) && !add_total(b, v, k, directions)) return 0;
  *id = known_total(b, v, k, directions)->out_planes[0][k];
  return 1;
}

/* Of all inputs of which the node takes a sum, before it is placed. */
int plan_totals(build *b, const node *n) {
  int k = b->summed[n->first], input, coefficient = k, id, directions = value_of(b->tape, n->first)->directions;
  if (!k) return 1;
  if (n->op->alias && n->op->alias(b->tape, n, k, &input, &coefficient) && n->op->step == STEP_ALIAS)
    return plan_total(b, b->same_as[input], coefficient, directions, &id);
  for (int i = 0; i < n->nin && n->op->step != STEP_ALIAS; i++)
    if (plan_sum_input(b, n, i) && !plan_total(b, build_input(b, n, i), k, directions, &id)) return 0;
  return 1;
}
