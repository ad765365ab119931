/* naive.h - random programs of array operations, and an evaluator of them that shares nothing with the library: it
   keeps its own record and computes one element at a time, from the definition of each operation. */
#ifndef NAIVE_H
#define NAIVE_H

#include "generator.h"
#include "naive_series.h"
#include "op_list.h"

enum { NAIVE_MAX = 40, NAIVE_SIZE = 72, NAIVE_RANK = 4 };

typedef struct instruction {
  const struct naive_op *op; /* NULL: an input */
  int nin, in[3];
  op_shape shape;
  double bound; /* about the largest coefficient 0 */
  int axis, keep, n, axes[NAIVE_RANK];
  ptrdiff_t a[NAIVE_RANK], b[NAIVE_RANK], s[NAIVE_RANK], index[8];
  double c;
} instruction;

typedef struct program {
  int inputs, count; /* the first instructions are inputs */
  ptrdiff_t most;    /* elements of a value */
  double bound;      /* of one */
  instruction at[NAIVE_MAX];
} program;

typedef struct evaluator evaluator;

typedef struct naive_op {
  const char *name;
  int arity;
  /* Sets shape, bound and what the operation is told, for the operands chosen; false: not for these. */
  bool (*choose)(const program *, instruction *, generator *);
  jet (*record)(const instruction *, const jet x[]);
  series (*element)(evaluator *, const instruction *, ptrdiff_t e);
  series (*one)(series);
  series (*two)(series, series);
  series (*fold)(int n, const series x[]);
  /* Of an operation that moves elements: the operand and, from the index in the result, the index in it; false: the
     number c. */
  bool (*source)(const instruction *, const op_shape *const in[], ptrdiff_t index[NAIVE_RANK], int *which);
  double (*bound)(double a, double b);
  jet (*jet_one)(jet);
  jet (*jet_two)(jet, jet);
  jet (*jet_over)(jet, int n, const int axes[], int keep);
  jet (*jet_along)(jet, int axis);
} naive_op;

extern const naive_op naive_ops[];
extern const int naive_op_count;

void program_random(program *, int operations, generator *);
/* Of arrays of up to `most` elements, too large for the evaluator: mostly of one size, often slices of one input that overlap. Fewer
   operations from a generator in the same state are the first of these. */
void program_random_large(program *, int operations, ptrdiff_t most, generator *);
void program_print(const program *);
void program_record(const program *, jet values[]); /* values[0..inputs-1] are given */
bool program_uses(const program *, int value);      /* whether an instruction has it as operand */

/* inputs[i][e]: element e of input i */
evaluator *evaluator_new(const program *, const series *const inputs[]);
void evaluator_free(evaluator *);
series element_of(evaluator *, int value, ptrdiff_t e); /* computed once */
const op_shape *shape_in(const evaluator *, const instruction *, int which);

void unravel(const op_shape *, ptrdiff_t e, ptrdiff_t index[NAIVE_RANK]);
ptrdiff_t ravel(const op_shape *, const ptrdiff_t index[NAIVE_RANK]);
bool broadcast(op_shape *a, const op_shape *b); /* a to the shape of both; false: they do not fit */
ptrdiff_t broadcast_element(const op_shape *from, const op_shape *to, ptrdiff_t e);

#endif
