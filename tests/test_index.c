/* test_index.c - arrays by indices; laws between shape operations, their gradients, and what they refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ops.h"
#include "pattern.h"
#include "trial.h"

/* ---- indices ------------------------------------------------------------------------------------------------------------ */

/* Index i of the array with `dims` in place of the axis, as that of the array with the axis, at[axis] apart. */
static ptrdiff_t position(const trial *r, const extents *dims, const ptrdiff_t *i, int rank, ptrdiff_t *at) {
  for (int j = 0; j < r->axis; j++) at[j] = i[j];
  for (int j = r->axis + dims->rank; j < rank; j++) at[j - dims->rank + 1] = i[j];
  return flat(dims, i + r->axis);
}

static extents dims_of_index(const trial *r) {
  extents e = {r->axes[0], {0}};
  memcpy(e.d, r->a, sizeof e.d);
  return e;
}

static int source_gather(const trial *r, const ptrdiff_t *i, ptrdiff_t *from) {
  const extents dims = dims_of_index(r);
  ptrdiff_t at = position(r, &dims, i, r->out.rank, from);
  from[r->axis] = r->index[at];
  return 0;
}

static void naive_scatter(const trial *r, const double *const x[], double *y) {
  const extents dims = dims_of_index(r);
  ptrdiff_t i[JET_MAX_RANK], to[JET_MAX_RANK];
  memset(y, 0, (size_t)size_of(&r->out) * sizeof *y);
  for (ptrdiff_t at = 0; at < size_of(&r->in[0]); at++) {
    unflat(&r->in[0], at, i);
    ptrdiff_t which = position(r, &dims, i, r->in[0].rank, to);
    to[r->axis] = r->index[which];
    y[flat(&r->out, to)] += x[0][at];
  }
}

/* r->a and axes[0]: extents and rank of an index into an axis of e, which `replaced` has in place of it. */
static extents random_index(trial *r, const extents *e, extents *replaced) {
  extents dims = random_extents(&r->g, random_below(&r->g, 3));
  r->axis = random_below(&r->g, e->rank);
  if (e->d[r->axis] == 0 && size_of(&dims)) dims = (extents){1, {0}};
  for (ptrdiff_t i = 0; i < size_of(&dims); i++) r->index[i] = random_below(&r->g, (int)e->d[r->axis]);
  memcpy(r->a, dims.d, sizeof dims.d);
  r->axes[0] = dims.rank;
  replaced->rank = e->rank - 1 + dims.rank;
  for (int i = 0; i < r->axis; i++) replaced->d[i] = e->d[i];
  for (int i = r->axis + 1; i < e->rank; i++) replaced->d[i - 1 + dims.rank] = e->d[i];
  for (int i = 0; i < dims.rank; i++) replaced->d[r->axis + i] = dims.d[i];
  return dims;
}

static void gather_takes_elements_by_index(void **state) {
  (void)state;
  for (int seed = 0; seed < 2 * TRIALS; seed++) {
    trial r = begin(seed);
    jet x = operand(&r, random_extents(&r.g, 1 + random_below(&r.g, 5)));
    extents dims = random_index(&r, &r.in[0], &r.out);
    r.source = source_gather;
    finish(&r, jet_gather(x, r.axis - (seed % 2 ? jet_rank(x) : 0), dims.rank, dims.d, r.index), by_source);
  }
}

static void scatter_add_adds_elements_up(void **state) {
  (void)state;
  for (int seed = 0; seed < 2 * TRIALS; seed++) {
    trial r = begin(seed);
    r.out = random_extents(&r.g, 1 + random_below(&r.g, 5));
    extents e, dims = random_index(&r, &r.out, &e);
    jet x = operand(&r, e);
    int typed = r.axis - (seed % 2 ? r.out.rank : 0);
    finish(&r, jet_scatter_add(x, typed, dims.rank, dims.d, r.index, r.out.d[r.axis]), naive_scatter);
  }
}

/* ---- round trips, bit for bit ------------------------------------------------------------------------------------------- */

