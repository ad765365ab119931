/* lift.h - a recording on plain arrays recorded again on jets. */
#ifndef JETS_LIFT_H
#define JETS_LIFT_H

#include "tape.h"

/* Appends to x_new's tape what y of `from` depends on, with x_new in the place of x_old; the new y. */
jet lift(const jet_tape *from, jet y, jet x_old, jet x_new);

int lift_inputs(const jet_tape *); /* how many it has */
int lift_is_plain(jet);            /* no jet in any parameter */

/* Whether element i of y depends on element i of x alone, and the shapes are equal; if not, why. -1: no memory. */
int lift_elementwise(const jet_tape *, jet y, jet x, char why[static 200]);

#endif
