#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Ten times what the store can take, from the first second on: alarms stay under a second from the device to the live stream,
orders under a second from the API to the device, and under two to the verdict that officers see, which is two ways; plain reports
are shed and counted to the last one, what was acknowledged is stored, memory stays bounded, and it ends with the pressure.

The store is made weak: a shim lets each write to it take longer, in PostgreSQL a trigger waits at every tenth row. What it
takes then is measured first, with shedding off. BULLA_OVERLOAD_SECONDS (20), BULLA_OVERLOAD_TIMES (10), BULLA_OVERLOAD_WRITE_US (700).
[WCO-4.3-C9]"""
import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from overload import *  # noqa: E402,F403

SECONDS = int(os.environ.get("BULLA_OVERLOAD_SECONDS", 20))
TIMES = int(os.environ.get("BULLA_OVERLOAD_TIMES", 10))
WRITE_US = int(os.environ.get("BULLA_OVERLOAD_WRITE_US", 700))
DEVICES = 200  # that report plainly, far too often
CUTS, ORDERS = 50, 60
MEASURED_S, MEASURED_RATE = 4, 8000
MOST_RATE = int(os.environ.get("BULLA_OVERLOAD_MOST_RATE", 40000))  # that one process of this test can make
SLOW_ROW = """CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.003); RETURN new; END $$;
CREATE OR REPLACE TRIGGER slow BEFORE INSERT ON observation FOR EACH ROW WHEN (new.n % 10 = 0) EXECUTE FUNCTION slow()"""
MEMORY_KB = 200 * 1024


def serve(folder, name, *more):
    """On a weak store. Its process is the program's own: env becomes it."""
    data = os.path.join(folder, name)
    if on_postgres():
        server = Server(data, "--quiet", *more, listen="jt701=tcp:0")
        pg_store.psql(database_of(data), SLOW_ROW)
    else:
        server = Server(data, "--quiet", *more, listen="jt701=tcp:0", wrap=weak_disk(folder, WRITE_US))
    check(server.started, "it starts", server.log[-5:])
    return data, server


def sustained(folder):
    """Reports a second that the weak store takes, while sockets wait for it."""
    _, server = serve(folder, "measured", "--shed", "off")
    api = Api(server).sign_in(server.password, PASSWORD)
    flood = Flood([4400000001 + i for i in range(DEVICES)], [server.port("jt701")], MEASURED_RATE, MEASURED_S)
    flood.begin()
    time.sleep(1)
    began, before = time.monotonic(), api.metrics()["bulla_observations_stored_total"]
    time.sleep(MEASURED_S - 1)
    rate = (api.metrics()["bulla_observations_stored_total"] - before) / (time.monotonic() - began)
    server.kill()
    flood.process.kill()
    return rate


def prepared(folder):
    data = os.path.join(folder, "data")
    subprocess.run([program(), "load", "--prepare", "--store", store_url(data), "--devices", str(CUTS + ORDERS), "--password", PASSWORD,
                    "--quiet"], check=True)
    data, server = serve(folder, "data")
    api = Api(server)
    status, value = api.call("POST", "/api/v1/session", {"name": "load", "password": PASSWORD})
    check(status == 200, "sign in", f"{status} {value}")
    return data, server, api


def check_counts(m, before, peak):
    shed = sum(m[f"bulla_shed_{why}_total"] for why in ("thinned", "full", "quota"))
    kept = m["bulla_observations_stored_total"] + m["bulla_observations_duplicate_total"]
    print(f"{m['bulla_messages_total']} messages came, {kept} stored, {shed} shed; memory {before // 1024} MB before, {peak // 1024} MB at "
          f"most; level {m['bulla_overload_level']}, {m['bulla_overload_rows']} rows", flush=True)
    check(kept * 10 < m["bulla_messages_total"] * 8, "it was overload: more came than could be stored", f"{kept} kept")
    check(shed > 0, "plain reports are shed")
    equal(m["bulla_messages_total"], kept + shed, "every message is stored or counted as shed")
    check(peak - before < MEMORY_KB, "memory stays bounded", f"{before} kB before, {peak} kB at most")


def main():
    with Folder() as folder:
        takes = sustained(folder)
        rate = min(MOST_RATE, int(takes * TIMES))
        data, server, api = prepared(folder)
        watch, before, port = Watch(api), server.memory_kib(), server.port("jt701")
        flood = Flood([4500000001 + i for i in range(DEVICES)], [port], rate, SECONDS)
        cuts = [Device(FIRST + i, port) for i in range(CUTS)]
        orders = [Device(FIRST + CUTS + i, port) for i in range(ORDERS)]
        cut_at, given = drive(flood, cuts, orders, [api], SECONDS)
        made, acked = flood.ended()
        acked.update((f"jt701:{d.number}", d.acked) for d in cuts + orders)
        print(f"the store takes {takes:.0f} reports a second; {made} made in {SECONDS} s ({rate} a second)", flush=True)
        waits = waits_of(watch, cut_at, given)
        print(*waits, f"the first two seconds: alarms within {early(watch, cut_at, 2):.0f} ms", sep="; ", flush=True)
        check_counts(api.metrics(), before, server.memory_kib("VmHWM"))
        for w in waits:
            w.check(2000 if w.what == "verdicts shown" else 1000)
        equal([len(d.heard) for d in orders], [1] * ORDERS, "each order comes once")
        until(lambda: api.metrics().get("bulla_overload_level") == 0, "calm again", 30)
        flood.close()
        for d in cuts + orders:
            drop(d.s)
        equal(server.stop(), 0, "it stops when asked")
        rows = {}
        for seal, _ in stored(data):
            rows[seal] = rows.get(seal, 0) + 1
        lost = sum(max(0, n - rows.get(seal, 0)) for seal, n in acked.items())
        equal(lost, 0, f"acknowledged but not stored, of {sum(acked.values())}")
    finish()


if __name__ == "__main__":
    main()
