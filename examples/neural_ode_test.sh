#!/bin/sh
# neural_ode_test.sh NEURAL_ODE DIRECTORY - the learnt differential equation: that its loss falls, that the gradient
# through the steps goes to the adjoint equation's at fourth order, its files, what it refuses and how.
. "$(dirname "$0")/common/test.sh"

lists iterations learning-rate times noise substeps width cubes seed out

works --iterations 300 --width 20 --out 'a b'
prints 'final loss [0-9.]+ distance from the spiral [0-9.]+ gradient error [0-9.e-]+ time [0-9]+\.[0-9]{2}'
holds '$3 < 0.1 && $8 < 0.5'
# within 1e-3 of what they are; rounding changes the sixth digit
awk 'function off(a, b) { return a > b ? a / b - 1 : b / a - 1 }
  /^iteration +0 / { bad += off($4, 3.98318) > 1e-3; n++ } /^final/ { bad += off($3, 0.026904) > 1e-3; n++ }
  END { exit bad || n != 2 }' out || fail "losses: $(cat out)"
[ "$(ls 'a b' | tr '\n' ' ')" = 'curves.csv data.csv gradient.csv loss.csv picture.png ' ] ||
  ! command -v gnuplot >/dev/null || fail "files: $(ls 'a b')"
[ "$(head -n 1 'a b/loss.csv')" = iteration,loss ] || fail "header $(head -n 1 'a b/loss.csv')"
[ "$(cat 'a b/loss.csv' | wc -l) $(cat 'a b/data.csv' | wc -l) $(cat 'a b/curves.csv' | wc -l)" = '302 31 482' ] ||
  fail "rows: $(wc -l 'a b'/*.csv)"
# the noise has standard deviation 0.05 in each of 60 numbers: every 16th row of the curves has the spiral at the data's
# times
awk -F, 'FNR == 1 { file++; next } file == 1 { x[FNR] = $2; y[FNR] = $3; t[FNR] = $1; next }
  (FNR - 2) % 16 == 0 && FNR > 2 { i = (FNR - 2) / 16 + 1; d = t[i] - $1; bad += d * d > 1e-20
    sum += (x[i] - $2) ^ 2 + (y[i] - $3) ^ 2; n += 2 }
  END { s = sqrt(sum / n); exit !(n == 60 && !bad && s > 0.035 && s < 0.065) }' 'a b/data.csv' 'a b/curves.csv' ||
  fail "noise"
# |x|^4 falls as d/dt (x1^4 + x2^4) = -0.4 (x1^6 + x2^6) along the spiral, by the trapezoidal rule
awk -F, 'NR > 1 { e = $2 ^ 4 + $3 ^ 4; r = -0.4 * ($2 ^ 6 + $3 ^ 6)
  if (NR > 2) s += ($1 - t) * (r + q) / 2; else first = e
  t = $1; q = r } END { d = e - first - s; exit !(t == 1.5 && d * d < 1e-6 * e * e) }' 'a b/curves.csv' ||
  fail "the spiral"

# at the first weights: fourth order, 5 rows; with 16 steps both gradients are the exact one to 12 digits
awk '/at the first/ { on = 1; next } /^iteration/ { on = 0 }
  on && $1 + 0 > 1 { n++; bad += $4 < 3.7 || $4 > 4.3 || $5 < 3.7 || $5 > 4.3; small = $2 < 1e-11 && $3 < 1e-11 }
  END { exit !(n == 4 && !bad && small) }' out || fail "order of the first gradients: $(cat out)"
# at the last: both come down by 10^5 and more, at last at fourth order
awk -F, 'function off(a, b) { d = log(a / b) / log(2) - 4; return d > 0.3 || d < -0.3 }
  NR == 2 { d1 = $2; a1 = $3 } { bad = NR > 2 && (off(d, $2) || off(a, $3)); d = $2; a = $3 }
  END { exit !(NR == 7 && $1 == 32 && d < 1e-5 * d1 && a < 1e-5 * a1 && !bad) }' 'a b/gradient.csv' ||
  fail "last gradients: $(cat 'a b/gradient.csv')"
# the error in the last line is that of the plan that was trained, with two steps
[ "$(awk '/at the last/ { on = 1 } on && $1 == 2 { printf "%.1e", $2 }' out)" = "$(tail -n 1 out | cut -d" " -f11)" ] ||
  fail "the last line's gradient error: $(tail -n 9 out)"

final=$(tail -n 1 out | cut -d' ' -f1-10)
works --iterations 300 --width 20 --out 'a b'
[ "$(tail -n 1 out | cut -d' ' -f1-10)" = "$final" ] || fail "the same seed, other numbers"
works --iterations 300 --width 20 --out 'a b' --seed 2
[ "$(tail -n 1 out | cut -d' ' -f1-10)" != "$final" ] || fail "another seed, the same numbers"
works --iterations 100 --width 20 --out 'a b' --cubes --substeps 1
holds '$3 < 0.5'
works --iterations 1 --width 1 --times 1 --noise 0 --out 'a b'
rm -rf 'a b'
mkdir d
refuses 1 --iterations 300 --width 20 --learning-rate 1000 --out d
says 'a smaller --learning-rate is needed'
[ -z "$(ls d)" ] || fail "no fit, but $(ls d)"
rmdir d

refuses 2 --iterations 0
refuses 2 --learning-rate -1
refuses 2 --times 0
refuses 2 --times 101
refuses 2 --noise x
refuses 2 --substeps 33
refuses 2 --width 0
refuses 2 --seed -1
refuses 2 --cubes 1
refuses 2 --out
refuses 2 --out ''
refuses 2 --out absent/directory
: >file
refuses 2 --out file

[ $failures -eq 0 ]
