/* peek.c - values while recording. What was recorded since the last evaluation is the window. Its nodes are recorded again on a
   scratch tape, where values from before the window are op_given leaves, and a plan runs that once, from and into memory that the
   tape keeps: each node is evaluated at most once, and a peek costs what its window costs. */
#include "peek.h"
#include "bag.h"
#include "lift.h"
#include "ops.h"
#include "pattern.h"

#include <string.h>

enum state { UNKNOWN, PENDING /* made by the run being prepared */, KNOWN };

typedef struct known_value {
  const double **plane; /* by coefficient 0..degree, each of all its directions; from `low` on */
  enum state state;
  int used; /* something was computed from it, or it was peeked at */
} known_value;

struct known {
  bag owned;           /* planes and their tables */
  known_value *values; /* by value */
  int *id_of;          /* by value: on the scratch tape, during an evaluation; else -1 */
  int count, values_room, id_room;
  int next; /* node where the window begins */
  int peeked;
};

/* Of a tape that had no memory for its own. That has failed, so nothing ever writes here. */
static const struct known no_known = {.peeked = 1};

/* ---- a leaf that stands for a value of another tape -------------------------------------------------------------- */

static int infer_given(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with, value *out) {
  const ptrdiff_t *record = tape->lists[with->list].at;
  (void)o;
  out->shape = with->shape;
  out->parameter = nin ? value_of(tape, in[0])->parameter : -1;
  out->order = (int)record[0];
  out->low = (int)record[1];
  out->degree = (int)record[2];
  out->directions = (int)record[3];
  out->shared = (int)record[4];
  return 1;
}

const op op_given = {.name = "given", .row = -1, .count = 1, .infer = infer_given, .step = STEP_LEAF};

static int record_given(const jet_tape *from, jet_tape *to, int v, const int *id_of) { /* its id there, or -1 */
  const value *x = value_of(from, v);
  const shape *s = shape_of(from, v);
  const ptrdiff_t record[] = {x->order, x->low, x->degree, x->directions, x->shared};
  attributes with = NO_ATTRIBUTES;
  if ((with.shape = tape_shape(to, op_given.name, s->rank, s->dims)) < 0) return -1;
  if ((with.list = tape_list(to, record, sizeof record / sizeof *record)) < 0) return -1;
  return tape_record(to, &op_given, x->parameter >= 0, x->parameter >= 0 ? &id_of[x->parameter] : NULL, &with).id;
}

/* ---- what is known ----------------------------------------------------------------------------------------------- */

static int no_memory(jet_tape *tape) { return tape_fail(tape, JET_NO_MEMORY, "out of memory while looking at values"); }

static struct known *without_memory(jet_tape *tape) {
  no_memory(tape);
  return NULL;
}

/* With room for all values of the tape; NULL after tape_fail. */
static struct known *known_of(jet_tape *tape) {
  struct known *x = tape->known;
  int n = tape->nvalues;
  if (!x) {
    tape->known = x = (struct known *)memory_resize(&tape->mem, NULL, 0, sizeof *x);
    if (!x) {
      tape->known = (struct known *)&no_known;
      return without_memory(tape);
    }
    memset(x, 0, sizeof *x);
    x->owned.mem = tape->mem;
  }
  if (n > x->count) {
    if (!memory_grow(&tape->mem, &x->values, &x->values_room, n - 1, sizeof *x->values) ||
        !memory_grow(&tape->mem, &x->id_of, &x->id_room, n - 1, sizeof *x->id_of))
      return without_memory(tape);
    memset(x->values + x->count, 0, (size_t)(n - x->count) * sizeof *x->values);
    memset(x->id_of + x->count, -1, (size_t)(n - x->count) * sizeof *x->id_of);
    x->count = n;
  }
  return x;
}

void known_free(jet_tape *tape) {
  struct known *x = tape->known;
  tape->known = NULL;
  if (!x || x == &no_known) return;
  bag_free(&x->owned);
  memory_resize(&tape->mem, x->values, (size_t)x->values_room * sizeof *x->values, 0);
  memory_resize(&tape->mem, x->id_of, (size_t)x->id_room * sizeof *x->id_of, 0);
  memory_resize(&tape->mem, x, sizeof *x, 0);
}

int tape_peeked(const jet_tape *tape) { return tape->known && tape->known->peeked; }

/* ---- the window -------------------------------------------------------------------------------------------------- */

