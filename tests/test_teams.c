/* test_teams.c - steps on whole arrays that several workers share: the same bits for any number of them. Products are shared where
   BLAS has no threads of its own. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan.h"
#include "random_jets.h"
#include "workers.h"

/* ---- plans --------------------------------------------------------------------------------------------------------------------------- */

enum { RESULTS_MOST = 6, INPUTS_MOST = 6 };

typedef struct model {
  jet_tape *tape;
  jet in[INPUTS_MOST], out[RESULTS_MOST];
  int nin, nout;
} model;

static jet input(model *r, int rank, const ptrdiff_t *dims) { return r->in[r->nin++] = jet_input(r->tape, rank, dims); }

static jet expand(model *r, jet x, jet t, int directions) { /* t: failed for a plain one */
  ptrdiff_t dims[JET_MAX_RANK] = {directions};
  if (!t.tape) return x;
  for (int i = 0; i < jet_rank(x); i++) dims[i + 1] = jet_extent(x, i);
  if (directions == 1) return jet_expand(x, input(r, jet_rank(x), dims + 1), t);
  return jet_expand_many(x, input(r, jet_rank(x) + 1, dims), t);
}

static void product_model(model *r, const ptrdiff_t *a_dims, int a_rank, const ptrdiff_t *b_dims, int b_rank, int order, int directions,
                          int both) {
  const jet none = {NULL, -1};
  jet t = order ? jet_parameter(r->tape, order) : none, wrt[2] = {input(r, a_rank, a_dims), input(r, b_rank, b_dims)};
  jet a = expand(r, wrt[0], t, directions), b = both ? expand(r, wrt[1], t, directions) : wrt[1];
  jet y = r->out[r->nout++] = b_rank == 1 ? jet_matvec(a, b) : jet_matmul(a, b);
  jet_grad(jet_sum(jet_square(y)), 2, wrt, r->out + r->nout);
  r->nout += 2;
}

static void axes_model(model *r, int order, int directions) {
  const ptrdiff_t dims[3] = {60, 50, 40}, columns[2] = {100, 1200};
  const int order_of[] = {2, 0, 1}, axis = 1;
  jet x = expand(r, input(r, 3, dims), jet_parameter(r->tape, order), directions);
  jet y = jet_mul(jet_permute(x, order_of), jet_permute(x, order_of)), grad;
  r->out[r->nout++] = jet_sum_over(y, 1, &axis, 0);
  r->out[r->nout++] = jet_cumsum(jet_reshape(x, 2, columns), 0);
  jet_grad(jet_sum(jet_mul(y, jet_exp(y))), 1, r->in, &grad); /* a deposit */
  r->out[r->nout++] = grad;
}

static void network_model(model *r) { /* its Laplacian and the gradient of that */
  const ptrdiff_t batch[2] = {60, 20}, first[2] = {20, 250}, second[2] = {250, 120};
  jet wrt[3] = {input(r, 2, batch), input(r, 2, first), input(r, 2, second)};
  jet h = jet_tanh(jet_matmul(expand(r, wrt[0], jet_parameter(r->tape, 2), 20), wrt[1]));
  jet y = jet_tanh(jet_matmul(h, wrt[2]));
  r->out[r->nout++] = jet_coefficient_sum(y, 2);
  jet_grad(jet_sum(jet_square(r->out[0])), 3, wrt, r->out + 1);
  r->nout += 3;
}

static jet_plan *plan_of(const model *r, int threads, int *workers) {
  jet_plan_options options = JET_PLAN_OPTIONS_INIT;
  options.threads = threads;
  jet_plan *p = jet_plan_new_ex(r->tape, r->nout, r->out, &options);
  assert_string_equal(jet_plan_message(p), "");
  *workers = 1;
  for (int i = 0; i < p->nsteps; i++)
    if (p->steps[i].workers > *workers) *workers = p->steps[i].workers;
  for (int i = 0; i < r->nin; i++) {
    double *x = jet_plan_data(p, r->in[i], 0);
    for (ptrdiff_t j = 0; j < jet_size(r->in[i]); j++) x[j] = 0.1 * sin((double)(j * (i + 1)) * 0.7);
  }
  return p;
}

