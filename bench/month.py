#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A month of a country through the real program: 16 stations, journeys by road, rail and several means, domestic and cross-border,
with every class of seal; officers take each step of each procedure through the API, active seals speak their protocol to their port,
patrols go where alarms send them. What was arranged is known, so what the platform found can be judged.

    bench/month.py PROGRAM BUILD_DIRECTORY        BULLA_TEST_STORE=... has no effect: a training clock needs SQLite

MONTH_JOURNEYS (10000), MONTH_DAYS (30), MONTH_SPEED (1500: a month in half an hour), MONTH_SEED (1), MONTH_JSON=file for machines, with
every journey and alarm.
Prints false alarms per 1,000 journeys, what was missed of each kind, the delay to the alarm, alarms an officer and ten minutes, and how
journeys ended; exits 1 when a procedure could not be followed to its end. [WCO-10-16] [WCO-8-1] [WCO-13.3-3]"""
import calendar
import hashlib
import heapq
import http.client
import json
import math
import os
import random
import statistics
import sys
import threading
from collections import Counter, defaultdict

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "support"))
from people import *  # noqa: E402,F403

JOURNEYS = int(os.environ.get("MONTH_JOURNEYS", 10000))
DAYS = float(os.environ.get("MONTH_DAYS", 30))
SPEED = float(os.environ.get("MONTH_SPEED", 1500))
SEED = int(os.environ.get("MONTH_SEED", 1))
STATIONS = 16
OFFICERS_ON_WATCH = 4
WORKERS = 16
BEGIN_S = 1772323200  # 2026-03-01T00:00:00Z
MINUTE, HOUR = 60, 3600
REPORT_S = 10 * MINUTE
SEALED = 0x0020 | 0x0040 | 0x0080 | 0x2000  # wants an answer, rope in, motor locked, cover closed
OPENED = 0x0020 | 0x0040 | 0x2000           # motor unlocked
SPEEDS = {"road": 65, "rail": 55, "multimodal": 45}


def rfc(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Clock:
    """The platform's training clock, as seen from here."""

    def __init__(self):
        self.began = None

    def start(self):
        self.began = time.monotonic()

    def meet(self, person):
        """Goes by the platform's, as the quickest of some answers tells it: at this speed a tenth of a second is two minutes."""
        quickest = math.inf
        for _ in range(50):
            asked = time.monotonic()
            told = person.ask("GET", "/session")["clock"]["now"]
            took = time.monotonic() - asked
            if took < quickest:
                quickest, self.began = took, asked + took / 2 - (seconds_of(told) - BEGIN_S) / SPEED
        return quickest * SPEED

    def now(self):
        return BEGIN_S + (time.monotonic() - self.began) * SPEED

    def wait(self, at):
        left = (at - self.now()) / SPEED
        if left > 0:
            time.sleep(left)


class Officer(Person):
    """A person whose connections stay open, one for each hand that works for him; every so many answers are looked at whole."""
    LOOKED_AT = 40

    def __init__(self, *words):
        super().__init__(*words)
        self.lines, self.asked = threading.local(), 0

    def call(self, method, path, body=None, headers=None):
        sent = dict(headers or {})
        raw = json.dumps(body) if body is not None else None
        if raw is not None:
            sent["Content-Type"] = "application/json"
        if self.cookie:
            sent |= {"Cookie": "bulla_session=" + self.cookie, "X-CSRF-Token": self.csrf}
        while True:
            line = getattr(self.lines, "line", None) or http.client.HTTPConnection("127.0.0.1", self.server.http, timeout=WAIT_S)
            self.lines.line = line
            try:
                line.request(method, path, raw, sent)
                answer = line.getresponse()
                got = answer.read()
            except (ConnectionError, http.client.RemoteDisconnected):  # it had been idle for too long: nothing was read of it
                self.lines.line = None
                line.close()
                continue
            if answer.will_close:
                self.lines.line = None
            if answer.status != 429:
                break
            time.sleep(float(answer.headers.get("Retry-After", 1)))
        self.asked += 1
        if self.asked % self.LOOKED_AT == 1:
            self.seen(method, path, answer, got)
        value = json.loads(got) if got else None
        cookie = re.search(r"bulla_session=([^;]*)", answer.headers.get("Set-Cookie", ""))
        if cookie and answer.status == 200 and isinstance(value, dict) and value.get("csrf"):
            self.cookie, self.csrf = cookie.group(1), value["csrf"]
        return answer.status, value