/* z is x. Numbers are any: both zeros, infinities, NaN. */
static void same_as_it_was(trial *r, jet z) {
  jet_plan *plan = plan_of(r, 1, &z);
  const double any[] = {-0.0, 0.0, 1.5, -3, INFINITY, -INFINITY, NAN, 0x1p-1074};
  assert_extents(z, &r->in[0]);
  for (int k = 0; k <= top(r); k++)
    for (ptrdiff_t i = 0; i < jet_size(z); i++) jet_plan_data(plan, r->x[0], k)[i] = any[random_below(&r->g, 8)];
  run(plan);
  for (int k = 0; k <= top(r); k++)
    for (ptrdiff_t i = 0; i < jet_size(z); i++) {
      double got = jet_plan_data(plan, z, k)[i], want = jet_plan_data(plan, r->x[0], k)[i];
      if (!same(got, want)) fail_msg("coefficient %d of element %td is %g, not %g", k, i, got, want);
    }
  jet_plan_free(plan);
  jet_tape_free(r->tape);
}

static jet permuted_and_back(trial *r, jet x) {
  int axes[JET_MAX_RANK], back[JET_MAX_RANK];
  for (int i = 0; i < jet_rank(x); i++) {
    int j = random_below(&r->g, i + 1);
    axes[i] = axes[j];
    axes[j] = i;
  }
  for (int i = 0; i < jet_rank(x); i++) back[axes[i]] = i;
  return jet_permute(jet_permute(x, axes), back);
}

static jet slice_of_pad(trial *r, jet x) {
  ptrdiff_t before[JET_MAX_RANK], after[JET_MAX_RANK], stop[JET_MAX_RANK];
  for (int i = 0; i < jet_rank(x); i++) {
    before[i] = random_below(&r->g, 3);
    after[i] = random_below(&r->g, 3);
    stop[i] = before[i] + jet_extent(x, i);
  }
  return jet_slice(jet_pad(x, before, after, random_below(&r->g, 2) ? 7 : 0), before, stop, NULL);
}

static jet concat_of_slices(trial *r, jet x) {
  ptrdiff_t start[2][JET_MAX_RANK] = {{0}, {0}}, stop[2][JET_MAX_RANK];
  int axis = random_below(&r->g, jet_rank(x));
  for (int i = 0; i < jet_rank(x); i++) stop[0][i] = stop[1][i] = jet_extent(x, i);
  stop[0][axis] = start[1][axis] = random_below(&r->g, (int)jet_extent(x, axis) + 1);
  jet parts[2] = {jet_slice(x, start[0], stop[0], NULL), jet_slice(x, start[1], stop[1], NULL)};
  return jet_concat(2, parts, axis);
}

static jet rolled_and_back(trial *r, jet x) {
  int axis = random_below(&r->g, jet_rank(x)), by = random_below(&r->g, 9);
  return jet_roll(jet_roll(x, by, axis), -by, axis);
}

static jet flipped_twice(trial *r, jet x) {
  int axis = random_below(&r->g, jet_rank(x));
  return jet_flip(jet_flip(x, axis), axis);
}

static jet gathered_and_scattered(trial *r, jet x) { /* by a permutation */
  int axis = random_below(&r->g, jet_rank(x));
  ptrdiff_t n = jet_extent(x, axis);
  for (int i = 0; i < (int)n; i++) {
    int j = random_below(&r->g, i + 1);
    r->index[i] = r->index[j];
    r->index[j] = i;
  }
  return jet_scatter_add(jet_gather(x, axis, 1, &n, r->index), axis, 1, &n, r->index, n);
}

static void there_and_back_is_the_same(void **state) {
  (void)state;
  jet (*const trip[])(trial *, jet) = {permuted_and_back, slice_of_pad, concat_of_slices, rolled_and_back, flipped_twice,
                                       gathered_and_scattered};
  for (int seed = 0; seed < 6 * TRIALS; seed++) {
    trial r = begin(seed);
    jet x = operand(&r, random_extents(&r.g, 1 + random_below(&r.g, 6)));
    same_as_it_was(&r, trip[seed / TRIALS](&r, x));
  }
}

static void scatter_of_gather_counts(void **state) {
  (void)state;
  trial r = begin(0);
  const ptrdiff_t index[7] = {4, 1, 1, 0, 4, 4, 2}, seven = 7;
  const double count[5] = {1, 2, 1, 0, 3};
  jet x = operand(&r, (extents){1, {5}}), y = jet_scatter_add(jet_gather(x, 0, 1, &seven, index), 0, 1, &seven, index, 5);
  jet_plan *plan = plan_of(&r, 1, &y);
  put_integers(&r, plan, x);
  run(plan);
  for (int i = 0; i < 5; i++) assert_true(jet_plan_data(plan, y, 0)[i] == count[i] * jet_plan_data(plan, x, 0)[i]);
  jet_plan_free(plan);
  jet_tape_free(r.tape);
}

