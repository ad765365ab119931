/* ode_timing.c */
#include "ode_timing.h"

#include "../common/cli.h"

#include "rk8pd.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SAMPLE = 16, ROUNDS = 3, TRIALS = 20 };

static const double tight = 1e-20, least = 1e-15, near = 1.5; /* a factor between errors that are called equal */

typedef struct arena {
  const dynamics *d;
  ptrdiff_t n, sample; /* all trajectories, and those that are run alone and by GSL */
  double *start;       /* [dimension, n]                                            */
  double *end;         /* [dimension, n]: what a run makes of it                    */
  double *few, *exact; /* [dimension, sample] each: ends of the sample              */
  double *among;       /* the same, of a run of all                                 */
  double seconds;      /* of the last run                                           */
  taylor alone, together;
} arena;

double ode_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* n columns of all, the last ones: of many, those that took over lanes from others. */
static double *columns(const arena *a, const double *from, ptrdiff_t n, double *to) {
  for (int i = 0; i < a->d->dimension; i++) memcpy(to + i * n, from + (i + 1) * a->n - n, (size_t)n * sizeof *to);
  return to;
}

static int run_together(arena *a) {
  columns(a, a->start, a->n, a->end);
  const double begin = ode_seconds();
  const int status = taylor_run(&a->together, a->n, a->end, a->d->span, NULL, NULL);
  a->seconds = ode_seconds() - begin;
  columns(a, a->end, a->sample, a->few);
  return status;
}

static int run_alone(arena *a) {
  columns(a, a->start, a->sample, a->few);
  const double begin = ode_seconds();
  const int status = taylor_run(&a->alone, a->sample, a->few, a->d->span, NULL, NULL);
  a->seconds = ode_seconds() - begin;
  return status;
}

static int run_peer(arena *a, double tolerance) {
  columns(a, a->start, a->sample, a->few);
  const double begin = ode_seconds();
  const int status = rk8pd_run(a->d, tolerance, a->sample, a->few, a->d->span);
  a->seconds = ode_seconds() - begin;
  return status;
}

static double error_of(const arena *a) {
  double sum = 0;
  for (ptrdiff_t j = 0; j < a->sample; j++) {
    double most = 0;
    for (int i = 0; i < a->d->dimension; i++)
      most = fmax(most, fabs(a->few[i * a->sample + j] - a->exact[i * a->sample + j]));
    sum += most * most;
  }
  return sqrt(sum / (double)a->sample);
}

static int find_exact(arena *a) {
  taylor t;
  int status = taylor_new(&t, a->d->field, a->d->dimension, tight, a->sample);
  columns(a, a->start, a->sample, a->exact);
  if (!status) status = taylor_run(&t, a->sample, a->exact, a->d->span, NULL, NULL);
  taylor_free(&t);
  return status;
}

static int is_near(double error, double other) { return error / other > 1 / near && error / other < near; }

/* The error is about proportional to the tolerance, which is corrected by their ratio until errors are equal; it ends
   at `least`. */
static int find_peer(arena *a, ode_timing *x) {
  int status = 0;
  x->peer_tolerance = fmax(x->tolerance, least);
  for (int i = 0; i < TRIALS && !status; i++) {
    if ((status = run_peer(a, x->peer_tolerance))) break;
    x->peer_error = error_of(a);
    const double ratio = x->error / x->peer_error, next = fmax(x->peer_tolerance * fmin(fmax(ratio, 1e-3), 1e3), least);
    if (is_near(x->error, x->peer_error) || next == x->peer_tolerance) break;
    x->peer_tolerance = next;
  }
  return status;
}

static void keep_least(double *kept, double seconds, ptrdiff_t trajectories) {
  *kept = fmin(*kept, 1e6 * seconds / (double)trajectories);
}

/* Lanes know nothing of each other: a trajectory among many is the same, bit for bit, as alone. */
static int check_same(const arena *a) {
  for (ptrdiff_t i = 0; i < a->d->dimension * a->sample; i++)
    if (!(a->few[i] == a->among[i]))
      return cli_complain(1, "%s: a trajectory ends at %.17g alone and at %.17g among others", a->d->name, a->few[i],
                          a->among[i]);
  return 0;
}

