#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# libbulla on a big-endian machine (s390x, emulated): its unit tests, and the same text as here for every vector of what seals store,
# for these with bits turned, for frames, seal ids and random bytes, and the same bytes in flash. Every machine keeps one format.
cd "$(dirname "$0")/../.." || exit 1
build=$(realpath "$2")
export BULLA_ALONE_WITHOUT=${BULLA_ALONE_WITHOUT-'_(cuts|walk)$|^test_zone$'} # long under an emulator; make alone has them
bash scripts/alone.sh s390x "$build/s390x" || exit
BULLA_ALONE_TARGET=say bash scripts/alone.sh alone "$build/alone" || exit # its tests have run here already
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
/usr/bin/python3 - >"$dir/lines" <<'PYTHON'
import os, random, sys
sys.path.insert(0, "fuzz")
import seeds
random.seed(20260301)
nouns = ["block", "gbt", "container", "supervision", "attachment", "tag"]

def crc16(data, crc=0xFFFF):  # bit by bit, not the library's table
    for byte in data:
        for bit in range(7, -1, -1):
            crc = (crc << 1 ^ (0x1021 if (crc >> 15 ^ byte >> bit) & 1 else 0)) & 0xFFFF
    return crc

def checked(data):
    return data + crc16(data).to_bytes(2, "big")

def frame():
    data = random.randbytes(random.randrange(0, 60))
    if random.randrange(2):
        return checked(b"\x40\x06" + bytes([14 + len(data)]) + random.randbytes(9) + data)
    return checked(b"\x40" + random.randbytes(2) + bytes([15 + len(data)]) + random.randbytes(9) + data)

for noun in nouns:
    found = list(seeds.messages(noun))
    assert found or not os.path.isdir("tests/vectors/" + noun), noun
    for message in found:
        print(noun, message.hex())
        for _ in range(5):
            spoilt = bytearray(message)
            for _ in range(random.randrange(1, 4)):
                if spoilt:
                    spoilt[random.randrange(len(spoilt))] ^= 1 << random.randrange(8)
            print(noun, spoilt.hex())
            if noun in ("block", "supervision", "tag"):
                print(noun, checked(bytes(spoilt[:-2])).hex())
    for _ in range(20):
        print(noun, random.randbytes(random.randrange(1, 500)).hex())
for _ in range(300):
    print("frame", frame().hex())
    print("seal_id", (b"\xe2" + random.randbytes(9)).hex())
PYTHON
lines=$(wc -l <"$dir/lines")
"$build/alone/say" <"$dir/lines" >"$dir/here" 2>"$dir/here.log" || { cat "$dir/here.log"; exit 1; }
qemu-s390x "$build/s390x/say" <"$dir/lines" >"$dir/there" 2>"$dir/there.log" || { cat "$dir/there.log"; exit 1; }
failed=0
cmp "$dir/here" "$dir/there" || { diff "$dir/here" "$dir/there" | cut -c1-300 | head -20; failed=1; }
said=$(wc -l <"$dir/here") # a line each, and three of memory
[ "$said" = $((lines + 3)) ] || { echo "expected $((lines + 3)) lines, got $said"; failed=1; }
for noun in block gbt container frame seal_id; do # some of each are good
    grep -q "^$noun .* ok .* ok" "$dir/here" || grep -q "^$noun ok" "$dir/here" || { echo "$noun: expected some that are right"; failed=1; }
done
echo "$said lines, $failed failed"
[ $failed = 0 ]
