/* test_collapse.c - sums over directions: jet_coefficient_sum of every operation, on one plane of sums, is the sum of coefficients that
   were made direction by direction, and so are gradients of losses that contain it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "op_list.h"
#include "random_jets.h"

enum { ORDER = 3, GRADIENTS = 2 * OPERANDS };

typedef enum mode {
  ALL_DIRECTIONS,
  FIRST_WITHOUT, /* the first operand is a jet that all directions share */
  FIRST_PLAIN,
  APART_TOO, /* the operands' coefficients are outputs, direction by direction */
  MODES
} mode;

typedef struct trial_case {
  const op_entry *op;
  const op_variant *variant;
  int order, directions;
  mode mode;
} trial_case;

typedef struct program {
  jet_tape *tape;
  jet a[OPERANDS], v[OPERANDS], x[OPERANDS], y, u;
  jet sum, part[ORDER + 1];                     /* coefficients by direction */
  jet grad_sum[GRADIENTS], grad_part[GRADIENTS], wrt[GRADIENTS];
  int ngrad;
} program;

static bool is_jet(const trial_case *c, int i) { return c->op->in[i].kind == OPERAND_JET; }

static jet input_like(jet x, int many) {
  ptrdiff_t dims[JET_MAX_RANK] = {many};
  for (int i = 0; i < jet_rank(x); i++) dims[i + (many > 0)] = jet_extent(x, i);
  return jet_input(x.tape, jet_rank(x) + (many > 0), dims);
}

/* a + d + d^2 + d^3, d = v t: all coefficients. */
static jet operand_of(const trial_case *c, program *p, jet t, int i) {
  const op_shape *s = &c->variant->in[i];
  p->a[i] = jet_input(p->tape, s->rank, s->dims);
  int first = i == 0 && c->variant->arity > 1 && is_jet(c, 0) && is_jet(c, 1);
  if (!is_jet(c, i) || (first && c->mode == FIRST_PLAIN)) return p->a[i];
  int one = first && c->mode == FIRST_WITHOUT;
  p->v[i] = input_like(p->a[i], one ? 0 : c->directions);
  jet e = one ? jet_expand(p->a[i], p->v[i], t) : jet_expand_many(p->a[i], p->v[i], t), d = jet_sub(e, p->a[i]);
  return jet_add(e, jet_add(jet_mul(d, d), jet_mul(d, jet_mul(d, d))));
}

static void record_gradients(const trial_case *c, program *p) {
  const int axis = 0;
  jet apart = p->part[c->order], added = jet_rank(apart) > jet_rank(p->y) ? jet_sum_over(apart, 1, &axis, 0) : apart;
  p->u = input_like(p->sum, 0);
  for (int i = 0; i < c->variant->arity; i++) {
    if (is_jet(c, i)) p->wrt[p->ngrad++] = p->a[i];
    if (p->v[i].tape) p->wrt[p->ngrad++] = p->v[i];
  }
  jet_grad(jet_sum(jet_mul(p->u, p->sum)), p->ngrad, p->wrt, p->grad_sum);
  jet_grad(jet_sum(jet_mul(p->u, added)), p->ngrad, p->wrt, p->grad_part);
}

static bool record(const trial_case *c, program *p) { /* false: plain, by nature */
  memset(p, 0, sizeof *p);
  p->tape = jet_tape_new();
  jet t = jet_parameter(p->tape, c->order);
  for (int i = 0; i < c->variant->arity; i++) p->x[i] = operand_of(c, p, t, i);
  p->y = c->variant->record ? c->variant->record(p->x) : c->op->record(p->x);
  if (jet_tape_status(p->tape)) fail_msg("%s: %s", c->op->name, jet_tape_message(p->tape));
  if (jet_order(p->y) < c->order) return false;
  for (int k = 0; k <= c->order; k++) p->part[k] = jet_coefficient(p->y, k);
  p->sum = jet_coefficient_sum(p->y, c->order);
  record_gradients(c, p);
  if (jet_tape_status(p->tape)) fail_msg("%s: %s", c->op->name, jet_tape_message(p->tape));
  return true;
}

/* ---- numbers ----------------------------------------------------------------------------------------------------------------- */

