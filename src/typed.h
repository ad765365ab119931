/* typed.h - the names of what is compiled for each type (real.h): the plan and what it runs. */
#ifndef JETS_TYPED_H
#define JETS_TYPED_H

#include "real.h"

/* build.c */
#define build_grow TYPED(build_grow)
#define build_no_memory TYPED(build_no_memory)
#define plan_build TYPED(plan_build)
/* execute.c */
#define plan_execute TYPED(plan_execute)
/* layout.c */
#define plan_layout TYPED(plan_layout)
/* pattern.c */
#define pattern_add TYPED(pattern_add)
#define pattern_length TYPED(pattern_length)
#define pattern_read TYPED(pattern_read)
#define pattern_run TYPED(pattern_run)
#define pattern_size TYPED(pattern_size)
/* plan_cse.c */
#define plan_common TYPED(plan_common)
#define plan_same_need TYPED(plan_same_need)
#define plan_shares TYPED(plan_shares)
/* plan_need.c */
#define plan_need TYPED(plan_need)
#define plan_want TYPED(plan_want)
/* plan_planes.c */
#define build_is_input TYPED(build_is_input)
#define build_plane TYPED(build_plane)
#define plan_planes TYPED(plan_planes)
/* plan_pointers.c */
#define plan_pointers TYPED(plan_pointers)
/* plan_region.c */
#define plan_region TYPED(plan_region)
#define plan_sort TYPED(plan_sort)
#define plan_spaces TYPED(plan_spaces)
/* plan_step.c */
#define plan_is_sink TYPED(plan_is_sink)
#define plan_step TYPED(plan_step)
#define plan_release TYPED(plan_release)
/* step_block.c */
#define finish_add TYPED(finish_add)
#define finish_sum TYPED(finish_sum)
#define run_add TYPED(run_add)
#define run_broadcast TYPED(run_broadcast)
#define run_row TYPED(run_row)
#define run_sum TYPED(run_sum)
/* step_whole.c */
#define run_deposit TYPED(run_deposit)
#define run_pairs TYPED(run_pairs)
#define run_planes TYPED(run_planes)
#define run_repeat TYPED(run_repeat)
#define run_whole TYPED(run_whole)
/* plan_print.c, ports.c, plan.h */
#define plan_print TYPED(plan_print)
/* numbers */
#define numbers_table TYPED(numbers_table)
#define plan_runtime TYPED(plan_runtime)
#define plane_read TYPED(plane_read)
#define plane_cumsum TYPED(plane_cumsum)
#define plane_cumsum_back TYPED(plane_cumsum_back)
#define plane_take TYPED(plane_take)
#define plane_put TYPED(plane_put)
#define plane_sum_axes TYPED(plane_sum_axes)
#define scratch_sum_axes TYPED(scratch_sum_axes)
#define pair_matmul TYPED(pair_matmul)
#define whole_collapse TYPED(whole_collapse)
#define whole_amax TYPED(whole_amax)
#define scratch_amax TYPED(scratch_amax)
#define whole_share TYPED(whole_share)
#define scratch_share TYPED(scratch_share)
#define whole_argsort TYPED(whole_argsort)
#define scratch_argsort TYPED(scratch_argsort)
#define whole_transform TYPED(whole_transform)
#define scratch_transform TYPED(scratch_transform)
#define prepare_transform TYPED(prepare_transform)
#define release_transform TYPED(release_transform)
/* weave.c */
#define plan_weave TYPED(plan_weave)
#define plan_unweave TYPED(plan_unweave)
#define weave_join TYPED(weave_join)
#define weave_split TYPED(weave_split)

#endif
