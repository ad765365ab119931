/* fn.c - jet_fn: a callback recorded once on plain arrays, then recorded again from its own tape at the orders asked for.
   Written on the tape and the plan as anybody could; only `lift` looks inside a tape. */
#include "lift.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { CACHED = 4, MAX_EXTRA = 40 /* orders to win back at removable singularities */, LAST_FACTORIAL = 170 };

typedef enum question { VALUE, DERIVATIVES, TAYLOR } question;

typedef struct prepared { /* a plan for one question */
  question mode;
  int order;
  jet_tape *tape;
  jet x, v, y;
  jet_plan *plan;
  unsigned used; /* when last */
} prepared;

struct jet_fn {
  jet_tape_options options;
  memory mem;
  jet_callback *callback;
  void *data;
  ptrdiff_t n, outputs;
  jet_tape *tape; /* the recording on plain arrays; NULL before the first evaluation */
  jet x, y;
  jet_status recorded; /* of the recording */
  int broken;          /* never to be recorded: made with bad arguments */
  int elementwise;     /* of the recording; -1: not yet known */
  char why[200];       /* not */
  prepared cache[CACHED];
  unsigned clock;
  jet_status status;
  char message[320];
};

static const jet_fn no_fn = {.recorded = JET_NO_MEMORY, .status = JET_NO_MEMORY, .message = "out of memory"};

__attribute__((format(printf, 3, 4))) static jet_status fail(jet_fn *f, jet_status status, const char *format, ...) {
  if (f == &no_fn) return JET_NO_MEMORY;
  va_list list;
  va_start(list, format);
  vsnprintf(f->message, sizeof f->message, format, list);
  va_end(list);
  return f->status = status;
}

static jet_status done(jet_fn *f) {
  f->message[0] = 0;
  return f->status = JET_OK;
}

jet_fn *jet_fn_new(jet_callback *callback, void *data, ptrdiff_t n) { return jet_fn_new_ex(callback, data, n, NULL); }

jet_fn *jet_fn_new_ex(jet_callback *callback, void *data, ptrdiff_t n, const jet_tape_options *options) {
  jet_tape_options o;
  int good = options_read(options, &o);
  memory m = {o.allocate, o.context};
  jet_fn *f = (jet_fn *)memory_resize(&m, NULL, 0, sizeof *f);
  if (!f) return (jet_fn *)&no_fn;
  memset(f, 0, sizeof *f);
  f->options = o;
  f->mem = m;
  f->callback = callback;
  f->data = data;
  f->n = n;
  if (!good) f->recorded = fail(f, JET_BAD_ARGUMENT, "jet_fn_new_ex: options.size is not the size of the options");
  else if (!callback) f->recorded = fail(f, JET_BAD_ARGUMENT, "jet_fn_new: the callback is NULL");
  else if (n < 0) f->recorded = fail(f, JET_BAD_SHAPE, "jet_fn_new: n is negative (%td)", n);
  f->broken = f->recorded != JET_OK;
  return f;
}

static void forget_plan(prepared *p) {
  if (p->plan) jet_plan_free(p->plan);
  if (p->mode != VALUE) jet_tape_free(p->tape);
  memset(p, 0, sizeof *p);
}

void jet_fn_forget(jet_fn *f) {
  if (!f || f == &no_fn || f->broken) return;
  for (int i = 0; i < CACHED; i++) forget_plan(&f->cache[i]);
  jet_tape_free(f->tape);
  f->tape = NULL;
  f->recorded = JET_OK;
}

void jet_fn_free(jet_fn *f) {
  if (!f || f == &no_fn) return;
  const memory m = f->mem;
  jet_fn_forget(f);
  memory_resize(&m, f, sizeof *f, 0);
}

const char *jet_fn_message(const jet_fn *f) { return f ? f->message : "no jet_fn"; }

/* ---- recording --------------------------------------------------------------------------------------------------------- */

