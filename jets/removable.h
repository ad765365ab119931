/* removable.h - Taylor coefficients of the three functions with a removable singularity at 0:

     sinc x = sin(x)/x = int_0^1 cos(xu) du      exprel x = expm1(x)/x = int_0^1 e^(xu) du
     log1prel x = log1p(x)/x = int_0^1 du/(1+xu)

   outer_f(s, x, m, n) gives s[k] = f^(m+k)(x)/k!, 0 <= k < n, n >= 1, every lane at its own x. f^(j) is, up to known
   factors, an integral y_j with u^j under it, and differentiating x f(x) = sin x, expm1 x, log1p x gives a recurrence of
   first order for y_j. Its errors multiply by about j/|x| a step upwards and |x|/j downwards (Gautschi, J. ACM 8 (1961)
   21). So a lane takes y_j by the recurrence upwards from y_0 where j < |x|, and otherwise downwards from the highest
   order K = m+n-1, where y_K comes from a series or continued fraction. Both run for all lanes and a mask picks.

   Invariant: trip counts are functions of m and n alone and a lane only selects, so its bits depend on its x, m and n
   only. The pass that is not picked may hold inf or NaN; it is dropped by a bit mask, never by arithmetic. */
#ifndef JETS_REMOVABLE_H
#define JETS_REMOVABLE_H

#include "simd.h"
#include "vmath.h"

/* 1/k and 1/(k(k+1)), rounded once; a division each costs more than the recurrence it feeds. */
#define REMOVABLE_8(f, k) f(k), f(k + 1), f(k + 2), f(k + 3), f(k + 4), f(k + 5), f(k + 6), f(k + 7)
#define REMOVABLE_64(f)                                                                                                \
  REMOVABLE_8(f, 1), REMOVABLE_8(f, 9), REMOVABLE_8(f, 17), REMOVABLE_8(f, 25), REMOVABLE_8(f, 33),                    \
      REMOVABLE_8(f, 41), REMOVABLE_8(f, 49), REMOVABLE_8(f, 57)
#define REMOVABLE_INVERSE(k) 1.0 / (k)
#define REMOVABLE_INVERSE2(k) 1.0 / ((k) * ((k) + 1.0))
static const real removable_inverse[] = {REMOVABLE_64(REMOVABLE_INVERSE)};
static const real removable_inverse2[] = {REMOVABLE_64(REMOVABLE_INVERSE2)};
#undef REMOVABLE_8
#undef REMOVABLE_64
#undef REMOVABLE_INVERSE
#undef REMOVABLE_INVERSE2

INLINE real rem_inverse(int k) { return k <= 64 ? removable_inverse[k - 1] : 1.0 / k; }
INLINE real rem_inverse2(int k) { return k <= 64 ? removable_inverse2[k - 1] : 1.0 / (k * (k + 1.0)); }

/* |x| from which sinc and exprel go upwards all the way to K: that amplifies by K!/(l! |x|^(K-l)), l = |x|, below 3. */
INLINE real rem_upward(int K) { return fmax(1.0, K - sqrt(K)); }

/* Terms j of sum_j x^j K!/(K+j)! until one is 2^-56 of the first, |x| < rem_upward(K); fitted for K = 0..1100. */
INLINE int rem_terms(int K) { return (int)fmax(18.0, 6.0 + 8.0 * sqrt(K)); }

/* sinc: y_j = f^(j) = int u^j cos(xu + j pi/2) du, x y_j + j y_(j-1) = S_j, S_j = sin(x + j pi/2). */

/* y_K = S_(K+1) p/(K+1) - x S_(K+2) q/((K+1)(K+2)), the recurrence downwards from infinity with S cyclic, so that
   p = 1 - x^2/((K+2)(K+3)) (1 - x^2/((K+4)(K+5)) (1 - ...)), q the same from K+3. Alternating and falling, so nothing
   cancels; two chains of half the length, since it is the latency that one chain waits for. */