static void fill_operand(const trial_case *c, const program *p, jet_plan *plan, int i, generator *g) {
  const operand *o = &c->op->in[i];
  double *a = jet_plan_data(plan, p->a[i], 0), size = c->op->flags & OP_KINKS ? 0.05 : 0.3;
  ptrdiff_t n = jet_size(p->a[i]);
  for (ptrdiff_t e = 0; e < n; e++)
    if (o->kind != OPERAND_JET) a[e] = floor(uniform(g, o->low, o->high + 1));
    else if (c->op->flags & OP_KINKS) /* apart */
      a[e] = o->low + (o->high - o->low) * ((double)(n % 7 ? e * 7 % n : e) + 0.29 + 0.37 * i) / (double)n;
    else a[e] = uniform(g, o->low, o->high);
  if (!p->v[i].tape) return;
  double *v = jet_plan_data(plan, p->v[i], 0);
  for (ptrdiff_t e = 0; e < jet_size(p->v[i]); e++) v[e] = uniform(g, -size, size);
}

static void fill_all(const trial_case *c, const program *p, jet_plan *plan) {
  generator g = {(uint64_t)(c->order * 100 + c->directions)};
  for (int i = 0; i < c->variant->arity; i++) fill_operand(c, p, plan, i, &g);
  double *u = jet_plan_data(plan, p->u, 0);
  for (ptrdiff_t e = 0; e < jet_size(p->u); e++) u[e] = uniform(&g, -1, 1);
}

static double largest_of(jet_plan *plan, jet x) {
  const double *y = jet_plan_data(plan, x, 0);
  double m = 0;
  for (ptrdiff_t i = 0; i < jet_size(x); i++) m = fmax(m, fabs(y[i]));
  return m;
}

static jet_plan *plan_of(const trial_case *c, const program *p, int n, const jet outputs[]) {
  jet_plan *plan = jet_plan_new(p->tape, n, outputs);
  if (jet_plan_status(plan)) fail_msg("%s: %s", c->op->name, jet_plan_message(plan));
  fill_all(c, p, plan);
  run(plan);
  return plan;
}

/* ---- the law ------------------------------------------------------------------------------------------------------------------ */

static int differ(const trial_case *c, const char *what, const double *got, const double *want, ptrdiff_t n, double tolerance) {
  for (ptrdiff_t i = 0; i < n; i++) {
    if (fabs(got[i] - want[i]) <= tolerance || (isnan(got[i]) && isnan(want[i]))) continue;
    print_error("%s, variant %d, order %d, %d directions, mode %d: %s, element %td: %.17g instead of %.17g\n", c->op->name,
                (int)(c->variant - c->op->variants), c->order, c->directions, (int)c->mode, what, i, got[i], want[i]);
    return 1;
  }
  return 0;
}

static int check_sum(const trial_case *c, const program *p, jet_plan *sums, jet_plan *parts) {
  jet apart = p->part[c->order];
  ptrdiff_t n = jet_size(p->sum), copies = n ? jet_size(apart) / n : 0;
  double *want = (double *)calloc((size_t)n + 1, sizeof *want), size = 0;
  for (ptrdiff_t i = 0; i < n; i++)
    for (ptrdiff_t q = 0; q < copies; q++) want[i] += jet_plan_data(parts, apart, 0)[q * n + i];
  for (int k = 0; k <= c->order; k++) size = fmax(size, largest_of(parts, p->part[k]));
  int wrong = differ(c, "sum", jet_plan_data(sums, p->sum, 0), want, n, 1e-12 * size * (double)c->directions + 32 * REF_UNIT);
  free(want);
  return wrong;
}

