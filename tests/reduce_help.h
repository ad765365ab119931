/* reduce_help.h - reductions and scans of lists of jets, naively, and random arrays, for the tests of reductions. Include after cmocka.h. */
#ifndef REDUCE_HELP_H
#define REDUCE_HELP_H

#include "random_jets.h"

enum { ORDERS = 5, LIST = 4096 }; /* orders 0..4; the longest list */

typedef long double series[ORDERS];

/* ---- arithmetic of single jets, naively -------------------------------------------------------------------------------- */

static inline void set(series y, long double c) {
  for (int k = 0; k < ORDERS; k++) y[k] = k ? 0 : c;
}

static inline void copy(series y, const series x) { memcpy(y, x, sizeof(series)); }

static inline void accumulate(series y, const series x, long double c) { /* y += c x */
  for (int k = 0; k < ORDERS; k++) y[k] += c * x[k];
}

static inline void multiply(series y, const series a, const series b) {
  series r;
  set(r, 0);
  for (int i = 0; i < ORDERS; i++)
    for (int j = 0; i + j < ORDERS; j++) r[i + j] += a[i] * b[j];
  copy(y, r);
}

static inline void divide(series y, const series a, const series b) {
  for (int k = 0; k < ORDERS; k++) {
    long double s = a[k];
    for (int j = 0; j < k; j++) s -= y[j] * b[k - j];
    y[k] = s / b[0];
  }
}

static inline void root(series y, const series x) {
  for (int k = 0; k < ORDERS; k++) {
    long double s = x[k];
    for (int j = 1; j < k; j++) s -= y[j] * y[k - j];
    y[k] = k ? s / (2 * y[0]) : sqrtl(s);
  }
}

static inline void exponential(series y, const series x) {
  for (int k = 0; k < ORDERS; k++) {
    y[k] = k ? 0 : expl(x[0]);
    for (int j = 1; j <= k; j++) y[k] += j * x[j] * y[k - j] / k;
  }
}

static inline void logarithm(series y, const series x) {
  for (int k = 0; k < ORDERS; k++) {
    long double s = k ? k * x[k] : 0;
    for (int j = 1; j < k; j++) s -= j * y[j] * x[k - j];
    y[k] = k ? s / (k * x[0]) : logl(x[0]);
  }
}

static inline int larger(const series a, const series b) {
  for (int k = 0; k < ORDERS; k++)
    if (a[k] != b[k]) return a[k] > b[k];
  return 0;
}

/* ---- reductions of a list of n jets --------------------------------------------------------------------------------------- */

typedef void reduce_fn(int n, series *x, series y);

static inline void list_sum(int n, series *x, series y) {
  set(y, 0);
  for (int i = 0; i < n; i++) accumulate(y, x[i], 1);
}

static inline void list_mean(int n, series *x, series y) {
  list_sum(n, x, y);
  for (int k = 0; k < ORDERS; k++) y[k] = n ? y[k] / n : k ? 0 : NAN;
}

static inline void list_var(int n, series *x, series y) {
  series m, d;
  list_mean(n, x, m);
  set(y, n ? 0 : NAN);
  for (int i = 0; i < n; i++) {
    copy(d, x[i]);
    accumulate(d, m, -1);
    multiply(d, d, d);
    accumulate(y, d, 1.0L / n);
  }
}

static inline void list_prod(int n, series *x, series y) {
  set(y, 1);
  for (int i = 0; i < n; i++) multiply(y, y, x[i]);
}

static inline void list_norm(int n, series *x, series y) {
  series s, d;
  set(s, 0);
  for (int i = 0; i < n; i++) {
    multiply(d, x[i], x[i]);
    accumulate(s, d, 1);
  }
  if (n) root(y, s);
  else set(y, 0);
}

static inline void list_amax(int n, series *x, series y) {
  set(y, -INFINITY);
  for (int i = 0; i < n; i++)
    if (i == 0 || larger(x[i], y)) copy(y, x[i]);
}

static inline void list_amin(int n, series *x, series y) {
  set(y, INFINITY);
  for (int i = 0; i < n; i++)
    if (i == 0 || larger(y, x[i])) copy(y, x[i]);
}

static inline void list_logsumexp(int n, series *x, series y) {
  series s, e;
  set(s, 0);
  for (int i = 0; i < n; i++) {
    exponential(e, x[i]);
    accumulate(s, e, 1);
  }
  if (n) logarithm(y, s);
  else set(y, -INFINITY);
}

typedef jet all_fn(jet x);

typedef jet over_fn(jet x, int n, const int axes[], int keep);

static const struct {
  const char *name;
  all_fn *all;
  over_fn *over;
  reduce_fn *list;
} reductions[] = {
#define REDUCTION(f) {#f, jet_##f, jet_##f##_over, list_##f},
    REDUCTION(sum) REDUCTION(mean) REDUCTION(var) REDUCTION(prod) REDUCTION(norm) REDUCTION(amax) REDUCTION(amin)
        REDUCTION(logsumexp)};

