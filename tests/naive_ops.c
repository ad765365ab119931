/* naive_ops.c - operations by their definitions: how random ones are chosen, recorded, and computed for one element. */
#include "naive.h"

#include <math.h>
#include <string.h>

static const op_shape *operand_shape(const program *p, const instruction *in, int which) {
  return &p->at[in->in[which]].shape;
}

static bool random_axis(const op_shape *s, instruction *in, generator *g) {
  if (!s->rank) return false;
  in->axis = random_below(g, 2 * s->rank) - s->rank;
  return true;
}

static int axis_of(const instruction *in, int rank) { return in->axis < 0 ? in->axis + rank : in->axis; }

/* ---- bounds ------------------------------------------------------------------------------------------------------ */

static double of_both(double a, double b) { return fmax(a, b); }
static double of_sum(double a, double b) { return a + b; }
static double of_product(double a, double b) { return a * b; }
static double of_square(double a, double b) { return (void)b, a * a; }
static double of_cube(double a, double b) { return (void)b, a * a * a; }
static double of_exp(double a, double b) { return exp(fmax(a, b)); }
static double of_unit(double a, double b) { return (void)a, (void)b, 1.6; }
static double of_twice(double a, double b) { return 2 * fmax(a, b); }
static double of_quotient(double a, double b) { return (void)b, 2 * a; }
static double of_power(double a, double b) { return exp(b * log(a * a + 2)); }

/* ---- elementwise ------------------------------------------------------------------------------------------------- */

static bool choose_elementwise(const program *p, instruction *in, generator *g) {
  in->shape = *operand_shape(p, in, 0);
  in->c = uniform(g, -1.5, 1.5);
  for (int i = 1; i < in->nin; i++)
    if (!broadcast(&in->shape, operand_shape(p, in, i))) return false;
  return true;
}

static series operand_at(evaluator *v, const instruction *in, int which, ptrdiff_t e) {
  return element_of(v, in->in[which], broadcast_element(shape_in(v, in, which), &in->shape, e));
}

static jet record_one(const instruction *in, const jet x[]) { return in->op->jet_one(x[0]); }
static jet record_two(const instruction *in, const jet x[]) { return in->op->jet_two(x[0], x[1]); }
static series element_one(evaluator *v, const instruction *in, ptrdiff_t e) {
  return in->op->one(operand_at(v, in, 0, e));
}
static series element_two(evaluator *v, const instruction *in, ptrdiff_t e) {
  return in->op->two(operand_at(v, in, 0, e), operand_at(v, in, 1, e));
}

static series s_positive(series x) { return s_shift(s_mul(x, x), 0.5); }
static jet positive(jet x) { return jet_shift(jet_square(x), 0.5); }
static series s_one(void) { return s_constant(1); }

static series s_cube(series x) { return s_mul(s_mul(x, x), x); }
static series s_softplus(series x) { return s_log(s_shift(s_exp(x), 1)); }
static series s_power(series x, double p) { return s_exp(s_scale(s_log(x), p)); }

/* Whether x is above, below or undecided at c. */
static series s_sign(series x) {
  int s = s_order(x, s_constant(0));
  return s ? s_constant(s) : s_unknown(s_constant(0));
}
static series s_choose(series condition, series a, series b) {
  int s = s_order(condition, s_constant(0));
  return s ? (s > 0 ? a : b) : s_equal(a, b) ? a : s_unknown(a);
}
static series s_max(series a, series b) { return s_choose(s_sub(a, b), a, b); }
static series s_min(series a, series b) { return s_choose(s_sub(b, a), a, b); }
static series s_abs(series x) { return s_choose(x, x, s_neg(x)); }
static series s_relu(series x) { return s_choose(x, x, s_constant(0)); }
static series s_less(series a, series b) { return s_choose(s_sub(b, a), s_constant(1), s_constant(0)); }
static series s_clamp(series x) { return s_min(s_max(x, s_constant(-0.51)), s_constant(0.72)); }
static series s_stop(series x) {
  series y = s_constant(0);
  y.c[0] = x.c[0];
  return y;
}

