#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a report costs each part of a platform of several nodes: bench/cluster.py PROGRAM BUILD_DIRECTORY [SIZE ...]

A size is NODES:BROKERS:RATE: 1:0:20000 is one process over PostgreSQL, 3:3:8000 three nodes over three brokers. PostgreSQL with
fsync, nodes, brokers and load on this machine; every seal in a journey of its own with a corridor of 200 points; an opening every
half second, whose alarm is awaited on the live stream of the first node. Processor time of each part is read from /proc before and
after. BENCH_SECONDS (15), BENCH_DEVICES (2000)."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "support"))
from nodes import *  # noqa: E402,F403

SECONDS = int(os.environ.get("BENCH_SECONDS", 15))
DEVICES = int(os.environ.get("BENCH_DEVICES", 2000))
WORD = "a word for the bench 1"
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def tree(pid):
    """A process and all its children."""
    found = [pid]
    done = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], check=False, stdout=subprocess.PIPE, text=True)
    for child in done.stdout.split():
        found += tree(int(child))
    return found


def processor_s(pids):
    total = 0.0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
                total += sum(map(int, f.read().rpartition(")")[2].split()[11:15])) * TICK_S
        except FileNotFoundError:
            pass
    return total


def measure(n_nodes, n_brokers, rate):
    with Folder() as folder:
        base = Base(folder, n_brokers, fsync=True)
        store = base.store()
        subprocess.run([program(), "load", "--prepare", "--store", store, "--devices", str(DEVICES), "--password", WORD, "--quiet"], check=True)
        nodes = []
        for i in range(n_nodes):
            if n_brokers:
                nodes.append(Node(base, store, f"n{i + 1}"))
            else:
                nodes.append(Server(os.path.join(folder, f"n{i + 1}"), "--store", store, listen="jt701=tcp:0"))
        if n_brokers:
            api = Api(nodes[0])
            api.call("POST", "/api/v1/session", {"name": "load", "password": WORD})
            until(lambda: sum(held(api).values()) == PARTITIONS and "" not in held(api), "all partitions are held", 60)
        time.sleep(3)
        parts = {"nodes": [n.process.pid for n in nodes], "PostgreSQL": tree(base.db.process.pid),
                 "NATS": [p.process.pid for p in base.brokers.each] if base.brokers else []}
        to = ",".join(f"127.0.0.1:{n.ports['jt701', 'tcp']}" for n in nodes)
        before = {name: processor_s(pids) for name, pids in parts.items()}
        done = subprocess.run([program(), "load", "--quiet", "--json", "--to", to, "--devices", str(DEVICES), "--rate", str(rate), "--seconds", str(SECONDS), "--alarms",
                               str(SECONDS * 2), "--http", f"http://127.0.0.1:{nodes[0].http}", "--password", WORD], capture_output=True, text=True, check=False)
        try:
            got = json.loads(done.stdout)
        except ValueError:
            check(False, "bulla load", done.stderr[-500:])
            return
        parts["PostgreSQL"] = tree(base.db.process.pid)  # the same backends; those that came with the load as well
        spent = {name: processor_s(pids) - before[name] for name, pids in parts.items()}
        each = ", ".join(f"{1e6 * s / max(1, got['acknowledged']):.0f}" if parts[name] else "-" for name, s in spent.items())
        ack, alarm = got["ack_ms"], got["alarms"].get("ms", {}) or got["alarms"]
        print(f"{n_nodes} nodes, {n_brokers} brokers, {rate} a second: {got['acknowledged']} acknowledged ({got['acknowledged_per_s']:.0f} a second), "
              f"{got['unacknowledged']} not; acknowledged p50/p99 {ack['p50']:.0f}/{ack['p99']:.0f} ms; alarms {alarm}; "
              f"microseconds a report: {', '.join(parts)} {each}", flush=True)
        for n in nodes:
            n.stop()
        base.close()


def main():
    possible()
    for size in sys.argv[3:] or ["1:0:20000", "1:3:8000", "3:3:8000"]:
        measure(*map(int, size.split(":")))
    finish()


if __name__ == "__main__":
    main()
