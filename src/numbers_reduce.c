/* numbers_reduce.c - sums along axes, cumulative sums, the largest along axes, on numbers. */
#include "numbers.h"
#include "reduction.h"

#include <math.h>

/* ---- sums along axes ------------------------------------------------------------------------------------------------------ */

/* Adjacent axes of one role as one: groups that are reduced and kept in turn. */
typedef struct groups {
  int count, first_reduced;
  ptrdiff_t extent[JET_MAX_RANK];
} groups;

static groups merge(const shape *s, unsigned axes) {
  groups g = {0, 0, {0}};
  int last = -1;
  for (int i = 0; i < s->rank && s->size; i++) {
    if (s->dims[i] == 1) continue;
    if (has_axis(axes, i) == last) {
      g.extent[g.count - 1] *= s->dims[i];
      continue;
    }
    last = has_axis(axes, i);
    if (!g.count) g.first_reduced = last;
    g.extent[g.count++] = s->dims[i];
  }
  return g;
}

static ptrdiff_t product(const ptrdiff_t *extent, int count, int step) {
  ptrdiff_t n = 1;
  for (int i = 0; i < count; i += step) n *= extent[i];
  return n;
}

/* Numbers between the sums over inner groups and the one over an outer group. */
static ptrdiff_t room(int first_reduced, const ptrdiff_t *extent, int count) {
  if (count < 3) return 0;
  ptrdiff_t inner = room(!first_reduced, extent + 1, count - 1);
  return first_reduced ? inner + extent[0] * product(extent + 1, count - 1, 2) : inner;
}

static void sum_groups(const jk_set *set, real *y, const real *x, int first_reduced, const ptrdiff_t *extent,
                       int count, real *scratch) {
  ptrdiff_t n = extent[0], size = product(extent + 1, count - 1, 1); /* of x for each of n, and of y: */
  ptrdiff_t kept = product(extent + 2 - first_reduced, count - 2 + first_reduced, 2);
  if (first_reduced && count == 1) *y = set->sum(x, n);
  else if (first_reduced && count == 2) set->sum_columns(y, x, n, size, size);
  else if (first_reduced) {
    for (ptrdiff_t i = 0; i < n; i++)
      sum_groups(set, scratch + i * kept, x + i * size, 0, extent + 1, count - 1, scratch + n * kept);
    set->sum_columns(y, scratch, n, kept, kept);
  } else {
    for (ptrdiff_t i = 0; i < n; i++) sum_groups(set, y + i * kept, x + i * size, 1, extent + 1, count - 1, scratch);
  }
}

size_t scratch_sum_axes(const piece *p) {
  groups g = merge(&p->in[0], (unsigned)p->with.k);
  return (size_t)room(g.first_reduced, g.extent, g.count) * sizeof(real);
}

void plane_sum_axes(const piece *p, real *y, const real *const x[]) {
  groups g = merge(&p->in[0], (unsigned)p->with.k);
  if (p->in[0].size == 0) p->set->fill(y, 0, p->out.size);
  else sum_groups(p->set, y, x[0], g.first_reduced, g.extent, g.count, (real *)p->scratch);
}

/* ---- cumulative sums ------------------------------------------------------------------------------------------------------- */

/* y_i = x_i + y_{i-1}, or y_{i+1} for the reversed direction, with rows of `inner` numbers */
static void accumulate(const piece *p, real *y, const real *x, int reversed) {
  split s = split_at(&p->out, (unsigned)p->with.k);
  for (ptrdiff_t o = 0; o < s.outer; o++)
    for (ptrdiff_t i = 0; i < s.along; i++) {
      ptrdiff_t at = (o * s.along + (reversed ? s.along - 1 - i : i)) * s.inner, before = reversed ? s.inner : -s.inner;
      for (ptrdiff_t j = at; j < at + s.inner; j++) y[j] = i ? x[j] + y[j + before] : x[j];
    }
}

void plane_cumsum(const piece *p, real *y, const real *const x[]) { accumulate(p, y, x[0], 0); }
void plane_cumsum_back(const piece *p, real *y, const real *const x[]) { accumulate(p, y, x[0], 1); }

/* ---- the contest ------------------------------------------------------------------------------------------------------- */

typedef struct leader {
  ptrdiff_t at;  /* element */
  ptrdiff_t nan; /* coefficients from here on are NaN */
} leader;

static void challenge(leader *l, ptrdiff_t at, const jets *x, int k1) {
  for (int k = 0; k < l->nan; k++) {
    const real *c = x->plane[k];
    if (!c || c[at] == c[l->at]) continue;
    if (c[at] > c[l->at]) *l = (leader){at, k1};
    else if (!(c[at] < c[l->at])) l->nan = k;
    return;
  }
}

/* The leaders of a slab of [along, inner] that begins at element `first`, by coefficients below k1. */
static void contest(leader *l, ptrdiff_t first, split s, const jets *x, int k1) {
  for (ptrdiff_t j = 0; j < s.inner; j++) l[j] = (leader){first + j, k1};
  for (ptrdiff_t i = 1; i < s.along; i++)
    for (ptrdiff_t j = 0; j < s.inner; j++) challenge(&l[j], first + i * s.inner + j, x, k1);
}

static real coefficient_at(const jets *x, int k, ptrdiff_t at) { return x->plane[k] ? x->plane[k][at] : 0; }

static size_t leaders(const piece *p) {
  return (size_t)split_at(&p->in[0], (unsigned)p->with.k).inner * sizeof(leader);
}

size_t scratch_amax(const piece *p) { return leaders(p); }
size_t scratch_share(const piece *p) { return leaders(p); }

/* ---- amax ------------------------------------------------------------------------------------------------------------------ */

void whole_amax(const piece *p, int order, int k0, int k1, const jets in[], const jets out[]) {
  split s = split_at(&p->in[0], (unsigned)p->with.k);
  leader *l = (leader *)p->scratch;
  (void)order;
  for (ptrdiff_t o = 0; o < s.outer; o++) {
    contest(l, o * s.along * s.inner, s, in, k1);
    for (int k = k0; k < k1; k++)
      for (ptrdiff_t j = 0; out->plane[k] && j < s.inner; j++)
        out->plane[k][o * s.inner + j] = k < l[j].nan ? coefficient_at(in, k, l[j].at) : (real)NAN;
  }
}

/* A share of 1 for the leader, equal ones for elements that tie with it in all coefficients, 0 for the others. */
void whole_share(const piece *p, int order, int k0, int k1, const jets in[], const jets out[]) {
  split s = split_at(&p->in[0], (unsigned)p->with.k);
  leader *l = (leader *)p->scratch;
  real *y = k0 == 0 && k1 > 0 ? out->plane[0] : NULL;
  int all = p->orders[0] + 1;
  (void)order;
  for (ptrdiff_t o = 0; y && o < s.outer; o++) {
    ptrdiff_t first = o * s.along * s.inner;
    contest(l, first, s, in, all);
    for (ptrdiff_t j = 0; j < s.inner; j++) {
      ptrdiff_t ties = 0;
      for (ptrdiff_t i = 0; i < s.along; i++) {
        ptrdiff_t at = first + i * s.inner + j;
        int k = 0;
        while (k < l[j].nan && coefficient_at(in, k, at) == coefficient_at(in, k, l[j].at)) k++;
        ties += (y[at] = k == l[j].nan || at == l[j].at) != 0;
      }
      for (ptrdiff_t i = 0; i < s.along; i++)
        if (y[first + i * s.inner + j] != 0) y[first + i * s.inner + j] = l[j].nan < all ? (real)NAN : 1 / (real)ties;
    }
  }
}
