/* bounce.c - gradient descent through a simulation with contacts: with what velocity to throw a ball so that it is at
   the target when its time is over. On its way it bounces off the ground, and off a wall unless it flies over it.
   Flight is a parabola, contacts are its roots,
       y + v t - g t^2 / 2 = 0 at t = (v + sqrt(v^2 + 2 g y)) / g,    x + u t = wall at t = (wall - x) / u,
   and are differentiated as such: at the end of a time step they give wrong gradients (Hu et al., DiffTaichi, 2020).
   Two programs have the same loss, the squared distance from the target:
     steps  a fixed number of time steps, in each of which jet_where chooses what happens. The recording is the same for
            all throws: it is replayed, and takes thousands of them as one array;
     loop   a callback that looks at its numbers (jet_peek) and goes from contact to contact, anew for each throw.
   Both agree to rounding, and with differences. The loss jumps where the ball grazes the top of the wall; no gradient
   knows that, and what leads to the other side is the length of a step. */
#include "common/cli.h"
#include "common/clock.h"
#include "common/csv.h"
#include "common/files.h"
#include "common/plans.h"
#include "common/plot.h"
#include "common/progress.h"
#include "common/rng.h"
#include "common/scalar.h"

#include <jets.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 3, MOST_STEPS = 1000, MOST_POINTS = 1 + ROUNDS * MOST_STEPS, MOST_CONTACTS = 100 };
enum { MOST_ITERATIONS = 10000, MOST_THROWS = 10000, SHOWN = 5, GRID = 120, REPORTS = 10 };

static const double gravity = 9.81, restitution = 0.8, friction = 0.9; /* the part of u that a bounce leaves */
static const double wall = 4, wall_height = 1.5, last_time = 3.5, start[2] = {0, 1};
static const double slowest = 1, fastest = 9; /* random velocities */

typedef struct settings {
  int iterations, steps, throws, seed;
  double u, v, rate, target[2];
  const char *out;
} settings;

typedef struct ball { /* where it is, its velocity, and the time that is left */
  jet x, y, u, v, left;
} ball;

typedef struct throws { /* some of them as arrays, by steps */
  jet_plan *plan;
  double *u, *v, *loss, *gu, *gv;
} throws;

typedef struct looping { /* a throw, by a loop */
  const settings *set;
  char contacts[MOST_CONTACTS + 1]; /* g for the ground and w for the wall, in their order */
} looping;

typedef struct descent {
  char contacts[MOST_ITERATIONS + 1][MOST_CONTACTS + 1]; /* of the loop */
  double number[MOST_ITERATIONS + 1], u[MOST_ITERATIONS + 1], v[MOST_ITERATIONS + 1], loss[MOST_ITERATIONS + 1];
  double seconds; /* of a gradient */
} descent;

/* ---- the ball ---------------------------------------------------------------------------------------------------- */

static jet time_to_ground(ball b) {
  jet root = jet_sqrt(jet_add(jet_square(b.v), jet_scale(b.y, 2 * gravity)));
  return jet_scale(jet_add(b.v, root), 1 / gravity);
}

static jet time_to_wall(ball b) { return jet_div(jet_shift(jet_neg(b.x), wall), b.u); }

static jet height_after(ball b, jet t) { return jet_add(b.y, jet_mul(t, jet_sub(b.v, jet_scale(t, gravity / 2)))); }

static ball fly(ball b, jet t) {
  return (ball){jet_add(b.x, jet_mul(b.u, t)), height_after(b, t), b.u, jet_sub(b.v, jet_scale(t, gravity)),
                jet_sub(b.left, t)};
}

static ball off_ground(ball b) {
  return (ball){b.x, jet_scalar(b.x.tape, 0), jet_scale(b.u, friction), jet_scale(b.v, -restitution), b.left};
}

static ball off_wall(ball b) {
  return (ball){jet_scalar(b.x.tape, wall), b.y, jet_scale(b.u, -restitution), b.v, b.left};
}

static jet miss(ball b, const double target[2]) {
  return jet_add(jet_square(jet_shift(b.x, -target[0])), jet_square(jet_shift(b.y, -target[1])));
}

