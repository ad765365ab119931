#!/bin/sh
# digits_test.sh DIGITS DIRECTORY DATA - the digits example: that it learns, wherever it is run; its table; what it
# refuses and how.
. "$(dirname "$0")/common/test.sh"
data=$3

lists layers activation optimizer learning-rate epochs batch f32 seed data csv plot

works --epochs 25 --csv t.csv --plot p.svg
prints 'final validation accuracy 0\.[0-9]{4} time [0-9]+\.[0-9]{2}'
holds '$4 > 0.95'
[ "$(grep -c '^epoch' out)" -eq 4 ] || fail "reports of epochs 0, 10, 20 and 25: $(cat out)"
[ "$(head -n 1 t.csv)" = epoch,training_loss,training_accuracy,validation_loss,validation_accuracy,time,epoch_time ] ||
  fail "header $(head -n 1 t.csv)"
awk -F, 'NR > 2 && !($2 < before) { exit 1 } { before = $2 }' t.csv || fail "the training loss rises: $(cat t.csv)"
if command -v gnuplot >gnuplot.path; then
  grep -q '<svg' p.svg || fail "no picture"
fi
first=$(tail -n 1 t.csv | cut -d, -f1-5)
works --epochs 25 --csv t.csv --data "$data"
[ "$(tail -n 1 t.csv | cut -d, -f1-5)" = "$first" ] || fail "the same seed, other numbers: $first, $(tail -n 1 t.csv)"
works --epochs 25 --csv t.csv --seed 2
[ "$(tail -n 1 t.csv | cut -d, -f1-5)" != "$first" ] || fail "another seed, the same numbers"
works --epochs 25 --csv t.csv --f32 # losses to 1 in 1000, accuracies to a picture in a hundred
single=$(tail -n 1 t.csv | cut -d, -f1-5)
[ "$single" != "$first" ] || fail "float gives the numbers of double"
echo "$first,$single" | awk -F, 'function off(a, b) { return a > b ? a - b : b - a }
  { exit !($1 == $6 && off($2, $7) < $2 / 1000 && off($4, $9) < $4 / 1000 &&
      off($3, $8) < 0.01 && off($5, $10) < 0.01) }' ||
  fail "float learns otherwise: $single, not $first"
works --epochs 2 --f32 --optimizer rmsprop --batch 100 --activation sin
rm -f t.csv p.svg gnuplot.path

for activation in relu sigmoid softplus gelu silu sin atan; do
  works --epochs 6 --activation $activation
  holds '$4 > 0.8'
done
for optimizer in sgd momentum rmsprop; do
  works --epochs 6 --optimizer $optimizer
  holds '$4 > 0.8'
done
works --epochs 3 --layers 64-10 --batch 1437
holds '$4 > 0.05'
works --epochs 2 --layers 64-32-16-10 --batch 100000
works --epochs 1 --batch 1
works --epochs 0
holds '$4 < 0.5'

refuses 1 --epochs 30 --optimizer sgd --learning-rate 1e6 --csv t.csv --plot p.svg
says 'a smaller --learning-rate is needed'

head -n 2 "$data" >two.csv
works --epochs 1 --data two.csv
sed '3s/^0,0,0,4/0,0,0,4x/' "$data" >bad.csv
refuses 2 --data bad.csv --csv t.csv --plot p.svg
says "bad.csv: line 3, column 4: '4x' is not a number"
sed '2s/,[0-9]*$//' "$data" >bad.csv
refuses 2 --data bad.csv --csv t.csv
says 'bad.csv: line 2, column 65 is missing'
sed '1700s/$/,1/' "$data" >bad.csv
refuses 2 --data bad.csv --csv t.csv
says 'bad.csv: line 1700, column 66'
sed '5s/^0,/,/' "$data" >bad.csv
refuses 2 --data bad.csv
says "line 5, column 1: '' is not a number"
sed '5s/^0,/nan,/' "$data" >bad.csv
refuses 2 --data bad.csv
says 'line 5, column 1'
sed '5s/^0,/17,/' "$data" >bad.csv
refuses 2 --data bad.csv
says 'line 5, column 1: 17 is not a pixel between 0 and 16'
sed '9s/,[0-9]*$/,10/' "$data" >bad.csv
refuses 2 --data bad.csv
says 'line 9, column 65: 10 is not a digit between 0 and 9'
sed '9s/,[0-9]*$/,1.5/' "$data" >bad.csv
refuses 2 --data bad.csv
says 'line 9, column 65'
sed '9s/^.*$//' "$data" >bad.csv
refuses 2 --data bad.csv
says 'line 9, column 1'
echo 1,2,3 >bad.csv
refuses 2 --data bad.csv
says 'line 1 has 3 columns'
head -n 1 "$data" >bad.csv
refuses 2 --data bad.csv
: >bad.csv
refuses 2 --data bad.csv
refuses 2 --data absent.csv
says absent.csv
refuses 2 --data .

refuses 2 --f32 1
refuses 2 --layers ''
refuses 2 --layers 64
refuses 2 --layers 10
refuses 2 --layers 64-
refuses 2 --layers 64-0-10
refuses 2 --layers 64--10
refuses 2 --layers 64-128x-10
refuses 2 --layers 63-128-10
refuses 2 --layers 64-128-11
refuses 2 --layers 64-99999999999999999999-10
refuses 2 --layers 64-16384-16384-10
refuses 2 --layers 64-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-10
refuses 2 --activation step
says 'none of tanh, relu'
refuses 2 --optimizer newton
says 'none of sgd, momentum, rmsprop, adam'
refuses 2 --epochs -1
refuses 2 --batch 0
refuses 2 --seed x
refuses 2 --learning-rate -1
refuses 2 --csv absent/t.csv
refuses 2 --plot p.pdf
refuses 2 --csv p.svg --plot p.svg

[ $failures -eq 0 ]
