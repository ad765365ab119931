/* op_list.c - see op_list.h. */
#include "op_list.h"

#include <string.h>

const char *const op_group_names[GROUPS] = {"elementwise", "masks",   "reductions", "along an axis",
                                            "shapes",      "indices", "matrices",   "losses", "complex", "transforms"};

/* clang-format off */
#define S0 {0, {0}}
#define S1(a) {1, {a}}
#define S2(a, b) {2, {a, b}}
#define S3(a, b, c) {3, {a, b, c}}
#define S4(a, b, c, d) {4, {a, b, c, d}}
/* clang-format on */
#define COUNT(list) (int)(sizeof(list) / sizeof *(list))

/* A variant that is its own expression in x. */
#define RECORD(name, expression)                                                                                       \
  static jet name(const jet x[]) { return expression; }

#define DIMS(...) ((const ptrdiff_t[]){__VA_ARGS__})
#define AXES(...) ((const int[]){__VA_ARGS__})

/* ---- elementwise ------------------------------------------------------------------------------------------------- */

static const op_variant one_array[] = {
    {NULL, 1, {S0}},     {NULL, 1, {S1(5)}}, {NULL, 1, {S2(2, 3)}}, {NULL, 1, {S1(1)}},
    {NULL, 1, {S1(41)}}, {NULL, 1, {S1(0)}}, {NULL, 1, {S2(3, 0)}},
};

static const op_variant two_arrays[] = {
    {NULL, 2, {S0, S0}},
    {NULL, 2, {S1(5), S1(5)}},
    {NULL, 2, {S2(2, 3), S1(3)}},
    {NULL, 2, {S1(3), S2(2, 3)}},
    {NULL, 2, {S2(2, 1), S2(1, 3)}},
    {NULL, 2, {S0, S1(4)}},
    {NULL, 2, {S1(4), S0}},
    {NULL, 2, {S2(0, 3), S1(3)}},
    {NULL, 2, {S1(1), S1(0)}},
    {NULL, 2, {S3(2, 1, 3), S2(4, 1)}},
};

#define TWO_FUNCTIONS(X)                                                                                               \
  X(add, -2, 2, -2, 2, 0)                                                                                              \
  X(sub, -2, 2, -2, 2, 0)                                                                                              \
  X(mul, -2, 2, -2, 2, 0)                                                                                              \
  X(div, -2, 2, 0.6, 2, 0)                                                                                             \
  X(pow, 0.6, 2, -2, 2, 0)                                                                                             \
  X(atan2, -2, 2, 0.6, 2, 0)                                                                                           \
  X(hypot, 0.6, 2, 0.6, 2, 0)                                                                                          \
  X(max, -2, 2, -2, 2, OP_KINKS)                                                                                       \
  X(min, -2, 2, -2, 2, OP_KINKS)                                                                                       \
  X(logaddexp, -2, 2, -2, 2, 0)                                                                                        \
  X(xlogy, -2, 2, 0.6, 2, 0)

