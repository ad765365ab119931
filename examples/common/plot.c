/* plot.c - writes the script. */
#include "plot.h"

#include "gnuplot.h"

#include <math.h>
#include <string.h>
#include <strings.h>

enum { MOST_ROWS = 4096, MOST_POINTS = 1 << 16 };                 /* more rows than pixels show nothing more */
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

static void write_terminal(FILE *f, const char *path, int width, int height) {
  if (!strcasecmp(suffix(path), ".svg"))
    fprintf(f, "set terminal svg size %d,%d font 'sans,18' background '#ffffff'\n", width, height);
  else
    fprintf(f,
            "if (strstrt(GPVAL_TERMINALS, 'pngcairo') > 0) {\n"
            "  set terminal pngcairo size %d,%d font 'sans,18' background '#ffffff'\n"
            "} else {\n  set terminal png size %d,%d large\n}\n",
            width, height, width, height);
}

static void write_range(FILE *f, const char *axis, double low, double high) {
  if (low < high) fprintf(f, "set %srange [%.9g:%.9g]\n", axis, low, high);
  else fprintf(f, "set %srange [*:*]\n", axis);
}

/* gnuplot marks powers of ten, of which a short range may have one: there 1, 2 and 5 times them. */
static void write_scale(FILE *f, const char *axis, int logarithmic, double low, double high) {
  fprintf(f, "set format %s\nset %stics autofreq\n", axis, axis);
  if (!logarithmic) return;
  fprintf(f, "set logscale %s\n", axis);
  if (!(low > 0 && low < high && high < 1000 * low)) {
    fprintf(f, "set format %s '10^{%%L}'\n", axis);
    return;
  }
  fprintf(f, "set %stics (", axis);
  for (int i = 3 * (int)floor(log10(low)); i <= 3 * (int)ceil(log10(high)); i++) {
    static const double mantissa[3] = {1, 2, 5};
    const double at = mantissa[(i % 3 + 3) % 3] * pow(10, floor(i / 3.0));
    fprintf(f, "%s%.9g", i > 3 * (int)floor(log10(low)) ? ", " : "", at);
  }
  fputs(")\n", f);
}

static void write_axes(FILE *f, const plot *p) {
  int curves = p->columns - 1;
  fprintf(f, "set title \"%s\" font ',22'\nset xlabel \"%s\"\nset ylabel \"%s\"\n", p->title ? p->title : "",
          p->x_label ? p->x_label : "", p->y_label ? p->y_label : "");
  fputs("unset logscale\nset autoscale\n", f); /* a range of the panel before, from 0, has no logarithms */
  write_scale(f, "x", p->log_x, p->x_low, p->x_high);
  write_scale(f, "y", p->log_y, p->y_low, p->y_high);
  write_range(f, "x", p->x_low, p->x_high);
  write_range(f, "y", p->y_low, p->y_high);
  fputs(p->equal ? "set size ratio -1\n" : "set size noratio\n", f);
  fputs("set grid linecolor '#cccccc' linetype 1 linewidth 1\nset border linewidth 1.5\nset tics nomirror\n", f);
  const char *const at = p->legend_at ? p->legend_at : "top right";
  fprintf(f, "set key %s %s vertical maxrows %d samplen 2 title \"%s\"\n",
          curves > INSIDE_LEGEND      ? "outside font ',14'"
          : strncmp(at, "outside", 7) ? "inside"
                                      : "",
          at, LEGEND_ROWS, p->legend ? p->legend : "");
}

/* ---- data ------------------------------------------------------------------------------------------------------- */

static void write_columns(FILE *f, int panel, const plot *p) {
  ptrdiff_t step = (p->rows + MOST_ROWS - 1) / MOST_ROWS;
  if (p->columns < 2) return;
  fprintf(f, "$data%d << END\n", panel);
  for (ptrdiff_t i = 0; i < p->rows; i += step) {
    for (int j = 0; j < p->columns; j++) fprintf(f, "%.9g ", p->list[j].data[i]);
    fputc('\n', f);
  }
  fputs("END\n", f);
}

/* gnuplot draws a function over a grid as contours into a table, which is then drawn as lines. Its levels are a
   geometric sequence between the smallest and the largest value. */
