#!/bin/sh
# op_table.sh PROGRAM SOURCE - the table between the marks in README.md is what the program op_table prints, and no cell of an
# operation is empty.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$1" >"$work/printed"
awk '/^<!-- \/ops -->$/ { inside = 0 } inside; /^<!-- ops -->$/ { inside = 1 }' "$2/README.md" >"$work/quoted"
diff "$work/quoted" "$work/printed"
! grep -n '|  |' "$work/printed"
grep -q '`' "$work/printed"
