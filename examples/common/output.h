/* output.h - a file that appears under its name only when it is complete: written beside it, renamed at the end, and
   removed if a signal ends the program before (leftovers.h). What exists and is no regular file (a device, a pipe) is
   written directly. */
#ifndef EXAMPLES_OUTPUT_H
#define EXAMPLES_OUTPUT_H

#include <stdio.h>

typedef struct output {
  FILE *stream;
  char *path;      /* where it will stand                        */
  char *temporary; /* where it is written; NULL: directly        */
} output;

/* Each returns 1, or complains in one sentence and returns 0. */
int output_open(output *, const char *path);
int output_commit(output *);

void output_discard(output *); /* removes what is not committed; nothing to do after a commit or a failure */

#endif
