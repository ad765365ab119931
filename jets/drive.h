/* drive.h - lanes through a row. Coefficient 0 of some vectors at a time (a call of the vector libm leaves no register as it was,
   and several of them overlap); then the recurrence, a vector with all its coefficients in turn: unrolled, in registers, or for any
   order over work memory. Where that meets a singular point, lanes are redone one by one. */

typedef M force_fn(V a, V b); /* lanes to redo whatever the result looks like */
typedef void any_fn(V *a, V *b, V *y, V *g, V *h, V *t, V *u, int da, int db, int k0, int k1, real p, real q);

/* ---- any order ------------------------------------------------------------------------------------------------------ */

INLINE void load_any(V *x, const jk_series *s, int k1, ptrdiff_t i, ptrdiff_t m) {
  for (int k = 0; k < k1; k++) x[k] = k < s->low || k > s->degree ? v_set(0) : v_load_n(s->plane[k] + i, m);
}

INLINE void store_any(const V *x, const jk_series *s, int k0, int k1, ptrdiff_t i, ptrdiff_t m) {
  if (!s->plane) return;
  for (int k = k0; k < k1; k++) v_store_n(s->plane[k] + i, x[k], m);
}

INLINE void work_arrays(const jk_call *c, V *x[7]) {
  for (int j = 0; j < 7; j++) x[j] = (V *)c->work + j * (c->order + 1);
}

/* Up to JK_UNROLLED the zeros that an unrolled sweep would add too, for the same bits. */
INLINE int degree_any(const jk_call *c, const jk_series *s) {
  return c->order <= JK_UNROLLED && s->degree > 0 ? c->k1 - 1 : degree_of(s, c->k1);
}

/* What is not finite, and does not come from coefficient 0 that is NaN. */
INLINE M bad_lanes(V y0, V sum, force_fn *force, V a0, V b0) {
  M bad = ~(M)(sum == 0) & (M)(y0 == y0);
  return force ? (M)(bad | force(a0, b0)) : bad;
}

/* m lanes at i. head: coefficient 0 of result j in head[j * HEADS], if the sweep begins with it. */
INLINE void sweep_any(jk_call *c, int nin, int nout, int seen, any_fn *rule, force_fn *force, const V *head, ptrdiff_t i,
                      ptrdiff_t m) {
  V *x[7];
  work_arrays(c, x);
  V **r = x + 2, *b = nin > 1 ? x[1] : x[0];
  for (int j = 0; j < nin; j++) load_any(x[j], &c->in[j], c->k1, i, m);
  for (int j = 0; j < nout; j++)
    for (int k = 0; k < c->k0 || k == 0; k++) r[j][k] = c->k0 ? v_load_n(c->out[j].plane[k] + i, m) : head[j * HEADS];
  if (c->k1 > 1)
    rule(x[0], b, r[0], r[1], r[2], x[5], x[6], degree_any(c, &c->in[0]), nin > 1 ? degree_any(c, &c->in[1]) : 0,
         c->k0 ? c->k0 : 1, c->k1, p_of(c), (real)jk_rows[c->row].q);
  for (int j = 0; j < nout; j++) store_any(r[j], &c->out[j], c->k0, c->k1, i, m);
  if (c->k1 == 1 && c->order) return;
  V sum = r[0][c->k1 - 1] * 0;
  for (int j = 1; j < seen; j++) sum += r[j][c->k1 - 1] * 0;
  M bad = bad_lanes(r[0][0], sum, force, x[0][0], nin > 1 ? x[1][0] : v_set(0));
  if (v_any(bad)) redo(c, x, nin, nout, seen, c->k1, i, m, bad);
}

/* ---- unrolled orders ------------------------------------------------------------------------------------------------ */

/* Sweeps from coefficient 0 are unrolled for the orders up to 8 and some beyond; others up to JK_UNROLLED go with zeros to the
   next one, since a coefficient takes no notice of higher ones. From coefficient 1, for directions: orders 1 and 2. */
