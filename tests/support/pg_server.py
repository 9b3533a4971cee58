#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL for the tests: `pg_server.py BUILD_DIRECTORY` prints the URL of a server (without a database), which it starts
when none runs for that directory. One server serves all tests that run meanwhile; each makes databases of its own. It ends
by itself a minute after the last connection has ended, whatever became of those who used it: nothing is left behind.

Exit 77 with a word: PostgreSQL is not installed.

fsync is off, so that tests are quick: a test of durability starts its own (Private)."""
import ctypes
import fcntl
import glob
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

IDLE_S = 60
USER = "postgres"  # the superuser in the database; in the system too, for the server refuses root


def programs():
    """The newest installed version's folder of programs, or None."""
    found = glob.glob("/usr/lib/postgresql/*/bin/initdb") + glob.glob("/usr/pgsql-*/bin/initdb")
    if found:
        return os.path.dirname(max(found, key=lambda path: int("".join(c for c in path if c.isdigit()) or 0)))
    path = shutil.which("initdb")
    return os.path.dirname(path) if path else None


def as_user():
    """What a child does before the server's program: not root any more, and gone when its parent is."""
    if os.getuid() == 0:
        user = pwd.getpwnam(USER)
        os.setgroups([user.pw_gid])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
    ctypes.CDLL(None).prctl(1, signal.SIGINT)


PORTS = range(20000, 32000)  # below those that the kernel gives to connections, which would take one before its server listens


def free_ports(n):
    """n ports on which nobody listens, on any address."""
    held = []
    while len(held) < n:
        s = socket.socket()
        try:
            s.bind(("", random.SystemRandom().choice(PORTS)))
            held.append(s)
        except OSError:
            s.close()
    got = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return got


def free_port():
    return free_ports(1)[0]


class Private:
    """A server of one's own, on an empty directory that is gone with it; `settings`: more lines of its configuration; `tables`
    and `wal`: directories where its tables and its write-ahead log are kept instead."""

    def __init__(self, fsync=True, settings=(), port=None, initdb=(), tables=None, wal=None):
        self.programs = programs()
        self.folder = tempfile.mkdtemp(prefix="bulla-pg-")
        self.port = port or free_port()
        for path in filter(None, (self.folder, tables, wal)):
            if os.getuid() == 0:
                user = pwd.getpwnam(USER)
                os.chown(path, user.pw_uid, user.pw_gid)
            os.chmod(path, 0o700)
        self.data = os.path.join(tables or self.folder, "data")
        if wal:
            initdb = (*initdb, "-X", os.path.join(wal, "wal"))
        self._run("initdb", "-D", self.data, "-U", USER, "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8", *initdb)
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="ascii") as conf:
            conf.write("listen_addresses = '127.0.0.1'\nunix_socket_directories = '%s'\nmax_connections = 300\n" % self.folder)
            conf.write("shared_buffers = 128MB\nlog_min_messages = warning\nautovacuum_naptime = 10s\nport = %d\n" % self.port)
            if not fsync:
                conf.write("fsync = off\nfull_page_writes = off\nsynchronous_commit = off\n")
            conf.write("".join(line + "\n" for line in settings))
        with open(os.path.join(self.data, "pg_hba.conf"), "r+", encoding="ascii") as hba:  # users of that name must give a password
            rest = hba.read()
            hba.seek(0)
            hba.write("host all needs_password 127.0.0.1/32 scram-sha-256\n" + rest)
        self.process = None
        self.start()

    def _run(self, program, *words):
        subprocess.run([os.path.join(self.programs, program), *words], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       cwd="/", preexec_fn=as_user)

    def start(self):
        log = open(os.path.join(self.folder, "log"), "ab")
        self.process = subprocess.Popen([os.path.join(self.programs, "postgres"), "-D", self.data], stdin=subprocess.DEVNULL, stdout=log,
                                        stderr=log, cwd="/", preexec_fn=as_user)
        log.close()
        ready = [os.path.join(self.programs, "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(ready, check=False, stdin=subprocess.DEVNULL).returncode != 0:
            if self.process.poll() is not None:
                with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as text:
                    raise RuntimeError("PostgreSQL did not start: " + text.read()[-2000:])
            time.sleep(0.05)

    @property
    def url(self):
        return "postgres://%s@127.0.0.1:%d" % (USER, self.port)

    def sql(self, text, database="postgres"):
        """What psql prints for it, without decoration."""
        done = subprocess.run([os.path.join(self.programs, "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p",
                               str(self.port), "-U", USER, "-d", database, "-c", text], check=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return done.stdout.strip()

    def kill(self):
        """The machine's power goes: the server and all its children at once."""
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], check=False, stdout=subprocess.PIPE, text=True)
        for pid in [self.process.pid, *map(int, children.stdout.split())]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


# --- the shared one ---


def answers(url):
    port = int(url.rsplit(":", 1)[1])
    ready = [os.path.join(programs(), "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(ready, check=False, stdin=subprocess.DEVNULL).returncode == 0


def keep(lock, note, pipe):
    """In a process of its own: the server, until nobody has used it for a while."""
    server = Private(fsync=False)
    try:
        with open(note, "w", encoding="ascii") as file:
            file.write(server.url)
        os.write(pipe, server.url.encode())
        os.close(pipe)
        last = time.time()
        while server.process.poll() is None:
            time.sleep(2)
            used = int(server.sql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")) - 1
            last = max(time.time() if used > 0 else last, os.stat(note).st_mtime)
            if time.time() - last > IDLE_S:
                fcntl.flock(lock, fcntl.LOCK_EX)  # nobody is being given its address now
                if time.time() - os.stat(note).st_mtime > IDLE_S:
                    os.unlink(note)
                    break
                fcntl.flock(lock, fcntl.LOCK_UN)
    finally:
        server.close()


def start(folder, lock, note):
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() != 0:
            os._exit(0)
        os.close(reader)
        nothing = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(nothing, fd)
        os.chdir("/")
        own = os.open(os.path.join(folder, "pg.lock"), os.O_RDWR)  # a lock apart from the parent's
        os.close(lock)
        try:
            keep(own, note, writer)
        finally:
            os._exit(0)
    os.wait()
    os.close(writer)
    with os.fdopen(reader) as pipe:
        return pipe.read()


def shared(folder):
    """The URL of the shared server of a build directory; None: PostgreSQL is not installed."""
    if not programs():
        return None
    folder = os.path.abspath(folder)
    note = os.path.join(folder, "pg.url")
    lock = os.open(os.path.join(folder, "pg.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(note):
            with open(note, encoding="ascii") as file:
                url = file.read()
            if url and answers(url):
                os.utime(note)
                return url
        url = start(folder, lock, note)
        if not url:
            raise RuntimeError("PostgreSQL did not start; run %s by hand: initdb must work as user %s" % (__file__, USER))
        return url
    finally:
        os.close(lock)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print(f"usage: {sys.argv[0]} BUILD_DIRECTORY", file=sys.stderr)
        sys.exit(2)
    address = shared(sys.argv[1])
    if not address:
        print("PostgreSQL is not installed (no /usr/lib/postgresql/*/bin)", file=sys.stderr)
        sys.exit(77)
    print(address)
