/* switches.c - see switches.h. */
#include "switches.h"

#include "plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { INPUTS = 4, P = 3, FEW = 10 };

/* ---- what is recorded --------------------------------------------------------------------------------------------------- */

typedef struct label {
  const char *what;
  int which, k;
} label;

typedef struct recording {
  jet_tape *tape;
  jet leaf[TRIAL_LEAVES]; /* what the caller fills in */
  jet out[TRIAL_OUTPUTS];
  label of[TRIAL_OUTPUTS];
  int leaves, n;
} recording;

/* Factors and summands that make an operation one that changes nothing, or nearly. */
static void plain_constants(program *p, generator *g) {
  static const double c[] = {0, -0.0, 1, -1, 2, 0.5};
  for (int v = p->inputs; v < p->count; v++) {
    const char *name = p->at[v].op->name;
    int may = strcmp(name, "scale") == 0 || strcmp(name, "shift") == 0, pick = random_below(g, 12);
    if (may && pick < 6) p->at[v].c = c[pick];
  }
}

static void make_program(const trial *t, program *p) {
  generator g = {t->seed}, h = {~t->seed};
  if (t->most) program_random_large(p, t->operations, t->most, &g);
  else program_random(p, t->operations, &g);
  plain_constants(p, &h);
}

static jet leaf(recording *r, jet x) {
  if (r->leaves == TRIAL_LEAVES) abort();
  return r->leaf[r->leaves++] = x;
}

static void output(recording *r, jet x, const char *what, int which, int k) {
  if (r->n == TRIAL_OUTPUTS) return;
  r->of[r->n] = (label){what, which, k};
  r->out[r->n++] = x;
}

static jet random_constant(jet_tape *tape, const op_shape *s, generator *g) {
  ptrdiff_t n = op_shape_size(s);
  double *x = (double *)malloc((size_t)(n + 1) * sizeof *x), same = (double)(random_below(g, 4) - 1);
  int kind = random_below(g, 3);
  for (ptrdiff_t i = 0; i < n; i++) x[i] = kind ? uniform(g, -1.5, 1.5) : same;
  jet y = jet_constant(tape, s->rank, s->dims, x);
  free(x);
  return y;
}

static jet random_input(recording *r, const op_shape *s, jet t, int directions, generator *g) {
  ptrdiff_t dims[NAIVE_RANK + 1] = {P};
  memcpy(dims + 1, s->dims, (size_t)s->rank * sizeof *dims);
  int kind = random_below(g, 6);
  if (kind == 0 && s->rank) return random_constant(t.tape, s, g);
  if (kind < 2) return leaf(r, jet_input(t.tape, s->rank, s->dims));
  if (kind == 2 && directions == 1) return leaf(r, jet_input_series(t, s->rank, s->dims));
  jet x = kind == 3 && s->rank ? random_constant(t.tape, s, g) : leaf(r, jet_input(t.tape, s->rank, s->dims));
  if (directions > 1) return jet_expand_many(x, leaf(r, jet_input(t.tape, s->rank + 1, dims)), t);
  return jet_expand(x, kind == 4 ? jet_scalar(t.tape, 1) : leaf(r, jet_input(t.tape, s->rank, s->dims)), t);
}

static jet input_like(recording *r, jet x) {
  ptrdiff_t dims[JET_MAX_RANK];
  for (int i = 0; i < jet_rank(x); i++) dims[i] = jet_extent(x, i);
  return leaf(r, jet_input(x.tape, jet_rank(x), dims));
}

/* Once more in reverse: of <w, grad>. */
static void record_second(recording *r, const jet in[], const jet grad[]) {
  jet w[INPUTS], second[INPUTS];
  for (int i = 0; i < INPUTS; i++) w[i] = input_like(r, in[i]);
  jet_vjp(INPUTS, grad, w, INPUTS, in, second);
  for (int i = 0; i < INPUTS; i++) output(r, second[i], "second gradient by input", i, -1);
}

/* A loss with a coefficient in it, by what is plain. */
static void record_residual(recording *r, jet y, int k) {
  jet wrt[TRIAL_LEAVES], grad[TRIAL_LEAVES];
  int n = 0;
  for (int i = 0; i < r->leaves && n < 3; i++)
    if (value_of(r->tape, r->leaf[i].id)->parameter < 0) wrt[n++] = r->leaf[i];
  if (!n) return;
  jet_grad(jet_sum(jet_square(jet_coefficient(y, k))), n, wrt, grad);
  for (int i = 0; i < n; i++) output(r, grad[i], "gradient of a coefficient by leaf", i, k);
}

