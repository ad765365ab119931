/* idx.h - arrays of bytes in the IDX format of the MNIST digits, plain or packed by gzip:
       0 0 8 rank | extents, 4 bytes each, the highest first | the bytes, the last axis fastest
   8 says that the elements are unsigned bytes; other types are not read. */
#ifndef EXAMPLES_IDX_H
#define EXAMPLES_IDX_H

#include "../common/output.h"
#include "../common/progress.h"

#include <stddef.h>

enum { IDX_MOST_RANK = 3 };

typedef struct idx {
  int rank;
  ptrdiff_t extent[IDX_MOST_RANK]; /* 1 from `rank` on */
  unsigned char *data;
} idx;

/* Both show their progress, and do not clear it.

   A file of that rank, 1..IDX_MOST_RANK; what it is called does not tell whether it is packed. Returns 1, or complains
   in one sentence with file and place and returns 0, with nothing to free. */
int idx_read(idx *, const char *path, int rank, progress *);
void idx_free(idx *);

int idx_packs(void); /* whether this build has zlib, and so reads and writes what gzip packs */

/* Packed where idx_packs, and committed. Returns 1, or complains and returns 0. */
int idx_write(output *, const idx *, progress *);

#endif
