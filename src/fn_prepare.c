/* fn_prepare.c - the questions that a function is asked: each is a recording on a tape of its own, lifted from the function's,
   and a plan. The last few are kept. */
#include "fn.h"
#include "lift.h"
#include "ops.h"
#include "peek.h"

#include <string.h>

/* ---- parts of a question ---------------------------------------------------------------------------------------------- */

static jet add_slot(prepared *p, jet x, int k) {
  slot s = {x, k, jet_size(x), k > jet_order(x), NULL};
  p->slots[p->nslots++] = s;
  return x;
}

static jet input_like(prepared *p, jet x, int directions) { /* directions > 1: x of each */
  ptrdiff_t dims[JET_MAX_RANK + 1] = {directions};
  int more = directions > 1, rank = jet_rank(x);
  for (int i = 0; i < rank; i++) dims[more + i] = jet_extent(x, i);
  return add_slot(p, jet_input(p->tape, rank + more, dims), 0);
}

/* Ports are bound one by one: an input or a result that is there already becomes a value of its own. */
static void add_result(prepared *p, jet x, int order) {
  for (int i = 0; i < p->nslots; i++)
    if (p->slots[i].x.id == x.id) {
      x = jet_scale(x, 1);
      break;
    }
  for (int k = 0; k <= order; k++) add_slot(p, x, k);
}

static jet as_scalar(jet y) { return jet_rank(y) > 0 ? jet_reshape(y, 0, NULL) : y; }

/* What is asked about, out of one jet per input. */
static void choose(const prepared *p, const jet *all, jet *chosen) {
  for (int i = 0; i < p->key.n; i++) chosen[i] = all[p->key.which[i]];
}

/* x + v t in the inputs asked about. */
static jet expand_inputs(prepared *p, jet *at) {
  jet t = jet_parameter(p->tape, p->key.order);
  for (int i = 0; i < p->key.n; i++) {
    jet *x = &at[p->key.which[i]];
    jet v = p->key.what == DERIVATIVES ? jet_scalar(p->tape, 1) : input_like(p, *x, p->key.directions);
    *x = p->key.directions > 1 ? jet_expand_many(*x, v, t) : jet_expand(*x, v, t);
  }
  return t;
}

static jet zeros(prepared *p, jet like) { /* directions x shape */
  ptrdiff_t dims[JET_MAX_RANK + 1] = {p->key.directions};
  int rank = jet_rank(like);
  for (int i = 0; i < rank; i++) dims[i + 1] = jet_extent(like, i);
  int shape = tape_shape(p->tape, "jet_fn", rank + 1, dims);
  return shape < 0 ? tape_jet(p->tape, -1) : record_zero(p->tape, shape, -1, 1);
}

/* Coefficient 1 of each direction: P x shape. */
static jet slopes(prepared *p, jet y) { return jet_order(y) > 0 ? jet_coefficient(y, 1) : zeros(p, y); }

/* ---- the questions. x: inputs on p->tape, in slots; scratch: 3 n jets ---------------------------------------------------- */

static jet lifted(const jet_fn *f, const jet *at) { return lift(f->tape, f->y, f->ninputs, f->x, at); }

static void record_value(const jet_fn *f, prepared *p, jet *x, jet *scratch) {
  (void)scratch;
  p->first_result = p->nslots;
  add_result(p, lifted(f, x), 0);
}

static void record_taylor(const jet_fn *f, prepared *p, jet *x, jet *scratch) {
  (void)scratch;
  expand_inputs(p, x);
  p->first_result = p->nslots;
  add_result(p, lifted(f, x), p->key.order);
}

static void record_jacobian(const jet_fn *f, prepared *p, jet *x, jet *scratch) {
  (void)scratch;
  expand_inputs(p, x);
  p->first_result = p->nslots;
  jet y = lifted(f, x);
  add_result(p, jet_order(y) > 0 ? jet_coefficient(y, 0) : y, 0);
  add_result(p, slopes(p, y), 0);
}

static void record_gradient(const jet_fn *f, prepared *p, jet *x, jet *scratch) {
  jet *wrt = scratch, *g = wrt + p->key.n, y = lifted(f, x);
  p->first_result = p->nslots;
  choose(p, x, wrt);
  jet_grad(as_scalar(y), p->key.n, wrt, g);
  add_result(p, y, 0);
  for (int i = 0; i < p->key.n; i++) add_result(p, g[i], 0);
}

