# SPDX-License-Identifier: Apache-2.0
"""People of the customs side, for end-to-end tests: users of every role, stations, parties, seals and journeys through the API."""
from e2e import *  # noqa: F403
from spec import conforms, not_shown  # noqa: F401

PASSWORD = "a much longer word 2"


class Person(Api):  # noqa: F405
    """Signed in; paths begin behind /api/v1. `ask` expects a status and gives the body."""

    def __init__(self, server, name="admin"):
        super().__init__(server)
        self.name, self.user = name, None

    def seen(self, method, path, answer, raw):
        """Every answer is one that docs/api/openapi.yaml allows."""
        headers = {k.lower(): v for k, v in answer.headers.items()}
        wrong = conforms(method, path, answer.status, headers, raw)
        check(wrong is None, f"{method} {path} as described", str(wrong))  # noqa: F405

    def ask(self, method, path, body=None, want=200, headers=None, what=None):
        status, value = self.call(method, "/api/v1" + path, body, headers)
        check(status == want, what or f"{self.name}: {method} {path}", f"expected {want}, got {status} {str(value)[:300]}")  # noqa: F405
        return value if isinstance(value, dict) else {}

    def send(self, method, path, raw, kind="application/octet-stream"):
        """Bytes; (status, the answer's JSON)."""
        c = http.client.HTTPConnection("127.0.0.1", self.server.http, timeout=WAIT_S)  # noqa: F405
        c.request(method, path, raw, {"Content-Type": kind, "Cookie": "bulla_session=" + self.cookie, "X-CSRF-Token": self.csrf})
        answer = c.getresponse()
        body = answer.read()
        c.close()
        self.seen(method, path, answer, body)
        return answer.status, json.loads(body) if body else None  # noqa: F405

    def enter(self, old, new=PASSWORD):
        self.ask("POST", "/session", {"name": self.name, "password": old})
        self.user = self.ask("POST", "/session/password", {"old": old, "new": new}).get("user")
        return self


def first(server):
    return Person(server).enter(server.password)


def hire(server, admin, name, role, party=None, station=None):
    made = admin.ask("POST", "/users", {"name": name, "role": role, "party": party, "station": station, "full_name": name.title()}, 201)
    return Person(server, name).enter(made["password"], f"{name} has a long one")


def station(admin, name, lat, lon, kind="checkpoint"):
    return admin.ask("POST", "/stations", {"name": name, "kind": kind, "lat": lat, "lon": lon, "radius_m": 500}, 201)["id"]


def place(station_id, name, lat, lon):
    return {"station": station_id, "name": name, "lat": lat, "lon": lon, "radius_m": 500}


def seal(admin, name, cls="active"):
    return admin.ask("POST", "/seals", {"id": name, "class": cls, "life": "in-stock"}, 201)["id"]
