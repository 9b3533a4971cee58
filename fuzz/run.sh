#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Fuzzes every protocol of proto/registry.def, the track block, what a seal's data are, what it has in flash (store), whom it
# believes (session), how it runs (seal), how it sounds (rf), what describes samples (source), and what a UHF reader says (llrp):
# fuzz/run.sh [RUNS PER TARGET] [TARGET...]: all targets, or those named. `libbulla` stands for those of libbulla.
# One line a target: executions, seconds, corpus, crashes, leaks. Exit 1 on any finding; inputs that broke something are kept.
# BULLA_FUZZ_WORKERS says how many at a time, BULLA_FUZZ_BUILD where to build.
set -u
cd "$(dirname "$0")/.."
runs=${1:-10000000}
shift $(($# > 0))
build=${BULLA_FUZZ_BUILD:-build/fuzz}
workers=${BULLA_FUZZ_WORKERS:-$(nproc)}
protocols=$(sed -n 's/^PROTO([0-9]*, *\([a-z0-9_]*\)).*/\1/p' proto/registry.def)
[ -n "$protocols" ] || { echo "proto/registry.def: expected protocols, got none" >&2; exit 1; }

library="block gbt container supervision frame tag code128 store session seal rf source llrp"
protocols="${*:-$protocols track libbulla seal_json}"
protocols=${protocols/libbulla/$library}
targets=$(for p in $protocols; do echo "fuzz_$p"; done)
{ cmake --preset fuzz -B "$build" && cmake --build "$build" -j "$workers" --target $targets; } > "$build.log" 2>&1 ||
    { tail -30 "$build.log" >&2; echo "fuzz: cannot build, see $build.log" >&2; exit 1; }

found=0
for p in $protocols; do
    work=$build/run/$p
    rm -rf "$work"
    mkdir -p "$work/found"
    most=1500
    [ "$p" = gbt ] && most=2400 # a record with its cargo and two nodes
    mkdir -p "$work/seeds"      # those of the others grow from nothing: checksums fit in this build, or are made to
    case $p in track | store | session | seal | frame | code128 | rf | llrp) ;; *) python3 fuzz/seeds.py "$p" "$work/seeds" > /dev/null || exit 1 ;; esac
    some=$runs
    case $p in # one execution of these is long: guesses at a number, a chip of flash that is written and spoilt
        container | code128) some=$((runs / 10)) ;;
        store) some=$((runs / 50)) ;;
        session | seal | rf) some=$((runs / 200)) ;; # a handshake, a frame of samples: a thousand times as long as a decoder
        seal_json | source) some=$((runs / 10)) ;;
    esac
    each=$(((some + workers - 1) / workers))
    began=$SECONDS
    pids=()
    for ((w = 1; w <= workers; w++)); do
        mkdir -p "$work/corpus$w"
        "$build/fuzz_$p" -runs="$each" -seed="$w" -max_len=$most -timeout=10 -rss_limit_mb=2048 -detect_leaks=1 -print_final_stats=1 \
            -artifact_prefix="$work/found/" "$work/corpus$w" "$work/seeds" > "$work/log$w" 2>&1 &
        pids+=($!)
    done
    failed=0
    for pid in "${pids[@]}"; do wait "$pid" || failed=$((failed + 1)); done
    done_runs=$(cat "$work"/log* | sed -n 's/^stat::number_of_executed_units: *//p' | awk '{n += $1} END {print n + 0}')
    leaks=$(cat "$work"/log* | grep -c 'LeakSanitizer: detected')
    crashes=$((failed - leaks))
    corpus=$(find "$work"/corpus* -type f | wc -l)
    echo "$p: $done_runs executions, $((SECONDS - began)) s, corpus $corpus, $crashes crashes, $leaks leaks"
    if [ "$failed" -ne 0 ]; then
        found=1
        grep -h -m 3 -E 'ERROR:|runtime error:|broken promise' "$work"/log* >&2
        ls "$work/found"/* >&2
    fi
done
exit $found
