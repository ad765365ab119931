/* build.c - from the tape to a plan: what is needed, on which planes, by which steps in which regions. */
#include "build.h"
#include "ops.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

int build_no_memory(build *b) { return plan_fail(b->plan, JET_NO_MEMORY, "out of memory while planning"); }

static int grow(build *b, void *list, int *room, int count, size_t element) {
  return memory_grow(&b->plan->mem, list, room, count, element) || build_no_memory(b);
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

static void want_same(build *b, const node *n, span s) { want(b, node_input(b->tape, n, 0), s.lo, s.hi); }
static void want_nothing(build *b, const node *n, span s) { (void)b, (void)n, (void)s; }

/* What the plan makes of an operation, by its kind of step. */
static const struct step_kind {
  void (*want)(build *, const node *, span); /* the need of its inputs */
  step_run *run;
  int whole; /* reads all of its input, not a block */
  int sink;  /* runs over its input's space; the result is there when the region is done */
} kinds[] = {
    [STEP_LEAF] = {want_nothing, NULL, 0, 0},   [STEP_ALIAS] = {want_alias, NULL, 0, 0},
    [STEP_ROW] = {want_row, run_row, 0, 0},     [STEP_BROADCAST] = {want_same, run_broadcast, 1, 0},
    [STEP_SUM] = {want_same, run_sum, 0, 1},
};

static void want_inputs(build *b, const node *n) {
  span s = {INT_MAX, -1};
  for (int i = 0; i < n->count; i++) {
    span t = b->need[n->first + i];
    if (t.hi < t.lo) continue;
    if (t.lo < s.lo) s.lo = t.lo;
    if (t.hi > s.hi) s.hi = t.hi;
  }
  if (s.lo <= s.hi) kinds[n->op->step].want(b, n, s);
}

/* For a sweep by orders: the whole series of what is needed at all, spares too. */
static void want_whole(build *b, const node *n) {
  int any = 0;
  for (int v = n->first; v < n->first + n->count; v++) any |= b->need[v].hi >= b->need[v].lo;
  for (int v = n->first; v < n->first + n->count && any; v++) want(b, v, 0, INT_MAX);
}

static int find_need(build *b, int n, const jet outputs[]) {
  if (!(b->need = (span *)bag_new(&b->scratch, (size_t)b->nvalues, sizeof *b->need))) return build_no_memory(b);
  for (int v = 0; v < b->nvalues; v++) b->need[v].hi = -1;
  for (int i = 0; i < n; i++) want(b, outputs[i].id, 0, INT_MAX);
  for (int i = b->nnodes - 1; i >= 0; i--) {
    const node *x = &b->tape->nodes[i];
    if (b->plan->by_orders && x->op->step == STEP_ROW) want_whole(b, x);
    want_inputs(b, x);
  }
  return 1;
}

static int needed(const build *b, int v) { return b->need[v].hi >= b->need[v].lo; }

/* ---- planes ------------------------------------------------------------------------------------------------------------- */

static int new_plane(build *b, plane_kind kind, ptrdiff_t n, int region) { /* id, or -1 */
  jet_plan *p = b->plan;
  if (!grow(b, &p->planes, &p->planes_room, p->nplanes, sizeof *p->planes)) return -1;
  plane x = {kind, n, region, -1, -1, 0, 0, 0, NULL, NULL};
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

int build_plane(const build *b, int v, int k) { return needed(b, v) && k <= b->need[v].hi ? b->planes[v][k] : -1; }

static int alias_plane(const build *b, const node *n, int k, int *id) {
  int input, coefficient;
  if (!n->op->alias || !n->op->alias(b->tape, n, k, &input, &coefficient)) return 0;
  *id = build_plane(b, input, coefficient);
  return 1;
}

/* The planes of a node's values; makes[0..1] becomes the range of coefficients that a step must make. */
static int find_planes(build *b, const node *n, int region, int makes[2]) {
  makes[0] = INT_MAX, makes[1] = 0;
  for (int v = n->first; v < n->first + n->count; v++) {
    span s = b->need[v];
    if (s.hi < s.lo) continue;
    int *list = b->planes[v] = (int *)bag_new(&b->plan->owned, (size_t)s.hi + 1, sizeof *list);
    if (!list) return build_no_memory(b);
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
  int earliest = 0, sink = kinds[n->op->step].sink, whole = kinds[n->op->step].whole;
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
  s->run = kinds[n->op->step].run;
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
    else if (kinds[n->op->step].run && (region = place_step(b, n)) < 0) return 0;
    if (!find_planes(b, n, region, makes)) return 0;
    if (region >= 0 && makes[0] < makes[1] && !add_step(b, n, makes, region)) return 0;
  }
  return 1;
}

/* Steps in the order of their regions, stable. */
static int sort_steps(build *b) {
  jet_plan *p = b->plan;
  step *sorted = (step *)bag_new(&p->owned, (size_t)p->nsteps, sizeof *sorted);
  if (!sorted) return build_no_memory(b);
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

/* ---- all of it ------------------------------------------------------------------------------------------------------------------- */

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
    return build_no_memory(b);
  if (b->tape->nargs) memcpy(p->args, b->tape->args, (size_t)b->tape->nargs * sizeof(int));
  return 1;
}

static int all(build *b, int n, const jet outputs[]) {
  if (!find_need(b, n, outputs) || !lists(b) || !walk(b) || !sort_steps(b)) return 0;
  return plan_layout(b, n, outputs);
}

int plan_build(jet_plan *p, const jet_tape *tape, int n, const jet outputs[]) {
  build b = {.plan = p, .tape = tape, .scratch = {.mem = p->mem}, .nvalues = tape->nvalues, .nnodes = tape->nnodes};
  int good = all(&b, n, outputs);
  bag_free(&b.scratch);
  return good;
}
