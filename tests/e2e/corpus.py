#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every message of the corpus of real devices through the real listeners: whole, in two pieces cut at every byte, byte
by byte, between neighbours, on the port of its protocol and on the one that recognises it, JT/T 808 also as packets.
What is answered on the wire is what the row says, each time; what is damaged is not answered and harms only itself;
what was stored is found through the API, the damaged with its reason.

A cut is a cut: between the pieces another device gets its answer, so the loop thread has read the first pieces.

BULLA_CORPUS_EVERY (1): cut in two at every Nth byte."""
import os
import re
import socket
import struct
import sys
from datetime import datetime

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from e2e import *  # noqa: E402,F403

SETS = [("jt600", "jt701"), ("jt701_manual", "jt701"), ("jt701_streams", "jt701"), ("jt808", "jt808"), ("jt808_other", "jt808"),
        ("eseal", "eseal"), ("teratrack", "teratrack"), ("meitrack", "meitrack"), ("upro", "upro"), ("niot", "niot"),
        ("gt06", "gt06"), ("t800x", "topflytech")]
LISTEN_ALL = LISTEN + ",meitrack=tcp:0,upro=tcp:0,niot=tcp:0,gt06=tcp:0,topflytech=tcp:0"
# As tests/support/corpus.c: taken down without its end, and rows of which digits were changed and the check value was not.
ENDINGS = {"upro": b"#"}
EDITED = {"meitrack-0004", "meitrack-0005", "meitrack-0025", "meitrack-0038"}
NEW_PASSWORD = "a much longer word 1"
EVERY = int(os.environ.get("BULLA_CORPUS_EVERY", 1))
TOGETHER = 400  # connections that talk at once
NOW_MS = int(time.time()) * 1000
# Where the recorded server said nothing though the protocol's description wants an answer (JT/T 808, 8.18, 8.49, 8.56).
ANSWERED_BY_DESCRIPTION = {"0x0200", "0x0704", "0x0800", "0x0801", "252502", "252513", "262602", "272702", "232302"}
# As tests/support/corpus.c: half an answer behind the whole one, and a date that was read as decimal digits.
HALF_ANSWERS = {"t800x-0009", "t800x-0013"}
CORRECTED_TIMES = {"gt06-0061": "2020-12-11T10:38:42Z"}
P46 = b"(P46)"  # goes beside another answer until a lock has told which kind it is


class Row:
    def __init__(self, name, protocol, json_row):
        self.set, self.protocol, self.json, self.id = name, protocol, json_row, json_row["id"]
        text = json_row.get("wire") or json_row["message"]
        self.bytes = bytes.fromhex(text) if json_row["encoding"] == "hex" else text.encode()
        ending = ENDINGS.get(name, b"")
        self.bytes += b"" if self.bytes.endswith(ending) else ending
        self.expects = json_row.get("expects") or {}
        self.result = self.expects.get("result")
        self.down = json_row.get("direction") == "down"
        self.part = bool((self.expects.get("header") or {}).get("packet"))
        self.stream = name == "jt701_streams"
        self.own, self.before = self.bytes, []  # without what goes before it on the connection, and the answers to that
        if protocol == "gt06":
            self.log_in()
        if self.id in HALF_ANSWERS:
            del json_row["ack"][1:]
        if self.id in CORRECTED_TIMES:
            self.expects["positions"][0]["deviceTime"] = CORRECTED_TIMES[self.id]
        refused = self.id in EDITED or (json_row.get("checksumOk") is False and not self.lacks_check_value()) or (json_row.get("strict") or {}).get("result") == "rejected"
        self.rejected = refused or (self.result == "malformed" and not self.stream)
        # Un-escaped bytes that no device would send: nothing to compare.
        self.travels = protocol != "jt808" or "wire" in json_row or not re.search(rb"\x7e|\x7d[^\x01\x02]", self.bytes[1:-1])
        self.first = None  # its answers when it came whole

    def log_in(self):
        """The logins that the row names go before it; a row of a model has a device of its own, because the model is the device's."""
        for login in map(bytes.fromhex, self.json.get("precede") or []):
            if self.json.get("model"):
                self.expects["deviceId"] = f"99000000{int(self.id[-4:]):07}"
                login = gt06_login(self.expects["deviceId"], 9)
            self.bytes = login + self.own
            self.before.append(gt06_frame(1, b"", int.from_bytes(login[-6:-4], "big")))

    def lacks_check_value(self):
        """A list of wifi stations of GT06 has none: what was taken for one are its last cells."""
        return self.protocol == "gt06" and self.own[3] in (0x17, 0x69) and self.own[2] < 0x17

    def __str__(self):
        return f"{self.set} {self.id} {self.json.get('msgType')}"


