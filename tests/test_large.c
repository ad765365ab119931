/* test_large.c - 10^8 elements at order 0 and 10^7 at order 8, in the memory that jet_plan_memory says; sizes that no machine has. Of
   the suite `long`. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <jets.h>

enum { SPOTS = 2000, PERIOD = 1009, MB = 1 << 20, SLACK = 24 * MB }; /* bytes beside the plan's: code, tables, threads */

/* ---- memory as the system sees it --------------------------------------------------------------------------------------- */

static size_t line_of(const char *path, const char *name) { /* bytes; 0: unknown */
  char line[200];
  size_t kb = 0;
  FILE *f = fopen(path, "r");
  while (f && fgets(line, sizeof line, f))
    if (strncmp(line, name, strlen(name)) == 0) kb = (size_t)strtoull(line + strlen(name), NULL, 10);
  if (f) fclose(f);
  return kb * 1024;
}

typedef struct counter {
  size_t now, most;
} counter;

static void *count_memory(void *context, void *p, size_t old_size, size_t new_size) {
  counter *c = (counter *)context;
  void *q = new_size ? realloc(p, new_size) : NULL;
  if (!new_size) free(p);
  if (new_size && !q) return NULL;
  c->now += new_size - old_size;
  if (c->now > c->most) c->most = c->now;
  return q;
}

/* In a process of its own, whose peak is this program's alone. */
typedef int large_program(jet_tape *, jet_plan **); /* bit 0: wrong numbers */

static int in_this_process(large_program *f) {
  counter c = {0, 0};
  size_t before = line_of("/proc/self/status", "VmRSS:");
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  options.allocate = count_memory, options.context = &c;
  jet_tape *tape = jet_tape_new_ex(&options);
  jet_plan *plan = NULL;
  int failures = f(tape, &plan);
  size_t memory = jet_plan_memory(plan), peak = line_of("/proc/self/status", "VmHWM:");
  failures |= c.most > memory + memory / 1000 + MB ? 2 : 0; /* tape, and what making the plan took */
  failures |= peak && peak > before + memory + SLACK ? 4 : 0;
  fprintf(stderr, "plan: %zu MB; most allocated: %zu MB; most resident: %zu MB\n", memory / MB, c.most / MB, (peak - before) / MB);
  jet_plan_free(plan);
  jet_tape_free(tape);
  return failures | (c.now ? 8 : 0);
}

static void in_a_process(large_program *f, size_t needed) {
  int status = 0;
  size_t there = line_of("/proc/meminfo", "MemAvailable:");
  if (there && there < needed + needed / 4) {
    print_message("%zu MB of memory are needed\n", needed / MB);
    skip();
  }
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) _exit(in_this_process(f));
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- numbers ---------------------------------------------------------------------------------------------------------------- */

static double number(ptrdiff_t i) { return -1.5 + 3.0 * (double)(i % PERIOD) / PERIOD; }

static ptrdiff_t spot(ptrdiff_t n, int i) { /* both ends, and places spread over all */
  return i < 200 ? i : i < 400 ? n - 1 - (i - 200) : (ptrdiff_t)((double)(n - 1) * (i - 400) / (SPOTS - 400));
}

static int is_near(double got, long double want, long double size) { return fabsl(got - want) <= 1e-14L * size; }

static int run_filled(jet_plan *plan, jet x, ptrdiff_t n) {
  if (jet_plan_status(plan)) return fprintf(stderr, "%s\n", jet_plan_message(plan)), 0;
  double *to = jet_plan_data(plan, x, 0);
  for (ptrdiff_t i = 0; i < n; i++) to[i] = number(i);
  return jet_plan_run(plan) == JET_OK;
}

enum { N0 = 100000000, N8 = 10000000, ORDER = 8 };

static int value_of_many(jet_tape *tape, jet_plan **plan) {
  const ptrdiff_t n = N0;
  jet x = jet_input(tape, 1, &n), y = jet_exp(jet_neg(jet_square(x)));
  *plan = jet_plan_new(tape, 1, &y);
  if (!run_filled(*plan, x, n)) return 1;
  int wrong = 0;
  for (int i = 0; i < SPOTS; i++) {
    long double a = number(spot(n, i));
    wrong |= !is_near(jet_plan_data(*plan, y, 0)[spot(n, i)], expl(-a * a), 1);
  }
  return wrong;
}

