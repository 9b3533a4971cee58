#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The firmware on a Cortex-M3 that qemu plays, and the host's reader at its UART: found, identified, written, sealed, tampered with, read
out; power goes at any byte of its flash and by kill -9 at any moment, and nothing that was acknowledged is lost. What is in its chip then
is opened by the host's virtual seal. Sizes and stack are held against their budgets.

[GBT-4.1] seal and reader as programs of their own; [WCO-1-1] each surface; [ISO-1-6] the same reader over another line.
BULLA_FIRMWARE_ROUNDS: of cut power (80) and, a third of that, of kills."""
import binascii
import json
import os
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import e2e  # noqa: E402
import seals  # noqa: E402

BULLA = e2e.program()
BUILD = os.path.join(e2e.ROOT, "build", "cortex-m")
ROUNDS = int(os.environ.get("BULLA_FIRMWARE_ROUNDS", 80))
for needed in ("arm-none-eabi-gcc", "qemu-system-arm", "cmake", "ninja"):
    if not shutil.which(needed):
        e2e.skip(f"{needed} is not installed")
if not os.path.isabs(subprocess.run(["arm-none-eabi-gcc", "-print-file-name=nano.specs"], capture_output=True, text=True).stdout.strip()):
    e2e.skip("libnewlib-arm-none-eabi is not installed")
WORK = tempfile.mkdtemp(prefix="bulla-fw-")
SURFACES = ("left-door", "right-door", "left", "right", "roof", "floor")
PROFILES = {"iso": 3, "gbt": 4, "active": 5}

# firmware/chip.h
SECTOR, BODY, FACTORY, MEMORY = 4096, 28 * 4096, 29 * 4096, 16 << 20
WAIT_MS = e2e.WAIT_S * 1000
running, stacks = [], []


class Machine:
    """A qemu process; its chip is a file that outlives it."""

    def __init__(self, name, serial=7, profile="gbt", proven=0, page=True, flip=None):
        self.name, self.serial, self.memory = name, serial, os.path.join(WORK, name + ".chip")
        fields = b"BLF1" + struct.pack(">BBHII4s", PROFILES[profile], proven, 1, serial, 0x1234, b"ABC")
        with open(self.memory, "wb") as f:
            f.truncate(MEMORY)
            f.write(b"\xff" * BODY + b"\x01\x00")  # the shackle is out, and not locked
            f.seek(FACTORY)
            page = bytearray(fields + struct.pack(">I", zlib.crc32(fields)) if page else b"\xff" * 24)
            if flip is not None:
                page[flip] ^= 1
            f.write(page)
        self.start()

    def path(self, what):
        return os.path.join(WORK, f"{self.name}.{what}")

    def start(self):
        for what in ("link", "bench"):
            if os.path.exists(self.path(what)):
                os.unlink(self.path(what))
        lines = [word for what in ("link", "bench") for word in
                 ("-chardev", f"socket,id={what},path={self.path(what)},server=on,wait={'on' if what == 'bench' else 'off'}",
                  "-serial", f"chardev:{what}")]
        self.process = subprocess.Popen(
            ["qemu-system-arm", "-M", "mps2-an385,memory-backend=chip", "-m", "16M", "-nographic", "-monitor", "none",
             "-object", f"memory-backend-file,id=chip,mem-path={self.memory},size=16M,share=on",
             "-semihosting-config", "enable=on,target=native", *lines, "-kernel", os.path.join(BUILD, "firmware.elf")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        running.append(self.process)
        e2e.until(lambda: os.path.exists(self.path("bench")) or self.process.poll() is not None, "qemu starts")
        self.bench = socket.socket(socket.AF_UNIX)
        e2e.until(self._connect, "the bench is there")
        self.said, self.rest = [], b""
        self.state = self.hear("start").split()[1]

    def _connect(self):
        try:
            self.bench.connect(self.path("bench"))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True

    def hear(self, *beginnings, wait_s=e2e.WAIT_S):
        """The next line of the bench that begins so."""
        self.bench.settimeout(wait_s)
        while True:
            while b"\n" not in self.rest:
                got = self.bench.recv(4096)
                if not got:
                    raise EOFError("the machine is gone")
                self.rest += got
            line, self.rest = self.rest.split(b"\n", 1)
            line = line.decode()
            self.said.append(line)
            if line.startswith("fault"):
                e2e.check(False, "no fault", line)
            if line.startswith(beginnings):
                return line

    def word(self, word):
        """What became of it: "ok", "error why", or "start state": power went."""
        self.bench.sendall(word.encode() + b"\n")
        return self.hear("ok", "error", "start")

    def ask(self, word):
        """The number that it tells."""
        e2e.equal(self.word(word), "ok", word)
        return [int(n) for n in [s for s in self.said if s.startswith(word)][-1].split()[1:]]

    def at(self, patience_ms=10000):
        """For a reader; a slow host is no failure."""
        return ("--at", "unix:" + self.path("link"), "--serial", str(self.serial), "--patience", str(patience_ms))

    def order(self, *words):
        """Whether a reader's order was acknowledged; False: power went before that."""
        reader = subprocess.Popen([BULLA, "seal", *words, *self.at(WAIT_MS), "--tries", "1"], cwd=WORK, stderr=subprocess.DEVNULL)
        while reader.poll() is None:
            try:
                self.hear("start", wait_s=0.02)
            except TimeoutError:
                continue
            reader.kill()
            return reader.wait() == 0
        return reader.returncode == 0

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.bench.close()

    def end(self):
        stacks.append(self.ask("stack"))
        self.kill()


