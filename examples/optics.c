/* optics.c - an optical neural network: a flat wave passes an aperture and a pile of plates, which are trained so that
   it draws a picture on a screen. Each plate multiplies the complex field; between plates the field's angular spectrum
   turns, two Fourier transforms each. One plan makes a whole step: loss, gradient with respect to all plates, and the
   plates after the step, which the next run reads where they lie.

   The gradient g = dL/dx + i dL/dy of a plate is the direction of steepest ascent, and a plate goes the learning rate
   along -g/|g| in each of its samples: -exp(-i angle(g')) for the g' = dL/dx - i dL/dy of autograd's convention, so
   also where g is 0. */
#include "common/cli.h"
#include "common/clock.h"
#include "common/csv.h"
#include "common/files.h"
#include "common/numbers.h"
#include "common/pgm.h"
#include "common/picture.h"
#include "common/plans.h"
#include "common/plot.h"
#include "common/rng.h"
#include "common/wave.h"

#include <jets.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_PLATES = 1024, MOST_SIZE = 4096, LEAST_SIZE = 8, DEFAULT_SIZE = 128, MOST_STEPS = 10000000, SHOWN = 5 };

static const double rate = 1e-3, phase_deviation = 0.1;

typedef struct settings {
  const char *target, *out;
  int steps, plates, size, seed, f32, phase_only;
} settings;

typedef struct optics {
  const settings *set;
  wave_bench bench;
  ptrdiff_t samples; /* of a plane */
  int parts;         /* real numbers of a sample of a plate: 2, or 1 where it is a phase */
  jet_plan *plan;
  jet loss, intensity;
  jet factor;        /* of the step, where plates are phases */
  jet *plate, *next; /* what is trained, before and after a step */
  numbers memory[2]; /* of plate and of next: [plates, parts, n, n] */
  pgm target;
  double *past;  /* step, loss, time: a column each, `steps` + 1 long */
  double *shown; /* [SHOWN, n, n]: intensities */
  int shown_at[SHOWN], nshown;
} optics;

/* ---- the target ------------------------------------------------------------------------------------------------- */

static int in_disc(double x, double y, double r) { return x * x + y * y < r * r; }

static double smiley(double x, double y) {
  const double face = 0.4;
  x /= face, y /= face;
  int ring = in_disc(x, y, 1) && !in_disc(x, y, 0.8);
  int eye = in_disc((fabs(x) - 0.3) * 1.3, y + 0.25, 0.17);
  int mouth = in_disc(x, y, 0.6) && !in_disc(x, y, 0.4) && y > 0.12;
  return ring || eye || mouth;
}

static int read_target(const settings *s, pgm *p) {
  if (!s->target)
    return picture_draw(p, s->size ? s->size : DEFAULT_SIZE, smiley) ? -1 : cli_complain(1, "out of memory");
  if (!pgm_read(p, s->target)) return 2;
  if (p->width != p->height || p->width < LEAST_SIZE || p->width > MOST_SIZE)
    return cli_complain(2, "%s: %td x %td pixels are not a square of %d to %d", s->target, p->width, p->height,
                        LEAST_SIZE, MOST_SIZE);
  if (s->size && s->size != p->width)
    return cli_complain(2, "--size: %d is not the %td of %s", s->size, p->width, s->target);
  return -1;
}

static numbers data(const optics *o, jet x) { /* of the plan */
  if (o->set->f32) return (numbers){JET_F32, jet_plan_data_f32(o->plan, x, 0)};
  return (numbers){JET_F64, jet_plan_data(o->plan, x, 0)};
}

/* ---- one step of training ---------------------------------------------------------------------------------------- */

/* rate g/|g|, and rate where g is 0. The squares are of numbers that are not tiny: a gradient of a mean is that of a
   sum by samples. */
static jet descend(const optics *o, jet plate, jet g) {
  g = jet_scale(g, (double)o->samples);
  jet size2 = jet_abs2(g), zero = jet_equal(size2, jet_scalar(g.tape, 0)), one = jet_scalar(g.tape, 1);
  jet factor = jet_scale(jet_rsqrt(jet_where(zero, one, size2)), rate);
  return jet_sub(plate, jet_complex(jet_where(zero, jet_scalar(g.tape, rate), jet_mul(jet_real(g), factor)),
                                    jet_mul(jet_imag(g), factor)));
}

/* Phases share one step: a factor times Polyak's loss / |g|^2, with which the linear model of the loss falls to zero.
   It does not fall to zero where plates cannot dim, so the factor follows the loss: see adapted. */
static void descend_phases(optics *o, const jet *g) {
  o->factor = jet_input(o->loss.tape, 0, NULL);
  jet sum = jet_scalar(o->loss.tape, 0);
  for (int i = 0; i < o->set->plates; i++) sum = jet_add(sum, jet_sum(jet_square(g[i])));
  jet step = jet_mul(o->factor, jet_div(o->loss, sum));
  for (int i = 0; i < o->set->plates; i++) o->next[i] = jet_sub(o->plate[i], jet_mul(step, g[i]));
}

