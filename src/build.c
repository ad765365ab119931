/* build.c - from the tape to a plan: what is needed, on which planes, in which regions, at which place in memory. */
#include "ops.h"
#include "plan.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

typedef struct span { /* coefficients lo..hi; none if hi < lo */
  int lo, hi;
} span;

typedef struct build {
  jet_plan *plan;
  const jet_tape *tape;
  bag scratch;    /* dies with the build */
  int nvalues, nnodes;
  span *need;     /* by value, inside its interval */
  int **planes;   /* by value: plane ids by coefficient, or NULL */
  int *complete;  /* by value: first region in which all of it can be read */
  int *in_block;  /* by value: first region whose blocks of the same shape can read it */
  int *region_of; /* by shape: the latest region + 1 */
  char *plain_of; /* by value: a plain array that depends on a jet_coefficient */
} build;

static int no_memory(build *b) { return plan_fail(b->plan, JET_NO_MEMORY, "out of memory while planning"); }

static int grow(build *b, void *list, int *room, int count, size_t element) {
  return memory_grow(&b->plan->mem, list, room, count, element) || no_memory(b);
}

/* ---- need: an interval of coefficients, from the outputs back ---------------------------------------------------------- */

static void want(build *b, int v, int lo, int hi) {
  const value *x = value_of(b->tape, v);
  span *s = &b->need[v];
  if (lo < x->low) lo = x->low;
  if (hi > x->degree) hi = x->degree;
  if (lo > hi) return;
  if (s->hi < s->lo) s->lo = lo, s->hi = hi;
  if (lo < s->lo) s->lo = lo;
  if (hi > s->hi) s->hi = hi;
}

/* What the inputs of an elementwise row must give; its own need grows to what the kernel makes in one go. */
static void want_row(build *b, const node *n, span s) {
  jk_kind kind = jk_rows[n->op->row].kind;
  if (kind == JK_SPECIAL) s.hi = INT_MAX; /* valuation looks at higher coefficients */
  if (kind != JK_LINEAR && kind != JK_PRODUCT) s.lo = 0;
  for (int i = 0; i < n->count; i++)
    if (b->need[n->first + i].hi >= b->need[n->first + i].lo) want(b, n->first + i, s.lo, s.hi);
  for (int i = 0; i < n->nin; i++) {
    int in = node_input(b->tape, n, i);
    want(b, in, kind == JK_LINEAR ? s.lo : 0, kind == JK_STEP ? 0 : s.hi);
  }
}

static void want_alias(build *b, const node *n, span s) {
  for (int k = s.lo; k <= s.hi; k++) {
    int input, coefficient;
    if (n->op->alias(b->tape, n, k, &input, &coefficient)) want(b, input, coefficient, coefficient);
  }
}

static void want_inputs(build *b, const node *n) {
  span s = {INT_MAX, -1};
  for (int i = 0; i < n->count; i++) {
    span t = b->need[n->first + i];
    if (t.hi < t.lo) continue;
    if (t.lo < s.lo) s.lo = t.lo;
    if (t.hi > s.hi) s.hi = t.hi;
  }
  if (s.hi < s.lo) return;
  switch (n->op->step) {
  case STEP_ROW: want_row(b, n, s); break;
  case STEP_ALIAS: want_alias(b, n, s); break;
  case STEP_BROADCAST:
  case STEP_SUM: want(b, node_input(b->tape, n, 0), s.lo, s.hi); break;
  default: break;
  }
}

static int find_need(build *b, int n, const jet outputs[]) {
  if (!(b->need = (span *)bag_new(&b->scratch, (size_t)b->nvalues, sizeof *b->need))) return no_memory(b);
  for (int v = 0; v < b->nvalues; v++) b->need[v].hi = -1;
  for (int i = 0; i < n; i++) want(b, outputs[i].id, 0, INT_MAX);
  for (int i = b->nnodes - 1; i >= 0; i--) {
    const node *x = &b->tape->nodes[i];
    if (b->plan->by_orders && x->op->step == STEP_ROW) /* the whole series, spares too */
      for (int j = 0, any = 0; j < 2 * x->count; j++) {
        int v = x->first + j % x->count;
        any |= b->need[v].hi >= b->need[v].lo;
        if (any) want(b, v, 0, INT_MAX);
      }
    want_inputs(b, x);
  }
  return 1;
}