static void write_contours(FILE *f, const layer *l, const char *name) {
  double least = INFINITY, most = -INFINITY;
  fprintf(f, "$grid << END\n");
  for (ptrdiff_t i = 0; i < l->rows; i++, fputc('\n', f))
    for (ptrdiff_t j = 0; j < l->columns; j++) {
      const double z = l->u[i * l->columns + j];
      if (z > 0 && z < least) least = z;
      if (z > most) most = z;
      fprintf(f, "%.9g %.9g %.9g\n", l->x[j], l->y[i], z);
    }
  fputs("END\nset contour base\nunset surface\nset cntrparam levels discrete ", f);
  for (int i = 0; i < l->levels; i++)
    fprintf(f, "%s%.9g", i ? ", " : "", least * pow(most / least, (i + 0.5) / l->levels));
  fprintf(f, "\nset table %s\nsplot $grid using 1:2:3 with lines notitle\nunset table\nunset contour\nset surface\n",
          name);
}

static void write_rows(FILE *f, const layer *l, const char *name) {
  ptrdiff_t step = l->kind == LAYER_LINE ? (l->rows + MOST_POINTS - 1) / MOST_POINTS : 1;
  fprintf(f, "%s << END\n", name);
  for (ptrdiff_t i = 0; i < l->rows; i += step) {
    if (isnan(l->x[i]) || isnan(l->y[i])) fputc('\n', f);
    else if (l->kind == LAYER_ARROWS) fprintf(f, "%.9g %.9g %.9g %.9g\n", l->x[i], l->y[i], l->u[i], l->v[i]);
    else fprintf(f, "%.9g %.9g\n", l->x[i], l->y[i]);
  }
  fputs("END\n", f);
}

static void write_data(FILE *f, int panel, const plot *p) {
  char name[40];
  write_columns(f, panel, p);
  for (int i = 0; i < p->layers; i++) {
    snprintf(name, sizeof name, "$layer%d_%d", panel, i);
    (p->drawn[i].kind == LAYER_CONTOURS ? write_contours : write_rows)(f, &p->drawn[i], name);
  }
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

static int write_curves(FILE *f, int panel, const plot *p) {
  int curves = p->columns > 1 ? p->columns - 1 : 0, named = (curves - 1) / MOST_LEGEND + 1;
  for (int j = 0; j < curves; j++)
    fprintf(f, "%s$data%d using 1:%d with %s linecolor rgb '%s' linewidth %d dashtype %d title \"%s\"", j ? ", " : "",
            panel, j + 2, p->rows > 1 ? "lines" : "points pointtype 7", colour[j % COLOURS],
            p->overlaid ? 5 * (curves - j) - 3 : 2, j / COLOURS % DASHES + 1, j % named ? "" : p->list[j + 1].name);
  return curves;
}

/* Few points are large. */
static double point_size(const layer *l) { return l->rows == 1 ? 2.5 : l->rows <= 100 ? 1 : 0.6; }

static void write_layers(FILE *f, int panel, const plot *p, int before) {
  static const char *const with[] = {"1:2 with lines linewidth 2", "1:2 with points pointtype 7",
                                     "1:2:3:4 with vectors head filled size screen 0.008,20 linewidth 1",
                                     "1:2 with lines linewidth 1"};
  for (int i = 0, at = before; i < p->layers; i++) {
    const layer *l = &p->drawn[i];
    fprintf(f, "%s$layer%d_%d using %s", before + i ? ", " : "", panel, i, with[l->kind]);
    if (l->kind == LAYER_POINTS) fprintf(f, " pointsize %.9g", point_size(l));
    fprintf(f, " linecolor rgb '%s' title \"%s\"", l->name ? colour[at % COLOURS] : "#aaaaaa", l->name ? l->name : "");
    at += l->name != NULL;
  }
}

static void write_script(FILE *f, const char *path, int across, int panels, const plot p[]) {
  const int down = (panels + across - 1) / across;
  write_terminal(f, path, across > 1 ? 800 * across : 1200, across > 1 ? 750 * down : down > 1 ? 500 * down : 750);
  for (int i = 0; i < panels; i++) write_data(f, i, &p[i]);
  if (panels > 1) fprintf(f, "set multiplot layout %d,%d\n", down, across);
  for (int i = 0; i < panels; i++) {
    write_axes(f, &p[i]);
    fputs("plot ", f);
    write_layers(f, i, &p[i], write_curves(f, i, &p[i]));
    fputc('\n', f);
  }
  if (panels > 1) fputs("unset multiplot\n", f);
}

typedef struct panels {
  int across, count;
  const plot *list;
} panels;

static void draw(FILE *f, const char *path, const void *what) {
  const panels *p = (const panels *)what;
  write_script(f, path, p->across, p->count, p->list);
}

int plot_write_across(output *out, const char *path, int across, int count, const plot list[]) {
  const panels p = {across, count, list};
  return gnuplot_draw(out, path, draw, &p);
}

int plot_write(output *out, const char *path, int count, const plot list[]) {
  return plot_write_across(out, path, 1, count, list);
}