static void record_reverse(recording *r, const program *p, const jet in[], const jet value[], generator *g) {
  jet y[NAIVE_MAX + 1], w[NAIVE_MAX + 1], grad[INPUTS];
  int n = 0, sweeps = random_below(g, 3), residual = random_below(g, 4);
  for (int v = p->inputs; v < p->count; v++)
    if (!program_uses(p, v)) y[n] = value[v], w[n++] = random_below(g, 3) ? input_like(r, value[v]) : jet_scalar(in[0].tape, 1);
  for (int i = 0; i < n; i++)
    if (jet_rank(w[i]) == 0 && jet_rank(y[i]) > 0) y[i] = jet_sum(y[i]);
  if (residual == 0 && n) record_residual(r, y[n - 1], jet_order(y[n - 1]));
  y[n] = jet_sum(value[0]), w[n++] = jet_scalar(in[0].tape, 0.5); /* one at least is a jet */
  if (sweeps) {
    jet_vjp(n, y, w, INPUTS, in, grad);
    for (int i = 0; i < INPUTS; i++) output(r, grad[i], "gradient by input", i, -1);
  }
  if (sweeps == 2) record_second(r, in, grad);
}

static void keep_few(recording *r, int n, generator *g) {
  while (r->n > n) {
    int i = random_below(g, r->n--);
    r->out[i] = r->out[r->n], r->of[i] = r->of[r->n];
  }
}

static void record_outputs(recording *r, const program *p, const jet in[], generator *g) {
  jet value[NAIVE_MAX];
  memcpy(value, in, INPUTS * sizeof *in);
  program_record(p, value);
  for (int v = p->inputs; v < p->count; v++) {
    if (program_uses(p, v)) continue;
    output(r, value[v], "value", v, -1);
    output(r, jet_coefficient(value[v], jet_order(value[v])), "coefficient of value", v, jet_order(value[v]));
  }
  record_reverse(r, p, in, value, g);
}

static void record(recording *r, const trial *t, const program *p) {
  generator g = {t->seed * 3 + 1};
  jet in[INPUTS];
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  memset(r, 0, sizeof *r);
  options.isa = t->isa;
  options.type = REAL(JET_F64, JET_F32);
  r->tape = jet_tape_new_ex(&options);
  jet s = jet_parameter(r->tape, random_below(&g, t->most ? 4 : 6));
  int directions = random_below(&g, 3) ? 1 : P;
  for (int i = 0; i < INPUTS; i++) in[i] = random_input(r, &p->at[i].shape, s, directions, &g);
  in[0] = jet_add(in[0], jet_mul(s, leaf(r, jet_input(r->tape, p->at[0].shape.rank, p->at[0].shape.dims)))); /* a jet */
  for (int times = random_below(&g, 3) ? 1 : 2; times > 0; times--) record_outputs(r, p, in, &g);
  if (t->most) keep_few(r, FEW, &g);
  if (t->output >= 0) r->out[0] = r->out[t->output], r->of[0] = r->of[t->output], r->n = 1;
}

/* ---- runs ------------------------------------------------------------------------------------------------------------------- */

/* Now and then a 0, where special points are, and in some plans infinities; not by orders, where elements that go by valuation are
   what is in memory above the order. */
static void fill_inputs(const recording *r, jet_plan *plan, uint64_t seed, int special) {
  generator g = {seed};
  int wild = random_below(&g, 6) == 0 && special;
  for (int i = 0; i < r->leaves; i++) {
    jet x = r->leaf[i];
    ptrdiff_t n = jet_size(x);
    double size = 1;
    for (int k = 0; k <= jet_order(x); k++, size *= 0.5)
      for (ptrdiff_t e = 0; e < n; e++) TYPED(jet_plan_data)(plan, x, k)[e] = (real)(k ? uniform(&g, -size, size) : uniform(&g, -1.5, 1.5));
    for (int zeros = random_below(&g, 3); special && n && zeros > 0; zeros--) TYPED(jet_plan_data)(plan, x, 0)[random_below(&g, (int)n)] = 0;
    if (n && wild) TYPED(jet_plan_data)(plan, x, 0)[random_below(&g, (int)n)] = random_below(&g, 2) ? (real)INFINITY : -(real)INFINITY;
  }
}

