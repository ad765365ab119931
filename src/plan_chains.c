/* plan_chains.c - finds runs of rows in the regions of a plan that can be lines (plan_lines.c), and the sinks that can go along. */
#include "build.h"
#include "lines.h"

#include <string.h>

enum { ROWS_MOST = 40, ROWS_LEAST = 2, STEPS_MOST = 2000 };

/* Parts that overlap by less than a vector add up in registers: what lies higher lags behind. */
static int can_deposit(const jet_plan *p, const step *s, int *carries) {
  const parts *q = s->deposit;
  int more = *carries;
  if (s->type != &type_add || s->directions > 1 || q->apart || plan_part_lag(q, 0, s->nin) >= native_width(p->set)) return 0;
  for (int i = 0; i < s->nin; i++) more += (s->k1 - s->k0) * (plan_part_lag(q, i, s->nin) > 0);
  if (more > LINE_CARRIES) return 0;
  *carries = more;
  return 1;
}

typedef struct sorting { /* of the steps of a region: before the run at hand, in it, behind it */
  const jet_plan *plan;
  step *sorted, *run, *later;
  int count, run_count, later_count;
  int *made, runs; /* by plane: the run that makes it */
} sorting;

static void mark(const sorting *q, const step *s) {
  for (int i = 0; i < s->nout; i++)
    for (int k = s->k0; k < s->k1; k++) {
      int id = plane_in(s->out_planes[i], &s->out[i], k);
      if (plan_makes_plane(s, k, id)) q->made[id] = q->runs;
    }
}

/* Whether it reads what the run makes; or, with part, a part of that, which is not made lane by lane. */
static int reads_run(const sorting *q, const step *s, int part) {
  for (int i = 0; i < s->nin; i++)
    for (int k = s->in[i].low; s->in_planes[i] && k <= s->in[i].degree; k++) {
      int id = s->in_planes[i][k], view = id >= 0 && q->plan->planes[id].kind == PLANE_VIEW;
      if (view) id = q->plan->planes[id].root;
      if (id >= 0 && (view || !part) && q->made[id] == q->runs) return 1;
    }
  return 0;
}

static int new_chain(build *b, sorting *q) { /* with those of the sinks that can go along first */
  chain *x = (chain *)bag_new(&b->plan->owned, 1, sizeof *x);
  int carries = 0;
  if (!x) return build_no_memory(b);
  x->rows = q->run_count;
  for (int i = 0; i < q->later_count; i++) {
    if (!can_deposit(b->plan, &q->later[i], &carries)) continue;
    step s = q->later[i];
    q->later[i] = q->later[x->sinks];
    q->later[x->sinks++] = s;
  }
  q->run[0].lines = x;
  return 1;
}

static int end_run(build *b, sorting *q) {
  if (q->run_count >= ROWS_LEAST && !new_chain(b, q)) return 0;
  for (int i = 0; i < q->run_count; i++) q->sorted[q->count++] = q->run[i];
  for (int i = 0; i < q->later_count; i++) q->sorted[q->count++] = q->later[i];
  q->run_count = q->later_count = 0;
  q->runs++;
  return 1;
}

/* What reads nothing of the run goes before it, sinks of blocks go behind it: nothing in the region reads what they make. */
static int sort_step(build *b, sorting *q, const step *s, int once) {
  int sink = !once && step_is(s, TYPE_SINK);
  if (plan_has_lines(s)) {
    int ends = q->run_count && (q->run_count == ROWS_MOST || s->n != q->run[0].n || reads_run(q, s, 1));
    if (ends && !end_run(b, q)) return 0;
    mark(q, s);
    q->run[q->run_count++] = *s;
  } else if (!reads_run(q, s, 0)) q->sorted[q->count++] = *s;
  else if (sink) q->later[q->later_count++] = *s;
  else {
    if (!end_run(b, q)) return 0;
    q->sorted[q->count++] = *s;
  }
  return 1;
}

static int sort_region(build *b, sorting *q, const region *r) {
  q->count = 0;
  q->runs++;
  for (int i = r->first + r->hoisted; i < r->first + r->count; i++)
    if (!sort_step(b, q, &b->plan->steps[i], r->once)) return 0;
  if (!end_run(b, q)) return 0;
  memcpy(b->plan->steps + r->first + r->hoisted, q->sorted, (size_t)(r->count - r->hoisted) * sizeof *q->sorted);
  return 1;
}

/* Long programs of scalars would get much code that runs once. */
static int worth_it(const region *r) { return !r->folded && r->count >= ROWS_LEAST && (!r->once || r->count <= STEPS_MOST); }

int plan_chains(build *b) {
  jet_plan *p = b->plan;
  int most = 0;
  if (!plan_may(p, JET_CHAINS) || p->by_orders || !native_width(p->set)) return 1;
  for (int i = 0; i < p->nregions; i++)
    if (worth_it(&p->regions[i])) most = max_(most, p->regions[i].count);
  if (!most) return 1;
  step *room = (step *)bag_new(&b->scratch, 2 * (size_t)most + ROWS_MOST, sizeof *room);
  int *made = (int *)bag_new(&b->scratch, (size_t)p->nplanes, sizeof *made);
  if (!room || !made) return build_no_memory(b);
  sorting q = {.plan = p, .sorted = room, .run = room + most, .later = room + most + ROWS_MOST, .made = made};
  for (int i = 0; i < p->nregions; i++)
    if (worth_it(&p->regions[i]) && !sort_region(b, &q, &p->regions[i])) return 0;
  return 1;
}
