/* pair_functions.c - elementary functions of complex arrays, as real ones of the parts x + iy. Principal branches, cuts as in C99
   Annex G: the sign of zero tells the side, by atan2.

   Where a function is entire the formulas are the addition theorems; inverse functions are Kahan's ("Branch cuts for complex
   elementary functions", 1987), which lose no digits near the branch points. */
#include "pair.h"

#include <math.h>

#define X part_of(z, 0)
#define Y part_of(z, 1)

/* A product in which a zero absorbs infinity: exp(inf + 0i) has imaginary part 0. */
static jet times(jet a, jet b) { return record_binary(JK_mulz, a, b); }

static jet times_i(jet z) { return jet_complex(jet_neg(Y), X); }        /* i z */
static jet times_minus_i(jet z) { return jet_complex(Y, jet_neg(X)); }  /* -i z */

/* ---- arithmetic of one operand ------------------------------------------------------------------------------------------------- */

static jet neg(jet z) { return jet_complex(jet_neg(X), jet_neg(Y)); }
static jet magnitude(jet z) { return jet_hypot(X, Y); }
static jet square(jet z) { return jet_complex(jet_mul(jet_sub(X, Y), jet_add(X, Y)), jet_scale(jet_mul(X, Y), 2)); }

static jet recip(jet z) {
  jet d = jet_abs2(z);
  return jet_complex(jet_div(X, d), jet_neg(jet_div(Y, d)));
}

/* ---- exp, log, circular and hyperbolic functions --------------------------------------------------------------------------------- */

static jet exponential(jet z) {
  jet m = jet_exp(X);
  return jet_complex(times(m, jet_cos(Y)), times(m, jet_sin(Y)));
}

static jet logarithm(jet z) { return jet_complex(jet_log(jet_hypot(X, Y)), jet_atan2(Y, X)); }

static jet sine(jet z) { return jet_complex(times(jet_sin(X), jet_cosh(Y)), times(jet_cos(X), jet_sinh(Y))); }
static jet cosine(jet z) { return jet_complex(times(jet_cos(X), jet_cosh(Y)), jet_neg(times(jet_sin(X), jet_sinh(Y)))); }
static jet hyperbolic_sine(jet z) { return jet_complex(times(jet_sinh(X), jet_cos(Y)), times(jet_cosh(X), jet_sin(Y))); }
static jet hyperbolic_cosine(jet z) { return jet_complex(times(jet_cosh(X), jet_cos(Y)), times(jet_sinh(X), jet_sin(Y))); }

/* tan(x + iy) = (sin x cos x S + i h) / (cos^2 x S + h^2), h = tanh y, S = 1 - h^2, which the row of tanh has as its second value: all
   of it bounded. */
static jet tangent(jet z) {
  jet h = record_unary(JK_tanh, Y, 0, 0), s = jet_sin(X), c = jet_cos(X);
  if (h.id < 0) return h;
  jet S = tape_jet(h.tape, h.id + 1), d = jet_add(jet_mul(jet_square(c), S), jet_square(h));
  return jet_complex(jet_div(jet_mul(jet_mul(s, c), S), d), jet_div(h, d));
}
static jet hyperbolic_tangent(jet z) { return times_minus_i(tangent(times_i(z))); }

/* ---- the square root --------------------------------------------------------------------------------------------------------------- */

/* s = sqrt((|z| + |x|)/2) never cancels: the root is s + i y/(2s) where x >= 0, and (|y|/(2s), +-s) where x < 0. */
static jet square_root(jet z) {
  jet left = jet_less(X, jet_scalar(z.tape, 0)), side = jet_less(jet_atan2(Y, X), jet_scalar(z.tape, 0));
  jet x = jet_where(left, jet_neg(X), X), s = jet_sqrt(jet_add(jet_scale(jet_hypot(X, Y), 0.5), jet_scale(x, 0.5)));
  jet q = s.id < 0 ? s : slope(Y, jet_scale(s, 2));
  jet below = jet_where(side, jet_neg(q), q), root = jet_where(side, jet_neg(s), s);
  return jet_complex(jet_where(left, below, s), jet_where(left, root, q));
}

