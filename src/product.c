/* product.c - products of vectors and matrices. One operation, matmul, with flags for operands that are read
   transposed: its pullbacks are matmuls with other flags, and no pullback transposes in memory. */
#include "matmul.h"
#include "pair.h"
#include "reverse.h"
#include "shape.h"

#include <limits.h>

/* ---- recording --------------------------------------------------------------------------------------------------- */

static void pull_matmul(reverse *, const node *);

static const op op_matmul = {.name = "matmul", .row = -1, .count = 1, .infer = infer_bilinear, .pull = pull_matmul,
                             .step = STEP_PAIRS, .needs = {NEED_LOWER, NEED_LOWER}, .numbers = NUMBERS_matmul};

/* The shape of the product; 0 after tape_fail. */
static int product_shape(const char *name, jet_tape *tape, const shape *a, const shape *b, int flags, shape *y) {
  char s[200], t[200];
  shape_text(a, s), shape_text(b, t);
  if (a->rank < 2 || b->rank < 2)
    return tape_fail(tape, JET_BAD_SHAPE, "%s: %s x %s: both need rank 2 at least", name, s, t);
  const sizes n = sizes_of(a, b, flags);
  if (n.k != n.rows)
    return tape_fail(tape, JET_BAD_SHAPE, "%s: %s x %s: %td columns meet %td rows", name, s, t, n.k, n.rows);
  if (n.m > INT_MAX || n.k > INT_MAX || n.n > INT_MAX)
    return tape_fail(tape, JET_TOO_LARGE, "%s: %s x %s: an extent is beyond what BLAS counts (%d)", name, s, t, INT_MAX);
  y->rank = max_(a->rank, b->rank);
  for (int i = 0; i < y->rank - 2; i++) {
    int ia = i - (y->rank - a->rank), ib = i - (y->rank - b->rank);
    ptrdiff_t p = ia < 0 ? 1 : a->dims[ia], q = ib < 0 ? 1 : b->dims[ib];
    if (p != q && p != 1 && q != 1)
      return tape_fail(tape, JET_BAD_SHAPE, "%s: %s x %s: the axes before the last two do not broadcast", name, s, t);
    y->dims[i] = p == 1 ? q : p;
  }
  y->dims[y->rank - 2] = n.m;
  y->dims[y->rank - 1] = n.n;
  return 1;
}

/* With the name that was called in the sentence, before anything is recorded. */
static int meet_check(const char *name, jet a, jet b) {
  value common = {.parameter = -1, .directions = 1, .shared = 1};
  int in[2] = {a.id, b.id};
  return meet(a.tape, name, 2, in, &common);
}

/* a b with the flags; good operands of one tape. */
static jet multiply(const char *name, jet a, jet b, int flags) {
  jet_tape *tape = a.tape;
  attributes with = NO_ATTRIBUTES;
  shape y = {0};
  if (a.id < 0 || b.id < 0 ||
      !product_shape(name, tape, shape_of(tape, a.id), shape_of(tape, b.id), flags, &y) || !meet_check(name, a, b) ||
      (with.shape = tape_shape(tape, name, y.rank, y.dims)) < 0)
    return failed(a, b);
  int in[2] = {a.id, b.id};
  with.k = flags;
  return tape_record(tape, &op_matmul, 2, in, &with);
}

/* Sums over the batch axes along which an operand of that shape was broadcast. */
static jet sum_batch(jet x, int shape) {
  if (x.id < 0) return x;
  const struct shape *from = shape_of(x.tape, x.id), *to = &x.tape->shapes[shape];
  int shift = from->rank - to->rank;
  unsigned axes = 0;
  for (int i = 0; i < from->rank - 2; i++)
    if (i < shift || to->dims[i - shift] != from->dims[i]) axes |= 1u << i;
  return reshape_to(axes ? sum_axes("matmul", x, axes, 1) : x, shape);
}

/* Y = A B:    adjoints  Ybar B^T  and  A^T Ybar
   Y = A^T B:            B Ybar^T  and  A Ybar
   Y = A B^T:            Ybar B    and  Ybar^T A
   so that both flags never meet. A product by BLAS does not absorb: where a zero adjoint meets an infinity the result is
   NaN, as IEEE has it. */
