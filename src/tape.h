/* tape.h - what is recorded: values, the nodes that make them, shapes. Append only: ids are positions, and a node's inputs
   have smaller ids than its values. */
#ifndef JETS_TAPE_H
#define JETS_TAPE_H

#include "jets.h"
#include "kernel.h"
#include "memory.h"

typedef struct shape {
  int rank;
  ptrdiff_t dims[JET_MAX_RANK];
  ptrdiff_t size;
} shape;

typedef struct value {
  int node, index; /* made by this node, as its index-th */
  int shape;
  int parameter;   /* id of the jet_parameter, -1 for a plain array */
  int order;
  int low, degree; /* coefficients that can be non-zero; low > degree: structurally zero */
  int directions;  /* planes shared..summed-1 exist once a direction; those below are shared, those from summed on are sums */
  int shared, summed;
} value;

struct op;

typedef struct attributes { /* what an operation is told beside its inputs */
  double c;
  int m;     /* derivative order of a row */
  int k;     /* a coefficient, an order */
  int shape; /* of a leaf or a broadcast */
  int data;  /* of a constant: index into tape->data; -1 */
} attributes;
#define NO_ATTRIBUTES {0, 0, 0, -1, -1}

typedef struct node {
  const struct op *op;
  int first, count; /* values */
  int in, nin;      /* tape->args[in ..] */
  attributes with;
} node;

/* An operation: a struct that names its functions, one a floor. */
typedef struct op {
  int row; /* of the kernels, or -1 */
  const char *name;
  int count; /* values made */
  /* Fills shape, parameter, order, interval of the count values; false after tape_fail. */
  int (*infer)(jet_tape *, const struct op *, int nin, const int *in, const attributes *, value *out);
  int step; /* what the plan makes of it: see build.c */
  /* If coefficient k of the first value is a coefficient of an input as it stands: that input and its coefficient. */
  int (*alias)(const jet_tape *, const node *, int k, int *input, int *coefficient);
} op;

enum { STEP_LEAF, STEP_ALIAS, STEP_ROW, STEP_BROADCAST, STEP_SUM };

struct jet_tape {
  memory mem;
  jet_isa isa;
  int rewriting;
  jet_status status;
  char message[256];
  value *values;
  node *nodes;
  int *args;
  shape *shapes;
  double **data; /* constants */
  ptrdiff_t *data_size;
  int *hash; /* of shapes */
  int nvalues, nnodes, nargs, nshapes, ndata;
  int values_room, nodes_room, args_room, shapes_room, data_room, data_size_room, hash_room;
};

/* The one place that every failure of a tape passes. The first sticks. Returns 0. */
int tape_fail(jet_tape *, jet_status, const char *format, ...) __attribute__((format(printf, 3, 4)));

extern const jet jet_none;                       /* {NULL, -1} */
/* Id of a shape, -1 after tape_fail; name: of the operation, for the sentence. */
int tape_shape(jet_tape *, const char *name, int rank, const ptrdiff_t *dims);
int tape_data(jet_tape *, const double *data, ptrdiff_t n);  /* copied; index, -1 after tape_fail */

/* Appends a node; its first value, or {tape, -1}. */
jet tape_record(jet_tape *, const op *, int nin, const int *in, const attributes *);

static inline int min_(int a, int b) { return a < b ? a : b; }
static inline int max_(int a, int b) { return a > b ? a : b; }

static inline jet tape_jet(jet_tape *tape, int id) {
  jet x = {tape, id};
  return x;
}
static inline const value *value_of(const jet_tape *tape, int id) { return &tape->values[id]; }
static inline const node *node_of(const jet_tape *tape, int id) { return &tape->nodes[tape->values[id].node]; }
static inline const shape *shape_of(const jet_tape *tape, int id) { return &tape->shapes[tape->values[id].shape]; }
static inline int node_input(const jet_tape *tape, const node *n, int i) { return tape->args[n->in + i]; }

char *shape_text(const shape *, char text[static 200]); /* "[3,4]" */
int options_read(const jet_tape_options *, jet_tape_options *out); /* defaults for what a shorter struct lacks; 0 if bad */

#endif
