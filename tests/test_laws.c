/* test_laws.c - laws between functions in jets of high order, constants in jets, and a table of special points. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reference.h"

static bool same(double a, double b) { return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b)); }

static void run(jet_plan *plan) {
  if (jet_plan_run(plan) != JET_OK) fail_msg("%s", jet_plan_message(plan));
}

/* ---- laws ------------------------------------------------------------------------------------------------------

   left(a, b) = right(a, b) as jets, for random jets with |a_k| <= r^k, r <= 1/2.

   Tolerance. As in FORMAT.md, let every node v of the law, inputs too, be off by one part in 1/u. To first order
   coefficient k of the result is then off by at most  u S_k,  S_k = sum over nodes of sum_j |d_{k-j}| |v_j|,  where the
   jet d is the derivative of the result by v: a law states its pairs (d, v). A coefficient that happens to be small is
   computed from terms that are not: |v_j| is replaced by  max over i <= j of |v_i| r^(j-i), the size of such a term. 64
   u S_k, as for the data. */

enum { ORDER = 30, PAIRS = 4, MAX_N = 40 };

typedef struct sides {
  jet left, right;
  jet d[PAIRS], v[PAIRS]; /* pairs: as many as have d.tape */
} sides;

typedef struct law {
  const char *name;
  sides (*record)(jet a, jet b);
  double a_low, a_high, b_low, b_high; /* where a_0 and b_0 lie */
} law;

static jet one(jet x) { return jet_scalar(x.tape, 1); }
static jet minus(jet x) { return jet_neg(x); }
static jet cube(jet x) { return jet_mul(x, jet_mul(x, x)); }

static sides sin2_cos2(jet a, jet b) {
  jet s = jet_sin(a), c = jet_cos(a);
  (void)b;
  return (sides){jet_add(jet_mul(s, s), jet_square(c)), one(a), {s, c}, {s, c}};
}

static sides sin_of_sum(jet a, jet b) {
  jet s = jet_mul(jet_sin(a), jet_cos(b)), c = jet_mul(jet_cos(a), jet_sin(b)), sum = jet_add(a, b);
  return (sides){jet_sin(sum), jet_add(s, c), {jet_cos(sum), one(a), one(a)}, {sum, s, c}};
}

static sides exp_of_sum(jet a, jet b) {
  jet sum = jet_add(a, b), e = jet_exp(sum);
  return (sides){e, jet_mul(jet_exp(a), jet_exp(b)), {e, jet_exp(b)}, {sum, jet_exp(a)}};
}

static sides log_of_exp(jet a, jet b) {
  (void)b;
  return (sides){jet_log(jet_exp(a)), a, {jet_exp(minus(a)), one(a)}, {jet_exp(a), minus(a)}};
}

static sides tan_is_sin_by_cos(jet a, jet b) {
  jet s = jet_sin(a), c = jet_cos(a), t = jet_tan(a);
  (void)b;
  return (sides){t, jet_div(s, c), {jet_recip(c), jet_div(t, c), one(a)}, {s, c, t}};
}

static sides quotient_times_divisor(jet a, jet b) {
  jet q = jet_div(a, b);
  return (sides){jet_mul(q, b), a, {q}, {minus(b)}};
}

static sides cosh2_sinh2(jet a, jet b) {
  jet s = jet_sinh(a), c = jet_cosh(a);
  (void)b;
  return (sides){jet_sub(jet_square(c), jet_mul(s, s)), one(a), {s, c}, {s, c}};
}

static sides sinh_by_exp(jet a, jet b) {
  jet e = jet_exp(a), f = jet_exp(minus(a));
  (void)b;
  return (sides){jet_sinh(a), jet_scale(jet_sub(e, f), 0.5), {one(a), one(a)}, {e, f}};
}

static sides tanh_is_sinh_by_cosh(jet a, jet b) {
  jet s = jet_sinh(a), c = jet_cosh(a), t = jet_tanh(a);
  (void)b;
  return (sides){t, jet_div(s, c), {jet_recip(c), jet_div(t, c), one(a)}, {s, c, t}};
}

static sides sqrt_squared(jet a, jet b) {
  jet s = jet_sqrt(a);
  (void)b;
  return (sides){jet_mul(s, s), a, {s}, {s}};
}

static sides cbrt_cubed(jet a, jet b) {
  jet s = jet_cbrt(a);
  (void)b;
  return (sides){cube(s), a, {jet_mul(s, s)}, {s}};
}

static sides rsqrt_is_recip_sqrt(jet a, jet b) {
  jet s = jet_sqrt(a), r = jet_rsqrt(a);
  (void)b;
  return (sides){r, jet_recip(s), {jet_mul(r, r), one(a)}, {s, r}};
}

static sides recip_is_one_over(jet a, jet b) {
  jet r = jet_recip(a);
  (void)b;
  return (sides){r, jet_div(one(a), a), {jet_mul(r, r)}, {minus(a)}};
}

static sides exp2_of_log2(jet a, jet b) {
  jet l = jet_log2(a);
  (void)b;
  return (sides){jet_exp2(l), a, {minus(a), one(a)}, {l, minus(a)}};
}

static sides log10_by_log(jet a, jet b) {
  jet l = jet_log10(a);
  (void)b;
  return (sides){jet_scale(l, 2.302585092994046), jet_log(a), {one(a)}, {jet_log(a)}};
}

static sides log1p_by_log(jet a, jet b) {
  jet s = jet_shift(a, 1);
  (void)b;
  return (sides){jet_log1p(a), jet_log(s), {jet_recip(s), one(a)}, {s, jet_log(s)}};
}

static sides expm1_by_exp(jet a, jet b) {
  (void)b;
  return (sides){jet_expm1(a), jet_shift(jet_exp(a), -1), {one(a), one(a)}, {jet_exp(a), one(a)}};
}

static sides pow_is_exp_of_log(jet a, jet b) {
  jet l = jet_log(a), product = jet_mul(b, l), y = jet_pow(a, b);
  return (sides){y, jet_exp(product), {y, jet_mul(y, b), one(a)}, {product, l, y}};
}

static sides powc_is_exp_of_log(jet a, jet b) {
  jet l = jet_log(a), y = jet_powc(a, -1.7);
  (void)b;
  return (sides){y, jet_exp(jet_scale(l, -1.7)), {jet_scale(y, 1.7), one(a)}, {l, y}};
}

static sides powc_is_product(jet a, jet b) {
  jet y = jet_powc(a, 3);
  (void)b;
  return (sides){y, cube(a), {jet_mul(a, a)}, {minus(a)}};
}

static sides powc_negative_is_quotient(jet a, jet b) {
  jet y = jet_powc(a, -2), p = jet_mul(a, a);
  (void)b;
  return (sides){y, jet_recip(p), {jet_mul(y, y), one(a)}, {p, y}};
}

static sides pow_of_half_is_sqrt(jet a, jet b) {
  jet s = jet_sqrt(a);
  (void)b;
  return (sides){jet_powc(a, 0.5), s, {jet_recip(s)}, {minus(a)}};
}

static sides atan2_is_atan(jet a, jet b) {
  jet q = jet_div(a, b), y = jet_atan(q);
  return (sides){jet_atan2(a, b), y, {jet_recip(jet_shift(jet_mul(q, q), 1)), one(a)}, {q, y}};
}

