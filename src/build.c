/* build.c - from the tape to a plan: walks the needed nodes, finds their planes, and places a step for what no plane holds yet. */
#include "build.h"
#include "ops.h"

int build_no_memory(build *b) { return plan_fail(b->plan, JET_NO_MEMORY, "out of memory while planning"); }

int build_grow(build *b, void *list, int *room, int count, size_t element) {
  return memory_grow(&b->plan->mem, list, room, count, element) || build_no_memory(b);
}

static int needed(const build *b, int v) { return b->need[v].hi >= b->need[v].lo; }

/* ---- kinds of steps ------------------------------------------------------------------------------------------------------ */

typedef struct kind {
  step_run *run;
  int complete; /* reads all of its inputs, not a block */
  int sink;     /* runs over its inputs' space; the result is there when the region is done */
  int once;     /* on whole planes */
} kind;

static const kind kinds[] = {
    [STEP_LEAF] = {NULL, 0, 0, 0},         [STEP_ALIAS] = {run_repeat, 1, 0, 1},   [STEP_VIEW] = {run_repeat, 1, 0, 1},
    [STEP_ROW] = {run_row, 0, 0, 0},       [STEP_BROADCAST] = {run_broadcast, 1, 0, 0}, [STEP_SUM] = {run_sum, 0, 1, 0},
    [STEP_DEPOSIT] = {run_deposit, 1, 0, 1}, [STEP_PLANES] = {run_planes, 1, 0, 1},  [STEP_PAIRS] = {run_pairs, 1, 0, 1},
    [STEP_WHOLE] = {run_whole, 1, 0, 1},
};
static const kind sink_deposit = {run_add, 0, 1, 0};

static const kind *kind_of(const build *b, const node *n) {
  return n->op->step == STEP_DEPOSIT && plan_is_sink(b, n) ? &sink_deposit : &kinds[n->op->step];
}

/* ---- where a node's values can be read -------------------------------------------------------------------------------------- */

static ptrdiff_t lanes(const build *b, int v) { return shape_of(b->tape, v)->size; }

/* The level from which all inputs can be read: complete, or, where that is enough, by blocks of the node's space. */
static int earliest(const build *b, const node *n, int complete) {
  int level = 0;
  for (int i = 0; i < n->nin; i++) {
    int in = build_input(b, n, i);
    level = max_(level, complete ? b->complete[in] : b->in_block[in]);
  }
  return level;
}

static void place_alias(build *b, const node *n) {
  for (int i = 0; i < n->nin; i++) {
    int in = build_input(b, n, i);
    int same = n->op->step != STEP_VIEW && lanes(b, in) == lanes(b, n->first);
    b->complete[n->first] = max_(b->complete[n->first], b->complete[in]);
    b->in_block[n->first] = max_(b->in_block[n->first], same ? b->in_block[in] : b->complete[in]);
  }
  for (int v = n->first + 1; v < n->first + n->count; v++) {
    b->complete[v] = b->complete[n->first];
    b->in_block[v] = b->in_block[n->first];
  }
}

static int place_step(build *b, const node *n, const kind *k) { /* its region, or -1 */
  int of = k->sink ? build_input(b, n, 0) : n->first;
  int space = k->once ? 0 : b->space_of[value_of(b->tape, of)->shape];
  int r = plan_region(b, space, lanes(b, of), earliest(b, n, k->complete));
  if (r < 0) return -1;
  const region *x = &b->plan->regions[r];
  for (int v = n->first; v < n->first + n->count; v++) {
    b->complete[v] = x->level + !x->once;
    b->in_block[v] = x->level + (!x->once && k->sink);
  }
  return r;
}

/* ---- steps ------------------------------------------------------------------------------------------------------------------- */

static jk_series series(const build *b, int v) {
  jk_series s = {NULL, NULL, b->need[v].lo, b->need[v].hi};
  return s;
}

