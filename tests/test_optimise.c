/* test_optimise.c - what was recorded twice is computed once, with the same bits; what plans and tapes tell of themselves. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "naive.h"
#include "ops.h"
#include "plan.h"
#include "random_jets.h"

enum { PROGRAMS = 400, OPERATIONS = 18, INPUTS = 4, P = 3, MOST = 400 };

static jet_plan *plan_with(const jet_tape *tape, int n, const jet outputs[], int no_common, int by_orders) {
  jet_plan_options options = JET_PLAN_OPTIONS_INIT;
  options.without = no_common ? JET_COMMON : 0;
  options.by_orders = by_orders;
  return jet_plan_new_ex(tape, n, outputs, &options);
}

static void assert_good(const jet_plan *plan) {
  if (jet_plan_status(plan)) fail_msg("%s", jet_plan_message(plan));
}

/* ---- random programs, recorded twice from the same inputs ------------------------------------------------------------ */

typedef struct twice {
  jet_tape *tape;
  jet leaf[2 * INPUTS + NAIVE_MAX]; /* what the caller fills in */
  jet out[2][MOST];                 /* of either recording */
  int leaves, n, by_orders;
} twice;

static jet leaf(twice *r, jet x) { return r->leaf[r->leaves++] = x; }

static jet random_input(twice *r, const op_shape *s, jet t, int directions, generator *g) {
  ptrdiff_t dims[NAIVE_RANK + 1] = {P};
  memcpy(dims + 1, s->dims, (size_t)s->rank * sizeof *dims);
  if (random_below(g, 4) == 0) return leaf(r, jet_input(t.tape, s->rank, s->dims));
  if (directions == 1) return leaf(r, jet_input_series(t, s->rank, s->dims));
  jet x = leaf(r, jet_input(t.tape, s->rank, s->dims)), v = leaf(r, jet_input(t.tape, s->rank + 1, dims));
  return jet_expand_many(x, v, t);
}

static int record_once(const program *p, const jet in[], const jet u[], jet out[]) {
  jet value[NAIVE_MAX], y[NAIVE_MAX + 1], w[NAIVE_MAX + 1], grad[INPUTS];
  int n = 0, sinks = 0;
  memcpy(value, in, INPUTS * sizeof *in);
  program_record(p, value);
  for (int v = p->inputs; v < p->count; v++) {
    if (program_uses(p, v)) continue;
    y[sinks] = out[n++] = value[v], w[sinks++] = u[v];
    out[n++] = jet_coefficient(value[v], jet_order(value[v]));
  }
  y[sinks] = jet_sum(value[0]), w[sinks++] = jet_scalar(in[0].tape, 0.5);
  jet_vjp(sinks, y, w, INPUTS, in, grad);
  for (int i = 0; i < INPUTS; i++) out[n++] = grad[i];
  return n;
}

static void twice_init(twice *r, const program *p, generator *g) {
  jet in[INPUTS], u[NAIVE_MAX];
  memset(r, 0, sizeof *r);
  r->tape = jet_tape_new();
  jet t = jet_parameter(r->tape, random_below(g, 5));
  int directions = random_below(g, 2) ? 1 : P;
  r->by_orders = random_below(g, 3) == 0;
  for (int i = 0; i < INPUTS; i++) in[i] = random_input(r, &p->at[i].shape, t, directions, g);
  in[0] = jet_add(in[0], jet_mul(t, leaf(r, jet_input(r->tape, p->at[0].shape.rank, p->at[0].shape.dims)))); /* a jet */
  for (int v = p->inputs; v < p->count; v++)
    if (!program_uses(p, v)) u[v] = leaf(r, jet_input(r->tape, p->at[v].shape.rank, p->at[v].shape.dims));
  for (int i = 0; i < 2; i++) r->n = record_once(p, in, u, r->out[i]);
  if (jet_tape_status(r->tape)) fail_msg("%s", jet_tape_message(r->tape));
}

