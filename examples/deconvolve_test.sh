#!/bin/sh
# deconvolve_test.sh DECONVOLVE DIRECTORY - the blurred picture: that it gets sharp, files, what is refused and how.
. "$(dirname "$0")/common/test.sh"

lists input size blur noise smooth steps seed out

works --steps 60 --size 64 --out 'a b'
prints 'PSNR before [0-9]+\.[0-9]{2} after [0-9]+\.[0-9]{2} dB time [0-9]+\.[0-9]{2}'
# the hundredths are those of this noise
awk '/before/ { d = $3 - 16.04; e = $5 - 19.46; exit !(d * d < 4e-4 && e * e < 4e-3) }' out ||
  fail "PSNR: $(tail -n 1 out)"
[ "$(grep -c '^step ' out)" -eq 6 ] || fail "reports of every tenth step: $(cat out)"
[ "$(head -n 1 'a b/loss.csv')" = step,loss,psnr,time ] || fail "header $(head -n 1 'a b/loss.csv')"
[ "$(wc -l <'a b/loss.csv')" -eq 7 ] || fail "number of rows"
[ "$(head -n 2 'a b/pictures.pgm' | tail -n 1)" = '192 64' ] || fail "the pictures are not three of 64 x 64"
if command -v gnuplot >gnuplot.path; then
  [ -s 'a b/loss.png' ] && [ -s 'a b/pictures.png' ] || fail "no picture: $(ls 'a b')"
fi

# What it wrote is a picture to read, of another shape and with an odd width; noise is the seed's.
{ echo P2 33 20 9; i=0; while [ $i -lt 660 ]; do echo $((i % 33 / 8 * 2 + i / 330)); i=$((i + 1)); done; } >steps.pgm
works --input steps.pgm --steps 40
holds '$5 > $3 + 4'
first=$(tail -n 1 out | cut -d' ' -f-6)
works --input steps.pgm --steps 40 --seed 2
[ "$(tail -n 1 out | cut -d' ' -f-6)" != "$first" ] || fail "another seed, the same numbers"
works --input steps.pgm --steps 40
[ "$(tail -n 1 out | cut -d' ' -f-6)" = "$first" ] || fail "the same seed, other numbers"
works --input 'a b/pictures.pgm' --steps 1
works --size 8 --steps 0
works --size 9 --steps 12 --blur 0 --noise 0 --smooth 0
works --size 9 --steps 3 --blur 0 --noise 0.1
rm -rf 'a b' deconvolve gnuplot.path

printf 'P7\n2 2\n255\n12345678' >bad.pgm
refuses 2 --input bad.pgm
says 'bad.pgm: line 1: a PGM picture begins with P2 or P5'
head -n 100 steps.pgm >bad.pgm
refuses 2 --input bad.pgm
says 'bad.pgm: line 101: the file ends before the pixel in row 4, column 1'
refuses 2 --input absent.pgm
refuses 2 --size 7
refuses 2 --steps -1
refuses 2 --blur -1
refuses 2 --noise nan
refuses 2 --smooth x
refuses 2 --seed -1
refuses 2 --out ''
refuses 2 --out absent/directory

[ $failures -eq 0 ]