#define ONE_LIST(X)                                                                                                    \
  X(neg, jet_neg(x), s_neg(x), of_both)                                                                                \
  X(square, jet_square(x), s_mul(x, x), of_square)                                                                     \
  X(cube, jet_powc(x, 3), s_cube(x), of_cube)                                                                          \
  X(sin, jet_sin(x), s_sin(x), of_unit)                                                                                \
  X(cos, jet_cos(x), s_cos(x), of_unit)                                                                                \
  X(tanh, jet_tanh(x), s_tanh(x), of_unit)                                                                             \
  X(sigmoid, jet_sigmoid(x), s_sigmoid(x), of_unit)                                                                    \
  X(atan, jet_atan(x), s_atan(x), of_unit)                                                                             \
  X(exp, jet_exp(x), s_exp(x), of_exp)                                                                                 \
  X(expm1, jet_expm1(x), s_shift(s_exp(x), -1), of_exp)                                                                \
  X(exp2, jet_exp2(x), s_exp(s_scale(x, M_LN2)), of_exp)                                                               \
  X(sinh, jet_sinh(x), s_sinh(x), of_exp)                                                                              \
  X(cosh, jet_cosh(x), s_cosh(x), of_exp)                                                                              \
  X(softplus, jet_softplus(x), s_softplus(x), of_exp)                                                                  \
  X(logsigmoid, jet_logsigmoid(x), s_neg(s_softplus(s_neg(x))), of_exp)                                                \
  X(silu, jet_silu(x), s_mul(x, s_sigmoid(x)), of_both)                                                                \
  X(log, jet_log(positive(x)), s_log(s_positive(x)), of_both)                                                          \
  X(log1p, jet_log1p(jet_square(x)), s_log(s_shift(s_square(x), 1)), of_both)                                          \
  X(log2, jet_log2(positive(x)), s_scale(s_log(s_positive(x)), M_LOG2E), of_twice)                                     \
  X(log10, jet_log10(positive(x)), s_scale(s_log(s_positive(x)), M_LOG10E), of_both)                                   \
  X(recip, jet_recip(positive(x)), s_div(s_one(), s_positive(x)), of_unit)                                             \
  X(sqrt, jet_sqrt(positive(x)), s_sqrt(s_positive(x)), of_both)                                                       \
  X(rsqrt, jet_rsqrt(positive(x)), s_div(s_one(), s_sqrt(s_positive(x))), of_unit)                                     \
  X(cbrt, jet_cbrt(positive(x)), s_power(s_positive(x), 1.0 / 3), of_both)                                             \
  X(powc, jet_powc(positive(x), 1.7), s_power(s_positive(x), 1.7), of_cube)                                            \
  X(sinc, jet_sinc(positive(x)), s_div(s_sin(s_positive(x)), s_positive(x)), of_unit)                                  \
  X(exprel, jet_exprel(jet_sigmoid(x)), s_div(s_shift(s_exp(s_sigmoid(x)), -1), s_sigmoid(x)), of_unit)                \
  X(asinh, jet_asinh(positive(x)), s_log(s_add(s_positive(x), s_sqrt(s_shift(s_square(s_positive(x)), 1)))), of_both)  \
  X(abs, jet_abs(x), s_abs(x), of_both)                                                                                \
  X(relu, jet_relu(x), s_relu(x), of_both)                                                                             \
  X(sign, jet_sign(x), s_sign(x), of_unit)                                                                             \
  X(clamp, jet_clamp(x, -0.51, 0.72), s_clamp(x), of_unit)                                                             \
  X(stop_gradient, jet_stop_gradient(x), s_stop(x), of_both)                                                           \
  X(twice, jet_add(x, x), s_add(x, x), of_twice)

#define TWO_LIST(X)                                                                                                    \
  X(add, jet_add(a, b), s_add(a, b), of_sum)                                                                           \
  X(sub, jet_sub(a, b), s_sub(a, b), of_sum)                                                                           \
  X(mul, jet_mul(a, b), s_mul(a, b), of_product)                                                                       \
  X(div, jet_div(a, positive(b)), s_div(a, s_positive(b)), of_quotient)                                                \
  X(pow, jet_pow(positive(a), b), s_exp(s_mul(s_log(s_positive(a)), b)), of_power)                                     \
  X(hypot, jet_hypot(a, positive(b)), s_sqrt(s_add(s_square(a), s_square(s_positive(b)))), of_product)                 \
  X(atan2, jet_atan2(a, positive(b)), s_atan(s_div(a, s_positive(b))), of_unit)                                        \
  X(logaddexp, jet_logaddexp(a, b), s_log(s_add(s_exp(a), s_exp(b))), of_exp)                                          \
  X(xlogy, jet_xlogy(a, positive(b)), s_mul(a, s_log(s_positive(b))), of_product)                                      \
  X(max, jet_max(a, b), s_max(a, b), of_both)                                                                          \
  X(min, jet_min(a, b), s_min(a, b), of_both)                                                                          \
  X(less, jet_less(a, b), s_less(a, b), of_unit)                                                                       \
  X(greater, jet_greater_equal(a, b), s_less(b, a), of_unit)                                                           \
  X(masked, jet_mul(a, jet_less(a, b)), s_mul(a, s_less(a, b)), of_both)                                               \
  X(complex_mul, jet_imag(jet_mul(jet_complex(a, b), jet_complex(b, a))), s_add(s_mul(a, a), s_mul(b, b)), of_product)   \
  X(complex_exp, jet_real(jet_exp(jet_complex(a, b))), s_mul(s_exp(a), s_cos(b)), of_exp)                              \
  X(complex_sin, jet_imag(jet_sin(jet_complex(a, b))), s_mul(s_cos(a), s_sinh(b)), of_exp)                             \
  X(complex_recip, jet_real(jet_recip(jet_complex(positive(a), b))),                                                   \
    s_div(s_positive(a), s_add(s_square(s_positive(a)), s_square(b))), of_twice)

#define X(f, recorded, computed, bound)                                                                                \
  static jet jet_of_##f(jet x) { return recorded; }                                                                    \
  static series series_of_##f(series x) { return computed; }
ONE_LIST(X)
#undef X
#define X(f, recorded, computed, bound)                                                                                \
  static jet jet_of_##f(jet a, jet b) { return recorded; }                                                             \
  static series series_of_##f(series a, series b) { return computed; }
TWO_LIST(X)
#undef X

static jet record_scale(const instruction *in, const jet x[]) { return jet_scale(x[0], in->c); }
static series element_scale(evaluator *v, const instruction *in, ptrdiff_t e) {
  return s_scale(operand_at(v, in, 0, e), in->c);
}
static jet record_shift(const instruction *in, const jet x[]) { return jet_shift(x[0], in->c); }
static series element_shift(evaluator *v, const instruction *in, ptrdiff_t e) {
  return s_shift(operand_at(v, in, 0, e), in->c);
}

