#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""bulla seal: real processes. Twenty seals in one air are found in spite of collisions; a seal is written, sealed, killed, tampered with
and read out, its state kept; a seal with keys obeys nobody else; over stream, network and line the same.

[ISO-1-6] one API, several transports below it; [WCO-4.3-A2] collection; [GBT-4.1] seal and reader as programs; [WCO-10-12];
[GBT-6.3a] line and network; [WCO-1-1] each surface; [WCO-1-6] the ISO profile."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import e2e  # noqa: E402
import seals  # noqa: E402

BULLA = e2e.program()
WORK = tempfile.mkdtemp(prefix="bulla-seal-")
running = []


class Seal:
    """A `bulla seal run` process and what it printed."""

    def __init__(self, name, listen, *options):
        self.command = [BULLA, "seal", "run", "--memory", os.path.join(WORK, name + ".mem"), "--listen", listen, *options]
        self.start()

    def start(self):
        self.said = []
        self.process = subprocess.Popen(self.command, cwd=WORK, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, bufsize=1)
        running.append(self.process)
        threading.Thread(target=self._listen, daemon=True).start()
        e2e.until(lambda: self.said, "a seal starts")
        self.at = self.said[0]["at"]

    def _listen(self):
        for line in self.process.stdout:
            self.said.append(json.loads(line))

    def word(self, word, event=None):
        """Something happens to it; waits until it says so."""
        n = len(self.said)
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        if event:
            e2e.until(lambda: any(s["event"] == event for s in self.said[n:]), f"{word} is noticed")
            return [s for s in self.said[n:] if s["event"] == event][0]
        time.sleep(0.1)
        return None

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


verbs = seals.Verbs(BULLA, WORK)
bulla, good, refused = verbs.bulla, verbs.good, verbs.refused


def many_in_one_air():
    air = os.path.join(WORK, "air")
    os.mkdir(air)
    seals = [Seal(f"air{i}", "air:air", "--serial", str(100 + i), "--profile", "iso" if i % 2 else "gbt") for i in range(20)]
    found = good("find", "--at", "air:air")
    e2e.equal(sorted(f["seal"] for f in found), [f"0001:{100 + i:08x}" for i in range(20)], "twenty seals are found, each once")
    e2e.equal({f["block"]["number"] for f in found}, {100 + i for i in range(20)}, "with their blocks")
    e2e.equal(good("status", "--at", "air:air", "--serial", "107")[0]["profile"], "iso", "one of them is asked")
    for seal in seals[10:]:
        seal.kill()
    found = good("find", "--at", "air:air")
    e2e.equal(len(found), 10, "those that are gone are not found")
    for seal in seals[:10]:
        seal.kill()


def a_journey():
    seal = Seal("one", "unix:one.sock", "--serial", "7", "--alpha", "ABC")
    at = ("--at", seal.at)
    e2e.equal(seal.said[0]["state"], "stored", "a new seal is in stock")
    refused("expected in another state", "seal", *at)
    good("initialise", *at)
    refused("calibrated", "seal", *at)
    good("clock", "now", *at)
    good("write", "container", "MSKU9070323", *at)
    good("write", "cargo", "furniture", "--offset", "40", *at)
    good("seal", "--place", "31.23040,121.47370", *at)
    seal.word("close", "shackle-closed")
    e2e.equal(good("status", *at)[0]["shows"], "secure", "it is sealed")
    e2e.equal(seal.word("open", "error")["what"], "open", "a locked shackle does not open by hand")
    seal.kill()
    seal.start()
    e2e.equal(good("status", *at)[0]["shows"], "unknown", "nobody watched while it was without power")
    e2e.equal(good("read", "cargo", "--offset", "40", "--length", "9", *at)[0]["text"], "furniture", "its data are there")
    e2e.equal(good("identify", *at)[0]["block"]["container"], "MSKU9070323", "its block too")
    for surface in ("left-door", "right-door", "left", "right", "roof", "floor"):
        e2e.equal(seal.word(f"intrusion {surface}", "intrusion")["surface"], surface, f"an intrusion through {surface}")
    seal.word("cut", "shackle-cut")
    seal.kill()
    seal.start()
    state = good("status", *at)[0]
    e2e.equal((state["shows"], state["state"]), ("tampered", "tampered-open"), "what was tampered with stays so")
    refused("tampered", "seal", *at)
    log = good("log", *at)
    names = [r["event"] for r in log]
    e2e.equal([n for n in names if n not in ("read", "power-back", "body-opened")],
              ["initialise", "calibrate", "write", "add", "seal", "shackle-closed"] + ["intrusion"] * 6 + ["shackle-cut"],
              "the log has every event once, in order")
    e2e.equal(names.count("power-back"), 2, "and both losses of power")
    e2e.equal([r["counter"] for r in log], list(range(log[0]["counter"], log[0]["counter"] + len(log))), "without a gap")
    closed = log[names.index("shackle-closed")]
    e2e.equal((closed["passage"], closed["lat"], "time" in closed), ("closed, authorised", 31.2304, True), "with time and place")
    seal.kill()
    seal.start()
    good("return", *at)
    good("initialise", *at)
    e2e.equal(good("read", "cargo", *at)[0]["text"].strip(), "", "the next journey begins blank")
    with open(os.path.join(WORK, "one.mem"), "rb") as memory:
        e2e.check(b"furniture" not in memory.read(), "and nothing of the last one is left in flash")
    seal.kill()


