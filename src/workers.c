/* workers.c - see workers.h. */
#include "workers.h"

#include <stddef.h>

#if JETS_HOSTILE

/* One after the other, the last first: what depends on their order, or on another's having run, shows. */
int workers_default(void) { return 3; }

void workers_run(int count, worker_task *task, void *data) {
  for (int i = count - 1; i >= 0; i--) task(data, i);
}

#elif JETS_POSIX_THREADS
#include <pthread.h>

enum { THREADS = 4 };

typedef struct member {
  pthread_t thread;
  worker_task *task;
  void *data;
  int worker;
} member;

static void *work(void *data) {
  const member *m = (const member *)data;
  m->task(m->data, m->worker);
  return NULL;
}

int workers_default(void) { return THREADS; }

void workers_run(int count, worker_task *task, void *data) {
  member team[WORKERS_MOST];
  int started = 1;
  for (int i = 1; i < count; i++, started++) {
    member m = {.task = task, .data = data, .worker = i};
    team[i] = m;
    if (pthread_create(&team[i].thread, NULL, work, &team[i])) break;
  }
  task(data, 0);
  for (int i = started; i < count; i++) task(data, i);
  for (int i = 1; i < started; i++) pthread_join(team[i].thread, NULL);
}

#elif defined _OPENMP
#include <omp.h>

int workers_default(void) { return omp_get_max_threads(); }

/* Tasks go by worker, not by thread: a team may be smaller than asked for, in a parallel region of the caller's it is one thread. */
void workers_run(int count, worker_task *task, void *data) {
#pragma omp parallel for num_threads(count) schedule(static, 1)
  for (int i = 0; i < count; i++) task(data, i);
}

#else

int workers_default(void) { return 1; }

void workers_run(int count, worker_task *task, void *data) {
  for (int i = 0; i < count; i++) task(data, i);
}
#endif

int workers_allowed(int threads) {
#if JETS_HOSTILE || JETS_POSIX_THREADS || defined _OPENMP
  return threads < 1 ? 1 : threads > WORKERS_MOST ? WORKERS_MOST : threads;
#else
  return (void)threads, 1;
#endif
}
