#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Three nodes, one platform, as its users meet them: what is done at one is seen at all; seals, orders to them, journeys and
alarms whose parts lie on different nodes; nodes that come, leave, are killed, and are restarted one by one under load."""
import collections
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from nodes import *  # noqa: E402,F403

LOAD_S, LOAD_RATE, LOAD_DEVICES = 18, 100, 50
VISIBLE_MOST_S = 10
LINE = {"type": "LineString", "coordinates": [[120.3, 30.25], [120.5, 30.25], [120.9, 30.25]]}


class World:
    """What the checks share: the nodes by name, an officer at each, a live stream of each."""

    def __init__(self, folder):
        self.folder, self.base, self.numbers = folder, Base(folder), Numbers()
        self.store = self.base.store()
        self.nodes, self.api, self.streams, self.party = {}, {}, {}, None

    def start(self, name):
        self.nodes[name] = Node(self.base, self.store, name)
        check(self.nodes[name].started, f"{name} starts", self.nodes[name].log[-5:])
        if self.api:
            self.api[name] = officer(self.nodes[name], next(iter(self.api.values())))
        else:
            self.api[name] = Api(self.nodes[name]).sign_in(self.nodes[name].password, PASSWORD)

    def restart(self, name, **more):
        self.nodes[name] = self.nodes[name].again(**more)
        self.api[name].server = self.nodes[name]
        return self.nodes[name]

    def number_at(self, name, but=()):
        """A device whose partition this node holds."""
        at = holders(self.api["n1"])
        return self.numbers.of(lambda p: at[p] == name and p not in but)

    def post(self, name, path, body, status=201):
        got, value = self.api[name].call("POST", "/api/v1" + path, body)
        check(got == status, f"POST {path} at {name}", f"{got} {value}")
        return value

    def make_seal(self, name, number):
        return self.post(name, "/seals", {"id": f"jt701:{number:010d}", "class": "active"})["id"]

    def make_journey(self, name, seals, **more):
        t = now_ms()
        body = {"mode": "road", "regime": "import", "vehicle": "KAA 1", "seals": seals, "route": LINE, "corridor_m": 3000, "state": "sealed",
                "destination": {"name": "Far", "lat": 31.5, "lon": 121.9, "radius_m": 500}, "arrive_by": rfc(t + 8 * 3600000), **more}
        return self.post(name, "/journeys", body)["id"]

    def alarms(self, journey, name="n3"):
        status, value = self.api[name].get(f"/api/v1/journeys/{journey}/alarms")
        return value["items"] if status == 200 else []

    def alarm(self, journey, kind, what, seconds=15):
        found = until(lambda: [a for a in self.alarms(journey) if a["kind"] == kind], what, seconds)
        return found[0] if found else None

    def close(self):
        for stream in self.streams.values():
            stream.close()
        for node in self.nodes.values():
            if node.alive():
                node.kill()
        self.base.close()


def nodes_come(w):
    say("nodes come")
    w.start("n1")
    spread(w.api["n1"], [64])
    w.start("n2")
    spread(w.api["n2"], [32, 32])
    w.start("n3")
    spread(w.api["n3"], [20, 22, 22])


def any_node(w):
    say("any node serves")
    for name in w.api:
        status, value = w.api[name].get("/api/v1/session")
        check(status == 200 and value["user"]["name"] == "admin", f"the session of n1 is valid at {name}", value)
    w.party = w.post("n2", "/parties", {"kind": "carrier", "name": "Alder Haulage"})["id"]
    equal(w.api["n3"].get(f"/api/v1/parties/{w.party}")[1].get("name"), "Alder Haulage", "a party made at n2, read at n3")
    made = w.post("n3", "/users", {"name": "alder", "role": "carrier", "party": w.party})
    carrier = Api(w.nodes["n2"])
    status, value = carrier.call("POST", "/api/v1/session", {"name": "alder", "password": made["password"]})
    equal(status, 200, "a user made at n3 signs in at n2")
    carrier.call("POST", "/api/v1/session/password", {"old": made["password"], "new": "alder has a long one"})
    w.carrier = carrier
    w.streams = {name: Stream(api) for name, api in w.api.items()}
    w.streams["carrier"] = Stream(officer(w.nodes["n1"], carrier))


def one_alarm_everywhere(w):
    say("one alarm, seen once at every node; positions at every node")
    seals = [Seal(w.number_at(at), w.nodes[via]) for via, at in (("n1", "n2"), ("n2", "n3"), ("n3", "n1"))]
    for s in seals:
        w.make_seal("n2", int(s.number))
    journeys = [w.make_journey("n2", [s.id], carrier=w.party) for s in seals]
    equal(w.api["n3"].get(f"/api/v1/journeys/{journeys[0]}")[1].get("seals"), [seals[0].id], "a journey made at n2, read at n3")
    for s in seals:
        s.report()
    for name in ("n1", "n2", "n3"):
        def shown(api=w.api[name]):
            live = {s["seal"]: s for s in api.get("/api/v1/live/seals")[1]["seals"]}
            return all(s.id in live and live[s.id]["fix"] and live[s.id]["connected"] and live[s.id]["journey"] == j for s, j in zip(seals, journeys))
        until(shown, f"the live map of {name} has all seals, connected, in their journeys", 10)
    time.sleep(1.1)
    for s in seals:
        s.report(CUT)
    alarms = [w.alarm(j, "cable_cut", "a cut rope raises an alarm") for j in journeys]
    for a in filter(None, alarms):
        for name, stream in w.streams.items():
            until(lambda st=stream, i=a["id"]: st.alarms(id=i), f"the stream of {name} tells of it", 10)
    time.sleep(1)
    for a in filter(None, alarms):
        told = {name: [json.dumps(x, sort_keys=True) for x in w.streams[name].alarms(id=a["id"])] for name in ("n1", "n2", "n3", "carrier")}
        for name, said in told.items():
            equal(len(said), 1, f"times that the stream of {name} told of one alarm")
        check(told["n1"] == told["n2"] == told["n3"], "all nodes tell the same", told)
        check("why" not in told["carrier"][0] if told["carrier"] else False, "the carrier is told less", told["carrier"])
    equal({n: len({x["id"] for x in w.streams[n].alarms()}) for n in ("n1", "n2", "n3")}, {n: 3 for n in ("n1", "n2", "n3")}, "alarms on each stream")
    asked = {n: w.api[n].get("/api/v1/alarm-groups")[1] for n in ("n1", "n2", "n3")}
    equal([(g["cause"], g["root"]["kind"]) for g in asked["n1"]["items"]], [("alone", "cable_cut")] * 3, "three cuts are three questions")
    check(asked["n1"] == asked["n2"] == asked["n3"], "and every node puts them together alike", str(asked)[:400])
    return seals, journeys, [a["id"] for a in alarms if a]


def numbers_of_streams(w):
    say("Last-Event-ID of one node, given to another")
    for of, at in (("n1", "n2"), ("n3", "n1"), ("n2", "n3")):
        last = w.streams[of].last_id()
        other = Stream(w.api[at], last=last)
        until(lambda s=other: s.first, f"the number of {of} at {at} is answered", 5)
        newest = w.streams[at].last_id()
        known = {number for _, number, _ in w.streams[at].events}
        check(other.first == "reset" or str(last) in known, f"the number of {of} at {at}: reset, never a silent gap", f"{other.first} {last} {newest}")
        other.close()
    mine = w.streams["n2"].events
    again = Stream(w.api["n2"], last=mine[0][1])
    until(lambda: len(again.events) >= 3, "its own number goes on", 5)
    equal(again.events[:3], mine[1:4], "behind the event that was told last")
    again.close()


def command(w, name, seal, **more):
    return w.post(name, f"/seals/{seal.id}/commands", {"name": "unlock", "args": {"password": "123456"}, "reason": "inspection", **more})


def state_of(w, given, name="n3"):
    return w.api[name].get(f"/api/v1/commands/{given['id']}")[1].get("state")


def orders(w):
    say("an order given at n3, held by n2, to a device at n1")
    seal = Seal(w.number_at("n2"), w.nodes["n1"])
    w.make_seal("n1", seal.number)
    journey = w.make_journey("n1", [seal.id])
    seal.report()
    until(lambda: w.api["n3"].get(f"/api/v1/seals/{seal.id}/observations")[1]["items"], "its report appears at n3")
    until(lambda: any(s["seal"] == seal.id and s["journey"] == journey for s in w.api["n3"].get("/api/v1/live/seals")[1]["seals"]), "and its journey", 5)
    began = time.monotonic()
    given = command(w, "n3", seal)
    equal(seal.order(), b"(P43,123456)", "the order reaches the device")
    took = time.monotonic() - began
    until(lambda: state_of(w, given) == "sent", "it is known as sent", 10)
    equal(seal.order(0.5), None, "and comes once")
    seal.say("P43,1")
    until(lambda: state_of(w, given) == "accepted", "its verdict comes back", 10)
    seal.report(OPEN)
    seal.report(OPEN)
    until(lambda: len(w.api["n3"].get(f"/api/v1/seals/{seal.id}/observations")[1]["items"]) >= 4, "the opening is stored")
    time.sleep(1)
    equal([(a["kind"], a["state"], a["why"]) for a in w.alarms(journey)], [], "an opening that was ordered is no alarm")
    equal(seal.order(0.2), None, "nothing is ordered again")
    states = [c["state"] for c in w.streams["n1"].of("command") if c["id"] == given["id"]]
    check(states in (["queued", "sent", "accepted"], ["sent", "accepted"]), "the stream of n1 tells each state once, in order", states)
    print(f"   from the order at n3 to the device at n1: {took * 1000:.0f} ms", flush=True)
    away = Seal(w.number_at("n2"), w.nodes["n3"])
    w.make_seal("n2", away.number)
    away.report()
    drop(away.s)
    away.s = None
    late = command(w, "n2", away)
    equal(state_of(w, late), "queued", "an order to a device that is away waits")
    w.base.db.sql(f"UPDATE command SET expires_ms = bulla_now() + 1000 WHERE id = '{late['id']}'", "bulla")  # a day has passed
    return late, away


def several_seals(w):
    say("a journey whose seals lie in partitions of all three nodes")
    parts, seals = set(), []
    for at, via in (("n1", "n3"), ("n2", "n1"), ("n3", "n2")):
        number = w.number_at(at, parts)
        parts.add(partition_of(f"jt701:{number:010d}"))
        seals.append(Seal(number, w.nodes[via]))
        w.make_seal(at, number)
    equal(len(parts), 3, "three partitions")
    t = now_ms()
    journey = w.make_journey("n2", [s.id for s in seals], sealed_at=rfc(t - 600000))
    for i in range(8):
        for k, s in enumerate(seals):
            s.report(CUT if k == 1 and i >= 3 else OPEN if k == 2 and i >= 5 else NORMAL, age_s=120 - 10 * i - k,
                     at=("3120.0000", "12030.0000") if k == 0 and i >= 4 else ("3015.0000", "12030.0000"))
    time.sleep(2.5)

    def stored_ones():
        rows = [o for s in seals for o in w.api["n1"].get(f"/api/v1/seals/{s.id}/observations")[1]["items"]]
        return rows if len(rows) == 24 else None
    rows = until(stored_ones, "all their reports are stored", 10) or []
    rows.sort(key=lambda o: (o["received"], o["time"]))
    plan = w.api["n1"].get(f"/api/v1/journeys/{journey}")[1]
    wanted = replayed(w.folder, plan, rows, now_ms())

    def key(a):
        return (a["kind"], a["seal"], a["grade"], ms_of(a["onset"]) // 1000, sorted(a["evidence"]))
    want = sorted(map(key, wanted), key=str)
    until(lambda: sorted(map(key, w.alarms(journey)), key=str) == want, "the alarms of three nodes are those of bulla replay", 8)
    equal(sorted(map(key, w.alarms(journey)), key=str), want, "alarms of a journey with seals in three partitions")
    kinds = sorted({a["kind"] for a in wanted})
    check({"cable_cut", "illegal_opening"} <= set(kinds), "and they are some", kinds)
    print(f"   {len(rows)} reports of 3 seals: {', '.join(kinds)}", flush=True)


def begin_silence(w):
    """Seals that speak once, and may be silent for one minute. Three, one of each node. What is not marked as kept counts as said when it
    was heard, though its clock tells of 47 s before: so the minute begins here."""
    seals = [Seal(w.number_at(at), w.nodes["n1"]) for at in ("n1", "n2", "n3")]
    for s in seals:
        w.make_seal("n1", s.number)
    journeys = [w.make_journey("n3", [s.id], silence_minutes=1, sealed_at=rfc(now_ms() - 50000)) for s in seals]
    for s in seals:
        s.report(age_s=47)
        drop(s.s)
    return journeys


def silence(w, journeys):
    say("silence is told once, though the node that would tell it is killed in between")
    began = time.monotonic()
    w.nodes["n2"].kill()
    spread(w.api["n1"], {"n1": 32, "n3": 32}, 12)
    print(f"   {time.monotonic() - began:.1f} s from the kill until the others hold everything", flush=True)
    for j in journeys:
        w.alarm(j, "signal_lost", "silence becomes an alarm", 75)
    w.restart("n2")
    spread(w.api["n2"], [20, 22, 22], 12)
    time.sleep(1)
    for j in journeys:
        equal([a["kind"] for a in w.alarms(j)], ["signal_lost"], "each once")
        for name in ("n1", "n3"):
            ids = {a["id"] for a in w.streams[name].alarms(journey=j)}
            check(len(ids) == 1, f"and once on the stream of {name}, or it was told to read anew", f"{ids}, {w.streams[name].resets} resets")


def officers(w, seals, alarms):
    say("officers and workers change the same alarms; files; the audit")
    before = w.api["n1"].get("/api/v1/audit?limit=1")[1]["items"][0]["seq"]
    over = threading.Event()

    def worker():  # the rope is seen cut again and again: the alarm's evidence or its end is written meanwhile
        s = Seal(seals[0].number, w.nodes["n3"])
        while not over.is_set():
            s.report(CUT)
            s.report(NORMAL)
    threads = [threading.Thread(target=worker)]

    def write(name):
        for i in range(15):
            w.post(name, "/stations", {"kind": "stop", "name": f"{name} {i}", "lat": i, "lon": i})
    threads += [threading.Thread(target=write, args=(name,)) for name in w.api]
    for t in threads:
        t.start()
    value = w.post("n2", f"/alarms/{alarms[0]}/acknowledge", {"note": "looking"}, 200)
    equal(value.get("state"), "acknowledged", "acknowledged at n2 while the worker writes")
    w.post("n3", f"/alarms/{alarms[0]}/dispatch", {"patrol": "Patrol 7"}, 200)
    for t in threads[1:]:
        t.join()
    over.set()
    threads[0].join()
    time.sleep(0.5)
    for name in w.api:
        value = w.api[name].get(f"/api/v1/alarms/{alarms[0]}")[1]
        equal((value["state"], value["patrol"]), ("dispatched", "Patrol 7"), f"what officers did stands at {name}")
        until(lambda s=w.streams[name]: s.resets or s.ended or [a["state"] for a in s.alarms(id=alarms[0])][-1:] == ["dispatched"], f"and its stream tells it ({name})", 5)
    status, value = w.api["n1"].call("POST", f"/api/v1/alarms/{alarms[0]}/resolve", {"finding": "true", "note": "x"}, {"If-Match": '"1"'})
    equal(status, 412, "a view that another node has made stale")
    entries = w.api["n3"].get("/api/v1/audit?limit=200")[1]["items"]
    numbers = sorted(e["seq"] for e in entries)
    equal(numbers, list(range(numbers[0], numbers[-1] + 1)), "audit numbers of three nodes have no gap")
    check(numbers[-1] - before >= 47, "and every write has one", numbers[-1] - before)


PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6260f80f00010501020e3dd2ce0000000049454e44ae426082")


def files(w, alarm):
    def raw(name, method, path, body=None):
        api = w.api[name]
        c = http.client.HTTPConnection("127.0.0.1", api.server.http, timeout=WAIT_S)
        c.request(method, path, body, {"Cookie": "bulla_session=" + api.cookie, "X-CSRF-Token": api.csrf, "Content-Type": "image/png"})
        answer = c.getresponse()
        return answer.status, answer.read()
    status, value = raw("n1", "POST", f"/api/v1/alarms/{alarm}/files?name=photo.png", PNG)
    equal(status, 201, "a photo at n1")
    equal(raw("n3", "GET", "/api/v1/files/" + json.loads(value)["id"]), (200, PNG), "is the same at n3")


def trace(w, seal):
    say("the way of one observation")
    row = w.api["n1"].get(f"/api/v1/seals/{seal.id}/observations?limit=1")[1]["items"][0]
    ways = [w.api[name].get(f"/api/v1/observations/{row['id']}/trace") for name in w.api]
    check(all(way == ways[0] for way in ways), "is the same at every node", ways)
    status, way = ways[0]
    parcel = way.get("parcel") or {}
    equal((status, way.get("seal"), parcel.get("taken_by"), parcel.get("partition")), (200, seal.id, "n1", partition_of(seal.id)), "who took it, and where it went")
    check(parcel.get("applied_by") == "n2" and parcel["taken"] <= parcel["published"] <= parcel["applied"], "who applied it, in order of time", parcel)


def metrics(w):
    say("what machines read")
    for name, api in w.api.items():
        until(lambda a=api: a.metrics().get("bulla_outbox_parcels") == 0, f"the outbox of {name} is empty when all is applied", 5)
        m = api.metrics()
        equal((m.get("bulla_bus_up"), m.get("bulla_partitions_held") in (20, 21, 22)), (1, True), f"metrics of {name}")
        check(m.get("bulla_work_undone_total", 9) < 3 and m.get("bulla_notices_refused_total") == 0 and m.get("bulla_parcels_refused_total") == 0, f"nothing odd at {name}",
              {k: v for k, v in m.items() if "undone" in k or "refused" in k})
        equal(api.get("/readyz")[0], 200, f"{name} is ready")


def leave(w):
    say("a node is drained, and stopped")
    equal(w.api["n2"].call("POST", "/api/v1/cluster/nodes/n3/drain", {})[0], 200, "n3 is asked at n2 to leave")
    spread(w.api["n1"], {"n1": 32, "n2": 32}, 10)
    m = until(lambda: (lambda m: m if m.get("bulla_partitions_held") == 0 and m.get("bulla_outbox_parcels") == 0 else None)(w.api["n3"].metrics()), "it holds nothing", 10)
    check(m, "and its outbox is empty")
    s = Seal(w.number_at("n1"), w.nodes["n3"])
    s.report()
    until(lambda: w.api["n1"].get(f"/api/v1/seals/{s.id}/observations")[1].get("items"), "what it still accepts is applied by others", 5)
    stop(w, "n3")
    w.restart("n3")
    spread(w.api["n1"], [20, 22, 22], 12)


def stop(w, name):
    began = time.monotonic()
    equal(w.nodes[name].stop(), 0, f"{name} stops when asked")
    took = time.monotonic() - began
    check(took < 10, f"{name} stops within 10 s", took)
    return took


class Visible(threading.Thread):
    """Notes when each state of each seal is first shown by any node that runs, and by each."""

    def __init__(self, w):
        super().__init__(daemon=True)
        self.w, self.over, self.seen = w, False, collections.defaultdict(dict)
        self.start()

    def run(self):
        since = {}
        while not self.over:
            for name, api in self.w.api.items():
                process = api.server.process.pid
                try:
                    status, value = api.get(f"/api/v1/live/seals?since={since.get((name, process), 0)}")
                except OSError:
                    continue
                if status == 200:
                    since[name, process] = value["change"]
                    for s in value["seals"]:
                        if s["time"]:
                            self.seen[name].setdefault(s["seal"], []).append((ms_of(s["time"]), now_ms()))
            time.sleep(0.1)

    def longest(self, acked, names):
        """The longest time from a report to its being shown by the first of these nodes, in s, and how many never were."""
        worst, never = 0, 0
        shown = {}
        for name in names:
            for seal, rows in self.seen[name].items():
                shown.setdefault(seal, []).extend(rows)
        for seal, at in acked:
            when = [seen for told, seen in shown.get(seal, []) if told >= at]
            never += not when
            worst = max(worst, min(when) - at if when else 0)
        return worst / 1000, never


def rolling(w):
    say("all three are restarted, one by one, under load")
    done = subprocess.run([program(), "load", "--prepare", "--store", w.store, "--devices", str(LOAD_DEVICES), "--quiet"], capture_output=True, text=True, check=False)
    equal(done.returncode, 0, f"seals and journeys for the load {done.stderr}")
    acked = os.path.join(w.folder, "acked")
    open(acked, "w", encoding="ascii").close()
    visible = Visible(w)
    words = ["load", "--to", ",".join(f"127.0.0.1:{n.devices}" for n in w.nodes.values()), "--devices", LOAD_DEVICES, "--rate", LOAD_RATE, "--seconds", LOAD_S,
             "--warm", 0, "--drain", 30, "--patience", 4, "--alarms", 8, "--acked", acked, "--json", "--quiet"]
    load = subprocess.Popen([program(), *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
    time.sleep(1)
    took = []
    for name in ("n1", "n2", "n3"):
        took.append(stop(w, name))
        w.restart(name)
        spread(w.api[name], [20, 22, 22], 12)
    out, err = load.communicate(timeout=WAIT_S)
    check(load.returncode == 0, "everything was acknowledged", f"{err[-300:]} {out[-600:]}")
    with open(acked, encoding="ascii") as f:
        said = collections.Counter((line.split()[0], int(line.split()[1])) for line in f)
    opened = {f"jt701:90{i:08d}" for i in range(8)}

    def kept():
        rows = w.base.db.sql("SELECT convert_from(s.name, 'UTF8'), o.at, count(DISTINCT o.id), count(*) FROM observation o JOIN seal_name s ON s.n = o.seal GROUP BY 1, 2", "bulla")
        got, twice = collections.Counter(), 0
        for seal, at, n, all_ in (line.split("|") for line in rows.splitlines()):
            got[seal, int(at)] = int(n)
            twice += int(all_) - int(n)
        return sum(max(0, n - got[k]) for k, n in said.items()), twice
    until(lambda: kept()[0] == 0, "nothing acknowledged is lost", 15)
    equal(kept(), (0, 0), f"lost, stored twice, of {sum(said.values())}")

    def raised():
        rows = w.base.db.sql("SELECT seal, kind, count(*) FROM alarm WHERE seal LIKE 'jt701:90%' GROUP BY 1, 2", "bulla")
        return [(seal, int(n)) for seal, _, n in (line.split("|") for line in rows.splitlines())]
    until(lambda: {s for s, _ in raised()} >= opened, "every opening is an alarm", 15)
    equal(sorted(raised()), sorted((s, 1) for s in opened), "one alarm each, and no other")
    time.sleep(0.5)
    visible.over = True
    visible.join()
    worst, never = visible.longest(said, ["n1", "n2", "n3"])
    equal(never, 0, "reports that no node ever showed")
    check(worst < VISIBLE_MOST_S, f"every report is seen within {VISIBLE_MOST_S} s", worst)
    each = ", ".join(f"{name} {visible.longest(said, [name])[0]:.1f} s" for name in w.nodes)
    print(f"   {sum(said.values())} reports, 0 lost; stopping took {', '.join(f'{t:.1f}' for t in took)} s; the longest time from a report to the API: "
          f"{worst:.1f} s (of each node, its own restart included: {each})", flush=True)


def main():
    possible()
    with Folder() as folder:
        w = World(folder)
        try:
            nodes_come(w)
            any_node(w)
            seals, journeys, alarms = one_alarm_everywhere(w)
            numbers_of_streams(w)
            silent = begin_silence(w)
            late, away = orders(w)
            for _ in range(3):  # who judges and who stores hear of a journey one before the other, now in this order and now in that
                several_seals(w)
            trace(w, seals[0])
            files(w, alarms[0])
            metrics(w)
            silence(w, silent)
            until(lambda: state_of(w, late) == "expired", "an order that no device took in time has expired at who took over", 5)
            away.connect(w.nodes["n1"])
            away.report()
            equal(away.order(0.5), None, "and is not sent any more")
            officers(w, seals, alarms)
            leave(w)
            rolling(w)
            for name in w.nodes:
                stop(w, name)
        finally:
            w.close()
    finish()


if __name__ == "__main__":
    main()
