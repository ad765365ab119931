/* pgm.c - the reader takes the file in whole, then trusts nothing in it. */
#include "pgm.h"

#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SIDE = 16384, MOST_GREY = 255 };

/* ---- the file ---------------------------------------------------------------------------------------------------- */

typedef struct reader {
  const char *path;
  unsigned char *data;
  size_t size, at;
  ptrdiff_t line;
} reader;

static int append(reader *r, FILE *f) {
  size_t room = 0;
  do {
    if (r->size == room) {
      unsigned char *more = (unsigned char *)realloc(r->data, room = room ? 2 * room : 65536);
      if (!more) return cli_complain(2, "%s: out of memory", r->path), 0;
      r->data = more;
    }
    r->size += fread(r->data + r->size, 1, room - r->size, f);
  } while (!feof(f) && !ferror(f));
  return !ferror(f) || (cli_complain(2, "cannot read %s: %s", r->path, strerror(errno)), 0);
}

static int load(reader *r) {
  FILE *f = fopen(r->path, "rb");
  if (!f) return cli_complain(2, "cannot read %s: %s", r->path, strerror(errno)), 0;
  int good = append(r, f);
  fclose(f);
  return good;
}

/* ---- numbers between white space and comments, from # to the end of the line ------------------------------------- */

static int is_space(int c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static void skip_space(reader *r) {
  int comment = 0;
  for (; r->at < r->size; r->at++) {
    int c = r->data[r->at];
    if (c == '#') comment = 1;
    if (!comment && !is_space(c)) return;
    if (c == '\n') comment = 0, r->line++;
  }
}

/* A number of what (in a complaint), from low to high, that white space or the end of the file follows; -1 after a
   complaint. */
static long number(reader *r, const char *what, long low, long high) {
  skip_space(r);
  size_t from = r->at;
  long x = 0;
  if (from == r->size) return cli_complain(2, "%s: line %td: the file ends before %s", r->path, r->line, what), -1;
  for (; r->at < r->size && r->data[r->at] >= '0' && r->data[r->at] <= '9'; r->at++)
    if (x <= high) x = 10 * x + (r->data[r->at] - '0');
  int whole = r->at > from && (r->at == r->size || is_space(r->data[r->at]) || r->data[r->at] == '#');
  if (!whole) return cli_complain(2, "%s: line %td: %s is not a whole number", r->path, r->line, what), -1;
  if (x < low || x > high)
    return cli_complain(2, "%s: line %td: %s is not between %ld and %ld", r->path, r->line, what, low, high), -1;
  return x;
}

/* ---- the picture ------------------------------------------------------------------------------------------------- */

typedef struct header {
  int raw;
  long width, height, white;
} header;

static int read_header(reader *r, header *h) {
  if (r->size < 2 || r->data[0] != 'P' || (r->data[1] != '2' && r->data[1] != '5') ||
      (r->size > 2 && !is_space(r->data[2]) && r->data[2] != '#'))
    return cli_complain(2, "%s: line 1: a PGM picture begins with P2 or P5, this file does not", r->path), 0;
  h->raw = r->data[1] == '5';
  r->at = 2;
  if ((h->width = number(r, "the width", 1, MOST_SIDE)) < 0 ||
      (h->height = number(r, "the height", 1, MOST_SIDE)) < 0 ||
      (h->white = number(r, "the number for white", 1, 65535)) < 0)
    return 0;
  if (h->white > MOST_GREY)
    return cli_complain(2, "%s: line %td: white is %ld, but pictures of 16 bits are not read", r->path, r->line,
                        h->white),
           0;
  return 1;
}

static int too_bright(const reader *r, ptrdiff_t i, long grey, const header *h) {
  cli_complain(2, "%s: row %td, column %td: %ld is brighter than white, which is %ld", r->path, i / h->width + 1,
               i % h->width + 1, grey, h->white);
  return 0;
}

static int read_raw(reader *r, const header *h, double *grey) {
  const size_t wanted = (size_t)(h->width * h->height), there = r->at < r->size ? r->size - r->at - 1 : 0;
  if (there != wanted)
    return cli_complain(2, "%s: %ld x %ld pixels are %zu bytes, but after byte %zu there are %zu", r->path, h->width,
                        h->height, wanted, r->at + 1, there),
           0;
  for (size_t i = 0; i < wanted; i++) {
    int x = r->data[r->at + 1 + i]; /* a single white space ends the header */
    if (x > h->white) return too_bright(r, (ptrdiff_t)i, x, h);
    grey[i] = (double)x / (double)h->white;
  }
  return 1;
}

static int read_plain(reader *r, const header *h, double *grey) {
  for (ptrdiff_t i = 0; i < h->width * h->height; i++) {
    char what[80];
    snprintf(what, sizeof what, "the pixel in row %td, column %td", i / h->width + 1, i % h->width + 1);
    long x = number(r, what, 0, 65535);
    if (x < 0) return 0;
    if (x > h->white) return too_bright(r, i, x, h);
    grey[i] = (double)x / (double)h->white;
  }
  skip_space(r);
  if (r->at == r->size) return 1;
  cli_complain(2, "%s: line %td: there is more than %ld x %ld pixels", r->path, r->line, h->width, h->height);
  return 0;
}

static int read_picture(reader *r, pgm *p) {
  header h;
  if (!read_header(r, &h)) return 0;
  p->width = h.width;
  p->height = h.height;
  p->grey = (double *)malloc((size_t)(h.width * h.height) * sizeof *p->grey);
  if (!p->grey) return cli_complain(2, "%s: out of memory", r->path), 0;
  return h.raw ? read_raw(r, &h, p->grey) : read_plain(r, &h, p->grey);
}

int pgm_read(pgm *p, const char *path) {
  reader r = {.path = path, .line = 1};
  *p = (pgm){0};
  int good = load(&r) && read_picture(&r, p);
  free(r.data);
  if (!good) pgm_free(p);
  return good;
}

void pgm_free(pgm *p) {
  free(p->grey);
  *p = (pgm){0};
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

void pgm_write(FILE *f, ptrdiff_t width, ptrdiff_t height, const double *grey) {
  fprintf(f, "P5\n%td %td\n%d\n", width, height, MOST_GREY);
  for (ptrdiff_t i = 0; i < width * height; i++) {
    double x = grey[i] > 0 ? grey[i] < 1 ? grey[i] : 1 : 0;
    fputc((int)(x * MOST_GREY + 0.5), f);
  }
}
