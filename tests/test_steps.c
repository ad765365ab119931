/* test_steps.c - plans of operations on whole arrays: views, deposits, broadcasts, products, directions, small programs. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ops.h"
#include "pattern.h"
#include "plan.h"

/* ---- small helpers ----------------------------------------------------------------------------------------------- */

static jet vector(jet_tape *tape, ptrdiff_t n) { return jet_input(tape, 1, &n); }
static jet part_of(jet x, ptrdiff_t start, ptrdiff_t stop) { return jet_slice(x, &start, &stop, NULL); }

static jet_plan *plan_with(jet_tape *tape, int n, const jet outputs[], int by_orders) {
  jet_plan_options options = JET_PLAN_OPTIONS_INIT;
  options.by_orders = by_orders;
  jet_plan *plan = jet_plan_new_ex(tape, n, outputs, &options);
  if (jet_plan_status(plan)) fail_msg("%s", jet_plan_message(plan));
  return plan;
}

static jet_plan *plan_of(jet_tape *tape, int n, const jet outputs[]) { return plan_with(tape, n, outputs, 0); }

static void run(jet_plan *plan) {
  if (jet_plan_run(plan) != JET_OK) fail_msg("%s", jet_plan_message(plan));
}

static void free_both(jet_plan *plan, jet_tape *tape) {
  jet_plan_free(plan);
  jet_tape_free(tape);
}

static double *data(jet_plan *plan, jet x, int k) {
  double *p = jet_plan_data(plan, x, k);
  if (!p) fail_msg("coefficient %d: %s", k, jet_plan_message(plan));
  return p;
}

static double number_at(int seed, ptrdiff_t i) { return sin(1.7 * (double)i + 0.3 * seed) + 0.01 * seed; }

static void put(jet_plan *plan, jet x, int k, int seed) {
  for (ptrdiff_t i = 0; i < jet_size(x); i++) data(plan, x, k)[i] = number_at(seed + k, i);
}

static bool same(double a, double b) { return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b)); }

static void assert_numbers(const double *got, const double *want, ptrdiff_t n, const char *what) {
  for (ptrdiff_t i = 0; i < n; i++)
    if (!same(got[i], want[i])) fail_msg("%s: element %td is %.17g, not %.17g", what, i, got[i], want[i]);
}

/* ---- other names for the same numbers --------------------------------------------------------------------------------- */

static void a_reshape_stays_in_its_region(void **state) {
  const ptrdiff_t dims[] = {30, 40}, n = 1200;
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = jet_input(tape, 2, dims), y = jet_sin(jet_reshape(jet_exp(x), 1, &n)), sum = jet_sum(y);
  jet_plan *plan = plan_of(tape, 1, &sum);
  assert_int_equal(plan->nregions, 1);
  assert_int_equal(plan->nsteps, 3);
  put(plan, x, 0, 1);
  run(plan);
  double want = 0;
  for (ptrdiff_t i = 0; i < n; i++) want += sin(exp(number_at(1, i)));
  assert_true(fabs(*data(plan, sum, 0) - want) < 1e-10);
  free_both(plan, tape);
}

static void parts_of_inputs_are_not_copied(void **state) {
  enum { N = 1000 };
  static double memory[N], other[N];
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, N), a = part_of(x, 10, 910), b = part_of(a, 5, 805),
      y = jet_sub(part_of(b, 0, 700), part_of(b, 100, 800));
  jet out[] = {y, b, part_of(b, 3, 3)};
  jet_plan *plan = plan_of(tape, 3, out);
  assert_int_equal(plan->nsteps, 1);
  for (int i = 0; i < N; i++) memory[i] = number_at(1, i), other[i] = number_at(2, i);
  for (int trial = 0; trial < 4;
       trial++) { /* the plan's own, bound, bound again, bound again before the first was used */
    const double *from = trial == 0 ? data(plan, x, 0) : trial == 1 ? memory : other;
    if (trial == 0) put(plan, x, 0, 3);
    if (trial == 3) jet_plan_bind(plan, x, 0, memory);
    if (trial) jet_plan_bind(plan, x, 0, trial == 1 ? memory : other);
    run(plan);
    assert_numbers(data(plan, b, 0), from + 15, 800, "a part of a part");
    for (int i = 0; i < 700; i++) assert_true(data(plan, y, 0)[i] == from[15 + i] - from[115 + i]);
  }
  free_both(plan, tape);
}

