/* csv.c - the writer trusts its columns, the reader nothing. */
#include "csv.h"

#include "cli.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void csv_write(FILE *f, ptrdiff_t rows, int columns, const column *c) {
  for (int j = 0; j < columns; j++) fprintf(f, "%s%s", j ? "," : "", c[j].name);
  fputc('\n', f);
  for (ptrdiff_t i = 0; i < rows; i++) {
    for (int j = 0; j < columns; j++) fprintf(f, "%s%.17g", j ? "," : "", c[j].data[i]);
    fputc('\n', f);
  }
}

int csv_commit(output *out, ptrdiff_t rows, int columns, const column *c) {
  csv_write(out->stream, rows, columns, c);
  return output_commit(out) ? 0 : 2;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

typedef struct reader {
  const char *path;
  csv_table *table;
  ptrdiff_t line, room, blank; /* blank: the first empty line, 0 if there is none */
} reader;

/* What a damaged file has in it may be commands for a terminal. */
static int complain_at(const reader *r, ptrdiff_t cell, const char *what, const char *text, ptrdiff_t length) {
  char shown[41] = "";
  for (ptrdiff_t i = 0; i < length && i < (ptrdiff_t)sizeof shown - 1; i++)
    shown[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
  cli_complain(2, "%s: line %td, column %td: '%s' %s", r->path, r->line, cell + 1, shown, what);
  return 0;
}

static int store(reader *r, ptrdiff_t cell, double number) {
  csv_table *t = r->table;
  ptrdiff_t at = t->rows * t->columns + cell;
  if (at == r->room) {
    ptrdiff_t room = r->room ? 2 * r->room : 4096;
    double *data = (double *)realloc(t->data, (size_t)room * sizeof *data);
    if (!data) {
      cli_complain(2, "%s: out of memory at line %td", r->path, r->line);
      return 0;
    }
    t->data = data;
    r->room = room;
  }
  t->data[at] = number;
  return 1;
}

/* A cell is what is between commas; blanks around the number are no harm. */
static int read_cell(reader *r, ptrdiff_t cell, const char *text, const char *end) {
  while (end > text && isspace((unsigned char)end[-1])) end--;
  while (text < end && isspace((unsigned char)*text)) text++;
  char *stop;
  double number = strtod(text, &stop);
  if (stop != end || text == end) return complain_at(r, cell, "is not a number", text, end - text);
  if (!isfinite(number)) return complain_at(r, cell, "is not a finite number", text, end - text);
  return store(r, cell, number);
}

/* The line ends with a NUL at `end`. The first one decides on the number of columns. */
static int read_line(reader *r, const char *text, const char *end) {
  csv_table *t = r->table;
  ptrdiff_t cell = 0;
  for (int more = 1; more; cell++) {
    const char *comma = (const char *)memchr(text, ',', (size_t)(end - text));
    if (t->rows && cell == t->columns) {
      cli_complain(2, "%s: line %td, column %td: line 1 has %td columns only", r->path, r->line, cell + 1, t->columns);
      return 0;
    }
    if (!read_cell(r, cell, text, comma ? comma : end)) return 0;
    more = comma != NULL;
    if (more) text = comma + 1;
  }
  if (t->rows && cell < t->columns) {
    cli_complain(2, "%s: line %td, column %td is missing: line 1 has %td", r->path, r->line, cell + 1, t->columns);
    return 0;
  }
  t->columns = cell;
  t->rows++;
  return 1;
}

static int is_blank(const char *text, const char *end) {
  while (text < end && isspace((unsigned char)*text)) text++;
  return text == end;
}

static int read_stream(reader *r, FILE *f) {
  char *line = NULL;
  size_t room = 0;
  ptrdiff_t n;
  int good = 1;
  while (good && (n = getline(&line, &room, f)) >= 0) {
    r->line++;
    if (!is_blank(line, line + n)) {
      if (r->blank) cli_complain(2, "%s: line %td, column 1 is empty", r->path, r->blank);
      good = !r->blank && read_line(r, line, line + n);
    } else if (!r->blank) {
      r->blank = r->line;
    }
  }
  free(line);
  return good;
}

int csv_read(csv_table *t, const char *path) {
  reader r = {path, t, 0, 0, 0};
  *t = (csv_table){0, 0, NULL};
  FILE *f = fopen(path, "r");
  int good = f && read_stream(&r, f);
  if (!f || ferror(f)) {
    cli_complain(2, "cannot read %s: %s", path, strerror(errno));
    good = 0;
  } else if (good && !t->rows) {
    cli_complain(2, "%s: line 1, column 1: there are no numbers", path);
    good = 0;
  }
  if (f) fclose(f);
  if (!good) csv_free(t);
  return good;
}

void csv_free(csv_table *t) {
  free(t->data);
  *t = (csv_table){0, 0, NULL};
}
