/* study.c */
#include "study.h"

#include "../common/cli.h"

#include <math.h>
#include <stdio.h>

enum { PORTRAITS = 12, MOST_POINTS = 200000, BETWEEN_LOOKS = 256 };

static const double pi = 3.14159265358979323846, eccentricity = 0.5, angle = 2.5;

/* ---- what is watched -------------------------------------------------------------------------------------------- */

static void note_energy(const taylor *t, ptrdiff_t lane, study *y) {
  long double x[MOST_DIMENSION];
  for (int i = 0; i < t->dimension; i++)
    x[i] = (long double)t->next[i * t->lanes + lane] + t->after[i * t->lanes + lane];
  const long double begun = y->begun[t->at[lane]];
  const double change = (double)fabsl((y->d->energy(x) - begun) / begun), part = t->time[lane] / t->span * BINS;
  double *drift = &y->drift[part < BINS ? (int)part : BINS - 1];
  if (!(change <= *drift)) *drift = change;
  if (!(change <= y->worst)) y->worst = change;
}

static void see(const taylor *t, ptrdiff_t lane, void *data) {
  study *y = (study *)data;
  if (y->d->energy) note_energy(t, lane, y);
  curves_see(&y->c, t, lane);
  marks_see(&y->m, t, lane);
  if (++y->seen % BETWEEN_LOOKS) return; /* at the clock */
  progress_show(&y->line, "%s: time %.0f of %.0f", y->d->name, t->time[lane] / y->scale, t->span / y->scale);
}

/* n trajectories x [dimension, n], watched; steps: NULL or how many there were. */
static int watch(study *y, double tolerance, ptrdiff_t n, double *x, double span, long long *steps) {
  taylor t;
  int status = taylor_new(&t, y->d->field, y->d->dimension, tolerance, n < LANES ? n : LANES);
  for (ptrdiff_t j = 0; j < n && y->d->energy; j++) {
    long double at[MOST_DIMENSION];
    for (int i = 0; i < t.dimension; i++) at[i] = x[i * n + j];
    y->begun[j] = y->d->energy(at);
  }
  y->line = progress_new();
  if (!status) status = taylor_run(&t, n, x, span, see, y);
  progress_clear(&y->line);
  if (steps) *steps = t.steps;
  taylor_free(&t);
  return status;
}

static double distance(int dimension, const double *a, const double *b) {
  double most = 0;
  for (int i = 0; i < dimension; i++) most = fmax(most, fabs(a[i] - b[i]));
  return most;
}

/* ---- the four problems ------------------------------------------------------------------------------------------ */

static int study_kepler(study *y, double tolerance, int seed) {
  (void)seed;
  double x[MOST_DIMENSION], exact[MOST_DIMENSION], start = ode_seconds();
  long long steps;
  kepler_start(eccentricity, x);
  int status = curves_new(&y->c, y->d->dimension, 1, y->scale / FINE, y->span, FINE);
  if (!status) status = watch(y, tolerance, 1, x, y->span, &steps);
  if (status) return status;
  kepler_exact(eccentricity, y->span, exact);
  y->error = y->worst;
  printf(
      "kepler: %g periods of eccentricity %g in %lld steps, %.2f us each: energy within %.1e of itself, point within "
      "%.1e of Kepler's equation\n",
      y->time, eccentricity, steps, 1e6 * (ode_seconds() - start) / (double)steps, y->worst, distance(4, x, exact));
  kepler_start(eccentricity, x); /* where the steps of the first period begin, for the picture */
  study first = {.d = y->d, .scale = y->scale};
  if (!(status = marks_new(&first.m, 4, EVERY_STEP, FINE)))
    status = watch(&first, tolerance, 1, x, fmin(y->span, y->scale), NULL);
  y->m = first.m;
  return status;
}

static double period_of_pendulum(void) {
  double a = 1, b = cos(angle / 2);
  for (int i = 0; i < 10; i++) {
    const double mean = 0.5 * (a + b);
    b = sqrt(a * b);
    a = mean;
  }
  return 2 * pi / a;
}

/* Librations, and rotations both ways. */
static int portray(study *y, double tolerance) {
  double x[2 * PORTRAITS];
  const double span = 20;
  for (int j = 0; j < PORTRAITS; j++) {
    const int turns = j >= PORTRAITS / 2, way = j % 2 ? -1 : 1;
    x[j] = turns ? -way * pi : 0.5 * (j + 1);
    x[PORTRAITS + j] = turns ? way * (0.4 + 0.7 * ((j - PORTRAITS / 2) / 2)) : 0;
  }
  int status = curves_new(&y->c, 2, PORTRAITS, span / FINE, span, FINE);
  return status ? status : watch(y, tolerance, PORTRAITS, x, span, NULL);
}

