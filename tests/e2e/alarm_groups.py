#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Open alarms of one cause are one group, through the real program: an episode of one journey, seals that fall silent together, one
station; what a carrier may see of them; pages; what changes when one is taken or closed."""
import os
import sys
from datetime import datetime, timezone
from urllib.parse import quote

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from people import *  # noqa: E402,F403

LAT, LON, KM = 30.25, 120.5, 1 / 96.2           # degrees of longitude in a kilometre
START = (int(time.time()) // 60 - 300) * 60000  # everything began five hours ago; ms
BEGAN, SPEED = time.time(), 1 if on_postgres() else 30  # a store of its own may be trained on: its minute of silence is two seconds
SEALED, CUT = 0x20E0, 0x20E8
numbers = iter(range(7571000001, 7571000100))


def rfc(minute):
    return datetime.fromtimestamp(START / 1000 + minute * 60, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def minute_now():
    return ((BEGAN + (time.time() - BEGAN) * SPEED) * 1000 - START) / 60000


def start(data):
    clock = ("--clock", f"{datetime.fromtimestamp(BEGAN + (time.time() - BEGAN) * SPEED, timezone.utc):%Y-%m-%dT%H:%M:%SZ},{SPEED}")
    server = Server(data, *(clock if SPEED > 1 else ()))
    if not check(server.started, "the platform starts", str(server.log[-3:])):
        finish()
    return server


def spot(name, km, lat=LAT, station_id=None):
    return {"name": name, "lat": lat, "lon": LON + km * KM, "radius_m": 500, **({"station": station_id} if station_id else {})}


def send(server, device, reports):
    """(minute, km, status) each; waits until the last is acknowledged, that is durable."""
    s = connect(server.port("jt701"))
    for serial, (minute, km, status, lat) in enumerate(reports):
        lon = LON + km * KM
        s.sendall(jt701_frame(device, START + int(minute * 60000), serial % 256, lon=f"{int(lon):03d}{(lon - int(lon)) * 60:07.4f}",
                              lat=f"{int(lat):02d}{(lat - int(lat)) * 60:07.4f}", status=status))
    read_until(s, lambda got: got.count(b"(P69") >= len(reports))
    drop(s)


def enter(admin, lat=LAT, origin=None, **more):
    number = next(numbers)
    seal(admin, f"jt701:{number}")
    body = {"state": "sealed", "seals": [f"jt701:{number}"], "sealed_at": rfc(0), "origin": origin or spot("Yard", 0, lat), "silence_minutes": -1,
            "destination": spot("Port", 60, lat), "route": {"type": "LineString", "coordinates": [[LON, lat], [LON + 60 * KM, lat]]}, **more}
    return number, admin.ask("POST", "/journeys", body, 201)["id"]


def groups(person, words=""):
    return person.ask("GET", "/alarm-groups" + words)["items"]


def shape(group):
    return group["cause"], [m["kind"] for m in group["members"]], group["journeys"]


def settled(person, want, what):
    """Waits until the groups are those, whatever their order."""
    return until(lambda: (lambda g: g if sorted(map(shape, g), key=str) == sorted(want, key=str) else None)(groups(person)), what, 120, 0.2)


EPISODE = ("episode", ["illegal_stay", "cable_cut"], 1)
OUTAGE = ("network-outage", ["signal_lost"] * 5, 5)
STATION = ("station", ["late_departure"] * 3, 3)
ALONE = ("alone", ["cable_cut"], 1)


def make(server, admin, carrier):
    """The four causes, far from each other; nobody's seal is silent but theirs of whom it is told."""
    depot = station(admin, "Depot", LAT - 5, LON)
    journeys = {"outage": []}
    number, journeys["episode"] = enter(admin)
    send(server, number, [(m, min(m, 20), SEALED, LAT) for m in range(0, 60, 2)] + [(60, 20, CUT, LAT)])
    for i in range(5):
        at = minute_now()
        number, j = enter(admin, LAT + 8 + i / 100, silence_minutes=1, sealed_at=rfc(at), **({"carrier": carrier} if i == 2 else {}))
        send(server, number, [(at, i, SEALED, LAT + 8 + i / 100)])
        journeys["outage"].append(j)
    for i in range(3):
        number, j = enter(admin, LAT - 5, spot("Depot", 0, LAT - 5, depot), depart_by=rfc(100 + 10 * i))
        send(server, number, [(m, 0, SEALED, LAT - 5) for m in range(0, 200, 20)])
    number, journeys["alone"] = enter(admin, LAT - 20)
    send(server, number, [(m, m, SEALED, LAT - 20) for m in range(0, 30, 2)] + [(30, 30, CUT, LAT - 20)])
    return depot, journeys


