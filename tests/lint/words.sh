#!/usr/bin/env bash
# What has no place in the tree: machine paths, registry hosts, marks of unfinished work.
cd "$(dirname "$0")/../.." || exit 1
failed=0
look() { # what, pattern, files...
    local what=$1 pattern=$2
    shift 2
    if git grep -nE "$pattern" -- "$@" ':!tests/lint/words.sh' ':!LICENSE'; then
        echo "words: $what"
        failed=$((failed + 1))
    fi
}
look "a machine path" '(^|[^a-z./])/(work|farm|root)/' .
look "a registry host in the lock file" '"resolved":' web/package-lock.json
look "a mark of unfinished work" '\b(TODO|FIXME|XXX|HACK)\b' '*.c' '*.h' '*.ts' '*.tsx'
while read -r file; do
    head -3 "$file" | grep -q 'SPDX-License-Identifier' || { echo "$file: expected an SPDX line at the top"; failed=$((failed + 1)); }
done < <(git ls-files '*.c' '*.h')
echo "$((5 - failed > 0 ? 5 - failed : 0)) passed, $failed failed"
[ $failed -eq 0 ]