/* ---- inverse functions --------------------------------------------------------------------------------------------------------------- */

static jet one_less(jet z) { return jet_shift(jet_neg(z), 1); } /* 1 - z */
static jet re_of_product(jet a, jet b) { return jet_sub(jet_mul(jet_real(a), jet_real(b)), jet_mul(jet_imag(a), jet_imag(b))); }
static jet re_of_conj_product(jet a, jet b) { return jet_add(jet_mul(jet_real(a), jet_real(b)), jet_mul(jet_imag(a), jet_imag(b))); }
static jet im_of_conj_product(jet a, jet b) { return jet_sub(jet_mul(jet_real(a), jet_imag(b)), jet_mul(jet_imag(a), jet_real(b))); }

static jet arcsine(jet z) {
  jet a = jet_sqrt(one_less(z)), b = jet_sqrt(jet_shift(z, 1));
  return jet_complex(jet_atan2(X, re_of_product(a, b)), jet_asinh(im_of_conj_product(a, b)));
}

static jet arccosine(jet z) {
  jet a = jet_sqrt(one_less(z)), b = jet_sqrt(jet_shift(z, 1));
  return jet_complex(jet_scale(jet_atan2(jet_real(a), jet_real(b)), 2), jet_asinh(im_of_conj_product(b, a)));
}

static jet area_cosine(jet z) {
  jet a = jet_sqrt(jet_shift(z, -1)), b = jet_sqrt(jet_shift(z, 1));
  return jet_complex(jet_asinh(re_of_conj_product(a, b)), jet_scale(jet_atan2(jet_imag(a), jet_real(b)), 2));
}

/* re = log(|1 + z|^2 / |1 - z|^2) / 4, odd in x, by log1p for x >= 0; im = (arg(1 + z) - arg(1 - z)) / 2 */
static jet area_tangent(jet z) {
  jet left = jet_less(X, jet_scalar(z.tape, 0)), x = jet_where(left, jet_neg(X), X), less = jet_shift(jet_neg(x), 1);
  jet d = jet_add(jet_square(less), jet_square(Y)), c = jet_sub(jet_mul(less, jet_shift(x, 1)), jet_square(Y));
  jet re = jet_scale(jet_log1p(jet_div(jet_scale(x, 4), d)), 0.25);
  return jet_complex(jet_where(left, jet_neg(re), re), jet_scale(jet_atan2(jet_scale(Y, 2), c), 0.5));
}

static jet area_sine(jet z) { return times_minus_i(arcsine(times_i(z))); }
static jet arctangent(jet z) { return times_minus_i(area_tangent(times_i(z))); }

/* ---- the table ------------------------------------------------------------------------------------------------------------------------- */

typedef jet function(jet);

jet complex_unary(const char *name, int r, int result, jet z) {
  static function *const table[JK_ROWS][2] = {
      [JK_neg] = {neg},           [JK_abs] = {magnitude},      [JK_square] = {square},
      [JK_recip] = {recip},       [JK_sqrt] = {square_root},   [JK_exp] = {exponential},
      [JK_log] = {logarithm},     [JK_sincos] = {sine, cosine}, [JK_sinhcosh] = {hyperbolic_sine, hyperbolic_cosine},
      [JK_tan] = {tangent},       [JK_tanh] = {hyperbolic_tangent}, [JK_asin] = {arcsine},
      [JK_acos] = {arccosine},    [JK_atan] = {arctangent},    [JK_asinh] = {area_sine},
      [JK_acosh] = {area_cosine}, [JK_atanh] = {area_tangent},
  };
  if (table[r][result]) return table[r][result](z);
  operand_check(name, z); /* says that it is complex */
  return failed(z, z);
}

jet complex_powc(jet z, double p) { /* of integers the others are products */
  const jet parts[2] = {X, Y};
  if (p == 0) return jet_shift(jet_scale(z, 0), 1);
  jet y = record_row(JK_cpow, 2, parts, p, 0);
  return y.id < 0 ? y : jet_complex(y, tape_jet(y.tape, y.id + 1));
}
