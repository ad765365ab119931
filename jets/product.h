/* product.h - truncated products, (ab)_k = sum_i a_i b_{k-i} with i ascending in one chain (rules.h says why), inside the
   intervals of the factors. */

/* Products are short enough to be unrolled further than recurrences. (K, k0): coefficients k0 to K. */
enum { PRODUCT_FIXED = 16 };
#define EACH_PRODUCT(f)                                                                                              \
  f(0, 0) f(1, 0) f(2, 0) f(3, 0) f(4, 0) f(5, 0) f(6, 0) f(7, 0) f(8, 0) f(9, 0) f(10, 0) f(11, 0) f(12, 0) f(13, 0) \
  f(14, 0) f(15, 0) f(16, 0) f(1, 1) f(2, 1)

/* Which of them takes the call, -1 if none. */
INLINE int product_fixed(const jk_call *c, int nin) {
  if (c->k0 > 1 || c->k0 >= c->k1 || c->k1 > PRODUCT_FIXED + 1 || (c->k0 && c->k1 > DIRECTIONS_FIXED + 1)) return -1;
  for (int j = 0; j < nin; j++)
    if (!full(&c->in[j], c->k1)) return -1;
  return c->k0 * PRODUCT_FIXED + c->k1 - 1;
}

INLINE V product_at(const V *a, const V *b, int k, int lo, int hi) {
  V s = a[lo] * b[k - lo];
  for (int i = lo + 1; i <= hi; i++) s = v_fma(a[i], b[k - i], s);
  return s;
}

/* r, and where it is not finite the same chain without the terms that have a factor 0. Where all factors are finite these terms
   change nothing, and r stays what it is. */
static V absorbing(V r, const V *a, const V *b, int k, int lo, int hi) {
  V s = v_set(0);
  for (int i = lo; i <= hi; i++) s = v_select((M)(a[i] == 0) | (M)(b[k - i] == 0), s, v_fma(a[i], b[k - i], s));
  return v_select((M)(r * 0 == 0), r, s);
}

typedef struct span { /* coefficients of a product, and those of the factors that they need */
  int first, last, la, da, lb, db;
} span;

INLINE span span_of(const jk_call *c) {
  const jk_series *a = &c->in[0], *b = &c->in[1], *y = &c->out[0];
  int first = c->k0 > y->low ? c->k0 : y->low, last = c->k1 - 1 < y->degree ? c->k1 - 1 : y->degree;
  return (span){first, last, a->low, a->degree < last ? a->degree : last, b->low, b->degree < last ? b->degree : last};
}
INLINE int span_lo(span s, int k) { return k - s.db > s.la ? k - s.db : s.la; }
INLINE int span_hi(span s, int k) { return k - s.lb < s.da ? k - s.lb : s.da; }

INLINE void load_factors(const jk_call *c, span s, V *a, V *b, ptrdiff_t i, ptrdiff_t m) {
  for (int k = s.la; k <= s.da; k++) a[k] = v_load_n(c->in[0].plane[k] + i, m);
  for (int k = s.lb; k <= s.db; k++) b[k] = v_load_n(c->in[1].plane[k] + i, m);
}

static void absorb_vector(const jk_call *c, span s, const V *a, const V *b, ptrdiff_t i, ptrdiff_t m) {
  for (int k = s.first; k <= s.last; k++) {
    int lo = span_lo(s, k), hi = span_hi(s, k);
    if (lo <= hi) v_store_n(c->out[0].plane[k] + i, absorbing(product_at(a, b, k, lo, hi), a, b, k, lo, hi), m);
  }
}

static void __attribute__((noinline, cold)) absorb(const jk_call *c, ptrdiff_t i) {
  V *x[7];
  work_arrays(c, x);
  load_factors(c, span_of(c), x[0], x[1], i, W);
  absorb_vector(c, span_of(c), x[0], x[1], i, W);
}

/* y_first..y_last */
INLINE void product_tiles(V *y, const V *a, const V *b, span s) {
  tile_range r = {s.la, s.da, s.lb, s.db};
  for (int k = s.first, size; k <= s.last; k += size) {
    size = k < s.la + s.lb ? 0 : tile_size((s.last < s.da + s.db ? s.last : s.da + s.db) - k + 1, r);
    if (size) {
      tile(y + k, 1, a, b, k, size, r);
    } else {
      int lo = span_lo(s, k), hi = span_hi(s, k);
      y[k] = lo > hi ? v_set(0) : product_at(a, b, k, lo, hi);
      size = 1;
    }
  }
}

