#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Real faults on real processes under load: `bulla load` drives devices and opens some seals, something breaks and is mended,
and afterwards every report that a device had acknowledged is in the store exactly once, and every opening is one alarm and
nothing else is. Three sizes: one node on SQLite, one on PostgreSQL (fsync on), three over three NATS servers.

BULLA_FAULTS: sizes, comma between (default: the largest that is installed). BULLA_FAULT_ROUNDS: how many (default: the
quick ones once). BULLA_FAULT_ONLY: names of faults. BULLA_FAULT_SEED. BULLA_FAULT_RATE, BULLA_FAULT_DEVICES: the load.
BULLA_KEEP: keep the directory when something failed. [WCO-13.5-R3] [GBT-7.1.6]"""
import collections
import os
import random
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import e2e  # noqa: E402
from cluster import *  # noqa: E402,F403

ROUNDS = int(os.environ.get("BULLA_FAULT_ROUNDS", 0))
SEED = int(os.environ.get("BULLA_FAULT_SEED", random.SystemRandom().randrange(1 << 32)))
DEVICES = int(os.environ.get("BULLA_FAULT_DEVICES", 60))
RATE = float(os.environ.get("BULLA_FAULT_RATE", 60))
ONLY = set(filter(None, os.environ.get("BULLA_FAULT_ONLY", "").split(",")))
OPENINGS, LEAD_S, TAIL_S, PATIENCE_S, DRAIN_S = 4, 1.0, 2.0, 3, 90
WITHDRAWN = 4          # the stored number of an alarm's state
CLOCK_TOLERATED_S = 60 # a node whose clock is wrong by more cannot tell whose clock it is: its devices' clock errors are no fault


# --- faults: each breaks something and returns whom, and how it is mended ---


def some_node(c, chance):
    return chance.choice(c.nodes)


def kill_node(c, chance):
    node = some_node(c, chance)
    node.kill()
    return node.name, node.start


def pause_node(c, chance):
    """It goes on believing that it owns what others have taken over meanwhile."""
    node = some_node(c, chance)
    node.signal(signal.SIGSTOP)
    return node.name, lambda: node.signal(signal.SIGCONT)


def kill_broker(c, chance):
    broker = chance.choice(c.brokers.each)
    broker.kill()
    return broker.name, broker.start


def kill_leader(c, _):
    broker = c.brokers.leader()
    broker.kill()
    return broker.name, broker.start


def kill_brokers(c, _):
    for broker in c.brokers.each:
        broker.kill()
    return "all", lambda: [broker.start() for broker in c.brokers.each]


def kill_db(c, _):
    c.db.kill()
    return "db", c.restart_db


def cut_network(c, _):
    c.space.cut()
    return "n3", c.space.heal


def cut_inside(c, _):
    """Devices reach the node, the node reaches neither the store nor the brokers: its outbox takes all."""
    c.space.cut([c.db.port, *c.brokers.ports])
    return "n3", c.space.heal


def fill_disk(c, _):
    c.disk.fill()
    return "n1", c.disk.clear


def fill_db_disk(c, _):
    c.pg_disk.fill()

    def mend():
        c.pg_disk.clear()
        if c.db.process.poll() is not None:  # it gave up
            c.restart_db()
    return "db", mend


def slow_disk(c, chance):
    path, name = chance.choice([(c.slow, "n1"), (c.pg_slow, "db")]) if c.kind != "sqlite" else (c.slow, "n1")
    c.say(path, chance.choice([20, 100, 300]))
    return name, lambda: c.say(path, 0)


def step_clock(c, chance):
    by_s = chance.choice([-1, 1]) * chance.choice([2, 30, 600])
    c.say(c.step, by_s * 1000)
    c.clock_doubted |= abs(by_s) > CLOCK_TOLERATED_S
    return f"{by_s:+}s", lambda: c.say(c.step, 0)


def starve(c, chance):
    """No more memory: what it does then is its own choice, also to die; what it acknowledged is kept."""
    node = c.nodes[1] if len(c.nodes) > 1 else c.nodes[0]
    node.starve(chance.choice([0, 1 << 20, 8 << 20]))

    def mend():
        node.feed()
        if not node.alive():
            node.start()
    return node.name, mend


ALL, PG, CLUSTER = ("sqlite", "postgres", "cluster"), ("postgres", "cluster"), ("cluster",)
Fault = collections.namedtuple("Fault", "name sizes hold_s quick needs act")
FAULTS = [
    Fault("kill node", ALL, (0.5, 3), True, None, kill_node),
    Fault("pause node", ALL, (4.5, 6), True, None, pause_node),
    Fault("kill broker", CLUSTER, (1, 4), False, None, kill_broker),
    Fault("kill leader", CLUSTER, (1, 4), True, None, kill_leader),
    Fault("kill all brokers", CLUSTER, (1, 3), False, None, kill_brokers),
    Fault("kill db", PG, (0.5, 3), True, None, kill_db),
    Fault("cut network", CLUSTER, (4, 8), False, lambda c: c.space.made, cut_network),
    Fault("cut inside", CLUSTER, (4, 8), False, lambda c: c.space.made, cut_inside),
    Fault("disk full", ("sqlite", "cluster"), (3, 5), False, lambda c: c.disk.made, fill_disk),
    Fault("db disk full", PG, (3, 5), False, lambda c: c.pg_disk and c.pg_disk.made, fill_db_disk),
    Fault("slow disk", ALL, (3, 5), False, lambda c: c.preload, slow_disk),
    Fault("clock step", ALL, (3, 5), False, lambda c: c.preload, step_clock),
    Fault("out of memory", ALL, (3, 5), False, None, starve),
]


# --- what the store has ---


class SqliteReader:
    def __init__(self, c):
        self.data = c.store[len("sqlite:"):]

    def observations(self, _):
        rows = collections.Counter()
        for row in stored_in_segments(self.data):
            rows[row] += 1
        return rows, 0

    def alarms(self):
        db = sqlite3.connect(os.path.join(self.data, "bulla.db"))
        rows = db.execute("SELECT seal, kind, state FROM alarm").fetchall()
        db.close()
        return rows

    def places(self):
        return {}


class DbReader:
    def __init__(self, c):
        self.db = c.db

    def rows(self, text):
        return [line.split("|") for line in self.db.sql(text, "bulla").splitlines()]

    def observations(self, since_ms):
        both = (f"(SELECT seal, at, id FROM observation WHERE at >= {since_ms} UNION ALL "
                f"SELECT seal, at, id FROM observation_stray WHERE at >= {since_ms}) o")
        rows = self.rows(f"SELECT convert_from(s.name, 'UTF8'), o.at, count(*), count(DISTINCT o.id) FROM {both} JOIN seal_name s ON s.n = o.seal GROUP BY 1, 2")
        found = collections.Counter({(seal, int(at)): int(ids) for seal, at, _, ids in rows})
        return found, sum(int(n) - int(ids) for _, _, n, ids in rows)

    def alarms(self):
        return [(seal, int(kind), int(state)) for seal, kind, state in self.rows("SELECT seal, kind, state FROM alarm")]

    def places(self):
        try:
            return {int(p): int(place) for p, place in self.rows("SELECT partition, place FROM partition_place")}
        except subprocess.CalledProcessError:
            return {}


def numbers_of(name, word):
    """The stored number of an enum's text, out of the table that makes both."""
    with open(os.path.join(ROOT, "platform/model/alarm.h"), encoding="ascii") as f:
        return int(re.search(rf'\({name}, (\d+), "{word}"', f.read()).group(1))


