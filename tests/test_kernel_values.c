/* test_kernel_values.c - coefficient 0 of every row against <math.h>; spares; choices and masks by their definition. */
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

#include "kernel.h"
#include "kernel_known.h"
#include "kernel_trial.h"

/* ---- 7. coefficient 0 --------------------------------------------------------------------------------------------------------- */

#if JETS_F32
static const double arguments[] = {
    0,     1,          0.5,       0.25,        2,         3,        1.5,      2.5,      0.1,       0.7,   10,     20,   30,
    37.5,  100,        44,        45,          88,        88.72,    88.72284, 88.73,    89.4,      89.5,  90,     103,  103.9,
    103.98, 104,       126,       127.9999,    128,       149,      149.5,    150.5,    1e4,       124.9, 125,    126,  1e5,
    1e6,   1e7,        1e8,       1e15,        1e16,      1e18,     1.8e19,   1.9e19,   1e22,      1e30,  1e36,   1e37, FLT_MAX,
    INFINITY, 1e-3,    1e-4,      1e-8,        1e-16,     1e-19,    1e-25,    1e-30,    1e-37,     FLT_MIN, 1.5e-45, 1e-40, 3.9,
    4,     10.1,       9.2,       13.2,        0.999999,  1.00001,  0x1p23,   0x1p24,   8388607.5, 0.49999997, 0x1.fffffep-1,
    0x1.000002p0};
#else
static const double arguments[] = {
    0,        1,        0.5,      0.25,     2,      3,      1.5,     2.5,    0.1,    0.7,    10,     20,     30,      37.5,
    100,      354,      355,      700,      709.78, 709.7827128933840, 709.79, 710.4758, 710.4759, 711, 745.13, 745.14, 746, 1000,
    1022,     1023.999, 1024,     1074,     1074.5, 1075.5, 1e4,     1e5,    1e8,    1e14,   1e15,   1e16,   1e22,    1e100,
    1e154,    1.4e154,  1e200,    1e300,    DBL_MAX, INFINITY, 1e-3, 1e-8,   1e-16,  1e-154, 1e-200, 1e-290, 1e-300,  DBL_MIN,
    5e-324,   1e-310,   5.9,      6,        26.5,   27.2,   38.4,    0.999999, 1.00001, 0x1p52, 0x1p53, 4503599627370495.5,
    0.49999999999999994, 0x1.fffffffffffffp-1, 0x1.0000000000001p0};
#endif

enum { ARGUMENTS = 2 * (int)(sizeof arguments / sizeof *arguments) + 1 };

static real argument(int i) { return (real)(i == ARGUMENTS - 1 ? NAN : i % 2 ? -arguments[i / 2] : arguments[i / 2]); }

static int signed_zero(int row) { /* rows whose zeros <math.h> or IEEE arithmetic gives a sign */
  static const int without[] = {JK_mulz,    JK_relu,    JK_max,      JK_min,       JK_sign,    JK_along, JK_compare,
                                JK_sigmoid, JK_softplus, JK_logaddexp, JK_normcdf, JK_sinc, JK_exprel, JK_log1prel};
  for (size_t i = 0; i < sizeof without / sizeof *without; i++)
    if (without[i] == row) return 0;
  return 1;
}

/* What the result is a sum of, or what an argument rounded once makes of it. */
static double slack(const problem *p, ptrdiff_t i) {
  real a = p->x[0][0][i], b = p->x[1][0][i];
  if (p->row == JK_logaddexp && isfinite(a) && isfinite(b)) return fmax(fabs(a), fabs(b));
  if (p->row == JK_normcdf && isfinite(a)) return fabs(a) * exp(-0.5 * a * a) / sqrt(2 * (double)pi);
  return 0;
}

static int is_close(int row, real got, real want) {
  if (want != want || got != got) return want != want && got != got;
  if (want == 0 && got == 0) return !signed_zero(row) || !signbit(want) == !signbit(got);
  if (row == JK_pow && isinf(got) && fabs(want) > REAL(1.7976931348621e308, 3.4028e38f)) return 1; /* SLEEF ends a little early */
  uint64_t apart = (uint64_t)place(got) - (uint64_t)place(want);
  return apart + 4 <= 8;
}

static void check_values(const problem *p, int isa) {
  for (ptrdiff_t i = 0; i < p->n; i++)
    for (int j = 0; j < named(p->row); j++) {
      value_fn *f = j ? known[p->row].second : known[p->row].value;
      real want = (real)f(p->x[0][0][i], p->x[1][0][i], p->c), got = got_.y[j][0][i];
      if (is_close(p->row, got, want) || fabs(got - want) <= 4 * UNIT * slack(p, i)) continue;
      report(p, isa, "value", j, 0, i, got, want);
    }
}

