/* kernel_trial.h - a row of the kernels on random inputs, in guarded memory, for the tests of kernels. Include after cmocka.h. */
#ifndef KERNEL_TRIAL_H
#define KERNEL_TRIAL_H

#include "kernel.h"

enum { SETS = 3, TOP = 255, LANES = 40, EDGE = 8, ROOM = LANES + 3 * EDGE, DIRECTIONS = 3, FAR = 12 };

#define UNIT REAL(0x1p-53L, 0x1p-24L) /* u */

static const real guard = REAL(0x1.badbadbadp+77, 0x1.badbadp+77f);

/* ---- random numbers ------------------------------------------------------------------------------------------------ */

static uint64_t state_;

static inline void seed(uint64_t s) { state_ = s * 0x9e3779b97f4a7c15u + 1; }

static inline uint64_t random_bits(void) { /* xorshift64* */
  state_ ^= state_ >> 12, state_ ^= state_ << 25, state_ ^= state_ >> 27;
  return state_ * 0x2545f4914f6cdd1du;
}

static inline int below(int n) { return (int)((random_bits() >> 33) % (uint64_t)n); }

static inline int between(int lo, int hi) { return lo + below(hi - lo + 1); }

static inline real uniform(double lo, double hi) { return (real)(lo + (hi - lo) * (double)(random_bits() >> 11) * 0x1p-53); }

/* ---- a problem: a row and its inputs ------------------------------------------------------------------------------- */

typedef struct interval {
  int low, degree;
} interval;

typedef struct problem {
  int row, order, m;
  real c;
  ptrdiff_t n;
  interval in[JK_MAX_IN], out;
  real x[JK_MAX_IN][TOP + 1][LANES]; /* numbers also outside the interval: never to be read */
} problem;

typedef struct result {
  real y[JK_MAX_OUT][TOP + 1][LANES];
} result;

static inline int holds(interval s, int k) { return k >= s.low && k <= s.degree; }

static inline int empty(interval s) { return s.low > s.degree; }

static inline int min_(int a, int b) { return a < b ? a : b; }

static inline int max_(int a, int b) { return a > b ? a : b; }

static inline int named(int row) { return strchr(jk_rows[row].name, ',') ? 2 : 1; } /* results that are not spares */

/* Results that are named or derivatives of those: as many as the table has partials of. */
static inline int seen(int row) {
#define COUNT_(a, b, c, d, e, n, ...) n
#define COUNT(...) COUNT_(__VA_ARGS__, 5, 4, 3, 2, 1, 0)
#define ROW(names, nin, nout, kind, rule, head, p, q, ...) COUNT(__VA_ARGS__) / nin,
  static const int partials[] = {
#include "functions.def"
#include "functions_end.def"
  };
  return max_(partials[row], 1);
}

static inline int is_family(int row) { return row == JK_sinc || row == JK_exprel || row == JK_log1prel; }

/* The interval of the result, as a tape infers it. */
static inline interval out_interval(const problem *p) {
  const jk_row *row = &jk_rows[p->row];
  interval a = p->in[0], b = row->nin > 1 ? p->in[1] : a, y = {0, max_(max_(a.degree, b.degree), 0)};
  if (row->kind == JK_STEP || row->kind == JK_CHOICE) y.degree = 0;
  if (row->kind == JK_SELECT) a = p->in[1], b = p->in[2];
  if ((row->kind == JK_LINEAR && p->row != JK_shift) || row->kind == JK_SELECT) {
    if (empty(a)) a = b;
    if (empty(b)) b = a;
    y = (interval){min_(a.low, b.low), max_(a.degree, b.degree)};
  }
  if (row->kind == JK_PRODUCT)
    y = empty(a) || empty(b) ? (interval){1, 0} : (interval){a.low + b.low, a.degree + b.degree};
  if ((row->kind == JK_GENERAL || row->kind == JK_SPECIAL) && y.degree > 0 && !(p->row == JK_div && b.degree <= 0))
    y.degree = p->order;
  y.degree = min_(y.degree, p->order);
  return y;
}

static inline interval random_interval(int row, int order) {
  jk_kind kind = jk_rows[row].kind;
  int early = kind == JK_LINEAR || kind == JK_PRODUCT || kind == JK_SELECT || below(4) == 0;
  interval s = {0, order};
  if (below(2)) return s;
  if (below(12) == 0) return (interval){1, 0};
  if (early) s.low = below(order + 1);
  s.degree = between(s.low, order);
  return s;
}

