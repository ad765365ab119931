/* test_reference.c - every function against rigorous power series: every point, every order, on every instruction set.
   The judge is tests/reference/FORMAT.md: |error_k| <= 64 u S_k. Tapes of type float have u = 2^-24, and their answers are
   compared where float can say the question: see can_compare. */
#include <ctype.h>
#include <float.h>
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

/* Cases that cannot be met, each with its reason. Nothing else is excused. */
static const struct exception { const char *file, *label, *reason; } exceptions[] = {{NULL, NULL, NULL}};

static bool is_exception(const ref_file *f, const ref_case *c) {
  for (const struct exception *e = exceptions; e->file; e++)
    if (strcmp(e->file, f->name) == 0 && strcmp(e->label, c->label) == 0) return true;
  return false;
}

/* ---- all files --------------------------------------------------------------------------------------------------- */

enum { MAX_FILES = 256, MAX_ORDER = 40, SHOWN = 3 };

static ref_file *files[MAX_FILES];
static int nfiles;

static int load_directory(const char *directory) {
  char **paths;
  int n = ref_list(directory, &paths);
  if (n <= 0 || nfiles + n > MAX_FILES) return -1;
  for (int i = 0; i < n; i++) {
    files[nfiles] = ref_open(paths[i]);
    if (!files[nfiles]) fprintf(stderr, "cannot read %s\n", paths[i]);
    if (!files[nfiles]) return -1;
    nfiles++;
  }
  ref_list_free(n, paths);
  return 0;
}

static int load_files(void **state) {
  (void)state;
  return load_directory(REFERENCE_DIR "/elementary") || load_directory(REFERENCE_DIR "/composed") ? -1 : 0;
}

static int free_files(void **state) {
  (void)state;
  while (nfiles > 0) ref_free(files[--nfiles]);
  return 0;
}

static bool is_elementary(const ref_file *f) { return strcmp(f->kind, "elementary") == 0; }

/* ---- one expression, made ready for n elements ------------------------------------------------------------------ */

typedef enum form {
  SERIES, /* all coefficients are inputs: nothing is known of zeros */
  EXPAND  /* x + 1 t: the degree is known while recording */
} form;

typedef struct setup {
  jet_type type;
  jet_isa isa;
  bool rewriting;
  ref_style style;
  form form;
} setup;

typedef struct machine {
  const ref_file *file;
  setup setup;
  int nin, order;
  ptrdiff_t n;
  jet_tape *tape;
  jet_plan *plan;
  jet x[2], y;
  void *in[2][MAX_ORDER + 1], *out[MAX_ORDER + 1];
} machine;

static void *data(const machine *m, jet x, int k) {
  return m->setup.type == JET_F32 ? (void *)jet_plan_data_f32(m->plan, x, k) : (void *)jet_plan_data(m->plan, x, k);
}

static void set(const machine *m, int which, int k, ptrdiff_t i, double number) {
  if (m->setup.type == JET_F32) ((float *)m->in[which][k])[i] = (float)number;
  else ((double *)m->in[which][k])[i] = number;
}

static double get(const machine *m, int k, ptrdiff_t i) {
  return m->setup.type == JET_F32 ? (double)((float *)m->out[k])[i] : ((double *)m->out[k])[i];
}

/* ---- what float can be asked ------------------------------------------------------------------------------------- */

static bool is_float(double x) { return (double)(float)x == x && (x == 0 || fabs(x) >= (double)FLT_MIN); }

static bool has_float_numbers(const char *expr) {
  for (const char *s = expr; *s;) {
    char *end = (char *)s + 1;
    bool number = isdigit((unsigned char)*s) && (s == expr || !isalnum((unsigned char)s[-1]));
    if (number && !is_float(strtod(s, &end))) return false;
    s = end;
  }
  return true;
}

/* Whether all inputs and the numbers in the expression are floats: else the answer is that to another question. */
static bool can_compare(const ref_file *f, setup s, const ref_case *c) {
  if (s.type == JET_F64) return true;
  for (int which = 0; which < c->nin; which++)
    for (int k = 0; k < c->length[which]; k++)
      if (!is_float(c->input[which][k])) return false;
  return has_float_numbers(f->expr);
}

