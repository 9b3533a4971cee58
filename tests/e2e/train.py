#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Training on a recorded day: officers see it as it was and act on it, while the real platform goes on and nothing of it changes.
On PostgreSQL the real store is one that was moved there."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from people import *  # noqa: E402,F403

DAY, BEGAN, SPEED = "2026-03-01", time.time(), 60
START = 1772352000000  # 08:00 of that day, ms
LAT, LON, KM = 30.25, 120.5, 1 / 96.2
SEALED, CUT = 0x20E0, 0x20E8
EARLY, LATE, OTHER = 7570124501, 7570124502, 7570124503


def at(minute):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START // 1000 + int(minute * 60)))


def minute_now():
    return (time.time() - BEGAN) * SPEED / 60


def send(server, device, serial, minute, km, status=SEALED):
    s = connect(server.port("jt701"))
    lon = LON + km * KM
    s.sendall(jt701_frame(device, START + int(minute * 60000), serial, lon=f"{int(lon):03d}{(lon - int(lon)) * 60:07.4f}", status=status))
    read_until(s, lambda got: b"(P69" in got)
    drop(s)


def enter(admin, number, **more):
    ends = [{"name": n, "lat": LAT, "lon": LON + km * KM, "radius_m": 500} for n, km in (("Yard", 0), ("Port", 60))]
    body = {"seals": [f"jt701:{number}"], "vehicle": f"V {number}", "silence_minutes": -1, "origin": ends[0], "destination": ends[1],
            "route": {"type": "LineString", "coordinates": [[LON, LAT], [LON + 60 * KM, LAT]]}, **more}
    return admin.ask("POST", "/journeys", body, 201)["id"]


class Training(Server):
    """`bulla train`, as Server reads `bulla serve`."""

    def __init__(self, url, *more):
        self.out, self.ports, self.http, self.password = [], {}, None, None
        self.log, self.log_lock = [], threading.Lock()
        self._spawn([program(), "train", "--store", url, "--http", "127.0.0.1:0", "--password", "a word for training", *more], "Sign in as")
        self.started = self.http is not None and self.out[-1].startswith("Sign in as")
        if not self.started:
            self.process.wait(WAIT_S)
            self.reader.join(WAIT_S)


def record(server, admin):
    """The day: one journey from before, whose rope is cut; one that is sealed and released in the course of it."""
    for number in (EARLY, LATE, OTHER):
        seal(admin, f"jt701:{number}")
    early = enter(admin, EARLY, state="sealed", sealed_at=at(-120))
    for i in range(6):
        send(server, EARLY, i, -110 + i, i)
    until(lambda: minute_now() > 2, "two minutes later")
    late = enter(admin, LATE, state="draft")
    admin.ask("POST", f"/journeys/{late}/state", {"state": "sealed"})
    send(server, LATE, 1, minute_now(), 0)
    send(server, EARLY, 20, minute_now(), 20)
    until(lambda: minute_now() > 5, "three minutes later")
    send(server, EARLY, 21, minute_now(), 22, CUT)
    cut = until(lambda: [a for a in admin.ask("GET", "/alarms?kind=cable_cut")["items"]], "the cut is an alarm")[0]
    admin.ask("POST", f"/alarms/{cut['id']}/acknowledge", {})
    admin.ask("POST", f"/alarms/{cut['id']}/resolve", {"finding": "true", "note": "it was cut"})
    until(lambda: minute_now() > 8, "three minutes later")
    send(server, LATE, 2, minute_now(), 30)
    until(lambda: admin.ask("GET", f"/journeys/{late}")["state"] == "under-way", "it is under way")
    until(lambda: minute_now() > 10, "two minutes later")
    for state in ("arrived", "released"):
        admin.ask("POST", f"/journeys/{late}/state", {"state": state})
    return early, late, cut


def real(admin):
    """All that a training could have touched."""
    names = ("/journeys", "/alarms", "/seals", "/audit", "/users", "/policies", "/stations")
    return {n: admin.ask("GET", n + "?limit=1000")["items"] for n in names}


def observations(person, number):
    return person.ask("GET", f"/seals/jt701:{number}/observations?from=2026-02-28T00:00:00Z&until=2026-03-02T00:00:00Z")["items"]