def take_on(server, admin, name, role, station=None):
    made = admin.ask("POST", "/users", {"name": name, "role": role, "station": station, "full_name": name.title()}, 201)
    return Officer(server, name).enter(made["password"], f"{name} has a long one")


class Device:
    """An active seal: a JT701 that speaks on a connection of its own while it is under way."""

    def __init__(self, number):
        self.number, self.serial, self.free, self.line = number, 0, True, None

    @property
    def name(self):
        return f"jt701:{self.number}"

    def say(self, server, at, where, status=SEALED):
        """Says it and waits for the answer: it is durable then."""
        lat, lon = where
        north = f"{int(lat):02d}{(lat - int(lat)) * 60:07.4f}"
        east = f"{int(lon):03d}{(lon - int(lon)) * 60:07.4f}"
        self.serial = (self.serial + 1) % 256
        frame = jt701_frame(self.number, int(at * 1000), self.serial, north, east, status)
        if not self.tell(server, frame) and not self.tell(server, frame):  # a line that was idle for too long has been cut
            raise RuntimeError("a report was not answered")

    def tell(self, server, frame):
        try:
            self.line = self.line or connect(server.port("jt701"))
            self.line.sendall(frame)
            answered = read_until(self.line, lambda got: b")" in got)[1]
        except OSError:
            answered = False
        if not answered:
            drop(self.line)
            self.line = None
        return answered

    def give_back(self):
        if self.line:
            drop(self.line)
        self.line, self.free = None, True


class Way:
    """A road or railway between two stations, and where one is on it after so many kilometres."""

    def __init__(self, a, b, rng):
        (lat1, lon1), (lat2, lon2) = a, b
        n = 24
        bend = [rng.uniform(-0.03, 0.03) for _ in range(n + 1)]
        bend[0] = bend[n] = 0
        self.points = [(lat1 + (lat2 - lat1) * i / n + bend[i], lon1 + (lon2 - lon1) * i / n - bend[i]) for i in range(n + 1)]
        self.km = [0.0]
        for p, q in zip(self.points, self.points[1:]):
            self.km.append(self.km[-1] + math.hypot((q[0] - p[0]) * 110.6, (q[1] - p[1]) * 111.3 * math.cos(math.radians(p[0]))))

    @property
    def length(self):
        return self.km[-1]

    def aside(self, km, far_km):
        """So far to the right of it, by the compass of its ends."""
        (lat1, lon1), (lat2, lon2) = self.points[0], self.points[-1]
        north, east = (lat2 - lat1) * 110.6, (lon2 - lon1) * 111.3 * math.cos(math.radians(lat1))
        here, whole = self.at(km), math.hypot(north, east)
        return here[0] - far_km * east / whole / 110.6, here[1] + far_km * north / whole / (111.3 * math.cos(math.radians(lat1)))

    def at(self, km):
        km = min(max(km, 0), self.length)
        i = next(i for i in range(1, len(self.km)) if self.km[i] >= km)
        part = (km - self.km[i - 1]) / max(self.km[i] - self.km[i - 1], 1e-9)
        p, q = self.points[i - 1], self.points[i]
        return p[0] + (q[0] - p[0]) * part, p[1] + (q[1] - p[1]) * part


def aside(place, km, rng):
    turn = rng.uniform(0, 2 * math.pi)
    return place[0] + km * math.cos(turn) / 110.6, place[1] + km * math.sin(turn) / 111.3


# What may happen on a journey with an active seal: share, and which alarms that must raise.
INCIDENTS = {"opened": (0.010, "illegal_opening"), "cut": (0.006, "cable_cut"), "detour": (0.010, "route_deviation"),
             "stay": (0.010, "illegal_stay"), "silence": (0.005, "signal_lost")}
BEGINS_AT = 0.35  # of the way
LASTS_H = {"detour": 0.7, "silence": 2.6}  # so long it must be still on its way, for anybody to notice
# What comes along with it and is no false alarm either.
ALONG = {"opened": {"tamper", "data_mismatch"}, "cut": {"illegal_opening", "tamper", "pairing_mismatch"}, "detour": {"illegal_stay", "schedule_deviation", "journey_timeout"},
         "stay": {"journey_timeout", "schedule_deviation", "tamper"}, "silence": {"journey_timeout", "schedule_deviation", "jamming_suspected", "implausible_motion"},
         None: set()}


