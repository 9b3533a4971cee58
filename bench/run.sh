#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The project's measurements: bench/run.sh BUILD_DIRECTORY [PART ...]; decode, rules, store, seal_store and load when none is named.
#   decode block seal_store rules alarms store load: minutes each
#   cluster   what a report costs nodes, PostgreSQL and NATS (minutes)
#   growth    how the cost of asking grows from 10^5 to 10^6 journeys (BENCH_SIZES="100000 1000000 10000000"), on SQLite or, with
#             BENCH_STORE=postgres://.../NAMEbench, on PostgreSQL, where all that the database holds goes
#   month     a month of a country through the API (an hour); MONTH_* as month.py says
#   radio     the receivers of all links beside theory and rtl_433 (half an hour), with curves, into RADIO_FOLDER (BUILD_DIRECTORY/radio);
#             RADIO_PACKETS (1000) a point, RADIO_NOISE (1e8) samples of noise
# Prints what belongs into docs/performance.md. Needs an otherwise idle machine to mean anything.
set -euo pipefail
build=$(realpath "$1")
shift
parts=("${@:-decode}")
[ $# -gt 0 ] || parts=(decode rules store seal_store load)
here=$(dirname "$(realpath "$0")")
seconds=${BENCH_SECONDS:-15}
trap 'kill $(jobs -p) 2>/dev/null' EXIT

echo "$(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(awk '/MemTotal/ {printf "%.0f GiB", $2 / 1048576}' /proc/meminfo), $(uname -sr), $(date -u +%F), load $(cut -d' ' -f1 /proc/loadavg)"

# One run: connections, messages a second, protocol. The whole platform, every seal in a journey with a corridor of 200
# points, acknowledgements and the live stream on, one opening every half second.
load() {
    local connections=$1 rate=$2 protocol=$3 data server password="a word for the bench 1"
    data=$(mktemp -d)
    "$build/bulla" load --prepare --store "sqlite:$data" --devices "$connections" --protocol "$protocol" --password "$password" --quiet
    ulimit -n "$(ulimit -Hn)"
    "$build/bulla" serve --quiet --data "$data" --http 127.0.0.1:0 --listen "$protocol=tcp:0" >"$data/out" 2>"$data/err" &
    server=$!
    for _ in $(seq 300); do grep -q Devices "$data/out" && break; sleep 0.1; done
    local port http
    port=$(sed -nE 's|^Devices.* tcp/([0-9]+).*|\1|p' "$data/out")
    http=$(sed -nE 's|.*http://([^/]*)/.*|\1|p' "$data/out" | head -1)
    sleep 1
    echo "-- $protocol, $connections connections, $rate messages a second"
    "$build/bulla" load --to "127.0.0.1:$port" --protocol "$protocol" --devices "$connections" --rate "$rate" --seconds "$seconds" \
        --alarms $((seconds * 2)) --http "http://$http" --password "$password" --pid $server --quiet || true
    local stored
    stored=$(curl -s "http://$http/metrics" | awk '/^bulla_observations_stored_total/ {print $2}')
    kill $server
    wait $server || true
    awk -v bytes="$(du -sb "$data/segments" | cut -f1)" -v n="$stored" 'BEGIN {printf "store: %.0f bytes an observation, raw message included\n", bytes / n}'
    rm -rf "$data"
}

radio() {
    local out=${RADIO_FOLDER:-$build/radio} link words
    mkdir -p "$out"
    for link in iso433 wco433 wco2450 fhss fhss-forward "fhss-forward --shallow" narrow915 narrow915-forward; do
        echo "-- $link"
        read -ra words <<<"$link"
        "$build/bulla" rf bench --link "${words[@]}" --packets "${RADIO_PACKETS:-1000}" --noise "${RADIO_NOISE:-1e8}" |
            tee "$out/${link// --/-}.jsonl"
    done
    /usr/bin/python3 "$here/../scripts/curves.py" "$out"/*.jsonl "$out"
    echo "curves: $out"
}

for part in "${parts[@]}"; do
    echo "== $part"
    case $part in
        load)
            load 1000 10000 jt701
            load 1000 25000 jt701
            load 1000 25000 jt808
            load 10000 25000 jt701
            load 10000 50000 jt701
            ;;
        cluster) "$here/cluster.py" "$build/bulla" "$build" ;;
        month) "$here/month.py" "$build/bulla" "$build" ;;
        radio) radio ;;
        growth)
            scratch=$(mktemp -d)
            # shellcheck disable=SC2086
            "$build/bench/bench_growth" "${BENCH_STORE:-$scratch/data}" ${BENCH_SIZES:-100000 1000000}
            rm -rf "$scratch"
            ;;
        *) "$build/bench/bench_$part" ;;
    esac
done
