#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The arithmetic of docs/scale.md: reads its tables of inputs, evaluates its formulas, and compares or writes the results.
usage: scripts/scale.py --check|--write [docs/scale.md]

A row of inputs:  | `name` | value | unit | where from |       (figures and prices: one value)
                  | `name` | what | value | value | ... |      (loads: one value a column)
A row of results: | `name` | `formula` | result | result | ... |
A formula may use names of inputs and of results above it, + - * /, numbers, ceil, max and min."""
import ast
import math
import operator
import re
import sys

OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
FUNCTIONS = {"ceil": math.ceil, "max": max, "min": min}


def evaluate(node, names):
    if isinstance(node, ast.Expression):
        return evaluate(node.body, names)
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return node.value
    if isinstance(node, ast.Name) and node.id in names:
        return names[node.id]
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        return OPERATORS[type(node.op)](evaluate(node.left, names), evaluate(node.right, names))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS and not node.keywords:
        return FUNCTIONS[node.func.id](*[evaluate(a, names) for a in node.args])
    raise ValueError(f"expected names that stand above, numbers, + - * /, ceil, max, min; got {ast.unparse(node)}")


def show(value):
    """Three figures, thousands apart; whole numbers whole."""
    if value == 0:
        return "0"
    if abs(value) >= 100 or value == int(value):
        digits = max(0, len(str(int(abs(value)))) - 3) if value != int(value) or abs(value) >= 1e6 else 0
        return f"{int(round(value, -digits)):,}"
    return f"{value:.3g}"


def number(text):
    return float(text.replace(",", ""))


def cells(line):
    return [c.strip() for c in line.strip().strip("|").split("|")]


def run(lines):
    """The lines as they should be, the inputs, and what is wrong with the document."""
    figures, loads, results, out, wrong = {}, {}, {}, [], []
    for i, line in enumerate(lines):
        row = cells(line) if line.startswith("| `") else []
        name = row[0].strip("`") if row else ""
        if len(row) > 2 and re.fullmatch(r"`.*`", row[1]):
            try:
                tree = ast.parse(row[1].strip("`"), mode="eval")
                results[name] = [evaluate(tree, {**figures, **{k: v[c] for k, v in {**loads, **results}.items()}}) for c in range(len(row) - 2)]
                line = f"| `{name}` | {row[1]} | " + " | ".join(show(v) for v in results[name]) + " |"
            except (ValueError, SyntaxError, IndexError) as e:
                wrong.append(f"line {i + 1}: {name}: {e}")
        elif row and re.fullmatch(r"[0-9][0-9.,]*", row[1]):
            figures[name] = number(row[1])
        elif row and all(re.fullmatch(r"[0-9][0-9.,]*", c) for c in row[2:]):
            loads[name] = [number(c) for c in row[2:]]
        elif row:
            wrong.append(f"line {i + 1}: {name}: expected a number or a formula, got {row[1:]}")
        out.append(line)
    return out, {**figures, **loads, **results}, wrong


def main():
    mode, path = sys.argv[1] if len(sys.argv) > 1 else "", sys.argv[2] if len(sys.argv) > 2 else "docs/scale.md"
    if mode not in ("--check", "--write"):
        print(__doc__, file=sys.stderr)
        return 2
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    out, names, wrong = run(lines)
    differ = [f"line {i + 1}: expected {b}\n          got      {a}" for i, (a, b) in enumerate(zip(lines, out)) if a != b]
    if mode == "--write" and not wrong:
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(out))
        differ = []
    # A document without its formulas would agree with itself.
    if len(names) < 40 or "rate" not in names or 200000 not in names["rate"]:
        wrong.append("expected 60 million containers every 5 minutes, 200,000 a second, among the loads")
    for text in wrong + differ:
        print(text)
    print(f"{len(names) - len(differ)} passed, {len(wrong) + len(differ)} failed")
    return 1 if wrong or differ else 0


sys.exit(main())