static const struct domain {
  double lo, hi; /* 0, 0: -3..3 */
} domains[JK_ROWS] = {
    [JK_sqrt] = {0.1, 4},   [JK_powc] = {0.1, 4},     [JK_rsqrt] = {0.1, 4},     [JK_cbrt] = {0.1, 4},
    [JK_pow] = {0.1, 4},    [JK_cpow] = {0.1, 4}, [JK_log] = {0.1, 4},      [JK_log2] = {0.1, 4},      [JK_log10] = {0.1, 4},
    [JK_log1p] = {-0.8, 4}, [JK_atanh] = {-0.8, 0.8}, [JK_asin] = {-0.8, 0.8},   [JK_acos] = {-0.8, 0.8},
    [JK_acosh] = {1.2, 4},  [JK_tan] = {-1.2, 1.2},   [JK_log1prel] = {-0.8, 4},
};

static inline real inside(int row) {
  struct domain d = domains[row];
  return d.lo < d.hi ? uniform(d.lo, d.hi) : uniform(-3, 3);
}

enum { RANGE = REAL(600, 70) }; /* of exponents, far inside of what there is */

static const double large = REAL(1e300, 1e37), tiny = REAL(1e-300, 1e-37), subnormal = REAL(5e-324, 1.5e-45);

static inline real corner(void) {
  const double list[] = {0,     -0.0,     1,    -1,   0.5,     -0.5,     2,           tiny,        -tiny, subnormal, -subnormal,
                         large, -large,   1e-8, -1e-8, REAL(709, 88), REAL(-745, -103), 1e15, REAL(DBL_MAX, FLT_MAX), INFINITY, NAN,
                         REAL(1e-154, 1e-19), REAL(1e139, 1e18), REAL(-1e139, -1e18), REAL(1e-139, 1e-15), 1e-3, -3,
                         1e10,  20,       -20,  -INFINITY, 0,    1,        0,           -1,          0.5};
  return (real)list[below((int)(sizeof list / sizeof *list))];
}

static inline real sparse(void) { return below(2) ? uniform(-1, 1) : below(2) ? 0 : (real)-0.0; }

static inline real any_size(void) { return (real)ldexp(uniform(-1, 1), between(-RANGE, RANGE)); }

enum { ORDINARY, SPARSE, CORNER, LEADING_ZEROS, FLAT, SIZES, HEAVY, STYLES };

static inline real coefficient(int row, int style, int k, int zeros) {
  if (style == LEADING_ZEROS && k > 0 && k < zeros) return 0;
  if (k == 0) {
    if (style == CORNER || style == FLAT || style == LEADING_ZEROS) return corner();
    return style == SIZES && below(2) ? REAL(fabs, fabsf)(any_size()) : inside(row);
  }
  if (style == FLAT) return 0;
  if (style == SIZES) return any_size();
  if (style == HEAVY && below(4) == 0) return below(2) ? (real)large : uniform(-1, 1) * REAL(1e200, 1e25f);
  return style == SPARSE || style == CORNER ? sparse() : uniform(-1, 1);
}

static inline void fill_lane(problem *p, ptrdiff_t i, int style) {
  int zeros = below(6), same = below(4) == 0 ? below(p->order + 2) : 0;
  for (int j = 0; j < jk_rows[p->row].nin; j++)
    for (int k = 0; k <= p->order; k++) p->x[j][k][i] = coefficient(p->row, style, k, zeros);
  for (int k = 0; k < same && k <= p->order; k++) p->x[1][k][i] = p->x[0][k][i]; /* ties */
}

static inline real random_constant(void) {
  static const double list[] = {0.5, -0.5, 1.5, 2, 3, -1, -2, 0, 1, 2.7, 1.0 / 3, -0.3, 4};
  return (real)list[below((int)(sizeof list / sizeof *list))];
}

static inline void random_problem(problem *p, int row, int order, ptrdiff_t n) {
  p->row = row;
  p->order = order;
  p->n = n;
  p->c = random_constant();
  if (row == JK_powc && p->c == 1) p->c = 1.5; /* x itself: a number for all that, where recurrences overflow, and recorded by nobody */
  p->m = is_family(row) ? below(4) : 0;
  for (int j = 0; j < JK_MAX_IN; j++) p->in[j] = random_interval(row, order);
  p->out = out_interval(p);
  for (ptrdiff_t i = 0; i < n; i++) fill_lane(p, i, below(2) ? ORDINARY : below(STYLES));
}

/* ---- running it in guarded memory ---------------------------------------------------------------------------------- */

