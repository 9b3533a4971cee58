-- Search by any part of a word, over a million records in a few milliseconds.
--
--   x.search   what can be searched for, one text
--   x_search   every three characters of it: finds any part of three characters or more
--   x_words    its words and their first one and two characters: finds the beginnings of words by one or two characters
--
-- Both give positions in the order of the list, so a page stops early. They keep no copy of the text (external content):
-- the triggers tell them of every change.

ALTER TABLE journey ADD COLUMN search TEXT GENERATED ALWAYS AS
    (id || char(10) || reference || char(10) || vehicle || char(10) || driver || char(10) || containers || char(10) || seals) VIRTUAL;
CREATE VIRTUAL TABLE journey_search USING fts5 (search, content = 'journey', content_rowid = 'position', tokenize = 'trigram');
CREATE VIRTUAL TABLE journey_words USING fts5 (search, content = 'journey', content_rowid = 'position', prefix = '1 2', detail = 'none');
CREATE TRIGGER journey_search_insert AFTER INSERT ON journey BEGIN
    INSERT INTO journey_search (rowid, search) VALUES (new.position, new.search);
    INSERT INTO journey_words (rowid, search) VALUES (new.position, new.search);
END;
CREATE TRIGGER journey_search_update AFTER UPDATE ON journey WHEN new.search <> old.search BEGIN
    INSERT INTO journey_search (journey_search, rowid, search) VALUES ('delete', old.position, old.search);
    INSERT INTO journey_words (journey_words, rowid, search) VALUES ('delete', old.position, old.search);
    INSERT INTO journey_search (rowid, search) VALUES (new.position, new.search);
    INSERT INTO journey_words (rowid, search) VALUES (new.position, new.search);
END;
INSERT INTO journey_search (journey_search) VALUES ('rebuild');
INSERT INTO journey_words (journey_words) VALUES ('rebuild');

-- An alarm is also found by its journey's reference, vehicle and containers.
ALTER TABLE alarm ADD COLUMN about TEXT NOT NULL DEFAULT '';
UPDATE alarm SET about = coalesce((SELECT reference || char(10) || vehicle || char(10) || containers FROM journey WHERE journey.id = alarm.journey), '');
ALTER TABLE alarm ADD COLUMN search TEXT GENERATED ALWAYS AS
    (id || char(10) || journey || char(10) || seal || char(10) || why || char(10) || patrol || char(10) || about) VIRTUAL;
CREATE VIRTUAL TABLE alarm_search USING fts5 (search, content = 'alarm', content_rowid = 'position', tokenize = 'trigram');
CREATE VIRTUAL TABLE alarm_words USING fts5 (search, content = 'alarm', content_rowid = 'position', prefix = '1 2', detail = 'none');
CREATE TRIGGER alarm_search_insert AFTER INSERT ON alarm BEGIN
    INSERT INTO alarm_search (rowid, search) VALUES (new.position, new.search);
    INSERT INTO alarm_words (rowid, search) VALUES (new.position, new.search);
END;
CREATE TRIGGER alarm_search_update AFTER UPDATE ON alarm WHEN new.search <> old.search BEGIN
    INSERT INTO alarm_search (alarm_search, rowid, search) VALUES ('delete', old.position, old.search);
    INSERT INTO alarm_words (alarm_words, rowid, search) VALUES ('delete', old.position, old.search);
    INSERT INTO alarm_search (rowid, search) VALUES (new.position, new.search);
    INSERT INTO alarm_words (rowid, search) VALUES (new.position, new.search);
END;
INSERT INTO alarm_search (alarm_search) VALUES ('rebuild');
INSERT INTO alarm_words (alarm_words) VALUES ('rebuild');
CREATE TRIGGER journey_brings_about AFTER INSERT ON journey BEGIN
    UPDATE alarm SET about = new.reference || char(10) || new.vehicle || char(10) || new.containers WHERE journey = new.id;
