/* test_plan_orders.c - plans run order by order; orders lost. */
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "functions.h"
#include "plan.h"
#include "plan_help.h"
#include "reference.h"

/* ---- order by order ---------------------------------------------------------------------------------------------- */

enum { MANY = UNARIES + BINARIES + 8 };

static jet in_domain(int f, jet a) { return unary[f].f == jet_acosh ? jet_shift(a, 1.5) : a; }

/* Every operation on regular arguments, and a chain over several regions. */
static int every_operation(jet_tape *tape, jet a, jet b, jet out[MANY]) {
  int n = 0;
  for (int f = 0; f < UNARIES; f++) out[n++] = unary[f].f(in_domain(f, a));
  for (int f = 0; f < BINARIES; f++) out[n++] = binary[f].f(a, b);
  out[n++] = jet_powc(a, 5);
  out[n++] = jet_powc(a, -1.5);
  out[n++] = jet_scale(a, 3);
  out[n++] = jet_shift(a, 3);
  out[n++] = jet_sum(jet_exp(a));
  out[n++] = jet_div(jet_sin(jet_exp(a)), jet_sum(jet_mul(a, b)));
  out[n++] = jet_mul(jet_scalar(tape, 2), a);
  out[n++] = jet_sub(jet_softplus(out[2]), jet_log(jet_add(out[4], b)));
  return n;
}

static void put_series(jet_plan *plan, jet x, uint64_t seed) {
  random_state = seed;
  for (int k = 0; k <= jet_order(x); k++)
    for (ptrdiff_t i = 0; i < jet_size(x); i++) data(plan, x, k)[i] = k ? random_in(-0.5, 0.5) : random_in(0.1, 0.9);
}

static void run_in_pieces(jet_plan *plan, int order) {
  for (int k = 0; k <= order;) {
    int next = k + 1 + random_below(order + 1 - k);
    if (jet_plan_run_orders(plan, k, next)) fail_msg("%s", jet_plan_message(plan));
    k = next;
  }
}

static void check_pieces(jet_isa isa, int order, ptrdiff_t n) {
  jet out[MANY];
  jet_tape *tape = ref_tape(isa, true);
  jet t = jet_parameter(tape, order), a = series(t, n), b = series(t, n);
  int count = every_operation(tape, a, b, out);
  jet_plan *sweep = plan_of(tape, count, out), *pieces = stepwise(tape, count, out);
  put_series(sweep, a, 3), put_series(sweep, b, 4), put_series(pieces, a, 3), put_series(pieces, b, 4);
  run(sweep);
  run(pieces);
  assert_same_outputs(pieces, sweep, count, out, "one sweep");
  random_state = (uint64_t)(order + 1) * 1000003;
  for (int trial = 0; trial < 4; trial++) {
    for (int o = 0; o < count; o++)
      for (int k = 0; k <= order; k++) put_all(pieces, out[o], k, NAN);
    put_series(pieces, a, 3), put_series(pieces, b, 4);
    random_state = (uint64_t)(trial + 1) * 7919;
    run_in_pieces(pieces, order);
    assert_same_outputs(pieces, sweep, count, out, "pieces");
  }
  jet_plan_free(sweep);
  free_both(pieces, tape);
}

static void pieces_are_the_sweep_bit_for_bit(void **state) {
  static const int orders[] = {0, 1, 2, 5, 8, 9, 14, 20};
  jet_isa isas[3];
  (void)state;
  for (int a = ref_isas(isas); a-- > 0;)
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
      check_pieces(isas[a], orders[i], 1);
      check_pieces(isas[a], orders[i], 3);
      check_pieces(isas[a], orders[i], 101);
    }
}

/* A zero of x absorbs the infinity of log 0, wherever it stands. */
static void check_absorbing(jet_isa isa, int order, ptrdiff_t n) {
  jet_tape *tape = ref_tape(isa, true);
  jet t = jet_parameter(tape, order), x = series(t, n), y = series(t, n), z = jet_xlogy(x, y);
  jet_plan *sweep = plan_of(tape, 1, &z), *pieces = stepwise(tape, 1, &z);
  put_series(sweep, x, 3), put_series(sweep, y, 4), put_series(pieces, x, 3), put_series(pieces, y, 4);
  for (int k = 0; k <= order; k++)
    for (ptrdiff_t i = 0; i < n; i++)
      if (k != i % 4 + 1) data(sweep, x, k)[i] = data(pieces, x, k)[i] = 0;
  put_all(sweep, y, 0, 0), put_all(pieces, y, 0, 0);
  run(sweep);
  for (int k = 0; k <= order; k++) assert_int_equal(jet_plan_run_orders(pieces, k, k + 1), JET_OK);
  assert_true(data(sweep, z, 0)[0] == 0);
  assert_same_outputs(pieces, sweep, 1, &z, "absorbed");
  jet_plan_free(sweep);
  free_both(pieces, tape);
}

