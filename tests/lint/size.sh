#!/usr/bin/env bash
# Functions of at most 60 lines and files of at most 600 (STYLE of the project: one noun a file).
cd "$(dirname "$0")/../.." || exit 1
command -v ctags >/dev/null || { echo "size: universal-ctags is not installed"; exit 77; }
passed=0 failed=0
while read -r lines name file; do
    if [ "$lines" -gt 60 ]; then
        failed=$((failed + 1))
        echo "$file: $name has $lines lines: expected at most 60"
    else
        passed=$((passed + 1))
    fi
done < <(git ls-files 'libbulla/*.c' 'proto/*.c' 'reader/*.c' 'platform/*.c' 'cli/*.c' 'sim/*.c' 'suite/*.c' 'firmware/*.c' |
    ctags --languages=C --kinds-C=f --fields=+ne --output-format=json -o - -L - 2>/dev/null |
    python3 -c 'import json, sys
for l in sys.stdin:
    t = json.loads(l)
    if "end" in t: print(t["end"] - t["line"] + 1, t["name"], t["path"])')
while read -r lines file; do
    [ "$file" = total ] && continue
    if [ "$lines" -gt 600 ]; then
        failed=$((failed + 1))
        echo "$file has $lines lines: expected at most 600"
    else
        passed=$((passed + 1))
    fi
done < <(git ls-files '*.c' '*.h' '*.ts' '*.tsx' | grep -vE 'types\.gen\.ts|\.gen\.' | xargs wc -l)
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
