#!/usr/bin/env bash
# Installs what is missing from Debian's packages and npm, says what, and does nothing when all is there.
# usage: scripts/setup.sh run|cluster|check
set -euo pipefail
cd "$(dirname "$0")/.."
want=${1:-run}
case $want in run | cluster | check) ;; *) echo "setup: expected run, cluster or check, got $want" >&2; exit 2 ;; esac

wanted() {
    awk -v want="$want" '/^# cluster/ && want == "run" { exit } /^# test/ && want != "check" { exit } !/^#/ && NF { print $1 }' scripts/packages.txt
}

# A command installed by other means serves as well as its package.
have() {
    case $1 in
        nodejs) command -v node >/dev/null && return ;;
        npm) command -v npm >/dev/null && return ;;
    esac
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=()
for package in $(wanted); do
    have "$package" || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    echo "Installing from Debian: ${missing[*]}"
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { echo "setup: expected to be root or to have sudo, to install: ${missing[*]}" >&2; exit 3; }
        as_root=sudo
    fi
    $as_root apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >/dev/null
fi

# Debian 12 has Node.js 18, and the workplace's builder needs a newer one: npm has it as a package of its own. The
# Makefile puts it first in the PATH.
if [ ! -x .node/node_modules/.bin/node ] &&
    ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
    echo "Installing from npm: node 22, because $(node --version) is too old to build the workplace"
    mkdir -p .node
    npm install --prefix .node --no-save --no-audit --no-fund --loglevel=error node@22 >/dev/null
fi
[ ! -x .node/node_modules/.bin/node ] || export PATH="$PWD/.node/node_modules/.bin:$PATH"

stamp=web/node_modules/.package-lock.json
if [ -f web/package-lock.json ] && { [ ! -f $stamp ] || [ web/package-lock.json -nt $stamp ]; }; then
    echo "Installing from npm: what web/package-lock.json lists"
    (cd web && npm ci --no-audit --no-fund --loglevel=error)
    touch $stamp
fi
