/* real.h - the type of the numbers that planes hold. What touches them is compiled once for each type, float with JETS_F32; the names
   that other files know have a suffix there. */
#ifndef JETS_REAL_H
#define JETS_REAL_H

#if JETS_F32
typedef float real;
#define REAL_BYTES 4
#define REAL(of_f64, of_f32) of_f32
#define TYPED(name) name##_f32
#else
typedef double real;
#define REAL_BYTES 8
#define REAL(of_f64, of_f32) of_f64 /* what differs by type: a constant, a function, a type */
#define TYPED(name) name
#endif

#define jk_select TYPED(jk_select)
#define jk_run TYPED(jk_run)
#define jk_work_size TYPED(jk_work_size)
#define jk_tree_add TYPED(jk_tree_add)
#define jk_tree_sum TYPED(jk_tree_sum)
#define jk_baseline TYPED(jk_baseline)
#define jk_avx2 TYPED(jk_avx2)
#define jk_avx512 TYPED(jk_avx512)

#endif
