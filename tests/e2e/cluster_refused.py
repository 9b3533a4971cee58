#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A node of several that is told wrong things says what is wrong and what to do, and leaves everything as it was; one that is
cut off from its brokers or from PostgreSQL goes on taking what devices say, says that it does, and loses nothing."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from nodes import *  # noqa: E402,F403

DOWN_S = float(os.environ.get("BULLA_DOWN_S", 4))


def refused(folder, what, words, *says, code=3, most_s=20):
    """bulla serve with these words ends by itself, with this exit code, and says all this."""
    command = [program(), "serve", "--data", os.path.join(folder, "refused"), "--http", "127.0.0.1:0", "--listen", "none", *map(str, words)]
    began = time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=most_s, check=False, preexec_fn=die_with_parent)
    except subprocess.TimeoutExpired as late:
        check(False, f"{what}: it ends", f"not within {most_s} s: {late.stderr}")
        return
    said = done.stderr.strip()
    equal(done.returncode, code, f"{what}: exit code ({said})")
    for word in says:
        check(re.search(word, said), f"{what}: it says {word}", said)
    shutil.rmtree(os.path.join(folder, "refused"), ignore_errors=True)
    print(f"   {what} ({time.monotonic() - began:.1f} s): {said.splitlines()[-1] if said else ''}", flush=True)


def foreign_stream(port, name):
    """Somebody else's stream, by the name of ours."""
    s = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
    config = json.dumps({"name": name, "subjects": ["other.>"], "storage": "memory", "retention": "limits"}).encode()
    s.sendall(b'CONNECT {"verbose":false}\r\nSUB answer 1\r\nPUB $JS.API.STREAM.CREATE.%s answer %d\r\n%s\r\n' % (name.encode(), len(config), config))
    got, ended = read_until(s, lambda got: b"stream_create_response" in got)
    check(ended and b'"error"' not in got, "a foreign stream", got)
    s.close()


def wrong_words(base, folder, store):
    say("what a node is told wrong")
    nobody = faults.pg_server.free_port()
    refused(folder, "a bus that is none", ["--store", store, "--bus", "http://127.0.0.1:4222"], "bus: expected local or a URL like nats://")
    refused(folder, "a bus without hosts", ["--store", store, "--bus", "nats://"], "bus: .*expected")
    refused(folder, "a bus with a wrong port", ["--store", store, "--bus", "nats://127.0.0.1:99999"], "bus: .*PORT")
    refused(folder, "a store that is none", ["--store", "mysql://x/y", "--bus", base.bus], "expected a URL like sqlite:.*postgres://")
    refused(folder, "a database that is none", ["--store", base.db.url + "/nothing", "--bus", base.bus], 'database "nothing" does not exist')
    refused(folder, "PostgreSQL away", ["--store", f"postgres://postgres@127.0.0.1:{nobody}/bulla", "--bus", base.bus], "refused|running", "PostgreSQL")
    refused(folder, "a user without the right", ["--store", store.replace("postgres://postgres@", "postgres://needs_password@"), "--bus", base.bus], "password")
    refused(folder, "several nodes over SQLite", ["--bus", base.bus], "--store postgres://")
    refused(folder, "a node's name with a space", ["--store", store, "--bus", base.bus, "--node", "a b"], "--node: expected", code=2)
    newer = base.store("newer")
    done = Server(os.path.join(folder, "newer"), "--store", newer, listen="jt701=tcp:0")
    done.stop()
    base.db.sql("UPDATE bulla_schema SET version = version + 40 WHERE version = (SELECT max(version) FROM bulla_schema)", "newer")
    refused(folder, "a schema of a newer one", ["--store", newer, "--bus", base.bus], "written by a newer bulla")
    port = faults.pg_server.free_port()
    lone = faults.Process("lone", [faults.find("nats-server"), "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", os.path.join(folder, "lone")], os.path.join(folder, "lone.log"))
    lone.start()
    until(lambda: faults.listens("127.0.0.1", port), "a broker of somebody else", 10)
    name = "BULLA-" + base.db.sql("SELECT value FROM setting WHERE name = 'store'", "bulla").strip()
    foreign_stream(port, name)
    refused(folder, "somebody else's stream", ["--store", store, "--bus", f"nats://127.0.0.1:{port}"], f"the stream {name} is another's", "use another broker, or remove it")
    lone.kill()


def beside_a_cluster(base, folder, store):
    say("beside a node that runs")
    refused(folder, "a name that is taken", ["--store", store, "--bus", base.bus, "--node", "n1"], "node n1", "--node")
    refused(folder, "one process alone, with a cluster's store", ["--store", store], "stop that one first, or give both a bus")


