/* online.c - the inner loop of a Taylor integrator: the coefficients of x' = f(x), order by order from a plan made with by_orders,
   beside scalar recurrences by hand, in one run.

     meson test --benchmark online -v         or         online [threads]

   Two systems of textbooks: Kepler's (two squares, a power, two products) and that of Henon and Heiles (two squares, a product). A
   step is all coefficients up to the order. Nanoseconds per lane and step, and how many times those of the recurrences by hand, which
   make a lane by itself; the least of some rounds in turns. Coefficients are compared: exit status 1 where they differ by more than
   1e-12 of their size. */
#include "common.h"

#include <stdio.h>

enum { ROUNDS = 7, DIMENSION = 4, MOST_ORDER = 32 };
static const double error_bound = 1e-12;

typedef double coefficients[DIMENSION][MOST_ORDER + 1];

/* ---- by hand ------------------------------------------------------------------------------------------------------------ */

/* (ab)_k */
static inline double product(const double *a, const double *b, int k) {
  double s = 0;
  for (int i = 0; i <= k; i++) s += a[i] * b[k - i];
  return s;
}

static inline double square(const double *a, int k) {
  double s = 0;
  for (int i = 0; i < (k + 1) / 2; i++) s += a[i] * a[k - i];
  return 2 * s + (k % 2 ? 0 : a[k / 2] * a[k / 2]);
}

/* y = x^p: k x_0 y_k = sum_{0<=i<k} (p (k-i) - i) y_i x_{k-i} */
static inline double power(const double *x, const double *y, double p, int k) {
  double s = 0;
  for (int i = 0; i < k; i++) s += (p * (k - i) - i) * y[i] * x[k - i];
  return s / (k * x[0]);
}

static void kepler_by_hand(coefficients x, int order) {
  double r2[MOST_ORDER + 1], w[MOST_ORDER + 1];
  for (int k = 0; k < order; k++) {
    r2[k] = square(x[0], k) + square(x[1], k);
    w[k] = k ? power(r2, w, -1.5, k) : pow(r2[0], -1.5);
    x[0][k + 1] = x[2][k] / (k + 1);
    x[1][k + 1] = x[3][k] / (k + 1);
    x[2][k + 1] = -product(x[0], w, k) / (k + 1);
    x[3][k + 1] = -product(x[1], w, k) / (k + 1);
  }
}

static void henon_heiles_by_hand(coefficients x, int order) {
  double u[MOST_ORDER + 1];
  for (int k = 0; k < order; k++) {
    u[k] = 2 * x[1][k] + (k == 0);
    x[0][k + 1] = x[2][k] / (k + 1);
    x[1][k + 1] = x[3][k] / (k + 1);
    x[2][k + 1] = -product(x[0], u, k) / (k + 1);
    x[3][k + 1] = (square(x[1], k) - square(x[0], k) - x[1][k]) / (k + 1);
  }
}

/* ---- as jets ------------------------------------------------------------------------------------------------------------- */

static void kepler(const jet x[], jet f[]) {
  jet w = jet_neg(jet_powc(jet_add(jet_square(x[0]), jet_square(x[1])), -1.5));
  f[0] = x[2], f[1] = x[3], f[2] = jet_mul(x[0], w), f[3] = jet_mul(x[1], w);
}

static void henon_heiles(const jet x[], jet f[]) {
  f[0] = x[2], f[1] = x[3];
  f[2] = jet_neg(jet_mul(x[0], jet_shift(jet_scale(x[1], 2), 1)));
  f[3] = jet_sub(jet_sub(jet_square(x[1]), jet_square(x[0])), x[1]);
}

static const struct dynamics {
  const char *name;
  void (*field)(const jet x[], jet f[]);
  void (*by_hand)(coefficients, int order);
  double start[DIMENSION];
} systems[] = {{"kepler", kepler, kepler_by_hand, {0.5, 0.1, -0.2, 1.7}},
               {"henon-heiles", henon_heiles, henon_heiles_by_hand, {0.1, -0.2, 0.3, 0.25}}};
enum { SYSTEMS = sizeof systems / sizeof *systems };

typedef struct bench {
  const struct dynamics *d;
  int order;
  ptrdiff_t lanes;
  jet_tape *tape;
  jet_plan *plan;
  double *x[DIMENSION][MOST_ORDER + 1], *f[DIMENSION][MOST_ORDER + 1];
  coefficients by_hand; /* of one lane */
} bench;

