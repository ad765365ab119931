/* tape_help.h - helpers of the tests of tapes. Include after cmocka.h. */
#ifndef TAPE_HELP_H
#define TAPE_HELP_H

#include "functions.h"
#include "reference.h"
#include "tape.h"

static inline jet vector(jet_tape *tape, ptrdiff_t n) { return jet_input(tape, 1, &n); }

static inline jet matrix(jet_tape *tape, ptrdiff_t rows, ptrdiff_t columns) {
  ptrdiff_t dims[] = {rows, columns};
  return jet_input(tape, 2, dims);
}

/* x + t with x a scalar input */
static inline jet line(jet_tape *tape, int order) {
  return jet_expand(jet_input(tape, 0, NULL), jet_scalar(tape, 1), jet_parameter(tape, order));
}

/* ---- failures ---------------------------------------------------------------------------------------------------- */

enum { WORDS = 4 };

/* "name: ... word ... word": the operation that was called and the facts. Counts instead of asserting, to show all. */
static inline int sentence_lacks(const char *message, const char *name, const char *const words[WORDS]) {
  size_t n = strlen(name);
  int lacks = strncmp(message, name, n) || message[n] != ':' || strlen(message) < n + 10;
  for (int i = 0; i < WORDS && words && words[i]; i++) lacks |= !strstr(message, words[i]);
  if (lacks) print_error("of %s the sentence is \"%s\"\n", name, message);
  return lacks;
}

static inline void assert_failed_jet(jet x) {
  assert_int_equal(jet_order(x), -1);
  assert_int_equal(jet_rank(x), -1);
  assert_int_equal(jet_size(x), -1);
  assert_int_equal(jet_extent(x, 0), -1);
}

/* ---- broadcasting ------------------------------------------------------------------------------------------------ */

static const struct {
  int rank;
  ptrdiff_t dims[4];
} shapes[] = {{0, {0}},          {1, {1}},          {1, {3}},          {1, {0}},          {1, {5}},
              {2, {2, 3}},       {2, {2, 1}},       {2, {1, 3}},       {2, {1, 1}},       {2, {0, 3}},
              {2, {2, 0}},       {2, {1, 0}},       {2, {0, 1}},       {3, {4, 2, 3}},    {3, {4, 1, 1}},
              {3, {1, 2, 1}},    {3, {4, 1, 3}},    {3, {0, 1, 3}},    {3, {4, 2, 0}},    {4, {2, 4, 2, 3}},
              {4, {2, 1, 1, 3}}, {4, {1, 4, 2, 1}}, {4, {2, 1, 2, 1}}, {4, {1, 0, 2, 3}}, {4, {2, 4, 1, 1}}};

static inline ptrdiff_t extent(int i, int rank, int axis) { /* as an array of that rank */
  int skip = rank - shapes[i].rank;
  return axis < skip ? 1 : shapes[i].dims[axis - skip];
}

#endif