static int operands(build *b, const node *n, step *s) {
  bag *owned = &b->plan->owned;
  s->nin = b->sources ? 1 : n->nin;
  s->nout = n->count;
  s->in_planes = (const int **)bag_new(owned, (size_t)(s->nin + s->nout), sizeof *s->in_planes);
  if (!s->in_planes) return build_no_memory(b);
  s->out_planes = s->in_planes + s->nin;
  if (n->op->step == STEP_ROW) {
    if (!(s->call = (jk_call *)bag_new(owned, 1, sizeof *s->call))) return build_no_memory(b);
    s->in = s->call->in, s->out = s->call->out;
  } else {
    if (!(s->in = (jk_series *)bag_new(owned, (size_t)(s->nin + s->nout), sizeof *s->in))) return build_no_memory(b);
    s->out = s->in + s->nin;
  }
  for (int i = 0; i < s->nin; i++) {
    int in = build_input(b, n, i);
    s->in[i] = series(b, b->sources ? n->first : in);
    s->in_planes[i] = b->sources ? b->sources : b->planes[in];
  }
  for (int i = 0; i < s->nout; i++) {
    s->out[i] = series(b, n->first + i);
    s->out_planes[i] = b->planes[n->first + i];
  }
  b->max_in = max_(b->max_in, s->nin);
  return 1;
}

/* The planes that the step makes are of its region now. */
static void claim_planes(build *b, const step *s) {
  for (int i = 0; i < s->nout; i++)
    for (int k = s->k0; k < s->k1; k++) {
      int id = plane_in(s->out_planes[i], &s->out[i], k);
      plane *x = id < 0 ? NULL : &b->plan->planes[id];
      if (x && (x->kind == PLANE_LOCAL || x->kind == PLANE_STORED) && x->region < 0) x->region = s->region;
    }
}

/* Decided by more coefficients than it makes. */
static int is_choice(const node *n) {
  int any = n->op->step == STEP_ROW && jk_rows[n->op->row].kind == JK_CHOICE;
  for (int i = 0; i < JK_MAX_IN; i++) any |= n->op->step == STEP_WHOLE && n->op->needs[i] == NEED_ALL;
  return any;
}

static const shape *own_shape(build *b, int id) { /* copied once; NULL after plan_fail */
  if (b->shapes[id]) return b->shapes[id];
  shape *copy = (shape *)bag_new(&b->plan->owned, 1, sizeof *copy);
  if (!copy) build_no_memory(b);
  else *copy = b->tape->shapes[id];
  return b->shapes[id] = copy;
}

static int add_step(build *b, const node *n, const kind *k, const int makes[2], int region) {
  jet_plan *p = b->plan;
  if (!build_grow(b, &p->steps, &p->steps_room, p->nsteps, sizeof *p->steps)) return 0;
  const value *v = value_of(b->tape, n->first);
  step *s = &p->steps[p->nsteps], fresh = {.run = b->sources ? run_repeat : k->run, .of = n->op,
                                           .result = own_shape(b, v->shape), .order = v->order, .k0 = makes[0],
                                           .k1 = makes[1], .region = region, .node = p->nflows - 1,
                                           .directions = v->directions};
  if (!fresh.result) return 0;
  *s = fresh;
  s->now0 = s->k0, s->now1 = s->k1;
  s->late = b->late_of[n->first] || is_choice(n);
  s->n = lanes(b, k->sink ? build_input(b, n, 0) : n->first);
  if (!operands(b, n, s) || !plan_step(b, n, s)) return 0;
  claim_planes(b, s);
  p->regions[region].sums += s->run == run_sum;
  p->max_order = max_(p->max_order, v->order);
  p->nsteps++;
  return 1;
}

static int add_node(build *b, const node *n) {
  int region, makes[2], size = 0;
  for (int v = n->first; v < n->first + n->count; v++) size |= lanes(b, v) > 0;
  const kind *k = kind_of(b, n);
  if (size && n->op->step == STEP_BROADCAST) {
    if ((region = place_step(b, n, k)) < 0) return 0;
    if (plan_shares(b, n, region)) return 1;
  }
  if (!plan_planes(b, n, makes)) return 0;
  if (n->op->step == STEP_LEAF) return 1;
  if (makes[0] >= makes[1] || !size) return place_alias(b, n), 1;
  return (region = place_step(b, n, k)) >= 0 && add_step(b, n, k, makes, region);
}

/* ---- the walk ------------------------------------------------------------------------------------------------------------------ */

