/* fit.c */
#include "fit.h"

#include "../common/plans.h"

typedef jet field(const network *, jet x); /* dx/dt */

/* ---- the field --------------------------------------------------------------------------------------------------- */

static jet record_spiral(const network *net, jet x) {
  static const ptrdiff_t square[2] = {PLANE, PLANE};
  static const double a[PLANE * PLANE] = {-0.1, 2, -2, -0.1};
  (void)net;
  return jet_matmul(jet_powc(x, 3), jet_constant(x.tape, 2, square, a));
}

void fit_parameters(fit *f) {
  const ptrdiff_t widths[LAYERS + 1] = {PLANE, f->set->width, PLANE};
  network *net = &f->net;
  net->size = 0;
  for (int i = 0; i < LAYERS; i++) {
    net->parameter[2 * i] = jet_input(f->tape, 2, widths + i);
    net->parameter[2 * i + 1] = jet_input(f->tape, 1, widths + i + 1);
    net->size += (widths[i] + 1) * widths[i + 1];
  }
}

jet fit_network(const network *net, jet x) {
  jet y = net->cubes ? jet_powc(x, 3) : x;
  for (int i = 0; i < LAYERS; i++) {
    if (i) y = jet_tanh(y);
    y = jet_add(jet_matmul(y, net->parameter[2 * i]), net->parameter[2 * i + 1]);
  }
  return y;
}

/* Biases as large as the weights make the tanh of the first layer bend in different places; small second weights begin
   with a slow motion. */
void fit_first_weights(fit *f, rng *r) {
  static const double deviation[ARRAYS] = {1, 1, 0.1, 0};
  double *w = f->net.w;
  for (int i = 0; i < ARRAYS; i++)
    for (ptrdiff_t j = 0; j < jet_size(f->net.parameter[i]); j++) *w++ = deviation[i] * rng_normal(r);
}

/* ---- the steps --------------------------------------------------------------------------------------------------- */

static jet record_step(field *f, const network *net, jet x, double h) {
  jet k1 = f(net, x), k2 = f(net, jet_add(x, jet_scale(k1, h / 2))), k3 = f(net, jet_add(x, jet_scale(k2, h / 2))),
      k4 = f(net, jet_add(x, jet_scale(k3, h))), sum = jet_add(jet_add(k1, k4), jet_scale(jet_add(k2, k3), 2));
  return jet_add(x, jet_scale(sum, h / 6));
}

double fit_time_step(const fit *f, int substeps) { return last_time / f->set->times / substeps; }

/* x at the start and after each step: [PLANE, times substeps + 1]. */
static jet record_path(const fit *f, field *rate, int substeps) {
  static jet x[MOST_TIMES * MOST_SUBSTEPS + 1];
  static const ptrdiff_t row[2] = {1, PLANE};
  const int steps = f->set->times * substeps;
  x[0] = jet_constant(f->tape, 2, row, start);
  for (int i = 0; i < steps; i++) x[i + 1] = record_step(rate, &f->net, x[i], fit_time_step(f, substeps));
  return jet_transpose(jet_concat(steps + 1, x, 0));
}

jet_plan *fit_plan(fit *f, int n, const jet out[]) {
  jet_plan *plan = jet_plan_new(f->tape, n, out);
  plan_bind(plan, ARRAYS, f->net.parameter, f->net.w);
  return plan;
}

jet_plan *fit_plan_loss(fit *f, int substeps) {
  const ptrdiff_t dims[2] = {PLANE, f->set->times}, first[2] = {0, substeps}, every[2] = {1, substeps},
                  last[2] = {PLANE, (ptrdiff_t)f->set->times * substeps + 1};
  jet x = jet_slice(record_path(f, fit_network, substeps), first, last, every), out[1 + ARRAYS];
  out[0] = jet_mean(jet_square(jet_sub(x, jet_constant(f->tape, 2, dims, f->data + f->set->times))));
  jet_grad(out[0], ARRAYS, f->net.parameter, out + 1);
  jet_plan *plan = fit_plan(f, 1 + ARRAYS, out);
  plan_bind(plan, 1, out, &f->loss);
  plan_bind(plan, ARRAYS, out + 1, f->net.g);
  return plan;
}

static int solve(fit *f, field *rate, double *x) {
  jet path = record_path(f, rate, FINE);
  jet_plan *plan = fit_plan(f, 1, &path);
  plan_bind(plan, 1, &path, x);
  return plan_run_once(plan);
}

int fit_solve(fit *f) { return solve(f, fit_network, f->x); }

int fit_draw_data(fit *f, rng *r) {
  const int times = f->set->times, status = solve(f, record_spiral, f->spiral);
  for (ptrdiff_t i = 0; i < f->points; i++) f->t[i] = (double)i * fit_time_step(f, FINE);
  for (int i = 0; i < times; i++) {
    const ptrdiff_t at = (ptrdiff_t)(i + 1) * FINE;
    f->data[i] = f->t[at];
    for (int j = 0; j < PLANE; j++)
      f->data[(1 + j) * times + i] = f->spiral[j * f->points + at] + f->set->noise * rng_normal(r);
  }
  return status;
}
