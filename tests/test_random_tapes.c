/* test_random_tapes.c - random programs of all kinds of operations: forward against the naive evaluator, reverse
   against forward. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "naive.h"
#include "random_jets.h"

enum {
  PROGRAMS = 1500,
  REVERSED = 600,
  EXPANDED = 300,
  NESTED = 300,
  NESTED_OPERATIONS = 10,
  OPERATIONS = 18,
  P = 3,
  INPUTS = 4,
  COEFFICIENTS = NAIVE_COEFFICIENTS
};

static const double TOLERANCE = 64; /* in units of the naive evaluator's error bound */

/* ---- numbers of a program ---------------------------------------------------------------------------------------- */

typedef struct numbers {
  bool jets[INPUTS];
  int order, directions;
  double x[INPUTS][COEFFICIENTS][P][NAIVE_SIZE];
  double u[NAIVE_MAX][COEFFICIENTS][NAIVE_SIZE];
} numbers;

/* x + v t where there are directions, else jets with all coefficients. */
static void random_numbers(numbers *d, int order, int directions, generator *g) {
  memset(d, 0, sizeof *d);
  d->order = order, d->directions = directions;
  for (int i = 0; i < INPUTS; i++) {
    d->jets[i] = i == 0 || random_below(g, 4);
    for (int k = 0; k < COEFFICIENTS && (k == 0 || d->jets[i]) && (directions == 1 || k < 2); k++)
      for (int p = 0; p < P; p++)
        for (int e = 0; e < NAIVE_SIZE; e++)
          d->x[i][k][p][e] = k ? uniform(g, -1, 1) / (1 << k) : uniform(g, -1.5, 1.5);
  }
  for (int v = 0; v < NAIVE_MAX; v++)
    for (int k = 0; k < COEFFICIENTS; k++)
      for (int e = 0; e < NAIVE_SIZE; e++) d->u[v][k][e] = uniform(g, -1, 1);
}

static void naive_inputs(const numbers *d, int p, series x[INPUTS][NAIVE_SIZE], const series *inputs[INPUTS]) {
  for (int i = 0; i < INPUTS; i++) {
    inputs[i] = x[i];
    for (int e = 0; e < NAIVE_SIZE; e++)
      for (int k = 0; k < COEFFICIENTS; k++) x[i][e].c[k] = (number){d->x[i][k][k ? p : 0][e], 0};
  }
}

static bool is_sink(const program *p, int v) { return v >= p->inputs && !program_uses(p, v); }

/* ---- forward ----------------------------------------------------------------------------------------------------- */

typedef struct recording {
  jet_tape *tape;
  jet_plan *plan;
  jet a[INPUTS], v[INPUTS], value[NAIVE_MAX]; /* x + v t with directions; a jet_input_series without */
  jet out[NAIVE_MAX * COEFFICIENTS];
  int outputs, first[NAIVE_MAX]; /* first[v]: coefficients of value v from there on */
} recording;

static void record_inputs(recording *r, const program *p, const numbers *d, jet t) {
  for (int i = 0; i < INPUTS; i++) {
    const op_shape *s = &p->at[i].shape;
    ptrdiff_t dims[NAIVE_RANK + 1] = {P};
    memcpy(dims + 1, s->dims, (size_t)s->rank * sizeof *dims);
    r->a[i] =
        d->jets[i] && d->directions == 1 ? jet_input_series(t, s->rank, s->dims) : jet_input(t.tape, s->rank, s->dims);
    r->v[i] = d->directions > 1 ? jet_input(t.tape, s->rank + 1, dims) : r->a[i];
    r->value[i] = d->jets[i] && d->directions > 1 ? jet_expand_many(r->a[i], r->v[i], t) : r->a[i];
  }
}

static void record_outputs(recording *r, const program *p) {
  for (int v = 0; v < p->count; v++) {
    r->first[v] = r->outputs;
    for (int k = 0; is_sink(p, v) && k <= jet_order(r->value[v]); k++)
      r->out[r->outputs++] = jet_coefficient(r->value[v], k);
  }
}

