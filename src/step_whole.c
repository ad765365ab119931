/* step_whole.c - steps on whole planes, for every coefficient and direction. */
#include "pattern.h"
#include "steps.h"
#include "workers.h"

#include <limits.h>
#include <string.h>

static void zero(real *y, ptrdiff_t n) {
  if (n) memset(y, 0, (size_t)n * sizeof *y);
}

static const real *input(const jet_plan *p, const step *s, int i, int k, int copy) { /* NULL: zero */
  int id = plane_in(s->in_planes[i], &s->in[i], k);
  return id < 0 ? NULL : p->planes[id].base + copy_at(&p->planes[id], copy);
}

static const plane *result(const jet_plan *p, const step *s, int k) {
  int id = plane_in(s->out_planes[0], &s->out[0], k);
  return id < 0 ? NULL : &p->planes[id];
}

/* A plane whose directions are copied side by side: elements of an array that has them as an axis. */
void run_repeat(const jet_plan *p, step *s, ptrdiff_t first, ptrdiff_t n) {
  (void)first;
  for (int k = s->now0; k < s->now1; k++) {
    const plane *to = result(p, s, k), *from = to && s->in_planes[0][k] >= 0 ? &p->planes[s->in_planes[0][k]] : NULL;
    if (!from || !from->n) continue;
    for (ptrdiff_t at = 0, c = 0; at < n; at += from->n, c++)
      memcpy(to->base + at, from->base + copy_at(from, (int)c), (size_t)from->n * sizeof(real));
  }
}

/* ---- the workers of a step ----------------------------------------------------------------------------------------------------- */

typedef struct team {
  const jet_plan *p;
  const step *s;
} team;

static void run_team(const jet_plan *p, const step *s, worker_task *share) {
  team t = {p, s};
  if (s->workers == 1) share(&t, 0);
  else workers_run(s->workers, share, &t);
}

static piece own_piece(const team *t, int worker) { /* with scratch of its own */
  piece told = t->s->whole->told;
  told.scratch = (char *)told.scratch + (size_t)worker * t->p->scratch_room;
  return told;
}

/* ---- plane by plane: workers take coefficients and directions in turn -------------------------------------------------------------- */

static void share_deposit(void *data, int worker) {
  const team *t = (const team *)data;
  const step *s = t->s;
  int turn = 0;
  for (int k = s->now0; k < s->now1; k++) {
    const plane *to = result(t->p, s, k);
    for (int c = 0; to && c < to->copies; c++) {
      real *y = to->base + copy_at(to, c);
      const ptrdiff_t *at = s->deposit->patterns;
      if (turn++ % s->workers != worker) continue;
      zero(y, s->deposit->size);
      for (int i = 0; i < s->nin; i++, at += pattern_length(at)) {
        const real *x = input(t->p, s, i, k, c);
        if (x) pattern_add(at, y, x);
      }
    }
  }
}

void run_deposit(const jet_plan *p, step *s, ptrdiff_t first, ptrdiff_t n) {
  (void)first, (void)n;
  run_team(p, s, share_deposit);
}

static void make_plane(const jet_plan *p, const step *s, const piece *told, const real **x, const plane *to, int k, int c) {
  int any = 0;
  for (int i = 0; i < s->nin; i++) {
    int same = s->of->needs[min_(i, JK_MAX_IN - 1)] == NEED_SAME;
    x[i] = input(p, s, i, same ? k : 0, c);
    any |= same && x[i];
  }
  if (any) numbers_of(s->of)->plane(told, to->base + copy_at(to, c), x);
  else zero(to->base + copy_at(to, c), s->n);
}

static void share_planes(void *data, int worker) {
  const team *t = (const team *)data;
  const step *s = t->s;
  const real **x = t->p->operands + (ptrdiff_t)worker * t->p->operands_room;
  piece told = own_piece(t, worker);
  int turn = 0;
  for (int k = s->now0; k < s->now1; k++) {
    const plane *to = result(t->p, s, k);
    for (int c = 0; to && c < to->copies; c++)
      if (turn++ % s->workers == worker) make_plane(t->p, s, &told, x, to, k, c);
  }
}

void run_planes(const jet_plan *p, step *s, ptrdiff_t first, ptrdiff_t n) {
  (void)first, (void)n;
  run_team(p, s, share_planes);
}

/* ---- products ---------------------------------------------------------------------------------------------------------------- */

static const plane *operand(const jet_plan *p, const step *s, int i, int k) { /* NULL: zero */
  int id = plane_in(s->in_planes[i], &s->in[i], k);
  return id < 0 ? NULL : &p->planes[id];
}

/* Directions one after the other. Small planes may lie in slots or not, and that must not decide. */
static int contiguous(const plane *x) { return x->copies > 1 && x->n > PLAN_ONCE && x->stride == x->n; }

/* Whether all directions of y_k are one product for each term: of planes of a with one of b for all. */
static int is_stack(const jet_plan *p, const step *s, int k, const plane *y) {
  int good = contiguous(y) && numbers_of(s->of)->stacks(&s->whole->told, 0);
  for (int i = s->in[0].low; good && i <= s->in[0].degree && i <= k; i++) {
    const plane *a = operand(p, s, 0, i), *b = operand(p, s, 1, k - i);
    if (a && b) good = contiguous(a) && b->copies == 1;
  }
  return good;
}

/* The sum over directions of the products of two planes. */
static int add_directions(const step *s, const piece *told, real *y, const plane *a, const plane *b, int any, cut c) {
  c.inner = contiguous(a) && contiguous(b) && numbers_of(s->of)->stacks(told, 1);
  c.copies = c.inner ? s->directions : 1;
  for (int d = 0; d < s->directions; d += c.copies)
    numbers_of(s->of)->pair(told, y, a->base + copy_at(a, d), b->base + copy_at(b, d), any++ > 0, &c);
  return any;
}