def trained(url, admin, early, late, cut):
    say("the day again")
    then = [[o["id"] for o in observations(admin, n)] for n in (EARLY, LATE)]
    t = Training(url, "--day", DAY, "--begin", "08:01", "--speed", "120")
    if not check(t.started, "a training starts beside the real platform", str(t.log[-4:])):
        return
    check(any("2 journeys" in line for line in t.out), "it says what the day has", str(t.out))
    watch = Person(t, "watch")
    session = watch.ask("POST", "/session", {"name": "watch", "password": "a word for training"})
    check(session["clock"]["training"] and session["clock"]["speed"] == 120 and session["clock"]["now"].startswith(DAY), "on its own clock", str(session["clock"]))
    c = http.client.HTTPConnection("127.0.0.1", t.http, timeout=WAIT_S)
    c.request("GET", "/healthz")
    equal(c.getresponse().headers.get("Bulla-Training"), "120", "and every answer says so")
    c.close()
    equal({j["id"] for j in watch.ask("GET", "/journeys")["items"]}, {early, late}, "the journeys of the day and no other")
    until(lambda: watch.ask("GET", f"/journeys/{early}")["state"] == "under-way", "the one from before is under way")
    until(lambda: watch.ask("GET", f"/journeys/{late}")["state"] in ("sealed", "under-way"), "the other is sealed when it was")
    again = until(lambda: [a for a in watch.ask("GET", "/alarms?kind=cable_cut")["items"]], "the cut is found again")[0]
    equal((again["id"], again["onset"], again["state"], again["note"]), (cut["id"], cut["onset"], "raised", ""), "the same alarm, and nobody has taken it")
    watch.ask("POST", f"/alarms/{again['id']}/acknowledge", {"note": "in training"})
    until(lambda: watch.ask("GET", f"/journeys/{late}")["state"] == "released", "released when it was")
    equal([[o["id"] for o in observations(watch, n)] for n in (EARLY, LATE)], then, "every message, through the same pipeline, is the same observation")
    equal(watch.ask("GET", f"/alarms/{cut['id']}")["observations"][0]["raw"]["hex"], admin.ask("GET", f"/alarms/{cut['id']}")["observations"][0]["raw"]["hex"], "with its bytes")
    equal(watch.ask("GET", f"/alarms/{again['id']}")["state"], "acknowledged", "what those who are trained did stands")
    users = {u["name"]: u for u in t_admin(t).ask("GET", "/users")["items"]}
    check(users["then-admin"]["disabled"], "people of then have their names and sign in no more", str(sorted(users)))
    equal(Person(t).call("POST", "/api/v1/session", {"name": "then-admin", "password": PASSWORD})[0], 401, "not with the real password either")
    equal(t.stop(), 0, "it ends in order")


def t_admin(t):
    person = Person(t)
    person.ask("POST", "/session", {"name": "admin", "password": "a word for training"})
    return person


def refused(url):
    say("what is refused")
    for code, words in ((2, ("--day", "2999-01-01")), (2, ("--day", "yesterday")), (2, ()), (2, ("--day", DAY, "--begin", "8h")), (2, ("--day", DAY, "--speed", "0")),
                        (1, ("--day", "2025-01-01")), (2, ("--day", DAY, "--data", "/usr"))):
        t = Training(url, *words)
        equal((t.started, t.process.returncode), (False, code), f"train {' '.join(words)}")
        check(t.log and "expected" in t.log[-1], "says what was expected", str(t.log))
    t = Training("sqlite:/nonexistent", "--day", DAY)
    equal(t.process.returncode, 3, "a store that is not there")


def main():
    with Folder() as data:
        os.environ.pop("BULLA_KEEP", None)
        server = Server(data, "--clock", f"{at(0)},{SPEED}", "--store", "sqlite:" + data)
        if not check(server.started, "the platform starts", str(server.log[-3:])):
            finish()
        admin = first(server)
        early, late, cut = record(server, admin)
        url, now = "sqlite:" + data, admin.ask("GET", "/session")["clock"]["now"]
        equal(server.stop(), 0, "stopped")
        if on_postgres():
            url = database_of(data)
            equal(subprocess.run([program(), "migrate", "--from", "sqlite:" + data, "--to", url], capture_output=True).returncode, 0, "moved to PostgreSQL")
            server = Server(data, "--store", url)
        else:
            server = Server(data, "--clock", f"{now},1", "--store", url)  # nothing happens by itself while it is compared
        admin = Person(server)
        admin.ask("POST", "/session", {"name": "admin", "password": PASSWORD})
        before = real(admin)
        trained(url, admin, early, late, cut)
        refused(url)
        after = real(admin)
        for name in before:
            check(before[name] == after[name] or name == "/audit", f"{name} of the real store is what it was", "")
        equal([a["action"] for a in after["/audit"]], [a["action"] for a in before["/audit"]], "nothing in its audit")
        equal(server.stop(), 0, "stopped in order")
    finish()


main()