static void values_of(const jk_set *s, int isa, int row) { /* all arguments, or all pairs */
  int pairs = jk_rows[row].nin > 1 ? ARGUMENTS : 1;
  p_.row = row, p_.order = 0, p_.m = 0, p_.n = 0;
  p_.in[0] = p_.in[1] = p_.out = (interval){0, 0};
  for (int i = 0; i < ARGUMENTS * pairs; i++) {
    p_.x[0][0][p_.n] = argument(i / pairs);
    p_.x[1][0][p_.n++] = argument(i % pairs);
    if (p_.n < LANES && i + 1 < ARGUMENTS * pairs) continue;
    run(s, &p_, (layout){0}, &got_);
    check_values(&p_, isa);
    p_.n = 0;
  }
}

static void values_trial(const jk_set *s, int isa, int row, int order) {
  const double constants[] = {0, 1, -1, 2, -2, 0.5, -0.5, 3, 1.0 / 3, 2.5, -3, large};
  int uses = row == JK_powc || row == JK_scale || row == JK_shift;
  (void)order;
  if (jk_rows[row].kind == JK_SELECT || row == JK_cpow) return; /* test_choices_are_their_definition, test_complex.c */
  for (size_t i = 0; i < (uses ? sizeof constants / sizeof *constants : 1); i++) {
    p_.c = (real)constants[i];
    values_of(s, isa, row);
  }
}

static void test_values_are_those_of_libm(void **state) {
  (void)state;
  begin(7);
  for_all(values_trial, 1);
  end();
}

/* ---- 8. spares that pulls are told are derivatives ----------------------------------------------------------------- */

static void derivatives_trial(const jk_set *s, int isa, int row, int order) { /* k r_k = sum of s_i (k-i) x_{k-i} */
  if (seen(row) == named(row) || jk_rows[row].nin > 1) return; /* two numbers have no one derivative */
  moderate_problem(&p_, row, order);
  run(s, &p_, (layout){0}, &got_);
  for (ptrdiff_t i = 0; i < p_.n; i++)
    for (int j = 0; j + 1 < seen(row); j++)
      for (int k = 1; k <= p_.out.degree; k++) {
        wide want = 0, size = 0;
        for (int l = 0; l < k; l++) {
          wide term = holds(p_.in[0], k - l) ? (wide)got_.y[j + 1][l][i] * p_.x[0][k - l][i] * (k - l) / k : 0;
          want += term, size += fabsl(term);
        }
        if (!(fabsl(got_.y[j][k][i] - want) <= 64 * (k + 1) * UNIT * size))
          report(&p_, isa, "the next result is not its derivative", j, k, i, got_.y[j][k][i], (real)want);
      }
}

/* At +-inf all derivatives of these vanish, whatever x does: 0 times infinity is 0 in spares too. */
static void far_trial(const jk_set *s, int isa, int row, int order) {
  if (row != JK_tanh && row != JK_sigmoid && row != JK_erf && row != JK_erfc && row != JK_normcdf) return;
  random_problem(&p_, row, order, between(1, LANES));
  p_.in[0] = p_.out = (interval){0, order};
  for (ptrdiff_t i = 0; i < p_.n; i++) p_.x[0][0][i] = below(2) ? INFINITY : -INFINITY;
  run(s, &p_, (layout){0}, &got_);
  for (ptrdiff_t i = 0; i < p_.n; i++)
    for (int j = 0; j < 2; j++)
      for (int k = !j; k <= order; k++)
        if (got_.y[j][k][i] != 0) report(&p_, isa, "at infinity", j, k, i, got_.y[j][k][i], 0);
}

static void test_spares_are_derivatives(void **state) {
  (void)state;
  begin(10);
  for_all(derivatives_trial, 39);
  for_all(far_trial, 39);
  end();
}

/* ---- 9. choices, masks, absorbing products, by a scalar definition ------------------------------------------------- */

/* Few different numbers, so that ties are common. */
static real tie(void) {
  const double list[] = {0,         -0.0, 0, 1,       -1,      1,        subnormal, -subnormal, REAL(1e-310, 1e-40), INFINITY,
                         -INFINITY, NAN,  2, REAL(DBL_MIN, FLT_MIN), REAL(DBL_MAX, FLT_MAX), REAL(-DBL_MAX, -FLT_MAX)};
  return (real)(below(2) ? list[below(4)] : list[below((int)(sizeof list / sizeof *list))]);
}

