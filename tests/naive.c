/* naive.c - see naive.h. */
#include "naive.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- shapes ------------------------------------------------------------------------------------------------------ */

void unravel(const op_shape *s, ptrdiff_t e, ptrdiff_t index[NAIVE_RANK]) {
  for (int i = s->rank - 1; i >= 0; i--) index[i] = e % s->dims[i], e /= s->dims[i];
}

ptrdiff_t ravel(const op_shape *s, const ptrdiff_t index[NAIVE_RANK]) {
  ptrdiff_t e = 0;
  for (int i = 0; i < s->rank; i++) e = e * s->dims[i] + index[i];
  return e;
}

bool broadcast(op_shape *a, const op_shape *b) {
  op_shape y = {a->rank > b->rank ? a->rank : b->rank, {0}};
  for (int i = 1; i <= y.rank; i++) {
    ptrdiff_t p = i <= a->rank ? a->dims[a->rank - i] : 1, q = i <= b->rank ? b->dims[b->rank - i] : 1;
    if (p != q && p != 1 && q != 1) return false;
    y.dims[y.rank - i] = p == 1 ? q : p;
  }
  *a = y;
  return true;
}

ptrdiff_t broadcast_element(const op_shape *from, const op_shape *to, ptrdiff_t e) {
  ptrdiff_t index[NAIVE_RANK] = {0}, at[NAIVE_RANK] = {0};
  unravel(to, e, index);
  for (int i = 0; i < from->rank; i++) at[i] = from->dims[i] == 1 ? 0 : index[i + to->rank - from->rank];
  return ravel(from, at);
}

/* ---- programs ---------------------------------------------------------------------------------------------------- */

static void random_inputs(program *p, int extent, generator *g) {
  op_shape base = {3, {0}};
  for (int i = 0; i < 3; i++) base.dims[i] = random_below(g, 14) ? 1 + random_below(g, extent) : 0;
  p->count = p->inputs = 4;
  for (int v = 0; v < p->inputs; v++) {
    instruction *in = &p->at[v];
    memset(in, 0, sizeof *in);
    in->bound = 1.5;
    in->shape.rank = random_below(g, 4);
    for (int i = 0; i < in->shape.rank; i++)
      in->shape.dims[i] = random_below(g, 5) ? base.dims[i + 3 - in->shape.rank] : 1;
  }
}

static int random_operand(const program *p, generator *g) { /* rather a late one */
  int a = random_below(g, p->count), b = random_below(g, p->count);
  return a > b ? a : b;
}

static bool random_instruction(program *p, generator *g) {
  instruction *in = &p->at[p->count];
  memset(in, 0, sizeof *in);
  in->op = &naive_ops[random_below(g, naive_op_count)];
  in->nin = in->op->arity;
  for (int i = 0; i < in->nin; i++) in->in[i] = random_operand(p, g);
  in->bound = in->op->bound(p->at[in->in[0]].bound, in->nin > 1 ? p->at[in->in[1]].bound : 0);
  if (!in->op->choose(p, in, g)) return false;
  if (op_shape_size(&in->shape) > p->most || in->shape.rank > NAIVE_RANK || !(in->bound < p->bound)) return false;
  p->count++;
  return true;
}

static void random_instructions(program *p, int operations, generator *g) {
  for (int tries = 0; p->count < p->inputs + operations && tries < 4000; tries++) random_instruction(p, g);
}

void program_random(program *p, int operations, generator *g) {
  p->most = NAIVE_SIZE, p->bound = 30;
  random_inputs(p, 4, g);
  random_instructions(p, operations, g);
}

static const naive_op *slice_op(void) {
  int i = 0;
  while (strcmp(naive_ops[i].name, "slice") != 0) i++;
  return &naive_ops[i];
}

