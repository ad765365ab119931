/* problems.c */
#include "problems.h"

#include "../common/rng.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ATOMS = 13, PAIRS = ATOMS * (ATOMS - 1) / 2, CORNERS = ATOMS - 1 };

static const double shake = 0.1, powell_sum = 1.0001, smallest_unit = 1e-12;

static jet elements(jet x, ptrdiff_t start, ptrdiff_t stop, ptrdiff_t step) {
  return jet_slice(x, &start, &stop, &step);
}

/* ---- minima ----------------------------------------------------------------------------------------------------- */

static jet rosenbrock(jet x, void *data) {
  (void)data;
  jet a = elements(x, 0, jet_size(x), 2), b = elements(x, 1, jet_size(x), 2);
  return jet_sum(jet_add(jet_scale(jet_square(jet_sub(b, jet_square(a))), 100), jet_square(jet_shift(a, -1))));
}

static double plain_rosenbrock(size_t n, const double *x) {
  double sum = 0;
  for (size_t i = 0; i < n; i += 2) {
    const double valley = x[i + 1] - x[i] * x[i], distance = x[i] - 1;
    sum += 100 * valley * valley + distance * distance;
  }
  return sum;
}

/* x: [3, ATOMS]. Two gathers put the atoms of each pair beside each other. */
static jet cluster(jet x, void *data) {
  const ptrdiff_t dims[] = {3, ATOMS}, pairs = PAIRS;
  const int coordinates = 0;
  ptrdiff_t first[PAIRS], second[PAIRS], at = 0;
  (void)data;
  for (ptrdiff_t i = 0; i < ATOMS; i++)
    for (ptrdiff_t j = 0; j < i; j++, at++) first[at] = i, second[at] = j;
  x = jet_reshape(x, 2, dims);
  jet between = jet_sub(jet_gather(x, 1, 1, &pairs, first), jet_gather(x, 1, 1, &pairs, second));
  jet s = jet_powc(jet_sum_over(jet_square(between), 1, &coordinates, 0), -3);
  return jet_scale(jet_sum(jet_sub(jet_square(s), s)), 4);
}

static double squared_distance(const double *x, size_t i, size_t j) {
  const double d[] = {x[i] - x[j], x[ATOMS + i] - x[ATOMS + j], x[2 * ATOMS + i] - x[2 * ATOMS + j]};
  return d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
}

static double plain_cluster(size_t n, const double *x) {
  double sum = 0;
  for (size_t i = 0; i < n / 3; i++)
    for (size_t j = 0; j < i; j++) {
      const double q = 1 / squared_distance(x, i, j), s = q * q * q;
      sum += s * s - s;
    }
  return 4 * sum;
}

static void sorted_distances(const double *x, double *d) {
  double *p = d;
  for (size_t i = 0; i < ATOMS; i++)
    for (size_t j = 0; j < i; j++) *p++ = sqrt(squared_distance(x, i, j));
  gsl_sort(d, 1, PAIRS);
}

/* An atom in the centre and twelve at (0, +-1, +-phi) with its cyclic permutations, where phi is the golden ratio: all
   as far from the centre as energy wants. Returns its distances, too, and shakes it. */
static void place_cluster(double *x, double *distances, int seed) {
  const double phi = (1 + sqrt(5)) / 2;
  double a = 0, b = 0;
  rng r = rng_new((uint64_t)seed);
  for (size_t i = 0; i < CORNERS; i++) {
    const size_t axis = i / 4;
    x[axis * ATOMS + i] = 0;
    x[(axis + 1) % 3 * ATOMS + i] = i & 1 ? 1 : -1;
    x[(axis + 2) % 3 * ATOMS + i] = i & 2 ? phi : -phi;
  }
  for (size_t i = 0; i < 3; i++) x[i * ATOMS + CORNERS] = 0;
  sorted_distances(x, distances);
  for (size_t i = 0; i < PAIRS; i++) {
    a += pow(distances[i], -12);
    b += pow(distances[i], -6);
  }
  const double s = pow(2 * a / b, 1. / 6);
  for (size_t i = 0; i < PAIRS; i++) distances[i] *= s;
  for (size_t i = 0; i < 3 * ATOMS; i++) x[i] = s * x[i] + shake * (2 * rng_uniform(&r) - 1);
}

/* ---- systems ---------------------------------------------------------------------------------------------------- */

static jet powell(jet x, void *data) {
  (void)data;
  jet a = elements(x, 0, 1, 1), b = elements(x, 1, 2, 1);
  const jet y[] = {jet_shift(jet_scale(jet_mul(a, b), 1e4), -1),
                   jet_shift(jet_add(jet_exp(jet_neg(a)), jet_exp(jet_neg(b))), -powell_sum)};
  return jet_concat(2, y, 0);
}

static void plain_powell(size_t n, const double *x, double *y, const void *data) {
  (void)n, (void)data;
  y[0] = 1e4 * x[0] * x[1] - 1;
  y[1] = exp(-x[0]) + exp(-x[1]) - powell_sum;
}

/* With y = 1e-4/x the second equation rises on [1e-6, 1e-4] from below 0 to above. */
static void find_powell(double *root) {
  const long double most = (long double)powell_sum - 1;
  long double low = 1e-6L, high = 1e-4L;
  for (int i = 0; i < 100; i++) {
    const long double x = (low + high) / 2;
    if (expm1l(-x) + expl(-1e-4L / x) < most) low = x;
    else high = x;
  }
  root[0] = (double)low;
  root[1] = (double)(1e-4L / low);
}

