#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Slow and hostile peers on every device port and on HTTP, one kind after the other, while half-open and dribbling ones
stay connected all the time. Meanwhile one good device of each protocol, and one good reader of the API, get all their
answers; memory stays within a bound, and descriptors come back when the peers have gone.

BULLA_HOSTILE_TIMES (1): how often everything. BULLA_HOSTILE_SEALS (20000): that one connection claims to be.
BULLA_HOSTILE_WAIT=1: also waits until the program closes the half-open ones by itself, which takes more than a minute.
BULLA_HOSTILE_SEED: of the random bytes."""
import os
import random
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from e2e import *  # noqa: E402,F403

TIMES = int(os.environ.get("BULLA_HOSTILE_TIMES", 1))
SEED = int(os.environ.get("BULLA_HOSTILE_SEED", random.SystemRandom().randrange(1 << 32)))
MEMORY_MIB = 512       # above what the program takes when nobody is there; its own limits add up to less
FORGED_SENDERS = 60000  # more than the program remembers
SEALS = int(os.environ.get("BULLA_HOSTILE_SEALS", 20000))  # that one connection claims to be
HALF_OPEN = 200
AGAIN_S = 2            # a device that has no answer by then sends the message again
NOW_MS = int(time.time()) * 1000 - 86400000
TCP = ["auto", "jt701", "jt808", "eseal", "teratrack"]
chance = random.Random(SEED)


# --- the good ones ---


class Good(threading.Thread):
    """A device that sends the next message when the last one is answered, and the same one again after AGAIN_S without, as
    devices do: a packet may get lost in the kernel under a flood. Over TCP every one that was not answered must have been
    counted as shed."""

    def __init__(self, server, protocol, transport, port=None):
        super().__init__(daemon=True)
        self.name = f"{protocol}/{transport}" + (f" on {port}" if port else "")
        self.protocol, self.transport, self.stop = protocol, transport, threading.Event()
        self.sent = self.answered = self.again = 0
        self.slowest_s, self.error = 0.0, None
        if transport == "tcp":
            self.s = connect(server.port(port or protocol))
        else:
            self.s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.s.connect(("127.0.0.1", server.port(port or protocol, "udp")))

    def message(self, n):
        ms = NOW_MS + n * 1000
        if self.protocol == "jt701":
            return jt701_frame(6100000001, ms, n & 0xFF), lambda got: got == jt701_answer(n & 0xFF)
        if self.protocol == "eseal":
            return eseal_line(610001, ms, n), lambda got: got == eseal_answer(610001, n)
        if self.protocol == "teratrack":
            return teratrack_object(610000000001, ms, n & 0xFF), lambda got: got == b"{01}"
        serial = n & 0xFFFF
        return jt808_location(16100000001, serial, ms), lambda got: got[-1:] == b"\x7e" and len(got) > 2 and jt808_answer(got, 0x0200, serial)

    def ask(self, message, is_answer):
        self.s.settimeout(AGAIN_S)
        for attempt in range(WAIT_S // AGAIN_S):
            self.s.sendall(message)
            self.again += attempt > 0
            got = b""
            try:
                while not is_answer(got):
                    more = self.s.recv(65536)
                    if not more:
                        raise ConnectionError("closed")
                    got = got + more if self.transport == "tcp" else more
                return
            except socket.timeout:
                continue
        raise TimeoutError("no answer")

    def run(self):
        try:
            while not self.stop.is_set():
                message, is_answer = self.message(self.sent)
                self.sent += 1
                began = time.monotonic()
                self.ask(message, is_answer)
                self.slowest_s = max(self.slowest_s, time.monotonic() - began)
                self.answered += 1
                time.sleep(0.005)
        except OSError as e:
            self.error = e


class GoodReader(threading.Thread):
    """Somebody who reads the API."""

    def __init__(self, api):
        super().__init__(daemon=True)
        self.name, self.api, self.stop = "reader of the API", api, threading.Event()
        self.sent = self.answered = self.again = 0
        self.slowest_s, self.error = 0.0, None

    def run(self):
        try:
            while not self.stop.is_set():
                self.sent += 1
                began = time.monotonic()
                status, _ = self.api.get("/api/v1/seals?limit=10")
                self.slowest_s = max(self.slowest_s, time.monotonic() - began)
                self.answered += status == 200
                time.sleep(0.05)
        except (OSError, http.client.HTTPException) as e:
            self.error = e


# --- the bad ones ---


def leave(s):
    """Ends its side and waits for the other's end, so that all that was sent is read."""
    try:
        s.shutdown(socket.SHUT_WR)
        while s.recv(65536):
            pass
    except OSError:
        pass
    s.close()


