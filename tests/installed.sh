#!/bin/sh
# installed.sh BUILD SOURCE - a program of a user's: installs the library into a temporary directory, builds examples/first.c
# with what pkg-config says and nothing else, first shared, then static, runs it; includes the header from C++.
set -eu
build=$1
source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

meson install -C "$build" --no-rebuild --quiet --destdir "$work/root"
pc=$(find "$work/root" -name jets.pc)
library=$(dirname "$(find "$work/root" -name 'libjets.so' -o -name 'libjets.dylib')")
if grep -q -e __asan_init -e __tsan_init "$library"/libjets.so; then
  echo "a library with a sanitizer needs programs built with it: skipped"
  exit 77
fi
PKG_CONFIG_PATH=$(dirname "$pc")
PKG_CONFIG_SYSROOT_DIR=$work/root
LD_LIBRARY_PATH=$library${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR LD_LIBRARY_PATH

cd "$work"
cp "$source/examples/first.c" .
cc first.c $(pkg-config --cflags --libs jets)
./a.out | diff - "$source/examples/first.expected"

echo '#include <jets.h>
int main() { return jet_version()[0] == 0; }' >main.cc
if command -v c++ >/dev/null; then
  c++ -std=c++11 -Wall -Wextra -Werror main.cc $(pkg-config --cflags --libs jets) -o main
  ./main
else
  echo "no C++ compiler: header not included from C++"
fi

if [ -e "$library/libjets.a" ]; then
  rm "$library"/libjets.so*
  cc first.c $(pkg-config --static --cflags --libs jets) -o static
  ./static | diff - "$source/examples/first.expected"
fi
