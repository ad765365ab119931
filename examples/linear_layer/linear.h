/* linear.h - a linear layer y = x W + b: the parameters are inputs of a tape, bound to pieces of one memory. */
#ifndef EXAMPLES_LINEAR_H
#define EXAMPLES_LINEAR_H

#include "../common/numbers.h"
#include "../common/rng.h"

#include <jets.h>

/* The first parameters. Kaiming: He et al. 2015 (arXiv:1502.01852) draw weights uniformly within
   sqrt(6 / ((1 + a^2) in)), which for a = sqrt(5) is 1/sqrt(in); biases are within 1/sqrt(in) too. Normal, the naive
   way: all have variance 1. */
typedef enum linear_first { LINEAR_KAIMING, LINEAR_NORMAL } linear_first;

typedef struct linear {
  ptrdiff_t in, out;
  int parameters; /* jets: 2, or 1 without bias            */
  jet w[2];       /* weight [in, out], bias [out]: inputs  */
  ptrdiff_t size; /* numbers in them, one after another    */
} linear;

linear linear_new(jet_tape *, ptrdiff_t in, ptrdiff_t out, int bias);

/* "linear(in_features=784, out_features=10, bias=yes): 7850 parameters" */
void linear_describe(const linear *, size_t room, char *text);

/* Whether rows of so many numbers fit; if not, a sentence without its full stop says why. */
int linear_fits(const linear *, ptrdiff_t features, size_t room, char *sentence);

/* x: [.., in]. What does not fit fails the tape. */
jet linear_apply(const linear *, jet x);

void linear_draw(const linear *, linear_first, rng *, numbers to); /* [size] */

#endif
