# SPDX-License-Identifier: Apache-2.0
"""The real program from outside, for the scripts of tests/e2e: start, kill and stop it, speak to its device ports and
its API, read its store, count what was checked. Standard library only."""
import atexit
import ctypes
import http.client
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time
from urllib.parse import urlsplit

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pg_server  # noqa: E402
import pg_store  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.environ.get("BULLA_SHARED", os.path.join(ROOT, "..", "shared"))
LISTEN = "auto=tcp:0,auto=udp:0,jt701=tcp:0,jt808=tcp:0,jt808=udp:0,eseal=tcp:0,teratrack=tcp:0"
SHOWN_MAX = 40  # failures printed; the rest are counted
WAIT_S = int(os.environ.get("BULLA_WAIT_S", 60))     # for anything that must come; a slow machine is not a failure

passed, failed = 0, 0


def check(condition, what, detail=""):
    global passed, failed
    if condition:
        passed += 1
    else:
        failed += 1
        if failed <= SHOWN_MAX:
            print(f"FAILED {what}: {detail}" if detail else f"FAILED {what}", flush=True)
    return bool(condition)


def equal(got, expected, what):
    return check(got == expected, what, f"expected {expected!r}, got {got!r}")


def say(words):
    print(f"-- {words}", flush=True)


def skip(why):
    print(f"{os.path.basename(sys.argv[0])}: {why}: skipped")
    sys.exit(77)


def finish():
    if failed > SHOWN_MAX:
        print(f"... and {failed - SHOWN_MAX} more failures")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


def until(condition, what, seconds=WAIT_S, every=0.02):
    """Waits for something that must become true; what it became, or a failure."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        got = condition()
        if got:
            return got
        time.sleep(every)
    check(False, what, f"not within {seconds} s")
    return None


def program():
    if len(sys.argv) < 2 or not os.access(sys.argv[1], os.X_OK):
        print(f"usage: {sys.argv[0]} PROGRAM [BUILD_DIRECTORY]", file=sys.stderr)
        sys.exit(2)
    return os.path.abspath(sys.argv[1])


class Folder:
    """A fresh directory that is gone at the end, unless something failed and BULLA_KEEP is set."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="bulla-e2e-")
        return self.path

    def __exit__(self, *_):
        if failed and os.environ.get("BULLA_KEEP"):
            print(f"kept: {self.path}")
        else:
            shutil.rmtree(self.path, ignore_errors=True)


# --- the store that BULLA_TEST_STORE names ---

databases = {}  # URL of each data directory's
own_server = None


def on_postgres():
    return os.environ.get("BULLA_TEST_STORE") == "postgres"


def use_own_server(**options):
    """On PostgreSQL: a server of this test alone, with fsync, for all its databases (pg_server.Private). On SQLite: None."""
    global own_server
    if on_postgres():
        if not pg_server.programs():
            skip("PostgreSQL is not installed")
        own_server = pg_server.Private(**options)
        atexit.register(own_server.close)
    return own_server


def drop_databases():
    for url in databases.values():
        pg_store.drop(url)


def database_of(data):
    """The URL of the database that stands for this data directory; made when it is first asked for."""
    data = os.path.abspath(data)
    if data not in databases:
        server = own_server.url if own_server else pg_server.shared(sys.argv[2] if len(sys.argv) > 2 else os.path.dirname(program()))
        if not server:
            skip("PostgreSQL is not installed")
        if not databases and not own_server:
            atexit.register(drop_databases)
        url = f"{server}/e2e_{os.getpid()}_{len(databases)}"
        pg_store.create(url)
        databases[data] = url
    return databases[data]


def store_url(data, sqlite=""):
    """The store for a data directory; sqlite: words behind its URL where it is SQLite."""
    return database_of(data) if on_postgres() else f"sqlite:{data}{sqlite}"


# --- the program ---


