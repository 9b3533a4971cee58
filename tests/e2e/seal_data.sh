#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bulla container, block and gbt as a user types them: output, words and exit codes.
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
refuse "no argument to gbt" 2 "expected decode FILE, encode JSON or fields, got nothing" gbt
refuse "no such file" 3 "none: No such file" gbt decode "$dir/none"
head -c 9000000 /dev/zero >"$dir/zeros"
refuse "more than any record" 3 "expected a record, got 8388608 bytes or more" gbt decode "$dir/zeros"
refuse "no such reading of gbt" 2 "--reading: expected ring or single" gbt decode --reading table "$dir/r.hex"
refuse "no such cargo" 2 "--cargo: expected none, short or full" gbt decode --cargo x "$dir/r.hex"
refuse "nodes without cargo" 2 "--nodes: expected 0 to 65535, with --cargo" gbt decode --nodes 1 "$dir/r.hex"
refuse "nodes that are no number" 2 '--nodes: expected 0 to 65535, with --cargo, got "1x"' gbt decode --cargo none --nodes 1x "$dir/r.hex"

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
