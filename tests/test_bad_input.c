/* test_bad_input.c - bad input of reverse mode, of operations on whole arrays and of jet_fn: a status, one sentence
   that begins with what was called, failed jets as results, and nothing that has to be freed by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "op_list.h"

#define DIMS(...) ((const ptrdiff_t[]){__VA_ARGS__})
#define AXES(...) ((const int[]){__VA_ARGS__})

static jet array(jet_tape *tape, int rank, const ptrdiff_t *dims) { return jet_input(tape, rank, dims); }
static jet vector(jet_tape *tape, ptrdiff_t n) { return jet_input(tape, 1, &n); }
static jet matrix(jet_tape *tape, ptrdiff_t m, ptrdiff_t n) { return jet_input(tape, 2, DIMS(m, n)); }
static jet deep(jet_tape *tape) { return jet_input(tape, JET_MAX_RANK, DIMS(1, 1, 1, 1, 1, 1, 1, 1)); }
static const jet no_jet = {NULL, -1};

enum { WORDS = 3, ANY = -1 };

typedef struct bad {
  const char *name; /* that the sentence begins with */
  jet (*record)(jet_tape *);
  int want; /* ANY: but not JET_OK */
  const char *words[WORDS];
} bad;

static bool is_sentence(const char *message) {
  size_t n = strlen(message);
  return n > 12 && !strchr(message, '\n') && message[n - 1] != '.' && message[n - 1] != ' ';
}

/* After a failure nothing is recorded, gradients neither; a plan says the same. */
static bool is_sticky(jet_tape *tape, jet good) {
  char message[300];
  strcpy(message, jet_tape_message(tape));
  jet_status status = jet_tape_status(tape);
  jet x[OPERANDS] = {good, good, good}, g = good;
  bool sticks = true;
  for (int i = 0; i < op_count; i++) {
    const op_variant *v = &op_list[i].variants[0];
    sticks &= jet_order((v->record ? v->record : op_list[i].record)(x)) == -1;
  }
  sticks &= jet_grad(good, 1, &good, &g) == status && jet_order(g) == -1;
  g = good;
  sticks &= jet_vjp(1, &good, &good, 1, &good, &g) == status && jet_order(g) == -1;
  jet_plan *plan = jet_plan_new(tape, 1, &good);
  sticks &= jet_plan_run(plan) == status;
  jet_plan_free(plan);
  return sticks && jet_tape_status(tape) == status && !strcmp(jet_tape_message(tape), message);
}

static bool is_reported(const bad *b) {
  jet_tape *tape = jet_tape_new();
  jet good = jet_input(tape, 0, NULL), y = b->record(tape);
  jet_status status = jet_tape_status(tape);
  const char *message = jet_tape_message(tape);
  size_t n = strlen(b->name);
  bool right = status && (b->want == ANY || (int)status == b->want) && jet_order(y) == -1 && is_sentence(message) &&
               !strncmp(message, b->name, n) && message[n] == ':';
  for (int i = 0; i < WORDS && b->words[i]; i++) right = right && strstr(message, b->words[i]);
  if (!right) print_error("%s: \"%s\", %s\n", b->name, message, jet_status_string(status));
  if (status && !is_sticky(tape, good)) print_error("%s: the failure does not stick\n", b->name), right = false;
  jet_tape_free(tape);
  return right;
}

static void check_all(const bad *list, size_t n) {
  int wrong = 0;
  for (size_t i = 0; i < n; i++)
    if (!is_reported(&list[i])) print_error("  (entry %zu)\n", i), wrong++;
  if (wrong) fail_msg("%d of %zu bad inputs are not reported as they should be", wrong, n);
}
#define CHECK_ALL(list) check_all(list, sizeof(list) / sizeof *(list))

#define BAD(f, expression)                                                                                             \
  static jet f(jet_tape *t) { return expression; }

/* ---- operations on whole arrays ---------------------------------------------------------------------------------- */

BAD(sum_axis, jet_sum_over(matrix(t, 2, 3), 1, AXES(2), 0))
BAD(sum_axis_below, jet_mean_over(matrix(t, 2, 3), 1, AXES(-3), 0))
BAD(sum_twice, jet_amax_over(matrix(t, 2, 3), 2, AXES(1, -1), 0))
BAD(sum_count, jet_var_over(matrix(t, 2, 3), -1, AXES(0), 0))
BAD(sum_null, jet_prod_over(matrix(t, 2, 3), 1, NULL, 0))
BAD(norm_axis, jet_norm_over(vector(t, 3), 1, AXES(1), 1))
BAD(lse_axis, jet_logsumexp_over(jet_scalar(t, 1), 1, AXES(0), 1))
BAD(cumsum_axis, jet_cumsum(matrix(t, 2, 3), 2))
BAD(cumprod_scalar, jet_cumprod(jet_scalar(t, 1), 0))
BAD(sort_axis, jet_sort(vector(t, 3), -2))
BAD(argsort_axis, jet_argsort(vector(t, 3), 1))
BAD(softmax_axis, jet_softmax(vector(t, 3), 1))
BAD(log_softmax_axis, jet_log_softmax(vector(t, 3), 1))