def push(port, data, again=1, patience_s=10):
    """Sends until the program has enough of it."""
    s = connect(port)
    s.settimeout(patience_s)
    try:
        for _ in range(again):
            s.sendall(data)
    except OSError:
        pass
    leave(s)


def random_bytes(server):
    for port in TCP:
        for _ in range(10):
            push(server.port(port), chance.randbytes(1 << 16), 8)
        for start in (b"$", b"(", b"\x7e", b"##S,", b"{"):
            push(server.port(port), b"".join(start + chance.randbytes(chance.randrange(200)) for _ in range(500)))


def good_frames():
    return [jt701_frame(6200000001, NOW_MS, 1), jt808_location(16200000001, 1, NOW_MS), eseal_line(620001, NOW_MS, 1),
            teratrack_object(620000000001, NOW_MS, 1), b"(8000620011,P45,1)"]


def truncated(server):
    """Each message cut short, again and again on one connection, and with bytes changed."""
    for port in TCP:
        for frame in good_frames():
            s = connect(server.port(port))
            try:
                for n in range(1, len(frame)):
                    s.sendall(frame[:n])
                    bad = bytearray(frame)
                    bad[chance.randrange(len(bad))] ^= 1 << chance.randrange(8)
                    s.sendall(bytes(bad))
            except OSError:
                pass
            leave(s)


def oversized(server):
    big = [b"(8000620011," + b"A" * (2 << 20), b"$" + b"\x12" * (1 << 20), b"\x7e" + b"\x02" * (2 << 20), b"##S," + b"x," * (1 << 20),
           b'{"MDeviceID":"' + b"9" * (4 << 20), b"{" * 100000, b'{"a":' * 100000 + b"1" + b"}" * 100000,
           b'{"Slave":[' + b'{"SDeviceId":"1"},' * 200000 + b"]}", b"[" * (1 << 20), bytes(1 << 20), b"\r\n" * (1 << 20)]
    for port in TCP:
        for data in big:
            push(server.port(port), data)


def part_flood(server):
    """Messages in parts that are never finished, of ever new numbers: reassembly has a bound."""
    body = chance.randbytes(900)
    for _ in range(12):
        frames = b"".join(jt808_frame(0x0801, 16300000000 + chance.randrange(1000), n & 0xFFFF, body, (65535, 1 + n % 65535)) for n in range(2000))
        push(server.port("jt808"), frames, 4)


def never_reads(server, api):
    """Wants answers and does not take them: the connection is closed, the memory for answers has a bound."""
    before = api.metrics()["bulla_connections_closed_write_total"]
    for protocol, message in (("jt701", jt701_frame(6200000002, NOW_MS, 1)), ("jt808", jt808_frame(0x0002, 16200000002, 1)),
                              ("eseal", eseal_line(620002, NOW_MS, 1)), ("teratrack", teratrack_object(620000000002, NOW_MS, 1))):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.settimeout(10)
        s.connect(("127.0.0.1", server.port(protocol)))
        try:
            for _ in range(4000):
                s.sendall(message * 100)
        except (ConnectionError, socket.timeout) as e:
            check(not isinstance(e, socket.timeout), f"{protocol}: a peer that never reads is closed", "it is let to hang")
        before += 1
        until(lambda: api.metrics()["bulla_connections_closed_write_total"] >= before, f"{protocol}: a peer that never reads is closed and counted")
        drop(s)


