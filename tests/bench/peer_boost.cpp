/* peer_boost.cpp - Boost.Math autodiff, orders fixed at compile time, point by point. */
#include "composite.h"

#if defined __GNUC__ && !defined __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized" /* in autodiff.hpp */
#endif
#include <boost/math/differentiation/autodiff.hpp>

namespace {

template <size_t K> int taylor(ptrdiff_t n, const double *x, double *c) {
  for (ptrdiff_t i = 0; i < n; i++) {
    const auto a = boost::math::differentiation::make_fvar<double, K>(x[i]);
    const auto s = 1 + a * a;
    const auto y = exp(sin(a) * tanh(a)) / s + pow(log(s), 1.5);
    for (size_t k = 0; k <= K; k++) c[static_cast<ptrdiff_t>(k) * n + i] = y.at(k);
  }
  return 0;
}

} // namespace

int peer_boost(int order, ptrdiff_t n, const double *x, double *c) {
  switch (order) {
  case 1: return taylor<1>(n, x, c);
  case 2: return taylor<2>(n, x, c);
  case 4: return taylor<4>(n, x, c);
  case 8: return taylor<8>(n, x, c);
  case 16: return taylor<16>(n, x, c);
  default: return 1;
  }
}
