/* plan_cse.c - common subexpressions: nodes with one operation, told the same, of the same inputs, make the same values,
   and the first of them stands for all. Numbers and lists are compared by content. Leaves are what they are, but for
   constants. */
#include "build.h"
#include "ops.h"

#include <stdint.h>
#include <string.h>

typedef struct entry { /* of an open hash */
  int node; /* + 1 */
  uint32_t hash;
} entry;

/* Terms of a product are added in the order of the left factor's coefficients: bits are the same only where there is one. */
static int one_term(const build *b, const node *n) {
  const value *x = value_of(b->tape, node_input(b->tape, n, 0)), *y = value_of(b->tape, node_input(b->tape, n, 1));
  return x->low == x->degree || y->low == y->degree;
}

static int commutes(const build *b, const node *n) {
  if (n->op == &op_row[JK_add]) return 1;
  return (n->op == &op_row[JK_mul] || n->op == &op_row[JK_mulz]) && one_term(b, n);
}

/* Its planes are cheaper made again than kept in memory: in each region once. */
static int made_again(const op *o) { return o->step == STEP_BROADCAST; }

/* Input i, of two that may be swapped the smaller first. */
static int key_input(const build *b, const node *n, int i, int swaps) {
  int x = b->number[node_input(b->tape, n, i)];
  if (!swaps) return x;
  int y = b->number[node_input(b->tape, n, 1 - i)];
  return i == 0 ? min_(x, y) : max_(x, y);
}

/* ---- hash ----------------------------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t h, uint64_t x) {
  h = (h ^ x) * 0x9e3779b97f4a7c15u;
  return h ^ (h >> 32);
}

static uint64_t mix_content(uint64_t h, const void *content, size_t size) {
  const char *at = (const char *)content;
  for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
    uint64_t x = 0;
    memcpy(&x, at + i, size - i < sizeof x ? size - i : sizeof x);
    h = mix(h, x);
  }
  return h;
}

static size_t data_bytes(const build *b, int id) { return (size_t)b->tape->data_size[id] * sizeof(double); }
static size_t list_bytes(const build *b, int id) { return (size_t)b->tape->lists[id].count * sizeof(ptrdiff_t); }

static uint32_t hash_of(const build *b, const node *n) {
  const attributes *a = &n->with;
  int swaps = commutes(b, n);
  uint64_t h = mix(0, (uint64_t)(uintptr_t)n->op);
  for (int i = 0; i < n->nin; i++) h = mix(h, (uint64_t)key_input(b, n, i, swaps));
  h = mix(mix(mix_content(h, &a->c, sizeof a->c), (uint64_t)a->m), (uint64_t)a->shape);
  if (b->summed) h = mix(h, (uint64_t)b->summed[n->first]);
  if (a->data >= 0) return (uint32_t)mix_content(h, b->tape->data[a->data], data_bytes(b, a->data));
  h = mix(h, (uint64_t)a->k);
  if (a->list >= 0) h = mix_content(h, b->tape->lists[a->list].at, list_bytes(b, a->list));
  return (uint32_t)h;
}

/* ---- comparison ----------------------------------------------------------------------------------------------------------- */

static int same_bytes(const void *x, size_t nx, const void *y, size_t ny) { return nx == ny && (!nx || !memcmp(x, y, nx)); }

static int same_list(const build *b, int x, int y) {
  if (x == y || x < 0 || y < 0) return x == y;
  return same_bytes(b->tape->lists[x].at, list_bytes(b, x), b->tape->lists[y].at, list_bytes(b, y));
}

static int same_data(const build *b, int x, int y) {
  return same_bytes(b->tape->data[x], data_bytes(b, x), b->tape->data[y], data_bytes(b, y));
}

static int same_attributes(const build *b, const attributes *x, const attributes *y) {
  if (x->shape != y->shape || (x->data < 0) != (y->data < 0)) return 0;
  if (x->data >= 0) return same_data(b, x->data, y->data); /* what else a constant is told is about its making */
  return x->m == y->m && x->k == y->k && !memcmp(&x->c, &y->c, sizeof x->c) && same_list(b, x->list, y->list);
}