/* The part is read where all of it is there: after the region that makes it. */
static void parts_of_results_are_complete(void **state) {
  enum { N = 3000 };
  static double memory[N];
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, N), e = jet_scale(x, 2), y = jet_add(part_of(e, 1000, 3000), part_of(e, 0, 2000));
  jet out[] = {y, e, jet_sum(part_of(e, 2999, 3000))};
  jet_plan *plan = plan_of(tape, 3, out);
  for (int trial = 0; trial < 2; trial++) {
    put(plan, x, 0, trial);
    if (trial) jet_plan_bind(plan, e, 0, memory);
    run(plan);
    for (int i = 0; i < 2000; i++)
      assert_true(data(plan, y, 0)[i] == 2 * number_at(trial, i + 1000) + 2 * number_at(trial, i));
    assert_true(*data(plan, out[2], 0) == 2 * number_at(trial, 2999) && data(plan, e, 0)[7] == 2 * number_at(trial, 7));
  }
  free_both(plan, tape);
}

/* ---- deposits --------------------------------------------------------------------------------------------------------- */

enum { PARTS = 5, ORDER = 2 };

/* Parts of m elements of jets at offsets, some of which have no coefficient 1 or 2. */
static void check_deposit(ptrdiff_t m, const ptrdiff_t offset[PARTS], ptrdiff_t size, int others, int by_orders) {
  ptrdiff_t patterns[5 * PARTS];
  jet_tape *tape = jet_tape_new();
  jet t = jet_parameter(tape, ORDER), in[PARTS], x[PARTS], out[1 + 40];
  for (int i = 0; i < PARTS; i++) {
    const ptrdiff_t p[5] = {PATTERN_VIEW, offset[i], 1, m, 1};
    memcpy(patterns + 5 * i, p, sizeof p);
    in[i] = i % 2 ? vector(tape, m) : jet_input_series(t, 1, &m);
    x[i] = jet_neg(in[i]);
  }
  out[0] = deposit(tape, PARTS, x, tape_shape(tape, "test", 1, &size), patterns, 5 * PARTS);
  for (int i = 1; i <= others; i++) out[i] = jet_shift(x[0], i); /* blocks of another length */
  jet_plan *plan = plan_with(tape, 1 + others, out, by_orders);
  for (int i = 0; i < PARTS; i++)
    for (int k = 0; k <= jet_order(in[i]); k++) put(plan, in[i], k, 10 * i);
  for (int again = 0; again < 2; again++) {
    for (int k = 0; k <= ORDER && by_orders; k++) assert_int_equal(jet_plan_run_orders(plan, k, k + 1), JET_OK);
    if (!by_orders) run(plan);
    for (int k = 0; k <= ORDER; k++)
      for (ptrdiff_t e = 0; e < size; e++) {
        double want = 0, scale = 1;
        for (int i = 0; i < PARTS; i++) {
          double c = e < offset[i] || e >= offset[i] + m || (i % 2 && k) ? 0 : number_at(10 * i + k, e - offset[i]);
          want -= c, scale += fabs(c);
        }
        double got = data(plan, out[0], k)[e];
        if (!(fabs(got - want) <= 1e-15 * scale))
          fail_msg("m %td, coefficient %d, element %td: %g, not %g", m, k, e, got, want);
      }
  }
  free_both(plan, tape);
}

static void deposits_of_any_length(void **state) {
  static const ptrdiff_t lengths[] = {0, 1, 3, 64, 65, 255, 256, 257, 1000, 5000};
  (void)state;
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    ptrdiff_t m = lengths[i], apart[PARTS] = {0, 1, 2, 7, 1}, far[PARTS] = {3 * m + 5, 0, m, 2 * m, m / 2};
    for (int others = 0; others <= 40; others += 40)
      for (int by_orders = 0; by_orders < 2; by_orders++) {
        check_deposit(m, apart, m + 7, others, by_orders);
        check_deposit(m, apart, m + 700, others, by_orders);
        check_deposit(m, far, 4 * m + 5, others, by_orders);
      }
  }
}

