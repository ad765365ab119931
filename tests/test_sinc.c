/* test_sinc.c - the promise of examples/sinc: derivatives of sin(x)/x against
       sinc^(k)(x) = int_0^1 u^k cos(x u + k pi/2) du
   by Gauss-Legendre quadrature in long double. */
#include <jets.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NODES = 64 };
static long double node[NODES], weight[NODES];

static void gauss_legendre(void) { /* Newton's iteration on the Legendre polynomial */
  for (int i = 0; i < NODES; i++) {
    long double x = cosl(acosl(-1) * (i + 0.75L) / (NODES + 0.5L)), slope = 1;
    for (int r = 0; r < 100; r++) {
      long double p0 = 1, p1 = x;
      for (int n = 2; n <= NODES; n++) {
        long double p2 = ((2 * n - 1) * x * p1 - (n - 1) * p0) / n;
        p0 = p1, p1 = p2;
      }
      slope = NODES * (x * p1 - p0) / (x * x - 1);
      x -= p1 / slope;
    }
    node[i] = (x + 1) / 2;
    weight[i] = 1 / ((1 - x * x) * slope * slope);
  }
}

static double sinc_derivative(double x, int k) {
  long double s = 0;
  for (int i = 0; i < NODES; i++) {
    long double a = x * node[i];
    long double c[4] = {cosl(a), -sinl(a), -cosl(a), sinl(a)};
    s += weight[i] * powl(node[i], k) * c[k % 4];
  }
  return (double)s;
}

static jet tutorial_sinc(jet x, void *data) {
  (void)data;
  return jet_div(jet_sin(x), x);
}

static void compare(jet_isa isa, int points, int order, double tolerance) {
  jet_tape_options o = JET_TAPE_OPTIONS_INIT;
  o.isa = isa;
  size_t n = (size_t)points;
  double *x = (double *)malloc(n * sizeof *x), *d = (double *)malloc(n * (size_t)(order + 1) * sizeof *d);
  for (int i = 0; i < points; i++) x[i] = ((points - 1 - i) * -31.4 + i * 31.4) / (points - 1);
  jet_fn *f = jet_fn_new_ex(tutorial_sinc, NULL, points, &o);
  assert_int_equal(jet_fn_derivatives(f, order, x, d), JET_OK);
  for (int k = 0; k <= order; k++) {
    double largest = 0, error = 0;
    for (int i = 0; i < points; i++) {
      double want = sinc_derivative(x[i], k), e = fabs(d[k * points + i] - want);
      largest = fmax(largest, fabs(want));
      error = e > error || e != e ? e : error;
    }
    if (!(error <= tolerance * largest)) fail_msg("order %d: error %g of %g", k, error, largest);
  }
  jet_fn_free(f);
  free(x);
  free(d);
}

static void derivatives_of_the_tutorial(void **state) {
  (void)state;
  gauss_legendre();
  for (int isa = JET_ISA_BASELINE; isa <= JET_ISA_AVX512; isa++) {
    if (!jet_isa_available((jet_isa)isa)) continue;
    compare((jet_isa)isa, 256, 8, 1e-13);
    compare((jet_isa)isa, 257, 30, 1e-12);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(derivatives_of_the_tutorial)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
