/* gsl_minimize.c - the solvers of the GNU Scientific Library driven by derivatives of jets, beside the same solvers
   with differences: how often each evaluates the function, how exactly it ends, how long it takes. gsl_adapter.h is all
   that links a jet_fn to GSL, and made to be copied; problems.h has the problems and how their solutions are
   known.

   gsl_multimin: vector_bfgs2 and conjugate_fr with value and gradient by one call of jet_fn_gradient; with
   gsl_multimin_diff, central differences that gsl_multimin.h declares and the manual passes over; and with
   gsl_deriv_central, the manual's adaptive differences, along each axis.
   gsl_multiroot: hybridsj with the Jacobian of jet_fn_jacobian; and hybrids, the same method (Powell's, as in MINPACK)
   with GSL's own Jacobian by forward differences.
   Differences are taken of functions in plain C, which are faster than jet_fn_value where arrays are this short.
   A gradient or a Jacobian by jets counts as one evaluation; that it costs more than one shows in the times.

   GSL is under the GPL, and a program that links it, as this one does, is subject to it. */
#include "../common/cli.h"
#include "../common/clock.h"
#include "../common/files.h"
#include "../common/plot.h"
#include "../common/progress.h"

#include "runs.h"

#include <gsl/gsl_statistics_double.h>
#include <jets.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROOTS = 2 * MINIMA * WAYS, MOST_RUNS = ROOTS + 2 * (PROBLEMS - MINIMA) }; /* runs for minima, then for roots */
enum { TITLE = 64 };
enum { TABLE, TRACES, MINIMA_PNG, ROOTS_PNG, FILES };

static const char *const file_names[FILES] = {"table.csv", "convergence.csv", "minima.png", "roots.png"};
static const char *const method_names[] = {"vector_bfgs2", "conjugate_fr", "hybrids"};
static const char *const way_names[] = {"jets", "gsl_multimin_diff", "gsl_deriv_central"};

typedef struct settings {
  int n, iterations, repeats, seed;
  double tolerance, residual;
  const char *out;
} settings;

/* ---- all runs --------------------------------------------------------------------------------------------------- */

typedef struct comparison {
  const settings *set;
  problem p[PROBLEMS];
  adapter jets[PROBLEMS];
  run r[MOST_RUNS];
  int runs;
} comparison;

static int add_run(comparison *c, int problem, int method, int way) {
  run *r = &c->r[c->runs++];
  const size_t rows = (size_t)c->set->iterations + 1;
  *r = (run){.p = &c->p[problem], .jets = &c->jets[problem], .method = method, .way = way};
  r->most_iterations = c->set->iterations;
  r->tolerance = r->p->scalar ? c->set->tolerance : c->set->residual;
  r->c = (plain){.p = r->p, .point = gsl_vector_alloc(r->p->n)};
  r->evaluations = (double *)malloc(2 * rows * sizeof *r->evaluations);
  r->sizes = r->evaluations + rows;
  return r->c.point && r->evaluations ? 0 : cli_complain(1, "out of memory");
}

static int comparison_new(comparison *c) {
  int status = problems_new(c->p, (size_t)c->set->n, c->set->seed) ? 0 : cli_complain(1, "out of memory");
  for (int i = 0; i < PROBLEMS && !status; i++)
    if (adapter_new(&c->jets[i], c->p[i].f, c->p[i].unit, c->p[i].n, c->p[i].scalar ? 1 : c->p[i].n))
      status = cli_complain(1, "out of memory");
  for (int i = 0; i < PROBLEMS && !status; i++)
    for (int method = i < MINIMA ? BFGS : HYBRID; method <= (i < MINIMA ? CONJUGATE : HYBRID); method++)
      for (int way = 0; way < (i < MINIMA ? WAYS : BY_ADAPTIVE) && !status; way++) status = add_run(c, i, method, way);
  return status;
}

static void comparison_free(comparison *c) {
  for (int i = 0; i < c->runs; i++) {
    gsl_vector_free(c->r[i].c.point);
    free(c->r[i].evaluations);
  }
  for (int i = 0; i < PROBLEMS; i++) adapter_free(&c->jets[i]);
  problems_free(c->p);
}

