/* test_types.c - tapes of type float: every operation of op_list.h against the same in double, sweeps in pieces, what types refuse
   and how, numbers that are rounded when a plan is made. */
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

#include "generator.h"
#include "op_list.h"
#include "reference.h"

static jet_tape *tape_of(jet_type type, jet_isa isa) { return ref_tape_of(type, isa, true); }

/* ---- every operation in both types --------------------------------------------------------------------------------------------- */

enum { ROOM = 320, TRIALS = 4, LONGEST = 32, BRIDGE = 6 };
static const double step = 0.25; /* the largest number in v */
static const int orders[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 16, LONGEST};

typedef struct question { /* F(a + v t), with numbers that are floats */
  const op_entry *op;
  const op_variant *variant;
  int order;
  double a[OPERANDS][ROOM], v[OPERANDS][ROOM];
} question;

typedef struct answer {
  jet_tape *tape;
  jet_plan *plan;
  jet a[OPERANDS], v[OPERANDS], y;
} answer;

static ptrdiff_t size_of(const question *q, int i) { return op_shape_size(&q->variant->in[i]); }

/* Of operations with kinks, numbers in random order the distances of which are known. */
static void ask(question *q, uint64_t seed) {
  generator g = {seed};
  for (int i = 0; i < q->variant->arity; i++) {
    const operand *o = &q->op->in[i];
    ptrdiff_t n = size_of(q, i);
    assert_true(n <= ROOM);
    for (ptrdiff_t e = 0; e < n; e++) {
      double at = q->op->flags & OP_KINKS ? ((double)(7 * e % n) + 0.29 + 0.37 * i) / (double)n : uniform(&g, 0, 1);
      double x = o->kind == OPERAND_JET ? o->low + (o->high - o->low) * at : floor(uniform(&g, o->low, o->high + 1));
      q->a[i][e] = (double)(float)x;
      q->v[i][e] = (double)(float)uniform(&g, -step, step);
    }
  }
}

static answer answer_new(const question *q, jet_type type, jet_isa isa, int by_orders) {
  jet_plan_options options = JET_PLAN_OPTIONS_INIT;
  answer r = {.tape = tape_of(type, isa)};
  jet x[OPERANDS], t = jet_parameter(r.tape, q->order);
  for (int i = 0; i < q->variant->arity; i++) {
    r.a[i] = jet_input(r.tape, q->variant->in[i].rank, q->variant->in[i].dims);
    r.v[i] = jet_input(r.tape, q->variant->in[i].rank, q->variant->in[i].dims);
    x[i] = q->op->in[i].kind == OPERAND_JET ? jet_expand(r.a[i], r.v[i], t) : r.a[i];
  }
  r.y = q->variant->record ? q->variant->record(x) : q->op->record(x);
  options.by_orders = by_orders;
  r.plan = jet_plan_new_ex(r.tape, 1, &r.y, &options);
  return r;
}

static void answer_free(answer *r) {
  jet_plan_free(r->plan);
  jet_tape_free(r->tape);
}

static void put(const answer *r, jet x, ptrdiff_t e, double number) {
  if (jet_tape_type(r->tape) == JET_F32) jet_plan_data_f32(r->plan, x, 0)[e] = (float)number;
  else jet_plan_data(r->plan, x, 0)[e] = number;
}

static double get(const answer *r, int k, ptrdiff_t e) {
  return jet_tape_type(r->tape) == JET_F32 ? (double)jet_plan_data_f32(r->plan, r->y, k)[e]
                                           : jet_plan_data(r->plan, r->y, k)[e];
}

enum { NOBODY = -1 };

/* a of operand `moves`, or v of operand `moves` - OPERANDS, with every number moved by u relative to itself, up or down. */
static void fill(const question *q, const answer *r, int moves, generator *g) {
  for (int i = 0; i < q->variant->arity; i++)
    for (ptrdiff_t e = 0; e < size_of(q, i); e++) {
      double by = 1 + (moves % OPERANDS == i && uniform(g, 0, 1) < 0.5 ? -0x1p-24 : 0x1p-24);
      put(r, r->a[i], e, q->a[i][e] * (moves == i ? by : 1));
      put(r, r->v[i], e, q->v[i][e] * (moves == i + OPERANDS ? by : 1));
    }
}

static void run(const answer *r) { assert_int_equal(jet_plan_run(r->plan), JET_OK); }

