/* test_memory.c - the allocator hook: who allocates when, what is freed, and what happens where memory ends. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reference.h"

/* ---- an allocator that looks ------------------------------------------------------------------------------------- */

enum { GUARD = 40, GUARD_BYTE = 0xdb, HEADER = sizeof(size_t) + GUARD };

typedef struct bank {
  int calls;       /* of any kind */
  int allocations; /* of new memory: new_size > 0 */
  int blocks;      /* alive */
  int fail_at;     /* the allocation that fails, from 1; 0: none */
  bool forever;    /* and all after it */
  bool refused;    /* an allocation did fail */
  int poison;      /* the byte that new memory is full of */
  int errors;      /* wrong sizes, broken guards */
} bank;

static size_t size_at(const unsigned char *block) {
  size_t size;
  memcpy(&size, block, sizeof size);
  return size;
}

static void check_guards(bank *b, const unsigned char *block, size_t size) {
  for (int i = 0; i < GUARD; i++)
    b->errors += block[sizeof size + (size_t)i] != GUARD_BYTE || block[HEADER + size + (size_t)i] != GUARD_BYTE;
}

static void *bank_new(bank *b, size_t size) {
  unsigned char *block = malloc(HEADER + size + GUARD);
  if (!block) return NULL;
  memcpy(block, &size, sizeof size);
  memset(block + sizeof size, GUARD_BYTE, GUARD);
  memset(block + HEADER, b->poison, size);
  memset(block + HEADER + size, GUARD_BYTE, GUARD);
  b->blocks++;
  return block + HEADER;
}

static void bank_drop(bank *b, void *p, size_t old_size) {
  if (!p) {
    b->errors += old_size != 0;
    return;
  }
  unsigned char *block = (unsigned char *)p - HEADER;
  b->errors += size_at(block) != old_size;
  check_guards(b, block, size_at(block));
  memset(block, 0x5a, HEADER + size_at(block) + GUARD); /* what is read later is wrong */
  free(block);
  b->blocks--;
}

static void *bank_allocate(void *context, void *p, size_t old_size, size_t new_size) {
  bank *b = (bank *)context;
  b->calls++;
  if (new_size) {
    b->allocations++;
    if (b->fail_at && (b->allocations == b->fail_at || (b->forever && b->allocations > b->fail_at))) {
      b->refused = true;
      return NULL;
    }
  }
  void *q = new_size ? bank_new(b, new_size) : NULL;
  if (q && p) memcpy(q, p, old_size < new_size ? old_size : new_size);
  if (q || !new_size) bank_drop(b, p, old_size);
  return q;
}

static jet_tape_options options_of(bank *b) {
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  options.allocate = bank_allocate;
  options.context = b;
  options.no_rewriting = 1; /* typed quotients lose orders and are run again */
  return options;
}

static void assert_balanced(const bank *b) {
  if (b->blocks) fail_msg("%d blocks are not freed", b->blocks);
  if (b->errors) fail_msg("%d wrong sizes or overrun blocks", b->errors);
}

/* ---- programs ---------------------------------------------------------------------------------------------------- */

enum { N = 77, ORDER = 5, OUTPUTS = 4 };

typedef struct program {
  jet_tape *tape;
  jet x, s, out[OUTPUTS];
  jet_plan *plan;
} program;

/* Constants, shapes enough to grow their table, several regions, spares, aliases, zeros, a sum. */
static void record(program *p, bank *b) {
  double numbers[N];
  const ptrdiff_t n = N, column[] = {3, 1};
  jet_tape_options options = options_of(b);
  for (int i = 0; i < N; i++) numbers[i] = 1 + 0.01 * i;
  p->tape = jet_tape_new_ex(&options);
  jet t = jet_parameter(p->tape, ORDER), c = jet_constant(p->tape, 1, &n, numbers);
  p->x = jet_input(p->tape, 1, &n);
  p->s = jet_input_series(t, 2, column);
  jet l = jet_expand(p->x, c, t), e = jet_exp(l), soft = jet_div(e, jet_sum(e));
  p->out[0] = jet_mul(jet_tanh(soft), jet_softplus(p->s));
  p->out[1] = jet_coefficient(p->out[0], 2);
  p->out[2] = jet_add(jet_pow(jet_square(l), jet_scalar(p->tape, 0.3)), jet_sum(jet_sub(l, jet_sum(c))));
  p->out[3] = jet_square(l);
  for (ptrdiff_t rank = 2; rank <= JET_MAX_RANK; rank++) {
    ptrdiff_t dims[JET_MAX_RANK] = {1, 1, 1, 1, 1, 1, 1, rank};
    jet_add(jet_input(p->tape, (int)rank, dims + JET_MAX_RANK - rank), jet_scalar(p->tape, (double)rank));
  }
}

