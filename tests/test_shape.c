/* test_shape.c - elements in another order, and arrays made of parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trial.h"

/* ---- elements in another order -------------------------------------------------------------------------------------- */

static int source_flat(const trial *r, const ptrdiff_t *i, ptrdiff_t *from) {
  unflat(&r->in[0], flat(&r->out, i), from);
  return 0;
}

static void reshape_keeps_the_order_of_elements(void **state) {
  (void)state;
  for (int seed = 0; seed < TRIALS; seed++) {
    trial r = begin(seed);
    jet x = operand(&r, random_extents(&r.g, random_below(&r.g, 9)));
    r.out.rank = 1 + random_below(&r.g, 8);
    ptrdiff_t left = jet_size(x), open = random_below(&r.g, r.out.rank);
    for (int i = 0; i < r.out.rank; i++) {
      ptrdiff_t d = left == 0 ? 2 : 1 + random_below(&r.g, 4);
      r.out.d[i] = left % d ? 1 : d;
      left /= r.out.d[i];
    }
    r.out.d[open] = jet_size(x) ? r.out.d[open] * left : 0;
    extents typed = r.out;
    if (jet_size(x)) typed.d[open] = -1;
    r.source = source_flat;
    finish(&r, jet_reshape(x, typed.rank, typed.d), by_source);
  }
}

static int source_permute(const trial *r, const ptrdiff_t *i, ptrdiff_t *from) {
  for (int j = 0; j < r->out.rank; j++) from[r->axes[j]] = i[j];
  return 0;
}

static void random_axes(trial *r, int rank) {
  for (int i = 0; i < rank; i++) {
    int j = random_below(&r->g, i + 1);
    r->axes[i] = r->axes[j];
    r->axes[j] = i;
  }
  r->out.rank = rank;
  for (int i = 0; i < rank; i++) r->out.d[i] = r->in[0].d[r->axes[i]];
}

static void permute_moves_axes(void **state) {
  (void)state;
  for (int seed = 0; seed < 3 * TRIALS; seed++) {
    trial r = begin(seed);
    jet x = operand(&r, random_extents(&r.g, random_below(&r.g, 9)));
    random_axes(&r, jet_rank(x));
    int typed[JET_MAX_RANK];
    for (int i = 0; i < jet_rank(x); i++) typed[i] = r.axes[i] - (random_below(&r.g, 2) ? jet_rank(x) : 0);
    r.source = source_permute;
    finish(&r, jet_permute(x, typed), by_source);
  }
}

static void transpose_swaps_the_last_two_axes(void **state) {
  (void)state;
  for (int seed = 0; seed < TRIALS; seed++) {
    trial r = begin(seed);
    jet x = operand(&r, random_extents(&r.g, 2 + random_below(&r.g, 7)));
    int n = jet_rank(x);
    r.out = r.in[0];
    for (int i = 0; i < n; i++) r.axes[i] = i < n - 2 ? i : i == n - 2 ? n - 1 : n - 2;
    for (int i = 0; i < n; i++) r.out.d[i] = r.in[0].d[r.axes[i]];
    r.source = source_permute;
    finish(&r, jet_transpose(x), by_source);
  }
}

/* Matrices larger than the tiles of a transposition, with borders. */
static void transpose_of_large_matrices(void **state) {
  (void)state;
  const ptrdiff_t sizes[][2] = {{16, 16}, {17, 33}, {64, 15}, {100, 3}, {2, 90}};
  for (int seed = 0; seed < 5; seed++) {
    trial r = begin(seed);
    extents e = {2, {sizes[seed][0], sizes[seed][1]}};
    jet x = operand(&r, e);
    r.axes[0] = 1;
    r.out = (extents){2, {e.d[1], e.d[0]}};
    r.source = source_permute;
    finish(&r, jet_transpose(x), by_source);
  }
}

static int source_slice(const trial *r, const ptrdiff_t *i, ptrdiff_t *from) { /* a: start, c: step */
  for (int j = 0; j < r->out.rank; j++) from[j] = r->a[j] + i[j] * r->c[j];
  return 0;
}

static void random_slice(trial *r) {
  r->out.rank = r->in[0].rank;
  for (int i = 0; i < r->out.rank; i++) {
    int n = (int)r->in[0].d[i];
    r->c[i] = random_below(&r->g, 3) ? 1 : random_below(&r->g, 7) - 3;
    if (r->c[i] == 0) r->c[i] = random_below(&r->g, 2) ? PTRDIFF_MAX : PTRDIFF_MIN;
    r->a[i] = random_below(&r->g, n + 1);
    r->b[i] = random_below(&r->g, n + 1) - (r->c[i] < 0);
    ptrdiff_t count = 0;
    if (r->c[i] < 0 && r->a[i] == n) r->a[i] = n - 1; /* the last, as in Python: what the sources see */
    for (ptrdiff_t at = r->a[i]; r->c[i] > 0 ? at < r->b[i] : at > r->b[i]; count++)
      if (__builtin_add_overflow(at, r->c[i], &at)) at = r->b[i];
    r->out.d[i] = count;
  }
}

