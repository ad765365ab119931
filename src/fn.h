/* fn.h - a jet_fn: what was recorded, plans for the questions asked of it, and the steps that every evaluation takes.

   fn.c          life, recording
   fn_prepare.c  questions: the tape and plan that answer each, the last few kept; a run
   fn_forward.c  value, derivatives, Taylor coefficients, J v
   fn_reverse.c  gradient, Hessian-vector products, their Taylor coefficients, u J
   fn_jacobian.c Jacobian and Hessian, by directions in chunks
   fn_inputs.c   several inputs
   fn_check.c    the same derivatives in different ways */
#ifndef JETS_FN_H
#define JETS_FN_H

#include "bag.h"
#include "jets.h"

typedef enum question {
  VALUE,           /* y */
  DERIVATIVES,     /* elementwise, along 1: y_0 .. y_order */
  TAYLOR,          /* along v: y_0 .. y_order */
  GRADIENT,        /* y, g .. */
  GRADIENT_TAYLOR, /* along v: g_0 .. g_order, for each input asked about */
  HVP_TWICE,       /* reverse over reverse: g, hv, for each input asked about */
  VJP,             /* with u: y, g */
  JVP_TWICE,       /* reverse over reverse, along v: y, j v */
  JACOBIAN,        /* along P directions v: y; j v, [P, m] */
  JACOBIAN_REVERSE /* with P adjoints u: y; u j, [P, n] */
} question;

typedef struct asked { /* what a plan is for */
  question what;
  int order, directions;
  int by_orders;
  int n; /* inputs asked about */
  const int *which;
} asked;

typedef struct slot { /* what an evaluation binds: inputs, then v or u, then results */
  jet x;
  int k;
  ptrdiff_t n; /* numbers */
  int zero;    /* beyond the order: structurally zero */
  double *at;  /* for the next run; NULL: the plan's own memory */
} slot;

typedef struct prepared {
  asked key;
  bag owned;
  jet_tape *tape;
  jet_plan *plan;
  slot *slots;
  int nslots, first_result;
  unsigned used; /* when last */
} prepared;

typedef struct input {
  int rank;
  ptrdiff_t dims[JET_MAX_RANK];
  ptrdiff_t n;
  const double *bound;
} input;

enum { CACHED = 8 };

struct jet_fn {
  size_t size; /* of this, with the arrays that follow it */
  jet_tape_options options;
  memory mem;
  jet_callback *callback;
  jet_callback_inputs *callback_inputs;
  void *data;
  int ninputs;
  input *inputs;
  const double **now; /* the inputs' memory at this evaluation */
  jet_tape *tape;     /* the recording on plain arrays; NULL before the first evaluation */
  jet *x, y;
  ptrdiff_t outputs, elements; /* elements: of all values recorded */
  jet_status recorded;         /* of the recording */
  char failure[320];           /* its sentence */
  int broken;      /* never to be recorded: made with bad arguments */
  int peeks;       /* looks at values: recorded again at each evaluation */
  int expands;     /* inside itself: no jets from outside */
  int elementwise; /* -1: not yet known */
  char why[200];   /* not */
  int chunk;       /* as told; 0 */
  prepared cache[CACHED], point; /* point: hvp by orders */
  unsigned clock;
  double *point_x; /* of jet_fn_set_point; NULL */
  jet_status status;
  char message[320];
};

extern const jet_fn no_fn;        /* when there was no memory for one */
extern const int fn_first[1];     /* {0}: the inputs that a function of one is asked about */

/* ---- fn.c */
jet_status fn_fail(jet_fn *, jet_status, const char *format, ...) __attribute__((format(printf, 3, 4)));
jet_status fn_done(jet_fn *);
jet_fn *fn_make(const char *name, const jet_tape_options *, int ninputs);
jet_status fn_set_input(jet_fn *, const char *name, int i, int rank, const ptrdiff_t *dims);
jet_status fn_record(jet_fn *, int values); /* values: fn->now is set */
/* Every evaluation begins with one of these: the function has one input and x is its memory; or any, and all have memory. */
jet_status fn_enter(jet_fn *, const char *name, const double *x);
jet_status fn_enter_inputs(jet_fn *, const char *name);
jet_status fn_scalar(jet_fn *, const char *name);
jet_status fn_array(jet_fn *, const char *name, const char *what, ptrdiff_t n, const void *p); /* p is not NULL, or n is 0 */
int fn_is_elementwise(jet_fn *); /* -1: no memory; if not, f->why */
jet_status fn_order(jet_fn *, const char *name, int lowest, int order);

/* ---- fn_prepare.c */
jet_status fn_prepare(jet_fn *, const asked *, prepared **);           /* found or made */
jet_status fn_prepare_at(jet_fn *, const asked *, prepared *);
void fn_forget_prepared(prepared *);
static inline slot *fn_given(const jet_fn *f, const prepared *p, int i) { return &p->slots[f->ninputs + i]; }
static inline slot *fn_result(const prepared *p, int i) { return &p->slots[p->first_result + i]; }
/* Inputs are only read; bind has one type for both directions. */
static inline void fn_read(slot *s, const double *x) { s->at = (double *)(size_t)(const void *)x; }
jet_status fn_run(jet_fn *, prepared *);    /* binds fn->now and what the slots say, for this run only */
const double *fn_numbers(prepared *, int i); /* result i in the plan's own memory; NULL: zeros */

/* ---- the questions, for functions of any inputs, after fn_enter */
jet_status fn_taylor(jet_fn *, int order, const double *v, double *y, double *rest); /* y_0; y_1, y_2, .. one after the other */
jet_status fn_gradient(jet_fn *, int n, const int which[], double *y, double *const g[]);
jet_status fn_hvp(jet_fn *, int n, const int which[], const double *const v[], double *const g[], double *const hv[]);
jet_status fn_gradient_taylor(jet_fn *, int order, const double *v, double *c);
int fn_chunk(const jet_fn *, ptrdiff_t directions); /* how many of them in one sweep, in chunks of one size */
static inline ptrdiff_t fn_next(ptrdiff_t i, int chunk, ptrdiff_t total) { /* the last chunk overlaps the one before */
  return i + 2 * chunk <= total ? i + chunk : i + chunk < total ? total - chunk : total;
}

#endif
