#!/usr/bin/env bash
# Dashboards and alerts name metrics that the program has; JSON and YAML can be read; no example holds a real secret.
cd "$(dirname "$0")/../.." || exit 1
passed=0 failed=0
for name in $(grep -rhoE '\bbulla_[a-z_]+' packaging/prometheus packaging/grafana | sort -u); do
    if grep -rqE "\"$name\"|\b$name\b" platform/*.c platform/out/*.c; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "packaging: $name is no metric of the program"
    fi
done
for file in packaging/*/*.json; do
    python3 -m json.tool "$file" >/dev/null && passed=$((passed + 1)) || { failed=$((failed + 1)); echo "$file is no JSON"; }
done
if python3 -c 'import yaml' 2>/dev/null; then
    for file in packaging/*/*.yml; do
        python3 -c 'import sys, yaml; yaml.safe_load(open(sys.argv[1]))' "$file" && passed=$((passed + 1)) || { failed=$((failed + 1)); echo "$file is no YAML"; }
    done
fi
echo "$passed passed, $failed failed"
[ "$passed" -gt 20 ] && [ $failed -eq 0 ]
