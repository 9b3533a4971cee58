#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Where samples of bulla rf come from and go to, as a user meets it: SigMF recordings in and out, rtl_tcp over a real socket
from a server that is written here, SoapySDR's own library with a device that plays a file, holes, lost devices, a terminal;
and what the rules of regions let be sent.

Requirements: [WCO-4.3-R1] [WCO-4.3-P7] [ISO-T7-F3] [ISO-T8-R3] [GBT-5.3]"""
import json
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from rf_cli import BULLA, check, finish, lines, run  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


def write(path, data):
    with open(path, "wb") as out:
        out.write(data)
    return path


# ---- SigMF ----

def valid_sigmf(base):
    """What the specification 1.0.0 demands of the core namespace; returns the meta."""
    meta = json.load(open(base + ".sigmf-meta", encoding="utf-8"))
    check("SigMF: members", {"global", "captures", "annotations"}, set(meta))
    datatype = meta["global"]["core:datatype"]
    size = {"cu8": 2, "ci8": 2, "ci16_le": 4, "cf32_le": 8}[datatype]
    check("SigMF: version", "1.0.0", meta["global"]["core:version"])
    samples = os.path.getsize(base + ".sigmf-data") // size
    for name in ("captures", "annotations"):
        starts = [one["core:sample_start"] for one in meta[name]]
        check(f"SigMF: {name} in order", sorted(starts), starts)
        check(f"SigMF: {name} are whole numbers", True, all(isinstance(s, int) and 0 <= s <= samples for s in starts))
    kinds = {"core:sample_start": int, "core:sample_count": int, "core:freq_lower_edge": float, "core:freq_upper_edge": float,
             "core:label": str, "core:comment": str, "core:generator": str}
    for one in meta["annotations"]:
        check("SigMF: annotation", True, all(isinstance(one[k], kinds[k]) for k in one) and ("core:freq_lower_edge" in one) == ("core:freq_upper_edge" in one))
        check("SigMF: edges", True, one["core:freq_lower_edge"] < one["core:freq_upper_edge"])
        check("SigMF: label under 20 characters", True, len(one["core:label"]) < 20)
    return meta


def sigmf(folder):
    for form, datatype in (("cu8", "cu8"), ("cs8", "ci8"), ("cs16", "ci16_le"), ("cf32", "cf32_le")):
        base = os.path.join(folder, "made_" + form)
        code, out, err = run("encode", "--sigmf", base, "--format", form, "--rate", "1.2M", "--ebn0", 18, "--random", 4)
        check(f"SigMF {form}: encode", (0, b"", ""), (code, out, err))
        sent = valid_sigmf(base)
        check(f"SigMF {form}: global", (datatype, 1.2e6), (sent["global"]["core:datatype"], sent["global"]["core:sample_rate"]))
        check(f"SigMF {form}: frequency", 433.92e6, sent["captures"][0]["core:frequency"])
        # What was sent says where it is; what was read says the same, within 20 us and a kHz.
        heard = os.path.join(folder, "heard_" + form)
        code, out, err = run("decode", "--sigmf", heard, base + ".sigmf-meta")
        check(f"SigMF {form}: decode", (0, ""), (code, err))
        meta = valid_sigmf(heard)
        check(f"SigMF {form}: as many", 4, len(meta["annotations"]))
        for a, b in zip(sent["annotations"], meta["annotations"]):
            check(f"SigMF {form}: the same frame", a["core:comment"], b["core:comment"].split()[0])
            check(f"SigMF {form}: the same place", True, abs(a["core:sample_start"] - b["core:sample_start"]) < 24 and abs(a["core:sample_count"] - b["core:sample_count"]) < 24)
            check(f"SigMF {form}: the same edges", True, abs(a["core:freq_lower_edge"] - b["core:freq_lower_edge"]) < 1000)
        same = open(base + ".sigmf-data", "rb").read() == open(heard + ".sigmf-data", "rb").read()
        check(f"SigMF {form}: the samples are copied", True, same)
    base = os.path.join(folder, "made_cu8")
    before = json.load(open(base + ".sigmf-meta"))
    before["global"]["core:author"] = "someone"
    before["annotations"].append({"core:sample_start": 1, "core:sample_count": 5, "core:label": "mine"})
    json.dump(before, open(base + ".sigmf-meta", "w"))
    for _ in range(2):  # in its own meta: what others wrote stays, what an earlier run wrote does not double
        check("SigMF: in its place", 0, run("decode", "--sigmf", base, base + ".sigmf-data")[0])
    after = json.load(open(base + ".sigmf-meta"))
    check("SigMF: the author stays", "someone", after["global"]["core:author"])
    check("SigMF: annotations", ["mine"] + 4 * ["iso433-return"], [a["core:label"] for a in after["annotations"]])
    check("SigMF: the same frames", run("decode", "--rate", "1.2M", "--format", "cu8", os.path.join(folder, "heard_cu8.sigmf-meta"))[1],
          run("decode", base + ".sigmf-meta")[1])


def sigmf_holes(folder):
    """Two captures with a hole and a header between them; times go on as if nothing were missing."""
    data = run("encode", "--random", 2, "--ebn0", 20, "--gap", 30)[1]
    whole = lines(run("decode", "-", data=data)[1])
    at, missing = 25000, 4000
    base = os.path.join(folder, "holed")
    write(base + ".sigmf-data", b"head" + data[:2 * at] + b"header" + data[2 * (at + missing):] + b"tail")
    meta = {"global": {"core:datatype": "cu8", "core:version": "1.0.0", "core:sample_rate": 1000000, "core:trailing_bytes": 4},
            "captures": [{"core:sample_start": 0, "core:header_bytes": 4}, {"core:sample_start": at, "core:global_index": at + missing, "core:header_bytes": 6}],
            "annotations": []}
    json.dump(meta, open(base + ".sigmf-meta", "w"))
    code, out, err = run("decode", "--sigmf", base + "_again", base + ".sigmf-meta")
    got = lines(out)
    check("holes: exit", (0, ""), (code, err))
    check("holes: marked", [{"t": 0.025, "gap": 0.004}], [g for g in got if "gap" in g])
    frames = [g for g in got if "bytes" in g]
    check("holes: frames", [f["bytes"] for f in whole], [f["bytes"] for f in frames])
    check("holes: times", True, all(abs(f["t"] - w["t"]) < 2e-6 for f, w in zip(frames, whole)))
    again = valid_sigmf(base + "_again")
    check("holes: written", [at + missing], [c["core:global_index"] for c in again["captures"] if "core:global_index" in c])
    starts = [a["core:sample_start"] for a in again["annotations"]]
    check("holes: annotations count samples of the file", True, abs(starts[1] - (frames[1]["t"] * 1e6 - missing)) < 2)
    check("holes: read again", [f["bytes"] for f in frames], [f["bytes"] for f in lines(run("decode", base + "_again.sigmf-meta")[1]) if "bytes" in f])


def sigmf_wrong(folder):
    base = os.path.join(folder, "wrong")
    write(base + ".sigmf-data", bytes(4000))
    good = {"global": {"core:datatype": "cu8", "core:version": "1.0.0", "core:sample_rate": 1e6}, "captures": [{"core:sample_start": 0}], "annotations": []}

    def meta(where, value):
        changed = json.loads(json.dumps(good))
        target = changed
        for key in where[:-1]:
            target = target[key]
        target[where[-1]] = value
        return json.dumps(changed)

    cases = [("", "expected JSON"), ("[1]", "the whole: expected an object"), (meta(["global"], 3), "global: expected an object, got 3"),
             (meta(["global", "core:datatype"], "rf32_le"), 'core:datatype: expected cu8, ci8, ci16_le or cf32_le, got "rf32_le"'),
             (meta(["global", "core:sample_rate"], "fast"), 'core:sample_rate: expected samples a second, got "fast"'),
             (meta(["global", "core:sample_rate"], 100), "expected a rate from 400000 to 20000000"),
             (meta(["global", "core:num_channels"], 2), "core:num_channels: expected 1, got 2"),
             (meta(["global", "core:dataset"], "../x"), "core:dataset: expected the name of a file beside it"),
             (meta(["captures"], [{}]), "captures[0].core:sample_start: expected"),
             (meta(["captures"], [{"core:sample_start": 5}, {"core:sample_start": 4}]), "captures[1].core:sample_start: expected a sample behind"),
             (meta(["captures"], [{"core:sample_start": -1}]), "captures[0].core:sample_start: expected a whole number"),
             (meta(["captures"], [{"core:sample_start": 0, "core:frequency": 1e8}, {"core:sample_start": 9, "core:frequency": 2e8}]), "captures[1].core:frequency: expected that of the first"),
             (meta(["global", "core:trailing_bytes"], 5000), "expected a whole number of samples"), (meta(["global", "core:datatype"], "cf32_le").replace("cf32", "cf32") + " x", "expected JSON")]
    for text, part in cases:
        write(base + ".sigmf-meta", text.encode())
        code, out, err = run("decode", base + ".sigmf-meta")
        check(f"wrong meta {text[:60]!r}", (2, b"", True, True), (code, out, part in err or err, "wrong.sigmf-" in err))
    write(base + ".sigmf-meta", json.dumps(good).encode())
    check("another format", 2, run("decode", "--format", "cs16", base + ".sigmf-meta")[0])
    check("silence", 1, run("decode", base + ".sigmf-meta")[0])
    os.remove(base + ".sigmf-data")
    code, _, err = run("decode", base + ".sigmf-meta")
    check("no samples", (3, True), (code, "cannot open the samples" in err))
    check("no meta", 3, run("decode", os.path.join(folder, "none.sigmf-data"))[0])
    check("an archive", (2, True), (lambda r: (r[0], "unpack it" in r[2]))(run("decode", "x.sigmf")))
    check("a folder that is not there", 3, run("encode", "--sigmf", "/no such/x", "--random", 1)[0])
    own = os.path.join(folder, "own.sigmf-data")
    write(own, run("encode", "--random", 1)[1])
    code, _, err = run("decode", "--sigmf", os.path.join(folder, "own"), "cu8:" + own)
    check("its own input", (True, True), (code == 2, "another name" in err))
    check("its own input is left alone", True, os.path.getsize(own) > 1000)


# ---- rtl_tcp ----

class Server(threading.Thread):
    """An rtl_tcp: for each connection the next of `plays` is sent, then it hangs up, or stays silent."""

    def __init__(self, plays, header=b"RTL0" + struct.pack(">II", 5, 29), pause=0.0, silent=False):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.plays, self.header, self.pause, self.silent = plays, header, pause, silent
        self.commands = []
        self.start()

    def run(self):
        for play in self.plays:
            connection, _ = self.socket.accept()
            connection.sendall(self.header)
            commands = b""
            connection.settimeout(0.3)
            try:
                while len(commands) < 25:
                    commands += connection.recv(100)
            except TimeoutError:
                pass
            self.commands.append([(commands[i], struct.unpack(">i", commands[i + 1:i + 5])[0]) for i in range(0, len(commands), 5)])
            try:
                for at in range(0, len(play), 9999):  # odd, so that pieces cut samples
                    connection.sendall(play[at:at + 9999])
                if self.silent:
                    time.sleep(20)
            except OSError:
                pass
            connection.close()
            time.sleep(self.pause)
        self.socket.close()


def rtl_tcp(folder):
    data = run("encode", "--random", 6, "--ebn0", 20)[1]
    wanted = [f["bytes"] for f in lines(run("decode", "-", data=data)[1])]
    server = Server([data + b"\x7f"])
    base = os.path.join(folder, "tcp")
    code, out, err = run("decode", "--sigmf", base, f"rtl_tcp://127.0.0.1:{server.port}?freq=433.92M&rate=1M&gain=29.7&ppm=-12&retry=0.2")
    got = lines(out)
    check("rtl_tcp: frames", wanted, [f["bytes"] for f in got])
    check("rtl_tcp: lost at the end", (3, True), (code, "lost, and not found again within 0.2 s" in err))
    check("rtl_tcp: commands", [[(2, 1000000), (5, -12), (1, 433920000), (3, 1), (4, 297)]], server.commands)
    check("rtl_tcp: half a sample is left out", len(data), os.path.getsize(base + ".sigmf-data"))
    check("rtl_tcp: when", True, re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", valid_sigmf(base)["captures"][0]["core:datetime"]) is not None)
    # A connection breaks in a frame, and comes back after 0.6 s with the rest.
    cut = 2 * 30001 + 1
    server = Server([data[:cut], data[cut + 1:]], pause=0.6)
    code, out, err = run("decode", "--sigmf", base, f"rtl_tcp://127.0.0.1:{server.port}?retry=1.5")
    got = lines(out)
    gaps = [g for g in got if "gap" in g]
    check("rtl_tcp: one hole", 1, len(gaps))
    check("rtl_tcp: how long", True, 0.5 < gaps[0]["gap"] < 5)
    check("rtl_tcp: where", 0.030001, gaps[0]["t"])
    frames = [g["bytes"] for g in got if g.get("crc") in ("ok", "corrected")]
    check("rtl_tcp: all but the one that was cut", (5, True), (len(frames), set(frames) < set(wanted)))
    late = [g["t"] for g in got if "bytes" in g and g["bytes"] == wanted[-1]][0]
    check("rtl_tcp: time goes on behind it", True, abs(late - (gaps[0]["gap"] + (0.00505 + 5 * 0.011004))) < 0.002)
    check("rtl_tcp: set up again", 2, len(server.commands))
    meta = valid_sigmf(base)
    check("rtl_tcp: a capture behind it", [0, 30001], [c["core:sample_start"] for c in meta["captures"]])


def rtl_tcp_wrong():
    for url, part in (("rtl_tcp://?rate=1M", "expected a host"), ("rtl_tcp://h:99999", "expected a host"), ("rtl_tcp://h:1x", "expected a host"),
                      ("rtl_tcp://h?rate=1k", "rate: expected a number from 400000"), ("rtl_tcp://h?speed=3", "expected freq, rate"),
                      ("rtl_tcp://h?gain=", "gain: expected a number"), ("rtl_tcp://" + "h" * 300, "expected less than"), ("rtl_tcp://[::1", "expected a host")):
        code, out, err = run("decode", url)
        check(f"wrong {url[:40]}", (2, b"", True), (code, out, part in err or err))
    check("wrong format", 2, run("decode", "--format", "cs16", "rtl_tcp://127.0.0.1:1")[0])
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    code, out, err = run("decode", f"rtl_tcp://127.0.0.1:{port}")
    check("nobody there", (3, b"", True), (code, out, "cannot connect: Connection refused" in err))
    server = Server([b""], header=b"HTTP/1.1 400")
    code, out, err = run("decode", f"rtl_tcp://127.0.0.1:{server.port}")
    check("another server", (3, b"", True), (code, out, "expected a header of 12 bytes" in err))


def interrupted():
    """Ctrl-C at a device is an end: statistics are written, and the exit code is that of what was heard."""
    data = run("encode", "--random", 3, "--ebn0", 20)[1]
    server = Server([data], silent=True)
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen([BULLA, "rf", "decode", "--stats", f"rtl_tcp://127.0.0.1:{server.port}"], stdout=out, stderr=subprocess.PIPE)
        for _ in range(200):  # until frames come
            time.sleep(0.3)
            if os.pread(out.fileno(), 9999, 0).count(b"\n") >= 2:
                break
        child.send_signal(signal.SIGINT)
        err = child.communicate(timeout=20)[1]
        out.seek(0)
        check("interrupted", (0, 3, True), (child.returncode, len(out.read().splitlines()), b"3 frames" in err))


# ---- SoapySDR ----

def soapy(folder):
    code, _, err = run("decode", "soapy://driver=none", env={**os.environ, "SOAPY_SDR_PLUGIN_PATH": folder, "SOAPY_SDR_ROOT": folder})
    check("no device", (3, True), (code, "cannot open the device" in err or "cannot load SoapySDR" in err))
    module = os.path.join(folder, "modules")
    os.makedirs(module, exist_ok=True)
    built = subprocess.run(["g++", "-std=c++14", "-shared", "-fPIC", "-o", os.path.join(module, "libtest.so"), os.path.join(HERE, "..", "support", "soapy_module.cpp"), "-lSoapySDR"],
                           capture_output=True) if os.path.exists("/usr/include/SoapySDR/Device.hpp") else None
    if built is None or built.returncode:
        print("skipped: SoapySDR (Debian: libsoapysdr-dev, g++)", built.stderr.decode()[:300] if built else "")
        return
    env = {**os.environ, "SOAPY_SDR_PLUGIN_PATH": module, "SOAPY_SDR_ROOT": folder}
    data = run("encode", "--random", 6, "--ebn0", 20)[1]
    wanted = [f["bytes"] for f in lines(run("decode", "-", data=data)[1])]
    path = write(os.path.join(folder, "play.cu8"), data)
    for more, what in (("", "cu8"), (",native=CS16", "cf32")):
        code, out, err = run("decode", "--stats", f"soapy://driver=bullatest,file={path}{more}?freq=433.92M&rate=1M&gain=20&retry=0.2", env=env)
        check(f"soapy {what}: frames", wanted, [f["bytes"] for f in lines(out)])
        check(f"soapy {what}: set up", True, "module: frequency 433920000" in err and "module: gain 20.0" in err)
        check(f"soapy {what}: lost at the end", (3, True), (code, "lost, and not found again" in err))
    for more, least, most in (("", 0.0129, 0.0131), (",untimed=1", 0.002, 0.5)):
        code, out, err = run("decode", f"soapy://driver=bullatest,file={path},hole_at=40000,hole=13000{more}?rate=1M&retry=0.2", env=env)
        gaps = [g["gap"] for g in lines(out) if "gap" in g]
        check(f"soapy{more}: one hole", 1, len(gaps))
        check(f"soapy{more}: how long", True, gaps and least < gaps[0] < most)
    last = [f["t"] for f in lines(run("decode", f"soapy://driver=bullatest,file={path},hole_at=40000,hole=13000?rate=1M&retry=0.2", env=env)[1]) if f.get("bytes") == wanted[-1]]
    check("soapy: time goes on behind a hole", True, len(last) == 1 and abs(last[0] - (0.00505 + 5 * 0.011004)) < 1e-4)
    code, out, err = run("decode", f"soapy://driver=bullatest,file={path},dies_at=60000?rate=1M&retry=2", env=env)
    got = lines(out)
    check("soapy: found again", 1, len([g for g in got if "gap" in g]))
    check("soapy: frames on both sides", True, len({g["bytes"] for g in got if g.get("crc") == "ok"} & set(wanted)) >= 5)
    check("soapy: a format is refused", 2, run("decode", "--format", "cu8", "soapy://driver=bullatest", env=env)[0])
    check("soapy: no file", (3, True), (lambda r: (r[0], "no file to play" in r[2]))(run("decode", "soapy://driver=bullatest,file=/none", env=env)))


# ---- the rest ----

def names(folder):
    data = run("encode", "--format", "cs8", "--ebn0", 20, "--random", 2)[1]
    path = write(os.path.join(folder, "no_name"), data)
    check("a format before the name", 2, len(run("decode", "cs8:" + path)[1].splitlines()))
    check("a format before -", 2, len(run("decode", "cs8:-", data=data)[1].splitlines()))


def terminal(folder):
    """How far it is stands on a terminal, and only there."""
    path = write(os.path.join(folder, "long_1000k.cu8"), run("encode", "--random", 40, "--ebn0", 15, "--gap", 150)[1] * 12)
    ours, theirs = pty.openpty()
    child = subprocess.Popen([BULLA, "rf", "decode", path], stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    seen = b""
    try:
        while True:
            piece = os.read(ours, 4096)
            if not piece:
                break
            seen += piece
    except OSError:
        pass
    check("terminal: exit", 0, child.wait(timeout=120))
    shown = re.findall(rb"([ 0-9]+) %, ([0-9.]+) s of ([0-9.]+) s, ([0-9]+) times real time", seen)
    check("terminal: progress", True, len(shown) >= 1 and 70 < float(shown[0][2]) < 80 and int(shown[0][3]) > 1)
    check("terminal: it is wiped", True, seen.endswith(b"\r\x1b[K"))
    check("a pipe has none of it", "", run("decode", path)[2])


def rules():
    code, out, _ = run("rules")
    check("rules: text", (0, True), (code, b"15.240" in out and b"ISO/DIS 18185 table 7" in out))
    code, out, _ = run("rules", "--json", "--region", "EU")
    rows = lines(out)
    check("rules: one region", {"EU"}, {r["region"] for r in rows if "region" in r})
    check("rules: links", True, any(r.get("link") == "iso433-forward" and r["eirp_dbm"] == 5.6 for r in rows))
    check("rules: no such region", 2, run("rules", "--region", "XX")[0])
    for words, allowed, part in ((["--region", "EU", "--power-dbm", "-2.4"], True, ""), (["--region", "EU", "--power-dbm", "-2.3"], False, "at most -2.4 dBm EIRP"),
                                 (["--region", "US", "--power-dbm", "-2.4", "--gap", 100], True, ""), (["--region", "US", "--power-dbm", "-2.4"], False, "mean of 100 ms"),
                                 (["--link", "iso433-forward", "--region", "EU", "--power-dbm", "5.6"], True, ""), (["--region", "EU"], False, "together"),
                                 (["--region", "EU", "--power-dbm", "-3", "--frequency", "433M"], False, "433.67 to 434.17 MHz"),
                                 (["--region", "EU", "--power-dbm", "-3", "--gap", 0, "--repeat", 10000], False, "of an hour"), (["--region", "MARS", "--power-dbm", "-3"], False, "region that has rules")):
        if "10000" in map(str, words):
            words = words + ["--rate", "400k"]
        code, out, err = run("encode", *words, *["--random", "10"])
        check(f"rules: {words}", (0 if allowed else 2, allowed, True), (code, len(out) > 0, part in err or err))


with tempfile.TemporaryDirectory() as made:
    sigmf(made)
    sigmf_holes(made)
    sigmf_wrong(made)
    rtl_tcp(made)
    rtl_tcp_wrong()
    interrupted()
    soapy(made)
    names(made)
    terminal(made)
    rules()
finish()
