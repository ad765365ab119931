/* layout.c - memory of a plan: which planes are stored and which live in slots, blocks, one arena. */
#include "build.h"
#include "ops.h"

#include <stdint.h>
#include <string.h>

/* ---- which planes are stored ---------------------------------------------------------------------------------------------------- */

typedef void each_plane(build *, int step, plane *);

static void each(build *b, int i, int n, const jk_series *s, const int *const *planes, each_plane *f) {
  for (int j = 0; j < n; j++)
    for (int k = s[j].low; planes[j] && k <= s[j].degree; k++)
      if (planes[j][k] >= 0) f(b, i, &b->plan->planes[planes[j][k]]);
}

static void each_input(build *b, int i, each_plane *f) {
  const step *s = &b->plan->steps[i];
  each(b, i, s->nin, s->in, s->in_planes, f);
}

static void each_output(build *b, int i, each_plane *f) {
  const step *s = &b->plan->steps[i];
  each(b, i, s->nout, s->out, s->out_planes, f);
}

static void note_read(build *b, int i, plane *x) {
  const step *s = &b->plan->steps[i];
  if (!b->plan->regions[s->region].folded) plan_note_constant(b->plan, x);
  if (x->kind == PLANE_LOCAL && x->region != s->region) x->kind = PLANE_STORED;
}

static void store(build *b, int i, plane *x) {
  (void)b, (void)i;
  if (x->kind == PLANE_LOCAL) x->kind = PLANE_STORED;
}

/* What runs once has small planes in slots; what is large, and what a region of blocks makes beside the block, is stored. */
static void store_large(build *b, int i, plane *x) {
  const step *s = &b->plan->steps[i];
  if (!b->plan->regions[s->region].once || x->n > ONCE) store(b, i, x);
}

static void note_stored(build *b) {
  jet_plan *p = b->plan;
  for (int i = 0; i < p->nsteps; i++) {
    each_input(b, i, note_read);
    if (p->by_orders) each_output(b, i, store);
    else if (!step_is(&p->steps[i], TYPE_LANES) || p->regions[p->steps[i].region].folded) each_output(b, i, store_large);
  }
}

/* ---- slots for the others ---------------------------------------------------------------------------------------------------------- */

enum { LINE = 64 / REAL_BYTES, SIZES = 16 };

/* Numbers for n lanes: + LINE so that planes do not collide in the cache; few are packed. */
static ptrdiff_t room_of(ptrdiff_t n) {
  ptrdiff_t lines = (n + LINE - 1) / LINE * LINE;
  return n < LINE ? n : n <= ONCE ? lines : lines + LINE;
}

typedef struct slots { /* free ones by size, in lists that go through the planes that had them */
  ptrdiff_t size[SIZES], used;
  int head[SIZES], sizes;
  int *next;
} slots;

static ptrdiff_t slot_size(const jet_plan *p, const plane *x) { /* of blocks, or of numbers */
  return p->regions[x->region].once ? room_of(x->n) * x->copies : x->copies;
}

static int *free_slots(slots *s, ptrdiff_t size) { /* NULL: too many sizes to keep account */
  for (int i = 0; i < s->sizes; i++)
    if (s->size[i] == size) return &s->head[i];
  if (s->sizes == SIZES) return NULL;
  s->size[s->sizes] = size;
  s->head[s->sizes] = -1;
  return &s->head[s->sizes++];
}

static void take_slot(jet_plan *p, slots *s, plane *x) {
  if (x->kind != PLANE_LOCAL || x->at >= 0 || x->period) return;
  ptrdiff_t size = slot_size(p, x);
  int *head = free_slots(s, size);
  if (head && *head >= 0) {
    x->at = p->planes[*head].at;
    *head = s->next[*head];
    return;
  }
  if (p->regions[x->region].once && size >= LINE) s->used = (s->used + LINE - 1) / LINE * LINE;
  x->at = s->used;
  s->used += size;
}

