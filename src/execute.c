/* execute.c - runs a plan: region by region, block by block, all steps of the region on each block. Allocates nothing. */
#include "plan.h"

#include <string.h>

/* ---- steps on a block: lanes first..first+n-1 ---------------------------------------------------------------------------- */

void run_row(const jet_plan *p, step *s, ptrdiff_t first, ptrdiff_t n) {
  (void)first;
  s->call.n = n;
  jk_run(p->set, &s->call);
}

/* Element `first` of the target as an index into the source, then counting as an odometer does. */
static void copy_broadcast(const step *s, double *y, const double *x, ptrdiff_t first, ptrdiff_t n) {
  ptrdiff_t index[JET_MAX_RANK], stride[JET_MAX_RANK], at = 0, size = 1;
  int rank = s->to.rank, shift = rank - s->from.rank;
  for (int i = rank - 1; i >= 0; i--) {
    ptrdiff_t extent = i < shift ? 1 : s->from.dims[i - shift];
    stride[i] = extent == 1 ? 0 : size;
    size *= extent;
    index[i] = first % s->to.dims[i];
    first /= s->to.dims[i];
    at += index[i] * stride[i];
  }
  for (ptrdiff_t l = 0; l < n; l++) {
    y[l] = x[at];
    for (int i = rank - 1; i >= 0; i--) {
      at += stride[i];
      if (++index[i] < s->to.dims[i]) break;
      at -= index[i] * stride[i];
      index[i] = 0;
    }
  }
}

void run_broadcast(const jet_plan *p, step *s, ptrdiff_t first, ptrdiff_t n) {
  for (int k = s->call.k0; k < s->call.k1; k++) {
    int id = s->in_planes[0][k];
    double *y = s->call.out[0].plane[k];
    if (id < 0 || s->from.size == 1) p->set->fill(y, id < 0 ? 0 : p->planes[id].base[0], n);
    else copy_broadcast(s, y, p->planes[id].base, first, n);
  }
}

static ptrdiff_t blocks(const region *r) { return (r->n + r->block - 1) / r->block; }

void run_sum(const jet_plan *p, step *s, ptrdiff_t first, ptrdiff_t n) { /* the block's share */
  const region *r = &p->regions[s->region];
  for (int k = s->call.k0; k < s->call.k1; k++) {
    const double *x = s->call.in[0].plane[k];
    s->partial[(k - s->k0) * blocks(r) + first / r->block] = x ? p->set->sum(x, n) : 0;
  }
}

static void finish_sum(const jet_plan *p, const step *s) {
  const region *r = &p->regions[s->region];
  for (int k = s->call.k0; k < s->call.k1; k++) {
    jk_tree tree = {0, {0}};
    for (ptrdiff_t i = 0; i < blocks(r); i++) jk_tree_add(&tree, s->partial[(k - s->k0) * blocks(r) + i]);
    p->planes[s->out_planes[0][k]].base[0] = jk_tree_sum(&tree);
  }
}

/* ---- regions ----------------------------------------------------------------------------------------------------------------- */

static void run_region(jet_plan *p, const region *r, int k0, int k1) {
  step *s = p->steps + r->first;
  for (int i = 0; i < r->count; i++) {
    s[i].call.k0 = s[i].late ? s[i].k0 : max_(s[i].k0, k0);
    s[i].call.k1 = s[i].late ? s[i].k1 : min_(s[i].k1, k1);
  }
  for (ptrdiff_t first = 0; first < r->n; first += r->block) {
    ptrdiff_t n = r->n - first < r->block ? r->n - first : r->block;
    for (int i = 0; i < r->count_moving; i++) {
      const moving *m = &p->pointers[r->first_moving + i];
      *m->entry = p->planes[m->plane].base + first;
    }
    for (int i = 0; i < r->count; i++)
      if (s[i].call.k0 < s[i].call.k1) s[i].run(p, &s[i], first, n);
  }
  for (int i = 0; i < r->count; i++)
    if (s[i].run == run_sum) finish_sum(p, &s[i]);
}

/* Outputs whose plane is somebody else's, of whatever coefficient, and zeros into the caller's memory. */
static void copy_outputs(jet_plan *p) {
  for (int i = 0; i < p->nports; i++)
    for (int k = 0; k < p->ports[i].count; k++) {
      port_plane *x = &p->port_planes[p->ports[i].first + k];
      size_t size = (size_t)p->ports[i].n * sizeof(double);
      double *to = x->bound ? x->bound : x->own;
      if (!size) continue;
      if (x->copy) memcpy(to, p->planes[x->plane].base, size);
      else if (x->plane < 0 && !p->ports[i].input) memset(to, 0, size);
    }
}

/* Orders lost add up along a path: the most that any input has lost, and the node's own. */
static void count_lost(jet_plan *p) {
  int any = 0;
  for (int i = 0; i < p->nflows; i++) p->flows[i].lost = 0;
  for (int i = 0; i < p->nsteps; i++) any |= p->flows[p->steps[i].node].lost = p->steps[i].call.lost;
  if (!any && !p->any_lost) return;
  for (int i = 0; i < p->nflows; i++) {
    const flow *f = &p->flows[i];
    int most = 0;
    for (int j = 0; j < f->nin; j++) most = max_(most, p->lost[p->args[f->in + j]]);
    for (int v = 0; v < f->count; v++) p->lost[f->first + v] = max_(most - f->above, 0) + (f->jets ? f->lost : 0);
  }
  p->any_lost = any;
}

void plan_execute(jet_plan *p, int k0, int k1) {
  for (int i = 0; i < p->nsteps; i++) p->steps[i].call.lost = 0;
  for (int i = 0; i < p->nregions; i++) run_region(p, &p->regions[i], k0, k1);
  copy_outputs(p);
  count_lost(p);
}
