/* augmentation.c - a network learns from few pictures, each changed at random whenever it is dealt, or not. */
#include "study.h"

#include <math.h>
#include <stdio.h>

const char *const variant_names[VARIANTS] = {"without", "flips", "shifts", "rotations", "combined"};

augmentation study_variant(const settings *s, variant v) {
  const augmentation m = s->most;
  const int both = v == COMBINED;
  return (augmentation){.flip = v == FLIPS || (both && s->combine_flips) ? m.flip : 0,
                        .shift = v == SHIFTS || both ? m.shift : 0,
                        .rotate = v == ROTATIONS || both ? m.rotate : 0};
}

/* Movements whose result is known: a quarter turn, a flip, and a step to the right and down. */
static int check_movements(const double *picture) {
  static const movement list[] = {{0, 0, 0, 90}, {1, 0, 0, 0}, {0, 1, 1, 0}};
  double to[3][PIXELS], most = 0;
  for (int i = 0; i < 3; i++) augment_apply(&list[i], SIDE, SIDE, picture, to[i]);
  for (int i = 0; i < PIXELS; i++) {
    const int y = i / SIDE, x = i % SIDE;
    most = fmax(most, fabs(to[0][i] - picture[(SIDE - 1 - x) * SIDE + y]));
    most = fmax(most, fabs(to[1][i] - picture[y * SIDE + SIDE - 1 - x]));
    most = fmax(most, fabs(to[2][i] - (y && x ? picture[i - SIDE - 1] : 0)));
  }
  return most < 1e-12 ? 0 : cli_complain(1, "a turned, mirrored or moved picture is %g wrong", most);
}

/* The same parameters and the same order of pictures for each of the variants. */
static int try_variant(study *t, classifier *c, pass *step, pass *validate, variant v, int repeat) {
  const int steps = study_steps(t, t->set->epochs, t->set->pictures);
  rng r = study_stream(t, repeat, 5);
  optimiser o;
  double right = 0;
  chain_draw(&c->net, &r, c->w);
  study_take(t, t->set->pictures, t->row, 0, repeat);
  t->cards.how = study_variant(t->set, v);
  int status = optimiser_new(&o, ADAM, t->set->rate, step->trained) ? 0 : cli_complain(1, "out of memory");
  for (int i = 0, at = 0; i <= POINTS && !status; i++) {
    const int stop = (int)((int64_t)steps * i / POINTS);
    status = study_learn(t, c, step, &o, stop - at);
    if (!status) status = study_measure(validate, &right);
    at = stop;
    t->epoch[i] = (double)at * (double)step->rows / t->set->pictures;
    t->augmented[v][i] += right / t->set->repeats;
    progress_show(&t->line, "split %d of %d: %s, epoch %.0f", repeat + 1, t->set->repeats, variant_names[v],
                  t->epoch[i]);
  }
  t->cards.how = (augmentation){0, 0, 0};
  optimiser_free(&o);
  return status;
}

int study_augmentation(study *t) {
  const ptrdiff_t training = t->data.rows / 2;
  classifier c;
  pass step = {0}, validate = {0};
  int status = check_movements(t->data.pixels);
  if (status) return status;
  status = classifier_new(&c, chain_of(dense(PIXELS, 64, RELU), dense(64, DIGITS, IDENTITY)), study_type(t));
  if (!status) status = pass_step(&step, &c, t->set->batch, 0);
  if (!status) status = pass_evaluation(&validate, &c, t->data.rows - training);
  for (int i = 0; i < t->set->repeats && !status; i++) {
    study_split(t, i);
    study_fill(t, &validate, t->row + training, 0);
    for (int v = 0; v < VARIANTS && !status; v++) status = try_variant(t, &c, &step, &validate, (variant)v, i);
    progress_clear(&t->line);
    if (!status)
      printf("split %d of %d: augmentation done, time %.2f s\n", i + 1, t->set->repeats, clock_seconds() - t->start);
    fflush(stdout);
  }
  if (!status) printf("%d pictures of 0-9, after %d epochs:", t->set->pictures, t->set->epochs);
  for (int v = 0; v < VARIANTS && !status; v++) printf("  %s %.4f", variant_names[v], t->augmented[v][POINTS]);
  if (!status) putchar('\n');
  pass_free(&step);
  pass_free(&validate);
  classifier_free(&c);
  return status;
}
