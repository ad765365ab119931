/* peer_adolc_gradients.cpp - ADOL-C: one tape a function and size, replayed. */
#include "gradients.h"

#include <adolc/adolc.h>
#include <vector>

namespace {

ptrdiff_t recorded[2];

adouble rosenbrock(const std::vector<adouble> &x) {
  adouble s = 0;
  for (size_t i = 0; i + 1 < x.size(); i++) {
    adouble a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
    s += 100 * a * a + b * b;
  }
  return s;
}

adouble speelpenning(const std::vector<adouble> &x) {
  adouble p = 1;
  for (const adouble &a : x) p *= a;
  return p;
}

void record(int function, ptrdiff_t n, const double *x) { /* buffers so large that nothing goes to files */
  std::vector<adouble> a(static_cast<size_t>(n));
  const unsigned buffer = 32 * static_cast<unsigned>(n) + 100000;
  double ignored;
  if (recorded[function] == n) return;
  trace_on(static_cast<short>(2 + function), 1, buffer, buffer, buffer, buffer, 0);
  for (ptrdiff_t i = 0; i < n; i++) a[static_cast<size_t>(i)] <<= x[i];
  adouble y = function ? speelpenning(a) : rosenbrock(a);
  y >>= ignored;
  trace_off();
  recorded[function] = n;
}

} // namespace

int adolc_gradient(int function, ptrdiff_t n, const double *x, double *g) {
  record(function, n, x);
  return gradient(static_cast<short>(2 + function), static_cast<int>(n), const_cast<double *>(x), g) < 0;
}

int adolc_hvp(int function, ptrdiff_t n, const double *x, const double *v, double *hv) {
  record(function, n, x);
  return hess_vec(static_cast<short>(2 + function), static_cast<int>(n), const_cast<double *>(x), const_cast<double *>(v), hv) < 0;
}
