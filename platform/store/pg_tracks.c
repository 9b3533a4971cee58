// SPDX-License-Identifier: Apache-2.0
// Packed tracks in PostgreSQL: a row for each seal and day.

#include "platform/store/pg_calls.h"
#include "platform/store/pg_history.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PAGE_BLOCKS = 500 };

/* --- writing --- */

enum { SEAL, DAY, FIRST, LAST, FIXES, STEP, PACKED, BYTES, MARK, COLUMNS };

/* Of several for one place the last counts; without bytes the place is emptied. */
#define PUT_SQL                                                                                                                            \
    "WITH put AS (SELECT DISTINCT ON (seal, day) * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], "      \
    "$6::bigint[], $7::bigint[], $8::bytea[]) WITH ORDINALITY t(seal, day, first, last, fixes, step, packed, bytes, i) ORDER BY seal, "    \
    "day, i DESC), gone AS (DELETE FROM track t USING put p WHERE t.seal = p.seal AND t.day_ms = p.day AND p.bytes = '') INSERT INTO "     \
    "track (seal, day_ms, first_ms, last_ms, fixes, step_s, packed_ms, bytes) SELECT seal, day, first, last, fixes, step, packed, bytes "  \
    "FROM put WHERE bytes <> '' ON CONFLICT (seal, day_ms) DO UPDATE SET first_ms = excluded.first_ms, last_ms = excluded.last_ms, fixes " \
    "= excluded.fixes, step_s = excluded.step_s, packed_ms = excluded.packed_ms, bytes = excluded.bytes"

static void fill(struct pg_buffer b[COLUMNS], const struct store_track *tracks, size_t n)
{
    for (size_t k = 0; k < COLUMNS; k++) {
        pg_array_begin(&b[k], k == SEAL || k == BYTES ? PG_TYPE_BYTEA : PG_TYPE_LONG, n);
    }
    for (size_t i = 0; i < n; i++) {
        const struct store_track *t = &tracks[i];
        pg_put_field(&b[SEAL], t->seal, strlen(t->seal));
        pg_put_long(&b[DAY], t->day_ms);
        pg_put_long(&b[FIRST], t->first_ms);
        pg_put_long(&b[LAST], t->last_ms);
        pg_put_long(&b[FIXES], t->fixes);
        pg_put_long(&b[STEP], t->step_s);
        pg_put_long(&b[PACKED], t->packed_ms);
        pg_put_field(&b[BYTES], t->bytes.at, t->bytes.len);
        pg_put_long(&b[MARK], t->mark);
    }
}

/* What was due and is answered, unless more came in between. */
static const char DONE_SQL[] = "DELETE FROM track_due d USING unnest($1::bytea[], $2::bigint[], $3::bigint[]) t(seal, day, mark) "
                               "WHERE d.day_ms = t.day AND d.seal = t.seal AND d.mark <= t.mark";

static int put_all(struct store_pg *store, const struct pg_params *p, const struct pg_params *done)
{
    struct pg_conn *conn = NULL;
    int outcome = pg_write_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    outcome = pg_do(conn, PUT_SQL, p, "writing tracks", NULL);
    return pg_write_end(store, conn, outcome ? outcome : pg_do(conn, DONE_SQL, done, "writing tracks", NULL), NULL);
}

int pg_track_put(struct store *base, const struct store_track *tracks, size_t n)
{
    struct pg_buffer b[COLUMNS] = {{0}};
    struct pg_params p = {0}, done = {0};
    int outcome = 0;
    if (n == 0) {
        return 0;
    }
    fill(b, tracks, n);
    for (size_t k = 0; k < COLUMNS; k++) {
        outcome = b[k].failed ? store_fail(STORE_FAILED, "writing tracks: out of memory") : outcome;
    }
    for (size_t k = 0; k < MARK && !outcome; k++) {
        pg_param_array(&p, k == SEAL || k == BYTES ? PG_TYPE_BYTEAS : PG_TYPE_LONGS, &b[k]);
    }
    if (!outcome) {
        pg_param_array(&done, PG_TYPE_BYTEAS, &b[SEAL]);
        pg_param_array(&done, PG_TYPE_LONGS, &b[DAY]);
        pg_param_array(&done, PG_TYPE_LONGS, &b[MARK]);
    }
    outcome = outcome ? outcome : put_all(store_pg_of(base), &p, &done);
    for (size_t k = 0; k < COLUMNS; k++) {
        pg_buffer_free(&b[k]);
    }
    return outcome;
}

