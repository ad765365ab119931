/* native_x86.h - x86-64 instructions as bytes, those that native.c needs. */
#ifndef JETS_NATIVE_X86_H
#define JETS_NATIVE_X86_H

#include "lines.h"

#include <stdint.h>
#include <string.h>

/* ---- bytes ---------------------------------------------------------------------------------------------------------------- */

static void byte(native *c, unsigned x) {
  if (c->count == c->room) {
    size_t room = c->room ? 2 * c->room : 4096;
    unsigned char *code = c->no_memory ? NULL : (unsigned char *)memory_resize(&c->mem, c->code, c->room, room);
    if (!code) {
      c->no_memory = 1;
      return;
    }
    c->code = code, c->room = room;
  }
  c->code[c->count++] = (unsigned char)x;
}

static void bytes(native *c, const void *p, size_t n) {
  for (size_t i = 0; i < n; i++) byte(c, ((const unsigned char *)p)[i]);
}

static void text(native *c, const char *hex) { /* "48 39 f1" */
  for (; *hex; hex += hex[2] ? 3 : 2) {
    unsigned x = 0;
    for (int i = 0; i < 2; i++) x = 16 * x + (unsigned)(hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10);
    byte(c, x);
  }
}

static void number(native *c, int32_t x) { bytes(c, &x, sizeof x); }

/* The 4 bytes at `at` become the distance from their end to `to`. */
static void connect(native *c, size_t at, size_t to) {
  int32_t distance = (int32_t)((ptrdiff_t)to - (ptrdiff_t)at - 4);
  if (!c->no_memory) memcpy(c->code + at, &distance, sizeof distance);
}

/* ---- instructions on vectors ------------------------------------------------------------------------------------------------ */

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI }; /* rcx: lane, rdx: carries, rsi: native_lanes, rdi: planes */
enum { MAP_0F = 1, MAP_0F38 = 2, MAP_0F3A = 3 };
enum { NO_PREFIX = 0, PREFIX_66 = 1 };
enum { WIDE = sizeof(real) == 8, PREFIX = WIDE ? PREFIX_66 : NO_PREFIX, SCALE = WIDE ? 3 : 2, VECTORS = 32 };
enum { AVX512 = 64 / sizeof(real) }; /* lanes */

typedef enum place_kind { IN_VECTOR, IN_PLANE, IN_STACK, IN_CARRY, IN_POOL } place_kind;
typedef struct place { /* register; base register of plane[rcx]; in the constants behind the code */
  place_kind kind;
  int at;
  int32_t offset; /* bytes: from there, from rsp, from rdx */
} place;

/* mask: AVX-512 only; 1: lanes of k1, 0x81: zeros beside them */
static void prefix(native *c, int map, int pp, int wide, int reg, int first, place x, unsigned mask) {
  int b = x.kind == IN_VECTOR || x.kind == IN_PLANE ? x.at : 0, high = x.kind == IN_VECTOR && x.at & 16;
  unsigned r3 = !(reg & 8), b3 = !(b & 8), not_first = (unsigned)~first & 15;
  if (c->width == AVX512) {
    byte(c, 0x62);
    byte(c, r3 << 7 | (unsigned)!high << 6 | b3 << 5 | (unsigned)!(reg & 16) << 4 | (unsigned)map);
    byte(c, (unsigned)wide << 7 | not_first << 3 | 4u | (unsigned)pp);
    byte(c, 2u << 5 | (unsigned)!(first & 16) << 3 | mask);
  } else {
    byte(c, 0xc4);
    byte(c, r3 << 7 | 1u << 6 | b3 << 5 | (unsigned)map);
    byte(c, (unsigned)wide << 7 | not_first << 3 | 4u | (unsigned)pp);
  }
}

static size_t operand(native *c, int reg, place x) { /* where the distance to the constant is to stand */
  unsigned r = (unsigned)(reg & 7) << 3, b = (unsigned)(x.at & 7);
  if (x.kind == IN_VECTOR) byte(c, 0xc0 | r | b);
  if (x.kind == IN_PLANE) byte(c, 0x84 | r), byte(c, SCALE << 6 | RCX << 3 | b);
  if (x.kind == IN_STACK) byte(c, 0x84 | r), byte(c, 0x24);
  if (x.kind == IN_CARRY) byte(c, 0x80 | r | RDX);
  if (x.kind != IN_VECTOR && x.kind != IN_POOL) number(c, x.offset);
  if (x.kind == IN_POOL) byte(c, 0x05 | r), number(c, 0);
  return c->count - 4;
}

static place vector(int r) { return (place){IN_VECTOR, r, 0}; }

static size_t instruction(native *c, int map, int pp, unsigned opcode, int reg, int first, place x) {
  int fma = map == MAP_0F38 && opcode >= 0x96; /* the others have one form in AVX2, and tools that want its bit to be 0 */
  prefix(c, map, pp, WIDE && (fma || c->width == AVX512), reg, first, x, 0);
  byte(c, opcode);
  return operand(c, reg, x);
}

enum { V_LOAD = 0x10, V_STORE = 0x11, V_STREAM = 0x2b, V_MOVE = 0x28, V_XOR = 0x57, V_ADD = 0x58, V_MULTIPLY = 0x59,
       V_SUBTRACT = 0x5c, V_COMPARE = 0xc2 };

static void arithmetic(native *c, unsigned opcode, int to, int a, int b) {
  instruction(c, MAP_0F, PREFIX, opcode, to, a, vector(b));
}

static void move(native *c, int to, int from) { instruction(c, MAP_0F, PREFIX, V_MOVE, to, 0, vector(from)); }

/* to = the lanes of high:low from `lanes` lanes below those of high on */
static void shift(native *c, int to, int high, int low, int lanes) {
  int bytes = lanes * (int)sizeof(real);
  if (c->width == AVX512) {
    instruction(c, MAP_0F3A, PREFIX_66, 0x03, to, high, vector(low)); /* valignq */
    byte(c, (unsigned)(c->width - lanes));
    return;
  }
  instruction(c, MAP_0F3A, PREFIX_66, 0x06, to, low, vector(high)); /* vperm2f128: the upper half of low, the lower one of high */
  byte(c, 0x21);
  if (bytes == 16) return;
  if (bytes < 16) instruction(c, MAP_0F3A, PREFIX_66, 0x0f, to, high, vector(to)); /* vpalignr, in either half */
  else instruction(c, MAP_0F3A, PREFIX_66, 0x0f, to, to, vector(low));
  byte(c, (unsigned)(bytes < 16 ? 16 - bytes : 32 - bytes));
}

/* to = +-(a b) +- to, or with over: +-(to b) +- a */
static void fused(native *c, int over, int minus_product, int minus_sum, int to, int a, int b) {
  unsigned opcode = (over ? 0xa8u : 0xb8u) + 4u * (unsigned)minus_product + 2u * (unsigned)minus_sum;
  if (over) instruction(c, MAP_0F38, PREFIX_66, opcode, to, b, vector(a));
  else instruction(c, MAP_0F38, PREFIX_66, opcode, to, a, vector(b));
}

#endif
