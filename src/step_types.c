/* step_types.c - the types of steps: a column through the plan for each. */
#include "build.h"
#include "steps.h"

const step_type type_row = {.run = run_row, .tell = tell_row, .traits = TYPE_LANES | TYPE_POINTS_IN | TYPE_POINTS_OUT};
const step_type type_collapse = {.run = run_collapse, .traits = TYPE_LANES | TYPE_POINTS_IN | TYPE_POINTS_OUT};
const step_type type_broadcast = {.run = run_broadcast, .tell = tell_broadcast, .traits = TYPE_LANES | TYPE_POINTS_OUT | TYPE_MOVES};
const step_type type_read = {.run = run_read, .tell = tell_read, .traits = TYPE_LANES | TYPE_POINTS_OUT | TYPE_MOVES};

const step_type type_sum = {.run = run_sum, .aside = aside_of_sum, .finish = finish_sum, .traits = TYPE_SINK | TYPE_POINTS_IN};
const step_type type_sum_columns = {.run = run_sum_columns, .tell = tell_matrix, .aside = aside_of_columns, .finish = finish_sum_columns,
                                    .traits = TYPE_SINK | TYPE_POINTS_IN};
const step_type type_sum_rows = {.run = run_sum_rows, .tell = tell_matrix, .traits = TYPE_SINK | TYPE_POINTS_IN};
const step_type type_add = {.run = run_add, .tell = tell_add, .aside = aside_of_add, .join = join_add,
                            .traits = TYPE_SINK | TYPE_POINTS_IN};

const step_type type_repeat = {.run = run_repeat, .traits = TYPE_MOVES};
const step_type type_deposit = {.run = run_deposit, .tell = tell_deposit, .traits = TYPE_SHARES};
const step_type type_planes = {.run = run_planes, .tell = tell_job, .traits = TYPE_JOB | TYPE_SHARES};
const step_type type_pairs = {.run = run_pairs, .tell = tell_job, .traits = TYPE_JOB | TYPE_SHARES | TYPE_SHARES_PLANES};
const step_type type_stages = {.run = run_stages, .tell = tell_job, .traits = TYPE_JOB | TYPE_SHARES | TYPE_SHARES_PLANES};
const step_type type_whole = {.run = run_whole, .tell = tell_tables, .traits = TYPE_JOB | TYPE_POINTS_IN | TYPE_POINTS_OUT};
