/* linear.c */
#include "linear.h"

#include <math.h>
#include <stdio.h>

linear linear_new(jet_tape *tape, ptrdiff_t in, ptrdiff_t out, int bias) {
  const ptrdiff_t dims[2] = {in, out};
  linear l = {in, out, bias ? 2 : 1, {{NULL, 0}, {NULL, 0}}, in * out};
  l.w[0] = jet_input(tape, 2, dims);
  if (!bias) return l;
  l.w[1] = jet_input(tape, 1, dims + 1);
  l.size += out;
  return l;
}

void linear_describe(const linear *l, size_t room, char *text) {
  snprintf(text, room, "linear(in_features=%td, out_features=%td, bias=%s): %td parameters", l->in, l->out,
           l->parameters == 2 ? "yes" : "none", l->size);
}

int linear_fits(const linear *l, ptrdiff_t features, size_t room, char *sentence) {
  if (features == l->in) return 1;
  snprintf(sentence, room, "rows of %td numbers do not fit a linear layer of in_features=%td", features, l->in);
  return 0;
}

jet linear_apply(const linear *l, jet x) {
  const jet y = jet_matmul(x, l->w[0]);
  return l->parameters == 2 ? jet_add(y, l->w[1]) : y;
}

void linear_draw(const linear *l, linear_first kind, rng *r, numbers to) {
  const double a = sqrt(5), bound = sqrt(6 / ((1 + a * a) * (double)l->in));
  for (ptrdiff_t i = 0; i < l->size; i++)
    number_put(to, i, kind == LINEAR_KAIMING ? bound * (2 * rng_uniform(r) - 1) : rng_normal(r));
}
