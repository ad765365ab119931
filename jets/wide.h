/* wide.h - the composed rows of double for those of float (narrow.h). */

void JK_WIDE_ROW(const jk_wide *);

void JK_WIDE_ROW(const jk_wide *w) {
  jk_call c = {.row = w->row, .order = w->order, .k0 = w->k0, .k1 = w->k1, .m = w->m, .n = JK_WIDE, .directions = 1,
               .in = {{w->x, NULL, w->low, w->degree}}, .out = {{w->y, NULL, 0, w->k1 - 1}}, .work = w->work};
  compose(&c, w->row == JK_sinc ? compose_sinc : w->row == JK_exprel ? compose_exprel : compose_log1prel);
}