INLINE V sinc_top(V x, const V *S, int K) {
  V xx = x * x, one = v_set(1), p = one, q = one;
  for (int j = K + (rem_terms(K) + 1) / 2 * 2; j > K; j -= 2) {
    q = v_fnma(xx * v_set(rem_inverse2(j + 1)), q, one);
    p = v_fnma(xx * v_set(rem_inverse2(j)), p, one);
  }
  return v_set(rem_inverse(K + 1)) * v_fnma(x * v_set(rem_inverse(K + 2)) * S[(K + 2) & 3], q, S[(K + 1) & 3] * p);
}

/* y_j /= j!, the factorial exact to 22!; from 171! on inf, and y_j/j! is below the smallest normal number. */
INLINE void sinc_over_factorial(V *s, int n) {
  real factorial = 1;
  for (int k = 2; k < n; k++) {
    factorial *= k;
    s[k] *= v_set(1 / factorial);
  }
}

static inline void outer_sinc(V *s, V x, int m, int n) {
  int K = m + n - 1;
  V sine, cosine;
  v_sincos(x, &sine, &cosine);
  V S[4] = {sine, cosine, -sine, -cosine};
  V rx = 1 / x, R[4] = {S[0] * rx, S[1] * rx, S[2] * rx, S[3] * rx};
  V reach = v_select((M)(v_abs(x) >= rem_upward(K)), v_set(INFINITY), v_abs(x)), y = R[0];
  for (int j = 0; j <= K; j++) {
    if (j > 0) y = v_fnma(rx * (real)j, y, R[j & 3]);
    if (j >= m) s[j - m] = y;
  }
  y = sinc_top(x, S, K);
  for (int j = K; j >= m; j--) {
    s[j - m] = v_select((M)(reach >= j + 1.0), s[j - m], y);
    if (j > 0) y = v_fnma(x * v_set(rem_inverse(j)), y, S[j & 3] * v_set(rem_inverse(j)));
  }
  sinc_over_factorial(s, n);
}

/* exprel: y_j = int u^j e^(xu) du for x <= 0 and e^-x times that for x > 0, so that y_j is in (0, 1/(j+1)] and never
   overflows; x y_j + j y_(j-1) = A with A = e^x or 1. What is missing for x > 0 is e^x = 2^q e^r, kept as the pair. */
typedef struct {
  V e, q; /* the factor e 2^q of y */
  V A, y0;
} exprel_parts;

INLINE exprel_parts exprel_split(V x) {
  M positive = (M)(x > 0);
  V magic = v_set(0x1.8p52), q = (x * 0x1.71547652b82fep0 + magic) - magic;     /* x/log 2 rounded */
  V r = (x - q * 0x1.62e42feep-1) - q * 0x1.a39ef35793c76p-33, one = v_set(1);  /* 32 bits of log 2: q times it exact */
  V e = v_exp(v_select(positive, r, x));
  V y0 = -v_expm1(-v_abs(x)) / v_abs(x);
  return (exprel_parts){v_select(positive, e, one), v_select(positive, q, v_set(0)), v_select(positive, one, e), y0};
}

/* 2^e for integral e in -1022..1023: the sum puts e + 1023 into the low bits of the significand. */
INLINE V exprel_pow2(V e) { return (V)((M)(e + (0x1.8p52 + 1023)) << 52); }

/* a 2^e for |a| < 2 and integral e, also beyond the range of the exponent; in two steps of the same sign, so that
   neither overflows or underflows unless the result does. What is certain to vanish does so at once: underflow is slow. */
INLINE V exprel_scale(V a, V e) {
  V magic = v_set(0x1.8p52), half;
  a = v_select((M)(e < -1100) & (M)(a == a), v_set(0), a);
  e = v_select((M)(e > 2040), v_set(2040), v_select((M)(e < -2040), v_set(-2040), e));
  half = (e * 0.5 + magic) - magic;
  return a * exprel_pow2(half) * exprel_pow2(e - half);
}

