/* test_product.c - products of vectors and matrices against triple loops, plain and as jets, with their gradients. */
#include <float.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tape.h"
#include "trial.h"

/* ---- the judge: a triple loop over every matrix of the batch, truncated products of jets ------------------------------ */

enum { MOST = 4096 };

typedef struct operand_planes {
  extents e;
  int transposed; /* the last two axes are to be read swapped */
  const double *plane[ORDERS];
} operand_planes;

/* The index in x of element (row, column) of the matrix that belongs to matrix `batch` of the whole batch. */
static ptrdiff_t element(const operand_planes *x, const extents *whole, ptrdiff_t batch, ptrdiff_t row, ptrdiff_t column) {
  ptrdiff_t i[JET_MAX_RANK], j[JET_MAX_RANK];
  extents outer = *whole;
  outer.rank -= 2;
  unflat(&outer, batch, i);
  int rank = x->e.rank, shift = whole->rank - rank;
  for (int l = 0; l < rank - 2; l++) j[l] = x->e.d[l] == 1 ? 0 : i[l + shift];
  j[rank - 2] = x->transposed ? column : row;
  j[rank - 1] = x->transposed ? row : column;
  return flat(&x->e, j);
}

/* y_k += sum_j a_j b_{k-j}; matrices of y that a batch shares are summed over it. magnitude: the same of absolute values. */
static void naive_product(const operand_planes *a, const operand_planes *b, const operand_planes *y, const extents *whole,
                          int k, long double *sum, long double *magnitude) {
  extents outer = *whole;
  outer.rank -= 2;
  ptrdiff_t m = y->e.d[y->e.rank - 2], n = y->e.d[y->e.rank - 1], inner = a->e.d[a->e.rank - (a->transposed ? 2 : 1)];
  for (ptrdiff_t batch = 0; batch < size_of(&outer); batch++)
    for (ptrdiff_t row = 0; row < m; row++)
      for (ptrdiff_t column = 0; column < n; column++)
        for (ptrdiff_t l = 0; l < inner; l++)
          for (int j = 0; j <= k; j++) {
            long double p = a->plane[j][element(a, whole, batch, row, l)],
                        q = b->plane[k - j][element(b, whole, batch, l, column)];
            ptrdiff_t at = element(y, whole, batch, row, column);
            sum[at] += p * q;
            magnitude[at] += p * q < 0 ? -p * q : p * q;
          }
}

static operand_planes planes_of(const trial *r, jet_plan *plan, jet x, int transposed) {
  operand_planes p = {{jet_rank(x), {0}}, transposed, {NULL}};
  for (int i = 0; i < p.e.rank; i++) p.e.d[i] = jet_extent(x, i);
  for (int k = 0; k <= top(r); k++) p.plane[k] = jet_plan_data(plan, x, k);
  return p;
}

/* got = a b, transposed as told, within `units` of rounding of the magnitude (0: exactly). */
static void assert_product(const trial *r, jet_plan *plan, jet got, jet a, int ta, jet b, int tb, const extents *whole,
                           double units) {
  static long double sum[MOST], magnitude[MOST];
  operand_planes p = planes_of(r, plan, a, ta), q = planes_of(r, plan, b, tb), y = planes_of(r, plan, got, 0);
  assert_true(jet_size(got) <= MOST);
  for (int k = 0; k <= top(r); k++) {
    memset(sum, 0, sizeof sum);
    memset(magnitude, 0, sizeof magnitude);
    naive_product(&p, &q, &y, whole, k, sum, magnitude);
    for (ptrdiff_t i = 0; i < jet_size(got); i++) {
      long double error = y.plane[k][i] - sum[i];
      if (!((error < 0 ? -error : error) <= units * DBL_EPSILON * magnitude[i]))
        fail_msg("coefficient %d of element %td is %g, not %Lg", k, i, y.plane[k][i], sum[i]);
    }
  }
}

/* ---- matmul ------------------------------------------------------------------------------------------------------------- */

