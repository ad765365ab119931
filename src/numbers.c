/* numbers.c - the table of what operations do to numbers, and the shortest of them. */
#include "numbers.h"
#include "pattern.h"

void plane_read(const piece *p, real *y, const real *const x[]) { pattern_read(p->list, y, x[0]); }

/* ---- the table ------------------------------------------------------------------------------------------------------------ */

const numbers numbers_table[] = {
    [NUMBERS_NONE] = {NULL, NULL, NULL, NULL, NULL},
#define PLANE(name) [NUMBERS_##name] = {plane_##name, NULL, NULL, NULL, NULL},
#define PLANE_SCRATCH(name) [NUMBERS_##name] = {plane_##name, NULL, NULL, NULL, scratch_##name},
#define PAIR(name) [NUMBERS_##name] = {NULL, pair_##name, stacks_##name, NULL, NULL},
#define WHOLE(name) [NUMBERS_##name] = {NULL, NULL, NULL, whole_##name, NULL},
#define WHOLE_SCRATCH(name) [NUMBERS_##name] = {NULL, NULL, NULL, whole_##name, scratch_##name},
#include "numbers.def"
};
