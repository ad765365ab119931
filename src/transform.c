/* transform.c - transforms axis by axis, by FFTW. The lines of an axis are taken a panel at a time: gathered, real and imaginary parts in
   turn, into memory that is small, contiguous and aligned, where one plan of FFTW's does them all, and scattered. So planes may lie
   anywhere, parts that are structurally zero need no memory, and no pass over a plane has a large stride.

   FFTW's planner is the one thing in the library that is global: `planner` keeps plans of ours from being made at the same time. A
   program that plans FFTs of its own meanwhile calls fftw_make_planner_thread_safe() first. Runs need no lock. */
#include "numbers.h"
#include "panel.h"
#include "transform.h"

#include <stdlib.h>
#include <string.h>

#if JETS_FFTW
#include <fftw3.h>
#include <pthread.h>

#define FFTW(name) REAL(fftw_##name, fftwf_##name)
static pthread_mutex_t planner = PTHREAD_MUTEX_INITIALIZER; /* of this type: FFTW has a planner for each */

/* ---- an axis --------------------------------------------------------------------------------------------------------------- */

enum { SHORT = 256, LINES = 16, PANEL = 2048 }; /* numbers of a panel, about */

typedef struct stage { /* the array as [outer, n, inner] around the axis */
  transform_kind kind;
  ptrdiff_t outer, inner;
  ptrdiff_t from, to; /* extents before and after */
  ptrdiff_t n;        /* of the transform */
  int lines;          /* of a panel */
  FFTW(plan) plan;
} stage;

typedef struct stages {
  int count;
  stage at[JET_MAX_RANK];
} stages;

static int real_before(const stage *s) { return s->kind >= TRANSFORM_DCT_1 || s->kind == TRANSFORM_HALVE; }
static int real_after(const stage *s) { return s->kind >= TRANSFORM_DCT_1 || s->kind == TRANSFORM_JOIN; }

static stage stage_of(transform_kind kind, const ptrdiff_t *dims, int rank, int axis, ptrdiff_t to) {
  stage s = {.kind = kind, .outer = 1, .inner = 1, .from = dims[axis], .to = to};
  for (int i = 0; i < axis; i++) s.outer *= dims[i];
  for (int i = axis + 1; i < rank; i++) s.inner *= dims[i];
  s.n = s.from > s.to ? s.from : s.to;
  s.lines = s.n <= SHORT ? LINES : s.inner > 1 ? LINES / 2 : s.n < PANEL ? (int)(PANEL / s.n) : 1;
  return s;
}

/* In the order in which they are run: a halved axis is the first of a forward transform and the last of a backward one. */
static void stages_of(const piece *p, stages *all) {
  const transform_kind kind = (transform_kind)p->list[0];
  const int n = (int)p->list[1], halves = kind == TRANSFORM_HALVE;
  ptrdiff_t dims[JET_MAX_RANK];
  memcpy(dims, p->in[0].dims, sizeof dims);
  all->count = n;
  for (int i = 0; i < n; i++) {
    int axis = (int)p->list[2 + (halves ? n - 1 - i : i)], whole = kind >= TRANSFORM_DCT_1;
    transform_kind k = halves ? (i ? TRANSFORM_FORWARD : kind) : kind == TRANSFORM_JOIN ? (i < n - 1 ? TRANSFORM_BACKWARD : kind) : kind;
    all->at[i] = stage_of(k, dims, p->in[0].rank, axis, whole ? dims[axis] : p->out.dims[axis]);
    dims[axis] = p->out.dims[axis];
  }
}

/* Numbers of a panel, with its parts in turn, before and after; of both a multiple of what keeps it aligned. */
static ptrdiff_t room_before(const stage *s) { return ((real_before(s) ? s->from : 2 * s->from) * s->lines + 15) / 16 * 16; }
static ptrdiff_t room_after(const stage *s) { return ((real_after(s) ? s->to : 2 * s->to) * s->lines + 15) / 16 * 16; }

static FFTW(plan) plan_stage(const stage *s, real *a, real *b, unsigned how) {
  static const FFTW(r2r_kind) kinds[] = {FFTW_REDFT00, FFTW_REDFT10, FFTW_REDFT01, FFTW_REDFT11};
  const int apart = s->inner > 1 ? s->lines : 1; /* elements of a line, in a panel */
  const FFTW(iodim64) axis = {s->n, apart, apart}, line = {s->lines, apart > 1 ? 1 : s->from, apart > 1 ? 1 : s->to};
  FFTW(complex) *x = (FFTW(complex) *)a, *y = (FFTW(complex) *)b;
  switch (s->kind) {
  case TRANSFORM_FORWARD: return FFTW(plan_guru64_dft)(1, &axis, 1, &line, x, y, FFTW_FORWARD, how);
  case TRANSFORM_BACKWARD: return FFTW(plan_guru64_dft)(1, &axis, 1, &line, x, y, FFTW_BACKWARD, how);
  case TRANSFORM_HALVE: return FFTW(plan_guru64_dft_r2c)(1, &axis, 1, &line, a, y, how);
  case TRANSFORM_JOIN: return FFTW(plan_guru64_dft_c2r)(1, &axis, 1, &line, x, b, how);
  default: return FFTW(plan_guru64_r2r)(1, &axis, 1, &line, a, b, &kinds[s->kind - TRANSFORM_DCT_1], how);
  }
}

