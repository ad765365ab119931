/* step_block.c - steps on a block of lanes: first..first+n-1. */
#include "pattern.h"
#include "steps.h"

#include <string.h>

void run_row(const jet_plan *p, step *s, ptrdiff_t first, ptrdiff_t n) {
  (void)first;
  s->call->n = n;
  s->call->k0 = s->now0;
  s->call->k1 = s->now1;
  jk_run(p->set, s->call);
}

/* ---- broadcasts ------------------------------------------------------------------------------------------------------------- */

/* Element `first` of the target as an index into the source; then runs of the innermost axis, and counting as an odometer does. */
static void copy_spread(const jk_set *set, const spread *a, real *y, const real *x, ptrdiff_t first, ptrdiff_t n) {
  ptrdiff_t index[JET_MAX_RANK];
  for (int i = 0; i < a->rank; i++) {
    index[i] = first % a->extent[i];
    first /= a->extent[i];
    x += index[i] * a->stride[i];
  }
  for (ptrdiff_t l = 0; l < n;) {
    ptrdiff_t run = a->extent[0] - index[0];
    if (run > n - l) run = n - l;
    if (a->stride[0]) memcpy(y + l, x, (size_t)run * sizeof *y);
    else if (run == 1) y[l] = *x;
    else set->fill(y + l, *x, run);
    l += run;
    x -= index[0] * a->stride[0];
    index[0] = 0;
    for (int i = 1; i < a->rank; i++) {
      x += a->stride[i];
      if (++index[i] < a->extent[i]) break;
      x -= index[i] * a->stride[i];
      index[i] = 0;
    }
  }
}

void run_broadcast(const jet_plan *p, step *s, ptrdiff_t first, ptrdiff_t n) {
  for (int k = s->now0; k < s->now1; k++) {
    int id = plane_in(s->in_planes[0], &s->in[0], k);
    const plane *from = id < 0 ? NULL : &p->planes[id], *to = &p->planes[s->out_planes[0][k]];
    for (int c = 0; c < to->copies; c++) {
      real *y = s->out[0].plane[k] + copy_at(to, c);
      const real *x = from ? from->base + copy_at(from, c) : NULL;
      if (!x || from->n == 1) p->set->fill(y, x ? *x : 0, n);
      else copy_spread(p->set, s->axes, y, x, first, n);
    }
  }
}

/* ---- elements at a pattern ----------------------------------------------------------------------------------------------------- */

void run_read(const jet_plan *p, step *s, ptrdiff_t first, ptrdiff_t n) {
  for (int k = s->now0; k < s->now1; k++) {
    int id = plane_in(s->in_planes[0], &s->in[0], k);
    const plane *from = id < 0 ? NULL : &p->planes[id], *to = &p->planes[s->out_planes[0][k]];
    for (int c = 0; c < to->copies; c++) {
      real *y = s->out[0].plane[k] + copy_at(to, c);
      if (from) pattern_read_lanes(s->pattern, y, from->base + copy_at(from, c), first, n);
      else memset(y, 0, (size_t)n * sizeof *y);
    }
  }
}

/* ---- sums over directions ------------------------------------------------------------------------------------------------------ */

void run_collapse(const jet_plan *p, step *s, ptrdiff_t first, ptrdiff_t n) {
  (void)first;
  for (int k = s->now0; k < s->now1; k++) {
    int id = plane_in(s->in_planes[0], &s->in[0], k);
    real *y = s->out[0].plane[k];
    p->set->fill(y, 0, n);
    for (int c = 0; id >= 0 && c < s->directions; c++) p->set->add(y, s->in[0].plane[k] + copy_at(&p->planes[id], c), n);
  }
}

/* ---- sums over all elements --------------------------------------------------------------------------------------------------- */

ptrdiff_t aside_of_sum(const region *r, const step *s) { return (void)s, r->once ? 0 : blocks_of(r); }
static real *partials(const step *s, const region *r, int k, int copy) { return step_aside(s, blocks_of(r), k, copy); }

void run_sum(const jet_plan *p, step *s, ptrdiff_t first, ptrdiff_t n) { /* the block's share */
  const region *r = &p->regions[s->region];
  for (int k = s->now0; k < s->now1; k++) {
    int id = plane_in(s->in_planes[0], &s->in[0], k);
    const plane *to = &p->planes[s->out_planes[0][k]];
    for (int c = 0; c < to->copies; c++) {
      real *y = r->once ? to->base + copy_at(to, c) : partials(s, r, k, c) + first / r->block;
      *y = id < 0 || !n ? 0 : p->set->sum(s->in[0].plane[k] + copy_at(&p->planes[id], c), n);
    }
  }
}

