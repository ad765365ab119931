/* test_kernels.c - every row of the kernels: sweeps in pieces, lanes and tails, memory, directions, structural zeros; sums. */
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
#include "kernel_trial.h"

/* ---- 1. a sweep in pieces ------------------------------------------------------------------------------------------ */

static layout one_by_one(int order) { /* as a solver does it, at the end of the sweep */
  layout l = {.pieces = min_(order + 1, 8)};
  for (int i = 0; i < l.pieces; i++) l.cut[i] = order + 1 - l.pieces + i;
  return l;
}

/* A sweep looks at its top coefficient to see whether a lane needs more than arithmetic. Where one below overflows and the top
   does not, pieces see it and the sweep does not: such lanes may differ. */
static int overflows_on_the_way(const problem *p, const result *r, ptrdiff_t i) {
  int top = p->out.degree, middle = 0;
  for (int j = 0; j < seen(p->row); j++)
    for (int k = p->out.low; k < top; k++) middle |= !isfinite(r->y[j][k][i]);
  return middle && top >= 0 && isfinite(r->y[0][top][i]);
}

static int has_far(const real *x, ptrdiff_t i) { return isfinite(x[i]) && (fabs(x[i]) > 1e15 || (x[i] != 0 && fabs(x[i]) < 1e-15)); }

/* Lanes of float are redone in double. So where products of large numbers overflow on the way and their sum does not, the sweep is as
   double has it, and the pieces behind that place are not. */
static int is_redone_in_double(const problem *p, const result *r, ptrdiff_t i) {
  int far = 0;
  for (int k = 0; k <= p->order && sizeof(real) < sizeof(double); k++) {
    for (int j = 0; j < jk_rows[p->row].nin; j++) far |= has_far(p->x[j][k], i);
    for (int j = 0; j < seen(p->row); j++) far |= has_far(r->y[j][k], i);
  }
  return far;
}

static void resume_trial(const jk_set *set, int isa, int row, int order) {
  random_problem(&p_, row, order, between(1, order > FAR ? 9 : LANES));
  int from_1 = order >= 1 && order <= 3 && below(2); /* as directions that share coefficient 0 */
  run(set, &p_, (layout){0}, &want_);
  check_damage(&p_, isa);
  run(set, &p_, from_1 ? (layout){.pieces = 1, .cut = {1}} : below(3) ? random_cuts(order) : one_by_one(order), &got_);
  check_damage(&p_, isa);
  for (ptrdiff_t i = 0; i < p_.n; i++)
    if (!overflows_on_the_way(&p_, &want_, i) && !is_redone_in_double(&p_, &want_, i))
      check_lane(&p_, isa, "in pieces", seen(row), i, i, &got_, &want_);
  run(set, &p_, (layout){.no_spares = 1}, &got_);
  check_same(&p_, isa, "without spares", named(row), &got_, &want_);
}

static void long_resume_trial(const jk_set *set, int isa, int row, int order) {
  (void)order;
  resume_trial(set, isa, row, 31);
  if (below(4) == 0) resume_trial(set, isa, row, TOP);
}

static void test_resumed_sweeps_forget_nothing(void **state) {
  (void)state;
  begin(1);
  for_all(resume_trial, 65);
  for_all(long_resume_trial, 4);
  end();
}

/* ---- 2. lanes and tails ---------------------------------------------------------------------------------------------- */

static real hostile(int kind, int k) {
  if (kind == 0) return NAN;
  if (kind == 1) return k ? 1 : INFINITY;
  if (kind == 2) return 0;
  if (kind == 3) return (real)large;
  return kind == 4 ? REAL(-1e15, -1e15f) : corner();
}

static void other_lane(const problem *from, ptrdiff_t at, problem *to, ptrdiff_t i) { /* at < 0: a hostile one */
  int kind = below(6);
  for (int j = 0; j < JK_MAX_IN; j++)
    for (int k = 0; k <= from->order; k++) to->x[j][k][i] = at < 0 ? hostile(kind, k) : from->x[j][k][at];
}

static void lanes_trial(const jk_set *set, int isa, int row, int order) {
  ptrdiff_t at[LANES];
  problem *q = &q_[0];
  random_problem(&p_, row, order, between(1, LANES));
  run(set, &p_, (layout){0}, &want_);
  random_problem(q, row, order, between(1, LANES));
  q->c = p_.c, q->m = p_.m, q->out = p_.out;
  memcpy(q->in, p_.in, sizeof p_.in);
  for (ptrdiff_t i = 0; i < q->n; i++) other_lane(&p_, at[i] = below(3) ? below((int)p_.n) : -1, q, i);
  run(set, q, (layout){0}, &got_);
  check_damage(q, isa);
  for (ptrdiff_t i = 0; i < q->n; i++)
    if (at[i] >= 0) check_lane(q, isa, "among other lanes", seen(row), i, at[i], &got_, &want_);
}

