#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""bulla rf with the links that switch their carrier, as a user types it: orders and answers there and back at their rates, indexes
and depths; a decoder in Python that is simple on purpose agrees; wrong options.

Requirements: [ISO-T3-F7d] [ISO-T3-F9] [ISO-T3-F1c] [ISO-T4-R9] [ISO-T4-R11] [ISO-T4-R13] [ISO-T5-F8] [ISO-T6-R2]"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import rf_fm0  # noqa: E402
from rf_cli import check, decode, encode, finish, run  # noqa: E402

BLOCK = "1ca82218004b5a1db35d6299bcc07809"
TAMPERED = "18a82218004b5a1db35d6299bcc085ac"
ANSWER = "400000131234beef123456780c303132330f3b"
CHAIN = "1ca82218004b5a1db35d6299bce05c6b2f76800000000000000000000000eb0e"
ORDERS = ["40040c12341f00054000e751", "40060ebeef12345678123415c7f7"]


def there_and_back():
    for link, rates in (("fhss", (34000, 40000, 46000)), ("narrow915", (20000, 31250, 40000))):
        nominal = {"fhss": 40000, "narrow915": 31250}[link]
        for bps in rates:
            data = encode("--link", link + "-return", "--bps", bps, "--ebn0", 15, "--offset", 22875, BLOCK, ANSWER, CHAIN, TAMPERED)
            code, frames, _ = decode(data, "--link", link)
            good = [f for f in frames if f["crc"] != "bad"]
            check(f"{link} {bps}", (0, [BLOCK, ANSWER, CHAIN, TAMPERED]), (code, [f["bytes"] for f in good]))
            check(f"{link} {bps}: words", {(link, "return")}, {(f["link"], f["direction"]) for f in good})
            check(f"{link} {bps}: offset", True, all(abs(f["offset_hz"] - 22875) < 20 for f in good))
            check(f"{link} {bps}: rate", True, all(abs(nominal / (1 + f["clock_ppm"] * 1e-6) / bps - 1) < 2e-3 for f in good))
            check(f"{link} {bps}: noise", True, all(abs(f["ebn0_db"] - 15) < 2 for f in good))
        for form, rate in (("cu8", "2.4M"), ("cs8", "500k"), ("cs16", "1M"), ("cf32", "850k")):
            for way, words in (("return", [BLOCK]), ("forward", ORDERS)):
                data = encode("--link", f"{link}-{way}", "--format", form, "--rate", rate, "--ebn0", 16, *words)
                code, frames, _ = decode(data, "--link", f"{link}-{way}", "--format", form, "--rate", rate)
                check(f"{link}-{way} {form} {rate}", (0, words), (code, [f["bytes"] for f in frames if f["crc"] != "bad"]))
    for bps, index in ((8000, 11), (20000, 11), (40000, 11), (30000, 99), (40000, 99)):
        data = encode("--link", "fhss-forward", "--bps", bps, "--index", index, "--ebn0", 16, "--offset", -22875, *ORDERS)
        good = [f for f in decode(data, "--link", "fhss-forward")[1] if f["crc"] != "bad"]
        check(f"orders {bps} {index}", [(ORDERS[0], "collect"), (ORDERS[1], "sleep")], [(f["bytes"], f["frame"]["order"]) for f in good])
    deep = encode("--link", "fhss-return", "--depth", -60, "--format", "cf32", "--ebn0", 15, BLOCK)
    first = decode(deep, "--link", "fhss", "--format", "cf32")[1][0]
    check("60 dB under the carrier", (BLOCK, "ABC"), (first["bytes"], first["block"]["alpha"]))
    check("the first edge", True, abs(first["t"] - 0.00565) < 2e-6)
    weak = decode(encode("--link", "fhss-return", "--random", 60, "--ebn0", 7), "--link", "fhss")[1]
    check("corrected", True, any(f["crc"] == "corrected" for f in weak))
    check("another link's", (1, []), decode(encode("--ebn0", 15, BLOCK), "--link", "fhss")[:2])


def simple_decoder():
    for link in ("fhss", "narrow915"):
        for offset in (0, 9000, -20000):
            data = encode("--link", link + "-return", "--depth", -12, "--offset", offset, "--ebn0", 28, BLOCK, TAMPERED, ANSWER)
            ours = [f["bytes"] for f in decode(data, "--link", link)[1] if f["crc"] == "ok"]
            theirs = list(rf_fm0.decode(data, 1e6))
            check(f"the simple decoder agrees: {link} {offset}", ours, [b.hex() for _, _, b in theirs])
            check(f"the simple decoder read all: {link} {offset}", [BLOCK, TAMPERED, ANSWER], ours)
            times = [f["t"] for f in decode(data, "--link", link)[1] if f["crc"] == "ok"]
            check(f"times agree: {link} {offset}", True, all(abs(a - b[0]) < 5e-6 for a, b in zip(times, theirs)))


def wrong():
    for words in (["encode", "--link", "fhss", "--bps", "50000", BLOCK], ["encode", "--link", "narrow915-forward", "--bps", "8000", *ORDERS],
                  ["encode", "--link", "fhss", "--index", "50", BLOCK], ["encode", "--index", "11", BLOCK], ["encode", "--link", "fhss", "--depth", "3", BLOCK],
                  ["decode", "--link", "fhss-back", "-"], ["bench", "--link", "fhss", "--shallow"], ["bench", "--link", "iso433-forward"]):
        code, out, err = run(*words)
        check(f"usage {words}", (2, b"", True), (code, out, err.startswith("bulla rf:")))
    for data in (b"", bytes(1000001), b"\x80" * 1000000, b"\xff\x00" * 500000):
        check("silence", (1, []), decode(data, "--link", "narrow915")[:2])
    cut = encode("--link", "fhss-return", "--ebn0", 20, BLOCK)
    check("cut within the frame", (1, []), (lambda r: (r[0], [f for f in r[1] if f["crc"] != "bad"]))(decode(cut[:14000], "--link", "fhss")))


there_and_back()
simple_decoder()
wrong()
finish()
