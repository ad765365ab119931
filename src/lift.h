/* lift.h - a recording on plain arrays recorded again on jets. */
#ifndef JETS_LIFT_H
#define JETS_LIFT_H

#include "tape.h"

/* Appends to the tape of x_new what y of `from` depends on, with the n x_new in the places of x_old; the new y. n > 0. */
jet lift(const jet_tape *from, jet y, int n, const jet x_old[], const jet x_new[]);

/* The same for many values. id_of[v]: -2 for a wanted value, the new id for one that is given, else -1; becomes the new id for all that
   are needed. in: room for the ids of a node's inputs. plain: all that is given is. 0 after tape_fail. */
int lift_values(const jet_tape *from, jet_tape *to, int plain, int *id_of, int *in);

/* Appends a copy of the node; id_of[v]: the new id of value v, known for its inputs, set for its values. in: room for the ids of its
   inputs. 0 after tape_fail. */
int lift_node(const jet_tape *from, jet_tape *to, const node *, int *id_of, int *in);

int lift_inputs(const jet_tape *); /* how many it has */
int lift_expands(const jet_tape *); /* whether it has a jet_parameter of its own */
ptrdiff_t lift_elements(const jet_tape *); /* of all values together; not above PTRDIFF_MAX / 32 */
int lift_is_plain(jet);             /* no jet in any parameter */

/* Whether element i of y depends on element i of x alone, and the shapes are equal; if not, why. -1: no memory. */
int lift_elementwise(const jet_tape *, jet y, jet x, char why[static 200]);

#endif