static void slice_is_as_in_python(void **state) {
  (void)state;
  for (int seed = 0; seed < 5 * TRIALS; seed++) {
    trial r = begin(seed);
    jet x = operand(&r, random_extents(&r.g, random_below(&r.g, 9)));
    ptrdiff_t start[JET_MAX_RANK];
    random_slice(&r);
    int steps = 0;
    for (int i = 0; i < jet_rank(x); i++) {
      steps |= r.c[i] != 1;
      start[i] = r.a[i] < 0 ? 0 : r.a[i]; /* of an empty axis */
      if (r.c[i] < 0 && r.a[i] == r.in[0].d[i] - 1) start[i] += random_below(&r.g, 2) && r.in[0].d[i];
    }
    r.source = source_slice;
    finish(&r, jet_slice(x, start, r.b, steps ? r.c : NULL), by_source);
  }
}

static int source_flip(const trial *r, const ptrdiff_t *i, ptrdiff_t *from) {
  for (int j = 0; j < r->out.rank; j++) from[j] = j == r->axis ? r->out.d[j] - 1 - i[j] : i[j];
  return 0;
}

static int source_roll(const trial *r, const ptrdiff_t *i, ptrdiff_t *from) { /* k: by */
  for (int j = 0; j < r->out.rank; j++) from[j] = i[j];
  for (int step = 0; step < abs(r->k); step++) {
    ptrdiff_t *p = &from[r->axis], n = r->out.d[r->axis];
    *p = r->k > 0 ? (*p ? *p - 1 : n - 1) : (*p + 1 < n ? *p + 1 : 0);
  }
  return 0;
}

static void flip_and_roll_along_an_axis(void **state) {
  (void)state;
  for (int seed = 0; seed < 2 * TRIALS; seed++) {
    trial r = begin(seed);
    jet x = operand(&r, random_extents(&r.g, 1 + random_below(&r.g, 8)));
    r.out = r.in[0];
    r.axis = random_below(&r.g, jet_rank(x));
    r.k = random_below(&r.g, 31) - 15;
    r.source = seed < TRIALS ? source_flip : source_roll;
    int typed = random_below(&r.g, 2) ? r.axis : r.axis - jet_rank(x);
    finish(&r, seed < TRIALS ? jet_flip(x, typed) : jet_roll(x, r.k, typed), by_source);
  }
}

static int source_broadcast(const trial *r, const ptrdiff_t *i, ptrdiff_t *from) {
  int shift = r->out.rank - r->in[0].rank;
  for (int j = 0; j < r->in[0].rank; j++) from[j] = r->in[0].d[j] == 1 ? 0 : i[j + shift];
  return 0;
}

static void broadcast_to_repeats(void **state) {
  (void)state;
  for (int seed = 0; seed < TRIALS; seed++) {
    trial r = begin(seed);
    r.out = random_extents(&r.g, random_below(&r.g, 9));
    extents e = {random_below(&r.g, r.out.rank + 1), {0}};
    for (int i = 0; i < e.rank; i++) e.d[i] = random_below(&r.g, 2) ? 1 : r.out.d[i + r.out.rank - e.rank];
    r.source = source_broadcast;
    finish(&r, jet_broadcast_to(operand(&r, e), r.out.rank, r.out.d), by_source);
  }
}

/* ---- parts ------------------------------------------------------------------------------------------------------------ */

static int source_concat(const trial *r, const ptrdiff_t *i, ptrdiff_t *from) {
  memcpy(from, i, sizeof r->a);
  int which = 0;
  while (from[r->axis] >= r->in[which].d[r->axis]) from[r->axis] -= r->in[which++].d[r->axis];
  return which;
}

static void concat_puts_parts_in_a_row(void **state) {
  (void)state;
  for (int seed = 0; seed < 2 * TRIALS; seed++) {
    trial r = begin(seed);
    int n = 1 + random_below(&r.g, OPERANDS);
    r.out = random_extents(&r.g, 1 + random_below(&r.g, 8));
    r.axis = random_below(&r.g, r.out.rank);
    r.out.d[r.axis] = 0;
    for (int i = 0; i < n; i++) {
      extents e = r.out;
      e.d[r.axis] = random_below(&r.g, 4);
      operand(&r, e);
    }
    for (int i = 0; i < n; i++) r.out.d[r.axis] += r.in[i].d[r.axis];
    r.source = source_concat;
    finish(&r, jet_concat(n, r.x, r.axis - (seed % 2 ? r.out.rank : 0)), by_source);
  }
}

static int source_stack(const trial *r, const ptrdiff_t *i, ptrdiff_t *from) {
  for (int j = 0; j < r->out.rank - 1; j++) from[j] = i[j + (j >= r->axis)];
  return (int)i[r->axis];
}

