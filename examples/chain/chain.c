/* chain.c - networks put together from layers, after Flux's Chain(Dense(10, 5, sigmoid), Dense(5, 2), softmax), in four
   parts:
     derivative     3x^2 + 2x + 1 at 2, whose gradient is 14, and its second derivative 6
     chain          layers composed as values, all parameters collected in one call, the gradient of a loss with respect
                    to all of them against central differences
     transfer       a network learns the digits 0-4, keeps its first layer (the base) and gets new ones behind it (the
                    head) for 5-9, of which there are few pictures (Yosinski et al. 2014). The gradient is asked for
                    the head alone: that of the base is never recorded, and the plan of a step is shorter. For little
                    work the new head is ahead of the same network from scratch; for much (--steps 300) it is not
     augmentation   few pictures of all ten digits, mirrored, moved and turned at random whenever they are seen
   Accuracies are of validation pictures, means over --repeats splits of the data and draws of the parameters. */
#include "../common/clock.h"
#include "../common/csv.h"
#include "../common/files.h"
#include "../common/picture.h"
#include "../common/plans.h"
#include "../common/plot.h"
#include "../common/scalar.h"

#include "layers.h"
#include "study.h"

#include <jets.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>

typedef enum part { ALL, DERIVATIVE, CHAIN, TRANSFER, AUGMENTATION } part;
static const char *const part_names[] = {"all", "derivative", "chain", "transfer", "augmentation", NULL};

typedef enum file { TRANSFER_TABLE, CURVES, AUGMENTATION_TABLE, EXAMPLES, FILES } file;
static const char *const file_names[FILES] = {"transfer.csv", "curves.png", "augmentation.csv", "augmented.png"};

static int runs(const settings *s, part p) { return s->part.at == ALL || s->part.at == (int)p; }

/* ---- a derivative ------------------------------------------------------------------------------------------------ */

static jet parabola(jet x, void *data) { /* 3x^2 + 2x + 1 */
  (void)data;
  return jet_shift(jet_add(jet_scale(jet_square(x), 3), jet_scale(x, 2)), 1);
}

static int show_derivative(double *gradient) {
  const double x = 2;
  double d[3];
  jet_fn *f = jet_fn_new(parabola, NULL, 1);
  jet_status status = jet_fn_derivatives(f, 2, &x, d);
  if (!status) status = jet_fn_gradient(f, &x, NULL, gradient); /* in reverse */
  if (!status) printf("3x^2 + 2x + 1 at %g: value %g, gradient %g, second derivative %g\n", x, d[0], *gradient, d[2]);
  int bad = status ? cli_complain(1, "%s", jet_fn_message(f)) : 0;
  if (!bad && fabs(*gradient - d[1]) > 1e-12) bad = cli_complain(1, "reverse %g is not forward %g", *gradient, d[1]);
  jet_fn_free(f);
  return bad;
}

/* ---- layers as values -------------------------------------------------------------------------------------------- */

enum { INPUTS = 10, OUTPUTS = 2 };

typedef struct example { /* a chain, what goes in and what comes out */
  chain model;
  jet_plan *plan;
  double x[INPUTS], y[OUTPUTS], loss;
  numbers w, g;
} example;

/* The loss is the cross entropy with the second class, -log of its probability. */
static int record_example(example *e) {
  const ptrdiff_t in[] = {1, INPUTS}, out[] = {1, OUTPUTS};
  const double target[OUTPUTS] = {0, 1};
  jet_tape *tape = jet_tape_new();
  jet parameter[MOST_ARRAYS], x = jet_input(tape, 2, in);
  const int n = chain_parameters(&e->model, tape, parameter);
  jet y = chain_apply(&e->model, parameter, x);
  jet result[2 + MOST_ARRAYS] = {jet_neg(jet_sum(jet_xlogy(jet_constant(tape, 2, out, target), y))), y};
  jet_grad(result[0], n, parameter, result + 2);
  e->plan = jet_plan_new(tape, 2 + n, result);
  jet_plan_bind(e->plan, x, 0, e->x);
  jet_plan_bind(e->plan, result[0], 0, &e->loss);
  jet_plan_bind(e->plan, y, 0, e->y);
  numbers_bind_all(e->plan, n, parameter, e->w);
  numbers_bind_all(e->plan, n, result + 2, e->g);
  jet_tape_free(tape);
  return plan_check(e->plan);
}

/* The largest difference between the gradient and central differences of the loss. Each run writes the gradient too, so
   that the one at the point is read from the run before. */
static int compare(example *e, double *most) {
  const double h = 1e-5;
  double *const w = (double *)e->w.at, *const g = (double *)e->g.at;
  int status = 0;
  *most = 0;
  for (ptrdiff_t i = 0; i < chain_size(&e->model) && !status; i++) {
    const double at = w[i], expected = g[i];
    w[i] = at + h;
    status = plan_run(e->plan);
    const double above = e->loss;
    w[i] = at - h;
    if (!status) status = plan_run(e->plan);
    raise_to(most, fabs((above - e->loss) / (2 * h) - expected));
    w[i] = at;
    if (!status) status = plan_run(e->plan);
  }
  return status || *most < 1e-8 ? status : cli_complain(1, "the gradient is %g away from central differences", *most);
}

