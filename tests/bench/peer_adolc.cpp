/* peer_adolc.cpp - ADOL-C. A tape of up to 100000 points is recorded when the number of points changes, and
   re-evaluated: in trials the fastest use at every order (a tape of one point pays forward's allocations at each
   point: 10 to 1000 times slower). */
#include "composite.h"

#include <adolc/adolc.h>
#include <algorithm>
#include <vector>

namespace {

constexpr short tag = 1;
constexpr ptrdiff_t most = 100000;

/* Buffers large enough that nothing goes to files. */
void record(ptrdiff_t m) {
  std::vector<adouble> x(static_cast<size_t>(m));
  const unsigned buffer = 64 * static_cast<unsigned>(m) + 100000;
  double ignored;
  trace_on(tag, 0, buffer, buffer, buffer, buffer, 0);
  for (adouble &a : x) a <<= 1.0;
  for (adouble &a : x) {
    adouble s = 1 + a * a;
    adouble y = exp(sin(a) * tanh(a)) / s + pow(log(s), 1.5);
    y >>= ignored;
  }
  trace_off();
}

struct matrix { /* rows of coefficients, as forward wants them */
  std::vector<double> data;
  std::vector<double *> row;
  void resize(ptrdiff_t m, ptrdiff_t columns) {
    data.assign(static_cast<size_t>(m * columns), 0.0);
    row.resize(static_cast<size_t>(m));
    for (ptrdiff_t i = 0; i < m; i++) row[static_cast<size_t>(i)] = data.data() + i * columns;
  }
};

ptrdiff_t recorded;
int allocated_order;
matrix in, out;

} // namespace

int peer_adolc(int order, ptrdiff_t n, const double *x, double *c) {
  const ptrdiff_t m = std::min(n, most), columns = order + 1;
  if (recorded != m) record(m);
  if (recorded != m || allocated_order != order) {
    in.resize(m, columns);
    out.resize(m, columns);
    for (double *row : in.row) row[1] = 1;
  }
  recorded = m;
  allocated_order = order;
  for (ptrdiff_t at = 0; at < n; at += m) { /* the last tape is filled up with the last point */
    for (ptrdiff_t i = 0; i < m; i++) in.data[static_cast<size_t>(i * columns)] = x[std::min(at + i, n - 1)];
    const int size = static_cast<int>(m);
    if (forward(tag, size, size, order, 0, in.row.data(), out.row.data()) < 0) return 1;
    for (ptrdiff_t k = 0; k < columns; k++)
      for (ptrdiff_t i = 0; i < m && at + i < n; i++)
        c[k * n + at + i] = out.data[static_cast<size_t>(i * columns + k)];
  }
  return 0;
}
