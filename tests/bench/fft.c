/* fft.c - Fourier transforms beside FFTW's own, on the same numbers in the same run; and a gradient that is made of them: light
   through 32 plates of 128 x 128 samples, as examples/optics.c has it, beside the transforms that it contains. */
#include "common.h"

#include "../../examples/common/wave.h"

#include <fftw3.h>
#include <stdio.h>
#include <string.h>

enum { N = 128, M = N * N, PLATES = 32, TRANSFORMS = 4 * PLATES, TRIALS = 41 };
static const ptrdiff_t dims[2] = {N, N};

static double least(const double *a, int n) {
  double x = a[0];
  for (int i = 1; i < n; i++) x = a[i] < x ? a[i] : x;
  return x;
}

static void fill(double *x, ptrdiff_t n) {
  unsigned seed = 1;
  for (ptrdiff_t i = 0; i < n; i++) {
    seed = seed * 1664525u + 1013904223u;
    x[i] = (seed >> 8) / 8388608.0 - 1;
  }
}

typedef struct bare { /* FFTW's interleaved transform */
  fftw_complex *x, *y;
  fftw_plan estimated, measured;
} bare;

static bare bare_new(void) {
  bare b = {fftw_alloc_complex(M), fftw_alloc_complex(M), NULL, NULL};
  b.estimated = fftw_plan_dft_2d(N, N, b.x, b.y, FFTW_FORWARD, FFTW_ESTIMATE);
  b.measured = fftw_plan_dft_2d(N, N, b.x, b.y, FFTW_FORWARD, FFTW_MEASURE);
  fill((double *)b.x, 2 * M);
  return b;
}

static void bare_free(bare *b) {
  fftw_destroy_plan(b->estimated);
  fftw_destroy_plan(b->measured);
  fftw_free(b->x);
  fftw_free(b->y);
}

static jet_plan *check(jet_tape *tape, jet_plan *p) {
  jet_tape_free(tape);
  if (!jet_plan_status(p)) return p;
  fprintf(stderr, "%s\n", jet_plan_message(p));
  exit(1);
}

static jet_tape *one_thread(jet_type type) {
  jet_tape_options o = JET_TAPE_OPTIONS_INIT;
  o.threads = 1;
  o.type = type;
  return jet_tape_new_ex(&o);
}

/* ---- a transform of jets ------------------------------------------------------------------------------------------------------- */

static jet_plan *transform(int order, int measure) {
  jet_tape *tape = one_thread(JET_F64);
  jet t = jet_parameter(tape, order), re = jet_input_series(t, 2, dims), im = jet_input_series(t, 2, dims);
  jet y = jet_fft2(jet_complex(re, im), JET_FFT_BACKWARD);
  jet_plan_options options = JET_PLAN_OPTIONS_INIT;
  options.measure = measure;
  jet_plan *p = jet_plan_new_ex(tape, 1, &y, &options);
  for (int k = 0; k <= order && !jet_plan_status(p); k++) {
    fill(jet_plan_data(p, re, k), M);
    fill(jet_plan_data(p, im, k), M);
  }
  return check(tape, p);
}

static void compare(bare *b, int order) {
  jet_plan *p = transform(order, 0), *q = transform(order, 1);
  double ours[TRIALS], tried[TRIALS], estimate[TRIALS], measure[TRIALS];
  for (int i = 0; i < TRIALS; i++) {
    TIMED(ours[i], jet_plan_run(p));
    TIMED(estimate[i], fftw_execute(b->estimated));
    TIMED(tried[i], jet_plan_run(q));
    TIMED(measure[i], fftw_execute(b->measured));
  }
  double x = least(ours, TRIALS) / (order + 1), y = least(tried, TRIALS) / (order + 1), e = least(estimate, TRIALS), m = least(measure, TRIALS);
  printf("fft2 %d x %d, K = %d, us a plane: estimate %.1f, FFTW %.1f, ratio %.2f; measure %.1f, FFTW %.1f, ratio %.2f\n", N, N, order,
         1e6 * x, 1e6 * e, x / e, 1e6 * y, 1e6 * m, y / m);
  jet_plan_free(p);
  jet_plan_free(q);
}