/* ---- by steps ---------------------------------------------------------------------------------------------------- */

static jet choose(jet if_g, jet g, jet if_w, jet w, jet rest) { return jet_where(if_g, g, jet_where(if_w, w, rest)); }

/* To the next contact, or to the end of the time that is left. */
static ball next(ball b) {
  jet zero = jet_scalar(b.x.tape, 0), to_ground = time_to_ground(b), to_wall = time_to_wall(b);
  jet ahead = jet_mul(jet_greater(to_wall, zero), jet_less(to_wall, to_ground)),
      low = jet_less(height_after(b, to_wall), jet_scalar(b.x.tape, wall_height)),
      hits = jet_mul(jet_mul(ahead, low), jet_less_equal(to_wall, b.left)),
      bounces = jet_mul(jet_equal(hits, zero), jet_less_equal(to_ground, b.left));
  b = fly(b, choose(bounces, to_ground, hits, to_wall, b.left));
  ball g = off_ground(b), w = off_wall(b);
  return (ball){choose(bounces, g.x, hits, w.x, b.x), choose(bounces, g.y, hits, w.y, b.y),
                choose(bounces, g.u, hits, w.u, b.u), choose(bounces, g.v, hits, w.v, b.v), b.left};
}

/* Leaves the ball's places after each round of each step in x and y. A step with more contacts than it has rounds for
   leaves time over: then the loss is NaN. */
static jet record_steps(const settings *s, jet u, jet v, jet *x, jet *y) {
  const ptrdiff_t n = jet_size(u);
  jet zero = jet_broadcast_to(jet_scalar(u.tape, 0), 1, &n), over = zero;
  ball b = {jet_shift(zero, start[0]), jet_shift(zero, start[1]), u, v, zero};
  *x++ = b.x, *y++ = b.y;
  for (int i = 0; i < s->steps; i++) {
    b.left = jet_shift(zero, last_time / s->steps);
    for (int j = 0; j < ROUNDS; j++) b = next(b), *x++ = b.x, *y++ = b.y;
    over = jet_add(over, b.left);
  }
  return jet_where(jet_greater(over, zero), jet_shift(zero, NAN), miss(b, s->target));
}

static void throws_free(throws *t) {
  jet_plan_free(t->plan);
  free(t->u);
}

/* Returns an exit status. path: where [2, n, points] numbers go, or NULL. */
static int throws_new(throws *t, const settings *s, ptrdiff_t n, double *path) {
  const int points = 1 + ROUNDS * s->steps;
  jet_tape *tape = jet_tape_new();
  static jet x[2 * MOST_POINTS];
  jet in[2] = {jet_input(tape, 1, &n), jet_input(tape, 1, &n)}, out[5];
  *t = (throws){.u = (double *)calloc(5 * (size_t)n, sizeof *t->u)};
  if (!t->u) return jet_tape_free(tape), cli_complain(1, "out of memory");
  t->v = t->u + n, t->loss = t->v + n, t->gu = t->loss + n, t->gv = t->gu + n;
  out[0] = record_steps(s, in[0], in[1], x, x + points);
  jet_grad(jet_sum(out[0]), 2, in, out + 1); /* of all losses at once: each has its own throw */
  for (int i = 0; i < 2 && path; i++) out[3 + i] = jet_stack(points, x + i * points, 1);
  t->plan = jet_plan_new(tape, path ? 5 : 3, out);
  plan_bind(t->plan, 2, in, t->u);
  plan_bind(t->plan, 3, out, t->loss);
  if (path) plan_bind(t->plan, 2, out + 3, path);
  jet_tape_free(tape);
  return plan_check(t->plan);
}

/* ---- by a loop --------------------------------------------------------------------------------------------------- */

static double value(jet x) {
  double number = NAN;
  jet_peek(x, 1, &number);
  return number;
}

