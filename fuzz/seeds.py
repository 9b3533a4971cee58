#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the first inputs of a fuzzer from the vectors of a protocol: seeds.py PROTOCOL FOLDER.

One file a block, with an option byte in front; and neighbouring blocks glued, so that the fuzzer starts from
streams as well.
"""
import glob
import os
import re
import sys

ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\", '"': b'"', "'": b"'"}


def unescape(text):
    out = b""
    for part in re.finditer(r"\\x([0-9A-Fa-f]{2})|\\(.)|([^\\]+)", text):
        byte, letter, plain = part.groups()
        out += bytes.fromhex(byte) if byte else ESCAPES[letter] if letter else plain.encode("latin-1")
    return out


def blocks(path):
    """(field, value) lists of the blocks of a .vec file, continuation lines joined."""
    for block in re.split(r"\n\s*\n", open(path, encoding="utf-8").read()):
        fields = []
        for line in block.split("\n"):
            if line.startswith("#") or not line.strip():
                continue
            if line[0] in " \t" and fields:
                fields[-1][1] += line.strip()
            else:
                name, value = line.split(":", 1)
                fields.append([name, value.strip()])
        if fields:
            yield dict(fields)


def messages(protocol):
    here = os.path.join(os.path.dirname(__file__), "..", "tests", "vectors", protocol)
    for path in sorted(glob.glob(os.path.join(here, "*.vec"))):
        for block in blocks(path):
            if "bytes" in block:
                yield bytes.fromhex(block["bytes"].replace(" ", ""))
            elif "text" in block:
                yield unescape(block["text"])


def main():
    protocol, folder = sys.argv[1:3]
    os.makedirs(folder, exist_ok=True)
    all_messages = list(messages(protocol))
    for i, message in enumerate(all_messages):
        glued = message + (all_messages[i + 1] if i + 1 < len(all_messages) else b"")
        for kind, data in (("one", message), ("two", glued)):
            with open(os.path.join(folder, f"{i:04}-{kind}"), "wb") as out:
                out.write(bytes([i & 255]) + data)
    print(f"{protocol}: {len(all_messages)} vectors")


if __name__ == "__main__":
    main()
