/* weave.c - pairs of the caller, whose parts lie in turn, and planes. */
#include "plan.h"

static real *memory_of(const jet_plan *p, int i, ptrdiff_t n, int copy) {
  const port_plane *x = &p->port_planes[i];
  return (x->bound ? x->bound : x->own) + (x->copies > 1 ? copy * n : 0);
}

void weave_split(const jet_plan *p, const weave *w, const double *pairs) {
  for (int c = 0; c < w->copies; c++, pairs += 2 * w->n) {
    real *re = memory_of(p, w->re, w->n, c), *im = memory_of(p, w->im, w->n, c);
    for (ptrdiff_t i = 0; i < w->n; i++) re[i] = (real)pairs[2 * i], im[i] = (real)pairs[2 * i + 1];
  }
}

void weave_join(const jet_plan *p, const weave *w, double *pairs) {
  for (int c = 0; c < w->copies; c++, pairs += 2 * w->n) {
    const real *re = memory_of(p, w->re, w->n, c), *im = memory_of(p, w->im, w->n, c);
    for (ptrdiff_t i = 0; i < w->n; i++) pairs[2 * i] = re[i], pairs[2 * i + 1] = im[i];
  }
}

void plan_unweave(const jet_plan *p) {
  for (int i = 0; i < p->nwoven; i++)
    if (p->woven[i].data && p->woven[i].input) weave_split(p, &p->woven[i], p->woven[i].data);
}

void plan_weave(const jet_plan *p) {
  for (int i = 0; i < p->nwoven; i++)
    if (p->woven[i].data && !p->woven[i].input) weave_join(p, &p->woven[i], p->woven[i].data);
}
