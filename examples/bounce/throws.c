/* throws.c */
#include "throws.h"

#include "../common/plans.h"

#include <math.h>
#include <stdlib.h>

static const double gravity = 9.81, restitution = 0.8, friction = 0.9; /* the part of u that a bounce leaves */
static const double last_time = 3.5, start[2] = {0, 1};

typedef struct ball { /* where it is, its velocity, and the time that is left */
  jet x, y, u, v, left;
} ball;

/* ---- the ball ---------------------------------------------------------------------------------------------------- */

static jet time_to_ground(ball b) {
  jet root = jet_sqrt(jet_add(jet_square(b.v), jet_scale(b.y, 2 * gravity)));
  return jet_scale(jet_add(b.v, root), 1 / gravity);
}

static jet time_to_wall(ball b) { return jet_div(jet_shift(jet_neg(b.x), wall), b.u); }

static jet height_after(ball b, jet t) { return jet_add(b.y, jet_mul(t, jet_sub(b.v, jet_scale(t, gravity / 2)))); }

static ball fly(ball b, jet t) {
  return (ball){jet_add(b.x, jet_mul(b.u, t)), height_after(b, t), b.u, jet_sub(b.v, jet_scale(t, gravity)),
                jet_sub(b.left, t)};
}

static ball off_ground(ball b) {
  return (ball){b.x, jet_scalar(b.x.tape, 0), jet_scale(b.u, friction), jet_scale(b.v, -restitution), b.left};
}

static ball off_wall(ball b) {
  return (ball){jet_scalar(b.x.tape, wall), b.y, jet_scale(b.u, -restitution), b.v, b.left};
}

static jet miss(ball b, const double target[2]) {
  return jet_add(jet_square(jet_shift(b.x, -target[0])), jet_square(jet_shift(b.y, -target[1])));
}

/* ---- by steps ---------------------------------------------------------------------------------------------------- */

static jet choose(jet if_g, jet g, jet if_w, jet w, jet rest) { return jet_where(if_g, g, jet_where(if_w, w, rest)); }

/* To the next contact, or to the end of the time that is left. */
static ball next(ball b) {
  jet zero = jet_scalar(b.x.tape, 0), to_ground = time_to_ground(b), to_wall = time_to_wall(b);
  jet ahead = jet_mul(jet_greater(to_wall, zero), jet_less(to_wall, to_ground)),
      low = jet_less(height_after(b, to_wall), jet_scalar(b.x.tape, wall_height)),
      hits = jet_mul(jet_mul(ahead, low), jet_less_equal(to_wall, b.left)),
      bounces = jet_mul(jet_equal(hits, zero), jet_less_equal(to_ground, b.left));
  b = fly(b, choose(bounces, to_ground, hits, to_wall, b.left));
  ball g = off_ground(b), w = off_wall(b);
  return (ball){choose(bounces, g.x, hits, w.x, b.x), choose(bounces, g.y, hits, w.y, b.y),
                choose(bounces, g.u, hits, w.u, b.u), choose(bounces, g.v, hits, w.v, b.v), b.left};
}

/* Leaves the ball's places after each round of each step in x and y, and in *left what time is left over. */
static jet record_steps(const target *t, jet u, jet v, jet *x, jet *y, jet *left) {
  const ptrdiff_t n = jet_size(u);
  jet zero = jet_broadcast_to(jet_scalar(u.tape, 0), 1, &n);
  ball b = {jet_shift(zero, start[0]), jet_shift(zero, start[1]), u, v, zero};
  *left = zero;
  *x++ = b.x, *y++ = b.y;
  for (int i = 0; i < t->steps; i++) {
    b.left = jet_shift(zero, last_time / t->steps);
    for (int j = 0; j < ROUNDS; j++) b = next(b), *x++ = b.x, *y++ = b.y;
    *left = jet_add(*left, b.left);
  }
  return jet_where(jet_greater(*left, zero), jet_shift(zero, NAN), miss(b, t->at));
}

void throws_free(throws *t) {
  jet_plan_free(t->plan);
  free(t->u);
}

int throws_new(throws *t, const target *aim, ptrdiff_t n, throws_kind kind, double *path) {
  const int points = 1 + ROUNDS * aim->steps, results = kind == GRADIENTS ? 4 : 2;
  jet_tape *tape = jet_tape_new();
  static jet x[2 * MOST_POINTS];
  jet in[2] = {jet_input(tape, 1, &n), jet_input(tape, 1, &n)}, out[6];
  *t = (throws){.u = (double *)calloc(6 * (size_t)n, sizeof *t->u)};
  if (!t->u) return jet_tape_free(tape), cli_complain(1, "out of memory");
  t->v = t->u + n, t->loss = t->v + n, t->left = t->loss + n, t->gu = t->left + n, t->gv = t->gu + n;
  out[0] = record_steps(aim, in[0], in[1], x, x + points, out + 1);
  if (kind == GRADIENTS) jet_grad(jet_sum(out[0]), 2, in, out + 2); /* of all at once: each loss has its own throw */
  for (int i = 0; i < 2 && path; i++) out[results + i] = jet_stack(points, x + i * points, 1);
  t->plan = jet_plan_new(tape, results + (path ? 2 : 0), out);
  plan_bind(t->plan, 2, in, t->u);
  plan_bind(t->plan, results, out, t->loss);
  if (path) plan_bind(t->plan, 2, out + results, path);
  jet_tape_free(tape);
  return plan_check(t->plan);
}

/* ---- by a loop --------------------------------------------------------------------------------------------------- */

static double value(jet x) {
  double number = NAN;
  jet_peek(x, 1, &number);
  return number;
}

jet throw_by_loop(jet velocity, void *data) {
  looping *l = (looping *)data;
  const ptrdiff_t zero = 0, one = 1, two = 2;
  jet_tape *tape = velocity.tape;
  ball b = {jet_scalar(tape, start[0]), jet_scalar(tape, start[1]), jet_slice(velocity, &zero, &one, NULL),
            jet_slice(velocity, &one, &two, NULL), jet_scalar(tape, last_time)};
  for (int n = 0;;) {
    l->contacts[n] = 0;
    if (n == MOST_CONTACTS) return jet_scale(b.u, NAN);
    jet ground = time_to_ground(b), side = time_to_wall(b);
    const double to_ground = value(ground), to_wall = value(side), left = value(b.left);
    if (to_wall > 0 && to_wall < to_ground && to_wall <= left && value(height_after(b, side)) < wall_height) {
      b = off_wall(fly(b, side));
      l->contacts[n++] = 'w';
    } else if (to_ground <= left) {
      b = off_ground(fly(b, ground));
      l->contacts[n++] = 'g';
    } else {
      return miss(fly(b, b.left), l->aim->at);
    }
  }
}
