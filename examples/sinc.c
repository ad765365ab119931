/* sinc.c - all derivatives of sin(x)/x, typed as the quotient that it is, at many points: a table, a picture, times. */
#include "common/cli.h"
#include "common/clock.h"
#include "common/csv.h"
#include "common/output.h"
#include "common/plot.h"

#include <jets.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct settings {
  int points, order;
  double from, to;
  const char *csv, *plot;
} settings;

typedef struct table { /* column 0 is x, column 1 + k the k-th derivative */
  ptrdiff_t rows;
  int columns;
  double *x, *d; /* d[k * rows + i]; one block, x first */
  char (*names)[16];
  column *list;
} table;

enum { MOST_POINTS = 10000000, MOST_NUMBERS = 1 << 28, MOST_RUNS = 201 };

static jet sine_over_x(jet x, void *data) {
  (void)data;
  return jet_div(jet_sin(x), x);
}

/* ---- the command line -------------------------------------------------------------------------------------------- */

static int read_settings(int argc, char **argv, settings *s) {
  const cli_option options[] = {
      {"points", "N", "number of points", CLI_INTEGER, &s->points, 1, MOST_POINTS},
      {"order", "K", "highest derivative", CLI_INTEGER, &s->order, 0, JET_MAX_ORDER},
      {"from", "A", "first point", CLI_NUMBER, &s->from, -1e300, 1e300},
      {"to", "B", "last point", CLI_NUMBER, &s->to, -1e300, 1e300},
      {"csv", "FILE", "the table", CLI_FILE, &s->csv, 0, 0},
      {"plot", "FILE", "the picture, .png or .svg", CLI_FILE, &s->plot, 0, 0},
  };
  int status = cli_read(argc, argv, "Derivatives 0..K of sin(x)/x at N points of [A, B], as a table and a picture.",
                        sizeof options / sizeof *options, options);
  if (status >= 0) return status;
  if (s->from >= s->to) return cli_complain(2, "--from %g is not below --to %g", s->from, s->to);
  if (!plot_known_suffix(s->plot)) return cli_complain(2, "--plot: %s ends neither in .png nor in .svg", s->plot);
  if (!strcmp(s->csv, s->plot)) return cli_complain(2, "--csv and --plot are the same file, %s", s->csv);
  if ((double)s->points * (s->order + 2) > MOST_NUMBERS)
    return cli_complain(2, "%d points to order %d are more than %d numbers", s->points, s->order, MOST_NUMBERS);
  return -1;
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

/* Of n equidistant points; in a form that is exact at the ends and, for from = -to, in the middle. */
static double point(ptrdiff_t i, ptrdiff_t n, double from, double to) {
  if (i == 0) return from;
  if (i == n - 1) return to;
  return ((double)(n - 1 - i) * from + (double)i * to) / (double)(n - 1);
}

static void table_free(table *t) {
  free(t->x);
  free(t->names);
  free(t->list);
}

static int table_new(table *t, const settings *s) {
  ptrdiff_t n = s->points;
  *t = (table){.rows = n, .columns = s->order + 2};
  size_t columns = (size_t)t->columns;
  t->x = (double *)calloc((size_t)n * columns, sizeof *t->x);
  t->names = (char(*)[16])calloc(columns, sizeof *t->names);
  t->list = (column *)calloc(columns, sizeof *t->list);
  if (!t->x || !t->names || !t->list) return 0;
  t->d = t->x + n;
  for (ptrdiff_t i = 0; i < n; i++) t->x[i] = point(i, n, s->from, s->to);
  for (int j = 0; j < t->columns; j++) {
    if (j == 0) strcpy(t->names[j], "x");
    else snprintf(t->names[j], sizeof t->names[j], "d%d", j - 1);
    t->list[j] = (column){t->names[j], t->x + j * n};
  }
  return 1;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Fills the derivatives and finds the median time of the calls after the first, which records. */
static jet_status differentiate(jet_fn *f, const table *t, double *median, int *runs) {
  double seconds[MOST_RUNS], begin = clock_seconds();
  int order = t->columns - 2, n = 0;
  jet_status status = jet_fn_derivatives(f, order, t->x, t->d);
  while (n < MOST_RUNS && !status && (n < 3 || clock_seconds() - begin < 1)) {
    double start = clock_seconds();
    status = jet_fn_derivatives(f, order, t->x, t->d);
    seconds[n++] = clock_seconds() - start;
  }
  if (n) qsort(seconds, (size_t)n, sizeof *seconds, compare);
  *median = n ? seconds[n / 2] : 0;
  *runs = n;
  return status;
}

/* ---- what is told and written ------------------------------------------------------------------------------------ */

static void print_largest(const table *t) {
  for (int k = 0; k <= t->columns - 2; k++) {
    const double *d = t->d + k * t->rows;
    ptrdiff_t at = 0;
    for (ptrdiff_t i = 1; i < t->rows; i++)
      if (!(fabs(d[i]) <= fabs(d[at])) && !isnan(d[at])) at = i;
    printf("order %3d: largest |derivative| %-19.16g at x = %.16g\n", k, fabs(d[at]), t->x[at]);
  }
}

static void print_time(const table *t, double median, int runs) {
  printf("%td points, orders 0 to %d: %.4g microseconds once recorded (median of %d runs after the first)\n", t->rows,
         t->columns - 2, 1e6 * median, runs);
}

static int write_picture(output *out, const settings *s, table *t) {
  double margin = 0.6 / 62.8 * (s->to - s->from); /* the default range becomes [-32, 32] */
  plot p = {.title = "sin(x)/x and its derivatives",
            .x_label = "x",
            .legend = "derivative",
            .x_low = s->from - margin,
            .x_high = s->to + margin,
            .y_low = -0.5,
            .y_high = 1.2,
            .rows = t->rows,
            .columns = t->columns,
            .list = t->list};
  for (int j = 1; j < t->columns; j++) t->list[j].name = t->names[j] + 1; /* the legend has 8 where the table has d8 */
  return plot_write(out, s->plot, 1, &p);
}

static int compute_and_write(const settings *s, table *t, output *csv, output *picture) {
  jet_fn *f = jet_fn_new(sine_over_x, NULL, s->points);
  double median;
  int runs, failed = differentiate(f, t, &median, &runs) ? cli_complain(1, "%s", jet_fn_message(f)) : 0;
  jet_fn_free(f);
  if (failed) return failed;
  print_largest(t);
  print_time(t, median, runs);
  csv_write(csv->stream, t->rows, t->columns, t->list);
  if (!output_commit(csv)) return 2;
  return write_picture(picture, s, t);
}

static int run(const settings *s) {
  output csv, picture;
  table t;
  if (!output_open(&csv, s->csv)) return 2;
  if (!output_open(&picture, s->plot)) {
    output_discard(&csv);
    return 2;
  }
  int status = table_new(&t, s) ? compute_and_write(s, &t, &csv, &picture) : cli_complain(1, "out of memory");
  table_free(&t);
  output_discard(&csv);
  output_discard(&picture);
  return status;
}

int main(int argc, char **argv) {
  settings s = {256, 8, -31.4, 31.4, "sinc.csv", "sinc.png"};
  int status = read_settings(argc, argv, &s);
  return status >= 0 ? status : run(&s);
}
