/* tape.c - the tape itself: memory, shapes, nodes, the sticky failure. Knows no particular operation. */
#include "tape.h"
#include "hostile.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

const jet jet_none = {NULL, -1};

/* What jet_tape_new returns without memory. Its status is set, so nothing ever writes to it. */
static const jet_tape no_tape = {.status = JET_NO_MEMORY, .message = "out of memory"};

const char *jet_version(void) { return JET_VERSION_STRING; }

const char *jet_status_string(jet_status s) {
  static const char *const text[] = {
#define SENTENCE(name, sentence) sentence,
      JET_STATUSES(SENTENCE)
#undef SENTENCE
  };
  return (unsigned)s < sizeof text / sizeof *text ? text[s] : "unknown status";
}

int jet_isa_available(jet_isa isa) { return isa >= JET_ISA_AUTO && isa <= JET_ISA_AVX512 && jk_select((int)isa) != NULL; }

const char *type_name(jet_type type) { return type == JET_F32 ? "f32" : "f64"; }

const char *other_type(jet_type type, const jet_tape *of) {
  if (!of || of->type == type) return "";
  return type == JET_F32 ? " of another type: f32 and f64" : " of another type: f64 and f32";
}

int tape_fail(jet_tape *tape, jet_status status, const char *format, ...) {
  if (tape->status) return 0;
  tape->status = status;
  va_list list;
  va_start(list, format);
  vsnprintf(tape->message, sizeof tape->message, format, list);
  va_end(list);
  return 0;
}

static int no_memory(jet_tape *tape) { return tape_fail(tape, JET_NO_MEMORY, "out of memory while recording") - 1; }

int options_read(const jet_tape_options *from, jet_tape_options *o) {
  const jet_tape_options initial = JET_TAPE_OPTIONS_INIT;
  *o = initial;
  if (!from) return 1;
  if (from->size < sizeof(size_t) || from->size > 4096) return 0;
  memcpy(o, from, from->size < sizeof *o ? from->size : sizeof *o);
  o->size = sizeof *o;
  return 1;
}

jet_tape *jet_tape_new(void) { return jet_tape_new_ex(NULL); }

jet_tape *jet_tape_new_ex(const jet_tape_options *options) {
  jet_tape_options o;
  int good = options_read(options, &o);
  memory m = {o.allocate, o.context};
  jet_tape *tape = (jet_tape *)memory_resize(&m, NULL, 0, sizeof *tape);
  if (!tape) return (jet_tape *)&no_tape;
  memset(tape, 0, sizeof *tape);
  tape->mem = m;
  tape->isa = o.isa;
  tape->type = o.type;
  tape->rewriting = !o.no_rewriting;
  tape->threads = o.threads;
  if (!good) tape_fail(tape, JET_BAD_ARGUMENT, "jet_tape_new_ex: options.size is not the size of the options");
  else if (o.threads < 0) tape_fail(tape, JET_BAD_ARGUMENT, "jet_tape_new_ex: threads is %d", o.threads);
  else if (o.type != JET_F64 && o.type != JET_F32)
    tape_fail(tape, JET_BAD_ARGUMENT, "jet_tape_new_ex: type is %d, neither JET_F64 nor JET_F32", (int)o.type);
  else if (!jet_isa_available(o.isa))
    tape_fail(tape, JET_UNSUPPORTED, "jet_tape_new_ex: the instruction set is not available here");
  return tape;
}

void jet_tape_free(jet_tape *t) {
  if (!t || t == &no_tape) return;
  const memory m = t->mem;
  known_free(t);
  for (int i = 0; i < t->ndata; i++) memory_resize(&m, t->data[i], (size_t)t->data_size[i] * sizeof(double), 0);
  for (int i = 0; i < t->nlists; i++) memory_resize(&m, t->lists[i].at, (size_t)t->lists[i].room * sizeof(ptrdiff_t), 0);
#define FREE(p, room) memory_resize(&m, p, (size_t)(room) * sizeof *(p), 0)
  FREE(t->values, t->values_room);
  FREE(t->nodes, t->nodes_room);
  FREE(t->args, t->args_room);
  FREE(t->shapes, t->shapes_room);
  FREE(t->data, t->data_room);
  FREE(t->data_size, t->data_size_room);
  FREE(t->lists, t->lists_room);
  FREE(t->hash, t->hash_room);
  FREE(t, 1);
#undef FREE
}

