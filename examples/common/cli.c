/* cli.c - one loop over the arguments; each kind of value has one reader. */
#include "cli.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *program = "example", *program_path = "";

int cli_complain(int status, const char *sentence, ...) {
  va_list arguments;
  va_start(arguments, sentence);
  fprintf(stderr, "%s: ", program);
  vfprintf(stderr, sentence, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  return status;
}

static int read_integer(const cli_option *o, const char *text) {
  char *end;
  errno = 0;
  long value = strtol(text, &end, 10);
  if (end == text || *end) return cli_complain(2, "--%s: '%s' is not an integer", o->name, text);
  if (errno || (double)value < o->low || (double)value > o->high)
    return cli_complain(2, "--%s: %s is not between %.0f and %.0f", o->name, text, o->low, o->high);
  *(int *)o->target = (int)value;
  return -1;
}

static int read_number(const cli_option *o, const char *text) {
  char *end;
  double value = strtod(text, &end);
  if (end == text || *end) return cli_complain(2, "--%s: '%s' is not a number", o->name, text);
  if (!isfinite(value)) return cli_complain(2, "--%s: '%s' is not a finite number", o->name, text);
  if (value < o->low || value > o->high)
    return cli_complain(2, "--%s: %s is not between %g and %g", o->name, text, o->low, o->high);
  *(double *)o->target = value;
  return -1;
}

static int read_text(const cli_option *o, const char *text) {
  if (!*text) return cli_complain(2, "--%s: the %s is empty", o->name, o->kind == CLI_FILE ? "file name" : "text");
  *(const char **)o->target = text;
  return -1;
}

/* "a, b, c" */
static void join(const char *const *names, char *text, size_t size) {
  size_t n = 0;
  for (int i = 0; names[i] && n < size; i++) n += (size_t)snprintf(text + n, size - n, "%s%s", i ? ", " : "", names[i]);
}

static int read_choice(const cli_option *o, const char *text) {
  cli_choice *choice = (cli_choice *)o->target;
  char names[256] = "";
  for (int i = 0; choice->names[i]; i++) {
    if (strcmp(text, choice->names[i])) continue;
    choice->at = i;
    return -1;
  }
  join(choice->names, names, sizeof names);
  return cli_complain(2, "--%s: '%s' is none of %s", o->name, text, names);
}

static int read_value(const cli_option *o, const char *text) {
  switch (o->kind) {
  case CLI_INTEGER: return read_integer(o, text);
  case CLI_NUMBER: return read_number(o, text);
  case CLI_FILE:
  case CLI_TEXT: return read_text(o, text);
  case CLI_CHOICE: return read_choice(o, text);
  case CLI_FLAG: break;
  }
  return 2;
}

static void print_default(const cli_option *o) {
  const char *text;
  switch (o->kind) {
  case CLI_INTEGER: printf("%d", *(const int *)o->target); break;
  case CLI_NUMBER: printf("%g", *(const double *)o->target); break;
  case CLI_FILE:
  case CLI_TEXT:
    text = *(const char *const *)o->target;
    printf("%s", text ? text : "none");
    break;
  case CLI_CHOICE: printf("%s", ((const cli_choice *)o->target)->names[((const cli_choice *)o->target)->at]); break;
  case CLI_FLAG: printf("%s", *(const int *)o->target ? "yes" : "no"); break;
  }
}

static int print_help(const char *summary, int n, const cli_option *options) {
  printf("usage: %s [options]\n%s\n\n", program, summary);
  for (int i = 0; i < n; i++) {
    const cli_option *o = &options[i];
    int width = 16 - (int)strlen(o->name);
    printf("  --%s %-*s %s", o->name, width > 0 ? width : 0, o->value, o->help);
    if (o->kind == CLI_CHOICE) {
      char names[256] = "";
      join(((const cli_choice *)o->target)->names, names, sizeof names);
      printf(": %s", names);
    }
    printf(" (default ");
    print_default(o);
    puts(")");
  }
  printf("  --%-*s this text\n", 17, "help");
  return 0;
}

static const cli_option *find(const char *name, int n, const cli_option *options) {
  for (int i = 0; i < n; i++)
    if (!strcmp(name, options[i].name)) return &options[i];
  return NULL;
}

int cli_read(int argc, char **argv, const char *summary, int n, const cli_option *options) {
  if (argc > 0) {
    const char *slash = strrchr(argv[0], '/');
    program_path = argv[0];
    program = slash ? slash + 1 : argv[0];
  }
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "--help")) return print_help(summary, n, options);
    const cli_option *o = strncmp(argv[i], "--", 2) ? NULL : find(argv[i] + 2, n, options);
    if (!o) return cli_complain(2, "unknown argument '%s'; --help lists the options", argv[i]);
    if (o->kind == CLI_FLAG) {
      *(int *)o->target = 1;
      continue;
    }
    if (i + 1 == argc || !strncmp(argv[i + 1], "--", 2))
      return cli_complain(2, "%s needs a value: %s", argv[i], o->value);
    int status = read_value(o, argv[++i]);
    if (status >= 0) return status;
  }
  return -1;
}

int cli_beside_program(const char *relative, char *path, size_t size) {
  char self[4096];
  ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  if (n > 0) self[n] = 0;
  else snprintf(self, sizeof self, "%s", program_path);
  char *slash = strrchr(self, '/');
  if (!slash) return 0;
  *slash = 0;
  int length = snprintf(path, size, "%s/%s", self, relative);
  return length > 0 && (size_t)length < size;
}