/* y_k = sum of a_i b_{k-i}. Of a sum over directions the terms with a coefficient 0 have a sum as the other factor. */
static void sum_pairs(const jet_plan *p, const step *s, const piece *told, real *y, int k, int copy, cut c) {
  int any = 0;
  for (int i = s->in[0].low; i <= s->in[0].degree && i <= k; i++) {
    const plane *a = operand(p, s, 0, i), *b = operand(p, s, 1, k - i);
    if (!a || !b) continue;
    if (k && s->summed == k && i > 0 && i < k) any = add_directions(s, told, y, a, b, any, c);
    else numbers_of(s->of)->pair(told, y, a->base + copy_at(a, copy), b->base + copy_at(b, copy), any++ > 0, &c);
  }
  if (!any && !c.part) zero(y, s->n * c.copies);
}

/* Workers take whole products in turn where there are enough of them, else parts of each. */
static void share_pairs(void *data, int worker) {
  const team *t = (const team *)data;
  const step *s = t->s;
  piece told = own_piece(t, worker);
  int turn = 0, apart = (s->now1 - s->now0) * s->directions < 4 * s->workers;
  for (int k = s->now0; k < s->now1; k++) {
    const plane *y = result(t->p, s, k);
    int stack = y && is_stack(t->p, s, k, y), parts = apart || stack ? s->workers : 1;
    const cut c = {stack ? y->copies : 1, 0, parts > 1 ? worker : 0, parts};
    for (int d = 0; y && d < y->copies; d += c.copies)
      if (parts > 1 || turn++ % s->workers == worker) sum_pairs(t->p, s, &told, y->base + copy_at(y, d), k, d, c);
  }
}

void run_pairs(const jet_plan *p, step *s, ptrdiff_t first, ptrdiff_t n) {
  (void)first, (void)n;
  run_team(p, s, share_pairs);
}

/* ---- in stages: workers take whole planes in turn where there are enough of them, else parts of each stage ------------------------ */

typedef struct stage_team {
  team of;
  int stage, parts;
  const real *x[2];
  real *y[2];
} stage_team;

static int stage_operands(stage_team *t, int k, int copy) { /* 0: not made */
  const step *s = t->of.s;
  for (int i = 0; i < s->nin; i++) t->x[i] = input(t->of.p, s, i, k, copy);
  for (int i = 0; i < s->nout; i++) {
    int id = plane_in(s->out_planes[i], &s->out[i], k);
    if (id < 0) return 0;
    t->y[i] = t->of.p->planes[id].base + copy_at(&t->of.p->planes[id], copy);
  }
  return 1;
}

static void share_stage(void *data, int worker) {
  const stage_team *t = (const stage_team *)data;
  const piece told = own_piece(&t->of, worker);
  numbers_of(t->of.s->of)->stage(&told, t->stage, t->of.s->whole->told.scratch, t->x, t->y, worker, t->parts);
}

static void share_staged(void *data, int worker) {
  const stage_team *all = (const stage_team *)data;
  const step *s = all->of.s;
  const piece told = own_piece(&all->of, worker);
  stage_team t = *all;
  int turn = 0, stages = numbers_of(s->of)->stages(&told);
  for (int k = s->now0; k < s->now1; k++) {
    const plane *to = result(t.of.p, s, k);
    for (int c = 0; to && c < to->copies; c++)
      if (turn++ % s->workers == worker && stage_operands(&t, k, c))
        for (int i = 0; i < stages; i++) numbers_of(s->of)->stage(&told, i, told.scratch, t.x, t.y, 0, 1);
  }
}

static void run_parts(stage_team *t) {
  const step *s = t->of.s;
  t->parts = s->workers;
  for (int k = s->now0; k < s->now1; k++) {
    const plane *to = result(t->of.p, s, k);
    for (int c = 0; to && c < to->copies; c++)
      for (t->stage = stage_operands(t, k, c) ? 0 : INT_MAX; t->stage < numbers_of(s->of)->stages(&s->whole->told); t->stage++)
        workers_run(s->workers, share_stage, t);
  }
}

void run_stages(const jet_plan *p, step *s, ptrdiff_t first, ptrdiff_t n) {
  stage_team t = {.of = {p, s}};
  (void)first, (void)n;
  if (s->workers == 1) share_staged(&t, 0);
  else if ((s->now1 - s->now0) * s->directions >= 4 * s->workers) workers_run(s->workers, share_staged, &t);
  else run_parts(&t);
}

/* ---- steps that see all coefficients --------------------------------------------------------------------------------------------- */

/* One direction of n operands. */
static void direction(const job *j, const jets *all, jets *one, int n, int copy) {
  for (int i = 0; i < n; i++)
    for (int k = 0; k < j->length; k++)
      ((real **)one[i].plane)[k] = all[i].plane[k] ? all[i].plane[k] + copy * all[i].stride[k] : NULL;
}

void run_whole(const jet_plan *p, step *s, ptrdiff_t first, ptrdiff_t n) {
  const job *j = s->whole;
  (void)p, (void)first, (void)n;
  if (!j->in_1) {
    numbers_of(s->of)->whole(&j->told, j->order, s->now0, s->now1, j->in, j->out);
    return;
  }
  for (int c = 0; c < s->directions; c++) {
    direction(j, j->in, j->in_1, s->nin + s->nout, c);
    numbers_of(s->of)->whole(&j->told, j->order, s->now0, s->now1, j->in_1, j->out_1);
  }
}