/* Now and then a 0, where special points are. */
static void fill_leaves(const twice *r, jet_plan *plan, uint64_t seed) {
  generator g = {seed};
  for (int i = 0; i < r->leaves; i++) {
    fill(plan, r->leaf[i], -1.5, 1.5, 0.5, &g);
    if (jet_size(r->leaf[i]) && random_below(&g, 8) == 0) jet_plan_data(plan, r->leaf[i], 0)[0] = 0;
  }
}

static bool bits_agree(jet_plan *a, jet x, jet_plan *b, jet y) {
  for (int k = 0; k <= jet_order(x); k++) {
    const double *p = jet_plan_data(a, x, k), *q = jet_plan_data(b, y, k);
    ptrdiff_t n = jet_size(x) * (k ? jet_directions(x) : 1);
    for (ptrdiff_t i = 0; i < n; i++)
      if (!same(p[i], q[i])) {
        print_error("coefficient %d, element %td: %.17g, %.17g\n", k, i, p[i], q[i]);
        return false;
      }
  }
  return jet_plan_lost(a, x) == jet_plan_lost(b, y);
}

/* merged, plain: of both recordings; once: of the first alone */
static bool plans_agree(const twice *r, jet_plan *merged, jet_plan *plain, jet_plan *once) {
  bool good = (HOSTILE || merged->nsteps == once->nsteps) && merged->nsteps <= plain->nsteps; /* more regions: more broadcasts */
  if (!good) print_error("steps: %d merged, %d not, %d of one\n", merged->nsteps, plain->nsteps, once->nsteps);
  for (int i = 0; good && i < 2; i++)
    for (int j = 0; good && j < r->n; j++) {
      good = bits_agree(merged, r->out[i][j], plain, r->out[i][j]) && bits_agree(merged, r->out[i][j], once, r->out[0][j]);
      if (!good) print_error("output %d of recording %d\n", j, i);
    }
  return good;
}

static bool program_agrees(uint64_t seed, int *merged_steps, int *plain_steps) {
  generator g = {seed};
  program p;
  twice r;
  jet all[2 * MOST];
  program_random(&p, OPERATIONS, &g);
  twice_init(&r, &p, &g);
  memcpy(all, r.out[0], (size_t)r.n * sizeof *all);
  memcpy(all + r.n, r.out[1], (size_t)r.n * sizeof *all);
  jet_plan *plan[3];
  for (int again = 0; again < 2; again++) { /* by orders where that can be */
    plan[0] = plan_with(r.tape, 2 * r.n, all, 0, r.by_orders);
    plan[1] = plan_with(r.tape, 2 * r.n, all, 1, r.by_orders);
    plan[2] = plan_with(r.tape, r.n, r.out[0], 0, r.by_orders);
    if (!r.by_orders || jet_plan_status(plan[0]) != JET_UNSUPPORTED) break;
    for (int i = 0; i < 3; i++) jet_plan_free(plan[i]);
    r.by_orders = 0;
  }
  for (int i = 0; i < 3; i++) {
    assert_good(plan[i]);
    fill_leaves(&r, plan[i], seed);
    run(plan[i]);
  }
  bool good = plans_agree(&r, plan[0], plan[1], plan[2]);
  if (!good) print_error("seed %d, by orders %d\n", (int)seed, r.by_orders), program_print(&p);
  *merged_steps += plan[0]->nsteps, *plain_steps += plan[1]->nsteps;
  for (int i = 0; i < 3; i++) jet_plan_free(plan[i]);
  jet_tape_free(r.tape);
  return good;
}

static void random_programs_keep_their_bits(void **state) {
  (void)state;
  int wrong = 0, merged = 0, plain = 0;
  for (uint64_t seed = 1; seed <= PROGRAMS && wrong < 5; seed++) wrong += !program_agrees(seed, &merged, &plain);
  assert_int_equal(wrong, 0);
  assert_true(plain > merged * 19 / 10);
}

/* ---- what is one and what is not ------------------------------------------------------------------------------------- */

