/* pinn.c - a small network learns to solve a differential equation:
       u'' + u^3 = f on [0, 1],  u(0) = u(1) = 0,  with f such that u = sin(pi x) + 0.3 sin(3 pi x).
   The network N with two hidden layers of tanh gives u = x (1 - x) N(x), zero at both ends whatever its weights are.
   Jets of order 2 carry x + t through it, so that u'' is twice coefficient 2 of what comes out; the loss, the mean
   square of u'' + u^3 - f over some points, is a plain number again, whose gradient with respect to all weights comes
   in reverse. */
#include "common/cli.h"
#include "common/clock.h"
#include "common/csv.h"
#include "common/optimiser.h"
#include "common/output.h"
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

enum { LAYERS = 3, ARRAYS = 2 * LAYERS, TEST_POINTS = 1001, REPORTS = 20, MOST_WIDTH = 1024, MOST_POINTS = 1000000 };

typedef struct settings {
  int steps, points, width, seed;
  double rate;
  const char *out;
} settings;

typedef struct network {
  jet parameter[ARRAYS]; /* weights, biases, weights, ...; bound to pieces of w */
  ptrdiff_t size;
  double *w, *g; /* [size]: all of them, and the gradient               */
} network;

typedef struct result { /* at TEST_POINTS */
  double x[TEST_POINTS], u[TEST_POINTS], exact[TEST_POINTS], error[TEST_POINTS], most;
} result;

/* ---- the equation ----------------------------------------------------------------------------------------------- */

static double solution(double x) { return sin(pi * x) + 0.3 * sin(3 * pi * x); }

static double right_side(double x) {
  double u = solution(x), curvature = -pi * pi * (sin(pi * x) + 2.7 * sin(3 * pi * x));
  return curvature + u * u * u;
}

/* u'' + u^3 - f for a jet u of order 2 along x + t. */
static jet record_residual(jet u, jet f) {
  jet curvature = jet_scale(jet_coefficient(u, 2), 2), value = jet_coefficient(u, 0);
  return jet_sub(jet_add(curvature, jet_powc(value, 3)), f);
}

/* ---- the network ------------------------------------------------------------------------------------------------ */

static void record_parameters(network *net, jet_tape *tape, int width) {
  const ptrdiff_t widths[LAYERS + 1] = {1, width, width, 1};
  net->size = 0;
  for (int i = 0; i < LAYERS; i++) {
    net->parameter[2 * i] = jet_input(tape, 2, widths + i);
    net->parameter[2 * i + 1] = jet_input(tape, 1, widths + i + 1);
    net->size += (widths[i] + 1) * widths[i + 1];
  }
}

/* x: [points, 1], plain or jets. */
static jet record_u(const network *net, jet x) {
  jet y = jet_shift(jet_scale(x, 2), -1);
  for (int i = 0; i < LAYERS; i++) {
    if (i) y = jet_tanh(y);
    y = jet_add(jet_matmul(y, net->parameter[2 * i]), net->parameter[2 * i + 1]);
  }
  return jet_mul(jet_mul(x, jet_shift(jet_neg(x), 1)), y);
}

/* Weights of variance 1 over the number of inputs; the first layer's are wider and have biases, so that its tanh bend
   in different places of [-1, 1]. */
static int draw_parameters(network *net, rng *r) {
  net->w = (double *)calloc((size_t)net->size, sizeof *net->w);
  net->g = (double *)calloc((size_t)net->size, sizeof *net->g);
  if (!net->w || !net->g) return 0;
  double *w = net->w;
  for (int i = 0; i < ARRAYS; i++) {
    ptrdiff_t n = jet_size(net->parameter[i]);
    double deviation = i == 0 ? 3 : i == 1 ? 1.5 : i % 2 ? 0 : 1 / sqrt((double)jet_extent(net->parameter[i], 0));
    for (ptrdiff_t j = 0; j < n; j++) *w++ = deviation * rng_normal(r);
  }
  return 1;
}

/* ---- the plans -------------------------------------------------------------------------------------------------- */

