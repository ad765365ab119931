/* native.c - x86-64 code for lines (lines.h): a loop over vectors of lanes, AVX2 or AVX-512, with values in registers from where they
   are made to where they are read last; those that do not fit go to the stack. Memory that is written is not yet run, and memory that
   runs is not written. */
#include "lines.h"

#include <stdint.h>
#include <string.h>

#if JETS_NATIVE && defined __x86_64__ && defined __unix__
#include "native_x86.h"

#include <sys/mman.h>

/* ---- registers ---------------------------------------------------------------------------------------------------------------- */

enum { POINTERS = 10, PINNED = 8, FIXUPS = 1024 };
static const int pointer_register[POINTERS] = {8, 9, 10, 11, RBX, RBP, 12, 13, 14, 15};

typedef struct allocation {
  native *code;
  line *list;
  int count, now; /* the line at hand */
  int registers;  /* for values: 0.., above them what stays */
  int zero, sum[2], sums; /* of watched values times 0 */
  int carry[LINE_CARRIES], carries;
  int mask;              /* the register that has it (AVX2) */
  int masked, streaming; /* the body at hand */
  int value_in[VECTORS];  /* or -1 */
  int locked[VECTORS];    /* = now + 1: an operand of the line at hand */
  int *in, *spilled;      /* by value: register or -1; place on the stack + 1 */
  int stack;              /* places */
  int fixups, constants;
  struct { size_t at; int constant; } fixup[FIXUPS];
  const real *constant;
} allocation;

static int reads(const line *x, int v) { return x->of[0] == v || x->of[1] == v || x->of[2] == v; }

static int next_read(const allocation *a, int v) {
  int i = a->now;
  while (i < a->count && !reads(&a->list[i], v)) i++;
  return i;
}

/* The masked body is called: its caller lies on the stack. */
static place on_stack(const allocation *a, int v) {
  return (place){IN_STACK, 0, (a->spilled[v] - 1) * a->code->width * (int)sizeof(real) + 8 * a->masked};
}

static int remade(const line *x) { return x->op == LINE_LOAD || x->op == LINE_CONSTANT; }

static void evict(allocation *a, int r) {
  int v = a->value_in[r];
  if (!remade(&a->list[v]) && !a->spilled[v]) {
    a->spilled[v] = ++a->stack;
    instruction(a->code, MAP_0F, PREFIX, V_STORE, r, 0, on_stack(a, v));
  }
  a->in[v] = -1;
}

static int take(allocation *a, int v) { /* a register for v: a free one, or that of the value that is read last */
  int best = -1, latest = -1;
  for (int r = 0; r < a->registers && latest <= a->count; r++) {
    int next = a->value_in[r] < 0 ? a->count + 1 : a->locked[r] == a->now + 1 ? -1 : next_read(a, a->value_in[r]);
    if (next > latest) best = r, latest = next;
  }
  if (a->value_in[best] >= 0) evict(a, best);
  a->value_in[best] = v;
  a->locked[best] = a->now + 1;
  return a->in[v] = best;
}

static void from_pool(allocation *a, int r, int constant) {
  size_t at = instruction(a->code, MAP_0F, PREFIX, V_LOAD, r, 0, (place){IN_POOL, 0, 0});
  if (a->fixups == FIXUPS) {
    a->code->too_long = 1;
    return;
  }
  a->fixup[a->fixups].at = at;
  a->fixup[a->fixups++].constant = constant;
}

