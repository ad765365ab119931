/* rules.h - the recurrences: coefficients k0..k1-1, k0 >= 1 where a head made coefficient 0, of y and its spares g, h from those
   of a and b (zero above their degrees da, db) and the lower ones of y, g, h. t and u are scratch.

   All start from y' = g x', that is  y_k = g_0 x_k + (1/k) sum_{0<i<k} g_i (k-i) x_{k-i}:  in this form exact zeros stay exact
   (k x_k / k is not always x_k). Sums run over i ascending in one chain, squares from the middle outwards, so that a coefficient
   has the same bits however a sweep is cut. Griewank & Walther, Evaluating Derivatives, ch. 13, has the textbook forms.

   The includer defines L (a lane type), l_set, l_abs, l_select, l_mul, l_fma, l_fnma, l_over (x / w_0 given r = 1 / w_0),
   L_TILES (whether l_ahead is tile_ahead of tile.h, or 0), LOOP (in front of loops) and RULE (name -> function). */

#define ARGS                                                                                                        \
  L *a, L *b, L *y, L *g, L *h, L *t, L *u, int da, int db, int k0, int k1, real p, real q
#define UNUSED (void)a, (void)b, (void)y, (void)g, (void)h, (void)t, (void)u, (void)da, (void)db, (void)p, (void)q

INLINE int RULE(from)(int k, int degree) { return k - degree > 1 ? k - degree : 1; }

/* sum_{lo<=i<k} g_i d_{k-i} */
INLINE L RULE(dot)(const L *g, const L *d, int k, int lo) {
  if (lo >= k) return l_set(0);
  L s = l_mul(g[lo], d[k - lo]);
  LOOP for (int i = lo + 1; i < k; i++) s = l_fma(g[i], d[k - i], s);
  return s;
}

/* The sums of the next coefficients as far as they are known already: those below `first`, from `start` on. */
typedef struct RULE(ahead) {
  L s[8];
  int start, first, end;
} RULE(ahead);

INLINE void RULE(begin)(RULE(ahead) *q, int start) { q->start = start, q->first = q->end = 0; }

/* sum_{start<=i<k} g_i d_{k-i}, called with k ascending up to k1 - 1; newest = g_{k-1}, which would take its time through memory */
INLINE L RULE(online)(RULE(ahead) *q, const L *g, L newest, const L *d, int k, int k1, int degree) {
  int i = k - degree > q->start ? k - degree : q->start;
  L s;
  if (L_TILES && k >= q->end) q->first = k, q->end = k + l_ahead(q->s, 1, g, d, k, k1 - k, q->start, degree);
  if (L_TILES && k < q->end) {
    if (k == q->first) return q->s[0];
    i = q->first;
    s = q->s[k - i];
  } else {
    if (i >= k) return l_set(0);
    if (i == k - 1) return l_mul(newest, d[1]);
    s = l_mul(g[i], d[k - i]);
    i++;
  }
  LOOP for (; i < k - 1; i++) s = l_fma(g[i], d[k - i], s);
  return l_fma(newest, d[1], s);
}

/* Half of sum_{lo<=i<=k-lo} x_i x_{k-i}, 2 lo + 1 < k, without the term of i = lo; from the middle outwards, so that only
   that term waits for x_{k-1}. square (square.h) does the same: sqrt(x^2) is to be x where x ends. */
INLINE L RULE(half_square)(const L *x, int k, int lo) {
  int i = (k - 1) / 2;
  L s = l_mul(x[k / 2] * (k % 2 ? (real)1 : (real)0.5), x[k - k / 2]);
  LOOP for (i -= k % 2; i > lo; i--) s = l_fma(x[i], x[k - i], s);
  return s;
}

/* sum_{lo<=i<=k-lo} x_i x_{k-i} */
INLINE L RULE(square_sum)(const L *x, int k, int lo) {
  if (2 * lo > k) return l_set(0);
  if (2 * lo == k) return l_mul(x[lo], x[lo]);
  L s = k == 2 * lo + 1 ? (L)l_mul(x[lo], x[k - lo]) : (L)l_fma(x[lo], x[k - lo], RULE(half_square)(x, k, lo));
  return s + s;
}

INLINE L RULE(square_at)(const L *x, int k, int degree) { return RULE(square_sum)(x, k, k > degree ? k - degree : 0); }

