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
  int directions;  /* P families of coefficients, of which those below `shared` are one for all */
  int shared;      /* order + 1 where directions is 1 */
  int complex;     /* a handle of two real arrays: pair.h */
} value;

#define JET_MAX_LIST 0x7fffffff /* numbers of a list */

struct op;
struct reverse; /* a reverse sweep being recorded: reverse.h */

typedef struct attributes { /* what an operation is told beside its inputs */
  double c;
  int m;     /* derivative order of a row */
  int k;     /* a coefficient, an order, whatever the operation says */
  int shape; /* of the result, where the inputs do not tell */
  int data;  /* of a constant: index into tape->data; -1 */
  int list;  /* index into tape->lists: axes, patterns, whatever the operation says; -1 */
} attributes;
#define NO_ATTRIBUTES {0, 0, 0, -1, -1, -1}

typedef struct node {
  const struct op *op;
  int first, count; /* values */
  int in, nin;      /* tape->args[in ..] */
  attributes with;
} node;

enum { /* what operations on whole arrays do to numbers */
  NUMBERS_NONE,
#define PLANE(name) NUMBERS_##name,
#define PLANE_SCRATCH PLANE
#define PAIR PLANE
#define WHOLE PLANE
#define WHOLE_SCRATCH PLANE
#define STAGED PLANE
#include "numbers.def"
};

/* How a plan runs an operation. */
typedef enum step_kind {
  STEP_LEAF,
  STEP_ALIAS,     /* planes of its inputs under other names: op->alias */
  STEP_VIEW,      /* an alias of a contiguous part of its input: list = pattern */
  STEP_ROW,       /* elementwise, a row of jets/ */
  STEP_BROADCAST,
  STEP_SUM,       /* over all elements */
  STEP_DEPOSIT,   /* sum of parts at patterns: op_deposit */
  STEP_PLANES,    /* linear, plane by plane: numbers->plane */
  STEP_PAIRS,     /* bilinear, pair of planes by pair: numbers->pair */
  STEP_STAGED,    /* linear, plane by plane in stages: numbers->stage */
  STEP_WHOLE,     /* numbers->whole */
  STEP_COLLAPSE   /* the sum over directions */
} step_kind;

/* What of an input coefficients lo..hi of the result need. */
typedef enum need {
  NEED_SAME,  /* lo..hi: linear in this input */
  NEED_LOWER, /* 0..hi */
  NEED_ZERO,  /* coefficient 0 alone */
  NEED_ALL    /* 0..order */
} need;

/* An operation: a struct that names its functions, one a floor. */
typedef struct op {
  const char *name;
  int row;   /* of the kernels, or -1 */
  int count; /* values made */
  /* Fills shape, parameter, order, interval, directions of the count values; false after tape_fail. */
  int (*infer)(jet_tape *, const struct op *, int nin, const int *in, const attributes *, value *out);
  /* Adds to the adjoints of the inputs what those of the values give (reverse.h). NULL: the derivative is zero. */
  void (*pull)(struct reverse *, const node *);
  step_kind step;
  need needs[JK_MAX_IN]; /* by input, the last for all that follow; not for rows, which have a jk_kind */
  /* If coefficient k of the first value is a coefficient of an input as it stands: that input and its coefficient. */
  int (*alias)(const jet_tape *, const node *, int k, int *input, int *coefficient);
  int numbers; /* of a step on whole arrays: what it does to numbers (numbers.h) */
} op;

typedef struct list {
  ptrdiff_t *at;
  ptrdiff_t count, room;
} list;

struct jet_tape {
  memory mem;
  jet_isa isa;
  jet_type type;
  int rewriting, threads;
  jet_status status;
  char message[256];
  value *values;
  node *nodes;
  int *args;
  shape *shapes;
  double **data; /* constants */
  ptrdiff_t *data_size;
  list *lists;
  int *hash; /* of shapes */
  int nvalues, nnodes, nargs, nshapes, ndata, nlists;
  int values_room, nodes_room, args_room, shapes_room, data_room, data_size_room, hash_room, lists_room;
  struct known *known; /* values at recording: peek.c */
};

const char *type_name(jet_type);
const char *other_type(jet_type, const jet_tape *of); /* for a sentence about a jet of another tape: "" where the types are the same */

/* The one place that every failure of a tape passes. The first sticks. Returns 0. */
int tape_fail(jet_tape *, jet_status, const char *format, ...) __attribute__((format(printf, 3, 4)));

void known_free(jet_tape *); /* peek.c */
extern const jet jet_none;                       /* {NULL, -1} */
/* Id of a shape, -1 after tape_fail; name: of the operation, for the sentence. */
int tape_shape(jet_tape *, const char *name, int rank, const ptrdiff_t *dims);
int tape_data(jet_tape *, const double *data, ptrdiff_t n);  /* copied; index, -1 after tape_fail */

int tape_list(jet_tape *, const ptrdiff_t *list, ptrdiff_t n); /* copied; index, -1 after tape_fail */

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
static inline int copies_of(const value *v, int k) { return v->directions > 1 && k >= v->shared ? v->directions : 1; } /* of plane k */
static inline const list *list_of(const jet_tape *tape, const node *n) { return &tape->lists[n->with.list]; }
static inline int node_input(const jet_tape *tape, const node *n, int i) { return tape->args[n->in + i]; }

char *shape_text(const shape *, char text[static 200]); /* "[3,4]" */
int options_read(const jet_tape_options *, jet_tape_options *out); /* defaults for what a shorter struct lacks; 0 if bad */

#endif
