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
   threads (jet_plan_new reads). One thread at a time for each plan and for each jet_fn. There is no global state. A run shares
   large elementwise work, sums over all elements, gradients of slices and work on whole arrays among OpenMP's threads (option
   `threads`); results are the same bit for bit for any number of them, products of matrices too. In a parallel region of the
   caller's a run stays in its thread, unless OpenMP is told to nest. OpenBLAS, which computes products of matrices, has threads of
   its own: the library does not touch their number, and with another one those products round differently.

   Arrays are row-major. A dims argument may be NULL where the rank is 0. */
#ifndef JETS_H
#define JETS_H

#include <stddef.h>
#include <stdio.h>

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
#define JET_MAX_DIRECTIONS 65536

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
  X(NOT_SCALAR, "a function or loss is not a scalar")                                                                \
  X(BAD_INDEX, "an index is out of range")                                                                           \
  X(NO_VALUE, "a value is not known while recording")                                                                \
  X(MISMATCH, "derivatives computed in different ways disagree")                                                     \
  X(BAD_TYPE, "numbers are of another type")                                                                         \
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

/* Numbers of a tape's plans. Of JET_F32 their memory and arithmetic are float; see jet_plan_data_f32. What is recorded stays double:
   jet_constant and the numbers that operations are told are rounded to float when a plan is made. So are jet_peek and jet_poke,
   which compute in double on every tape. Numbers beyond the range of float are infinite there, coefficients x_k too. */
typedef enum jet_type { JET_F64, JET_F32 } jet_type;

/* Options of a tape, of the plans made from it and of a jet_fn. Start from JET_TAPE_OPTIONS_INIT and change fields. */
typedef struct jet_tape_options {
  size_t size; /* sizeof(jet_tape_options) */
  /* All memory of the tape and of its plans. Like realloc with a context: (p = NULL, old = 0) allocates, new = 0 frees and
     returns NULL; memory aligned as malloc's. NULL: realloc and free. Called by the thread that uses the tape or plan. Machine code of
     plans lies in pages of the system beside it. */
  void *(*allocate)(void *context, void *p, size_t old_size, size_t new_size);
  void *context;
  jet_isa isa;       /* force an instruction set; AUTO takes the best that the processor has */
  int no_rewriting;  /* non-zero: record sin(x)/x and its like as typed (see jet_div, jet_log, jet_sqrt, jet_sub) */
  int threads;       /* of the tape's plans whose own options leave it 0: see jet_plan_options */
  jet_type type;     /* of numbers; a jet_fn has JET_F64 alone */
} jet_tape_options;
#define JET_TAPE_OPTIONS_INIT { sizeof(jet_tape_options), NULL, NULL, JET_ISA_AUTO, 0, 0, JET_F64 }

/* ---- 1. functions: n numbers in, derivatives out --------------------------------------------------------------- */

/* The callback computes with jet_ operations and returns the result, which is real. x has rank 1 and n elements. It is called once, at
   the first evaluation, and its recording is replayed at every order; jet_fn_forget makes the next evaluation call it
   again. A callback that calls jet_peek is called again at each evaluation, so that branches and loops on values are right.
   It must not keep x or the result. Constants of the function are made on x.tape; inputs are refused. */
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

/* Taylor coefficients of f(x + v t), scaled: c[k*m + i], k = 0..order, m = jet_fn_outputs. v: n numbers. A callback with a
   jet_parameter of its own is JET_BAD_PARAMETER, also for jet_fn_gradient_taylor. */
JET_API jet_status jet_fn_taylor(jet_fn *, int order, const double *x, const double *v, double *c);

/* Scalar f (jet_fn_outputs is 1; else JET_NOT_SCALAR). y: 1 number, may be NULL. g: n numbers. */
JET_API jet_status jet_fn_gradient(jet_fn *, const double *x, double *y, double *g);

/* The gradient g (n numbers, may be NULL) and the product of the Hessian with v, in one sweep of jets of order 1 under reverse.
   A function that expands inside itself is differentiated in reverse twice. x = NULL: at the point of jet_fn_set_point,
   and nothing of order 0 is computed again. */
