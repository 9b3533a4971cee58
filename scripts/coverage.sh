#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Lines and branches of libbulla that its unit tests take: scripts/coverage.sh [DIRECTORY FOR OBJECTS]
# One line a file, then every line with a branch that was never taken. Exit 1 unless all were, in every file of libbulla/src.
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD
work=${1:-$(mktemp -d)}
mkdir -p "$work/plain"
work=$(realpath "$work")
tests=$(cd tests/unit/libbulla && ls test_*.c | sed 's/\.c$//' | grep -v '^test_seal_cuts$') # long, and takes no branch that others do not
printf '%s\n' -D_GNU_SOURCE "-DBULLA_SOURCE_DIR=\\\"$here\\\"" '-DBULLA_VERSION=\"0\"' "-I$here" "-I$here/libbulla/include" -std=gnu11 -g >"$work/flags"

rm -f "$work"/*.gcda "$work"/*.gcov
compile() { # extra flags, folder, sources...
    local extra=$1 folder=$2
    shift 2
    printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} sh -c "gcc @$work/flags $extra -c {} -o $folder/\$(basename {} .c).o"
}
compile "-O0 --coverage" "$work" "$here"/libbulla/src/*.c
compile -O1 "$work/plain" $(ls proto/*.c | grep -v template) suite/*.c platform/model/*.c cli/*_json.c tests/support/{vec,wire,nor}.c \
    $(printf "tests/unit/libbulla/%s.c " $tests)
mkdir -p "$work/main"
for test in $tests; do mv "$work/plain/$test.o" "$work/main/"; done

one() { # test
    cd "$work"
    gcc --coverage "main/$1.o" ./*.o plain/*.o -o "$1" -lcmocka -ljansson -lcrypto -lgcrypt -lm
    cd "$here"
    "$work/$1" >"$work/$1.log" 2>&1 || { tail -20 "$work/$1.log"; exit 1; }
}
export -f one
export work here
printf '%s\n' $tests | xargs -P "$(nproc)" -I{} bash -ec 'one {}'

cd "$work"
failed=0
for source in "$here"/libbulla/src/*.c; do
    noun=$(basename "$source" .c)
    gcov -b -o . "$noun.o" >"$noun.out" 2>/dev/null
    read -r lines branches < <(awk -v file="/libbulla/src/$noun.c" '
        BEGIN {lines = branches = "unknown"}
        /^File/ {on = index($0, file) > 0}
        on && /^No executable lines/ {lines = "100.00%"}
        on && /^No branches/ {branches = "100.00%"}
        on && /^Lines executed/ {split($2, a, ":"); lines = a[2]}
        on && /^Taken at least once/ {split($4, a, ":"); branches = a[2]}
        END {print lines, branches}' "$noun.out")
    printf '%-16s lines %8s  branches %8s\n' "$noun" "$lines" "$branches"
    [ "$lines" = 100.00% ] && [ "$branches" = 100.00% ] && continue
    failed=1
    awk '/^ *[0-9#=-]+\*?:/ {line = $0} /^ *#####/ {print line} /^branch.*(taken 0%|never)/ {print line}' "$noun.c.gcov" | sort -u
done
exit $failed
