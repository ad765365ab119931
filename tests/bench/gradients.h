/* gradients.h - the functions of the benchmark gradients, by hand and by peers. */
#ifndef BENCH_GRADIENTS_H
#define BENCH_GRADIENTS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* f; f and g; g and hv = (Hessian of f) v. plain_: as one would write it; fast_: the same source with -ffast-math */
typedef double value_fn(ptrdiff_t n, const double *x);
typedef double gradient_fn(ptrdiff_t n, const double *x, double *g);
typedef void hvp_fn(ptrdiff_t n, const double *x, const double *v, double *g, double *hv);

value_fn plain_rosenbrock, fast_rosenbrock, plain_speelpenning, fast_speelpenning;
gradient_fn hand_rosenbrock_gradient, hand_speelpenning_gradient;
hvp_fn hand_rosenbrock_hvp, hand_speelpenning_hvp;

/* Network IN - HIDDEN - OUT with tanh, summed cross entropy. x: w1 (IN x HIDDEN), b1, w2 (HIDDEN x OUT), b2 */
enum { IN = 64, HIDDEN = 128, OUT = 10, WEIGHTS = IN * HIDDEN + HIDDEN + HIDDEN * OUT + OUT };
typedef struct network {
  ptrdiff_t samples;
  const double *data;      /* samples x IN */
  const ptrdiff_t *labels;
  double *h, *d, *hd, *dd; /* samples x HIDDEN */
  double *o, *od;          /* samples x OUT */
} network;
double hand_mlp_value(network *, const double *w);
double hand_mlp_gradient(network *, const double *w, double *g);
void hand_mlp_hvp(network *, const double *w, const double *v, double *g, double *hv);

int adolc_gradient(int function, ptrdiff_t n, const double *x, double *g); /* 0: rosenbrock, 1: speelpenning */
int adolc_hvp(int function, ptrdiff_t n, const double *x, const double *v, double *hv);

#ifdef __cplusplus
}
#endif
#endif
