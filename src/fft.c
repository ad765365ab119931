/* fft.c - discrete Fourier transforms of pairs: recording and adjoints; transform.c runs them.

   Adjoints are again transforms with the same factor: that of forward is backward. With w = 1 at the ends of a halved axis (0, and n/2 of
   an even n) and 1/2 between, that of halve is join after w, and that of join is halve and then 1/w. */
#include "pair.h"
#include "reverse.h"
#include "shape.h"
#include "transform.h"

#include <math.h>

/* ---- recording ---------------------------------------------------------------------------------------------------------------- */

static int infer_transform(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with, value *out) {
  if (!infer_linear(tape, o, nin, in, with, out)) return 0;
  for (int i = 1; i < o->count; i++) out[i] = out[0], out[i].index = i;
  return 1;
}

static void pull_complex(reverse *, const node *), pull_halve(reverse *, const node *), pull_join(reverse *, const node *);

#define TRANSFORM(name_, count_, pull_)                                                                              \
  {.name = name_, .row = -1, .count = count_, .infer = infer_transform, .pull = pull_, .step = STEP_STAGED,          \
   .needs = {NEED_SAME, NEED_SAME}, .numbers = NUMBERS_transform}
static const op op_complex_transform = TRANSFORM("fft", 2, pull_complex), op_halve = TRANSFORM("rfft", 2, pull_halve),
                op_join = TRANSFORM("irfft", 1, pull_join);

/* of: n axes, the halved one last. The first value; id -1 after tape_fail. */
static jet record(const op *o, transform_kind kind, double factor, int nin, const jet x[], int shape, int n, const ptrdiff_t *of) {
  ptrdiff_t list[2 + JET_MAX_RANK] = {(ptrdiff_t)kind, n};
  attributes with = NO_ATTRIBUTES;
  int in[2] = {x[0].id, nin > 1 ? x[1].id : -1};
  for (int i = 0; i < n; i++) list[2 + i] = of[i];
  with.c = factor;
  with.shape = shape;
  if (shape < 0 || in[0] < 0 || (nin > 1 && in[1] < 0)) return failed(x[0], x[0]);
  with.list = tape_list(x[0].tape, list, 2 + n);
  return with.list < 0 ? failed(x[0], x[0]) : tape_record(x[0].tape, o, nin, in, &with);
}

static jet pair_of_values(jet first) { return first.id < 0 ? first : jet_complex(first, tape_jet(first.tape, first.id + 1)); }

static jet record_complex(jet z, transform_kind kind, double factor, int n, const ptrdiff_t *axes) {
  jet in[2] = {part_of(z, 0), part_of(z, 1)};
  return pair_of_values(record(&op_complex_transform, kind, factor, 2, in, value_of(z.tape, z.id)->shape, n, axes));
}

static int resized(jet x, int axis, ptrdiff_t extent) { /* shape of x with another extent */
  shape s = *shape_of(x.tape, x.id);
  s.dims[axis] = extent;
  return tape_shape(x.tape, "rfft", s.rank, s.dims);
}

static jet record_halve(jet x, double factor, int n, const ptrdiff_t *axes) {
  if (x.id < 0) return x;
  int last = (int)axes[n - 1];
  return pair_of_values(record(&op_halve, TRANSFORM_HALVE, factor, 1, &x, resized(x, last, jet_extent(x, last) / 2 + 1), n, axes));
}

static jet record_join(jet z, ptrdiff_t extent, double factor, int n, const ptrdiff_t *axes) {
  if (z.id < 0) return z;
  jet in[2] = {part_of(z, 0), part_of(z, 1)};
  return record(&op_join, TRANSFORM_JOIN, factor, 2, in, resized(z, (int)axes[n - 1], extent), n, axes);
}

/* ---- weights -------------------------------------------------------------------------------------------------------------------- */

