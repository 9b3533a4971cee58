#!/usr/bin/env bash
# The numbers of docs/scale.md follow from its inputs; and a wrong one is seen.
cd "$(dirname "$0")/../.." || exit 1
command -v python3 >/dev/null || { echo "scale: python3 is not installed: skipped"; exit 77; }
python3 scripts/scale.py --check docs/scale.md || { echo "scale: run scripts/scale.py --write after changing an input"; exit 1; }
made=$(mktemp)
trap 'rm -f "$made"' EXIT
sed -E 's/^(\| `seals` \|[^|]*\|) *([0-9,]+)/\1 9\2/' docs/scale.md >"$made"
cmp -s "$made" docs/scale.md && { echo "scale: the inputs have no row of seals"; exit 1; }
python3 scripts/scale.py --check "$made" >/dev/null && { echo "scale: a changed input was not seen"; exit 1; }
exit 0
