#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The platform under the sanitizers: scripts/sanitize.sh [tsan|asan]... (default: both) [-- PART...], PART unit or nodes (default:
# both). unit: the unit and property tests. nodes: a real node on SQLite, one on PostgreSQL, and one of three in a cluster, with
# devices, orders, alarms, pages and live streams (tests/sanitize/nodes.py); SANITIZE_SECONDS (30) each.
# Needs a build without a sanitizer in build/dev, for the load and the other nodes.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
kinds=() parts=()
to=kinds
for word in "$@"; do
    case $word in
    --) to=parts ;;
    tsan | asan) kinds+=("$word") ;;
    unit | nodes) [ $to = parts ] && parts+=("$word") ;;
    *)
        echo "sanitize: expected tsan, asan, and behind -- unit or nodes; got \"$word\"" >&2
        exit 2
        ;;
    esac
done
[ ${#kinds[@]} -gt 0 ] || kinds=(tsan asan)
[ ${#parts[@]} -gt 0 ] || parts=(unit nodes)
failed=0
cd "$root" || exit 3

attempt() { # WHAT COMMAND...
    echo "== $1"
    "${@:2}" || failed=$((failed + 1))
}

# The thread sanitizer counts 64 locks that a thread holds at most; the store reads as many segments at once in this one test.
unit() {
    local tests=(env UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 setarch -R ctest --test-dir "build/$1" --output-on-failure --timeout 3600 -j2)
    attempt "$1: unit and property tests" "${tests[@]}" -E '^(e2e|lint)/|^test_sim_disk$'
    attempt "$1: test_sim_disk" env TSAN_OPTIONS=detect_deadlocks=0 "${tests[@]}" -R '^test_sim_disk$'
}

nodes() {
    for kind in sqlite postgres cluster; do
        attempt "$1: $kind" /usr/bin/python3 tests/sanitize/nodes.py build/dev/bulla build/dev "build/$1/bulla" $kind "${SANITIZE_SECONDS:-30}"
    done
}

[ -x build/dev/bulla ] || { echo "sanitize: expected a program in build/dev; build it first (make build)" >&2; exit 3; }
for kind in "${kinds[@]}"; do
    cmake --preset "$kind" >/dev/null && cmake --build "build/$kind" || exit 3
    for part in "${parts[@]}"; do $part "$kind"; done
done
[ "$failed" -eq 0 ] && echo "nothing was found" || echo "$failed parts failed"
exit $((failed > 0))
