#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Lines and branches of libbulla's data that its unit tests take: scripts/coverage.sh [DIRECTORY FOR OBJECTS]
# One line a file, then every line with a branch that was never taken. Exit 1 unless all were.
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD
work=${1:-$(mktemp -d)}
mkdir -p "$work/plain"
work=$(realpath "$work")
nouns="attachment block container container_size crc gbt gbt_check gbt_value seal_id supervision tag"
tests="test_attachment test_bits test_block test_container test_gbt test_gbt_values test_seal_vectors test_supervision test_tag"
flags="-D_GNU_SOURCE -DBULLA_SOURCE_DIR=\"$here\" -DBULLA_VERSION=\"0\" -I$here -I$here/libbulla/include -std=gnu11 -O0 -g"

rm -f "$work"/*.gcda "$work"/*.gcov
compile() { # extra flag, folder, sources...
    local flag=$1 folder=$2
    shift 2
    printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} sh -c "gcc $flags $flag -c {} -o $folder/\$(basename {} .c).o"
}
compile --coverage "$work" "$here"/libbulla/src/*.c
compile -O1 "$work/plain" $(ls proto/*.c | grep -v template) platform/model/*.c cli/{seal,block,gbt}_json.c tests/support/{vec,wire}.c
for test in $tests; do
    gcc $flags -c "tests/unit/libbulla/$test.c" -o "$work/plain/$test.main"
    gcc --coverage "$work/plain/$test.main" "$work"/*.o "$work"/plain/*.o -o "$work/$test" -lcmocka -ljansson -lcrypto -lm
    "$work/$test" >"$work/$test.log" 2>&1 || { tail -20 "$work/$test.log"; exit 1; }
done

cd "$work"
failed=0
for noun in $nouns; do
    gcov -b -o . "$noun.o" >"$noun.out" 2>/dev/null
    read -r lines branches < <(awk -v file="/libbulla/src/$noun.c" '
        /^File/ {on = index($0, file) > 0}
        on && /^Lines executed/ {split($2, a, ":"); lines = a[2]}
        on && /^Taken at least once/ {split($4, a, ":"); branches = a[2]}
        END {print lines, branches}' "$noun.out")
    printf '%-16s lines %8s  branches %8s\n' "$noun" "$lines" "$branches"
    [ "$lines" = 100.00% ] && [ "$branches" = 100.00% ] || failed=1
    awk '/^ *[0-9#=-]+\*?:/ {line = $0} /^branch.*(taken 0%|never)/ {print line}' "$noun.c.gcov" | sort -u
done
exit $failed
