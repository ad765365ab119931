/* gradient_tape.c - linear regression by gradient descent, written twice over one loss. Points y = 3 x + 2 + noise, x
   and noise normal; the model is W x + b, and
       L(W, b) = mean (W x + b - y)^2,      (W, b) <- (W, b) - rate grad L.
   First as TensorFlow has it: operations are recorded on a tape, which is asked for the gradient. Then as PyTorch has
   it: parameters own a gradient, into which `backward` adds, along which `step` moves, and which `zero_grad` clears.
   Both must give the same numbers, bit for bit, and gradients that agree with those of the moments of the points,
       dL/dW = 2 (W mean x^2 + b mean x - mean xy),      dL/db = 2 (W mean x + b - mean y),
   whose zero is the line of least squares. */
#include "../common/cli.h"
#include "../common/clock.h"
#include "../common/csv.h"
#include "../common/files.h"
#include "../common/plans.h"
#include "../common/plot.h"
#include "../common/scalar.h"

#include "points.h"

#include <jets.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { X = PARAMETERS, Y, INPUTS };
enum { REPORTS = 50, ROUNDS = 5, GRID = 61, LEVELS = 14, MOST_DRAWN = 4096 };
enum { MOST_POINTS = 100000, MOST_EPOCHS = 100000, MOST_REPEATS = 10000000, VISITS = 2000000 };

static const double tolerance = 1e-12; /* for gradients, relative to the terms that they are sums of */

typedef struct settings {
  int points, epochs, repeat, seed;
  double start[PARAMETERS], rate;
  const char *out;
} settings;

/* L, a function of W, b, x and y. */
static jet squared_error(int n, const jet in[], void *data) {
  (void)n, (void)data;
  jet line = jet_add(jet_mul(in[WEIGHT], in[X]), in[BIAS]);
  return jet_mean(jet_square(jet_sub(line, in[Y])));
}

/* ---- as in TensorFlow: a tape, its gradient --------------------------------------------------------------------- */

typedef struct taped {
  jet_plan *plan;
  double value[PARAMETERS], gradient[PARAMETERS], loss;
} taped;

static void bind_taped(taped *t, const points *p, const jet in[], const jet out[]) {
  plan_bind(t->plan, PARAMETERS, in, t->value);
  plan_bind(t->plan, PARAMETERS, out + 1, t->gradient);
  jet_plan_bind(t->plan, in[X], 0, p->x);
  jet_plan_bind(t->plan, in[Y], 0, p->y);
  jet_plan_bind(t->plan, out[0], 0, &t->loss);
}

static int taped_new(taped *t, const points *p) {
  jet_tape *tape = jet_tape_new();
  jet in[INPUTS], out[1 + PARAMETERS];
  for (int i = 0; i < INPUTS; i++) in[i] = i < PARAMETERS ? jet_input(tape, 0, NULL) : jet_input(tape, 1, &p->n);
  out[0] = squared_error(INPUTS, in, NULL);
  jet_grad(out[0], PARAMETERS, in, out + 1);
  t->plan = jet_plan_new(tape, 1 + PARAMETERS, out);
  bind_taped(t, p, in, out);
  jet_tape_free(tape);
  return plan_check(t->plan);
}

static int taped_gradient(taped *t) { return plan_run(t->plan); }

static void taped_assign_sub(taped *t, double rate) {
  for (int i = 0; i < PARAMETERS; i++) t->value[i] -= rate * t->gradient[i];
}

/* ---- as in PyTorch: backward, step, zero_grad ------------------------------------------------------------------- */

typedef struct parameter {
  double value, grad; /* grad: the sum of what every `backward` since the last `zero_grad` has found */
} parameter;

typedef struct module {
  jet_fn *f;
  parameter p[PARAMETERS];
  double loss;
} module;

static int module_new(module *m, const points *p) {
  static const int ranks[INPUTS] = {0, 0, 1, 1};
  const ptrdiff_t *const dims[INPUTS] = {NULL, NULL, &p->n, &p->n};
  m->f = jet_fn_new_inputs(squared_error, NULL, INPUTS, ranks, dims);
  const double *const at[INPUTS] = {&m->p[WEIGHT].value, &m->p[BIAS].value, p->x, p->y};
  for (int i = 0; i < INPUTS; i++)
    if (jet_fn_bind(m->f, i, at[i])) return cli_complain(1, "%s", jet_fn_message(m->f));
  return 0;
}