static jet column_of(jet_tape *tape, ptrdiff_t n, const double *numbers) {
  const ptrdiff_t dims[2] = {n, 1};
  return jet_constant(tape, 2, dims, numbers);
}

/* The loss at equidistant points of (0, 1), each in the middle of its part, and its gradient; xf: room for 2 points
   numbers. */
static jet_plan *plan_loss(jet_tape *tape, const network *net, ptrdiff_t points, double *xf, double *loss) {
  for (ptrdiff_t i = 0; i < points; i++) {
    xf[i] = ((double)i + 0.5) / (double)points;
    xf[points + i] = right_side(xf[i]);
  }
  jet t = jet_parameter(tape, 2);
  jet x = jet_expand(column_of(tape, points, xf), jet_scalar(tape, 1), t), f = column_of(tape, points, xf + points);
  jet out[1 + ARRAYS] = {jet_mean(jet_square(record_residual(record_u(net, x), f)))};
  jet_grad(out[0], ARRAYS, net->parameter, out + 1);
  jet_plan *plan = jet_plan_new(tape, 1 + ARRAYS, out);
  plan_bind(plan, 1, out, loss);
  plan_bind(plan, ARRAYS, net->parameter, net->w);
  plan_bind(plan, ARRAYS, out + 1, net->g);
  return plan;
}

static jet_plan *plan_u(jet_tape *tape, const network *net, result *r) {
  for (int i = 0; i < TEST_POINTS; i++) {
    r->x[i] = (double)i / (TEST_POINTS - 1);
    r->exact[i] = solution(r->x[i]);
  }
  jet u = record_u(net, column_of(tape, TEST_POINTS, r->x));
  jet_plan *plan = jet_plan_new(tape, 1, &u);
  plan_bind(plan, 1, &u, r->u);
  plan_bind(plan, ARRAYS, net->parameter, net->w);
  return plan;
}

/* ---- training --------------------------------------------------------------------------------------------------- */

static int measure(jet_plan *plan, result *r) {
  int status = plan_run(plan);
  r->most = 0;
  for (int i = 0; i < TEST_POINTS; i++) {
    r->error[i] = r->u[i] - r->exact[i];
    raise_to(&r->most, fabs(r->error[i]));
  }
  return status;
}

static int report(jet_plan *loss_plan, jet_plan *u_plan, int step, const double *loss, result *r, double seconds) {
  int status = plan_run(loss_plan);
  if (!status) status = measure(u_plan, r);
  if (!status && (!isfinite(*loss) || !isfinite(r->most)))
    status = cli_complain(1, "step %d: the loss is not finite: a smaller --learning-rate is needed", step);
  if (!status) printf("step %6d  loss %.4e  max error %.3e  time %.2f s\n", step, *loss, r->most, seconds);
  fflush(stdout);
  return status;
}

/* The rate falls to zero along half a cosine: large steps first, then what they leave is settled. */
static double rate_at(const settings *s, int step) { return s->rate * 0.5 * (1 + cos(pi * step / s->steps)); }

static int train(const settings *s, network *net, jet_plan *loss_plan, jet_plan *u_plan, const double *loss, result *r,
                 double start) {
  optimiser o;
  progress line = progress_new();
  int every = s->steps / REPORTS + 1,
      status = optimiser_new(&o, ADAM, s->rate, net->size) ? 0 : cli_complain(1, "out of memory");
  for (int i = 0; i < s->steps && !status; i++) {
    if (i % every == 0) {
      progress_clear(&line);
      status = report(loss_plan, u_plan, i, loss, r, clock_seconds() - start);
    } else {
      status = plan_run(loss_plan);
    }
    o.rate = rate_at(s, i);
    optimiser_step(&o, net->w, net->g);
    progress_show(&line, "step %6d  loss %.4e", i, *loss);
  }
  progress_clear(&line);
  if (!status) status = report(loss_plan, u_plan, s->steps, loss, r, clock_seconds() - start);
  optimiser_free(&o);
  return status;
}

/* ---- what is written -------------------------------------------------------------------------------------------- */

