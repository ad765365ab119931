/* bounce.c - gradient descent through a simulation with contacts: with what velocity to throw a ball so that it is at
   the target when its time is over. On its way it bounces off the ground, and off a wall unless it flies over it.
   Flight is a parabola, contacts are its roots,
       y + v t - g t^2 / 2 = 0 at t = (v + sqrt(v^2 + 2 g y)) / g,    x + u t = wall at t = (wall - x) / u,
   and are differentiated as such: at the end of a time step they give wrong gradients (Hu et al., DiffTaichi, 2020).
   Two programs have the same loss, the squared distance from the target:
     steps  a fixed number of time steps, in each of which jet_where chooses what happens. The recording is the same for
            all throws: it is replayed, and takes thousands of them as one array;
     loop   a callback that looks at its numbers (jet_peek) and goes from contact to contact, anew for each throw.
   Both must agree to rounding, and with differences. The loss jumps where the ball grazes the top of the wall; no
   gradient knows that, and what leads to the other side is the length of a step. */
#include "../common/cli.h"
#include "../common/clock.h"
#include "../common/csv.h"
#include "../common/files.h"
#include "../common/plans.h"
#include "../common/plot.h"
#include "../common/progress.h"
#include "../common/rng.h"
#include "../common/scalar.h"

#include "throws.h"

#include <jets.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ITERATIONS = 10000, MOST_THROWS = 10000, SHOWN = 5, GRID = 120, REPORTS = 10 };

static const double slowest = 1, fastest = 9; /* random velocities */

/* Relative to 1 + the size of a gradient; differences of losses have rounding of 1e-16 / 1e-5 of them. A loss of the
   descents is relative to 1 + itself, and is no larger than most_loss for any first throw to any target. */
static const double tolerance = 1e-9, differences_tolerance = 1e-5, most_loss = 1e12;

typedef struct settings {
  target aim;
  int iterations, throws, seed;
  double u, v, rate;
  const char *out;
} settings;

typedef struct descent {
  char contacts[MOST_ITERATIONS + 1][MOST_CONTACTS + 1]; /* of the loop */
  double number[MOST_ITERATIONS + 1], u[MOST_ITERATIONS + 1], v[MOST_ITERATIONS + 1], loss[MOST_ITERATIONS + 1];
  double seconds; /* of a gradient */
} descent;

/* ---- both -------------------------------------------------------------------------------------------------------- */

static int fn_check(jet_fn *f, jet_status status) { return status ? cli_complain(1, "%s", jet_fn_message(f)) : 0; }

typedef struct agreement { /* the largest differences, relative to 1 + |gradient| */
  double programs, differences;
  int throws, most, kinks, restless; /* most: contacts of a throw; restless: too many for one of the programs */
} agreement;

/* Central differences of the loop's loss, unless other contacts on one side tell of a kink or a jump between. */
static int compare_differences(jet_fn *f, const looping *l, const double at[2], const double g[2], agreement *a) {
  const double h = 1e-5, size = 1 + hypot(g[0], g[1]);
  const looping here = *l;
  int kink = 0, status = 0;
  double y[2][2] = {{0}};
  for (int i = 0; i < 4 && !status; i++) {
    double x[2] = {at[0], at[1]};
    x[i / 2] += i % 2 ? h : -h;
    status = fn_check(f, jet_fn_value(f, x, &y[i / 2][i % 2]));
    kink |= strcmp(l->contacts, here.contacts) != 0;
  }
  a->kinks += kink;
  for (int i = 0; i < 2 && !kink; i++) raise_to(&a->differences, fabs((y[i][1] - y[i][0]) / (2 * h) - g[i]) / size);
  return status;
}

static int compare_throw(jet_fn *f, const looping *l, const throws *t, int i, agreement *a) {
  const double at[2] = {t->u[i], t->v[i]};
  double loss = 0, g[2] = {0, 0};
  const int status = fn_check(f, jet_fn_gradient(f, at, &loss, g)), contacts = (int)strlen(l->contacts);
  if (status) return status;
  if (contacts == MOST_CONTACTS || t->left[i] > 0) return a->restless++, 0;
  if (contacts > a->most) a->most = contacts;
  a->throws++;
  raise_to(&a->programs, (fabs(loss - t->loss[i]) + hypot(g[0] - t->gu[i], g[1] - t->gv[i])) / (1 + hypot(g[0], g[1])));
  return compare_differences(f, l, at, g, a);
}

