/* pair.c - pairs of real arrays and their arithmetic. See pair.h. */
#include "pair.h"

/* ---- handles ------------------------------------------------------------------------------------------------------------- */

static int infer_complex(jet_tape *tape, const op *o, int nin, const int *in, const attributes *with, value *out) {
  const value *re = value_of(tape, in[0]), *im = value_of(tape, in[1]);
  (void)with;
  out->shape = re->shape;
  out->complex = 1;
  if (!meet(tape, o->name, nin, in, out)) return 0;
  set_interval(out, min_(re->low, im->low), max_(re->degree, im->degree));
  return 1;
}

const op op_complex = {.name = "complex", .row = -1, .count = 1, .infer = infer_complex, .step = STEP_ALIAS};

jet part_of(jet z, int i) {
  if (is_complex(z)) return tape_jet(z.tape, node_input(z.tape, node_of(z.tape, z.id), i));
  return i == 0 || !operand_check("complex", z) ? z : record_zero(z.tape, value_of(z.tape, z.id)->shape, -1, 1);
}

/* x as a jet where the pair is one. */
static jet like(jet x, const value *pair) {
  if (x.id < 0 || value_of(x.tape, x.id)->parameter == pair->parameter) return x;
  return raise_to(x, tape_jet(x.tape, pair->parameter), 0);
}

static jet make_pair(jet re, jet im) {
  value v = {.parameter = -1, .directions = 1, .shared = 1};
  int s = re.id < 0 || im.id < 0 ? -1 : broadcast_shape("complex", re, im), in[2] = {re.id, im.id};
  if (s < 0 || !meet(re.tape, "complex", 2, in, &v)) return failed(re, im);
  re = like(operand_broadcast(re, s), &v);
  im = like(operand_broadcast(im, s), &v);
  const attributes with = NO_ATTRIBUTES;
  in[0] = re.id, in[1] = im.id;
  return re.id < 0 || im.id < 0 ? failed(re, im) : tape_record(re.tape, &op_complex, 2, in, &with);
}

jet jet_complex(jet re, jet im) { return operands_check("complex", re, im) ? make_pair(re, im) : failed(re, im); }

jet jet_input_complex(jet_tape *tape, int rank, const ptrdiff_t *dims) {
  jet re = jet_input(tape, rank, dims);
  return re.id < 0 ? re : jet_complex(re, jet_input(tape, rank, dims));
}

jet jet_constant_complex(jet_tape *tape, int rank, const ptrdiff_t *dims, const double *pairs) {
  int s = tape ? tape_shape(tape, "constant_complex", rank, dims) : -1;
  if (s < 0) return tape ? tape_jet(tape, -1) : jet_none;
  const ptrdiff_t n = tape->shapes[s].size;
  if (n && !pairs) {
    tape_fail(tape, JET_BAD_ARGUMENT, "constant_complex: pairs is NULL for %td numbers", n);
    return tape_jet(tape, -1);
  }
  size_t room = 2 * (size_t)n * sizeof(double) + sizeof(double);
  double *re = (double *)memory_resize(&tape->mem, NULL, 0, room), *im = re + n;
  if (!re) {
    tape_fail(tape, JET_NO_MEMORY, "out of memory while recording");
    return tape_jet(tape, -1);
  }
  for (ptrdiff_t i = 0; i < n; i++) re[i] = pairs[2 * i], im[i] = pairs[2 * i + 1];
  jet x = jet_constant(tape, rank, dims, re), y = jet_constant(tape, rank, dims, im);
  memory_resize(&tape->mem, re, room, 0);
  return jet_complex(x, y);
}

int jet_is_complex(jet x) { return is_complex(x); }

/* ---- parts ----------------------------------------------------------------------------------------------------------------- */

jet jet_real(jet z) { return is_complex(z) || operand_check("real", z) ? part_of(z, 0) : failed(z, z); }
jet jet_imag(jet z) { return is_complex(z) || operand_check("imag", z) ? part_of(z, 1) : failed(z, z); }

jet jet_conj(jet z) {
  if (!is_complex(z)) return operand_check("conj", z) ? z : failed(z, z);
  return make_pair(part_of(z, 0), jet_neg(part_of(z, 1)));
}

jet jet_angle(jet z) {
  if (!is_complex(z) && !operand_check("angle", z)) return failed(z, z);
  return jet_atan2(part_of(z, 1), part_of(z, 0));
}

jet jet_abs2(jet z) {
  if (!is_complex(z)) return operand_check("abs2", z) ? jet_square(z) : failed(z, z);
  return jet_add(jet_square(part_of(z, 0)), jet_square(part_of(z, 1)));
}

jet jet_polar(jet r, jet angle) {
  if (!operands_check("polar", r, angle)) return failed(r, angle);
  return make_pair(jet_mul(r, jet_cos(angle)), jet_mul(r, jet_sin(angle)));
}

