/* numbers.c - the table of what operations do to numbers, and the shortest of them. */
#include "numbers.h"
#include "pattern.h"

void plane_read(const piece *p, real *y, const real *const x[]) { pattern_read(p->list, y, x[0]); }

/* ---- the table ------------------------------------------------------------------------------------------------------------ */

const numbers numbers_table[] = {
    [NUMBERS_NONE] = {0},
#define PLANE(name) [NUMBERS_##name] = {.plane = plane_##name},
#define PLANE_SCRATCH(name) [NUMBERS_##name] = {.plane = plane_##name, .scratch = scratch_##name},
#define PAIR(name) [NUMBERS_##name] = {.pair = pair_##name, .stacks = stacks_##name},
#define WHOLE(name) [NUMBERS_##name] = {.whole = whole_##name},
#define WHOLE_SCRATCH(name) [NUMBERS_##name] = {.whole = whole_##name, .scratch = scratch_##name},
#define STAGED(name)                                                                                                 \
  [NUMBERS_##name] = {.stages = stages_##name, .stage = stage_##name, .scratch = scratch_##name,                       \
                      .prepare = prepare_##name, .release = release_##name},
#include "numbers.def"
};
