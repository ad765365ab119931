/* test_fft.c - Fourier transforms against the sums that define them, and in reverse against themselves forward. */
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

/* ---- a shape and axes of it --------------------------------------------------------------------------------------------- */

enum { RANK = 4, MOST = 4096, ORDER = 2 };
typedef struct array {
  int rank;
  ptrdiff_t dims[RANK];
} array;

typedef struct setting {
  array x;
  int n, axes[RANK];
} setting;

static const setting settings[] = {
    {{1, {1}}, 1, {0}},          {{1, {2}}, 1, {-1}},         {{1, {7}}, 1, {0}},           {{1, {12}}, 1, {0}},
    {{1, {97}}, 1, {0}},         {{2, {3, 8}}, 1, {1}},       {{2, {8, 3}}, 1, {0}},        {{2, {6, 5}}, 2, {0, 1}},
    {{2, {5, 6}}, 2, {1, 0}},    {{3, {2, 4, 3}}, 1, {1}},    {{3, {4, 2, 5}}, 2, {2, 0}},  {{3, {3, 4, 5}}, 3, {0, 1, 2}},
    {{4, {2, 3, 4, 3}}, 2, {1, 3}}, {{2, {0, 4}}, 1, {1}},    {{3, {1, 1, 6}}, 2, {-1, 0}},
    {{3, {6, 6, 4}}, 3, {0, 2, 1}}, {{2, {20, 6}}, 2, {0, 1}},
};
enum { SETTINGS = sizeof settings / sizeof *settings };

static ptrdiff_t size_of(const array *a) {
  ptrdiff_t n = 1;
  for (int i = 0; i < a->rank; i++) n *= a->dims[i];
  return n;
}

static int axis_of(const setting *s, int i) { return s->axes[i] < 0 ? s->axes[i] + s->x.rank : s->axes[i]; }

static void index_of(const array *a, ptrdiff_t at, ptrdiff_t *index) {
  for (int i = a->rank - 1; i >= 0; i--) index[i] = at % a->dims[i], at /= a->dims[i];
}

static double factor(const setting *s, jet_fft_norm norm, int inverse) {
  double n = 1;
  for (int i = 0; i < s->n; i++) n *= (double)s->x.dims[axis_of(s, i)];
  return norm == JET_FFT_ORTHO ? 1 / sqrt(n) : norm == (inverse ? JET_FFT_FORWARD : JET_FFT_BACKWARD) ? 1 : 1 / n;
}

/* The sum, element by element, of the array `to` whose elements are frequencies of x. */
static void transform(const setting *s, const array *to, const number *x, number *y, jet_fft_norm norm, int inverse) {
  ptrdiff_t j[RANK], k[RANK];
  for (ptrdiff_t b = 0; b < size_of(to); b++) {
    index_of(to, b, k);
    y[b] = 0;
    for (ptrdiff_t a = 0; a < size_of(&s->x); a++) {
      long double phase = 0;
      index_of(&s->x, a, j);
      int same = 1;
      for (int i = 0; i < s->x.rank; i++) {
        int over = 0;
        for (int l = 0; l < s->n; l++) over |= axis_of(s, l) == i;
        if (over) phase += (long double)(j[i] * k[i] % s->x.dims[i]) / s->x.dims[i];
        else same &= j[i] == k[i];
      }
      if (same) y[b] += x[a] * (number)cexpl((inverse ? 2 : -2) * 3.14159265358979323846264338327950288L * phase * 1.0iL);
    }
    y[b] *= factor(s, norm, inverse);
  }
}

static void near(const number *got, const number *want, ptrdiff_t n, const setting *s) {
  double most = 1e-300;
  for (ptrdiff_t i = 0; i < n; i++) most = fmax(most, cabs(want[i]));
  for (ptrdiff_t i = 0; i < n; i++)
    if (!(cabs(got[i] - want[i]) <= 1e-14 * most)) {
      print_message("rank %d, setting %d, element %td: %g%+gi, not %g%+gi\n", s->x.rank, (int)(s - settings), i, creal(got[i]),
                    cimag(got[i]), creal(want[i]), cimag(want[i]));
      fail();
    }
}

