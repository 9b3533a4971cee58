# SPDX-License-Identifier: Apache-2.0
"""MQTT 3.1.1 for tests: the real broker (mosquitto) as a process, devices that publish and subscribe at QoS 1, and a tap
between a broker and its client that notes what was given and what was acknowledged. Standard library only."""
import os
import queue
import select
import shutil
import socket
import ssl
import struct
import subprocess
import threading

import e2e
from pg_server import free_port

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, DISCONNECT = 1, 2, 3, 4, 8, 9, 14


def program():
    return shutil.which("mosquitto") or (os.access("/usr/sbin/mosquitto", os.X_OK) and "/usr/sbin/mosquitto") or None


def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">H", len(value)) + value


def packet(kind, body, flags=0):
    n, length = len(body), b""
    while True:
        n, byte = n >> 7, n & 127
        length += bytes([byte | (128 if n else 0)])
        if not n:
            return bytes([kind << 4 | flags]) + length + body


class Packets:
    """Cuts a stream into packets: feed(bytes) gives (kind, flags, body, raw)."""

    def __init__(self):
        self.rest = b""

    def feed(self, data):
        self.rest += data
        while True:
            n, shift, at = 0, 0, 1
            while at < len(self.rest):
                byte = self.rest[at]
                n, shift, at = n | (byte & 127) << shift, shift + 7, at + 1
                if not byte & 128:
                    break
            else:
                return
            if len(self.rest) < at + n:
                return
            raw, self.rest = self.rest[:at + n], self.rest[at + n:]
            yield raw[0] >> 4, raw[0] & 15, raw[at:], raw


def topic_of(flags, body):
    """(topic, packet identifier, payload) of a PUBLISH."""
    n = struct.unpack_from(">H", body)[0]
    at = 2 + n
    mid = struct.unpack_from(">H", body, at)[0] if flags & 6 else 0
    return body[2:at].decode(), mid, body[at + (2 if flags & 6 else 0):]


class Broker:
    """mosquitto on a port of its own, with its sessions on disk."""

    def __init__(self, folder, *lines, port=None):
        self.folder, self.port, self.lines = folder, port or free_port(), lines
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, 0o777)
        self.start()

    def start(self):
        with open(os.path.join(self.folder, "mosquitto.conf"), "w", encoding="ascii") as f:
            f.write("\n".join([f"listener {self.port} 127.0.0.1", "persistence true", f"persistence_location {self.folder}/",
                               "autosave_interval 1", "max_queued_messages 0", "max_inflight_messages 100", *self.lines,
                               *(["user root"] if os.geteuid() == 0 else [])]) + "\n")  # another user's process outlives its parent
        self.process = subprocess.Popen([program(), "-c", os.path.join(self.folder, "mosquitto.conf")], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, preexec_fn=e2e.die_with_parent)
        e2e.until(self.listens, "the broker listens")

    def listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def stop(self):
        """It writes its sessions to disk as it ends."""
        self.process.terminate()
        self.process.wait(e2e.WAIT_S)


class Tls:
    """A TLS connection that one thread reads while another writes: OpenSSL has one of them at a time in it, so nobody waits inside."""

    def __init__(self, plain, context):
        self.socket, self.lock = context.wrap_socket(plain, server_hostname="localhost"), threading.Lock()
        self.socket.setblocking(False)

    def _try(self, call, *args):
        while True:
            try:
                with self.lock:
                    return call(*args)
            except ssl.SSLWantReadError:
                select.select([self.socket], [], [], e2e.WAIT_S)
            except ssl.SSLWantWriteError:
                select.select([], [self.socket], [], e2e.WAIT_S)

    def recv(self, most):
        return self._try(self.socket.recv, most)

    def sendall(self, data):
        while data:
            data = data[self._try(self.socket.send, data):]

    def shutdown(self, how):
        self.socket.shutdown(how)

    def close(self):
        self.socket.close()