static jet vector(jet_tape *tape, ptrdiff_t n) { return jet_input(tape, 1, &n); }

static int steps(int n, const jet outputs[], int no_common) {
  jet_plan *plan = plan_with(outputs[0].tape, n, outputs, no_common, 0);
  assert_good(plan);
  int count = plan->nsteps;
  jet_plan_free(plan);
  return count;
}

static void assert_steps(jet a, jet b, int merged, int plain) {
  jet y[] = {a, b};
  assert_int_equal(steps(2, y, 0), merged);
  assert_int_equal(steps(2, y, 1), plain);
}

static void sine_and_cosine_are_one_step(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, 100);
  assert_steps(jet_sin(x), jet_cos(x), 1, 2);
  assert_steps(jet_sin(x), jet_sin(vector(tape, 100)), 2, 2); /* inputs are not the same for having the same shape */
  jet_tape_free(tape);
}

/* Both ways, computed apart, with zeros and infinities among the numbers. */
static void assert_swappable(jet (*f)(jet, jet), jet a, jet b) {
  static const double odd[] = {0, -0.0, INFINITY, -INFINITY, NAN, 1e-320, 1e300};
  jet y[] = {f(a, b), f(b, a)}, in[] = {a, b};
  jet_plan *plan = plan_with(a.tape, 2, y, 1, 0);
  generator g = {7};
  assert_good(plan);
  for (int i = 0; i < 2; i++) {
    fill(plan, in[i], -2, 2, 0.5, &g);
    for (int j = 0; j < 60; j++)
      jet_plan_data(plan, in[i], random_below(&g, jet_order(in[i]) + 1))[random_below(&g, 100)] = odd[random_below(&g, 7)];
  }
  run(plan);
  assert_true(bits_agree(plan, y[0], plan, y[1]));
  assert_int_equal(plan->nsteps, 2);
  jet_plan_free(plan);
}

static jet mulz(jet a, jet b) { return record_binary(JK_mulz, a, b); }

static void operands_swap_where_bits_are_the_same(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  ptrdiff_t n = 100;
  jet a = vector(tape, n), b = vector(tape, n), t = jet_parameter(tape, 2);
  jet x = jet_input_series(t, 1, &n), y = jet_input_series(t, 1, &n);
  assert_steps(jet_add(a, b), jet_add(b, a), 1, 2);
  assert_steps(jet_add(x, y), jet_add(y, x), 1, 2);
  assert_steps(jet_mul(a, b), jet_mul(b, a), 1, 2);
  assert_steps(jet_mul(x, b), jet_mul(b, x), 1, 2);
  assert_swappable(jet_add, a, b);
  assert_swappable(jet_add, x, y);
  assert_swappable(jet_mul, a, b);
  assert_swappable(jet_mul, x, b);
  assert_swappable(mulz, a, b);
  assert_swappable(mulz, x, b);
  assert_steps(mulz(x, b), mulz(b, x), 1, 2);
  assert_steps(jet_mul(x, y), jet_mul(x, y), 1, 2);
  assert_steps(jet_mul(x, y), jet_mul(y, x), 2, 2);
  assert_steps(jet_sub(a, b), jet_sub(b, a), 2, 2);
  assert_steps(jet_max(a, b), jet_max(b, a), 2, 2);
  jet_tape_free(tape);
}

static void what_operations_are_told_is_compared(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  ptrdiff_t n = 100, index[2][3] = {{5, 1, 99}, {5, 1, 98}}, three = 3;
  double c[2][100] = {{0}, {0}};
  c[1][99] = -0.0;
  jet x = vector(tape, n), y[3], z[3];
  for (int i = 0; i < 3; i++) y[i] = jet_gather(x, 0, 1, &three, index[i / 2]), z[i] = jet_mul(x, jet_constant(tape, 1, &n, c[i / 2]));
  assert_steps(y[0], y[1], 1, 2);
  assert_steps(y[0], y[2], 2, 2);
  assert_steps(z[0], z[1], 1, 2);
  assert_steps(z[0], z[2], 2, 2); /* 0 is not -0 */
  assert_steps(jet_scale(x, 3), jet_scale(x, 3), 1, 2);
  assert_steps(jet_scale(x, 3), jet_scale(x, 4), 2, 2);
  jet_tape_free(tape);
}