/* ---- forward ----------------------------------------------------------------------------------------------------------------- */

static void fill(number *x, ptrdiff_t n, unsigned *seed, int real) {
  for (ptrdiff_t i = 0; i < n; i++) x[i] = make(uniform(seed, -1, 1), real ? 0 : uniform(seed, -1, 1));
}

static jet series(jet t, const array *a) {
  jet re = jet_input_series(t, a->rank, a->dims);
  return jet_complex(re, jet_input_series(t, a->rank, a->dims));
}

static void every_coefficient_is_transformed(void **state) {
  (void)state;
  static number x[ORDER + 1][MOST], y[MOST], want[MOST];
  unsigned seed = 1;
  for (int i = 0; i < 6 * SETTINGS; i++) {
    const setting *s = &settings[i / 6];
    const jet_fft_norm norm = (jet_fft_norm)(i % 3);
    const int inverse = i / 3 % 2;
    jet_tape *tape = jet_tape_new();
    jet z = series(jet_parameter(tape, ORDER), &s->x), w = (inverse ? jet_ifftn : jet_fftn)(z, s->n, s->axes, norm);
    jet_plan *plan = jet_plan_new(tape, 1, &w);
    assert_string_equal(jet_tape_message(tape), "");
    for (int k = 0; k <= ORDER; k++) {
      fill(x[k], size_of(&s->x), &seed, 0);
      assert_int_equal(jet_plan_write(plan, z, k, (double *)x[k]), JET_OK);
    }
    assert_int_equal(jet_plan_run(plan), JET_OK);
    for (int k = 0; k <= ORDER; k++) {
      transform(s, &s->x, x[k], want, norm, inverse);
      jet_plan_read(plan, w, k, (double *)y);
      near(y, want, size_of(&s->x), s);
    }
    jet_plan_free(plan);
    jet_tape_free(tape);
  }
}

static array halved(const setting *s) {
  array a = s->x;
  ptrdiff_t *n = &a.dims[axis_of(s, s->n - 1)];
  *n = *n / 2 + 1;
  return a;
}

static void real_arrays_have_half_of_it_and_come_back(void **state) {
  (void)state;
  static number x[MOST], y[MOST], want[MOST];
  unsigned seed = 2;
  for (int i = 0; i < 3 * SETTINGS; i++) {
    const setting *s = &settings[i / 3];
    const array half = halved(s);
    const jet_fft_norm norm = (jet_fft_norm)(i % 3);
    jet_tape *tape = jet_tape_new();
    jet z = jet_input_complex(tape, s->x.rank, s->x.dims), w = jet_rfftn(jet_real(z), s->n, s->axes, norm);
    jet back = jet_irfftn(w, s->x.dims[axis_of(s, s->n - 1)], s->n, s->axes, norm);
    jet out[2] = {w, jet_complex(back, jet_scalar(tape, 0))};
    jet_plan *plan = jet_plan_new(tape, 2, out);
    assert_string_equal(jet_tape_message(tape), "");
    fill(x, size_of(&s->x), &seed, 1);
    jet_plan_write(plan, z, 0, (double *)x);
    assert_int_equal(jet_plan_run(plan), JET_OK);
    transform(s, &half, x, want, norm, 0);
    jet_plan_read(plan, w, 0, (double *)y);
    near(y, want, size_of(&half), s);
    jet_plan_read(plan, out[1], 0, (double *)y);
    near(y, x, size_of(&s->x), s);
    jet_plan_free(plan);
    jet_tape_free(tape);
  }
}