static const bad along_axes[] = {
    {"sum", sum_axis, ANY, {"2"}},
    {"mean", sum_axis_below, ANY, {"-3"}},
    {"amax", sum_twice, ANY, {"1"}},
    {"var", sum_count, ANY, {"-1"}},
    {"prod", sum_null, JET_BAD_ARGUMENT, {"NULL"}},
    {"norm", norm_axis, ANY, {"1"}},
    {"logsumexp", lse_axis, ANY, {"0"}},
    {"cumsum", cumsum_axis, ANY, {"2"}},
    {"cumprod", cumprod_scalar, ANY, {"0"}},
    {"sort", sort_axis, ANY, {"-2"}},
    {"argsort", argsort_axis, ANY, {"1"}},
    {"softmax", softmax_axis, ANY, {"1"}},
    {"log_softmax", log_softmax_axis, ANY, {"1"}},
};

static void axes(void **state) {
  (void)state;
  CHECK_ALL(along_axes);
}

BAD(reshape_size, jet_reshape(matrix(t, 2, 3), 1, DIMS(5)))
BAD(reshape_open, jet_reshape(matrix(t, 2, 3), 2, DIMS(-1, -1)))
BAD(reshape_rest, jet_reshape(matrix(t, 2, 3), 2, DIMS(4, -1)))
BAD(reshape_negative, jet_reshape(matrix(t, 2, 3), 2, DIMS(-2, -3)))
BAD(reshape_null, jet_reshape(matrix(t, 2, 3), 2, NULL))
BAD(reshape_rank, jet_reshape(matrix(t, 2, 3), 9, DIMS(2, 3, 1, 1, 1, 1, 1, 1, 1)))
BAD(reshape_unknown, jet_reshape(matrix(t, 0, 3), 2, DIMS(0, -1)))
BAD(permute_twice, jet_permute(matrix(t, 2, 3), AXES(0, 0)))
BAD(permute_axis, jet_permute(matrix(t, 2, 3), AXES(0, 2)))
BAD(permute_null, jet_permute(matrix(t, 2, 3), NULL))
BAD(transpose_vector, jet_transpose(vector(t, 3)))
BAD(broadcast_less, jet_broadcast_to(matrix(t, 2, 3), 1, DIMS(3)))
BAD(broadcast_other, jet_broadcast_to(vector(t, 3), 2, DIMS(2, 4)))
BAD(broadcast_null, jet_broadcast_to(vector(t, 3), 1, NULL))
BAD(slice_start, jet_slice(matrix(t, 2, 3), DIMS(0, 5), DIMS(2, 3), NULL))
BAD(slice_negative, jet_slice(matrix(t, 2, 3), DIMS(-1, 0), DIMS(2, 3), NULL))
BAD(slice_stop, jet_slice(matrix(t, 2, 3), DIMS(0, 0), DIMS(2, 4), NULL))
BAD(slice_step, jet_slice(matrix(t, 2, 3), DIMS(0, 0), DIMS(2, 3), DIMS(1, 0)))
BAD(slice_null, jet_slice(matrix(t, 2, 3), NULL, DIMS(2, 3), NULL))
BAD(concat_shapes, jet_concat(2, ((jet[]){matrix(t, 2, 3), matrix(t, 3, 3)}), 1))
BAD(concat_ranks, jet_concat(2, ((jet[]){matrix(t, 2, 3), vector(t, 3)}), 0))
BAD(concat_axis, jet_concat(2, ((jet[]){vector(t, 3), vector(t, 3)}), 1))
BAD(concat_scalars, jet_concat(2, ((jet[]){jet_scalar(t, 1), jet_scalar(t, 2)}), 0))
BAD(stack_shapes, jet_stack(2, ((jet[]){vector(t, 3), vector(t, 4)}), 0))
BAD(stack_axis, jet_stack(2, ((jet[]){vector(t, 3), vector(t, 3)}), 2))
BAD(stack_rank, jet_stack(2, ((jet[]){deep(t), deep(t)}), 0))
BAD(pad_negative, jet_pad(vector(t, 3), DIMS(-1), DIMS(0), 0))
BAD(pad_overflow, jet_pad(vector(t, 3), DIMS(PTRDIFF_MAX), DIMS(1), 0))
BAD(pad_null, jet_pad(vector(t, 3), NULL, DIMS(0), 0))
BAD(flip_axis, jet_flip(vector(t, 3), 1))
BAD(roll_axis, jet_roll(jet_scalar(t, 3), 1, 0))

