/* pair.h - complex arrays: a handle for a pair of real arrays of one shape, parameter and order. The handle is a node of its own
   that no plan ever runs: operations on it are recorded as real operations on the parts, and so are their derivatives. */
#ifndef JETS_PAIR_H
#define JETS_PAIR_H

#include "ops.h"

extern const op op_complex;

static inline int is_complex(jet x) { /* of any handle, good or not */
  return x.tape && !x.tape->status && x.id >= 0 && x.id < x.tape->nvalues && value_of(x.tape, x.id)->complex;
}
static inline int any_complex(jet a, jet b) { return is_complex(a) || is_complex(b); }
jet part_of(jet z, int i); /* of a pair: 0 the real one, 1 the imaginary one; of a real array: itself, zeros */

int list_is_complex(int n, const jet x[]);
/* The parts of the pairs among x[0..n-1] in their place: how many, in *list (2 n jets of the tape's memory, to be given to
   parts_free); -1 after tape_fail. */
int parts_list(jet_tape *, int n, const jet x[], jet **list);
void parts_free(jet_tape *, int n, jet *list);
void parts_join(int n, const jet x[], const jet parts[], jet y[]); /* y[i]: a pair where x[i] is one */

/* What works on each part alone, as the first line of a public function. */
#define BY_PARTS(z, part, call)                                                                                      \
  if (is_complex(z)) {                                                                                               \
    jet part = part_of(z, 0), re_ = call;                                                                            \
    part = part_of(z, 1);                                                                                            \
    return jet_complex(re_, call);                                                                                   \
  }

jet complex_unary(const char *name, int r, int result, jet z); /* row r; one of the operands at least is a pair */
jet complex_binary(const char *name, int r, jet a, jet b);
jet complex_product(jet a, jet b, jet (*product)(jet, jet)); /* bilinear */
jet complex_powc(jet z, double p);

#endif
