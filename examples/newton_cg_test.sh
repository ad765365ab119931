#!/bin/sh
# newton_cg_test.sh NEWTON_CG DIRECTORY - the truncated Newton example: that it converges, what it refuses and how.
. "$(dirname "$0")/common/test.sh"

lists problem n tolerance iterations data

for n in 2 10 1000 20000; do
  works --n $n
  prints 'converged: \|g\| [0-9.e+-]+ f [0-9.e+-]+ n [0-9]+ time [0-9.]+'
  holds '$3 <= 1e-6 && $5 < 1e-12'
  [ "$(wc -l <out)" -lt 60 ] || fail "more than some tens of iterations for n = $n"
done
works --problem chained --n 100
holds '$3 <= 1e-6'
works --problem logistic
holds '$3 <= 1e-6 && $5 > 0.26392 && $5 < 0.26393'

"$program" --n 10 --iterations 2 >out 2>err
[ $? -eq 1 ] || fail "two iterations do not converge"
prints 'not converged: .*'

if command -v valgrind >/dev/null && ! ldd "$program" | grep -q -e asan -e tsan; then
  valgrind --quiet --leak-check=full --error-exitcode=9 "$program" --n 10 >out 2>err || fail "valgrind: $(cat err)"
fi

refuses 2 --n 1
refuses 2 --n 7
refuses 2 --problem beale
refuses 2 --tolerance -1
refuses 2 --iterations x
refuses 2 --problem logistic --data absent.csv
echo 1,2,x >bad.csv
refuses 2 --problem logistic --data bad.csv
says "bad.csv: line 1, column 3: 'x' is not a number"

[ $failures -eq 0 ]