/* Coefficients of float that are compared: those below the first whose scale is beyond these, so that neither it nor what it is made
   from overflows or underflows. */
static const double least_scale = 1e-25, largest_scale = 1e25;

static int compared(const machine *m, const ref_case *c, int top) {
  int k = 0;
  if (m->setup.type == JET_F64) return top + 1;
  while (k <= top && (c->out[k].value == 0 || fabs(c->out[k].value) > least_scale) &&
         (ref_scale(c, k) == 0 || (ref_scale(c, k) > least_scale && ref_scale(c, k) < largest_scale)))
    k++;
  return k;
}

static jet make_input(const machine *m, jet t) {
  if (m->setup.form == SERIES) return jet_input_series(t, 1, &m->n);
  return jet_input(m->tape, 1, &m->n);
}

static void find_memory(machine *m) {
  for (int which = 0; which < m->nin; which++)
    for (int k = 0; k <= (m->setup.form == SERIES ? m->order : 0); k++)
      assert_non_null(m->in[which][k] = data(m, m->x[which], k));
  for (int k = 0; k <= m->order; k++) assert_non_null(m->out[k] = data(m, m->y, k));
}

static machine machine_new(const ref_file *f, setup s, int order, ptrdiff_t n) {
  machine m = {.file = f, .setup = s, .nin = f->cases[0].nin, .order = order, .n = n};
  assert_true(order <= MAX_ORDER);
  m.tape = ref_tape_of(s.type, s.isa, s.rewriting);
  jet t = jet_parameter(m.tape, order), arguments[2] = {t, t};
  for (int which = 0; which < m.nin; which++) {
    m.x[which] = make_input(&m, t);
    arguments[which] = s.form == SERIES ? m.x[which] : jet_expand(m.x[which], jet_scalar(m.tape, 1), t);
  }
  m.y = ref_record(f->expr, arguments[0], arguments[1], s.style);
  if (!m.y.tape) fail_msg("%s: %s is not supported", f->name, f->expr);
  m.plan = jet_plan_new(m.tape, 1, &m.y);
  if (jet_plan_status(m.plan) != JET_OK) fail_msg("%s, order %d: %s", f->name, order, jet_plan_message(m.plan));
  assert_int_equal(jet_size(m.y), n);
  assert_int_equal(jet_order(m.y), order);
  find_memory(&m);
  return m;
}

static void machine_free(machine *m) {
  jet_plan_free(m->plan);
  jet_tape_free(m->tape);
}

static void put(machine *m, ptrdiff_t i, const ref_case *c) {
  for (int which = 0; which < m->nin; which++)
    for (int k = 0; k <= (m->setup.form == SERIES ? m->order : 0); k++) set(m, which, k, i, ref_input(c, which, k));
}

static void run(machine *m) {
  if (jet_plan_run(m->plan) != JET_OK) fail_msg("%s: %s", m->file->name, jet_plan_message(m->plan));
}

/* ---- comparing --------------------------------------------------------------------------------------------------- */

static void describe(const machine *m, const ref_case *c) {
  print_error("%s %s (%s, %s, %s, %s, rewriting %s, order %d)\n", m->file->kind, m->file->name, c->label,
              m->setup.type == JET_F32 ? "f32" : "f64", ref_isa_name(m->setup.isa), m->setup.form == SERIES ? "series" : "expand",
              m->setup.rewriting ? "on" : "off", m->order);
}

static long comparisons[2]; /* by type */

/* Coefficients 0..top of element i against the truth; the number of cases (0 or 1) that fail. */
static int check_case(const machine *m, ptrdiff_t i, const ref_case *c, int top) {
  int bad = 0, end = can_compare(m->file, m->setup, c) && !is_exception(m->file, c) ? compared(m, c, top) : 0;
  double unit = m->setup.type == JET_F32 ? 0x1p-24 / REF_UNIT : 1;
  comparisons[m->setup.type] += end;
  for (int k = 0; k < end; k++) {
    double got = get(m, k, i), error = ref_error(c, k, got) / unit;
    if (error <= REF_TOLERANCE) continue;
    if (bad++ == 0) describe(m, c);
    if (bad <= SHOWN)
      print_error("  coefficient %d: got %.17g (%a), want %.17g (%a), error %.3g u S_k\n", k, got, got, c->out[k].value,
                  c->out[k].value, error);
  }
  return bad > 0;
}