static void plan(program *p, int by_orders) {
  jet_plan_options options = JET_PLAN_OPTIONS_INIT;
  options.by_orders = by_orders;
  p->plan = jet_plan_new_ex(p->tape, OUTPUTS, p->out, &options);
}

static void program_free(program *p) {
  jet_plan_free(p->plan);
  jet_tape_free(p->tape);
}

static void put_inputs(const program *p) {
  for (int i = 0; i < N; i++) jet_plan_data(p->plan, p->x, 0)[i] = 0.3 + sin(i);
  for (int k = 0; k <= ORDER; k++)
    for (int i = 0; i < 3; i++) jet_plan_data(p->plan, p->s, k)[i] = cos(i + k);
}

/* Bits of all results. */
static uint64_t digest(const program *p) {
  uint64_t h = 1, bits;
  for (int o = 0; o < OUTPUTS; o++)
    for (int k = 0; k <= jet_order(p->out[o]); k++)
      for (ptrdiff_t i = 0; i < jet_size(p->out[o]); i++) {
        memcpy(&bits, &jet_plan_data(p->plan, p->out[o], k)[i], sizeof bits);
        h = (h ^ bits) * 0x9e3779b97f4a7c15u;
      }
  return h;
}

static void assert_good(const program *p) {
  if (jet_tape_status(p->tape)) fail_msg("%s", jet_tape_message(p->tape));
  if (jet_plan_status(p->plan)) fail_msg("%s", jet_plan_message(p->plan));
}

static uint64_t run_all(int poison, int by_orders) {
  bank b = {.poison = poison};
  program p;
  record(&p, &b);
  plan(&p, by_orders);
  assert_good(&p);
  put_inputs(&p);
  assert_int_equal(jet_plan_run(p.plan), JET_OK);
  uint64_t h = digest(&p);
  program_free(&p);
  assert_balanced(&b);
  return h;
}

/* ---- who allocates ----------------------------------------------------------------------------------------------- */

static void runs_do_not_call_the_allocator(void **state) {
  (void)state;
  for (int by_orders = 0; by_orders < 2; by_orders++) {
    static double memory[3 * N];
    bank b = {.poison = 0xa5};
    program p;
    record(&p, &b);
    plan(&p, by_orders);
    assert_good(&p);
    int before = b.calls;
    put_inputs(&p);
    for (int i = 0; i < 3; i++) {
      assert_int_equal(jet_plan_bind(p.plan, p.out[0], 1, i == 1 ? memory : NULL), JET_OK);
      assert_int_equal(jet_plan_run(p.plan), JET_OK);
      assert_int_equal(jet_plan_run_orders(p.plan, 1, 3), by_orders ? JET_OK : JET_BAD_ARGUMENT);
    }
    assert_null(jet_plan_data(p.plan, p.out[0], ORDER + 1));
    assert_int_equal(jet_plan_bind(p.plan, p.out[0], -1, memory), JET_BAD_ORDER);
    assert_int_equal(jet_plan_lost(p.plan, p.out[2]), 0);
    assert_int_equal(b.calls, before);
    program_free(&p);
    assert_balanced(&b);
  }
}

static void recording_happens_in_the_given_memory_alone(void **state) {
  bank b = {.poison = 0xa5};
  program p;
  (void)state;
  record(&p, &b);
  int recorded = b.allocations;
  assert_true(recorded > 5);
  plan(&p, 0);
  assert_true(b.allocations > recorded);
  jet_tape_free(p.tape); /* the plan keeps what it needs, in the same memory */
  assert_true(b.blocks > 0);
  jet_plan_free(p.plan);
  assert_balanced(&b);
}

static void poisoned_memory_changes_nothing(void **state) {
  (void)state;
  for (int by_orders = 0; by_orders < 2; by_orders++) {
    uint64_t zeros = run_all(0, by_orders);
    assert_true(run_all(0xa5, by_orders) == zeros);
    assert_true(run_all(0xff, by_orders) == zeros);
    assert_true(run_all(0x7f, by_orders) == zeros);
  }
}