enum { DIRECTIONS_FIXED = 2 };
#define EACH_FIXED(f, ...)                                                                                           \
  f(__VA_ARGS__, 1, 0) f(__VA_ARGS__, 2, 0) f(__VA_ARGS__, 3, 0) f(__VA_ARGS__, 4, 0) f(__VA_ARGS__, 5, 0)           \
  f(__VA_ARGS__, 6, 0) f(__VA_ARGS__, 7, 0) f(__VA_ARGS__, 8, 0) f(__VA_ARGS__, 12, 0) f(__VA_ARGS__, 16, 0)         \
  f(__VA_ARGS__, 1, 1) f(__VA_ARGS__, 2, 1)
#define COUNT_FIXED(unused, K, k0) +1
enum { SIZES = EACH_FIXED(COUNT_FIXED, 0) };
#define ORDER_FIXED(unused, K, k0) K,
#define START_FIXED(unused, K, k0) k0,
#define LEAST_FIXED(K) ((K) <= 8 ? (K) : (K)-3) /* the lowest order that comes to it */
static const signed char order_fixed[] = {EACH_FIXED(ORDER_FIXED, 0)}, start_fixed[] = {EACH_FIXED(START_FIXED, 0)};

/* Some vectors of a call, or what is left of one, from lane i on, with planes for all that an unrolled sweep reads and writes: zeros
   where an input lacks one, `unwanted` where nobody keeps a result. Vectors may alias any pointer, so a sweep reads these again for
   each of its own: they are many, and in registers they cost more. */
typedef struct piece {
  jk_call *call;
  ptrdiff_t i, n;
  const real *in[JK_MAX_IN][JK_UNROLLED + 1];
  real *out[JK_MAX_OUT][JK_UNROLLED + 1];
  V head[JK_MAX_OUT * HEADS], unwanted[HEADS];
} piece;

typedef void piece_fn(const piece *);
typedef void lanes_fn(jk_call *c, const V *head, ptrdiff_t i, ptrdiff_t n); /* sweep_any of a rule, for n lanes */

typedef struct sweeper sweeper;
typedef void resumed_fn(jk_call *c, const sweeper *s);

struct sweeper { /* what a rule's kernel consists of */
  int nin, nout, seen;
  force_fn *force;
  lanes_fn *any;
  resumed_fn *resumed; /* for one coefficient, or NULL */
  piece_fn *fixed[SIZES];
};

/* The unrolled sweep that takes the call, -1 if none; short inputs filled up with zeros. The same bits come from sweep_any. */
static int unrolled(const jk_call *c, const sweeper *s) {
  if (c->k0 > 1 || c->k1 < 2 || c->k1 > JK_UNROLLED + 1 || (c->k0 && c->k1 > DIRECTIONS_FIXED + 1)) return -1;
  for (int j = 0; j < s->nin; j++)
    if (c->in[j].low || c->in[j].degree < (c->order > JK_UNROLLED ? c->k1 - 1 : 1)) return -1;
  int f = 0;
  while (start_fixed[f] != c->k0 || order_fixed[f] < c->k1 - 1) f++;
  return f;
}

static const V no_plane[HEADS] = {{0}};

static void find_planes(piece *p, const sweeper *s, int order) {
  const jk_call *c = p->call;
  for (int j = 0; j < s->nin; j++) {
    int known = c->in[j].degree < c->k1 ? c->in[j].degree : c->k1 - 1;
    for (int k = 0; k <= known; k++) p->in[j][k] = c->in[j].plane[k] + p->i;
    for (int k = known + 1; k <= order; k++) p->in[j][k] = (const real *)no_plane;
  }
  for (int j = 0; j < s->nout; j++) {
    int kept = c->out[j].plane ? c->k1 : 0;
    for (int k = 0; k < kept; k++) p->out[j][k] = c->out[j].plane[k] + p->i;
    for (int k = kept; k <= order; k++) p->out[j][k] = (real *)p->unwanted;
  }
}

