/* test_complex.c - complex arrays: against the reference data, C99's functions, laws, and gradients against differences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "complex_help.h"
#include "reference.h"
#undef I
#define I _Complex_I

/* ---- the reference data ------------------------------------------------------------------------------------------------- */

enum { MOST = 32 };

/* Coefficients of the expression of a case; those beyond the data's are not asked for. */
static void evaluate(const ref_file *f, const ref_case *c, jet_isa isa, ref_style style, number *out) {
  jet_tape *tape = ref_tape(isa, true);
  jet t = jet_parameter(tape, c->nout - 1), x[2];
  for (int i = 0; i < c->nin; i++) x[i] = jet_complex(jet_input_series(t, 0, NULL), jet_input_series(t, 0, NULL));
  jet y = ref_record(f->expr, x[0], x[c->nin - 1], style);
  jet_plan *plan = jet_plan_new(tape, 1, &y);
  for (int i = 0; i < c->nin; i++)
    for (int k = 0; k < c->length[i] && k < c->nout; k++)
      assert_int_equal(jet_plan_write(plan, x[i], k, c->input[i] + 2 * k), JET_OK);
  assert_string_equal(jet_tape_message(tape), "");
  assert_int_equal(jet_plan_run(plan), JET_OK);
  for (int k = 0; k < c->nout; k++) assert_int_equal(jet_plan_read(plan, y, k, (double *)&out[k]), JET_OK);
  jet_plan_free(plan);
  jet_tape_free(tape);
}

/* In units of u S_k. */
static double error_of(const ref_case *c, int k, number got) {
  number want = make(c->out[k].value, c->out[k].imag);
  double scale = ref_scale(c, k);
  if (got == want) return 0;
  return isfinite(cabs(got)) && scale > 0 ? cabs(got - want) / scale / REF_UNIT : INFINITY;
}

static void functions_agree_with_the_reference(void **state) {
  (void)state;
  char **paths;
  int n = ref_list(REFERENCE_DIR "/complex", &paths), bad = 0;
  jet_isa isas[3];
  int nisas = ref_isas(isas);
  assert_true(n >= 14);
  for (int i = 0; i < n; i++) {
    ref_file *f = ref_open(paths[i]);
    assert_non_null(f);
    for (int c = 0; c < f->ncase; c++)
      for (int s = 0; s < 2 * nisas; s++) {
        number out[MOST];
        evaluate(f, &f->cases[c], isas[s / 2], s % 2 ? REF_CONSTANTS : REF_GENERAL, out);
        for (int k = 0; k < f->cases[c].nout; k++) {
          double e = error_of(&f->cases[c], k, out[k]);
          if (e <= REF_TOLERANCE) continue;
          bad++;
          print_message("%s %s order %d: error %.3g\n", f->name, f->cases[c].label, k, e);
        }
      }
    ref_free(f);
  }
  ref_list_free(n, paths);
  assert_int_equal(bad, 0);
}

/* ---- C99 ------------------------------------------------------------------------------------------------------------------ */

typedef struct function {
  const char *name;
  jet (*ours)(jet);
  number (*theirs)(number);
} function;

static number square(number z) { return z * z; }
static number recip(number z) { return 1 / z; }
static number magnitude(number z) { return cabs(z); }
static number angle(number z) { return carg(z); }