static void test_lanes_are_alone(void **state) {
  (void)state;
  begin(2);
  for_all(lanes_trial, 65);
  end();
}

/* ---- 3. memory: any alignment, in place ------------------------------------------------------------------------------ */

static void memory_trial(const jk_set *set, int isa, int row, int order) {
  random_problem(&p_, row, order, between(1, LANES));
  run(set, &p_, (layout){.aligned = 1}, &want_);
  run(set, &p_, (layout){0}, &got_);
  check_same(&p_, isa, "unaligned", seen(row), &got_, &want_);
  run(set, &p_, (layout){.in_place = 1}, &got_);
  check_same(&p_, isa, "in place", seen(row), &got_, &want_);
  run(set, &p_, (layout){.in_place = 1, .no_spares = 1}, &got_);
  check_same(&p_, isa, "in place without spares", named(row), &got_, &want_);
}

static void test_planes_may_lie_anywhere(void **state) {
  (void)state;
  begin(3);
  for_all(memory_trial, 39);
  end();
}

/* ---- 4. directions ----------------------------------------------------------------------------------------------------- */

enum { PAD = 3, STRIDE = LANES + PAD };

typedef struct fan { /* the memory of one call with directions */
  real x[JK_MAX_IN][FAR + 1][DIRECTIONS * STRIDE], y[JK_MAX_OUT][FAR + 1][DIRECTIONS * STRIDE];
  ptrdiff_t sx[JK_MAX_IN][FAR + 1], sy[FAR + 1];
  int whole[JK_MAX_IN]; /* inputs without directions */
} fan;

static fan fan_;

static void random_fan(int row, int order, int shared) {
  ptrdiff_t n = between(1, LANES), stride = n + between(0, PAD);
  random_problem(&q_[0], row, order, n);
  for (int d = 1; d < DIRECTIONS; d++) {
    q_[d] = q_[0];
    for (ptrdiff_t i = 0; i < n; i++) fill_lane(&q_[d], i, below(STYLES));
  }
  int by_zero = shared && jk_rows[row].kind != JK_CHOICE;
  for (int k = 0; k <= order; k++) fan_.sy[k] = k == 0 && by_zero ? 0 : stride;
  for (int j = 0; j < jk_rows[row].nin; j++) {
    int last = below(6) == 0 ? order : shared - 1; /* sometimes an input without directions */
    if (!shared && j == 0) last = -1;
    fan_.whole[j] = last == order;
    for (int k = 0; k <= order; k++) fan_.sx[j][k] = k <= last ? 0 : stride;
    if (last >= 0) share(j, last);
  }
}

static void lay_fan(void) {
  for (int j = 0; j < jk_rows[q_[0].row].nin; j++)
    for (int k = 0; k <= q_[0].order; k++)
      for (int d = 0; d < DIRECTIONS; d++)
        memcpy(fan_.x[j][k] + d * fan_.sx[j][k], q_[d].x[j][k], (size_t)q_[0].n * sizeof(real));
  for (int j = 0; j < JK_MAX_OUT; j++)
    for (int k = 0; k <= q_[0].order; k++)
      for (int i = 0; i < DIRECTIONS * STRIDE; i++) fan_.y[j][k][i] = guard;
}

static void run_fan(const jk_set *set) {
  static frame f;
  const problem *p = &q_[0];
  int nout = jk_rows[p->row].nout;
  for (int k = 0; k <= p->order; k++) {
    for (int j = 0; j < jk_rows[p->row].nin; j++) f.in[j][k] = holds(p->in[j], k) ? fan_.x[j][k] : NULL;
    for (int j = 0; j < nout; j++) f.out[j][k] = holds(p->out, k) ? fan_.y[j][k] : NULL;
  }
  jk_call c = call_of(p, &f, nout);
  for (int j = 0; j < JK_MAX_IN; j++) c.in[j].stride = fan_.whole[j] ? NULL : fan_.sx[j];
  for (int j = 0; j < JK_MAX_OUT; j++) c.out[j].stride = fan_.sy;
  c.directions = DIRECTIONS;
  c.work = work_of(p->order);
  jk_run(set, &c);
  free(c.work);
}

static void gather_fan(int d, result *r) {
  for (int j = 0; j < jk_rows[q_[0].row].nout; j++)
    for (int k = q_[0].out.low; k <= q_[0].out.degree; k++)
      memcpy(r->y[j][k], fan_.y[j][k] + d * fan_.sy[k], (size_t)q_[0].n * sizeof(real));
}

