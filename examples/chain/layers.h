/* layers.h - networks as values. A layer is a small struct that is copied, a chain a row of layers, each applied to
   what the one before gives. Neither owns an array: the parameters of a chain are inputs of a tape, recorded in one
   call, and their numbers lie one after another in one memory, which is bound to a plan. */
#ifndef EXAMPLES_LAYERS_H
#define EXAMPLES_LAYERS_H

#include "../common/numbers.h"
#include "../common/rng.h"

#include <jets.h>
#include <stdio.h>

enum { MOST_CHAINED = 16, MOST_ARRAYS = 2 * MOST_CHAINED };

/* Softmax is along the last axis. */
typedef enum chain_function { IDENTITY, SIGMOID, TANH, RELU, SOFTMAX } chain_function;
extern const char *const chain_function_names[]; /* in that order, then NULL */

typedef struct chain_layer {
  ptrdiff_t in, out; /* widths; 0: no parameters, the function alone */
  chain_function function;
} chain_layer;

typedef struct chain {
  int count;
  chain_layer layer[MOST_CHAINED];
} chain;

chain_layer dense(ptrdiff_t in, ptrdiff_t out, chain_function); /* function(x W + b), x: [rows, in] */
chain_layer applied(chain_function);

/* chain_of(dense(10, 5, SIGMOID), dense(5, 2, IDENTITY), applied(SOFTMAX));
   at most MOST_CHAINED layers, which is asserted. */
#define chain_of(...)                                                                                                  \
  chain_make((int)(sizeof((const chain_layer[]){__VA_ARGS__}) / sizeof(chain_layer)),                                  \
             (const chain_layer[]){__VA_ARGS__})
chain chain_make(int count, const chain_layer[]);
chain chain_join(chain first, chain then);
chain chain_part(chain, int start, int stop); /* layers start..stop-1 */

int chain_arrays(const chain *);     /* a matrix and a vector for each dense layer */
ptrdiff_t chain_size(const chain *); /* numbers in all of them                     */

/* Records the parameters: matrix [in, out], vector [out], matrix, ... Returns how many. */
int chain_parameters(const chain *, jet_tape *, jet parameter[]);
jet chain_apply(const chain *, const jet parameter[], jet x); /* x: [rows, width] */

/* Matrices uniform in [-a, a], a = sqrt(6 / (in + out)), which keeps variances from layer to layer and back (Glorot and
   Bengio 2010); vectors 0. */
void chain_draw(const chain *, rng *, numbers w);

/* As Flux shows a chain: a layer a line, with its parameters. */
void chain_print(const chain *, jet_type, FILE *);

#endif