typedef struct layout {
  int aligned;   /* else every plane starts at its own element */
  int in_place;  /* results 0 and 1 share planes with inputs, by chance */
  int no_spares; /* nobody wants them kept */
  int null;      /* planes outside of intervals are NULL, else full of NaN or, for results, guarded */
  int pieces, cut[8];
} layout;

static real memory[JK_MAX_OUT][TOP + 1][ROOM] __attribute__((aligned(64)));

static real *exact[JK_MAX_IN][TOP + 1]; /* to be freed */

static const char *damage;                /* what a run did to memory that is not its own */

typedef struct frame {
  real *in[JK_MAX_IN][TOP + 1], *out[JK_MAX_OUT][TOP + 1];
} frame;

static inline void lay_results(const problem *p, layout l, frame *f) {
  for (int j = 0; j < jk_rows[p->row].nout; j++)
    for (int k = 0; k <= p->order; k++) {
      for (int i = 0; i < ROOM; i++) memory[j][k][i] = guard;
      f->out[j][k] = memory[j][k] + EDGE + (l.aligned ? 0 : below(EDGE));
      if (l.null && !holds(p->out, k)) f->out[j][k] = NULL;
    }
}

static inline real *absent(layout l) {
  static real poison[LANES];
  for (int i = 0; i < LANES; i++) poison[i] = NAN;
  return l.null ? NULL : poison;
}

/* Planes of inputs have exactly n elements behind them, so that a read further on can be seen. */
static inline real *lay_plane(const problem *p, layout l, int j, int k) {
  size_t first = l.aligned ? 0 : (size_t)below(EDGE), n = (size_t)p->n;
  exact[j][k] = aligned_alloc(sizeof(real), (first + n) * sizeof(real));
  assert_non_null(exact[j][k]);
  memcpy(exact[j][k] + first, p->x[j][k], n * sizeof(real));
  return exact[j][k] + first;
}

static inline void lay_inputs(const problem *p, layout l, frame *f) {
  for (int j = 0; j < jk_rows[p->row].nin; j++)
    for (int k = 0; k <= p->order; k++) {
      int share = l.in_place && below(3);
      for (int i = 0; i < j; i++) share = share && f->in[i][k] != f->out[0][k];
      exact[j][k] = NULL;
      if (!holds(p->in[j], k)) f->in[j][k] = absent(l);
      else if (share && holds(p->out, k)) f->in[j][k] = memcpy(f->out[0][k], p->x[j][k], (size_t)p->n * sizeof(real));
      else f->in[j][k] = lay_plane(p, l, j, k);
    }
  if (!l.in_place || named(p->row) < 2 || below(2)) return;
  for (int k = 0; k <= p->order; k++) /* the second result too */
    if (exact[0][k] && holds(p->out, k)) f->in[0][k] = memcpy(f->out[1][k], f->in[0][k], (size_t)p->n * sizeof(real));
}

static inline void collect(const problem *p, frame *f, int kept, result *r) {
  for (int j = 0; j < jk_rows[p->row].nout; j++)
    for (int k = 0; k <= p->order; k++) {
      int mine = j < kept && holds(p->out, k);
      for (int i = 0; i < ROOM; i++) {
        ptrdiff_t at = f->out[j][k] ? memory[j][k] + i - f->out[j][k] : -1;
        if (mine && at >= 0 && at < p->n) r->y[j][k][at] = memory[j][k][i];
        else if (memory[j][k][i] != guard)
          damage = mine ? "wrote beside a plane" : "wrote a plane outside of the interval";
      }
    }
}

static inline jk_call call_of(const problem *p, const frame *f, int kept) {
  jk_call c = {
      .row = p->row, .order = p->order, .k1 = p->out.degree + 1, .m = p->m, .c = p->c, .n = p->n, .directions = 1};
  for (int j = 0; j < jk_rows[p->row].nin; j++) c.in[j] = (jk_series){f->in[j], NULL, p->in[j].low, p->in[j].degree};
  for (int j = 0; j < jk_rows[p->row].nout; j++)
    c.out[j] = (jk_series){j < kept ? f->out[j] : NULL, NULL, p->out.low, p->out.degree};
  return c;
}

static inline void *work_of(int order) { /* full of NaN */
  size_t size = jk_work_size(order);
  void *work = aligned_alloc(64, size);
  assert_non_null(work);
  return memset(work, 0xff, size);
}

