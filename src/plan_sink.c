/* plan_sink.c - sums over the leading or the trailing axes of an array, taken block by block in the region that makes it.

   A sum over columns of a matrix [rows, columns] is a tree above leaves of 64 rows (jets/reduce.h): blocks add their lanes to the leaf, in the
   order of rows, and workers begin with a leaf. One over its rows is a tree for each row: blocks are whole rows. */
#include "build.h"
#include "numbers.h"
#include "ops.h"

enum { COLUMNS_LEAST = 32, ROW_MOST = 512 };

/* Of the region where the input was made, which has to be the latest of its space: to wait for a later one gains nothing. -1: none */
static int region_of_input(const build *b, const node *n) {
  int in = build_input(b, n, 0), space = b->space_of[value_of(b->tape, in)->shape];
  int region = space ? b->region_of[space] - 1 : -1;
  const step_kind made_by = node_of(b->tape, in)->op->step;
  if (region < 0 || made_by != STEP_ROW || !b->planes[in] || !build_needs(b, in)) return -1;
  return b->plan->planes[b->planes[in][b->need[in].lo]].region == region ? region : -1;
}

/* Blocks of rows are no leaves of a sum over all elements, if these are not powers of two: the two are not for one region. */
static int rows_fit(region *r, ptrdiff_t columns) {
  if (columns > ROW_MOST || r->sums) return 0;
  ptrdiff_t whole = r->whole_rows ? r->whole_rows / common_divisor(r->whole_rows, columns) * columns : columns;
  if (whole > ROW_MOST) return 0;
  r->whole_rows = whole;
  return 1;
}

sink_kind plan_sum_sink(build *b, const node *n) {
  ptrdiff_t rows, columns;
  if (n->op != &op_sum_axes || !plan_may(b->plan, JET_SINKS) || b->plan->by_orders) return SINK_NONE;
  int region = region_of_input(b, n), leading = sum_axes_matrix(shape_of(b->tape, build_input(b, n, 0)), n->with.k, &rows, &columns);
  if (region < 0 || leading < 0) return SINK_NONE;
  if (leading) return columns >= COLUMNS_LEAST ? SINK_COLUMNS : SINK_NONE;
  return rows_fit(&b->plan->regions[region], columns) ? SINK_ROWS : SINK_NONE;
}

int plan_sum_whole(const build *b, const node *n) { /* whether a sum over all elements cannot be taken by blocks */
  int space = b->space_of[value_of(b->tape, build_input(b, n, 0))->shape], region = space ? b->region_of[space] - 1 : -1;
  if (!plan_may(b->plan, JET_SINKS)) return 1;
  return region >= 0 && b->plan->regions[region].whole_rows && b->plan->regions[region].level >= b->in_block[build_input(b, n, 0)];
}
