/* test_lines.c - chains of sums and products: the same bits with native code as row by row, on every instruction set, for any number of
   elements, orders, intervals, threads; with infinities and NaN; and that there is such code where it can be. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ops.h"
#include "plan.h"
#include "random_jets.h"

#define data_of REAL(jet_plan_data, jet_plan_data_f32)
#define bind_to REAL(jet_plan_bind, jet_plan_bind_f32)

enum { CHAINS = 400, LENGTH = 60, LEAVES = 8, OUTPUTS = 16 };

typedef struct chains { /* a random program */
  generator g;
  jet_tape *tape;
  jet t, leaf[LEAVES], value[LENGTH + LEAVES], out[OUTPUTS];
  int leaves, values, outputs;
  ptrdiff_t n;
} chains;

static jet leaf(chains *c, jet x) { return c->leaf[c->leaves++] = x; }

static ptrdiff_t random_length(generator *g) { /* around vectors, leaves of sums and blocks */
  static const ptrdiff_t near[] = {1, 2, 3, 8, 16, 32, 63, 64, 65, 72, 96, 127, 128,
                                   129, 256, 511, 512, 513, 1000, 1023, 1024, 1025, 2048, 3001};
  return near[random_below(g, (int)(sizeof near / sizeof *near))] + random_below(g, 3);
}

/* Intervals of all kinds: plain, x + v t, a whole series, v t^k. */
static void random_leaves(chains *c) {
  jet plain = leaf(c, jet_input(c->tape, 1, &c->n)), v = leaf(c, jet_input(c->tape, 1, &c->n));
  int order = jet_order(c->t);
  jet s = leaf(c, jet_input_series(c->t, 1, &c->n));
  c->value[c->values++] = plain;
  c->value[c->values++] = jet_expand(plain, v, c->t);
  c->value[c->values++] = s;
  c->value[c->values++] = raise_to(v, c->t, random_below(&c->g, order + 1));
  c->value[c->values++] = raise_to(leaf(c, jet_input(c->tape, 1, &c->n)), c->t, order);
}

static jet random_value(chains *c) { /* the newest more often */
  int back = random_below(&c->g, random_below(&c->g, 3) ? 6 : c->values);
  return c->value[back < c->values ? c->values - 1 - back : 0];
}

static double random_number(generator *g) {
  static const double some[] = {0, -0.0, 1, -1, 2, 0.5, 100, -3, 1e-3};
  return random_below(g, 2) ? uniform(g, -2, 2) : some[random_below(g, 9)];
}

static jet random_row(chains *c) {
  jet a = random_value(c), b = random_value(c);
  switch (random_below(&c->g, 11)) {
  case 0: return jet_add(a, b);
  case 1: case 2: return jet_sub(a, b);
  case 3: return jet_neg(a);
  case 4: return jet_scale(a, random_number(&c->g));
  case 5: return jet_shift(a, random_number(&c->g));
  case 6: return jet_mul(a, b);
  case 7: return record_binary(JK_mulz, a, b);
  case 8: return jet_square(a);
  case 9: return jet_sub(jet_mul(a, b), random_value(c));
  default: return random_below(&c->g, 4) ? jet_add(a, jet_scale(b, 0.25)) : jet_tanh(a);
  }
}

/* Neighbours: a sum over slices, whose gradient adds overlapping parts. */
static jet neighbours(chains *c, jet x) {
  ptrdiff_t reach = 1 + random_below(&c->g, 9), n = c->n - reach, zero = 0;
  if (n < 1) return jet_sum(x);
  jet a = jet_slice(x, &zero, &n, NULL), b = jet_slice(x, &reach, &c->n, NULL);
  if (reach > 1 && random_below(&c->g, 2)) {
    ptrdiff_t middle = 1, end = n + 1;
    a = jet_add(a, jet_square(jet_slice(x, &middle, &end, NULL)));
  }
  return jet_sum(jet_add(jet_square(jet_sub(b, jet_square(a))), jet_mul(a, b)));
}

static void record(chains *c, uint64_t seed, ptrdiff_t n, int isa) {
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  options.isa = (jet_isa)isa;
  options.type = REAL(JET_F64, JET_F32);
  memset(c, 0, sizeof *c);
  c->g.state = seed;
  c->tape = jet_tape_new_ex(&options);
  c->n = n ? n : random_length(&c->g);
  c->t = jet_parameter(c->tape, random_below(&c->g, 4));
  random_leaves(c);
  int length = c->values + 2 + random_below(&c->g, LENGTH - 8);
  while (c->values < length) {
    jet y = random_row(c);
    c->value[c->values++] = y;
  }
  for (int i = 0; i < 4; i++) c->out[c->outputs++] = random_value(c);
  c->out[c->outputs++] = jet_sum(random_value(c));
  if (c->n < 64) c->out[c->outputs++] = jet_prod(random_value(c)); /* halves of what a chain has made */
  jet loss = neighbours(c, c->value[1 + random_below(&c->g, 2)]), wrt[2] = {c->value[1], c->value[2]}, grad[2];
  loss = jet_add(loss, jet_sum(jet_mul(c->value[c->values - 1], c->value[1])));
  jet_grad(loss, 2, wrt, grad);
  c->out[c->outputs++] = loss, c->out[c->outputs++] = grad[0], c->out[c->outputs++] = grad[1];
  if (jet_tape_status(c->tape)) fail_msg("%s", jet_tape_message(c->tape));
}

