#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The program of docs/seal.md compiles as the page says, and speaks to a seal.
set -u
bulla=$(realpath "$1") build=$(realpath "$2")
[ -x "$bulla" ] || { echo "skipped: no program"; exit 77; }
root=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d)
failed=0 passed=0
expect() { # what, expected, got
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        echo "FAIL $1: expected $2, got $3"
        failed=$((failed + 1))
    fi
}
awk '/^```c$/ {on=1; next} /^```/ {on=0} on' "$root/docs/seal.md" >"$dir/status.c"
flags=$(sed -n 's/^CMAKE_C_FLAGS:STRING=//p' "$build/CMakeCache.txt")
sanitize=$(sed -n 's/^BULLA_SANITIZE:STRING=\(..*\)/-fsanitize=\1/p' "$build/CMakeCache.txt")
line=$(sed -n 's/^cc //p' "$root/docs/seal.md" | sed "s|build/dev|$build|g; s|status.c|$dir/status.c|; s|-o status|-o $dir/status|")
(cd "$root" && eval "${CC:-gcc} -Wall -Wextra -Werror $flags $sanitize $line") || { echo "FAIL it does not compile"; exit 1; }
cd "$dir" || exit 1
"$bulla" seal run --memory seal.mem --listen unix:seal.sock </dev/null >seal.log &
seal=$!
trap 'kill $seal 2>/dev/null; rm -rf "$dir"' EXIT
for _ in $(seq 200); do [ -S seal.sock ] && break; sleep 0.05; done
expect "what it prints" "not sealed, claimed" "$(./status unix:seal.sock)"
./status unix:nobody.sock
expect "nobody there" 3 $?
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