class Trip:
    """One journey as it is arranged; what it should raise, and when."""

    def __init__(self, number, world, rng):
        self.id, self.rng = f"M{number:05d}", rng
        self.mode = rng.choices(["road", "rail", "multimodal"], [60, 25, 15])[0]
        self.scope = "cross-border" if self.mode == "multimodal" or rng.random() < 0.4 else "domestic"
        self.cls = "active" if rng.random() < 0.6 else "passive"
        self.shared = self.cls == "passive" or rng.random() < 0.7  # another platform is another program: tests/e2e/procedures.py
        a, b = rng.sample(range(STATIONS), 2)
        self.a, self.b = world.stations[a], world.stations[b]
        self.way = world.way(a, b)
        self.begin = BEGIN_S + rng.uniform(2 * HOUR, max((DAYS - 2) * 24, 3) * HOUR)
        self.kmh = SPEEDS[self.mode] * rng.uniform(0.85, 1.1)
        self.incident = None
        draw = rng.random()
        for name, (share, _) in INCIDENTS.items():
            draw -= share
            if self.cls == "active" and self.incident is None and draw < 0:
                self.incident = name
        if (1 - BEGINS_AT) * self.way.length / self.kmh < LASTS_H.get(self.incident, 0):
            self.incident = None
        self.onset, self.device, self.state = None, None, "planned"
        self.suspect = self.cls == "passive" and rng.random() < 0.01  # a number that differs at the gate
        self.plate = f"K{chr(65 + number % 26)}{chr(65 + number // 26 % 26)} {number % 1000:03d}{chr(65 + number // 7 % 26)}"
        self.container = iso6346("BLUU", 100000 + number)
        self.steps, self.released_at, self.arrived_at, self.kept, self.advised, self.waits = Counter(), None, None, False, False, ""

    @property
    def expected(self):
        return INCIDENTS[self.incident][1] if self.incident else None

    def kept_of(self):
        return {"id": self.id, "class": self.cls, "mode": self.mode, "incident": self.incident, "onset": self.onset, "state": self.state,
                "suspect": self.suspect, "arrived": self.arrived_at, "released": self.released_at}