static sides atan2_turns_by_pi(jet a, jet b) {
  jet y = jet_atan2(a, b), q = jet_div(a, b);
  jet turned = jet_atan2(minus(a), minus(b)); /* a_0 > 0: in the lower half plane */
  return (sides){jet_shift(turned, 3.141592653589793), y, {one(a), jet_recip(jet_shift(jet_mul(q, q), 1))}, {y, q}};
}

static sides hypot_squared(jet a, jet b) {
  jet h = jet_hypot(a, b);
  return (sides){jet_mul(h, h), jet_add(jet_mul(a, a), jet_mul(b, b)), {h, a, b}, {h, minus(a), minus(b)}};
}

static sides asin_of_sin(jet a, jet b) {
  (void)b;
  return (sides){jet_asin(jet_sin(a)), a, {jet_recip(jet_cos(a)), one(a)}, {jet_sin(a), minus(a)}};
}

static sides acos_of_cos(jet a, jet b) {
  (void)b;
  return (sides){jet_acos(jet_cos(a)), a, {jet_recip(jet_sin(a)), one(a)}, {jet_cos(a), minus(a)}};
}

static sides atan_of_tan(jet a, jet b) {
  (void)b;
  return (sides){jet_atan(jet_tan(a)), a, {jet_square(jet_cos(a)), one(a)}, {jet_tan(a), minus(a)}};
}

static sides asinh_of_sinh(jet a, jet b) {
  (void)b;
  return (sides){jet_asinh(jet_sinh(a)), a, {jet_recip(jet_cosh(a)), one(a)}, {jet_sinh(a), minus(a)}};
}

static sides acosh_of_cosh(jet a, jet b) {
  (void)b;
  return (sides){jet_acosh(jet_cosh(a)), a, {jet_recip(jet_sinh(a)), one(a)}, {jet_cosh(a), minus(a)}};
}

static sides atanh_of_tanh(jet a, jet b) {
  (void)b;
  return (sides){jet_atanh(jet_tanh(a)), a, {jet_square(jet_cosh(a)), one(a)}, {jet_tanh(a), minus(a)}};
}

static sides sinpi_is_sin_of_pi(jet a, jet b) {
  jet p = jet_scale(a, 3.141592653589793);
  (void)b;
  return (sides){jet_sinpi(a), jet_sin(p), {jet_cos(p), one(a)}, {p, jet_sin(p)}};
}

static sides cospi_is_cos_of_pi(jet a, jet b) {
  jet p = jet_scale(a, 3.141592653589793);
  (void)b;
  return (sides){jet_cospi(a), jet_cos(p), {jet_sin(p), one(a)}, {p, jet_cos(p)}};
}

static sides sigmoid_is_exp_of_logsigmoid(jet a, jet b) {
  jet l = jet_logsigmoid(a), s = jet_sigmoid(a);
  (void)b;
  return (sides){s, jet_exp(l), {s, one(a)}, {l, s}};
}

static sides sigmoid_plus_its_mirror_is_one(jet a, jet b) {
  (void)b;
  return (sides){jet_add(jet_sigmoid(a), jet_sigmoid(minus(a))),
                 one(a),
                 {one(a), one(a)},
                 {jet_sigmoid(a), jet_sigmoid(minus(a))}};
}

static sides sigmoid_by_tanh(jet a, jet b) {
  jet t = jet_scale(jet_tanh(jet_scale(a, 0.5)), 0.5);
  (void)b;
  return (sides){jet_sigmoid(a), jet_shift(t, 0.5), {one(a), one(a)}, {t, one(a)}};
}

static sides softplus_minus_its_mirror(jet a, jet b) {
  jet p = jet_softplus(a);
  (void)b;
  return (sides){jet_sub(p, jet_softplus(minus(a))), a, {one(a), one(a)}, {p, minus(a)}};
}

static sides logsigmoid_is_minus_softplus(jet a, jet b) {
  jet l = jet_logsigmoid(a);
  (void)b;
  return (sides){l, minus(jet_softplus(minus(a))), {one(a)}, {l}};
}

static sides silu_is_x_sigmoid(jet a, jet b) {
  jet s = jet_sigmoid(a);
  (void)b;
  return (sides){jet_silu(a), jet_mul(a, s), {minus(a)}, {s}};
}

static sides gelu_is_x_normcdf(jet a, jet b) {
  jet p = jet_normcdf(a);
  (void)b;
  return (sides){jet_gelu(a), jet_mul(a, p), {minus(a)}, {p}};
}

static sides erf_plus_erfc(jet a, jet b) {
  (void)b;
  return (sides){jet_add(jet_erf(a), jet_erfc(a)), one(a), {one(a), one(a)}, {jet_erf(a), jet_erfc(a)}};
}

static sides normcdf_is_half_erfc(jet a, jet b) {
  jet z = jet_scale(a, -0.7071067811865476), p = jet_normcdf(a);
  (void)b;
  return (sides){p, jet_scale(jet_erfc(z), 0.5), {one(a), jet_exp(minus(jet_square(z)))}, {p, z}};
}

static sides x_sinc(jet a, jet b) {
  (void)b;
  jet s = jet_sinc(a);
  return (sides){jet_mul(a, s), jet_sin(a), {minus(a), one(a), jet_cos(a)}, {s, jet_sin(a), minus(a)}};
}

static sides x_exprel(jet a, jet b) {
  (void)b;
  jet s = jet_exprel(a);
  return (sides){jet_mul(a, s), jet_expm1(a), {minus(a), one(a), jet_exp(a)}, {s, jet_expm1(a), minus(a)}};
}

static sides x_log1prel(jet a, jet b) {
  (void)b;
  jet s = jet_log1prel(a), d = jet_recip(jet_shift(a, 1));
  return (sides){jet_mul(a, s), jet_log1p(a), {minus(a), one(a), d}, {s, jet_log1p(a), minus(a)}};
}

static sides logaddexp_as_typed(jet a, jet b) {
  jet sum = jet_add(jet_exp(a), jet_exp(b)), l = jet_log(sum);
  return (sides){jet_logaddexp(a, b), l, {jet_recip(sum), one(a)}, {sum, l}};
}

static sides xlogy_as_typed(jet a, jet b) {
  jet l = jet_log(b);
  return (sides){jet_xlogy(a, b), jet_mul(a, l), {minus(a)}, {l}};
}

