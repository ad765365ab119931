/* rows.c - the choice of an instruction set, directions, sums: for each type. */
#include "kernel.h"
#include "panel.h"

#include <string.h>

extern const jk_set jk_baseline;
extern const jk_panel jk_panel_baseline;
#if JETS_X86
extern const jk_set jk_avx2, jk_avx512;
extern const jk_panel jk_panel_avx2, jk_panel_avx512;
#define CPU(f) __builtin_cpu_supports(f)
#endif

static const jk_set *set_of(int isa) {
  if (isa == 1) return &jk_baseline;
#if JETS_X86
  if (isa == 2 && CPU("avx2") && CPU("fma")) return &jk_avx2;
  if (isa == 3 && CPU("avx512f") && CPU("avx512dq") && CPU("fma")) return &jk_avx512;
#endif
  return NULL;
}

#ifndef JETS_ISA
#define JETS_ISA 0
#endif

const jk_set *jk_select(int isa) {
  const jk_set *s = NULL;
  if (!isa) isa = JETS_ISA;
  if (isa) return set_of(isa);
  for (isa = 3; !s; isa--) s = set_of(isa);
  return s;
}

const jk_panel *jk_panel_of(const jk_set *set) {
#if JETS_X86
  if (set == &jk_avx512) return &jk_panel_avx512;
  if (set == &jk_avx2) return &jk_panel_avx2;
#endif
  return (void)set, &jk_panel_baseline;
}

void jk_tree_add(jk_tree *t, real x) {
  int j = 0;
  for (; t->count >> j & 1; j++) x = t->level[j] + x;
  t->level[j] = x;
  t->count++;
}

real jk_tree_sum(const jk_tree *t) {
  real s = 0;
  int any = 0;
  for (int j = 0; j < 64 && t->count >> j; j++)
    if (t->count >> j & 1) s = any++ ? t->level[j] + s : t->level[j];
  return s;
}

/* 7 series of vectors, 7 of numbers for a lane that is redone, for float what narrow.h takes; then the pointers of one direction */
enum { NARROW = REAL(0, 2 * (JK_WIDE * sizeof(double) + sizeof(double *))) };
static size_t lane_work(int order) { return (size_t)(order + 1) * (7 * 64 + 7 * sizeof(double) + NARROW); }

size_t jk_work_size(int order) {
  size_t pointers = (size_t)(order + 1) * (JK_MAX_IN + JK_MAX_OUT) * sizeof(real *);
  return (lane_work(order) + pointers + 63) / 64 * 64;
}

/* Pointers to the planes of one direction, which move from direction to direction; from here on s has these. */
static real **own_planes(jk_series *s, real **plane) {
  if (!s->plane || !s->stride || s->low > s->degree) return plane;
  for (int k = s->low; k <= s->degree; k++) plane[k] = s->plane[k];
  s->plane = plane;
  return plane + s->degree + 1;
}

static real **next_planes(const jk_series *s, real **plane) {
  if (!s->plane || !s->stride || s->low > s->degree) return plane;
  for (int k = s->low; k <= s->degree; k++) plane[k] += s->stride[k];
  return plane + s->degree + 1;
}

static void next_direction(const jk_call *c, real **plane) {
  const jk_row *row = &jk_rows[c->row];
  for (int i = 0; i < row->nin; i++) plane = next_planes(&c->in[i], plane);
  for (int i = 0; i < row->nout; i++) plane = next_planes(&c->out[i], plane);
}

static real **first_direction(jk_call *c) {
  const jk_row *row = &jk_rows[c->row];
  real **planes = (real **)(void *)((char *)c->work + lane_work(c->order)), **to = planes;
  for (int i = 0; i < row->nin; i++) to = own_planes(&c->in[i], to);
  for (int i = 0; i < row->nout; i++) to = own_planes(&c->out[i], to);
  return planes;
}

static void run_directions(const jk_set *set, jk_call *c) {
  const jk_series *y = &c->out[0];
  int k1 = c->k1, directions = c->directions;
  int once = c->k0 == 0 && y->low == 0 && y->plane && (!y->stride || y->stride[0] == 0);
  real **planes = first_direction(c);
  c->directions = 1;
  if (once) {
    c->k1 = 1;
    set->kernel[c->row](c);
    c->k0 = 1;
    c->k1 = k1;
  }
  for (int p = 0; p < directions && c->k0 < k1; p++) {
    if (p) next_direction(c, planes);
    set->kernel[c->row](c);
  }
}

void jk_run(const jk_set *set, jk_call *call) {
  if (call->directions <= 1) {
    set->kernel[call->row](call);
    return;
  }
  jk_call c = *call;
  run_directions(set, &c);
  call->lost = c.lost;
}
