/* weave.c - pairs of the caller, whose parts lie in turn, and planes. */
#include "plan.h"

static real *memory_of(const jet_plan *p, int i) {
  const port_plane *x = &p->port_planes[i];
  return x->bound ? x->bound : x->own;
}

void weave_split(const jet_plan *p, const weave *w, const double *pairs) {
  real *re = memory_of(p, w->re), *im = memory_of(p, w->im);
  for (ptrdiff_t i = 0; i < w->n; i++) re[i] = (real)pairs[2 * i], im[i] = (real)pairs[2 * i + 1];
}

void weave_join(const jet_plan *p, const weave *w, double *pairs) {
  const real *re = memory_of(p, w->re), *im = memory_of(p, w->im);
  for (ptrdiff_t i = 0; i < w->n; i++) pairs[2 * i] = re[i], pairs[2 * i + 1] = im[i];
}

void plan_unweave(const jet_plan *p) {
  for (int i = 0; i < p->nwoven; i++)
    if (p->woven[i].data && p->woven[i].input) weave_split(p, &p->woven[i], p->woven[i].data);
}

void plan_weave(const jet_plan *p) {
  for (int i = 0; i < p->nwoven; i++)
    if (p->woven[i].data && !p->woven[i].input) weave_join(p, &p->woven[i], p->woven[i].data);
}
