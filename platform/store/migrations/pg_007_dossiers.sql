-- Dossiers: what was done and said about a journey, entry by entry (platform/model/entry.h); files that belong to an alarm, a journey or
-- a task; and files that are being brought in pieces.

CREATE TABLE entry (
    position bigint PRIMARY KEY,
    id text NOT NULL UNIQUE, -- JOURNEY.NUMBER
    version bigint NOT NULL,
    journey text NOT NULL, kind integer NOT NULL, number bigint NOT NULL, time_ms bigint NOT NULL,
    "user" text NOT NULL, user_name text NOT NULL, origin text NOT NULL,
    body text NOT NULL -- JSON
);
CREATE INDEX entry_journey ON entry (journey, position);
CREATE INDEX entry_kind ON entry (kind, position);
CREATE SEQUENCE entry_position;

ALTER TABLE file DROP CONSTRAINT file_alarm_fkey, DROP CONSTRAINT file_alarm_id_key,
    ADD COLUMN journey text NOT NULL DEFAULT '', ADD COLUMN task text NOT NULL DEFAULT '', -- one of alarm, journey, task; the others are ''
    ADD COLUMN kind text NOT NULL DEFAULT 'photo', ADD COLUMN about text NOT NULL DEFAULT '', ADD COLUMN in_seal boolean NOT NULL DEFAULT false;
ALTER TABLE file ADD UNIQUE (alarm, journey, task, id);
CREATE INDEX file_journey ON file (journey) WHERE journey <> '';
CREATE INDEX file_task ON file (task) WHERE task <> '';

CREATE TABLE upload (
    position bigint PRIMARY KEY,
    id text NOT NULL UNIQUE,
    version bigint NOT NULL,
    journey text NOT NULL, task text NOT NULL, "user" text NOT NULL, name text NOT NULL, type text NOT NULL,
    kind text NOT NULL, about text NOT NULL, sha256 text NOT NULL, size bigint NOT NULL, arrived bigint NOT NULL,
    in_seal boolean NOT NULL, complete boolean NOT NULL, created_ms bigint NOT NULL
);
CREATE INDEX upload_user ON upload ("user", position);
CREATE SEQUENCE upload_position;
CREATE TABLE upload_part (
    upload text NOT NULL REFERENCES upload (id), at bigint NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (upload, at)
);
