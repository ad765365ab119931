/* memory.c - see memory.h. */
#include "memory.h"
#include "hostile.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

void *memory_resize(const memory *m, void *p, size_t old_size, size_t new_size) {
  if (!p && !new_size) return NULL;
  if (m->allocate) return m->allocate(m->context, p, old_size, new_size);
  if (new_size) return realloc(p, new_size);
  free(p);
  return NULL;
}

int memory_grow(const memory *m, void *list, int *capacity, int count, size_t element) {
  if (count < *capacity) return 1;
  if (count > INT_MAX / 2 - 8) return 0;
  int room = *capacity ? 2 * *capacity : HOSTILE ? 1 : 8;
  if (room <= count) room = count + 1;
  void *p;
  memcpy(&p, list, sizeof p);
  p = memory_resize(m, p, (size_t)*capacity * element, (size_t)room * element);
  if (!p) return 0;
  memcpy(list, &p, sizeof p);
  *capacity = room;
  return 1;
}
