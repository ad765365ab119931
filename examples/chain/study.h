/* study.h - what the parts of chain.c that learn have in common: settings, pictures and how they are dealt. */
#ifndef EXAMPLES_CHAIN_STUDY_H
#define EXAMPLES_CHAIN_STUDY_H

#include "../common/cli.h"
#include "../common/clock.h"
#include "../common/digits_data.h"
#include "../common/optimiser.h"
#include "../common/progress.h"
#include "../common/rng.h"

#include "augment.h"
#include "classifier.h"

enum { SIDE = 8, HALF = DIGITS / 2, SIZES = 6, POINTS = 25 };

/* How 5-9 are learnt: a head on a frozen base that knows 0-4 or nothing, or all layers, from that base or from
   nothing. */
typedef enum way { NEW_HEAD, RANDOM_BASE, FINE_TUNED, SCRATCH, WAYS } way;
extern const char *const way_names[WAYS], *const way_titles[WAYS];

typedef enum variant { WITHOUT, FLIPS, SHIFTS, ROTATIONS, COMBINED, VARIANTS } variant;
extern const char *const variant_names[VARIANTS];

typedef struct settings {
  cli_choice part;
  int base_epochs, steps, epochs, pictures, batch, repeats, seed, f32, combine_flips;
  double rate;
  augmentation most;
  const char *data, *out;
} settings;

typedef struct deck { /* pictures dealt in random order, all of them before one comes again */
  ptrdiff_t count, at, *row;
  int first; /* the digit that is class 0 */
  rng order, change;
  augmentation how;
} deck;

typedef struct study {
  const settings *set;
  digits_data data;
  ptrdiff_t *row; /* [3, rows]: a split, all pictures in random order; then room for a choice, and for the deck */
  deck cards;
  progress line;
  double start;                              /* seconds */
  double gradient, error;                    /* 14; of the chain's gradient against differences */
  double flops;                              /* of a step that trains the head, over one of all layers */
  int sizes;                                 /* of training sets */
  double size[SIZES], transfer[WAYS][SIZES]; /* accuracies */
  double epoch[POINTS + 1], augmented[VARIANTS][POINTS + 1];
} study;

/* Each int is an exit status, after a complaint if it is not 0. */
int study_new(study *, const settings *); /* of one that is 0 but for results */
void study_free(study *);
jet_type study_type(const study *);

rng study_stream(const study *, int repeat, int purpose); /* random numbers for one purpose in one split */
void study_split(study *, int repeat);
void study_take(study *, ptrdiff_t count, const ptrdiff_t *row, int first, int repeat); /* into the deck: a copy */
void study_deal(study *, pass *);
int study_steps(const study *, int epochs, ptrdiff_t pictures);
int study_learn(study *, classifier *, pass *, optimiser *, int steps);
void study_fill(const study *, pass *, const ptrdiff_t *row, int first);
int study_measure(pass *, double *accuracy);

int study_transfer(study *);
double study_mean(const study *, way); /* over the sizes */
int study_augmentation(study *);       /* of at most half of the pictures; the other half validates */
augmentation study_variant(const settings *, variant);

#endif
