-- Records of the platform: one table each, a column a field, in the order of tables.c.
--
-- position is the order of a list, newest last: the record's time in ms times 2^20, and a number that tells apart those
-- of one ms (without a time: a count). So it is the key of every page, and a span of time is a span of positions. Every
-- index below ends in it by itself.

CREATE TABLE journey (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    state INTEGER NOT NULL, mode INTEGER NOT NULL, regime INTEGER NOT NULL,
    carrier TEXT NOT NULL, administration TEXT NOT NULL,
    reference TEXT NOT NULL, vehicle TEXT NOT NULL, driver TEXT NOT NULL, cargo TEXT NOT NULL,
    containers TEXT NOT NULL, seals TEXT NOT NULL,           -- JSON arrays
    created_ms INTEGER NOT NULL, sealed_at_ms INTEGER NOT NULL, depart_by_ms INTEGER NOT NULL, arrive_by_ms INTEGER NOT NULL,
    arrived_at_ms INTEGER NOT NULL, unsealed_at_ms INTEGER NOT NULL,
    has_origin INTEGER NOT NULL, origin TEXT NOT NULL, has_destination INTEGER NOT NULL, destination TEXT NOT NULL, -- JSON
    stops TEXT NOT NULL, dead_zones TEXT NOT NULL, limits TEXT NOT NULL, credentials TEXT NOT NULL,                 -- JSON arrays
    silence_minutes INTEGER NOT NULL, stay_minutes INTEGER NOT NULL, battery_percent INTEGER NOT NULL,
    corridor_m REAL,
    route BLOB NOT NULL,                                     -- lat, lon as little-endian doubles, point after point
    open INTEGER NOT NULL GENERATED ALWAYS AS (state < 4) VIRTUAL -- not released, not cancelled
);
CREATE INDEX journey_state ON journey (state);
CREATE INDEX journey_open ON journey (open) WHERE open;
CREATE INDEX journey_carrier ON journey (carrier);
CREATE INDEX journey_mode ON journey (mode);

CREATE TABLE journey_seal (
    seal TEXT NOT NULL,
    position INTEGER NOT NULL REFERENCES journey (position) ON DELETE CASCADE,
    PRIMARY KEY (seal, position)
) WITHOUT ROWID;
CREATE INDEX journey_seal_of ON journey_seal (position);

CREATE TABLE permission (
    number INTEGER PRIMARY KEY,
    journey TEXT NOT NULL REFERENCES journey (id),
    id TEXT NOT NULL, seal TEXT NOT NULL, credential TEXT NOT NULL,
    from_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL,
    unseals INTEGER NOT NULL, has_place INTEGER NOT NULL, place TEXT NOT NULL, -- JSON
    UNIQUE (journey, id, seal, credential, from_ms)
);

CREATE TABLE alarm (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    journey TEXT NOT NULL, seal TEXT NOT NULL,
    kind INTEGER NOT NULL, grade INTEGER NOT NULL,
    onset_ms INTEGER NOT NULL, raised_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL,
    evidence TEXT NOT NULL, count INTEGER NOT NULL, why TEXT NOT NULL,
    has_position INTEGER NOT NULL, lat REAL, lon REAL,
    state INTEGER NOT NULL, finding INTEGER NOT NULL,
    handler TEXT NOT NULL, patrol TEXT NOT NULL, note TEXT NOT NULL, changed_ms INTEGER NOT NULL,
    carrier TEXT NOT NULL DEFAULT '',                         -- of its journey: set with the alarm, then kept by triggers
    open INTEGER NOT NULL GENERATED ALWAYS AS (state < 3) VIRTUAL -- not resolved, not withdrawn
);
CREATE INDEX alarm_state ON alarm (state);
CREATE INDEX alarm_open ON alarm (open) WHERE open;
CREATE INDEX alarm_journey ON alarm (journey);
CREATE INDEX alarm_seal ON alarm (seal);
CREATE INDEX alarm_kind ON alarm (kind);
CREATE INDEX alarm_grade ON alarm (grade);
CREATE INDEX alarm_handler ON alarm (handler);
CREATE INDEX alarm_carrier ON alarm (carrier);
CREATE TRIGGER journey_brings_carrier AFTER INSERT ON journey WHEN new.carrier <> '' BEGIN
    UPDATE alarm SET carrier = new.carrier WHERE journey = new.id;
END;
CREATE TRIGGER journey_changes_carrier AFTER UPDATE OF carrier ON journey WHEN new.carrier <> old.carrier BEGIN
    UPDATE alarm SET carrier = new.carrier WHERE journey = new.id;