static int backward(module *m) {
  static const int which[PARAMETERS] = {WEIGHT, BIAS};
  double found[PARAMETERS], *const g[PARAMETERS] = {&found[WEIGHT], &found[BIAS]};
  if (jet_fn_gradient_inputs(m->f, PARAMETERS, which, &m->loss, g)) return cli_complain(1, "%s", jet_fn_message(m->f));
  for (int i = 0; i < PARAMETERS; i++) m->p[i].grad += found[i];
  return 0;
}

static void step(module *m, double rate) {
  for (int i = 0; i < PARAMETERS; i++) m->p[i].value -= rate * m->p[i].grad;
}

static void zero_grad(module *m) {
  for (int i = 0; i < PARAMETERS; i++) m->p[i].grad = 0;
}

/* ---- training --------------------------------------------------------------------------------------------------- */

enum { EPOCH, PAST_WEIGHT, PAST_BIAS, LOSS, SLOPE_WEIGHT, SLOPE_BIAS, COLUMNS };
static const char *const headings[COLUMNS] = {"epoch", "W", "b", "loss", "dL_dW", "dL_db"};

typedef struct regression {
  const settings *set;
  points p;
  taped t;
  module m;
  double *past; /* COLUMNS columns, each epochs + 1 long */
  double worst; /* error of a gradient */
} regression;

static const double *past(const regression *r, int column) { return r->past + column * (r->set->epochs + 1); }

static void begin(regression *r) {
  for (int i = 0; i < PARAMETERS; i++) {
    r->t.value[i] = r->m.p[i].value = r->set->start[i];
    r->m.p[i].grad = 0;
  }
}

static int check(regression *r, int epoch) {
  const taped *t = &r->t;
  if (!isfinite(t->loss))
    return cli_complain(1, "the loss is not finite after %d epochs: a smaller --learning-rate is needed", epoch);
  int same = t->loss == r->m.loss;
  for (int i = 0; i < PARAMETERS; i++) same &= t->value[i] == r->m.p[i].value && t->gradient[i] == r->m.p[i].grad;
  if (!same) return cli_complain(1, "tape and backward differ in epoch %d", epoch);
  const double error = points_gradient_error(&r->p, t->value, t->gradient);
  raise_to(&r->worst, error);
  if (error <= tolerance) return 0;
  return cli_complain(1, "the gradient in epoch %d is off by %.1e of its terms", epoch, error);
}

static void note(regression *r, int epoch) {
  const taped *t = &r->t;
  const double row[COLUMNS] = {epoch,   t->value[WEIGHT],    t->value[BIAS],
                               t->loss, t->gradient[WEIGHT], t->gradient[BIAS]};
  const int room = r->set->epochs + 1, every = (r->set->epochs + REPORTS - 1) / REPORTS;
  for (int j = 0; j < COLUMNS; j++) r->past[j * room + epoch] = row[j];
  if (every && epoch % every && epoch < r->set->epochs) return;
  printf("epoch %4d  W %#9.6g  b %#9.6g  loss %#.6g\n", epoch, t->value[WEIGHT], t->value[BIAS], t->loss);
  fflush(stdout);
}

/* Both ways side by side; a row of the past is of the parameters before the step. */
static int train(regression *r) {
  int status = 0;
  begin(r);
  for (int i = 0; !status; i++) {
    if ((status = taped_gradient(&r->t)) || (status = backward(&r->m)) || (status = check(r, i))) break;
    note(r, i);
    if (i == r->set->epochs) break;
    taped_assign_sub(&r->t, r->set->rate);
    step(&r->m, r->set->rate);
    zero_grad(&r->m);
  }
  return status;
}

/* ---- how long an epoch takes ------------------------------------------------------------------------------------ */

static int taped_epoch(regression *r) {
  const int status = taped_gradient(&r->t);
  taped_assign_sub(&r->t, r->set->rate);
  return status;
}

static int module_epoch(regression *r) {
  const int status = backward(&r->m);
  step(&r->m, r->set->rate);
  zero_grad(&r->m);
  return status;
}

static void insert(double *sorted, int n, double x) {
  for (; n && sorted[n - 1] > x; n--) sorted[n] = sorted[n - 1];
  sorted[n] = x;
}

