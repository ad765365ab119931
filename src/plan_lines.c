/* plan_lines.c - takes the runs that plan_chains.c has found apart into lines (lines.h), and has their code made.
   The rows stay in the plan, behind the run: where something is not finite they are what makes the block, since zeros may absorb it. */
#include "build.h"
#include "lines.h"
#include "ops.h"

#include <stdint.h>
#include <string.h>

enum { COEFFICIENTS_MOST = 4 };

/* A value with a sign: 2 v + (1 if minus). What is structurally zero is NONE. */
enum { NONE = -1 };

typedef struct taking {
  build *b;
  native *code;
  line *list;
  int count, room;
  int run, carries;          /* at hand, from 1; its carries */
  int *made, *seen, *signed_value; /* by plane: the run that makes it; that knows it; as what */
  int region, large, *counted; /* the latest region; whether it goes beyond the cache; by plane */
  int *ids, planes, planes_room; /* of the run's table of pointers */
} taking;

/* ---- lines, each once -------------------------------------------------------------------------------------------------------- */

static int same_line(const line *x, const line *y) {
  return x->op == y->op && !memcmp(x->of, y->of, sizeof x->of) && x->plane == y->plane && x->lanes == y->lanes &&
         x->minus_product == y->minus_product && x->minus_sum == y->minus_sum &&
         !memcmp(&x->constant, &y->constant, sizeof x->constant);
}

static int add_line(taking *t, const line *x) { /* its value, or -1 after plan_fail */
  for (int v = 0; v < t->count; v++)
    if (same_line(&t->list[v], x)) return v;
  if (!build_grow(t->b, &t->list, &t->room, t->count, sizeof *x)) return -1;
  t->list[t->count] = *x;
  return t->count++;
}

static int constant(taking *t, double c) {
  line x = {.op = LINE_CONSTANT, .of = {-1, -1, -1}, .constant = c};
  return 2 * add_line(t, &x);
}

static int operation(taking *t, line_op op, int a, int b) {
  line x = {.op = op, .of = {a / 2, b / 2, -1}};
  return 2 * add_line(t, &x);
}

/* Lanes of a before, by a carry of its own. */
static int shifted(taking *t, int a, ptrdiff_t lanes) {
  line x = {.op = LINE_SHIFT, .of = {a / 2, -1, -1}, .plane = t->carries++, .lanes = lanes};
  return 2 * add_line(t, &x);
}

static int positive(taking *t, int a) { return a & 1 ? operation(t, LINE_NEGATE, a, constant(t, -0.0)) : a; }

/* -a + b is b - a and -a - b is (-a) - b, but not -(a + b), whose zero has the other sign. */
static int plus(taking *t, int a, int b) {
  if (a == NONE || b == NONE) return a == NONE ? b : a;
  if (!(a & 1) && !(b & 1)) return operation(t, LINE_ADD, a, b);
  if (!(a & 1)) return operation(t, LINE_SUBTRACT, a, b);
  if (!(b & 1)) return operation(t, LINE_SUBTRACT, b, a);
  return operation(t, LINE_SUBTRACT, positive(t, a), b);
}

static int minus(int a) { return a == NONE ? a : a ^ 1; }
static int times(taking *t, int a, int b) { return operation(t, LINE_MULTIPLY, a, b) | ((a ^ b) & 1); }

static int times_plus(taking *t, int a, int b, int c) { /* rounded once */
  line x = {.op = LINE_FMA, .of = {a / 2, b / 2, c / 2}, .minus_product = (a ^ b) & 1, .minus_sum = c & 1};
  return c == NONE ? times(t, a, b) : 2 * add_line(t, &x);
}

/* ---- planes ----------------------------------------------------------------------------------------------------- */

static int table_entry(taking *t, int id) {
  for (int i = 0; i < t->planes; i++)
    if (t->ids[i] == id) return i;
  if (!build_grow(t->b, &t->ids, &t->planes_room, t->planes, sizeof *t->ids)) return 0;
  t->ids[t->planes] = id;
  return t->planes++;
}

static void know(taking *t, int id, int x) {
  t->seen[id] = t->run;
  t->signed_value[id] = x;
}

static int read_plane(taking *t, const step *s, int input, int k) {
  int id = plane_in(s->in_planes[input], &s->in[input], k);
  if (id < 0) return NONE;
  if (t->seen[id] != t->run) {
    line x = {.op = LINE_LOAD, .of = {-1, -1, -1}, .plane = table_entry(t, id)};
    know(t, id, 2 * add_line(t, &x));
  }
  return t->signed_value[id];
}

