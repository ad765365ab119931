#include <jets.h>
#include <stdio.h>

static jet f(jet x, void *data) { /* exp(-x^2) sin(x) */
  (void)data;
  return jet_mul(jet_exp(jet_neg(jet_square(x))), jet_sin(x));
}

int main(void) {
  double x[2] = {0.5, 1.5}, d[21][2]; /* d[k][i]: the k-th derivative at x[i] */
  jet_fn *fn = jet_fn_new(f, NULL, 2);
  if (jet_fn_derivatives(fn, 20, x, &d[0][0]) != JET_OK) {
    puts(jet_fn_message(fn));
    return 1;
  }
  for (int k = 0; k <= 20; k++) printf("%2d %16.8g %16.8g\n", k, d[k][0], d[k][1]);
  jet_fn_free(fn);
  return 0;
}
