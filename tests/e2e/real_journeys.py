#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Recorded movements as journeys along their own way: sixteen runs of one bus route, cargo ships of a day, a receiver that
stands. Nothing happened to them, so the rules have nothing to say; and the same bus, led past its way, is told at once.

Skipped where the recordings are not (../shared/real, or BULLA_SHARED)."""
import csv
import json
import math
import os
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from e2e import SHARED, check, finish, skip  # noqa: E402

BULLA = sys.argv[1]
REAL = os.path.join(SHARED, "real")
BUS = os.path.join(REAL, "trucks", "liverpool-bus", "data", "liverpool_bus", "route14_outbound.csv")
SHIPS = os.path.join(REAL, "vessels", "us-ais-2022-01-03", "cargo-vessels.csv")
STANDING = os.path.join(REAL, "gnss", "gpsd", "test", "daemon", "sirfstarv-nmea.log")
FIXES_MIN = 12  # of a run that says something


def stamp(when):
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def metres(a, b):
    x = (a[1] - b[1]) * math.cos(math.radians((a[0] + b[0]) / 2))
    return math.hypot(x, a[0] - b[0]) * 111195


def replay(fixes, way, **journey):
    """The alarms of a run: fixes are (time, lat, lon, more of the fix)."""
    ends = {name: {"name": name, "lat": at[0], "lon": at[1], "radius_m": journey.pop("radius_m", 500)}
            for name, at in (("origin", fixes[0][1:3]), ("destination", fixes[-1][1:3]))}
    scenario = {
        "journey": {"id": "R1", "seals": ["test:1"], "sealed_at": stamp(fixes[0][0]), **ends, **journey,
                    "route": {"type": "LineString", "coordinates": [[lon, lat] for lat, lon in way]}},
        "observations": [{"id": f"o{i}", "seal": "test:1", "time": stamp(t), "state": {"seal": "sealed"},
                          "fix": {"lat": lat, "lon": lon, "valid": True, **more}} for i, (t, lat, lon, more) in enumerate(fixes)],
        "until": stamp(fixes[-1][0] + timedelta(minutes=5))}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
        json.dump(scenario, f)
        f.flush()
        ran = subprocess.run([BULLA, "replay", f.name], capture_output=True, text=True, timeout=60)
    check(ran.returncode == 0, "a scenario is replayed", ran.stderr)
    return [json.loads(line) for line in ran.stdout.splitlines()]


def silent(what, alarms):
    check(alarms == [], f"{what} raises nothing", "; ".join(f"{a['kind']}: {a['why']}" for a in alarms))


def bus_runs():
    runs = {}
    with open(BUS, newline="") as f:
        for row in csv.DictReader(f):
            when = datetime.fromisoformat(row["timestamp"]).replace(tzinfo=timezone.utc)
            run = runs.setdefault((row["vehicle_id"], row["trip_id"]), {})
            run[when] = (when, float(row["latitude"]), float(row["longitude"]), {})
    return [[run[t] for t in sorted(run)] for run in runs.values()]


def past_its_way(run):
    """The middle of the run 1.5 km to the north, for ten minutes at least."""
    middle = run[len(run) // 3][0]
    return [(t, lat + 0.0135 * (0 <= (t - middle).total_seconds() <= 900), lon, more) for t, lat, lon, more in run]


# [WCO-10-16]
def buses():
    runs = [run for run in bus_runs() if len(run) >= FIXES_MIN]
    longest = max(runs, key=lambda run: metres(run[0][1:3], run[-1][1:3]))
    for run in runs:
        silent(f"bus run of {stamp(run[0][0])} along itself", replay(run, [fix[1:3] for fix in run], corridor_m=300))
    for run in runs:  # all others along the way that one of them went, as far as they both go
        near = [fix for fix in run if min(metres(fix[1:3], at[1:3]) for at in longest) < 1000]
        if len(near) >= FIXES_MIN:
            silent(f"bus run of {stamp(run[0][0])} along another's way", replay(near, [fix[1:3] for fix in longest], corridor_m=500))
    kinds = [a["kind"] for a in replay(past_its_way(longest), [fix[1:3] for fix in longest], corridor_m=500)]
    check("route_deviation" in kinds, "a bus 1.5 km off its way is told", str(kinds))


def ship_days():
    ships = {}
    with open(SHIPS, newline="") as f:
        for row in csv.DictReader(f):
            when = datetime.fromisoformat(row["BaseDateTime"]).replace(tzinfo=timezone.utc)
            speed = float(row["SOG"] or 0)
            ships.setdefault(row["MMSI"], []).append((when, float(row["LAT"]), float(row["LON"]), {"speed_kmh": round(speed * 1.852, 2)}))
    return [sorted(day, key=lambda fix: fix[0]) for day in ships.values()]


def ships():
    under_way = [day for day in ship_days() if len(day) >= FIXES_MIN and all(fix[3]["speed_kmh"] > 4 for fix in day)]
    check(len(under_way) >= 20, "enough ships are under way all day", str(len(under_way)))
    for day in under_way:
        due = stamp(day[-1][0] + timedelta(hours=1))  # at sea nothing need be heard before
        silent(f"a ship from {day[0][1]}, {day[0][2]}",
               replay(day, [fix[1:3] for fix in day], corridor_m=3000, mode="vessel", radius_m=3000, arrive_by=due))


def degrees(text, side):
    whole = text.index(".") - 2
    value = int(text[:whole]) + float(text[whole:]) / 60
    return -value if side in "SW" else value


def receiver():
    fixes = []
    with open(STANDING, errors="replace") as f:
        for line in f:
            part = line.strip().split("*")[0].split(",")
            if part[0].endswith("RMC") and part[2] == "A":
                when = datetime.strptime(part[9] + part[1][:6], "%d%m%y%H%M%S").replace(tzinfo=timezone.utc)
                fixes.append((when, degrees(part[3], part[4]), degrees(part[5], part[6]), {"speed_kmh": round(float(part[7] or 0) * 1.852, 2)}))
    check(len(fixes) >= FIXES_MIN, "the log of a receiver is read", str(len(fixes)))
    at = fixes[0][1:3]
    silent("a receiver", replay(fixes, [at, (at[0] + 0.1, at[1])], corridor_m=300))


if not os.path.isfile(BUS):
    skip("no recordings beside the source")
buses()
ships()
receiver()
finish()