static jet_status record(jet_fn *f) {
  if (f->recorded || f->tape) return f->status = f->recorded;
  f->tape = jet_tape_new_ex(&f->options);
  f->x = jet_input(f->tape, 1, &f->n);
  f->y = jet_tape_status(f->tape) ? f->x : f->callback(f->x, f->data);
  if (jet_tape_status(f->tape))
    return f->recorded = fail(f, jet_tape_status(f->tape), "%s", jet_tape_message(f->tape));
  if (f->y.tape != f->tape)
    return f->recorded = fail(f, f->y.tape ? JET_FOREIGN : JET_BAD_CALLBACK, "the callback returned %s",
                              f->y.tape ? "a jet of another tape" : "no jet");
  if (jet_size(f->y) < 0) return f->recorded = fail(f, JET_BAD_CALLBACK, "the callback returned a failed jet");
  if (!lift_is_plain(f->y))
    return f->recorded = fail(f, JET_BAD_CALLBACK, "the callback returned a jet in a parameter of its own; return a "
                                                   "coefficient of it");
  if (lift_inputs(f->tape) > 1)
    return f->recorded = fail(f, JET_BAD_CALLBACK, "the callback made an input of its own, which nobody can fill in");
  if (f->y.id == f->x.id) f->y = jet_scale(f->y, 1); /* input and output are bound apart */
  f->outputs = jet_size(f->y);
  f->elementwise = -1;
  return JET_OK;
}

ptrdiff_t jet_fn_outputs(jet_fn *f) {
  if (!f || f == &no_fn || record(f)) return -1;
  done(f);
  return f->outputs;
}

/* ---- plans, the last few kept -------------------------------------------------------------------------------------------- */

static void lift_at(jet_fn *f, prepared *p) {
  if (p->mode == VALUE) {
    p->tape = f->tape;
    p->x = f->x;
    p->y = f->y;
    return;
  }
  p->tape = jet_tape_new_ex(&f->options);
  jet t = jet_parameter(p->tape, p->order);
  p->x = jet_input(p->tape, 1, &f->n);
  p->v = p->mode == TAYLOR ? jet_input(p->tape, 1, &f->n) : jet_scalar(p->tape, 1);
  p->y = lift(f->tape, f->y, f->x, jet_expand(p->x, p->v, t));
}

static prepared *find(jet_fn *f, question mode, int order) {
  prepared *oldest = f->cache;
  f->clock++;
  for (int i = 0; i < CACHED; i++) {
    prepared *p = &f->cache[i];
    if (p->plan && p->mode == mode && p->order == order) return p->used = f->clock, p;
    if (p->used < oldest->used) oldest = p;
  }
  forget_plan(oldest);
  oldest->mode = mode;
  oldest->order = order;
  oldest->used = f->clock;
  return oldest;
}

static jet_status prepare(jet_fn *f, question mode, int order, prepared **found) {
  prepared *p = *found = find(f, mode, order);
  if (!p->plan) {
    lift_at(f, p);
    p->plan = jet_plan_new(p->tape, 1, &p->y);
  }
  jet_status status = jet_tape_status(p->tape);
  if (status) fail(f, status, "%s", jet_tape_message(p->tape));
  else if ((status = jet_plan_status(p->plan))) fail(f, status, "%s", jet_plan_message(p->plan));
  if (status) forget_plan(p);
  return status;
}

/* ---- evaluations ------------------------------------------------------------------------------------------------------------ */

static jet_status check(jet_fn *f, const char *name, int order, const double *x, const double *v, const double *out) {
  if (!f) return JET_BAD_ARGUMENT;
  if (f == &no_fn) return JET_NO_MEMORY;
  if (record(f)) return f->status;
  if (order < 0 || order > JET_MAX_ORDER)
    return fail(f, JET_BAD_ORDER, "%s: an order of %d is outside 0..%d", name, order, JET_MAX_ORDER);
  if ((f->n && (!x || !v)) || (f->outputs && !out))
    return fail(f, JET_BAD_ARGUMENT, "%s: %s is NULL", name, f->n && !x ? "x" : f->n && !v ? "v" : "the result");
  return JET_OK;
}

/* The caller's memory is bound for one run only: the plan may serve another order next time. */
static void release(prepared *p) {
  jet_plan_bind(p->plan, p->x, 0, NULL);
  if (p->mode == TAYLOR) jet_plan_bind(p->plan, p->v, 0, NULL);
  for (int k = 0; k <= jet_order(p->y); k++) jet_plan_bind(p->plan, p->y, k, NULL);
}