static bool same(double a, double b) { return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b)); }

/* ---- alone: one-element arrays ------------------------------------------------------------------------------------
 */

static int check_alone_at(const ref_file *f, setup s, int extra) {
  int bad = 0;
  machine m = machine_new(f, s, ref_nout(f) - 1 + extra, 1);
  for (int i = 0; i < f->ncase; i++) {
    const ref_case *c = &f->cases[i];
    if (c->extra != extra) continue;
    put(&m, 0, c);
    run(&m);
    bad += check_case(&m, 0, c, c->nout - 1);
  }
  machine_free(&m);
  return bad;
}

static bool has_extra(const ref_file *f, int extra) {
  for (int i = 0; i < f->ncase; i++)
    if (f->cases[i].extra == extra) return true;
  return false;
}

static int check_alone(const ref_file *f, setup s) {
  int bad = 0;
  for (int extra = 0; extra <= ref_extra(f); extra++)
    if (has_extra(f, extra)) bad += check_alone_at(f, s, extra);
  return bad;
}

/* Calls check for every file that is (not) elementary, on every instruction set; counts the failing cases. */
static void for_all(bool elementary, int (*check)(const ref_file *, setup), setup s) {
  jet_isa isas[3];
  int n = ref_isas(isas), bad = 0;
  assert_true(n > 0);
  for (int a = 0; a < 2 * n; a++)
    for (int i = 0; i < nfiles; i++) {
      s.isa = isas[a / 2];
      s.type = a % 2 ? JET_F32 : JET_F64;
      if (is_elementary(files[i]) == elementary) bad += check(files[i], s);
    }
  assert_int_equal(bad, 0);
}

static void elementary_expanded_by_t(void **state) {
  (void)state;
  for_all(true, check_alone, (setup){.rewriting = true, .style = REF_GENERAL, .form = EXPAND});
}

static void elementary_as_series_with_explicit_zeros(void **state) {
  (void)state;
  for_all(true, check_alone, (setup){.rewriting = true, .style = REF_CONSTANTS, .form = SERIES});
}

static void composed_with_rewriting(void **state) {
  (void)state;
  for_all(false, check_alone, (setup){.rewriting = true, .style = REF_GENERAL, .form = SERIES});
}

static void composed_as_typed(void **state) {
  (void)state;
  for_all(false, check_alone, (setup){.rewriting = false, .style = REF_GENERAL, .form = SERIES});
}

static void composed_with_operations_for_constants(void **state) {
  (void)state;
  for_all(false, check_alone, (setup){.rewriting = true, .style = REF_CONSTANTS, .form = SERIES});
  for_all(false, check_alone, (setup){.rewriting = false, .style = REF_CONSTANTS, .form = SERIES});
}

/* ---- every truncation order: short ones may have code of their own ------------------------------------------------
 */

static int check_orders(const ref_file *f, setup s) {
  int bad = 0;
  for (int order = 0; order < ref_nout(f); order++) {
    machine m = machine_new(f, s, order + ref_extra(f), f->ncase);
    for (int i = 0; i < f->ncase; i++) put(&m, i, &f->cases[i]);
    run(&m);
    for (int i = 0; i < f->ncase; i++) bad += check_case(&m, i, &f->cases[i], order);
    machine_free(&m);
  }
  return bad;
}

static void every_order_of_elementary(void **state) {
  (void)state;
  for_all(true, check_orders, (setup){.rewriting = true, .form = EXPAND});
  for_all(true, check_orders, (setup){.rewriting = true, .form = SERIES});
}

static void every_order_of_composed(void **state) {
  (void)state;
  for_all(false, check_orders, (setup){.rewriting = true, .form = SERIES});
  for_all(false, check_orders, (setup){.rewriting = false, .form = SERIES});
}

