/* test_dct.c - cosine transforms, convolutions and correlations against the sums that define them, and in reverse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jets.h>

#include "complex_help.h"

static const double pi = 3.14159265358979323846;

/* ---- cosine transforms ------------------------------------------------------------------------------------------------------ */

static double cosine_sum(int type, const double *x, int n, int stride, int k) {
  double y = 0;
  for (int j = 0; j < n; j++) {
    double c = type == 1   ? (j == 0 || j == n - 1 ? 1 : 2) * cos(pi * j * k / (n - 1))
               : type == 2 ? 2 * cos(pi * (j + 0.5) * k / n)
               : type == 3 ? (j == 0 ? 1 : 2) * cos(pi * j * (k + 0.5) / n)
                           : 2 * cos(pi * (j + 0.5) * (k + 0.5) / n);
    y += c * x[j * stride];
  }
  return y;
}

static void cosine_transforms_are_their_sums(void **state) {
  (void)state;
  const int lengths[] = {2, 3, 8, 15, 300};
  unsigned seed = 1;
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
    for (int type = 1; type <= 4; type++)
      for (int axis = 0; axis < 2; axis++) {
        const int n = lengths[i], m = 3, stride = axis ? 1 : m;
        const ptrdiff_t dims[2] = {axis ? m : n, axis ? n : m};
        jet_tape *tape = jet_tape_new();
        jet x = jet_input(tape, 2, dims), y = jet_dct(x, type, axis, JET_FFT_BACKWARD), out[4] = {y};
        for (int norm = 0; norm < 3; norm++)
          out[1 + norm] = jet_idct(jet_dct(x, type, axis, (jet_fft_norm)norm), type, axis, (jet_fft_norm)norm);
        jet_plan *plan = jet_plan_new(tape, 4, out);
        assert_string_equal(jet_plan_message(plan), "");
        double *in = jet_plan_data(plan, x, 0);
        for (int j = 0; j < n * m; j++) in[j] = uniform(&seed, -1, 1);
        jet_plan_run(plan);
        for (int l = 0; l < m; l++)
          for (int k = 0; k < n; k++) {
            int first = axis ? l * n : l;
            double want = cosine_sum(type, in + first, n, stride, k);
            assert_true(fabs(jet_plan_data(plan, y, 0)[first + k * stride] - want) < 1e-12 * n);
          }
        for (int norm = 0; norm < 3; norm++)
          for (int j = 0; j < n * m; j++) assert_true(fabs(jet_plan_data(plan, out[1 + norm], 0)[j] - in[j]) < 1e-13 * n);
        jet_plan_free(plan);
        jet_tape_free(tape);
      }
}

/* An orthonormal transform keeps the sum of squares, and its adjoint undoes it; every adjoint is the transpose. */
static void their_adjoints_are_transposes(void **state) {
  (void)state;
  unsigned seed = 2;
  const ptrdiff_t dims[2] = {9, 4};
  for (int i = 0; i < 24; i++) {
    const int type = 1 + i % 4, axis = i / 4 % 2;
    const jet_fft_norm norm = (jet_fft_norm)(i / 8);
    jet_tape *tape = jet_tape_new();
    jet x = jet_input(tape, 2, dims), a = jet_input(tape, 2, dims), y = jet_dct(x, type, axis, norm), g;
    assert_int_equal(jet_vjp(1, &y, &a, 1, &x, &g), JET_OK);
    jet out[5] = {jet_sum(jet_mul(a, y)), jet_sum(jet_mul(g, x)), jet_sum(jet_square(x)), jet_sum(jet_square(y)),
                  jet_norm(jet_sub(g, jet_idct(a, type, axis, norm)))};
    jet_plan *plan = jet_plan_new(tape, 5, out);
    assert_string_equal(jet_plan_message(plan), "");
    for (int j = 0; j < 36; j++) jet_plan_data(plan, x, 0)[j] = uniform(&seed, -1, 1), jet_plan_data(plan, a, 0)[j] = uniform(&seed, -1, 1);
    jet_plan_run(plan);
    double v[5];
    for (int j = 0; j < 5; j++) v[j] = *jet_plan_data(plan, out[j], 0);
    assert_true(fabs(v[0] - v[1]) < 1e-12 * (1 + fabs(v[0])));
    if (norm == JET_FFT_ORTHO) assert_true(fabs(v[2] - v[3]) < 1e-12 * v[2] && v[4] < 1e-13);
    jet_plan_free(plan);
    jet_tape_free(tape);
  }
}

