-- Dossiers: what was done and said about a journey, entry by entry (platform/model/entry.h); files that belong to an alarm, a journey or
-- a task; and files that are being brought in pieces.

CREATE TABLE entry (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE, -- JOURNEY.NUMBER
    version INTEGER NOT NULL,
    journey TEXT NOT NULL, kind INTEGER NOT NULL, number INTEGER NOT NULL, time_ms INTEGER NOT NULL,
    user TEXT NOT NULL, user_name TEXT NOT NULL, origin TEXT NOT NULL,
    body TEXT NOT NULL -- JSON
);
CREATE INDEX entry_journey ON entry (journey);
CREATE INDEX entry_kind ON entry (kind);

CREATE TABLE file_of (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL REFERENCES file_content (id),
    alarm TEXT NOT NULL, journey TEXT NOT NULL, task TEXT NOT NULL, -- one of them; the others are ''
    name TEXT NOT NULL, type TEXT NOT NULL, user TEXT NOT NULL, added_ms INTEGER NOT NULL, size INTEGER NOT NULL,
    kind TEXT NOT NULL, about TEXT NOT NULL, in_seal INTEGER NOT NULL,
    UNIQUE (alarm, journey, task, id)
);
INSERT INTO file_of SELECT number, id, alarm, '', '', name, type, user, added_ms, size, 'photo', '', 0 FROM file;
DROP TABLE file;
ALTER TABLE file_of RENAME TO file;
CREATE INDEX file_id ON file (id);
CREATE INDEX file_journey ON file (journey) WHERE journey <> '';
CREATE INDEX file_task ON file (task) WHERE task <> '';

CREATE TABLE upload (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    journey TEXT NOT NULL, task TEXT NOT NULL, user TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,
    kind TEXT NOT NULL, about TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL, arrived INTEGER NOT NULL,
    in_seal INTEGER NOT NULL, complete INTEGER NOT NULL, created_ms INTEGER NOT NULL
);
CREATE INDEX upload_user ON upload (user);
CREATE TABLE upload_part (
    upload TEXT NOT NULL REFERENCES upload (id), at INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (upload, at)
);
