/* taylor.c - a step is: coefficients, its length, the point at its end, what the observer wants, and on. */
#include "taylor.h"

#include "../common/cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double *coefficient(const taylor *t, int i, int k) { return t->x + (i * (t->order + 1) + k) * t->lanes; }

/* a + b = *sum + *rest exactly (Knuth). */
static void add_exactly(double a, double b, double *sum, double *rest) {
  const double s = a + b, part = s - a;
  *rest = (a - (s - part)) + (b - part);
  *sum = s;
}

/* ---- memory and plan -------------------------------------------------------------------------------------------- */

int taylor_order(double tolerance) { return (int)ceil(1 - 0.5 * log(tolerance)); }

static int allocate(taylor *t) {
  const ptrdiff_t d = t->dimension, n = t->lanes;
  const struct {
    double **array;
    ptrdiff_t size;
  } parts[] = {{&t->x, d * (t->order + 1) * n},
               {&t->low, d * n},
               {&t->next, d * n},
               {&t->after, d * n},
               {&t->time, n},
               {&t->late, n},
               {&t->step, n},
               {&t->work, 2 * n}};
  enum { PARTS = sizeof parts / sizeof *parts };
  ptrdiff_t size = 0;
  for (int i = 0; i < PARTS; i++) size += parts[i].size;
  t->block = (double *)calloc((size_t)size, sizeof *t->block);
  t->at = (ptrdiff_t *)malloc((size_t)n * sizeof *t->at);
  t->f = (const double **)malloc((size_t)(d * t->order) * sizeof *t->f);
  if (!t->block || !t->at || !t->f) return cli_complain(1, "out of memory");
  size = 0;
  for (int i = 0; i < PARTS; size += parts[i++].size) *parts[i].array = t->block + size;
  return 0;
}

/* A component of f may be a component of x, as the velocity is: so f is read where the plan has it. */
static int plan_coefficients(taylor *t, taylor_field *field) {
  enum { MOST = 16 };
  jet x[MOST], f[MOST];
  jet_plan_options options = JET_PLAN_OPTIONS_INIT;
  options.by_orders = 1;
  options.threads = 1; /* the lanes of a step are no work for two */
  t->tape = jet_tape_new();
  jet parameter = jet_parameter(t->tape, t->order);
  for (int i = 0; i < t->dimension; i++) x[i] = jet_input_series(parameter, 1, &t->lanes);
  field(x, f);
  t->plan = jet_plan_new_ex(t->tape, t->dimension, f, &options);
  for (int i = 0; i < t->dimension; i++)
    for (int k = 0; k <= t->order; k++) jet_plan_bind(t->plan, x[i], k, coefficient(t, i, k));
  for (int i = 0; i < t->dimension; i++)
    for (int k = 0; k < t->order; k++) t->f[i * t->order + k] = jet_plan_data(t->plan, f[i], k);
  return jet_plan_status(t->plan) ? cli_complain(1, "%s", jet_plan_message(t->plan)) : 0;
}

int taylor_new(taylor *t, taylor_field *field, int dimension, double tolerance, ptrdiff_t lanes) {
  *t = (taylor){.dimension = dimension, .order = taylor_order(tolerance), .lanes = lanes};
  int status = allocate(t);
  return status ? status : plan_coefficients(t, field);
}

void taylor_free(taylor *t) {
  jet_plan_free(t->plan);
  jet_tape_free(t->tape);
  free(t->block);
  free(t->at);
  free((void *)t->f);
}

/* ---- a step ----------------------------------------------------------------------------------------------------- */

static int find_coefficients(taylor *t) {
  for (int k = 0; k < t->order; k++) {
    if (jet_plan_run_orders(t->plan, k, k + 1)) return cli_complain(1, "%s", jet_plan_message(t->plan));
    for (int i = 0; i < t->dimension; i++) {
      const double *f = t->f[i * t->order + k], divisor = k + 1;
      double *x = coefficient(t, i, k + 1);
      for (ptrdiff_t j = 0; j < t->lanes; j++) x[j] = f[j] / divisor;
    }
  }
  return 0;
}