def forged_packets(server):
    """Packets from ever new addresses: garbage, halves, good ones. The bound forgets who was silent longest."""
    good = [jt808_location(16400000001, 1, NOW_MS), jt808_frame(0x0002, 16400000001, 2)]
    kinds = good + [good[0][:20], b"\x7e\x7e", b"", chance.randbytes(600), chance.randbytes(60000), jt808_frame(0x0801, 16400000001, 3, bytes(900), (9, 1))]
    port = server.port("jt808", "udp")
    for n in range(FORGED_SENDERS):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((f"127.{1 + n // 62500 % 250}.{n // 250 % 250}.{1 + n % 250}", 0))
        s.sendto(kinds[n % len(kinds)] if n % 50 == 0 else kinds[n % 2], ("127.0.0.1", port))
        s.close()
    newcomer = Good(server, "jt808", "udp")
    try:
        newcomer.ask(*newcomer.message(70000))
        check(True, "a device that comes after so many forged senders is answered")
    except OSError as e:
        check(False, "a device that comes after so many forged senders is answered", e)
    newcomer.s.close()


def many_seals(server, api):
    """One connection that claims to be ever new seals; and an honest one that speaks for two, both of which are gone with it."""
    s = connect(server.port("jt701"))
    for n in range(SEALS):
        s.sendall(jt701_frame(6500000001 + n, NOW_MS, n & 0xFF))
        if n % 200 == 199:
            read_until(s, lambda got, n=n: got.endswith(jt701_answer(n & 0xFF)))
    leave(s)
    s, pair = connect(server.port("jt701")), ["jt701:6600000001", "jt701:6600000002"]
    s.sendall(jt701_frame(6600000001, NOW_MS, 1) + jt701_frame(6600000002, NOW_MS, 2))
    read_until(s, lambda got: got == jt701_answer(1) + jt701_answer(2))

    def connected():
        values = [api.get("/api/v1/seals/" + seal) for seal in pair]
        return [v["live"]["connected"] for status, v in values if status == 200 and v.get("live")]
    until(lambda: connected() == [True, True], "two seals on one connection are connected")
    leave(s)
    until(lambda: connected() == [False, False], "and both are not when it ends")