static jet record_where(const instruction *in, const jet x[]) {
  return jet_where(jet_greater(x[2], jet_scalar(x[2].tape, in->c)), x[0], x[1]);
}
static series element_where(evaluator *v, const instruction *in, ptrdiff_t e) {
  return s_choose(s_shift(operand_at(v, in, 2, e), -in->c), operand_at(v, in, 0, e), operand_at(v, in, 1, e));
}

/* ---- reductions -------------------------------------------------------------------------------------------------- */

static series fold_sum(int n, const series x[]) {
  series y = s_constant(0);
  for (int i = 0; i < n; i++) y = s_add(y, x[i]);
  return y;
}
static series fold_prod(int n, const series x[]) {
  series y = s_constant(1);
  for (int i = 0; i < n; i++) y = s_mul(y, x[i]);
  return y;
}
static series fold_mean(int n, const series x[]) { return s_div(fold_sum(n, x), s_constant(n)); }
static series fold_var(int n, const series x[]) {
  series mean = fold_mean(n, x), y = s_constant(0);
  for (int i = 0; i < n; i++) y = s_add(y, s_square(s_sub(x[i], mean)));
  return s_div(y, s_constant(n));
}
static series fold_norm(int n, const series x[]) {
  series y = s_constant(0);
  for (int i = 0; i < n; i++) y = s_add(y, s_square(x[i]));
  if (!n) return y;
  return y.c[0].v < 1e-3L ? s_unknown(y) : s_sqrt(y);
}
static series fold_amax(int n, const series x[]) {
  series y = x[0];
  for (int i = 1; i < n; i++) y = s_max(y, x[i]);
  return y;
}
static series fold_amin(int n, const series x[]) {
  series y = x[0];
  for (int i = 1; i < n; i++) y = s_min(y, x[i]);
  return y;
}
static series fold_logsumexp(int n, const series x[]) {
  series y = s_constant(0);
  for (int i = 0; i < n; i++) y = s_add(y, s_exp(x[i]));
  return s_log(y);
}

static bool is_reduced(const instruction *in, int axis, int rank) {
  for (int i = 0; i < in->n; i++)
    if (in->axes[i] == axis || in->axes[i] + rank == axis) return true;
  return false;
}

/* Every axis by a coin, in random order and of either sign. c > 0: the function of all elements, where it is one. */
static bool choose_over(const program *p, instruction *in, generator *g) {
  const op_shape *x = operand_shape(p, in, 0);
  bool used[NAIVE_RANK] = {false};
  ptrdiff_t count = 1;
  in->keep = random_below(g, 2);
  for (int tries = random_below(g, 2 * x->rank + 1); tries > 0; tries--) {
    int axis = random_below(g, x->rank);
    if (used[axis]) continue;
    used[axis] = true;
    in->axes[in->n++] = axis - (random_below(g, 2) ? x->rank : 0);
    count *= x->dims[axis];
  }
  for (int i = 0; i < x->rank; i++)
    if (!used[i] || in->keep) in->shape.dims[in->shape.rank++] = used[i] ? 1 : x->dims[i];
  in->c = in->n == x->rank && !in->keep && random_below(g, 2);
  bool empty_has_value = in->op->fold == fold_sum || in->op->fold == fold_prod || in->op->fold == fold_norm;
  if (in->op->fold == fold_prod) in->bound = pow(in->bound, (double)count);
  else if (in->op->fold == fold_sum) in->bound *= (double)count;
  return count || empty_has_value;
}

static int members_over(evaluator *v, const instruction *in, ptrdiff_t e, series x[]) {
  const op_shape *from = shape_in(v, in, 0);
  ptrdiff_t index[NAIVE_RANK], at[NAIVE_RANK] = {0};
  int n = 0;
  for (ptrdiff_t i = 0; i < op_shape_size(from); i++) {
    unravel(from, i, index);
    for (int k = 0, to = 0; k < from->rank; k++) {
      if (is_reduced(in, k, from->rank)) {
        if (in->keep) at[to++] = 0;
      } else at[to++] = index[k];
    }
    if (ravel(&in->shape, at) == e) x[n++] = element_of(v, in->in[0], i);
  }
  return n;
}

static jet record_over(const instruction *in, const jet x[]) {
  return in->c != 0 ? in->op->jet_one(x[0]) : in->op->jet_over(x[0], in->n, in->axes, in->keep);
}
static series element_over(evaluator *v, const instruction *in, ptrdiff_t e) {
  series x[NAIVE_SIZE];
  int n = members_over(v, in, e, x);
  return in->op->fold(n, x);
}

/* ---- along an axis ----------------------------------------------------------------------------------------------- */

static jet jet_of_dft(jet x, int axis) { return jet_real(jet_fft(x, axis, JET_FFT_BACKWARD)); }
static jet jet_of_dct(jet x, int axis) { return jet_dct(x, 2, axis, JET_FFT_BACKWARD); }
static bool transforms(const instruction *in) { return in->op->jet_along == jet_of_dft || in->op->jet_along == jet_of_dct; }

static bool choose_along(const program *p, instruction *in, generator *g) {
  in->shape = *operand_shape(p, in, 0);
  if (!random_axis(&in->shape, in, g)) return false;
  double n = (double)in->shape.dims[axis_of(in, in->shape.rank)];
  if (transforms(in) && n == 0) return false;
  if (transforms(in)) in->bound *= 2 * n;
  if (in->op->fold == fold_sum) in->bound *= n;
  if (in->op->fold == fold_prod) in->bound = pow(fmax(in->bound, 1), n);
  return true;
}

