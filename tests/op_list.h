/* op_list.h - every public recording function that takes jets: how to record it, for which shapes and numbers. The
   list is what the tests of laws, the coverage test and the table in README.md are made from. */
#ifndef OP_LIST_H
#define OP_LIST_H

#include <jets.h>

enum { OPERANDS = 3 };

typedef enum op_group {
  GROUP_ELEMENTWISE,
  GROUP_MASKS,
  GROUP_REDUCTIONS,
  GROUP_AXIS,
  GROUP_SHAPES,
  GROUP_INDICES,
  GROUP_MATRICES,
  GROUP_LOSSES,
  GROUP_COMPLEX,
  GROUP_TRANSFORMS,
  GROUPS
} op_group;

extern const char *const op_group_names[GROUPS];

typedef enum op_flags {
  OP_CONSTANT = 1, /* piecewise constant: derivatives and adjoints are zero by nature */
  OP_KINKS = 2     /* where elements tie, or at some numbers: the numbers are kept apart */
} op_flags;

typedef enum operand_kind {
  OPERAND_NONE,
  OPERAND_JET,
  OPERAND_MASK, /* plain, 0 or 1 */
  OPERAND_INDEX /* plain, an integer in low..high */
} operand_kind;

typedef struct operand {
  operand_kind kind;
  double low, high; /* of coefficient 0 */
} operand;

typedef struct op_shape {
  int rank;
  ptrdiff_t dims[4];
} op_shape;

typedef jet op_record(const jet x[]);

typedef struct op_variant {
  op_record *record; /* NULL: the entry's */
  int arity;
  op_shape in[OPERANDS];
} op_variant;

typedef struct op_entry {
  const char *name; /* without jet_ */
  op_group group;
  int flags;
  operand in[OPERANDS];
  op_record *record;
  const op_variant *variants;
  int count;
} op_entry;

extern const op_entry op_list[];
extern const int op_count;

const op_entry *op_find(const char *name, size_t length); /* NULL: none of that name */
ptrdiff_t op_shape_size(const op_shape *);

#endif
