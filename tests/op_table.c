/* op_table.c - prints which operations have jets, adjoints and directions, as found by running the laws of op_check.h on them.
   README.md quotes it (op_table.sh). */
#include "op_check.h"

#include <stdio.h>

static bool holds(const op_entry *op, op_law *law) {
  for (int v = 0; v < op->count; v++) {
    op_check c = {op, &op->variants[v], CHECK_ORDER, (uint64_t)v, ""};
    if (law(&c)) continue;
    fprintf(stderr, "%s\n", c.why);
    return false;
  }
  return true;
}

static const char *cell(bool good, const op_entry *op) { return !good ? "" : op->flags & OP_CONSTANT ? "constant" : "yes"; }

static void print_row(const op_entry *op) {
  bool adjoint = holds(op, op_check_adjoint) && holds(op, op_check_coefficients);
  printf("| %s | %s | %s | %s |\n", op->name, cell(holds(op, op_check_forward), op), cell(adjoint, op),
         cell(holds(op, op_check_directions), op));
}

int main(void) {
  puts("| op | jet | adjoint | directions |\n|---|---|---|---|");
  for (int g = 0; g < GROUPS; g++) {
    printf("| **%s** | | | |\n", op_group_names[g]);
    for (int i = 0; i < op_count; i++)
      if ((int)op_list[i].group == g) print_row(&op_list[i]);
  }
  return ferror(stdout) != 0;
}