/* The elements along the axis through e; which of them e is. */
static int members_along(evaluator *v, const instruction *in, ptrdiff_t e, series x[], int *position) {
  int axis = axis_of(in, in->shape.rank), n = (int)in->shape.dims[axis];
  ptrdiff_t index[NAIVE_RANK];
  unravel(&in->shape, e, index);
  *position = (int)index[axis];
  for (int i = 0; i < n; i++) {
    index[axis] = i;
    x[i] = element_of(v, in->in[0], ravel(&in->shape, index));
  }
  return n;
}

static jet record_along(const instruction *in, const jet x[]) { return in->op->jet_along(x[0], in->axis); }
static series element_prefix(evaluator *v, const instruction *in, ptrdiff_t e) {
  series x[NAIVE_SIZE];
  int position;
  members_along(v, in, e, x, &position);
  return in->op->fold(position + 1, x);
}
static double cosine(double turns) { /* rounded once: a cosine of a quarter is 0 */
  long double c = cosl(6.283185307179586476925L * turns);
  return fabsl(c) < 1e-17L ? 0 : (double)c;
}

static series element_dft(evaluator *v, const instruction *in, ptrdiff_t e) { /* its real part */
  series x[NAIVE_SIZE], y = s_constant(0);
  int k, n = members_along(v, in, e, x, &k);
  for (int j = 0; j < n; j++) y = s_add(y, s_scale(x[j], cosine((double)(j * k % n) / n)));
  return y;
}
static series element_dct(evaluator *v, const instruction *in, ptrdiff_t e) {
  series x[NAIVE_SIZE], y = s_constant(0);
  int k, n = members_along(v, in, e, x, &k);
  for (int j = 0; j < n; j++) y = s_add(y, s_scale(x[j], 2 * cosine((2 * j + 1) * k / (4.0 * n))));
  return y;
}
static series element_log_softmax(evaluator *v, const instruction *in, ptrdiff_t e) {
  series x[NAIVE_SIZE];
  int position, n = members_along(v, in, e, x, &position);
  return s_sub(x[position], fold_logsumexp(n, x));
}
static series element_softmax(evaluator *v, const instruction *in, ptrdiff_t e) {
  return s_exp(element_log_softmax(v, in, e));
}

static series element_sort(evaluator *v, const instruction *in, ptrdiff_t e) {
  series x[NAIVE_SIZE];
  int position, n = members_along(v, in, e, x, &position);
  bool unknown = false;
  for (int i = 1; i < n; i++)
    for (int j = i; j > 0; j--) {
      int order = s_order(x[j], x[j - 1]);
      unknown |= !order && !s_equal(x[j], x[j - 1]);
      if (x[j].c[0].v >= x[j - 1].c[0].v) break;
      series swap = x[j];
      x[j] = x[j - 1], x[j - 1] = swap;
    }
  return unknown ? s_unknown(x[position]) : x[position];
}
static jet jet_of_take(jet x, int axis) { return jet_take_along(x, jet_argsort(x, axis), axis); }

/* ---- moving elements --------------------------------------------------------------------------------------------- */

static series element_moved(evaluator *v, const instruction *in, ptrdiff_t e) {
  const op_shape *from[3];
  ptrdiff_t index[NAIVE_RANK] = {0};
  int which = 0;
  for (int i = 0; i < in->nin; i++) from[i] = shape_in(v, in, i);
  unravel(&in->shape, e, index);
  if (!in->op->source(in, from, index, &which)) return s_constant(in->c);
  return element_of(v, in->in[which], ravel(from[which], index));
}

static bool choose_reshape(const program *p, instruction *in, generator *g) {
  const op_shape *x = operand_shape(p, in, 0);
  ptrdiff_t size = op_shape_size(x), part = 1 + random_below(g, 4);
  in->shape.rank = 1 + random_below(g, 2);
  in->shape.dims[0] = in->shape.rank == 1 ? size : part;
  in->shape.dims[1] = size / part;
  in->n = random_below(g, 2); /* the last extent left open */
  return op_shape_size(&in->shape) == size;
}
static jet record_reshape(const instruction *in, const jet x[]) {
  op_shape s = in->shape;
  if (in->n) s.dims[s.rank - 1] = -1;
  return jet_reshape(x[0], s.rank, s.dims);
}
static bool source_reshape(const instruction *in, const op_shape *const from[], ptrdiff_t index[], int *which) {
  (void)which;
  unravel(from[0], ravel(&in->shape, index), index);
  return true;
}

static bool choose_permute(const program *p, instruction *in, generator *g) {
  const op_shape *x = operand_shape(p, in, 0);
  in->shape.rank = x->rank;
  for (int i = 0; i < x->rank; i++) in->axes[i] = i;
  for (int i = x->rank - 1; i > 0; i--) {
    int j = random_below(g, i + 1), swap = in->axes[i];
    in->axes[i] = in->axes[j], in->axes[j] = swap;
  }
  for (int i = 0; i < x->rank; i++) in->shape.dims[i] = x->dims[in->axes[i]];
  return true;
}
static jet record_permute(const instruction *in, const jet x[]) { return jet_permute(x[0], in->axes); }
static bool source_permute(const instruction *in, const op_shape *const from[], ptrdiff_t index[], int *which) {
  ptrdiff_t at[NAIVE_RANK];
  (void)which;
  for (int i = 0; i < from[0]->rank; i++) at[in->axes[i]] = index[i];
  memcpy(index, at, sizeof at);
  return true;
}