def a_file():
    seal = Seal("file", "unix:file.sock", "--serial", "8")
    at = ("--at", seal.at, "--serial", "8")
    content = os.urandom(9001)
    with open(os.path.join(WORK, "scan.pdf"), "wb") as f:
        f.write(content)
    good("initialise", *at)
    good("clock", "now", *at)
    good("write", "container", "CSQU3054383", *at)
    refused("not-found", "get-file", *at)
    put = subprocess.Popen([BULLA, "seal", "put-file", "scan.pdf", *at], cwd=WORK, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    e2e.until(lambda: bulla("get-file", *at)[1] and bulla("get-file", *at)[1][0]["received"] > 0, "some of a file is there")
    put.kill()
    put.wait()
    seal.kill()
    seal.start()
    done = good("put-file", "scan.pdf", *at)[0]
    e2e.equal((done["received"], done["whole"], done["name"]), (len(content), True, "scan.pdf"), "a file goes on after a break")
    good("get-file", "back.pdf", *at)
    with open(os.path.join(WORK, "back.pdf"), "rb") as f:
        e2e.check(f.read() == content, "and comes back as it was")
    good("initialise", *at)
    with open(os.path.join(WORK, "file.mem"), "rb") as memory:
        e2e.check(content[4096:4160] not in memory.read(), "nothing of it is left for the next journey")
    seal.kill()


def killed_at_any_moment(rounds=25):
    """Whatever was acknowledged before a kill is there after it."""
    seal = Seal("kill", "unix:kill.sock", "--serial", "9")
    at = ("--at", seal.at, "--serial", "9")
    good("initialise", *at)
    good("clock", "now", *at)
    good("write", "container", "CSQU3054383", *at)
    expected = None
    for i in range(rounds):
        writer = subprocess.Popen([BULLA, "seal", "write", "cargo", f"round {i:4}", *at, "--tries", "1"], cwd=WORK,
                                  stderr=subprocess.DEVNULL)
        time.sleep(0.002 * (i % 12))
        seal.kill()
        acknowledged = writer.wait() == 0
        seal.start()
        text = good("read", "cargo", "--length", "10", *at)[0]["text"]
        if acknowledged:
            expected = f"round {i:4}"
        e2e.check(text in (expected, f"round {i:4}") or (expected is None and text.strip() == ""), "acknowledged data are there",
                  f"round {i}, acknowledged {acknowledged}: {text!r} after {expected!r}")
        expected = text if text.strip() else expected
    seal.kill()


def with_keys():
    good("keys", "--out", "keys", "--serial", "11", "--reader", "5")
    good("keys", "--out", "keys", "--reader", "6", "--rights", "read,clock")
    good("keys", "--out", "other", "--serial", "11", "--reader", "5")
    seal = Seal("keys", "unix:keys.sock", "--keys", "keys/seal-1-11.json")
    e2e.equal((seal.said[0]["trust"], seal.said[0]["seal"]), ("keys", "0001:0000000b"), "it has keys, and is who they say")
    at = ("--at", seal.at)
    owner = (*at, "--keys", "keys/reader-5.json")
    refused("authorisation", "initialise", *at)
    e2e.equal(good("status", *at)[0]["belief"], "claimed", "a bare frame proves nothing")
    good("clock", "now", *owner)
    good("initialise", *owner)
    good("clock", "now", *owner)
    good("write", "container", "MSKU9070323", *owner)
    refused("authorisation", "seal", *owner)
    tickets = []
    for counter, what in ((1, "seal"), (2, "unseal")):
        got = subprocess.run([BULLA, "seal", "ticket", what, "--out", "keys", "--serial", "11", "--counter", str(counter)], cwd=WORK,
                             capture_output=True, text=True)
        tickets.append(got.stdout.strip())
    good("seal", "--ticket", tickets[0], *owner)
    seal.word("close", "shackle-closed")
    state = good("status", *owner)[0]
    e2e.equal((state["shows"], state["belief"], state["spent"]), ("secure", "proven", 1), "sealed with a ticket, proven")
    refused("authorisation", "write", "cargo", "x", *at, "--keys", "keys/reader-6.json")
    refused("not trusted", "status", *at, "--keys", "other/reader-5.json")
    refused("authorisation", "unseal", "--ticket", tickets[0], *owner)
    good("unseal", "--ticket", tickets[1], *owner)
    refused("authorisation", "unseal", "--ticket", tickets[1], *owner)
    state = good("status", *owner)[0]["ignored"]
    e2e.check(state["unproven"] > 0 and state["replayed"] > 0, "what did not hold is counted", state)
    seal.word("body-open", "body-opened")
    e2e.check(not os.path.exists(os.path.join(WORK, "keys", "seal-1-11.json")), "its keys are destroyed when its body is opened")
    refused("no answer", "status", *owner)
    os.chmod(os.path.join(WORK, "keys", "reader-5.json"), 0o644)
    e2e.equal(bulla("status", *owner)[0], 3, "keys that others may read are none")
    seal.kill()


def other_ways():
    for name, listen in (("net", "tcp:127.0.0.1:0"), ("line", "pty")):
        seal = Seal(name, listen, "--serial", "21", "--profile", "active")
        e2e.equal(good("status", "--at", seal.at)[0]["profile"], "active", f"over {seal.at.split(':')[0]}")
        good("set", "interval", "900", "--at", seal.at)
        e2e.equal(good("set", "interval", "--at", seal.at)[0]["interval"], 900, "a setting is kept")
        seal.word("power-off")
        e2e.equal(seal.process.wait(timeout=10), 0, "power off ends it")


def wrong_use():
    for words, code in (((), 2), (("fly",), 2), (("status",), 2), (("run",), 2), (("status", "--at", "unix:nobody.sock"), 3),
                        (("status", "--at", "nowhere"), 3), (("keys",), 2), (("ticket", "seal"), 2),
                        (("read", "attic", "--at", "unix:nobody.sock"), 3),
                        (("run", "--memory", "x.mem", "--listen", "unix:x.sock", "--profile", "clay"), 2),
                        (("run", "--memory", "x.mem", "--listen", "unix:x.sock", "--alpha", "abc"), 2),
                        (("run", "--memory", "x.mem", "--listen", "unix:x.sock", "--keys", "none.json"), 3)):
        got = bulla(*words)
        e2e.equal(got[0], code, f"exit code of bulla seal {' '.join(words)} ({got[2].strip()})")
        e2e.check(got[2].startswith("bulla seal:"), "in words", got[2])
    with open(os.path.join(WORK, "big.mem"), "wb") as f:
        f.write(bytes(200000))
    e2e.equal(bulla("run", "--memory", "big.mem", "--listen", "unix:x.sock")[0], 3, "a file that is no memory")
    seal = Seal("twice", "unix:twice.sock")
    e2e.equal(bulla("run", "--memory", "twice.mem", "--listen", "unix:other.sock")[0], 3, "one process a seal")
    seal.word("nonsense", "error")
    seal.word("intrusion attic", "error")
    seal.word("temperature warm", "error")
    seal.process.terminate()
    e2e.equal(seal.process.wait(timeout=10), 0, "it ends when it is told to")


try:
    for part in (wrong_use, many_in_one_air, a_journey, a_file, killed_at_any_moment, with_keys, other_ways):
        e2e.say(part.__name__.replace("_", " "))
        part()
finally:
    for process in running:
        if process.poll() is None:
            process.kill()
e2e.finish()
