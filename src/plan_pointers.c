/* plan_pointers.c - the pointers of steps to their planes, and which of them have to move. */
#include "build.h"
#include "ops.h"

#include <string.h>

/* Where a region is walked in several blocks they follow the block; else only what the caller may bind moves. */
static int moves(const jet_plan *p, const region *r, int id) {
  const plane *x = &p->planes[id], *root = x->kind == PLANE_VIEW ? &p->planes[x->root] : x;
  return x->kind != PLANE_LOCAL && (root->movable || (!r->once && r->n > r->block));
}

typedef struct pointing {
  build *b;
  const region *r;
  moving *next;
  cycling *next_cycle;
  int hoisted;     /* the step at hand is */
  ptrdiff_t shift; /* from the slots of worker 0 to this worker's */
} pointing;

static void point(pointing *t, real **entry, int id) {
  const plane *x = &t->b->plan->planes[id];
  *entry = x->kind == PLANE_LOCAL && x->base ? x->base + t->shift : x->base;
  if (!t->hoisted && cycles_in(t->r, x)) {
    cycling c = {entry, *entry, x->period};
    *t->next_cycle++ = c;
  }
  if (!moves(t->b->plan, t->r, id)) return;
  moving m = {entry, id};
  *t->next++ = m;
}

static int point_series(pointing *t, const step *s, jk_series *x, const int *ids) {
  build *b = t->b;
  jet_plan *p = b->plan;
  if (!ids) return 1;
  real **table = (real **)x->plane;
  ptrdiff_t *stride = (ptrdiff_t *)x->stride;
  if (!table && !(table = (real **)bag_new(&p->owned, (size_t)x->degree + 1, sizeof *table)))
    return build_no_memory(b);
  if (!stride && s->directions > 1 &&
      !(stride = (ptrdiff_t *)bag_new(&p->owned, (size_t)x->degree + 1, sizeof *stride)))
    return build_no_memory(b);
  for (int k = x->low; k <= x->degree; k++) {
    if (ids[k] < 0) continue;
    point(t, &table[k], ids[k]);
    if (stride) stride[k] = copy_at(&p->planes[ids[k]], 1);
  }
  x->plane = table, x->stride = stride;
  return 1;
}

static int point_lines(pointing *t, chain *x) {
  if (!(x->plane = (real **)bag_new(&t->b->plan->owned, (size_t)x->planes, sizeof *x->plane))) return build_no_memory(t->b);
  for (int i = 0; i < x->planes; i++) point(t, &x->plane[i], x->ids[i]);
  if (!(x->carry = (real *)bag_new(&t->b->plan->owned, CARRY_VECTORS * (size_t)(x->width * x->carries), sizeof *x->carry)))
    return build_no_memory(t->b);
  return 1;
}

static int point_step(pointing *t, step *s) {
  for (int i = 0; step_is(s, TYPE_POINTS_IN) && i < s->nin; i++)
    if (!point_series(t, s, &s->in[i], s->in_planes[i])) return 0;
  for (int i = 0; step_is(s, TYPE_POINTS_OUT) && i < s->nout; i++)
    if (!point_series(t, s, &s->out[i], s->out_planes[i])) return 0;
  return 1;
}

static void give_work(const build *b, jk_call *c, int worker) {
  c->work = (real *)b->plan->work + worker * b->work_room;
  c->aside = (real *)c->work + b->aside_at;
}

/* Those that move with every block come first. */
static int point_steps(pointing *t, step *steps, int count, ptrdiff_t *usual) {
  const moving *first = t->next;
  for (int i = 0; i < count; i++) {
    t->hoisted = i < t->r->hoisted;
    if (steps[i].lines && !point_lines(t, steps[i].lines)) return 0;
    if (!steps[i].in_lines && !point_step(t, &steps[i])) return 0;
  }
  *usual = t->next - first;
  for (int i = 0; i < count; i++)
    if (steps[i].in_lines && !point_step(t, &steps[i])) return 0;
  return 1;
}

