/* idx.c - the reader believes no extent before the file has given as many bytes. */
#include "idx.h"

#include "../common/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef HAVE_ZLIB
#include <zlib.h>
#endif

enum {
  UNSIGNED_BYTE = 8,
  MAGIC = 4,
  FIRST_ROOM = 1 << 16,
  MOST_HEADER = MAGIC + 4 * IDX_MOST_RANK,
  MOST_PIECE = 1 << 20
};

static const size_t most_bytes = (size_t)1 << 34;

typedef struct source {
  const char *path;
  progress *line;
  size_t at; /* bytes taken so far, unpacked */
#ifdef HAVE_ZLIB
  gzFile file;
#else
  FILE *file;
#endif
} source;

static void show_bytes(progress *line, const char *what, size_t bytes) {
  progress_show(line, "%zu MB %s", bytes >> 20, what);
}

/* ---- bytes out of a file that may be packed ---------------------------------------------------------------------- */

#ifdef HAVE_ZLIB

int idx_packs(void) { return 1; }

static int source_open(source *s, const char *path, progress *line) {
  errno = 0;
  *s = (source){path, line, 0, gzopen(path, "rb")};
  if (s->file) return 1;
  return cli_complain(2, "cannot read %s: %s", path, errno ? strerror(errno) : "out of memory"), 0;
}

/* zlib says the path itself. A file that ends too early is an error only after the bytes that it has. */
static int fault(const source *s) {
  int error;
  const char *text = gzerror(s->file, &error);
  if (error == Z_OK || error == Z_STREAM_END) return 0;
  cli_complain(2, "%s, after byte %zu of what it unpacks to", text, s->at);
  return 1;
}

/* Up to n bytes; fewer at the end of the file; -1 after a complaint. */
static ptrdiff_t take(source *s, unsigned char *to, size_t n) {
  size_t had = s->at;
  for (int got = 1; n && got > 0;) {
    got = gzread(s->file, to + (s->at - had), (unsigned)(n < MOST_PIECE ? n : MOST_PIECE));
    if (got > 0) s->at += (size_t)got, n -= (size_t)got;
    show_bytes(s->line, "read", s->at);
  }
  return fault(s) ? -1 : (ptrdiff_t)(s->at - had);
}

static void source_close(source *s) { gzclose(s->file); }

#else

int idx_packs(void) { return 0; }

static int source_open(source *s, const char *path, progress *line) {
  *s = (source){path, line, 0, fopen(path, "rb")};
  return s->file || (cli_complain(2, "cannot read %s: %s", path, strerror(errno)), 0);
}

static ptrdiff_t take(source *s, unsigned char *to, size_t n) {
  size_t got = fread(to, 1, n, s->file);
  show_bytes(s->line, "read", s->at);
  if (ferror(s->file)) return cli_complain(2, "%s: byte %zu: %s", s->path, s->at + got + 1, strerror(errno)), -1;
  if (!s->at && got > 1 && to[0] == 0x1f && to[1] == 0x8b)
    return cli_complain(2, "%s: byte 1: it is packed by gzip, which this build, made without zlib, cannot read",
                        s->path),
           -1;
  s->at += got;
  return (ptrdiff_t)got;
}

static void source_close(source *s) { fclose(s->file); }

#endif

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static int check_magic(const source *s, const unsigned char *magic, int rank) {
  if (magic[0] || magic[1])
    return cli_complain(2, "%s: byte 1: an IDX file begins with two zeros, this one with %d %d", s->path, magic[0],
                        magic[1]),
           0;
  if (magic[2] != UNSIGNED_BYTE)
    return cli_complain(2, "%s: byte 3: the elements are of type %d, not unsigned bytes, which are %d", s->path,
                        magic[2], UNSIGNED_BYTE),
           0;
  if (magic[3] != rank) return cli_complain(2, "%s: byte 4: the array has %d axes, not %d", s->path, magic[3], rank), 0;
  return 1;
}