/* Not finite somewhere, where absorb_vector would help: see PRODUCT for why the top may do. */
INLINE int overflows(const V *y, span s) {
  if (s.first > s.last) return 0;
  int top = s.la == 0 && s.lb == 0 && s.da == s.last && s.db == s.last;
  V sum = v_set(0);
  for (int k = top ? s.last : s.first; k <= s.last; k++) sum = v_fma(y[k], v_set(0), sum);
  return v_any(~(M)(sum == 0));
}

INLINE void product_vector(const jk_call *c, int absorbs, V *const x[7], ptrdiff_t i, ptrdiff_t m) {
  span s = span_of(c);
  V *a = x[0], *b = x[1], *y = x[2];
  load_factors(c, s, a, b, i, m);
  product_tiles(y, a, b, s);
  for (int k = s.first; k <= s.last; k++) v_store_n(c->out[0].plane[k] + i, y[k], m);
  if (absorbs && overflows(y, s)) absorb_vector(c, s, a, b, i, m);
}

/* All coefficients in registers; independent chains side by side. Of an absorbing product only the top coefficient is looked at:
   it has every coefficient of either factor in one of its terms. One that is not finite makes its term infinite or NaN, whatever
   it meets, and the sum stays so: if the top is finite, so are all coefficients, and there is nothing to absorb. */
/* Pointers that no store can change stay in registers; where there are too many of them, their table is as good. */
#define OWN_POINTERS(K) ((K) <= 8)
#define PRODUCT(name, absorbs, K, k0)                                                                                \
  INLINE void name##_##k0##_##K##_step(real *const *pa, real *const *pb, real *const *py, const jk_call *c, ptrdiff_t i) { \
    V a[K + 1], b[K + 1], y[K + 1];                                                                                  \
    UNROLL for (int k = 0; k <= K; k++) a[k] = v_load(pa[k] + i);                                                    \
    UNROLL for (int k = 0; k <= K; k++) b[k] = v_load(pb[k] + i);                                                    \
    UNROLL for (int k = k0; k <= K; k++) y[k] = a[0] * b[k];                                                         \
    UNROLL for (int j = 1; j <= K; j++) UNROLL for (int k = j; k <= K; k++) y[k] = v_fma(a[j], b[k - j], y[k]);      \
    if (absorbs && v_any(~(M)(y[K] * 0 == 0))) absorb(c, i);                                                         \
    else UNROLL for (int k = k0; k <= K; k++) v_store(py[k] + i, y[k]);                                              \
  }                                                                                                                  \
  static void name##_##k0##_##K(const jk_call *c, ptrdiff_t n) {                                                     \
    real *la[K + 1], *lb[K + 1], *ly[K + 1];                                                                         \
    real *const *pa = OWN_POINTERS(K) ? la : c->in[0].plane, *const *pb = OWN_POINTERS(K) ? lb : c->in[1].plane;     \
    real *const *py = OWN_POINTERS(K) ? ly : c->out[0].plane;                                                        \
    ptrdiff_t i = 0;                                                                                                 \
    UNROLL for (int k = 0; k <= K; k++) la[k] = c->in[0].plane[k], lb[k] = c->in[1].plane[k];                        \
    UNROLL for (int k = k0; k <= K; k++) ly[k] = c->out[0].plane[k];                                                 \
    if (K <= 2)                                                                                                      \
      for (; i + 2 * W <= n; i += 2 * W) {                                                                           \
        name##_##k0##_##K##_step(pa, pb, py, c, i);                                                                  \
        name##_##k0##_##K##_step(pa, pb, py, c, i + W);                                                              \
      }                                                                                                              \
    for (; i < n; i += W) name##_##k0##_##K##_step(pa, pb, py, c, i);                                                \
  }
#define MUL_FIXED(K, k0) PRODUCT(mul, 0, K, k0)
#define MULZ_FIXED(K, k0) PRODUCT(mulz, 1, K, k0)
EACH_PRODUCT(MUL_FIXED)
EACH_PRODUCT(MULZ_FIXED)

INLINE void single_vector(real *y, const real *pa, const real *pb, int absorbs, ptrdiff_t m) {
  V a = v_load_n(pa, m), b = v_load_n(pb, m), r = a * b;
  M bad = ~(M)(r * 0 == 0);
  if (absorbs && v_any(bad)) r = v_select(bad & ((M)(a == 0) | (M)(b == 0)), v_set(0), r);
  v_store_n(y, r, m);
}

