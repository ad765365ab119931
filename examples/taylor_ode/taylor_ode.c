/* taylor_ode.c - ordinary differential equations by Taylor series of an order that the tolerance asks for
   (common/taylor.h): the plan of x' = f(x) runs order by order, many trajectories side by side. Four systems of
   textbooks (common/dynamics.h), each with a check that does not come from the integrator itself:
     kepler        an ellipse of eccentricity 0.5: the energy, and the point by Kepler's equation
     pendulum      from 2.5 rad forth and back; its period, 2 pi / agm(1, cos(2.5 / 2)), from passages through 0
     henon-heiles  the energy, and the section x = 0, px > 0 of trajectories of energy 1/8 (Henon and Heiles 1964)
     lorenz        the attractor; the point at time 10 from two orders
   Then the time of a trajectory, alone and among many, beside GSL's rk8pd at the same error (common/ode_timing.h). */
#include "../common/cli.h"
#include "../common/clock.h"
#include "../common/csv.h"
#include "../common/files.h"
#include "../common/plot.h"
#include "../common/progress.h"
#include "dynamics.h"
#include "ode_timing.h"
#include "taylor_watch.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More lanes are no faster: the coefficients of these stay near the first cache, and few of them stand idle towards the
   end. */
enum { LANES = 64, PORTRAITS = 12, SECTIONS = 48, BINS = 1000, FINE = 1000, COMPARED = 3, MOST_POINTS = 200000 };

static const double pi = 3.14159265358979323846, eccentricity = 0.5, angle = 2.5;

static const char *const problem_names[] = {"all", "kepler", "pendulum", "henon-heiles", "lorenz", NULL};
static const double usual_time[DYNAMICS] = {1000, 1000, 3000, 40}; /* of kepler in periods */

typedef struct settings {
  cli_choice problem;
  int trajectories, seed;
  double tolerance, time;
  const char *out;
} settings;

typedef struct study { /* a problem: what its trajectories leave */
  const dynamics *d;
  double time, span, scale;    /* time asked for, in numbers and in units of the field */
  long double begun[SECTIONS]; /* energies */
  double worst, drift[BINS];   /* largest relative change of the energy: of all, and along the span */
  curves c;
  marks m;
  double error; /* the main result */
  ode_timing timing[COMPARED];
  progress line;
} study;

/* ---- what is watched ---------------------------------------------------------------------------------------------
   */

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

/* ---- the four problems -------------------------------------------------------------------------------------------
   */

