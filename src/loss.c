/* loss.c - cross-entropy. */
#include "reduction.h"

static int logits_check(const char *name, jet logits) {
  if (!operand_check(name, logits)) return 0;
  char s[200];
  const shape *x = shape_of(logits.tape, logits.id);
  if (x->rank == 2) return 1;
  return tape_fail(logits.tape, JET_BAD_SHAPE, "%s: logits of shape %s are not [rows, classes]", name,
                   shape_text(x, s));
}

/* -log softmax(logits)[label] = logsumexp(logits) - logits[label] */
static jet less_picked(const char *name, jet logits, jet picked) {
  return record_binary(JK_sub, logsumexp_axes(name, logits, 1u << 1, 0), picked);
}

static int labels_check(jet logits, const ptrdiff_t labels[]) {
  ptrdiff_t rows = jet_extent(logits, 0), classes = jet_extent(logits, 1);
  if (rows && !labels)
    return tape_fail(logits.tape, JET_BAD_ARGUMENT, "cross_entropy: labels is NULL for %td rows", rows);
  for (ptrdiff_t i = 0; i < rows; i++)
    if (labels[i] < 0 || labels[i] >= classes)
      return tape_fail(logits.tape, JET_BAD_INDEX, "cross_entropy: label %td at position %td is outside 0..%td",
                       labels[i], i, classes - 1);
  return 1;
}

static jet pick(jet logits, const ptrdiff_t labels[], ptrdiff_t *pattern) {
  ptrdiff_t rows = jet_extent(logits, 0), classes = jet_extent(logits, 1), *p = pattern;
  int s = tape_shape(logits.tape, "cross_entropy", 1, &rows);
  *p++ = PATTERN_INDEX;
  *p++ = 1;
  *p++ = rows * classes;
  *p++ = 1;
  *p++ = rows;
  for (ptrdiff_t i = 0; i < rows; i++) *p++ = i * classes + labels[i];
  return s < 0 ? failed(logits, logits) : read_pattern(logits, s, pattern, p - pattern);
}

jet jet_cross_entropy(jet logits, const ptrdiff_t labels[]) {
  if (!logits_check("cross_entropy", logits) || !labels_check(logits, labels)) return failed(logits, logits);
  const memory *mem = &logits.tape->mem;
  size_t size = (size_t)(5 + jet_extent(logits, 0)) * sizeof(ptrdiff_t);
  ptrdiff_t *pattern = (ptrdiff_t *)memory_resize(mem, NULL, 0, size);
  if (!pattern) {
    tape_fail(logits.tape, JET_NO_MEMORY, "out of memory while recording");
    return failed(logits, logits);
  }
  jet picked = pick(logits, labels, pattern);
  memory_resize(mem, pattern, size, 0);
  return picked.id < 0 ? picked : less_picked("cross_entropy", logits, picked);
}

jet jet_cross_entropy_at(jet logits, jet labels) {
  jet_tape *tape = operands_check("cross_entropy_at", logits, labels);
  if (!tape || !logits_check("cross_entropy_at", logits)) return failed(logits, labels);
  const ptrdiff_t dims[2] = {jet_extent(logits, 0), 1};
  const int row = tape_shape(tape, "cross_entropy_at", 1, dims), column = tape_shape(tape, "cross_entropy_at", 2, dims);
  if (row < 0 || column < 0) return failed(logits, labels);
  if (value_of(tape, labels.id)->shape != row) {
    char s[200];
    tape_fail(tape, JET_BAD_SHAPE, "cross_entropy_at: labels of shape %s are not [%td], one for each row",
              shape_text(shape_of(tape, labels.id), s), dims[0]);
    return failed(logits, labels);
  }
  jet picked = take_along("cross_entropy_at", logits, reshape_to(labels, column), 1);
  return picked.id < 0 ? picked : less_picked("cross_entropy_at", logits, reshape_to(picked, row));
}