/* The gradient with respect to x + v t of a jet is the jet of the gradient. A function that does not depend on x stays plain. */
static void record_gradient_taylor(const jet_fn *f, prepared *p, jet *x, jet *scratch) {
  jet *plain = scratch, *wrt = plain + p->key.n, *g = wrt + p->key.n;
  choose(p, x, plain);
  expand_inputs(p, x);
  choose(p, x, wrt);
  jet y = as_scalar(lifted(f, x));
  p->first_result = p->nslots;
  jet_grad(y, p->key.n, y.id >= 0 && lift_is_plain(y) ? plain : wrt, g);
  for (int i = 0; i < p->key.n; i++) {
    if (p->key.directions == 1) add_result(p, g[i], p->key.order);
    else add_result(p, jet_order(g[i]) > 0 ? jet_coefficient(g[i], 0) : g[i], 0), add_result(p, slopes(p, g[i]), 0);
  }
}

/* <v, grad f> over the inputs asked about; v in slots from `first`. */
static jet along(const prepared *p, int first, const jet *g) {
  jet s = jet_sum(jet_mul(g[0], p->slots[first].x));
  for (int i = 1; i < p->key.n; i++) s = jet_add(s, jet_sum(jet_mul(g[i], p->slots[first + i].x)));
  return s;
}

static void record_hvp_twice(const jet_fn *f, prepared *p, jet *x, jet *scratch) {
  jet *wrt = scratch, *g = wrt + p->key.n, *hv = g + p->key.n;
  int first = p->nslots;
  choose(p, x, wrt);
  for (int i = 0; i < p->key.n; i++) input_like(p, wrt[i], 1);
  p->first_result = p->nslots;
  jet_grad(as_scalar(lifted(f, x)), p->key.n, wrt, g);
  jet_grad(along(p, first, g), p->key.n, wrt, hv);
  for (int i = 0; i < p->key.n; i++) add_result(p, g[i], 0), add_result(p, hv[i], 0);
}

static void record_vjp(const jet_fn *f, prepared *p, jet *x, jet *scratch) {
  jet y = lifted(f, x), u = input_like(p, y, 1);
  p->first_result = p->nslots;
  jet_vjp(1, &y, &u, 1, x, scratch);
  add_result(p, y, 0);
  add_result(p, scratch[0], 0);
}

/* u J is linear in u: the gradient of <u J, v> with respect to u is J v, at any u. */
static void record_jvp_twice(const jet_fn *f, prepared *p, jet *x, jet *scratch) {
  int first = p->nslots;
  jet *g = scratch, *jv = g + 1, y = lifted(f, x), u;
  input_like(p, x[0], 1);
  u = input_like(p, y, 1);
  p->first_result = p->nslots;
  jet_vjp(1, &y, &u, 1, x, g);
  jet_grad(along(p, first, g), 1, &u, jv);
  add_result(p, y, 0);
  add_result(p, jv[0], 0);
}

/* Adjoints u t: coefficient 1 of the gradient is u J for each direction, of one function and P sweeps back. */
static void record_jacobian_reverse(const jet_fn *f, prepared *p, jet *x, jet *scratch) {
  jet y = lifted(f, x), u = input_like(p, y, p->key.directions);
  jet adjoint = raise_many(u, jet_parameter(p->tape, 1), 1);
  p->first_result = p->nslots;
  jet_vjp(1, &y, &adjoint, 1, x, scratch);
  add_result(p, y, 0);
  add_result(p, slopes(p, scratch[0]), 0);
}

static void (*const recorders[])(const jet_fn *, prepared *, jet *x, jet *scratch) = {
    [VALUE] = record_value,         [DERIVATIVES] = record_taylor,
    [TAYLOR] = record_taylor,       [GRADIENT] = record_gradient,
    [VJP] = record_vjp,             [GRADIENT_TAYLOR] = record_gradient_taylor,
    [JVP_TWICE] = record_jvp_twice, [HVP_TWICE] = record_hvp_twice,
    [JACOBIAN] = record_jacobian,   [JACOBIAN_REVERSE] = record_jacobian_reverse,
};

/* ---- prepared ------------------------------------------------------------------------------------------------------------ */

void fn_forget_prepared(prepared *p) {
  if (p->plan) jet_plan_free(p->plan);
  jet_tape_free(p->tape);
  bag_free(&p->owned);
  memset(p, 0, sizeof *p);
}

