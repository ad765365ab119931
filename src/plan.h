/* plan.h - a plan: steps over planes of memory, in regions that are walked block by block.

   plane   one coefficient of one array, or one for each direction (copies). Several values may share one (x + v t has the
           planes of x and v), and one may be part of another (a view).
   step    one operation, with pointers to its planes: on a block of lanes, or on whole planes.
   region  steps over one iteration space of n elements. Its planes that nobody outside reads live in slots of one block,
           which stay in cache; the others are stored whole. Or steps that run once each, one after the other: those on
           whole planes, and all on few elements, where what a run costs beside arithmetic is the cost.
   worker  a share of a region's blocks, contiguous, that runs beside the others: it has its own steps, pointers, slots and work.
           Worker 0 has those of the plan.
   level   regions of a level depend on those of lower ones, and on what runs once in their own.
   port    an input or output as the caller sees it. */
#ifndef JETS_PLAN_H
#define JETS_PLAN_H

#include "bag.h"
#include "hostile.h"
#include "jets.h"
#include "kernel.h"
#include "lines.h"
#include "numbers.h"
#include "tape.h"

enum { PLAN_ONCE = HOSTILE ? 4 : 64 }; /* elements up to which an iteration space is not walked in blocks */

typedef enum plane_kind {
  PLANE_INPUT,
  PLANE_GIVEN, /* bound memory alone */
  PLANE_CONSTANT,
  PLANE_STORED,
  PLANE_LOCAL,
  PLANE_VIEW
} plane_kind;

typedef struct plane {
  ptrdiff_t n, stride; /* lanes; from one copy to the next */
  int copies;          /* one is for all directions */
  plane_kind kind;
  int region;   /* that makes it; -1 for inputs and constants */
  int last;     /* step that reads it last (of a local one) */
  int root;     /* of a view: the plane that it is part of, which is no view */
  int counted;  /* the latest region that touches it + 1 */
  int period;   /* of one that is hoisted: lanes after which it repeats itself; else 0 */
  char claimed; /* an output owns it */
  char movable; /* the caller may bind its memory */
  char freed;   /* its slot has been given back */
  char reused;  /* its memory is others' before or after; `at` counts from where such memory begins */
  char hidden;  /* between lines alone, which keep it in a register: its slot waits for rows that may have to run in their place */
  ptrdiff_t at; /* of a view: in its root; of a local one: its slot, -1 before; else in the arena */
  real *base; /* arena or the caller's */
  const double *constant;
} plane;

typedef struct chain { /* a run of rows, and of sinks behind them that add parts, that native code makes */
  int rows, sinks, operations;
  int width;      /* lanes of a vector */
  int planes;     /* in the table of pointers */
  const int *ids; /* plane ids */
  real **plane;
  real *carry;    /* lanes of parts from block to block */
  int carries;
  int streams;    /* planes of the table that may be stored past the cache, the first of them.. */
  int *stream;
  ptrdiff_t *stream_lanes; /* ..and how far beyond the block's first lane */
  ptrdiff_t at;   /* of the code */
  native_code *code;
} chain;

typedef struct step step;
typedef struct region region;
struct build;

typedef enum step_trait {
  TYPE_LANES = 1 << 0,         /* makes results lane by lane, block by block */
  TYPE_SINK = 1 << 1,          /* goes over the lanes of its inputs, to results of another shape */
  TYPE_POINTS_IN = 1 << 2,     /* has pointers to planes of its inputs.. */
  TYPE_POINTS_OUT = 1 << 3,    /* ..and of its results */
  TYPE_MOVES = 1 << 4,         /* computes nothing */
  TYPE_JOB = 1 << 5,           /* works on whole planes by what `job` says */
  TYPE_SHARES = 1 << 6,        /* workers share planes.. */
  TYPE_SHARES_PLANES = 1 << 7  /* ..and each plane too */
} step_trait;

