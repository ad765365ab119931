/* ops.h - the operations as the floors above and below see them. */
#ifndef JETS_OPS_H
#define JETS_OPS_H

#include "tape.h"

extern const op op_row[JK_ROWS]; /* elementwise; defined from functions.def */
extern const op op_broadcast;
extern const op op_input, op_constant, op_parameter, op_input_series, op_expand, op_coefficient;
extern const op op_sum;

/* Whether x can be used; fails its tape if it cannot. name: of the operation, for the sentence. */
int operand_check(const char *name, jet x);

/* Both usable and on one tape. Returns the tape, or NULL after the failure (of the first that has one). */
jet_tape *operands_check(const char *name, jet a, jet b);

/* x as an array of the shape: x itself or a broadcast of it. */
jet operand_broadcast(jet x, int shape);

/* Id of the shape that a and b broadcast to, -1 after tape_fail. */
int broadcast_shape(const char *name, jet a, jet b);

/* Records row r for inputs of any shapes, no rewriting; result: which of its values. */
jet record_row(int r, int result, jet a, jet b, double c);

/* What to record instead (rewrite.c); a jet with tape NULL: as typed. */
jet simplify(int r, jet a, jet b);
jet rewrite_unary(int r, jet x);
jet rewrite_binary(int r, jet a, jet b);
jet rewrite_shift(jet x, double c);

#endif
