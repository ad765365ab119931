/* step_whole.c - steps on whole planes, for every coefficient and direction. */
#include "pattern.h"
#include "plan.h"

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

void run_deposit(const jet_plan *p, step *s, ptrdiff_t first, ptrdiff_t n) {
  (void)first, (void)n;
  for (int k = s->now0; k < s->now1; k++) {
    const plane *to = result(p, s, k);
    for (int c = 0; to && c < to->copies; c++) {
      real *y = to->base + copy_at(to, c);
      const ptrdiff_t *at = s->deposit->patterns;
      zero(y, s->deposit->size);
      for (int i = 0; i < s->nin; i++, at += pattern_length(at)) {
        const real *x = input(p, s, i, k, c);
        if (x) pattern_add(at, y, x);
      }
    }
  }
}

void run_planes(const jet_plan *p, step *s, ptrdiff_t first, ptrdiff_t n) {
  const job *j = s->whole;
  const real **x = p->operands;
  (void)first;
  for (int k = s->now0; k < s->now1; k++) {
    const plane *to = result(p, s, k);
    for (int c = 0; to && c < to->copies; c++) {
      int any = 0;
      for (int i = 0; i < s->nin; i++) {
        int same = s->of->needs[min_(i, JK_MAX_IN - 1)] == NEED_SAME;
        x[i] = input(p, s, i, same ? k : 0, c);
        any |= same && x[i];
      }
      if (any) numbers_of(s->of)->plane(&j->told, to->base + copy_at(to, c), x);
      else zero(to->base + copy_at(to, c), n);
    }
  }
}

/* y_k = sum of a_i b_{k-i} */
static void sum_pairs(const jet_plan *p, const step *s, real *y, int k, int copy) {
  int any = 0;
  for (int i = s->in[0].low; i <= s->in[0].degree && i <= k; i++) {
    const real *a = input(p, s, 0, i, copy), *b = input(p, s, 1, k - i, copy);
    if (a && b) numbers_of(s->of)->pair(&s->whole->told, y, a, b, any++ > 0);
  }
  if (!any) zero(y, s->n);
}

void run_pairs(const jet_plan *p, step *s, ptrdiff_t first, ptrdiff_t n) {
  (void)first, (void)n;
  for (int k = s->now0; k < s->now1; k++) {
    const plane *to = result(p, s, k);
    for (int c = 0; to && c < to->copies; c++) sum_pairs(p, s, to->base + copy_at(to, c), k, c);
  }
}

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