/* t_j = c j x_j */
INLINE void RULE(derive)(L *t, const L *x, real c, int degree) {
  LOOP for (int j = 1; j <= degree; j++) t[j] = x[j] * (c * (real)j);
}

/* g_0 x_k + (1/k) sum g_i t_{k-i}, t = derive(x) */
INLINE L RULE(chain)(RULE(ahead) *q, const L *g, L newest, const L *x, const L *t, int k, int k1, int degree) {
  return l_fma(RULE(online)(q, g, newest, t, k, k1, degree), l_set((real)1 / (real)k), l_mul(g[0], x[k]));
}

INLINE void RULE(exp)(ARGS) {
  UNUSED;
  RULE(ahead) ahead;
  RULE(begin)(&ahead, 1);
  L newest = y[k0 - 1];
  RULE(derive)(t, a, p, da);
  LOOP for (int k = k0; k < k1; k++) {
    L s = RULE(online)(&ahead, y, newest, t, k, k1, da);
    y[k] = newest = l_fma(s, l_set((real)1 / (real)k), l_mul(y[0], a[k] * p));
  }
}

INLINE void RULE(expm1)(ARGS) { /* g = exp x */
  RULE(exp)(a, b, g, g, h, t, u, da, db, k0, k1, p, q);
  LOOP for (int k = k0; k < k1; k++) y[k] = g[k];
}

INLINE void RULE(sincos)(ARGS) {
  UNUSED;
  RULE(ahead) ahead, ahead_c;
  RULE(begin)(&ahead, 1);
  RULE(begin)(&ahead_c, 1);
  L newest = y[k0 - 1], newest_g = g[k0 - 1];
  RULE(derive)(t, a, q, da);
  LOOP for (int k = k0; k < k1; k++) {
    L s = RULE(online)(&ahead, g, newest_g, t, k, k1, da), c = RULE(online)(&ahead_c, y, newest, t, k, k1, da);
    y[k] = newest = l_fma(s, l_set((real)1 / (real)k), l_mul(g[0], a[k] * q));
    g[k] = newest_g = l_fma(c, l_set((real)1 / (real)k), l_mul(y[0], a[k] * q)) * p;
  }
}

/* g = y' by g_k = p y_k + q (y^2)_k for k > 0; g_0 is given, without the cancellation of 1 - y^2 */
INLINE L RULE(riccati_g)(const L *y, int k, real p, real q) {
  return l_fma(y[k], p + 2 * q * y[0], RULE(square_sum)(y, k, 1) * q);
}

INLINE void RULE(riccati)(ARGS) {
  UNUSED;
  RULE(ahead) ahead;
  RULE(begin)(&ahead, 1);
  L newest = g[k0 - 1];
  RULE(derive)(t, a, 1, da);
  LOOP for (int k = k0; k < k1; k++) {
    y[k] = RULE(chain)(&ahead, g, newest, a, t, k, k1, da);
    g[k] = newest = RULE(riccati_g)(y, k, p, q);
  }
}

INLINE void RULE(softplus)(ARGS) { /* g = sigmoid, h = g' */
  UNUSED;
  RULE(ahead) ahead, ahead_g;
  RULE(begin)(&ahead, 1);
  RULE(begin)(&ahead_g, 1);
  RULE(derive)(t, a, 1, da);
  LOOP for (int k = k0; k < k1; k++) {
    y[k] = RULE(chain)(&ahead, g, g[k - 1], a, t, k, k1, da);
    g[k] = RULE(chain)(&ahead_g, h, h[k - 1], a, t, k, k1, da);
    h[k] = RULE(riccati_g)(g, k, p, q);
  }
}

/* max + softplus(d), d = min - max; g = sigmoid(d), h = g'. The larger of a_0, b_0 is "max" for the whole jet. */
INLINE void RULE(logaddexp)(ARGS) {
  UNUSED;
  int d = da > db ? da : db;
  LOOP for (int j = 0; j < k1; j++) u[j] = l_select(a[0] < b[0], a[j] - b[j], b[j] - a[j]);
  RULE(ahead) ahead, ahead_g;
  RULE(begin)(&ahead, 1);
  RULE(begin)(&ahead_g, 1);
  RULE(derive)(t, u, 1, d);
  LOOP for (int k = k0; k < k1; k++) {
    y[k] = l_select(a[0] < b[0], b[k], a[k]) + RULE(chain)(&ahead, g, g[k - 1], u, t, k, k1, d);
    g[k] = RULE(chain)(&ahead_g, h, h[k - 1], u, t, k, k1, d);
    h[k] = RULE(riccati_g)(g, k, p, q);
  }
}

