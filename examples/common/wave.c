/* wave.c */
#include "wave.h"

#include <math.h>
#include <stdlib.h>

static const double pi = 3.14159265358979323846;

/* Frequency j of n over a length, times 2 pi: 0, 1, .., -1. */
static double wave_number(ptrdiff_t j, ptrdiff_t n, double length) {
  return 2 * pi * (double)(2 * j < n ? j : j - n) / length;
}

static void transfer(const wave_bench *b, double *pairs) {
  const double k = 2 * pi / b->wavelength, factor = 1 / ((double)b->n * (double)b->n);
  for (ptrdiff_t i = 0; i < b->n; i++)
    for (ptrdiff_t j = 0; j < b->n; j++, pairs += 2) {
      double x = wave_number(j, b->n, b->side), y = wave_number(i, b->n, b->side), z2 = k * k - x * x - y * y;
      double z = sqrt(fabs(z2)) * b->distance, size = z2 < 0 ? factor * exp(-z) : factor;
      pairs[0] = z2 < 0 ? size : size * cos(z);
      pairs[1] = z2 < 0 ? 0 : size * sin(z);
    }
}

/* A constant [n, n] of real or complex numbers that `write` gives. */
static jet square(jet_tape *tape, const wave_bench *b, int complex, void (*write)(const wave_bench *, double *)) {
  const ptrdiff_t dims[2] = {b->n, b->n};
  double *numbers = (double *)malloc((size_t)(b->n * b->n) * (complex ? 2 : 1) * sizeof *numbers);
  if (numbers) write(b, numbers);
  jet x = complex ? jet_constant_complex(tape, 2, dims, numbers)
                  : jet_constant(tape, 2, dims, numbers); /* NULL fails the tape */
  free(numbers);
  return x;
}

static int inside(const wave_bench *b, ptrdiff_t i) { /* the middle of sample i */
  return fabs(((double)i + 0.5) / (double)b->n - 0.5) * b->side < b->aperture / 2;
}

static void opening(const wave_bench *b, double *x) {
  for (ptrdiff_t i = 0; i < b->n; i++)
    for (ptrdiff_t j = 0; j < b->n; j++) *x++ = inside(b, i) && inside(b, j);
}

jet wave_transfer(jet_tape *tape, const wave_bench *b) { return square(tape, b, 1, transfer); }
jet wave_opening(jet_tape *tape, const wave_bench *b) { return square(tape, b, 0, opening); }

jet wave_through(jet field, int plates, const jet plate[], jet transfer) {
  for (int i = 0; i < plates; i++) /* no transform has a factor: `transfer` has it */
    field = jet_ifft2(jet_mul(jet_fft2(jet_mul(plate[i], field), JET_FFT_BACKWARD), transfer), JET_FFT_FORWARD);
  return field;
}

jet wave_loss(jet intensity, jet target) {
  jet d = jet_sub(intensity, target);
  return jet_mean(jet_add(jet_square(d), jet_abs(d)));
}