static int check(const trial_case *c) {
  program p;
  int wrong = 0, n = 0, m = 0;
  if (record(c, &p)) {
    jet outputs[2 + GRADIENTS + OPERANDS], others[ORDER + 1 + GRADIENTS];
    outputs[n++] = p.sum;
    for (int i = 0; i < p.ngrad; i++) outputs[n++] = p.grad_sum[i];
    for (int i = 0; i < c->variant->arity && c->mode == APART_TOO; i++)
      if (is_jet(c, i)) outputs[n++] = jet_coefficient(p.x[i], c->order);
    for (int k = 0; k <= c->order; k++) others[m++] = p.part[k];
    for (int i = 0; i < p.ngrad; i++) others[m++] = p.grad_part[i];
    jet_plan *sums = plan_of(c, &p, n, outputs), *parts = plan_of(c, &p, m, others);
    wrong += check_sum(c, &p, sums, parts);
    double size = 0;
    for (int i = 0; i < p.ngrad; i++) size = fmax(size, largest_of(parts, p.grad_part[i]));
    for (int i = 0; i < p.ngrad && !wrong; i++)
      wrong += differ(c, "gradient", jet_plan_data(sums, p.grad_sum[i], 0), jet_plan_data(parts, p.grad_part[i], 0),
                      jet_size(p.grad_sum[i]), 1e-12 * size + 64 * REF_UNIT);
    jet_plan_free(sums);
    jet_plan_free(parts);
  }
  jet_tape_free(p.tape);
  return wrong;
}

static void check_all(mode m) {
  static const int directions[] = {1, 2, 5};
  int wrong = 0, checked = 0;
  for (int i = 0; i < op_count; i++)
    for (int v = 0; v < op_list[i].count; v++)
      for (int order = 1; order <= ORDER; order++)
        for (int d = 0; d < 3; d++) {
          trial_case c = {&op_list[i], &op_list[i].variants[v], order, directions[d], m};
          wrong += check(&c);
          checked++;
        }
  if (wrong) fail_msg("%d of %d checks failed", wrong, checked);
}

static void of_every_operation(void **state) { (void)state, check_all(ALL_DIRECTIONS); }
static void with_a_jet_that_directions_share(void **state) { (void)state, check_all(FIRST_WITHOUT); }
static void with_a_plain_operand(void **state) { (void)state, check_all(FIRST_PLAIN); }
static void where_directions_are_wanted_too(void **state) { (void)state, check_all(APART_TOO); }

/* ---- of what else ------------------------------------------------------------------------------------------------------------- */

static void any_coefficient_and_what_directions_share(void **state) {
  (void)state;
  enum { P = 4 };
  const ptrdiff_t n = 3, many[] = {P, 3};
  const double at[] = {0.5, -1, 2};
  jet_tape *tape = jet_tape_new();
  jet t = jet_parameter(tape, 3), x = jet_input(tape, 1, &n), v = jet_input(tape, 2, many);
  jet y = jet_exp(jet_expand_many(x, v, t)), z = jet_expand(x, x, t), out[7];
  for (int k = 0; k < 4; k++) out[k] = jet_coefficient_sum(y, k);
  out[4] = jet_coefficient_sum(z, 1); /* no directions: the coefficient */
  out[5] = jet_coefficient_sum(x, 0); /* plain: itself */
  out[6] = jet_coefficient_sum(y, 1); /* twice */
  jet_plan *plan = jet_plan_new(tape, 7, out);
  assert_int_equal(jet_tape_status(tape), JET_OK);
  memcpy(jet_plan_data(plan, x, 0), at, sizeof at);
  for (int i = 0; i < P * 3; i++) jet_plan_data(plan, v, 0)[i] = 0.1 * (i + 1);
  run(plan);
  for (int i = 0; i < 3; i++) {
    double power[4] = {0};
    for (int p = 0; p < P; p++)
      for (int k = 0; k < 4; k++) power[k] += pow(0.1 * (3 * p + i + 1), k);
    const double factorial[] = {1, 1, 2, 6};
    for (int k = 0; k < 4; k++)
      assert_true(fabs(jet_plan_data(plan, out[k], 0)[i] - exp(at[i]) * power[k] / factorial[k]) <= 1e-13 * exp(at[i]) * power[k]);
    assert_true(jet_plan_data(plan, out[4], 0)[i] == at[i] && jet_plan_data(plan, out[5], 0)[i] == at[i]);
    assert_true(jet_plan_data(plan, out[6], 0)[i] == jet_plan_data(plan, out[1], 0)[i]);
  }
  jet_plan_free(plan);
  jet_tape_free(tape);
}

