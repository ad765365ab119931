/* neural_ode.c - a differential equation learnt from its solution (Chen, Rubanova, Bettencourt, Duvenaud 2018):
       dx/dt = N(x; w),  x(0) = (2, 0),
   where the network N, with one hidden layer of tanh, is fitted to noisy points of a spiral, the solution of
   dx/dt = A' x^3 with A = (-0.1 2; -2 -0.1). Fourth order Runge-Kutta steps are recorded like any other operations, so
   that reverse mode goes back through them: the gradient of the loss L, the mean square distance from the data.

   The adjoint equation gives the gradient for the exact solution. With a = dL/dx, backwards from the last time,
       da/dt = -(dN/dx)' a, and a grows by (dL/dx)(t_i) at each time t_i of the data; dL/dw = integral of (dN/dw)' a dt,
   where the products are a plan of one network and its jet_vjp. Both have to meet at fourth order as steps shrink, and
   the program shows that they do. */
#include "common/cli.h"
#include "common/clock.h"
#include "common/csv.h"
#include "common/files.h"
#include "common/optimiser.h"
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

enum { PLANE = 2, LAYERS = 2, ARRAYS = 2 * LAYERS };
enum { REPORTS = 20, MOST_WIDTH = 256, MOST_TIMES = 100, MOST_SUBSTEPS = 32 };
enum { MOST_NUMBERS = (2 * PLANE + 1) * MOST_WIDTH + PLANE, MOST_STATE = 2 * PLANE + MOST_NUMBERS };
enum { FINE = 16, CHECKS = 5, REFERENCE = 128 }; /* steps between two times: of curves; 1, 2, .. 16; of the reference */
enum { GRID = 17, ARROWS = GRID * GRID };

static const double last_time = 1.5, start[PLANE] = {2, 0};

typedef struct settings {
  int iterations, times, substeps, width, cubes, seed;
  double rate, noise;
  const char *out;
} settings;

typedef struct network {
  int cubes;             /* whether it sees x^3 in place of x */
  jet parameter[ARRAYS]; /* weights, biases, weights, biases; pieces of w */
  ptrdiff_t size;
  double w[MOST_NUMBERS], g[MOST_NUMBERS]; /* all of them, and the gradient */
} network;

typedef jet field(const network *, jet x); /* dx/dt at the rows of x, [rows, PLANE] */

typedef struct flow { /* dy/dt = rate(stage), a plan's; y is (x, a, dL/dw) */
  jet_plan *plan;
  ptrdiff_t n;
  double y[MOST_STATE], stage[MOST_STATE], rate[MOST_STATE], sum[MOST_STATE];
} flow;

typedef struct fit {
  const settings *set;
  jet_tape *tape;
  network net;
  jet_plan *plan; /* of the loss and its gradient */
  flow adjoint;
  double loss;
  ptrdiff_t points;        /* of a curve: FINE times + 1 */
  double *t, *spiral, *x;  /* [points], [PLANE, points]: the curve behind the data, and the network's */
  double *data;            /* [1 + PLANE, times]: t and x with noise */
  double *past;            /* [2, iterations + 1]: iteration and loss */
  double check[3][CHECKS]; /* steps between times, errors of both gradients */
} fit;

/* ---- the field --------------------------------------------------------------------------------------------------- */

static jet record_spiral(const network *net, jet x) {
  static const ptrdiff_t square[2] = {PLANE, PLANE};
  static const double a[PLANE * PLANE] = {-0.1, 2, -2, -0.1};
  (void)net;
  return jet_matmul(jet_powc(x, 3), jet_constant(x.tape, 2, square, a));
}

static void record_parameters(network *net, jet_tape *tape, int width) {
  const ptrdiff_t widths[LAYERS + 1] = {PLANE, width, PLANE};
  net->size = 0;
  for (int i = 0; i < LAYERS; i++) {
    net->parameter[2 * i] = jet_input(tape, 2, widths + i);
    net->parameter[2 * i + 1] = jet_input(tape, 1, widths + i + 1);
    net->size += (widths[i] + 1) * widths[i + 1];
  }
}

static jet record_network(const network *net, jet x) {
  jet y = net->cubes ? jet_powc(x, 3) : x;
  for (int i = 0; i < LAYERS; i++) {
    if (i) y = jet_tanh(y);
    y = jet_add(jet_matmul(y, net->parameter[2 * i]), net->parameter[2 * i + 1]);
  }
  return y;
}

/* Biases as large as the weights make the tanh of the first layer bend in different places; small second weights begin
   with a slow motion. */
static void draw_parameters(network *net, rng *r) {
  static const double deviation[ARRAYS] = {1, 1, 0.1, 0};
  double *w = net->w;
  for (int i = 0; i < ARRAYS; i++)
    for (ptrdiff_t j = 0; j < jet_size(net->parameter[i]); j++) *w++ = deviation[i] * rng_normal(r);
}

/* ---- the steps --------------------------------------------------------------------------------------------------- */