static const char *figure(double x, int count, size_t room, char *text) { /* of so many comparisons */
  snprintf(text, room, count ? "%.1e" : "none", x);
  return text;
}

static int report_agreement(const settings *s, const agreement *a) {
  char text[2][16];
  const int away = a->throws - a->kinks; /* compared with differences */
  if (!a->throws) printf("none of %d random throws can be compared; ", s->throws);
  else
    printf("%d random throws of up to %d contacts: steps and loop agree to %s in loss and gradient, and with\n"
           "  differences to %s; ",
           a->throws, a->most, figure(a->programs, a->throws, sizeof *text, text[0]),
           figure(a->differences, away, sizeof *text, text[1]));
  printf("left out: %d next to a kink, %d of too many contacts\n", a->kinks, a->restless);
  if (!(a->programs <= tolerance)) return cli_complain(1, "steps and loop are %.1e apart", a->programs);
  if (!(a->differences <= differences_tolerance))
    return cli_complain(1, "the gradient and differences are %.1e apart", a->differences);
  return 0;
}

static int compare(const settings *s, jet_fn *f, const looping *l, agreement *a) {
  rng r = rng_new((uint64_t)s->seed);
  progress line = progress_new();
  throws t;
  int status = throws_new(&t, &s->aim, s->throws, GRADIENTS, NULL);
  for (int i = 0; i < 2 * s->throws && !status; i++) t.u[i] = slowest + (fastest - slowest) * rng_uniform(&r);
  if (!status) status = plan_run(t.plan);
  for (int i = 0; i < s->throws && !status; i++) {
    status = compare_throw(f, l, &t, i, a);
    progress_show(&line, "%d of %d throws", i, s->throws);
  }
  progress_clear(&line);
  throws_free(&t);
  return status ? status : report_agreement(s, a);
}

/* Whether it is something to go on with; restless: there were too many contacts. */
static int check_gradient(int iteration, double loss, const double g[2], int restless) {
  if (restless) return cli_complain(1, "iteration %d: the ball has too many contacts", iteration);
  if (loss <= most_loss && isfinite(g[0]) && isfinite(g[1])) return 0;
  return cli_complain(1, "iteration %d: the loss is %.3g: a smaller --learning-rate is needed", iteration, loss);
}

/* By the loop where f is not NULL, else by steps. */
static int descend(const settings *s, throws *t, jet_fn *f, const looping *l, descent *d) {
  double x[2] = {s->u, s->v}, g[2], began = clock_seconds();
  progress line = progress_new();
  int status = 0, restless = 0;
  for (int i = 0; i <= s->iterations && !status; i++) {
    if (f) {
      status = fn_check(f, jet_fn_gradient(f, x, &d->loss[i], g));
      strcpy(d->contacts[i], l->contacts);
      restless = strlen(l->contacts) == MOST_CONTACTS;
    } else {
      t->u[0] = x[0], t->v[0] = x[1];
      status = plan_run(t->plan);
      d->loss[i] = t->loss[0], g[0] = t->gu[0], g[1] = t->gv[0];
      restless = t->left[0] > 0;
    }
    if (!status) status = check_gradient(i, d->loss[i], g, restless);
    d->number[i] = i, d->u[i] = x[0], d->v[i] = x[1];
    for (int j = 0; j < 2; j++) x[j] -= s->rate * g[j];
    progress_show(&line, "%s: iteration %d of %d  loss %.6e", f ? "loop" : "steps", i, s->iterations, d->loss[i]);
  }
  progress_clear(&line);
  d->seconds = (clock_seconds() - began) / (s->iterations + 1);
  return status;
}

/* ---- what is written --------------------------------------------------------------------------------------------- */

typedef enum file { TABLE, PICTURE, FILES } file;
static const char *const file_names[FILES] = {"descent.csv", "picture.png"};

static int write_table(const settings *s, const descent *d, files *out) {
  const column list[] = {{"iteration", d->number}, {"u", d->u}, {"v", d->v}, {"loss", d->loss}};
  csv_write(out->out[TABLE].stream, s->iterations + 1, 4, list);
  return output_commit(&out->out[TABLE]) ? 0 : 2;
}

/* The paths of some iterations, in one run of the steps: [2, count, points], x and y. */
static int find_paths(const settings *s, const descent *d, int count, const int at[], double *path) {
  throws t;
  int status = throws_new(&t, &s->aim, count, LOSSES, path);
  for (int i = 0; i < count && !status; i++) t.u[i] = d->u[at[i]], t.v[i] = d->v[at[i]];
  if (!status) status = plan_run(t.plan);
  throws_free(&t);
  return status;
}

