/* dct.c - discrete cosine transforms of types 1 to 4: recording, norms and adjoints.

   Unnormalised, with n numbers (FFTW's REDFT00, 10, 01, 11):
     1  y_k = x_0 + (-1)^k x_{n-1} + 2 sum_{0<j<n-1} x_j cos(pi j k / (n-1))
     2  y_k = 2 sum x_j cos(pi (j + 1/2) k / n)
     3  y_k = x_0 + 2 sum_{j>0} x_j cos(pi j (k + 1/2) / n)
     4  y_k = 2 sum x_j cos(pi (j + 1/2) (k + 1/2) / n)
   Each is a symmetric or transposed one of another between weights of the first and the last numbers. */
#include "pair.h"
#include "reverse.h"
#include "transform.h"

#include <math.h>

/* ---- recording and adjoints -------------------------------------------------------------------------------------------------- */

static void pull_dct(reverse *, const node *);
static const op op_dct = {.name = "dct", .row = -1, .count = 1, .infer = infer_linear, .pull = pull_dct, .step = STEP_STAGED,
                          .needs = {NEED_SAME, NEED_SAME}, .numbers = NUMBERS_transform};

static jet record(jet x, int type, double factor, int axis) {
  const ptrdiff_t list[3] = {TRANSFORM_DCT_1 + type - 1, 1, axis};
  attributes with = NO_ATTRIBUTES;
  if (x.id < 0) return x;
  with.c = factor;
  with.shape = value_of(x.tape, x.id)->shape;
  with.list = tape_list(x.tape, list, 3);
  return with.list < 0 ? failed(x, x) : tape_record(x.tape, &op_dct, 1, &x.id, &with);
}

/* The transpose of type t is type u between two weights. */
static const struct { int type; transform_ends before, after; } transpose[5] = {
    [1] = {1, {1, 0.5, 1}, {1, 2, 1}}, [2] = {3, {2, 1, 1}, {1, 1, 1}}, [3] = {2, {1, 1, 1}, {0.5, 1, 1}}, [4] = {4, {1, 1, 1}, {1, 1, 1}}};

static void pull_dct(reverse *r, const node *n) {
  const ptrdiff_t *list = list_of(reverse_tape(r), n)->at;
  const int type = (int)list[0] - TRANSFORM_DCT_1 + 1, axis = (int)list[2];
  jet y = adjoint(r, n->first);
  if (y.id < 0) return;
  y = record(transform_weigh(y, axis, transpose[type].before), transpose[type].type, n->with.c, axis);
  give(r, n, 0, transform_weigh(y, axis, transpose[type].after));
}

/* ---- the face -------------------------------------------------------------------------------------------------------------------- */

static int check(const char *name, jet x, int type, int *axis, jet_fft_norm norm) {
  if (!operand_check(name, x) || !transform_check(name, x, norm) || (*axis = axis_check(name, x, *axis)) < 0) return 0;
  if (type < 1 || type > 4) return tape_fail(x.tape, JET_BAD_ARGUMENT, "%s: there is no type %d, only 1 to 4", name, type);
  if (jet_extent(x, *axis) < (type == 1 ? 2 : 1))
    return tape_fail(x.tape, JET_BAD_SHAPE, "%s: axis %d has %td elements; type %d needs %d", name, *axis, jet_extent(x, *axis), type,
                     type == 1 ? 2 : 1);
  return 1;
}

/* n or n - 1, twice: what a transform and its inverse together multiply by. */
static double length(jet x, int type, int axis) { return 2 * (double)(jet_extent(x, axis) - (type == 1)); }

static jet orthonormal(jet x, int type, int axis) {
  const double f = 1 / sqrt(length(x, type, axis)), root = sqrt(2.0);
  if (type == 1)
    return transform_weigh(record(transform_weigh(x, axis, (transform_ends){root, 1, root}), 1, 1, axis), axis,
                           (transform_ends){f / root, f, f / root});
  if (type == 2) return transform_weigh(record(x, 2, 1, axis), axis, (transform_ends){f / root, f, f});
  if (type == 3) return record(transform_weigh(x, axis, (transform_ends){f * root, f, f}), 3, 1, axis);
  return record(x, 4, f, axis);
}

static jet cosine_transform(const char *name, jet x, int type, int axis, jet_fft_norm norm, int inverse) {
  if (!check(name, x, type, &axis, norm)) return failed(x, x);
  if (inverse) type = type == 2 ? 3 : type == 3 ? 2 : type;
  if (norm == JET_FFT_ORTHO) return orthonormal(x, type, axis);
  return record(x, type, transform_factor(length(x, type, axis), norm, inverse), axis);
}

jet jet_dct(jet x, int type, int axis, jet_fft_norm norm) { return cosine_transform("dct", x, type, axis, norm, 0); }
jet jet_idct(jet x, int type, int axis, jet_fft_norm norm) { return cosine_transform("idct", x, type, axis, norm, 1); }
