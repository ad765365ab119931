/* common_test.c - what the examples share and no test of theirs sees: complaints about damaged tables are fit for a
   terminal, and long work says something where there is none. Run where it may write; it takes its files away. */
#include "csv.h"
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int failures;

static void check(int good, const char *what, const char *said) {
  if (good) return;
  printf("FAILED: %s: %s\n", what, said);
  failures++;
}

/* Calls with the stream on a file, and reads what it wrote. */
static void capture(FILE *stream, void (*call)(void), char *text, size_t size) {
  FILE *file = tmpfile();
  const int kept = dup(fileno(stream));
  fflush(stream);
  if (!file || kept < 0 || dup2(fileno(file), fileno(stream)) < 0) return check(0, "cannot capture", "");
  call();
  fflush(stream);
  dup2(kept, fileno(stream));
  close(kept);
  rewind(file);
  text[fread(text, 1, size - 1, file)] = 0;
  fclose(file);
}

static const char table[] = "common_test.csv";

static void read_damaged(void) {
  csv_table t;
  if (csv_read(&t, table)) csv_free(&t);
}

static void try_damaged(void) {
  static const char bytes[] = "1,2\n3,\033]0;x\a\200\0z\177~\n";
  char said[256] = "";
  FILE *f = fopen(table, "wb");
  if (!f || fwrite(bytes, sizeof bytes - 1, 1, f) != 1 || fclose(f)) return check(0, "cannot write", table);
  capture(stderr, read_damaged, said, sizeof said);
  remove(table);
  check(strstr(said, "common_test.csv: line 2, column 2: '?]0;x???z?~' is not a number\n") != NULL, "a damaged table",
        said);
}

static void show_lines(void) {
  progress line = progress_new();
  progress_show(&line, "at %s", "once");
  line.next = 0; /* the time has passed */
  progress_show(&line, "after %s", "five seconds");
  progress_show(&line, "directly after");
  progress_clear(&line);
}

static void try_progress(void) {
  char said[256] = "";
  capture(stdout, show_lines, said, sizeof said);
  check(!strcmp(said, "after five seconds\n"), "progress where there is no terminal", said);
}

static void try_csv_commit(void) {
  const double data[] = {1, 0.5};
  const column list[] = {{"a", data}, {"b", data}};
  char said[64] = "";
  output out;
  FILE *f = NULL;
  if (!output_open(&out, table) || csv_commit(&out, 2, 2, list) || !(f = fopen(table, "r")))
    return check(0, "cannot write or read", table);
  said[fread(said, 1, sizeof said - 1, f)] = 0;
  fclose(f);
  remove(table);
  check(!strcmp(said, "a,b\n1,1\n0.5,0.5\n"), "a table", said);
}

int main(void) {
  try_damaged();
  try_progress();
  try_csv_commit();
  return failures != 0;
}
