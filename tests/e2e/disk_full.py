#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A full disk, on a small file system of its own: nothing is acknowledged that is not stored, the program says so in its
log and at /readyz, lives, and goes on by itself when there is room again; killed while it is full it has lost nothing.
A rope that is cut meanwhile becomes one alarm.

With BULLA_TEST_STORE=postgres the full disk is that of the database's tables, then that of its write-ahead log, without
which the server ends."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from load import *  # noqa: E402,F403

SIZE_MIB = 32
TABLES_MIB, LOG_MIB = 128, 256  # of a database
PASSWORD = "a much longer word 3"
BASE_MS = (int(time.time()) - 40 * 86400) * 1000
SEGMENT_ROWS = 20000


class Disk:
    """A file system in memory, that can be filled up and freed."""

    def __init__(self, path, mib):
        self.path, self.ballast = path, os.path.join(path, "ballast")
        os.makedirs(path, exist_ok=True)
        if os.geteuid() != 0:
            skip("a file system of its own needs the rights of root")
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m", "bulla-e2e", path], capture_output=True, text=True)
        if done.returncode:
            skip(f"mount is refused: {done.stderr.strip()}")

    def free_bytes(self):
        s = os.statvfs(self.path)
        return s.f_bavail * s.f_frsize

    def fill(self, leave):
        with open(self.ballast, "ab", buffering=0) as f:
            while self.free_bytes() > leave:
                try:
                    f.write(bytes(min(65536, self.free_bytes() - leave)))
                except OSError:
                    break

    def clear(self):
        os.truncate(self.ballast, 0)

    def gone(self):
        subprocess.run(["umount", "-l", self.path], check=False)