static int gradient_of_many(jet_tape *tape, jet_plan **plan) {
  const ptrdiff_t n = N0;
  jet x = jet_input(tape, 1, &n), out[2];
  out[0] = jet_sum(jet_exp(jet_neg(jet_square(x))));
  jet_grad(out[0], 1, &x, &out[1]);
  *plan = jet_plan_new(tape, 2, out);
  if (!run_filled(*plan, x, n)) return 1;
  int wrong = 0;
  long double sum = 0;
  for (ptrdiff_t i = 0; i < PERIOD; i++)
    sum += expl(-(long double)number(i) * number(i)) * (long double)(n / PERIOD + (i < n % PERIOD));
  for (int i = 0; i < SPOTS; i++) {
    long double a = number(spot(n, i));
    wrong |= !is_near(jet_plan_data(*plan, out[1], 0)[spot(n, i)], -2 * a * expl(-a * a), 1);
  }
  return wrong | !is_near(jet_plan_data(*plan, out[0], 0)[0], sum, sum);
}

/* exp(x) sin(x) = Im exp((1 + i) x): along x + v t coefficient k is 2^(k/2) e^x sin(x + k pi/4) v^k / k!. */
static int jets_of_many(jet_tape *tape, jet_plan **plan) {
  const ptrdiff_t n = N8;
  jet x = jet_input(tape, 1, &n), z = jet_expand(x, jet_scalar(tape, 0.75), jet_parameter(tape, ORDER));
  jet y = jet_mul(jet_exp(z), jet_sin(z));
  *plan = jet_plan_new(tape, 1, &y);
  if (!run_filled(*plan, x, n)) return 1;
  int wrong = 0;
  for (int i = 0; i < SPOTS; i++) {
    long double a = number(spot(n, i)), factor = expl(a);
    for (int k = 0; k <= ORDER; k++) {
      wrong |= !is_near(jet_plan_data(*plan, y, k)[spot(n, i)], factor * sinl(a + k * 0.785398163397448309616L), factor);
      factor *= sqrtl(2) * 0.75L / (k + 1);
    }
  }
  return wrong;
}

static void values_at_1e8_elements(void **state) { (void)state, in_a_process(value_of_many, 16 * (size_t)N0); }
static void gradient_at_1e8_elements(void **state) { (void)state, in_a_process(gradient_of_many, 16 * (size_t)N0); }
static void order_8_at_1e7_elements(void **state) { (void)state, in_a_process(jets_of_many, 8 * (ORDER + 2) * (size_t)N8); }

/* ---- sizes that no machine has --------------------------------------------------------------------------------------------- */

static void assert_refused(jet_tape *tape, jet y) {
  jet_plan *plan = jet_plan_new(tape, 1, &y);
  jet_status status = jet_plan_status(plan);
  if (status != JET_TOO_LARGE && status != JET_NO_MEMORY) fail_msg("status %d: %s", (int)status, jet_plan_message(plan));
  assert_true(strlen(jet_plan_message(plan)) > 0);
  assert_int_equal(jet_plan_run(plan), status);
  assert_null(jet_plan_data(plan, y, 0));
  assert_true(jet_plan_memory(plan) < MB);
  jet_plan_free(plan);
  jet_tape_free(tape);
}

static void arrays_that_no_machine_has(void **state) {
  (void)state;
  for (int bits = 46; bits < 62; bits++) {
    const ptrdiff_t n = (ptrdiff_t)1 << bits;
    jet_tape *tape = jet_tape_new();
    assert_refused(tape, jet_exp(jet_input(tape, 1, &n)));
  }
}

static void orders_that_no_machine_has(void **state) {
  (void)state;
  for (int bits = 38; bits < 60; bits++) {
    const ptrdiff_t n = (ptrdiff_t)1 << bits;
    jet_tape *tape = jet_tape_new();
    assert_refused(tape, jet_exp(jet_input_series(jet_parameter(tape, JET_MAX_ORDER), 1, &n)));
  }
}

static void directions_that_no_machine_has(void **state) {
  (void)state;
  for (int bits = 32; bits < 46; bits++) {
    const ptrdiff_t n = (ptrdiff_t)1 << bits, dims[] = {JET_MAX_DIRECTIONS, 1};
    jet_tape *tape = jet_tape_new();
    jet x = jet_expand_many(jet_input(tape, 1, &n), jet_input(tape, 2, dims), jet_parameter(tape, 3));
    assert_refused(tape, jet_sin(x));
  }
}

static void intermediate_arrays_that_no_machine_has(void **state) { /* of small inputs and outputs */
  const ptrdiff_t n = (ptrdiff_t)1 << 24, m = n;
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet x = jet_input(tape, 1, &n), y = jet_input(tape, 1, &m);
  assert_refused(tape, jet_sum(jet_cumsum(jet_outer(x, y), 0)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_at_1e8_elements),
      cmocka_unit_test(gradient_at_1e8_elements),
      cmocka_unit_test(order_8_at_1e7_elements),
      cmocka_unit_test(arrays_that_no_machine_has),
      cmocka_unit_test(orders_that_no_machine_has),
      cmocka_unit_test(directions_that_no_machine_has),
      cmocka_unit_test(intermediate_arrays_that_no_machine_has),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