static void check_fan_memory(int isa) { /* what lies behind the lanes of every direction */
  const problem *p = &q_[0];
  for (int j = 0; j < jk_rows[p->row].nout; j++)
    for (int k = 0; k <= p->order; k++)
      for (int i = 0; i < DIRECTIONS * STRIDE; i++) {
        ptrdiff_t s = fan_.sy[k], lane = s ? i % s : i, d = s ? i / s : 0;
        if (holds(p->out, k) && lane < p->n && d < DIRECTIONS) continue;
        if (fan_.y[j][k][i] != guard) report(p, isa, "directions: wrote beside", j, k, lane, fan_.y[j][k][i], guard);
      }
}

/* Coefficient 0 of a removable singularity is a matter of direction, and then cannot be shared. */
static int is_shareable(ptrdiff_t i) {
  for (int j = 0; j < seen(q_[0].row); j++)
    for (int d = 1; d < DIRECTIONS; d++)
      if (holds(q_[0].out, 0) && !same(single_[d].y[j][0][i], single_[0].y[j][0][i])) return 0;
  return 1;
}

static void directions_trial(const jk_set *set, int isa, int row, int order) {
  int shared = below(2);
  random_fan(row, order, shared);
  for (int d = 0; d < DIRECTIONS; d++) run(set, &q_[d], (layout){0}, &single_[d]);
  lay_fan();
  run_fan(set);
  check_fan_memory(isa);
  for (int d = 0; d < DIRECTIONS; d++) {
    gather_fan(d, &got_);
    for (ptrdiff_t i = 0; i < q_[0].n; i++)
      if (!shared || is_shareable(i))
        check_lane(&q_[d], isa, shared ? "directions, coefficient 0 shared" : "directions", seen(row), i, i, &got_,
                   &single_[d]);
  }
}

static void test_directions_do_not_mix(void **state) {
  (void)state;
  begin(4);
  for_all(directions_trial, 130);
  end();
}

/* ---- 5. structural zeros ------------------------------------------------------------------------------------------------ */

static void zeros_trial(const jk_set *set, int isa, int row, int order) {
  random_problem(&p_, row, order, between(1, LANES));
  run(set, &p_, (layout){0}, &want_);
  check_damage(&p_, isa);
  run(set, &p_, (layout){}, &got_);
  check_same(&p_, isa, "to the order", named(row), &got_, &want_);
  if (damage) return;
  run(set, &p_, (layout){.null = 1, .no_spares = below(2)}, &got_);
  check_same(&p_, isa, "planes missing", named(row), &got_, &want_);
}

static void test_structural_zeros_are_not_touched(void **state) {
  (void)state;
  begin(5);
  for_all(zeros_trial, 65);
  end();
}

/* ---- 10. sums and the other loops over a plane --------------------------------------------------------------------- */

enum { MILLION = 1000000 };

static real numbers[2][MILLION + EDGE];

static void check_sum(const jk_set *s, const jk_set *first, ptrdiff_t n) {
  wide sum = 0, size = 0;
  for (ptrdiff_t i = 0; i < n; i++) sum += numbers[0][i], size += fabs(numbers[0][i]);
  real got = s->sum(numbers[0], n);
  if (!(fabsl(got - sum) <= 64 * UNIT * size)) fail_msg("%s: sum of %td: %.17g, not %.17Lg", s->name, n, got, sum);
  if (got != first->sum(numbers[0], n)) fail_msg("sum of %td: other bits with %s", n, s->name);
  for (int shift = 1; shift < EDGE; shift += 1 + 2 * (n > 100)) {
    memcpy(numbers[1] + shift, numbers[0], (size_t)n * sizeof(real));
    if (s->sum(numbers[1] + shift, n) != got) fail_msg("%s: sum of %td depends on the alignment", s->name, n);
  }
}

static void test_sums_are_one_tree(void **state) {
  (void)state;
  seed(8);
  for (int i = 0; i < MILLION; i++) numbers[0][i] = uniform(-1, 1) * (i % 7 ? 1 : 1000);
  for (int isa = 1; isa <= SETS; isa++) {
    const jk_set *s = jk_select(isa);
    for (ptrdiff_t n = 0; s && n <= 2100; n++) check_sum(s, jk_select(1), n);
    if (s) check_sum(s, jk_select(1), MILLION);
  }
}

static void check_loop(const jk_set *s, const real *y, const real *want, ptrdiff_t n, const char *what) {
  for (ptrdiff_t i = -EDGE; i < n + EDGE; i++) {
    real w = i < 0 || i >= n ? guard : want[i];
    if (!same(y[i], w)) fail_msg("%s: %s of %td: element %td: got %.17g, want %.17g", s->name, what, n, i, y[i], w);
  }
}

