/* reverse.c - jet_grad and jet_vjp: walks the nodes from the outputs back to wrt and lets each record its pull. See reverse.h. */
#include "pair.h"
#include "reverse.h"
#include "ops.h"
#include "shape.h"

#include <string.h>

typedef struct part { /* of an adjoint: x at a pattern */
  int next; /* of the same value; -1 */
  int x;
  ptrdiff_t at, count; /* the pattern: numbers of reverse.patterns */
} part;

struct reverse {
  jet_tape *tape;
  int jets;  /* the loss is a jet */
  int first; /* values first..first+count-1 may be between wrt and the outputs */
  int count;
  int *adjoint;   /* by value - first: what has been given so far, -1 */
  int *parts;     /* by value - first: last part, -1 */
  char *between;  /* by value - first: depends on wrt */
  part *list;
  ptrdiff_t *patterns;
  int nparts, npatterns, part_room, pattern_room;
};

jet_tape *reverse_tape(const reverse *r) { return r->tape; }
int reverse_is_jet(const reverse *r) { return r->jets; }
int wanted(const reverse *r, int v) { return v >= r->first && v < r->first + r->count && r->between[v - r->first]; }
jet adjoint(const reverse *r, int v) { return tape_jet(r->tape, wanted(r, v) ? r->adjoint[v - r->first] : -1); }

static void no_memory(reverse *r) { tape_fail(r->tape, JET_NO_MEMORY, "out of memory while recording a gradient"); }

/* ---- giving ------------------------------------------------------------------------------------------------------- */

/* For a plain loss: what an input that was promoted, to a jet or to several directions, is due of an adjoint x of the promoted one.
   An adjoint without directions is the same for each of them. */
static jet demote(const reverse *r, const node *n, int in, jet x) {
  const value from = *value_of(r->tape, n->first), to = *value_of(r->tape, in), *v = value_of(r->tape, x.id);
  if (r->jets || v->parameter < 0) return x;
  if (from.directions > 1 && to.directions == 1) x = v->directions > 1 ? collapse(x) : jet_scale(x, from.directions);
  if (x.id < 0 || to.parameter >= 0) return x;
  v = value_of(r->tape, x.id);
  return v->degree < v->order || is_zero(v) ? tape_jet(r->tape, -1) : coefficient_of(x, v->order);
}

static void accumulate(reverse *r, int v, jet x) {
  int *sum = &r->adjoint[v - r->first];
  if (x.id < 0 || is_zero(value_of(r->tape, x.id))) return;
  *sum = *sum < 0 ? x.id : record_binary(JK_add, tape_jet(r->tape, *sum), x).id;
}

void give(reverse *r, const node *n, int input, jet x) {
  int in = node_input(r->tape, n, input);
  if (x.id >= 0 && wanted(r, in)) accumulate(r, in, demote(r, n, in, x));
}

void give_part(reverse *r, const node *n, int input, jet x, const ptrdiff_t *pattern, ptrdiff_t count) {
  int in = node_input(r->tape, n, input);
  if (x.id < 0 || !wanted(r, in)) return;
  x = demote(r, n, in, x);
  if (x.id < 0 || is_zero(value_of(r->tape, x.id))) return;
  memory *mem = &r->tape->mem;
  if (count > JET_MAX_LIST - r->npatterns || !memory_grow(mem, &r->list, &r->part_room, r->nparts, sizeof *r->list) ||
      !memory_grow(mem, &r->patterns, &r->pattern_room, r->npatterns + (int)count - 1, sizeof *r->patterns)) {
    no_memory(r);
    return;
  }
  part p = {r->parts[in - r->first], x.id, r->npatterns, count};
  memcpy(r->patterns + r->npatterns, pattern, (size_t)count * sizeof *pattern);
  r->npatterns += (int)count;
  r->parts[in - r->first] = r->nparts;
  r->list[r->nparts++] = p;
}

/* ---- parts become one array ------------------------------------------------------------------------------------------ */

static void list_parts(const reverse *r, int last, int n, jet x[], ptrdiff_t *list, ptrdiff_t count) {
  for (int i = last; i >= 0; i = r->list[i].next) { /* from the latest back; recorded in the order given */
    const part *p = &r->list[i];
    x[--n] = tape_jet(r->tape, p->x);
    count -= p->count;
    memcpy(list + count, r->patterns + p->at, (size_t)p->count * sizeof *list);
  }
}

