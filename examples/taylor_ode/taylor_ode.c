/* taylor_ode.c - ordinary differential equations by Taylor series of an order that the tolerance asks for
   (taylor.h): the plan of x' = f(x) runs order by order, many trajectories side by side. Four systems of
   textbooks (dynamics.h), each with a check that does not come from the integrator itself:
     kepler        an ellipse of eccentricity 0.5: the energy, and the point by Kepler's equation
     pendulum      from 2.5 rad forth and back; its period, 2 pi / agm(1, cos(2.5 / 2)), from passages through 0
     henon-heiles  the energy, and the section x = 0, px > 0 of trajectories of energy 1/8 (Henon and Heiles 1964)
     lorenz        the attractor; the point at time 10 from two orders
   Then the time of a trajectory, alone and among many, beside GSL's rk8pd at the same error (ode_timing.h).

   GSL is under the GPL, and a program that links it, as this one does where it is there, is subject to it. */
#include "../common/cli.h"
#include "../common/clock.h"
#include "../common/csv.h"
#include "../common/files.h"
#include "../common/plot.h"

#include "rk8pd.h"
#include "study.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

static const char *const problem_names[] = {"all", "kepler", "pendulum", "henon-heiles", "lorenz", NULL};
static const double usual_time[DYNAMICS] = {1000, 1000, 3000, 40}; /* of kepler in periods */

typedef struct settings {
  cli_choice problem;
  int trajectories, seed;
  double tolerance, time;
  const char *out;
} settings;

typedef struct outcome {
  int count, compared; /* problems studied; whether they are timed */
  study y[DYNAMICS];
  files f;
} outcome;

/* ---- beside rk8pd ----------------------------------------------------------------------------------------------- */

static int compare(const settings *s, study *y) {
  const double tolerances[COMPARED] = {1e-8, 1e-12, s->tolerance};
  int status = 0;
  for (int i = 0; i < COMPARED && !status; i++) {
    status = ode_timing_take(&y->timing[i], y->d, tolerances[i], s->trajectories, LANES, s->seed);
    if (!status) ode_timing_print(&y->timing[i], y->d->name);
  }
  return status;
}

static int compare_all(const settings *s, outcome *o) {
  int status = 0, equal = 1;
  if (!s->trajectories) return 0;
  ode_timing_heading(s->trajectories);
  for (int i = 0; i < o->count && !status; i++) {
    status = compare(s, &o->y[i]);
    for (int j = 0; j < COMPARED && !status; j++) equal &= ode_timing_is_equal(&o->y[i].timing[j]);
  }
  if (!status && !equal) puts("  *: rk8pd comes no closer to the error");
  return status;
}

/* ---- what is written -------------------------------------------------------------------------------------------- */

static const char *const curve_files[DYNAMICS] = {"kepler.csv", "pendulum.csv", "henon-heiles.csv", "lorenz.csv"};
static const char *const component_names[DYNAMICS][MOST_DIMENSION] = {
    {"x", "y", "vx", "vy"}, {"angle", "speed"}, {"x", "y", "px", "py"}, {"x", "y", "z"}};

static dynamics_kind kind_of(const study *y) { return (dynamics_kind)(y->d - dynamics_list); }

static const points *points_of(const study *y) { return kind_of(y) == HENON_HEILES ? &y->m.p : &y->c.p; }

static int write_points(output *out, const study *y) {
  const points *p = points_of(y);
  column list[2 + MOST_DIMENSION] = {{"trajectory", p->trajectory}, {"time", p->time}};
  for (int i = 0; i < p->dimension; i++) list[2 + i] = (column){component_names[kind_of(y)][i], p->x[i]};
  return csv_commit(out, p->rows, 2 + p->dimension, list);
}

/* Along the span; where no step begins, as it was before. */
static void fill_drift(study *y, double time[BINS]) {
  for (int i = 0; i < BINS; i++) {
    time[i] = y->time * (i + 1) / BINS;
    if (i && isnan(y->drift[i])) y->drift[i] = y->drift[i - 1];
  }
}