static int write_table(output *out, const result *r) {
  const column list[] = {{"x", r->x}, {"u", r->u}, {"exact", r->exact}, {"error", r->error}};
  csv_write(out->stream, TEST_POINTS, 4, list);
  return output_commit(out) ? 0 : 2;
}

static int write_picture(output *out, const char *path, const result *r) {
  const column u[] = {{"x", r->x}, {"exact", r->exact}, {"network", r->u}}, error[] = {{"x", r->x}, {"", r->error}};
  const plot panels[] = {
      {.title = "solution",
       .x_label = "x",
       .legend_at = "bottom center",
       .overlaid = 1,
       .rows = TEST_POINTS,
       .columns = 3,
       .list = u},
      {.title = "network minus exact", .x_label = "x", .rows = TEST_POINTS, .columns = 2, .list = error}};
  return plot_write(out, path, 2, panels);
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

static int learn(const settings *s, result *r, double start) {
  rng random_numbers = rng_new((uint64_t)s->seed);
  jet_tape *tape = jet_tape_new();
  jet_plan *loss_plan = NULL, *u_plan = NULL;
  network net = {.size = 0};
  double loss = 0, *xf = (double *)malloc(2 * (size_t)s->points * sizeof *xf);
  record_parameters(&net, tape, s->width);
  int status = xf && draw_parameters(&net, &random_numbers) ? 0 : cli_complain(1, "out of memory");
  if (!status) {
    loss_plan = plan_loss(tape, &net, s->points, xf, &loss);
    u_plan = plan_u(tape, &net, r);
    status = train(s, &net, loss_plan, u_plan, &loss, r, start);
  }
  jet_plan_free(loss_plan);
  jet_plan_free(u_plan);
  jet_tape_free(tape);
  free(xf);
  free(net.w);
  free(net.g);
  return status;
}

static int learn_and_write(const settings *s, const char *plot_path, output *csv, output *picture) {
  double start = clock_seconds();
  result *r = (result *)malloc(sizeof *r);
  int status = r ? learn(s, r, start) : cli_complain(1, "out of memory");
  double time = clock_seconds() - start;
  if (!status) status = write_table(csv, r);
  if (!status) status = write_picture(picture, plot_path, r);
  if (!status) printf("max error %.1e time %.2f\n", r->most, time);
  free(r);
  return status;
}

static int read_settings(int argc, char **argv, settings *s) {
  const cli_option options[] = {
      {"steps", "N", "steps of Adam", CLI_INTEGER, &s->steps, 0, INT_MAX},
      {"points", "N", "points where the equation is asked for", CLI_INTEGER, &s->points, 1, MOST_POINTS},
      {"width", "N", "of the two hidden layers", CLI_INTEGER, &s->width, 1, MOST_WIDTH},
      {"learning-rate", "R", "the first rate", CLI_NUMBER, &s->rate, 0, 1e6},
      {"seed", "N", "of the first weights", CLI_INTEGER, &s->seed, 0, INT_MAX},
      {"out", "NAME", "writes NAME.csv and NAME.png", CLI_FILE, &s->out, 0, 0},
  };
  return cli_read(argc, argv, "Solves u'' + u^3 = f on [0, 1] by a small network.", sizeof options / sizeof *options,
                  options);
}

int main(int argc, char **argv) {
  settings s = {.steps = 20000, .points = 64, .width = 20, .seed = 1, .rate = 5e-3, .out = "pinn"};
  char csv_path[4096], plot_path[4096];
  output csv, picture;
  int status = read_settings(argc, argv, &s);
  if (status >= 0) return status;
  if (snprintf(csv_path, sizeof csv_path, "%s.csv", s.out) >= (int)sizeof csv_path)
    return cli_complain(2, "--out: the file name is too long");
  snprintf(plot_path, sizeof plot_path, "%s.png", s.out);
  if (!output_open(&csv, csv_path)) return 2;
  if (output_open(&picture, plot_path)) {
    status = learn_and_write(&s, plot_path, &csv, &picture);
    output_discard(&picture);
  } else {
    status = 2;
  }
  output_discard(&csv);
  return status;
}
