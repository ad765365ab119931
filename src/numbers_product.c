/* numbers_product.c - products of matrices on numbers, by BLAS where it is there. */
#include "numbers.h"
#include "matmul.h"

#include <string.h>

#if JETS_BLAS
#include <cblas.h>
#endif

/* ---- y (+)= a b for matrices ------------------------------------------------------------------------------------- */

#if JETS_BLAS
/* y (+)= the matrix a, rows x columns in memory, or its transpose, times x. y is cleared here: some versions of
   OpenBLAS's gemv multiply what is there by a beta of 0, and 0 times NaN is NaN. */
static void vector_product(real *y, const real *a, const real *x, int rows, int columns, int transposed, int add) {
  if (!add) memset(y, 0, (size_t)(transposed ? columns : rows) * sizeof *y);
  REAL(cblas_dgemv, cblas_sgemv)(CblasRowMajor, transposed ? CblasTrans : CblasNoTrans, rows, columns, 1, a, columns, x, 1, 1, y, 1);
}

static void product(real *y, const real *a, const real *b, const sizes *s, int flags, int add) {
  int m = (int)s->m, k = (int)s->k, n = (int)s->n, ta = flags & TRANSPOSE_A, tb = flags & TRANSPOSE_B;
  if (n == 1) vector_product(y, a, b, ta ? k : m, ta ? m : k, ta, add);
  else if (m == 1) vector_product(y, b, a, tb ? n : k, tb ? k : n, !tb, add);
  else
    REAL(cblas_dgemm, cblas_sgemm)(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, m, n, k, 1, a,
                                   ta ? m : k, b, tb ? k : n, (real)add, y, n);
}
#else
static void product(real *y, const real *a, const real *b, const sizes *s, int flags, int add) {
  ptrdiff_t a_row = flags & TRANSPOSE_A ? 1 : s->k, a_column = flags & TRANSPOSE_A ? s->m : 1;
  ptrdiff_t b_row = flags & TRANSPOSE_B ? 1 : s->n, b_column = flags & TRANSPOSE_B ? s->k : 1;
  if (!add) memset(y, 0, (size_t)(s->m * s->n) * sizeof *y);
  for (ptrdiff_t i = 0; i < s->m; i++)
    for (ptrdiff_t l = 0; l < s->k; l++)
      for (ptrdiff_t j = 0; j < s->n; j++) y[i * s->n + j] += a[i * a_row + l * a_column] * b[l * b_row + j * b_column];
}
#endif

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

void pair_matmul(const piece *p, real *y, const real *a, const real *b, int add) {
  const sizes s = sizes_of(&p->in[0], &p->in[1], p->with.k);
  ptrdiff_t in_a[JET_MAX_RANK], in_b[JET_MAX_RANK], index[JET_MAX_RANK] = {0};
  if (p->out.size == 0) return;
  if (s.k == 0) {
    if (!add) memset(y, 0, (size_t)p->out.size * sizeof *y);
    return;
  }
  batch_strides(&p->in[0], p->out.rank, in_a);
  batch_strides(&p->in[1], p->out.rank, in_b);
  for (int i;; y += s.m * s.n) {
    product(y, a, b, &s, p->with.k, add);
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
