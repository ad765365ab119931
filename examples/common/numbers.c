/* numbers.c */
#include "numbers.h"

#include <stdlib.h>

static size_t size_of(jet_type type) { return type == JET_F32 ? sizeof(float) : sizeof(double); }

numbers numbers_new(jet_type type, ptrdiff_t n) {
  numbers x = {type, calloc((size_t)n + !n, size_of(type))};
  return x;
}

numbers numbers_from(jet_type type, const double *from, ptrdiff_t n) {
  numbers x = numbers_new(type, n);
  for (ptrdiff_t i = 0; x.at && i < n; i++) number_put(x, i, from[i]);
  return x;
}

void numbers_free(numbers x) { free(x.at); }

numbers numbers_part(numbers x, ptrdiff_t first) {
  x.at = (char *)x.at + first * (ptrdiff_t)size_of(x.type);
  return x;
}

double number_at(numbers x, ptrdiff_t i) {
  return x.type == JET_F32 ? (double)((const float *)x.at)[i] : ((const double *)x.at)[i];
}

void number_put(numbers x, ptrdiff_t i, double number) {
  if (x.type == JET_F32) ((float *)x.at)[i] = (float)number;
  else ((double *)x.at)[i] = number;
}

jet_status numbers_bind(jet_plan *plan, jet x, numbers memory) {
  if (memory.type == JET_F32) return jet_plan_bind_f32(plan, x, 0, (float *)memory.at);
  return jet_plan_bind(plan, x, 0, (double *)memory.at);
}

jet_status numbers_bind_all(jet_plan *plan, int n, const jet jets[], numbers memory) {
  jet_status status = JET_OK;
  for (int i = 0; i < n && status == JET_OK; i++) {
    status = numbers_bind(plan, jets[i], memory);
    memory = numbers_part(memory, jet_size(jets[i]));
  }
  return status;
}

ptrdiff_t numbers_right(numbers logits, numbers labels, ptrdiff_t rows, ptrdiff_t classes) {
  ptrdiff_t right = 0;
  for (ptrdiff_t i = 0; i < rows; i++) {
    const ptrdiff_t first = i * classes;
    ptrdiff_t best = 0;
    for (ptrdiff_t j = 1; j < classes; j++)
      if (number_at(logits, first + j) > number_at(logits, first + best)) best = j;
    right += best == (ptrdiff_t)number_at(labels, i);
  }
  return right;
}
