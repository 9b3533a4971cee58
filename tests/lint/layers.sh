#!/usr/bin/env bash
# Includes run one way (ARCHITECTURE.md, "Who may include whom"): a folder may include only what its row names.
cd "$(dirname "$0")/../.." || exit 1
passed=0 failed=0

# folder | may include (prefixes of the quoted include)
rules='
libbulla        bulla/ libbulla/src/
suite           bulla/ suite/
proto           bulla/ proto/
reader          bulla/ reader/
platform/base   platform/base/
platform/model  bulla/ platform/model/
platform/rules  bulla/ platform/model/ platform/rules/
platform/flow   bulla/ platform/model/ platform/flow/
platform/store  bulla/ platform/model/ platform/base/ platform/store/
platform/bus    bulla/ platform/model/ platform/base/ platform/bus/
platform/in     bulla/ proto/ platform/base/ platform/in/
platform/out    bulla/ platform/flow/ proto/proto.h platform/platform.h platform/live_list.h platform/tracks.h platform/model/ platform/store/store.h platform/base/ platform/out/
transport       bulla/ transport/
firmware        bulla/ firmware/
sim             bulla/ proto/proto.h platform/model/ platform/base/ platform/store/disk.h platform/store/sqlite.h platform/store/store_backend.h platform/in/net.h platform/bus/bus.h platform/pipeline.h platform/rules/engine.h sim/
cli             bulla/ proto/proto.h cli/ reader/modem/ reader/source/ reader/picture/ reader/llrp/ suite/suite.h transport/transport.h sim/ platform/pipeline.h platform/platform.h platform/tracks.h platform/escalation.h platform/model/ platform/rules/ platform/base/ platform/store/store.h platform/store/move.h platform/store/image.h platform/out/out.h platform/in/gateway.h platform/in/broker.h
'
while read -r folder allowed; do
    [ -n "$folder" ] && [ -d "$folder" ] || continue
    while IFS=: read -r file _ line; do
        name=$(sed -E 's/.*"([^"]+)".*/\1/' <<<"$line")
        ok=
        for prefix in $allowed; do
            [[ $name == "$prefix"* ]] && ok=1
        done
        if [ -n "$ok" ]; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
            echo "$file includes \"$name\": expected one of: $allowed"
        fi
    done < <(grep -rnE --include='*.[ch]' '^#include "' "$folder")
done <<<"$rules"

# The funnel sees ports, never a back end; only main.c names one.
while IFS=: read -r file _; do
    [ "$file" = platform/main.c ] && continue
    failed=$((failed + 1))
    echo "$file names a concrete back end: only platform/main.c may"
done < <(grep -rnE --include='*.[ch]' '\b(store_(sqlite|postgres|postgresql)|broker_mqtts?)\b' platform cli sim | grep -vE '^platform/(store|in)/')

# libbulla, proto and the firmware do without an operating system.
while IFS=: read -r file _ line; do
    [[ $file == proto/json/* ]] && continue
    failed=$((failed + 1))
    echo "$file: $line: freestanding code includes only stdint, stddef, stdbool, limits"
done < <(grep -rnE --include='*.[ch]' '^#include <' libbulla proto firmware | grep -vE '<(stdint|stddef|stdbool|limits)\.h>')

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
