-- History of observations, tracks, nodes and partitions, progress, handover, changes.
--
-- Times are ms since 1970 UTC. Names of seals are bytes, because a device may send any; so is an id that is not 32
-- hexadecimal characters.

-- By the database's clock, which all nodes share.
CREATE FUNCTION bulla_now() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint
$$;

-- --- observations ---

CREATE TABLE seal_name (
    n    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name bytea NOT NULL UNIQUE,
    day  integer -- since 1970: of its newest observation in a day's table (store_latest); moves once a day
);
CREATE INDEX seal_name_day ON seal_name (day, n);

-- A table a day of event time (arrival, where a message has none), made when the first row for it comes.
CREATE TABLE observation (
    at       bigint NOT NULL,
    n        bigint NOT NULL,  -- order of arrival: number of the transaction's rows times 2^22, and place among them
    received bigint NOT NULL,
    seal     integer NOT NULL, -- seal_name.n
    id       uuid NOT NULL,    -- the id's sixteen bytes, or the head of its SHA-256 when `name` has it
    name     bytea,
    body     bytea NOT NULL,   -- the packed observation (pack.h)
    raw      bytea NOT NULL    -- the message it came from
) PARTITION BY RANGE (at);
-- Reads by seal and time, finds repeats, and refuses them should two platforms write one seal.
CREATE UNIQUE INDEX observation_seal ON observation (seal, at, id);
CREATE INDEX observation_id ON observation (id);
CREATE TABLE observation_day (day integer PRIMARY KEY); -- those that have a table

-- Rows whose time is far from their arrival: a clock of 1970 or 2099 makes no table.
CREATE TABLE observation_stray (LIKE observation);
CREATE UNIQUE INDEX observation_stray_seal ON observation_stray (seal, at, id);
CREATE INDEX observation_stray_id ON observation_stray (id);
CREATE INDEX observation_stray_latest ON observation_stray (seal, (least(at, received)), n);
CREATE INDEX observation_stray_received ON observation_stray USING brin (received);

CREATE FUNCTION observation_table(day integer) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT 'observation_' || to_char(date '1970-01-01' + day, 'YYYYMMDD')
$$;

