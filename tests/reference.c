/* reference.c - see reference.h. */
#define _POSIX_C_SOURCE 200809L
#include "reference.h"

#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading --------------------------------------------------------------------------------------------------- */

static bool read_input(FILE *in, ref_case *c, int which, bool complex) {
  if (fscanf(in, " IN %d", &c->length[which]) != 1 || c->length[which] < 1) return false;
  int length = c->length[which] * (complex ? 2 : 1);
  c->input[which] = calloc((size_t)length, sizeof(double));
  for (int k = 0; c->input[which] && k < length; k++)
    if (fscanf(in, "%la", &c->input[which][k]) != 1) return false;
  return c->input[which] != NULL;
}

static bool read_values(FILE *in, ref_case *c, bool complex) {
  char word[8];
  if (fscanf(in, "%7s", word) != 1 || strcmp(word, "OUT") != 0) return false;
  c->out = calloc((size_t)c->nout, sizeof *c->out);
  for (int k = 0; c->out && k < c->nout; k++) {
    ref_value *v = &c->out[k];
    if (complex ? fscanf(in, "%la %la %*s %*s %la %la", &v->value, &v->imag, &v->strict, &v->full) != 4
                : fscanf(in, "%la %*s %la %la", &v->value, &v->strict, &v->full) != 3)
      return false;
  }
  return c->out != NULL;
}

static bool read_case(FILE *in, ref_case *c, int expected_index, bool complex) {
  int index;
  if (fscanf(in, " CASE %d %31s NIN %d NOUT %d EXTRA %d", &index, c->label, &c->nin, &c->nout, &c->extra) != 5)
    return false;
  if (index != expected_index || c->nin < 1 || c->nin > 2 || c->nout < 1 || c->extra < 0) return false;
  for (int which = 0; which < c->nin; which++)
    if (!read_input(in, c, which, complex)) return false;
  return read_values(in, c, complex);
}

static bool read_file(FILE *in, ref_file *f) {
  char word[8], func[32];
  int version;
  if (fscanf(in, "JETREF %d KIND %15s FUNC %31s FIELD %7s EXPR %95s NCASE %d", &version, f->kind, func, word, f->expr,
             &f->ncase) != 6)
    return false;
  f->in_pairs = strcmp(word, "C") == 0;
  if (version != 1 || (!f->in_pairs && strcmp(word, "R") != 0) || f->ncase < 1) return false;
  f->cases = calloc((size_t)f->ncase, sizeof *f->cases);
  for (int i = 0; f->cases && i < f->ncase; i++)
    if (!read_case(in, &f->cases[i], i, f->in_pairs)) return false;
  return f->cases && fscanf(in, "%7s", word) == 1 && strcmp(word, "END") == 0;
}

static void name_of_path(const char *path, char *name, size_t size) {
  const char *slash = strrchr(path, '/');
  snprintf(name, size, "%s", slash ? slash + 1 : path);
  char *dot = strstr(name, ".txt");
  if (dot) *dot = 0;
}

ref_file *ref_open(const char *path) {
  ref_file *f = calloc(1, sizeof *f);
  FILE *in = f ? fopen(path, "r") : NULL;
  bool good = in && read_file(in, f);
  if (in) fclose(in);
  if (!good) {
    ref_free(f);
    return NULL;
  }
  name_of_path(path, f->name, sizeof f->name);
  return f;
}

void ref_free(ref_file *f) {
  if (!f) return;
  for (int i = 0; f->cases && i < f->ncase; i++) {
    free(f->cases[i].input[0]);
    free(f->cases[i].input[1]);
    free(f->cases[i].out);
  }
  free(f->cases);
  free(f);
}

static int is_data_file(const struct dirent *entry) {
  size_t length = strlen(entry->d_name);
  return length > 4 && strcmp(entry->d_name + length - 4, ".txt") == 0;
}