/* The extents into x; *bytes: their product. */
static int read_header(source *s, idx *x, size_t *bytes) {
  unsigned char head[MOST_HEADER];
  const ptrdiff_t size = MAGIC + 4 * x->rank, got = take(s, head, (size_t)size);
  if (got < 0 || (got >= MAGIC && !check_magic(s, head, x->rank))) return 0;
  if (got < size)
    return cli_complain(2, "%s: the file ends after byte %td, within the header of %td", s->path, got, size), 0;
  *bytes = 1;
  for (int i = 0; i < x->rank; i++) {
    const unsigned char *p = head + MAGIC + 4 * i;
    const size_t extent = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    if (!extent || extent > most_bytes / *bytes)
      return cli_complain(2, "%s: byte %d: axis %d has %zu elements", s->path, MAGIC + 4 * i + 1, i + 1, extent), 0;
    *bytes *= extent;
    x->extent[i] = (ptrdiff_t)extent;
  }
  return 1;
}

/* All that is there, up to one byte more than is wanted, in memory that grows with it. */
static int take_all(source *s, idx *x, size_t wanted, size_t *there) {
  size_t room = 0;
  for (*there = 0; *there == room && room <= wanted;) {
    room = !room ? FIRST_ROOM : room > wanted / 2 ? wanted + 1 : 2 * room;
    if (room > wanted) room = wanted + 1;
    unsigned char *more = (unsigned char *)realloc(x->data, room);
    if (!more) return cli_complain(2, "%s: out of memory", s->path), 0;
    x->data = more;
    const ptrdiff_t got = take(s, x->data + *there, room - *there);
    if (got < 0) return 0;
    *there += (size_t)got;
  }
  return 1;
}

static int read_array(source *s, idx *x) {
  size_t wanted, there;
  if (!read_header(s, x, &wanted) || !take_all(s, x, wanted, &there)) return 0;
  if (there == wanted) return 1;
  char count[32] = "more";
  if (there < wanted) snprintf(count, sizeof count, "only %zu", there);
  cli_complain(2, "%s: the extents ask for %zu bytes after byte %d, but there are %s", s->path, wanted,
               MAGIC + 4 * x->rank, count);
  return 0;
}

int idx_read(idx *x, const char *path, int rank, progress *line) {
  source s;
  *x = (idx){rank, {1, 1, 1}, NULL};
  if (!source_open(&s, path, line)) return 0;
  int good = read_array(&s, x);
  source_close(&s);
  if (!good) idx_free(x);
  return good;
}

void idx_free(idx *x) {
  free(x->data);
  *x = (idx){0};
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static size_t make_header(const idx *x, unsigned char *head) {
  const unsigned char magic[MAGIC] = {0, 0, UNSIGNED_BYTE, (unsigned char)x->rank};
  memcpy(head, magic, MAGIC);
  for (int i = 0; i < 4 * x->rank; i++) head[MAGIC + i] = (unsigned char)(x->extent[i / 4] >> 8 * (3 - i % 4));
  return (size_t)(MAGIC + 4 * x->rank);
}

static size_t count(const idx *x) { return (size_t)(x->extent[0] * x->extent[1] * x->extent[2]); }

#ifdef HAVE_ZLIB

static int put(gzFile file, const unsigned char *from, size_t n, progress *line) {
  for (size_t at = 0, piece; at < n; at += piece) {
    piece = n - at < MOST_PIECE ? n - at : MOST_PIECE;
    if (gzwrite(file, from + at, (unsigned)piece) != (int)piece) return 0;
    show_bytes(line, "packed", at + piece);
  }
  return 1;
}

/* zlib closes what it is given, and the output closes its own. */
static int write_array(output *out, const idx *x, progress *line) {
  unsigned char head[MOST_HEADER];
  const int file = dup(fileno(out->stream));
  gzFile packed = file < 0 ? NULL : gzdopen(file, "wb1"); /* 1: quick */
  if (!packed) {
    if (file >= 0) close(file);
    return 0;
  }
  const int good = put(packed, head, make_header(x, head), line) && put(packed, x->data, count(x), line);
  return (gzclose(packed) == Z_OK) & good;
}

#else

static int write_array(output *out, const idx *x, progress *line) {
  unsigned char head[MOST_HEADER];
  (void)line; /* it takes no time */
  const size_t size = make_header(x, head);
  return fwrite(head, 1, size, out->stream) == size && fwrite(x->data, 1, count(x), out->stream) == count(x);
}

#endif

int idx_write(output *out, const idx *x, progress *line) {
  errno = 0;
  if (write_array(out, x, line)) return output_commit(out);
  return cli_complain(2, "cannot write %s: %s", out->path, errno ? strerror(errno) : "out of memory"), 0;
}
