/* qubit.c - a qubit is turned from |0> to |1> by gradient descent: two rotations act on it as complex matrices,
       |psi> = R_y(b) R_x(a) |0>,      R_x(a) = exp(-i a X/2) = cos(a/2) - i sin(a/2) X,      R_y(b) so with Y,
   and the angles go down the gradient of the expectation <Z> = <psi|Z|psi>, from near 1 to -1. X, Y, Z are Pauli's
   matrices. At every step all that is computed is compared with
     - the closed form: the expectations of X, Y and Z are sin b cos a, -sin a and cos a cos b; gradient and Hessian are
       those of cos a cos b. The Hessian is the gradient's coefficient 1 along jets of order 1 in both directions;
     - the parameter-shift rule, which is exact and needs nothing but expectations, so that a quantum computer can do
       it: d<Z>/da = (<Z>(a + pi/2) - <Z>(a - pi/2))/2 (Mitarai, Negoro, Kitagawa and Fujii 2018; Schuld, Bergholm,
       Gogolin, Izaac and Killoran 2019). */
#include "common/cli.h"
#include "common/clock.h"
#include "common/csv.h"
#include "common/files.h"
#include "common/plans.h"
#include "common/plot.h"
#include "common/progress.h"
#include "common/scalar.h"

#include <jets.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { A, B, ANGLES, REPORTS = 20, GRID = 81, LEVELS = 16, MOST_STEPS = 100000 };

static const double tolerance = 1e-13; /* for derivatives, relative to 1 + |a| + |b|, to which angles are rounded */

/* re, im, re, im, ... */
static const double identity[] = {1, 0, 0, 0, 0, 0, 1, 0}, pauli_x[] = {0, 0, 1, 0, 1, 0, 0, 0},
                    pauli_y[] = {0, 0, 0, -1, 0, 1, 0, 0}, pauli_z[] = {1, 0, 0, 0, 0, 0, -1, 0},
                    ket_0[] = {1, 0, 0, 0};

typedef struct settings {
  double start[ANGLES], rate;
  int steps;
  const char *out;
} settings;

/* ---- the circuit ------------------------------------------------------------------------------------------------ */

static jet matrix(jet_tape *tape, const double *pairs) {
  return jet_constant_complex(tape, 2, (const ptrdiff_t[]){2, 2}, pairs);
}

/* exp(-i angle P/2) of a Pauli matrix, since P^2 = 1. */
static jet rotation(jet angle, const double *pauli) {
  const jet half = jet_scale(angle, 0.5), minus_i_sine = jet_complex(jet_scalar(angle.tape, 0), jet_neg(jet_sin(half)));
  return jet_add(jet_mul(jet_cos(half), matrix(angle.tape, identity)),
                 jet_mul(minus_i_sine, matrix(angle.tape, pauli)));
}

/* <psi|P|psi> for angles [.., 1, 1]: of one qubit, or of as many as there are angles. */
static jet expectation(const double *pauli, jet a, jet b) {
  const jet zero = jet_constant_complex(a.tape, 2, (const ptrdiff_t[]){2, 1}, ket_0);
  const jet ket = jet_matmul(rotation(b, pauli_y), jet_matmul(rotation(a, pauli_x), zero));
  const jet bra = jet_transpose(jet_conj(ket));
  return jet_real(jet_matmul(bra, jet_matmul(matrix(a.tape, pauli), ket)));
}

/* (<Z>(a + pi/2) - <Z>(a - pi/2))/2, or for b so. */
static jet shift_rule(jet a, jet b, int which) {
  jet value[2];
  for (int i = 0; i < 2; i++) {
    const double by = i ? -pi / 2 : pi / 2;
    value[i] = which == A ? expectation(pauli_z, jet_shift(a, by), b) : expectation(pauli_z, a, jet_shift(b, by));
  }
  return jet_scale(jet_sub(value[0], value[1]), 0.5);
}

/* ---- the plan: all that is known at one point ------------------------------------------------------------------- */