/* ---- convolutions -------------------------------------------------------------------------------------------------------------- */

typedef struct size {
  int rank;
  ptrdiff_t dims[2];
} size;

static ptrdiff_t numbers(const size *s) { return s->dims[0] * (s->rank == 2 ? s->dims[1] : 1); }
static ptrdiff_t columns(const size *s) { return s->rank == 2 ? s->dims[1] : 1; }

/* Element (p, q) of the full result; a correlation's with b conjugate and reversed. */
static number element(const size *m, const number *a, const size *n, const number *b, ptrdiff_t p, ptrdiff_t q, int correlates) {
  number sum = 0;
  for (ptrdiff_t i = 0; i < n->dims[0]; i++)
    for (ptrdiff_t j = 0; j < columns(n); j++) {
      ptrdiff_t r = p - i, s = q - j;
      if (r < 0 || s < 0 || r >= m->dims[0] || s >= columns(m)) continue;
      ptrdiff_t at = correlates ? numbers(n) - 1 - (i * columns(n) + j) : i * columns(n) + j;
      sum += a[r * columns(m) + s] * (correlates ? conj(b[at]) : b[at]);
    }
  return sum;
}

static const size pairs[][2] = {
    {{1, {1, 0}}, {1, {1, 0}}}, {{1, {7, 0}}, {1, {3, 0}}},     {{1, {3, 0}}, {1, {5, 0}}},      {{1, {200, 0}}, {1, {90, 0}}},
    {{2, {5, 6}}, {2, {2, 3}}}, {{2, {20, 17}}, {2, {12, 11}}}, {{2, {9, 40}}, {2, {1, 4}}},     {{1, {90, 0}}, {1, {200, 0}}},
};
enum { PAIRS = sizeof pairs / sizeof *pairs, MOST = 1024 };

static void check_convolution(const size *m, const size *n, int mode, int correlates, int complex_a, int complex_b, unsigned *seed) {
  static number a[MOST], b[MOST], y[4 * MOST];
  jet_tape *tape = jet_tape_new();
  jet z = jet_input_complex(tape, m->rank, m->dims), w = jet_input_complex(tape, n->rank, n->dims);
  jet c = (correlates ? jet_correlate : jet_convolve)(complex_a ? z : jet_real(z), complex_b ? w : jet_real(w), (jet_convolve_mode)mode);
  jet out = jet_is_complex(c) ? c : jet_complex(c, jet_scalar(tape, 0));
  jet_plan *plan = jet_plan_new(tape, 1, &out);
  assert_string_equal(jet_plan_message(plan), "");
  for (ptrdiff_t i = 0; i < numbers(m); i++) a[i] = make(uniform(seed, -1, 1), complex_a ? uniform(seed, -1, 1) : 0);
  for (ptrdiff_t i = 0; i < numbers(n); i++) b[i] = make(uniform(seed, -1, 1), complex_b ? uniform(seed, -1, 1) : 0);
  jet_plan_write(plan, z, 0, (double *)a), jet_plan_write(plan, w, 0, (double *)b);
  jet_plan_run(plan);
  jet_plan_read(plan, out, 0, (double *)y);
  ptrdiff_t first[2] = {0, 0}, count[2] = {1, 1};
  for (int i = 0; i < m->rank; i++) {
    count[i] = mode == JET_FULL ? m->dims[i] + n->dims[i] - 1 : mode == JET_SAME ? m->dims[i] : m->dims[i] - n->dims[i] + 1;
    first[i] = mode == JET_FULL ? 0 : mode == JET_SAME ? (n->dims[i] - 1) / 2 : n->dims[i] - 1;
    assert_int_equal(jet_extent(c, i), count[i]);
  }
  for (ptrdiff_t i = 0; i < count[0]; i++)
    for (ptrdiff_t j = 0; j < count[1]; j++)
      assert_true(cabs(y[i * count[1] + j] - element(m, a, n, b, first[0] + i, first[1] + j, correlates)) < 1e-13 * 40);
  jet_plan_free(plan);
  jet_tape_free(tape);
}

