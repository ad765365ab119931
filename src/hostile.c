/* hostile.c - see hostile.h. The arena as ranges: zones; what a run may rely on (inputs, constants); and the rest, open to garbage,
   of which what orders leave to later ones (planes) is apart from what they do not. */
#include "hostile.h"

#if JETS_HOSTILE

#include "build.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined __SANITIZE_ADDRESS__
#define WATCHED 1
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define WATCHED 1
#endif
#endif
#if WATCHED
#include <sanitizer/asan_interface.h>
#define CLOSE(p, n) __asan_poison_memory_region(p, n)
#define OPEN(p, n) __asan_unpoison_memory_region(p, n)
#define UNWATCHED __attribute__((no_sanitize("address")))
#else
#define CLOSE(p, n) ((void)(p), (void)(n))
#define OPEN(p, n) ((void)(p), (void)(n))
#define UNWATCHED
#endif

enum { ZONE = 16 }; /* numbers: a line of the cache at least, of any type */
enum { NANS, LARGE };

typedef struct range {
  size_t first, end;
} range;

typedef struct ranges {
  range *at;
  int count, room;
} ranges;

struct hostile {
  ranges zones, planes, rest;
  ranges *lanes, *fresh; /* by region, in the slots of a worker; but for what is hoisted */
  real *slots;
  ptrdiff_t slots_room; /* of a worker */
  uint64_t *digest;     /* by port plane */
  int garbage, overrun; /* a region that has written between slots, + 1 */
};

/* ---- garbage and zones --------------------------------------------------------------------------------------------------------- */

static real number(uint64_t for_double, uint32_t for_float) {
  real x;
  if (sizeof x == sizeof for_double) memcpy(&x, &for_double, sizeof x);
  else memcpy(&x, &for_float, sizeof x);
  return x;
}

static real garbage(int kind) { /* a signalling NaN, and -1.2e117 or -1.2e30 */
  return kind == NANS ? number(0x7ff4badc0ffee123u, 0x7fa5bad1u) : number(0xd848badc0ffee123u, 0xf175bad1u);
}

UNWATCHED static void fill(real *y, size_t n, real x) { /* volatile: no memset, which AddressSanitizer would look at */
  volatile real *to = y;
  for (size_t i = 0; i < n; i++) to[i] = x;
}

UNWATCHED static int is_full_of(const real *y, size_t n, real x) {
  const volatile real *from = y;
  int good = 1;
  for (size_t i = 0; i < n && good; i++) {
    real at = from[i];
    good = !memcmp(&at, &x, sizeof x);
  }
  return good;
}

static real untouched(void) { return number(0x7ff4dead2bad2badu, 0x7fa4deadu); }

static void close_zone(real *y, size_t n) {
  fill(y, n, untouched());
  CLOSE(y, n * sizeof *y);
}

/* ---- ranges -------------------------------------------------------------------------------------------------------------------- */

static int no_memory(jet_plan *p) { return plan_fail(p, JET_NO_MEMORY, "out of memory"); }

static int add_range(jet_plan *p, ranges *r, size_t first, size_t end) {
  if (first >= end) return 1;
  if (r->count == r->room) {
    int room = 2 * r->room + 8;
    range *at = (range *)bag_new(&p->owned, (size_t)room, sizeof *at);
    if (!at) return no_memory(p);
    if (r->count) memcpy(at, r->at, (size_t)r->count * sizeof *at);
    r->at = at, r->room = room;
  }
  r->at[r->count].first = first;
  r->at[r->count++].end = end;
  return 1;
}

int hostile_area(jet_plan *p, size_t first, size_t used, size_t *end) {
  if (!p->hostile && !(p->hostile = (struct hostile *)bag_new(&p->owned, 1, sizeof *p->hostile))) return no_memory(p);
  *end += ZONE;
  return add_range(p, &p->hostile->zones, first + used, *end);
}

/* Planes that a run makes, and what survives it. */
static int find_planes(jet_plan *p, ranges *kept) {
  for (int i = 0; i < p->nplanes; i++) {
    const plane *x = &p->planes[i];
    if (x->kind != PLANE_INPUT && x->kind != PLANE_CONSTANT && x->kind != PLANE_STORED) continue;
    size_t first = (size_t)(x->base - p->arena), end = first + (size_t)(x->n * x->copies);
    if (!add_range(p, x->kind == PLANE_STORED ? &p->hostile->planes : kept, first, end)) return 0;
  }
  for (int i = 0; i < p->nports; i++)
    for (int k = 0; p->ports[i].input && k < p->ports[i].count; k++) {
      const port_plane *x = &p->port_planes[p->ports[i].first + k];
      if ((x->plane < 0 || x->copy) && !add_range(p, kept, x->offset, x->offset + (size_t)(p->ports[i].n * x->copies))) return 0;
    }
  return 1;
}