static void stack_makes_a_new_axis(void **state) {
  (void)state;
  for (int seed = 0; seed < TRIALS; seed++) {
    trial r = begin(seed);
    int n = 1 + random_below(&r.g, OPERANDS);
    extents e = random_extents(&r.g, random_below(&r.g, 8));
    for (int i = 0; i < n; i++) operand(&r, e);
    r.out.rank = e.rank + 1;
    r.axis = random_below(&r.g, r.out.rank);
    for (int i = 0; i < r.out.rank; i++) r.out.d[i] = i == r.axis ? n : e.d[i - (i > r.axis)];
    r.source = source_stack;
    finish(&r, jet_stack(n, r.x, r.axis - (seed % 2 ? r.out.rank : 0)), by_source);
  }
}

static int source_pad(const trial *r, const ptrdiff_t *i, ptrdiff_t *from) { /* a: before, b: after */
  int inside = 1;
  for (int j = 0; j < r->out.rank; j++) {
    from[j] = i[j] - r->a[j];
    inside &= from[j] >= 0 && from[j] < r->in[0].d[j];
  }
  return inside ? 0 : -1;
}

static void pad_with_zeros(void **state) {
  (void)state;
  for (int seed = 0; seed < TRIALS; seed++) {
    trial r = begin(seed);
    r.out = random_extents(&r.g, random_below(&r.g, 7));
    jet x = operand(&r, r.out);
    for (int i = 0; i < r.out.rank; i++) {
      r.a[i] = random_below(&r.g, 3);
      r.b[i] = random_below(&r.g, 2);
      r.out.d[i] += r.a[i] + r.b[i];
    }
    r.source = source_pad;
    finish(&r, jet_pad(x, r.a, r.b, 0), by_source);
  }
}

static int source_diagonal(const trial *r, const ptrdiff_t *i, ptrdiff_t *from) {
  (void)r;
  from[0] = from[1] = i[0];
  return 0;
}

static int source_on_diagonal(const trial *r, const ptrdiff_t *i, ptrdiff_t *from) {
  (void)r;
  from[0] = i[0];
  return i[0] == i[1] ? 0 : -1;
}

static void diag_of_vectors_and_matrices(void **state) {
  (void)state;
  for (int seed = 0; seed < TRIALS; seed++) {
    trial r = begin(seed);
    extents e = random_extents(&r.g, 1 + random_below(&r.g, 2));
    ptrdiff_t n = e.rank == 2 && e.d[1] < e.d[0] ? e.d[1] : e.d[0];
    r.out = (extents){3 - e.rank, {n, n}};
    r.source = e.rank == 1 ? source_on_diagonal : source_diagonal;
    finish(&r, jet_diag(operand(&r, e)), by_source);
  }
}

static int source_lower(const trial *r, const ptrdiff_t *i, ptrdiff_t *from) {
  int n = r->out.rank;
  memcpy(from, i, sizeof r->a);
  return i[n - 1] - i[n - 2] <= r->k ? 0 : -1;
}

static int source_upper(const trial *r, const ptrdiff_t *i, ptrdiff_t *from) {
  int n = r->out.rank;
  memcpy(from, i, sizeof r->a);
  return i[n - 1] - i[n - 2] >= r->k ? 0 : -1;
}

static void tril_and_triu(void **state) {
  (void)state;
  for (int seed = 0; seed < TRIALS; seed++) {
    trial r = begin(seed);
    r.out = random_extents(&r.g, 2 + random_below(&r.g, 3));
    jet x = operand(&r, r.out);
    r.k = random_below(&r.g, 9) - 4;
    r.source = seed % 2 ? source_lower : source_upper;
    finish(&r, seed % 2 ? jet_tril(x, r.k) : jet_triu(x, r.k), by_source);
  }
}

static void naive_trace(const trial *r, const double *const x[], double *y) {
  *y = 0;
  for (ptrdiff_t i = 0; i < r->in[0].d[0] && i < r->in[0].d[1]; i++) *y += x[0][i * r->in[0].d[1] + i];
}

static void trace_sums_the_diagonal(void **state) {
  (void)state;
  for (int seed = 0; seed < TRIALS; seed++) {
    trial r = begin(seed);
    finish(&r, jet_trace(operand(&r, random_extents(&r.g, 2))), naive_trace);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reshape_keeps_the_order_of_elements),
      cmocka_unit_test(permute_moves_axes),
      cmocka_unit_test(transpose_swaps_the_last_two_axes),
      cmocka_unit_test(transpose_of_large_matrices),
      cmocka_unit_test(slice_is_as_in_python),
      cmocka_unit_test(flip_and_roll_along_an_axis),
      cmocka_unit_test(broadcast_to_repeats),
      cmocka_unit_test(concat_puts_parts_in_a_row),
      cmocka_unit_test(stack_makes_a_new_axis),
      cmocka_unit_test(pad_with_zeros),
      cmocka_unit_test(diag_of_vectors_and_matrices),
      cmocka_unit_test(tril_and_triu),
      cmocka_unit_test(trace_sums_the_diagonal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
