/* gsl_adapter.h - drives the solvers of the GNU Scientific Library by derivatives of jets: all that stands between a
   jet_fn and gsl_multimin or gsl_multiroot, in one file to be copied. A program that calls GSL writes its function with
   jet_ operations, and changes nothing else:

       adapter a;
       gsl_set_error_handler_off();                 GSL's own handler ends the process
       adapter_new(&a, callback, data, n, 1);       1 result for gsl_multimin; n for gsl_multiroot
       gsl_multimin_function_fdf f = min_function(&a);
       ... gsl_multimin_fdfminimizer_set(m, &f, x, step, tolerance), gsl_multimin_fdfminimizer_iterate(m) ...
       if (a.status) puts(adapter_message(&a));
       adapter_free(&a);

   A function that has another number of results is refused when it is recorded, before a number is written: one that
   looks at its values by jet_peek is recorded at every call, and may have as many as it likes each time.

   Link by cc program.c $(pkg-config --cflags --libs jets gsl). */
#ifndef EXAMPLES_GSL_ADAPTER_H
#define EXAMPLES_GSL_ADAPTER_H

#include <gsl/gsl_errno.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_multimin.h>
#include <gsl/gsl_multiroots.h>
#include <jets.h>

/* params of all callbacks below. The first failure sticks: what follows is NaN and GSL_EBADFUNC without a call, so that
   the message is still there when the solver has returned. Ask for `status` after every call of a solver: gsl_multimin
   takes NaN and returns GSL_SUCCESS, and so does gsl_multiroot_fdfsolver_set. fn has its address: it stays where it was
   made. */
typedef struct adapter {
  jet_fn *fn;
  jet_callback *callback;
  void *data;
  ptrdiff_t results; /* that the callback is to have */
  jet_status status;
  gsl_vector *x, *y;        /* copies, see packed */
  long values, derivatives; /* how often GSL asked */
} adapter;

/* The callback of fn. A result of another size fails as the reshape that it does not fit. */
static inline jet adapter_record(jet x, void *data) {
  const adapter *a = (const adapter *)data;
  const jet y = a->callback(x, a->data);
  return jet_size(y) == a->results ? y : jet_reshape(y, 1, &a->results);
}

static inline int adapter_new(adapter *a, jet_callback *f, void *data, size_t n, size_t results) {
  *a = (adapter){.callback = f, .data = data, .results = (ptrdiff_t)results};
  a->fn = jet_fn_new(adapter_record, a, (ptrdiff_t)n);
  a->x = gsl_vector_alloc(n);
  a->y = gsl_vector_alloc(n);
  return a->x && a->y ? GSL_SUCCESS : GSL_ENOMEM;
}

static inline void adapter_free(adapter *a) {
  jet_fn_free(a->fn);
  gsl_vector_free(a->x);
  gsl_vector_free(a->y);
}

static inline int adapter_status(const adapter *a) {
  return !a->status ? GSL_SUCCESS : a->status == JET_NO_MEMORY ? GSL_ENOMEM : GSL_EBADFUNC;
}

static inline const char *adapter_message(const adapter *a) {
  const char *said = jet_fn_message(a->fn);
  return *said ? said : jet_status_string(a->status);
}

/* Whether the solver is of the kind that the adapter was made for, which has room for as many results. */
static inline int fits(adapter *a, size_t room) {
  if (!a->status && a->results != (ptrdiff_t)room) a->status = JET_BAD_SHAPE;
  return !a->status;
}

/* jets wants numbers side by side. A gsl_vector has them so where its stride is 1, as of all vectors that the solvers
   make; a column of a matrix has not, and goes through a copy. */
static inline const double *packed(const gsl_vector *v, gsl_vector *copy) {
  if (v->stride != 1) gsl_vector_memcpy(copy, v);
  return v->stride == 1 ? v->data : copy->data;
}

static inline double *room_for(gsl_vector *v, gsl_vector *copy) { return v->stride == 1 ? v->data : copy->data; }

static inline int finish(const adapter *a, gsl_vector *v) {
  if (a->status) gsl_vector_set_all(v, GSL_NAN);
  else if (v->stride != 1) gsl_vector_memcpy(v, a->y);
  return adapter_status(a);
}

static inline double min_f(const gsl_vector *x, void *params) {
  adapter *a = (adapter *)params;
  double y = GSL_NAN;
  a->values++;
  if (fits(a, 1)) a->status = jet_fn_value(a->fn, packed(x, a->x), &y);
  return a->status ? GSL_NAN : y;
}

static inline void min_fdf(const gsl_vector *x, void *params, double *f, gsl_vector *g) {
  adapter *a = (adapter *)params;
  a->derivatives++;
  if (fits(a, 1)) a->status = jet_fn_gradient(a->fn, packed(x, a->x), f, room_for(g, a->y));
  if (finish(a, g)) *f = GSL_NAN;
}

static inline void min_df(const gsl_vector *x, void *params, gsl_vector *g) {
  double f;
  min_fdf(x, params, &f, g);
}

static inline gsl_multimin_function_fdf min_function(adapter *a) {
  return (gsl_multimin_function_fdf){min_f, min_df, min_fdf, a->x->size, a};
}

static inline int root_f(const gsl_vector *x, void *params, gsl_vector *y) {
  adapter *a = (adapter *)params;
  a->values++;
  if (fits(a, y->size)) a->status = jet_fn_value(a->fn, packed(x, a->x), room_for(y, a->y));
  return finish(a, y);
}

/* A gsl_matrix is row-major as Jacobians of jets are; its rows follow each other unless it is part of another one. */
static inline int root_fdf(const gsl_vector *x, void *params, gsl_vector *y, gsl_matrix *j) {
  adapter *a = (adapter *)params;
  if (j->tda != j->size2) return GSL_EINVAL;
  a->derivatives++;
  if (fits(a, y->size)) a->status = jet_fn_jacobian(a->fn, packed(x, a->x), room_for(y, a->y), j->data);
  return finish(a, y);
}

static inline int root_df(const gsl_vector *x, void *params, gsl_matrix *j) {
  return root_fdf(x, params, ((adapter *)params)->y, j);
}

static inline gsl_multiroot_function_fdf root_function(adapter *a) {
  return (gsl_multiroot_function_fdf){root_f, root_df, root_fdf, a->x->size, a};
}

#endif
