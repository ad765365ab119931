/* plan_help.h - small helpers of the tests of plans. Include after cmocka.h. */
#ifndef PLAN_HELP_H
#define PLAN_HELP_H

#include "functions.h"
#include "plan.h"
#include "reference.h"

/* ---- small helpers ----------------------------------------------------------------------------------------------- */

static inline jet vector(jet_tape *tape, ptrdiff_t n) { return jet_input(tape, 1, &n); }

static inline jet series(jet t, ptrdiff_t n) { return jet_input_series(t, 1, &n); }

static inline jet_plan *plan_of(jet_tape *tape, int n, const jet outputs[]) {
  jet_plan *plan = jet_plan_new(tape, n, outputs);
  if (jet_plan_status(plan)) fail_msg("%s", jet_plan_message(plan));
  return plan;
}

static inline jet_plan *stepwise(jet_tape *tape, int n, const jet outputs[]) {
  jet_plan_options options = JET_PLAN_OPTIONS_INIT;
  options.by_orders = 1;
  return jet_plan_new_ex(tape, n, outputs, &options);
}

static inline void run(jet_plan *plan) {
  if (jet_plan_run(plan) != JET_OK) fail_msg("%s", jet_plan_message(plan));
}

static inline void free_both(jet_plan *plan, jet_tape *tape) {
  jet_plan_free(plan);
  jet_tape_free(tape);
}

static inline double *data(jet_plan *plan, jet x, int k) {
  double *p = jet_plan_data(plan, x, k);
  if (!p) fail_msg("coefficient %d: %s", k, jet_plan_message(plan));
  return p;
}

static inline void put(jet_plan *plan, jet x, int k, const double *numbers) {
  memcpy(data(plan, x, k), numbers, (size_t)jet_size(x) * sizeof *numbers);
}

static inline void put_all(jet_plan *plan, jet x, int k, double number) {
  for (ptrdiff_t i = 0; i < jet_size(x); i++) data(plan, x, k)[i] = number;
}

static inline bool same(double a, double b) { return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b)); }

static inline bool near(double a, double b, double tolerance) { return a == b || fabs(a - b) <= tolerance * (1 + fabs(b)); }

static inline void assert_numbers(const double *got, const double *want, ptrdiff_t n, const char *what) {
  for (ptrdiff_t i = 0; i < n; i++)
    if (!same(got[i], want[i])) fail_msg("%s: element %td is %.17g, not %.17g", what, i, got[i], want[i]);
}

static uint64_t random_state;

static inline uint64_t random_bits(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  return random_state ^= random_state << 17;
}

static inline int random_below(int n) { return (int)(random_bits() >> 33) % n; }

static inline double random_in(double low, double high) {
  return low + (high - low) * (double)(random_bits() >> 11) * 0x1p-53;
}

/* ---- outputs: several, twice, aliases of each other and of inputs, constants ------------------------------------- */

enum { N = 37, K = 3 };

typedef struct zoo { /* one of each kind of output */
  jet_tape *tape;
  jet x, v, s, c; /* inputs, an input series, a constant */
  jet out[11];
  int n;
} zoo;

static inline double constant_at(int i) { return 1 - 0.5 * i; }

static inline double input_at(int which, int i) { return (which + 1) * (i % 7) - 3 + 0.25 * which; }

static inline zoo zoo_new(void) {
  double numbers[N];
  const ptrdiff_t n = N;
  zoo z = {.tape = jet_tape_new(), .n = 11};
  jet t = jet_parameter(z.tape, K);
  for (int i = 0; i < N; i++) numbers[i] = constant_at(i);
  z.x = vector(z.tape, N), z.v = vector(z.tape, N), z.s = series(t, N), z.c = jet_constant(z.tape, 1, &n, numbers);
  jet line = jet_expand(z.x, z.v, t), y = jet_mul(z.s, line), moved = jet_shift(z.s, 10);
  jet out[11] = {y,
                 z.x,
                 z.c,
                 jet_coefficient(y, 1),
                 y,
                 z.s,
                 jet_coefficient(z.s, 2),
                 moved,
                 line,
                 jet_coefficient(moved, 2),
                 jet_coefficient(y, 1)};
  memcpy(z.out, out, sizeof out);
  return z;
}

static inline double zoo_want(int o, int k, int i) {
  double x = input_at(0, i), v = input_at(1, i), s[K + 1], y;
  for (int j = 0; j <= K; j++) s[j] = input_at(2 + j, i);
  if (o == 3 || o == 10) k = 1;
  y = s[k] * x + (k ? s[k - 1] * v : 0);
  return o == 1             ? x
         : o == 2           ? constant_at(i)
         : o == 5           ? s[k]
         : o == 6 || o == 9 ? s[2]
         : o == 7           ? s[k] + (k ? 0 : 10)
         : o == 8           ? (k == 0   ? x
                               : k == 1 ? v
                                        : 0)
                            : y;
}

static inline void zoo_put(const zoo *z, jet_plan *plan) {
  for (int i = 0; i < N; i++) {
    data(plan, z->x, 0)[i] = input_at(0, i);
    data(plan, z->v, 0)[i] = input_at(1, i);
    for (int k = 0; k <= K; k++) data(plan, z->s, k)[i] = input_at(2 + k, i);
  }
}

static inline void zoo_check(const zoo *z, jet_plan *plan, int o) {
  for (int k = 0; k <= jet_order(z->out[o]); k++)
    for (int i = 0; i < N; i++)
      if (data(plan, z->out[o], k)[i] != zoo_want(o, k, i))
        fail_msg("output %d, coefficient %d, element %d: %g, not %g", o, k, i, data(plan, z->out[o], k)[i],
                 zoo_want(o, k, i));
}

/* ---- several regions --------------------------------------------------------------------------------------------- */

static inline double scattered(ptrdiff_t i) { return sin(1.7 * (double)i); }

/* ---- order by order ---------------------------------------------------------------------------------------------- */

static inline void assert_same_outputs(jet_plan *got, jet_plan *want, int n, const jet out[], const char *what) {
  for (int o = 0; o < n; o++)
    for (int k = 0; k <= jet_order(out[o]); k++)
      for (ptrdiff_t i = 0; i < jet_size(out[o]); i++) {
        double p = data(got, out[o], k)[i], q = data(want, out[o], k)[i];
        if (!same(p, q)) fail_msg("%s: output %d, coefficient %d, element %td: %.17g, not %.17g", what, o, k, i, p, q);
      }
}

#endif