static int record(optics *o, jet_tape *tape) {
  const ptrdiff_t dims[2] = {o->bench.n, o->bench.n};
  const int n = o->set->plates;
  jet *glass = (jet *)malloc((size_t)(4 * n + 2) * sizeof *glass), *g = glass + n, *out = g + n;
  if (!glass) return cli_complain(1, "out of memory");
  for (int i = 0; i < n; i++) {
    o->plate[i] = o->parts == 2 ? jet_input_complex(tape, 2, dims) : jet_input(tape, 2, dims);
    glass[i] = o->parts == 2 ? o->plate[i] : jet_polar(jet_scalar(tape, 1), o->plate[i]);
  }
  jet field = wave_through(wave_opening(tape, &o->bench), n, glass, wave_transfer(tape, &o->bench));
  o->intensity = jet_abs2(field);
  o->loss = wave_loss(o->intensity, jet_constant(tape, 2, dims, o->target.grey));
  jet_grad(o->loss, n, o->plate, g);
  if (o->parts == 1) descend_phases(o, g);
  for (int i = 0; i < n; i++) out[2 + i] = o->parts == 2 ? (o->next[i] = descend(o, o->plate[i], g[i])) : o->next[i];
  out[0] = o->loss;
  out[1] = o->intensity;
  o->plan = jet_plan_new(tape, 2 + n, out);
  free(glass);
  return plan_check(o->plan);
}

static void bind(const optics *o, const jet *plates, numbers memory) {
  for (int i = 0; i < o->set->plates; i++)
    for (int part = 0; part < o->parts; part++) {
      const jet x = part ? jet_imag(plates[i]) : jet_real(plates[i]);
      numbers_bind(o->plan, x, numbers_part(memory, (i * o->parts + part) * o->samples));
    }
}

/* Loss and intensity of the plates that memory[0] holds, and into memory[1] those after a step. */
static int run(optics *o) {
  bind(o, o->plate, o->memory[0]);
  bind(o, o->next, o->memory[1]);
  return plan_run(o->plan);
}

/* ---- training ---------------------------------------------------------------------------------------------------- */

static void choose_shown(optics *o) {
  const int steps = o->set->steps, wanted[SHOWN] = {0, steps / 16, steps / 8, steps / 4, steps};
  for (int i = 0; i < SHOWN; i++)
    if (!o->nshown || wanted[i] > o->shown_at[o->nshown - 1]) o->shown_at[o->nshown++] = wanted[i];
}

static void note(optics *o, int step, double seconds) {
  const ptrdiff_t room = o->set->steps + 1;
  const double loss = number_at(data(o, o->loss), 0);
  o->past[step] = step, o->past[room + step] = loss, o->past[2 * room + step] = seconds;
  printf("step %4d  loss %.5f  time %.2f s\n", step, loss, seconds);
  fflush(stdout);
  for (int i = 0; i < o->nshown; i++)
    if (step == o->shown_at[i])
      for (ptrdiff_t j = 0; j < o->samples; j++) o->shown[i * o->samples + j] = number_at(data(o, o->intensity), j);
}

/* A tenth more after each step down, half after one up. */
static double adapted(const optics *o, int step, double factor) {
  const double *loss = o->past + o->set->steps + 1 + step;
  return factor * (step && loss[0] > loss[-1] ? 0.5 : 1.1);
}

static int train(optics *o, double start) {
  double factor = 0.1;
  int status = 0;
  choose_shown(o);
  for (int i = 0; i <= o->set->steps && !status; i++) {
    if (o->parts == 1) number_put(data(o, o->factor), 0, factor);
    if ((status = run(o))) break;
    note(o, i, clock_seconds() - start);
    factor = adapted(o, i, factor);
    const numbers before = o->memory[0];
    o->memory[0] = o->memory[1];
    o->memory[1] = before;
  }
  return status;
}

/* ---- what is written --------------------------------------------------------------------------------------------- */

typedef enum file { LOSS_TABLE, LOSS_CURVE, PICTURES, PICTURES_PNG, FILES } file;
static const char *const file_names[FILES] = {"loss.csv", "loss.png", "pictures.pgm", "pictures.png"};

static int write_loss(const optics *o, files *f) {
  const ptrdiff_t rows = o->set->steps + 1;
  const column list[] = {{"step", o->past}, {"loss", o->past + rows}, {"time", o->past + 2 * rows}};
  plot panel = {.title = "loss", .x_label = "step", .log_y = 1, .rows = rows, .columns = 2, .list = list};
  if (rows == 1) panel.x_low = -1, panel.x_high = 1, panel.y_low = o->past[1] / 2, panel.y_high = 2 * o->past[1];
  csv_write(f->out[LOSS_TABLE].stream, rows, 3, list);
  if (!output_commit(&f->out[LOSS_TABLE])) return 2;
  return plot_write(&f->out[LOSS_CURVE], f->path[LOSS_CURVE], 1, &panel);
}