static void widen(double range[2], ptrdiff_t n, const double *x) {
  for (ptrdiff_t i = 0; i < n; i++) range[0] = fmin(range[0], x[i]), range[1] = fmax(range[1], x[i]);
}

/* The loss of all velocities of a grid around the last one, in one run of the steps. */
static int find_landscape(const settings *s, const descent *d, throws *t, double axis[2][GRID]) {
  int status = throws_new(t, &s->aim, GRID * GRID, LOSSES, NULL);
  for (int i = 0; i < 2 * GRID; i++)
    axis[i / GRID][i % GRID] = (i / GRID ? d->v : d->u)[s->iterations] + 1.5 * ((i % GRID + 0.5) * 2 / GRID - 1);
  for (int i = 0; i < GRID * GRID && !status; i++) t->u[i] = axis[0][i % GRID], t->v[i] = axis[1][i / GRID];
  return status ? status : plan_run(t->plan);
}

static int write_landscape(const settings *s, const descent *d, const plot *first, files *out) {
  double axis[2][GRID];
  throws t;
  int status = find_landscape(s, d, &t, axis);
  const layer layers[] = {
      {.kind = LAYER_CONTOURS, .rows = GRID, .x = axis[0], .y = axis[1], .u = t.loss, .columns = GRID, .levels = 16},
      {.kind = LAYER_LINE, .name = "descent", .rows = s->iterations + 1, .x = d->u, .y = d->v},
      {.kind = LAYER_POINTS, .name = "iterations", .rows = s->iterations + 1, .x = d->u, .y = d->v}};
  plot panels[2] = {*first, {.title = "loss of a throw", .x_label = "velocity along", .y_label = "velocity up"}};
  panels[1].layers = sizeof layers / sizeof *layers, panels[1].drawn = layers, panels[1].legend_at = "bottom left";
  panels[1].x_low = axis[0][0], panels[1].x_high = axis[0][GRID - 1];
  panels[1].y_low = axis[1][0], panels[1].y_high = axis[1][GRID - 1];
  if (!status) status = plot_write_across(&out->out[PICTURE], out->path[PICTURE], 2, 2, panels);
  throws_free(&t);
  return status;
}

/* Returns how many there are. */
static int choose_shown(int iterations, int at[SHOWN]) {
  const int wanted[SHOWN] = {0, 1, 2, 5, iterations};
  int n = 0;
  for (int i = 0; i < SHOWN; i++)
    if (wanted[i] <= iterations && (!n || wanted[i] > at[n - 1])) at[n++] = wanted[i];
  return n;
}

