/* layout.c - memory of a plan: which planes are stored and which live in slots of a block, ports, one arena, pointer tables. */
#include "build.h"
#include "ops.h"

#include <stdint.h>
#include <string.h>

/* ---- which planes are stored, and slots for the others ----------------------------------------------------------------------- */

typedef void each_plane(build *, int step, plane *);

static void each(build *b, int i, const jk_series *s, const int *ids, each_plane *f) {
  for (int k = s->low; ids && k <= s->degree; k++)
    if (ids[k] >= 0) f(b, i, &b->plan->planes[ids[k]]);
}

static void each_input(build *b, int i, each_plane *f) {
  const step *s = &b->plan->steps[i];
  for (int j = 0; j < JK_MAX_IN; j++) each(b, i, &s->call.in[j], s->in_planes[j], f);
}

static void each_output(build *b, int i, each_plane *f) {
  const step *s = &b->plan->steps[i];
  for (int j = 0; j < JK_MAX_OUT; j++) each(b, i, &s->call.out[j], s->out_planes[j], f);
}

static void note_read(build *b, int i, plane *x) {
  const step *s = &b->plan->steps[i];
  x->last = i;
  if (x->kind == PLANE_LOCAL && x->region != s->region) x->kind = PLANE_STORED;
}

static void store(build *b, int i, plane *x) {
  (void)b, (void)i;
  if (x->kind == PLANE_LOCAL) x->kind = PLANE_STORED;
}

static void note_stored(build *b) {
  jet_plan *p = b->plan;
  for (int i = 0; i < p->nsteps; i++) {
    each_input(b, i, note_read);
    if (p->by_orders || p->steps[i].run == run_sum) each_output(b, i, store);
  }
}

typedef struct slots { /* free ones, a stack */
  int *free, count, used;
} slots;
static void take_slot(build *b, slots *s, plane *x) {
  (void)b;
  if (x->kind == PLANE_LOCAL && x->slot < 0) x->slot = s->count ? s->free[--s->count] : s->used++;
}

static int find_slots(build *b) {
  jet_plan *p = b->plan;
  slots s = {(int *)bag_new(&b->scratch, (size_t)p->nplanes, sizeof(int)), 0, 0};
  if (!s.free) return build_no_memory(b);
  for (int r = 0; r < p->nregions; r++) {
    region *x = &p->regions[r];
    s.count = s.used = 0;
    for (int i = x->first; i < x->first + x->count; i++) {
      const step *t = &p->steps[i];
      for (int j = 0; j < JK_MAX_OUT; j++)
        for (int k = t->k0; t->out_planes[j] && k < t->k1; k++)
          if (t->out_planes[j][k] >= 0) take_slot(b, &s, &p->planes[t->out_planes[j][k]]);
      for (int j = 0; j < JK_MAX_IN + JK_MAX_OUT; j++) {
        int out = j - JK_MAX_IN;
        const int *ids = out < 0 ? t->in_planes[j] : t->out_planes[out];
        const jk_series *q = out < 0 ? &t->call.in[j] : &t->call.out[out];
        for (int k = q->low; ids && k <= q->degree; k++) {
          plane *y = ids[k] >= 0 ? &p->planes[ids[k]] : NULL;
          if (!y || y->kind != PLANE_LOCAL || y->region != r || y->last > i || y->slot < 0 || y->freed) continue;
          s.free[s.count++] = y->slot;
          y->freed = 1;
        }
      }
    }
    x->slots = s.used;
  }
  return 1;
}

/* ---- ports ------------------------------------------------------------------------------------------------------------------- */

static int add_port(build *b, int v, int input) {
  jet_plan *p = b->plan;
  const value *x = value_of(b->tape, v);
  if (p->port_of[v]) return 1;
  port q = {v, x->order + 1, p->nport_planes, input, shape_of(b->tape, v)->size};
  p->ports[p->nports++] = q;
  p->port_of[v] = p->nports;
  p->max_order = max_(p->max_order, x->order);
  p->nport_planes += q.count;
  return 1;
}

