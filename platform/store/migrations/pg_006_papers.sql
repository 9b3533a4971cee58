-- What people of the customs side write and pass on: tasks, applications, policies ... (platform/model/paper.h).

CREATE TABLE paper (
    position bigint PRIMARY KEY,
    id text NOT NULL UNIQUE,
    version bigint NOT NULL,
    kind integer NOT NULL, state integer NOT NULL,
    subject text NOT NULL, journey text NOT NULL, station text NOT NULL,
    holder text NOT NULL, carrier text NOT NULL, author text NOT NULL,
    created_ms bigint NOT NULL, due_ms bigint NOT NULL, changed_ms bigint NOT NULL,
    body text NOT NULL, -- JSON
    open boolean NOT NULL GENERATED ALWAYS AS (state < 100) STORED, -- somebody still has to do something
    search text NOT NULL GENERATED ALWAYS AS (bulla_fold(id || chr(10) || subject || chr(10) || journey || chr(10) || body)) STORED,
    words text[] GENERATED ALWAYS AS (bulla_beginnings(bulla_fold(id || chr(10) || subject || chr(10) || journey || chr(10) || body))) STORED
);
CREATE INDEX paper_search ON paper USING gin (search gin_trgm_ops);
CREATE INDEX paper_words ON paper USING gin (words);
CREATE INDEX paper_grams ON paper USING gin (bulla_grams(search));
CREATE INDEX paper_kind ON paper (kind, state, position);
CREATE INDEX paper_subject ON paper (subject, kind, position);
CREATE INDEX paper_journey ON paper (journey, kind, position);
CREATE INDEX paper_holder ON paper (holder, position) WHERE holder <> '';
CREATE INDEX paper_carrier ON paper (carrier, position) WHERE carrier <> '';
CREATE INDEX paper_station ON paper (station, position) WHERE station <> '';
CREATE INDEX paper_open ON paper (kind, position) WHERE open;
CREATE SEQUENCE paper_position;
