/* jets.h - derivatives of any order by arrays of truncated Taylor polynomials.

   An element of an array is a jet, a truncated Taylor polynomial
       x(t) = x_0 + x_1 t + ... + x_K t^K,      x_k = x^(k)(0) / k!
   and operations map arrays of jets to arrays of jets. Coefficients are always stored scaled (x_k, not x^(k)).

   Three tiers, each enough for its users:
     1. jet_fn    a C callback made differentiable:  numbers in, derivatives out;
     2. jet_tape  records operations on jets;
     3. jet_plan  runs a recording again and again without allocating.

   Errors. Numbers never fail: log(-1) is NaN, as in <math.h>. Structure can: shapes, orders, memory, foreign tapes. While
   recording, the first failure sticks to the tape (of the first operand) with a sentence and what follows does nothing, so that
   expressions nest and one check at the end is enough. Nothing here aborts, prints, exits or reads the environment.

   Threads. Record on a tape from one thread at a time; a tape that is no longer recorded on may be read by any number of
   threads (jet_plan_new reads). One thread at a time for each plan and for each jet_fn. There is no global state.

   Arrays are row-major. A dims argument may be NULL where the rank is 0. */
#ifndef JETS_H
#define JETS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined _WIN32
#define JET_API
#else
#define JET_API __attribute__((visibility("default")))
#endif

#define JET_VERSION_MAJOR 0
#define JET_VERSION_MINOR 1
#define JET_VERSION_PATCH 0
#define JET_VERSION_STRING "0.1.0"
JET_API const char *jet_version(void); /* of the library that runs; JET_VERSION_STRING is of the one compiled against */

/* ---- limits ---------------------------------------------------------------------------------------------------- */
#define JET_MAX_RANK 8
#define JET_MAX_ORDER 1023

/* ---- statuses: (name, sentence) -------------------------------------------------------------------------------- */
#define JET_STATUSES(X)                                                                                              \
  X(OK, "no error")                                                                                                  \
  X(NO_MEMORY, "out of memory")                                                                                      \
  X(BAD_ARGUMENT, "an argument is invalid")                                                                          \
  X(BAD_SHAPE, "shapes do not fit")                                                                                  \
  X(BAD_ORDER, "an order or coefficient is out of range")                                                            \
  X(BAD_PARAMETER, "jets have different parameters")                                                                 \
  X(FOREIGN, "a jet belongs to another tape")                                                                        \
  X(TOO_LARGE, "a size overflows")                                                                                   \
  X(NOT_ELEMENTWISE, "the function is not elementwise")                                                              \
  X(BAD_CALLBACK, "the callback did not return a jet")                                                               \
  X(OVERFLOW, "a finite Taylor coefficient times k! overflows")                                                      \
  X(UNSUPPORTED, "this is not available")

typedef enum jet_status {
#define JET_STATUS_NAME(name, sentence) JET_##name,
  JET_STATUSES(JET_STATUS_NAME)
#undef JET_STATUS_NAME
} jet_status;

JET_API const char *jet_status_string(jet_status); /* the general sentence; never NULL */

/* ---- objects --------------------------------------------------------------------------------------------------- */
typedef struct jet_tape jet_tape; /* records operations; owns every jet on it      */
typedef struct jet_plan jet_plan; /* a recording made ready to run, again and again */
typedef struct jet_fn jet_fn;     /* a C function made differentiable               */
typedef struct jet {              /* a value: copy it, nest it, never free it       */
  jet_tape *tape;
  int id;
} jet;

typedef enum jet_isa { JET_ISA_AUTO, JET_ISA_BASELINE, JET_ISA_AVX2, JET_ISA_AVX512 } jet_isa;

/* Whether kernels for the instruction set are in the library and this processor runs them. */
JET_API int jet_isa_available(jet_isa);

/* Options of a tape, of the plans made from it and of a jet_fn. Start from JET_TAPE_OPTIONS_INIT and change fields. */
typedef struct jet_tape_options {
  size_t size; /* sizeof(jet_tape_options) */
  /* All memory of the tape and of its plans. Like realloc with a context: (p = NULL, old = 0) allocates, new = 0 frees and
     returns NULL; memory aligned as malloc's. NULL: realloc and free. Called by the thread that uses the tape or plan. */
  void *(*allocate)(void *context, void *p, size_t old_size, size_t new_size);
  void *context;
  jet_isa isa;       /* force an instruction set; AUTO takes the best that the processor has */
  int no_rewriting;  /* non-zero: record sin(x)/x and its like as typed (see jet_div, jet_log, jet_sqrt, jet_sub) */
} jet_tape_options;
#define JET_TAPE_OPTIONS_INIT { sizeof(jet_tape_options), NULL, NULL, JET_ISA_AUTO, 0 }

/* ---- 1. functions: n numbers in, derivatives out --------------------------------------------------------------- */

/* The callback computes with jet_ operations and returns the result. x has rank 1 and n elements. It is called once, at
   the first evaluation, and its recording is replayed at every order; jet_fn_forget makes the next evaluation call it
   again. It must not keep x or the result. Constants of the function are made on x.tape; inputs are refused. */
