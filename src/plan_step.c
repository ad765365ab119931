/* plan_step.c - what steps need beside their planes: axes of a broadcast, parts of a deposit, shapes and lists of the rest. */
#include "build.h"
#include "numbers.h"
#include "ops.h"
#include "pattern.h"

#include <stdint.h>
#include <string.h>

static void *own(build *b, int count, size_t element) {
  void *p = bag_new(&b->plan->owned, (size_t)count, element);
  if (!p) build_no_memory(b);
  return p;
}

int tell_row(build *b, const node *n, step *s) {
  (void)b;
  s->call->row = n->op->row;
  s->call->order = value_of(b->tape, n->first)->order;
  s->call->c = n->with.c;
  s->call->m = n->with.m;
  s->call->directions = s->directions;
  s->call->summed = s->summed;
  return 1;
}

/* ---- broadcasts ------------------------------------------------------------------------------------------------------------- */

static void add_axis(spread *a, ptrdiff_t extent, ptrdiff_t stride) {
  int i = a->rank - 1;
  if (extent == 1) return;
  if (i >= 0 && (stride ? a->stride[i] && stride == a->stride[i] * a->extent[i] : !a->stride[i]))
    a->extent[i] *= extent;
  else a->extent[a->rank] = extent, a->stride[a->rank++] = stride;
}

int tell_broadcast(build *b, const node *n, step *s) {
  const shape *from = shape_of(b->tape, build_input(b, n, 0)), *to = shape_of(b->tape, n->first);
  spread *a = (spread *)own(b, 1, sizeof *a);
  if (!a) return 0;
  ptrdiff_t size = 1;
  for (int i = to->rank - 1; i >= 0; i--) {
    int j = i - (to->rank - from->rank);
    ptrdiff_t extent = j < 0 ? 1 : from->dims[j];
    add_axis(a, to->dims[i], extent == 1 ? 0 : size);
    size *= extent;
  }
  s->axes = a;
  return 1;
}

/* ---- lists: copied once each ---------------------------------------------------------------------------------------------------- */

static const ptrdiff_t *copy_list(build *b, int id) {
  const list *x = &b->tape->lists[id];
  if (b->lists[id]) return b->lists[id];
  ptrdiff_t *copy = (ptrdiff_t *)bag_new(&b->plan->owned, (size_t)x->count, sizeof *copy);
  if (!copy) build_no_memory(b);
  else if (x->count) memcpy(copy, x->at, (size_t)x->count * sizeof *copy);
  return b->lists[id] = copy;
}

/* ---- deposits ---------------------------------------------------------------------------------------------------------------------- */

enum { SINK = HOSTILE ? 8 : 256 }; /* lanes from which it is worth while to add parts block by block */

int plan_is_sink(const build *b, const node *n) {
  const ptrdiff_t *at = list_of(b->tape, n)->at;
  ptrdiff_t m = n->nin ? shape_of(b->tape, build_input(b, n, 0))->size : 0, offset;
  if (m < SINK) return 0;
  for (int i = 0; i < n->nin; i++, at += pattern_length(at))
    if (shape_of(b->tape, build_input(b, n, i))->size != m || !pattern_run(at, &offset)) return 0;
  return 1;
}

/* Parts by offset, the last first, equal ones as recorded (Shell's sort). */
static void sort_parts(int *order, const ptrdiff_t *offset, int n) {
  for (int gap = n / 2; gap > 0; gap /= 2)
    for (int i = gap; i < n; i++) {
      int x = order[i], j = i;
      for (; j >= gap; j -= gap) {
        int y = order[j - gap];
        if (offset[y] > offset[x] || (offset[y] == offset[x] && y < x)) break;
        order[j] = y;
      }
      order[j] = x;
    }
}

/* Offsets in order tell whether parts of n lanes overlap, and how much a worker keeps aside. */
static void measure_parts(parts *q, int count, ptrdiff_t n) {
  q->apart = 1;
  for (int i = 1; i < count; i++) {
    q->apart &= q->offset[q->order[i - 1]] - q->offset[q->order[i]] >= n;
    if (__builtin_add_overflow(q->border, q->offset[q->order[0]] - q->offset[q->order[i]], &q->border)) q->border = PTRDIFF_MAX;
  }
  if (q->apart) q->border = 0;
}

int tell_deposit(build *b, const node *n, step *s) {
  parts *q = (parts *)own(b, 1, sizeof *q);
  if (!q || !(q->patterns = copy_list(b, n->with.list))) return 0;
  q->size = shape_of(b->tape, n->first)->size;
  s->deposit = q;
  return 1;
}

