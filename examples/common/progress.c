/* progress.c */
#include "progress.h"

#include "clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static const double again = 0.1, again_plain = 5; /* seconds */

progress progress_new(void) {
  const int terminal = isatty(STDOUT_FILENO);
  return (progress){terminal, 0, terminal ? 0 : clock_seconds() + again_plain};
}

void progress_show(progress *p, const char *format, ...) {
  char line[80]; /* a longer one would wrap, and what has wrapped is not written over */
  va_list arguments;
  if (clock_seconds() < p->next) return;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (p->terminal) {
    int width = printf("\r%-*s", p->width, line) - 1;
    p->width = width > 0 ? width : 0;
  } else {
    puts(line);
  }
  fflush(stdout);
  p->next = clock_seconds() + (p->terminal ? again : again_plain);
}

void progress_clear(progress *p) {
  if (p->width) printf("\r%*s\r", p->width, "");
  p->width = 0;
}