static void pad_has_its_value_around(void **state) {
  (void)state;
  for (int seed = 0; seed < 2 * (ORDERS + 1); seed++) {
    trial r = begin(seed);
    const ptrdiff_t one[2] = {1, 1}, two[2] = {2, 0};
    const double number = seed % 2 ? INFINITY : 2.5;
    jet x = operand(&r, (extents){2, {2, 3}}), y = jet_pad(x, one, two, number);
    jet_plan *plan = plan_of(&r, 1, &y);
    put_integers(&r, plan, x);
    run(plan);
    assert_extents(y, &(extents){2, {5, 4}});
    for (int k = 0; k <= top(&r); k++)
      for (int i = 0; i < 5; i++)
        for (int j = 0; j < 4; j++) {
          int inside = i >= 1 && i < 3 && j >= 1;
          double got = jet_plan_data(plan, y, k)[4 * i + j];
          assert_true(got == (inside ? jet_plan_data(plan, x, k)[3 * (i - 1) + j - 1] : k ? 0 : number));
        }
    jet_plan_free(plan);
    jet_tape_free(r.tape);
  }
}

/* ---- what is recorded ---------------------------------------------------------------------------------------------------- */

static const op *made_by(jet x) { return node_of(x.tape, x.id)->op; }

static void rows_reshapes_and_single_elements_are_no_copies(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  const ptrdiff_t dims[3] = {4, 3, 2}, flat_dims[2] = {-1, 6}, zero[3] = {0}, rows[3] = {2, 3, 2}, from[3] = {2, 1, 1}, to[3] = {3, 2, 2};
  const int swap[3] = {0, 2, 1};
  jet x = jet_input(tape, 3, dims);
  assert_ptr_equal(made_by(jet_slice(x, zero, rows, NULL)), &op_view);
  assert_ptr_equal(made_by(jet_slice(x, from, to, NULL)), &op_view);
  assert_ptr_equal(made_by(jet_reshape(x, 2, flat_dims)), &op_reshape);
  assert_ptr_equal(made_by(jet_permute(x, swap)), &op_read);
  jet y = jet_neg(x);
  assert_int_equal(jet_slice(y, zero, dims, NULL).id, y.id);
  assert_int_equal(jet_reshape(y, 3, dims).id, y.id);
  assert_int_equal(jet_concat(1, &y, 0).id, y.id);
  assert_ptr_equal(made_by(jet_slice(x, zero, dims, NULL)), &op_reshape); /* not an input itself */
  const ptrdiff_t one_row[2] = {1, 5};
  assert_ptr_equal(made_by(jet_transpose(jet_input(tape, 2, one_row))), &op_reshape);
  assert_int_equal(jet_tape_status(tape), JET_OK);
  jet_tape_free(tape);
}

static int count_ops(const jet_tape *tape, int from, const op *o) {
  int n = 0;
  for (int i = from; i < tape->nnodes; i++) n += tape->nodes[i].op == o;
  return n;
}

/* Adjoints of the parts of an array are put together once, whatever their number. */
static void many_slices_of_one_array(void **state) {
  (void)state;
  enum { N = 100000 };
  jet_tape *tape = jet_tape_new();
  const ptrdiff_t n = N, none = 0;
  jet x = jet_input(tape, 1, &n), *s = (jet *)malloc(N * sizeof *s), *r = (jet *)malloc(N * sizeof *r);
  for (ptrdiff_t i = 0; i < N; i++) {
    ptrdiff_t stop = i + 1;
    r[N - 1 - i] = jet_reshape(jet_slice(x, &i, &stop, NULL), 0, &none);
  }
  for (int i = 0; i < N; i++) s[i] = jet_scale(r[i], i % 7);
  jet loss = jet_sum(jet_stack(N, s, 0)), grad;
  int forward = tape->nnodes;
  assert_int_equal(jet_grad(loss, 1, &x, &grad), JET_OK);
  assert_int_equal(count_ops(tape, forward, &op_deposit), 1);
  assert_true(tape->nnodes - forward < 4 * N + 10);
  jet_plan *plan = jet_plan_new(tape, 1, &grad);
  run(plan);
  for (int i = 0; i < N; i++) assert_true(jet_plan_data(plan, grad, 0)[N - 1 - i] == i % 7);
  jet_plan_free(plan);
  jet_tape_free(tape);
  free(s);
  free(r);
}

