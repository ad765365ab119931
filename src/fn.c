/* fn.c - jet_fn: a callback recorded once on plain arrays, then recorded again from its own tape for each question. Written on
   the tape and the plan as anybody could; only `lift` looks inside a tape. */
#include "fn.h"
#include "pair.h"
#include "lift.h"
#include "peek.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const jet_fn no_fn = {.recorded = JET_NO_MEMORY, .status = JET_NO_MEMORY, .message = "out of memory"};
const int fn_first[1] = {0};

jet_status fn_fail(jet_fn *f, jet_status status, const char *format, ...) {
  if (f == &no_fn) return JET_NO_MEMORY;
  va_list list;
  va_start(list, format);
  vsnprintf(f->message, sizeof f->message, format, list);
  va_end(list);
  return f->status = status;
}

jet_status fn_done(jet_fn *f) {
  f->message[0] = 0;
  return f->status = JET_OK;
}

const char *jet_fn_message(const jet_fn *f) { return f ? f->message : "no jet_fn"; }

/* ---- life ------------------------------------------------------------------------------------------------------------- */

static jet_status broken(jet_fn *f) {
  f->broken = 1;
  memcpy(f->failure, f->message, sizeof f->failure);
  return f->recorded = f->status;
}

jet_fn *fn_make(const char *name, const jet_tape_options *options, int ninputs) {
  jet_tape_options o;
  int good = options_read(options, &o);
  size_t n = ninputs > 0 ? (size_t)ninputs : 1, size = sizeof(jet_fn) + n * (sizeof(input) + sizeof(jet) + sizeof(double *));
  memory m = {o.allocate, o.context};
  jet_fn *f = (jet_fn *)memory_resize(&m, NULL, 0, size);
  if (!f) return (jet_fn *)&no_fn;
  memset(f, 0, size);
  f->size = size;
  f->options = o;
  f->mem = m;
  f->ninputs = ninputs;
  f->inputs = (input *)(void *)(f + 1);
  f->now = (const double **)(void *)(f->inputs + n);
  f->x = (jet *)(void *)(f->now + n);
  if (good && o.type == JET_F64) return f;
  if (good) fn_fail(f, JET_BAD_TYPE, "%s: a jet_fn computes in double: type has to be JET_F64", name);
  else fn_fail(f, JET_BAD_ARGUMENT, "%s: options.size is not the size of the options", name);
  broken(f);
  return f;
}

jet_status fn_set_input(jet_fn *f, const char *name, int i, int rank, const ptrdiff_t *dims) {
  input *in = &f->inputs[i];
  int empty = 0;
  if (rank < 0 || rank > JET_MAX_RANK)
    return fn_fail(f, JET_BAD_SHAPE, "%s: a rank of %d of input %d is outside 0..%d", name, rank, i, JET_MAX_RANK);
  if (rank && !dims) return fn_fail(f, JET_BAD_ARGUMENT, "%s: dims of input %d is NULL for rank %d", name, i, rank);
  in->rank = rank;
  in->n = 1;
  for (int k = 0; k < rank; k++) {
    in->dims[k] = dims[k];
    empty |= dims[k] == 0;
    if (dims[k] < 0) return fn_fail(f, JET_BAD_SHAPE, "%s: extent %d of input %d is negative (%td)", name, k, i, dims[k]);
  }
  for (int k = 0; k < rank && !empty; k++)
    if (__builtin_mul_overflow(in->n, dims[k], &in->n))
      return fn_fail(f, JET_TOO_LARGE, "%s: the product of the extents of input %d overflows", name, i);
  if (empty) in->n = 0;
  return JET_OK;
}

jet_fn *jet_fn_new(jet_callback *callback, void *data, ptrdiff_t n) { return jet_fn_new_ex(callback, data, n, NULL); }

