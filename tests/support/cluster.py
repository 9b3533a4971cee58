# SPDX-License-Identifier: Apache-2.0
"""Real processes for real faults: PostgreSQL with fsync on, three NATS servers, nodes of `bulla serve`, one of them in a
network namespace of its own, all under shims for a slow disk and a stepped clock. Linux; parts that need root say so."""
import resource
import urllib.request

import pg_server
from e2e import *  # noqa: F401,F403

NET = "10.%d.%d" % (64 + os.getpid() // 256 % 128, os.getpid() % 256)  # several runs on one machine
HOST, INSIDE = NET + ".1", NET + ".2"
SPACE = "bulla-%d" % os.getpid()
VETH = "bv%d" % (os.getpid() % 100000)
TMPFS_MIB = 64


def find(name, *more):
    path = shutil.which(name)
    for folder in ("/usr/sbin", "/usr/bin", "/sbin", *more):
        path = path or (os.path.join(folder, name) if os.access(os.path.join(folder, name), os.X_OK) else None)
    return path


def run(*words):
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, check=False)


def shims(folder):
    """Builds tests/support/preload/*.c; the list for LD_PRELOAD, "" when there is no compiler."""
    made = []
    for name in ("slow_disk", "clock_step"):
        to = os.path.join(folder, name + ".so")
        source = os.path.join(ROOT, "tests/support/preload", name + ".c")
        done = run(os.environ.get("CC", "cc"), "-O2", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", to, source, "-ldl")
        if done.returncode:
            return ""
        made.append(to)
    return ":".join(made)


class Space:
    """A network namespace, with one cable to here that can be cut: packets vanish, nobody is told."""

    def __init__(self):
        self.made = False
        if os.geteuid() != 0 or not find("ip") or not find("nft"):
            return
        steps = [("ip", "netns", "add", SPACE), ("ip", "link", "add", VETH, "type", "veth", "peer", "name", "eth0", "netns", SPACE),
                 ("ip", "addr", "add", HOST + "/24", "dev", VETH), ("ip", "link", "set", VETH, "up"),
                 ("ip", "-n", SPACE, "addr", "add", INSIDE + "/24", "dev", "eth0"), ("ip", "-n", SPACE, "link", "set", "eth0", "up"),
                 ("ip", "-n", SPACE, "link", "set", "lo", "up")]
        self.made = all(run(*s).returncode == 0 for s in steps)
        if not self.made:
            self.close()

    def cut(self, ports=()):
        """Everything, or only what goes to these ports of the outside."""
        match = ["tcp", "dport", "{", ",".join(map(str, ports)), "}"] if ports else []
        for words in (["add", "table", "ip", "cut"], ["add", "chain", "ip", "cut", "out", "{ type filter hook output priority 0; }"],
                      ["add", "chain", "ip", "cut", "in", "{ type filter hook input priority 0; }"], ["add", "rule", "ip", "cut", "out", *match, "drop"],
                      ["add", "rule", "ip", "cut", "in", *(["tcp", "sport", *match[2:]] if ports else []), "drop"]):
            done = run("ip", "netns", "exec", SPACE, "nft", *words)
            check(done.returncode == 0, "the network is cut", done.stderr)

    def heal(self):
        run("ip", "netns", "exec", SPACE, "nft", "delete", "table", "ip", "cut")

    def close(self):
        run("ip", "link", "del", VETH)
        run("ip", "netns", "del", SPACE)


class Disk:
    """A small file system of its own, that can be filled up."""

    def __init__(self, path, mib=TMPFS_MIB):
        self.path, self.ballast = path, os.path.join(path, "ballast")
        os.makedirs(path, exist_ok=True)
        self.made = os.geteuid() == 0 and run("mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=0755", "bulla-e2e", path).returncode == 0

    def _fill_once(self):
        with open(self.ballast, "ab", buffering=0) as f:
            while True:
                s = os.statvfs(self.path)
                try:
                    if s.f_bavail == 0 or f.write(bytes(min(1 << 20, s.f_bavail * s.f_frsize))) == 0:
                        return
                except OSError:
                    return

    def _keep_full(self):
        while not self.clearing:
            self._fill_once()
            time.sleep(0.02)

    def fill(self):
        """Full, and whatever is freed meanwhile is filled as well."""
        self.clearing = False
        self._fill_once()
        self.filler = threading.Thread(target=self._keep_full, daemon=True)
        self.filler.start()

    def clear(self):
        self.clearing = True
        self.filler.join()
        os.unlink(self.ballast)

    def close(self):
        if self.made:
            run("umount", "-l", self.path)


class Process:
    """One that can be killed, stopped, starved and started again on the same ports."""

    def __init__(self, name, command, log, env=None, ready=None):
        self.name, self.command, self.log, self.env, self.ready, self.process = name, command, log, env, ready, None

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent,
                                            env={**os.environ, **(self.env or {})})

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        if self.alive():
            os.kill(self.process.pid, number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait(WAIT_S)

    def stop(self):
        if not self.process:
            return None
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            return self.process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def starve(self, spare):
        """No more memory than it has, and `spare` bytes."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as f:
            size = int(f.read().split()[0]) * resource.getpagesize()
        _, hard = resource.prlimit(self.process.pid, resource.RLIMIT_AS)
        resource.prlimit(self.process.pid, resource.RLIMIT_AS, (size + spare, hard))

    def feed(self):
        if self.alive():
            _, hard = resource.prlimit(self.process.pid, resource.RLIMIT_AS)
            resource.prlimit(self.process.pid, resource.RLIMIT_AS, (hard, hard))

    def tail(self, n=12):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read().splitlines()[-n:]


def listens(address, port):
    try:
        socket.create_connection((address, port), timeout=1).close()
        return True
    except OSError:
        return False


class Brokers:
    def __init__(self, folder, listen, n=3):
        free = pg_server.free_ports(3 * n)
        client, route, self.monitor = free[:n], free[n:2 * n], free[2 * n:]
        self.ports, self.each = client, []
        for i in range(n):
            path = os.path.join(folder, f"b{i + 1}.conf")
            routes = ", ".join(f"nats-route://127.0.0.1:{p}" for k, p in enumerate(route) if k != i)
            with open(path, "w", encoding="ascii") as f:
                f.write(f'server_name: b{i + 1}\nlisten: "{listen}:{client[i]}"\nhttp: "127.0.0.1:{self.monitor[i]}"\n'
                        f'jetstream {{ store_dir: "{folder}/b{i + 1}" }}\n'
                        f'cluster {{ name: faults, listen: "127.0.0.1:{route[i]}", routes: [{routes}] }}\n')
            self.each.append(Process(f"b{i + 1}", [find("nats-server"), "--config", path], os.path.join(folder, f"b{i + 1}.log")))
        for p in self.each:
            p.start()

    def jsz(self, words=""):
        for i, p in enumerate(self.each):
            if not p.alive():
                continue
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.monitor[i]}/jsz{words}", timeout=2) as answer:
                    return json.load(answer)
            except OSError:
                continue
        return {}

    def ready(self):
        return (self.jsz().get("meta_cluster") or {}).get("leader")

    def leader(self):
        """Who leads most streams; the cluster's leader where there are none."""
        names = {}
        for i in range(len(self.each)):
            for account in self.jsz("?streams=1").get("account_details") or []:
                for stream in account.get("stream_detail") or []:
                    name = (stream.get("cluster") or {}).get("leader")
                    names[name] = names.get(name, 0) + 1
            if names:
                break
        name = max(names, key=names.get) if names else self.ready()
        return next((p for p in self.each if p.name == name), self.each[0])


class Cluster:
    """kind: "sqlite" and "postgres" are one node, "cluster" three with brokers."""

    def __init__(self, folder, kind, pg_disk=False):
        self.folder, self.kind, self.db, self.brokers, self.nodes = folder, kind, None, None, []
        self.clock_doubted = False  # a node's clock was so wrong that it may say so of its devices
        os.chmod(folder, 0o755)
        self.preload = shims(folder)
        self.space = Space() if kind == "cluster" else None
        self.disk = Disk(os.path.join(folder, "small"))
        self.pg_disk = Disk(os.path.join(folder, "pg"), 1024) if pg_disk and kind != "sqlite" else None
        self.slow, self.step = os.path.join(folder, "slow"), os.path.join(folder, "step")
        self.pg_slow = os.path.join(folder, "slow-pg")
        for path in (self.slow, self.step, self.pg_slow):
            self.say(path, 0)
        self.store = "sqlite:" + os.path.join(self.disk.path, "n1")
        if kind != "sqlite":
            self.start_db()

    def say(self, path, value):
        with open(path, "w", encoding="ascii") as f:
            f.write(str(value))

    def outside(self):
        return HOST if self.space and self.space.made else "127.0.0.1"

    def start_db(self):
        settings = ["listen_addresses = '*'"] if self.space and self.space.made else []
        if self.pg_disk and self.pg_disk.made:
            os.chmod(self.pg_disk.path, 0o755)
            tempfile.tempdir = self.pg_disk.path
        if self.preload:
            os.environ.update(LD_PRELOAD=self.preload.split(":", maxsplit=1)[0], SLOW_DISK=self.pg_slow)
        try:
            self.db = pg_server.Private(settings=settings)
        finally:
            tempfile.tempdir = None
            os.environ.pop("LD_PRELOAD", None)
        if settings:
            with open(os.path.join(self.db.data, "pg_hba.conf"), "a", encoding="ascii") as f:
                f.write(f"host all all {INSIDE}/32 trust\n")
            self.db.sql("SELECT pg_reload_conf()")
        self.db.sql("CREATE DATABASE bulla")
        self.store = self.db.url + "/bulla"

    def restart_db(self):
        if self.preload:
            os.environ.update(LD_PRELOAD=self.preload.split(":", maxsplit=1)[0], SLOW_DISK=self.pg_slow)
        try:
            self.db.start()
        finally:
            os.environ.pop("LD_PRELOAD", None)

    def start_nodes(self):
        n = 3 if self.kind == "cluster" else 1
        if n > 1:
            self.brokers = Brokers(self.folder, "0.0.0.0" if self.space.made else "127.0.0.1")
            until(self.brokers.ready, "the brokers have a leader")
        free = pg_server.free_ports(2 * n)
        http, devices = free[:n], free[n:]
        for i in range(n):
            self.nodes.append(self.make_node(i, http[i], devices[i]))
            self.nodes[i].start()
        ready = [until(node.ready, f"{node.name} is ready") for node in self.nodes]
        for node, well in zip(self.nodes, ready):
            if not well:
                print(*node.tail(), sep="\n")
        return all(ready)

    def make_node(self, i, http, devices):
        name, inside = f"n{i + 1}", self.space is not None and self.space.made and i == 2
        address = INSIDE if inside else "127.0.0.1"
        data = os.path.join(self.disk.path if i == 0 else self.folder, name)
        store = self.store.replace("127.0.0.1", HOST) if inside else self.store
        command = [program(), "serve", "--data", data, "--http", f"{address}:{http}", "--devices", address, "--listen", f"jt701=tcp:{devices}",
                   "--store", store]
        if self.brokers:
            at = HOST if inside else "127.0.0.1"
            command += ["--bus", "nats://" + ",".join(f"{at}:{p}" for p in self.brokers.ports), "--node", name]
        env = {"LD_PRELOAD": self.preload, "SLOW_DISK": self.slow, "CLOCK_STEP": self.step} if self.preload and i == 0 else {}
        if inside:
            command = ["ip", "netns", "exec", SPACE, *command]

        def ready():
            try:
                c = http_client(address, http)
                c.request("GET", "/readyz")
                return c.getresponse().status == 200
            except OSError:
                return False
        node = Process(name, command, os.path.join(self.folder, name + ".log"), env, ready)
        node.address, node.devices, node.http = address, devices, http
        return node

    def to(self):
        return ",".join(f"{n.address}:{n.devices}" for n in self.nodes)

    def close(self):
        for p in [*self.nodes, *(self.brokers.each if self.brokers else [])]:
            p.stop()
        if self.db:
            self.db.close()
        if self.space:
            self.space.close()
        for disk in (self.disk, self.pg_disk):
            if disk:
                disk.close()


def http_client(address, port):
    return http.client.HTTPConnection(address, port, timeout=3)
