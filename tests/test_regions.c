/* test_regions.c - what regions of blocks do to be fast: broadcasts that wait for their readers, what is hoisted, sums over axes in
   the pass that makes what they add, memory that is used again. That it happens, and that all numbers stay what they are. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan.h"
#include "random_jets.h"

enum { ROWS = 700, MOST = 24, INPUTS = 4 };

static jet_plan *plan_with(const jet_tape *tape, int n, const jet y[], int without, int threads) {
  jet_plan_options options = JET_PLAN_OPTIONS_INIT;
  options.without = without;
  options.threads = threads;
  jet_plan *p = jet_plan_new_ex(tape, n, y, &options);
  if (jet_plan_status(p)) fail_msg("%s", jet_plan_message(p));
  return p;
}

/* ---- the same numbers ------------------------------------------------------------------------------------------------- */

typedef struct program {
  jet_tape *tape;
  jet in[INPUTS], v[INPUTS], out[MOST];
  int nin, nout, directions;
} program;

static jet input(program *p, jet t, int rank, const ptrdiff_t *dims) { /* a jet where there is a t */
  int i = p->nin++;
  ptrdiff_t many[3] = {p->directions};
  for (int j = 0; j < rank; j++) many[j + 1] = dims[j];
  if (!t.tape || p->directions == 1) return p->in[i] = p->v[i] = t.tape ? jet_input_series(t, rank, dims) : jet_input(p->tape, rank, dims);
  p->in[i] = jet_input(p->tape, rank, dims), p->v[i] = jet_input(p->tape, rank + 1, many);
  return jet_expand_many(p->in[i], p->v[i], t);
}

static void output(program *p, jet y) {
  for (int k = 0; k <= jet_order(y); k++) p->out[p->nout++] = jet_order(y) ? jet_coefficient(y, k) : y;
}

/* Of a constant: a table, its sums over columns, and a column. */
static void record_constants(const program *p, ptrdiff_t columns, jet y[3]) {
  static double numbers[ROWS * 100];
  const ptrdiff_t dims[2] = {ROWS, columns}, column[2] = {ROWS, 1};
  const int rows = 0;
  for (int i = 0; i < ROWS * 100; i++) numbers[i] = cos(i);
  y[0] = jet_tanh(jet_constant(p->tape, 2, dims, numbers));
  y[1] = jet_sum_over(jet_flip(y[0], 1), 1, &rows, 0);
  y[2] = jet_neg(jet_neg(jet_exp(jet_constant(p->tape, 2, column, numbers))));
}

/* Every other column, columns from the last to the first, rows at random, and a broadcast of a broadcast. */
static jet rearranged(jet x, ptrdiff_t columns) {
  static ptrdiff_t index[ROWS];
  const ptrdiff_t start[2] = {0, 0}, stop[2] = {ROWS, columns}, step[2] = {1, 2}, rows = ROWS, dims[2] = {ROWS, 1}, wide[2] = {ROWS, columns};
  for (int i = 0; i < ROWS; i++) index[i] = (i * 37 + i / 9) % ROWS;
  jet half = jet_slice(x, start, stop, step), turned = jet_flip(x, 1), some = jet_gather(x, 0, 1, &rows, index);
  jet corner = jet_slice(x, start, (const ptrdiff_t[]){1, 1}, NULL), twice = jet_broadcast_to(jet_broadcast_to(corner, 2, dims), 2, wide);
  jet all = jet_mul(jet_mul(turned, jet_exp(some)), jet_add(jet_transpose(jet_transpose(x)), twice));
  return jet_add(jet_sum(jet_mul(all, jet_sum(all))), jet_sum(jet_mul(half, jet_sum(jet_exp(half)))));
}

