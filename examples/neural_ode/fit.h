/* fit.h - a network that is dx/dt, its solution by Runge-Kutta steps on a tape, and the loss of that. */
#ifndef EXAMPLES_FIT_H
#define EXAMPLES_FIT_H

#include "../common/rng.h"

#include <jets.h>

enum { PLANE = 2, LAYERS = 2, ARRAYS = 2 * LAYERS };
enum { MOST_WIDTH = 256, MOST_TIMES = 100, MOST_SUBSTEPS = 32 };
enum { MOST_NUMBERS = (2 * PLANE + 1) * MOST_WIDTH + PLANE, MOST_STATE = 2 * PLANE + MOST_NUMBERS };
enum { FINE = 16, CHECKS = 6 }; /* steps between two times: of curves; of a check 1, 2, .. 32 */

static const double last_time = 1.5, start[PLANE] = {2, 0};

typedef struct settings {
  int iterations, times, substeps, width, cubes, seed;
  double rate, noise;
  const char *out;
} settings;

typedef struct network {
  int cubes;             /* whether it sees x^3 in place of x */
  jet parameter[ARRAYS]; /* weights, biases, weights, biases; pieces of w */
  ptrdiff_t size;
  double w[MOST_NUMBERS], g[MOST_NUMBERS]; /* all of them, and the gradient */
} network;

typedef struct flow { /* dy/dt = rate(stage), a plan's; y is (x, a, dL/dw) */
  jet_plan *plan;
  ptrdiff_t n;
  double y[MOST_STATE], stage[MOST_STATE], rate[MOST_STATE], sum[MOST_STATE];
} flow;

typedef struct fit {
  const settings *set;
  jet_tape *tape;
  network net;
  jet_plan *plan; /* of the loss and its gradient */
  flow adjoint;
  double loss;
  ptrdiff_t points;        /* of a curve: FINE times + 1 */
  double *t, *spiral, *x;  /* [points], [PLANE, points]: the curve behind the data, and the network's */
  double *data;            /* [1 + PLANE, times]: t and x with noise */
  double *past;            /* [2, iterations + 1]: iteration and loss */
  int checks;              /* rows of the last check */
  double check[3][CHECKS]; /* steps between times, errors of both gradients */
  double trained;          /* error of the gradient of `plan` at the last weights */
} fit;

/* Each int is an exit status, after a complaint if it is not 0. */
void fit_parameters(fit *); /* recorded: inputs of the tape */
void fit_first_weights(fit *, rng *);
int fit_draw_data(fit *, rng *); /* and the curve behind them */

jet fit_network(const network *, jet x); /* dx/dt at the rows of x, [rows, PLANE] */
double fit_time_step(const fit *, int substeps);
jet_plan *fit_plan(fit *, int n, const jet out[]); /* bound to the weights */
jet_plan *fit_plan_loss(fit *, int substeps);      /* and its gradient through all steps, so many between two times */
int fit_solve(fit *);                              /* the network's curve */

/* ---- the adjoint equation: adjoint.c ----------------------------------------------------------------------------- */

int adjoint_plan(fit *);

/* Both gradients with 1, 2, 4, .. steps between times, so many rows, against the adjoint equation's with many more.
   They must meet: see `tolerance` there. */
typedef enum moment { FIRST, LAST } moment;
int adjoint_check(fit *, moment);

double distance(ptrdiff_t n, const double *a, const double *b);

#endif