typedef struct window {
  jet_tape *tape, *scratch;
  struct known *known;
  bag lists;    /* dies with the evaluation */
  int *in;      /* for the inputs of a node */
  int *given;   /* values of the tape that are leaves of the scratch tape */
  jet *outputs; /* of the scratch tape */
  int *made;    /* the values of the tape that they are */
  int ngiven, noutputs;
  size_t inputs, values, widest; /* counts: of nodes to record again */
  size_t entries, numbers;       /* of tables and planes: measured, then handed out */
  const double **tables;
  double *planes;
} window;

static known_value *known_at(const window *w, int v) { return &w->known->values[v]; }

static int numbers_of(const window *w, int v, int k, size_t *count) { /* 0: overflow */
  return !__builtin_mul_overflow((size_t)shape_of(w->tape, v)->size, (size_t)copies_of(value_of(w->tape, v), k), count);
}

/* If coefficient k of v is memory of an input of its node as it stands: that input, its coefficient, where in it. */
static int alias_of(const window *w, int v, int k, int *input, int *coefficient, ptrdiff_t *offset) {
  const node *n = node_of(w->tape, v);
  size_t a, b;
  *offset = 0;
  if (v != n->first || !n->op->alias || !n->op->alias(w->tape, n, k, input, coefficient)) return 0;
  const value *x = value_of(w->tape, *input);
  if (*coefficient < x->low || *coefficient > x->degree) return 0; /* zeros, which the plan makes */
  if (n->op->step == STEP_VIEW) return copies_of(x, *coefficient) == 1 && pattern_run(list_of(w->tape, n)->at, offset);
  return numbers_of(w, v, k, &a) && numbers_of(w, *input, *coefficient, &b) && a == b;
}

/* Adds up what v needs. */
static int measure(window *w, int v) {
  const value *x = value_of(w->tape, v);
  int input, coefficient;
  ptrdiff_t offset;
  w->entries += (size_t)x->degree + 1;
  if (node_of(w->tape, v)->op->step == STEP_LEAF) return 1;
  for (int k = x->low; k <= x->degree; k++) {
    size_t count;
    if (alias_of(w, v, k, &input, &coefficient, &offset)) continue;
    if (!numbers_of(w, v, k, &count) || __builtin_add_overflow(w->numbers, count, &w->numbers))
      return tape_fail(w->tape, JET_TOO_LARGE, "peek: the memory of the values overflows a size");
  }
  return 1;
}

/* Whether a node's values follow from what is known. Leaves: an input has its value from jet_poke or none. */
static int computable(const window *w, const node *n) {
  if (n->op->step == STEP_LEAF) return n->op == &op_constant || n->op == &op_parameter;
  for (int i = 0; i < n->nin; i++)
    if (known_at(w, node_input(w->tape, n, i))->state == UNKNOWN) return 0;
  return 1;
}

/* What can be made becomes PENDING and is measured. What is structurally zero is known without any inputs. */
static int mark(window *w) {
  for (int i = w->known->next; i < w->tape->nnodes; i++) {
    const node *n = &w->tape->nodes[i];
    int can = computable(w, n), any = 0;
    for (int v = n->first; v < n->first + n->count; v++) {
      enum state *s = &known_at(w, v)->state;
      if (*s == UNKNOWN) *s = is_zero(value_of(w->tape, v)) ? KNOWN : can ? PENDING : UNKNOWN;
      if (*s != PENDING) continue;
      if (!measure(w, v)) return 0;
      any++;
    }
    if (!any) continue;
    w->values += (size_t)any;
    w->inputs += (size_t)n->nin;
    if ((size_t)n->nin > w->widest) w->widest = (size_t)n->nin;
  }
  return 1;
}

static int allocate(window *w) {
  w->lists.mem = w->tape->mem;
  w->in = (int *)bag_new(&w->lists, w->widest, sizeof *w->in);
  w->given = (int *)bag_new(&w->lists, w->inputs, sizeof *w->given);
  w->outputs = (jet *)bag_new(&w->lists, w->values, sizeof *w->outputs);
  w->made = (int *)bag_new(&w->lists, w->values, sizeof *w->made);
  if (!w->in || !w->given || !w->outputs || !w->made) return no_memory(w->tape);
  w->tables = (const double **)bag_new(&w->known->owned, w->entries, sizeof *w->tables);
  w->planes = w->numbers ? (double *)bag_new(&w->known->owned, w->numbers, sizeof *w->planes) : NULL;
  return (w->tables && (w->planes || !w->numbers)) || no_memory(w->tape);
}

/* ---- recorded again ---------------------------------------------------------------------------------------------- */

