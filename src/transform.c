/* transform.c - FFTW: one plan for a step, run for each plane of each jet, all batches at once.

   FFTW's planner is the one thing in the library that is global: `planner` below keeps plans of ours from being made at the same time.
   A program that plans FFTs of its own in other threads calls fftw_make_planner_thread_safe() first. Execution needs no lock. */
#include "transform.h"
#include "pattern.h"

#include <string.h>

#if JETS_FFTW
#include <fftw3.h>
#include <pthread.h>

const int transform_available = 1;
static pthread_mutex_t planner = PTHREAD_MUTEX_INITIALIZER;

/* ---- plans ---------------------------------------------------------------------------------------------------------------- */

typedef struct layout { /* axes that are transformed, and the loops around them */
  int rank, loops;
  fftw_iodim64 dims[JET_MAX_RANK], loop[JET_MAX_RANK];
} layout;

static void strides(const shape *s, ptrdiff_t *stride) {
  ptrdiff_t size = 1;
  for (int i = s->rank - 1; i >= 0; i--) stride[i] = size, size *= s->dims[i];
}

/* Extents are those of the longer side, the real one of a halved axis. */
static layout layout_of(const piece *p) {
  ptrdiff_t from[JET_MAX_RANK], to[JET_MAX_RANK];
  layout l = {0};
  int joins = p->list[0] == TRANSFORM_JOIN, used = 0;
  const shape *whole = joins ? &p->out : &p->in[0];
  strides(&p->in[0], from), strides(&p->out, to);
  for (int i = 0; i < p->list[1]; i++) {
    int axis = (int)p->list[2 + i];
    l.dims[l.rank++] = (fftw_iodim64){whole->dims[axis], from[axis], to[axis]};
    used |= 1 << axis;
  }
  for (int i = 0; i < whole->rank; i++)
    if (!(used >> i & 1)) l.loop[l.loops++] = (fftw_iodim64){whole->dims[i], from[i], to[i]};
  return l;
}

static fftw_plan make(const piece *p, double *a, double *b, double *c, double *d, unsigned flags) {
  static const fftw_r2r_kind kinds[] = {FFTW_REDFT00, FFTW_REDFT10, FFTW_REDFT01, FFTW_REDFT11};
  const layout l = layout_of(p);
  fftw_r2r_kind of_axis[JET_MAX_RANK];
  switch ((transform_kind)p->list[0]) {
  case TRANSFORM_FORWARD: return fftw_plan_guru64_split_dft(l.rank, l.dims, l.loops, l.loop, a, b, c, d, flags);
  case TRANSFORM_BACKWARD: return fftw_plan_guru64_split_dft(l.rank, l.dims, l.loops, l.loop, b, a, d, c, flags);
  case TRANSFORM_HALVE: return fftw_plan_guru64_split_dft_r2c(l.rank, l.dims, l.loops, l.loop, a, c, d, flags);
  case TRANSFORM_JOIN: return fftw_plan_guru64_split_dft_c2r(l.rank, l.dims, l.loops, l.loop, a, b, c, flags);
  default:
    for (int i = 0; i < l.rank; i++) of_axis[i] = kinds[p->list[0] - TRANSFORM_DCT_1];
    return fftw_plan_guru64_r2r(l.rank, l.dims, l.loops, l.loop, a, c, of_axis, flags);
  }
}

/* FFTW wants real and imaginary parts as far apart as they were when it planned: a plan for each distance, of which there are few,
   and one for copies that takes the rest, as where the caller binds his memory. Planes have any alignment. By estimate nothing is
   written. */
typedef struct made {
  ptrdiff_t in, out; /* numbers from real to imaginary parts */
  fftw_plan plan;
} made;

typedef struct planned {
  int count, room;
  made list[];
} planned;

typedef struct parts { /* of an input and a result; those that do not exist are NULL */
  real *a, *b, *c, *d;
} parts;

static ptrdiff_t apart(const real *x, const real *y) { return x && y ? y - x : 0; }

static const made *find(const planned *p, const parts *x) {
  for (int i = 0; i < p->count; i++)
    if (p->list[i].in == apart(x->a, x->b) && p->list[i].out == apart(x->c, x->d)) return &p->list[i];
  return NULL;
}

static int add(const piece *p, planned *to, const parts *x) {
  if (find(to, x)) return 1;
  pthread_mutex_lock(&planner);
  fftw_plan plan = make(p, x->a, x->b, x->c, x->d, FFTW_ESTIMATE | FFTW_UNALIGNED);
  pthread_mutex_unlock(&planner);
  to->list[to->count] = (made){apart(x->a, x->b), apart(x->c, x->d), plan};
  to->count += plan != NULL;
  return plan != NULL;
}

/* ---- operands ------------------------------------------------------------------------------------------------------------------ */

