/* transfer.c - a base that knows the digits 0-4 is frozen and gets a new head for 5-9. Beside it: the same head
   on a frozen base that knows nothing, which tells what was transferred; the same network with all layers trained, from
   that base and from scratch. All have the same work, in flops: what a frozen base saves is spent on more steps. The
   base sees its pictures moved and turned; else what it learns of 0-4 is of little use for other digits. */
#include "study.h"

#include "../common/scalar.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { LEAST_PICTURES = 10 };

static const augmentation base_changes = {.shift = 1, .rotate = 30};

const char *const way_names[WAYS] = {"new_head", "random_base", "fine_tuned", "scratch"};
const char *const way_titles[WAYS] = {"new head", "head on random base", "fine-tuned", "from scratch"};

/* The pictures of a split with labels low..high-1, in its order. */
static ptrdiff_t choose(const study *t, int low, int high, ptrdiff_t *to) {
  ptrdiff_t n = 0;
  for (ptrdiff_t i = 0; i < t->data.rows; i++) {
    const double label = t->data.labels[t->row[i]];
    if (label >= low && label < high) to[n++] = t->row[i];
  }
  return n;
}

typedef struct half {             /* of the digits */
  ptrdiff_t *row, rows, training; /* the first ones train, the others validate */
  pass validate;
} half;

typedef struct transfer {
  study *t;
  classifier c;
  pass all, head; /* steps that train all layers, and those of the head */
  half low, high;
  numbers base; /* its parameters, trained */
  double right; /* its accuracy, summed    */
} transfer;

static int train(transfer *u, pass *p, int steps) {
  optimiser o;
  int status = optimiser_new(&o, ADAM, u->t->set->rate, p->trained) ? 0 : cli_complain(1, "out of memory");
  if (!status) status = study_learn(u->t, &u->c, p, &o, steps);
  optimiser_free(&o);
  return status;
}

static void deal_halves(transfer *u, int repeat) {
  study_split(u->t, repeat);
  u->low.row = u->t->row + u->t->data.rows;
  u->low.rows = choose(u->t, 0, HALF, u->low.row);
  u->high.row = u->low.row + u->low.rows;
  u->high.rows = choose(u->t, HALF, DIGITS, u->high.row);
  u->low.training = u->low.rows * 4 / 5;
  u->high.training = u->high.rows / 2;
}

static int prepare_transfer(transfer *u) {
  study *t = u->t;
  const chain base = chain_of(dense(PIXELS, 128, RELU));
  const chain head = chain_of(dense(128, 32, RELU), dense(32, HALF, IDENTITY));
  deal_halves(u, 0);
  while (t->sizes < SIZES && LEAST_PICTURES << t->sizes <= u->high.training) t->sizes++;
  for (int i = 0; i < t->sizes; i++) t->size[i] = LEAST_PICTURES << i;
  if (!t->sizes || u->low.training < 1)
    return cli_complain(2, "%td pictures of 0-4 and %td of 5-9 are too few", u->low.rows, u->high.rows);
  int status = classifier_new(&u->c, chain_join(base, head), study_type(t));
  u->base = numbers_new(u->c.w.type, chain_size(&base));
  if (!status && !u->base.at) status = cli_complain(1, "out of memory");
  if (!status) status = pass_step(&u->all, &u->c, t->set->batch, 0);
  if (!status) status = pass_step(&u->head, &u->c, t->set->batch, base.count);
  if (!status) status = pass_evaluation(&u->low.validate, &u->c, u->low.rows - u->low.training);
  return status ? status : pass_evaluation(&u->high.validate, &u->c, u->high.rows - u->high.training);
}

static void copy(numbers to, numbers from, ptrdiff_t n) {
  for (ptrdiff_t i = 0; i < n; i++) number_put(to, i, number_at(from, i));
}

static int train_base(transfer *u, int repeat) {
  const ptrdiff_t n = u->low.training;
  rng r = study_stream(u->t, repeat, 3);
  double right = 0;
  chain_draw(&u->c.net, &r, u->c.w);
  study_take(u->t, n, u->low.row, 0, repeat);
  u->t->cards.how = base_changes;
  int status = train(u, &u->all, study_steps(u->t, u->t->set->base_epochs, n));
  u->t->cards.how = (augmentation){0, 0, 0};
  copy(u->base, u->c.w, u->head.frozen);
  study_fill(u->t, &u->low.validate, u->low.row + n, 0);
  if (!status) status = study_measure(&u->low.validate, &right);
  u->right += right;
  return status;
}

/* Of the head alone: as much work as that of all layers. */
static int head_steps(const study *t) {
  const double steps = floor(t->set->steps / t->flops);
  return steps < INT_MAX ? (int)steps : INT_MAX;
}

/* All ways begin with the same head. */
static int try_way(transfer *u, way w, int i, int repeat) {
  const int frozen = w == NEW_HEAD || w == RANDOM_BASE;
  rng r = study_stream(u->t, repeat, 4);
  double right = 0;
  chain_draw(&u->c.net, &r, u->c.w);
  if (w == NEW_HEAD || w == FINE_TUNED) copy(u->c.w, u->base, u->head.frozen);
  study_take(u->t, (ptrdiff_t)u->t->size[i], u->high.row, HALF, repeat);
  int status = train(u, frozen ? &u->head : &u->all, frozen ? head_steps(u->t) : u->t->set->steps);
  if (!status) status = study_measure(&u->high.validate, &right);
  u->t->transfer[w][i] += right / u->t->set->repeats;
  return status;
}

