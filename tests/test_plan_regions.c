/* test_plan_regions.c - several regions; random and long tapes. */
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

/* ---- several regions --------------------------------------------------------------------------------------------- */

static void a_softmax_and_its_jets(void **state) {
  enum { ORDER = 3 };
  (void)state;
  for (ptrdiff_t n = 1; n <= 1000; n = n < 40 ? n + 3 : 5 * n) {
    double e[ORDER + 1], s[ORDER + 1] = {0}, y[ORDER + 1];
    jet_tape *tape = jet_tape_new();
    jet x = vector(tape, n), v = vector(tape, n), l = jet_exp(jet_expand(x, v, jet_parameter(tape, ORDER)));
    jet out[] = {jet_div(l, jet_sum(l)), jet_div(jet_exp(x), jet_sum(jet_exp(x)))};
    jet_plan *plan = plan_of(tape, 2, out);
    for (ptrdiff_t i = 0; i < n; i++) data(plan, x, 0)[i] = scattered(i), data(plan, v, 0)[i] = scattered(i + 7);
    run(plan);
    static const double factorial[] = {1, 1, 2, 6};
    for (ptrdiff_t i = 0; i < n; i++)
      for (int k = 0; k <= ORDER; k++) s[k] += exp(scattered(i)) * pow(scattered(i + 7), k) / factorial[k];
    for (ptrdiff_t i = 0; i < n; i++)
      for (int k = 0; k <= ORDER; k++) {
        y[k] = e[k] = exp(scattered(i)) * pow(scattered(i + 7), k) / factorial[k];
        for (int j = 0; j < k; j++) y[k] -= y[j] * s[k - j];
        y[k] /= s[0];
        assert_true(near(data(plan, out[0], k)[i], y[k], 1e-14));
        if (k == 0) assert_true(same(data(plan, out[0], 0)[i], data(plan, out[1], 0)[i]));
      }
    free_both(plan, tape);
  }
}

static void a_variance_by_two_sums(void **state) {
  enum { LENGTH = 777 };
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, LENGTH), mean = jet_scale(jet_sum(x), 1. / LENGTH), d = jet_sub(x, mean);
  jet variance = jet_scale(jet_sum(jet_square(d)), 1. / LENGTH), z = jet_div(d, jet_sqrt(variance));
  jet out[] = {mean, variance, z, jet_sum(jet_square(z))};
  jet_plan *plan = plan_of(tape, 4, out);
  double m = 0, s = 0;
  for (int i = 0; i < LENGTH; i++) m += data(plan, x, 0)[i] = scattered(i) + 3;
  m /= LENGTH;
  for (int i = 0; i < LENGTH; i++) s += (scattered(i) + 3 - m) * (scattered(i) + 3 - m) / LENGTH;
  run(plan);
  assert_true(near(*data(plan, mean, 0), m, 1e-14) && near(*data(plan, variance, 0), s, 1e-13));
  for (int i = 0; i < LENGTH; i++) assert_true(near(data(plan, z, 0)[i], (scattered(i) + 3 - m) / sqrt(s), 1e-13));
  assert_true(near(*data(plan, out[3], 0), LENGTH, 1e-13));
  free_both(plan, tape);
}

/* Rows, columns, sums and scalars, back and forth: values of a region are read in blocks of a later one. */
static void regions_of_different_shapes(void **state) {
  enum { ROWS = 45, COLUMNS = 31 };
  const ptrdiff_t column[] = {ROWS, 1}, row[] = {COLUMNS};
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet a = jet_input(tape, 2, column), b = jet_input(tape, 1, row), a2 = jet_scale(a, 2), b3 = jet_scale(b, 3);
  jet table = jet_mul(a2, b3), total = jet_sum(table), late = jet_sub(jet_mul(a2, total), a),
      y = jet_add(late, jet_sub(b3, b));
  jet out[] = {y, table, jet_sum(y)};
  jet_plan *plan = plan_of(tape, 3, out);
  double sum = 0, want, sum_y = 0;
  for (int i = 0; i < ROWS; i++) data(plan, a, 0)[i] = i - 7;
  for (int j = 0; j < COLUMNS; j++) data(plan, b, 0)[j] = j + 1;
  run(plan);
  for (int i = 0; i < ROWS * COLUMNS; i++) sum += 6. * (i / COLUMNS - 7) * (i % COLUMNS + 1);
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    double p = i / COLUMNS - 7, q = i % COLUMNS + 1;
    sum_y += want = 2 * p * sum - p + 2 * q;
    assert_true(data(plan, table, 0)[i] == 6 * p * q && data(plan, y, 0)[i] == want);
  }
  assert_true(*data(plan, out[2], 0) == sum_y);
  free_both(plan, tape);
}