/* ---- rows: coefficient k as the kernels round it ------------------------------------------------------------------------------------ */

typedef int row_lines(taking *, const step *, int k);

static int add_lines(taking *t, const step *s, int k) { return plus(t, read_plane(t, s, 0, k), read_plane(t, s, 1, k)); }
static int sub_lines(taking *t, const step *s, int k) { return plus(t, read_plane(t, s, 0, k), minus(read_plane(t, s, 1, k))); }
static int neg_lines(taking *t, const step *s, int k) { return minus(read_plane(t, s, 0, k)); }

static int scale_lines(taking *t, const step *s, int k) {
  int a = read_plane(t, s, 0, k);
  return a == NONE ? a : times(t, a, constant(t, s->call->c));
}

static int shift_lines(taking *t, const step *s, int k) {
  return plus(t, read_plane(t, s, 0, k), constant(t, k ? 0 : s->call->c));
}

/* Coefficients lo..hi of a factor meet those of the other, in one chain. */
static int mul_lines(taking *t, const step *s, int k) {
  const jk_series *a = &s->in[0], *b = &s->in[1];
  int sum = NONE;
  for (int i = max_(a->low, k - b->degree); i <= min_(a->degree, k - b->low); i++)
    sum = times_plus(t, read_plane(t, s, 0, i), read_plane(t, s, 1, k - i), sum);
  return sum;
}

static void watch_product(taking *t, const step *s, int k, int y) {
  const jk_series *a = &s->in[0], *b = &s->in[1];
  int last = min_(s->k1 - 1, s->out[0].degree);
  int top = !a->low && !b->low && a->degree >= last && b->degree >= last; /* the top has every number in a term */
  if (y >= 0 && (k == last || !top)) t->list[y / 2].watched = 1;
}

static int mulz_lines(taking *t, const step *s, int k) {
  int y = mul_lines(t, s, k);
  watch_product(t, s, k, y);
  return y;
}

/* From the middle outwards: square_at of jets/product.h. */
static int square_lines(taking *t, const step *s, int k) {
  int lo = max_(s->in[0].low, k - s->in[0].degree), i = (k - 1) / 2;
  if (2 * lo > k) return NONE;
  int middle = read_plane(t, s, 0, k / 2);
  if (2 * lo == k) return times(t, middle, middle);
  int sum = times(t, k % 2 ? middle : times(t, middle, constant(t, 0.5)), read_plane(t, s, 0, k - k / 2));
  for (i -= k % 2; i >= lo; i--) sum = times_plus(t, read_plane(t, s, 0, i), read_plane(t, s, 0, k - i), sum);
  return plus(t, sum, sum);
}

static row_lines *const lines_of[JK_ROWS] = {
    [JK_add] = add_lines,     [JK_sub] = sub_lines, [JK_neg] = neg_lines,   [JK_scale] = scale_lines,
    [JK_shift] = shift_lines, [JK_mul] = mul_lines, [JK_mulz] = mulz_lines, [JK_square] = square_lines,
};

/* ---- a run ------------------------------------------------------------------------------------------------------ */

int plan_has_lines(const step *s) {
  return s->type == &type_row && lines_of[s->call->row] && s->directions == 1 && s->k1 <= COEFFICIENTS_MOST;
}

/* Coefficient k of the row's result; where that has the plane of an input there is nothing to do. */
static void take_coefficient(taking *t, const step *s, int k, int end) {
  int id = plane_in(s->out_planes[0], &s->out[0], k);
  if (id < 0 || t->made[id] != t->run) return;
  int y = lines_of[s->call->row](t, s, k);
  if (y == NONE) y = constant(t, 0);
  know(t, id, y);
  plane *x = &t->b->plan->planes[id];
  if ((x->hidden = x->kind == PLANE_LOCAL && x->last <= end)) return;
  line store = {.op = LINE_STORE, .of = {positive(t, y) / 2, -1, -1}, .plane = table_entry(t, id)};
  add_line(t, &store);
}

