/* plan_region.c - iteration spaces and the regions that walk them. */
#include "build.h"

#include <string.h>

/* ---- spaces: by number of elements -------------------------------------------------------------------------------------- */

static unsigned slot_of(ptrdiff_t n, unsigned room) {
  return (unsigned)(((unsigned long long)n * 0x9e3779b97f4a7c15u) >> 32) % room;
}

/* The same number for shapes of as many elements, by an open hash of shapes. */
int plan_spaces(build *b) {
  unsigned room = 2 * (unsigned)b->tape->nshapes + 1;
  int *hash = (int *)bag_new(&b->scratch, room, sizeof *hash), spaces = 1; /* shape + 1 */
  b->space_of = (int *)bag_new(&b->scratch, (size_t)b->tape->nshapes, sizeof(int));
  b->region_of = (int *)bag_new(&b->scratch, (size_t)b->tape->nshapes + 1, sizeof(int));
  b->once_at = (int *)bag_new(&b->scratch, (size_t)b->nnodes + 2, sizeof(int));
  if (!hash || !b->space_of || !b->region_of || !b->once_at) return build_no_memory(b);
  for (int i = 0; i < b->tape->nshapes; i++) {
    ptrdiff_t n = b->tape->shapes[i].size;
    if (n <= ONCE) continue;
    unsigned at = slot_of(n, room);
    while (hash[at] && b->tape->shapes[hash[at] - 1].size != n) at = (at + 1) % room;
    b->space_of[i] = hash[at] ? b->space_of[hash[at] - 1] : spaces++;
    hash[at] = i + 1;
  }
  return 1;
}

/* ---- regions --------------------------------------------------------------------------------------------------------------- */

static int new_region(build *b, int once, ptrdiff_t n, int level) {
  jet_plan *p = b->plan;
  if (!build_grow(b, &p->regions, &p->regions_room, p->nregions, sizeof *p->regions)) return -1;
  region x = {.n = n, .block = n, .level = level, .once = once};
  p->regions[p->nregions] = x;
  return p->nregions++;
}

/* The latest region of the space if its level is late enough, so that what is recorded late is made late, where it is read; what
   runs once gains nothing by that, and does not keep others waiting. */
int plan_region(build *b, int space, ptrdiff_t n, int earliest) {
  int *known = space ? &b->region_of[space] : &b->once_at[earliest];
  if (*known && b->plan->regions[*known - 1].level >= earliest) return *known - 1;
  int r = new_region(b, !space, n, earliest);
  if (r >= 0) *known = r + 1;
  return r;
}

int plan_fold_region(build *b) {
  if (b->folding) return b->folding - 1;
  int r = new_region(b, 1, 0, 0);
  if (r < 0) return -1;
  b->plan->regions[r].folded = b->plan->folded = 1;
  b->folding = r + 1;
  return r;
}

/* ---- the order of all steps ------------------------------------------------------------------------------------------------ */

static int rank_of(const region *r) { return r->folded ? 0 : 1 + 2 * r->level + !r->once; }

/* to[r]: the place of region r by level, what runs once first; stable. */
static int sort_regions(build *b, int *to) {
  jet_plan *p = b->plan;
  int last = 0, sum = 0;
  for (int r = 0; r < p->nregions; r++) last = max_(last, rank_of(&p->regions[r]));
  int *count = (int *)bag_new(&b->scratch, (size_t)last + 2, sizeof *count);
  region *old = (region *)bag_new(&b->scratch, (size_t)p->nregions, sizeof *old);
  if (!count || !old) return build_no_memory(b);
  for (int r = 0; r < p->nregions; r++) count[rank_of(&p->regions[r])]++;
  for (int i = 0; i <= last; i++) {
    int n = count[i];
    count[i] = sum;
    sum += n;
  }
  if (p->nregions) memcpy(old, p->regions, (size_t)p->nregions * sizeof *old);
  for (int r = 0; r < p->nregions; r++) p->regions[to[r] = count[rank_of(&old[r])]++] = old[r];
  return 1;
}

/* Step i goes to place at[i]: along the cycles. */
static void permute_steps(step *steps, int n, int *at) {
  for (int i = 0; i < n; i++)
    while (at[i] != i) {
      int j = at[i];
      step x = steps[j];
      steps[j] = steps[i];
      steps[i] = x;
      at[i] = at[j];
      at[j] = j;
    }
}

int plan_sort(build *b) {
  jet_plan *p = b->plan;
  int *at = (int *)bag_new(&b->scratch, (size_t)p->nsteps, sizeof *at);
  int *to = (int *)bag_new(&b->scratch, (size_t)p->nregions, sizeof *to);
  if (!at || !to) return build_no_memory(b);
  if (!sort_regions(b, to)) return 0;
  for (int i = 0; i < p->nplanes; i++)
    if (p->planes[i].region >= 0) p->planes[i].region = to[p->planes[i].region];
  for (int i = 0; i < p->nsteps; i++) p->regions[p->steps[i].region = to[p->steps[i].region]].count++;
  for (int r = 1; r < p->nregions; r++) p->regions[r].first = p->regions[r - 1].first + p->regions[r - 1].count;
  for (int r = 0; r < p->nregions; r++) p->regions[r].count = 0;
  for (int i = 0; i < p->nsteps; i++) {
    region *r = &p->regions[p->steps[i].region];
    at[i] = r->first + r->count++;
  }
  permute_steps(p->steps, p->nsteps, at);
  return 1;
}
