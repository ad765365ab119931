/* numbers_product.c - products of matrices on numbers. */
#include "numbers.h"
#include "matmul.h"

#include <stdint.h>
#include <string.h>

/* ---- y (+)= a b for matrices ------------------------------------------------------------------------------------- */

/* Rows from..to-1 of n, multiples of 8, that part `part` of `parts` has. */
static ptrdiff_t share(ptrdiff_t n, const cut *c, int part) { return part == c->parts ? n : n / 8 * part / c->parts * 8; }

/* A vector that meets rows in memory: products of each with it. Decided by the whole product, so that parts have its bits. */
static int is_dots(const sizes *s, int flags) {
  return s->n == 1 ? !(flags & TRANSPOSE_A) : s->m == 1 && (flags & TRANSPOSE_B);
}

static void dots(const piece *p, real *y, const real *a, const real *b, const sizes *s, int add, const cut *c) {
  ptrdiff_t rows = s->n == 1 ? s->m * c->copies : s->n, first = share(rows, c, c->part);
  const real *matrix = s->n == 1 ? a : b, *x = s->n == 1 ? b : a;
  p->set->dots(y + first, matrix + first * s->k, x, share(rows, c, c->part + 1) - first, s->k, s->k, add);
}

/* Parts are rows of the result, or columns where there are more of them. */
static void product(const piece *p, real *y, const real *a, const real *b, const sizes *s, int add, const cut *c) {
  int ta = p->with.k & TRANSPOSE_A, tb = p->with.k & TRANSPOSE_B;
  jk_gemm g = {y, a, b, s->m, s->n, s->k, s->n, ta ? 1 : s->k, ta ? s->m : 1, tb ? 1 : s->n, tb ? s->k : 1, add, p->scratch};
  if (is_dots(s, p->with.k)) {
    dots(p, y, a, b, s, add, c);
    return;
  }
  *(c->inner ? &g.k : &g.m) *= c->copies;
  if (g.n == 1) { /* the transpose: a is read as it lies */
    jk_gemm t = {y, b, a, 1, g.m, g.k, g.m, 1, g.b_row, g.a_column, g.a_row, add, g.work};
    g = t;
  }
  int by_rows = g.m >= g.n;
  ptrdiff_t all = by_rows ? g.m : g.n, first = share(all, c, c->part), count = share(all, c, c->part + 1) - first;
  if (!count) return;
  *(by_rows ? &g.m : &g.n) = count;
  g.y += first * (by_rows ? g.y_row : 1);
  if (by_rows) g.a += first * g.a_row;
  else g.b += first * g.b_column;
  p->set->gemm(&g);
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
  if (p->out.rank != 2 || !p->out.size) return 0;
  if (inner) return p->with.k == TRANSPOSE_A;
  return !(p->with.k & TRANSPOSE_A) && !(p->with.k & TRANSPOSE_B && p->out.dims[0] == 1);
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

size_t scratch_matmul(const piece *p) {
  const sizes s = sizes_of(&p->in[0], &p->in[1], p->with.k);
  ptrdiff_t any = PTRDIFF_MAX / 2;
  int many = p->directions > 1;
  return p->set->gemm_work(many || s.n == 1 ? any : s.m, s.n == 1 ? s.m : s.n, many ? any : s.k);
}