def http_trouble(server):
    port = server.http
    for data in (chance.randbytes(1 << 16), b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: " + b"y" * (1 << 20), b"GET /" + b"a" * (1 << 20),
                 b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n" + b"{" * (1 << 20),
                 b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n" + b"[" * 100000,
                 b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 5000, b"\x16\x03\x01" + chance.randbytes(500), bytes(1 << 16)):
        threads = [threading.Thread(target=push, args=(port, data, 1, 3), daemon=True) for _ in range(20)]
        for t in threads:
            t.start()
        end = time.monotonic() + 2
        for t in threads:
            t.join(max(0, end - time.monotonic()))  # some are let to wait for the rest of their header; they stay, as the patient ones do


class Patient:
    """Those who stay: half-open connections, and dribblers who send a byte now and then."""

    def __init__(self, server):
        self.open = []
        for port in [server.port(p) for p in TCP] + [server.http]:
            for n in range(HALF_OPEN):
                s = connect(port)
                if n % 2:
                    s.sendall(chance.choice(good_frames() + [b"GET / HT"])[:7])
                self.open.append(s)
        self.dribblers = [(connect(server.port(p)), frame * 20) for p, frame in zip(["jt701", "jt808", "eseal", "teratrack"], good_frames())]
        self.dribblers.append((connect(server.http), b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 100))
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.dribble, daemon=True)
        self.thread.start()

    def dribble(self):
        at = 0
        while not self.stop.wait(1):
            for s, text in self.dribblers:
                try:
                    s.send(text[at % len(text):at % len(text) + 1])
                except OSError:
                    pass
            at += 1

    def close(self):
        self.stop.set()
        self.thread.join()
        for s in self.open + [s for s, _ in self.dribblers]:
            drop(s)


def let_go(server, patient):
    """The limits in time: whoever says nothing whole for a minute is closed by the program."""
    say("the half-open ones are closed by the program")
    end = time.monotonic() + 90
    left = set(patient.open)
    while left and time.monotonic() < end:
        for s in list(left):
            s.settimeout(0)
            try:
                if not s.recv(4096):
                    left.discard(s)
            except BlockingIOError:
                pass
            except OSError:
                left.discard(s)
        time.sleep(0.5)
    equal(len(left), 0, "half-open connections that are still open after 90 s")


def main():
    print(f"seed {SEED}", flush=True)
    with Folder() as folder:
        server = Server(os.path.join(folder, "data"))
        api = Api(server).sign_in(server.password, "a much longer word 4")
        api.get("/metrics")
        base_kib, base_sockets = server.memory_kib(), server.sockets()
        good = [Good(server, p, "tcp") for p in ("jt701", "jt808", "eseal", "teratrack")]
        good += [Good(server, "jt701", "tcp", "auto"), Good(server, "jt808", "udp"), GoodReader(Api(server, api.cookie, api.csrf))]
        for g in good:
            g.start()
        patient = Patient(server)
        attacks = [http_trouble, random_bytes, truncated, oversized, part_flood, lambda s: never_reads(s, api), lambda s: many_seals(s, api), forged_packets]
        names = ["HTTP", "random bytes", "truncated and changed messages", "oversized and deep messages", "unfinished parts", "peers that never read", "many seals on one connection",
                 f"{FORGED_SENDERS} forged senders of packets"]
        for _ in range(TIMES):
            for attack, name in zip(attacks, names):
                before, began = [g.answered for g in good], time.monotonic()
                attack(server)
                until(lambda: all(g.answered > b + 1 or g.error for g, b in zip(good, before)), f"{name}: the good ones are answered")
                check(server.alive(), f"{name}: the program lives", server.log[-5:])
                memory = server.memory_kib()
                check(memory < base_kib + MEMORY_MIB * 1024, f"{name}: memory", f"{memory} KiB, at the start {base_kib}")
                say(f"{name}: {time.monotonic() - began:.1f} s, {memory >> 10} MiB")
        if os.environ.get("BULLA_HOSTILE_WAIT"):
            let_go(server, patient)
        patient.close()
        unanswered = 0
        for g in good:
            g.stop.set()
        for g in good:
            g.join(WAIT_S)
            check(g.error is None and g.answered == g.sent, f"{g.name}: every message is answered", f"{g.answered} of {g.sent}, {g.error}")
            print(f"   {g.name}: {g.answered} of {g.sent} answered, {g.again} sent again, slowest {g.slowest_s * 1000:.0f} ms")
            if isinstance(g, Good):
                unanswered += g.again if g.transport == "tcp" else 0
                g.s.close()
        counts = api.metrics()
        shed = sum(counts[f"bulla_shed_{why}_total"] for why in ("thinned", "full", "quota"))
        check(unanswered <= shed, "what was not answered at once was counted as shed", f"{unanswered} sent again, {shed} shed")
        until(lambda: server.sockets() <= base_sockets, f"sockets come back to {base_sockets}")
        until(lambda: api.metrics()["bulla_connections"] == 0, "no device connection is left")
        most = server.memory_kib("VmHWM")
        check(most < base_kib + MEMORY_MIB * 1024, "memory at its most", f"{most} KiB, at the start {base_kib}")
        counted = {k: v for k, v in api.metrics().items() if v and re.search("closed|shed|refused|damage|garbage|insane|mine|dropped", k)}
        check(counted.get("bulla_connections_closed_garbage_total"), "those that sent too much rubbish were closed and counted", counted)
        check(server.logged(r" error ") == [], "no error was logged", server.logged(r" error ")[:5])
        code = server.stop()
        check(code == 0, "it stops when asked", f"exit code {code}, {server.log[-5:]}")
        integrity(os.path.join(folder, "data"))
        print(f"memory {base_kib >> 10} MiB at the start, {most >> 10} MiB at its most; {counted}")
    finish()


if __name__ == "__main__":
    main()