/* Rows, columns and numbers that are broadcast, softmax, and sums over either axis of what regions make; and the gradient. */
static void record(program *p, jet t, ptrdiff_t columns) {
  const ptrdiff_t dims[2] = {ROWS, columns}, column[2] = {ROWS, 1};
  const int rows = 0, last = 1;
  const jet none = {NULL, -1};
  jet x[INPUTS] = {input(p, t, 2, dims), input(p, none, 1, &columns), input(p, none, 0, NULL), input(p, t, 2, column)}, grad[INPUTS];
  jet c[3];
  record_constants(p, columns, c);
  jet h = jet_tanh(jet_add(jet_mul(jet_add(jet_scale(x[0], 1), c[0]), jet_mul(jet_neg(x[1]), c[1])), x[2])), e = jet_mul(jet_softmax(h, 1), jet_mul(x[1], x[2]));
  jet s = jet_sum_over(jet_square(jet_sub(e, jet_mul(c[2], x[3]))), 1, &rows, 0), r = jet_sum_over(jet_mul(h, jet_shift(x[1], 1)), 1, &last, 1);
  jet loss = jet_add(jet_sum(jet_mul(s, x[1])), jet_sum(jet_mul(jet_mul(r, h), x[2])));
  loss = jet_add(loss, rearranged(h, columns));
  jet_grad(loss, INPUTS, x, grad);
  output(p, loss);
  output(p, c[1]);
  output(p, s);
  for (int i = 0; i < INPUTS; i++) output(p, grad[i]);
}

static void fill_and_run(const program *p, jet_plan *plan) {
  generator g = {3};
  for (int i = 0; i < p->nin; i++) {
    fill(plan, p->in[i], -1, 1, 0.5, &g);
    if (p->v[i].id != p->in[i].id) fill(plan, p->v[i], -1, 1, 0.5, &g);
  }
  run(plan);
}

static void assert_same_numbers(const program *p, jet_plan *a, jet_plan *b, int without, int threads) {
  for (int i = 0; i < p->nout; i++) {
    const double *x = jet_plan_data(a, p->out[i], 0), *y = jet_plan_data(b, p->out[i], 0);
    for (ptrdiff_t j = 0; j < jet_size(p->out[i]); j++)
      if (!same(x[j], y[j])) fail_msg("without %d, %d threads: output %d, element %td: %.17g, %.17g", without, threads, i, j, x[j], y[j]);
  }
}

static void check_numbers(jet_isa isa, int order, int directions, ptrdiff_t columns) {
  static const int threads[] = {1, 2, 3, 8}, without[] = {0, JET_HOISTING, JET_SINKS, JET_REMAKING, JET_REUSE, JET_COMMON, JET_FOLDING, JET_ALL};
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  options.isa = isa;
  program p = {.tape = jet_tape_new_ex(&options), .directions = directions};
  const jet none = {NULL, -1};
  record(&p, order ? jet_parameter(p.tape, order) : none, columns);
  if (jet_tape_status(p.tape)) fail_msg("%s", jet_tape_message(p.tape));
  jet_plan *plain = plan_with(p.tape, p.nout, p.out, JET_ALL, 1);
  fill_and_run(&p, plain);
  for (size_t i = 0; i < sizeof without / sizeof *without; i++)
    for (size_t j = 0; j < sizeof threads / sizeof *threads; j++) {
      if (without[i] && without[i] != JET_ALL && threads[j] != 3) continue;
      jet_plan *plan = plan_with(p.tape, p.nout, p.out, without[i], threads[j]);
      fill_and_run(&p, plan);
      assert_same_numbers(&p, plan, plain, without[i], threads[j]);
      run(plan); /* memory is as the first run left it */
      assert_same_numbers(&p, plan, plain, without[i], threads[j]);
      jet_plan_free(plan);
    }
  jet_plan_free(plain);
  jet_tape_free(p.tape);
}