int ref_list(const char *directory, char ***paths) {
  struct dirent **entries;
  int n = scandir(directory, &entries, is_data_file, alphasort);
  if (n < 0) return -1;
  *paths = calloc((size_t)n + 1, sizeof **paths);
  for (int i = 0; i < n; i++) {
    size_t size = strlen(directory) + strlen(entries[i]->d_name) + 2;
    char *path = *paths ? malloc(size) : NULL;
    if (path) snprintf((*paths)[i] = path, size, "%s/%s", directory, entries[i]->d_name);
    free(entries[i]);
  }
  free(entries);
  return *paths ? n : -1;
}

void ref_list_free(int n, char **paths) {
  for (int i = 0; i < n; i++) free(paths[i]);
  free(paths);
}

double ref_input(const ref_case *c, int which, int k) { return k < c->length[which] ? c->input[which][k] : 0.0; }

int ref_extra(const ref_file *f) {
  int extra = 0;
  for (int i = 0; i < f->ncase; i++) extra = f->cases[i].extra > extra ? f->cases[i].extra : extra;
  return extra;
}

int ref_nout(const ref_file *f) {
  int nout = 0;
  for (int i = 0; i < f->ncase; i++) nout = f->cases[i].nout > nout ? f->cases[i].nout : nout;
  return nout;
}

/* ---- tolerance ------------------------------------------------------------------------------------------------- */

/* x_0 + x_m t^m with m > 1: the result has gaps of several orders, which full_k does not bridge. */
static bool is_single_power(const ref_case *c, int which) {
  int powers = 0, m = 0;
  for (int k = 1; k < c->length[which]; k++)
    if (c->input[which][k] != 0) powers++, m = k;
  return powers == 1 && m > 1;
}

static double bridged_scale(const ref_case *c, int k) {
  double scale = 0;
  for (int m = 0; m <= 6 && m <= k && k + m < c->nout; m++)
    scale = fmax(scale, sqrt(c->out[k - m].full) * sqrt(c->out[k + m].full)); /* each root alone: no overflow */
  return scale;
}

double ref_scale(const ref_case *c, int k) {
  for (int which = 0; which < c->nin; which++)
    if (!is_single_power(c, which)) return c->out[k].full;
  return bridged_scale(c, k);
}

double ref_error(const ref_case *c, int k, double got) {
  double want = c->out[k].value, scale = ref_scale(c, k);
  if (got == want) return 0;
  if (!isfinite(got) || scale == 0) return INFINITY;
  return fabs(got - want) / scale / REF_UNIT;
}

/* ---- expressions ----------------------------------------------------------------------------------------------- */

typedef struct function {
  const char *name;
  jet (*one)(jet);
  jet (*two)(jet, jet);
} function;

static const function functions[] = {
#define F1(f) {#f, jet_##f, NULL},
#define F2(f) {#f, NULL, jet_##f},
#include "functions.inc"
};

typedef struct term { /* a number until it meets a jet */
  bool number;
  double value;
  jet j;
} term;

typedef struct parser {
  const char *at;
  jet x, y;
  ref_style style;
  bool failed;
} parser;

static term parse_sum(parser *p);

static term number(double value) { return (term){true, value, {NULL, -1}}; }
static term of_jet(jet j) { return (term){false, 0, j}; }

static term fail(parser *p) {
  p->failed = true;
  p->at = "";
  return number(0);
}

static bool accept(parser *p, char c) {
  if (*p->at != c) return false;
  p->at++;
  return true;
}

static jet as_jet(const parser *p, term a) { return a.number ? jet_scalar(p->x.tape, a.value) : a.j; }

static double fold(char op, double a, double b) {
  return op == '+' ? a + b : op == '-' ? a - b : op == '*' ? a * b : a / b;
}

static jet general(const parser *p, char op, term a, term b) {
  jet left = as_jet(p, a), right = as_jet(p, b);
  return op == '+'   ? jet_add(left, right)
         : op == '-' ? jet_sub(left, right)
         : op == '*' ? jet_mul(left, right)
                     : jet_div(left, right);
}