JET_API jet_status jet_fn_hvp(jet_fn *, const double *x, const double *v, double *g, double *hv);
/* Scalar f; x is copied; for hvp and hvps until another point or forget. A function that expands inside itself or peeks is
   evaluated from order 0 all the same. Pays where order 0 is expensive (matrix products); long elementwise functions are faster
   with x given, because all of order 0 has to be kept in memory here. */
JET_API jet_status jet_fn_set_point(jet_fn *, const double *x);

/* p products at once: hv[i*n + j] = (H v_i)_j, v[i*n + j]; g as above. In chunks, see jet_fn_set_chunk. */
JET_API jet_status jet_fn_hvps(jet_fn *, int p, const double *x, const double *v, double *g, double *hv);
JET_API jet_status jet_fn_hessian(jet_fn *, const double *x, double *h); /* scalar f; h[i*n + j], as computed: not symmetrised */

/* c[k*n + i]: Taylor coefficients of grad f(x + v t), k = 0..order: grad f, H v, D^3 f[v,v]/2, ... Scalar f. */
JET_API jet_status jet_fn_gradient_taylor(jet_fn *, int order, const double *x, const double *v, double *c);

JET_API jet_status jet_fn_jvp(jet_fn *, const double *x, const double *v, double *y, double *jv); /* y, jv: m; y may be NULL */
JET_API jet_status jet_fn_vjp(jet_fn *, const double *x, const double *u, double *y, double *uj); /* u, y: m; uj: n; y may be NULL */

/* j[i*n + k] = d f_i / d x_k, m rows; y: m numbers, may be NULL. By shape: forward where n <= m, else reverse; or as told.
   Orders lost at removable singularities are won back by jvp alone. */
typedef enum jet_mode { JET_BY_SHAPE, JET_FORWARD, JET_REVERSE } jet_mode;
JET_API jet_status jet_fn_jacobian(jet_fn *, const double *x, double *y, double *j);
JET_API jet_status jet_fn_jacobian_mode(jet_fn *, jet_mode, const double *x, double *y, double *j);

/* Directions that hvps, hessian and jacobian take in one sweep; 0, the default: from cache sizes and the recording's size. */
JET_API jet_status jet_fn_set_chunk(jet_fn *, int directions);

/* Whether derivatives 1..order at x agree: forward jets with central differences of the order below, and reverse with forward by
   <v, grad f(x + v t)> = d/dt f(x + v t), along two fixed pseudo-random directions, to `tolerance` relative (0: 1e-6). If not:
   JET_MISMATCH, and the message names the first operation of the recording whose own derivatives disagree, or says that
   each of them agrees. A kink or a step at x is a disagreement, and so is any use of jet_stop_gradient. Not compared: values and
   coefficients that are NaN or infinite; branches of a callback that peeks, but for the one taken at x. A callback with a
   jet_parameter of its own is checked to order 2 where it is scalar, else to order 1. */
JET_API jet_status jet_fn_check(jet_fn *, int order, const double *x, double tolerance);

/* Several inputs of any shapes (parameters and a minibatch, say). The callback gets n inputs; f may be of any shape.
   Before an evaluation each input has its memory: jet_fn_bind, read in place at each evaluation, any alignment of double; an input
   without is JET_NO_VALUE. The functions above take a single input, of any rank: a jet_fn of several is JET_BAD_ARGUMENT there. */
typedef jet jet_callback_inputs(int n, const jet x[], void *data);
JET_API jet_fn *jet_fn_new_inputs(jet_callback_inputs *f, void *data, int n, const int ranks[], const ptrdiff_t *const dims[]);
JET_API jet_fn *jet_fn_new_inputs_ex(jet_callback_inputs *f, void *data, int n, const int ranks[],
                                     const ptrdiff_t *const dims[], const jet_tape_options *options);
JET_API jet_status jet_fn_bind(jet_fn *, int input, const double *x); /* kept until bound again; not copied */
JET_API jet_status jet_fn_value_inputs(jet_fn *, double *y);
/* Scalar f; y may be NULL. g[i]: gradient with respect to input which[i], i < n, of that input's size. */
JET_API jet_status jet_fn_gradient_inputs(jet_fn *, int n, const int which[], double *y, double *const g[]);
/* Along v[i] in inputs which[i], the others fixed: g[i] (g or g[i] may be NULL) and hv[i] = sum_j H_{which i, which j} v[j]. */
JET_API jet_status jet_fn_hvp_inputs(jet_fn *, int n, const int which[], const double *const v[], double *const g[],
                                     double *const hv[]);