/* In turns, that what else the machine does meets all of them; the shortest counts. */
static int take_times(arena *a, ode_timing *x) {
  int status = 0;
  x->alone = x->together = INFINITY;
  if (rk8pd_available) x->peer = INFINITY;
  for (int i = 0; i < ROUNDS && !status; i++) {
    if ((status = run_together(a))) break;
    keep_least(&x->together, a->seconds, a->n);
    memcpy(a->among, a->few, (size_t)(a->d->dimension * a->sample) * sizeof *a->few);
    if ((status = run_alone(a)) || (status = check_same(a))) break;
    keep_least(&x->alone, a->seconds, a->sample);
    if (!rk8pd_available) continue;
    status = run_peer(a, x->peer_tolerance);
    keep_least(&x->peer, a->seconds, a->sample);
  }
  return status;
}

static int measure(arena *a, ode_timing *x) {
  int status = find_exact(a);
  if (!status) status = run_together(a);
  if (status) return status;
  x->error = error_of(a);
  x->steps = (double)a->together.steps / (double)a->n;
  if (rk8pd_available) status = find_peer(a, x);
  return status ? status : take_times(a, x);
}

static void draw(arena *a, int seed) {
  double x[MOST_DIMENSION];
  rng r = rng_new((uint64_t)seed);
  for (ptrdiff_t j = 0; j < a->n; j++) {
    a->d->start(&r, x);
    for (int i = 0; i < a->d->dimension; i++) a->start[i * a->n + j] = x[i];
  }
}

int ode_timing_take(ode_timing *x, const dynamics *d, double tolerance, int trajectories, int lanes, int seed) {
  arena a = {.d = d, .n = trajectories, .sample = trajectories < SAMPLE ? trajectories : SAMPLE};
  const ptrdiff_t size = d->dimension * a.n, part = d->dimension * a.sample;
  *x = (ode_timing){.tolerance = tolerance, .order = taylor_order(tolerance)};
  x->peer_tolerance = x->peer_error = x->peer = NAN;
  a.start = (double *)malloc((size_t)(2 * size + 3 * part) * sizeof *a.start);
  if (!a.start) return cli_complain(1, "out of memory");
  a.end = a.start + size, a.few = a.end + size, a.exact = a.few + part, a.among = a.exact + part;
  draw(&a, seed);
  int status = taylor_new(&a.alone, d->field, d->dimension, tolerance, 1);
  if (!status)
    status = taylor_new(&a.together, d->field, d->dimension, tolerance, lanes < trajectories ? lanes : trajectories);
  if (!status) status = measure(&a, x);
  taylor_free(&a.alone);
  taylor_free(&a.together);
  free(a.start);
  return status;
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

int ode_timing_is_equal(const ode_timing *x) { return !rk8pd_available || is_near(x->error, x->peer_error); }

void ode_timing_heading(int trajectories) {
  printf("microseconds a trajectory, alone and %d at once, and its error; ", trajectories);
  puts(rk8pd_available ? "the same of GSL's rk8pd at that error, then its\n"
                         "error over ours, and its time over ours, alone and at once: above 1 Taylor series are better"
                       : "built without GSL: nothing beside it");
  printf("  %-12s %9s %5s %9s %8s %8s%s\n", "problem", "tolerance", "order", "error", "alone", "at once",
         rk8pd_available ? "    rk8pd  error     alone  at once" : "");
}

void ode_timing_print(const ode_timing *x, const char *problem) {
  printf("  %-12s %9.0e %5d %9.1e %8.1f %8.2f", problem, x->tolerance, x->order, x->error, x->alone, x->together);
  if (rk8pd_available)
    printf(" %8.1f %6.2f%c %8.2f %8.2f", x->peer, x->peer_error / x->error, ode_timing_is_equal(x) ? ' ' : '*',
           x->peer / x->alone, x->peer / x->together);
  putchar('\n');
  fflush(stdout);
}