static const function functions[] = {
    {"exp", jet_exp, cexp},       {"log", jet_log, clog},       {"sqrt", jet_sqrt, csqrt},    {"sin", jet_sin, csin},
    {"cos", jet_cos, ccos},       {"tan", jet_tan, ctan},       {"sinh", jet_sinh, csinh},    {"cosh", jet_cosh, ccosh},
    {"tanh", jet_tanh, ctanh},    {"asin", jet_asin, casin},    {"acos", jet_acos, cacos},    {"atan", jet_atan, catan},
    {"asinh", jet_asinh, casinh}, {"acosh", jet_acosh, cacosh}, {"atanh", jet_atanh, catanh}, {"square", jet_square, square},
    {"recip", jet_recip, recip},  {"abs", jet_abs, magnitude},  {"angle", jet_angle, angle},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

/* All signs of everyday parts, the branch points and cuts with either zero, small and large ones. */
enum { PARTS = 18, POINTS = PARTS * PARTS };
static int points(number *z) {
  const double part[PARTS / 2] = {0, 0.3, 1, 1.7, 1e-3, 1e-9, 12, 1e3, 1e8};
  int n = 0;
  for (int i = 0; i < PARTS; i++)
    for (int j = 0; j < PARTS; j++)
      z[n++] = make(i % 2 ? -part[i / 2] : part[i / 2], j % 2 ? -part[j / 2] : part[j / 2]);
  return n;
}

static int agree(number got, number want, number z) { /* to some ulps of the result, or of what the operand's rounding does */
  if (isnan(creal(want)) || isnan(cimag(want)) || !isfinite(cabs(want))) return 1;
  double most = fmax(cabs(want), fmin(cabs(z), 1)) * 1e-13;
  if (cabs(got - want) > most) return 0;
  return signbit(creal(got)) == signbit(creal(want)) || fabs(creal(want)) <= most;
}

static void values_and_cuts_are_those_of_c99(void **state) {
  (void)state;
  static number z[POINTS], y[POINTS];
  const ptrdiff_t n = points(z);
  for (int f = 0; f < FUNCTIONS; f++) {
    jet_tape *tape = jet_tape_new();
    jet x = jet_input_complex(tape, 1, &n), w = functions[f].ours(x);
    int real = !jet_is_complex(w), bad = 0;
    if (real) w = jet_complex(w, jet_scalar(tape, 0));
    jet_plan *plan = jet_plan_new(tape, 1, &w);
    assert_string_equal(jet_plan_message(plan), "");
    jet_plan_bind_complex(plan, x, 0, (double *)z);
    jet_plan_bind_complex(plan, w, 0, (double *)y);
    jet_plan_run(plan);
    for (int i = 0; i < n; i++) {
      number want = functions[f].theirs(z[i]);
      if (agree(y[i], want, z[i])) continue;
      if (bad++ < 6)
        print_message("%s(%g%+gi): %.17g%+.17gi, not %.17g%+.17gi\n", functions[f].name, creal(z[i]), cimag(z[i]), creal(y[i]),
                      cimag(y[i]), creal(want), cimag(want));
    }
    if (bad) print_message("%s: %d points\n", functions[f].name, bad);
    assert_int_equal(bad, 0);
    jet_plan_free(plan);
    jet_tape_free(tape);
  }
}

/* ---- random programs, order by order ------------------------------------------------------------------------------------- */

enum { ORDER = 5, LANES = 7 };
static const ptrdiff_t lanes = LANES;

/* A jet of random coefficients around c, and the largest coefficient of y - want. */
static jet series(jet t) { return jet_complex(jet_input_series(t, 1, &lanes), jet_input_series(t, 1, &lanes)); }

static double difference(jet_tape *tape, int n, const jet x[], number c, double radius, jet y, jet want) {
  jet d = jet_sub(y, want), out[2] = {d, want};
  jet_plan *plan = jet_plan_new(tape, 2, out);
  assert_string_equal(jet_tape_message(tape), "");
  assert_string_equal(jet_plan_message(plan), "");
  unsigned seed = 7;
  double worst = 0;
  for (int i = 0; i < n; i++)
    for (int k = 0; k <= ORDER; k++) {
      number z[LANES];
      for (int l = 0; l < LANES; l++) z[l] = make(uniform(&seed, -radius, radius), uniform(&seed, -radius, radius)) + (k ? 0 : c);
      jet_plan_write(plan, x[i], k, (const double *)z);
    }
  assert_int_equal(jet_plan_run(plan), JET_OK);
  for (int k = 0; k <= jet_order(d); k++) {
    number e[LANES * LANES], w[LANES * LANES];
    jet_plan_read(plan, d, k, (double *)e);
    jet_plan_read(plan, want, k, (double *)w);
    for (int l = 0; l < jet_size(want); l++) worst = fmax(worst, isfinite(cabs(e[l])) ? cabs(e[l]) / (1 + cabs(w[l])) : INFINITY);
  }
  jet_plan_free(plan);
  return worst;
}

typedef jet law(jet z);
static jet itself(jet z) { return z; }
static jet sine_of_arcsine(jet z) { return jet_sin(jet_asin(z)); }
static jet cosine_of_arccosine(jet z) { return jet_cos(jet_acos(z)); }
static jet tangent_of_arctangent(jet z) { return jet_tan(jet_atan(z)); }
static jet sinh_of_asinh(jet z) { return jet_sinh(jet_asinh(z)); }
static jet cosh_of_acosh(jet z) { return jet_cosh(jet_acosh(z)); }
static jet tanh_of_atanh(jet z) { return jet_tanh(jet_atanh(z)); }
static jet exp_of_log(jet z) { return jet_exp(jet_log(z)); }
static jet square_of_root(jet z) { return jet_square(jet_sqrt(z)); }
static jet recip_twice(jet z) { return jet_recip(jet_recip(z)); }
static jet back_from_polar(jet z) { return jet_polar(jet_abs(z), jet_angle(z)); }
static jet of_parts(jet z) { return jet_complex(jet_real(z), jet_neg(jet_imag(jet_conj(z)))); }
static jet quotient(jet z) { return jet_div(jet_mul(z, jet_shift(z, 3)), jet_shift(z, 3)); }
static jet root_of_power(jet z) { return jet_powc(jet_powc(z, 3), 1.0 / 3); }
static jet by_power(jet z) { return jet_mul(jet_pow(z, z), jet_pow(z, jet_shift(jet_neg(z), 1))); }
static jet euler(jet z) { return jet_add(jet_square(jet_sin(z)), jet_square(jet_cos(z))); }
static jet hyperbola(jet z) { return jet_sub(jet_square(jet_cosh(z)), jet_square(jet_sinh(z))); }
static jet one(jet z) { return jet_shift(jet_scale(z, 0), 1); }
static jet tangent_quotient(jet z) { return jet_mul(jet_tan(z), jet_cos(z)); }
static jet squared(jet z) { return jet_mul(z, jet_conj(z)); }
static jet length(jet z) { return jet_complex(jet_abs2(z), jet_scalar(z.tape, 0)); }

static void laws_hold_at_every_order(void **state) {
  (void)state;
  static const struct { const char *name; law *left, *right; } laws[] = {
      {"sin asin", sine_of_arcsine, itself}, {"cos acos", cosine_of_arccosine, itself}, {"tan atan", tangent_of_arctangent, itself},
      {"sinh asinh", sinh_of_asinh, itself}, {"cosh acosh", cosh_of_acosh, itself},     {"tanh atanh", tanh_of_atanh, itself},
      {"exp log", exp_of_log, itself},       {"sqrt^2", square_of_root, itself},        {"1/1/z", recip_twice, itself},
      {"polar", back_from_polar, itself},    {"parts", of_parts, itself},               {"z w / w", quotient, itself},
      {"cbrt z^3", root_of_power, itself},   {"z^z z^(1-z)", by_power, itself},         {"sin^2 + cos^2", euler, one},
      {"cosh^2 - sinh^2", hyperbola, one},   {"tan cos", tangent_quotient, jet_sin},    {"z conj z", squared, length},
  };
  const number at[] = {make(0.6, 0.7), make(0.8, -0.5), make(0.9, 0.3)};
  for (size_t i = 0; i < sizeof laws / sizeof *laws; i++)
    for (int c = 0; c < 3; c++) {
      jet_tape *tape = ref_tape(JET_ISA_AUTO, false);
      jet z = series(jet_parameter(tape, ORDER));
      double e = difference(tape, 1, &z, at[c], 0.1, laws[i].left(z), laws[i].right(z));
      if (!(e < 1e-11)) print_message("%s: %g\n", laws[i].name, e);
      assert_true(e < 1e-11);
      jet_tape_free(tape);
    }
}

/* Arithmetic of complex and real operands in any mixture, by the formulas for parts. */
static void operands_mix(void **state) {
  (void)state;
  jet (*const binary[])(jet, jet) = {jet_add, jet_sub, jet_mul, jet_div, jet_pow, jet_dot, jet_outer};
  for (size_t i = 0; i < sizeof binary / sizeof *binary; i++)
    for (int mixed = 0; mixed < 2; mixed++) {
      jet_tape *tape = ref_tape(JET_ISA_AUTO, true);
      jet t = jet_parameter(tape, ORDER), z[2] = {series(t), series(t)}, x = jet_real(z[1]), pair = jet_complex(x, jet_scale(x, 0));
      jet got = mixed ? binary[i](x, z[0]) : binary[i](z[0], x), want = mixed ? binary[i](pair, z[0]) : binary[i](z[0], pair);
      assert_true(difference(tape, 2, z, make(0.7, 0.4), 0.2, got, want) < 1e-12);
      jet_tape_free(tape);
    }
}

/* ---- gradients: dL/dx + i dL/dy -------------------------------------------------------------------------------------------- */

static jet loss_of(jet z, jet w) { /* real, and holomorphic in neither */
  jet a = jet_mul(jet_exp(jet_scale(z, 0.5)), jet_conj(w)), b = jet_div(jet_sqrt(w), jet_shift(z, 2));
  return jet_add(jet_sum(jet_abs(jet_sub(a, b))), jet_add(jet_sum(jet_angle(jet_mul(z, w))), jet_sum(jet_abs2(jet_log(w)))));
}

typedef struct problem {
  jet_tape *tape;
  jet z, w;
  jet_plan *plan;
} problem;

static double loss_at(const problem *p, jet loss, const number *z, const number *w) {
  jet_plan_write(p->plan, p->z, 0, (const double *)z);
  jet_plan_write(p->plan, p->w, 0, (const double *)w);
  assert_int_equal(jet_plan_run(p->plan), JET_OK);
  return *jet_plan_data(p->plan, loss, 0);
}

static void gradients_are_of_steepest_ascent(void **state) {
  (void)state;
  problem p = {.tape = jet_tape_new()};
  p.z = jet_input_complex(p.tape, 1, &lanes), p.w = jet_input_complex(p.tape, 1, &lanes);
  jet loss = loss_of(p.z, p.w), wrt[3] = {p.z, jet_real(p.w), p.w}, g[3], out[4] = {loss};
  assert_int_equal(jet_grad(loss, 3, wrt, g), JET_OK);
  assert_true(jet_is_complex(g[0]) && !jet_is_complex(g[1]) && jet_is_complex(g[2]));
  memcpy(out + 1, g, sizeof g);
  p.plan = jet_plan_new(p.tape, 4, out);
  number z[LANES], w[LANES], gz[LANES], gw[LANES];
  unsigned seed = 3;
  for (int i = 0; i < LANES; i++) z[i] = make(uniform(&seed, -1, 1), uniform(&seed, -1, 1)), w[i] = make(1 + uniform(&seed, 0, 1), uniform(&seed, 0.2, 1));
  loss_at(&p, loss, z, w);
  jet_plan_read(p.plan, g[0], 0, (double *)gz);
  jet_plan_read(p.plan, g[2], 0, (double *)gw);
  for (int i = 0; i < LANES; i++) assert_true(jet_plan_data(p.plan, g[1], 0)[i] == creal(gw[i]));
  const double h = 1e-6;
  for (int i = 0; i < LANES; i++)
    for (int j = 0; j < 4; j++) {
      number *x = j < 2 ? z : w, keep = x[i], step = j % 2 ? make(0, h) : make(h, 0);
      x[i] = keep + step;
      double up = loss_at(&p, loss, z, w);
      x[i] = keep - step;
      double slope = (up - loss_at(&p, loss, z, w)) / (2 * h), got = j % 2 ? cimag(j < 2 ? gz[i] : gw[i]) : creal(j < 2 ? gz[i] : gw[i]);
      x[i] = keep;
      assert_true(fabs(slope - got) < 1e-7 * (1 + fabs(got)));
    }
  jet_plan_free(p.plan);
  jet_tape_free(p.tape);
}

/* L = |z|^2: 2z, where autograd's convention gives 2 conj z and Wirtinger's dL/dz is conj z. */
static void the_convention_is_pinned(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet z = jet_input_complex(tape, 0, NULL), loss = jet_abs2(z), g;
  jet_grad(loss, 1, &z, &g);
  jet_plan *plan = jet_plan_new(tape, 1, &g);
  number at = make(3, 4), got;
  jet_plan_bind_complex(plan, z, 0, (double *)&at);
  jet_plan_bind_complex(plan, g, 0, (double *)&got);
  assert_int_equal(jet_plan_run(plan), JET_OK);
  assert_true(got == make(6, 8));
  at = make(-1, 0.5);
  jet_plan_run(plan);
  assert_true(got == make(-2, 1));
  jet_plan_free(plan);
  jet_tape_free(tape);
}

/* <a, J v> of real inner products is <J^H a, v>: forward against jet_vjp, and both against a Hessian that is symmetric. */
static void reverse_agrees_with_forward(void **state) {
  (void)state;
  for (int f = 0; f < FUNCTIONS; f++) {
    jet_tape *tape = jet_tape_new();
    jet z = jet_input_complex(tape, 1, &lanes), v = jet_input_complex(tape, 1, &lanes), a = jet_input_complex(tape, 1, &lanes), g;
    jet y = functions[f].ours(z), t = jet_parameter(tape, 1), slope = jet_coefficient(functions[f].ours(jet_expand(z, v, t)), 1);
    if (!jet_is_complex(y)) a = jet_real(a);
    assert_int_equal(jet_vjp(1, &y, &a, 1, &z, &g), JET_OK);
    jet left = jet_sum(jet_real(jet_mul(jet_conj(a), slope))), right = jet_sum(jet_real(jet_mul(jet_conj(g), v))), out[2] = {left, right};
    jet_plan *plan = jet_plan_new(tape, 2, out);
    assert_string_equal(jet_plan_message(plan), "");
    jet in[3] = {z, v, a};
    unsigned seed = 11;
    for (int i = 0; i < 3; i++) {
      number x[LANES];
      for (int l = 0; l < LANES; l++) x[l] = make(uniform(&seed, 0.2, 0.9), uniform(&seed, -0.9, 0.9));
      if (jet_is_complex(in[i])) jet_plan_write(plan, in[i], 0, (const double *)x);
      else for (int l = 0; l < LANES; l++) jet_plan_data(plan, in[i], 0)[l] = creal(x[l]);
    }
    jet_plan_run(plan);
    double l = *jet_plan_data(plan, left, 0), r = *jet_plan_data(plan, right, 0);
    if (!(fabs(l - r) < 1e-12 * (1 + fabs(l)))) print_message("%s: %.17g %.17g\n", functions[f].name, l, r);
    assert_true(fabs(l - r) < 1e-12 * (1 + fabs(l)));
    jet_plan_free(plan);
    jet_tape_free(tape);
  }
}

static jet wave(jet z, void *data) { return jet_mul(jet_exp(jet_scale(z, *(double *)data)), jet_sin(z)); }
static jet fixed(jet z, void *data) { return (void)z, *(jet *)data; }

/* (e^(az) sin z)^(k) = Im-like parts of (a + i)^k e^((a + i) z): as a sum over e^((a +- i) z). */
static void derivatives_of_holomorphic_functions(void **state) {
  (void)state;
  double a = 0.4;
  const number at = make(0.3, -0.8), up = make(a, 1), down = make(a, -1);
  for (int k = 0; k <= 9; k++) {
    jet_tape *tape = jet_tape_new();
    jet z = jet_input_complex(tape, 0, NULL), y = jet_derivative(wave, &a, z, k), one_ = jet_scalar(tape, 3);
    jet out[2] = {y, jet_derivative(fixed, &one_, z, k)};
    jet_plan *plan = jet_plan_new(tape, 2, out);
    assert_string_equal(jet_plan_message(plan), "");
    number got, want = (cpow(up, k) * cexp(up * at) - cpow(down, k) * cexp(down * at)) / make(0, 2);
    jet_plan_write(plan, z, 0, (const double *)&at);
    jet_plan_run(plan);
    jet_plan_read(plan, y, 0, (double *)&got);
    assert_true(cabs(got - want) < 1e-13 * (1 + cabs(want)));
    assert_true(*jet_plan_data(plan, out[1], 0) == (k ? 0 : 3));
    jet_plan_free(plan);
    jet_tape_free(tape);
  }
  jet_tape *tape = jet_tape_new();
  assert_true(jet_derivative(wave, &a, jet_input(tape, 0, NULL), -1).id < 0);
  assert_string_equal(jet_tape_message(tape), "derivative: -1 is outside 0..170: the factorial overflows");
  jet_tape_free(tape);
}

/* ---- shapes: each part alone ------------------------------------------------------------------------------------------------ */

typedef jet shaping(jet x);
static const ptrdiff_t two[2] = {3, 4}, six[2] = {6, 2}, wide[3] = {2, 3, 4};
static jet reshaped(jet x) { return jet_reshape(x, 2, six); }
static jet widened(jet x) { return jet_broadcast_to(x, 3, wide); }
static jet permuted(jet x) { const int axes[2] = {1, 0}; return jet_permute(x, axes); }
static jet sliced(jet x) { const ptrdiff_t a[2] = {2, 1}, b[2] = {-1, 4}, s[2] = {-1, 2}; return jet_slice(x, a, b, s); }
static jet doubled(jet x) { const jet parts[2] = {x, jet_scale(x, 2)}; return jet_concat(2, parts, 1); }
static jet stacked(jet x) { const jet parts[2] = {x, jet_neg(x)}; return jet_stack(2, parts, -1); }
static jet padded(jet x) { const ptrdiff_t a[2] = {1, 0}, b[2] = {0, 2}; return jet_pad(x, a, b, 0); }
static jet flipped(jet x) { return jet_flip(x, 1); }
static jet rolled(jet x) { return jet_roll(x, 2, 1); }
static jet gathered(jet x) { const ptrdiff_t n = 3, at[3] = {2, 0, 2}; return jet_gather(x, 1, 1, &n, at); }
static jet scattered(jet x) { const ptrdiff_t n = 3, at[3] = {4, 0, 4}; return jet_scatter_add(x, 0, 1, &n, at, 5); }
static jet summed(jet x) { return jet_sum(x); }
static jet averaged(jet x) { const int axis = 0; return jet_mean_over(x, 1, &axis, 1); }
static jet accumulated(jet x) { return jet_cumsum(x, 1); }
static jet lower(jet x) { return jet_tril(x, 0); }
static jet upper(jet x) { return jet_triu(x, 1); }
static jet diagonal(jet x) { return jet_diag(x); }
static jet traced(jet x) { return jet_trace(x); }
static jet swapped(jet x) { return jet_transpose(x); }
static jet stopped(jet x) { return jet_stop_gradient(x); }
static jet scaled(jet x) { return jet_scale(x, -1.5); }
static jet chosen(jet x) { return jet_where(jet_less(jet_imag(jet_complex(x, x)), jet_scalar(x.tape, 0)), x, jet_scale(x, 2)); }

static void shapes_work_on_each_part(void **state) {
  (void)state;
  shaping *const all[] = {reshaped, widened,   permuted, sliced,   doubled,     stacked, padded, flipped,  rolled, gathered, scattered,
                          summed,   averaged, accumulated, lower, upper, diagonal, traced,   swapped, stopped, scaled};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    jet_tape *tape = jet_tape_new();
    jet z = jet_input_complex(tape, 2, two), y = all[i](z), re = all[i](jet_real(z)), im = all[i](jet_imag(z));
    jet out[4] = {jet_real(y), jet_imag(y), re, im};
    jet_plan *plan = jet_plan_new(tape, 4, out);
    assert_string_equal(jet_plan_message(plan), "");
    number x[12];
    unsigned seed = 5;
    for (int j = 0; j < 12; j++) x[j] = make(uniform(&seed, -1, 1), uniform(&seed, -1, 1));
    jet_plan_write(plan, z, 0, (const double *)x);
    jet_plan_run(plan);
    assert_int_equal(jet_size(y), jet_size(re));
    assert_int_equal(jet_rank(y), jet_rank(re));
    for (int j = 0; j < 2; j++)
      assert_memory_equal(jet_plan_data(plan, out[j], 0), jet_plan_data(plan, out[2 + j], 0), (size_t)jet_size(re) * sizeof(double));
    jet_plan_free(plan);
    jet_tape_free(tape);
  }
  jet_tape *tape = jet_tape_new();
  jet z = jet_input_complex(tape, 2, two);
  assert_true(jet_is_complex(chosen(jet_real(z))) == 0);
  jet_tape_free(tape);
}