/* The order of additions does not depend on blocks, which depend on what else is computed. */
static void a_deposit_does_not_depend_on_the_rest_of_the_plan(void **state) {
  enum { N = 4000, M = 3000 };
  static double want[N];
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, N),
      s[] = {part_of(x, 0, M), part_of(x, 500, 500 + M), part_of(x, 77, 77 + M), part_of(x, 130, 130 + M)};
  jet loss = jet_sum(jet_mul(jet_mul(jet_sin(s[0]), jet_exp(s[1])), jet_mul(jet_cos(s[2]), jet_tanh(s[3])))), out[60];
  jet_grad(loss, 1, &x, &out[0]);
  for (int i = 1; i < 60; i++) out[i] = jet_shift(s[0], i);
  for (int n = 1; n <= 60; n += 59) {
    jet_plan *plan = plan_of(tape, n, out);
    put(plan, x, 0, 1);
    run(plan);
    if (n == 1) memcpy(want, data(plan, out[0], 0), sizeof want);
    assert_numbers(data(plan, out[0], 0), want, N, "beside other outputs");
    jet_plan_free(plan);
  }
  jet_tape_free(tape);
}

static jet rosenbrock(jet x) {
  ptrdiff_t n = jet_size(x);
  jet a = part_of(x, 0, n - 1), b = part_of(x, 1, n);
  return jet_sum(jet_add(jet_scale(jet_square(jet_sub(b, jet_square(a))), 100), jet_square(jet_shift(jet_neg(a), 1))));
}

static void the_gradient_of_rosenbrock_is_one_pass(void **state) {
  enum { N = 2001 };
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, N), v = vector(tape, N), l = jet_expand(x, v, jet_parameter(tape, 1)), y = rosenbrock(l), g;
  assert_int_equal(jet_grad(y, 1, &l, &g), JET_OK);
  jet out[] = {y, g};
  jet_plan *plan = plan_of(tape, 2, out);
  assert_int_equal(plan->nregions, 1);
  put(plan, x, 0, 1);
  put(plan, v, 0, 2);
  run(plan);
  for (int i = 0; i < N; i++) {
    double p[3], q[3], g0 = 0, g1 = 0; /* gradient and Hessian-vector product */
    for (int j = 0; j < 3; j++) p[j] = number_at(1, i + j - 1), q[j] = number_at(2, i + j - 1);
    if (i > 0) g0 += 200 * (p[1] - p[0] * p[0]), g1 += 200 * (q[1] - 2 * p[0] * q[0]);
    if (i < N - 1) {
      double d = p[2] - p[1] * p[1], e = q[2] - 2 * p[1] * q[1];
      g0 -= 400 * d * p[1] + 2 * (1 - p[1]);
      g1 -= 400 * (e * p[1] + d * q[1]) - 2 * q[1];
    }
    assert_true(fabs(data(plan, g, 0)[i] - g0) < 1e-12 * (1 + fabs(g0)));
    assert_true(fabs(data(plan, g, 1)[i] - g1) < 1e-11 * (1 + fabs(g1)));
  }
  free_both(plan, tape);
}

static void very_many_parts(void **state) {
  enum { N = 300000 };
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, N), *part = (jet *)malloc(N * sizeof *part), y;
  ptrdiff_t *patterns = (ptrdiff_t *)malloc(3 * N * sizeof *patterns);
  const ptrdiff_t n = N, none[1] = {0};
  for (ptrdiff_t i = 0; i < N; i++) {
    part[i] = jet_reshape(jet_scale(part_of(x, i, i + 1), 3), 0, none);
    patterns[3 * i] = PATTERN_VIEW, patterns[3 * i + 1] = N - 1 - i, patterns[3 * i + 2] = 0;
  }
  y = deposit(tape, N, part, tape_shape(tape, "test", 1, &n), patterns, 3 * N);
  jet_plan *plan = plan_of(tape, 1, &y);
  put(plan, x, 0, 1);
  run(plan);
  for (int i = 0; i < N; i++) assert_true(data(plan, y, 0)[i] == 3 * number_at(1, N - 1 - i));
  free(part);
  free(patterns);
  free_both(plan, tape);
}