/* s[k] = y_(m+k) e 2^q / k!; the factorial as f 2^p because e^x may make up for what 1/k! lacks. */
INLINE void exprel_finish(V *s, exprel_parts a, int n) {
  real f = 1, p = 0;
  for (int k = 0; k < n; k++) {
    if (k > 1) f *= k;
    if (f > 0x1p64) f *= 0x1p-64, p += 64;
    s[k] = exprel_scale(s[k] * (a.e * v_set(1 / f)), a.q - p);
  }
}

/* exprel of x < 0 goes downwards somewhat further: upwards j y_(j-1) - A loses most about j = |x|, and downwards
   all terms are positive. */
INLINE real exprel_upward_negative(int K) { return fmax(1.0, K + sqrt(K)); }

/* y_K = A/(K+1) (1 - x/(K+2) (1 - x/(K+3) (1 - ...))), Kummer's M(1, K+2, -x): DLMF 13.2.2. As many factors as
   x = -exprel_upward_negative(K) takes to 2^-56 of the sum; fitted for K = 0..1100. */
INLINE V exprel_top(V x, V A, int K) {
  V h = v_set(1), one = h;
  for (int j = K + 21 + (int)(9.3 * sqrt(K)); j > K + 1; j--) h = v_fnma(x * v_set(rem_inverse(j)), h, one);
  return A * v_set(rem_inverse(K + 1)) * h;
}

static inline void outer_exprel(V *s, V x, int m, int n) {
  int K = m + n - 1;
  x = v_select((M)(x > 1e5), v_set(1e5), x); /* inf for these at every order below 9000, and q stays small */
  exprel_parts a = exprel_split(x);
  V rx = 1 / x, R = a.A * rx, y = a.y0;
  M upward = (M)(x >= rem_upward(K)) | (M)(x <= -exprel_upward_negative(K));
  V reach = v_select(upward, v_set(INFINITY), v_abs(x));
  for (int j = 0; j <= K; j++) {
    if (j > 0) y = v_fnma(rx * (real)j, y, R);
    if (j >= m) s[j - m] = y;
  }
  y = exprel_top(x, a.A, K);
  for (int j = K; j >= m; j--) {
    s[j - m] = v_select((M)(reach >= j + 1.0), s[j - m], y);
    if (j > 0) y = v_fnma(x * v_set(rem_inverse(j)), y, a.A * v_set(rem_inverse(j)));
  }
  exprel_finish(s, a, n);
}

/* log1prel: f^(j)/j! = (-1)^j t^(j+1) y_j with t = 1/(1+x), w = x t, y_j = int_0^1 v^j/(1 - wv) dv by v = u/(t (1+xu)),
   and y_(j-1) = 1/j + w y_j. Downwards is stable for |w| < 1, x > -1/2; upwards amplifies by (1 + 1/x)^j, which is
   harmless up to j = 2x and damps for x < -1/2. */

/* t + low to twice the precision: its power j+1 multiplies the error of 1+x and of 1/(1+x) by j+1, and the product with
   a t near 1 rounds the same way every time; where x is small nothing excuses that. */
typedef struct {
  V t, low;
} log1prel_base;

/* a b - q, q = a b rounded: by fma where it is fused, else by masking halves (Dekker), the last product rounded. */
INLINE V log1prel_product_error(V a, V b, V q) {
#if VECTOR > 16
  return v_fma(a, b, -q);
#else
  V ah = (V)((M)a & -(1LL << 27)), bh = (V)((M)b & -(1LL << 27)), al = a - ah, bl = b - bh;
  return ((ah * bh - q) + (ah * bl + al * bh)) + al * bl;
#endif
}

INLINE log1prel_base log1prel_inverse(V x) {
  V h = 1 + x, z = h - 1, hl = (1 - (h - z)) + (x - z); /* h + hl = 1 + x exactly: Knuth's sum */
  V t = 1 / h, th = t * h, one = v_set(1);              /* 1 - t h = (1 - th) - (t h - th) */
  return (log1prel_base){t, t * (((one - th) - log1prel_product_error(t, h, th)) - t * hl)};
}

