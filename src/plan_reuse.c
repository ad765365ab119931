/* plan_reuse.c - memory that is used again: planes by their lifetimes, in steps, become places in one stretch of the arena.

   A region of blocks is one moment: all that it reads and writes is there at once. But where the block's lanes of a plane are read for
   the last time by a row, what the same step or a later one makes of as many lanes may take its place. Between steps that run once,
   which are one after the other, a place is free once its reader is done.

   Free pieces are in a list of fixed length, the best fit is taken, the rest stays in the list: linear in planes. */
#include "build.h"

#include <string.h>

/* Numbers up to which a plane is not worth the trouble, nor safe: rows that run once may be lines, which go over several of them at a time.
   Free pieces remembered. */
enum { SMALL = ONCE, PIECES = 64 };

typedef struct piece_of { /* of the stretch */
  ptrdiff_t at, n;
} piece_of;

typedef struct stretch {
  piece_of piece[PIECES];
  int count;
  ptrdiff_t end;
} stretch;

/* ---- pieces ------------------------------------------------------------------------------------------------------------------ */

static void remove_piece(stretch *s, int i) { s->piece[i] = s->piece[--s->count]; }

static int best_piece(const stretch *s, ptrdiff_t n) { /* -1: none */
  int best = -1;
  for (int i = 0; i < s->count; i++)
    if (s->piece[i].n >= n && (best < 0 || s->piece[i].n < s->piece[best].n)) best = i;
  return best;
}

static ptrdiff_t take(stretch *s, ptrdiff_t n) {
  int i = best_piece(s, n);
  if (i < 0) /* the last one grows, if it is free */
    for (i = s->count - 1; i >= 0 && s->piece[i].at + s->piece[i].n < s->end; i--)
      ;
  ptrdiff_t at = i < 0 ? s->end : s->piece[i].at;
  if (at + n > s->end) s->end = at + n;
  if (i < 0) return at;
  if (s->piece[i].n > n) s->piece[i].at += n, s->piece[i].n -= n;
  else remove_piece(s, i);
  return at;
}

static void give_back(stretch *s, ptrdiff_t at, ptrdiff_t n) {
  for (int i = s->count - 1; i >= 0; i--) {
    const piece_of x = s->piece[i];
    if (x.at + x.n != at && at + n != x.at) continue;
    at = at < x.at ? at : x.at;
    n += x.n;
    remove_piece(s, i);
  }
  if (s->count == PIECES) { /* the smallest is forgotten */
    int least = 0;
    for (int i = 1; i < PIECES; i++)
      if (s->piece[i].n < s->piece[least].n) least = i;
    if (s->piece[least].n > n) return;
    remove_piece(s, least);
  }
  piece_of x = {at, n};
  s->piece[s->count++] = x;
}

/* ---- lifetimes --------------------------------------------------------------------------------------------------------------- */

typedef struct life {
  int last;     /* step that reads it last; of blocks the region's last; -1: none */
  int lanes;    /* rows read it, lane by lane, and nobody else in the region that reads it last */
  int fixed;    /* has to stay, or is too small */
  int next;     /* of those that end with a step; + 1 */
} life;

typedef struct reuse {
  build *b;
  life *of;
  int *ends;    /* by step: planes whose life ends there + 1 */
  stretch all;
  ptrdiff_t (*room)(ptrdiff_t n);
} reuse;

static plane *root_of(jet_plan *p, int id) { return &p->planes[p->planes[id].kind == PLANE_VIEW ? p->planes[id].root : id]; }

static int is_kept(const plane *x, ptrdiff_t least) {
  return x->kind != PLANE_STORED || x->claimed || x->movable || x->region < 0 || x->n * x->copies <= least;
}

static void read_plane(reuse *u, int i, int id) {
  jet_plan *p = u->b->plan;
  const step *s = &p->steps[i];
  const region *r = &p->regions[s->region];
  plane *x = root_of(p, id);
  life *l = &u->of[x - p->planes];
  int moment = r->once ? i : r->first + r->count - 1;
  int in_lanes = s->type == &type_row && !r->once && x == &p->planes[id] && x->copies == 1 && s->directions == 1;
  l->lanes = in_lanes && (l->last != moment || l->lanes);
  l->last = moment;
}

