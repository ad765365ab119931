/* taylor_watch.c */
#include "taylor_watch.h"

#include "../common/cli.h"

#include <math.h>
#include <stdlib.h>

static double *column_of(const points *p, int i) { return p->trajectory + i * p->room; }

int points_new(points *p, int dimension, ptrdiff_t room) {
  *p = (points){.dimension = dimension, .room = room};
  p->trajectory = (double *)calloc((size_t)(room * (2 + dimension)), sizeof *p->trajectory);
  if (!p->trajectory) return cli_complain(1, "out of memory");
  p->time = column_of(p, 1);
  for (int i = 0; i < dimension; i++) p->x[i] = column_of(p, 2 + i);
  return 0;
}

void points_free(points *p) { free(p->trajectory); }

static void put(points *p, ptrdiff_t row, const taylor *t, ptrdiff_t lane, double s) {
  p->trajectory[row] = (double)t->at[lane];
  p->time[row] = t->time[lane] + s;
  for (int i = 0; i < p->dimension; i++) p->x[i][row] = taylor_value(t, lane, i, s);
}

int points_sort(points *p, ptrdiff_t trajectories) {
  points sorted;
  ptrdiff_t *first = (ptrdiff_t *)calloc((size_t)trajectories + 1, sizeof *first);
  int status = first ? points_new(&sorted, p->dimension, p->room) : cli_complain(1, "out of memory");
  if (status) return free(first), status;
  for (ptrdiff_t i = 0; i < p->rows; i++) first[(ptrdiff_t)p->trajectory[i] + 1]++;
  for (ptrdiff_t j = 0; j < trajectories; j++) first[j + 1] += first[j];
  for (ptrdiff_t i = 0; i < p->rows; i++) {
    const ptrdiff_t to = first[(ptrdiff_t)p->trajectory[i]]++;
    for (int k = 0; k < 2 + p->dimension; k++) column_of(&sorted, k)[to] = column_of(p, k)[i];
  }
  sorted.rows = p->rows;
  points_free(p);
  free(first);
  *p = sorted;
  return 0;
}

void points_wrap(points *p, int i, double period) {
  double before = 0;
  for (ptrdiff_t row = 0; row < p->rows; row++) {
    const double inside = remainder(p->x[i][row], period);
    p->x[i][row] = fabs(inside - before) > period / 2 ? NAN : inside;
    before = inside;
  }
}

int points_layers(const points *p, int i, int j, layer_kind kind, layer *to) {
  int count = 0;
  for (ptrdiff_t row = 0, begin = 0; row < p->rows; row++) {
    if (row + 1 < p->rows && p->trajectory[row + 1] == p->trajectory[begin]) continue;
    to[count++] =
        (layer){.kind = kind, .name = "", .rows = row + 1 - begin, .x = p->x[i] + begin, .y = p->x[j] + begin};
    begin = row + 1;
  }
  return count;
}

int curves_new(curves *c, int dimension, ptrdiff_t trajectories, double spacing, double span, ptrdiff_t most) {
  c->spacing = spacing;
  c->count = 1 + (span / spacing < (double)most ? (ptrdiff_t)(span / spacing) : most);
  const int status = points_new(&c->p, dimension, trajectories * c->count);
  c->p.rows = c->p.room;
  return status;
}

/* Rounding may put a point on either side of the end of a step: both polynomials are right there. */
void curves_see(curves *c, const taylor *t, ptrdiff_t lane) {
  const double begin = t->time[lane], h = t->step[lane];
  if (!c->count || begin > c->spacing * (double)c->count) return;
  for (ptrdiff_t k = (ptrdiff_t)(begin / c->spacing); k < c->count; k++) {
    const double s = (double)k * c->spacing - begin;
    if (s > (1 + 1e-9) * h) break;
    if (s >= -1e-9 * h) put(&c->p, t->at[lane] * c->count + k, t, lane, s);
  }
}

int marks_new(marks *m, int dimension, int component, ptrdiff_t room) {
  m->component = component;
  m->passed = 0;
  return points_new(&m->p, dimension, room);
}

void marks_see(marks *m, const taylor *t, ptrdiff_t lane) {
  double s = 0;
  if (!m->p.room || (m->component != EVERY_STEP && !taylor_rises(t, lane, m->component, &s))) return;
  if (m->p.rows < m->p.room) m->p.rows++;
  m->passed++;
  put(&m->p, m->p.rows - 1, t, lane, s);
}
