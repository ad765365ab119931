/* gemm.h - products of matrices. Every element of the result is summed in the order of the inner index, in chains of GEMM_DEPTH that
   are added in turn: its bits depend on the instruction set, but not on what else is computed with it, nor on where the product
   is cut into parts. In the manner of Goto and van de Geijn (2008), "Anatomy of high-performance matrix multiplication": a
   tile of the result in registers, a strip of b in the first cache, a block of a in the second. */

enum {
  TILE_ROWS = VECTOR == 64 ? 8 : 4,
  TILE_VECTORS = 3,
  TILE_COLUMNS = TILE_VECTORS * W,
  GEMM_DEPTH = 3 * 1024 / TILE_COLUMNS, /* of a strip of 24 KB */
  BLOCK_ROWS = 96,
  BLOCK_COLUMNS = 32 * TILE_COLUMNS
};

/* c = sum over l < depth of a[l, 0..TILE_ROWS-1] b[l, 0..], `vectors` of each row */
INLINE void tile_sum(V c[TILE_ROWS][TILE_VECTORS], const real *a, const real *b, ptrdiff_t b_row, ptrdiff_t depth, int vectors) {
  UNROLL for (int i = 0; i < TILE_ROWS; i++) UNROLL for (int j = 0; j < vectors; j++) c[i][j] = v_set(0);
  for (ptrdiff_t l = 0; l < depth; l++, a += TILE_ROWS, b += b_row) {
    V x[TILE_VECTORS];
    UNROLL for (int j = 0; j < vectors; j++) x[j] = v_load(b + j * W);
    UNROLL for (int i = 0; i < TILE_ROWS; i++) {
      V s = v_set(a[i]);
      UNROLL for (int j = 0; j < vectors; j++) c[i][j] = v_fma(s, x[j], c[i][j]);
    }
  }
}

/* y (+)= c */
static void tile_whole(real *y, ptrdiff_t row, const real *a, const real *b, ptrdiff_t depth, int add) {
  V c[TILE_ROWS][TILE_VECTORS];
  tile_sum(c, a, b, TILE_COLUMNS, depth, TILE_VECTORS);
  UNROLL for (int i = 0; i < TILE_ROWS; i++)
    UNROLL for (int j = 0; j < TILE_VECTORS; j++) {
      real *to = y + i * row + j * W;
      if (add) c[i][j] = v_load(to) + c[i][j];
      v_store(to, c[i][j]);
    }
}

INLINE void store_part(real *y, V c, ptrdiff_t n, int add) {
  real t[W];
  memcpy(t, &c, sizeof t);
  for (ptrdiff_t i = 0; i < n; i++) y[i] = add ? y[i] + t[i] : t[i];
}

/* Of m rows and n columns, in as few vectors as these need. */
INLINE void tile_some(real *y, ptrdiff_t row, const real *a, const real *b, ptrdiff_t b_row, ptrdiff_t depth, int add, ptrdiff_t m,
                      ptrdiff_t n, int vectors) {
  V c[TILE_ROWS][TILE_VECTORS];
  tile_sum(c, a, b, b_row, depth, vectors);
  for (ptrdiff_t i = 0; i < m; i++, y += row)
    for (int j = 0; j < vectors; j++) store_part(y + j * W, c[i][j], n - j * W < W ? n - j * W : W, add);
}

static void tile_part(real *y, ptrdiff_t row, const real *a, const real *b, ptrdiff_t b_row, ptrdiff_t depth, int add, ptrdiff_t m,
                      ptrdiff_t n) {
  if (n <= W) tile_some(y, row, a, b, b_row, depth, add, m, n, 1);
  else if (n <= 2 * W) tile_some(y, row, a, b, b_row, depth, add, m, n, 2);
  else tile_some(y, row, a, b, b_row, depth, add, m, n, 3);
}

/* to[i / wide][l][i % wide] = x[i, l] for i < n, l < depth; what is missing of the last strip is zero. */
INLINE void pack(real *to, const real *x, ptrdiff_t stride_i, ptrdiff_t stride_l, ptrdiff_t n, ptrdiff_t depth, ptrdiff_t wide) {
  for (ptrdiff_t first = 0; first < n; first += wide, to += wide * depth, x += wide * stride_i) {
    ptrdiff_t m = n - first < wide ? n - first : wide;
    if (m < wide) memset(to, 0, (size_t)(wide * depth) * sizeof *to);
    if (stride_i == 1 && m == wide)
      for (ptrdiff_t l = 0; l < depth; l++)
        UNROLL for (ptrdiff_t i = 0; i < wide; i += W) v_store(to + l * wide + i, v_load(x + l * stride_l + i));
    else if (m == wide)
      for (ptrdiff_t l = 0; l < depth; l++)
        UNROLL for (ptrdiff_t i = 0; i < wide; i++) to[l * wide + i] = x[i * stride_i + l * stride_l];
    else
      for (ptrdiff_t l = 0; l < depth; l++)
        for (ptrdiff_t i = 0; i < m; i++) to[l * wide + i] = x[i * stride_i + l * stride_l];
  }
}

