/* leftovers.h - what a program takes away when a signal ends it (interrupt, hangup, termination, a reader that has
   gone): files that are not complete, and directories made for them if they are empty. */
#ifndef EXAMPLES_LEFTOVERS_H
#define EXAMPLES_LEFTOVERS_H

typedef enum leftover_kind { LEFTOVER_FILE, LEFTOVER_DIRECTORY } leftover_kind;

typedef int leftover_maker(const char *path); /* makes it; -1 and errno if it cannot */

/* What `make` returns for the path, whose pointer is kept until it is dropped; -1 and errno too if there are too many. A
   signal finds either nothing made or all of it known, in whatever thread it comes. */
int leftover_make(leftover_kind, char *path, leftover_maker *make);

/* Returns 1; or 0 if a signal was faster, whose handler may be reading the path: then it is not to be freed. */
int leftover_drop(char *path);

#endif