/* ---- broadcasts -------------------------------------------------------------------------------------------------------- */

static void check_broadcast(const ptrdiff_t to[4], int ones, int rank) { /* ones: bits of axes that have extent 1 */
  ptrdiff_t from[4], stride[4], size = 1;
  jet_tape *tape = jet_tape_new();
  for (int i = 3; i >= 0; i--) {
    int one = i < 4 - rank || ones >> i & 1;
    from[i] = one ? 1 : to[i];
    stride[i] = one ? 0 : size;
    size *= from[i];
  }
  jet x = jet_input(tape, rank, from + 4 - rank), y = jet_neg(jet_broadcast_to(x, 4, to));
  jet_plan *plan = plan_of(tape, 1, &y);
  put(plan, x, 0, 1);
  run(plan);
  for (ptrdiff_t e = 0; e < jet_size(y); e++) {
    ptrdiff_t at = 0, rest = e;
    for (int i = 3; i >= 0; i--) at += rest % to[i] * stride[i], rest /= to[i];
    if (data(plan, y, 0)[e] != -number_at(1, at)) fail_msg("axes %d, rank %d, element %td", ones, rank, e);
  }
  free_both(plan, tape);
}

static void broadcasts_of_all_axes(void **state) {
  static const ptrdiff_t to[][4] = {{3, 2, 4, 5},   {7, 11, 13, 9}, {2, 600, 1, 3},
                                    {1, 1, 700, 1}, {5, 1, 1, 300}, {2, 0, 3, 4}};
  (void)state;
  for (size_t s = 0; s < sizeof to / sizeof *to; s++)
    for (int ones = 0; ones < 16; ones++)
      for (int rank = 0; rank <= 4; rank++) check_broadcast(to[s], ones, rank);
}

/* ---- programs of all kinds of steps ------------------------------------------------------------------------------------ */

enum { OUTPUTS = 9, P = 3 };

/* x: n >= 3 elements. Slices, deposits, reductions, products, choices, and what lies between. */
static void every_kind(jet x, jet out[OUTPUTS]) {
  const ptrdiff_t n = jet_size(x), rows[] = {n, 1}, back[] = {n - 1, -1, -1}, low[] = {0}, high[] = {2};
  const int first[] = {0};
  ptrdiff_t *index = (ptrdiff_t *)malloc((size_t)n * sizeof *index);
  for (ptrdiff_t i = 0; i < n; i++) index[i] = (7 * i + 3) % n;
  jet s = jet_sin(x), e = jet_exp(jet_scale(x, 0.5)), matrix = jet_outer(part_of(s, 0, 3), e);
  jet reversed = jet_slice(e, back, back + 1, back + 2);
  out[0] = jet_add(jet_pad(s, low, high, 0.5), jet_concat(3, (jet[]){part_of(e, 0, 2), s, part_of(s, 0, 0)}, 0));
  out[1] = jet_matmul(matrix, jet_reshape(s, 2, rows));
  out[2] = jet_mul(jet_sum_over(matrix, 1, first, 0), s);
  out[3] = jet_amax(out[2]);
  out[4] = jet_where(jet_greater(s, jet_scale(reversed, 0.3)), e, jet_sub(s, jet_sum(e)));
  out[5] = jet_gather(out[4], 0, 1, &n, index);
  out[6] = jet_scatter_add(jet_mul(s, out[5]), 0, 1, &n, index, n + 2);
  out[7] = jet_softmax(part_of(out[6], 0, n), 0);
  out[8] = jet_sum(jet_mul(jet_stop_gradient(e), jet_sort(s, 0)));
  free(index);
}

/* Program y of x and its gradient, with what is plain and what is not. */
static void with_gradient(jet x, jet out[OUTPUTS + 1]) {
  every_kind(x, out);
  jet loss = jet_add(jet_sum(jet_square(out[7])), jet_add(jet_sum(out[0]), jet_mul(out[3], out[8])));
  jet_grad(loss, 1, &x, &out[OUTPUTS]);
  if (jet_tape_status(x.tape)) fail_msg("%s", jet_tape_message(x.tape));
}