static void join_parts(reverse *r, int v) {
  int last = r->parts[v - r->first], n = 0;
  ptrdiff_t count = 0;
  for (int i = last; i >= 0; i = r->list[i].next) n++, count += r->list[i].count;
  if (!n) return;
  size_t list_size = (size_t)count * sizeof(ptrdiff_t), size = list_size + (size_t)n * sizeof(jet);
  ptrdiff_t *list = (ptrdiff_t *)memory_resize(&r->tape->mem, NULL, 0, size);
  if (!list) {
    no_memory(r);
    return;
  }
  jet *x = (jet *)(void *)((char *)list + list_size);
  list_parts(r, last, n, x, list, count);
  accumulate(r, v, deposit(r->tape, n, x, value_of(r->tape, v)->shape, list, count));
  memory_resize(&r->tape->mem, list, size, 0);
}

/* ---- the sweep --------------------------------------------------------------------------------------------------------- */

static void mark_between(reverse *r, int nwrt, const jet wrt[]) {
  jet_tape *tape = r->tape;
  for (int i = 0; i < nwrt; i++)
    if (wrt[i].id < r->first + r->count) r->between[wrt[i].id - r->first] = 1;
  for (int v = r->first; v < r->first + r->count; v += 1) {
    const node *n = node_of(tape, v);
    if (!n->op->pull || r->between[v - r->first]) continue;
    for (int i = 0; i < n->nin && !r->between[v - r->first]; i++)
      r->between[v - r->first] = (char)wanted(r, node_input(tape, n, i));
  }
}

static int pull_node(reverse *r, const node *n) {
  int any = 0;
  for (int v = n->first; v < n->first + n->count; v++) {
    if (!wanted(r, v)) continue;
    join_parts(r, v);
    if (r->tape->status) return 0;
    any |= r->adjoint[v - r->first] >= 0;
  }
  if (any && n->op->pull) n->op->pull(r, n);
  return !r->tape->status;
}

static int sweep(reverse *r, int last) {
  jet_tape *tape = r->tape;
  int from = value_of(tape, r->first)->node;
  for (int i = value_of(tape, last)->node; i >= from; i--) {
    const node n = tape->nodes[i];
    if (n.first >= r->first && !pull_node(r, &n)) return 0; /* values of one node stand or fall together */
  }
  return 1;
}

/* A gradient has order, parameter and directions of the loss. */
static jet like_loss(const reverse *r, jet x, const value *loss, int shape) {
  if (x.id < 0) return record_zero(r->tape, shape, loss->parameter, loss->directions);
  double c;
  if (constant_number(x, &c)) x = operand_broadcast(jet_scalar(r->tape, c), shape); /* from here on it is the caller's */
  const value *v = value_of(r->tape, x.id);
  if (!r->jets) return x;
  if (v->parameter < 0) x = raise_to(x, tape_jet(r->tape, loss->parameter), 0);
  if (x.id < 0 || value_of(r->tape, x.id)->directions == loss->directions) return x;
  return record_binary(JK_add, x, record_zero(r->tape, shape, loss->parameter, loss->directions));
}

static void collect(reverse *r, const value *loss, int n, const jet wrt[], jet grad[]) {
  for (int i = 0; i < n && !r->tape->status; i++) {
    int id = wanted(r, wrt[i].id) ? r->adjoint[wrt[i].id - r->first] : -1;
    grad[i] = like_loss(r, tape_jet(r->tape, id), loss, value_of(r->tape, wrt[i].id)->shape);
  }
}

/* A gradient is none of the jets that were there before, `known` of them, and no two are the same: each can have memory of its own. */
static void give_names(reverse *r, int known, int n, jet grad[]) {
  const int made = r->tape->nvalues - known;
  char *given = r->tape->status ? NULL : (char *)memory_resize(&r->tape->mem, NULL, 0, (size_t)made + 1);
  if (!given && !r->tape->status) no_memory(r);
  if (!given) return;
  memset(given, 0, (size_t)made + 1);
  for (int i = 0; i < n; i++) {
    const int id = grad[i].id;
    if (id < known || given[id - known]) grad[i] = renamed_value(grad[i]);
    else given[id - known] = 1;
  }
  memory_resize(&r->tape->mem, given, (size_t)made + 1, 0);
}

static int allocate(reverse *r) {
  if (!r->count) return 1; /* wrt come after the outputs */
  size_t n = (size_t)r->count, size = 2 * n * sizeof(int) + n;
  if (!(r->adjoint = (int *)memory_resize(&r->tape->mem, NULL, 0, size))) return 0;
  r->parts = r->adjoint + n;
  r->between = (char *)(r->parts + n);
  memset(r->adjoint, -1, 2 * n * sizeof(int));
  memset(r->between, 0, n);
  return 1;
}

