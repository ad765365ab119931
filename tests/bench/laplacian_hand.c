/* laplacian_hand.c - f, 50 first derivatives and the sum of the second ones through the network, with BLAS: rows are 16 values, 50
   times 16 coefficients 1, 16 sums of coefficients 2, one gemm a layer. The same vector tanh as the library's. */
#include "laplacian.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

#if JETS_SLEEF && defined __AVX512F__
#include <immintrin.h>
#include <sleef.h>
enum { LANES = 8 };
static void tanh_block(double *x) { _mm512_storeu_pd(x, Sleef_tanhd8_u10avx512f(_mm512_loadu_pd(x))); }
#elif JETS_SLEEF && defined __AVX2__
#include <immintrin.h>
#include <sleef.h>
enum { LANES = 4 };
static void tanh_block(double *x) { _mm256_storeu_pd(x, Sleef_tanhd4_u10avx2(_mm256_loadu_pd(x))); }
#else
enum { LANES = 1 };
static void tanh_block(double *x) { *x = tanh(*x); }
#endif

/* y_0 = tanh z_0, g = 1 - y_0^2: y_1 = g z_1, y_2 = g z_2 - y_0 g z_1^2; coefficient 2 summed over directions. */
static void tanh_row(double *restrict z, int n, int row) {
  double *y0 = z + row * n, *y2 = z + (STACK - BATCH + row) * n, g[WIDEST], square[WIDEST] = {0};
  for (int i = 0; i < n; i += LANES) tanh_block(y0 + i);
  for (int i = 0; i < n; i++) g[i] = 1 - y0[i] * y0[i];
  for (int p = 0; p < INPUTS; p++) {
    double *y1 = z + ((1 + p) * BATCH + row) * n;
    for (int i = 0; i < n; i++) square[i] += y1[i] * y1[i], y1[i] *= g[i];
  }
  for (int i = 0; i < n; i++) y2[i] = g[i] * (y2[i] - y0[i] * square[i]);
}

void hand_laplacian(const network *q, double f[BATCH], double laplacian[BATCH]) {
  double *h = q->h, *z = q->z, *swap;
  memset(h, 0, (size_t)STACK * INPUTS * sizeof *h);
  memcpy(h, q->x, sizeof q->x);
  for (int p = 0; p < INPUTS; p++)
    for (int r = 0; r < BATCH; r++) h[((1 + p) * BATCH + r) * INPUTS + p] = 1;
  for (int l = 0; l < LAYERS - 1; l++) {
    int k = widths[l], n = widths[l + 1];
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, STACK, n, k, 1, h, k, q->w[l], n, 0, z, n);
    for (int r = 0; r < BATCH; r++) {
      for (int i = 0; i < n; i++) z[r * n + i] += q->b[l][i];
      tanh_row(z, n, r);
    }
    swap = h, h = z, z = swap;
  }
  int k = widths[LAYERS - 1];
  for (int r = 0; r < BATCH; r++) {
    f[r] = q->b[LAYERS - 1][0] + cblas_ddot(k, h + r * k, 1, q->w[LAYERS - 1], 1);
    laplacian[r] = 2 * cblas_ddot(k, h + (STACK - BATCH + r) * k, 1, q->w[LAYERS - 1], 1);
  }
}