/* A product of matrices against the sum over k. */
static void matrices_multiply(void **state) {
  (void)state;
  const ptrdiff_t left[2] = {3, 4}, right[2] = {4, 2};
  jet_tape *tape = jet_tape_new();
  jet a = jet_input_complex(tape, 2, left), b = jet_input_complex(tape, 2, right), c = jet_matmul(a, b);
  jet_plan *plan = jet_plan_new(tape, 1, &c);
  number x[12], y[8], z[6];
  unsigned seed = 9;
  for (int i = 0; i < 12; i++) x[i] = make(uniform(&seed, -1, 1), uniform(&seed, -1, 1));
  for (int i = 0; i < 8; i++) y[i] = make(uniform(&seed, -1, 1), uniform(&seed, -1, 1));
  jet_plan_write(plan, a, 0, (const double *)x);
  jet_plan_write(plan, b, 0, (const double *)y);
  jet_plan_run(plan);
  jet_plan_read(plan, c, 0, (double *)z);
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 2; j++) {
      number want = 0;
      for (int k = 0; k < 4; k++) want += x[4 * i + k] * y[2 * k + j];
      assert_true(cabs(z[2 * i + j] - want) < 1e-15 * 8);
    }
  jet_plan_free(plan);
  jet_tape_free(tape);
}

