/* workers.h - one task for each of several workers, side by side: by OpenMP; by POSIX threads in a build that is checked for races,
   since ThreadSanitizer does not see how an OpenMP runtime synchronises; one after the other where there is neither, and in a hostile
   build. */
#ifndef JETS_WORKERS_H
#define JETS_WORKERS_H

enum { WORKERS_MOST = 256 };

typedef void worker_task(void *data, int worker);

int workers_default(void);        /* as the caller's OpenMP says */
int workers_allowed(int threads); /* 1..WORKERS_MOST; 1 where there are no threads */

/* task(data, 0) .. task(data, count - 1), by as many threads as there are to have, and then returns. Allocates nothing itself. */
void workers_run(int count, worker_task *task, void *data);

#endif