jet_status jet_tape_status(const jet_tape *tape) { return tape ? tape->status : JET_BAD_ARGUMENT; }
jet_type jet_tape_type(const jet_tape *tape) { return tape ? tape->type : JET_F64; }
const char *jet_tape_message(const jet_tape *tape) { return tape ? tape->message : "no tape"; }

#define GROW(tape, list, n) memory_grow(&(tape)->mem, &(tape)->list, &(tape)->list##_room, n, sizeof *(tape)->list)

/* ---- shapes: kept once each, found by an open hash ------------------------------------------------------------------ */

char *shape_text(const shape *s, char text[static 200]) {
  int n = snprintf(text, 200, "[");
  for (int i = 0; i < s->rank; i++)
    n += snprintf(text + n, (size_t)(200 - n), i ? ",%td" : "%td", s->dims[i]);
  snprintf(text + n, (size_t)(200 - n), "]");
  return text;
}

static int shape_read(jet_tape *tape, const char *name, int rank, const ptrdiff_t *dims, shape *s) {
  memset(s, 0, sizeof *s);
  if (rank < 0 || rank > JET_MAX_RANK)
    return tape_fail(tape, JET_BAD_SHAPE, "%s: a rank of %d is outside 0..%d", name, rank, JET_MAX_RANK);
  if (rank && !dims) return tape_fail(tape, JET_BAD_ARGUMENT, "%s: dims is NULL for rank %d", name, rank);
  s->rank = rank;
  s->size = 1;
  int empty = 0;
  for (int i = 0; i < rank; i++) {
    s->dims[i] = dims[i];
    if (dims[i] < 0) return tape_fail(tape, JET_BAD_SHAPE, "%s: extent %d is negative (%td)", name, i, dims[i]);
    empty |= dims[i] == 0;
  }
  for (int i = 0; i < rank && !empty; i++)
    if (__builtin_mul_overflow(s->size, dims[i], &s->size) || s->size > PTRDIFF_MAX / 64)
      return tape_fail(tape, JET_TOO_LARGE, "%s: the product of the extents overflows", name);
  if (empty) s->size = 0;
  return 1;
}

static unsigned shape_hash(const shape *s) {
  uint64_t h = (uint64_t)s->rank;
  for (int i = 0; i < s->rank; i++) h = (h ^ (uint64_t)s->dims[i]) * 0x9e3779b97f4a7c15u;
  return (unsigned)(h >> 32);
}

static int rehash(jet_tape *tape) {
  int room = tape->hash_room ? 2 * tape->hash_room : HOSTILE ? 2 : 16;
  int *hash = (int *)memory_resize(&tape->mem, NULL, 0, (size_t)room * sizeof *hash);
  if (!hash) return 0;
  memset(hash, -1, (size_t)room * sizeof *hash);
  for (int id = 0; id < tape->nshapes; id++) {
    unsigned i = shape_hash(&tape->shapes[id]) % (unsigned)room;
    while (hash[i] >= 0) i = (i + 1) % (unsigned)room;
    hash[i] = id;
  }
  memory_resize(&tape->mem, tape->hash, (size_t)tape->hash_room * sizeof *hash, 0);
  tape->hash = hash;
  tape->hash_room = room;
  return 1;
}

