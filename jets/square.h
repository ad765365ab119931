/* square.h - squares: each term once, from the middle outwards (rules.h), in the forms that product.h has. */

INLINE V square_at(const V *x, int k, int lo) { /* sum_{lo<=i<=k-lo} x_i x_{k-i}, from the middle outwards (rules.h) */
  if (2 * lo > k) return v_set(0);
  if (2 * lo == k) return x[lo] * x[lo];
  int i = (k - 1) / 2;
  V s = x[k / 2] * (k % 2 ? (real)1 : (real)0.5) * x[k - k / 2];
  UNROLL for (i -= k % 2; i >= lo; i--) s = v_fma(x[i], x[k - i], s);
  return s + s;
}

#define SQUARE_FIXED(K, k0)                                                                                          \
  static void square_##k0##_##K(const jk_call *c, ptrdiff_t n) {                                                     \
    real *lx[K + 1], *ly[K + 1];                                                                                     \
    real *const *px = OWN_POINTERS(K) ? lx : c->in[0].plane, *const *py = OWN_POINTERS(K) ? ly : c->out[0].plane;    \
    UNROLL for (int k = 0; k <= K; k++) lx[k] = c->in[0].plane[k];                                                   \
    UNROLL for (int k = k0; k <= K; k++) ly[k] = c->out[0].plane[k];                                                 \
    for (ptrdiff_t i = 0; i < n; i += W) {                                                                           \
      V x[K + 1];                                                                                                    \
      UNROLL for (int k = 0; k <= K; k++) x[k] = v_load(px[k] + i);                                                  \
      UNROLL for (int k = k0; k <= K; k++) v_store(py[k] + i, square_at(x, k, 0));                                   \
    }                                                                                                                \
  }
EACH_PRODUCT(SQUARE_FIXED)

/* Coefficients k..k+size-1 of the square of x, which has all coefficients: the middle of each by itself, what lies outside of
   x_first by a tile, with i = first.. for the larger index. */
INLINE void square_tile(V *y, const V *x, int k, int size) {
  int first = (k + size) / 2 + 1;
  for (int j = 0; j < size; j++) {
    int l = k + j, i = (l - 1) / 2 - l % 2;
    V s = x[l / 2] * (l % 2 ? (real)1 : (real)0.5) * x[l - l / 2];
    for (; l - i < first; i--) s = v_fma(x[i], x[l - i], s);
    y[l] = s;
  }
  tile(y + k, 0, x, x, k, size, (tile_range){first, k + size - 1, 0, k + size - 1});
  for (int j = k; j < k + size; j++) y[j] += y[j];
}

static void square_vector(jk_call *c, V *const work[7], ptrdiff_t i, ptrdiff_t m) {
  const jk_series *sx = &c->in[0], *sy = &c->out[0];
  V *x = work[0], *y = work[2];
  int d = degree_of(sx, c->k1), first = c->k0 > sy->low ? c->k0 : sy->low, last = sy->degree < c->k1 ? sy->degree : c->k1 - 1;
  for (int k = sx->low; k <= d; k++) x[k] = v_load_n(sx->plane[k] + i, m);
  for (int k = first, size; k <= last; k += size) {
    size = k <= TILE_MAX || last < 3 * TILE_MAX || !full(sx, last + 1) ? 0 : tile_size(last - k + 1, (tile_range){0, last, 0, last});
    if (size) square_tile(y, x, k, size);
    else y[k] = square_sum_any(x, k, k - d > sx->low ? k - d : sx->low), size = 1;
  }
  for (int k = first; k <= last; k++) v_store_n(sy->plane[k] + i, y[k], m);
}

/* ---- one coefficient: see product.h ---------------------------------------------------------------------------------------- */

#define SQUARE_ONE(name, L, load, fma, COUNT, STEP)                                                                  \
  INLINE void square_##name(L *r, real *const *x, int k, int lo, ptrdiff_t at, ptrdiff_t m) {                        \
    const real *middle = x[k / 2] + at, *next = x[k - k / 2] + at, half = k % 2 ? (real)1 : (real)0.5;               \
    if (2 * lo == k) {                                                                                               \
      UNROLL for (int v = 0; v < COUNT; v++) r[v] = load(middle + v * STEP, m) * load(middle + v * STEP, m);         \
      return;                                                                                                        \
    }                                                                                                                \
    UNROLL for (int v = 0; v < COUNT; v++) r[v] = load(middle + v * STEP, m) * half * load(next + v * STEP, m);      \
    for (int i = (k - 1) / 2 - k % 2; i >= lo; i--) {                                                                \
      const real *pa = x[i] + at, *pb = x[k - i] + at;                                                               \
      UNROLL for (int v = 0; v < COUNT; v++) r[v] = fma(load(pa + v * STEP, m), load(pb + v * STEP, m), r[v]);       \
    }                                                                                                                \
    UNROLL for (int v = 0; v < COUNT; v++) r[v] += r[v];                                                             \
  }
SQUARE_ONE(some, V, v_load_n, v_fma, SIDE, W)
SQUARE_ONE(lanes, V, v_load_n, v_fma, 1, W)
SQUARE_ONE(lane, real, r_load, r_fma, 1, 1)

static void __attribute__((noinline)) square_one(const jk_call *c) {
  const jk_series *x = &c->in[0];
  real *const *a = x->plane, *y = c->out[0].plane[c->k0];
  int k = c->k0, lo = k - x->degree > x->low ? k - x->degree : x->low;
  ptrdiff_t i = 0, n = c->n;
  V r[SIDE];
  if (2 * lo > k) {
    for (; i < n; i++) y[i] = 0;
  } else if (n == 1) {
    square_lane(y, a, k, lo, 0, 1);
  } else {
    for (; i + SIDE * W <= n; i += SIDE * W) {
      square_some(r, a, k, lo, i, W);
      UNROLL for (int v = 0; v < SIDE; v++) v_store(y + i + v * W, r[v]);
    }
    for (; i < n; i += W) {
      ptrdiff_t m = n - i < W ? n - i : W;
      square_lanes(r, a, k, lo, i, m);
      v_store_n(y + i, r[0], m);
    }
  }
}

static void square_kernel(jk_call *c, head_fn *head) {
  (void)head;
#define SQUARE_NAME(K, k0) square_##k0##_##K,
  static product_fn *const fixed[] = {EACH_PRODUCT(SQUARE_NAME)};
  if (is_one(c)) {
    square_one(c);
    return;
  }
  V *x[7];
  work_arrays(c, x);
  ptrdiff_t i = 0;
  int f = product_fixed(c, 1);
  if (f >= 0) {
    run_fixed(c, 1, fixed[f]);
    return;
  }
  for (; i < c->n; i += W) square_vector(c, x, i, c->n - i < W ? c->n - i : W);
}
