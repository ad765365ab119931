# test.sh PROGRAM DIRECTORY, read by the tests of the examples - works in a new directory under DIRECTORY, which
# goes at the end.
set -u
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
name=$(basename "$1")
work=$(mktemp -d "$2/$name.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

left() { # the files there but for out and err, which works and refuses write
  ls | grep -vxE 'out|err'
}

works() { # arguments of the program
  "$program" "$@" >out 2>err || fail "status $? of $name $*: $(cat err)"
  [ ! -s err ] || fail "$name $* says on stderr: $(cat err)"
}

refuses() { # status, then arguments of the program: one sentence, no new file
  expected=$1
  before=$(left)
  shift
  "$program" "$@" >out 2>err
  status=$?
  [ $status -eq "$expected" ] || fail "status $status, not $expected, of $name $*"
  [ "$(wc -l <err)" -eq 1 ] || fail "not one sentence from $name $*: $(cat err)"
  [ "$(left)" = "$before" ] || fail "$name $* left $(left)"
}

ended() { # a signal, then arguments of the program: it dies of it while it works, and leaves nothing
  signal=$1
  before=$(left)
  shift
  "$program" "$@" >out 2>err &
  waited=0
  until [ -n "$(find . -name '*.part')" ] || [ $waited -eq 100 ]; do
    sleep 0.1
    waited=$((waited + 1))
  done
  kill -s "$signal" $! && kill -s "$signal" $! 2>/dev/null # as timeout does: twice
  wait $! 2>/dev/null
  status=$?
  [ $status -gt 128 ] || fail "status $status of $name $* after SIG$signal"
  [ "$(left)" = "$before" ] || fail "$name $* left after SIG$signal: $(find .)"
  [ -z "$(find . -name '*.part')" ] || fail "$name $* left after SIG$signal: $(find . -name '*.part')"
}

unread() { # arguments of the program: nobody reads what it prints, and its files are complete or not there
  mkfifo pipe
  "$program" "$@" >pipe 2>err &
  : <pipe
  wait $! 2>/dev/null
  [ -z "$(find . -name '*.part')" ] || fail "$name $* left where nobody reads: $(find . -name '*.part')"
  rm -f pipe
}

no_room() { # arguments of the program: files take no byte, and so there are none, nor a directory made for them
  before=$(left)
  (
    trap '' XFSZ
    ulimit -f 0
    exec "$program" "$@" 2>&1 >/dev/null
  ) | cat >err
  [ "$(left)" = "$before" ] || fail "$name $* left where there is no room: $(find .)"
  [ "$(wc -l <err)" -eq 1 ] || fail "not one sentence from $name $*: $(cat err)"
  says 'cannot write'
}

says() { # a fixed string that the last sentence contains
  grep -qF -e "$1" err || fail "'$1' is not in: $(cat err)"
}

prints() { # an extended regular expression for the last line
  tail -n 1 out | grep -qxE -e "$1" || fail "last line '$(tail -n 1 out)' is not $1"
}

holds() { # an awk condition on the words of the last line
  tail -n 1 out | awk "{ exit !($1) }" || fail "not $1: $(tail -n 1 out)"
}

lists() { # options
  works --help
  for option; do
    grep -q -e " --$option " out || fail "--help does not list --$option"
  done
  [ -z "$(left)" ] || fail "--help left $(left)"
  refuses 2 --nonsense 1
  refuses 2 stray
}
