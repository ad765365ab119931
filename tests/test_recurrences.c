/* test_recurrences.c - every row against a series in long double. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel.h"
#include "kernel_known.h"
#include "kernel_trial.h"

/* ---- 6. recurrences: series in long double, all by y' = g x' with g put together from sums, products and quotients ------------- */

/* Relative to the largest coefficient so far: rounding of a recurrence of k steps, not more. */
static void check_naive(const problem *p, int isa, int j, ptrdiff_t i, const wide *want) {
  wide scale = 0;
  if (p->row == JK_cpow) scale = powl(hypotl(p->x[0][0][i], p->x[1][0][i]), p->c); /* the modulus: a part may be nearly 0 */
  if (p->row == JK_logaddexp) scale = fmaxl(fabs(p->x[0][0][i]), fabs(p->x[1][0][i])); /* a sum */
  if (p->row == JK_sinc) scale = 1.0L / (p->m + 1);                                    /* its m-th derivative at 0 */
  for (int k = 0; k <= p->out.degree; k++) {
    scale = fmaxl(scale, fabsl(want[k]));
    real got = holds(p->out, k) ? got_.y[j][k][i] : 0;
    if (fabsl(got - want[k]) <= 64 * (k + 1) * UNIT * scale) continue;
    report(p, isa, "against a naive series", j, k, i, got, (real)want[k]);
    return;
  }
}

/* A sweep from coefficient 1 takes coefficient 0 as it finds it. */
static void kept_trial(const jk_set *set, int isa, int row, int order) {
  static frame f;
  static real kept[LANES];
  moderate_problem(&p_, row, order % 4);
  if (!holds(p_.out, 0) || p_.out.degree == 0) return;
  lay_results(&p_, (layout){0}, &f);
  lay_inputs(&p_, (layout){0}, &f);
  jk_call c = call_of(&p_, &f, jk_rows[row].nout);
  c.work = work_of(p_.order);
  c.k1 = 1;
  jk_run(set, &c);
  for (ptrdiff_t i = 0; i < p_.n; i++) kept[i] = f.out[0][0][i] += 1;
  c.k0 = 1;
  c.k1 = p_.out.degree + 1;
  jk_run(set, &c);
  free(c.work);
  for (int j = 0; j < jk_rows[row].nin; j++)
    for (int k = 0; k <= p_.order; k++) free(exact[j][k]);
  for (ptrdiff_t i = 0; i < p_.n; i++)
    if (!same(f.out[0][0][i], kept[i])) report(&p_, isa, "coefficient 0 made again", 0, 0, i, f.out[0][0][i], kept[i]);
}

static void test_coefficient_0_is_made_once(void **state) {
  (void)state;
  begin(15);
  for_all(kept_trial, 39);
  end();
}

static void naive_trial(const jk_set *s, int isa, int row, int order) {
  series y = {0}, z = {0};
  if (jk_rows[row].kind == JK_SELECT) return; /* test_choices_are_their_definition */
  assert_non_null(known[row].naive);
  moderate_problem(&p_, row, below(6) ? order : LONG);
  run(s, &p_, (layout){0}, &got_);
  for (ptrdiff_t i = 0; i < p_.n; i++) {
    naive(&p_, i, y, z);
    check_naive(&p_, isa, 0, i, y);
    if (known[row].second || row == JK_cpow) check_naive(&p_, isa, 1, i, z);
  }
}

static void test_recurrences_solve_their_equation(void **state) {
  (void)state;
  begin(6);
  for_all(naive_trial, 39);
  end();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_recurrences_solve_their_equation),
      cmocka_unit_test(test_coefficient_0_is_made_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
