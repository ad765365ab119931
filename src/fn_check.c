/* fn_check.c - jet_fn_check: the same derivatives by forward jets, by central differences and by reverse; where they disagree, the
   operation to blame. */
#include "fn_check.h"
#include "tape.h"

#include <math.h>
#include <stdio.h>

static jet_status out_of_means(check *c) { /* the tape, the plan, or memory */
  const char *name = "jet_fn_check";
  if (c->tape && jet_tape_status(c->tape))
    return fn_fail(c->f, jet_tape_status(c->tape), "%s: %s", name, jet_tape_message(c->tape));
  if (c->plan && jet_plan_status(c->plan))
    return fn_fail(c->f, jet_plan_status(c->plan), "%s: %s", name, jet_plan_message(c->plan));
  return fn_fail(c->f, JET_NO_MEMORY, "%s: out of memory", name);
}

/* ---- the operation to blame: the first of the recording, so that what it takes agrees ----------------------------------- */

typedef struct blame {
  char text[200];
} blame;

static void name_node(const check *c, const char *how, int value, blame *b) {
  const node *n = node_of(c->f->tape, value);
  snprintf(b->text, sizeof b->text, "the first operation whose derivatives%s disagree is %s (node %d)", how, n->op->name,
           value_of(c->f->tape, value)->node);
}

static check again(const check *c) {
  check d = {.f = c->f, .x = c->x, .direction = c->direction, .tolerance = c->tolerance, .order = c->order, .top = c->top};
  d.owned.mem = c->f->mem;
  return d;
}

static int blame_forward(const check *c, blame *b) {
  check d = again(c);
  int k, good = check_record(&d, 1) && (!d.count || check_differences(&d));
  ptrdiff_t i;
  const watch *w = good ? check_worst(&d, &k, &i) : NULL;
  if (w) name_node(c, "", w->value, b);
  check_free(&d);
  return good;
}

/* <v, grad s> against d/dt s at orders 1..order, for a scalar jet s with gradient g: the first order that disagrees, or 0. */
static int compare_reverse(const check *c, const double *s, const double *g, double *reverse, double *forward) {
  ptrdiff_t n = c->f->inputs[0].n;
  for (int k = 1; k <= c->order; k++) {
    double sum = 0, scale = fabs(s[k - 1]);
    for (ptrdiff_t i = 0; i < n; i++) {
      double term = c->direction[i] * g[(k - 1) * n + i];
      sum += term;
      scale += fabs(term);
    }
    *reverse = sum;
    *forward = k * s[k];
    if (!isfinite(s[k - 1])) return 0;
    if (!(check_distance(*reverse, *forward, isfinite(scale) ? scale : 0) <= c->tolerance)) return k;
  }
  return 0;
}

/* <u, w> for a fixed pseudo-random u, and its gradient by reverse, in a plan of their own. -1: not possible. */
static int reverse_disagrees(check *c, const watch *w, bag *owned) {
  double reverse, forward;
  ptrdiff_t dims[JET_MAX_RANK], n = c->f->inputs[0].n;
  size_t coefficients = (size_t)c->top + 1;
  unsigned seed = 2;
  double *u = (double *)bag_new(owned, (size_t)w->n, sizeof *u);
  double *numbers = (double *)bag_new(owned, ((size_t)n + 1) * coefficients, sizeof *numbers);
  if (!u || !numbers) return -1;
  for (ptrdiff_t i = 0; i < w->n; i++) u[i] = check_random(&seed);
  for (int i = 0; i < jet_rank(w->x); i++) dims[i] = jet_extent(w->x, i);
  jet gradient, sum = jet_sum(jet_mul(jet_constant(c->tape, jet_rank(w->x), dims, u), w->x));
  if (jet_grad(sum, 1, &c->at, &gradient)) return -1;
  jet outputs[2] = {sum, gradient};
  watch watches[2] = {{-1, sum, NULL, 1, 0, 0}, {-1, gradient, NULL, n, coefficients, 0}};
  check pair = *c;
  pair.list = watches;
  pair.count = 2;
  pair.plan = jet_plan_new(c->tape, 2, outputs);
  int bad = check_run(&pair, 0, numbers) ? compare_reverse(c, numbers, numbers + coefficients, &reverse, &forward) : -1;
  jet_plan_free(pair.plan);
  return bad;
}