def load():
    folder = os.path.join(SHARED, "corpus")
    if not os.path.isdir(folder):
        skip("the corpus of device messages is not here (BULLA_SHARED)")
    rows = []
    for name, protocol in SETS:
        with open(os.path.join(folder, name + ".jsonl"), encoding="utf-8") as f:
            rows += [Row(name, protocol, json.loads(line)) for line in f if line.strip()]
    return rows


# --- answers ---


RAW = {"jt701": rb"\([^)]*\)", "jt808": rb"\x7e[^\x7e]+\x7e|\([^)]*\)", "eseal": rb"##S,.*?,E##\r\n", "teratrack": rb"\{01\}",
       "meitrack": rb"@@[^\n]*\n", "upro": rb"\*[A-Z]{2}20Y..#", "niot": rb"XX\x21\x00\x05.{5}"}


def mask_808(plain):
    """Without platform serial and check value; a registration also without its code."""
    serial = 15 if plain[2] & 0x40 else 10
    masked = bytearray(plain)
    masked[serial:serial + 2] = b"\0\0"
    if masked[:2] == b"\x81\x00":
        masked[2] &= 0xFC
        masked[3] = 0
        return bytes(masked[:serial + 5])
    return bytes(masked[:-1])


def binary_answer(protocol, stream):
    """Length of the answer that begins there; 0: none, or not whole."""
    if protocol == "topflytech":
        length = int.from_bytes(stream[3:5], "big") if len(stream) >= 15 and stream[0] == stream[1] else 0
    elif stream[:3] == b"\x78\x78\0" and stream[3:4] in (b"\x17", b"\x69"):
        length = 12
    elif stream[:2] == b"\x78\x78" and len(stream) > 2:
        length = stream[2] + 5
    else:
        length = int.from_bytes(stream[2:4], "big") + 6 if stream[:2] == b"\x79\x79" and len(stream) > 3 else 0
    return length if length <= len(stream) else 0


def raw_answers(protocol, stream, rest=None):
    """The answers, as they came; what is none goes to rest."""
    answers, at = [], 0
    if protocol in RAW:
        for found in re.finditer(RAW[protocol], stream, re.S):
            if found.start() != at:
                break
            answers.append(found.group())
            at = found.end()
    else:
        while n := binary_answer(protocol, stream[at:]):
            answers.append(stream[at:at + n])
            at += n
    if rest is not None and at != len(stream):
        rest.append(stream[at:])
    return answers


def split_answers(protocol, stream):
    rest = []
    answers = [mask_808(jt808_plain(a)) if a[:1] == b"\x7e" else a for a in raw_answers(protocol, stream, rest)]
    return answers + [b"NO ANSWER OF THE PROTOCOL: " + r for r in rest]


def recorded(row):
    """The answers that the row says, in the form of split_answers()."""
    answers = list(row.before)
    for ack in row.json.get("ack") or []:
        if ack["encoding"] != "hex":
            answers.append(ack["message"].replace("<config>", "").encode())
            continue
        data = bytes.fromhex(ack["message"])
        if data[:1] == b"\x7e":
            plain, check_value = data[1:-1], 0
            for b in plain:
                check_value ^= b
            data = mask_808(plain if check_value == 0 else jt808_plain(data))  # they stand with and without escapes
        answers.append(data)
    return answers


def same_answer(row, got, expected):
    if not row.json.get("ackVolatile"):
        return got == expected
    if row.protocol == "gt06":
        return len(got) == len(expected) and got[:4] == expected[:4]
    digits = re.compile(rb"\d{12,14}|ddmmyyHHMMSS UTC|TIME")  # the time of the answer
    return digits.sub(b"TIME", got) == digits.sub(b"TIME", expected)