/* Coefficient 0 is all there is: nothing is left to compute. */
static void only_heads(piece *p, const sweeper *s, const real *a, const real *b) {
  jk_call *c = p->call;
  for (ptrdiff_t l = 0; l < p->n; l += W) {
    ptrdiff_t m = p->n - l < W ? p->n - l : W;
    const V *y = p->head + l / W;
    V sum = y[0] * 0;
    for (int j = 1; j < s->seen; j++) sum += y[j * HEADS] * 0;
    if (!c->order && v_any(bad_lanes(y[0], sum, s->force, v_load(a + l), v_load(b + l)))) s->any(c, y, p->i + l, m);
    else
      for (int j = 0; j < s->nout; j++)
        if (c->out[j].plane) v_store_n(c->out[j].plane[0] + p->i + l, y[j * HEADS], m);
  }
}

/* Coefficient 0 of an input, whole vectors of it; to: where less than one is filled up. */
static const real *head_input(const piece *p, const jk_series *s, V *to) {
  if (s->low || s->degree < 0) return (const real *)no_plane;
  if (p->n >= W) return s->plane[0] + p->i;
  *to = v_load_n(s->plane[0] + p->i, p->n);
  return (const real *)to;
}

static void run_piece(piece *p, head_fn *head, const sweeper *s, int fixed) {
  jk_call *c = p->call;
  V first[2];
  const real *a = head_input(p, &c->in[0], &first[0]), *b = s->nin > 1 ? head_input(p, &c->in[1], &first[1]) : a;
  if (!c->k0) head(a, b, p->head, (real)c->c, p->n);
  if (fixed >= 0 && p->n >= W) {
    find_planes(p, s, order_fixed[fixed]);
    s->fixed[fixed](p);
  } else if (c->k1 == 1 && !c->k0) {
    only_heads(p, s, a, b);
  } else {
    s->any(c, p->head, p->i, p->n);
  }
}

static void __attribute__((noinline)) run_pieces(jk_call *c, head_fn *head, const sweeper *s, int fixed) {
  piece p;
  p.call = c;
  for (p.i = 0; p.i < c->n; p.i += p.n) {
    ptrdiff_t left = c->n - p.i;
    p.n = left < W ? left : left < HEADS * W ? left / W * W : HEADS * W;
    run_piece(&p, head, s, fixed);
  }
}

/* Whether the call is for one coefficient, and its inputs have all up to it. */
INLINE int resumes(const jk_call *c, const sweeper *s) {
  if (!s->resumed || !c->k0 || c->k1 != c->k0 + 1) return 0;
  for (int j = 0; j < s->nin; j++)
    if (!full(&c->in[j], c->k1)) return 0;
  return 1;
}

static void run_sweeper(jk_call *c, head_fn *head, const sweeper *s) {
  int fixed = unrolled(c, s);
  if (resumes(c, s) && (fixed < 0 || c->n < W)) s->resumed(c, s);
  else run_pieces(c, head, s, fixed);
}

/* r: what the recurrence gives for lanes i..i+m-1. Where it meets a singular point sweep_any begins again. */
INLINE void finish_resumed(jk_call *c, const sweeper *s, const V *r, int nin, int nout, int seen, force_fn *force, ptrdiff_t i,
                           ptrdiff_t m) {
  V y0 = v_load_n(c->out[0].plane[0] + i, m), sum = r[0] * 0;
  V a0 = force ? v_load_n(c->in[0].plane[0] + i, m) : y0, b0 = force && nin > 1 ? v_load_n(c->in[1].plane[0] + i, m) : a0;
  for (int j = 1; j < seen; j++) sum += r[j] * 0;
  if (v_any(bad_lanes(y0, sum, force, a0, b0))) s->any(c, NULL, i, m);
  else
    for (int j = 0; j < nout; j++) v_store_n(c->out[j].plane[c->k0] + i, r[j], m);
}

