/* narrow.h - rows of float by those of double (compose.h), rounded at the end: their outer coefficients go up and down by powers of
   x/j and meet factorials, which float has not the range for. */

void JK_WIDE_ROW(const jk_wide *);

typedef struct narrowing { /* in work memory, behind what the rows of double take of it */
  double **x, **y;
} narrowing;

static narrowing narrow_planes(const jk_call *c) {
  int n = c->order + 1;
  double *numbers = (double *)((V *)c->work + 7 * n) + 7 * n, **planes = (double **)(void *)(numbers + 2 * JK_WIDE * n);
  for (int k = 0; k < 2 * n; k++) planes[k] = numbers + k * JK_WIDE;
  return (narrowing){planes, planes + n};
}

static void widen(double *y, const real *x, ptrdiff_t m) { /* zeros from m on */
  for (ptrdiff_t l = 0; l < JK_WIDE; l++) y[l] = l < m ? (double)x[l] : 0;
}

static void narrow_kernel(jk_call *c, head_fn *head) {
  (void)head;
  const jk_series *x = &c->in[0];
  narrowing p = narrow_planes(c);
  jk_wide w = {c->row, c->m, c->order, c->k0, c->k1, x->low, x->degree, p.x, p.y, c->work};
  for (ptrdiff_t i = 0; i < c->n; i += JK_WIDE) {
    ptrdiff_t m = c->n - i < JK_WIDE ? c->n - i : JK_WIDE;
    for (int k = x->low; k <= degree_of(x, c->k1); k++) widen(p.x[k], x->plane[k] + i, m);
    JK_WIDE_ROW(&w);
    for (int k = c->k0; k < c->k1; k++)
      for (ptrdiff_t l = 0; l < m; l++) c->out[0].plane[k][i + l] = (real)p.y[k][l];
  }
}

#define sinc_kernel narrow_kernel
#define exprel_kernel narrow_kernel
#define log1prel_kernel narrow_kernel
