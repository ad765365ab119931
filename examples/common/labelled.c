/* labelled.c */
#include "labelled.h"

#include "cli.h"

#include <stdlib.h>

static int check(const labelled_bytes *p, int classes) {
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

int labelled_read(labelled_bytes *p, const char *images, const char *labels, int classes) {
  *p = (labelled_bytes){.images_path = images, .labels_path = labels};
  int good = idx_read(&p->images, images, 3) && idx_read(&p->labels, labels, 1);
  p->rows = p->images.extent[0];
  p->features = p->images.extent[1] * p->images.extent[2];
  good = good && check(p, classes);
  if (!good) labelled_bytes_free(p);
  return good;
}

void labelled_bytes_free(labelled_bytes *p) {
  idx_free(&p->images);
  idx_free(&p->labels);
}

static void convert_row(labelled *to, ptrdiff_t row, const labelled_bytes *p, ptrdiff_t from) {
  const unsigned char *byte = p->images.data + from * p->features;
  for (ptrdiff_t j = 0; j < p->features; j++) number_put(to->pixels, row * p->features + j, byte[j] / 255.0);
  number_put(to->labels, row, p->labels.data[from]);
}

int labelled_convert(labelled *to, jet_type type, const labelled_bytes *p, ptrdiff_t first, ptrdiff_t rows, rng *r) {
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