static inline void run(const jk_set *set, const problem *p, layout l, result *r) {
  static frame f;
  int kept = l.no_spares ? named(p->row) : jk_rows[p->row].nout;
  damage = NULL;
  lay_results(p, l, &f);
  lay_inputs(p, l, &f);
  jk_call c = call_of(p, &f, kept);
  int last = c.k1;
  c.work = work_of(p->order);
  for (int i = 0; i <= l.pieces; i++) {
    c.k0 = i ? min_(l.cut[i - 1], last) : 0;
    c.k1 = i < l.pieces ? min_(l.cut[i], last) : last;
    if (c.k0 < c.k1) jk_run(set, &c);
  }
  free(c.work);
  for (int j = 0; j < jk_rows[p->row].nin; j++)
    for (int k = 0; k <= p->order; k++) free(exact[j][k]);
  collect(p, &f, kept, r);
}

/* ---- failures ------------------------------------------------------------------------------------------------------ */

static int failures;

static int reported[JK_ROWS][SETS + 1];

static inline void begin(uint64_t s) {
  failures = 0;
  memset(reported, 0, sizeof reported);
  seed(s);
}

static inline void end(void) { assert_int_equal(failures, 0); }

static inline int is_first(const problem *p, int isa) { return failures++, !reported[p->row][isa]++; }

static inline void print_inputs(const problem *p, ptrdiff_t i) {
  for (int j = 0; j < jk_rows[p->row].nin; j++) {
    print_error("    input %d, [%d,%d]:", j, p->in[j].low, p->in[j].degree);
    for (int k = 0; k <= min_(p->order, FAR); k++) print_error(" %.17g", holds(p->in[j], k) ? p->x[j][k][i] : 0);
    print_error("\n");
  }
}

static inline void report(const problem *p, int isa, const char *what, int j, int k, ptrdiff_t i, real got, real want) {
  if (!is_first(p, isa)) return;
  print_error("%s, set %d, order %d, n %td, m %d, c %.17g, out [%d,%d]: %s: result %d, coefficient %d, lane %td: got "
              "%.17g, want "
              "%.17g\n",
              jk_rows[p->row].name, isa, p->order, p->n, p->m, p->c, p->out.low, p->out.degree, what, j, k, i, got,
              want);
  print_inputs(p, i);
}

static inline void check_damage(const problem *p, int isa) {
  if (damage) report(p, isa, damage, 0, 0, 0, NAN, NAN);
}

static inline int same(real a, real b) { return memcmp(&a, &b, sizeof a) == 0 || (a != a && b != b); }

/* Lane i of got is lane at of want, in the first `results` results. */
static inline void check_lane(const problem *p, int isa, const char *what, int results, ptrdiff_t i, ptrdiff_t at,
                       const result *got, const result *want) {
  for (int j = 0; j < results; j++)
    for (int k = p->out.low; k <= p->out.degree; k++)
      if (!same(got->y[j][k][i], want->y[j][k][at])) {
        report(p, isa, what, j, k, i, got->y[j][k][i], want->y[j][k][at]);
        return;
      }
}

static inline void check_same(const problem *p, int isa, const char *what, int results, const result *got,
                       const result *want) {
  check_damage(p, isa);
  for (ptrdiff_t i = 0; i < p->n; i++) check_lane(p, isa, what, results, i, i, got, want);
}

typedef void trial(const jk_set *, int isa, int row, int order);

static inline void for_all(trial *f, int times) {
  for (int isa = 1; isa <= SETS; isa++) {
    const jk_set *set = jk_select(isa);
    for (int row = 0; set && row < JK_ROWS; row++)
      for (int t = 0; t < times; t++) f(set, isa, row, t % 13);
  }
}

static problem p_, q_[DIRECTIONS];

static __attribute__((unused)) result want_, got_, single_[DIRECTIONS];

/* ---- 1. a sweep in pieces ------------------------------------------------------------------------------------------ */

static inline layout random_cuts(int order) { /* pieces may be empty */
  layout l = {.pieces = between(1, order > FAR ? 3 : 7)};
  for (int i = 0; i < l.pieces; i++) l.cut[i] = between(0, order + 1);
  for (int i = 1; i < l.pieces; i++)
    for (int j = i; j > 0 && l.cut[j] < l.cut[j - 1]; j--) {
      int t = l.cut[j];
      l.cut[j] = l.cut[j - 1], l.cut[j - 1] = t;
    }
  return l;
}

/* ---- 4. directions ----------------------------------------------------------------------------------------------------- */

static inline void share(int j, int last) { /* coefficients 0..last of input j are those of direction 0 */
  for (int d = 1; d < DIRECTIONS; d++)
    for (int k = 0; k <= last; k++) memcpy(q_[d].x[j][k], q_[0].x[j][k], sizeof q_[0].x[j][k]);
}