static bool choose_transpose(const program *p, instruction *in, generator *g) {
  const op_shape *x = operand_shape(p, in, 0);
  int r = x->rank;
  (void)g;
  if (r < 2) return false;
  in->shape = *x;
  for (int i = 0; i < r; i++) in->axes[i] = i;
  in->axes[r - 1] = r - 2, in->axes[r - 2] = r - 1;
  in->shape.dims[r - 1] = x->dims[r - 2], in->shape.dims[r - 2] = x->dims[r - 1];
  return true;
}
static jet record_transpose(const instruction *in, const jet x[]) { return (void)in, jet_transpose(x[0]); }

static bool choose_broadcast(const program *p, instruction *in, generator *g) {
  const op_shape *x = operand_shape(p, in, 0);
  int more = random_below(g, 2);
  if (x->rank + more > NAIVE_RANK) return false;
  in->shape.rank = x->rank + more;
  if (more) in->shape.dims[0] = random_below(g, 4);
  for (int i = 0; i < x->rank; i++) in->shape.dims[i + more] = x->dims[i] == 1 ? random_below(g, 4) : x->dims[i];
  return true;
}
static jet record_broadcast(const instruction *in, const jet x[]) {
  return jet_broadcast_to(x[0], in->shape.rank, in->shape.dims);
}
static bool source_broadcast(const instruction *in, const op_shape *const from[], ptrdiff_t index[], int *which) {
  (void)which;
  unravel(from[0], broadcast_element(from[0], &in->shape, ravel(&in->shape, index)), index);
  return true;
}

static bool choose_slice(const program *p, instruction *in, generator *g) {
  const op_shape *x = operand_shape(p, in, 0);
  in->shape.rank = x->rank;
  for (int i = 0; i < x->rank; i++) {
    int n = (int)x->dims[i], back = n && random_below(g, 3) == 0;
    in->s[i] = 1 + random_below(g, 2);
    in->a[i] = back ? random_below(g, n) : random_below(g, n + 1);
    in->b[i] = back ? random_below(g, (int)in->a[i] + 2) - 1 : in->a[i] + random_below(g, n - (int)in->a[i] + 1);
    ptrdiff_t length = back ? in->a[i] - in->b[i] : in->b[i] - in->a[i];
    in->shape.dims[i] = (length + in->s[i] - 1) / in->s[i];
    if (back) in->s[i] = -in->s[i];
  }
  return true;
}
static jet record_slice(const instruction *in, const jet x[]) { return jet_slice(x[0], in->a, in->b, in->s); }
static bool source_slice(const instruction *in, const op_shape *const from[], ptrdiff_t index[], int *which) {
  (void)which;
  for (int i = 0; i < from[0]->rank; i++) index[i] = in->a[i] + in->s[i] * index[i];
  return true;
}

static bool choose_concat(const program *p, instruction *in, generator *g) {
  in->shape = *operand_shape(p, in, 0);
  if (!random_axis(&in->shape, in, g)) return false;
  int axis = axis_of(in, in->shape.rank);
  for (int i = 1; i < in->nin; i++) {
    const op_shape *y = operand_shape(p, in, i);
    if (y->rank != in->shape.rank) return false;
    for (int k = 0; k < y->rank; k++)
      if (k != axis && y->dims[k] != in->shape.dims[k]) return false;
    in->shape.dims[axis] += y->dims[axis];
  }
  return true;
}
static jet record_concat(const instruction *in, const jet x[]) { return jet_concat(in->nin, x, in->axis); }
static bool source_concat(const instruction *in, const op_shape *const from[], ptrdiff_t index[], int *which) {
  int axis = axis_of(in, in->shape.rank);
  while (index[axis] >= from[*which]->dims[axis]) index[axis] -= from[(*which)++]->dims[axis];
  return true;
}

static bool choose_stack(const program *p, instruction *in, generator *g) {
  const op_shape *x = operand_shape(p, in, 0);
  for (int i = 1; i < in->nin; i++) {
    const op_shape *y = operand_shape(p, in, i);
    if (y->rank != x->rank || memcmp(y->dims, x->dims, (size_t)x->rank * sizeof *x->dims)) return false;
  }
  if (x->rank == NAIVE_RANK) return false;
  int axis = random_below(g, x->rank + 1);
  in->axis = axis - (random_below(g, 2) ? x->rank + 1 : 0);
  in->shape.rank = x->rank + 1;
  for (int i = 0, k = 0; i <= x->rank; i++) in->shape.dims[i] = i == axis ? in->nin : x->dims[k++];
  return true;
}
static jet record_stack(const instruction *in, const jet x[]) { return jet_stack(in->nin, x, in->axis); }
static bool source_stack(const instruction *in, const op_shape *const from[], ptrdiff_t index[], int *which) {
  int axis = axis_of(in, in->shape.rank);
  *which = (int)index[axis];
  for (int i = axis; i < from[0]->rank; i++) index[i] = index[i + 1];
  return true;
}