static void plane_access(allocation *a, const line *x, int r, int store) {
  native *c = a->code;
  place at = {IN_PLANE, RAX, (int32_t)(x->lanes * (ptrdiff_t)sizeof(real))};
  if (x->plane < POINTERS) at.at = pointer_register[x->plane];
  else text(c, "48 8b 87"), number(c, x->plane * (int)sizeof(real *)); /* mov rax, [rdi + ...] */
  if (!a->masked) instruction(c, MAP_0F, PREFIX, !store ? V_LOAD : a->streaming && x->streamed ? V_STREAM : V_STORE, r, 0, at);
  else if (c->width == AVX512) {
    prefix(c, MAP_0F, PREFIX, WIDE, r, 0, at, store ? 1 : 0x81);
    byte(c, store ? V_STORE : V_LOAD);
    operand(c, r, at);
  } else { /* vmaskmovpd */
    prefix(c, MAP_0F38, PREFIX_66, 0, r, a->mask, at, 0);
    byte(c, (store ? 0x2eu : 0x2cu) + WIDE);
    operand(c, r, at);
  }
}

static int fetch(allocation *a, int v) { /* the register that v is in, from here on */
  const line *x = &a->list[v];
  if (a->in[v] >= 0) {
    if (a->in[v] < a->registers) a->locked[a->in[v]] = a->now + 1;
    return a->in[v];
  }
  int r = take(a, v);
  if (x->op == LINE_CONSTANT) from_pool(a, r, x->plane);
  else if (x->op == LINE_LOAD) plane_access(a, x, r, 0);
  else instruction(a->code, MAP_0F, PREFIX, V_LOAD, r, 0, on_stack(a, v));
  return r;
}

static void leave(allocation *a, int v) { /* after its last read */
  if (v < 0 || a->in[v] < 0 || a->in[v] >= a->registers || a->list[v].last > a->now) return;
  a->value_in[a->in[v]] = -1;
  a->in[v] = -1;
}

/* ---- lines ---------------------------------------------------------------------------------------------------------------------- */

static int spare(const allocation *a, int v) { return a->list[v].last <= a->now && a->in[v] < a->registers; }

/* The result takes over the register of an operand that is read no more; if there is none, that of a copy of the sum. */
static void multiply_add(allocation *a, int v, const line *x) {
  int r[LINE_OPERANDS], to, over = -1;
  for (int i = 0; i < LINE_OPERANDS; i++) r[i] = fetch(a, x->of[i]);
  if (!spare(a, x->of[2]))
    for (int i = 0; i < 2; i++)
      if (spare(a, x->of[i])) over = i;
  if (over >= 0) to = r[over];
  else if (spare(a, x->of[2])) to = r[2];
  else {
    to = take(a, v);
    move(a->code, to, r[2]);
  }
  if (over >= 0) fused(a->code, 1, x->minus_product, x->minus_sum, to, r[2], r[1 - over]);
  else fused(a->code, 0, x->minus_product, x->minus_sum, to, r[0], r[1]);
  for (int i = 0; i < LINE_OPERANDS; i++) leave(a, x->of[i]);
  a->value_in[to] = v;
  a->in[v] = to;
}

static void two_operands(allocation *a, int v, const line *x, unsigned opcode) {
  int p = fetch(a, x->of[0]), q = fetch(a, x->of[1]);
  for (int i = 0; i < 2; i++) leave(a, x->of[i]);
  arithmetic(a->code, opcode, take(a, v), p, q);
}

static void carry_on(allocation *a, int v, const line *x) {
  int r = fetch(a, x->of[0]), to = take(a, v);
  shift(a->code, to, r, a->carry[x->plane], (int)x->lanes);
  move(a->code, a->carry[x->plane], r);
  leave(a, x->of[0]);
}

static void watch(allocation *a, int v) { /* 0, or NaN from here on; the chains in turn, since each waits for itself */
  fused(a->code, 0, 0, 0, a->sum[a->sums++ & 1], a->in[v], a->zero);
}