static void add_flow(build *b, const node *n) {
  jet_plan *p = b->plan;
  int above = n->op == &op_coefficient ? value_of(b->tape, build_input(b, n, 0))->order - n->with.k : 0;
  flow f = {n->first, n->count, n->nin, n->in, value_of(b->tape, n->first)->parameter >= 0, above, 0};
  p->flows[p->nflows++] = f;
}

/* Order by order is no way where a coefficient feeds a jet again: the one sweep must end before the next begins. */
static int check_feedback(build *b, const node *n) {
  int jets = value_of(b->tape, n->first)->parameter >= 0, from = n->op == &op_coefficient ? FROM_COEFFICIENT : 0;
  for (int i = 0; i < n->nin; i++) {
    int in = build_input(b, n, i);
    from |= b->late_of[in];
    if (value_of(b->tape, in)->parameter >= 0 && n->op->step != STEP_LEAF && n->op->step != STEP_ALIAS)
      from |= FROM_CHOICE;
  }
  for (int v = n->first; v < n->first + n->count && !jets; v++) b->late_of[v] = (char)from;
  if (!jets || !(from & FROM_COEFFICIENT) || !b->plan->by_orders) return 1;
  return plan_fail(b->plan, JET_UNSUPPORTED,
                   "by_orders: a jet_coefficient feeds a jet (at %s), so that its orders cannot be run one by one",
                   n->op->name);
}

static int walk(build *b) {
  for (int i = 0; i < b->nnodes; i++) {
    const node *n = &b->tape->nodes[i];
    int any = build_is_input(n->op);
    if (any) plan_want(b, n->first, 0, JET_MAX_ORDER); /* inputs always have all their memory */
    for (int v = n->first; v < n->first + n->count; v++) any |= needed(b, v);
    if (!any) continue;
    add_flow(b, n);
    if (!check_feedback(b, n) || !add_node(b, n)) return 0;
  }
  return 1;
}

/* ---- all of it ------------------------------------------------------------------------------------------------------------------- */

static int lists(build *b) {
  jet_plan *p = b->plan;
  size_t values = (size_t)b->nvalues;
  b->planes = (int **)bag_new(&b->scratch, values, sizeof *b->planes);
  b->complete = (int *)bag_new(&b->scratch, values, sizeof(int));
  b->in_block = (int *)bag_new(&b->scratch, values, sizeof(int));
  b->late_of = (char *)bag_new(&b->scratch, values, 1);
  b->lists = (const ptrdiff_t **)bag_new(&b->scratch, (size_t)b->tape->nlists, sizeof *b->lists);
  b->shapes = (const shape **)bag_new(&b->scratch, (size_t)b->tape->nshapes, sizeof *b->shapes);
  p->flows = (flow *)bag_new(&p->owned, (size_t)b->nnodes, sizeof *p->flows);
  p->lost = (int *)bag_new(&p->owned, values, sizeof(int));
  p->args = (int *)bag_new(&p->owned, (size_t)b->tape->nargs, sizeof(int));
  if (!b->planes || !b->complete || !b->in_block || !b->late_of || !b->lists || !b->shapes || !p->flows || !p->lost ||
      !p->args)
    return build_no_memory(b);
  for (int i = 0; i < b->tape->nargs; i++) p->args[i] = b->same_as[b->tape->args[i]];
  return 1;
}

static int all(build *b, int n, const jet outputs[]) {
  return plan_common(b, n, outputs) && plan_need(b, n, outputs) && plan_same_need(b) && lists(b) && plan_spaces(b) && walk(b) &&
         plan_sort(b) && plan_chains(b) && plan_layout(b, n, outputs);
}

int plan_build(jet_plan *p, const jet_tape *tape, int n, const jet outputs[]) {
  build b = {.plan = p, .tape = tape, .scratch = {.mem = p->mem}, .nvalues = tape->nvalues, .nnodes = tape->nnodes};
  int good = (p->set = jk_select((int)tape->isa)) ? all(&b, n, outputs)
                                                  : plan_fail(p, JET_UNSUPPORTED, "the instruction set is not available here");
  bag_free(&b.scratch);
  return good;
}
