/* wave.h - light in free space: a scalar field, sampled on a square, carried from plane to plane by its angular
   spectrum (Goodman, Introduction to Fourier Optics, section 3.10). */
#ifndef EXAMPLES_WAVE_H
#define EXAMPLES_WAVE_H

#include <jets.h>

typedef struct wave_bench { /* lengths in metres */
  ptrdiff_t n;              /* samples along a side                              */
  double side;              /* of the square                                     */
  double aperture;          /* side of the opening in its centre                 */
  double wavelength;
  double distance; /* from a plate to the next, and to the screen       */
} wave_bench;

/* What a distance does to the field's spectrum: exp(i d sqrt(k^2 - kx^2 - ky^2)), whose evanescent part decays; [n, n],
   divided by n^2 for an inverse transform without its factor. Fails the tape where memory is short. */
jet wave_transfer(jet_tape *, const wave_bench *);
jet wave_opening(jet_tape *, const wave_bench *); /* 1 inside the aperture, 0 outside: [n, n], real */

/* The field behind all plates, after the last distance: E <- ifft2(fft2(plate E) transfer) for each. */
jet wave_through(jet field, int plates, const jet plate[], jet transfer);

/* mean((I - target)^2 + |I - target|) */
jet wave_loss(jet intensity, jet target);

#endif