/* Elements of f(x), or -1 on failure. Records if not yet recorded, which a callback that peeks cannot do before its first x. */
JET_API ptrdiff_t jet_fn_outputs(jet_fn *);
JET_API void jet_fn_forget(jet_fn *);                /* *data changed, or a failure is to be tried again: record again */
JET_API const char *jet_fn_message(const jet_fn *);  /* about the last failed call; "" if there is none */

/* ---- 2. tapes: record ------------------------------------------------------------------------------------------ */

JET_API jet_tape *jet_tape_new(void); /* never NULL */
JET_API jet_tape *jet_tape_new_ex(const jet_tape_options *options);
/* Plans may outlive it: they keep what they need, and know its jets by the tape's address. From then on only jet_plan_ calls take those
   jets: what is asked of a jet itself (jet_order, jet_real, ..) reads the tape. */
JET_API void jet_tape_free(jet_tape *);
JET_API jet_status jet_tape_status(const jet_tape *);
JET_API jet_type jet_tape_type(const jet_tape *); /* JET_F64 for NULL */
JET_API const char *jet_tape_message(const jet_tape *); /* "mul: [3,4] and [5,2] do not broadcast"; "" if all is well */

JET_API jet jet_input(jet_tape *, int rank, const ptrdiff_t *dims);    /* a plain array, filled in at each run */
JET_API jet jet_constant(jet_tape *, int rank, const ptrdiff_t *dims, const double *data); /* copied now */
JET_API jet jet_scalar(jet_tape *, double value);

/* The jet t itself: a new independent small parameter, truncated after t^order. Two jets meet in one operation only if they
   have the same parameter; plain arrays meet everything. */
JET_API jet jet_parameter(jet_tape *, int order);
JET_API jet jet_input_series(jet t, int rank, const ptrdiff_t *dims); /* an input with coefficients 0..order, all given at each run */
JET_API jet jet_expand(jet x, jet v, jet t);    /* x + v t; x and v plain, broadcasting */
JET_API jet jet_expand_many(jet x, jet v, jet t); /* P directions x + v_p t that share x; v: P x the shape of x, broadcasting, so rank at most 8 */
/* Coefficient k as a plain array; of P directions, P x shape for k >= 1, and for k = 0, where directions may disagree at a kink of a
   gradient, that of the first. */
JET_API jet jet_coefficient(jet y, int k); /* the second derivative is 2 times coefficient 2 */
/* The sum of coefficient k over the directions of y, an array of its shape: with order 2 and the identity for v of jet_expand_many
   the Laplacian is 2 times that of coefficient 2. A coefficient that directions share counts for each of them. Where nothing but sums
   of the highest coefficient is asked for, operations whose result is affine in it carry one plane of sums from the beginning
   instead of one in each direction, for about half of the work at order 2; the others (quotients, roots and powers, which divide by
   valuation, and those with kinks) work on directions, and so does what they are made of. */
JET_API jet jet_coefficient_sum(jet y, int k);

/* Values while recording: coefficient 0 of x into n = jet_size(x) numbers. Evaluates what was recorded since the last peek, each
   operation once. Inputs have values from jet_poke (not copied: must stay valid; plans know nothing of it) or, inside a callback,
   from the caller; an x that depends on others is JET_NO_VALUE. The first failure sticks to the tape, as everywhere. */
JET_API jet_status jet_peek(jet x, ptrdiff_t n, double *out);
JET_API jet_status jet_poke(jet input, ptrdiff_t n, const double *values); /* a plain input of n elements */

