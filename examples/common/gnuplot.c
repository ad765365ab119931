/* gnuplot.c */
#include "gnuplot.h"

#include "cli.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

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

int gnuplot_draw(output *out, const char *path, gnuplot_script *script_of, const void *what) {
  pid_t child;
  FILE *script;
  int error = start(fileno(out->stream), &child, &script), status = 0;
  if (error == ENOENT) {
    puts("gnuplot is not installed: no picture");
    return 0;
  }
  if (error) return cli_complain(1, "cannot run gnuplot: %s", strerror(error));
  if (script) {
    struct sigaction before, ignored = {0};
    ignored.sa_handler = SIG_IGN; /* a gnuplot that dies early shows in its status */
    sigaction(SIGPIPE, &ignored, &before);
    script_of(script, path, what);
    fclose(script);
    sigaction(SIGPIPE, &before, NULL); /* a reader of standard output that goes is another matter */
  }
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  if (!script || status) return cli_complain(1, "gnuplot could not draw %s", path);
  return output_commit(out) ? 0 : 2;
}