def cut_off(w_node, api, what, cut, mend, down_says):
    """A seal says 20 things while something is away; all are acknowledged, none is lost, the alarm comes after."""
    say(what)
    number = Numbers(7100000000 + int(time.time()) % 1000000 * 10).of(lambda _: True)
    seal = Seal(number, w_node)
    status, made = api.call("POST", "/api/v1/seals", {"id": seal.id, "class": "active"})
    equal(status, 201, f"{what}: a seal")
    t = now_ms()
    status, made = api.call("POST", "/api/v1/journeys", {
        "mode": "road", "regime": "import", "vehicle": "K", "seals": [seal.id], "state": "sealed", "arrive_by": rfc(t + 8 * 3600000), "sealed_at": rfc(t - 300000),
        "route": {"type": "LineString", "coordinates": [[120.3, 30.25], [120.9, 30.25]]}, "corridor_m": 3000,
        "destination": {"name": "Far", "lat": 31.5, "lon": 121.9, "radius_m": 500}})
    check(status == 201, f"{what}: a journey", made)
    check(seal.report(age_s=60), f"{what}: acknowledged before")
    until(lambda: api.get(f"/api/v1/seals/{seal.id}/observations")[1].get("items"), "and stored", 10)
    cut()
    began, slowest = time.monotonic(), 0
    for i in range(20):
        sent = time.monotonic()
        check(seal.report(CUT if i == 10 else NORMAL, age_s=50 - i), f"{what}: acknowledged meanwhile")
        slowest = max(slowest, time.monotonic() - sent)
        time.sleep(DOWN_S / 20)
    down_says()
    mended = time.monotonic()
    mend()
    until(lambda: len((api.get(f"/api/v1/seals/{seal.id}/observations")[1] or {}).get("items", [])) == 21, f"{what}: all are stored in the end", 30)
    until(lambda: [a["kind"] for a in api.get(f"/api/v1/journeys/{made['id']}/alarms")[1]["items"]] == ["cable_cut"], f"{what}: and the alarm comes, once", 10)
    print(f"   away {mended - began:.1f} s, the slowest acknowledgement {slowest * 1000:.0f} ms, {seal.again} sent again, {time.monotonic() - mended:.1f} s from its return to the alarm", flush=True)
    until(lambda: api.get("/readyz") == (200, "ready\n"), f"{what}: and it is ready again, as before", 15)


def without_brokers(base, node, api):
    def cut():
        for b in base.brokers.each[1:]:
            b.kill()

    def mend():
        for b in base.brokers.each[1:]:
            b.start()

    def says():
        bus = until(lambda: (lambda bus: bus if not bus["up"] else None)(api.get("/api/v1/cluster")[1]["bus"]), "the cluster's page tells that the bus is away", 5)
        status, text = api.get("/readyz")
        check(status == 200 and "degraded" in text, "it takes what devices say, and says that it is degraded", f"{status} {text}")
        print(f"   {text.strip()} ({bus})", flush=True)
    cut_off(node, api, "one of three brokers is left", cut, mend, says)


def without_store(base, node, api):
    def says():
        status, text = api.get("/readyz")
        check(status == 503 and "store" in text, "not ready: the API has no store", f"{status} {text}")
        equal(api.get("/healthz")[0], 200, "but alive")
        status, value = api.get("/api/v1/journeys")
        check(status in (500, 503), "what needs the store says so", f"{status} {value}")
        print(f"   {text.strip()}", flush=True)
    cut_off(node, api, "PostgreSQL is away", base.db.kill, base.db.start, says)


def main():
    possible()
    with Folder() as folder:
        base = Base(folder)
        try:
            store = base.store()
            wrong_words(base, folder, store)
            node = Node(base, store, "n1")
            check(node.started, "after all that a node starts", node.log[-5:])
            api = Api(node).sign_in(node.password, PASSWORD)
            spread(api, {"n1": 64})
            before = [(part["node"], part["epoch"]) for part in api.get("/api/v1/cluster")[1]["held"]]
            beside_a_cluster(base, folder, store)
            equal([(part["node"], part["epoch"]) for part in api.get("/api/v1/cluster")[1]["held"]], before, "what runs is not disturbed by who is refused")
            without_brokers(base, node, api)
            without_store(base, node, api)
            base.brokers.each[0].kill()
            for b in base.brokers.each[1:]:
                b.kill()
            began = time.monotonic()
            equal(node.stop(), 0, "it stops without a broker")
            took = time.monotonic() - began
            check(took < 12, "and waits for none", took)
            late = Node(base, store, "n1")
            check(late.started, "it starts without a broker", late.log[-3:])
            until(lambda: "degraded" in Api(late).get("/readyz")[1], "and says that it has none", 5)
            late.stop()
        finally:
            base.close()
    finish()


if __name__ == "__main__":
    main()