int tape_shape(jet_tape *tape, const char *name, int rank, const ptrdiff_t *dims) {
  shape s;
  if (tape->status || !shape_read(tape, name, rank, dims, &s)) return -1;
  if (2 * (tape->nshapes + 1) > tape->hash_room && !rehash(tape)) return no_memory(tape);
  unsigned i = shape_hash(&s) % (unsigned)tape->hash_room;
  for (; tape->hash[i] >= 0; i = (i + 1) % (unsigned)tape->hash_room)
    if (!memcmp(&tape->shapes[tape->hash[i]], &s, sizeof s)) return tape->hash[i];
  if (!GROW(tape, shapes, tape->nshapes)) return no_memory(tape);
  tape->shapes[tape->nshapes] = s;
  return tape->hash[i] = tape->nshapes++;
}

int tape_list(jet_tape *tape, const ptrdiff_t *from, ptrdiff_t n) {
  if (tape->status) return -1;
  if (!GROW(tape, lists, tape->nlists)) return no_memory(tape);
  list x = {NULL, n, n > 0 ? n : 1};
  if (!(x.at = (ptrdiff_t *)memory_resize(&tape->mem, NULL, 0, (size_t)x.room * sizeof *x.at))) return no_memory(tape);
  if (n > 0) memcpy(x.at, from, (size_t)n * sizeof *from);
  tape->lists[tape->nlists] = x;
  return tape->nlists++;
}

int tape_data(jet_tape *tape, const double *data, ptrdiff_t n) {
  if (tape->status) return -1;
  if (!GROW(tape, data, tape->ndata) || !GROW(tape, data_size, tape->ndata)) return no_memory(tape);
  ptrdiff_t room = n > 0 ? n : 1; /* an allocator may answer a size of 0 with NULL */
  double *copy = (double *)memory_resize(&tape->mem, NULL, 0, (size_t)room * sizeof *copy);
  if (!copy) return no_memory(tape);
  if (n > 0) memcpy(copy, data, (size_t)n * sizeof *copy);
  tape->data[tape->ndata] = copy;
  tape->data_size[tape->ndata] = room;
  return tape->ndata++;
}

/* ---- nodes ------------------------------------------------------------------------------------------------------------ */

static int room_for(jet_tape *tape, const op *o, int nin) {
  for (int i = 0; i < o->count; i++)
    if (!GROW(tape, values, tape->nvalues + i)) return 0;
  for (int i = 0; i < nin; i++)
    if (!GROW(tape, args, tape->nargs + i)) return 0;
  return GROW(tape, nodes, tape->nnodes);
}

jet tape_record(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with) {
  if (tape->status) return tape_jet(tape, -1);
  if (!room_for(tape, o, nin)) {
    no_memory(tape);
    return tape_jet(tape, -1);
  }
  value *out = tape->values + tape->nvalues;
  for (int i = 0; i < o->count; i++) {
    value v = {tape->nnodes, i, -1, -1, 0, 0, 0, 1, 1, 0};
    out[i] = v;
  }
  if (!o->infer(tape, o, nin, in, with, out)) return tape_jet(tape, -1);
  node n = {o, tape->nvalues, o->count, tape->nargs, nin, *with};
  if (nin) memcpy(tape->args + tape->nargs, in, (size_t)nin * sizeof *in);
  tape->nodes[tape->nnodes++] = n;
  tape->nargs += nin;
  tape->nvalues += o->count;
  return tape_jet(tape, n.first);
}

/* ---- looking at values --------------------------------------------------------------------------------------------------- */

static int good(jet x) { return x.tape && x.id >= 0 && x.id < x.tape->nvalues; }

int jet_order(jet x) { return good(x) ? value_of(x.tape, x.id)->order : -1; }
int jet_rank(jet x) { return good(x) ? shape_of(x.tape, x.id)->rank : -1; }
int jet_directions(jet x) { return good(x) ? value_of(x.tape, x.id)->directions : -1; }
ptrdiff_t jet_size(jet x) { return good(x) ? shape_of(x.tape, x.id)->size : -1; }
ptrdiff_t jet_extent(jet x, int axis) {
  return good(x) && axis >= 0 && axis < jet_rank(x) ? shape_of(x.tape, x.id)->dims[axis] : -1;
}