def die_with_parent():
    """A test that is stopped leaves nothing running."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Server:
    """`bulla serve` on a directory, and on the store that store_url() names for it. port("jt701") and port("auto", "udp") are its
    device ports, http its HTTP port."""
    every = []

    def __init__(self, data, *more, listen=LISTEN, wrap=(), sqlite=""):
        self.out, self.ports, self.http, self.password = [], {}, None, None
        self.log, self.log_lock = [], threading.Lock()
        if "--store" not in more and (sqlite or on_postgres()):  # a directory without another word is SQLite
            more = (*more, "--store", store_url(data, sqlite))
        self.store_port = urlsplit(more[more.index("--store") + 1]).port if on_postgres() else None
        command = [*wrap, program(), "serve", "--data", data, "--http", "127.0.0.1:0", "--listen", listen, *more]
        self._spawn(command, "Devices (")
        self.started = bool(self.ports)
        if not self.started:
            self.process.wait(WAIT_S)
            self.reader.join(WAIT_S)

    def _spawn(self, command, last):
        """Starts it, and reads what it prints up to the line that begins with `last`."""
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", preexec_fn=die_with_parent)
        Server.every.append(self)
        self.reader = threading.Thread(target=self._read_log, daemon=True)
        self.reader.start()
        for line in self.process.stdout:
            self.out.append(line)
            self._learn(line)
            if line.startswith(last):
                break

    def _learn(self, line):
        found = re.search(r"one-time password (\S+)", line)
        self.password = found.group(1) if found else self.password
        found = re.search(r"http://[^:]+:(\d+)/", line)
        self.http = int(found.group(1)) if found else self.http
        if line.startswith("Devices ("):
            for protocol, transport, port in re.findall(r"(\w+) (tcp|udp)/(\d+)", line):
                self.ports[protocol, transport] = int(port)

    def _read_log(self):
        for line in self.process.stderr:
            with self.log_lock:
                self.log.append(line.rstrip("\n"))

    def port(self, protocol, transport="tcp"):
        return self.ports[protocol, transport]

    def logged(self, pattern):
        with self.log_lock:
            return [line for line in self.log if re.search(pattern, line)]

    def alive(self):
        return self.process.poll() is None

    def memory_kib(self, name="VmRSS"):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            return int(re.search(rf"{name}:\s+(\d+) kB", f.read()).group(1))

    def sockets(self):
        """Open sockets, without the store's: its connections, as its files, come and go with its readers."""
        with open(f"/proc/{self.process.pid}/net/tcp", encoding="ascii") as f:
            rows = [line.split() for line in f.readlines()[1:]]
        of_store = {f"socket:[{row[9]}]" for row in rows if int(row[2].split(":")[1], 16) == self.store_port}
        n, folder = 0, f"/proc/{self.process.pid}/fd"
        for name in os.listdir(folder):
            try:
                to = os.readlink(os.path.join(folder, name))
                n += to.startswith("socket:") and to not in of_store
            except FileNotFoundError:
                pass
        return n

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(WAIT_S)
        self.reader.join(WAIT_S)

    def stop(self):
        """Asks it to stop; its exit code, or None when it had to be killed."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            return None
        self.reader.join(WAIT_S)
        return code


# --- HTTP ---


class Api:
    """A signed-in administrator (or nobody, for the open pages)."""

    def __init__(self, server, cookie=None, csrf=None):
        self.server, self.cookie, self.csrf = server, cookie, csrf

    def seen(self, method, path, answer, raw):
        """For those who look at every answer."""

    def call(self, method, path, body=None, headers=None):
        sent = dict(headers or {})
        if body is not None:
            body = json.dumps(body)
            sent["Content-Type"] = "application/json"
        if self.cookie:
            sent["Cookie"] = "bulla_session=" + self.cookie
            if method != "GET":
                sent["X-CSRF-Token"] = self.csrf
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self.server.http, timeout=WAIT_S)
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            raw = answer.read()
            connection.close()
            if answer.status != 429:
                break
            time.sleep(float(answer.headers.get("Retry-After", 1)))
        self.seen(method, path, answer, raw)
        kind = answer.headers.get("Content-Type", "")
        value = json.loads(raw) if "json" in kind and raw else raw.decode("utf-8", "replace")
        cookie = re.search(r"bulla_session=([^;]*)", answer.headers.get("Set-Cookie", ""))
        if cookie and answer.status == 200 and isinstance(value, dict) and value.get("csrf"):
            self.cookie, self.csrf = cookie.group(1), value["csrf"]
        return answer.status, value

    def get(self, path):
        return self.call("GET", path)

    def sign_in(self, old, new):
        """With the one-time password, which is changed at once."""
        status, value = self.call("POST", "/api/v1/session", {"name": "admin", "password": old})
        check(status == 200, "sign in with the one-time password", f"{status} {value}")
        status, value = self.call("POST", "/api/v1/session/password", {"old": old, "new": new})
        check(status == 200, "change the one-time password", f"{status} {value}")
        return self

    def again(self, password):
        status, value = self.call("POST", "/api/v1/session", {"name": "admin", "password": password})
        check(status == 200, "sign in", f"{status} {value}")
        return self

    def metrics(self):
        status, text = self.get("/metrics")
        found = re.findall(r"^(\w+) (\d+)$", text, re.M) if status == 200 else []
        return {name: int(value) for name, value in found}


# --- the store, read from outside while nobody writes ---


def stored_in_segments(data):
    rows = []
    folder = os.path.join(data, "segments")
    for name in sorted(os.listdir(folder)):
        if not re.fullmatch(r"\d{6}\.db", name):
            continue
        db = sqlite3.connect(os.path.join(folder, name))
        base = db.execute("SELECT value FROM meta WHERE name = 'base'").fetchone()
        if base:
            names = dict(db.execute("SELECT n, name FROM seal"))
            rows += [(names[seal], base[0] + at) for seal, at in db.execute("SELECT seal, at FROM observation")]
        db.close()
    return rows


def stored(data):
    """(seal, event time in ms) of every observation, with duplicates, in no order."""
    return pg_store.observations(database_of(data)) if on_postgres() else stored_in_segments(data)


# Of the records, whatever the store: what may not be, and how many of it there are.
NEVER_A_RECORD = {
    "numbers that are missing in the audit": "SELECT (SELECT coalesce(max(seq), 0) FROM audit) - (SELECT count(*) FROM audit)",
    "alarms that are there twice": "SELECT count(*) FROM (SELECT 1 FROM alarm GROUP BY journey, seal, kind, onset_ms HAVING count(*) > 1) a",
    "alarms of a journey that does not exist": "SELECT count(*) FROM alarm WHERE journey <> '' AND journey NOT IN (SELECT id FROM journey)",
    "seals of a journey that does not exist": "SELECT count(*) FROM journey_seal WHERE position NOT IN (SELECT position FROM journey)",
}


def integrity_of_files(data):
    files = [os.path.join(data, "bulla.db")]
    folder = os.path.join(data, "segments")
    files += [os.path.join(folder, n) for n in sorted(os.listdir(folder)) if re.fullmatch(r"\d{6}\.db", n)]
    for path in files:
        db = sqlite3.connect(path)
        equal(db.execute("PRAGMA integrity_check").fetchone()[0], "ok", f"integrity of {os.path.basename(path)}")
        db.close()
    db = sqlite3.connect(files[0])
    wrong = {what: db.execute(sql).fetchone()[0] for what, sql in NEVER_A_RECORD.items()}
    db.close()
    equal({what: n for what, n in wrong.items() if n}, {}, "what may not be in the store")


def integrity_of_database(url):
    found = pg_store.amcheck(url)
    if found is None:
        say("pg_amcheck is not installed: tables and indexes are not checked")
    else:
        equal(found, "", "pg_amcheck")
    equal(pg_store.broken(url, NEVER_A_RECORD | pg_store.NEVER), {}, "what may not be in the store")


def integrity(data):
    """Every file, or every table and B-tree, says that it is whole; and what must hold among the rows does."""
    if on_postgres():
        integrity_of_database(database_of(data))
    else:
        integrity_of_files(data)


# --- sockets ---


def connect(port, address="127.0.0.1", source=None):
    s = socket.create_connection((address, port), timeout=WAIT_S, source_address=(source, 0) if source else None)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def drop(s):
    """Closes without a last word: nothing waits in the kernel for minutes."""
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def read_until(s, ends, got=b""):
    """What comes until ends(bytes) is true; None with it when the connection ends first."""
    while not ends(got):
        try:
            more = s.recv(65536)
        except (ConnectionError, socket.timeout):
            return got, False
        if not more:
            return got, False
        got += more
    return got, True


# --- frames of our own ---


def bcd(digits):
    return bytes.fromhex(digits)


def jt701_frame(device, ms, serial, lat="3015.0000", lon="12030.0000", status=0x0020 | 0x0040 | 0x0080 | 0x2000):
    """A long `$` frame of a JT701D (proto/jt701_binary.c): time, place (DDMM.mmmm), status; bit 5 asks for an answer."""
    t = time.gmtime(ms // 1000)
    when = time.strftime("%d%m%y%H%M%S", t)
    north_east = lat.replace(".", "") + lon.replace(".", "") + "F"
    body = bcd(when + north_east) + bytes([0, 0])          # date .. course
    body += struct.pack(">IBI", 1234, 9, 0)                 # mileage, satellites, vehicle
    body += struct.pack(">HBHHB", status, 77, 4321, 8765, 25)
    body += bytes([0, 1, 15]) + b"\x0f" * 9 + struct.pack(">HHB", 0, 460, 1)
    return b"$" + bcd(f"{device:010d}") + bytes([0x19, 0x11]) + struct.pack(">H", len(body) + 1) + body + bytes([serial])


def jt701_answer(serial):
    return b"(P69,0,%d)" % serial


def eseal_line(device, ms, index, kind="Normal"):
    when = time.strftime("%Y-%m-%d,%H:%M:%S", time.gmtime(ms // 1000))
    return (f"##S,eSeal,{device},256,3.0.6,{kind},{index},{when},15,A,30.250000N 120.500000E,10,0,Close,0.71,"
            f"0:0:3:0,3.8,-73,E##\r\n").encode()


def eseal_answer(device, index, kind="Normal"):
    return f"##S,eSeal,{device},256,3.0.6,{kind} ACK,{index},E##\r\n".encode()


def jt808_escape(content):
    x = 0
    for b in content:
        x ^= b
    content += bytes([x])
    return b"\x7e" + content.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02") + b"\x7e"


def jt808_frame(message, phone, serial, body=b"", packet=None):
    """A frame of the 2013 form; packet is (total, number) of a message in parts."""
    attributes = len(body) | (0x2000 if packet else 0)
    head = struct.pack(">HH", message, attributes) + bcd(f"{phone:012d}") + struct.pack(">H", serial)
    return jt808_escape(head + (struct.pack(">HH", *packet) if packet else b"") + body)


def jt808_plain(frame):
    return frame.strip(b"\x7e").replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d")


def jt808_location(phone, serial, ms, lat=30.25, lon=120.5):
    when = bcd(time.strftime("%y%m%d%H%M%S", time.gmtime(ms // 1000 + 8 * 3600)))
    body = struct.pack(">IIIIHHH", 0, 3, round(lat * 1e6), round(lon * 1e6), 10, 0, 90) + when
    return jt808_frame(0x0200, phone, serial, body)


def jt808_answer(frame_bytes, message, serial):
    """Whether bytes are the platform's general answer to that message."""
    plain = jt808_plain(frame_bytes)
    return plain[:2] == b"\x80\x01" and plain[12:16] == struct.pack(">HH", serial, message)