/* ---- bad input ------------------------------------------------------------------------------------------------------------------ */

static void fails(jet_tape *tape, jet_status status, const char *message) {
  assert_int_equal(jet_tape_status(tape), status);
  assert_string_equal(jet_tape_message(tape), message);
  jet_tape_free(tape);
}

static jet fresh(void) { return jet_input_complex(jet_tape_new(), 1, &lanes); }

static void real_operations_refuse_complex_arrays(void **state) {
  (void)state;
  jet (*const unary[])(jet) = {jet_erf, jet_floor, jet_sigmoid, jet_softplus, jet_relu, jet_sinc, jet_log2, jet_cbrt,
                               jet_prod, jet_norm, jet_amax, jet_logsumexp, jet_var, jet_gelu};
  for (size_t i = 0; i < sizeof unary / sizeof *unary; i++) {
    jet z = fresh(), y = unary[i](z);
    assert_true(y.id < 0);
    assert_int_equal(jet_tape_status(z.tape), JET_BAD_ARGUMENT);
    assert_non_null(strstr(jet_tape_message(z.tape), ": the operand is complex where a real array is needed"));
    jet_tape_free(z.tape);
  }
  jet (*const binary[])(jet, jet) = {jet_max, jet_less, jet_hypot, jet_atan2, jet_logaddexp, jet_xlogy};
  for (size_t i = 0; i < 2 * sizeof binary / sizeof *binary; i++) {
    jet z = fresh(), x = jet_input(z.tape, 1, &lanes), y = i % 2 ? binary[i / 2](x, z) : binary[i / 2](z, x);
    assert_true(y.id < 0);
    assert_non_null(strstr(jet_tape_message(z.tape), ": the operand is complex where a real array is needed"));
    jet_tape_free(z.tape);
  }
  jet z = fresh(), g;
  assert_int_equal(jet_grad(jet_sum(z), 1, &z, &g), JET_BAD_ARGUMENT);
  fails(z.tape, JET_BAD_ARGUMENT, "grad: the operand is complex where a real array is needed (jet_real, jet_imag, jet_abs make one)");
}