/* What is read through a view, a transposition or a deposit has a gradient of its own. */
static void gradients_with_respect_to_what_was_read(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  const ptrdiff_t dims[2] = {2, 3}, start[2] = {1, 0}, stop[2] = {2, 2};
  jet x = jet_input(tape, 2, dims), xt = jet_transpose(x), y = jet_slice(xt, start, stop, NULL);
  jet z = jet_flip(jet_transpose(y), 0);
  jet wrt[3] = {x, xt, y}, grad[3], loss = jet_add(jet_sum(z), jet_sum(jet_square(xt)));
  assert_int_equal(jet_grad(loss, 3, wrt, grad), JET_OK);
  jet_plan *plan = jet_plan_new(tape, 3, grad);
  for (int i = 0; i < 6; i++) jet_plan_data(plan, x, 0)[i] = i; /* [0 1 2; 3 4 5] */
  run(plan);
  const double of_y[2] = {1, 1}, of_xt[6] = {0, 6, 2 + 1, 8 + 1, 4, 10}, of_x[6] = {0, 2 + 1, 4, 6, 8 + 1, 10}; /* y is row 1 of xt */
  for (int i = 0; i < 2; i++) assert_true(jet_plan_data(plan, grad[2], 0)[i] == of_y[i]);
  for (int i = 0; i < 6; i++) assert_true(jet_plan_data(plan, grad[1], 0)[i] == of_xt[i]);
  for (int i = 0; i < 6; i++) assert_true(jet_plan_data(plan, grad[0], 0)[i] == of_x[i]);
  jet_plan_free(plan);
  jet_tape_free(tape);
}

/* ---- what is refused ------------------------------------------------------------------------------------------------------ */

typedef struct refusal {
  jet (*record)(jet x); /* x: [3,4] */
  jet_status status;
  const char *sentence;
} refusal;

