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

static atomic_int making, clearing; /* each sets its own before it looks at the other's: one of them sees it */

/* Files go before the directories that they are in. A second signal may come while the first is at work, to another
   thread too, as timeout sends two: it is not to end the program before. Then the signal's own action is the default
   again, and comes when the handler returns. */
static void clear_away(int number) {
  if (atomic_exchange(&clearing, 1)) return;
  while (making) {} /* in another thread: one that makes takes no signals */
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

static sigset_t all_deadly(void) {
  sigset_t all;
  sigemptyset(&all);
  for (int i = 0; i < DEADLY; i++) sigaddset(&all, deadly[i]);
  return all;
}

/* A signal that the caller has had ignored, as nohup has, stays so. */
static void watch_signals(void) {
  static int watched;
  struct sigaction before, ours = {0};
  if (watched) return;
  watched = 1;
  ours.sa_handler = clear_away;
  ours.sa_mask = all_deadly();
  for (int i = 0; i < DEADLY; i++)
    if (!sigaction(deadly[i], NULL, &before) && before.sa_handler == SIG_DFL) sigaction(deadly[i], &ours, NULL);
}

static int note(leftover_kind kind, char *path) {
  for (int j = 0; j < MOST; j++) {
    char *nothing = NULL;
    if (atomic_compare_exchange_strong(&noted[kind][j], &nothing, path)) return 1;
  }
  return 0;
}

static void unmake(leftover_kind kind, const char *path) {
  if (kind == LEFTOVER_FILE) unlink(path);
  else rmdir(path);
}

/* This thread takes no signal between making and noting, and another one that clears away waits for it. If that has
   begun before, the program has ended. */
int leftover_make(leftover_kind kind, char *path, leftover_maker *make) {
  const sigset_t all = all_deadly();
  sigset_t before;
  watch_signals();
  pthread_sigmask(SIG_BLOCK, &all, &before);
  making = 1;
  while (clearing) {
    making = 0;
    pause();
  }
  int made = make(path);
  if (made >= 0 && !note(kind, path)) {
    unmake(kind, path);
    if (kind == LEFTOVER_FILE) close(made);
    errno = EMFILE;
    made = -1;
  }
  making = 0;
  const int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = error;
  return made;
}

int leftover_drop(char *path) {
  for (int i = 0; i < KINDS; i++)
    for (int j = 0; j < MOST; j++) {
      char *expected = path;
      if (atomic_compare_exchange_strong(&noted[i][j], &expected, NULL)) return 1;
    }
  return 0;
}
