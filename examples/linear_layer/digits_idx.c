/* digits_idx.c */
#include "digits_idx.h"

#include "../common/cli.h"
#include "../common/digits_data.h"
#include "../common/rng.h"

#include "idx.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = DIGITS_IDX_SIDE, AREA = SIDE * SIDE, COARSE = 8 };

static const uint64_t seed = 28;
static const double growth = 2.5, most_shift = 1, noise = 0.1; /* a digit fills 20 x 20 pixels, as MNIST's do */

#ifdef HAVE_ZLIB
#define SUFFIX ".gz"
#else
#define SUFFIX ""
#endif
const char *const digits_idx_names[DIGITS_IDX_FILES] = {
    "digits-train-images-idx3-ubyte" SUFFIX, "digits-train-labels-idx1-ubyte" SUFFIX,
    "digits-validate-images-idx3-ubyte" SUFFIX, "digits-validate-labels-idx1-ubyte" SUFFIX};

typedef struct taps { /* along one axis: fine pixel i is (1 - part) times coarse pixel at[i] plus part times the next */
  int at[SIDE];
  double part[SIDE];
} taps;

/* Coarse pixels begin at index 1: there is a margin of zeros. */
static taps make_taps(rng *r) {
  taps t;
  const double shift = most_shift * (2 * rng_uniform(r) - 1);
  for (int i = 0; i < SIDE; i++) {
    const double x = fmin(fmax((i - 0.5 * (SIDE - 1) - shift) / growth + 0.5 * (COARSE + 1), 0), COARSE + 0.999);
    t.at[i] = (int)x;
    t.part[i] = x - t.at[i];
  }
  return t;
}

/* The sum of two uniform bytes, 0 on average: from 4 pairs that one random number has. */
static double noise_at(rng *r, int i, uint64_t *bits) {
  if (i % 4 == 0) *bits = rng_bits(r);
  const int a = (int)(*bits & 255), b = (int)(*bits >> 8 & 255);
  *bits >>= 16;
  return noise * (a + b - 255);
}

static void grow(const double *digit, rng *r, unsigned char *to) {
  double from[COARSE + 2][COARSE + 2] = {{0}};
  const taps y = make_taps(r), x = make_taps(r);
  uint64_t bits = 0;
  for (int i = 0; i < COARSE; i++) memcpy(from[i + 1] + 1, digit + COARSE * i, COARSE * sizeof *digit);
  for (int i = 0; i < SIDE; i++) {
    double row[COARSE + 2];
    for (int j = 0; j < COARSE + 2; j++)
      row[j] = 255 * (from[y.at[i]][j] * (1 - y.part[i]) + from[y.at[i] + 1][j] * y.part[i]);
    for (int j = 0; j < SIDE; j++) {
      const double grey = row[x.at[j]] * (1 - x.part[j]) + row[x.at[j] + 1] * x.part[j] + noise_at(r, j, &bits);
      to[SIDE * i + j] = (unsigned char)(fmin(fmax(grey, 0), 255) + 0.5);
    }
  }
}

/* n pictures of the digits first, ..., last - 1. */
static void grow_all(const digits_data *d, ptrdiff_t first, ptrdiff_t last, rng *r, idx *pictures, idx *labels,
                     progress *line) {
  for (ptrdiff_t i = 0; i < labels->extent[0]; i++) {
    const ptrdiff_t digit = first + rng_below(r, last - first);
    grow(d->pixels + digit * PIXELS, r, pictures->data + i * AREA);
    labels->data[i] = (unsigned char)d->labels[digit];
    progress_show(line, "%td of %td pictures made", i, labels->extent[0]);
  }
}

static int make_pair(const digits_data *d, ptrdiff_t first, ptrdiff_t last, rng *r, ptrdiff_t n, output *out,
                     progress *line) {
  idx pictures = {3, {n, SIDE, SIDE}, (unsigned char *)malloc((size_t)n * AREA)},
      labels = {1, {n, 1, 1}, (unsigned char *)malloc((size_t)n)};
  int status = pictures.data && labels.data ? 0 : cli_complain(1, "out of memory");
  if (!status) grow_all(d, first, last, r, &pictures, &labels, line);
  if (!status && (!idx_write(out, &pictures, line) || !idx_write(out + 1, &labels, line))) status = 2;
  idx_free(&pictures);
  idx_free(&labels);
  return status;
}

int digits_idx_make(files *f, int training, int validation, progress *line) {
  digits_data d;
  rng r = rng_new(seed);
  if (!digits_read(&d, NULL)) return 2;
  const ptrdiff_t split = d.rows * 4 / 5;
  int status = make_pair(&d, 0, split, &r, training, f->out, line);
  if (!status) status = make_pair(&d, split, d.rows, &r, validation, f->out + 2, line);
  digits_free(&d);
  return status;
}
