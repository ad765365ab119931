/* plans.h - plans of double: arrays of the caller's for their jets, and runs that complain. */
#ifndef EXAMPLES_PLANS_H
#define EXAMPLES_PLANS_H

#include "cli.h"

#include <jets.h>

/* The n jets get pieces of the memory, one after another. */
static inline void plan_bind(jet_plan *plan, int n, const jet jets[], double *memory) {
  for (int i = 0; i < n; i++) {
    jet_plan_bind(plan, jets[i], 0, memory);
    memory += jet_size(jets[i]);
  }
}

/* These two return an exit status, after a complaint where it is not 0. */
static inline int plan_check(const jet_plan *plan) {
  return jet_plan_status(plan) ? cli_complain(1, "%s", jet_plan_message(plan)) : 0;
}

static inline int plan_run(jet_plan *plan) {
  return jet_plan_run(plan) ? cli_complain(1, "%s", jet_plan_message(plan)) : 0;
}

static inline int plan_run_once(jet_plan *plan) { /* and free it */
  const int status = plan_run(plan);
  jet_plan_free(plan);
  return status;
}

#endif