/* Several axes at once are each of them in turn, where panels are whole and lines are long. */
static void axes_come_one_after_another(void **state) {
  (void)state;
  static const setting large[] = {{{3, {4, 4, 128}}, 3, {0, 2, 1}}, {{3, {5, 128, 4}}, 3, {2, 0, 1}}, {{2, {40, 100}}, 2, {0, 1}},
                                  {{2, {37, 96}}, 2, {1, 0}},
                                  /* panels that lie between two stages where both could work in place, or would be less aligned than planned */
                                  {{3, {4, 4, 200}}, 3, {0, 2, 1}}, {{3, {5, 5, 293}}, 3, {0, 2, 1}}};
  static number x[2 * MOST], y[2 * MOST], want[2 * MOST];
  unsigned seed = 3;
  for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
    const setting *s = &large[i];
    const int last = s->axes[s->n - 1];
    jet_tape *tape = jet_tape_new();
    jet z = jet_input_complex(tape, s->x.rank, s->x.dims), each = z, half = jet_rfft(jet_real(z), last, JET_FFT_BACKWARD), back;
    for (int j = 0; j < s->n; j++) each = jet_fft(each, s->axes[j], JET_FFT_BACKWARD);
    for (int j = 0; j < s->n - 1; j++) half = jet_fft(half, s->axes[j], JET_FFT_BACKWARD);
    back = half;
    for (int j = 0; j < s->n - 1; j++) back = jet_ifft(back, s->axes[j], JET_FFT_BACKWARD);
    back = jet_irfft(back, s->x.dims[last], last, JET_FFT_BACKWARD);
    jet out[6] = {each, jet_fftn(z, s->n, s->axes, JET_FFT_BACKWARD), half, jet_rfftn(jet_real(z), s->n, s->axes, JET_FFT_BACKWARD),
                  jet_complex(back, jet_scalar(tape, 0)),
                  jet_complex(jet_irfftn(half, s->x.dims[last], s->n, s->axes, JET_FFT_BACKWARD), jet_scalar(tape, 0))};
    jet_plan *plan = jet_plan_new(tape, 6, out);
    assert_string_equal(jet_plan_message(plan), "");
    fill(x, size_of(&s->x), &seed, 0);
    jet_plan_write(plan, z, 0, (double *)x);
    assert_int_equal(jet_plan_run(plan), JET_OK);
    for (int j = 0; j < 6; j += 2) {
      jet_plan_read(plan, out[j], 0, (double *)want);
      jet_plan_read(plan, out[j + 1], 0, (double *)y);
      near(y, want, jet_size(out[j]), s);
    }
    jet_plan_free(plan);
    jet_tape_free(tape);
  }
}

/* ---- laws, of every coefficient of a jet ---------------------------------------------------------------------------------------- */

static void fill_series(jet_plan *plan, jet z, unsigned *seed) {
  static number x[MOST];
  for (int k = 0; k <= ORDER; k++) {
    fill(x, jet_size(z), seed, 0);
    jet_plan_write(plan, z, k, (double *)x);
  }
}

static jet_plan *plan_law(jet z, int n, const jet out[], unsigned *seed) {
  jet_plan *plan = jet_plan_new(z.tape, n, out);
  assert_string_equal(jet_plan_message(plan), "");
  fill_series(plan, z, seed);
  assert_int_equal(jet_plan_run(plan), JET_OK);
  return plan;
}

/* The first result is the second, to rounding of numbers of the given size. */
static void agree(jet_plan *plan, jet a, jet b, double size) {
  for (int k = 0; k <= ORDER; k++)
    for (int part = 0; part <= jet_is_complex(a); part++) {
      const double *x = jet_plan_data(plan, part ? jet_imag(a) : jet_real(a), k), *y = jet_plan_data(plan, part ? jet_imag(b) : jet_real(b), k);
      for (ptrdiff_t i = 0; i < jet_size(a); i++) assert_true(fabs(x[i] - y[i]) <= 2e-15 * size);
    }
}