/* Medians of rounds, in which both ways take turns, each from the start: microseconds per epoch. */
static int time_epochs(regression *r, double us[2]) {
  int (*const epoch[2])(regression *) = {taped_epoch, module_epoch};
  double taken[2][ROUNDS];
  int status = 0;
  for (int i = 0; i < 2 * ROUNDS && !status; i++) {
    begin(r);
    const double start = clock_seconds();
    for (int k = 0; k < r->set->repeat && !status; k++) status = epoch[i % 2](r);
    insert(taken[i % 2], i / 2, (clock_seconds() - start) / r->set->repeat);
  }
  for (int j = 0; j < 2 && !status; j++) us[j] = 1e6 * taken[j][ROUNDS / 2];
  return status;
}

/* ---- what is written -------------------------------------------------------------------------------------------- */

typedef enum file { POINTS_TABLE, EPOCHS_TABLE, PICTURE, FILES } file;
static const char *const file_names[FILES] = {"points.csv", "epochs.csv", "regression.png"};

static int write_tables(const regression *r, files *f) {
  const column xy[] = {{"x", r->p.x}, {"y", r->p.y}};
  column list[COLUMNS];
  for (int j = 0; j < COLUMNS; j++) list[j] = (column){headings[j], past(r, j)};
  csv_write(f->out[POINTS_TABLE].stream, r->p.n, 2, xy);
  csv_write(f->out[EPOCHS_TABLE].stream, r->set->epochs + 1, COLUMNS, list);
  return output_commit(&f->out[POINTS_TABLE]) && output_commit(&f->out[EPOCHS_TABLE]) ? 0 : 2;
}

typedef struct range {
  double low, high;
} range;

/* Of n numbers and one more, with some room on either side. */
static range around(ptrdiff_t n, const double *x, double also, double share) {
  range a = {also, also};
  for (ptrdiff_t i = 0; i < n; i++) a.low = fmin(a.low, x[i]), a.high = fmax(a.high, x[i]);
  const double room = share * (a.high - a.low) + 0.2;
  return (range){a.low - room, a.high + room};
}

typedef struct surface {
  double at[PARAMETERS][GRID], loss[GRID * GRID];
} surface;

/* The loss by the recorded function, at parameters that are put where it reads them. */
static int take_surface(regression *r, surface *s) {
  for (int i = 0; i < PARAMETERS; i++) {
    const range a = around(r->set->epochs + 1, past(r, PAST_WEIGHT + i), r->p.best[i], 0.25);
    for (int j = 0; j < GRID; j++) s->at[i][j] = a.low + (a.high - a.low) * j / (GRID - 1);
  }
  for (int i = 0; i < GRID * GRID; i++) {
    r->m.p[WEIGHT].value = s->at[WEIGHT][i % GRID];
    r->m.p[BIAS].value = s->at[BIAS][i / GRID];
    if (jet_fn_value_inputs(r->m.f, &s->loss[i])) return cli_complain(1, "%s", jet_fn_message(r->m.f));
  }
  return 0;
}

/* The ends of the line w x + b in the panel: x, then y. */
static void line_within(range x, range y, double w, double b, double end[4]) {
  const double p = (y.low - b) / w, q = (y.high - b) / w;
  end[0] = fmax(x.low, fmin(p, q)), end[1] = fmin(x.high, fmax(p, q));
  for (int i = 0; i < 2; i++) end[2 + i] = w * end[i] + b;
}

static plot panel(const char *title, const char *const labels[2], range x, range y, int layers, const layer *list) {
  plot p = {.title = title, .x_label = labels[0], .y_label = labels[1], .layers = layers, .drawn = list};
  p.legend_at = "bottom right", p.x_low = x.low, p.x_high = x.high, p.y_low = y.low, p.y_high = y.high;
  return p;
}