/* [.., m, k] and [.., k, n]; the batches broadcast to that of r->out, [.., m, n]. */
static void random_factors(trial *r, extents *a, extents *b) {
  extents batch = random_extents(&r->g, random_below(&r->g, 4));
  ptrdiff_t sizes[3];
  for (int i = 0; i < 3; i++) sizes[i] = random_below(&r->g, 12) ? 1 + random_below(&r->g, 4) : 0;
  for (int i = 0; i < batch.rank; i++) batch.d[i] = batch.d[i] > 3 ? 3 : batch.d[i];
  extents *const each[2] = {a, b};
  int whole = random_below(&r->g, 2); /* the factor that has all axes of the batch */
  for (int f = 0; f < 2; f++) {
    int rank = f == whole ? batch.rank : random_below(&r->g, batch.rank + 1);
    each[f]->rank = rank + 2;
    for (int i = 0; i < rank; i++) {
      ptrdiff_t d = batch.d[i + batch.rank - rank];
      each[f]->d[i] = f != whole && random_below(&r->g, 3) == 0 ? 1 : d;
    }
    each[f]->d[rank] = sizes[f];
    each[f]->d[rank + 1] = sizes[f + 1];
  }
  r->out = batch;
  r->out.rank += 2;
  r->out.d[batch.rank] = sizes[0];
  r->out.d[batch.rank + 1] = sizes[2];
}

/* Y = A B, <U, Y>:  grad A = U B^T, grad B = A^T U;  <V, grad A>, V of A's shape:  grad U = V B, grad B = V^T U;
   <W, grad B>:  grad A = U W^T, grad U = A W. So every product of the transposes occurs, and gradients of it. */
static void matmul_and_gradients_of_gradients(void **state) {
  (void)state;
  for (int seed = 0; seed < 5 * TRIALS; seed++) {
    trial r = begin(seed);
    extents ea, eb;
    random_factors(&r, &ea, &eb);
    jet a = operand(&r, ea), b = operand(&r, eb), u = array_of(&r, &r.out), v = array_of(&r, &ea), w = array_of(&r, &eb);
    jet x[2] = {a, b}, y = jet_matmul(a, b), g[2], by_v[3], by_w[3], all[9];
    jet wrt[3] = {a, b, u};
    jet_vjp(1, &y, &u, 2, x, g);
    jet_vjp(1, &g[0], &v, 3, wrt, by_v);
    jet_vjp(1, &g[1], &w, 3, wrt, by_w);
    const jet some[9] = {y, g[0], g[1], by_v[0], by_v[1], by_v[2], by_w[0], by_w[1], by_w[2]};
    memcpy(all, some, sizeof all);
    jet_plan *plan = plan_of(&r, 9, all);
    const jet inputs[5] = {a, b, u, v, w};
    for (int i = 0; i < 5; i++) put_integers(&r, plan, inputs[i]);
    run(plan);
    assert_extents(y, &r.out);
    assert_product(&r, plan, y, a, 0, b, 0, &r.out, 0);
    assert_product(&r, plan, g[0], u, 0, b, 1, &r.out, 0);
    assert_product(&r, plan, g[1], a, 1, u, 0, &r.out, 0);
    assert_product(&r, plan, by_v[2], v, 0, b, 0, &r.out, 0);
    assert_product(&r, plan, by_v[1], v, 1, u, 0, &r.out, 0);
    assert_product(&r, plan, by_w[0], u, 0, w, 1, &r.out, 0);
    assert_product(&r, plan, by_w[2], a, 0, w, 0, &r.out, 0);
    for (int k = 0; k <= top(&r); k++) {
      for (ptrdiff_t i = 0; i < jet_size(a); i++) assert_true(jet_plan_data(plan, by_v[0], k)[i] == 0);
      for (ptrdiff_t i = 0; i < jet_size(b); i++) assert_true(jet_plan_data(plan, by_w[1], k)[i] == 0);
    }
    jet_plan_free(plan);
    jet_tape_free(r.tape);
  }
}

