#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""bulla migrate: a platform on SQLite is moved to PostgreSQL while devices report to it, broken off in the middle and gone on
with; both sides are equal, and the platform goes on where it was. A target with anything in it is refused. And back."""
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import pg_server  # noqa: E402
from load import *  # noqa: E402,F401,F403

MESSAGES = int(os.environ.get("BULLA_MIGRATE_MESSAGES", "3000"))  # before it begins, and again before it is broken off
PASSWORD = "correct horse battery"


def migrate(*words, wait=True):
    process = subprocess.Popen([program(), "migrate", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
    if not wait:
        return process
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def lines_of(out):
    """{name: (rows from, rows to, equal)} of the printed table."""
    rows = {}
    for line in out.splitlines():
        words = line.split()
        if len(words) == 6 and words[1].isdigit():
            rows[words[0]] = (int(words[1]), int(words[2]), words[5] == "equal" and words[3] == words[4])
    return rows


def fill(api):
    """Something in every table."""
    status, station = api.call("POST", "/api/v1/stations", {"kind": "border", "name": "Bordeaux – é", "lat": 44.8, "lon": -0.6}, {"Idempotency-Key": "same-again-1"})
    check(status == 201, "a station", str(station))
    check(api.call("POST", "/api/v1/keys", {"label": "reader", "scopes": ["read"]})[0] == 201, "a key")
    check(api.call("POST", "/api/v1/parties", {"kind": "carrier", "name": "Alder"})[0] == 201, "a party")


def counts(out):
    rows = lines_of(out)
    check(len(rows) == 24, "every table is compared", str(sorted(rows)))
    for name, (left, right, equal) in rows.items():
        check(equal and left == right, f"{name} is equal", f"{left} {right}")
    return rows


def move(folder, url):
    source, target = os.path.join(folder, "data"), url
    server = Server(source)
    check(server.started, "the platform starts", "\n".join(server.log[-5:]))
    api = Api(server).sign_in(server.password, PASSWORD)
    fill(api)
    load = Load([Line("jt701", 7570200000 + i, (int(time.time()) - 10 ** 7) * 1000 + i) for i in range(6)])
    seal_journey(api, load.lines[0])
    load.open(server)
    load.run(lambda: load.acked() > MESSAGES)
    first = migrate("--from", f"sqlite:{source}", "--to", target, wait=False)
    load.run(lambda: load.acked() > 2 * MESSAGES)
    first.send_signal(signal.SIGINT)
    out, err = first.communicate(timeout=60)
    say(f"broken off with {first.returncode}: {err.strip().splitlines()[-1] if err.strip() else ''}")
    check(first.returncode in (3, 0), "broken off", err[-300:])
    check(server.alive(), "the platform goes on")
    second = migrate("--from", f"sqlite:{source}", "--to", target, "--stop", wait=False)
    load.run(lambda: second.poll() is not None or not server.alive())
    load.close()
    out, err = second.communicate(timeout=120)
    check(second.returncode == 0, "moved", err[-600:] + out[-600:])
    check(server.process.wait(30) == 0, "the platform was stopped in order")
    rows = counts(out)
    acked = load.acked()
    check(rows.get("observations", (0,))[0] >= acked, "every acknowledged message is among them", f"{rows.get('observations')} {acked}")
    check(all(rows[name][0] > 0 for name in ("user", "session", "seal", "station", "party", "journey", "journey_seal", "audit", "answer")), "no table was empty that should not be", str(rows))
    say(next((line for line in out.splitlines() if "pause" in line), "no pause printed"))
    code, out, err = migrate("--from", f"sqlite:{source}", "--to", target)
    check(code == 1 and "finished before" in err, "a finished target is refused", err[-300:])
    return load, acked


def goes_on(folder, url, load):
    """The platform on PostgreSQL knows everybody, and what devices send again is not stored twice."""
    server = Server(os.path.join(folder, "data2"), "--store", url)
    check(server.started, "it starts on PostgreSQL", "\n".join(server.log[-5:]))
    api = Api(server).again(PASSWORD)
    status, page = api.get("/api/v1/stations")
    check(status == 200 and page["items"][0]["name"] == "Bordeaux – é", "the station is there")
    for line in load.lines:
        line.overlap, line.limit = 50, line.acked + 500
    load.open(server)
    load.run(lambda: all(line.done() for line in load.lines))
    load.close()
    seal = load.lines[1].seal
    status, page = api.get(f"/api/v1/seals/{seal}/observations?limit=1000&from=2020-01-01T00:00:00Z")
    times = [o["time"] for o in page["items"]]
    check(status == 200 and len(times) == len(set(times)) and len(times) == 1000, "no message twice", str(len(times)))
    equal(api.metrics().get("bulla_observations_duplicate_total", 0) >= 6 * 50, True, "what was sent again is known")
    status, key = api.call("POST", "/api/v1/keys", {"label": "new", "scopes": ["read"]})
    check(status == 201, "what the database numbers goes on", str(key))
    check(api.call("POST", "/api/v1/stations", {"kind": "stop", "name": "x", "lat": 1, "lon": 2})[0] == 201, "a record more")
    equal(server.stop(), 0, "it stops")


def refused(folder, url):
    used = os.path.join(folder, "used")
    server = Server(used)
    server.stop()
    code, out, err = migrate("--from", f"sqlite:{folder}/data", "--to", f"sqlite:{used}")
    check(code == 1 and "not empty" in err, "a target with something in it is refused", err[-300:])
    code, out, err = migrate("--from", f"sqlite:{folder}/nothing", "--to", f"sqlite:{folder}/new")
    check(code == 3 and "--from" in err, "no platform there", err[-300:])
    check(migrate("--from", f"sqlite:{used}")[0] == 2, "wrong usage")
    code, out, err = migrate("--from", url, "--to", f"sqlite:{folder}/back")
    check(code == 0, "and back to SQLite", err[-500:])
    counts(out)


def main():
    url = pg_server.shared(sys.argv[2] if len(sys.argv) > 2 else ".")
    if not url:
        skip("PostgreSQL is not installed")
    name = f"migrate_{os.getpid()}"
    port, user = url.rsplit(":", 1)[1], pg_server.USER
    psql = [os.path.join(pg_server.programs(), "psql"), "-XAtq", "-h", "127.0.0.1", "-p", port, "-U", user, "-d", "postgres", "-c"]
    subprocess.run([*psql, f"CREATE DATABASE {name}"], check=True)
    try:
        with Folder() as folder:
            load, _ = move(folder, f"{url}/{name}")
            goes_on(folder, f"{url}/{name}", load)
            refused(folder, f"{url}/{name}")
    finally:
        subprocess.run([*psql, f"DROP DATABASE {name} WITH (FORCE)"], check=False)
    finish()


main()
