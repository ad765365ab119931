/* plot.c - writes the script and runs gnuplot. */
#include "plot.h"

#include "cli.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

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

static void write_terminal(FILE *f, const char *path) {
  if (!strcasecmp(suffix(path), ".svg"))
    fputs("set terminal svg size 1200,750 font 'sans,18' background '#ffffff'\n", f);
  else
    fputs("if (strstrt(GPVAL_TERMINALS, 'pngcairo') > 0) {\n"
          "  set terminal pngcairo size 1200,750 font 'sans,18' background '#ffffff'\n"
          "} else {\n  set terminal png size 1200,750 large\n}\n",
          f);
}

static void write_axes(FILE *f, const plot *p, int curves) {
  fprintf(f, "set title \"%s\" font ',22'\nset xlabel \"%s\"\n", p->title, p->x_label);
  fprintf(f, "set xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\n", p->x_low, p->x_high, p->y_low, p->y_high);
  fputs("set grid linecolor '#cccccc' linetype 1 linewidth 1\nset border linewidth 1.5\nset tics nomirror\n", f);
  fprintf(f, "set key %s top right vertical maxrows %d samplen 2 title \"%s\"\n",
          curves <= INSIDE_LEGEND ? "inside" : "outside font ',14'", LEGEND_ROWS, p->legend);
}

static void write_data(FILE *f, ptrdiff_t rows, int columns, const column *c) {
  ptrdiff_t step = (rows + MOST_ROWS - 1) / MOST_ROWS;
  fputs("$data << END\n", f);
  for (ptrdiff_t i = 0; i < rows; i += step) {
    for (int j = 0; j < columns; j++) fprintf(f, "%.9g ", c[j].data[i]);
    fputc('\n', f);
  }
  fputs("END\n", f);
}

static void write_curves(FILE *f, ptrdiff_t rows, int columns, const column *c) {
  int named = (columns - 2) / MOST_LEGEND + 1;
  fputs("plot ", f);
  for (int j = 1; j < columns; j++)
    fprintf(f, "%s$data using 1:%d with %s linecolor rgb '%s' linewidth 2 dashtype %d title \"%s\"", j > 1 ? ", " : "",
            j + 1, rows > 1 ? "lines" : "points pointtype 7", colour[(j - 1) % COLOURS], (j - 1) / COLOURS % DASHES + 1,
            (j - 1) % named ? "" : c[j].name);
  fputc('\n', f);
}

/* Starts gnuplot with its output on the file; *input is then the writing end of its standard input. 0 or an errno. */
static int start(int file, pid_t *child, FILE **input) {
  static char name[] = "gnuplot", defaults[] = "-d"; /* -d: no settings of the user's */
  char *arguments[] = {name, defaults, NULL};
  posix_spawn_file_actions_t actions;
  int ends[2], error = pipe(ends) ? errno : 0;
  if (error) return error;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[0], 0);
  posix_spawn_file_actions_adddup2(&actions, file, 1);
  posix_spawn_file_actions_addclose(&actions, ends[1]);
  error = posix_spawnp(child, name, &actions, NULL, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[0]);
  *input = error ? NULL : fdopen(ends[1], "w");
  if (!*input) close(ends[1]);
  return error;
}

plot_result plot_write(FILE *out, const char *path, const plot *p, ptrdiff_t rows, int columns, const column *c) {
  pid_t child;
  FILE *script;
  int error = start(fileno(out), &child, &script), status = 0;
  if (error == ENOENT) return PLOT_NO_GNUPLOT;
  if (error) {
    cli_complain(1, "cannot run gnuplot: %s", strerror(error));
    return PLOT_FAILED;
  }
  if (script) {
    signal(SIGPIPE, SIG_IGN); /* a gnuplot that dies early shows in its status */
    write_terminal(script, path);
    write_axes(script, p, columns - 1);
    write_data(script, rows, columns, c);
    write_curves(script, rows, columns, c);
    fclose(script);
  }
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  if (script && status == 0) return PLOT_DONE;
  cli_complain(1, "gnuplot could not draw %s", path);
  return PLOT_FAILED;
}
