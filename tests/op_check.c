/* op_check.c - see op_check.h. */
#include "op_check.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generator.h"
#include "reference.h"

enum { MAX_SIZE = 320, COEFFICIENTS = CHECK_ORDER + 2, P = CHECK_DIRECTIONS };

static bool deny(op_check *c, const char *format, ...) {
  char text[200];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  snprintf(c->why, sizeof c->why, "%s, variant %d, order %d: %s", c->op->name, (int)(c->variant - c->op->variants),
           c->order, text);
  return false;
}

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

typedef double line[P * MAX_SIZE];

typedef struct numbers {
  line x[OPERANDS][COEFFICIENTS]; /* coefficients of the operands; those of P directions one after the other */
  line u[COEFFICIENTS];           /* of adjoints */
} numbers;

static ptrdiff_t operand_size(const op_check *c, int i) { return op_shape_size(&c->variant->in[i]); }
static bool is_jet(const op_check *c, int i) { return c->op->in[i].kind == OPERAND_JET; }

/* Numbers in random order, the distances of which are known. */
static void fill_apart(double *x, ptrdiff_t n, const operand *o, int which, generator *g) {
  for (ptrdiff_t i = 0; i < n; i++) x[i] = o->low + (o->high - o->low) * ((double)i + 0.29 + 0.37 * which) / (double)n;
  for (ptrdiff_t i = n - 1; i > 0; i--) {
    ptrdiff_t j = (ptrdiff_t)uniform(g, 0, (double)(i + 1));
    double swap = x[i];
    x[i] = x[j], x[j] = swap;
  }
}

static void fill_first(const op_check *c, int i, double *x, generator *g) {
  const operand *o = &c->op->in[i];
  ptrdiff_t n = operand_size(c, i);
  if (o->kind == OPERAND_JET && (c->op->flags & OP_KINKS)) {
    fill_apart(x, n, o, i, g);
    return;
  }
  for (ptrdiff_t e = 0; e < n; e++)
    x[e] = o->kind == OPERAND_JET ? uniform(g, o->low, o->high) : floor(uniform(g, o->low, o->high + 1));
}

/* What float can hold, so that both types compute with the same numbers. */
static void round_line(const op_check *c, double *x, ptrdiff_t n) {
  for (ptrdiff_t e = 0; e < n && c->type == JET_F32; e++) x[e] = (double)(float)x[e];
}

static numbers *numbers_new(const op_check *c) {
  numbers *d = (numbers *)calloc(1, sizeof *d);
  generator g = {c->seed};
  double size = c->op->flags & OP_KINKS ? 0.1 : 0.5;
  for (int i = 0; i < c->variant->arity; i++) {
    fill_first(c, i, d->x[i][0], &g);
    double r = size;
    for (int k = 1; k < COEFFICIENTS && is_jet(c, i); k++, r *= 0.5)
      for (ptrdiff_t e = 0; e < P * operand_size(c, i); e++) d->x[i][k][e] = uniform(&g, -r, r);
  }
  for (int k = 0; k < COEFFICIENTS; k++)
    for (ptrdiff_t e = 0; e < P * MAX_SIZE; e++) d->u[k][e] = uniform(&g, -1, 1);
  for (int k = 0; k < COEFFICIENTS; k++) {
    for (int i = 0; i < OPERANDS; i++) round_line(c, d->x[i][k], P * MAX_SIZE);
    round_line(c, d->u[k], P * MAX_SIZE);
  }
  return d;
}

static void write_plane(jet_plan *plan, jet x, int k, const double *from, ptrdiff_t n) {
  float *to = jet_tape_type(x.tape) == JET_F32 ? jet_plan_data_f32(plan, x, k) : NULL;
  if (!to) memcpy(jet_plan_data(plan, x, k), from, (size_t)n * sizeof *from);
  for (ptrdiff_t e = 0; to && e < n; e++) to[e] = (float)from[e];
}

/* Coefficient k of an output; beyond its order, zero. */
static void read_plane(jet_plan *plan, jet y, int k, double *to) {
  ptrdiff_t n = jet_size(y);
  const float *from = jet_tape_type(y.tape) == JET_F32 && k <= jet_order(y) ? jet_plan_data_f32(plan, y, k) : NULL;
  if (k > jet_order(y)) memset(to, 0, (size_t)n * sizeof *to);
  else if (!from) memcpy(to, jet_plan_data(plan, y, k), (size_t)n * sizeof *to);
  for (ptrdiff_t e = 0; from && e < n; e++) to[e] = (double)from[e];
}