static void connect(build *b, const port *q) {
  jet_plan *p = b->plan;
  for (int k = 0; k < q->count; k++) {
    port_plane *x = &p->port_planes[q->first + k];
    x->plane = build_plane(b, q->value, k);
    if (x->plane < 0) continue;
    plane *y = &p->planes[x->plane];
    if (q->input) continue;
    if (y->kind == PLANE_LOCAL) y->kind = PLANE_STORED;
    x->copy = y->kind != PLANE_STORED || y->claimed;
    y->claimed = 1;
  }
}

static int find_ports(build *b, int n, const jet outputs[]) {
  jet_plan *p = b->plan;
  int inputs = 0;
  for (int i = 0; i < b->nnodes; i++) {
    const op *o = b->tape->nodes[i].op;
    inputs += o == &op_input || o == &op_input_series;
  }
  p->ports = (port *)bag_new(&p->owned, (size_t)(inputs + n), sizeof *p->ports);
  p->port_of = (int *)bag_new(&p->owned, (size_t)b->nvalues, sizeof *p->port_of);
  if (!p->ports || !p->port_of) return build_no_memory(b);
  for (int i = 0; i < b->nnodes; i++) {
    const node *x = &b->tape->nodes[i];
    if (x->op == &op_input || x->op == &op_input_series) add_port(b, x->first, 1);
  }
  for (int i = 0; i < n; i++) add_port(b, outputs[i].id, 0);
  p->port_planes = (port_plane *)bag_new(&p->owned, (size_t)p->nport_planes, sizeof *p->port_planes);
  if (!p->port_planes) return build_no_memory(b);
  for (int i = 0; i < p->nports; i++) connect(b, &p->ports[i]);
  return 1;
}

/* ---- memory: measured, allocated once, handed out ------------------------------------------------------------------------------ */

enum { CACHE = 32 * 1024, BLOCK_MIN = 32, BLOCK_MAX = 512, LINE = 8 }; /* blocks: powers of two */

static ptrdiff_t whole_lines(ptrdiff_t n) { return (n + LINE - 1) / LINE * LINE + LINE; } /* + LINE: planes do not collide */

static int reserve(build *b, size_t *total, ptrdiff_t n, size_t *offset) {
  *offset = *total;
  if (__builtin_add_overflow(*total, (size_t)whole_lines(n), total) || *total > PTRDIFF_MAX / 16)
    return plan_fail(b->plan, JET_TOO_LARGE, "the memory of the plan overflows a size");
  return 1;
}

/* Lanes of a block so that what it touches stays in the first cache. Under a sum it is a power of two of leaves, so that the
   sum's tree does not see the blocks. */
static void choose_blocks(jet_plan *p) {
  for (int r = 0; r < p->nregions; r++) {
    region *x = &p->regions[r];
    ptrdiff_t planes = x->slots + x->count_moving, least = BLOCK_MIN;
    for (int i = x->first; i < x->first + x->count; i++)
      if (p->steps[i].run == run_sum) least = JK_LEAF;
    x->block = BLOCK_MAX;
    while (x->block > least && x->block * planes > CACHE / 8) x->block /= 2;
  }
}

static ptrdiff_t blocks_of(const jet_plan *p, const step *s) {
  const region *r = &p->regions[s->region];
  return (r->n + r->block - 1) / r->block;
}

static int measure(build *b, size_t *total, size_t *slots_at, size_t *work_at) {
  jet_plan *p = b->plan;
  ptrdiff_t widest = 0;
  *total = 0;
  for (int i = 0; i < p->nplanes; i++)
    if (p->planes[i].kind != PLANE_LOCAL && !reserve(b, total, p->planes[i].n, &p->planes[i].offset)) return 0;
  for (int i = 0; i < p->nports; i++)
    for (int k = 0; k < p->ports[i].count; k++) {
      port_plane *x = &p->port_planes[p->ports[i].first + k];
      if ((x->plane < 0 || x->copy) && !reserve(b, total, p->ports[i].n, &x->offset)) return 0;
    }
  for (int i = 0; i < p->nsteps; i++) {
    step *s = &p->steps[i];
    if (s->run == run_sum && !reserve(b, total, blocks_of(p, s) * (s->k1 - s->k0), &s->partial_at)) return 0;
  }
  for (int r = 0; r < p->nregions; r++) {
    ptrdiff_t n = p->regions[r].slots * whole_lines(p->regions[r].block);
    if (n > widest) widest = n;
  }
  return reserve(b, total, widest, slots_at) &&
         reserve(b, total, (ptrdiff_t)(jk_work_size(p->max_order) / sizeof(double)), work_at);
}