static void make(allocation *a, int v) {
  const line *x = &a->list[v];
  static const unsigned opcode[] = {[LINE_NEGATE] = V_XOR, [LINE_ADD] = V_ADD, [LINE_SUBTRACT] = V_SUBTRACT,
                                    [LINE_MULTIPLY] = V_MULTIPLY};
  if (x->op == LINE_STORE) {
    int r = fetch(a, x->of[0]);
    plane_access(a, x, r, 1);
    leave(a, x->of[0]);
  } else if (x->op == LINE_SHIFT) carry_on(a, v, x);
  else if (x->op == LINE_FMA) multiply_add(a, v, x);
  else if (x->op == LINE_NEGATE || x->op == LINE_ADD || x->op == LINE_SUBTRACT || x->op == LINE_MULTIPLY)
    two_operands(a, v, x, opcode[x->op]);
  if (x->watched) watch(a, v);
}

/* ---- the loop ---------------------------------------------------------------------------------------------------------------------- */

static int top(allocation *a) { return --a->registers; }

static void carries(allocation *a, unsigned opcode, int part) {
  int size = a->code->width * (int)sizeof(real);
  for (int i = 0; i < a->carries; i++)
    instruction(a->code, MAP_0F, PREFIX, opcode, a->carry[i], 0, (place){IN_CARRY, 0, (CARRY_VECTORS * i + part) * size});
}

/* Registers at the top: what watches, what is carried to the next vector, then constants. */
static void pin(allocation *a) {
  native *c = a->code;
  int wide = c->width == AVX512, pinned = wide ? PINNED : a->carries ? PINNED / 4 : PINNED / 2;
  int *const zeros[] = {&a->zero, &a->sum[0], &a->sum[1]};
  a->registers = wide ? VECTORS : VECTORS / 2;
  for (int i = 0; i < 3; i++) {
    int r = *zeros[i] = top(a);
    arithmetic(c, V_XOR, r, r, r);
  }
  for (int i = 0; i < a->carries; i++) a->carry[i] = top(a);
  carries(a, V_LOAD, 0);
  if (!wide) a->mask = top(a);
  for (int v = 0; v < a->count && pinned; v++)
    if (a->list[v].op == LINE_CONSTANT) {
      a->in[v] = top(a);
      from_pool(a, a->registers, a->list[v].plane);
      pinned--;
    }
}

static void save_pointers(native *c, int planes, int back) {
  static const char *const push[] = {"53", "55", "41 54", "41 55", "41 56", "41 57"};
  static const char *const pop[] = {"5b", "5d", "41 5c", "41 5d", "41 5e", "41 5f"};
  int n = planes < POINTERS ? planes - 4 : POINTERS - 4; /* those that belong to the caller */
  for (int i = 0; i < n; i++) text(c, back ? pop[n - 1 - i] : push[i]);
}

static void load_pointers(native *c, int planes) {
  for (int i = 0; i < planes && i < POINTERS; i++) {
    int r = pointer_register[i];
    byte(c, 0x48 | (unsigned)(r >> 3) << 2), byte(c, 0x8b), byte(c, 0x87 | (unsigned)(r & 7) << 3); /* mov r, [rdi + ...] */
    number(c, i * (int)sizeof(real *));
  }
}

/* eax = whether a sum is NaN. */
static void tell(allocation *a) {
  native *c = a->code;
  arithmetic(c, V_ADD, a->sum[0], a->sum[0], a->sum[1]);
  if (c->width == AVX512) {
    arithmetic(c, V_COMPARE, 2, a->sum[0], a->sum[0]); /* into k2, unordered */
    byte(c, 3);
    text(c, "c5 f8 93 c2"); /* kmovw eax, k2 */
  } else {
    arithmetic(c, V_COMPARE, 0, a->sum[0], a->sum[0]);
    byte(c, 3);
    instruction(c, MAP_0F, PREFIX, 0x50, RAX, 0, vector(0)); /* vmovmskpd eax, ymm0 */
  }
}

static void constants(allocation *a) {
  native *c = a->code;
  while (c->count % 64 && !c->no_memory) byte(c, 0xcc);
  size_t pool = c->count, size = (size_t)c->width * sizeof(real);
  for (int i = 0; i < a->constants; i++)
    for (int l = 0; l < c->width; l++) bytes(c, &a->constant[i], sizeof(real));
  for (int i = 0; i < a->fixups; i++) connect(c, a->fixup[i].at, pool + (size_t)a->fixup[i].constant * size);
}

