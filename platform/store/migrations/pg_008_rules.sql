-- Alarms that officers define, and every version of each; and which of its kind an alarm is.

ALTER TABLE alarm ADD COLUMN rule text NOT NULL DEFAULT ''; -- field of a data_mismatch, definition of a custom

CREATE TABLE rule_definition (
    position bigint PRIMARY KEY,
    id text NOT NULL UNIQUE,
    version bigint NOT NULL,
    name text NOT NULL, grade integer NOT NULL, enabled boolean NOT NULL, since_ms bigint NOT NULL,
    nodes text NOT NULL, -- JSON
    for_minutes integer NOT NULL, cooldown_minutes integer NOT NULL,
    author text NOT NULL, created_ms bigint NOT NULL, changed_ms bigint NOT NULL
);
CREATE INDEX rule_definition_enabled ON rule_definition (position) WHERE enabled;
CREATE SEQUENCE rule_definition_position;

CREATE TABLE rule_version ( -- never changed
    position bigint PRIMARY KEY,
    id text NOT NULL,
    version bigint NOT NULL,
    name text NOT NULL, grade integer NOT NULL, enabled boolean NOT NULL, since_ms bigint NOT NULL,
    nodes text NOT NULL, -- JSON
    for_minutes integer NOT NULL, cooldown_minutes integer NOT NULL,
    author text NOT NULL, created_ms bigint NOT NULL, changed_ms bigint NOT NULL,
    UNIQUE (id, version)
);
CREATE SEQUENCE rule_version_position;
CREATE FUNCTION rule_version_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rule_version (position, id, version, name, grade, enabled, since_ms, nodes, for_minutes, cooldown_minutes, author, created_ms,
        changed_ms)
    VALUES (greatest(nextval('rule_version_position'), (SELECT coalesce(max(position), 0) + 1 FROM rule_version)), new.id, new.version,
        new.name, new.grade, new.enabled, new.since_ms, new.nodes, new.for_minutes, new.cooldown_minutes, new.author, new.created_ms,
        new.changed_ms)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER rule_definition_kept AFTER INSERT OR UPDATE ON rule_definition FOR EACH ROW EXECUTE FUNCTION rule_version_note();
CREATE TRIGGER rule_definition_changed AFTER INSERT OR UPDATE ON rule_definition FOR EACH ROW EXECUTE FUNCTION change_note(4);
