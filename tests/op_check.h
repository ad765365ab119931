/* op_check.h - laws that hold for every operation of op_list.h, checked on one variant of one operation. */
#ifndef OP_CHECK_H
#define OP_CHECK_H

#include "op_list.h"

#include <stdbool.h>
#include <stdint.h>

enum { CHECK_ORDER = 4, CHECK_DIRECTIONS = 3 };

typedef struct op_check {
  const op_entry *op;
  const op_variant *variant;
  int order; /* 0..CHECK_ORDER */
  jet_type type; /* of the tapes; forward knows JET_F64 alone */
  uint64_t seed;
  char why[300]; /* of false */
} op_check;

typedef bool op_law(op_check *);

/* Coefficients of F(x + v t) are those of the polynomial that interpolates F(x + v s) at small numbers s. */
op_law op_check_forward;

/* d/dt <u, F(x(t))> = <u', F(x(t))> + <x'(t), grad(t)>: every coefficient, jets in some operands and plain arrays in
   the others. A plain operand has the gradient that it has as a jet without higher coefficients. */
op_law op_check_adjoint;

/* Of x + v t:  d y_k/d x = coefficient k of the gradient's jet, d y_k/d v = coefficient k - 1. */
op_law op_check_coefficients;

/* P directions give, bit for bit, what P runs with one give: coefficients, gradients, gradients of coefficients. */
op_law op_check_directions;

#endif
