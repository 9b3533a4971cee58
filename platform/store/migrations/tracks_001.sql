-- Packed tracks (tracks.db). A row with its block is found by day, then seal, so that a day's blocks lie together and new ones
-- go behind the old: pages stay full. key: day number * 2^32 + seal.n. No WITHOUT ROWID: blocks are longer than it likes.

PRAGMA application_id = 1114983537;

CREATE TABLE seal (
    n    INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE track (
    key    INTEGER PRIMARY KEY,
    first  INTEGER NOT NULL, -- ms of the day
    last   INTEGER NOT NULL, -- ms of the day
    fixes  INTEGER NOT NULL,
    step   INTEGER NOT NULL, -- thinned to one in so many seconds, 0: not thinned
    packed INTEGER NOT NULL, -- ms: when it was made
    bytes  BLOB NOT NULL     -- the block (track.h)
);

-- Days that got observations since they were packed, if ever. mark: grows with every look; what was packed takes out no newer one.
CREATE TABLE due (
    key  INTEGER PRIMARY KEY,
    mark INTEGER NOT NULL
);

-- segment, row: how far arrivals were looked at; mark: the newest.
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER);

PRAGMA user_version = 1;
