/* top.h - recurrences of rules.h for one coefficient k > 0 of a sweep that is resumed for it, straight from the planes: copies of all
   lower coefficients would cost more than the sums do. The same operations in the same order, for inputs with all coefficients up
   to k; r: coefficient k of the results.

   The includer defines L, l_set, l_select, l_mul, l_fma, l_fnma as for rules.h, l_load (m lanes from a pointer on) and TOP (rule ->
   function). */

#define TOP_ARGS const jk_call *c, L *r, int k, real p, real q, ptrdiff_t i, ptrdiff_t m
#define TOP_UNUSED (void)p, (void)q
#define AT(series, k) l_load((series).plane[k] + i, m)
#define A(k) AT(c->in[0], k)
#define B(k) AT(c->in[1], k)
#define Y(k) AT(c->out[0], k)
#define G(k) AT(c->out[1], k)

/* sum_{lo<=j<k} g_j d_{k-j} */
#define TOP_SUM(name, g_j, d_j)                                                                                      \
  INLINE L TOP(name)(real *const *g, real *const *d, real w, int k, int lo, ptrdiff_t i, ptrdiff_t m) {              \
    int j = lo;                                                                                                      \
    (void)w;                                                                                                         \
    if (j >= k) return l_set(0);                                                                                     \
    L s = l_mul(g_j, d_j);                                                                                           \
    for (j++; j < k; j++) s = l_fma(g_j, d_j, s);                                                                    \
    return s;                                                                                                        \
  }
TOP_SUM(dot, l_load(g[j] + i, m), l_load(d[k - j] + i, m))
TOP_SUM(dot_derived, l_load(g[j] + i, m), l_load(d[k - j] + i, m) * (w * (real)(k - j))) /* d_j is w j times what is given */
TOP_SUM(derived_dot, l_load(g[j] + i, m) * (real)j, l_load(d[k - j] + i, m))             /* g_j is j times what is given */

/* Half of sum_{0<j<k} x_j x_{k-j}, k > 2 */
INLINE L TOP(half_square)(real *const *x, int k, ptrdiff_t i, ptrdiff_t m) {
  int j = (k - 1) / 2;
  L s = l_mul(l_load(x[k / 2] + i, m) * (k % 2 ? (real)1 : (real)0.5), l_load(x[k - k / 2] + i, m));
  for (j -= k % 2; j > 0; j--) s = l_fma(l_load(x[j] + i, m), l_load(x[k - j] + i, m), s);
  return s;
}

INLINE void TOP(exp)(TOP_ARGS) {
  TOP_UNUSED;
  L s = TOP(dot_derived)(c->out[0].plane, c->in[0].plane, p, k, 1, i, m);
  r[0] = l_fma(s, l_set((real)1 / (real)k), l_mul(Y(0), A(k) * p));
}

INLINE void TOP(sincos)(TOP_ARGS) {
  TOP_UNUSED;
  L s = TOP(dot_derived)(c->out[1].plane, c->in[0].plane, q, k, 1, i, m);
  L co = TOP(dot_derived)(c->out[0].plane, c->in[0].plane, q, k, 1, i, m);
  r[0] = l_fma(s, l_set((real)1 / (real)k), l_mul(G(0), A(k) * q));
  r[1] = l_fma(co, l_set((real)1 / (real)k), l_mul(Y(0), A(k) * q)) * p;
}

INLINE void TOP(riccati)(TOP_ARGS) {
  L s = TOP(dot_derived)(c->out[1].plane, c->in[0].plane, 1, k, 1, i, m);
  r[0] = l_fma(s, l_set((real)1 / (real)k), l_mul(G(0), A(k)));
  s = k == 1 ? l_set(0) : k == 2 ? (L)l_mul(Y(1), Y(1)) : TOP(half_square)(c->out[0].plane, k, i, m);
  if (k > 2) s = s + s;
  r[1] = l_fma(r[0], p + 2 * q * Y(0), s * q);
}

INLINE L TOP(reciprocal)(L w0, L y0) { return l_select(y0 == y0, l_set(1.0) / w0, y0); }

INLINE void TOP(log)(TOP_ARGS) {
  L s = TOP(derived_dot)(c->out[0].plane, c->in[0].plane, 1, k, 1, i, m);
  r[0] = l_fnma(s, l_set((real)1 / (real)k), A(k) * p) * TOP(reciprocal)(A(0) + q, Y(0));
}

INLINE void TOP(sqrt)(TOP_ARGS) {
  TOP_UNUSED;
  L x = A(k);
  if (k == 2) x = x - l_mul(Y(1), Y(1));
  if (k > 2) x = l_fnma(TOP(half_square)(c->out[0].plane, k, i, m), l_set(2.0), x);
  r[0] = x * (l_set(0.5) / Y(0));
}

INLINE void TOP(powp)(TOP_ARGS) {
  TOP_UNUSED;
  real *const *a = c->in[0].plane, *const *y = c->out[0].plane;
  L s = TOP(dot_derived)(y, a, p, k, 1, i, m) - TOP(derived_dot)(y, a, 1, k, 1, i, m);
  r[0] = l_fma(s, l_set((real)1 / (real)k), l_mul(Y(0), A(k) * p)) * TOP(reciprocal)(A(0), Y(0));
}
INLINE void TOP(powc)(TOP_ARGS) { TOP(powp)(c, r, k, p, q, i, m); }

INLINE void TOP(div)(TOP_ARGS) {
  TOP_UNUSED;
  L s = A(k);
  for (int j = 0; j < k; j++) s = l_fnma(Y(j), B(k - j), s);
  r[0] = s * (l_set(1.0) / B(0));
}

INLINE void TOP(recip)(TOP_ARGS) {
  TOP_UNUSED;
  r[0] = -TOP(dot)(c->out[0].plane, c->in[0].plane, 1, k, 0, i, m) * Y(0);
}

#undef TOP_ARGS
#undef TOP_UNUSED
#undef TOP_SUM
#undef AT
#undef A
#undef B
#undef Y
#undef G
