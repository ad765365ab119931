/* classifier.h - a chain that learns to tell pictures apart: a tape for all of it, and a plan for each pass, which is a
   step of training (with the first layers frozen or none) or an evaluation of so many pictures. */
#ifndef EXAMPLES_CLASSIFIER_H
#define EXAMPLES_CLASSIFIER_H

#include "layers.h"

typedef struct classifier {
  chain net; /* from pixels to logits */
  jet_tape *tape;
  jet parameter[MOST_ARRAYS];
  numbers w, g; /* [chain_size]: all parameters; their gradient, of which a pass writes what it trains */
} classifier;

typedef struct pass {
  ptrdiff_t rows, pixels, classes;
  ptrdiff_t frozen, trained; /* numbers in the layers that stay, and in those that learn */
  jet_plan *plan;
  numbers x, labels; /* [rows, pixels] and [rows]: to fill before a run */
  numbers loss;      /* mean negative log likelihood                    */
  numbers logits;    /* [rows, classes], of an evaluation               */
} pass;

typedef struct pass_work { /* of one run */
  double flops;
  int products; /* of matrices */
} pass_work;

/* Each returns 0, or an exit status after a complaint. Free it in both cases, passes first. */
int classifier_new(classifier *, chain net, jet_type);
int pass_step(pass *, classifier *, ptrdiff_t rows, int frozen_layers); /* no gradient of these is ever recorded */
int pass_evaluation(pass *, classifier *, ptrdiff_t rows);
int pass_run(pass *);
int pass_read_work(const pass *, pass_work *); /* as jet_plan_print tells it */

void pass_put(pass *, ptrdiff_t row, const double *pixels, double label);
double pass_accuracy(const pass *); /* after a run */

void pass_free(pass *);
void classifier_free(classifier *);

#endif
