#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every line and every branch of libbulla is taken by its unit tests (scripts/coverage.sh).
cd "$(dirname "$0")/../.." || exit 1
command -v gcov >/dev/null && command -v gcc >/dev/null || { echo "coverage: gcc with gcov is not installed"; exit 77; }
exec bash scripts/coverage.sh "$2/coverage"