static void body(allocation *a, int masked, int streaming) {
  a->masked = masked, a->streaming = streaming;
  for (int r = 0; r < VECTORS; r++) a->value_in[r] = -1, a->locked[r] = 0;
  for (int v = 0; v < a->count; v++) {
    a->spilled[v] = 0;
    if (a->in[v] < a->registers) a->in[v] = -1;
  }
  for (a->now = 0; a->now < a->count; a->now++) make(a, a->now);
}

static size_t jump(native *c, const char *opcode) { /* the place of the distance */
  text(c, opcode);
  number(c, 0);
  return c->count - 4;
}

static void loop(allocation *a, int streaming) {
  native *c = a->code;
  size_t first = c->count;
  body(a, 0, streaming);
  text(c, "48 83 c1"), byte(c, (unsigned)c->width);   /* add rcx, width */
  text(c, "48 3b 4e 08");                             /* cmp rcx, full */
  connect(c, jump(c, "0f 8c"), first);                /* jl */
}

static void load_mask(allocation *a, int tail) {
  native *c = a->code;
  text(c, c->width == AVX512 ? "c5 f8 90 4e" : "48 8b 46"); /* kmovw k1, [rsi + ..]; mov rax, [rsi + ..] */
  byte(c, tail ? 24 : 16);
  if (c->width == AVX512) return;
  prefix(c, MAP_0F, PREFIX, 0, a->mask, 0, vector(RAX), 0);
  byte(c, V_LOAD), byte(c, (unsigned)(a->mask & 7) << 3 | RAX); /* [rax] */
}

/* The lanes before the first full vector are carried to it: some came in, some are of the head. */
static size_t head(allocation *a) { /* where the call's distance is */
  native *c = a->code;
  text(c, "31 c9 48 39 0e"); /* xor ecx, ecx; cmp head, rcx */
  size_t none = jump(c, "0f 84");
  load_mask(a, 0);
  size_t call = jump(c, "e8");
  carries(a, V_STORE, 1);
  text(c, "48 8b 0e"); /* mov rcx, head */
  for (int i = 0; i < a->carries; i++)
    instruction(c, MAP_0F, PREFIX, V_LOAD, a->carry[i], 0, (place){IN_PLANE, RDX, CARRY_VECTORS * i * c->width * (int)sizeof(real)});
  connect(c, none, c->count);
  return call;
}

static void middle(allocation *a, int streams) {
  native *c = a->code;
  text(c, "48 3b 4e 08"); /* cmp rcx, full */
  size_t none = jump(c, "0f 8d"), end = 0; /* jge */
  if (streams) {
    text(c, "48 83 7e 20 00"); /* cmp streams, 0 */
    size_t plain = jump(c, "0f 84");
    loop(a, 1);
    end = jump(c, "e9");
    connect(c, plain, c->count);
  }
  loop(a, 0);
  connect(c, none, c->count);
  if (streams) connect(c, end, c->count);
}

static size_t tail(allocation *a) {
  native *c = a->code;
  carries(a, V_STORE, 1);
  load_mask(a, 1);
  if (c->width == AVX512) text(c, "c5 f8 98 c9"); /* kortestw k1, k1 */
  else instruction(c, MAP_0F38, PREFIX_66, 0x17, a->mask, 0, vector(a->mask)); /* vptest */
  size_t none = jump(c, "0f 84"), call = jump(c, "e8");
  carries(a, V_STORE, 2);
  connect(c, none, c->count);
  return call;
}

static int any_streamed(const allocation *a) {
  int any = 0;
  for (int v = 0; v < a->count; v++) any |= a->list[v].streamed;
  return any;
}

