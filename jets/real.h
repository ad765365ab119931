/* real.h - the type of the numbers that planes hold. */
#ifndef JETS_REAL_H
#define JETS_REAL_H

typedef double real;

#endif