/* |d w| with d_0 = w_0 = 0 is decided by coefficient 2 of each direction; the quotient at 0 by valuation. */
static void at_kinks_and_poles_by_directions(void **state) {
  (void)state;
  enum { P = 4 };
  const ptrdiff_t many[] = {P};
  const double a[P] = {1, -2, 3, -1}, b[P] = {2, 1, -1, -3};
  jet_tape *tape = jet_tape_new();
  jet t = jet_parameter(tape, 2), zero = jet_input(tape, 0, NULL), v = jet_constant(tape, 1, many, a), w = jet_constant(tape, 1, many, b);
  jet d = jet_expand_many(zero, v, t), e = jet_expand_many(zero, w, t), f = jet_mul(e, jet_shift(d, 1));
  jet out[] = {jet_coefficient_sum(jet_abs(jet_mul(d, e)), 2), jet_coefficient(jet_abs(jet_mul(d, e)), 2),
               jet_coefficient_sum(jet_div(f, e), 1), jet_coefficient_sum(jet_sqrt(jet_square(d)), 1)};
  jet_plan *plan = jet_plan_new(tape, 4, out);
  assert_int_equal(jet_tape_status(tape), JET_OK);
  run(plan);
  assert_true(*jet_plan_data(plan, out[0], 0) == 2 + 2 + 3 + 3);
  assert_true(*jet_plan_data(plan, out[2], 0) == 1 - 2 + 3 - 1); /* of 1 + d */
  assert_true(*jet_plan_data(plan, out[3], 0) == 1 + 2 + 3 + 1);
  jet_plan_free(plan);
  out[0] = jet_coefficient_sum(jet_relu(jet_mul(d, e)), 2);
  plan = jet_plan_new(tape, 1, out);
  run(plan);
  assert_true(*jet_plan_data(plan, out[0], 0) == 2 + 3);
  jet_plan_free(plan);
  jet_tape_free(tape);
}

/* Merging equal values does not change what is summed: the same numbers bit for bit with one that is wanted apart. */
static void merging_changes_no_bit(void **state) {
  (void)state;
  enum { P = 5, N = 150 };
  const ptrdiff_t n = N, many[] = {P, N};
  jet_tape *tape = jet_tape_new();
  jet t = jet_parameter(tape, 2), x = jet_input(tape, 1, &n), v = jet_input(tape, 2, many), e = jet_expand_many(x, v, t);
  jet out[3] = {jet_coefficient_sum(jet_exp(jet_tanh(e)), 2), jet_coefficient(jet_exp(jet_tanh(e)), 2),
                jet_coefficient_sum(jet_square(jet_tanh(e)), 2)};
  double first[2][N];
  for (int without = 0; without < 2; without++) {
    jet_plan_options o = JET_PLAN_OPTIONS_INIT;
    o.without = without ? JET_ALL : 0;
    jet_plan *plan = jet_plan_new_ex(tape, 3, out, &o);
    generator g = {5};
    for (int i = 0; i < N; i++) jet_plan_data(plan, x, 0)[i] = uniform(&g, -1, 1);
    for (int i = 0; i < P * N; i++) jet_plan_data(plan, v, 0)[i] = uniform(&g, -1, 1);
    run(plan);
    for (int j = 0; j < 2; j++)
      if (!without) memcpy(first[j], jet_plan_data(plan, out[2 * j], 0), sizeof first[j]);
      else assert_memory_equal(first[j], jet_plan_data(plan, out[2 * j], 0), sizeof first[j]);
    jet_plan_free(plan);
  }
  jet_tape_free(tape);
}

static void orders_outside_are_refused(void **state) {
  (void)state;
  for (int k = -1; k <= 3; k += 4) {
    jet_tape *tape = jet_tape_new();
    jet t = jet_parameter(tape, 2), x = jet_input(tape, 0, NULL);
    jet_coefficient_sum(jet_expand(x, x, t), k);
    assert_int_equal(jet_tape_status(tape), JET_BAD_ORDER);
    jet_tape_free(tape);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(of_every_operation),
      cmocka_unit_test(with_a_jet_that_directions_share),
      cmocka_unit_test(with_a_plain_operand),
      cmocka_unit_test(where_directions_are_wanted_too),
      cmocka_unit_test(any_coefficient_and_what_directions_share),
      cmocka_unit_test(at_kinks_and_poles_by_directions),
      cmocka_unit_test(merging_changes_no_bit),
      cmocka_unit_test(orders_outside_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