enum { AT_A, AT_B, MEAN_X, MEAN_Y, VALUE, SLOPE_A, SLOPE_B, SHIFT_A, SHIFT_B, H_AA, H_AB, H_BA, H_BB, KNOWN };
enum { STEP = KNOWN, LEAST, MOST, COLUMNS }; /* LEAST, MOST: curvatures, the Hessian's eigenvalues */

typedef struct qubit {
  const settings *set;
  jet_plan *plan;
  double now[KNOWN];
  double *past; /* COLUMNS columns, each `steps` + 1 long                     */
  double worst; /* difference of what is known from the closed form          */
} qubit;

static jet angle(jet angles, ptrdiff_t which) {
  const ptrdiff_t after = which + 1, one[2] = {1, 1};
  return jet_reshape(jet_slice(angles, &which, &after, NULL), 2, one);
}

/* Jets of order 1 in two directions, a and b, under reverse: coefficient 0 of what comes out is the gradient,
   coefficient 1 the Hessian, a row for each direction. */
static jet gradient_and_hessian(jet angles) {
  const double eye[ANGLES * ANGLES] = {1, 0, 0, 1};
  const jet directions = jet_constant(angles.tape, 2, (const ptrdiff_t[]){ANGLES, ANGLES}, eye),
            along = jet_expand_many(angles, directions, jet_parameter(angles.tape, 1));
  jet gradient;
  jet_grad(expectation(pauli_z, angle(along, A), angle(along, B)), 1, &along, &gradient);
  return gradient;
}

static int plan_new(qubit *q) {
  jet_tape *tape = jet_tape_new();
  const jet angles = jet_input(tape, 1, (const ptrdiff_t[]){ANGLES}), a = angle(angles, A), b = angle(angles, B);
  const jet out[] = {gradient_and_hessian(angles), shift_rule(a, b, A),        shift_rule(a, b, B),
                     expectation(pauli_x, a, b),   expectation(pauli_y, a, b), expectation(pauli_z, a, b)};
  static const int known[] = {SLOPE_A, SHIFT_A, SHIFT_B, MEAN_X, MEAN_Y, VALUE};
  q->plan = jet_plan_new(tape, 6, out);
  jet_plan_bind(q->plan, angles, 0, &q->now[AT_A]);
  for (int i = 0; i < 6; i++) jet_plan_bind(q->plan, out[i], 0, &q->now[known[i]]);
  jet_plan_bind(q->plan, out[0], 1, &q->now[H_AA]);
  jet_tape_free(tape);
  return plan_check(q->plan);
}

/* ---- descent ---------------------------------------------------------------------------------------------------- */

static const double *past(const qubit *q, int column) { return q->past + column * (q->set->steps + 1); }

static double difference(const qubit *q) {
  const double *x = q->now, ca = cos(x[AT_A]), sa = sin(x[AT_A]), cb = cos(x[AT_B]), sb = sin(x[AT_B]);
  const double exact[KNOWN] = {x[AT_A],  x[AT_B],  sb * ca,  -sa,     ca * cb, -sa * cb, -ca * sb,
                               -sa * cb, -ca * sb, -ca * cb, sa * sb, sa * sb, -ca * cb};
  double most = 0;
  for (int i = 0; i < KNOWN; i++) raise_to(&most, fabs(x[i] - exact[i]));
  return most;
}

static int check(qubit *q, int step) {
  const double off = difference(q);
  raise_to(&q->worst, off);
  if (off <= tolerance * (1 + fabs(q->now[AT_A]) + fabs(q->now[AT_B]))) return 0;
  return cli_complain(1, "step %d: an expectation or a derivative is %.1e off the closed form", step, off);
}

/* A row of the past: what is known, and the curvatures of <Z>. */
static void note(qubit *q, int step) {
  double row[COLUMNS];
  memcpy(row, q->now, sizeof q->now);
  const double middle = (row[H_AA] + row[H_BB]) / 2,
               apart = hypot((row[H_AA] - row[H_BB]) / 2, (row[H_AB] + row[H_BA]) / 2);
  row[STEP] = step, row[LEAST] = middle - apart, row[MOST] = middle + apart;
  for (int j = 0; j < COLUMNS; j++) q->past[j * (q->set->steps + 1) + step] = row[j];
}