static void fill_inputs(recording *r, const program *p, const numbers *d) {
  for (int i = 0; i < INPUTS; i++) {
    size_t n = (size_t)op_shape_size(&p->at[i].shape);
    for (int k = 0; k <= jet_order(r->a[i]); k++)
      memcpy(jet_plan_data(r->plan, r->a[i], k), d->x[i][k][0], n * sizeof(double));
    for (int q = 0; q < P && d->directions > 1; q++)
      memcpy(jet_plan_data(r->plan, r->v[i], 0) + (size_t)q * n, d->x[i][1][q], n * sizeof(double));
  }
}

static void recording_init(recording *r, const program *p, const numbers *d) {
  memset(r, 0, sizeof *r);
  r->tape = jet_tape_new();
  record_inputs(r, p, d, jet_parameter(r->tape, d->order));
  program_record(p, r->value);
  record_outputs(r, p);
  r->plan = jet_plan_new(r->tape, r->outputs, r->out);
}

static void recording_free(recording *r) {
  jet_plan_free(r->plan);
  jet_tape_free(r->tape);
}

static bool shapes_agree(const program *p, const recording *r) {
  for (int v = 0; v < p->count; v++) {
    const op_shape *s = &p->at[v].shape;
    bool same = jet_rank(r->value[v]) == s->rank;
    for (int i = 0; same && i < s->rank; i++) same = jet_extent(r->value[v], i) == s->dims[i];
    if (!same) print_error("value %d has another shape\n", v);
    if (!same) return false;
  }
  return true;
}

static bool coefficient_agrees(const recording *r, int v, int k, int p, ptrdiff_t e, ptrdiff_t size, number want) {
  if (!isfinite((double)want.e)) return true;
  bool exists = k <= jet_order(r->value[v]);
  jet c = exists ? r->out[r->first[v] + k] : r->value[v];
  double got = exists ? jet_plan_data(r->plan, c, 0)[(jet_size(c) > size ? p * size : 0) + e] : 0;
  if (fabsl(got - want.v) <= TOLERANCE * REF_UNIT * want.e + 1e-300) return true;
  print_error("value %d, coefficient %d, direction %d, element %td: %.17g instead of %.17Lg +- %.2Lg\n", v, k, p, e,
              got, want.v, REF_UNIT * want.e);
  return false;
}

/* known: coefficients compared with a bound that says something */
static bool values_agree(const program *p, const numbers *d, const recording *r, long *compared, long *known) {
  static series x[INPUTS][NAIVE_SIZE];
  const series *inputs[INPUTS];
  bool good = true;
  for (int q = 0; good && q < d->directions; q++) {
    naive_inputs(d, q, x, inputs);
    evaluator *naive = evaluator_new(p, inputs);
    for (int v = 0; good && v < p->count; v++) {
      ptrdiff_t size = op_shape_size(&p->at[v].shape);
      for (ptrdiff_t e = 0; good && is_sink(p, v) && e < size; e++) {
        series want = element_of(naive, v, e);
        for (int k = 0; good && k <= d->order; k++) {
          ++*compared;
          *known += want.c[k].e < 1e6L * (fabsl(want.c[k].v) + 1e-6L);
          good = coefficient_agrees(r, v, k, q, e, size, want.c[k]);
        }
      }
    }
    evaluator_free(naive);
  }
  return good;
}

static bool forward_agrees(uint64_t seed, long *compared, long *known) {
  static numbers d;
  generator g = {seed};
  program p;
  recording r;
  program_random(&p, OPERATIONS, &g);
  random_numbers(&d, random_below(&g, 5), random_below(&g, 2) ? 1 : P, &g);
  recording_init(&r, &p, &d);
  bool good = !jet_plan_status(r.plan);
  if (!good) print_error("%s\n", jet_plan_message(r.plan));
  good = good && shapes_agree(&p, &r);
  if (good) {
    fill_inputs(&r, &p, &d);
    good = jet_plan_run(r.plan) == JET_OK && values_agree(&p, &d, &r, compared, known);
  }
  if (!good) {
    print_error("program of seed %d, order %d, %d directions:\n", (int)seed, d.order, d.directions);
    program_print(&p);
  }
  recording_free(&r);
  return good;
}

