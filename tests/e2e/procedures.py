#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The thirty procedures of the WCO report's chapter 8 through the API: ten chains from departure over the way to the destination, clean and
suspect, across borders with a platform that all see and with files from country to country; what is skipped, done by another or twice is
refused; two officers at once; statements, papers in pieces. Every answer is checked against the description."""
import hashlib
import os
import struct
import sys
import threading
import zlib
from datetime import datetime, timedelta, timezone

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from people import *  # noqa: E402,F403

CONTAINER = "CSQU3054383"
LOCATION = {"home": (30.25, 120.5), "border": (30.5, 120.9), "transit": (30.7, 121.1), "goal": (30.9, 121.4)}

# What each procedure does, in the report's order: when nothing is wrong, and when something is.
EXPECTED = {
    # [WCO-8-D-RD-P] [WCO-8-D-RE-P] [WCO-8-D-RA-P]
    "WCO-8-D-RD-P": ("check-declaration write-seal lock-seal exit-permit depart", "check-declaration inspect-goods write-seal lock-seal exit-permit depart"),
    "WCO-8-D-RE-P": ("arrive read-seal compare release", "arrive read-seal compare address-suspicion"),
    "WCO-8-D-RA-P": ("arrive read-seal compare discharge release unseal recover-seal", "arrive read-seal compare address-suspicion discharge-after-inspection unseal recover-seal"),
    # [WCO-8-D-LD-P] [WCO-8-D-LE-P] [WCO-8-D-LA-P]
    "WCO-8-D-LD-P": ("check-declaration write-seal lock-seal exit-permit depart send-declaration", "check-declaration inspect-goods write-seal lock-seal exit-permit depart send-declaration"),
    "WCO-8-D-LE-P": ("arrive read-seal compare release", "arrive read-seal compare address-suspicion"),
    "WCO-8-D-LA-P": ("arrive read-seal compare discharge release unseal recover-seal", "arrive read-seal compare address-suspicion discharge-after-inspection unseal recover-seal"),
    # [WCO-8-D-RD-A] [WCO-8-D-RE-A] [WCO-8-D-RA-A]
    "WCO-8-D-RD-A": ("enter-data check-declaration hang-lock seal exit-permit depart", "enter-data check-declaration inspect-goods hang-lock seal exit-permit depart"),
    "WCO-8-D-RA-A": ("arrive check-seal decide release unseal recover-seal", "arrive check-seal decide inspect unseal recover-seal"),
    # [WCO-8-D-LD-A] [WCO-8-D-LE-A] [WCO-8-D-LA-A]
    "WCO-8-D-LD-A": ("enter-data check-declaration hang-lock seal exit-permit depart", "enter-data check-declaration inspect-goods hang-lock seal exit-permit depart"),
    "WCO-8-D-LA-A": ("arrive unload check-seal decide release unseal recover-seal", "arrive unload check-seal decide inspect unseal recover-seal"),
    # [WCO-8-X-RD-P] [WCO-8-X-RE-P] [WCO-8-X-RA-P]
    "WCO-8-X-RD-P": ("check-declaration write-seal lock-seal send-declaration exit-permit depart", "check-declaration inspect-goods write-seal lock-seal send-declaration exit-permit depart"),
    "WCO-8-X-RE-P": ("arrive read-seal compare release", "arrive read-seal compare address-suspicion"),
    "WCO-8-X-RA-P": ("arrive read-seal compare discharge release unseal recover-seal", "arrive read-seal compare address-suspicion discharge-after-inspection unseal recover-seal"),
    # [WCO-8-X-LD-P] [WCO-8-X-LE-P] [WCO-8-X-LA-P]
    "WCO-8-X-LD-P": ("check-declaration write-seal lock-seal send-declaration exit-permit depart", "check-declaration inspect-goods write-seal lock-seal send-declaration exit-permit depart"),
    "WCO-8-X-LE-P": ("arrive read-seal compare release", "arrive read-seal compare address-suspicion"),
    "WCO-8-X-LA-P": ("arrive read-seal compare discharge release unseal recover-seal", "arrive read-seal compare address-suspicion discharge-after-inspection unseal recover-seal"),
    # [WCO-8-X-MD-P] [WCO-8-X-ME-P] [WCO-8-X-MA-P]
    "WCO-8-X-MD-P": ("export-declaration check-declaration write-seal lock-seal exit-permit depart", "export-declaration check-declaration inspect-goods write-seal lock-seal exit-permit depart"),
    "WCO-8-X-ME-P": ("pre-clearance arrive read-seal compare release", "pre-clearance arrive read-seal compare address-suspicion"),
    "WCO-8-X-MA-P": ("import-declaration arrive read-seal compare release unseal recover-seal", "import-declaration arrive read-seal compare address-suspicion unseal recover-seal"),
    # [WCO-8-X-RD-A] [WCO-8-X-RE-A] [WCO-8-X-RA-A]  CHECK: by the platform, or by the seal where there is none
    "WCO-8-X-RD-A": ("enter-data check-declaration hang-lock seal exit-permit depart", "enter-data check-declaration inspect-goods hang-lock seal exit-permit depart"),
    "WCO-8-X-RE-A": ("arrive CHECK compare release", "arrive CHECK compare apply-law"),
    "WCO-8-X-RA-A": ("arrive CHECK decide release unseal recover-seal", "arrive CHECK decide inspect unseal recover-seal"),
    # [WCO-8-X-LD-A] [WCO-8-X-LE-A] [WCO-8-X-LA-A]
    "WCO-8-X-LD-A": ("enter-data check-declaration hang-lock seal exit-permit depart", "enter-data check-declaration inspect-goods hang-lock seal exit-permit depart"),
    "WCO-8-X-LE-A": ("arrive CHECK compare release", "arrive CHECK compare apply-law"),
    "WCO-8-X-LA-A": ("arrive unload CHECK decide release unseal recover-seal", "arrive unload CHECK decide inspect unseal recover-seal"),
    # [WCO-8-X-MD-A] [WCO-8-X-ME-A] [WCO-8-X-MA-A]
    "WCO-8-X-MD-A": ("export-declaration check-declaration write-seal store-documents lock-seal seal exit-permit depart check-frontier release",
                     "export-declaration check-declaration inspect-goods write-seal store-documents lock-seal seal exit-permit depart check-frontier address-suspicion"),
    "WCO-8-X-ME-A": ("pre-clearance arrive CHECK compare release record-result", "pre-clearance arrive CHECK compare address-suspicion record-result"),
    "WCO-8-X-MA-A": ("import-declaration arrive CHECK compare release record-result unseal return-seal", "import-declaration arrive CHECK compare address-suspicion record-result unseal return-seal"),
}


def at(minutes):
    return (datetime.now(timezone.utc) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def png(seed):
    """A small picture, different for each seed."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    line = b"\0" + bytes((seed * 7 + i) & 255 for i in range(64))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(line * 64)) + chunk(b"IEND", b"")


