/* tape_dot.c - a tape as a graph for graphviz. */
#include "ops.h"

#include <stdio.h>

static int is_box(const op *o) { return o == &op_input || o == &op_input_series || o == &op_given; }

static void print_node(const jet_tape *tape, int i, FILE *f) {
  const node *n = &tape->nodes[i];
  const value *v = value_of(tape, n->first);
  char text[200];
  fprintf(f, "  n%d [label=\"%s %s", i, n->op->name, shape_text(shape_of(tape, n->first), text));
  if (v->parameter >= 0) fprintf(f, "\\norder %d", v->order);
  if (v->directions > 1) fprintf(f, ", %d directions", v->directions);
  fprintf(f, "\"%s];\n", is_box(n->op) ? ", shape=box" : "");
}

/* An edge tells which value it takes where its node makes several. */
static void print_edges(const jet_tape *tape, int i, FILE *f) {
  const node *n = &tape->nodes[i];
  for (int j = 0; j < n->nin; j++) {
    const value *v = value_of(tape, node_input(tape, n, j));
    fprintf(f, "  n%d -> n%d", v->node, i);
    if (tape->nodes[v->node].count > 1) fprintf(f, " [label=\"%d\"]", v->index);
    fprintf(f, ";\n");
  }
}

jet_status jet_tape_dot(const jet_tape *tape, FILE *f) {
  if (!tape || !f) return JET_BAD_ARGUMENT;
  if (tape->status) return tape->status;
  fprintf(f, "digraph tape {\n  node [shape=ellipse];\n");
  for (int i = 0; i < tape->nnodes; i++) {
    print_node(tape, i, f);
    print_edges(tape, i, f);
  }
  fprintf(f, "}\n");
  return fflush(f) || ferror(f) ? JET_BAD_ARGUMENT : JET_OK;
}