/* ---- a gradient ---------------------------------------------------------------------------------------------------------------- */

/* e^(i x), x in [-1, 1] */
static void fill_plate(jet_plan *p, jet plate, jet_type type) {
  static double angle[M];
  fill(angle, M);
  for (int part = 0; part < 2; part++)
    for (int j = 0; j < M; j++) {
      const jet x = part ? jet_imag(plate) : jet_real(plate);
      const double y = part ? sin(angle[j]) : cos(angle[j]);
      if (type == JET_F32) jet_plan_data_f32(p, x, 0)[j] = (float)y;
      else jet_plan_data(p, x, 0)[j] = y;
    }
}

static jet_plan *gradient(jet_type type, int measure) {
  static const wave_bench bench = {N, 32e-3, 8e-3, 550e-9, 50e-3};
  jet_tape *tape = one_thread(type);
  jet plate[PLATES], out[1 + PLATES];
  double *target = (double *)malloc(M * sizeof *target);
  if (!target) exit(1);
  fill(target, M);
  for (int i = 0; i < PLATES; i++) plate[i] = jet_input_complex(tape, 2, dims);
  jet field = wave_through(wave_opening(tape, &bench), PLATES, plate, wave_transfer(tape, &bench));
  out[0] = wave_loss(jet_abs2(field), jet_constant(tape, 2, dims, target));
  jet_grad(out[0], PLATES, plate, out + 1);
  jet_plan_options options = JET_PLAN_OPTIONS_INIT;
  options.measure = measure;
  jet_plan *p = jet_plan_new_ex(tape, 1 + PLATES, out, &options);
  for (int i = 0; i < PLATES && !jet_plan_status(p); i++) fill_plate(p, plate[i], type);
  free(target);
  return check(tape, p);
}

static void all_transforms(fftw_plan p) {
  for (int i = 0; i < TRANSFORMS; i++) fftw_execute(p);
}

static void optics(bare *b, int print) {
  jet_plan *p = gradient(JET_F64, 0), *q = gradient(JET_F64, 1), *f = gradient(JET_F32, 0);
  double ours[TRIALS], tried[TRIALS], floats[TRIALS], estimate[TRIALS], measure[TRIALS];
  for (int i = 0; i < TRIALS; i++) {
    TIMED(ours[i], jet_plan_run(p));
    TIMED(floats[i], jet_plan_run(f));
    TIMED(estimate[i], all_transforms(b->estimated));
    TIMED(tried[i], jet_plan_run(q));
    TIMED(measure[i], all_transforms(b->measured));
  }
  double x = least(ours, TRIALS), y = least(tried, TRIALS), e = least(estimate, TRIALS), m = least(measure, TRIALS);
  printf("optics gradient of %d plates, %d transforms, ms: estimate %.2f, FFTW %.2f, ratio %.2f; measure %.2f, FFTW %.2f, ratio %.2f\n",
         PLATES, TRANSFORMS, 1e3 * x, 1e3 * e, x / e, 1e3 * y, 1e3 * m, y / m);
  printf("in float, ms: %.2f, double over float %.2f\n", 1e3 * least(floats, TRIALS), x / least(floats, TRIALS));
  if (print) jet_plan_print(p, stdout);
  jet_plan_free(p);
  jet_plan_free(q);
  jet_plan_free(f);
}

int main(int argc, char **argv) {
  bare b = bare_new();
  (void)argv;
  static const int orders[] = {0, 1, 4};
  for (int i = 0; i < 3; i++) compare(&b, orders[i]);
  optics(&b, argc > 1);
  bare_free(&b);
  return 0;
}