void finish_sum(const jet_plan *p, const step *s) {
  const region *r = &p->regions[s->region];
  for (int k = s->now0; k < s->now1; k++) {
    const plane *to = &p->planes[s->out_planes[0][k]];
    for (int c = 0; c < to->copies; c++) {
      jk_tree tree = {0, {0}};
      for (ptrdiff_t i = 0; i < blocks_of(r); i++) jk_tree_add(&tree, partials(s, r, k, c)[i]);
      to->base[copy_at(to, c)] = jk_tree_sum(&tree);
    }
  }
}

/* ---- deposits of contiguous parts ------------------------------------------------------------------------------------------------ */

static void put(const jk_set *set, int add, real *y, const real *x, ptrdiff_t n) {
  if (add && x) set->add(y, x, n);
  else if (!add && x) memcpy(y, x, (size_t)n * sizeof *y);
  else if (!add) memset(y, 0, (size_t)n * sizeof *y);
}

static const real *part_of(const jet_plan *p, const step *s, int part, int k, int copy) { /* NULL: zero */
  int id = plane_in(s->in_planes[part], &s->in[part], k);
  return id < 0 ? NULL : s->in[part].plane[k] + copy_at(&p->planes[id], copy);
}

ptrdiff_t aside_of_add(const region *r, const step *s) { return s->deposit->border * (r->workers - 1); }
static real *kept_aside(const step *s, int k, int copy) { return step_aside(s, s->deposit->border, k, copy); }

/* How many of the lanes from `first` on are kept aside: of those that fall into the place of the worker before. */
static ptrdiff_t waiting(const step *s, int part, ptrdiff_t first, ptrdiff_t n) {
  const parts *q = s->deposit;
  ptrdiff_t wait = s->aside ? q->from + q->offset[q->order[0]] - q->offset[part] - first : 0;
  return wait < 0 ? 0 : wait < n ? wait : n;
}

/* Lanes of every part into the result y: those of the part that lies last are the first ones in their place; what lies below all of
   them is zeroed at the beginning and what lies above at the end. */
static void add_parts(const jet_plan *p, const step *s, real *y, int k, int copy, ptrdiff_t first, ptrdiff_t n) {
  const parts *q = s->deposit;
  ptrdiff_t reach = q->offset[q->order[0]];
  real *side = s->aside ? kept_aside(s, k, copy) : NULL;
  if (first == 0) memset(y, 0, (size_t)reach * sizeof *y);
  for (int i = 0; i < s->nin; i++) {
    int part = q->order[i];
    const real *x = part_of(p, s, part, k, copy);
    ptrdiff_t wait = waiting(s, part, first, n);
    if (x && wait) memcpy(side + first - q->from, x, (size_t)wait * sizeof *y);
    if (wait < n) put(p->set, i > 0, y + q->offset[part] + first + wait, x ? x + wait : NULL, n - wait);
    if (side) side += reach - q->offset[part];
  }
  if (first + n == s->n) memset(y + reach + s->n, 0, (size_t)(q->size - reach - s->n) * sizeof *y);
}

/* Parts that do not overlap: every one is the only one in its place. The gap above each is zeroed with its last lanes. */
static void put_parts(const jet_plan *p, const step *s, real *y, int k, int copy, ptrdiff_t first, ptrdiff_t n) {
  const parts *q = s->deposit;
  ptrdiff_t above = q->size;
  for (int i = 0; i < s->nin; i++) {
    int part = q->order[i];
    ptrdiff_t at = q->offset[part], end = at + s->n;
    put(p->set, 0, y + at + first, part_of(p, s, part, k, copy), n);
    if (first + n == s->n) memset(y + end, 0, (size_t)(above - end) * sizeof *y);
    above = at;
  }
  if (first == 0) memset(y, 0, (size_t)above * sizeof *y);
}

void run_add(const jet_plan *p, step *s, ptrdiff_t first, ptrdiff_t n) {
  for (int k = s->now0; k < s->now1; k++) {
    int id = plane_in(s->out_planes[0], &s->out[0], k);
    const plane *to = &p->planes[id];
    for (int c = 0; c < to->copies; c++)
      (s->deposit->apart ? put_parts : add_parts)(p, s, to->base + copy_at(to, c), k, c, first, n);
  }
}

static void add_aside(const jet_plan *p, const step *s, real *y, int k, int copy) {
  const parts *q = s->deposit;
  const real *side = kept_aside(s, k, copy);
  for (int i = 0; i < s->nin; i++) {
    int part = q->order[i];
    ptrdiff_t n = q->offset[q->order[0]] - q->offset[part];
    if (n && plane_in(s->in_planes[part], &s->in[part], k) >= 0) p->set->add(y + q->offset[part] + q->from, side, n);
    side += n;
  }
}

void join_add(const jet_plan *p, const step *s) {
  if (!s->deposit->border) return;
  for (int k = s->now0; k < s->now1; k++) {
    const plane *to = &p->planes[s->out_planes[0][k]];
    for (int c = 0; c < to->copies; c++) add_aside(p, s, to->base + copy_at(to, c), k, c);
  }
}
