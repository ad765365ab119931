/* bag.c - see bag.h. */
#include "bag.h"

#include <stdint.h>
#include <string.h>

void *bag_new(bag *b, size_t count, size_t element) {
  size_t size;
  if (!count) count = 1;
  if (__builtin_mul_overflow(count, element, &size) || size > PTRDIFF_MAX) return NULL;
  if (!memory_grow(&b->mem, &b->items, &b->room, b->count, sizeof *b->items)) return NULL;
  void *p = memory_resize(&b->mem, NULL, 0, size);
  if (!p) return NULL;
  bag_item item = {p, size};
  b->items[b->count++] = item;
  return memset(p, 0, size);
}

void bag_free(bag *b) {
  for (int i = 0; i < b->count; i++) memory_resize(&b->mem, b->items[i].p, b->items[i].size, 0);
  memory_resize(&b->mem, b->items, (size_t)b->room * sizeof *b->items, 0);
  b->items = NULL;
  b->count = b->room = 0;
}