static void pull_matmul(reverse *r, const node *n) {
  jet_tape *tape = reverse_tape(r);
  jet y = adjoint(r, n->first), a = tape_jet(tape, node_input(tape, n, 0)), b = tape_jet(tape, node_input(tape, n, 1));
  int ta = n->with.k & TRANSPOSE_A, tb = n->with.k & TRANSPOSE_B;
  if (y.id < 0) return;
  if (wanted(r, a.id)) {
    jet x = ta ? multiply("matmul", b, y, TRANSPOSE_B) : multiply("matmul", y, b, tb ? 0 : TRANSPOSE_B);
    give(r, n, 0, sum_batch(x, value_of(tape, a.id)->shape));
  }
  if (wanted(r, b.id)) {
    jet x = tb ? multiply("matmul", y, a, TRANSPOSE_A) : multiply("matmul", a, y, ta ? 0 : TRANSPOSE_A);
    give(r, n, 1, sum_batch(x, value_of(tape, b.id)->shape));
  }
}

/* ---- the face ---------------------------------------------------------------------------------------------------- */

/* A batch of matrices that meets one matrix is one tall matrix: [.., m, k] as [.. m, k]. */
static jet flatten(jet x) {
  const shape *s = shape_of(x.tape, x.id);
  ptrdiff_t columns = s->dims[s->rank - 1], dims[2] = {s->size / columns, columns};
  return reshape_to(x, tape_shape(x.tape, "matmul", 2, dims));
}

static int flattens(const shape *a, const shape *b) {
  return a->rank > 2 && b->rank == 2 && a->size > 0 && a->size / a->dims[a->rank - 1] <= INT_MAX;
}

jet jet_matmul(jet a, jet b) {
  if (any_complex(a, b)) return complex_product(a, b, jet_matmul);
  shape y = {0};
  jet_tape *tape = operands_check("matmul", a, b);
  if (!tape) return failed(a, b);
  if (!flattens(shape_of(tape, a.id), shape_of(tape, b.id))) return multiply("matmul", a, b, 0);
  if (!product_shape("matmul", tape, shape_of(tape, a.id), shape_of(tape, b.id), 0, &y)) return failed(a, b);
  jet tall = multiply("matmul", flatten(a), b, 0);
  return reshape_to(tall, tape_shape(tape, "matmul", y.rank, y.dims));
}

static int ranks_check(const char *name, jet a, int rank_a, jet b, int rank_b, const char *wanted) {
  jet_tape *tape = operands_check(name, a, b);
  char s[200], t[200];
  if (!tape) return 0;
  const shape *x = shape_of(tape, a.id), *y = shape_of(tape, b.id);
  if (x->rank == rank_a && y->rank == rank_b) return meet_check(name, a, b);
  return tape_fail(tape, JET_BAD_SHAPE, "%s: %s and %s are not %s", name, shape_text(x, s), shape_text(y, t), wanted);
}

static jet as_matrix(const char *name, jet x, ptrdiff_t rows, ptrdiff_t columns) {
  ptrdiff_t dims[2] = {rows, columns};
  return reshape_to(x, tape_shape(x.tape, name, 2, dims));
}

jet jet_matvec(jet a, jet x) {
  if (any_complex(a, x)) return complex_product(a, x, jet_matvec);
  if (!ranks_check("matvec", a, 2, x, 1, "a matrix and a vector")) return failed(a, x);
  ptrdiff_t m = jet_extent(a, 0), k = jet_extent(a, 1);
  if (k != jet_size(x)) {
    tape_fail(a.tape, JET_BAD_SHAPE, "matvec: [%td,%td] x [%td]: %td columns meet %td rows", m, k, jet_size(x), k,
              jet_size(x));
    return failed(a, x);
  }
  jet y = multiply("matvec", a, as_matrix("matvec", x, k, 1), 0);
  return reshape_to(y, tape_shape(a.tape, "matvec", 1, &m));
}

jet jet_dot(jet a, jet b) {
  if (any_complex(a, b)) return complex_product(a, b, jet_dot);
  if (!ranks_check("dot", a, 1, b, 1, "two vectors")) return failed(a, b);
  if (jet_size(a) == jet_size(b)) return jet_sum(jet_mul(a, b));
  tape_fail(a.tape, JET_BAD_SHAPE, "dot: vectors of lengths %td and %td", jet_size(a), jet_size(b));
  return failed(a, b);
}

jet jet_outer(jet a, jet b) {
  if (any_complex(a, b)) return complex_product(a, b, jet_outer);
  if (!ranks_check("outer", a, 1, b, 1, "two vectors")) return failed(a, b);
  return jet_mul(as_matrix("outer", a, jet_size(a), 1), as_matrix("outer", b, 1, jet_size(b)));
}