#define ONE_FUNCTIONS(X)                                                                                               \
  X(neg, -2, 2, 0)                                                                                                     \
  X(abs, -2, 2, OP_KINKS)                                                                                              \
  X(sign, -2, 2, OP_KINKS | OP_CONSTANT)                                                                               \
  X(square, -2, 2, 0)                                                                                                  \
  X(recip, 0.6, 2, 0)                                                                                                  \
  X(sqrt, 0.6, 2, 0)                                                                                                   \
  X(rsqrt, 0.6, 2, 0)                                                                                                  \
  X(cbrt, 0.6, 2, 0)                                                                                                   \
  X(exp, -2, 2, 0)                                                                                                     \
  X(expm1, -2, 2, 0)                                                                                                   \
  X(exp2, -2, 2, 0)                                                                                                    \
  X(log, 0.6, 3, 0)                                                                                                    \
  X(log1p, -0.4, 2, 0)                                                                                                 \
  X(log2, 0.6, 3, 0)                                                                                                   \
  X(log10, 0.6, 3, 0)                                                                                                  \
  X(sin, -3, 3, 0)                                                                                                     \
  X(cos, -3, 3, 0)                                                                                                     \
  X(tan, -0.8, 0.8, 0)                                                                                                 \
  X(sinpi, -1, 1, 0)                                                                                                   \
  X(cospi, -1, 1, 0)                                                                                                   \
  X(asin, -0.5, 0.5, 0)                                                                                                \
  X(acos, -0.5, 0.5, 0)                                                                                                \
  X(atan, -2, 2, 0)                                                                                                    \
  X(sinh, -2, 2, 0)                                                                                                    \
  X(cosh, -2, 2, 0)                                                                                                    \
  X(tanh, -2, 2, 0)                                                                                                    \
  X(asinh, -2, 2, 0)                                                                                                   \
  X(acosh, 1.6, 3, 0)                                                                                                  \
  X(atanh, -0.5, 0.5, 0)                                                                                               \
  X(erf, -2, 2, 0)                                                                                                     \
  X(erfc, -2, 2, 0)                                                                                                    \
  X(normcdf, -2, 2, 0)                                                                                                 \
  X(sinc, -3, 3, 0)                                                                                                    \
  X(exprel, -2, 2, 0)                                                                                                  \
  X(log1prel, -0.4, 2, 0)                                                                                              \
  X(sigmoid, -3, 3, 0)                                                                                                 \
  X(softplus, -3, 3, 0)                                                                                                \
  X(logsigmoid, -3, 3, 0)                                                                                              \
  X(gelu, -2, 2, 0)                                                                                                    \
  X(silu, -3, 3, 0)                                                                                                    \
  X(relu, -2, 2, OP_KINKS)                                                                                             \
  X(floor, -3, 3, OP_KINKS | OP_CONSTANT)                                                                              \
  X(ceil, -3, 3, OP_KINKS | OP_CONSTANT)                                                                               \
  X(round, -3, 3, OP_KINKS | OP_CONSTANT)

#define COMPARISONS(X) X(less) X(less_equal) X(greater) X(greater_equal) X(equal) X(not_equal)

#define X(f, a_low, a_high, b_low, b_high, flags) RECORD(record_##f, jet_##f(x[0], x[1]))
TWO_FUNCTIONS(X)
#undef X
#define X(f, low, high, flags) RECORD(record_##f, jet_##f(x[0]))
ONE_FUNCTIONS(X)
#undef X
#define X(f) RECORD(record_##f, jet_##f(x[0], x[1]))
COMPARISONS(X)
#undef X

RECORD(scale, jet_scale(x[0], -1.7))
RECORD(scale_by_zero, jet_scale(x[0], 0))
static const op_variant scales[] = {
    {scale, 1, {S2(2, 3)}}, {scale, 1, {S0}}, {scale, 1, {S1(0)}}, {scale_by_zero, 1, {S1(3)}}};

RECORD(shift, jet_shift(x[0], 0.3))

RECORD(powc_third, jet_powc(x[0], 3))
RECORD(powc_minus_second, jet_powc(x[0], -2))
RECORD(powc_real, jet_powc(x[0], 1.7))
RECORD(powc_minus_real, jet_powc(x[0], -0.5))
RECORD(powc_half, jet_powc(x[0], 0.5))
RECORD(powc_zeroth, jet_powc(x[0], 0))
RECORD(powc_first, jet_powc(x[0], 1))
RECORD(powc_large, jet_powc(x[0], 65))
static const op_variant powers[] = {
    {powc_third, 1, {S1(5)}},      {powc_minus_second, 1, {S1(5)}}, {powc_real, 1, {S2(2, 3)}},
    {powc_minus_real, 1, {S1(5)}}, {powc_half, 1, {S1(5)}},         {powc_zeroth, 1, {S1(5)}},
    {powc_first, 1, {S1(5)}},      {powc_large, 1, {S1(5)}},        {powc_third, 1, {S1(0)}},
    {powc_real, 1, {S0}},          {powc_zeroth, 1, {S0}},
};

/* ---- masks ------------------------------------------------------------------------------------------------------- */