static jet_plan *plan_with(const chains *c, int without, int threads) {
  jet_plan_options options = JET_PLAN_OPTIONS_INIT;
  options.without = without;
  options.threads = threads;
  jet_plan *plan = jet_plan_new_ex(c->tape, c->outputs, c->out, &options);
  if (jet_plan_status(plan)) fail_msg("%s", jet_plan_message(plan));
  return plan;
}

/* odd: of the numbers, how many in a hundred thousand are zeros, infinities, NaN, huge or tiny. */
static void fill_leaves(const chains *c, jet_plan *plan, uint64_t seed, int odd) {
  static const double numbers[] = {0, -0.0, INFINITY, -INFINITY, NAN, REAL(1e-320, 1e-42), REAL(1e300, 1e36), REAL(-1e160, -1e22)};
  generator g = {seed};
  for (int i = 0; i < c->leaves; i++)
    for (int k = 0; k <= jet_order(c->leaf[i]); k++)
      for (ptrdiff_t j = 0; j < c->n; j++) {
        double x = uniform(&g, -1.5, 1.5);
        data_of(plan, c->leaf[i], k)[j] = random_below(&g, 100000) < odd ? (real)numbers[random_below(&g, 8)] : (real)x;
      }
}

static int differs(const chains *c, jet_plan *a, jet_plan *b) {
  for (int i = 0; i < c->outputs; i++)
    for (int k = 0; k <= jet_order(c->out[i]); k++) {
      const real *p = data_of(a, c->out[i], k), *q = data_of(b, c->out[i], k);
      for (ptrdiff_t j = 0; j < jet_size(c->out[i]); j++)
        if (memcmp(&p[j], &q[j], sizeof *p) && !(isnan(p[j]) && isnan(q[j]))) {
          print_error("output %d, coefficient %d, element %td of %td: %.17g, %.17g\n", i, k, j, c->n, (double)p[j], (double)q[j]);
          return 1;
        }
    }
  return 0;
}

static int count_chains(const jet_plan *plan) {
  int count = 0;
  for (int i = 0; i < plan->nsteps; i++) count += plan->steps[i].lines != NULL;
  return count;
}

static int chains_differ(uint64_t seed, ptrdiff_t n, int isa, int threads, int *with_code) {
  chains c;
  int differ = 0;
  record(&c, seed, n, isa);
  jet_plan *lines = plan_with(&c, 0, threads), *rows = plan_with(&c, JET_CHAINS | JET_STREAMING, 1);
  assert_int_equal(count_chains(rows), 0);
  *with_code += count_chains(lines) > 0;
  for (int odd = 0; odd < 3 && !differ; odd++) {
    static const int often[] = {0, 10, 3000};
    for (int again = 0; again < 2; again++) {
      fill_leaves(&c, lines, seed + (uint64_t)(odd + again), often[odd]);
      fill_leaves(&c, rows, seed + (uint64_t)(odd + again), often[odd]);
      run(lines);
      run(rows);
      differ |= differs(&c, lines, rows);
    }
  }
  if (differ) print_error("seed %d, isa %d, threads %d, order %d\n", (int)seed, isa, threads, jet_order(c.t));
  jet_plan_free(lines);
  jet_plan_free(rows);
  jet_tape_free(c.tape);
  return differ;
}

static int has_code(int isa) { return native_width(jk_select(isa)) > 0; }

static void chains_keep_their_bits(void **state) {
  (void)state;
  for (int isa = JET_ISA_BASELINE; isa <= JET_ISA_AVX512; isa++) {
    int wrong = 0, with_code = 0;
    if (!jet_isa_available((jet_isa)isa)) continue;
    for (uint64_t seed = 1; seed <= CHAINS && wrong < 3; seed++) wrong += chains_differ(seed, 0, isa, 1, &with_code);
    assert_int_equal(wrong, 0);
    if (has_code(isa)) assert_true(with_code > CHAINS / 2);
    else assert_int_equal(with_code, 0);
  }
}

