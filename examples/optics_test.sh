#!/bin/sh
# optics_test.sh OPTICS DIRECTORY - the optical neural network: that its loss falls, its files, pictures it refuses and
# how.
. "$(dirname "$0")/common/test.sh"

lists target steps plates size phase-only f32 seed out

works --steps 24 --plates 8 --size 32 --out 'a b'
prints 'final loss [0-9]\.[0-9]{5} time [0-9]+\.[0-9]'
[ "$(grep -c '^step ' out)" -eq 25 ] || fail "reports of steps 0 to 24: $(cat out)"
# within 1e-4 of what it is; rounding changes the sixth digit
awk '/^step +0 / { d = $4 - 0.16273; bad += d * d > 1e-8 } /^final/ { d = $3 - 0.12177; bad += d * d > 1e-8 }
  END { exit bad }' out ||
  fail "losses: $(cat out)"
if command -v gnuplot >/dev/null; then
  [ "$(ls 'a b' | tr '\n' ' ')" = 'loss.csv loss.png pictures.pgm pictures.png ' ] || fail "files: $(ls 'a b')"
fi
[ "$(head -n 1 'a b/loss.csv')" = step,loss,time ] || fail "header $(head -n 1 'a b/loss.csv')"
[ "$(wc -l <'a b/loss.csv')" -eq 26 ] || fail "number of rows"
awk -F, 'NR > 2 && !($2 < before) { exit 1 } { before = $2 }' 'a b/loss.csv' ||
  fail "the loss rises: $(cat 'a b/loss.csv')"
[ "$(head -n 2 'a b/pictures.pgm' | tail -n 1)" = '192 32' ] || fail "the pictures are not six of 32 x 32"
[ "$(wc -c <'a b/pictures.pgm')" -eq $((14 + 6 * 32 * 32)) ] || fail "size of pictures.pgm"
final=$(tail -n 1 out | cut -d' ' -f3)
works --steps 24 --plates 8 --size 32 --out 'a b' --seed 2
[ "$(tail -n 1 out | cut -d' ' -f3)" != "$final" ] || fail "another seed, the same numbers"
works --steps 24 --plates 8 --size 32 --out 'a b' --f32
awk '/^final/ { d = $3 - 0.12177; exit d * d > 1e-8 }' out || fail "in single precision: $(tail -n 1 out)"
rm -rf 'a b'

works --steps 16 --plates 12 --size 96 --phase-only
awk '/^step/ { if (!n++) first = $4; last = $4 } END { exit !(last < 0.9 * first) }' out ||
  fail "phases do not learn: $(cat out)"
works --steps 0 --plates 1 --size 8
works --steps 1 --plates 1 --size 9
[ "$(grep -c '^step ' out)" -eq 2 ] || fail "two reports: $(cat out)"
rm -rf optics_out

# A target of the caller's: what the program wrote is what it reads; plain and raw are the same.
{
  echo P2 '# a cross'; echo '#8 9'; echo 8 8 '#' 7; echo 3
  for i in 1 2 3 4 5 6 7 8; do echo 0 0 0 3 3 0 0 $((i == 4 ? 3 : 0)); done
} >cross.pgm
works --steps 2 --plates 2 --target cross.pgm
plain=$(grep '^step' out | cut -d' ' -f-6)
{
  printf 'P5\n#\n8 8 3\n'
  for i in 1 2 3 4 5 6 7 8; do printf '\0\0\0\003\003\0\0'; [ $i -eq 4 ] && printf '\003' || printf '\0'; done
} >raw.pgm
works --steps 2 --plates 2 --target raw.pgm --size 8
[ "$(grep '^step' out | cut -d' ' -f-6)" = "$plain" ] || fail "plain and raw differ: $plain, $(cat out)"
rm -rf optics_out

bad() { # the file bad.pgm, and what is said of it
  refuses 2 --target bad.pgm
  says "bad.pgm: $1"
}
printf 'P6\n2 2\n255\n12345678' >bad.pgm
bad 'line 1: a PGM picture begins with P2 or P5'
: >bad.pgm
bad 'line 1'
printf P >bad.pgm
bad 'line 1'
printf 'P2' >bad.pgm
bad 'line 1: the file ends before the width'
printf 'P2\n#\n8 x\n' >bad.pgm
bad 'line 3: the height is not a whole number'
printf 'P2 8 -8 1' >bad.pgm
bad 'line 1: the height is not a whole number'
printf 'P2 8 99999999999999999999999 1' >bad.pgm
bad 'line 1: the height is not between 1 and 16384'
printf 'P2 8 0 1' >bad.pgm
bad 'line 1: the height is not between'
printf 'P5 8 8 65535\n' >bad.pgm
bad 'line 1: white is 65535, but pictures of 16 bits are not read'
printf 'P5 8 8 0\n' >bad.pgm
bad 'line 1: the number for white'
head -c 60 raw.pgm >bad.pgm
bad '8 x 8 pixels are 64 bytes, but after byte 11 there are 49'
{ cat raw.pgm; printf 'x'; } >bad.pgm
bad '8 x 8 pixels are 64 bytes, but after byte 11 there are 65'
{ head -c 74 raw.pgm; printf '\004'; } >bad.pgm
bad 'row 8, column 8: 4 is brighter than white, which is 3'
sed '$d' cross.pgm >bad.pgm
bad 'line 12: the file ends before the pixel in row 8, column 1'
{ cat cross.pgm; echo 0; } >bad.pgm
bad 'line 13: there is more than 8 x 8 pixels'
sed 's/^0 0 0 3/0 0 0 9/' cross.pgm >bad.pgm
bad 'row 1, column 4: 9 is brighter than white'
sed 's/^0 0 0 3/0 0 0 3.5/' cross.pgm >bad.pgm
bad 'line 5: the pixel in row 1, column 4 is not a whole number'
printf 'P2 8 9' >bad.pgm
bad 'line 1: the file ends before the number for white'
{ echo P2 9 8 1; yes 0 | head -n 72; } >bad.pgm
bad '9 x 8 pixels are not a square'
refuses 2 --target absent.pgm
says 'cannot read absent.pgm'
refuses 2 --target .
refuses 2 --target cross.pgm --size 9
says '--size: 9 is not the 8 of cross.pgm'
refuses 2 --size 7
refuses 2 --size 100000
refuses 2 --steps -1
refuses 2 --plates 0
refuses 2 --seed x
refuses 2 --target
refuses 2 --out ''
refuses 2 --out absent/directory
: >file
refuses 2 --steps 0 --size 8 --out file

[ $failures -eq 0 ]
