/* reverse.h - what an operation's pull is given. A pull records ordinary operations; the arrays of the tape may move while it does,
   so it keeps ids and not pointers (its node is a copy).

   Two kinds of sweep. For a loss that is a jet, adjoints are jets dL(t)/dy in the loss's parameter, and a plain value's adjoint is
   a jet too. For a plain loss the adjoint of a plain value is plain, and that of a jet of order K is stored in reversed order,
   coefficient K - k being dL/dy_k: either way the pullback through y = g x is one truncated product. Where a plain value was promoted
   to a jet, `give` takes what belongs to it. */
#ifndef JETS_REVERSE_H
#define JETS_REVERSE_H

#include "tape.h"

typedef struct reverse reverse;

jet_tape *reverse_tape(const reverse *);
int reverse_is_jet(const reverse *);     /* the loss is one */
int wanted(const reverse *, int value);  /* whether its adjoint is asked for; a pull may skip the others */
jet adjoint(const reverse *, int value); /* of a value of the node; id -1 where it is zero */

/* Adds to the adjoint of an input of the node: x has the input's shape, and parameter and order of the adjoints of the node's
   values. Nothing for x.id < 0. */
void give(reverse *, const node *, int input, jet x);
/* As give for x that belongs at the pattern (pattern.h) of the input, in one array whatever the number of parts. */
void give_part(reverse *, const node *, int input, jet x, const ptrdiff_t *pattern, ptrdiff_t count);

/* adjoint y times a partial derivative d: a zero adjoint absorbs infinities. id < 0 if one of them is. */
jet pull_back(jet y, jet d);

/* The pull of what is linear in one input with the given transpose is a line: adjoint, transpose, give. */

#endif
