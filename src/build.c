/* build.c - from the tape to a plan: walks the needed nodes, finds their planes, and places a step for what no plane holds yet. */
#include "build.h"
#include "ops.h"
#include "pattern.h"

#include <string.h>

int build_no_memory(build *b) { return plan_fail(b->plan, JET_NO_MEMORY, "out of memory while planning"); }

int build_grow(build *b, void *list, int *room, int count, size_t element) {
  return memory_grow(&b->plan->mem, list, room, count, element) || build_no_memory(b);
}

/* ---- kinds of steps ------------------------------------------------------------------------------------------------------ */

typedef struct kind { /* of a node: the type of its step, and where that has to be */
  const step_type *type;
  int complete; /* reads all of its inputs, not a block */
  int sink;     /* runs over its inputs' space; the result is there when the region is done */
  int once;     /* on whole planes */
} kind;

static const kind kinds[] = {
    [STEP_LEAF] = {NULL, 0, 0, 0},         [STEP_ALIAS] = {&type_repeat, 1, 0, 1},   [STEP_VIEW] = {&type_repeat, 1, 0, 1},
    [STEP_ROW] = {&type_row, 0, 0, 0},       [STEP_BROADCAST] = {&type_broadcast, 1, 0, 0}, [STEP_SUM] = {&type_sum, 0, 1, 0},
    [STEP_DEPOSIT] = {&type_deposit, 1, 0, 1}, [STEP_PLANES] = {&type_planes, 1, 0, 1},  [STEP_PAIRS] = {&type_pairs, 1, 0, 1},
    [STEP_STAGED] = {&type_stages, 1, 0, 1},   [STEP_WHOLE] = {&type_whole, 1, 0, 1},     [STEP_COLLAPSE] = {&type_collapse, 0, 0, 0},
};
static const kind sinks[] = {[SINK_NONE] = {&type_planes, 1, 0, 1}, [SINK_COLUMNS] = {&type_sum_columns, 0, 1, 0},
                             [SINK_ROWS] = {&type_sum_rows, 0, 1, 0}};
static const kind sink_deposit = {&type_add, 0, 1, 0}, whole_deposit = {&type_add, 1, 0, 1}, whole_sum = {&type_sum, 1, 0, 1};

/* In the region of what is made with the plan: on whole arrays. */
static const kind *folded_kind(const build *b, const node *n) {
  static const kind row = {&type_row, 1, 0, 1};
  if (n->op->step == STEP_ROW) return &row;
  if (n->op->step == STEP_SUM) return &whole_sum;
  return n->op->step == STEP_DEPOSIT && plan_is_sink(b, n) ? &whole_deposit : &kinds[n->op->step];
}

static const kind *kind_of(build *b, const node *n) {
  if (b->known[n->first] && n->op->step != STEP_LEAF) return folded_kind(b, n);
  if (n->op == &op_sum_axes) return &sinks[plan_sum_sink(b, n)];
  if (n->op->step == STEP_SUM && plan_sum_whole(b, n)) return &whole_sum;
  if (n->op->step != STEP_DEPOSIT || !plan_is_sink(b, n)) return &kinds[n->op->step];
  return plan_may(b->plan, JET_SINKS) ? &sink_deposit : &whole_deposit;
}

/* ---- where a node's values can be read -------------------------------------------------------------------------------------- */

static ptrdiff_t lanes(const build *b, int v) { return shape_of(b->tape, v)->size; }

