#!/bin/sh
# linear_layer_test.sh LINEAR_LAYER DIRECTORY - the linear layer: that it learns, its files, IDX files it refuses and
# how.
. "$(dirname "$0")/common/test.sh"

lists images labels check-images check-labels made samples epochs batch learning-rate no-bias f32 seed out

works --made 1200 --epochs 5 --out 'a b'
number='[0-9]+\.[0-9]'
prints "final loss ${number}{4} accuracy ${number}{4} normal ${number}{4} epoch ${number}{2} ms time $number"
grep -qx 'linear(in_features=784, out_features=10, bias=yes): 7850 parameters' out || fail "description: $(cat out)"
[ "$(grep -c ' epoch ' out)" -eq 13 ] || fail "reports of epochs 0 to 5, twice, and the end: $(cat out)"
# within 1e-3 of what it is; rounding changes the sixth digit
expects() { # final loss, that of normal
  tail -n 1 out | awk -v a="$1" -v b="$2" 'function off(x, y) { return x > y ? x - y : y - x }
    { exit !(off($3, a) < 1e-3 && off($7, b) < 1e-3 * b) }' || fail "not $1 and $2: $(tail -n 1 out)"
}
expects 1.4930 5.5023
head -n 1 'a b/loss.csv' | grep -q '^epoch,kaiming_training_loss,.*,normal_epoch_time$' ||
  fail "header $(head -n 1 'a b/loss.csv')"
[ "$(wc -l <'a b/loss.csv')" -eq 7 ] || fail "number of rows"
awk -F, 'NR > 2 && !($2 < k && $7 < n) { exit 1 } { k = $2; n = $7 }' 'a b/loss.csv' ||
  fail "a loss rises: $(cat 'a b/loss.csv')"
if command -v gnuplot >/dev/null; then [ -s 'a b/loss.png' ] || fail "no picture"; fi
first=$(cut -d, -f2-5,7-10 'a b/loss.csv')
works --made 1200 --epochs 5 --out 'a b' --seed 2
[ "$(cut -d, -f2-5,7-10 'a b/loss.csv')" != "$first" ] || fail "another seed, the same numbers"
works --made 1200 --epochs 5 --out 'a b'
[ "$(cut -d, -f2-5,7-10 'a b/loss.csv')" = "$first" ] || fail "the same seed, other numbers"
works --made 1200 --epochs 5 --out 'a b' --f32
expects 1.4930 5.5023
works --made 1200 --epochs 5 --out 'a b' --no-bias
grep -q 'bias=none): 7840 parameters' out || fail "description: $(cat out)"
works --made 1200 --epochs 1 --batch 100000
works --made 12 --epochs 1 --batch 1 --samples 12
works --made 100 --epochs 0
rm -rf linear_layer_out

# The same files packed and plain, with a pair that validates and without.
cd 'a b' || exit 1
packs=0
for f in digits-*; do
  case $f in *.gz) packs=1 && gzip -dc "$f" >"../${f%.gz}" ;; *) cp "$f" .. ;; esac
done
cd .. && mv digits-train-images-idx3-ubyte images && mv digits-train-labels-idx1-ubyte labels &&
  mv digits-validate-images-idx3-ubyte images2 && mv digits-validate-labels-idx1-ubyte labels2
works --images images --labels labels --check-images images2 --check-labels labels2 --epochs 5
expects 1.4930 5.5023
works --images images --labels labels --epochs 5
grep -q '^1000 pictures of images train, 200 of the others validate' out || fail "the split: $(cat out)"
plain=$(tail -n 1 out | cut -d' ' -f-7)
gzip -c images >packed # whatever its name
rm -rf linear_layer_out
if [ $packs -eq 1 ]; then
  works --images packed --labels labels --epochs 5
  [ "$(tail -n 1 out | cut -d' ' -f-7)" = "$plain" ] || fail "packed: $(tail -n 1 out), not $plain"
  rm -rf linear_layer_out
  head -c 20000 packed >bad
  refuses 2 --images bad --labels labels
  says 'bad: unexpected end of file, after byte '
  head -c "$(($(wc -c <packed) - 4))" packed >bad
  refuses 2 --images bad --labels labels
  says 'bad: unexpected end of file, after byte 940816 of what it unpacks to'
  { head -c 20000 packed; printf 'damage'; tail -c +20007 packed; } >bad
  refuses 2 --images bad --labels labels
  says 'bad: '
  { head -c "$(($(wc -c <packed) - 8))" packed; printf '12345678'; } >bad
  refuses 2 --images bad --labels labels
  says 'bad: incorrect data check, after byte '
  { head -c 500000 images; } | gzip -c >bad
  refuses 2 --images bad --labels labels
  says 'bad: the extents ask for 940800 bytes after byte 16, but there are only 499984'
