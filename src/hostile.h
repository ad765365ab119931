#ifndef JETS_HOSTILE_H
#define JETS_HOSTILE_H
enum { HOSTILE = 0 };
#endif
