/* augment.h - pictures changed at random, so that a network sees each of them differently every time: mirrored, turned
   about their centre and moved, in one bilinear interpolation; what comes in from outside is 0. */
#ifndef EXAMPLES_AUGMENT_H
#define EXAMPLES_AUGMENT_H

#include "../common/rng.h"

#include <stddef.h>

typedef struct augmentation {
  double flip;   /* probability that left and right are swapped */
  double shift;  /* pixels at most, along both axes             */
  double rotate; /* degrees at most, either way                 */
} augmentation;

typedef struct movement { /* one of them, drawn */
  int flip;
  double right, down, degrees;
} movement;

movement augment_draw(const augmentation *, rng *);

/* First mirrored, then turned, then moved. Pictures are [height, width] and must not overlap. */
void augment_apply(const movement *, ptrdiff_t height, ptrdiff_t width, const double *from, double *to);

#endif