END;
CREATE TRIGGER journey_changes_about AFTER UPDATE OF reference, vehicle, containers ON journey
WHEN new.reference <> old.reference OR new.vehicle <> old.vehicle OR new.containers <> old.containers BEGIN
    UPDATE alarm SET about = new.reference || char(10) || new.vehicle || char(10) || new.containers WHERE journey = new.id;
END;

ALTER TABLE seal ADD COLUMN search TEXT GENERATED ALWAYS AS
    (id || char(10) || label || char(10) || model) VIRTUAL;
CREATE VIRTUAL TABLE seal_search USING fts5 (search, content = 'seal', content_rowid = 'position', tokenize = 'trigram');
CREATE VIRTUAL TABLE seal_words USING fts5 (search, content = 'seal', content_rowid = 'position', prefix = '1 2', detail = 'none');
CREATE TRIGGER seal_search_insert AFTER INSERT ON seal BEGIN
    INSERT INTO seal_search (rowid, search) VALUES (new.position, new.search);
    INSERT INTO seal_words (rowid, search) VALUES (new.position, new.search);
END;
CREATE TRIGGER seal_search_update AFTER UPDATE ON seal WHEN new.search <> old.search BEGIN
    INSERT INTO seal_search (seal_search, rowid, search) VALUES ('delete', old.position, old.search);
    INSERT INTO seal_words (seal_words, rowid, search) VALUES ('delete', old.position, old.search);
    INSERT INTO seal_search (rowid, search) VALUES (new.position, new.search);
    INSERT INTO seal_words (rowid, search) VALUES (new.position, new.search);
END;
INSERT INTO seal_search (seal_search) VALUES ('rebuild');
INSERT INTO seal_words (seal_words) VALUES ('rebuild');

ALTER TABLE station ADD COLUMN search TEXT GENERATED ALWAYS AS
    (id || char(10) || name || char(10) || code) VIRTUAL;
CREATE VIRTUAL TABLE station_search USING fts5 (search, content = 'station', content_rowid = 'position', tokenize = 'trigram');
CREATE VIRTUAL TABLE station_words USING fts5 (search, content = 'station', content_rowid = 'position', prefix = '1 2', detail = 'none');
CREATE TRIGGER station_search_insert AFTER INSERT ON station BEGIN
    INSERT INTO station_search (rowid, search) VALUES (new.position, new.search);
    INSERT INTO station_words (rowid, search) VALUES (new.position, new.search);
END;
CREATE TRIGGER station_search_update AFTER UPDATE ON station WHEN new.search <> old.search BEGIN
    INSERT INTO station_search (station_search, rowid, search) VALUES ('delete', old.position, old.search);
    INSERT INTO station_words (station_words, rowid, search) VALUES ('delete', old.position, old.search);
    INSERT INTO station_search (rowid, search) VALUES (new.position, new.search);
    INSERT INTO station_words (rowid, search) VALUES (new.position, new.search);
END;
INSERT INTO station_search (station_search) VALUES ('rebuild');
INSERT INTO station_words (station_words) VALUES ('rebuild');

ALTER TABLE party ADD COLUMN search TEXT GENERATED ALWAYS AS
    (id || char(10) || name || char(10) || code) VIRTUAL;
CREATE VIRTUAL TABLE party_search USING fts5 (search, content = 'party', content_rowid = 'position', tokenize = 'trigram');
CREATE VIRTUAL TABLE party_words USING fts5 (search, content = 'party', content_rowid = 'position', prefix = '1 2', detail = 'none');
CREATE TRIGGER party_search_insert AFTER INSERT ON party BEGIN
    INSERT INTO party_search (rowid, search) VALUES (new.position, new.search);
    INSERT INTO party_words (rowid, search) VALUES (new.position, new.search);
END;
CREATE TRIGGER party_search_update AFTER UPDATE ON party WHEN new.search <> old.search BEGIN
    INSERT INTO party_search (party_search, rowid, search) VALUES ('delete', old.position, old.search);
    INSERT INTO party_words (party_words, rowid, search) VALUES ('delete', old.position, old.search);
    INSERT INTO party_search (rowid, search) VALUES (new.position, new.search);
    INSERT INTO party_words (rowid, search) VALUES (new.position, new.search);