static int study_kepler(const settings *s, study *y) {
  double x[MOST_DIMENSION], exact[MOST_DIMENSION], start = ode_seconds();
  long long steps;
  kepler_start(eccentricity, x);
  int status = curves_new(&y->c, y->d->dimension, 1, y->scale / FINE, y->span, FINE);
  if (!status) status = watch(y, s->tolerance, 1, x, y->span, &steps);
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
    status = watch(&first, s->tolerance, 1, x, fmin(y->span, y->scale), NULL);
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
static int portray(const settings *s, study *y) {
  double x[2 * PORTRAITS];
  const double span = 20;
  for (int j = 0; j < PORTRAITS; j++) {
    const int turns = j >= PORTRAITS / 2, way = j % 2 ? -1 : 1;
    x[j] = turns ? -way * pi : 0.5 * (j + 1);
    x[PORTRAITS + j] = turns ? way * (0.4 + 0.7 * ((j - PORTRAITS / 2) / 2)) : 0;
  }
  int status = curves_new(&y->c, 2, PORTRAITS, span / FINE, span, FINE);
  return status ? status : watch(y, s->tolerance, PORTRAITS, x, span, NULL);
}

static int study_pendulum(const settings *s, study *y) {
  const double begin[2] = {angle, 0};
  double x[2] = {angle, 0}, start = ode_seconds();
  long long forth, back;
  int status = marks_new(&y->m, 2, 0, 2);
  if (!status) status = watch(y, s->tolerance, 1, x, y->span, &forth);
  const ptrdiff_t passages = y->m.passed;
  const double periods = y->m.p.time[1] - y->m.p.time[0];
  if (!status) status = watch(y, s->tolerance, 1, x, -y->span, &back);
  if (status) return status;
  y->error = distance(2, x, begin);
  printf("pendulum: %g s forth and back in %lld steps, %.2f us each: back within %.1e, energy within %.1e", y->time,
         forth + back, 1e6 * (ode_seconds() - start) / (double)(forth + back), y->error, y->worst);
  if (passages > 1)
    printf(", period within %.1e of its %.12f", fabs(periods / (double)(passages - 1) - period_of_pendulum()),
           period_of_pendulum());
  putchar('\n');
  study portrait = {.d = y->d, .scale = 1};
  status = portray(s, &portrait);
  y->c = portrait.c;
  return status;
}

static int study_henon_heiles(const settings *s, study *y) {
  double x[4 * SECTIONS], at[4], start = ode_seconds();
  long long steps;
  rng r = rng_new((uint64_t)s->seed);
  for (int j = 0; j < SECTIONS; j++) {
    y->d->start(&r, at);
    for (int i = 0; i < 4; i++) x[i * SECTIONS + j] = at[i];
  }
  int status = marks_new(&y->m, 4, 0, SECTIONS * (ptrdiff_t)(2 + y->span / 2)); /* passages are 3.6 apart or more */
  if (!status) status = watch(y, s->tolerance, SECTIONS, x, y->span, &steps);
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

static int study_lorenz(const settings *s, study *y) {
  const double compared = fmin(10, y->span), other = s->tolerance > 1e-19 ? 1e-20 : 1e-16;
  double x[3] = {1, 1, 1}, a[3] = {1, 1, 1}, b[3] = {1, 1, 1}, start = ode_seconds();
  long long steps;
  study ends = {.d = y->d, .scale = 1};
  int status = curves_new(&y->c, y->d->dimension, 1, fmax(0.004, y->span / MOST_POINTS), y->span, MOST_POINTS);
  if (!status) status = watch(y, s->tolerance, 1, x, y->span, &steps);
  const double seconds = ode_seconds() - start;
  if (!status) status = watch(&ends, s->tolerance, 1, a, compared, NULL);
  if (!status) status = watch(&ends, other, 1, b, compared, NULL);
  if (status) return status;
  y->error = distance(3, a, b);
  printf("lorenz: time %g in %lld steps, %.2f us each: at time %g x %.9f y %.9f z %.9f, order %d differs by %.1e\n",
         y->time, steps, 1e6 * seconds / (double)steps, compared, a[0], a[1], a[2], taylor_order(other), y->error);
  return 0;
}

/* ---- beside rk8pd ------------------------------------------------------------------------------------------------
   */

static int compare(const settings *s, study *y) {
  const double tolerances[COMPARED] = {1e-8, 1e-12, s->tolerance};
  int status = 0;
  for (int i = 0; i < COMPARED && !status; i++) {
    status = ode_timing_take(&y->timing[i], y->d, tolerances[i], s->trajectories, LANES, s->seed);
    if (!status) ode_timing_print(&y->timing[i], y->d->name);
  }
  return status;
}

/* ---- what is written ---------------------------------------------------------------------------------------------
   */

typedef struct outcome {
  int count, compared; /* problems studied; whether they were timed */
  study y[DYNAMICS];
  files f;
} outcome;

static const char *const curve_files[DYNAMICS] = {"kepler.csv", "pendulum.csv", "henon-heiles.csv", "lorenz.csv"};
static const char *const component_names[DYNAMICS][MOST_DIMENSION] = {
    {"x", "y", "vx", "vy"}, {"angle", "speed"}, {"x", "y", "px", "py"}, {"x", "y", "z"}};

static dynamics_kind kind_of(const study *y) { return (dynamics_kind)(y->d - dynamics_list); }

static const points *points_of(const study *y) { return kind_of(y) == HENON_HEILES ? &y->m.p : &y->c.p; }

static int write_points(output *out, const study *y) {
  const points *p = points_of(y);
  column list[2 + MOST_DIMENSION] = {{"trajectory", p->trajectory}, {"time", p->time}};
  for (int i = 0; i < p->dimension; i++) list[2 + i] = (column){component_names[kind_of(y)][i], p->x[i]};
  csv_write(out->stream, p->rows, 2 + p->dimension, list);
  return output_commit(out) ? 0 : 2;
}

static int write_drift(output *out, const study *y) {
  double time[BINS];
  for (int i = 0; i < BINS; i++) time[i] = y->time * (i + 1) / BINS;
  const column list[] = {{y->scale > 1 ? "periods" : "time", time}, {"energy_drift", y->drift}};
  csv_write(out->stream, BINS, 2, list);
  return output_commit(out) ? 0 : 2;
}

static int write_comparison(output *out, const outcome *o) {
  enum { ROWS = DYNAMICS * COMPARED, COLUMNS = 10 };
  static const char *const names[COLUMNS] = {"problem", "tolerance", "order",           "error",       "steps",
                                             "alone",   "at_once",   "rk8pd_tolerance", "rk8pd_error", "rk8pd"};
  double data[COLUMNS][ROWS];
  column list[COLUMNS];
  int rows = 0;
  for (int i = 0; i < o->count; i++)
    for (int j = 0; j < COMPARED && o->compared; j++, rows++) {
      const ode_timing *x = &o->y[i].timing[j];
      const double row[COLUMNS] = {
          1 + kind_of(&o->y[i]), x->tolerance,      x->order,      x->error, x->steps, x->alone,
          x->together,           x->peer_tolerance, x->peer_error, x->peer};
      for (int k = 0; k < COLUMNS; k++) data[k][rows] = row[k];
    }
  for (int k = 0; k < COLUMNS; k++) list[k] = (column){names[k], data[k]};
  csv_write(out->stream, rows, COLUMNS, list);
  return output_commit(out) ? 0 : 2;
}

/* ---- the picture -------------------------------------------------------------------------------------------------
   */

static plot panel_of(study *y, layer *list) {
  static const double sun[1] = {0};
  static double bound[2][FINE];
  plot p = {.legend_at = "top left", .drawn = list};
  switch (kind_of(y)) {
  case KEPLER:
    list[0] = (layer){.kind = LAYER_LINE, .name = "orbit", .rows = y->c.p.rows, .x = y->c.p.x[0], .y = y->c.p.x[1]};
    list[1] = (layer){.kind = LAYER_POINTS, .name = "steps", .rows = y->m.p.rows, .x = y->m.p.x[0], .y = y->m.p.x[1]};
    list[2] = (layer){.kind = LAYER_POINTS, .rows = 1, .x = sun, .y = sun};
    p.title = "Kepler, eccentricity 0.5: one period", p.x_label = "x", p.y_label = "y", p.layers = 3, p.equal = 1;
    p.x_low = -1.9, p.x_high = 0.9, p.y_low = -1.2, p.y_high = 1.4;
    return p;
  case PENDULUM:
    points_wrap(&y->c.p, 0, 2 * pi);
    p.title = "pendulum: phases", p.x_label = "angle", p.y_label = "speed", p.x_low = -pi, p.x_high = pi;
    p.layers = points_layers(&y->c.p, 0, 1, LAYER_LINE, list);
    return p;
  case HENON_HEILES:
    p.title = "Henon-Heiles, energy 1/8: section x = 0, px > 0", p.x_label = "y", p.y_label = "py";
    henon_heiles_boundary(FINE, bound[0], bound[1]);
    list[0] = (layer){.kind = LAYER_LINE, .rows = FINE, .x = bound[0], .y = bound[1]};
    p.layers = 1 + points_layers(&y->m.p, 1, 3, LAYER_POINTS, list + 1);
    return p;
  default:
    p.title = "Lorenz", p.x_label = "x", p.y_label = "z";
    p.layers = points_layers(&y->c.p, 0, 2, LAYER_LINE, list);
    return p;
  }
}

static int write_picture(output *out, const char *path, outcome *o) {
  static layer layers[DYNAMICS][1 + SECTIONS];
  plot panels[DYNAMICS];
  for (int i = 0; i < o->count; i++) panels[i] = panel_of(&o->y[i], layers[i]);
  return plot_write_across(out, path, o->count > 1 ? 2 : 1, o->count, panels);
}

/* ---- all of it ---------------------------------------------------------------------------------------------------
   */

static int open_files(const settings *s, outcome *o) {
  const char *names[MOST_FILES];
  int n = 0;
  for (int i = 0; i < o->count; i++) names[n++] = curve_files[kind_of(&o->y[i])];
  names[n++] = "picture.png";
  names[n++] = "comparison.csv";
  if (kind_of(o->y) == KEPLER) names[n++] = "energy.csv";
  return files_open(&o->f, s->out, n, names);
}

static int write_all(outcome *o) {
  const int n = o->count;
  int status = 0;
  for (int i = 0; i < n && !status; i++) status = write_points(&o->f.out[i], &o->y[i]);
  if (!status) status = write_comparison(&o->f.out[n + 1], o);
  if (!status && kind_of(o->y) == KEPLER) status = write_drift(&o->f.out[n + 2], o->y);
  return status ? status : write_picture(&o->f.out[n], o->f.path[n], o);
}

static int study_all(const settings *s, outcome *o, double start) {
  static int (*const studies[DYNAMICS])(const settings *, study *) = {study_kepler, study_pendulum, study_henon_heiles,
                                                                      study_lorenz};
  static const char *const results[DYNAMICS] = {"kepler energy", "pendulum return", "henon-heiles energy",
                                                "lorenz order"};
  int status = 0;
  for (int i = 0; i < o->count && !status; i++) status = studies[kind_of(&o->y[i])](s, &o->y[i]);
  if (!status && s->trajectories) ode_timing_heading(s->trajectories);
  for (int i = 0; i < o->count && !status && s->trajectories; i++) status = compare(s, &o->y[i]);
  const double time = clock_seconds() - start;
  if (!status) status = write_all(o);
  if (status) return status;
  fputs("final errors", stdout);
  for (int i = 0; i < o->count; i++) printf(" %s %.1e", results[kind_of(&o->y[i])], o->y[i].error);
  printf(" time %.2f\n", time);
  return 0;
}

static void begin(const settings *s, outcome *o) {
  o->compared = s->trajectories > 0;
  for (int i = 0; i < DYNAMICS; i++) {
    if (s->problem.at && s->problem.at != i + 1) continue;
    study *y = &o->y[o->count++];
    y->d = &dynamics_list[i];
    y->scale = i == KEPLER ? 2 * pi : 1;
    y->time = s->time > 0 ? s->time : usual_time[i];
    y->span = y->time * y->scale;
  }
}

static int read_settings(int argc, char **argv, settings *s) {
  const cli_option options[] = {
      {"problem", "NAME", "what is solved", CLI_CHOICE, &s->problem, 0, 0},
      {"tolerance", "E", "of a step, which says the order", CLI_NUMBER, &s->tolerance, 1e-25, 1e-2},
      {"time", "T", "to solve for, periods of kepler; 0: 1000, 1000, 3000, 40", CLI_NUMBER, &s->time, 0, 1e5},
      {"trajectories", "N", "at once where times are taken; 0: none are", CLI_INTEGER, &s->trajectories, 0, 1 << 20},
      {"seed", "N", "of the points where many trajectories begin", CLI_INTEGER, &s->seed, 0, INT_MAX},
      {"out", "DIR", "where tables and picture.png go", CLI_FILE, &s->out, 0, 0},
  };
  return cli_read(argc, argv, "Solves differential equations of mechanics by Taylor series.",
                  sizeof options / sizeof *options, options);
}

int main(int argc, char **argv) {
  settings s = {
      .problem = {problem_names, 0}, .trajectories = 1024, .seed = 1, .tolerance = 1e-16, .out = "taylor_ode_out"};
  static outcome o;
  int status = read_settings(argc, argv, &s);
  if (status >= 0) return status;
  const double start = clock_seconds();
  begin(&s, &o);
  if (!(status = open_files(&s, &o))) status = study_all(&s, &o, start);
  files_discard(&o.f);
  for (int i = 0; i < o.count; i++) {
    points_free(&o.y[i].c.p);
    points_free(&o.y[i].m.p);
  }
  return status;
}
