/* numbers.h - what operations on whole arrays do to numbers: a table for each type, in which an operation has one index. */
#ifndef JETS_NUMBERS_H
#define JETS_NUMBERS_H

#include "tape.h"
#include "typed.h"

/* What a step on whole arrays is told. The plan owns all of it. */
typedef struct piece {
  const jk_set *set;
  attributes with;
  const ptrdiff_t *list; /* of with.list */
  ptrdiff_t list_count;
  int nin;
  int directions; /* of all that is made */
  shape in[JK_MAX_IN], out; /* of the first inputs and the first value */
  int orders[JK_MAX_IN];    /* of the first inputs: a plain choice may look at all their coefficients */
  int measure;              /* prepare may take its time and try */
  void *prepared;           /* by its prepare */
  void *scratch;            /* its scratch bytes, aligned to 64, shared with nobody during the call */
} piece;

/* Planes of an input or result: coefficient k of direction p at plane[k] + p * stride[k]; NULL: structurally zero (of a result: not
   wanted). Every coefficient 0..order of the value has an entry. */
typedef struct jets {
  real *const *plane;
  const ptrdiff_t *stride;
} jets;

typedef struct cut { /* of a product */
  int copies; /* that many planes of a and of y lie one after the other, and are taken at once */
  int inner;  /* of a and of b, and y is the sum of their products */
  int part, parts; /* part 0..parts-1 of the elements of y */
} cut;

typedef void plane_fn(const piece *, real *y, const real *const x[]);
typedef void pair_fn(const piece *, real *y, const real *a, const real *b, int add, const cut *);
typedef int stacks_fn(const piece *, int inner);
typedef void whole_fn(const piece *, int order, int k0, int k1, const jets in[], const jets out[]);
typedef int stages_fn(const piece *);
typedef void stage_fn(const piece *, int stage, void *between, const real *const x[], real *const y[], int part, int parts);
typedef size_t scratch_fn(const piece *);
typedef int prepare_fn(piece *, const memory *);
typedef void release_fn(piece *, const memory *);

int numbers_share_products(void); /* whether several threads at a time may ask for products: BLAS has none of its own */

typedef struct numbers {
  /* y = the result's plane from those of the inputs at the same coefficient (NEED_SAME) or at 0 (NEED_ZERO); NULL: zero. Not all
     of x is NULL. Whole contiguous arrays; y overlaps no x. Called once for every coefficient and direction. */
  plane_fn *plane;
  /* y = a b, or y += a b, for the bilinear product of a plane of each factor, or the part of it that `cut` says. */
  pair_fn *pair;
  stacks_fn *stacks; /* whether cut.copies may be more than 1 */
  /* Coefficients k0..k1-1 of one direction (strides already applied), given all lower ones. in, out: by input, by value. */
  whole_fn *whole;
  /* y = the results' planes from those of the inputs at the same coefficient, NULL: zero, in so many stages one after the other, each
     in parts that may run at the same time, with scratch of their own. `between` has as many bytes and is the same for all stages and
     parts; where one call after the other does all parts it may be the scratch. */
  stages_fn *stages;
  stage_fn *stage;
  scratch_fn *scratch; /* NULL: none */
  /* What is made once, with the plan, and lives as long: piece->prepared; 0 on failure. All values of such a node are made. NULL:
     nothing. */
  prepare_fn *prepare;
  release_fn *release;
} numbers;
extern const numbers numbers_table[];

static inline const numbers *numbers_of(const op *o) { return &numbers_table[o->numbers]; }

/* Whether sum_axes sums over the columns of a matrix (1) or over its rows (0), which the array is by another name; -1: neither. */
int sum_axes_matrix(const shape *, int axes, ptrdiff_t *rows, ptrdiff_t *columns);

#define PLANE(name) plane_fn plane_##name;
#define PLANE_SCRATCH(name) PLANE(name) scratch_fn scratch_##name;
#define PAIR(name) pair_fn pair_##name; stacks_fn stacks_##name;

#define WHOLE(name) whole_fn whole_##name;
#define WHOLE_SCRATCH(name) WHOLE(name) scratch_fn scratch_##name;
#define STAGED(name)                                                                                                 \
  stages_fn stages_##name;                                                                                             \
  stage_fn stage_##name;                                                                                               \
  scratch_fn scratch_##name;                                                                                           \
  prepare_fn prepare_##name;                                                                                           \
  release_fn release_##name;
#include "numbers.def"

#endif