typedef struct table {
  double at[LONGEST + BRIDGE + 1][ROOM];
} table;

static void read_answer(const answer *r, table *to) {
  for (int k = 0; k <= jet_order(r->y); k++)
    for (ptrdiff_t e = 0; e < jet_size(r->y); e++) to->at[k][e] = get(r, k, e);
}

/* As the tests of reference data have it: where a coefficient is nearly zero because a point is nearly symmetric, the scale of its
   neighbours on both sides. */
static double bridged(const table *s, int k, ptrdiff_t e, int order) {
  double most = 0;
  for (int m = 0; m <= BRIDGE && m <= k && k + m <= order; m++) most = fmax(most, sqrt(s->at[k - m][e]) * sqrt(s->at[k + m][e]));
  return most;
}

/* Adds to the scale how much, in units of u, the truth moves when the numbers `moves` (fill) do. */
static void add_motion(const question *q, const answer *r, int moves, const table *want, table *scale) {
  static table moved, most;
  generator g = {1};
  memset(&most, 0, sizeof most);
  for (int trial = 0; trial < TRIALS; trial++) {
    fill(q, r, moves, &g), run(r), read_answer(r, &moved);
    for (int k = 0; k <= jet_order(r->y); k++)
      for (ptrdiff_t e = 0; e < jet_size(r->y); e++)
        most.at[k][e] = fmax(most.at[k][e], fabs(moved.at[k][e] - want->at[k][e]) * 0x1p24);
  }
  for (int k = 0; k <= jet_order(r->y); k++)
    for (ptrdiff_t e = 0; e < jet_size(r->y); e++) scale->at[k][e] += most.at[k][e];
}

static double largest(const question *q) {
  double most = 0;
  for (int i = 0; i < q->variant->arity; i++)
    for (ptrdiff_t e = 0; e < size_of(q, i); e++) most = fmax(most, fabs(q->a[i][e]));
  return most;
}

/* Of operations that are made of others, on many elements: terms of the size of any element and of any number before, times what a step
   of v makes of it, may have cancelled. */
static void widen(const question *q, const answer *r, table *scale) {
  double most = largest(q) / step;
  for (int k = 0; k <= jet_order(r->y); k++) {
    most *= step;
    for (ptrdiff_t e = 0; e < jet_size(r->y); e++) most = fmax(most, scale->at[k][e]);
    for (ptrdiff_t e = 0; e < jet_size(r->y); e++) scale->at[k][e] = most;
  }
}

static bool is_one_node(const op_entry *op) {
  return op->group == GROUP_ELEMENTWISE || op->group == GROUP_MASKS || op->group == GROUP_SHAPES || op->group == GROUP_INDICES;
}

/* The truth, in double, and S_k of tests/reference/FORMAT.md for the operation as one node: the coefficient itself, and what it moves by
   when the numbers do. */
static void truth(const question *asked, table *want, table *scale, jet_isa isa) {
  static question longer;
  longer = *asked, longer.order += BRIDGE;
  answer r = answer_new(&longer, JET_F64, isa, 0);
  fill(&longer, &r, NOBODY, NULL), run(&r), read_answer(&r, want);
  for (ptrdiff_t e = 0; e < jet_size(r.y); e++)
    for (int k = 0; k <= jet_order(r.y); k++) scale->at[k][e] = fabs(want->at[k][e]);
  for (int i = 0; i < asked->variant->arity; i++) {
    if (asked->op->in[i].kind != OPERAND_JET) continue;
    add_motion(&longer, &r, i, want, scale);
    add_motion(&longer, &r, i + OPERANDS, want, scale);
  }
  if (!is_one_node(asked->op)) widen(asked, &r, scale);
  answer_free(&r);
}

/* What the scale, which has an operation as one node, does not tell. Nothing else is excused. */
static const struct exception {
  const char *name;
  int from; /* coefficient */
  const char *reason;
} exceptions[] = {{"pow", 9, "exp(b log a): the errors of log a and of b log a count as nodes of their own"},
                  {"norm", 17, "of a single small number all above order 1 cancels, at a rate v/a above `step`"}};

static int compared_orders(const question *q, int order) {
  for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++)
    if (!strcmp(exceptions[i].name, q->op->name) && order >= exceptions[i].from) return exceptions[i].from;
  return order + 1;
}

static double worst;

