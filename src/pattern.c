/* pattern.c - see pattern.h. A view is walked by lines and, where lines are not contiguous, by square tiles: a
   transposition then uses each line of the cache that it touches at once. */
#include "pattern.h"
#include "jets.h"

#include <string.h>

/* ---- sizes ------------------------------------------------------------------------------------------------------- */

static ptrdiff_t index_size(const ptrdiff_t *p) { return p[1] * p[3] * p[4]; }

static ptrdiff_t extents(const ptrdiff_t *p, ptrdiff_t rank) { /* each before another number */
  ptrdiff_t size = 1;
  for (ptrdiff_t i = 0; i < rank; i++) size *= p[2 * i];
  return size;
}

static ptrdiff_t view_size(const ptrdiff_t *p) { return extents(p + 3, p[2]); }
static ptrdiff_t roll_size(const ptrdiff_t *p) { return extents(p + 2, p[1]); }
static ptrdiff_t view_length(const ptrdiff_t *p) { return 3 + 2 * p[2]; }
static ptrdiff_t index_length(const ptrdiff_t *p) { return 5 + p[4]; }
static ptrdiff_t roll_length(const ptrdiff_t *p) { return 2 + 2 * p[1]; }

/* ---- contiguous runs --------------------------------------------------------------------------------------------- */

static int view_run(const ptrdiff_t *p) {
  ptrdiff_t size = 1;
  for (ptrdiff_t i = p[2] - 1; i >= 0; i--) {
    ptrdiff_t extent = p[3 + 2 * i], stride = p[4 + 2 * i];
    if (extent != 1 && stride != size) return 0;
    size *= extent;
  }
  return 1;
}

static int index_run(const ptrdiff_t *p) {
  const ptrdiff_t *index = p + 5;
  if (p[1] > 1 && p[4] != p[2]) return 0;
  for (ptrdiff_t i = 1; i < p[4]; i++)
    if (index[i] != index[0] + i) return 0;
  return 1;
}

static int roll_run(const ptrdiff_t *p) {
  for (ptrdiff_t i = 0; i < p[1]; i++)
    if (p[3 + 2 * i]) return 0;
  return 1;
}

static ptrdiff_t view_first(const ptrdiff_t *p) { return p[1]; }
static ptrdiff_t index_first(const ptrdiff_t *p) { return p[5] * p[3]; }
static ptrdiff_t roll_first(const ptrdiff_t *p) { return (void)p, 0; }

/* ---- lines and tiles: y[i to] = x[i from], or += ----------------------------------------------------------------- */

typedef struct axis {
  ptrdiff_t n, to, from;
} axis;

enum { TILE = 16 };

static void copy_line(real *y, const real *x, const axis *a) {
  if (a->to == 1 && a->from == 1) memcpy(y, x, (size_t)a->n * sizeof *y);
  else
    for (ptrdiff_t i = 0; i < a->n; i++) y[i * a->to] = x[i * a->from];
}

/* 0 + x is x as it stands: so that what is put in one place keeps its sign, -0 too. */
static real sum(real y, real x) {
  real both = y + x;
  return y == 0 ? x : both;
}

static void add_line(real *y, const real *x, const axis *a) {
  if (a->to == 1 && a->from == 1)
    for (ptrdiff_t i = 0; i < a->n; i++) y[i] = sum(y[i], x[i]);
  else
    for (ptrdiff_t i = 0; i < a->n; i++) y[i * a->to] = sum(y[i * a->to], x[i * a->from]);
}

typedef void line_fn(real *y, const real *x, const axis *);

static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

