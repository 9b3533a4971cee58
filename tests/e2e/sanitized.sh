#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The unit tests of libbulla with all of it and of them instrumented: for memory that was never written, then for addresses and
# undefined behaviour.
cd "$(dirname "$0")/../.." || exit 1
export BULLA_ALONE_WITHOUT=${BULLA_ALONE_WITHOUT-'^test_seal_cuts$'} # make alone has it
for preset in msan alone-asan; do
    echo "== $preset"
    bash scripts/alone.sh $preset "$2/$preset" || exit
done