/* ---- jet_fn ------------------------------------------------------------------------------------------------------ */

/* (1 - cos x)/x^2 + sin(x)/x, both as typed; with constants. */
static jet quotients(jet x, void *data) {
  (void)data;
  jet c = jet_div(jet_sub(jet_scalar(x.tape, 1), jet_cos(x)), jet_mul(x, x));
  return jet_add(c, jet_div(jet_sin(x), x));
}

static jet mixture(jet x, void *data) { /* not elementwise: several regions */
  (void)data;
  jet e = jet_exp(x);
  return jet_add(jet_div(e, jet_sum(e)), quotients(x, NULL));
}

static jet smooth(jet x, void *data) { return (void)data, jet_exp(jet_tanh(x)); }

typedef enum question { VALUE, DERIVATIVES, TAYLOR, QUESTIONS } question;

static jet_status ask(jet_fn *f, question q, const double *x, double *y) {
  static double v[N];
  for (int i = 0; i < N; i++) v[i] = 1;
  return q == VALUE         ? jet_fn_value(f, x, y)
         : q == DERIVATIVES ? jet_fn_derivatives(f, ORDER, x, y)
                            : jet_fn_taylor(f, ORDER, x, v, y);
}

static void points(double x[N]) { /* element 0 is 0: orders are lost and won back */
  for (int i = 0; i < N; i++) x[i] = 0.1 * i;
}

static void second_calls_do_not_call_the_allocator(void **state) {
  jet_callback *const callbacks[] = {quotients, smooth};
  double x[N], first[(ORDER + 1) * N], second[(ORDER + 1) * N];
  (void)state;
  points(x);
  for (int c = 0; c < 2; c++)
    for (question q = VALUE; q < QUESTIONS; q++) {
      bank b = {.poison = 0xa5};
      jet_tape_options options = options_of(&b);
      jet_fn *f = jet_fn_new_ex(callbacks[c], NULL, N, &options);
      assert_int_equal(ask(f, q, x, first), JET_OK);
      int before = b.calls;
      for (int i = 0; i < 3; i++) assert_int_equal(ask(f, q, x, second), JET_OK);
      assert_memory_equal(first, second, sizeof(double) * N);
      assert_int_equal(jet_fn_outputs(f), N);
      if (b.calls != before) fail_msg("question %d: %d calls of the allocator in three runs", (int)q, b.calls - before);
      jet_fn_free(f);
      assert_balanced(&b);
    }
}

static void alternating_questions_do_not_call_the_allocator(void **state) {
  double x[N], y[(ORDER + 1) * N];
  bank b = {.poison = 0xa5};
  jet_tape_options options = options_of(&b);
  (void)state;
  points(x);
  jet_fn *f = jet_fn_new_ex(smooth, NULL, N, &options);
  for (question q = VALUE; q < QUESTIONS; q++) assert_int_equal(ask(f, q, x, y), JET_OK);
  int before = b.calls;
  for (int i = 0; i < 9; i++) assert_int_equal(ask(f, (question)(i % QUESTIONS), x, y), JET_OK);
  assert_int_equal(b.calls, before);
  jet_fn_free(f);
  assert_balanced(&b);
}

static void a_function_frees_what_it_forgets(void **state) {
  double x[N], y[20 * N], v[N] = {1};
  bank b = {.poison = 0xa5};
  jet_tape_options options = options_of(&b);
  (void)state;
  points(x);
  jet_fn *f = jet_fn_new_ex(quotients, NULL, N, &options);
  for (int order = 0; order < 12; order++) {
    assert_int_equal(jet_fn_taylor(f, order, x, v, y), JET_OK);
    assert_int_equal(jet_fn_derivatives(f, order, x, y), JET_OK);
    assert_int_equal(jet_fn_derivatives(f, -1, x, y), JET_BAD_ORDER);
  }
  jet_fn_forget(f);
  assert_int_equal(b.blocks, 1);
  assert_int_equal(jet_fn_value(f, x, y), JET_OK);
  jet_fn_free(f);
  assert_balanced(&b);
}