def gt06_frame(kind, body, serial):
    """With CRC-16/X-25."""
    content, crc = bytes([len(body) + 5, kind]) + body + struct.pack(">H", serial), 0xFFFF
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x8408 if crc & 1 else crc >> 1
    return b"\x78\x78" + content + struct.pack(">H", crc ^ 0xFFFF) + b"\r\n"


def gt06_login(imei, serial):
    return gt06_frame(1, bcd("0" + imei), serial)


def teratrack_object(device, ms, index):
    return json.dumps({
        "MDeviceID": f"{device:012d}", "DiviceType": "1", "DataType": "1", "DataLength": "69",
        "DateTime": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(ms // 1000)), "Latitude": "30.250000", "Longitude": "120.500000",
        "LongitudeState": "1", "LatitudeState": "1", "Speed": "0", "Mileage": "0", "FenceAlarm": "0", "AreaAlarmID": "0",
        "LockCutOff": "0", "SealTampered": "0", "MessageAck": "1", "LockRope": "1", "LockStatus": "1", "LockOpen": "0",
        "PasswordError": "0", "CardNo": "0", "IllegalCard": "0", "LowPower": "0", "UnCoverBack": "0", "CoverStatus": "1",
        "LockStuck": "0", "Power": "79", "GSM": "16", "IMEI": "860000000000001", "Index": str(index), "Slave": []}).encode()


def meitrack_message(mark, device, content, flag="z"):
    rest = f",{device},{content}*".encode()
    message = f"{mark}{flag}{len(rest) + 4}".encode() + rest
    return message + b"%02X\r\n" % (sum(message) & 255)


def niot_frame(kind, fields):
    body = bytes([kind]) + struct.pack(">H", len(fields) + 2) + fields
    check_value = 0
    for b in body:
        check_value ^= b
    return b"XX" + body + bytes([check_value, 0x0D])
