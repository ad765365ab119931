/* plan_print.c - a plan as text: regions, steps, what they read, write and compute. */
#include "plan.h"

typedef struct cost { /* doubles: they count far and do not overflow */
  double read, written, flops;
} cost;

static const plane *plane_at(const jet_plan *p, const int *ids, const jk_series *s, int k) { /* NULL: none */
  int id = plane_in(ids, s, k);
  return id < 0 ? NULL : &p->planes[id];
}

static double numbers_in(const plane *x) { return x ? (double)x->n * x->copies : 0; }

/* ---- flops of coefficient k of a lane of a row ------------------------------------------------------------------------------ */

static double linear_flops(const step *s, int k) { return (void)s, (void)k, 1; }
static double no_flops(const step *s, int k) { return (void)s, (void)k, 0; }

/* Terms a_i b_{k-i} inside the intervals. */
static int pairs(const jk_series *a, const jk_series *b, int k) {
  return max_(0, min_(a->degree, k - b->low) - max_(a->low, k - b->degree) + 1);
}

static double product_flops(const step *s, int k) {
  int terms = pairs(&s->in[0], &s->in[s->nin - 1], k);
  return terms ? 2 * terms - 1 : 0;
}

/* y_k = g_0 x_k + (1/k) sum j x_j g_{k-j}, for each result: as many terms as x has coefficients. */
static double recurrence_flops(const step *s, int k) {
  int degree = 0;
  for (int i = 0; i < s->nin; i++) degree = max_(degree, s->in[i].degree);
  return 2.0 * s->nout * min_(k, degree);
}

static double (*const row_flops[])(const step *, int k) = {
    [JK_LINEAR] = linear_flops,      [JK_PRODUCT] = product_flops, [JK_GENERAL] = recurrence_flops,
    [JK_SPECIAL] = recurrence_flops, [JK_PIECEWISE] = no_flops,    [JK_SELECT] = no_flops,
    [JK_STEP] = no_flops,            [JK_CHOICE] = no_flops,
};

/* ---- of a step --------------------------------------------------------------------------------------------------------------- */

static double read_at(const jet_plan *p, const step *s, int k) {
  double n = 0;
  for (int i = 0; i < s->nin; i++) n += numbers_in(plane_at(p, s->in_planes[i], &s->in[i], k));
  return n;
}

static double made_at(const jet_plan *p, const step *s, int k) { /* of the value of which most is made */
  double most = 0, n;
  for (int i = 0; i < s->nout; i++)
    if ((n = numbers_in(plane_at(p, s->out_planes[i], &s->out[i], k))) > most) most = n;
  return most;
}

/* m x k in, m x n out: 2 m n k. */
static double matrix_flops(const step *s, double made) {
  const shape *a = &s->whole->told.in[0];
  double inner = made > 0 ? (double)a->dims[a->rank - 2] * (double)a->dims[a->rank - 1] : 0;
  return made > 0 ? 2 * made * inner / (double)s->result->dims[s->result->rank - 2] : 0;
}

static double flops(const jet_plan *p, const step *s, int k) {
  double made = made_at(p, s, k);
  if (s->type == &type_row) return made * row_flops[jk_rows[s->call->row].kind](s, k);
  if (step_is(s, TYPE_MOVES)) return 0;
  return s->type == &type_pairs ? matrix_flops(s, made) * pairs(&s->in[0], &s->in[1], k) : read_at(p, s, k);
}

static cost cost_of(const jet_plan *p, const step *s) {
  cost c = {0, 0, 0};
  for (int i = 0; i < s->nin; i++)
    for (int k = s->in[i].low; k <= s->in[i].degree; k++)
      c.read += (double)sizeof(real) * numbers_in(plane_at(p, s->in_planes[i], &s->in[i], k));
  for (int k = s->k0; k < s->k1; k++) {
    for (int i = 0; i < s->nout; i++)
      c.written += (double)sizeof(real) * numbers_in(plane_at(p, s->out_planes[i], &s->out[i], k));
    c.flops += flops(p, s, k);
  }
  return c;
}

static void add_cost(cost *sum, cost c) {
  sum->read += c.read;
  sum->written += c.written;
  sum->flops += c.flops;
}

/* ---- text ---------------------------------------------------------------------------------------------------------------------- */

static void print_cost(cost c, FILE *f) {
  fprintf(f, "reads %.0f bytes, writes %.0f bytes, %.0f flops\n", c.read, c.written, c.flops);
}

static void print_step(const step *s, cost c, FILE *f) {
  char text[200];
  fprintf(f, "  %s %s", s->of->name, shape_text(s->result, text));
  if (s->type == &type_repeat) fprintf(f, ", copied");
  fprintf(f, ", order %d, coefficients [%d,%d)", s->order, s->k0, s->k1);
  if (s->directions > 1) fprintf(f, ", %d directions", s->directions);
  if (s->summed) fprintf(f, ", coefficient %d summed", s->summed);
  fprintf(f, ": ");
  print_cost(c, f);
}

/* The first of the steps that lines stand for. */
static void print_chain(const chain *x, FILE *f) {
  fprintf(f, "  %d lines make the next %d steps in registers, %d planes in memory", x->operations, x->rows + x->sinks, x->planes);
  if (x->streams) fprintf(f, ", %d stored past the cache", x->streams);
  fprintf(f, "\n");
}

static void print_region(const region *r, int i, FILE *f) {
  fprintf(f, "region %d, level %d: ", i, r->level);
  if (r->folded) fprintf(f, "%d steps that ran when the plan was made\n", r->count);
  else if (r->once) fprintf(f, "%d steps that run once\n", r->count);
  else
    fprintf(f, "%d steps over %td elements in blocks of %td, %td planes in a block, %td in memory\n", r->count, r->n,
            r->block, r->slots, r->touched);
}

jet_status plan_print(const jet_plan *p, FILE *f) {
  cost all = {0, 0, 0};
  fprintf(f, "plan: %d regions, %d steps, %d planes\n", p->nregions, p->nsteps, p->nplanes);
  for (int r = 0; r < p->nregions; r++) {
    const region *x = &p->regions[r];
    print_region(x, r, f);
    for (int i = x->first; i < x->first + x->count; i++) {
      cost c = cost_of(p, &p->steps[i]);
      if (p->steps[i].lines) print_chain(p->steps[i].lines, f);
      print_step(&p->steps[i], c, f);
      if (!x->folded) add_cost(&all, c);
    }
  }
  fprintf(f, "all: ");
  print_cost(all, f);
  if (p->code_size) fprintf(f, "code: %zu bytes\n", p->code_size);
  fprintf(f, "memory: %zu bytes\n", jet_plan_memory(p));
  return fflush(f) || ferror(f) ? JET_BAD_ARGUMENT : JET_OK;
}