static void check_directions(ptrdiff_t n, int order, int by_orders) {
  jet_tape *tape = jet_tape_new();
  const ptrdiff_t many[] = {P, n};
  jet t = jet_parameter(tape, order), x = vector(tape, n), v = vector(tape, n), w = jet_input(tape, 2, many);
  jet one[OUTPUTS + 1], all[OUTPUTS + 1];
  with_gradient(jet_expand(x, v, t), one);
  with_gradient(jet_expand_many(x, w, t), all);
  jet_plan *single = plan_of(tape, OUTPUTS + 1, one), *plan = plan_with(tape, OUTPUTS + 1, all, by_orders);
  put(plan, x, 0, 1), put(single, x, 0, 1), put(plan, w, 0, 2);
  for (int k = 0; k <= order && by_orders; k++) assert_int_equal(jet_plan_run_orders(plan, k, k + 1), JET_OK);
  if (!by_orders) run(plan);
  for (int p = 0; p < P; p++) {
    memcpy(data(single, v, 0), data(plan, w, 0) + p * n, (size_t)n * sizeof(double));
    run(single);
    for (int o = 0; o <= OUTPUTS; o++)
      for (int k = 0; k <= order; k++) {
        char what[80];
        snprintf(what, sizeof what, "n %td, order %d, direction %d, output %d, coefficient %d", n, order, p, o, k);
        int copies = copies_of(value_of(tape, all[o].id), k);
        assert_numbers(data(plan, all[o], k) + (copies > 1 ? p : 0) * jet_size(one[o]), data(single, one[o], k),
                       jet_size(one[o]), what);
      }
  }
  jet_plan_free(single);
  free_both(plan, tape);
}

static void directions_are_single_sweeps(void **state) {
  static const ptrdiff_t sizes[] = {3, 8, 64, 65, 300, 1500};
  (void)state;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    for (int order = 1; order <= 3; order++)
      for (int by_orders = 0; by_orders < 2; by_orders++) check_directions(sizes[i], order, by_orders);
}

static void check_pieces(ptrdiff_t n, int order) {
  jet_tape *tape = jet_tape_new();
  jet x = jet_input_series(jet_parameter(tape, order), 1, &n), out[OUTPUTS + 1];
  with_gradient(x, out);
  jet_plan *sweep = plan_of(tape, OUTPUTS + 1, out), *pieces = plan_with(tape, OUTPUTS + 1, out, 1);
  for (int k = 0; k <= order; k++) put(sweep, x, k, 1), put(pieces, x, k, 1);
  run(sweep);
  for (int trial = 0; trial < 3; trial++) {
    for (int k = 0; k <= order; k += trial + 1)
      assert_int_equal(jet_plan_run_orders(pieces, k, k + trial < order ? k + trial + 1 : order + 1), JET_OK);
    for (int o = 0; o <= OUTPUTS; o++)
      for (int k = 0; k <= order; k++) {
        char what[80];
        snprintf(what, sizeof what, "n %td, order %d, output %d, coefficient %d", n, order, o, k);
        assert_numbers(data(pieces, out[o], k), data(sweep, out[o], k), jet_size(out[o]), what);
      }
  }
  jet_plan_free(sweep);
  free_both(pieces, tape);
}

static void pieces_of_all_kinds_of_steps(void **state) {
  static const ptrdiff_t sizes[] = {3, 40, 300, 2000};
  (void)state;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    for (int order = 0; order <= 4; order += 2) check_pieces(sizes[i], order);
}

/* Each output alone, and all of them: other regions, other slots, the same numbers. */
static void an_output_alone_is_the_same(void **state) {
  enum { N = 70 };
  const ptrdiff_t n = N;
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = jet_input_series(jet_parameter(tape, 2), 1, &n), out[OUTPUTS + 1];
  with_gradient(x, out);
  jet_plan *all = plan_of(tape, OUTPUTS + 1, out);
  for (int k = 0; k <= 2; k++) put(all, x, k, 1);
  run(all);
  for (int o = 0; o <= OUTPUTS; o++)
    for (int k = 0; k <= jet_order(out[o]); k++) {
      jet c = jet_coefficient(out[o], k);
      jet_plan *alone = plan_of(tape, 1, &c);
      for (int j = 0; j <= 2; j++) put(alone, x, j, 1);
      run(alone);
      assert_numbers(data(alone, c, 0), data(all, out[o], k), jet_size(out[o]), "alone");
      jet_plan_free(alone);
    }
  free_both(all, tape);
}

