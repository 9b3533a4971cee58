-- Several nodes over one store: who lives, who holds which partition, how far each has come (store.h, "partitions").
-- All times are by the store's own clock.

CREATE TABLE node (
    name TEXT PRIMARY KEY,
    source TEXT NOT NULL, http TEXT NOT NULL, version TEXT NOT NULL,
    started_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL, draining INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE partition (
    number INTEGER PRIMARY KEY,   -- 0, 1, 2 ...: as many as were fixed at first
    node TEXT NOT NULL DEFAULT '', -- '': nobody's
    epoch INTEGER NOT NULL DEFAULT 0,
    until_ms INTEGER NOT NULL DEFAULT 0,
    place INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE progress (
    partition INTEGER NOT NULL REFERENCES partition (number),
    source TEXT NOT NULL,
    number INTEGER NOT NULL,      -- the last that was applied
    PRIMARY KEY (partition, source)
) WITHOUT ROWID;
CREATE INDEX progress_source ON progress (source, partition);

-- What brought an observation, kept for three days.
CREATE TABLE parcel (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    partition INTEGER NOT NULL, place INTEGER NOT NULL, source TEXT NOT NULL, number INTEGER NOT NULL, node TEXT NOT NULL,
    rows INTEGER NOT NULL, taken_ms INTEGER NOT NULL, published_ms INTEGER NOT NULL, applied_ms INTEGER NOT NULL
);
CREATE INDEX parcel_applied ON parcel (applied_ms);
CREATE TABLE brought (
    observation TEXT PRIMARY KEY,
    parcel INTEGER NOT NULL REFERENCES parcel (key) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX brought_parcel ON brought (parcel);

CREATE TABLE handover (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    partition INTEGER NOT NULL, seal TEXT NOT NULL, observation TEXT NOT NULL,
    UNIQUE (partition, observation) -- handed over again after a crash: once
);

-- What was changed outside of work, kept for an hour; only once there are partitions.
CREATE TABLE change (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind INTEGER NOT NULL, id TEXT NOT NULL, time_ms INTEGER NOT NULL
);
CREATE INDEX change_time ON change (time_ms);