/* w y' = c x':  y_k = (c x_k - (1/k) sum t_i w_{k-i}) / w_0, t_i = i y_i. r = 1/w_0. */
INLINE L RULE(quotient)(RULE(ahead) *q, const L *t, L newest, const L *w, L cx, L w0, L r, int k, int k1, int degree) {
  (void)w0;
  return l_over(l_fnma(RULE(online)(q, t, newest, w, k, k1, degree), l_set((real)1 / (real)k), cx), w0, r);
}

/* 1/w_0, NaN where y_0 is: the derivatives of log(-1) are no better than its value. */
INLINE L RULE(reciprocal)(L w0, L y0) { return l_select(y0 == y0, l_set(1.0) / w0, y0); }

INLINE void RULE(log)(ARGS) {
  UNUSED;
  L w0 = a[0] + q, r = RULE(reciprocal)(w0, y[0]);
  RULE(ahead) ahead;
  RULE(begin)(&ahead, 1);
  L newest = y[k0 - 1] * (real)(k0 - 1);
  RULE(derive)(t, y, 1, k0 - 1);
  LOOP for (int k = k0; k < k1; k++) {
    y[k] = RULE(quotient)(&ahead, t, newest, a, a[k] * p, w0, r, k, k1, da);
    t[k] = newest = y[k] * (real)k;
  }
}

INLINE void RULE(atan)(ARGS) { /* g = 1 + p x^2 */
  UNUSED;
  L r = RULE(reciprocal)(g[0], y[0]);
  RULE(ahead) ahead;
  RULE(begin)(&ahead, 1);
  L newest = y[k0 - 1] * (real)(k0 - 1);
  RULE(derive)(t, y, 1, k0 - 1);
  LOOP for (int k = k0; k < k1; k++) g[k] = RULE(square_at)(a, k, da) * p;
  LOOP for (int k = k0; k < k1; k++) {
    y[k] = RULE(quotient)(&ahead, t, newest, g, a[k], g[0], r, k, k1, 2 * da);
    t[k] = newest = y[k] * (real)k;
  }
}

/* Coefficient k of sqrt x, k > 0: (x_k - sum_{0<i<k} y_i y_{k-i}) / (2 y_0), r = 1 / (2 y_0), newest = y_{k-1} */
INLINE L RULE(sqrt_at)(const L *y, L newest, L xk, L r, int k) {
  (void)r;
  if (k == 1) return l_over(xk, y[0] + y[0], r);
  if (k == 2) return l_over(xk - l_mul(newest, newest), y[0] + y[0], r);
  L s = k == 3 ? (L)l_mul(y[1], newest) : (L)l_fma(y[1], newest, RULE(half_square)(y, k, 1));
  return l_over(l_fnma(s, l_set(2.0), xk), y[0] + y[0], r);
}

INLINE void RULE(asin)(ARGS) { /* g = sqrt(+-1 + p x^2) */
  UNUSED;
  L r = RULE(reciprocal)(g[0], y[0]), r2 = r * 0.5;
  RULE(ahead) ahead;
  RULE(begin)(&ahead, 1);
  L newest = y[k0 - 1] * (real)(k0 - 1);
  RULE(derive)(t, y, 1, k0 - 1);
  L newest_g = g[k0 - 1];
  LOOP for (int k = k0; k < k1; k++) g[k] = newest_g = RULE(sqrt_at)(g, newest_g, RULE(square_at)(a, k, da) * p, r2, k);
  LOOP for (int k = k0; k < k1; k++) {
    y[k] = RULE(quotient)(&ahead, t, newest, g, a[k] * q, g[0], r, k, k1, k1 - 1);
    t[k] = newest = y[k] * (real)k;
  }
}

INLINE void RULE(erf)(ARGS) { /* g = c exp(p x^2); u = p x^2, t = its derivative, h = derive(x) */
  UNUSED;
  int d = 2 * da < k1 ? 2 * da : k1 - 1;
  LOOP for (int k = 1; k <= d; k++) {
    u[k] = RULE(square_at)(a, k, da) * p;
    t[k] = u[k] * (real)k;
  }
  LOOP for (int k = d + 1; k < k1; k++) u[k] = l_set(0);
  RULE(ahead) ahead, ahead_g;
  RULE(begin)(&ahead, 1);
  RULE(begin)(&ahead_g, 1);
  RULE(derive)(h, a, 1, da);
  LOOP for (int k = k0; k < k1; k++) {
    y[k] = RULE(chain)(&ahead, g, g[k - 1], a, h, k, k1, da);
    g[k] = RULE(chain)(&ahead_g, g, g[k - 1], u, t, k, k1, d);
  }
}

