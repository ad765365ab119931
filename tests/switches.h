/* switches.h - a random program, recorded and planned with some optimisations left out: the trial of test_switches.c. */
#ifndef SWITCHES_H
#define SWITCHES_H

#include "naive.h"

#include <stdio.h>

enum { TRIAL_LEAVES = 4 * NAIVE_MAX, TRIAL_OUTPUTS = 400, TRIAL_REPLAYS = 3, OPTIMISATIONS = 8 };

typedef struct trial {
  uint64_t seed;
  int operations;
  ptrdiff_t most; /* elements of an array; 0: few, as the evaluator takes */
  jet_isa isa;
  int without, threads, by_orders, bound, replays;
  int output; /* that is planned alone; -1: all */
} trial;

typedef struct outcome {
  bool good;
  char what[400]; /* the first difference */
  int outputs, workers; /* workers: the most of a region */
  ptrdiff_t blocks;     /* the same */
  int optimised;        /* steps with the optimisations, and without any */
  int plain;
} outcome;

/* The plan of the trial against one of one thread that leaves everything out: the same bits in every run. */
outcome trial_run(const trial *);
trial trial_shrink(trial); /* one that fails, to a small one that fails */
void trial_print(const trial *, const outcome *);

#endif