-- Attached, not created as a partition: that would wait for every transaction that has appended.
CREATE FUNCTION observation_make_day(day integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(4776843590235);
    INSERT INTO observation_day VALUES (day) ON CONFLICT DO NOTHING;
    IF FOUND THEN
        EXECUTE format('CREATE TABLE %I (LIKE observation INCLUDING ALL)', observation_table(day));
        EXECUTE format('ALTER TABLE observation ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', observation_table(day),
                       day * 86400000::bigint, (day + 1) * 86400000::bigint);
    END IF;
END
$$;

CREATE FUNCTION observation_drop_day(day integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    gone bigint;
BEGIN
    SET LOCAL lock_timeout = 3000; -- a long reading must not make all writers queue behind this
    PERFORM pg_advisory_xact_lock(4776843590235);
    DELETE FROM observation_day d WHERE d.day = observation_drop_day.day;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    LOCK TABLE ONLY observation IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('SELECT count(*) FROM %I', observation_table(day)) INTO gone;
    EXECUTE format('DROP TABLE %I', observation_table(day));
    RETURN gone;
END
$$;

-- Numbers for rows about to be appended; the transaction's first call draws one, the others go on from there, so that
-- n >> 22 tells which transaction (and so which parcel, below) brought a row.
CREATE SEQUENCE observation_work;
CREATE FUNCTION observation_claim(rows integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    first bigint := nullif(current_setting('bulla.next', true), '')::bigint;
BEGIN
    IF first IS NULL OR (first & 4194303) + rows > 4194303 THEN
        first := nextval('observation_work') << 22;
    END IF;
    PERFORM set_config('bulla.next', (first + rows)::text, true);
    RETURN first;
END
$$;

-- Which of these (1, 2 ...) are stored already: the same id between first and last. Only tables with times from .. until
-- are looked into. The planner may only go through the index: it cannot know how few rows it will find.
CREATE FUNCTION observation_known(seals integer[], firsts bigint[], lasts bigint[], ids uuid[], since bigint, until bigint)
RETURNS SETOF bigint LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
    RETURN QUERY EXECUTE 'SELECT w.i FROM unnest($1, $2, $3, $4) WITH ORDINALITY w(seal, first, last, id, i)
                JOIN observation o ON o.seal = w.seal AND o.at BETWEEN w.first AND w.last AND o.id = w.id
                WHERE o.at BETWEEN $5 AND $6' USING seals, firsts, lasts, ids, since, until;
    IF EXISTS (SELECT FROM observation_stray) THEN
        RETURN QUERY EXECUTE 'SELECT w.i FROM unnest($1, $2, $3, $4) WITH ORDINALITY w(seal, first, last, id, i)
                JOIN observation_stray o ON o.seal = w.seal AND o.at BETWEEN w.first AND w.last AND o.id = w.id'
                USING seals, firsts, lasts, ids;
    END IF;
END
$$;

-- --- tracks ---

CREATE TABLE track (
    seal bytea NOT NULL, day_ms bigint NOT NULL, first_ms bigint NOT NULL, last_ms bigint NOT NULL,
    fixes bigint NOT NULL, step_s bigint NOT NULL, packed_ms bigint NOT NULL, bytes bytea NOT NULL,
    PRIMARY KEY (seal, day_ms)
);
CREATE INDEX track_day ON track (day_ms, seal);

-- --- nodes and partitions ---

CREATE TABLE node (
    name text COLLATE "C" PRIMARY KEY,
    source text NOT NULL, http text NOT NULL, version text NOT NULL,
    started_ms bigint NOT NULL, until_ms bigint NOT NULL, draining boolean NOT NULL
);

CREATE TABLE node_partition (
    number integer PRIMARY KEY,
    node text COLLATE "C" NOT NULL DEFAULT '', -- who holds it, '' : nobody
    epoch bigint NOT NULL DEFAULT 0,
    until_ms bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50); -- small, and changed all the time in place

-- --- progress ---

CREATE TABLE partition_place (partition integer PRIMARY KEY, place bigint NOT NULL) WITH (fillfactor = 50);
CREATE TABLE progress (
    partition integer NOT NULL, source text COLLATE "C" NOT NULL, number bigint NOT NULL,
    PRIMARY KEY (partition, source)
) WITH (fillfactor = 50);
CREATE INDEX progress_source ON progress (source);

-- Which parcel brought the rows of a transaction (observation.n >> 22), for tracing; kept three days.
CREATE TABLE parcel (
    work bigint NOT NULL, partition integer NOT NULL,
    first bigint NOT NULL, -- rows of the parcels before it in this transaction
    source text NOT NULL, number bigint NOT NULL, place bigint NOT NULL, node text NOT NULL, rows bigint NOT NULL,
    taken_ms bigint NOT NULL, published_ms bigint NOT NULL, applied_ms bigint NOT NULL,
    kept_ms bigint NOT NULL, -- by the store's clock
    PRIMARY KEY (work, partition, first, source, number)
);

-- False: it would move back, or not at all.
CREATE FUNCTION progress_move(p integer, to_place bigint, of_source text, to_number bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    was_place bigint;
    was_number bigint;
BEGIN
    SELECT place INTO was_place FROM partition_place WHERE partition = p FOR UPDATE;
    SELECT number INTO was_number FROM progress WHERE partition = p AND source = of_source FOR UPDATE;
    IF to_place < was_place OR to_number < was_number OR (to_place = was_place AND coalesce(to_number = was_number, of_source = '')) THEN
        RETURN false;
    END IF;
    INSERT INTO partition_place VALUES (p, to_place) ON CONFLICT (partition) DO UPDATE SET place = excluded.place;
    IF of_source <> '' THEN -- without one only the place moves
        INSERT INTO progress VALUES (p, of_source, to_number) ON CONFLICT (partition, source) DO UPDATE SET number = excluded.number;
    END IF;
    RETURN true;
END
$$;

-- --- handover ---

CREATE TABLE handover (
    partition integer NOT NULL,
    n bigint GENERATED ALWAYS AS IDENTITY,
    id bytea NOT NULL, -- of the observation
    at bigint,         -- of the observation where it was known: then it is found without searching
    PRIMARY KEY (partition, n),
    UNIQUE (partition, id) -- handed over again: once
);

-- --- changes that other processes must hear of ---

CREATE TABLE change (
    tx xid8 NOT NULL DEFAULT pg_current_xact_id(), -- a reader waits until no older transaction is under way
    n bigint GENERATED ALWAYS AS IDENTITY,
    kind integer NOT NULL, -- enum store_changed
    id text NOT NULL,
    at_ms bigint NOT NULL DEFAULT bulla_now(),
    PRIMARY KEY (tx, n)
);

CREATE FUNCTION change_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO change (kind, id) VALUES (tg_argv[0]::integer, new.id);
    RETURN NULL;
END
$$;

-- What is written inside work its own node tells the others.
CREATE TRIGGER journey_changed AFTER INSERT OR UPDATE ON journey FOR EACH ROW
    WHEN (current_setting('bulla.work', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION change_note(0);
CREATE TRIGGER seal_changed AFTER INSERT OR UPDATE ON seal FOR EACH ROW
    WHEN (current_setting('bulla.work', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION change_note(1);
CREATE TRIGGER alarm_changed AFTER INSERT OR UPDATE ON alarm FOR EACH ROW
    WHEN (current_setting('bulla.work', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION change_note(2);
CREATE TRIGGER command_changed AFTER INSERT OR UPDATE ON command FOR EACH ROW
    WHEN (current_setting('bulla.work', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION change_note(3);
