/* bag.h - allocations that die together. Small ones share blocks. */
#ifndef JETS_BAG_H
#define JETS_BAG_H

#include "memory.h"

typedef struct bag_item {
  void *p;
  size_t size;
} bag_item;

typedef struct bag {
  memory mem;
  bag_item *items;
  int count, room;
  char *next; /* of the block that small allocations are cut from */
  size_t left, block;
} bag;

void *bag_new(bag *, size_t count, size_t element); /* zeroed, for doubles and pointers; NULL on failure or overflow */
void bag_free(bag *);
size_t bag_memory(const bag *); /* bytes of all that it has allocated */

#endif