#define DIMS(...) ((const ptrdiff_t[]){__VA_ARGS__})
#define AXES(...) ((const int[]){__VA_ARGS__})
#define REFUSALS(X)                                                                                                 \
  X(reshape_size, jet_reshape(x, 2, DIMS(5, 2)), BAD_SHAPE, "reshape: [3,4] has 12 elements, [5,2] has 10")         \
  X(reshape_open, jet_reshape(x, 2, DIMS(5, -1)), BAD_SHAPE,                                                        \
    "reshape: no extent in place of -1 gives [5,-1] the 12 elements of [3,4]")                                      \
  X(reshape_none, jet_reshape(x, 2, DIMS(0, -1)), BAD_SHAPE,                                                        \
    "reshape: no extent in place of -1 gives [0,-1] the 12 elements of [3,4]")                                      \
  X(reshape_two, jet_reshape(x, 2, DIMS(-1, -1)), BAD_ARGUMENT, "reshape: extents 0 and 1 are -1; only one may be") \
  X(reshape_negative, jet_reshape(x, 2, DIMS(-2, -6)), BAD_SHAPE, "reshape: extent 0 is negative (-2)")             \
  X(reshape_rank, jet_reshape(x, 9, DIMS(1)), BAD_SHAPE, "reshape: a rank of 9 is outside 0..8")                    \
  X(reshape_null, jet_reshape(x, 2, NULL), BAD_ARGUMENT, "reshape: dims is NULL for rank 2")                        \
  X(permute_twice, jet_permute(x, AXES(1, 1)), BAD_ARGUMENT, "permute: axis 1 is there twice")                      \
  X(permute_null, jet_permute(x, NULL), BAD_ARGUMENT, "permute: axes is NULL for rank 2")                           \
  X(transpose_rank, jet_transpose(jet_reshape(x, 1, DIMS(12))), BAD_SHAPE, "transpose: [12] has no two axes")       \
  X(broadcast, jet_broadcast_to(x, 2, DIMS(3, 5)), BAD_SHAPE, "broadcast_to: [3,4] does not broadcast to [3,5]")    \
  X(broadcast_rank, jet_broadcast_to(x, 1, DIMS(4)), BAD_SHAPE, "broadcast_to: [3,4] does not broadcast to [4]")    \
  X(slice_start, jet_slice(x, DIMS(0, 5), DIMS(3, 4), NULL), BAD_INDEX, "slice: start 5 is outside 0..4 of axis 1") \
  X(slice_stop, jet_slice(x, DIMS(0, 0), DIMS(4, 4), NULL), BAD_INDEX, "slice: stop 4 is outside 0..3 of axis 0")   \
  X(slice_below, jet_slice(x, DIMS(0, 0), DIMS(3, -1), NULL), BAD_INDEX, "slice: stop -1 is outside 0..4 of axis 1") \
  X(slice_back, jet_slice(x, DIMS(0, 3), DIMS(3, -2), DIMS(1, -1)), BAD_INDEX,                                      \
    "slice: stop -2 is outside -1..4 of axis 1")                                                                    \
  X(slice_step, jet_slice(x, DIMS(0, 0), DIMS(3, 4), DIMS(1, 0)), BAD_ARGUMENT, "slice: the step of axis 1 is 0")   \
  X(slice_null, jet_slice(x, DIMS(0, 0), NULL, NULL), BAD_ARGUMENT, "slice: stop is NULL for rank 2")               \
  X(concat_shapes, jet_concat(2, ((const jet[]){x, jet_slice(x, DIMS(0, 0), DIMS(3, 2), NULL)}), 0), BAD_SHAPE,     \
    "concat: operand 1 is [3,2], operand 0 is [3,4]; only axis 0 may differ")                                       \
  X(stack_shapes, jet_stack(2, ((const jet[]){x, jet_sum(x)}), 0), BAD_SHAPE,                                       \
    "stack: operand 1 is [], operand 0 is [3,4]")                                                                   \
  X(stack_axis, jet_stack(1, &x, 3), BAD_SHAPE, "stack: axis 3 is outside -3..2")                                \
  X(pad_negative, jet_pad(x, DIMS(0, -1), DIMS(0, 0), 0), BAD_ARGUMENT,                                             \
    "pad: -1 before and 0 after axis 1: none may be negative")                                                      \
  X(pad_huge, jet_pad(x, DIMS(0, PTRDIFF_MAX), DIMS(0, 0), 0), TOO_LARGE, "pad: the extent of axis 1 overflows")    \
  X(pad_null, jet_pad(x, DIMS(0, 0), NULL, 0), BAD_ARGUMENT, "pad: after is NULL for rank 2")                       \
  X(gather_index, jet_gather(x, 1, 1, DIMS(3), DIMS(0, 4, 1)), BAD_INDEX,                                           \
    "gather: index 4 at position 1 is outside 0..3 of axis 1")                                                      \
  X(gather_null, jet_gather(x, 1, 1, DIMS(3), NULL), BAD_ARGUMENT, "gather: index is NULL for 3 indices")           \
  X(gather_rank, jet_gather(x, 1, 8, DIMS(1, 1, 1, 1, 1, 1, 1, 1), DIMS(0)), BAD_SHAPE,                             \
    "gather: a rank of 9 is outside 0..8")                                                                          \
  X(scatter_index, jet_scatter_add(x, 0, 1, DIMS(3), DIMS(0, 1, -2), 5), BAD_INDEX,                                 \
    "scatter_add: index -2 at position 2 is outside 0..4 of axis 0")                                                \
  X(scatter_dims, jet_scatter_add(x, 0, 1, DIMS(2), DIMS(0, 1), 5), BAD_SHAPE,                                      \
    "scatter_add: [3,4] does not have the extents [2] at axis 0")                                                   \
  X(scatter_axis, jet_scatter_add(x, 2, 1, DIMS(4), DIMS(0), 5), BAD_SHAPE,                                      \
    "scatter_add: axis 2 is outside -2..1")                                                                         \
  X(scatter_extent, jet_scatter_add(x, 1, 1, DIMS(4), DIMS(0, 0, 0, 0), -1), BAD_SHAPE,                             \
    "scatter_add: extent 1 is negative (-1)")                                                                       \
  X(diag_rank, jet_diag(jet_sum(x)), BAD_SHAPE, "diag: [] is not a vector or a matrix")                             \
  X(trace_rank, jet_trace(jet_diag(x)), BAD_SHAPE, "trace: [3] is not a matrix")                                    \
  X(tril_rank, jet_tril(jet_diag(x), 0), BAD_SHAPE, "tril: [3] is not a matrix or an array of matrices")

#define X(name, expression, status, sentence) static jet refused_##name(jet x) { return expression; }
REFUSALS(X)
#undef X

static const refusal refusals[] = {
#define X(name, expression, status, sentence) {refused_##name, JET_##status, sentence},
    REFUSALS(X)
#undef X
};