/* The largest component of coefficient k in each lane, and not less than `least`. */
static void find_size(const taylor *t, int k, double least, double *size) {
  for (ptrdiff_t j = 0; j < t->lanes; j++) size[j] = least;
  for (int i = 0; i < t->dimension; i++) {
    const double *x = coefficient(t, i, k);
    for (ptrdiff_t j = 0; j < t->lanes; j++) size[j] = fabs(x[j]) > size[j] || isnan(x[j]) ? fabs(x[j]) : size[j];
  }
}

/* Towards the end of the span, and not beyond it. Steps too short to change the time would go on for ever. */
static int choose_steps(taylor *t) {
  const int p = t->order;
  const double safety = exp(-2 - 0.7 / (p - 1));
  double *size = t->work, *high = t->work + t->lanes;
  find_size(t, 0, 1, size);
  for (ptrdiff_t j = 0; j < t->lanes; j++) t->step[j] = INFINITY;
  for (int k = p - 1; k <= p; k++) {
    find_size(t, k, 0, high);
    for (ptrdiff_t j = 0; j < t->lanes; j++) t->step[j] = fmin(t->step[j], safety * pow(size[j] / high[j], 1.0 / k));
  }
  for (ptrdiff_t j = 0; j < t->lanes; j++) {
    const double left = t->at[j] < 0 ? 0 : t->span - t->time[j] - t->late[j], h = t->step[j];
    t->step[j] = h < fabs(left) ? copysign(h, left) : left;
    if (t->at[j] >= 0 && !(isfinite(high[j]) && t->time[j] + h > t->time[j]))
      return cli_complain(1, "trajectory %td cannot go on from time %.9g: the step would be %g", t->at[j], t->time[j],
                          h);
  }
  return 0;
}

static void find_next(taylor *t) {
  double *sum = t->work;
  for (int i = 0; i < t->dimension; i++) {
    memcpy(sum, coefficient(t, i, t->order), (size_t)t->lanes * sizeof *sum);
    for (int k = t->order - 1; k > 0; k--) {
      const double *x = coefficient(t, i, k);
      for (ptrdiff_t j = 0; j < t->lanes; j++) sum[j] = sum[j] * t->step[j] + x[j];
    }
    const double *x = coefficient(t, i, 0), *low = t->low + i * t->lanes;
    double *next = t->next + i * t->lanes, *after = t->after + i * t->lanes;
    for (ptrdiff_t j = 0; j < t->lanes; j++) add_exactly(x[j], sum[j] * t->step[j] + low[j], &next[j], &after[j]);
  }
}

static void go_on(taylor *t) {
  for (int i = 0; i < t->dimension; i++)
    memcpy(coefficient(t, i, 0), t->next + i * t->lanes, (size_t)t->lanes * sizeof *t->next);
  memcpy(t->low, t->after, (size_t)(t->dimension * t->lanes) * sizeof *t->low);
  for (ptrdiff_t j = 0; j < t->lanes; j++) {
    add_exactly(t->time[j], t->step[j] + t->late[j], &t->time[j], &t->late[j]);
    t->steps += t->at[j] >= 0;
  }
}

/* ---- trajectories ----------------------------------------------------------------------------------------------- */

static void put(taylor *t, ptrdiff_t lane, ptrdiff_t n, const double *x, ptrdiff_t from) {
  for (int i = 0; i < t->dimension; i++) {
    coefficient(t, i, 0)[lane] = x[i * n + from];
    t->low[i * t->lanes + lane] = 0;
  }
  t->time[lane] = t->late[lane] = 0;
}

/* Trajectories that have arrived leave their lanes to the next ones; returns how many lanes are at work. A lane
   without a trajectory stands at a point where another began, so that its numbers are no harm. */