static void zeros_absorb_in_pieces(void **state) {
  static const ptrdiff_t sizes[] = {1, 3, 101};
  jet_isa isas[3];
  (void)state;
  for (int a = ref_isas(isas); a-- > 0;)
    for (int i = 0; i < 3; i++) check_absorbing(isas[a], 6, sizes[i]);
}

/* A plain result of a coefficient is there after the last piece. */
static void check_coefficients_in_pieces(int n, const jet out[], jet_tape *tape, jet x, const char *what) {
  jet_plan *sweep = plan_of(tape, n, out), *pieces = stepwise(tape, n, out);
  put_series(sweep, x, 3), put_series(pieces, x, 3);
  run(sweep);
  for (int k = 0; k <= jet_order(x); k++) assert_int_equal(jet_plan_run_orders(pieces, k, k + 1), JET_OK);
  assert_same_outputs(pieces, sweep, n, out, what);
  jet_plan_free(sweep);
  jet_plan_free(pieces);
}

static void coefficients_as_outputs_in_pieces(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = series(jet_parameter(tape, 4), 5), y = jet_exp(x), c = jet_coefficient(y, 2);
  jet both[] = {y, c}, moved[] = {jet_shift(x, 1), jet_coefficient(x, 3)}, later = jet_sin(c), sum = jet_sum(c);
  jet second = jet_exp(jet_cos(c)); /* cos is the second value of its node */
  check_coefficients_in_pieces(1, &c, tape, x, "coefficient 2");
  check_coefficients_in_pieces(2, both, tape, x, "y and its coefficient 2");
  check_coefficients_in_pieces(2, moved, tape, x, "coefficients of an input");
  check_coefficients_in_pieces(1, &later, tape, x, "sin of coefficient 2");
  check_coefficients_in_pieces(1, &sum, tape, x, "sum of coefficient 2");
  check_coefficients_in_pieces(1, &second, tape, x, "exp cos of coefficient 2");
  jet_tape_free(tape);
}

/* x' = x (1 - x), x_0 = 1/2:  1 / (1 + exp(-t)) */
static void the_logistic_equation_order_by_order(void **state) {
  static const double want[] = {1. / 2, 1. / 4, 0, -1. / 48, 0, 1. / 480, 0, -17. / 80640, 0, 31. / 1451520};
  enum { ORDER = 9 };
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = series(jet_parameter(tape, ORDER), N), f = jet_mul(x, jet_sub(jet_scalar(tape, 1), x));
  jet_plan *plan = stepwise(tape, 1, &f);
  for (int again = 0; again < 2; again++) {
    put_all(plan, x, 0, 0.5);
    for (int k = 0; k < ORDER; k++) {
      assert_int_equal(jet_plan_run_orders(plan, k, k + 1), JET_OK);
      for (int i = 0; i < N; i++) data(plan, x, k + 1)[i] = data(plan, f, k)[i] / (k + 1);
    }
    for (int k = 0; k <= ORDER; k++)
      for (int i = 0; i < N; i++) assert_true(fabs(data(plan, x, k)[i] - want[k]) < 1e-16);
  }
  free_both(plan, tape);
}

enum { STEPS = 20 };

/* x' = x y, y' = -x s, s' = c y', c' = -s y' with s = sin y, c = cos y: by its own convolutions. */
static void system_by_hand(double x[STEPS + 1], double y[STEPS + 1]) {
  double s[STEPS + 1] = {sin(y[0])}, c[STEPS + 1] = {cos(y[0])};
  for (int k = 0; k < STEPS; k++) {
    double xy = 0, xs = 0, ds = 0, dc = 0;
    for (int j = 0; j <= k; j++) xy += x[j] * y[k - j], xs += x[j] * s[k - j];
    x[k + 1] = xy / (k + 1);
    y[k + 1] = -xs / (k + 1);
    for (int j = 1; j <= k + 1; j++) ds += j * y[j] * c[k + 1 - j], dc -= j * y[j] * s[k + 1 - j];
    s[k + 1] = ds / (k + 1);
    c[k + 1] = dc / (k + 1);
  }
}

