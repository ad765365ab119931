/* layers.c */
#include "layers.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static jet same(jet x) { return x; }
static jet softmax(jet x) { return jet_softmax(x, -1); }

const char *const chain_function_names[] = {"identity", "sigmoid", "tanh", "relu", "softmax", NULL};
static jet (*const functions[])(jet) = {same, jet_sigmoid, jet_tanh, jet_relu, softmax};

/* ---- values ----------------------------------------------------------------------------------------------------- */

chain_layer dense(ptrdiff_t in, ptrdiff_t out, chain_function f) { return (chain_layer){in, out, f}; }

chain_layer applied(chain_function f) { return (chain_layer){0, 0, f}; }

chain chain_make(int count, const chain_layer layers[]) {
  chain c = {.count = count};
  assert(count <= MOST_CHAINED);
  memcpy(c.layer, layers, (size_t)count * sizeof *layers);
  return c;
}

chain chain_join(chain first, chain then) {
  assert(first.count + then.count <= MOST_CHAINED);
  for (int i = 0; i < then.count; i++) first.layer[first.count++] = then.layer[i];
  return first;
}

chain chain_part(chain c, int start, int stop) { return chain_make(stop - start, c.layer + start); }

static ptrdiff_t layer_size(chain_layer l) { return (l.in + 1) * l.out; }

int chain_arrays(const chain *c) {
  int n = 0;
  for (int i = 0; i < c->count; i++) n += c->layer[i].out ? 2 : 0;
  return n;
}

ptrdiff_t chain_size(const chain *c) {
  ptrdiff_t n = 0;
  for (int i = 0; i < c->count; i++) n += layer_size(c->layer[i]);
  return n;
}

/* ---- recording -------------------------------------------------------------------------------------------------- */

int chain_parameters(const chain *c, jet_tape *tape, jet parameter[]) {
  int n = 0;
  for (int i = 0; i < c->count; i++) {
    const ptrdiff_t dims[2] = {c->layer[i].in, c->layer[i].out};
    if (!dims[1]) continue;
    parameter[n++] = jet_input(tape, 2, dims);
    parameter[n++] = jet_input(tape, 1, dims + 1);
  }
  return n;
}

jet chain_apply(const chain *c, const jet parameter[], jet x) {
  for (int i = 0; i < c->count; i++) {
    if (c->layer[i].out) {
      x = jet_add(jet_matmul(x, parameter[0]), parameter[1]);
      parameter += 2;
    }
    x = functions[c->layer[i].function](x);
  }
  return x;
}

/* ---- numbers ---------------------------------------------------------------------------------------------------- */

void chain_draw(const chain *c, rng *r, numbers w) {
  for (int i = 0; i < c->count; i++) {
    const ptrdiff_t in = c->layer[i].in, out = c->layer[i].out;
    if (!out) continue;
    const double a = sqrt(6 / (double)(in + out));
    for (ptrdiff_t j = 0; j < in * out; j++) number_put(w, j, a * (2 * rng_uniform(r) - 1));
    for (ptrdiff_t j = 0; j < out; j++) number_put(w, in * out + j, 0);
    w = numbers_part(w, layer_size(c->layer[i]));
  }
}

static void print_layer(chain_layer l, FILE *f) {
  char text[80];
  const char *name = chain_function_names[l.function];
  if (!l.out) {
    fprintf(f, "  %s,\n", name);
    return;
  }
  snprintf(text, sizeof text, "Dense(%td => %td%s%s),", l.in, l.out, l.function ? ", " : "", l.function ? name : "");
  fprintf(f, "  %-30s # %td parameters\n", text, layer_size(l));
}

void chain_print(const chain *c, jet_type type, FILE *f) {
  const size_t bytes = (size_t)chain_size(c) * (type == JET_F32 ? sizeof(float) : sizeof(double));
  fputs("Chain(\n", f);
  for (int i = 0; i < c->count; i++) print_layer(c->layer[i], f);
  fprintf(f, "%-32s # Total: %d arrays, %td parameters, %zu bytes.\n", ")", chain_arrays(c), chain_size(c), bytes);
}
