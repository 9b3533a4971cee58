#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Real nodes under a sanitizer, with everything at once: devices, orders, alarms, pages, live streams.

nodes.py PROGRAM BUILD_DIRECTORY SANITIZED KIND [SECONDS]: SANITIZED is the program under test; KIND sqlite or postgres: one node;
cluster: the first of three, the others are PROGRAM. Fails with what the sanitizer wrote."""
import glob
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from nodes import *  # noqa: E402,F403
from overload import FIRST, Device, Order  # noqa: E402

SANITIZED, KIND = os.path.abspath(sys.argv[3]), sys.argv[4]
SECONDS = int(sys.argv[5]) if len(sys.argv) > 5 else 30
DEVICES, RATE, ORDERS, READERS = 200, 300, 30, 3
PAGES = ("/journeys", "/alarms", "/seals", "/live/seals", "/commands", "/cluster", "/statistics", "/audit", f"/seals/jt701:{FIRST}/observations")


def watched(folder):
    """Words before a node's command that run the sanitized program instead, with its reports in files."""
    to = os.path.join(folder, "report")
    said = f"TSAN_OPTIONS=log_path={to}:second_deadlock_stack=1 ASAN_OPTIONS=log_path={to} UBSAN_OPTIONS=log_path={to}:print_stacktrace=1"
    return ("/bin/sh", "-c", f'shift; exec env {said} setarch -R "{SANITIZED}" "$@"', "sh")


def reports(folder):
    found = []
    for path in glob.glob(os.path.join(folder, "report.*")):
        with open(path, encoding="utf-8", errors="replace") as f:
            found.append(f.read())
    return found


def start(base, folder, store):
    """The nodes, the watched one first."""
    if KIND == "cluster":
        return [Node(base, store, "n1", wrap=watched(folder)), Node(base, store, "n2"), Node(base, store, "n3")]
    data = os.path.join(folder, "data")
    node = Server(data, "--store", store, listen="jt701=tcp:0", wrap=watched(folder))
    node.devices = node.port("jt701")
    return [node]


def read_pages(api, until_s):
    while time.monotonic() < until_s:
        for page in PAGES:
            status, value = api.get("/api/v1" + page)
            check(status in (200, 404), f"GET {page}", f"{status} {value}")
        api.metrics()


def traffic(nodes, apis):
    words = ["load", "--to", ",".join(f"127.0.0.1:{n.devices}" for n in nodes), "--devices", DEVICES, "--rate", RATE, "--seconds", SECONDS, "--warm", 0,
             "--drain", 60, "--retry", 5, "--alarms", 20, "--json", "--quiet"]
    load = subprocess.Popen([program(), *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
    devices = [Device(FIRST + DEVICES + i, nodes[i % len(nodes)].devices) for i in range(ORDERS)]
    for d in devices:
        d.report(now_ms() - 5000)
        d.write()
    end, given = time.monotonic() + SECONDS, []
    streams = [Stream(api) for api in apis]
    readers = [threading.Thread(target=read_pages, args=(apis[i % len(apis)], end), daemon=True) for i in range(READERS)]
    for r in readers:
        r.start()
    while time.monotonic() < end:
        if len(given) < ORDERS and time.monotonic() > end - SECONDS + 3 + len(given) * (SECONDS - 6) / ORDERS:
            given.append(Order(apis[len(given) % len(apis)], devices[len(given)]))
        for d in devices:
            d.read()
            d.write()
        time.sleep(0.02)
    for r in readers:
        r.join(WAIT_S)
    out, err = load.communicate(timeout=WAIT_S * 3)
    check(load.returncode == 0, "everything was acknowledged", f"{err[-300:]} {out[-600:]}")
    check(sum(len(d.heard) for d in devices) > ORDERS * 2 // 3, "orders reach their devices", [len(d.heard) for d in devices])
    check(streams[0].of("alarm") and streams[0].of("command"), "alarms and orders are on the live stream")
    for s in streams:
        s.close()


def main():
    possible()
    with Folder() as folder:
        base = Base(folder, 3 if KIND == "cluster" else 0) if KIND != "sqlite" else None
        store = base.store() if base else "sqlite:" + os.path.join(folder, "data")
        subprocess.run([program(), "load", "--prepare", "--store", store, "--devices", str(DEVICES + ORDERS), "--password", PASSWORD, "--quiet"], check=True)
        nodes = start(base, folder, store)
        try:
            equal(os.readlink(f"/proc/{nodes[0].process.pid}/exe"), SANITIZED, "the watched program")
            apis = [Api(n) for n in nodes]
            for api in apis:
                status, value = api.call("POST", "/api/v1/session", {"name": "load", "password": PASSWORD})
                check(status == 200, "sign in", f"{status} {value}")
            if KIND == "cluster":
                spread(apis[1], [20, 22, 22], 60)
            traffic(nodes, apis)
            for n in reversed(nodes):
                equal(n.stop(), 0, "it stops when asked")
            m = reports(folder)
            print(f"{KIND}: {len(m)} files of reports", flush=True)
            check(not m, "the sanitizer has nothing to say", "\n".join(m)[:20000])
        finally:
            for n in nodes:
                n.kill() if n.alive() else None
            if base:
                base.close()
    finish()


if __name__ == "__main__":
    main()
