/* plans.h - plans: arrays of the caller's for their jets, and runs that complain. */
#ifndef EXAMPLES_PLANS_H
#define EXAMPLES_PLANS_H

#include "cli.h"
#include "numbers.h"

#include <jets.h>

/* Of double: the n jets get pieces of the memory, one after another. */
static inline jet_status plan_bind(jet_plan *plan, int n, const jet jets[], double *memory) {
  return numbers_bind_all(plan, n, jets, (numbers){JET_F64, memory});
}

/* These return an exit status, after a complaint where it is not 0. */
static inline int plan_done(const jet_plan *plan, int failed) {
  return failed ? cli_complain(1, "%s", jet_plan_message(plan)) : 0;
}

static inline int plan_check(const jet_plan *plan) { return plan_done(plan, jet_plan_status(plan) != JET_OK); }

static inline int plan_run(jet_plan *plan) { return plan_done(plan, jet_plan_run(plan) != JET_OK); }

static inline int plan_run_once(jet_plan *plan) { /* and free it */
  const int status = plan_run(plan);
  jet_plan_free(plan);
  return status;
}

#endif
