#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Far more than the store can take: alarms stay under a second from the device to the live stream, plain reports are shed
and counted to the last one, what was acknowledged is stored, memory stays bounded, and it ends with the pressure.

The store is made weak: strace lets each write to it take longer, which makes some thousand observations a second the most
it can take on any machine. In PostgreSQL a trigger waits at every fourth row. BULLA_OVERLOAD_SECONDS (12), BULLA_OVERLOAD_RATE (20000).
[WCO-4.3-C9]"""
import os
import select
import shutil
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from load import *  # noqa: E402,F403

SECONDS = int(os.environ.get("BULLA_OVERLOAD_SECONDS", 12))
RATE = int(os.environ.get("BULLA_OVERLOAD_RATE", 20000))
DEVICES = 100  # that report plainly, far too often
OPENINGS = 50
WARM_S = 6 if on_postgres() else 4  # in which the platform learns how weak its store is: it expects more of a database server
WRITE_US = 1000
SLOW_ROW = """CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.001); RETURN new; END $$;
CREATE TRIGGER slow BEFORE INSERT ON observation FOR EACH ROW WHEN (new.n % 4 = 0) EXECUTE FUNCTION slow()"""
MEMORY_KB = 200 * 1024
FIRST = 9000000000  # number of the first device that `bulla load --prepare` enters
PASSWORD = "a much longer word 2"


class Device:
    """Reports at its own pace and never waits for an answer; counts those that come."""

    def __init__(self, number, port):
        self.number, self.n, self.sent, self.got, self.out, self.acked = number, 0, 0, b"", b"", 0
        self.s = connect(port)
        self.s.setblocking(False)

    def report(self, base_ms, status=SEALED):
        self.out += jt701_frame(self.number, base_ms + self.n * 1000, self.n & 0xFF, status=status)
        self.n += 1

    def write(self):
        try:
            self.out = self.out[self.s.send(self.out):] if self.out else b""
        except BlockingIOError:
            pass

    def read(self):
        try:
            got = self.got + self.s.recv(65536)
        except BlockingIOError:
            return
        whole = got.rfind(b")") + 1
        self.acked += got.count(b"(P69,0,", 0, whole)
        self.got = got[whole:]


class Watch(threading.Thread):
    """The live stream: when the alarm of each seal came."""

    def __init__(self, api):
        super().__init__(daemon=True)
        self.seen = {}
        self.connection = http.client.HTTPConnection("127.0.0.1", api.server.http, timeout=120)
        self.connection.request("GET", "/api/v1/live", headers={"Cookie": "bulla_session=" + api.cookie})
        self.answer = self.connection.getresponse()
        self.start()

    def run(self):
        try:
            for line in self.answer:
                now = time.monotonic()
                for seal in re.findall(rb'"seal":"jt701:(\d+)"', line) if b"cable_cut" in line else ():
                    self.seen.setdefault(int(seal), now)
        except (OSError, ValueError, http.client.HTTPException):
            pass  # the program was stopped


def drive(devices, alarmed, cut_at):
    """Open loop: what is due is sent, whatever came back."""
    base_ms, began = (int(time.time()) - 86400) * 1000, time.monotonic()
    now_ms = int(time.time()) * 1000
    poll, by_fd = select.epoll(), {d.s.fileno(): d for d in devices + alarmed}
    for fd in by_fd:
        poll.register(fd, select.EPOLLIN)
    for d in alarmed:
        d.report(now_ms - 5000)
        d.write()
    due, cut, end = 0.0, 0, began + WARM_S + SECONDS
    while (now := time.monotonic()) < end:
        while due < (now - began) * RATE:
            d = devices[int(due) // 8 % len(devices)]
            if len(d.out) < 65536:  # what a device keeps; its socket is not read
                d.report(base_ms)
            due += 1
        while cut < len(alarmed) and now >= began + WARM_S + cut * (SECONDS - 1) / len(alarmed):
            cut_at[alarmed[cut].number] = now
            alarmed[cut].report(now_ms - 4000, status=SEALED | ROPE_CUT)
            cut += 1
        for d in by_fd.values():
            if d.out:
                d.write()
        for fd, _ in poll.poll(0.005):
            by_fd[fd].read()
    end = time.monotonic() + 5
    while time.monotonic() < end:
        for fd, _ in poll.poll(0.05):
            by_fd[fd].read()
        for d in by_fd.values():
            d.write()


def weak_server(data):
    """On a store that has been made weak."""
    prepare = ["load", "--prepare", "--store", store_url(data), "--devices", str(OPENINGS), "--password", PASSWORD, "--quiet"]
    subprocess.run([program(), *prepare], check=True)
    if on_postgres():
        pg_store.psql(database_of(data), SLOW_ROW)
        return Server(data, "--quiet", listen="jt701=tcp:0")
    if not shutil.which("strace"):
        skip("needs strace")
    slow = ("strace", "-D", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=pwrite64", "-e", f"inject=pwrite64:delay_exit={WRITE_US}")
    server = Server(data, "--quiet", listen="jt701=tcp:0", wrap=slow)
    if not server.started:
        skip("strace may not trace here")
    return server


def main():
    with Folder() as folder:
        data = os.path.join(folder, "data")
        server = weak_server(data)
        api = Api(server)
        status, value = api.call("POST", "/api/v1/session", {"name": "load", "password": PASSWORD})
        check(status == 200, "sign in", f"{status} {value}")
        watch, before, cut_at = Watch(api), server.memory_kib(), {}
        devices = [Device(4500000001 + i, server.port("jt701")) for i in range(DEVICES)]
        alarmed = [Device(FIRST + i, server.port("jt701")) for i in range(OPENINGS)]
        drive(devices, alarmed, cut_at)
        waits = sorted(1000 * (watch.seen[n] - at) for n, at in cut_at.items() if n in watch.seen)
        m, peak = api.metrics(), server.memory_kib("VmHWM")
        shed = sum(m[f"bulla_shed_{why}_total"] for why in ("thinned", "full", "quota"))
        kept = m["bulla_observations_stored_total"] + m["bulla_observations_duplicate_total"]
        sent, acked = sum(d.n for d in devices + alarmed), sum(d.acked for d in devices + alarmed)
        print(f"{sent} made ({RATE} a second), {kept} stored, {acked} acknowledged, {shed} shed; {len(waits)} alarms of {len(cut_at)}: "
              f"p50 {waits[len(waits) // 2]:.0f}, p99 {waits[int(len(waits) * 0.99)]:.0f} ms; memory {before // 1024} MB before, "
              f"{peak // 1024} MB at most; level {m['bulla_overload_level']}, {m['bulla_overload_rows']} rows", flush=True)
        check(kept * 10 < m["bulla_messages_total"] * 8, "it was overload: more came than could be stored", f"{kept} kept")
        equal(len(waits), len(cut_at), "every cut rope is an alarm on the live stream")
        check(waits[int(len(waits) * 0.99)] < 1000, "alarms under a second, p99", f"{waits[-5:]} ms")
        check(shed > 0, "plain reports are shed")
        equal(m["bulla_messages_total"], kept + shed, "every message is stored or counted as shed")
        check(peak - before < MEMORY_KB, "memory stays bounded", f"{before} kB before, {peak} kB at most")
        until(lambda: api.metrics().get("bulla_overload_level") == 0, "calm again", 30)
        for d in devices + alarmed:
            drop(d.s)
        equal(server.stop(), 0, "it stops when asked")
        rows = {}
        for seal, _ in stored(data):
            rows[seal] = rows.get(seal, 0) + 1
        lost = sum(max(0, d.acked - rows.get(f"jt701:{d.number}", 0)) for d in devices + alarmed)
        equal(lost, 0, f"acknowledged but not stored, of {acked}")
    finish()


if __name__ == "__main__":
    main()