static void functions_in_poisoned_memory(void **state) {
  double x[N], y[2][(ORDER + 1) * N];
  (void)state;
  points(x);
  for (question q = VALUE; q < QUESTIONS; q++)
    for (int poison = 0; poison < 2; poison++) {
      bank b = {.poison = poison ? 0xff : 0};
      jet_tape_options options = options_of(&b);
      jet_fn *f = jet_fn_new_ex(quotients, NULL, N, &options);
      assert_int_equal(ask(f, q, x, y[poison]), JET_OK);
      if (poison) assert_memory_equal(y[0], y[1], sizeof(double) * N * (q == VALUE ? 1 : ORDER + 1));
      jet_fn_free(f);
      assert_balanced(&b);
    }
}

/* ---- memory that ends -------------------------------------------------------------------------------------------- */

static void assert_no_memory(jet_status status, const char *message, int at) {
  if (status != JET_NO_MEMORY)
    fail_msg("allocation %d fails: status \"%s\", \"%s\"", at, jet_status_string(status), message);
  if (!strstr(message, "memory")) fail_msg("allocation %d fails: the sentence is \"%s\"", at, message);
}

/* One program with the allocation failing at `at`; whether it did. */
static bool record_and_run(int at, bool forever, int by_orders, uint64_t want) {
  bank b = {.fail_at = at, .forever = forever, .poison = 0xa5};
  program p;
  record(&p, &b);
  if (b.refused) assert_no_memory(jet_tape_status(p.tape), jet_tape_message(p.tape), at);
  else assert_int_equal(jet_tape_status(p.tape), JET_OK);
  plan(&p, by_orders);
  if (b.refused) {
    assert_no_memory(jet_plan_status(p.plan), jet_plan_message(p.plan), at);
    assert_int_equal(jet_plan_run(p.plan), JET_NO_MEMORY);
    assert_null(jet_plan_data(p.plan, p.x, 0));
    assert_int_equal(jet_plan_lost(p.plan, p.out[0]), -1);
    assert_int_equal(jet_plan_bind(p.plan, p.x, 0, NULL), JET_NO_MEMORY);
  } else {
    put_inputs(&p);
    assert_int_equal(jet_plan_run(p.plan), JET_OK);
    assert_true(digest(&p) == want);
  }
  program_free(&p);
  assert_balanced(&b);
  return b.refused;
}

static void check_every_allocation(int by_orders) {
  uint64_t want = run_all(0, by_orders);
  int at = 1;
  for (; record_and_run(at, false, by_orders, want); at++) assert_true(record_and_run(at, true, by_orders, want));
  assert_true(at > 20); /* it did get there step by step */
}

static void every_allocation_of_a_plan_may_fail(void **state) { (void)state, check_every_allocation(0); }
static void every_allocation_of_a_plan_by_orders_may_fail(void **state) { (void)state, check_every_allocation(1); }

static void a_plan_is_made_when_there_is_memory_again(void **state) {
  uint64_t want = run_all(0, 0);
  (void)state;
  for (int at = 1;; at++) {
    bank b = {.poison = 0xa5};
    program p;
    record(&p, &b);
    b.fail_at = b.allocations + at;
    plan(&p, 0);
    bool refused = b.refused;
    if (refused) {
      assert_int_equal(jet_plan_status(p.plan), JET_NO_MEMORY);
      assert_int_equal(jet_tape_status(p.tape), JET_OK);
      jet_plan_free(p.plan);
      plan(&p, 0);
    }
    assert_good(&p);
    put_inputs(&p);
    jet_plan_run(p.plan);
    assert_true(digest(&p) == want);
    program_free(&p);
    assert_balanced(&b);
    if (!refused) break;
  }
}

/* As above for a jet_fn: a failure, then memory, jet_fn_forget and the right numbers. */
static bool call_and_try_again(jet_callback *callback, question q, int at, bool forever, const double *want) {
  double x[N], y[(ORDER + 1) * N];
  bank b = {.fail_at = at, .forever = forever, .poison = 0xa5};
  jet_tape_options options = options_of(&b);
  points(x);
  jet_fn *f = jet_fn_new_ex(callback, NULL, N, &options);
  bool stillborn = b.refused;
  jet_status status = ask(f, q, x, y);
  if (b.refused) {
    assert_no_memory(status, jet_fn_message(f), at);
    b.fail_at = 0;
    jet_fn_forget(f);
    if (stillborn) {
      assert_int_equal(jet_fn_outputs(f), -1);
      jet_fn_free(f);
      f = jet_fn_new_ex(callback, NULL, N, &options);
    }
    status = ask(f, q, x, y);
  }
  if (status) fail_msg("with memory again: \"%s\"", jet_fn_message(f));
  assert_string_equal(jet_fn_message(f), "");
  assert_memory_equal(y, want, sizeof(double) * N * (q == VALUE ? 1 : ORDER + 1));
  jet_fn_free(f);
  assert_balanced(&b);
  return b.refused;
}

