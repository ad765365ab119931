/* progress.c */
#include "progress.h"

#include "clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

progress progress_new(void) { return (progress){isatty(STDOUT_FILENO), 0, 0}; }

void progress_show(progress *p, const char *format, ...) {
  char line[80]; /* a longer one would wrap, and what has wrapped is not written over */
  va_list arguments;
  if (!p->terminal || clock_seconds() < p->next) return;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  int width = printf("\r%-*s", p->width, line) - 1;
  fflush(stdout);
  p->width = width > 0 ? width : 0;
  p->next = clock_seconds() + 0.1;
}

void progress_clear(progress *p) {
  if (p->width) printf("\r%*s\r", p->width, "");
  p->width = 0;
}