static jet record_step(field *f, const network *net, jet x, double h) {
  jet k1 = f(net, x), k2 = f(net, jet_add(x, jet_scale(k1, h / 2))), k3 = f(net, jet_add(x, jet_scale(k2, h / 2))),
      k4 = f(net, jet_add(x, jet_scale(k3, h))), sum = jet_add(jet_add(k1, k4), jet_scale(jet_add(k2, k3), 2));
  return jet_add(x, jet_scale(sum, h / 6));
}

static double time_step(const fit *f, int substeps) { return last_time / f->set->times / substeps; }

/* x at the start and after each step: [PLANE, times substeps + 1]. */
static jet record_path(const fit *f, field *rate, int substeps) {
  static jet x[MOST_TIMES * MOST_SUBSTEPS + 1];
  static const ptrdiff_t row[2] = {1, PLANE};
  const int steps = f->set->times * substeps;
  x[0] = jet_constant(f->tape, 2, row, start);
  for (int i = 0; i < steps; i++) x[i + 1] = record_step(rate, &f->net, x[i], time_step(f, substeps));
  return jet_transpose(jet_concat(steps + 1, x, 0));
}

static jet_plan *plan_outputs(fit *f, int n, const jet out[]) {
  jet_plan *plan = jet_plan_new(f->tape, n, out);
  plan_bind(plan, ARRAYS, f->net.parameter, f->net.w);
  return plan;
}

/* The loss and its gradient through all steps, so many between two times of the data. */
static jet_plan *plan_loss(fit *f, int substeps) {
  const ptrdiff_t dims[2] = {PLANE, f->set->times}, first[2] = {0, substeps}, every[2] = {1, substeps},
                  last[2] = {PLANE, (ptrdiff_t)f->set->times * substeps + 1};
  jet x = jet_slice(record_path(f, record_network, substeps), first, last, every), out[1 + ARRAYS];
  out[0] = jet_mean(jet_square(jet_sub(x, jet_constant(f->tape, 2, dims, f->data + f->set->times))));
  jet_grad(out[0], ARRAYS, f->net.parameter, out + 1);
  jet_plan *plan = plan_outputs(f, 1 + ARRAYS, out);
  plan_bind(plan, 1, out, &f->loss);
  plan_bind(plan, ARRAYS, out + 1, f->net.g);
  return plan;
}

static int solve(fit *f, field *rate, double *x) {
  jet path = record_path(f, rate, FINE);
  jet_plan *plan = plan_outputs(f, 1, &path);
  plan_bind(plan, 1, &path, x);
  return plan_run_once(plan);
}

static int draw_data(fit *f, rng *r) {
  const int times = f->set->times, status = solve(f, record_spiral, f->spiral);
  for (ptrdiff_t i = 0; i < f->points; i++) f->t[i] = (double)i * time_step(f, FINE);
  for (int i = 0; i < times; i++) {
    const ptrdiff_t at = (ptrdiff_t)(i + 1) * FINE;
    f->data[i] = f->t[at];
    for (int j = 0; j < PLANE; j++)
      f->data[(1 + j) * times + i] = f->spiral[j * f->points + at] + f->set->noise * rng_normal(r);
  }
  return status;
}

/* ---- the adjoint equation ---------------------------------------------------------------------------------------- */

/* The rate of (x, a, dL/dw): N(x), -(dN/dx)' a, -(dN/dw)' a. */
static int plan_adjoint(fit *f) {
  static const ptrdiff_t row[2] = {1, PLANE};
  flow *a = &f->adjoint;
  a->n = 2 * PLANE + f->net.size;
  jet in[2] = {jet_input(f->tape, 2, row), jet_input(f->tape, 2, row)}, minus_a = jet_neg(in[1]);
  jet wrt[1 + ARRAYS] = {in[0]}, out[2 + ARRAYS] = {record_network(&f->net, in[0])};
  memcpy(wrt + 1, f->net.parameter, sizeof f->net.parameter);
  jet_vjp(1, out, &minus_a, 1 + ARRAYS, wrt, out + 1);
  a->plan = plan_outputs(f, 2 + ARRAYS, out);
  plan_bind(a->plan, 2, in, a->stage);
  plan_bind(a->plan, 2 + ARRAYS, out, a->rate);
  return plan_check(a->plan);
}

/* The same step in plain C. */
static int flow_step(flow *f, double h) {
  static const double at[4] = {0, 0.5, 0.5, 1}, weight[4] = {1, 2, 2, 1};
  int status = 0;
  memset(f->sum, 0, sizeof f->sum);
  for (int s = 0; s < 4 && !status; s++) {
    for (ptrdiff_t i = 0; i < f->n; i++) f->stage[i] = f->y[i] + (s ? at[s] * h * f->rate[i] : 0);
    status = plan_run(f->plan);
    for (ptrdiff_t i = 0; i < f->n; i++) f->sum[i] += weight[s] * f->rate[i];
  }
  for (ptrdiff_t i = 0; i < f->n; i++) f->y[i] += h / 6 * f->sum[i];
  return status;
}

