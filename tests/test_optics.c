/* test_optics.c - light through plates: the loss against one computed by sums, its gradient against differences, and second
   derivatives along a direction two ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../examples/common/wave.h"
#include "complex_help.h"

enum { N = 16, M = N * N, PLATES = 3, ALL = 2 * PLATES * M };
static const wave_bench bench = {N, 4e-3, 2e-3, 550e-9, 50e-3}; /* samples of a quarter of a millimetre, as the example has */
static const ptrdiff_t dims[2] = {N, N};

typedef struct setting {
  double plates[ALL], target[M]; /* plates: [PLATES, 2, N, N] */
} setting;

static setting draw(unsigned seed) {
  setting s;
  for (int i = 0; i < PLATES; i++)
    for (int j = 0; j < M; j++) {
      double phase = uniform(&seed, -1, 1), size = uniform(&seed, 0.8, 1.2);
      s.plates[2 * i * M + j] = size * cos(phase);
      s.plates[(2 * i + 1) * M + j] = size * sin(phase);
    }
  for (int j = 0; j < M; j++) s.target[j] = uniform(&seed, 0, 1);
  return s;
}

/* ---- the same by sums ---------------------------------------------------------------------------------------------------- */

static void transform(number *x, double sign) { /* both axes, without a factor */
  number y[M];
  for (int axis = 0; axis < 2; axis++) {
    for (int i = 0; i < N; i++)
      for (int k = 0; k < N; k++) {
        number sum = 0;
        for (int j = 0; j < N; j++) sum += x[i * N + j] * cexp(sign * 2 * 3.14159265358979323846 * I * (j * k % N) / N);
        y[k * N + i] = sum; /* transposed: the other axis is next */
      }
    memcpy(x, y, sizeof y);
  }
}

static double plain_loss(const setting *s) {
  const double pi = 3.14159265358979323846;
  number e[M];
  double loss = 0;
  for (int j = 0; j < M; j++) e[j] = j / N >= 4 && j / N < 12 && j % N >= 4 && j % N < 12;
  for (int i = 0; i < PLATES; i++) {
    for (int j = 0; j < M; j++) e[j] *= s->plates[2 * i * M + j] + I * s->plates[(2 * i + 1) * M + j];
    transform(e, -1);
    for (int j = 0; j < M; j++) {
      int a = j / N < 8 ? j / N : j / N - N, b = j % N < 8 ? j % N : j % N - N;
      double k = 2 * pi / bench.wavelength, x = 2 * pi * a / bench.side, y = 2 * pi * b / bench.side;
      e[j] *= cexp(I * bench.distance * csqrt(k * k - x * x - y * y)) / M;
    }
    transform(e, 1);
  }
  for (int j = 0; j < M; j++) {
    double d = creal(e[j]) * creal(e[j]) + cimag(e[j]) * cimag(e[j]) - s->target[j];
    loss += (d * d + fabs(d)) / M;
  }
  return loss;
}

/* ---- and by jets ------------------------------------------------------------------------------------------------------------ */

typedef struct model {
  jet_tape *tape;
  jet plate[PLATES], grad[PLATES], loss;
} model;

/* With t, plates go along `direction` (of the shape of setting.plates). */
static model record(const setting *s, int order, const double *direction) {
  model m = {.tape = jet_tape_new()};
  jet used[PLATES], t = jet_parameter(m.tape, order);
  for (int i = 0; i < PLATES; i++) {
    m.plate[i] = used[i] = jet_input_complex(m.tape, 2, dims);
    const double *v = direction + 2 * i * M;
    if (order)
      used[i] = jet_expand(used[i], jet_complex(jet_constant(m.tape, 2, dims, v), jet_constant(m.tape, 2, dims, v + M)), t);
  }
  jet field = wave_through(wave_opening(m.tape, &bench), PLATES, used, wave_transfer(m.tape, &bench));
  m.loss = wave_loss(jet_abs2(field), jet_constant(m.tape, 2, dims, s->target));
  return m;
}

static void bind(jet_plan *p, const jet *x, double *memory) {
  for (int i = 0; i < PLATES; i++) {
    assert_int_equal(jet_plan_bind(p, jet_real(x[i]), 0, memory + 2 * i * M), JET_OK);
    assert_int_equal(jet_plan_bind(p, jet_imag(x[i]), 0, memory + (2 * i + 1) * M), JET_OK);
  }
}