static void free_slot(jet_plan *p, slots *s, int i, int id) {
  plane *x = &p->planes[id];
  if (x->kind != PLANE_LOCAL || x->region != p->steps[i].region || x->last > i || x->at < 0 || x->freed || x->period) return;
  int *head = free_slots(s, slot_size(p, x));
  x->freed = 1;
  if (head) s->next[id] = *head, *head = id;
}

static void step_slots(jet_plan *p, slots *s, int i) {
  const step *t = &p->steps[i];
  for (int j = 0; j < t->nout; j++)
    for (int k = t->k0; k < t->k1; k++) {
      int id = plane_in(t->out_planes[j], &t->out[j], k);
      if (id >= 0) take_slot(p, s, &p->planes[id]);
    }
  for (int j = 0; j < t->nin + t->nout; j++) {
    const int *ids = t->in_planes[j]; /* those of the results follow, and so do the series unless it is a row */
    const jk_series *q = j < t->nin ? &t->in[j] : &t->out[j - t->nin];
    for (int k = q->low; ids && k <= q->degree; k++)
      if (ids[k] >= 0) free_slot(p, s, i, ids[k]);
  }
}

static void note_last(build *b, int i, plane *x) { (void)b, x->last = i; }

static void count_kept(build *b, int i, plane *x) { b->plan->regions[b->plan->steps[i].region].kept += x->period ? x->copies : 0; }

static int find_slots(build *b) {
  jet_plan *p = b->plan;
  slots s = {.next = (int *)bag_new(&b->scratch, (size_t)p->nplanes, sizeof(int))};
  if (!s.next) return build_no_memory(b);
  for (int r = 0; r < p->nregions; r++) {
    region *x = &p->regions[r];
    s.sizes = 0;
    s.used = 0;
    for (int i = x->first; i < x->first + x->count; i++) step_slots(p, &s, i);
    x->slots = s.used;
  }
  return 1;
}

/* ---- blocks ---------------------------------------------------------------------------------------------------------------------- */

/* Blocks: powers of two. Of 32 KB with 512 lanes up to 512 KB with 4096, this is the best or near it for long and short steps alike:
   smaller blocks pay for calls, larger ones leave the first cache. */
enum { CACHE = 64 * 1024, BLOCK_MIN = HOSTILE ? 8 : 32, BLOCK_MAX = HOSTILE ? 16 : 1024 };

static void touch(build *b, int i, plane *x) { /* steps come by region */
  int r = b->plan->steps[i].region;
  if (x->hidden || x->counted == r + 1) return;
  if (x->kind == PLANE_LOCAL) b->plan->regions[r].shown += x->period ? 0 : x->copies;
  else b->plan->regions[r].touched += x->copies;
  x->counted = r + 1;
}

/* Lanes of a block so that what it touches stays near the first cache. Under a sum it is a power of two of leaves, so that the
   sum's tree does not see the blocks. A block begins by moving the pointers to the planes of all orders: where orders run one by one,
   that is little beside the arithmetic of one of them if lanes are in proportion. */
static void choose_blocks(build *b) {
  jet_plan *p = b->plan;
  for (int i = 0; i < p->nsteps; i++) {
    if (step_is(&p->steps[i], TYPE_POINTS_IN)) each_input(b, i, touch);
    if (!p->steps[i].type->finish) each_output(b, i, touch);
  }
  const ptrdiff_t fair = BLOCK_MIN * (ptrdiff_t)(p->by_orders ? p->max_order + 1 : 1);
  for (int r = 0; r < p->nregions; r++) {
    region *x = &p->regions[r];
    ptrdiff_t planes = (x->shown < x->slots ? x->shown : x->slots) + x->kept + x->touched;
    ptrdiff_t least = x->sums ? (ptrdiff_t)JK_LEAF : (ptrdiff_t)BLOCK_MIN;
    if (x->once) continue;
    x->block = least > BLOCK_MAX ? least : BLOCK_MAX;
    while (x->block > least && x->block > fair && x->block * planes > CACHE / REAL_BYTES) x->block /= 2;
    if (x->whole_rows) x->block = x->block < x->whole_rows ? x->whole_rows : x->block / x->whole_rows * x->whole_rows;
  }
}

