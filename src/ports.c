/* ports.c - the memory of inputs and outputs: the calls that have a twin for each type. */
#include "plan.h"

const runtime plan_runtime = {REAL(JET_F64, JET_F32), plan_build, plan_execute, plan_release, plan_print, weave_split, weave_join};

#define TEXT(x) TEXT_(x)
#define TEXT_(x) #x
#define NAME_OF(name) TEXT(TYPED(name)) /* of the call that was made, in text */
#define NAME_OF_OTHER(name) REAL(#name "_f32", #name)

static port_plane *find_plane(jet_plan *p, const char *name, const char *other, jet x, int k, jet_status *status) {
  const port *q = plan_port(p, x);
  *status = p->status;
  if (*status) return NULL;
  if (p->typed != &plan_runtime)
    *status = plan_refuse(p, JET_BAD_TYPE, "%s: the numbers of the plan are %s: %s reaches them", name,
                          type_name(p->typed->type), other);
  else if (x.tape != p->tape)
    *status = plan_refuse(p, JET_FOREIGN, "%s: the jet is not of the plan's tape%s%s", name,
                          *other_type(p->typed->type, x.tape) ? ", but of one" : "", other_type(p->typed->type, x.tape));
  else if (!q && plan_pair_of(p, x.id) >= 0)
    *status = plan_refuse(p, JET_BAD_ARGUMENT, "%s: the jet is complex: jet_plan_read, jet_plan_write and jet_plan_bind_complex take "
                          "it, %s its jet_real and jet_imag", name, name);
  else if (!q) *status = plan_refuse(p, JET_BAD_ARGUMENT, "%s: the jet is neither an input nor an output of the plan", name);
  else if (k < 0 || k >= q->count)
    *status = plan_refuse(p, JET_BAD_ORDER, "%s: coefficient %d is outside 0..%d, the order of the jet%s", name, k, q->count - 1,
                          q->count > 1 ? "" : " (a plain array: no jet_parameter reaches it)");
  return *status ? NULL : &p->port_planes[q->first + k];
}

real *TYPED(jet_plan_data)(jet_plan *p, jet x, int k) {
  jet_status status;
  port_plane *q = p ? find_plane(p, NAME_OF(jet_plan_data), NAME_OF_OTHER(jet_plan_data), x, k, &status) : NULL;
  return !q ? NULL : q->bound ? q->bound : q->own;
}

jet_status TYPED(jet_plan_bind)(jet_plan *p, jet x, int k, real *data) {
  jet_status status = JET_BAD_ARGUMENT;
  port_plane *q = p ? find_plane(p, NAME_OF(jet_plan_bind), NAME_OF_OTHER(jet_plan_bind), x, k, &status) : NULL;
  if (!q) return status;
  q->bound = data;
  if (q->plane >= 0 && !q->copy) {
    p->planes[q->plane].base = data ? data : q->own;
    p->moved = 1;
  }
  return JET_OK;
}