static void sums_of_jets_and_of_zeros(void **state) {
  enum { LENGTH = 100 };
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet t = jet_parameter(tape, 3), s = series(t, LENGTH), x = vector(tape, LENGTH), l = jet_expand(x, x, t);
  jet out[] = {jet_sum(s), jet_sum(l), jet_sum(jet_coefficient(l, 3)), jet_sum(jet_sum(s)), jet_sum(t)};
  jet_plan *plan = plan_of(tape, 5, out);
  for (int k = 0; k <= 3; k++)
    for (int i = 0; i < LENGTH; i++) data(plan, s, k)[i] = i * (k + 1);
  put_all(plan, x, 0, 2);
  run(plan);
  for (int k = 0; k <= 3; k++) {
    assert_true(*data(plan, out[0], k) == 4950 * (k + 1) && *data(plan, out[3], k) == 4950 * (k + 1));
    assert_true(*data(plan, out[1], k) == (k < 2 ? 200 : 0));
    assert_true(*data(plan, out[4], k) == (k == 1));
  }
  assert_true(*data(plan, out[2], 0) == 0);
  free_both(plan, tape);
}

/* The tree of a sum is fixed by its size: what else the plan computes must not change a bit. */
static void a_sum_does_not_depend_on_the_rest_of_the_plan(void **state) {
  enum { LENGTH = 3001 };
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, LENGTH), y[60] = {jet_sum(x)};
  for (int i = 1; i < 60; i++) y[i] = jet_shift(x, i);
  double sum = 0;
  for (int n = 1; n <= 60; n++) {
    jet_plan *plan = plan_of(tape, n, y);
    for (int i = 0; i < LENGTH; i++) data(plan, x, 0)[i] = scattered(i);
    run(plan);
    if (n == 1) sum = *data(plan, y[0], 0);
    if (*data(plan, y[0], 0) != sum)
      fail_msg("beside %d other outputs the sum is %.17g, alone %.17g", n - 1, *data(plan, y[0], 0), sum);
    jet_plan_free(plan);
  }
  jet_tape_free(tape);
}

/* ---- random tapes ------------------------------------------------------------------------------------------------ */

enum { NODES = 200, INPUTS = 10 };

typedef struct garden {
  jet_tape *tape;
  jet t[2], x[NODES];
  int n, order;
} garden;

static int parameter_of(jet x) { return value_of(x.tape, x.id)->parameter; }

static jet pick(const garden *g) {
  return g->x[random_below(2) ? random_below(g->n) : g->n - 1 - random_below(INPUTS)];
}

static jet tame(jet x) { /* most of the time into the domain of most functions */
  switch (random_below(6)) {
  case 0: return x;
  case 1: return jet_tanh(x);
  case 2: return jet_shift(jet_sigmoid(x), 1);
  default: return jet_sigmoid(x);
  }
}

static jet grow_binary(const garden *g) {
  jet a = pick(g), b = pick(g);
  while (parameter_of(a) >= 0 && parameter_of(b) >= 0 && parameter_of(a) != parameter_of(b)) b = pick(g);
  return binary[random_below(BINARIES)].f(tame(a), tame(b));
}

static jet grow_expand(const garden *g) {
  jet a = pick(g), b = pick(g);
  while (parameter_of(a) >= 0) a = pick(g);
  while (parameter_of(b) >= 0) b = pick(g);
  return jet_expand(a, tame(b), g->t[random_below(2)]);
}

static jet grow(const garden *g) {
  static const double powers[] = {-2, -1, 0, 0.5, 1, 1.5, 2, 3, 7};
  jet x = pick(g);
  int what = random_below(20);
  if (what < 8) return unary[random_below(UNARIES)].f(tame(x));
  if (what < 14) return grow_binary(g);
  if (what == 14) return grow_expand(g);
  if (what == 15) return jet_scale(x, random_in(-1, 1));
  if (what == 16) return jet_shift(x, random_below(3) - 1);
  if (what == 17) return jet_powc(tame(x), powers[random_below(9)]);
  if (what == 18) return jet_sum(x);
  return jet_coefficient(x, random_below(jet_order(x) + 1));
}

static void plant(garden *g, ptrdiff_t m, ptrdiff_t n) { /* the inputs: shapes that all broadcast */
  const ptrdiff_t full[] = {m, n}, column[] = {m, 1}, row[] = {1, n};
  jet inputs[INPUTS] = {jet_input(g->tape, 2, full),
                        jet_input(g->tape, 0, NULL),
                        jet_input(g->tape, 1, &n),
                        jet_input(g->tape, 2, column),
                        jet_input_series(g->t[0], 2, full),
                        jet_input_series(g->t[0], 2, row),
                        jet_input_series(g->t[1], 2, column),
                        jet_input_series(g->t[1], 1, &n),
                        g->t[0],
                        jet_scalar(g->tape, 0.75)};
  memcpy(g->x, inputs, sizeof inputs);
  g->n = INPUTS;
  while (g->n < NODES) {
    jet y = grow(g);
    if (jet_tape_status(g->tape)) fail_msg("%s", jet_tape_message(g->tape));
    g->x[g->n++] = y;
  }
}

static void water(const garden *g, jet_plan *plan) {
  random_state = 123;
  for (int j = 0; j < INPUTS - 2; j++)
    for (int k = 0; k <= jet_order(g->x[j]); k++)
      for (ptrdiff_t i = 0; i < jet_size(g->x[j]); i++) data(plan, g->x[j], k)[i] = random_in(-0.9, 0.9);
}

