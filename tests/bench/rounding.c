/* rounding.c - how far from the reference data every function is: a markdown table of the worst errors over all
   orders, points, instruction sets and ways to type the expression, in units of u S_k (tests/reference/FORMAT.md;
   the tests allow 64).

     rounding [directory of the reference data] */
#include "../reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef REFERENCE_DIR
#define REFERENCE_DIR "tests/reference"
#endif

enum { MAX_ROWS = 256 };

typedef struct worst {
  double error; /* -1: nothing measured, -2: could not be recorded or run */
  int order;
  char where[32]; /* the point, or the case's label */
} worst;

typedef enum column { ELEMENTARY, COMPOSED, COLUMNS } column;

typedef struct row {
  char name[32];
  worst in[COLUMNS];
} row;

/* ---- one file -------------------------------------------------------------------------------------------------- */

/* All cases of a file as elements of one array, coefficients given one by one. */
typedef struct machine {
  jet_tape *tape;
  jet_plan *plan;
  jet x[2], y;
  int order;
} machine;

static machine machine_new(const ref_file *f, jet_isa isa, ref_style style, int order) {
  machine m = {.tape = ref_tape(isa, true), .order = order};
  ptrdiff_t n = f->ncase;
  jet t = jet_parameter(m.tape, m.order);
  for (int j = 0; j < 2; j++) m.x[j] = j < f->cases[0].nin ? jet_input_series(t, 1, &n) : m.x[0];
  m.y = ref_record(f->expr, m.x[0], m.x[1], style);
  m.plan = m.y.tape ? jet_plan_new(m.tape, 1, &m.y) : NULL;
  return m;
}

static void machine_free(machine *m) {
  if (m->plan) jet_plan_free(m->plan);
  jet_tape_free(m->tape);
}

static int run(const machine *m, const ref_file *f) {
  if (!m->plan || jet_plan_status(m->plan) != JET_OK) return 0;
  for (int i = 0; i < f->ncase; i++)
    for (int j = 0; j < f->cases[i].nin; j++)
      for (int k = 0; k <= m->order; k++) jet_plan_data(m->plan, m->x[j], k)[i] = ref_input(&f->cases[i], j, k);
  return jet_plan_run(m->plan) == JET_OK;
}

static void name_case(column c, const ref_case *r, char *where, size_t size) {
  if (c == ELEMENTARY) snprintf(where, size, "%.6g", r->input[0][0]);
  else snprintf(where, size, "%s", r->label);
}

static void compare(const machine *m, const ref_file *f, column c, int top, worst *w) {
  for (int i = 0; i < f->ncase; i++)
    for (int k = 0; k <= top && k < f->cases[i].nout; k++) {
      double error = ref_error(&f->cases[i], k, jet_plan_data(m->plan, m->y, k)[i]);
      if (error <= w->error) continue;
      w->error = error;
      w->order = k;
      name_case(c, &f->cases[i], w->where, sizeof w->where);
    }
}

/* Coefficients 0..top. Removable divisions lose orders at the top. */
static void measure_at(const ref_file *f, jet_isa isa, ref_style style, int top, column c, worst *w) {
  machine m = machine_new(f, isa, style, top + ref_extra(f));
  if (!run(&m, f)) w->error = -2;
  if (w->error > -2) compare(&m, f, c, top, w);
  machine_free(&m);
}

/* Short jets have kernels of their own: every truncation. */
static void measure(const ref_file *f, column c, worst *w) {
  jet_isa isas[3];
  int n = ref_isas(isas), orders = ref_nout(f);
  for (int a = 0; a < n; a++)
    for (int top = 0; top < orders; top++) {
      measure_at(f, isas[a], REF_GENERAL, top, c, w);
      measure_at(f, isas[a], REF_CONSTANTS, top, c, w);
    }
}

/* ---- all files ------------------------------------------------------------------------------------------------- */

static row *row_of(const char *name, row *rows, int *n) {
  for (int i = 0; i < *n; i++)
    if (strcmp(rows[i].name, name) == 0) return &rows[i];
  if (*n == MAX_ROWS) return NULL;
  row *r = &rows[(*n)++];
  snprintf(r->name, sizeof r->name, "%s", name);
  for (int c = 0; c < COLUMNS; c++) r->in[c].error = -1;
  return r;
}

static int measure_directory(const char *root, column c, row *rows, int *n) {
  static const char *const names[] = {"elementary", "composed"};
  char directory[4096], **paths;
  snprintf(directory, sizeof directory, "%s/%s", root, names[c]);
  int nfiles = ref_list(directory, &paths);
  if (nfiles <= 0) return fprintf(stderr, "rounding: no data in %s\n", directory), 0;
  for (int i = 0; i < nfiles; i++) {
    ref_file *f = ref_open(paths[i]);
    row *r = f ? row_of(f->name, rows, n) : NULL;
    if (r) measure(f, c, &r->in[c]);
    else fprintf(stderr, "rounding: cannot read %s\n", paths[i]);
    ref_free(f);
  }
  ref_list_free(nfiles, paths);
  return 1;
}

static void print_worst(const worst *w) {
  if (w->error == -1) printf("  |   |  |");
  else if (w->error == -2) printf(" unsupported | | |");
  else printf(" %.3g | %d | %s |", w->error, w->order, w->where);
}

int main(int argc, char **argv) {
  static row rows[MAX_ROWS];
  const char *root = argc > 1 ? argv[1] : REFERENCE_DIR;
  int n = 0;
  for (int c = 0; c < COLUMNS; c++)
    if (!measure_directory(root, (column)c, rows, &n)) return 2;
  printf("Worst errors in units of u S_k, u = 2^-53, over all orders; k: at this order.\n\n"
         "| function | elementary | k | at x_0 | composed | k | case |\n|---|--:|--:|---|--:|--:|---|\n");
  for (int i = 0; i < n; i++) {
    printf("| %s |", rows[i].name);
    for (int c = 0; c < COLUMNS; c++) print_worst(&rows[i].in[c]);
    printf("\n");
  }
  return 0;
}
