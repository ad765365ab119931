/* build.h - a plan in the making, between build.c, plan_*.c and layout.c. */
#ifndef JETS_BUILD_H
#define JETS_BUILD_H

#include "plan.h"

typedef struct span { /* coefficients lo..hi; none if hi < lo */
  int lo, hi;
} span;

enum { ONCE = 64 }; /* elements up to which an iteration space is not walked in blocks */
enum { FROM_COEFFICIENT = 1, FROM_CHOICE = 2 };

typedef struct build {
  jet_plan *plan;
  const jet_tape *tape;
  bag scratch;     /* dies with the build */
  int nvalues, nnodes;
  int *same_as;    /* by value: the value that stands for it */
  int *number;     /* by value: the first that is equal, of those that are made again too */
  int *made_last;  /* by value: of those of its number, the latest that has planes, + 1 */
  span *need;      /* by value, inside its interval */
  int **planes;    /* by value: plane ids by coefficient, or NULL */
  int *complete;   /* by value: first level in which all of it can be read */
  int *in_block;   /* by value: first level whose blocks of the same space can read it */
  int *space_of;   /* by shape: its iteration space, 0 for all small ones */
  int *region_of;  /* by space: the latest region + 1 */
  int *once_at;    /* by level: the region of what runs once + 1 */
  int *sources;    /* by coefficient: planes of which the node at hand makes a copy, or NULL */
  const ptrdiff_t **lists; /* by list of the tape: the plan's copy */
  const shape **shapes;    /* by shape of the tape: the plan's copy */
  char *late_of;   /* by value: a plain array that depends on a jet_coefficient or on a choice: FROM_ */
  size_t scratch_size; /* bytes, of one step at a time */
  int max_in;
  ptrdiff_t slots_room, work_room; /* numbers for each worker */
} build;

/* Input i of a node of the tape: the value that stands for it. */
static inline int build_input(const build *b, const node *n, int i) { return b->same_as[node_input(b->tape, n, i)]; }

int build_no_memory(build *);                      /* 0, after plan_fail */
int build_grow(build *, void *list, int *room, int count, size_t element);
int build_plane(const build *, int value, int k);  /* id, or -1: structurally zero or not needed */

int build_is_input(const op *);                    /* a leaf that the caller fills in */

int plan_common(build *, int n, const jet outputs[]);          /* plan_cse.c: same_as */
int plan_same_need(build *);                                   /* of equal values that are made again */
int plan_shares(build *, const node *, int region); /* whether it took the planes of an equal value that the region makes */
int plan_need(build *, int n, const jet outputs[]);            /* plan_need.c */
void plan_want(build *, int value, int lo, int hi);
/* plan_planes.c. Planes of a node's values; makes[0..1] becomes the range of coefficients that a step must make. */
int plan_planes(build *, const node *, int makes[2]);
int plan_spaces(build *);                                      /* plan_region.c */
int plan_region(build *, int space, ptrdiff_t n, int earliest); /* id, or -1 after plan_fail */
int plan_sort(build *);
int plan_step(build *, const node *, step *);                  /* plan_step.c: what the step needs beside its planes */
int plan_is_sink(const build *, const node *);
int plan_chains(build *);                                      /* plan_chains.c */
int plan_lines(build *);                                       /* plan_lines.c */
int plan_has_lines(const step *);
int plan_makes_plane(const step *, int k, int id); /* rather than having that of an input */
int plan_layout(build *, int n, const jet outputs[]);          /* layout.c */
int plan_pointers(build *, size_t scratch_at);                 /* plan_pointers.c */

#endif