jet_fn *jet_fn_new_ex(jet_callback *callback, void *data, ptrdiff_t n, const jet_tape_options *options) {
  jet_fn *f = fn_make("jet_fn_new_ex", options, 1);
  if (f == &no_fn || f->broken) return f;
  f->callback = callback;
  f->data = data;
  if (!callback) fn_fail(f, JET_BAD_ARGUMENT, "jet_fn_new: the callback is NULL");
  else if (n < 0) fn_fail(f, JET_BAD_SHAPE, "jet_fn_new: n is negative (%td)", n);
  else fn_set_input(f, "jet_fn_new", 0, 1, &n);
  if (f->status) broken(f);
  return f;
}

jet_fn *jet_fn_new_inputs(jet_callback_inputs *callback, void *data, int n, const int ranks[],
                          const ptrdiff_t *const dims[]) {
  return jet_fn_new_inputs_ex(callback, data, n, ranks, dims, NULL);
}

jet_fn *jet_fn_new_inputs_ex(jet_callback_inputs *callback, void *data, int n, const int ranks[],
                             const ptrdiff_t *const dims[], const jet_tape_options *options) {
  jet_fn *f = fn_make("jet_fn_new_inputs_ex", options, n);
  if (f == &no_fn || f->broken) return f;
  f->callback_inputs = callback;
  f->data = data;
  if (!callback) fn_fail(f, JET_BAD_ARGUMENT, "jet_fn_new_inputs: the callback is NULL");
  else if (n < 1) fn_fail(f, JET_BAD_ARGUMENT, "jet_fn_new_inputs: n is %d; a function has at least one input", n);
  else if (!ranks) fn_fail(f, JET_BAD_ARGUMENT, "jet_fn_new_inputs: ranks is NULL");
  for (int i = 0; i < n && !f->status; i++)
    fn_set_input(f, "jet_fn_new_inputs", i, ranks[i], dims ? dims[i] : NULL);
  if (f->status) broken(f);
  return f;
}

/* The recording and all that was made of it; the caller's memory and point stay. */
static void drop(jet_fn *f) {
  for (int i = 0; i < CACHED; i++) fn_forget_prepared(&f->cache[i]);
  fn_forget_prepared(&f->point);
  jet_tape_free(f->tape);
  f->tape = NULL;
  f->recorded = JET_OK;
}

void jet_fn_forget(jet_fn *f) {
  if (!f || f == &no_fn || f->broken) return;
  drop(f);
  f->peeks = 0;
  if (f->point_x) memory_resize(&f->mem, f->point_x, (size_t)f->inputs[0].n * sizeof *f->point_x, 0);
  f->point_x = NULL;
}

void jet_fn_free(jet_fn *f) {
  if (!f || f == &no_fn) return;
  const memory m = f->mem;
  jet_fn_forget(f);
  memory_resize(&m, f, f->size, 0);
}

/* ---- recording --------------------------------------------------------------------------------------------------------- */

static jet call(jet_fn *f, int values) {
  for (int i = 0; i < f->ninputs; i++) {
    f->x[i] = jet_input(f->tape, f->inputs[i].rank, f->inputs[i].dims);
    if (values && f->x[i].id >= 0) jet_poke(f->x[i], f->inputs[i].n, f->now[i]);
  }
  if (jet_tape_status(f->tape)) return f->x[0];
  return f->callback ? f->callback(f->x[0], f->data) : f->callback_inputs(f->ninputs, f->x, f->data);
}

static jet_status check_result(jet_fn *f) {
  jet_status status = jet_tape_status(f->tape);
  if (status) return fn_fail(f, status, "%s", jet_tape_message(f->tape));
  if (is_complex(f->y))
    return fn_fail(f, JET_BAD_CALLBACK, "the callback returned a complex jet, not a real one (jet_real, jet_imag, jet_abs make one)");
  if (f->y.tape != f->tape)
    return fn_fail(f, f->y.tape ? JET_FOREIGN : JET_BAD_CALLBACK, "the callback returned %s",
                   f->y.tape ? "a jet of another tape" : "no jet");
  if (jet_size(f->y) < 0) return fn_fail(f, JET_BAD_CALLBACK, "the callback returned a failed jet");
  if (!lift_is_plain(f->y))
    return fn_fail(f, JET_BAD_CALLBACK, "the callback returned a jet in a parameter of its own; return a coefficient of it");
  if (lift_inputs(f->tape) > f->ninputs)
    return fn_fail(f, JET_BAD_CALLBACK, "the callback made an input of its own, which nobody can fill in");
  return JET_OK;
}