/* A third sweep meets products of two transposes. */
static void third_gradients_of_matmul(void **state) {
  (void)state;
  for (int seed = 0; seed < TRIALS; seed++) {
    trial r = begin(seed);
    extents ea, eb;
    random_factors(&r, &ea, &eb);
    jet a = operand(&r, ea), b = operand(&r, eb), u = array_of(&r, &r.out), v = array_of(&r, &ea), w = array_of(&r, &eb);
    jet y = jet_matmul(a, b), ga, vu, third[2];
    jet_vjp(1, &y, &u, 1, &a, &ga);    /* U B^T */
    jet_vjp(1, &ga, &v, 1, &b, &vu);   /* V^T U: by the flag of B, (U^T V)^T */
    const jet wrt[2] = {u, v};
    jet_vjp(1, &vu, &w, 2, wrt, third); /* of <W, V^T U>: V W, U W^T */
    jet_plan *plan = plan_of(&r, 2, third);
    const jet inputs[5] = {a, b, u, v, w};
    for (int i = 0; i < 5; i++) put_integers(&r, plan, inputs[i]);
    run(plan);
    assert_product(&r, plan, third[0], v, 0, w, 0, &r.out, 0);
    assert_product(&r, plan, third[1], u, 0, w, 1, &r.out, 0);
    jet_plan_free(plan);
    jet_tape_free(r.tape);
  }
}

static void put_reals(trial *r, jet_plan *plan, jet x) { fill(plan, x, -1, 1, 1, &r->g); }

static void matmul_of_larger_matrices(void **state) {
  (void)state;
  const ptrdiff_t sizes[][3] = {{33, 65, 17}, {1, 100, 40}, {40, 100, 1}, {1, 200, 1}, {50, 1, 50}, {64, 64, 64}, {2, 500, 3}};
  for (int seed = 0; seed < 7 * (ORDERS + 1); seed++) {
    trial r = begin(seed);
    const ptrdiff_t *s = sizes[seed / (ORDERS + 1)];
    jet a = operand(&r, (extents){2, {s[0], s[1]}}), b = operand(&r, (extents){2, {s[1], s[2]}}), y = jet_matmul(a, b), g[3] = {y};
    r.out = (extents){2, {s[0], s[2]}};
    jet u = array_of(&r, &r.out);
    jet_vjp(1, &y, &u, 2, r.x, g + 1);
    jet_plan *plan = plan_of(&r, 3, g);
    put_reals(&r, plan, a);
    put_reals(&r, plan, b);
    put_reals(&r, plan, u);
    run(plan);
    assert_product(&r, plan, y, a, 0, b, 0, &r.out, 20);
    if (jet_size(a) <= MOST) assert_product(&r, plan, g[1], u, 0, b, 1, &r.out, 20);
    if (jet_size(b) <= MOST) assert_product(&r, plan, g[2], a, 1, u, 0, &r.out, 20);
    run(plan); /* what the first run left in memory is not added to */
    assert_product(&r, plan, y, a, 0, b, 0, &r.out, 20);
    jet_plan_free(plan);
    jet_tape_free(r.tape);
  }
}

/* A matrix times itself, and a jet times a plain array: both ways. */
static void plain_factors_and_equal_factors(void **state) {
  (void)state;
  jet_tape *tape = jet_tape_new();
  const ptrdiff_t dims[2] = {2, 2};
  jet t = jet_parameter(tape, 2), a = jet_input_series(t, 2, dims), b = jet_input(tape, 2, dims);
  jet y[3] = {jet_matmul(a, b), jet_matmul(b, a), jet_matmul(a, a)}, loss = jet_sum(jet_add(y[2], jet_add(y[0], y[1]))), wrt[2] = {a, b};
  jet all[5] = {y[0], y[1], y[2]};
  assert_int_equal(jet_grad(loss, 2, wrt, all + 3), JET_OK);
  jet_plan *plan = jet_plan_new(tape, 5, all);
  for (int i = 0; i < 4; i++) {
    for (int k = 0; k < 3; k++) jet_plan_data(plan, a, k)[i] = i + 1 + 10 * k;
    jet_plan_data(plan, b, 0)[i] = 4 - i;
  }
  run(plan);
  for (int k = 0; k < 3; k++) {
    const double *p = jet_plan_data(plan, a, k), *q = jet_plan_data(plan, b, 0), *ga = jet_plan_data(plan, all[3], k),
                 *gb = jet_plan_data(plan, all[4], k);
    for (int i = 0; i < 2; i++)
      for (int j = 0; j < 2; j++) {
        double square = 0, row = p[2 * j] + p[2 * j + 1], column = p[i] + p[2 + i];
        for (int l = 0; l <= k; l++) {
          const double *c = jet_plan_data(plan, a, l), *d = jet_plan_data(plan, a, k - l);
          square += c[2 * i] * d[j] + c[2 * i + 1] * d[2 + j];
        }
        assert_true(jet_plan_data(plan, y[0], k)[2 * i + j] == p[2 * i] * q[j] + p[2 * i + 1] * q[2 + j]);
        assert_true(jet_plan_data(plan, y[1], k)[2 * i + j] == q[2 * i] * p[j] + q[2 * i + 1] * p[2 + j]);
        assert_true(jet_plan_data(plan, y[2], k)[2 * i + j] == square);
        double of_b = k ? 0 : q[2 * j] + q[2 * j + 1] + q[i] + q[2 + i]; /* (1 B^T + B^T 1) */
        assert_true(ga[2 * i + j] == row + column + of_b);
        assert_true(gb[2 * i + j] == row + column);
      }
  }
  jet_plan_free(plan);
  jet_tape_free(tape);
}