static bool choose_pad(const program *p, instruction *in, generator *g) {
  in->shape = *operand_shape(p, in, 0);
  in->c = random_below(g, 2) ? 0 : uniform(g, -1, 1);
  for (int i = 0; i < in->shape.rank; i++) {
    in->a[i] = random_below(g, 3), in->b[i] = random_below(g, 2);
    in->shape.dims[i] += in->a[i] + in->b[i];
  }
  return true;
}
static jet record_pad(const instruction *in, const jet x[]) { return jet_pad(x[0], in->a, in->b, in->c); }
static bool source_pad(const instruction *in, const op_shape *const from[], ptrdiff_t index[], int *which) {
  (void)which;
  for (int i = 0; i < from[0]->rank; i++) {
    index[i] -= in->a[i];
    if (index[i] < 0 || index[i] >= from[0]->dims[i]) return false;
  }
  return true;
}

static bool choose_roll(const program *p, instruction *in, generator *g) {
  in->shape = *operand_shape(p, in, 0);
  in->a[0] = random_below(g, 11) - 5;
  return random_axis(&in->shape, in, g);
}
static jet record_flip(const instruction *in, const jet x[]) { return jet_flip(x[0], in->axis); }
static bool source_flip(const instruction *in, const op_shape *const from[], ptrdiff_t index[], int *which) {
  int axis = axis_of(in, in->shape.rank);
  (void)which;
  index[axis] = from[0]->dims[axis] - 1 - index[axis];
  return true;
}
static jet record_roll(const instruction *in, const jet x[]) { return jet_roll(x[0], in->a[0], in->axis); }
static bool source_roll(const instruction *in, const op_shape *const from[], ptrdiff_t index[], int *which) {
  int axis = axis_of(in, in->shape.rank);
  ptrdiff_t n = from[0]->dims[axis];
  (void)which;
  index[axis] = ((index[axis] - in->a[0]) % n + n) % n;
  return true;
}

static bool choose_triangle(const program *p, instruction *in, generator *g) {
  in->shape = *operand_shape(p, in, 0);
  in->keep = random_below(g, 5) - 2;
  return in->shape.rank >= 2;
}
static jet record_tril(const instruction *in, const jet x[]) { return jet_tril(x[0], in->keep); }
static jet record_triu(const instruction *in, const jet x[]) { return jet_triu(x[0], in->keep); }
static bool source_tril(const instruction *in, const op_shape *const from[], ptrdiff_t index[], int *which) {
  (void)which;
  return index[from[0]->rank - 1] - index[from[0]->rank - 2] <= in->keep;
}
static bool source_triu(const instruction *in, const op_shape *const from[], ptrdiff_t index[], int *which) {
  (void)which;
  return index[from[0]->rank - 1] - index[from[0]->rank - 2] >= in->keep;
}

static bool choose_diag(const program *p, instruction *in, generator *g) {
  const op_shape *x = operand_shape(p, in, 0);
  (void)g;
  if (x->rank != 1 && x->rank != 2) return false;
  in->shape.rank = 3 - x->rank;
  in->shape.dims[0] = x->rank == 2 && x->dims[1] < x->dims[0] ? x->dims[1] : x->dims[0];
  in->shape.dims[1] = x->dims[0];
  return true;
}
static jet record_diag(const instruction *in, const jet x[]) { return (void)in, jet_diag(x[0]); }
static bool source_diag(const instruction *in, const op_shape *const from[], ptrdiff_t index[], int *which) {
  (void)in, (void)which;
  if (from[0]->rank == 1) return index[0] == index[1];
  index[1] = index[0];
  return true;
}

/* ---- indices ----------------------------------------------------------------------------------------------------- */

/* The axis replaced by in->n axes of extents s[]. */
static bool choose_gather(const program *p, instruction *in, generator *g) {
  const op_shape *x = operand_shape(p, in, 0);
  if (!random_axis(x, in, g)) return false;
  int axis = axis_of(in, x->rank), extent = (int)x->dims[axis], count = 1;
  in->n = random_below(g, 3);
  for (int i = 0; i < in->n; i++) count *= (int)(in->s[i] = extent ? random_below(g, 3) : 0);
  if (count && !extent) return false;
  if (x->rank - 1 + in->n > NAIVE_RANK) return false;
  for (int i = 0; i < count; i++) in->index[i] = random_below(g, extent);
  in->shape.rank = 0;
  for (int i = 0; i < x->rank; i++) {
    if (i != axis) in->shape.dims[in->shape.rank++] = x->dims[i];
    for (int k = 0; i == axis && k < in->n; k++) in->shape.dims[in->shape.rank++] = in->s[k];
  }
  return true;
}
static jet record_gather(const instruction *in, const jet x[]) {
  return jet_gather(x[0], in->axis, in->n, in->s, in->index);
}
static bool source_gather(const instruction *in, const op_shape *const from[], ptrdiff_t index[], int *which) {
  int axis = axis_of(in, from[0]->rank);
  op_shape s = {in->n, {in->s[0], in->s[1]}};
  ptrdiff_t i = in->index[ravel(&s, index + axis)];
  (void)which;
  memmove(index + axis + 1, index + axis + in->n, (size_t)(from[0]->rank - axis - 1) * sizeof *index);
  index[axis] = i;
  return true;
}