static void tiles(line_fn *line, real *y, const real *x, const axis *outer, const axis *inner) {
  int lines = inner->to == 1 && inner->from == 1;
  if (!lines && inner->n < TILE && inner->n < outer->n) {
    const axis *longer = outer;
    outer = inner;
    inner = longer;
  }
  ptrdiff_t rows = lines ? 1 : TILE, columns = lines ? inner->n : TILE;
  for (ptrdiff_t i0 = 0; i0 < outer->n; i0 += rows)
    for (ptrdiff_t j = 0; j < inner->n; j += columns)
      for (ptrdiff_t i = i0; i < least(i0 + rows, outer->n); i++) {
        axis part = {least(columns, inner->n - j), inner->to, inner->from};
        line(y + i * outer->to + j * inner->to, x + i * outer->from + j * inner->from, &part);
      }
}

/* ---- views ------------------------------------------------------------------------------------------------------- */

static ptrdiff_t magnitude(ptrdiff_t n) { return n < 0 ? -n : n; }

/* The axes of a view, merged where neighbours count on, at least two; the last but one is that with the smallest stride
   in the array, so that a tile is small there too. swap: from the compact array to the view. */
static int axes_of_view(const ptrdiff_t *p, int swap, axis a[JET_MAX_RANK + 2]) {
  int n = 2;
  a[0] = a[1] = (axis){1, 0, 0};
  ptrdiff_t compact = view_size(p);
  for (ptrdiff_t i = 0; i < p[2]; i++) {
    ptrdiff_t extent = p[3 + 2 * i], stride = p[4 + 2 * i];
    compact /= extent;
    if (extent == 1) continue;
    if (a[n - 1].n > 1 && a[n - 1].from == extent * stride) a[n - 1] = (axis){a[n - 1].n * extent, compact, stride};
    else a[n++] = (axis){extent, compact, stride};
  }
  int best = n - 2;
  for (int i = 2; i < n - 1; i++)
    if (magnitude(a[i].from) < magnitude(a[best].from) || a[best].n == 1) best = i;
  axis x = a[best];
  a[best] = a[n - 2];
  a[n - 2] = x;
  for (int i = 0; swap && i < n; i++) a[i] = (axis){a[i].n, a[i].from, a[i].to};
  return n;
}

static void walk_view(line_fn *line, real *y, const real *x, const axis *a, int n) {
  ptrdiff_t index[JET_MAX_RANK + 2] = {0};
  for (int i;;) {
    tiles(line, y, x, &a[n - 2], &a[n - 1]);
    for (i = n - 3; i >= 0; i--) {
      y += a[i].to;
      x += a[i].from;
      if (++index[i] < a[i].n) break;
      y -= a[i].n * a[i].to;
      x -= a[i].n * a[i].from;
      index[i] = 0;
    }
    if (i < 0) return;
  }
}

/* ---- indices ----------------------------------------------------------------------------------------------------- */

static void read_index(const ptrdiff_t *p, real *y, const real *x) {
  ptrdiff_t extent = p[2], inner = p[3], m = p[4];
  const ptrdiff_t *index = p + 5;
  for (ptrdiff_t o = 0; o < p[1]; o++, x += extent * inner, y += m * inner)
    for (ptrdiff_t i = 0; i < m; i++)
      if (inner == 1) y[i] = x[index[i]];
      else memcpy(y + i * inner, x + index[i] * inner, (size_t)inner * sizeof *y);
}

static void add_index(const ptrdiff_t *p, real *y, const real *x) {
  ptrdiff_t extent = p[2], m = p[4];
  const axis a = {p[3], 1, 1};
  const ptrdiff_t *index = p + 5;
  for (ptrdiff_t o = 0; o < p[1]; o++, y += extent * a.n, x += m * a.n)
    for (ptrdiff_t i = 0; i < m; i++)
      if (a.n == 1) y[index[i]] = sum(y[index[i]], x[i]);
      else add_line(y + index[i] * a.n, x + i * a.n, &a);
}

/* ---- views, all at once ------------------------------------------------------------------------------------------- */