static int write_picture(const settings *s, const descent *d, files *out) {
  static double path[2 * SHOWN * MOST_POINTS];
  int shown[SHOWN];
  const int count = choose_shown(s->iterations, shown);
  const ptrdiff_t points = 1 + ROUNDS * s->aim.steps, all = count * points;
  double x[2] = {fmin(0, s->aim.at[0]), fmax(wall, s->aim.at[0])}, y[2] = {0, fmax(wall_height, s->aim.at[1])};
  char name[SHOWN][24];
  int status = find_paths(s, d, count, shown, path);
  widen(x, all, path);
  widen(y, all, path + all);
  const double line_x[] = {x[0] - 0.5, x[1] + 0.5, NAN, wall, wall}, line_y[] = {0, 0, NAN, 0, wall_height};
  layer layers[SHOWN + 2] = {{.kind = LAYER_LINE, .name = "ground and wall", .rows = 5, .x = line_x, .y = line_y}};
  for (int i = 0; i < count; i++) {
    snprintf(name[i], sizeof name[i], "iteration %d", shown[i]);
    layers[1 + i] = (layer){
        .kind = LAYER_LINE, .name = name[i], .rows = points, .x = path + i * points, .y = path + all + i * points};
  }
  layers[1 + count] = (layer){.kind = LAYER_POINTS, .name = "target", .rows = 1, .x = s->aim.at, .y = s->aim.at + 1};
  plot first = {.title = "throws", .x_label = "x", .y_label = "y", .layers = 2 + count, .drawn = layers};
  first.x_low = line_x[0], first.x_high = line_x[1], first.y_low = -0.05 * y[1], first.y_high = 1.5 * y[1];
  return status ? status : write_landscape(s, d, &first, out);
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static int report(const settings *s, const descent d[2]) {
  double loss = 0, velocity = 0, apart = 0; /* apart: relative */
  for (int i = 0; i <= s->iterations; i++) {
    const double by_loss = fabs(d[0].loss[i] - d[1].loss[i]),
                 by_velocity = hypot(d[0].u[i] - d[1].u[i], d[0].v[i] - d[1].v[i]);
    raise_to(&loss, by_loss);
    raise_to(&velocity, by_velocity);
    raise_to(&apart, by_loss / (1 + d[1].loss[i]));
    raise_to(&apart, by_velocity / (1 + hypot(d[1].u[i], d[1].v[i])));
    if (i >= SHOWN && i % (s->iterations / REPORTS + 1) && i < s->iterations) continue;
    printf("iteration %5d  velocity (%.6f, %.6f)  loss %.6e  contacts %s\n", i, d[1].u[i], d[1].v[i], d[1].loss[i],
           *d[1].contacts[i] ? d[1].contacts[i] : "none");
  }
  printf("by steps and by the loop: losses within %.1e, velocities within %.1e, in %.0f and %.0f microseconds a "
         "gradient\n",
         loss, velocity, 1e6 * d[0].seconds, 1e6 * d[1].seconds);
  return apart <= tolerance ? 0 : cli_complain(1, "the descents by steps and by the loop are %.1e apart", apart);
}

static int compute(const settings *s, descent d[2], agreement *a) {
  looping l = {.aim = &s->aim};
  throws one;
  jet_fn *f = jet_fn_new(throw_by_loop, &l, 2);
  int status = throws_new(&one, &s->aim, 1, GRADIENTS, NULL);
  if (!status) status = compare(s, f, &l, a);
  if (!status) status = descend(s, &one, NULL, NULL, &d[0]);
  if (!status) status = descend(s, NULL, f, &l, &d[1]);
  jet_fn_free(f);
  throws_free(&one);
  return status;
}

static int compute_and_write(const settings *s, descent d[2], files *out) {
  const double began = clock_seconds();
  agreement a = {0};
  char text[2][16];
  if (compute(s, d, &a) || report(s, d)) return 1;
  const double time = clock_seconds() - began;
  const int status = write_table(s, d, out) ? 2 : write_picture(s, d, out);
  if (!status)
    printf("final loss %.3e programs within %s differences %s time %.2f\n", d[1].loss[s->iterations],
           figure(a.programs, a.throws, sizeof *text, text[0]),
           figure(a.differences, a.throws - a.kinks, sizeof *text, text[1]), time);
  return status;
}

static int read_settings(int argc, char **argv, settings *s) {
  const cli_option options[] = {
      {"iterations", "N", "of gradient descent", CLI_INTEGER, &s->iterations, 0, MOST_ITERATIONS},
      {"learning-rate", "R", "its rate", CLI_NUMBER, &s->rate, 0, 1e6},
      {"u", "U", "the first velocity, along the ground", CLI_NUMBER, &s->u, -1000, 1000},
      {"v", "V", "and up", CLI_NUMBER, &s->v, -1000, 1000},
      {"target-x", "X", "where the ball has to be", CLI_NUMBER, &s->aim.at[0], -1000, 1000},
      {"target-y", "Y", "and how high", CLI_NUMBER, &s->aim.at[1], 0, 1000},
      {"steps", "N", "time steps", CLI_INTEGER, &s->aim.steps, 1, MOST_STEPS},
      {"throws", "N", "random throws for which steps and loop are compared", CLI_INTEGER, &s->throws, 1, MOST_THROWS},
      {"seed", "N", "of these throws", CLI_INTEGER, &s->seed, 0, INT_MAX},
      {"out", "DIR", "where the tables and picture.png go", CLI_FILE, &s->out, 0, 0},
  };
  return cli_read(argc, argv, "Finds a throw over a wall to a target by gradients through the contacts.",
                  sizeof options / sizeof *options, options);
}

int main(int argc, char **argv) {
  settings s = {.aim = {.at = {7, 0.5}, .steps = 70},
                .iterations = 100,
                .throws = 300,
                .seed = 1,
                .u = 3.5,
                .v = 6,
                .rate = 0.02,
                .out = "bounce_out"};
  static files out;
  static descent d[2];
  int status = read_settings(argc, argv, &s);
  if (status < 0 && !(status = files_open(&out, s.out, FILES, file_names))) status = compute_and_write(&s, d, &out);
  files_discard(&out);
  return status;
}
