/* trial.h - one operation on random arrays against loops over single elements, and its adjoint. Numbers are small integers, so
   that every sum is exact whatever its order, and results are compared for equality. Include after cmocka.h. */
#ifndef TRIAL_H
#define TRIAL_H

#include "random_jets.h"

#include <stdlib.h>

enum { OPERANDS = 3, ORDERS = 4, TRIALS = 60 };

/* ---- extents and multi-indices ----------------------------------------------------------------------------------- */

typedef struct extents {
  int rank;
  ptrdiff_t d[JET_MAX_RANK];
} extents;

static inline ptrdiff_t size_of(const extents *e) {
  ptrdiff_t n = 1;
  for (int i = 0; i < e->rank; i++) n *= e->d[i];
  return n;
}

static inline ptrdiff_t flat(const extents *e, const ptrdiff_t *i) {
  ptrdiff_t at = 0;
  for (int j = 0; j < e->rank; j++) {
    assert_in_range(i[j], 0, e->d[j] - 1);
    at = at * e->d[j] + i[j];
  }
  return at;
}

static inline void unflat(const extents *e, ptrdiff_t at, ptrdiff_t *i) {
  for (int j = e->rank - 1; j >= 0; at /= e->d[j--]) i[j] = at % e->d[j];
}

/* Mostly small, now and then 0 and 1; few elements altogether. */
static inline extents random_extents(generator *g, int rank) {
  extents e = {rank, {0}};
  ptrdiff_t most = 600;
  for (int i = 0; i < rank; i++) {
    e.d[i] = random_below(g, 16) ? 1 + random_below(g, rank > 4 ? 3 : 6) : 0;
    if (e.d[i] > most) e.d[i] = 1;
    most /= e.d[i] ? e.d[i] : 1;
  }
  return e;
}

/* ---- a trial: an operation on random arrays, plain (order -1) or jets ---------------------------------------------- */

typedef struct trial trial;
/* One coefficient of the result from those of the operands: every operation here is linear. */
typedef void naive_fn(const trial *, const double *const x[], double *y);
/* Where element i of the result comes from: operand and index, or -1. */
typedef int source_fn(const trial *, const ptrdiff_t *i, ptrdiff_t *from);

struct trial {
  generator g;
  jet_tape *tape;
  jet t;
  int order, n;
  jet x[OPERANDS];
  extents in[OPERANDS], out;
  source_fn *source;
  ptrdiff_t a[JET_MAX_RANK], b[JET_MAX_RANK], c[JET_MAX_RANK], index[700];
  int axes[JET_MAX_RANK], axis, k;
};

static inline trial begin(int seed) {
  trial r = {.g = {(uint64_t)seed * 77 + 5}, .tape = jet_tape_new()};
  r.order = seed % (ORDERS + 1) - 1;
  if (r.order >= 0) r.t = jet_parameter(r.tape, r.order);
  return r;
}

static inline jet array_of(trial *r, const extents *e) {
  return r->order < 0 ? jet_input(r->tape, e->rank, e->d) : jet_input_series(r->t, e->rank, e->d);
}

static inline jet operand(trial *r, extents e) {
  r->in[r->n] = e;
  return r->x[r->n++] = array_of(r, &e);
}

static inline int top(const trial *r) { return r->order < 0 ? 0 : r->order; }

static inline void put_integers(trial *r, jet_plan *plan, jet x) {
  for (int k = 0; k <= top(r); k++) {
    double *p = jet_plan_data(plan, x, k);
    for (ptrdiff_t i = 0; i < jet_size(x); i++) p[i] = random_below(&r->g, 17) - 8;
  }
}

static inline jet_plan *plan_of(trial *r, int n, const jet outputs[]) {
  if (jet_tape_status(r->tape)) fail_msg("%s", jet_tape_message(r->tape));
  jet_plan *plan = jet_plan_new(r->tape, n, outputs);
  if (jet_plan_status(plan)) fail_msg("%s", jet_plan_message(plan));
  return plan;
}

static inline void by_source(const trial *r, const double *const x[], double *y) {
  ptrdiff_t i[JET_MAX_RANK], from[JET_MAX_RANK];
  for (ptrdiff_t at = 0; at < size_of(&r->out); at++) {
    unflat(&r->out, at, i);
    int which = r->source(r, i, from);
    y[at] = which < 0 ? 0 : x[which][flat(&r->in[which], from)];
  }
}

static inline void assert_extents(jet y, const extents *want) {
  assert_int_equal(jet_rank(y), want->rank);
  for (int i = 0; i < want->rank; i++) assert_int_equal(jet_extent(y, i), want->d[i]);
}

static inline double inner(jet_plan *plan, jet a, int i, jet b, int j) {
  const double *p = jet_plan_data(plan, a, i), *q = jet_plan_data(plan, b, j);
  double sum = 0;
  for (ptrdiff_t l = 0; l < jet_size(a); l++) sum += p[l] * q[l];
  return sum;
}

/* <u, y> = sum <grad_i, x_i>, coefficient by coefficient. */
static inline void check_adjoint(const trial *r, jet_plan *plan, jet u, jet y, const jet grad[]) {
  for (int k = 0; k <= top(r); k++) {
    double left = 0, right = 0;
    for (int j = 0; j <= k; j++) {
      left += inner(plan, u, j, y, k - j);
      for (int i = 0; i < r->n; i++) right += inner(plan, grad[i], j, r->x[i], k - j);
    }
    if (left != right) fail_msg("coefficient %d: <u, y> is %g, <grad, x> %g", k, left, right);
  }
}

static inline void finish(trial *r, jet y, naive_fn *naive) {
  jet u = array_of(r, &r->out), outputs[1 + OPERANDS] = {y};
  if (!jet_tape_status(r->tape)) assert_extents(y, &r->out);
  jet_vjp(1, &y, &u, r->n, r->x, outputs + 1);
  jet_plan *plan = plan_of(r, 1 + r->n, outputs);
  double *want = (double *)malloc((size_t)(size_of(&r->out) + 1) * sizeof *want);
  for (int i = 0; i < r->n; i++) put_integers(r, plan, r->x[i]);
  put_integers(r, plan, u);
  run(plan);
  for (int k = 0; k <= top(r); k++) {
    const double *x[OPERANDS], *got = jet_plan_data(plan, y, k);
    for (int i = 0; i < r->n; i++) x[i] = jet_plan_data(plan, r->x[i], k);
    naive(r, x, want);
    for (ptrdiff_t i = 0; i < size_of(&r->out); i++)
      if (got[i] != want[i]) fail_msg("coefficient %d of element %td is %g, not %g", k, i, got[i], want[i]);
  }
  check_adjoint(r, plan, u, y, outputs + 1);
  free(want);
  jet_plan_free(plan);
  jet_tape_free(r->tape);
}

#endif