static jet_tape *tape_of(const op_check *c) {
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  options.type = c->type;
  return jet_tape_new_ex(&options);
}

/* 1e-12, in float as many units of its u. */
static double tolerance_of(const op_check *c) { return c->type == JET_F32 ? 0x1p29 * 1e-12 : 1e-12; }

static jet operand_input(jet_tape *tape, const op_check *c, int i) {
  return jet_input(tape, c->variant->in[i].rank, c->variant->in[i].dims);
}

static jet input_like(jet_tape *tape, jet y) {
  ptrdiff_t dims[JET_MAX_RANK];
  for (int i = 0; i < jet_rank(y); i++) dims[i] = jet_extent(y, i);
  return jet_input(tape, jet_rank(y), dims);
}

static jet directions_like(jet_tape *tape, jet x, int p) { /* p x the shape */
  ptrdiff_t dims[JET_MAX_RANK] = {p};
  for (int i = 0; i < jet_rank(x); i++) dims[i + 1] = jet_extent(x, i);
  return p == 1 ? input_like(tape, x) : jet_input(tape, jet_rank(x) + 1, dims);
}

static jet record(const op_check *c, const jet x[]) {
  return c->variant->record ? c->variant->record(x) : c->op->record(x);
}

static bool run_or_deny(op_check *c, jet_plan *plan) {
  return jet_plan_run(plan) == JET_OK || deny(c, "%s", jet_plan_message(plan));
}

static bool tape_is_good(op_check *c, const jet_tape *tape) {
  return !jet_tape_status(tape) || deny(c, "%s", jet_tape_message(tape));
}

static bool all_finite(const double *y, ptrdiff_t n) {
  for (ptrdiff_t i = 0; i < n; i++)
    if (!isfinite(y[i])) return false;
  return true;
}

static double largest(const double *y, ptrdiff_t n) {
  double m = 0;
  for (ptrdiff_t i = 0; i < n; i++) m = fmax(m, fabs(y[i]));
  return m;
}

static bool close_to(op_check *c, const char *what, int k, const double *got, const double *want, ptrdiff_t n,
                     double tolerance) {
  for (ptrdiff_t i = 0; i < n; i++)
    if (!(fabs(got[i] - want[i]) <= tolerance))
      return deny(c, "%s, coefficient %d, element %td: %.17g instead of %.17g", what, k, i, got[i], want[i]);
  return true;
}

static bool same_bits(op_check *c, const char *what, int k, int p, const double *got, const double *want, ptrdiff_t n) {
  for (ptrdiff_t i = 0; i < n; i++)
    if (!(got[i] == want[i] || (isnan(got[i]) && isnan(want[i]))))
      return deny(c, "%s, coefficient %d, direction %d, element %td: %.17g instead of %.17g", what, k, p, i, got[i],
                  want[i]);
  return true;
}

/* Which operands are jets: calls the check for every non-empty choice. */
static bool for_choices(op_check *c, bool (*check)(op_check *, const numbers *, unsigned)) {
  unsigned jets = 0;
  bool good = true;
  for (int i = 0; i < c->variant->arity; i++) jets |= is_jet(c, i) ? 1u << i : 0;
  numbers *d = numbers_new(c);
  for (unsigned s = 1; good && s <= jets; s++)
    if ((s & jets) == s) good = check(c, d, s);
  free(d);
  return good;
}

/* ---- forward ----------------------------------------------------------------------------------------------------- */

enum { NODES = 15 };

/* w[k][j]: coefficient k of the polynomial that is 1 at node j and 0 at the others. */
static void lagrange(const double s[NODES], double w[CHECK_ORDER + 1][NODES]) {
  for (int j = 0; j < NODES; j++) {
    long double p[NODES + 1] = {1};
    for (int m = 0, degree = 0; m < NODES; m++) {
      if (m == j) continue;
      degree++;
      for (int k = degree; k >= 0; k--)
        p[k] = ((k ? p[k - 1] : 0) - (long double)s[m] * p[k]) / ((long double)s[j] - s[m]);
    }
    for (int k = 0; k <= CHECK_ORDER; k++) w[k][j] = (double)p[k];
  }
}