static const bad of_shapes[] = {
    {"reshape", reshape_size, JET_BAD_SHAPE, {"[2,3]", "5"}},
    {"reshape", reshape_open, ANY, {"-1"}},
    {"reshape", reshape_rest, JET_BAD_SHAPE, {"[2,3]", "4"}},
    {"reshape", reshape_negative, ANY, {"-2"}},
    {"reshape", reshape_null, JET_BAD_ARGUMENT, {"NULL"}},
    {"reshape", reshape_rank, ANY, {"9"}},
    {"reshape", reshape_unknown, ANY, {"-1"}},
    {"permute", permute_twice, ANY, {"0"}},
    {"permute", permute_axis, ANY, {"2"}},
    {"permute", permute_null, JET_BAD_ARGUMENT, {"NULL"}},
    {"transpose", transpose_vector, JET_BAD_SHAPE, {"[3]"}},
    {"broadcast_to", broadcast_less, JET_BAD_SHAPE, {"[2,3]", "[3]"}},
    {"broadcast_to", broadcast_other, JET_BAD_SHAPE, {"[3]", "[2,4]"}},
    {"broadcast_to", broadcast_null, JET_BAD_ARGUMENT, {"NULL"}},
    {"slice", slice_start, JET_BAD_INDEX, {"start 5", "axis 1"}},
    {"slice", slice_negative, JET_BAD_INDEX, {"start -1", "axis 0"}},
    {"slice", slice_stop, JET_BAD_INDEX, {"stop 4", "axis 1"}},
    {"slice", slice_step, ANY, {"step", "axis 1"}},
    {"slice", slice_null, JET_BAD_ARGUMENT, {"NULL"}},
    {"concat", concat_shapes, JET_BAD_SHAPE, {"[2,3]", "[3,3]"}},
    {"concat", concat_ranks, JET_BAD_SHAPE, {"[2,3]", "[3]"}},
    {"concat", concat_axis, ANY, {"1"}},
    {"concat", concat_scalars, ANY, {"0"}},
    {"stack", stack_shapes, JET_BAD_SHAPE, {"[3]", "[4]"}},
    {"stack", stack_axis, ANY, {"2"}},
    {"stack", stack_rank, ANY, {"9"}},
    {"pad", pad_negative, ANY, {"-1"}},
    {"pad", pad_overflow, JET_TOO_LARGE, {NULL}},
    {"pad", pad_null, JET_BAD_ARGUMENT, {"NULL"}},
    {"flip", flip_axis, ANY, {"1"}},
    {"roll", roll_axis, ANY, {"0"}},
};

static void shapes(void **state) {
  (void)state;
  CHECK_ALL(of_shapes);
}

BAD(gather_index, jet_gather(matrix(t, 2, 3), 1, 1, DIMS(4), DIMS(0, 2, 3, 1)))
BAD(gather_negative, jet_gather(matrix(t, 2, 3), 0, 1, DIMS(2), DIMS(0, -1)))
BAD(gather_empty, jet_gather(vector(t, 0), 0, 1, DIMS(1), DIMS(0)))
BAD(gather_axis, jet_gather(vector(t, 3), 1, 1, DIMS(1), DIMS(0)))
BAD(gather_rank, jet_gather(deep(t), 0, 2, DIMS(1, 1), DIMS(0)))
BAD(gather_extent, jet_gather(vector(t, 3), 0, 1, DIMS(-1), DIMS(0)))
BAD(gather_null, jet_gather(vector(t, 3), 0, 1, DIMS(1), NULL))
BAD(gather_null_dims, jet_gather(vector(t, 3), 0, 1, NULL, DIMS(0)))
BAD(scatter_index, jet_scatter_add(vector(t, 3), 0, 1, DIMS(3), DIMS(0, 4, 1), 4))
BAD(scatter_extents, jet_scatter_add(vector(t, 3), 0, 1, DIMS(2), DIMS(0, 1), 4))
BAD(scatter_axis, jet_scatter_add(vector(t, 3), 1, 1, DIMS(3), DIMS(0, 1, 2), 4))
BAD(scatter_negative, jet_scatter_add(vector(t, 0), 0, 1, DIMS(0), NULL, -1))
BAD(take_rank, jet_take_along(matrix(t, 2, 3), vector(t, 3), 0))
BAD(take_shape, jet_take_along(matrix(t, 2, 3), matrix(t, 3, 3), 1))
BAD(take_axis, jet_take_along(vector(t, 3), vector(t, 3), 1))

static const bad of_indices[] = {
    {"gather", gather_index, JET_BAD_INDEX, {"index 3", "position 2", "0..2"}},
    {"gather", gather_negative, JET_BAD_INDEX, {"index -1", "position 1", "0..1"}},
    {"gather", gather_empty, JET_BAD_INDEX, {"index 0", "position 0"}},
    {"gather", gather_axis, ANY, {"1"}},
    {"gather", gather_rank, ANY, {"9"}},
    {"gather", gather_extent, ANY, {"-1"}},
    {"gather", gather_null, JET_BAD_ARGUMENT, {"NULL"}},
    {"gather", gather_null_dims, JET_BAD_ARGUMENT, {"NULL"}},
    {"scatter_add", scatter_index, JET_BAD_INDEX, {"index 4", "position 1", "0..3"}},
    {"scatter_add", scatter_extents, JET_BAD_SHAPE, {"[3]", "[2]"}},
    {"scatter_add", scatter_axis, ANY, {"1"}},
    {"scatter_add", scatter_negative, ANY, {"-1"}},
    {"take_along", take_rank, JET_BAD_SHAPE, {"[2,3]", "[3]"}},
    {"take_along", take_shape, JET_BAD_SHAPE, {"[2,3]", "[3,3]"}},
    {"take_along", take_axis, ANY, {"1"}},
};

