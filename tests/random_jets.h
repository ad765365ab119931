/* random_jets.h - random jets for tests, and the smallest helpers that they share. Include after cmocka.h. */
#ifndef RANDOM_JETS_H
#define RANDOM_JETS_H

#include "generator.h"
#include "reference.h"

#include <math.h>
#include <string.h>

static inline bool same(double a, double b) { return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b)); }

static inline void run(jet_plan *plan) {
  if (jet_plan_run(plan) != JET_OK) fail_msg("%s", jet_plan_message(plan));
}

/* Coefficient 0 in [low, high], coefficient k below r^k. */
static inline void fill(jet_plan *plan, jet x, double low, double high, double r, generator *g) {
  double size = 1;
  for (int k = 0; k <= jet_order(x); k++, size *= r) {
    double *plane = jet_plan_data(plan, x, k);
    assert_non_null(plane);
    for (ptrdiff_t i = 0; i < jet_size(x); i++) plane[i] = k == 0 ? uniform(g, low, high) : uniform(g, -size, size);
  }
}

#endif