int tell_add(build *b, const node *n, step *s) {
  if (!tell_deposit(b, n, s)) return 0;
  parts *q = s->deposit;
  int *order = (int *)own(b, n->nin, sizeof *order);
  ptrdiff_t *offset = (ptrdiff_t *)own(b, n->nin, sizeof *offset);
  if (!order || !offset) return 0;
  const ptrdiff_t *at = q->patterns;
  for (int i = 0; i < n->nin; i++, at += pattern_length(at)) {
    order[i] = i;
    pattern_run(at, &offset[i]);
  }
  sort_parts(order, offset, n->nin);
  q->order = order, q->offset = offset;
  measure_parts(q, n->nin, s->n);
  return 1;
}

/* ---- steps on whole planes ------------------------------------------------------------------------------------------------------------ */

static void tables(jets *x, int n, const jk_series *s) {
  for (int i = 0; i < n; i++) x[i].plane = s[i].plane, x[i].stride = s[i].stride;
}

/* Pointers for coefficients 0..order of each operand; filled when memory is there. */
static int empty_tables(build *b, jk_series *s, int n, int length) {
  for (int i = 0; i < n; i++) {
    real **plane = (real **)own(b, length, sizeof *plane);
    ptrdiff_t *stride = (ptrdiff_t *)own(b, length, sizeof *stride);
    if (!plane || !stride) return 0;
    s[i].plane = plane, s[i].stride = stride;
  }
  return 1;
}

static int whole_tables(build *b, const node *n, step *s) {
  job *j = s->whole;
  int order = 0, all = s->nin + s->nout;
  for (int i = 0; i < n->nin; i++) order = max_(order, value_of(b->tape, build_input(b, n, i))->order);
  order = max_(order, value_of(b->tape, n->first)->order);
  j->order = value_of(b->tape, n->first)->order;
  if (!(j->in = (jets *)own(b, all, sizeof *j->in)) || !empty_tables(b, s->in, all, order + 1)) return 0;
  j->out = j->in + s->nin;
  tables(j->in, all, s->in);
  if (s->directions == 1) return 1;
  jk_series *one = (jk_series *)bag_new(&b->scratch, (size_t)all, sizeof *one);
  if (!one) return build_no_memory(b);
  if (!(j->in_1 = (jets *)own(b, all, sizeof *j->in)) || !empty_tables(b, one, all, order + 1)) return 0;
  j->out_1 = j->in_1 + s->nin;
  j->length = order + 1;
  tables(j->in_1, all, one);
  return 1;
}

int tell_job(build *b, const node *n, step *s) {
  job *j = (job *)own(b, 1, sizeof *j);
  if (!j) return 0;
  s->whole = j;
  j->told.set = b->plan->set;
  j->told.measure = b->plan->measure;
  j->told.with = n->with;
  j->told.nin = n->nin;
  j->told.directions = s->directions;
  for (int i = 0; i < n->nin && i < JK_MAX_IN; i++) {
    int in = build_input(b, n, i);
    j->told.in[i] = *shape_of(b->tape, in);
    j->told.orders[i] = value_of(b->tape, in)->order;
  }
  j->told.out = *shape_of(b->tape, n->first);
  if (n->with.list >= 0) {
    if (!(j->told.list = copy_list(b, n->with.list))) return 0;
    j->told.list_count = b->tape->lists[n->with.list].count;
  }
  size_t size = numbers_of(n->op)->scratch ? numbers_of(n->op)->scratch(&j->told) : 0;
  if (size > b->scratch_size) b->scratch_size = size;
  if (!numbers_of(n->op)->prepare || numbers_of(n->op)->prepare(&j->told, &b->plan->mem)) return 1; /* last: what fails after it would lose it */
  numbers_of(n->op)->release(&j->told, &b->plan->mem);
  return plan_fail(b->plan, JET_NO_MEMORY, "out of memory while planning a step of %s", n->op->name);
}

int tell_matrix(build *b, const node *n, step *s) {
  matrix_sum *m = (matrix_sum *)own(b, 1, sizeof *m);
  if (!m) return 0;
  s->matrix = m;
  sum_axes_matrix(shape_of(b->tape, build_input(b, n, 0)), n->with.k, &m->rows, &m->columns);
  return 1;
}

int tell_tables(build *b, const node *n, step *s) { return tell_job(b, n, s) && whole_tables(b, n, s); }

int tell_read(build *b, const node *n, step *s) { return (s->pattern = copy_list(b, n->with.list)) != NULL; }

void plan_release(jet_plan *p) {
  for (int i = 0; i < p->nsteps; i++)
    if (numbers_of(p->steps[i].of)->release) numbers_of(p->steps[i].of)->release(&p->steps[i].whole->told, &p->mem);
}