END;
INSERT INTO party_search (party_search) VALUES ('rebuild');
INSERT INTO party_words (party_words) VALUES ('rebuild');

ALTER TABLE user ADD COLUMN search TEXT GENERATED ALWAYS AS
    (id || char(10) || name || char(10) || full_name) VIRTUAL;
CREATE VIRTUAL TABLE user_search USING fts5 (search, content = 'user', content_rowid = 'position', tokenize = 'trigram');
CREATE VIRTUAL TABLE user_words USING fts5 (search, content = 'user', content_rowid = 'position', prefix = '1 2', detail = 'none');
CREATE TRIGGER user_search_insert AFTER INSERT ON user BEGIN
    INSERT INTO user_search (rowid, search) VALUES (new.position, new.search);
    INSERT INTO user_words (rowid, search) VALUES (new.position, new.search);
END;
CREATE TRIGGER user_search_update AFTER UPDATE ON user WHEN new.search <> old.search BEGIN
    INSERT INTO user_search (user_search, rowid, search) VALUES ('delete', old.position, old.search);
    INSERT INTO user_words (user_words, rowid, search) VALUES ('delete', old.position, old.search);
    INSERT INTO user_search (rowid, search) VALUES (new.position, new.search);
    INSERT INTO user_words (rowid, search) VALUES (new.position, new.search);
END;
INSERT INTO user_search (user_search) VALUES ('rebuild');
INSERT INTO user_words (user_words) VALUES ('rebuild');

ALTER TABLE command ADD COLUMN search TEXT GENERATED ALWAYS AS
    (id || char(10) || seal || char(10) || name || char(10) || journey || char(10) || reason) VIRTUAL;
CREATE VIRTUAL TABLE command_search USING fts5 (search, content = 'command', content_rowid = 'position', tokenize = 'trigram');
CREATE VIRTUAL TABLE command_words USING fts5 (search, content = 'command', content_rowid = 'position', prefix = '1 2', detail = 'none');
CREATE TRIGGER command_search_insert AFTER INSERT ON command BEGIN
    INSERT INTO command_search (rowid, search) VALUES (new.position, new.search);
    INSERT INTO command_words (rowid, search) VALUES (new.position, new.search);
END;
CREATE TRIGGER command_search_update AFTER UPDATE ON command WHEN new.search <> old.search BEGIN
    INSERT INTO command_search (command_search, rowid, search) VALUES ('delete', old.position, old.search);
    INSERT INTO command_words (command_words, rowid, search) VALUES ('delete', old.position, old.search);
    INSERT INTO command_search (rowid, search) VALUES (new.position, new.search);
    INSERT INTO command_words (rowid, search) VALUES (new.position, new.search);
END;
INSERT INTO command_search (command_search) VALUES ('rebuild');
INSERT INTO command_words (command_words) VALUES ('rebuild');

ALTER TABLE audit ADD COLUMN search TEXT GENERATED ALWAYS AS
    (user_name || char(10) || action || char(10) || object || char(10) || detail) VIRTUAL;
CREATE VIRTUAL TABLE audit_search USING fts5 (search, content = 'audit', content_rowid = 'position', tokenize = 'trigram');
CREATE VIRTUAL TABLE audit_words USING fts5 (search, content = 'audit', content_rowid = 'position', prefix = '1 2', detail = 'none');
CREATE TRIGGER audit_search_insert AFTER INSERT ON audit BEGIN
    INSERT INTO audit_search (rowid, search) VALUES (new.position, new.search);
    INSERT INTO audit_words (rowid, search) VALUES (new.position, new.search);
END;
INSERT INTO audit_search (audit_search) VALUES ('rebuild');
INSERT INTO audit_words (audit_words) VALUES ('rebuild');