static int study_pendulum(study *y, double tolerance, int seed) {
  (void)seed;
  const double begin[2] = {angle, 0};
  double x[2] = {angle, 0}, start = ode_seconds();
  long long forth, back;
  int status = marks_new(&y->m, 2, 0, 2);
  if (!status) status = watch(y, tolerance, 1, x, y->span, &forth);
  const ptrdiff_t passages = y->m.passed;
  const double periods = y->m.p.time[1] - y->m.p.time[0];
  if (!status) status = watch(y, tolerance, 1, x, -y->span, &back);
  if (status) return status;
  y->error = distance(2, x, begin);
  printf("pendulum: %g s forth and back in %lld steps, %.2f us each: back within %.1e, energy within %.1e", y->time,
         forth + back, 1e6 * (ode_seconds() - start) / (double)(forth + back), y->error, y->worst);
  if (passages > 1)
    printf(", period within %.1e of its %.12f", fabs(periods / (double)(passages - 1) - period_of_pendulum()),
           period_of_pendulum());
  putchar('\n');
  study portrait = {.d = y->d, .scale = 1};
  status = portray(&portrait, tolerance);
  y->c = portrait.c;
  return status;
}

static int study_henon_heiles(study *y, double tolerance, int seed) {
  double x[4 * SECTIONS], at[4], start = ode_seconds();
  long long steps;
  rng r = rng_new((uint64_t)seed);
  for (int j = 0; j < SECTIONS; j++) {
    y->d->start(&r, at);
    for (int i = 0; i < 4; i++) x[i * SECTIONS + j] = at[i];
  }
  int status = marks_new(&y->m, 4, 0, SECTIONS * (ptrdiff_t)(2 + y->span / 2)); /* passages are 3.6 apart or more */
  if (!status) status = watch(y, tolerance, SECTIONS, x, y->span, &steps);
  if (status) return status;
  if (y->m.passed > y->m.p.room) return cli_complain(1, "henon-heiles: there are more than %td passages", y->m.p.room);
  double off = 0;
  for (ptrdiff_t i = 0; i < y->m.p.rows; i++) off = fmax(off, fabs(y->m.p.x[0][i]));
  y->error = y->worst;
  printf("henon-heiles: %d trajectories for time %g in %lld steps, %.3f us each: energy within %.1e of itself, %td "
         "passages, x = 0 within %.1e\n",
         SECTIONS, y->time, steps, 1e6 * (ode_seconds() - start) / (double)steps, y->worst, y->m.passed, off);
  return points_sort(&y->m.p, SECTIONS);
}

static int study_lorenz(study *y, double tolerance, int seed) {
  (void)seed;
  const double compared = fmin(10, y->span), other = tolerance > 1e-19 ? 1e-20 : 1e-16;
  double x[3] = {1, 1, 1}, a[3] = {1, 1, 1}, b[3] = {1, 1, 1}, start = ode_seconds();
  long long steps;
  study ends = {.d = y->d, .scale = 1};
  int status = curves_new(&y->c, y->d->dimension, 1, fmax(0.004, y->span / MOST_POINTS), y->span, MOST_POINTS);
  if (!status) status = watch(y, tolerance, 1, x, y->span, &steps);
  const double seconds = ode_seconds() - start;
  if (!status) status = watch(&ends, tolerance, 1, a, compared, NULL);
  if (!status) status = watch(&ends, other, 1, b, compared, NULL);
  if (status) return status;
  y->error = distance(3, a, b);
  printf("lorenz: time %g in %lld steps, %.2f us each: at time %g x %.9f y %.9f z %.9f, order %d differs by %.1e\n",
         y->time, steps, 1e6 * seconds / (double)steps, compared, a[0], a[1], a[2], taylor_order(other), y->error);
  return 0;
}

int study_run(study *y, double tolerance, int seed) {
  static int (*const studies[DYNAMICS])(study *, double tolerance, int seed) = {study_kepler, study_pendulum,
                                                                                study_henon_heiles, study_lorenz};
  const int status = studies[y->d - dynamics_list](y, tolerance, seed);
  fflush(stdout); /* the next one may take its time */
  return status;
}