/* ---- slots of what is hoisted, behind the others -------------------------------------------------------------------------------------- */

static ptrdiff_t unit_of(const region *r) { return r->once ? 1 : room_of(r->block); } /* of slots */

static void see_period(build *b, int i, plane *x) { /* lanes behind the block */
  region *r = &b->plan->regions[b->plan->steps[i].region];
  if (cycles_in(r, x) && r->block + x->period > r->lanes) r->lanes = r->block + x->period;
}

static void keep_slot(build *b, int i, plane *x) {
  region *r = &b->plan->regions[b->plan->steps[i].region];
  if (!x->period) return;
  x->at = r->room;
  r->room += room_of(r->lanes) * x->copies;
}

static void place_kept(build *b) {
  jet_plan *p = b->plan;
  for (int i = 0; i < p->nregions; i++) {
    region *r = &p->regions[i];
    r->lanes = r->n < r->block ? r->n : r->block;
    r->room = r->slots * unit_of(r);
    for (int j = r->first; j < r->first + r->hoisted; j++) each_output(b, j, see_period);
    for (int j = r->first; j < r->first + r->hoisted; j++) each_output(b, j, keep_slot);
  }
}

/* ---- the arena: measured, allocated once, handed out ------------------------------------------------------------------------------- */

static int reserve(build *b, size_t *total, ptrdiff_t n, int times, size_t *offset) {
  size_t size;
  if (__builtin_mul_overflow((size_t)n, (size_t)times, &size) || size > PTRDIFF_MAX / 16) size = PTRDIFF_MAX / 16;
  size = (size_t)room_of((ptrdiff_t)size);
  if (size >= LINE) *total = (*total + LINE - 1) / LINE * LINE;
  *offset = *total;
  if (__builtin_add_overflow(*total, size, total) || *total > PTRDIFF_MAX / 16)
    return plan_fail(b->plan, JET_TOO_LARGE, "the memory of the plan overflows a size");
  return hostile_area(b->plan, *offset, (size_t)n * (size_t)times, total);
}

typedef struct shared { /* memory that all regions use in turn */
  size_t slots, work, scratch;
} shared;

static ptrdiff_t room_aside(const jet_plan *p) {
  ptrdiff_t most = 0, n;
  for (int i = 0; i < p->nsteps; i++) {
    const step *s = &p->steps[i];
    n = !s->summed || !s->call ? 0 : JK_MAX_OUT * (p->regions[s->region].once ? s->n : p->regions[s->region].block);
    if (n > most) most = n;
  }
  return most;
}

static int measure_shared(build *b, size_t *total, shared *at) {
  const jet_plan *p = b->plan;
  ptrdiff_t widest = 0;
  for (int r = 0; r < p->nregions; r++)
    if (p->regions[r].room > widest) widest = p->regions[r].room;
  int workers = plan_most_workers(p);
  b->slots_room = room_of(widest + LINE);
  b->plan->scratch_room = (b->scratch_size + 127) / 64 * 64;
  b->aside_at = room_of((ptrdiff_t)(jk_work_size(p->max_order) / sizeof(real)));
  b->work_room = room_of(b->aside_at + room_aside(p) + LINE);
  return reserve(b, total, b->slots_room, workers, &at->slots) && reserve(b, total, b->work_room, workers, &at->work) &&
         reserve(b, total, (ptrdiff_t)(b->plan->scratch_room / sizeof(real)) + LINE, plan_most_in_teams(p), &at->scratch);
}