RECORD(where, jet_where(x[0], x[1], x[2]))
static const op_variant choices[] = {
    {NULL, 3, {S1(7), S1(7), S1(7)}}, {NULL, 3, {S1(3), S2(2, 3), S0}},    {NULL, 3, {S2(2, 1), S1(3), S2(2, 3)}},
    {NULL, 3, {S0, S0, S0}},          {NULL, 3, {S2(0, 3), S1(3), S1(1)}}, {NULL, 3, {S3(2, 3, 1), S0, S0}},
};

RECORD(clamp, jet_clamp(x[0], -0.51, 0.72))
RECORD(stop_gradient, jet_stop_gradient(x[0]))

/* ---- reductions -------------------------------------------------------------------------------------------------- */

static const op_variant wholes[] = {
    {NULL, 1, {S0}},    {NULL, 1, {S1(5)}},   {NULL, 1, {S2(3, 4)}}, {NULL, 1, {S3(2, 3, 4)}},
    {NULL, 1, {S1(1)}}, {NULL, 1, {S1(300)}}, {NULL, 1, {S1(0)}},    {NULL, 1, {S2(0, 3)}},
};

#define OVER(f)                                                                                                        \
  RECORD(f##_first, jet_##f##_over(x[0], 1, AXES(0), 0))                                                               \
  RECORD(f##_last, jet_##f##_over(x[0], 1, AXES(-1), 0))                                                               \
  RECORD(f##_last_kept, jet_##f##_over(x[0], 1, AXES(-1), 1))                                                          \
  RECORD(f##_middle, jet_##f##_over(x[0], 1, AXES(1), 1))                                                              \
  RECORD(f##_outer, jet_##f##_over(x[0], 2, AXES(2, 0), 0))                                                            \
  RECORD(f##_outer_kept, jet_##f##_over(x[0], 2, AXES(0, -1), 1))                                                      \
  RECORD(f##_all, jet_##f##_over(x[0], 3, AXES(0, 1, 2), 0))                                                           \
  RECORD(f##_all_kept, jet_##f##_over(x[0], 3, AXES(2, 1, 0), 1))                                                      \
  static const op_variant f##_over[] = {                                                                               \
      {f##_first, 1, {S1(5)}},                                                                                         \
      {f##_first, 1, {S2(3, 4)}},                                                                                      \
      {f##_last, 1, {S2(3, 4)}},                                                                                       \
      {f##_last_kept, 1, {S3(2, 3, 4)}},                                                                               \
      {f##_middle, 1, {S3(2, 3, 4)}},                                                                                  \
      {f##_outer, 1, {S3(2, 3, 4)}},                                                                                   \
      {f##_outer_kept, 1, {S3(4, 1, 3)}},                                                                              \
      {f##_all, 1, {S3(2, 3, 2)}},                                                                                     \
      {f##_all_kept, 1, {S3(2, 3, 2)}},                                                                                \
      {f##_first, 1, {S2(1, 3)}},                                                                                      \
      {f##_first, 1, {S2(0, 3)}},                                                                                      \
      {f##_last, 1, {S2(0, 3)}},                                                                                       \
      {f##_middle, 1, {S4(2, 3, 2, 2)}},                                                                               \
      {f##_last, 1, {S2(3, 40)}},                                                                                      \
      {f##_first, 1, {S2(40, 3)}},                                                                                     \
  };
OVER(sum)
OVER(mean)
OVER(var)
OVER(prod)
OVER(norm)
OVER(amax)
OVER(amin)
OVER(logsumexp)

#define REDUCTION_LIST(X)                                                                                              \
  X(sum, -2, 2, 0)                                                                                                     \
  X(mean, -2, 2, 0)                                                                                                    \
  X(var, -2, 2, 0)                                                                                                     \
  X(prod, 0.9, 1.1, 0)                                                                                                 \
  X(norm, 0.3, 2, 0)                                                                                                   \
  X(amax, -2, 2, OP_KINKS)                                                                                             \
  X(amin, -2, 2, OP_KINKS)                                                                                             \
  X(logsumexp, -2, 2, 0)
#define X(f, low, high, flags) RECORD(record_##f, jet_##f(x[0]))
REDUCTION_LIST(X)
#undef X

/* ---- along an axis ----------------------------------------------------------------------------------------------- */

#define ALONG(f)                                                                                                       \
  RECORD(f##_along_0, jet_##f(x[0], 0))                                                                                \
  RECORD(f##_along_1, jet_##f(x[0], 1))                                                                                \
  RECORD(f##_along_last, jet_##f(x[0], -1))                                                                            \
  static const op_variant f##_along[] = {                                                                              \
      {f##_along_0, 1, {S1(6)}},       {f##_along_0, 1, {S2(3, 4)}},       {f##_along_1, 1, {S2(3, 4)}},               \
      {f##_along_1, 1, {S3(2, 3, 2)}}, {f##_along_last, 1, {S3(2, 3, 2)}}, {f##_along_0, 1, {S1(1)}},                  \
      {f##_along_0, 1, {S1(0)}},       {f##_along_0, 1, {S2(2, 0)}},       {f##_along_1, 1, {S2(2, 0)}},               \
      {f##_along_last, 1, {S1(35)}},   {f##_along_1, 1, {S2(2, 1)}},                                                   \
  };
ALONG(cumsum)
ALONG(cumprod)
ALONG(sort)
ALONG(argsort)
ALONG(softmax)
ALONG(log_softmax)

/* ---- shapes ------------------------------------------------------------------------------------------------------ */

RECORD(reshape_rest, jet_reshape(x[0], 2, DIMS(3, -1)))
RECORD(reshape_flat, jet_reshape(x[0], 1, DIMS(-1)))
RECORD(reshape_ones, jet_reshape(x[0], 2, DIMS(1, 1)))
RECORD(reshape_scalar, jet_reshape(x[0], 0, NULL))
RECORD(reshape_empty, jet_reshape(x[0], 3, DIMS(2, 0, 5)))
static const op_variant reshapes[] = {
    {reshape_rest, 1, {S2(2, 6)}},   {reshape_flat, 1, {S3(2, 3, 2)}}, {reshape_ones, 1, {S0}},
    {reshape_scalar, 1, {S2(1, 1)}}, {reshape_empty, 1, {S2(0, 3)}},   {reshape_flat, 1, {S0}},
};

RECORD(permute_swap, jet_permute(x[0], AXES(1, 0)))
RECORD(permute_cycle, jet_permute(x[0], AXES(2, 0, 1)))
RECORD(permute_none, jet_permute(x[0], AXES(0, 1, 2)))
RECORD(permute_scalar, jet_permute(x[0], NULL))
static const op_variant permutes[] = {
    {permute_swap, 1, {S2(3, 4)}}, {permute_cycle, 1, {S3(2, 3, 4)}}, {permute_none, 1, {S3(2, 3, 4)}},
    {permute_swap, 1, {S2(0, 4)}}, {permute_scalar, 1, {S0}},         {permute_cycle, 1, {S3(2, 1, 4)}},
};

RECORD(transpose, jet_transpose(x[0]))
static const op_variant transposes[] = {
    {NULL, 1, {S2(3, 4)}}, {NULL, 1, {S3(2, 3, 4)}}, {NULL, 1, {S2(0, 4)}}, {NULL, 1, {S2(1, 5)}}};

RECORD(broadcast_rows, jet_broadcast_to(x[0], 2, DIMS(3, 4)))
RECORD(broadcast_none, jet_broadcast_to(x[0], 2, DIMS(0, 4)))
static const op_variant broadcasts[] = {
    {broadcast_rows, 1, {S1(4)}},    {broadcast_rows, 1, {S2(3, 1)}}, {broadcast_rows, 1, {S0}},
    {broadcast_rows, 1, {S2(3, 4)}}, {broadcast_none, 1, {S1(4)}},    {broadcast_none, 1, {S2(1, 1)}},
};

RECORD(slice_part, jet_slice(x[0], DIMS(1, 0), DIMS(3, 2), NULL))
RECORD(slice_steps, jet_slice(x[0], DIMS(0, 3), DIMS(4, -1), DIMS(2, -1)))
RECORD(slice_row, jet_slice(x[0], DIMS(2, 0), DIMS(3, 4), NULL))
RECORD(slice_nothing, jet_slice(x[0], DIMS(2, 0), DIMS(2, 4), NULL))
RECORD(slice_backward, jet_slice(x[0], DIMS(6), DIMS(-1), DIMS(-3)))
RECORD(slice_scalar, jet_slice(x[0], NULL, NULL, NULL))
static const op_variant slices[] = {
    {slice_part, 1, {S2(4, 4)}},    {slice_steps, 1, {S2(4, 4)}}, {slice_row, 1, {S2(4, 4)}},
    {slice_nothing, 1, {S2(4, 4)}}, {slice_backward, 1, {S1(7)}}, {slice_scalar, 1, {S0}},
};

RECORD(concat_0, jet_concat(3, x, 0))
RECORD(concat_1, jet_concat(2, x, 1))
RECORD(concat_last, jet_concat(2, x, -1))
RECORD(concat_one, jet_concat(1, x, 0))
RECORD(concat_twice, jet_concat(2, ((const jet[]){x[0], x[0]}), 0))
static const op_variant concats[] = {
    {concat_0, 3, {S1(2), S1(3), S1(1)}},
    {concat_1, 2, {S2(2, 3), S2(2, 1)}},
    {concat_last, 2, {S3(2, 2, 3), S3(2, 2, 1)}},
    {concat_0, 3, {S2(0, 2), S2(2, 2), S2(1, 2)}},
    {concat_one, 1, {S1(4)}},
    {concat_1, 2, {S2(0, 3), S2(0, 2)}},
    {concat_twice, 1, {S2(2, 3)}},
};

RECORD(stack_0, jet_stack(3, x, 0))
RECORD(stack_1, jet_stack(2, x, 1))
RECORD(stack_last, jet_stack(2, x, -1))
RECORD(stack_one, jet_stack(1, x, 0))
static const op_variant stacks[] = {
    {stack_0, 3, {S1(2), S1(2), S1(2)}},
    {stack_1, 2, {S2(2, 3), S2(2, 3)}},
    {stack_last, 2, {S2(2, 3), S2(2, 3)}},
    {stack_0, 3, {S0, S0, S0}},
    {stack_one, 1, {S1(3)}},
    {stack_0, 3, {S1(0), S1(0), S1(0)}},
};

RECORD(pad_matrix, jet_pad(x[0], DIMS(1, 0), DIMS(0, 2), 0.25))
RECORD(pad_vector, jet_pad(x[0], DIMS(2), DIMS(1), 0))
RECORD(pad_scalar, jet_pad(x[0], NULL, NULL, 1))
static const op_variant pads[] = {
    {pad_matrix, 1, {S2(2, 3)}}, {pad_vector, 1, {S1(4)}}, {pad_vector, 1, {S1(0)}}, {pad_scalar, 1, {S0}}};

RECORD(flip_0, jet_flip(x[0], 0))
RECORD(flip_last, jet_flip(x[0], -1))
static const op_variant flips[] = {{flip_0, 1, {S1(5)}},
                                   {flip_0, 1, {S2(3, 4)}},
                                   {flip_last, 1, {S3(2, 2, 3)}},
                                   {flip_0, 1, {S1(0)}},
                                   {flip_0, 1, {S1(1)}}};

RECORD(roll_forward, jet_roll(x[0], 2, 0))
RECORD(roll_backward, jet_roll(x[0], -1, -1))
RECORD(roll_around, jet_roll(x[0], 17, 0))
RECORD(roll_none, jet_roll(x[0], 0, 0))
static const op_variant rolls[] = {
    {roll_forward, 1, {S1(5)}}, {roll_backward, 1, {S2(3, 4)}}, {roll_around, 1, {S2(5, 2)}},
    {roll_none, 1, {S1(4)}},    {roll_forward, 1, {S1(0)}},     {roll_forward, 1, {S1(1)}},
};

/* ---- indices ----------------------------------------------------------------------------------------------------- */

RECORD(gather_rows, jet_gather(x[0], 0, 1, DIMS(5), DIMS(2, 0, 2, 1, 2)))
RECORD(gather_block, jet_gather(x[0], -1, 2, DIMS(2, 2), DIMS(3, 0, 1, 3)))
RECORD(gather_one, jet_gather(x[0], 1, 0, NULL, DIMS(1)))
RECORD(gather_none, jet_gather(x[0], 0, 1, DIMS(0), NULL))
static const op_variant gathers[] = {
    {gather_rows, 1, {S1(3)}},        {gather_rows, 1, {S2(3, 2)}},   {gather_block, 1, {S2(3, 4)}},
    {gather_block, 1, {S3(2, 2, 4)}}, {gather_one, 1, {S3(2, 3, 2)}}, {gather_none, 1, {S2(3, 2)}},
    {gather_rows, 1, {S2(3, 0)}},     {gather_none, 1, {S1(0)}},
};

RECORD(scatter_rows, jet_scatter_add(x[0], 0, 1, DIMS(5), DIMS(2, 0, 2, 1, 2), 4))
RECORD(scatter_block, jet_scatter_add(x[0], 1, 2, DIMS(2, 2), DIMS(3, 0, 1, 3), 4))
RECORD(scatter_one, jet_scatter_add(x[0], 1, 0, NULL, DIMS(1), 3))
RECORD(scatter_none, jet_scatter_add(x[0], 0, 1, DIMS(0), NULL, 3))
static const op_variant scatters[] = {
    {scatter_rows, 1, {S1(5)}},           {scatter_rows, 1, {S2(5, 2)}}, {scatter_block, 1, {S3(3, 2, 2)}},
    {scatter_block, 1, {S4(2, 2, 2, 2)}}, {scatter_one, 1, {S2(2, 3)}},  {scatter_none, 1, {S2(0, 2)}},
    {scatter_rows, 1, {S2(5, 0)}},
};

RECORD(take_along_0, jet_take_along(x[0], x[1], 0))
RECORD(take_along_last, jet_take_along(x[0], x[1], -1))
static const op_variant takes[] = {
    {take_along_0, 2, {S1(5), S1(5)}},          {take_along_0, 2, {S2(3, 2), S2(5, 2)}},
    {take_along_last, 2, {S2(2, 4), S2(2, 3)}}, {take_along_last, 2, {S3(2, 2, 3), S3(2, 2, 1)}},
    {take_along_0, 2, {S1(4), S1(0)}},
};

/* ---- matrices ---------------------------------------------------------------------------------------------------- */

RECORD(diag, jet_diag(x[0]))
static const op_variant diags[] = {{NULL, 1, {S1(4)}},    {NULL, 1, {S2(4, 4)}}, {NULL, 1, {S2(2, 4)}},
                                   {NULL, 1, {S2(4, 2)}}, {NULL, 1, {S1(0)}},    {NULL, 1, {S2(0, 3)}},
                                   {NULL, 1, {S1(1)}}};

#define TRIANGLE(f)                                                                                                    \
  RECORD(f##_main, jet_##f(x[0], 0))                                                                                   \
  RECORD(f##_above, jet_##f(x[0], 1))                                                                                  \
  RECORD(f##_below, jet_##f(x[0], -1))                                                                                 \
  RECORD(f##_beyond, jet_##f(x[0], 9))                                                                                 \
  static const op_variant f##_list[] = {{f##_main, 1, {S2(3, 3)}},                                                     \
                                        {f##_above, 1, {S2(3, 4)}},                                                    \
                                        {f##_below, 1, {S3(2, 3, 2)}},                                                 \
                                        {f##_beyond, 1, {S2(2, 3)}},                                                   \
                                        {f##_main, 1, {S2(0, 2)}}};
TRIANGLE(tril)
TRIANGLE(triu)

RECORD(trace, jet_trace(x[0]))
static const op_variant traces[] = {{NULL, 1, {S2(3, 3)}}, {NULL, 1, {S2(1, 1)}}, {NULL, 1, {S2(0, 0)}}};

RECORD(dot, jet_dot(x[0], x[1]))
static const op_variant dots[] = {
    {NULL, 2, {S1(5), S1(5)}}, {NULL, 2, {S1(1), S1(1)}}, {NULL, 2, {S1(0), S1(0)}}, {NULL, 2, {S1(40), S1(40)}}};

RECORD(outer, jet_outer(x[0], x[1]))
static const op_variant outers[] = {{NULL, 2, {S1(3), S1(4)}}, {NULL, 2, {S1(1), S1(4)}}, {NULL, 2, {S1(0), S1(3)}}};

RECORD(matmul, jet_matmul(x[0], x[1]))
static const op_variant matmuls[] = {
    {NULL, 2, {S2(2, 3), S2(3, 4)}},    {NULL, 2, {S3(2, 2, 3), S3(2, 3, 2)}},    {NULL, 2, {S3(2, 2, 3), S2(3, 2)}},
    {NULL, 2, {S2(2, 3), S3(2, 3, 2)}}, {NULL, 2, {S4(2, 1, 2, 3), S3(2, 3, 1)}}, {NULL, 2, {S2(1, 1), S2(1, 1)}},
    {NULL, 2, {S2(2, 0), S2(0, 3)}},    {NULL, 2, {S2(0, 2), S2(2, 3)}},          {NULL, 2, {S3(0, 2, 3), S2(3, 2)}},
    {NULL, 2, {S2(5, 7), S2(7, 6)}},
};

RECORD(matvec, jet_matvec(x[0], x[1]))
static const op_variant matvecs[] = {{NULL, 2, {S2(3, 4), S1(4)}},
                                     {NULL, 2, {S2(1, 1), S1(1)}},
                                     {NULL, 2, {S2(3, 0), S1(0)}},
                                     {NULL, 2, {S2(0, 3), S1(3)}}};

/* ---- losses ------------------------------------------------------------------------------------------------------ */

RECORD(cross_entropy, jet_cross_entropy(x[0], DIMS(2, 0, 1, 2)))
static const op_variant entropies[] = {{NULL, 1, {S2(4, 3)}}, {NULL, 1, {S2(0, 3)}}, {NULL, 1, {S2(1, 5)}}};

RECORD(cross_entropy_at, jet_cross_entropy_at(x[0], x[1]))
static const op_variant entropies_at[] = {
    {NULL, 2, {S2(4, 3), S1(4)}}, {NULL, 2, {S2(0, 3), S1(0)}}, {NULL, 2, {S2(1, 5), S1(1)}}};

/* ---- the list ---------------------------------------------------------------------------------------------------- */

#include "op_list_complex.h"

#define JETS(low, high)                                                                                                \
  { OPERAND_JET, low, high }
#define ROW(name, group, flags, record, variants, ...)                                                                 \
  {name, group, flags, {__VA_ARGS__}, record, variants, COUNT(variants)},
#define OF_ONE(name, group, flags, variants) ROW(name, group, flags, NULL, variants, JETS(-2, 2))

const op_entry op_list[] = {
#define X(f, a_low, a_high, b_low, b_high, flags)                                                                      \
  ROW(#f, GROUP_ELEMENTWISE, flags, record_##f, two_arrays, JETS(a_low, a_high), JETS(b_low, b_high))
    TWO_FUNCTIONS(X)
#undef X
        ROW("scale", GROUP_ELEMENTWISE, 0, scale, scales,
            JETS(-2, 2)) ROW("shift", GROUP_ELEMENTWISE, 0, shift, one_array,
                             JETS(-2, 2)) ROW("powc", GROUP_ELEMENTWISE, 0, NULL, powers, JETS(0.6, 1.4))
#define X(f, low, high, flags) ROW(#f, GROUP_ELEMENTWISE, flags, record_##f, one_array, JETS(low, high))
            ONE_FUNCTIONS(X)
#undef X
#define X(f) ROW(#f, GROUP_MASKS, OP_KINKS | OP_CONSTANT, record_##f, two_arrays, JETS(-2, 2), JETS(-2, 2))
                COMPARISONS(X)
#undef X
                    ROW("where", GROUP_MASKS, 0, where, choices, {OPERAND_MASK, 0, 1}, JETS(-2, 2),
                        JETS(-2, 2)) ROW("clamp", GROUP_MASKS, OP_KINKS, clamp, one_array, JETS(-2, 2))
                        ROW("stop_gradient", GROUP_MASKS, OP_CONSTANT, stop_gradient, one_array, JETS(-2, 2))
#define X(f, low, high, flags)                                                                                         \
  ROW(#f, GROUP_REDUCTIONS, flags, record_##f, wholes, JETS(low, high))                                                \
  ROW(#f "_over", GROUP_REDUCTIONS, flags, NULL, f##_over, JETS(low, high))
                            REDUCTION_LIST(X)
#undef X
/* clang-format off */
    OF_ONE("cumsum", GROUP_AXIS, 0, cumsum_along)
    ROW("cumprod", GROUP_AXIS, 0, NULL, cumprod_along, JETS(0.8, 1.2))
    OF_ONE("sort", GROUP_AXIS, OP_KINKS, sort_along)
    OF_ONE("argsort", GROUP_AXIS, OP_KINKS | OP_CONSTANT, argsort_along)
    OF_ONE("softmax", GROUP_AXIS, 0, softmax_along)
    OF_ONE("log_softmax", GROUP_AXIS, 0, log_softmax_along)
    OF_ONE("reshape", GROUP_SHAPES, 0, reshapes)
    OF_ONE("permute", GROUP_SHAPES, 0, permutes)
    ROW("transpose", GROUP_SHAPES, 0, transpose, transposes, JETS(-2, 2))
    OF_ONE("broadcast_to", GROUP_SHAPES, 0, broadcasts)
    OF_ONE("slice", GROUP_SHAPES, 0, slices)
    ROW("concat", GROUP_SHAPES, 0, NULL, concats, JETS(-2, 2), JETS(-2, 2), JETS(-2, 2))
    ROW("stack", GROUP_SHAPES, 0, NULL, stacks, JETS(-2, 2), JETS(-2, 2), JETS(-2, 2))
    OF_ONE("pad", GROUP_SHAPES, 0, pads)
    OF_ONE("flip", GROUP_SHAPES, 0, flips)
    OF_ONE("roll", GROUP_SHAPES, 0, rolls)
    OF_ONE("gather", GROUP_INDICES, 0, gathers)
    OF_ONE("scatter_add", GROUP_INDICES, 0, scatters)
    ROW("take_along", GROUP_INDICES, 0, NULL, takes, JETS(-2, 2), {OPERAND_INDEX, 0, 2})
    ROW("diag", GROUP_MATRICES, 0, diag, diags, JETS(-2, 2))
    OF_ONE("tril", GROUP_MATRICES, 0, tril_list)
    OF_ONE("triu", GROUP_MATRICES, 0, triu_list)
    ROW("trace", GROUP_MATRICES, 0, trace, traces, JETS(-2, 2))
    ROW("dot", GROUP_MATRICES, 0, dot, dots, JETS(-2, 2), JETS(-2, 2))
    ROW("outer", GROUP_MATRICES, 0, outer, outers, JETS(-2, 2), JETS(-2, 2))
    ROW("matmul", GROUP_MATRICES, 0, matmul, matmuls, JETS(-2, 2), JETS(-2, 2))
    ROW("matvec", GROUP_MATRICES, 0, matvec, matvecs, JETS(-2, 2), JETS(-2, 2))
    ROW("cross_entropy", GROUP_LOSSES, 0, cross_entropy, entropies, JETS(-2, 2))
    ROW("cross_entropy_at", GROUP_LOSSES, 0, cross_entropy_at, entropies_at, JETS(-2, 2), {OPERAND_INDEX, 0, 2})
    COMPLEX_ROWS};
/* clang-format on */

const int op_count = COUNT(op_list);

const op_entry *op_find(const char *name, size_t length) {
  for (int i = 0; i < op_count; i++)
    if (strlen(op_list[i].name) == length && !strncmp(op_list[i].name, name, length)) return &op_list[i];
  return NULL;
}

ptrdiff_t op_shape_size(const op_shape *s) {
  ptrdiff_t size = 1;
  for (int i = 0; i < s->rank; i++) size *= s->dims[i];
  return size;
}