static void threads_keep_their_bits(void **state) {
  (void)state;
  static const int threads[] = {1, 2, 3, 8};
  int wrong = 0, with_code = 0;
  for (uint64_t seed = 1000; seed < 1012 && wrong < 3; seed++)
    for (int i = 0; i < 4; i++) wrong += chains_differ(seed, 30011 + (ptrdiff_t)(7919 * (seed % 4)), 0, threads[i], &with_code);
  assert_int_equal(wrong, 0);
}

static jet_tape *new_tape(void) {
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  options.type = REAL(JET_F64, JET_F32);
  return jet_tape_new_ex(&options);
}

/* ---- stores past the cache ------------------------------------------------------------------------------------------- */

enum { LARGE = REAL(1200007, 2400007) };

/* x -> x^2 + v and x v, into memory that begins anywhere. */
static void large_run(real *const out[2], int without, int threads) {
  ptrdiff_t n = LARGE;
  jet_tape *tape = new_tape();
  jet x = jet_input(tape, 1, &n), v = jet_input(tape, 1, &n), y[2] = {jet_add(jet_square(x), v), jet_mul(x, v)};
  jet_plan_options options = JET_PLAN_OPTIONS_INIT;
  options.without = without;
  options.threads = threads;
  jet_plan *plan = jet_plan_new_ex(tape, 2, y, &options);
  for (ptrdiff_t i = 0; i < n; i++)
    data_of(plan, x, 0)[i] = (real)(i % 1001) * (real)0.37, data_of(plan, v, 0)[i] = (real)(i % 777) - 300;
  for (int i = 0; i < 2; i++) assert_int_equal(bind_to(plan, y[i], 0, out[i]), JET_OK);
  run(plan);
  if (has_code(0)) assert_int_equal(plan->regions[0].streams, !(without & (JET_STREAMING | JET_CHAINS)));
  jet_plan_free(plan);
  jet_tape_free(tape);
}

static void large_results_may_begin_anywhere(void **state) {
  (void)state;
  enum { ROOM = LARGE + 32 };
  real *memory = (real *)malloc(4 * ROOM * sizeof *memory);
  assert_non_null(memory);
  real *want[2] = {memory, memory + ROOM};
  large_run(want, JET_STREAMING | JET_CHAINS, 1);
  for (int i = 0; i < 10; i++) {
    real *got[2] = {memory + 2 * ROOM + i % 9, memory + 3 * ROOM + (i == 9 ? 4 : i)};
    for (int j = 0; j < 2 * ROOM; j++) memory[2 * ROOM + j] = 7;
    large_run(got, 0, 1 + i % 3);
    for (int j = 0; j < 2; j++) {
      assert_memory_equal(got[j], want[j], LARGE * sizeof **got);
      assert_true(got[j][LARGE] == 7 && (got[j] == memory + 2 * ROOM || got[j][-1] == 7));
    }
  }
  free(memory);
}

/* ---- what the code is for ----------------------------------------------------------------------------------------------- */

static void rosenbrock_is_one_chain(void **state) {
  (void)state;
  ptrdiff_t n = 5000, zero = 0, one = 1, last = n - 1;
  jet_tape *tape = new_tape();
  jet x = jet_input(tape, 1, &n), a = jet_slice(x, &zero, &last, NULL), b = jet_slice(x, &one, &n, NULL), y[2];
  jet p = jet_square(jet_sub(b, jet_square(a))), q = jet_square(jet_shift(jet_neg(a), 1));
  y[0] = jet_sum(jet_add(jet_scale(p, 100), q));
  jet_grad(y[0], 1, &x, &y[1]);
  jet_plan *plan = jet_plan_new(tape, 2, y);
  if (has_code(0)) {
    assert_int_equal(count_chains(plan), 1);
    assert_int_equal(plan->steps[0].lines->rows + plan->steps[0].lines->sinks, plan->nsteps - 1); /* all but the sum */
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    assert_int_equal(jet_plan_print(plan, f), JET_OK);
    fclose(f);
    assert_non_null(strstr(text, "lines"));
    free(text);
  }
  jet_plan_free(plan);
  jet_tape_free(tape);
}

static void few_elements_have_code_too(void **state) {
  (void)state;
  int wrong = 0, with_code = 0;
  for (uint64_t seed = 1; seed <= 60 && wrong < 3; seed++) wrong += chains_differ(seed, 1 + (ptrdiff_t)(seed % 20), 0, 1, &with_code);
  assert_int_equal(wrong, 0);
  if (has_code(0)) assert_true(with_code > 50);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(chains_keep_their_bits),
      cmocka_unit_test(threads_keep_their_bits),
      cmocka_unit_test(large_results_may_begin_anywhere),
      cmocka_unit_test(few_elements_have_code_too),
      cmocka_unit_test(rosenbrock_is_one_chain),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