static void convolutions_are_their_sums(void **state) {
  (void)state;
  unsigned seed = 3;
  for (int i = 0; i < PAIRS; i++)
    for (int mode = 0; mode < 3; mode++)
      for (int what = 0; what < 8; what++) {
        const size *m = &pairs[i][0], *n = &pairs[i][1];
        if (mode == JET_VALID && (m->dims[0] < n->dims[0] || columns(m) < columns(n))) continue;
        check_convolution(m, n, mode, what & 1, what >> 1 & 1, what >> 2 & 1, &seed);
      }
}

/* d/da <c, a * b> is the correlation of c with b, wherever the kernels chosen are the same or others. */
static void their_gradients_are_correlations(void **state) {
  (void)state;
  const ptrdiff_t lengths[][2] = {{11, 4}, {150, 80}};
  for (int i = 0; i < 2; i++) {
    ptrdiff_t m = lengths[i][0], n = lengths[i][1], full = m + n - 1;
    jet_tape *tape = jet_tape_new();
    jet a = jet_input(tape, 1, &m), b = jet_input(tape, 1, &n), c = jet_input(tape, 1, &full), wrt[2] = {a, b}, g[2];
    assert_int_equal(jet_grad(jet_dot(c, jet_convolve(a, b, JET_FULL)), 2, wrt, g), JET_OK);
    jet out[2] = {jet_norm(jet_sub(g[0], jet_correlate(c, b, JET_VALID))), jet_norm(jet_sub(g[1], jet_correlate(c, a, JET_VALID)))};
    jet_plan *plan = jet_plan_new(tape, 2, out);
    assert_string_equal(jet_plan_message(plan), "");
    unsigned seed = 6;
    jet in[3] = {a, b, c};
    for (int k = 0; k < 3; k++)
      for (ptrdiff_t j = 0; j < jet_size(in[k]); j++) jet_plan_data(plan, in[k], 0)[j] = uniform(&seed, -1, 1);
    jet_plan_run(plan);
    for (int k = 0; k < 2; k++) assert_true(*jet_plan_data(plan, out[k], 0) < 1e-11);
    jet_plan_free(plan);
    jet_tape_free(tape);
  }
}

/* ---- bad input -------------------------------------------------------------------------------------------------------------------- */

static void bad_operands_are_named(void **state) {
  (void)state;
  const ptrdiff_t dims[2] = {4, 6}, none = 0, one = 1;
  const char *const messages[] = {
      "dct: there is no type 5, only 1 to 4",
      "dct: axis 0 has 1 elements; type 1 needs 2",
      "dct: the operand is complex where a real array is needed (jet_real, jet_imag, jet_abs make one)",
      "convolve: [4,6] and [1] are not both of rank 1 or both of rank 2",
      "convolve: [0] and [1]: both need elements",
      "convolve: [4,6] is nowhere inside [1,1]",
      "convolve: 7 is no jet_convolve_mode",
  };
  for (int i = 0; i < 7; i++) {
    jet_tape *tape = jet_tape_new();
    jet x = jet_input(tape, 2, dims), v = jet_input(tape, 1, &one), empty = jet_input(tape, 1, &none);
    switch (i) {
    case 0: jet_dct(x, 5, 0, JET_FFT_ORTHO); break;
    case 1: jet_dct(v, 1, 0, JET_FFT_ORTHO); break;
    case 2: jet_dct(jet_complex(x, x), 2, 0, JET_FFT_ORTHO); break;
    case 3: jet_convolve(x, v, JET_FULL); break;
    case 4: jet_convolve(empty, v, JET_FULL); break;
    case 5: jet_convolve(jet_reshape(v, 2, (const ptrdiff_t[]){1, 1}), x, JET_VALID); break;
    default: jet_convolve(v, v, (jet_convolve_mode)7); break;
    }
    assert_string_equal(jet_tape_message(tape), messages[i]);
    jet_tape_free(tape);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cosine_transforms_are_their_sums), cmocka_unit_test(their_adjoints_are_transposes),
      cmocka_unit_test(convolutions_are_their_sums),      cmocka_unit_test(their_gradients_are_correlations),
      cmocka_unit_test(bad_operands_are_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
