/* dynamics.h - four systems x' = f(x) of textbooks, as jets and as plain numbers.

     kepler        a planet (x, y, vx, vy) about a sun at the origin, whose attraction is 1/r^2
     pendulum      (angle, speed): angle'' = -sin angle
     henon-heiles  a star in a galaxy, (x, y, px, py): energy (px^2 + py^2 + x^2 + y^2) / 2 + x^2 y - y^3 / 3
     lorenz        convection: x' = 10 (y - x), y' = x (28 - z) - y, z' = x y - 8/3 z */
#ifndef EXAMPLES_DYNAMICS_H
#define EXAMPLES_DYNAMICS_H

#include "../common/rng.h"
#include "taylor.h"

enum { MOST_DIMENSION = 4 };

typedef struct dynamics {
  const char *name;
  int dimension;
  taylor_field *field;
  int (*slope)(double t, const double x[], double f[], void *); /* the same in numbers; returns 0, as GSL wants it */
  void (*start)(rng *, double x[]);                             /* one of many points to begin at                  */
  long double (*energy)(const long double x[]);                 /* what stays; NULL: nothing does                  */
  double span;                                                  /* of a comparison                                 */
} dynamics;

typedef enum dynamics_kind { KEPLER, PENDULUM, HENON_HEILES, LORENZ, DYNAMICS } dynamics_kind;
extern const dynamics dynamics_list[DYNAMICS];

/* At the point nearest to the sun, of an ellipse whose half axis is 1: its period is 2 pi. */
void kepler_start(double eccentricity, double x[]);
void kepler_exact(double eccentricity, double time, double x[]); /* by Kepler's equation */
/* The curve that bounds the section x = 0 of the energy 1/8, where the others begin: px = 0. n points, closed. */
void henon_heiles_boundary(int n, double y[], double py[]);

#endif
