/* plan_hoist.c - what is the same in every block of a region is made once a run.

   A broadcast whose source has ended before the last axis that it is spread along, a scalar or a row of a matrix, repeats itself
   after `period` lanes. It is made once, for the lanes of a block and as many as blocks begin behind the beginning of a period; a
   block reads it from where it begins. So are rows all of whose inputs are such. They are the first steps of their region, and their slots
   are their own. */
#include "build.h"

#include <string.h>

enum { PERIOD_MAX = 1024 }; /* lanes: as many as a block has at most */

/* Of broadcasts; 0: it does not repeat itself, or too late. */
static int period_of(const spread *a) {
  ptrdiff_t period = 1;
  if (!a->rank || a->stride[a->rank - 1]) return 0;
  for (int i = 0; i < a->rank - 1; i++)
    if (a->extent[i] > PERIOD_MAX || (period *= a->extent[i]) > PERIOD_MAX) return 0;
  return (int)period;
}

/* The period of a row's inputs: 1 and one other, if all have one; else 0. */
static int common_period(const jet_plan *p, const step *s) {
  int period = 1;
  for (int j = 0; j < s->nin; j++)
    for (int k = s->in[j].low; s->in_planes[j] && k <= s->in[j].degree; k++) {
      const plane *x = s->in_planes[j][k] < 0 ? NULL : &p->planes[s->in_planes[j][k]];
      if (!x) continue;
      if (!x->period || x->region != s->region || (x->period > 1 && period > 1 && x->period != period)) return 0;
      period = max_(period, x->period);
    }
  return period;
}

typedef int each_result(const jet_plan *, int id, int period);

static int all_results(const jet_plan *p, const step *s, int period, each_result *f) {
  for (int j = 0; j < s->nout; j++)
    for (int k = s->k0; k < s->k1; k++) {
      int id = plane_in(s->out_planes[j], &s->out[j], k);
      if (id >= 0 && !f(p, id, period)) return 0;
    }
  return 1;
}

static int is_local(const jet_plan *p, int id, int period) { return (void)period, p->planes[id].kind == PLANE_LOCAL; }
static int set_period(const jet_plan *p, int id, int period) { return p->planes[id].period = period; }

static int hoists(const jet_plan *p, const step *s) {
  int period = s->type == &type_broadcast ? period_of(s->axes) : s->type == &type_row && !s->summed ? common_period(p, s) : 0;
  return period && all_results(p, s, period, is_local) && all_results(p, s, period, set_period);
}

/* Hoisted ones first, else as they were. */
static void hoist_region(jet_plan *p, region *r, step *others) {
  int kept = 0;
  for (int i = r->first; i < r->first + r->count; i++)
    if (hoists(p, &p->steps[i])) p->steps[r->first + r->hoisted++] = p->steps[i];
    else others[kept++] = p->steps[i];
  if (kept) memcpy(p->steps + r->first + r->hoisted, others, (size_t)kept * sizeof *others);
}

int plan_hoist(build *b) {
  jet_plan *p = b->plan;
  int most = 0;
  if (!plan_may(p, JET_HOISTING)) return 1;
  for (int r = 0; r < p->nregions; r++)
    if (!p->regions[r].once) most = max_(most, p->regions[r].count);
  step *others = (step *)bag_new(&b->scratch, (size_t)most, sizeof *others);
  if (!others) return build_no_memory(b);
  for (int r = 0; r < p->nregions; r++)
    if (!p->regions[r].once) hoist_region(p, &p->regions[r], others);
  return 1;
}