static void numbers_do_not_depend_on_what_is_left_out(void **state) {
  static const ptrdiff_t columns[] = {1, 3, 10, 33, 64, 100};
  (void)state;
  for (int isa = JET_ISA_BASELINE; isa <= JET_ISA_AVX512; isa++)
    for (size_t i = 0; i < sizeof columns / sizeof *columns && jet_isa_available((jet_isa)isa); i++) {
      check_numbers((jet_isa)isa, 0, 1, columns[i]);
      check_numbers((jet_isa)isa, 1 + (int)i % 2, 1 + 2 * ((int)i & 1), columns[i]);
    }
}

/* ---- that it happens ---------------------------------------------------------------------------------------------------- */

static int count(const jet_plan *p, const char *name) {
  int n = 0;
  for (int i = 0; i < p->nsteps; i++) n += !strcmp(p->steps[i].of->name, name);
  return n;
}

static int count_type(const jet_plan *p, const step_type *what) {
  int n = 0;
  for (int i = 0; i < p->nsteps; i++) n += p->steps[i].type == what;
  return n;
}

static int hoisted(const jet_plan *p) {
  int n = 0;
  for (int i = 0; i < p->nregions; i++) n += p->regions[i].hoisted;
  return n;
}

static void what_repeats_itself_is_hoisted(void **state) {
  (void)state;
  const ptrdiff_t dims[2] = {ROWS, 10}, ten = 10, column[2] = {ROWS, 1}, wide[2] = {3, 5000}, many = 5000;
  jet_tape *tape = jet_tape_new();
  jet x = jet_input(tape, 2, dims), row = jet_broadcast_to(jet_input(tape, 1, &ten), 2, dims);
  jet c = jet_broadcast_to(jet_input(tape, 0, NULL), 2, dims), tall = jet_input(tape, 2, column);
  jet y[] = {jet_mul(x, jet_exp(jet_mul(row, c))),                               /* both broadcasts, mul and exp */
             jet_mul(x, tall),                                                   /* nothing: other rows, other numbers */
             jet_mul(jet_input(tape, 2, wide), jet_input(tape, 1, &many))};      /* too long a row */
  static const int want[] = {4, 0, 0};
  for (int i = 0; i < 3; i++) {
    jet_plan *on = plan_with(tape, 1, &y[i], 0, 1), *off = plan_with(tape, 1, &y[i], JET_HOISTING, 1);
    assert_int_equal(hoisted(on), want[i]);
    assert_int_equal(hoisted(off), 0);
    assert_int_equal(on->nsteps, off->nsteps);
    jet_plan_free(on);
    jet_plan_free(off);
  }
  jet_tape_free(tape);
}

/* The row is read before and after the sum over all: kept in between it would be memory. */
static void broadcasts_are_made_where_they_are_read(void **state) {
  (void)state;
  const ptrdiff_t dims[2] = {ROWS, 10}, column[2] = {ROWS, 1};
  jet_tape *tape = jet_tape_new();
  jet b = jet_broadcast_to(jet_input(tape, 2, column), 2, dims), e = jet_exp(jet_mul(jet_input(tape, 2, dims), b));
  jet y = jet_sum(jet_mul(jet_mul(e, jet_sum(e)), b));
  jet_plan *on = plan_with(tape, 1, &y, 0, 1), *off = plan_with(tape, 1, &y, JET_REMAKING, 1);
  assert_int_equal(count(on, "broadcast"), 3);
  assert_int_equal(count(off, "broadcast"), 2);
  assert_true(jet_plan_memory(off) - jet_plan_memory(on) >= (ROWS * 10 - 2048) * sizeof(double)); /* a slot more, a plane less */
  jet_plan_free(on);
  jet_plan_free(off);
  jet_tape_free(tape);
}

