#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the firmware takes, against its budgets: scripts/firmware.py BUILD_DIRECTORY [STACK_USED]

Code and tables, all that is linked (this firmware has no cryptography, so nothing is taken off); memory without the buffers named
below, with the whole stack; the stack by the longest way through the calls (gcc's -fcallgraph-info), calls through tables of functions
resolved by the tables themselves, and against STACK_USED, the most that a run used. Exit 1 when a budget is exceeded, when a call
cannot be resolved, or when something is linked that has no place here: a heap, files, floating point."""
import collections
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CODE_MAX, MEMORY_MAX = 48 * 1024, 6 * 1024

BUFFERS = {  # symbol: what is in it; all else that changes is counted
    "rings": "bytes that came, of both UARTs (firmware/mps2/lines.c)",
    "line": "a frame that is coming in (firmware/seal.c), and a line of the bench (firmware/bench.c)",
    "reply": "an answer that waits for its slot (firmware/seal.c)",
}
FORBIDDEN = re.compile(r"^_?(malloc|calloc|realloc|free|sbrk|printf|sprintf|snprintf|fopen|write|exit)(_r)?$|^__aeabi_[fd]")

# Of newlib and libgcc, by their prologues: bytes of stack.
EXTERNAL = {"memcpy": 16, "memmove": 16, "memset": 16, "memcmp": 16, "strlen": 16, "__aeabi_ldivmod": 80, "__aeabi_uldivmod": 80}
INTERRUPT = 32 + 4  # what the core pushes, aligned

# Calls through tables: file of the call, the call, and where the functions stand (file, pattern).
TABLES = [
    ("libbulla/src/flash.c", "read", "firmware/mps2/chip.c", r"ops = \{(\w+), \w+, \w+\}"),
    ("libbulla/src/flash.c", "program", "firmware/mps2/chip.c", r"ops = \{\w+, (\w+), \w+\}"),
    ("libbulla/src/flash.c", "erase", "firmware/mps2/chip.c", r"ops = \{\w+, \w+, (\w+)\}"),
    ("libbulla/src/seal_hear.c", "hear", "libbulla/src/seal_hear.c", r"\{BULLA_ORDER_\w+, (\w+)\}"),
    ("libbulla/src/seal_order.c", "needs", "libbulla/src/seal_order.c", r"\{BULLA_ORDER_\w+, (\w+), \w+\}"),
    ("libbulla/src/seal_order.c", "tells", "libbulla/src/seal_order.c", r"\{BULLA_ORDER_\w+, \w+, (\w+)\}"),
    ("libbulla/src/seal_act.c", "does", "libbulla/src/seal_act.c", r"\{BULLA_ACT\(\w+\), (\w+)\}"),
    ("libbulla/src/seal_act.c", "push", "libbulla/src/seal_act.c", r"ring\(seal, work, (\w+)\)"),
    ("libbulla/src/gbt_value.c", r"is\[kind\]", "libbulla/src/gbt_value.c", r"\] = (is_\w+)"),
    ("libbulla/src/gbt_value.c", "is", "libbulla/src/gbt_value.c", r"\w, (is_\w+)\)"),
    ("firmware/bench.c", "does", "firmware/bench.c", r'\{"[\w-]+", (?:true|false), (\w+)\}'),
]
BOARD = re.compile(r"\.(\w+) = (\w+)[,}]")  # of struct bulla_seal_ops in firmware/seal.c
ABSENT = re.compile(r"(suite|trust|party|digest|ops)->\w+\(")  # what this firmware does not have: suite, trust and keys, digest, motors


def lines_of(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()


def source(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def sections(elf):
    """{name: bytes}"""
    rows = (line.split() for line in lines_of("arm-none-eabi-size", "-A", elf))
    return {row[0]: int(row[1]) for row in rows if len(row) == 3 and row[0].startswith(".")}


def symbols(elf):
    """[(name, kind, bytes)], names without what gcc hangs on."""
    rows = (line.split() for line in lines_of("arm-none-eabi-nm", "-S", elf))
    return [(row[-1].split(".")[0], row[-2].lower(), int(row[1], 16) if len(row) == 4 else 0) for row in rows]


class Calls:
    def __init__(self, path):
        self.names, self.bytes, self.files = {}, {}, {}
        self.callees = collections.defaultdict(set)
        self.known, self.wrong = {}, []
        with open(path, encoding="utf-8") as f:
            text = f.read()
        for title, label in re.findall(r'^node: \{ title: "([^"]+)" label: "([^"]+)"', text, re.M):
            self._node(title, label.split(r"\n"))
        self.by_name = collections.defaultdict(set)
        for title, name in self.names.items():
            self.by_name[name].add(title)
        for caller, callee, where in re.findall(r'^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"(?: label: "([^"]+)")?', text, re.M):
            self.callees[caller] |= self._through_table(where) if callee == "__indirect_call" else {callee}

    def _node(self, title, label):
        self.names[title] = label[0]
        if len(label) > 1 and label[1].startswith("/"):
            self.files[title] = os.path.relpath(label[1].rsplit(":", 2)[0], ROOT)
        if len(label) > 2 and "bytes" in label[2]:
            self.bytes[title] = int(label[2].split()[0])
            if "static" not in label[2]:
                self.wrong.append(f"{label[0]}: expected a stack of known size, got {label[2]}")
        elif title in EXTERNAL:
            self.bytes[title] = EXTERNAL[title]

    def _through_table(self, where):
        path, line, _ = where.rsplit(":", 2)
        path = os.path.relpath(path, ROOT)
        code = source(path).splitlines()[int(line) - 1]
        found = set()
        for member, name in BOARD.findall(source("firmware/seal.c")):
            if f"ops->{member}(" in code:
                found |= self._defined("firmware/", name)
        for file, called, defined, pattern in TABLES:
            if file == path and re.search(rf"\b{called}\(", code):
                for name in set(re.findall(pattern, source(defined))) - {"NULL"}:
                    found |= self._defined(defined, name)
        if not found and not ABSENT.search(code):
            self.wrong.append(f"{path}:{line}: a call through a table that is not known here: {code.strip()}")
        return found

    def _defined(self, beginning, name):
        """Functions of that name, of that file where it has one."""
        here = {t for t in self.by_name[name] if self.files.get(t, "").startswith(beginning)}
        return here or self.by_name[name]

    def deepest(self, title, above=()):
        """(bytes, [names]) of the longest way."""
        if title in above:
            self.wrong.append(f"{self.names.get(title, title)} calls itself: {' '.join(self.names.get(t, t) for t in above)}")
            return 0, []
        if title in self.known:
            return self.known[title]
        if title not in self.bytes and title in self.names and not self.callees[title]:
            self.wrong.append(f"{title}: its stack is not known")
        ways = [self.deepest(callee, (*above, title)) for callee in self.callees[title]]
        most, names = max(ways, default=(0, []))
        self.known[title] = self.bytes.get(title, 0) + most, [self.names.get(title, title), *names]
        return self.known[title]


def main():
    build, used = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None
    elf = os.path.join(build, "firmware.elf")
    size, all_symbols = sections(elf), symbols(elf)
    calls = Calls(os.path.join(build, "firmware.elf.ltrans0.ltrans.ci"))
    wrong = calls.wrong
    code = sum(size.get(s, 0) for s in (".text", ".ARM.exidx", ".data"))
    stack = size[".stack"]
    buffers = [(name, n) for name, kind, n in all_symbols if kind in "bd" and name in BUFFERS]
    memory = size[".data"] + size[".bss"] + stack - sum(n for _, n in buffers)
    deep, way = calls.deepest("mps2_on_reset")
    deep += INTERRUPT + max(calls.deepest(h)[0] for h in ("mps2_on_link", "mps2_on_bench", "mps2_on_tick"))
    print(f"code and tables   {code:6} of {CODE_MAX} bytes")
    print(f"memory            {memory:6} of {MEMORY_MAX} bytes: {memory - stack} that stay, {stack} of stack; and buffers:")
    for name, n in buffers:
        print(f"  {name:12} {n:6}  {BUFFERS[name]}")
    print(f"stack, longest way{deep:6} of {stack} bytes: {' > '.join(way)}")
    if used is not None:
        print(f"stack, used       {used:6}")
    wrong += [f"code: {code} bytes, expected at most {CODE_MAX}"] if code > CODE_MAX else []
    wrong += [f"memory: {memory} bytes, expected at most {MEMORY_MAX}"] if memory > MEMORY_MAX else []
    wrong += [f"stack: {deep} bytes, expected at most {stack}"] if deep > stack else []
    wrong += [f"stack: {used} bytes were used, the longest way has {deep}"] if used is not None and used > deep else []
    wrong += [f"{name} is linked" for name, _, _ in all_symbols if FORBIDDEN.match(name)]
    for what in dict.fromkeys(wrong):
        print(f"firmware: {what}", file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
