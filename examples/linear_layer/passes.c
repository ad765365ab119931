/* passes.c */
#include "passes.h"

#include "../common/plans.h"
#include "../common/scalar.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const double decay = 1e-5;

jet_type type_of(const training *t) { return t->set->f32 ? JET_F32 : JET_F64; }

/* ---- plans ------------------------------------------------------------------------------------------------------- */

static int begin(pass *p, const training *t, ptrdiff_t rows) {
  const ptrdiff_t dims[2] = {rows, t->layer.in};
  p->rows = rows;
  p->x = jet_input(t->tape, 2, dims);
  p->labels = jet_input(t->tape, 1, dims);
  p->loss = numbers_new(type_of(t), 1);
  p->logits = numbers_new(type_of(t), rows * t->layer.out);
  return p->loss.at && p->logits.at ? 0 : cli_complain(1, "out of memory");
}

static int make_plan(pass *p, const training *t, int n, const jet out[]) {
  p->plan = jet_plan_new(t->tape, n, out);
  numbers_bind(p->plan, out[0], p->loss);
  return plan_check(p->plan);
}

/* The loss of a minibatch, and the parameters after a step down its gradient. */
static int plan_step(pass *p, const training *t, ptrdiff_t rows) {
  const linear *l = &t->layer;
  if (begin(p, t, rows)) return 1;
  jet out[3] = {jet_mean(jet_cross_entropy_at(linear_apply(l, p->x), p->labels))}, g[2];
  for (int i = 0; i < l->parameters; i++) out[0] = jet_add(out[0], jet_scale(jet_sum(jet_square(l->w[i])), decay));
  jet_grad(out[0], l->parameters, l->w, g);
  for (int i = 0; i < l->parameters; i++) out[1 + i] = p->next[i] = jet_sub(l->w[i], jet_scale(g[i], t->set->rate));
  return make_plan(p, t, 1 + l->parameters, out);
}

static int plan_evaluation(pass *p, const training *t, ptrdiff_t rows) {
  if (begin(p, t, rows)) return 1;
  const jet logits = linear_apply(&t->layer, p->x);
  const jet out[2] = {jet_mean(jet_cross_entropy_at(logits, p->labels)), logits};
  int status = make_plan(p, t, 2, out);
  numbers_bind(p->plan, logits, p->logits);
  return status;
}

/* With rows first, first + 1, ... and the parameters in memory[0]. */
static int run(pass *p, const training *t, const labelled *data, ptrdiff_t first) {
  const int bad = numbers_bind_all(p->plan, t->layer.parameters, t->layer.w, t->memory[0]) ||
                  numbers_bind(p->plan, p->x, numbers_part(data->pixels, first * t->layer.in)) ||
                  numbers_bind(p->plan, p->labels, numbers_part(data->labels, first)) || jet_plan_run(p->plan);
  return plan_done(p->plan, bad);
}

int take_step(pass *p, training *t, ptrdiff_t first) {
  const int bad = numbers_bind_all(p->plan, t->layer.parameters, p->next, t->memory[1]) != JET_OK;
  return bad ? plan_done(p->plan, bad) : run(p, t, &t->train, first);
}

int passes_record(training *t) {
  const ptrdiff_t rows = t->train.rows, batch = t->set->batch < rows ? t->set->batch : rows;
  t->order = (ptrdiff_t *)malloc((size_t)(rows / batch + 1) * sizeof *t->order);
  if (!t->order) return cli_complain(1, "out of memory");
  int status = plan_step(&t->full, t, batch);
  if (!status && rows % batch) status = plan_step(&t->last, t, rows % batch);
  if (!status) status = plan_evaluation(&t->piece, t, PIECE);
  for (int i = 0; i < 2; i++) {
    const ptrdiff_t left = (i ? t->check.rows : rows) % PIECE;
    if (!status && left) status = plan_evaluation(&t->rest[i], t, left);
  }
  return status;
}

