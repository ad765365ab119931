/* step_lines.c - lines on a block of lanes, and what of the sinks among them is no line: the lanes below the first block, those that
   overlapping parts have beyond its end, and what lies above the last. */
#include "plan.h"

#include <stdint.h>
#include <string.h>

/* The carry of part i of the order at coefficient k; NULL where it has none. Carries are numbered as plan_lines.c does. */
typedef struct carrying {
  const chain *of;
  int next;
} carrying;

static real *next_carry(carrying *c, const step *s, int i, int k) {
  const parts *q = s->deposit;
  int part = q->order[i];
  if (!plan_part_lag(q, i, s->nin) || plane_in(s->in_planes[part], &s->in[part], k) < 0) return NULL;
  return c->of->carry + CARRY_VECTORS * c->of->width * c->next++;
}

/* The lanes of the result that lie behind the lane which a carry has at `at`, and before it of some parts: of these the sum, in order. */
static void add_beyond(carrying *c, const step *s, real *y, int k, ptrdiff_t at) {
  const parts *q = s->deposit;
  memset(y, 0, (size_t)plan_part_lag(q, 0, s->nin) * sizeof *y);
  for (int i = 0; i < s->nin; i++) {
    const real *carry = next_carry(c, s, i, k);
    ptrdiff_t lag = plan_part_lag(q, i, s->nin);
    for (ptrdiff_t t = 0; carry && t < lag; t++) y[t] = i ? y[t] + carry[at - lag + t] : carry[at + t - lag];
  }
}

/* What a sink has behind the first `behind` lanes, of which the last are before `at` of its carries. */
static void add_all_beyond(const jet_plan *p, const step *s, ptrdiff_t behind, ptrdiff_t at) {
  const chain *x = s->lines;
  carrying c = {x, 0};
  for (int i = x->rows; i < x->rows + x->sinks; i++) {
    const parts *q = s[i].deposit;
    ptrdiff_t low = q->offset[q->order[s[i].nin - 1]];
    for (int k = s[i].k0; k < s[i].k1; k++)
      add_beyond(&c, &s[i], p->planes[s[i].out_planes[0][k]].base + low + behind, k, at);
  }
}

/* Zeros below and above all parts. */
static void clear_beside(const jet_plan *p, const step *s, ptrdiff_t first, ptrdiff_t n) {
  const parts *q = s->deposit;
  ptrdiff_t low = q->offset[q->order[s->nin - 1]], end = q->offset[q->order[0]] + s->n;
  for (int k = s->k0; k < s->k1; k++) {
    real *y = p->planes[s->out_planes[0][k]].base;
    if (!first) memset(y, 0, (size_t)low * sizeof *y);
    if (first + n == s->n) memset(y + end, 0, (size_t)(q->size - end) * sizeof *y);
  }
}

static void finish_block(const jet_plan *p, const step *s, ptrdiff_t first, ptrdiff_t n, ptrdiff_t full) {
  const chain *x = s->lines;
  if (!x->sinks) return;
  add_all_beyond(p, s, first + n, 2 * x->width + n - full);
  for (int i = 0; i < x->sinks; i++) clear_beside(p, s + x->rows + i, first, n);
  for (int i = 0; i < x->carries; i++) {
    real *carry = x->carry + CARRY_VECTORS * x->width * i;
    memmove(carry, carry + x->width + n - full, (size_t)x->width * sizeof *carry);
  }
}

/* Where the worker's lanes meet those of the worker before, sinks keep them aside. */
static int meets_other(const step *s, ptrdiff_t first) {
  const chain *x = s->lines;
  for (int i = 0; i < x->sinks; i++) {
    const step *sink = &s[x->rows + i];
    if (sink->aside && sink->deposit->from == first) return 1;
  }
  return 0;
}

/* Lanes before those from which on all that is streamed is aligned; -1: there are none. */
static ptrdiff_t lanes_before(const chain *x) {
  size_t vector = (size_t)x->width * sizeof(real), before = 0;
  for (int i = 0; i < x->streams; i++) {
    size_t at = (size_t)(uintptr_t)(x->plane[x->stream[i]] + x->stream_lanes[i]), more = (vector - at % vector) % vector;
    if (more % sizeof(real) || (i && more != before)) return -1;
    before = more;
  }
  return (ptrdiff_t)(before / sizeof(real));
}

static native_lanes lanes_of(const chain *x, ptrdiff_t n) {
  ptrdiff_t head = x->streams ? lanes_before(x) : 0;
  native_lanes y = {.streams = x->streams && head >= 0 && n >= x->width};
  if (y.streams) y.head = head;
  y.full = y.head + (n - y.head) / x->width * x->width;
  y.head_mask = native_mask(x->width, y.head);
  y.tail_mask = native_mask(x->width, n - y.full);
  return y;
}

int run_lines(const jet_plan *p, const step *s, ptrdiff_t first, ptrdiff_t n) {
  const chain *x = s->lines;
  native_lanes lanes = lanes_of(x, n);
  if (meets_other(s, first)) return 0;
  if (!first && x->carries) memset(x->carry, 0, (size_t)(CARRY_VECTORS * x->width * x->carries) * sizeof *x->carry);
  if (x->code(x->plane, &lanes, x->carry)) {
    add_all_beyond(p, s, first, x->width); /* the rows add to these */
    return 0;
  }
  finish_block(p, s, first, n, lanes.full);
  return 1;
}

/* The last lanes of a block that is not the last: it is longer than a vector. */
void go_on_after_rows(const step *s, ptrdiff_t n) {
  const chain *x = s->lines;
  carrying c = {x, 0};
  for (int i = x->rows; i < x->rows + x->sinks && n >= x->width; i++)
    for (int k = s[i].k0; k < s[i].k1; k++)
      for (int j = 0; j < s[i].nin; j++) {
        real *carry = next_carry(&c, &s[i], j, k);
        if (carry) memcpy(carry, s[i].in[s[i].deposit->order[j]].plane[k] + n - x->width, (size_t)x->width * sizeof *carry);
      }
}