jet transform_weigh(jet x, int axis, transform_ends w) {
  if (x.id < 0 || (w.first == 1 && w.middle == 1 && w.last == 1)) return x;
  const ptrdiff_t n = jet_extent(x, axis);
  ptrdiff_t dims[JET_MAX_RANK], rank = jet_rank(x) - axis; /* trailing axes broadcast */
  double *c = (double *)memory_resize(&x.tape->mem, NULL, 0, (size_t)n * sizeof *c);
  if (!c) {
    tape_fail(x.tape, JET_NO_MEMORY, "out of memory while recording");
    return failed(x, x);
  }
  for (ptrdiff_t i = 0; i < n; i++) c[i] = i == 0 ? w.first : i == n - 1 ? w.last : w.middle;
  for (ptrdiff_t i = 0; i < rank; i++) dims[i] = i ? 1 : n;
  jet y = jet_mul(x, jet_constant(x.tape, (int)rank, dims, c));
  memory_resize(&x.tape->mem, c, (size_t)n * sizeof *c, 0);
  return y;
}

/* ---- adjoints ------------------------------------------------------------------------------------------------------------------ */

/* The pair of adjoints of a node's two values, a missing one zero; id -1 if both are. */
static jet adjoint_pair(reverse *r, const node *n) {
  jet re = adjoint(r, n->first), im = adjoint(r, n->first + 1), any = re.id < 0 ? im : re;
  if (any.id < 0) return any;
  if (re.id < 0) re = record_zero(any.tape, value_of(any.tape, any.id)->shape, -1, 1);
  if (im.id < 0) im = record_zero(any.tape, value_of(any.tape, any.id)->shape, -1, 1);
  return jet_complex(re, im);
}

static const ptrdiff_t *told(reverse *r, const node *n, ptrdiff_t axes[JET_MAX_RANK], int *count) { /* copied: lists move */
  const list *x = list_of(reverse_tape(r), n);
  *count = (int)x->at[1];
  for (int i = 0; i < *count; i++) axes[i] = x->at[2 + i];
  return axes;
}

static void give_pair(reverse *r, const node *n, jet z) {
  if (z.id < 0) return;
  give(r, n, 0, part_of(z, 0));
  give(r, n, 1, part_of(z, 1));
}

static void pull_complex(reverse *r, const node *n) {
  ptrdiff_t axes[JET_MAX_RANK];
  const double c = n->with.c;
  int count, forward = list_of(reverse_tape(r), n)->at[0] == TRANSFORM_FORWARD;
  told(r, n, axes, &count);
  jet z = adjoint_pair(r, n);
  if (z.id >= 0) give_pair(r, n, record_complex(z, forward ? TRANSFORM_BACKWARD : TRANSFORM_FORWARD, c, count, axes));
}

/* Weights of a halved axis with c strictly between its ends; n: the extent of the whole axis. */
static transform_ends half_ends(ptrdiff_t n, double c) { return (transform_ends){1, c, n % 2 ? c : 1}; }

static void pull_halve(reverse *r, const node *n) {
  ptrdiff_t axes[JET_MAX_RANK];
  const double c = n->with.c;
  int count, x = node_input(reverse_tape(r), n, 0);
  told(r, n, axes, &count);
  int last = (int)axes[count - 1];
  ptrdiff_t extent = shape_of(reverse_tape(r), x)->dims[last];
  jet z = adjoint_pair(r, n);
  if (z.id >= 0) give(r, n, 0, record_join(transform_weigh(z, last, half_ends(extent, 0.5)), extent, c, count, axes));
}

static void pull_join(reverse *r, const node *n) {
  ptrdiff_t axes[JET_MAX_RANK];
  const double c = n->with.c;
  int count;
  jet y = adjoint(r, n->first);
  told(r, n, axes, &count);
  if (y.id < 0) return;
  int last = (int)axes[count - 1];
  give_pair(r, n, transform_weigh(record_halve(y, c, count, axes), last, half_ends(jet_extent(y, last), 2)));
}

/* ---- checks -------------------------------------------------------------------------------------------------------------------- */

