#!/bin/sh
# chain_test.sh CHAIN DIRECTORY DATA - layers as values: numbers known in closed form, the work that a frozen base
# saves, what the pictures' movements do, and what is refused and how.
. "$(dirname "$0")/common/test.sh"
data=$3

lists part base-epochs steps epochs pictures flip shift rotate combine-flips learning-rate batch repeats f32 seed data \
  out

works --part derivative
grep -qx '3x^2 + 2x + 1 at 2: value 17, gradient 14, second derivative 6' out || fail "derivative: $(cat out)"
prints 'final gradient 14 time [0-9]+\.[0-9]{2}'
works --part chain
grep -qE '^\) +# Total: 4 arrays, 67 parameters, 536 bytes\.$' out || fail "chain: $(cat out)"
grep -qE 'Dense\(10 => 5, sigmoid\), +# 55 parameters' out || fail "first layer: $(cat out)"
awk '/^of a random input/ { d = $5 + $6 - 1; good = d * d < 1e-7 } END { exit !good }' out || fail "softmax: $(cat out)"
grep -q 'gradient of the cross entropy, 67 numbers: within' out || fail "gradient: $(cat out)"
[ -z "$(left)" ] || fail "files: $(left)"

short='--repeats 4 --epochs 80'
works $short --out 'a b'
f='0\.[0-9]{4}'
time='time [0-9]+\.[0-9]{2}'
prints "final gradient 14 error [0-9]e-[0-9]+ transfer $f scratch $f flops 0\.58 augmented $f plain $f $time"
holds '$5 < 1e-8 && $7 > 0.65 && $9 > 0.6 && $13 > 0.8 && $15 > 0.8'
# Matrix products of 32 rows: forward 64*128 + 128*32 + 32*5, as many for parameters, and 128*32 + 32*5 for what is
# between layers; with the first frozen neither its own nor those that lead down to it. Elementwise work is a few
# percent.
awk '/trains all layers/ { all = $(NF - 1); p = $10; n = $12 } /trains the head/ { head = $(NF - 1); q = $10; m = $12 }
  function above(a, b) { return a >= b && a < 1.05 * b }
  END { exit !(p == 12613 && q == 4293 && n == 8 && m == 6 && above(all, 64 * 29152) && above(head, 64 * 16864)) }' \
  out || fail "work: $(cat out)"
grep -qx 'each way has the work of 5 steps of all layers: 8 steps of the head' out || fail "steps: $(cat out)"
awk '/^base, trained on 720/ { good = $NF > 0.95 } END { exit !good }' out || fail "base: $(cat out)"
table='a b/transfer.csv'
[ "$(head -n 1 "$table")" = pictures,new_head,random_base,fine_tuned,scratch ] || fail "$(head -n 1 "$table")"
awk -F, 'NR > 1 && $1 != 10 * 2 ^ (NR - 2) { exit 1 }
  END { exit !(NR == 7 && $2 > 0.7 && $4 > 0.7 && $5 > 0.7) }' "$table" || fail "transfer: $(cat "$table")"
# what 0-4 have taught the base is worth something for 5-9: more than a random base, and for so little work more than
# training all layers; the means that are printed are those of the table
awk -F, 'NR > 1 { n++; a += $2; b += $3; c += $5 }
  END { exit !(a - b > 0.05 * n && a - c > 0.02 * n); }' "$table" || fail "nothing is transferred: $(cat "$table")"
awk -F, 'NR > 1 { n++; a += $2; b += $3; c += $5 }
  END { printf "for the same work the new head is %+.4f against one on a random base, %+.4f against all from scratch\n",
    (a - b) / n, (a - c) / n }' "$table" >sentence
grep -qxFf sentence out || fail "'$(cat sentence)' is not in: $(cat out)"
rm sentence
table='a b/augmentation.csv'
[ "$(head -n 1 "$table")" = epoch,without,flips,shifts,rotations,combined ] || fail "$(head -n 1 "$table")"
awk -F, 'END { exit !(NR == 27 && $1 >= 80 && $1 < 81 && $3 < $2 && $6 > 0.8) }' "$table" ||
  fail "augmentation: $(cat "$table")"
if command -v gnuplot >/dev/null; then
  [ "$(ls 'a b' | tr '\n' ' ')" = 'augmentation.csv augmented.png curves.png transfer.csv ' ] ||
    fail "files: $(ls 'a b')"