KIND_CUT, KIND_CLOCK = numbers_of("CABLE_CUT", "cable_cut"), numbers_of("CLOCK_ERROR", "clock_error")


# --- one round ---


class Watch:
    """Follows the acknowledgements, and how far each partition has come, from another thread."""

    def __init__(self, acked, reader):
        self.acked, self.reader, self.over = acked, reader, False
        self.broke = self.first_ack = self.all_back = None
        self.before, self.moving = {}, set()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def mark(self):
        self.before, self.broke = self.reader.places(), time.time()

    def _ack(self, f):
        for line in f:
            if self.broke and not self.first_ack and line.endswith("\n") and int(line.split()[1]) >= self.broke * 1000:
                self.first_ack = time.time() - self.broke

    def _places(self, last):
        now = self.reader.places() if not self.all_back else {}
        if not self.broke:
            self.moving |= {p for p in now if last and now[p] > last.get(p, 0)}
        elif now and not self.all_back and all(now.get(p, 0) > self.before.get(p, 0) for p in self.moving):
            self.all_back = time.time() - self.broke
        return now

    def _run(self):
        last = {}
        with open(self.acked, encoding="ascii") as f:
            while not self.over:
                self._ack(f)
                last = self._places(last)
                time.sleep(0.1)
            self._ack(f)
            self._places(last)

    def end(self):
        self.over = True
        self.thread.join()