/* Reverse mode: appends to the tape the program for the gradient of a scalar loss with respect to n values of the tape, which
   may be inputs or intermediate. It is made of ordinary operations: it can be differentiated, expanded and planned again. A
   gradient has the loss's order, parameter and directions: for a loss of order K it is the jet dL(t)/dw, also for a plain w;
   for a plain loss, that may contain jet_coefficients, it is plain, and a plain loss with respect to a jet is an error,
   JET_BAD_PARAMETER. So is a loss of order K that reaches wrt through a jet_coefficient; and JET_UNSUPPORTED a jet loss with
   respect to the v of jet_expand_many. What does not reach the
   loss has a gradient that is structurally zero. A wrt may be repeated; a jet_scalar is refused, because operations take it as a
   number. A loss of one element may have any rank. Linear in the nodes between wrt and loss.
   Of an intermediate value it is what was recorded that counts: where sin(x)/x became sinc(x), nothing flows through sin(x). */
JET_API jet_status jet_grad(jet loss, int n, const jet wrt[], jet grad[]);
/* The gradient of sum_i <adjoints[i], outputs[i]>, adjoints held fixed; adjoints[i] of the shape of outputs[i], plain or jets. */
JET_API jet_status jet_vjp(int n, const jet outputs[], const jet adjoints[], int m, const jet wrt[], jet grad[]);

/* All that is recorded, as a graph for graphviz' dot: nodes with operation, shape and order, inputs as boxes. The status
   of a tape that has failed; JET_BAD_ARGUMENT where a pointer is NULL or the file takes no more. */
JET_API jet_status jet_tape_dot(const jet_tape *, FILE *);

JET_API int jet_order(jet x);                   /* 0 for a plain array; -1 for a failed jet, as the three below */
JET_API int jet_rank(jet x);
JET_API ptrdiff_t jet_extent(jet x, int axis);
JET_API ptrdiff_t jet_size(jet x);
JET_API int jet_directions(jet x);              /* 1 unless made by jet_expand_many */

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

/* Masks: 1 where true, else 0, by coefficient 0; false where one is NaN (not_equal: true). Constant: no derivatives. */
JET_API jet jet_less(jet a, jet b);
JET_API jet jet_less_equal(jet a, jet b);
JET_API jet jet_greater(jet a, jet b);
JET_API jet jet_greater_equal(jet a, jet b);
JET_API jet jet_equal(jet a, jet b);
JET_API jet jet_not_equal(jet a, jet b);
JET_API jet jet_where(jet mask, jet a, jet b);        /* a where mask_0 is not 0, else b: jets are chosen, not multiplied */
JET_API jet jet_clamp(jet x, double low, double high); /* min(max(x, low), high) */
JET_API jet jet_stop_gradient(jet x);                 /* coefficient 0 of x as a constant, forward and in reverse */

/* Reductions: over all elements, to rank 0; or over n axes, each once, negative ones counted from the end, which are dropped,
   or stay with extent 1 where keep is not 0. Over no elements: sum and norm 0, prod 1, mean and var NaN,
   logsumexp and amax -inf, amin +inf. Sums are trees fixed by the shape. */
JET_API jet jet_sum(jet x);
JET_API jet jet_mean(jet x);
JET_API jet jet_var(jet x);                           /* mean of |x - mean|^2: divided by the count */
JET_API jet jet_prod(jet x);                          /* by products alone: right with zeros, and so are its gradients */
JET_API jet jet_norm(jet x);                          /* sqrt of the sum of squares, which overflows above 1e154; gradient 0 at 0 */
JET_API jet jet_amax(jet x);                          /* the largest jet along t -> 0+; NaN if there is one. Gradient at ties: */
JET_API jet jet_amin(jet x);                          /* shared equally among elements that tie in all coefficients */
JET_API jet jet_logsumexp(jet x);
JET_API jet jet_sum_over(jet x, int n, const int axes[], int keep);
JET_API jet jet_mean_over(jet x, int n, const int axes[], int keep);
JET_API jet jet_var_over(jet x, int n, const int axes[], int keep);
JET_API jet jet_prod_over(jet x, int n, const int axes[], int keep);
JET_API jet jet_norm_over(jet x, int n, const int axes[], int keep);
JET_API jet jet_amax_over(jet x, int n, const int axes[], int keep);
JET_API jet jet_amin_over(jet x, int n, const int axes[], int keep);
JET_API jet jet_logsumexp_over(jet x, int n, const int axes[], int keep);

