/* test_laws.c - laws between functions in jets of high order. */
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

#include "random_jets.h"

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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(laws_hold_on_random_jets),
      cmocka_unit_test(laws_of_selection_are_exact),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
