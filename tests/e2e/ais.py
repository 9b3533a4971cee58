#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Recorded AIS logs, and what another decoder (gpsd) made of them: every row of a type that is read here must come out the same,
device, place, accuracy, speed, course, and the words of names and voyages; nothing may come out that the other does not have.

Where the other's rows lie beside the log (.chk) they are taken, else gpsdecode makes them, if it is installed.

Cargo ships of a day, as their receivers would have sent them, each with the time in its tag block: what comes out is the record. The same
day over TCP and UDP into the platform: each vessel is there, where it was last."""
import csv
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from datetime import datetime

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from e2e import *  # noqa: E402,F403

NEW_PASSWORD = "a much longer word 1"
READ = {1, 2, 3, 4, 5, 18, 19, 24, 27}
NOW = "2026-01-31T08:00:30Z"
LOGS = ["gnss/gpsd/test/daemon/ais-nmea.log", "gnss/gpsd/test/daemon/ais-nmea-type6-fid55.log", "gnss/gpsd/test/daemon/ais-18-27.log",
        "gnss/gpsd/test/daemon/ais-raw-messages.log", "gnss/gpsd/test/sample.aivdm", "vessels/pyais/tests/nmea_data_sample.txt",
        "vessels/pyais/tests/ais_test_messages"]


def sentences(path):
    with open(path, encoding="latin-1") as f:
        return [line.strip() for line in f if line.startswith(("!", "\\"))]


def theirs(path, lines):
    """The other decoder's rows, in its units of the air (not scaled)."""
    if os.path.exists(path + ".chk"):
        rows, fresh = [], False
        with open(path + ".chk", encoding="utf-8") as f:
            for line in f:  # a row may be printed again at the end of a cycle: one for each sentence
                if line.startswith('{"class":"AIS"') and fresh:
                    rows.append(json.loads(line))
                fresh = line.startswith(("!", "\\")) or (fresh and not line.startswith('{"class":"AIS"'))
    elif shutil.which("gpsdecode"):
        text = "\n".join(lines) + "\n"
        out = subprocess.run(["gpsdecode", "-j", "-u"], input=text, capture_output=True, text=True, timeout=60).stdout
        rows = [json.loads(line) for line in out.splitlines()]
    else:
        return None
    return [r for r in rows if r["type"] in READ]


def ours(bulla, lines):
    out = subprocess.run([bulla, "decode", "--protocol", "ais", "--now", NOW, "-"], input="\n".join(lines) + "\n", capture_output=True,
                         text=True, timeout=60).stdout
    return [json.loads(line) for line in out.splitlines()]


def rescue(row):
    return row["mmsi"] // 1000000 in (970, 972, 974) or row.get("status") == 14


def expected(row):
    """What an observation of that row has to say."""
    kind, fix = row["type"], {}
    per_degree = 600 if kind == 27 else 600000
    if "lat" in row and row["lat"] != 91 * per_degree and row["lon"] != 181 * per_degree:
        fix.update(lat=row["lat"] / per_degree, lon=row["lon"] / per_degree, accuracy_m=10 if row["accuracy"] else 100)
    if "speed" in row and row["speed"] != (63 if kind == 27 else 1023):
        fix["speed_kmh"] = row["speed"] * 1.852 / (1 if kind == 27 else 10)
    if "course" in row and row["course"] < (360 if kind == 27 else 3600):
        fix["course_deg"] = row["course"] / (1 if kind == 27 else 10)
    return fix


TOLERANCE = {"lat": 1e-7, "lon": 1e-7, "accuracy_m": 0, "speed_kmh": 0.011, "course_deg": 0.001}


