#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Trackers and locks of small protocols through the real listeners, as their owners see them: what a device says of its lock,
its cover, its battery and its cards is read back through the API, on the port that recognises it; what is damaged is kept
with its reason and harms only itself; a command goes out in the device's own form, and its verdict comes back."""
import os
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from e2e import *  # noqa: E402,F403

NEW_PASSWORD = "a much longer word 1"
IMEI = 860000000000140
NOW = time.gmtime()
DMY, HMS, YMD = time.strftime("%d%m%y", NOW), time.strftime("%H%M%S", NOW), time.strftime("%y%m%d", NOW)
SECONDS = int(time.time()) - 946684800  # since 2000


def cce(lock, device=IMEI):
    one = bytes([4, 0x01, 35, 0x05, 1, 0x47, lock, 0xFE, 0x69, 97])
    four = bytes([3, 2]) + struct.pack("<i", 52370216) + b"\3" + struct.pack("<i", 4895168) + b"\4" + struct.pack("<I", SECONDS)
    record = b"\x08\0" + one + b"\0" + four + b"\0"
    rest = b",%d,CCE," % device + struct.pack("<IHH", 0, 1, len(record)) + record + b"*"
    message = b"$$f%d" % (len(rest) + 4) + rest
    return message + b"%02X\r\n" % (sum(message) & 255)


def niot_report(status_d):
    fields = bcd("0860000000000124") + bcd(YMD + HMS) + struct.pack(">IIHH", 94266389, 8811302, 0, 0x0271) + b"\xf8" + struct.pack(">I", 1234)
    fields += bytes([0x7F, 0xFC, 0x5F, 9, 41, 0, 132, 0x50, 63, 0, 0, 0]) + struct.pack(">HH", 5, 2) + bytes([status_d, 0, 0])
    return niot_frame(0x80, fields)


# protocol, transport, device, message, answer (None: none comes), what is read back, and the message damaged (None: cannot be noticed)
def devices():
    bstpl = "BSTPL$8,QX-01,A,%s,%s,52.370216,N,4.895168,E,63,12,271,9,1,21,1,0,0,1,00.10,0,04.01,15_V1,8931,12.50#" % (DMY, HMS)
    jido = "*86000000000001234,04,A,%s,%s,5222.2130,N,00453.7101,E,0,0,0,12,09,28,26,1,088,Y,0,0001,0002,0003,5A#" % (DMY, HMS)
    upro = "*HQ201860000000000132,BA&A%s5222213000453710160027%s&B0000040000&R2509&T82&l2000#" % (HMS, DMY)
    starcom = "|unit=200017,gps_valid=1,latitude=52.37021,longitude=4.89516,door=1,lock=1,datetime_actual=%s|" % time.strftime("%Y/%m/%d %H:%M:%S", NOW)
    niot = niot_report(0x30)
    lock = cce(1)
    return [
        ("bstpl", "tcp", "QX-01", bstpl.encode(), None,
         {"events": ["cover-opened"], "state.motor": "locked", "state.cover": "open", "state.seal": "unknown", "power.volts": 4.01},
         bstpl.replace(",A,", ",B,").encode()),
        ("jido", "tcp", "86000000000001234", jido.encode(), None,
         {"events": ["cover-opened"], "state.motor": "unlocked", "state.seal": "open", "power.percent": 88}, jido.replace(",5A#", ",5#").encode()),
        ("upro", "tcp", "860000000000132", upro.encode(), b"*HQ20YBA#", {"events": ["vibration"], "power.percent": 82, "sensor.lock": 2},
         upro.replace("R2509", "R25x9").encode()),
        ("starcom", "udp", "200017", starcom.encode(), None, {"events": ["state-report"], "sensor.door": 1, "sensor.lock": 1, "state.seal": None},
         starcom.replace("door=1", "door").encode()),
        ("niot", "tcp", "860000000000124", niot, niot_frame(0x21, bytes([niot[-2], 0x80, 0])),
         {"events": ["cover-opened", "device-removed"], "power.volts": 4.1, "sensor.": 13.2}, niot[:20] + bytes([niot[20] ^ 1]) + niot[21:]),
        ("meitrack", "tcp", str(IMEI), lock, None, {"events": ["state-report"], "state.motor": "unlocked", "state.seal": "open", "power.percent": 97},
         lock[:40] + bytes([lock[40] ^ 1]) + lock[41:]),
    ]


def value_of(observation, path):
    member, name = (path.split(".") + [None])[:2]
    if member == "sensor":
        return next((s["value"] for s in observation.get("sensors", []) if (s["id"] or "") == name), None)
    found = observation.get(member)
    return found.get(name) if name and isinstance(found, dict) else (None if name else found)