static void point_work(pointing *t, step *s, size_t scratch_at) { /* worker 0's, of the plan */
  if (s->call) give_work(t->b, s->call, 0);
  if (step_is(s, TYPE_JOB))
    s->whole->told.scratch = t->b->plan->arena + scratch_at;
}

/* ---- workers ------------------------------------------------------------------------------------------------------------------- */

/* The same step with tables of its own. */
static int copy_series(build *b, const step *from, step *to) {
  bag *owned = &b->plan->owned;
  if (from->call) {
    if (!(to->call = (jk_call *)bag_new(owned, 1, sizeof *to->call))) return build_no_memory(b);
    *to->call = *from->call;
    to->in = to->call->in, to->out = to->call->out;
  } else {
    if (!(to->in = (jk_series *)bag_new(owned, (size_t)(from->nin + from->nout), sizeof *to->in))) return build_no_memory(b);
    memcpy(to->in, from->in, (size_t)(from->nin + from->nout) * sizeof *to->in);
    to->out = to->in + from->nin;
  }
  for (int i = 0; i < from->nin; i++) to->in[i].plane = NULL;
  for (int i = 0; i < from->nout; i++) to->out[i].plane = NULL;
  return 1;
}

static int copy_lines(build *b, step *s) {
  chain *x = (chain *)bag_new(&b->plan->owned, 1, sizeof *x);
  if (!x) return build_no_memory(b);
  *x = *s->lines;
  s->lines = x;
  return 1;
}

static int copy_parts(build *b, const region *r, int worker, step *s) {
  parts *q = (parts *)bag_new(&b->plan->owned, 1, sizeof *q);
  if (!q) return build_no_memory(b);
  *q = *s->deposit;
  q->from = share_of(r, worker) * r->block;
  if (q->border) s->aside = b->plan->arena + s->aside_at + q->border * (worker - 1) * (s->k1 - s->k0) * s->directions;
  s->deposit = q;
  return 1;
}

static int point_worker(build *b, const region *r, int worker) {
  jet_plan *p = b->plan;
  pointing t = {b, r, p->pointers + r->first_moving + worker * r->count_moving,
                p->cycles + r->first_cycling + worker * r->count_cycling, 0, worker * b->slots_room};
  ptrdiff_t usual;
  for (int i = 0; i < r->count; i++) {
    const step *from = &p->steps[r->first + i];
    step *s = worker_steps(p, r, worker) + i;
    *s = *from;
    if (!copy_series(b, from, s) || (s->lines && !copy_lines(b, s))) return 0;
    if (s->call) give_work(b, s->call, worker);
    if (s->type == &type_add && !copy_parts(b, r, worker, s)) return 0;
  }
  return point_steps(&t, worker_steps(p, r, worker), r->count, &usual);
}

enum { APART = 128 }; /* bytes between what two workers write, so that they do not share a line of the cache */

static int point_workers(build *b) {
  jet_plan *p = b->plan;
  int any = 1;
  for (int i = 0; i < p->nregions; i++) {
    region *r = &p->regions[i];
    if (r->workers > 1 && !(r->others = (step *)bag_new(&p->owned, (size_t)(r->workers - 1) * (size_t)r->count, sizeof *r->others)))
      return build_no_memory(b);
  }
  for (int w = 1; any; w++) {
    any = 0;
    if (!bag_new(&p->owned, 1, APART)) return build_no_memory(b);
    for (int i = 0; i < p->nregions; i++) {
      const region *r = &p->regions[i];
      if (w >= r->workers) continue;
      any = 1;
      if (!point_worker(b, r, w)) return 0;
    }
  }
  return 1;
}

typedef int which_fn(const jet_plan *, const region *, int id);

static int cycles(const jet_plan *p, const region *r, int id) { return cycles_in(r, &p->planes[id]); }

static ptrdiff_t count_planes(const jet_plan *p, int n, const jk_series *s, const int *const *planes, const region *r, which_fn *f) {
  ptrdiff_t count = 0;
  for (int i = 0; i < n; i++)
    for (int k = s[i].low; planes[i] && k <= s[i].degree; k++) count += planes[i][k] >= 0 && f(p, r, planes[i][k]);
  return count;
}