static const law laws[] = {
    {"sin^2 a + cos^2 a = 1", sin2_cos2, -10, 10, 0, 0},
    {"sin(a+b) = sin a cos b + cos a sin b", sin_of_sum, -3, 3, -3, 3},
    {"exp(a+b) = exp a exp b", exp_of_sum, -5, 5, -5, 5},
    {"log exp a = a", log_of_exp, -5, 5, 0, 0},
    {"tan a = sin a / cos a", tan_is_sin_by_cos, -1.2, 1.2, 0, 0},
    {"(a/b) b = a", quotient_times_divisor, -2, 2, 0.7, 2},
    {"cosh^2 a - sinh^2 a = 1", cosh2_sinh2, -2, 2, 0, 0},
    {"sinh a = (exp a - exp -a)/2", sinh_by_exp, -3, 3, 0, 0},
    {"tanh a = sinh a / cosh a", tanh_is_sinh_by_cosh, -2, 2, 0, 0},
    {"sqrt(a)^2 = a", sqrt_squared, 0.8, 4, 0, 0},
    {"cbrt(a)^3 = a", cbrt_cubed, 0.8, 4, 0, 0},
    {"cbrt(a)^3 = a < 0", cbrt_cubed, -4, -0.8, 0, 0},
    {"rsqrt a = 1/sqrt a", rsqrt_is_recip_sqrt, 0.8, 4, 0, 0},
    {"recip a = 1/a", recip_is_one_over, 0.8, 4, 0, 0},
    {"exp2 log2 a = a", exp2_of_log2, 0.8, 4, 0, 0},
    {"log10 a log 10 = log a", log10_by_log, 0.8, 4, 0, 0},
    {"log1p a = log(1+a)", log1p_by_log, -0.3, 4, 0, 0},
    {"expm1 a = exp a - 1", expm1_by_exp, -4, 4, 0, 0},
    {"pow(a,b) = exp(b log a)", pow_is_exp_of_log, 0.8, 4, -2, 2},
    {"a^-1.7 = exp(-1.7 log a)", powc_is_exp_of_log, 0.8, 4, 0, 0},
    {"a^3 = a a a", powc_is_product, -2, 2, 0, 0},
    {"a^-2 = 1/(a a)", powc_negative_is_quotient, -3, -0.8, 0, 0},
    {"a^0.5 = sqrt a", pow_of_half_is_sqrt, 0.8, 4, 0, 0},
    {"atan2(a,b) = atan(a/b)", atan2_is_atan, -2, 2, 0.8, 2},
    {"atan2(-a,-b) + pi = atan2(a,b)", atan2_turns_by_pi, 0.6, 2, 0.6, 2},
    {"hypot(a,b)^2 = a^2 + b^2", hypot_squared, -2, 2, 0.8, 2},
    {"asin sin a = a", asin_of_sin, -0.8, 0.8, 0, 0},
    {"acos cos a = a", acos_of_cos, 0.8, 2.3, 0, 0},
    {"atan tan a = a", atan_of_tan, -0.8, 0.8, 0, 0},
    {"asinh sinh a = a", asinh_of_sinh, -2, 2, 0, 0},
    {"acosh cosh a = a", acosh_of_cosh, 0.8, 2, 0, 0},
    {"atanh tanh a = a", atanh_of_tanh, -1, 1, 0, 0},
    {"sinpi a = sin(pi a)", sinpi_is_sin_of_pi, -2, 2, 0, 0},
    {"cospi a = cos(pi a)", cospi_is_cos_of_pi, -2, 2, 0, 0},
    {"sigmoid a = exp logsigmoid a", sigmoid_is_exp_of_logsigmoid, -4, 4, 0, 0},
    {"sigmoid a + sigmoid -a = 1", sigmoid_plus_its_mirror_is_one, -4, 4, 0, 0},
    {"sigmoid a = (1 + tanh(a/2))/2", sigmoid_by_tanh, -4, 4, 0, 0},
    {"softplus a - softplus -a = a", softplus_minus_its_mirror, -4, 4, 0, 0},
    {"logsigmoid a = -softplus -a", logsigmoid_is_minus_softplus, -4, 4, 0, 0},
    {"silu a = a sigmoid a", silu_is_x_sigmoid, -4, 4, 0, 0},
    {"gelu a = a normcdf a", gelu_is_x_normcdf, -3, 3, 0, 0},
    {"erf a + erfc a = 1", erf_plus_erfc, -2, 2, 0, 0},
    {"normcdf a = erfc(-a/sqrt 2)/2", normcdf_is_half_erfc, -3, 3, 0, 0},
    {"a sinc a = sin a", x_sinc, -3, 3, 0, 0},
    {"a sinc a = sin a, small a", x_sinc, -1e-6, 1e-6, 0, 0},
    {"a exprel a = expm1 a", x_exprel, -3, 3, 0, 0},
    {"a exprel a = expm1 a, small a", x_exprel, -1e-6, 1e-6, 0, 0},
    {"a log1prel a = log1p a", x_log1prel, -0.3, 3, 0, 0},
    {"a log1prel a = log1p a, small a", x_log1prel, -1e-6, 1e-6, 0, 0},
    {"logaddexp(a,b) = log(exp a + exp b)", logaddexp_as_typed, -3, 3, -3, 3},
    {"xlogy(a,b) = a log b", xlogy_as_typed, -2, 2, 0.8, 3},
};

/* The same, but without rounding: 64 becomes 0. */

static sides abs_is_max(jet a, jet b) {
  (void)b;
  return (sides){.left = jet_abs(a), .right = jet_max(a, minus(a))};
}

static sides relu_is_max(jet a, jet b) {
  (void)b;
  return (sides){.left = jet_relu(a), .right = jet_max(a, jet_scalar(a.tape, 0))};
}

static sides min_is_minus_max(jet a, jet b) {
  return (sides){.left = jet_min(a, b), .right = minus(jet_max(minus(a), minus(b)))};
}

static sides max_plus_min(jet a, jet b) {
  return (sides){.left = jet_add(jet_max(a, b), jet_min(a, b)), .right = jet_add(a, b)};
}

static sides max_minus_min(jet a, jet b) {
  return (sides){.left = jet_sub(jet_max(a, b), jet_min(a, b)), .right = jet_abs(jet_sub(a, b))};
}

static sides sign_times_abs(jet a, jet b) {
  (void)b;
  return (sides){.left = jet_mul(jet_sign(a), jet_abs(a)), .right = jet_add(a, jet_scalar(a.tape, 0))};
}

static sides relu_minus_its_mirror(jet a, jet b) {
  (void)b;
  return (sides){.left = jet_sub(jet_relu(a), jet_relu(minus(a))), .right = jet_shift(a, 0)};
}

static sides ceil_is_minus_floor(jet a, jet b) {
  (void)b;
  return (sides){.left = jet_ceil(a), .right = minus(jet_floor(minus(a)))};
}

static sides round_is_odd(jet a, jet b) {
  (void)b;
  return (sides){.left = jet_round(a), .right = minus(jet_round(minus(a)))};
}

static sides even_functions(jet a, jet b) {
  (void)b;
  return (sides){.left = jet_add(jet_cos(a), jet_cosh(a)), .right = jet_add(jet_cos(minus(a)), jet_cosh(minus(a)))};
}

static const law exact_laws[] = {
    {"abs a = max(a, -a)", abs_is_max, -2, 2, 0, 0},
    {"relu a = max(a, 0)", relu_is_max, -2, 2, 0, 0},
    {"min(a,b) = -max(-a,-b)", min_is_minus_max, -2, 2, -2, 2},
    {"max + min = a + b", max_plus_min, -2, 2, -2, 2},
    {"max - min = abs(a-b)", max_minus_min, -2, 2, -2, 2},
    {"sign a abs a = a", sign_times_abs, -2, 2, 0, 0},
    {"relu a - relu -a = a", relu_minus_its_mirror, -2, 2, 0, 0},
    {"ceil a = -floor -a", ceil_is_minus_floor, -20, 20, 0, 0},
    {"round is odd", round_is_odd, -20, 20, 0, 0},
    {"cos and cosh are even", even_functions, -2, 2, 0, 0},
};

/* ---- running a law ----------------------------------------------------------------------------------------------- */

typedef struct generator {
  uint64_t state;
} generator;

