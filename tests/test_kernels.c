/* test_kernels.c - the kernels of every row and every instruction set on raw planes: resuming, lanes, memory, directions,
   structural zeros, recurrences and values. Each test is named after the class of bug it catches and reports the first
   failure of every row and instruction set. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel.h"

enum { SETS = 3, TOP = 255, LANES = 40, EDGE = 8, ROOM = LANES + 3 * EDGE, DIRECTIONS = 3, FAR = 12 };

#define UNIT REAL(0x1p-53L, 0x1p-24L) /* u */

static const real guard = REAL(0x1.badbadbadp+77, 0x1.badbadp+77f);

/* ---- random numbers ------------------------------------------------------------------------------------------------ */

static uint64_t state_;

static void seed(uint64_t s) { state_ = s * 0x9e3779b97f4a7c15u + 1; }

static uint64_t random_bits(void) { /* xorshift64* */
  state_ ^= state_ >> 12, state_ ^= state_ << 25, state_ ^= state_ >> 27;
  return state_ * 0x2545f4914f6cdd1du;
}

static int below(int n) { return (int)((random_bits() >> 33) % (uint64_t)n); }
static int between(int lo, int hi) { return lo + below(hi - lo + 1); }
static real uniform(double lo, double hi) { return (real)(lo + (hi - lo) * (double)(random_bits() >> 11) * 0x1p-53); }

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

static int holds(interval s, int k) { return k >= s.low && k <= s.degree; }
static int empty(interval s) { return s.low > s.degree; }
static int min_(int a, int b) { return a < b ? a : b; }
static int max_(int a, int b) { return a > b ? a : b; }
static int named(int row) { return strchr(jk_rows[row].name, ',') ? 2 : 1; } /* results that are not spares */

/* Results that are named or derivatives of those: as many as the table has partials of. */
static int seen(int row) {
#define COUNT_(a, b, c, d, e, n, ...) n
#define COUNT(...) COUNT_(__VA_ARGS__, 5, 4, 3, 2, 1, 0)
#define ROW(names, nin, nout, kind, rule, head, p, q, ...) COUNT(__VA_ARGS__) / nin,
  static const int partials[] = {
#include "functions.def"
#include "functions_end.def"
  };
  return max_(partials[row], 1);
}
static int is_family(int row) { return row == JK_sinc || row == JK_exprel || row == JK_log1prel; }