def judge_first(row, got):
    """Whether the answers to a message that came whole are the row's."""
    if row.rejected:
        equal(got, row.before, f"{row}: is damaged and not answered")
    elif row.down or row.part or row.stream:
        check(not any(a.startswith(b"NO ANSWER") for a in got), f"{row}: answers are whole", got)
    elif row.json.get("ack") is None or (not row.json["ack"] and row.json.get("msgType") in ANSWERED_BY_DESCRIPTION):
        check(row.json.get("ack") is None or got, f"{row}: is answered", got)
    else:
        expected = recorded(row)
        needed = [a for a in got if a != P46 or P46 in expected]
        right = len(needed) == len(expected) and all(same_answer(row, g, e) for g, e in zip(needed, expected))
        check(right, f"{row}: answer", f"expected {expected}, got {got}")


def judge_again(row, got, how):
    same = len(got) == len(row.first) and all(same_answer(row, g, e) for g, e in zip(got, row.first))
    check(same, f"{row}: {how} is answered as the first time", f"expected {row.first}, got {got}")


# --- a message that is good, behind every other: its answer shows that the connection goes on ---


class Sentinel:
    """Two good messages of devices of our own; `ends` is true once the second is answered."""

    def __init__(self, protocol, n):
        a, b = {"jt701": (251, 253), "jt808": (2 * n & 0xFFFF, 2 * n + 1 & 0xFFFF)}.get(protocol, (2 * n, 2 * n + 1))
        make = getattr(self, protocol)
        (one, self.answer_1), (two, self.answer_2) = make(a), make(b)
        self.bytes = one + two

    @staticmethod
    def jt701(n):
        return jt701_frame(9900000001, NOW_MS, n), lambda s: jt701_answer(n) == s

    @staticmethod
    def jt808(n):
        return jt808_frame(0x0002, 19900000001, n), lambda s: jt808_answer(s, 2, n) and s[5:11] == bcd("019900000001")[0:6]

    @staticmethod
    def gt06(n):
        return gt06_login(f"98{n:013}", n & 0xFFFF), lambda s: s == gt06_frame(1, b"", n & 0xFFFF)

    @staticmethod
    def topflytech(n):
        frame = b"\x27\x27\x03" + struct.pack(">HH", 15, n & 0xFFFF) + bcd(f"098{n:013}")
        return frame, lambda s: s == frame

    @staticmethod
    def eseal(n):
        return eseal_line(990001, NOW_MS, n), lambda s: eseal_answer(990001, n) == s

    @staticmethod
    def meitrack(n):
        device = 990000000000000 + n
        filler = meitrack_message("$$", device, "E91," + "x" * 60)  # brings one that is cut short to its length
        return filler + meitrack_message("$$", device, "AAC,1"), lambda s: s == meitrack_message("@@", device, "AAC,1")

    @staticmethod
    def upro(n):
        return b"*ZZ201990000%06d,Z%c#" % (n, 97 + n % 26), lambda s: s == b"*ZZ20YZ%c#" % (97 + n % 26)

    @staticmethod
    def niot(n):
        frame = niot_frame(0x11, bcd(f"0990{n:012}"))
        return frame, lambda s: s == niot_frame(0x21, bytes([frame[-2], 0x11, 0]))

    @staticmethod
    def teratrack(n):
        return teratrack_object(990000000001, NOW_MS, n & 0xFF), lambda s: s == b"{01}"


class Talk:
    """One conversation: pieces with a barrier between, then the sentinel. judge(answers, whole stream)."""
    count = 0

    def __init__(self, protocol, port, pieces, judge, answers=None, may_close=False, s=None):
        Talk.count += 1
        self.protocol, self.port, self.judge, self.may_close, self.s = protocol, port, judge, may_close, s
        self.sentinel = Sentinel(protocol, Talk.count)
        self.n_expected = answers  # teratrack: all answers are alike, so they are counted
        self.pieces = pieces[:-1] + [pieces[-1] + self.sentinel.bytes]

    def ended(self, stream):
        if self.protocol in RAW and not stream.endswith((b")", b"\x7e", b"\n", b"}", b"#", b"\r")):
            return False
        rest = []
        raw = raw_answers(self.protocol, stream, rest)
        if self.protocol == "teratrack":
            return len(raw) >= self.n_expected + 2
        return bool(raw) and self.sentinel.answer_2(raw[-1])

    def read(self):
        stream, whole = read_until(self.s, self.ended)
        if not whole:
            if not check(self.may_close, "the connection goes on", f"{self.pieces[0][:60].hex()} closed with {stream[:200]!r}"):
                return
            self.judge(split_answers(self.protocol, stream), False)
            return
        raw = raw_answers(self.protocol, stream)
        n_own = 2 if len(raw) > 1 and self.sentinel.answer_1(raw[-2]) else 1
        own = b"".join(raw[len(raw) - n_own:])
        check(stream.endswith(own), "answers come in order", stream)
        self.judge(split_answers(self.protocol, stream[:len(stream) - len(own)]), n_own == 2)