/* Along an axis; negative: from the end. */
JET_API jet jet_cumsum(jet x, int axis);
JET_API jet jet_cumprod(jet x, int axis);             /* by products alone */
JET_API jet jet_sort(jet x, int axis);                /* ascending by coefficient 0, NaN last; ties keep their order */
JET_API jet jet_argsort(jet x, int axis);             /* the permutation that jet_sort applies, as plain numbers */
JET_API jet jet_softmax(jet x, int axis);
JET_API jet jet_log_softmax(jet x, int axis);

/* Shapes. Slices of rows, reshapes and coefficients are no copies. */
JET_API jet jet_reshape(jet x, int rank, const ptrdiff_t *dims);      /* one extent may be -1 */
JET_API jet jet_permute(jet x, const int axes[]);                     /* axis i of the result is axis axes[i] of x */
JET_API jet jet_transpose(jet x);                                     /* the last two axes swapped */
JET_API jet jet_broadcast_to(jet x, int rank, const ptrdiff_t *dims);
/* One start, stop, step per axis, as in Python without negative starts: start, start + step, ... before stop; 0 <= start <= extent,
   step not 0, for a negative step stop may be -1; a stop outside the array is an error. step = NULL: 1. */
JET_API jet jet_slice(jet x, const ptrdiff_t start[], const ptrdiff_t stop[], const ptrdiff_t step[]);
JET_API jet jet_concat(int n, const jet x[], int axis);               /* n >= 1: without a jet there is no tape to fail */
JET_API jet jet_stack(int n, const jet x[], int axis);                /* of equal shapes, along a new axis */
JET_API jet jet_pad(jet x, const ptrdiff_t before[], const ptrdiff_t after[], double value);
JET_API jet jet_flip(jet x, int axis);
JET_API jet jet_roll(jet x, ptrdiff_t by, int axis);                  /* element i goes to (i + by) mod extent; by of any size and sign */

/* By constant indices, copied now, 0 <= index < extent: y[.., i, ..] = x[.., index[i], ..] with the axis replaced by dims; and the
   transpose, which adds the elements of x, whose axes `axis..axis+rank-1` are dims, up in an axis of the extent given. */
JET_API jet jet_gather(jet x, int axis, int rank, const ptrdiff_t *dims, const ptrdiff_t *index);
JET_API jet jet_scatter_add(jet x, int axis, int rank, const ptrdiff_t *dims, const ptrdiff_t *index, ptrdiff_t extent);
/* By indices known at the run (numbers, from an input or jet_argsort), of the shape of the result, which is that of x but along the
   axis: y[.., i, ..] = x[.., index[.., i, ..], ..]; NaN where an index is not an integer in range, and so is the gradient there,
   along the whole axis. */
JET_API jet jet_take_along(jet x, jet index, int axis);

/* Matrices: the last two axes; axes before them broadcast. Products of whole matrices do not absorb: 0 times inf is NaN in them. */
JET_API jet jet_diag(jet x);                          /* rank 1: a diagonal matrix; rank 2: its diagonal */
JET_API jet jet_tril(jet x, int k);                   /* zero above diagonal k */
JET_API jet jet_triu(jet x, int k);                   /* zero below diagonal k */
JET_API jet jet_trace(jet x);                         /* rank 2 */
JET_API jet jet_dot(jet a, jet b);                    /* sum of products of two vectors */
JET_API jet jet_outer(jet a, jet b);                  /* of two vectors */
JET_API jet jet_matmul(jet a, jet b);                 /* [.., m, k] x [.., k, n], rank 2 at least; by BLAS */
JET_API jet jet_matvec(jet a, jet x);                 /* [m, k] x [k] */

/* -log softmax(logits)[label] for each row of logits [rows, classes]: [rows]. Labels: constants 0..classes-1, copied now; or a
   plain array [rows] known at the run, where one that is not an integer in range gives NaN, and a gradient of NaN in its row. */
JET_API jet jet_cross_entropy(jet logits, const ptrdiff_t labels[]);
JET_API jet jet_cross_entropy_at(jet logits, jet labels);

/* ---- complex arrays ------------------------------------------------------------------------------------------------ */