/* ---- as lanes and tails: bit for bit the same as alone, at every position of arrays of every length ----------------
 */

enum { WIDEST = 16, LONG = 1003, SHORT = 9 };

static double *results_alone(const ref_file *f, setup s, int order) {
  double *alone = test_calloc((size_t)(f->ncase * (order + 1)), sizeof *alone);
  machine m = machine_new(f, s, order, 1);
  for (int i = 0; i < f->ncase; i++) {
    put(&m, 0, &f->cases[i]);
    run(&m);
    for (int k = 0; k <= order; k++) alone[i * (order + 1) + k] = get(&m, k, 0);
  }
  machine_free(&m);
  return alone;
}

static bool differs_from_alone(const machine *m, ptrdiff_t i, const ref_case *c, const double *alone) {
  for (int k = 0; k <= m->order; k++) {
    double got = get(m, k, i);
    if (same(got, alone[k])) continue;
    describe(m, c);
    print_error("  element %td of %td, coefficient %d: %a, but alone %a\n", i, m->n, k, got, alone[k]);
    return true;
  }
  return false;
}

/* Element i holds case i + rotation. One report per run is enough. */
static int check_rotated(machine *m, int rotation, const double *alone) {
  const ref_file *f = m->file;
  for (ptrdiff_t i = 0; i < m->n; i++) put(m, i, &f->cases[(i + rotation) % f->ncase]);
  run(m);
  for (ptrdiff_t i = 0; i < m->n; i++) {
    ptrdiff_t which = (i + rotation) % f->ncase;
    if (differs_from_alone(m, i, &f->cases[which], alone + which * (m->order + 1))) return 1;
  }
  return 0;
}

static int check_length(const ref_file *f, setup s, int order, ptrdiff_t n, const double *alone) {
  int bad = 0;
  machine m = machine_new(f, s, order, n);
  for (int rotation = 0; rotation < f->ncase && bad == 0; rotation++)
    if (n < LONG || rotation < 2) bad = check_rotated(&m, rotation, alone);
  machine_free(&m);
  return bad;
}

static int check_lengths(const ref_file *f, setup s, int order) {
  int bad = 0;
  double *alone = results_alone(f, s, order);
  for (ptrdiff_t n = 1; n <= 2 * WIDEST + 3 && bad == 0; n++) bad += check_length(f, s, order, n, alone);
  bad += check_length(f, s, order, LONG, alone);
  test_free(alone);
  return bad;
}

/* At the full order, and at short ones, where whole vectors may have code of their own and tails not. */
static int check_lanes(const ref_file *f, setup s) {
  int bad = check_lengths(f, s, ref_nout(f) - 1 + ref_extra(f));
  for (int order = 0; order <= SHORT; order++) bad += check_lengths(f, s, order);
  return bad;
}

static void lanes_and_tails_of_elementary(void **state) {
  (void)state;
  for_all(true, check_lanes, (setup){.rewriting = true, .form = EXPAND});
  for_all(true, check_lanes, (setup){.rewriting = true, .form = SERIES});
}

static void lanes_and_tails_of_composed(void **state) {
  (void)state;
  for_all(false, check_lanes, (setup){.rewriting = true, .form = SERIES});
  for_all(false, check_lanes, (setup){.rewriting = false, .form = SERIES});
}

/* ---- orders lost at removable singularities ------------------------------------------------------------------------
 */

static bool wrong_loss(const machine *m, const ref_case *c, int want, bool less_is_good) {
  int lost = jet_plan_lost(m->plan, m->y);
  if (lost == want || (less_is_good && lost >= 0 && lost < want)) return false;
  describe(m, c);
  print_error("  %d orders lost instead of %d\n", lost, want);
  return true;
}

/* The top coefficients that are lost are NaN, no fewer and no more. */
static bool wrong_top(const machine *m, const ref_case *c, int lost) {
  for (int k = 0; k <= m->order; k++) {
    if (isnan(get(m, k, 0)) == (k > m->order - lost)) continue;
    describe(m, c);
    print_error("  %d orders lost, but coefficient %d is %g\n", lost, k, get(m, k, 0));
    return true;
  }
  return false;
}

