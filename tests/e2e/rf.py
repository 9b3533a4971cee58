#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""bulla rf as a user types it. Frames there and back in every format; what others make is read and what we make is read by
others: files of the reference generator (BULLA_SHARED, or ../shared beside the tree), rtl_433, and a decoder in Python that
is simple on purpose; wrong files and options; exit codes.

Requirements: [WCO-4.3-P4] [WCO-4.3-P5] [WCO-4.3-Q7] [ISO-T7-F1] [ISO-T7-F1c] [ISO-T7-F6] [ISO-T8-R1] [ISO-T7-F5c] [ISO-T8-R5] [ISO-T7-F8] [ISO-T8-R8] [ISO-0-5]"""
import json
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import rf_packets  # noqa: E402
import rf_simple  # noqa: E402
from rf_cli import BULLA, check, decode, encode, finish, run  # noqa: E402

SHARED = os.environ.get("BULLA_SHARED", os.path.join(HERE, "..", "..", "..", "shared"))
BLOCK = "1ca82218004b5a1db35d6299bcc07809"
TAMPERED = "18a82218004b5a1db35d6299bcc085ac"
FORWARD = ["40040c12341f00054000e751", "40060ebeef12345678123415c7f7"]
ANSWER = "400000131234beef123456780c303132330f3b"


def bytes_read(data, *words):
    return [frame["bytes"] for frame in decode(data, *words)[1]]


def there_and_back():
    for form in ("cu8", "cs8", "cs16", "cf32"):
        for rate in ("500k", "1M", "2.4M"):
            data = encode("--format", form, "--rate", rate, "--ebn0", 16, "--offset", -70000, BLOCK, TAMPERED)
            code, frames, _ = decode(data, "--format", form, "--rate", rate)
            check(f"{form} {rate}", (0, [BLOCK, TAMPERED]), (code, [f["bytes"] for f in frames]))
            check(f"{form} {rate}: offset", True, all(abs(f["offset_hz"] + 70000) < 60 for f in frames))
            check(f"{form} {rate}: noise", True, all(abs(f["ebn0_db"] - 16) < 3 for f in frames))
    one = decode(encode("--ebn0", 20, BLOCK))[1][0]
    check("the first edge", True, abs(one["t"] - 0.00505) < 1e-6)
    check("the block", ("ABC", 1234567, "MSKU9070323"), tuple(one["block"][k] for k in ("alpha", "number", "container")))
    check("words", ("iso433", "return", "normal", "ok"), tuple(one[k] for k in ("link", "direction", "polarity", "crc")))
    check("the same seed", encode("--ebn0", 5, "--seed", 9, BLOCK), encode("--ebn0", 5, "--seed", 9, BLOCK))
    check("another seed", False, encode("--ebn0", 5, "--seed", 9, BLOCK) == encode("--ebn0", 5, "--seed", 8, BLOCK))


def every_kind():
    both = encode("--link", "iso433-forward", "--inverted", "--ebn0", 15, *FORWARD)
    code, frames, _ = decode(both)
    check("to a seal", [(b, "forward", "inverted") for b in FORWARD], [(f["bytes"], f["direction"], f["polarity"]) for f in frames])
    check("orders", ["collect", "sleep"], [f["frame"]["order"] for f in frames])
    check("only from seals", (1, []), decode(both, "--link", "iso433-return")[:2])
    check("an answer", [ANSWER], bytes_read(encode("--ebn0", 15, ANSWER)))
    check("stop bits", [ANSWER, BLOCK], bytes_read(encode("--stop-bit", "--ebn0", 15, ANSWER, BLOCK), "--stop-bit"))
    chain = "1ca82218004b5a1db35d6299bce05c6b2f76800000000000000000000000eb0e"
    frames = decode(encode("--ebn0", 15, chain))[1]
    check("a chain", [(chain, "5eed")], [(f["bytes"], f["block"]["extension"]["random"]) for f in frames])
    for clock in (-50000, 50000):
        check(f"clock {clock} ppm", [BLOCK], bytes_read(encode("--clock", clock, "--ebn0", 15, BLOCK)))
    for offset in (-86784, 86784):
        check(f"offset {offset}", [BLOCK], bytes_read(encode("--offset", offset, "--ramp", 1000, "--ebn0", 15, BLOCK)))
    weak = decode(encode("--random", 60, "--ebn0", 9))[1]
    check("corrected", True, any(f["crc"] == "corrected" and 1 <= f["corrected"] <= 3 for f in weak))
    check("not corrected", False, any(f["corrected"] for f in decode(encode("--random", 60, "--ebn0", 9), "--no-correction")[1]))
    init = "1ca82218004b5a1db35d6299bcc0d163"
    check("the other start", "0000", decode(encode("--ebn0", 20, init))[1][0]["block"]["crc_init"])
    check("the other start, refused", (1, ["bad"]), (lambda r: (r[0], [f["crc"] for f in r[1]]))(decode(encode("--ebn0", 20, init), "--crc-init", "ffff")))


def in_pieces(folder):
    """A pipe that gives a few bytes at a time, and a file by its name."""
    data = encode("--random", 20, "--ebn0", 12, "--rate", "1.2M")
    path = os.path.join(folder, "yard_433.92M_1200k.cu8")
    with open(path, "wb") as out:
        out.write(data)
    code, out, _ = run("decode", path)
    whole = out
    check("by name", (0, 20), (code, len(out.splitlines())))
    child = subprocess.Popen([BULLA, "rf", "decode", "--rate", "1.2M"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for at in range(0, len(data), 7001):
        child.stdin.write(data[at:at + 7001])
        child.stdin.flush()
    check("in pieces", whole, child.communicate()[0])


def hostile():
    check("silence", (1, []), decode(bytes(2000000))[:2])
    check("the middle", (1, []), decode(b"\x80" * 2000000)[:2])
    check("clipped", (1, []), decode(b"\xff\x00" * 1000000)[:2])
    check("nothing", (1, []), decode(b"")[:2])
    noise = encode("--ebn0", 3, BLOCK)
    for form in ("cs16", "cf32"):  # the same bytes, wrongly named
        code, frames, err = decode(noise, "--format", form)
        check(f"wrongly named {form}", [], [f for f in frames if f["crc"] != "bad"])
    cut = encode("--ebn0", 20, BLOCK)
    code, frames, err = decode(cut[:-20001])
    check("an odd byte", (True, "whole number of samples" in err), (code in (0, 1), True))
    code, frames, _ = decode(cut[:16000])
    check("cut within the frame", (1, ["bad"]), (code, [f["crc"] for f in frames]))
    loud = encode("--ebn0", 20, "--format", "cf32", BLOCK)
    check("a float that is none", [BLOCK], bytes_read(b"\x00\x00\xc0\x7f" * 64 + loud, "--format", "cf32"))
    for words in (["decode", "--rate", "100k", "-"], ["decode", "--rate", "x", "-"], ["decode", "--format", "wav", "-"], ["decode", "--link", "iso", "-"],
                  ["decode", "--crc-init", "1", "-"], ["decode", "a", "b"], ["encode"], ["encode", "xyz"], ["encode", "1c", "--random", "3"],
                  ["encode", "--ebn0", "loud", BLOCK], ["encode", "--random", "0"], ["decode", "--link", "wco433", "--stop-bit", "-"], ["encode", "--link", "wco2450", "--rate", "300k", BLOCK], ["nothing"], [], ["bench", "--part", "x"]):
        code, out, err = run(*words)
        check(f"usage {words}", (2, b"", True), (code, out, err.startswith("bulla rf:")))
    check("no such file", 3, run("decode", "/no such file")[0])


def simple_decoder():
    for words, kind in ((["--offset", 30000, BLOCK, TAMPERED, ANSWER], "return"), (["--link", "iso433-forward", "--inverted", *FORWARD], "forward")):
        data = encode("--ebn0", 30, *words)
        ours = [(f["direction"], f["polarity"] == "inverted", f["bytes"]) for f in decode(data)[1]]
        theirs = [(d, i, b.hex()) for _, d, i, b in rf_simple.decode(data, 1e6)]
        check(f"the simple decoder agrees: {kind}", ours, theirs)
        check(f"the simple decoder read all: {kind}", len([w for w in words if re.fullmatch("[0-9a-f]{16,}", str(w))]), len(theirs))


def packets():
    """wco433 and wco2450: there and back, every format, either way; what the simple decoder in Python makes of the same samples."""
    for link, loud, edge in (("wco433", 30, 58000), ("wco2450", 45, 97670)):
        for form, rate in (("cu8", "1M"), ("cs8", "500k"), ("cs16", "2.4M"), ("cf32", "850k")):
            data = encode("--link", link, "--format", form, "--rate", rate, "--ebn0", 14, "--offset", edge, "--ramp", 1000, BLOCK, ANSWER, TAMPERED)
            code, frames, _ = decode(data, "--link", link, "--format", form, "--rate", rate)
            check(f"{link} {form} {rate}", (0, [BLOCK, ANSWER, TAMPERED]), (code, [f["bytes"] for f in frames]))
            check(f"{link} {form}: who", [(link, "return", "normal", "ok")] * 3, [(f["link"], f["direction"], f["polarity"], f["crc"]) for f in frames])
            check(f"{link} {form}: figures", True, all(abs(f["offset_hz"] - edge) < 60 and abs(f["ebn0_db"] - 14) < 1.5 for f in frames))
        first = decode(encode("--link", link, "--ebn0", 25, BLOCK), "--link", link)[1][0]
        check(f"{link}: the first edge", True, abs(first["t"] - 0.00505) < 1e-6)
        check(f"{link}: the block", ("ABC", "MSKU9070323"), (first["block"]["alpha"], first["block"]["container"]))
        forward = encode("--link", f"{link}-forward", "--inverted", "--clock", -9000, "--ebn0", 18, *FORWARD)
        frames = decode(forward, "--link", link)[1]
        check(f"{link}: to a seal", [(b, "forward", "inverted") for b in FORWARD], [(f["bytes"], f["direction"], f["polarity"]) for f in frames])
        check(f"{link}: orders", ["collect", "sleep"], [f["frame"]["order"] for f in frames])
        check(f"{link}: only from seals", (1, []), decode(forward, "--link", f"{link}-return")[:2])
        check(f"{link}: another link", (1, []), decode(encode("--link", link, "--ebn0", 20, BLOCK))[:2])
        check(f"{link}: iso433", (1, []), decode(encode("--ebn0", 20, BLOCK), "--link", link)[:2])
        weak = encode("--link", link, "--random", 60, "--ebn0", 8)
        check(f"{link}: corrected", True, any(f["crc"] == "corrected" and 1 <= f["corrected"] <= 4 for f in decode(weak, "--link", link)[1]))
        check(f"{link}: not corrected", False, any(f["corrected"] for f in decode(weak, "--link", link, "--no-correction")[1]))
        other = "00112233445566778899"  # neither a block nor a frame: carried all the same
        frame = decode(encode("--link", link, "--ebn0", 20, other), "--link", link)[1][0]
        check(f"{link}: any payload", (other, "ok", None), (frame["bytes"], frame["crc"], frame["block"]))
        for words in (["--offset", 30000], ["--offset", -50000, "--inverted"], ["--clock", 5000]):
            data = encode("--link", link, "--ebn0", loud, *words, BLOCK, ANSWER, TAMPERED)
            ours = [(f["direction"], f["polarity"] == "inverted", f["bytes"]) for f in decode(data, "--link", link)[1]]
            theirs = [(d, i, b.hex()) for _, d, i, b in rf_packets.decode(data, 1e6, link)]
            check(f"the simple decoder agrees: {link} {words}", ours, theirs)
            check(f"the simple decoder read all: {link} {words}", 3, len(theirs))
        check(f"{link}: cut", [], [f for f in decode(encode("--link", link, "--ebn0", 20, BLOCK)[:13000], "--link", link)[1] if f["crc"] != "bad"])


def generator(folder):
    script = os.path.join(SHARED, "rf", "gen_iq.py")
    if not os.path.exists(script) or subprocess.run(["/usr/bin/python3", "-c", "import numpy"], capture_output=True).returncode:
        print("skipped: files of the reference generator (set BULLA_SHARED; needs python3-numpy)")
        return
    for text in re.findall(r"block init (?:FFFF|0000) .*?: ([0-9a-f ]{47})", open(os.path.join(SHARED, "rf", "vectors.txt")).read()):
        check("vector", [text.replace(" ", "")], bytes_read(encode("--ebn0", 20, text.replace(" ", ""))))
    for form, rate, more in (("cu8", 1e6, []), ("cs8", 0.5e6, []), ("cs16", 2e6, ["--ramp", "1e-3"]), ("cf32", 2.4e6, ["--clock", "5"])):
        path = os.path.join(folder, f"generated.{form}")
        subprocess.run(["/usr/bin/python3", script, "--fs", str(rate), "--ebn0", "14", "--n", "25", "--fmt", form, *more, path], check=True, capture_output=True)
        truth = json.load(open(path + ".json"))["packets"]
        code, out, _ = run("decode", "--rate", int(rate), path)
        frames = [json.loads(line) for line in out.splitlines()]
        check(f"generated {form}", [p["hex"] for p in truth], [f["bytes"] for f in frames if f["crc"] != "bad"])
        good = [f for f in frames if f["crc"] != "bad"]
        check(f"generated {form}: times", True, all(abs(f["t"] - p["t"]) < 1e-6 for f, p in zip(good, truth)))
        check(f"generated {form}: offsets", True, all(abs(f["offset_hz"] - p["foff"]) < 60 for f, p in zip(good, truth)))


def half_bits(text):
    return "".join({"0": "10", "1": "01"}[b] for byte in bytes.fromhex(text) for b in f"{byte:08b}"[::-1])


def rtl_433(folder):
    try:
        subprocess.run(["rtl_433", "-V"], capture_output=True)
    except FileNotFoundError:
        print("skipped: rtl_433 is not installed (Debian: rtl-433)")
        return
    path = os.path.join(folder, "ours.cu8")
    with open(path, "wb") as out:
        out.write(encode("--ebn0", 30, "--gap", 104, "--offset", 20000, BLOCK, TAMPERED, "--repeat", 5))
    done = subprocess.run(["rtl_433", "-R", "0", "-X", "n=seal,m=FSK_PCM,s=18,l=18,r=200", "-s", "1000000", "-F", "json", "-r", path], capture_output=True, timeout=60)
    rows = [code for line in done.stdout.splitlines() for code in json.loads(line).get("codes", [])]
    bits = ["".join(f"{int(digit, 16):04b}" for digit in row.split("}")[1]) for row in rows]
    for name, text in (("secure", BLOCK), ("tampered", TAMPERED)):
        wanted = half_bits(text)
        other = wanted.translate(str.maketrans("01", "10"))
        check(f"rtl_433 reads ours: {name}", True, sum(wanted[:-2] in row or other[:-2] in row for row in bits) >= 4)


with tempfile.TemporaryDirectory() as made:
    there_and_back()
    every_kind()
    in_pieces(made)
    hostile()
    simple_decoder()
    packets()
    generator(made)
    rtl_433(made)
finish()
