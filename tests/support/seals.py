# SPDX-License-Identifier: Apache-2.0
"""The reader's verbs of `bulla seal`, as the tests of virtual seals and of the firmware call them."""
import json
import subprocess

import e2e


class Verbs:
    """`program` run in the folder `work`."""

    def __init__(self, program, work):
        self.program, self.work = program, work

    def bulla(self, *words):
        """(exit code, JSON lines, stderr)"""
        got = subprocess.run([self.program, "seal", *words], cwd=self.work, capture_output=True, text=True, timeout=240, check=False)
        return got.returncode, [json.loads(line) for line in got.stdout.splitlines() if line.startswith("{")], got.stderr

    def good(self, *words):
        code, lines, err = self.bulla(*words)
        e2e.equal(code, 0, f"{' '.join(words[:3])} ({err.strip()})")
        return lines

    def refused(self, why, *words):
        code, lines, err = self.bulla(*words)
        e2e.equal((code, why in err, lines), (1, True, []), f"{' '.join(words)} is refused: {err.strip()}")