static ptrdiff_t exchange(taylor *t, ptrdiff_t n, double *x, ptrdiff_t *begun) {
  ptrdiff_t busy = 0;
  for (ptrdiff_t j = 0; j < t->lanes; j++) {
    const ptrdiff_t at = t->at[j];
    if (at >= 0 && t->span - t->time[j] - t->late[j] == 0) {
      for (int i = 0; i < t->dimension; i++) x[i * n + at] = coefficient(t, i, 0)[j];
      t->at[j] = -1;
    }
    if (t->at[j] < 0 && *begun < n) put(t, j, n, x, t->at[j] = (*begun)++);
    busy += t->at[j] >= 0;
  }
  return busy;
}

int taylor_run(taylor *t, ptrdiff_t n, double *x, double span, taylor_observer *see, void *data) {
  ptrdiff_t begun = 0;
  int status = 0;
  t->span = span;
  t->steps = 0;
  for (ptrdiff_t j = 0; j < t->lanes; j++) {
    put(t, j, n, x, j % n);
    t->at[j] = -1;
  }
  while (!status && exchange(t, n, x, &begun)) {
    if ((status = find_coefficients(t)) || (status = choose_steps(t))) break;
    find_next(t);
    for (ptrdiff_t j = 0; see && j < t->lanes; j++)
      if (t->at[j] >= 0) see(t, j, data);
    go_on(t);
  }
  return status;
}

/* ---- inside a step ---------------------------------------------------------------------------------------------- */

double taylor_value(const taylor *t, ptrdiff_t lane, int i, double s) {
  double sum = 0;
  for (int k = t->order; k > 0; k--) sum = (sum + coefficient(t, i, k)[lane]) * s;
  return coefficient(t, i, 0)[lane] + (sum + t->low[i * t->lanes + lane]);
}

/* Derivative d of the component, 0 or 1, and the next one. */
static void value_and_slope(const taylor *t, ptrdiff_t lane, int i, int d, double s, double *value, double *slope) {
  *value = *slope = 0;
  for (int k = t->order; k >= d; k--) {
    *slope = *slope * s + *value;
    *value = *value * s + (d ? k : 1) * coefficient(t, i, k)[lane];
  }
}

/* Where derivative d changes its sign between a and b: Newton's steps, and halves of the interval where they leave
   it. */
static double find_root(const taylor *t, ptrdiff_t lane, int i, int d, double a, double b, int rising) {
  enum { MOST_STEPS = 100 };
  double s = 0.5 * (a + b);
  for (int n = 0; n < MOST_STEPS; n++) {
    double value, slope;
    value_and_slope(t, lane, i, d, s, &value, &slope);
    if (value == 0) break;
    if ((value > 0) == rising) b = s;
    else a = s;
    double next = s - value / slope;
    if (!(next > fmin(a, b) && next < fmax(a, b))) next = 0.5 * (a + b);
    if (fabs(next - s) <= 1e-16 * fabs(t->step[lane])) break;
    s = next;
  }
  return s;
}

/* Signs at both ends are those of the points themselves, so that no passage falls between two steps. With equal signs
   there may be two passages, if the component turns towards zero and back. */
int taylor_rises(const taylor *t, ptrdiff_t lane, int i, double *s) {
  const double h = t->step[lane], first = coefficient(t, i, 0)[lane], last = t->next[i * t->lanes + lane];
  double a = 0, b = h;
  if (first >= 0 && last < 0) return 0;
  if ((first < 0) == (last < 0)) {
    double value, slope, curvature, end;
    value_and_slope(t, lane, i, 1, 0, &slope, &curvature);
    value_and_slope(t, lane, i, 1, h, &end, &curvature);
    if ((slope * h > 0) != (first < 0) || (end * h > 0) == (slope * h > 0)) return 0;
    const double turn = find_root(t, lane, i, 1, 0, h, slope < 0);
    value_and_slope(t, lane, i, 0, turn, &value, &slope);
    if ((value < 0) == (first < 0)) return 0;
    if (first < 0) b = turn;
    else a = turn;
  }
  *s = find_root(t, lane, i, 0, a, b, 1);
  return 1;
}