/* ---- vectors ------------------------------------------------------------------------------------------------------------- */

static void matvec_is_matmul_with_a_column(void **state) {
  (void)state;
  for (int seed = 0; seed < TRIALS; seed++) {
    trial r = begin(seed);
    extents e = random_extents(&r.g, 2);
    jet a = operand(&r, e), x = operand(&r, (extents){1, {e.d[1]}}), y = jet_matvec(a, x);
    jet column = jet_reshape(x, 2, (const ptrdiff_t[]){e.d[1], 1});
    r.out = (extents){2, {e.d[0], 1}};
    jet u = array_of(&r, &(extents){1, {e.d[0]}}), g[4] = {jet_reshape(y, 2, r.out.d)};
    assert_extents(y, &(extents){1, {e.d[0]}});
    jet_vjp(1, &y, &u, 2, r.x, g + 1);
    jet ucol = jet_reshape(u, 2, r.out.d), gx = jet_reshape(g[2], 2, (const ptrdiff_t[]){e.d[1], 1});
    jet all[5] = {g[0], g[1], gx, column, ucol};
    jet_plan *plan = plan_of(&r, 5, all);
    put_integers(&r, plan, a);
    put_integers(&r, plan, x);
    put_integers(&r, plan, u);
    run(plan);
    assert_product(&r, plan, g[0], a, 0, column, 0, &r.out, 0);
    assert_product(&r, plan, g[1], ucol, 0, column, 1, &r.out, 0);
    assert_product(&r, plan, gx, a, 1, ucol, 0, &r.out, 0);
    jet_plan_free(plan);
    jet_tape_free(r.tape);
  }
}

static void dot_and_outer(void **state) {
  (void)state;
  for (int seed = 0; seed < TRIALS; seed++) {
    trial r = begin(seed);
    ptrdiff_t n = random_below(&r.g, 7), m = random_below(&r.g, 7);
    jet a = operand(&r, (extents){1, {n}}), b = operand(&r, (extents){1, {n}}), c = operand(&r, (extents){1, {m}});
    jet row = jet_reshape(a, 2, (const ptrdiff_t[]){1, n}), column = jet_reshape(b, 2, (const ptrdiff_t[]){n, 1});
    jet other = jet_reshape(c, 2, (const ptrdiff_t[]){1, m}), dot = jet_dot(a, b), outer = jet_outer(b, c);
    assert_int_equal(jet_rank(dot), 0);
    jet all[5] = {jet_reshape(dot, 2, (const ptrdiff_t[]){1, 1}), outer, row, column, other};
    jet_plan *plan = plan_of(&r, 5, all);
    for (int i = 0; i < 3; i++) put_integers(&r, plan, r.x[i]);
    run(plan);
    assert_product(&r, plan, all[0], row, 0, column, 0, &(extents){2, {1, 1}}, 0);
    assert_product(&r, plan, outer, column, 0, other, 0, &(extents){2, {n, m}}, 0);
    jet_plan_free(plan);
    jet_tape_free(r.tape);
  }
}

/* ---- what is refused ------------------------------------------------------------------------------------------------------- */

typedef struct refusal {
  jet (*record)(jet a, jet b);
  extents a, b;
  jet_status status;
  const char *sentence;
} refusal;