/* The level from which all inputs can be read: complete, or, where that is enough, by blocks of the node's space. */
static int earliest(const build *b, const node *n, int complete) {
  int level = 0;
  for (int i = 0; i < n->nin; i++) {
    int in = build_input(b, n, i);
    level = max_(level, complete ? b->complete[in] : b->remade[in] ? b->remade[in] - 1 : b->in_block[in]);
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

static void made_in(build *b, const node *n, int region, int sink) {
  const struct region *x = &b->plan->regions[region];
  for (int v = n->first; v < n->first + n->count; v++) {
    b->complete[v] = x->level + !x->once;
    b->in_block[v] = x->level + (!x->once && sink);
  }
}

static int place_step(build *b, const node *n, const kind *k) { /* its region, or -1 */
  if (b->known[n->first]) return plan_fold_region(b); /* its values can be read from the beginning on */
  int of = k->sink ? build_input(b, n, 0) : n->first;
  int space = k->once ? 0 : b->space_of[value_of(b->tape, of)->shape];
  int r = plan_region(b, space, lanes(b, of), earliest(b, n, k->complete));
  if (r < 0) return -1;
  made_in(b, n, r, k->sink);
  return r;
}

/* ---- steps ------------------------------------------------------------------------------------------------------------------- */

static jk_series series(const build *b, int v) {
  jk_series s = {NULL, NULL, b->need[v].lo, b->need[v].hi};
  return s;
}

/* Planes of input i; where the node makes a sum over directions, with the sum of that coefficient; NULL after plan_fail. */
static int input_planes(build *b, const node *n, int i, const int **ids) {
  int in = build_input(b, n, i), k = b->summed[n->first], id, *list;
  *ids = b->planes[in];
  if (!k || build_plane(b, in, k) < 0 || !plan_sum_input(b, n, i)) return 1;
  if (!plan_total(b, in, k, value_of(b->tape, n->first)->directions, &id)) return 0;
  if (id == (*ids)[k]) return 1;
  if (!(list = (int *)bag_new(&b->plan->owned, (size_t)b->need[in].hi + 1, sizeof *list))) return build_no_memory(b);
  memcpy(list, *ids, ((size_t)b->need[in].hi + 1) * sizeof *list);
  list[k] = id;
  *ids = list;
  return 1;
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
    if (b->sources) s->in_planes[i] = b->sources;
    else if (!input_planes(b, n, i, &s->in_planes[i])) return 0;
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

const shape *build_shape(build *b, int id) {
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
  step *s = &p->steps[p->nsteps], fresh = {.type = b->sources ? &type_repeat : k->type, .of = n->op,
                                           .result = build_shape(b, v->shape), .order = v->order, .k0 = makes[0],
                                           .k1 = makes[1], .region = region, .node = p->nflows - 1,
                                           .directions = n->op == &op_collapse ? n->with.k : v->directions};
  if (!fresh.result) return 0;
  *s = fresh;
  s->now0 = s->k0, s->now1 = s->k1;
  if (s->k1 == b->summed[n->first] + 1) s->summed = s->k1 - 1;
  s->late = b->late_of[n->first] || is_choice(n);
  s->n = lanes(b, k->type->traits & TYPE_SINK ? build_input(b, n, 0) : n->first);
  if (!operands(b, n, s) || (s->type->tell && !s->type->tell(b, n, s))) return 0;
  claim_planes(b, s);
  p->regions[region].sums += s->type == &type_sum;
  p->regions[region].finishes += s->type->finish != NULL;
  p->max_order = max_(p->max_order, v->order);
  p->nsteps++;
  return 1;
}

/* ---- what waits for its readers ------------------------------------------------------------------------------------------------

   A broadcast costs a block a store to the first cache for each number, or nothing where it is hoisted; one that is kept from region to region
   costs a store and a load of memory. So it is made again in the region of every reader. Elements at a pattern are read where the first of
   their readers wants them, by blocks; again for another region only where that reads the same lines of memory as a copy would. */

static int waits(const build *b, const node *n) {
  step_kind step = n->op->step;
  if (!plan_may(b->plan, JET_REMAKING) || b->plan->by_orders || b->summed[n->first] || !b->space_of[value_of(b->tape, n->first)->shape]) return 0;
  return step == STEP_BROADCAST || (n->op == &op_read && pattern_reads_lanes(list_of(b->tape, n)->at));
}

static int is_made_in(const build *b, int v, int region) {
  return b->planes[v] && b->plan->planes[b->planes[v][b->need[v].lo]].region == region;
}

/* In the region, by blocks or, where it runs once, whole. */
static int make(build *b, const node *n, int region) {
  static const kind read = {&type_read, 1, 0, 0};
  const kind *k = n->op == &op_read && !b->plan->regions[region].once ? &read : kind_of(b, n);
  int makes[2];
  made_in(b, n, region, 0);
  if (plan_shares(b, n, region)) return 1;
  return plan_planes(b, n, makes) && add_step(b, n, k, makes, region);
}

static int make_in(build *b, int v, int region) {
  const node *n = node_of(b->tape, v);
  if (!b->remade[v] || is_made_in(b, v, region)) return 1;
  if (n->op == &op_read && !pattern_is_dense(list_of(b->tape, n)->at)) b->remade[v] = 0; /* from here on it is there */
  return make(b, n, region);
}

/* For a reader that takes it whole. */
static int make_whole(build *b, int v) {
  const node *n = node_of(b->tape, v);
  if (!b->remade[v] || b->planes[v]) return 1;
  int region = place_step(b, n, kind_of(b, n));
  if (n->op == &op_read) b->remade[v] = 0;
  return region >= 0 && make(b, n, region);
}

static int any_remade(const build *b, const node *n) {
  for (int i = 0; i < n->nin; i++)
    if (b->remade[build_input(b, n, i)]) return 1;
  return 0;
}

static int make_inputs(build *b, const node *n, int region) { /* -1: whole */
  for (int i = 0; i < n->nin; i++)
    if (!(region < 0 ? make_whole(b, build_input(b, n, i)) : make_in(b, build_input(b, n, i), region))) return 0;
  return 1;
}

/* Made now, and nowhere again. */
static int inputs_stay(build *b, const node *n) {
  if (!make_inputs(b, n, -1)) return 0;
  for (int i = 0; i < n->nin; i++) b->remade[build_input(b, n, i)] = 0;
  return 1;
}

/* It reads blocks of what is remade, which comes first: the node's planes may be the same under other names. */
static int add_reader(build *b, const node *n, const kind *k) {
  int makes[2], region = place_step(b, n, k);
  if (region < 0 || !make_inputs(b, n, region) || !plan_planes(b, n, makes)) return 0;
  if (makes[0] < makes[1]) return add_step(b, n, k, makes, region);
  place_alias(b, n);
  return 1;
}

/* ---- a node ---------------------------------------------------------------------------------------------------------------------- */

static int add_node(build *b, const node *n) {
  int region, makes[2], size = 0;
  for (int v = n->first; v < n->first + n->count; v++) size |= lanes(b, v) > 0;
  plan_folds(b, n);
  const kind *k = kind_of(b, n);
  if (b->summed[n->first]) { /* sums are taken of what is there */
    if (!inputs_stay(b, n) || !plan_totals(b, n)) return 0;
  } else if (any_remade(b, n) && !k->complete) return add_reader(b, n, k);
  if (!make_inputs(b, n, -1)) return 0;
  if (size && !b->known[n->first] && waits(b, n)) {
    b->remade[n->first] = earliest(b, n, 1) + 1;
    return 1;
  }
  if (size && n->op->step == STEP_BROADCAST) return (region = place_step(b, n, k)) >= 0 && make(b, n, region);
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

static int walk(build *b, int n, const jet outputs[]) {
  for (int i = 0; i < b->nnodes; i++) {
    const node *x = &b->tape->nodes[i];
    int any = build_is_input(x->op);
    if (any) plan_want(b, x->first, 0, JET_MAX_ORDER); /* inputs always have all their memory */
    for (int v = x->first; v < x->first + x->count; v++) any |= build_needs(b, v);
    if (!any) continue;
    add_flow(b, x);
    if (!check_feedback(b, x) || !add_node(b, x)) return 0;
  }
  for (int i = 0; i < n; i++)
    if (!make_whole(b, b->same_as[outputs[i].id])) return 0;
  return 1;
}

/* ---- all of it ------------------------------------------------------------------------------------------------------------------- */

static int lists(build *b) {
  jet_plan *p = b->plan;
  size_t values = (size_t)b->nvalues;
  b->planes = (int **)bag_new(&b->scratch, values, sizeof *b->planes);
  b->totals = (int **)bag_new(&b->scratch, values, sizeof *b->totals);
  b->complete = (int *)bag_new(&b->scratch, values, sizeof(int));
  b->in_block = (int *)bag_new(&b->scratch, values, sizeof(int));
  b->known = (char *)bag_new(&b->scratch, values, 1);
  b->remade = (int *)bag_new(&b->scratch, values, sizeof(int));
  b->late_of = (char *)bag_new(&b->scratch, values, 1);
  b->lists = (const ptrdiff_t **)bag_new(&b->scratch, (size_t)b->tape->nlists, sizeof *b->lists);
  b->shapes = (const shape **)bag_new(&b->scratch, (size_t)b->tape->nshapes, sizeof *b->shapes);
  p->flows = (flow *)bag_new(&p->owned, (size_t)b->nnodes, sizeof *p->flows);
  p->lost = (int *)bag_new(&p->owned, values, sizeof(int));
  p->args = (int *)bag_new(&p->owned, (size_t)b->tape->nargs, sizeof(int));
  if (!b->planes || !b->totals || !b->complete || !b->in_block || !b->known || !b->remade || !b->late_of || !b->lists || !b->shapes ||
      !p->flows || !p->lost ||
      !p->args)
    return build_no_memory(b);
  for (int i = 0; i < b->tape->nargs; i++) p->args[i] = b->same_as[b->tape->args[i]];
  return 1;
}

static int all(build *b, int n, const jet outputs[]) {
  if (!plan_common(b, n, outputs)) return 0;
  plan_clean(b);
  return plan_need(b, n, outputs) && plan_same_need(b) && lists(b) && plan_spaces(b) && walk(b, n, outputs) &&
         plan_sort(b) && plan_layout(b, n, outputs);
}

int plan_build(jet_plan *p, const jet_tape *tape, int n, const jet outputs[]) {
  build b = {.plan = p, .tape = tape, .scratch = {.mem = p->mem}, .nvalues = tape->nvalues, .nnodes = tape->nnodes};
  int good = (p->set = jk_select((int)tape->isa)) ? all(&b, n, outputs)
                                                  : plan_fail(p, JET_UNSUPPORTED, "the instruction set is not available here");
  bag_free(&b.scratch);
  return good;
}