static void inverse_transforms_undo(void **state) {
  (void)state;
  unsigned seed = 11;
  for (int i = 0; i < 3 * SETTINGS; i++) {
    const setting *s = &settings[i / 3];
    const jet_fft_norm norm = (jet_fft_norm)(i % 3);
    jet_tape *tape = jet_tape_new();
    jet z = series(jet_parameter(tape, ORDER), &s->x);
    jet out[3] = {jet_ifftn(jet_fftn(z, s->n, s->axes, norm), s->n, s->axes, norm), jet_fftn(jet_ifftn(z, s->n, s->axes, norm), s->n, s->axes, norm), z};
    jet_plan *plan = plan_law(z, 3, out, &seed);
    agree(plan, out[0], z, 4), agree(plan, out[1], z, 4);
    jet_plan_free(plan);
    jet_tape_free(tape);
  }
}

/* Parseval: sum |z|^2 = sum |F z|^2 of a unitary F; of real arrays, half of whose spectrum is there, its other half counts too. */
static void parseval_holds(void **state) {
  (void)state;
  unsigned seed = 12;
  for (int i = 0; i < SETTINGS; i++) {
    const setting *s = &settings[i];
    const int last = axis_of(s, s->n - 1);
    const ptrdiff_t n = s->x.dims[last];
    ptrdiff_t start[RANK] = {0}, stop[RANK];
    for (int j = 0; j < s->x.rank; j++) stop[j] = s->x.dims[j];
    jet_tape *tape = jet_tape_new();
    jet z = series(jet_parameter(tape, ORDER), &s->x), half = jet_rfftn(jet_real(z), s->n, s->axes, JET_FFT_ORTHO);
    start[last] = 1, stop[last] = (n + 1) / 2;
    jet doubled = stop[last] > 1 ? jet_sum(jet_abs2(jet_slice(half, start, stop, NULL))) : jet_scalar(tape, 0);
    jet out[4] = {jet_sum(jet_abs2(jet_fftn(z, s->n, s->axes, JET_FFT_ORTHO))), jet_sum(jet_abs2(z)),
                  jet_add(jet_sum(jet_abs2(half)), doubled), jet_sum(jet_square(jet_real(z)))};
    jet_plan *plan = plan_law(z, 4, out, &seed);
    agree(plan, out[0], out[1], (double)(4 * size_of(&s->x) + 1)), agree(plan, out[2], out[3], (double)(4 * size_of(&s->x) + 1));
    jet_plan_free(plan);
    jet_tape_free(tape);
  }
}

/* Index i goes to -i along the axes of the transform. */
static jet reflected(const setting *s, jet z) {
  for (int i = 0; i < s->n; i++) z = jet_roll(jet_flip(z, s->axes[i]), 1, s->axes[i]);
  return z;
}

/* The spectrum of a real array is Hermitian, that of an even one is even; so the one of a real even array is real. */
static void spectra_have_the_symmetries_of_arrays(void **state) {
  (void)state;
  unsigned seed = 13;
  for (int i = 0; i < SETTINGS; i++) {
    const setting *s = &settings[i];
    jet_tape *tape = jet_tape_new();
    jet z = series(jet_parameter(tape, ORDER), &s->x), x = jet_fftn(jet_real(z), s->n, s->axes, JET_FFT_ORTHO);
    jet even = jet_fftn(jet_add(z, reflected(s, z)), s->n, s->axes, JET_FFT_ORTHO), re = jet_real(z);
    jet both = jet_imag(jet_fftn(jet_add(re, reflected(s, re)), s->n, s->axes, JET_FFT_ORTHO));
    jet out[6] = {x, jet_conj(reflected(s, x)), even, reflected(s, even), both, jet_scale(both, 0)};
    jet_plan *plan = plan_law(z, 6, out, &seed);
    const double size = 4 * sqrt((double)size_of(&s->x)) + 1;
    for (int j = 0; j < 6; j += 2) agree(plan, out[j], out[j + 1], size);
    jet_plan_free(plan);
    jet_tape_free(tape);
  }
}

/* ---- reverse: <a, F v> = <F* a, v> ---------------------------------------------------------------------------------------------- */

enum { COMPLEX, REAL, JOINED };