static int named(const jet_plan *plan, const char *name) {
  int n = 0;
  for (int i = 0; i < plan->nsteps; i++) n += !strcmp(plan->steps[i].of->name, name);
  return n;
}

/* Whole in memory it would cost more than to be made again. */
static void broadcasts_are_made_once_in_each_region(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet t = jet_parameter(tape, 2), x = jet_add(vector(tape, 1000), t), c = jet_add(jet_input(tape, 0, NULL), t);
  jet a = jet_exp(jet_mul(x, c)), s = jet_sum(jet_add(a, c)), y = jet_sum(jet_mul(jet_mul(a, s), c));
  jet_plan *merged = plan_with(tape, 1, &y, 0, 0), *plain = plan_with(tape, 1, &y, 1, 0);
  assert_good(merged);
  assert_int_equal(named(plain, "broadcast"), 5);
  assert_int_equal(named(merged, "broadcast"), 4);
  assert_true(jet_plan_memory(merged) <= jet_plan_memory(plain));
  jet_plan_free(merged);
  jet_plan_free(plain);
  jet_tape_free(tape);
}

static jet layer(jet x, jet w, jet b) { return jet_tanh(jet_add(jet_matmul(x, w), b)); }

static void gradient_of_a_network_has_each_tanh_once(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  const ptrdiff_t in[] = {20, 5}, square[] = {5, 5}, row[] = {5};
  jet x = jet_input(tape, 2, in), w[2], b[2], y[2], g[5];
  for (int i = 0; i < 2; i++) w[i] = jet_input(tape, 2, square), b[i] = jet_input(tape, 1, row);
  for (int i = 0; i < 2; i++) y[i] = layer(layer(x, w[0], b[0]), w[1], b[1]);
  jet loss = jet_add(jet_sum(jet_square(y[0])), jet_sum(jet_exp(y[1])));
  jet_grad(loss, 2, w, g);
  jet_grad(loss, 2, b, g + 2);
  g[4] = loss;
  jet_plan *merged = plan_with(tape, 5, g, 0, 0), *plain = plan_with(tape, 5, g, 1, 0);
  assert_int_equal(named(merged, "tanh"), 2);
  assert_int_equal(named(plain, "tanh"), 4);
  jet_plan_free(merged);
  jet_plan_free(plain);
  jet_tape_free(tape);
}

/* Outputs that are one value have memory of their own, the caller's too. */
static void merged_outputs_are_read_and_bound_apart(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, 3), y[] = {jet_exp(x), jet_exp(x), jet_exp(x)};
  jet_plan *plan = jet_plan_new(tape, 3, y);
  double mine[2][3];
  assert_good(plan);
  assert_int_equal(plan->nsteps, 1);
  for (int bound = 0; bound < 3; bound++) {
    if (bound) assert_int_equal(jet_plan_bind(plan, y[bound], 0, mine[bound - 1]), JET_OK);
    if (bound == 2) jet_plan_bind(plan, y[0], 0, mine[0]), jet_plan_bind(plan, y[1], 0, NULL);
    for (int i = 0; i < 3; i++) jet_plan_data(plan, x, 0)[i] = i + bound;
    run(plan);
    for (int j = 0; j < 3; j++)
      for (int i = 0; i < 3; i++)
        if (fabs(jet_plan_data(plan, y[j], 0)[i] - exp(i + bound)) > 1e-12) fail_msg("output %d, element %d", j, i);
  }
  assert_ptr_not_equal(jet_plan_data(plan, y[1], 0), jet_plan_data(plan, y[0], 0));
  jet_plan_free(plan);
  jet_tape_free(tape);
}

