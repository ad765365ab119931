/* progress.h - a line on a terminal that is written over again and again; elsewhere a line now and then. */
#ifndef EXAMPLES_PROGRESS_H
#define EXAMPLES_PROGRESS_H

typedef struct progress {
  int terminal; /* whether standard output is one */
  int width;    /* of the line that stands there  */
  double next;  /* not before this moment         */
} progress;

progress progress_new(void);

/* Shows the line, at most some ten times a second; where there is no terminal every five seconds, so that what is short
   says nothing. */
#if defined __GNUC__
__attribute__((format(printf, 2, 3)))
#endif
void progress_show(progress *, const char *format, ...);

void progress_clear(progress *); /* before anything else is printed */

#endif