/* One factor has a single coefficient: plane by plane, from the top down because results may lie where the factors do. */
static void single(const jk_call *c, const jk_series *one, const jk_series *other, int absorbs) {
  span s = span_of(c);
  for (int k = s.last; k >= s.first; k--) {
    const real *a = one->plane[one->low], *b = plane_at(other, k - one->low);
    real *y = c->out[0].plane[k];
    ptrdiff_t i = 0;
    for (; b && i + W <= c->n; i += W) single_vector(y + i, a + i, b + i, absorbs, W);
    if (b && i < c->n) single_vector(y + i, a + i, b + i, absorbs, c->n - i);
    for (; !b && i < c->n; i++) y[i] = 0;
  }
}

/* Less than a vector by way of whole ones: all coefficients of one or two factors. */
typedef void product_fn(const jk_call *c, ptrdiff_t n);

static void product_staged(const jk_call *c, int nin, product_fn *fixed, ptrdiff_t i) {
  V x[3][PRODUCT_FIXED + 1];
  real *plane[3][PRODUCT_FIXED + 1];
  jk_call whole = *c;
  for (int j = 0; j < 3; j++)
    for (int k = 0; k < c->k1; k++) {
      if (j < nin) x[j][k] = v_load_n(c->in[j].plane[k] + i, c->n - i);
      plane[j][k] = (real *)&x[j][k];
    }
  whole.in[0].plane = plane[0], whole.in[1].plane = plane[1], whole.out[0].plane = plane[2];
  fixed(&whole, W);
  for (int k = c->k0; k < c->k1; k++) v_store_n(c->out[0].plane[k] + i, x[2][k], c->n - i);
}

static void run_fixed(const jk_call *c, int nin, product_fn *fixed) {
  ptrdiff_t whole = c->n / W * W;
  if (whole) fixed(c, whole);
  if (whole < c->n) product_staged(c, nin, fixed, whole);
}

/* One factor has T = 2 or 3 coefficients e, as x + v t has: a window w of the other one slides along beside it. From the top down,
   because results may lie where the factors do. The sum runs upwards in the first factor, which may be either. */
INLINE V short_sum(const V *e, const V *w, int T, int upwards) {
  V r = upwards ? e[0] * w[0] : e[T - 1] * w[T - 1];
  UNROLL for (int j = 1; j < T; j++) r = upwards ? v_fma(e[j], w[j], r) : v_fma(e[T - 1 - j], w[T - 1 - j], r);
  return r;
}

/* w_j is coefficient q - j of a series that has them from low to top */
INLINE V short_edge(const V *e, const V *w, int T, int upwards, int q, int low, int top) {
  V r = v_set(q < low || q - T + 1 > top ? 0 : -0.0);
  UNROLL for (int j = 0; j < T; j++) {
    int at = upwards ? j : T - 1 - j;
    if (q - at >= low && q - at <= top) r = v_fma(e[at], w[at], r);
  }
  return r;
}

/* y_k for k = last down to first; those of an absorbing product wait in y until all are seen. */
INLINE void short_vector(const jk_call *c, const jk_series *f, const jk_series *l, span s, int T, int absorbs, V *const x[7],
                         ptrdiff_t i) {
  int upwards = f == &c->in[0], low = l->low, top = upwards ? s.db : s.da, k = s.last;
  V e[3], w[3], r, *y = x[2], sum = v_set(0);
  UNROLL for (int j = 0; j < T; j++) {
    int at = k + 1 - f->low - j;
    e[j] = v_load(f->plane[f->low + j] + i);
    w[j] = at >= low && at <= top ? v_load(l->plane[at] + i) : v_set(0);
  }
#define SHORT_STEP(from, whole)                                                                                      \
  for (; k >= s.first && k >= (from); k--) {                                                                         \
    int q = k - f->low;                                                                                              \
    UNROLL for (int j = 0; j < T - 1; j++) w[j] = w[j + 1];                                                          \
    if (whole || (q - T + 1 >= low && q - T + 1 <= top)) w[T - 1] = v_load(l->plane[q - T + 1] + i);                 \
    r = whole ? short_sum(e, w, T, upwards) : short_edge(e, w, T, upwards, q, low, top);                             \
    if (absorbs) y[k] = r, sum = v_fma(r, v_set(0), sum);                                                            \
    else v_store(c->out[0].plane[k] + i, r);                                                                         \
  }
  SHORT_STEP(f->low + top + 1, 0)
  SHORT_STEP(f->low + low + T - 1, 1)
  SHORT_STEP(s.first, 0)
#undef SHORT_STEP
  if (!absorbs) return;
  if (v_any(~(M)(sum == 0))) product_vector(c, 1, x, i, W);
  else for (k = s.first; k <= s.last; k++) v_store(c->out[0].plane[k] + i, y[k]);
}