/* A run that is traced, then runs that are timed, in turns with those of the others. */
static int run_all(comparison *c) {
  progress line = progress_new();
  int status = 0;
  for (int j = -1; j < c->set->repeats && !status; j++)
    for (int i = 0; i < c->runs && !status; i++) {
      run r = c->r[i];
      r.line = &line;
      snprintf(r.part, sizeof r.part, "%s %d of %d: %s", j < 0 ? "run" : "repetition", j < 0 ? i + 1 : j + 1,
               j < 0 ? c->runs : c->set->repeats, r.p->name);
      if (j >= 0) r.evaluations = NULL;
      const double start = clock_seconds();
      status = run_once(&r);
      if (j < 0) c->r[i] = r;
      else c->r[i].seconds[j] = clock_seconds() - start;
    }
  for (int i = 0; i < c->runs && !status; i++)
    c->r[i].time = gsl_stats_median(c->r[i].seconds, 1, (size_t)c->set->repeats);
  progress_clear(&line);
  return status;
}

/* ---- checks ----------------------------------------------------------------------------------------------------- */

/* The first evaluation, which records; then value and F against plain C, and derivatives against differences. */
static int check_function(const problem *p, adapter *a) {
  double y[MOST_N] = {0}, plain_y[MOST_N] = {0};
  const size_t m = p->scalar ? 1 : p->n;
  if (jet_fn_value(a->fn, p->start, y)) return cli_complain(1, "%s: %s", p->name, jet_fn_message(a->fn));
  if (p->scalar) plain_y[0] = p->scalar(p->n, p->start);
  else p->system(p->n, p->start, plain_y, p->unit);
  for (size_t i = 0; i < m; i++)
    if (!(fabs(y[i] - plain_y[i]) <= 1e-13 * norm_of(m, plain_y)))
      return cli_complain(1, "%s: element %zu is %.17g, and %.17g in plain C", p->name, i, y[i], plain_y[i]);
  if (jet_fn_check(a->fn, 1, p->start, 0)) return cli_complain(1, "%s: %s", p->name, jet_fn_message(a->fn));
  return 0;
}

/* What the adapter makes of two columns of a matrix is what it makes of vectors that are packed, bit for bit. */
static int check_strides(const problem *p, adapter *a) {
  gsl_matrix *columns = gsl_matrix_calloc(p->n, 2);
  gsl_vector *y = gsl_vector_calloc(p->n);
  const gsl_vector_const_view x = gsl_vector_const_view_array(p->start, p->n);
  int status = columns && y ? 0 : cli_complain(1, "out of memory");
  if (!status) {
    gsl_vector_view other_x = gsl_matrix_column(columns, 0), other_y = gsl_matrix_column(columns, 1);
    gsl_vector_memcpy(&other_x.vector, &x.vector);
    if (p->scalar) {
      min_df(&x.vector, a, y);
      min_df(&other_x.vector, a, &other_y.vector);
    } else {
      root_f(&x.vector, a, y);
      root_f(&other_x.vector, a, &other_y.vector);
    }
    if (!gsl_vector_equal(y, &other_y.vector)) status = cli_complain(1, "%s: strides make a difference", p->name);
  }
  gsl_matrix_free(columns);
  gsl_vector_free(y);
  return status;
}

static jet unfit(jet x, void *data) {
  const ptrdiff_t one = 1, n = jet_size(x);
  (void)data;
  return jet_mul(x, jet_slice(x, &one, &n, NULL));
}

/* How a failure shows: GSL has a status, or for a minimum NaN, and the adapter keeps what jets said first. */
static int show_failure(void) {
  adapter a;
  gsl_vector *y = gsl_vector_calloc(3);
  int status = adapter_new(&a, unfit, NULL, 3, 3);
  if (!status && y) {
    status = root_f(y, &a, y);
    printf("a function that does not fit: GSL says '%s', jets '%s'\n\n", gsl_strerror(status), adapter_message(&a));
  }
  adapter_free(&a);
  gsl_vector_free(y);
  return status == GSL_EBADFUNC ? 0 : cli_complain(1, "a function that does not fit was taken");
}