static jet transformed(const setting *s, int what, jet z, int inverse) {
  if (what == COMPLEX) return (inverse ? jet_ifftn : jet_fftn)(z, s->n, s->axes, JET_FFT_ORTHO);
  if (what == REAL) return jet_rfftn(jet_real(z), s->n, s->axes, inverse ? JET_FFT_FORWARD : JET_FFT_BACKWARD);
  return jet_irfftn(z, s->x.dims[axis_of(s, s->n - 1)], s->n, s->axes, inverse ? JET_FFT_ORTHO : JET_FFT_BACKWARD);
}

static void random_input(jet_plan *plan, jet z, unsigned *seed) {
  static number x[MOST];
  fill(x, jet_size(z), seed, 0);
  jet_plan_write(plan, z, 0, (double *)x);
}

static jet inner(jet a, jet b) { return jet_sum(jet_real(jet_mul(jet_conj(a), b))); }

static void adjoints_are_transposes(void **state) {
  (void)state;
  unsigned seed = 4;
  for (int i = 0; i < 6 * SETTINGS; i++) {
    const setting *s = &settings[i / 6];
    const int what = i % 3, inverse = i / 3 % 2;
    const array from = what == JOINED ? halved(s) : s->x;
    jet_tape *tape = jet_tape_new();
    jet z = jet_input_complex(tape, from.rank, from.dims), y = transformed(s, what, z, inverse), g;
    ptrdiff_t dims[RANK];
    for (int j = 0; j < jet_rank(y); j++) dims[j] = jet_extent(y, j);
    jet a = jet_input_complex(tape, jet_rank(y), dims), adjoint = jet_is_complex(y) ? a : jet_real(a);
    assert_int_equal(jet_vjp(1, &y, &adjoint, 1, &z, &g), JET_OK);
    jet out[2] = {inner(adjoint, y), inner(g, z)};
    jet_plan *plan = jet_plan_new(tape, 2, out);
    assert_string_equal(jet_plan_message(plan), "");
    random_input(plan, z, &seed), random_input(plan, a, &seed);
    jet_plan_run(plan);
    double l = *jet_plan_data(plan, out[0], 0), r = *jet_plan_data(plan, out[1], 0);
    if (!(fabs(l - r) <= 1e-12 * (1 + fabs(l)))) print_message("setting %d, %d: %.17g %.17g\n", i / 6, what, l, r);
    assert_true(fabs(l - r) <= 1e-12 * (1 + fabs(l)));
    jet_plan_free(plan);
    jet_tape_free(tape);
  }
}

/* A loss of a spectrum, twice differentiated: the Hessian-vector product of reverse over forward is symmetric in its two vectors. */
static void hessians_are_symmetric(void **state) {
  (void)state;
  const ptrdiff_t dims[2] = {4, 6};
  jet_tape *tape = jet_tape_new();
  jet x = jet_input(tape, 2, dims), v = jet_input(tape, 2, dims), w = jet_input(tape, 2, dims), t = jet_parameter(tape, 1);
  jet at[2] = {jet_expand(x, v, t), jet_expand(x, w, t)}, out[2];
  for (int i = 0; i < 2; i++) {
    jet spectrum = jet_fft2(jet_exp(jet_mul(jet_complex(at[i], jet_square(at[i])), jet_scale(at[i], 0.3))), JET_FFT_ORTHO), g;
    jet loss = jet_sum(jet_abs2(jet_mul(spectrum, jet_sin(spectrum))));
    assert_int_equal(jet_grad(loss, 1, &at[i], &g), JET_OK);
    out[i] = jet_sum(jet_mul(jet_coefficient(g, 1), i ? v : w));
  }
  jet_plan *plan = jet_plan_new(tape, 2, out);
  assert_string_equal(jet_plan_message(plan), "");
  unsigned seed = 8;
  jet in[3] = {x, v, w};
  for (int i = 0; i < 3; i++)
    for (int l = 0; l < 24; l++) jet_plan_data(plan, in[i], 0)[l] = uniform(&seed, -0.5, 0.5);
  jet_plan_run(plan);
  double l = *jet_plan_data(plan, out[0], 0), r = *jet_plan_data(plan, out[1], 0);
  assert_true(fabs(l) > 1e-3);
  assert_true(fabs(l - r) <= 1e-12 * fabs(l));
  jet_plan_free(plan);
  jet_tape_free(tape);
}