static int check_loss(const ref_file *f, setup s) {
  int bad = 0;
  machine m = machine_new(f, s, ref_nout(f) - 1 + ref_extra(f), 1);
  for (int i = 0; i < f->ncase; i++) {
    if (!can_compare(f, s, &f->cases[i])) continue;
    put(&m, 0, &f->cases[i]);
    run(&m);
    bad += wrong_loss(&m, &f->cases[i], f->cases[i].extra, s.rewriting) ||
           wrong_top(&m, &f->cases[i], jet_plan_lost(m.plan, m.y));
  }
  machine_free(&m);
  return bad;
}

/* In an array the element that loses most counts, and a run forgets what the runs before it lost. */
static int check_loss_in_array(const ref_file *f, setup s) {
  int bad = 0, order = ref_nout(f) - 1 + ref_extra(f);
  machine m = machine_new(f, s, order, 2 * WIDEST + 1);
  for (int i = 0; i < f->ncase; i++) {
    for (ptrdiff_t j = 0; j < m.n; j++) put(&m, j, &f->cases[(i + j) % f->ncase]);
    run(&m);
    bad += wrong_loss(&m, &f->cases[i], ref_extra(f), s.rewriting);
    for (ptrdiff_t j = 0; j < m.n; j++) put(&m, j, &f->cases[i]);
    run(&m);
    bad += wrong_loss(&m, &f->cases[i], f->cases[i].extra, s.rewriting);
  }
  machine_free(&m);
  return bad;
}

static void lost_orders_are_counted_as_typed(void **state) {
  (void)state;
  for_all(false, check_loss, (setup){.rewriting = false, .form = SERIES});
  for_all(false, check_loss_in_array, (setup){.rewriting = false, .form = SERIES});
}

static void lost_orders_are_not_more_with_rewriting(void **state) {
  (void)state;
  for_all(false, check_loss, (setup){.rewriting = true, .form = SERIES});
  for_all(false, check_loss_in_array, (setup){.rewriting = true, .form = SERIES});
}

static void regular_points_lose_nothing(void **state) {
  (void)state;
  for_all(true, check_loss, (setup){.rewriting = false, .form = SERIES});
  for_all(true, check_loss, (setup){.rewriting = true, .form = EXPAND});
}

/* ---- the parser itself
 * ----------------------------------------------------------------------------------------------- */

static void malformed_expressions_are_refused(void **state) {
  static const char *const bad[] = {"",       "x+",      "(x",   "x)",  "nosuch(x)", "sin x",
                                    "pow(x)", "pow(x,2", "1..2", "x x", "z"};
  (void)state;
  jet_tape *tape = jet_tape_new();
  jet t = jet_parameter(tape, 3);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    jet y = ref_record(bad[i], t, t, REF_GENERAL);
    if (y.tape) fail_msg("\"%s\" was accepted", bad[i]);
  }
  jet_tape_free(tape);
}

static void float_is_compared_where_it_can(void **state) {
  (void)state;
  print_message("compared: %ld coefficients in f64, %ld in f32\n", comparisons[JET_F64], comparisons[JET_F32]);
  assert_true(comparisons[JET_F32] > comparisons[JET_F64] / 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(malformed_expressions_are_refused),
      cmocka_unit_test(elementary_expanded_by_t),
      cmocka_unit_test(elementary_as_series_with_explicit_zeros),
      cmocka_unit_test(composed_with_rewriting),
      cmocka_unit_test(composed_as_typed),
      cmocka_unit_test(composed_with_operations_for_constants),
      cmocka_unit_test(every_order_of_elementary),
      cmocka_unit_test(every_order_of_composed),
      cmocka_unit_test(lanes_and_tails_of_elementary),
      cmocka_unit_test(lanes_and_tails_of_composed),
      cmocka_unit_test(lost_orders_are_counted_as_typed),
      cmocka_unit_test(lost_orders_are_not_more_with_rewriting),
      cmocka_unit_test(regular_points_lose_nothing),
      cmocka_unit_test(float_is_compared_where_it_can),
  };
  return cmocka_run_group_tests(tests, load_files, free_files);
}
