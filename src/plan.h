/* plan.h - a plan: steps over planes of memory, in regions that are walked block by block.

   plane   one coefficient of one array, contiguous. Several values may share one (x + v t has the planes of x and v).
   step    one operation on a block of lanes, with pointers to its planes.
   region  steps over one iteration space of n elements. Its planes that nobody outside reads live in slots of one block,
           which stay in cache; the others are stored whole.
   port    an input or output as the caller sees it. */
#ifndef JETS_PLAN_H
#define JETS_PLAN_H

#include "bag.h"
#include "jets.h"
#include "kernel.h"
#include "tape.h"

typedef enum plane_kind { PLANE_INPUT, PLANE_CONSTANT, PLANE_STORED, PLANE_LOCAL } plane_kind;

typedef struct plane {
  plane_kind kind;
  ptrdiff_t n;
  int region;    /* that makes it; -1 for inputs and constants */
  int last;      /* step that reads it last (of a local one) */
  int slot;      /* of a local one */
  int claimed;   /* an output owns it */
  int freed;     /* its slot has been given back */
  size_t offset; /* in the arena, in numbers */
  double *base;  /* arena or the caller's; NULL for a local one */
  const double *constant;
} plane;

typedef struct step step;
typedef void step_run(const jet_plan *, step *, ptrdiff_t first, ptrdiff_t n);

struct step {
  step_run *run;
  jk_call call; /* n, k0, k1 are set at each run */
  int k0, k1;   /* all that it makes */
  int late;     /* plain, of a jet_coefficient: made again at every range of orders */
  int region;
  int node;                        /* index into plan->flows */
  const int *in_planes[JK_MAX_IN]; /* plane ids by coefficient; -1: none */
  const int *out_planes[JK_MAX_OUT];
  shape from, to;                                /* of a broadcast */
  double *partial;                               /* of a sum: one number a block, coefficient after coefficient */
  size_t partial_at;                             /* in the arena */
};

typedef struct moving { /* a pointer that follows the block */
  double **entry;
  int plane;
} moving;

typedef struct region {
  int shape;
  ptrdiff_t n, block;
  int first, count;               /* steps */
  int first_moving, count_moving; /* pointers */
  int slots;
} region;

typedef struct flow { /* a needed node, for the count of orders lost */
  int first, count, nin, in;
  int jets; /* has a parameter: losses count */
  int above; /* orders of its input above what it takes: a coefficient may be spared what others lost */
  int lost; /* by this node in the last run */
} flow;

typedef struct port_plane {
  int plane;     /* -1: structurally zero */
  int copy;      /* the plane is somebody else's: copied after the run */
  size_t offset; /* of its own memory, where it has some */
  double *own, *bound;
} port_plane;

typedef struct port {
  int value, count; /* coefficients 0..count-1 */
  int first;        /* plan->port_planes */
  int input;
  ptrdiff_t n;
} port;

struct jet_plan {
  memory mem;
  bag owned; /* all memory but the plan itself and the three lists with a room */
  const jet_tape *tape; /* for comparison; may be dead */
  const jk_set *set;
  int by_orders;
  jet_status status;
  char message[256];

  int nplanes, nsteps, nregions, nports, nport_planes, nflows, nvalues, max_order;
  int planes_room, steps_room, regions_room;
  plane *planes;
  step *steps;
  region *regions;
  port *ports;
  port_plane *port_planes;
  flow *flows;
  moving *pointers;
  int *port_of; /* by value: port + 1 */
  int *lost;    /* by value */
  int *args;    /* inputs of flow */
  double *arena;
  void *work;
  int any_lost;
};

int plan_fail(jet_plan *, jet_status, const char *format, ...) __attribute__((format(printf, 3, 4)));
int plan_build(jet_plan *, const jet_tape *, int n, const jet outputs[]); /* build.c; 0 after plan_fail */
void plan_execute(jet_plan *, int k0, int k1);                            /* execute.c */

step_run run_row, run_broadcast, run_sum;

#endif
