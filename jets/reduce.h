/* reduce.h - sums by a tree that depends on their length alone, and loops that the executor needs.

   The tree: leaves of JK_LEAF numbers, each in 32 chains; above them the binary tree that splits at the largest power of two
   below the number of leaves. So blocks of 2^j leaves can be summed apart and joined (jk_tree) to the same bits. */

static real sum_leaf(const real *x, ptrdiff_t n) { /* 32 chains whatever W is */
  V s[32 / W];
  ptrdiff_t i = 0;
  for (int j = 0; j < 32 / W; j++) s[j] = v_set(0);
  for (; i + 32 <= n; i += 32)
    for (int j = 0; j < 32 / W; j++) s[j] += v_load(x + i + j * W);
  if (i < n) {
    real t[32];
    memcpy(t, s, sizeof t);
    for (int j = 0; i + j < n; j++) t[j] += x[i + j];
    memcpy(s, t, sizeof t);
  }
  for (int half = 16 / W; half; half /= 2)
    for (int j = 0; j < half; j++) s[j] += s[j + half];
  real t[W];
  memcpy(t, s, sizeof t);
  for (int half = W / 2; half; half /= 2)
    for (int j = 0; j < half; j++) t[j] += t[j + half];
  return t[0];
}

/* The same numbers for a short leaf: those chains that have something. */
static real sum_short(const real *x, ptrdiff_t n) {
  real t[32];
  ptrdiff_t p = 1;
  while (p < n) p *= 2;
  for (ptrdiff_t j = 0; j < p; j++) t[j] = j < n ? 0 + x[j] : 0;
  for (ptrdiff_t half = p / 2; half; half /= 2)
    for (ptrdiff_t j = 0; j < half; j++) t[j] += t[j + half];
  return t[0];
}

static real reduce_sum(const real *x, ptrdiff_t n) {
  if (n <= JK_LEAF) return n <= 32 ? sum_short(x, n) : sum_leaf(x, n);
  jk_tree tree = {0, {0}};
  for (ptrdiff_t i = 0; i < n; i += JK_LEAF) jk_tree_add(&tree, sum_leaf(x + i, n - i < JK_LEAF ? n - i : JK_LEAF));
  return jk_tree_sum(&tree);
}

/* A vector of rows of n numbers, n <= p: sum_short of each. */
INLINE void sum_row_vector(real *y, const real *x, ptrdiff_t n, int p) {
  V t[32];
  for (int j = 0; j < p; j++) t[j] = v_set(0);
  for (ptrdiff_t j = 0; j < n; j++)
    for (int l = 0; l < W; l++) t[j][l] = 0 + x[l * n + j];
  for (int half = p / 2; half; half /= 2)
    for (int j = 0; j < half; j++) t[j] += t[j + half];
  v_store(y, t[0]);
}

static void reduce_sum_rows(real *y, const real *x, ptrdiff_t rows, ptrdiff_t n) {
  ptrdiff_t i = 0;
  for (; n > 0 && n <= 32 && i + W <= rows; i += W)
    if (n <= 4) sum_row_vector(y + i, x + i * n, n, n > 2 ? 4 : n > 1 ? 2 : 1);
    else if (n <= 8) sum_row_vector(y + i, x + i * n, n, 8);
    else sum_row_vector(y + i, x + i * n, n, n > 16 ? 32 : 16);
  for (; i < rows; i++) y[i] = reduce_sum(x + i * n, n);
}

static void reduce_fill(real *y, real c, ptrdiff_t n) {
  for (ptrdiff_t i = 0; i < n; i++) y[i] = c;
}

static void reduce_add(real *y, const real *x, ptrdiff_t n) {
  ptrdiff_t i = 0;
  for (; i + W <= n; i += W) v_store(y + i, v_load(y + i) + v_load(x + i));
  for (; i < n; i++) y[i] += x[i];
}

/* ---- sums over rows: leaves of JK_LEAF_ROWS in order, above them the tree of jk_tree, for a tile of columns at a time ---- */

enum { TILE = 32, ROWS_LEVELS = 58 };

static void rows_leaf(real *s, const real *x, ptrdiff_t rows, ptrdiff_t n, ptrdiff_t stride) {
  if (n == TILE) {
    V t[TILE / W];
    UNROLL for (int j = 0; j < TILE / W; j++) t[j] = v_load(x + j * W);
    for (ptrdiff_t i = 1; i < rows; i++) UNROLL for (int j = 0; j < TILE / W; j++) t[j] += v_load(x + i * stride + j * W);
    UNROLL for (int j = 0; j < TILE / W; j++) v_store(s + j * W, t[j]);
    return;
  }
  memcpy(s, x, (size_t)n * sizeof *s);
  for (ptrdiff_t i = 1; i < rows; i++) reduce_add(s, x + i * stride, n);
}

/* s <- t + s */
static void add_before(real *s, const real *t, ptrdiff_t n) {
  for (ptrdiff_t j = 0; j < n; j++) s[j] = t[j] + s[j];
}

static void rows_tile(real *y, const real *x, ptrdiff_t rows, ptrdiff_t n, ptrdiff_t stride) {
  real level[ROWS_LEVELS][TILE], s[TILE];
  size_t count = 0;
  if (rows <= JK_LEAF_ROWS) {
    rows_leaf(y, x, rows, n, stride);
    return;
  }
  for (ptrdiff_t i = 0; i < rows; i += JK_LEAF_ROWS) {
    int j = 0;
    rows_leaf(s, x + i * stride, rows - i < JK_LEAF_ROWS ? rows - i : JK_LEAF_ROWS, n, stride);
    for (; count >> j & 1; j++) add_before(s, level[j], n);
    memcpy(level[j], s, (size_t)n * sizeof *s);
    count++;
  }
  int j = 0;
  while (!(count >> j & 1)) j++;
  memcpy(y, level[j], (size_t)n * sizeof *y);
  for (j++; count >> j; j++)
    if (count >> j & 1) add_before(y, level[j], n);
}

static void reduce_sum_columns(real *y, const real *x, ptrdiff_t rows, ptrdiff_t n, ptrdiff_t stride) {
  if (rows <= 0) reduce_fill(y, 0, n);
  else for (ptrdiff_t j = 0; j < n; j += TILE) rows_tile(y + j, x + j, rows, n - j < TILE ? n - j : TILE, stride);
}