typedef struct step_type { /* step_types.c: what a step of a type does; NULL: nothing */
  void (*run)(const jet_plan *, step *, ptrdiff_t first, ptrdiff_t n);
  int (*tell)(struct build *, const node *, step *);   /* what it needs beside its planes; 0 after plan_fail */
  ptrdiff_t (*aside)(const region *, const step *);    /* numbers that it keeps aside, of each coefficient and direction */
  void (*finish)(const jet_plan *, const step *);      /* makes its results when all blocks have run, out of what is aside */
  void (*join)(const jet_plan *, const step *);        /* of worker 1, 2, .. in turn: adds what is aside */
  unsigned traits;
} step_type;

typedef struct spread { /* of a broadcast: axes that broadcast alike are one; the innermost first */
  int rank;
  ptrdiff_t extent[JET_MAX_RANK], stride[JET_MAX_RANK];
} spread;

typedef struct parts { /* of a deposit */
  const ptrdiff_t *patterns;
  ptrdiff_t size; /* of the result */
  /* Of a sink: parts by offset, the last first: then the order of additions does not depend on blocks. */
  const int *order;
  const ptrdiff_t *offset;
  int apart; /* no two overlap */
  /* Of a worker but the first: what its lanes add below the place of lane `from` in the last part comes after the additions of the
     worker before; it is kept aside until all are done, `border` numbers for each coefficient and direction. */
  ptrdiff_t from, border;
} parts;

typedef struct matrix_sum { /* of a sum over leading or trailing axes */
  ptrdiff_t rows, columns;
} matrix_sum;

typedef struct job { /* of a step on whole planes */
  piece told;
  jets *in, *out;    /* of all directions */
  jets *in_1, *out_1; /* of one direction, room for `length` coefficients; NULL where there is but one */
  int order, length;
} job;

struct step {
  const step_type *type;
  const op *of;
  const shape *result;
  int order; /* of its result */
  int k0, k1;     /* all that it makes */
  int summed;     /* the last of these where it is the sum over directions; 0 */
  int now0, now1; /* of it, in this run */
  int late;       /* decided by coefficients: made again at every range of orders */
  int region;
  int node;       /* index into plan->flows */
  int directions; /* of its result */
  int workers;    /* of a step on whole planes */
  int nin, nout;
  ptrdiff_t n;    /* lanes of its iteration space */
  jk_series *in, *out; /* pointers where it needs them, and the coefficients there are */
  const int **in_planes, **out_planes; /* plane ids by coefficient; -1: none */
  jk_call *call;  /* of a row: in and out are its own */
  union {
    const spread *axes;
    const ptrdiff_t *pattern; /* of elements that are read by blocks */
    parts *deposit;
    matrix_sum *matrix;
    job *whole;
  };
  real *aside; /* by coefficient and direction; NULL for worker 0 of what joins */
  size_t aside_at; /* in the arena */
  chain *lines;   /* that begin with this row, or NULL */
  char in_lines;
};

typedef struct moving { /* a pointer that follows the block, or the memory that the caller binds */
  real **entry;
  int plane;
} moving;

typedef struct cycling { /* a pointer to what is hoisted, for blocks that begin anywhere in its period */
  real **entry, *base;
  ptrdiff_t period;
} cycling;

struct region {
  ptrdiff_t n, block;
  int level, once;
  int folded;                     /* runs when the plan is made, never again */
  int first, count;               /* steps */
  int hoisted;                    /* the first of these, which run once for `lanes` lanes and each worker */
  ptrdiff_t lanes;
  ptrdiff_t first_moving, count_moving; /* pointers */
  ptrdiff_t first_cycling, count_cycling;
  ptrdiff_t usual_moving; /* the first of them; the rest is of rows that lines stand for */
  ptrdiff_t slots;   /* of a block; numbers where steps run once */
  ptrdiff_t kept;    /* planes that are hoisted */
  ptrdiff_t room;    /* numbers for all these */
  ptrdiff_t touched; /* planes in memory that a block reads and writes */
  int sums, finishes; /* steps that add up all lanes; and that have a `finish` */
  ptrdiff_t whole_rows; /* what a block is a multiple of, as sums over rows need it; 0: of nothing */
  ptrdiff_t leaf;       /* what a worker's share is a multiple of, in blocks, as sums over columns need it */
  ptrdiff_t shown;   /* planes in slots that are not hidden */
  int streams; /* whether something passes the cache */
  int workers;
  step *others; /* of workers 1, 2, ..: `count` each. Their pointers follow those of worker 0 in the same way */
};

