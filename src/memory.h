/* memory.h - the one entry point for memory: realloc with sizes, by the user's function or by the C library. */
#ifndef JETS_MEMORY_H
#define JETS_MEMORY_H

#include <stddef.h>

typedef struct memory {
  void *(*allocate)(void *context, void *p, size_t old_size, size_t new_size);
  void *context;
} memory;

void *memory_resize(const memory *, void *p, size_t old_size, size_t new_size); /* NULL on failure; p is then unchanged */

/* Room for one element more than count; list is the address of a pointer to *capacity elements. 0 on failure. */
int memory_grow(const memory *, void *list, int *capacity, int count, size_t element);

#endif