static int compare(const question *q, const answer *r, const table *want, const table *scale) {
  for (int k = 0, end = compared_orders(q, jet_order(r->y)); k < end; k++)
    for (ptrdiff_t e = 0; e < jet_size(r->y); e++) {
      double got = get(r, k, e), error = fabs(got - want->at[k][e]);
      double unit = 0x1p-24 * bridged(scale, k, e, q->order + BRIDGE) + 0x1p-120;
      if (isnan(got) && isnan(want->at[k][e])) continue;
      if (error / unit > worst) worst = error / unit;
      if (got == want->at[k][e] || error <= REF_TOLERANCE * unit) continue;
      print_error("%s, variant %d, order %d: coefficient %d of element %td: %.9g in float, %.17g in double, error %.3g u S_k\n",
                  q->op->name, (int)(q->variant - q->op->variants), q->order, k, e, got, want->at[k][e], error / unit);
      return 1;
    }
  return 0;
}

static int in_pieces(const question *q, const answer *whole, jet_isa isa) {
  answer r = answer_new(q, JET_F32, isa, 1);
  int bad = 0;
  if (jet_plan_status(r.plan) == JET_OK) {
    fill(q, &r, NOBODY, NULL);
    for (int k = 0; k <= jet_order(r.y); k++) assert_int_equal(jet_plan_run_orders(r.plan, k, k + 1), JET_OK);
    for (int k = 0; k <= jet_order(r.y) && !bad; k++)
      for (ptrdiff_t e = 0; e < jet_size(r.y) && !bad; e++) {
        double got = get(&r, k, e), want = get(whole, k, e);
        bad = !(got == want || (isnan(got) && isnan(want)));
        if (bad)
          print_error("%s, order %d: coefficient %d of element %td: %.9g in pieces, %.9g in one\n", q->op->name, q->order, k,
                      e, got, want);
      }
  }
  answer_free(&r);
  return bad;
}

static int check_operation(question *q, jet_isa isa, uint64_t seed) {
  static table want, scale;
  ask(q, seed);
  truth(q, &want, &scale, isa);
  answer r = answer_new(q, JET_F32, isa, 0);
  fill(q, &r, NOBODY, NULL);
  run(&r);
  int bad = compare(q, &r, &want, &scale) + in_pieces(q, &r, isa);
  answer_free(&r);
  return bad;
}

static void every_operation_is_that_of_double(void **state) {
  (void)state;
  static question q;
  jet_isa isas[3];
  int bad = 0, n = ref_isas(isas);
  for (int i = 0; i < op_count; i++)
    for (int v = 0; v < op_list[i].count; v++)
      for (size_t o = 0; o < sizeof orders / sizeof *orders; o++)
        for (int a = 0; a < n; a++) {
          q.op = &op_list[i], q.variant = &op_list[i].variants[v], q.order = orders[o];
          bad += check_operation(&q, isas[a], (uint64_t)(100 * i + 10 * v + orders[o])) > 0;
        }
  print_message("worst: %.3g u S_k\n", worst);
  assert_int_equal(bad, 0);
}

/* ---- what types refuse ------------------------------------------------------------------------------------------------------- */

static void assert_says(const char *message, const char *part) {
  if (!strstr(message, part)) fail_msg("\"%s\" does not say \"%s\"", message, part);
}

static void jets_of_two_types_do_not_meet(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    jet_tape *f32 = tape_of(JET_F32, JET_ISA_AUTO), *f64 = tape_of(JET_F64, JET_ISA_AUTO), *first = i ? f32 : f64;
    const char *types = i ? "of another type: f32 and f64" : "of another type: f64 and f32";
    jet x = jet_input(first, 0, NULL), y = jet_input(i ? f64 : f32, 0, NULL), g;
    jet_plan *plan = jet_plan_new(first, 1, &y);
    assert_int_equal(jet_tape_type(first), i ? JET_F32 : JET_F64);
    assert_int_equal(jet_plan_status(plan), JET_FOREIGN);
    assert_says(jet_plan_message(plan), types);
    jet_plan_free(plan);
    plan = jet_plan_new(first, 1, &x);
    assert_int_equal(i ? jet_plan_bind_f32(plan, y, 0, NULL) : jet_plan_bind(plan, y, 0, NULL), JET_FOREIGN);
    assert_says(jet_plan_message(plan), types);
    jet_plan_free(plan);
    jet_add(x, y);
    assert_int_equal(jet_tape_status(first), JET_FOREIGN);
    assert_says(jet_tape_message(first), types);
    jet_tape_free(first);
    first = tape_of(i ? JET_F32 : JET_F64, JET_ISA_AUTO);
    x = jet_square(jet_input(first, 0, NULL));
    jet_grad(x, 1, &y, &g);
    assert_int_equal(jet_tape_status(first), JET_FOREIGN);
    assert_says(jet_tape_message(first), types);
    jet_tape_free(first);
    jet_tape_free(i ? f64 : f32);
  }
}