static void check_function(jet_callback *callback, question q) {
  double x[N], want[(ORDER + 1) * N];
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  options.no_rewriting = 1;
  points(x);
  jet_fn *f = jet_fn_new_ex(callback, NULL, N, &options);
  assert_int_equal(ask(f, q, x, want), JET_OK);
  jet_fn_free(f);
  int at = 1;
  for (; call_and_try_again(callback, q, at, false, want); at++)
    assert_true(call_and_try_again(callback, q, at, true, want));
  assert_true(at > 20);
}

static void every_allocation_of_a_value_may_fail(void **state) { (void)state, check_function(mixture, VALUE); }
static void every_allocation_of_derivatives_may_fail(void **state) {
  (void)state, check_function(quotients, DERIVATIVES);
}
static void every_allocation_of_a_taylor_series_may_fail(void **state) { (void)state, check_function(mixture, TAYLOR); }

/* Failure in one call leaves the next ones whole, also without forgetting. */
static void a_function_survives_a_lack_of_memory(void **state) {
  double x[N], y[(ORDER + 1) * N];
  (void)state;
  points(x);
  for (int at = 1;; at++) {
    bank b = {.poison = 0xa5};
    jet_tape_options options = options_of(&b);
    jet_fn *f = jet_fn_new_ex(quotients, NULL, N, &options);
    assert_int_equal(jet_fn_value(f, x, y), JET_OK);
    b.fail_at = b.allocations + at;
    jet_status status = ask(f, TAYLOR, x, y);
    assert_int_equal(status, b.refused ? JET_NO_MEMORY : JET_OK);
    b.fail_at = 0;
    assert_int_equal(jet_fn_value(f, x, y), JET_OK);
    assert_int_equal(ask(f, TAYLOR, x, y), JET_OK);
    assert_int_equal(ask(f, DERIVATIVES, x, y), JET_OK);
    jet_fn_free(f);
    assert_balanced(&b);
    if (!b.refused) break;
  }
}

static void nothing_at_all(void **state) {
  double x[N] = {0}, y[N];
  bank b = {.fail_at = 1, .forever = true};
  jet_tape_options options = options_of(&b);
  (void)state;
  jet_tape *tape = jet_tape_new_ex(&options), *other = jet_tape_new_ex(&options);
  assert_no_memory(jet_tape_status(tape), jet_tape_message(tape), 1);
  jet a = jet_input(tape, 0, NULL), c = jet_scalar(other, 1), d = jet_sum(jet_exp(jet_add(a, c)));
  assert_int_equal(jet_size(d), -1);
  jet_plan *p = jet_plan_new(tape, 1, &d);
  assert_no_memory(jet_plan_status(p), jet_plan_message(p), 1);
  jet_plan_free(p);
  jet_tape_free(tape);
  jet_tape_free(other);
  jet_fn *f = jet_fn_new_ex(smooth, NULL, N, &options);
  assert_no_memory(jet_fn_value(f, x, y), jet_fn_message(f), 1);
  assert_int_equal(jet_fn_outputs(f), -1);
  jet_fn_forget(f);
  jet_fn_free(f);
  assert_balanced(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(runs_do_not_call_the_allocator),
      cmocka_unit_test(recording_happens_in_the_given_memory_alone),
      cmocka_unit_test(poisoned_memory_changes_nothing),
      cmocka_unit_test(second_calls_do_not_call_the_allocator),
      cmocka_unit_test(alternating_questions_do_not_call_the_allocator),
      cmocka_unit_test(a_function_frees_what_it_forgets),
      cmocka_unit_test(functions_in_poisoned_memory),
      cmocka_unit_test(every_allocation_of_a_plan_may_fail),
      cmocka_unit_test(every_allocation_of_a_plan_by_orders_may_fail),
      cmocka_unit_test(a_plan_is_made_when_there_is_memory_again),
      cmocka_unit_test(every_allocation_of_a_value_may_fail),
      cmocka_unit_test(every_allocation_of_derivatives_may_fail),
      cmocka_unit_test(every_allocation_of_a_taylor_series_may_fail),
      cmocka_unit_test(a_function_survives_a_lack_of_memory),
      cmocka_unit_test(nothing_at_all),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