def each_once(admin, depot, journeys):
    say("each cause once")
    found = settled(admin, [EPISODE, OUTAGE, STATION, ALONE], "four groups")
    kind = {g["cause"]: g for g in found}
    equal([g["cause"] for g in found], ["episode", "alone", "network-outage", "station"], "the gravest first, of these the first")
    episode, outage, at, alone = kind["episode"], kind["network-outage"], kind["station"], kind["alone"]
    equal((episode["grade"], episode["alarms"], episode["raised"], episode["root"]["kind"]), (3, 2, 2, "illegal_stay"), "the root on top, the worst grade")
    equal(episode["root"]["id"], episode["members"][0]["id"], "which is the first of its members")
    check(episode["root"]["why"] and episode["position"] and abs(episode["position"]["lat"] - LAT) < 0.01, "with its proof and its place", str(episode["root"]))
    equal(episode["sentence"], "One thing led to another in one journey", "the cause in words")
    equal({m["journey"] for m in outage["members"]}, set(journeys["outage"]), "those who fell silent")
    check(outage["from"] == outage["members"][0]["onset"] < outage["until"] == outage["members"][-1]["onset"], "from the first to the last", str(outage)[:400])
    equal((at["station"], outage["station"], alone["station"]), (depot, None, None), "the station that they have in common")
    equal(sorted(m["id"] for g in found for m in g["members"]), sorted(a["id"] for a in admin.ask("GET", "/alarms?state=open")["items"]), "every open alarm is in one group")


def filters(admin, journeys):
    say("filters and pages")
    whole = admin.ask("GET", "/alarm-groups")
    equal((whole["alarms"], whole["complete"], whole["next"]), (11, True, None), "of how many")
    equal([shape(g)[0] for g in groups(admin, "?grade=3")], ["episode", "alone"], "by grade")
    equal([shape(g)[0] for g in groups(admin, "?cause=station")], ["station"], "by cause")
    equal([shape(g)[0] for g in groups(admin, f"?journey={quote(journeys['outage'][3])}")], ["network-outage"], "by a journey that it touches")
    equal(groups(admin, "?journey=none"), [], "none")
    for n in (1, 2, 3):
        pages, cursor = [], ""
        while True:
            page = admin.ask("GET", f"/alarm-groups?limit={n}{cursor}")
            check(0 < len(page["items"]) <= n, f"{n} at a time", str(len(page["items"])))
            pages += page["items"]
            if not page["next"]:
                break
            cursor = "&cursor=" + quote(page["next"])
        equal(pages, whole["items"], f"pages of {n} are the whole")
    for words in ("grade=4", "cause=weather", "limit=0", "cursor=" + quote("bm90aGluZw=="), "cursor=!"):
        admin.ask("GET", "/alarm-groups?" + words, want=400)


def carriers(admin, haulier, other, journeys):
    say("a carrier sees its own")
    mine = groups(haulier)
    equal([shape(g) for g in mine], [("alone", ["signal_lost"], 1)], "one of the five, and nothing of the others")
    check(mine[0]["members"][0]["journey"] == journeys["outage"][2] and mine[0]["position"] is None and "why" not in mine[0]["root"], "cut down as its alarms are", str(mine))
    equal(haulier.ask("GET", "/alarm-groups")["alarms"], 1, "nor how many there are")
    equal(groups(other), [], "another carrier nothing")


def life(admin, watch, journeys):
    say("taken, closed, and joined by another")
    outage = groups(watch, "?cause=network-outage")[0]
    for m in outage["members"][:2]:
        watch.ask("POST", f"/alarms/{m['id']}/acknowledge", {})
    outage = groups(watch, "?cause=network-outage")[0]
    equal((outage["raised"], [m["state"] for m in outage["members"]]), (3, ["acknowledged"] * 2 + ["raised"] * 3), "two of five are taken")
    first_id, second_id = (m["id"] for m in outage["members"][:2])
    watch.ask("POST", f"/alarms/{first_id}/resolve", {"finding": "explained", "note": "the mast at kilometre 30 is down"})
    outage = groups(watch, "?cause=network-outage")[0]
    equal((outage["root"]["id"], outage["alarms"], outage["journeys"]), (second_id, 4, 4), "one that is closed is gone, and the next is the root")
    watch.ask("POST", f"/alarms/{second_id}/resolve", {"finding": "explained", "note": "the same"})
    until(lambda: [shape(g) for g in groups(watch) if g["root"]["kind"] == "signal_lost"] == [("alone", ["signal_lost"], 1)] * 3, "three are no flood")


def main():
    with Folder() as data:
        server = start(data)
        admin = first(server)
        party = admin.ask("POST", "/parties", {"name": "Haulier", "kind": "carrier"}, 201)["id"]
        haulier = hire(server, admin, "haulier", "carrier", party=party)
        other = hire(server, admin, "other", "carrier", party=admin.ask("POST", "/parties", {"name": "Other", "kind": "carrier"}, 201)["id"])
        watch = hire(server, admin, "watch", "watch-officer")
        equal(admin.ask("GET", "/alarm-groups"), {"items": [], "next": None, "alarms": 0, "complete": True}, "nothing yet")
        depot, journeys = make(server, admin, party)
        each_once(admin, depot, journeys)
        filters(admin, journeys)
        carriers(admin, haulier, other, journeys)
        before = groups(admin)
        equal(server.stop(), 0, "stopped in order")
        server = start(data)
        for person in (admin, watch):
            person.server = server
        until(lambda: groups(admin) == before, "the same after a restart")
        life(admin, watch, journeys)
        equal(server.stop(), 0, "stopped again")
    finish()


main()
