/* peek.h - values while recording. */
#ifndef JETS_PEEK_H
#define JETS_PEEK_H

#include "tape.h"

int tape_peeked(const jet_tape *); /* whether jet_peek was called while the tape was good, with success or not */

#endif
