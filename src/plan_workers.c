/* plan_workers.c - how many workers share a region's blocks, or a step on whole planes. */
#include "build.h"

#include <stdint.h>

/* Coefficients of lanes, made or summed, that are worth a worker: some 50 microseconds, as long as it may take a sleeping thread to
   wake. Regions of less than two shares stay with the caller's thread. */
enum { SHARE = HOSTILE ? 16 : 128 * 1024 };

static ptrdiff_t work_of(const jet_plan *p, const region *r) { /* coefficients; saturates */
  ptrdiff_t work = 0, sum;
  for (int i = r->first; i < r->first + r->count; i++)
    work += (ptrdiff_t)(p->steps[i].k1 - p->steps[i].k0) * p->steps[i].directions;
  return __builtin_mul_overflow(work, r->n, &sum) ? PTRDIFF_MAX : sum;
}

/* What a worker keeps aside of overlapping parts is its own lanes', and less than these. */
static int parts_fit(const jet_plan *p, const region *r, ptrdiff_t workers) {
  ptrdiff_t least = (blocks_of(r) / r->leaf / workers * r->leaf - 1) * r->block;
  for (int i = r->first; i < r->first + r->count; i++)
    if (p->steps[i].type == &type_add && p->steps[i].deposit->border > least) return 0;
  return 1;
}

static void find_leaves(jet_plan *p, region *r) {
  r->leaf = 1;
  for (int i = r->first; i < r->first + r->count; i++) {
    if (p->steps[i].type != &type_sum_columns) continue;
    ptrdiff_t unit = JK_LEAF_ROWS * p->steps[i].matrix->columns, more = unit / common_divisor(r->block * r->leaf, unit);
    if (__builtin_mul_overflow(r->leaf, more, &r->leaf) || r->leaf > blocks_of(r)) r->leaf = blocks_of(r);
    if (r->leaf == blocks_of(r)) return;
  }
}

static void choose_workers(jet_plan *p) {
  for (int i = 0; i < p->nregions; i++) {
    region *r = &p->regions[i];
    r->workers = 1;
    r->leaf = 1;
    if (r->once || r->n <= r->block) continue;
    find_leaves(p, r);
    ptrdiff_t most = work_of(p, r) / SHARE, leaves = (blocks_of(r) + r->leaf - 1) / r->leaf;
    if (most > leaves) most = leaves;
    if (most > p->threads) most = p->threads;
    while (most > 1 && !parts_fit(p, r, most)) most /= 2;
    r->workers = most < 1 ? 1 : (int)most;
  }
}

int plan_most_workers(const jet_plan *p) {
  int most = 1;
  for (int i = 0; i < p->nregions; i++) most = max_(most, p->regions[i].workers);
  return most;
}

/* Of a product: as many multiplications and additions as take the time of a coefficient of a lane. Of a transform: what one of its
   numbers takes. */
enum { TERMS = 32, TRANSFORMED = 2 };

static double whole_work(const jet_plan *p, const step *s) {
  double work = 0, terms = 1;
  for (int k = s->k0; k < s->k1; k++) {
    int id = plane_in(s->out_planes[0], &s->out[0], k);
    if (id >= 0) work += (double)p->planes[id].n * p->planes[id].copies;
    for (int i = 0; i < s->nin && s->type != &type_pairs; i++)
      if ((id = plane_in(s->in_planes[i], &s->in[i], k)) >= 0) work += (double)p->planes[id].n * p->planes[id].copies;
  }
  if (s->type == &type_pairs) {
    const shape *a = &s->whole->told.in[0]; /* rows x inner, or its transpose */
    double rows = (double)s->result->dims[s->result->rank - 2];
    terms = rows > 0 ? (double)a->dims[a->rank - 2] * (double)a->dims[a->rank - 1] / rows / TERMS : 0;
  }
  return work * (s->type == &type_stages ? TRANSFORMED : terms);
}

static void choose_teams(jet_plan *p) {
  for (int i = 0; i < p->nsteps; i++) {
    step *s = &p->steps[i];
    double most = step_is(s, TYPE_SHARES) ? whole_work(p, s) / SHARE : 1;
    if (!step_is(s, TYPE_SHARES_PLANES) && most > (double)(s->k1 - s->k0) * s->directions) most = (s->k1 - s->k0) * s->directions;
    if (s->type == &type_pairs && !numbers_share_products()) most = 1; /* BLAS has threads of its own */
    s->workers = most < 2 ? 1 : most < p->threads ? (int)most : p->threads;
  }
}

int plan_most_in_teams(const jet_plan *p) {
  int most = 1;
  for (int i = 0; i < p->nsteps; i++) most = max_(most, p->steps[i].workers);
  return most;
}

void plan_workers(jet_plan *p) {
  choose_workers(p);
  choose_teams(p);
}