/* The table of v, with planes of its own where it has no input's; how many numbers of its own. */
static size_t hand_out(window *w, int v) {
  const value *x = value_of(w->tape, v);
  known_value *y = known_at(w, v);
  size_t own = 0, count = 0;
  y->plane = w->tables;
  w->tables += x->degree + 1;
  for (int k = x->low; k <= x->degree; k++) {
    int input, c;
    ptrdiff_t offset;
    if (alias_of(w, v, k, &input, &c, &offset)) {
      const double *plane = known_at(w, input)->plane[c];
      y->plane[k] = plane ? plane + offset : NULL; /* of no elements */
      continue;
    }
    numbers_of(w, v, k, &count);
    y->plane[k] = w->planes;
    w->planes += count;
    own += count;
  }
  return own;
}

static void know_leaf(window *w, const node *n) {
  static const double one = 1;
  known_value *y = known_at(w, n->first);
  int parameter = n->op == &op_parameter;
  y->plane = w->tables;
  w->tables += value_of(w->tape, n->first)->degree + 1;
  y->plane[parameter] = parameter ? &one : w->tape->data[n->with.data];
  y->state = KNOWN;
}

/* A value that a node of the scratch tape takes. */
static int bring(window *w, int v) {
  int *id = w->known->id_of, parameter = value_of(w->tape, v)->parameter;
  if (id[v] >= 0) return 1;
  if (parameter >= 0 && id[parameter] < 0 && !lift_node(w->tape, w->scratch, node_of(w->tape, parameter), id, w->in))
    return 0;
  if (v == parameter) return 1;
  if ((id[v] = record_given(w->tape, w->scratch, v, id)) < 0) return 0;
  w->given[w->ngiven++] = v;
  return 1;
}

static int record_node(window *w, const node *n) {
  size_t own = 0;
  int waits = 0;
  for (int i = 0; i < n->nin; i++) {
    known_value *x = known_at(w, node_input(w->tape, n, i));
    waits |= x->state == PENDING;
    x->used = 1;
  }
  for (int v = n->first; v < n->first + n->count; v++) {
    if (known_at(w, v)->state != PENDING) continue;
    size_t count = hand_out(w, v);
    if (count) w->made[w->noutputs++] = v;
    own += count;
    if (!own && !waits) known_at(w, v)->state = KNOWN; /* memory of what is known already */
  }
  if (!own && !waits) return 1;
  for (int i = 0; i < n->nin; i++)
    if (!bring(w, node_input(w->tape, n, i))) return 0;
  return lift_node(w->tape, w->scratch, n, w->known->id_of, w->in);
}

static int pending(const window *w, const node *n) {
  for (int v = n->first; v < n->first + n->count; v++)
    if (known_at(w, v)->state == PENDING) return 1;
  return 0;
}

static int record_window(window *w) {
  for (int i = w->known->next; i < w->tape->nnodes; i++) {
    const node *n = &w->tape->nodes[i];
    if (!pending(w, n)) continue;
    if (n->op->step == STEP_LEAF) know_leaf(w, n);
    else if (!record_node(w, n)) return tape_fail(w->tape, w->scratch->status, "peek: %s", w->scratch->message);
  }
  return 1;
}

/* ---- run --------------------------------------------------------------------------------------------------------- */

static void bind_planes(window *w, jet_plan *p, int v, jet x) {
  const value *r = value_of(w->tape, v);
  for (int k = r->low; k <= r->degree; k++) /* inputs are only read; bind has one type for both directions */
    jet_plan_bind(p, x, k, (double *)(size_t)(const void *)known_at(w, v)->plane[k]);
}

static int run(window *w) {
  if (!w->noutputs) return 1;
  for (int i = 0; i < w->noutputs; i++) w->outputs[i] = tape_jet(w->scratch, w->known->id_of[w->made[i]]);
  jet_plan_options options = JET_PLAN_OPTIONS_INIT;
  options.without = JET_CHAINS; /* it runs once: code is not worth its making */
  jet_plan *p = jet_plan_new_ex(w->scratch, w->noutputs, w->outputs, &options);
  jet_status status = jet_plan_status(p);
  for (int i = 0; i < w->ngiven && !status; i++)
    bind_planes(w, p, w->given[i], tape_jet(w->scratch, w->known->id_of[w->given[i]]));
  for (int i = 0; i < w->noutputs && !status; i++) bind_planes(w, p, w->made[i], w->outputs[i]);
  if (!status) status = jet_plan_run(p);
  if (status) tape_fail(w->tape, status, "peek: %s", jet_plan_message(p));
  jet_plan_free(p);
  return !status;
}

