# SPDX-License-Identifier: Apache-2.0
"""A store in PostgreSQL from outside: makes and drops databases, reads what is stored, finds what may not be. The store is
named by its URL, and nobody writes to it meanwhile."""
import os
import subprocess
from urllib.parse import urlsplit

import pg_server


def psql(url, sql, check=True):
    """What psql prints for it, a line a row, | between the fields."""
    words = [os.path.join(pg_server.programs(), "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql]
    done = subprocess.run(words, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if check and done.returncode:
        raise RuntimeError(f"psql: {done.stderr.strip()} in {sql[:200]}")
    return done.stdout.splitlines()


def create(url):
    server, name = url.rsplit("/", 1)
    psql(server + "/postgres", f"CREATE DATABASE {name} TEMPLATE template0")


def drop(url):
    """Also one that is in use; one whose server has gone is gone."""
    server, name = url.rsplit("/", 1)
    psql(server + "/postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", check=False)


def observations(url):
    """(seal, time in ms) of every observation, with duplicates, in no order."""
    names = {}
    for line in psql(url, "SELECT n, encode(name, 'hex') FROM seal_name"):  # names may have any bytes
        n, name = line.split("|")
        names[n] = bytes.fromhex(name).decode("utf-8", "replace")
    rows = psql(url, "COPY (SELECT seal, at FROM observation UNION ALL SELECT seal, at FROM observation_stray) TO STDOUT")
    return [(names[seal], int(at)) for seal, at in (row.split("\t") for row in rows)]


def days(url):
    """How many days have a table."""
    return int(psql(url, "SELECT count(*) FROM observation_day")[0])


BOTH = "(SELECT n, seal, id FROM observation UNION ALL SELECT n, seal, id FROM observation_stray) o"

# What may not be, and how many of it there are.
NEVER = {
    "observations that are stored twice": f"SELECT count(*) - count(DISTINCT (seal, id)) FROM {BOTH}",
    "places in the order of arrival that were given twice": f"SELECT count(*) - count(DISTINCT n) FROM {BOTH}",
    "observations of a seal without a name": f"SELECT count(*) FROM {BOTH} WHERE seal NOT IN (SELECT n FROM seal_name)",
    "rows in the table of another day":
        "SELECT count(*) FROM observation WHERE tableoid IS DISTINCT FROM to_regclass(observation_table(floor(at / 86400000.0)::integer))",
    "days with a table that are not listed, or listed without one":
        "SELECT count(*) FROM (SELECT to_regclass(observation_table(day))::oid AS of FROM observation_day) d "
        "FULL JOIN (SELECT inhrelid AS of FROM pg_inherits WHERE inhparent = 'observation'::regclass) t USING (of) WHERE d IS NULL OR t IS NULL",
    "seals whose newest day is not that of their newest observation":
        "SELECT count(*) FROM seal_name s LEFT JOIN (SELECT seal, max(floor(least(at, received) / 86400000.0)) AS day FROM observation "
        "GROUP BY seal) o ON o.seal = s.n WHERE s.day IS DISTINCT FROM o.day",
    "alarms with evidence that is not stored":
        "SELECT count(*) FROM alarm a, jsonb_array_elements_text(a.evidence::jsonb) e WHERE NOT EXISTS (SELECT FROM observation WHERE id = "
        "e::uuid) AND NOT EXISTS (SELECT FROM observation_stray WHERE id = e::uuid)",
    "files that are not what their name says": "SELECT count(*) FROM file_content WHERE id <> encode(sha256(bytes), 'hex')",
}


def broken(url, never):
    """{what may not be: how many}, of those that are."""
    union = " UNION ALL ".join(f"SELECT {i}, ({sql})" for i, sql in enumerate(never.values()))
    counts = dict(line.split("|") for line in psql(url, union))
    return {what: int(counts[str(i)]) for i, what in enumerate(never) if counts[str(i)] != "0"}


def amcheck(url):
    """What pg_amcheck finds wrong with the tables and B-trees; None: it is not installed."""
    program = os.path.join(pg_server.programs(), "pg_amcheck")
    if not os.access(program, os.X_OK):
        return None
    at = urlsplit(url)
    done = subprocess.run([program, "--install-missing", "--heapallindexed", "--parent-check", "-h", at.hostname, "-p", str(at.port), "-U",
                           at.username, at.path[1:]], check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return (done.stdout + done.stderr).strip() if done.returncode else ""