/* Lanes begin at points that differ a little. */
static double start_of(const bench *b, int i, ptrdiff_t lane) { return b->d->start[i] * (1 + 1e-3 * (double)(lane % 16)); }

static void bench_init(bench *b, const struct dynamics *d, int order, ptrdiff_t lanes, int threads) {
  jet x[DIMENSION], f[DIMENSION];
  jet_plan_options options = JET_PLAN_OPTIONS_INIT;
  options.by_orders = 1;
  options.threads = threads;
  *b = (bench){.d = d, .order = order, .lanes = lanes, .tape = jet_tape_new()};
  jet t = jet_parameter(b->tape, order);
  for (int i = 0; i < DIMENSION; i++) x[i] = jet_input_series(t, 1, &lanes);
  d->field(x, f);
  b->plan = jet_plan_new_ex(b->tape, DIMENSION, f, &options);
  if (jet_plan_status(b->plan)) fprintf(stderr, "online: %s\n", jet_plan_message(b->plan)), exit(2);
  for (int i = 0; i < DIMENSION; i++)
    for (int k = 0; k <= order; k++) b->x[i][k] = jet_plan_data(b->plan, x[i], k), b->f[i][k] = jet_plan_data(b->plan, f[i], k);
  for (int i = 0; i < DIMENSION; i++)
    for (ptrdiff_t j = 0; j < lanes; j++) b->x[i][0][j] = start_of(b, i, j);
}

static void bench_free(bench *b) {
  jet_plan_free(b->plan);
  jet_tape_free(b->tape);
}

static void step(bench *b) {
  for (int k = 0; k < b->order; k++) {
    if (jet_plan_run_orders(b->plan, k, k + 1)) exit(2);
    for (int i = 0; i < DIMENSION; i++) {
      const double *f = b->f[i][k], divisor = k + 1;
      double *x = b->x[i][k + 1];
      for (ptrdiff_t j = 0; j < b->lanes; j++) x[j] = f[j] / divisor;
    }
  }
}

static void step_by_hand(bench *b, ptrdiff_t lane) {
  for (int i = 0; i < DIMENSION; i++) b->by_hand[i][0] = start_of(b, i, lane);
  b->d->by_hand(b->by_hand, b->order);
}

static int differs(bench *b, ptrdiff_t lane) {
  step_by_hand(b, lane);
  for (int k = 0; k <= b->order; k++)
    for (int i = 0; i < DIMENSION; i++) {
      double size = 0;
      for (int j = 0; j < DIMENSION; j++) size = fmax(size, fabs(b->by_hand[j][k]));
      if (!(fabs(b->x[i][k][lane] - b->by_hand[i][k]) <= error_bound * size)) return 1;
    }
  return 0;
}

/* ---- times --------------------------------------------------------------------------------------------------------------- */

/* Prints a row; 1 if results differ. */
static int measure(const struct dynamics *d, int order, ptrdiff_t lanes, int threads) {
  bench b;
  double jets = INFINITY, hand = INFINITY;
  bench_init(&b, d, order, lanes, threads);
  for (int r = 0; r < ROUNDS; r++) {
    double t;
    TIMED(t, step(&b));
    jets = fmin(jets, t);
    TIMED(t, step_by_hand(&b, 0));
    hand = fmin(hand, t);
  }
  int bad = differs(&b, 0) || differs(&b, lanes - 1);
  jets *= 1e9 / (double)lanes, hand *= 1e9;
  printf("| %-12s | %5d | %6td | %9.1f | %9.1f | %6.3f |%s\n", d->name, order, lanes, jets, hand, jets / hand, bad ? " differs" : "");
  fflush(stdout);
  bench_free(&b);
  return bad;
}

int main(int argc, char **argv) {
  static const int orders[] = {8, 20};
  static const ptrdiff_t lanes[] = {1, 8, 64, 1024};
  int threads = argc > 1 ? atoi(argv[1]) : 1, bad = 0;
  printf("| system       | order |  lanes |  ns, jets |  by hand  |  ratio |\n|---|--:|--:|--:|--:|--:|\n");
  for (int s = 0; s < SYSTEMS; s++)
    for (size_t o = 0; o < sizeof orders / sizeof *orders; o++)
      for (size_t l = 0; l < sizeof lanes / sizeof *lanes; l++)
        bad |= measure(&systems[s], orders[o], lanes[l], threads);
  return bad;
}
