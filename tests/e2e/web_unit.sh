#!/usr/bin/env bash
# The workplace's own tests: types, logic, contrast of both themes, no text outside the catalogue.
cd "$(dirname "$0")/../../web" || exit 1
[ -d node_modules ] || { echo "web: the npm packages are not installed"; exit 77; }
npm run --silent check && npm test --silent
