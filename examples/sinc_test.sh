#!/bin/sh
# sinc_test.sh SINC DIRECTORY - the sinc example: its table, what it refuses and how, that nothing half-written stays.
. "$(dirname "$0")/common/test.sh"

lists points order from to csv plot

works --points 9 --order 3 --from -4 --to 4 --csv t.csv --plot "a 'b\" \$(touch x).svg"
[ "$(head -n 1 t.csv)" = x,d0,d1,d2,d3 ] || fail "header $(head -n 1 t.csv)"
[ "$(wc -l <t.csv)" -eq 10 ] || fail "number of rows"
[ "$(grep -c '^order' out)" -eq 4 ] || fail "one line for each order"
grep -q 'once recorded' out || fail "no time"
awk -F, 'NR == 6 { exit !($1 == 0 && $2 == 1 && $3 == 0 && $4 < -.333333333333 && $4 > -.333333333334 && $5 == 0) }' t.csv ||
  fail "derivatives at 0: $(sed -n 6p t.csv)"
if command -v gnuplot >gnuplot.path; then
  grep -q '<svg' "a 'b\" \$(touch x).svg" || fail "no picture"
fi
rm -f t.csv "a 'b\" \$(touch x).svg" gnuplot.path
[ -z "$(left)" ] || fail "other files: $(left)"

mkdir empty # a PATH without gnuplot
PATH=$work/empty "$program" --points 2 --order 0 >out 2>err || fail "status without gnuplot"
PATH=$work/empty "$program" --points 1 --order 0 >>out 2>>err || fail "status of one point"
[ -s sinc.csv ] && [ ! -e sinc.png ] && grep -q gnuplot out || fail "without gnuplot: a table and a sentence"
rm -rf sinc.csv empty

refuses 2 --points
refuses 2 --points --order 3
refuses 2 --points ''
refuses 2 --points many
refuses 2 --points 12x
refuses 2 --points 1.5
refuses 2 --points 0
refuses 2 --points -3
refuses 2 --points 99999999999999999999999
refuses 2 --points 10000000 --order 1000
refuses 2 --order -1
refuses 2 --order 1024
refuses 2 --from x
refuses 2 --from nan
refuses 2 --to inf
refuses 2 --to 1e999
refuses 2 --from 1 --to 1
refuses 2 --from 2 --to 1
refuses 2 --csv ''
refuses 2 --csv absent/t.csv
refuses 2 --csv .
refuses 2 --plot absent/t.png
refuses 2 --plot t.pdf
refuses 2 --plot png
refuses 2 --csv t.png --plot t.png
[ ! -e /dev/full ] || refuses 2 --csv /dev/full --points 2 --order 0

[ $failures -eq 0 ]