/* The results, each once: those slots that hold coefficient 0. */
static void plan(prepared *p, jet *results) {
  jet_plan_options options = JET_PLAN_OPTIONS_INIT;
  int n = 0;
  for (int i = p->first_result; i < p->nslots; i++)
    if (p->slots[i].k == 0) results[n++] = p->slots[i].x;
  options.by_orders = p->key.by_orders;
  if (tape_peeked(p->tape)) options.without = JET_CHAINS; /* code for one run is not worth its making */
  p->plan = jet_plan_new_ex(p->tape, n, results, &options);
}

static jet_status make(jet_fn *f, prepared *p) {
  size_t n = p->key.n > 0 ? (size_t)p->key.n : 1, inputs = (size_t)f->ninputs;
  size_t slots = inputs + 2 * n + 2 + n * (size_t)(max_(p->key.order, 1) + 1);
  int *which = (int *)bag_new(&p->owned, n, sizeof *which);
  jet *x = (jet *)bag_new(&p->owned, inputs, sizeof *x), *scratch = (jet *)bag_new(&p->owned, slots + 3 * n, sizeof *x);
  p->slots = (slot *)bag_new(&p->owned, slots, sizeof *p->slots);
  if (!which || !x || !scratch || !p->slots) return fn_fail(f, JET_NO_MEMORY, "out of memory while preparing an evaluation");
  if (p->key.n) memcpy(which, p->key.which, (size_t)p->key.n * sizeof *which);
  p->key.which = which;
  p->tape = jet_tape_new_ex(&f->options);
  for (int i = 0; i < f->ninputs; i++) x[i] = add_slot(p, jet_input(p->tape, f->inputs[i].rank, f->inputs[i].dims), 0);
  recorders[p->key.what](f, p, x, scratch);
  plan(p, scratch);
  jet_status status = jet_tape_status(p->tape);
  if (status) return fn_fail(f, status, "%s", jet_tape_message(p->tape));
  status = jet_plan_status(p->plan);
  return status ? fn_fail(f, status, "%s", jet_plan_message(p->plan)) : JET_OK;
}

jet_status fn_prepare_at(jet_fn *f, const asked *a, prepared *p) {
  if (p->plan) return JET_OK;
  p->key = *a;
  p->owned.mem = f->mem;
  jet_status status = make(f, p);
  if (status) fn_forget_prepared(p);
  return status;
}

static int same(const asked *a, const asked *b) {
  return a->what == b->what && a->order == b->order && a->directions == b->directions && a->by_orders == b->by_orders &&
         a->n == b->n && (!a->n || !memcmp(a->which, b->which, (size_t)a->n * sizeof *a->which));
}

jet_status fn_prepare(jet_fn *f, const asked *a, prepared **found) {
  prepared *oldest = f->cache;
  f->clock++;
  for (int i = 0; i < CACHED; i++) {
    prepared *p = &f->cache[i];
    if (p->plan && same(&p->key, a)) {
      *found = p;
      p->used = f->clock;
      return JET_OK;
    }
    if (p->used < oldest->used) oldest = p;
  }
  fn_forget_prepared(oldest);
  *found = oldest;
  jet_status status = fn_prepare_at(f, a, oldest);
  oldest->used = status ? 0 : f->clock;
  return status;
}

/* ---- a run ------------------------------------------------------------------------------------------------------------------ */

/* The caller's memory is bound for one run only: the plan may serve another question's order next time. */
jet_status fn_run(jet_fn *f, prepared *p) {
  for (int i = 0; i < f->ninputs; i++) fn_read(&p->slots[i], f->now[i]);
  for (int i = 0; i < p->nslots; i++)
    if (p->slots[i].at && !p->slots[i].zero) jet_plan_bind(p->plan, p->slots[i].x, p->slots[i].k, p->slots[i].at);
  jet_status status = jet_plan_run(p->plan);
  for (int i = 0; i < p->nslots; i++) {
    slot *s = &p->slots[i];
    if (s->at && s->zero && s->n) memset(s->at, 0, (size_t)s->n * sizeof *s->at);
    if (s->at && !s->zero) jet_plan_bind(p->plan, s->x, s->k, NULL);
    s->at = NULL;
  }
  return status ? fn_fail(f, status, "%s", jet_plan_message(p->plan)) : fn_done(f);
}

const double *fn_numbers(prepared *p, int i) {
  const slot *s = fn_result(p, i);
  return s->zero ? NULL : jet_plan_data(p->plan, s->x, s->k);
}
