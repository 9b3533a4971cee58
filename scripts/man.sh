#!/usr/bin/env bash
# Writes docs/man/*.1 from the program's own help texts, so that they cannot differ.
# usage: scripts/man.sh BULLA [OUTDIR]
set -euo pipefail
bulla=$1
out=${2:-$(dirname "$0")/../docs/man}
mkdir -p "$out"

escape() { sed -e 's/\\/\\e/g' -e "s/^\\([.']\\)/\\\\\&\\1/" -e 's/-/\\-/g'; }

page() { # name, title, summary, text on standard input
    printf '.\\" SPDX-License-Identifier: Apache-2.0\n.TH %s 1 "" "Bulla" "Bulla"\n' "$(tr '[:lower:]' '[:upper:]' <<<"$1")"
    printf '.SH NAME\n%s \\- %s\n.SH DESCRIPTION\n.nf\n' "$(escape <<<"$2")" "$(escape <<<"$3")"
    escape
    printf '.fi\n.SH SEE ALSO\n.BR bulla (1)\n'
}

"$bulla" help | page bulla bulla "electronic seals, from the message on the wire to the alarm on the desk" >"$out/bulla.1"
"$bulla" help | sed -nE 's/^  ([a-z]+) +(.*)$/\1\t\2/p' | while IFS=$'\t' read -r name summary; do
    "$bulla" "$name" --help | page "bulla-$name" "bulla-$name" "$summary" >"$out/bulla-$name.1"
done