static int by_place(const void *a, const void *b) {
  const range *x = (const range *)a, *y = (const range *)b;
  return (x->first > y->first) - (x->first < y->first);
}

static int add_all(jet_plan *p, ranges *to, const ranges *from) {
  for (int i = 0; i < from->count; i++)
    if (!add_range(p, to, from->at[i].first, from->at[i].end)) return 0;
  return 1;
}

static int find_rest(jet_plan *p, const ranges *kept, size_t total) {
  struct hostile *h = p->hostile;
  ranges known = {0};
  size_t at = 0;
  if (!add_all(p, &known, kept) || !add_all(p, &known, &h->zones) || !add_all(p, &known, &h->planes)) return 0;
  if (known.count) qsort(known.at, (size_t)known.count, sizeof *known.at, by_place);
  for (int i = 0; i < known.count; i++) {
    if (!add_range(p, &h->rest, at, known.at[i].first)) return 0;
    if (known.at[i].end > at) at = known.at[i].end;
  }
  return add_range(p, &h->rest, at, total);
}

/* ---- slots: of each region the places of its lanes, and zones between them ---------------------------------------------------------- */

static int find_lanes(jet_plan *p) {
  struct hostile *h = p->hostile;
  h->lanes = (ranges *)bag_new(&p->owned, (size_t)p->nregions, sizeof *h->lanes);
  h->fresh = (ranges *)bag_new(&p->owned, (size_t)p->nregions, sizeof *h->fresh);
  if (!h->lanes || !h->fresh) return no_memory(p);
  for (int i = 0; i < p->nplanes; i++) {
    const plane *x = &p->planes[i];
    if (x->kind != PLANE_LOCAL || x->region < 0 || x->at < 0) continue;
    const region *r = &p->regions[x->region];
    for (int c = 0; c < x->copies; c++) {
      size_t first = (size_t)(x->base + copy_at(x, c) - h->slots);
      size_t end = first + (size_t)(r->once ? x->n : x->period ? r->lanes : r->block);
      if (!add_range(p, &h->lanes[x->region], first, end) || (!x->period && !add_range(p, &h->fresh[x->region], first, end))) return 0;
    }
  }
  for (int r = 0; r < p->nregions; r++) {
    if (h->lanes[r].count) qsort(h->lanes[r].at, (size_t)h->lanes[r].count, sizeof *h->lanes[r].at, by_place);
    if (h->fresh[r].count) qsort(h->fresh[r].at, (size_t)h->fresh[r].count, sizeof *h->fresh[r].at, by_place);
  }
  return 1;
}

static real *slots_of(const struct hostile *h, int worker) { return h->slots + worker * h->slots_room; }

static void spoil(const struct hostile *h, const ranges *lanes, real *slots) {
  for (int i = 0; i < lanes->count; i++)
    if (!i || lanes->at[i].end > lanes->at[i - 1].end)
      fill(slots + lanes->at[i].first, lanes->at[i].end - lanes->at[i].first, garbage(h->garbage));
}

typedef int each_gap(real *, size_t n);

static int close_gap(real *y, size_t n) { return close_zone(y, n), 1; }
static int open_gap(real *y, size_t n) {
  OPEN(y, n * sizeof *y);
  return is_full_of(y, n, untouched());
}

static int gaps(const struct hostile *h, const ranges *lanes, real *slots, each_gap *f) {
  size_t at = 0;
  int good = 1;
  for (int i = 0; i < lanes->count; i++) {
    if (lanes->at[i].first > at) good &= f(slots + at, lanes->at[i].first - at);
    if (lanes->at[i].end > at) at = lanes->at[i].end;
  }
  return f(slots + at, (size_t)h->slots_room - at) && good;
}

void hostile_region(const jet_plan *p, const region *r) {
  const ranges *lanes = &p->hostile->lanes[r - p->regions];
  for (int w = 0; w < r->workers; w++) {
    gaps(p->hostile, lanes, slots_of(p->hostile, w), close_gap);
    spoil(p->hostile, lanes, slots_of(p->hostile, w));
  }
}

void hostile_block(const jet_plan *p, const region *r, int worker) {
  spoil(p->hostile, &p->hostile->fresh[r - p->regions], slots_of(p->hostile, worker));
}

