#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A journey through the real program: how far it has come, when it will be there, what it passed when; a delay at a planned point is
one alarm; on board of a vessel the vessel's own device speaks for the silent seal.
[WCO-3.1-12] [WCO-3.1-9] [WCO-3.1-10] [WCO-3.1-13] [WCO-6-4]"""
import os
import sys
from datetime import datetime, timezone

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from people import *  # noqa: E402,F403

SEAL, BOARDED, VESSEL = 7570123501, 7570123502, 7570999901
LAT, LON, KM = 30.25, 120.5, 1 / 96.2      # degrees of longitude in a kilometre
START = (int(time.time()) // 60 - 200) * 60000  # of the journey, ms


def rfc(minute):
    return datetime.fromtimestamp(START / 1000 + minute * 60, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def spot(name, km, radius=500):
    return {"name": name, "lat": LAT, "lon": LON + km * KM, "radius_m": radius}


def send(server, device, reports):
    """(minute, km) each; waits until the last is acknowledged, that is durable."""
    s = connect(server.port("jt701"))
    for serial, (minute, km) in enumerate(reports):
        lon = LON + km * KM
        text = f"{int(lon):03d}{(lon - int(lon)) * 60:07.4f}"
        s.sendall(jt701_frame(device, START + int(minute * 60000), serial % 256, lon=text))
    read_until(s, lambda got: got.count(b"(P69") >= len(reports))
    drop(s)


def enter(admin, seal_number, **more):
    body = {"state": "sealed", "mode": "multimodal", "seals": [f"jt701:{seal_number}"], "sealed_at": rfc(0), "origin": spot("Yard", 0),
            "destination": spot("Port", 60), "route": {"type": "LineString", "coordinates": [[LON, LAT], [LON + 60 * KM, LAT]]}, **more}
    return admin.ask("POST", "/journeys", body, 201)["id"]


def minutes_of(text):
    return (datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp() * 1000 - START) / 60000 if text else None


def standing(person, path):
    """Alarms that later data have not withdrawn: the journeys are entered hours after they began."""
    return [a for a in person.ask("GET", path)["items"] if a["state"] != "withdrawn"]


def by_road(server, admin):
    say("by road")
    seal(admin, f"jt701:{SEAL}")
    points = [{**spot("Bridge", 20), "planned": rfc(28), "tolerance_minutes": 10}, {**spot("Toll", 40), "planned": rfc(48), "tolerance_minutes": 10},
              {**spot("Fork", 55), "planned": rfc(50), "tolerance_minutes": 10}, {**spot("Gate", 59)}]
    j = enter(admin, SEAL, points=points)
    empty = admin.ask("GET", f"/journeys/{j}")["progress"]
    check(empty["eta"] is None and empty["along_m"] is None and len(empty["points"]) == 4, "nothing is known at first", str(empty))
    send(server, SEAL, [(m, max(0, m - 10)) for m in range(0, 56)])
    p = until(lambda: (lambda x: x if x["along_m"] and x["along_m"] > 44000 else None)(admin.ask("GET", f"/journeys/{j}")["progress"]), "the track")
    check(abs(p["along_m"] - 45000) < 300 and abs(p["left_m"] - 15000) < 500, "45 of 60 km", str(p))
    eta = minutes_of(p["eta"])
    check(eta and abs(eta - 70) < 2, "and a quarter of an hour to go", str(p["eta"]))
    equal((minutes_of(p["departed"]), p["arrived"], p["transit_minutes"]), (11, None, None), "left, and not there yet")
    listed = [x for x in admin.ask("GET", "/journeys?eta=true&limit=100")["items"] if x["id"] == j]
    equal(listed[0]["eta"], p["eta"], "the list expects it at the same time")
    bridge, toll, fork, gate = p["points"]
    check(abs(minutes_of(bridge["passed"]) - 30) < 1 and bridge["deviation_minutes"] in (1, 2), "the bridge", str(bridge))
    check(abs(minutes_of(toll["passed"]) - 50) < 1 and toll["expected"] is None, "the toll", str(toll))
    check(fork["passed"] is None and abs(minutes_of(fork["expected"]) - 65) < 2 and 13 <= fork["deviation_minutes"] <= 17, "the fork to come", str(fork))
    check(gate["planned"] is None and gate["expected"] and gate["deviation_minutes"] is None, "a point without a plan", str(gate))
    late = until(lambda: [a for a in standing(admin, f"/journeys/{j}/alarms") if a["kind"] == "schedule_deviation" and "expected" in a["why"]], "the delay")
    check("Fork" in late[0]["why"], "is that of the fork", str(late)[:400])
    until(lambda: [a["kind"] for a in standing(admin, f"/journeys/{j}/alarms")] == ["schedule_deviation"], "and the only alarm")
    send(server, SEAL, [(m, m - 10) for m in range(56, 73)])
    p = until(lambda: (lambda x: x if x["arrived"] else None)(admin.ask("GET", f"/journeys/{j}")["progress"]), "the arrival")
    equal((p["eta"], p["transit_minutes"], minutes_of(p["arrived"])), (None, 59, 70), "there")
    until(lambda: admin.ask("GET", f"/journeys/{j}")["state"] == "arrived", "its state")
    check("progress" not in admin.ask("GET", "/journeys")["items"][0], "lists go without")
    check("eta" not in admin.ask("GET", "/journeys")["items"][0], "and without what is expected, unless it is asked for")
    equal(admin.ask("GET", "/journeys?eta=true")["items"][0]["eta"], None, "one that has arrived is expected no more")
    admin.ask("GET", "/journeys?eta=maybe", want=400)
    problem = admin.ask("GET", "/journeys?eta=true&limit=500", want=422)
    check("limit" in str(problem) and "100" in str(problem), "a page of at most 100 tracks", str(problem))


def by_sea(server, admin):
    say("on board")
    seal(admin, f"jt701:{BOARDED}")
    legs = [{"mode": "vessel", "means": f"jt701:{VESSEL}", "from": rfc(20), "until": rfc(400)}]
    j = enter(admin, BOARDED, legs=legs, silence_minutes=60, arrive_by=rfc(180))
    k = enter(admin, 7570123503, legs=legs, silence_minutes=60) if seal(admin, "jt701:7570123503") else None
    send(server, BOARDED, [(m, m / 10) for m in range(0, 20)])
    send(server, VESSEL, [(m, min(60, (m - 20) * 0.45)) for m in range(10, 176, 5)])
    whole = until(lambda: (lambda x: x if x["state"] == "arrived" else None)(admin.ask("GET", f"/journeys/{j}")), "the arrival by the vessel's word")
    equal(whole["progress"]["along_m"] > 59000, True, "its progress")
    for one in (j, k):
        until(lambda: not standing(admin, f"/journeys/{one}/alarms"), "nothing lost, nothing late")
    until(lambda: admin.ask("GET", f"/journeys/{k}")["state"] == "arrived", "and with it all that it carries")


def main():
    with Folder() as data:
        server = Server(data)
        if not check(server.started, "the platform starts", str(server.log[-3:])):
            finish()
        admin = first(server)
        by_road(server, admin)
        by_sea(server, admin)
        equal(server.stop(), 0, "stopped in order")
        server = Server(data)  # what memory knew is found again in the store
        admin = Person(server)
        admin.ask("POST", "/session", {"name": "admin", "password": PASSWORD})
        until(lambda: [a["kind"] for a in admin.ask("GET", "/alarms?state=open")["items"]] == ["schedule_deviation"], "the same alarm after a restart")
        equal(server.stop(), 0, "stopped again")
        integrity(data)
    finish()


main()