class Barrier:
    """A device whose answer shows that everything sent before has been read."""

    def __init__(self, server):
        self.s, self.n = connect(server.port("jt701")), 0

    def wait(self):
        self.n += 1
        self.s.sendall(jt701_frame(9900000002, NOW_MS + self.n * 1000, self.n & 0xFF))
        read_until(self.s, lambda got: got.endswith(b")"))


def run_talks(talks, barrier, keep=False):
    for at in range(0, len(talks), TOGETHER):
        group = talks[at:at + TOGETHER]
        for talk in group:
            talk.s = talk.s or connect(talk.port)
        for step in range(max(len(t.pieces) for t in group)):
            for talk in group:
                if step < len(talk.pieces):
                    try:
                        talk.s.sendall(talk.pieces[step])
                    except ConnectionError:
                        check(talk.may_close, "the connection goes on", talk.pieces[step][:60].hex())
            if step + 1 < max(len(t.pieces) for t in group):
                barrier.wait()
        for talk in group:
            talk.read()
            if not keep:
                drop(talk.s)


# --- the ways in which a message may come ---


def whole(rows, server, barrier):
    say("whole, on the protocol's own port")
    talks = []
    for row in rows:
        def judge(got, neighbour, row=row):
            row.first = got
            judge_first(row, got)
            check(neighbour or row.stream, f"{row}: the message behind it is answered")
        talks.append(Talk(row.protocol, server.port(row.protocol), [row.bytes], judge, len(row.json.get("ack") or [])))
    run_talks(talks, barrier)


def stateless(rows):
    """Parts of a message are answered by what has come before: they have their own test."""
    return [r for r in rows if not r.part]


def cuts(rows, server, barrier):
    say("cut in two at every byte, again and again on one connection")
    sockets, longest, n = {}, max(len(r.bytes) for r in rows), 0
    for i in range(1, longest, EVERY):
        talks = []
        for row in rows:
            if i >= len(row.bytes):
                continue
            if i // EVERY % 300 == 299 and row in sockets:  # so much damage in one connection ends it
                drop(sockets.pop(row))
            if row not in sockets:
                sockets[row] = connect(server.port(row.protocol))
            talks.append(Talk(row.protocol, 0, [row.bytes[:i], row.bytes[i:]],
                              lambda got, _, row=row, i=i: judge_again(row, got, f"cut at byte {i}"), len(row.first), s=sockets[row]))
        run_talks(talks, barrier, keep=True)
        n += len(talks)
    for s in sockets.values():
        drop(s)
    return n


def cuts_recognised(rows, server, barrier):
    say("cut in two at every byte, on the port that recognises it")
    talks = []
    for row in rows:
        for i in range(1, len(row.bytes), EVERY):
            talks.append(Talk(row.protocol, server.port("auto"), [row.bytes[:i], row.bytes[i:]],
                              lambda got, _, row=row, i=i: judge_again(row, got, f"recognised, cut at byte {i}"), len(row.first)))
    run_talks(talks, barrier)
    return len(talks)


def recognised(rows, server, barrier):
    """Whole on the recognising port: the rows that are known there. What begins with nothing known is closed."""
    say("whole, on the port that recognises it")
    known, talks = [], []
    for row in rows:
        def judge(got, neighbour, row=row):
            if got or neighbour:
                known.append(row)
                judge_again(row, got, "recognised")
            else:
                check(row.rejected or row.stream or row.down, f"{row}: is recognised")
        talks.append(Talk(row.protocol, server.port("auto"), [row.bytes], judge, len(row.first), may_close=True))
    run_talks(talks, barrier)
    return known


def byte_by_byte(rows, server, barrier, port):
    say(f"byte by byte, on the port {port or 'of the protocol'}")
    talks = [Talk(r.protocol, server.port(port or r.protocol), [bytes([b]) for b in r.bytes],
                  lambda got, _, r=r: judge_again(r, got, "byte by byte"), len(r.first)) for r in rows]
    talks.sort(key=lambda t: len(t.pieces))
    run_talks(talks, barrier)