static int show_chain(const settings *s, double *error) {
  example e = {.model = chain_of(dense(INPUTS, 5, SIGMOID), dense(5, OUTPUTS, IDENTITY), applied(SOFTMAX))};
  const ptrdiff_t size = chain_size(&e.model);
  rng r = rng_new((uint64_t)s->seed);
  e.w = numbers_new(JET_F64, size);
  e.g = numbers_new(JET_F64, size);
  int status = e.w.at && e.g.at ? 0 : cli_complain(1, "out of memory");
  if (!status) chain_draw(&e.model, &r, e.w);
  for (int i = 0; i < INPUTS; i++) e.x[i] = rng_uniform(&r);
  chain_print(&e.model, JET_F64, stdout);
  if (!status) status = record_example(&e);
  if (!status) status = plan_run(e.plan);
  if (!status) printf("of a random input: %.4f %.4f\n", e.y[0], e.y[1]);
  if (!status) status = compare(&e, error);
  if (!status) printf("gradient of the cross entropy, %td numbers: within %.0e of central differences\n", size, *error);
  jet_plan_free(e.plan);
  numbers_free(e.w);
  numbers_free(e.g);
  return status;
}

/* ---- what is written --------------------------------------------------------------------------------------------- */

static int write_table(output *out, ptrdiff_t rows, int columns, const column *list) {
  csv_write(out->stream, rows, columns, list);
  return output_commit(out) ? 0 : 2;
}

/* The range of what comes after the first steep quarter, with room for the legend below. */
static plot augmentation_panel(const study *t, const column *list) {
  double low = 1, high = 0;
  for (int v = 0; v < VARIANTS; v++)
    for (int i = POINTS / 4; i <= POINTS; i++) {
      low = fmin(low, t->augmented[v][i]);
      high = fmax(high, t->augmented[v][i]);
    }
  const double span = fmax(high - low, 0.02);
  return (plot){.title = "few pictures of 0-9, augmented",
                .x_label = "epoch",
                .y_label = "accuracy",
                .legend_at = "bottom right",
                .x_high = fmax(t->epoch[POINTS], 1),
                .y_low = low - 0.7 * span,
                .y_high = high + 0.1 * span,
                .rows = POINTS + 1,
                .columns = 1 + VARIANTS,
                .list = list};
}

static plot transfer_panel(const study *t, const column *list) {
  double low = 1, high = 0;
  for (int w = 0; w < WAYS; w++)
    for (int i = 0; i < t->sizes; i++) {
      low = fmin(low, t->transfer[w][i]);
      high = fmax(high, t->transfer[w][i]);
    }
  const double span = fmax(high - low, 0.02);
  return (plot){.title = "few pictures of 5-9, after 0-4",
                .x_label = "training pictures",
                .y_label = "accuracy",
                .legend_at = "bottom right",
                .x_low = 0.9 * t->size[0],
                .x_high = 1.1 * t->size[t->sizes - 1],
                .y_low = low - 0.4 * span,
                .y_high = high + 0.1 * span,
                .log_x = 1,
                .rows = t->sizes,
                .columns = 1 + WAYS,
                .list = list};
}

static int write_tables_and_curves(const study *t, files *f, int first) {
  column ways[1 + WAYS] = {{"pictures", t->size}}, variants[1 + VARIANTS] = {{"epoch", t->epoch}};
  plot panels[2];
  int status = 0, count = 0;
  for (int i = 0; i < WAYS; i++) ways[1 + i] = (column){way_names[i], t->transfer[i]};
  for (int i = 0; i < VARIANTS; i++) variants[1 + i] = (column){variant_names[i], t->augmented[i]};
  if (runs(t->set, TRANSFER)) status = write_table(&f->out[TRANSFER_TABLE - first], t->sizes, 1 + WAYS, ways);
  if (!status && runs(t->set, AUGMENTATION))
    status = write_table(&f->out[AUGMENTATION_TABLE - first], POINTS + 1, 1 + VARIANTS, variants);
  for (int i = 0; i < WAYS; i++) ways[1 + i].name = way_titles[i];
  if (runs(t->set, TRANSFER)) panels[count++] = transfer_panel(t, ways);
  if (runs(t->set, AUGMENTATION)) panels[count++] = augmentation_panel(t, variants);
  const int at = CURVES - first;
  return status ? status : plot_write_across(&f->out[at], f->path[at], count, count, panels);
}