static void test_loops_stay_in_their_plane(void **state) {
  (void)state;
  seed(9);
  real y[ROOM], want[LANES];
  for (int isa = 1; isa <= SETS; isa++) {
    const jk_set *s = jk_select(isa);
    for (ptrdiff_t n = 0; s && n <= LANES; n++) {
      int first = EDGE + below(EDGE);
      real c = below(3) ? uniform(-3, 3) : corner();
      for (int i = 0; i < ROOM; i++) y[i] = guard;
      for (ptrdiff_t i = 0; i < n; i++) want[i] = c;
      s->fill(y + first, c, n);
      check_loop(s, y + first, want, n, "fill");
    }
  }
}

static void check_add(const jk_set *s, ptrdiff_t n) {
  real y[ROOM], x[ROOM], want[LANES];
  int at = EDGE + below(EDGE), from = below(EDGE);
  for (int i = 0; i < ROOM; i++) y[i] = guard, x[i] = below(4) ? uniform(-1, 1) : corner();
  for (ptrdiff_t i = 0; i < n; i++) {
    y[at + i] = uniform(-1, 1);
    want[i] = y[at + i] + x[from + i];
  }
  s->add(y + at, x + from, n);
  check_loop(s, y + at, want, n, "add");
}

static void test_added_planes(void **state) {
  (void)state;
  seed(13);
  for (int isa = 1; isa <= SETS; isa++)
    for (ptrdiff_t n = 0; jk_select(isa) && n <= LANES; n++) check_add(jk_select(isa), n);
}

static void check_columns(int isa, ptrdiff_t rows, ptrdiff_t n, ptrdiff_t stride) {
  static real y[3 * LANES + 2 * EDGE], first[3 * LANES];
  const real *x = numbers[0] + below(EDGE);
  for (ptrdiff_t i = 0; i < n + 2 * EDGE; i++) y[i] = guard;
  jk_select(isa)->sum_columns(y + EDGE, x, rows, n, stride);
  jk_select(1)->sum_columns(first, x, rows, n, stride);
  for (ptrdiff_t j = -EDGE; j < n + EDGE; j++) {
    wide sum = 0, size = 0;
    int inside = j >= 0 && j < n;
    for (ptrdiff_t i = 0; i < rows && inside; i++) sum += x[i * stride + j], size += fabs(x[i * stride + j]);
    real got = y[j + EDGE];
    if (!inside && got == guard) continue;
    if (!inside) fail_msg("%s: sum_columns of %td x %td wrote beside", jk_select(isa)->name, rows, n);
    int depth = 64 + 20; /* additions that a number goes through */
    if (!(fabsl(got - sum) <= depth * UNIT * size) || !same(got, first[j]))
      fail_msg("%s: column %td of %td x %td: %.17g, not %.17Lg (%.17g)", jk_select(isa)->name, j, rows, n, got, sum,
               first[j]);
  }
}

/* A column's bits depend on the number of rows alone. */
static void check_column_alone(int isa, ptrdiff_t rows, ptrdiff_t n, ptrdiff_t stride) {
  static real y[3 * LANES], one;
  jk_select(isa)->sum_columns(y, numbers[0], rows, n, stride);
  ptrdiff_t j = below((int)n);
  jk_select(isa)->sum_columns(&one, numbers[0] + j, rows, 1, stride);
  if (!same(one, y[j])) fail_msg("%s: column %td of %td x %td has other bits alone", jk_select(isa)->name, j, rows, n);
}

static void test_sums_of_columns(void **state) {
  (void)state;
  seed(14);
  static const ptrdiff_t rows[] = {0, 1, 2, 63, 64, 65, 127, 128, 129, 191, 192, 193, 448, 1000, 4097};
  for (int i = 0; i < MILLION; i++) numbers[0][i] = uniform(-1, 1) * (i % 7 ? 1 : 1000);
  for (int isa = 1; isa <= SETS; isa++)
    for (size_t r = 0; jk_select(isa) && r < sizeof rows / sizeof *rows; r++)
      for (ptrdiff_t n = 0; n <= 3 * LANES; n += n < 10 ? 1 : between(1, 25)) {
        ptrdiff_t stride = n + below(3);
        check_columns(isa, rows[r], n, stride);
        if (n) check_column_alone(isa, rows[r], n, stride);
      }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_resumed_sweeps_forget_nothing),
      cmocka_unit_test(test_lanes_are_alone),
      cmocka_unit_test(test_planes_may_lie_anywhere),
      cmocka_unit_test(test_directions_do_not_mix),
      cmocka_unit_test(test_structural_zeros_are_not_touched),
      cmocka_unit_test(test_sums_are_one_tree),
      cmocka_unit_test(test_loops_stay_in_their_plane),
      cmocka_unit_test(test_added_planes),
      cmocka_unit_test(test_sums_of_columns),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
