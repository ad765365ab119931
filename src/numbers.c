/* numbers.c - the table of what operations do to numbers, and the shortest of them. */
#include "numbers.h"
#include "pattern.h"

void plane_read(const piece *p, real *y, const real *const x[]) { pattern_read(p->list, y, x[0]); }

/* in: all directions, by strides; with.k: how many. */
void whole_collapse(const piece *q, int order, int k0, int k1, const jets in[], const jets out[]) {
  (void)order;
  for (int k = k0; k < k1; k++) {
    const real *x = in[0].plane[k];
    real *y = out[0].plane[k];
    if (!y) continue;
    q->set->fill(y, 0, q->out.size);
    for (int p = 0; x && p < q->with.k; p++) q->set->add(y, x + p * in[0].stride[k], q->out.size);
  }
}

/* ---- the table ------------------------------------------------------------------------------------------------------------ */

const numbers numbers_table[] = {
    [NUMBERS_NONE] = {0},
#define PLANE(name) [NUMBERS_##name] = {.plane = plane_##name},
#define PLANE_SCRATCH(name) [NUMBERS_##name] = {.plane = plane_##name, .scratch = scratch_##name},
#define PAIR(name) [NUMBERS_##name] = {.pair = pair_##name},
#define WHOLE(name) [NUMBERS_##name] = {.whole = whole_##name},
#define WHOLE_SCRATCH(name) [NUMBERS_##name] = {.whole = whole_##name, .scratch = scratch_##name},
#define WHOLE_PREPARED(name)                                                                                         \
  [NUMBERS_##name] = {.whole = whole_##name, .scratch = scratch_##name, .prepare = prepare_##name, .release = release_##name},
#include "numbers.def"
};