static jet by_loop(jet velocity, void *data) {
  looping *l = (looping *)data;
  const ptrdiff_t zero = 0, one = 1, two = 2;
  jet_tape *tape = velocity.tape;
  ball b = {jet_scalar(tape, start[0]), jet_scalar(tape, start[1]), jet_slice(velocity, &zero, &one, NULL),
            jet_slice(velocity, &one, &two, NULL), jet_scalar(tape, last_time)};
  for (int n = 0;;) {
    l->contacts[n] = 0;
    if (n == MOST_CONTACTS) return jet_scale(b.u, NAN);
    jet ground = time_to_ground(b), side = time_to_wall(b);
    const double to_ground = value(ground), to_wall = value(side), left = value(b.left);
    if (to_wall > 0 && to_wall < to_ground && to_wall <= left && value(height_after(b, side)) < wall_height) {
      b = off_wall(fly(b, side));
      l->contacts[n++] = 'w';
    } else if (to_ground <= left) {
      b = off_ground(fly(b, ground));
      l->contacts[n++] = 'g';
    } else {
      return miss(fly(b, b.left), l->set->target);
    }
  }
}

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
  if (isnan(loss) || isnan(t->loss[i])) return a->restless++, 0;
  if (contacts > a->most) a->most = contacts;
  a->throws++;
  raise_to(&a->programs, (fabs(loss - t->loss[i]) + hypot(g[0] - t->gu[i], g[1] - t->gv[i])) / (1 + hypot(g[0], g[1])));
  return compare_differences(f, l, at, g, a);
}

static int compare(const settings *s, jet_fn *f, const looping *l, agreement *a) {
  rng r = rng_new((uint64_t)s->seed);
  progress line = progress_new();
  throws t;
  int status = throws_new(&t, s, s->throws, NULL);
  for (int i = 0; i < 2 * s->throws && !status; i++) t.u[i] = slowest + (fastest - slowest) * rng_uniform(&r);
  if (!status) status = plan_run(t.plan);
  for (int i = 0; i < s->throws && !status; i++) {
    status = compare_throw(f, l, &t, i, a);
    progress_show(&line, "%d of %d throws", i, s->throws);
  }
  progress_clear(&line);
  throws_free(&t);
  if (!status)
    printf("%d random throws of up to %d contacts: steps and loop agree to %.1e in loss and gradient, and with\n"
           "  differences to %.1e; left out: %d next to a kink, %d of too many contacts\n",
           a->throws, a->most, a->programs, a->differences, a->kinks, a->restless);
  return status;
}

