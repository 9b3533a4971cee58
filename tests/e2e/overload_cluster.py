#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Ten times what the store can take, through three nodes, from the first second on: alarms and orders stay under a second
(verdicts on orders, which are two ways, under two), plain reports are shed and counted to the last one, what was acknowledged is
stored, memory stays bounded, and it ends with the pressure. [WCO-4.3-C9]
Devices speak to one node, the partition of their seal is another's, and the order is given at a third.

PostgreSQL is made weak: a trigger lets each row take longer. BULLA_OVERLOAD_SECONDS (12), BULLA_OVERLOAD_TIMES (10),
BULLA_OVERLOAD_ROW_MS (4)."""
import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from nodes import *  # noqa: E402,F403
from overload import *  # noqa: E402,F403

SECONDS = int(os.environ.get("BULLA_OVERLOAD_SECONDS", 12))
TIMES = int(os.environ.get("BULLA_OVERLOAD_TIMES", 10))
ROW_MS = float(os.environ.get("BULLA_OVERLOAD_ROW_MS", 4))
NODES = ("n1", "n2", "n3")
RATE = int(TIMES * len(NODES) * 1000 / ROW_MS)
DEVICES, CUTS, ORDERS = 150, 50, 60
MEMORY_KB = 200 * 1024
WEAK = """CREATE FUNCTION weak() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(%f); RETURN NEW; END $$;
CREATE TRIGGER weak BEFORE INSERT ON observation FOR EACH ROW EXECUTE FUNCTION weak()"""
WELL = "CREATE OR REPLACE FUNCTION weak() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$"


def total(apis, *names):
    return sum(m[name] for m in (api.metrics() for api in apis) for name in names)


def settled(apis):
    return total(apis, "bulla_outbox_rows") == 0 and total(apis, "bulla_overload_level") == 0


def check_counts(apis):
    came, kept = total(apis, "bulla_messages_total"), total(apis, "bulla_observations_stored_total", "bulla_observations_duplicate_total")
    shed = total(apis, "bulla_shed_thinned_total", "bulla_shed_full_total", "bulla_shed_quota_total")
    print(f"{came} messages came, {kept} stored, {shed} shed", flush=True)
    check(kept * 10 < came * 8, "it was overload: more came than could be stored", f"{kept} kept")
    check(shed > 0, "plain reports are shed")
    equal(came, kept + shed, "every message is stored or counted as shed")


def check_stored(base, acked):
    rows = base.db.sql("SELECT convert_from(s.name, 'UTF8'), count(*) FROM observation o JOIN seal_name s ON s.n = o.seal GROUP BY 1", "bulla")
    kept = {seal: int(n) for seal, n in (line.split("|") for line in rows.splitlines())}
    lost = sum(max(0, n - kept.get(seal, 0)) for seal, n in acked.items())
    equal(lost, 0, f"acknowledged but not stored, of {sum(acked.values())}")


def overload(base, nodes, apis):
    watch, before = Watch(apis[0]), [n.memory_kib() for n in nodes]
    ports = [n.devices for n in nodes]
    flood = Flood([FIRST + CUTS + ORDERS + i for i in range(DEVICES)], ports, RATE, SECONDS)
    cuts = [Device(FIRST + i, ports[i % 3]) for i in range(CUTS)]
    orders = [Device(FIRST + CUTS + i, ports[(i + 1) % 3]) for i in range(ORDERS)]
    cut_at, given = drive(flood, cuts, orders, apis, SECONDS)
    made, acked = flood.ended()
    acked.update((f"jt701:{d.number}", d.acked) for d in cuts + orders)
    grown = max(n.memory_kib("VmHWM") - kb for n, kb in zip(nodes, before))
    print(f"{made} made in {SECONDS} s ({RATE} a second); memory of a node grew by {grown // 1024} MB at most", flush=True)
    waits = waits_of(watch, cut_at, given)
    print(*waits, f"the first two seconds: alarms within {early(watch, cut_at, 2):.0f} ms", sep="; ", flush=True)
    for w in waits:
        w.check(2000 if w.what == "verdicts shown" else 1000)
    equal([len(d.heard) for d in orders], [1] * ORDERS, "each order comes once")
    check(grown < MEMORY_KB, "memory stays bounded", f"{grown} kB more")
    base.db.sql(WELL, "bulla")  # what came in the first seconds would take it a minute
    until(lambda: settled(apis), "calm again, and nothing waits", 30, 0.5)
    flood.close()
    check_counts(apis)
    check_stored(base, acked)


def main():
    possible()
    with Folder() as folder:
        base = Base(folder)
        try:
            store = base.store()
            subprocess.run([program(), "load", "--prepare", "--store", store, "--devices", str(CUTS + ORDERS + DEVICES), "--password", PASSWORD,
                            "--quiet"], check=True)
            nodes = [Node(base, store, name) for name in NODES]
            apis = [Api(n) for n in nodes]
            status, value = apis[0].call("POST", "/api/v1/session", {"name": "load", "password": PASSWORD})
            check(status == 200, "sign in", f"{status} {value}")
            apis[1:] = [officer(n, apis[0]) for n in nodes[1:]]
            spread(apis[0], [20, 22, 22], 30)
            base.db.sql(WEAK % (ROW_MS / 1000), "bulla")
            overload(base, nodes, apis)
            for n in nodes:
                equal(n.stop(), 0, f"{n.name} stops when asked")
        finally:
            base.close()
    finish()


if __name__ == "__main__":
    main()
