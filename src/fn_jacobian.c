/* fn_jacobian.c - Jacobian and Hessian: sweeps along unit vectors, as many at once as the chunk says. */
#include "fn.h"
#include "tape.h"

#include <string.h>

/* ---- chunks ------------------------------------------------------------------------------------------------------------ */

/* By default the directions of one array of the inputs' size fill the first cache, at least 4, for work that they share to be worth
   sharing; and those of all values together about half of a second level cache of 2 MB. */
enum { FIRST_CACHE = 1 << 15, SECOND_CACHE = 1 << 21, LEAST_CHUNK = 4, MOST_CHUNK = 64 };

static int fitting(ptrdiff_t bytes, ptrdiff_t numbers) {
  return (int)(bytes / (ptrdiff_t)sizeof(double) / (numbers > 0 ? numbers : 1));
}

static ptrdiff_t largest_chunk(const jet_fn *f) {
  if (f->expands || f->inputs[0].rank == JET_MAX_RANK || jet_rank(f->y) == JET_MAX_RANK) return 1; /* P x shape */
  if (f->chunk) return f->chunk;
  int p = max_(fitting(FIRST_CACHE, f->inputs[0].n), LEAST_CHUNK);
  return max_(min_(min_(p, MOST_CHUNK), fitting(SECOND_CACHE / 2, f->elements)), 1);
}

int fn_chunk(const jet_fn *f, ptrdiff_t directions) {
  ptrdiff_t p = largest_chunk(f);
  if (p >= directions) return (int)directions;
  ptrdiff_t chunks = (directions + p - 1) / p;
  return (int)((directions + chunks - 1) / chunks);
}

jet_status jet_fn_set_chunk(jet_fn *f, int directions) {
  if (!f) return JET_BAD_ARGUMENT;
  if (directions < 0 || directions > JET_MAX_DIRECTIONS)
    return fn_fail(f, JET_BAD_ARGUMENT, "jet_fn_set_chunk: %d directions are outside 0..%d", directions, JET_MAX_DIRECTIONS);
  if (f == &no_fn) return JET_NO_MEMORY;
  f->chunk = directions;
  return fn_done(f);
}

/* ---- along unit vectors --------------------------------------------------------------------------------------------------- */

/* Results of one sweep, P x n, are columns i, i + 1, .. of n rows of `total`. */
static void put_columns(const double *c, int p, ptrdiff_t n, ptrdiff_t total, double *out) {
  for (ptrdiff_t row = 0; row < n; row++)
    for (int d = 0; d < p; d++) out[row * total + d] = c ? c[d * n + row] : 0;
}

/* The unit vectors are in the plan's own memory, of zeros but for this run. */
static jet_status sweep_units(jet_fn *f, prepared *p, ptrdiff_t i, ptrdiff_t total) {
  const slot *in = fn_given(f, p, 0);
  double *unit = jet_plan_data(p->plan, in->x, 0);
  int directions = p->key.directions;
  for (int d = 0; d < directions; d++) unit[d * total + i + d] = 1;
  jet_status status = fn_run(f, p);
  for (int d = 0; d < directions; d++) unit[d * total + i + d] = 0;
  return status;
}

/* total unit vectors; result 0 of the question is y, where that is not NULL, and result 1 is P x n: rows of `out`, or its columns. */
static jet_status along_units(jet_fn *f, const asked *a, ptrdiff_t total, ptrdiff_t n, double *y, double *out, int columns) {
  for (ptrdiff_t i = 0; i < total && n; i = fn_next(i, a->directions, total)) {
    prepared *p;
    jet_status status = fn_prepare(f, a, &p);
    if (status) return status;
    if (y) fn_result(p, 0)->at = y;
    if (!columns) fn_result(p, 1)->at = out + i * n;
    if ((status = sweep_units(f, p, i, total))) return status;
    if (columns) put_columns(fn_numbers(p, 1), a->directions, n, total, out + i);
  }
  return fn_done(f);
}

jet_status jet_fn_hessian(jet_fn *f, const double *x, double *h) {
  const char *name = "jet_fn_hessian";
  jet_status status = fn_enter(f, name, x);
  if (status || (status = fn_scalar(f, name)) || (status = fn_array(f, name, "h", f->inputs[0].n, h))) return status;
  ptrdiff_t n = f->inputs[0].n;
  asked a = {f->expands ? HVP_TWICE : GRADIENT_TAYLOR, 1, fn_chunk(f, n), 0, 1, fn_first};
  return along_units(f, &a, n, n, NULL, h, 0);
}

static jet_status forward(jet_fn *f, double *y, double *j) {
  ptrdiff_t n = f->inputs[0].n;
  int chunk = fn_chunk(f, n), one = chunk == 1;
  asked a = {f->expands ? JVP_TWICE : one ? TAYLOR : JACOBIAN, 1, chunk, 0, 1, fn_first};
  return along_units(f, &a, n, f->outputs, y, j, 1);
}

static jet_status reverse(jet_fn *f, double *y, double *j) {
  int chunk = fn_chunk(f, f->outputs), one = chunk == 1;
  asked a = {one ? VJP : JACOBIAN_REVERSE, one ? 0 : 1, chunk, 0, 1, fn_first};
  return along_units(f, &a, f->outputs, f->inputs[0].n, y, j, 0);
}

jet_status jet_fn_jacobian(jet_fn *f, const double *x, double *y, double *j) {
  return jet_fn_jacobian_mode(f, JET_BY_SHAPE, x, y, j);
}

jet_status jet_fn_jacobian_mode(jet_fn *f, jet_mode mode, const double *x, double *y, double *j) {
  const char *name = "jet_fn_jacobian";
  jet_status status = fn_enter(f, name, x);
  if (status) return status;
  if (mode != JET_BY_SHAPE && mode != JET_FORWARD && mode != JET_REVERSE)
    return fn_fail(f, JET_BAD_ARGUMENT, "%s: there is no mode %d", name, (int)mode);
  ptrdiff_t n = f->inputs[0].n, m = f->outputs;
  if ((status = fn_array(f, name, "j", n && m, j))) return status;
  if (mode == JET_BY_SHAPE) mode = n <= m && !f->expands ? JET_FORWARD : JET_REVERSE;
  if (y && m && !n) return jet_fn_value(f, x, y); /* no direction to go along */
  return mode == JET_FORWARD ? forward(f, y, j) : reverse(f, y, j);
}
