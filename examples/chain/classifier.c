/* classifier.c */
#include "classifier.h"

#include "../common/cli.h"
#include "../common/plans.h"

#include <string.h>

int classifier_new(classifier *c, chain net, jet_type type) {
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  options.type = type;
  *c = (classifier){.net = net, .tape = jet_tape_new_ex(&options)};
  chain_parameters(&c->net, c->tape, c->parameter);
  c->w = numbers_new(type, chain_size(&c->net));
  c->g = numbers_new(type, chain_size(&c->net));
  return c->w.at && c->g.at ? 0 : cli_complain(1, "out of memory");
}

void classifier_free(classifier *c) {
  jet_tape_free(c->tape);
  numbers_free(c->w);
  numbers_free(c->g);
}

/* Memory for so many pictures, and the logits recorded. */
static int begin(pass *p, classifier *c, ptrdiff_t rows, jet *x, jet *labels, jet *logits) {
  const jet_type type = c->w.type;
  const ptrdiff_t dims[2] = {rows, c->net.layer[0].in};
  *x = jet_input(c->tape, 2, dims);
  *labels = jet_input(c->tape, 1, dims);
  *logits = chain_apply(&c->net, c->parameter, *x);
  *p = (pass){.rows = rows, .pixels = dims[1], .classes = jet_extent(*logits, 1)};
  if (p->classes < 1) return cli_complain(1, "%s", jet_tape_message(c->tape));
  p->x = numbers_new(type, rows * p->pixels);
  p->labels = numbers_new(type, rows);
  p->loss = numbers_new(type, 1);
  p->logits = numbers_new(type, rows * p->classes);
  return p->x.at && p->labels.at && p->loss.at && p->logits.at ? 0 : cli_complain(1, "out of memory");
}

static int finish(pass *p, const classifier *c, int n, const jet out[], jet x, jet labels) {
  p->plan = jet_plan_new(c->tape, n, out);
  numbers_bind(p->plan, x, p->x);
  numbers_bind(p->plan, labels, p->labels);
  numbers_bind(p->plan, out[0], p->loss);
  numbers_bind_all(p->plan, chain_arrays(&c->net), c->parameter, c->w);
  return plan_check(p->plan);
}

int pass_step(pass *p, classifier *c, ptrdiff_t rows, int frozen_layers) {
  const chain base = chain_part(c->net, 0, frozen_layers);
  const int stay = chain_arrays(&base), n = chain_arrays(&c->net) - stay;
  jet x, labels, logits, out[1 + MOST_ARRAYS];
  int status = begin(p, c, rows, &x, &labels, &logits);
  if (status) return status;
  p->frozen = chain_size(&base);
  p->trained = chain_size(&c->net) - p->frozen;
  out[0] = jet_mean(jet_cross_entropy_at(logits, labels));
  jet_grad(out[0], n, c->parameter + stay, out + 1);
  status = finish(p, c, 1 + n, out, x, labels);
  numbers_bind_all(p->plan, n, out + 1, numbers_part(c->g, p->frozen));
  return status;
}

int pass_evaluation(pass *p, classifier *c, ptrdiff_t rows) {
  jet x, labels, out[2];
  int status = begin(p, c, rows, &x, &labels, out + 1);
  if (status) return status;
  out[0] = jet_mean(jet_cross_entropy_at(out[1], labels));
  status = finish(p, c, 2, out, x, labels);
  numbers_bind(p->plan, out[1], p->logits);
  return status;
}

int pass_run(pass *p) { return plan_run(p->plan); }

void pass_put(pass *p, ptrdiff_t row, const double *pixels, double label) {
  for (ptrdiff_t j = 0; j < p->pixels; j++) number_put(p->x, row * p->pixels + j, pixels[j]);
  number_put(p->labels, row, label);
}

double pass_accuracy(const pass *p) {
  return (double)numbers_right(p->logits, p->labels, p->rows, p->classes) / (double)p->rows;
}

/* The report is text: a line for each step, which begins with its operation, and a line of sums. */
static int read_report(FILE *f, pass_work *w) {
  char line[512];
  int found = 0;
  *w = (pass_work){0, 0};
  while (fgets(line, sizeof line, f)) {
    const char *comma = strrchr(line, ',');
    w->products += !strncmp(line + strspn(line, " "), "matmul ", 7);
    if (!strncmp(line, "all: ", 5) && comma) found = sscanf(comma, ", %lf flops", &w->flops) == 1;
  }
  return found;
}

int pass_read_work(const pass *p, pass_work *w) {
  FILE *f = tmpfile();
  if (!f) return cli_complain(1, "cannot make a temporary file");
  int good = jet_plan_print(p->plan, f) == JET_OK && !fseek(f, 0, SEEK_SET) && read_report(f, w);
  fclose(f);
  return good ? 0 : cli_complain(1, "the report of a plan has no sum of flops");
}

void pass_free(pass *p) {
  jet_plan_free(p->plan);
  numbers_free(p->x);
  numbers_free(p->labels);
  numbers_free(p->loss);
  numbers_free(p->logits);
}