static int check_all(comparison *c) {
  int status = 0;
  for (int i = 0; i < PROBLEMS && !status; i++) {
    const double start = clock_seconds();
    if (isnan(size_at(&c->jets[i], &c->p[i], c->p[i].start)))
      return cli_complain(1, "%s: %s", c->p[i].name, adapter_message(&c->jets[i]));
    printf("%-10s %4zu unknowns, recorded in %.2f ms\n", c->p[i].name, c->p[i].n, 1e3 * (clock_seconds() - start));
    status = check_function(&c->p[i], &c->jets[i]);
    if (!status) status = check_strides(&c->p[i], &c->jets[i]);
  }
  return status ? status : show_failure();
}

/* ---- what is written -------------------------------------------------------------------------------------------- */

static const char *way_name(const run *r) {
  return r->p->system && r->way == BY_DIFFERENCES ? "forward differences" : way_names[r->way];
}

static const char *ending(const run *r) {
  return r->status == GSL_SUCCESS ? "converged" : r->status == GSL_EMAXITER ? "iterations" : "no progress";
}

static void print_table(const comparison *c) {
  puts("problem    method       derivatives          steps        f  by jets  |g|, |F|    error        ms  ended");
  for (int i = 0; i < c->runs; i++) {
    const run *r = &c->r[i];
    printf("%-10s %-12s %-19s %6d %8ld ", r->p->name, method_names[r->method], way_name(r), r->iterations, r->values);
    if (r->way == BY_JETS) printf("%8ld", r->derivatives);
    else printf("%8s", "");
    printf("  %8.1e %8.1e %9.3f  %s\n", r->size, r->error, 1e3 * r->time, ending(r));
  }
}

static int write_table(const comparison *c, output *out) {
  fputs("problem,method,derivatives,iterations,f,by_jets,norm,error,seconds,ended\n", out->stream);
  for (int i = 0; i < c->runs; i++) {
    const run *r = &c->r[i];
    fprintf(out->stream, "%s,%s,%s,%d,%ld,%ld,%.17g,%.17g,%.17g,%s\n", r->p->name, method_names[r->method], way_name(r),
            r->iterations, r->values, r->way == BY_JETS ? r->derivatives : 0, r->size, r->error, r->time, ending(r));
  }
  return output_commit(out) ? 0 : 2;
}

static int write_traces(const comparison *c, output *out) {
  fputs("problem,method,derivatives,iteration,evaluations,norm\n", out->stream);
  for (int i = 0; i < c->runs; i++)
    for (ptrdiff_t j = 0; j < c->r[i].rows; j++)
      fprintf(out->stream, "%s,%s,%s,%td,%.0f,%.17g\n", c->r[i].p->name, method_names[c->r[i].method],
              way_name(&c->r[i]), j, c->r[i].evaluations[j], c->r[i].sizes[j]);
  return output_commit(out) ? 0 : 2;
}

/* Whole decades around all norms, so that a single point has a range too. */
static void find_range(const run *r, int n, plot *p) {
  double low = INFINITY, high = 0;
  for (int i = 0; i < n; i++)
    for (ptrdiff_t j = 0; j < r[i].rows; j++) {
      const double size = r[i].sizes[j];
      if (size > 0 && size < low) low = size;
      if (isfinite(size) && size > high) high = size;
    }
  if (!(high > 0)) return;
  p->y_low = pow(10, ceil(log10(low)) - 1);
  p->y_high = pow(10, floor(log10(high)) + 1);
}

/* A panel of runs that differ in the way alone. */
static plot panel(const run *r, int ways, layer curves[], char title[TITLE]) {
  static const char *const methods[] = {"BFGS", "conjugate gradients", "Powell's hybrid method"};
  static const char *const names[2][WAYS] = {{"jets", "central", "adaptive"}, {"jets", "forward"}};
  plot p = {.title = title,
            .x_label = "evaluations",
            .y_label = r->p->scalar ? "|gradient|" : "|F|",
            .log_x = 1,
            .log_y = 1,
            .legend_at = "bottom left",
            .legend = r->p->scalar ? "gradient by" : "Jacobian by",
            .layers = ways,
            .drawn = curves};
  snprintf(title, TITLE, "%s, %s", r->p->name, methods[r->method]);
  for (int i = 0; i < ways; i++)
    curves[i] = (layer){.kind = LAYER_LINE,
                        .name = names[r->p->system != NULL][i],
                        .rows = r[i].rows,
                        .x = r[i].evaluations,
                        .y = r[i].sizes};
  find_range(r, ways, &p);
  return p;
}

