/* leftovers.h - what a program takes away when a signal ends it (interrupt, hangup, termination, a reader that has
   gone): files that are not complete, and directories made for them if they are empty. */
#ifndef EXAMPLES_LEFTOVERS_H
#define EXAMPLES_LEFTOVERS_H

typedef enum leftover_kind { LEFTOVER_FILE, LEFTOVER_DIRECTORY } leftover_kind;

/* Keeps the pointer until it is dropped. Returns 1; or 0 and sets errno, if there are too many. */
int leftover_note(leftover_kind, char *path);

/* Returns 1; or 0 if a signal was faster, whose handler may be reading the path: then it is not to be freed. */
int leftover_drop(char *path);

#endif
