/* peer_sacado.cpp - Sacado::Tay::Taylor, order at run time, point by point. (CacheTaylor, its expression templates,
   took 2 to 4 times as long in trials.) TRILINOS_NO_CONFIG_H frees the headers from Kokkos, which they use for GPUs
   only. */
#include "composite.h"

#define TRILINOS_NO_CONFIG_H
#if __has_include(<trilinos/Sacado_Tay_Taylor.hpp>) /* Debian */
#include <trilinos/Sacado_Traits.hpp>
#include <trilinos/Sacado_mpl_enable_if.hpp>

#include <trilinos/Sacado_Tay_Taylor.hpp>
#else
#include <Sacado_Traits.hpp>
#include <Sacado_mpl_enable_if.hpp>

#include <Sacado_Tay_Taylor.hpp>
#endif

int peer_sacado(int order, ptrdiff_t n, const double *x, double *c) {
  typedef Sacado::Tay::Taylor<double> taylor;
  for (ptrdiff_t i = 0; i < n; i++) {
    taylor a(order, x[i]);
    a.fastAccessCoeff(1) = 1;
    const taylor s = 1.0 + a * a;
    const taylor y = exp(sin(a) * tanh(a)) / s + pow(log(s), 1.5);
    for (int k = 0; k <= order; k++) c[k * n + i] = y.fastAccessCoeff(k);
  }
  return 0;
}
