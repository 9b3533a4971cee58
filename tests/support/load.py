# SPDX-License-Identifier: Apache-2.0
"""Devices at full pace that remember what was acknowledged: each numbers its messages by their time, keeps some in
flight, expects the answers in order, and after a lost connection sends again what has no answer yet."""
import errno
import select

from e2e import *  # noqa: F401,F403

ROPE_CUT = 0x0008
JOURNEY = "J-1"
SEALED = 0x0020 | 0x0040 | 0x0080 | 0x2000


class Line:
    """One device. Message number n is from base_ms + n seconds; those below `acked` are acknowledged."""

    def __init__(self, protocol, device, base_ms, window=64, overlap=0, limit=None):
        self.protocol, self.device, self.base_ms, self.window, self.overlap = protocol, device, base_ms, window, overlap
        self.seal = f"{protocol}:{device:010d}" if protocol == "jt701" else f"{protocol}:{device}"
        self.acked = self.sent = self.most_sent = self.expect = self.answers = 0
        self.limit, self.cut_from = limit, None
        self.s, self.got, self.out = None, b"", b""

    def time_ms(self, n):
        return self.base_ms + n * 1000

    def message(self, n):
        if self.protocol == "jt701":
            cut = self.cut_from is not None and n >= self.cut_from
            return jt701_frame(self.device, self.time_ms(n), n & 0xFF, status=SEALED | (ROPE_CUT if cut else 0))
        return eseal_line(self.device, self.time_ms(n), n)

    def answer(self, n):
        return jt701_answer(n & 0xFF) if self.protocol == "jt701" else eseal_answer(self.device, n)

    def open(self, server, port=None):
        self.s = connect(port or server.port(self.protocol))
        self.s.setblocking(False)
        self.sent = self.expect = max(0, self.acked - self.overlap)
        self.got = self.out = b""

    def close(self):
        if self.s:
            drop(self.s)
        self.s = None

    def done(self):
        return self.limit is not None and self.acked >= self.limit

    def write(self):
        if not self.out and self.sent - self.expect <= self.window // 2:
            most = self.expect + self.window if self.limit is None else min(self.expect + self.window, self.limit)
            self.out = b"".join(self.message(n) for n in range(self.sent, most))
            self.sent = max(self.sent, most)
        if self.out:
            try:
                n = self.s.send(self.out)
            except BlockingIOError:
                return
            self.out = self.out[n:]
        self.most_sent = max(self.most_sent, self.sent)

    def take(self, more):
        self.got += more
        while True:
            answer = self.answer(self.expect)
            if not self.got.startswith(answer):
                break
            self.got = self.got[len(answer):]
            self.expect += 1
            self.answers += 1
        self.acked = max(self.acked, self.expect)
        if len(self.got) >= len(self.answer(self.expect)):
            check(False, f"{self.seal}: the answer to message {self.expect}", self.got[:80])
            self.close()

    def read(self):
        """False when the connection has ended."""
        try:
            more = self.s.recv(65536)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not more:
            return False
        self.take(more)
        return self.s is not None


class Load:
    """Lines that talk at the same time."""

    def __init__(self, lines):
        self.lines, self.poll, self.by_fd = lines, None, {}

    def open(self, server):
        self.poll, self.by_fd = select.epoll(), {}
        for line in self.lines:
            try:
                line.open(server)
            except OSError:  # it was killed meanwhile
                line.close()
                continue
            self.by_fd[line.s.fileno()] = line
            self.poll.register(line.s.fileno(), select.EPOLLIN)

    def _gone(self, fd, line):
        self.by_fd.pop(fd)
        try:
            self.poll.unregister(fd)
        except OSError:
            pass
        line.close()

    def run(self, stop, sending=lambda: True):
        """Until stop() is true or nobody is connected; answers that are still on their way count."""
        while self.by_fd and not stop():
            if sending():
                for fd, line in list(self.by_fd.items()):
                    try:
                        line.write()
                    except OSError as e:
                        if e.errno not in (errno.EPIPE, errno.ECONNRESET):
                            raise  # what was answered before is still to be read
            for fd, _ in self.poll.poll(0.01):
                line = self.by_fd[fd]
                if not line.read():
                    self._gone(fd, line)

    def close(self):
        for fd, line in list(self.by_fd.items()):
            self._gone(fd, line)
        if self.poll:
            self.poll.close()

    def acked(self):
        return sum(line.acked for line in self.lines)

    def answers(self):
        return sum(line.answers for line in self.lines)

    def settled(self):
        return all(line.expect == line.sent for line in self.by_fd.values())


def check_stored(lines, data, what, all_sent=False):
    """Every acknowledged message is in the store exactly once, nothing twice, nothing that nobody sent."""
    counts, strangers = {line.seal: {} for line in lines}, 0
    for seal, at_ms in stored(data):
        if seal in counts:
            counts[seal][at_ms] = counts[seal].get(at_ms, 0) + 1
        else:
            strangers += 1
    lost = twice = unsent = n = 0
    for line in lines:
        have = counts[line.seal]
        n += len(have)
        lost += sum(line.time_ms(k) not in have for k in range(line.most_sent if all_sent else line.acked))
        twice += sum(c > 1 for c in have.values())
        unsent += sum(not line.base_ms <= at < line.time_ms(line.most_sent) for at in have)
    acked = sum(line.acked for line in lines)
    equal(lost, 0, f"{what}: acknowledged but not stored, of {acked}")
    equal(twice, 0, f"{what}: stored twice")
    equal(unsent, 0, f"{what}: stored but never sent")
    equal(strangers, 0, f"{what}: of seals that do not exist")
    return n, lost


# --- a seal under way, whose rope is cut ---


def seal_journey(api, line):
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(line.base_ms // 1000 - 60))
    status, value = api.call("POST", "/api/v1/seals", {"id": line.seal, "class": "active", "life": "in-stock"})
    check(status == 201, "the seal is entered", f"{status} {value}")
    body = {"id": JOURNEY, "state": "under-way", "mode": "road", "regime": "import", "vehicle": "AB 123", "seals": [line.seal],
            "sealed_at": stamp, "origin": {"name": "A", "lat": 30.25, "lon": 120.5, "radius_m": 500},
            "destination": {"name": "B", "lat": 31.25, "lon": 121.5, "radius_m": 500},
            "route": {"type": "LineString", "coordinates": [[120.5, 30.25], [121.5, 31.25]]},
            "silence_minutes": -1, "stay_minutes": -1}
    status, value = api.call("POST", "/api/v1/journeys", body)
    check(status == 201, "the journey is entered", f"{status} {value}")


def check_cut_alarm(api, line, what):
    def alarms():
        status, value = api.get(f"/api/v1/journeys/{JOURNEY}/alarms?limit=1000")
        return [a for a in value["items"] if a["kind"] == "cable_cut"] if status == 200 else []
    got = until(alarms, f"{what}: the cut rope is an alarm") or []
    equal(len(got), 1, f"{what}: one alarm for one cut")
    cut = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(line.time_ms(line.cut_from) // 1000))
    check(got and got[0]["onset"].startswith(cut), f"{what}: its onset", f"expected {cut}, got {got and got[0]['onset']}")


def check_seals(api, lines, what):
    """Each seal that spoke has its record, also one whose first message was the last before a death."""
    for line in lines:
        until(lambda: api.get(f"/api/v1/seals/{line.seal}")[0] == 200, f"{what}: {line.seal} has a record")
