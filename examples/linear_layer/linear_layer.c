/* linear_layer.c - build your own layer: y = x W + b, trained as logistic regression on pictures of digits, twice, for
   two ways to begin:
     kaiming  W and b uniform within 1/sqrt(in_features)
     normal   W and b normal of variance 1, the naive way: logits grow with sqrt(in_features)
   The loss of a minibatch is its mean cross-entropy plus 1e-5 times the sum of squares of all parameters. One plan
   makes a whole step: it reads W and b from one memory and writes W - rate dL/dW and b - rate dL/db into another, where
   the next step reads them. Pictures are put in a random order once; each epoch takes the minibatches in an order of
   its own and binds them where they lie, so that nothing is copied. The set that is made where no files are given is
   made anew by every run, that none of other contents is taken for it.

   A plan's first step is compared with the closed form dL/dW = x^T (softmax(y) - onehot) / rows + 2e-5 W. */
#include "../common/cli.h"
#include "../common/clock.h"
#include "../common/csv.h"
#include "../common/files.h"
#include "../common/numbers.h"
#include "../common/plot.h"
#include "../common/progress.h"
#include "../common/rng.h"

#include "passes.h"

#include <jets.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_EPOCHS = 100000, MOST_MADE = 1000000 };

enum { KAIMING = LINEAR_KAIMING, NORMAL = LINEAR_NORMAL, FIRSTS };
static const char *const first_names[FIRSTS] = {"kaiming", "normal"};

enum { EPOCH, TRAINING_LOSS, TRAINING_ACCURACY, CHECK_LOSS, CHECK_ACCURACY, EPOCH_TIME, COLUMNS };

static double *past(const training *t, int kind, int column) {
  return t->past + (kind * COLUMNS + column) * (t->set->epochs + 1);
}

/* ---- data -------------------------------------------------------------------------------------------------------- */

/* Two pairs of files; the second one may be NULL. */
static int load(training *t, const char *const paths[LABELLED_FILES]) {
  char sentence[160];
  rng r = rng_new((uint64_t)t->set->seed);
  progress line = progress_new();
  int status = labelled_split(&t->train, &t->check, type_of(t), paths, CLASSES, t->set->samples, &r, &line);
  progress_clear(&line);
  if (status) return status;
  const labelled *const both[] = {&t->train, &t->check};
  for (int i = 0; i < 2; i++)
    if (!linear_fits(&t->layer, both[i]->features, sizeof sentence, sentence))
      return cli_complain(2, "%s: byte 9: the extents of a picture: %s", paths[paths[2] ? 2 * i : 0], sentence);
  printf("%td pictures of %s train, %td of %s validate\n", t->train.rows, paths[0], t->check.rows,
         paths[2] ? paths[2] : "the others");
  fflush(stdout);
  return 0;
}

/* ---- training ---------------------------------------------------------------------------------------------------- */

static void swap(training *t) {
  const numbers before = t->memory[0];
  t->memory[0] = t->memory[1];
  t->memory[1] = before;
}

static int epoch(training *t, rng *r) {
  const ptrdiff_t batches = (t->train.rows + t->full.rows - 1) / t->full.rows;
  int status = 0;
  rng_permutation(r, batches, t->order);
  for (ptrdiff_t i = 0; i < batches && !status; i++) {
    const ptrdiff_t first = t->order[i] * t->full.rows;
    status = take_step(first + t->full.rows <= t->train.rows ? &t->full : &t->last, t, first);
    swap(t);
  }
  return status;
}

static int report(training *t, int kind, int epochs, double epoch_time) {
  score train, check;
  int status = evaluate(t, 0, &train);
  if (!status) status = evaluate(t, 1, &check);
  if (status) return status;
  if (!isfinite(train.loss) || !isfinite(check.loss))
    return cli_complain(1, "%s: the loss after epoch %d is not finite; --learning-rate %g is too much",
                        first_names[kind], epochs, t->set->rate);
  const double row[COLUMNS] = {epochs, train.loss, train.accuracy, check.loss, check.accuracy, epoch_time};
  for (int j = 0; j < COLUMNS; j++) past(t, kind, j)[epochs] = row[j];
  printf("%-7s epoch %3d  training loss %.4f accuracy %.4f  validation loss %.4f accuracy %.4f  epoch %.2f ms\n",
         first_names[kind], epochs, train.loss, train.accuracy, check.loss, check.accuracy, 1e3 * epoch_time);
  fflush(stdout);
  return 0;
}

