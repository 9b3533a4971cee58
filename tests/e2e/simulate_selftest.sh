#!/usr/bin/env bash
# The simulation finds bugs that were put into the platform: a share of tests/simulate/bugs. All of them: make simulate.
cd "$(dirname "$0")/../.." || exit 1
command -v patch >/dev/null && command -v pkg-config >/dev/null || { echo "selftest: patch or pkg-config is not installed"; exit 77; }
exec bash tests/simulate/selftest.sh "$2" acknowledge-before-append segments-without-sync duplicates-of-closed-segments-unknown \
    no-fence undone-batch-taken-for-stored journeys-not-learnt-at-take-over
