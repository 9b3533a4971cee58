#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Places of bulla rf encode --scene: the three examples are played and heard, what is heard is what is true of them, a place is
the same from the same seed, geometry counts (distance, metal, Doppler, heights), and wrong files are told what is wrong.

Requirements: [WCO-4.3-R1] [ISO-T8-R3] [WCO-4.1-4]"""
import json
import math
import os
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from rf_cli import check, finish, lines, run  # noqa: E402

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "radio")


def play(folder, place, *words):
    """The samples, and what is true of each frame."""
    path, truth = os.path.join(folder, "place.json"), os.path.join(folder, "truth")
    if isinstance(place, dict):
        with open(path, "w", encoding="utf-8") as out:
            json.dump(place, out)
        place = path
    code, out, err = run("encode", "--scene", place, "--truth", truth, *words)
    check(f"play {os.path.basename(place)}", (0, ""), (code, err))
    return out, lines(open(truth, encoding="utf-8").read())


def examples(folder):
    for name, antenna, least in (("yard", "mast", 0.8), ("yard", "gate", 0.8), ("lane", "portal", 0.95), ("train", "trackside", 0.85)):
        path = os.path.join(EXAMPLES, name + ".json")
        samples, truth = play(folder, path, "--antenna", antenna)
        check(f"{name}: the same seed", True, samples == play(folder, path, "--antenna", antenna)[0])
        frames = lines(run("decode", "--good", "-", data=samples)[1])
        read = wrong = 0
        for frame in frames:
            same = [t for t in truth if t["bytes"] == frame["bytes"] and abs(t["t"] - frame["t"]) < 3e-6]
            read += bool(same)
            wrong += not same
        check(f"{name}: none that was not sent", 0, wrong)
        if read < least * len(truth):
            check(f"{name}, {antenna}: read of {len(truth)}", f">= {least}", read)
        # Levels are those of the place: read ones within what fading and noise do in a frame.
        full = json.load(open(path, encoding="utf-8"))["receiver"]["full_scale_dbm"]
        off = [f["level_db"] + full - t["level_dbm"] - t["fading_db"] for f in frames for t in truth if t["bytes"] == f["bytes"] and abs(t["t"] - f["t"]) < 3e-6 and t["level_dbm"] < full - 3]
        check(f"{name}: levels", True, abs(sorted(off)[len(off) // 2]) < 0.5)
        check(f"{name}: in Europe", 0, run("encode", "--scene", path, "--region", "EU")[0])
    yard = [play(folder, os.path.join(EXAMPLES, "yard.json"), "--antenna", a)[1] for a in ("mast", "gate")]
    check("two antennas hear the same seals", {t["seal"] for t in yard[0]}, {t["seal"] for t in yard[1]})
    check("from elsewhere", True, yard[0][0]["distance_m"] != yard[1][0]["distance_m"])


def one_seal(**more):
    seal = {"name": "s", "at_m": [100, 0, 1], "power_dbm": -2.4, "every_s": 0.1, "first_s": 0.01}
    place = {"seconds": 0.5, "path": {"model": "free-space"}, "antennas": [{"name": "a", "at_m": [0, 0, 1]}], "seals": [seal]}
    for key, value in more.items():
        (seal if key in ("at_m", "velocity_mps", "count", "step_m", "offset_ppm", "bytes") else place)[key] = value
    return place


def geometry(folder):
    loss = 20 * math.log10(0.1) + 20 * math.log10(433.92) + 32.45
    truth = play(folder, one_seal())[1]
    check("free space", True, abs(truth[0]["level_dbm"] - (-2.4 - loss)) < 0.02)
    check("as often", 5, len(truth))
    check("the way takes time", True, abs(truth[0]["t"] - 0.01 - 100 / 299792458) < 1e-9)
    box = [{"from_m": [40, -5, 0], "to_m": [60, 5, 3], "loss_db": 17}]
    check("metal in the way", True, abs(play(folder, one_seal(metal=box))[1][0]["level_dbm"] - (-2.4 - loss - 17)) < 0.02)
    box[0]["from_m"][1] = 1
    check("metal beside it", True, abs(play(folder, one_seal(metal=box))[1][0]["level_dbm"] - (-2.4 - loss)) < 0.02)
    moving = play(folder, one_seal(velocity_mps=[-30, 0, 0]))[1]
    check("it comes nearer", True, abs(moving[4]["distance_m"] - (100 - 30 * 0.41)) < 0.01)
    check("Doppler", True, abs(moving[0]["offset_hz"] - 433.92e6 * 30 / 299792458) < 0.1)
    grid = play(folder, one_seal(count=[2, 1, 3], step_m=[10, 0, 2.5]))[1]
    check("a block of seals", {f"s-{i}" for i in range(1, 7)}, {t["seal"] for t in grid})
    check("its corner", True, any(abs(t["distance_m"] - math.hypot(110, 5)) < 1e-6 for t in grid))
    drawn = {t["offset_hz"] for t in play(folder, one_seal(count=[50, 1, 1], offset_ppm=[-200, 200]))[1]}
    check("each draws its own", True, len(drawn) == 50 and max(drawn) < 86784 and min(drawn) > -86784 and max(drawn) - min(drawn) > 100000)
    faded = [t["fading_db"] for t in play(folder, one_seal(count=[400, 1, 1], path={"model": "free-space", "k_db": None}))[1]]
    mean = sum(10 ** (f / 10) for f in faded) / len(faded)
    check("Rayleigh", True, 0.85 < mean < 1.15 and 0.05 < sum(f < -10 for f in faded) / len(faded) < 0.15)
    # [WCO-4.1-4] A passive seal answers while the reader's power reaches it, and by what reaches it.
    reader = [{"name": "a", "at_m": [0, 0, 1], "gain_dbi": 6, "power_dbm": 30}]
    passive = one_seal(antennas=reader, at_m=[-12, 0, 1], velocity_mps=[20, 0, 0], seconds=1.2)
    passive["seals"][0].update(wake_dbm=-5, reflect_db=15, every_s=0.02)
    near = [t["distance_m"] for t in play(folder, passive)[1]]
    reach = 10 ** ((36 + 5 - 20 * math.log10(433.92) - 32.45) / 20) * 1000
    check("it wakes within reach", True, 4 < reach < 30 and max(near) <= reach and len(near) > 5)
    passive["seals"][0]["wake_dbm"] = 0
    reach = 10 ** ((36 - 20 * math.log10(433.92) - 32.45) / 20) * 1000
    woken = play(folder, passive)[1]
    check("and not beyond", True, all(t["distance_m"] <= reach for t in woken) and 0 < len(woken) < len(near))
    way = 6 - (20 * math.log10(woken[0]["distance_m"] / 1000) + 20 * math.log10(433.92) + 32.45)
    check("what it reflects", True, abs(woken[0]["level_dbm"] - (30 + way - 15 + way)) < 0.02)
    passive["antennas"][0]["power_dbm"] = -100
    check("a reader that is off", [], play(folder, passive)[1])
    base = os.path.join(folder, "scene")
    play(folder, one_seal(bytes="1ca82218004b5a1db35d6299bcc07809"), "--sigmf", base)
    notes = json.load(open(base + ".sigmf-meta"))["annotations"]
    check("as a recording", ["1ca82218004b5a1db35d6299bcc07809"] * 5, [n["core:comment"] for n in notes])
    strong = run("decode", base + ".sigmf-meta")[1]
    check("and read", 5, len(strong.splitlines()))


def wrong(folder):
    path = os.path.join(folder, "wrong.json")
    seal = {"at_m": [0, 0, 1]}
    good = {"antennas": [{"at_m": [0, 0, 5]}], "seals": [seal], "seconds": 0.1}
    for change, part in (("{", "line 1: expected JSON"), ("[]", "the whole: expected an object"), ({"antennas": []}, "antennas: expected an array of 1 to 16"),
                         ({"antennas": [{}]}, "antennas[0].at_m: expected [x, y, z]"), ({"seals": [{"at_m": [0, 0]}]}, "seals[0].at_m: expected [x, y, z]"),
                         ({"seals": [3]}, "seals[0]: expected an object, got 3"), ({"link": "wifi"}, 'link: expected iso433, iso315, wco433, wco2450, fhss, narrow915, or one with -return or -forward, got "wifi"'),
                         ({"rate_hz": 5}, "rate_hz: expected a number from 400000"), ({"path": {"model": "magic"}}, "path.model: expected free-space"),
                         ({"path": {"k_db": "x"}}, "path.k_db: expected a number"), ({"seals": [{**seal, "every_s": 0}]}, "seals[0].every_s: expected a number from 0.001"),
                         ({"seals": [{**seal, "offset_ppm": [3, 1]}]}, "seals[0].offset_ppm: expected a number from -1000 to 1000, or two"),
                         ({"seals": [{**seal, "count": [1e9, 1, 1]}]}, "seals[0].count: expected [x, y, z]"), ({"seals": [{**seal, "count": [200, 200, 1]}]}, "at most 10000 seals"),
                         ({"seals": [{**seal, "count": [1.5, 1, 1]}]}, "whole numbers"), ({"seals": [{**seal, "bytes": "1"}]}, "seals[0].bytes: expected 1 to 255 bytes"),
                         ({"seals": [{**seal, "name": ""}]}, "seals[0].name: expected a text"), ({"neighbours": [{}] * 9}, "neighbours: expected an array of 0 to 8"),
                         ({"impulses": {"per_s": -1}}, "impulses.per_s"), ({"seals": [{**seal, "every_s": 0.001, "count": [10000, 1, 1]}], "seconds": 60}, "at most 200000 frames")):
        with open(path, "w", encoding="utf-8") as out:
            out.write(change if isinstance(change, str) else json.dumps({**good, **change}))
        code, out, err = run("encode", "--scene", path)
        check(f"wrong {str(change)[:50]}", (2, b"", True), (code, out, part in err or err))
    with open(path, "w", encoding="utf-8") as out:
        json.dump(good, out)
    check("no such file", 3, run("encode", "--scene", "/none")[0])
    check("no such antenna", (2, True), (lambda r: (r[0], "expected one of" in r[2]))(run("encode", "--scene", path, "--antenna", "x")))
    for more in (["--ebn0", 3], ["1ca8"], ["--random", 2], ["--inverted"]):
        check(f"beside a scene {more}", 2, run("encode", "--scene", path, *more)[0])
    good["seals"][0]["power_dbm"] = 3
    with open(path, "w", encoding="utf-8") as out:
        json.dump(good, out)
    code, out, err = run("encode", "--scene", path, "--region", "EU")
    check("too strong a seal", (2, b"", True), (code, out, "seal 1: not allowed: iso433-return: expected at most -2.4 dBm" in err or err))
    check("a truth that cannot be written", 3, run("encode", "--scene", path, "--truth", "/none/x")[0])


with tempfile.TemporaryDirectory() as made:
    examples(made)
    geometry(made)
    wrong(made)
finish()
