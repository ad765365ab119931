/* plan_pairs.c - complex inputs and outputs at a plan's border: pairs of ports, and memory of the caller's where a pair's numbers
   lie in turn (C's double complex). */
#include "pair.h"
#include "plan.h"

/* ---- which values are pairs of ports -------------------------------------------------------------------------------------- */

static int find_pairs(const jet_plan *p, const jet_tape *tape, pair *to) { /* to NULL: counts alone */
  int count = 0;
  for (int i = 0; i < tape->nnodes; i++) {
    const node *n = &tape->nodes[i];
    if (n->op != &op_complex) continue;
    pair x = {n->first, node_input(tape, n, 0), node_input(tape, n, 1)};
    if (x.re >= p->nvalues || !p->port_of[x.re] || !p->port_of[x.im]) continue;
    if (to) to[count] = x;
    count++;
  }
  return count;
}

static const port *port_at(const jet_plan *p, int value) { return &p->ports[p->port_of[value] - 1]; }

int plan_pairs(jet_plan *p, const jet_tape *tape) {
  int n = find_pairs(p, tape, NULL), planes = 0;
  p->pairs = (pair *)bag_new(&p->owned, (size_t)n, sizeof *p->pairs);
  p->woven_at = (int *)bag_new(&p->owned, (size_t)n, sizeof(int));
  if (!p->pairs || !p->woven_at) return plan_fail(p, JET_NO_MEMORY, "out of memory while planning");
  p->npairs = find_pairs(p, tape, p->pairs);
  for (int i = 0; i < n; i++) {
    p->woven_at[i] = planes;
    planes += port_at(p, p->pairs[i].re)->count;
  }
  p->nwoven = planes;
  if (!(p->woven = (weave *)bag_new(&p->owned, (size_t)planes, sizeof *p->woven)))
    return plan_fail(p, JET_NO_MEMORY, "out of memory while planning");
  for (int i = 0; i < n; i++) {
    const port *re = port_at(p, p->pairs[i].re), *im = port_at(p, p->pairs[i].im);
    for (int k = 0; k < re->count; k++) {
      const port_plane *x = &p->port_planes[re->first + k], *y = &p->port_planes[im->first + k];
      weave w = {re->first + k, im->first + k, re->n, max_(x->copies, y->copies), re->input && im->input, NULL};
      p->woven[p->woven_at[i] + k] = w;
    }
  }
  return 1;
}

int plan_pair_of(const jet_plan *p, int value) {
  int low = 0, high = p->npairs;
  while (low < high) {
    int i = (low + high) / 2;
    if (p->pairs[i].value == value) return i;
    if (p->pairs[i].value < value) low = i + 1;
    else high = i;
  }
  return -1;
}

/* ---- the face ----------------------------------------------------------------------------------------------------------------- */

static weave *find(jet_plan *p, const char *name, jet z, int k, jet_status *status) {
  *status = p->status;
  if (*status) return NULL;
  int i = z.tape == p->tape ? plan_pair_of(p, z.id) : -1;
  if (z.tape != p->tape) *status = plan_refuse(p, JET_FOREIGN, "%s: the jet is not of the plan's tape", name);
  else if (i < 0) *status = plan_refuse(p, JET_BAD_ARGUMENT, "%s: the jet is no complex input or output of the plan", name);
  else if (k < 0 || k >= port_at(p, p->pairs[i].re)->count)
    *status = plan_refuse(p, JET_BAD_ORDER, "%s: coefficient %d is outside 0..%d, the order of the jet", name, k,
                          port_at(p, p->pairs[i].re)->count - 1);
  return *status ? NULL : &p->woven[p->woven_at[i] + k];
}

jet_status jet_plan_read(jet_plan *p, jet z, int k, double *pairs) {
  jet_status status = JET_BAD_ARGUMENT;
  const weave *w = p ? find(p, "jet_plan_read", z, k, &status) : NULL;
  if (!w) return status;
  if (!pairs && w->n) return plan_refuse(p, JET_BAD_ARGUMENT, "jet_plan_read: pairs is NULL");
  p->typed->join(p, w, pairs);
  return JET_OK;
}

jet_status jet_plan_write(jet_plan *p, jet z, int k, const double *pairs) {
  jet_status status = JET_BAD_ARGUMENT;
  const weave *w = p ? find(p, "jet_plan_write", z, k, &status) : NULL;
  if (!w) return status;
  if (!w->input) return plan_refuse(p, JET_BAD_ARGUMENT, "jet_plan_write: the jet is no input of the plan");
  if (w->data) return plan_refuse(p, JET_BAD_ARGUMENT, "jet_plan_write: jet_plan_bind_complex has bound the jet, whose memory is read at the run");
  if (!pairs && w->n) return plan_refuse(p, JET_BAD_ARGUMENT, "jet_plan_write: pairs is NULL");
  p->typed->split(p, w, pairs);
  return JET_OK;
}

jet_status jet_plan_bind_complex(jet_plan *p, jet z, int k, double *pairs) {
  jet_status status = JET_BAD_ARGUMENT;
  weave *w = p ? find(p, "jet_plan_bind_complex", z, k, &status) : NULL;
  if (w) w->data = pairs;
  return w ? JET_OK : status;
}
