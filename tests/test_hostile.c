/* test_hostile.c - what the hostile build is there to see, it sees: steps that are made wrong on purpose. In other builds, that the
   hooks are nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan.h"

enum { N = 43 };

/* Neither by the compiler's eyes nor by AddressSanitizer's. */
__attribute__((no_sanitize("address"), noinline)) static void put(volatile real *at) { *at = 1; }

static void run_short(const jet_plan *p, step *s, ptrdiff_t first, ptrdiff_t n) { type_row.run(p, s, first, first ? n : n - 1); }

static void run_behind_plane(const jet_plan *p, step *s, ptrdiff_t first, ptrdiff_t n) {
  const plane *y = &p->planes[s->out_planes[0][0]];
  type_row.run(p, s, first, n);
  put(y->base + y->n);
}

static void run_beside_block(const jet_plan *p, step *s, ptrdiff_t first, ptrdiff_t n) {
  type_row.run(p, s, first, n);
  put(s->out[0].plane[0] + p->regions[s->region].block);
}

static void run_before_block(const jet_plan *p, step *s, ptrdiff_t first, ptrdiff_t n) { /* what a worker or block has not made */
  type_row.run(p, s, first, n);
  if (first) return;
  for (ptrdiff_t i = 0; i < n; i++) s->out[0].plane[0][i] = s->out[0].plane[0][i + n];
}

/* y = exp(sin x) with the step of sin, in a slot, or that of exp, stored, done otherwise. */
static void assert_seen(int which, void (*run)(const jet_plan *, step *, ptrdiff_t, ptrdiff_t), const char *sentence) {
  step_type wrong = type_row;
  const ptrdiff_t n = N;
  jet_tape *tape = jet_tape_new();
  jet x = jet_input(tape, 1, &n), y = jet_exp(jet_sin(x));
  jet_plan_options options = JET_PLAN_OPTIONS_INIT;
  options.threads = 1;
  options.without = JET_ALL;
  jet_plan *plan = jet_plan_new_ex(tape, 1, &y, &options);
  assert_int_equal(plan->nsteps, 2);
  assert_int_equal(jet_plan_run(plan), JET_OK);
  wrong.run = run;
  plan->steps[which].type = &wrong;
  assert_int_equal(jet_plan_run(plan), JET_UNSUPPORTED);
  if (!strstr(jet_plan_message(plan), sentence)) fail_msg("%s", jet_plan_message(plan));
  assert_int_equal(jet_plan_run(plan), JET_UNSUPPORTED);
  jet_plan_free(plan);
  jet_tape_free(tape);
}

static void lanes_that_nobody_makes(void **state) {
  (void)state;
  if (!HOSTILE) skip();
  assert_seen(1, run_short, "depends on what was in memory");
  assert_seen(0, run_short, "depends on what was in memory");
}

static void lanes_of_another_block(void **state) {
  (void)state;
  if (!HOSTILE) skip();
  assert_seen(1, run_before_block, "depends on what was in memory");
}

static void writing_behind_a_plane(void **state) {
  (void)state;
  if (!HOSTILE) skip();
  assert_seen(1, run_behind_plane, "has written behind a plane");
}

static void writing_beside_a_slot(void **state) {
  (void)state;
  if (!HOSTILE) skip();
  assert_seen(0, run_beside_block, "has written beside its slots");
}

static void other_builds_are_as_ever(void **state) {
  (void)state;
  if (HOSTILE) skip();
  jet_tape *tape = jet_tape_new();
  const ptrdiff_t n = N;
  jet y = jet_exp(jet_input(tape, 1, &n));
  jet_plan *plan = jet_plan_new(tape, 1, &y);
  assert_int_equal(jet_plan_run(plan), JET_OK);
  assert_null(plan->hostile);
  jet_plan_free(plan);
  jet_tape_free(tape);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lanes_that_nobody_makes),
      cmocka_unit_test(lanes_of_another_block),
      cmocka_unit_test(writing_behind_a_plane),
      cmocka_unit_test(writing_beside_a_slot),
      cmocka_unit_test(other_builds_are_as_ever),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
