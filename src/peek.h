/* peek.h - values while recording. */
#ifndef JETS_PEEK_H
#define JETS_PEEK_H

#include "tape.h"

/* A leaf of a scratch tape that stands for a value of another: its record comes from list {order, low, degree, directions, shared},
   the shape from with.shape, the parameter from input 0, if there is one. A plan reads it as an input, from bound memory alone. */
extern const op op_given;

int tape_peeked(const jet_tape *); /* whether jet_peek was called while the tape was good, with success or not */
void known_free(jet_tape *);

#endif
