/* drive.h - one vector of lanes through a row: load, coefficient 0, recurrence, redo what is not finite, store. Included twice
   by kernels.c: with loops unrolled over the arrays of a fixed order, and over work memory for any order. */

typedef void RULE(fn)(L *a, L *b, L *y, L *g, L *h, L *t, L *u, int da, int db, int k0, int k1, real p, real q);

INLINE void RULE(load)(L *x, const jk_series *s, int k1, ptrdiff_t i, ptrdiff_t m) {
  LOOP for (int k = 0; k < k1; k++) x[k] = k < s->low || k > s->degree ? v_set(0) : v_load_n(s->plane[k] + i, m);
}

INLINE void RULE(load_lower)(L *x, const jk_series *s, int k0, ptrdiff_t i, ptrdiff_t m) {
  LOOP for (int k = 0; k < k0; k++) x[k] = v_load_n(s->plane[k] + i, m);
}

INLINE void RULE(store)(const L *x, const jk_series *s, int k0, int k1, ptrdiff_t i, ptrdiff_t m) {
  if (!s->plane) return;
  LOOP for (int k = k0; k < k1; k++) v_store_n(s->plane[k] + i, x[k], m);
}

/* x: a, b, y, g, h, t, u */
INLINE void RULE(sweep)(jk_call *c, int nin, int nout, int seen, head_fn *head, RULE(fn) *rule, force_fn *force,
                        L *const x[7], int k0, int k1, ptrdiff_t i, ptrdiff_t m) {
  int da = DEGREE(&c->in[0], k1), db = nin > 1 ? DEGREE(&c->in[1], k1) : 0;
  L *const *r = x + 2;
  for (int j = 0; j < nin; j++) RULE(load)(x[j], &c->in[j], k1, i, m);
  if (k0 == 0) {
    V v[JK_MAX_OUT] = {x[0][0], x[0][0], x[0][0]};
    head(x[0][0], nin > 1 ? x[1][0] : v_set(0), v, (real)c->c);
    for (int j = 0; j < nout; j++) r[j][0] = v[j];
  } else {
    for (int j = 0; j < nout; j++) RULE(load_lower)(r[j], &c->out[j], k0, i, m);
  }
  if (k1 > 1 || nout > 1) /* nothing is left of coefficient 0 but spares */
    rule(x[0], nin > 1 ? x[1] : x[0], r[0], r[1], r[2], x[5], x[6], da, db, k0 ? k0 : 1, k1, p_of(c), (real)jk_rows[c->row].q);
  for (int j = 0; j < nout; j++) RULE(store)(r[j], &c->out[j], k0, k1, i, m);
  if (k1 == 1 && c->order) return;
  V zero = r[0][k1 - 1] * 0;
  for (int j = 1; j < seen; j++) zero += r[j][k1 - 1] * 0;
  M bad = ~(M)(zero == 0) & (M)(r[0][0] == r[0][0]);
  if (force) bad |= force(x[0][0], nin > 1 ? x[1][0] : v_set(0));
  if (v_any(bad)) redo(c, x, nin, nout, seen, k1, i, m, bad);
}