static void report(const qubit *q, int step, progress *line) {
  const int every = (q->set->steps + REPORTS - 1) / REPORTS;
  const double *x = q->now;
  progress_show(line, "step %d of %d, <Z> %.7f", step, q->set->steps, x[VALUE]);
  if (every && step % every && step < q->set->steps) return;
  progress_clear(line);
  printf("%6d %10.6f %10.6f %11.7f %11.3e %11.3e   %11.3e %11.3e   %7.4f %7.4f\n", step, x[AT_A], x[AT_B], x[VALUE],
         x[SLOPE_A], x[SLOPE_B], x[SHIFT_A], x[SHIFT_B], past(q, LEAST)[step], past(q, MOST)[step]);
  fflush(stdout);
}

static int descend(qubit *q) {
  progress line = progress_new();
  memcpy(&q->now[AT_A], q->set->start, sizeof q->set->start);
  puts("  step          a          b         <Z>     d<Z>/da     d<Z>/db   by shifts: a           b   curvature, from "
       "to");
  int status = 0;
  for (int i = 0; !status; i++) {
    if ((status = plan_run(q->plan)) || (status = check(q, i))) break;
    note(q, i);
    report(q, i, &line);
    if (i == q->set->steps) break;
    for (int j = 0; j < ANGLES; j++) q->now[AT_A + j] -= q->set->rate * q->now[SLOPE_A + j];
  }
  progress_clear(&line);
  return status;
}

/* ---- what is written -------------------------------------------------------------------------------------------- */

typedef enum file { TABLE, PICTURE, FILES } file;
static const char *const file_names[FILES] = {"steps.csv", "qubit.png"};

static int write_table(const qubit *q, output *out) {
  static const int order[COLUMNS] = {STEP,    AT_A,    AT_B, MEAN_X, MEAN_Y, VALUE, SLOPE_A, SLOPE_B,
                                     SHIFT_A, SHIFT_B, H_AA, H_AB,   H_BA,   H_BB,  LEAST,   MOST};
  static const char *const headings[COLUMNS] = {"step",    "a",       "b",    "x",    "y",    "z",    "dz_da", "dz_db",
                                                "shift_a", "shift_b", "h_aa", "h_ab", "h_ba", "h_bb", "least", "most"};
  column list[COLUMNS];
  for (int j = 0; j < COLUMNS; j++) list[j] = (column){headings[j], past(q, order[j])};
  csv_write(out->stream, q->set->steps + 1, COLUMNS, list);
  return output_commit(out) ? 0 : 2;
}

typedef struct surface {
  double at[ANGLES][GRID], shade[GRID * GRID];
} surface;

/* Around the path, and no narrower than between neighbouring extremes. */
static void lay_grid(const qubit *q, surface *s) {
  for (int i = 0; i < ANGLES; i++) {
    const double *path = past(q, AT_A + i);
    double low = path[0], high = path[0];
    for (int j = 1; j <= q->set->steps; j++) low = fmin(low, path[j]), high = fmax(high, path[j]);
    const double room = 0.5 * fmax(0, pi - (high - low)) + 0.5;
    for (int j = 0; j < GRID; j++) s->at[i][j] = low - room + (high - low + 2 * room) * j / (GRID - 1);
  }
}

/* <Z> of the whole grid in one run: angles of [1, GRID, 1, 1] and [GRID, 1, 1, 1] meet in a product of matrices.
   Contours are drawn at levels whose ratios are equal: those of exp <Z> lie at equal distances of <Z>. */
