-- What people of the customs side write and pass on: tasks, applications, policies ... (platform/model/paper.h).

CREATE TABLE paper (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    kind INTEGER NOT NULL, state INTEGER NOT NULL,
    subject TEXT NOT NULL, journey TEXT NOT NULL, station TEXT NOT NULL,
    holder TEXT NOT NULL, carrier TEXT NOT NULL, author TEXT NOT NULL,
    created_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL,
    body TEXT NOT NULL, -- JSON
    open INTEGER NOT NULL GENERATED ALWAYS AS (state < 100) VIRTUAL, -- somebody still has to do something
    search TEXT GENERATED ALWAYS AS (id || char(10) || subject || char(10) || journey || char(10) || body) VIRTUAL
);
CREATE INDEX paper_kind ON paper (kind, state);
CREATE INDEX paper_subject ON paper (subject, kind);
CREATE INDEX paper_journey ON paper (journey, kind);
CREATE INDEX paper_holder ON paper (holder) WHERE holder <> '';
CREATE INDEX paper_carrier ON paper (carrier) WHERE carrier <> '';
CREATE INDEX paper_station ON paper (station) WHERE station <> '';
CREATE INDEX paper_open ON paper (kind) WHERE open;
CREATE VIRTUAL TABLE paper_search USING fts5 (search, content = 'paper', content_rowid = 'position', tokenize = 'trigram');
CREATE VIRTUAL TABLE paper_words USING fts5 (search, content = 'paper', content_rowid = 'position', prefix = '1 2', detail = 'none');
CREATE TRIGGER paper_search_insert AFTER INSERT ON paper BEGIN
    INSERT INTO paper_search (rowid, search) VALUES (new.position, new.search);
    INSERT INTO paper_words (rowid, search) VALUES (new.position, new.search);
END;
CREATE TRIGGER paper_search_update AFTER UPDATE ON paper WHEN new.search <> old.search BEGIN
    INSERT INTO paper_search (paper_search, rowid, search) VALUES ('delete', old.position, old.search);
    INSERT INTO paper_words (paper_words, rowid, search) VALUES ('delete', old.position, old.search);
    INSERT INTO paper_search (rowid, search) VALUES (new.position, new.search);
    INSERT INTO paper_words (rowid, search) VALUES (new.position, new.search);
END;