static void refusals_say_why(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    jet_tape *tape = jet_tape_new();
    jet y = refusals[i].record(jet_input(tape, 2, DIMS(3, 4)));
    if (strcmp(jet_tape_message(tape), refusals[i].sentence))
      fail_msg("\"%s\" and not \"%s\"", jet_tape_message(tape), refusals[i].sentence);
    assert_int_equal(jet_tape_status(tape), refusals[i].status);
    assert_true(y.id < 0);
    jet_tape_free(tape);
  }
}

#define BEGINS(tape, begin)                                                                                         \
  if (strncmp(jet_tape_message(tape), begin, strlen(begin))) fail_msg("\"%s\"", jet_tape_message(tape))

static void axes_out_of_range_have_the_name_that_was_called(void **state) {
  (void)state;
  const char *const begin[] = {"permute: ", "flip: ", "roll: ", "concat: ", "gather: "};
  for (int i = 0; i < 5; i++) {
    jet_tape *tape = jet_tape_new();
    jet x = jet_input(tape, 2, DIMS(3, 4));
    if (i == 0) jet_permute(x, AXES(0, 2));
    if (i == 1) jet_flip(x, -3);
    if (i == 2) jet_roll(x, 1, 2);
    if (i == 3) jet_concat(1, &x, 2);
    if (i == 4) jet_gather(x, 2, 0, NULL, DIMS(0));
    assert_true(jet_tape_status(tape) != JET_OK);
    BEGINS(tape, begin[i]);
    jet_tape_free(tape);
  }
}

static void parts_with_different_parameters_are_refused(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    jet_tape *tape = jet_tape_new();
    jet x[2];
    for (int j = 0; j < 2; j++) x[j] = jet_input_series(jet_parameter(tape, 2), 1, DIMS(3));
    if (i) jet_stack(2, x, 0);
    else jet_concat(2, x, 0);
    assert_int_equal(jet_tape_status(tape), JET_BAD_PARAMETER);
    BEGINS(tape, i ? "stack: " : "concat: ");
    jet_tape_free(tape);
  }
}

static void nothing_happens_after_a_failure(void **state) {
  (void)state;
  jet none = {NULL, -1};
  jet_tape *tape = jet_tape_new();
  jet x = jet_input(tape, 2, DIMS(3, 4)), bad = jet_reshape(x, 1, DIMS(5));
  char first[256];
  strcpy(first, jet_tape_message(tape));
  for (int i = 0; i < 3; i++) {
    jet y = i == 0 ? bad : i == 1 ? x : none, both[2] = {y, y};
    assert_true(jet_reshape(y, 1, DIMS(12)).id < 0 && jet_transpose(y).id < 0 && jet_permute(y, NULL).id < 0);
    assert_true(jet_slice(y, NULL, NULL, NULL).id < 0 && jet_flip(y, 0).id < 0 && jet_roll(y, 1, 0).id < 0);
    assert_true(jet_concat(2, both, 0).id < 0 && jet_stack(2, both, 0).id < 0 && jet_pad(y, NULL, NULL, 0).id < 0);
    assert_true(jet_gather(y, 0, 1, DIMS(1), DIMS(0)).id < 0 && jet_scatter_add(y, 0, 1, DIMS(1), DIMS(0), 2).id < 0);
    assert_true(jet_diag(y).id < 0 && jet_tril(y, 0).id < 0 && jet_triu(y, 0).id < 0 && jet_trace(y).id < 0);
    assert_true(jet_broadcast_to(y, 1, DIMS(1)).id < 0);
  }
  assert_true(jet_concat(0, NULL, 0).id < 0 && jet_stack(-1, &x, 0).id < 0);
  assert_string_equal(jet_tape_message(tape), first);
  jet_tape_free(tape);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gather_takes_elements_by_index),
      cmocka_unit_test(scatter_add_adds_elements_up),
      cmocka_unit_test(there_and_back_is_the_same),
      cmocka_unit_test(scatter_of_gather_counts),
      cmocka_unit_test(pad_has_its_value_around),
      cmocka_unit_test(rows_reshapes_and_single_elements_are_no_copies),
      cmocka_unit_test(many_slices_of_one_array),
      cmocka_unit_test(gradients_with_respect_to_what_was_read),
      cmocka_unit_test(refusals_say_why),
      cmocka_unit_test(axes_out_of_range_have_the_name_that_was_called),
      cmocka_unit_test(parts_with_different_parameters_are_refused),
      cmocka_unit_test(nothing_happens_after_a_failure),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
