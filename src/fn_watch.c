/* fn_watch.c - jets of values of a recording, compared with central differences: (d/dt) c_{k-1} = k c_k along x + v t. See
   fn_check.h. */
#include "fn_check.h"
#include "lift.h"
#include "ops.h"

#include <math.h>
#include <string.h>

enum { SPARE = 8 /* orders that may be lost at removable singularities */, STEPS = 4 };

/* Around the step that cbrt(eps) suggests: functions may be steeper, or intermediate values larger, than they look. */
static const double steps[STEPS] = {0x1p-12, 0x1p-17, 0x1p-22, 0x1p-27};

double check_random(unsigned *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  double r = 0.5 + (*seed >> 9 & 0x3fffff) * 0x1p-23;
  return *seed >> 31 ? r : -r;
}

void check_free(check *c) {
  if (c->plan) jet_plan_free(c->plan);
  jet_tape_free(c->tape);
  bag_free(&c->owned);
  c->plan = NULL;
  c->tape = NULL;
}

/* ---- recording -------------------------------------------------------------------------------------------------------- */

static int lift_recording(check *c) {
  const jet_tape *from = c->f->tape;
  size_t values = (size_t)from->nvalues;
  int *in = (int *)bag_new(&c->owned, (size_t)from->nargs + 1, sizeof *in);
  if (!in || !(c->id_of = (int *)bag_new(&c->owned, values, sizeof *c->id_of))) return 0;
  for (size_t v = 0; v < values; v++) c->id_of[v] = -1;
  c->id_of[c->f->y.id] = -2;
  c->id_of[c->f->x[0].id] = c->at.id;
  return lift_values(from, c->tape, c->f->expands, c->id_of, in);
}

static int add_watch(check *c, int value, jet x, jet *series) {
  watch w = {value, x, series, jet_size(x), c->numbers, 0};
  c->list[c->count++] = w;
  c->numbers += (size_t)w.n * ((size_t)c->top + 1);
  return 1;
}

/* What other nodes or the caller read; the rest is a row's own. */
static int list_all(check *c) {
  const jet_tape *from = c->f->tape;
  char *used = (char *)bag_new(&c->owned, (size_t)from->nvalues, 1);
  if (!used) return 0;
  used[c->f->y.id] = 1;
  for (int i = 0; i < from->nargs; i++) used[from->args[i]] = 1;
  for (int v = 0; v < from->nvalues; v++) {
    jet x = tape_jet(c->tape, c->id_of[v]);
    if (used[v] && x.id >= 0 && v != c->f->x[0].id && !lift_is_plain(x)) add_watch(c, v, x, NULL);
  }
  return 1;
}

/* A function that expands inside itself: s_k = <v, grad s_{k-1}>, c_k = s_k / k!; of one that is not a scalar J v alone. */
static int list_expanding(check *c, jet y) {
  jet *series = (jet *)bag_new(&c->owned, (size_t)c->top + 1, sizeof *series), g, u, s = y;
  ptrdiff_t dims[JET_MAX_RANK];
  if (!series) return 0;
  series[0] = y;
  if (jet_size(y) == 1) {
    if (jet_rank(s) > 0) s = jet_reshape(s, 0, NULL);
    for (int k = 1; k <= c->top; k++) {
      jet_grad(s, 1, &c->in, &g);
      s = jet_sum(jet_mul(g, c->v));
      series[k] = jet_scale(s, k == 1 ? 1 : 0.5);
    }
  } else {
    for (int i = 0; i < jet_rank(y); i++) dims[i] = jet_extent(y, i);
    u = jet_input(c->tape, jet_rank(y), dims);
    jet_vjp(1, &y, &u, 1, &c->in, &g);
    jet_grad(jet_sum(jet_mul(g, c->v)), 1, &u, &series[1]);
  }
  return add_watch(c, c->f->y.id, y, series);
}

static int make_plan(check *c) {
  size_t n = (size_t)c->count * (c->f->expands ? (size_t)c->top + 1 : 1);
  jet *outputs = (jet *)bag_new(&c->owned, n, sizeof *outputs);
  if (!outputs) return 0;
  int count = 0;
  for (int i = 0; i < c->count; i++)
    for (int k = 0; k <= (c->list[i].series ? c->top : 0); k++)
      outputs[count++] = c->list[i].series ? c->list[i].series[k] : c->list[i].x;
  c->plan = jet_plan_new(c->tape, count, outputs);
  c->c = (double *)bag_new(&c->owned, c->numbers, sizeof(double));
  c->best = (double *)bag_new(&c->owned, c->numbers, sizeof(double));
  c->found = (double *)bag_new(&c->owned, c->numbers, sizeof(double));
  return !jet_plan_status(c->plan) && c->c && c->best && c->found;
}