static double uniform(generator *g, double low, double high) { /* splitmix64 */
  uint64_t z = g->state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return low + (high - low) * (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

typedef struct trial {
  const law *law;
  jet_isa isa;
  int order;
  ptrdiff_t n;
  double r;
  sides s;
  int pairs;
  jet_plan *plan;
} trial;

static void fill(jet_plan *plan, jet x, double low, double high, double r, generator *g) {
  double size = 1;
  for (int k = 0; k <= jet_order(x); k++, size *= r) {
    double *plane = jet_plan_data(plan, x, k);
    assert_non_null(plane);
    for (ptrdiff_t i = 0; i < jet_size(x); i++) plane[i] = k == 0 ? uniform(g, low, high) : uniform(g, -size, size);
  }
}

/* Coefficient k of element i; plain values and scalars are broadcast. */
static double coefficient(const trial *t, jet x, int k, ptrdiff_t i) {
  if (k > jet_order(x)) return 0;
  const double *plane = jet_plan_data(t->plan, x, k);
  assert_non_null(plane);
  return plane[jet_size(x) == 1 ? 0 : i];
}

/* Coefficients of |x|, none smaller than the decay r leaves of those before it. */
static void envelope(const trial *t, jet x, ptrdiff_t i, double *size) {
  double before = 0;
  for (int k = 0; k <= t->order; k++) before = size[k] = fmax(fabs(coefficient(t, x, k, i)), before * t->r);
}

static void scales(const trial *t, ptrdiff_t i, double *scale) {
  double d[ORDER + 1], v[ORDER + 1];
  for (int k = 0; k <= t->order; k++) scale[k] = 0;
  for (int p = 0; p < t->pairs; p++) {
    envelope(t, t->s.d[p], i, d);
    envelope(t, t->s.v[p], i, v);
    for (int k = 0; k <= t->order; k++)
      for (int j = 0; j <= k; j++) scale[k] += d[k - j] * v[j];
  }
}

static bool breaks_law(const trial *t, ptrdiff_t i) {
  double scale[ORDER + 1];
  scales(t, i, scale);
  for (int k = 0; k <= t->order; k++) {
    double left = coefficient(t, t->s.left, k, i), right = coefficient(t, t->s.right, k, i);
    if (fabs(left - right) <= REF_TOLERANCE * REF_UNIT * scale[k]) continue;
    print_error("%s (%s, order %d, element %td of %td): coefficient %d is %.17g on the left, %.17g on the right, error "
                "%.3g u S_k\n",
                t->law->name, ref_isa_name(t->isa), t->order, i, t->n, k, left, right,
                fabs(left - right) / scale[k] / REF_UNIT);
    return true;
  }
  return false;
}

static int try_law(const law *l, jet_isa isa, int order, ptrdiff_t n) {
  generator g = {(uint64_t)n * 1000003 + (uint64_t)isa};
  trial t = {.law = l, .isa = isa, .order = order, .n = n, .r = uniform(&g, 0.3, 0.5)};
  jet_tape *tape = ref_tape(isa, false); /* as typed: a law must not be rewritten into itself */
  jet p = jet_parameter(tape, order), a = jet_input_series(p, 1, &n), b = jet_input_series(p, 1, &n);
  t.s = l->record(a, b);
  jet outputs[2 + 2 * PAIRS] = {t.s.left, t.s.right};
  for (; t.pairs < PAIRS && t.s.d[t.pairs].tape; t.pairs++) {
    outputs[2 + 2 * t.pairs] = t.s.d[t.pairs];
    outputs[3 + 2 * t.pairs] = t.s.v[t.pairs];
  }
  t.plan = jet_plan_new(tape, 2 + 2 * t.pairs, outputs);
  if (jet_plan_status(t.plan) != JET_OK) fail_msg("%s: %s", l->name, jet_plan_message(t.plan));
  fill(t.plan, a, l->a_low, l->a_high, t.r, &g);
  fill(t.plan, b, l->b_low, l->b_high, t.r, &g);
  run(t.plan);
  int bad = 0;
  for (ptrdiff_t i = 0; i < n && bad == 0; i++) bad = breaks_law(&t, i);
  jet_plan_free(t.plan);
  jet_tape_free(tape);
  return bad;
}

/* High order, and the short ones, which may have code of their own. */
static int try_lengths(const law *l, jet_isa isa) {
  int bad = 0;
  for (int n = 1; n <= MAX_N && bad < 3; n++) bad += try_law(l, isa, ORDER, n) + try_law(l, isa, n % 10, n);
  return bad;
}

static void try_laws(const law *list, size_t count) {
  jet_isa isas[3];
  int bad = 0, n = ref_isas(isas);
  for (int a = 0; a < n; a++)
    for (size_t i = 0; i < count; i++) bad += try_lengths(&list[i], isas[a]);
  assert_int_equal(bad, 0);
}

static void laws_hold_on_random_jets(void **state) {
  (void)state;
  try_laws(laws, sizeof laws / sizeof *laws);
}

static void laws_of_selection_are_exact(void **state) {
  (void)state;
  try_laws(exact_laws, sizeof exact_laws / sizeof *exact_laws);
}

/* ---- one expression of x and y on given jets ------------------------------------------------------------------------
 */

enum { MAX_SPECIAL = 12 };

typedef struct bench {
  jet_tape *tape;
  jet_plan *plan;
  jet x, y, z;
  int order;
  ptrdiff_t n;
} bench;

static bench bench_new(const char *expr, jet_isa isa, ref_style style, int order, ptrdiff_t n) {
  bench b = {.tape = ref_tape(isa, false), .order = order, .n = n};
  jet t = jet_parameter(b.tape, order);
  b.x = jet_input_series(t, 1, &n);
  b.y = jet_input_series(t, 1, &n);
  b.z = ref_record(expr, b.x, b.y, style);
  if (!b.z.tape) fail_msg("%s: not an expression", expr);
  b.plan = jet_plan_new(b.tape, 1, &b.z);
  if (jet_plan_status(b.plan) != JET_OK) fail_msg("%s: %s", expr, jet_plan_message(b.plan));
  return b;
}

static void bench_free(bench *b) {
  jet_plan_free(b->plan);
  jet_tape_free(b->tape);
}

static void bench_put(bench *b, jet x, ptrdiff_t i, const double *coefficients) {
  for (int k = 0; k <= b->order; k++) jet_plan_data(b->plan, x, k)[i] = coefficients[k];
}

static double bench_get(bench *b, int k, ptrdiff_t i) {
  return k > jet_order(b->z) ? 0 : jet_plan_data(b->plan, b->z, k)[i];
}

/* ---- the table of special points -------------------------------------------------------------------------------

   Expected numbers are compared with ==, NaN with NaN. Two marks for what is not promised: */
#define POLE 0x1.5p1001 /* some infinity or NaN */
#define FREE 0x1.5p1002 /* anything */
#define INF INFINITY
enum { UNCOUNTED = -1 };

typedef struct special {
  const char *expr;
  int order, lost;
  double x[MAX_SPECIAL], y[MAX_SPECIAL], want[MAX_SPECIAL];
} special;

static const special specials[] = {
    /* kinks: the limit t -> 0+ along the jet; the symmetric choice where the jet says nothing */
    {"abs(x)", 2, 0, {0, -2, 1}, {0}, {0, 2, -1}},
    {"abs(x)", 3, 0, {0, 0, -3, 1}, {0}, {0, 0, 3, -1}},
    {"abs(x)", 3, 0, {0, 0, 0, 2}, {0}, {0, 0, 0, 2}},
    {"abs(x)", 3, 0, {0, 0, 0, -2}, {0}, {0, 0, 0, 2}},
    {"abs(x)", 3, 0, {-0.0, 1, -1, 0}, {0}, {0, 1, -1, 0}},
    {"abs(x)", 3, 0, {0}, {0}, {0}},
    {"abs(x)", 3, 0, {-2, 3, -4, 5}, {0}, {2, -3, 4, -5}},
    {"abs(x)", 2, 0, {-INF, 3, -4}, {0}, {INF, -3, 4}},
    {"relu(x)", 1, 0, {0, 1}, {0}, {0, 1}},
    {"relu(x)", 1, 0, {0, -1}, {0}, {0, 0}},
    {"relu(x)", 3, 0, {0, 0, 2, -3}, {0}, {0, 0, 2, -3}},
    {"relu(x)", 3, 0, {0, 0, -2, 3}, {0}, {0}},
    {"relu(x)", 3, 0, {-0.0, 0, 0, 4}, {0}, {0, 0, 0, 4}},
    {"relu(x)", 3, 0, {0}, {0}, {0}},
    {"max(x,y)", 2, 0, {1, 2, 3}, {1, 2, 5}, {1, 2, 5}},
    {"max(x,y)", 2, 0, {1, 2, 3}, {1, 1, 5}, {1, 2, 3}},
    {"max(x,y)", 2, 0, {1, 2, 3}, {1, 2, 3}, {1, 2, 3}},
    {"max(x,y)", 2, 0, {-1, 7, 7}, {1, 2, 3}, {1, 2, 3}},
    {"min(x,y)", 2, 0, {1, 2, 3}, {1, 2, 5}, {1, 2, 3}},
    {"min(x,y)", 2, 0, {1, 2, 3}, {1, 1, 5}, {1, 1, 5}},
    {"min(x,y)", 2, 0, {1, 2, 3}, {1, 2, 3}, {1, 2, 3}},
    {"max(x,0)", 2, 0, {0, -1, 3}, {0}, {0}},
    {"max(x,0)", 2, 0, {0, 0, 3}, {0}, {0, 0, 3}},
    /* steps */
    {"sign(x)", 2, 0, {0, 1, 2}, {0}, {0}},
    {"sign(x)", 2, 0, {-0.0, 1, 2}, {0}, {0}},
    {"sign(x)", 2, 0, {-3, 1, 2}, {0}, {-1, 0, 0}},
    {"sign(x)", 2, 0, {INF, 1, 2}, {0}, {1, 0, 0}},
    {"floor(x)", 2, 0, {2, -1, 1}, {0}, {2, 0, 0}},
    {"floor(x)", 2, 0, {-1.5, 1, 1}, {0}, {-2, 0, 0}},
    {"floor(x)", 2, 0, {-INF, 1, 1}, {0}, {-INF, 0, 0}},
    {"ceil(x)", 2, 0, {2, 1, 1}, {0}, {2, 0, 0}},
    {"ceil(x)", 2, 0, {1.25, 1, 1}, {0}, {2, 0, 0}},
    {"ceil(x)", 2, 0, {0x1p60, 1, 1}, {0}, {0x1p60, 0, 0}},
    {"round(x)", 2, 0, {2.5, 1, 1}, {0}, {3, 0, 0}},
    {"round(x)", 2, 0, {-2.5, 1, 1}, {0}, {-3, 0, 0}},
    {"round(x)", 2, 0, {0.49999999999999994, 1, 1}, {0}, {0}},
    {"round(x)", 2, 0, {0x1.0000000000001p52, 1, 1}, {0}, {0x1.0000000000001p52, 0, 0}},
    /* roots and powers: by valuation, exact integer powers, one-sided real ones */
    {"sqrt(x)", 4, 1, {0, 0, 4, 0, 0}, {0}, {0, 2, 0, 0, NAN}},
    {"sqrt(x)", 6, 2, {0, 0, 0, 0, 9, 0, 0}, {0}, {0, 0, 3, 0, 0, NAN, NAN}},
    {"sqrt(x)", 4, 1, {0, 0, 4, 4, 1}, {0}, {0, 2, 1, 0, NAN}},
    {"sqrt(x)", 4, UNCOUNTED, {0, 1, 0, 0, 0}, {0}, {0, INF, NAN, NAN, NAN}},
    {"sqrt(x)", 3, 0, {0}, {0}, {0}},
    {"sqrt(x)", 3, UNCOUNTED, {-1, 1, 0, 0}, {0}, {NAN, NAN, NAN, NAN}},
    {"pow(x,0.5)", 3, 0, {0}, {0}, {0}},
    {"pow(x,0.5)", 4, UNCOUNTED, {0, 1, 0, 0, 0}, {0}, {0, INF, NAN, NAN, NAN}},
    {"pow(x,1.7)", 4, UNCOUNTED, {0, 1, 0, 0, 0}, {0}, {0, 0, INF, NAN, NAN}},
    {"pow(x,2.5)", 5, UNCOUNTED, {0, 1, 0, 0, 0, 0}, {0}, {0, 0, 0, INF, NAN, NAN}},
    {"pow(x,1.7)", 3, 0, {0}, {0}, {0}},
    {"pow(x,2)", 4, 0, {0, 1, 0, 0, 0}, {0}, {0, 0, 1, 0, 0}},
    {"pow(x,2)", 4, 0, {0, 1, 2, 0, 0}, {0}, {0, 0, 1, 4, 4}},
    {"pow(x,3)", 5, 0, {-1, 1, 0, 0, 0, 0}, {0}, {-1, 3, -3, 1, 0, 0}},
    {"pow(x,3)", 3, 0, {0, -2, 0, 0}, {0}, {0, 0, 0, -8}},
    {"pow(x,1)", 3, 0, {0, -2, 5, 0}, {0}, {0, -2, 5, 0}},
    {"pow(x,0)", 3, 0, {0, 1, 0, 0}, {0}, {1, 0, 0, 0}},
    {"pow(x,0)", 3, 0, {-2, 1, 3, 0}, {0}, {1, 0, 0, 0}},
    {"pow(x,10)", 4, 0, {0, 1, 2, 3, 4}, {0}, {0}},
    {"pow(x,-1)", 3, 0, {-2, 4, 0, 0}, {0}, {-0.5, -1, -2, -4}},
    {"cbrt(x)", 3, 0, {0}, {0}, {0}},
    {"square(x)", 4, 0, {0, -1, 2, 0, 0}, {0}, {0, 0, 1, -4, 4}},
    {"recip(x)", 3, UNCOUNTED, {0, 1, 0, 0}, {0}, {POLE, POLE, POLE, POLE}},
    {"log(x)", 3, UNCOUNTED, {0, 1, 0, 0}, {0}, {-INF, FREE, FREE, FREE}},
    {"log(x)", 3, UNCOUNTED, {-1, 1, 0, 0}, {0}, {NAN, NAN, NAN, NAN}},
    /* branch points of a jet that stays there */
    {"acos(x)", 3, 0, {1, 0, 0, 0}, {0}, {0}},
    {"acos(x)", 4, 1, {1, 0, -0.5, 0, 1.0 / 24}, {0}, {0, 1, 0, 0, NAN}}, /* of cos t */
    {"asin(x)", 4, 1, {1, 0, -1, 0, 0}, {0}, {M_PI_2, -M_SQRT2, 0, -M_SQRT2 / 12, NAN}},
    {"asin(x)", 3, 0, {-1, 1, 0, 0}, {0}, {-M_PI_2, INF, NAN, NAN}},
    {"asin(x)", 3, 0, {1, -1, 0, 0}, {0}, {M_PI_2, -INF, NAN, NAN}},
    {"asin(x)", 3, 0, {1, 1, 0, 0}, {0}, {M_PI_2, NAN, NAN, NAN}},
    {"acosh(x)", 4, 1, {1, 0, 0.5, 0, 1.0 / 24}, {0}, {0, 1, 0, 0, NAN}}, /* of cosh t */
    {"acosh(x)", 3, 0, {1, 1, 0, 0}, {0}, {0, INF, NAN, NAN}},
    {"asin(x)", 3, 0, {-1, 0, 0, 0}, {0}, {-0x1.921fb54442d18p+0, 0, 0, 0}},
    {"asin(x)", 3, 0, {1, 0, 0, 0}, {0}, {0x1.921fb54442d18p+0, 0, 0, 0}},
    {"acos(x)", 3, 0, {-1, 0, 0, 0}, {0}, {0x1.921fb54442d18p+1, 0, 0, 0}},
    {"acosh(x)", 3, 0, {1, 0, 0, 0}, {0}, {0}},
    {"hypot(x,y)", 3, 0, {0}, {0}, {0}},
    /* removable */
    {"x/y", 3, 1, {0, 2, 4, 0}, {0, 1, 0, 0}, {2, 4, 0, NAN}},
    {"x/y", 4, 2, {0, 0, 3, 6, 9}, {0, 0, 3, 0, 0}, {1, 2, 3, NAN, NAN}},
    {"x/y", 3, 1, {0, 0, 6, 0}, {0, 2, 0, 0}, {0, 3, 0, NAN}},
    {"x/y", 3, UNCOUNTED, {1, 0, 0, 0}, {0, 1, 0, 0}, {POLE, POLE, POLE, POLE}},
    {"hypot(x,y)", 5, 0, {0, 1, 0, 0, 0, 0}, {0}, {0, 1, 0, 0, 0, 0}},
    {"hypot(x,y)", 1, 0, {0}, {0, -1}, {0, 1}},
    {"hypot(x,y)", 3, 0, {0, 3, 0, 0}, {0, -4, 0, 0}, {0, 5, 0, 0}},
    {"atan2(y,x)", 4, 1, {0, 1, 0, 0, 0}, {0, 1, 0, 0, 0}, {0x1.921fb54442d18p-1, 0, 0, 0, NAN}},
    {"atan2(y,x)", 4, UNCOUNTED, {0, 0, -1, 0, 0}, {0, 0, 0, 0, 0}, {0x1.921fb54442d18p+1, 0, 0, FREE, FREE}},
    {"xlogy(x,y)", 3, 0, {0}, {0}, {0}},
    {"xlogy(x,y)", 3, 0, {0}, {0, 1, 0, 0}, {0}},
    /* saturation and overflow */
    {"exp(x)", 3, UNCOUNTED, {710, 1, 0, 0}, {0}, {INF, INF, INF, INF}},
    {"exp(x)", 3, 0, {-INF, 1, 0, 0}, {0}, {0}},
    {"exp(x)", 3, 0, {-1000, 1, 0, 0}, {0}, {0}},
    {"tanh(x)", 3, 0, {400, 1, 0, 0}, {0}, {1, 0, 0, 0}},
    {"tanh(x)", 3, 0, {-400, 1, 0, 0}, {0}, {-1, 0, 0, 0}},
    {"sigmoid(x)", 3, 0, {800, 1, 0, 0}, {0}, {1, 0, 0, 0}},
    {"sigmoid(x)", 3, 0, {-800, 1, 0, 0}, {0}, {0}},
    {"softplus(x)", 3, 0, {800, 1, 0, 0}, {0}, {800, 1, 0, 0}},
    {"logsigmoid(x)", 3, 0, {-800, 1, 0, 0}, {0}, {-800, 1, 0, 0}},
    {"erf(x)", 3, 0, {40, 1, 0, 0}, {0}, {1, 0, 0, 0}},
    {"logaddexp(x,y)", 2, UNCOUNTED, {-INF, 0, 0}, {-INF, 0, 0}, {-INF, FREE, FREE}},
    {"logaddexp(x,y)", 2, 0, {-INF, 0, 0}, {3, 1, 2}, {3, 1, 2}},
    {"logaddexp(x,y)", 2, 0, {1000, 2, 3}, {-1000, 5, 7}, {1000, 2, 3}},
    {"logaddexp(x,y)", 1, 0, {1000, 1}, {1000, 1}, {1000.6931471805599, 1}},
    {"hypot(x,y)", 2, 0, {0x1p1000, 0x1p1000, 0}, {0}, {0x1p1000, 0x1p1000, 0}},
    {"hypot(x,y)", 2, 0, {3e-300, 3e-300, 0}, {4e-300, 4e-300, 0}, {5e-300, 5e-300, FREE}},
    /* removable singularities that have rows of their own */
    {"sinc(x)", 4, 0, {0, 1, 0, 0, 0}, {0}, {1, 0, -1.0 / 6, 0, 1.0 / 120}},
    {"exprel(x)", 4, 0, {0, 1, 0, 0, 0}, {0}, {1, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120}},
    {"log1prel(x)", 4, 0, {0, 1, 0, 0, 0}, {0}, {1, -1.0 / 2, 1.0 / 3, -1.0 / 4, 1.0 / 5}},
    {"sinc(x)", 3, 0, {0}, {0}, {1, 0, 0, 0}},
};

/* Numbers that are not representable are allowed two units in the last place. */
static bool matches(double got, double want) {
  if (want == FREE) return true;
  if (want == POLE) return !isfinite(got);
  if (got == want || (isnan(got) && isnan(want))) return true;
  bool inexact = isfinite(want) && want * 1024 != nearbyint(want * 1024);
  return inexact && fabs(got - want) <= 2 * DBL_EPSILON * fabs(want);
}

static void print_special(const special *s, jet_isa isa, ref_style style) {
  print_error("%s (%s, %s) at x = [", s->expr, ref_isa_name(isa), style == REF_GENERAL ? "general" : "constants");
  for (int k = 0; k <= s->order; k++) print_error("%s%g", k ? "," : "", s->x[k]);
  print_error("], y = [");
  for (int k = 0; k <= s->order; k++) print_error("%s%g", k ? "," : "", s->y[k]);
  print_error("]\n");
}

static bool wrong_special(const special *s, bench *b, ptrdiff_t i, jet_isa isa, ref_style style) {
  for (int k = 0; k <= s->order; k++) {
    double got = bench_get(b, k, i);
    if (matches(got, s->want[k])) continue;
    print_special(s, isa, style);
    print_error("  element %td of %td, coefficient %d: got %.17g, want %.17g\n", i, b->n, k, got, s->want[k]);
    return true;
  }
  return false;
}

static bool wrong_count(const special *s, bench *b, jet_isa isa, ref_style style) {
  int lost = jet_plan_lost(b->plan, b->z);
  if (s->lost == UNCOUNTED || lost == s->lost) return false;
  print_special(s, isa, style);
  print_error("  %d orders lost instead of %d\n", lost, s->lost);
  return true;
}

static int check_special(const special *s, jet_isa isa, ref_style style) {
  bench b = bench_new(s->expr, isa, style, s->order, 1);
  bench_put(&b, b.x, 0, s->x);
  bench_put(&b, b.y, 0, s->y);
  run(b.plan);
  int bad = wrong_special(s, &b, 0, isa, style) || wrong_count(s, &b, isa, style);
  bench_free(&b);
  return bad;
}

/* A plan that computes only what one coefficient needs gives that coefficient. */
static int check_special_by_coefficients(const special *s, jet_isa isa, ref_style style) {
  bench b = bench_new(s->expr, isa, style, s->order, 1);
  int bad = 0;
  for (int k = 0; k <= jet_order(b.z) && !bad; k++) {
    jet c = jet_coefficient(b.z, k);
    jet_plan_free(b.plan);
    b.plan = jet_plan_new(b.tape, 1, &c);
    bench_put(&b, b.x, 0, s->x);
    bench_put(&b, b.y, 0, s->y);
    run(b.plan);
    double got = *jet_plan_data(b.plan, c, 0);
    if ((bad = !matches(got, s->want[k]))) {
      print_special(s, isa, style);
      print_error("  coefficient %d alone: got %.17g, want %.17g\n", k, got, s->want[k]);
    }
  }
  bench_free(&b);
  return bad;
}

static int for_all_specials(int (*check)(const special *, jet_isa, ref_style)) {
  jet_isa isas[3];
  int bad = 0, n = ref_isas(isas);
  for (int a = 0; a < n; a++)
    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++)
      bad += check(&specials[i], isas[a], REF_GENERAL) + check(&specials[i], isas[a], REF_CONSTANTS);
  return bad;
}

static void special_points_alone(void **state) {
  (void)state;
  assert_int_equal(for_all_specials(check_special), 0);
}

static void special_points_coefficient_by_coefficient(void **state) {
  (void)state;
  assert_int_equal(for_all_specials(check_special_by_coefficients), 0);
}

/* A special point in one lane must come out the same, and leave the regular points around it alone. */

enum { ROW = 19 };

static const double regular_x[MAX_SPECIAL] = {0.5, 0.25, -0.125, 0.0625, 0.5},
                    regular_y[MAX_SPECIAL] = {0.75, -0.5, 0.25};

static void fill_regular(bench *b) {
  for (ptrdiff_t i = 0; i < b->n; i++) {
    bench_put(b, b->x, i, regular_x);
    bench_put(b, b->y, i, regular_y);
  }
  run(b->plan);
}

static bool neighbours_disturbed(const special *s, bench *b, ptrdiff_t place, const double *regular, jet_isa isa) {
  for (ptrdiff_t i = 0; i < b->n; i++)
    for (int k = 0; k <= s->order; k++) {
      double got = bench_get(b, k, i);
      if (i == place || same(got, regular[k])) continue;
      print_special(s, isa, REF_GENERAL);
      print_error("  element %td is special, element %td changed: coefficient %d: %a, was %a\n", place, i, k, got,
                  regular[k]);
      return true;
    }
  return false;
}

static int check_special_among_regular(const special *s, jet_isa isa, ref_style style) {
  bench b = bench_new(s->expr, isa, style, s->order, ROW);
  double regular[MAX_SPECIAL];
  int bad = 0;
  fill_regular(&b);
  for (int k = 0; k <= s->order; k++) regular[k] = bench_get(&b, k, 0);
  for (ptrdiff_t place = 0; place < ROW && bad == 0; place++) {
    bench_put(&b, b.x, place, s->x);
    bench_put(&b, b.y, place, s->y);
    run(b.plan);
    bad = wrong_special(s, &b, place, isa, style) || wrong_count(s, &b, isa, style) ||
          neighbours_disturbed(s, &b, place, regular, isa);
    bench_put(&b, b.x, place, regular_x);
    bench_put(&b, b.y, place, regular_y);
  }
  bench_free(&b);
  return bad;
}

static void special_points_among_regular_ones(void **state) {
  (void)state;
  assert_int_equal(for_all_specials(check_special_among_regular), 0);
}

/* ---- bit for bit the same in every lane: functions without reference data, whose lanes test_reference.c does not see
 * ---- */

static const char *const without_data[] = {
    "x+y",     "x-y",      "-x",      "x*2.5",    "x+2.5",     "max(x,y)",    "min(x,y)",       "abs(x)",    "relu(x)",
    "sign(x)", "floor(x)", "ceil(x)", "round(x)", "exprel(x)", "log1prel(x)", "logaddexp(x,y)", "xlogy(y,x)"};

static int check_lanes(const char *expr, jet_isa isa, int order) {
  enum { LANES = 2 * 8 + 3 };
  generator g = {(uint64_t)order};
  bench row = bench_new(expr, isa, REF_CONSTANTS, order, LANES), single = bench_new(expr, isa, REF_CONSTANTS, order, 1);
  int bad = 0;
  fill(row.plan, row.x, 0.5, 2, 0.5, &g);
  fill(row.plan, row.y, -1, 1, 0.5, &g);
  run(row.plan);
  for (ptrdiff_t i = 0; i < LANES && bad == 0; i++) {
    for (int k = 0; k <= order; k++) {
      *jet_plan_data(single.plan, single.x, k) = jet_plan_data(row.plan, row.x, k)[i];
      *jet_plan_data(single.plan, single.y, k) = jet_plan_data(row.plan, row.y, k)[i];
    }
    run(single.plan);
    for (int k = 0; k <= order; k++) {
      double got = bench_get(&row, k, i), alone = bench_get(&single, k, 0);
      if (same(got, alone)) continue;
      print_error("%s (%s, order %d): element %td, coefficient %d: %a, but alone %a\n", expr, ref_isa_name(isa), order,
                  i, k, got, alone);
      bad = 1;
    }
  }
  bench_free(&row);
  bench_free(&single);
  return bad;
}

static void every_lane_computes_the_same(void **state) {
  jet_isa isas[3];
  int bad = 0, n = ref_isas(isas);
  (void)state;
  for (int a = 0; a < n; a++)
    for (size_t i = 0; i < sizeof without_data / sizeof *without_data; i++)
      for (int order = 0; order <= 20; order++) bad += check_lanes(without_data[i], isas[a], order);
  assert_int_equal(bad, 0);
}

/* ---- near removable singularities
 * ------------------------------------------------------------------------------------ */

static double sinc_series(int n) { return n % 2 ? 0 : (n / 2 % 2 ? -1 : 1) / tgamma(n + 2); }
static double exprel_series(int n) { return 1 / tgamma(n + 2); }
static double log1prel_series(int n) { return (n % 2 ? -1.0 : 1.0) / (n + 1); }

static const struct near {
  const char *expr;
  double (*series)(int n); /* at 0 */
} nears[] = {{"sinc(x)", sinc_series}, {"exprel(x)", exprel_series}, {"log1prel(x)", log1prel_series}};

/* Coefficient k at x: sum over n of series_n binomial(n, k) x^(n-k); 12 terms are enough for |x| <= 1e-3. */
static double near_coefficient(const struct near *f, int k, double x) {
  long double sum = 0, binomial = 1, power = 1;
  for (int n = k; n < k + 12; n++) {
    sum += f->series(n) * binomial * power;
    binomial = binomial * (n + 1) / (n + 1 - k);
    power *= x;
  }
  return (double)sum;
}

static int check_near(const struct near *f, jet_isa isa, double x) {
  enum { NEAR_ORDER = 9 };
  double jet_of_x[NEAR_ORDER + 1] = {x, 1};
  bench b = bench_new(f->expr, isa, REF_GENERAL, NEAR_ORDER, 1);
  int bad = 0;
  bench_put(&b, b.x, 0, jet_of_x);
  run(b.plan);
  for (int k = 0; k <= NEAR_ORDER; k++) {
    double got = bench_get(&b, k, 0), want = near_coefficient(f, k, x);
    if (fabs(got - want) <= REF_TOLERANCE * REF_UNIT * fabs(want) + DBL_MIN) continue;
    print_error("%s (%s) at %g, coefficient %d: got %.17g, want %.17g\n", f->expr, ref_isa_name(isa), x, k, got, want);
    bad = 1;
  }
  bench_free(&b);
  return bad;
}

static void named_rows_near_their_removable_points(void **state) {
  static const double points[] = {0, 1e-300, -1e-300, 1e-30, 1e-8, -1e-8, 1e-3, -1e-3};
  jet_isa isas[3];
  int bad = 0, n = ref_isas(isas);
  (void)state;
  for (int a = 0; a < n; a++)
    for (size_t i = 0; i < sizeof nears / sizeof *nears; i++)
      for (size_t p = 0; p < sizeof points / sizeof *points; p++) bad += check_near(&nears[i], isas[a], points[p]);
  assert_int_equal(bad, 0);
}

/* ---- constants never grow derivatives
 * ---------------------------------------------------------------------------------- */

static const char *const singular_somewhere[] = {
    "abs(x)",      "sign(x)",        "sqrt(x)",    "rsqrt(x)",    "recip(x)",
    "cbrt(x)",     "square(x)",      "exp(x)",     "expm1(x)",    "exp2(x)",
    "log(x)",      "log1p(x)",       "log2(x)",    "log10(x)",    "sin(x)",
    "cos(x)",      "tan(x)",         "sinpi(x)",   "cospi(x)",    "asin(x)",
    "acos(x)",     "atan(x)",        "sinh(x)",    "cosh(x)",     "tanh(x)",
    "asinh(x)",    "acosh(x)",       "atanh(x)",   "erf(x)",      "erfc(x)",
    "normcdf(x)",  "sinc(x)",        "exprel(x)",  "log1prel(x)", "sigmoid(x)",
    "softplus(x)", "logsigmoid(x)",  "gelu(x)",    "silu(x)",     "relu(x)",
    "floor(x)",    "ceil(x)",        "round(x)",   "pow(x,0.5)",  "pow(x,1.7)",
    "pow(x,-2.5)", "pow(x,-1)",      "pow(x,3)",   "pow(x,x)",    "x/x",
    "1/x",         "atan2(x,x)",     "hypot(x,x)", "max(x,x)",    "min(x,x)",
    "xlogy(x,x)",  "logaddexp(x,x)", "sin(x)/x",   "x*log(x)",
};

static const double singular_points[] = {0, -0.0, 1, -1, INFINITY, -INFINITY, NAN, 800, -800, 0.5};

enum { POINTS = sizeof singular_points / sizeof *singular_points, CONSTANT_ORDER = 5 };

/* z = f(plain x) + jet; the coefficients k >= 1 of z. */
static int check_plain_plus_jet(const char *expr, jet_isa isa, bool series) {
  ptrdiff_t n = POINTS;
  jet_tape *tape = ref_tape(isa, true);
  jet x = jet_input(tape, 1, &n), t = jet_parameter(tape, CONSTANT_ORDER);
  jet j = series ? jet_input_series(t, 1, &n) : jet_expand(jet_scalar(tape, 0), jet_scalar(tape, 1), t);
  jet z = jet_add(ref_record(expr, x, x, REF_GENERAL), j);
  jet_plan *plan = jet_plan_new(tape, 1, &z);
  if (jet_plan_status(plan) != JET_OK) fail_msg("%s: %s", expr, jet_plan_message(plan));
  for (ptrdiff_t i = 0; i < n; i++) {
    jet_plan_data(plan, x, 0)[i] = singular_points[i];
    if (series) jet_plan_data(plan, j, 1)[i] = 1;
  }
  run(plan);
  int bad = 0;
  for (ptrdiff_t i = 0; i < n; i++)
    for (int k = 1; k <= CONSTANT_ORDER; k++) {
      double got = jet_plan_data(plan, z, k)[i];
      if (got == (k == 1)) continue;
      print_error("%s (%s) of the constant %g: coefficient %d is %g\n", expr, ref_isa_name(isa), singular_points[i], k,
                  got);
      bad = 1;
    }
  jet_plan_free(plan);
  jet_tape_free(tape);
  return bad;
}

static void constants_never_grow_derivatives(void **state) {
  jet_isa isas[3];
  int bad = 0, n = ref_isas(isas);
  (void)state;
  for (int a = 0; a < n; a++)
    for (size_t i = 0; i < sizeof singular_somewhere / sizeof *singular_somewhere; i++)
      bad += check_plain_plus_jet(singular_somewhere[i], isas[a], false) +
             check_plain_plus_jet(singular_somewhere[i], isas[a], true);
  assert_int_equal(bad, 0);
}

/* The product with a constant stays inside the degree of the jet, also if the constant is not finite. */
static void an_infinite_factor_poisons_no_structural_zero(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = jet_input(tape, 0, NULL), t = jet_parameter(tape, 4);
  jet z = jet_mul(jet_log(x), jet_expand(jet_scalar(tape, 1), jet_scalar(tape, 2), t));
  jet_plan *plan = jet_plan_new(tape, 1, &z);
  *jet_plan_data(plan, x, 0) = 0;
  run(plan);
  static const double want[] = {-INFINITY, -INFINITY, 0, 0, 0};
  for (int k = 0; k <= 4; k++) assert_true(*jet_plan_data(plan, z, k) == want[k]);
  jet_plan_free(plan);
  jet_tape_free(tape);
}

/* A jet whose higher coefficients are zero behaves at a branch point like the constant it is. */
static void zero_coefficients_are_not_multiplied_by_infinity(void **state) {
  static const struct {
    const char *expr;
    double x;
  } rows[] = {{"acos(x)", 1},    {"acos(x)", -1},    {"asin(x)", 1},      {"asin(x)", -1},
              {"acosh(x)", 1},   {"sqrt(x)", 0},     {"cbrt(x)", 0},      {"pow(x,0.5)", 0},
              {"pow(x,1.7)", 0}, {"pow(x,2.5)", 0},  {"abs(x)", 0},       {"relu(x)", 0},
              {"hypot(x,x)", 0}, {"sqrt(1-x*x)", 1}, {"asin(sin(x))", 0}, {"sqrt(abs(x))", 0}};
  jet_isa isas[3];
  int bad = 0, n = ref_isas(isas);
  (void)state;
  for (int a = 0; a < n; a++)
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
      double x[CONSTANT_ORDER + 1] = {rows[i].x};
      bench b = bench_new(rows[i].expr, isas[a], REF_CONSTANTS, CONSTANT_ORDER, 1);
      bench_put(&b, b.x, 0, x);
      run(b.plan);
      for (int k = 0; k <= CONSTANT_ORDER; k++) {
        double got = bench_get(&b, k, 0);
        if (k == 0 ? isfinite(got) : got == 0) continue;
        print_error("%s (%s) of [%g,0,0,...]: coefficient %d is %g\n", rows[i].expr, ref_isa_name(isas[a]), rows[i].x,
                    k, got);
        bad++;
      }
      bench_free(&b);
    }
  assert_int_equal(bad, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(laws_hold_on_random_jets),
      cmocka_unit_test(laws_of_selection_are_exact),
      cmocka_unit_test(special_points_alone),
      cmocka_unit_test(special_points_coefficient_by_coefficient),
      cmocka_unit_test(special_points_among_regular_ones),
      cmocka_unit_test(every_lane_computes_the_same),
      cmocka_unit_test(named_rows_near_their_removable_points),
      cmocka_unit_test(constants_never_grow_derivatives),
      cmocka_unit_test(an_infinite_factor_poisons_no_structural_zero),
      cmocka_unit_test(zero_coefficients_are_not_multiplied_by_infinity),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
