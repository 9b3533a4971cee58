#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the first inputs of a fuzzer from the vectors of a protocol: seeds.py PROTOCOL FOLDER.

One file a block, with an option byte in front where the fuzzer has one; and neighbouring blocks glued, so that the fuzzer
starts from streams as well. For source: what describes samples. For seal_json: what the vectors of seals' data expect, which is what people write.
"""
import glob
import json
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


PLAIN = ("supervision", "attachment", "tag")  # the input is the record
NOUNS = ("supervision", "attachment", "tag", "block", "gbt")  # as kinds[] of fuzz_seal_json.c


def write(path, data):
    with open(path, "wb") as out:
        out.write(data)


def write_json(folder):
    here = os.path.join(os.path.dirname(__file__), "..", "tests", "vectors")
    n = 0
    for kind, noun in enumerate(NOUNS):
        for path in sorted(glob.glob(os.path.join(here, noun, "*.vec"))):
            for block in blocks(path):
                write(os.path.join(folder, f"{n:04}"), bytes([kind]) + block["expect"].encode())
                n += 1
    print(f"seal_json: {n} vectors")


def write_source(folder):
    """Places of the examples, a meta, a URL and a name; the first byte is that of fuzz_source.c."""
    here = os.path.join(os.path.dirname(__file__), "..", "examples", "radio")
    texts = [b"\1" + open(path, "rb").read() for path in sorted(glob.glob(os.path.join(here, "*.json")))]
    meta = {"global": {"core:datatype": "ci16_le", "core:sample_rate": 1e6, "core:version": "1.0.0", "core:num_channels": 1, "core:trailing_bytes": 2},
            "captures": [{"core:sample_start": 0, "core:frequency": 433920000, "core:header_bytes": 4}, {"core:sample_start": 9, "core:global_index": 99, "core:frequency": 433920000}],
            "annotations": [{"core:sample_start": 1, "core:sample_count": 2, "core:generator": "bulla rf"}]}
    texts += [b"\0" + json.dumps(meta).encode(), b"\2h:1?freq=433.92M&rate=1M&gain=auto&ppm=-3&retry=2&channel=1", b"\3cs8:/a/g001_433.92M_1000k.cu8", b"\3x.sigmf-data"]
    for i, text in enumerate(texts):
        write(os.path.join(folder, f"{i:04}"), text)
    print(f"source: {len(texts)} texts")


def main():
    protocol, folder = sys.argv[1:3]
    os.makedirs(folder, exist_ok=True)
    if protocol == "source":
        write_source(folder)
        return
    if protocol == "seal_json":
        write_json(folder)
        return
    all_messages = list(messages(protocol))
    for i, message in enumerate(all_messages):
        glued = message + (all_messages[i + 1] if i + 1 < len(all_messages) else b"")
        for kind, data in (("one", message), ("two", glued)):
            write(os.path.join(folder, f"{i:04}-{kind}"), (b"" if protocol in PLAIN else bytes([i & 255])) + data)
    print(f"{protocol}: {len(all_messages)} vectors")


if __name__ == "__main__":
    main()