/* What is measured is forgotten again: plans made later by estimate would use it, and their bits depend on what came before. */
static FFTW(plan) plan_measured(const stage *s, real *a, real *b) {
  char *known = FFTW(export_wisdom_to_string)();
  FFTW(plan) plan = plan_stage(s, a, b, FFTW_MEASURE);
  FFTW(forget_wisdom)();
  if (known) FFTW(import_wisdom_from_string)(known);
  free(known);
  return plan;
}

/* ---- the life of the plans ---------------------------------------------------------------------------------------------------- */

int prepare_transform(piece *p, const memory *m) {
  if (!p->out.size || !p->in[0].size) return 1;
  stages *all = (stages *)memory_resize(m, NULL, 0, sizeof *all);
  if (!all) return 0;
  int good = 1;
  stages_of(p, all);
  for (int i = 0; i < all->count; i++) {
    stage *s = &all->at[i];
    real *any = (real *)FFTW(malloc)((size_t)(room_before(s) + room_after(s)) * sizeof *any); /* aligned as scratch is */
    pthread_mutex_lock(&planner);
    if (any && p->measure) s->plan = plan_measured(s, any, any + room_before(s));
    else if (any) s->plan = plan_stage(s, any, any + room_before(s), FFTW_ESTIMATE);
    pthread_mutex_unlock(&planner);
    FFTW(free)(any);
    good &= s->plan != NULL;
  }
  p->prepared = all;
  return good;
}

void release_transform(piece *p, const memory *m) {
  stages *all = (stages *)p->prepared;
  if (!all) return;
  pthread_mutex_lock(&planner);
  for (int i = 0; i < all->count; i++)
    if (all->at[i].plan) FFTW(destroy_plan)(all->at[i].plan);
  pthread_mutex_unlock(&planner);
  memory_resize(m, all, sizeof *all, 0);
  p->prepared = NULL;
}

/* ---- panels ------------------------------------------------------------------------------------------------------------------- */

typedef struct side { /* of a transform: NULL where a part is zero, or there is none */
  real *re, *im;
  int woven; /* between two stages: parts in turn at re */
  real factor;
} side;

/* w[i] = (re[i], im[i]), where a part is zero */
static void weave_part(real *w, const real *re, const real *im, ptrdiff_t n) {
  for (ptrdiff_t i = 0; i < n; i++) w[2 * i] = re ? re[i] : 0, w[2 * i + 1] = im ? im[i] : 0;
}

static const real *from(const real *x, ptrdiff_t at) { return x ? x + at : NULL; }

/* Rows of a panel: element j of the lines side by side of an axis with others after it, else all that there is in one. */
typedef struct rows {
  ptrdiff_t count, n, step, stride;
} rows;

static rows rows_of(const stage *s, ptrdiff_t extent, int lines) {
  if (s->inner > 1) return (rows){extent, lines, s->lines, s->inner};
  return (rows){1, lines * extent, 0, 0};
}

/* y[j step + i] = x[j stride + i], `of` numbers an element */
static void copy_rows(const rows *r, real *y, ptrdiff_t step, const real *x, ptrdiff_t stride, int of) {
  for (ptrdiff_t j = 0; j < r->count; j++) memcpy(y + of * j * step, x + of * j * stride, (size_t)(of * r->n) * sizeof *y);
}

static void gather(const stage *s, const jk_panel *with, real *w, side x, ptrdiff_t at, int lines) {
  const rows r = rows_of(s, s->from, lines);
  if (x.woven) copy_rows(&r, w, r.step, x.re + 2 * at, r.stride, 2);
  else if (!real_before(s) && x.re && x.im) with->weave(w, x.re + at, x.im + at, r.count, r.n, r.step, r.stride);
  else if (!real_before(s))
    for (ptrdiff_t j = 0; j < r.count; j++) weave_part(w + 2 * j * r.step, from(x.re, at + j * r.stride), from(x.im, at + j * r.stride), r.n);
  else if (x.re) copy_rows(&r, w, r.step, x.re + at, r.stride, 1);
}

/* Times y's factor, where parts go apart: into planes. */
static void scatter(const stage *s, const jk_panel *with, side y, const real *w, ptrdiff_t at, int lines) {
  const rows r = rows_of(s, s->to, lines);
  if (y.woven) copy_rows(&r, y.re + 2 * at, r.stride, w, r.step, 2);
  else if (!real_after(s)) with->unweave(y.re + at, y.im + at, w, y.factor, r.count, r.n, r.step, r.stride);
  else with->scale(y.re + at, w, y.factor, r.count, r.n, r.step, r.stride);
}

