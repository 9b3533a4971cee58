# SPDX-License-Identifier: Apache-2.0
"""docs/api/openapi.yaml as a judge: whether an answer is one that the description allows, and which operations were shown working."""
import json
import os
import re
import sys

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"{missing}: skipped")
    sys.exit(77)

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SPEC = yaml.load(open(os.path.join(ROOT, "docs/api/openapi.yaml"), encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
shown = {}  # (method, path): {status, ...}

RESOLVER = jsonschema.RefResolver("", SPEC)


def deref(node):
    while isinstance(node, dict) and "$ref" in node:
        node = RESOLVER.resolve(node["$ref"])[1]
    return node


def operations():
    for path, item in SPEC["paths"].items():
        for method, op in item.items():
            if method != "parameters":
                yield method.upper(), path, op


PATTERNS = [(m, p, op, re.compile("^" + re.sub(r"\{[a-z]+\}", "[^/]+", p) + "$")) for m, p, op in operations()]


def schema_errors(schema, body):
    validator = jsonschema.Draft202012Validator(schema, resolver=RESOLVER)
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:160]}" for e in validator.iter_errors(body)]


def conforms(method, path, status, headers, body):
    """None when the answer is one that the description allows, else what is wrong."""
    kind = headers.get("content-type", "").split(";")[0]
    bare = path.split("?")[0]
    for m, template, op, pattern in PATTERNS:
        if m != ("GET" if method == "HEAD" else method) or not pattern.match(bare):
            continue
        shown.setdefault((m, template), set()).add(status)
        response = deref(op["responses"].get(str(status), op["responses"].get("default")))
        if response is None:
            return f"status {status} is not described"
        content = response.get("content")
        if method == "HEAD" or content is None:
            return None if not body else f"a body of {len(body)} bytes where none is described"
        if kind not in content:
            return f"content type {kind!r} is not described for {status}"
        if kind.endswith("json"):
            try:
                value = json.loads(body)
            except ValueError as e:
                return f"not JSON: {e}"
            errors = schema_errors(content[kind]["schema"], value)
            if kind == "application/problem+json" and value.get("status") != status:
                errors.append("the problem's status differs")
            return "; ".join(errors[:3]) or None
        return None
    return None  # a path that the description does not have


def not_shown(tag):
    """Operations with that tag of which no good answer was seen."""
    return [f"{m} {p}" for m, p, op in operations() if tag in op["tags"] and not any(200 <= s < 300 for s in shown.get((m, p), set()))]