/* A complex jet is a handle for two real ones, and goes wherever this list says; elsewhere it is refused with a sentence.
     add sub mul div pow, of complex and real operands in any mixture; scale (by a real number) shift powc neg square recip sqrt exp log
     sin cos tan sinh cosh tanh asin acos atan asinh acosh atanh abs; where (the mask is real); sum mean cumsum dot outer matmul matvec
     trace diag tril triu; reshape broadcast_to permute transpose slice concat stack pad flip roll gather scatter_add take_along;
     expand expand_many coefficient stop_gradient. The norm of one is that of its jet_abs.
   Branches are principal, cuts those of C99's Annex G, where the sign of a zero tells the side: log, sqrt, pow and powc (of no
   integer) cut along the negative real axis; asin acos atanh along the real axis beyond -1 and 1, acosh below 1; asinh and atan along
   the imaginary axis beyond -i and i. Infinities are those of the real formulas, not Annex G's. Quotients, recip and negative
   integer powc need |w| within 1e-154 and 1e154; the real part of a log near |z| = 1 is right to u absolutely, not relatively. dot
   and matmul conjugate nothing.
   A gradient of a real loss with respect to z = x + iy is dL/dx + i dL/dy, the direction of steepest ascent (README.md compares the
   conventions); of jet_vjp, the loss is the real part of the sum of conj(adjoint) output. */
JET_API jet jet_complex(jet re, jet im);                /* real arrays that broadcast */
JET_API jet jet_input_complex(jet_tape *, int rank, const ptrdiff_t *dims);
JET_API jet jet_constant_complex(jet_tape *, int rank, const ptrdiff_t *dims, const double *pairs); /* re, im, re, ..: double complex */
JET_API int jet_is_complex(jet x);
JET_API jet jet_real(jet z);                            /* these five of real arrays too */
JET_API jet jet_imag(jet z);
JET_API jet jet_conj(jet z);
JET_API jet jet_angle(jet z);                           /* atan2(im, re), in [-pi, pi] */
JET_API jet jet_abs2(jet z);                            /* re^2 + im^2; jet_abs is hypot(re, im), whose gradient at 0 is 0 */
JET_API jet jet_polar(jet r, jet angle);                /* r e^(i angle) */
/* The k-th derivative at z of an elementwise f that is holomorphic, or of a real one for real z: k! times coefficient k of f(z + t). z is
   plain; f records on z's tape. */
JET_API jet jet_derivative(jet_callback *f, void *data, jet z, int k);

/* ---- Fourier transforms, by FFTW ------------------------------------------------------------------------------------- */

/* y_k = sum over j of x_j e^{-2 pi i j k / n} along the axes, and its inverse with e^{+..} and, by the norm, a factor: BACKWARD 1/n
   on the inverse, FORWARD 1/n on the transform, ORTHO 1/sqrt n on both; n the elements of all axes. Real operands count as complex.
   rfft is the first n/2 + 1 of the last axis of the list for a real array; irfft goes back to the extent given, n or n + 1, and takes the
   imaginary parts that a real array has not for 0. FFTW allocates memory of its own when a plan is made, for lengths with prime factors
   above 13 and cosine transforms at every run too, outside the tape's allocator, and ends the process where there is none. Every
   coefficient of a jet is transformed, batches at once. Axes of no elements, and a library built without FFTW, are refused. A list has one
   axis or more, each once, negative ones counted from the end. */