static int blame_reverse(const check *c, blame *b) {
  check d = again(c);
  int good = check_record(&d, 1);
  for (int i = 0; i < d.count && good; i++) {
    bag owned = {.mem = c->f->mem};
    int bad = reverse_disagrees(&d, &d.list[i], &owned);
    bag_free(&owned);
    good = bad >= 0;
    if (bad <= 0) continue;
    name_node(c, " in reverse", d.list[i].value, b);
    break;
  }
  check_free(&d);
  return good;
}

/* ---- the face ------------------------------------------------------------------------------------------------------------ */

static const char *const nobody = "each operation's derivatives agree by themselves (a kink or a step near x, or cancellation)";

static jet_status forward_disagrees(check *c, const watch *w, int k, ptrdiff_t i) {
  blame b;
  size_t at = w->at + (size_t)(k * w->n + i);
  double forward = k * c->c[at], difference = c->found[at];
  snprintf(b.text, sizeof b.text, "%s",
           c->f->expands ? "the function expands inside itself, so that no operation is named" : nobody);
  if (!c->f->expands && !blame_forward(c, &b)) return out_of_means(c);
  return fn_fail(c->f, JET_MISMATCH, "jet_fn_check: order %d: forward %.9g against differences %.9g at output %td; %s", k, forward,
                 difference, i, b.text);
}

static jet_status check_reverse(check *c, const watch *y) {
  jet_fn *f = c->f;
  blame b;
  double reverse, forward, *g = (double *)bag_new(&c->owned, (size_t)f->inputs[0].n * (size_t)c->order, sizeof *g);
  if (!g) return out_of_means(c);
  if (fn_gradient_taylor(f, c->order - 1, c->direction, g)) return f->status;
  int k = compare_reverse(c, c->c + y->at, g, &reverse, &forward);
  if (!k) return fn_done(f);
  snprintf(b.text, sizeof b.text, "%s", nobody);
  if (!blame_reverse(c, &b)) return out_of_means(c);
  return fn_fail(f, JET_MISMATCH, "jet_fn_check: order %d: reverse %.9g against forward %.9g; %s", k, reverse, forward, b.text);
}

static jet_status run_check(check *c, unsigned seed) {
  int k;
  ptrdiff_t i, n = c->f->inputs[0].n;
  if (!(c->direction = (double *)bag_new(&c->owned, (size_t)n, sizeof *c->direction))) return out_of_means(c);
  for (i = 0; i < n; i++) {
    double size = fabs(c->x[i]);
    c->direction[i] = check_random(&seed) * (size > 0 && isfinite(size) ? size : 1);
  }
  if (!check_record(c, 0) || !check_differences(c)) return out_of_means(c);
  const watch *w = check_worst(c, &k, &i);
  if (w) return forward_disagrees(c, w, k, i);
  return c->f->outputs == 1 && !c->f->expands ? check_reverse(c, &c->list[0]) : fn_done(c->f);
}

jet_status jet_fn_check(jet_fn *f, int order, const double *x, double tolerance) {
  const char *name = "jet_fn_check";
  jet_status status = fn_enter(f, name, x);
  if (status || (status = fn_order(f, name, 1, order))) return status;
  if (!(tolerance >= 0)) return fn_fail(f, JET_BAD_ARGUMENT, "%s: a tolerance of %g is no tolerance", name, tolerance);
  int highest = f->outputs == 1 ? 2 : 1;
  if (f->expands && order > highest)
    return fn_fail(f, JET_BAD_PARAMETER,
                   "%s: the function expands inside itself (it has a jet_parameter of its own) and is checked up to order %d",
                   name, highest);
  for (unsigned seed = 1; seed <= 2 && !status; seed++) { /* along one direction steps may cancel */
    check c = {.f = f, .x = x, .tolerance = tolerance > 0 ? tolerance : 1e-6, .order = order};
    c.owned.mem = f->mem;
    c.top = f->expands || order == JET_MAX_ORDER ? order : order + 1;
    status = run_check(&c, seed);
    check_free(&c);
  }
  return status;
}