def glued(rows, server, barrier):
    say("between its neighbours in one segment")
    talks = []
    for i, row in enumerate(rows):
        near = [r for r in rows[max(0, i - 1):i + 2] if r.protocol == row.protocol]
        if any(r.stream for r in near):  # a frame that is cut short may take bytes of the next: only the good one behind must live
            expected = None
        else:
            expected = [a for r in near for a in r.first]
        ports = [server.port(row.protocol)] + ([] if near[0].rejected or near[0].stream or near[0].down else [server.port("auto")])

        def judge(got, neighbour, row=row, near=near, expected=expected):
            if expected is None:
                check(not any(a.startswith(b"NO ANSWER") for a in got), f"{row}: among neighbours: answers are whole", got)
                return
            plain = [a for a in got if a != P46]
            needed = [a for a in expected if a != P46]
            volatile = any(r.json.get("ackVolatile") for r in near)
            same = len(plain) == len(needed) if volatile else plain == needed
            check(same and neighbour, f"{row}: among neighbours", f"expected {expected}, got {got}")
        talks += [Talk(row.protocol, port, [b"".join(r.bytes for r in near)], judge, len(expected or [])) for port in ports]
    run_talks(talks, barrier)


def parts(rows, server, barrier):
    say("messages in several packets, in order and from the last to the first")
    messages = {}
    for row in rows:
        header = row.expects.get("header") or {}
        if row.part and not row.rejected and not row.down:
            messages.setdefault((header["phoneBcd"], header["msgId"], header["packet"][0]), {})[header["packet"][1]] = row
    whole_ones = [(key, of) for key, of in messages.items() if len(of) == key[2]]
    talks = []
    for key, of in whole_ones:
        for order in (sorted(of), sorted(of, reverse=True)):
            wanted = [a for a in recorded(of[key[2]])]
            pieces = [part for k in order for part in (of[k].bytes[:9], of[k].bytes[9:])]

            def judge(got, neighbour, key=key, wanted=wanted, order=order):
                if order[0] != 1:  # then the answer names the serial of another part
                    got, wanted = [a[:10] for a in got], [a[:10] for a in wanted]
                check(neighbour and (not wanted or wanted[0] in got), f"{key} in {key[2]} packets, {order}", f"expected {wanted} among {got}")
            talks.append(Talk("jt808", server.port("jt808"), pieces, judge))
    run_talks(talks, barrier)
    print(f"   {len(whole_ones)} whole messages")


