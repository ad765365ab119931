/* panel.c - compiled once for each instruction set and type (JK_PANEL is its table). */
#include "panel.h"
#include "simd.h"

#if W == 16
#define LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define EVEN 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define ODD 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#elif W == 8
#define LOW 0, 8, 1, 9, 2, 10, 3, 11
#define HIGH 4, 12, 5, 13, 6, 14, 7, 15
#define EVEN 0, 2, 4, 6, 8, 10, 12, 14
#define ODD 1, 3, 5, 7, 9, 11, 13, 15
#elif W == 4
#define LOW 0, 4, 1, 5
#define HIGH 2, 6, 3, 7
#define EVEN 0, 2, 4, 6
#define ODD 1, 3, 5, 7
#else
#define LOW 0, 2
#define HIGH 1, 3
#define EVEN 0, 2
#define ODD 1, 3
#endif

#if defined __clang__
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (M){__VA_ARGS__})
#endif

static void weave_row(real *w, const real *re, const real *im, ptrdiff_t n) {
  ptrdiff_t i = 0;
  for (; i + W <= n; i += W) {
    V x = v_load(re + i), y = v_load(im + i);
    v_store(w + 2 * i, SHUFFLE(x, y, LOW));
    v_store(w + 2 * i + W, SHUFFLE(x, y, HIGH));
  }
  for (; i < n; i++) w[2 * i] = re[i], w[2 * i + 1] = im[i];
}

static void unweave_row(real *re, real *im, const real *w, real c, ptrdiff_t n) {
  const V v = v_set(c);
  ptrdiff_t i = 0;
  for (; i + W <= n; i += W) {
    V x = v_load(w + 2 * i), y = v_load(w + 2 * i + W);
    v_store(re + i, v * SHUFFLE(x, y, EVEN));
    v_store(im + i, v * SHUFFLE(x, y, ODD));
  }
  for (; i < n; i++) re[i] = c * w[2 * i], im[i] = c * w[2 * i + 1];
}

static void weave(real *w, const real *re, const real *im, ptrdiff_t rows, ptrdiff_t n, ptrdiff_t step, ptrdiff_t stride) {
  for (ptrdiff_t j = 0; j < rows; j++) weave_row(w + 2 * j * step, re + j * stride, im + j * stride, n);
}

static void unweave(real *re, real *im, const real *w, real c, ptrdiff_t rows, ptrdiff_t n, ptrdiff_t step, ptrdiff_t stride) {
  for (ptrdiff_t j = 0; j < rows; j++) unweave_row(re + j * stride, im + j * stride, w + 2 * j * step, c, n);
}

static void scale(real *y, const real *x, real c, ptrdiff_t rows, ptrdiff_t n, ptrdiff_t step, ptrdiff_t stride) {
  const V v = v_set(c);
  for (ptrdiff_t j = 0; j < rows; j++, y += stride, x += step) {
    ptrdiff_t i = 0;
    for (; i + W <= n; i += W) v_store(y + i, v * v_load(x + i));
    for (; i < n; i++) y[i] = c * x[i];
  }
}

extern const jk_panel JK_PANEL;
const jk_panel JK_PANEL = {weave, unweave, scale};