/* ---- values in long double, from <math.h> ---------------------------------------------------------------------------------- */

typedef long double wide;

typedef wide value_fn(wide a, wide b, wide c);

static const wide pi = 3.141592653589793238462643383279502884L;

#define VALUE(name, expression)                                                                                        \
  static inline wide value_##name(wide a, wide b, wide c) {                                                                   \
    (void)a, (void)b, (void)c;                                                                                         \
    return expression;                                                                                                 \
  }

/* By remainders, which are exact: sin(pi a) from its distance to the nearest integer, cos(pi a) from that to a half. */
static inline wide sine_of_turns(wide a) {
  wide f = remainderl(a, 2), near = fabsl(f) > 0.5L ? 1 - fabsl(f) : fabsl(f);
  return copysignl(sinl(pi * near), near == 0 ? a : f);
}

static inline wide cosine_of_turns(wide a) {
  wide half = 0.5L - fabsl(remainderl(a, 2));
  return fabsl(half) > 0.25L ? cosl(pi * remainderl(a, 2)) : sinl(pi * half);
}

static inline wide larger(wide a, wide b) { return a != a || b != b ? a + b : a > b ? a : b; }

VALUE(add, a + b)

VALUE(sub, a - b)

VALUE(neg, -a)

VALUE(scale, a *c)

VALUE(shift, a + c)

VALUE(mul, a *b)

VALUE(mulz, a == 0 || b == 0 ? 0 : a * b)

VALUE(square, a *a)

VALUE(div, a / b)

VALUE(recip, 1 / a)

VALUE(sqrt, sqrtl(a))

VALUE(powc, powl(a, c))

VALUE(rsqrt, a == 0 ? INFINITY : 1 / sqrtl(a))

VALUE(cbrt, cbrtl(a))

VALUE(pow, powl(a, b))

VALUE(hypot, hypotl(a, b))

VALUE(atan2, atan2l(a, b))

VALUE(abs, fabsl(a))

VALUE(relu, a > 0 || a != a ? a : 0)

VALUE(max, larger(a, b))

VALUE(min, -larger(-a, -b))

VALUE(along, a > 0 ? 1 : a < 0 ? -1 : a == 0 ? 0 : a)

VALUE(compare, a > b ? 1 : a < b ? -1 : a == b ? 0 : NAN)

VALUE(finite, isfinite(a) ? a : 0)

VALUE(less, a < b)

VALUE(less_equal, a <= b)

VALUE(greater, a > b)

VALUE(greater_equal, a >= b)

VALUE(equal, a == b)

VALUE(not_equal, a != b)

VALUE(sign, a > 0 ? 1 : a < 0 ? -1 : a)

VALUE(floor, floorl(a))

VALUE(ceil, ceill(a))

VALUE(round, roundl(a))

VALUE(exp, expl(a))

VALUE(exp2, exp2l(a))

VALUE(expm1, expm1l(a))

VALUE(log, logl(a))

VALUE(log1p, log1pl(a))

VALUE(log2, log2l(a))

VALUE(log10, log10l(a))

VALUE(sin, sinl(a))

VALUE(cos, cosl(a))

VALUE(sinh, sinhl(a))

VALUE(cosh, coshl(a))

VALUE(sinpi, sine_of_turns(a))

VALUE(cospi, cosine_of_turns(a))

VALUE(tan, tanl(a))

VALUE(tanh, tanhl(a))

VALUE(sigmoid, a < 0 ? expl(a) / (1 + expl(a)) : 1 / (1 + expl(-a)))

VALUE(softplus, (a > 0 ? a : 0) + log1pl(expl(-fabsl(a))))

VALUE(logaddexp, a == b ? a + logl(2) : larger(a, b) + log1pl(expl(-fabsl(a - b))))

VALUE(atan, atanl(a))

VALUE(atanh, atanhl(a))

VALUE(asin, asinl(a))

VALUE(acos, acosl(a))

VALUE(asinh, asinhl(a))

VALUE(acosh, acoshl(a))

VALUE(erf, erfl(a))

VALUE(erfc, erfcl(a))

VALUE(normcdf, erfcl(-a / sqrtl(2)) / 2)

VALUE(sinc, a == 0 ? 1 : sinl(a) / a)

VALUE(exprel, a == 0 ? 1 : a == INFINITY ? a : expm1l(a) / a)

VALUE(log1prel, a == 0 ? 1 : log1pl(a) / a)

#endif
