# SPDX-License-Identifier: Apache-2.0
"""A decoder of a passive seal's answers (links fhss and narrow915) that is simple on purpose: from docs/rf.md alone, in plain Python,
for strong signals.

The carrier is taken off by its frequency, which a few thousand samples in the middle show, and by the mean around each place; what is
left is turned so that the seal's two states lie on one line. Above the line's middle the level is high; levels become runs, runs a
preamble and bits.
"""
import cmath

QUIET, SYNC, CODE = 2, 8, (0, 0, 0, 1, 0)


def samples_of_cu8(data):
    return [complex(data[i] - 127.5, data[i + 1] - 127.5) for i in range(0, len(data) - 1, 2)]


def carriers(samples, rate):
    """Stretches in which there is a carrier: (begin, end) in samples."""
    strongest = max((abs(s) for s in samples), default=0)
    begin = None
    quiet = 0
    for i, sample in enumerate(samples):
        if abs(sample) > strongest / 2:
            begin = i if begin is None else begin
            quiet = 0
        elif begin is not None:
            quiet += 1
            if quiet > rate * 50e-6:
                yield begin, i - quiet
                begin = None
    if begin is not None:
        yield begin, len(samples)


def without_carrier(samples):
    """The part that changes, as numbers: along the line on which it does."""
    # How much the carrier turns a sample: roughly from neighbours, then from further and further apart.
    turn = 0.0
    for lag in (1, 8, 64, 512):
        if lag * 2 > len(samples):
            break
        product = sum(b * a.conjugate() for a, b in zip(samples, samples[lag:]))
        more = cmath.phase(product * cmath.exp(-1j * turn * lag))
        turn += more / lag
    still = [s * cmath.exp(-1j * turn * i) for i, s in enumerate(samples)]
    middle = sum(still) / len(still)
    left = [s - middle for s in still]
    line = cmath.exp(-0.5j * cmath.phase(sum(x * x for x in left)))  # both states lie on it, on either side
    return [(x * line).real for x in left]


def levels(values, width):
    out = []
    total = sum(values[:width])
    for i in range(len(values) - width):
        out.append(total)
        total += values[i + width] - values[i]
    ordered = sorted(out[len(out) // 8: len(out) * 7 // 8])
    middle = (ordered[len(ordered) // 10] + ordered[len(ordered) * 9 // 10]) / 2
    return [value > middle for value in out]


def runs(bits):
    out = []
    for bit in bits:
        if out and out[-1][0] == bit:
            out[-1][1] += 1
        else:
            out.append([bit, 1])
    return out


def half_bits(run_list, at, half):
    """Levels of half bits from a run on, until there is one that no frame has."""
    out = []
    for level, length in run_list[at:]:
        count = round(length / half)
        if count < 1:
            break
        out += [level] * min(count, 2)
        if count > 2:
            break  # the seal fell silent
    return out


def fm0(halves, level):
    """Bits of FM0 behind that level: it changes at the beginning of every bit, and in the middle of a zero."""
    bits = []
    for first, second in zip(halves[::2], halves[1::2]):
        if first == level:
            break
        bits.append(int(first == second))
        level = second
    return bits


def crc_is_right(data, start=0xFFFF):
    crc = start
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ (0x1021 if crc & 0x8000 else 0)) & 0xFFFF
    return crc == 0


def answer(run_list):
    """(run of the sync at which it begins, samples of a half bit, bytes) of the first answer in a list of runs; None."""
    for i in range(len(run_list) - SYNC):
        sync = [length for _, length in run_list[i:i + SYNC - 1]]
        bit = sum(sync) / len(sync)
        mark = run_list[i + SYNC - 1][1]
        if any(abs(length - bit) > bit / 3 for length in sync) or abs(mark - 2 * bit) > bit / 2:
            continue
        halves = half_bits(run_list, i + SYNC, bit / 2)
        bits = fm0(halves, run_list[i + SYNC - 1][0])
        if len(halves) % 2 == 1 and len(halves) > 1:  # the last half bit is as the silence behind it
            bits += fm0([halves[-1], halves[-1]], halves[-2])
        if tuple(bits[:len(CODE)]) != CODE:
            continue
        bits = bits[len(CODE):]
        return i, bit / 2, bytes(int("".join(map(str, bits[k:k + 8])), 2) for k in range(0, len(bits) - 7, 8))
    return None


def decode(data, rate):
    """(seconds, bits a second, bytes) of each answer in cu8 samples whose CRC is right."""
    samples = samples_of_cu8(data)
    for begin, end in carriers(samples, rate):
        if end - begin < rate * 1e-3:
            continue
        margin = int(rate * 20e-6)
        values = without_carrier(samples[begin + margin:end - margin])
        width = max(1, int(rate * 4e-6))
        run_list = runs(levels(values, width))
        found = answer(run_list)
        if not found:
            continue
        run, half, all_bytes = found
        for n in range(len(all_bytes), 7, -1):
            if crc_is_right(all_bytes[:n]):
                place = begin + margin + width / 2 + sum(length for _, length in run_list[:run])
                yield place / rate, rate / half / 2, all_bytes[:n]
                break
