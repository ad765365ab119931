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
  if (!s->plane || !s->stride || s->low > s->degree) return plane; /* of a result with directions there always are strides */
  for (int k = s->low; k <= s->degree; k++) plane[k] = s->plane[k];
  s->plane = plane;
  return plane + s->degree + 1;
}

static void next_planes(const jk_series *s) {
  if (!s->plane || !s->stride) return;
  for (int k = s->low; k <= s->degree; k++) ((real **)s->plane)[k] += s->stride[k];
}

static void next_direction(const jk_call *c) {
  const jk_row *row = &jk_rows[c->row];
  for (int i = 0; i < row->nin; i++) next_planes(&c->in[i]);
  for (int i = 0; i < row->nout; i++) next_planes(&c->out[i]);
}

static void first_direction(jk_call *c) {
  const jk_row *row = &jk_rows[c->row];
  real **to = (real **)(void *)((char *)c->work + lane_work(c->order));
  for (int i = 0; i < row->nin; i++) to = own_planes(&c->in[i], to);
  for (int i = 0; i < row->nout; i++) to = own_planes(&c->out[i], to);
}

/* ---- summed planes ---------------------------------------------------------------------------------------------------------

   Coefficient K >= 1 of a result is affine in coefficient K of the inputs, with a slope that depends on coefficients 0 alone. Where
   directions share these, the sum over directions of y_K is the sum of what they give when the first has the sum of the x_K and the
   others have zeros (Dangel et al. 2025, "Collapsing Taylor mode automatic differentiation"). */

/* Whether directions but the first give coefficient K anything. */
static int others_give(const jk_call *c) {
  const jk_row *row = &jk_rows[c->row];
  const jk_series *a = &c->in[0], *b = &c->in[row->nin - 1];
  int most = c->summed - 1, da = a->degree < most ? a->degree : most, db = b->degree < most ? b->degree : most;
  if (!most || row->kind == JK_LINEAR || row->kind == JK_SELECT) return 0;
  return row->kind != JK_PRODUCT || (da + db > most && a->low + b->low <= c->summed);
}

/* From the second direction on. sum: the results' summed planes. */
static void without_summed(jk_call *c, real *sum[JK_MAX_OUT]) {
  const jk_row *row = &jk_rows[c->row];
  int gives = others_give(c);
  for (int i = 0; i < row->nin; i++)
    if (c->in[i].degree >= c->summed) c->in[i].degree = c->summed - 1;
  for (int i = 0; i < row->nout; i++) {
    sum[i] = gives && c->out[i].plane ? c->out[i].plane[c->summed] : NULL;
    if (sum[i]) ((real **)c->out[i].plane)[c->summed] = c->aside + i * c->n;
  }
  c->k1 -= !gives;
}

static void add_aside(const jk_set *set, const jk_call *c, real *const sum[JK_MAX_OUT]) {
  for (int i = 0; i < jk_rows[c->row].nout; i++)
    if (sum[i]) set->add(sum[i], c->aside + i * c->n, c->n);
}

/* ---- directions ------------------------------------------------------------------------------------------------------------ */

static void __attribute__((noinline)) run_directions(const jk_set *set, jk_call *call) {
  jk_call copy = *call, *c = &copy;
  const jk_series *y = &c->out[0];
  int k1 = c->k1, directions = c->directions;
  int once = c->k0 == 0 && y->low == 0 && y->plane && (!y->stride || y->stride[0] == 0);
  real *sum[JK_MAX_OUT] = {NULL};
  first_direction(c);
  c->directions = 1;
  if (once) {
    c->k1 = 1;
    set->kernel[c->row](c);
    c->k0 = 1;
    c->k1 = k1;
  }
  for (int p = 0; p < directions && c->k0 < c->k1; p++) {
    if (p) next_direction(c);
    if (p == 1 && c->summed) {
      without_summed(c, sum);
      if (c->k0 == c->k1) break;
    }
    set->kernel[c->row](c);
    if (p) add_aside(set, c, sum);
  }
  call->lost = c->lost;
}

void jk_run(const jk_set *set, jk_call *call) {
  if (call->directions <= 1) set->kernel[call->row](call);
  else run_directions(set, call);
}
