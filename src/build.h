/* build.h - a plan in the making, between build.c, plan_*.c and layout.c. */
#ifndef JETS_BUILD_H
#define JETS_BUILD_H

#include "plan.h"

typedef struct span { /* coefficients lo..hi; none if hi < lo */
  int lo, hi;
} span;

enum { ONCE = PLAN_ONCE };
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
  int *apart;      /* by value: the highest coefficient that is wanted in each direction, -1 */
  int *summed;     /* by value: the coefficient of which there is one plane, the sum over directions: the highest needed; or 0 */
  int **planes;    /* by value: plane ids by coefficient, or NULL */
  int **totals;    /* by value: steps that make sums of it, by coefficient: the latest + 1; or NULL */
  int *complete;   /* by value: first level in which all of it can be read */
  int *in_block;   /* by value: first level whose blocks of the same space can read it */
  char *known;     /* by value: depends on constants alone */
  int folding;     /* the region of what is made of such + 1 */
  int *remade;     /* by value: made in every region of blocks that reads it, from which level on + 1; 0: made once */
  int *space_of;   /* by shape: its iteration space, 0 for all small ones */
  int *region_of;  /* by space: the latest region + 1 */
  int *once_at;    /* by level: the region of what runs once + 1 */
  int *sources;    /* by coefficient: planes of which the node at hand makes a copy, or NULL */
  const ptrdiff_t **lists; /* by list of the tape: the plan's copy */
  const shape **shapes;    /* by shape of the tape: the plan's copy */
  char *late_of;   /* by value: a plain array that depends on a jet_coefficient or on a choice: FROM_ */
  size_t scratch_size; /* bytes, of one step at a time */
  int max_in;
  int teams;       /* most workers of a step on whole planes */
  ptrdiff_t slots_room, work_room; /* numbers for each worker */
  ptrdiff_t aside_at; /* in the work: room for what rows keep aside of sums over directions */
} build;

static inline ptrdiff_t common_divisor(ptrdiff_t a, ptrdiff_t b) { /* the greatest */
  for (ptrdiff_t t; b; a = b, b = t) t = a % b;
  return a;
}

static inline int build_needs(const build *b, int v) { return b->need[v].hi >= b->need[v].lo; }

/* Input i of a node of the tape: the value that stands for it. */
static inline int build_input(const build *b, const node *n, int i) { return b->same_as[node_input(b->tape, n, i)]; }

/* Whether coefficient k of the value is one plane, the sum over directions. */
static inline int build_summed(const build *b, int v, int k) { return k > 0 && b->summed[v] == k; }

int build_no_memory(build *);                      /* 0, after plan_fail */
int build_grow(build *, void *list, int *room, int count, size_t element);
int build_plane(const build *, int value, int k);  /* id, or -1: structurally zero or not needed */
const shape *build_shape(build *, int id);         /* of the tape's shape the plan's copy, made once; NULL after plan_fail */

int build_is_input(const op *);                    /* a leaf that the caller fills in */

int plan_common(build *, int n, const jet outputs[]);          /* plan_cse.c: same_as */
int plan_same_need(build *);                                   /* of equal values that are made again */
int plan_shares(build *, const node *, int region); /* whether it took the planes of an equal value that the region makes */
int plan_need(build *, int n, const jet outputs[]);            /* plan_need.c: need, apart, summed */
int plan_collapses(const build *);                             /* whether anything may be summed */
int plan_sum_input(const build *, const node *, int i);        /* where the node makes a sum: whether it takes one of input i */
void plan_want(build *, int value, int lo, int hi);
/* plan_planes.c. Planes of a node's values; makes[0..1] becomes the range of coefficients that a step must make. */
int plan_planes(build *, const node *, int makes[2]);
int plan_new_plane(build *, ptrdiff_t n, int copies); /* id, or -1 after plan_fail */
/* plan_total.c. The plane that is the sum of coefficient k over the directions; *id: -1 where that is zero. */
int plan_total(build *, int value, int k, int directions, int *id);
int plan_totals(build *, const node *);
int plan_spaces(build *);                                      /* plan_region.c */
int plan_region(build *, int space, ptrdiff_t n, int earliest); /* id, or -1 after plan_fail */
int plan_fold_region(build *);                                  /* where steps run when the plan is made */
/* plan_fold.c: whether the node's values are made when the plan is; and values that are others under a new name */
int plan_folds(build *, const node *);
void plan_clean(build *);
typedef enum sink_kind { SINK_NONE, SINK_COLUMNS, SINK_ROWS } sink_kind;
sink_kind plan_sum_sink(build *, const node *);                 /* plan_sink.c: what a sum over some axes is in the region of its input */
int plan_sum_whole(const build *, const node *);
int plan_sort(build *);
/* plan_step.c: what steps need beside their planes */
int tell_row(build *, const node *, step *), tell_broadcast(build *, const node *, step *), tell_read(build *, const node *, step *),
    tell_deposit(build *, const node *, step *), tell_add(build *, const node *, step *), tell_matrix(build *, const node *, step *),
    tell_job(build *, const node *, step *), tell_tables(build *, const node *, step *);
int plan_is_sink(const build *, const node *);
int plan_hoist(build *);                                       /* plan_hoist.c: which steps are */
/* plan_reuse.c: places of planes whose memory is used again; how many numbers all of it is, plane by plane rounded by room */
int plan_reuse(build *, ptrdiff_t (*room)(ptrdiff_t n), ptrdiff_t *numbers);
int plan_chains(build *);                                      /* plan_chains.c */
int plan_lines(build *);                                       /* plan_lines.c */
int plan_has_lines(const step *);
int plan_makes_plane(const step *, int k, int id); /* rather than having that of an input */
int plan_layout(build *, int n, const jet outputs[]);          /* layout.c */
int plan_ports(build *, int n, const jet outputs[]);           /* plan_ports.c */
void plan_note_constant(jet_plan *, plane *); /* a plane that is made with the plan, or a part of one, is read later */
void plan_workers(jet_plan *);                                 /* plan_workers.c; then the most of a region, of a step: */
int plan_most_workers(const jet_plan *), plan_most_in_teams(const jet_plan *);
int plan_pointers(build *, size_t scratch_at);                 /* plan_pointers.c */

#endif