/* Room for copies: of parts that are structurally zero, of those that FFTW overwrites, and of what lies as in no plan. */
size_t transform_scratch(const piece *p) { return 2 * (size_t)(p->in[0].size + p->out.size) * sizeof(real); }

static parts copies(const piece *p, int two_in, int two_out) {
  real *own = (real *)p->scratch, *result = own + 2 * p->in[0].size;
  parts x = {own, two_in ? own + p->in[0].size : NULL, result, two_out ? result + p->out.size : NULL};
  return x;
}

static parts planes(const piece *p, int k, const jets in[], const jets out[]) {
  int two_out = p->list[0] <= TRANSFORM_HALVE;
  parts x = {in[0].plane[k], p->nin > 1 ? in[1].plane[k] : NULL, out[0].plane[k], two_out ? out[1].plane[k] : NULL};
  return x;
}

static int whole(const piece *p, const parts *x) { /* no input is a structural zero or overwritten */
  return x->a && (x->b || p->nin == 1) && p->list[0] != TRANSFORM_JOIN;
}

int transform_prepare(piece *p, const memory *m, int k0, int k1, const jets in[], const jets out[]) {
  int room = k1 - k0 + 1, good = 1, two_out = p->list[0] <= TRANSFORM_HALVE;
  if (!p->out.size || !p->in[0].size) return 1;
  planned *to = (planned *)memory_resize(m, NULL, 0, sizeof *to + (size_t)room * sizeof *to->list);
  if (!to) return 0;
  to->count = 0, to->room = room;
  p->prepared = to;
  const parts x = copies(p, p->nin > 1, two_out);
  good &= add(p, to, &x);
  for (int k = k0; k < k1 && good; k++) {
    const parts y = planes(p, k, in, out);
    if (y.c && whole(p, &y)) good &= add(p, to, &y);
  }
  return good;
}

void transform_release(piece *p, const memory *m) {
  planned *x = (planned *)p->prepared;
  if (!x) return;
  pthread_mutex_lock(&planner);
  for (int i = 0; i < x->count; i++) fftw_destroy_plan(x->list[i].plan);
  pthread_mutex_unlock(&planner);
  memory_resize(m, x, sizeof *x + (size_t)x->room * sizeof *x->list, 0);
  p->prepared = NULL;
}

/* ---- runs ------------------------------------------------------------------------------------------------------------------- */

static void execute(const piece *p, fftw_plan plan, const parts *x) {
  switch ((transform_kind)p->list[0]) {
  case TRANSFORM_FORWARD: fftw_execute_split_dft(plan, x->a, x->b, x->c, x->d); break;
  case TRANSFORM_BACKWARD: fftw_execute_split_dft(plan, x->b, x->a, x->d, x->c); break;
  case TRANSFORM_HALVE: fftw_execute_split_dft_r2c(plan, x->a, x->c, x->d); break;
  case TRANSFORM_JOIN: fftw_execute_split_dft_c2r(plan, x->a, x->b, x->c); break;
  default: fftw_execute_r2r(plan, x->a, x->c); break;
  }
}

static void copy(real *to, const real *from, ptrdiff_t n) {
  if (!to) return;
  if (from) memcpy(to, from, (size_t)n * sizeof *to);
  else memset(to, 0, (size_t)n * sizeof *to);
}

static void run_one(const piece *p, const parts *x) {
  const planned *list = (const planned *)p->prepared;
  const made *m = whole(p, x) ? find(list, x) : NULL;
  if (m) {
    execute(p, m->plan, x);
    return;
  }
  const parts own = copies(p, p->nin > 1, x->d != NULL);
  copy(own.a, x->a, p->in[0].size);
  copy(own.b, x->b, p->in[0].size);
  execute(p, list->list[0].plan, &own);
  copy(x->c, own.c, p->out.size);
  copy(x->d, own.d, p->out.size);
}

void transform_run(const piece *p, int order, int k0, int k1, const jets in[], const jets out[]) {
  (void)order;
  for (int k = k0; k < k1; k++) {
    const parts x = planes(p, k, in, out);
    if (p->prepared && x.c) run_one(p, &x);
  }
}

#else
const int transform_available = 0;
int transform_prepare(piece *p, const memory *m, int k0, int k1, const jets in[], const jets out[]) {
  return (void)p, (void)m, (void)k0, (void)k1, (void)in, (void)out, 0;
}
void transform_release(piece *p, const memory *m) { (void)p, (void)m; }
size_t transform_scratch(const piece *p) { return (void)p, 0; }
void transform_run(const piece *p, int order, int k0, int k1, const jets in[], const jets out[]) {
  (void)p, (void)order, (void)k0, (void)k1, (void)in, (void)out;
}
#endif
