/* study.c - pictures are dealt to a pass, which learns from them or is measured. */
#include "study.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double most_loss = 1000; /* far above that of a guess; Adam's steps never end, so it stays finite */

int study_new(study *t, const settings *set) {
  t->set = set;
  t->line = progress_new();
  t->start = clock_seconds();
  if (!digits_read(&t->data, set->data)) return 2;
  const size_t rows = (size_t)t->data.rows;
  t->row = (ptrdiff_t *)malloc(3 * rows * sizeof *t->row);
  if (!t->row) return cli_complain(1, "out of memory");
  t->cards.row = t->row + 2 * rows;
  return 0;
}

void study_free(study *t) {
  digits_free(&t->data);
  free(t->row);
}

jet_type study_type(const study *t) { return t->set->f32 ? JET_F32 : JET_F64; }

/* Random numbers for one purpose in one split of the data. */
rng study_stream(const study *t, int repeat, int purpose) {
  return rng_new((uint64_t)t->set->seed << 32 | (uint64_t)repeat << 8 | (uint64_t)purpose);
}

void study_split(study *t, int repeat) {
  rng r = study_stream(t, repeat, 0);
  rng_permutation(&r, t->data.rows, t->row);
}

static const double *picture_at(const study *t, ptrdiff_t row) { return t->data.pixels + row * PIXELS; }

/* Whose copy the deck shuffles. */
void study_take(study *t, ptrdiff_t count, const ptrdiff_t *row, int first, int repeat) {
  deck *d = &t->cards;
  d->count = d->at = count;
  d->first = first;
  d->order = study_stream(t, repeat, 1);
  d->change = study_stream(t, repeat, 2);
  memcpy(d->row, row, (size_t)count * sizeof *row);
}

int study_steps(const study *t, int epochs, ptrdiff_t pictures) {
  const double steps = ceil((double)epochs * (double)pictures / t->set->batch);
  return steps < INT_MAX ? (int)steps : INT_MAX;
}

static ptrdiff_t next(deck *d) {
  if (d->at == d->count)
    for (ptrdiff_t i = d->at = 0; i < d->count; i++) {
      const ptrdiff_t j = rng_below(&d->order, i + 1), row = d->row[i];
      d->row[i] = d->row[j];
      d->row[j] = row;
    }
  return d->row[d->at++];
}

void study_deal(study *t, pass *p) {
  const augmentation *how = &t->cards.how;
  const int still = how->flip == 0 && how->shift == 0 && how->rotate == 0;
  double changed[PIXELS];
  for (ptrdiff_t i = 0; i < p->rows; i++) {
    const ptrdiff_t row = next(&t->cards);
    if (!still) {
      const movement m = augment_draw(how, &t->cards.change);
      augment_apply(&m, SIDE, SIDE, picture_at(t, row), changed);
    }
    pass_put(p, i, still ? picture_at(t, row) : changed, t->data.labels[row] - t->cards.first);
  }
}

int study_learn(study *t, classifier *c, pass *p, optimiser *o, int steps) {
  const numbers w = numbers_part(c->w, p->frozen), g = numbers_part(c->g, p->frozen);
  int status = 0;
  for (int i = 0; i < steps && !status; i++) {
    study_deal(t, p);
    status = pass_run(p);
    const double loss = number_at(p->loss, 0);
    if (!status && !(loss < most_loss))
      status = cli_complain(1, "the loss is %.4g after %d steps: a smaller --learning-rate is needed", loss, i);
    if (!status) optimiser_step_numbers(o, w, g);
  }
  return status;
}

void study_fill(const study *t, pass *p, const ptrdiff_t *row, int first) {
  for (ptrdiff_t i = 0; i < p->rows; i++) pass_put(p, i, picture_at(t, row[i]), t->data.labels[row[i]] - first);
}

int study_measure(pass *p, double *accuracy) {
  int status = pass_run(p);
  if (!status) *accuracy = pass_accuracy(p);
  return status;
}
