# SPDX-License-Identifier: Apache-2.0
"""Far more than a store can take, as the devices and an officer meet it: a flood of plain reports from a process of its own,
and beside it devices whose ropes are cut and devices that get orders, with the moment of everything they send and hear."""
import multiprocessing
import select

from e2e import *  # noqa: F401,F403

ROPE_CUT = 0x0008
SEALED = 0x0020 | 0x0040 | 0x0080 | 0x2000
FIRST = 9000000000  # number of the first device that `bulla load --prepare` enters
DEVICE_KEEPS = 65536  # bytes of reports, while its socket takes no more
SETTLE_S = 5
PASSWORD = "a much longer word 2"


def weak_disk(folder, write_us):
    """Words before a command that make each of its writes to files take so much longer."""
    shim = os.path.join(folder, "slow_write.so")
    if not os.path.exists(shim):
        source = os.path.join(ROOT, "tests/support/preload/slow_write.c")
        done = subprocess.run([os.environ.get("CC", "cc"), "-O2", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", shim, source, "-ldl"],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            skip("no C compiler: " + done.stderr)
    return ("/usr/bin/env", "LD_PRELOAD=" + shim, f"SLOW_WRITE_US={write_us}")


class Device:
    """Reports at its own pace and never waits for an answer; counts those that come, and obeys orders to open."""
    middles = {}  # of plain reports by time: all devices say the same, and making it anew would be half of the load

    def __init__(self, number, port):
        self.number, self.n, self.sent, self.got, self.out, self.acked = number, 0, 0, b"", b"", 0
        self.heard = []  # when orders came
        self.s = connect(port)
        self.s.setblocking(False)

    def report(self, base_ms, status=SEALED):
        ms, key = base_ms + self.n * 1000, (base_ms + self.n * 1000, status)
        if key not in self.middles:
            self.middles[key] = jt701_frame(self.number, ms, 0, status=status)[6:-1]
        self.out += b"$" + bcd(f"{self.number:010d}") + self.middles[key] + bytes([self.n & 0xFF])
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
        orders = got.count(b"(P43,", 0, whole)
        self.got = got[whole:]
        for _ in range(orders):
            self.heard.append(time.monotonic())
            self.out += f"({self.number:010d},P43,1)".encode()
        if orders:
            self.write()


class Crowd:
    """Devices whose sockets are looked after together."""

    def __init__(self, devices):
        self.by_fd, self.poll = {d.s.fileno(): d for d in devices}, select.epoll()
        for fd in self.by_fd:
            self.poll.register(fd, select.EPOLLIN)

    def turn(self, wait_s):
        for d in self.by_fd.values():
            if d.out:
                d.write()
        for fd, _ in self.poll.poll(wait_s):
            self.by_fd[fd].read()


def pour(pipe, numbers, ports, rate, seconds):
    """Open loop: what is due is made, whatever came back; ends with (number, made, acknowledged) of each device."""
    die_with_parent()
    devices = [Device(n, ports[i % len(ports)]) for i, n in enumerate(numbers)]
    crowd, base_ms, due = Crowd(devices), (int(time.time()) - 86400) * 1000, 0
    pipe.send("connected")
    pipe.recv()
    began = time.monotonic()
    while (now := time.monotonic()) < began + seconds:
        for due in range(due, int((now - began) * rate)):
            d = devices[due // 8 % len(devices)]
            if len(d.out) < DEVICE_KEEPS:
                d.report(base_ms)
        crowd.turn(0.005)
    end = time.monotonic() + SETTLE_S
    while time.monotonic() < end:
        crowd.turn(0.05)
    pipe.send([(d.number, d.n, d.acked, len(d.out) > 0) for d in devices])
    pipe.recv()  # their connections are wanted until then


class Flood:
    """Plain reports, far too many, from a process of its own: the devices beside it are not disturbed by making them."""

    def __init__(self, numbers, ports, rate, seconds):
        self.pipe, other = multiprocessing.Pipe()
        self.process = multiprocessing.get_context("fork").Process(target=pour, args=(other, numbers, ports, rate, seconds), daemon=True)
        self.process.start()
        equal(self.pipe.recv(), "connected", "the flood has its connections")
        self.devices = []

    def begin(self):
        self.pipe.send("begin")

    def ended(self):
        """(made, acknowledged by seal); waits for it."""
        self.devices = self.pipe.recv()
        return sum(made for _, made, _, _ in self.devices), {f"jt701:{n}": acked for n, _, acked, _ in self.devices}

    def close(self):
        self.pipe.send("close")
        self.process.join(WAIT_S)


class Watch(threading.Thread):
    """A live stream: when the alarm of each seal came, and when the verdict of each command."""

    def __init__(self, api):
        super().__init__(daemon=True)
        self.alarms, self.accepted = {}, {}
        self.connection = http.client.HTTPConnection("127.0.0.1", api.server.http, timeout=120)
        self.connection.request("GET", "/api/v1/live", headers={"Cookie": "bulla_session=" + api.cookie})
        self.answer = self.connection.getresponse()
        self.start()

    def run(self):
        try:
            for line in self.answer:
                now = time.monotonic()
                if b'"cable_cut"' in line:
                    for seal in re.findall(rb'"seal":"jt701:(\d+)"', line):
                        self.alarms.setdefault(int(seal), now)
                elif b'"accepted"' in line and (given := re.search(rb'"id":"(\w+)"', line)):
                    self.accepted.setdefault(given[1].decode(), now)
        except (OSError, ValueError, http.client.HTTPException):
            pass  # the program was stopped


class Order(threading.Thread):
    """An order to open, given through the API at its moment, whatever became of those before it."""

    def __init__(self, api, device):
        super().__init__(daemon=True)
        self.api, self.device, self.began, self.answered, self.status, self.id = api, device, time.monotonic(), None, None, None
        self.start()

    def run(self):
        try:
            body = {"name": "unlock", "args": {"password": "123456"}, "reason": "overload"}
            self.status, value = self.api.call("POST", f"/api/v1/seals/jt701:{self.device.number}/commands", body)
            self.answered = time.monotonic()
            self.id = value.get("id") if isinstance(value, dict) else None
        except OSError as e:
            self.status = e


def spread_over(items, seconds):
    """(moment, item), one after the other at even distances from the first moment on."""
    return [(i * seconds / len(items), item) for i, item in enumerate(items)]


def drive(flood, cuts, orders, apis, seconds):
    """The flood, and from its first moment on cut ropes and orders; (moments of the cuts, the orders)."""
    now_ms, crowd, cut_at, given = int(time.time()) * 1000, Crowd(cuts + orders), {}, []
    for d in cuts + orders:
        d.report(now_ms - 5000)
    settled = time.monotonic() + 2
    while time.monotonic() < settled:
        crowd.turn(0.05)
    to_cut, to_order = spread_over(cuts, seconds - 1), spread_over(orders, seconds - 1)
    flood.begin()
    began = time.monotonic()
    while (now := time.monotonic() - began) < seconds + SETTLE_S:
        while to_cut and to_cut[0][0] <= now:
            d = to_cut.pop(0)[1]
            cut_at[d.number] = time.monotonic()
            d.report(now_ms - 4000, status=SEALED | ROPE_CUT)
        while to_order and to_order[0][0] <= now:
            given.append(Order(apis[len(given) % len(apis)], to_order.pop(0)[1]))
        crowd.turn(0.002)
    return cut_at, given


class Waits:
    """How long something took, each time, in ms; those that never came are not among them."""

    def __init__(self, what, pairs, wanted):
        self.what, self.wanted = what, wanted
        self.ms = sorted(1000 * (came - began) for began, came in pairs if came)

    def at(self, part):
        return self.ms[min(len(self.ms) - 1, int(len(self.ms) * part))] if self.ms else float("inf")

    def __str__(self):
        return f"{self.what} {len(self.ms)} of {self.wanted}: p50 {self.at(0.5):.0f}, p99 {self.at(0.99):.0f} ms"

    def check(self, most_ms=1000):
        equal(len(self.ms), self.wanted, f"{self.what}: all came")
        check(self.at(0.99) < most_ms, f"{self.what}: p99 under {most_ms} ms", [round(ms) for ms in self.ms[-5:]])


def waits_of(watch, cut_at, given):
    heard = {o: o.device.heard[0] if o.device.heard else None for o in given}
    return [Waits("alarms", [(at, watch.alarms.get(n)) for n, at in cut_at.items()], len(cut_at)),
            Waits("orders answered", [(o.began, o.answered) for o in given], len(given)),
            Waits("orders to the device", [(o.began, heard[o]) for o in given], len(given)),
            Waits("verdicts shown", [(o.began, watch.accepted.get(o.id)) for o in given], len(given))]


def early(watch, cut_at, seconds):
    """The longest wait of an alarm whose rope was cut in the first seconds: the platform does not know its store yet."""
    first = min(cut_at.values())
    return max(((watch.alarms.get(n, float("inf")) - at) * 1000 for n, at in cut_at.items() if at < first + seconds), default=0)