static void indices(void **state) {
  (void)state;
  CHECK_ALL(of_indices);
}

BAD(diag_rank, jet_diag(array(t, 3, DIMS(2, 2, 2))))
BAD(diag_scalar, jet_diag(jet_scalar(t, 1)))
BAD(tril_rank, jet_tril(vector(t, 3), 0))
BAD(triu_rank, jet_triu(jet_scalar(t, 3), 0))
BAD(trace_rank, jet_trace(vector(t, 3)))
BAD(dot_lengths, jet_dot(vector(t, 3), vector(t, 4)))
BAD(dot_ranks, jet_dot(matrix(t, 3, 1), vector(t, 3)))
BAD(outer_ranks, jet_outer(matrix(t, 3, 1), vector(t, 3)))
BAD(matmul_inner, jet_matmul(matrix(t, 2, 3), matrix(t, 2, 3)))
BAD(matmul_vector, jet_matmul(matrix(t, 2, 3), vector(t, 3)))
BAD(matmul_batches, jet_matmul(array(t, 3, DIMS(2, 2, 3)), array(t, 3, DIMS(3, 3, 2))))
BAD(matvec_inner, jet_matvec(matrix(t, 2, 3), vector(t, 2)))
BAD(matvec_ranks, jet_matvec(matrix(t, 2, 3), matrix(t, 3, 1)))
BAD(entropy_rank, jet_cross_entropy(vector(t, 3), DIMS(0)))
BAD(entropy_label, jet_cross_entropy(matrix(t, 3, 2), DIMS(0, 1, 2)))
BAD(entropy_negative, jet_cross_entropy(matrix(t, 3, 2), DIMS(0, -1, 1)))
BAD(entropy_null, jet_cross_entropy(matrix(t, 3, 2), NULL))
BAD(entropy_at_rank, jet_cross_entropy_at(matrix(t, 3, 2), matrix(t, 3, 1)))
BAD(entropy_at_rows, jet_cross_entropy_at(matrix(t, 3, 2), vector(t, 2)))
BAD(where_shapes, jet_where(vector(t, 3), vector(t, 4), jet_scalar(t, 0)))
BAD(less_shapes, jet_less(vector(t, 3), vector(t, 4)))

static const bad of_matrices[] = {
    {"diag", diag_rank, JET_BAD_SHAPE, {"[2,2,2]"}},
    {"diag", diag_scalar, JET_BAD_SHAPE, {"[]"}},
    {"tril", tril_rank, JET_BAD_SHAPE, {"[3]"}},
    {"triu", triu_rank, JET_BAD_SHAPE, {"[]"}},
    {"trace", trace_rank, JET_BAD_SHAPE, {"[3]"}},
    {"dot", dot_lengths, JET_BAD_SHAPE, {"3", "4"}},
    {"dot", dot_ranks, JET_BAD_SHAPE, {"[3,1]"}},
    {"outer", outer_ranks, JET_BAD_SHAPE, {"[3,1]"}},
    {"matmul", matmul_inner, JET_BAD_SHAPE, {"[2,3]"}},
    {"matmul", matmul_vector, JET_BAD_SHAPE, {"[2,3]", "[3]"}},
    {"matmul", matmul_batches, JET_BAD_SHAPE, {"[2,2,3]", "[3,3,2]"}},
    {"matvec", matvec_inner, JET_BAD_SHAPE, {"[2,3]", "[2]"}},
    {"matvec", matvec_ranks, JET_BAD_SHAPE, {"[2,3]", "[3,1]"}},
    {"cross_entropy", entropy_rank, JET_BAD_SHAPE, {"[3]"}},
    {"cross_entropy", entropy_label, JET_BAD_INDEX, {"label 2", "position 2", "0..1"}},
    {"cross_entropy", entropy_negative, JET_BAD_INDEX, {"label -1", "position 1", "0..1"}},
    {"cross_entropy", entropy_null, JET_BAD_ARGUMENT, {"NULL"}},
    {"cross_entropy_at", entropy_at_rank, JET_BAD_SHAPE, {"[3,1]"}},
    {"cross_entropy_at", entropy_at_rows, JET_BAD_SHAPE, {"[2]"}},
    {"where", where_shapes, JET_BAD_SHAPE, {"[3]", "[4]"}},
    {"less", less_shapes, JET_BAD_SHAPE, {"[3]", "[4]"}},
};

static void matrices_and_losses(void **state) {
  (void)state;
  CHECK_ALL(of_matrices);
}

/* ---- operands: none, of another tape, failed --------------------------------------------------------------------- */

BAD(concat_none, jet_concat(0, ((jet[]){vector(t, 3)}), 0))
BAD(concat_negative, jet_concat(-2, ((jet[]){vector(t, 3)}), 0))
BAD(stack_none, jet_stack(0, ((jet[]){vector(t, 3)}), 0))
BAD(concat_no_jet, jet_concat(2, ((jet[]){vector(t, 3), no_jet}), 0))
BAD(where_no_jet, jet_where(vector(t, 3), vector(t, 3), no_jet))
BAD(made_up, jet_sum((jet){t, 1000}))
BAD(made_up_axis, jet_sort((jet){t, -7}, 0))
BAD(made_up_matrix, jet_matmul(matrix(t, 2, 2), (jet){t, 1000}))