static void forward_against_definitions(void **state) {
  (void)state;
  int wrong = 0;
  long compared = 0, known = 0;
  for (uint64_t seed = 1; seed <= PROGRAMS && wrong < 5; seed++) wrong += !forward_agrees(seed, &compared, &known);
  assert_int_equal(wrong, 0);
  assert_true(known * 10 > compared * 8); /* most comparisons mean something */
}

/* ---- reverse ----------------------------------------------------------------------------------------------------- */

/* The program in jets of one order more, and its pullback in jets of the order; see op_check.h for the identity. */
typedef struct pullback {
  jet_tape *tape;
  jet_plan *plan;
  jet longer[NAIVE_MAX], value[NAIVE_MAX], u[NAIVE_MAX], grad[INPUTS];
} pullback;

static void series_inputs(const program *p, const numbers *d, jet t, jet x[INPUTS]) {
  for (int i = 0; i < INPUTS; i++) {
    const op_shape *s = &p->at[i].shape;
    x[i] = d->jets[i] ? jet_input_series(t, s->rank, s->dims) : jet_input(t.tape, s->rank, s->dims);
  }
}

static void pullback_init(pullback *b, const program *p, const numbers *d) {
  jet sinks[NAIVE_MAX], u[NAIVE_MAX], out[NAIVE_MAX];
  int n = 0;
  jet_tape *tape = b->tape = jet_tape_new();
  jet t = jet_parameter(tape, d->order);
  series_inputs(p, d, jet_parameter(tape, d->order + 1), b->longer);
  series_inputs(p, d, t, b->value);
  program_record(p, b->longer);
  program_record(p, b->value);
  for (int v = 0; v < p->count; v++) {
    if (!is_sink(p, v)) continue;
    b->u[v] = jet_input_series(t, p->at[v].shape.rank, p->at[v].shape.dims);
    sinks[n] = b->value[v], u[n] = b->u[v], out[n++] = b->longer[v];
  }
  jet_vjp(n, sinks, u, INPUTS, b->value, b->grad);
  for (int i = 0; i < INPUTS; i++) out[n++] = b->grad[i];
  b->plan = jet_plan_new(tape, n, out);
}

static void pullback_fill(pullback *b, const program *p, const numbers *d) {
  for (int k = 0; k <= d->order + 1; k++) {
    for (int i = 0; i < INPUTS; i++) {
      size_t n = (size_t)op_shape_size(&p->at[i].shape) * sizeof(double);
      if (k <= jet_order(b->longer[i])) memcpy(jet_plan_data(b->plan, b->longer[i], k), d->x[i][k][0], n);
      if (k <= jet_order(b->value[i])) memcpy(jet_plan_data(b->plan, b->value[i], k), d->x[i][k][0], n);
    }
    for (int v = 0; v < p->count && k <= d->order; v++)
      if (is_sink(p, v))
        memcpy(jet_plan_data(b->plan, b->u[v], k), d->u[v][k], (size_t)op_shape_size(&p->at[v].shape) * sizeof(double));
  }
}

/* sum_j (j + 1) <u_{k-j}, y_{j+1}>, its size, and what rounding may do to it. */
static void left_side(const pullback *b, const program *p, const numbers *d, evaluator *naive, int k,
                      long double side[3]) {
  for (int v = 0; v < p->count; v++) {
    for (int j = 0; is_sink(p, v) && j <= k && j + 1 <= jet_order(b->longer[v]); j++) {
      const double *y = jet_plan_data(b->plan, b->longer[v], j + 1);
      for (ptrdiff_t e = 0; e < op_shape_size(&p->at[v].shape); e++) {
        double u = (j + 1) * d->u[v][k - j][e];
        side[0] += u * y[e];
        side[1] += fabs(u * y[e]);
        side[2] += fabs(u) * element_of(naive, v, e).c[j + 1].e;
      }
    }
  }
}

static void right_side(const pullback *b, const program *p, const numbers *d, int k, long double side[3]) {
  for (int i = 0; i < INPUTS; i++)
    for (int j = 0; d->jets[i] && j <= k; j++) {
      const double *g = jet_plan_data(b->plan, b->grad[i], k - j);
      for (ptrdiff_t e = 0; e < op_shape_size(&p->at[i].shape); e++) {
        double term = (j + 1) * d->x[i][j + 1][0][e] * g[e];
        side[0] += term;
        side[1] += fabs(term);
      }
    }
}