int check_record(check *c, int all) {
  const input *in = &c->f->inputs[0];
  c->tape = jet_tape_new_ex(&c->f->options);
  c->in = c->at = jet_input(c->tape, in->rank, in->dims);
  c->v = jet_input(c->tape, in->rank, in->dims);
  if (!c->f->expands) c->at = jet_expand(c->in, c->v, jet_parameter(c->tape, min_(c->top + SPARE, JET_MAX_ORDER)));
  if (jet_tape_status(c->tape) || !lift_recording(c)) return 0;
  if (!(c->list = (watch *)bag_new(&c->owned, (size_t)c->f->tape->nvalues, sizeof *c->list))) return 0;
  jet y = tape_jet(c->tape, c->id_of[c->f->y.id]);
  int good = all ? list_all(c) : c->f->expands ? list_expanding(c, y) : add_watch(c, c->f->y.id, y, NULL);
  return good && !jet_tape_status(c->tape) && (!c->count || make_plan(c));
}

/* ---- runs --------------------------------------------------------------------------------------------------------------- */

static void read_watch(const check *c, const watch *w, double *to) {
  for (int k = 0; k <= c->top; k++, to += w->n) {
    const double *from = w->series              ? jet_plan_data(c->plan, w->series[k], 0)
                         : k <= jet_order(w->x) ? jet_plan_data(c->plan, w->x, k)
                                                : NULL;
    if (from && w->n) memcpy(to, from, (size_t)w->n * sizeof *to);
    else if (w->n) memset(to, 0, (size_t)w->n * sizeof *to);
  }
}

int check_run(check *c, double h, double *to) {
  ptrdiff_t n = c->f->inputs[0].n;
  double *x = jet_plan_data(c->plan, c->in, 0), *v = jet_plan_data(c->plan, c->v, 0);
  for (ptrdiff_t i = 0; i < n; i++) x[i] = c->x[i] + h * c->direction[i], v[i] = c->direction[i];
  if (jet_plan_run(c->plan)) return 0;
  for (int i = 0; i < c->count; i++) read_watch(c, &c->list[i], to + c->list[i].at);
  return 1;
}

/* ---- differences ------------------------------------------------------------------------------------------------------------ */

double check_distance(double a, double b, double scale) {
  if (a == b) return 0;
  if (!isfinite(a) || !isfinite(b)) return INFINITY;
  return fabs(a - b) / fmax(scale, fmax(fabs(a), fabs(b)));
}

static double size_of(const check *c, const watch *w) { /* the largest finite number in it */
  double size = 0;
  for (ptrdiff_t i = 0; i < w->n * (c->top + 1); i++)
    if (isfinite(c->c[w->at + (size_t)i])) size = fmax(size, fabs(c->c[w->at + (size_t)i]));
  return size;
}

/* Of all values: what a node takes says how precise its result can be. */
static int find_floors(check *c) {
  const jet_tape *tape = c->f->tape;
  double *size = (double *)bag_new(&c->owned, (size_t)tape->nvalues, sizeof *size);
  if (!size) return 0;
  for (int i = 0; i < c->count; i++) {
    watch *w = &c->list[i];
    const node *n = node_of(tape, w->value);
    for (int j = 0; j < n->nin; j++) w->floor = fmax(w->floor, size[node_input(tape, n, j)]);
    size[w->value] = size_of(c, w);
  }
  return 1;
}

/* Where coefficient k - 1 itself is not finite there is nothing to compare. reach: the largest difference at larger steps, which is
   the scale where differences go to zero with the step, as those of t^3. */
static void compare(check *c, const watch *w, double h, const double *ahead, const double *behind, double *reach) {
  for (int k = 1; k <= c->order; k++)
    for (ptrdiff_t i = 0; i < w->n; i++) {
      size_t at = w->at + (size_t)(k * w->n + i), below = at - (size_t)w->n;
      double slope = k * c->c[at], difference = (ahead[below] - behind[below]) / (2 * h);
      double scale = fmax(fmax(w->floor, reach[at]), fabs(c->c[below]));
      if (k < c->top) scale = fmax(scale, fabs(c->c[at + (size_t)w->n]));
      double e = isfinite(c->c[below]) ? check_distance(slope, difference, isfinite(scale) ? scale : 0) : 0;
      if (e < c->best[at] || h == steps[0]) c->best[at] = e, c->found[at] = difference;
      if (isfinite(difference)) reach[at] = fmax(reach[at], fabs(difference));
    }
}

int check_differences(check *c) {
  double *ahead = (double *)bag_new(&c->owned, c->numbers, sizeof *ahead);
  double *behind = (double *)bag_new(&c->owned, c->numbers, sizeof *behind);
  double *reach = (double *)bag_new(&c->owned, c->numbers, sizeof *reach);
  if (!ahead || !behind || !reach || !check_run(c, 0, c->c) || !find_floors(c)) return 0;
  for (int s = 0; s < STEPS; s++) {
    if (!check_run(c, steps[s], ahead) || !check_run(c, -steps[s], behind)) return 0;
    for (int i = 0; i < c->count; i++) compare(c, &c->list[i], steps[s], ahead, behind, reach);
  }
  return 1;
}

const watch *check_worst(const check *c, int *order, ptrdiff_t *element) {
  for (int w = 0; w < c->count; w++)
    for (int k = 1; k <= c->order; k++)
      for (ptrdiff_t i = 0; i < c->list[w].n; i++)
        if (!(c->best[c->list[w].at + (size_t)(k * c->list[w].n + i)] <= c->tolerance)) {
          *order = k;
          *element = i;
          return &c->list[w];
        }
  return NULL;
}
