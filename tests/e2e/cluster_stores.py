#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Several databases on one NATS: each hears its own. A new one takes in nothing of an older one's stream, an outbox goes to no
store but its own, and a database that is restored from a backup catches up from the stream."""
import os
import sys
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from nodes import *  # noqa: E402,F403

STORED = "SELECT count(*) FROM observation"


def stored(base, database):
    return int(base.db.sql(STORED, database))


def streams(base):
    """What the brokers have: {stream: messages}, each as the broker says that has most of it."""
    most = {}
    for port in base.brokers.monitor:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/jsz?streams=1", timeout=WAIT_S) as answer:
            for account in json.load(answer).get("account_details") or []:
                for stream in account.get("stream_detail") or []:
                    most[stream["name"]] = max(most.get(stream["name"], 0), stream["state"]["messages"])
    return most


def start(base, database, name):
    node = Node(base, f"{base.db.url}/{database}", name)
    check(node.started, f"{name} starts on {database}", node.log[-5:])
    return node


said = 0  # reports so far: a number that came again in the same second would be the same report


def says(node, number, times):
    global said
    seal = Seal(number, node)
    seal.serial = said
    for i in range(times):
        check(seal.report(age_s=times - i), "acknowledged")
    said += times
    drop(seal.s)


def new_database(base, number):
    say("a new database on the NATS of an older one")
    base.store("old")
    base.store("new")
    first = start(base, "old", "n1")
    says(first, number, 10)
    until(lambda: stored(base, "old") == 10, "the old one has what was said", 15)
    before = streams(base)
    second = start(base, "new", "n2")
    until(lambda: len(streams(base)) == 2, "it has a stream of its own", 15)
    says(first, number, 5)  # early copies and notices as well
    until(lambda: stored(base, "old") == 15, "the old one goes on", 15)
    says(second, number + 1, 1)
    until(lambda: stored(base, "new") >= 1, "the new one hears its own", 15)
    equal(stored(base, "new"), 1, "and nothing else")
    equal(stored(base, "old"), 15, "and the old one nothing of it")
    name = next(iter(before))
    check(streams(base)[name] >= before[name], "nothing of the old stream was touched", streams(base))
    equal(second.stop(), 0, "the new one stops")
    return first


def other_outbox(base, first, number):
    say("an outbox and another store")
    base.db.sql("ALTER DATABASE old ALLOW_CONNECTIONS false; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'old'")
    says(first, number, 3)
    first.kill()
    lost = Node(base, f"{base.db.url}/new", "n1")
    check(not lost.started and any("in it wait for store" in line for line in lost.log), "what waits for one store does not go to another", lost.log[-5:])
    base.db.sql("ALTER DATABASE old ALLOW_CONNECTIONS true")
    again = start(base, "old", "n1")
    until(lambda: stored(base, "old") == 18, "with its own store it arrives", 20)
    equal(again.stop(), 0, "it stops, its outbox empty")
    moved = start(base, "new", "n1")
    says(moved, number, 2)
    until(lambda: stored(base, "new") == 3, "an empty outbox serves another store", 20)
    equal(moved.stop(), 0, "it stops")


def restored(base, number):
    say("a database that is restored from a backup")
    base.db.sql("CREATE DATABASE backup TEMPLATE old")
    node = start(base, "old", "n3")
    says(node, number, 7)
    until(lambda: stored(base, "old") == 25, "more is said", 20)
    equal(node.stop(), 0, "it stops, its outbox empty")
    node = start(base, "backup", "n3")
    until(lambda: stored(base, "backup") == 25, "what came after the backup comes from the stream", 20)
    says(node, number, 2)
    until(lambda: stored(base, "backup") == 27, "and it goes on", 20)
    equal(node.stop(), 0, "it stops")


def main():
    possible()
    with Folder() as folder:
        base = Base(folder)
        try:
            number = Numbers().of(lambda _: True)
            first = new_database(base, number)
            other_outbox(base, first, number)
            restored(base, number)
        finally:
            base.close()
    finish()


if __name__ == "__main__":
    main()