jet jet_derivative(jet_callback *f, void *data, jet z, int k) {
  double factorial = 1;
  if (!is_complex(z) && !operand_check("derivative", z)) return failed(z, z);
  if (!f) tape_fail(z.tape, JET_BAD_ARGUMENT, "derivative: the callback is NULL");
  if (k < 0 || k > 170) tape_fail(z.tape, JET_BAD_ORDER, "derivative: %d is outside 0..170: the factorial overflows", k);
  if (z.tape->status) return failed(z, z);
  for (int i = 2; i <= k; i++) factorial *= i;
  jet y = f(jet_expand(z, jet_scalar(z.tape, 1), jet_parameter(z.tape, k)), data);
  if (y.tape != z.tape)
    tape_fail(z.tape, y.tape ? JET_FOREIGN : JET_BAD_CALLBACK, "derivative: the callback returned %s", y.tape ? "a jet of another tape" : "no jet");
  if (z.tape->status) return failed(z, z);
  if (jet_order(y) < k) return part_of(jet_complex(record_zero(z.tape, value_of(z.tape, y.id)->shape, -1, 1), jet_scalar(z.tape, 0)), 0);
  return jet_scale(jet_coefficient(y, k), factorial);
}

/* ---- arithmetic: a real operand meets each part, or the real one -------------------------------------------------------------- */

static jet add(jet a, jet b) {
  if (!is_complex(a)) return add(b, a);
  jet im = part_of(a, 1);
  return make_pair(jet_add(part_of(a, 0), part_of(b, 0)), is_complex(b) ? jet_add(im, part_of(b, 1)) : im);
}

static jet sub(jet a, jet b) { /* a - b by parts: -(b) alone where a is real */
  jet re = jet_sub(part_of(a, 0), part_of(b, 0));
  if (!is_complex(b)) return make_pair(re, part_of(a, 1));
  return make_pair(re, is_complex(a) ? jet_sub(part_of(a, 1), part_of(b, 1)) : jet_neg(part_of(b, 1)));
}

jet complex_product(jet a, jet b, jet (*product)(jet, jet)) {
  jet x = part_of(a, 0), u = part_of(b, 0);
  if (!is_complex(a)) return jet_complex(product(x, u), product(x, part_of(b, 1)));
  if (!is_complex(b)) return jet_complex(product(x, u), product(part_of(a, 1), u));
  jet y = part_of(a, 1), v = part_of(b, 1);
  return jet_complex(jet_sub(product(x, u), product(y, v)), jet_add(product(x, v), product(y, u)));
}

static jet mul(jet a, jet b) {
  return is_complex(a) && a.tape == b.tape && a.id == b.id ? jet_square(a) : complex_product(a, b, jet_mul);
}

/* a conj(b) / |b|^2: where b has a zero of order v both have one of 2v, which goes by valuation. */
static jet div(jet a, jet b) {
  if (!is_complex(b)) return make_pair(jet_div(part_of(a, 0), b), jet_div(part_of(a, 1), b));
  jet x = part_of(a, 0), u = part_of(b, 0), v = part_of(b, 1), d = jet_abs2(b);
  if (!is_complex(a)) return make_pair(jet_div(jet_mul(x, u), d), jet_neg(jet_div(jet_mul(x, v), d)));
  jet y = part_of(a, 1);
  return make_pair(jet_div(jet_add(jet_mul(x, u), jet_mul(y, v)), d), jet_div(jet_sub(jet_mul(y, u), jet_mul(x, v)), d));
}

static jet power(jet a, jet b) { /* a real base may be negative: its logarithm is complex all the same */
  return jet_exp(jet_mul(b, jet_log(is_complex(a) ? a : make_pair(a, part_of(a, 1)))));
}

jet complex_binary(const char *name, int r, jet a, jet b) {
  static jet (*const table[JK_ROWS])(jet, jet) = {
      [JK_add] = add, [JK_sub] = sub, [JK_mul] = mul, [JK_div] = div, [JK_pow] = power,
  };
  if (!table[r]) return operand_check(name, a) ? operand_check(name, b), failed(a, b) : failed(a, b); /* says which is complex */
  jet x = is_complex(a) ? part_of(a, 0) : a, y = is_complex(b) ? part_of(b, 0) : b;
  return operands_check(name, x, y) && broadcast_shape(name, x, y) >= 0 ? table[r](a, b) : failed(a, b);
}

/* ---- lists ------------------------------------------------------------------------------------------------------------------- */

int list_is_complex(int n, const jet x[]) {
  for (int i = 0; x && i < n; i++)
    if (is_complex(x[i])) return 1;
  return 0;
}

int parts_list(jet_tape *tape, int n, const jet x[], jet **list) {
  int count = 0;
  *list = (jet *)memory_resize(&tape->mem, NULL, 0, 2 * (size_t)n * sizeof **list);
  if (!*list) return tape_fail(tape, JET_NO_MEMORY, "out of memory while recording") - 1;
  for (int i = 0; i < n; i++) {
    if (!is_complex(x[i])) (*list)[count++] = x[i];
    else for (int j = 0; j < 2; j++) (*list)[count++] = part_of(x[i], j);
  }
  return count;
}

void parts_free(jet_tape *tape, int n, jet *list) { memory_resize(&tape->mem, list, 2 * (size_t)n * sizeof *list, 0); }

void parts_join(int n, const jet x[], const jet parts[], jet y[]) {
  for (int i = 0; i < n; i++) {
    int two = is_complex(x[i]);
    y[i] = two ? jet_complex(parts[0], parts[1]) : parts[0];
    parts += 1 + two;
  }
}