static void random_ties(problem *p, int row, int order) {
  random_problem(p, row, order, between(1, LANES));
  int full = below(2);
  for (int j = 0; j < JK_MAX_IN && full; j++) p->in[j] = (interval){0, order};
  p->out = out_interval(p);
  for (ptrdiff_t i = 0; i < p->n; i++) {
    int wild = below(3); /* else finite numbers alone */
    for (int j = 0; j < jk_rows[row].nin; j++)
      for (int k = 0; k <= order; k++) {
        real x = below(3) ? tie() : uniform(-2, 2);
        p->x[j][k][i] = wild || isfinite(x) ? x : uniform(-1, 1);
      }
    for (int k = 0, same_to = below(order + 2); k < same_to && jk_rows[row].nin > 1 && row != JK_mulz; k++)
      p->x[1][k][i] = p->x[0][k][i];
  }
}

static real number(const problem *p, int j, int k, ptrdiff_t i) { return holds(p->in[j], k) ? p->x[j][k][i] : 0; }

static real comparison(int row, real a, real b) {
  switch (row) {
  case JK_less: return a < b;
  case JK_less_equal: return a <= b;
  case JK_greater: return a > b;
  case JK_greater_equal: return a >= b;
  case JK_equal: return a == b;
  default: return !(a == b);
  }
}

static real decided(const problem *p, ptrdiff_t i) { /* along, compare */
  for (int k = 0; k <= p->order; k++) {
    real a = number(p, 0, k, i), b = p->row == JK_compare ? number(p, 1, k, i) : 0;
    if (isnan(a) || isnan(b)) return NAN;
    if (a != b) return a > b ? 1 : -1;
  }
  return 0;
}

static real chain(const problem *p, int isa, int k, ptrdiff_t i, int absorbs) {
  real s = 0;
  int any = 0;
  for (int l = 0; l <= k; l++) {
    real a = number(p, 0, l, i), b = number(p, 1, k - l, i);
    if (!holds(p->in[0], l) || !holds(p->in[1], k - l) || (absorbs && (a == 0 || b == 0))) continue;
    s = !absorbs && !any++ ? a * b : isa == 1 ? a * b + s : REAL(fma, fmaf)(a, b, s);
  }
  return s;
}

static real defined(const problem *p, int isa, int k, ptrdiff_t i) {
  if (p->row == JK_where) return number(p, number(p, 0, 0, i) != 0 ? 1 : 2, k, i);
  if (p->row == JK_along || p->row == JK_compare) return decided(p, i);
  if (p->row == JK_finite) return isfinite(number(p, 0, 0, i)) ? number(p, 0, 0, i) : 0;
  if (p->row != JK_mulz) return comparison(p->row, number(p, 0, 0, i), number(p, 1, 0, i));
  real plain = chain(p, isa, k, i, 0);
  return isfinite(plain) ? plain : chain(p, isa, k, i, 1);
}

static void definition_trial(const jk_set *set, int isa, int row, int order) {
  static const int rows[] = {JK_where,   JK_along,         JK_compare, JK_finite,    JK_less, JK_less_equal,
                             JK_greater, JK_greater_equal, JK_equal,   JK_not_equal, JK_mulz};
  int mine = 0;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) mine |= rows[i] == row;
  if (!mine) return;
  if (row == JK_mulz && below(2)) order = between(0, 17); /* to the end of what is unrolled */
  random_ties(&p_, row, order);
  run(set, &p_, below(4) ? (layout){.null = 1} : random_cuts(order), &got_);
  check_damage(&p_, isa);
  for (ptrdiff_t i = 0; i < p_.n; i++)
    for (int k = p_.out.low; k <= p_.out.degree; k++) {
      real want = defined(&p_, isa, k, i);
      if (!same(got_.y[0][k][i], want)) report(&p_, isa, "by definition", 0, k, i, got_.y[0][k][i], want);
    }
}

static void test_choices_are_their_definition(void **state) {
  (void)state;
  begin(11);
  for_all(definition_trial, 390);
  end();
}

/* What absorbs must not cost digits: the bits of mul wherever all factors are finite. */
static void finite_product_trial(const jk_set *set, int isa, int row, int order) {
  if (row != JK_mulz) return;
  random_problem(&p_, JK_mulz, below(2) ? order : between(0, 20), between(1, LANES));
  run(set, &p_, (layout){0}, &got_);
  p_.row = JK_mul;
  run(set, &p_, (layout){0}, &want_);
  for (ptrdiff_t i = 0; i < p_.n; i++) {
    int finite = 1;
    for (int j = 0; j < 2; j++)
      for (int k = 0; k <= p_.order; k++) finite &= isfinite(number(&p_, j, k, i));
    if (finite) check_lane(&p_, isa, "mulz against mul", 1, i, i, &got_, &want_);
  }
}

static void test_absorbing_products_are_products(void **state) {
  (void)state;
  begin(12);
  for_all(finite_product_trial, 390);
  end();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values_are_those_of_libm),
      cmocka_unit_test(test_spares_are_derivatives),
      cmocka_unit_test(test_choices_are_their_definition),
      cmocka_unit_test(test_absorbing_products_are_products),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