/* A whole panel as it lies, aligned as the plan wants it: lines that follow each other, parts in turn. */
static real *in_place(const stage *s, side x, ptrdiff_t at, int lines) {
  int lies = x.woven && s->inner == 1 && lines == s->lines && 2 * at * (ptrdiff_t)sizeof *x.re % 64 == 0;
  return lies ? x.re + 2 * at : NULL;
}

static void execute(const stage *s, real *a, real *b) {
  if (s->kind == TRANSFORM_HALVE) FFTW(execute_dft_r2c)(s->plan, a, (FFTW(complex) *)b);
  else if (s->kind == TRANSFORM_JOIN) FFTW(execute_dft_c2r)(s->plan, (FFTW(complex) *)a, b);
  else if (s->kind >= TRANSFORM_DCT_1) FFTW(execute_r2r)(s->plan, a, b);
  else FFTW(execute_dft)(s->plan, (FFTW(complex) *)a, (FFTW(complex) *)b);
}

static int least(ptrdiff_t a, int b) { return a < b ? (int)a : b; }

/* Panels a and b, before and after. Lines beyond the last one of the array are computed with what is there, and not scattered. */
static void run_panel(const stage *s, const jk_panel *with, real *a, real *b, side x, ptrdiff_t x_at, side y, ptrdiff_t y_at, int lines) {
  real *to = in_place(s, y, y_at, lines), *from = y.woven ? NULL : in_place(s, x, x_at, lines); /* never both: no plan is in place */
  if (!from) gather(s, with, a, x, x_at, lines);
  execute(s, from ? from : a, to ? to : b);
  if (!to) scatter(s, with, y, b, y_at, lines);
}

static ptrdiff_t part_of(ptrdiff_t all, int part, int parts) { return all / parts * part + all % parts * part / parts; }

/* A part of all panels. */
static void run_stage(const stage *s, const jk_panel *with, real *scratch, side x, side y, int part, int parts) {
  real *a = scratch, *b = scratch + room_before(s);
  const ptrdiff_t across = s->inner > 1 ? (s->inner + s->lines - 1) / s->lines : 1;
  const ptrdiff_t down = s->inner > 1 ? s->outer : (s->outer + s->lines - 1) / s->lines, all = across * down;
  memset(a, 0, (size_t)room_before(s) * sizeof *a);
  for (ptrdiff_t q = part_of(all, part, parts), end = part_of(all, part + 1, parts); q < end; q++) {
    const ptrdiff_t i = q % across * s->lines, o = q / across * (s->inner > 1 ? 1 : s->lines);
    const int lines = s->inner > 1 ? least(s->inner - i, s->lines) : least(s->outer - o, s->lines);
    run_panel(s, with, a, b, x, o * s->from * s->inner + i, y, o * s->to * s->inner + i, lines);
  }
}

/* ---- runs ------------------------------------------------------------------------------------------------------------------- */

/* Between stages lie complex numbers, parts in turn, in scratch if that stays in cache or the result has no room for them; else in the
   planes of the result. How many numbers that is: */
static ptrdiff_t between(const piece *p) {
  enum { NEAR = 1 << 16 };
  const int joins = p->list[0] == TRANSFORM_JOIN;
  const ptrdiff_t size = joins ? p->in[0].size : p->out.size;
  return p->list[1] > 1 && (joins || size <= NEAR) ? (2 * size + 15) / 16 * 16 : 0;
}

size_t scratch_transform(const piece *p) {
  stages all;
  ptrdiff_t most = 0;
  stages_of(p, &all);
  for (int i = 0; i < all.count; i++)
    if (room_before(&all.at[i]) + room_after(&all.at[i]) > most) most = room_before(&all.at[i]) + room_after(&all.at[i]);
  return (size_t)(most + between(p)) * sizeof(real);
}

int stages_transform(const piece *p) { return p->prepared ? ((const stages *)p->prepared)->count : 0; }

void stage_transform(const piece *p, int i, void *memory, const real *const x[], real *const y[], int part, int parts) {
  const stages *all = (const stages *)p->prepared;
  const ptrdiff_t own = between(p);
  const int two = p->list[0] <= TRANSFORM_HALVE, last = i == all->count - 1;
  const side in = {(real *)x[0], p->nin > 1 ? (real *)x[1] : NULL, 0, 1}, out = {y[0], two ? y[1] : NULL, 0, (real)p->with.c};
  const side middle = own ? (side){(real *)memory, NULL, 1, 1} : (side){out.re, out.im, 0, 1};
  run_stage(&all->at[i], jk_panel_of(p->set), (real *)p->scratch + own, i ? middle : in, last ? out : middle, part, parts);
}

#else
int prepare_transform(piece *p, const memory *m) { return (void)p, (void)m, 0; }
void release_transform(piece *p, const memory *m) { (void)p, (void)m; }
size_t scratch_transform(const piece *p) { return (void)p, 0; }
int stages_transform(const piece *p) { return (void)p, 0; }
void stage_transform(const piece *p, int i, void *between, const real *const x[], real *const y[], int part, int parts) {
  (void)p, (void)i, (void)between, (void)x, (void)y, (void)part, (void)parts;
}
#endif
