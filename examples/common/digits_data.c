/* digits_data.c */
#include "digits_data.h"

#include "cli.h"
#include "csv.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COLUMNS = PIXELS + 1, DARKEST = 16 };

/* The file of the sources, or where it is found from a program in build/examples/ or beside it. */
static const char *own_file(char *path, size_t size) {
  static const char *const relative[] = {"../../examples/data/digits.csv", "data/digits.csv", "digits.csv"};
  if (!access(EXAMPLES_DATA "/digits.csv", R_OK)) return EXAMPLES_DATA "/digits.csv";
  for (size_t i = 0; i < sizeof relative / sizeof *relative; i++)
    if (cli_beside_program(relative[i], path, size) && !access(path, R_OK)) return path;
  return EXAMPLES_DATA "/digits.csv"; /* whose absence is what to complain about */
}

static int check_row(const char *path, ptrdiff_t row, const double *cell) {
  for (int j = 0; j < COLUMNS; j++) {
    double most = j < PIXELS ? DARKEST : DIGITS - 1;
    int bad = !(cell[j] >= 0 && cell[j] <= most) || (j == PIXELS && cell[j] != (int)cell[j]);
    if (!bad) continue;
    cli_complain(2, "%s: line %td, column %d: %g is not %s between 0 and %g", path, row + 1, j + 1, cell[j],
                 j < PIXELS ? "a pixel" : "a digit", most);
    return 0;
  }
  return 1;
}

static int check(const char *path, const csv_table *t) {
  if (t->columns != COLUMNS) {
    cli_complain(2, "%s: line 1 has %td columns, not %d pixels and a digit", path, t->columns, PIXELS);
    return 0;
  }
  for (ptrdiff_t i = 0; i < t->rows; i++)
    if (!check_row(path, i, t->data + i * COLUMNS)) return 0;
  return 1;
}

static int split(digits_data *d, const csv_table *t) {
  d->rows = t->rows;
  d->pixels = (double *)malloc((size_t)(t->rows * COLUMNS) * sizeof *d->pixels);
  if (!d->pixels) {
    cli_complain(2, "out of memory");
    return 0;
  }
  d->labels = d->pixels + t->rows * PIXELS;
  for (ptrdiff_t i = 0; i < t->rows; i++) {
    for (ptrdiff_t j = 0; j < PIXELS; j++) d->pixels[i * PIXELS + j] = t->data[i * COLUMNS + j] / DARKEST;
    d->labels[i] = t->data[i * COLUMNS + PIXELS];
  }
  return 1;
}

int digits_read(digits_data *d, const char *path) {
  char found[4096];
  csv_table t;
  *d = (digits_data){0, NULL, NULL};
  if (!path) path = own_file(found, sizeof found);
  int good = csv_read(&t, path) && check(path, &t) && split(d, &t);
  csv_free(&t);
  return good;
}

int digits_shuffle(digits_data *d, rng *r) {
  size_t rows = (size_t)d->rows;
  ptrdiff_t *p = (ptrdiff_t *)malloc(rows * sizeof *p);
  double *to = (double *)malloc(rows * COLUMNS * sizeof *to);
  int good = p && to;
  if (good) {
    double *labels = to + rows * PIXELS;
    rng_permutation(r, d->rows, p);
    for (size_t i = 0; i < rows; i++) {
      memcpy(to + i * PIXELS, d->pixels + p[i] * PIXELS, PIXELS * sizeof *to);
      labels[i] = d->labels[p[i]];
    }
    digits_free(d);
    *d = (digits_data){(ptrdiff_t)rows, to, labels};
  } else {
    free(to);
  }
  free(p);
  return good;
}

void digits_free(digits_data *d) {
  free(d->pixels); /* the labels stand behind them */
  *d = (digits_data){0, NULL, NULL};
}
