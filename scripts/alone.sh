#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# libbulla and its tests alone, as a preset of CMakePresets.json has it: scripts/alone.sh alone|msan|alone-asan|s390x [BUILD FOLDER]
# BULLA_ALONE_TARGET: only that is built, and nothing is run. BULLA_ALONE_WITHOUT: a regular expression of tests that are left out, for a short form.
# Exit 77 when what the preset needs is not installed.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
build=${2:-build/$preset}
case $preset in
    msan) needs=clang ;;
    s390x) needs="s390x-linux-gnu-gcc qemu-s390x" ;;
    *) needs=cc ;;
esac
for program in $needs; do
    command -v "$program" >/dev/null || { echo "alone: $program is not installed: $preset is skipped"; exit 77; }
done
{ cmake --preset "$preset" -B "$build" && cmake --build "$build" -j "$(nproc)" ${BULLA_ALONE_TARGET:+--target "$BULLA_ALONE_TARGET"}; } >"$build.log" 2>&1 ||
    { tail -30 "$build.log" >&2; echo "alone: cannot build $preset, see $build.log" >&2; exit 1; }
[ -z "${BULLA_ALONE_TARGET:-}" ] || exit 0
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ctest --test-dir "$build" --no-tests=error --output-on-failure ${BULLA_ALONE_WITHOUT:+-E "$BULLA_ALONE_WITHOUT"} -j "$(nproc)" |
    grep -vE 'Passed|^ *Start'