class Country:
    """One administration's platform with its people and stations."""

    def __init__(self, folder, name):
        self.name, self.server = name, Server(os.path.join(folder, name))
        check(self.server.started, f"{name} starts", str(self.server.log[-3:]))
        a = self.admin = first(self.server)
        self.party = a.ask("POST", "/parties", {"kind": "carrier", "name": "Alder Haulage", "code": "XXAH"}, 201)["id"]
        self.stations = {k: station(a, f"{name} {k}", *where) for k, where in LOCATION.items()}
        self.watch = hire(self.server, a, "watch", "watch-officer")
        self.gate, self.other = hire(self.server, a, "gate", "checkpoint-officer"), hire(self.server, a, "other", "checkpoint-officer")
        self.patrol = hire(self.server, a, "patrol", "patrol-officer")
        self.trader = hire(self.server, a, "trader", "trader", self.party)
        self.people = {"checkpoint-officer": self.gate, "watch-officer": self.watch, "patrol-officer": self.patrol, "trader": self.trader}

    def dossier(self, journey, want=200):
        return self.gate.ask("GET", f"/journeys/{journey}/dossier", want=want)

    def says(self, device, **said):
        """The device itself, over HTTP."""
        self.admin.ask("POST", f"/devices/{device}/observations", {"time": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")[:-4] + "Z", **said}, 202)


class Trip:
    count = 0

    def __init__(self, country, scope, cls, mode, shared=True, goods="Tea, HS 090210"):
        Trip.count += 1
        self.id, self.country, self.shared, self.cls, self.mode = f"T{Trip.count}", country, shared, cls, mode
        self.device = f"7{Trip.count:05d}"
        self.seal = seal(country.admin, f"json:{self.device}", "active" if cls == "active" else "passive")
        self.facts = {
            "plate": "KBA 123X", "train": "K-1042", "container": CONTAINER, "transit_document": f"T1-26-{Trip.count:04d}", "declaration_number": f"T1-26-{Trip.count:04d}",
            "waybill": f"WB{Trip.count}", "driver": "A. Mwangi", "goods": goods, "seal_number": self.device, "seal_state": "whole", "sent_to": "transit and destination",
            "finding": "opened, counted, closed", "legal_basis": "Act 7, section 12", "warehouse": "3", "manifest": "M1"}
        body = {"id": self.id, "state": "draft", "mode": mode, "regime": "internal" if scope == "domestic" else "cross-border", "carrier": country.party, "reference": self.facts["transit_document"],
                "vehicle": self.facts["train"] if mode == "rail" else self.facts["plate"], "driver": self.facts["driver"], "cargo": goods, "containers": [CONTAINER],
                "seals": [self.seal], "arrive_by": at(600), "origin": place(country.stations["home"], "Home", *LOCATION["home"]),
                "destination": place(country.stations["goal"], "Goal", *LOCATION["goal"]),
                "route": {"type": "LineString", "coordinates": [[lon, lat] for lat, lon in LOCATION.values()]}}
        country.admin.ask("POST", "/journeys", body, 201)
        country.dossier(self.id, 404)
        self.d = country.gate.ask("POST", f"/journeys/{self.id}/dossier", {"scope": scope, "shared_platform": shared, "goods": [{"hs": "0902.10", "description": goods, "weight_kg": 12000, "packages": 400}]}, 201)
        equal((self.d["scope"], self.d["class"], self.d["shared_platform"], self.d["stage"]), (scope, cls, shared, "departure"), "the dossier is open")
        country.gate.ask("POST", f"/journeys/{self.id}/dossier", {"scope": scope}, 409)

    def visit(self):
        return self.d["visits"][-1]

    def step(self, name, visit=None):
        return next(s for s in (visit or self.visit())["steps"] if s["id"] == name)

    def values(self, step, **other):
        known = {**self.facts, "way": step_words(step, "way"), "fate": step_words(step, "fate"), **other}
        return {f["name"]: known[f["name"]] for f in step["fields"] if f["name"] in known and (f["required"] or f["name"] in other)}

    def do(self, name, outcome="done", want=200, who=None, headers=None, reason="", files=None, visit=None, **values):
        """One step by the person whose step it is; the dossier, or the problem."""
        v = visit or self.visit()
        step = self.step(name, v)
        person = who or self.country.people[step["by"]]
        body = {"visit": v["number"], "step": name, "outcome": outcome, "values": self.values(step, **values), "source": "officer", "reason": reason, "files": files or []}
        got = person.ask("POST", f"/journeys/{self.id}/steps", body, want, headers, what=f"{v['procedure']}: {name} ({outcome}) by {person.name}")
        if want == 200:  # whoever declares sees only the own steps
            self.d = self.country.dossier(self.id) if person is self.country.trader else got
        return got

    def open(self, stage, station_name, want=201):
        got = self.country.gate.ask("POST", f"/journeys/{self.id}/visits", {"stage": stage, "station": self.country.stations[station_name]}, want)
        if want == 201:
            self.d = got
        return got


def step_words(step, field):
    return next((f["words"].split("|")[0] for f in step["fields"] if f["name"] == field), None)


def run(trip, suspect, way="reader", in_seal=None, **values):
    """Runs the newest visit to its end by what the dossier says is next, with a try to go before it; the steps taken are the expected ones."""
    v = trip.visit()
    number, procedure, taken = v["number"], v["procedure"], ["arrive"] if v["steps"][0]["id"] == "arrive" else []
    expected = EXPECTED[procedure][suspect].replace("CHECK", "check-platform" if trip.shared else "read-device").split()
    last = expected[-1]
    if trip.step(last, v)["state"] != "next":
        early = trip.do(last, "done", 409, visit=v)
        check(early.get("type", "").endswith("not-yet"), f"{procedure}: {last} before its turn", str(early))
    while trip.d["next"] and trip.d["next"]["visit"] == number:
        name = trip.d["next"]["step"]
        v = next(x for x in trip.d["visits"] if x["number"] == number)
        step = trip.step(name, v)
        more = dict(values)
        if name == "seal":
            more["way"] = way
        wrong = suspect and step["judges"]
        outcome = ("suspect" if wrong else "clean") if step["judges"] else "done"
        if name == "store-documents":
            trip.do(name, "done", 422, visit=v)
        trip.do(name, outcome, reason="looks wrong" if wrong or (name == "decide" and suspect) else "", files=in_seal if name == "store-documents" else None, visit=v, **more)
        taken.append(name)
        if name == "seal":
            trip.country.says(trip.device, state={"seal": "sealed", "shackle": "in", "motor": "locked"})
            until(lambda: trip.country.dossier(trip.id)["next"] == {"visit": number, "step": "exit-permit"}, f"{procedure}: the seal has confirmed")
            trip.d = trip.country.dossier(trip.id)
        if len(taken) > 20:
            break
    equal(taken, expected, f"{procedure}, {'suspect' if suspect else 'clean'}, {'shared' if trip.shared else 'alone'}")
    done = [s["id"] for s in next(x for x in trip.d["visits"] if x["number"] == number)["steps"] if s["state"] == "done"]
    equal(done, expected, f"{procedure}: what the dossier says is done, in the report's order")


def journey_state(country, trip):
    return country.gate.ask("GET", f"/journeys/{trip.id}")["state"]


def catalogue(home):
    say("the catalogue")
    items = home.trader.ask("GET", "/procedures")["items"]
    equal(len(items), 30, "thirty procedures")
    ids = {p["id"] for p in items}
    sys.path.insert(0, os.path.join(ROOT, "scripts"))
    import procedures  # noqa: E402
    with open(procedures.PAGE, encoding="utf-8") as f:
        now = f.read()
    equal(procedures.page(now), now, "docs/procedures.md is what the tables say (python3 scripts/procedures.py)")
    for p in items:
        section = now.split(f"### {p['id']}\n")[1].split("\n### ")[0]
        equal(re.findall(r"\(`([\w-]+)`\)", section), [s["id"] for s in p["steps"]], f"{p['id']}: the page shows what the program does")
    equal(ids - set(EXPECTED), {"WCO-8-D-RE-A", "WCO-8-D-LE-A"}, "all of them are run here; two by what comes in")
    for p in items:
        steps = [s["id"] for s in p["steps"]]
        check(all(set(s["after"]) <= set(steps) for s in p["steps"]), f"{p['id']}: what comes before is a step of it")
        check(all(s["by"] and s["title"] for s in p["steps"]), f"{p['id']}: everybody's step")


# --- domestic ---


def passive_domestic(home, mode):
    """[WCO-8-1] [WCO-7.2-P1] [WCO-7.1-15] [WCO-4.1-3] [WCO-7.2-P7] [WCO-7.1-2] [GBT-7.1.1] Departure, a checkpoint with a good seal, one with a broken one, the destination."""
    say(f"domestic, passive, {mode}")
    for suspect in (False, True):
        t = Trip(home, "domestic", "passive", mode)
        t.open("en-route", "border", 409)  # it has not departed
        run(t, suspect)
        equal(journey_state(home, t), "under-way", "the journey follows")
        t.open("en-route", "border")
        missing = t.open("destination", "goal", 409)
        equal(missing["missing"][0]["step"], "read-seal", "a checkpoint is not passed by")
        run(t, suspect, seal_state="broken" if suspect else "whole")
        if mode == "rail":
            t.do("unseal")  # if necessary
            t.do("recover-seal", fate="destroyed")
            equal(t.d["seal_return"]["state"], "destroyed", "the seal is destroyed on the way")
        t.open("destination", "goal")
        equal(journey_state(home, t), "arrived", "arrived")
        if mode == "rail":
            need = next(n for n in t.step("compare")["needs"] if n["fact"] == "pre-advice")
            check(need["holds"], "the destination holds the pre-advice before arrival", str(need))
        run(t, suspect, fate="destroyed" if suspect else "recovered")
        equal((journey_state(home, t), t.d["next"], bool(t.d["closed"]), bool(t.d["discharged"])), ("released", None, True, True), "closed and discharged")
        equal(t.d["seal_return"]["state"], "destroyed" if suspect else "recovered", "what became of the seal")
        said = home.gate.ask("GET", f"/seals/{t.seal}/observations?from={at(-60)}&until={at(60)}&limit=200")["items"]
        events = {e for o in said for e in o.get("events", [])}
        check({"read", "vehicle-seen"} <= events and ("damage-seen" in events) == suspect, "what officers saw is an observation of the seal", str(events))
        check(all(o.get("fix") for o in said if "vehicle-seen" in o.get("events", [])), "at the station's place")
        status, answer = home.watch.call("POST", f"/api/v1/seals/{t.seal}/commands", {"name": "unlock", "args": {}, "reason": "a test"})
        check(status in (409, 422), "a passive seal is opened by hand and reader, never from afar", f"{status} {answer}")


def active_domestic(home, mode):
    """[WCO-8-D-RE-A] [WCO-8-D-LE-A] [WCO-8-D-RA-A] [WCO-7.1-9] [WCO-9.1-3] Sealed by reader and remotely; an alarm on the way goes to a patrol, which reports, and is closed; the grade of what is open decides."""
    say(f"domestic, active, {mode}")
    for suspect, way in ((False, "reader"), (True, "remote")):
        t = Trip(home, "domestic", "active", mode)
        run(t, suspect, way=way)
        orders = [c["name"] for c in home.gate.ask("GET", f"/seals/{t.seal}/commands")["items"]]
        equal(orders, ["lock"] if way == "remote" else [], "the lock was ordered, or not")
        equal(journey_state(home, t), "under-way", "under way")
        v = t.visit()
        equal((v["stage"], v["station"], t.step("track")["state"]), ("en-route", None, "done"), "the centre follows it from the departure on")
        home.gate.ask("POST", f"/journeys/{t.id}/visits", {"stage": "en-route"}, 422)
        if suspect:
            alarm_on_the_way(home, t)
        t.open("destination", "goal")
        if suspect:
            t.do("check-seal") if mode == "road" else (t.do("unload"), t.do("check-seal"))
            refused = t.do("decide", "clean", 422)
            check("proposal" in str(refused), "against the proposal only with a reason", str(refused))
            t.do("decide", "suspect", reason="cut on the way")
            t.do("inspect")
            t.do("unseal")
            t.do("recover-seal", fate="charging")
        else:
            run(t, False)
            on_the_way = t.d["visits"][1]
            equal(t.step("alarm", on_the_way)["outcome"], "clean", "no alarm on the way")
        equal((journey_state(home, t), t.d["next"], bool(t.d["closed"])), ("released", None, True), "closed")
        check(t.d["decision"]["decision"] == ("inspect" if suspect else "release"), "the decision stands", str(t.d["decision"]))
        equal(home.gate.ask("GET", f"/seals/{t.seal}")["life"], "charging" if suspect else "unsealed", "where the seal is")


def alarm_on_the_way(home, t):
    """A cut rope: a patrol, its photograph and report, the outcome; the last place is known."""
    home.says(t.device, state={"seal": "open", "shackle": "cut", "motor": "locked"}, events=["rope-cut"])
    alarm = until(lambda: next((a for a in home.watch.ask("GET", f"/journeys/{t.id}/alarms")["items"] if a["kind"] == "cable_cut"), None), "the alarm")
    t.d = home.dossier(t.id)
    equal((t.step("alarm")["outcome"], t.d["next"]), ("suspect", {"visit": 2, "step": "dispatch"}), "an alarm is to be handled")
    t.do("dispatch", want=403, who=home.patrol)
    task = home.watch.ask("POST", "/tasks", {"kind": "patrol", "alarm": alarm["id"], "assignee": home.patrol.user["id"]}, 201)
    t.d = home.dossier(t.id)
    equal((t.step("dispatch")["state"], t.d["blocked"][0]["fact"]), ("done", "alarms-handled"), "the patrol is sent")
    photo = bring(home.patrol, f"/tasks/{task['id']}/uploads", png(900 + Trip.count), "photo")
    for state in ("accepted", "under-way", "arrived"):
        home.patrol.ask("POST", f"/tasks/{task['id']}/state", {"state": state})
    home.patrol.ask("POST", f"/tasks/{task['id']}/state", {"state": "reported", "note": "cut", "files": [photo], "findings": {"seal_state": "cut", "finding": "true"}})
    home.watch.ask("POST", f"/alarms/{alarm['id']}/resolve", {"finding": "true", "note": "seen by the patrol"})
    t.d = home.dossier(t.id)
    equal([s["state"] for s in t.visit()["steps"]], ["done"] * 5, "alarm, patrol, report and closure")


# --- across borders ---


def hand_over(source, target, t):
    """The file from country to country: twice is once; a changed one is refused."""
    advice = source.gate.ask("GET", f"/journeys/{t.id}/pre-advice")
    broken = {**advice, "entries": advice["entries"][:-1]}
    target.gate.ask("POST", "/pre-advices", broken, 422)
    first_time = target.gate.ask("POST", "/pre-advices", advice, 201)
    again = target.gate.ask("POST", "/pre-advices", advice, 201)
    equal(again["version"], first_time["version"], "taken in twice, it counts once")
    equal([s["id"] for v in first_time["visits"] for s in v["steps"] if s["state"] == "done"], [s["id"] for v in source.dossier(t.id)["visits"] for s in v["steps"] if s["state"] == "done"],
          "what was done came over")
    t.country, t.d = target, again
    return again


def transit(t, suspect, last):
    """One stage in the country of the trip."""
    if last:
        t.open("destination", "goal")
    else:
        t.open("en-route", "transit")
    if t.cls == "active":
        t.country.says(t.device, state={"seal": "sealed", "shackle": "in", "motor": "locked"})
        until(lambda: "position" if any(x for x in [t.country.gate.ask("GET", f"/seals/{t.seal}")["live"]] if x) else None, "the seal is heard")
        t.d = t.country.dossier(t.id)
    if t.visit()["steps"][0]["id"] in ("pre-clearance", "import-declaration"):
        check(t.visit()["arrived"] is None, "it is announced, not arrived")
        t.do("arrive", want=409)
    run(t, suspect)
    cleared = next((s for s in t.visit()["steps"] if s["id"] in ("pre-clearance", "import-declaration")), None)
    if cleared:
        check(cleared["time"] <= t.visit()["arrived"], "cleared before it arrived", str(t.visit()["arrived"]))


def cross_border(countries, cls, mode, shared, suspect):
    """[WCO-8-X1] [WCO-8-X3] [WCO-8-G3] [WCO-13.3-5] Departure, one state of transit, the destination."""
    a, b, c = countries if not shared else (countries[0],) * 3
    t = Trip(a, "cross-border", cls, mode, shared)
    files = None
    if cls == "active" and mode == "multimodal":
        files = [bring(a.gate, f"/journeys/{t.id}/uploads", png(Trip.count * 2 + k), kind, in_seal=bool(k)) for k, kind in enumerate(("waybill", "nii-image"))]
    run(t, suspect, in_seal=files)
    if files:
        papers = a.gate.ask("GET", f"/journeys/{t.id}/documents")["items"]
        check(len(papers) == 2 and all(p["in_seal"] for p in papers) and {p["id"] for p in papers} == set(files), "seal and platform hold the same papers [WCO-8-G4]", str(papers))
    if not shared:
        hand_over(a, b, t)
    transit(t, suspect, False)
    if not shared:
        equal(journey_state(b, t), "under-way", "supervised in the country of transit")
        hand_over(b, c, t)
    transit(t, suspect, True)
    equal((journey_state(c, t), t.d["next"], bool(t.d["closed"])), ("released", None, True), "closed at the destination")
    if not shared:
        back = hand_over(c, a, t)
        equal(journey_state(a, t), "released", "the country of departure hears of it")
        equal(bool(back["discharged"]), any(s["id"].startswith("discharge") and s["state"] == "done" for s in back["visits"][-1]["steps"]), "and of the discharge")
        t.country, t.d = c, c.dossier(t.id)
    if mode == "multimodal" and cls == "active":
        x = c.gate.ask("GET", f"/returns?journey={t.id}")["items"][0]
        equal(t.d["seal_return"]["state"], "recovered", "the seal begins its way home")
        for state in ("in-return", "returned"):
            c.gate.ask("POST", f"/returns/{x['id']}/state", {"state": state, "station": c.stations["home"]})
        equal(c.dossier(t.id)["seal_return"]["state"], "returned", "the seal is back where it came from")
    return [s["outcome"] for v in t.d["visits"] for s in v["steps"] if s["judges"]]


def borders(countries):
    for cls in ("passive", "active"):
        for mode in ("road", "rail", "multimodal"):
            for suspect in (False, True):
                say(f"cross-border, {cls}, {mode}, {'suspect' if suspect else 'clean'}")
                both = [cross_border(countries, cls, mode, shared, suspect) for shared in (True, False)]
                equal(both[0], both[1], "the same judgement with a shared platform and with the seal and the file alone")


def no_pre_advice(countries):
    """Without a shared platform an office that has not taken in the file cannot compare."""
    say("without the file")
    a = countries[0]
    t = Trip(a, "cross-border", "passive", "road", shared=False)
    run(t, False)
    t.open("en-route", "transit")
    t.do("read-seal")
    problem = t.do("compare", "clean", 409)
    equal(problem["missing"][0]["fact"], "pre-advice", "it says what is lacking")
    check("file" in problem["detail"], "and what to do", problem["detail"])


# --- papers, in pieces ---


def put(person, path, data):
    connection = http.client.HTTPConnection("127.0.0.1", person.server.http, timeout=WAIT_S)
    connection.request("PUT", "/api/v1" + path, data, {"Cookie": "bulla_session=" + person.cookie, "X-CSRF-Token": person.csrf, "Content-Type": "application/octet-stream"})
    answer = connection.getresponse()
    raw = answer.read()
    person.seen("PUT", "/api/v1" + path, answer, raw)
    connection.close()
    return answer.status, json.loads(raw)


def bring(person, path, data, kind, piece=1000, **more):
    """A file in pieces, the first of them twice; its SHA-256."""
    sha = hashlib.sha256(data).hexdigest()
    u = person.ask("POST", path, {"name": "scan.png", "type": "image/png", "size": len(data), "sha256": sha, "kind": kind, **more}, 201)
    put(person, f"/uploads/{u['id']}?offset=0", data[:piece])
    while not u["complete"]:
        status, u = put(person, f"/uploads/{u['id']}?offset={u['offset']}", data[u["offset"]:u["offset"] + piece])
        if not check(status == 200, "a piece is taken", str(u)):
            break
    equal(u.get("file"), sha, "the file is kept under its digest")
    return sha


def papers(home):
    """[WCO-7.1-10] [WCO-7.2-R7] A picture of 5 MB through interruptions; what is not what it says is refused."""
    say("papers in pieces")
    t = Trip(home, "domestic", "passive", "road")
    path = f"/journeys/{t.id}/uploads"
    small = png(1)
    large = small[:-12] + struct.pack(">I", 5 << 20) + b"prVt" + bytes(5 << 20) + struct.pack(">I", zlib.crc32(b"prVt" + bytes(5 << 20))) + small[-12:]
    sha = hashlib.sha256(large).hexdigest()
    announced = {"name": "../../plan.png", "type": "image/png", "size": len(large), "sha256": sha, "kind": "nii-image", "about": "container"}
    u = home.gate.ask("POST", path, announced, 201)
    equal(put(home.gate, f"/uploads/{u['id']}?offset=7", b"x")[0], 409, "a hole is refused")
    status, u = put(home.gate, f"/uploads/{u['id']}?offset=0", large[:1 << 20])
    equal((status, u["offset"], u["complete"]), (200, 1 << 20, False), "a piece")
    status, u = put(home.gate, f"/uploads/{u['id']}?offset={(1 << 20) - 100}", large[(1 << 20) - 100:(1 << 20) + 900])
    equal(u["offset"], (1 << 20) + 900, "what is known is passed over")
    home.other.ask("GET", f"/uploads/{u['id']}", want=404, what="another's upload")
    equal(home.gate.ask("GET", f"/uploads/{u['id']}")["offset"], (1 << 20) + 900, "where it stands")
    home.server.kill()
    home.server = restart(home)
    while not u["complete"]:
        status, u = put(home.gate, f"/uploads/{u['id']}?offset={u['offset']}", large[u["offset"]:u["offset"] + (1 << 20)])
        if not check(status == 200, "goes on after the platform was killed", str(u)):
            break
    kept = home.gate.ask("GET", f"/journeys/{t.id}/documents")["items"]
    equal([(f["id"], f["name"], f["kind"], f["about"], f["size"]) for f in kept], [(sha, "plan.png", "nii-image", "container", len(large))], "kept with the journey")
    status, content = home.gate.call("GET", f"/api/v1/files/{sha}")
    check(status == 200, "its content comes back")
    for name, data, kind, field in (("cut short", small[:-20], "image/png", "type"), ("another type", small, "image/jpeg", "type"), ("words", b"GIF89a" + bytes(100), "image/png", "type")):
        u = home.gate.ask("POST", path, {"name": "x.png", "type": kind, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "kind": "photo"}, 201)
        status, problem = put(home.gate, f"/uploads/{u['id']}?offset=0", data)
        check(status == 422 and problem["errors"][0]["field"] == field, f"{name} is refused", str(problem))
    u = home.gate.ask("POST", path, {"name": "x.png", "type": "image/png", "size": len(small), "sha256": "0" * 64, "kind": "photo"}, 201)
    status, problem = put(home.gate, f"/uploads/{u['id']}?offset=0", small)
    check(status == 422 and problem["errors"][0]["field"] == "sha256", "a wrong digest is refused", str(problem))
    home.gate.ask("POST", path, {"name": "x", "type": "text/plain", "size": 5, "sha256": "0" * 64, "kind": "photo"}, 422)
    home.gate.ask("POST", path, {"name": "x", "type": "image/png", "size": 1 << 40, "sha256": "0" * 64, "kind": "photo"}, 422)
    equal(home.trader.ask("GET", f"/journeys/{t.id}/documents")["items"], [], "a trader sees its own papers alone")
    mine = bring(home.trader, path, png(77), "declaration")
    equal([f["id"] for f in home.trader.ask("GET", f"/journeys/{t.id}/documents")["items"]], [mine], "and these it sees")


def restart(home):
    again = Server(home.folder_of())
    for person in (home.admin, home.watch, home.gate, home.other, home.patrol, home.trader):
        person.server = again
    return again


# --- statements ---


def statements(home):
    """[WCO-9.1-9] [WCO-8-3] [WCO-7.2-P6] [WCO-7.2-P8] [WCO-7.2-R5] Field by field: what was declared, what others say, how far they may lie apart; contradictions are refused at the field."""
    say("statements and comparison")
    t = Trip(home, "domestic", "passive", "road")
    path = f"/journeys/{t.id}/statements"

    def tell(person, field, value, source, want=201, **more):
        return person.ask("POST", path, {"field": field, "value": value, "source": source, **more}, want, what=f"{source} says {field} = {value}")

    for field, value, source in (("container", "CSQU3054384", "officer"), ("weight_kg", -5, "officer"), ("hs_code", "90", "declaration"), ("un_number", "12", "declaration"),
                                 ("packages", 2.5, "officer"), ("country_to", "Kenya", "declaration"), ("length_m", 900, "officer"), ("weight_kg", "heavy", "weighbridge"), ("container_size", "ZZZZ", "officer")):
        problem = tell(home.gate, field, value, source, 422)
        equal(problem["errors"][0]["field"], field, f"{field} = {value} is refused at the field")
    equal(tell(home.gate, "colour", "blue", "officer", 422)["errors"][0]["field"], "field", "an unknown field")
    tell(home.gate, "plate", "X", "rumour", 422)
    tell(home.trader, "gross_weight_kg", "24.5 t", "declaration")
    problem = tell(home.trader, "weight_kg", 25000, "declaration", 422)
    check("gross" in problem["detail"], "net over gross", problem["detail"])
    tell(home.trader, "plate", "X", "reader", 422, )
    tell(home.gate, "gross_weight_kg", 24900, "weighbridge", station=home.stations["border"])
    tell(home.gate, "plate", "kba-123 x", "anpr")
    tell(home.gate, "driver", "a mwangi", "officer")
    tell(home.gate, "container", "CSQU 305438-3", "image")
    c = {x["field"]: x for x in home.gate.ask("GET", f"/journeys/{t.id}/comparison")["items"]}
    equal((c["gross_weight_kg"]["equal"], c["gross_weight_kg"]["tolerance"], c["gross_weight_kg"]["declared"]["value"]), (True, "2 %", "24500"), "within the tolerance, in one unit")
    check(all(c[f]["equal"] for f in ("plate", "driver", "container")), "as written, and in other ways", str({f: c[f]["equal"] for f in c}))
    equal((c["goods"]["equal"], c["transit_document"]["equal"]), (None, None), "what nobody else has said")
    tell(home.gate, "gross_weight_kg", 26500, "weighbridge")
    tell(home.gate, "plate", "KBA 999Z", "officer")
    c = {x["field"]: x for x in home.gate.ask("GET", f"/journeys/{t.id}/comparison?visit=1")["items"]}
    equal((c["gross_weight_kg"]["equal"], c["plate"]["equal"], len(c["gross_weight_kg"]["others"])), (False, False, 1), "a correction takes the place of what the source said before")
    bound = {b["pair"]: b for b in home.gate.ask("GET", f"/journeys/{t.id}/binding")["items"]}
    equal(bound["seal-vehicle"]["agrees"], False, "what a source denies is not bound")
    t.d = home.dossier(t.id)
    t.do("check-declaration", "clean")
    t.do("write-seal", plate="KBA 999Z")
    blocked = t.do("lock-seal", want=409)
    equal(blocked["missing"][0]["fact"], "binding", "nothing is sealed that is not bound")
    said = home.gate.ask("GET", f"/seals/{t.seal}/observations?from={at(-60)}&until={at(60)}&limit=200")["items"]
    differs = [o["note"] for o in said if "data-differs" in o.get("events", [])]
    check({n["about"] for n in differs} == {"gross_weight_kg", "plate"}, "what differs is an observation that names the field", str(differs))
    check(any("KBA999Z" in n["text"] and "KBA123X" in n["text"] and "officer" in n["text"] for n in differs), "with what was read, what was declared, and by whom", str(differs))
    tell(home.gate, "plate", "KBA 123X", "officer")
    t.d = home.dossier(t.id)
    t.do("lock-seal")
    bound = {b["pair"]: b for b in home.gate.ask("GET", f"/journeys/{t.id}/binding")["items"]}
    check(bound["vehicle-declaration"]["agrees"] and {"declaration", "officer"} <= set(bound["vehicle-declaration"]["sources"]), "two independent sources [WCO-7.2-P3]", str(bound))
    history = [s["value"] for s in home.gate.ask("GET", path)["items"] if s["field"] == "plate" and s["source"] == "officer"]
    equal(history, ["KBA999Z", "KBA999Z", "KBA123X"], "nothing is taken back")
    seen = {s["source"] for s in home.trader.ask("GET", path)["items"]}
    check(seen <= {"declaration", "carrier", "waybill", "manifest", "transit-document"}, "a trader sees what was declared", str(seen))


# --- order, people, two at once ---


def order(home):
    """[WCO-9.1-12] [WCO-8-2] Nothing before its turn; another's step is another's; a seal that does not confirm is not sealed."""
    say("order and people")
    t = Trip(home, "domestic", "active", "road")
    home.trader.ask("POST", f"/journeys/{t.id}/steps", {"visit": 1, "step": "enter-data", "values": {}}, 403)
    home.gate.ask("POST", f"/journeys/{t.id}/steps", {"visit": 9, "step": "enter-data"}, 422)
    home.gate.ask("POST", f"/journeys/{t.id}/steps", {"visit": 1, "step": "dance"}, 422)
    problem = home.gate.ask("POST", f"/journeys/{t.id}/steps", {"visit": 1, "step": "enter-data", "values": {"plate": "KBA 123X"}}, 422)
    check(problem["errors"][0]["field"] in ("driver", "goods", "declaration_number"), "a missing field is named", str(problem))
    early = t.do("exit-permit", want=409)
    check({"sealed", "declaration-checked"} <= {m.get("fact") for m in early["missing"]}, "what the exit permit lacks", str(early))
    t.do("hang-lock", want=409)
    t.do("enter-data")
    t.do("check-declaration", "done", 422)
    t.do("check-declaration", "suspect", 422)
    t.do("check-declaration", "clean")
    again = t.do("check-declaration", "clean", 409, who=home.other)
    check("Gate" in again["detail"] and again["type"].endswith("conflict"), "who did it, and when", str(again))
    t.do("inspect-goods", want=409)
    t.do("hang-lock", want=422, seal_number="999")
    t.do("hang-lock")
    t.do("seal", want=422, way="patrol")
    t.do("seal", "refused", want=422)
    t.do("seal", "refused", reason="no power")
    equal((t.step("seal")["state"], t.step("seal")["outcome"]), ("next", "refused"), "refused is seen, and not done")
    t.do("seal", way="remote")
    equal((journey_state(home, t), t.d["next"]), ("draft", None), "ordered is not sealed [WCO-7.2-P4]")
    check(t.d["blocked"][0]["fact"] == "sealed" and "order" in t.d["blocked"][0]["why"], "it says what it waits for", str(t.d["blocked"]))
    t.do("exit-permit", want=409)
    home.says(t.device, state={"seal": "sealed", "shackle": "in", "motor": "locked"})
    until(lambda: home.dossier(t.id)["next"], "the lock confirms")
    t.do("exit-permit")
    equal(journey_state(home, t), "sealed", "then it is sealed")
    t.do("depart")
    equal(journey_state(home, t), "under-way", "and under way")


def skipping(home):
    """[GBT-7.2.1] A step may be skipped by the centre alone, with a reason; it stays to be seen and blocks automatic release."""
    say("skipping")
    home.admin.ask("PUT", "/policies/automatic-release", {"body": {"enabled": True, "risk_most": 100}, "reason": "a test"})
    t = Trip(home, "domestic", "passive", "road")
    run(t, False)
    t.open("destination", "goal")
    skip = {"visit": 2, "step": "compare", "reason": "the reader is broken"}
    home.gate.ask("POST", f"/journeys/{t.id}/steps/skip", skip, 403)
    home.watch.ask("POST", f"/journeys/{t.id}/steps/skip", {**skip, "reason": ""}, 422)
    home.watch.ask("POST", f"/journeys/{t.id}/steps/skip", skip, 409, what="not before its turn")
    home.gate.ask("POST", f"/journeys/{t.id}/discharge", {}, 409)
    t.do("read-seal")
    check(home.gate.ask("GET", f"/journeys/{t.id}/decision")["automatic"], "without a skipped step it may go by itself")
    t.d = home.watch.ask("POST", f"/journeys/{t.id}/steps/skip", skip)
    s = t.step("compare")
    equal((s["state"], s["reason"], s["user_name"]), ("skipped", "the reader is broken", "Watch"), "seen as skipped, by whom and why")
    equal(t.d["next"]["step"], "address-suspicion", "who has not compared has not found it to agree")
    check(not home.gate.ask("GET", f"/journeys/{t.id}/decision")["automatic"], "no automatic release")
    early = home.gate.ask("POST", f"/journeys/{t.id}/discharge", {}, 409)
    equal(early["missing"][0]["step"], "address-suspicion", "the transit document is discharged after a clean verification or a closed inspection alone")
    t.do("address-suspicion")
    check(home.gate.ask("POST", f"/journeys/{t.id}/discharge", {})["discharged"], "discharged")
    home.watch.ask("POST", f"/journeys/{t.id}/steps/skip", skip, 409)
    home.admin.ask("PUT", "/policies/automatic-release", {"body": {}, "reason": "a test"})


def goods_need_another_seal(home):
    """[WCO-10-3] What is declared after the opening counts too: goods that must go under an active seal do not go under a passive one."""
    say("goods that need another seal")
    home.admin.ask("PUT", "/policies/goods-compulsory", {"body": {"hs": ["2402"], "class": "active"}, "reason": "a test"})
    t = Trip(home, "domestic", "passive", "road")
    equal(t.d["sealing"]["duty"], "none", "tea goes as it likes")
    home.trader.ask("POST", f"/journeys/{t.id}/statements", {"field": "hs_code", "value": "2402.20", "source": "declaration"}, 201)
    t.d = home.dossier(t.id)
    equal((t.d["sealing"]["duty"], t.d["sealing"]["class"]), ("compulsory", "active"), "cigarettes do not")
    t.do("check-declaration", "clean")
    t.do("write-seal")
    refused = t.do("lock-seal", want=422)
    check("an active seal" in str(refused) and "240220" in str(refused), "the sealing is refused, and says why", str(refused))
    home.admin.ask("PUT", "/policies/goods-compulsory", {"body": {}, "reason": "a test"})
    t.do("lock-seal")


def at_once(home):
    """Two officers do the same step: one wins, the other hears who, when and what."""
    say("two officers at once")
    for turn in range(6):
        t = Trip(home, "domestic", "passive", "road")
        version, answers = t.d["version"], []

        def act(person):
            body = {"visit": 1, "step": "check-declaration", "outcome": "clean", "values": {}}
            answers.append((person, *person.call("POST", f"/api/v1/journeys/{t.id}/steps", body, {"If-Match": f'"{version}"'} if turn % 2 else {})))

        both = [threading.Thread(target=act, args=(p,)) for p in (home.gate, home.other)]
        for x in both:
            x.start()
        for x in both:
            x.join()
        equal(sorted(s for _, s, _ in answers), [200, 409], "one winner")
        winner, loser = next(p for p, s, _ in answers if s == 200), next(v for _, s, v in answers if s == 409)
        check(loser["type"].endswith("conflict") and winner.name.title() in loser["detail"] and "check-declaration" in loser["detail"], "the other is told", str(loser))
        equal(home.dossier(t.id)["version"], version + 1, "one entry was written")
    stale = home.gate.ask("POST", f"/journeys/{t.id}/steps", {"visit": 1, "step": "write-seal", "values": t.values(t.step("write-seal"))}, 409, {"If-Match": f'"{version}"'})
    check("check-declaration" in stale["detail"], "a stale look is refused with what was done since", str(stale))


def reduced(home):
    """A trader sees the steps of its journey, not what customs thinks; another's does not exist."""
    say("what a trader sees")
    t = Trip(home, "cross-border", "passive", "multimodal")
    d = home.trader.ask("GET", f"/journeys/{t.id}/dossier")
    equal((d["risk"], d["decision"], d["comparison"], d["documents"]), (None, None, [], []), "reduced")
    t.do("export-declaration", who=home.trader)
    check(all(s["user"] is None and s["values"] == {} for v in home.trader.ask("GET", f"/journeys/{t.id}/dossier")["visits"] for s in v["steps"]), "no names")
    t.do("check-declaration", outcome="suspect", reason="the weight is odd")
    d = home.trader.ask("GET", f"/journeys/{t.id}/dossier")
    check("odd" not in str(d) and "suspect" not in str(d), "nor what is suspected, nor whose turn it is", str(d)[:400])
    equal((d["next"], [s["id"] for s in d["visits"][0]["steps"] if s["mine"]]), (None, ["export-declaration"]), "its own step is marked")
    equal(home.gate.ask("GET", f"/journeys/{t.id}/dossier")["next"]["step"], "inspect-goods", "customs sees it")
    elsewhere = hire(home.server, home.admin, f"birch{Trip.count}", "trader", home.admin.ask("POST", "/parties", {"kind": "carrier", "name": "Birch"}, 201)["id"])
    elsewhere.ask("GET", f"/journeys/{t.id}/dossier", want=404)
    elsewhere.ask("POST", f"/journeys/{t.id}/statements", {"field": "plate", "value": "X1", "source": "carrier"}, 404)


def passages(home):
    """[WCO-7.1-12] [WCO-8-4] [WCO-9.1-16] [WCO-13.5-8] [WCO-10-0] How long clean and abnormal journeys stood, and how many went unexamined, as the records tell it."""
    say("passages")
    p = home.watch.ask("GET", "/statistics")["passages"]
    gone = [j for j in home.watch.ask("GET", "/journeys?limit=200")["items"] if j["arrived_at"] and j["state"] in ("unsealed", "released", "closed")]
    counted = p["clean"]["journeys"] + p["abnormal"]["journeys"]
    equal((p["examined"] + p["unexamined"], sum(p["regimes"].values())), (counted, counted), "each is counted once")
    check(0 < counted <= len(gone) and p["clean"]["journeys"] > 0 and p["abnormal"]["journeys"] > 0 and p["examined"] > 0, "clean and abnormal ones", str(p))
    check({"internal", "cross-border"} <= set(p["regimes"]), "by purpose", str(p["regimes"]))
    check(all(p[k]["median_minutes"] <= p[k]["p90_minutes"] for k in ("clean", "abnormal")), "with their times", str(p))


def main():
    with Folder() as folder:
        countries = [Country(folder, name) for name in ("alpha", "beta", "gamma")]
        home = countries[0]
        home.folder_of = lambda: os.path.join(folder, "alpha")
        catalogue(home)
        order(home)
        for mode in ("road", "rail"):
            passive_domestic(home, mode)
            active_domestic(home, mode)
        borders(countries)
        no_pre_advice(countries)
        passages(home)
        statements(home)
        skipping(home)
        goods_need_another_seal(home)
        at_once(home)
        reduced(home)
        papers(home)
        equal(not_shown("dossier"), [], "every operation was shown working")
        for country in countries:
            equal(country.server.stop(), 0, f"{country.name} stops in order")
            integrity(os.path.join(folder, country.name))
    finish()


main()
