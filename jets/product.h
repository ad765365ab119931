/* product.h - truncated products, (ab)_k = sum_i a_i b_{k-i} with i ascending in one chain (rules.h says why), inside the
   intervals of the factors. */

/* Products are short enough to be unrolled further than recurrences. */
enum { PRODUCT_FIXED = 16 };
#define EACH_PRODUCT(f)                                                                                              \
  f(1) f(2) f(3) f(4) f(5) f(6) f(7) f(8) f(9) f(10) f(11) f(12) f(13) f(14) f(15) f(16)

INLINE V product_at(const V *a, const V *b, int k, int lo, int hi) {
  V s = a[lo] * b[k - lo];
  for (int i = lo + 1; i <= hi; i++) s = v_fma(a[i], b[k - i], s);
  return s;
}

static void mul_vector(jk_call *c, V *a, V *b, ptrdiff_t i, ptrdiff_t m) {
  const jk_series *sa = &c->in[0], *sb = &c->in[1], *sy = &c->out[0];
  int first = c->k0 > sy->low ? c->k0 : sy->low, last = c->k1 - 1 < sy->degree ? c->k1 - 1 : sy->degree;
  int da = sa->degree < last ? sa->degree : last, db = sb->degree < last ? sb->degree : last;
  for (int k = sa->low; k <= da; k++) a[k] = v_load_n(sa->plane[k] + i, m);
  for (int k = sb->low; k <= db; k++) b[k] = v_load_n(sb->plane[k] + i, m);
  for (int k = first; k <= last; k++) {
    int lo = k - db > sa->low ? k - db : sa->low, hi = k - sb->low < da ? k - sb->low : da;
    v_store_n(sy->plane[k] + i, lo > hi ? v_set(0) : product_at(a, b, k, lo, hi), m);
  }
}

/* All coefficients in registers; independent chains side by side. */
#define MUL_FIXED(K)                                                                                                 \
  static void mul_##K(const jk_call *c, ptrdiff_t n) {                                                               \
    real *const *pa = c->in[0].plane, *const *pb = c->in[1].plane, *const *py = c->out[0].plane;                     \
    for (ptrdiff_t i = 0; i < n; i += W) {                                                                           \
      V a[K + 1], b[K + 1], y[K + 1];                                                                                \
      UNROLL for (int k = 0; k <= K; k++) a[k] = v_load(pa[k] + i);                                                  \
      UNROLL for (int k = 0; k <= K; k++) b[k] = v_load(pb[k] + i);                                                  \
      UNROLL for (int k = 0; k <= K; k++) y[k] = a[0] * b[k];                                                        \
      UNROLL for (int j = 1; j <= K; j++) UNROLL for (int k = j; k <= K; k++) y[k] = v_fma(a[j], b[k - j], y[k]);    \
      UNROLL for (int k = 0; k <= K; k++) v_store(py[k] + i, y[k]);                                                  \
    }                                                                                                                \
  }
EACH_PRODUCT(MUL_FIXED)

static void mul_kernel(jk_call *c, head_fn *head) {
  (void)head;
#define MUL_NAME(K) mul_##K,
  static void (*const fixed[])(const jk_call *, ptrdiff_t) = {EACH_PRODUCT(MUL_NAME)};
  V *x[7];
  work_arrays(c, x);
  ptrdiff_t i = 0;
  if (!c->k0 && c->k1 > 1 && c->k1 <= PRODUCT_FIXED + 1 && full(&c->in[0], c->k1) && full(&c->in[1], c->k1))
    fixed[c->k1 - 2](c, i = c->n / W * W);
  for (; i < c->n; i += W) mul_vector(c, x[0], x[1], i, c->n - i < W ? c->n - i : W);
}

INLINE real absorbing_at(const V *a, const V *b, int k, int l) { /* one lane; a zero absorbs whatever it meets */
  real s = 0;
  for (int i = 0; i <= k; i++) s += a[i][l] == 0 || b[k - i][l] == 0 ? 0 : a[i][l] * b[k - i][l];
  return s;
}

/* The product of pullbacks and of xlogy. Any coefficient may be the one that meets an infinity, so all are looked at. */
static void mulz_kernel(jk_call *c, head_fn *head) {
  (void)head;
  V *x[7];
  work_arrays(c, x);
  const jk_series *y = &c->out[0];
  for (ptrdiff_t i = 0; i < c->n; i += W) {
    ptrdiff_t m = c->n - i < W ? c->n - i : W;
    load_any(x[0], &c->in[0], c->k1, i, m);
    load_any(x[1], &c->in[1], c->k1, i, m);
    for (int k = c->k0 > y->low ? c->k0 : y->low; k < c->k1 && k <= y->degree; k++) {
      V r = product_at(x[0], x[1], k, 0, k);
      M bad = ~(M)(r * 0 == 0);
      for (int l = 0; v_any(bad) && l < W; l++)
        if (bad[l]) r[l] = absorbing_at(x[0], x[1], k, l);
      v_store_n(y->plane[k] + i, r, m);
    }
  }
}

INLINE V square_at(const V *x, int k, int lo) { /* sum_{lo<=i<=k-lo} x_i x_{k-i} */
  if (2 * lo > k) return v_set(0);
  if (2 * lo == k) return x[lo] * x[lo];
  V s = x[lo] * x[k - lo];
  UNROLL for (int i = lo + 1; i <= (k - 1) / 2; i++) s = v_fma(x[i], x[k - i], s);
  s = s + s;
  return k % 2 ? s : v_fma(x[k / 2], x[k / 2], s);
}

#define SQUARE_FIXED(K)                                                                                              \
  static void square_##K(const jk_call *c, ptrdiff_t n) {                                                            \
    real *const *px = c->in[0].plane, *const *py = c->out[0].plane;                                                  \
    for (ptrdiff_t i = 0; i < n; i += W) {                                                                           \
      V x[K + 1];                                                                                                    \
      UNROLL for (int k = 0; k <= K; k++) x[k] = v_load(px[k] + i);                                                  \
      UNROLL for (int k = 0; k <= K; k++) v_store(py[k] + i, square_at(x, k, 0));                                    \
    }                                                                                                                \
  }
EACH_PRODUCT(SQUARE_FIXED)

static void square_vector(jk_call *c, V *x, ptrdiff_t i, ptrdiff_t m) {
  const jk_series *sx = &c->in[0], *sy = &c->out[0];
  int d = degree_of(sx, c->k1);
  for (int k = sx->low; k <= d; k++) x[k] = v_load_n(sx->plane[k] + i, m);
  for (int k = c->k0 > sy->low ? c->k0 : sy->low; k < c->k1 && k <= sy->degree; k++)
    v_store_n(sy->plane[k] + i, square_at(x, k, k - d > sx->low ? k - d : sx->low), m);
}

static void square_kernel(jk_call *c, head_fn *head) {
  (void)head;
#define SQUARE_NAME(K) square_##K,
  static void (*const fixed[])(const jk_call *, ptrdiff_t) = {EACH_PRODUCT(SQUARE_NAME)};
  V *x[7];
  work_arrays(c, x);
  ptrdiff_t i = 0;
  if (!c->k0 && c->k1 > 1 && c->k1 <= PRODUCT_FIXED + 1 && full(&c->in[0], c->k1))
    fixed[c->k1 - 2](c, i = c->n / W * W);
  for (; i < c->n; i += W) square_vector(c, x[0], i, c->n - i < W ? c->n - i : W);
}