int pg_track_drop(struct store *base, int64_t before_ms, uint64_t *tracks)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    struct pg_params p = {0};
    long gone = 0;
    pg_param_long(&p, before_ms);
    int outcome = pg_write_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    outcome = pg_write_end(store, conn, pg_do(conn, "DELETE FROM track WHERE last_ms < $1", &p, "forgetting tracks", &gone), NULL);
    if (!outcome && tracks) {
        *tracks = (uint64_t)gone;
    }
    return outcome;
}

/* --- reading, page by page --- */

struct reading {
    const char *seal;
    int64_t from_ms, until_ms;
    int64_t day_ms; /* of the block given last */
    uint8_t last[MODEL_SEAL_SIZE];
    size_t last_len;
    bool stale; /* all of them, as far as is known */
    store_track_fn each;
    void *context;
};

static void give(const PGresult *r, int row, struct reading *reading)
{
    struct store_track track = {.day_ms = pg_long(r, row, 1),
                                .first_ms = pg_long(r, row, 2),
                                .last_ms = pg_long(r, row, 3),
                                .fixes = (uint32_t)pg_long(r, row, 4),
                                .step_s = (uint32_t)pg_long(r, row, 5),
                                .packed_ms = pg_long(r, row, 6),
                                .bytes = pg_bytes(r, row, 7),
                                .stale = reading->stale || pg_bool(r, row, 8)};
    struct bulla_bytes seal = pg_bytes(r, row, 0);
    pg_copy_text(track.seal, sizeof track.seal, seal);
    reading->day_ms = track.day_ms;
    reading->last_len = seal.len < sizeof reading->last ? seal.len : sizeof reading->last;
    memcpy(reading->last, seal.at, reading->last_len);
    reading->each(reading->context, &track);
}

#define TRACK_COLUMNS "SELECT seal, day_ms, first_ms, last_ms, fixes, step_s, packed_ms, bytes, EXISTS (SELECT FROM track_due d WHERE d.day_ms = " \
                      "track.day_ms AND d.seal = track.seal) FROM track WHERE "

static int read_page(struct pg_conn *conn, struct reading *reading, bool first, int *rows)
{
    static const char OF_ONE[] = TRACK_COLUMNS "seal = $1 AND day_ms > $2 AND last_ms >= $3 AND first_ms <= $4 ORDER BY day_ms LIMIT $5";
    static const char OF_ALL[] = TRACK_COLUMNS "(day_ms, seal) > ($2, $1) AND last_ms >= $3 AND first_ms <= $4 ORDER BY day_ms, seal LIMIT $5";
    struct pg_params p = {0};
    bool one = reading->seal[0] != '\0';
    struct bulla_bytes seal = {one ? (const uint8_t *)reading->seal : reading->last, one ? strlen(reading->seal) : reading->last_len};
    int64_t early = reading->from_ms > INT64_MIN + 2 * PG_DAY_MS ? reading->from_ms - 2 * PG_DAY_MS : INT64_MIN;
    pg_param_bytes(&p, seal);
    pg_param_long(&p, first ? early : reading->day_ms);
    pg_param_long(&p, reading->from_ms);
    pg_param_long(&p, reading->until_ms);
    pg_param_long(&p, PAGE_BLOCKS);
    PGresult *r = pg_run(conn, one ? OF_ONE : OF_ALL, &p, "reading tracks");
    if (!r) {
        return store_outcome();
    }
    *rows = PQntuples(r);
    for (int i = 0; i < *rows; i++) {
        give(r, i, reading);
    }
    PQclear(r);
    return 0;
}

int pg_tracks(struct store *base, const char *seal, int64_t from_ms, int64_t until_ms, store_track_fn each, void *context)
{
    struct store_pg *store = store_pg_of(base);
    struct reading reading = {.seal = seal, .from_ms = from_ms, .until_ms = until_ms, .each = each, .context = context};
    struct pg_conn *conn = NULL;
    int rows = PAGE_BLOCKS;
    reading.stale = !pg_track_looked(store);
    int outcome = pg_read_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    for (bool first = true; rows == PAGE_BLOCKS && !outcome; first = false) {
        outcome = read_page(conn, &reading, first, &rows);
    }
    pg_read_end(store, conn);
    return outcome;
}
