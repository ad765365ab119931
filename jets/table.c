/* table.c - the rows as data. */
#include "kernel.h"

#include <math.h>

const jk_row jk_rows[JK_ROWS] = {
#define ONE(name) #name, 1
#define TWO(a, b) #a "," #b, 2
#define CONSTANT ONE
#define HIDDEN ONE
#define ROW(names, nin, nout, kind, rule, head, p, q, ...) {names, nin, nout, kind, p, q},
#include "functions.def"
#include "functions_end.def"
};
