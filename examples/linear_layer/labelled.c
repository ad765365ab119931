/* labelled.c */
#include "labelled.h"

#include "../common/cli.h"

#include "idx.h"

#include <stdlib.h>

typedef struct bytes { /* of a pair of files */
  const char *images_path, *labels_path;
  idx images, labels;
  ptrdiff_t rows, features; /* pictures, pixels in each */
} bytes;

static int check(const bytes *p, int classes) {
  if (p->labels.extent[0] != p->rows) {
    cli_complain(2, "%s: byte 5: there are %td labels, but %td pictures in %s", p->labels_path, p->labels.extent[0],
                 p->rows, p->images_path);
    return 0;
  }
  for (ptrdiff_t i = 0; i < p->rows; i++) {
    if (p->labels.data[i] < classes) continue;
    cli_complain(2, "%s: label %td of %td: %d is not between 0 and %d", p->labels_path, i + 1, p->rows,
                 p->labels.data[i], classes - 1);
    return 0;
  }
  return 1;
}

static void bytes_free(bytes *p) {
  idx_free(&p->images);
  idx_free(&p->labels);
}

static int bytes_read(bytes *p, const char *images, const char *labels, int classes, progress *line) {
  *p = (bytes){.images_path = images, .labels_path = labels};
  int good = idx_read(&p->images, images, 3, line) && idx_read(&p->labels, labels, 1, line);
  p->rows = p->images.extent[0];
  p->features = p->images.extent[1] * p->images.extent[2];
  good = good && check(p, classes);
  if (!good) bytes_free(p);
  return good;
}

static void convert_row(labelled *to, ptrdiff_t row, const bytes *p, ptrdiff_t from) {
  const unsigned char *byte = p->images.data + from * p->features;
  for (ptrdiff_t j = 0; j < p->features; j++) number_put(to->pixels, row * p->features + j, byte[j] / 255.0);
  number_put(to->labels, row, p->labels.data[from]);
}

/* Pictures first, first + 1, ..., first + rows - 1; with an rng in a random order. 0: out of memory. */
static int convert(labelled *to, jet_type type, const bytes *p, ptrdiff_t first, ptrdiff_t rows, rng *r) {
  ptrdiff_t *order = (ptrdiff_t *)calloc((size_t)rows, sizeof *order);
  *to = (labelled){rows, p->features, numbers_new(type, rows * p->features), numbers_new(type, rows)};
  const int good = order && to->pixels.at && to->labels.at;
  if (good && r) rng_permutation(r, rows, order);
  for (ptrdiff_t i = 0; good && i < rows; i++) convert_row(to, i, p, first + (r ? order[i] : i));
  free(order);
  if (!good) labelled_free(to);
  return good;
}

void labelled_free(labelled *p) {
  numbers_free(p->pixels);
  numbers_free(p->labels);
  *p = (labelled){0};
}

static int split(labelled *train, labelled *validate, jet_type type, const bytes *a, const bytes *b, ptrdiff_t samples,
                 rng *r) {
  const int apart = b->rows > 0;
  if (!samples) samples = a->rows > 1 ? a->rows * 5 / 6 : 1;
  if (samples + !apart > a->rows)
    return cli_complain(2, "%s: byte 5: %td pictures are too few, with %td to train%s", a->images_path, a->rows,
                        samples, apart ? "" : " and others to validate");
  if (!convert(train, type, a, 0, samples, r)) return cli_complain(1, "out of memory");
  if (apart ? convert(validate, type, b, 0, b->rows, NULL)
            : convert(validate, type, a, samples, a->rows - samples, NULL))
    return 0;
  labelled_free(train);
  return cli_complain(1, "out of memory");
}

int labelled_split(labelled *train, labelled *validate, jet_type type, const char *const paths[LABELLED_FILES],
                   int classes, ptrdiff_t samples, rng *r, progress *line) {
  bytes a, b = {0};
  if (!bytes_read(&a, paths[0], paths[1], classes, line)) return 2;
  int good = !paths[2] || bytes_read(&b, paths[2], paths[3], classes, line);
  int status = good ? split(train, validate, type, &a, &b, samples, r) : 2;
  bytes_free(&a);
  if (good) bytes_free(&b);
  return status;
}
