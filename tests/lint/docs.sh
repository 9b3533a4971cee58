#!/usr/bin/env bash
# The man pages say what the program says, every subcommand has one, and the examples of the documents run.
cd "$(dirname "$0")/../.." || exit 1
bulla=$1
[ -x "$bulla" ] || { echo "docs: the program is not built"; exit 77; }
passed=0 failed=0
ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$1"; }

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
bash scripts/man.sh "$bulla" "$made"
for page in "$made"/*.1; do
    name=$(basename "$page")
    if cmp -s "$page" "docs/man/$name"; then ok; else bad "docs/man/$name: not what the program says: run scripts/man.sh $bulla"; fi
done

# Those of libbulla say what its headers and examples say; each of both has its page.
/usr/bin/python3 scripts/man3.py "$made"
for page in "$made"/*.3; do
    name=$(basename "$page")
    if cmp -s "$page" "docs/man/$name"; then ok; else bad "docs/man/$name: not what the headers say: run scripts/man3.py"; fi
done
for page in docs/man/*; do
    if [ -f "$made/$(basename "$page")" ]; then ok; else bad "$page: of nothing that there is: remove it"; fi
done

# A block that starts with ```console is a session: lines with "$ " are commands, what follows is what they print.
# `bulla` is the program under test. A line "..." stands for anything.
run_sessions() {
    awk '/^```console/ {on=1; next} /^```/ {if (on) print "\f"; on=0} on' "$1" >"$made/sessions"
    local command= expected=
    check() {
        [ -n "$command" ] || return
        local got
        got=$(cd "$made" && PATH="$(dirname "$bulla"):$PATH" timeout 60 bash -c "$command" 2>&1)
        if [[ $expected == *...* ]]; then
            local head=${expected%%...*}
            [[ $got == "${head%$'\n'}"* ]] && ok || bad "$1: \$ $command: expected to begin with: $head, got: $got"
        elif [ "$got" = "${expected%$'\n'}" ]; then
            ok
        else
            bad "$1: \$ $command"$'\n'"expected: $expected"$'\n'"got: $got"
        fi
        command= expected=
    }
    while IFS= read -r line; do
        case $line in
            '$ '*) check "$1"; command=${line#'$ '} ;;
            $'\f') check "$1" ;;
            *) expected+="$line"$'\n' ;;
        esac
    done <"$made/sessions"
    check "$1"
}
bulla=$(realpath "$bulla")
for document in $(git ls-files '*.md'); do
    grep -q '^```console' "$document" && run_sessions "$document"
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