static int needed(const build *b, int v) { return b->need[v].hi >= b->need[v].lo; }

/* ---- planes ------------------------------------------------------------------------------------------------------------- */

static int new_plane(build *b, plane_kind kind, ptrdiff_t n, int region) { /* id, or -1 */
  jet_plan *p = b->plan;
  if (!grow(b, &p->planes, &p->planes_room, p->nplanes, sizeof *p->planes)) return -1;
  plane x = {kind, n, region, -1, -1, 0, 0, NULL, NULL};
  p->planes[p->nplanes] = x;
  return p->nplanes++;
}

static int leaf_plane(build *b, const node *n) {
  static const double one = 1;
  int constant = n->op == &op_constant, parameter = n->op == &op_parameter;
  int id = new_plane(b, constant || parameter ? PLANE_CONSTANT : PLANE_INPUT, shape_of(b->tape, n->first)->size, -1);
  if (id >= 0 && constant) b->plan->planes[id].constant = b->tape->data[n->with.data];
  if (id >= 0 && parameter) b->plan->planes[id].constant = &one;
  return id;
}

static int plane_at(const build *b, int v, int k) { return needed(b, v) && k <= b->need[v].hi ? b->planes[v][k] : -1; }

static int alias_plane(const build *b, const node *n, int k, int *id) {
  int input, coefficient;
  if (!n->op->alias || !n->op->alias(b->tape, n, k, &input, &coefficient)) return 0;
  *id = plane_at(b, input, coefficient);
  return 1;
}

/* The planes of a node's values; makes[0..1] becomes the range of coefficients that a step must make. */
static int find_planes(build *b, const node *n, int region, int makes[2]) {
  makes[0] = INT_MAX, makes[1] = 0;
  for (int v = n->first; v < n->first + n->count; v++) {
    span s = b->need[v];
    if (s.hi < s.lo) continue;
    int *list = b->planes[v] = (int *)bag_new(&b->plan->owned, (size_t)s.hi + 1, sizeof *list);
    if (!list) return no_memory(b);
    for (int k = 0; k <= s.hi; k++) {
      list[k] = -1;
      if (k < s.lo || alias_plane(b, n, k, &list[k])) continue;
      int leaf = n->op->step == STEP_LEAF;
      list[k] = leaf ? leaf_plane(b, n) : new_plane(b, PLANE_LOCAL, shape_of(b->tape, v)->size, region);
      if (list[k] < 0) return 0;
      if (k < makes[0]) makes[0] = k;
      if (k + 1 > makes[1]) makes[1] = k + 1;
    }
  }
  return 1;
}

/* ---- regions -------------------------------------------------------------------------------------------------------------- */

static int max_(int a, int b) { return a > b ? a : b; }

/* The latest region of the shape if it runs late enough for the node's inputs, else a new one. */
static int choose_region(build *b, int shape_id, int earliest) {
  jet_plan *p = b->plan;
  int r = b->region_of[shape_id] - 1;
  if (r >= earliest) return r;
  if (!grow(b, &p->regions, &p->regions_room, p->nregions, sizeof *p->regions)) return -1;
  region x = {shape_id, b->tape->shapes[shape_id].size, 0, 0, 0, 0, 0, 0};
  p->regions[p->nregions] = x;
  b->region_of[shape_id] = ++p->nregions;
  return p->nregions - 1;
}

static int place_step(build *b, const node *n) { /* its region, or -1 */
  int earliest = 0, sink = n->op->step == STEP_SUM, whole = n->op->step == STEP_BROADCAST;
  for (int i = 0; i < n->nin; i++) {
    int in = node_input(b->tape, n, i);
    earliest = max_(earliest, whole ? b->complete[in] : b->in_block[in]);
  }
  int space = value_of(b->tape, sink ? node_input(b->tape, n, 0) : n->first)->shape;
  int r = choose_region(b, space, earliest);
  for (int v = n->first; v < n->first + n->count; v++) {
    b->complete[v] = r + 1;
    b->in_block[v] = sink ? r + 1 : r;
  }
  return r;
}

