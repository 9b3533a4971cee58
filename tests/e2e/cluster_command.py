#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""bulla cluster, as a newcomer meets it: it starts, says where everything is; a node is killed, its seals go to the others and
the map goes on; it is started again; one is drained and stopped; everything ends in order and leaves nothing behind."""
import os
import pty
import re
import signal
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import pg_server  # noqa: E402
from e2e import *  # noqa: E402,F401,F403

JOURNEYS = 30
PASSWORD = "many nodes, one map"


class Cluster:
    def __init__(self, folder):
        self.keys, terminal = pty.openpty()
        command = [program(), "cluster", "--http", "0", "--journeys", str(JOURNEYS), "--speed", "20", "--password", PASSWORD, "--data", folder]
        self.process = subprocess.Popen(command, stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=die_with_parent)
        os.close(terminal)
        self.lines = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def said(self, pattern, since=0):
        return next((m for m in (re.search(pattern, line) for line in self.lines[since:]) if m), None)

    def type(self, words, pattern, seconds=20):
        """Types a line and waits for what comes of it."""
        since = len(self.lines)
        os.write(self.keys, (words + "\n").encode())
        return until(lambda: self.said(pattern, since), f"typed {words}: {pattern}", seconds)

    def nodes(self):
        return {m[1]: (int(m[2]), int(m[3])) for m in (re.match(r"  node +(\w+) +pid (\d+) +http://[^:]+:(\d+)/", line) for line in self.lines) if m}


class Node:
    """What e2e.Api asks of a server."""

    def __init__(self, port):
        self.http = port


def cluster_of(api):
    try:
        status, value = api.get("/api/v1/cluster")
    except OSError:
        return None
    return value if status == 200 else None


def holds(api):
    """{node: partitions} of those who live, when everything is held."""
    value = cluster_of(api)
    held = {}
    for part in value["held"] if value else []:
        held[part["node"]] = held.get(part["node"], 0) + 1
    return held if value and "" not in held else {}


def spread(api, names):
    """All partitions are held, by these nodes and no others, and fairly."""
    held = holds(api)
    most = max(held.values()) if held else 0
    return set(held) == set(names) and most - min(held.values()) <= 3


def positions(api):
    """Newest change of any seal, and how many are connected, as this node's map has it."""
    status, value = api.get("/api/v1/live/seals")
    items = value["seals"] if status == 200 else []
    return max((s.get("heard") or "" for s in items), default=""), sum(bool(s.get("connected")) for s in items), len(items)


def kill_one(cluster, apis):
    nodes = cluster.nodes()
    heard, connected, n = positions(apis["n1"])
    say(f"{connected} of {n} seals are connected")
    check(n >= JOURNEYS - 2, "the map has the seals", str(n))
    os.kill(nodes["n2"][0], signal.SIGKILL)
    began = time.monotonic()
    check(until(lambda: spread(apis["n1"], ["n1", "n3"]), "its partitions go to the others", 20), "and all of them")
    say(f"{time.monotonic() - began:.1f} s from the kill until the others held everything")
    check(cluster.said(r"n2 \(pid \d+\) has ended: signal 9"), "it is told")
    check(until(lambda: positions(apis["n1"])[0] > heard and positions(apis["n1"])[1] >= connected - 2, "the map goes on, with its seals on other nodes", 30), "with all seals")
    check(until(lambda: positions(apis["n3"])[2] == n, "the other node shows the same seals", 10), "the same")


def trace(api):
    """One observation's way across the nodes."""
    status, page = api.get("/api/v1/seals?limit=50")
    for seal in page["items"]:
        status, rows = api.get(f"/api/v1/seals/{seal['id']}/observations?limit=1")
        if status == 200 and rows["items"]:
            status, way = api.get(f"/api/v1/observations/{rows['items'][0]['id']}/trace")
            parcel = way.get("parcel")
            say(f"its way: {parcel}")
            return check(status == 200 and parcel and parcel["applied_by"] and parcel["taken"] <= parcel["applied"], "its way is known", str(way))
    return check(False, "some seal has an observation")


def drain(cluster, api):
    status, value = api.call("POST", "/api/v1/cluster/nodes/n3/drain", {})
    equal((status, value.get("draining")), (200, True), "a node is asked to leave")
    until(lambda: spread(api, ["n1", "n2"]), "the others take over what it held", 20)
    check(cluster.type("stop 3", r"n3 \(pid \d+\) has ended: exit code 0"), "it stops in order")
    cluster.type("start 3", r"n3 was started")
    status, _ = api.call("POST", "/api/v1/cluster/nodes/n3/drain", {"draining": False})
    equal(status, 200, "that is taken back")
    until(lambda: spread(api, ["n1", "n2", "n3"]), "it holds its share again", 30)
    equal(api.call("POST", "/api/v1/cluster/nodes/nobody/drain", {})[0], 404, "no such node")


def main():
    nats = any(os.access(p, os.X_OK) for p in ("/usr/sbin/nats-server", "/usr/bin/nats-server"))
    if not pg_server.programs() or not nats:
        skip("PostgreSQL or nats-server is not installed")
    with Folder() as parent:
        os.chmod(parent, 0o711)  # the database's user passes through
        folder = os.path.join(parent, "cluster")
        cluster = Cluster(folder)
        started = until(lambda: cluster.said("To kill a node") or cluster.process.poll() is not None, "it starts", 90)
        check(started and cluster.process.poll() is None, "it runs", "\n".join(cluster.lines[-12:]))
        nodes = cluster.nodes()
        equal(sorted(nodes), ["n1", "n2", "n3"], "three nodes are told")
        apis = {name: Api(Node(port)).again(PASSWORD) for name, (_, port) in nodes.items()}
        until(lambda: spread(apis["n1"], ["n1", "n2", "n3"]), "everything is held, and shared out", 30)
        until(lambda: positions(apis["n1"])[1] >= JOURNEYS // 2, "the seals come", 30)
        kill_one(cluster, apis)
        check(cluster.type("start 2", r"n2 was started"), "it is started again")
        check(until(lambda: spread(apis["n1"], ["n1", "n2", "n3"]), "and takes its share", 30), "of everything")
        drain(cluster, apis["n1"])
        trace(apis["n1"])
        cluster.type("status", r"n1 +\d+ +up +\d+ +\d+ messages")
        cluster.type("kill 17", "Expected kill, stop or start")
        mode = os.stat(os.path.join(folder, "n1.json")).st_mode & 0o777
        equal(oct(mode), oct(0o600), "secrets are the owner's alone")
        pids = [int(m[1]) for m in (re.search(r"pid (\d+)", line) for line in cluster.lines[:14]) if m]
        cluster.type("quit", "stopping")
        equal(cluster.process.wait(60), 0, "it ends")
        left = [pid for pid in pids if os.path.exists(f"/proc/{pid}")]
        equal(left, [], "nothing is left running")
    finish()


main()