/* The interval of the result, as a tape infers it. */
static interval out_interval(const problem *p) {
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

static interval random_interval(int row, int order) {
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
    [JK_pow] = {0.1, 4}, [JK_cpow] = {0.1, 4},    [JK_log] = {0.1, 4},      [JK_log2] = {0.1, 4},      [JK_log10] = {0.1, 4},
    [JK_log1p] = {-0.8, 4}, [JK_atanh] = {-0.8, 0.8}, [JK_asin] = {-0.8, 0.8},   [JK_acos] = {-0.8, 0.8},
    [JK_acosh] = {1.2, 4},  [JK_tan] = {-1.2, 1.2},   [JK_log1prel] = {-0.8, 4},
};

static real inside(int row) {
  struct domain d = domains[row];
  return d.lo < d.hi ? uniform(d.lo, d.hi) : uniform(-3, 3);
}

enum { RANGE = REAL(600, 70) }; /* of exponents, far inside of what there is */
static const double large = REAL(1e300, 1e37), tiny = REAL(1e-300, 1e-37), subnormal = REAL(5e-324, 1.5e-45);

static real corner(void) {
  const double list[] = {0,     -0.0,     1,    -1,   0.5,     -0.5,     2,           tiny,        -tiny, subnormal, -subnormal,
                         large, -large,   1e-8, -1e-8, REAL(709, 88), REAL(-745, -103), 1e15, REAL(DBL_MAX, FLT_MAX), INFINITY, NAN,
                         REAL(1e-154, 1e-19), REAL(1e139, 1e18), REAL(-1e139, -1e18), REAL(1e-139, 1e-15), 1e-3, -3,
                         1e10,  20,       -20,  -INFINITY, 0,    1,        0,           -1,          0.5};
  return (real)list[below((int)(sizeof list / sizeof *list))];
}

static real sparse(void) { return below(2) ? uniform(-1, 1) : below(2) ? 0 : (real)-0.0; }
static real any_size(void) { return (real)ldexp(uniform(-1, 1), between(-RANGE, RANGE)); }

enum { ORDINARY, SPARSE, CORNER, LEADING_ZEROS, FLAT, SIZES, HEAVY, STYLES };

static real coefficient(int row, int style, int k, int zeros) {
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

static void fill_lane(problem *p, ptrdiff_t i, int style) {
  int zeros = below(6), same = below(4) == 0 ? below(p->order + 2) : 0;
  for (int j = 0; j < jk_rows[p->row].nin; j++)
    for (int k = 0; k <= p->order; k++) p->x[j][k][i] = coefficient(p->row, style, k, zeros);
  for (int k = 0; k < same && k <= p->order; k++) p->x[1][k][i] = p->x[0][k][i]; /* ties */
}

static real random_constant(void) {
  static const double list[] = {0.5, -0.5, 1.5, 2, 3, -1, -2, 0, 1, 2.7, 1.0 / 3, -0.3, 4};
  return (real)list[below((int)(sizeof list / sizeof *list))];
}

static void random_problem(problem *p, int row, int order, ptrdiff_t n) {
  p->row = row;
  p->order = order;
  p->n = n;
  p->c = random_constant();
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

static void lay_results(const problem *p, layout l, frame *f) {
  for (int j = 0; j < jk_rows[p->row].nout; j++)
    for (int k = 0; k <= p->order; k++) {
      for (int i = 0; i < ROOM; i++) memory[j][k][i] = guard;
      f->out[j][k] = memory[j][k] + EDGE + (l.aligned ? 0 : below(EDGE));
      if (l.null && !holds(p->out, k)) f->out[j][k] = NULL;
    }
}

static real *absent(layout l) {
  static real poison[LANES];
  for (int i = 0; i < LANES; i++) poison[i] = NAN;
  return l.null ? NULL : poison;
}

/* Planes of inputs have exactly n elements behind them, so that a read further on can be seen. */
static real *lay_plane(const problem *p, layout l, int j, int k) {
  size_t first = l.aligned ? 0 : (size_t)below(EDGE), n = (size_t)p->n;
  exact[j][k] = aligned_alloc(sizeof(real), (first + n) * sizeof(real));
  assert_non_null(exact[j][k]);
  memcpy(exact[j][k] + first, p->x[j][k], n * sizeof(real));
  return exact[j][k] + first;
}

static void lay_inputs(const problem *p, layout l, frame *f) {
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

static void collect(const problem *p, frame *f, int kept, result *r) {
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

static jk_call call_of(const problem *p, const frame *f, int kept) {
  jk_call c = {
      .row = p->row, .order = p->order, .k1 = p->out.degree + 1, .m = p->m, .c = p->c, .n = p->n, .directions = 1};
  for (int j = 0; j < jk_rows[p->row].nin; j++) c.in[j] = (jk_series){f->in[j], NULL, p->in[j].low, p->in[j].degree};
  for (int j = 0; j < jk_rows[p->row].nout; j++)
    c.out[j] = (jk_series){j < kept ? f->out[j] : NULL, NULL, p->out.low, p->out.degree};
  return c;
}

static void *work_of(int order) { /* full of NaN */
  size_t size = jk_work_size(order);
  void *work = aligned_alloc(64, size);
  assert_non_null(work);
  return memset(work, 0xff, size);
}

static void run(const jk_set *set, const problem *p, layout l, result *r) {
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

static void begin(uint64_t s) {
  failures = 0;
  memset(reported, 0, sizeof reported);
  seed(s);
}

static void end(void) { assert_int_equal(failures, 0); }

static int is_first(const problem *p, int isa) { return failures++, !reported[p->row][isa]++; }

static void print_inputs(const problem *p, ptrdiff_t i) {
  for (int j = 0; j < jk_rows[p->row].nin; j++) {
    print_error("    input %d, [%d,%d]:", j, p->in[j].low, p->in[j].degree);
    for (int k = 0; k <= min_(p->order, FAR); k++) print_error(" %.17g", holds(p->in[j], k) ? p->x[j][k][i] : 0);
    print_error("\n");
  }
}

static void report(const problem *p, int isa, const char *what, int j, int k, ptrdiff_t i, real got, real want) {
  if (!is_first(p, isa)) return;
  print_error("%s, set %d, order %d, n %td, m %d, c %.17g, out [%d,%d]: %s: result %d, coefficient %d, lane %td: got "
              "%.17g, want "
              "%.17g\n",
              jk_rows[p->row].name, isa, p->order, p->n, p->m, p->c, p->out.low, p->out.degree, what, j, k, i, got,
              want);
  print_inputs(p, i);
}

static void check_damage(const problem *p, int isa) {
  if (damage) report(p, isa, damage, 0, 0, 0, NAN, NAN);
}

static int same(real a, real b) { return memcmp(&a, &b, sizeof a) == 0 || (a != a && b != b); }

/* Lane i of got is lane at of want, in the first `results` results. */
static void check_lane(const problem *p, int isa, const char *what, int results, ptrdiff_t i, ptrdiff_t at,
                       const result *got, const result *want) {
  for (int j = 0; j < results; j++)
    for (int k = p->out.low; k <= p->out.degree; k++)
      if (!same(got->y[j][k][i], want->y[j][k][at])) {
        report(p, isa, what, j, k, i, got->y[j][k][i], want->y[j][k][at]);
        return;
      }
}

static void check_same(const problem *p, int isa, const char *what, int results, const result *got,
                       const result *want) {
  check_damage(p, isa);
  for (ptrdiff_t i = 0; i < p->n; i++) check_lane(p, isa, what, results, i, i, got, want);
}

typedef void trial(const jk_set *, int isa, int row, int order);

static void for_all(trial *f, int times) {
  for (int isa = 1; isa <= SETS; isa++) {
    const jk_set *set = jk_select(isa);
    for (int row = 0; set && row < JK_ROWS; row++)
      for (int t = 0; t < times; t++) f(set, isa, row, t % 13);
  }
}

static problem p_, q_[DIRECTIONS];
static result want_, got_, single_[DIRECTIONS];

/* ---- 1. a sweep in pieces ------------------------------------------------------------------------------------------ */

static layout random_cuts(int order) { /* pieces may be empty */
  layout l = {.pieces = between(1, order > FAR ? 3 : 7)};
  for (int i = 0; i < l.pieces; i++) l.cut[i] = between(0, order + 1);
  for (int i = 1; i < l.pieces; i++)
    for (int j = i; j > 0 && l.cut[j] < l.cut[j - 1]; j--) {
      int t = l.cut[j];
      l.cut[j] = l.cut[j - 1], l.cut[j - 1] = t;
    }
  return l;
}

static layout one_by_one(int order) { /* as a solver does it, at the end of the sweep */
  layout l = {.pieces = min_(order + 1, 8)};
  for (int i = 0; i < l.pieces; i++) l.cut[i] = order + 1 - l.pieces + i;
  return l;
}

/* A sweep looks at its top coefficient to see whether a lane needs more than arithmetic. Where one below overflows and the top
   does not, pieces see it and the sweep does not: such lanes may differ. */
static int overflows_on_the_way(const problem *p, const result *r, ptrdiff_t i) {
  int top = p->out.degree, middle = 0;
  for (int j = 0; j < seen(p->row); j++)
    for (int k = p->out.low; k < top; k++) middle |= !isfinite(r->y[j][k][i]);
  return middle && top >= 0 && isfinite(r->y[0][top][i]);
}

static int has_far(const real *x, ptrdiff_t i) { return isfinite(x[i]) && (fabs(x[i]) > 1e15 || (x[i] != 0 && fabs(x[i]) < 1e-15)); }

/* Lanes of float are redone in double. So where products of large numbers overflow on the way and their sum does not, the sweep is as
   double has it, and the pieces behind that place are not. */
static int is_redone_in_double(const problem *p, const result *r, ptrdiff_t i) {
  int far = 0;
  for (int k = 0; k <= p->order && sizeof(real) < sizeof(double); k++) {
    for (int j = 0; j < jk_rows[p->row].nin; j++) far |= has_far(p->x[j][k], i);
    for (int j = 0; j < seen(p->row); j++) far |= has_far(r->y[j][k], i);
  }
  return far;
}

static void resume_trial(const jk_set *set, int isa, int row, int order) {
  random_problem(&p_, row, order, between(1, order > FAR ? 9 : LANES));
  int from_1 = order >= 1 && order <= 3 && below(2); /* as directions that share coefficient 0 */
  run(set, &p_, (layout){0}, &want_);
  check_damage(&p_, isa);
  run(set, &p_, from_1 ? (layout){.pieces = 1, .cut = {1}} : below(3) ? random_cuts(order) : one_by_one(order), &got_);
  check_damage(&p_, isa);
  for (ptrdiff_t i = 0; i < p_.n; i++)
    if (!overflows_on_the_way(&p_, &want_, i) && !is_redone_in_double(&p_, &want_, i))
      check_lane(&p_, isa, "in pieces", seen(row), i, i, &got_, &want_);
  run(set, &p_, (layout){.no_spares = 1}, &got_);
  check_same(&p_, isa, "without spares", named(row), &got_, &want_);
}

static void long_resume_trial(const jk_set *set, int isa, int row, int order) {
  (void)order;
  resume_trial(set, isa, row, 31);
  if (below(4) == 0) resume_trial(set, isa, row, TOP);
}

static void test_resumed_sweeps_forget_nothing(void **state) {
  (void)state;
  begin(1);
  for_all(resume_trial, 65);
  for_all(long_resume_trial, 4);
  end();
}

/* ---- 2. lanes and tails ---------------------------------------------------------------------------------------------- */

static real hostile(int kind, int k) {
  if (kind == 0) return NAN;
  if (kind == 1) return k ? 1 : INFINITY;
  if (kind == 2) return 0;
  if (kind == 3) return (real)large;
  return kind == 4 ? REAL(-1e15, -1e15f) : corner();
}

static void other_lane(const problem *from, ptrdiff_t at, problem *to, ptrdiff_t i) { /* at < 0: a hostile one */
  int kind = below(6);
  for (int j = 0; j < JK_MAX_IN; j++)
    for (int k = 0; k <= from->order; k++) to->x[j][k][i] = at < 0 ? hostile(kind, k) : from->x[j][k][at];
}

static void lanes_trial(const jk_set *set, int isa, int row, int order) {
  ptrdiff_t at[LANES];
  problem *q = &q_[0];
  random_problem(&p_, row, order, between(1, LANES));
  run(set, &p_, (layout){0}, &want_);
  random_problem(q, row, order, between(1, LANES));
  q->c = p_.c, q->m = p_.m, q->out = p_.out;
  memcpy(q->in, p_.in, sizeof p_.in);
  for (ptrdiff_t i = 0; i < q->n; i++) other_lane(&p_, at[i] = below(3) ? below((int)p_.n) : -1, q, i);
  run(set, q, (layout){0}, &got_);
  check_damage(q, isa);
  for (ptrdiff_t i = 0; i < q->n; i++)
    if (at[i] >= 0) check_lane(q, isa, "among other lanes", seen(row), i, at[i], &got_, &want_);
}

static void test_lanes_are_alone(void **state) {
  (void)state;
  begin(2);
  for_all(lanes_trial, 65);
  end();
}

/* ---- 3. memory: any alignment, in place ------------------------------------------------------------------------------ */

static void memory_trial(const jk_set *set, int isa, int row, int order) {
  random_problem(&p_, row, order, between(1, LANES));
  run(set, &p_, (layout){.aligned = 1}, &want_);
  run(set, &p_, (layout){0}, &got_);
  check_same(&p_, isa, "unaligned", seen(row), &got_, &want_);
  run(set, &p_, (layout){.in_place = 1}, &got_);
  check_same(&p_, isa, "in place", seen(row), &got_, &want_);
  run(set, &p_, (layout){.in_place = 1, .no_spares = 1}, &got_);
  check_same(&p_, isa, "in place without spares", named(row), &got_, &want_);
}

static void test_planes_may_lie_anywhere(void **state) {
  (void)state;
  begin(3);
  for_all(memory_trial, 39);
  end();
}

/* ---- 4. directions ----------------------------------------------------------------------------------------------------- */

enum { PAD = 3, STRIDE = LANES + PAD };

typedef struct fan { /* the memory of one call with directions */
  real x[JK_MAX_IN][FAR + 1][DIRECTIONS * STRIDE], y[JK_MAX_OUT][FAR + 1][DIRECTIONS * STRIDE];
  ptrdiff_t sx[JK_MAX_IN][FAR + 1], sy[FAR + 1];
  int whole[JK_MAX_IN]; /* inputs without directions */
} fan;

static fan fan_;

static void share(int j, int last) { /* coefficients 0..last of input j are those of direction 0 */
  for (int d = 1; d < DIRECTIONS; d++)
    for (int k = 0; k <= last; k++) memcpy(q_[d].x[j][k], q_[0].x[j][k], sizeof q_[0].x[j][k]);
}

static void random_fan(int row, int order, int shared) {
  ptrdiff_t n = between(1, LANES), stride = n + between(0, PAD);
  random_problem(&q_[0], row, order, n);
  for (int d = 1; d < DIRECTIONS; d++) {
    q_[d] = q_[0];
    for (ptrdiff_t i = 0; i < n; i++) fill_lane(&q_[d], i, below(STYLES));
  }
  int by_zero = shared && jk_rows[row].kind != JK_CHOICE;
  for (int k = 0; k <= order; k++) fan_.sy[k] = k == 0 && by_zero ? 0 : stride;
  for (int j = 0; j < jk_rows[row].nin; j++) {
    int last = below(6) == 0 ? order : shared - 1; /* sometimes an input without directions */
    if (!shared && j == 0) last = -1;
    fan_.whole[j] = last == order;
    for (int k = 0; k <= order; k++) fan_.sx[j][k] = k <= last ? 0 : stride;
    if (last >= 0) share(j, last);
  }
}

static void lay_fan(void) {
  for (int j = 0; j < jk_rows[q_[0].row].nin; j++)
    for (int k = 0; k <= q_[0].order; k++)
      for (int d = 0; d < DIRECTIONS; d++)
        memcpy(fan_.x[j][k] + d * fan_.sx[j][k], q_[d].x[j][k], (size_t)q_[0].n * sizeof(real));
  for (int j = 0; j < JK_MAX_OUT; j++)
    for (int k = 0; k <= q_[0].order; k++)
      for (int i = 0; i < DIRECTIONS * STRIDE; i++) fan_.y[j][k][i] = guard;
}

static void run_fan(const jk_set *set) {
  static frame f;
  const problem *p = &q_[0];
  int nout = jk_rows[p->row].nout;
  for (int k = 0; k <= p->order; k++) {
    for (int j = 0; j < jk_rows[p->row].nin; j++) f.in[j][k] = holds(p->in[j], k) ? fan_.x[j][k] : NULL;
    for (int j = 0; j < nout; j++) f.out[j][k] = holds(p->out, k) ? fan_.y[j][k] : NULL;
  }
  jk_call c = call_of(p, &f, nout);
  for (int j = 0; j < JK_MAX_IN; j++) c.in[j].stride = fan_.whole[j] ? NULL : fan_.sx[j];
  for (int j = 0; j < JK_MAX_OUT; j++) c.out[j].stride = fan_.sy;
  c.directions = DIRECTIONS;
  c.work = work_of(p->order);
  jk_run(set, &c);
  free(c.work);
}

static void gather_fan(int d, result *r) {
  for (int j = 0; j < jk_rows[q_[0].row].nout; j++)
    for (int k = q_[0].out.low; k <= q_[0].out.degree; k++)
      memcpy(r->y[j][k], fan_.y[j][k] + d * fan_.sy[k], (size_t)q_[0].n * sizeof(real));
}

static void check_fan_memory(int isa) { /* what lies behind the lanes of every direction */
  const problem *p = &q_[0];
  for (int j = 0; j < jk_rows[p->row].nout; j++)
    for (int k = 0; k <= p->order; k++)
      for (int i = 0; i < DIRECTIONS * STRIDE; i++) {
        ptrdiff_t s = fan_.sy[k], lane = s ? i % s : i, d = s ? i / s : 0;
        if (holds(p->out, k) && lane < p->n && d < DIRECTIONS) continue;
        if (fan_.y[j][k][i] != guard) report(p, isa, "directions: wrote beside", j, k, lane, fan_.y[j][k][i], guard);
      }
}

/* Coefficient 0 of a removable singularity is a matter of direction, and then cannot be shared. */
static int is_shareable(ptrdiff_t i) {
  for (int j = 0; j < seen(q_[0].row); j++)
    for (int d = 1; d < DIRECTIONS; d++)
      if (holds(q_[0].out, 0) && !same(single_[d].y[j][0][i], single_[0].y[j][0][i])) return 0;
  return 1;
}

static void directions_trial(const jk_set *set, int isa, int row, int order) {
  int shared = below(2);
  random_fan(row, order, shared);
  for (int d = 0; d < DIRECTIONS; d++) run(set, &q_[d], (layout){0}, &single_[d]);
  lay_fan();
  run_fan(set);
  check_fan_memory(isa);
  for (int d = 0; d < DIRECTIONS; d++) {
    gather_fan(d, &got_);
    for (ptrdiff_t i = 0; i < q_[0].n; i++)
      if (!shared || is_shareable(i))
        check_lane(&q_[d], isa, shared ? "directions, coefficient 0 shared" : "directions", seen(row), i, i, &got_,
                   &single_[d]);
  }
}

static void test_directions_do_not_mix(void **state) {
  (void)state;
  begin(4);
  for_all(directions_trial, 130);
  end();
}

/* ---- 5. structural zeros ------------------------------------------------------------------------------------------------ */

static void zeros_trial(const jk_set *set, int isa, int row, int order) {
  random_problem(&p_, row, order, between(1, LANES));
  run(set, &p_, (layout){0}, &want_);
  check_damage(&p_, isa);
  run(set, &p_, (layout){}, &got_);
  check_same(&p_, isa, "to the order", named(row), &got_, &want_);
  if (damage) return;
  run(set, &p_, (layout){.null = 1, .no_spares = below(2)}, &got_);
  check_same(&p_, isa, "planes missing", named(row), &got_, &want_);
}

static void test_structural_zeros_are_not_touched(void **state) {
  (void)state;
  begin(5);
  for_all(zeros_trial, 65);
  end();
}

/* ---- values in long double, from <math.h> ---------------------------------------------------------------------------------- */

typedef long double wide;
typedef wide value_fn(wide a, wide b, wide c);

static const wide pi = 3.141592653589793238462643383279502884L;

#define VALUE(name, expression)                                                                                        \
  static wide value_##name(wide a, wide b, wide c) {                                                                   \
    (void)a, (void)b, (void)c;                                                                                         \
    return expression;                                                                                                 \
  }

/* By remainders, which are exact: sin(pi a) from its distance to the nearest integer, cos(pi a) from that to a half. */
static wide sine_of_turns(wide a) {
  wide f = remainderl(a, 2), near = fabsl(f) > 0.5L ? 1 - fabsl(f) : fabsl(f);
  return copysignl(sinl(pi * near), near == 0 ? a : f);
}
static wide cosine_of_turns(wide a) {
  wide half = 0.5L - fabsl(remainderl(a, 2));
  return fabsl(half) > 0.25L ? cosl(pi * remainderl(a, 2)) : sinl(pi * half);
}
static wide larger(wide a, wide b) { return a != a || b != b ? a + b : a > b ? a : b; }

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

/* ---- 6. recurrences: series in long double, all by y' = g x' with g put together from sums, products and quotients ------------- */

enum { LONG = 24, EXTRA = 4 };

typedef wide series[LONG + EXTRA + 1];

static int degree_; /* of all series in the following */

#define EACH(k) for (int k = 0; k <= degree_; k++)

static wide product_at(const wide *a, const wide *b, int k) {
  wide s = 0;
  for (int i = 0; i <= k; i++) s += a[i] * b[k - i];
  return s;
}

static void affine(wide *y, wide p, const wide *a, wide q) { EACH(k) y[k] = p * a[k] + (k ? 0 : q); } /* p a + q */
static void product(wide *y, const wide *a, const wide *b) {
  series r = {0};
  EACH(k) r[k] = product_at(a, b, k);
  memcpy(y, r, sizeof r);
}
static void quotient(wide *y, const wide *a, const wide *b) {
  series r = {0};
  EACH(k) r[k] = 0, r[k] = (a[k] - product_at(r, b, k)) / b[0];
  memcpy(y, r, sizeof r);
}
static void inverse(wide *y, const wide *a) {
  series one = {1};
  quotient(y, one, a);
}
static void root(wide *y, const wide *a) {
  series r = {sqrtl(a[0])};
  for (int k = 1; k <= degree_; k++) r[k] = 0, r[k] = (a[k] - product_at(r, r, k)) / (2 * r[0]);
  memcpy(y, r, sizeof r);
}
static void integral(wide *y, const wide *g, const wide *x) { /* y' = g x', y_0 stays */
  for (int k = 1; k <= degree_; k++) {
    y[k] = 0;
    for (int i = 0; i < k; i++) y[k] += g[i] * x[k - i] * (k - i) / k;
  }
}
static void exponential(wide *y, const wide *a) {
  series r = {expl(a[0])};
  integral(r, r, a);
  memcpy(y, r, sizeof r);
}
static void logarithm(wide *y, const wide *a) {
  series g = {0}, r = {logl(a[0])};
  inverse(g, a);
  integral(r, g, a);
  memcpy(y, r, sizeof r);
}
/* s' = c x', c' = p s x', where the coefficients 0 are given */
static void pair(wide *s, wide *c, wide p, const wide *x) {
  for (int k = 1; k <= degree_; k++) {
    s[k] = c[k] = 0;
    for (int i = 0; i < k; i++) s[k] += c[i] * x[k - i] * (k - i) / k, c[k] += p * s[i] * x[k - i] * (k - i) / k;
  }
}

/* y_0 (and z_0 of a second result) are given; a and b are not touched. */
typedef void naive_fn(wide *y, wide *z, const wide *a, const wide *b, wide c);

#define NAIVE(name) static void naive_##name(wide *y, wide *z, const wide *a, const wide *b, wide c)
#define IGNORE (void)z, (void)b, (void)c

NAIVE(add) {
  IGNORE;
  EACH(k) y[k] = a[k] + b[k];
}
NAIVE(sub) {
  IGNORE;
  EACH(k) y[k] = a[k] - b[k];
}
NAIVE(neg) {
  IGNORE;
  affine(y, -1, a, 0);
}
NAIVE(scale) {
  IGNORE;
  affine(y, c, a, 0);
}
NAIVE(shift) {
  IGNORE;
  affine(y, 1, a, c);
}
NAIVE(mul) {
  IGNORE;
  product(y, a, b);
}
NAIVE(square) {
  IGNORE;
  product(y, a, a);
}
NAIVE(div) {
  IGNORE;
  quotient(y, a, b);
}
NAIVE(recip) {
  IGNORE;
  inverse(y, a);
}
NAIVE(sqrt) {
  IGNORE;
  root(y, a);
}
NAIVE(rsqrt) {
  IGNORE;
  root(y, a), inverse(y, y);
}
static void power(wide *y, const wide *a, wide c) { /* y' = c y/a a' */
  series g = {0}, l = {0};
  inverse(g, a);
  l[0] = c * logl(a[0]);
  integral(l, g, a);
  for (int k = 1; k <= degree_; k++) l[k] *= c;
  exponential(y, l);
}
NAIVE(powc) {
  IGNORE;
  power(y, a, c);
}
NAIVE(cbrt) {
  IGNORE;
  power(y, a, 1.0L / 3);
}
NAIVE(pow) {
  IGNORE;
  series l = {0};
  logarithm(l, a), product(l, l, b), exponential(y, l);
}
static void sum_of_squares(wide *y, const wide *a, const wide *b) {
  series s = {0}, t = {0};
  product(s, a, a), product(t, b, b);
  EACH(k) y[k] = s[k] + t[k];
}
NAIVE(hypot) {
  IGNORE;
  sum_of_squares(y, a, b), root(y, y);
}
NAIVE(atan2) {
  IGNORE;
  series r = {0}, g = {0}, h = {0}, t = {0};
  sum_of_squares(r, a, b), quotient(g, b, r), quotient(h, a, r);
  integral(t, h, b), integral(y, g, a);
  for (int k = 1; k <= degree_; k++) y[k] -= t[k];
}
static wide leading(const wide *a, const wide *b) { /* the sign of a - b for small t > 0 */
  EACH(k) if (a[k] - (b ? b[k] : 0) != 0) return a[k] - (b ? b[k] : 0);
  return 0;
}
NAIVE(abs) {
  IGNORE;
  affine(y, leading(a, NULL) < 0 ? -1 : 1, a, 0);
}
NAIVE(relu) {
  IGNORE;
  affine(y, leading(a, NULL) > 0, a, 0);
}
NAIVE(max) {
  IGNORE;
  affine(y, 1, leading(a, b) < 0 ? b : a, 0);
}
NAIVE(min) {
  IGNORE;
  affine(y, 1, leading(a, b) > 0 ? b : a, 0);
}
NAIVE(step) {
  IGNORE, (void)a;
  for (int k = 1; k <= degree_; k++) y[k] = 0;
}
static void choice(wide *y, wide difference) {
  naive_step(y, NULL, NULL, NULL, 0);
  y[0] = difference > 0 ? 1 : difference < 0 ? -1 : 0;
}
NAIVE(along) {
  IGNORE;
  choice(y, leading(a, NULL));
}
NAIVE(compare) {
  IGNORE;
  choice(y, leading(a, b));
}
NAIVE(exp) {
  IGNORE;
  exponential(y, a);
}
NAIVE(exp2) {
  IGNORE;
  series l = {0};
  affine(l, logl(2), a, 0), exponential(y, l);
}
NAIVE(expm1) {
  IGNORE;
  exponential(y, a), y[0] = expm1l(a[0]);
}
static void log_slope(wide *y, const wide *a, wide p, wide q) { /* y' = p a'/(a + q) */
  series g = {0};
  affine(g, 1 / p, a, q / p), inverse(g, g), integral(y, g, a);
}
NAIVE(log) {
  IGNORE;
  log_slope(y, a, 1, 0);
}
NAIVE(log1p) {
  IGNORE;
  log_slope(y, a, 1, 1);
}
NAIVE(log2) {
  IGNORE;
  log_slope(y, a, 1 / logl(2), 0);
}
NAIVE(log10) {
  IGNORE;
  log_slope(y, a, 1 / logl(10), 0);
}
NAIVE(sincos) {
  IGNORE;
  pair(y, z, -1, a);
}
NAIVE(sinhcosh) {
  IGNORE;
  pair(y, z, 1, a);
}
NAIVE(sinpicospi) {
  IGNORE;
  series x = {0};
  affine(x, pi, a, 0), pair(y, z, -1, x);
}
NAIVE(tan) {
  IGNORE;
  series s = {sinl(a[0])}, q = {cosl(a[0])};
  pair(s, q, -1, a), quotient(y, s, q);
}
NAIVE(tanh) {
  IGNORE;
  series s = {sinhl(a[0])}, q = {coshl(a[0])};
  pair(s, q, 1, a), quotient(y, s, q);
}
NAIVE(sigmoid) {
  IGNORE;
  series e = {0};
  affine(e, -1, a, 0), exponential(e, e), e[0] += 1, inverse(y, e);
}
NAIVE(softplus) {
  series g = {0};
  naive_sigmoid(g, z, a, b, c), integral(y, g, a);
}
NAIVE(logaddexp) {
  IGNORE;
  series e = {0}, f = {0};
  exponential(e, a), exponential(f, b);
  EACH(k) e[k] += f[k];
  logarithm(y, e);
}
static void square_slope(wide *y, const wide *a, wide p, wide q, int rooted,
                         wide c) { /* y' = c a'/(p a^2 + q) or of its root */
  series g = {0};
  product(g, a, a), affine(g, p, g, q);
  if (rooted) root(g, g);
  inverse(g, g), affine(g, c, g, 0), integral(y, g, a);
}
NAIVE(atan) {
  IGNORE;
  square_slope(y, a, 1, 1, 0, 1);
}
NAIVE(atanh) {
  IGNORE;
  square_slope(y, a, -1, 1, 0, 1);
}
NAIVE(asin) {
  IGNORE;
  square_slope(y, a, -1, 1, 1, 1);
}
NAIVE(acos) {
  IGNORE;
  square_slope(y, a, -1, 1, 1, -1);
}
NAIVE(asinh) {
  IGNORE;
  square_slope(y, a, 1, 1, 1, 1);
}
NAIVE(acosh) {
  IGNORE;
  square_slope(y, a, 1, -1, 1, 1);
}
static void gauss_slope(wide *y, const wide *a, wide p, wide c) { /* y' = c exp(p a^2) a' */
  series g = {0};
  product(g, a, a), affine(g, p, g, 0), exponential(g, g), affine(g, c, g, 0), integral(y, g, a);
}
NAIVE(erf) {
  IGNORE;
  gauss_slope(y, a, -1, 2 / sqrtl(pi));
}
NAIVE(erfc) {
  IGNORE;
  gauss_slope(y, a, -1, -2 / sqrtl(pi));
}
NAIVE(normcdf) {
  IGNORE;
  gauss_slope(y, a, -0.5L, 1 / sqrtl(2 * pi));
}
NAIVE(sinc) {
  IGNORE;
  series s = {sinl(a[0])}, q = {cosl(a[0])};
  pair(s, q, -1, a), quotient(y, s, a);
}
NAIVE(exprel) {
  IGNORE;
  exponential(y, a), y[0] -= 1, quotient(y, y, a);
}
NAIVE(log1prel) {
  IGNORE;
  series l = {log1pl(a[0])};
  log_slope(l, a, 1, 1), quotient(y, l, a);
}

#define BOTH(name)                                                                                                     \
  { value_##name, NULL, naive_##name }
#define STEPS(name)                                                                                                    \
  { value_##name, NULL, naive_step }
#define PAIR(f, g)                                                                                                     \
  { value_##f, value_##g, naive_##f##g }
static const struct known {
  value_fn *value, *second;
  naive_fn *naive;
} known[JK_ROWS] = {
    [JK_add] = BOTH(add),
    [JK_sub] = BOTH(sub),
    [JK_neg] = BOTH(neg),
    [JK_scale] = BOTH(scale),
    [JK_shift] = BOTH(shift),
    [JK_mul] = BOTH(mul),
    [JK_mulz] = {value_mulz, NULL, naive_mul},
    [JK_square] = BOTH(square),
    [JK_div] = BOTH(div),
    [JK_recip] = BOTH(recip),
    [JK_sqrt] = BOTH(sqrt),
    [JK_powc] = BOTH(powc),
    [JK_rsqrt] = BOTH(rsqrt),
    [JK_cbrt] = BOTH(cbrt),
    [JK_pow] = BOTH(pow),
    [JK_hypot] = BOTH(hypot),
    [JK_atan2] = BOTH(atan2),
    [JK_abs] = BOTH(abs),
    [JK_relu] = BOTH(relu),
    [JK_max] = BOTH(max),
    [JK_min] = BOTH(min),
    [JK_along] = BOTH(along),
    [JK_compare] = BOTH(compare),
    [JK_finite] = STEPS(finite),
    [JK_less] = STEPS(less),
    [JK_less_equal] = STEPS(less_equal),
    [JK_greater] = STEPS(greater),
    [JK_greater_equal] = STEPS(greater_equal),
    [JK_equal] = STEPS(equal),
    [JK_not_equal] = STEPS(not_equal),
    [JK_sign] = STEPS(sign),
    [JK_floor] = STEPS(floor),
    [JK_ceil] = STEPS(ceil),
    [JK_round] = STEPS(round),
    [JK_exp] = BOTH(exp),
    [JK_exp2] = BOTH(exp2),
    [JK_expm1] = BOTH(expm1),
    [JK_log] = BOTH(log),
    [JK_log1p] = BOTH(log1p),
    [JK_log2] = BOTH(log2),
    [JK_log10] = BOTH(log10),
    [JK_sincos] = PAIR(sin, cos),
    [JK_sinhcosh] = PAIR(sinh, cosh),
    [JK_sinpicospi] = PAIR(sinpi, cospi),
    [JK_tan] = BOTH(tan),
    [JK_tanh] = BOTH(tanh),
    [JK_sigmoid] = BOTH(sigmoid),
    [JK_softplus] = BOTH(softplus),
    [JK_logaddexp] = BOTH(logaddexp),
    [JK_atan] = BOTH(atan),
    [JK_atanh] = BOTH(atanh),
    [JK_asin] = BOTH(asin),
    [JK_acos] = BOTH(acos),
    [JK_asinh] = BOTH(asinh),
    [JK_acosh] = BOTH(acosh),
    [JK_erf] = BOTH(erf),
    [JK_erfc] = BOTH(erfc),
    [JK_normcdf] = BOTH(normcdf),
    [JK_sinc] = BOTH(sinc),
    [JK_exprel] = BOTH(exprel),
    [JK_log1prel] = BOTH(log1prel),
};

/* f' at x as a series: (f(x(t)))' / x'(t), one coefficient shorter. */
static void differentiate(wide *y, const wide *a) {
  series x = {0};
  for (int k = 0; k < degree_; k++) y[k] = (k + 1) * y[k + 1], x[k] = (k + 1) * a[k + 1];
  degree_--;
  quotient(y, y, x);
}

static void naive(const problem *p, ptrdiff_t i, wide *y, wide *z) {
  const struct known *f = &known[p->row];
  series x[JK_MAX_IN] = {{0}};
  degree_ = p->order + p->m;
  for (int j = 0; j < jk_rows[p->row].nin; j++) /* families want higher coefficients: of full series */
    EACH(k) x[j][k] = k > p->order || holds(p->in[j], k) ? p->x[j][k][i] : 0;
  y[0] = f->value(x[0][0], x[1][0], p->c);
  z[0] = f->second ? f->second(x[0][0], x[1][0], p->c) : 0;
  f->naive(y, z, x[0], x[1], p->c);
  for (int m = 0; m < p->m; m++) differentiate(y, x[0]);
}

/* Jets whose results keep about their size from coefficient to coefficient, so that an error stands out at any order. */
static void moderate_lane(problem *p, ptrdiff_t i) {
  for (int j = 0; j < jk_rows[p->row].nin; j++)
    for (int k = 0; k <= p->order + p->m; k++) p->x[j][k][i] = k ? uniform(-0.25, 0.25) : inside(p->row);
  if (domains[p->row].hi == 4) p->x[0][0][i] = uniform(1.2, 2);
  if (is_family(p->row)) { /* quotients by x and x' are not to cancel */
    p->x[0][0][i] = p->row == JK_log1prel ? uniform(1, 2) : REAL(copysign, copysignf)(uniform(1.5, 2.5), p->x[0][0][i]);
    p->x[0][1][i] = uniform(0.8, 1.2);
    for (int k = 2; k <= p->order + p->m; k++) p->x[0][k][i] *= (real)(0.2 / k);
  }
  if (p->row == JK_div || p->row == JK_recip || p->row == JK_atan2 || p->row == JK_hypot)
    for (int j = 0; j < jk_rows[p->row].nin; j++) p->x[j][0][i] = REAL(copysign, copysignf)(uniform(0.5, 3), p->x[j][0][i]);
  if ((jk_rows[p->row].kind == JK_PIECEWISE || jk_rows[p->row].kind == JK_CHOICE) && below(2)) /* ties, solved further on */
    for (int k = below(4); k >= 0; k--) p->x[0][k][i] = jk_rows[p->row].nin > 1 ? p->x[1][k][i] : 0;
}

static void moderate_problem(problem *p, int row, int order) {
  random_problem(p, row, order, between(1, LANES));
  for (int j = 0; j < JK_MAX_IN; j++) {
    int any = jk_rows[row].kind == JK_LINEAR || jk_rows[row].kind == JK_PRODUCT;
    if (!any) p->in[j] = (interval){0, p->m ? order : max_(p->in[j].degree, 0)};
  }
  p->out = out_interval(p);
  for (ptrdiff_t i = 0; i < p->n; i++) moderate_lane(p, i);
}

/* Relative to the largest coefficient so far: rounding of a recurrence of k steps, not more. */
static void check_naive(const problem *p, int isa, int j, ptrdiff_t i, const wide *want) {
  wide scale = 0;
  if (p->row == JK_logaddexp) scale = fmaxl(fabs(p->x[0][0][i]), fabs(p->x[1][0][i])); /* a sum */
  if (p->row == JK_sinc) scale = 1.0L / (p->m + 1);                                    /* its m-th derivative at 0 */
  for (int k = 0; k <= p->out.degree; k++) {
    scale = fmaxl(scale, fabsl(want[k]));
    real got = holds(p->out, k) ? got_.y[j][k][i] : 0;
    if (fabsl(got - want[k]) <= 64 * (k + 1) * UNIT * scale) continue;
    report(p, isa, "against a naive series", j, k, i, got, (real)want[k]);
    return;
  }
}

/* A sweep from coefficient 1 takes coefficient 0 as it finds it. */
static void kept_trial(const jk_set *set, int isa, int row, int order) {
  static frame f;
  static real kept[LANES];
  moderate_problem(&p_, row, order % 4);
  if (!holds(p_.out, 0) || p_.out.degree == 0) return;
  lay_results(&p_, (layout){0}, &f);
  lay_inputs(&p_, (layout){0}, &f);
  jk_call c = call_of(&p_, &f, jk_rows[row].nout);
  c.work = work_of(p_.order);
  c.k1 = 1;
  jk_run(set, &c);
  for (ptrdiff_t i = 0; i < p_.n; i++) kept[i] = f.out[0][0][i] += 1;
  c.k0 = 1;
  c.k1 = p_.out.degree + 1;
  jk_run(set, &c);
  free(c.work);
  for (int j = 0; j < jk_rows[row].nin; j++)
    for (int k = 0; k <= p_.order; k++) free(exact[j][k]);
  for (ptrdiff_t i = 0; i < p_.n; i++)
    if (!same(f.out[0][0][i], kept[i])) report(&p_, isa, "coefficient 0 made again", 0, 0, i, f.out[0][0][i], kept[i]);
}

static void test_coefficient_0_is_made_once(void **state) {
  (void)state;
  begin(15);
  for_all(kept_trial, 39);
  end();
}

static void naive_trial(const jk_set *s, int isa, int row, int order) {
  series y = {0}, z = {0};
  if (jk_rows[row].kind == JK_SELECT) return; /* test_choices_are_their_definition */
  assert_non_null(known[row].naive);
  moderate_problem(&p_, row, below(6) ? order : LONG);
  run(s, &p_, (layout){0}, &got_);
  for (ptrdiff_t i = 0; i < p_.n; i++) {
    naive(&p_, i, y, z);
    check_naive(&p_, isa, 0, i, y);
    if (known[row].second) check_naive(&p_, isa, 1, i, z);
  }
}

static void test_recurrences_solve_their_equation(void **state) {
  (void)state;
  begin(6);
  for_all(naive_trial, 39);
  end();
}

/* ---- 7. coefficient 0 --------------------------------------------------------------------------------------------------------- */

#if JETS_F32
static const double arguments[] = {
    0,     1,          0.5,       0.25,        2,         3,        1.5,      2.5,      0.1,       0.7,   10,     20,   30,
    37.5,  100,        44,        45,          88,        88.72,    88.72284, 88.73,    89.4,      89.5,  90,     103,  103.9,
    103.98, 104,       126,       127.9999,    128,       149,      149.5,    150.5,    1e4,       124.9, 125,    126,  1e5,
    1e6,   1e7,        1e8,       1e15,        1e16,      1e18,     1.8e19,   1.9e19,   1e22,      1e30,  1e36,   1e37, FLT_MAX,
    INFINITY, 1e-3,    1e-4,      1e-8,        1e-16,     1e-19,    1e-25,    1e-30,    1e-37,     FLT_MIN, 1.5e-45, 1e-40, 3.9,
    4,     10.1,       9.2,       13.2,        0.999999,  1.00001,  0x1p23,   0x1p24,   8388607.5, 0.49999997, 0x1.fffffep-1,
    0x1.000002p0};
#else
static const double arguments[] = {
    0,        1,        0.5,      0.25,     2,      3,      1.5,     2.5,    0.1,    0.7,    10,     20,     30,      37.5,
    100,      354,      355,      700,      709.78, 709.7827128933840, 709.79, 710.4758, 710.4759, 711, 745.13, 745.14, 746, 1000,
    1022,     1023.999, 1024,     1074,     1074.5, 1075.5, 1e4,     1e5,    1e8,    1e14,   1e15,   1e16,   1e22,    1e100,
    1e154,    1.4e154,  1e200,    1e300,    DBL_MAX, INFINITY, 1e-3, 1e-8,   1e-16,  1e-154, 1e-200, 1e-290, 1e-300,  DBL_MIN,
    5e-324,   1e-310,   5.9,      6,        26.5,   27.2,   38.4,    0.999999, 1.00001, 0x1p52, 0x1p53, 4503599627370495.5,
    0.49999999999999994, 0x1.fffffffffffffp-1, 0x1.0000000000001p0};
#endif

enum { ARGUMENTS = 2 * (int)(sizeof arguments / sizeof *arguments) + 1 };

static real argument(int i) { return (real)(i == ARGUMENTS - 1 ? NAN : i % 2 ? -arguments[i / 2] : arguments[i / 2]); }

static int64_t place(real x) { /* on the line of all numbers; inf follows the largest */
  REAL(int64_t, int32_t) i;
  memcpy(&i, &x, sizeof i);
  return i < 0 ? REAL(INT64_MIN, INT32_MIN) - i : i;
}

static int signed_zero(int row) { /* rows whose zeros <math.h> or IEEE arithmetic gives a sign */
  static const int without[] = {JK_mulz,    JK_relu,    JK_max,      JK_min,       JK_sign,    JK_along, JK_compare,
                                JK_sigmoid, JK_softplus, JK_logaddexp, JK_normcdf, JK_sinc, JK_exprel, JK_log1prel};
  for (size_t i = 0; i < sizeof without / sizeof *without; i++)
    if (without[i] == row) return 0;
  return 1;
}

/* What the result is a sum of, or what an argument rounded once makes of it. */
static double slack(const problem *p, ptrdiff_t i) {
  real a = p->x[0][0][i], b = p->x[1][0][i];
  if (p->row == JK_logaddexp && isfinite(a) && isfinite(b)) return fmax(fabs(a), fabs(b));
  if (p->row == JK_normcdf && isfinite(a)) return fabs(a) * exp(-0.5 * a * a) / sqrt(2 * (double)pi);
  return 0;
}

static int is_close(int row, real got, real want) {
  if (want != want || got != got) return want != want && got != got;
  if (want == 0 && got == 0) return !signed_zero(row) || !signbit(want) == !signbit(got);
  if (row == JK_pow && isinf(got) && fabs(want) > REAL(1.7976931348621e308, 3.4028e38f)) return 1; /* SLEEF ends a little early */
  uint64_t apart = (uint64_t)place(got) - (uint64_t)place(want);
  return apart + 4 <= 8;
}

static void check_values(const problem *p, int isa) {
  for (ptrdiff_t i = 0; i < p->n; i++)
    for (int j = 0; j < named(p->row); j++) {
      value_fn *f = j ? known[p->row].second : known[p->row].value;
      real want = (real)f(p->x[0][0][i], p->x[1][0][i], p->c), got = got_.y[j][0][i];
      if (is_close(p->row, got, want) || fabs(got - want) <= 4 * UNIT * slack(p, i)) continue;
      report(p, isa, "value", j, 0, i, got, want);
    }
}

static void values_of(const jk_set *s, int isa, int row) { /* all arguments, or all pairs */
  int pairs = jk_rows[row].nin > 1 ? ARGUMENTS : 1;
  p_.row = row, p_.order = 0, p_.m = 0, p_.n = 0;
  p_.in[0] = p_.in[1] = p_.out = (interval){0, 0};
  for (int i = 0; i < ARGUMENTS * pairs; i++) {
    p_.x[0][0][p_.n] = argument(i / pairs);
    p_.x[1][0][p_.n++] = argument(i % pairs);
    if (p_.n < LANES && i + 1 < ARGUMENTS * pairs) continue;
    run(s, &p_, (layout){0}, &got_);
    check_values(&p_, isa);
    p_.n = 0;
  }
}

static void values_trial(const jk_set *s, int isa, int row, int order) {
  const double constants[] = {0, 1, -1, 2, -2, 0.5, -0.5, 3, 1.0 / 3, 2.5, -3, large};
  int uses = row == JK_powc || row == JK_scale || row == JK_shift;
  (void)order;
  if (jk_rows[row].kind == JK_SELECT) return; /* test_choices_are_their_definition */
  for (size_t i = 0; i < (uses ? sizeof constants / sizeof *constants : 1); i++) {
    p_.c = (real)constants[i];
    values_of(s, isa, row);
  }
}

static void test_values_are_those_of_libm(void **state) {
  (void)state;
  begin(7);
  for_all(values_trial, 1);
  end();
}

/* ---- 8. spares that pulls are told are derivatives ----------------------------------------------------------------- */

static void derivatives_trial(const jk_set *s, int isa, int row, int order) { /* k r_k = sum of s_i (k-i) x_{k-i} */
  if (seen(row) == named(row)) return;
  moderate_problem(&p_, row, order);
  run(s, &p_, (layout){0}, &got_);
  for (ptrdiff_t i = 0; i < p_.n; i++)
    for (int j = 0; j + 1 < seen(row); j++)
      for (int k = 1; k <= p_.out.degree; k++) {
        wide want = 0, size = 0;
        for (int l = 0; l < k; l++) {
          wide term = holds(p_.in[0], k - l) ? (wide)got_.y[j + 1][l][i] * p_.x[0][k - l][i] * (k - l) / k : 0;
          want += term, size += fabsl(term);
        }
        if (!(fabsl(got_.y[j][k][i] - want) <= 64 * (k + 1) * UNIT * size))
          report(&p_, isa, "the next result is not its derivative", j, k, i, got_.y[j][k][i], (real)want);
      }
}

/* At +-inf all derivatives of these vanish, whatever x does: 0 times infinity is 0 in spares too. */
static void far_trial(const jk_set *s, int isa, int row, int order) {
  if (row != JK_tanh && row != JK_sigmoid && row != JK_erf && row != JK_erfc && row != JK_normcdf) return;
  random_problem(&p_, row, order, between(1, LANES));
  p_.in[0] = p_.out = (interval){0, order};
  for (ptrdiff_t i = 0; i < p_.n; i++) p_.x[0][0][i] = below(2) ? INFINITY : -INFINITY;
  run(s, &p_, (layout){0}, &got_);
  for (ptrdiff_t i = 0; i < p_.n; i++)
    for (int j = 0; j < 2; j++)
      for (int k = !j; k <= order; k++)
        if (got_.y[j][k][i] != 0) report(&p_, isa, "at infinity", j, k, i, got_.y[j][k][i], 0);
}

static void test_spares_are_derivatives(void **state) {
  (void)state;
  begin(10);
  for_all(derivatives_trial, 39);
  for_all(far_trial, 39);
  end();
}

/* ---- 9. choices, masks, absorbing products, by a scalar definition ------------------------------------------------- */

/* Few different numbers, so that ties are common. */
static real tie(void) {
  const double list[] = {0,         -0.0, 0, 1,       -1,      1,        subnormal, -subnormal, REAL(1e-310, 1e-40), INFINITY,
                         -INFINITY, NAN,  2, REAL(DBL_MIN, FLT_MIN), REAL(DBL_MAX, FLT_MAX), REAL(-DBL_MAX, -FLT_MAX)};
  return (real)(below(2) ? list[below(4)] : list[below((int)(sizeof list / sizeof *list))]);
}

static void random_ties(problem *p, int row, int order) {
  random_problem(p, row, order, between(1, LANES));
  int full = below(2);
  for (int j = 0; j < JK_MAX_IN && full; j++) p->in[j] = (interval){0, order};
  p->out = out_interval(p);
  for (ptrdiff_t i = 0; i < p->n; i++) {
    int wild = below(3); /* else finite numbers alone */
    for (int j = 0; j < jk_rows[row].nin; j++)
      for (int k = 0; k <= order; k++) {
        real x = below(3) ? tie() : uniform(-2, 2);
        p->x[j][k][i] = wild || isfinite(x) ? x : uniform(-1, 1);
      }
    for (int k = 0, same_to = below(order + 2); k < same_to && jk_rows[row].nin > 1 && row != JK_mulz; k++)
      p->x[1][k][i] = p->x[0][k][i];
  }
}

static real number(const problem *p, int j, int k, ptrdiff_t i) { return holds(p->in[j], k) ? p->x[j][k][i] : 0; }

static real comparison(int row, real a, real b) {
  switch (row) {
  case JK_less: return a < b;
  case JK_less_equal: return a <= b;
  case JK_greater: return a > b;
  case JK_greater_equal: return a >= b;
  case JK_equal: return a == b;
  default: return !(a == b);
  }
}

static real decided(const problem *p, ptrdiff_t i) { /* along, compare */
  for (int k = 0; k <= p->order; k++) {
    real a = number(p, 0, k, i), b = p->row == JK_compare ? number(p, 1, k, i) : 0;
    if (isnan(a) || isnan(b)) return NAN;
    if (a != b) return a > b ? 1 : -1;
  }
  return 0;
}

static real chain(const problem *p, int isa, int k, ptrdiff_t i, int absorbs) {
  real s = 0;
  int any = 0;
  for (int l = 0; l <= k; l++) {
    real a = number(p, 0, l, i), b = number(p, 1, k - l, i);
    if (!holds(p->in[0], l) || !holds(p->in[1], k - l) || (absorbs && (a == 0 || b == 0))) continue;
    s = !absorbs && !any++ ? a * b : isa == 1 ? a * b + s : REAL(fma, fmaf)(a, b, s);
  }
  return s;
}

static real defined(const problem *p, int isa, int k, ptrdiff_t i) {
  if (p->row == JK_where) return number(p, number(p, 0, 0, i) != 0 ? 1 : 2, k, i);
  if (p->row == JK_along || p->row == JK_compare) return decided(p, i);
  if (p->row == JK_finite) return isfinite(number(p, 0, 0, i)) ? number(p, 0, 0, i) : 0;
  if (p->row != JK_mulz) return comparison(p->row, number(p, 0, 0, i), number(p, 1, 0, i));
  real plain = chain(p, isa, k, i, 0);
  return isfinite(plain) ? plain : chain(p, isa, k, i, 1);
}

static void definition_trial(const jk_set *set, int isa, int row, int order) {
  static const int rows[] = {JK_where,   JK_along,         JK_compare, JK_finite,    JK_less, JK_less_equal,
                             JK_greater, JK_greater_equal, JK_equal,   JK_not_equal, JK_mulz};
  int mine = 0;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) mine |= rows[i] == row;
  if (!mine) return;
  if (row == JK_mulz && below(2)) order = between(0, 17); /* to the end of what is unrolled */
  random_ties(&p_, row, order);
  run(set, &p_, below(4) ? (layout){.null = 1} : random_cuts(order), &got_);
  check_damage(&p_, isa);
  for (ptrdiff_t i = 0; i < p_.n; i++)
    for (int k = p_.out.low; k <= p_.out.degree; k++) {
      real want = defined(&p_, isa, k, i);
      if (!same(got_.y[0][k][i], want)) report(&p_, isa, "by definition", 0, k, i, got_.y[0][k][i], want);
    }
}

static void test_choices_are_their_definition(void **state) {
  (void)state;
  begin(11);
  for_all(definition_trial, 390);
  end();
}

/* What absorbs must not cost digits: the bits of mul wherever all factors are finite. */
static void finite_product_trial(const jk_set *set, int isa, int row, int order) {
  if (row != JK_mulz) return;
  random_problem(&p_, JK_mulz, below(2) ? order : between(0, 20), between(1, LANES));
  run(set, &p_, (layout){0}, &got_);
  p_.row = JK_mul;
  run(set, &p_, (layout){0}, &want_);
  for (ptrdiff_t i = 0; i < p_.n; i++) {
    int finite = 1;
    for (int j = 0; j < 2; j++)
      for (int k = 0; k <= p_.order; k++) finite &= isfinite(number(&p_, j, k, i));
    if (finite) check_lane(&p_, isa, "mulz against mul", 1, i, i, &got_, &want_);
  }
}

static void test_absorbing_products_are_products(void **state) {
  (void)state;
  begin(12);
  for_all(finite_product_trial, 390);
  end();
}

/* ---- 10. sums and the other loops over a plane --------------------------------------------------------------------- */

enum { MILLION = 1000000 };

static real numbers[2][MILLION + EDGE];

static void check_sum(const jk_set *s, const jk_set *first, ptrdiff_t n) {
  wide sum = 0, size = 0;
  for (ptrdiff_t i = 0; i < n; i++) sum += numbers[0][i], size += fabs(numbers[0][i]);
  real got = s->sum(numbers[0], n);
  if (!(fabsl(got - sum) <= 64 * UNIT * size)) fail_msg("%s: sum of %td: %.17g, not %.17Lg", s->name, n, got, sum);
  if (got != first->sum(numbers[0], n)) fail_msg("sum of %td: other bits with %s", n, s->name);
  for (int shift = 1; shift < EDGE; shift += 1 + 2 * (n > 100)) {
    memcpy(numbers[1] + shift, numbers[0], (size_t)n * sizeof(real));
    if (s->sum(numbers[1] + shift, n) != got) fail_msg("%s: sum of %td depends on the alignment", s->name, n);
  }
}

static void test_sums_are_one_tree(void **state) {
  (void)state;
  seed(8);
  for (int i = 0; i < MILLION; i++) numbers[0][i] = uniform(-1, 1) * (i % 7 ? 1 : 1000);
  for (int isa = 1; isa <= SETS; isa++) {
    const jk_set *s = jk_select(isa);
    for (ptrdiff_t n = 0; s && n <= 2100; n++) check_sum(s, jk_select(1), n);
    if (s) check_sum(s, jk_select(1), MILLION);
  }
}

static void check_loop(const jk_set *s, const real *y, const real *want, ptrdiff_t n, const char *what) {
  for (ptrdiff_t i = -EDGE; i < n + EDGE; i++) {
    real w = i < 0 || i >= n ? guard : want[i];
    if (!same(y[i], w)) fail_msg("%s: %s of %td: element %td: got %.17g, want %.17g", s->name, what, n, i, y[i], w);
  }
}

static void test_loops_stay_in_their_plane(void **state) {
  (void)state;
  seed(9);
  real y[ROOM], want[LANES];
  for (int isa = 1; isa <= SETS; isa++) {
    const jk_set *s = jk_select(isa);
    for (ptrdiff_t n = 0; s && n <= LANES; n++) {
      int first = EDGE + below(EDGE);
      real c = below(3) ? uniform(-3, 3) : corner();
      for (int i = 0; i < ROOM; i++) y[i] = guard;
      for (ptrdiff_t i = 0; i < n; i++) want[i] = c;
      s->fill(y + first, c, n);
      check_loop(s, y + first, want, n, "fill");
    }
  }
}

static void check_add(const jk_set *s, ptrdiff_t n) {
  real y[ROOM], x[ROOM], want[LANES];
  int at = EDGE + below(EDGE), from = below(EDGE);
  for (int i = 0; i < ROOM; i++) y[i] = guard, x[i] = below(4) ? uniform(-1, 1) : corner();
  for (ptrdiff_t i = 0; i < n; i++) {
    y[at + i] = uniform(-1, 1);
    want[i] = y[at + i] + x[from + i];
  }
  s->add(y + at, x + from, n);
  check_loop(s, y + at, want, n, "add");
}

static void test_added_planes(void **state) {
  (void)state;
  seed(13);
  for (int isa = 1; isa <= SETS; isa++)
    for (ptrdiff_t n = 0; jk_select(isa) && n <= LANES; n++) check_add(jk_select(isa), n);
}

static void check_columns(int isa, ptrdiff_t rows, ptrdiff_t n, ptrdiff_t stride) {
  static real y[3 * LANES + 2 * EDGE], first[3 * LANES];
  const real *x = numbers[0] + below(EDGE);
  for (ptrdiff_t i = 0; i < n + 2 * EDGE; i++) y[i] = guard;
  jk_select(isa)->sum_columns(y + EDGE, x, rows, n, stride);
  jk_select(1)->sum_columns(first, x, rows, n, stride);
  for (ptrdiff_t j = -EDGE; j < n + EDGE; j++) {
    wide sum = 0, size = 0;
    int inside = j >= 0 && j < n;
    for (ptrdiff_t i = 0; i < rows && inside; i++) sum += x[i * stride + j], size += fabs(x[i * stride + j]);
    real got = y[j + EDGE];
    if (!inside && got == guard) continue;
    if (!inside) fail_msg("%s: sum_columns of %td x %td wrote beside", jk_select(isa)->name, rows, n);
    int depth = 64 + 20; /* additions that a number goes through */
    if (!(fabsl(got - sum) <= depth * UNIT * size) || !same(got, first[j]))
      fail_msg("%s: column %td of %td x %td: %.17g, not %.17Lg (%.17g)", jk_select(isa)->name, j, rows, n, got, sum,
               first[j]);
  }
}

/* A column's bits depend on the number of rows alone. */
static void check_column_alone(int isa, ptrdiff_t rows, ptrdiff_t n, ptrdiff_t stride) {
  static real y[3 * LANES], one;
  jk_select(isa)->sum_columns(y, numbers[0], rows, n, stride);
  ptrdiff_t j = below((int)n);
  jk_select(isa)->sum_columns(&one, numbers[0] + j, rows, 1, stride);
  if (!same(one, y[j])) fail_msg("%s: column %td of %td x %td has other bits alone", jk_select(isa)->name, j, rows, n);
}

static void test_sums_of_columns(void **state) {
  (void)state;
  seed(14);
  static const ptrdiff_t rows[] = {0, 1, 2, 63, 64, 65, 127, 128, 129, 191, 192, 193, 448, 1000, 4097};
  for (int i = 0; i < MILLION; i++) numbers[0][i] = uniform(-1, 1) * (i % 7 ? 1 : 1000);
  for (int isa = 1; isa <= SETS; isa++)
    for (size_t r = 0; jk_select(isa) && r < sizeof rows / sizeof *rows; r++)
      for (ptrdiff_t n = 0; n <= 3 * LANES; n += n < 10 ? 1 : between(1, 25)) {
        ptrdiff_t stride = n + below(3);
        check_columns(isa, rows[r], n, stride);
        if (n) check_column_alone(isa, rows[r], n, stride);
      }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_resumed_sweeps_forget_nothing),    cmocka_unit_test(test_lanes_are_alone),
      cmocka_unit_test(test_planes_may_lie_anywhere),          cmocka_unit_test(test_directions_do_not_mix),
      cmocka_unit_test(test_structural_zeros_are_not_touched), cmocka_unit_test(test_recurrences_solve_their_equation),
      cmocka_unit_test(test_values_are_those_of_libm),         cmocka_unit_test(test_sums_are_one_tree),
      cmocka_unit_test(test_loops_stay_in_their_plane),        cmocka_unit_test(test_spares_are_derivatives),
      cmocka_unit_test(test_choices_are_their_definition),     cmocka_unit_test(test_absorbing_products_are_products),
      cmocka_unit_test(test_coefficient_0_is_made_once),       cmocka_unit_test(test_added_planes),
      cmocka_unit_test(test_sums_of_columns),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