static jet broyden(jet x, void *data) {
  const ptrdiff_t n = jet_size(x), none = 0, one = 1;
  (void)data;
  jet before = jet_pad(elements(x, 0, n - 1, 1), &one, &none, 0), after = jet_pad(elements(x, 1, n, 1), &none, &one, 0);
  jet own = jet_mul(jet_shift(jet_scale(x, -2), 3), x);
  return jet_shift(jet_sub(jet_sub(own, before), jet_scale(after, 2)), 1);
}

static void plain_broyden(size_t n, const double *x, double *y, const void *data) {
  (void)data;
  for (size_t i = 0; i < n; i++) {
    y[i] = (3 - 2 * x[i]) * x[i] + 1;
    if (i > 0) y[i] -= x[i - 1];
    if (i + 1 < n) y[i] -= 2 * x[i + 1];
  }
}

static jet units(jet x, void *data) {
  const ptrdiff_t n = jet_size(x);
  return broyden(jet_shift(jet_div(x, jet_constant(x.tape, 1, &n, (const double *)data)), -1), NULL);
}

static void plain_units(size_t n, const double *x, double *y, const void *data) {
  const double *unit = (const double *)data;
  double z[MOST_N] = {0};
  for (size_t i = 0; i < n; i++) z[i] = x[i] / unit[i] - 1;
  plain_broyden(n, z, y, NULL);
}

/* Newton's method; the tridiagonal system -1, 3 - 4 x_i, -2 by elimination from above. */
static void find_broyden(size_t n, double *root) {
  static long double x[MOST_N + 2], f[MOST_N + 2], pivot[MOST_N + 2]; /* 1..n, and zeros at both ends */
  memset(x, 0, sizeof x);
  for (size_t i = 1; i <= n; i++) x[i] = -1;
  for (int step = 0; step < 20; step++) {
    for (size_t i = 1; i <= n; i++) {
      pivot[i] = 3 - 4 * x[i];
      f[i] = (3 - 2 * x[i]) * x[i] - x[i - 1] - 2 * x[i + 1] + 1;
    }
    for (size_t i = 2; i <= n; i++) {
      pivot[i] -= 2 / pivot[i - 1];
      f[i] += f[i - 1] / pivot[i - 1];
    }
    for (size_t i = n; i > 0; i--) {
      f[i] = (f[i] + (i < n ? 2 * f[i + 1] : 0)) / pivot[i];
      x[i] -= f[i];
    }
  }
  for (size_t i = 0; i < n; i++) root[i] = (double)x[i + 1];
}

/* ---- starts, solutions, units ----------------------------------------------------------------------------------- */

static void prepare_rosenbrock(problem *p, int seed) {
  (void)seed;
  for (size_t i = 0; i < p->n; i++) {
    p->start[i] = i % 2 ? 1 : -1.2;
    p->solution[i] = 1;
  }
}

static void prepare_cluster(problem *p, int seed) { place_cluster(p->start, p->solution, seed); }

static void prepare_powell(problem *p, int seed) {
  (void)seed;
  p->start[1] = 1;
  find_powell(p->solution);
}

static void prepare_broyden(problem *p, int seed) {
  (void)seed;
  for (size_t i = 0; i < p->n; i++) p->start[i] = -1;
  find_broyden(p->n, p->solution);
}

static void prepare_units(problem *p, int seed) {
  prepare_broyden(p, seed);
  for (size_t i = 0; i < p->n; i++) {
    p->start[i] = 0;
    p->unit[i] = pow(smallest_unit, (double)i / (double)(p->n - 1));
    p->solution[i] = (p->solution[i] + 1) * p->unit[i];
  }
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

int problems_new(problem p[PROBLEMS], size_t n, int seed) {
  static void (*const prepare[PROBLEMS])(problem *, int) = {prepare_rosenbrock, prepare_cluster, prepare_powell,
                                                            prepare_broyden, prepare_units};
  const problem all[PROBLEMS] = {{.name = "rosenbrock", .f = rosenbrock, .scalar = plain_rosenbrock, .n = n},
                                 {.name = "cluster", .f = cluster, .scalar = plain_cluster, .n = 3 * ATOMS},
                                 {.name = "powell", .f = powell, .system = plain_powell, .n = 2},
                                 {.name = "broyden", .f = broyden, .system = plain_broyden, .n = n},
                                 {.name = "units", .f = units, .system = plain_units, .n = n}};
  memcpy(p, all, sizeof all);
  for (int i = 0; i < PROBLEMS; i++) {
    p[i].start = (double *)calloc(p[i].n, sizeof *p->start);
    p[i].unit = (double *)calloc(p[i].n, sizeof *p->unit);
    p[i].solution = (double *)calloc(p[i].n > PAIRS ? p[i].n : PAIRS, sizeof *p->solution);
    if (!p[i].start || !p[i].unit || !p[i].solution) return 0;
    prepare[i](&p[i], seed);
  }
  return 1;
}

void problems_free(problem p[PROBLEMS]) {
  for (int i = 0; i < PROBLEMS; i++) {
    free(p[i].start);
    free(p[i].solution);
    free(p[i].unit);
  }
}

double problem_error(const problem *p, const double *x) {
  double distances[PAIRS], most = 0;
  const size_t n = p->f == cluster ? PAIRS : p->n;
  if (p->f == cluster) {
    sorted_distances(x, distances);
    x = distances;
  }
  for (size_t i = 0; i < n; i++) {
    const double error = fabs(x[i] - p->solution[i]) / (p->system ? fabs(p->solution[i]) : 1);
    if (!(error <= most)) most = error;
  }
  return most;
}