static int same_node(const build *b, const node *x, const node *y) {
  if (x->op != y->op || x->nin != y->nin || !same_attributes(b, &x->with, &y->with)) return 0;
  if (b->summed && b->summed[x->first] != b->summed[y->first]) return 0;
  int swaps = commutes(b, x);
  for (int i = 0; i < x->nin; i++)
    if (key_input(b, x, i, swaps) != key_input(b, y, i, swaps)) return 0;
  return 1;
}

/* ---- the pass ------------------------------------------------------------------------------------------------------------- */

/* Values from which an output is reached. */
static void mark_live(const build *b, int n, const jet outputs[], char *live) {
  for (int i = 0; i < n; i++) live[value_of(b->tape, outputs[i].id)->node] = 1;
  for (int i = b->nnodes - 1; i >= 0; i--) {
    const node *x = &b->tape->nodes[i];
    for (int j = 0; live[i] && j < x->nin; j++) live[value_of(b->tape, node_input(b->tape, x, j))->node] = 1;
  }
}

static void number(build *b, const node *n, entry *hash, size_t mask) {
  uint32_t h = hash_of(b, n);
  size_t at = h & mask;
  for (; hash[at].node; at = (at + 1) & mask) {
    const node *other = &b->tape->nodes[hash[at].node - 1];
    if (hash[at].hash != h || !same_node(b, other, n)) continue;
    for (int i = 0; i < n->count; i++) {
      b->number[n->first + i] = other->first + i;
      if (!made_again(n->op)) b->same_as[n->first + i] = other->first + i;
    }
    return;
  }
  hash[at].node = (int)(n - b->tape->nodes) + 1;
  hash[at].hash = h;
}

static int merges(const op *o) { return o->step != STEP_LEAF || o == &op_constant || o == &op_zero; }

static int number_live(build *b, const char *live) {
  size_t count = 1, room = 16;
  for (int i = 0; i < b->nnodes; i++) count += live[i] != 0;
  while (room < 2 * count) room *= 2;
  entry *hash = (entry *)bag_new(&b->scratch, room, sizeof *hash);
  if (!hash) return build_no_memory(b);
  for (int i = 0; i < b->nnodes; i++)
    if (live[i] && merges(b->tape->nodes[i].op)) number(b, &b->tape->nodes[i], hash, room - 1);
  return 1;
}

int plan_common(build *b, int n, const jet outputs[]) {
  b->same_as = (int *)bag_new(&b->scratch, (size_t)b->nvalues, sizeof *b->same_as);
  b->number = (int *)bag_new(&b->scratch, (size_t)b->nvalues, sizeof *b->number);
  b->made_last = (int *)bag_new(&b->scratch, (size_t)b->nvalues, sizeof *b->made_last);
  char *live = (char *)bag_new(&b->scratch, (size_t)b->nnodes, 1);
  if (!b->same_as || !b->number || !b->made_last || !live) return build_no_memory(b);
  for (int v = 0; v < b->nvalues; v++) b->same_as[v] = b->number[v] = v;
  if (!plan_may(b->plan, JET_COMMON)) return 1;
  /* What is summed over directions rounds differently. It is told from what was recorded, so that merging does not change it. */
  if (plan_collapses(b) && !plan_need(b, n, outputs)) return 0;
  mark_live(b, n, outputs, live);
  return number_live(b, live);
}

/* ---- what is made again --------------------------------------------------------------------------------------------------- */

/* Whichever is made has the planes that its equals need. */
int plan_same_need(build *b) {
  span *all = (span *)bag_new(&b->scratch, (size_t)b->nvalues, sizeof *all);
  if (!all) return build_no_memory(b);
  for (int v = 0; v < b->nvalues; v++) all[v] = b->need[v];
  for (int v = 0; v < b->nvalues; v++) {
    span *s = &all[b->number[v]], own = b->need[v];
    if (own.hi < own.lo) continue;
    if (s->hi < s->lo) *s = own;
    s->lo = min_(s->lo, own.lo);
    s->hi = max_(s->hi, own.hi);
  }
  for (int v = 0; v < b->nvalues; v++)
    if (build_needs(b, v)) b->need[v] = all[b->number[v]];
  return 1;
}

int plan_shares(build *b, const node *n, int region) {
  int v = n->first, *last = &b->made_last[b->number[v]], other = *last - 1;
  if (!made_again(n->op)) return 0;
  *last = v + 1;
  if (other < 0 || b->plan->planes[b->planes[other][b->need[v].lo]].region != region) return 0;
  b->planes[v] = b->planes[other];
  return 1;
}