def start_load(c, acked, first, seconds, seed):
    words = [program(), "load", "--to", c.to(), "--devices", DEVICES, "--first", first, "--rate", RATE, "--seconds", f"{seconds:.1f}", "--warm", 0,
             "--drain", DRAIN_S, "--retry", PATIENCE_S, "--patience", PATIENCE_S, "--alarms", OPENINGS, "--acked", acked, "--seed", seed, "--json", "--quiet"]
    return subprocess.Popen([str(w) for w in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=die_with_parent)


def missing(said, reader, since_ms):
    found, twice = reader.observations(since_ms)
    return sum(max(0, n - found[key]) for key, n in said.items()), twice


def read_acked(acked):
    said = collections.Counter()
    with open(acked, encoding="ascii") as f:
        for line in f:
            seal, at, *_ = line.split()
            said[seal, int(at)] += 1
    return said


def settle(condition, seconds=WAIT_S):
    """Asks until it is so or time is over; the last answer."""
    end = time.monotonic() + seconds
    while True:
        try:
            got = condition()
        except (subprocess.CalledProcessError, sqlite3.OperationalError):
            got = None
        if got or time.monotonic() > end:
            return got
        time.sleep(0.2)


def alarms_wrong(c, reader, totals):
    """(openings without an alarm, alarms that nobody asked for or twice), without what was told before."""
    got = collections.Counter((seal, kind) for seal, kind, state in reader.alarms() if seal in totals["every"] and state != WITHDRAWN)
    wanted = {(seal, KIND_CUT) for seal in totals["opened"]}
    odd = {(key, n) for key, n in got.items() if n > 1 or (key not in wanted and not (key[1] == KIND_CLOCK and c.clock_doubted))}
    return wanted - set(got) - totals["told"], odd - totals["told"]


def one_round(c, reader, n, fault, chance, totals):
    acked, first, hold = os.path.join(c.folder, f"acked-{n}"), n * OPENINGS, chance.uniform(*fault.hold_s)
    open(acked, "w", encoding="ascii").close()
    since_ms = int(time.time() - 2) * 1000
    opened = {f"jt701:90{first + i:08d}" for i in range(OPENINGS)}
    totals["opened"] |= opened
    totals["every"] |= {f"jt701:90{first + i:08d}" for i in range(DEVICES)}
    what = f"round {n}, {fault.name}"
    load, watch = start_load(c, acked, first, LEAD_S + hold + TAIL_S, n + 1), Watch(acked, reader)
    until(lambda: os.path.getsize(acked), f"{what}: the load begins")
    time.sleep(LEAD_S)
    watch.mark()
    target, mend = fault.act(c, chance)
    time.sleep(hold)
    mend()
    out, err = load.communicate(timeout=DRAIN_S + 120)
    ended = time.time()
    check(load.returncode == 0, f"{what} ({target}): everything is acknowledged in the end", f"exit {load.returncode} {err[-300:]} {out[-600:]}")
    value = json.loads(out) if out.strip() else collections.defaultdict(int, ack_ms={"max": 0})
    said = read_acked(acked)
    lost = settle(lambda: (lambda m: m if m[0] == 0 else None)(missing(said, reader, since_ms))) or missing(said, reader, since_ms)
    applied = time.time() - ended
    watch.end()
    equal(lost[0], 0, f"{what} ({target}): acknowledged and not in the store {WAIT_S} s after, of {sum(said.values())}")
    equal(lost[1], 0, f"{what} ({target}): stored twice")
    settle(lambda: not any(alarms_wrong(c, reader, totals)))
    missed, odd = alarms_wrong(c, reader, totals)
    totals["told"] |= missed | odd
    check(not missed, f"{what} ({target}): openings without an alarm", sorted(missed))
    check(not odd, f"{what} ({target}): alarms that nobody asked for, or twice", sorted(odd)[:10])
    # For a second at least: brokers may choose once more right after.
    again = settle(lambda: all(node.ready() for node in c.nodes) and (time.sleep(1) or all(node.ready() for node in c.nodes)))
    check(again, f"{what} ({target}): all nodes are ready again", [node.name for node in c.nodes if not node.ready()])
    totals["said"] += said
    totals["back"] += [watch.all_back] if watch.all_back else []
    totals["waits"].append(value["ack_ms"]["max"] / 1000)

    def seconds(x):
        return "     -" if x is None else f"{x:6.1f}"
    print(f"{n:4} {fault.name:17} {target:4} {hold:5.1f} {sum(said.values()):8} {value['again']:6} {seconds(value['ack_ms']['max'] / 1000)} "
          f"{seconds(watch.first_ack)} {seconds(watch.all_back)} {seconds(applied)} {lost[0]:5} {len(missed):6} {len(odd):5}", flush=True)


def rounds_of(c, chance):
    can = [f for f in FAULTS if c.kind in f.sizes and (not f.needs or f.needs(c)) and (not ONLY or f.name in ONLY)]
    left_out = [f.name for f in FAULTS if c.kind in f.sizes and f not in can]
    if left_out and not ONLY:
        print(f"not possible here: {', '.join(left_out)}")
    if not ROUNDS:
        return [f for f in can if f.quick or ONLY]
    plan = []
    while len(plan) < ROUNDS:
        plan += chance.sample(can, len(can))
    return plan[:ROUNDS]


def run_size(kind):
    chance = random.Random(f"{SEED} {kind}")
    say(f"{kind}: {DEVICES} devices, {RATE:g} reports a second")
    with Folder() as folder:
        c = Cluster(folder, kind, pg_disk=bool(ROUNDS or ONLY))
        try:
            plan = rounds_of(c, chance)
            prepared = run(program(), "load", "--prepare", "--store", c.store, "--devices", DEVICES + OPENINGS * len(plan), "--quiet")
            check(prepared.returncode == 0, "seals and journeys", prepared.stderr)
            if not c.start_nodes():
                return
            reader = SqliteReader(c) if kind == "sqlite" else DbReader(c)
            equal(missing({("jt701:9000000000", 1000): 1}, reader, 0)[0], 1, "what is not in the store is missed")
            totals = {"opened": set(), "every": set(), "told": set(), "said": collections.Counter(), "waits": [], "back": []}
            began_ms = int(time.time() - 2) * 1000
            print("   n fault             whom  held    acked  again  wait s  ack s  all s  late s  lost missed   odd", flush=True)
            for n, fault in enumerate(plan):
                before = e2e.failed
                one_round(c, reader, n, fault, chance, totals)
                if e2e.failed > before:
                    for p in c.nodes:
                        print(f"   {p.name}: {'alive' if p.alive() else 'dead'}", *p.tail(6), sep="\n      ")
            n_acked = sum(totals["said"].values())
            lost = settle(lambda: (lambda m: m if m == (0, 0) else None)(missing(totals["said"], reader, began_ms))) or missing(totals["said"], reader, began_ms)
            equal(lost, (0, 0), f"all rounds: acknowledged and not in the store in the end, stored twice, of {n_acked}")
            print(f"{kind}: {len(plan)} rounds, {n_acked} acknowledged, {lost[0]} of them lost, {len(totals['opened'])} openings; "
                  f"the longest wait for an acknowledgement: median {sorted(totals['waits'])[len(plan) // 2]:.1f} s, most {max(totals['waits']):.1f} s")
            if totals["back"]:
                print(f"until every partition had gone on: median {sorted(totals['back'])[len(totals['back']) // 2]:.1f} s, most {max(totals['back']):.1f} s")
            for node in c.nodes:
                equal(node.stop(), 0, f"{node.name} stops when asked")
        finally:
            c.close()


def sizes():
    if "BULLA_FAULTS" in os.environ:
        return os.environ["BULLA_FAULTS"].split(",")
    if not pg_server.programs():
        return ["sqlite"]
    return ["cluster"] if find("nats-server") else ["postgres"]


def main():
    print(f"seed {SEED}", flush=True)
    for kind in sizes():
        run_size(kind)
    finish()


if __name__ == "__main__":
    main()
