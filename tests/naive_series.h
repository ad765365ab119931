/* naive_series.h - truncated series by their textbook recurrences, one element at a time, in long double. Every
   coefficient carries a bound of the error that double arithmetic may make in it, in units of u = 2^-53, by running
   error analysis to first order; infinite where a choice between branches depends on rounding. */
#ifndef NAIVE_SERIES_H
#define NAIVE_SERIES_H

#include <stdbool.h>

enum { NAIVE_COEFFICIENTS = 6 };

typedef struct number {
  long double v, e;
} number;

typedef struct series {
  number c[NAIVE_COEFFICIENTS];
} series;

series s_constant(double);
series s_unknown(series); /* the same numbers, without a bound */

series s_add(series, series);
series s_sub(series, series);
series s_mul(series, series);
series s_div(series, series);
series s_scale(series, double);
series s_shift(series, double);
series s_neg(series);
series s_exp(series);
series s_log(series);
series s_sqrt(series);
series s_sin(series);
series s_cos(series);
series s_sinh(series);
series s_cosh(series);
series s_tanh(series);
series s_sigmoid(series);
series s_atan(series);
series s_square(series);

/* Sign of coefficient 0 of a - b: -1, 1; 0 where rounding decides. */
int s_order(series a, series b);
bool s_equal(series a, series b); /* in every coefficient */

#endif