static int allocate(build *b) {
  jet_plan *p = b->plan;
  size_t total, slots_at, work_at;
  choose_blocks(p);
  if (!measure(b, &total, &slots_at, &work_at)) return 0;
  char *raw = (char *)bag_new(&p->owned, total * sizeof(double) + 64, 1);
  if (!raw) return plan_fail(p, JET_NO_MEMORY, "out of memory: the plan needs %zu bytes", total * sizeof(double));
  p->arena = (double *)(void *)(raw + (64 - (uintptr_t)raw % 64) % 64);
  p->work = p->arena + work_at;
  for (int i = 0; i < p->nplanes; i++) {
    plane *x = &p->planes[i];
    if (x->kind == PLANE_LOCAL) {
      x->base = p->arena + slots_at + x->slot * whole_lines(p->regions[x->region].block);
      continue;
    }
    x->base = p->arena + x->offset;
    if (x->constant && x->n) memcpy(x->base, x->constant, (size_t)x->n * sizeof(double));
    x->constant = NULL;
  }
  for (int i = 0; i < p->nsteps; i++)
    if (p->steps[i].run == run_sum) p->steps[i].partial = p->arena + p->steps[i].partial_at;
  for (int i = 0; i < p->nport_planes; i++) {
    port_plane *x = &p->port_planes[i];
    x->own = x->plane < 0 || x->copy ? p->arena + x->offset : p->planes[x->plane].base;
  }
  return 1;
}

/* ---- pointer tables ---------------------------------------------------------------------------------------------------------------- */

/* Counting first (tables NULL) and filling then are one walk. */
static int point(build *b, jk_series *s, const int *ids, int fill, int *moving_count) {
  jet_plan *p = b->plan;
  if (!ids) return 1;
  double **table = NULL;
  if (fill && !(table = (double **)bag_new(&p->owned, (size_t)s->degree + 1, sizeof *table))) return build_no_memory(b);
  for (int k = s->low; k <= s->degree; k++) {
    const plane *x = ids[k] < 0 ? NULL : &p->planes[ids[k]];
    if (x && x->kind != PLANE_LOCAL) {
      if (fill) {
        moving m = {&table[k], ids[k]};
        p->pointers[*moving_count] = m;
      }
      ++*moving_count;
    } else if (x && fill) table[k] = x->base;
  }
  if (fill) s->plane = table;
  return 1;
}

static int point_step(build *b, step *s, int fill, int *count) {
  for (int j = 0; j < JK_MAX_IN; j++)
    if (s->run != run_broadcast && !point(b, &s->call.in[j], s->in_planes[j], fill, count)) return 0;
  for (int j = 0; j < JK_MAX_OUT; j++)
    if (s->run != run_sum && !point(b, &s->call.out[j], s->out_planes[j], fill, count)) return 0;
  return 1;
}

static int count_pointers(build *b) {
  jet_plan *p = b->plan;
  int count = 0;
  for (int r = 0; r < p->nregions; r++) {
    region *x = &p->regions[r];
    x->first_moving = count;
    for (int i = 0; i < x->count; i++) point_step(b, &p->steps[x->first + i], 0, &count);
    x->count_moving = count - x->first_moving;
  }
  p->pointers = (moving *)bag_new(&p->owned, (size_t)count, sizeof *p->pointers);
  return p->pointers || build_no_memory(b);
}

static int fill_pointers(build *b) {
  jet_plan *p = b->plan;
  int count = 0;
  for (int i = 0; i < p->nsteps; i++) {
    p->steps[i].call.work = p->work;
    if (!point_step(b, &p->steps[i], 1, &count)) return 0;
  }
  return 1;
}

int plan_layout(build *b, int n, const jet outputs[]) {
  note_stored(b);
  return find_ports(b, n, outputs) && find_slots(b) && count_pointers(b) && allocate(b) && fill_pointers(b);
}
