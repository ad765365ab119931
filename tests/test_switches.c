/* test_switches.c - random programs give the same bits with every optimisation on and off, on every instruction set, with any number
   of threads, with memory of the caller's, when run again with other numbers, and order by order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hostile.h"
#include "switches.h"
#include "workers.h"

enum { SMALL = HOSTILE ? 60 : 240, MIDDLE = HOSTILE ? 20 : 60, LARGE = 12, MOST = HOSTILE ? 300 : 30000, ISAS = 3, FAILURES = 3 };

typedef struct tally {
  long plans, in_blocks, with_workers, steps, plain;
  int wrong;
} tally;

static void try(trial t, tally *sum) {
  outcome o = trial_run(&t);
  sum->plans++;
  sum->in_blocks += o.blocks > 1;
  sum->with_workers += o.workers > 1;
  sum->steps += o.optimised, sum->plain += o.plain;
  if (o.good) return;
  sum->wrong++;
  t = trial_shrink(t);
  o = trial_run(&t);
  trial_print(&t, &o);
}

static jet_isa some_isa(uint64_t seed) { /* in turn, of those that run here */
  static const jet_isa isa[ISAS] = {JET_ISA_BASELINE, JET_ISA_AVX2, JET_ISA_AVX512};
  for (int i = 0; i < ISAS; i++)
    if (jet_isa_available(isa[(seed + (uint64_t)i) % ISAS])) return isa[(seed + (uint64_t)i) % ISAS];
  return JET_ISA_AUTO;
}

/* All optimisations and none, each left out alone and each alone, and any of them; with threads, bound memory and orders by lot. */
static void try_all(uint64_t seed, int operations, ptrdiff_t most, tally *sum) {
  static const int threads[] = {1, 2, 3, 8};
  generator g = {seed + 99};
  for (int i = 0; i < 2 * OPTIMISATIONS + 4 && sum->wrong < FAILURES; i++) {
    trial t = {.seed = seed, .operations = operations, .most = most, .replays = TRIAL_REPLAYS, .output = -1};
    t.isa = some_isa(seed + (uint64_t)i);
    t.without = i < OPTIMISATIONS ? 1 << i : i < 2 * OPTIMISATIONS ? JET_ALL & ~(1 << (i - OPTIMISATIONS)) : random_below(&g, JET_ALL + 1);
    if (i >= 2 * OPTIMISATIONS + 2) t.without = i & 1 ? JET_ALL : 0;
    t.threads = threads[random_below(&g, 4)];
    t.bound = random_below(&g, 2), t.by_orders = random_below(&g, 4) == 0;
    try(t, sum);
  }
}

static void assert_right(const tally *sum) {
  print_message("%ld plans, %ld in blocks, %ld with workers; %ld steps instead of %ld\n", sum->plans, sum->in_blocks,
                sum->with_workers, sum->steps, sum->plain);
  assert_int_equal(sum->wrong, 0);
}

static void small_arrays(void **state) {
  tally sum = {0};
  (void)state;
  for (uint64_t seed = 1; seed <= SMALL && sum.wrong < FAILURES; seed++) try_all(500000 + seed, 18, 0, &sum);
  assert_right(&sum);
  assert_true(sum.steps * 100 < sum.plain * 95);
  if (HOSTILE) assert_true(sum.in_blocks * 10 > sum.plans);
}

static void arrays_of_some_blocks(void **state) {
  tally sum = {0};
  (void)state;
  for (uint64_t seed = 1; seed <= MIDDLE && sum.wrong < FAILURES; seed++) try_all(600000 + seed, 14, 2000, &sum);
  assert_right(&sum);
  assert_true(sum.in_blocks * 10 > sum.plans * 5);
}

static void arrays_of_several_workers(void **state) {
  tally sum = {0};
  (void)state;
  for (uint64_t seed = 1; seed <= LARGE && sum.wrong < FAILURES; seed++) try_all(700000 + seed, 12, MOST, &sum);
  assert_right(&sum);
  if (workers_allowed(8) > 1) assert_true(sum.with_workers * 10 > sum.plans * 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(small_arrays),
      cmocka_unit_test(arrays_of_some_blocks),
      cmocka_unit_test(arrays_of_several_workers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