/* One axis of x by as many indices, into an axis of another extent. */
static bool choose_scatter(const program *p, instruction *in, generator *g) {
  in->shape = *operand_shape(p, in, 0);
  if (!random_axis(&in->shape, in, g)) return false;
  int axis = axis_of(in, in->shape.rank), extent = 1 + random_below(g, 4), n = (int)in->shape.dims[axis];
  if (n > 8) return false;
  for (int i = 0; i < n; i++) in->index[i] = random_below(g, extent);
  in->s[0] = n;
  in->shape.dims[axis] = extent;
  in->bound *= fmax(n, 1);
  return true;
}
static jet record_scatter(const instruction *in, const jet x[]) {
  int axis = axis_of(in, in->shape.rank);
  return jet_scatter_add(x[0], axis, 1, in->s, in->index, in->shape.dims[axis]);
}
static series element_scatter(evaluator *v, const instruction *in, ptrdiff_t e) {
  int axis = axis_of(in, in->shape.rank);
  ptrdiff_t index[NAIVE_RANK];
  series y = s_constant(0);
  unravel(&in->shape, e, index);
  ptrdiff_t to = index[axis];
  for (ptrdiff_t i = 0; i < in->s[0]; i++) {
    if (in->index[i] != to) continue;
    index[axis] = i;
    y = s_add(y, element_of(v, in->in[0], ravel(shape_in(v, in, 0), index)));
  }
  return y;
}

/* ---- matrices and losses ----------------------------------------------------------------------------------------- */

static bool choose_trace(const program *p, instruction *in, generator *g) {
  const op_shape *x = operand_shape(p, in, 0);
  (void)g;
  in->bound *= 4;
  return x->rank == 2 && x->dims[0] == x->dims[1];
}
static jet record_trace(const instruction *in, const jet x[]) { return (void)in, jet_trace(x[0]); }
static series element_trace(evaluator *v, const instruction *in, ptrdiff_t e) {
  series y = s_constant(0);
  (void)e;
  ptrdiff_t n = shape_in(v, in, 0)->dims[0];
  for (ptrdiff_t i = 0; i < n; i++) y = s_add(y, element_of(v, in->in[0], i * (n + 1)));
  return y;
}

static bool choose_outer(const program *p, instruction *in, generator *g) {
  (void)g;
  in->shape = (op_shape){2, {operand_shape(p, in, 0)->dims[0], operand_shape(p, in, 1)->dims[0]}};
  return operand_shape(p, in, 0)->rank == 1 && operand_shape(p, in, 1)->rank == 1;
}
static series element_outer(evaluator *v, const instruction *in, ptrdiff_t e) {
  ptrdiff_t n = in->shape.dims[1];
  return s_mul(element_of(v, in->in[0], e / n), element_of(v, in->in[1], e % n));
}

/* dot, matvec, matmul: [.., m, k] x [.., k, n]; a vector on the right is a column, on the left of a dot a row. */
static op_shape as_matrix(const op_shape *s, bool row) {
  if (s->rank != 1) return *s;
  return row ? (op_shape){2, {1, s->dims[0]}} : (op_shape){2, {s->dims[0], 1}};
}
static bool choose_product(const program *p, instruction *in, generator *g) {
  const op_shape *x = operand_shape(p, in, 0), *y = operand_shape(p, in, 1);
  (void)g;
  int want_x = in->op->jet_two == jet_dot ? 1 : 2, want_y = in->op->jet_two == jet_matmul ? 2 : 1;
  bool batched = in->op->jet_two == jet_matmul;
  if (batched ? x->rank < 2 || y->rank < 2 : x->rank != want_x || y->rank != want_y) return false;
  op_shape a = as_matrix(x, true), b = as_matrix(y, false), c = a, d = b;
  ptrdiff_t m = a.dims[a.rank - 2], k = a.dims[a.rank - 1], n = b.dims[b.rank - 1];
  if (k != b.dims[b.rank - 2]) return false;
  c.dims[c.rank - 2] = c.dims[c.rank - 1] = d.dims[d.rank - 2] = d.dims[d.rank - 1] = 1;
  if (!broadcast(&c, &d)) return false;
  c.dims[c.rank - 2] = m, c.dims[c.rank - 1] = n;
  in->shape = c;
  if (!batched) in->shape.rank = want_x - 1;
  in->bound *= (double)k + 1;
  return true;
}
static series element_product(evaluator *v, const instruction *in, ptrdiff_t e) {
  op_shape a = as_matrix(shape_in(v, in, 0), true), b = as_matrix(shape_in(v, in, 1), false), c = in->shape;
  if (in->op->jet_two != jet_matmul) c = (op_shape){2, {a.dims[0], 1}};
  ptrdiff_t k = a.dims[a.rank - 1], n = c.dims[c.rank - 1], m = c.dims[c.rank - 2], batch = e / (m * n);
  op_shape ba = a, bb = b, bc = c;
  ba.rank -= 2, bb.rank -= 2, bc.rank -= 2;
  ptrdiff_t row = broadcast_element(&ba, &bc, batch) * m + e / n % m, left = broadcast_element(&bb, &bc, batch) * k;
  series y = s_constant(0);
  for (ptrdiff_t j = 0; j < k; j++)
    y = s_add(y, s_mul(element_of(v, in->in[0], row * k + j), element_of(v, in->in[1], (left + j) * n + e % n)));
  return y;
}

