/* execute.c - runs a plan: region by region, block by block, all steps of the region on each block; workers take contiguous shares
   of the blocks. Allocates nothing. */
#include "plan.h"
#include "workers.h"

#include <string.h>

/* Pointers from..to-1 of the worker. */
static void move_pointers(const jet_plan *p, const region *r, int worker, ptrdiff_t from, ptrdiff_t to, ptrdiff_t first) {
  const moving *all = p->pointers + r->first_moving + worker * r->count_moving;
  for (const moving *m = all + from, *end = all + to; m < end; m++) *m->entry = p->planes[m->plane].base + first;
}

static void turn_cycles(const jet_plan *p, const region *r, int worker, ptrdiff_t first) {
  for (const cycling *c = p->cycles + r->first_cycling + worker * r->count_cycling, *end = c + r->count_cycling; c < end; c++)
    *c->entry = c->base + first % c->period;
}

/* Where the caller has bound memory, what does not follow blocks follows him. */
static void follow_caller(jet_plan *p) {
  if (!p->moved) return;
  for (int i = 0; i < p->nviews; i++) {
    plane *x = &p->planes[p->views[i]];
    x->base = p->planes[x->root].base + x->at;
  }
  for (int i = 0; i < p->nregions; i++)
    if (!in_blocks(&p->regions[i])) move_pointers(p, &p->regions[i], 0, 0, p->regions[i].count_moving, 0);
  p->moved = 0;
}

/* What the step makes of the range of orders that runs. */
static void choose_range(const jet_plan *p, step *s) {
  s->now0 = s->late ? s->k0 : max_(s->k0, p->now0);
  s->now1 = s->late ? s->k1 : min_(s->k1, p->now1);
}

/* What lines stand for; s: the first, then the last. */
static void run_rows(const jet_plan *p, const region *r, int worker, step **s, ptrdiff_t first, ptrdiff_t n) {
  step *from = *s, *end = from + from->lines->rows + from->lines->sinks;
  if (in_blocks(r)) move_pointers(p, r, worker, r->usual_moving, r->count_moving, first);
  for (; *s < end; ++*s) (*s)->type->run(p, *s, first, n);
  go_on_after_rows(from, n);
  --*s;
}

/* Steps from..to-1 of the region. */
static void run_steps(const jet_plan *p, const region *r, int worker, int from, int to, ptrdiff_t first, ptrdiff_t n) {
  step *all = worker_steps(p, r, worker);
  for (step *s = all + from, *end = all + to; s < end; s++) {
    if (r->once) n = s->n;
    if (p->by_orders) choose_range(p, s);
    if (s->lines && run_lines(p, s, first, n)) s += s->lines->rows + s->lines->sinks - 1;
    else if (s->lines) run_rows(p, r, worker, &s, first, n);
    else if (s->now0 < s->now1) s->type->run(p, s, first, n);
  }
}

typedef struct walk {
  const jet_plan *plan;
  const region *over;
} walk;

static void walk_share(void *data, int worker) {
  const walk *x = (const walk *)data;
  const region *r = x->over;
  ptrdiff_t end = share_of(r, worker + 1) * r->block;
  run_steps(x->plan, r, worker, 0, r->hoisted, 0, r->lanes);
  for (ptrdiff_t first = share_of(r, worker) * r->block; first < end; first += r->block) {
    hostile_block(x->plan, r, worker);
    move_pointers(x->plan, r, worker, 0, r->usual_moving, first);
    turn_cycles(x->plan, r, worker, first);
    run_steps(x->plan, r, worker, r->hoisted, r->count, first, r->n - first < r->block ? r->n - first : r->block);
  }
  if (r->streams) native_fence();
}

static void walk_blocks(const jet_plan *p, const region *r) {
  walk x = {p, r};
  if (r->workers == 1) {
    walk_share(&x, 0);
    return;
  }
  workers_run(r->workers, walk_share, &x);
  for (int w = 1; w < r->workers; w++)
    for (step *s = worker_steps(p, r, w), *end = s + r->count; s < end; s++)
      if (s->type->join && s->now0 < s->now1) s->type->join(p, s);
}

static void run_region(const jet_plan *p, const region *r) {
  hostile_region(p, r);
  if (in_blocks(r)) walk_blocks(p, r);
  else run_steps(p, r, 0, 0, r->count, 0, r->n);
  for (const step *s = p->steps + r->first, *end = s + r->count; s < end && r->finishes && !r->once; s++)
    if (s->type->finish) s->type->finish(p, s);
  hostile_check(p, r);
}

/* Outputs whose plane is somebody else's, of whatever coefficient, and zeros into the caller's memory. */
static void deliver(const jet_plan *p) {
  for (int i = 0; i < p->ndeliveries; i++) {
    const port_plane *x = &p->port_planes[p->deliveries[i].port_plane];
    ptrdiff_t n = p->deliveries[i].n;
    real *to = x->bound ? x->bound : x->own;
    for (int c = 0; c < x->copies; c++, to += n)
      if (x->plane < 0) memset(to, 0, (size_t)n * sizeof *to);
      else memcpy(to, p->planes[x->plane].base + copy_at(&p->planes[x->plane], c), (size_t)n * sizeof *to);
  }
}

/* Orders lost add up along a path: the most that any input has lost, and the node's own. */
static void count_lost(jet_plan *p) {
  int any = 0;
  for (int i = 0; i < p->nlossy; i++) any |= p->lossy[i]->call->lost;
  if (!any && !p->any_lost) return;
  for (int i = 0; i < p->nlossy; i++) p->flows[p->lossy[i]->node].lost = 0;
  for (int i = 0; i < p->nlossy; i++) {
    int *lost = &p->flows[p->lossy[i]->node].lost;
    *lost = max_(*lost, p->lossy[i]->call->lost);
  }
  for (int i = 0; i < p->nflows; i++) {
    const flow *f = &p->flows[i];
    int most = 0;
    for (int j = 0; j < f->nin; j++) most = max_(most, p->lost[p->args[f->in + j]]);
    for (int v = 0; v < f->count; v++) p->lost[f->first + v] = max_(most - f->above, 0) + (f->jets ? f->lost : 0);
  }
  p->any_lost = any;
}

void plan_execute_folded(jet_plan *p) {
  if (!p->folded) return;
  const region *r = &p->regions[0];
  run_steps(p, r, 0, 0, r->count, 0, 0);
  for (const step *s = p->steps; s < p->steps + r->count; s++) {
    if (!s->call || !s->call->lost) continue;
    p->flows[s->node].lost = max_(p->flows[s->node].lost, s->call->lost);
    p->any_lost = 1;
  }
}

static void execute(jet_plan *p, int k0, int k1) {
  if (p->nwoven) plan_unweave(p);
  follow_caller(p);
  p->now0 = k0, p->now1 = k1;
  for (int i = 0; i < p->nlossy && p->any_lost; i++) p->lossy[i]->call->lost = 0;
  for (int i = p->folded; i < p->nregions; i++) run_region(p, &p->regions[i]);
  deliver(p);
  if (p->nwoven) plan_weave(p);
  count_lost(p);
}

void plan_execute(jet_plan *p, int k0, int k1) { hostile_run(p, execute, k0, k1); }