verbs = seals.Verbs(BULLA, WORK)
bulla, good, refused = verbs.bulla, verbs.good, verbs.refused


def log_of(at):
    return good("log", *at)


# ---- parts ----

def a_blank_machine():
    machine = Machine("blank", page=False)
    e2e.equal(machine.state, "not_mine", "without the maker's page it is no seal")
    e2e.equal(bulla("status", *machine.at(500), "--tries", "1")[0], 1, "and answers nobody")
    machine.kill()
    machine = Machine("rotten", flip=9)
    e2e.equal(machine.state, "not_mine", "nor with a page of which a bit is wrong")
    machine.kill()


def a_journey():
    machine = Machine("one")
    at = machine.at()
    e2e.equal(machine.state, "stored", "a new seal is in stock")
    found = good("find", *at[:2])
    e2e.equal([(f["seal"], f["block"]["alpha"]) for f in found], [("0001:00000007", "ABC")], "it is found")
    refused("expected in another state", "seal", *at)
    good("initialise", *at)
    refused("calibrated", "seal", *at)
    good("clock", "now", *at)
    good("write", "container", "MSKU9070323", *at)
    good("write", "cargo", "furniture", "--offset", "40", *at)
    good("seal", "--place", "31.23040,121.47370", *at)
    e2e.equal(machine.word("close"), "ok", "it is closed")
    e2e.equal(good("status", *at)[0]["shows"], "secure", "it is sealed")
    e2e.check("motor locked" in machine.said, "the motor has moved", machine.said)
    e2e.equal(machine.word("open"), "error locked", "a locked shackle does not open by hand")
    good("unseal", *at)
    e2e.equal(machine.word("open"), "ok", "unlocked, it does")
    good("write", "cargo", "chairs", "--offset", "60", *at)
    good("seal", *at)
    e2e.equal(machine.word("close"), "ok", "and closes again")
    machine.kill()
    machine.start()
    e2e.equal(good("status", *at)[0]["shows"], "unknown", "nobody watched while it was without power")
    e2e.equal(good("read", "cargo", "--offset", "40", "--length", "9", *at)[0]["text"], "furniture", "its data are there")
    e2e.equal(good("identify", *at)[0]["block"]["container"], "MSKU9070323", "its block too")
    for surface in SURFACES:
        e2e.equal(machine.word(f"intrusion {surface}"), "ok", f"an intrusion through {surface}")
    e2e.equal(machine.word("intrusion attic"), "error surface", "no such surface")
    e2e.equal(machine.word("cut"), "ok", "it is cut")
    state = good("status", *at)[0]
    e2e.equal((state["shows"], state["state"]), ("tampered", "tampered-open"), "it says that it was tampered with")
    log = log_of(at)
    names = [r["event"] for r in log]
    e2e.equal([n for n in names if n not in ("read", "power-back")],
              ["initialise", "calibrate", "write", "add", "seal", "shackle-closed", "unseal", "shackle-opened", "add", "seal",
               "shackle-closed"] + ["intrusion"] * 6 + ["shackle-cut"], "the log has every event once, in order")
    e2e.equal([r["surface"] for r in log if r["event"] == "intrusion"], list(SURFACES), "with the surfaces")
    e2e.equal([r["counter"] for r in log], list(range(log[0]["counter"], log[0]["counter"] + len(log))), "without a gap")
    machine.end()
    opened_by_the_host(machine, log)


