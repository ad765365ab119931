/* output.c - files that appear only when complete. */
#include "output.h"

#include "cli.h"
#include "leftovers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *temporary_name(const char *path) {
  size_t size = strlen(path) + 32;
  char *name = (char *)malloc(size);
  if (name) snprintf(name, size, "%s.%ld.part", path, (long)getpid());
  return name;
}

/* The name that a rename has to replace: a link's target, not the link. */
static char *resolved(const char *path, int exists) { return exists ? realpath(path, NULL) : strdup(path); }

static int create(const char *path) { return open(path, O_WRONLY | O_CREAT | O_EXCL, 0666); }

static int open_stream(output *o, const char *path) {
  struct stat s;
  int exists = !stat(path, &s), direct = exists && !S_ISREG(s.st_mode);
  if (exists && access(path, W_OK)) return 0;
  o->path = resolved(path, exists && !direct);
  o->temporary = o->path && !direct ? temporary_name(o->path) : NULL;
  if (!o->path || (!direct && !o->temporary)) return 0;
  int file = direct ? open(path, O_WRONLY) : leftover_make(LEFTOVER_FILE, o->temporary, create);
  if (file < 0) {
    free(o->temporary);
    o->temporary = NULL;
    return 0;
  }
  o->stream = fdopen(file, "w");
  if (!o->stream) close(file);
  return o->stream != NULL;
}

/* The temporary file is no more, or not ours to remove. */
static void forget_temporary(output *o) {
  if (o->temporary && leftover_drop(o->temporary)) free(o->temporary);
  o->temporary = NULL;
}

int output_open(output *o, const char *path) {
  *o = (output){0};
  if (open_stream(o, path)) return 1;
  cli_complain(2, "cannot write %s: %s", path, strerror(errno));
  output_discard(o);
  return 0;
}

int output_commit(output *o) {
  int bad = ferror(o->stream);
  bad |= fclose(o->stream);
  o->stream = NULL;
  if (!bad && o->temporary) bad = rename(o->temporary, o->path);
  if (bad) {
    cli_complain(2, "cannot write %s: %s", o->path, strerror(errno));
  } else {
    forget_temporary(o);
  }
  output_discard(o);
  return !bad;
}

void output_discard(output *o) {
  if (o->stream) fclose(o->stream);
  if (o->temporary) unlink(o->temporary);
  forget_temporary(o);
  free(o->path);
  *o = (output){0};
}
