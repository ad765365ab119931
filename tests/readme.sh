#!/bin/sh
# readme.sh SOURCE - the README quotes examples/first.c word for word: its first C block is that file.
set -eu
awk '/^```c$/ { if (++blocks == 1) { inside = 1; next } } /^```$/ { inside = 0 } inside' "$1/README.md" |
  diff "$1/examples/first.c" -