static void place_alias(build *b, const node *n) {
  for (int i = 0; i < n->nin; i++) {
    int in = node_input(b->tape, n, i);
    b->complete[n->first] = max_(b->complete[n->first], b->complete[in]);
    b->in_block[n->first] = max_(b->in_block[n->first], b->in_block[in]);
  }
}

/* ---- steps ----------------------------------------------------------------------------------------------------------------- */

static jk_series series(const build *b, int v) {
  jk_series s = {NULL, NULL, b->need[v].lo, b->need[v].hi};
  return s;
}

static int add_step(build *b, const node *n, const int makes[2], int region) {
  jet_plan *p = b->plan;
  if (!grow(b, &p->steps, &p->steps_room, p->nsteps, sizeof *p->steps)) return 0;
  step *s = &p->steps[p->nsteps];
  memset(s, 0, sizeof *s);
  s->run = n->op->step == STEP_ROW ? run_row : n->op->step == STEP_SUM ? run_sum : run_broadcast;
  s->k0 = makes[0], s->k1 = makes[1];
  s->region = region;
  s->node = p->nflows - 1;
  s->late = b->plain_of[n->first];
  s->call.row = n->op->row;
  s->call.order = value_of(b->tape, n->first)->order;
  s->call.c = n->with.c;
  s->call.m = n->with.m;
  s->call.directions = 1;
  for (int i = 0; i < n->nin; i++) {
    int in = node_input(b->tape, n, i);
    s->call.in[i] = series(b, in);
    s->in_planes[i] = b->planes[in];
  }
  for (int i = 0; i < n->count; i++) {
    s->call.out[i] = series(b, n->first + i);
    s->out_planes[i] = b->planes[n->first + i];
  }
  s->from = *shape_of(b->tape, n->nin ? node_input(b->tape, n, 0) : n->first);
  s->to = *shape_of(b->tape, n->first);
  p->nsteps++;
  p->max_order = max_(p->max_order, s->call.order);
  return 1;
}

static void add_flow(build *b, const node *n) {
  jet_plan *p = b->plan;
  int above = n->op == &op_coefficient ? value_of(b->tape, node_input(b->tape, n, 0))->order - n->with.k : 0;
  flow f = {n->first, n->count, n->nin, n->in, value_of(b->tape, n->first)->parameter >= 0, above, 0};
  p->flows[p->nflows++] = f;
}

/* Order by order is no way where a coefficient feeds a jet again: the one sweep must end before the next begins. */
static int check_feedback(build *b, const node *n) {
  int jets = value_of(b->tape, n->first)->parameter >= 0, from = n->op == &op_coefficient;
  for (int i = 0; i < n->nin; i++) from |= b->plain_of[node_input(b->tape, n, i)];
  for (int v = n->first; v < n->first + n->count && !jets; v++) b->plain_of[v] = (char)from;
  if (!jets || !from || !b->plan->by_orders) return 1;
  return plan_fail(b->plan, JET_UNSUPPORTED,
                   "by_orders: a jet_coefficient feeds a jet (at %s), so that its orders cannot be run one by one",
                   n->op->name);
}

static int walk(build *b) {
  for (int i = 0; i < b->nnodes; i++) {
    const node *n = &b->tape->nodes[i];
    int any = n->op == &op_input || n->op == &op_input_series, region = -1, makes[2];
    for (int v = n->first; v < n->first + n->count; v++) any |= needed(b, v);
    if (!any) continue;
    if (n->op->step == STEP_LEAF && n->op != &op_constant && n->op != &op_parameter)
      want(b, n->first, 0, INT_MAX); /* inputs always have all their memory */
    add_flow(b, n);
    if (!check_feedback(b, n)) return 0;
    if (n->op->step == STEP_ALIAS) place_alias(b, n);
    else if (n->op->step != STEP_LEAF && (region = place_step(b, n)) < 0) return 0;
    if (!find_planes(b, n, region, makes)) return 0;
    if (region >= 0 && makes[0] < makes[1] && !add_step(b, n, makes, region)) return 0;
  }
  return 1;
}