typedef enum jet_fft_norm { JET_FFT_BACKWARD, JET_FFT_ORTHO, JET_FFT_FORWARD } jet_fft_norm;
JET_API jet jet_fft(jet z, int axis, jet_fft_norm norm);
JET_API jet jet_ifft(jet z, int axis, jet_fft_norm norm);
JET_API jet jet_rfft(jet x, int axis, jet_fft_norm norm);
JET_API jet jet_irfft(jet z, ptrdiff_t extent, int axis, jet_fft_norm norm);
JET_API jet jet_fft2(jet z, jet_fft_norm norm);         /* the last two axes */
JET_API jet jet_ifft2(jet z, jet_fft_norm norm);
JET_API jet jet_rfft2(jet x, jet_fft_norm norm);
JET_API jet jet_irfft2(jet z, ptrdiff_t extent, jet_fft_norm norm);
JET_API jet jet_fftn(jet z, int n, const int axes[], jet_fft_norm norm);
JET_API jet jet_ifftn(jet z, int n, const int axes[], jet_fft_norm norm);
JET_API jet jet_rfftn(jet x, int n, const int axes[], jet_fft_norm norm);
JET_API jet jet_irfftn(jet z, ptrdiff_t extent, int n, const int axes[], jet_fft_norm norm);
JET_API jet jet_fftshift(jet x, int n, const int axes[]);  /* element 0 of each axis goes to n/2 */
JET_API jet jet_ifftshift(jet x, int n, const int axes[]); /* undoes it: element n/2 goes to 0 */
JET_API jet jet_fftfreq(jet_tape *, ptrdiff_t n, double spacing);  /* 0, 1, .., -1 over n spacing */
JET_API jet jet_rfftfreq(jet_tape *, ptrdiff_t n, double spacing);

/* Cosine transforms of a real array along an axis, of types 1 to 4 as SciPy has them; with BACKWARD the plain sum, twice over each number
   but the ends. An inverse undoes the transform of the same type and norm. Type 1 needs two elements. */
JET_API jet jet_dct(jet x, int type, int axis, jet_fft_norm norm);
JET_API jet jet_idct(jet x, int type, int axis, jet_fft_norm norm);

/* sum over j of a_{k-j} b_j, and of a_{k+j} conj(b_j), of two vectors or two matrices, real or complex: wherever they overlap, m + n - 1
   (of a correlation element n - 1 is k = 0); the middle of that, of the shape of a, from element (n - 1)/2 on; where b lies inside a,
   m - n + 1. By shifted sums where that is less work, else by FFT, whose rounding is relative to the largest elements. */
typedef enum jet_convolve_mode { JET_FULL, JET_SAME, JET_VALID } jet_convolve_mode;
JET_API jet jet_convolve(jet a, jet b, jet_convolve_mode mode);
JET_API jet jet_correlate(jet a, jet b, jet_convolve_mode mode);

/* ---- 3. plans: run, many times, without allocating -------------------------------------------------------------- */

/* What a plan does to be fast. Each can be left out, with the same numbers bit for bit (but for the bits of NaN). */
typedef enum jet_optimisation {
  JET_COMMON = 1 << 0,    /* what was recorded twice is computed once */
  JET_FOLDING = 1 << 1,   /* what depends on constants alone is computed when the plan is made; operations that change nothing go */
  JET_HOISTING = 1 << 2,  /* what is the same in every block of a region is made once a run */
  JET_CHAINS = 1 << 3,    /* sums and products of few coefficients run as machine code for several operations at a time */
  JET_SINKS = 1 << 4,     /* reductions and deposits are taken in the pass that makes what they add */
  JET_REMAKING = 1 << 5,  /* what is cheaper to make again than to store and reload is made again */
  JET_REUSE = 1 << 6,     /* memory is used again when what it held has been read for the last time */
  JET_STREAMING = 1 << 7, /* large results that nobody reads again are stored past the cache */
  JET_ALL = (1 << 8) - 1
} jet_optimisation;

typedef struct jet_plan_options {
  size_t size;   /* sizeof(jet_plan_options) */
  int by_orders; /* non-zero: jet_plan_run_orders may be used; all planes of all values are kept in memory */
  int without;   /* optimisations to leave out: jet_optimisation, or-ed */
  int threads;   /* that a run takes at most; 1: the caller's alone. 0: as the tape's options say, or, where these leave it 0 too,
                    what omp_get_max_threads() is when the plan is made */
  int measure;   /* non-zero: Fourier transforms are chosen by trial (FFTW_MEASURE), which takes time now and may save some at each
                    run; two such plans may differ in rounding */
} jet_plan_options;
#define JET_PLAN_OPTIONS_INIT { sizeof(jet_plan_options), 0, 0, 0, 0 }

/* Evaluates what the n outputs need and nothing else. The tape may grow or be freed afterwards. Never NULL: a failure (of
   the tape, of an output) shows in jet_plan_status and at every use. */
