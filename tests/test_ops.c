/* test_ops.c - op_list.h lists every public operation, and the laws of op_check.h hold for each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "op_check.h"

/* Recording functions that are not operations on jets of any shape: leaves, and those between plain arrays and jets. */
static const char *const others[] = {"input",        "constant", "scalar",      "parameter",
                                     "input_series", "input_complex", "derivative", "constant_complex", "fftfreq", "rfftfreq", "expand",   "expand_many", "coefficient",
                                     "coefficient_sum"};

static bool is_other(const char *name, size_t length) {
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (strlen(others[i]) == length && !strncmp(others[i], name, length)) return true;
  return false;
}

static void list_is_complete(void **state) {
  (void)state;
  static const char start[] = "JET_API jet jet_";
  char text[400];
  bool *seen = (bool *)calloc((size_t)op_count, sizeof *seen);
  int wrong = 0;
  FILE *file = fopen(HEADER, "r");
  assert_non_null(file);
  while (fgets(text, sizeof text, file)) {
    if (strncmp(text, start, strlen(start))) continue;
    const char *name = text + strlen(start);
    size_t length = strcspn(name, "(");
    const op_entry *op = op_find(name, length);
    if (op) seen[op - op_list] = true;
    else if (!is_other(name, length)) print_error("jet_%.*s is not in op_list.c\n", (int)length, name), wrong++;
  }
  fclose(file);
  for (int i = 0; i < op_count; i++)
    if (!seen[i]) print_error("op_list.c has %s, jets.h has not\n", op_list[i].name), wrong++;
  free(seen);
  assert_int_equal(wrong, 0);
}

static void all_obey(op_law *law, jet_type type, int lowest, int highest) {
  int wrong = 0, checked = 0;
  for (int i = 0; i < op_count; i++)
    for (int v = 0; v < op_list[i].count; v++)
      for (int order = lowest; order <= highest; order++) {
        op_check c = {&op_list[i], &op_list[i].variants[v], order, type, (uint64_t)(1000 * i + 10 * v + order), ""};
        checked++;
        if (law(&c)) continue;
        print_error("%s\n", c.why);
        wrong++;
        break;
      }
  if (wrong) fail_msg("%d of %d checks failed", wrong, checked);
}

static void forward(void **state) {
  (void)state;
  all_obey(op_check_forward, JET_F64, 0, 0);
  all_obey(op_check_forward, JET_F64, CHECK_ORDER, CHECK_ORDER);
}

static void adjoints_in_jet_losses(void **state) {
  (void)state;
  all_obey(op_check_adjoint, JET_F64, 0, CHECK_ORDER);
  all_obey(op_check_adjoint, JET_F32, 0, CHECK_ORDER);
}

static void adjoints_in_losses_of_coefficients(void **state) {
  (void)state;
  all_obey(op_check_coefficients, JET_F64, 0, CHECK_ORDER);
  all_obey(op_check_coefficients, JET_F32, 0, CHECK_ORDER);
}

static void directions(void **state) {
  (void)state;
  all_obey(op_check_directions, JET_F64, 0, CHECK_ORDER);
  all_obey(op_check_directions, JET_F32, 0, CHECK_ORDER);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(list_is_complete),
      cmocka_unit_test(forward),
      cmocka_unit_test(adjoints_in_jet_losses),
      cmocka_unit_test(adjoints_in_losses_of_coefficients),
      cmocka_unit_test(directions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
