-- Which observations are stored already, looked up one by one. As a join, the planner took a day that had just begun, of whose rows
-- it knew nothing yet, for nearly empty, and compared every new row with every row of the same seconds: the first tenths of a
-- million reports of a day cost twenty times the later ones.
CREATE OR REPLACE FUNCTION observation_known(seals integer[], firsts bigint[], lasts bigint[], ids uuid[], since bigint, until bigint)
RETURNS SETOF bigint LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_bitmapscan = off SET enable_material = off AS $$
BEGIN
    RETURN QUERY EXECUTE 'SELECT w.i FROM unnest($1, $2, $3, $4) WITH ORDINALITY w(seal, first, last, id, i),
                LATERAL (SELECT FROM observation o WHERE o.seal = w.seal AND o.at BETWEEN w.first AND w.last AND o.id = w.id
                AND o.at BETWEEN $5 AND $6 LIMIT 1) k' USING seals, firsts, lasts, ids, since, until;
    IF EXISTS (SELECT FROM observation_stray) THEN
        RETURN QUERY EXECUTE 'SELECT w.i FROM unnest($1, $2, $3, $4) WITH ORDINALITY w(seal, first, last, id, i),
                LATERAL (SELECT FROM observation_stray o WHERE o.seal = w.seal AND o.at BETWEEN w.first AND w.last
                AND o.id = w.id LIMIT 1) k' USING seals, firsts, lasts, ids;
    END IF;
END
$$;
