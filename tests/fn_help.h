/* fn_help.h - helpers of the tests of jet_fn. Include after cmocka.h. */
#ifndef FN_HELP_H
#define FN_HELP_H

#include "reference.h"

enum { MAX_TEST_ORDER = 250 };

static inline double factorial(int k) {
  long double product = 1;
  for (int i = 2; i <= k; i++) product *= i;
  return (double)product;
}

static inline bool near(double got, double want, double scale) {
  return got == want || fabs(got - want) <= REF_TOLERANCE * REF_UNIT * scale;
}

static inline void assert_near(double got, double want, double scale, const char *what, int k) {
  if (!near(got, want, scale)) fail_msg("%s, order %d: got %.17g, want %.17g", what, k, got, want);
}

static inline void assert_fn_ok(jet_fn *f, jet_status status) {
  if (status != JET_OK) fail_msg("status %d: %s", (int)status, jet_fn_message(f));
}

/* A failure comes with a sentence. */
static inline void assert_fn_fails(jet_fn *f, jet_status status, jet_status want) {
  if (status != want)
    fail_msg("status \"%s\" instead of \"%s\": %s", jet_status_string(status), jet_status_string(want),
             jet_fn_message(f));
  if (strlen(jet_fn_message(f)) < 10) fail_msg("not a sentence: \"%s\"", jet_fn_message(f));
}

static inline void assert_fn_fails_somehow(jet_fn *f, jet_status status) {
  assert_int_not_equal(status, JET_OK);
  assert_fn_fails(f, status, status);
}

/* ---- functions with derivatives known in closed form ------------------------------------------------------------- */

static inline jet exp_of_cx(jet x, void *data) { return jet_exp(jet_scale(x, *(const double *)data)); }

static inline jet log_of_cx(jet x, void *data) { return jet_log(jet_scale(x, *(const double *)data)); }

static inline jet pole_at_c(jet x, void *data) { return jet_recip(jet_shift(jet_neg(x), *(const double *)data)); }

static inline jet_fn *new_on(jet_isa isa, jet_callback *f, void *data, ptrdiff_t n, bool rewriting) {
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  options.isa = isa;
  options.no_rewriting = !rewriting;
  jet_fn *fn = jet_fn_new_ex(f, data, n, &options);
  assert_non_null(fn);
  return fn;
}

#endif