static jet_plan *plan(const model *m, int n, const jet *out, setting *s) {
  jet_plan *p = jet_plan_new(m->tape, n, out);
  if (jet_plan_status(p)) fail_msg("%s", jet_plan_message(p));
  bind(p, m->plate, s->plates);
  return p;
}

/* Loss, and its gradient into g of the shape of setting.plates. */
static double gradient(setting *s, double *g) {
  model m = record(s, 0, s->plates);
  jet out[1 + PLATES] = {m.loss};
  jet_grad(m.loss, PLATES, m.plate, out + 1);
  jet_plan *p = plan(&m, 1 + PLATES, out, s);
  bind(p, out + 1, g);
  assert_int_equal(jet_plan_run(p), JET_OK);
  double loss = *jet_plan_data(p, m.loss, 0);
  jet_plan_free(p);
  jet_tape_free(m.tape);
  return loss;
}

/* ---- tests -------------------------------------------------------------------------------------------------------------------- */

static void near(double x, double y, double tolerance) {
  if (!(fabs(x - y) <= tolerance)) fail_msg("%.17g is not %.17g within %g", x, y, tolerance);
}

static void test_loss(void **state) {
  (void)state;
  for (unsigned seed = 1; seed < 4; seed++) {
    setting s = draw(seed);
    double g[ALL], loss = gradient(&s, g);
    near(loss, plain_loss(&s), 1e-9 * loss); /* phases of 5e5 radians carry eleven digits */
  }
}

/* By central differences of the plain loss: in every part of some samples of each plate. dL/dx + i dL/dy by parts, so that the sign
   of the imaginary part is pinned. */
static void test_gradient(void **state) {
  (void)state;
  setting s = draw(5);
  double g[ALL], h = 1e-6;
  gradient(&s, g);
  for (int i = 0; i < ALL; i += 37) {
    double x = s.plates[i];
    s.plates[i] = x + h;
    double above = plain_loss(&s);
    s.plates[i] = x - h;
    double below = plain_loss(&s);
    s.plates[i] = x;
    near(g[i], (above - below) / (2 * h), 1e-8);
  }
}

/* Along x + v t: <g, v> is coefficient 1 of the loss and <Hv, v> twice coefficient 2, by a sweep forward alone, and by the gradient
   of a loss that is itself a jet. Coefficient 2 against differences of coefficient 1 too. */
static void test_second(void **state) {
  (void)state;
  setting s = draw(7), moved = s;
  double v[ALL], g[ALL], first = 0, second = 0, h = 1e-5, slope[2];
  unsigned seed = 11;
  for (int i = 0; i < ALL; i++) v[i] = uniform(&seed, -1, 1);
  gradient(&s, g);
  for (int i = 0; i < ALL; i++) first += g[i] * v[i];

  model m = record(&s, 2, v);
  jet_plan *p = plan(&m, 1, &m.loss, &s);
  assert_int_equal(jet_plan_run(p), JET_OK);
  double c1 = *jet_plan_data(p, m.loss, 1), c2 = *jet_plan_data(p, m.loss, 2);
  jet_plan_free(p);
  near(c1, first, 1e-12 * fabs(first) + 1e-14);

  assert_int_equal(jet_grad(m.loss, PLATES, m.plate, m.grad), JET_OK); /* coefficient 1 of it: the Hessian times v */
  p = plan(&m, PLATES, m.grad, &s);
  assert_int_equal(jet_plan_run(p), JET_OK);
  for (int i = 0; i < PLATES; i++) {
    const double *re = jet_plan_data(p, jet_real(m.grad[i]), 1), *im = jet_plan_data(p, jet_imag(m.grad[i]), 1);
    for (int j = 0; j < M; j++) second += re[j] * v[2 * i * M + j] + im[j] * v[(2 * i + 1) * M + j];
  }
  jet_plan_free(p);
  jet_tape_free(m.tape);
  near(2 * c2, second, 1e-11 * fabs(second));

  for (int side = 0; side < 2; side++) {
    for (int i = 0; i < ALL; i++) moved.plates[i] = s.plates[i] + (side ? h : -h) * v[i];
    gradient(&moved, g);
    slope[side] = 0;
    for (int i = 0; i < ALL; i++) slope[side] += g[i] * v[i];
  }
  near(2 * c2, (slope[1] - slope[0]) / (2 * h), 1e-6 * fabs(second));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_loss), cmocka_unit_test(test_gradient), cmocka_unit_test(test_second)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