static void go(const ptrdiff_t *p, line_fn *line, int swap, real *y, const real *x) {
  axis a[JET_MAX_RANK + 2];
  ptrdiff_t size = view_size(p);
  if (size == 0) return;
  if (view_run(p)) {
    axis run = {size, 1, 1};
    line(swap ? y + p[1] : y, swap ? x : x + p[1], &run);
  } else walk_view(line, swap ? y + p[1] : y, swap ? x : x + p[1], a, axes_of_view(p, swap, a));
}

static void read_view(const ptrdiff_t *p, real *y, const real *x) { go(p, copy_line, 0, y, x); }
static void add_view(const ptrdiff_t *p, real *y, const real *x) { go(p, add_line, 1, y, x); }

/* ---- by lanes ------------------------------------------------------------------------------------------------------ */

enum { NEAR = 4 }; /* elements from one lane to the next: several in a line of the cache */

/* The stride of the innermost axis; 0 if there is none. */
static ptrdiff_t inner_stride(const ptrdiff_t *p) {
  for (ptrdiff_t i = p[2] - 1; i >= 0; i--)
    if (p[3 + 2 * i] > 1) return p[4 + 2 * i];
  return 0;
}

/* y[i] = x[i stride] */
static void read_run(real *y, const real *x, ptrdiff_t n, ptrdiff_t stride) {
  if (stride == 1) memcpy(y, x, (size_t)n * sizeof *y);
  else
    for (ptrdiff_t i = 0; i < n; i++) y[i] = x[i * stride];
}

static void view_lanes(const ptrdiff_t *p, real *y, const real *x, ptrdiff_t first, ptrdiff_t n) {
  ptrdiff_t index[JET_MAX_RANK], last = p[2] - 1;
  x += p[1];
  for (ptrdiff_t i = last; i >= 0; i--) {
    index[i] = first % p[3 + 2 * i];
    first /= p[3 + 2 * i];
    x += index[i] * p[4 + 2 * i];
  }
  for (ptrdiff_t l = 0, run; l < n; l += run) {
    run = least(p[3 + 2 * last] - index[last], n - l);
    read_run(y + l, x, run, p[4 + 2 * last]);
    index[last] += run;
    x += run * p[4 + 2 * last];
    for (ptrdiff_t i = last; i > 0 && index[i] == p[3 + 2 * i]; i--) {
      x += p[4 + 2 * (i - 1)] - index[i] * p[4 + 2 * i];
      index[i] = 0;
      index[i - 1]++;
    }
  }
}

static void index_lanes(const ptrdiff_t *p, real *y, const real *x, ptrdiff_t first, ptrdiff_t n) {
  ptrdiff_t extent = p[2], inner = p[3], m = p[4], j = first % inner, i = first / inner % m;
  const ptrdiff_t *index = p + 5;
  x += first / inner / m * extent * inner;
  for (ptrdiff_t l = 0, run; l < n; l += run, j = 0) {
    run = least(inner - j, n - l);
    if (inner == 1) y[l] = x[index[i]];
    else memcpy(y + l, x + index[i] * inner + j, (size_t)run * sizeof *y);
    if (j + run == inner && ++i == m) i = 0, x += extent * inner;
  }
}

/* ---- rolls: at most two runs a row -------------------------------------------------------------------------------- */

static ptrdiff_t rolled(const ptrdiff_t *p, ptrdiff_t i, ptrdiff_t at) { /* along axis i, where element `at` comes from */
  return at - p[3 + 2 * i] + (at < p[3 + 2 * i] ? p[2 + 2 * i] : 0);
}

static ptrdiff_t roll_row(const ptrdiff_t *p, const ptrdiff_t *index) { /* where the row comes from */
  ptrdiff_t at = 0;
  for (ptrdiff_t i = 0; i < p[1]; i++) at = at * p[2 + 2 * i] + (i < p[1] - 1 ? rolled(p, i, index[i]) : 0);
  return at;
}