/* How many coefficients the shorter factor has, if few enough. */
INLINE int short_terms(span s) {
  int a = s.da - s.la + 1, b = s.db - s.lb + 1, t = a < b ? a : b;
  return t == 2 || t == 3 ? t : 0;
}

/* ---- both factors with all coefficients, and many of them ------------------------------------------------------------- */

enum { BAND = VECTOR == 64 ? 8 : 6 }; /* sums side by side, straight from the planes: what the registers hold */

/* a_i w_j for the sums from j = d on, after w has moved on by one */
#define BAND_STEP(i, d)                                                                                              \
  {                                                                                                                  \
    V e = v_load(a[i] + at);                                                                                         \
    UNROLL for (int j = d; j < BAND; j++) y[j] = v_fma(e, w[j], y[j]);                                               \
  }
#define BAND_SHIFT UNROLL for (int j = BAND - 1; j > 0; j--) w[j] = w[j - 1];

/* y_j = (ab)_{k+j}, j < BAND: all have terms up to i = k, and then one has a term more than the other. */
INLINE void band(V *y, real *const *a, real *const *b, int k, ptrdiff_t at) {
  V w[BAND], e = v_load(a[0] + at);
  UNROLL for (int j = 0; j < BAND; j++) w[j] = v_load(b[k + j] + at), y[j] = e * w[j];
  _Pragma("GCC unroll 4") for (int i = 1; i <= k; i++) {
    BAND_SHIFT
    w[0] = v_load(b[k - i] + at);
    BAND_STEP(i, 0)
  }
  UNROLL for (int d = 1; d < BAND; d++) {
    BAND_SHIFT
    BAND_STEP(k + d, d)
  }
}

/* From the top down, because results may lie where the factors do. */
static void long_lanes(const jk_call *c, int absorbs, ptrdiff_t n) {
  real *const *a = c->in[0].plane, *const *b = c->in[1].plane, *const *to = c->out[0].plane;
  for (ptrdiff_t at = 0; at < n; at += W) {
    int k = c->k1 - BAND;
    V y[BAND];
    band(y, a, b, k, at);
    if (absorbs && v_any(~(M)(y[BAND - 1] * 0 == 0))) {
      absorb(c, at);
      continue;
    }
    for (; k > 0; k -= BAND) {
      UNROLL for (int j = 0; j < BAND; j++) v_store(to[k + j] + at, y[j]);
      band(y, a, b, k > BAND ? k - BAND : 0, at);
    }
    UNROLL for (int j = 0; j < BAND; j++) if (j < k + BAND) v_store(to[j] + at, y[j]);
  }
}

/* 16 registers hold less of an unrolled product than of a band. */
INLINE int is_long(const jk_call *c) {
  return !c->k0 && c->k1 > (VECTOR == 32 ? 13 : PRODUCT_FIXED + 1) && full(&c->in[0], c->k1) && full(&c->in[1], c->k1);
}

/* ---- one coefficient, as a sweep that is resumed for it wants ---------------------------------------------------------------

   The same chain straight from the planes: copies of all lower coefficients would cost more than it does. Some vectors side by side,
   a vector or less, or a lane by itself, as numbers. */
#define PRODUCT_ONE(name, L, load, fma, COUNT, STEP)                                                                 \
  INLINE void product_##name(L *r, real *const *a, real *const *b, int k, int lo, int hi, ptrdiff_t at, ptrdiff_t m) { \
    UNROLL for (int v = 0; v < COUNT; v++) r[v] = load(a[lo] + at + v * STEP, m) * load(b[k - lo] + at + v * STEP, m); \
    for (int i = lo + 1; i <= hi; i++) {                                                                             \
      const real *pa = a[i] + at, *pb = b[k - i] + at;                                                               \
      UNROLL for (int v = 0; v < COUNT; v++) r[v] = fma(load(pa + v * STEP, m), load(pb + v * STEP, m), r[v]);       \
    }                                                                                                                \
  }
enum { SIDE = 4 }; /* vectors side by side */
PRODUCT_ONE(some, V, v_load_n, v_fma, SIDE, W)
PRODUCT_ONE(lanes, V, v_load_n, v_fma, 1, W)
PRODUCT_ONE(lane, real, r_load, r_fma, 1, 1)

INLINE int is_one(const jk_call *c) { return c->k0 && c->k1 == c->k0 + 1 && c->k0 >= c->out[0].low && c->k0 <= c->out[0].degree; }