def differs(row, o):
    fix = o.get("fix") or {}
    want = expected(row)
    for key, value in want.items():
        if key not in fix or fix[key] is None or abs(fix[key] - value) > TOLERANCE[key]:
            return f"{key}: expected {value}, got {fix.get(key)}"
    for key in TOLERANCE:
        if key not in want and fix.get(key) is not None:
            return f"{key}: expected nothing, got {fix[key]}"
    if row["type"] == 4 and "T24:" not in row["timestamp"] and o["time"] != row["timestamp"]:
        return f"time: expected {row['timestamp']}, got {o['time']}"
    if row["type"] not in (4, 27) and "second" in row and row["second"] < 60 and int(o["time"][17:19]) != row["second"]:
        return f"second: expected {row['second']}, got {o['time']}"
    if row["type"] in (5, 19):
        text = (o.get("note") or {}).get("text", "")
        for key in ("shipname", "callsign", "destination"):
            if (row.get(key) or "").strip() and row[key].strip() not in text:
                return f"{key}: expected {row[key]}, got {text}"
        if row.get("imo") and f"IMO {row['imo']}" not in text:
            return f"imo: expected {row['imo']}, got {text}"
    return None


def kinds(lines):
    """Type of the message of each sentence, by the first character of its first part."""
    first, out = {}, []
    for line in lines:
        fields = line[line.index("!"):].split(",")
        of_message = (fields[3], fields[4])
        if fields[2] == "1":
            first[of_message] = (ord(fields[5][0]) - 48 - 8 * (ord(fields[5][0]) > 87)) if fields[5] else 0
        out.append(first.get(of_message, 0))
    return out


def names(rows, observations):
    """24 comes in two parts, which the other joins: both must have been said."""
    texts = {}
    for o in observations:
        texts.setdefault(int(o["seal"][4:]), []).append((o.get("note") or {}).get("text", ""))
    for row in rows:
        text = ", ".join(texts.get(row["mmsi"], []))
        for key in ("shipname", "callsign"):
            if (row.get(key) or "").strip() and row[key].strip() not in text:
                yield f"{row}: {key}: got {text}"


def compare(bulla, path):
    lines = sentences(path)
    rows = theirs(path, lines)
    if rows is None:
        print(f"   {path}: gpsdecode is not installed")
        return 0, 0
    decoded = ours(bulla, lines)
    equal(len(decoded), len(lines), f"{path}: a line of output for each sentence")
    kind = kinds(lines)
    plain = [(o, decoded[i], lines[i]) for i in range(len(decoded)) for o in decoded[i]["observations"] if kind[i] != 24]
    parts = [o for i in range(len(decoded)) for o in decoded[i]["observations"] if kind[i] == 24]
    wanted = [r for r in rows if r["type"] != 24 and not rescue(r)]
    wrong = [w for w in (differs(r, o) for r, (o, _, _) in zip(wanted, plain)) if w]
    wrong += list(names([r for r in rows if r["type"] == 24], parts))
    equal([(o["seal"]) for o, _, _ in plain], [f"ais:{r['mmsi']:09}" for r in wanted], f"{path}: the same vessels in the same order")
    equal(wrong, [], f"{path}: each says the same")
    bad = [(line, d["outcome"], d["error"]) for line, d in zip(lines, decoded) if d["outcome"] != "ok"]
    total = len(rows) - sum(map(rescue, (r for r in rows if r["type"] != 24)))
    print(f"   {os.path.basename(path)}: {total - len(wrong)} of {total} rows agree, {len(lines)} sentences, {len(bad)} not ok")
    for row in bad[:20]:
        print("     ", *row)
    return total - len(wrong), total


# --- cargo ships of a day: from a record to the air and back ---


def bits(value, width):
    return format(int(value) & ((1 << width) - 1), f"0{width}b")


def sentence(row):
    """Message 1 of a record, in a sentence with a tag block."""
    sog, cog = round(float(row["SOG"]) * 10), round(float(row["COG"]) * 10)
    second = datetime.fromisoformat(row["BaseDateTime"]).second
    air = (bits(1, 6) + bits(0, 2) + bits(row["MMSI"], 30) + bits(row["Status"] or 15, 4) + bits(-128, 8) + bits(sog, 10) + "1" +
           bits(round(float(row["LON"]) * 600000), 28) + bits(round(float(row["LAT"]) * 600000), 27) + bits(cog, 12) + bits(511, 9) +
           bits(second, 6) + bits(0, 25))
    values = [int(air[i:i + 6], 2) for i in range(0, len(air), 6)]
    body = "AIVDM,1,1,,A," + "".join(chr(v + 48 + 8 * (v > 39)) for v in values) + ",0"
    tag = f"s:tower,c:{int(datetime.fromisoformat(row['BaseDateTime'] + '+00:00').timestamp())}"
    return f"\\{tag}*{xor(tag):02X}\\!{body}*{xor(body):02X}"