/* Lanes first .. first + n - 1 of the compact array, which is y, or x if swap. */
static void walk_roll(const ptrdiff_t *p, line_fn *line, int swap, real *y, const real *x, ptrdiff_t first, ptrdiff_t n) {
  const ptrdiff_t last = p[1] - 1, extent = p[2 + 2 * last];
  ptrdiff_t index[JET_MAX_RANK];
  for (ptrdiff_t i = last; i >= 0 && n; first /= p[2 + 2 * i--]) index[i] = first % p[2 + 2 * i];
  axis run = {0, 1, 1};
  for (ptrdiff_t l = 0; l < n; l += run.n) {
    const ptrdiff_t from = rolled(p, last, index[last]), at = roll_row(p, index) + from;
    run.n = least(least(extent - from, extent - index[last]), n - l);
    line(y + (swap ? at : l), x + (swap ? l : at), &run);
    index[last] += run.n;
    for (ptrdiff_t i = last; i > 0 && index[i] == p[2 + 2 * i]; index[--i]++) index[i] = 0;
  }
}

static void read_roll(const ptrdiff_t *p, real *y, const real *x) { walk_roll(p, copy_line, 0, y, x, 0, roll_size(p)); }
static void add_roll(const ptrdiff_t *p, real *y, const real *x) { walk_roll(p, add_line, 1, y, x, 0, roll_size(p)); }
static void roll_lanes(const ptrdiff_t *p, real *y, const real *x, ptrdiff_t first, ptrdiff_t n) {
  walk_roll(p, copy_line, 0, y, x, first, n);
}

/* ---- the face ---------------------------------------------------------------------------------------------------- */

static int view_is_dense(const ptrdiff_t *p) { return magnitude(inner_stride(p)) <= NEAR; }
static int always(const ptrdiff_t *p) { return (void)p, 1; }
static int never(const ptrdiff_t *p) { return (void)p, 0; }

static const struct {
  ptrdiff_t (*length)(const ptrdiff_t *), (*size)(const ptrdiff_t *), (*first)(const ptrdiff_t *);
  int (*run)(const ptrdiff_t *), (*is_dense)(const ptrdiff_t *), (*reads_lanes)(const ptrdiff_t *);
  void (*read)(const ptrdiff_t *, real *, const real *), (*add)(const ptrdiff_t *, real *, const real *);
  void (*lanes)(const ptrdiff_t *, real *, const real *, ptrdiff_t first, ptrdiff_t n);
} kinds[] = {
    [PATTERN_VIEW] = {view_length, view_size, view_first, view_run, view_is_dense, view_is_dense, read_view, add_view, view_lanes},
    [PATTERN_INDEX] = {index_length, index_size, index_first, index_run, never, always, read_index, add_index, index_lanes},
    [PATTERN_ROLL] = {roll_length, roll_size, roll_first, roll_run, always, always, read_roll, add_roll, roll_lanes},
};

ptrdiff_t pattern_length(const ptrdiff_t *p) { return kinds[p[0]].length(p); }
ptrdiff_t pattern_size(const ptrdiff_t *p) { return kinds[p[0]].size(p); }
int pattern_is_dense(const ptrdiff_t *p) { return kinds[p[0]].is_dense(p); }
int pattern_reads_lanes(const ptrdiff_t *p) { return kinds[p[0]].reads_lanes(p); }
void pattern_read(const ptrdiff_t *p, real *y, const real *x) { kinds[p[0]].read(p, y, x); }
void pattern_add(const ptrdiff_t *p, real *y, const real *x) { kinds[p[0]].add(p, y, x); }

int pattern_run(const ptrdiff_t *p, ptrdiff_t *offset) {
  const int any = pattern_size(p) != 0;
  *offset = any ? kinds[p[0]].first(p) : 0;
  return !any || kinds[p[0]].run(p);
}

void pattern_read_lanes(const ptrdiff_t *p, real *y, const real *x, ptrdiff_t first, ptrdiff_t n) {
  kinds[p[0]].lanes(p, y, x, first, n);
}