static void function(allocation *a, int planes) {
  native *c = a->code;
  text(c, "f3 0f 1e fa"); /* endbr64 */
  save_pointers(c, planes, 0);
  text(c, "48 81 ec"); /* sub rsp, places on the stack */
  size_t frame = c->count;
  number(c, 0);
  load_pointers(c, planes);
  pin(a);
  size_t at_head = head(a);
  middle(a, any_streamed(a));
  size_t at_tail = tail(a);
  tell(a);
  text(c, "c5 f8 77 48 81 c4"); /* vzeroupper; add rsp, ... */
  size_t frame_end = c->count;
  number(c, 0);
  save_pointers(c, planes, 1);
  byte(c, 0xc3); /* ret */
  connect(c, at_head, c->count), connect(c, at_tail, c->count);
  body(a, 1, 0);
  byte(c, 0xc3);
  int32_t size = a->stack * c->width * (int)sizeof(real);
  if (c->no_memory) return;
  memcpy(c->code + frame, &size, sizeof size);
  memcpy(c->code + frame_end, &size, sizeof size);
}

int native_width(const jk_set *set) {
  int bytes = set->width * (int)sizeof(real);
  return bytes == 32 || bytes == 64 ? set->width : 0;
}

static void number_lines(allocation *a, real *pool) {
  for (int v = 0; v < a->count; v++) {
    line *x = &a->list[v];
    a->in[v] = -1;
    if (x->op == LINE_CONSTANT) pool[x->plane = a->constants++] = (real)x->constant;
    if (x->op == LINE_SHIFT) a->carries = x->plane >= a->carries ? x->plane + 1 : a->carries;
    for (int i = 0; i < LINE_OPERANDS; i++)
      if (x->of[i] >= 0) a->list[x->of[i]].last = v;
  }
}

/* A mask of bits, or where one of vectors is to be read. */
const void *native_mask(int width, ptrdiff_t n) {
  static const char masks[64] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
                                 -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
  if (width == AVX512) return (const void *)(((uintptr_t)1 << n) - 1);
  return masks + (width - n) * (ptrdiff_t)sizeof(real);
}

ptrdiff_t native_add(native *c, line *lines, int count, int planes) {
  bag scratch = {.mem = c->mem};
  allocation *a = (allocation *)bag_new(&scratch, 1, sizeof *a);
  real *pool = (real *)bag_new(&scratch, (size_t)count, sizeof *pool);
  int *in = (int *)bag_new(&scratch, 2 * (size_t)count, sizeof *in);
  size_t first = 0;
  if (!a || !pool || !in) c->no_memory = 1;
  else {
    while (c->count % 64 && !c->no_memory) byte(c, 0xcc);
    first = c->count;
    a->code = c, a->list = lines, a->count = count, a->in = in, a->spilled = in + count, a->constant = pool;
    number_lines(a, pool);
    function(a, planes);
    constants(a);
  }
  bag_free(&scratch);
  return (ptrdiff_t)first;
}

void native_fence(void) { __builtin_ia32_sfence(); }

void *native_seal(native *c, size_t *size) {
  void *code = NULL;
  *size = c->count;
  if (!c->no_memory && !c->too_long && c->count) {
    code = mmap(NULL, c->count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (code == MAP_FAILED) code = NULL;
    else memcpy(code, c->code, c->count);
    if (code && mprotect(code, c->count, PROT_READ | PROT_EXEC)) munmap(code, c->count), code = NULL;
  }
  memory_resize(&c->mem, c->code, c->room, 0);
  return code;
}

void native_free(void *code, size_t size) {
  if (code) munmap(code, size);
}

#else

int native_width(const jk_set *set) { return (void)set, 0; }
ptrdiff_t native_add(native *c, line *lines, int count, int planes) { return (void)c, (void)lines, (void)count, (void)planes, 0; }
const void *native_mask(int width, ptrdiff_t n) { return (void)width, (void)n, NULL; }
void native_fence(void) {}
void *native_seal(native *c, size_t *size) { return (void)c, (void)size, NULL; }
void native_free(void *code, size_t size) { (void)code, (void)size; }
#endif
