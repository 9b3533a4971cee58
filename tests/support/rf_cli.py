# SPDX-License-Identifier: Apache-2.0
"""bulla rf as a user types it: sys.argv[1] is the program. check() counts; finish() says how it ended, and exits."""
import json
import os
import subprocess
import sys

BULLA = os.path.abspath(sys.argv[1])
counts = {"passed": 0, "failed": 0}


def check(what, expected, got):
    counts["passed" if expected == got else "failed"] += 1
    if expected != got:
        print(f"{what}: expected {expected!r}, got {got!r}")


def run(*words, data=None, env=None):
    """Exit code, standard output, what was said on the other."""
    done = subprocess.run([BULLA, "rf", *map(str, words)], input=data, env=env, capture_output=True, timeout=300)
    return done.returncode, done.stdout, done.stderr.decode()


def lines(out):
    return [json.loads(line) for line in out.splitlines()]


def encode(*words):
    code, out, err = run("encode", *words)
    check(f"encode {words}", (0, ""), (code, err))
    return out


def decode(data, *words):
    code, out, err = run("decode", *words, "-", data=data)
    return code, lines(out), err


def finish():
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    sys.exit(1 if counts["failed"] else 0)