/* y_K = F(1, K+1; K+2; w)/(K+1) by Gauss's continued fraction 1/(1 - a_1 w/(1 - a_2 w/(1 - ...))), DLMF 15.7.1 with
   a_2i = i^2/((b+2i-1)(b+2i)), a_2i+1 = (b+i)^2/((b+2i)(b+2i+1)), b = K+1, from its tail as the quotient of two
   successive numerators; the denominators lie in [1/2, 1.3] for w < 1, so no scaling. Length fitted to K = 0..1100. */
INLINE V log1prel_top(V w, int K) {
  V num = v_set(1), den = v_set(1);
  real b = K + 1;
  for (int j = (int)fmin(112.0, 24.0 + 7.0 * sqrt(K)) / 2; j >= 0; j--) {
    V old = num;
    real c = b + 2 * j;
    num = v_fnma(w * v_set((b + j) * (b + j) / (c * (c + 1))), den, num);
    den = old;
    if (j == 0) break;
    old = num;
    num = v_fnma(w * v_set((real)j * j / ((c - 1) * c)), den, num);
    den = old;
  }
  return v_set(rem_inverse(K + 1)) * den / num;
}

/* s[k] = (-1)^j t^(j+1) y_j (j!/k!), j = m+k. The power p + low starts at 2^-90 or 2^90, on the side where it goes, so
   that it does not leave the range before the product with y_j and j!/k! does. */
INLINE void log1prel_finish(V *s, V x, log1prel_base a, int m, int n) {
  V start = v_select((M)(x > 0), v_set(0x1p90), v_set(0x1p-90)), back = 1 / start, p = start * a.t, low = start * a.low;
  for (int j = 0; j < m + n; j++) {
    V old = p, zero = v_set(0);
    real ratio = 1;
    low = v_select((M)(v_abs(p) < INFINITY), low, zero);
    if (j >= m) {
      for (int i = j; i > j - m; i--) ratio *= i;
      s[j - m] = ((p + low) * s[j - m]) * (back * v_set(ratio));
    }
    p = old * -a.t;
    low = v_fnma(low, a.t, v_fnma(old, a.low, log1prel_product_error(old, -a.t, p)));
  }
}

/* 1/w as u0 + u1 and w as d0 + d1, each exact to rounding once: near w = 1 it is 1-w = t that counts. */
typedef struct {
  V u0, u1, d0, d1;
} log1prel_step;

INLINE log1prel_step log1prel_steps(V x, V t) {
  M large = (M)(x >= 1);
  V zero = v_set(0), one = v_set(1), rx = 1 / x;
  return (log1prel_step){v_select((M)(x > 0), one, zero), v_select((M)(x > 0), rx, (1 + x) * rx),
                         v_select(large, one, zero), v_select(large, -t, x * t)};
}

static inline void outer_log1prel(V *s, V x, int m, int n) {
  int K = m + n - 1;
  log1prel_base a = log1prel_inverse(x);
  log1prel_step w = log1prel_steps(x, a.t);
  M upward = (M)(x >= 0.5 * K + 1) | (M)(x < -0.5);
  V reach = v_select(upward, v_set(INFINITY), x), y = v_set(0), g = v_log1p(x);
  for (int j = 0; j <= K; j++) {
    if (j > 0) g = y - v_set(rem_inverse(j));
    y = v_fma(g, w.u1, g * w.u0);
    if (j == 0) y = v_select((M)(x == -1), v_set(1), y); /* -inf * 0; the pole is in t */
    if (j >= m) s[j - m] = y;
  }
  y = log1prel_top(x * a.t, K);
  for (int j = K; j >= m; j--) {
    s[j - m] = v_select((M)(reach >= j + 1.0), s[j - m], y);
    if (j > 0) y = v_fma(w.d1, y, v_set(rem_inverse(j))) + w.d0 * y;
  }
  log1prel_finish(s, x, a, m, n);
}

#endif
