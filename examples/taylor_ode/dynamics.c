/* dynamics.c */
#include "dynamics.h"

#include <math.h>
#include <string.h>

static const double section_energy = 0.125;

/* ---- as jets ---------------------------------------------------------------------------------------------------- */

static void kepler_field(const jet x[], jet f[]) {
  jet w = jet_neg(jet_powc(jet_add(jet_square(x[0]), jet_square(x[1])), -1.5));
  f[0] = x[2];
  f[1] = x[3];
  f[2] = jet_mul(x[0], w);
  f[3] = jet_mul(x[1], w);
}

static void pendulum_field(const jet x[], jet f[]) {
  f[0] = x[1];
  f[1] = jet_neg(jet_sin(x[0]));
}

static void henon_heiles_field(const jet x[], jet f[]) {
  f[0] = x[2];
  f[1] = x[3];
  f[2] = jet_neg(jet_mul(x[0], jet_shift(jet_scale(x[1], 2), 1)));
  f[3] = jet_sub(jet_sub(jet_square(x[1]), jet_square(x[0])), x[1]);
}

static void lorenz_field(const jet x[], jet f[]) {
  f[0] = jet_scale(jet_sub(x[1], x[0]), 10);
  f[1] = jet_sub(jet_mul(x[0], jet_shift(jet_neg(x[2]), 28)), x[1]);
  f[2] = jet_sub(jet_mul(x[0], x[1]), jet_scale(x[2], 8.0 / 3));
}

/* ---- as numbers ------------------------------------------------------------------------------------------------- */

static int kepler_slope(double t, const double x[], double f[], void *data) {
  const double r2 = x[0] * x[0] + x[1] * x[1], w = -1 / (r2 * sqrt(r2));
  (void)t, (void)data;
  f[0] = x[2], f[1] = x[3], f[2] = x[0] * w, f[3] = x[1] * w;
  return 0;
}

static int pendulum_slope(double t, const double x[], double f[], void *data) {
  (void)t, (void)data;
  f[0] = x[1], f[1] = -sin(x[0]);
  return 0;
}

static int henon_heiles_slope(double t, const double x[], double f[], void *data) {
  (void)t, (void)data;
  f[0] = x[2], f[1] = x[3], f[2] = -x[0] * (1 + 2 * x[1]), f[3] = x[1] * x[1] - x[0] * x[0] - x[1];
  return 0;
}

static int lorenz_slope(double t, const double x[], double f[], void *data) {
  (void)t, (void)data;
  f[0] = 10 * (x[1] - x[0]), f[1] = x[0] * (28 - x[2]) - x[1], f[2] = x[0] * x[1] - 8.0 / 3 * x[2];
  return 0;
}

static long double kepler_energy(const long double x[]) {
  return 0.5L * (x[2] * x[2] + x[3] * x[3]) - 1 / sqrtl(x[0] * x[0] + x[1] * x[1]);
}

static long double pendulum_energy(const long double x[]) { return 0.5L * x[1] * x[1] - cosl(x[0]); }

static long double henon_heiles_energy(const long double x[]) {
  return 0.5L * (x[0] * x[0] + x[1] * x[1] + x[2] * x[2] + x[3] * x[3]) + x[0] * x[0] * x[1] - x[1] * x[1] * x[1] / 3;
}

/* ---- where they begin ------------------------------------------------------------------------------------------- */

void kepler_start(double eccentricity, double x[]) {
  x[0] = 1 - eccentricity, x[1] = x[2] = 0;
  x[3] = sqrt((1 + eccentricity) / (1 - eccentricity));
}

/* E - e sin E = t, and the point (cos E - e, sqrt(1 - e^2) sin E). The time is that of the start's own axis, which
   sqrt has rounded: 1/a = 2/r - v^2, and the mean motion is a^(-3/2). */
void kepler_exact(double eccentricity, double time, double x[]) {
  double begin[MOST_DIMENSION];
  kepler_start(eccentricity, begin);
  const long double r = begin[0], v2 = (long double)begin[3] * begin[3], a = 1 / (2 / r - v2), e = 1 - r / a;
  const long double n = 1 / (a * sqrtl(a)), turn = 2 * acosl(-1), mean = remainderl(n * time, turn);
  long double E = mean;
  for (int i = 0; i < 50; i++) E -= (E - e * sinl(E) - mean) / (1 - e * cosl(E));
  const long double c = cosl(E), s = sinl(E), b = a * sqrtl(1 - e * e), rate = n / (1 - e * c);
  x[0] = (double)(a * (c - e)), x[1] = (double)(b * s);
  x[2] = (double)(-a * s * rate), x[3] = (double)(b * c * rate);
}

/* px^2 + py^2 where x = 0 and the energy is that of the section */
static double section_speed2(double y) { return 2 * section_energy - y * y + 2 * y * y * y / 3; }

/* Bisection, as the speed falls both ways from y = 0. */
static double section_end(double y) {
  double inside = 0;
  for (int i = 0; i < 60; i++) {
    const double middle = 0.5 * (inside + y);
    if (section_speed2(middle) > 0) inside = middle;
    else y = middle;
  }
  return inside;
}

void henon_heiles_boundary(int n, double y[], double py[]) {
  const double low = section_end(-1), high = section_end(1), turn = 2 * acos(-1);
  for (int i = 0; i < n; i++) {
    const double phase = turn * i / (n - 1);
    y[i] = 0.5 * (low + high) - 0.5 * (high - low) * cos(phase);
    py[i] = copysign(sqrt(fmax(section_speed2(y[i]), 0)), sin(phase));
  }
}

static void kepler_any(rng *r, double x[]) { kepler_start(0.3 + 0.4 * rng_uniform(r), x); }

static void pendulum_any(rng *r, double x[]) { x[0] = 0.5 + 2 * rng_uniform(r), x[1] = 0; }

static void henon_heiles_any(rng *r, double x[]) {
  double y, py;
  do y = 1.2 * rng_uniform(r) - 0.5, py = rng_uniform(r) - 0.5;
  while (section_speed2(y) <= py * py);
  x[0] = 0, x[1] = y, x[2] = sqrt(section_speed2(y) - py * py), x[3] = py;
}

static void lorenz_any(rng *r, double x[]) {
  for (int i = 0; i < 3; i++) x[i] = (i < 2 ? 1 : 20) + rng_normal(r);
}

const dynamics dynamics_list[DYNAMICS] = {
    {"kepler", 4, kepler_field, kepler_slope, kepler_any, kepler_energy, 60},
    {"pendulum", 2, pendulum_field, pendulum_slope, pendulum_any, pendulum_energy, 100},
    {"henon-heiles", 4, henon_heiles_field, henon_heiles_slope, henon_heiles_any, henon_heiles_energy, 100},
    {"lorenz", 3, lorenz_field, lorenz_slope, lorenz_any, NULL, 10},
};