static bool identity_holds(const pullback *b, const program *p, const numbers *d, int *skipped) {
  static series x[INPUTS][NAIVE_SIZE];
  const series *inputs[INPUTS];
  naive_inputs(d, 0, x, inputs);
  evaluator *naive = evaluator_new(p, inputs);
  bool good = true;
  for (int k = 0; good && k <= d->order; k++) {
    long double left[3] = {0}, right[3] = {0};
    left_side(b, p, d, naive, k, left);
    if (!isfinite((double)left[2])) {
      ++*skipped;
      break;
    }
    right_side(b, p, d, k, right);
    long double tolerance = TOLERANCE * REF_UNIT * (left[1] + left[2] + right[1]);
    good = fabsl(left[0] - right[0]) <= tolerance;
    if (!good) print_error("coefficient %d of <u, y'> is %.17Lg, of <x', gradient> %.17Lg\n", k, left[0], right[0]);
  }
  evaluator_free(naive);
  return good;
}

static bool reverse_agrees(uint64_t seed, int *skipped) {
  static numbers d;
  generator g = {seed};
  program p;
  pullback b;
  program_random(&p, OPERATIONS, &g);
  random_numbers(&d, random_below(&g, 5), 1, &g);
  pullback_init(&b, &p, &d);
  bool good = !jet_plan_status(b.plan);
  if (!good) print_error("%s\n", jet_plan_message(b.plan));
  if (good) {
    pullback_fill(&b, &p, &d);
    good = jet_plan_run(b.plan) == JET_OK && identity_holds(&b, &p, &d, skipped);
  }
  if (!good) {
    print_error("program of seed %d, order %d:\n", (int)seed, d.order);
    program_print(&p);
  }
  jet_plan_free(b.plan);
  jet_tape_free(b.tape);
  return good;
}

static void reverse_against_forward(void **state) {
  (void)state;
  int wrong = 0, skipped = 0;
  for (uint64_t seed = 1; seed <= REVERSED && wrong < 5; seed++) wrong += !reverse_agrees(100000 + seed, &skipped);
  assert_int_equal(wrong, 0);
  assert_true(skipped * 4 < REVERSED);
}

/* ---- directions -------------------------------------------------------------------------------------------------- */

/* Coefficients of the sinks and of the gradient of <u, sinks>, and for each coefficient the gradient of <u, y_k> by
   v. */
typedef struct expansion {
  recording r;
  int directions;
  jet u[NAIVE_MAX], grad[INPUTS][COEFFICIENTS], part[INPUTS][COEFFICIENTS];
} expansion;

static jet plain_input(jet_tape *tape, jet y) {
  ptrdiff_t dims[JET_MAX_RANK];
  for (int i = 0; i < jet_rank(y); i++) dims[i] = jet_extent(y, i);
  return jet_input(tape, jet_rank(y), dims);
}

static jet take_output(recording *r, jet y) { return r->out[r->outputs++] = y; }

/* The same u for every direction of coefficient k. */
static void record_part(expansion *x, const program *p, int k) {
  jet y[NAIVE_MAX], u[NAIVE_MAX], grad[INPUTS];
  int n = 0;
  for (int v = 0; v < p->count; v++) {
    if (!is_sink(p, v) || k > jet_order(x->r.value[v])) continue;
    ptrdiff_t dims[JET_MAX_RANK];
    y[n] = jet_coefficient(x->r.value[v], k);
    for (int i = 0; i < jet_rank(y[n]); i++) dims[i] = jet_extent(y[n], i);
    u[n] = jet_broadcast_to(x->u[v], jet_rank(y[n]), dims);
    n++;
  }
  if (!n) return;
  jet_vjp(n, y, u, INPUTS, x->r.v, grad);
  for (int i = 0; i < INPUTS; i++) x->part[i][k] = take_output(&x->r, grad[i]);
}

