/* test_complex.c - complex arrays: against the reference data, C99's functions, laws, and gradients against differences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <complex.h>
#include <math.h>

#include "reference.h"
#undef I
#define I _Complex_I

typedef double complex number;

static number make(double re, double im) { return CMPLX(re, im); }

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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(functions_agree_with_the_reference),
      cmocka_unit_test(values_and_cuts_are_those_of_c99),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
