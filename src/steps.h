/* steps.h - what steps do when a plan runs (step_block.c, step_sink.c, step_whole.c), for step_types.c, which lists it. */
#ifndef JETS_STEPS_H
#define JETS_STEPS_H

#include "plan.h"

typedef void step_run(const jet_plan *, step *, ptrdiff_t first, ptrdiff_t n);
step_run run_row, run_broadcast, run_read, run_sum, run_add, run_collapse, run_sum_columns, run_sum_rows, run_repeat, run_deposit,
    run_planes, run_pairs, run_stages, run_whole;
ptrdiff_t aside_of_sum(const region *, const step *), aside_of_columns(const region *, const step *),
    aside_of_add(const region *, const step *);
void finish_sum(const jet_plan *, const step *), finish_sum_columns(const jet_plan *, const step *),
    join_add(const jet_plan *, const step *);

#endif