static void a_system_order_by_order(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet t = jet_parameter(tape, STEPS), x = series(t, N), y = series(t, N);
  jet f[] = {jet_mul(x, y), jet_neg(jet_mul(x, jet_sin(y)))};
  jet_plan *plan = stepwise(tape, 2, f);
  for (int i = 0; i < N; i++) data(plan, x, 0)[i] = 0.5 + 0.01 * i, data(plan, y, 0)[i] = 1 - 0.05 * i;
  for (int k = 0; k < STEPS; k++) {
    assert_int_equal(jet_plan_run_orders(plan, k, k + 1), JET_OK);
    for (int i = 0; i < N; i++) {
      data(plan, x, k + 1)[i] = data(plan, f[0], k)[i] / (k + 1);
      data(plan, y, k + 1)[i] = data(plan, f[1], k)[i] / (k + 1);
    }
  }
  for (int i = 0; i < N; i++) {
    double p[STEPS + 1] = {0.5 + 0.01 * i}, q[STEPS + 1] = {1 - 0.05 * i};
    system_by_hand(p, q);
    for (int k = 0; k <= STEPS; k++)
      assert_true(fabs(data(plan, x, k)[i] - p[k]) < 1e-14 && fabs(data(plan, y, k)[i] - q[k]) < 1e-14);
  }
  free_both(plan, tape);
}

/* A new x_1 with the old x_0: the sweep is resumed at k0 = 1. */
static void a_sweep_is_resumed_above_coefficient_zero(void **state) {
  enum { ORDER = 3 };
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = series(jet_parameter(tape, ORDER), N), y = jet_sum(jet_tanh(jet_exp(x)));
  jet_plan *plan = stepwise(tape, 1, &y), *fresh = plan_of(tape, 1, &y);
  put_series(plan, x, 1);
  assert_int_equal(jet_plan_run_orders(plan, 0, ORDER + 1), JET_OK);
  for (int trial = 0; trial < 3; trial++) {
    for (int i = 0; i < N; i++) data(plan, x, 1)[i] = scattered(i + trial);
    for (int k = 0; k <= ORDER; k++) put(fresh, x, k, data(plan, x, k));
    assert_int_equal(jet_plan_run_orders(plan, 1, ORDER + 1), JET_OK);
    run(fresh);
    assert_same_outputs(plan, fresh, 1, &y, "resumed");
  }
  jet_plan_free(fresh);
  free_both(plan, tape);
}

static void a_coefficient_that_feeds_a_jet_has_no_orders(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet t = jet_parameter(tape, 4), s = jet_parameter(tape, 2), x = series(t, 3), c = jet_coefficient(jet_exp(x), 2);
  jet y[] = {jet_mul(c, x), jet_add(x, jet_sum(jet_sin(c))), jet_expand(jet_scalar(tape, 1), c, s)};
  for (int i = 0; i < 3; i++) {
    jet_plan *plan = stepwise(tape, 1, &y[i]);
    assert_int_equal(jet_plan_status(plan), JET_UNSUPPORTED);
    assert_non_null(strstr(jet_plan_message(plan), "jet_coefficient feeds a jet"));
    assert_int_equal(jet_plan_run_orders(plan, 0, 1), JET_UNSUPPORTED);
    jet_plan_free(plan);
    jet_plan_free(plan_of(tape, 1, &y[i]));
  }
  jet_tape_free(tape);
}

static void orders_of_an_ordinary_plan_are_refused(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet y = jet_exp(series(jet_parameter(tape, 4), 3));
  jet_plan *plan = plan_of(tape, 1, &y);
  assert_int_equal(jet_plan_run_orders(plan, 0, 5), JET_BAD_ARGUMENT);
  assert_non_null(strstr(jet_plan_message(plan), "by_orders"));
  run(plan);
  assert_true(*data(plan, y, 0) == 1);
  free_both(plan, tape);
}

static void bad_ranges_of_orders_are_refused(void **state) {
  static const int bad[][2] = {{-1, 1}, {2, 2}, {3, 2}, {0, 6}, {4, 2000}, {INT_MIN, INT_MAX}, {0, 0}, {5, -1}};
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet y = jet_exp(series(jet_parameter(tape, 4), 3));
  jet_plan *plan = stepwise(tape, 1, &y);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char number[20];
    snprintf(number, sizeof number, "%d", bad[i][0]);
    assert_int_equal(jet_plan_run_orders(plan, bad[i][0], bad[i][1]), JET_BAD_ORDER);
    assert_non_null(strstr(jet_plan_message(plan), number));
  }
  assert_int_equal(jet_plan_run_orders(plan, 0, 5), JET_OK);
  assert_true(*data(plan, y, 0) == 1);
  free_both(plan, tape);
}

/* ---- orders lost ------------------------------------------------------------------------------------------------- */

static jet one_minus_cos(jet x) { return jet_sub(jet_scalar(x.tape, 1), jet_cos(x)); }

static jet lossy_sinc(jet x) { return jet_div(jet_sin(x), x); }

static jet cosm1_twice(jet x) { return jet_div(jet_div(one_minus_cos(x), x), x); }

static jet cosm1_square(jet x) { return jet_div(one_minus_cos(x), jet_square(x)); }

static jet lossy_chain(jet x) { return jet_div(jet_sub(jet_mul(lossy_sinc(x), jet_exp(x)), jet_scalar(x.tape, 1)), x); }

static jet lossy_product(jet x) { return jet_mul(lossy_sinc(x), jet_div(jet_expm1(x), x)); }

