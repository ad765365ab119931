/* deconvolve.c - a picture that was blurred and is noisy is made sharp again: the x is sought that, blurred in the same
   way, is the picture b, and has few edges (total variation, rounded off):
       F(x) = |irfft2(rfft2(x) H) - b|^2 / 2 + smooth sum sqrt(dx^2 + dy^2 + corner^2).
   The gradient goes through both transforms. Steps are Nesterov's (Beck and Teboulle 2009): x' = y - grad F(y) / L,
   y' = x' + (j - 1)/(j + 2) (x' - x), where the second derivatives of F are at most L = 1 + 8 smooth / corner, for
   |H| <= 1. One plan makes x' and y', and the next run reads them where they lie. */
#include "common/cli.h"
#include "common/clock.h"
#include "common/csv.h"
#include "common/files.h"
#include "common/pgm.h"
#include "common/picture.h"
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

enum { MOST_SIZE = 4096, LEAST_SIZE = 8, MOST_STEPS = 10000000, REPORT_EVERY = 10 };

static const double corner = 0.01;

typedef struct settings {
  const char *input, *out;
  int size, steps, seed;
  double blur, noise, smooth;
} settings;

typedef struct deconvolution {
  const settings *set;
  pgm sharp;
  ptrdiff_t n;          /* pixels */
  double *blurred;      /* and noisy */
  double *memory[2][2]; /* x, y: before and after a step */
  jet_tape *tape;
  jet_plan *plan;
  jet x[2], y[2], beta, loss;
  int reports;
  double *past; /* step, loss, PSNR, time: a column each of `room` */
  ptrdiff_t room;
} deconvolution;

/* ---- blur -------------------------------------------------------------------------------------------------------- */

/* The spectrum of a round blur with Gaussian profile, which has its centre in pixel (0, 0): real, on half of the
   plane. */
static jet record_blur(const deconvolution *d) {
  const ptrdiff_t dims[2] = {d->sharp.height, d->sharp.width / 2 + 1};
  double *h = (double *)malloc((size_t)(dims[0] * dims[1]) * sizeof *h);
  for (ptrdiff_t i = 0; h && i < dims[0] * dims[1]; i++) {
    ptrdiff_t row = i / dims[1], column = i % dims[1];
    double u = (double)(2 * row <= dims[0] ? row : row - dims[0]) / (double)dims[0],
           v = (double)column / (double)d->sharp.width;
    h[i] = exp(-2 * pi * pi * d->set->blur * d->set->blur * (u * u + v * v));
  }
  jet blur = jet_constant(d->tape, 2, dims, h); /* NULL fails the tape */
  free(h);
  return blur;
}

static jet blurred(jet x, jet blur) {
  return jet_irfft2(jet_mul(jet_rfft2(x, JET_FFT_BACKWARD), blur), jet_extent(x, 1), JET_FFT_BACKWARD);
}

/* What is given: blurred, with noise. */
static int spoil(deconvolution *d, jet blur) {
  const ptrdiff_t dims[2] = {d->sharp.height, d->sharp.width};
  jet x = jet_input(d->tape, 2, dims), y = blurred(x, blur);
  jet_plan *p = jet_plan_new(d->tape, 1, &y);
  jet_plan_bind(p, x, 0, d->sharp.grey);
  jet_plan_bind(p, y, 0, d->blurred);
  const int status = plan_run_once(p);
  rng r = rng_new((uint64_t)d->set->seed);
  for (ptrdiff_t i = 0; i < d->n; i++) d->blurred[i] += d->set->noise * rng_normal(&r);
  return status;
}

/* ---- a step ------------------------------------------------------------------------------------------------------ */

static jet record_loss(const deconvolution *d, jet y, jet blur) {
  const ptrdiff_t dims[2] = {d->sharp.height, d->sharp.width};
  jet misfit = jet_sub(blurred(y, blur), jet_constant(d->tape, 2, dims, d->blurred));
  jet down = jet_sub(jet_roll(y, -1, 0), y), right = jet_sub(jet_roll(y, -1, 1), y);
  jet edges = jet_sqrt(jet_shift(jet_add(jet_square(down), jet_square(right)), corner * corner));
  return jet_add(jet_scale(jet_sum(jet_square(misfit)), 0.5), jet_scale(jet_sum(edges), d->set->smooth));
}