typedef jet jet_callback(jet x, void *data);

JET_API jet_fn *jet_fn_new(jet_callback *f, void *data, ptrdiff_t n); /* never NULL: failures show at the first use */
JET_API jet_fn *jet_fn_new_ex(jet_callback *f, void *data, ptrdiff_t n, const jet_tape_options *options);
JET_API void jet_fn_free(jet_fn *);

/* y = f(x): reads n numbers, writes jet_fn_outputs numbers. */
JET_API jet_status jet_fn_value(jet_fn *, const double *x, double *y);

/* Elementwise f: d[k*n + i] = f^(k)(x_i) for k = 0..order, unscaled. An f whose element i depends on more than x_i is
   JET_NOT_ELEMENTWISE. Orders lost at removable singularities, up to 40, are won back by running at a higher order; elements
   that are 0/0 to every order stay NaN. A callback with a jet_parameter of its own is JET_BAD_PARAMETER. Where
   k! c_k overflows and the Taylor coefficient c_k does not, d is infinite and the status JET_OVERFLOW; so it is for orders
   above 170, where k! itself overflows and c_k may underflow. All other numbers are valid with this status too. */
JET_API jet_status jet_fn_derivatives(jet_fn *, int order, const double *x, double *d);

/* Taylor coefficients of f(x + v t), scaled: c[k*m + i], k = 0..order, m = jet_fn_outputs. v: n numbers. */
JET_API jet_status jet_fn_taylor(jet_fn *, int order, const double *x, const double *v, double *c);

JET_API ptrdiff_t jet_fn_outputs(jet_fn *);          /* elements of f(x), or -1 on failure; records if not yet recorded */
JET_API void jet_fn_forget(jet_fn *);                /* *data changed, or a failure is to be tried again: record again */
JET_API const char *jet_fn_message(const jet_fn *);  /* about the last failed call; "" if there is none */

/* ---- 2. tapes: record ------------------------------------------------------------------------------------------ */

JET_API jet_tape *jet_tape_new(void); /* never NULL */
JET_API jet_tape *jet_tape_new_ex(const jet_tape_options *options);
JET_API void jet_tape_free(jet_tape *); /* plans may outlive it: they keep what they need */
JET_API jet_status jet_tape_status(const jet_tape *);
JET_API const char *jet_tape_message(const jet_tape *); /* "mul: [3,4] and [5,2] do not broadcast"; "" if all is well */

JET_API jet jet_input(jet_tape *, int rank, const ptrdiff_t *dims);    /* a plain array, filled in at each run */
JET_API jet jet_constant(jet_tape *, int rank, const ptrdiff_t *dims, const double *data); /* copied now */
JET_API jet jet_scalar(jet_tape *, double value);

/* The jet t itself: a new independent small parameter, truncated after t^order. Two jets meet in one operation only if they
   have the same parameter; plain arrays meet everything. */
JET_API jet jet_parameter(jet_tape *, int order);
JET_API jet jet_input_series(jet t, int rank, const ptrdiff_t *dims); /* an input with coefficients 0..order, all given at each run */
JET_API jet jet_expand(jet x, jet v, jet t);    /* x + v t; x and v plain, broadcasting */
JET_API jet jet_coefficient(jet y, int k);      /* coefficient k as a plain array */

JET_API int jet_order(jet x);                   /* 0 for a plain array; -1 for a failed jet, as the three below */
JET_API int jet_rank(jet x);
JET_API ptrdiff_t jet_extent(jet x, int axis);
JET_API ptrdiff_t jet_size(jet x);

/* Elementwise operations; shapes broadcast as in NumPy. At special points see the table in README.md.
   Rewriting: numerically better programs for the same function are recorded for  sin(x)/x -> sinc(x),
   expm1(x)/x -> exprel(x), log1p(x)/x -> log1prel(x), x/expm1(x) -> 1/exprel(x), exp(x)-1 -> expm1(x), log(1+x) -> log1p(x),
   sqrt(a*a+b*b) -> hypot(a,b), log(exp(a)+exp(b)) -> logaddexp(a,b); a tape option switches it off. */
JET_API jet jet_add(jet a, jet b);
JET_API jet jet_sub(jet a, jet b);
JET_API jet jet_mul(jet a, jet b);
JET_API jet jet_div(jet a, jet b);
JET_API jet jet_pow(jet a, jet b);
JET_API jet jet_atan2(jet y, jet x);
JET_API jet jet_hypot(jet a, jet b);
JET_API jet jet_max(jet a, jet b);
JET_API jet jet_min(jet a, jet b);
JET_API jet jet_logaddexp(jet a, jet b);        /* log(exp a + exp b) */
JET_API jet jet_xlogy(jet x, jet y);            /* x log y, 0 where x is 0 */

JET_API jet jet_scale(jet x, double c);         /* c x */
JET_API jet jet_shift(jet x, double c);         /* x + c */
JET_API jet jet_powc(jet x, double p);          /* x^p; an integer p is made of products: exact at 0, any sign of x */