static void release(reverse *r) {
  const memory *m = &r->tape->mem;
  if (r->adjoint) memory_resize(m, r->adjoint, (size_t)r->count * (2 * sizeof(int) + 1), 0);
  memory_resize(m, r->list, (size_t)r->part_room * sizeof *r->list, 0);
  memory_resize(m, r->patterns, (size_t)r->pattern_room * sizeof *r->patterns, 0);
}

/* The gradient of sum <seeds, outputs>, whose structure is `loss`. */
static void differentiate(jet_tape *tape, const value *loss, int n, const jet outputs[], const jet seeds[], int m,
                          const jet wrt[], jet grad[]) {
  const int known = tape->nvalues;
  int first = known, last = 0;
  for (int i = 0; i < m; i++) first = min_(first, wrt[i].id);
  for (int i = 0; i < n; i++) last = max_(last, outputs[i].id);
  const node *top = node_of(tape, last), *bottom = node_of(tape, first);
  first = bottom->first; /* all values of a node */
  last = top->first + top->count - 1;
  reverse r = {.tape = tape, .jets = loss->parameter >= 0, .first = first, .count = max_(last - first + 1, 0)};
  if (!allocate(&r)) {
    no_memory(&r);
    return;
  }
  mark_between(&r, m, wrt);
  for (int i = 0; i < n && !tape->status; i++)
    if (wanted(&r, outputs[i].id)) accumulate(&r, outputs[i].id, seeds[i]);
  if (r.count && !tape->status) sweep(&r, last);
  collect(&r, loss, m, wrt, grad);
  give_names(&r, known, m, grad);
  release(&r);
}

/* ---- the face ------------------------------------------------------------------------------------------------------------- */

static int check_wrt(const char *name, jet_tape *tape, const value *loss, int m, const jet wrt[], const jet grad[]) {
  if (m < 0) return tape_fail(tape, JET_BAD_ARGUMENT, "%s: the number of wrt is negative (%d)", name, m);
  if (m && (!wrt || !grad)) return tape_fail(tape, JET_BAD_ARGUMENT, "%s: %s is NULL", name, wrt ? "grad" : "wrt");
  for (int i = 0; i < m; i++) {
    if (!wrt[i].tape) return tape_fail(tape, JET_BAD_ARGUMENT, "%s: wrt %d is not a jet (its tape is NULL)", name, i);
    if (wrt[i].tape != tape)
      return tape_fail(tape, JET_FOREIGN, "%s: wrt %d is a jet of another tape%s", name, i,
                       other_type(tape->type, wrt[i].tape));
    if (!operand_check(name, wrt[i])) return 0;
    const value *v = value_of(tape, wrt[i].id);
    if (node_of(tape, wrt[i].id)->op == &op_constant && tape->shapes[v->shape].rank == 0)
      return tape_fail(tape, JET_BAD_ARGUMENT, "%s: wrt %d is a jet_scalar, which operations take as a number (x times c is "
                       "jet_scale); make it a jet_input", name, i);
    if (v->parameter >= 0 && loss->parameter < 0)
      return tape_fail(tape, JET_BAD_PARAMETER, "%s: the loss is plain and wrt %d a jet of order %d; take the gradient with "
                       "respect to what the jet was made of", name, i, v->order);
    if (v->parameter >= 0 && v->parameter != loss->parameter)
      return tape_fail(tape, JET_BAD_PARAMETER, "%s: the loss is a jet in parameter #%d and wrt %d one in parameter #%d", name,
                       loss->parameter, i, v->parameter);
  }
  return 1;
}

static jet_status fail_all(jet_tape *tape, int m, jet grad[]) { /* grad are failed jets of the tape, so that expressions nest */
  for (int i = 0; i < m && grad; i++) grad[i] = tape_jet(tape, -1);
  return tape ? tape->status : JET_BAD_ARGUMENT;
}

/* With respect to pairs: the gradients of their parts, dL/dx + i dL/dy. */
static jet_status grad_parts(jet loss, int n, const jet wrt[], jet grad[]) {
  jet_tape *tape = wrt[0].tape;
  jet *parts, *g;
  int m = parts_list(tape, n, wrt, &parts), room = m < 0 ? -1 : parts_list(tape, n, wrt, &g);
  if (room >= 0 && jet_grad(loss, m, parts, g) == JET_OK) parts_join(n, wrt, g, grad);
  if (m >= 0) parts_free(tape, n, parts);
  if (room >= 0) parts_free(tape, n, g);
  return tape->status ? fail_all(tape, n, grad) : JET_OK;
}