static void expansion_init(expansion *x, const program *p, const numbers *d, int directions) {
  memset(x, 0, sizeof *x);
  recording *r = &x->r;
  jet_tape *tape = r->tape = jet_tape_new();
  jet t = jet_parameter(tape, d->order), y[NAIVE_MAX], u[NAIVE_MAX], grad[INPUTS];
  int n = 0;
  x->directions = directions;
  record_inputs(r, p, d, t);
  for (int i = 0; i < INPUTS && directions == 1; i++) { /* instead of the many */
    r->v[i] = plain_input(tape, r->a[i]);
    r->value[i] = d->jets[i] ? jet_expand(r->a[i], r->v[i], t) : r->a[i];
  }
  program_record(p, r->value);
  record_outputs(r, p);
  for (int v = 0; v < p->count; v++)
    if (is_sink(p, v)) y[n] = r->value[v], u[n++] = x->u[v] = plain_input(tape, r->value[v]);
  y[n] = jet_sum(r->value[0]), u[n++] = jet_scalar(tape, 0.5); /* one at least is a jet */
  jet_vjp(n, y, u, INPUTS, r->value, grad);
  for (int k = 0; k <= d->order; k++) {
    for (int i = 0; i < INPUTS; i++) x->grad[i][k] = take_output(r, jet_coefficient(grad[i], k));
    record_part(x, p, k);
  }
  r->plan = jet_plan_new(tape, r->outputs, r->out);
}

static void expansion_fill(expansion *x, const program *p, const numbers *d, int q) {
  for (int i = 0; i < INPUTS; i++) {
    size_t n = (size_t)op_shape_size(&p->at[i].shape);
    memcpy(jet_plan_data(x->r.plan, x->r.a[i], 0), d->x[i][0][0], n * sizeof(double));
    for (int j = 0; j < x->directions; j++)
      memcpy(jet_plan_data(x->r.plan, x->r.v[i], 0) + (size_t)j * n, d->x[i][1][q + j], n * sizeof(double));
  }
  for (int v = 0; v < p->count; v++)
    if (is_sink(p, v))
      memcpy(jet_plan_data(x->r.plan, x->u[v], 0), d->u[v][0], (size_t)op_shape_size(&p->at[v].shape) * sizeof(double));
}

static bool part_agrees(const char *what, int i, int k, int q, expansion *many, jet a, expansion *one, jet b) {
  ptrdiff_t n = b.tape ? jet_size(b) : 0;
  if ((a.tape == NULL) != (b.tape == NULL)) return false;
  for (ptrdiff_t e = 0; e < n; e++) {
    double got = jet_plan_data(many->r.plan, a, 0)[(jet_size(a) > n ? q * n : 0) + e];
    double want = jet_plan_data(one->r.plan, b, 0)[e];
    if (got == want || (isnan(got) && isnan(want))) continue;
    print_error("%s %d, coefficient %d, direction %d, element %td: %.17g, alone %.17g\n", what, i, k, q, e, got, want);
    return false;
  }
  return true;
}

/* Coefficient 0 is of the first direction: where x_0 ties with itself it is the directions that decide. */
static bool direction_agrees(const program *p, const numbers *d, expansion *many, expansion *one, int q) {
  bool good = true;
  for (int v = 0; v < p->count; v++)
    for (int k = q > 0; good && is_sink(p, v) && k <= jet_order(one->r.value[v]); k++)
      good =
          part_agrees("value", v, k, q, many, many->r.out[many->r.first[v] + k], one, one->r.out[one->r.first[v] + k]);
  for (int i = 0; i < INPUTS; i++)
    for (int k = q > 0; good && k <= d->order; k++)
      good = part_agrees("gradient by input", i, k, q, many, many->grad[i][k], one, one->grad[i][k]) &&
             part_agrees("gradient by direction", i, k, q, many, many->part[i][k], one, one->part[i][k]);
  return good;
}

/* A plan of one output computes less, and the same. */
static bool alone_agrees(const program *p, const numbers *d, expansion *x, int which) {
  expansion alone = *x;
  jet y = x->r.out[which];
  alone.r.plan = jet_plan_new(x->r.tape, 1, &y);
  expansion_fill(&alone, p, d, 0);
  bool good = jet_plan_run(alone.r.plan) == JET_OK;
  for (ptrdiff_t e = 0; good && e < jet_size(y); e++)
    good = same(jet_plan_data(alone.r.plan, y, 0)[e], jet_plan_data(x->r.plan, y, 0)[e]);
  if (!good) print_error("output %d of %d alone differs\n", which, x->r.outputs);
  jet_plan_free(alone.r.plan);
  return good;
}