/* ---- how it is run -------------------------------------------------------------------------------------------------------------------- */

/* Of a matrix whose lines are not a whole number of panels, nor of vectors; a zero part too. */
static void run_as(jet_isa isa, jet_type type, int measure, number *y) {
  static number x[37 * 53];
  const ptrdiff_t dims[2] = {37, 53};
  unsigned seed = 21;
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  jet_plan_options how = JET_PLAN_OPTIONS_INIT;
  options.isa = isa;
  options.type = type;
  how.measure = measure;
  jet_tape *tape = jet_tape_new_ex(&options);
  jet z = jet_input_complex(tape, 2, dims), out[2] = {jet_fft2(z, JET_FFT_ORTHO), jet_ifft2(jet_imag(z), JET_FFT_ORTHO)};
  jet_plan *plan = jet_plan_new_ex(tape, 2, out, &how);
  assert_string_equal(jet_plan_message(plan), "");
  fill(x, 37 * 53, &seed, 0);
  jet_plan_write(plan, z, 0, (double *)x);
  assert_int_equal(jet_plan_run(plan), JET_OK);
  for (int i = 0; i < 2; i++) jet_plan_read(plan, out[i], 0, (double *)(y + i * 37 * 53));
  jet_plan_free(plan);
  jet_tape_free(tape);
}

static void instruction_sets_give_the_same_bits(void **state) {
  (void)state;
  static number y[2 * 37 * 53], want[2 * 37 * 53];
  for (int type = JET_F64; type <= JET_F32; type++) {
    run_as(JET_ISA_BASELINE, (jet_type)type, 0, want);
    for (int isa = JET_ISA_AVX2; isa <= JET_ISA_AVX512; isa++) {
      if (!jet_isa_available((jet_isa)isa)) continue;
      run_as((jet_isa)isa, (jet_type)type, 0, y);
      assert_memory_equal(y, want, sizeof y);
    }
  }
}

static void a_measured_plan_differs_by_rounding(void **state) {
  (void)state;
  static number y[2 * 37 * 53], want[2 * 37 * 53];
  for (int type = JET_F64; type <= JET_F32; type++) {
    run_as(JET_ISA_AUTO, (jet_type)type, 0, want);
    run_as(JET_ISA_AUTO, (jet_type)type, 1, y);
    for (int i = 0; i < 2 * 37 * 53; i++) assert_true(cabs(y[i] - want[i]) <= (type == JET_F32 ? 1e-5 : 1e-14));
  }
}

/* ---- frequencies --------------------------------------------------------------------------------------------------------------------- */

static void shifts_and_frequencies(void **state) {
  (void)state;
  const int axis = 0;
  jet_tape *tape = jet_tape_new();
  jet f5 = jet_fftfreq(tape, 5, 0.1), f6 = jet_fftfreq(tape, 6, 1), r6 = jet_rfftfreq(tape, 6, 1), r5 = jet_rfftfreq(tape, 5, 1), r2 = jet_rfftfreq(tape, 2, 1);
  jet shifted = jet_fftshift(f5, 1, &axis), back = jet_ifftshift(shifted, 1, &axis), out[7] = {f5, f6, r6, r5, shifted, back, r2};
  jet_plan *plan = jet_plan_new(tape, 7, out);
  jet_plan_run(plan);
  const double want[7][6] = {{0, 2, 4, -4, -2}, {0, 1. / 6, 2. / 6, -3. / 6, -2. / 6, -1. / 6}, {0, 1. / 6, 2. / 6, 3. / 6},
                             {0, 1. / 5, 2. / 5}, {-4, -2, 0, 2, 4}, {0, 2, 4, -4, -2}, {0, 0.5}};
  for (int i = 0; i < 7; i++)
    for (int l = 0; l < jet_size(out[i]); l++) assert_true(fabs(jet_plan_data(plan, out[i], 0)[l] - want[i][l]) < 1e-15);
  jet_plan_free(plan);
  jet_tape_free(tape);
}