/* Directions may disagree about coefficient 0 at a kink of a gradient: then it has them too. */
static ptrdiff_t plane_size(jet x, int k) { return jet_size(x) * copies_of(value_of(x.tape, x.id), k); }

/* The caller's memory, at all places in a line of the cache, between numbers that nobody may touch. */
typedef struct bound {
  real *own, *at;
  ptrdiff_t n;
} bound;

typedef struct bounds {
  bound *list;
  int count, room;
} bounds;

enum { GUARD = 8 };
static const real UNTOUCHED = 123456.5;

static void bind_one(bounds *b, jet_plan *plan, jet x, int k, generator *g) {
  if (b->count == b->room) b->list = (bound *)realloc(b->list, (size_t)(b->room += 100) * sizeof *b->list);
  bound *y = &b->list[b->count++];
  y->n = plane_size(x, k);
  y->own = (real *)malloc((size_t)(y->n + 3 * GUARD) * sizeof *y->own);
  y->at = y->own + GUARD + random_below(g, GUARD);
  for (ptrdiff_t i = 0; i < y->n + 3 * GUARD; i++) y->own[i] = UNTOUCHED;
  TYPED(jet_plan_bind)(plan, x, k, y->at);
}

static void bind_some(bounds *b, const recording *r, jet_plan *plan, generator *g) {
  for (int i = 0; i < r->leaves; i++)
    for (int k = 0; k <= jet_order(r->leaf[i]); k++)
      if (random_below(g, 2)) bind_one(b, plan, r->leaf[i], k, g);
  for (int i = 0; i < r->n; i++) {
    bool again = false;
    for (int j = 0; j < i; j++) again |= r->out[i].id == r->out[j].id;
    for (int j = 0; j < r->leaves; j++) again |= r->out[i].id == r->leaf[j].id;
    for (int k = 0; !again && k <= jet_order(r->out[i]); k++)
      if (random_below(g, 2)) bind_one(b, plan, r->out[i], k, g);
  }
}

static bool untouched(const bounds *b) {
  for (int i = 0; i < b->count; i++) {
    const bound *x = &b->list[i];
    for (real *at = x->own; at < x->own + x->n + 3 * GUARD; at++)
      if ((at < x->at || at >= x->at + x->n) && *at != UNTOUCHED) return false;
  }
  return true;
}

static void bounds_free(bounds *b) {
  for (int i = 0; i < b->count; i++) free(b->list[i].own);
  free(b->list);
}

static jet_status run_either_way(jet_plan *p, int by_orders) {
  if (!by_orders) return jet_plan_run(p);
  jet_status status = JET_OK;
  for (int k = 0; k <= p->max_order && !status; k++) status = jet_plan_run_orders(p, k, k + 1);
  return status;
}

static bool same_bits(real a, real b) { return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b)); }

static bool output_agrees(const recording *r, int i, jet_plan *got, jet_plan *want, char what[400]) {
  const label *of = &r->of[i];
  jet x = r->out[i];
  for (int k = 0; k <= jet_order(x); k++) {
    const real *a = TYPED(jet_plan_data)(got, x, k), *b = TYPED(jet_plan_data)(want, x, k);
    for (ptrdiff_t e = 0, n = plane_size(x, k); e < n; e++)
      if (!same_bits(a[e], b[e])) {
        snprintf(what, 400, "output %d (%s %d, k %d): coefficient %d, element %td of %td: %.17g instead of %.17g", i, of->what,
                 of->which, of->k, k, e, n, (double)a[e], (double)b[e]);
        return false;
      }
  }
  if (jet_plan_lost(got, x) == jet_plan_lost(want, x)) return true;
  snprintf(what, 400, "output %d (%s %d): %d orders lost instead of %d", i, of->what, of->which, jet_plan_lost(got, x),
           jet_plan_lost(want, x));
  return false;
}