static void jets_of_two_tapes_of_one_type_say_nothing_of_types(void **state) {
  (void)state;
  jet_tape *a = tape_of(JET_F32, JET_ISA_AUTO), *b = tape_of(JET_F32, JET_ISA_AUTO);
  jet_add(jet_input(a, 0, NULL), jet_input(b, 0, NULL));
  assert_string_equal(jet_tape_message(a), "add: the operands are jets of two tapes");
  jet_tape_free(a), jet_tape_free(b);
}

static void the_other_types_memory_is_refused_by_name(void **state) {
  (void)state;
  double number = 1;
  float small = 1;
  jet_tape *f32 = tape_of(JET_F32, JET_ISA_AUTO), *f64 = tape_of(JET_F64, JET_ISA_AUTO);
  jet x = jet_input(f32, 0, NULL), y = jet_input(f64, 0, NULL);
  jet_plan *p = jet_plan_new(f32, 1, &x), *q = jet_plan_new(f64, 1, &y);
  assert_null(jet_plan_data(p, x, 0));
  assert_string_equal(jet_plan_message(p), "jet_plan_data: the numbers of the plan are f32: jet_plan_data_f32 reaches them");
  assert_int_equal(jet_plan_bind(p, x, 0, &number), JET_BAD_TYPE);
  assert_string_equal(jet_plan_message(p), "jet_plan_bind: the numbers of the plan are f32: jet_plan_bind_f32 reaches them");
  assert_null(jet_plan_data_f32(q, y, 0));
  assert_string_equal(jet_plan_message(q), "jet_plan_data_f32: the numbers of the plan are f64: jet_plan_data reaches them");
  assert_int_equal(jet_plan_bind_f32(q, y, 0, &small), JET_BAD_TYPE);
  assert_string_equal(jet_plan_message(q), "jet_plan_bind_f32: the numbers of the plan are f64: jet_plan_bind reaches them");
  assert_null(jet_plan_data_f32(p, x, 1));
  assert_says(jet_plan_message(p), "jet_plan_data_f32: coefficient 1 is outside 0..0");
  assert_null(jet_plan_data_f32(NULL, x, 0));
  assert_int_equal(jet_plan_bind_f32(NULL, x, 0, &small), JET_BAD_ARGUMENT);
  assert_int_equal(jet_plan_run(p), JET_OK); /* a refusal changes nothing */
  jet_plan_free(p), jet_plan_free(q);
  jet_tape_free(f32), jet_tape_free(f64);
}

static jet identity(jet x, void *data) { return (void)data, x; }

static void types_that_are_none_are_refused(void **state) {
  (void)state;
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  options.type = (jet_type)2;
  jet_tape *tape = jet_tape_new_ex(&options);
  assert_int_equal(jet_tape_status(tape), JET_BAD_ARGUMENT);
  assert_says(jet_tape_message(tape), "type is 2, neither JET_F64 nor JET_F32");
  jet_tape_free(tape);
  options.type = JET_F32;
  jet_fn *f = jet_fn_new_ex(identity, NULL, 1, &options);
  double x = 1, y;
  assert_int_equal(jet_fn_value(f, &x, &y), JET_BAD_TYPE);
  assert_says(jet_fn_message(f), "type has to be JET_F64");
  jet_fn_free(f);
  options.size = offsetof(jet_tape_options, type); /* as a caller compiled before there were types */
  tape = jet_tape_new_ex(&options);
  assert_int_equal(jet_tape_type(tape), JET_F64);
  jet_tape_free(tape);
  assert_int_equal(jet_tape_type(NULL), JET_F64);
}

/* ---- numbers ------------------------------------------------------------------------------------------------------------------- */