typedef struct flow { /* a needed node, for the count of orders lost */
  int first, count, nin, in;
  int jets; /* has a parameter: losses count */
  int above; /* orders of its input above what it takes: a coefficient may be spared what others lost */
  int lost; /* by this node in the last run */
} flow;

typedef struct port_plane {
  int plane;     /* -1: structurally zero */
  int copy;      /* the plane is somebody else's: copied after the run */
  int copies;    /* directions that the caller sees */
  size_t offset; /* of its own memory, where it has some */
  real *own, *bound;
} port_plane;

typedef struct port {
  int value, count; /* the value that stands for it; coefficients 0..count-1 */
  int first;        /* plan->port_planes */
  int input;
  ptrdiff_t n;
} port;

typedef struct pair { /* a complex jet whose parts are ports */
  int value, re, im; /* values */
} pair;

typedef struct weave { /* memory of the caller's with a pair's numbers in turn: read before a run, written after it */
  int re, im; /* port_planes */
  ptrdiff_t n;
  int copies; /* directions; a part with one is the same in each */
  int input;
  double *data; /* NULL: not bound */
} weave;

typedef struct delivery { /* what an output gets after the run: a plane or zeros */
  int port_plane;
  ptrdiff_t n;
} delivery;

typedef struct runtime { /* the plan and what it runs, for a type of numbers */
  jet_type type;
  int (*build)(jet_plan *, const jet_tape *, int n, const jet outputs[]);
  void (*execute)(jet_plan *, int k0, int k1);
  void (*release)(jet_plan *); /* what steps have prepared */
  jet_status (*print)(const jet_plan *, FILE *);
  void (*split)(const jet_plan *, const struct weave *, const double *pairs);
  void (*join)(const jet_plan *, const struct weave *, double *pairs);
} runtime;

struct jet_plan {
  const runtime *typed;
  memory mem;
  struct hostile *hostile; /* hostile.h; else NULL */
  bag owned; /* all memory but the plan itself and the three lists with a room */
  const jet_tape *tape; /* for comparison; may be dead */
  const jk_set *set;
  int by_orders, without, threads, measure;
  jet_status status;
  char message[256];

  int folded; /* its first region is */
  int nplanes, nsteps, nregions, nports, nport_planes, nflows, nvalues, max_order;
  int planes_room, steps_room, regions_room;
  plane *planes;
  step *steps;
  region *regions;
  port *ports;
  port_plane *port_planes;
  flow *flows;
  moving *pointers;
  cycling *cycles;
  delivery *deliveries;
  int *views;    /* planes that are */
  step **lossy;  /* steps that may lose orders, of all workers */
  int ndeliveries, nviews, nlossy;
  pair *pairs;  /* by value, ascending */
  weave *woven; /* by pair and coefficient; pair i has those from pair_at[i] on */
  int *woven_at;
  int npairs, nwoven;
  int *port_of; /* by value: port + 1 */
  int *lost;    /* by value */
  int *args;    /* inputs of flow */
  real *arena;
  void *work;
  void *code; /* of lines */
  size_t code_size;
  const real **operands; /* of a step on whole planes: room for the most there are, for each worker */
  size_t scratch_room;   /* bytes for each worker of such a step */
  int operands_room;
  int now0, now1; /* the orders that run */
  int any_lost;   /* in the last run */
  int moved; /* the caller has bound memory since the last run */
};

