/* kernels.c - all kernels of one instruction set and type, compiled once for each (JK_SET is its table). Elementwise: one vector of
   lanes at a time with all its coefficients. */
#include "kernel.h"
#include "heads.h"
#include "tile.h"

INLINE int degree_of(const jk_series *s, int k1) { /* not negative: a series without planes is loaded as zeros */
  return s->degree < 0 ? 0 : s->degree < k1 ? s->degree : k1 - 1;
}
INLINE int full(const jk_series *s, int k1) { return s->low == 0 && s->degree >= k1 - 1; }

/* The rule's constant p, for powers the call's. */
INLINE double exact_p(const jk_call *c) { return c->row == JK_powc || c->row == JK_cpow ? c->c : jk_rows[c->row].p; }
INLINE real p_of(const jk_call *c) { return (real)exact_p(c); }

/* ---- lanes that need more than arithmetic: to redo.c, one by one ------------------------------------------------ */

static void redo(jk_call *c, V *const x[7], int nin, int nout, int seen, int k1, ptrdiff_t i, ptrdiff_t m, M bad) {
  double *w = (double *)((V *)c->work + 7 * (c->order + 1)), *s[7];
  for (int j = 0; j < 7; j++) s[j] = w + j * (c->order + 1);
  for (int l = 0; l < m; l++) {
    if (!bad[l]) continue;
    for (int j = 0; j < nin; j++)
      for (int k = 0; k < k1; k++) s[j][k] = x[j][k][l];
    for (int j = 0; j < nout; j++) s[2 + j][0] = x[2 + j][0][l];
    jk_lane lane = {s[0], nin > 1 ? s[1] : NULL, {s[2], s[3], s[4]}, s[5], s[6], k1,
                    exact_p(c), jk_rows[c->row].q};
    int lost = jk_redo(c->row, &lane);
    if (lost > c->lost) c->lost = lost;
    for (int j = 0; j < nout; j++)
      for (int k = 0; k < k1 && c->out[j].plane; k++) {
        int hidden = j >= seen; /* NaN: every later piece of the sweep comes here again */
        if (k == 0 || !hidden) c->out[j].plane[k][i + l] = hidden ? x[2 + j][0][l] : (real)s[2 + j][k];
        else c->out[j].plane[k][i + l] = (real)NAN;
      }
  }
}

static M force_div(V a, V b) {
  (void)a;
  return (M)(b == 0);
}
static M force_recip(V a, V b) { return force_div(b, a); }
static M force_scaled(V a, V b) { /* squares that overflow, underflow or vanish */
  V x = v_max(v_abs(a), v_abs(b));
  return ~((M)(x > REAL(1e-140, 1e-14f)) & (M)(x < REAL(1e140, 1e16f)));
}
#define force_sqrt NULL
#define force_powc NULL
#define force_powp NULL
#define force_pow NULL
#define force_cpow NULL
#define force_hypot force_scaled
#define force_atan2 force_scaled
#define force_exp NULL
#define force_expm1 NULL
#define force_log NULL
#define force_sincos NULL
#define force_riccati NULL
#define force_softplus NULL
#define force_logaddexp NULL
#define force_atan NULL
#define force_asin NULL
#define force_erf NULL

/* ---- recurrences, unrolled and at any order ---------------------------------------------------------------------- */

#define L V
#define l_set v_set
#define l_abs v_abs
#define l_select(c, a, b) v_select((M)(c), a, b)
#define l_mul(a, b) ((a) * (b))
#define l_fma v_fma
#define l_fnma v_fnma
#define l_over(x, w0, r) ((x) * (r))

#define RULE(name) name##_fixed
#define LOOP UNROLL
#define L_TILES 0
#define l_ahead(s, fresh, g, d, k, n, first, degree) ((void)(s), (void)(n), 0)
#include "rules.h"
#undef l_ahead
#undef L_TILES
#undef RULE
#undef LOOP
#define RULE(name) name##_any
#define LOOP
#define L_TILES 1
#define l_ahead tile_ahead
#include "rules.h"
#undef RULE
#undef LOOP
#define l_load v_load_n
#define TOP(name) name##_top
#include "top.h"
#undef TOP
#undef l_load
#undef l_fnma
#undef l_fma
#undef l_select
#undef l_set
#undef L
#define L real
#define l_set(a) ((real)(a))
#define l_select(c, a, b) ((c) ? (a) : (b))
#define l_fma r_fma
#define l_fnma(a, b, c) r_fma(-(a), b, c)
#define l_load r_load
#define TOP(name) name##_top_number /* of a lane by itself */
#include "top.h"
#include "drive.h"

/* rule, inputs, results, and how many of these are seen: named, or derivatives of those. RESUMED: it is in top.h */
RESUMED_KERNEL(div, 2, 1, 1)
RESUMED_KERNEL(recip, 1, 1, 1)
RESUMED_KERNEL(sqrt, 1, 1, 1)
RESUMED_KERNEL(powc, 1, 1, 1)
RESUMED_KERNEL(powp, 1, 1, 1)
KERNEL(pow, 2, 3, 1)
KERNEL(cpow, 2, 2, 2)
KERNEL(hypot, 2, 2, 1)
KERNEL(atan2, 2, 2, 1)
RESUMED_KERNEL(exp, 1, 1, 1)
KERNEL(expm1, 1, 2, 2)
RESUMED_KERNEL(log, 1, 1, 1)
RESUMED_KERNEL(sincos, 1, 2, 2)
RESUMED_KERNEL(riccati, 1, 2, 2)
KERNEL(softplus, 1, 3, 3)
KERNEL(logaddexp, 2, 3, 1)
KERNEL(atan, 1, 2, 1)
KERNEL(asin, 1, 2, 1)
KERNEL(erf, 1, 2, 2)

#include "linear.h"
#include "product.h"
#include "square.h"
#include "select.h"
#if JETS_F32
#include "narrow.h"
#else
#include "compose.h"
#include "wide.h"
#endif
#include "reduce.h"

/* ---- the table --------------------------------------------------------------------------------------------------- */

#define head_none NULL
#define ONE(name) name
#define TWO(a, b) a##b
#define CONSTANT ONE
#define HIDDEN ONE
#define ROW(names, nin, nout, kind, rule, head, p, q, ...) ROW_(names, rule, head)
#define ROW_(name, rule, head) ROW__(name, rule, head)
#define ROW__(name, rule, head)                                                                                      \
  static void row_##name(jk_call *c) { rule##_kernel(c, head_##head); }
#include "functions.def"
#undef ROW__
#define ROW__(name, rule, head) row_##name,
extern const jk_set JK_SET;
#define TEXT(x) TEXT_(x)
#define TEXT_(x) #x
const jk_set JK_SET = {TEXT(JK_SET), W, {
#include "functions.def"
                                   },
                       reduce_sum, reduce_fill, reduce_add, reduce_sum_columns, reduce_sum_rows};