static int write_pictures(const optics *o, files *f) {
  picture list[1 + SHOWN] = {{"target", o->bench.n, o->bench.n, o->target.grey}};
  for (int i = 0; i < o->nshown; i++) {
    list[1 + i] = (picture){"", o->bench.n, o->bench.n, o->shown + i * o->samples};
    snprintf(list[1 + i].title, sizeof list->title, "step %d", o->shown_at[i]);
  }
  int status = picture_row(&f->out[PICTURES], 1 + o->nshown, list);
  return status ? status : picture_write(&f->out[PICTURES_PNG], f->path[PICTURES_PNG], 1 + o->nshown, list);
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

/* exp(i phase) of small random phases: the light goes nearly straight, as through flat glass. Phases all over the
   circle scatter it: after 128 steps the loss is then ten times higher. */
static void draw_plates(const optics *o) {
  rng r = rng_new((uint64_t)o->set->seed);
  for (int i = 0; i < o->set->plates; i++)
    for (ptrdiff_t j = 0; j < o->samples; j++) {
      const double phase = phase_deviation * rng_normal(&r);
      const ptrdiff_t at = i * o->parts * o->samples + j;
      number_put(o->memory[0], at, o->parts == 1 ? phase : cos(phase));
      if (o->parts == 2) number_put(o->memory[0], at + o->samples, sin(phase));
    }
}

static int prepare(optics *o) {
  const settings *s = o->set;
  o->bench =
      (wave_bench){.n = o->target.width, .side = 32e-3, .aperture = 8e-3, .wavelength = 550e-9, .distance = 50e-3};
  o->samples = o->bench.n * o->bench.n;
  o->parts = s->phase_only ? 1 : 2;
  for (int i = 0; i < 2; i++) o->memory[i] = numbers_new(s->f32 ? JET_F32 : JET_F64, o->samples * o->parts * s->plates);
  o->plate = (jet *)malloc(2 * (size_t)s->plates * sizeof *o->plate);
  o->past = (double *)malloc(3 * ((size_t)s->steps + 1) * sizeof *o->past);
  o->shown = (double *)malloc(SHOWN * (size_t)o->samples * sizeof *o->shown);
  if (!o->memory[0].at || !o->memory[1].at || !o->plate || !o->past || !o->shown)
    return cli_complain(1, "out of memory");
  o->next = o->plate + s->plates;
  draw_plates(o);
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  options.type = s->f32 ? JET_F32 : JET_F64;
  jet_tape *tape = jet_tape_new_ex(&options);
  int status = record(o, tape);
  return status ? jet_tape_free(tape), status : 0;
}

static void optics_free(optics *o) {
  if (o->plan) jet_tape_free(o->loss.tape);
  jet_plan_free(o->plan);
  for (int i = 0; i < 2; i++) numbers_free(o->memory[i]);
  free(o->plate);
  free(o->past);
  free(o->shown);
  pgm_free(&o->target);
}

static int learn_and_write(optics *o, files *f) {
  double start = clock_seconds();
  int status = prepare(o);
  if (!status) status = train(o, start);
  double time = clock_seconds() - start;
  if (!status) status = write_loss(o, f);
  if (!status) status = write_pictures(o, f);
  if (!status) printf("final loss %.5f time %.1f\n", o->past[2 * o->set->steps + 1], time);
  return status;
}

static int read_settings(int argc, char **argv, settings *s) {
  const cli_option options[] = {
      {"target", "FILE.pgm", "the picture, a square", CLI_FILE, &s->target, 0, 0},
      {"steps", "N", "of training", CLI_INTEGER, &s->steps, 0, MOST_STEPS},
      {"plates", "N", "that the light passes", CLI_INTEGER, &s->plates, 1, MOST_PLATES},
      {"size", "N", "samples along a side, 0: as the target's", CLI_INTEGER, &s->size, 0, MOST_SIZE},
      {"phase-only", "", "plates of glass, that change phases alone", CLI_FLAG, &s->phase_only, 0, 0},
      {"f32", "", "numbers of single precision", CLI_FLAG, &s->f32, 0, 0},
      {"seed", "N", "of the first plates", CLI_INTEGER, &s->seed, 0, INT_MAX},
      {"out", "DIR", "where loss.csv, loss.png and pictures.png go", CLI_FILE, &s->out, 0, 0},
  };
  int status = cli_read(argc, argv, "Trains plates of glass so that light draws a picture.",
                        sizeof options / sizeof *options, options);
  if (status >= 0) return status;
  if (s->size && s->size < LEAST_SIZE)
    return cli_complain(2, "--size: %d is not between %d and %d", s->size, LEAST_SIZE, MOST_SIZE);
  return -1;
}

int main(int argc, char **argv) {
  settings s = {.out = "optics_out", .steps = 128, .plates = 32, .seed = 1};
  optics o = {.set = &s};
  static files f;
  int status = read_settings(argc, argv, &s);
  if (status < 0) status = read_target(&s, &o.target);
  if (status < 0 && !(status = files_open(&f, s.out, FILES, file_names))) status = learn_and_write(&o, &f);
  files_discard(&f);
  optics_free(&o);
  return status;
}