/* What is not finite stays so in whatever is made of it: it is enough to look there. (What is shifted may belong to the next block.) */
static void watch_later(taking *t) {
  for (int v = 0; v < t->count; v++)
    for (int w = t->count - 1; w > v && t->list[v].watched; w--) {
      line *x = &t->list[w];
      if (x->op == LINE_STORE || x->op == LINE_SHIFT || (x->of[0] != v && x->of[1] != v && x->of[2] != v)) continue;
      t->list[v].watched = 0;
      x->watched = 1;
    }
}

static void drop_unread(taking *t) {
  for (int v = t->count - 1; v >= 0; v--) {
    line *x = &t->list[v];
    if (x->op != LINE_STORE && !x->watched && !x->last) {
      line gone = {.op = LINE_GONE, .of = {-1, -1, -1}};
      *x = gone;
    }
    for (int i = 0; i < LINE_OPERANDS; i++)
      if (x->of[i] >= 0) t->list[x->of[i]].last = 1;
  }
}

/* A coefficient that only one factor or summand has may be that one's plane. */
int plan_makes_plane(const step *s, int k, int id) {
  int makes = id >= 0;
  for (int i = 0; i < s->nin; i++) makes &= plane_in(s->in_planes[i], &s->in[i], k) != id;
  return makes;
}

/* Inputs of the run live to its end: the rows may have to go over the block again. */
static void keep_inputs(taking *t, const step *s, int end) {
  for (int i = 0; i < s->nin; i++)
    for (int k = s->in[i].low; s->in_planes[i] && k <= s->in[i].degree; k++) {
      int id = s->in_planes[i][k];
      if (id >= 0 && t->made[id] != t->run) t->b->plan->planes[id].last = max_(t->b->plan->planes[id].last, end);
    }
}

/* ---- deposits behind it ----------------------------------------------------------------------------------------- */

/* Overlapping parts add up in registers: what lies higher lags behind. */
static int part_lines(taking *t, const step *s, int i, int k) {
  ptrdiff_t lag = plan_part_lag(s->deposit, i, s->nin);
  int x = read_plane(t, s, s->deposit->order[i], k);
  return x == NONE || !lag ? x : shifted(t, positive(t, x), lag);
}

static void deposit_lines(taking *t, const step *s) {
  for (int k = s->k0; k < s->k1; k++) {
    int sum = NONE;
    for (int i = 0; i < s->nin; i++) {
      int x = part_lines(t, s, i, k);
      sum = i ? plus(t, sum, x) : x == NONE ? constant(t, 0) : x;
    }
    line store = {.op = LINE_STORE, .of = {positive(t, sum) / 2, -1, -1}, .plane = table_entry(t, s->out_planes[0][k]),
                  .lanes = s->deposit->offset[s->deposit->order[s->nin - 1]]};
    add_line(t, &store);
  }
}

/* ---- stores past the cache -------------------------------------------------------------------------------------- */

enum { STREAM = 24 << 20 }; /* bytes in memory that a region goes over: less stays in the cache for whoever reads it next */

static int count_planes(taking *t, int at, int n, const jk_series *s, const int *const *planes) {
  int count = 0;
  for (int i = 0; i < n; i++)
    for (int k = s[i].low; planes[i] && k <= s[i].degree; k++) {
      int id = planes[i][k];
      if (id < 0 || t->counted[id] == at + 1 || t->b->plan->planes[id].kind == PLANE_LOCAL) continue;
      t->counted[id] = at + 1;
      count++;
    }
  return count;
}

static int is_large(taking *t, int at) {
  const jet_plan *p = t->b->plan;
  const region *r = &p->regions[at];
  ptrdiff_t planes = 0, size;
  if (r->n < STREAM / 64 / (ptrdiff_t)sizeof(real)) return 0;
  for (const step *s = p->steps + r->first, *end = s + r->count; s < end; s++)
    planes += count_planes(t, at, s->nin, s->in, s->in_planes) + count_planes(t, at, s->nout, s->out, s->out_planes);
  return __builtin_mul_overflow(planes * (ptrdiff_t)sizeof(real), r->n, &size) || size >= STREAM;
}

static void stream(taking *t, int at) {
  jet_plan *p = t->b->plan;
  if (at != t->region) t->region = at, t->large = plan_may(p, JET_STREAMING) && is_large(t, at);
  for (int v = 0; v < t->count && t->large; v++) {
    line *x = &t->list[v];
    const plane *to = x->op == LINE_STORE ? &p->planes[t->ids[x->plane]] : NULL;
    if (to && to->kind == PLANE_STORED && to->last < 0) p->regions[at].streams = x->streamed = 1;
  }
}