static const bad no_operands[] = {
    {"concat", concat_no_jet, JET_BAD_ARGUMENT, {NULL}},    {"where", where_no_jet, JET_BAD_ARGUMENT, {NULL}},
    {"sum", made_up, JET_BAD_ARGUMENT, {"1000"}},           {"sort", made_up_axis, JET_BAD_ARGUMENT, {"-7"}},
    {"matmul", made_up_matrix, JET_BAD_ARGUMENT, {"1000"}},
};

static void operands(void **state) {
  (void)state;
  CHECK_ALL(no_operands);
  /* Of no jets there is no tape that could fail: no crash, and a failed jet. Where the tape can be found, its
     failure. */
  assert_int_equal(jet_order(jet_concat(0, NULL, 0)), -1);
  assert_int_equal(jet_order(jet_concat(2, NULL, 0)), -1);
  assert_int_equal(jet_order(jet_stack(-1, NULL, 0)), -1);
  jet (*counts[])(jet_tape *) = {concat_none, concat_negative, stack_none};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    jet_tape *tape = jet_tape_new();
    assert_int_equal(jet_order(counts[i](tape)), -1);
    jet_tape_free(tape);
  }
}

/* Every operation with each of its operands foreign, and with NULL jets. */
static void foreign_operands(void **state) {
  (void)state;
  int wrong = 0;
  for (int i = 0; i < op_count; i++) {
    const op_variant *v = &op_list[i].variants[0];
    for (int bad_one = 0; bad_one < v->arity; bad_one++)
      for (int null = 0; null < 2; null++) {
        jet_tape *tape = jet_tape_new(), *other = jet_tape_new();
        jet x[OPERANDS];
        for (int k = 0; k < v->arity; k++) x[k] = array(k == bad_one ? other : tape, v->in[k].rank, v->in[k].dims);
        if (null) x[bad_one] = no_jet;
        jet y = (v->record ? v->record : op_list[i].record)(x);
        jet_status status = v->arity == 1 && !null ? JET_OK : null ? JET_BAD_ARGUMENT : JET_FOREIGN;
        jet_status got = jet_tape_status(tape) ? jet_tape_status(tape) : jet_tape_status(other);
        bool failed = v->arity == 1 ? null == (jet_order(y) < 0) : jet_order(y) < 0 && got == status;
        if (!failed)
          print_error("%s with operand %d %s: %s\n", op_list[i].name, bad_one, null ? "NULL" : "foreign",
                      jet_tape_message(tape));
        wrong += !failed;
        jet_tape_free(tape);
        jet_tape_free(other);
      }
  }
  assert_int_equal(wrong, 0);
}

/* ---- directions and parameters ----------------------------------------------------------------------------------- */

static jet along(jet t, jet x, int p) { return jet_expand_many(x, matrix(t.tape, p, jet_size(x)), t); }

static jet other_directions(jet_tape *tape) {
  jet t = jet_parameter(tape, 2), x = vector(tape, 3);
  return jet_mul(along(t, x, 2), along(t, x, 3));
}
static jet concat_directions(jet_tape *tape) {
  jet t = jet_parameter(tape, 2), x = vector(tape, 3), y[] = {along(t, x, 4), along(t, x, 3)};
  return jet_concat(2, y, 0);
}
static jet matmul_directions(jet_tape *tape) {
  jet t = jet_parameter(tape, 2), x = vector(tape, 4);
  return jet_matmul(jet_reshape(along(t, x, 2), 2, DIMS(2, 2)), jet_reshape(along(t, x, 3), 2, DIMS(2, 2)));
}
static jet where_directions(jet_tape *tape) {
  jet t = jet_parameter(tape, 2), x = vector(tape, 4);
  return jet_where(x, along(t, x, 2), along(t, x, 3));
}
BAD(expand_shape, jet_expand_many(vector(t, 3), matrix(t, 2, 4), jet_parameter(t, 2)))
BAD(expand_rank, jet_expand_many(vector(t, 3), vector(t, 3), jet_parameter(t, 2)))
BAD(expand_none, jet_expand_many(vector(t, 3), matrix(t, 0, 3), jet_parameter(t, 2)))
BAD(expand_no_parameter, jet_expand_many(vector(t, 3), matrix(t, 2, 3), jet_scalar(t, 1)))
BAD(expand_twice, along(jet_parameter(t, 1), along(jet_parameter(t, 1), vector(t, 3), 2), 2))
BAD(expand_deep, jet_expand_many(deep(t), deep(t), jet_parameter(t, 1)))