static void find_lives(reuse *u) {
  jet_plan *p = u->b->plan;
  for (int i = 0; i < p->nplanes; i++) u->of[i].last = -1, u->of[i].fixed = is_kept(&p->planes[i], SMALL);
  for (int i = 0; i < p->nport_planes; i++) {
    const port_plane *x = &p->port_planes[i];
    if (x->plane >= 0) u->of[root_of(p, x->plane) - p->planes].fixed = 1;
  }
  for (int i = 0; i < p->nsteps; i++) {
    const step *s = &p->steps[i];
    for (int j = 0; j < s->nin; j++)
      for (int k = s->in[j].low; s->in_planes[j] && k <= s->in[j].degree; k++)
        if (s->in_planes[j][k] >= 0) read_plane(u, i, s->in_planes[j][k]);
  }
  for (int i = p->nplanes - 1; i >= 0; i--) {
    life *l = &u->of[i];
    if (l->fixed || l->last < 0) continue;
    int end = l->lanes ? p->planes[i].last : l->last;
    l->next = u->ends[end];
    u->ends[end] = i + 1;
  }
}

/* ---- places ------------------------------------------------------------------------------------------------------------------ */

static ptrdiff_t size_of(const reuse *u, const plane *x) { return u->room(x->n * x->copies); }

/* A result that a step makes lane by lane takes the place of what ended, lane by lane, at an earlier step. */
static int place_in_lanes(reuse *u, plane *x, int *ended) {
  jet_plan *p = u->b->plan;
  for (int *at = ended; *at; at = &u->of[*at - 1].next) {
    plane *y = &p->planes[*at - 1];
    if (y->n != x->n) continue;
    x->at = y->at;
    *at = u->of[*at - 1].next;
    return 1;
  }
  return 0;
}

static int lane_by_lane(const step *s) {
  return step_is(s, TYPE_LANES) && s->type != &type_collapse && s->directions == 1;
}

static void place(reuse *u, int i, int *ended) {
  jet_plan *p = u->b->plan;
  const step *s = &p->steps[i];
  for (int j = 0; j < s->nout; j++)
    for (int k = s->k0; k < s->k1; k++) {
      int id = plane_in(s->out_planes[j], &s->out[j], k);
      plane *x = id < 0 ? NULL : &p->planes[id];
      if (!x || u->of[id].fixed || x->reused) continue;
      x->reused = 1;
      if (!lane_by_lane(s) || x->copies > 1 || !place_in_lanes(u, x, ended)) x->at = take(&u->all, size_of(u, x));
      if (u->of[id].last < 0) u->of[id].fixed = 1; /* nobody reads it */
    }
}

static void end_lives(reuse *u, int first) {
  jet_plan *p = u->b->plan;
  for (; first; first = u->of[first - 1].next) {
    plane *x = &p->planes[first - 1];
    if (x->reused) give_back(&u->all, x->at, size_of(u, x));
  }
}

static void place_once(reuse *u, const region *r) {
  int none = 0;
  for (int i = r->first; i < r->first + r->count; i++) {
    place(u, i, &none);
    end_lives(u, u->ends[i]);
  }
}

/* What ends in lanes waits for a successor from the next step on; the rest ends with the region. */
static void place_blocks(reuse *u, const region *r) {
  int ended = 0, rest = 0;
  for (int i = r->first; i < r->first + r->count; i++) {
    place(u, i, &ended);
    for (int id = u->ends[i], next; id; id = next) {
      life *l = &u->of[id - 1];
      int *list = l->lanes && u->b->plan->planes[id - 1].reused ? &ended : &rest;
      next = l->next;
      l->next = *list;
      *list = id;
    }
  }
  end_lives(u, ended);
  end_lives(u, rest);
}

int plan_reuse(build *b, ptrdiff_t (*room)(ptrdiff_t n), ptrdiff_t *numbers) {
  jet_plan *p = b->plan;
  reuse u = {.b = b, .room = room};
  *numbers = 0;
  if (!plan_may(p, JET_REUSE) || p->by_orders) return 1;
  u.of = (life *)bag_new(&b->scratch, (size_t)p->nplanes, sizeof *u.of);
  u.ends = (int *)bag_new(&b->scratch, (size_t)p->nsteps, sizeof *u.ends);
  if (!u.of || !u.ends) return build_no_memory(b);
  find_lives(&u);
  for (int r = 0; r < p->nregions; r++) (p->regions[r].once ? place_once : place_blocks)(&u, &p->regions[r]);
  *numbers = u.all.end;
  return 1;
}