static void multiply_block(const jk_gemm *g, real *y, const real *a, const real *b, ptrdiff_t m, ptrdiff_t n, ptrdiff_t depth, int add) {
  for (ptrdiff_t j = 0; j < n; j += TILE_COLUMNS)
    for (ptrdiff_t i = 0; i < m; i += TILE_ROWS) {
      real *to = y + i * g->y_row + j;
      if (m - i >= TILE_ROWS && n - j >= TILE_COLUMNS) tile_whole(to, g->y_row, a + i * depth, b + j * depth, depth, add);
      else
        tile_part(to, g->y_row, a + i * depth, b + j * depth, TILE_COLUMNS, depth, add, m - i < TILE_ROWS ? m - i : TILE_ROWS,
                  n - j < TILE_COLUMNS ? n - j : TILE_COLUMNS);
    }
}

static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
static ptrdiff_t strips(ptrdiff_t n, ptrdiff_t wide) { return (n + wide - 1) / wide * wide; }

/* Fewer rows than a tile has: b is read once, where it lies. */
static int reads_in_place(const jk_gemm *g) { return g->m <= TILE_ROWS && g->b_column == 1 && g->n >= TILE_COLUMNS; }

static void multiply_in_place(const jk_gemm *g) {
  real *a = (real *)g->work, *b = a + TILE_ROWS * least(g->k, GEMM_DEPTH);
  for (ptrdiff_t l = 0; l < g->k; l += GEMM_DEPTH) {
    ptrdiff_t depth = least(g->k - l, GEMM_DEPTH), whole = g->n / TILE_COLUMNS * TILE_COLUMNS, rest = g->n - whole;
    const real *x = g->b + l * g->b_row;
    pack(a, g->a + l * g->a_column, g->a_row, g->a_column, g->m, depth, TILE_ROWS);
    for (ptrdiff_t j = 0; j < whole; j += TILE_COLUMNS)
      tile_part(g->y + j, g->y_row, a, x + j, g->b_row, depth, l > 0 || g->add, g->m, TILE_COLUMNS);
    pack(b, x + whole, 1, g->b_row, rest, depth, TILE_COLUMNS);
    if (rest) tile_part(g->y + whole, g->y_row, a, b, TILE_COLUMNS, depth, l > 0 || g->add, g->m, rest);
  }
}

static void gemm(const jk_gemm *g) {
  real *a = (real *)g->work, *b = a + least(strips(g->m, TILE_ROWS), BLOCK_ROWS) * least(g->k, GEMM_DEPTH);
  if (reads_in_place(g)) {
    multiply_in_place(g);
    return;
  }
  for (ptrdiff_t j = 0; j < g->n; j += BLOCK_COLUMNS)
    for (ptrdiff_t l = 0; l < g->k; l += GEMM_DEPTH) {
      ptrdiff_t depth = least(g->k - l, GEMM_DEPTH), n = least(g->n - j, BLOCK_COLUMNS);
      pack(b, g->b + l * g->b_row + j * g->b_column, g->b_column, g->b_row, n, depth, TILE_COLUMNS);
      for (ptrdiff_t i = 0; i < g->m; i += BLOCK_ROWS) {
        ptrdiff_t m = least(g->m - i, BLOCK_ROWS);
        pack(a, g->a + i * g->a_row + l * g->a_column, g->a_row, g->a_column, m, depth, TILE_ROWS);
        multiply_block(g, g->y + i * g->y_row + j, a, b, m, n, depth, l > 0 || g->add);
      }
    }
}

static size_t gemm_work(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k) {
  ptrdiff_t depth = least(k, GEMM_DEPTH), rows = least(strips(m, TILE_ROWS), BLOCK_ROWS);
  return (size_t)((rows + least(strips(n, TILE_COLUMNS), BLOCK_COLUMNS)) * depth) * sizeof(real);
}

static void gemm_dots(real *y, const real *a, const real *x, ptrdiff_t rows, ptrdiff_t k, ptrdiff_t stride, int add) {
  for (ptrdiff_t i = 0; i < rows; i++, a += stride) {
    V s[4] = {v_set(0), v_set(0), v_set(0), v_set(0)};
    ptrdiff_t l = 0;
    for (; l + 4 * W <= k; l += 4 * W)
      UNROLL for (int j = 0; j < 4; j++) s[j] = v_fma(v_load(a + l + j * W), v_load(x + l + j * W), s[j]);
    real t[4 * W];
    memcpy(t, s, sizeof t);
    for (int j = 0; l + j < k; j++) t[j] += a[l + j] * x[l + j];
    for (int half = 2 * W; half; half /= 2)
      for (int j = 0; j < half; j++) t[j] += t[j + half];
    y[i] = add ? y[i] + t[0] : t[0];
  }
}
