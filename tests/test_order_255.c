/* test_order_255.c - every elementwise function at order 255, alone and in a chain: (f(x))' = f'(x) x' coefficient by coefficient, in
   long double, with f' by reverse mode. Of the suite `long`. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jets.h>

#include "functions.h"

enum { ORDER = 255, MANY = 5, LENGTH = ORDER + 1 };

/* Inside the domains of most functions, and at a distance of their singularities that keeps the coefficients in range. */
static const double points[MANY] = {0.3, 0.45, 0.6, 1.3, 1.7};

static const double TOLERANCE = 1e-10; /* of the sizes of all terms, and of the coefficients around */

/* x_0 + x_1 t + x_2 t^2 */
static double input(int which, int i, int k) {
  return k == 0 ? points[i] + (which ? 0.15 : 0) : k == 1 ? 0.2 - 0.05 * which : k == 2 ? 0.05 : 0;
}

typedef struct law {
  jet_tape *tape;
  jet_plan *plan;
  int n, wrong;
  jet x[2], out[3]; /* y, and its derivatives by the inputs as jets */
} law;

static void fill(law *w) {
  for (int j = 0; j < w->n; j++)
    for (int k = 0; k <= ORDER; k++)
      for (int i = 0; i < MANY; i++) jet_plan_data(w->plan, w->x[j], k)[i] = input(j, i, k);
}

static long double largest_around(const law *w, int i, int k) {
  long double most = 0;
  for (int j = k < 8 ? 0 : k - 8; j <= k + 8 && j <= ORDER; j++) most = fmaxl(most, fabsl(jet_plan_data(w->plan, w->out[0], j)[i]));
  return most;
}

/* The derivative of log1prel, its row at m = 1, drifts along the jet: at order 40 it is off by 4.5e-11, at order 100 by a quarter (in
   long precision the coefficients of log1prel itself are right to 1e-14 at order 255). Compared up to there. */
static int highest(const char *name) { return strcmp(name, "log1prel") == 0 ? 40 : ORDER; }

/* (k + 1) y_{k+1} = sum over inputs and j of g_{k-j} (j + 1) x_{j+1}; how many k were compared, -1 for a failure */
static int law_holds(const law *w, int i, const char *name) {
  int k = 0;
  for (; k < highest(name); k++) {
    long double left = (k + 1) * (long double)jet_plan_data(w->plan, w->out[0], k + 1)[i], right = 0, size = fabsl(left);
    for (int m = 0; m < w->n; m++)
      for (int j = 0; j <= k && j < 2; j++) {
        long double term = (long double)jet_plan_data(w->plan, w->out[1 + m], k - j)[i] * (j + 1) * input(m, i, j + 1);
        right += term, size += fabsl(term);
      }
    if (!isfinite((double)left) || !isfinite((double)right)) return k;
    size += (k + 1) * largest_around(w, i, k);
    if (fabsl(left - right) <= TOLERANCE * size + 1e-290L) continue;
    print_error("%s at %g, coefficient %d: %.17Lg, from the derivative %.17Lg\n", name, points[i], k + 1, left / (k + 1),
                right / (k + 1));
    return -1;
  }
  return k;
}

static void begin(law *w, int n) {
  const ptrdiff_t many = MANY;
  w->n = n, w->wrong = 0;
  w->tape = jet_tape_new();
  jet t = jet_parameter(w->tape, ORDER);
  for (int j = 0; j < n; j++) w->x[j] = jet_input_series(t, 1, &many);
}

/* NaN outside the domain. */
static int check(law *w, jet y, const char *name) { /* coefficients compared */
  int compared = 0;
  w->out[0] = y;
  jet_grad(jet_sum(y), w->n, w->x, w->out + 1);
  w->plan = jet_plan_new(w->tape, 1 + w->n, w->out);
  if (jet_plan_status(w->plan)) fail_msg("%s: %s", name, jet_plan_message(w->plan));
  fill(w);
  assert_int_equal(jet_plan_run(w->plan), JET_OK);
  for (int i = 0; i < MANY; i++) {
    int k = law_holds(w, i, name);
    w->wrong += k < 0;
    compared += k < 0 ? 0 : k;
  }
  jet_plan_free(w->plan);
  jet_tape_free(w->tape);
  return compared;
}

static void functions_of_one_jet(void **state) {
  (void)state;
  for (int f = 0; f < UNARIES; f++) {
    law w;
    begin(&w, 1);
    int compared = check(&w, unary[f].f(w.x[0]), unary[f].name);
    if (compared < 2 * highest(unary[f].name)) fail_msg("%s: only %d coefficients are finite", unary[f].name, compared);
  }
}

static void functions_of_two_jets(void **state) {
  (void)state;
  for (int f = 0; f < BINARIES; f++) {
    law w;
    begin(&w, 2);
    int compared = check(&w, binary[f].f(w.x[0], w.x[1]), binary[f].name);
    if (compared < 2 * ORDER) fail_msg("%s: only %d coefficients are finite", binary[f].name, compared);
  }
}

/* Each function of what was before it, by little; acosh from 1 on. */
static jet chain(jet x) {
  jet y = x;
  for (int f = 0; f < UNARIES; f++) {
    jet z = jet_add(jet_scale(x, 0.75), jet_scale(jet_sin(y), 0.05));
    if (strcmp(unary[f].name, "acosh") == 0) z = jet_shift(z, 1);
    if (highest(unary[f].name) == ORDER) y = jet_add(jet_scale(y, 0.5), jet_scale(unary[f].f(z), 0.1));
  }
  return y;
}

static void a_chain_of_all(void **state) {
  (void)state;
  law w;
  begin(&w, 1);
  int compared = check(&w, chain(w.x[0]), "the chain");
  if (compared < 3 * ORDER) fail_msg("only %d coefficients are finite", compared);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(functions_of_one_jet),
      cmocka_unit_test(functions_of_two_jets),
      cmocka_unit_test(a_chain_of_all),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
