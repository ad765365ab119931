/* step_sink.c - sums over the leading or the trailing axes on a block of lanes; plan_sink.c says what blocks and workers have to be. */
#include "steps.h"

#include <string.h>

static ptrdiff_t leaves_of(const matrix_sum *m) { return (m->rows + JK_LEAF_ROWS - 1) / JK_LEAF_ROWS; }

static ptrdiff_t room(const step *s) { return leaves_of(s->matrix) * s->matrix->columns; }
ptrdiff_t aside_of_columns(const region *r, const step *s) { return (void)r, room(s); }

static const real *lanes_of(const jet_plan *p, const step *s, int k, int copy) { /* NULL: zero */
  int id = plane_in(s->in_planes[0], &s->in[0], k);
  return id < 0 ? NULL : s->in[0].plane[k] + copy_at(&p->planes[id], copy);
}

static real *leaves(const step *s, int k, int copy) { return step_aside(s, room(s), k, copy); }

/* Lanes from row i, column j on. */
static void add_lanes(const jk_set *set, const matrix_sum *m, real *leaf, const real *x, ptrdiff_t first, ptrdiff_t n) {
  ptrdiff_t i = first / m->columns, j = first % m->columns;
  for (ptrdiff_t l = 0, run; l < n; l += run, j = 0, i++) {
    real *y = leaf + i / JK_LEAF_ROWS * m->columns + j;
    run = m->columns - j < n - l ? m->columns - j : n - l;
    if (i % JK_LEAF_ROWS) set->add(y, x + l, run);
    else memcpy(y, x + l, (size_t)run * sizeof *y);
  }
}

void run_sum_columns(const jet_plan *p, step *s, ptrdiff_t first, ptrdiff_t n) {
  for (int k = s->now0; k < s->now1; k++)
    for (int c = 0; c < p->planes[s->out_planes[0][k]].copies; c++) {
      const real *x = lanes_of(p, s, k, c);
      if (x) add_lanes(p->set, s->matrix, leaves(s, k, c), x, first, n);
    }
}

/* Pairs of leaves, pairs of these, ..: the tree that splits at the largest power of two below their count. */
static const real *sum_leaves(const jk_set *set, real *leaf, ptrdiff_t count, ptrdiff_t columns) {
  for (ptrdiff_t apart = 1; apart < count; apart *= 2)
    for (ptrdiff_t i = 0; i + apart < count; i += 2 * apart) set->add(leaf + i * columns, leaf + (i + apart) * columns, columns);
  return leaf;
}

void finish_sum_columns(const jet_plan *p, const step *s) {
  const matrix_sum *m = s->matrix;
  for (int k = s->now0; k < s->now1; k++) {
    const plane *to = &p->planes[s->out_planes[0][k]];
    for (int c = 0; c < to->copies; c++) {
      real *y = to->base + copy_at(to, c);
      if (lanes_of(p, s, k, c)) memcpy(y, sum_leaves(p->set, leaves(s, k, c), leaves_of(m), m->columns), (size_t)m->columns * sizeof *y);
      else memset(y, 0, (size_t)m->columns * sizeof *y);
    }
  }
}

void run_sum_rows(const jet_plan *p, step *s, ptrdiff_t first, ptrdiff_t n) {
  const ptrdiff_t columns = s->matrix->columns;
  for (int k = s->now0; k < s->now1; k++) {
    const plane *to = &p->planes[s->out_planes[0][k]];
    for (int c = 0; c < to->copies; c++) {
      real *y = to->base + copy_at(to, c) + first / columns;
      const real *x = lanes_of(p, s, k, c);
      if (x) p->set->sum_rows(y, x, n / columns, columns);
      else memset(y, 0, (size_t)(n / columns) * sizeof *y);
    }
  }
}