static bool sample(op_check *c, const numbers *d, unsigned jets, const double s[NODES], double (*y)[MAX_SIZE]) {
  jet_tape *tape = jet_tape_new();
  jet x[OPERANDS], z;
  for (int i = 0; i < c->variant->arity; i++) x[i] = operand_input(tape, c, i);
  z = record(c, x);
  jet_plan *plan = jet_plan_new(tape, 1, &z);
  bool good = tape_is_good(c, tape);
  for (int j = 0; good && j < NODES; j++) {
    for (int i = 0; i < c->variant->arity; i++) {
      double *to = jet_plan_data(plan, x[i], 0);
      for (ptrdiff_t e = 0; e < operand_size(c, i); e++)
        to[e] = d->x[i][0][e] + (jets >> i & 1 ? s[j] * d->x[i][1][e] : 0);
    }
    good = run_or_deny(c, plan);
    if (good) read_plane(plan, z, 0, y[j]);
  }
  jet_plan_free(plan);
  jet_tape_free(tape);
  return good;
}

static bool interpolated(op_check *c, jet_plan *plan, jet y, const double s[NODES], double (*samples)[MAX_SIZE]) {
  double w[CHECK_ORDER + 1][NODES], got[MAX_SIZE];
  lagrange(s, w);
  for (int k = 0; k <= c->order; k++) {
    read_plane(plan, y, k, got);
    for (ptrdiff_t e = 0; e < jet_size(y); e++) {
      double want = 0, size = 0;
      for (int j = 0; j < NODES; j++) {
        want += w[k][j] * samples[j][e];
        size += fabs(w[k][j]) * (fabs(samples[j][e]) + 1);
      }
      if (!isfinite(want)) continue;
      if (k && c->op->flags & OP_CONSTANT) want = 0;
      if (!close_to(c, "forward", k, got + e, &want, 1, 32 * REF_UNIT * size + 1e-9 * fabs(want))) return false;
    }
  }
  return true;
}

static bool forward(op_check *c, const numbers *d, unsigned jets) {
  double s[NODES], (*samples)[MAX_SIZE] = (double(*)[MAX_SIZE])calloc(NODES, sizeof *samples);
  for (int j = 0; j < NODES; j++) s[j] = (c->op->flags & OP_KINKS ? 0.03 : 0.05) * cos(M_PI * (j + 0.5) / NODES);
  jet_tape *tape = jet_tape_new();
  jet x[OPERANDS], a[OPERANDS], v[OPERANDS], t = jet_parameter(tape, c->order);
  for (int i = 0; i < c->variant->arity; i++) {
    a[i] = operand_input(tape, c, i), v[i] = operand_input(tape, c, i);
    x[i] = jets >> i & 1 ? jet_expand(a[i], v[i], t) : a[i];
  }
  jet y = record(c, x);
  jet_plan *plan = jet_plan_new(tape, 1, &y);
  bool good = tape_is_good(c, tape) && sample(c, d, jets, s, samples);
  for (int i = 0; good && i < c->variant->arity; i++) {
    write_plane(plan, a[i], 0, d->x[i][0], operand_size(c, i));
    write_plane(plan, v[i], 0, d->x[i][1], operand_size(c, i));
  }
  good = good && run_or_deny(c, plan) && interpolated(c, plan, y, s, samples);
  jet_plan_free(plan);
  jet_tape_free(tape);
  free(samples);
  return good;
}

bool op_check_forward(op_check *c) { return for_choices(c, forward); }

/* ---- adjoint ----------------------------------------------------------------------------------------------------- */

/* F in jets of one order more, and its pullback, with some operands jets and with all. */
typedef struct program {
  jet_tape *tape;
  jet_plan *plan;
  jet longer[OPERANDS], some[OPERANDS], all[OPERANDS];
  jet y_longer, y, u, y_all, grad[OPERANDS], grad_all[OPERANDS];
} program;

static jet series(jet t, const op_check *c, int i) {
  return jet_input_series(t, c->variant->in[i].rank, c->variant->in[i].dims);
}