static const refusal refusals[] = {
    {jet_matmul, {2, {3, 4}}, {2, {5, 2}}, JET_BAD_SHAPE, "matmul: [3,4] x [5,2]: 4 columns meet 5 rows"},
    {jet_matmul, {1, {3}}, {2, {3, 2}}, JET_BAD_SHAPE, "matmul: [3] x [3,2]: both need rank 2 at least"},
    {jet_matmul, {3, {2, 3, 4}}, {3, {3, 4, 5}}, JET_BAD_SHAPE,
     "matmul: [2,3,4] x [3,4,5]: the axes before the last two do not broadcast"},
    {jet_matmul, {3, {2, 3, 4}}, {2, {3, 4}}, JET_BAD_SHAPE, "matmul: [2,3,4] x [3,4]: 4 columns meet 3 rows"},
    {jet_matvec, {2, {3, 4}}, {1, {3}}, JET_BAD_SHAPE, "matvec: [3,4] x [3]: 4 columns meet 3 rows"},
    {jet_matvec, {2, {3, 4}}, {2, {4, 1}}, JET_BAD_SHAPE, "matvec: [3,4] and [4,1] are not a matrix and a vector"},
    {jet_dot, {1, {3}}, {1, {4}}, JET_BAD_SHAPE, "dot: vectors of lengths 3 and 4"},
    {jet_dot, {0, {0}}, {1, {4}}, JET_BAD_SHAPE, "dot: [] and [4] are not two vectors"},
    {jet_outer, {1, {3}}, {2, {4, 1}}, JET_BAD_SHAPE, "outer: [3] and [4,1] are not two vectors"},
    {jet_matmul, {2, {(ptrdiff_t)INT_MAX + 1, 0}}, {2, {0, 1}}, JET_TOO_LARGE,
     "matmul: [2147483648,0] x [0,1]: an extent is beyond what BLAS counts (2147483647)"},
};

static void refusals_say_why(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    const refusal *r = &refusals[i];
    jet_tape *tape = jet_tape_new();
    jet y = r->record(jet_input(tape, r->a.rank, r->a.d), jet_input(tape, r->b.rank, r->b.d));
    if (strcmp(jet_tape_message(tape), r->sentence)) fail_msg("\"%s\" and not \"%s\"", jet_tape_message(tape), r->sentence);
    assert_int_equal(jet_tape_status(tape), r->status);
    assert_true(y.id < 0);
    jet_tape_free(tape);
  }
}

static void operands_of_two_tapes_or_parameters(void **state) {
  (void)state;
  jet (*const record[])(jet, jet) = {jet_matmul, jet_matvec, jet_dot, jet_outer};
  const char *const begin[] = {"matmul: ", "matvec: ", "dot: ", "outer: "};
  for (int i = 0; i < 8; i++) {
    jet_tape *tape = jet_tape_new(), *other = jet_tape_new();
    const ptrdiff_t dims[2] = {3, 3};
    jet a = jet_input_series(jet_parameter(tape, 1), i % 4 < 2 ? 2 : 1, dims);
    jet b = jet_input_series(jet_parameter(i < 4 ? tape : other, 1), i % 4 ? 1 : 2, dims), none = {NULL, -1};
    assert_true(record[i % 4](a, b).id < 0);
    assert_int_equal(jet_tape_status(tape), i < 4 ? JET_BAD_PARAMETER : JET_FOREIGN);
    if (strncmp(jet_tape_message(tape), begin[i % 4], strlen(begin[i % 4]))) fail_msg("\"%s\"", jet_tape_message(tape));
    assert_true(record[i % 4](a, b).id < 0 && record[i % 4](none, none).id < 0 && record[i % 4](none, a).id < 0);
    jet_tape_free(tape);
    jet_tape_free(other);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(matmul_and_gradients_of_gradients),
      cmocka_unit_test(third_gradients_of_matmul),
      cmocka_unit_test(matmul_of_larger_matrices),
      cmocka_unit_test(plain_factors_and_equal_factors),
      cmocka_unit_test(matvec_is_matmul_with_a_column),
      cmocka_unit_test(dot_and_outer),
      cmocka_unit_test(refusals_say_why),
      cmocka_unit_test(operands_of_two_tapes_or_parameters),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
