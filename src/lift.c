/* lift.c - see lift.h. */
#include "lift.h"
#include "ops.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int copy_attributes(const jet_tape *from, jet_tape *to, const node *n, attributes *with) {
  *with = n->with;
  if (with->shape >= 0) {
    const shape *s = &from->shapes[n->with.shape];
    if ((with->shape = tape_shape(to, n->op->name, s->rank, s->dims)) < 0) return 0;
    if (with->data >= 0 && (with->data = tape_data(to, from->data[n->with.data], s->size)) < 0) return 0;
  }
  if (with->list >= 0) with->list = tape_list(to, from->lists[n->with.list].at, from->lists[n->with.list].count);
  return n->with.list < 0 || with->list >= 0;
}

int lift_node(const jet_tape *from, jet_tape *to, const node *n, int *id_of, int *in) {
  attributes with;
  if (!copy_attributes(from, to, n, &with)) return 0;
  for (int i = 0; i < n->nin; i++) in[i] = id_of[node_input(from, n, i)];
  jet y = tape_record(to, n->op, n->nin, in, &with);
  for (int i = 0; y.id >= 0 && i < n->count; i++) id_of[n->first + i] = y.id + i;
  return y.id >= 0;
}

static void mark(const jet_tape *from, int *id_of) { /* -1: not needed, -2: needed */
  for (int i = from->nnodes - 1; i >= 0; i--) {
    const node *n = &from->nodes[i];
    int any = 0;
    for (int j = 0; j < n->count; j++) any |= id_of[n->first + j] == -2;
    for (int j = 0; any && j < n->nin; j++)
      if (id_of[node_input(from, n, j)] == -1) id_of[node_input(from, n, j)] = -2;
  }
}

int lift_values(const jet_tape *from, jet_tape *to, int plain, int *id_of, int *in) {
  mark(from, id_of);
  for (int i = 0; i < from->nnodes; i++) {
    const node *n = &from->nodes[i];
    int any = 0;
    for (int j = 0; j < n->count; j++) any |= id_of[n->first + j] == -2;
    if (!any) continue;
    if (n->op == &op_parameter && !plain)
      return tape_fail(to, JET_BAD_PARAMETER,
                       "the function expands inside itself (it has a jet_parameter of its own); Taylor coefficients "
                       "and derivatives of such a function are not available");
    if (!lift_node(from, to, n, id_of, in)) return 0;
  }
  return 1;
}

jet lift(const jet_tape *from, jet y, int n, const jet x_old[], const jet x_new[]) {
  jet_tape *to = x_new[0].tape;
  int plain = 1, id = -1;
  for (int i = 0; i < n; i++) {
    if (to->status || x_new[i].id < 0) return tape_jet(to, -1);
    plain &= lift_is_plain(x_new[i]);
  }
  size_t ids = (size_t)from->nvalues, args = (size_t)from->nargs + 1;
  int *id_of = (int *)memory_resize(&to->mem, NULL, 0, (ids + args) * sizeof *id_of);
  if (!id_of) {
    tape_fail(to, JET_NO_MEMORY, "out of memory while recording at another order");
    return tape_jet(to, -1);
  }
  for (int v = 0; v < from->nvalues; v++) id_of[v] = -1;
  id_of[y.id] = -2;
  for (int i = 0; i < n; i++) id_of[x_old[i].id] = x_new[i].id;
  if (lift_values(from, to, plain, id_of, id_of + ids)) id = id_of[y.id];
  memory_resize(&to->mem, id_of, (ids + args) * sizeof *id_of, 0);
  return tape_jet(to, id);
}

int lift_elementwise(const jet_tape *tape, jet y, jet x, char why[static 200]) {
  char *depends = (char *)memory_resize(&tape->mem, NULL, 0, (size_t)tape->nvalues);
  const char *culprit = NULL;
  if (!depends) return -1;
  memset(depends, 0, (size_t)tape->nvalues);
  depends[x.id] = 1;
  for (int i = 0; i < tape->nnodes; i++) {
    const node *n = &tape->nodes[i];
    int any = 0;
    for (int j = 0; j < n->nin; j++) any |= depends[node_input(tape, n, j)];
    if (any && n->op->step != STEP_ROW && n->op->step != STEP_ALIAS) any = 2, culprit = n->op->name;
    for (int j = 0; any && j < n->count; j++) depends[n->first + j] = 1 + (any > 1);
    for (int j = 0; j < n->nin; j++)
      if (depends[node_input(tape, n, j)] > 1)
        for (int v = 0; v < n->count; v++) depends[n->first + v] = 2;
  }
  int bad = depends[y.id] > 1;
  memory_resize(&tape->mem, depends, (size_t)tape->nvalues, 0);
  char a[200], b[200];
  if (bad) snprintf(why, 200, "the function is not elementwise (%s mixes elements)", culprit);
  else if (value_of(tape, y.id)->shape != value_of(tape, x.id)->shape)
    snprintf(why, 200, "the function is not elementwise (its result is %.60s, x is %.60s)",
             shape_text(shape_of(tape, y.id), a), shape_text(shape_of(tape, x.id), b));
  else return 1;
  return 0;
}

int lift_inputs(const jet_tape *tape) {
  int n = 0;
  for (int i = 0; i < tape->nnodes; i++) n += tape->nodes[i].op == &op_input || tape->nodes[i].op == &op_input_series;
  return n;
}

int lift_expands(const jet_tape *tape) {
  for (int i = 0; i < tape->nnodes; i++)
    if (tape->nodes[i].op == &op_parameter) return 1;
  return 0;
}

ptrdiff_t lift_elements(const jet_tape *tape) {
  ptrdiff_t n = 0;
  for (int v = 0; v < tape->nvalues && n < PTRDIFF_MAX / 64; v++) n += shape_of(tape, v)->size;
  return n;
}

int lift_is_plain(jet x) { return value_of(x.tape, x.id)->parameter < 0; }