/* Forgets the scratch tape, and where in it the window and what it takes were. */
static void finish(window *w) {
  int *id = w->known->id_of;
  for (int i = w->known->next; i < w->tape->nnodes; i++) {
    const node *n = &w->tape->nodes[i];
    for (int j = 0; j < n->nin; j++) {
      int in = node_input(w->tape, n, j), parameter = value_of(w->tape, in)->parameter;
      id[in] = -1;
      if (parameter >= 0) id[parameter] = -1;
    }
    for (int v = n->first; v < n->first + n->count; v++) {
      id[v] = -1;
      if (known_at(w, v)->state == PENDING) known_at(w, v)->state = KNOWN;
    }
  }
  w->known->next = w->tape->nnodes;
  bag_free(&w->lists);
  jet_tape_free(w->scratch);
}

/* On failure the tape has failed, and nobody looks at the values any more. */
static int evaluate(jet_tape *tape, struct known *known) {
  window w = {.tape = tape, .known = known};
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  options.allocate = tape->mem.allocate;
  options.context = tape->mem.context;
  options.isa = tape->isa;
  options.threads = tape->threads;
  if (!mark(&w)) return 0;
  w.scratch = jet_tape_new_ex(&options);
  int good = allocate(&w) && record_window(&w) && run(&w);
  finish(&w);
  return good;
}

/* ---- public ------------------------------------------------------------------------------------------------------ */

static jet_status no_value(const struct known *known, jet x) {
  const jet_tape *tape = x.tape;
  const node *n = node_of(tape, x.id);
  char text[200];
  for (int i = 0; i < n->nin && n->op->step != STEP_LEAF; i++)
    if (known->values[node_input(tape, n, i)].state == UNKNOWN) {
      n = node_of(tape, node_input(tape, n, i));
      i = -1;
    }
  tape_fail(x.tape, JET_NO_VALUE, "peek: the value depends on an %s of shape %.100s that has none%s", n->op->name,
            shape_text(shape_of(tape, n->first), text), n->op == &op_input ? "; jet_poke gives it one" : "");
  return tape->status;
}

jet_status jet_peek(jet x, ptrdiff_t n, double *out) {
  if (!operand_check("peek", x)) return jet_tape_status(x.tape);
  struct known *known = known_of(x.tape);
  if (!known) return x.tape->status;
  known->peeked = 1;
  const value *v = value_of(x.tape, x.id);
  ptrdiff_t size = shape_of(x.tape, x.id)->size;
  if (n != size) tape_fail(x.tape, JET_BAD_ARGUMENT, "peek: n is %td for a value of %td elements", n, size);
  else if (n && !out) tape_fail(x.tape, JET_BAD_ARGUMENT, "peek: out is NULL for %td numbers", n);
  else if (known->values[x.id].state == UNKNOWN) evaluate(x.tape, known);
  if (x.tape->status) return x.tape->status;
  known_value *y = &known->values[x.id];
  if (y->state == UNKNOWN) return no_value(known, x);
  y->used = 1;
  const double *plane = v->low <= 0 && v->degree >= 0 ? y->plane[0] : NULL;
  if (n && plane) memcpy(out, plane, (size_t)n * sizeof *out);
  else if (n) memset(out, 0, (size_t)n * sizeof *out);
  return JET_OK;
}

static int poke_check(jet input, ptrdiff_t n, const double *values) {
  if (!operand_check("poke", input)) return 0;
  const node *by = node_of(input.tape, input.id);
  ptrdiff_t size = shape_of(input.tape, input.id)->size;
  if (by->op != &op_input)
    return tape_fail(input.tape, JET_BAD_ARGUMENT, "poke: the value was made by %s, and only a jet_input takes numbers",
                     by->op->name);
  if (n != size) return tape_fail(input.tape, JET_BAD_ARGUMENT, "poke: n is %td for an input of %td elements", n, size);
  return !n || values || tape_fail(input.tape, JET_BAD_ARGUMENT, "poke: values is NULL for %td numbers", n);
}

jet_status jet_poke(jet input, ptrdiff_t n, const double *values) {
  if (!poke_check(input, n, values)) return jet_tape_status(input.tape);
  struct known *known = known_of(input.tape);
  if (!known) return input.tape->status;
  known_value *y = &known->values[input.id];
  int node = value_of(input.tape, input.id)->node;
  if (y->used) {
    tape_fail(input.tape, JET_BAD_ARGUMENT, "poke: the input has a value that was looked at or computed with already");
    return input.tape->status;
  }
  if (!y->plane && !(y->plane = (const double **)bag_new(&known->owned, 1, sizeof *y->plane))) {
    no_memory(input.tape);
    return input.tape->status;
  }
  y->plane[0] = values;
  y->state = KNOWN;
  known->next = min_(known->next, node); /* what waited for it is looked at again */
  return JET_OK;
}