static void what_is_recorded_is_rounded_when_a_plan_is_made(void **state) {
  (void)state;
  jet_tape *tape = tape_of(JET_F32, JET_ISA_AUTO);
  const double third = 1.0 / 3, beyond = 1e300;
  jet x = jet_input(tape, 0, NULL), out[4] = {jet_scalar(tape, third), jet_scale(x, third), jet_scalar(tape, beyond), jet_square(x)};
  jet_plan *plan = jet_plan_new(tape, 4, out);
  *jet_plan_data_f32(plan, x, 0) = 1e30f;
  assert_int_equal(jet_plan_run(plan), JET_OK);
  assert_true(*jet_plan_data_f32(plan, out[0], 0) == (float)third);
  assert_true(*jet_plan_data_f32(plan, out[1], 0) == 1e30f * (float)third);
  assert_true(isinf(*jet_plan_data_f32(plan, out[2], 0)));
  assert_true(isinf(*jet_plan_data_f32(plan, out[3], 0))); /* as IEEE has it */
  jet_plan_free(plan);
  jet_tape_free(tape);
}

static void callers_memory_may_lie_at_any_float(void **state) {
  (void)state;
  enum { N = 3001 };
  static float x[N + 3], y[N + 3], want[N];
  ptrdiff_t n = N;
  jet_tape *tape = tape_of(JET_F32, JET_ISA_AUTO);
  jet a = jet_input(tape, 1, &n), b = jet_exp(jet_sin(a));
  jet_plan *plan = jet_plan_new(tape, 1, &b);
  for (int i = 0; i < N; i++) jet_plan_data_f32(plan, a, 0)[i] = (float)i * 0x1p-8f;
  run(&(answer){.plan = plan});
  memcpy(want, jet_plan_data_f32(plan, b, 0), sizeof want);
  for (int shift = 0; shift < 3; shift++) {
    for (int i = 0; i < N; i++) x[i + shift] = (float)i * 0x1p-8f;
    y[N + shift] = -7;
    assert_int_equal(jet_plan_bind_f32(plan, a, 0, x + shift), JET_OK);
    assert_int_equal(jet_plan_bind_f32(plan, b, 0, y + shift), JET_OK);
    run(&(answer){.plan = plan});
    assert_memory_equal(y + shift, want, sizeof want);
    assert_true(y[N + shift] == -7);
  }
  jet_plan_free(plan);
  jet_tape_free(tape);
}

static void looking_at_values_is_in_double(void **state) {
  (void)state;
  const double x = 0.1;
  double y = 0;
  jet_tape *tape = tape_of(JET_F32, JET_ISA_AUTO);
  jet a = jet_input(tape, 0, NULL);
  assert_int_equal(jet_poke(a, 1, &x), JET_OK);
  assert_int_equal(jet_peek(jet_square(a), 1, &y), JET_OK);
  assert_true(y == x * x);
  jet_tape_free(tape);
}

/* The same sum, of many numbers and shared among threads, is the same number. */
static void any_number_of_threads_gives_the_same_bits(void **state) {
  (void)state;
  ptrdiff_t n = 1 << 19;
  float got[3][2];
  for (int threads = 1; threads <= 4; threads *= 2) {
    jet_plan_options options = JET_PLAN_OPTIONS_INIT;
    options.threads = threads;
    jet_tape *tape = tape_of(JET_F32, JET_ISA_AUTO);
    jet t = jet_parameter(tape, 1), x = jet_input(tape, 1, &n), y = jet_sum(jet_tanh(jet_expand(x, jet_cos(x), t)));
    jet_plan *plan = jet_plan_new_ex(tape, 1, &y, &options);
    for (ptrdiff_t i = 0; i < n; i++) jet_plan_data_f32(plan, x, 0)[i] = (float)(i % 1001) * 0x1p-9f;
    run(&(answer){.plan = plan});
    for (int k = 0; k < 2; k++) got[threads / 2][k] = *jet_plan_data_f32(plan, y, k);
    assert_memory_equal(got[threads / 2], got[0], sizeof got[0]);
    jet_plan_free(plan);
    jet_tape_free(tape);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_operation_is_that_of_double),
      cmocka_unit_test(jets_of_two_types_do_not_meet),
      cmocka_unit_test(jets_of_two_tapes_of_one_type_say_nothing_of_types),
      cmocka_unit_test(the_other_types_memory_is_refused_by_name),
      cmocka_unit_test(types_that_are_none_are_refused),
      cmocka_unit_test(what_is_recorded_is_rounded_when_a_plan_is_made),
      cmocka_unit_test(callers_memory_may_lie_at_any_float),
      cmocka_unit_test(looking_at_values_is_in_double),
      cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