void hostile_check(const jet_plan *p, const region *r) {
  for (int w = 0; w < r->workers; w++)
    if (!gaps(p->hostile, &p->hostile->lanes[r - p->regions], slots_of(p->hostile, w), open_gap))
      p->hostile->overrun = (int)(r - p->regions) + 1;
}

int hostile_start(build *b, size_t slots, size_t total) {
  jet_plan *p = b->plan;
  struct hostile *h = p->hostile;
  ranges kept = {0};
  h->slots = p->arena + slots;
  h->slots_room = b->slots_room;
  if (!(h->digest = (uint64_t *)bag_new(&p->owned, (size_t)p->nport_planes, sizeof *h->digest))) return no_memory(p);
  if (!find_planes(p, &kept) || !find_rest(p, &kept, total) || !find_lanes(p)) return 0;
  for (int i = 0; i < h->zones.count; i++) close_zone(p->arena + h->zones.at[i].first, h->zones.at[i].end - h->zones.at[i].first);
  return 1;
}

#if !JETS_F32
void hostile_stop(jet_plan *p) {
  for (int i = 0; p->hostile && p->arena && i < p->hostile->zones.count; i++) {
    const range *x = &p->hostile->zones.at[i];
    size_t size = p->typed->type == JET_F32 ? sizeof(float) : sizeof(double);
    OPEN((char *)p->arena + x->first * size, (x->end - x->first) * size);
  }
}
#endif

/* ---- runs ---------------------------------------------------------------------------------------------------------------------- */

static void spoil_all(jet_plan *p, const ranges *r) {
  for (int i = 0; i < r->count; i++)
    fill(p->arena + r->at[i].first, r->at[i].end - r->at[i].first, garbage(p->hostile->garbage));
}

static void check_zones(jet_plan *p) {
  const struct hostile *h = p->hostile;
  if (h->overrun)
    plan_fail(p, JET_UNSUPPORTED, "hostile: region %d of %d has written beside its slots", h->overrun - 1, p->nregions);
  for (int i = 0; i < h->zones.count; i++) {
    const range *x = &h->zones.at[i];
    if (!is_full_of(p->arena + x->first, x->end - x->first, untouched()))
      plan_fail(p, JET_UNSUPPORTED, "hostile: a run has written behind a plane, at %zu of the arena", x->first);
  }
}

static uint64_t digest(const real *x, ptrdiff_t n) { /* all NaNs are one */
  uint64_t h = 1;
  for (ptrdiff_t i = 0; i < n; i++) {
    uint64_t bits = 0;
    if (x[i] == x[i]) memcpy(&bits, &x[i], sizeof x[i]);
    else bits = 0x7ff8;
    h = (h ^ bits ^ h >> 29) * 0x9e3779b97f4a7c15u;
  }
  return h;
}

/* The first time it is noted, the second time compared. */
static void look_at_outputs(jet_plan *p, int again) {
  for (int i = 0; i < p->nports; i++)
    for (int k = 0; !p->ports[i].input && k < p->ports[i].count; k++) {
      const port *q = &p->ports[i];
      const port_plane *x = &p->port_planes[q->first + k];
      uint64_t now = digest(x->bound ? x->bound : x->own, q->n * x->copies), *before = &p->hostile->digest[q->first + k];
      if (again && now != *before)
        plan_fail(p, JET_UNSUPPORTED, "hostile: coefficient %d of output %d depends on what was in memory before the run", k, i);
      *before = now;
    }
}

static void spoil_bound(jet_plan *p) { /* what steps write */
  for (int i = 0; i < p->nports; i++)
    for (int k = 0; !p->ports[i].input && k < p->ports[i].count; k++) {
      const port_plane *x = &p->port_planes[p->ports[i].first + k];
      if (x->bound && x->plane >= 0 && !x->copy) fill(x->bound, (size_t)(p->ports[i].n * x->copies), garbage(p->hostile->garbage));
    }
}

/* Of orders one by one the planes stay, and outputs may be of elements that go by valuation and are not complete yet. */
void hostile_run(jet_plan *p, hostile_execute *run, int k0, int k1) {
  int all = !p->by_orders || (k0 == 0 && k1 > p->max_order);
  for (int again = 0; again < 2 && !p->status; again++) {
    p->hostile->garbage = again ? LARGE : NANS;
    spoil_all(p, &p->hostile->rest);
    if (all) spoil_all(p, &p->hostile->planes), spoil_bound(p);
    run(p, k0, k1);
    check_zones(p);
    if (all) look_at_outputs(p, again);
  }
}

#else
typedef int nothing_here; /* no empty file */
#endif
