/* linear.h - rows where coefficient k of the result needs coefficient k alone: plane by plane. */

INLINE const real *plane_at(const jk_series *s, int k) { return k < s->low || k > s->degree ? NULL : s->plane[k]; }

/* y = f(a, b) with n lanes, as a loop that knows which of its operands are there; four vectors at a time, since a pass over a
   short block is bound by the instructions around its loads and stores */
#define LOOP_PLANE(result)                                                                                           \
  {                                                                                                                  \
    ptrdiff_t i = 0;                                                                                                 \
    if (n == 1) {                                                                                                    \
      const ptrdiff_t m = 1;                                                                                         \
      (void)m;                                                                                                       \
      v_store_n(y, result, 1);                                                                                       \
      return;                                                                                                        \
    }                                                                                                                \
    while (i + 4 * W <= n) {                                                                                         \
      const ptrdiff_t m = W;                                                                                         \
      (void)m;                                                                                                       \
      V r[4];                                                                                                        \
      UNROLL for (int v = 0; v < 4; v++, i += W) r[v] = result;                                                      \
      i -= 4 * W;                                                                                                    \
      UNROLL for (int v = 0; v < 4; v++, i += W) v_store(y + i, r[v]);                                               \
    }                                                                                                                \
    while (i < n) {                                                                                                  \
      const ptrdiff_t m = n - i < W ? n - i : W;                                                                     \
      v_store_n(y + i, result, m);                                                                                   \
      i += W;                                                                                                        \
    }                                                                                                                \
    return;                                                                                                          \
  }
#define PA v_load_n(pa + i, m)
#define PB v_load_n(pb + i, m)

/* y = f(a, b), either or both of the planes may be zero */
#define PLANES(name, both, only_a, only_b, neither)                                                                  \
  static void name##_plane(real *y, const real *pa, const real *pb, real c, ptrdiff_t n) {                           \
    (void)c;                                                                                                         \
    if (pa && pb) LOOP_PLANE(both)                                                                                   \
    if (pa) LOOP_PLANE(only_a)                                                                                       \
    if (pb) LOOP_PLANE(only_b)                                                                                       \
    LOOP_PLANE(neither)                                                                                              \
  }                                                                                                                  \
  static void name##_kernel(jk_call *c, head_fn *head) {                                                             \
    (void)head;                                                                                                      \
    const jk_series *a = &c->in[0], *b = jk_rows[c->row].nin > 1 ? &c->in[1] : NULL, *y = &c->out[0];                \
    for (int k = c->k0 > y->low ? c->k0 : y->low; k < c->k1 && k <= y->degree; k++)                                  \
      name##_plane(y->plane[k], plane_at(a, k), b ? plane_at(b, k) : NULL, c->row == JK_shift && k ? 0 : (real)c->c, c->n); \
  }

PLANES(add, PA + PB, PA, PB, v_set(0))
PLANES(sub, PA - PB, PA, -PB, v_set(0))
PLANES(neg, PA, -PA, PB, v_set(0))
PLANES(shift, PA + PB, PA + c, PB, v_set(c))
PLANES(scale, PA * PB, PA * c, PB, v_set(0))
