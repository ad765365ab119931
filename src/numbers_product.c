/* numbers_product.c - products of matrices on numbers, by BLAS where it is there. */
#include "numbers.h"
#include "matmul.h"

#include <limits.h>
#include <string.h>

#if JETS_BLAS
#include <cblas.h>
#include <f77blas.h>
#endif

/* ---- y (+)= a b for matrices ------------------------------------------------------------------------------------- */

typedef struct matrices { /* y [m,n], row by row; a [m,k] and b [k,n], or their transposes in memory */
  ptrdiff_t m, n, k, a_row, b_row; /* from one row in memory to the next */
  int ta, tb, add;
} matrices;

#if JETS_BLAS
int numbers_share_products(void) { return openblas_get_num_threads() == 1; }

/* By BLAS's Fortran names, to which matrices are those of columns, each other's transposes: y^T = b^T a^T. The cblas_ ones are in GSL's
   BLAS too, and in a program that is linked with that first they would be its loops. */
static char *form(int transposed) { return transposed ? (char *)"T" : (char *)"N"; }

static void multiply(const matrices *g, real *y, const real *a, const real *b, ptrdiff_t y_row) {
  blasint m = (blasint)g->m, n = (blasint)g->n, k = (blasint)g->k, ai = (blasint)g->a_row, bi = (blasint)g->b_row, yi = (blasint)y_row;
  real one = 1, beta = (real)g->add;
  REAL(dgemm_, sgemm_)(form(g->tb), form(g->ta), &n, &m, &k, &one, (real *)b, &bi, (real *)a, &ai, &beta, y, &yi);
}

/* y (+)= a x, and y is cleared here: some versions of OpenBLAS's gemv multiply what is there by a beta of 0, and 0 times NaN is NaN. */
static void multiply_vector(const matrices *g, real *y, const real *a, const real *x) {
  blasint rows = (blasint)(g->ta ? g->m : g->k), columns = (blasint)(g->ta ? g->k : g->m), ai = (blasint)g->a_row, step = 1;
  real one = 1;
  if (!g->add) memset(y, 0, (size_t)g->m * sizeof *y);
  REAL(dgemv_, sgemv_)(form(!g->ta), &rows, &columns, &one, (real *)a, &ai, (real *)x, &step, &one, y, &step);
}
#else
int numbers_share_products(void) { return 1; }

static void multiply(const matrices *g, real *y, const real *a, const real *b, ptrdiff_t y_row) {
  ptrdiff_t ai = g->ta ? 1 : g->a_row, al = g->ta ? g->a_row : 1, bl = g->tb ? 1 : g->b_row, bj = g->tb ? g->b_row : 1;
  for (ptrdiff_t i = 0; i < g->m; i++, y += y_row) {
    if (!g->add) memset(y, 0, (size_t)g->n * sizeof *y);
    for (ptrdiff_t l = 0; l < g->k; l++)
      for (ptrdiff_t j = 0; j < g->n; j++) y[j] += a[i * ai + l * al] * b[l * bl + j * bj];
  }
}

static void multiply_vector(const matrices *g, real *y, const real *a, const real *x) { multiply(g, y, a, x, 1); }
#endif

/* Rows of the result, or columns where there are more, that are one call: fixed, so that bits do not depend on how many share them. */
enum { PART = 512 };

static void product(const piece *p, real *y, const real *a, const real *b, const sizes *s, int add, const cut *c) {
  const int ta = p->with.k & TRANSPOSE_A, tb = p->with.k & TRANSPOSE_B ? 1 : 0;
  const ptrdiff_t m = c->inner ? s->m : s->m * c->copies, k = c->inner ? s->k * c->copies : s->k, n = s->n;
  const int by_rows = n == 1 || (m > 1 && m >= n);
  const ptrdiff_t all = by_rows ? m : n;
  for (ptrdiff_t first = (ptrdiff_t)c->part * PART; first < all; first += (ptrdiff_t)c->parts * PART) {
    const ptrdiff_t count = all - first < PART ? all - first : PART;
    const matrices g = {by_rows ? count : m, by_rows ? n : count, k, ta ? m : k, tb ? k : n, ta, tb, add};
    const matrices transpose = {count, 1, k, tb ? k : n, 1, !tb, 0, add}; /* of a row: b^T a^T */
    const real *row = a + first * (ta ? 1 : k), *column = b + first * (tb ? k : 1);
    if (n == 1) multiply_vector(&g, y + first, row, b);
    else if (m == 1) multiply_vector(&transpose, y + first, column, a);
    else if (by_rows) multiply(&g, y + first * n, row, b, n);
    else multiply(&g, y + first, a, column, n);
  }
}

/* ---- batches: the axes before the last two, which broadcast ------------------------------------------------------ */

/* From one matrix of x to the next along axis i of the result's batch. */
static void batch_strides(const shape *x, int rank, ptrdiff_t stride[]) {
  ptrdiff_t size = x->dims[x->rank - 2] * x->dims[x->rank - 1];
  for (int i = rank - 3; i >= 0; i--) {
    int j = i - (rank - x->rank);
    ptrdiff_t extent = j < 0 ? 1 : x->dims[j];
    stride[i] = extent == 1 ? 0 : size;
    size *= extent;
  }
}

/* Directions that lie one after the other are more rows of a, or more terms of a^T b. */
int stacks_matmul(const piece *p, int inner) {
  const sizes s = sizes_of(&p->in[0], &p->in[1], p->with.k);
  if (p->out.rank != 2 || !p->out.size || s.k > INT_MAX / p->directions) return 0;
  return inner ? p->with.k == TRANSPOSE_A : !(p->with.k & TRANSPOSE_A) && s.m > 1;
}

void pair_matmul(const piece *p, real *y, const real *a, const real *b, int add, const cut *c) {
  const sizes s = sizes_of(&p->in[0], &p->in[1], p->with.k);
  ptrdiff_t in_a[JET_MAX_RANK], in_b[JET_MAX_RANK], index[JET_MAX_RANK] = {0};
  if (p->out.size == 0) return;
  if (s.k == 0) {
    if (!add && !c->part) memset(y, 0, (size_t)(p->out.size * (c->inner ? 1 : c->copies)) * sizeof *y);
    return;
  }
  batch_strides(&p->in[0], p->out.rank, in_a);
  batch_strides(&p->in[1], p->out.rank, in_b);
  for (int i;; y += s.m * s.n) {
    product(p, y, a, b, &s, add, c);
    for (i = p->out.rank - 3; i >= 0; i--) {
      a += in_a[i];
      b += in_b[i];
      if (++index[i] < p->out.dims[i]) break;
      a -= in_a[i] * index[i];
      b -= in_b[i] * index[i];
      index[i] = 0;
    }
    if (i < 0) return;
  }
}
