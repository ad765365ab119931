#!/bin/sh
# bounce_test.sh BOUNCE DIRECTORY - descent through contacts: that the throw comes to hit the target, that both programs
# and differences agree, a closed form, its files, what it refuses and how.
. "$(dirname "$0")/common/test.sh"

lists iterations learning-rate u v target-x target-y steps throws seed out

works --throws 40 --steps 40 --out 'a b'
prints 'final loss [0-9.e+-]+ programs within [0-9.e+-]+ differences [0-9.e+-]+ time [0-9]+\.[0-9]{2}'
holds '$3 < 1e-10 && $6 < 1e-11 && $8 < 1e-7'
grep -q '^40 random throws of up to [5-9] contacts: ' out || fail "throws: $(head -n 1 out)"
grep -q 'left out: [01] next to a kink, 0 of too many contacts$' out || fail "left out: $(sed -n 2p out)"
# over the wall after one bounce at last, and before that against it
[ "$(awk '/^iteration/ { printf "%s ", $NF }' out | tr -s ' ' '\n' | uniq | tr '\n' ' ')" = 'wgg gwg gg ' ] ||
  fail "contacts: $(cat out)"
awk '/^by steps/ { exit !($9 < 1e-11 && $12 < 1e-12) }' FS='[ ,]+' out || fail "two descents: $(cat out)"
awk -F, 'END { u = $2 - 2.179776; v = $3 - 6.132572; exit !(u * u + v * v < 1e-10) }' 'a b/descent.csv' ||
  fail "last velocity $(tail -n 1 'a b/descent.csv')"
[ "$(head -n 1 'a b/descent.csv')" = iteration,u,v,loss ] || fail "header $(head -n 1 'a b/descent.csv')"
[ "$(wc -l <'a b/descent.csv')" -eq 102 ] || fail "number of rows"
[ "$(ls 'a b' | tr '\n' ' ')" = 'descent.csv picture.png ' ] || ! command -v gnuplot >/dev/null ||
  fail "files: $(ls 'a b')"

# a throw without contacts comes down from y = 1 at v = 16 to y = 1 + 16 T - g T^2 / 2, and to x = u T, at T = 3.5: both
# parts of the distance are known, and so is the step of the descent, 0.001 times 2 T times them
works --u 1 --v 16.9 --iterations 1 --learning-rate 0.001 --target-x 3 --target-y 0.25 --throws 1 --out 'a b'
awk -F, 'function off(a, b) { return a > b ? a - b : b - a }
  NR == 2 { T = 3.5; x = T - 3; y = 1 + 16.9 * T - 9.81 * T * T / 2 - 0.25; bad += off($4, x * x + y * y) > 1e-12 }
  NR == 3 { bad += off($2, 1 - 0.002 * T * x) > 1e-12 || off($3, 16.9 - 0.002 * T * y) > 1e-12; n++ }
  END { exit bad || !n }' \
  'a b/descent.csv' || fail "closed form: $(cat 'a b/descent.csv')"

works --iterations 6 --throws 2 --steps 40 --u 0 --v 0.1 --out 'a b' # straight up
works --iterations 6 --throws 2 --steps 40 --u -3 --out 'a b'
works --iterations 0 --throws 2 --steps 40 --out 'a b'
works --iterations 0 --throws 100 --steps 2 --u 1 --v 16 --out 'a b' # a step has room for two contacts
grep -q 'left out: .* [1-9][0-9]* of too many contacts$' out || fail "too many contacts: $(cat out)"
works --iterations 0 --throws 1 --steps 2 --seed 7 --u 1 --v 16 --out 'a b'
grep -q '^none of 1 random throws can be compared; left out: 0 next to a kink, 1 of' out || fail "no throw: $(cat out)"
prints 'final loss [0-9.e+-]+ programs within none differences none time [0-9]+\.[0-9]{2}'
rm -rf 'a b'

mkdir d
refuses 1 --steps 1 --throws 1 --out d
says 'iteration 0: the ball has too many contacts'
grep -q '^none of 1 random throws can be compared' out || fail "no throw: $(cat out)"
for iterations in 38 50; do # velocities grow, at last beyond all numbers
  refuses 1 --learning-rate 10 --iterations $iterations --throws 2 --steps 40 --out d
  says 'a smaller --learning-rate is needed'
done
[ -z "$(ls d)" ] || fail "no descent, but $(ls d)"
refuses 2 --iterations -1
refuses 2 --learning-rate x
refuses 2 --u 1001
refuses 2 --v nan
refuses 2 --target-y -1
refuses 2 --target-x
refuses 2 --steps 0
refuses 2 --steps 1001
refuses 2 --throws 0
refuses 2 --seed -1
refuses 2 --out ''
refuses 2 --out absent/directory
: >file
refuses 2 --out file

[ $failures -eq 0 ]
