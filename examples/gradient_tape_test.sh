#!/bin/sh
# gradient_tape_test.sh GRADIENT_TAPE DIRECTORY - linear regression on a tape: the path against one made here from the
# same points, what is printed and written, what is refused and how.
. "$(dirname "$0")/common/test.sh"

lists points epochs learning-rate weight bias repeat seed out

works
prints 'final W [0-9.]+ b [0-9.]+ loss [0-9.]+ time [0-9]+\.[0-9]+'
holds '($3 - 3) ^ 2 < 0.01 && ($5 - 2) ^ 2 < 0.01 && ($7 - 1) ^ 2 < 0.01'
grep -qE '^tape and backward give the same numbers bit for bit, gradients within [0-9.]+e-1[4-9]' out ||
  fail "agreement: $(cat out)"
grep -qE '^one epoch takes [0-9.]+ us by the tape, [0-9.]+ us by backward' out || fail "no time: $(cat out)"
[ "$(grep -c '^epoch ' out)" -eq 41 ] || fail "reports of epochs 0 to 40: $(cat out)"
head -n 1 out | grep -qE '^epoch +0  W +16\.0000  b +10\.0000' || fail "the start: $(head -n 1 out)"
if command -v gnuplot >/dev/null; then
  [ "$(ls gradient_tape_out | tr '\n' ' ')" = 'epochs.csv points.csv regression.png ' ] ||
    fail "files: $(ls gradient_tape_out)"
fi

# Sums over all points in the order of the file, at every epoch, with the path's own W and b.
descends() { # directory, rate, W, b
  awk -F, -v rate="$2" -v w="$3" -v b="$4" '
    function off(found, right, scale) { d = (found - right) / scale; return d * d > 1e-24 || d != d }
    FNR == 1 { next }
    NR == FNR { x[++n] = $1; y[n] = $2; next }
    {
      loss = gw = gb = 0
      for (i = 1; i <= n; i++) { r = w * x[i] + b - y[i]; loss += r * r / n; gw += 2 * r * x[i] / n; gb += 2 * r / n }
      bad += off($1, rows++, 1) + off($2, w, 20) + off($3, b, 20)
      bad += off($4, loss, 400) + off($5, gw, 40) + off($6, gb, 40)
      w -= rate * gw; b -= rate * gb
    }
    END { exit bad || !rows }' "$1/points.csv" "$1/epochs.csv" || fail "the path of $1 is not that of gradient descent"
}
[ "$(head -n 1 gradient_tape_out/points.csv)" = x,y ] || fail "header $(head -n 1 gradient_tape_out/points.csv)"
[ "$(head -n 1 gradient_tape_out/epochs.csv)" = epoch,W,b,loss,dL_dW,dL_db ] ||
  fail "header $(head -n 1 gradient_tape_out/epochs.csv)"
[ "$(wc -l <gradient_tape_out/points.csv)" -eq 1001 ] || fail "number of points"
[ "$(wc -l <gradient_tape_out/epochs.csv)" -eq 42 ] || fail "number of epochs"
descends gradient_tape_out 0.1 16 10
cp gradient_tape_out/epochs.csv first.csv
works --repeat 1
cmp -s gradient_tape_out/epochs.csv first.csv || fail "the same seed, other numbers"
works --repeat 1 --seed 2
cmp -s gradient_tape_out/epochs.csv first.csv && fail "another seed, the same numbers"

works --points 37 --epochs 70 --learning-rate 0.05 --weight -2 --bias 0.5 --seed 3 --repeat 1 --out 'a b'
[ "$(wc -l <'a b/epochs.csv')" -eq 72 ] || fail "number of epochs of 70"
[ "$(grep -c '^epoch ' out)" -eq 36 ] || fail "a report of every other epoch: $(cat out)"
descends 'a b' 0.05 -2 0.5

# Where the path ends is the line of least squares.
works --epochs 400 --repeat 1
[ "$(sed -n 's/^least squares: W \([0-9.]*\)  b \([0-9.]*\)$/\1 \2/p' out)" = "$(tail -n 1 out | cut -d' ' -f3,5)" ] ||
  fail "not least squares: $(tail -n 4 out)"
works --epochs 0 --points 2 --repeat 1
[ "$(wc -l <gradient_tape_out/epochs.csv)" -eq 2 ] || fail "the start alone"
works --weight 0 --bias 0 --learning-rate 0 --repeat 1

cp -r gradient_tape_out before
refuses 1 --learning-rate 10 --epochs 1000
says 'the loss is not finite after'
diff -r gradient_tape_out before >/dev/null || fail "what had been written is gone"

if command -v valgrind >/dev/null && ! ldd "$program" | grep -q -e asan -e tsan; then
  OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 valgrind --quiet --leak-check=full --error-exitcode=9 "$program" \
    --points 20 --repeat 1 >out 2>err || fail "valgrind: $(cat err)"
fi
rm -rf gradient_tape_out before 'a b'

refuses 2 --points 1
says '--points: 1 is not between 2 and 100000'
refuses 2 --points x
refuses 2 --epochs -1
refuses 2 --epochs 99999999
refuses 2 --learning-rate -0.1
refuses 2 --learning-rate nan
says "--learning-rate: 'nan' is not a finite number"
refuses 2 --weight inf
refuses 2 --bias
says '--bias needs a value'
refuses 2 --repeat -1
refuses 2 --seed -1
refuses 2 --out ''
refuses 2 --out absent/directory
says 'cannot make absent/directory'
: >file
refuses 2 --out file

[ $failures -eq 0 ]
