#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bulla decode, encode and help as a user types them: output, words and exit codes.
set -u
bulla=$1
[ -x "$bulla" ] || { echo "skipped: no program"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# check WHAT EXPECTED GOT
check() {
    [ "$2" = "$3" ] && return
    echo "$1: expected $2, got $3"
    failed=1
}
# run COMMAND...: leaves out, err and code
run() {
    "$bulla" "$@" > "$work/out" 2> "$work/err" < "${input:-/dev/null}"
    code=$?
    out=$(cat "$work/out")
    err=$(cat "$work/err")
}
# field LINE EXPRESSION: of a line of JSON
field() {
    sed -n "$1p" "$work/out" | python3 -c "import json,sys; o=json.load(sys.stdin); print($2)"
}

good='##S,eSeal,2000001,256,3.0.6,Startup OK,1,9,E##'
hex=$(printf '%s' "$good" | od -An -tx1 | tr -d ' \n')
tera='{"MDeviceID":"099000000001","Index":"1","MessageAck":"1"}'

printf '%s\n\n%s\n%s\n%s\n%s%s\n' "$good" '##S,garbage' "$hex" "$tera" "$good" "$good" > "$work/in"
run decode --protocol auto "$work/in"
check 'lines' 5 "$(wc -l < "$work/out")"
check 'exit with a bad line' 1 "$code"
check 'numbers of lines' '1 3 4 5 6' "$(python3 -c 'import json,sys; print(*[json.loads(l)["n"] for l in open(sys.argv[1])])' "$work/out")"
check 'members' "['n', 'protocol', 'outcome', 'observations', 'replies', 'error']" "$(field 1 'list(o)')"
check 'text' 'eseal ok None' "$(field 1 'o["protocol"], o["outcome"], o["error"]' | tr -d "(,')")"
check 'bad line' 'damaged' "$(field 2 'o["outcome"]')"
check 'bad line says why' 'end: expected ,E##, got "##S,garbage"' "$(field 2 'o["error"]')"
check 'hexadecimal' "$(field 1 'o["observations"]')" "$(field 3 'o["observations"]')"
check 'recognised' 'teratrack' "$(field 4 'o["protocol"]')"
check 'answer' '7b30317d' "$(field 4 'o["replies"][0]')"
check 'glued' 2 "$(field 5 'len(o["observations"])')"

printf '%s\n' "$good" > "$work/in"
input=$work/in run decode --protocol eseal
check 'standard input' 0 "$code"
input=$work/in run decode --protocol eseal -
check 'dash' 0 "$code"
printf 'noise%s\r\n%s\r\n##S,half' "$good" "$good" > "$work/in"
run decode --protocol eseal --stream "$work/in"
check 'stream outcomes' 'damaged ok ok need_more' "$(python3 -c 'import json,sys; print(*[json.loads(l)["outcome"] for l in open(sys.argv[1])])' "$work/out")"
check 'stream exit' 1 "$code"
printf 'hello\n' > "$work/in"
run decode --protocol auto "$work/in"
check 'nobody' 'not_mine None' "$(field 1 'o["outcome"], o["protocol"]' | tr -d "(),'")"
: > "$work/in"
run decode --protocol auto "$work/in"
check 'empty input' '0 0' "$code $(wc -l < "$work/out")"

run decode --protocol auto "$work/no such file"
check 'no file' '3 ' "$code $out"
for wrong in '--no-such-flag' '--protocol' '--protocol=nosuch' '' '--protocol=auto a b' '--protocol=auto --zone=x' '--protocol=auto --now=yesterday'; do
    # shellcheck disable=SC2086
    run decode $wrong
    check "usage: decode $wrong" '2 0 words' "$code $(wc -c < "$work/out") ${err:+words}"
done

run encode --protocol eseal --device 2000001 unlock
check 'encode' "0 $(printf '##S,eSeal,2000001,256,3.0.8,RC-Unlock,E##\r\n' | od -An -tx1 | tr -d ' \n')" "$code $out"
run encode --protocol eseal --device 2000001 --text power-off
check 'encode --text' '##S,eSeal,2000001,256,3.0.8,RC-Power Control,Power OFF,E##\r\n' "$out"
run encode --protocol eseal --device x unlock
check 'encode refused' '1 0 words' "$code $(wc -c < "$work/out") ${err:+words}"
run encode --protocol eseal no-such-command
check 'encode unknown command' '2 0' "$code $(wc -c < "$work/out")"
for p in jt701 jt808 eseal teratrack gt06 topflytech ais; do
    run encode --protocol "$p" --list
    check "list of $p" '0 COMMAND' "$code $(head -c 7 "$work/out")"
done

run help
check 'help' 0 "$code"
for name in $(sed -n 's/^COMMAND(\(.*\))/\1/p' cli/commands.def); do
    run help
    check "help lists $name" 1 "$(grep -cE "^\s*(bulla\s+)?$name\b" "$work/out")"
    run help "$name"
    first=$out
    run "$name" --help
    check "$name --help" "0 $first" "$code $out"
done
run --version
check 'version' '0 bulla' "$code ${out%% *}"
run no-such-command
check 'unknown command' '2 ' "$code $out"
run
check 'nothing' '2 ' "$code $out"
"$bulla" help > /dev/full 2> "$work/err"
check 'full disk' 3 "$?"
exit $failed