else
  refuses 2 --images packed --labels labels
  says 'packed: byte 1: it is packed by gzip, which this build, made without zlib, cannot read'
fi

bad() { # the pictures bad, and what is said of them
  refuses 2 --images bad --labels labels
  says "bad: $1"
}
head -c 500000 images >bad
bad 'the extents ask for 940800 bytes after byte 16, but there are only 499984'
{ cat images; printf x; } >bad
bad 'the extents ask for 940800 bytes after byte 16, but there are more'
head -c 16 images >bad
bad 'the extents ask for 940800 bytes after byte 16, but there are only 0'
head -c 15 images >bad
bad 'the file ends after byte 15, within the header of 16'
: >bad
bad 'the file ends after byte 0'
{ printf '\001'; tail -c +2 images; } >bad
bad 'byte 1: an IDX file begins with two zeros, this one with 1 0'
echo 'not IDX at all' >bad
bad 'byte 1'
{ printf '\0\0\015\003'; tail -c +5 images; } >bad
bad 'byte 3: the elements are of type 13, not unsigned bytes, which are 8'
cp labels bad
bad 'byte 4: the array has 1 axes, not 3'
{ printf '\0\0\010\003\0\0\0\0'; tail -c +9 images; } >bad
bad 'byte 5: axis 1 has 0 elements'
{ printf '\0\0\010\003\377\377\377\377\377\377\377\377\0\0\0\001'; tail -c +17 images; } >bad
bad 'byte 9: axis 2 has 4294967295 elements'
{ printf '\0\0\010\003\0\020\0\0'; tail -c +9 images; } >bad
bad 'the extents ask for 822083584 bytes after byte 16, but there are only 940800'
{ printf '\0\0\010\003\0\0\004\260\0\0\0\016\0\0\0\070'; tail -c +17 images; } >bad
refuses 2 --images bad --labels labels2
says 'labels2: byte 5: there are 200 labels, but 1200 pictures in bad'
works --images bad --labels labels --epochs 0
{ printf '\0\0\010\003\0\0\004\260\0\0\0\016\0\0\0\016'; tail -c +17 images | head -c 235200; } >bad
rm -rf linear_layer_out
bad 'byte 9: the extents of a picture: rows of 196 numbers do not fit a linear layer of in_features=784'
{ printf '\0\0\010\003\0\0\0\001'; tail -c +9 images | head -c 792; } >bad
{ printf '\0\0\010\001\0\0\0\001\005'; } >bad2
refuses 2 --images bad --labels bad2
says 'bad: byte 5: 1 pictures are too few, with 1 to train and others to validate'
{ head -c 100 labels; printf '\012'; tail -c +102 labels; } >bad
refuses 2 --images images --labels bad
says 'bad: label 93 of 1200: 10 is not between 0 and 9'
head -c 1000 labels >bad
refuses 2 --images images --labels bad
says 'bad: the extents ask for 1200 bytes after byte 8, but there are only 992'
refuses 2 --images images --labels labels --check-images bad --check-labels labels2
says 'bad: byte 4'
refuses 2 --images images --labels labels --samples 1200
says 'images: byte 5: 1200 pictures are too few, with 1200 to train and others to validate'
refuses 2 --images absent --labels labels
says 'cannot read absent'
refuses 2 --images . --labels labels
refuses 2 --images images --labels .

refuses 2 --images images
says '--images and --labels go together'
refuses 2 --labels labels
refuses 2 --check-images images2 --check-labels labels2
refuses 2 --images images --labels labels --check-images images2
refuses 2 --made 11
refuses 2 --made 100 --samples 101
says '--samples: 101 are more than the 100 of --made'
refuses 2 --samples -1
refuses 2 --epochs -1
refuses 2 --batch 0
refuses 2 --learning-rate -1
refuses 2 --learning-rate x
refuses 2 --seed x
refuses 2 --no-bias 1
refuses 2 --out ''
refuses 2 --out absent/directory --made 12
refuses 2 --out absent/directory --images images --labels labels
: >file
refuses 2 --out file --made 12
mkdir linear_layer_out
refuses 1 --images images --labels labels --learning-rate 1e6 --epochs 300 --f32
rmdir linear_layer_out || fail "half-written output: $(ls linear_layer_out)"

[ $failures -eq 0 ]