static int write_picture(const run *r, int panels, int ways, int across, output *out, const char *path) {
  plot p[PROBLEMS];
  layer curves[PROBLEMS][WAYS];
  char titles[PROBLEMS][TITLE];
  for (int i = 0; i < panels; i++) p[i] = panel(r + i * ways, ways, curves[i], titles[i]);
  return plot_write_across(out, path, across, panels, p);
}

/* Of the runs with GSL's differences over those with jets, geometric means: evaluations, time. Runs that
   gave up early count as they are, in favour of differences. */
static void compare(const run *r, int pairs, int ways, double ratio[2]) {
  ratio[0] = ratio[1] = 0;
  for (int i = 0; i < pairs; i++, r += ways) {
    ratio[0] += log((double)r[1].values / (double)(r[0].values + r[0].derivatives)) / pairs;
    ratio[1] += log(r[1].time / r[0].time) / pairs;
  }
  ratio[0] = exp(ratio[0]);
  ratio[1] = exp(ratio[1]);
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

static int compare_and_write(comparison *c, files *f) {
  const double start = clock_seconds();
  double minima[2], roots[2];
  int status = comparison_new(c);
  if (!status) status = check_all(c);
  if (!status) status = run_all(c);
  if (status) return status;
  const double time = clock_seconds() - start;
  print_table(c);
  status = write_table(c, &f->out[TABLE]);
  if (!status) status = write_traces(c, &f->out[TRACES]);
  if (!status) status = write_picture(c->r, 2 * MINIMA, WAYS, 2, &f->out[MINIMA_PNG], f->path[MINIMA_PNG]);
  if (!status) status = write_picture(c->r + ROOTS, PROBLEMS - MINIMA, 2, 3, &f->out[ROOTS_PNG], f->path[ROOTS_PNG]);
  compare(c->r, 2 * MINIMA, WAYS, minima);
  compare(c->r + ROOTS, PROBLEMS - MINIMA, 2, roots);
  if (!status)
    printf(
        "beside GSL's differences, with a gradient as one evaluation: minima %.1f times fewer evaluations, %.1f times "
        "faster; roots %.1f times fewer, %.1f times faster; time %.2f\n",
        minima[0], minima[1], roots[0], roots[1], time);
  return status;
}

static int read_settings(int argc, char **argv, settings *s) {
  const cli_option options[] = {
      {"n", "N", "unknowns of rosenbrock, broyden and units", CLI_INTEGER, &s->n, LEAST_N, MOST_N},
      {"tolerance", "G", "the norm of the gradient to reach", CLI_NUMBER, &s->tolerance, 0, 1e300},
      {"residual", "F", "the norm of a system to reach", CLI_NUMBER, &s->residual, 0, 1e300},
      {"iterations", "N", "at most", CLI_INTEGER, &s->iterations, 0, 1000000},
      {"repeats", "N", "runs, whose median time counts", CLI_INTEGER, &s->repeats, 1, MOST_REPEATS},
      {"seed", "N", "of the shaken cluster", CLI_INTEGER, &s->seed, 0, INT_MAX},
      {"out", "DIR", "where tables and pictures go", CLI_FILE, &s->out, 0, 0},
  };
  int status = cli_read(argc, argv, "Drives GSL's solvers by derivatives of jets, and by differences.",
                        sizeof options / sizeof *options, options);
  if (status >= 0) return status;
  if (s->n % 2) return cli_complain(2, "--n: %d is odd, rosenbrock has pairs", s->n);
  return -1;
}

int main(int argc, char **argv) {
  settings s = {.n = 100,
                .iterations = 10000,
                .repeats = 5,
                .seed = 1,
                .tolerance = 1e-5,
                .residual = 1e-10,
                .out = "gsl_minimize_out"};
  static comparison c;
  static files f;
  int status = read_settings(argc, argv, &s);
  if (status >= 0) return status;
  gsl_set_error_handler_off();
  c.set = &s;
  status = files_open(&f, s.out, FILES, file_names);
  if (!status) {
    status = compare_and_write(&c, &f);
    comparison_free(&c);
  }
  files_discard(&f);
  return status;
}