static void a_small_program_is_one_region(void **state) {
  const ptrdiff_t n = 6;
  (void)state;
  if (HOSTILE) skip();
  jet_tape *tape = jet_tape_new();
  jet x = vector(tape, n), out[OUTPUTS + 1];
  with_gradient(x, out);
  jet_plan *plan = plan_of(tape, OUTPUTS + 1, out);
  assert_int_equal(plan->nregions, 1);
  free_both(plan, tape);
}

static void a_plan_of_arrays_outlives_its_tape(void **state) {
  enum { N = 300 };
  static double want[OUTPUTS + 1][4 * N];
  (void)state;
  for (int freed = 0; freed < 2; freed++) {
    jet_tape *tape = jet_tape_new();
    jet x = vector(tape, N), out[OUTPUTS + 1];
    ptrdiff_t size[OUTPUTS + 1];
    with_gradient(x, out);
    for (int o = 0; o <= OUTPUTS; o++) size[o] = jet_size(out[o]);
    jet_plan *plan = plan_of(tape, OUTPUTS + 1, out);
    put(plan, x, 0, 4);
    if (freed) jet_tape_free(tape);
    run(plan);
    for (int o = 0; o <= OUTPUTS; o++) {
      if (freed) assert_numbers(data(plan, out[o], 0), want[o], size[o], "after the tape");
      memcpy(want[o], data(plan, out[o], 0), (size_t)size[o] * sizeof(double));
    }
    jet_plan_free(plan);
    if (!freed) jet_tape_free(tape);
  }
}

/* ---- memory ------------------------------------------------------------------------------------------------------------ */

typedef struct bank {
  int calls, blocks, fail_at;
} bank;

static void *bank_allocate(void *context, void *p, size_t old_size, size_t new_size) {
  bank *b = (bank *)context;
  (void)old_size;
  if (new_size && ++b->calls == b->fail_at) return NULL;
  b->blocks += !!new_size - !!p;
  if (new_size) return realloc(p, new_size);
  free(p);
  return NULL;
}

/* Wherever memory ends while planning, it is said, and nothing is lost; a run needs none. */
static void memory_ends_anywhere(void **state) {
  (void)state;
  for (ptrdiff_t n = 6; n <= 600; n *= 100) {
    bank b = {0, 0, 0};
    jet_tape_options options = JET_TAPE_OPTIONS_INIT;
    options.allocate = bank_allocate, options.context = &b;
    jet_tape *tape = jet_tape_new_ex(&options);
    const ptrdiff_t many[] = {P, n};
    jet x = vector(tape, n), w = jet_input(tape, 2, many), out[OUTPUTS + 1];
    with_gradient(jet_expand_many(x, w, jet_parameter(tape, 2)), out);
    int blocks = b.blocks, good = 0;
    for (int i = 1; !good; i++) {
      b.calls = 0, b.fail_at = i;
      jet_plan *plan = jet_plan_new(tape, OUTPUTS + 1, out);
      good = jet_plan_status(plan) == JET_OK;
      if (!good) assert_int_equal(jet_plan_status(plan), JET_NO_MEMORY);
      int calls = b.calls;
      if (good) run(plan);
      assert_int_equal(b.calls, calls);
      jet_plan_free(plan);
      assert_int_equal(b.blocks, blocks);
    }
    b.fail_at = 0;
    jet_tape_free(tape);
    assert_int_equal(b.blocks, 0);
  }
}

/* ---- directions as elements, and elements as directions ----------------------------------------------------------------- */

