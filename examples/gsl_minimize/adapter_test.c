/* adapter_test.c - what gsl_adapter.h refuses: functions that have other numbers of results than a solver has room for,
   at the first call or at a later one; and that those which look at their values are driven as others are. */
#include "gsl_adapter.h"

#include <gsl/gsl_blas.h>
#include <math.h>
#include <stdio.h>

enum { N = 3, ROOM = 2 * N + 1, MARK = 77 };

static int failures;

static void check(int good, const char *what) {
  if (good) return;
  printf("FAILED: %s\n", what);
  failures++;
}

/* `results` copies of the elements of x - 1 one after the other; it looks at x if it is told to. */
typedef struct shape {
  int results, peeks;
} shape;

static jet copies(jet x, void *data) {
  const shape *s = (const shape *)data;
  const ptrdiff_t size = s->results, zero = 0;
  double values[N];
  jet both[2];
  if (s->peeks && jet_peek(x, N, values)) return x;
  both[0] = both[1] = jet_shift(x, -1);
  return jet_slice(jet_concat(2, both, 0), &zero, &size, NULL);
}

/* Calls each of GSL's callbacks, and tells whether all refuse and no number is written beyond the N. */
static int refused(adapter *a) {
  double start[N] = {0}, y[ROOM], g[ROOM], j[N * N + 1];
  gsl_vector_view x = gsl_vector_view_array(start, N), results = gsl_vector_view_array(y, N);
  gsl_vector_view gradient = gsl_vector_view_array(g, N);
  gsl_matrix_view jacobian = gsl_matrix_view_array(j, N, N);
  int good = 1;
  for (int i = 0; i < ROOM; i++) y[i] = g[i] = MARK;
  j[N * N] = MARK;
  if (a->results == 1) {
    double f = 0;
    good &= isnan(min_f(&x.vector, a));
    min_fdf(&x.vector, a, &f, &gradient.vector);
    good &= isnan(f) && isnan(g[0]) && g[N] == MARK;
  } else {
    good &= root_f(&x.vector, a, &results.vector) == GSL_EBADFUNC && isnan(y[0]);
    good &= root_fdf(&x.vector, a, &results.vector, &jacobian.matrix) == GSL_EBADFUNC;
  }
  for (int i = N; i < ROOM; i++) good &= y[i] == MARK;
  return good && j[N * N] == MARK && a->status && *adapter_message(a);
}

static void try_shape(int expected, int first, int then, int peeks, const char *what) {
  adapter a;
  shape s = {first, peeks};
  double start[N] = {0}, y[ROOM] = {0};
  gsl_vector_view x = gsl_vector_view_array(start, N), results = gsl_vector_view_array(y, N);
  check(adapter_new(&a, copies, &s, N, (size_t)expected) == GSL_SUCCESS, "memory");
  if (first == expected) {
    if (expected == 1) check(fabs(min_f(&x.vector, &a) + 1) < 1e-15, "a value");
    else check(!root_f(&x.vector, &a, &results.vector) && fabs(y[N - 1] + 1) < 1e-15, "values");
  }
  s.results = then;
  check(refused(&a), what);
  adapter_free(&a);
}

/* Branches on x: a multiple of x - 1 that changes at x_0 = 1. */
static jet bent(jet x, void *data) {
  double values[N];
  (void)data;
  if (jet_peek(x, N, values)) return x;
  const jet away = jet_shift(x, -1);
  return values[0] < 1 ? jet_scale(away, 2) : away;
}

static void solve_bent(void) {
  adapter a;
  gsl_multiroot_fdfsolver *s = gsl_multiroot_fdfsolver_alloc(gsl_multiroot_fdfsolver_hybridsj, N);
  gsl_vector *x = gsl_vector_calloc(N);
  check(s && x && !adapter_new(&a, bent, NULL, N, N), "memory");
  if (failures) return;
  gsl_multiroot_function_fdf f = root_function(&a);
  int status = gsl_multiroot_fdfsolver_set(s, &f, x);
  for (int i = 0; i < 20 && !status && gsl_blas_dnrm2(s->f) > 1e-12; i++) status = gsl_multiroot_fdfsolver_iterate(s);
  check(!status && !a.status, "a function that peeks is solved");
  for (int i = 0; i < N; i++) check(fabs(gsl_vector_get(s->x, (size_t)i) - 1) < 1e-12, "its root");
  adapter_free(&a);
  gsl_vector_free(x);
  gsl_multiroot_fdfsolver_free(s);
}

/* A solver for minima is given what was made for roots, and the other way round. */
static void try_other_solver(void) {
  adapter minimum, root;
  shape one = {1, 0}, all = {N, 0};
  double start[N] = {0}, y[ROOM] = {0};
  gsl_vector_view x = gsl_vector_view_array(start, N), results = gsl_vector_view_array(y, N);
  check(!adapter_new(&minimum, copies, &one, N, 1) && !adapter_new(&root, copies, &all, N, N), "memory");
  check(isnan(min_f(&x.vector, &root)) && root.status, "a system as a minimum");
  check(root_f(&x.vector, &minimum, &results.vector) == GSL_EBADFUNC, "a minimum as a system");
  adapter_free(&minimum);
  adapter_free(&root);
}

int main(void) {
  gsl_set_error_handler_off();
  for (int peeks = 0; peeks < 2; peeks++) {
    try_shape(N, 2 * N, 2 * N, peeks, "too many results for a system");
    try_shape(N, N - 1, N - 1, peeks, "too few results for a system");
    try_shape(1, 2 * N, 2 * N, peeks, "many results for a minimum");
  }
  try_shape(N, N, 2 * N, 1, "more results at a later call");
  try_shape(1, 1, 2 * N, 1, "more results at a later call for a minimum");
  solve_bent();
  try_other_solver();
  return failures != 0;
}