static const bad of_directions[] = {
    {"mul", other_directions, ANY, {"2 directions", "3"}},
    {"concat", concat_directions, ANY, {"4 directions", "3"}},
    {"matmul", matmul_directions, ANY, {"2 directions", "3"}},
    {"where", where_directions, ANY, {"2 directions", "3"}},
    {"expand_many", expand_shape, JET_BAD_SHAPE, {"[3]", "[2,4]"}},
    {"expand_many", expand_rank, JET_BAD_SHAPE, {"[3]"}},
    {"expand_many", expand_none, ANY, {"0"}},
    {"expand_many", expand_no_parameter, JET_BAD_PARAMETER, {NULL}},
    {"expand_many", expand_twice, JET_BAD_PARAMETER, {NULL}},
    {"expand_many", expand_deep, JET_BAD_SHAPE, {NULL}},
};

static void directions(void **state) {
  (void)state;
  CHECK_ALL(of_directions);
}

/* ---- gradients --------------------------------------------------------------------------------------------------- */

static jet grad_of(jet loss, int n, const jet *wrt) {
  jet g[4] = {loss, loss, loss, loss};
  jet_grad(loss, n, wrt, g);
  return g[0];
}

static jet grad_vector(jet_tape *tape) {
  jet x = vector(tape, 3);
  return grad_of(jet_exp(x), 1, &x);
}
static jet grad_empty(jet_tape *tape) {
  jet x = vector(tape, 0);
  return grad_of(x, 1, &x);
}
static jet grad_negative(jet_tape *tape) {
  jet x = vector(tape, 3), loss = jet_sum(x);
  jet_grad(loss, -1, &x, &x);
  return (jet){tape, -1};
}
static jet grad_null(jet_tape *tape) { return grad_of(jet_sum(vector(tape, 3)), 1, NULL); }
static jet grad_null_result(jet_tape *tape) {
  jet x = vector(tape, 3);
  jet_grad(jet_sum(x), 1, &x, NULL);
  return (jet){tape, -1};
}
static jet grad_no_jet(jet_tape *tape) {
  jet wrt[] = {vector(tape, 3), no_jet};
  return grad_of(jet_sum(wrt[0]), 2, wrt);
}
static jet grad_made_up(jet_tape *tape) {
  jet wrt[] = {vector(tape, 3), {tape, 999}};
  return grad_of(jet_sum(wrt[0]), 2, wrt);
}
static jet grad_made_up_loss(jet_tape *tape) {
  jet x = vector(tape, 3);
  return grad_of((jet){tape, 999}, 1, &x);
}
static jet grad_other_parameter(jet_tape *tape) {
  jet a = vector(tape, 3), x = jet_expand(a, a, jet_parameter(tape, 2)), y = jet_expand(a, a, jet_parameter(tape, 2));
  return grad_of(jet_sum(x), 1, &y);
}
static jet vjp_of(int n, const jet *y, const jet *u, int m, const jet *wrt) {
  jet g[4] = {y[0], y[0], y[0], y[0]};
  jet_vjp(n, y, u, m, wrt, g);
  return g[0];
}
static jet vjp_shape(jet_tape *tape) {
  jet x = vector(tape, 3), y[] = {jet_exp(x), jet_sin(x)}, u[] = {vector(tape, 3), vector(tape, 4)};
  return vjp_of(2, y, u, 1, &x);
}
static jet vjp_none(jet_tape *tape) {
  jet x = vector(tape, 3);
  return vjp_of(0, &x, &x, 1, &x);
}
static jet vjp_negative(jet_tape *tape) {
  jet x = vector(tape, 3);
  return vjp_of(-3, &x, &x, 1, &x);
}
static jet vjp_null(jet_tape *tape) {
  jet x = vector(tape, 3);
  return vjp_of(1, &x, NULL, 1, &x);
}
static jet vjp_parameters(jet_tape *tape) {
  jet a = vector(tape, 3), x = jet_expand(a, a, jet_parameter(tape, 2)), u = jet_expand(a, a, jet_parameter(tape, 2));
  return vjp_of(1, &x, &u, 1, &a);
}
static jet vjp_directions(jet_tape *tape) {
  jet a = vector(tape, 3), t = jet_parameter(tape, 2), x = along(t, a, 2), u = along(t, a, 3);
  return vjp_of(1, &x, &u, 1, &a);
}

static const bad of_gradients[] = {
    {"grad", grad_vector, JET_NOT_SCALAR, {"[3]"}},
    {"grad", grad_empty, JET_NOT_SCALAR, {"[0]"}},
    {"grad", grad_negative, JET_BAD_ARGUMENT, {"-1"}},
    {"grad", grad_null, JET_BAD_ARGUMENT, {"wrt", "NULL"}},
    {"grad", grad_null_result, JET_BAD_ARGUMENT, {"grad", "NULL"}},
    {"grad", grad_no_jet, JET_BAD_ARGUMENT, {"1"}},
    {"grad", grad_made_up, JET_BAD_ARGUMENT, {"999"}},
    {"grad", grad_made_up_loss, JET_BAD_ARGUMENT, {"999"}},
    {"grad", grad_other_parameter, JET_BAD_PARAMETER, {NULL}},
    {"vjp", vjp_shape, JET_BAD_SHAPE, {"1", "[4]", "[3]"}},
    {"vjp", vjp_none, JET_BAD_ARGUMENT, {"0"}},
    {"vjp", vjp_negative, JET_BAD_ARGUMENT, {"-3"}},
    {"vjp", vjp_null, JET_BAD_ARGUMENT, {"NULL"}},
    {"vjp", vjp_parameters, JET_BAD_PARAMETER, {NULL}},
    {"vjp", vjp_directions, ANY, {"2 directions", "3"}},
};

