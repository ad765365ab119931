/* select.h - abs, relu, max, min: the branch for coefficient k is that of the limit t -> 0+, told by the first coefficient up to
   k that is not zero (those before it are zero on either branch); and the piecewise constant rows. */

INLINE V coefficient_or_zero(const jk_series *s, int k, ptrdiff_t i, ptrdiff_t m) {
  return k < s->low || k > s->degree ? v_set(0) : v_load_n(s->plane[k] + i, m);
}

/* For each k: x and, from s (the leading non-zero number so far), y_k */
#define SELECT(name, nin, difference, result)                                                                        \
  static void name##_kernel(jk_call *c, head_fn *head) {                                                             \
    (void)head;                                                                                                      \
    for (ptrdiff_t i = 0; i < c->n; i += W) {                                                                        \
      ptrdiff_t m = c->n - i < W ? c->n - i : W;                                                                     \
      V s = v_set(0);                                                                                                \
      for (int k = 0; k < c->k1; k++) {                                                                              \
        V a = coefficient_or_zero(&c->in[0], k, i, m), b = nin > 1 ? coefficient_or_zero(&c->in[nin - 1], k, i, m) : a; \
        s = v_select((M)(s == 0), difference, s);                                                                    \
        (void)b;                                                                                                     \
        if (k >= c->k0 && k <= c->out[0].degree) v_store_n(c->out[0].plane[k] + i, result, m);                       \
      }                                                                                                              \
    }                                                                                                                \
  }

INLINE V compare(V a, V b) { /* 1, 0, -1; the NaN where either is */
  V one = v_set(1), zero = v_set(0);
  return v_select((M)(a > b), one, v_select((M)(a < b), -one, v_select((M)(a == b), zero, a + b)));
}

SELECT(abs, 1, a, v_select((M)(s < 0), -a, v_select((M)(s >= 0), k ? a : v_abs(a), s)))
SELECT(relu, 1, a, v_select((M)(s <= 0), v_set(0), v_select((M)(s > 0), a, s)))
SELECT(max, 2, compare(a, b), v_select((M)(s >= 0), a, v_select((M)(s < 0), b, s)))
SELECT(min, 2, compare(a, b), v_select((M)(s <= 0), a, v_select((M)(s > 0), b, s)))

#define STEP(name, f)                                                                                                \
  static void name##_kernel(jk_call *c, head_fn *head) {                                                             \
    (void)head;                                                                                                      \
    if (c->k0 > 0) return;                                                                                           \
    for (ptrdiff_t i = 0; i < c->n; i += W) {                                                                        \
      ptrdiff_t m = c->n - i < W ? c->n - i : W;                                                                     \
      V a = coefficient_or_zero(&c->in[0], 0, i, m);                                                                 \
      v_store_n(c->out[0].plane[0] + i, f, m);                                                                       \
    }                                                                                                                \
  }

INLINE V away(V a) { /* half away from zero; the number just below 1/2 must not reach it */
  V t = v_floor(v_abs(a) + 0x1.fffffffffffffp-2);
  return v_select((M)(v_abs(a) < 0x1p52), v_copysign(t, a), a);
}
STEP(sign, compare(a, v_set(0)))
STEP(floor, v_floor(a))
STEP(ceil, v_ceil(a))
STEP(round, away(a))
