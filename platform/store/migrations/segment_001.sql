-- One segment of the history: what arrived, in order of arrival. No index while it is written to; indices and the
-- rest of `seal` and `meta` are made when it is closed (segment_close.sql).

PRAGMA application_id = 1114983536;

CREATE TABLE observation (
    n    INTEGER PRIMARY KEY,
    id,              -- sixteen bytes, or text when it is not 32 hexadecimal characters
    seal INTEGER,    -- seal.n
    at   INTEGER,    -- ms since meta 'base': event time, or arrival where the message has no time
    lag  INTEGER,    -- received_ms less event time
    body BLOB,       -- the packed observation (pack.h)
    raw  BLOB        -- the message it came from
);

CREATE TABLE seal (
    n         INTEGER PRIMARY KEY,
    name      TEXT NOT NULL,
    latest    INTEGER, -- observation.n that tells its present state
    latest_at INTEGER, -- ms
    first_at  INTEGER, -- ms
    last_at   INTEGER  -- ms
);

-- base: ms; when closed also rows, first, last (ms), hours (bits of the hours, modulo 8192, that have rows), bloom
-- (ids and seals, bloom.h).
CREATE TABLE meta (name TEXT PRIMARY KEY, value);

PRAGMA user_version = 1;
