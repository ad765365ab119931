/* files.h - the files that a program writes into a directory, each whole or not at all (output.h). */
#ifndef EXAMPLES_FILES_H
#define EXAMPLES_FILES_H

#include "output.h"

enum { MOST_FILES = 8 };

typedef struct files {
  int count;
  char *made; /* the directory if it was not there before, else NULL */
  char path[MOST_FILES][4096];
  output out[MOST_FILES];
} files;

/* Makes the directory if it is not there, and opens the files. Returns 0, or an exit status after a complaint. */
int files_open(files *, const char *directory, int count, const char *const names[]);
void files_discard(files *); /* what is not committed, and the directory if it was made and nothing is in it */

#endif