/* Both ways see the same minibatches in the same order. */
static int train(training *t, int kind) {
  rng r = rng_new((uint64_t)t->set->seed + 1), order = rng_new((uint64_t)t->set->seed + 2);
  progress line = progress_new();
  linear_draw(&t->layer, (linear_first)kind, &r, t->memory[0]);
  int status = kind == KAIMING ? check_step(&t->full, t) : 0;
  if (!status) status = report(t, kind, 0, 0);
  for (int i = 1; i <= t->set->epochs && !status; i++) {
    progress_show(&line, "%s: epoch %d of %d", first_names[kind], i, t->set->epochs);
    const double start = clock_seconds();
    status = epoch(t, &order);
    const double seconds = clock_seconds() - start;
    t->seconds += seconds;
    progress_clear(&line);
    if (!status) status = report(t, kind, i, seconds);
  }
  progress_clear(&line);
  return status;
}

/* ---- what is written --------------------------------------------------------------------------------------------- */

static const char *const table_names[] = {"loss.csv", "loss.png"};

static int write_table(const training *t, output *out) {
  static const char *const headings[FIRSTS][COLUMNS] = {
      {"epoch", "kaiming_training_loss", "kaiming_training_accuracy", "kaiming_validation_loss",
       "kaiming_validation_accuracy", "kaiming_epoch_time"},
      {"", "normal_training_loss", "normal_training_accuracy", "normal_validation_loss", "normal_validation_accuracy",
       "normal_epoch_time"}};
  column list[FIRSTS * COLUMNS];
  int n = 0;
  for (int kind = 0; kind < FIRSTS; kind++)
    for (int j = kind != 0; j < COLUMNS; j++) list[n++] = (column){headings[kind][j], past(t, kind, j)};
  csv_write(out->stream, t->set->epochs + 1, n, list);
  return output_commit(out) ? 0 : 2;
}

