#!/usr/bin/env bash
# Tests cite only requirements that exist, and docs/requirements.md says what they cite.
cd "$(dirname "$0")/../.." || exit 1
exec /usr/bin/python3 scripts/requirements.py "${2:-build/dev}" --check