static void record_program(const op_check *c, unsigned jets, program *p) {
  jet_tape *tape = p->tape = tape_of(c);
  jet t_longer = jet_parameter(tape, c->order + 1), t = jet_parameter(tape, c->order);
  int n = c->variant->arity;
  for (int i = 0; i < n; i++) {
    jet plain = jets >> i & 1 ? t : operand_input(tape, c, i);
    p->longer[i] = jets >> i & 1 ? series(t_longer, c, i) : plain;
    p->some[i] = jets >> i & 1 ? series(t, c, i) : plain;
    p->all[i] = is_jet(c, i) ? series(t, c, i) : operand_input(tape, c, i);
  }
  p->y_longer = record(c, p->longer);
  p->y = record(c, p->some);
  p->y_all = record(c, p->all);
  ptrdiff_t dims[JET_MAX_RANK];
  for (int i = 0; i < jet_rank(p->y); i++) dims[i] = jet_extent(p->y, i);
  p->u = jet_rank(p->y) < 0 ? p->y : jet_input_series(t, jet_rank(p->y), dims);
  jet_vjp(1, &p->y, &p->u, n, p->some, p->grad);
  jet_vjp(1, &p->y_all, &p->u, n, p->all, p->grad_all);
  jet outputs[1 + 2 * OPERANDS] = {p->y_longer};
  for (int i = 0; i < n; i++) outputs[1 + i] = p->grad[i], outputs[1 + n + i] = p->grad_all[i];
  p->plan = jet_plan_new(tape, 1 + 2 * n, outputs);
}

static void fill_program(const op_check *c, const numbers *d, unsigned jets, program *p) {
  for (int k = 0; k <= c->order + 1; k++)
    for (int i = 0; i < c->variant->arity; i++) {
      int is = (int)(jets >> i & 1);
      if (k <= jet_order(p->longer[i])) write_plane(p->plan, p->longer[i], k, d->x[i][k], operand_size(c, i));
      if (k <= jet_order(p->some[i])) write_plane(p->plan, p->some[i], k, d->x[i][k], operand_size(c, i));
      if (k <= jet_order(p->all[i]) && (is || k == 0))
        write_plane(p->plan, p->all[i], k, d->x[i][k], operand_size(c, i));
    }
  for (int k = 0; k <= c->order; k++) write_plane(p->plan, p->u, k, d->u[k], jet_size(p->u));
}

static bool gradient_has_shape(op_check *c, jet x, jet grad) {
  bool fits = jet_rank(x) == jet_rank(grad) && jet_order(grad) == c->order;
  for (int i = 0; fits && i < jet_rank(x); i++) fits = jet_extent(x, i) == jet_extent(grad, i);
  return fits || deny(c, "the gradient has rank %d, order %d", jet_rank(grad), jet_order(grad));
}

static bool identity(op_check *c, const numbers *d, unsigned jets, program *p) {
  line y, g;
  for (int k = 0; k <= c->order; k++) {
    double left = 0, right = 0, size = 0;
    for (int j = 0; j <= k; j++) {
      read_plane(p->plan, p->y_longer, j + 1, y);
      for (ptrdiff_t e = 0; e < jet_size(p->y_longer); e++) {
        double term = (j + 1) * d->u[k - j][e] * y[e];
        left += term, size += fabs(term);
      }
      for (int i = 0; i < c->variant->arity; i++) {
        if (!(jets >> i & 1)) continue;
        read_plane(p->plan, p->grad[i], k - j, g);
        for (ptrdiff_t e = 0; e < operand_size(c, i); e++) {
          double term = (j + 1) * d->x[i][j + 1][e] * g[e];
          right += term, size += fabs(term);
        }
      }
    }
    if (!(fabs(left - right) <= tolerance_of(c) * (size + 1e-3)))
      return deny(c, "jets %#x: coefficient %d of <u, y'> is %.17g, of <x', gradient> %.17g", jets, k, left, right);
  }
  return true;
}

/* Gradients with some operands plain against those with all jets; zero for operands that are no numbers. */
static bool plain_operands_agree(op_check *c, program *p) {
  line got, want;
  for (int i = 0; i < c->variant->arity; i++)
    for (int k = 0; k <= c->order; k++) {
      ptrdiff_t n = operand_size(c, i);
      read_plane(p->plan, p->grad[i], k, got);
      if (is_jet(c, i)) read_plane(p->plan, p->grad_all[i], k, want);
      else memset(want, 0, sizeof want);
      if (!close_to(c, "gradient of plain operands", k, got, want, n, tolerance_of(c) * largest(want, n))) return false;
    }
  return true;
}