static void plans_tell_pairs_from_arrays(void **state) {
  (void)state;
  jet z = fresh(), x = jet_input(z.tape, 1, &lanes), y = jet_mul(z, x), unused = jet_exp(z), out[2] = {y, x};
  jet_plan *plan = jet_plan_new(z.tape, 2, out);
  double pairs[2 * LANES];
  assert_null(jet_plan_data(plan, y, 0));
  assert_string_equal(jet_plan_message(plan), "jet_plan_data: the jet is complex: jet_plan_read, jet_plan_write and jet_plan_bind_complex "
                                              "take it, jet_plan_data its jet_real and jet_imag");
  assert_non_null(jet_plan_data(plan, jet_real(y), 0));
  assert_int_equal(jet_plan_bind(plan, z, 0, pairs), JET_BAD_ARGUMENT);
  assert_int_equal(jet_plan_read(plan, x, 0, pairs), JET_BAD_ARGUMENT);
  assert_string_equal(jet_plan_message(plan), "jet_plan_read: the jet is no complex input or output of the plan");
  assert_int_equal(jet_plan_read(plan, unused, 0, pairs), JET_BAD_ARGUMENT);
  assert_int_equal(jet_plan_write(plan, y, 0, pairs), JET_BAD_ARGUMENT);
  assert_int_equal(jet_plan_read(plan, y, 1, pairs), JET_BAD_ORDER);
  assert_int_equal(jet_plan_read(plan, y, -1, pairs), JET_BAD_ORDER);
  assert_int_equal(jet_plan_read(plan, y, 0, NULL), JET_BAD_ARGUMENT);
  assert_int_equal(jet_plan_write(plan, z, 0, NULL), JET_BAD_ARGUMENT);
  assert_int_equal(jet_plan_read(NULL, y, 0, pairs), JET_BAD_ARGUMENT);
  jet_tape *other = jet_tape_new();
  assert_int_equal(jet_plan_read(plan, jet_input_complex(other, 0, NULL), 0, pairs), JET_FOREIGN);
  jet_tape_free(other);
  jet_plan_free(plan);
  jet_tape_free(z.tape);
}