static bool directions_agree(uint64_t seed) {
  static numbers d;
  static expansion many, one;
  generator g = {seed};
  program p;
  program_random(&p, OPERATIONS, &g);
  random_numbers(&d, 1 + random_below(&g, 4), P, &g);
  expansion_init(&many, &p, &d, P);
  expansion_init(&one, &p, &d, 1);
  bool good = !jet_plan_status(many.r.plan) && !jet_plan_status(one.r.plan);
  if (!good) print_error("%s; %s\n", jet_plan_message(many.r.plan), jet_plan_message(one.r.plan));
  if (good) {
    expansion_fill(&many, &p, &d, 0);
    good = jet_plan_run(many.r.plan) == JET_OK;
  }
  for (int i = 0; good && i < 5; i++) good = alone_agrees(&p, &d, &many, random_below(&g, many.r.outputs));
  for (int q = 0; good && q < P; q++) {
    expansion_fill(&one, &p, &d, q);
    good = jet_plan_run(one.r.plan) == JET_OK && direction_agrees(&p, &d, &many, &one, q);
  }
  if (!good) {
    print_error("program of seed %d, order %d:\n", (int)seed, d.order);
    program_print(&p);
  }
  recording_free(&many.r);
  recording_free(&one.r);
  return good;
}

static void directions_against_single_sweeps(void **state) {
  (void)state;
  int wrong = 0;
  for (uint64_t seed = 1; seed <= EXPANDED && wrong < 5; seed++) wrong += !directions_agree(200000 + seed);
  assert_int_equal(wrong, 0);
}

/* ---- gradients of gradients -------------------------------------------------------------------------------------- */

enum { DEPTH = 3 };

/* Of the loss sum <u, sinks>: the gradient, H v and D^3[v, v] by nested sweeps, and by one sweep of jets. */
typedef struct nest {
  jet_tape *tape;
  jet_plan *plan;
  jet a[INPUTS], v[INPUTS], u[NAIVE_MAX], nested[DEPTH][INPUTS], jets[INPUTS];
} nest;

static int sinks_of(const program *p, const jet value[], const jet u[], jet y[], jet adjoint[]) {
  int n = 0;
  for (int v = 0; v < p->count; v++)
    if (is_sink(p, v)) y[n] = value[v], adjoint[n++] = u[v];
  return n;
}

static void nest_init(nest *x, const program *p) {
  jet plain[NAIVE_MAX], expanded[NAIVE_MAX], y[NAIVE_MAX], u[NAIVE_MAX], out[(DEPTH + 1) * INPUTS];
  jet_tape *tape = x->tape = jet_tape_new();
  jet t = jet_parameter(tape, DEPTH - 1), zero = jet_scale(t, 0);
  for (int i = 0; i < INPUTS; i++) {
    const op_shape *s = &p->at[i].shape;
    plain[i] = x->a[i] = jet_input(tape, s->rank, s->dims);
    x->v[i] = jet_input(tape, s->rank, s->dims);
    expanded[i] = jet_expand(x->a[i], x->v[i], t);
  }
  program_record(p, plain);
  program_record(p, expanded);
  for (int v = 0; v < p->count; v++)
    if (is_sink(p, v)) x->u[v] = jet_input(tape, p->at[v].shape.rank, p->at[v].shape.dims);
  jet_vjp(sinks_of(p, plain, x->u, y, u), y, u, INPUTS, x->a, x->nested[0]);
  for (int d = 1; d < DEPTH; d++) jet_vjp(INPUTS, x->nested[d - 1], x->v, INPUTS, x->a, x->nested[d]);
  int n = sinks_of(p, expanded, x->u, y, u);
  y[n] = u[n] = zero, n++; /* so that the loss is a jet in any case */
  jet_vjp(n, y, u, INPUTS, expanded, x->jets);
  n = 0;
  for (int i = 0; i < INPUTS; i++) {
    for (int d = 0; d < DEPTH; d++) out[n++] = x->nested[d][i];
    out[n++] = x->jets[i];
  }
  x->plan = jet_plan_new(tape, n, out);
}

