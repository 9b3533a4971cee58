# SPDX-License-Identifier: Apache-2.0
"""Packets of wco433 and wco2450, simple on purpose: from docs/rf.md alone, in plain Python, for strong signals.

Frequency only: how far the phase turns from one sample to the next, over half a bit. Above its own middle is a one. Bits are
taken in their middle, which follows the edges; where to begin is tried. Run by itself it prints the vectors of tests/vectors/air/packet.vec.
"""
import cmath
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rf_simple import bursts, crc_is_right, samples_of_cu8  # noqa: E402

RATES = {"wco433": 50000, "wco2450": 9600}
SYNCS = {"return": 0x17B2, "forward": 0x5978}


def pn9():
    state = 0x1FF
    while True:
        yield state & 0xFF
        for _ in range(8):
            state = state >> 1 | ((state ^ state >> 5) & 1) << 8


def whiten(data):
    return bytes(a ^ b for a, b in zip(data, pn9()))


def crc(data):
    value = 0xFFFF
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ (0x1021 if value & 0x8000 else 0)) & 0xFFFF
    return value.to_bytes(2, "big")


def air_bytes(payload, direction):
    body = bytes([len(payload)]) + payload
    return b"\xaa" * 4 + SYNCS[direction].to_bytes(2, "big") + whiten(body + crc(body))


def turns(samples, width):
    """What each sample turns the one before by, over `width` of them, without a wrap in between."""
    steps = [cmath.phase(b * a.conjugate()) for a, b in zip(samples, samples[1:])]
    total, out = sum(steps[:width]), []
    for a, b in zip(steps, steps[width:]):
        out.append(total)
        total += b - a
    return out


def levels_of(samples, rate, bit_rate):
    """One level a sample, and where it changes."""
    turned = turns(samples, max(1, int(rate / bit_rate / 2)))
    ordered = sorted(turned)
    middle = (ordered[len(ordered) // 10] + ordered[len(ordered) * 9 // 10]) / 2
    high = [turn > middle for turn in turned]
    return high, [i for i in range(1, len(high)) if high[i] != high[i - 1]]


def bits_of(high, edges, bit, at):
    """One bit after the other from a sample on; where they are taken is in step with the edges before the preamble is over."""
    out, taken = [], 0
    while at < len(high):
        while taken < len(edges) and edges[taken] < at:
            off = (at - edges[taken]) / bit % 1 - 0.5  # bits are half a bit behind the edges
            at -= 0.2 * off * bit
            taken += 1
        out.append(int(high[int(at)]))
        at += bit
    return out


def packet(bits):
    """(direction, inverted, payload) of the packet in a list of bits; None."""
    text = "".join(map(str, bits))
    for direction, sync in SYNCS.items():
        for inverted in (False, True):
            wanted = f"{0xAA0000 | sync:024b}"
            if inverted:
                wanted = wanted.translate(str.maketrans("01", "10"))
            at = text.find(wanted)
            if at < 0:
                continue
            rest = [int(b) ^ inverted for b in bits[at + 24:]]
            data = whiten(bytes(int("".join(map(str, rest[i:i + 8])), 2) for i in range(0, len(rest) - 7, 8)))
            if data and data[0] > 0 and len(data) >= data[0] + 3 and crc_is_right(data[:data[0] + 3]):
                return direction, inverted, data[1:1 + data[0]]
    return None


def decode(data, rate, link):
    """(seconds, direction, inverted, payload) of each packet in cu8 samples whose CRC is right."""
    samples = samples_of_cu8(data)
    for begin, end in bursts(samples, rate):
        if end - begin < rate * 60 / RATES[link]:
            continue
        bit = rate / RATES[link]
        high, edges = levels_of(samples[begin:end], rate, RATES[link])
        tries = (packet(bits_of(high, edges, bit, bit * part / 8)) for part in range(8))
        found = next((one for one in tries if one), None)
        if found:
            yield (begin / rate, *found)


def vectors():
    cases = (("a secure seal", "return", "1ca82218004b5a1db35d6299bcc07809"),
             ("a seal that was tampered with", "return", "18a82218004b5a1db35d6299bcc085ac"),
             ("an answer", "return", "400000131234beef123456780c303132330f3b"),
             ("who is there, to all", "forward", "40040c12341f00054000e751"),
             ("one byte", "return", "00"),
             ("as long as can be", "forward", bytes(range(1, 256)).hex()))
    print("# source: made for this project by an independent program (tests/support/rf_packets.py); requirements")
    print("# [WCO-4.3-P2] [WCO-4.3-P4] [WCO-4.3-Q7] [WCO-4.3-Q8] [WCO-4.3-Q9]")
    print("#\n# air: bytes as they go on the air, of each the most significant bit first; bits: how many")
    for name, direction, text in cases:
        air = air_bytes(bytes.fromhex(text), direction)
        print(f"\nname: {name}\nsettings: {direction}\nbytes: {text}\nexpect: {json.dumps({'air': air.hex(), 'bits': 8 * len(air)})}")


if __name__ == "__main__":
    vectors()