static void elements_at_patterns_are_read_in_place(void **state) {
  (void)state;
  enum { N = 20000 };
  static ptrdiff_t index[N];
  const ptrdiff_t n = N, start = 0, two = 2, dims[2] = {100, 200};
  for (int i = 0; i < N; i++) index[i] = (i * 37L + 5) % N;
  jet_tape *tape = jet_tape_new();
  jet x = jet_input(tape, 1, &n), y[] = {jet_slice(x, &start, &n, &two), jet_flip(x, 0), jet_gather(x, 0, 1, &n, index),
                                         jet_reshape(jet_transpose(jet_reshape(x, 2, dims)), 1, &n)};
  static const int want[] = {1, 1, 1, 0};
  for (int i = 0; i < 4; i++) {
    jet s = jet_sum(jet_square(jet_exp(y[i])));
    jet_plan *on = plan_with(tape, 1, &s, 0, 1), *off = plan_with(tape, 1, &s, JET_REMAKING, 1);
    assert_int_equal(count_type(on, &type_read), want[i]);
    assert_int_equal(count_type(off, &type_read), 0);
    if (want[i]) assert_true(jet_plan_memory(off) - jet_plan_memory(on) >= (size_t)(jet_size(y[i]) - 2048) * sizeof(double));
    jet_plan_free(on);
    jet_plan_free(off);
  }
  jet_tape_free(tape);
}

static void sums_over_axes_need_no_summands_in_memory(void **state) {
  (void)state;
  const ptrdiff_t dims[2] = {ROWS, 100};
  jet_tape *tape = jet_tape_new();
  jet x = jet_input(tape, 2, dims);
  for (int axis = 0; axis < 2; axis++) {
    jet y = jet_sum_over(jet_exp(x), 1, &axis, 0);
    jet_plan *on = plan_with(tape, 1, &y, 0, 1), *off = plan_with(tape, 1, &y, JET_SINKS, 1);
    assert_int_equal(count_type(on, axis ? &type_sum_rows : &type_sum_columns), 1);
    assert_int_equal(count_type(off, &type_planes), 1);
    assert_int_equal(on->nregions, 1);
    assert_true(jet_plan_memory(off) - jet_plan_memory(on) >= (ROWS - 100) * 100 * sizeof(double));
    jet_plan_free(on);
    jet_plan_free(off);
  }
  jet_tape_free(tape);
}

/* A sum over rows and one over all in one pass: blocks of whole rows are no leaves of the other tree. */
static void two_trees_do_not_share_blocks(void **state) {
  (void)state;
  const ptrdiff_t dims[2] = {ROWS, 10};
  const int last = 1;
  jet_tape *tape = jet_tape_new();
  jet e = jet_exp(jet_input(tape, 2, dims)), y[] = {jet_sum_over(e, 1, &last, 0), jet_sum(e)};
  jet_plan *plan = plan_with(tape, 2, y, 0, 1);
  assert_int_equal(count_type(plan, &type_sum_rows) + count_type(plan, &type_sum), 2);
  for (int i = 0; i < plan->nregions; i++) assert_true(!plan->regions[i].sums || plan->regions[i].once || !plan->regions[i].whole_rows);
  jet_plan_free(plan);
  jet_tape_free(tape);
}

static void memory_is_used_again(void **state) {
  (void)state;
  enum { N = 20000, LAYERS = 8 };
  const ptrdiff_t n = N;
  jet_tape *tape = jet_tape_new();
  jet x = jet_input(tape, 1, &n), y = x;
  for (int i = 0; i < LAYERS; i++) y = jet_mul(jet_cumsum(y, 0), jet_sum(y)); /* each stored twice, and read by the next alone */
  jet_plan *on = plan_with(tape, 1, &y, 0, 1), *off = plan_with(tape, 1, &y, JET_REUSE, 1);
  assert_true(jet_plan_memory(off) - jet_plan_memory(on) >= (2 * LAYERS - 4) * N * sizeof(double));
  jet_plan *both[2] = {on, off};
  for (int i = 0; i < 2; i++) {
    generator g = {1};
    fill(both[i], x, 0, 1e-4, 1, &g);
    run(both[i]);
  }
  assert_memory_equal(jet_plan_data(on, y, 0), jet_plan_data(off, y, 0), N * sizeof(double));
  jet_plan_free(on);
  jet_plan_free(off);
  jet_tape_free(tape);
}

