#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes who may do what, as platform/out/routes.def says, into docs/api.md (the matrix) and docs/api/openapi.yaml (x-roles, x-scope).
A test compares the three (tests/e2e/api.py).
    python3 scripts/roles.py"""
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROLES = {"A": "administrator", "W": "watch-officer", "C": "checkpoint-officer", "R": "carrier", "P": "patrol-officer", "T": "trader", "S": "seal-operator"}
GROUPS = {"EVERY": "AWCRPTS", "ALL": "AWCRPT"}
LINE = re.compile(r'ROUTE\((\w+),\s*"([^"]+)",\s*([\w|]+),\s*(\w+),\s*\w+,\s*\w+,\s*(\w+)\)')


def table():
    """{(method, path): ([roles], scope)} in the order of routes.def."""
    out = {}
    for line in open(os.path.join(ROOT, "platform/out/routes.def"), encoding="utf-8"):
        m = LINE.match(line)
        if m:
            letters = GROUPS.get(m[3], m[3].replace("|", ""))
            out[m[1], m[2]] = (["anybody"] if m[3] == "ANYBODY" else [ROLES[x] for x in ROLES if x in letters], m[4].lower())
    return out


def write(path, text):
    with open(os.path.join(ROOT, path), "w", encoding="utf-8") as f:
        f.write(text)


def main():
    routes = table()
    page = open(os.path.join(ROOT, "docs/api.md"), encoding="utf-8").read()
    head, rest = page.split("| method | path |", 1)
    tail = re.sub(r"\A(?:.*\|\n)+", "", rest)
    rows = ["| method | path | " + " | ".join(r.replace("-", " ") for r in ROLES.values()) + " | scope |", "|---" * (len(ROLES) + 3) + "|"]
    for (method, path), (roles, scope) in routes.items():
        marks = ["-"] * len(ROLES) if roles == ["anybody"] else ["x" if r in roles else " " for r in ROLES.values()]
        rows.append(f"| {method} | `{path}` | " + " | ".join(marks) + f" | {scope} |")
    write("docs/api.md", head + "\n".join(rows) + "\n" + tail)
    lines, path, method = open(os.path.join(ROOT, "docs/api/openapi.yaml"), encoding="utf-8").read().split("\n"), None, None
    for i, line in enumerate(lines):
        m = re.match(r"  (/\S*):$", line)
        path = m[1] if m else path
        m = re.match(r"    (get|post|put|delete):$", line)
        method = m[1].upper() if m else method
        if (method, path) in routes:
            roles, scope = routes[method, path]
            if line.startswith("      x-roles:"):
                lines[i] = "      x-roles: [" + ", ".join(roles) + "]"
            elif line.startswith("      x-scope:"):
                lines[i] = "      x-scope: " + scope
    write("docs/api/openapi.yaml", "\n".join(lines))


if __name__ == "__main__":
    main()
