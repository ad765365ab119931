/* files.c */
#include "files.h"

#include "cli.h"
#include "leftovers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int make(const char *path) { return mkdir(path, 0777); }

/* Returns an errno; EEXIST is none. */
static int make_directory(files *f, const char *directory) {
  f->made = strdup(directory);
  if (f->made && !leftover_make(LEFTOVER_DIRECTORY, f->made, make)) return 0;
  const int error = errno;
  free(f->made);
  f->made = NULL;
  return error == EEXIST ? 0 : error;
}

int files_open(files *f, const char *directory, int count, const char *const names[]) {
  f->count = 0;
  const int error = make_directory(f, directory);
  if (error) return cli_complain(2, "cannot make %s: %s", directory, strerror(error));
  for (int i = 0; i < count; i++) {
    if (snprintf(f->path[i], sizeof f->path[i], "%s/%s", directory, names[i]) >= (int)sizeof f->path[i])
      return cli_complain(2, "--out: the name of the directory is too long");
    if (!output_open(&f->out[i], f->path[i])) return 2;
    f->count = i + 1;
  }
  return 0;
}

void files_discard(files *f) {
  for (int i = 0; i < f->count; i++) output_discard(&f->out[i]);
  if (!f->made) return;
  rmdir(f->made); /* fails where there are files, as there should be */
  if (leftover_drop(f->made)) free(f->made);
  f->made = NULL;
}