static int list_streamed(taking *t, chain *x) {
  for (int v = 0; v < t->count; v++) x->streams += t->list[v].streamed;
  x->stream = (int *)bag_new(&t->b->plan->owned, (size_t)x->streams, sizeof *x->stream);
  x->stream_lanes = (ptrdiff_t *)bag_new(&t->b->plan->owned, (size_t)x->streams, sizeof *x->stream_lanes);
  if (!x->stream || !x->stream_lanes) return build_no_memory(t->b);
  for (int v = 0, i = 0; v < t->count; v++)
    if (t->list[v].streamed) x->stream[i] = t->list[v].plane, x->stream_lanes[i++] = t->list[v].lanes;
  return 1;
}

static int take_run(taking *t, int first) {
  jet_plan *p = t->b->plan;
  chain *x = p->steps[first].lines;
  int rows_end = first + x->rows - 1, end = rows_end + x->sinks;
  t->run++, t->count = t->planes = t->carries = 0;
  for (int i = first; i <= rows_end; i++) {
    const step *s = &p->steps[i];
    for (int k = s->k0; k < s->k1; k++) {
      int id = plane_in(s->out_planes[0], &s->out[0], k);
      if (plan_makes_plane(s, k, id)) t->made[id] = t->run;
    }
  }
  for (int i = first; i <= end; i++) {
    const step *s = &p->steps[i];
    keep_inputs(t, s, end);
    for (int k = s->k0; i <= rows_end && k < s->k1; k++) take_coefficient(t, s, k, end);
    if (i > rows_end) deposit_lines(t, s);
    if (p->status) return 0;
  }
  watch_later(t);
  drop_unread(t);
  stream(t, p->steps[first].region);
  int *ids = (int *)bag_new(&p->owned, (size_t)t->planes, sizeof *ids);
  if (!ids || !list_streamed(t, x)) return build_no_memory(t->b);
  memcpy(ids, t->ids, (size_t)t->planes * sizeof *ids);
  x->width = t->code->width, x->ids = ids, x->planes = t->planes, x->carries = t->carries, x->operations = t->count;
  x->at = native_add(t->code, t->list, t->count, t->planes);
  return 1;
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

static int take_all(taking *t) {
  jet_plan *p = t->b->plan;
  t->made = (int *)bag_new(&t->b->scratch, (size_t)p->nplanes, sizeof(int));
  t->seen = (int *)bag_new(&t->b->scratch, (size_t)p->nplanes, sizeof(int));
  t->signed_value = (int *)bag_new(&t->b->scratch, (size_t)p->nplanes, sizeof(int));
  t->counted = (int *)bag_new(&t->b->scratch, (size_t)p->nplanes, sizeof(int));
  if (!t->made || !t->counted || !t->seen || !t->signed_value) return build_no_memory(t->b);
  for (int i = 0; i < p->nsteps; i++)
    if (p->steps[i].lines && !take_run(t, i)) return 0;
  return 1;
}

/* Without code the rows run, as if nothing had been found. */
static void connect_code(jet_plan *p) {
  for (int i = 0; i < p->nsteps; i++) {
    chain *x = p->steps[i].lines;
    if (!x) continue;
    if (p->code) x->code = (native_code *)(uintptr_t)((char *)p->code + x->at);
    else p->steps[i].lines = NULL;
    for (int j = i; p->code && j < i + x->rows + x->sinks; j++) p->steps[j].in_lines = 1;
  }
  for (int i = 0; i < p->nplanes && !p->code; i++) p->planes[i].hidden = 0;
}

int plan_lines(build *b) {
  jet_plan *p = b->plan;
  int any = 0;
  for (int i = 0; i < p->nsteps && !any; i++) any = p->steps[i].lines != NULL;
  if (!any) return 1;
  native code = {.mem = p->mem, .width = native_width(p->set)};
  taking t = {.b = b, .code = &code, .region = -1};
  int good = take_all(&t);
  p->code = native_seal(&code, &p->code_size);
  memory_resize(&p->mem, t.list, (size_t)t.room * sizeof *t.list, 0);
  memory_resize(&p->mem, t.ids, (size_t)t.planes_room * sizeof *t.ids, 0);
  connect_code(p);
  return good && (!code.no_memory || build_no_memory(b));
}
