/* bag.c - see bag.h. */
#include "bag.h"
#include "hostile.h"

#include <stdint.h>
#include <string.h>

enum { SMALL = HOSTILE ? 0 : 1024, FIRST = 2048, LAST = 1 << 18 }; /* bytes; blocks double from the first to the last */

static void *allocate(bag *b, size_t size) {
  if (!memory_grow(&b->mem, &b->items, &b->room, b->count, sizeof *b->items)) return NULL;
  void *p = memory_resize(&b->mem, NULL, 0, size);
  if (!p) return NULL;
  bag_item item = {p, size};
  b->items[b->count++] = item;
  return memset(p, 0, size);
}

void *bag_new(bag *b, size_t count, size_t element) {
  size_t size;
  if (!count) count = 1;
  if (__builtin_mul_overflow(count, element, &size) || size > PTRDIFF_MAX) return NULL;
  if (size > SMALL) return allocate(b, size);
  size = (size + sizeof(double) - 1) / sizeof(double) * sizeof(double);
  if (size > b->left) {
    size_t block = b->block ? b->block : FIRST;
    if (!(b->next = (char *)allocate(b, block))) return b->left = 0, NULL;
    b->left = block;
    b->block = block < LAST ? 2 * block : block;
  }
  void *p = b->next;
  b->next += size;
  b->left -= size;
  return p;
}

void bag_free(bag *b) {
  for (int i = 0; i < b->count; i++) memory_resize(&b->mem, b->items[i].p, b->items[i].size, 0);
  memory_resize(&b->mem, b->items, (size_t)b->room * sizeof *b->items, 0);
  b->items = NULL;
  b->next = NULL;
  b->count = b->room = 0;
  b->left = 0;
}

size_t bag_memory(const bag *b) {
  size_t size = (size_t)b->room * sizeof *b->items;
  for (int i = 0; i < b->count; i++) size += b->items[i].size;
  return size;
}
