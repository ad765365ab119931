/* op_table.c - prints which operations have jets, adjoints and directions, as found by running the laws of op_check.h
   on them. README.md quotes it (op_table.sh). */
#include "op_check.h"

#include <stdio.h>
#include <string.h>

enum { MOST_OPS = 512 };

static bool holds(const op_entry *op, op_law *law) {
  for (int v = 0; v < op->count; v++) {
    op_check c = {op, &op->variants[v], CHECK_ORDER, JET_F64, (uint64_t)v, ""};
    if (law(&c)) continue;
    fprintf(stderr, "%s\n", c.why);
    return false;
  }
  return true;
}

static const char *cell(bool good, const op_entry *op) {
  return !good ? "" : op->flags & OP_CONSTANT ? "constant" : "yes";
}

/* jet, adjoint, directions */
static void find_cells(const op_entry *op, const char *cells[3]) {
  bool adjoint = holds(op, op_check_adjoint) && holds(op, op_check_coefficients);
  cells[0] = cell(holds(op, op_check_forward), op);
  cells[1] = cell(adjoint, op);
  cells[2] = cell(holds(op, op_check_directions), op);
}

/* Operations of a group with the same cells share a row, where the first of them stands. */
static void print_group(int group) {
  static const char *cells[MOST_OPS][3];
  static bool printed[MOST_OPS];
  for (int i = 0; i < op_count; i++)
    if ((int)op_list[i].group == group) find_cells(&op_list[i], cells[i]);
  for (int i = 0; i < op_count; i++) {
    if ((int)op_list[i].group != group || printed[i]) continue;
    printf("| %s: `", op_group_names[group]);
    for (int j = i; j < op_count; j++) {
      if ((int)op_list[j].group != group || memcmp(cells[i], cells[j], sizeof cells[i])) continue;
      printf(j > i ? " %s" : "%s", op_list[j].name);
      printed[j] = true;
    }
    printf("` | %s | %s | %s |\n", cells[i][0], cells[i][1], cells[i][2]);
  }
}

int main(void) {
  if (op_count > MOST_OPS) return 2;
  puts("| operations | jet | adjoint | directions |\n|---|---|---|---|");
  for (int g = 0; g < GROUPS; g++) print_group(g);
  return ferror(stdout) != 0;
}