static jet_status record(jet_fn *f, int values) {
  f->tape = jet_tape_new_ex(&f->options);
  f->y = call(f, values);
  f->peeks = tape_peeked(f->tape);
  if (check_result(f)) return f->status;
  for (int i = 0; i < f->ninputs; i++)
    if (f->y.id == f->x[i].id) f->y = jet_scale(f->y, 1); /* input and output are bound apart */
  if (jet_size(f->y) < 0) return fn_fail(f, jet_tape_status(f->tape), "%s", jet_tape_message(f->tape));
  f->outputs = jet_size(f->y);
  f->elements = lift_elements(f->tape);
  f->expands = lift_expands(f->tape);
  f->elementwise = -1;
  return JET_OK;
}

/* A callback that looks at values is called at each evaluation, whatever came of it before. */
jet_status fn_record(jet_fn *f, int values) {
  if (f->peeks && values) drop(f);
  if (f->recorded) {
    memcpy(f->message, f->failure, sizeof f->message);
    return f->status = f->recorded;
  }
  if (f->tape) return JET_OK;
  if (!record(f, values)) return JET_OK;
  f->recorded = f->status;
  memcpy(f->failure, f->message, sizeof f->failure);
  return f->status;
}

ptrdiff_t jet_fn_outputs(jet_fn *f) {
  if (!f || f == &no_fn || fn_record(f, 0)) return -1;
  fn_done(f);
  return f->outputs;
}

/* ---- checks that evaluations begin with ------------------------------------------------------------------------------- */

static jet_status usable(jet_fn *f) { /* but for the recording */
  if (!f) return JET_BAD_ARGUMENT;
  if (f == &no_fn) return JET_NO_MEMORY;
  return f->recorded && !f->peeks ? fn_record(f, 0) : JET_OK;
}

jet_status fn_array(jet_fn *f, const char *name, const char *what, ptrdiff_t n, const void *p) {
  return p || !n ? JET_OK : fn_fail(f, JET_BAD_ARGUMENT, "%s: %s is NULL", name, what);
}

jet_status fn_enter(jet_fn *f, const char *name, const double *x) {
  jet_status status = usable(f);
  if (status) return status;
  if (f->ninputs != 1)
    return fn_fail(f, JET_BAD_ARGUMENT, "%s: the function has %d inputs; ask it by jet_fn_bind and the calls for inputs", name,
                   f->ninputs);
  if (fn_array(f, name, "x", f->inputs[0].n, x)) return f->status;
  f->now[0] = x;
  return fn_record(f, 1);
}

jet_status fn_enter_inputs(jet_fn *f, const char *name) {
  jet_status status = usable(f);
  if (status) return status;
  for (int i = 0; i < f->ninputs; i++) {
    if (f->inputs[i].n && !f->inputs[i].bound)
      return fn_fail(f, JET_NO_VALUE, "%s: input %d has no memory; jet_fn_bind gives it some", name, i);
    f->now[i] = f->inputs[i].bound;
  }
  return fn_record(f, 1);
}

jet_status fn_scalar(jet_fn *f, const char *name) {
  if (f->outputs == 1) return JET_OK;
  return fn_fail(f, JET_NOT_SCALAR, "%s: the function has %td outputs and not 1; jet_fn_vjp and jet_fn_jacobian take any function",
                 name, f->outputs);
}

jet_status fn_order(jet_fn *f, const char *name, int lowest, int order) {
  if (order >= lowest && order <= JET_MAX_ORDER) return JET_OK;
  return fn_fail(f, JET_BAD_ORDER, "%s: an order of %d is outside %d..%d", name, order, lowest, JET_MAX_ORDER);
}

int fn_is_elementwise(jet_fn *f) { return lift_elementwise(f->tape, f->y, f->x[0], f->why); }
