/* leftovers.c - the handler calls what POSIX allows in a handler alone. Who takes a path out of its place owns it, so
   that a handler that runs in another thread never reads what has been freed. */
#include "leftovers.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

enum { KINDS = LEFTOVER_DIRECTORY + 1, MOST = 64 };

static char *_Atomic noted[KINDS][MOST];

static const int deadly[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
enum { DEADLY = sizeof deadly / sizeof *deadly };

/* Files go before the directories that they are in. A second signal may come while the first is at work, to another
   thread too, as timeout sends two: it is not to end the program before. Then the signal's own action is the default
   again, and comes when the handler returns. */
static void clear_away(int number) {
  static atomic_flag begun = ATOMIC_FLAG_INIT;
  if (atomic_flag_test_and_set(&begun)) return;
  for (int i = 0; i < KINDS; i++)
    for (int j = 0; j < MOST; j++) {
      const char *path = atomic_exchange(&noted[i][j], NULL);
      if (path && (i == LEFTOVER_FILE ? unlink : rmdir)(path)) continue; /* nothing else can be done here */
    }
  struct sigaction usual = {0};
  usual.sa_handler = SIG_DFL;
  sigaction(number, &usual, NULL);
  raise(number);
}

/* A signal that the caller has had ignored, as nohup has, stays so. */
static void watch_signals(void) {
  static int watched;
  struct sigaction before, ours = {0};
  if (watched) return;
  watched = 1;
  ours.sa_handler = clear_away;
  sigemptyset(&ours.sa_mask);
  for (int i = 0; i < DEADLY; i++) sigaddset(&ours.sa_mask, deadly[i]);
  for (int i = 0; i < DEADLY; i++)
    if (!sigaction(deadly[i], NULL, &before) && before.sa_handler == SIG_DFL) sigaction(deadly[i], &ours, NULL);
}

int leftover_note(leftover_kind kind, char *path) {
  watch_signals();
  for (int j = 0; j < MOST; j++) {
    char *nothing = NULL;
    if (atomic_compare_exchange_strong(&noted[kind][j], &nothing, path)) return 1;
  }
  errno = EMFILE;
  return 0;
}

int leftover_drop(char *path) {
  for (int i = 0; i < KINDS; i++)
    for (int j = 0; j < MOST; j++) {
      char *expected = path;
      if (atomic_compare_exchange_strong(&noted[i][j], &expected, NULL)) return 1;
    }
  return 0;
}
