#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The receiver's kernels on a 64-bit ARM processor, emulated: the same bits as plain C. BULLA_NEON_WHOLE=1: the whole receiver too, its
# unit tests with their losses near theory, which takes many minutes.
cd "$(dirname "$0")/../.." || exit 1
for program in aarch64-linux-gnu-gcc qemu-aarch64; do
    command -v $program >/dev/null || { echo "$program is not installed: skipped"; exit 77; }
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
include="-I. -Ilibbulla/include -Itests/support/plain"
build() { # name, sources ...
    local name=$1
    shift
    # shellcheck disable=SC2086
    aarch64-linux-gnu-gcc -std=gnu11 -O2 -D_GNU_SOURCE -DBULLA_SOURCE_DIR='"."' -static $include -o "$dir/$name" "$@" -lm || exit 1
}
mkdir "$dir/o"
for kernel in plain neon; do
    [ $kernel = plain ] && vectors=-fno-tree-loop-vectorize || vectors= # as cmake/modem.cmake has it
    # shellcheck disable=SC2086
    aarch64-linux-gnu-gcc -std=gnu11 -O3 -ffast-math $vectors -Wall -Wextra -Wconversion -Werror $include -c -o "$dir/o/$kernel.o" "reader/modem/kernel_$kernel.c" || exit 1
done
build kernels tests/unit/modem/test_kernels.c reader/modem/kernel.c "$dir"/o/*.o
qemu-aarch64 "$dir/kernels" || exit 1
[ -n "${BULLA_NEON_WHOLE:-}" ] || exit 0
for test in modem fsk; do
    build $test tests/unit/modem/test_$test.c $(ls reader/modem/*.c | grep -v 'kernel_') "$dir"/o/*.o libbulla/src/*.c
    qemu-aarch64 "$dir/$test" || exit 1
done
