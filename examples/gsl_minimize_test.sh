#!/bin/sh
# gsl_minimize_test.sh GSL_MINIMIZE DIRECTORY - GSL's solvers driven by jets and by differences: that they arrive, how
# often each asks, the files, what is refused and how.
. "$(dirname "$0")/common/test.sh"

lists n tolerance residual iterations repeats seed out

works --repeats 1 --out 'a b'
number='[0-9]+\.[0-9]'
prints "beside GSL's differences, with a gradient as one evaluation: minima $number times fewer evaluations, \
$number times faster; roots $number times fewer, $number times faster; time ${number}[0-9]"
holds '$10 > 30 && $18 > 3'
grep -q "GSL says 'problem with user-supplied function', jets 'mul: \[3\] and \[2\] do not broadcast'" out ||
  fail "how a failure shows: $(cat out)"
[ "$(head -n 1 'a b/table.csv')" = problem,method,derivatives,iterations,f,by_jets,norm,error,seconds,ended ] ||
  fail "header $(head -n 1 'a b/table.csv')"
[ "$(wc -l <'a b/table.csv')" -eq 19 ] || fail "number of runs"

# With jets every solver arrives at the solution that is known. On energies of 44 the line searches of gsl_multimin lose
# their way at |gradient| about 1e-5, here or there as rounding has it.
awk -F, '$3 == "jets" {
    runs++
    limit = $1 == "rosenbrock" ? 1e-4 : $1 == "cluster" ? 1e-6 : 1e-10
    least = $1 == "rosenbrock" ? 1e-5 : $1 == "cluster" ? 1e-4 : 1e-10
    if ($10 != "converged" && $1 != "cluster" || !($7 <= least) || !($8 <= limit) || $5 + $6 > 1500) { print; bad = 1 }
    if (($1 == "broyden" || $1 == "units") && ($5 != 13 || $6 != 1)) { print; bad = 1 }
  } END { exit bad || runs != 7 }' 'a b/table.csv' || fail "with jets"
# Differences ask n times more, and the forward ones cannot know that units are small; gsl_deriv_central is as exact as
# jets.
awk -F, '$3 == "jets" { calls = $5 + $6; steps = $4; next }
  $3 != "forward differences" && !($5 > 15 * calls) { print; bad = 1 }
  $3 == "gsl_deriv_central" && !($8 < ($1 == "cluster" ? 1e-6 : 1e-4)) { print; bad = 1 }
  $1 == "broyden" && ($4 != steps || $5 < 100) { print; bad = 1 }
  $1 == "units" && !($4 > 2 * steps) { print; bad = 1 }
  END { exit bad }' 'a b/table.csv' || fail "with differences"

# The traces begin at |gradient| and |F| of the start, by hand: 50 pairs of (-215.6, -88), for one.
awk -F, '$4 == 0 && $1 == "rosenbrock" { d = $6 / sqrt(50 * (215.6 ^ 2 + 88 ^ 2)) - 1; n++; bad += d * d > 1e-24 }
  $4 == 0 && $1 == "powell" { d = $6 / sqrt(1 + (1 + exp(-1) - 1.0001) ^ 2) - 1; n++; bad += d * d > 1e-24 }
  END { exit bad || n != 8 }' 'a b/convergence.csv' || fail "at the start: $(grep ,0, 'a b/convergence.csv')"
if command -v gnuplot >/dev/null; then
  [ "$(ls 'a b' | tr '\n' ' ')" = 'convergence.csv minima.png roots.png table.csv ' ] || fail "files: $(ls 'a b')"
fi
cut -d, -f-8 'a b/table.csv' >first.csv
works --repeats 1 --out 'a b'
cut -d, -f-8 'a b/table.csv' | diff first.csv - >/dev/null || fail "the same seed, other numbers"
works --repeats 2 --seed 2 --n 2 --out 'a b'
[ "$(grep ^cluster first.csv)" != "$(grep ^cluster 'a b/table.csv' | cut -d, -f-8)" ] ||
  fail "another seed, the same numbers"
works --repeats 1 --iterations 0 --out 'a b'
[ "$(grep -c ',iterations$' 'a b/table.csv')" -eq 18 ] || fail "no iterations: $(cat 'a b/table.csv')"
works --repeats 1 --tolerance 0 --residual 0 --iterations 1000 --n 4 --out 'a b'
rm -rf 'a b' first.csv

if command -v valgrind >/dev/null && ! ldd "$program" | grep -q -e asan -e tsan; then
  OMP_NUM_THREADS=1 valgrind --quiet --leak-check=full --error-exitcode=9 "$program" --n 4 --repeats 1 >out 2>err ||
    fail "valgrind: $(cat err)"
  rm -rf gsl_minimize_out
fi

ended TERM --n 1000 --out new
no_room --n 4 --repeats 1 --out new

refuses 2 --n 0
refuses 2 --n 7
says '--n: 7 is odd'
refuses 2 --n 100000
refuses 2 --n x
refuses 2 --tolerance -1
refuses 2 --residual nan
refuses 2 --iterations -1
refuses 2 --repeats 0
refuses 2 --repeats 1000
refuses 2 --seed 1.5
refuses 2 --out ''
refuses 2 --out absent/directory
: >file
refuses 2 --out file

[ $failures -eq 0 ]