class Device:
    """A client. publish() waits for the broker's acknowledgement unless told not to; what comes in is in `got`."""

    def __init__(self, port, name, user=None, password=None, tls=None, clean=True):
        self.socket = e2e.connect(port)
        if tls:
            self.socket = Tls(self.socket, tls)
        self.mid, self.got, self.acknowledged, self.pending = 0, queue.Queue(), queue.Queue(), set()
        self.lock, self.ended = threading.Lock(), None
        flags = (2 if clean else 0) | (0xC0 if user else 0)
        body = text("MQTT") + bytes([4, flags]) + struct.pack(">H", 60) + text(name) + (text(user) + text(password) if user else b"")
        self.socket.sendall(packet(CONNECT, body))
        self.code = None
        self.connected = threading.Event()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.connected.wait(e2e.WAIT_S)

    def _read(self):
        packets = Packets()
        while True:
            try:
                data = self.socket.recv(65536)
            except OSError as e:
                data, self.ended = b"", repr(e)
            if not data:
                self.ended = self.ended or "the broker ended it"
                self.connected.set()
                return
            for kind, flags, body, _ in packets.feed(data):
                self._take(kind, flags, body)

    def _take(self, kind, flags, body):
        if kind == CONNACK:
            self.code = body[1]
            self.connected.set()
        elif kind in (PUBACK, SUBACK):
            self.acknowledged.put(struct.unpack_from(">H", body)[0])
        elif kind == PUBLISH:
            topic, mid, payload = topic_of(flags, body)
            self.got.put((topic, payload))
            if mid:
                self.socket.sendall(packet(PUBACK, struct.pack(">H", mid)))

    def _wait(self, mid):
        with self.lock:
            self.pending.add(mid)
            while mid in self.pending:
                try:
                    self.pending.discard(self.acknowledged.get(timeout=e2e.WAIT_S))
                except queue.Empty:
                    raise AssertionError(f"packet {mid} is not acknowledged; the connection: {self.ended or 'stands'}") from None

    def publish(self, topic, payload, qos=1, retain=False, wait=True):
        self.mid = self.mid % 65535 + 1
        payload = payload if isinstance(payload, bytes) else payload.encode()
        head = text(topic) + (struct.pack(">H", self.mid) if qos else b"")
        self.socket.sendall(packet(PUBLISH, head + payload, qos << 1 | retain))
        if qos and wait:
            self._wait(self.mid)

    def subscribe(self, topic):
        self.mid += 1
        self.socket.sendall(packet(SUBSCRIBE, struct.pack(">H", self.mid) + text(topic) + b"\x01", 2))
        self._wait(self.mid)

    def close(self):
        try:
            self.socket.sendall(packet(DISCONNECT, b""))
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.reader.join(e2e.WAIT_S)    # before its descriptor can be another's
        self.socket.close()


class Tap:
    """Stands between a client and its broker. `given`: payload by packet identifier of this connection; `acknowledged`: payloads whose
    acknowledgement has left the client, in all connections."""

    def __init__(self, broker_port):
        self.to, self.acknowledged, self.lock = broker_port, [], threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            try:
                broker = socket.create_connection(("127.0.0.1", self.to), e2e.WAIT_S)
                broker.settimeout(None)
            except OSError:
                client.close()
                continue
            given = {}
            threading.Thread(target=self._carry, args=(broker, client, given, self._note_given), daemon=True).start()
            threading.Thread(target=self._carry, args=(client, broker, given, self._note_acknowledged), daemon=True).start()

    def _carry(self, source, to, given, note):
        packets = Packets()
        try:
            while data := source.recv(65536):
                for kind, flags, body, _ in packets.feed(data):
                    note(given, kind, flags, body)
                to.sendall(data)
        except OSError:
            pass
        for s in (source, to):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _note_given(self, given, kind, flags, body):
        if kind == PUBLISH and flags & 6:
            _, mid, payload = topic_of(flags, body)
            with self.lock:
                given[mid] = payload

    def _note_acknowledged(self, given, kind, _, body):
        if kind == PUBACK:
            with self.lock:
                payload = given.pop(struct.unpack_from(">H", body)[0], None)
                if payload is not None:
                    self.acknowledged.append(payload)

    def seen(self):
        with self.lock:
            return list(self.acknowledged)


def certificates(folder):
    """ca.pem; localhost.pem/.key of the broker; client.pem/.key; other.pem: of another authority. By the openssl program."""
    def run(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True, timeout=e2e.WAIT_S)
    for name in ("ca", "other"):
        run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem",
            "-days", "2", "-subj", f"/CN=test {name}")
    for name in ("localhost", "client"):
        run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj",
            f"/CN={name}")
        with open(os.path.join(folder, f"{name}.ext"), "w", encoding="ascii") as f:
            f.write(f"subjectAltName=DNS:{name}\n")
        run("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", f"{name}.pem", "-days", "2",
            "-extfile", f"{name}.ext")
        os.chmod(os.path.join(folder, f"{name}.key"), 0o644)  # the broker is another user


def tls_of(folder):
    context = ssl.create_default_context(cafile=os.path.join(folder, "ca.pem"))
    context.load_cert_chain(os.path.join(folder, "client.pem"), os.path.join(folder, "client.key"))
    return context