def packets(rows, server, port):
    say(f"JT/T 808 as packets, on the port {port}")
    for at in range(0, len(rows), 100):
        talks = []
        for row in rows[at:at + 100]:
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.settimeout(WAIT_S)
            s.connect(("127.0.0.1", server.port(port, "udp")))
            Talk.count += 1
            sentinel = Sentinel("jt808", Talk.count)
            first, second = [b"\x7e" + f + b"\x7e" for f in sentinel.bytes.strip(b"\x7e").split(b"\x7e\x7e")]
            s.send(first[:len(first) // 2])  # half a packet harms only itself
            s.send(row.bytes)
            s.send(first + second)           # two messages in one packet
            talks.append((row, s, sentinel))
        for row, s, sentinel in talks:
            got = []
            while not got or not sentinel.answer_2(got[-1]):
                try:
                    got.append(s.recv(65536))
                except socket.timeout:
                    break
            whole_answer = len(got) >= 2 and sentinel.answer_1(got[-2])
            if check(whole_answer, f"{row}: as a packet: the packets behind it are answered", got):
                answers = [a for packet in got[:-2] for a in split_answers("jt808", packet)]
                judge_again(row, answers, "as a packet")
            s.close()


# --- what was stored ---


def ms_of(text):
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def is_position(expected, observation):
    when = expected.get("fixTime") or expected.get("deviceTime")
    if when and not when.startswith("2000-01-01T00:") and abs(ms_of(when) - ms_of(observation["time"])) > 1000:
        return False
    if expected.get("outdated") or "latitude" not in expected:
        return True
    fix = observation.get("fix") or {}
    return (fix.get("lat") is not None and abs(fix["lat"] - expected["latitude"]) <= 1e-5 and abs(fix["lon"] - expected["longitude"]) <= 1e-5
            and (expected.get("valid") is None or fix.get("valid") == expected["valid"]))


def positions_of(row):
    if row.result == "positions":
        return row.expects["positions"]
    e = row.expects
    if row.set == "jt701_manual" and e.get("time") and "latitude" in e:
        return [{"fixTime": e["time"], "latitude": e["latitude"], "longitude": e["longitude"], "valid": e["fix"] == "gps" if "fix" in e else None}]
    return []


def read_back(rows, api):
    say("what was stored, through the API")
    n, counts = 0, {}
    for row in rows:
        device = row.expects.get("deviceId")
        wanted = [] if row.rejected or row.part else positions_of(row)
        timed = [ms_of(p.get("fixTime") or p["deviceTime"]) for p in wanted if p.get("fixTime") or p.get("deviceTime")]
        if not device or not timed:
            continue
        known = f"{row.protocol}:{device}" if row.protocol != "jt808" else f"jt808:{device.lstrip('0') or '0'}"
        path = f"/api/v1/seals/{known}/observations?limit=1000&from={stamp(min(timed) - 1000)}&until={stamp(max(timed) + 1000)}"
        answer = until(lambda: (lambda a: a if a[0] == 200 else None)(api.get(path)), f"{row}: {known} is entered")
        page = answer[1]["items"] if answer else []
        counts[path] = len(page)
        for i, position in enumerate(wanted):
            n += 1
            check(any(is_position(position, o) for o in page), f"{row}: position {i + 1} of {known} is stored",
                  f"expected {json.dumps(position)[:300]}, got {json.dumps([(o['time'], o.get('fix')) for o in page])[:600]}")
    print(f"   {n} positions")
    return counts


def stamp(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ms // 1000))


def damages(rows, api):
    say("what was damaged, with its reason")
    status, value = api.get("/api/v1/damages?limit=1000")
    equal(status, 200, "damages are listed")
    kept = value["items"]
    for row in (r for r in rows if r.rejected):
        found = [d for d in kept if d["raw"]["hex"] and d["raw"]["hex"] in row.own.hex() and len(d["raw"]["hex"]) >= len(row.own)]
        if check(found, f"{row}: is kept for study"):
            d = found[0]
            check(d["protocol"] == row.protocol and d["outcome"] != "ok" and len(d["why"]) > 8 and "127.0.0.1" in d["peer"],
                  f"{row}: with protocol, outcome, reason and sender", json.dumps(d)[:300])
    print(f"   {len(kept)} kept, {sum(r.rejected for r in rows)} damaged rows")


def set_models(rows, api):
    for row in rows:
        if row.json.get("model"):
            seal = {"id": f"{row.protocol}:{row.expects['deviceId']}", "class": "active", "life": "in-stock", "model": row.json["model"]}
            status, value = api.call("POST", "/api/v1/seals", seal)
            check(status in (200, 201), f"{row}: its seal is entered", f"{status} {value}")


def main():
    rows = load()
    travelling = [r for r in rows if r.travels]
    with Folder() as folder:
        server = Server(os.path.join(folder, "data"), "--shed", "off", listen=LISTEN_ALL)  # each message is sent once, and its answer waited for
        api = Api(server).sign_in(server.password, NEW_PASSWORD)
        set_models(rows, api)
        barrier = Barrier(server)
        began = time.monotonic()
        whole(travelling, server, barrier)
        damages(travelling, api)
        once = read_back(travelling, api)
        parts(travelling, server, barrier)
        alone = stateless(travelling)
        known = recognised(alone, server, barrier)
        packets([r for r in alone if r.protocol == "jt808"], server, "jt808")
        packets([r for r in alone if r.protocol == "jt808" and not r.rejected and not r.down], server, "auto")
        glued(alone, server, barrier)
        byte_by_byte(alone, server, barrier, None)
        byte_by_byte(known, server, barrier, "auto")
        n = cuts(alone, server, barrier)
        n += cuts_recognised(known, server, barrier)
        equal(read_back(travelling, api), once, "what came a thousand times is stored once")
        check(server.alive(), "the program runs")
        equal(server.logged(r"\bERROR\b|\berror\b"), [], "no error was logged")
        equal(server.stop(), 0, "it stops when asked")
        integrity(os.path.join(folder, "data"))
        print(f"{len(travelling)} of {len(rows)} rows travel, {n} cuts, {Talk.count} conversations, {time.monotonic() - began:.1f} s")
    finish()


if __name__ == "__main__":
    main()