enum { REDUCTIONS = sizeof reductions / sizeof *reductions };

/* ---- scans of a list --------------------------------------------------------------------------------------------------------- */

typedef void scan_fn(int n, series *x, series *y);

static inline void list_cumsum(int n, series *x, series *y) {
  for (int i = 0; i < n; i++) {
    copy(y[i], x[i]);
    if (i) accumulate(y[i], y[i - 1], 1);
  }
}

static inline void list_cumprod(int n, series *x, series *y) {
  for (int i = 0; i < n; i++) {
    copy(y[i], x[i]);
    if (i) multiply(y[i], y[i - 1], x[i]);
  }
}

static inline int after(const series a, const series b) { return a[0] > b[0] || (isnan(a[0]) && !isnan(b[0])); }

static inline void list_sort(int n, series *x, series *y) { /* by insertion */
  for (int i = 0; i < n; i++) {
    int j = i;
    for (; j > 0 && after(y[j - 1], x[i]); j--) copy(y[j], y[j - 1]);
    copy(y[j], x[i]);
  }
}

static inline void list_softmax(int n, series *x, series *y) {
  series s;
  set(s, 0);
  for (int i = 0; i < n; i++) {
    exponential(y[i], x[i]);
    accumulate(s, y[i], 1);
  }
  for (int i = 0; i < n; i++) {
    series e;
    copy(e, y[i]);
    divide(y[i], e, s);
  }
}

static inline void list_log_softmax(int n, series *x, series *y) {
  series s;
  list_logsumexp(n, x, s);
  for (int i = 0; i < n; i++) {
    copy(y[i], x[i]);
    accumulate(y[i], s, -1);
  }
}

static const struct {
  const char *name;
  jet (*f)(jet x, int axis);
  scan_fn *list;
} scans[] = {{"cumsum", jet_cumsum, list_cumsum},
             {"cumprod", jet_cumprod, list_cumprod},
             {"sort", jet_sort, list_sort},
             {"softmax", jet_softmax, list_softmax},
             {"log_softmax", jet_log_softmax, list_log_softmax}};

enum { SCANS = sizeof scans / sizeof *scans };

/* ---- random arrays -------------------------------------------------------------------------------------------------------------- */

static inline int below(generator *g, int n) { return (int)uniform(g, 0, n); }

typedef struct array {
  int rank, order;
  ptrdiff_t dims[JET_MAX_RANK], size;
  series *at;
} array;

static const double few[] = {0, 0, 1, -1, 0.5}; /* ties and zeros */

static inline array random_array(generator *g, int rank, int most, int order, int coarse) {
  array a = {rank, order, {0}, 1, NULL};
  for (int i = 0; i < rank; i++)
    a.size *= a.dims[i] = rank == 8 ? 1 + below(g, 3) % 2 : below(g, 12) ? 1 + below(g, most) : 0;
  a.at = (series *)calloc((size_t)a.size + 1, sizeof(series));
  for (ptrdiff_t i = 0; i < a.size; i++)
    for (int k = 0; k <= order; k++) a.at[i][k] = coarse ? few[below(g, 5)] : (double)uniform(g, -1.5, 1.5);
  return a;
}

typedef struct session {
  jet_tape *tape;
  jet t, x;
} session;

static inline session begin(const array *a) {
  session s;
  s.tape = jet_tape_new();
  s.t = jet_parameter(s.tape, a->order);
  s.x = jet_input_series(s.t, a->rank, a->dims);
  return s;
}

static inline jet_plan *plan_of(const session *s, const array *a, int n, const jet y[]) {
  if (jet_tape_status(s->tape)) fail_msg("%s", jet_tape_message(s->tape));
  jet_plan *plan = jet_plan_new(s->tape, n, y);
  if (jet_plan_status(plan)) fail_msg("%s", jet_plan_message(plan));
  for (int k = 0; k <= a->order; k++)
    for (ptrdiff_t i = 0; i < a->size; i++) jet_plan_data(plan, s->x, k)[i] = (double)a->at[i][k];
  run(plan);
  return plan;
}

static inline void end(const session *s, jet_plan *plan, array *a) {
  jet_plan_free(plan);
  jet_tape_free(s->tape);
  free(a->at);
}

static inline void check_number(const char *name, int k, ptrdiff_t at, double got, long double want, double tolerance) {
  if (isnan(want) ? isnan(got) : got == (double)want) return;
  if (!(fabsl(got - want) <= tolerance * (1 + fabsl(want))))
    fail_msg("%s: coefficient %d of element %td is %.17g, not %.17Lg", name, k, at, got, want);
}

/* ---- special numbers ----------------------------------------------------------------------------------------------------------- */

typedef struct numbers {
  double at[4];
} numbers;

/* ---- directions ------------------------------------------------------------------------------------------------------------------- */

enum { DIRECTIONS = 3, ROWS = 4, COLUMNS = 5, N = ROWS * COLUMNS, EVERY = REDUCTIONS + SCANS };

#endif
