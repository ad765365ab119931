/* reduce.h - sums by a tree that depends on n alone, and a loop that the executor needs.

   The tree: leaves of JK_LEAF numbers, each in 32 chains; above them the binary tree that splits at the largest power of two
   below the number of leaves. So blocks of 2^j leaves can be summed apart and joined (jk_tree) to the same bits. */

static real sum_leaf(const real *x, ptrdiff_t n) { /* 32 chains whatever W is */
  V s[32 / W];
  ptrdiff_t i = 0;
  for (int j = 0; j < 32 / W; j++) s[j] = v_set(0);
  for (; i + 32 <= n; i += 32)
    for (int j = 0; j < 32 / W; j++) s[j] += v_load(x + i + j * W);
  real t[32];
  memcpy(t, s, sizeof t);
  for (int j = 0; i + j < n; j++) t[j] += x[i + j];
  for (int half = 16; half; half /= 2)
    for (int j = 0; j < half; j++) t[j] += t[j + half];
  return t[0];
}

static real reduce_sum(const real *x, ptrdiff_t n) {
  jk_tree tree = {0, {0}};
  for (ptrdiff_t i = 0; i < n; i += JK_LEAF) jk_tree_add(&tree, sum_leaf(x + i, n - i < JK_LEAF ? n - i : JK_LEAF));
  return jk_tree_sum(&tree);
}

static void reduce_fill(real *y, real c, ptrdiff_t n) {
  for (ptrdiff_t i = 0; i < n; i++) y[i] = c;
}
