#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Which requirements are shown, and by what: scripts/requirements.py BUILD_DIRECTORY [--write | --check]

A test that shows a requirement cites its number in square brackets: in a C test in the comment above the test function (or within
it), in a script anywhere. Prints each number with its tests and how these ended the last time (ctest's log of the build directory).
--write   writes docs/requirements.md (without results, which belong to a machine)
--check   exit 1 when that page is not what --write would write, or when a test cites a number that does not exist

The list of all numbers is not part of this tree: BULLA_SHARED names its folder (default ../shared). Without it only what is cited is
listed, and --write and --check do nothing, with a word."""
import collections
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIST = os.path.join(os.environ.get("BULLA_SHARED", os.path.join(ROOT, "..", "shared")), "REQUIREMENTS.tsv")
PAGE = os.path.join(ROOT, "docs", "requirements.md")
CITED = re.compile(r"\[((?:WCO|ISO|GBT)-[A-Za-z0-9.-]+)\]")
FUNCTION = re.compile(r"^static void (\w+)\(void \*\*", re.M)


def known():
    """{number: (clause, kind)} of the list, {} without it."""
    if not os.path.exists(LIST):
        return {}
    with open(LIST, encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t") for line in f][1:]
    return {row[0]: (row[1], row[3]) for row in rows if len(row) > 3}


def sources():
    for folder, _, names in os.walk(os.path.join(ROOT, "tests")):
        for name in sorted(names):
            if name.endswith((".c", ".py", ".sh", ".mjs", ".txt")):
                yield os.path.join(folder, name)


def function_of(text, at, functions):
    """The test function that a citation stands in or above."""
    start = text.rfind("\n}", 0, at)  # the end of the function before
    behind = [(where, name) for where, name in functions if where > start]
    return behind[0][1] if behind else None


def citations():
    """{number: [test, ...]}; a test is FILE or FILE:function."""
    found = collections.defaultdict(list)
    for path in sources():
        with open(path, encoding="utf-8", errors="replace") as f:
            text = f.read()
        functions = [(m.start(), m.group(1)) for m in FUNCTION.finditer(text)]
        for m in CITED.finditer(text):
            test = os.path.relpath(path, ROOT)
            if path.endswith(".c"):
                name = function_of(text, m.start(), functions)
                test += f":{name}" if name else ""
            if test not in found[m.group(1)]:
                found[m.group(1)].append(test)
    return found


def outcomes(build):
    """{"test_name" or "e2e/name" or "test_name:function": "ok" | "failed" | "skipped"} of the last run."""
    path, said = os.path.join(build, "Testing", "Temporary", "LastTest.log"), {}
    if not os.path.exists(path):
        return said
    with open(path, encoding="utf-8", errors="replace") as f:
        text = f.read()
    for part in re.split(r"(?m)^\d+/\d+ Testing: ", text)[1:]:
        name = part.split("\n", 1)[0]
        passed, skipped = "Test Passed." in part, "Test Skipped" in part
        said[name] = "ok" if passed else "skipped" if skipped else "failed"
        for word, function in re.findall(r"\[\s*(OK|FAILED|SKIPPED)\s*\] (\w+)", part):
            said[f"{name}:{function}"] = {"OK": "ok", "FAILED": "failed", "SKIPPED": "skipped"}[word]
    return said


def outcome_of(test, said):
    path, _, function = test.partition(":")
    folder, name = os.path.split(path)
    if name.endswith(".c"):
        name = name[:-2]
        return said.get(f"{name}:{function}") or said.get(name) or "not run"
    return said.get(f"{os.path.basename(folder)}/{name}") or "not run"


def page(all_of, found):
    kinds = collections.Counter(kind for _, kind in all_of.values())
    shown = collections.Counter(all_of[number][1] for number in found if number in all_of)
    lines = ["# Requirements", "",
             "The numbered requirements of ISO/DIS 18185 (`ISO-`), GB/T 23678-2009 (`GBT-`) and the WCO study report on smart security",
             "devices (`WCO-`), and the tests that show them. A requirement is shown when a test would fail without it. Made by",
             "`make requirements`, which also prints how each test ended the last time.", "",
             "| kind | requirements | shown |", "|---|---|---|"]
    lines += [f"| {kind} | {n} | {shown[kind]} |" for kind, n in sorted(kinds.items())]
    lines += [f"| all | {sum(kinds.values())} | {sum(shown.values())} |", "",
              "Those of kind hardware-only (shells, climate, radio power) cannot be shown by software: "
              + ", ".join(sorted(n for n, (_, kind) in all_of.items() if kind == "hardware-only")) + ".", "",
              "| number | clause | tests |", "|---|---|---|"]
    for number in [n for n in all_of if n in found]:
        tests = ", ".join(f"`{t.removeprefix('tests/')}`" for t in found[number])
        lines.append(f"| {number} | {re.sub(r' [(]line.*', '', all_of[number][0])} | {tests} |")
    return "\n".join(lines) + "\n"


def main():
    if len(sys.argv) < 2 or len(sys.argv) > 3 or sys.argv[2:] not in ([], ["--write"], ["--check"]):
        print("usage: requirements.py BUILD_DIRECTORY [--write | --check]", file=sys.stderr)
        return 2
    all_of, found = known(), citations()
    mode = sys.argv[2] if len(sys.argv) > 2 else ""
    if mode and not all_of:
        print(f"requirements: {LIST} is not there: skipped")
        return 0
    wrong = sorted(n for n in found if all_of and n not in all_of)
    for number in wrong:
        print(f"{number}: expected a number of the list, cited by {', '.join(found[number])}")
    if mode == "--write":
        with open(PAGE, "w", encoding="utf-8") as f:
            f.write(page(all_of, found))
    if mode == "--check":
        now = open(PAGE, encoding="utf-8").read() if os.path.exists(PAGE) else ""
        same = now == page(all_of, found)
        if not same:
            print("docs/requirements.md: expected what the tests cite; run `make requirements`")
        print(f"{len(found) - len(wrong)} passed, {len(wrong) + (not same)} failed")
        return 1 if wrong or not same else 0
    said, bad = outcomes(sys.argv[1]), 0
    for number in sorted(found):
        for test in found[number]:
            outcome = outcome_of(test, said)
            bad += outcome == "failed"
            if not mode:
                print(f"{number}\t{outcome}\t{test}")
    print(f"{len(found)} of {len(all_of) or '?'} requirements are shown; {bad} of their tests failed the last time", file=sys.stderr)
    return 1 if wrong or bad else 0


if __name__ == "__main__":
    sys.exit(main())
