/* numbers.h - arrays of double or of float, as a tape of that type has them. */
#ifndef EXAMPLES_NUMBERS_H
#define EXAMPLES_NUMBERS_H

#include <jets.h>

typedef struct numbers {
  jet_type type;
  void *at;
} numbers;

numbers numbers_new(jet_type, ptrdiff_t n); /* zeros; at is NULL: out of memory */
numbers numbers_from(jet_type, const double *, ptrdiff_t n);
void numbers_free(numbers);

numbers numbers_part(numbers, ptrdiff_t first);
double number_at(numbers, ptrdiff_t i);
void number_put(numbers, ptrdiff_t i, double);

jet_status numbers_bind(jet_plan *, jet, numbers);                                /* coefficient 0 */
jet_status numbers_bind_all(jet_plan *, int n, const jet jets[], numbers memory); /* to its pieces, one after another */

/* Rows of logits, [rows, classes], whose largest is that of the row's label. */
ptrdiff_t numbers_right(numbers logits, numbers labels, ptrdiff_t rows, ptrdiff_t classes);

#endif
