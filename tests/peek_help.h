/* peek_help.h - helpers of the tests of values while recording. Include after cmocka.h. */
#ifndef PEEK_HELP_H
#define PEEK_HELP_H

#include "op_list.h"
#include "peek.h"

/* ---- help ---------------------------------------------------------------------------------------------------------- */

enum { MOST = 64, ORDER = 2, P = 3 };

static inline void assert_close(double got, double want, double tolerance) {
  if (!(fabs(got - want) <= tolerance * fmax(fabs(want), 1e-300))) fail_msg("%.17g instead of %.17g", got, want);
}

static inline void assert_peek(jet x, ptrdiff_t n, const double *want) { /* to the last bits */
  double got[MOST];
  for (int i = 0; i < MOST; i++) got[i] = -77;
  if (jet_peek(x, n, n ? got : NULL)) fail_msg("%s", jet_tape_message(x.tape));
  for (ptrdiff_t i = 0; i < n; i++)
    if (got[i] != want[i] && !(fabs(got[i] - want[i]) <= 1e-15 * fabs(want[i])))
      fail_msg("element %td: %.17g, not %.17g", i, got[i], want[i]);
  for (ptrdiff_t i = n; i < MOST; i++) assert_true(got[i] == -77);
}

static inline void assert_peek_scalar(jet x, double want) { assert_peek(x, 1, &want); }

static inline double look(jet x) { /* NaN after a failure, which ends loops */
  double y;
  return jet_peek(x, 1, &y) ? NAN : y;
}

static inline jet vector(jet_tape *tape, ptrdiff_t n) { return jet_input(tape, 1, &n); }

static inline void assert_failure(const jet_tape *tape, jet_status status, const char *name, const char *fact,
                           const char *fact2) {
  const char *message = jet_tape_message(tape);
  if (jet_tape_status(tape) != status || strncmp(message, name, strlen(name)) || !strstr(message, fact) ||
      !strstr(message, fact2))
    fail_msg("status \"%s\", \"%s\"", jet_status_string(jet_tape_status(tape)), message);
}

/* ---- cost ------------------------------------------------------------------------------------------------------------------------ */

typedef struct bank {
  size_t bytes; /* ever allocated */
  int allocations, blocks;
  int fail_at; /* the allocation that fails, from 1, and all after it where forever is set */
  int forever, refused;
} bank;

static inline void *bank_allocate(void *context, void *p, size_t old_size, size_t new_size) {
  bank *b = (bank *)context;
  if (!new_size) {
    b->blocks -= p != NULL;
    free(p);
    return NULL;
  }
  b->allocations++;
  if (b->fail_at && (b->allocations == b->fail_at || (b->forever && b->allocations > b->fail_at))) {
    b->refused = 1;
    return NULL;
  }
  void *q = malloc(new_size);
  if (!q) return NULL;
  memset(q, 0xa5, new_size);
  if (p) memcpy(q, p, old_size < new_size ? old_size : new_size);
  b->bytes += new_size;
  b->blocks += p == NULL;
  free(p);
  return q;
}

static inline jet_tape_options options_of(bank *b) {
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  options.allocate = bank_allocate;
  options.context = b;
  return options;
}

/* Elements of a large array one after the other: what a peek takes of it is not the whole of it. */
static inline size_t pick(ptrdiff_t n, int kind) {
  bank b = {0};
  jet_tape_options options = options_of(&b);
  double *numbers = (double *)malloc((size_t)n * sizeof *numbers);
  assert_non_null(numbers);
  for (ptrdiff_t i = 0; i < n; i++) numbers[i] = (double)i;
  jet_tape *tape = jet_tape_new_ex(&options);
  jet x = vector(tape, n), sum = jet_scalar(tape, 0);
  jet_poke(x, n, numbers);
  for (ptrdiff_t i = 0; i < n; i++) {
    ptrdiff_t one = 1, stop = i + 1;
    jet y = kind == 0 ? jet_slice(x, &i, &stop, NULL) : jet_gather(x, 0, 1, &one, &i);
    assert_true(look(y) == (double)i);
    sum = jet_add(sum, jet_sum(jet_scale(y, 2)));
  }
  assert_true(look(sum) == (double)(n * (n - 1)));
  jet_tape_free(tape);
  free(numbers);
  return b.bytes;
}

#endif
