/* passes.h - what is done with a linear layer and rows of pictures: steps of training, evaluations, and a check of a
   step by its closed form. */
#ifndef EXAMPLES_PASSES_H
#define EXAMPLES_PASSES_H

#include "../common/numbers.h"

#include "digits_idx.h"
#include "labelled.h"
#include "linear.h"

#include <jets.h>

enum { CLASSES = 10, FEATURES = DIGITS_IDX_SIDE * DIGITS_IDX_SIDE, PIECE = 1000 };

typedef struct settings {
  const char *images, *labels, *check_images, *check_labels, *out;
  int made, samples, epochs, batch, seed, f32, no_bias;
  double rate;
} settings;

typedef struct pass { /* what is done with `rows` pictures */
  ptrdiff_t rows;
  jet_plan *plan;
  jet x, labels, next[2]; /* next: parameters */
  numbers loss, logits;   /* logits: [rows, CLASSES], of an evaluation */
} pass;

typedef struct score {
  double loss, accuracy; /* per picture, without the penalty */
} score;

typedef struct training {
  const settings *set;
  labelled train, check;
  jet_tape *tape;
  linear layer;
  numbers memory[2]; /* parameters before and after a step */
  pass full, last;   /* last: the smaller minibatch, if there is one */
  pass piece;        /* of an evaluation */
  pass rest[2];      /* what such pieces leave, of both sets, if anything */
  ptrdiff_t *order;  /* of minibatches */
  double seconds;    /* of all epochs */
  double *past;      /* [FIRSTS, COLUMNS, epochs + 1] */
} training;

jet_type type_of(const training *);

/* Each int is an exit status, after a complaint if it is not 0. */
int passes_record(training *); /* of a training whose pictures are loaded */
void passes_free(training *);

int take_step(pass *, training *, ptrdiff_t first); /* with rows first, ..., from memory[0] into memory[1] */
int check_step(pass *, training *);                 /* with the first rows; prints how well it agrees */

/* Loss and accuracy per picture of t->train, or of t->check, with the parameters in memory[0]. */
int evaluate(training *, int of_check, score *);

#endif
