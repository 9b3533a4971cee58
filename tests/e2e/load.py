#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""bulla load against a real bulla serve: every scenario small; what it says was acknowledged is in the store, each once,
and nothing else; alarms; two addresses of which one is gone; a server that dies in the middle; what is refused."""
import collections
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from e2e import *  # noqa: E402,F403

PASSWORD = "a much longer word 5"
DEVICES = int(os.environ.get("BULLA_LOAD_DEVICES", 120))
SECONDS = float(os.environ.get("BULLA_LOAD_SECONDS", 1.5))
KEYS = {"scenario", "devices", "rate", "seconds", "processes", "stopped", "made", "sent", "again", "acknowledged", "unacknowledged",
        "given_up", "behind", "connects", "broken", "refused", "impatient", "acknowledged_per_s", "late_max_ms", "connect_s", "storms",
        "ack_ms", "alarms"}


def load(*options):
    return subprocess.run([program(), "load", "--quiet", "--retry", "1", "--drain", "40", *map(str, options)], capture_output=True, text=True)


def start(*options):
    return subprocess.Popen([program(), "load", "--quiet", "--retry", "1", "--drain", "40", *map(str, options)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            preexec_fn=die_with_parent)


def read(done, what, code=0):
    check(done.returncode == code, f"{what}: exit code", f"expected {code}, got {done.returncode}: {done.stderr[-300:]} {done.stdout[-600:]}")
    try:
        value = json.loads(done.stdout)
    except ValueError:
        check(False, f"{what}: one JSON object", done.stdout[-300:])
        return collections.defaultdict(int)
    equal(KEYS - set(value), set(), f"{what}: members missing")
    check(value["acknowledged"] + value["unacknowledged"] + value["given_up"] == value["made"], f"{what}: sums agree", value)
    order = [value["ack_ms"][p] for p in ("p50", "p90", "p99", "p99.9", "max")]
    check(order == sorted(order) and order[0] > 0, f"{what}: percentiles ascend", order)
    return value


def scenarios(server, acked, first):
    """Runs each; the expected least number of reports of each."""
    runs = [("steady", ["--rate", 400, "--protocol", "jt701,jt808"], int(400 * SECONDS)),
            ("storm", ["--rate", 400, "--jitter", 0.2, "--protocol", "jt808"], int(400 * SECONDS)),
            ("dawn", ["--rate", 100, "--stored", 150, "--jitter", 0.3], DEVICES * 150),
            ("skew", ["--rate", 2000], int(2000 * SECONDS)), ("idle", ["--processes", 3], DEVICES),
            ("overload", ["--rate", 300], int(3000 * SECONDS))]
    total = 0
    for name, more, least in runs:
        port = server.port("auto") if "jt701,jt808" in more else server.port("jt808") if "jt808" in more else server.port("jt701")
        if "jt808" in str(more):  # the platform must know the model: it says that the clock is UTC
            more = more + ["--prepare", "--http", f"http://127.0.0.1:{server.http}", "--user", "admin", "--password", PASSWORD]
        value = read(load("--to", f"127.0.0.1:{port}", "--scenario", name, "--devices", DEVICES, "--seconds", SECONDS, "--warm", 0.2,
                          "--first", first, "--acked", acked, "--json", "--pid", server.process.pid, *more), name)
        first += DEVICES
        check(value["acknowledged"] >= least, f"{name}: reports", f"expected at least {least}, got {value['acknowledged']}")
        equal(value["unacknowledged"], 0, f"{name}: unacknowledged")
        equal(value["storms"]["number"], 2 if name == "storm" else 0, f"{name}: storms")
        equal(value["connects"], DEVICES * (3 if name == "storm" else 1), f"{name}: connections")
        equal(value["processes"], 3 if name == "idle" else 1, f"{name}: processes")
        total += value["acknowledged"]
        print(f"   {name}: {value['acknowledged']} acknowledged, p99 {value['ack_ms']['p99']:.1f} ms", flush=True)
    return total


def lines(acked):
    with open(acked, encoding="ascii") as f:
        return [line.split() for line in f]


def check_acked(acked, data, what, all_acknowledged):
    said, kept = collections.Counter(), collections.Counter(stored(data))
    for seal, ms, *_ in lines(acked):
        said[seal, int(ms)] += 1
    whole = {tuple(line) for line in lines(acked)}
    equal(len(whole), sum(said.values()), f"{what}: each report is acknowledged once")
    lost = sum(max(0, n - kept[key]) for key, n in said.items())
    equal(lost, 0, f"{what}: acknowledged but not stored, of {sum(said.values())}")
    if all_acknowledged:
        extra = sum(max(0, n - said[key]) for key, n in kept.items())
        equal(extra, 0, f"{what}: stored more often than acknowledged")
    return sum(said.values())


def alarms(server, acked):
    say("alarms on the live stream")
    http, total = f"http://127.0.0.1:{server.http}", 0
    for protocol, first in (("jt701", 500000), ("jt808", 510000)):  # five reports a second of each
        value = read(load("--prepare", "--http", http, "--user", "admin", "--password", PASSWORD, "--to", f"127.0.0.1:{server.port(protocol)}", "--devices", 12,
                          "--first", first, "--protocol", protocol, "--alarms", 6, "--rate", 60, "--seconds", 2, "--warm", 0.2, "--acked", acked, "--json"),
                     f"alarms of {protocol}")
        equal((value["alarms"]["openings"], value["alarms"]["seen"], value["alarms"]["twice"]), (6, 6, 0), f"{protocol}: openings, alarms, seen twice")
        check(0 < value["alarms"]["ms"]["p50"] <= value["alarms"]["ms"]["max"] < 5000, "their latency", value["alarms"])
        total += value["acknowledged"]
    return total


def two_addresses(folder):
    """Half of the devices begin at an address where nobody listens; then the server dies and another one takes over."""
    say("a server that dies, another that takes over")
    acked, data = os.path.join(folder, "acked-2"), [os.path.join(folder, "a"), os.path.join(folder, "b")]
    servers = [Server(d) for d in data]
    gone = socket.socket()
    gone.bind(("127.0.0.1", 0))
    to = ",".join(f"127.0.0.1:{p}" for p in (gone.getsockname()[1], servers[0].port("jt701"), servers[1].port("jt701")))
    running = start("--to", to, "--devices", DEVICES, "--rate", 400, "--seconds", 4, "--warm", 0.2, "--acked", acked, "--json")
    time.sleep(2)
    servers[0].kill()
    out, err = running.communicate(timeout=WAIT_S)
    value = read(subprocess.CompletedProcess([], running.returncode, out, err), "a server that dies")
    check(value["broken"] > 0 and value["refused"] > 0, "connections broke and were refused", value)
    servers[1].stop()
    gone.close()
    kept = collections.Counter(stored(data[0])) + collections.Counter(stored(data[1]))
    missing = [line for line in lines(acked) if not kept[line[0], int(line[1])]]
    equal(len(missing), 0, f"acknowledged by either and in neither store, of {len(lines(acked))}")


def interrupted(server):
    say("stopped by a signal, and refused")
    running = start("--to", f"127.0.0.1:{server.port('jt701')}", "--devices", 20, "--first", 600000, "--rate", 100, "--seconds", 60, "--warm", 0)
    time.sleep(1)
    running.send_signal(signal.SIGINT)
    out, _ = running.communicate(timeout=WAIT_S)
    check(running.returncode in (0, 1) and "stopped early" in out and "reports acknowledged" in out, "SIGINT prints the summary", out)
    for options, code, word in [(["--to", "127.0.0.1:1", "--devices", "many"], 2, "--devices"), (["--to", "nowhere:5"], 2, "--to"), ([], 2, "--to"),
                                (["--to", "127.0.0.1:1", "--scenario", "flood"], 2, "--scenario"), (["--prepare"], 2, "--store"),
                                (["--to", "127.0.0.1:1", "--protocol", "jt9"], 2, "--protocol"),
                                (["--to", "127.0.0.1:1", "--alarms", "9", "--devices", "3"], 2, "--alarms"),
                                (["--to", "127.0.0.1:1", "--http", "http://127.0.0.1:1", "--password", "x", "--alarms", "1"], 3, "answer"),
                                (["--to", "127.0.0.1:1", "--acked", "/nonexistent/x", "--devices", "2"], 3, "process"),
                                (["--prepare", "--store", "nosuch:x"], 3, "--store")]:
        done = load(*options)
        check(done.returncode == code and word in done.stderr, f"load {' '.join(options)}", f"expected {code} and {word}, got {done.returncode}: {done.stderr}")


def main():
    with Folder() as folder:
        data, acked = os.path.join(folder, "data"), os.path.join(folder, "acked")
        say("scenarios")
        server = Server(data)
        Api(server).sign_in(server.password, PASSWORD)
        total = scenarios(server, acked, 1000)
        total += alarms(server, acked)
        equal(server.stop(), 0, "it stops when asked")
        equal(check_acked(acked, data, "all scenarios", True), total, "lines of --acked")
        integrity(data)
        two_addresses(folder)
        prepared = os.path.join(folder, "prepared")
        done = load("--prepare", "--store", store_url(prepared), "--devices", 30, "--password", PASSWORD)
        equal(done.returncode, 0, f"prepared straight into the store {done.stderr}")
        server = Server(prepared)
        api = Api(server)
        status, value = api.call("POST", "/api/v1/session", {"name": "load", "password": PASSWORD})
        equal(status, 200, "the user that was prepared signs in")
        status, value = api.get("/api/v1/journeys?limit=1000")
        equal((status, len(value["items"])), (200, 30), "journeys that were prepared")
        interrupted(server)
        equal(server.stop(), 0, "it stops when asked")
    finish()


if __name__ == "__main__":
    main()
