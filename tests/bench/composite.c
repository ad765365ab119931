/* composite.c - Taylor coefficients of y = exp(sin x tanh x)/(1+x^2) + log(1+x^2)^1.5 at N points, beside the plain
   C loop for the value and beside other libraries, in one run and taking turns, so that noise hits all alike. One
   thread each; and how many times faster ours is with two.

     meson test --benchmark composite -v         or         composite [N ...]

   Timed is the evaluation alone: jet_plan_run here; for ADOL-C the replay of a tape; Sacado and Boost record
   nothing. Peers write the same planes of coefficients. A peer slower than .5 s per run gets N/10 of the points and
   is scaled (marked *). All values are compared: the exit status is 1 if a peer differs by more than 1e-9 of a
   coefficient's maximum, or by NaN. */
#include "common.h"

#include "composite.h"
#include "peers.h" /* PEERS: X(name) for all that were found */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { RUNS = 7 };
static const int orders[] = {1, 2, 4, 8, 16};

/* Towards 0 the power amplifies rounding like x^-K: at K = 16 peers are good to 4e-11 from .6 on, to no digit from
   .1 on. */
static const double from = 0.6, to = 3, tolerance = 1e-9;

typedef struct peer {
  const char *name;
  peer_fn *run;
  ptrdiff_t n;   /* points that it is given */
  double *times; /* RUNS */
  double difference;
} peer;

typedef struct ours {
  jet y;
  jet_tape *tape;
  jet_plan *plan;
  double record; /* seconds: recording and planning */
} ours;

static void *must(void *p) {
  if (p) return p;
  fprintf(stderr, "composite: out of memory\n");
  exit(2);
}

static double *doubles(ptrdiff_t n) { return (double *)must(malloc((size_t)n * sizeof(double))); }

/* In no order, as data come, and any first part is spread evenly too. */
static double *points(ptrdiff_t n) {
  double *x = doubles(n), unused;
  for (ptrdiff_t i = 0; i < n; i++) x[i] = from + (to - from) * modf((double)i * 0.6180339887498949, &unused);
  return x;
}

/* ---- ours ------------------------------------------------------------------------------------------------------ */

static jet expression(jet x) {
  jet s = jet_shift(jet_square(x), 1);
  return jet_add(jet_div(jet_exp(jet_mul(jet_sin(x), jet_tanh(x))), s), jet_powc(jet_log(s), 1.5));
}

static void check(jet_status status, const jet_plan *plan) {
  if (status == JET_OK) return;
  fprintf(stderr, "composite: %s: %s\n", jet_status_string(status), jet_plan_message(plan));
  exit(2);
}

static ours record(int order, ptrdiff_t n, const double *at, int threads) {
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  ours o;
  options.threads = threads;
  double start = seconds();
  o.tape = jet_tape_new_ex(&options);
  jet t = jet_parameter(o.tape, order), x = jet_input(o.tape, 1, &n);
  o.y = expression(jet_expand(x, jet_scalar(o.tape, 1), t));
  o.plan = jet_plan_new(o.tape, 1, &o.y);
  o.record = seconds() - start;
  check(jet_plan_status(o.plan), o.plan);
  memcpy(jet_plan_data(o.plan, x, 0), at, (size_t)n * sizeof *at);
  return o;
}

static void discard(ours *o) {
  jet_plan_free(o->plan);
  jet_tape_free(o->tape);
}

/* ---- time ------------------------------------------------------------------------------------------------------ */

static double time_peer(const peer *p, int order, const double *x, double *c) {
  double t;
  TIMED(t, if (p->run(order, p->n, x, c)) return NAN);
  return t;
}