static void pass_free(pass *p) {
  jet_plan_free(p->plan);
  numbers_free(p->loss);
  numbers_free(p->logits);
}

void passes_free(training *t) {
  pass *const passes[] = {&t->full, &t->last, &t->piece, &t->rest[0], &t->rest[1]};
  for (int i = 0; i < 5; i++) pass_free(passes[i]);
}

/* ---- evaluations ------------------------------------------------------------------------------------------------ */

/* Sums over rows first, first + 1, ... */
static int add_piece(pass *p, const training *t, const labelled *data, ptrdiff_t first, score *s) {
  int status = run(p, t, data, first);
  s->loss += number_at(p->loss, 0) * (double)p->rows;
  s->accuracy += (double)numbers_right(p->logits, numbers_part(data->labels, first), p->rows, CLASSES);
  return status;
}

/* In pieces, so that neither pictures nor logits of all rows stand in a plan. */
int evaluate(training *t, int of_check, score *s) {
  const labelled *data = of_check ? &t->check : &t->train;
  int status = 0;
  *s = (score){0, 0};
  for (ptrdiff_t first = 0; first < data->rows && !status; first += PIECE)
    status = add_piece(first + PIECE <= data->rows ? &t->piece : &t->rest[of_check], t, data, first, s);
  s->loss /= (double)data->rows;
  s->accuracy /= (double)data->rows;
  return status;
}

/* ---- a step in closed form --------------------------------------------------------------------------------------- */

/* (softmax(y) - onehot) / rows of one row. */
static void residual(const training *t, const pass *p, ptrdiff_t row, double e[CLASSES]) {
  double most = -INFINITY, sum = 0;
  for (int k = 0; k < CLASSES; k++) {
    e[k] = t->layer.parameters == 2 ? number_at(t->memory[0], t->layer.in * CLASSES + k) : 0;
    for (ptrdiff_t j = 0; j < t->layer.in; j++)
      e[k] += number_at(t->train.pixels, row * t->layer.in + j) * number_at(t->memory[0], j * CLASSES + k);
    most = fmax(most, e[k]);
  }
  for (int k = 0; k < CLASSES; k++) sum += e[k] = exp(e[k] - most);
  for (int k = 0; k < CLASSES; k++) e[k] = (e[k] / sum - (k == (int)number_at(t->train.labels, row))) / (double)p->rows;
}

/* Adds the gradient of the minibatch at row 0, without that of the penalty. The bias is the weight of a 1. */
static void add_gradient(const training *t, const pass *p, double *g) {
  for (ptrdiff_t i = 0; i < p->rows; i++) {
    double e[CLASSES];
    residual(t, p, i, e);
    for (ptrdiff_t j = 0; j * CLASSES < t->layer.size; j++) {
      const double x = j < t->layer.in ? number_at(t->train.pixels, i * t->layer.in + j) : 1;
      for (int k = 0; k < CLASSES; k++) g[j * CLASSES + k] += x * e[k];
    }
  }
}

/* The plan's step from the parameters in memory[0] against the closed form in double. */
int check_step(pass *p, training *t) {
  const double tolerance = (t->set->f32 ? 1e-6 : 1e-14) * (1 + t->set->rate);
  double worst = 0, *g = (double *)calloc((size_t)t->layer.size, sizeof *g);
  if (!g) return cli_complain(1, "out of memory");
  add_gradient(t, p, g);
  int status = take_step(p, t, 0);
  for (ptrdiff_t j = 0; j < t->layer.size; j++) {
    const double w = number_at(t->memory[0], j), next = w - t->set->rate * (g[j] + 2 * decay * w);
    raise_to(&worst, fabs(number_at(t->memory[1], j) - next));
  }
  free(g);
  if (status) return status;
  if (!(worst <= tolerance)) return cli_complain(1, "a step is %g off its closed form", worst);
  printf("a step agrees with its closed form to %.0e\n", worst);
  return 0;
}
