-- Which days of seals are to be packed (store.h, store_track_due).

CREATE TABLE track_due (
    day_ms bigint NOT NULL, seal bytea NOT NULL,
    mark bigint NOT NULL, -- grows with every look; what was packed takes out no newer one
    PRIMARY KEY (day_ms, seal)
);

-- Looks at what arrived: `tx` began when numbers (observation.n) up to `n` were drawn. When no older transaction is under way
-- any more, all rows up to `n` are there for all to see.
CREATE TABLE track_look (mark bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n bigint NOT NULL, tx xid8 NOT NULL);
CREATE TABLE track_base (n bigint NOT NULL); -- one row: up to this number nothing is to be looked at any more
INSERT INTO track_base VALUES (-1);

-- As before; but the transaction has its own number before its rows get theirs: then older rows belong to older transactions.
CREATE OR REPLACE FUNCTION observation_claim(rows integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    first bigint := nullif(current_setting('bulla.next', true), '')::bigint;
BEGIN
    IF first IS NULL OR (first & 4194303) + rows > 4194303 THEN
        PERFORM pg_current_xact_id();
        first := nextval('observation_work') << 22;
    END IF;
    PERFORM set_config('bulla.next', (first + rows)::text, true);
    RETURN first;
END
$$;

-- Rows lie nearly in the order of their numbers: so what is new is found without reading what is old.
CREATE INDEX observation_arrival ON observation USING brin (n) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX observation_stray_arrival ON observation_stray USING brin (n) WITH (pages_per_range = 32, autosummarize = on);

CREATE FUNCTION track_look() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    base bigint;
    top bigint;
    safe bigint;
    of_look bigint;
    now_ms bigint := bulla_now();
BEGIN
    PERFORM pg_advisory_xact_lock(4776843590236);
    SELECT CASE WHEN s.is_called THEN ((s.last_value + 1) << 22) - 1 ELSE -1 END INTO top FROM observation_work s;
    INSERT INTO track_look (n, tx) VALUES (top, pg_current_xact_id()) RETURNING mark INTO of_look;
    SELECT max(l.n) INTO safe FROM track_look l WHERE l.tx <= pg_snapshot_xmin(pg_current_snapshot()); -- before what follows reads
    SELECT n INTO base FROM track_base;
    INSERT INTO track_due (day_ms, seal, mark)
        SELECT a.day * 86400000, s.name, of_look
            FROM (SELECT DISTINCT o.seal, floor(o.at / 86400000.0)::bigint AS day FROM observation o WHERE o.n > base
                  UNION SELECT DISTINCT o.seal, floor(o.at / 86400000.0)::bigint FROM observation_stray o WHERE o.n > base) a
            JOIN seal_name s ON s.n = a.seal
            WHERE a.day BETWEEN -200000 AND 200000
        ON CONFLICT (day_ms, seal) DO UPDATE SET mark = excluded.mark
            WHERE track_due.day_ms < now_ms - 86400000 OR track_due.day_ms > now_ms; -- a day that goes on cannot have been listed
    UPDATE track_base SET n = safe WHERE n < safe;
    DELETE FROM track_look l WHERE l.n < safe;
END
$$;
