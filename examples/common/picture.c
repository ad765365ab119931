/* picture.c - writes the script. */
#include "picture.h"

#include "gnuplot.h"

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
          "w = %d\nif (strstrt(GPVAL_TERMINALS, 'pngcairo') > 0) {\n  set terminal pngcairo size w,360 font 'sans,16' background '#ffffff'\n"
          "} else {\n  set terminal png size w,360\n}\n",
          320 * r->count);
  fprintf(f,
          "set multiplot layout 1,%d\nset palette gray\nset cbrange [0:1]\nunset colorbox\nunset tics\nunset key\nset size ratio -1\n"
          "set yrange [*:*] reverse\nset autoscale xfix\nset autoscale yfix\nset lmargin 1\nset rmargin 1\nset bmargin 1\nset tmargin 2\n",
          r->count);
  for (int i = 0; i < r->count; i++)
    fprintf(f, "set title \"%s\"\nplot $data%d matrix with image\n", r->list[i].title, i);
  fputs("unset multiplot\n", f);
}

int picture_write(output *out, const char *path, int count, const picture list[]) {
  const row r = {count, list};
  return gnuplot_draw(out, path, script, &r);
}