/* Vectors of n elements, and one of n and some more, of which slices of n are the first instructions. */
static void vectors_and_slices(program *p, int slices, ptrdiff_t n, generator *g) {
  static const int shifts[] = {1, 2, 7, 40, 300};
  for (int v = 0; v < p->inputs; v++) p->at[v].shape = (op_shape){1, {random_below(g, 8) ? n : 1}};
  ptrdiff_t shift = shifts[random_below(g, 5)];
  p->at[0].shape.dims[0] = n + shift * (slices ? slices - 1 : 0);
  for (int i = 0; i < slices; i++) {
    instruction *in = &p->at[p->count++];
    memset(in, 0, sizeof *in);
    in->op = slice_op();
    in->nin = 1, in->bound = 1.5, in->s[0] = 1;
    in->a[0] = shift * i, in->b[0] = in->a[0] + n;
    in->shape = (op_shape){1, {n}};
  }
}

void program_random_large(program *p, int operations, ptrdiff_t most, generator *g) {
  int extent = (int)cbrt((double)most) + 1, vectors = random_below(g, 5) < 3, slices = random_below(g, 4);
  p->most = most, p->bound = 1e9;
  random_inputs(p, extent, g);
  if (vectors) vectors_and_slices(p, slices, 1 + random_below(g, (int)most), g);
  random_instructions(p, operations, g);
  if (p->count > p->inputs + operations) p->count = p->inputs + operations;
}

void program_print(const program *p) {
  for (int v = 0; v < p->count; v++) {
    const instruction *in = &p->at[v];
    fprintf(stderr, "  %d = %s(", v, in->op ? in->op->name : "input");
    for (int i = 0; i < in->nin; i++) fprintf(stderr, "%s%d", i ? ", " : "", in->in[i]);
    fprintf(stderr, ")  [");
    for (int i = 0; i < in->shape.rank; i++) fprintf(stderr, "%s%td", i ? "," : "", in->shape.dims[i]);
    fprintf(stderr, "]  c %g axis %d axes", in->c, in->axis);
    for (int i = 0; i < in->n && i < NAIVE_RANK; i++) fprintf(stderr, " %d", in->axes[i]);
    fprintf(stderr, " keep %d a %td %td %td b %td %td %td s %td %td %td\n", in->keep, in->a[0], in->a[1], in->a[2],
            in->b[0], in->b[1], in->b[2], in->s[0], in->s[1], in->s[2]);
  }
}

void program_record(const program *p, jet values[]) {
  for (int v = p->inputs; v < p->count; v++) {
    const instruction *in = &p->at[v];
    jet x[3];
    for (int i = 0; i < in->nin; i++) x[i] = values[in->in[i]];
    values[v] = in->op->record(in, x);
  }
}

bool program_uses(const program *p, int value) {
  for (int v = p->inputs; v < p->count; v++)
    for (int i = 0; i < p->at[v].nin; i++)
      if (p->at[v].in[i] == value) return true;
  return false;
}

/* ---- evaluation -------------------------------------------------------------------------------------------------- */

struct evaluator {
  const program *from;
  const series *const *inputs;
  series *values;
  bool *known;
};

evaluator *evaluator_new(const program *p, const series *const inputs[]) {
  evaluator *v = (evaluator *)malloc(sizeof *v);
  v->from = p;
  v->inputs = inputs;
  v->values = (series *)malloc((size_t)(p->count * NAIVE_SIZE) * sizeof *v->values);
  v->known = (bool *)calloc((size_t)(p->count * NAIVE_SIZE), sizeof *v->known);
  return v;
}

void evaluator_free(evaluator *v) {
  free(v->values);
  free(v->known);
  free(v);
}

series element_of(evaluator *v, int value, ptrdiff_t e) {
  const instruction *in = &v->from->at[value];
  ptrdiff_t i = value * NAIVE_SIZE + e;
  if (!v->known[i]) v->values[i] = in->op ? in->op->element(v, in, e) : v->inputs[value][e];
  v->known[i] = true;
  return v->values[i];
}

const op_shape *shape_in(const evaluator *v, const instruction *in, int which) {
  return &v->from->at[in->in[which]].shape;
}