def iso6346(owner, serial):
    text = f"{owner}{serial:06d}"
    value = {c: v for c, v in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", [x for x in range(10, 39) if x % 11])}
    total = sum((int(c) if c.isdigit() else value[c]) * 2 ** i for i, c in enumerate(text))
    return text + str(total % 11 % 10)


class World:
    def __init__(self, server, clock):
        self.server, self.clock, self.rng = server, clock, random.Random(SEED)
        self.admin = first(server)
        a, rng = self.admin, self.rng
        self.stations, self.ways = [], {}
        for i in range(STATIONS):
            lat, lon = 5.5 + (i // 4) * 1.6 + rng.uniform(-0.3, 0.3), 31 + (i % 4) * 1.8 + rng.uniform(-0.3, 0.3)
            name = f"Office {i + 1:02d}"
            kind = ("checkpoint", "border", "port", "depot")[i % 4]
            self.stations.append({"id": station(a, name, lat, lon, kind), "name": name, "at": (lat, lon)})
        self.carriers = [a.ask("POST", "/parties", {"kind": "carrier", "name": f"Carrier {i + 1:02d}", "code": f"C{i + 1:03d}"}, 201)["id"] for i in range(20)]
        self.gates = [take_on(server, a, f"gate{i + 1}", "checkpoint-officer", s["id"]) for i, s in enumerate(self.stations)]
        self.watch = [take_on(server, a, f"watch{i + 1}", "watch-officer") for i in range(OFFICERS_ON_WATCH)]
        self.patrol = take_on(server, a, "patrol", "patrol-officer")
        self.devices = [Device(7570200001 + i) for i in range(700)]
        for d in self.devices:
            seal(a, d.name)
        self.lock, self.wrong, self.done = threading.Lock(), [], Counter()

    def way(self, a, b):
        if (a, b) not in self.ways:
            self.ways[a, b] = Way(self.stations[a]["at"], self.stations[b]["at"], random.Random(SEED * 1000 + a * STATIONS + b))
        return self.ways[a, b]

    def gate(self, s):
        return self.gates[self.stations.index(s)]

    def lend(self, trip):
        with self.lock:
            free = next((d for d in self.devices if d.free), None)
            if free:
                free.free = False
        if not free:
            raise RuntimeError("no seal is left in stock")
        return free

    def fail(self, trip, what):
        with self.lock:
            self.wrong.append(f"{trip.id} ({trip.scope}, {trip.cls}, {trip.mode}): {what}")
            print(f"WRONG {self.wrong[-1]}", flush=True)


# --- the officers' work ---


def values_for(step, trip, world):
    known = {"plate": trip.plate, "driver": "Driver 1", "goods": "Tea in bags, HS 090240", "declaration_number": f"D-{trip.id}", "transit_document": f"T1-{trip.id}", "manifest": f"MF-{trip.id}",
             "container": trip.container, "train": f"TR {trip.id}", "wagon": "W 1", "waybill": f"WB-{trip.id}", "seal_number": trip.seal_name.split(":")[1], "sent_to": "Transit and destination offices",
             "warehouse": "Warehouse 1", "finding": "nothing found", "legal_basis": "Customs Act 12", "way": "patrol" if step["id"] == "dispatch" else "reader", "seal_state": "whole", "fate": "recovered", "hs_code": "090240", "packages": "120", "gross_weight_kg": "18000",
             "vessel": "MV Sample", "voyage": "12E", "country_from": "KE", "country_to": "UG"}
    out = {}
    for f in step["fields"]:
        if f["name"] in known and (f["required"] or f["name"] in ("container", "plate", "seal_number")):
            out[f["name"]] = known[f["name"]]
    if trip.suspect and step["id"] in ("read-seal", "compare") and "container" in out:
        out["container"] = iso6346("BLUU", 900000)
    return out


def keep_document(trip, world):
    """A scanned paper, in one piece."""
    paper = b"%PDF-1.4\n% " + trip.id.encode() * 40 + b"\n%%EOF\n"
    officer = world.gate(trip.a)
    u = officer.ask("POST", f"/journeys/{trip.id}/uploads", {"name": "waybill.pdf", "type": "application/pdf", "size": len(paper), "sha256": hashlib.sha256(paper).hexdigest(), "kind": "waybill"}, 201)
    status, answer = officer.send("PUT", f"/api/v1/uploads/{u['id']}?offset=0", paper)
    check(status == 200 and answer["complete"], "a document is kept", str(answer)[:200])
    trip.kept = answer["file"]


def follow(world, trip, officer, stage, until_closed=False):
    """Takes steps as the dossier names them until this stage has none that can be taken now."""
    d, looked_again = None, False
    for _ in range(40):
        status, d = (200, d) if d else officer.call("GET", f"/api/v1/journeys/{trip.id}/dossier")
        if status != 200:
            world.fail(trip, f"dossier: {status} {str(d)[:200]}")
            return None
        blocked = {b["fact"] for b in d["blocked"]} if not d["next"] else set()
        if "papers" in blocked and not trip.kept:
            keep_document(trip, world)
            d = None
            continue
        if "pre-advice" in blocked and not trip.advised:
            advice = world.gate(trip.a).ask("GET", f"/journeys/{trip.id}/pre-advice")
            officer.ask("POST", "/pre-advices", advice, 201)
            trip.advised, d = True, None
            continue
        step = d["next"]
        visit = next((v for v in d["visits"] if step and v["number"] == step["visit"]), None)
        if not step or not visit or visit["stage"] != stage:
            return d
        s = next(x for x in visit["steps"] if x["id"] == step["step"] and x["state"] == "next")
        lacking = [n for n in s["needs"] if not n["holds"]]
        if lacking:
            trip.waits = f"{s['id']} waits for {', '.join(n['fact'] for n in lacking)}"
            return d
        outcome = "done"
        if s.get("judges"):
            wrong = s["id"] == "decide" and officer.ask("GET", f"/journeys/{trip.id}/decision")["decision"] == "inspect"
            outcome = "suspect" if wrong or any(c["equal"] is False for c in d["comparison"]) else "clean"
        body = {"visit": visit["number"], "step": s["id"], "outcome": outcome, "values": values_for(s, trip, world), "source": "officer", "reason": "looked into" if outcome == "suspect" else "",
                "files": [trip.kept] if s["id"] == "store-documents" else []}
        status, answer = officer.call("POST", f"/api/v1/journeys/{trip.id}/steps", body, {"If-Match": f'"{d["version"]}"'})
        if status == 422 and s["id"] == "decide" and not looked_again:  # what is proposed has changed since the officer looked
            looked_again, d = True, None
            continue
        if status not in (200, 201):
            world.fail(trip, f"{visit['procedure']} {s['id']}: {status} {str(answer)[:300]}")
            return None
        trip.steps[visit["procedure"]] += 1
        d = answer
    world.fail(trip, f"{stage}: no end of steps")
    return None


def depart(world, trip):
    officer = world.gate(trip.a)
    duration = trip.way.length / trip.kmh * HOUR
    if trip.cls == "active":
        trip.device = world.lend(trip)
        trip.seal_name = trip.device.name
        trip.device.say(world.server, world.clock.now(), trip.a["at"])
    else:
        trip.seal_name = f"passive:{trip.id}"
        officer.ask("POST", "/seals", {"id": trip.seal_name, "class": "passive", "life": "in-stock"}, 201)
    body = {"id": trip.id, "mode": trip.mode if trip.mode != "multimodal" else "multimodal", "regime": "cross-border" if trip.scope == "cross-border" else "internal",
            "carrier": world.rng.choice(world.carriers), "reference": f"T1-{trip.id}", "vehicle": trip.plate, "driver": "Driver 1", "cargo": "Tea in bags, HS 090240",
            "containers": [trip.container], "seals": [trip.seal_name], "arrive_by": rfc(world.clock.now() + duration * 1.6 + 6 * HOUR), "silence_minutes": 120,
            "origin": place(trip.a["id"], trip.a["name"], *trip.a["at"]), "destination": place(trip.b["id"], trip.b["name"], *trip.b["at"]),
            "route": {"type": "LineString", "coordinates": [[lon, lat] for lat, lon in trip.way.points]}, "corridor_m": 800}
    officer.ask("POST", "/journeys", body, 201)
    officer.ask("POST", f"/journeys/{trip.id}/dossier", {"scope": trip.scope, "class": trip.cls, "shared_platform": trip.shared,
                                                        "goods": [{"hs": "090240", "description": "Tea in bags", "weight_kg": 18000, "packages": 120}]}, 201)
    for field, value in (("container", trip.container), ("plate", trip.plate), ("goods", "Tea in bags, HS 090240"), ("declaration_number", f"D-{trip.id}"), ("gross_weight_kg", "18000")):
        officer.ask("POST", f"/journeys/{trip.id}/statements", {"field": field, "value": value, "source": "declaration", "station": trip.a["id"]}, 201)
    d = follow(world, trip, officer, "departure")
    if d:
        trip.state = "under-way"
        trip.left = world.clock.now()
    return d is not None


def arrive(world, trip):
    officer = world.gate(trip.b)
    trip.arrived_at = world.clock.now()
    if trip.incident == "silence":  # what could not be heard on the way is heard at the gate
        trip.device.say(world.server, trip.arrived_at, trip.b["at"])
    if trip.mode == "multimodal" and trip.cls == "active":
        follow(world, trip, officer, "departure")  # at the frontier port it still is the country of departure
    officer.ask("POST", f"/journeys/{trip.id}/visits", {"station": trip.b["id"], "stage": "destination"}, 201)
    d = follow(world, trip, officer, "destination", True)
    for _ in range(10):  # what the seal has just said is stored before it is shown: the officer waits for it
        if not d or d.get("closed") or "supervision" not in {b["fact"] for b in d["blocked"]}:
            break
        time.sleep(0.3)
        d = follow(world, trip, officer, "destination", True)
    trip.state = "closed" if d and d.get("closed") else "stuck"
    if trip.state == "closed":
        trip.released_at = world.clock.now()
    elif d:
        world.fail(trip, f"not closed: next {d['next']}, {trip.waits}, blocked {str(d['blocked'])[:200]}")
    if trip.device and trip.state == "closed":
        trip.device.give_back()


# --- the road ---


def report(world, trip, at):
    """What the seal says at that time, and when it speaks next; None: it has arrived."""
    km = (at - trip.left) / HOUR * trip.kmh
    here, status, say = trip.way.at(km), SEALED, True
    rng, part = trip.rng, km / trip.way.length
    begun = trip.onset is not None
    if trip.incident and not begun and part > BEGINS_AT:
        trip.onset, begun = at, True
        trip.stood = km
    since = at - trip.onset if begun else 0
    if begun and trip.incident == "opened" and since < 25 * MINUTE:
        status = OPENED
    if begun and trip.incident == "cut":
        status = SEALED | 0x0008
    if begun and trip.incident == "detour" and since < 60 * MINUTE:
        here = trip.way.aside(km, 8)
    if begun and trip.incident == "stay" and since < 70 * MINUTE:
        here = trip.way.at(trip.stood)
        trip.left += REPORT_S  # so much later it arrives
    if begun and trip.incident == "silence" and since < 4 * HOUR:
        say = False
    noise = rng.gauss(0, 12) / 111000
    if say:
        trip.device.say(world.server, at, (here[0] + noise, here[1] - noise), status)
    return None if km >= trip.way.length else at + REPORT_S


# --- the watch ---


def watch_over(world, stop, seen):
    """Officers take what comes, in turn; patrols report; every alarm is closed with what was really the case."""
    turn = 0
    while not stop.is_set():
        officer = world.watch[turn % OFFICERS_ON_WATCH]
        turn += 1
        for a in officer.ask("GET", "/alarms?state=raised&limit=200").get("items", []):
            if a["id"] in seen:
                continue
            seen[a["id"]] = (a, turn % OFFICERS_ON_WATCH, world.clock.now())
            trip = world.trips.get(a["journey"])
            true = bool(trip and (a["kind"] == trip.expected or a["kind"] in ALONG[trip.incident]))
            officer.call("POST", f"/api/v1/alarms/{a['id']}/acknowledge", {"note": "seen"})
            officer.call("POST", f"/api/v1/alarms/{a['id']}/resolve", {"finding": "true" if true else "false", "note": "looked into by the centre"})
        stop.wait(0.05)


def work_off(world, events):
    """Events in their order of time, by a few hands."""
    lock = threading.Condition()
    busy = [0]

    def hand():
        while True:
            with lock:
                while not events and busy[0]:
                    lock.wait(0.2)
                if not events:
                    return
                at, _, trip, what = heapq.heappop(events)
                busy[0] += 1
            world.clock.wait(at)
            follow_up = []
            try:
                if what == "depart":
                    if depart(world, trip):
                        duration = trip.way.length / trip.kmh * HOUR
                        follow_up.append((world.clock.now() + REPORT_S, "report") if trip.cls == "active" else (world.clock.now() + duration, "arrive"))
                elif what == "report":
                    again = report(world, trip, at)
                    follow_up.append((again, "report") if again else (at + 5 * MINUTE, "arrive"))
                else:
                    arrive(world, trip)
            except Exception as odd:  # noqa: BLE001
                world.fail(trip, f"{what}: {type(odd).__name__}: {odd}")
            with lock:
                for when, next_what in follow_up:
                    heapq.heappush(events, (when, id(trip), trip, next_what))
                busy[0] -= 1
                lock.notify_all()

    hands = [threading.Thread(target=hand, daemon=True) for _ in range(WORKERS)]
    for h in hands:
        h.start()
    began = time.monotonic()
    while any(h.is_alive() for h in hands):
        time.sleep(1)
        if int(time.monotonic() - began) % 30 == 0:
            states = Counter(t.state for t in world.trips.values())
            print(f"\r-- day {(world.clock.now() - BEGIN_S) / 86400:5.1f}: " + ", ".join(f"{n} {s}" for s, n in sorted(states.items())), end="" if sys.stdout.isatty() else "\n", flush=True)
    print()


# --- what it was like ---


def judge(world, alarms, seen):
    trips = world.trips
    false, found, delays = Counter(), defaultdict(int), defaultdict(list)
    hits = set()
    for a in alarms:
        trip = trips.get(a["journey"])
        if a["state"] == "withdrawn" or not trip:
            continue
        begun = trip.onset is not None and seconds_of(a["raised"]) >= trip.onset
        if trip.expected == a["kind"] and begun and (trip.id, a["kind"]) not in hits:
            hits.add((trip.id, a["kind"]))
            found[trip.incident] += 1
            delays[trip.incident].append((seconds_of(a["raised"]) - trip.onset) / 60)
        elif not (begun and (trip.expected == a["kind"] or a["kind"] in ALONG[trip.incident])) and not trip.suspect:
            false[a["kind"]] += 1
    arranged = Counter(t.incident for t in trips.values() if t.incident and t.onset)
    ended = Counter(t.state for t in trips.values())
    quick = [(t.released_at - t.arrived_at) / 60 for t in trips.values() if t.released_at]
    span_10min = DAYS * 24 * 6
    return {
        "journeys": len(trips), "false_per_1000": round(1000 * sum(false.values()) / len(trips), 3), "false": dict(false),
        "arranged": dict(arranged), "found": dict(found), "missed": {k: n - found[k] for k, n in arranged.items() if n > found[k]},
        "delay_minutes": {k: {"median": round(statistics.median(v), 1), "most": round(max(v), 1)} for k, v in delays.items()},
        "alarms": len(alarms), "alarms_per_officer_and_10_min": round(len(seen) / OFFICERS_ON_WATCH / span_10min, 4),
        "ended": dict(ended), "release_minutes": {"median": round(statistics.median(quick), 1), "p99": round(sorted(quick)[int(len(quick) * 0.99) - 1], 1)} if quick else None,
        "procedures": len({p for t in trips.values() for p in t.steps}), "steps": sum(sum(t.steps.values()) for t in trips.values()),
    }


def seconds_of(text):
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) + float("0" + text[19:].rstrip("Z"))


def all_alarms(person):
    items, cursor = [], ""
    while True:
        page = person.ask("GET", f"/alarms?limit=1000{cursor}")
        items += page.get("items", [])
        if not page.get("next"):
            return items
        cursor = "&cursor=" + page["next"]


def main():
    with Folder() as data:
        clock = Clock()
        clock.start()
        server = Server(data, "--clock", f"{rfc(BEGIN_S)},{SPEED:g}", "--quiet", listen="jt701=tcp:0")
        if not check(server.started, "the platform starts", str(server.log[-3:])):
            finish()
        world = World(server, clock)
        print(f"-- the clocks agree to {clock.meet(world.watch[0]):.1f} s of the month")
        rng = random.Random(SEED)
        world.trips = {t.id: t for t in (Trip(i, world, random.Random(rng.random())) for i in range(JOURNEYS))}
        late = clock.now()  # making the country took a while
        for t in world.trips.values():
            t.begin = max(t.begin, late + HOUR)
        events = [(t.begin, id(t), t, "depart") for t in world.trips.values()]
        heapq.heapify(events)
        seen, stop = {}, threading.Event()
        watch = threading.Thread(target=watch_over, args=(world, stop, seen), daemon=True)
        watch.start()
        began = time.monotonic()
        work_off(world, events)
        time.sleep(2)
        stop.set()
        watch.join()
        out = judge(world, all_alarms(world.watch[0]), seen)
        out["seconds"], out["seed"], out["speed"] = round(time.monotonic() - began), SEED, SPEED
        for a in [x for x in all_alarms(world.watch[0]) if os.environ.get("MONTH_SHOW") and world.trips[x["journey"]].expected != x["kind"]][:20]:
            t = world.trips[a["journey"]]
            print("ALARM", a["kind"], a["onset"], a["raised"], t.state, t.incident, "left", rfc(getattr(t, "left", 0)), "arrived", t.arrived_at and rfc(t.arrived_at), "released", t.released_at and rfc(t.released_at), a.get("why"))
        out["wrong"] = len(world.wrong)
        print(json.dumps(out, indent=1))
        if os.environ.get("MONTH_JSON"):
            with open(os.environ["MONTH_JSON"], "w", encoding="utf-8") as f:
                json.dump(out | {"trips": [t.kept_of() for t in world.trips.values()], "raised": all_alarms(world.watch[0])}, f)
        check(not world.wrong, "every procedure was followed to its end", f"{len(world.wrong)} were not")
        server.stop()
    finish()


main()