static void compare_runs(const trial *t, const recording *r, jet_plan *got, jet_plan *want, outcome *o) {
  bounds b = {0};
  generator g = {t->seed * 5 + 2};
  if (t->bound) bind_some(&b, r, got, &g);
  for (int again = 0; o->good && again < t->replays; again++) {
    uint64_t seed = t->seed * 7 + (uint64_t)(again & 1);
    fill_inputs(r, got, seed, !t->by_orders);
    fill_inputs(r, want, seed, !t->by_orders);
    jet_status status = run_either_way(got, t->by_orders);
    o->good = !status && !run_either_way(want, t->by_orders);
    if (!o->good) snprintf(o->what, sizeof o->what, "run %d: %s%s", again, jet_plan_message(got), jet_plan_message(want));
    for (int i = 0; o->good && i < r->n; i++) o->good = output_agrees(r, i, got, want, o->what);
    if (o->good && !untouched(&b)) {
      o->good = false;
      snprintf(o->what, sizeof o->what, "run %d wrote beside bound memory", again);
    }
  }
  bounds_free(&b);
}

static jet_plan *plan_of(const recording *r, int without, int threads, int by_orders) {
  jet_plan_options options = JET_PLAN_OPTIONS_INIT;
  options.without = without, options.threads = threads, options.by_orders = by_orders;
  return jet_plan_new_ex(r->tape, r->n, r->out, &options);
}

static void look_at(const jet_plan *plan, outcome *o) {
  for (int i = 0; i < plan->nregions; i++) {
    const region *x = &plan->regions[i];
    if (x->workers > o->workers) o->workers = x->workers;
    if (!x->once && blocks_of(x) > o->blocks) o->blocks = blocks_of(x);
  }
}

outcome trial_run(const trial *t) {
  outcome o = {.good = true};
  program p;
  recording *r = (recording *)malloc(sizeof *r);
  make_program(t, &p);
  record(r, t, &p);
  jet_plan *want = plan_of(r, JET_ALL, 1, t->by_orders), *got = plan_of(r, t->without, t->threads, t->by_orders);
  jet_status status = jet_plan_status(want);
  o.outputs = r->n;
  if (status != jet_plan_status(got) || (status && !(t->by_orders && status == JET_UNSUPPORTED))) {
    o.good = false;
    snprintf(o.what, sizeof o.what, "%s; %s", jet_plan_message(want), jet_plan_message(got));
  } else if (!status) {
    o.optimised = got->nsteps, o.plain = want->nsteps;
    look_at(got, &o);
    compare_runs(t, r, got, want, &o);
  }
  jet_plan_free(want);
  jet_plan_free(got);
  jet_tape_free(r->tape);
  free(r);
  return o;
}

/* ---- failures ----------------------------------------------------------------------------------------------------------------- */

static void keep_if_fails(trial *t, trial simpler) {
  outcome o = trial_run(&simpler);
  if (!o.good) *t = simpler;
}

static void fewer_operations(trial *t) {
  for (int n = 0; n < t->operations; n++) {
    trial x = *t;
    x.operations = n;
    outcome o = trial_run(&x);
    if (o.good) continue;
    *t = x;
    return;
  }
}

static void one_output(trial *t) {
  int n = trial_run(t).outputs;
  for (int i = 0; i < n && t->output < 0; i++) {
    trial x = *t;
    x.output = i;
    keep_if_fails(t, x);
  }
}

#define SIMPLER(field, value)                 \
  do {                                        \
    trial x = t;                              \
    x.field = value;                          \
    if (x.field != t.field) keep_if_fails(&t, x); \
  } while (0)

trial trial_shrink(trial t) {
  fewer_operations(&t);
  SIMPLER(replays, 1);
  SIMPLER(bound, 0);
  SIMPLER(by_orders, 0);
  for (int threads = 1; threads < t.threads; threads++) SIMPLER(threads, threads);
  for (int i = 0; i < OPTIMISATIONS; i++) SIMPLER(without, t.without | 1 << i);
  one_output(&t);
  return t;
}

void trial_print(const trial *t, const outcome *o) {
  static const char *const name[OPTIMISATIONS] = {"common", "folding", "hoisting", "chains", "sinks", "remaking", "reuse", "streaming"};
  program p;
  fprintf(stderr, "%s\n  seed %llu, %d operations, arrays of %td, instruction set %d, %d threads, by orders %d, bound %d, %d runs, output %d;"
                  " optimisations:",
          o->what, (unsigned long long)t->seed, t->operations, t->most, (int)t->isa, t->threads, t->by_orders, t->bound, t->replays,
          t->output);
  for (int i = 0; i < OPTIMISATIONS; i++)
    if (!(t->without >> i & 1)) fprintf(stderr, " %s", name[i]);
  fprintf(stderr, "%s\n", t->without == JET_ALL ? " none" : "");
  make_program(t, &p);
  program_print(&p);
}
