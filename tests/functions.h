/* functions.h - the public elementwise functions as two arrays, unary and binary. */
#ifndef FUNCTIONS_H
#define FUNCTIONS_H

#include <jets.h>

static const struct {
  const char *name;
  jet (*f)(jet);
} unary[] = {
#define F1(f) {#f, jet_##f},
#define F2(f)
#include "functions.inc"
};

static const struct {
  const char *name;
  jet (*f)(jet, jet);
} binary[] = {
#define F1(f)
#define F2(f) {#f, jet_##f},
#include "functions.inc"
};

enum { UNARIES = sizeof unary / sizeof *unary, BINARIES = sizeof binary / sizeof *binary };

#endif