fi
mv 'a b' first
works $short --out again
cmp -s first/transfer.csv again/transfer.csv && cmp -s first/augmentation.csv again/augmentation.csv ||
  fail "the same seed, other numbers"
works $short --out again --seed 2 --data "$data"
cmp -s first/transfer.csv again/transfer.csv && fail "another seed, the same numbers"
works $short --out again --f32 # so few steps leave accuracies to some pictures that are told otherwise
paste -d, first/transfer.csv again/transfer.csv |
  awk -F, 'NR > 1 { for (i = 2; i < 6; i++) { n++; d = $i - $(i + 5); s += d; if (d * d > 0.0025) exit 1 } }
    END { exit !(n == 24 && s * s < n * n * 1e-4) }' || fail "float learns otherwise: $(cat again/transfer.csv)"
rm -rf first again

# Movements of size nought change nothing, and flips have no part in the combination unless they are asked for.
works --part augmentation --repeats 1 --epochs 20 --flip 0 --shift 0 --rotate 0 --out still
table=still/augmentation.csv
awk -F, 'NR > 1 { for (i = 3; i < 7; i++) if ($i != $2) exit 1 }' $table || fail "still: $(cat $table)"
[ ! -e still/transfer.csv ] || fail "a table of what was not done"
works --part augmentation --repeats 1 --epochs 20 --shift 0 --rotate 0 --out still
awk -F, 'NR > 1 && $6 != $2 { exit 1 } NR > 1 && $3 != $2 { differ = 1 } END { exit !differ }' $table ||
  fail "flips: $(cat $table)"
works --part augmentation --repeats 1 --epochs 20 --shift 0 --rotate 0 --combine-flips --out still
awk -F, 'NR > 1 && $6 != $3 { exit 1 }' $table || fail "combined flips: $(cat $table)"
works --part transfer --repeats 1 --base-epochs 0 --steps 0 --batch 7 --out still
works --part augmentation --repeats 1 --epochs 0 --pictures 1 --batch 1 --out still
rm -rf still
mkdir new
refuses 1 --part transfer --repeats 1 --learning-rate 1e6 --out new
says 'steps: a smaller --learning-rate is needed'
refuses 1 --part augmentation --repeats 1 --learning-rate 1e6 --f32 --out new
says 'steps: a smaller --learning-rate is needed'
[ -z "$(ls new)" ] || fail "no convergence, but $(ls new)"
rmdir new

refused() { # nothing is left of a directory's files
  refuses 2 "$@" --out new
  [ -z "$(ls new 2>/dev/null)" ] || fail "$* left $(ls new)"
}
mkdir new
sed '3s/^0,0,0,4/0,0,0,4x/' "$data" >bad.csv
refused --data bad.csv
says "bad.csv: line 3, column 4: '4x' is not a number"
sed '2s/,[0-9]*$//' "$data" >bad.csv
refused --data bad.csv
says 'bad.csv: line 2, column 65 is missing'
sed '9s/,[0-9]*$/,10/' "$data" >bad.csv
refused --data bad.csv
says 'line 9, column 65: 10 is not a digit between 0 and 9'
head -c 5000 "$data" >bad.csv
refused --data bad.csv
says 'bad.csv: line'
head -n 20 "$data" >bad.csv
refused --part transfer --data bad.csv
says 'are too few'
grep -v ',[0-4]$' "$data" >bad.csv
refused --part transfer --data bad.csv
says '0 pictures of 0-4'
: >bad.csv
refused --data bad.csv
refused --data absent.csv
says absent.csv
refused --data .
refused --pictures 899
says '--pictures: 899 is more than half of 1797'
rmdir new

refuses 2 --part digits
says 'none of all, derivative, chain, transfer, augmentation'
refuses 2 --epochs -1
refuses 2 --base-epochs x
refuses 2 --steps -1
refuses 2 --pictures 0
refuses 2 --flip 1.5
refuses 2 --shift 9
refuses 2 --rotate 181
refuses 2 --batch 0
refuses 2 --repeats 0
refuses 2 --seed x
refuses 2 --learning-rate -1
refuses 2 --learning-rate nan
refuses 2 --f32 1
refuses 2 --out absent/directory
: >file
refuses 2 --out file

[ $failures -eq 0 ]