/* One coefficient of all lanes (top.h). */
#define RESUMED(rule, nin, nout, seen)                                                                               \
  static void rule##_resumed(jk_call *c, const sweeper *s) {                                                         \
    const real p = p_of(c), q = (real)jk_rows[c->row].q;                                                             \
    ptrdiff_t i = 0, n = c->n;                                                                                       \
    V r[JK_MAX_OUT];                                                                                                 \
    if (n == 1) {                                                                                                    \
      real one[JK_MAX_OUT];                                                                                          \
      rule##_top_number(c, one, c->k0, p, q, 0, 1);                                                                  \
      for (int j = 0; j < nout; j++) r[j] = v_set(one[j]);                                                           \
      finish_resumed(c, s, r, nin, nout, seen, force_##rule, 0, 1);                                                  \
      return;                                                                                                        \
    }                                                                                                                \
    for (; i + W <= n; i += W) {                                                                                     \
      rule##_top(c, r, c->k0, p, q, i, W);                                                                           \
      finish_resumed(c, s, r, nin, nout, seen, force_##rule, i, W);                                                  \
    }                                                                                                                \
    if (i == n) return;                                                                                              \
    rule##_top(c, r, c->k0, p, q, i, n - i);                                                                         \
    finish_resumed(c, s, r, nin, nout, seen, force_##rule, i, n - i);                                                \
  }

/* From coefficient k0 to K, of which the top one may be any from LEAST_FIXED on. */
#define FIXED(rule, nin, nout, seen, K, k0)                                                                          \
  static void rule##_##k0##_##K(const piece *p) {                                                                    \
    const real rule_p = p_of(p->call), rule_q = (real)jk_rows[p->call->row].q;                                       \
    for (ptrdiff_t l = 0; l < p->n; l += W) {                                                                        \
      V a[K + 1], b[K + 1], y[K + 1], g[K + 1], h[K + 1], t[K + 1], u[K + 1], *const r[JK_MAX_OUT] = {y, g, h};      \
      UNROLL for (int k = 0; k <= K; k++) a[k] = v_load(p->in[0][k] + l);                                            \
      if (nin > 1) UNROLL for (int k = 0; k <= K; k++) b[k] = v_load(p->in[1][k] + l);                               \
      UNROLL for (int j = 0; j < nout; j++) r[j][0] = k0 ? v_load(p->out[j][0] + l) : p->head[j * HEADS + l / W];    \
      V a0 = a[0], b0 = nin > 1 ? b[0] : v_set(0);                                                                   \
      rule##_fixed(a, nin > 1 ? b : a, y, g, h, t, u, K, K, 1, K + 1, rule_p, rule_q);                               \
      V sum = v_set(0);                                                                                              \
      UNROLL for (int j = 0; j < seen; j++)                                                                          \
        UNROLL for (int k = LEAST_FIXED(K); k <= K; k++) sum = v_fma(r[j][k], v_set(0), sum);                        \
      if (v_any(bad_lanes(y[0], sum, force_##rule, a0, b0))) rule##_lanes(p->call, p->head + l / W, p->i + l, W);    \
      else                                                                                                           \
        UNROLL for (int j = 0; j < nout; j++) UNROLL for (int k = k0; k <= K; k++) v_store(p->out[j][k] + l, r[j][k]);\
    }                                                                                                                \
  }
#define FIXED_NAME(rule, K, k0) rule##_##k0##_##K,
#define KERNEL_(rule, nin, nout, seen, resumed)                                                                      \
  static void __attribute__((noinline)) rule##_lanes(jk_call *c, const V *head, ptrdiff_t i, ptrdiff_t n) {          \
    for (ptrdiff_t end = i + n; i < end; i += W, head++)                                                             \
      sweep_any(c, nin, nout, seen, rule##_any, force_##rule, head, i, end - i < W ? end - i : W);                   \
  }                                                                                                                  \
  EACH_FIXED(FIXED, rule, nin, nout, seen)                                                                           \
  static const sweeper rule##_sweeper = {nin, nout, seen, force_##rule, rule##_lanes, resumed, {EACH_FIXED(FIXED_NAME, rule)}};  \
  static void rule##_kernel(jk_call *c, head_fn *head) { run_sweeper(c, head, &rule##_sweeper); }
#define KERNEL(rule, nin, nout, seen) KERNEL_(rule, nin, nout, seen, NULL)
#define RESUMED_KERNEL(rule, nin, nout, seen) RESUMED(rule, nin, nout, seen) KERNEL_(rule, nin, nout, seen, rule##_resumed)
