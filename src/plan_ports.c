/* plan_ports.c - inputs and outputs as the caller sees them: whose memory they are, and what is delivered after a run. */
#include "build.h"

static int is_folded(const jet_plan *p, const plane *x) { return x->region >= 0 && p->regions[x->region].folded; }

/* A plane that is made with the plan, or a part of one, and read later. */
void plan_note_constant(jet_plan *p, plane *x) {
  plane *root = x->kind == PLANE_VIEW ? &p->planes[x->root] : x;
  if (is_folded(p, root)) root->kind = PLANE_CONSTANT;
}

static void add_port(build *b, int v, int input) {
  jet_plan *p = b->plan;
  const value *x = value_of(b->tape, v);
  if (p->port_of[v]) return;
  port q = {b->same_as[v], x->order + 1, p->nport_planes, input, shape_of(b->tape, v)->size};
  p->ports[p->nports++] = q;
  p->port_of[v] = p->nports;
  p->max_order = max_(p->max_order, x->order);
  p->nport_planes += q.count;
}

static void connect(build *b, const port *q) {
  jet_plan *p = b->plan;
  for (int k = 0; k < q->count; k++) {
    port_plane *x = &p->port_planes[q->first + k];
    x->plane = build_plane(b, q->value, k);
    x->copies = copies_of(value_of(b->tape, q->value), k);
    p->ndeliveries += !q->input;
    if (x->plane < 0) continue;
    plane *y = &p->planes[x->plane];
    if (!q->input) {
      plan_note_constant(p, y);
      if (y->kind == PLANE_LOCAL) y->kind = PLANE_STORED;
      x->copy = y->kind != PLANE_STORED || y->claimed || y->copies != x->copies;
      y->claimed |= !x->copy;
    }
    y->movable |= !x->copy;
  }
}

/* What is copied or zeroed after a run. */
static int find_deliveries(build *b) {
  jet_plan *p = b->plan;
  if (!(p->deliveries = (delivery *)bag_new(&p->owned, (size_t)p->ndeliveries, sizeof *p->deliveries)))
    return build_no_memory(b);
  p->ndeliveries = 0;
  for (int i = 0; i < p->nports; i++)
    for (int k = 0; k < p->ports[i].count; k++) {
      const port *q = &p->ports[i];
      const port_plane *x = &p->port_planes[q->first + k];
      if (q->input || !q->n || (x->plane >= 0 && !x->copy)) continue;
      delivery d = {q->first + k, q->n};
      p->deliveries[p->ndeliveries++] = d;
    }
  return 1;
}

int plan_ports(build *b, int n, const jet outputs[]) {
  jet_plan *p = b->plan;
  int inputs = 0;
  for (int i = 0; i < b->nnodes; i++) inputs += build_is_input(b->tape->nodes[i].op);
  p->ports = (port *)bag_new(&p->owned, (size_t)inputs + (size_t)n, sizeof *p->ports);
  p->port_of = (int *)bag_new(&p->owned, (size_t)b->nvalues, sizeof *p->port_of);
  if (!p->ports || !p->port_of) return build_no_memory(b);
  for (int i = 0; i < b->nnodes; i++)
    if (build_is_input(b->tape->nodes[i].op)) add_port(b, b->tape->nodes[i].first, 1);
  for (int i = 0; i < n; i++) add_port(b, outputs[i].id, 0);
  p->port_planes = (port_plane *)bag_new(&p->owned, (size_t)p->nport_planes, sizeof *p->port_planes);
  if (!p->port_planes) return build_no_memory(b);
  for (int i = 0; i < p->nports; i++) connect(b, &p->ports[i]);
  return find_deliveries(b);
}
