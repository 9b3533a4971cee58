#!/usr/bin/env bash
# The simulation finds bugs: each patch in tests/simulate/bugs is put into a copy of the files that it touches, these are linked in
# front of the built libraries, and within a fixed number of seeds something must be found broken. Without a patch, nothing.
#   selftest.sh BUILD [NAME...]      names of patches without .patch; none: all
# The first line of a patch says how it is looked for: "# seeds=N days=D nodes=N faults=BITS".
source_folder=$(cd "$(dirname "$0")/../.." && pwd)
build=$(realpath "${1:-build/dev}") || exit 1
shift
[ -f "$build/libsim.a" ] || { echo "selftest: $build has no libsim.a"; exit 77; }
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
packages="sqlite3 libpq libzstd yajl libnats libuv jansson libcrypto proj"
libraries="-Wl,--start-group $(printf '%s ' "$build"/lib{sim,pipeline,in,proto,rules,store,bus,model,base,bulla_core}.a) -Wl,--end-group"
[ -f "$build/libproto_json.a" ] && libraries+=" $build/libproto_json.a $build/libproto.a $build/libbulla_core.a"
flags="-std=gnu11 -O2 -g -D_GNU_SOURCE -DBULLA_VERSION=\"0\" -fno-strict-aliasing -w $(pkg-config --cflags $packages)"
passed=0 failed=0

# Builds $made/$1/run with the patched files in front.
build_with() {
    local name=$1 folder=$made/$1 objects=
    mkdir -p "$folder"
    if [ "$name" != none ]; then
        while read -r file; do
            (cd "$source_folder" && cp --parents "$file" "$folder")
        done < <(sed -n 's|^+++ b/||p' "$source_folder/tests/simulate/bugs/$name.patch")
        (cd "$folder" && patch -s -p1 <"$source_folder/tests/simulate/bugs/$name.patch") || return 1
        while read -r file; do
            cc $flags -I"$folder" -I"$source_folder/libbulla/include" -I"$source_folder" -c "$file" -o "$file.o" || return 1
            objects+=" $file.o"
        done < <(find "$folder" -name '*.c')
    fi
    cc $flags -I"$source_folder" "$source_folder/tests/simulate/run.c" $objects $libraries $(pkg-config --libs $packages) -lm -lpthread -o "$folder/run"
}

try() {
    local name=$1 seeds=10 days=6 nodes=1 faults=255
    [ "$name" = none ] || eval "$(sed -n '1s/^# *//p' "$source_folder/tests/simulate/bugs/$name.patch")"
    build_with "$name" || { echo "$name: cannot be built"; failed=$((failed + 1)); return; }
    local began=$SECONDS
    found=$("$made/$name/run" 1 "$seeds" "$days" "$nodes" "$faults" 2>/dev/null)
    local outcome=$? expected=1
    [ "$name" = none ] && expected=0
    if [ $outcome -eq $expected ]; then
        passed=$((passed + 1))
        echo "$name: $([ $expected = 1 ] && echo "found in $((SECONDS - began)) s: $found" || echo "holds")"
    else
        failed=$((failed + 1))
        echo "$name: expected $([ $expected = 1 ] && echo "to be found within $seeds seeds" || echo "to hold"), exit $outcome: $found"
    fi
}

names=("$@")
[ ${#names[@]} -gt 0 ] || names=(none $(cd "$source_folder/tests/simulate/bugs" && ls *.patch | sed 's/\.patch$//'))
for name in "${names[@]}"; do
    try "$name"
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
