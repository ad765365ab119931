/* picture.c - writes the script. */
#include "picture.h"

#include "cli.h"
#include "gnuplot.h"

#include <stdlib.h>
#include <string.h>

int picture_draw(pgm *p, ptrdiff_t n, double (*shade)(double x, double y)) {
  *p = (pgm){n, n, (double *)calloc((size_t)(n * n), sizeof *p->grey)};
  for (ptrdiff_t i = 0; p->grey && i < 16 * n * n; i++) {
    ptrdiff_t x = i % (4 * n), y = i / (4 * n);
    p->grey[y / 4 * n + x / 4] +=
        shade(((double)x + 0.5) / (double)(2 * n) - 1, ((double)y + 0.5) / (double)(2 * n) - 1) / 16;
  }
  return p->grey != NULL;
}

int picture_row(output *out, int count, const picture list[]) {
  const ptrdiff_t w = list->width, h = list->height;
  double *row = (double *)malloc((size_t)(count * w * h) * sizeof *row);
  if (!row) return cli_complain(1, "out of memory");
  for (int i = 0; i < count; i++)
    for (ptrdiff_t y = 0; y < h; y++) memcpy(row + (y * count + i) * w, list[i].grey + y * w, (size_t)w * sizeof *row);
  pgm_write(out->stream, count * w, h, row);
  free(row);
  return output_commit(out) ? 0 : 2;
}

typedef struct row {
  int count;
  const picture *list;
} row;

static void write_data(FILE *f, int i, const picture *p) {
  fprintf(f, "$data%d << END\n", i);
  for (ptrdiff_t y = 0; y < p->height; y++) {
    for (ptrdiff_t x = 0; x < p->width; x++) fprintf(f, "%.4g ", p->grey[y * p->width + x]);
    fputc('\n', f);
  }
  fputs("END\n", f);
}

static void script(FILE *f, const char *path, const void *what) {
  const row *r = (const row *)what;
  (void)path;
  for (int i = 0; i < r->count; i++) write_data(f, i, &r->list[i]);
  fprintf(f,
          "w = %d\nif (strstrt(GPVAL_TERMINALS, 'pngcairo') > 0) {\n  set terminal pngcairo size w,360 font 'sans,16' "
          "background '#ffffff'\n"
          "} else {\n  set terminal png size w,360\n}\n",
          320 * r->count);
  fprintf(f,
          "set multiplot layout 1,%d\nset palette gray\nset cbrange [0:1]\nunset colorbox\nunset tics\nunset key\nset "
          "size ratio -1\n"
          "set yrange [*:*] reverse\nset autoscale xfix\nset autoscale yfix\nset lmargin 1\nset rmargin 1\nset bmargin "
          "1\nset tmargin 2\n",
          r->count);
  for (int i = 0; i < r->count; i++)
    fprintf(f, "set title \"%s\"\nplot $data%d matrix with image\n", r->list[i].title, i);
  fputs("unset multiplot\n", f);
}

int picture_write(output *out, const char *path, int count, const picture list[]) {
  const row r = {count, list};
  return gnuplot_draw(out, path, script, &r);
}
