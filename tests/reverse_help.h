/* reverse_help.h - helpers of the tests of reverse mode. Include after cmocka.h. */
#ifndef REVERSE_HELP_H
#define REVERSE_HELP_H

#include "functions.h"
#include "op_list.h"
#include "random_jets.h"
#include "tape.h"

static inline void check_tape(const jet_tape *tape) {
  if (jet_tape_status(tape)) fail_msg("%s", jet_tape_message(tape));
}

static inline jet vector(jet_tape *tape, ptrdiff_t n) { return jet_input(tape, 1, &n); }

static inline jet gradient(jet loss, jet x) {
  jet g;
  jet_grad(loss, 1, &x, &g);
  return g;
}

/* Runs outputs with x_0 at x, for plans that are used once. */
static inline void evaluate(jet_tape *tape, jet x, const double *at, int n, const jet outputs[], double *const values[]) {
  check_tape(tape);
  jet_plan *plan = jet_plan_new(tape, n, outputs);
  double *to = jet_plan_data(plan, x, 0);
  if (!to) fail_msg("%s", jet_plan_message(plan));
  memcpy(to, at, (size_t)jet_size(x) * sizeof *to);
  run(plan);
  for (int i = 0; i < n; i++)
    memcpy(values[i], jet_plan_data(plan, outputs[i], 0), (size_t)jet_size(outputs[i]) * sizeof *to);
  jet_plan_free(plan);
}

static inline void assert_close(const char *what, double got, double want, double tolerance) {
  if (!(fabs(got - want) <= tolerance)) fail_msg("%s: %.17g instead of %.17g", what, got, want);
}

#endif
