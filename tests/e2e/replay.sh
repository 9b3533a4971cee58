#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bulla replay: what it prints, in any order of arrival, and how it refuses.
set -u
bulla=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
expect() { # what, expected, got
    if [ "$2" != "$3" ]; then
        echo "FAIL $1: expected $2, got $3"
        failed=1
    fi
}
code() { "$@" >"$dir/out" 2>"$dir/err"; echo $?; }

cat >"$dir/s.json" <<'JSON'
{"journey": {"id": "J1", "seals": ["test:1"], "sealed_at": "2026-01-01T08:00:00Z",
             "destination": {"name": "B", "lat": 1, "lon": 2, "radius_m": 500}},
 "observations_file": "o.jsonl", "until": "2026-01-01T10:00:00Z"}
JSON
cat >"$dir/o.jsonl" <<'JSON'
{"id": "a", "seal": "test:1", "time": "2026-01-01T08:05:00Z", "state": {"seal": "sealed"}}
{"id": "b", "seal": "test:1", "time": "2026-01-01T08:10:00Z", "state": {"seal": "open"}}

{"id": "b", "seal": "test:1", "time": "2026-01-01T08:10:00Z", "state": {"seal": "open"}}
{"id": "c", "seal": "test:1", "time": "2026-01-01T08:20:00Z", "events": ["cover-opened"]}
JSON
expect "a scenario" 0 "$(code "$bulla" replay "$dir/s.json")"
expect "its alarms" "illegal_opening cover_opened " "$(sed 's/{"kind":"\([a-z_]*\)".*/\1/' "$dir/out" | tr '\n' ' ')"
sed 's/,"raised":"[^"]*"//' "$dir/out" | sort >"$dir/in-order"
tac "$dir/o.jsonl" >"$dir/r" && mv "$dir/r" "$dir/o.jsonl"
expect "backwards" 0 "$(code "$bulla" replay "$dir/s.json")"
expect "the same alarms backwards" "" "$(sed 's/,"raised":"[^"]*"//' "$dir/out" | sort | diff - "$dir/in-order")"
expect "an earlier end" 0 "$(code "$bulla" replay --until 2026-01-01T08:15:00Z "$dir/s.json")"
expect "one alarm by then" 1 "$(wc -l <"$dir/out")"
expect "changes" 0 "$(code "$bulla" replay --all "$dir/s.json")"
expect "are named" 2 "$(grep -c '"change":"raised"' "$dir/out")"

cat >"$dir/c.json" <<'JSON'
{"journey": {"id": "J1", "seals": ["test:1"], "sealed_at": "2026-01-01T08:00:00Z", "destination": {"name": "B", "lat": 1, "lon": 2, "radius_m": 500},
             "limits": [{"kind": "temperature", "min": 2, "max": 8}, {"kind": "temperature", "sensor": "tier3", "max": -15, "for_minutes": 0}],
             "zones": [{"duty": "forbidden", "name": "Depot", "lat": 3, "lon": 3, "radius_m": 1000}]},
 "observations": [
  {"id": "a", "seal": "test:1", "time": "2026-01-01T08:05:00Z", "sensors": [{"id": null, "kind": "temperature", "value": 9.5}, {"id": "tier3", "kind": "temperature", "value": -20}]},
  {"id": "b", "seal": "test:1", "time": "2026-01-01T08:10:00Z", "sensors": [{"id": null, "kind": "temperature", "value": -127}]},
  {"id": "c", "seal": "test:1", "time": "2026-01-01T08:20:00Z", "sensors": [{"id": null, "kind": "temperature", "value": 10.5}]},
  {"id": "d", "seal": "test:1", "time": "2026-01-01T08:25:00Z", "sensors": [{"id": "tier3", "kind": "temperature", "value": -14}],
   "fix": {"lat": 3, "lon": 3, "valid": true, "accuracy_m": 10}},
  {"id": "e", "seal": "test:1", "time": "2026-01-01T08:26:00Z", "fix": {"lat": 3, "lon": 3.001, "valid": true, "accuracy_m": 10}},
  {"id": "f", "seal": "test:1", "time": "2026-01-01T08:30:00Z", "events": ["discharged"], "note": {"by": "crane-7", "about": "XXABC"}}],
 "until": "2026-01-01T08:40:00Z"}
JSON
# [WCO-6-12] [WCO-13.6-3] [WCO-3.1-16]
expect "cargo, zones and what others say" 0 "$(code "$bulla" replay "$dir/c.json")"
expect "their alarms" "temperature@08:05:00Z temperature@08:25:00Z route_deviation@08:25:00Z overlanded@08:30:00Z " \
    "$(sed 's/{"kind":"\([a-z_]*\)".*"onset":"[^T]*T\([^"]*\)".*/\1@\2/' "$dir/out" | tr '\n' ' ')"
expect "how warm for how long" 1 "$(grep -c 'Temperature above 8 C for 15 min, up to 10.5 C, 30 degree-minutes' "$dir/out")"
expect "where it was expected" 1 "$(grep -c 'Discharged at XXABC, which is not in its plan; expected: B' "$dir/out")"

echo '{"seal": "test:1", "time": "2026-01-01T08:05:00Z", "state": {"seal": "ajar"}}' >>"$dir/o.jsonl"
expect "a word that is none" 2 "$(code "$bulla" replay "$dir/s.json")"
expect "is named with its place" 1 "$(grep -c 'line 6: state.seal.*ajar' "$dir/err")"
expect "and nothing is printed" 0 "$(wc -c <"$dir/out")"
echo '{' >"$dir/o.jsonl"
expect "a broken line" 2 "$(code "$bulla" replay "$dir/s.json")"
rm "$dir/o.jsonl"
expect "no file of observations" 3 "$(code "$bulla" replay "$dir/s.json")"
expect "no scenario" 3 "$(code "$bulla" replay "$dir/none.json")"
echo '{"journey"' >"$dir/b.json"
expect "a broken scenario" 2 "$(code "$bulla" replay "$dir/b.json")"
echo '{"journey": {"id": "J1", "seals": ["test:1"], "sealed_at": "2026-01-01T08:00:00Z"}}' >"$dir/b.json"
expect "a journey without a way" 1 "$(code "$bulla" replay "$dir/b.json")"
expect "is refused with its reason" 1 "$(grep -c 'expected a route or a destination' "$dir/err")"
expect "no argument" 2 "$(code "$bulla" replay)"
expect "help" 0 "$(code "$bulla" replay --help)"
[ $failed = 0 ] && echo "replay: all as expected"
exit $failed
