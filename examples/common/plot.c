/* plot.c - writes the script. */
#include "plot.h"

#include "gnuplot.h"

#include <string.h>
#include <strings.h>

enum { MOST_ROWS = 4096 };                                        /* more rows than pixels show nothing more */
enum { INSIDE_LEGEND = 12, LEGEND_ROWS = 31, MOST_LEGEND = 100 }; /* beyond that every n-th curve has its name */

/* Paul Tol's colour-blind-safe "muted" set, neighbours far apart; later rounds are told apart by their dashes. */
static const char *const colour[] = {"#332288", "#CC6677", "#117733", "#DDAA33", "#88CCEE",
                                     "#882255", "#44AA99", "#AA4499", "#888822"};
enum { COLOURS = sizeof colour / sizeof *colour, DASHES = 5 };

static const char *suffix(const char *path) {
  const char *dot = strrchr(path, '.');
  return dot ? dot : "";
}

int plot_known_suffix(const char *path) {
  return !strcasecmp(suffix(path), ".png") || !strcasecmp(suffix(path), ".svg");
}

static void write_terminal(FILE *f, const char *path, int panels) {
  int height = panels > 1 ? 500 * panels : 750;
  if (!strcasecmp(suffix(path), ".svg"))
    fprintf(f, "set terminal svg size 1200,%d font 'sans,18' background '#ffffff'\n", height);
  else
    fprintf(f,
            "if (strstrt(GPVAL_TERMINALS, 'pngcairo') > 0) {\n"
            "  set terminal pngcairo size 1200,%d font 'sans,18' background '#ffffff'\n"
            "} else {\n  set terminal png size 1200,%d large\n}\n",
            height, height);
}

static void write_range(FILE *f, const char *axis, double low, double high) {
  if (low < high) fprintf(f, "set %srange [%.9g:%.9g]\n", axis, low, high);
  else fprintf(f, "set %srange [*:*]\n", axis);
}

static void write_axes(FILE *f, const plot *p) {
  int curves = p->columns - 1;
  fprintf(f, "set title \"%s\" font ',22'\nset xlabel \"%s\"\n", p->title ? p->title : "", p->x_label);
  write_range(f, "x", p->x_low, p->x_high);
  write_range(f, "y", p->y_low, p->y_high);
  fputs(p->log_y ? "set logscale y\nset format y '10^{%L}'\n" : "unset logscale y\nset format y\n", f);
  fputs("set grid linecolor '#cccccc' linetype 1 linewidth 1\nset border linewidth 1.5\nset tics nomirror\n", f);
  fprintf(f, "set key %s %s vertical maxrows %d samplen 2 title \"%s\"\n",
          curves <= INSIDE_LEGEND ? "inside" : "outside font ',14'", p->legend_at ? p->legend_at : "top right",
          LEGEND_ROWS, p->legend ? p->legend : "");
}

static void write_data(FILE *f, int panel, const plot *p) {
  ptrdiff_t step = (p->rows + MOST_ROWS - 1) / MOST_ROWS;
  fprintf(f, "$data%d << END\n", panel);
  for (ptrdiff_t i = 0; i < p->rows; i += step) {
    for (int j = 0; j < p->columns; j++) fprintf(f, "%.9g ", p->list[j].data[i]);
    fputc('\n', f);
  }
  fputs("END\n", f);
}

static void write_curves(FILE *f, int panel, const plot *p) {
  int curves = p->columns - 1, named = (curves - 1) / MOST_LEGEND + 1;
  fputs("plot ", f);
  for (int j = 0; j < curves; j++)
    fprintf(f, "%s$data%d using 1:%d with %s linecolor rgb '%s' linewidth %d dashtype %d title \"%s\"", j ? ", " : "",
            panel, j + 2, p->rows > 1 ? "lines" : "points pointtype 7", colour[j % COLOURS],
            p->overlaid ? 5 * (curves - j) - 3 : 2, j / COLOURS % DASHES + 1, j % named ? "" : p->list[j + 1].name);
  fputc('\n', f);
}

static void write_script(FILE *f, const char *path, int panels, const plot p[]) {
  write_terminal(f, path, panels);
  for (int i = 0; i < panels; i++) write_data(f, i, &p[i]);
  if (panels > 1) fprintf(f, "set multiplot layout %d,1\n", panels);
  for (int i = 0; i < panels; i++) {
    write_axes(f, &p[i]);
    write_curves(f, i, &p[i]);
  }
  if (panels > 1) fputs("unset multiplot\n", f);
}

typedef struct panels {
  int count;
  const plot *list;
} panels;

static void draw(FILE *f, const char *path, const void *what) {
  const panels *p = (const panels *)what;
  write_script(f, path, p->count, p->list);
}

int plot_write(output *out, const char *path, int count, const plot list[]) {
  const panels p = {count, list};
  return gnuplot_draw(out, path, draw, &p);
}