JET_API jet jet_neg(jet x);
JET_API jet jet_abs(jet x);
JET_API jet jet_sign(jet x);
JET_API jet jet_square(jet x);
JET_API jet jet_recip(jet x);
JET_API jet jet_sqrt(jet x);
JET_API jet jet_rsqrt(jet x);                   /* 1 / sqrt x */
JET_API jet jet_cbrt(jet x);
JET_API jet jet_exp(jet x);
JET_API jet jet_expm1(jet x);
JET_API jet jet_exp2(jet x);
JET_API jet jet_log(jet x);
JET_API jet jet_log1p(jet x);
JET_API jet jet_log2(jet x);
JET_API jet jet_log10(jet x);
JET_API jet jet_sin(jet x);
JET_API jet jet_cos(jet x);
JET_API jet jet_tan(jet x);
JET_API jet jet_sinpi(jet x);                   /* sin(pi x) */
JET_API jet jet_cospi(jet x);                   /* cos(pi x) */
JET_API jet jet_asin(jet x);
JET_API jet jet_acos(jet x);
JET_API jet jet_atan(jet x);
JET_API jet jet_sinh(jet x);
JET_API jet jet_cosh(jet x);
JET_API jet jet_tanh(jet x);
JET_API jet jet_asinh(jet x);
JET_API jet jet_acosh(jet x);
JET_API jet jet_atanh(jet x);
JET_API jet jet_erf(jet x);
JET_API jet jet_erfc(jet x);
JET_API jet jet_normcdf(jet x);                 /* (1 + erf(x/sqrt 2)) / 2 */
JET_API jet jet_sinc(jet x);                    /* sin(x)/x, 1 at 0 */
JET_API jet jet_exprel(jet x);                  /* expm1(x)/x, 1 at 0 */
JET_API jet jet_log1prel(jet x);                /* log1p(x)/x, 1 at 0 */
JET_API jet jet_sigmoid(jet x);                 /* 1 / (1 + exp -x) */
JET_API jet jet_softplus(jet x);                /* log(1 + exp x) */
JET_API jet jet_logsigmoid(jet x);              /* -log(1 + exp -x) */
JET_API jet jet_gelu(jet x);                    /* x normcdf(x) */
JET_API jet jet_silu(jet x);                    /* x sigmoid(x) */
JET_API jet jet_relu(jet x);
JET_API jet jet_floor(jet x);
JET_API jet jet_ceil(jet x);
JET_API jet jet_round(jet x);                   /* half away from zero, as round() */

JET_API jet jet_sum(jet x);                     /* over all elements; rank 0; 0 for a size of 0 */

/* ---- 3. plans: run, many times, without allocating -------------------------------------------------------------- */

typedef struct jet_plan_options {
  size_t size;   /* sizeof(jet_plan_options) */
  int by_orders; /* non-zero: jet_plan_run_orders may be used; all planes of all values are kept in memory */
} jet_plan_options;
#define JET_PLAN_OPTIONS_INIT { sizeof(jet_plan_options), 0 }

/* Evaluates what the n outputs need and nothing else. The tape may grow or be freed afterwards. Never NULL: a failure (of
   the tape, of an output) shows in jet_plan_status and at every use. */
JET_API jet_plan *jet_plan_new(const jet_tape *, int n, const jet outputs[]);
JET_API jet_plan *jet_plan_new_ex(const jet_tape *, int n, const jet outputs[], const jet_plan_options *options);
JET_API void jet_plan_free(jet_plan *);
JET_API jet_status jet_plan_status(const jet_plan *);
JET_API const char *jet_plan_message(const jet_plan *); /* about the last failure; "" if there is none */

/* Coefficient k of an input (to write) or of an output (to read): contiguous, row-major, fixed for the plan's life. Never
   NULL for 0 <= k <= order of an input or output of a good plan; else NULL and a message. Inputs start as zeros and survive
   runs. An input that no output needs is accepted and has memory too. After jet_plan_bind: the caller's pointer. */
JET_API double *jet_plan_data(jet_plan *, jet x, int k);

/* Use the caller's memory instead, at any alignment of a double; nothing is copied. It is read or written at each run, may be
   bound again, and must not overlap other memory of the plan. data = NULL goes back to the plan's own. */
JET_API jet_status jet_plan_bind(jet_plan *, jet x, int k, double *data);

JET_API jet_status jet_plan_run(jet_plan *);

/* Coefficients k0..k1-1 of everything, given those below from earlier calls: resumes a sweep; one order at a time solves
   x' = f(x). For plans made with by_orders; refused (by the plan) where a jet_coefficient feeds a jet. Reads coefficients
   0..k1-1 of the inputs. Elements at special points that go by valuation (README.md) are complete only when all orders have
   run, and what was computed from them before is not mended. */
JET_API jet_status jet_plan_run_orders(jet_plan *, int k0, int k1);

/* Highest number of orders of output y lost in the last run at removable singularities: the top coefficients that would need
   inputs beyond the order. They are NaN in the elements concerned. An upper bound for a jet_coefficient; 0 for an input; -1
   if y is neither. */
JET_API int jet_plan_lost(const jet_plan *, jet y);

#ifdef __cplusplus
}
#endif
#endif
