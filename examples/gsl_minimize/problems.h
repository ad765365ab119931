/* problems.h - functions to minimise and systems to solve, each written twice, with jets and in plain C, with a
   start and a solution that is known otherwise.

   Minima:
     rosenbrock  sum over pairs (a, b) of 100 (b - a^2)^2 + (1 - a)^2 from (-1.2, 1, -1.2, 1, ...): the extended
                 Rosenbrock function (More, Garbow and Hillstrom 1981); the minimum is at 1
     cluster     the energy of 13 atoms, 4 sum over pairs of r^-12 - r^-6 (Lennard-Jones), from a shaken icosahedron;
                 that of an icosahedron of size s, 4 (A s^-12 - B s^-6), is lowest at s^6 = 2A/B: -B^2/A = -44.3268
   Systems:
     powell      10^4 x y = 1, exp(-x) + exp(-y) = 1.0001 from (0, 1): Powell's badly scaled function; the root by
                 bisection
     broyden     (3 - 2 x_i) x_i - x_{i-1} - 2 x_{i+1} + 1 = 0 from -1: Broyden's tridiagonal function; the root by
                 Newton's method
     units       the same of x_i/u_i - 1 in units u_i from 1 down to 10^-12, from 0: displacements from the same start
   Both roots are found in long double, with derivatives by hand. */
#ifndef EXAMPLES_GSL_PROBLEMS_H
#define EXAMPLES_GSL_PROBLEMS_H

#include <jets.h>
#include <stddef.h>

typedef double plain_scalar(size_t n, const double *x);
typedef void plain_system(size_t n, const double *x, double *y, const void *data);

typedef struct problem {
  const char *name;
  jet_callback *f;
  plain_scalar *scalar; /* the function in plain C where it is one to minimise, */
  plain_system *system; /* and where it is a system                              */
  size_t n;
  double *start;
  double *solution; /* of the cluster: distances in ascending order */
  double *unit;     /* of the unknowns: data of f and of system     */
} problem;

enum { MINIMA = 2, PROBLEMS = 5, LEAST_N = 2, MOST_N = 1000 };

/* n: of all but the cluster and powell. Returns 1, or 0 where memory is short; free them all the same. */
int problems_new(problem[PROBLEMS], size_t n, int seed);
void problems_free(problem[PROBLEMS]);

/* The largest error of an element: relative to it in a system, of a distance in the cluster. */
double problem_error(const problem *, const double *x);

#endif
