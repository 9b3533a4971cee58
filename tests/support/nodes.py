# SPDX-License-Identifier: Apache-2.0
"""Nodes of one cluster as their users meet them: the processes, a signed-in officer at each of them, live streams, seals that
speak over real sockets. Standard library only."""
import calendar

import cluster as faults
import pg_server
from e2e import *  # noqa: F401,F403

PASSWORD = "several nodes, one platform"
PARTITIONS = 64
NORMAL, CUT, OPEN = 0x0020 | 0x0040 | 0x0080 | 0x2000, 0x0020 | 0x0040 | 0x0080 | 0x2000 | 0x0008, 0x0020 | 0x2000


def possible():
    if not pg_server.programs() or not faults.find("nats-server"):
        skip("PostgreSQL or nats-server is not installed")


def partition_of(seal, partitions=PARTITIONS):
    """As store_partition_of() in platform/store/store_shared.c."""
    h = 14695981039346656037
    for byte in seal.encode():
        h = (h ^ byte) * 1099511628211 & 0xFFFFFFFFFFFFFFFF
    return (h ^ h >> 32) % partitions


def rfc(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + "Z"


def ms_of(text):
    """Of an RFC 3339 time in UTC."""
    whole, _, part = text.rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) * 1000 + int((part + "000")[:3])


def now_ms():
    return int(time.time() * 1000)


class Base:
    """PostgreSQL and three brokers."""

    def __init__(self, folder, brokers=3, fsync=False):
        os.chmod(folder, 0o755)
        self.folder, self.brokers = folder, None
        self.db = pg_server.Private(fsync=fsync)
        if brokers:
            self.brokers = faults.Brokers(folder, "127.0.0.1", brokers)
            if brokers > 1:
                until(self.brokers.ready, "the brokers have a leader")
        self.bus = "nats://" + ",".join(f"127.0.0.1:{p}" for p in self.brokers.ports) if brokers else "local"

    def store(self, name="bulla"):
        self.db.sql(f"CREATE DATABASE {name}")
        return f"{self.db.url}/{name}"

    def close(self):
        for p in self.brokers.each if self.brokers else []:
            p.kill() if p.alive() else None
        self.db.close()


class Node(Server):
    def __init__(self, base, store, name, devices=0, wrap=()):
        self.name, self.base, self.store = name, base, store
        super().__init__(os.path.join(base.folder, name), "--store", store, "--bus", base.bus, "--node", name,
                         listen=f"jt701=tcp:{devices}", wrap=wrap)
        self.devices = self.ports.get(("jt701", "tcp"))

    def again(self, wrap=()):
        """The same node, started anew on the same ports."""
        return Node(self.base, self.store, self.name, self.devices, wrap)


def officer(node, api):
    """The same person, at another node."""
    return Api(node, api.cookie, api.csrf)


def held(api):
    """{node: partitions held}, of all."""
    try:
        status, value = api.get("/api/v1/cluster")
    except OSError:
        return {}
    count = {}
    for part in value["held"] if status == 200 else []:
        count[part["node"]] = count.get(part["node"], 0) + 1
    return count


def holders(api):
    return {part["number"]: part["node"] for part in api.get("/api/v1/cluster")[1]["held"]}


def spread(api, counts, seconds=15):
    """Waits until the partitions are shared out so: sorted numbers, or {node: number}."""
    def is_so():
        got = held(api)
        return got == counts if isinstance(counts, dict) else "" not in got and sorted(got.values()) == counts
    until(is_so, f"partitions held: {counts}", seconds)
    return held(api)


class Stream(threading.Thread):
    """A live stream of one node, as a page in a browser has it: what it was told, and that it was told to read all anew."""

    def __init__(self, api, last=None):
        super().__init__(daemon=True)
        self.events, self.resets, self.ended, self.first = [], 0, False, None
        self.connection = http.client.HTTPConnection("127.0.0.1", api.server.http, timeout=WAIT_S)
        headers = {"Cookie": "bulla_session=" + api.cookie}
        if last is not None:
            headers["Last-Event-ID"] = str(last)
        self.connection.request("GET", "/api/v1/live", headers=headers)
        self.answer = self.connection.getresponse()
        equal(self.answer.status, 200, "a live stream opens")
        self.start()

    def run(self):
        event = {}
        try:
            for line in self.answer:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if not name and event.get("event"):
                    self.first = self.first or event["event"]
                    self.resets += event["event"] == "reset"
                    self.events.append((event["event"], event.get("id"), event.get("data", "")))
                event = {**event, name: value} if name else {}
        except (OSError, ValueError, AttributeError):
            pass
        self.ended = True

    def of(self, kind):
        return [json.loads(data) for word, _, data in list(self.events) if word == kind]

    def alarms(self, **wanted):
        return [a for a in self.of("alarm") if all(a.get(k) == v for k, v in wanted.items())]

    def last_id(self):
        return int(self.events[-1][1])

    def close(self):
        try:
            self.connection.sock.shutdown(socket.SHUT_RDWR)
        except (OSError, AttributeError):
            pass


class Seal:
    """A JT701D that is connected to a node. Each report waits for its acknowledgement."""

    def __init__(self, number, node):
        self.number, self.id, self.serial, self.again, self.orders, self.rest = number, f"jt701:{number:010d}", 0, 0, [], b""
        self.s = None
        self.connect(node)

    def connect(self, node):
        if self.s:
            drop(self.s)
        self.s, self.rest = connect(node.devices), b""

    def _read(self, ends):
        """Texts "(...)" that came, until one satisfies; those that are no answers are orders to this device."""
        while True:
            while b")" in self.rest:
                text, _, self.rest = self.rest.partition(b")")
                text += b")"
                if ends(text):
                    return text
                if not text.startswith(b"(P69"):
                    self.orders.append(text)
            more = self.s.recv(4096)
            if not more:
                raise ConnectionError("closed")
            self.rest += more

    def report(self, status=NORMAL, at=("3015.0000", "12030.0000"), age_s=0.0, wait=True):
        """What gets no answer within 2 s (a platform under pressure may shed plain reports) is sent again, as devices do."""
        self.serial = (self.serial + 1) % 256
        frame, want = jt701_frame(self.number, now_ms() - int(age_s * 1000), self.serial, *at, status), jt701_answer(self.serial)
        end = time.monotonic() + WAIT_S
        self.s.settimeout(2)
        while time.monotonic() < end:
            self.s.sendall(frame)
            try:
                if not wait or self._read(lambda text: text == want) == want:
                    return True
            except socket.timeout:
                self.again += 1
        return False

    def say(self, text):
        self.s.sendall(f"({self.number:010d},{text})".encode())

    def order(self, seconds=10):
        """The next order that came; None: none in time."""
        if self.orders:
            return self.orders.pop(0)
        self.s.settimeout(seconds)
        try:
            return self._read(lambda text: not text.startswith(b"(P69"))
        except (socket.timeout, ConnectionError):
            return None
        finally:
            self.s.settimeout(WAIT_S)


class Numbers:
    """Device numbers whose seals lie in wanted partitions, each given once."""

    def __init__(self, first=7000000000):
        self.next = first

    def of(self, wanted):
        while True:
            self.next += 1
            if wanted(partition_of(f"jt701:{self.next:010d}")):
                return self.next


def replayed(folder, journey, observations, until_ms):
    """The alarms that `bulla replay` finds in them."""
    path = os.path.join(folder, "scenario.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump({"journey": journey, "observations": observations}, f)
    done = subprocess.run([program(), "replay", "--until", rfc(until_ms), path], capture_output=True, text=True, check=False)
    check(done.returncode == 0, "bulla replay", done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]