int transform_check(const char *name, jet x, jet_fft_norm norm) {
  if (!JETS_FFTW)
    return tape_fail(x.tape, JET_UNSUPPORTED, "%s: the library was built without FFTW (meson option fftw)", name);
  if (norm == JET_FFT_BACKWARD || norm == JET_FFT_ORTHO || norm == JET_FFT_FORWARD) return 1;
  return tape_fail(x.tape, JET_BAD_ARGUMENT, "%s: %d is no jet_fft_norm", name, (int)norm);
}

/* Axes each once. */
static int transform_axes(const char *name, jet x, int n, const int axes[], ptrdiff_t *of) {
  unsigned seen = 0;
  if (n < 1) return tape_fail(x.tape, JET_BAD_ARGUMENT, "%s: the number of axes is %d", name, n);
  if (!axes) return tape_fail(x.tape, JET_BAD_ARGUMENT, "%s: axes is NULL", name);
  for (int i = 0; i < n; i++) {
    int a = axis_check(name, x, axes[i]);
    if (a < 0) return 0;
    if (seen >> a & 1) return tape_fail(x.tape, JET_BAD_ARGUMENT, "%s: axis %d is there twice", name, a);
    seen |= 1u << a;
    of[i] = a;
  }
  return 1;
}

static int empty_check(const char *name, jet x, int n, const ptrdiff_t *axes) {
  for (int i = 0; i < n; i++)
    if (jet_extent(x, (int)axes[i]) == 0)
      return tape_fail(x.tape, JET_BAD_SHAPE, "%s: axis %td has no elements", name, axes[i]);
  return 1;
}

static int check(const char *name, jet x, int n, const int axes[], jet_fft_norm norm, ptrdiff_t *of) {
  if (!is_complex(x) && !operand_check(name, x)) return 0;
  return transform_check(name, x, norm) && transform_axes(name, x, n, axes, of) && empty_check(name, x, n, of);
}

/* Forward with FORWARD and inverse with BACKWARD have 1/count. */
double transform_factor(double count, jet_fft_norm norm, int inverse) {
  if (norm == (inverse ? JET_FFT_FORWARD : JET_FFT_BACKWARD)) return 1;
  return 1 / (norm == JET_FFT_ORTHO ? sqrt(count) : count);
}

static double elements(jet x, int n, const ptrdiff_t *axes) {
  double count = 1;
  for (int i = 0; i < n; i++) count *= (double)jet_extent(x, (int)axes[i]);
  return count;
}

/* ---- the face ------------------------------------------------------------------------------------------------------------------- */

static jet complex_transform(const char *name, jet z, int n, const int axes[], jet_fft_norm norm, int inverse) {
  ptrdiff_t of[JET_MAX_RANK];
  if (!check(name, z, n, axes, norm, of)) return failed(z, z);
  if (!is_complex(z)) z = jet_complex(z, record_zero(z.tape, value_of(z.tape, z.id)->shape, -1, 1));
  if (z.id < 0) return z;
  return record_complex(z, inverse ? TRANSFORM_BACKWARD : TRANSFORM_FORWARD, transform_factor(elements(z, n, of), norm, inverse), n, of);
}

static jet real_transform(const char *name, jet x, int n, const int axes[], jet_fft_norm norm) {
  ptrdiff_t of[JET_MAX_RANK];
  if (!operand_check(name, x) || !check(name, x, n, axes, norm, of)) return failed(x, x);
  return record_halve(x, transform_factor(elements(x, n, of), norm, 0), n, of);
}

static jet real_inverse(const char *name, jet z, ptrdiff_t extent, int n, const int axes[], jet_fft_norm norm) {
  ptrdiff_t of[JET_MAX_RANK];
  if (!check(name, z, n, axes, norm, of)) return failed(z, z);
  ptrdiff_t half = jet_extent(z, (int)of[n - 1]);
  if (!is_complex(z)) z = jet_complex(z, record_zero(z.tape, value_of(z.tape, z.id)->shape, -1, 1));
  if (extent < 1 || extent / 2 + 1 != half) {
    tape_fail(z.tape, JET_BAD_SHAPE, "%s: %td numbers are half of %td or %td, not of %td", name, half, 2 * half - 2, 2 * half - 1, extent);
    return failed(z, z);
  }
  return record_join(z, extent, transform_factor(elements(z, n, of) / (double)half * (double)extent, norm, 1), n, of);
}