static int repeat_transfer(transfer *u, int repeat) {
  study *t = u->t;
  deal_halves(u, repeat);
  int status = train_base(u, repeat);
  study_fill(t, &u->high.validate, u->high.row + u->high.training, HALF);
  for (int i = 0; i < t->sizes && !status; i++)
    for (int w = 0; w < WAYS && !status; w++) {
      status = try_way(u, (way)w, i, repeat);
      progress_show(&t->line, "split %d of %d: %g pictures of 5-9, %s", repeat + 1, t->set->repeats, t->size[i],
                    way_titles[w]);
    }
  progress_clear(&t->line);
  if (!status)
    printf("split %d of %d: transfer done, time %.2f s\n", repeat + 1, t->set->repeats, clock_seconds() - t->start);
  fflush(stdout);
  return status;
}

/* Of one minibatch: the gradient of the head, largest first, as both plans give it. What the first wrote is kept in the
   memory for the base, which the second must not touch. */
static int check_gradients(transfer *u) {
  const ptrdiff_t base = u->head.frozen, n = u->head.trained;
  rng r = study_stream(u->t, 0, 6);
  double most = 0, *kept = (double *)malloc((size_t)(base + n) * sizeof *kept);
  if (!kept) return cli_complain(1, "out of memory");
  chain_draw(&u->c.net, &r, u->c.w);
  study_take(u->t, u->low.training, u->low.row, 0, 0);
  study_deal(u->t, &u->all);
  copy(u->head.x, u->all.x, u->all.rows * u->all.pixels);
  copy(u->head.labels, u->all.labels, u->all.rows);
  int status = pass_run(&u->all);
  for (ptrdiff_t i = 0; i < base + n; i++) kept[i] = number_at(u->c.g, i);
  for (ptrdiff_t i = 0; i < n; i++) number_put(u->c.g, base + i, NAN);
  if (!status) status = pass_run(&u->head);
  for (ptrdiff_t i = 0; i < base + n && !status; i++) raise_to(&most, fabs(number_at(u->c.g, i) - kept[i]));
  free(kept);
  if (!status && !(most < (u->t->set->f32 ? 1e-6 : 1e-14)))
    status = cli_complain(1, "the gradient of the head is %g another one with a frozen base", most);
  return status;
}

static int print_work(transfer *u) {
  const pass *const list[] = {&u->all, &u->head};
  pass_work w[2];
  for (int i = 0; i < 2; i++) {
    int status = pass_read_work(list[i], &w[i]);
    if (status) return status;
    printf("a step of %td pictures that trains %s %5td parameters, %d products of matrices, %.0f flops\n",
           list[i]->rows, i ? "the head:  " : "all layers:", list[i]->trained, w[i].products, w[i].flops);
  }
  u->t->flops = w[1].flops / w[0].flops;
  printf("the frozen base has no gradients: %.2f of the flops, the same gradient of the head\n", u->t->flops);
  printf("each way has the work of %d steps of all layers: %d steps of the head\n", u->t->set->steps, head_steps(u->t));
  return 0;
}

/* The last line tells what transfer is worth here, be it nothing. */
static void print_transfer(const transfer *u) {
  const study *t = u->t;
  const double head = study_mean(t, NEW_HEAD);
  printf("base, trained on %td pictures of 0-4: accuracy %.4f\n%-19s", u->low.training, u->right / t->set->repeats,
         "pictures of 5-9");
  for (int i = 0; i < t->sizes; i++) printf(" %6g", t->size[i]);
  printf("   mean");
  for (int w = 0; w < WAYS; w++) {
    printf("\n%-19s", way_titles[w]);
    for (int i = 0; i < t->sizes; i++) printf(" %.4f", t->transfer[w][i]);
    printf(" %.4f", study_mean(t, (way)w));
  }
  printf("\nfor the same work the new head is %+.4f against one on a random base, %+.4f against all from scratch\n",
         head - study_mean(t, RANDOM_BASE), head - study_mean(t, SCRATCH));
}

double study_mean(const study *t, way w) {
  double sum = 0;
  for (int i = 0; i < t->sizes; i++) sum += t->transfer[w][i];
  return sum / t->sizes;
}

int study_transfer(study *t) {
  transfer u = {.t = t};
  int status = prepare_transfer(&u);
  if (!status) chain_print(&u.c.net, u.c.w.type, stdout);
  if (!status) status = check_gradients(&u);
  if (!status) status = print_work(&u);
  for (int i = 0; i < t->set->repeats && !status; i++) status = repeat_transfer(&u, i);
  progress_clear(&t->line);
  if (!status) print_transfer(&u);
  pass *const passes[] = {&u.all, &u.head, &u.low.validate, &u.high.validate};
  for (int i = 0; i < 4; i++) pass_free(passes[i]);
  classifier_free(&u.c);
  numbers_free(u.base);
  return status;
}