static void merged_values_lose_the_same_orders(void **state) {
  (void)state;
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  options.no_rewriting = 1;
  jet_tape *tape = jet_tape_new_ex(&options);
  jet t = jet_parameter(tape, 4), x = jet_input_series(t, 0, NULL);
  jet y[] = {jet_div(jet_sin(x), x), jet_exp(jet_div(jet_sin(x), x)), jet_div(jet_sin(x), x)};
  jet_plan *plan = jet_plan_new(tape, 3, y);
  assert_good(plan);
  jet_plan_data(plan, x, 1)[0] = 1;
  run(plan);
  for (int i = 0; i < 3; i++) assert_int_equal(jet_plan_lost(plan, y[i]), 1);
  assert_int_equal(jet_plan_lost(plan, x), 0);
  jet_plan_free(plan);
  jet_tape_free(tape);
}

/* ---- what plans and tapes say ---------------------------------------------------------------------------------------- */

static void *count_memory(void *context, void *p, size_t old_size, size_t new_size) {
  *(size_t *)context += new_size - old_size;
  if (new_size) return realloc(p, new_size);
  free(p);
  return NULL;
}

static void memory_is_what_the_allocator_saw(void **state) {
  (void)state;
  size_t alive = 0;
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  options.allocate = count_memory, options.context = &alive;
  jet_tape *tape = jet_tape_new_ex(&options);
  jet x = vector(tape, 5000), t = jet_parameter(tape, 3), y = jet_sum(jet_tanh(jet_expand(x, jet_sin(x), t))), g;
  jet_grad(y, 1, &x, &g);
  for (int by_orders = 0; by_orders < 2; by_orders++) {
    size_t before = alive;
    jet_plan *plan = plan_with(tape, 1, &g, 0, by_orders);
    size_t memory = jet_plan_memory(plan);
    assert_good(plan);
    assert_int_equal(memory, alive - before);
    assert_true(memory > 5000 * sizeof(double) * 4);
    run(plan);
    run(plan);
    assert_int_equal(jet_plan_memory(plan), memory);
    jet_plan_free(plan);
    assert_int_equal(alive, before);
  }
  assert_int_equal(jet_plan_memory(NULL), 0);
  jet_tape_free(tape);
}

enum { TEXT = 1 << 16 };

static char *text_of(FILE *f, char text[TEXT]) {
  rewind(f);
  text[fread(text, 1, TEXT - 1, f)] = 0;
  fclose(f);
  return text;
}

static int count(const char *text, const char *what) {
  int n = 0;
  for (const char *at = text; (at = strstr(at, what)); at += strlen(what)) n++;
  return n;
}

static char *print_plan(jet y, char text[TEXT]) {
  FILE *f = tmpfile();
  jet_plan *plan = jet_plan_new(y.tape, 1, &y);
  char want[80];
  assert_non_null(f);
  assert_int_equal(jet_plan_print(plan, f), JET_OK);
  text_of(f, text);
  snprintf(want, sizeof want, "\nmemory: %zu bytes\n", jet_plan_memory(plan));
  assert_int_equal(count(text, want), 1);
  assert_int_equal(count(text, "\nregion "), plan->nregions);
  assert_int_equal(count(text, "\n  "), plan->nsteps);
  assert_int_equal(count(text, " flops\n"), plan->nsteps + 1);
  jet_plan_free(plan);
  return text;
}