static const int last_two[2] = {-2, -1};
jet jet_fft(jet z, int axis, jet_fft_norm norm) { return complex_transform("fft", z, 1, &axis, norm, 0); }
jet jet_ifft(jet z, int axis, jet_fft_norm norm) { return complex_transform("ifft", z, 1, &axis, norm, 1); }
jet jet_fft2(jet z, jet_fft_norm norm) { return complex_transform("fft2", z, 2, last_two, norm, 0); }
jet jet_ifft2(jet z, jet_fft_norm norm) { return complex_transform("ifft2", z, 2, last_two, norm, 1); }
jet jet_fftn(jet z, int n, const int axes[], jet_fft_norm norm) { return complex_transform("fftn", z, n, axes, norm, 0); }
jet jet_ifftn(jet z, int n, const int axes[], jet_fft_norm norm) { return complex_transform("ifftn", z, n, axes, norm, 1); }
jet jet_rfft(jet x, int axis, jet_fft_norm norm) { return real_transform("rfft", x, 1, &axis, norm); }
jet jet_rfft2(jet x, jet_fft_norm norm) { return real_transform("rfft2", x, 2, last_two, norm); }
jet jet_rfftn(jet x, int n, const int axes[], jet_fft_norm norm) { return real_transform("rfftn", x, n, axes, norm); }
jet jet_irfft(jet z, ptrdiff_t extent, int axis, jet_fft_norm norm) { return real_inverse("irfft", z, extent, 1, &axis, norm); }
jet jet_irfft2(jet z, ptrdiff_t extent, jet_fft_norm norm) { return real_inverse("irfft2", z, extent, 2, last_two, norm); }
jet jet_irfftn(jet z, ptrdiff_t extent, int n, const int axes[], jet_fft_norm norm) {
  return real_inverse("irfftn", z, extent, n, axes, norm);
}

/* ---- frequencies ------------------------------------------------------------------------------------------------------------------ */

static jet shifted(const char *name, jet x, int n, const int axes[], int inverse) {
  ptrdiff_t of[JET_MAX_RANK], by[JET_MAX_RANK] = {0};
  if (!is_complex(x) && !operand_check(name, x)) return failed(x, x);
  if (!transform_axes(name, x, n, axes, of)) return failed(x, x);
  for (int i = 0; i < n; i++) by[of[i]] = jet_extent(x, (int)of[i]) / 2 * (inverse ? -1 : 1);
  BY_PARTS(x, part, roll_read(part, by))
  return roll_read(x, by);
}

jet jet_fftshift(jet x, int n, const int axes[]) { return shifted("fftshift", x, n, axes, 0); }
jet jet_ifftshift(jet x, int n, const int axes[]) { return shifted("ifftshift", x, n, axes, 1); }

static jet frequencies(const char *name, jet_tape *tape, ptrdiff_t n, ptrdiff_t count, int half, double spacing) {
  if (!tape) return jet_none;
  if (n < 1) tape_fail(tape, JET_BAD_SHAPE, "%s: there are no frequencies of %td numbers", name, n);
  double *f = tape->status ? NULL : (double *)memory_resize(&tape->mem, NULL, 0, (size_t)count * sizeof *f);
  if (!f) return tape_fail(tape, JET_NO_MEMORY, "out of memory while recording"), tape_jet(tape, -1);
  for (ptrdiff_t i = 0; i < count; i++) f[i] = (double)(half || i < (n + 1) / 2 ? i : i - n) / ((double)n * spacing);
  jet y = jet_constant(tape, 1, &count, f);
  memory_resize(&tape->mem, f, (size_t)count * sizeof *f, 0);
  return y;
}

jet jet_fftfreq(jet_tape *tape, ptrdiff_t n, double spacing) { return frequencies("fftfreq", tape, n, n, 0, spacing); }
jet jet_rfftfreq(jet_tape *tape, ptrdiff_t n, double spacing) { return frequencies("rfftfreq", tape, n, n / 2 + 1, 1, spacing); }