def xor(text):
    value = 0
    for c in text.encode():
        value ^= c
    return value


def ships():
    with open(os.path.join(SHARED, "real", "vessels", "us-ais-2022-01-03", "cargo-vessels.csv"), encoding="utf-8") as f:
        return list(csv.DictReader(f))


def ship_differs(row, o):
    fix = o.get("fix") or {}
    near = abs(fix.get("lat", 99) - float(row["LAT"])) < 2e-6 and abs(fix.get("lon", 999) - float(row["LON"])) < 2e-6
    speed, course = float(row["SOG"]), float(row["COG"])
    same_speed = fix.get("speed_kmh") is None if speed >= 102.25 else abs(fix.get("speed_kmh", -1) - speed * 1.852) < 0.01
    same_course = fix.get("course_deg") is None if course >= 360 else abs(fix.get("course_deg", -1) - course) < 0.01
    good = near and same_speed and same_course and o["time"] == row["BaseDateTime"] + "Z" and o["seal"] == f"ais:{int(row['MMSI']):09}"
    return None if good else f"{row}: got {o}"


def day(bulla, rows, lines):
    got = [o for d in ours(bulla, lines) for o in d["observations"]]
    equal(len(got), len(rows), "an observation for each record of the cargo ships")
    wrong = [w for w in map(ship_differs, rows, got) if w]
    equal(wrong, [], "each says what the record says")
    print(f"   cargo-vessels.csv: {len(rows) - len(wrong)} of {len(rows)} records agree")


def served(rows, lines):
    """Half over TCP on the port that recognises, half as packets on the port of AIS, five sentences each. Those are sent again until all are
    in: packets may be lost."""
    wanted = {(f"ais:{int(r['MMSI']):09}", int(datetime.fromisoformat(r["BaseDateTime"] + "+00:00").timestamp()) * 1000) for r in rows}
    with Folder() as folder:
        data = os.path.join(folder, "data")
        server = Server(data, "--shed", "off", listen="auto=tcp:0,ais=udp:0")
        api = Api(server).sign_in(server.password, NEW_PASSWORD)
        half = len(lines) // 2
        stream, packets = connect(server.port("auto")), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        stream.sendall("\r\n".join(lines[:half]).encode() + b"\r\n")
        packet = ["\r\n".join(lines[i:i + 5]).encode() for i in range(half, len(lines), 5)]
        for again in range(2):  # what is sent twice is stored once
            for p in packet:
                packets.sendto(p, ("127.0.0.1", server.port("ais", "udp")))
                time.sleep(0.001)
        until(lambda: api.metrics().get("bulla_messages_total", 0) >= half + 2 * (len(lines) - half) - 1, "all has been read", 30)
        status, damages = api.get("/api/v1/damages?limit=10")
        equal((status, damages.get("items")), (200, []), "nothing was damaged")
        last = max(rows, key=lambda r: r["BaseDateTime"])
        status, seal = api.get(f"/api/v1/seals/ais:{int(last['MMSI']):09}")
        equal(status, 200, "a vessel has its page")
        drop(stream)
        packets.close()
        equal(server.stop(), 0, "it stops when asked")
        got = stored(data)
        equal(len(got), len(set(lines)), "each position is stored once")
        equal(sorted(set(got) ^ wanted)[:5], [], "the positions of all vessels, and no other, are stored")
        print(f"   {len(set(got))} positions of {len({seal for seal, _ in got})} vessels stored")


def main():
    bulla = sys.argv[1]
    if not os.path.isdir(os.path.join(SHARED, "real")):
        skip("the recorded logs are not here (BULLA_SHARED)")
    counts = [compare(bulla, os.path.join(SHARED, "real", log)) for log in LOGS]
    rows = ships()
    lines = [sentence(row) for row in rows]
    day(bulla, rows, lines)
    served(rows, lines)
    print(f"{sum(a for a, _ in counts)} of {sum(n for _, n in counts)} rows of gpsd agree")
    finish()


if __name__ == "__main__":
    main()