static void gradients(void **state) {
  (void)state;
  CHECK_ALL(of_gradients);
}

static void gradients_and_other_tapes(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new(), *other = jet_tape_new();
  jet x = vector(tape, 3), wrt[] = {x, vector(other, 3)}, g[2];
  assert_int_equal(jet_grad(jet_sum(x), 2, wrt, g), JET_FOREIGN);
  assert_non_null(strstr(jet_tape_message(tape), "1"));
  assert_int_equal(jet_tape_status(other), JET_OK);
  assert_int_equal(jet_order(g[0]), -1);
  assert_int_equal(jet_order(g[1]), -1);
  jet_tape_free(tape);
  jet_tape_free(other);

  assert_int_equal(jet_grad(no_jet, 1, &no_jet, g), JET_BAD_ARGUMENT);
  assert_int_equal(jet_order(g[0]), -1);
  assert_int_equal(jet_vjp(0, NULL, NULL, 0, NULL, NULL), JET_BAD_ARGUMENT);
  assert_int_equal(jet_vjp(1, &no_jet, &no_jet, 1, &no_jet, g), JET_BAD_ARGUMENT);
}

/* No wrt is nothing to do. */
static void gradient_by_nothing(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  assert_int_equal(jet_grad(jet_sum(vector(tape, 3)), 0, NULL, NULL), JET_OK);
  jet_tape_free(tape);
}

/* ---- functions --------------------------------------------------------------------------------------------------- */

static jet callback_sum(jet x, void *data) { return (void)data, jet_sum(jet_exp(x)); }
static jet callback_vector(jet x, void *data) { return (void)data, jet_exp(x); }
static jet callback_bad(jet x, void *data) { return (void)data, jet_dot(x, jet_scalar(x.tape, 1)); }
static jet callback_none(jet x, void *data) { return (void)x, (void)data, no_jet; }
static jet callback_inputs(int n, const jet x[], void *data) { return (void)n, (void)data, jet_dot(x[0], x[1]); }

static void assert_says(jet_fn *f, jet_status got, int want) {
  if (got == JET_OK || (want != ANY && (int)got != want) || !is_sentence(jet_fn_message(f)))
    fail_msg("status \"%s\", \"%s\"", jet_status_string(got), jet_fn_message(f));
}

static void functions(void **state) {
  (void)state;
  double x[3] = {0.1, 0.2, 0.3}, y[3], g[9], h[9];
  jet_fn *f = jet_fn_new(callback_vector, NULL, 3);
  assert_says(f, jet_fn_gradient(f, x, y, g), JET_NOT_SCALAR);
  assert_says(f, jet_fn_hvp(f, x, x, g, h), JET_NOT_SCALAR);
  assert_says(f, jet_fn_hessian(f, x, h), JET_NOT_SCALAR);
  assert_says(f, jet_fn_gradient_taylor(f, 2, x, x, h), JET_NOT_SCALAR);
  assert_int_equal(jet_fn_jacobian(f, x, NULL, h), JET_OK);
  jet_fn_free(f);

  f = jet_fn_new(callback_sum, NULL, 3);
  assert_says(f, jet_fn_hvp(f, NULL, x, g, h), ANY); /* no point was set */
  assert_says(f, jet_fn_gradient(f, NULL, y, g), JET_BAD_ARGUMENT);
  assert_says(f, jet_fn_gradient(f, x, y, NULL), JET_BAD_ARGUMENT);
  assert_says(f, jet_fn_hvp(f, x, NULL, g, h), JET_BAD_ARGUMENT);
  assert_says(f, jet_fn_hvp(f, x, x, g, NULL), JET_BAD_ARGUMENT);
  assert_says(f, jet_fn_hvps(f, -1, x, x, g, h), JET_BAD_ARGUMENT);
  assert_says(f, jet_fn_gradient_taylor(f, -1, x, x, g), ANY);
  assert_says(f, jet_fn_jacobian_mode(f, (jet_mode)17, x, NULL, h), JET_BAD_ARGUMENT);
  assert_says(f, jet_fn_set_chunk(f, -1), JET_BAD_ARGUMENT);
  assert_says(f, jet_fn_set_point(f, NULL), JET_BAD_ARGUMENT);
  assert_says(f, jet_fn_gradient_inputs(f, 1, AXES(1), y, ((double *const[]){g})), ANY);
  assert_int_equal(jet_fn_gradient(f, x, y, g), JET_OK); /* what failed does no harm */
  assert_string_equal(jet_fn_message(f), "");
  jet_fn_free(f);

  jet_callback *broken[] = {callback_bad, callback_none};
  for (int i = 0; i < 2; i++) {
    f = jet_fn_new(broken[i], NULL, 3);
    assert_says(f, jet_fn_gradient(f, x, y, g), i ? JET_BAD_CALLBACK : JET_BAD_SHAPE);
    assert_says(f, jet_fn_hvp(f, x, x, g, h), ANY);
    assert_int_equal(jet_fn_outputs(f), -1);
    jet_fn_free(f);
  }
}

