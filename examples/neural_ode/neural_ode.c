/* neural_ode.c - a differential equation learnt from its solution (Chen, Rubanova, Bettencourt, Duvenaud 2018):
       dx/dt = N(x; w),  x(0) = (2, 0),
   where the network N, with one hidden layer of tanh, is fitted to noisy points of a spiral, the solution of
   dx/dt = A' x^3 with A = (-0.1 2; -2 -0.1). Fourth order Runge-Kutta steps are recorded like any other operations, so
   that reverse mode goes back through them: the gradient of the loss L, the mean square distance from the data.

   The adjoint equation gives the gradient for the exact solution. With a = dL/dx, backwards from the last time,
       da/dt = -(dN/dx)' a, and a grows by (dL/dx)(t_i) at each time t_i of the data; dL/dw = integral of (dN/dw)' a dt,
   where the products are a plan of one network and its jet_vjp. Both have to meet at fourth order as steps shrink.
   So they do at the first weights, which the program asserts; at the last ones the field is steep, and the order comes
   near 4 from some 32 steps between two times on. */
#include "../common/cli.h"
#include "../common/clock.h"
#include "../common/csv.h"
#include "../common/files.h"
#include "../common/optimiser.h"
#include "../common/plans.h"
#include "../common/plot.h"
#include "../common/progress.h"
#include "../common/rng.h"
#include "../common/scalar.h"

#include "fit.h"

#include <jets.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { REPORTS = 20, GRID = 17, ARROWS = GRID * GRID };

static const double most_growth = 1000; /* of the loss: Adam's steps never end, so it stays finite */

/* ---- training ---------------------------------------------------------------------------------------------------- */

/* The rate falls to zero along half a cosine. */
static int train(fit *f, double began) {
  const settings *s = f->set;
  optimiser o;
  progress line = progress_new();
  int status = optimiser_new(&o, ADAM, s->rate, f->net.size) ? 0 : cli_complain(1, "out of memory");
  for (int i = 0; i <= s->iterations && !status; i++) {
    if ((status = plan_run(f->plan))) break;
    f->past[i] = i, f->past[s->iterations + 1 + i] = f->loss;
    if (!(f->loss <= most_growth * (1 + f->past[s->iterations + 1])))
      status = cli_complain(1, "iteration %d: the loss is %.4g: a smaller --learning-rate is needed", i, f->loss);
    if (status) break;
    progress_show(&line, "iteration %5d  loss %.6f", i, f->loss);
    if (i % (s->iterations / REPORTS + 1) == 0 || i == s->iterations) {
      progress_clear(&line);
      printf("iteration %5d  loss %.6f  time %.2f s\n", i, f->loss, clock_seconds() - began);
      fflush(stdout);
    }
    o.rate = s->rate * 0.5 * (1 + cos(pi * i / s->iterations));
    if (i < s->iterations) optimiser_step(&o, f->net.w, f->net.g);
  }
  progress_clear(&line);
  optimiser_free(&o);
  return status;
}

/* ---- what is written --------------------------------------------------------------------------------------------- */

typedef enum file { DATA_TABLE, CURVE_TABLE, LOSS_TABLE, CHECK_TABLE, PICTURE, FILES } file;
static const char *const file_names[FILES] = {"data.csv", "curves.csv", "loss.csv", "gradient.csv", "picture.png"};

static int write_tables(const fit *f, files *out) {
  const ptrdiff_t n = f->set->times, m = f->points;
  const column data[] = {{"t", f->data}, {"x1", f->data + n}, {"x2", f->data + 2 * n}},
               curves[] = {{"t", f->t},
                           {"spiral1", f->spiral},
                           {"spiral2", f->spiral + m},
                           {"fit1", f->x},
                           {"fit2", f->x + m}},
               loss[] = {{"iteration", f->past}, {"loss", f->past + f->set->iterations + 1}},
               errors[] = {{"steps", f->check[0]}, {"through_steps", f->check[1]}, {"adjoint", f->check[2]}};
  csv_write(out->out[DATA_TABLE].stream, n, 3, data);
  csv_write(out->out[CURVE_TABLE].stream, m, 5, curves);
  csv_write(out->out[LOSS_TABLE].stream, f->set->iterations + 1, 2, loss);
  csv_write(out->out[CHECK_TABLE].stream, f->checks, 3, errors);
  for (int i = DATA_TABLE; i <= CHECK_TABLE; i++)
    if (!output_commit(&out->out[i])) return 2;
  return 0;
}

/* Arrows from `tail` along the field, both [PLANE, GRID^2], of lengths that go with the fourth root of the speed. */
static int draw_field(fit *f, double side, double *tail, double *along) {
  static const ptrdiff_t dims[2] = {PLANE, ARROWS};
  static const int axis = 0;
  const double cell = 2 * side / GRID;
  for (int i = 0; i < ARROWS; i++) {
    tail[i] = (i % GRID + 0.5) * cell - side;
    tail[ARROWS + i] = (i / GRID + 0.5) * cell - side;
  }
  jet x = jet_constant(f->tape, 2, dims, tail), v = jet_transpose(fit_network(&f->net, jet_transpose(x)));
  jet speed = jet_norm_over(v, 1, &axis, 1),
      length = jet_scale(jet_powc(jet_div(speed, jet_amax(speed)), 0.25), 0.95 * cell);
  jet arrow = jet_mul(jet_div(v, speed), length), out[2] = {jet_sub(x, jet_scale(arrow, 0.5)), arrow};
  jet_plan *plan = fit_plan(f, 2, out);
  plan_bind(plan, 1, out, tail);
  plan_bind(plan, 1, out + 1, along);
  return plan_run_once(plan);
}

