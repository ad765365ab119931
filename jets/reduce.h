/* reduce.h - sums by a tree that depends on n alone, and two loops the executor needs. */

static real sum_block(const real *x, ptrdiff_t n) { /* 32 chains whatever W is */
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
  if (n <= 1024) return sum_block(x, n);
  ptrdiff_t half = (n / 2 + 1023) / 1024 * 1024;
  return reduce_sum(x, half) + reduce_sum(x + half, n - half);
}

static void reduce_scale(real *y, const real *x, real c, ptrdiff_t n) {
  for (ptrdiff_t i = 0; i < n; i++) y[i] = x[i] * c;
}

static void reduce_fill(real *y, real c, ptrdiff_t n) {
  for (ptrdiff_t i = 0; i < n; i++) y[i] = c;
}
