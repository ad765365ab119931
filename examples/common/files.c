/* files.c */
#include "files.h"

#include "cli.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

int files_open(files *f, const char *directory, int count, const char *const names[]) {
  f->count = 0;
  if (mkdir(directory, 0777) && errno != EEXIST)
    return cli_complain(2, "cannot make %s: %s", directory, strerror(errno));
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
}
