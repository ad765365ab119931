/* compose.h - rows given by their outer Taylor coefficients s_j = f^(m+j)(x_0)/j! (removable.h), composed with x by Horner's rule
   in z = x - x_0. z has no coefficient 0, so step j needs only the coefficients that still reach below k1. */

typedef void outer_fn(V *s, V x, int m, int n);

static void horner(V *y, const V *s, const V *z, int k1, int degree) {
  y[0] = s[k1 - 1];
  for (int j = k1 - 2; j >= 0; j--) {
    for (int k = k1 - 1 - j; k > 0; k--) {
      V t = z[1] * y[k - 1];
      for (int i = 2; i <= k && i <= degree; i++) t = v_fma(z[i], y[k - i], t);
      y[k] = t;
    }
    y[0] = s[j];
  }
}

static void powers(V *y, const V *s, V z, int k1) {
  V p = z;
  y[0] = s[0];
  for (int k = 1; k < k1; k++, p *= z) y[k] = s[k] * p;
}

/* Where z is zero altogether, whatever f does at x_0. */
static void flatten(V *y, const V *z, int k1, int degree) {
  M flat = (M)(v_set(0) == 0);
  for (int k = 1; k <= degree; k++) flat &= (M)(z[k] == 0);
  if (!v_any(flat)) return;
  for (int k = 1; k < k1; k++) y[k] = v_select(flat, v_set(0), y[k]);
}

static void compose(jk_call *c, outer_fn *outer) {
  V *x[7];
  work_arrays(c, x);
  int d = degree_of(&c->in[0], c->k1);
  for (ptrdiff_t i = 0; i < c->n; i += W) {
    ptrdiff_t m = c->n - i < W ? c->n - i : W;
    load_any(x[0], &c->in[0], c->k1, i, m);
    outer(x[1], x[0][0], c->m, c->order + 1);
    if (d > 1) horner(x[2], x[1], x[0], c->k1, d);
    else powers(x[2], x[1], d ? x[0][1] : v_set(0), c->k1);
    flatten(x[2], x[0], c->k1, d);
    store_any(x[2], &c->out[0], c->k0, c->k1, i, m);
  }
}

#define COMPOSED(name)                                                                                               \
  static void name##_kernel(jk_call *c, head_fn *head) {                                                             \
    (void)head;                                                                                                      \
    compose(c, outer_##name);                                                                                        \
  }
COMPOSED(sinc)
COMPOSED(exprel)
COMPOSED(log1prel)