static void nest_fill(nest *x, const program *p, const numbers *d) {
  for (int i = 0; i < INPUTS; i++) {
    size_t n = (size_t)op_shape_size(&p->at[i].shape) * sizeof(double);
    memcpy(jet_plan_data(x->plan, x->a[i], 0), d->x[i][0][0], n);
    memcpy(jet_plan_data(x->plan, x->v[i], 0), d->x[i][1][0], n);
  }
  for (int v = 0; v < p->count; v++)
    if (is_sink(p, v))
      memcpy(jet_plan_data(x->plan, x->u[v], 0), d->u[v][0], (size_t)op_shape_size(&p->at[v].shape) * sizeof(double));
}

/* Whether rounding decides something in the program. */
static bool is_undecided(const program *p, const numbers *d) {
  static series x[INPUTS][NAIVE_SIZE];
  const series *inputs[INPUTS];
  bool undecided = false;
  naive_inputs(d, 0, x, inputs);
  evaluator *naive = evaluator_new(p, inputs);
  for (int v = 0; v < p->count; v++)
    for (ptrdiff_t e = 0; e < op_shape_size(&p->at[v].shape); e++)
      for (int k = 0; k < DEPTH; k++) undecided |= !isfinite((double)element_of(naive, v, e).c[k].e);
  evaluator_free(naive);
  return undecided;
}

static bool nested_agrees(const nest *x, const program *p) {
  double size = 1, factor = 1;
  for (int k = 0; k < DEPTH; k++, factor *= k) {
    for (int i = 0; i < INPUTS; i++)
      for (ptrdiff_t e = 0; e < op_shape_size(&p->at[i].shape); e++)
        size = fmax(size, fabs(factor * jet_plan_data(x->plan, x->jets[i], k)[e]));
    for (int i = 0; i < INPUTS; i++)
      for (ptrdiff_t e = 0; e < op_shape_size(&p->at[i].shape); e++) {
        double got = jet_plan_data(x->plan, x->nested[k][i], 0)[e],
               want = factor * jet_plan_data(x->plan, x->jets[i], k)[e];
        if (fabs(got - want) <= 1e-9 * size) continue;
        print_error("input %d, element %td: %d nested sweeps give %.17g, jets %.17g\n", i, e, k + 1, got, want);
        return false;
      }
  }
  return true;
}

static bool nesting_agrees(uint64_t seed, int *skipped) {
  static numbers d;
  generator g = {seed};
  program p;
  nest x;
  program_random(&p, NESTED_OPERATIONS, &g);
  random_numbers(&d, DEPTH - 1, P, &g);
  for (int i = 0; i < INPUTS; i++)
    for (int e = 0; e < NAIVE_SIZE; e++) d.x[i][1][0][e] = uniform(&g, -1, 1);
  if (is_undecided(&p, &d)) return ++*skipped;
  nest_init(&x, &p);
  bool good = !jet_plan_status(x.plan);
  if (!good) print_error("%s\n", jet_plan_message(x.plan));
  if (good) {
    nest_fill(&x, &p, &d);
    good = jet_plan_run(x.plan) == JET_OK && nested_agrees(&x, &p);
  }
  if (!good) {
    print_error("program of seed %d:\n", (int)seed);
    program_print(&p);
  }
  jet_plan_free(x.plan);
  jet_tape_free(x.tape);
  return good;
}

static void nested_sweeps_against_jets(void **state) {
  (void)state;
  int wrong = 0, skipped = 0;
  for (uint64_t seed = 1; seed <= NESTED && wrong < 5; seed++) wrong += !nesting_agrees(300000 + seed, &skipped);
  assert_int_equal(wrong, 0);
  assert_true(skipped * 2 < NESTED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(forward_against_definitions),
      cmocka_unit_test(reverse_against_forward),
      cmocka_unit_test(directions_against_single_sweeps),
      cmocka_unit_test(nested_sweeps_against_jets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