static int take_surface(const qubit *q, surface *s) {
  lay_grid(q, s);
  jet_tape *tape = jet_tape_new();
  const jet a = jet_input(tape, 4, (const ptrdiff_t[]){1, GRID, 1, 1}),
            b = jet_input(tape, 4, (const ptrdiff_t[]){GRID, 1, 1, 1}), shade = jet_exp(expectation(pauli_z, a, b));
  jet_plan *plan = jet_plan_new(tape, 1, &shade);
  jet_plan_bind(plan, a, 0, s->at[A]);
  jet_plan_bind(plan, b, 0, s->at[B]);
  jet_plan_bind(plan, shade, 0, s->shade);
  const int status = plan_run_once(plan);
  jet_tape_free(tape);
  return status;
}

static int write_picture(const qubit *q, const surface *s, output *out, const char *path) {
  const ptrdiff_t rows = q->set->steps + 1;
  const double *a = past(q, AT_A), *b = past(q, AT_B);
  const column list[] = {{"step", past(q, STEP)}, {"<Z>", past(q, VALUE)}, {"least curvature", past(q, LEAST)}};
  const layer plane[] = {{LAYER_CONTOURS, NULL, GRID, s->at[A], s->at[B], s->shade, NULL, GRID, LEVELS},
                         {.kind = LAYER_LINE, .rows = rows, .x = a, .y = b},
                         {.kind = LAYER_POINTS, .name = "steps", .rows = rows, .x = a, .y = b}};
  plot panels[2] = {{.title = "descent", .x_label = "step", .legend_at = "right center"},
                    {.title = "path over contours of <Z>", .x_label = "a", .y_label = "b", .equal = 1}};
  panels[0].rows = rows, panels[0].columns = 3, panels[0].list = list;
  panels[0].y_low = -1.05, panels[0].y_high = 1.05, panels[0].x_high = fmax(1, (double)(rows - 1));
  panels[1].layers = 3, panels[1].drawn = plane;
  panels[1].x_low = s->at[A][0], panels[1].x_high = s->at[A][GRID - 1];
  panels[1].y_low = s->at[B][0], panels[1].y_high = s->at[B][GRID - 1];
  return plot_write_across(out, path, 2, 2, panels);
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

static int turn_and_write(qubit *q, files *f) {
  static surface s;
  const double start = clock_seconds();
  q->past = (double *)malloc(COLUMNS * ((size_t)q->set->steps + 1) * sizeof *q->past);
  int status = q->past ? plan_new(q) : cli_complain(1, "out of memory");
  if (!status) status = descend(q);
  if (!status) status = take_surface(q, &s);
  const double time = clock_seconds() - start;
  if (!status) status = write_table(q, &f->out[TABLE]);
  if (!status) status = write_picture(q, &s, &f->out[PICTURE], f->path[PICTURE]);
  if (status) return status;
  printf("expectations, gradient, Hessian and parameter-shift rule within %.1e of the closed form\n", q->worst);
  printf("final <Z> %.7f a %.6f b %.6f time %.2f\n", q->now[VALUE], q->now[AT_A], q->now[AT_B], time);
  return 0;
}

int main(int argc, char **argv) {
  settings s = {.start = {0.011, 0.012}, .rate = 0.4, .steps = 100, .out = "qubit_out"};
  const cli_option options[] = {
      {"a", "ANGLE", "the first angle, about x", CLI_NUMBER, &s.start[A], -100, 100},
      {"b", "ANGLE", "the first angle, about y", CLI_NUMBER, &s.start[B], -100, 100},
      {"steps", "N", "down the gradient", CLI_INTEGER, &s.steps, 0, MOST_STEPS},
      {"learning-rate", "R", "length of a step, of the gradient's", CLI_NUMBER, &s.rate, 0, 10},
      {"out", "DIR", "where steps.csv and qubit.png go", CLI_FILE, &s.out, 0, 0},
  };
  qubit q = {.set = &s};
  static files f;
  int status = cli_read(argc, argv, "Turns a qubit from |0> to |1> by gradient descent.",
                        sizeof options / sizeof *options, options);
  if (status < 0 && !(status = files_open(&f, s.out, FILES, file_names))) status = turn_and_write(&q, &f);
  files_discard(&f);
  jet_plan_free(q.plan);
  free(q.past);
  return status;
}
