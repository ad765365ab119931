/* kernel.h - the face of jets/: kernels on raw coefficient planes. They know no arrays, tapes, memory or threads.

   A kernel computes coefficients [k0, k1) of its results, given the lower ones of inputs and results (it is online), for n
   lanes. Plane k of a series exists for low <= k <= degree; outside the series is zero. Results may share memory with inputs
   plane by plane at the same lane. */
#ifndef JETS_KERNEL_H
#define JETS_KERNEL_H

#include "real.h"

#include <stddef.h>

enum { JK_MAX_IN = 3, JK_MAX_OUT = 3, JK_UNROLLED = 16 }; /* recurrences up to this order are unrolled */

typedef struct jk_series {
  real *const *plane;    /* plane[k]: lanes contiguous, any alignment of numbers. NULL: a spare that nobody wants kept */
  const ptrdiff_t *stride; /* stride[k]: from one direction to the next, 0 where shared. NULL: all shared */
  int low, degree;
} jk_series;

typedef struct jk_call {
  int row;
  int order, k0, k1; /* order: of the inputs and results; k1 <= degree + 1 of every result that is kept */
  int m;             /* derivative order of the row, for rows that are a family f, f', f'', ... */
  double c;          /* the constant of scale, shift, powc */
  ptrdiff_t n;
  int directions;
  jk_series in[JK_MAX_IN], out[JK_MAX_OUT];
  void *work; /* jk_work_size(order) bytes, aligned to 64 */
  int lost;   /* set to the highest number of orders lost in a lane, if that is more */
  /* Of several directions that share plane 0: k1 - 1 >= 1 where that coefficient, of inputs and results, is one plane, the sum over
     directions; else 0. Not for rows that are SPECIAL, PIECEWISE or a CHOICE. */
  int summed;
  real *aside; /* then: n numbers for each result */
} jk_call;

/* How a row's result depends on its inputs, structurally. */
typedef enum jk_kind {
  JK_LINEAR,    /* coefficient k needs coefficient k alone */
  JK_PRODUCT,   /* bilinear: intervals add */
  JK_GENERAL,   /* coefficient k needs all up to k */
  JK_SPECIAL,   /* as GENERAL, but at special points (by valuation) higher ones too */
  JK_PIECEWISE, /* piecewise linear: degrees stay; coefficient k needs all up to k */
  JK_SELECT,    /* coefficient k is that of input 1 or of input 2, by coefficient 0 of input 0 */
  JK_STEP,      /* piecewise constant: coefficient 0 alone, of that of the inputs */
  JK_CHOICE     /* coefficient 0 alone, decided by all coefficients of the inputs; per direction where an input is */
} jk_kind;

enum {
#define ONE(name) JK_##name,
#define TWO(a, b) JK_##a##b,
#define CONSTANT ONE
#define HIDDEN ONE
#define ROW(names, nin, nout, kind, rule, head, p, q, ...) names
#include "functions.def"
#include "functions_end.def"
  JK_ROWS
};

typedef struct jk_row {
  const char *name;
  int named, nin, nout; /* results: `named` values, then spares; those without partials serve to resume and may be NaN */
  jk_kind kind;
  double p, q; /* constants of its rule, see functions.def */
} jk_row;
extern const jk_row jk_rows[JK_ROWS];

typedef void jk_kernel(jk_call *);

/* A sum of numbers that come in turn, as a binary tree that splits at the largest power of two below their count. */
enum { JK_LEAF = 128, JK_LEAF_ROWS = 64 }; /* a leaf of jk_set.sum, and of sum_columns */
typedef struct jk_tree {
  size_t count;
  real level[64]; /* level[j]: the last whole subtree of 2^j, where bit j of count is set */
} jk_tree;
void jk_tree_add(jk_tree *, real);
real jk_tree_sum(const jk_tree *);

typedef struct jk_set { /* the kernels of an instruction set */
  const char *name;
  int width; /* lanes of a vector */
  jk_kernel *kernel[JK_ROWS];
  real (*sum)(const real *, ptrdiff_t n); /* a tree fixed by n */
  void (*fill)(real *y, real c, ptrdiff_t n);
  void (*add)(real *y, const real *x, ptrdiff_t n); /* y += x */
  /* y[j] = sum over i < rows of x[i * stride + j], j < n: a tree fixed by rows */
  void (*sum_columns)(real *y, const real *x, ptrdiff_t rows, ptrdiff_t n, ptrdiff_t stride);
  void (*sum_rows)(real *y, const real *x, ptrdiff_t rows, ptrdiff_t n); /* y[i] = sum(x + i n, n) */
} jk_set;

/* isa: 0 the best that runs here, 1 baseline, 2 AVX2, 3 AVX-512; NULL if not built or the processor lacks it. */
const jk_set *jk_select(int isa);

size_t jk_work_size(int order);

/* One call, directions and all. Plane 0 is computed once where it is shared; a row with spares keeps them then, and no result
   shares memory with an input. Coefficient 0 of a lane that is redone by valuation is a matter of direction: in a shared plane
   0 the last direction's stands. */
void jk_run(const jk_set *, jk_call *);

/* One call of a row of double, JK_WIDE lanes in all: what kernels of float need of it (narrow.h). */
enum { JK_WIDE = 16 };
typedef struct jk_wide {
  int row, m, order, k0, k1;
  int low, degree; /* of x; y has all */
  double *const *x, *const *y;
  void *work;      /* that of a jk_call */
} jk_wide;

/* Redo one lane by valuation and with zeros that absorb infinities (redo.c). Series of k1 numbers; y[i][0] given. */
typedef struct jk_lane {
  double *a, *b; /* may be overwritten */
  double *y[JK_MAX_OUT];
  double *t, *u; /* scratch of k1 numbers each */
  int k1;
  double p, q;
} jk_lane;
int jk_redo(int row, const jk_lane *); /* orders lost */

#endif
