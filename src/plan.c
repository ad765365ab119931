/* plan.c - the life of a plan and its ports: what a caller of jet_plan_ sees. */
#include "pair.h"
#include "plan.h"
#include "workers.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

extern const runtime plan_runtime_f32;
static const jet_plan no_plan = {.status = JET_NO_MEMORY, .message = "out of memory"}; /* never written: its status is set */

/* The one place that every failure of a plan passes. Building failures stick, others (sticks = 0) only leave the message. */
static void say(jet_plan *p, const char *format, va_list list) {
  if (p != &no_plan) vsnprintf(p->message, sizeof p->message, format, list);
}

int plan_fail(jet_plan *p, jet_status status, const char *format, ...) {
  va_list list;
  if (p->status) return 0;
  p->status = status;
  va_start(list, format);
  say(p, format, list);
  va_end(list);
  return 0;
}

/* A call that failed and changed nothing. */
jet_status plan_refuse(jet_plan *p, jet_status status, const char *format, ...) {
  va_list list;
  va_start(list, format);
  say(p, format, list);
  va_end(list);
  return status;
}

static int check_outputs(jet_plan *p, const jet_tape *tape, int n, const jet outputs[]) {
  if (tape->status) return plan_fail(p, tape->status, "the tape has failed: %s", tape->message);
  if (n < 1) return plan_fail(p, JET_BAD_ARGUMENT, "a plan needs at least one output, not %d", n);
  if (!outputs) return plan_fail(p, JET_BAD_ARGUMENT, "outputs is NULL");
  for (int i = 0; i < n; i++) {
    if (outputs[i].tape != tape) return plan_fail(p, JET_FOREIGN, "output %d is not a jet of the plan's tape%s%s", i,
                       *other_type(tape->type, outputs[i].tape) ? ", but of one" : "", other_type(tape->type, outputs[i].tape));
    if (outputs[i].id < 0 || outputs[i].id >= tape->nvalues)
      return plan_fail(p, JET_BAD_ARGUMENT, "output %d is not a jet", i);
  }
  return 1;
}

static int read_options(jet_plan *p, const jet_plan_options *from) {
  jet_plan_options o = JET_PLAN_OPTIONS_INIT;
  if (from && (from->size < sizeof(size_t) || from->size > 4096))
    return plan_fail(p, JET_BAD_ARGUMENT, "jet_plan_new_ex: options.size is not the size of the options");
  if (from) memcpy(&o, from, from->size < sizeof o ? from->size : sizeof o);
  p->by_orders = o.by_orders;
  p->without = o.without;
  p->measure = o.measure;
  if (o.threads < 0) return plan_fail(p, JET_BAD_ARGUMENT, "jet_plan_new_ex: threads is %d", o.threads);
  if (!o.threads) o.threads = p->tape->threads;
  p->threads = workers_allowed(o.threads ? o.threads : workers_default());
  return 1;
}

jet_plan *jet_plan_new(const jet_tape *tape, int n, const jet outputs[]) {
  return jet_plan_new_ex(tape, n, outputs, NULL);
}

/* A plan knows pairs by their parts. */
static int build(jet_plan *p, const jet_tape *tape, int n, const jet outputs[]) {
  jet *parts = (jet *)bag_new(&p->owned, 2 * (size_t)n, sizeof *parts);
  int count = 0;
  if (!parts) return plan_fail(p, JET_NO_MEMORY, "out of memory while planning");
  for (int i = 0; i < n; i++) {
    if (!is_complex(outputs[i])) parts[count++] = outputs[i];
    else for (int j = 0; j < 2; j++) parts[count++] = part_of(outputs[i], j);
  }
  return p->typed->build(p, tape, count, parts) && plan_pairs(p, tape);
}

jet_plan *jet_plan_new_ex(const jet_tape *tape, int n, const jet outputs[], const jet_plan_options *options) {
  memory m = {0};
  if (tape) m = tape->mem;
  jet_plan *p = (jet_plan *)memory_resize(&m, NULL, 0, sizeof *p);
  if (!p) return (jet_plan *)&no_plan;
  memset(p, 0, sizeof *p);
  p->mem = m;
  p->owned.mem = m;
  p->tape = tape;
  if (!tape) {
    plan_fail(p, JET_BAD_ARGUMENT, "the tape is NULL");
    return p;
  }
  p->nvalues = tape->nvalues;
  p->typed = tape->type == JET_F32 ? &plan_runtime_f32 : &plan_runtime;
  if (check_outputs(p, tape, n, outputs) && read_options(p, options)) build(p, tape, n, outputs);
  return p;
}

void jet_plan_free(jet_plan *p) {
  if (!p || p == &no_plan) return;
  const memory m = p->mem;
  hostile_stop(p);
  if (p->typed) p->typed->release(p);
  bag_free(&p->owned);
  native_free(p->code, p->code_size);
  memory_resize(&m, p->planes, (size_t)p->planes_room * sizeof *p->planes, 0);
  memory_resize(&m, p->regions, (size_t)p->regions_room * sizeof *p->regions, 0);
  if (p->steps_room) memory_resize(&m, p->steps, (size_t)p->steps_room * sizeof *p->steps, 0);
  memory_resize(&m, p, sizeof *p, 0);
}

size_t jet_plan_memory(const jet_plan *p) {
  if (!p || p == &no_plan) return 0;
  return sizeof *p + bag_memory(&p->owned) + (size_t)p->planes_room * sizeof *p->planes +
         (size_t)p->regions_room * sizeof *p->regions + (size_t)p->steps_room * sizeof *p->steps;
}

jet_status jet_plan_status(const jet_plan *p) { return p ? p->status : JET_BAD_ARGUMENT; }
const char *jet_plan_message(const jet_plan *p) { return p ? p->message : "no plan"; }

/* ---- ports ---------------------------------------------------------------------------------------------------------------- */

const port *plan_port(const jet_plan *p, jet x) {
  if (!p || p->status || x.tape != p->tape || x.id < 0 || x.id >= p->nvalues || !p->port_of[x.id]) return NULL;
  return &p->ports[p->port_of[x.id] - 1];
}

int jet_plan_lost(const jet_plan *p, jet y) {
  const port *q = plan_port(p, y);
  int pair = !q && p && !p->status && y.tape == p->tape ? plan_pair_of(p, y.id) : -1;
  if (pair >= 0) return max_(jet_plan_lost(p, tape_jet(y.tape, p->pairs[pair].re)), jet_plan_lost(p, tape_jet(y.tape, p->pairs[pair].im)));
  return q ? p->lost[q->value] : -1;
}

/* ---- runs ----------------------------------------------------------------------------------------------------------------- */

jet_status jet_plan_run(jet_plan *p) {
  if (!p || p->status) return jet_plan_status(p);
  p->typed->execute(p, 0, p->max_order + 1);
  return p->status;
}

jet_status jet_plan_run_orders(jet_plan *p, int k0, int k1) {
  if (!p || p->status) return jet_plan_status(p);
  if (!p->by_orders)
    return plan_refuse(p, JET_BAD_ARGUMENT, "jet_plan_run_orders: the plan was not made with the option by_orders");
  if (k0 < 0 || k1 <= k0 || k1 > p->max_order + 1)
    return plan_refuse(p, JET_BAD_ORDER, "jet_plan_run_orders: [%d, %d) is no range in 0..%d", k0, k1, p->max_order);
  p->typed->execute(p, k0, k1);
  return p->status;
}

jet_status jet_plan_print(const jet_plan *p, FILE *f) {
  if (!p || !f) return JET_BAD_ARGUMENT;
  return p->status ? p->status : p->typed->print(p, f);
}
