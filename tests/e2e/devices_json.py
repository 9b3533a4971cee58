#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Devices that speak JSON: over MQTT with the real broker, and by HTTP. What was acknowledged is stored, also when the program is killed;
what is refused is named and harms no other; commands go the other way; a broker must prove who it is.

BULLA_KILL_ROUNDS (5): how often the program is killed."""
import os
import sys
from datetime import datetime

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import cluster as faults  # noqa: E402
import mqtt  # noqa: E402
import nodes  # noqa: E402
import pg_server  # noqa: E402
from e2e import *  # noqa: E402,F403

ROUNDS = int(os.environ.get("BULLA_KILL_ROUNDS", 5))
PASSWORD = "a much longer word 3"
LOGIN = ("bulla", "not for devices")


def rfc(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03d}Z"


def now():
    return int(time.time() * 1000)


class Keyed(Api):
    """A program with a key."""

    def __init__(self, server, key):
        super().__init__(server)
        self.key = key

    def post(self, path, body, kind="application/json"):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.http, timeout=WAIT_S)
        body = body if isinstance(body, (bytes, str)) else json.dumps(body)
        connection.request("POST", "/api/v1" + path, body, {"Authorization": "Bearer " + self.key, "Content-Type": kind})
        answer = connection.getresponse()
        raw = answer.read()
        connection.close()
        return answer.status, json.loads(raw) if raw else None


def key_of(api, *scopes):
    status, value = api.call("POST", "/api/v1/keys", {"label": "a program", "scopes": list(scopes), "days": 1})
    check(status == 201, "a key is made", f"{status} {value}")
    return value["key"] if "key" in value else value["secret"]


def heard(api, device, n):
    """What a device said, once there are n of it."""
    def look():
        status, value = api.get(f"/api/v1/seals/json:{device}/observations?from=2026-01-01T00:00:00Z&limit=1000")
        return value["items"] if status == 200 and len(value["items"]) >= n else None
    return until(look, f"{device} is heard {n} times") or []


def damages(api):
    return [(d["peer"], d["why"]) for d in api.get("/api/v1/damages")[1]["items"] if d["protocol"] == "json"]


def serve(data, broker_port, folder, *more):
    login = os.path.join(folder, "login")
    with open(login, "w", encoding="ascii") as f:
        f.write("\n".join(LOGIN) + "\n")
    os.chmod(login, 0o600)
    return Server(data, "--mqtt", f"mqtt://127.0.0.1:{broker_port}", "--mqtt-login", login, "--node", "one", *more, listen="json=tcp:0")


def up(server):
    return until(lambda: Api(server).metrics().get("bulla_broker_up") == 1, "the broker gives us messages")


# --- by HTTP ---


def by_http(api):
    say("by HTTP: verdicts for each item, 202 when durable")
    key = Keyed(api.server, key_of(api, "devices"))
    t = now() - 60000
    status, value = key.post("/devices/H1/observations", {"time": rfc(t), "counter": 1, "fix": {"lat": 52.25, "lon": 4.5}, "door": "closed"})
    equal((status, value["accepted"], value["refused"], value["items"]), (202, 1, 0, [{"item": 0, "accepted": True, "seal": "json:H1"}]), "one object")
    one = heard(api, "H1", 1)[0]
    equal((one["fix"]["lat"], one["state"], one["counter"], one["protocol"], one["proof"]), (52.25, {"door": "closed"}, 1, "json", "claimed"),
          "what was stored")
    status, value = key.post("/devices/H1/observations", [{"time": rfc(t + 1000), "counter": 2, "events": ["rope-cut"]},
                                                          {"time": rfc(t + 2000), "power": {"percent": 101}},
                                                          {"time": rfc(t + 3000), "counter": 4, "events": ["heartbeat"]}])
    equal((status, value["accepted"], value["refused"]), (202, 2, 1), "an array with a bad item")
    equal(value["items"][1], {"item": 1, "accepted": False, "why": 'power.percent: expected a number from 0 to 100, got "101"'}, "its verdict")
    heard(api, "H1", 3)
    until(lambda: any("power.percent" in why for _, why in damages(api)), "the refused item is kept as a damaged message")
    key.post("/devices/H1/observations", {"time": rfc(t + 1000), "counter": 2, "events": ["rope-cut"]})
    equal(len(heard(api, "H1", 3)), 3, "said again, it counts once")
    refused_by_http(api, key, t)
    network_servers(api, key, t)


def refused_by_http(api, key, t):
    for path, body, status, field in (
            ("/devices/H1/observations", {"fix": {"lat": 91, "lon": 0}}, 422, "fix.lat"),
            ("/devices/H1/observations", [{"fix": {"lat": 91, "lon": 0}}], 422, "fix.lat"),
            ("/devices/H1/observations", {"device": "H2", "events": ["heartbeat"]}, 422, "device"),
            ("/devices/H1/observations", {"seal": "jt701:7712345601", "events": ["heartbeat"]}, 422, "seal"),
            ("/devices/observations", {"events": ["heartbeat"]}, 422, "device"),
            ("/devices/H1/observations", "{\"events\": [\"heartbeat\"]", 400, "message"),
            ("/devices/H1/observations", "", 400, "message"),
            ("/devices/H1/observations", [], 400, "message"),
            ("/devices/H1/observations", [{"events": ["heartbeat"]}] * 1001, 400, "message"),
            ("/devices/H%3A1/observations", {"events": ["heartbeat"]}, 400, "device")):
        got, value = key.post(path, body)
        equal((got, [e["field"] for e in value.get("errors", [])]), (status, [field]), f"{path} {str(body)[:60]}")
    equal(key.post("/devices/H1/observations", "{}", "text/plain")[0], 415, "no JSON by its name")
    equal(key.call("GET", "/api/v1/seals", headers={"Authorization": "Bearer " + key.key})[0], 403, "a key of devices reads nothing")
    equal(Keyed(api.server, key_of(api, "read")).post("/devices/H1/observations", {"events": ["heartbeat"]})[0], 403, "a key without the scope")
    equal(Keyed(api.server, "bulla_" + "A" * 43).post("/devices/H1/observations", {"events": ["heartbeat"]})[0], 401, "no key of ours")
    equal(len(heard(api, "H1", 3)), 3, "nothing of all this was stored")


def network_servers(api, key, t):
    say("LoRaWAN network servers post to one address")
    status, value = key.post("/devices/observations", {
        "end_device_ids": {"device_id": "door-17", "dev_eui": "0004A30B001C0530", "application_ids": {"application_id": "seals"}},
        "uplink_message": {"f_cnt": 42, "f_port": 10, "decoded_payload": {"DOOR_OPEN_STATUS": 1, "BatV": 3.02},
                           "rx_metadata": [{"gateway_ids": {"gateway_id": "g"}, "rssi": -35}], "received_at": rfc(t)}})
    equal((status, value["items"][0].get("seal")), (202, "json:0004a30b001c0530"), "The Things Stack")
    status, value = key.post("/devices/observations", {
        "deviceInfo": {"devEui": "24e124141f000001", "deviceName": "cold box"}, "time": rfc(t), "fCnt": 7,
        "object": {"temperature": -18.5, "humidity": 61, "power": "off", "battery": 92}})
    equal((status, value["items"][0].get("seal")), (202, "json:24e124141f000001"), "ChirpStack")
    equal(heard(api, "0004a30b001c0530", 1)[0]["state"], {"door": "open"}, "the door that The Things Stack tells of")
    readings = {s["kind"]: s["value"] for s in heard(api, "24e124141f000001", 1)[0]["sensors"]}
    equal(readings, {"temperature": -18.5, "humidity": 61, "power": 0}, "the readings that ChirpStack tells of")


def smart_container(api):
    """Every kind of reading of a smart container with its unit, probes, the refrigerated container's supply; what has no kind here is
    kept as it came. [WCO-6-2] [WCO-13.7-5] [WCO-4.3-C3]"""
    say("a smart container")
    key = Keyed(api.server, key_of(api, "devices"))
    status, value = key.post("/devices/MSCU0000006/observations", {
        "time": rfc(now() - 5000), "counter": 1, "door": "closed", "shackle": "in", "motor": "locked", "latitude": 36.84, "longitude": -6.31,
        "temperature": -18.25, "pressure": 101.325, "humidity": 61.5, "light": 0.4, "shock": 16, "orientation": 2, "voc": None, "power": "on",
        "sensors": [{"id": "return air", "kind": "temperature", "value": -17.75}], "co2": 410})
    equal(status, 202, f"it is taken ({value})")
    one = heard(api, "MSCU0000006", 1)[0]
    equal({(s["id"], s["kind"]): (s["value"], s["unit"]) for s in one["sensors"]},
          {(None, "temperature"): (-18.25, "C"), (None, "pressure"): (101.325, "kPa"), (None, "humidity"): (61.5, "%"), (None, "light"): (0.4, "lx"),
           (None, "shock"): (16, "g"), (None, "tilt"): (2, "deg"), (None, "power"): (1, ""), ("return air", "temperature"): (-17.75, "C")}, "its readings")
    equal((one["state"], one["fix"]["lat"]), ({"seal": "sealed", "shackle": "in", "motor": "locked", "door": "closed"}, 36.84), "its door and place")
    status, detail = api.get("/api/v1/observations/" + one["id"])
    check('"co2": 410' in bytes.fromhex(detail["raw"]["hex"]).decode(), "what has no kind is kept as it came", detail)


# --- over MQTT ---


def over_mqtt(api, broker):
    say("over MQTT: messages, refused ones, the same twice")
    t = now() - 60000
    device = mqtt.Device(broker.port, "M1", "M1", "pass")
    device.publish("bulla/M1/up", json.dumps({"time": rfc(t), "counter": 1, "state": {"shackle": "in", "motor": "locked"}}))
    one = heard(api, "M1", 1)[0]
    equal((one["seal"], one["state"], one["counter"]), ("json:M1", {"seal": "sealed", "shackle": "in", "motor": "locked"}, 1), "the topic names the device")
    device.publish("bulla/M1/up", json.dumps([{"time": rfc(t + 1000), "counter": 2, "temperature": 4.5}, {"time": "yesterday", "door": "open"},
                                              {"time": rfc(t + 3000), "counter": 3, "power": "on"}]))
    equal([s["sensors"] for s in heard(api, "M1", 3)[1:]],
          [[{"id": None, "kind": "temperature", "value": 4.5, "unit": "C"}], [{"id": None, "kind": "power", "value": 1, "unit": ""}]], "an array")
    device.publish("bulla/M1/up", "not JSON")
    device.publish("bulla/M1/up", json.dumps({"seal": "json:M2", "door": "open"}))
    device.publish("bulla/M1/up", json.dumps({"time": rfc(t), "counter": 1, "state": {"shackle": "in", "motor": "locked"}}))
    device.publish("bulla/M1/up", json.dumps({"door": "open"}), qos=0)
    heard(api, "M1", 4)
    kept = until(lambda: len(damages(api)) >= 3 and damages(api), "refused messages are kept") or []
    for why in ('[1].time: expected a time like 2026-01-31T08:00:00Z, got "yesterday"', "message: expected a JSON object, or an array of them, got something else",
                'device: expected the name under which the message came, got "M2"'):
        check(("mqtt bulla/M1/up", why) in kept, why, kept)
    equal(len(heard(api, "M1", 4)), 4, "the same message twice is one observation")
    status, value = api.get("/api/v1/seals/json:M2")
    equal(status, 404, "nobody speaks for another device")
    device.close()


def kept_by_broker(api, broker, server):
    say("a message that the broker has kept is history")
    t = now() - 3600000
    device = mqtt.Device(broker.port, "R1", "R1", "pass")
    device.publish("bulla/R1/up", json.dumps({"time": rfc(t), "door": "open"}), retain=True)
    equal([o["stored"] for o in heard(api, "R1", 1)], [False], "as it comes it is live")
    device.close()
    server.stop()
    return t


def commands(api, broker):
    say("commands go down, verdicts come up")
    device = mqtt.Device(broker.port, "C1", "C1", "pass")
    device.subscribe("bulla/C1/down")
    device.publish("bulla/C1/up", json.dumps({"time": rfc(now()), "counter": 1, "state": {"shackle": "in", "motor": "locked"}}))
    heard(api, "C1", 1)
    equal([c["name"] for c in api.get("/api/v1/seals/json:C1/command-list")[1]["items"]], ["unlock", "lock", "interval", "locate", "restart"],
          "the commands that there are")
    for n, (name, args, verdict) in enumerate((("unlock", {"password": "12\"34"}, "accepted"), ("interval", {"seconds": 60}, "refused"))):
        status, c = api.call("POST", "/api/v1/seals/json:C1/commands", {"name": name, "args": args, "reason": "a test"})
        equal(status, 201, f"{name} is queued ({c})")
        topic, payload = device.got.get(timeout=WAIT_S)
        equal((topic, json.loads(payload)), ("bulla/C1/down", {"id": c["id"], "command": name, "args": {k: str(v) for k, v in args.items()}}), f"{name} comes")
        until(lambda: api.get("/api/v1/commands/" + c["id"])[1]["state"] == "sent", f"{name} is sent")
        device.publish("bulla/C1/up", json.dumps({"time": rfc(now()), "counter": 10 + n, "result": {"command": name, "verdict": verdict, "text": "so it is"}}))
        done = until(lambda: (v := api.get("/api/v1/commands/" + c["id"])[1])["state"] == verdict and v, f"{name} is {verdict}")
        equal(done and done["answer"], "so it is", "what the device answered")
    status, c = api.call("POST", "/api/v1/seals/json:C1/commands", {"name": "interval", "args": {"seconds": 0}, "reason": "a test"})
    check(status in (409, 422), "an argument out of range is refused", f"{status} {c}")
    status, c = api.call("POST", "/api/v1/seals/json:H1/commands", {"name": "locate", "args": {}, "reason": "a test"})
    time.sleep(0.5)
    equal(api.get("/api/v1/commands/" + c["id"])[1]["state"], "queued", "a device that was never heard by this broker is not reached")
    device.close()


# --- the program dies ---


class Talker(threading.Thread):
    """A device that speaks in bursts, PACE messages a second: more would only wait for each other in the broker. `said`: what it acknowledged."""
    PACE, BURST = 400, 40

    def __init__(self, port, name, base_ms):
        super().__init__(daemon=True)
        self.port, self.name_, self.base_ms, self.said, self.stopping = port, name, base_ms, [], False

    def run(self):
        device = mqtt.Device(self.port, self.name_, self.name_, "pass")
        n = 0
        while not self.stopping:
            device.publish(f"bulla/{self.name_}/up", json.dumps({"time": rfc(self.base_ms + n * 1000), "counter": n, "events": ["state-report"]}))
            self.said.append(("json:" + self.name_, self.base_ms + n * 1000))
            n += 1
            if n % self.BURST == 0:
                time.sleep(self.BURST / self.PACE)
        device.close()


class Poster(threading.Thread):
    """A device by HTTP: `said` is what was answered 202. The server may be gone at any moment."""

    def __init__(self, key, base_ms):
        super().__init__(daemon=True)
        self.key, self.base_ms, self.said, self.server, self.stopping = key, base_ms, [], None, False

    def run(self):
        n = 0
        while not self.stopping:
            try:
                body = [{"time": rfc(self.base_ms + (n + i) * 1000), "counter": n + i, "events": ["state-report"]} for i in range(3)]
                if Keyed(self.server, self.key).post("/devices/P1/observations", body)[0] == 202:
                    self.said += [("json:P1", self.base_ms + (n + i) * 1000) for i in range(3)]
                    n += 3
                else:
                    time.sleep(0.03)
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(0.01)


def of_payload(payload):
    value = json.loads(payload)
    return value["time"], value["counter"]


def killed(folder):
    say(f"the program is killed {ROUNDS} times: what it acknowledged to the broker is on its disk at that moment")
    broker = mqtt.Broker(os.path.join(folder, "kill"), "allow_anonymous true")
    tap = mqtt.Tap(broker.port)
    data = os.path.join(folder, "killed")
    server = serve(data, tap.port, folder, "--shed", "off")
    api = Api(server).sign_in(server.password, PASSWORD)
    base_ms = now() - 3600000 * 5
    talkers = [Talker(broker.port, f"K{i}", base_ms + i) for i in range(6)]
    poster = Poster(key_of(api, "devices"), base_ms)
    poster.server = server
    up(server)
    for one in talkers + [poster]:
        one.start()
    for n in range(ROUNDS):
        before = len(tap.seen())
        until(lambda: len(tap.seen()) > before + 150 and poster.said, "messages go through")
        server.kill()
        on_disk = {at for _, at in stored(data)}
        seen = [of_payload(p) for p in tap.seen()]
        missing = [s for s in seen if ms_of(s[0]) not in on_disk]
        equal(missing, [], f"round {n}: acknowledged to the broker and not on the disk, of {len(seen)}")
        missing = set(poster.said) - set(stored(data))
        equal(missing, set(), f"round {n}: answered 202 and not on the disk, of {len(poster.said)}")
        server = serve(data, tap.port, folder, "--shed", "off")
        poster.server = server
        up(server)
    for one in talkers + [poster]:
        one.stopping = True
    for one in talkers + [poster]:
        one.join(WAIT_S)
    said = {s for one in talkers for s in one.said}
    until(lambda: len({of_payload(p)[0] for p in tap.seen()}) >= len({s for _, s in said}), "the broker has nothing left for us", every=0.5)
    time.sleep(0.5)
    equal(server.stop(), 0, "it stops as asked")
    rows = stored(data)
    equal(said - set(rows), set(), f"messages that the broker took and that were lost, of {len(said)}")
    equal(len(rows), len(set(rows)), "stored once each")
    integrity(data)
    broker.stop()
    say(f"{len(said)} messages over MQTT, {len(poster.said)} by HTTP, {len(tap.seen())} acknowledgements")


def ms_of(text):
    whole, _, part = text.rstrip("Z").partition(".")
    return int(datetime.fromisoformat(whole + "+00:00").timestamp()) * 1000 + int((part + "000")[:3])


# --- the broker dies, and who it is ---


def broker_gone(folder):
    say("the broker goes and comes back; what came meanwhile is given by it, and it must prove who it is")
    broker = mqtt.Broker(os.path.join(folder, "gone"), "allow_anonymous true")
    data = os.path.join(folder, "gone-data")
    server = serve(data, broker.port, folder)
    api = Api(server).sign_in(server.password, PASSWORD)
    up(server)
    broker.stop()
    until(lambda: Api(server).metrics()["bulla_broker_up"] == 0, "it is seen to be gone")
    check(server.logged("the connection to 127.0.0.1:.* is gone"), "and said so")
    broker.start()
    up(server)
    server.stop()
    device = mqtt.Device(broker.port, "G1", clean=False)
    device.publish("bulla/G1/up", json.dumps({"time": rfc(now()), "door": "open"}))
    device.close()
    server = serve(data, broker.port, folder)
    api = Api(server).again(PASSWORD)
    equal(heard(api, "G1", 1)[0]["state"], {"door": "open"}, "said while nobody listened")
    server.stop()
    broker.stop()


def with_tls(folder):
    if not shutil.which("openssl"):
        say("openssl is not installed: TLS is not tried")
        return
    say("TLS: the broker proves who it is, and asks us too")
    certs = os.path.join(folder, "certs")
    os.makedirs(certs)
    os.chmod(folder, 0o755)
    mqtt.certificates(certs)
    broker = mqtt.Broker(os.path.join(folder, "tls"), "allow_anonymous true", f"cafile {certs}/ca.pem", f"certfile {certs}/localhost.pem",
                         f"keyfile {certs}/localhost.key", "require_certificate true")

    def start(data, host="localhost", ca="ca", own=True):
        more = ["--mqtt-cert", f"{certs}/client.pem", "--mqtt-key", f"{certs}/client.key"] if own else []
        return Server(os.path.join(folder, data), "--mqtt", f"mqtts://{host}:{broker.port}", "--mqtt-ca", f"{certs}/{ca}.pem", *more, listen="json=tcp:0")

    good = start("tls-data")
    api = Api(good).sign_in(good.password, PASSWORD)
    up(good)
    device = mqtt.Device(broker.port, "T1", tls=mqtt.tls_of(certs))
    for n in range(300):
        device.publish("bulla/T1/up", json.dumps({"time": rfc(now() - 600000 + n * 1000), "counter": n, "door": "closed"}), wait=n % 50 == 49)
    equal(len(heard(api, "T1", 300)), 300, "messages over TLS")
    good.stop()
    for data, words in (("wrong-ca", {"ca": "other"}), ("no-cert", {"own": False}), ("wrong-name", {"host": "127.0.0.1"})):
        bad = start(data, **words)
        until(lambda: bad.logged("mqtt: .*(came to nothing|cannot be reached)"), f"{data}: it says so")
        time.sleep(1)
        equal(Api(bad).metrics()["bulla_broker_up"], 0, f"{data}: no connection")
        bad.stop()
    device.close()
    broker.stop()


# --- one node of several ---


def several_nodes(folder):
    if not pg_server.programs() or not faults.find("nats-server"):
        say("PostgreSQL or nats-server is not installed: several nodes are not tried")
        return
    say("two nodes share the messages; one is killed; a command given to one reaches the device that the other heard")
    os.makedirs(os.path.join(folder, "nodes"))
    base = nodes.Base(os.path.join(folder, "nodes"))
    store = base.store()
    broker = mqtt.Broker(os.path.join(folder, "shared"), "allow_anonymous true")
    tap = mqtt.Tap(broker.port)

    def start(name):
        return Server(os.path.join(base.folder, name), "--store", store, "--bus", base.bus, "--node", name, "--mqtt", f"mqtt://127.0.0.1:{tap.port}",
                      "--mqtt-filter", "$share/bulla/bulla/+/up", listen="json=tcp:0")

    each = [start("n1"), start("n2")]
    api = Api(each[0]).sign_in(each[0].password or each[1].password, PASSWORD)
    for node in each:
        up(node)
    base_ms, n = now() - 3600000, 0
    device = mqtt.Device(broker.port, "N1")
    device.subscribe("bulla/N1/down")
    for n in range(1, 401):
        device.publish("bulla/N1/up", json.dumps({"time": rfc(base_ms + n * 1000), "counter": n, "events": ["state-report"]}))
        if n == 200:
            each[1].kill()
            each[1] = start("n2")
    took = [Api(node).metrics()["bulla_broker_messages_total"] for node in each]
    check(took[0] > 50, "both take a share", took)
    got = heard(api, "N1", 400)
    equal(sorted(o["counter"] for o in got), list(range(1, 401)), "all messages, once each")
    for node in (0, 1):
        status, c = nodes.officer(each[node], api).call("POST", "/api/v1/seals/json:N1/commands", {"name": "locate", "args": {}, "reason": "a test"})
        equal(status, 201, f"a command is given to n{node + 1} ({c})")
        device.publish("bulla/N1/up", json.dumps({"time": rfc(now()), "counter": 1000 + node, "door": "closed"}))
        ids = set()
        until(lambda: not device.got.empty() and (ids.add(json.loads(device.got.get()[1])["id"]) or c["id"] in ids), "it comes to the device")
        device.publish("bulla/N1/up", json.dumps({"time": rfc(now()), "counter": 2000 + node, "result": {"command": "locate", "verdict": "accepted"}}))
        until(lambda: api.get("/api/v1/commands/" + c["id"])[1]["state"] == "accepted", "its verdict is known")
    for node in each:
        equal(node.stop(), 0, "it stops as asked")
    device.close()
    broker.stop()
    base.close()


# --- what is asked for ---


def usage(folder):
    say("what cannot be is refused at the start")
    paper = os.path.join(folder, "empty")
    open(paper, "w", encoding="ascii").close()
    for words, expected in (
            (["--mqtt", "amqp://x"], "expected a URL like mqtt://"),
            (["--mqtt", "mqtt://user:secret@x"], "without user and password"),
            (["--mqtt", "mqtt://x:0"], "expected mqtt://HOST"),
            (["--mqtt", "mqtt://x", "--mqtt-filter", "bulla/+x/up"], "expected a topic filter"),
            (["--mqtt", "mqtt://x", "--mqtt-login", paper + "-not"], "expected a file with user and password"),
            (["--mqtt", "mqtt://x", "--mqtt-login", paper], "expected user and password, a line each"),
            (["--mqtt", "mqtt://x", "--mqtt-ca", paper], "expected mqtts:// beside certificates"),
            (["--mqtt", "mqtts://x", "--mqtt-cert", paper], "expected a certificate and its key"),
            (["--mqtt", "mqtts://x", "--mqtt-ca", paper + "-not"], "expected certificates and a key that can be read")):
        s = Server(os.path.join(folder, "usage"), *words, listen="none")
        equal((s.started, s.process.returncode), (False, 3), f"{' '.join(words[:3])}: it does not start")
        check(s.logged(expected), f"{expected}", s.log)
        check(not s.logged("secret"), "no password in the words", s.log)


def refused_login(folder, broker):
    other = os.path.join(folder, "wrong-login")
    with open(other, "w", encoding="ascii") as f:
        f.write("bulla\nwrong\n")
    s = Server(os.path.join(folder, "refused"), "--mqtt", f"mqtt://127.0.0.1:{broker.port}", "--mqtt-login", other, listen="json=tcp:0")
    until(lambda: s.logged("refuses the connection: Connection Refused: not authorised"), "a wrong password is said to be one")
    check(s.logged("chmod 600"), "and that others can read it")
    equal(Api(s).metrics()["bulla_broker_up"], 0, "no messages")
    equal(s.stop(), 0, "it stops while it tries again")


def main():
    if not mqtt.program():
        skip("mosquitto is not installed")
    with Folder() as folder:
        os.chmod(folder, 0o755)
        usage(folder)
        broker_folder = os.path.join(folder, "broker")
        os.makedirs(broker_folder)
        passwords = os.path.join(broker_folder, "passwords")
        open(passwords, "w", encoding="ascii").close()
        for user, password in (LOGIN, *((name, "pass") for name in ("M1", "C1", "R1"))):
            subprocess.run(["mosquitto_passwd", "-b", passwords, user, password], check=True, capture_output=True)
        os.chmod(passwords, 0o644)
        broker = mqtt.Broker(broker_folder, "allow_anonymous false", f"password_file {passwords}")
        data = os.path.join(folder, "data")
        server = serve(data, broker.port, folder)
        api = Api(server).sign_in(server.password, PASSWORD)
        by_http(api)
        smart_container(api)
        up(server)
        over_mqtt(api, broker)
        commands(api, broker)
        kept_by_broker(api, broker, server)
        server = serve(data, broker.port, folder)
        api = Api(server).again(PASSWORD)
        equal(len(heard(api, "R1", 1)), 1, "what the broker has kept and gives again is the same observation")
        equal(server.stop(), 0, "it stops as asked")
        refused_login(folder, broker)
        broker.stop()
        broker_gone(folder)
        with_tls(folder)
        several_nodes(folder)
        killed(folder)
    finish()


if __name__ == "__main__":
    main()
