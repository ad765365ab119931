/* test_special.c - a table of special points, neighbourhoods of removable singularities, constants in jets. */
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

/* ---- quotients are recognised up to constants and by structure ------------------------------------------------------ */

typedef struct spelling {
  const char *name;
  jet_callback *typed, *named;
} spelling;

#define CALLBACK(name, expression)                                                                                     \
  static jet name(jet x, void *data) {                                                                                 \
    (void)data;                                                                                                        \
    return expression;                                                                                                 \
  }
CALLBACK(typed_scale, jet_div(jet_scale(jet_sin(x), 3), x))
CALLBACK(named_scale, jet_scale(jet_sinc(x), 3))
CALLBACK(typed_inner, jet_div(jet_sin(jet_scale(x, 2)), x))
CALLBACK(named_inner, jet_scale(jet_sinc(jet_scale(x, 2)), 2))
CALLBACK(typed_twice, jet_div(jet_sin(jet_scale(x, 2)), jet_scale(x, 2)))
CALLBACK(named_twice, jet_sinc(jet_scale(x, 2)))
CALLBACK(typed_neg, jet_div(jet_neg(jet_log1p(x)), x))
CALLBACK(named_neg, jet_neg(jet_log1prel(x)))
CALLBACK(typed_decay, jet_div(jet_sub(jet_scalar(x.tape, 1), jet_exp(jet_neg(x))), x))
CALLBACK(named_decay, jet_exprel(jet_neg(x)))
CALLBACK(typed_bernoulli, jet_div(x, jet_shift(jet_exp(x), -1)))
CALLBACK(named_bernoulli, jet_recip(jet_exprel(x)))
CALLBACK(typed_other, jet_div(jet_sin(jet_scale(x, 2)), jet_scale(x, 3)))

static double eighth(jet_callback *f) {
  double x = 1e-3, d[9];
  jet_fn *fn = jet_fn_new(f, NULL, 1);
  assert_int_equal(jet_fn_derivatives(fn, 8, &x, d), JET_OK);
  jet_fn_free(fn);
  return d[8];
}

static void quotients_are_recognised(void **state) {
  static const spelling spellings[] = {
      {"3 sin(x)/x", typed_scale, named_scale},         {"sin(2x)/x", typed_inner, named_inner},
      {"sin(2x)/(2x)", typed_twice, named_twice},       {"-log1p(x)/x", typed_neg, named_neg},
      {"(1-exp(-x))/x", typed_decay, named_decay},      {"x/(exp(x)-1)", typed_bernoulli, named_bernoulli},
  };
  (void)state;
  for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
    double got = eighth(spellings[i].typed), want = eighth(spellings[i].named);
    if (!(fabs(got - want) <= 1e-14 * fabs(want))) fail_msg("%s: %g, not %g", spellings[i].name, got, want);
  }
  assert_true(fabs(eighth(typed_other)) > 1e6); /* sin(2x)/(3x) stays as typed, and has no digit: 2/3 sinc(2x) has 19 */
}

/* sqrt(a a + b b) of different shapes */
static void hypot_is_recognised_through_broadcasts(void **state) {
  ptrdiff_t n = 3;
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet a = jet_input(tape, 1, &n), b = jet_input(tape, 0, NULL), y = jet_sqrt(jet_add(jet_square(a), jet_square(b)));
  jet_plan *plan = jet_plan_new(tape, 1, &y);
  *jet_plan_data(plan, b, 0) = 4e200;
  for (int i = 0; i < 3; i++) jet_plan_data(plan, a, 0)[i] = 3e200;
  run(plan);
  for (int i = 0; i < 3; i++) assert_true(fabs(jet_plan_data(plan, y, 0)[i] - 5e200) < 1e186);
  jet_plan_free(plan);
  jet_tape_free(tape);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(special_points_alone),
      cmocka_unit_test(special_points_coefficient_by_coefficient),
      cmocka_unit_test(special_points_among_regular_ones),
      cmocka_unit_test(every_lane_computes_the_same),
      cmocka_unit_test(named_rows_near_their_removable_points),
      cmocka_unit_test(constants_never_grow_derivatives),
      cmocka_unit_test(an_infinite_factor_poisons_no_structural_zero),
      cmocka_unit_test(zero_coefficients_are_not_multiplied_by_infinity),
      cmocka_unit_test(quotients_are_recognised),
      cmocka_unit_test(hypot_is_recognised_through_broadcasts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