static void check_model(model *r) {
  static const int counts[] = {2, 4, 8, 3};
  int workers;
  assert_string_equal(jet_tape_message(r->tape), "");
  jet_plan *want = plan_of(r, 1, &workers);
  assert_int_equal(workers, 1);
  run(want);
  for (int i = 0; i < 4; i++) {
    jet_plan *p = plan_of(r, counts[i], &workers);
    assert_true(workers > 1 || workers_allowed(2) == 1);
    for (int again = 0; again < 2; again++) run(p);
    for (int o = 0; o < r->nout; o++)
      for (int k = 0; k <= jet_order(r->out[o]); k++) {
        size_t n = (size_t)(k ? jet_directions(r->out[o]) : 1) * (size_t)jet_size(r->out[o]);
        assert_memory_equal(jet_plan_data(want, r->out[o], k), jet_plan_data(p, r->out[o], k), n * sizeof(double));
      }
    jet_plan_free(p);
  }
  jet_plan_free(want);
  jet_tape_free(r->tape);
}

static void products(void **state) {
  static const struct {
    int ra, rb;
    ptrdiff_t a[3], b[3];
  } shapes[] = {{2, 2, {900, 120}, {120, 100}}, {2, 2, {9, 400}, {400, 2500}}, {3, 3, {9, 100, 120}, {9, 120, 90}},
                {3, 2, {9, 100, 120}, {120, 90}}, {2, 1, {3000, 3000}, {3000}}};
  (void)state;
  for (int i = 0; i < 5; i++)
    for (int order = 0; order <= 2; order += 2)
      for (int c = 0; c < (order && i < 4 ? 4 : 1); c++) {
        model r = {.tape = jet_tape_new()};
        product_model(&r, shapes[i].a, shapes[i].ra, shapes[i].b, shapes[i].rb, order, c % 2 ? 3 : 1, c / 2);
        check_model(&r);
      }
}

static void axes_gathers_scans_and_deposits(void **state) {
  (void)state;
  for (int directions = 1; directions <= 3; directions += 2) {
    model r = {.tape = jet_tape_new()};
    axes_model(&r, 7, directions);
    check_model(&r);
  }
}

static void transforms(void **state) {
  const ptrdiff_t dims[2] = {90, 200};
  (void)state;
  model r = {.tape = jet_tape_new()};
  jet x = expand(&r, input(&r, 2, dims), jet_parameter(r.tape, 7), 1);
  jet y = jet_fft2(jet_exp(jet_complex(x, jet_square(x))), JET_FFT_ORTHO);
  r.out[r.nout++] = jet_real(y);
  r.out[r.nout++] = jet_irfft2(jet_mul(y, y), 398, JET_FFT_BACKWARD);
  r.out[r.nout++] = jet_dct(x, 2, 0, JET_FFT_ORTHO);
  check_model(&r);
}

/* Fewer planes than workers: each stage is shared; between stages numbers lie in scratch or, of the larger, in the result. */
static void transforms_of_one_plane(void **state) {
  static const ptrdiff_t dims[3][3] = {{1, 210, 250}, {3, 130, 500}, {2, 1, 100000}};
  static const int axes[3] = {0, 1, 2};
  (void)state;
  for (int i = 0; i < 3; i++)
    for (int directions = 1; directions <= 2; directions++) {
      model r = {.tape = jet_tape_new()};
      const jet none = {NULL, -1}, t = directions > 1 ? jet_parameter(r.tape, 1) : none;
      jet x = expand(&r, input(&r, 3, dims[i]), t, directions), z = jet_fftn(jet_complex(x, jet_square(x)), 3, axes, JET_FFT_FORWARD);
      r.out[r.nout++] = jet_imag(z);
      r.out[r.nout++] = jet_irfftn(z, 2 * dims[i][2] - 1, 3, axes, JET_FFT_ORTHO);
      jet_grad(jet_sum(jet_abs2(z)), 1, r.in, &r.out[r.nout++]);
      check_model(&r);
    }
}

static void laplacians_and_their_gradients(void **state) {
  (void)state;
  model r = {.tape = jet_tape_new()};
  network_model(&r);
  check_model(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(products),
      cmocka_unit_test(axes_gathers_scans_and_deposits),
      cmocka_unit_test(transforms),
      cmocka_unit_test(transforms_of_one_plane),
      cmocka_unit_test(laplacians_and_their_gradients),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