/* By the loop where f is not NULL, else by steps. */
static int descend(const settings *s, throws *t, jet_fn *f, const looping *l, descent *d) {
  double x[2] = {s->u, s->v}, g[2], began = clock_seconds();
  int status = 0;
  for (int i = 0; i <= s->iterations && !status; i++) {
    if (f) {
      status = fn_check(f, jet_fn_gradient(f, x, &d->loss[i], g));
      strcpy(d->contacts[i], l->contacts);
    } else {
      t->u[0] = x[0], t->v[0] = x[1];
      status = plan_run(t->plan);
      d->loss[i] = t->loss[0], g[0] = t->gu[0], g[1] = t->gv[0];
    }
    d->number[i] = i, d->u[i] = x[0], d->v[i] = x[1];
    for (int j = 0; j < 2; j++) x[j] -= s->rate * g[j];
    if (!status && isnan(d->loss[i])) status = cli_complain(1, "iteration %d: the ball has too many contacts", i);
  }
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
  int status = throws_new(&t, s, count, path);
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
  int status = throws_new(t, s, GRID * GRID, NULL);
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

static int write_picture(const settings *s, const descent *d, files *out) {
  static double path[2 * SHOWN * MOST_POINTS];
  const int wanted[SHOWN] = {0, 1, 2, 5, s->iterations}, count = s->iterations > 5 ? SHOWN : 1;
  const ptrdiff_t points = 1 + ROUNDS * s->steps, all = count * points;
  double x[2] = {fmin(0, s->target[0]), fmax(wall, s->target[0])}, y[2] = {0, fmax(wall_height, s->target[1])};
  char name[SHOWN][24];
  int status = find_paths(s, d, count, wanted, path);
  widen(x, all, path);
  widen(y, all, path + all);
  const double line_x[] = {x[0] - 0.5, x[1] + 0.5, NAN, wall, wall}, line_y[] = {0, 0, NAN, 0, wall_height};
  layer layers[SHOWN + 2] = {{.kind = LAYER_LINE, .name = "ground and wall", .rows = 5, .x = line_x, .y = line_y}};
  for (int i = 0; i < count; i++) {
    snprintf(name[i], sizeof name[i], "iteration %d", wanted[i]);
    layers[1 + i] = (layer){LAYER_LINE, name[i], points, path + i * points, path + all + i * points, NULL, NULL, 0, 0};
  }
  layers[1 + count] = (layer){LAYER_POINTS, "target", 1, s->target, s->target + 1, NULL, NULL, 0, 0};
  plot first = {.title = "throws", .x_label = "x", .y_label = "y", .layers = 2 + count, .drawn = layers};
  first.x_low = line_x[0], first.x_high = line_x[1], first.y_low = -0.05 * y[1], first.y_high = 1.5 * y[1];
  return status ? status : write_landscape(s, d, &first, out);
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static void report(const settings *s, const descent d[2]) {
  double loss = 0, velocity = 0;
  for (int i = 0; i <= s->iterations; i++) {
    raise_to(&loss, fabs(d[0].loss[i] - d[1].loss[i]));
    raise_to(&velocity, hypot(d[0].u[i] - d[1].u[i], d[0].v[i] - d[1].v[i]));
    if (i >= SHOWN && i % (s->iterations / REPORTS + 1) && i < s->iterations) continue;
    printf("iteration %5d  velocity (%.6f, %.6f)  loss %.6e  contacts %s\n", i, d[1].u[i], d[1].v[i], d[1].loss[i],
           *d[1].contacts[i] ? d[1].contacts[i] : "none");
  }
  printf("by steps and by the loop: losses within %.1e, velocities within %.1e, in %.0f and %.0f microseconds a "
         "gradient\n",
         loss, velocity, 1e6 * d[0].seconds, 1e6 * d[1].seconds);
}

static int compute(const settings *s, descent d[2], agreement *a) {
  looping l = {.set = s};
  throws one;
  jet_fn *f = jet_fn_new(by_loop, &l, 2);
  int status = throws_new(&one, s, 1, NULL);
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
  if (compute(s, d, &a)) return 1;
  report(s, d);
  const double time = clock_seconds() - began;
  const int status = write_table(s, d, out) ? 2 : write_picture(s, d, out);
  if (!status)
    printf("final loss %.3e programs within %.1e differences %.1e time %.2f\n", d[1].loss[s->iterations], a.programs,
           a.differences, time);
  return status;
}

static int read_settings(int argc, char **argv, settings *s) {
  const cli_option options[] = {
      {"iterations", "N", "of gradient descent", CLI_INTEGER, &s->iterations, 0, MOST_ITERATIONS},
      {"learning-rate", "R", "its rate", CLI_NUMBER, &s->rate, 0, 1e6},
      {"u", "U", "the first velocity, along the ground", CLI_NUMBER, &s->u, -1000, 1000},
      {"v", "V", "and up", CLI_NUMBER, &s->v, -1000, 1000},
      {"target-x", "X", "where the ball has to be", CLI_NUMBER, &s->target[0], -1000, 1000},
      {"target-y", "Y", "and how high", CLI_NUMBER, &s->target[1], 0, 1000},
      {"steps", "N", "time steps", CLI_INTEGER, &s->steps, 1, MOST_STEPS},
      {"throws", "N", "random throws for which steps and loop are compared", CLI_INTEGER, &s->throws, 1, MOST_THROWS},
      {"seed", "N", "of these throws", CLI_INTEGER, &s->seed, 0, INT_MAX},
      {"out", "DIR", "where the tables and picture.png go", CLI_FILE, &s->out, 0, 0},
  };
  return cli_read(argc, argv, "Finds a throw over a wall to a target by gradients through the contacts.",
                  sizeof options / sizeof *options, options);
}

int main(int argc, char **argv) {
  settings s = {100, 70, 300, 1, 3.5, 6, 0.02, {7, 0.5}, "bounce_out"};
  static files out;
  static descent d[2];
  int status = read_settings(argc, argv, &s);
  if (status < 0 && !(status = files_open(&out, s.out, FILES, file_names))) status = compute_and_write(&s, d, &out);
  files_discard(&out);
  return status;
}