static bool choose_entropy(const program *p, instruction *in, generator *g) {
  const op_shape *x = operand_shape(p, in, 0);
  if (x->rank != 2 || !x->dims[1] || x->dims[0] > 8) return false;
  in->shape = (op_shape){1, {x->dims[0]}};
  in->keep = random_below(g, 2);
  for (int i = 0; i < x->dims[0]; i++) in->index[i] = random_below(g, (int)x->dims[1]);
  return true;
}
static jet record_entropy(const instruction *in, const jet x[]) {
  double labels[8];
  for (int i = 0; i < 8; i++) labels[i] = (double)in->index[i];
  return in->keep ? jet_cross_entropy(x[0], in->index)
                  : jet_cross_entropy_at(x[0], jet_constant(x[0].tape, 1, in->shape.dims, labels));
}
static series element_entropy(evaluator *v, const instruction *in, ptrdiff_t e) {
  series x[NAIVE_SIZE];
  int n = (int)shape_in(v, in, 0)->dims[1];
  for (int i = 0; i < n; i++) x[i] = element_of(v, in->in[0], e * n + i);
  return s_sub(fold_logsumexp(n, x), x[in->index[e]]);
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

#define MOVED(name, arity, choose, record, source, bound)                                                              \
  {name, arity, choose, record, element_moved, NULL, NULL, NULL, source, bound, NULL, NULL, NULL, NULL},
#define OVER(f, bound)                                                                                                 \
  {#f,       1,    choose_over, record_over, element_over, NULL,           NULL,                                       \
   fold_##f, NULL, bound,       jet_##f,     NULL,         jet_##f##_over, NULL},
#define ALONG(name, element, fold, function)                                                                           \
  {name, 1, choose_along, record_along, element, NULL, NULL, fold, NULL, of_both, NULL, NULL, NULL, function},
#define OTHER(name, arity, choose, record, element, bound)                                                             \
  {name, arity, choose, record, element, NULL, NULL, NULL, NULL, bound, NULL, NULL, NULL, NULL},
#define PRODUCT(f, choose, element)                                                                                    \
  {#f, 2, choose, record_two, element, NULL, NULL, NULL, NULL, of_product, NULL, jet_##f, NULL, NULL},

const naive_op naive_ops[] = {
#define X(f, recorded, computed, bound)                                                                                \
  {#f,   1,     choose_elementwise, record_one, element_one, series_of_##f, NULL, NULL,                                \
   NULL, bound, jet_of_##f,         NULL,       NULL,        NULL},
    ONE_LIST(X)
#undef X
#define X(f, recorded, computed, bound)                                                                                \
  {#f,    2,    choose_elementwise, record_two, element_two, NULL, series_of_##f, NULL, NULL,                          \
   bound, NULL, jet_of_##f,         NULL,       NULL},
        TWO_LIST(X)
#undef X
/* clang-format off */
    OTHER("scale", 1, choose_elementwise, record_scale, element_scale, of_twice)
    OTHER("shift", 1, choose_elementwise, record_shift, element_shift, of_twice)
    OTHER("where", 3, choose_elementwise, record_where, element_where, of_both)
    OVER(sum, of_both)
    OVER(mean, of_both)
    OVER(prod, of_both)
    OVER(var, of_square)
    OVER(norm, of_twice)
    OVER(amax, of_both)
    OVER(amin, of_both)
    OVER(logsumexp, of_twice)
    ALONG("cumsum", element_prefix, fold_sum, jet_cumsum)
    ALONG("cumprod", element_prefix, fold_prod, jet_cumprod)
    ALONG("softmax", element_softmax, NULL, jet_softmax)
    ALONG("log_softmax", element_log_softmax, NULL, jet_log_softmax)
    ALONG("fft", element_dft, NULL, jet_of_dft)
    ALONG("dct", element_dct, NULL, jet_of_dct)
    ALONG("sort", element_sort, NULL, jet_sort)
    ALONG("take_along", element_sort, NULL, jet_of_take)
    MOVED("reshape", 1, choose_reshape, record_reshape, source_reshape, of_both)
    MOVED("permute", 1, choose_permute, record_permute, source_permute, of_both)
    MOVED("transpose", 1, choose_transpose, record_transpose, source_permute, of_both)
    MOVED("broadcast_to", 1, choose_broadcast, record_broadcast, source_broadcast, of_both)
    MOVED("slice", 1, choose_slice, record_slice, source_slice, of_both)
    MOVED("concat", 2, choose_concat, record_concat, source_concat, of_both)
    MOVED("concat", 3, choose_concat, record_concat, source_concat, of_both)
    MOVED("stack", 2, choose_stack, record_stack, source_stack, of_both)
    MOVED("stack", 3, choose_stack, record_stack, source_stack, of_both)
    MOVED("pad", 1, choose_pad, record_pad, source_pad, of_both)
    MOVED("flip", 1, choose_roll, record_flip, source_flip, of_both)
    MOVED("roll", 1, choose_roll, record_roll, source_roll, of_both)
    MOVED("tril", 1, choose_triangle, record_tril, source_tril, of_both)
    MOVED("triu", 1, choose_triangle, record_triu, source_triu, of_both)
    MOVED("diag", 1, choose_diag, record_diag, source_diag, of_both)
    MOVED("gather", 1, choose_gather, record_gather, source_gather, of_both)
    OTHER("scatter_add", 1, choose_scatter, record_scatter, element_scatter, of_both)
    OTHER("trace", 1, choose_trace, record_trace, element_trace, of_both)
    PRODUCT(outer, choose_outer, element_outer)
    PRODUCT(dot, choose_product, element_product)
    PRODUCT(matvec, choose_product, element_product)
    PRODUCT(matmul, choose_product, element_product)
    OTHER("cross_entropy", 1, choose_entropy, record_entropy, element_entropy, of_twice)
};
/* clang-format on */

const int naive_op_count = sizeof naive_ops / sizeof *naive_ops;