JET_API jet_plan *jet_plan_new(const jet_tape *, int n, const jet outputs[]);
JET_API jet_plan *jet_plan_new_ex(const jet_tape *, int n, const jet outputs[], const jet_plan_options *options);
JET_API void jet_plan_free(jet_plan *);
JET_API jet_status jet_plan_status(const jet_plan *);
JET_API const char *jet_plan_message(const jet_plan *); /* about the last failure; "" if there is none */

/* Coefficient k of an input (to write) or of an output (to read): contiguous, row-major, fixed for the plan's life. Never
   NULL for 0 <= k <= order of an input or output of a good plan; else NULL and a message. Inputs start as zeros and survive
   runs. An output that is an input itself, the same jet, has the input's memory; operations that change nothing, and gradients, give jets
   of their own. An input that no output needs is accepted and has memory too. After jet_plan_bind: the caller's pointer. Of P directions
   coefficients k >= 1 have P x jet_size(x) numbers; so may coefficient 0 of a gradient through a kink (abs, relu, max, ..), where
   directions disagree: room for P is safe. */
JET_API double *jet_plan_data(jet_plan *, jet x, int k);
JET_API float *jet_plan_data_f32(jet_plan *, jet x, int k); /* of a tape of JET_F32; of the other type each is NULL and a message */

/* Use the caller's memory instead, at any alignment of its numbers; nothing is copied. It is read or written at each run, may be
   bound again, and must not overlap other memory of the plan (which is not checked). data = NULL goes back to the plan's own. */
JET_API jet_status jet_plan_bind(jet_plan *, jet x, int k, double *data);
JET_API jet_status jet_plan_bind_f32(jet_plan *, jet x, int k, float *data); /* of the other type each is JET_BAD_TYPE */

/* Coefficient k of a complex output or input, re, im, re, im, ..: copied now; and bound, to be read before or written after each
   run (NULL: no longer). All three go through the memory of the parts, jet_real(z) and jet_imag(z), which jet_plan_data and jet_plan_bind
   reach. */
JET_API jet_status jet_plan_read(jet_plan *, jet z, int k, double *pairs);
JET_API jet_status jet_plan_write(jet_plan *, jet z, int k, const double *pairs);
JET_API jet_status jet_plan_bind_complex(jet_plan *, jet z, int k, double *pairs);

JET_API jet_status jet_plan_run(jet_plan *);

/* Coefficients k0..k1-1 of everything, given those below from earlier calls (which is not checked): resumes a sweep; one order at a
   time solves x' = f(x). For plans made with by_orders; refused (by the plan) where a jet_coefficient feeds a jet. Reads coefficients
   0..k1-1 of the inputs. Elements at special points that go by valuation (README.md) are complete only when all orders have
   run, and what was computed from them before is not mended. */
JET_API jet_status jet_plan_run_orders(jet_plan *, int k0, int k1);

/* Highest number of orders of output y lost in the last run at removable singularities: the top coefficients that would need
   inputs beyond the order. They are NaN in the elements concerned. An upper bound for a jet_coefficient; 0 for an input; -1
   if y is neither. */
JET_API int jet_plan_lost(const jet_plan *, jet y);

/* Bytes of all memory that the plan holds, as its allocator was asked for it; fixed for its life. Memory that the caller
   binds is not counted; the plan's own, which it stands in for, is. 0 for NULL. */
JET_API size_t jet_plan_memory(const jet_plan *);

/* What a run does, in the order of execution, as text to read (its form may change): regions, each with its steps: operation,
   shape, order, coefficients made [k0,k1), directions, bytes of planes read and written, flops; then sums and jet_plan_memory.
   Flops count additions and multiplications of the recurrences, within the intervals of coefficients that can be non-zero:
   n (K+1)^2 for a product of n jets of order K; n K (K+1) for each result and spare series of a function; nothing for
   choices and for coefficient 0 of a function, which is libm's; 2 m n k for each product of matrices; one for each element
   that else is read by what works on whole arrays. Repairs at special points are not counted. The status of a plan that
   has failed; JET_BAD_ARGUMENT where a pointer is NULL or the file takes no more. */
JET_API jet_status jet_plan_print(const jet_plan *, FILE *);

#ifdef __cplusplus
}
#endif
#endif
