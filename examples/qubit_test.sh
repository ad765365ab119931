#!/bin/sh
# qubit_test.sh QUBIT DIRECTORY - the turning qubit: every step against the closed form, and the rule of the steps;
# what is printed and written, what is refused and how.
. "$(dirname "$0")/common/test.sh"

lists a b steps learning-rate out

works
prints 'final <Z> -1\.0000000 a 0\.000000 b 3\.141593 time [0-9]+\.[0-9]+'
[ "$(grep -cE '^ +[0-9]+ ' out)" -eq 21 ] || fail "reports of every fifth step: $(cat out)"
grep -qE '^expectations, gradient, Hessian and parameter-shift rule within [0-9.]+e-1[5-9] of the closed form$' out ||
  fail "agreement: $(tail -n 2 out)"
if command -v gnuplot >/dev/null; then
  [ "$(ls qubit_out | tr '\n' ' ')" = 'qubit.png steps.csv ' ] || fail "files: $(ls qubit_out)"
fi

# At every step the expectations of X, Y, Z, derivatives of <Z> = cos a cos b, the same by shifts, the Hessian's
# eigenvalues -cos(a + b) and -cos(a - b); and the next angles.
turns() { # directory, rate, a, b
  awk -F, -v rate="$2" -v a="$3" -v b="$4" '
    function off(found, right) { d = found - right; return d * d > 1e-24 || d != d }
    NR == 1 { next }
    {
      z = cos(a) * cos(b); za = -sin(a) * cos(b); zb = -cos(a) * sin(b); ab = sin(a) * sin(b)
      p = -cos(a + b); q = -cos(a - b)
      bad += off($1, rows++) + off($2, a) + off($3, b) + off($4, sin(b) * cos(a)) + off($5, -sin(a)) + off($6, z)
      bad += off($7, za) + off($8, zb) + off($9, za) + off($10, zb)
      bad += off($11, -z) + off($12, ab) + off($13, ab) + off($14, -z)
      bad += off($15, p < q ? p : q) + off($16, p < q ? q : p)
      a -= rate * $7; b -= rate * $8
    }
    END { exit bad || !rows }' "$1/steps.csv" || fail "$1/steps.csv is not descent of cos a cos b"
}
[ "$(head -n 1 qubit_out/steps.csv)" = step,a,b,x,y,z,dz_da,dz_db,shift_a,shift_b,h_aa,h_ab,h_ba,h_bb,least,most ] ||
  fail "header $(head -n 1 qubit_out/steps.csv)"
[ "$(wc -l <qubit_out/steps.csv)" -eq 102 ] || fail "number of steps"
turns qubit_out 0.4 0.011 0.012
works --a -1.5 --b 20 --steps 37 --learning-rate 0.7 --out 'a b'
[ "$(wc -l <'a b/steps.csv')" -eq 39 ] || fail "number of steps of 37"
turns 'a b' 0.7 -1.5 20
works --learning-rate 10 --steps 2000
works --steps 0
[ "$(wc -l <qubit_out/steps.csv)" -eq 2 ] || fail "the start alone"
works --a 0 --b 0 # a maximum, from where nothing moves
holds '$3 == 1 && $5 == 0 && $7 == 0'

if command -v valgrind >/dev/null && ! ldd "$program" | grep -q -e asan -e tsan; then
  OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 valgrind --quiet --leak-check=full --error-exitcode=9 "$program" \
    --steps 5 >out 2>err || fail "valgrind: $(cat err)"
fi
rm -rf qubit_out 'a b'

refuses 2 --a x
says "--a: 'x' is not a number"
refuses 2 --a 101
refuses 2 --b nan
refuses 2 --b
refuses 2 --steps -1
refuses 2 --steps 1.5
refuses 2 --learning-rate -1
says '--learning-rate: -1 is not between 0 and 10'
refuses 2 --out ''
refuses 2 --out absent/directory
says 'cannot make absent/directory'
: >file
refuses 2 --out file

[ $failures -eq 0 ]