/* Whole decades, so that a single number has a range too. */
static void find_decades(int n, const double *x, double *low, double *high) {
  double least = 1e-15, most = 1e-20;
  for (int i = 0; i < n; i++) {
    if (x[i] > 0) least = fmin(least, x[i]);
    most = fmax(most, x[i]);
  }
  *low = pow(10, floor(log10(least)));
  *high = pow(10, floor(log10(most)) + 1);
}

static int write_drift(files *f, int first, study *y) {
  double time[BINS];
  const column list[] = {{"periods", time}, {"energy_drift", y->drift}};
  const layer curve = {.kind = LAYER_LINE, .name = "", .rows = BINS, .x = time, .y = y->drift};
  plot p = {.title = "Kepler, eccentricity 0.5: change of the energy", .x_label = "periods"};
  p.y_label = "relative change";
  p.x_high = y->time, p.log_y = 1, p.layers = 1, p.drawn = &curve;
  fill_drift(y, time);
  find_decades(BINS, y->drift, &p.y_low, &p.y_high);
  const int status = csv_commit(&f->out[first], BINS, 2, list);
  return status ? status : plot_write(&f->out[first + 1], f->path[first + 1], 1, &p);
}

static int write_comparison(output *out, const outcome *o) {
  fprintf(out->stream, "problem,tolerance,order,error,steps,alone,at_once%s\n",
          rk8pd_available ? ",rk8pd_tolerance,rk8pd_error,rk8pd" : "");
  for (int i = 0; i < o->count; i++)
    for (int j = 0; j < COMPARED; j++) {
      const ode_timing *x = &o->y[i].timing[j];
      fprintf(out->stream, "%s,%.17g,%d,%.17g,%.17g,%.17g,%.17g", o->y[i].d->name, x->tolerance, x->order, x->error,
              x->steps, x->alone, x->together);
      if (rk8pd_available) fprintf(out->stream, ",%.17g,%.17g,%.17g", x->peer_tolerance, x->peer_error, x->peer);
      fputc('\n', out->stream);
    }
  return output_commit(out) ? 0 : 2;
}

/* ---- the picture ------------------------------------------------------------------------------------------------ */

/* A curve that is a point for the eye has a range all the same. */
static void find_range(ptrdiff_t n, const double *x, double *low, double *high) {
  const double least = 1e-3;
  *low = *high = x[0];
  for (ptrdiff_t i = 1; i < n; i++) {
    *low = fmin(*low, x[i]);
    *high = fmax(*high, x[i]);
  }
  if (*high - *low >= least) *low = *high = 0; /* as the plot chooses */
  else *low -= 1, *high += 1;
}

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
    find_range(y->c.p.rows, y->c.p.x[0], &p.x_low, &p.x_high);
    find_range(y->c.p.rows, y->c.p.x[2], &p.y_low, &p.y_high);
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

/* ---- all of it -------------------------------------------------------------------------------------------------- */

/* The curves of the problems, the picture, then what there may be besides. */
static int open_files(const settings *s, outcome *o) {
  const char *names[MOST_FILES];
  int n = 0;
  for (int i = 0; i < o->count; i++) names[n++] = curve_files[kind_of(&o->y[i])];
  names[n++] = "picture.png";
  if (kind_of(o->y) == KEPLER) {
    names[n++] = "energy.csv";
    names[n++] = "energy.png";
  }
  if (o->compared) names[n++] = "comparison.csv";
  return files_open(&o->f, s->out, n, names);
}

static int write_all(outcome *o) {
  const int n = o->count;
  int status = 0;
  for (int i = 0; i < n && !status; i++) status = write_points(&o->f.out[i], &o->y[i]);
  if (!status && o->compared) status = write_comparison(&o->f.out[o->f.count - 1], o);
  if (!status) status = write_picture(&o->f.out[n], o->f.path[n], o);
  if (!status && kind_of(o->y) == KEPLER) status = write_drift(&o->f, n + 1, o->y);
  return status;
}

static int study_all(const settings *s, outcome *o, double start) {
  static const char *const results[DYNAMICS] = {"kepler energy", "pendulum return", "henon-heiles energy",
                                                "lorenz between orders"};
  int status = 0;
  for (int i = 0; i < o->count && !status; i++) status = study_run(&o->y[i], s->tolerance, s->seed);
  if (!status) status = compare_all(s, o);
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
    for (int j = 0; j < BINS; j++) y->drift[j] = NAN;
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