jet_status jet_grad(jet loss, int n, const jet wrt[], jet grad[]) {
  char text[200];
  jet_tape *tape = loss.tape;
  if (!operand_check("grad", loss)) return fail_all(tape, n, grad);
  if (grad && list_is_complex(n, wrt) && wrt[0].tape == tape) return grad_parts(loss, n, wrt, grad);
  const value v = *value_of(tape, loss.id);
  if (tape->shapes[v.shape].size != 1)
    tape_fail(tape, JET_NOT_SCALAR, "grad: the loss is %s and not a scalar; jet_vjp takes outputs of any shape",
              shape_text(&tape->shapes[v.shape], text));
  if (tape->status || !check_wrt("grad", tape, &v, n, wrt, grad)) return fail_all(tape, n, grad);
  jet one = operand_broadcast(pull_number(tape, 1), v.shape);
  if (n && !tape->status) differentiate(tape, &v, 1, &loss, &one, n, wrt, grad);
  return tape->status ? fail_all(tape, n, grad) : JET_OK;
}

/* Of the sum of <adjoints, outputs>: parameter, order, directions. */
static int meet_outputs(jet_tape *tape, int n, const jet outputs[], const jet adjoints[], value *loss) {
  char a[200], b[200];
  for (int i = 0; i < n; i++) {
    if (!operands_check("vjp", outputs[0], outputs[i]) || !operands_check("vjp", outputs[0], adjoints[i])) return 0;
    int in[2] = {outputs[i].id, adjoints[i].id};
    const shape *x = shape_of(tape, in[0]), *y = shape_of(tape, in[1]);
    if (x != y)
      return tape_fail(tape, JET_BAD_SHAPE, "vjp: adjoint %d is %s and its output %s", i, shape_text(y, a), shape_text(x, b));
    if (!meet(tape, "vjp", 2, in, loss)) return 0;
  }
  return 1;
}

/* <a, z> of pairs is the sum over parts, the real part of conj(a) z: outputs and adjoints by parts, a real one of a pair's filled up. */
static jet_status vjp_parts(int n, const jet outputs[], const jet adjoints[], int m, const jet wrt[], jet grad[]) {
  jet_tape *tape = outputs[0].tape;
  jet *y, *a, *x = NULL, *g = NULL;
  int ny = parts_list(tape, n, outputs, &y), na = ny < 0 ? -1 : parts_list(tape, n, outputs, &a), nx = -1, ng = -1;
  for (int i = 0, j = 0; na >= 0 && i < n; i++) {
    if (is_complex(adjoints[i]) && !is_complex(outputs[i]))
      tape_fail(tape, JET_BAD_ARGUMENT, "vjp: adjoint %d is complex and its output real", i);
    a[j++] = part_of(adjoints[i], 0);
    if (is_complex(outputs[i])) a[j++] = part_of(adjoints[i], 1);
  }
  if (na >= 0 && m > 0 && wrt) nx = parts_list(tape, m, wrt, &x), ng = nx < 0 ? -1 : parts_list(tape, m, wrt, &g);
  if (na >= 0 && !tape->status && jet_vjp(ny, y, a, nx < 0 ? m : nx, nx < 0 ? wrt : x, nx < 0 ? grad : g) == JET_OK && nx >= 0)
    parts_join(m, wrt, g, grad);
  if (ny >= 0) parts_free(tape, n, y);
  if (na >= 0) parts_free(tape, n, a);
  if (nx >= 0) parts_free(tape, m, x);
  if (ng >= 0) parts_free(tape, m, g);
  return tape->status ? fail_all(tape, m, grad) : JET_OK;
}

jet_status jet_vjp(int n, const jet outputs[], const jet adjoints[], int m, const jet wrt[], jet grad[]) {
  if (n < 1 || !outputs || !adjoints) {
    jet_tape *tape = m > 0 && wrt ? wrt[0].tape : n > 0 && outputs ? outputs[0].tape : NULL;
    if (tape) tape_fail(tape, JET_BAD_ARGUMENT, n < 1 ? "vjp: there are no outputs (n = %d)" : "vjp: outputs or adjoints is NULL", n);
    return fail_all(tape, m, grad);
  }
  jet_tape *tape = outputs[0].tape;
  value loss = {.parameter = -1, .directions = 1, .shared = 1};
  if (tape && !tape->status && (list_is_complex(n, outputs) || list_is_complex(n, adjoints) || list_is_complex(m, wrt)) &&
      (!m || grad))
    return vjp_parts(n, outputs, adjoints, m, wrt, grad);
  if (!operand_check("vjp", outputs[0]) || !meet_outputs(tape, n, outputs, adjoints, &loss) ||
      !check_wrt("vjp", tape, &loss, m, wrt, grad))
    return fail_all(tape, m, grad);
  if (m) differentiate(tape, &loss, n, outputs, adjoints, m, wrt, grad);
  return tape->status ? fail_all(tape, m, grad) : JET_OK;
}