static ptrdiff_t count_lines(const jet_plan *p, const chain *x, const region *r, which_fn *f) {
  ptrdiff_t count = 0;
  for (int i = 0; x && i < x->planes; i++) count += f(p, r, x->ids[i]);
  return count;
}

static ptrdiff_t count_step(const jet_plan *p, const step *s, which_fn *f) {
  const region *r = &p->regions[s->region];
  return count_lines(p, s->lines, r, f) + (step_is(s, TYPE_POINTS_IN) ? count_planes(p, s->nin, s->in, s->in_planes, r, f) : 0) +
         (step_is(s, TYPE_POINTS_OUT) ? count_planes(p, s->nout, s->out, s->out_planes, r, f) : 0);
}

/* Memory for all entries of all workers. */
static int find_room(build *b) {
  jet_plan *p = b->plan;
  ptrdiff_t entries = 0, cycling_entries = 0;
  for (int i = 0; i < p->nsteps; i++) {
    const int workers = p->regions[p->steps[i].region].workers;
    entries += count_step(p, &p->steps[i], moves) * workers;
    cycling_entries += count_step(p, &p->steps[i], cycles) * workers;
  }
  p->pointers = (moving *)bag_new(&p->owned, (size_t)entries, sizeof *p->pointers);
  p->cycles = (cycling *)bag_new(&p->owned, (size_t)cycling_entries, sizeof *p->cycles);
  return (p->pointers && p->cycles) || build_no_memory(b);
}

/* Valuation may lose orders of these. */
static int may_lose(const step *s) {
  jk_kind kind = s->call ? jk_rows[s->call->row].kind : JK_LINEAR;
  return kind != JK_LINEAR && kind != JK_SELECT && kind != JK_STEP && kind != JK_CHOICE;
}

static void find_lossy(jet_plan *p) {
  for (int i = p->folded; i < p->nregions; i++)
    for (int w = 0; w < p->regions[i].workers; w++)
      for (step *s = worker_steps(p, &p->regions[i], w), *end = s + p->regions[i].count; s < end; s++)
        if (may_lose(s)) p->lossy[p->nlossy++] = s;
}

static int find_lists(build *b) {
  jet_plan *p = b->plan;
  int lossy = 0, views = 0;
  for (int i = 0; i < p->nsteps; i++) lossy += may_lose(&p->steps[i]) * p->regions[p->steps[i].region].workers;
  for (int i = 0; i < p->nplanes; i++) views += p->planes[i].kind == PLANE_VIEW && p->planes[p->planes[i].root].movable;
  p->lossy = (step **)bag_new(&p->owned, (size_t)lossy, sizeof *p->lossy);
  p->views = (int *)bag_new(&p->owned, (size_t)views, sizeof *p->views);
  p->operands = (const real **)bag_new(&p->owned, (size_t)b->max_in * (size_t)b->teams, sizeof *p->operands);
  if (!p->lossy || !p->views || !p->operands) return build_no_memory(b);
  find_lossy(p);
  for (int i = 0; i < p->nplanes; i++)
    if (p->planes[i].kind == PLANE_VIEW && p->planes[p->planes[i].root].movable) p->views[p->nviews++] = i;
  return 1;
}

int plan_pointers(build *b, size_t scratch_at) {
  jet_plan *p = b->plan;
  ptrdiff_t used = 0, cycling_used = 0;
  if (!find_room(b)) return 0;
  for (int r = 0; r < p->nregions; r++) {
    region *x = &p->regions[r];
    x->first_moving = used;
    x->first_cycling = cycling_used;
    pointing t = {b, x, p->pointers + used, p->cycles + cycling_used, 0, 0};
    if (!point_steps(&t, p->steps + x->first, x->count, &x->usual_moving)) return 0;
    for (int i = x->first; i < x->first + x->count; i++) point_work(&t, &p->steps[i], scratch_at);
    x->count_moving = t.next - p->pointers - used;
    x->count_cycling = t.next_cycle - p->cycles - cycling_used;
    used += x->count_moving * x->workers;
    cycling_used += x->count_cycling * x->workers;
  }
  if (!point_workers(b)) return 0;
  return find_lists(b);
}