static void run(jet_fn *f, prepared *p, int order, const double *x, const double *v, double *c) {
  /* inputs are only read; bind has one type for both directions */
  jet_plan_bind(p->plan, p->x, 0, (double *)(size_t)(const void *)x);
  if (p->mode == TAYLOR) jet_plan_bind(p->plan, p->v, 0, (double *)(size_t)(const void *)v);
  for (int k = 0; k <= order && c; k++) {
    if (k <= jet_order(p->y)) jet_plan_bind(p->plan, p->y, k, c + k * f->outputs);
    else if (f->outputs) memset(c + k * f->outputs, 0, (size_t)f->outputs * sizeof *c); /* f does not depend on x */
  }
  jet_plan_run(p->plan);
  release(p);
}

/* Coefficients 0..order; where orders are lost at removable singularities, again with as many more until none is missing.
   A lane that is 0/0 to every order stays NaN. */
static jet_status sweep(jet_fn *f, question mode, int order, const double *x, const double *v, double *c) {
  for (int extra = 0;;) {
    prepared *p;
    jet_status status = prepare(f, mode, order + extra, &p);
    if (status) return status;
    run(f, p, order, x, v, c);
    int lost = jet_plan_lost(p->plan, p->y);
    if (lost > 2 * extra + 8) lost = 2 * extra + 8;
    if (lost <= extra || lost > MAX_EXTRA || order + lost > JET_MAX_ORDER) return done(f);
    extra = lost;
  }
}

jet_status jet_fn_value(jet_fn *f, const double *x, double *y) {
  prepared *p;
  jet_status status = check(f, "jet_fn_value", 0, x, x, y);
  if (status || (status = prepare(f, VALUE, 0, &p))) return status;
  run(f, p, 0, x, NULL, y);
  return done(f);
}

jet_status jet_fn_taylor(jet_fn *f, int order, const double *x, const double *v, double *c) {
  jet_status status = check(f, "jet_fn_taylor", order, x, v, c);
  return status ? status : sweep(f, TAYLOR, order, x, v, c);
}

/* d_k = k! c_k, the factorial in pieces that do not overflow before the product does. Whether one does, and where. */
static int unscale(double *d, int k, ptrdiff_t n, ptrdiff_t *where) {
  double piece[16] = {1};
  int pieces = 1, overflow = 0;
  for (int j = 2; j <= k; j++) {
    if (piece[pieces - 1] > 1e290) piece[pieces++] = 1;
    piece[pieces - 1] *= j;
  }
  for (ptrdiff_t i = n - 1; i >= 0; i--) {
    double r = d[i];
    for (int j = 0; j < pieces; j++) r *= piece[j];
    if (isinf(r) && isfinite(d[i])) overflow = 1, *where = i;
    d[i] = r;
  }
  return overflow;
}

jet_status jet_fn_derivatives(jet_fn *f, int order, const double *x, double *d) {
  jet_status status = check(f, "jet_fn_derivatives", order, x, x, d);
  if (status) return status;
  if (f->elementwise < 0) f->elementwise = lift_elementwise(f->tape, f->y, f->x, f->why);
  if (f->elementwise < 0) return fail(f, JET_NO_MEMORY, "jet_fn_derivatives: out of memory");
  if (!f->elementwise)
    return fail(f, JET_NOT_ELEMENTWISE, "jet_fn_derivatives: %s; jet_fn_taylor takes any function", f->why);
  if ((status = sweep(f, DERIVATIVES, order, x, NULL, d))) return status;
  ptrdiff_t where = 0;
  for (int k = 2; k <= order; k++)
    if (f->n && unscale(d + k * f->n, k, f->n, &where) && !status)
      status = fail(f, JET_OVERFLOW, "jet_fn_derivatives: %d! times coefficient %d overflows at element %td", k, k, where);
  if (order > LAST_FACTORIAL && !status)
    status = fail(f, JET_OVERFLOW,
                  "jet_fn_derivatives: k! overflows above order %d, and Taylor coefficients of derivatives of size 1 "
                  "underflow there to 0; jet_fn_taylor has the coefficients",
                  LAST_FACTORIAL);
  return status;
}