/* Leaves dL/dw at adjoint.y + 2 PLANE. Forwards a is 0; backwards x is taken up again at each time of the data. */
static int solve_adjoint(fit *f, int substeps) {
  static double path[MOST_TIMES * PLANE];
  const int times = f->set->times;
  const double h = time_step(f, substeps);
  flow *a = &f->adjoint;
  int status = 0;
  memset(a->y, 0, sizeof a->y);
  memcpy(a->y, start, sizeof start);
  for (int i = 0; i < times; i++) {
    for (int j = 0; j < substeps && !status; j++) status = flow_step(a, h);
    memcpy(path + i * PLANE, a->y, PLANE * sizeof *path);
  }
  for (int i = times; i-- > 0;) {
    for (int j = 0; j < PLANE; j++) {
      a->y[j] = path[i * PLANE + j];
      a->y[PLANE + j] += (a->y[j] - f->data[(1 + j) * times + i]) / times; /* 2 (x - data) / (PLANE times) */
    }
    for (int j = 0; j < substeps && !status; j++) status = flow_step(a, -h);
  }
  return status;
}

static double distance(ptrdiff_t n, const double *a, const double *b) {
  double sum = 0;
  for (ptrdiff_t i = 0; i < n; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sqrt(sum);
}

/* Both gradients with 1, 2, 4, .. steps between times against the adjoint equation's with many more. */
static int check(fit *f, const char *when) {
  const ptrdiff_t n = f->net.size;
  const double *adjoint = f->adjoint.y + 2 * PLANE;
  static double exact[MOST_NUMBERS];
  int status = solve_adjoint(f, REFERENCE);
  memcpy(exact, adjoint, sizeof exact);
  printf("gradient at the %s weights, by Runge-Kutta steps between two times:\n", when);
  puts("  steps  |through the steps - exact|  |adjoint - exact|  order");
  for (int i = 0; i < CHECKS && !status; i++) {
    status = plan_run_once(plan_loss(f, 1 << i));
    if (!status) status = solve_adjoint(f, 1 << i);
    f->check[0][i] = 1 << i;
    f->check[1][i] = distance(n, f->net.g, exact);
    f->check[2][i] = distance(n, adjoint, exact);
    printf("%7d  %27.3e  %17.3e", 1 << i, f->check[1][i], f->check[2][i]);
    if (i) printf("  %5.2f", log2(f->check[1][i - 1] / f->check[1][i]));
    putchar('\n');
  }
  return status;
}

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
  csv_write(out->out[CHECK_TABLE].stream, CHECKS, 3, errors);
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
  jet x = jet_constant(f->tape, 2, dims, tail), v = jet_transpose(record_network(&f->net, jet_transpose(x)));
  jet speed = jet_norm_over(v, 1, &axis, 1),
      length = jet_scale(jet_powc(jet_div(speed, jet_amax(speed)), 0.25), 0.95 * cell);
  jet arrow = jet_mul(jet_div(v, speed), length), out[2] = {jet_sub(x, jet_scale(arrow, 0.5)), arrow};
  jet_plan *plan = plan_outputs(f, 2, out);
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
  panel.equal = 1, panel.x_low = panel.y_low = -side, panel.y_high = side, panel.x_high = side + 1.9; /* the legend */
  return status ? status : plot_write(&out->out[PICTURE], out->path[PICTURE], 1, &panel);
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static int prepare(fit *f) {
  const settings *s = f->set;
  rng r = rng_new((uint64_t)s->seed);
  f->tape = jet_tape_new();
  f->net.cubes = s->cubes;
  record_parameters(&f->net, f->tape, s->width);
  f->points = (ptrdiff_t)s->times * FINE + 1;
  f->t = (double *)malloc((size_t)(5 * f->points + 3 * s->times + 2 * (s->iterations + 1)) * sizeof *f->t);
  if (!f->t) return cli_complain(1, "out of memory");
  f->spiral = f->t + f->points, f->x = f->spiral + PLANE * f->points, f->data = f->x + PLANE * f->points;
  f->past = f->data + 3 * s->times;
  const int status = draw_data(f, &r);
  draw_parameters(&f->net, &r);
  f->plan = plan_loss(f, s->substeps);
  return status || plan_check(f->plan) ? 1 : plan_adjoint(f);
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
  if (!status) status = check(f, "first");
  if (!status) status = train(f, began);
  const double loss = f->loss;
  if (!status) status = check(f, "last");
  if (!status) status = solve(f, record_network, f->x);
  const double time = clock_seconds() - began;
  if (!status) status = write_tables(f, out);
  if (!status) status = write_picture(f, out);
  if (!status)
    printf("final loss %.6f distance from the spiral %.4f gradient error %.1e time %.2f\n", loss,
           distance(PLANE * f->points, f->x, f->spiral) / sqrt((double)f->points), f->check[1][CHECKS - 1], time);
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
  static settings s = {2000, 30, 2, 50, 0, 1, 0.05, 0.05, "neural_ode_out"};
  static files out;
  static fit f = {.set = &s};
  int status = read_settings(argc, argv, &s);
  if (status < 0 && !(status = files_open(&out, s.out, FILES, file_names))) status = learn_and_write(&f, &out);
  files_discard(&out);
  fit_free(&f);
  return status;
}
