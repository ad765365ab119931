/* plan_pointers.c - the pointers of steps to their planes, and which of them have to move. */
#include "build.h"
#include "ops.h"

/* Where a region is walked in several blocks they follow the block; else only what the caller may bind moves. */
static int moves(const jet_plan *p, const region *r, int id) {
  const plane *x = &p->planes[id], *root = x->kind == PLANE_VIEW ? &p->planes[x->root] : x;
  return x->kind != PLANE_LOCAL && (root->movable || (!r->once && r->n > r->block));
}

static void point(jet_plan *p, region *r, double **entry, int id) {
  *entry = p->planes[id].base;
  if (!moves(p, r, id)) return;
  moving m = {entry, id};
  p->pointers[r->first_moving + r->count_moving++] = m;
}

static int point_series(build *b, region *r, const step *s, jk_series *x, const int *ids) {
  jet_plan *p = b->plan;
  if (!ids) return 1;
  double **table = (double **)x->plane;
  ptrdiff_t *stride = (ptrdiff_t *)x->stride;
  if (!table && !(table = (double **)bag_new(&p->owned, (size_t)x->degree + 1, sizeof *table)))
    return build_no_memory(b);
  if (!stride && s->directions > 1 &&
      !(stride = (ptrdiff_t *)bag_new(&p->owned, (size_t)x->degree + 1, sizeof *stride)))
    return build_no_memory(b);
  for (int k = x->low; k <= x->degree; k++) {
    if (ids[k] < 0) continue;
    point(p, r, &table[k], ids[k]);
    if (stride) stride[k] = copy_at(&p->planes[ids[k]], 1);
  }
  x->plane = table, x->stride = stride;
  return 1;
}

static int wants_inputs(const step *s) {
  return s->run == run_row || s->run == run_sum || s->run == run_add || s->run == run_whole;
}
static int wants_outputs(const step *s) { return s->run == run_row || s->run == run_broadcast || s->run == run_whole; }

static int point_step(build *b, region *r, step *s, size_t scratch_at) {
  for (int i = 0; wants_inputs(s) && i < s->nin; i++)
    if (!point_series(b, r, s, &s->in[i], s->in_planes[i])) return 0;
  for (int i = 0; wants_outputs(s) && i < s->nout; i++)
    if (!point_series(b, r, s, &s->out[i], s->out_planes[i])) return 0;
  if (s->call) s->call->work = b->plan->work;
  if (s->run == run_planes || s->run == run_pairs || s->run == run_whole)
    s->whole->told.scratch = b->plan->arena + scratch_at;
  return 1;
}

static ptrdiff_t count_moving(const jet_plan *p, int n, const jk_series *s, const int *const *planes, const region *r) {
  ptrdiff_t count = 0;
  for (int i = 0; i < n; i++)
    for (int k = s[i].low; planes[i] && k <= s[i].degree; k++) count += planes[i][k] >= 0 && moves(p, r, planes[i][k]);
  return count;
}

static ptrdiff_t count_step(const jet_plan *p, const step *s) {
  const region *r = &p->regions[s->region];
  return (wants_inputs(s) ? count_moving(p, s->nin, s->in, s->in_planes, r) : 0) +
         (wants_outputs(s) ? count_moving(p, s->nout, s->out, s->out_planes, r) : 0);
}

/* Valuation may lose orders of these. */
static int may_lose(const step *s) {
  jk_kind kind = s->call ? jk_rows[s->call->row].kind : JK_LINEAR;
  return kind != JK_LINEAR && kind != JK_SELECT && kind != JK_STEP && kind != JK_CHOICE;
}

static int find_lists(build *b) {
  jet_plan *p = b->plan;
  int lossy = 0, views = 0;
  for (int i = 0; i < p->nsteps; i++) lossy += may_lose(&p->steps[i]);
  for (int i = 0; i < p->nplanes; i++) views += p->planes[i].kind == PLANE_VIEW && p->planes[p->planes[i].root].movable;
  p->lossy = (step **)bag_new(&p->owned, (size_t)lossy, sizeof *p->lossy);
  p->views = (int *)bag_new(&p->owned, (size_t)views, sizeof *p->views);
  p->operands = (const double **)bag_new(&p->owned, (size_t)b->max_in, sizeof *p->operands);
  if (!p->lossy || !p->views || !p->operands) return build_no_memory(b);
  for (int i = 0; i < p->nsteps; i++)
    if (may_lose(&p->steps[i])) p->lossy[p->nlossy++] = &p->steps[i];
  for (int i = 0; i < p->nplanes; i++)
    if (p->planes[i].kind == PLANE_VIEW && p->planes[p->planes[i].root].movable) p->views[p->nviews++] = i;
  return 1;
}

int plan_pointers(build *b, size_t scratch_at) {
  jet_plan *p = b->plan;
  ptrdiff_t entries = 0, used = 0;
  for (int i = 0; i < p->nsteps; i++) entries += count_step(p, &p->steps[i]);
  if (!(p->pointers = (moving *)bag_new(&p->owned, (size_t)entries, sizeof *p->pointers))) return build_no_memory(b);
  for (int r = 0; r < p->nregions; r++) {
    region *x = &p->regions[r];
    x->first_moving = used;
    for (int i = x->first; i < x->first + x->count; i++)
      if (!point_step(b, x, &p->steps[i], scratch_at)) return 0;
    used += x->count_moving;
  }
  return find_lists(b);
}