static int write_curves(const training *t, output *out, const char *path) {
  const column list[] = {{"", past(t, KAIMING, EPOCH)},
                         {"normal, training", past(t, NORMAL, TRAINING_LOSS)},
                         {"normal, validation", past(t, NORMAL, CHECK_LOSS)},
                         {"kaiming, training", past(t, KAIMING, TRAINING_LOSS)},
                         {"kaiming, validation", past(t, KAIMING, CHECK_LOSS)}};
  plot panel = {.title = "cross-entropy per picture, by the first parameters",
                .x_label = "epoch",
                .log_y = 1,
                .rows = t->set->epochs + 1,
                .columns = 5,
                .list = list};
  if (panel.rows == 1) panel.x_low = -1, panel.x_high = 1;
  return plot_write(out, path, 1, &panel);
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static int prepare(training *t) {
  const settings *s = t->set;
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  options.type = type_of(t);
  options.threads = 1; /* a minibatch is small */
  t->tape = jet_tape_new_ex(&options);
  t->layer = linear_new(t->tape, FEATURES, CLASSES, !s->no_bias);
  for (int i = 0; i < 2; i++) t->memory[i] = numbers_new(options.type, t->layer.size);
  t->past = (double *)calloc((size_t)(FIRSTS * COLUMNS) * (size_t)(s->epochs + 1), sizeof *t->past);
  if (!t->memory[0].at || !t->memory[1].at || !t->past) return cli_complain(1, "out of memory");
  char text[160];
  linear_describe(&t->layer, sizeof text, text);
  puts(text);
  return 0;
}

static void training_free(training *t) {
  passes_free(t);
  jet_tape_free(t->tape);
  labelled_free(&t->train);
  labelled_free(&t->check);
  for (int i = 0; i < 2; i++) numbers_free(t->memory[i]);
  free(t->order);
  free(t->past);
}

/* Opens the files to write too: after the given ones have been read, that a bad one leaves no directory behind. */
static int get_pictures(training *t, files *f) {
  const settings *s = t->set;
  const char *const given[] = {s->images, s->labels, s->check_images, s->check_labels};
  int status = s->images ? load(t, given) : 0;
  if (s->images) return status ? status : files_open(f, s->out, 2, table_names);
  printf("no --images: %d + %d pictures are made from 8 x 8 digits by interpolation, shifts and noise\n", s->made,
         s->made / 6);
  fflush(stdout);
  const char *const *n = digits_idx_names, *const names[] = {n[0], n[1], n[2], n[3], table_names[0], table_names[1]};
  status = files_open(f, s->out, DIGITS_IDX_FILES + 2, names);
  progress line = progress_new();
  if (!status) status = digits_idx_make(f, s->made, s->made / 6, &line);
  progress_clear(&line);
  if (status) return status;
  const char *const made[] = {f->path[0], f->path[1], f->path[2], f->path[3]};
  return load(t, made);
}

static int learn_and_write(training *t, files *f) {
  const double start = clock_seconds();
  int status = prepare(t), last = t->set->epochs;
  if (!status) status = get_pictures(t, f);
  if (!status) status = passes_record(t);
  for (int kind = 0; kind < FIRSTS && !status; kind++) status = train(t, kind);
  const double time = clock_seconds() - start;
  if (!status) status = write_table(t, &f->out[f->count - 2]);
  if (!status) status = write_curves(t, &f->out[f->count - 1], f->path[f->count - 1]);
  if (!status)
    printf("final loss %.4f accuracy %.4f normal %.4f epoch %.2f ms time %.1f\n", past(t, KAIMING, CHECK_LOSS)[last],
           past(t, KAIMING, CHECK_ACCURACY)[last], past(t, NORMAL, CHECK_LOSS)[last],
           1e3 * t->seconds / (FIRSTS * (last + !last)), time);
  return status;
}

static int read_settings(int argc, char **argv, settings *s) {
  const cli_option options[] = {
      {"images", "FILE", "pictures of 28 x 28, IDX, also .gz", CLI_FILE, &s->images, 0, 0},
      {"labels", "FILE", "what they show, IDX, also .gz", CLI_FILE, &s->labels, 0, 0},
      {"check-images", "FILE", "pictures that validate, instead of the last ones", CLI_FILE, &s->check_images, 0, 0},
      {"check-labels", "FILE", "what they show", CLI_FILE, &s->check_labels, 0, 0},
      {"made", "N", "pictures made where none are given, and a sixth more", CLI_INTEGER, &s->made, 12, MOST_MADE},
      {"samples", "N", "pictures that train, 0: five sixths of them", CLI_INTEGER, &s->samples, 0, INT_MAX},
      {"epochs", "N", "passes over the training set", CLI_INTEGER, &s->epochs, 0, MOST_EPOCHS},
      {"batch", "N", "pictures in a minibatch", CLI_INTEGER, &s->batch, 1, INT_MAX},
      {"learning-rate", "R", "of gradient descent", CLI_NUMBER, &s->rate, 0, 1e6},
      {"no-bias", "", "y = x W", CLI_FLAG, &s->no_bias, 0, 0},
      {"f32", "", "compute in float", CLI_FLAG, &s->f32, 0, 0},
      {"seed", "N", "of parameters and orders", CLI_INTEGER, &s->seed, 0, INT_MAX},
      {"out", "DIR", "where loss.csv, loss.png and made pictures go", CLI_FILE, &s->out, 0, 0},
  };
  int status = cli_read(argc, argv, "Trains a linear layer on pictures of digits from two kinds of first parameters.",
                        sizeof options / sizeof *options, options);
  if (status >= 0) return status;
  if (!s->images != !s->labels) return cli_complain(2, "--images and --labels go together");
  if (!s->check_images != !s->check_labels || (s->check_images && !s->images))
    return cli_complain(2, "--check-images and --check-labels go together, with --images");
  if (!s->images && s->samples > s->made)
    return cli_complain(2, "--samples: %d are more than the %d of --made", s->samples, s->made);
  return -1;
}

int main(int argc, char **argv) {
  settings s = {.out = "linear_layer_out", .made = 60000, .epochs = 10, .batch = 64, .seed = 1, .rate = 2e-2};
  training t = {.set = &s};
  static files f;
  int status = read_settings(argc, argv, &s);
  if (status < 0) status = learn_and_write(&t, &f);
  files_discard(&f);
  training_free(&t);
  return status;
}