static int write_picture(fit *f, files *out) {
  static double tail[PLANE * ARROWS], along[PLANE * ARROWS];
  const double side = 2.4;
  const ptrdiff_t n = f->set->times, m = f->points;
  int status = draw_field(f, side, tail, along);
  const layer layers[] = {
      {.kind = LAYER_ARROWS, .rows = ARROWS, .x = tail, .y = tail + ARROWS, .u = along, .v = along + ARROWS},
      {.kind = LAYER_LINE, .name = "spiral", .rows = m, .x = f->spiral, .y = f->spiral + m},
      {.kind = LAYER_LINE, .name = "network", .rows = m, .x = f->x, .y = f->x + m},
      {.kind = LAYER_POINTS, .name = "data", .rows = n, .x = f->data + n, .y = f->data + 2 * n}};
  plot panel = {.title = "a spiral, its noisy points, and the field learnt from them"};
  panel.x_label = "x_1", panel.y_label = "x_2", panel.layers = sizeof layers / sizeof *layers, panel.drawn = layers;
  panel.equal = 1, panel.x_low = panel.y_low = -side, panel.y_high = panel.x_high = side;
  panel.legend_at = "outside right top";
  return status ? status : plot_write(&out->out[PICTURE], out->path[PICTURE], 1, &panel);
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static int prepare(fit *f) {
  const settings *s = f->set;
  rng r = rng_new((uint64_t)s->seed);
  f->tape = jet_tape_new();
  f->net.cubes = s->cubes;
  fit_parameters(f);
  f->points = (ptrdiff_t)s->times * FINE + 1;
  f->t = (double *)malloc((size_t)(5 * f->points + 3 * s->times + 2 * (s->iterations + 1)) * sizeof *f->t);
  if (!f->t) return cli_complain(1, "out of memory");
  f->spiral = f->t + f->points, f->x = f->spiral + PLANE * f->points, f->data = f->x + PLANE * f->points;
  f->past = f->data + 3 * s->times;
  const int status = fit_draw_data(f, &r);
  fit_first_weights(f, &r);
  f->plan = fit_plan_loss(f, s->substeps);
  return status || plan_check(f->plan) ? 1 : adjoint_plan(f);
}

static void fit_free(fit *f) {
  jet_plan_free(f->plan);
  jet_plan_free(f->adjoint.plan);
  jet_tape_free(f->tape);
  free(f->t);
}

static int learn_and_write(fit *f, files *out) {
  const double began = clock_seconds();
  int status = prepare(f);
  if (!status) status = adjoint_check(f, FIRST);
  if (!status) status = train(f, began);
  const double loss = f->loss;
  if (!status) status = adjoint_check(f, LAST);
  if (!status) status = fit_solve(f);
  const double time = clock_seconds() - began;
  if (!status) status = write_tables(f, out);
  if (!status) status = write_picture(f, out);
  if (!status)
    printf("final loss %.6f distance from the spiral %.4f gradient error %.1e time %.2f\n", loss,
           distance(PLANE * f->points, f->x, f->spiral) / sqrt((double)f->points), f->trained, time);
  return status;
}

static int read_settings(int argc, char **argv, settings *s) {
  const cli_option options[] = {
      {"iterations", "N", "of Adam", CLI_INTEGER, &s->iterations, 1, 10000000},
      {"learning-rate", "R", "the first rate", CLI_NUMBER, &s->rate, 0, 1e6},
      {"times", "N", "of the data", CLI_INTEGER, &s->times, 1, MOST_TIMES},
      {"noise", "D", "standard deviation of the data", CLI_NUMBER, &s->noise, 0, 10},
      {"substeps", "N", "Runge-Kutta steps between two times", CLI_INTEGER, &s->substeps, 1, MOST_SUBSTEPS},
      {"width", "N", "of the hidden layer", CLI_INTEGER, &s->width, 1, MOST_WIDTH},
      {"cubes", "", "the network sees x^3 in place of x", CLI_FLAG, &s->cubes, 0, 0},
      {"seed", "N", "of the noise and the first weights", CLI_INTEGER, &s->seed, 0, INT_MAX},
      {"out", "DIR", "where the tables and picture.png go", CLI_FILE, &s->out, 0, 0},
  };
  return cli_read(argc, argv, "Fits dx/dt = network(x) to a noisy spiral.", sizeof options / sizeof *options, options);
}

int main(int argc, char **argv) {
  static settings s = {.iterations = 2000,
                       .times = 30,
                       .substeps = 2,
                       .width = 50,
                       .seed = 1,
                       .rate = 0.05,
                       .noise = 0.05,
                       .out = "neural_ode_out"};
  static files out;
  static fit f = {.set = &s};
  int status = read_settings(argc, argv, &s);
  if (status < 0 && !(status = files_open(&out, s.out, FILES, file_names))) status = learn_and_write(&f, &out);
  files_discard(&out);
  fit_free(&f);
  return status;
}