static void __attribute__((noinline, cold)) absorb_one(const jk_call *c, ptrdiff_t i, ptrdiff_t m) {
  V *x[7];
  work_arrays(c, x);
  product_vector(c, 1, x, i, m);
}

INLINE void store_one(const jk_call *c, int absorbs, V r, ptrdiff_t i, ptrdiff_t m) {
  if (absorbs && v_any(~(M)(r * 0 == 0))) absorb_one(c, i, m);
  else v_store_n(c->out[0].plane[c->k0] + i, r, m);
}

INLINE void product_one(const jk_call *c, int absorbs) {
  real *const *a = c->in[0].plane, *const *b = c->in[1].plane;
  span s = span_of(c);
  int k = c->k0, lo = span_lo(s, k), hi = span_hi(s, k);
  ptrdiff_t i = 0, n = c->n;
  V r[SIDE];
  if (lo > hi) {
    for (; i < n; i++) c->out[0].plane[k][i] = 0;
  } else if (n == 1) {
    real one;
    product_lane(&one, a, b, k, lo, hi, 0, 1);
    if (absorbs && !(one * 0 == 0)) absorb_one(c, 0, 1);
    else c->out[0].plane[k][0] = one;
  } else {
    for (; i + SIDE * W <= n; i += SIDE * W) {
      product_some(r, a, b, k, lo, hi, i, W);
      UNROLL for (int v = 0; v < SIDE; v++) store_one(c, absorbs, r[v], i + v * W, W);
    }
    for (; i < n; i += W) {
      ptrdiff_t m = n - i < W ? n - i : W;
      product_lanes(r, a, b, k, lo, hi, i, m);
      store_one(c, absorbs, r[0], i, m);
    }
  }
}

#define PRODUCT_KERNEL(name, absorbs)                                                                                \
  /* the lanes done: whole vectors, or none */                                                                       \
  static ptrdiff_t name##_short(const jk_call *c, V *const x[7], span s) {                                           \
    int t = short_terms(s), first = s.da - s.la <= s.db - s.lb;                                                      \
    const jk_series *f = &c->in[!first], *l = &c->in[first];                                                         \
    ptrdiff_t i = 0, n = t ? c->n / W * W : 0;                                                                       \
    if (t == 2 && first) for (; i < n; i += W) short_vector(c, &c->in[0], &c->in[1], s, 2, absorbs, x, i);           \
    else if (t == 2) for (; i < n; i += W) short_vector(c, &c->in[1], &c->in[0], s, 2, absorbs, x, i);               \
    else for (; i < n; i += W) short_vector(c, f, l, s, 3, absorbs, x, i);                                           \
    return i;                                                                                                        \
  }                                                                                                                  \
  static void __attribute__((noinline)) name##_one(const jk_call *c) { product_one(c, absorbs); }                    \
  static void name##_kernel(jk_call *c, head_fn *head) {                                                             \
    static product_fn *const fixed[] = {EACH_PRODUCT(name##_NAME)};                                                  \
    (void)head;                                                                                                      \
    if (is_one(c)) {                                                                                                 \
      name##_one(c);                                                                                                 \
      return;                                                                                                        \
    }                                                                                                                \
    V *x[7];                                                                                                         \
    work_arrays(c, x);                                                                                               \
    ptrdiff_t i = 0;                                                                                                 \
    int f = is_long(c) ? -1 : product_fixed(c, 2);                                                                   \
    if (f == 0 && c->n < W) single_vector(c->out[0].plane[0], c->in[0].plane[0], c->in[1].plane[0], absorbs, c->n);  \
    else if (f >= 0) run_fixed(c, 2, fixed[f]);                                                                      \
    if (f >= 0) return;                                                                                              \
    if (c->in[1].low == c->in[1].degree) single(c, &c->in[1], &c->in[0], absorbs), i = c->n;                    \
    else if (c->in[0].low == c->in[0].degree) single(c, &c->in[0], &c->in[1], absorbs), i = c->n;                    \
    else if (is_long(c)) long_lanes(c, absorbs, i = c->n / W * W);                                                   \
    else i = name##_short(c, x, span_of(c));                                                                         \
    for (; i < c->n; i += W) product_vector(c, absorbs, x, i, c->n - i < W ? c->n - i : W);                          \
  }
#define mul_NAME(K, k0) mul_##k0##_##K,
#define mulz_NAME(K, k0) mulz_##k0##_##K,
PRODUCT_KERNEL(mul, 0)
PRODUCT_KERNEL(mulz, 1) /* the product of pullbacks and of xlogy */