static int plan_step(deconvolution *d, jet blur) {
  const ptrdiff_t dims[2] = {d->sharp.height, d->sharp.width};
  const double most = 1 + 8 * d->set->smooth / corner;
  jet g;
  d->x[0] = jet_input(d->tape, 2, dims);
  d->y[0] = jet_input(d->tape, 2, dims);
  d->beta = jet_input(d->tape, 0, NULL);
  d->loss = record_loss(d, d->y[0], blur);
  jet_grad(d->loss, 1, d->y, &g);
  d->x[1] = jet_sub(d->y[0], jet_scale(g, 1 / most));
  d->y[1] = jet_add(d->x[1], jet_mul(d->beta, jet_sub(d->x[1], d->x[0])));
  const jet out[3] = {d->loss, d->x[1], d->y[1]};
  d->plan = jet_plan_new(d->tape, 3, out);
  return plan_check(d->plan);
}

static int step(deconvolution *d, int j) {
  for (int i = 0; i < 2; i++) {
    jet_plan_bind(d->plan, d->x[i], 0, d->memory[i][0]);
    jet_plan_bind(d->plan, d->y[i], 0, d->memory[i][1]);
  }
  *jet_plan_data(d->plan, d->beta, 0) = (j - 1.0) / (j + 2.0);
  return plan_run(d->plan);
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

static double psnr(const deconvolution *d, const double *x) { /* decibels, for white = 1 */
  double sum = 0;
  for (ptrdiff_t i = 0; i < d->n; i++) sum += (x[i] - d->sharp.grey[i]) * (x[i] - d->sharp.grey[i]);
  return -10 * log10(sum / (double)d->n);
}

/* After j steps; the loss is that of the y before. */
static void report(deconvolution *d, int j, double seconds) {
  const double row[4] = {j, *jet_plan_data(d->plan, d->loss, 0), psnr(d, d->memory[1][0]), seconds};
  for (int i = 0; i < 4; i++) d->past[i * d->room + d->reports] = row[i];
  d->reports++;
  printf("step %5d  loss %.5f  PSNR %.2f dB  time %.2f s\n", j, row[1], row[2], seconds);
  fflush(stdout);
}

static void swap(deconvolution *d) {
  for (int i = 0; i < 2; i++) {
    double *x = d->memory[0][i];
    d->memory[0][i] = d->memory[1][i];
    d->memory[1][i] = x;
  }
}

/* The result is memory[0][0]. */
static int sharpen(deconvolution *d, double start) {
  progress line = progress_new();
  int status = 0;
  for (int i = 0; i < 2; i++) memcpy(d->memory[0][i], d->blurred, (size_t)d->n * sizeof(double));
  for (int j = 1; j <= d->set->steps && !status; j++) {
    status = step(d, j);
    if (!status && (j % REPORT_EVERY == 0 || j == d->set->steps)) {
      progress_clear(&line);
      report(d, j, clock_seconds() - start);
    }
    progress_show(&line, "step %5d of %d  loss %.5f", j, d->set->steps, *jet_plan_data(d->plan, d->loss, 0));
    swap(d);
  }
  progress_clear(&line);
  return status;
}

/* ---- what is written --------------------------------------------------------------------------------------------- */

enum { TABLE, CURVES, PICTURES, PICTURES_PNG, FILES };
static const char *const file_names[FILES] = {"loss.csv", "loss.png", "pictures.pgm", "pictures.png"};

static int write_table(const deconvolution *d, files *f) {
  const double *p = d->past;
  const column list[] = {{"step", p}, {"loss", p + d->room}, {"psnr", p + 2 * d->room}, {"time", p + 3 * d->room}};
  csv_write(f->out[TABLE].stream, d->reports, 4, list);
  return output_commit(&f->out[TABLE]) ? 0 : 2;
}

static int write_curves(const deconvolution *d, files *f) {
  const column loss[] = {{"", d->past}, {"", d->past + d->room}},
               quality[] = {{"", d->past}, {"", d->past + 2 * d->room}};
  plot panels[2] = {{.title = "loss", .log_y = 1, .list = loss}, {.title = "PSNR, dB", .list = quality}};
  for (int i = 0; i < 2; i++) panels[i].x_label = "step", panels[i].rows = d->reports, panels[i].columns = 2;
  return d->reports > 1 ? plot_write(&f->out[CURVES], f->path[CURVES], 2, panels) : 0;
}

static int write_pictures(const deconvolution *d, files *f) {
  const ptrdiff_t w = d->sharp.width, h = d->sharp.height;
  const picture list[3] = {
      {"sharp", w, h, d->sharp.grey}, {"blurred and noisy", w, h, d->blurred}, {"recovered", w, h, d->memory[0][0]}};
  int status = picture_row(&f->out[PICTURES], 3, list);
  return status ? status : picture_write(&f->out[PICTURES_PNG], f->path[PICTURES_PNG], 3, list);
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static int prepare(deconvolution *d) {
  d->n = d->sharp.width * d->sharp.height;
  d->room = d->set->steps / REPORT_EVERY + 2;
  size_t size = (size_t)d->n * sizeof(double);
  d->past = (double *)malloc(4 * (size_t)d->room * sizeof *d->past);
  d->blurred = (double *)malloc(5 * size);
  if (!d->past || !d->blurred) return cli_complain(1, "out of memory");
  for (int i = 0; i < 4; i++) d->memory[i / 2][i % 2] = d->blurred + (i + 1) * d->n;
  d->tape = jet_tape_new();
  jet blur = record_blur(d);
  int status = spoil(d, blur);
  return status ? status : plan_step(d, blur);
}

static void deconvolution_free(deconvolution *d) {
  jet_plan_free(d->plan);
  jet_tape_free(d->tape);
  pgm_free(&d->sharp);
  free(d->blurred);
  free(d->past);
}

static int work_and_write(deconvolution *d, files *f) {
  double start = clock_seconds();
  int status = prepare(d);
  if (!status) status = sharpen(d, start);
  double time = clock_seconds() - start;
  if (!status) status = write_table(d, f);
  if (!status) status = write_curves(d, f);
  if (!status) status = write_pictures(d, f);
  if (!status)
    printf("PSNR before %.2f after %.2f dB time %.2f\n", psnr(d, d->blurred), psnr(d, d->memory[0][0]), time);
  return status;
}

/* Discs, a ring and bars that get narrower. */
static double scene(double x, double y) {
  double r = hypot(x + 0.45, y + 0.4), s = hypot(x - 0.5, y + 0.45);
  if (r < 0.35) return r < 0.12 ? 0.1 : 0.9;
  if (s < 0.38) return s > 0.28 ? 0.7 : hypot(x - 0.55, y + 0.5) < 0.1 ? 1 : 0.4;
  if (y > 0.15 && y < 0.85 && fabs(x) < 0.85) return sin(14 * (x + 1.6) * (x + 1.6)) > 0 ? 0.85 : 0.15;
  return 0.25;
}

static int read_picture(const settings *s, pgm *p) {
  if (!s->input) return picture_draw(p, s->size, scene) ? -1 : cli_complain(1, "out of memory");
  return pgm_read(p, s->input) ? -1 : 2;
}

static int read_settings(int argc, char **argv, settings *s) {
  const cli_option options[] = {
      {"input", "FILE.pgm", "a sharp picture, instead of the program's", CLI_FILE, &s->input, 0, 0},
      {"size", "N", "of the program's", CLI_INTEGER, &s->size, LEAST_SIZE, MOST_SIZE},
      {"blur", "R", "standard deviation in pixels", CLI_NUMBER, &s->blur, 0, 100},
      {"noise", "R", "standard deviation, white is 1", CLI_NUMBER, &s->noise, 0, 10},
      {"smooth", "R", "weight of edges", CLI_NUMBER, &s->smooth, 0, 1e6},
      {"steps", "N", "of gradient descent", CLI_INTEGER, &s->steps, 0, MOST_STEPS},
      {"seed", "N", "of the noise", CLI_INTEGER, &s->seed, 0, INT_MAX},
      {"out", "DIR", "where loss.csv, loss.png and pictures.png go", CLI_FILE, &s->out, 0, 0},
  };
  return cli_read(argc, argv, "Makes a blurred and noisy picture sharp.", sizeof options / sizeof *options, options);
}

int main(int argc, char **argv) {
  settings s = {
      .out = "deconvolve_out", .size = 128, .steps = 300, .seed = 1, .blur = 1.5, .noise = 0.01, .smooth = 0.001};
  deconvolution d = {.set = &s};
  static files f;
  int status = read_settings(argc, argv, &s);
  if (status < 0) status = read_picture(&s, &d.sharp);
  if (status < 0 && !(status = files_open(&f, s.out, FILES, file_names))) status = work_and_write(&d, &f);
  files_discard(&f);
  deconvolution_free(&d);
  return status;
}