static void check_directions_as_elements(ptrdiff_t n) {
  const ptrdiff_t many[] = {P, n}, wide[] = {P + 2, n};
  const ptrdiff_t low[] = {1, 0}, high[] = {P + 1, n};
  jet_tape *tape = jet_tape_new();
  jet t = jet_parameter(tape, 2), x = vector(tape, n), v = jet_input(tape, 2, wide);
  jet w = jet_slice(v, low, high, NULL); /* directions that are part of an array */
  jet y = jet_expand_many(x, w, t), cut = part_of(y, 1, n), c = jet_coefficient(cut, 1); /* not contiguous: a copy */
  jet z = jet_expand_many(x, jet_coefficient(jet_square(y), 1), t);                      /* directions of results */
  jet flat = jet_add(y, jet_expand(x, x, t));
  jet out[] = {y, cut, c, z, flat, jet_coefficient(z, 1), jet_scale(c, 2), jet_coefficient(flat, 0)};
  jet_plan *plan = plan_of(tape, 8, out);
  put(plan, x, 0, 1), put(plan, v, 0, 2);
  run(plan);
  (void)many;
  const double *px = data(plan, x, 0), *pw = data(plan, v, 0) + n;
  for (int p = 0; p < P; p++)
    for (ptrdiff_t i = 0; i < n; i++) {
      ptrdiff_t e = p * n + i;
      assert_true(data(plan, y, 1)[e] == pw[e] && data(plan, y, 0)[i] == px[i]);
      assert_true(data(plan, z, 1)[e] == 2 * px[i] * pw[e] && data(plan, z, 1)[e] == data(plan, out[5], 0)[e]);
      assert_true(data(plan, flat, 1)[e] == pw[e] + px[i] && data(plan, flat, 0)[i] == 2 * px[i]);
      if (i == 0) continue;
      ptrdiff_t f = p * (n - 1) + i - 1;
      assert_true(data(plan, cut, 1)[f] == pw[e] && data(plan, c, 0)[f] == pw[e] &&
                  data(plan, out[6], 0)[f] == 2 * pw[e]);
    }
  for (int p = 0; p < P; p++) assert_true(data(plan, y, 2)[p * n] == 0);
  free_both(plan, tape);
}

static void directions_as_elements(void **state) {
  static const ptrdiff_t sizes[] = {2, 20, 60, 100, 2000};
  (void)state;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) check_directions_as_elements(sizes[i]);
}

/* A coefficient that is one for all directions, where the caller sees it once for each. */
static void shared_planes_of_outputs_are_repeated(void **state) {
  enum { N = 100 };
  static double memory[P * N];
  const ptrdiff_t many[] = {P, N}, n = N;
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet t = jet_parameter(tape, 3), x = vector(tape, N), w = jet_input(tape, 2, many);
  jet square = jet_mul(t, jet_mul(t, jet_broadcast_to(x, 1, &n))), y = jet_add(jet_expand_many(x, w, t), square);
  jet_plan *plan = plan_of(tape, 1, &y);
  for (int bound = 0; bound < 2; bound++) {
    put(plan, x, 0, 1), put(plan, w, 0, 2);
    if (bound) jet_plan_bind(plan, y, 2, memory);
    run(plan);
    for (int p = 0; p < P; p++) assert_numbers(data(plan, y, 2) + p * N, data(plan, x, 0), N, "coefficient 2");
    assert_numbers(data(plan, y, 1), data(plan, w, 0), P * N, "coefficient 1");
  }
  free_both(plan, tape);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_reshape_stays_in_its_region),
      cmocka_unit_test(parts_of_inputs_are_not_copied),
      cmocka_unit_test(parts_of_results_are_complete),
      cmocka_unit_test(deposits_of_any_length),
      cmocka_unit_test(a_deposit_does_not_depend_on_the_rest_of_the_plan),
      cmocka_unit_test(the_gradient_of_rosenbrock_is_one_pass),
      cmocka_unit_test(very_many_parts),
      cmocka_unit_test(broadcasts_of_all_axes),
      cmocka_unit_test(directions_are_single_sweeps),
      cmocka_unit_test(pieces_of_all_kinds_of_steps),
      cmocka_unit_test(an_output_alone_is_the_same),
      cmocka_unit_test(a_small_program_is_one_region),
      cmocka_unit_test(a_plan_of_arrays_outlives_its_tape),
      cmocka_unit_test(memory_ends_anywhere),
      cmocka_unit_test(directions_as_elements),
      cmocka_unit_test(shared_planes_of_outputs_are_repeated),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
