/* plan_planes.c - which planes hold a value's coefficients: its own, those of its inputs, parts of these. */
#include "build.h"
#include "ops.h"
#include "pattern.h"

#include <limits.h>
#include <stdint.h>

int build_is_input(const op *o) {
  return o->step == STEP_LEAF && o != &op_constant && o != &op_parameter && o != &op_zero;
}

int build_plane(const build *b, int v, int k) {
  return b->planes[v] && k >= b->need[v].lo && k <= b->need[v].hi ? b->planes[v][k] : -1;
}

static int add_plane(build *b, const plane *x) { /* id, or -1 */
  jet_plan *p = b->plan;
  ptrdiff_t size;
  if (__builtin_mul_overflow(x->n, (ptrdiff_t)x->copies, &size) || size > PTRDIFF_MAX / 64)
    return plan_fail(p, JET_TOO_LARGE, "the elements of all directions overflow a size") - 1;
  if (!build_grow(b, &p->planes, &p->planes_room, p->nplanes, sizeof *p->planes)) return -1;
  p->planes[p->nplanes] = *x;
  return p->nplanes++;
}

static int new_plane(build *b, plane_kind kind, ptrdiff_t n, int copies) {
  plane x = {.n = n, .stride = n, .copies = copies, .kind = kind, .region = -1, .last = -1, .root = -1, .at = -1};
  return add_plane(b, &x);
}

int plan_new_plane(build *b, ptrdiff_t n, int copies) { return new_plane(b, PLANE_LOCAL, n, copies); }

/* Of coefficient k of v. */
static int copies_at(const build *b, int v, int k) {
  return build_summed(b, v, k) ? 1 : copies_of(value_of(b->tape, v), k);
}

static int leaf_plane(build *b, const node *n, int k) {
  static const double one = 1;
  const value *v = value_of(b->tape, n->first);
  int input = build_is_input(n->op);
  plane_kind kind = !input ? PLANE_CONSTANT : n->op == &op_given ? PLANE_GIVEN : PLANE_INPUT;
  int id = new_plane(b, kind, shape_of(b->tape, n->first)->size, copies_of(v, k));
  if (id >= 0 && !input) b->plan->planes[id].constant = n->op == &op_constant ? b->tape->data[n->with.data] : &one;
  return id;
}

/* ---- other names for planes ---------------------------------------------------------------------------------------------- */

/* n lanes of plane id from `at` on, which is then stored whole. */
static int view_plane(build *b, int id, ptrdiff_t at, ptrdiff_t n, int copies, ptrdiff_t stride) {
  const plane *x = &b->plan->planes[id];
  int view = x->kind == PLANE_VIEW;
  plane y = {.n = n, .stride = stride, .copies = copies, .kind = PLANE_VIEW, .region = -1, .last = -1, .at = at};
  y.root = view ? x->root : id;
  y.at += view ? x->at : 0;
  plane *root = &b->plan->planes[y.root];
  if (root->kind == PLANE_LOCAL) root->kind = PLANE_STORED;
  return add_plane(b, &y);
}

/* Plane id as coefficient k of v. Directions become elements and elements directions where the planes lie so; else a copy is made of
   plane id, into a plane of v's own. */
static int rename_plane(build *b, int v, int k, int id) {
  const plane *x = &b->plan->planes[id];
  ptrdiff_t n = shape_of(b->tape, v)->size;
  int copies = copies_at(b, v, k);
  if (x->n == n) return id;
  if (x->copies == 1 && x->n == n * copies) return view_plane(b, id, 0, n, copies, n);
  if (x->copies > 1 && x->stride == x->n && x->n * x->copies == n) return view_plane(b, id, 0, n, 1, n);
  if (!b->sources) {
    span s = b->need[v];
    if (!(b->sources = (int *)bag_new(&b->plan->owned, (size_t)s.hi + 1, sizeof(int)))) return build_no_memory(b) - 1;
    for (int j = 0; j <= s.hi; j++) b->sources[j] = -1;
  }
  b->sources[k] = id;
  return new_plane(b, PLANE_LOCAL, n, copies);
}

/* Whether coefficient k is a plane of an input; *id: it, or -1 after plan_fail. What an alias has not is zero. */
static int other_name(build *b, const node *n, int v, int k, int *id) {
  step_kind step = n->op->step;
  int input = -1, coefficient;
  ptrdiff_t offset;
  if (!n->op->alias) return 0;
  if (!n->op->alias(b->tape, n, k, &input, &coefficient)) {
    if (step == STEP_ROW) return 0;
    input = -1;
  }
  int from = input < 0 ? -1 : build_plane(b, b->same_as[input], coefficient);
  if (from >= 0 && build_summed(b, v, k) &&
      !plan_total(b, b->same_as[input], coefficient, value_of(b->tape, v)->directions, &from))
    return *id = -1, 1;
  ptrdiff_t size = shape_of(b->tape, v)->size;
  if (from < 0) *id = new_plane(b, PLANE_CONSTANT, size, 1);
  else if (step == STEP_VIEW && pattern_run(list_of(b->tape, n)->at, &offset))
    *id = view_plane(b, from, offset, size, b->plan->planes[from].copies, b->plan->planes[from].stride);
  else *id = rename_plane(b, v, k, from);
  return 1;
}

/* ---- all of a node ------------------------------------------------------------------------------------------------------- */

static int plane_of(build *b, const node *n, int v, int k, int makes[2]) {
  int id;
  if (n->op->step == STEP_LEAF) return leaf_plane(b, n, k);
  if (other_name(b, n, v, k, &id)) {
    if (!b->sources || b->sources[k] < 0) return id;
  } else if (n->op == &op_collapse && build_summed(b, build_input(b, n, 0), k)) return build_plane(b, build_input(b, n, 0), k);
  else id = plan_new_plane(b, shape_of(b->tape, v)->size, copies_at(b, v, k));
  makes[0] = min_(makes[0], k);
  makes[1] = max_(makes[1], k + 1);
  return id;
}

int plan_planes(build *b, const node *n, int makes[2]) {
  makes[0] = INT_MAX, makes[1] = 0;
  b->sources = NULL;
  for (int v = n->first; v < n->first + n->count; v++) {
    span s = b->need[v];
    if (s.hi < s.lo) continue;
    int *list = b->planes[v] = (int *)bag_new(&b->plan->owned, (size_t)s.hi + 1, sizeof *list);
    if (!list) return build_no_memory(b);
    for (int k = 0; k <= s.hi; k++) {
      list[k] = k < s.lo ? -1 : plane_of(b, n, v, k, makes);
      if (k >= s.lo && list[k] < 0) return 0;
    }
  }
  return 1;
}