static int measure(build *b, size_t *total, shared *at) {
  jet_plan *p = b->plan;
  size_t offset;
  ptrdiff_t reused;
  *total = 0;
  if (!plan_reuse(b, room_of, &reused) || !reserve(b, total, reused, 1, &offset)) return 0;
  for (int i = 0; i < p->nplanes; i++) {
    plane *x = &p->planes[i];
    if (x->reused || x->kind == PLANE_LOCAL || x->kind == PLANE_VIEW || x->kind == PLANE_GIVEN) continue;
    if (!reserve(b, total, x->n, x->copies, &offset)) return 0;
    x->at = (ptrdiff_t)offset;
  }
  for (int i = 0; i < p->nports; i++)
    for (int k = 0; k < p->ports[i].count; k++) {
      port_plane *x = &p->port_planes[p->ports[i].first + k];
      if ((x->plane < 0 || x->copy) && !reserve(b, total, p->ports[i].n, x->copies, &x->offset)) return 0;
    }
  for (int i = 0; i < p->nsteps; i++) {
    step *s = &p->steps[i];
    ptrdiff_t aside = s->type->aside ? s->type->aside(&p->regions[s->region], s) : 0;
    if (aside && !reserve(b, total, aside * (s->k1 - s->k0), s->directions, &s->aside_at)) return 0;
  }
  return measure_shared(b, total, at);
}

static void place_planes(jet_plan *p, real *slots) {
  for (int i = 0; i < p->nplanes; i++) {
    plane *x = &p->planes[i];
    if (x->kind == PLANE_VIEW || x->kind == PLANE_GIVEN) continue;
    if (x->kind == PLANE_LOCAL) {
      const region *r = x->region < 0 ? NULL : &p->regions[x->region];
      if (!r || x->at < 0) continue; /* of no elements */
      x->base = slots + (x->period ? x->at : x->at * unit_of(r));
      x->stride = r->once ? room_of(x->n) : x->period ? room_of(r->lanes) : unit_of(r);
      continue;
    }
    x->base = p->arena + x->at;
    for (ptrdiff_t j = 0; x->constant && j < x->n; j++) x->base[j] = (real)x->constant[j];
    x->constant = NULL;
  }
  for (int i = 0; i < p->nplanes; i++)
    if (p->planes[i].kind == PLANE_VIEW && p->planes[p->planes[i].root].kind != PLANE_GIVEN)
      p->planes[i].base = p->planes[p->planes[i].root].base + p->planes[i].at;
}

static int allocate(build *b, shared *at) {
  jet_plan *p = b->plan;
  size_t total;
  if (!measure(b, &total, at)) return 0;
  char *raw = (char *)bag_new(&p->owned, total * sizeof(real) + 64, 1);
  if (!raw) return plan_fail(p, JET_NO_MEMORY, "out of memory: the plan needs %zu bytes", total * sizeof(real));
  p->arena = (real *)(void *)(raw + (64 - (uintptr_t)raw % 64) % 64);
  p->work = p->arena + at->work;
  place_planes(p, p->arena + at->slots);
  for (int i = 0; i < p->nsteps; i++)
    if (!p->steps[i].type->join) p->steps[i].aside = p->arena + p->steps[i].aside_at;
  for (int i = 0; i < p->nport_planes; i++) {
    port_plane *x = &p->port_planes[i];
    x->own = x->plane < 0 || x->copy ? p->arena + x->offset : p->planes[x->plane].base;
  }
  return hostile_start(b, at->slots, total);
}

int plan_layout(build *b, int n, const jet outputs[]) {
  shared at;
  note_stored(b);
  if (!plan_ports(b, n, outputs) || !plan_hoist(b) || !plan_chains(b)) return 0;
  for (int i = 0; i < b->plan->nsteps; i++) each_input(b, i, note_last), each_output(b, i, count_kept);
  if (!plan_lines(b) || !find_slots(b)) return 0;
  choose_blocks(b);
  place_kept(b);
  plan_workers(b->plan);
  b->plan->operands_room = b->max_in;
  b->teams = plan_most_in_teams(b->plan);
  if (!allocate(b, &at) || !plan_pointers(b, at.scratch)) return 0;
  plan_execute_folded(b->plan);
  return 1;
}
