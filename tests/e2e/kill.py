#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Acknowledged means stored: devices at full pace, the program killed with SIGKILL at a random moment, started again on
the same directory, and so on. What a device has seen acknowledged is in the store, once; what it sends again adds
nothing; a cut rope is one alarm, however often the process died around it. Then the same with SIGTERM.

With BULLA_TEST_STORE=postgres the database has a server of its own, with fsync, which is killed too: in every third round
together with the program, in every third before it, and started again under it.

BULLA_KILL_ROUNDS (8): how often. BULLA_KILL_SEED: the moments, printed at the start."""
import os
import random
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from load import *  # noqa: E402,F403

ROUNDS = int(os.environ.get("BULLA_KILL_ROUNDS", 8))
SEED = int(os.environ.get("BULLA_KILL_SEED", random.SystemRandom().randrange(1 << 32)))
PASSWORD = "a much longer word 2"
BASE_MS = (int(time.time()) // 86400 - 40) * 86400000 - 300000  # five minutes, or 300 messages, before midnight
SEGMENT_ROWS = 20000 if ROUNDS < 20 else 60000  # small, so that deaths meet segments that are being changed and closed


def devices():
    lines = [Line("jt701", 4100000001 + i, BASE_MS, overlap=7 if i % 3 == 0 else 0) for i in range(48)]
    return lines + [Line("eseal", 510001 + i, BASE_MS, overlap=5 if i % 4 == 0 else 0) for i in range(16)]


def rope():
    """A seal under way, one message at a time; its rope is cut in the middle of the deaths."""
    return Line("jt701", 4200000001, BASE_MS, window=1)


def start(data):
    return Server(data, "--shed", "off", sqlite=f"?segment_rows={SEGMENT_ROWS}")  # these devices wait for each answer


def database_dies(db, load, what):
    """The program lives on over it: nothing is acknowledged meanwhile, and all goes on by itself."""
    db.kill()
    before, too_long = None, passed(WAIT_S)
    while load.answers() != before and not too_long():  # some were on their way
        before = load.answers()
        load.run(passed(0.2))
    equal(load.answers(), before, f"{what}: answers while there is no database")
    db.start()
    too_long = passed(WAIT_S)
    load.run(lambda: load.answers() > before or too_long())
    check(load.answers() > before, f"{what}: it goes on when the database is back")


def passed(seconds):
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def all_die(server, db, load, with_db):
    server.kill()
    if with_db:
        db.kill()
    load.run(lambda: False)  # what was on its way
    load.close()
    if with_db:
        db.start()


def main():
    chance = random.Random(SEED)
    print(f"seed {SEED}, {ROUNDS} rounds", flush=True)
    lines, seal = devices(), rope()
    load = Load(lines + [seal])
    starts, db = [], use_own_server()
    with Folder() as folder:
        data = os.path.join(folder, "data")
        server = start(data)
        api = Api(server).sign_in(server.password, PASSWORD)
        seal_journey(api, seal)
        for n in range(ROUNDS):
            load.open(server)
            if n == ROUNDS // 2:
                seal.cut_from = seal.most_sent
            due = passed(chance.choice([chance.uniform(0, 0.05), chance.uniform(0.05, 0.5), chance.uniform(0.5, 1.5)]))
            before = load.acked()
            cut_told = n != ROUNDS // 2
            load.run(lambda: due() and (cut_told or seal.acked > seal.cut_from))
            if db and n % 3 == 2:
                database_dies(db, load, f"round {n}")
            all_die(server, db, load, db and n % 3 == 1)
            began = time.monotonic()
            server = start(data)
            starts.append(time.monotonic() - began)
            if not check(server.started, f"round {n}: it comes back by itself", server.log[-5:]):
                finish()
            if not db:  # PostgreSQL recovers by itself
                check(server.logged("store was not shut down cleanly"), f"round {n}: it says what it found", server.log[:5])
            print(f"   round {n}: {load.acked() - before} acknowledged, back in {starts[-1] * 1000:.0f} ms", flush=True)
        acked = load.acked()

        say("killed: what was acknowledged")
        equal(server.stop(), 0, "it stops when asked")
        _, lost = check_stored(load.lines, data, "after the kills")
        integrity(data)

        say("SIGTERM at full pace")
        server = start(data)
        check(not server.logged("not shut down cleanly"), "a clean stop is no accident", server.log[:5])
        load.open(server)
        load.run(passed(chance.uniform(0.3, 0.8)))
        server.process.send_signal(signal.SIGTERM)
        load.run(lambda: False)
        load.close()
        equal(server.process.wait(WAIT_S), 0, "exit code of SIGTERM at full pace")
        check_stored(load.lines, data, "after SIGTERM")

        say("everything once more")
        for line in load.lines:
            line.limit, line.acked, line.overlap, line.window = line.most_sent, 0, 0, 256
        server = start(data)
        load.open(server)
        load.run(lambda: all(line.done() for line in load.lines))
        check(all(line.done() for line in load.lines), "all is acknowledged again")
        load.close()
        api = Api(server).again(PASSWORD)
        check_seals(api, load.lines, "after the kills")
        check_cut_alarm(api, seal, "after the kills")
        equal(server.stop(), 0, "it stops when asked")
        n, _ = check_stored(load.lines, data, "after sending all again", all_sent=True)
        equal(n, sum(line.most_sent for line in load.lines), "observations in the store")
        integrity(data)
        parts = f"{pg_store.days(database_of(data))} days" if db else f"{len(os.listdir(os.path.join(data, 'segments')))} files of segments"
        print(f"{ROUNDS} kills, {acked} acknowledged before and between them, {lost} of them lost; {n} sent, {parts}; "
              f"back in {1000 * sorted(starts)[len(starts) // 2]:.0f} ms (median), {1000 * max(starts):.0f} ms (most)")
    finish()


if __name__ == "__main__":
    main()