static jet lossy_sum(jet x) { return jet_sum(jet_exp(lossy_sinc(x))); }

static jet lossy_shifted(jet x) { return jet_neg(jet_shift(lossy_sinc(x), 1)); }

static jet lossless(jet x) { return jet_mul(jet_sinc(x), jet_exp(x)); }

/* At x = 0 of arrays {0, 1}; c: the first coefficients at 0. */
static const struct {
  const char *what;
  jet (*record)(jet);
  int lost;
  double c[5];
} losses[] = {
    {"sin(x)/x", lossy_sinc, 1, {1, 0, -1. / 6, 0, 1. / 120}},
    {"((1-cos x)/x)/x", cosm1_twice, 2, {1. / 2, 0, -1. / 24, 0, 1. / 720}},
    {"(1-cos x)/x^2", cosm1_square, 2, {1. / 2, 0, -1. / 24, 0, 1. / 720}},
    {"(sin(x)/x exp(x) - 1)/x", lossy_chain, 2, {1, 1. / 3, 0, -1. / 30, -1. / 90}},
    {"sin(x)/x expm1(x)/x", lossy_product, 1, {1, 1. / 2, 0, -1. / 24, -1. / 90}},
    {"-(sin(x)/x + 1)", lossy_shifted, 1, {-2, 0, 1. / 6, 0, -1. / 120}},
    {"sinc(x) exp(x)", lossless, 0, {1, 1, 1. / 3, 0, -1. / 30}},
};

static void orders_lost_add_up_along_chains(void **state) {
  enum { ORDER = 6 };
  jet_isa isas[3];
  (void)state;
  for (int a = ref_isas(isas); a-- > 0;)
    for (size_t j = 0; j < sizeof losses / sizeof *losses; j++) {
      jet_tape *tape = ref_tape(isas[a], false);
      jet x = vector(tape, 2), y = losses[j].record(jet_expand(x, jet_scalar(tape, 1), jet_parameter(tape, ORDER)));
      jet_plan *plan = plan_of(tape, 1, &y);
      assert_int_equal(jet_plan_lost(plan, y), 0);
      for (int again = 0; again < 2; again++) {
        put(plan, x, 0, (double[]){0, 1});
        run(plan);
        assert_int_equal(jet_plan_lost(plan, y), losses[j].lost);
        for (int k = 0; k <= ORDER; k++) {
          double c = data(plan, y, k)[0];
          if (k > ORDER - losses[j].lost ? !isnan(c) : k < 5 && !(fabs(c - losses[j].c[k]) < 1e-15))
            fail_msg("%s: coefficient %d at 0 is %g", losses[j].what, k, c);
          assert_true(isfinite(data(plan, y, k)[1]));
        }
        put(plan, x, 0, (double[]){2, 1});
        run(plan);
        assert_int_equal(jet_plan_lost(plan, y), 0);
      }
      free_both(plan, tape);
    }
}

static void a_sum_loses_what_an_element_loses(void **state) {
  (void)state;
  jet_tape *tape = ref_tape(JET_ISA_AUTO, false);
  jet x = vector(tape, 70), l = jet_expand(x, x, jet_parameter(tape, 3)), y[] = {lossy_sum(l), jet_sin(l)};
  jet m = jet_expand(jet_shift(x, -1), x, jet_parameter(tape, 3)), z = jet_sum(lossy_sinc(m));
  jet out[] = {y[0], y[1], z, jet_add(z, jet_sum(m))};
  jet_plan *plan = plan_of(tape, 4, out);
  static const int want[][4] = {{0, 0, 0, 0}, {0, 0, 1, 1}, {0, 0, 0, 0}};
  for (int trial = 0; trial < 3; trial++) {
    put_all(plan, x, 0, 2);
    if (trial == 1) data(plan, x, 0)[69] = 1;
    run(plan);
    for (int o = 0; o < 4; o++) assert_int_equal(jet_plan_lost(plan, out[o]), want[trial][o]);
  }
  free_both(plan, tape);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pieces_are_the_sweep_bit_for_bit), cmocka_unit_test(zeros_absorb_in_pieces),
      cmocka_unit_test(coefficients_as_outputs_in_pieces),
      cmocka_unit_test(the_logistic_equation_order_by_order),
      cmocka_unit_test(a_system_order_by_order),
      cmocka_unit_test(a_sweep_is_resumed_above_coefficient_zero),
      cmocka_unit_test(a_coefficient_that_feeds_a_jet_has_no_orders),
      cmocka_unit_test(orders_of_an_ordinary_plan_are_refused),
      cmocka_unit_test(bad_ranges_of_orders_are_refused),
      cmocka_unit_test(orders_lost_add_up_along_chains),
      cmocka_unit_test(a_sum_loses_what_an_element_loses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