/* A picture of a 5, which has no symmetry, moved as far as each variant may move it. */
static int write_examples(const study *t, files *f, int first) {
  double changed[VARIANTS][PIXELS];
  picture list[VARIANTS];
  ptrdiff_t row = t->data.rows - 1;
  while (row && t->data.labels[row] != 5) row--;
  for (int v = 0; v < VARIANTS; v++) {
    const augmentation a = study_variant(t->set, (variant)v);
    const movement m = {a.flip > 0, a.shift, a.shift, a.rotate};
    augment_apply(&m, SIDE, SIDE, t->data.pixels + row * PIXELS, changed[v]);
    list[v] = (picture){"", SIDE, SIDE, changed[v]};
    snprintf(list[v].title, sizeof list->title, "%s", variant_names[v]);
  }
  return picture_write(&f->out[EXAMPLES - first], f->path[EXAMPLES - first], VARIANTS, list);
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static void print_end(const settings *s, const study *t, double seconds) {
  printf("final");
  if (runs(s, DERIVATIVE)) printf(" gradient %g", t->gradient);
  if (runs(s, CHAIN)) printf(" error %.0e", t->error);
  if (runs(s, TRANSFER))
    printf(" transfer %.4f scratch %.4f flops %.2f", study_mean(t, NEW_HEAD), study_mean(t, SCRATCH), t->flops);
  if (runs(s, AUGMENTATION))
    printf(" augmented %.4f plain %.4f", t->augmented[COMBINED][POINTS], t->augmented[WITHOUT][POINTS]);
  printf(" time %.2f\n", seconds);
}

static int study_digits(study *t, const settings *s) {
  const int first = runs(s, TRANSFER) ? TRANSFER_TABLE : CURVES, end = runs(s, AUGMENTATION) ? FILES : CURVES + 1;
  static files f;
  int status = study_new(t, s);
  if (!status && runs(s, AUGMENTATION) && s->pictures > t->data.rows / 2)
    status = cli_complain(2, "--pictures: %d is more than half of %td pictures", s->pictures, t->data.rows);
  if (!status) status = files_open(&f, s->out, end - first, file_names + first);
  if (!status && runs(s, TRANSFER)) status = study_transfer(t);
  if (!status && runs(s, AUGMENTATION)) status = study_augmentation(t);
  if (!status) status = write_tables_and_curves(t, &f, first);
  if (!status && runs(s, AUGMENTATION)) status = write_examples(t, &f, first);
  files_discard(&f);
  study_free(t);
  return status;
}

static int read_settings(int argc, char **argv, settings *s) {
  const cli_option options[] = {
      {"part", "NAME", "what is shown", CLI_CHOICE, &s->part, 0, 0},
      {"base-epochs", "N", "passes over the pictures of 0-4", CLI_INTEGER, &s->base_epochs, 0, 100000},
      {"steps", "N", "minibatches of 5-9 for all layers, as much work for the head", CLI_INTEGER, &s->steps, 0,
       10000000},
      {"epochs", "N", "passes over the pictures with augmentation", CLI_INTEGER, &s->epochs, 0, 100000},
      {"pictures", "N", "that train with augmentation", CLI_INTEGER, &s->pictures, 1, 1000000},
      {"flip", "P", "probability of a flip", CLI_NUMBER, &s->most.flip, 0, 1},
      {"shift", "PIXELS", "at most, along both axes", CLI_NUMBER, &s->most.shift, 0, SIDE},
      {"rotate", "DEGREES", "at most, either way", CLI_NUMBER, &s->most.rotate, 0, 180},
      {"combine-flips", "", "flips among the combined, which spoil digits", CLI_FLAG, &s->combine_flips, 0, 0},
      {"learning-rate", "R", "of Adam", CLI_NUMBER, &s->rate, 0, 1e6},
      {"batch", "N", "pictures in a minibatch", CLI_INTEGER, &s->batch, 1, 10000},
      {"repeats", "N", "splits of the data, averaged", CLI_INTEGER, &s->repeats, 1, 1000},
      {"f32", "", "train in float", CLI_FLAG, &s->f32, 0, 0},
      {"seed", "N", "of splits, parameters and changes", CLI_INTEGER, &s->seed, 0, INT_MAX},
      {"data", "FILE", "pictures, instead of the project's", CLI_FILE, &s->data, 0, 0},
      {"out", "DIR", "where tables and pictures go", CLI_FILE, &s->out, 0, 0},
  };
  return cli_read(argc, argv, "Composes layers, transfers what they have learnt, and augments pictures.",
                  sizeof options / sizeof *options, options);
}

int main(int argc, char **argv) {
  settings s = {.part = {part_names, ALL},
                .base_epochs = 20,
                .epochs = 200,
                .steps = 5,
                .pictures = 100,
                .batch = 32,
                .repeats = 10,
                .seed = 1,
                .rate = 1e-2,
                .most = {.flip = 0.5, .shift = 0.5, .rotate = 15},
                .out = "chain_out"};
  static study t;
  const double start = clock_seconds();
  int status = read_settings(argc, argv, &s);
  if (status >= 0) return status;
  status = 0;
  if (runs(&s, DERIVATIVE)) status = show_derivative(&t.gradient);
  if (!status && runs(&s, CHAIN)) status = show_chain(&s, &t.error);
  if (!status && (runs(&s, TRANSFER) || runs(&s, AUGMENTATION))) status = study_digits(&t, &s);
  if (!status) print_end(&s, &t, clock_seconds() - start);
  return status;
}
