#!/bin/sh
# pinn_test.sh PINN DIRECTORY - the differential equation's example: that its error falls, its table, what it
# refuses and how.
. "$(dirname "$0")/common/test.sh"

lists steps points width learning-rate seed out

works --steps 800 --points 32 --width 10 --out 'a b'
prints 'max error [0-9]\.[0-9]e[+-][0-9]{2} time [0-9]+\.[0-9]{2}'
holds '$3 < 0.1'
awk '/^step/ { if (!n++) first = $4; last = $4 } END { exit !(last < 0.001 * first) }' out || fail "loss: $(cat out)"
[ "$(head -n 1 'a b.csv')" = x,u,exact,error ] || fail "header $(head -n 1 'a b.csv')"
[ "$(wc -l <'a b.csv')" -eq 1002 ] || fail "number of rows"
awk -F, 'NR == 2 || NR == 1002 { if ($2 != 0) exit 1 }' 'a b.csv' || fail "u is not 0 at the ends"
if command -v gnuplot >gnuplot.path; then
  [ -s 'a b.png' ] || fail "no picture"
fi
rm -f 'a b.csv' 'a b.png' gnuplot.path

works --steps 0 --points 1 --width 1
rm -f pinn.csv pinn.png
refuses 2 --steps -1
refuses 2 --points 0
refuses 2 --width 0
refuses 2 --seed x
refuses 2 --out ''
refuses 2 --out absent/u

[ $failures -eq 0 ]
