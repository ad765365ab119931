/* select.h - abs, relu, max, min: the branch for coefficient k is that of the limit t -> 0+, told by the first coefficient up to
   k that is not zero (those before it are zero on either branch); the branch itself; masks, and choice by them; and the
   piecewise constant rows. */

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

/* One number, by the first coefficients that tell: the sign of x(t), of a(t) - b(t) for small t > 0. */
#define CHOICE(name, nin)                                                                                            \
  static void name##_kernel(jk_call *c, head_fn *head) {                                                             \
    (void)head;                                                                                                      \
    if (c->k0 > 0) return;                                                                                           \
    for (ptrdiff_t i = 0; i < c->n; i += W) {                                                                        \
      ptrdiff_t m = c->n - i < W ? c->n - i : W;                                                                     \
      V s = v_set(0);                                                                                                \
      for (int k = 0; k <= c->order && v_any((M)(s == 0)); k++) {                                                    \
        V a = coefficient_or_zero(&c->in[0], k, i, m), b = v_set(0);                                                 \
        if (nin > 1) b = coefficient_or_zero(&c->in[nin - 1], k, i, m);                                              \
        s = v_select((M)(s == 0), compare(a, b), s);                                                                 \
      }                                                                                                              \
      v_store_n(c->out[0].plane[0] + i, s, m);                                                                       \
    }                                                                                                                \
  }
CHOICE(along, 1)
CHOICE(compare, 2)

/* The mask is read before any plane is written, for the result may share memory with it. */
static void where_kernel(jk_call *c, head_fn *head) {
  (void)head;
  const jk_series *y = &c->out[0];
  for (ptrdiff_t i = 0; i < c->n; i += W) {
    ptrdiff_t m = c->n - i < W ? c->n - i : W;
    M mask = (M)(coefficient_or_zero(&c->in[0], 0, i, m) != 0);
    for (int k = c->k0 > y->low ? c->k0 : y->low; k < c->k1 && k <= y->degree; k++) {
      V a = coefficient_or_zero(&c->in[1], k, i, m), b = coefficient_or_zero(&c->in[2], k, i, m);
      v_store_n(y->plane[k] + i, v_select(mask, a, b), m);
    }
  }
}

#define STEP(name, nin, f)                                                                                           \
  static void name##_kernel(jk_call *c, head_fn *head) {                                                             \
    (void)head;                                                                                                      \
    if (c->k0 > 0) return;                                                                                           \
    for (ptrdiff_t i = 0; i < c->n; i += W) {                                                                        \
      ptrdiff_t m = c->n - i < W ? c->n - i : W;                                                                     \
      V a = coefficient_or_zero(&c->in[0], 0, i, m), b = coefficient_or_zero(&c->in[nin - 1], 0, i, m);              \
      (void)b;                                                                                                       \
      v_store_n(c->out[0].plane[0] + i, f, m);                                                                       \
    }                                                                                                                \
  }

INLINE V away(V a) { /* half away from zero; the number just below 1/2 must not reach it */
  V t = v_floor(v_abs(a) + REAL(0x1.fffffffffffffp-2, 0x1.fffffep-2));
  return v_select((M)(v_abs(a) < REAL(0x1p52, 0x1p23)), v_copysign(t, a), a);
}
STEP(sign, 1, compare(a, v_set(0)))
STEP(floor, 1, v_floor(a))
STEP(ceil, 1, v_ceil(a))
STEP(round, 1, away(a))
STEP(finite, 1, v_select((M)(a * 0 == 0), a, v_set(0)))

INLINE V truth(M m) { return v_select(m, v_set(1), v_set(0)); }
STEP(less, 2, truth((M)(a < b)))
STEP(less_equal, 2, truth((M)(a <= b)))
STEP(greater, 2, truth((M)(a > b)))
STEP(greater_equal, 2, truth((M)(a >= b)))
STEP(equal, 2, truth((M)(a == b)))
STEP(not_equal, 2, truth((M)(a != b)))
