/* panel.h - complex numbers with their parts in turn, as FFTW takes them, from planes of real and of imaginary parts and back. */
#ifndef JETS_PANEL_H
#define JETS_PANEL_H

#include "kernel.h"

#define jk_panel_of TYPED(jk_panel_of)
#define jk_panel_baseline TYPED(jk_panel_baseline)
#define jk_panel_avx2 TYPED(jk_panel_avx2)
#define jk_panel_avx512 TYPED(jk_panel_avx512)

typedef struct jk_panel { /* of an instruction set; row j of n numbers at re + j stride, and of 2 n at w + 2 j step */
  void (*weave)(real *w, const real *re, const real *im, ptrdiff_t rows, ptrdiff_t n, ptrdiff_t step, ptrdiff_t stride);
  void (*unweave)(real *re, real *im, const real *w, real c, ptrdiff_t rows, ptrdiff_t n, ptrdiff_t step, ptrdiff_t stride); /* c w */
  void (*scale)(real *y, const real *x, real c, ptrdiff_t rows, ptrdiff_t n, ptrdiff_t step, ptrdiff_t stride); /* row j at x + j step */
} jk_panel;

const jk_panel *jk_panel_of(const jk_set *);

#endif
