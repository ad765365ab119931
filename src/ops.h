/* ops.h - the operations as the floors above and below see them. */
#ifndef JETS_OPS_H
#define JETS_OPS_H

#include "tape.h"

extern const op op_row[JK_ROWS]; /* elementwise; defined from functions.def */
extern const op op_broadcast;
void pull_row(struct reverse *, const node *); /* derivative.c */
extern const op op_input, op_constant, op_parameter, op_input_series, op_zero; /* leaves */
/* A leaf of a scratch tape that stands for a value of another: its record comes from list {order, low, degree, directions, shared},
   the shape from with.shape, the parameter from input 0, if there is one. A plan reads it as an input, from bound memory alone. */
extern const op op_given;
extern const op op_coefficient, op_raise, op_collapse, op_stop_gradient;
extern const op op_sum, op_sum_axes;
extern const op op_read, op_view, op_deposit, op_reshape;

/* ---- checks. name: of the operation, for the sentence ------------------------------------------------------------ */

/* Whether x can be used; fails its tape if it cannot. */
int operand_check(const char *name, jet x);

/* Both usable and on one tape. Returns the tape, or NULL after the failure (of the first that has one). */
jet_tape *operands_check(const char *name, jet a, jet b);
jet_tape *operands_check_all(const char *name, int n, const jet x[]); /* n > 0 */

int parameter_check(const char *name, jet t); /* usable, and a jet_parameter */

/* An axis in -rank..rank-1 as 0..rank-1; -1 after tape_fail. */
int axis_check(const char *name, jet x, int axis);

static inline jet failed(jet a, jet b) { return tape_jet(a.tape ? a.tape : b.tape, -1); }

/* ---- structure ------------------------------------------------------------------------------------------------------- */

/* Parameter, order and directions that inputs have in common; out's own fields start as a plain array's. */
int meet(jet_tape *, const char *name, int nin, const int *in, value *out);
void set_interval(value *out, int low, int degree);
static inline int is_zero(const value *v) { return v->low > v->degree; } /* structurally */

/* infer of an operation linear in all inputs together, and of one bilinear in two; the result's shape is with->shape */
int infer_linear(jet_tape *, const op *, int nin, const int *in, const attributes *, value *out);
int infer_bilinear(jet_tape *, const op *, int nin, const int *in, const attributes *, value *out);
/* infer of a choice: plain numbers that coefficients of the inputs decide (needs as the op says); shape with->shape */
int infer_choice(jet_tape *, const op *, int nin, const int *in, const attributes *, value *out);

/* ---- recording ---------------------------------------------------------------------------------------------------------- */

/* x as an array of the shape: x itself or a broadcast of it. */
jet operand_broadcast(jet x, int shape);

/* Id of the shape that a and b broadcast to, -1 after tape_fail. */
int broadcast_shape(const char *name, jet a, jet b);

/* Records row r for inputs of any shapes, no rewriting; its first value. c, m: see attributes. */
jet record_row(int r, int nin, const jet in[], double c, int m);
jet record_unary(int r, jet x, double c, int m);
jet record_binary(int r, jet a, jet b);

jet record_zero(jet_tape *, int shape, int parameter, int directions); /* structurally zero */
jet raise_to(jet x, jet t, int k);      /* x t^k, t the jet_parameter of x, or x plain */
jet raise_many(jet x, jet t, int k);    /* x plain, P x shape: P directions */
jet collapse(jet x);                    /* the sum over directions, by coefficient */
jet coefficient_of(jet y, int k);       /* jet_coefficient of a good y; P x shape even for k = 0 where directions differ in it */

jet slope(jet x, jet y); /* x/y where y is the length of a vector that x belongs to; 0 where the vector is the zero jet */
jet sum_axes(const char *name, jet x, unsigned axes, int keep); /* axes: a bit each */

/* y = the elements of x at the pattern, of that shape; and the array of that shape that is zero but for the sum of parts x[i] at their
   patterns (pattern.h), listed one after the other. */
jet read_pattern(jet x, int shape, const ptrdiff_t *pattern, ptrdiff_t count);
jet deposit(jet_tape *, int n, const jet x[], int shape, const ptrdiff_t *patterns, ptrdiff_t count);

/* What to record instead (rewrite.c); a jet with tape NULL: as typed. */
jet simplify(int r, jet a, jet b);
jet rewrite_unary(int r, jet x);
jet rewrite_binary(int r, jet a, jet b);
jet rewrite_shift(jet x, double c);

/* A number that a reverse sweep has made, so that nobody asks for derivatives with respect to it: the only ones that pulls fold. */
enum { PULL_NUMBER = 1 };
jet pull_number(jet_tape *, double);
int constant_number(jet x, double *c); /* whether x is one, or a broadcast of it */

#endif
