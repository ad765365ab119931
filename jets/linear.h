/* linear.h - rows where coefficient k of the result needs coefficient k alone: plane by plane. */

INLINE const real *plane_at(const jk_series *s, int k) { return k < s->low || k > s->degree ? NULL : s->plane[k]; }

/* y = f(a, b), either or both of the planes may be zero */
#define PLANES(name, both, only_a, only_b)                                                                           \
  static void name##_plane(real *y, const real *pa, const real *pb, real c, ptrdiff_t n) {                           \
    (void)c;                                                                                                         \
    for (ptrdiff_t i = 0; i < n; i += W) {                                                                           \
      ptrdiff_t m = n - i < W ? n - i : W;                                                                           \
      V a = pa ? v_load_n(pa + i, m) : v_set(0), b = pb ? v_load_n(pb + i, m) : v_set(0);                            \
      V r = both;                                                                                                    \
      if (!pb) r = only_a;                                                                                           \
      if (!pa) r = only_b;                                                                                           \
      v_store_n(y + i, r, m);                                                                                        \
    }                                                                                                                \
  }                                                                                                                  \
  static void name##_kernel(jk_call *c, head_fn *head) {                                                             \
    (void)head;                                                                                                      \
    const jk_series *a = &c->in[0], *b = jk_rows[c->row].nin > 1 ? &c->in[1] : NULL, *y = &c->out[0];                \
    for (int k = c->k0 > y->low ? c->k0 : y->low; k < c->k1 && k <= y->degree; k++)                                  \
      name##_plane(y->plane[k], plane_at(a, k), b ? plane_at(b, k) : NULL, k ? 0 : c->c, c->n);                      \
  }

PLANES(add, a + b, a, b)
PLANES(sub, a - b, a, -b)
PLANES(neg, a, -a, b)
PLANES(shift, a, a + c, b + c)

static void scale_kernel(jk_call *c, head_fn *head) {
  (void)head;
  const jk_series *x = &c->in[0], *y = &c->out[0];
  for (int k = c->k0 > y->low ? c->k0 : y->low; k < c->k1 && k <= y->degree; k++)
    for (ptrdiff_t i = 0; i < c->n; i += W) {
      ptrdiff_t m = c->n - i < W ? c->n - i : W;
      v_store_n(y->plane[k] + i, v_load_n(x->plane[k] + i, m) * c->c, m);
    }
}
