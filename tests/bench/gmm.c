/* gmm.c - the gradient of a Gaussian mixture's log-posterior (gmm.h), written in arrays, beside loops by hand, in one run.

     meson test --benchmark gmm -v

   1000 points. Data: the generator of `uniform` below from state 1: points, then parameters, in [-1, 1]. One thread. Gradients are
   compared: exit status 1 where they differ by more than 1e-9 of the largest number. */
#include "common.h"

#include "gmm.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { RUNS = 7 };

static void *must(void *p) {
  if (p) return p;
  fprintf(stderr, "gmm: out of memory\n");
  exit(2);
}
static double *doubles(ptrdiff_t n) { return (double *)must(calloc((size_t)n, sizeof(double))); }

static double uniform(unsigned long long *s) {
  *s = *s * 6364136223846793005u + 1442695040888963407u;
  return -1 + 2 * (double)(*s >> 11) * 0x1p-53;
}

/* ---- in arrays -------------------------------------------------------------------------------------------------------- */

static jet part(jet p, ptrdiff_t at, int rank, const ptrdiff_t dims[]) {
  ptrdiff_t size = 1;
  for (int i = 0; i < rank; i++) size *= dims[i];
  ptrdiff_t stop = at + size;
  return jet_reshape(jet_slice(p, &at, &stop, NULL), rank, dims);
}

static jet columns(jet x, ptrdiff_t first, ptrdiff_t last) { /* of a matrix */
  ptrdiff_t start[2] = {0, first}, stop[2] = {jet_extent(x, 0), last};
  return jet_slice(x, start, stop, NULL);
}

/* Q [K, d, d] from exp q and l, each at its places. */
static jet matrices(const gmm *g, jet diagonal, jet l) {
  ptrdiff_t d = g->d, below = d * (d - 1) / 2, dims[3] = {g->k, d, d}, *at = (ptrdiff_t *)must(calloc((size_t)(d + below), sizeof *at));
  for (ptrdiff_t j = 0, a = d; j < d; j++) {
    at[j] = j * d + j;
    for (ptrdiff_t i = j + 1; i < d; i++) at[a++] = i * d + j;
  }
  jet both[2] = {diagonal, l}, entries = jet_concat(2, both, 1);
  ptrdiff_t count = d + below;
  jet q = jet_reshape(jet_scatter_add(entries, 1, 1, &count, at, d * d), 3, dims);
  free(at);
  return q;
}

static jet log_posterior(const gmm *g, jet p) {
  ptrdiff_t n = g->n, d = g->d, m = g->k, mu_dims[3] = {m, 1, d}, icf_dims[2] = {m, gmm_icf(g)}, x_dims[2] = {n, d}, column[2] = {m, 1};
  int last = -1, first = 0;
  jet alpha = part(p, 0, 1, &m), mu = part(p, m, 3, mu_dims), icf = part(p, m + m * d, 2, icf_dims);
  jet q = columns(icf, 0, d), l = columns(icf, d, gmm_icf(g)), e = jet_exp(q), transposed = jet_transpose(matrices(g, e, l));
  jet y = jet_matmul(jet_sub(jet_constant(p.tape, 2, x_dims, g->x), mu), transposed); /* [K, n, d] */
  jet weight = jet_reshape(jet_add(alpha, jet_sum_over(q, 1, &last, 0)), 2, column);
  jet term = jet_sub(weight, jet_scale(jet_sum_over(jet_square(y), 1, &last, 0), 0.5)); /* [K, n] */
  jet prior = jet_scale(jet_add(jet_sum(jet_square(e)), jet_sum(jet_square(l))), 0.5);
  jet value = jet_sub(jet_sum(jet_logsumexp_over(term, 1, &first, 0)), jet_scale(jet_logsumexp(alpha), (double)n));
  return jet_shift(jet_add(value, prior), gmm_constant(g));
}

/* ---- times -------------------------------------------------------------------------------------------------------------- */

static void check(jet_status status, const char *message) {
  if (status == JET_OK) return;
  fprintf(stderr, "gmm: %s\n", message);
  exit(2);
}

static bool row(ptrdiff_t d, ptrdiff_t k) {
  gmm g = {1000, d, k, doubles(1000 * d)};
  ptrdiff_t n = gmm_parameters(&g);
  double *at = doubles(n), *grad = doubles(n), *ours = doubles(n), *work = doubles(2 * k * (d + 2) + 2 * k * d * d);
  unsigned long long s = 1;
  for (ptrdiff_t i = 0; i < g.n * d; i++) g.x[i] = uniform(&s);
  for (ptrdiff_t i = 0; i < n; i++) at[i] = uniform(&s);
  jet_tape *tape = jet_tape_new();
  jet p = jet_input(tape, 1, &n), y[2];
  y[0] = log_posterior(&g, p);
  jet_grad(y[0], 1, &p, &y[1]);
  check(jet_tape_status(tape), jet_tape_message(tape));
  jet_plan *value = jet_plan_new(tape, 1, y), *both = jet_plan_new(tape, 2, y);
  check(jet_plan_status(both), jet_plan_message(both));
  jet_plan_bind(value, p, 0, at);
  jet_plan_bind(both, p, 0, at);
  jet_plan_bind(both, y[1], 0, ours);
  double t[4][RUNS];
  volatile double sink;
  for (int r = -1; r < RUNS; r++) {
    int i = r < 0 ? 0 : r;
    TIMED(t[0][i], jet_plan_run(value));
    TIMED(t[1][i], sink = gmm_hand(&g, at, NULL, work));
    TIMED(t[2][i], jet_plan_run(both));
    TIMED(t[3][i], sink = gmm_hand(&g, at, grad, work));
  }
  (void)sink;
  double m[4], worst = 0, most = 0;
  for (int i = 0; i < 4; i++) m[i] = 1e6 * median(t[i], RUNS);
  for (ptrdiff_t i = 0; i < n; i++) worst = fmax(worst, fabs(grad[i] - ours[i])), most = fmax(most, fabs(grad[i]));
  printf("| %td, %td | %td | %.0f | %.0f | %.0f | %.0f | %.2f | %.2f | %.0e |\n", d, k, n, m[0], m[1], m[2], m[3], m[2] / m[3],
         m[2] / m[1], worst / most);
  fflush(stdout);
  double error = fabs(*jet_plan_data(both, y[0], 0) / gmm_hand(&g, at, NULL, work) - 1);
  jet_plan_free(value);
  jet_plan_free(both);
  jet_tape_free(tape);
  free(g.x), free(at), free(grad), free(ours), free(work);
  return worst <= 1e-9 * most && error < 1e-11;
}

int main(void) {
  static const ptrdiff_t sizes[][2] = {{2, 5}, {10, 5}, {20, 5}, {32, 5}, {64, 5}, {10, 25}, {20, 50}};
  bool good = true;
  printf("microseconds, medians of %d, one thread\n\n| d, K | parameters | f | f by hand | gradient | gradient by hand | gradient/by hand | "
         "gradient/f by hand | difference |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n", RUNS);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) good = row(sizes[i][0], sizes[i][1]) && good;
  if (!good) printf("VALUES DIFFER\n");
  return good ? 0 : 1;
}
