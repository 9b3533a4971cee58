-- Alarms that officers define, and every version of each; and which of its kind an alarm is.

ALTER TABLE alarm ADD COLUMN rule TEXT NOT NULL DEFAULT ''; -- field of a data_mismatch, definition of a custom

CREATE TABLE rule_definition (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    name TEXT NOT NULL, grade INTEGER NOT NULL, enabled INTEGER NOT NULL, since_ms INTEGER NOT NULL,
    nodes TEXT NOT NULL, -- JSON
    for_minutes INTEGER NOT NULL, cooldown_minutes INTEGER NOT NULL,
    author TEXT NOT NULL, created_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL
);
CREATE INDEX rule_definition_enabled ON rule_definition (enabled) WHERE enabled;

CREATE TABLE rule_version ( -- never changed
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL, grade INTEGER NOT NULL, enabled INTEGER NOT NULL, since_ms INTEGER NOT NULL,
    nodes TEXT NOT NULL, -- JSON
    for_minutes INTEGER NOT NULL, cooldown_minutes INTEGER NOT NULL,
    author TEXT NOT NULL, created_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL,
    UNIQUE (id, version)
);
CREATE TRIGGER rule_definition_made AFTER INSERT ON rule_definition BEGIN
    INSERT OR IGNORE INTO rule_version (id, version, name, grade, enabled, since_ms, nodes, for_minutes, cooldown_minutes, author, created_ms,
        changed_ms)
    VALUES (new.id, new.version, new.name, new.grade, new.enabled, new.since_ms, new.nodes, new.for_minutes, new.cooldown_minutes, new.author,
        new.created_ms, new.changed_ms);
END;
CREATE TRIGGER rule_definition_changed AFTER UPDATE ON rule_definition BEGIN
    INSERT OR IGNORE INTO rule_version (id, version, name, grade, enabled, since_ms, nodes, for_minutes, cooldown_minutes, author, created_ms,
        changed_ms)
    VALUES (new.id, new.version, new.name, new.grade, new.enabled, new.since_ms, new.nodes, new.for_minutes, new.cooldown_minutes, new.author,
        new.created_ms, new.changed_ms);
END;