class Place:
    """Where the platform's data are and which disks may be full: its own, or in PostgreSQL that of the tables and that of the
    log."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="bulla-e2e-")
        self.db = self.log_disk = None
        if on_postgres():
            os.chmod(self.folder, 0o755)  # the database's user passes through
            self.disk = Disk(os.path.join(self.folder, "tables"), TABLES_MIB)
            self.log_disk = Disk(os.path.join(self.folder, "wal"), LOG_MIB)
        else:
            self.disk = Disk(self.folder, SIZE_MIB)
        self.data = os.path.join(self.folder, "data")

    def start_database(self):
        if self.log_disk:
            self.db = use_own_server(tables=self.disk.path, wal=self.log_disk.path, settings=["max_wal_size = 32MB"], initdb=["--wal-segsize=1"])

    def gone(self):
        for server in Server.every:
            if server.alive():
                server.kill()
        if self.db:
            self.db.close()
        for disk in filter(None, (self.disk, self.log_disk)):
            disk.gone()
        shutil.rmtree(self.folder, ignore_errors=True)


def start(data):
    return Server(data, "--shed", "off", sqlite=f"?segment_rows={SEGMENT_ROWS}")  # these devices wait for each answer


def readiness(api, want, seen):
    """A question at most every 50 ms: does /readyz say so?"""
    due = [0.0]

    def ask():
        if time.monotonic() < due[0]:
            return False
        due[0] = time.monotonic() + 0.05
        status, value = api.get("/readyz")
        seen[:] = [status, value]
        return status == want
    return ask


def within(condition, seconds=WAIT_S):
    end = time.monotonic() + seconds
    return lambda: condition() or time.monotonic() > end


def fill_up(disk, load, api, server, leave, what):
    say(f"{what}: {leave >> 10} KiB are left")
    logged, seen = len(server.logged("cannot be stored")), []
    disk.fill(leave)
    load.run(within(readiness(api, 503, seen)))
    check(seen and seen[0] == 503, f"{what}: /readyz says so", seen)
    check("store" in str(seen[1:]), f"{what}: and why", seen)
    check(server.alive(), f"{what}: the program lives", server.log[-5:])
    until(lambda: logged or server.logged("cannot be stored"), f"{what}: the log says so")
    answers, end = load.answers(), time.monotonic() + 1.5  # three times the pause between its tries
    load.run(lambda: time.monotonic() > end)
    return load.answers() - answers


def people_meanwhile(api, server, what):
    equal(api.get("/healthz")[0], 200, f"{what}: /healthz")
    equal(api.get(f"/api/v1/journeys/{JOURNEY}")[0], 200, f"{what}: journeys can be read")
    status, value = api.call("POST", "/api/v1/stations", {"kind": "depot", "name": "Full " + what, "lat": 1.5, "lon": 2.5})
    check(status in (201, 500, 503, 507), f"{what}: a new record is taken or refused with a word", f"{status} {value}")
    check(server.alive(), f"{what}: the program lives", server.log[-5:])
    return status == 201


def goes_on(disk, load, api, server, what, restart=lambda: None):
    say(f"{what}: room again")
    disk.clear()
    restart()
    seen, before = [], load.acked()
    load.run(within(readiness(api, 200, seen)))
    check(seen and seen[0] == 200, f"{what}: ready again by itself", seen)
    load.run(within(lambda: load.acked() > before + 2000))
    check(load.acked() > before + 2000, f"{what}: devices are acknowledged again")
    load.run(within(load.settled), sending=lambda: False)
    check(load.settled(), f"{what}: whatever was sent while it was full has its answer", f"{load.acked()}")
    check(server.logged("storing again"), f"{what}: the log says so", server.log[-5:])
    status, value = api.call("POST", "/api/v1/stations", {"kind": "depot", "name": "After " + what, "lat": 1.5, "lon": 2.5})
    equal(status, 201, f"{what}: records are taken again ({value})")


def log_is_full(place, load, api, server):
    """Without room for its log the server gives up, and whoever keeps it starts it again when there is some."""
    while_full = fill_up(place.log_disk, load, api, server, 0, "the log's disk")
    equal(api.get("/healthz")[0], 200, "the log's disk: /healthz")
    until(lambda: place.db.process.poll() is not None, "the log's disk: the database has ended")
    goes_on(place.log_disk, load, api, server, "the log's disk", place.db.start)
    return while_full


def killed_while_full(place, load, api, server, seal):
    fill_up(place.disk, load, api, server, 4096, "killed while full")
    server.kill()
    load.run(lambda: False)
    load.close()
    say("killed while full: started while full, then with room")
    server = start(place.data)
    if not server.started:
        equal(server.process.returncode, 3, "exit code where it cannot start")
        check(any(re.search(r"full|space|disk", line) for line in server.log), "and why", server.log[-5:])
        place.disk.clear()
        server = start(place.data)
        check(server.started, "it starts where there is room", server.log[-5:])
    else:
        place.disk.clear()
        api = Api(server)
        until(lambda: api.get("/readyz")[0] == 200, "ready when there is room")
        check_cut_alarm(Api(server).again(PASSWORD), seal, "found anew at the start")
    equal(server.stop(), 0, "it stops when asked")
    check_stored(load.lines, place.data, "killed while full")
    integrity(place.data)


def full_again_and_again(place, server):
    disk, data = place.disk, place.data
    seal = Line("jt701", 4200000001, BASE_MS, window=1)
    load = Load([Line("jt701", 4100000001 + i, BASE_MS) for i in range(24)] + [Line("eseal", 510001 + i, BASE_MS) for i in range(8)] + [seal])
    api = Api(server).sign_in(server.password, PASSWORD)
    seal_journey(api, seal)
    load.open(server)
    load.run(within(lambda: load.acked() > 5000))

    while_full = fill_up(disk, load, api, server, 1 << 20, "the devices fill it")
    people_meanwhile(api, server, "the devices fill it")
    goes_on(disk, load, api, server, "the devices fill it")

    while_full += fill_up(disk, load, api, server, 0, "all at once")
    seal.cut_from = seal.most_sent
    late = Line("jt701", 4300000001, BASE_MS, window=4, limit=40)  # a device that nobody has seen before
    load.close()
    load.lines.append(late)
    load.open(server)
    end = time.monotonic() + 1
    load.run(lambda: time.monotonic() > end)
    people_meanwhile(api, server, "all at once")
    goes_on(disk, load, api, server, "all at once")
    load.run(within(lambda: late.done() and seal.acked > seal.cut_from))
    check(late.done(), "a device that came while it was full is heard")
    check_cut_alarm(api, seal, "cut while it was full")

    if place.log_disk:
        while_full += log_is_full(place, load, api, server)
    killed_while_full(place, load, api, server, seal)

    server = start(data)
    api = Api(server).again(PASSWORD)
    load.open(server)
    before = load.acked()
    load.run(within(lambda: load.acked() > before + 2000))
    load.run(within(load.settled), sending=lambda: False)
    check_seals(api, load.lines, "at the end")
    check_cut_alarm(api, seal, "at the end")
    equal(server.stop(), 0, "it stops when asked")
    n, lost = check_stored(load.lines, data, "at the end")
    integrity(data)
    print(f"{load.acked()} acknowledged, {lost} of them lost; {while_full} answers in the seconds after it said that it was full; {n} stored")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the file systems must go in any case
    place = Place()
    try:
        place.start_database()
        server = start(place.data)
        for disk in filter(None, (place.disk, place.log_disk)):
            open(disk.ballast, "wb").close()
        full_again_and_again(place, server)
    finally:
        place.gone()
    finish()


if __name__ == "__main__":
    main()
