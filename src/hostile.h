/* hostile.h - a build in which defects of memory show (option `hostile`): lists begin with room for one, blocks and the shares of
   workers are tiny, workers run one after the other and backwards, everything in a bag is an allocation of its own, and the memory of
   plans is watched:
   - before a run all of it that is no input and no constant is full of garbage, and so are the slots of a worker before every block;
   - every run is done twice, with NaNs as garbage and with large numbers, and its outputs have to have the same bits;
   - around planes, slots, work and scratch memory are zones that nobody may touch: looked at after every run, and out of bounds for
     AddressSanitizer where there is one.
   A run that fails there has the status JET_UNSUPPORTED and a sentence. In other builds all of this is nothing. */
#ifndef JETS_HOSTILE_H
#define JETS_HOSTILE_H

#include "typed.h"

#include <stddef.h>

struct jet_plan;
struct region;
struct build;
typedef void hostile_execute(struct jet_plan *, int k0, int k1);

#if JETS_HOSTILE

enum { HOSTILE = 1 };

/* Of the arena, `used` numbers from `first` on, and the rest up to *end, which grows, a zone. 0 after plan_fail. */
int hostile_area(struct jet_plan *, size_t first, size_t used, size_t *end);
int hostile_start(struct build *, size_t slots, size_t total); /* when the arena is there; 0 after plan_fail */
void hostile_run(struct jet_plan *, hostile_execute *, int k0, int k1);
void hostile_region(const struct jet_plan *, const struct region *); /* before it runs */
void hostile_block(const struct jet_plan *, const struct region *, int worker);
void hostile_check(const struct jet_plan *, const struct region *); /* after it has run */
void hostile_stop(struct jet_plan *); /* before its memory is freed, of whatever type */

#else

enum { HOSTILE = 0 };

static inline int hostile_area(struct jet_plan *p, size_t first, size_t used, size_t *end) {
  return (void)p, (void)first, (void)used, (void)end, 1;
}
static inline int hostile_start(struct build *b, size_t slots, size_t total) { return (void)b, (void)slots, (void)total, 1; }
static inline void hostile_run(struct jet_plan *p, hostile_execute *run, int k0, int k1) { run(p, k0, k1); }
static inline void hostile_region(const struct jet_plan *p, const struct region *r) { (void)p, (void)r; }
static inline void hostile_block(const struct jet_plan *p, const struct region *r, int worker) { (void)p, (void)r, (void)worker; }
static inline void hostile_check(const struct jet_plan *p, const struct region *r) { (void)p, (void)r; }
static inline void hostile_stop(struct jet_plan *p) { (void)p; }

#endif
#endif