/* Parts of which one has directions and the other has not: the latter is the same, or zero, in each. */
static void parts_have_directions_of_their_own(void **state) {
  (void)state;
  enum { P = 3 };
  const ptrdiff_t many[2] = {P, LANES};
  for (int swapped = 0; swapped < 2; swapped++) {
    jet_tape *tape = jet_tape_new();
    jet x = jet_input(tape, 1, &lanes), v = jet_input(tape, 2, many), y = jet_input(tape, 1, &lanes);
    jet e = jet_expand_many(x, v, jet_parameter(tape, 1)), z = swapped ? jet_complex(y, e) : jet_complex(e, y);
    jet_plan *plan = jet_plan_new(tape, 1, &z);
    assert_string_equal(jet_plan_message(plan), "");
    for (int i = 0; i < LANES; i++) jet_plan_data(plan, x, 0)[i] = i, jet_plan_data(plan, y, 0)[i] = 100 + i;
    for (int i = 0; i < P * LANES; i++) jet_plan_data(plan, v, 0)[i] = 1000 + i;
    number c0[LANES], c1[P * LANES];
    jet_plan_run(plan);
    assert_int_equal(jet_plan_read(plan, z, 0, (double *)c0), JET_OK);
    assert_int_equal(jet_plan_read(plan, z, 1, (double *)c1), JET_OK);
    for (int i = 0; i < LANES; i++) assert_true(c0[i] == (swapped ? make(100 + i, i) : make(i, 100 + i)));
    for (int i = 0; i < P * LANES; i++) assert_true(c1[i] == (swapped ? make(0, 1000 + i) : make(1000 + i, 0)));
    assert_int_equal(jet_plan_lost(plan, z), 0);
    jet_plan_free(plan);
    jet_tape_free(tape);
  }
}