static void plans_print_their_steps(void **state) {
  (void)state;
  char text[TEXT];
  jet_tape *tape = jet_tape_new();
  const ptrdiff_t n = 1000, left[] = {3, 4}, right[] = {4, 5};
  jet t = jet_parameter(tape, 3), x = jet_input_series(t, 1, &n), y = jet_input_series(t, 1, &n);
  print_plan(jet_mul(x, y), text);
  assert_non_null(strstr(text, "\n  mul [1000], order 3, coefficients [0,4): reads 64000 bytes, writes 32000 bytes, 16000 flops\n"));
  print_plan(jet_exp(x), text);
  assert_non_null(strstr(text, "\n  exp [1000], order 3, coefficients [0,4): reads 32000 bytes, writes 32000 bytes, 12000 flops\n"));
  print_plan(jet_matmul(jet_input(tape, 2, left), jet_input_series(t, 2, right)), text);
  assert_non_null(strstr(text, "\n  matmul [3,5], order 3, coefficients [0,4): reads 736 bytes, writes 480 bytes, 480 flops\n"));
  jet v = jet_expand_many(jet_input(tape, 0, NULL), vector(tape, 7), t);
  print_plan(jet_sin(v), text);
  assert_non_null(strstr(text, "\n  sin [], order 3, coefficients [0,4), 7 directions: "));
  jet_tape_free(tape);
}

static void tapes_are_drawn(void **state) {
  (void)state;
  char text[TEXT];
  FILE *f = tmpfile();
  jet_tape *tape = jet_tape_new();
  const ptrdiff_t n = 6;
  jet t = jet_parameter(tape, 3), x = jet_input_series(t, 1, &n), y = jet_sum(jet_mul(jet_cos(x), vector(tape, n))), g;
  jet_grad(y, 1, &x, &g);
  assert_non_null(f);
  assert_int_equal(jet_tape_dot(tape, f), JET_OK);
  text_of(f, text);
  assert_int_equal(strncmp(text, "digraph ", 8), 0);
  assert_string_equal(text + strlen(text) - 2, "}\n");
  assert_int_equal(count(text, "{"), 1);
  assert_int_equal(count(text, "\n  n") - count(text, " -> ") - 1, tape->nnodes); /* one is about all nodes */
  assert_int_equal(count(text, " -> "), tape->nargs);
  assert_int_equal(count(text, "shape=box"), 2);
  assert_non_null(strstr(text, "[label=\"input_series [6]\\norder 3\", shape=box];"));
  jet_tape_free(tape);
}

static void what_cannot_be_told_is_refused(void **state) {
  (void)state;
  FILE *f = tmpfile();
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, 3), y = jet_exp(x);
  jet_plan *plan = jet_plan_new(tape, 1, &y), *bad = jet_plan_new(tape, 0, &y);
  assert_int_equal(jet_plan_print(NULL, f), JET_BAD_ARGUMENT);
  assert_int_equal(jet_plan_print(plan, NULL), JET_BAD_ARGUMENT);
  assert_int_equal(jet_plan_print(bad, f), jet_plan_status(bad));
  assert_int_equal(jet_tape_dot(NULL, f), JET_BAD_ARGUMENT);
  assert_int_equal(jet_tape_dot(tape, NULL), JET_BAD_ARGUMENT);
  FILE *full = fopen("/dev/full", "w");
  if (full) {
    assert_int_equal(jet_plan_print(plan, full), JET_BAD_ARGUMENT);
    fclose(full);
  }
  jet_add(x, vector(tape, 4));
  assert_int_equal(jet_tape_dot(tape, f), JET_BAD_SHAPE);
  assert_int_equal(ftell(f), 0);
  fclose(f);
  jet_plan_free(plan);
  jet_plan_free(bad);
  jet_tape_free(tape);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_programs_keep_their_bits),
      cmocka_unit_test(sine_and_cosine_are_one_step),
      cmocka_unit_test(operands_swap_where_bits_are_the_same),
      cmocka_unit_test(what_operations_are_told_is_compared),
      cmocka_unit_test(broadcasts_are_made_once_in_each_region),
      cmocka_unit_test(gradient_of_a_network_has_each_tanh_once),
      cmocka_unit_test(merged_outputs_are_read_and_bound_apart),
      cmocka_unit_test(merged_values_lose_the_same_orders),
      cmocka_unit_test(memory_is_what_the_allocator_saw),
      cmocka_unit_test(plans_print_their_steps),
      cmocka_unit_test(tapes_are_drawn),
      cmocka_unit_test(what_cannot_be_told_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