static int write_picture(const regression *r, const surface *s, output *out, const char *path) {
  static const char *const xy[] = {"x", "y"}, *const wb[] = {"W", "b"};
  const int last = r->set->epochs;
  const ptrdiff_t drawn = r->p.n < MOST_DRAWN ? r->p.n : MOST_DRAWN;
  const double *w = past(r, PAST_WEIGHT), *b = past(r, PAST_BIAS), *best = r->p.best;
  const range x = around(drawn, r->p.x, 0, 0.02), y = around(drawn, r->p.y, 0, 0.02),
              along_w = {s->at[WEIGHT][0], s->at[WEIGHT][GRID - 1]}, along_b = {s->at[BIAS][0], s->at[BIAS][GRID - 1]};
  const double cross_w[] = {along_w.low, along_w.high, NAN, best[WEIGHT], best[WEIGHT]},
               cross_b[] = {best[BIAS], best[BIAS], NAN, along_b.low, along_b.high};
  double line[2][4]; /* before and after */
  for (int i = 0; i < 2; i++) line_within(x, y, w[i * last], b[i * last], line[i]);
  const layer lines[] = {{.kind = LAYER_POINTS, .rows = drawn, .x = r->p.x, .y = r->p.y},
                         {.kind = LAYER_LINE, .name = "before", .rows = 2, .x = line[0], .y = line[0] + 2},
                         {.kind = LAYER_LINE, .name = "after", .rows = 2, .x = line[1], .y = line[1] + 2}};
  const layer descent[] = {{LAYER_CONTOURS, NULL, GRID, s->at[WEIGHT], s->at[BIAS], s->loss, NULL, GRID, LEVELS},
                           {.kind = LAYER_LINE, .rows = last + 1, .x = w, .y = b},
                           {.kind = LAYER_POINTS, .name = "epochs", .rows = last + 1, .x = w, .y = b},
                           {.kind = LAYER_LINE, .name = "least squares", .rows = 5, .x = cross_w, .y = cross_b}};
  const plot panels[] = {panel("points and line", xy, x, y, 3, lines),
                         panel("path over contours of the loss", wb, along_w, along_b, 4, descent)};
  return plot_write_across(out, path, 2, 2, panels);
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

static int learn(regression *r, double us[2]) {
  r->past = (double *)malloc(COLUMNS * ((size_t)r->set->epochs + 1) * sizeof *r->past);
  int status = r->past ? points_draw(&r->p, r->set->points, r->set->seed) : cli_complain(1, "out of memory");
  if (!status) status = taped_new(&r->t, &r->p);
  if (!status) status = module_new(&r->m, &r->p);
  if (!status) status = train(r);
  return status ? status : time_epochs(r, us);
}

static int learn_and_write(regression *r, files *f) {
  static surface s;
  const double start = clock_seconds();
  const int last = r->set->epochs;
  double us[2];
  int status = learn(r, us);
  if (!status) status = take_surface(r, &s);
  const double time = clock_seconds() - start;
  if (!status) status = write_tables(r, f);
  if (!status) status = write_picture(r, &s, &f->out[PICTURE], f->path[PICTURE]);
  if (status) return status;
  printf("tape and backward give the same numbers bit for bit, gradients within %.1e of the moments'\n", r->worst);
  printf("least squares: W %#.6g  b %#.6g\n", r->p.best[WEIGHT], r->p.best[BIAS]);
  printf("one epoch takes %.3f us by the tape, %.3f us by backward, step and zero_grad\n", us[0], us[1]);
  printf("final W %#.6g b %#.6g loss %#.6g time %.2f\n", past(r, PAST_WEIGHT)[last], past(r, PAST_BIAS)[last],
         past(r, LOSS)[last], time);
  return 0;
}

static void regression_free(regression *r) {
  jet_plan_free(r->t.plan);
  jet_fn_free(r->m.f);
  points_free(&r->p);
  free(r->past);
}

int main(int argc, char **argv) {
  settings s = {.points = 1000, .epochs = 40, .seed = 1, .start = {16, 10}, .rate = 0.1, .out = "gradient_tape_out"};
  const cli_option options[] = {
      {"points", "N", "to fit", CLI_INTEGER, &s.points, 2, MOST_POINTS},
      {"epochs", "N", "steps down the gradient", CLI_INTEGER, &s.epochs, 0, MOST_EPOCHS},
      {"learning-rate", "R", "length of a step, of the gradient's", CLI_NUMBER, &s.rate, 0, 1e6},
      {"weight", "W", "at the start", CLI_NUMBER, &s.start[WEIGHT], -1e6, 1e6},
      {"bias", "B", "at the start", CLI_NUMBER, &s.start[BIAS], -1e6, 1e6},
      {"repeat", "N", "epochs to take the time of, 0: by the points", CLI_INTEGER, &s.repeat, 0, MOST_REPEATS},
      {"seed", "N", "of the points", CLI_INTEGER, &s.seed, 0, INT_MAX},
      {"out", "DIR", "where points.csv, epochs.csv and regression.png go", CLI_FILE, &s.out, 0, 0},
  };
  regression r = {.set = &s};
  static files f;
  int status = cli_read(argc, argv, "Fits a line by gradient descent, in the manners of TensorFlow and of PyTorch.",
                        sizeof options / sizeof *options, options);
  if (!s.repeat) s.repeat = 1 + VISITS / s.points;
  if (status < 0 && !(status = files_open(&f, s.out, FILES, file_names))) status = learn_and_write(&r, &f);
  files_discard(&f);
  regression_free(&r);
  return status;
}