int plan_fail(jet_plan *, jet_status, const char *format, ...) __attribute__((format(printf, 3, 4)));
int plan_build(jet_plan *, const jet_tape *, int n, const jet outputs[]); /* build.c; 0 after plan_fail */
void plan_execute(jet_plan *, int k0, int k1);                            /* execute.c */
void plan_release(jet_plan *);                                            /* plan_step.c */
jet_status plan_print(const jet_plan *, FILE *);                          /* plan_print.c */
extern const runtime plan_runtime;                                        /* ports.c */

/* plan.c, for ports.c: a call that failed and changed nothing; the port of x, NULL if it has none */
jet_status plan_refuse(jet_plan *, jet_status, const char *format, ...) __attribute__((format(printf, 3, 4)));
const port *plan_port(const jet_plan *, jet x);

void plan_execute_folded(jet_plan *);
/* plan_pairs.c */
int plan_pairs(jet_plan *, const jet_tape *);        /* 0 after plan_fail */
int plan_pair_of(const jet_plan *, int value);       /* index, -1 */
/* weave.c */
void weave_split(const jet_plan *, const weave *, const double *pairs); /* to the parts */
void weave_join(const jet_plan *, const weave *, double *pairs);
void plan_unweave(const jet_plan *);                 /* the caller's pairs into inputs */
void plan_weave(const jet_plan *);                   /* outputs into the caller's */

extern const step_type type_row, type_collapse, type_broadcast, type_read, type_sum, type_sum_columns, type_sum_rows, type_add,
    type_repeat, type_deposit, type_planes, type_pairs, type_stages, type_whole;
/* step_lines.c. A block by lines; 0: the rows and sinks must run, and then go_on_after_rows. */
int run_lines(const jet_plan *, const step *, ptrdiff_t first, ptrdiff_t n);
void go_on_after_rows(const step *, ptrdiff_t n);

static inline int step_is(const step *s, unsigned trait) { return (s->type->traits & trait) != 0; }
static inline real *step_aside(const step *s, ptrdiff_t each, int k, int copy) { /* of coefficient k and a direction: `each` numbers */
  return s->aside + ((k - s->k0) * (ptrdiff_t)s->directions + copy) * each;
}
static inline int plan_may(const jet_plan *p, jet_optimisation what) { return !(p->without & (int)what); }
static inline ptrdiff_t copy_at(const plane *x, int copy) { return x->copies > 1 ? copy * x->stride : 0; }
static inline int plane_in(const int *ids, const jk_series *s, int k) { /* id, or -1 */
  return ids && k >= s->low && k <= s->degree ? ids[k] : -1;
}
static inline int in_blocks(const region *r) { return !r->once && r->n > r->block; } /* more than one */
/* Whether pointers to the plane go through its period from block to block. */
static inline int cycles_in(const region *r, const plane *x) { return x->period && in_blocks(r) && r->block % x->period; }
/* How far part i of the order lies above the one that lies lowest. */
static inline ptrdiff_t plan_part_lag(const parts *q, int i, int count) { return q->offset[q->order[i]] - q->offset[q->order[count - 1]]; }
static inline ptrdiff_t blocks_of(const region *r) { return (r->n + r->block - 1) / r->block; }
static inline ptrdiff_t share_of(const region *r, int worker) { /* the first of its blocks */
  ptrdiff_t blocks = blocks_of(r), leaves = (blocks + r->leaf - 1) / r->leaf;
  ptrdiff_t first = (leaves / r->workers * worker + leaves % r->workers * worker / r->workers) * r->leaf;
  return first < blocks ? first : blocks;
}
static inline step *worker_steps(const jet_plan *p, const region *r, int worker) {
  return worker ? r->others + (ptrdiff_t)(worker - 1) * r->count : p->steps + r->first;
}

#endif