def opened_by_the_host(machine, log):
    """The chip of the machine, in a virtual seal: the same bytes mean the same there."""
    with open(machine.memory, "rb") as chip, open(machine.path("mem"), "wb") as memory:
        memory.write(chip.read(BODY + 2))
    seal = subprocess.Popen([BULLA, "seal", "run", "--memory", machine.path("mem"), "--listen", "unix:" + machine.path("host")],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    running.append(seal)
    start = json.loads(seal.stdout.readline())
    e2e.equal((start["seal"], start["state"]), ("0001:00000007", "tampered-open"), "a host opens what is in its chip")
    at = ("--at", "unix:" + machine.path("host"), "--serial", "7")
    e2e.equal(log_of(at)[:len(log)], log, "its log is the same")
    e2e.equal(good("read", "cargo", "--offset", "40", "--length", "9", *at)[0]["text"], "furniture", "its data too")
    seal.kill()
    seal.wait()


class Ledger:
    """What was said to it and what it acknowledged; what it then must, and may, have."""

    def __init__(self, machine):
        self.machine, self.at = machine, machine.at()
        self.cargo, self.maybe = " " * 8, None  # what is there for sure; what may be, in its place
        self.limits, self.tried = [], 0

    def write(self, number):
        text = f"no {number:5}"
        self.maybe = text
        done = self.machine.order("write", "cargo", text)
        if done:
            self.cargo, self.maybe = text, None
        return done

    def limit(self, number):
        self.tried += 1
        try:
            said = self.machine.word(f"limit {number * 1000}")
        except (EOFError, OSError):
            said = ""
        if said == "ok":
            self.limits.append(number)
        return said == "ok"

    def check(self, what):
        text = good("read", "cargo", "--length", "8", *self.at)[0]["text"]
        e2e.check(text in (self.cargo, self.maybe), f"{what}: acknowledged data are there",
                  f"expected {self.cargo!r} or {self.maybe!r}, got {text!r}")
        self.cargo, self.maybe = text, None

    def check_log(self):
        log = log_of(self.at)
        values = [int(r["value"]) for r in log if r["event"] == "limit"]
        e2e.equal(values, sorted(set(values)), "each event is there once, in order")
        lost = 0 if log[0]["event"] == "initialise" else values[0]  # in a long run the ring has come round: the oldest are gone
        e2e.equal([v for v in self.limits if v not in values and v >= lost], [], "none that was acknowledged is missing")
        e2e.check(len(values) <= self.tried, "none is there that did not happen", f"{self.tried} happened, {values} are there")
        return log


def ready(name):
    machine = Machine(name, serial=9)
    for words in (("initialise",), ("clock", "now"), ("write", "container", "CSQU3054383")):
        good(*words, *machine.at())
    return machine, Ledger(machine)


def size_of(machine, what):
    before = machine.ask("worked")[0]
    e2e.check(what(), "it is done while power stays")
    return machine.ask("worked")[0] - before


def power_cut_at_any_byte():
    """[WCO-4.3-B1] Flash loses power inside one of the bytes that an order or an event changes, with some bits of it done."""
    machine, ledger = ready("cut")
    chance = random.Random(1)
    doings = (ledger.write, ledger.limit)
    sizes = [size_of(machine, lambda d=d: d(1)) for d in doings]
    cuts = [0, 0]
    for number in range(2, ROUNDS + 2):
        which = number % 2
        e2e.equal(machine.word(f"cut-after {chance.randrange(sizes[which] + 16)}"), "ok", "the cut is set")
        done = doings[which](number)
        cuts[which] += not done
        e2e.equal(machine.word(f"cut-after {MEMORY}"), "ok", "power stays for the rest")
        ledger.check(f"round {number}, cut: {not done}")
    e2e.check(min(cuts) > ROUNDS / 4, "power went often enough to say something", cuts)
    ledger.check_log()
    print(f"   {sum(cuts)} cuts in {ROUNDS} rounds; an order changes {sizes[0]} bytes of flash, an event {sizes[1]}")
    machine.end()


def emptied_at_any_byte():
    """Power goes while the data of a use are deleted: zones are copied, sectors are erased."""
    machine, _ = ready("empty")
    at, chance, cuts = machine.at(), random.Random(4), 0
    good("initialise", *at)
    size = size_of(machine, lambda: machine.order("initialise"))
    for number in range(ROUNDS // 4):
        good("clock", "now", *at)
        good("write", "container", "CSQU3054383", *at)
        e2e.equal(machine.word(f"cut-after {chance.randrange(size + size // 4)}"), "ok", "the cut is set")
        done = machine.order("initialise")
        cuts += not done
        e2e.equal(machine.word(f"cut-after {MEMORY}"), "ok", "power stays for the rest")
        state = good("status", *at)[0]["state"]
        text = good("read", "container", "--length", "11", *at)[0]["text"].strip()
        e2e.check((state, text) in ((("initialised", ""),) if done else (("initialised", ""), ("written", "CSQU3054383"))),
                  "all of it is deleted, or nothing", f"round {number}, acknowledged {done}: {state}, {text!r}")
        good("initialise", *at)
        e2e.equal(good("read", "container", "--length", "11", *at)[0]["text"].strip(), "", "it can be deleted afterwards")
        with open(machine.memory, "rb") as chip:
            e2e.check(b"CSQU3054383" not in chip.read(BODY), "and then it is nowhere in flash", f"round {number}")
    e2e.check(cuts > ROUNDS / 8, "power went often enough to say something", cuts)
    print(f"   {cuts} cuts in {ROUNDS // 4} rounds; deleting changes {size} bytes of flash")
    machine.end()


def killed_at_any_moment():
    """kill -9 of the whole machine, while flash takes as long as a chip's does."""
    machine, ledger = ready("kill")
    chance = random.Random(2)
    lost = 0
    for number in range(1, ROUNDS // 3 + 1):
        writer = subprocess.Popen([BULLA, "seal", "write", "cargo", f"no {number:5}", *machine.at(), "--tries", "1"], cwd=WORK,
                                  stderr=subprocess.DEVNULL)
        ledger.maybe = f"no {number:5}"
        time.sleep(chance.uniform(0, 0.03))
        machine.kill()
        if writer.wait() == 0:
            ledger.cargo, ledger.maybe = ledger.maybe, None
        else:
            lost += 1
        machine.start()
        ledger.check(f"kill {number}")
    e2e.check(lost > 0, "some kills came before the answer", lost)
    names = [r["event"] for r in ledger.check_log()]
    e2e.equal(names.count("power-back"), ROUNDS // 3, "each loss of power is in the log")
    machine.end()


def a_file_it_carries():
    """It comes in pieces, goes on after a kill, and is the same when it is fetched. Without a digest the seal never calls it whole."""
    machine, _ = ready("file")
    sent = random.Random(5).randbytes(20000)
    with open(os.path.join(WORK, "sent.bin"), "wb") as f:
        f.write(sent)
    reader = subprocess.Popen([BULLA, "seal", "put-file", "sent.bin", *machine.at()], cwd=WORK, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    before = machine.ask("worked")[0]
    e2e.until(lambda: machine.ask("worked")[0] - before > len(sent), "half of it has come: what is programmed was erased before")
    machine.kill()
    e2e.check(reader.wait() != 0, "the reader knows that it is not all there")
    machine.start()
    done = good("put-file", "sent.bin", *machine.at())[0]
    e2e.equal((done["received"], done["whole"]), (len(sent), False), "it goes on to its end")
    e2e.check(machine.ask("worked")[0] < 1.6 * len(sent), "from where it was", machine.said[-2:])
    good("get-file", "got.bin", *machine.at())
    with open(os.path.join(WORK, "got.bin"), "rb") as f:
        e2e.equal(f.read(), sent, "what is fetched is what was sent")
    machine.end()


def frame(order, arguments):
    """To all seals (bulla/frame.h), of session 7."""
    text = struct.pack(">BBBHB", 0x40, 0x04, 8 + len(arguments), 7, order) + arguments
    return text + struct.pack(">H", binascii.crc_hqx(text, 0xFFFF))


def answers_in_slots():
    """[WCO-4.3-A2] A collection with eight slots of 57.3 ms: it answers in one of them, by chance."""
    machine = Machine("slots", serial=5)
    line = socket.socket(socket.AF_UNIX)
    line.connect(machine.path("link"))
    line.settimeout(e2e.WAIT_S)
    slots = set()
    for _ in range(12):
        asked = time.monotonic()
        line.sendall(frame(0x1F, struct.pack(">HBB", 8, 0, 0)))
        answer = line.recv(1)
        slots.add(int((time.monotonic() - asked) / 0.0573))
        while len(answer) < 4 or len(answer) < answer[3]:
            answer += line.recv(300)
        e2e.check(answer[:1] == b"\x40" and answer[4:6] == b"\0\7", "an answer to this session", answer)
    e2e.check(len(slots) >= 3, "in slots by chance", slots)
    e2e.check(max(slots) <= 8, "and in none behind the last", slots)
    line.close()
    machine.end()


def noise_on_the_line():
    machine = Machine("noise", serial=8)
    chance = random.Random(3)
    good("status", *machine.at())
    noise = [bytes([0x40] if number % 2 else []) + chance.randbytes(chance.randrange(1, 700)) for number in range(20)]
    noise += [b"\x40\x04\x00" + bytes(2000), b"\x40\x04\xff"]  # a frame without a length, one whose rest never comes
    for bytes_ in noise:
        line = socket.socket(socket.AF_UNIX)
        line.connect(machine.path("link"))
        line.sendall(bytes_)
        time.sleep(0.1)
        line.close()
    time.sleep(0.4)  # what is left of a frame by then is none
    state = good("status", *machine.at(), "--tries", "1")[0]
    e2e.check(state["ignored"]["damaged"] > 0, "what is no frame is counted", state)
    e2e.equal(state["state"], "stored", "and changes nothing")
    for word, answer in (("", "error word"), ("fly", "error word"), ("limit", "error number"), ("limit 1x", "error number"),
                         ("battery 999999999999", "error number"), ("x" * 300, "error word"), ("temperature -12500", "ok")):
        e2e.equal(machine.word(word), answer, f"bench: {word[:20]!r}")
    e2e.equal(good("status", *machine.at())[0]["temperature"], -12, "what it measures is told")
    e2e.equal((machine.word("battery 15"), machine.word("battery 15")), ("ok", "ok"), "its battery is low")
    e2e.until(lambda: "low" in good("status", *machine.at())[0]["modes"], "a low battery is noticed")
    machine.end()


def it_keeps_time():
    machine = Machine("clock", serial=6)
    good("clock", "now", *machine.at())
    time.sleep(3)
    error = good("clock", "now", *machine.at())[0]["error_ms"]
    e2e.check(abs(error) < 300, "its clock goes with the host's", error)
    e2e.equal(machine.word("power-off"), "ok", "power goes with a warning")
    e2e.equal(bulla("status", *machine.at(500), "--tries", "1")[0], 1, "then it is silent")
    machine.kill()
    machine.start()
    e2e.equal(good("clock", *machine.at())[0]["set"], False, "a clock that stopped says so")
    machine.end()


def without_keys():
    """A seal that is made for keys, of which this firmware has none: a bare frame changes nothing, tickets and sessions do not hold."""
    machine = Machine("keys", serial=11, proven=1)
    at = machine.at()
    good("keys", "--out", "keys", "--serial", "11", "--reader", "5")
    ticket = subprocess.run([BULLA, "seal", "ticket", "seal", "--out", "keys", "--serial", "11", "--counter", "1"], cwd=WORK,
                            capture_output=True, text=True).stdout.strip()
    refused("authorisation", "initialise", *at)
    refused("authorisation", "seal", "--ticket", ticket, *at)
    refused("no answer", "status", "--keys", "keys/reader-5.json", "--tries", "1", *machine.at(500))
    state = good("status", *at)[0]
    e2e.equal((state["belief"], state["state"], state["keys"]), ("claimed", "stored", True), "it says how it is, to anybody")
    e2e.check(state["ignored"]["unproven"] > 0, "what did not hold is counted", state["ignored"])
    machine.end()


def within_its_budgets():
    got = subprocess.run([sys.executable, os.path.join(e2e.ROOT, "scripts", "firmware.py"), BUILD, str(max(used for _, used in stacks))],
                         capture_output=True, text=True)
    print(got.stdout, end="")
    e2e.equal(got.returncode, 0, f"code, memory and stack are within their budgets {got.stderr.strip()}")


def build():
    for words in (("cmake", "--preset", "cortex-m"), ("cmake", "--build", "--preset", "cortex-m")):
        got = subprocess.run(words, cwd=e2e.ROOT, capture_output=True, text=True)
        if not e2e.equal(got.returncode, 0, "the firmware builds"):
            print(got.stdout + got.stderr)
            e2e.finish()


try:
    build()
    for part in (a_blank_machine, a_journey, power_cut_at_any_byte, emptied_at_any_byte, killed_at_any_moment, a_file_it_carries,
                 answers_in_slots, noise_on_the_line, it_keeps_time, without_keys, within_its_budgets):
        e2e.say(part.__name__.replace("_", " "))
        part()
finally:
    for process in running:
        if process.poll() is None:
            process.kill()
    shutil.rmtree(WORK, ignore_errors=True)
e2e.finish()
