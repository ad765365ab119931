/* bag.h - allocations that die together. */
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
} bag;

void *bag_new(bag *, size_t count, size_t element); /* zeroed; never of size 0; NULL on failure or overflow */
void bag_free(bag *);

#endif
