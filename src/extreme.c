/* extreme.c - the largest and smallest element along axes, and what shifts by the largest: logsumexp, softmax.

   Of jets the largest is the one along t -> 0+, the last in lexicographic order of the coefficients: so coefficient k of
   the result needs coefficients up to k alone. A coefficient that decides and is NaN makes the result NaN from there on. */
#include "reduction.h"

#include <math.h>

static int infer_amax(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with, value *out) {
  out->shape = with->shape;
  if (!meet(tape, o->name, nin, in, out)) return 0;
  set_interval(out, 0, max_(value_of(tape, in[0])->degree, 0));
  return 1;
}

static const op op_share = {.name = "share", .row = -1, .count = 1, .infer = infer_choice, .step = STEP_WHOLE,
                            .needs = {NEED_ALL, NEED_ALL}, .numbers = NUMBERS_share};

static void pull_amax(reverse *r, const node *n) {
  jet x = tape_jet(reverse_tape(r), node_input(reverse_tape(r), n, 0)), y = spread(r, n);
  if (y.id < 0) return;
  give(r, n, 0, pull_back(y, record_axes(&op_share, x, value_of(x.tape, x.id)->shape, (unsigned)n->with.k)));
}

static const op op_amax = {.name = "amax", .row = -1, .count = 1, .infer = infer_amax, .pull = pull_amax,
                           .step = STEP_WHOLE, .needs = {NEED_LOWER, NEED_LOWER}, .numbers = NUMBERS_amax};

/* Without axes of extent 1, which may lie anywhere. */
static unsigned proper(const shape *s, unsigned axes) {
  for (int i = 0; i < s->rank; i++)
    if (s->dims[i] == 1) axes &= ~(1u << i);
  return axes;
}

/* Whether no axis that stays lies between axes that go. */
static int adjacent(const shape *s, unsigned axes) {
  int runs = 0, last = 0;
  for (int i = 0; i < s->rank; i++) {
    if (s->dims[i] == 1) continue;
    runs += has_axis(axes, i) && !last;
    last = has_axis(axes, i);
  }
  return runs <= 1;
}

/* The axes behind the others. */
static jet behind(jet x, unsigned *axes) {
  int rank = jet_rank(x), order[JET_MAX_RANK], kept = 0, at = 0;
  for (int i = 0; i < rank; i++)
    if (!has_axis(*axes, i)) order[kept++] = i;
  for (int i = 0; i < rank; i++)
    if (has_axis(*axes, i)) order[kept + at++] = i;
  *axes = (1u << rank) - (1u << kept);
  return jet_permute(x, order);
}

jet amax_axes(const char *name, jet x, unsigned axes, int keep) {
  if (x.id < 0) return x;
  ptrdiff_t n = axes_count(x, axes);
  if (n == 0) return over_nothing(name, x, axes, keep, -INFINITY);
  int s = axes_shape(name, x, axes, keep);
  if (n == 1 || s < 0) return reshape_to(x, s);
  axes = proper(shape_of(x.tape, x.id), axes);
  if (!adjacent(shape_of(x.tape, x.id), axes)) x = behind(x, &axes);
  return record_axes(&op_amax, x, s, axes);
}

static jet amin_axes(const char *name, jet x, unsigned axes, int keep) {
  return record_unary(JK_neg, amax_axes(name, record_unary(JK_neg, x, 0, 0), axes, keep), 0, 0);
}

REDUCTION(amax, amax_axes)
REDUCTION(amin, amin_axes)

/* ---- shifted by the largest: logsumexp, softmax ------------------------------------------------------------------------------ */

/* The largest x_0, constant, and 0 where it is not finite; extents kept. */
static jet exponent(const char *name, jet x, unsigned axes) {
  return record_unary(JK_finite, jet_stop_gradient(amax_axes(name, x, axes, 1)), 0, 0);
}

jet logsumexp_axes(const char *name, jet x, unsigned axes, int keep) {
  ptrdiff_t n = axes_count(x, axes);
  if (n == 0) return over_nothing(name, x, axes, keep, -INFINITY);
  if (n == 1) return sum_axes(name, x, axes, keep);
  jet m = exponent(name, x, axes);
  jet s = sum_axes(name, record_unary(JK_exp, record_binary(JK_sub, x, m), 0, 0), axes, keep);
  if (s.id < 0) return s;
  return record_binary(JK_add, record_unary(JK_log, s, 0, 0), reshape_to(m, value_of(s.tape, s.id)->shape));
}

REDUCTION(logsumexp, logsumexp_axes)

jet jet_softmax(jet x, int axis) {
  if (!operand_check("softmax", x) || (axis = axis_check("softmax", x, axis)) < 0) return failed(x, x);
  jet e = record_unary(JK_exp, record_binary(JK_sub, x, exponent("softmax", x, 1u << axis)), 0, 0);
  return record_binary(JK_mul, e, record_unary(JK_recip, sum_axes("softmax", e, 1u << axis, 1), 0, 0));
}

jet jet_log_softmax(jet x, int axis) {
  if (!operand_check("log_softmax", x) || (axis = axis_check("log_softmax", x, axis)) < 0) return failed(x, x);
  jet d = record_binary(JK_sub, x, exponent("log_softmax", x, 1u << axis));
  jet s = sum_axes("log_softmax", record_unary(JK_exp, d, 0, 0), 1u << axis, 1);
  return record_binary(JK_sub, d, record_unary(JK_log, s, 0, 0));
}