static bool adjoint_of(op_check *c, const numbers *d, unsigned jets) {
  program p;
  line y;
  record_program(c, jets, &p);
  bool good = tape_is_good(c, p.tape);
  for (int i = 0; good && i < c->variant->arity; i++) good = gradient_has_shape(c, p.some[i], p.grad[i]);
  if (good) {
    fill_program(c, d, jets, &p);
    good = run_or_deny(c, p.plan);
  }
  if (good) read_plane(p.plan, p.y_longer, 0, y);
  if (good && all_finite(y, jet_size(p.y_longer))) good = identity(c, d, jets, &p) && plain_operands_agree(c, &p);
  jet_plan_free(p.plan);
  jet_tape_free(p.tape);
  return good;
}

bool op_check_adjoint(op_check *c) { return for_choices(c, adjoint_of); }

/* ---- coefficients in the loss, and directions -------------------------------------------------------------------- */

/* Everything that is known of F(x + v t) for p directions. */
typedef struct expansion {
  jet_tape *tape;
  jet_plan *plan;
  int directions, arity;
  jet a[OPERANDS], v[OPERANDS], x[OPERANDS], y, u;
  jet grad_x[OPERANDS], grad_a[OPERANDS], grad_v[OPERANDS];                 /* of the jet <u, y> */
  jet w[CHECK_ORDER + 1];                                                   /* adjoint of coefficient k alone */
  jet part_a[CHECK_ORDER + 1][OPERANDS], part_v[CHECK_ORDER + 1][OPERANDS]; /* of the number <w, y_k> */
  jet out[(CHECK_ORDER + 1) * (1 + 5 * OPERANDS)];
  int outputs;
} expansion;

/* Adjoint of y: plain, but where y is no jet though x is, a jet without higher coefficients. */
static jet adjoint_like(const op_check *c, jet y, jet t) {
  ptrdiff_t dims[JET_MAX_RANK];
  for (int i = 0; i < jet_rank(y); i++) dims[i] = jet_extent(y, i);
  return c->op->flags & OP_CONSTANT && jet_rank(y) >= 0 ? jet_input_series(t, jet_rank(y), dims)
                                                        : input_like(t.tape, y);
}

static jet output(expansion *e, jet y) { return e->out[e->outputs++] = y; }

/* Coefficient k as an output; the jet itself if it is plain and k = 0; tape NULL if there is none. */
static jet coefficient_output(expansion *e, jet y, int k) {
  if (k > jet_order(y)) return (jet){NULL, -1};
  return output(e, jet_coefficient(y, k));
}

static void record_parts(expansion *e, int k) {
  jet y = jet_coefficient(e->y, k), wrt[2 * OPERANDS], grad[2 * OPERANDS];
  int n = e->arity;
  e->w[k] = input_like(e->tape, y);
  for (int i = 0; i < n; i++) wrt[i] = e->a[i], wrt[n + i] = e->v[i];
  jet_vjp(1, &y, &e->w[k], 2 * n, wrt, grad);
  for (int i = 0; i < n; i++) e->part_a[k][i] = output(e, grad[i]), e->part_v[k][i] = output(e, grad[n + i]);
}

static void expansion_init(expansion *e, const op_check *c, unsigned jets, int directions) {
  memset(e, 0, sizeof *e);
  e->directions = directions, e->arity = c->variant->arity;
  jet_tape *tape = e->tape = tape_of(c);
  jet t = jet_parameter(tape, c->order), wrt[3 * OPERANDS], grad[3 * OPERANDS];
  int n = e->arity;
  for (int i = 0; i < n; i++) {
    e->a[i] = operand_input(tape, c, i);
    e->v[i] = directions_like(tape, e->a[i], directions);
    e->x[i] = !(jets >> i & 1)  ? e->a[i]
              : directions == 1 ? jet_expand(e->a[i], e->v[i], t)
                                : jet_expand_many(e->a[i], e->v[i], t);
    wrt[i] = e->x[i], wrt[n + i] = e->a[i], wrt[2 * n + i] = e->v[i];
  }
  e->y = record(c, e->x);
  e->u = adjoint_like(c, e->y, t);
  jet_vjp(1, &e->y, &e->u, directions == 1 ? 3 * n : 2 * n, wrt, grad);
  for (int i = 0; i < n; i++) e->grad_x[i] = grad[i], e->grad_a[i] = grad[n + i], e->grad_v[i] = grad[2 * n + i];
  for (int k = 0; k <= c->order && k <= jet_order(e->y); k++) record_parts(e, k);
}