/* Steps in the order of their regions, stable. */
static int sort_steps(build *b) {
  jet_plan *p = b->plan;
  step *sorted = (step *)bag_new(&p->owned, (size_t)p->nsteps, sizeof *sorted);
  if (!sorted) return no_memory(b);
  for (int i = 0; i < p->nsteps; i++) p->regions[p->steps[i].region].count++;
  for (int r = 1; r < p->nregions; r++) p->regions[r].first = p->regions[r - 1].first + p->regions[r - 1].count;
  for (int r = 0; r < p->nregions; r++) p->regions[r].count = 0;
  for (int i = 0; i < p->nsteps; i++) {
    region *r = &p->regions[p->steps[i].region];
    sorted[r->first + r->count++] = p->steps[i];
  }
  memory_resize(&p->mem, p->steps, (size_t)p->steps_room * sizeof *p->steps, 0);
  p->steps = sorted;
  p->steps_room = 0;
  return 1;
}

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
  if (!s.free) return no_memory(b);
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
          if (!y || y->kind != PLANE_LOCAL || y->region != r || y->last > i || y->slot < 0 || y->claimed) continue;
          s.free[s.count++] = y->slot;
          y->claimed = 1; /* given back */
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
    x->plane = plane_at(b, q->value, k);
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
  if (!p->ports || !p->port_of) return no_memory(b);
  for (int i = 0; i < b->nnodes; i++) {
    const node *x = &b->tape->nodes[i];
    if (x->op == &op_input || x->op == &op_input_series) add_port(b, x->first, 1);
  }
  for (int i = 0; i < n; i++) add_port(b, outputs[i].id, 0);
  p->port_planes = (port_plane *)bag_new(&p->owned, (size_t)p->nport_planes, sizeof *p->port_planes);
  if (!p->port_planes) return no_memory(b);
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
  if (fill && !(table = (double **)bag_new(&p->owned, (size_t)s->degree + 1, sizeof *table))) return no_memory(b);
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
  return p->pointers || no_memory(b);
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

static int allocate_partials(build *b) {
  jet_plan *p = b->plan;
  for (int i = 0; i < p->nsteps; i++) {
    step *s = &p->steps[i];
    const region *r = &p->regions[s->region];
    if (s->run != run_sum) continue;
    if (!(s->partial = (double **)bag_new(&p->owned, (size_t)s->k1, sizeof *s->partial))) return no_memory(b);
    for (int k = s->k0; k < s->k1; k++)
      if (!(s->partial[k] = (double *)bag_new(&p->owned, (size_t)((r->n + r->block - 1) / r->block), sizeof(double))))
        return no_memory(b);
  }
  return 1;
}

static int lists(build *b) {
  jet_plan *p = b->plan;
  size_t values = (size_t)b->nvalues;
  b->planes = (int **)bag_new(&b->scratch, values, sizeof *b->planes);
  b->complete = (int *)bag_new(&b->scratch, values, sizeof(int));
  b->in_block = (int *)bag_new(&b->scratch, values, sizeof(int));
  b->region_of = (int *)bag_new(&b->scratch, (size_t)b->tape->nshapes, sizeof(int));
  b->plain_of = (char *)bag_new(&b->scratch, values, 1);
  p->flows = (flow *)bag_new(&p->owned, (size_t)b->nnodes, sizeof *p->flows);
  p->lost = (int *)bag_new(&p->owned, values, sizeof(int));
  p->args = (int *)bag_new(&p->owned, (size_t)b->tape->nargs, sizeof(int));
  if (!b->planes || !b->complete || !b->in_block || !b->region_of || !b->plain_of || !p->flows || !p->lost || !p->args)
    return no_memory(b);
  if (b->tape->nargs) memcpy(p->args, b->tape->args, (size_t)b->tape->nargs * sizeof(int));
  return 1;
}

static int all(build *b, int n, const jet outputs[]) {
  if (!find_need(b, n, outputs) || !lists(b) || !walk(b) || !sort_steps(b)) return 0;
  note_stored(b);
  return find_ports(b, n, outputs) && find_slots(b) && count_pointers(b) && allocate(b) && fill_pointers(b) &&
         allocate_partials(b);
}

int plan_build(jet_plan *p, const jet_tape *tape, int n, const jet outputs[]) {
  build b = {.plan = p, .tape = tape, .scratch = {.mem = p->mem}, .nvalues = tape->nvalues, .nnodes = tape->nnodes};
  int good = all(&b, n, outputs);
  bag_free(&b.scratch);
  return good;
}