static void functions_of_several_inputs(void **state) {
  (void)state;
  const int ranks[] = {1, 1}, which[] = {0, 1}, beyond[] = {0, 2}, below[] = {-1};
  const ptrdiff_t three = 3, *const dims[] = {&three, &three};
  double x[3] = {1, 2, 3}, a[3], b[3], y, *const g[] = {a, b};
  jet_fn *f = jet_fn_new_inputs(callback_inputs, NULL, 2, ranks, dims);
  assert_says(f, jet_fn_value_inputs(f, &y), ANY); /* nothing is bound */
  assert_says(f, jet_fn_bind(f, 2, x), ANY);
  assert_says(f, jet_fn_bind(f, -1, x), ANY);
  assert_int_equal(jet_fn_bind(f, 0, x), JET_OK);
  assert_says(f, jet_fn_gradient_inputs(f, 2, which, &y, g), ANY); /* input 1 is not bound */
  assert_int_equal(jet_fn_bind(f, 1, x), JET_OK);
  assert_int_equal(jet_fn_gradient_inputs(f, 2, which, &y, g), JET_OK);
  assert_says(f, jet_fn_gradient_inputs(f, 2, beyond, &y, g), ANY);
  assert_says(f, jet_fn_gradient_inputs(f, 1, below, &y, g), ANY);
  assert_says(f, jet_fn_gradient_inputs(f, -1, which, &y, g), ANY);
  assert_says(f, jet_fn_gradient_inputs(f, 2, NULL, &y, g), ANY);
  assert_says(f, jet_fn_gradient(f, x, &y, a), JET_BAD_ARGUMENT);
  assert_says(f, jet_fn_value(f, x, &y), JET_BAD_ARGUMENT);
  assert_says(f, jet_fn_hessian(f, x, a), JET_BAD_ARGUMENT);
  jet_fn_free(f);
}

/* ---- memory that runs out ---------------------------------------------------------------------------------------- */

typedef struct purse {
  long left, live; /* allocations until they fail; bytes that are in use */
} purse;

static void *spend(void *context, void *p, size_t old_size, size_t new_size) {
  purse *m = (purse *)context;
  if (new_size == 0) {
    m->live -= (long)old_size;
    free(p);
    return NULL;
  }
  if (m->left-- <= 0) return NULL;
  void *q = realloc(p, new_size);
  if (q) m->live += (long)new_size - (long)old_size;
  return q;
}

/* Records an operation on jets, its pullback, a plan of both, and runs it. */
static jet_status spend_all(const op_entry *op, const op_variant *v, purse *m) {
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  options.allocate = spend;
  options.context = m;
  jet_tape *tape = jet_tape_new_ex(&options);
  jet x[OPERANDS], grad[OPERANDS], t = jet_parameter(tape, 1);
  for (int i = 0; i < v->arity; i++)
    x[i] = op->in[i].kind == OPERAND_JET ? jet_input_series(t, v->in[i].rank, v->in[i].dims)
                                         : array(tape, v->in[i].rank, v->in[i].dims);
  jet y = (v->record ? v->record : op->record)(x), seed = jet_add(y, t);
  jet_vjp(1, &y, &seed, v->arity, x, grad);
  jet_plan *plan = jet_plan_new(tape, 1, grad);
  jet_status status = jet_plan_run(plan);
  if (jet_tape_status(tape) && jet_tape_status(tape) != JET_NO_MEMORY)
    fail_msg("%s: %s", op->name, jet_tape_message(tape));
  if (status && (status != JET_NO_MEMORY || !is_sentence(jet_plan_message(plan))))
    fail_msg("%s: %s", op->name, jet_plan_message(plan));
  jet_plan_free(plan);
  jet_tape_free(tape);
  return status;
}

static void memory_that_runs_out(void **state) {
  (void)state;
  for (int i = 0; i < op_count; i++) {
    const op_variant *v = &op_list[i].variants[op_list[i].count > 2 ? 2 : 0];
    jet_status status = JET_NO_MEMORY;
    for (long n = 0; status; n++) {
      purse m = {n, 0};
      status = spend_all(&op_list[i], v, &m);
      if (m.live) fail_msg("%s: %ld bytes are lost when allocation %ld fails", op_list[i].name, m.live, n);
      if (n > 2000) fail_msg("%s: still no memory after %ld allocations", op_list[i].name, n);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(axes),
      cmocka_unit_test(shapes),
      cmocka_unit_test(indices),
      cmocka_unit_test(matrices_and_losses),
      cmocka_unit_test(operands),
      cmocka_unit_test(foreign_operands),
      cmocka_unit_test(directions),
      cmocka_unit_test(gradients),
      cmocka_unit_test(gradients_and_other_tapes),
      cmocka_unit_test(gradient_by_nothing),
      cmocka_unit_test(functions),
      cmocka_unit_test(functions_of_several_inputs),
      cmocka_unit_test(memory_that_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