static void what_is_known_is_made_with_the_plan(void **state) {
  (void)state;
  program p = {.tape = jet_tape_new()};
  const ptrdiff_t n = ROWS * 10;
  jet c[3], x = jet_input(p.tape, 1, &n);
  record_constants(&p, 10, c);
  jet y[] = {jet_sum(jet_mul(x, jet_reshape(c[0], 1, &n))), c[1], jet_neg(jet_neg(jet_scale(x, 1)))};
  jet_plan *on = plan_with(p.tape, 3, y, 0, 1), *off = plan_with(p.tape, 3, y, JET_FOLDING, 1);
  assert_int_equal(on->folded, 1);
  assert_int_equal(off->folded, 0);
  assert_int_equal(on->regions[0].count, 3); /* tanh, flip, sum */
  assert_int_equal(on->nsteps, 5);
  assert_int_equal(off->nsteps, 8);
  double mine[10];
  for (int i = 0; i < 2; i++) { /* known numbers too go where the caller wants them */
    if (i) assert_int_equal(jet_plan_bind(on, y[1], 0, mine), JET_OK);
    fill(on, x, -1, 1, 1, &(generator){1});
    fill(off, x, -1, 1, 1, &(generator){1});
    run(on);
    run(off);
    for (int j = 0; j < 3; j++)
      assert_memory_equal(jet_plan_data(on, y[j], 0), jet_plan_data(off, y[j], 0), (size_t)jet_size(y[j]) * sizeof(double));
  }
  jet_plan_free(on);
  jet_plan_free(off);
  jet_tape_free(p.tape);
}

/* A constant's spread over 7000 elements is not kept. */
static void what_is_small_stays_small(void **state) {
  (void)state;
  const ptrdiff_t dims[2] = {ROWS, 10}, ten = 10;
  const double numbers[10] = {1, 2, 3};
  jet_tape *tape = jet_tape_new();
  jet y = jet_sum(jet_mul(jet_input(tape, 2, dims), jet_exp(jet_broadcast_to(jet_constant(tape, 1, &ten, numbers), 2, dims))));
  jet_plan *on = plan_with(tape, 1, &y, 0, 1), *off = plan_with(tape, 1, &y, JET_FOLDING, 1);
  assert_true(jet_plan_memory(on) <= jet_plan_memory(off) + 1000);
  jet_plan_free(on);
  jet_plan_free(off);
  jet_tape_free(tape);
}

static void orders_lost_with_the_plan_are_counted(void **state) {
  (void)state;
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  options.no_rewriting = 1;
  jet_tape *tape = jet_tape_new_ex(&options);
  jet t = jet_parameter(tape, 4), x = jet_input_series(t, 0, NULL), y[] = {jet_div(jet_sin(t), t), jet_div(jet_sin(x), x)};
  jet_plan *plan = plan_with(tape, 2, y, 0, 1);
  for (int i = 0; i < 4; i++) {
    jet_plan_data(plan, x, 0)[0] = i % 2;
    jet_plan_data(plan, x, 1)[0] = 1;
    run(plan);
    assert_int_equal(jet_plan_lost(plan, y[0]), 1);
    assert_int_equal(jet_plan_lost(plan, y[1]), !(i % 2));
  }
  jet_plan_free(plan);
  jet_tape_free(tape);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_do_not_depend_on_what_is_left_out),
      cmocka_unit_test(what_repeats_itself_is_hoisted),
      cmocka_unit_test(broadcasts_are_made_where_they_are_read),
      cmocka_unit_test(elements_at_patterns_are_read_in_place),
      cmocka_unit_test(sums_over_axes_need_no_summands_in_memory),
      cmocka_unit_test(two_trees_do_not_share_blocks),
      cmocka_unit_test(memory_is_used_again),
      cmocka_unit_test(what_is_known_is_made_with_the_plan),
      cmocka_unit_test(what_is_small_stays_small),
      cmocka_unit_test(orders_lost_with_the_plan_are_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