INLINE void RULE(sqrt)(ARGS) {
  UNUSED;
  L r = l_set(0.5) / y[0];
  L newest = y[k0 - 1];
  LOOP for (int k = k0; k < k1; k++) y[k] = newest = RULE(sqrt_at)(y, newest, a[k], r, k);
}

/* y = x^p:  x y' = p y x';  k x_0 y_k = sum_{0<=i<k} (p (k-i) - i) y_i x_{k-i} */
INLINE void RULE(powp)(ARGS) {
  UNUSED;
  L r = RULE(reciprocal)(a[0], y[0]);
  RULE(ahead) ahead, ahead_u;
  RULE(begin)(&ahead, 1);
  RULE(begin)(&ahead_u, 1);
  L newest = y[k0 - 1], newest_u = newest * (real)(k0 - 1);
  RULE(derive)(t, a, p, da);
  RULE(derive)(u, y, 1, k0 - 1);
  LOOP for (int k = k0; k < k1; k++) {
    L s = RULE(online)(&ahead, y, newest, t, k, k1, da) - RULE(online)(&ahead_u, u, newest_u, a, k, k1, da);
    y[k] = newest = l_over(l_fma(s, l_set((real)1 / (real)k), l_mul(y[0], a[k] * p)), a[0], r);
    u[k] = newest_u = y[k] * (real)k;
  }
}

INLINE void RULE(powc)(ARGS) { RULE(powp)(a, b, y, g, h, t, u, da, db, k0, k1, p, q); }

INLINE L RULE(product_at)(const L *a, const L *b, int k, int da, int db) { /* k <= da + db */
  int lo = k > db ? k - db : 0, hi = k < da ? k : da;
  L s = l_mul(a[lo], b[k - lo]);
  LOOP for (int i = lo + 1; i <= hi; i++) s = l_fma(a[i], b[k - i], s);
  return s;
}

/* y = exp(b log a): g = log a, h = b log a */
INLINE void RULE(pow)(ARGS) {
  UNUSED;
  L r = RULE(reciprocal)(a[0], y[0]);
  RULE(ahead) ahead, ahead_g;
  RULE(begin)(&ahead, 1);
  RULE(begin)(&ahead_g, 1);
  L newest = g[k0 - 1] * (real)(k0 - 1);
  RULE(derive)(t, g, 1, k0 - 1);
  RULE(derive)(u, h, 1, k0 - 1);
  LOOP for (int k = k0; k < k1; k++) {
    g[k] = RULE(quotient)(&ahead_g, t, newest, a, a[k], a[0], r, k, k1, da);
    t[k] = newest = g[k] * (real)k;
  }
  LOOP for (int k = k0; k < k1; k++) {
    h[k] = RULE(product_at)(g, b, k, k, db);
    u[k] = h[k] * (real)k;
  }
  LOOP for (int k = k0; k < k1; k++) y[k] = RULE(chain)(&ahead, y, y[k - 1], h, u, k, k1, k1 - 1);
}

INLINE void RULE(div)(ARGS) {
  UNUSED;
  L r = l_set(1.0) / b[0];
  int start = 0, end = 0; /* as in `ahead`, with the sums a_k - ... in y_k itself, and u = -y */
  L newest = y[k0 - 1];
  LOOP for (int k = 0; k < k0; k++) u[k] = -y[k];
  LOOP for (int k = k0; k < k1; k++) y[k] = a[k];
  LOOP for (int k = k0; k < k1; k++) {
    if (L_TILES && k >= end) start = k, end = k + l_ahead(y + k, 0, u, b, k, k1 - k, 0, db);
    L s = y[k];
    int lo = k < end ? start : k > db ? k - db : 0;
    LOOP for (int i = lo; i < k - 1; i++) s = l_fnma(y[i], b[k - i], s);
    if (lo < k) s = l_fnma(newest, b[1], s);
    y[k] = newest = l_over(s, b[0], r);
    u[k] = -newest;
  }
}

