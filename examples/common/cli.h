/* cli.h - command lines of the form --name VALUE, and --name of a flag, read by a table of options. */
#ifndef EXAMPLES_CLI_H
#define EXAMPLES_CLI_H

#include <stddef.h>

typedef enum cli_kind { CLI_INTEGER, CLI_NUMBER, CLI_FILE, CLI_TEXT, CLI_CHOICE, CLI_FLAG } cli_kind;

typedef struct cli_choice {
  const char *const *names; /* ends with NULL */
  int at;                   /* the one chosen */
} cli_choice;

typedef struct cli_option {
  const char *name;  /* "points" for --points                                         */
  const char *value; /* what its value is called in the help                          */
  const char *help;
  cli_kind kind;
  void *target;     /* int *, double *, const char ** (twice), cli_choice *, int *; the default, a NULL for none */
  double low, high; /* the range of an integer or a number                            */
} cli_option;

/* Reads the command line into the targets. Returns a negative number to go on, or the exit status: 0 after --help, 2
   after a sentence about a bad argument. argv[0] names the program in complaints. */
int cli_read(int argc, char **argv, const char *summary, int n, const cli_option *options);

/* The path of a file given relative to the program's directory, into `path`; 0 if that is not known or too long. */
int cli_beside_program(const char *relative, char *path, size_t size);

/* Prints "program: sentence" to stderr and returns status, so that `return cli_complain(2, ...)` ends a function. */
#if defined __GNUC__
__attribute__((format(printf, 2, 3)))
#endif
int cli_complain(int status, const char *sentence, ...);

#endif