static bool expansion_plan(op_check *c, expansion *e) {
  e->plan = jet_plan_new(e->tape, e->outputs, e->out);
  return tape_is_good(c, e->tape) && (!jet_plan_status(e->plan) || deny(c, "%s", jet_plan_message(e->plan)));
}

/* The numbers of all directions, or of direction p alone. */
static void expansion_fill(const op_check *c, const numbers *d, expansion *e, int p) {
  for (int i = 0; i < e->arity; i++) {
    ptrdiff_t n = operand_size(c, i);
    write_plane(e->plan, e->a[i], 0, d->x[i][0], n);
    write_plane(e->plan, e->v[i], 0, d->x[i][1] + p * n, jet_size(e->v[i]));
  }
  ptrdiff_t n = jet_size(e->y);
  write_plane(e->plan, e->u, 0, d->u[0], n);
  for (int k = 0; k <= c->order; k++)
    if (e->w[k].tape) write_plane(e->plan, e->w[k], 0, d->u[k] + (k ? p * n : 0), jet_size(e->w[k]));
}

static void expansion_free(expansion *e) {
  jet_plan_free(e->plan);
  jet_tape_free(e->tape);
}

/* ---- coefficients ------------------------------------------------------------------------------------------------ */

static bool coefficients_agree(op_check *c, expansion *e, unsigned jets, int i) {
  ptrdiff_t n = operand_size(c, i);
  line want, below, got;
  double size = 0;
  memset(below, 0, sizeof below);
  for (int k = 0; k <= c->order; k++) {
    read_plane(e->plan, e->grad_x[i], k, want);
    size = fmax(size, largest(want, n));
    read_plane(e->plan, e->grad_a[i], k, got);
    if (!close_to(c, "gradient of x_0", k, got, want, n, tolerance_of(c) * size)) return false;
    if (k <= jet_order(e->y)) {
      read_plane(e->plan, e->part_a[k][i], 0, got);
      if (!close_to(c, "gradient of y_k by x_0", k, got, want, n, tolerance_of(c) * size)) return false;
    }
    if (jets >> i & 1) {
      read_plane(e->plan, e->grad_v[i], k, got);
      if (!close_to(c, "gradient of v", k, got, below, n, tolerance_of(c) * size)) return false;
      if (k <= jet_order(e->y)) {
        read_plane(e->plan, e->part_v[k][i], 0, got);
        if (!close_to(c, "gradient of y_k by v", k, got, below, n, tolerance_of(c) * size)) return false;
      }
    }
    memcpy(below, want, sizeof below);
  }
  return true;
}

static bool coefficients_of(op_check *c, const numbers *d, unsigned jets) {
  expansion e;
  numbers *same = (numbers *)malloc(sizeof *same); /* one adjoint for all coefficients */
  *same = *d;
  for (int k = 1; k <= c->order; k++) memcpy(same->u[k], same->u[0], sizeof(line));
  expansion_init(&e, c, jets, 1);
  for (int i = 0; i < e.arity; i++) output(&e, e.grad_x[i]), output(&e, e.grad_a[i]), output(&e, e.grad_v[i]);
  jet y = coefficient_output(&e, e.y, 0);
  bool good = expansion_plan(c, &e);
  line value;
  if (good) {
    expansion_fill(c, same, &e, 0);
    good = run_or_deny(c, e.plan);
  }
  if (good) read_plane(e.plan, y, 0, value);
  bool finite = good && all_finite(value, jet_size(y));
  for (int i = 0; finite && good && i < e.arity; i++) good = !is_jet(c, i) || coefficients_agree(c, &e, jets, i);
  expansion_free(&e);
  free(same);
  return good;
}

bool op_check_coefficients(op_check *c) { return for_choices(c, coefficients_of); }

/* ---- directions -------------------------------------------------------------------------------------------------- */

/* jets of P directions as coefficients: of y and of gradients */
typedef struct planes {
  jet y[CHECK_ORDER + 1], grad[CHECK_ORDER + 1][OPERANDS];
} planes;

