/* lines.h - runs of consecutive rows that are sums and products of few coefficients, taken apart into lines: one operation on
   one number of each lane, with the rounding that the kernels have. Native code makes all lines of a vector of lanes before it goes to
   the next, with what lies between them in registers. */
#ifndef JETS_LINES_H
#define JETS_LINES_H

#include "bag.h"
#include "kernel.h"
#include "typed.h"

/* A value is the line that makes it. */
typedef enum line_op {
  LINE_LOAD,     /* plane[k] */
  LINE_CONSTANT,
  LINE_NEGATE,   /* -a */
  LINE_ADD,
  LINE_SUBTRACT,
  LINE_MULTIPLY,
  LINE_FMA,      /* +-(a b) +- c, rounded once */
  LINE_SHIFT,    /* a of `lanes` lanes before, 0 < lanes < those of a vector; of carry[plane] before the first */
  LINE_STORE,    /* a to plane[k], `lanes` lanes further */
  LINE_GONE      /* that nobody needs */
} line_op;

enum { LINE_OPERANDS = 3, LINE_CARRIES = 4, CARRY_VECTORS = 3 };

typedef struct line {
  line_op op;
  int of[LINE_OPERANDS]; /* values; -1: none */
  int minus_product, minus_sum; /* signs of an FMA */
  int plane;             /* index into the table of pointers */
  ptrdiff_t lanes;
  int streamed;          /* a store that may pass the cache */
  int watched;           /* whether the run must know that it is finite */
  int last;              /* the last line that reads it */
  double constant;
} line;

/* Lanes 0..head-1, fewer than a vector has; full vectors up to lane `full`; and a tail. */
typedef struct native_lanes {
  ptrdiff_t head, full;
  const void *head_mask, *tail_mask; /* native_mask */
  ptrdiff_t streams; /* what may pass the cache does: it is aligned behind the head */
} native_lanes;

/* All lines on these lanes of the planes in the table. Every carry has room for three vectors: the lanes before the first, given; then
   that before lane `full` and that of the tail, made. Non-zero: something watched was not finite. */
typedef int native_code(real *const *planes, const native_lanes *, real *carry);

typedef struct native { /* code in the making */
  memory mem;
  unsigned char *code;
  size_t count, room;
  int width;     /* lanes of a vector */
  int no_memory; /* the allocator refused */
  int too_long;
} native;

/* native.c. Where there is no such code for the processor, or the system grants no memory to run it in, the rows run as they are. */
int native_width(const jk_set *);                              /* lanes of a vector, or 0 */
ptrdiff_t native_add(native *, line *, int count, int planes); /* the place of the code of count lines */
const void *native_mask(int width, ptrdiff_t n);               /* of n lanes, fewer than a vector has */
void native_fence(void);                                       /* what passed the cache is there */
void *native_seal(native *, size_t *size);                     /* all of it, ready to run, or NULL; frees what was in the making */
void native_free(void *code, size_t size);

#endif