static int finite_share(const garden *g, jet_plan *plan) { /* percent */
  int finite = 0;
  for (int i = 0; i < g->n; i++)
    finite += jet_size(g->x[i]) == 0 || isfinite(data(plan, g->x[i], jet_order(g->x[i]))[0]);
  return 100 * finite / g->n;
}

static void check_garden(jet_isa isa, int seed, ptrdiff_t m, ptrdiff_t n) {
  garden g = {.tape = ref_tape(isa, seed % 2), .order = seed % 6};
  g.t[0] = jet_parameter(g.tape, g.order), g.t[1] = jet_parameter(g.tape, (g.order + 2) % 6);
  random_state = (uint64_t)seed * 2654435761u + 1;
  plant(&g, m, n);
  jet_plan *all = plan_of(g.tape, g.n, g.x), *last = plan_of(g.tape, 7, g.x + NODES - 7);
  jet_plan *orders = stepwise(g.tape, g.n, g.x);
  water(&g, all), run(all);
  water(&g, last), run(last);
  if (finite_share(&g, all) < 60) fail_msg("seed %d: only %d %% are finite", seed, finite_share(&g, all));
  assert_same_outputs(last, all, 7, g.x + NODES - 7, "the last seven");
  for (int i = 0; i < g.n; i++) {
    jet_plan *alone = plan_of(g.tape, 1, &g.x[i]);
    water(&g, alone), run(alone);
    assert_same_outputs(alone, all, 1, &g.x[i], "a node alone");
    assert_int_equal(jet_plan_lost(alone, g.x[i]), jet_plan_lost(all, g.x[i]));
    jet_plan_free(alone);
  }
  if (jet_plan_status(orders) != JET_UNSUPPORTED) {
    water(&g, orders), run(orders);
    assert_same_outputs(orders, all, g.n, g.x, "all planes kept");
  }
  jet_plan_free(all);
  jet_plan_free(last);
  free_both(orders, g.tape);
}

static void random_tapes_are_the_sum_of_their_nodes(void **state) {
  jet_isa isas[3];
  (void)state;
  for (int a = ref_isas(isas); a-- > 0;)
    for (int seed = 0; seed < 12; seed++) check_garden(isas[a], seed, 3, seed < 6 ? 5 : 37);
}

static void random_tapes_of_little_and_nothing(void **state) {
  (void)state;
  for (int seed = 20; seed < 23; seed++) {
    check_garden(JET_ISA_AUTO, seed, 1, 1);
    check_garden(JET_ISA_AUTO, seed, 3, 0);
    check_garden(JET_ISA_AUTO, seed, 0, 2);
  }
}

/* ---- long tapes -------------------------------------------------------------------------------------------------- */

enum { LONG = 100000 };

static void a_long_chain_in_one_region(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, 2), y = jet_expand(x, jet_scalar(tape, 1), jet_parameter(tape, 1));
  for (int i = 0; i < LONG; i++) y = i % 2 ? jet_neg(y) : jet_shift(y, 1);
  jet_plan *plan = plan_of(tape, 1, &y);
  put(plan, x, 0, (double[]){0.5, 3});
  run(plan);
  assert_numbers(data(plan, y, 0), (double[]){0.5, 3}, 2, "y"); /* -(-(x+1)+1) = x */
  assert_numbers(data(plan, y, 1), (double[]){1, 1}, 2, "y'");
  free_both(plan, tape);
}

static void a_long_chain_of_regions(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, 2), y = x;
  for (int i = 0; i < LONG / 3; i++) y = jet_sub(y, jet_scale(jet_sum(y), 0.5)); /* keeps the difference, centres */
  jet_plan *plan = plan_of(tape, 1, &y);
  put(plan, x, 0, (double[]){7, 3});
  run(plan);
  assert_numbers(data(plan, y, 0), (double[]){2, -2}, 2, "y");
  free_both(plan, tape);
}

static void a_long_chain_with_all_nodes_needed_twice(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, 2), y = x, before = x;
  for (int i = 0; i < LONG; i++) {
    jet next = jet_max(jet_add(y, before), jet_scale(y, -1));
    before = y;
    y = jet_tanh(next);
  }
  jet_plan *plan = plan_of(tape, 1, &y);
  put(plan, x, 0, (double[]){0.5, 3});
  run(plan);
  assert_true(isfinite(data(plan, y, 0)[1]));
  free_both(plan, tape);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_softmax_and_its_jets),
      cmocka_unit_test(a_variance_by_two_sums),
      cmocka_unit_test(regions_of_different_shapes),
      cmocka_unit_test(sums_of_jets_and_of_zeros),
      cmocka_unit_test(a_sum_does_not_depend_on_the_rest_of_the_plan),
      cmocka_unit_test(random_tapes_are_the_sum_of_their_nodes),
      cmocka_unit_test(random_tapes_of_little_and_nothing),
      cmocka_unit_test(a_long_chain_in_one_region),
      cmocka_unit_test(a_long_chain_of_regions),
      cmocka_unit_test(a_long_chain_with_all_nodes_needed_twice),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