INLINE void RULE(recip)(ARGS) {
  UNUSED;
  RULE(ahead) ahead;
  RULE(begin)(&ahead, 0);
  L newest = y[k0 - 1];
  LOOP for (int k = k0; k < k1; k++) y[k] = newest = l_over(-RULE(online)(&ahead, y, newest, a, k, k1, da), a[0], y[0]);
}

/* With a the jet of larger |x_0|, its sign made +: y = a + g where g (2a + g) = b^2, which keeps the digits of a small b. */
INLINE void RULE(hypot)(ARGS) {
  UNUSED;
  int d = da > db ? da : db;
  L a0 = a[0], b0 = b[0];
  LOOP for (int j = 0; j < k1; j++) {
    L big = l_select(l_abs(a0) < l_abs(b0), b[j], a[j]), small = l_select(l_abs(a0) < l_abs(b0), a[j], b[j]);
    a[j] = l_select(l_select(l_abs(a0) < l_abs(b0), b0, a0) < 0, -big, big);
    b[j] = small;
  }
  L r = l_set(0.5) / y[0];
  g[0] = l_mul(b[0], b[0] / (y[0] + a[0]));
  RULE(ahead) ahead;
  RULE(begin)(&ahead, 0);
  LOOP for (int k = k0; k < k1; k++) {
    L s = RULE(square_at)(b, k, d) - RULE(square_sum)(g, k, 1);
    s = l_fnma(RULE(online)(&ahead, g, g[k - 1], a, k, k1, d), l_set(2.0), s);
    g[k] = l_over(s, y[0] + y[0], r);
    y[k] = a[k] + g[k];
  }
}

/* (a^2 + b^2) y' = b a' - a b'; g = a^2 + b^2 */
INLINE void RULE(atan2)(ARGS) {
  UNUSED;
  L r = RULE(reciprocal)(g[0], y[0]);
  int d = 2 * (da > db ? da : db);
  RULE(derive)(h, a, 1, da);
  RULE(derive)(u, b, 1, db);
  L newest = y[k0 - 1] * (real)(k0 - 1);
  RULE(derive)(t, y, 1, k0 - 1);
  RULE(ahead) ahead;
  RULE(begin)(&ahead, 1);
  LOOP for (int k = k0; k < k1; k++) g[k] = RULE(square_at)(a, k, da) + RULE(square_at)(b, k, db);
  LOOP for (int k = k0; k < k1; k++) {
    L s = RULE(dot)(b, h, k, RULE(from)(k, da)) - RULE(dot)(a, u, k, RULE(from)(k, db));
    s = s - RULE(online)(&ahead, t, newest, g, k, k1, d);
    y[k] = l_over(l_fma(s, l_set((real)1 / (real)k), l_mul(b[0], a[k]) - l_mul(a[0], b[k])), g[0], r);
    t[k] = newest = y[k] * (real)k;
  }
}

/* (y + ig)' (a + ib) = p (y + ig) (a + ib)'. By real functions, |z|^p e^(ip arg z), high orders would cancel: either factor has twice the
   singularities of the product. */
INLINE void RULE(cpow)(ARGS) {
  UNUSED;
  L big = l_select(l_abs(a[0]) < l_abs(b[0]), l_abs(b[0]), l_abs(a[0]));
  L c = a[0] / big, s = b[0] / big, r = l_set(1.0) / (l_fma(c, c, l_mul(s, s)) * big);
  int d = da > db ? da : db;
  LOOP for (int k = k0; k < k1; k++) {
    L re = l_set(0), im = l_set(0);
    LOOP for (int i = RULE(from)(k, d); i < k; i++) {
      real w = p * (real)(k - i) - (real)i;
      L x = a[k - i] * w, v = b[k - i] * w;
      re = l_fnma(v, g[i], l_fma(x, y[i], re));
      im = l_fma(v, y[i], l_fma(x, g[i], im));
    }
    re = l_fma(re, l_set((real)1 / (real)k), l_fnma(b[k], g[0], l_mul(a[k], y[0])) * p);
    im = l_fma(im, l_set((real)1 / (real)k), l_fma(b[k], y[0], l_mul(a[k], g[0])) * p);
    y[k] = l_fma(im, s, l_mul(re, c)) * r;
    g[k] = l_fnma(re, s, l_mul(im, c)) * r;
  }
}

#undef ARGS
#undef UNUSED