/* ---- bad input ---------------------------------------------------------------------------------------------------------------------------- */

static void wrong_axes_and_extents_are_named(void **state) {
  (void)state;
  const ptrdiff_t dims[2] = {4, 6}, none[2] = {4, 0};
  const int twice[2] = {1, -1}, axes[2] = {0, 2};
  const struct { int what; const char *message; } cases[] = {
      {0, "fftn: axis 1 is there twice"},   {1, "fftn: axis 2 is outside -2..1 of a jet of rank 2"},
      {2, "irfft: 6 numbers are half of 10 or 11, not of 12"}, {3, "rfft: the operand is complex where a real array is needed (jet_real, jet_imag, jet_abs make one)"},
      {4, "fft: axis 1 has no elements"},   {5, "fftn: axes is NULL"}, {6, "fftn: the number of axes is 0"}, {7, "fft: 9 is no jet_fft_norm"},
      {8, "fftfreq: there are no frequencies of 0 numbers"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    jet_tape *tape = jet_tape_new();
    jet z = jet_input_complex(tape, 2, dims);
    switch (cases[i].what) {
    case 0: jet_fftn(z, 2, twice, JET_FFT_ORTHO); break;
    case 1: jet_fftn(z, 2, axes, JET_FFT_ORTHO); break;
    case 2: jet_irfft(z, 12, 1, JET_FFT_ORTHO); break;
    case 3: jet_rfft(z, 1, JET_FFT_ORTHO); break;
    case 4: jet_fft(jet_input_complex(tape, 2, none), 1, JET_FFT_ORTHO); break;
    case 5: jet_fftn(z, 2, NULL, JET_FFT_ORTHO); break;
    case 6: jet_fftn(z, 0, axes, JET_FFT_ORTHO); break;
    case 7: jet_fft(z, 0, (jet_fft_norm)9); break;
    default: jet_fftfreq(tape, 0, 1); break;
    }
    assert_string_equal(jet_tape_message(tape), cases[i].message);
    jet_tape_free(tape);
  }
}

/* What one plan has measured is not what another one knows. */
static void measuring_leaves_no_traces(void **state) {
  (void)state;
  const ptrdiff_t n = 60;
  number x[60], y[3][60];
  unsigned seed = 5;
  fill(x, n, &seed, 0);
  jet_tape *tape = jet_tape_new();
  jet z = jet_input_complex(tape, 1, &n), w = jet_fft(z, 0, JET_FFT_ORTHO);
  for (int i = 0; i < 3; i++) {
    jet_plan_options options = JET_PLAN_OPTIONS_INIT;
    options.measure = i == 1;
    jet_plan *plan = jet_plan_new_ex(tape, 1, &w, &options);
    jet_plan_write(plan, z, 0, (double *)x);
    jet_plan_run(plan);
    jet_plan_read(plan, w, 0, (double *)y[i]);
    jet_plan_free(plan);
  }
  assert_memory_equal(y[0], y[2], sizeof y[0]);
  jet_tape_free(tape);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_coefficient_is_transformed), cmocka_unit_test(real_arrays_have_half_of_it_and_come_back),
      cmocka_unit_test(axes_come_one_after_another),      cmocka_unit_test(inverse_transforms_undo),
      cmocka_unit_test(parseval_holds),                   cmocka_unit_test(spectra_have_the_symmetries_of_arrays),
      cmocka_unit_test(adjoints_are_transposes),          cmocka_unit_test(hessians_are_symmetric),
      cmocka_unit_test(instruction_sets_give_the_same_bits), cmocka_unit_test(a_measured_plan_differs_by_rounding),
      cmocka_unit_test(shifts_and_frequencies),           cmocka_unit_test(measuring_leaves_no_traces), cmocka_unit_test(wrong_axes_and_extents_are_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