static term binary(const parser *p, char op, term a, term b) {
  if (a.number && b.number) return number(fold(op, a.value, b.value));
  if (p->style == REF_CONSTANTS && (a.number || b.number)) {
    double c = a.number ? a.value : b.value;
    jet j = a.number ? b.j : a.j;
    if (op == '+') return of_jet(jet_shift(j, c));
    if (op == '*') return of_jet(jet_scale(j, c));
    if (op == '-') return of_jet(a.number ? jet_shift(jet_neg(j), c) : jet_shift(j, -c));
  }
  return of_jet(general(p, op, a, b));
}

static const function *find(const char *name, size_t length) {
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
    if (strlen(functions[i].name) == length && strncmp(functions[i].name, name, length) == 0) return &functions[i];
  return NULL;
}

static term call(parser *p, const function *f) {
  term a = parse_sum(p);
  if (!f->two) return accept(p, ')') ? of_jet(f->one(as_jet(p, a))) : fail(p);
  if (!accept(p, ',')) return fail(p);
  term b = parse_sum(p);
  if (!accept(p, ')')) return fail(p);
  if (p->style == REF_CONSTANTS && f->two == jet_pow && b.number) return of_jet(jet_powc(as_jet(p, a), b.value));
  return of_jet(f->two(as_jet(p, a), as_jet(p, b)));
}

static term parse_name(parser *p) {
  size_t length = 0;
  while (isalnum((unsigned char)p->at[length])) length++;
  const char *name = p->at;
  p->at += length;
  if (length == 1 && *name == 'x') return of_jet(p->x);
  if (length == 1 && *name == 'y') return of_jet(p->y);
  const function *f = find(name, length);
  return f && accept(p, '(') ? call(p, f) : fail(p);
}

static term parse_number(parser *p) {
  char *end;
  double value = strtod(p->at, &end);
  if (end == p->at) return fail(p);
  p->at = end;
  return number(value);
}

static term parse_primary(parser *p) {
  if (accept(p, '(')) {
    term inner = parse_sum(p);
    return accept(p, ')') ? inner : fail(p);
  }
  if (isalpha((unsigned char)*p->at)) return parse_name(p);
  return isdigit((unsigned char)*p->at) || *p->at == '.' ? parse_number(p) : fail(p);
}

static term parse_unary(parser *p) {
  if (!accept(p, '-')) return parse_primary(p);
  term a = parse_unary(p);
  return a.number ? number(-a.value) : of_jet(jet_neg(a.j));
}

static term parse_product(parser *p) {
  term a = parse_unary(p);
  while (*p->at == '*' || *p->at == '/') {
    char op = *p->at++;
    a = binary(p, op, a, parse_unary(p));
  }
  return a;
}

static term parse_sum(parser *p) {
  term a = parse_product(p);
  while (*p->at == '+' || *p->at == '-') {
    char op = *p->at++;
    a = binary(p, op, a, parse_product(p));
  }
  return a;
}

jet ref_record(const char *expr, jet x, jet y, ref_style style) {
  parser p = {expr, x, y, style, false};
  term result = parse_sum(&p);
  if (p.failed || *p.at) return (jet){NULL, -1};
  return as_jet(&p, result);
}

/* ---- tapes ----------------------------------------------------------------------------------------------------- */

int ref_isas(jet_isa isas[3]) {
  static const jet_isa all[] = {JET_ISA_BASELINE, JET_ISA_AVX2, JET_ISA_AVX512};
  int n = 0;
  for (int i = 0; i < 3; i++)
    if (jet_isa_available(all[i])) isas[n++] = all[i];
  return n;
}

const char *ref_isa_name(jet_isa isa) {
  return isa == JET_ISA_BASELINE ? "baseline"
         : isa == JET_ISA_AVX2   ? "avx2"
         : isa == JET_ISA_AVX512 ? "avx512"
                                 : "auto";
}

jet_tape *ref_tape(jet_isa isa, bool rewriting) { return ref_tape_of(JET_F64, isa, rewriting); }

jet_tape *ref_tape_of(jet_type type, jet_isa isa, bool rewriting) {
  jet_tape_options options = JET_TAPE_OPTIONS_INIT;
  options.type = type;
  options.isa = isa;
  options.no_rewriting = !rewriting;
  return jet_tape_new_ex(&options);
}