static bool direction_agrees(op_check *c, expansion *many, const planes *m, expansion *one, const planes *s, int p) {
  line got, want;
  for (int k = 0; k <= c->order; k++) {
    int q = k ? p : 0;
    if ((m->y[k].tape != NULL) != (s->y[k].tape != NULL)) return deny(c, "orders differ with directions");
    if (m->y[k].tape) {
      ptrdiff_t n = jet_size(s->y[k]);
      read_plane(many->plan, m->y[k], 0, got), read_plane(one->plan, s->y[k], 0, want);
      if (!same_bits(c, "value", k, p, jet_size(m->y[k]) > n ? got + q * n : got, want, n)) return false;
    }
    for (int i = 0; i < one->arity; i++) {
      ptrdiff_t n = operand_size(c, i);
      if (s->grad[k][i].tape) {
        read_plane(many->plan, m->grad[k][i], 0, got), read_plane(one->plan, s->grad[k][i], 0, want);
        if (!same_bits(c, "gradient", k, p, jet_size(m->grad[k][i]) > n ? got + q * n : got, want, n)) return false;
      }
      if (k > jet_order(one->y)) continue;
      read_plane(many->plan, many->part_v[k][i], 0, got), read_plane(one->plan, one->part_v[k][i], 0, want);
      if (!same_bits(c, "gradient of y_k by v", k, p, got + p * n, want, n)) return false;
    }
  }
  return true;
}

static bool sums_agree(op_check *c, expansion *many, double sum[CHECK_ORDER + 1][OPERANDS][MAX_SIZE],
                       const double *size) {
  line got;
  for (int k = 0; k <= c->order && k <= jet_order(many->y); k++)
    for (int i = 0; i < many->arity; i++) {
      read_plane(many->plan, many->part_a[k][i], 0, got);
      if (!close_to(c, "gradient of y_k by x_0, all directions", k, got, sum[k][i], operand_size(c, i),
                    tolerance_of(c) * size[i]))
        return false;
    }
  return true;
}

static void add_up(op_check *c, expansion *one, int p, double sum[CHECK_ORDER + 1][OPERANDS][MAX_SIZE], double *size) {
  line part;
  for (int k = 0; k <= c->order && k <= jet_order(one->y); k++)
    for (int i = 0; i < one->arity; i++) {
      ptrdiff_t n = operand_size(c, i);
      read_plane(one->plan, one->part_a[k][i], 0, part);
      size[i] = fmax(size[i], largest(part, n));
      for (ptrdiff_t e = 0; e < n && (k || !p); e++) sum[k][i][e] += part[e];
    }
}

static void planes_of(expansion *e, int order, planes *m) {
  for (int k = 0; k <= order; k++) {
    m->y[k] = coefficient_output(e, e->y, k);
    for (int i = 0; i < e->arity; i++) m->grad[k][i] = coefficient_output(e, e->grad_x[i], k);
  }
}

static bool directions_of(op_check *c, const numbers *d, unsigned jets) {
  expansion many, one;
  planes m, s;
  double size[OPERANDS] = {0},
         (*sum)[OPERANDS][MAX_SIZE] = (double(*)[OPERANDS][MAX_SIZE])calloc(CHECK_ORDER + 1, sizeof *sum);
  expansion_init(&many, c, jets, P);
  expansion_init(&one, c, jets, 1);
  planes_of(&many, c->order, &m);
  planes_of(&one, c->order, &s);
  bool good = expansion_plan(c, &many) && expansion_plan(c, &one);
  if (good) {
    expansion_fill(c, d, &many, 0);
    good = run_or_deny(c, many.plan);
  }
  line value;
  if (good) read_plane(many.plan, m.y[0], 0, value);
  bool finite = good && all_finite(value, jet_size(m.y[0]));
  for (int p = 0; good && p < P; p++) {
    expansion_fill(c, d, &one, p);
    good = run_or_deny(c, one.plan) && (!finite || direction_agrees(c, &many, &m, &one, &s, p));
    if (good) add_up(c, &one, p, sum, size);
  }
  good = good && (!finite || sums_agree(c, &many, sum, size));
  expansion_free(&many);
  expansion_free(&one);
  free(sum);
  return good;
}

bool op_check_directions(op_check *c) { return for_choices(c, directions_of); }
