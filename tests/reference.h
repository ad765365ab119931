/* reference.h - reads the reference data (tests/reference/FORMAT.md), records its expressions, measures errors.
   For tests and benchmarks. Nothing here asserts or prints; failures are NULL or a failed jet. */
#ifndef REFERENCE_H
#define REFERENCE_H

#include <jets.h>
#include <stdbool.h>

/* ---- data ------------------------------------------------------------------------------------------------------ */

typedef struct ref_value {
  double value, imag;  /* the true coefficient, correctly rounded */
  double strict, full; /* condition scales */
} ref_value;

typedef struct ref_case {
  char label[32];
  int nin, nout, extra; /* inputs; orders 0..nout-1 of the answer; orders that removable divisions lose */
  int length[2];        /* of each input: higher coefficients are 0 */
  double *input[2];   /* of complex numbers: pairs */
  ref_value *out;
} ref_case;

typedef struct ref_file {
  char kind[16], name[32], expr[96]; /* name: the file's, without .txt */
  int ncase;
  bool in_pairs; /* of complex numbers */
  ref_case *cases;
} ref_file;

ref_file *ref_open(const char *path); /* NULL: cannot be read, or is no JETREF file */
void ref_free(ref_file *);

/* Paths of all .txt files of a directory, sorted; their number, or -1. */
int ref_list(const char *directory, char ***paths);
void ref_list_free(int n, char **paths);

double ref_input(const ref_case *, int which, int k); /* coefficient k of input 0 or 1 */
int ref_extra(const ref_file *);                      /* the largest extra of its cases */
int ref_nout(const ref_file *);                       /* the largest nout of its cases */

/* ---- tolerance ------------------------------------------------------------------------------------------------- */

#define REF_UNIT 0x1p-53   /* u */
#define REF_TOLERANCE 64.0 /* in units of u S_k */

/* S_k of FORMAT.md: full_k; for jets x_0 + x_m t^m, m > 1, the maximum that bridges to orders up to 6 away. */
double ref_scale(const ref_case *, int k);

/* |got - value| / (u S_k); 0 if equal, infinite if got is not finite or S_k = 0. */
double ref_error(const ref_case *, int k, double got);

/* ---- expressions ----------------------------------------------------------------------------------------------- */

typedef enum ref_style {
  REF_GENERAL,  /* a number is a jet_scalar and meets the general operation: pow(x,2) is jet_pow */
  REF_CONSTANTS /* operations with a constant where there is one: jet_shift, jet_scale, jet_powc */
} ref_style;

/* Records the expression. A failed jet with tape NULL: it does not parse, or a name is unknown. */
jet ref_record(const char *expr, jet x, jet y, ref_style style);

/* ---- tapes ----------------------------------------------------------------------------------------------------- */

int ref_isas(jet_isa isas[3]); /* the instruction sets that can run here, and their number */
const char *ref_isa_name(jet_isa);
jet_tape *ref_tape(jet_isa isa, bool rewriting);
jet_tape *ref_tape_of(jet_type, jet_isa, bool rewriting);

#endif