/* How many points a peer gets; runs it once at that number, unmeasured. */
static void warm_up(peer *p, int order, ptrdiff_t n, const double *x, double *c) {
  double start = seconds();
  p->n = n / 10;
  p->run(order, p->n, x, c);
  if ((seconds() - start) * 10 > 0.5) return;
  p->n = n;
  p->run(order, n, x, c);
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

static double larger(double a, double b) { return b > a || isnan(b) ? b : a; } /* NaN stays */

/* max |a - b| / max |a| of a plane */
static double plane_difference(ptrdiff_t n, const double *a, const double *b) {
  double difference = 0, most = 0;
  for (ptrdiff_t i = 0; i < n && !isnan(difference); i++) {
    difference = larger(difference, fabs(a[i] - b[i]));
    most = larger(most, fabs(a[i]));
  }
  return difference / most;
}

static double largest_difference(const ours *o, int order, ptrdiff_t n, const double *c) {
  double worst = 0;
  for (int k = 0; k <= order && !isnan(worst); k++)
    worst = larger(worst, plane_difference(n, jet_plan_data(o->plan, o->y, k), c + k * n));
  return worst;
}

/* ---- a row of the table ---------------------------------------------------------------------------------------- */

static void measure(ours *o, ours *two, double *own, double *both, double *plain, int np, peer *peers, int order, ptrdiff_t n, const double *x,
                    double *c) {
  for (int p = 0; p < np; p++) warm_up(&peers[p], order, n, x, c);
  for (int r = -1; r < RUNS; r++) { /* run -1 warms up */
    double t, u, v;
    TIMED(t, check(jet_plan_run(o->plan), o->plan));
    TIMED(u, check(jet_plan_run(two->plan), two->plan));
    TIMED(v, plain_values(n, x, c));
    if (r < 0) continue;
    own[r] = t;
    both[r] = u;
    plain[r] = v;
    for (int p = 0; p < np; p++) {
      peers[p].times[r] = time_peer(&peers[p], order, x, c);
      if (r == 0) peers[p].difference = largest_difference(o, order, peers[p].n, c);
    }
  }
}

static bool row(int order, ptrdiff_t n, int np, peer *peers) {
  double own[RUNS], both[RUNS], plain[RUNS], *x = points(n), *c = doubles((order + 1) * n);
  bool good = true;
  ours o = record(order, n, x, 1), two = record(order, n, x, 2);
  measure(&o, &two, own, both, plain, np, peers, order, n, x, c);
  double ms = 1e3 * median(own, RUNS), faster = ms / (1e3 * median(both, RUNS)), value = 1e3 * median(plain, RUNS);
  printf("| %2d | %7td | %6.2f | %7.2f | %7.2f | %6.2f | %5.2f |", order, n, 1e3 * o.record, ms, faster, value, ms / value);
  for (int p = 0; p < np; p++) {
    double scale = (double)n / (double)peers[p].n, theirs = 1e3 * scale * median(peers[p].times, RUNS);
    printf(" %7.1f%s | %5.1f | %.0e |", theirs, scale > 1 ? "*" : " ", theirs / ms, peers[p].difference);
    good = good && peers[p].difference <= tolerance;
  }
  printf("\n");
  fflush(stdout);
  discard(&o);
  discard(&two);
  free(x);
  free(c);
  return good;
}

static void heading(int np, const peer *peers) {
  printf("y = exp(sin x tanh x)/(1+x^2) + log(1+x^2)^1.5, x in [%g, %g], one thread, milliseconds, medians of %d\n"
         "record: recording and planning, once. threads: one thread's time over that of two. plain: the value alone, C and <math.h>. /ours: in units of our time.\n"
         "diff: largest difference from ours, relative to the largest |coefficient k|. *: scaled from N/10 points.\n\n",
         from, to, RUNS);
  printf("|  K |       N | record |    ours | threads |  plain | /plain |");
  for (int p = 0; p < np; p++) printf(" %7s  | /ours | diff |", peers[p].name);
  printf("\n|--:|--:|--:|--:|--:|--:|--:|");
  for (int p = 0; p < np; p++) printf("--:|--:|--:|");
  printf("\n");
}

int main(int argc, char **argv) {
  static char *usual[] = {"100000", "1000000"};
#define X(name) {#name, peer_##name, 0, doubles(RUNS), 0},
  peer peers[] = {PEERS{NULL, NULL, 0, NULL, 0}};
#undef X
  int np = (int)(sizeof peers / sizeof *peers) - 1, ns = argc > 1 ? argc - 1 : 2;
  char **sizes = argc > 1 ? argv + 1 : usual;
  bool good = true;
  heading(np, peers);
  for (int i = 0; i < ns; i++) {
    ptrdiff_t n = atol(sizes[i]);
    if (n < 10) return fprintf(stderr, "composite: N must be a number, 10 or more\n"), 2;
    for (size_t j = 0; j < sizeof orders / sizeof *orders; j++) good = row(orders[j], n, np, peers) && good;
  }
  for (int p = 0; p < np; p++) free(peers[p].times);
  if (!good) printf("\nVALUES DIFFER by more than %g, or are NaN\n", tolerance);
  return good ? 0 : 1;
}
