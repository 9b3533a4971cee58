# SPDX-License-Identifier: Apache-2.0
"""A decoder of the 433.92 MHz link that is simple on purpose: from docs/rf.md alone, in plain Python, for strong signals.

It looks at frequency only: how far the phase turns from one sample to the next. Where that is above its own mean the level
is high; levels become runs, runs a preamble, a sync and bits.
"""
import cmath

CYCLE_US, HALF_US = 60, 18


def samples_of_cu8(data):
    return [complex(data[i] - 127.5, data[i + 1] - 127.5) for i in range(0, len(data) - 1, 2)]


def bursts(samples, rate):
    """Stretches in which there is a carrier: (begin, end) in samples."""
    width = int(rate * 50e-6)
    strongest = max(abs(s) for s in samples)
    begin = None
    quiet = 0
    for i, sample in enumerate(samples):
        if abs(sample) > strongest / 3:
            begin = i if begin is None else begin
            quiet = 0
        elif begin is not None:
            quiet += 1
            if quiet > width:
                yield begin, i - quiet
                begin = None
    if begin is not None:
        yield begin, len(samples)


def levels(samples):
    samples = [sum(samples[i:i + 4]) for i in range(len(samples) - 4)]  # less noise; takes offsets of 60 kHz
    turns = [cmath.phase(b * a.conjugate()) for a, b in zip(samples, samples[1:])]
    width = 3
    smooth = [sum(turns[i:i + width]) for i in range(len(turns) - width)]
    ordered = sorted(smooth)  # the ramps have more noise than the rest
    middle = (ordered[len(ordered) // 10] + ordered[len(ordered) * 9 // 10]) / 2
    return [t > middle for t in smooth]


def runs(bits, rate):
    out = []
    for bit in bits:
        if out and out[-1][0] == bit:
            out[-1][1] += 1
        else:
            out.append([bit, 1])
    return [(high, n / rate * 1e6) for high, n in out]


def frame(run_list):
    """(direction, inverted, bits) of the frame in a list of runs; None."""
    n = 0
    for i, (high, us) in enumerate(run_list):
        if 24 < us < 36:
            n += 1
        elif n >= 30 and 36 < us < 60:
            clock = sum(u for _, u in run_list[i - 20:i]) / 20 / 30
            direction = "return" if us / clock < 48 else "forward"
            halves = []
            for k, (level, length) in enumerate(run_list[i + 1:]):
                count = round((length / clock - (54 if k == 0 else 0)) / HALF_US)
                halves += [level == high] * min(count, 2)  # true: as the first part of the sync, high
            return direction, not high, halves
        else:
            n = 0
    return None


def bytes_of(halves):
    bits = []
    for first, second in zip(halves[::2], halves[1::2]):
        if first == second:
            break
        bits.append(int(second))
    return bytes(sum(bit << k for k, bit in enumerate(bits[i:i + 8])) for i in range(0, len(bits) - 7, 8))


def crc_is_right(data, start=0xFFFF):
    crc = start
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ (0x1021 if crc & 0x8000 else 0)) & 0xFFFF
    return crc == 0


def decode(data, rate):
    """(seconds, direction, inverted, bytes) of each frame in cu8 samples whose CRC is right."""
    samples = samples_of_cu8(data)
    for begin, end in bursts(samples, rate):
        if end - begin < rate * 2e-3:
            continue
        found = frame(runs(levels(samples[begin:end]), rate))
        if not found:
            continue
        direction, inverted, halves = found
        all_bytes = bytes_of(halves)
        for n in range(len(all_bytes), 7, -1):
            if crc_is_right(all_bytes[:n]):
                yield begin / rate, direction, inverted, all_bytes[:n]
                break
