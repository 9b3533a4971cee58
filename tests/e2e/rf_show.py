#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""bulla rf show: a carrier is seen where and when it is, in the PNG (decoded here) and in the text; a terminal has colours, a
pipe has none; wrong files and options."""
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import zlib

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from rf_cli import BULLA, check, finish, run  # noqa: E402


def pixels(path):
    """Rows of (r, g, b) of a PNG without interlacing."""
    data = open(path, "rb").read()
    check("a PNG", b"\x89PNG\r\n\x1a\n", data[:8])
    at, body, head = 8, b"", None
    while at < len(data):
        n, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            head = struct.unpack(">IIBBBBB", data[at + 8:at + 21])
        elif kind == b"IDAT":
            body += data[at + 8:at + 8 + n]
        at += 12 + n
    width, height, depth, colour = head[:4]
    check("8 bits, RGB", (8, 2), (depth, colour))
    raw, rows, before = zlib.decompress(body), [], bytes(3 * width)
    for y in range(height):
        kind, line = raw[y * (3 * width + 1)], bytearray(raw[y * (3 * width + 1) + 1:(y + 1) * (3 * width + 1)])
        for i in range(3 * width):
            left, up, corner = line[i - 3] if i >= 3 else 0, before[i], before[i - 3] if i >= 3 else 0
            if kind == 4:
                p = left + up - corner
                near = min((abs(p - left), 0, left), (abs(p - up), 1, up), (abs(p - corner), 2, corner))[2]
            line[i] = (line[i] + (0, left, up, (left + up) // 2, near if kind == 4 else 0)[kind]) & 255
        rows.append(line)
        before = bytes(line)
    return width, height, rows


def carrier(rate, n, on, hz, amplitude):
    """cs8: noise of a few steps, and a carrier between two samples."""
    import cmath
    import random
    source = random.Random(4)
    out = bytearray()
    for i in range(n):
        v = amplitude * cmath.exp(2j * cmath.pi * hz * i / rate) if on[0] <= i < on[1] else 0
        out += struct.pack("bb", round(127 * v.real + source.gauss(0, 1.5)), round(127 * v.imag + source.gauss(0, 1.5)))
    return bytes(out)


with tempfile.TemporaryDirectory() as made:
    samples = carrier(1e6, 200000, (100000, 150000), 250e3, 0.5)
    path, png = os.path.join(made, "yard_433.92M_1000k.cs8"), os.path.join(made, "x.png")
    with open(path, "wb") as out:
        out.write(samples)
    check("show --png", (0, b"", ""), run("show", path, "--png", png))
    width, height, rows = pixels(png)
    box = (86, 290, 780, 540)  # the waterfall
    light = [[sum(rows[y][3 * x:3 * x + 3]) for x in range(box[0], box[0] + box[2])] for y in range(box[1], box[1] + box[3])]
    column = box[2] * 3 // 4
    bright = [y for y in range(box[3]) if light[y][column] > 500]
    check("when it is on", True, abs(bright[0] / box[3] - 0.5) < 0.01 and abs(bright[-1] / box[3] - 0.75) < 0.01)
    middle = light[int(0.6 * box[3]) + 3]
    check("where it is", True, abs(middle.index(max(middle)) - column) <= 2)
    check("nothing elsewhere", True, sum(light[10]) / box[2] < 250)
    code, out, err = run("show", path)
    text = out.decode()
    check("text", (0, ""), (code, err))
    check("a pipe has no colours", False, "\033" in text)
    lines = re.findall(r"^ *([0-9.]+) s (.*)$", text, re.M)
    loud = [float(t) for t, row in lines if "@" in row]
    check("text: when", (True, loud), (abs(loud[0] - 0.1) < 0.01 and abs(loud[-1] - 0.15) < 0.01, loud))
    check("text: where", True, all(abs(row.index("@") / len(row) - 0.75) < 0.02 for _, row in lines if "@" in row))
    check("text: axis", True, "433.4200 MHz" in text and "434.4200 MHz" in text)
    check("text: level", True, re.search(r"mean -12\.\d, peak -5\.\d dBFS", text) is not None)
    check("text: braille", True, any(0x2801 <= ord(c) < 0x2900 for c in text))
    check("half of it", True, "0.05 s at 1 MS/s" in run("show", "--seconds", "0.05", path)[1].decode())
    pages = run("show", "--every", "0.06", path)[1].decode()
    check("pages", ["0.06 s at", "0.06 s at", "0.06 s at", "0.02 s at"], re.findall(r"^[0-9.]+ s at", pages, re.M))
    check("each for itself", [False, True, True, False], ["@" in page for page in pages.split("level [")[1:]])
    plain = os.path.join(made, "plain.cs8")
    os.link(path, plain)
    check("in odd pieces", run("show", plain)[1], subprocess.run(f"(head -c 7; sleep 0.2; cat) < '{path}' | '{BULLA}' rf show --format cs8 -", shell=True, capture_output=True).stdout)
    ours, theirs = pty.openpty()
    child = subprocess.Popen([BULLA, "rf", "show", path], stdout=theirs, stderr=subprocess.DEVNULL, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    seen = b""
    try:
        while piece := os.read(ours, 65536):
            seen += piece
    except OSError:
        pass
    child.wait()
    check("a terminal has colours", True, b"\033[38;5;" in seen and "\u2580".encode() in seen)
    check("nothing", (1, True), (lambda r: (r[0], "expected samples, got none" in r[2]))(run("show", "-", data=b"")))
    check("one sample", 0, run("show", "-", data=b"ab")[0])
    check("silence", 0, run("show", "-", data=b"\x80" * 100000)[0])
    check("a float that is none", 0, run("show", "--format", "cf32", "-", data=b"\xff" * 80000)[0])
    for words, expected in ((["a", "b"], 2), (["--seconds", "0", path], 2), (["--every", "0", path], 2), (["--every", "1", "--png", "x.png", path], 2), (["/none"], 3), (["--png", "/none/x.png", path], 3), (["--rate", "1", path], 2)):
        check(f"wrong {words}", (expected, b""), run("show", *words)[:2])
finish()
