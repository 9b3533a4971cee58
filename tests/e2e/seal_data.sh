#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bulla container, block, gbt, supervision, attachment and tag as a user types them: output, words and exit codes.
set -u
bulla=$1
[ -x "$bulla" ] || { echo "skipped: no program"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0 passed=0
expect() { # what, expected, got
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        echo "FAIL $1: expected $2, got $3"
        failed=$((failed + 1))
    fi
}
code() { "$@" >"$dir/out" 2>"$dir/err" </dev/null; echo $?; }
# refuse WHAT CODE WORDS COMMAND...: that exit code, WORDS on stderr and nothing on stdout
refuse() {
    local what=$1 exit=$2 words=$3
    shift 3
    expect "$what: exit code" "$exit" "$(code "$bulla" "$@")"
    expect "$what: nothing on stdout" 0 "$(wc -c <"$dir/out")"
    expect "$what: says $words" 1 "$(grep -cF -- "$words" "$dir/err")"
}

# container
expect "a right number" 0 "$(code "$bulla" container CSQU3054383)"
expect "a right and a wrong one" 1 "$(code "$bulla" container CSQU3054383 CSQU3054384)"
expect "both are printed" "true false " "$(sed -E 's/.*"valid":([a-z]+).*/\1/' "$dir/out" | tr '\n' ' ')"
expect "as people write it" 0 "$(code "$bulla" container --tidy 'csqu 305438-3')"
expect "is not taken otherwise" 1 "$(code "$bulla" container 'csqu 305438-3')"
expect "tidy, and too long" 1 "$(code "$bulla" container --tidy 'csqu 305438-33')"
expect "types" 0 "$(code "$bulla" container --type 22G1 45R1)"
expect "a type that is none" 1 "$(code "$bulla" container --type 22G1 22XX)"
expect "bytes that are no text" 1 "$(code "$bulla" container $'CSQU\xff054383')"
expect "are shown as such" 1 "$(grep -c '"CSQU?054383"' "$dir/out")"
expect "help" 0 "$(code "$bulla" container --help)"
refuse "container without a number" 2 "expected a container number, got nothing" container
refuse "container with an unknown option" 2 "unknown option --typ" container --typ X

# block
hex=1ca82218004b5a1db35d6299bcc07809
expect "a block" 0 "$(code "$bulla" block decode $hex)"
expect "in capitals, with blanks" 0 "$(code "$bulla" block decode '1C A8 22 18 00 4B 5A 1D B3 5D 62 99 BC C0 78 09')"
expect "one bit off" 1 "$(code "$bulla" block decode $hex ${hex%9}8)"
expect "the other one is printed" 2 "$(wc -l <"$dir/out")"
expect "another start than demanded" 1 "$(code "$bulla" block decode --crc-init 0000 $hex)"
expect "start as demanded" 0 "$(code "$bulla" block decode --crc-init ffff $hex)"
expect "in the other reading" 1 "$(code "$bulla" block decode --reading clauses $hex)"
json='{"status":"secure","maker":42,"alpha":"ABC","number":1234567,"container":"MSKU9070323"}'
expect "encode" 0 "$(code "$bulla" block encode "$json")"
expect "its bytes" $hex "$(cat "$dir/out")"
expect "encode, other start" 0 "$(code "$bulla" block encode --crc-init 0000 "$json")"
expect "its bytes with the other start" 1ca82218004b5a1db35d6299bcc0d163 "$(cat "$dir/out")"
expect "encode, other reading" 0 "$(code "$bulla" block encode --reading clauses "$json")"
expect "there and back in the other reading" 0 "$(code "$bulla" block decode --reading clauses "$(cat "$dir/out")")"
chain='{"status":"tampered","battery":"low","maker":1,"number":7,"extension":{"random":"5eed","free":["0102030405060708090a0b0c0d0e","000000000000000000000000000f"]}}'
expect "a chain" 0 "$(code "$bulla" block encode "$chain")"
expect "of four blocks" 128 "$(tr -d '\n' <"$dir/out" | wc -c)"
cp "$dir/out" "$dir/chain"
expect "is read" 0 "$(code "$bulla" block decode --random 5eed "$(cat "$dir/chain")")"
expect "with its evidence" 1 "$(grep -c '"evidence":"random-kept"' "$dir/out")"
cp "$dir/out" "$dir/chain.json"
expect "and written again from what was printed" 0 "$(code "$bulla" block encode "$dir/chain.json")"
expect "to the same bytes" "$(cat "$dir/chain")" "$(cat "$dir/out")"
expect "fields" 0 "$(code "$bulla" block fields)"
refuse "no argument" 2 "expected decode HEX..., encode JSON or fields, got nothing" block
refuse "no such verb" 2 'got "read" and its arguments' block read x
refuse "no hexadecimal" 2 "expected an even count of hexadecimal digits" block decode 1cz8
refuse "no digits" 2 "expected an even count of hexadecimal digits" block decode ''
refuse "no such reading" 2 "--reading: expected table or clauses, got \"x\"" block decode --reading x $hex
refuse "no such start" 2 "--crc-init: expected ffff or 0000" block decode --crc-init 1d0f $hex
refuse "no random value" 2 "--random: expected four hexadecimal digits" block decode --random 5ee $hex
refuse "no JSON" 2 "JSON: expected an object" block encode '{"status"'
refuse "a file that is not there" 3 "none.json: No such file" block encode "$dir/none.json"
refuse "no status" 1 "status: expected secure or tampered, got nothing" block encode '{}'
refuse "another status" 1 'status: expected secure or tampered, got "open"' block encode '{"status":"open"}'
refuse "another battery" 1 "battery: expected good or low" block encode '{"status":"secure","battery":1}'
refuse "a maker too large" 1 "maker: expected 0 to 255, got 256" block encode '{"status":"secure","maker":256}'
refuse "a number too large" 1 "number: expected 0 to 268435455" block encode '{"status":"secure","number":268435456}'
refuse "a number as text" 1 'number: expected 0 to 268435455, got "1"' block encode '{"status":"secure","number":"1"}'
refuse "small letters" 1 "alpha, bit 14: expected at most four capital letters" block encode '{"status":"secure","alpha":"abc"}'
refuse "five letters" 1 "alpha: expected at most four capital letters" block encode '{"status":"secure","alpha":"ABCDE"}'
refuse "four letters in the other reading" 1 "expected at most three capital letters" block encode --reading clauses '{"status":"secure","alpha":"ABCD"}'
refuse "a wrong container" 1 "prefix, bit 62: expected an ISO 6346 number" block encode '{"status":"secure","container":"MSKU9070324"}'
refuse "spare bits" 1 "spare, bit 107: expected 0" block encode '{"status":"secure","spare":1}'
refuse "an unknown member" 1 "seal: expected one of the members" block encode '{"status":"secure","seal":1}'
refuse "an unknown reading" 1 "reading: expected table or clauses" block encode '{"status":"secure","reading":"x"}'
refuse "an extension that is none" 1 "random: expected four hexadecimal digits" block encode '{"status":"secure","extension":{"random":"xyz1"}}'
refuse "a free block too short" 1 "free: expected blocks of 28 hexadecimal digits" block encode '{"status":"secure","extension":{"random":"5eed","free":["00"]}}'
refuse "free blocks that are no list" 1 "free: expected an array of at most six blocks" block encode '{"status":"secure","extension":{"random":"5eed","free":"00"}}'
refuse "a free block with the flag's bit" 1 "free, bit 256: expected 111 bits" block encode '{"status":"secure","extension":{"random":"5eed","free":["8000000000000000000000000000"]}}'

# gbt
cat >"$dir/r.json" <<'JSON'
{"inherent":{"seal_id":"e2801105200012345678","made":"20260101","maker":"123456789","type":"43"},
 "container":{"container":"CSQU3054383","size_type":"22G1","length_ft":20,"tare_kg":2300,"rated_kg":30480,"operator":"COSCO"},
 "security":{"state":"Y","closed_at":["20260301081500","202602281200"],"closed_place":["Shanghai","Ningbo"]},
 "cargo":{"goods":"Fish","temperature":-18,"unit":"C"},"nodes":[{"node":"VC","at":"202603010900"},null]}
JSON
expect "a record" 0 "$(code "$bulla" gbt encode "$dir/r.json")"
cp "$dir/out" "$dir/r.hex"
expect "its length" $((2 * (366 + 1857 + 2 * 58))) "$(tr -d '\n' <"$dir/r.hex" | wc -c)"
expect "is read" 0 "$(code "$bulla" gbt decode "$dir/r.hex")"
cp "$dir/out" "$dir/r2.json"
expect "and written again from what was printed" 0 "$(code "$bulla" gbt encode "$dir/r2.json")"
expect "to the same bytes" "$(cat "$dir/r.hex")" "$(cat "$dir/out")"
expect "raw" 0 "$(code "$bulla" gbt encode --raw "$dir/r.json")"
expect "is the same" "$(tr -d '\n' <"$dir/r.hex")" "$(od -An -v -tx1 "$dir/out" | tr -d ' \n')"
cp "$dir/out" "$dir/r.bin"
expect "raw is read" 0 "$(code "$bulla" gbt decode "$dir/r.bin")"
expect "to the same" "$(cat "$dir/r2.json")" "$(cat "$dir/out")"
expect "from standard input" "$(cat "$dir/r2.json")" "$("$bulla" gbt decode - <"$dir/r.bin")"
printf 'abc' >>"$dir/r.bin"
expect "an extension without a layout" 1 "$(code "$bulla" gbt decode "$dir/r.bin")"
expect "an extension with its layout" 0 "$(code "$bulla" gbt decode --cargo full --nodes 2 "$dir/r.bin")"
expect "is kept" 1 "$(grep -c '"extension":"616263"' "$dir/out")"
cp "$dir/out" "$dir/r3.json"
"$bulla" gbt encode --raw "$dir/r3.json" | cmp -s - "$dir/r.bin"
expect "and written" 0 $?
expect "cut off" 1 "$(head -c 300 "$dir/r.bin" | "$bulla" gbt decode - >"$dir/out"; echo $?)"
expect "says so" 1 "$(grep -c 'expected the 366 bytes of the mandatory fields, got 300 bytes' "$dir/out")"
expect "the other reading of a ring" 1 "$(code "$bulla" gbt decode --reading single "$dir/r.hex")"
expect "fields" 0 "$(code "$bulla" gbt fields)"
expect "a line a field and one for their names" 39 "$(wc -l <"$dir/out")"
edit() { sed "s/$1/$2/" "$dir/r.json" >"$dir/e.json"; }
edit '"tare_kg":2300' '"tare_kg":31000'
refuse "rated below the tare" 1 "rated_kg, byte 51: expected at least the tare" gbt encode "$dir/e.json"
edit '"tare_kg":2300' '"tare_kg":"2300"'
refuse "a number as text" 1 'container.tare_kg: expected a whole number, got "2300"' gbt encode "$dir/e.json"
edit '"tare_kg":2300' '"tare_kg":123456'
refuse "a number too large" 1 "container.tare_kg: expected no more characters than the field has, got 123456" gbt encode "$dir/e.json"
edit COSCO 'Café'
refuse "what is not ASCII" 1 "container.operator: expected ASCII characters from blank to ~" gbt encode "$dir/e.json"
edit e280 e2
refuse "a seal id too short" 1 "inherent.seal_id: expected 20 hexadecimal digits" gbt encode "$dir/e.json"
edit '"goods"' '"good"'
refuse "an unknown field" 1 'cargo.good: expected a field of the record, got "Fish"' gbt encode "$dir/e.json"
edit '"cargo"' '"kargo"'
refuse "an unknown member" 1 "kargo: expected one of the members" gbt encode "$dir/e.json"
edit '"nodes":.*' '"nodes":{}}'
refuse "nodes that are no list" 1 "nodes: expected an array, got {}" gbt encode "$dir/e.json"
edit '\["Shanghai","Ningbo"\]' '["a","b","c","d"]'
refuse "four places" 1 "security.closed_place: expected an array with at most as many values as the ring holds" gbt encode "$dir/e.json"
edit '"cargo":{[^}]*}' '"cargo":5'
refuse "a segment that is none" 1 "cargo: expected an object, got 5" gbt encode "$dir/e.json"
edit '"nodes"' '"extension":"0","nodes"'
refuse "half a byte of extension" 1 "extension: expected an even count of hexadecimal digits" gbt encode "$dir/e.json"
edit '"nodes"' '"extension":"0x","nodes"'
refuse "an extension that is not hexadecimal" 1 "extension: expected hexadecimal digits" gbt encode "$dir/e.json"
edit '"nodes"' '"layout":{"cargo":"large"},"nodes"'
refuse "a layout that is none" 1 'layout.cargo: expected none, short or full, got "large"' gbt encode "$dir/e.json"
edit '"nodes"' '"layout":{"nodes":1},"nodes"'
refuse "less room than nodes" 1 "layout.nodes: expected at least as many as there are in nodes" gbt encode "$dir/e.json"
edit '"nodes"' '"layout":{"reading":"rings"},"nodes"'
refuse "a reading that is none" 1 "layout.reading: expected ring or single" gbt encode "$dir/e.json"
edit '"cargo":{[^}]*}' '"cargo":"00ff41"'
sed -i 's/,"nodes":.*/}/' "$dir/e.json"
expect "cargo in another format" 0 "$(code "$bulla" gbt encode "$dir/e.json")"
cp "$dir/out" "$dir/foreign"
expect "is three bytes behind the mandatory ones" $((2 * 369)) "$(tr -d '\n' <"$dir/foreign" | wc -c)"
expect "is read when it is said" 0 "$(code "$bulla" gbt decode --format iso-17363 "$dir/foreign")"
expect "and shown as it is" 1 "$(grep -c '"format":"iso-17363".*"cargo":"00ff41"' "$dir/out")"
cp "$dir/out" "$dir/foreign.json"
expect "and written again from what was printed" "$(cat "$dir/foreign")" "$("$bulla" gbt encode "$dir/foreign.json")"
expect "is no record of table A.1" 1 "$(code "$bulla" gbt decode --format annex-a "$dir/foreign")"
expect "nor of the seal alone" 1 "$(code "$bulla" gbt decode --format seal "$dir/foreign")"
expect "a record of table A.1 is" 0 "$(code "$bulla" gbt decode --format annex-a "$dir/r.hex")"
edit '"cargo":{[^}]*}' '"cargo":"00f"'
refuse "half a byte of cargo" 1 'cargo: expected an object, or hexadecimal digits, two or more, an even count' gbt encode "$dir/e.json"
edit '"cargo":{[^}]*}' '"cargo":"zz"'
refuse "cargo that is not hexadecimal" 1 'cargo: expected an object, or hexadecimal digits' gbt encode "$dir/e.json"
sed -i 's/,"nodes":.*/}/' "$dir/e.json"
refuse "cargo that is not hexadecimal, without nodes" 1 'cargo: expected an object, or hexadecimal digits' gbt encode "$dir/e.json"
refuse "no such format" 2 '--format: expected seal, annex-a or iso-17363, without --cargo, got "x"' gbt decode --format x "$dir/r.hex"
refuse "a format and a layout" 2 "--format: expected seal, annex-a or iso-17363, without --cargo" gbt decode --format seal --cargo none "$dir/r.hex"
refuse "no argument to gbt" 2 "expected decode FILE, encode JSON or fields, got nothing" gbt
refuse "no such file" 3 "none: No such file" gbt decode "$dir/none"
head -c 9000000 /dev/zero >"$dir/zeros"
refuse "more than any record" 3 "expected a record, got 8388608 bytes or more" gbt decode "$dir/zeros"
refuse "no such reading of gbt" 2 "--reading: expected ring or single" gbt decode --reading table "$dir/r.hex"
refuse "no such cargo" 2 "--cargo: expected none, short or full" gbt decode --cargo x "$dir/r.hex"
refuse "nodes without cargo" 2 "--nodes: expected 0 to 65535, with --cargo" gbt decode --nodes 1 "$dir/r.hex"
refuse "nodes that are no number" 2 '--nodes: expected 0 to 65535, with --cargo, got "1x"' gbt decode --cargo none --nodes 1x "$dir/r.hex"

# tag
expect "a tag" 0 "$(code "$bulla" tag encode '{"document":"C-2026/77","plate":"KBX 123A"}')"
tag=$(cat "$dir/out")
expect "its length" 64 "${#tag}"
expect "is read" 0 "$(code "$bulla" tag decode "$tag")"
cp "$dir/out" "$dir/tag.json"
expect "and written again from what was printed" "$tag" "$("$bulla" tag encode "$dir/tag.json")"
expect "raw, from standard input" "$(cat "$dir/tag.json")" "$("$bulla" tag encode --raw "$dir/tag.json" | "$bulla" tag decode -)"
expect "one bit off" 1 "$(code "$bulla" tag decode "$tag" "${tag%?}b")"
expect "the other one is printed" 2 "$(wc -l <"$dir/out")"
expect "cut off" 1 "$(code "$bulla" tag decode "${tag%??}")"
expect "fields of a tag" 0 "$(code "$bulla" tag fields)"
refuse "no argument to tag" 2 "expected decode HEX|FILE..., encode JSON or fields, got nothing" tag
refuse "no such verb of tag" 2 'got "describe" and its arguments' tag describe x
refuse "neither hexadecimal nor a file" 3 "none: No such file" tag decode "$dir/none"
refuse "no document" 1 "document: expected a text of at most 24 characters, got nothing" tag encode '{"plate":"A"}'
refuse "an empty document" 1 'document: expected 1 to 24 capital letters, digits, - / . or blanks, got ""' tag encode '{"document":"","plate":"A"}'
refuse "small letters on a plate" 1 'plate: expected 1 to 12 capital letters, digits, - / . or blanks, got "abc"' tag encode '{"document":"A","plate":"abc"}'
refuse "a plate too long" 1 "plate: expected a text of at most 12 characters" tag encode '{"document":"A","plate":"ABCDEFGHIJKLM"}'
refuse "an unknown member of a tag" 1 "plat: expected one of the members that decode prints" tag encode '{"document":"A","plate":"A","plat":"A"}'

# attachment
printf abc >"$dir/abc.txt"
expect "a description" 0 "$(code "$bulla" attachment describe --md5 "$dir/abc.txt")"
about=$(cat "$dir/out")
expect "is read" 0 "$(code "$bulla" attachment decode "$about")"
cp "$dir/out" "$dir/a.json"
expect "with the digest of the standard" 1 "$(grep -c '"digest":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","md5":"900150983cd24fb0d6963f7d28e17f72"' "$dir/out")"
expect "its file is its own" 0 "$(code "$bulla" attachment check "$about" "$dir/abc.txt")"
expect "and written again from what was printed" "$about" "$("$bulla" attachment encode "$dir/a.json")"
"$bulla" attachment describe --digest sm3 --raw "$dir/abc.txt" >"$dir/sm3"
expect "SM3, raw" 0 "$(code "$bulla" attachment check "$dir/sm3" "$dir/abc.txt")"
expect "has the digest of the standard" 1 "$(grep -c '"decides":"sm3","digest":"66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"' "$dir/out")"
printf abd >"$dir/other"
refuse "another file" 1 "digest: expected" attachment check "$about" "$dir/other"
printf abcd >"$dir/other"
refuse "a longer file" 1 "size: expected 3 bytes, got 4" attachment check "$about" "$dir/other"
refuse "another MD5" 1 "md5: expected" attachment check "${about/900150983c/000150983c}" "$dir/abc.txt"
refuse "a description that is none" 1 "description: version, byte 0: expected 1" attachment check "02${about#??}" "$dir/abc.txt"
refuse "a file that is not there" 3 "none: No such file" attachment check "$about" "$dir/none"
refuse "nothing to describe" 3 "none: No such file" attachment describe "$dir/none"
cp "$dir/abc.txt" "$dir/Café"
refuse "a name that is not ASCII" 1 "name: expected 1 to 63 printable ASCII characters" attachment describe "$dir/Café"
refuse "a digest that is none" 2 '--digest: expected sha256 or sm3, got "md5"' attachment describe --digest md5 "$dir/abc.txt"
refuse "no name" 1 "name: expected 1 to 63 printable ASCII characters, got nothing" attachment encode '{}'
edit() { sed "s/$1/$2/" "$dir/a.json" >"$dir/e.json"; }
edit '"size":3' '"size":4294967296'
refuse "a size too large" 1 "size: expected 0 to 4294967295, got 4294967296" attachment encode "$dir/e.json"
edit '"decides":"sha256"' '"decides":"md5"'
refuse "MD5 that decides" 1 'decides: expected sha256 or sm3, got "md5"' attachment encode "$dir/e.json"
edit '"digest":"ba' '"digest":"'
refuse "a digest too short" 1 "digest: expected 64 hexadecimal digits" attachment encode "$dir/e.json"
edit '"md5":"90' '"md5":"9g'
refuse "an MD5 that is not hexadecimal" 1 "md5: expected 32 hexadecimal digits, or null" attachment encode "$dir/e.json"
edit abc.txt 'Café'
refuse "a name that is not ASCII, as JSON" 1 'name: expected 1 to 63 printable ASCII characters, got "Caf' attachment encode "$dir/e.json"
edit '"name"' '"path"'
refuse "an unknown member of a description" 1 'path: expected one of the members that decode prints, got "abc.txt"' attachment encode "$dir/e.json"
expect "fields of a description" 8 "$("$bulla" attachment fields | wc -l)"

# supervision
cat >"$dir/s.json" <<JSON
{"vehicle":{"plate":"KBX 123A","length_mm":16500,"container":["CSQU3054383"]},
 "cargo":[{"type":"tea","quantity":24000000,"unit":"KGM"},{"type":"café","quantity":1,"unit":"C62","origin":"Mombasa"}],
 "declaration":{"number":"2026-77","document":["$about","00ff"]},"driver":{"nationality":"KE","name":"J. Kamau"}}
JSON
expect "a supervision record" 0 "$(code "$bulla" supervision encode "$dir/s.json")"
cp "$dir/out" "$dir/s.hex"
expect "is read" 0 "$(code "$bulla" supervision decode "$(cat "$dir/s.hex")")"
cp "$dir/out" "$dir/s2.json"
expect "its document is a description" 1 "$(grep -c '"document":\[{"name":"abc.txt","size":3,' "$dir/out")"
expect "and written again from what was printed" "$(cat "$dir/s.hex")" "$("$bulla" supervision encode "$dir/s2.json")"
"$bulla" supervision encode --raw "$dir/s.json" >"$dir/s.bin"
expect "raw is read from a file" "$(cat "$dir/s2.json")" "$("$bulla" supervision decode "$dir/s.bin")"
expect "hexadecimal from a file" "$(cat "$dir/s2.json")" "$("$bulla" supervision decode "$dir/s.hex")"
expect "masked" 0 "$(code "$bulla" supervision decode --mask "$dir/s.bin")"
expect "there is no name" 0 "$(grep -c Kamau "$dir/out")"
expect "the rest is there" 1 "$(grep -c '"plate":"KBX 123A".*"nationality":"\*\*\*"' "$dir/out")"
head -c 60 "$dir/s.bin" >"$dir/cut.bin"
expect "cut off" 1 "$(code "$bulla" supervision decode "$dir/cut.bin")"
expect "says so" 1 "$(grep -c '"outcome":"damaged"' "$dir/out")"
expect "fields of a supervision record" 20 "$("$bulla" supervision fields | wc -l)"
edit() { sed "s/$1/$2/" "$dir/s.json" >"$dir/e.json"; }
edit '"KBX 123A"' '""'
refuse "an empty plate" 1 'vehicle.plate: expected UTF-8 without control characters, not empty, not too long, got ""' supervision encode "$dir/e.json"
edit '"KBX 123A"' 'null'
refuse "no plate" 1 "plate, which is mandatory, before it" supervision encode "$dir/e.json"
edit 16500 100001
refuse "longer than a vehicle" 1 "vehicle.length_mm: expected a number within the range of the field, got 100001" supervision encode "$dir/e.json"
edit 16500 '"16500"'
refuse "a length as text" 1 'vehicle.length_mm: expected a whole number from 0 to 4294967295, got "16500"' supervision encode "$dir/e.json"
edit CSQU3054383 CSQU3054384
refuse "a container with a wrong check digit" 1 'vehicle.container: expected an ISO 6346 number with its check digit, got "CSQU3054384"' supervision encode "$dir/e.json"
edit '\["CSQU3054383"\]' '"CSQU3054383"'
refuse "one container that is no array" 1 'vehicle.container: expected an array, got "CSQU3054383"' supervision encode "$dir/e.json"
edit '"tea"' 5
refuse "a kind of goods that is no text" 1 "cargo.type: expected a text, got 5" supervision encode "$dir/e.json"
edit '"unit":"KGM"' '"unit":"kg"'
refuse "a unit in small letters" 1 'cargo.unit: expected two or three capital letters or digits, got "kg"' supervision encode "$dir/e.json"
edit ',"unit":"C62"' ''
refuse "a consignment without its unit" 1 "unit, which is mandatory, before it" supervision encode "$dir/e.json"
edit '"cargo":.*' '"cargo":{},'
refuse "cargo that is no array" 1 "cargo: expected an array of consignments, got {}" supervision encode "$dir/e.json"
edit '"cargo":.*' '"cargo":["tea"],'
refuse "a consignment that is no object" 1 'cargo: expected an object, got "tea"' supervision encode "$dir/e.json"
edit '"00ff"' '"00f"'
refuse "a document of half a byte" 1 "declaration.document: expected an even count of hexadecimal digits, or an object as bulla attachment prints it" supervision encode "$dir/e.json"
edit '"00ff"' '{"name":"x"}'
refuse "a document that is half a description" 1 "size: expected 0 to 4294967295, got nothing" supervision encode "$dir/e.json"
edit '"00ff"' "\"$(printf '00%.0s' {1..129})\""
refuse "a document too large" 1 "declaration.document: expected at most 128 bytes" supervision encode "$dir/e.json"
edit '"driver":.*' '"driver":7}'
refuse "a driver that is no object" 1 "driver: expected an object, got 7" supervision encode "$dir/e.json"
edit '"name":' '"nam":'
refuse "an unknown field of the driver" 1 'driver.nam: expected one of the members that decode prints, got "J. Kamau"' supervision encode "$dir/e.json"
edit '"driver":' '"drivers":'
refuse "an unknown group" 1 "drivers: expected one of the members that decode prints" supervision encode "$dir/e.json"
refuse "more than a record holds" 1 "expected at most 4096 values in a record" supervision encode "$(printf '{"vehicle":{"plate":"A","container":['; printf '"CSQU3054383",%.0s' {1..4096}; printf '"CSQU3054383"]},"cargo":[]}')"
refuse "no argument to supervision" 2 "expected decode HEX|FILE..., encode JSON or fields, got nothing" supervision
refuse "no such option of supervision" 2 "unknown option --masked" supervision decode --masked x

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