static void powers_of_negative_reals_are_complex(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = jet_input(tape, 0, NULL), z = jet_input_complex(tape, 0, NULL), y = jet_pow(x, z);
  jet_plan *plan = jet_plan_new(tape, 1, &y);
  const double bases[] = {-2, 0.7, -0.1};
  const number exponents[] = {make(1, 1), make(-2, 0), make(0.3, -4)};
  for (int i = 0; i < 9; i++) {
    number got, at = exponents[i / 3], want = cpow(make(bases[i % 3], 0), at);
    *jet_plan_data(plan, x, 0) = bases[i % 3];
    jet_plan_write(plan, z, 0, (const double *)&at);
    jet_plan_run(plan);
    jet_plan_read(plan, y, 0, (double *)&got);
    assert_true(cabs(got - want) <= 1e-13 * cabs(want));
  }
  jet_plan_free(plan);
  jet_tape_free(tape);
}

static void constants_are_pairs(void **state) {
  (void)state;
  const number c[3] = {make(1, 2), make(-3, 4), make(0, -0.0)};
  const ptrdiff_t n = 3, none = 0;
  jet_tape *tape = jet_tape_new();
  jet y = jet_scale(jet_constant_complex(tape, 1, &n, (const double *)c), 2), empty = jet_constant_complex(tape, 1, &none, NULL);
  jet out[2] = {y, jet_exp(empty)};
  jet_plan *plan = jet_plan_new(tape, 2, out);
  number got[3];
  jet_plan_run(plan);
  assert_int_equal(jet_plan_read(plan, y, 0, (double *)got), JET_OK);
  assert_int_equal(jet_plan_read(plan, out[1], 0, NULL), JET_OK);
  for (int i = 0; i < 3; i++) assert_true(got[i] == 2 * c[i]);
  jet_plan_free(plan);
  jet_constant_complex(tape, 1, &n, NULL);
  fails(tape, JET_BAD_ARGUMENT, "constant_complex: pairs is NULL for 3 numbers");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(functions_agree_with_the_reference),
      cmocka_unit_test(values_and_cuts_are_those_of_c99),
      cmocka_unit_test(laws_hold_at_every_order),
      cmocka_unit_test(operands_mix),
      cmocka_unit_test(gradients_are_of_steepest_ascent),
      cmocka_unit_test(the_convention_is_pinned),
      cmocka_unit_test(reverse_agrees_with_forward),
      cmocka_unit_test(derivatives_of_holomorphic_functions),
      cmocka_unit_test(shapes_work_on_each_part),
      cmocka_unit_test(matrices_multiply),
      cmocka_unit_test(real_operations_refuse_complex_arrays),
      cmocka_unit_test(plans_tell_pairs_from_arrays),
      cmocka_unit_test(powers_of_negative_reals_are_complex),
      cmocka_unit_test(constants_are_pairs),
      cmocka_unit_test(parts_have_directions_of_their_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
