#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The long forms of the end-to-end proofs, with their figures (docs/proofs.md): scripts/prove.sh PROGRAM [BUILD_DIRECTORY]
# KILL_ROUNDS (100; a quarter of it on PostgreSQL, where each start waits for the lease of the one that was killed),
# FAULT_ROUNDS (100, of a cluster; a fifth of it for one node on each store) and HOSTILE_TIMES (5) make them longer or shorter.
set -u
program=${1:?"usage: $0 PROGRAM [BUILD_DIRECTORY]"} build=${2:-$(dirname "$1")}
root=$(cd "$(dirname "$0")/.." && pwd)
failed=0

prove() { # NAME [VARIABLE=VALUE ...]
    local name=$1
    shift
    echo "== $name $*"
    env "$@" /usr/bin/python3 "$root/tests/e2e/$name.py" "$program" "$build"
    case $? in
    0 | 77) ;;
    *) failed=$((failed + 1)) ;;
    esac
}

echo "$("$program" version 2>/dev/null || "$program" --version), $(uname -srm), $(nproc) cores, $(date -u +%F)"
if [ -x "$build/tests/test_seal_cuts" ]; then
    echo "== test_seal_cuts BULLA_CUTS=all"
    BULLA_CUTS=all "$build/tests/test_seal_cuts" || failed=$((failed + 1))
fi
rounds=${KILL_ROUNDS:-100}
for store in "sqlite $rounds" "postgres $(((rounds + 3) / 4))"; do
    on=BULLA_TEST_STORE=${store% *}
    prove corpus "$on"
    prove kill "$on" "BULLA_KILL_ROUNDS=${store#* }"
    for _ in 1 2 3; do prove disk_full "$on"; done
    prove hostile "$on" BULLA_HOSTILE_WAIT=1 "BULLA_HOSTILE_TIMES=${HOSTILE_TIMES:-5}"
    prove load "$on" BULLA_LOAD_DEVICES=2000 BULLA_LOAD_SECONDS=10
    prove overload "$on" BULLA_OVERLOAD_SECONDS=60 BULLA_OVERLOAD_WRITE_US=2000
done
rounds=${FAULT_ROUNDS:-100}
for size in "sqlite $((rounds / 5))" "postgres $((rounds / 5))" "cluster $rounds"; do
    prove faults "BULLA_FAULTS=${size% *}" "BULLA_FAULT_ROUNDS=${size#* }" BULLA_FAULT_DEVICES=400 BULLA_FAULT_RATE=400
done
[ "$failed" -eq 0 ] && echo "all proofs hold" || echo "$failed proofs failed"
exit $((failed > 0))