def talk(server, transport, message, answer, what):
    """In two pieces where pieces may come; returns the socket."""
    if transport == "udp":
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.sendto(message, ("127.0.0.1", server.port("auto", "udp")))
        return s
    s = connect(server.port("auto"))
    s.sendall(message[:len(message) // 2])
    s.sendall(message[len(message) // 2:])
    if answer:
        equal(read_until(s, lambda got: len(got) >= len(answer))[0], answer, f"{what}: is answered")
    return s


def is_read_back(api, protocol, device, expected):
    path = f"/api/v1/seals/{protocol}:{device}/observations?limit=10"
    page = until(lambda: (lambda a: a[1]["items"] if a[0] == 200 and a[1]["items"] else None)(api.get(path)), f"{protocol}: its device is entered")
    if not page:
        return
    for member, value in expected.items():
        equal(value_of(page[0], member), value, f"{protocol}: {member}")
    fix = page[0].get("fix") or {}
    check(abs(fix.get("lat", 0) - 52.37021) < 1e-4 and abs(fix.get("lon", 0) - 4.89516) < 1e-4, f"{protocol}: its place", fix)


def damage_is_kept(api, protocol, damaged):
    def found():
        status, value = api.get("/api/v1/damages?limit=100")
        return next((d for d in value["items"] if d["protocol"] == protocol and d["raw"]["hex"] in damaged.hex()), None) if status == 200 else None
    kept = until(found, f"{protocol}: its damaged message is kept")
    check(kept and kept["outcome"] == "damaged" and ": expected " in kept["why"], f"{protocol}: with its reason", kept)


def makers_alike(server, api):
    """[WCO-1-7] Three makers' devices say the same in three wire formats: one and the same is stored."""
    say("three makers, one event")
    jido = "*86000000000004321,01,A,%s,%s,5222.2130,N,00453.7101,E,0,0,0,12,09,28,26,1,088,Y,0,0001,0002,0003,5A#" % (DMY, HMS)
    bstpl = "BSTPL$1,QX-02,A,%s,%s,52.370216,N,4.895168,E,0,12,0,9,0,21,1,0,0,0,00.10,0,04.01,15_V1,8931,12.50#" % (DMY, HMS)
    said = []
    for protocol, device, message in (("jido", "86000000000004321", jido.encode()), ("bstpl", "QX-02", bstpl.encode()), ("meitrack", str(IMEI + 1), cce(1, IMEI + 1))):
        s = talk(server, "tcp", message, None, protocol)
        path = f"/api/v1/seals/{protocol}:{device}/observations?limit=1"
        page = until(lambda p=path: (lambda a: a[1]["items"] if a[0] == 200 and a[1]["items"] else None)(api.get(p)), f"{protocol}: its device is entered")
        drop(s)
        o = page[0] if page else {}
        fix = o.get("fix", {})
        said.append(json.dumps([o.get("time"), o.get("events"), {k: o.get("state", {}).get(k) for k in ("seal", "motor")},
                                round(fix.get("lat", 0), 4), round(fix.get("lon", 0), 4), fix.get("valid")]))
    check(len(set(said)) == 1 and "unlocked" in said[0] and "state-report" in said[0], "the same event, whoever made the device", said)


def commands(api, s):
    """The lock is told to report every minute; it hears so in its own form, and says that it will."""
    say("a command")
    path = f"/api/v1/seals/meitrack:{IMEI}/commands"
    impossible = api.call("POST", path, {"name": "interval", "args": {"seconds": "65"}, "reason": "test"})
    check(impossible[0] == 422 and impossible[1]["errors"][0]["field"] == "seconds", "one that the device cannot take is refused", impossible)
    given = api.call("POST", path, {"name": "interval", "args": {"seconds": "60"}, "reason": "closer watch"})
    equal(given[0], 201, "a command is given")
    expected = meitrack_message("@@", IMEI, "A12,6", "V")
    got, whole = read_until(s, lambda stream: expected in stream)
    check(whole and got.count(b"@@") == 1, "it comes in the device's form, the impossible one does not", got)
    s.sendall(meitrack_message("$$", IMEI, "A12,OK", "V"))
    one = until(lambda: (lambda a: a[1] if a[1].get("state") not in ("queued", "sent") else None)(api.get("/api/v1/commands/" + given[1]["id"])),
                "the command has its verdict")
    equal(one and (one["state"], one["answer"]), ("accepted", "OK"), "the device's verdict")


def main():
    with Folder() as folder:
        server = Server(os.path.join(folder, "data"), "--shed", "off")
        api = Api(server).sign_in(server.password, NEW_PASSWORD)
        lock = None
        for protocol, transport, device, message, answer, expected, damaged in devices():
            say(protocol)
            s = talk(server, transport, message, answer, protocol)
            is_read_back(api, protocol, device, expected)
            if transport == "udp":
                s.sendto(damaged, ("127.0.0.1", server.port("auto", "udp")))
            else:
                s.sendall(damaged + message)  # what is behind the damage is read
                if answer:
                    equal(read_until(s, lambda got, n=len(answer): len(got) >= n)[0], answer, f"{protocol}: answered behind the damage, once")
            damage_is_kept(api, protocol, damaged)
            lock = s if protocol == "meitrack" else lock
        makers_alike(server, api)
        commands(api, lock)
        equal(server.logged(r"\bERROR\b|\berror\b"), [], "no error was logged")
        equal(server.stop(), 0, "it stops when asked")
    finish()


if __name__ == "__main__":
    main()
