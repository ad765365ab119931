/* test_pattern.c - patterns with any strides and indices against one element at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <jets.h>

#include "generator.h"
#include "pattern.h"

enum { SPAN = 6000, MOST = 3000, NUMBERS = 200 };

/* Where element i of the compact array is. */
static ptrdiff_t place(const ptrdiff_t *p, ptrdiff_t i) {
  if (p[0] == PATTERN_INDEX) {
    ptrdiff_t inner = p[3], m = p[4];
    return (i / inner / m * p[2] + p[5 + i / inner % m]) * inner + i % inner;
  }
  if (p[0] == PATTERN_ROLL) {
    ptrdiff_t at = 0, stride = 1;
    for (ptrdiff_t j = p[1] - 1; j >= 0; stride *= p[2 + 2 * j], i /= p[2 + 2 * j--])
      at += stride * ((i % p[2 + 2 * j] + p[2 + 2 * j] - p[3 + 2 * j]) % p[2 + 2 * j]);
    return at;
  }
  ptrdiff_t at = p[1];
  for (ptrdiff_t j = p[2] - 1; j >= 0; i /= p[3 + 2 * j--]) at += i % p[3 + 2 * j] * p[4 + 2 * j];
  return at;
}

/* Inside 0..SPAN-1. Strides are those of an array, of neighbours in it, negative, zero or any. */
static void random_view(generator *g, ptrdiff_t *p) {
  ptrdiff_t low = 0, high = 0, size = 1;
  p[0] = PATTERN_VIEW;
  p[2] = random_below(g, JET_MAX_RANK + 1);
  for (ptrdiff_t j = p[2] - 1; j >= 0; j--) {
    ptrdiff_t most = MOST / (size > 0 ? size : 1), extent = random_below(g, 20) ? 1 + random_below(g, 5) : random_below(g, 50);
    if (extent > most) extent = 1;
    const ptrdiff_t strides[] = {size, size, size, 1, 0, -size, -1, random_below(g, 100) - 50, size + 3};
    ptrdiff_t stride = strides[random_below(g, 9)], way = extent > 0 ? (extent - 1) * stride : 0;
    if (low + way < -SPAN / 2 || high + way >= SPAN / 2) stride = way = 0;
    p[3 + 2 * j] = extent;
    p[4 + 2 * j] = stride;
    low += way < 0 ? way : 0;
    high += way > 0 ? way : 0;
    size *= extent;
  }
  p[1] = -low + random_below(g, 3);
}

static void random_indices(generator *g, ptrdiff_t *p) {
  const ptrdiff_t head[] = {PATTERN_INDEX, random_below(g, 5), 1 + random_below(g, 20), random_below(g, 2) ? 1 : random_below(g, 6),
                            random_below(g, 20)};
  memcpy(p, head, sizeof head);
  ptrdiff_t first = random_below(g, (int)p[2]);
  int run = random_below(g, 3) == 0; /* consecutive ones */
  for (ptrdiff_t i = 0; i < p[4]; i++) p[5 + i] = run ? (first + i) % p[2] : random_below(g, (int)p[2]);
}

static void random_roll(generator *g, ptrdiff_t *p) {
  ptrdiff_t size = 1;
  p[0] = PATTERN_ROLL;
  p[1] = 1 + random_below(g, 3);
  for (ptrdiff_t j = 0; j < p[1]; j++) {
    p[2 + 2 * j] = size > 12 ? 1 + random_below(g, 3) : 1 + random_below(g, random_below(g, 4) ? 6 : 60);
    p[3 + 2 * j] = random_below(g, 3) ? random_below(g, (int)p[2 + 2 * j]) : 0;
    size *= p[2 + 2 * j];
  }
}

static ptrdiff_t random_pattern(generator *g, int trial, ptrdiff_t *p) {
  ptrdiff_t size = 1;
  (trial % 4 == 0 ? random_indices : trial % 4 == 1 ? random_roll : random_view)(g, p);
  const ptrdiff_t rank = p[0] == PATTERN_VIEW ? p[2] : p[0] == PATTERN_ROLL ? p[1] : 0, *dims = p + (p[0] == PATTERN_VIEW ? 3 : 2);
  for (ptrdiff_t j = 0; j < rank; j++) size *= dims[2 * j];
  if (p[0] == PATTERN_INDEX) size = p[1] * p[3] * p[4];
  assert_int_equal(pattern_length(p), p[0] == PATTERN_INDEX ? 5 + p[4] : dims - p + 2 * rank);
  assert_int_equal(pattern_size(p), size);
  return size;
}

static void reads_and_adds_element_by_element(void **state) {
  (void)state;
  static double array[SPAN], part[MOST], want[SPAN];
  generator g = {1};
  for (int trial = 0; trial < 3000; trial++) {
    ptrdiff_t p[NUMBERS], n = random_pattern(&g, trial, p);
    for (int i = 0; i < SPAN; i++) want[i] = array[i] = random_below(&g, 100);
    memset(part, 0, sizeof part);
    pattern_read(p, part, array);
    for (ptrdiff_t i = 0; i < n; i++) assert_true(part[i] == array[place(p, i)]);
    for (ptrdiff_t i = n; i < MOST; i++) assert_true(part[i] == 0);
    ptrdiff_t offset, first = n ? random_below(&g, (int)n) : 0, lanes = pattern_run(p, &offset) ? 0 : random_below(&g, (int)(n - first) + 1);
    memset(part, 0, sizeof part);
    if (lanes) pattern_read_lanes(p, part, array, first, lanes);
    for (ptrdiff_t i = 0; i < lanes; i++) assert_true(part[i] == array[place(p, first + i)]);
    for (ptrdiff_t i = lanes; i < MOST; i++) assert_true(part[i] == 0);
    for (ptrdiff_t i = 0; i < n; i++) want[place(p, i)] += part[i] = random_below(&g, 100);
    pattern_add(p, array, part);
    assert_memory_equal(array, want, sizeof want);
  }
}

static void runs_are_recognised(void **state) {
  (void)state;
  generator g = {2};
  int runs = 0;
  for (int trial = 0; trial < 3000; trial++) {
    ptrdiff_t p[NUMBERS], n = random_pattern(&g, trial, p), offset = -1;
    int run = 1;
    for (ptrdiff_t i = 1; i < n; i++) run &= place(p, i) == place(p, 0) + i;
    assert_int_equal(pattern_run(p, &offset), run);
    if (run) assert_int_equal(offset, n ? place(p, 0) : 0);
    runs += run && n > 1;
  }
  assert_true(runs > 50);
}

static void what_is_put_in_one_place_keeps_its_sign(void **state) {
  (void)state;
  const ptrdiff_t view[5] = {PATTERN_VIEW, 0, 1, 2, 2}, run[5] = {PATTERN_VIEW, 0, 1, 3, 1}, index[8] = {PATTERN_INDEX, 1, 3, 1, 3, 2, 0, 1};
  const ptrdiff_t *const patterns[] = {view, run, index};
  for (int i = 0; i < 3; i++) {
    double y[3] = {0, 0, 0}, x[3] = {-0.0, -0.0, -0.0}, z[3];
    pattern_add(patterns[i], y, x);
    pattern_read(patterns[i], z, y);
    assert_memory_equal(z, x, (size_t)pattern_size(patterns[i]) * sizeof *x);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_and_adds_element_by_element),
      cmocka_unit_test(runs_are_recognised),
      cmocka_unit_test(what_is_put_in_one_place_keeps_its_sign),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