END;

CREATE TABLE file_content (
    id TEXT PRIMARY KEY, -- SHA-256
    bytes BLOB NOT NULL
);
CREATE TABLE file (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL REFERENCES file_content (id),
    alarm TEXT NOT NULL REFERENCES alarm (id),
    name TEXT NOT NULL, type TEXT NOT NULL, user TEXT NOT NULL, added_ms INTEGER NOT NULL, size INTEGER NOT NULL,
    UNIQUE (alarm, id)
);
CREATE INDEX file_id ON file (id);

CREATE TABLE seal (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    class INTEGER NOT NULL, life INTEGER NOT NULL, label TEXT NOT NULL, model TEXT NOT NULL,
    owner TEXT NOT NULL, station TEXT NOT NULL, journey TEXT NOT NULL,
    has_zone INTEGER NOT NULL, zone_minutes INTEGER NOT NULL, created_ms INTEGER NOT NULL
);
CREATE INDEX seal_class ON seal (class);
CREATE INDEX seal_life ON seal (life);
CREATE INDEX seal_owner ON seal (owner);
CREATE INDEX seal_station ON seal (station);
CREATE INDEX seal_journey ON seal (journey);

CREATE TABLE station (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    kind INTEGER NOT NULL, name TEXT NOT NULL, code TEXT NOT NULL, lat REAL, lon REAL, radius_m REAL
);
CREATE INDEX station_kind ON station (kind);

CREATE TABLE party (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    kind INTEGER NOT NULL, name TEXT NOT NULL, code TEXT NOT NULL
);
CREATE INDEX party_kind ON party (kind);

CREATE TABLE user (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE UNIQUE, full_name TEXT NOT NULL, role INTEGER NOT NULL,
    party TEXT NOT NULL, station TEXT NOT NULL, password TEXT NOT NULL,
    must_change INTEGER NOT NULL, disabled INTEGER NOT NULL, created_ms INTEGER NOT NULL
);
CREATE INDEX user_role ON user (role);
CREATE INDEX user_party ON user (party);

CREATE TABLE session (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user TEXT NOT NULL, csrf TEXT NOT NULL, key INTEGER NOT NULL, label TEXT NOT NULL, scopes TEXT NOT NULL,
    created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, used_ms INTEGER NOT NULL
);
CREATE INDEX session_user ON session (user);
CREATE INDEX session_expires ON session (expires_ms);

CREATE TABLE command (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    seal TEXT NOT NULL, journey TEXT NOT NULL, user TEXT NOT NULL, name TEXT NOT NULL, args TEXT NOT NULL, reason TEXT NOT NULL,
    state INTEGER NOT NULL, answer TEXT NOT NULL, answers TEXT NOT NULL, serial INTEGER NOT NULL,
    created_ms INTEGER NOT NULL, sent_ms INTEGER NOT NULL, done_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,
    open INTEGER NOT NULL GENERATED ALWAYS AS (state < 2) VIRTUAL -- queued or sent
);
CREATE INDEX command_state ON command (state);
CREATE INDEX command_open ON command (open) WHERE open;
CREATE INDEX command_seal ON command (seal);
CREATE INDEX command_journey ON command (journey);
CREATE INDEX command_user ON command (user);
CREATE INDEX command_name ON command (name);

CREATE TABLE audit (
    position INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL UNIQUE, -- 1, 2, 3 ... without a gap
    time_ms INTEGER NOT NULL, user TEXT NOT NULL, user_name TEXT NOT NULL, action TEXT NOT NULL, object TEXT NOT NULL,
    address TEXT NOT NULL, detail TEXT NOT NULL
);
CREATE INDEX audit_user ON audit (user);
CREATE INDEX audit_action ON audit (action);
CREATE INDEX audit_object ON audit (object);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'the audit is append-only'); END;

CREATE TABLE answer (
    key TEXT PRIMARY KEY, status INTEGER NOT NULL, body TEXT NOT NULL, time_ms INTEGER NOT NULL
);
CREATE INDEX answer_time ON answer (time_ms);

CREATE TABLE setting (
    name TEXT PRIMARY KEY, value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE damage (
    number INTEGER PRIMARY KEY, -- the newest 100,000 are kept
    received_ms INTEGER NOT NULL, protocol TEXT NOT NULL, peer TEXT NOT NULL, outcome TEXT NOT NULL, why TEXT NOT NULL, raw BLOB NOT NULL
);
