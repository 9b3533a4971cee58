// SPDX-License-Identifier: Apache-2.0
// Packed tracks in SQLite: putting, listing, dropping, and what is due.

#include "platform/store/migrations.h"
#include "platform/store/sqlite_calls.h"
#include "platform/store/track.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { LOOK_ROWS = 16384, LOOK_KEEP = 65536, SEEN_SIZE = 1 << 18, FORMAT = 1 };

struct seen { /* by a hash of the seal that nobody outside can aim at */
    uint64_t hash[2];
    int64_t day; /* day number + 1, 0: none */
};

extern const char store_sql_tracks_001[];

static int64_t day_number(int64_t day_ms)
{
    return track_day(day_ms) / TRACK_DAY_MS;
}

/* The first key of a day. Days outside of what a track can be of give the least or the greatest. */
static int64_t key_of_day(int64_t at_ms)
{
    int64_t least = -TRACK_DAY_LAST * TRACK_DAY_MS, most = (TRACK_DAY_LAST + 1) * TRACK_DAY_MS;
    at_ms = at_ms < least ? least : at_ms > most ? most : at_ms;
    return day_number(at_ms) * (INT64_C(1) << 32);
}

static int64_t day_of_key(int64_t key)
{
    return (key >> 32) * TRACK_DAY_MS;
}

/* --- which day of a seal is known to be due: saves writing the same row for every observation --- */

static struct seen *seen_of(struct sqlite_tracks *t, const char *seal, uint64_t hash[2])
{
    hash[0] = t->salt[0];
    hash[1] = t->salt[1];
    for (; *seal; seal++) {
        hash[0] = (hash[0] ^ (uint8_t)*seal) * UINT64_C(1099511628211);
        hash[1] = (hash[1] ^ (uint8_t)*seal) * UINT64_C(0x9E3779B97F4A7C15);
        hash[1] ^= hash[1] >> 29;
    }
    return &t->seen[(hash[0] ^ hash[0] >> 32) % SEEN_SIZE];
}

static bool see(struct sqlite_tracks *t, const char *seal, int64_t day)
{
    uint64_t hash[2];
    struct seen *seen = seen_of(t, seal, hash);
    if (seen->day == day + 1 && seen->hash[0] == hash[0] && seen->hash[1] == hash[1]) {
        return true;
    }
    *seen = (struct seen){{hash[0], hash[1]}, day + 1};
    return false;
}

static void forget(struct sqlite_tracks *t, const char *seal)
{
    uint64_t hash[2];
    seen_of(t, seal, hash)->day = 0;
}

static void forget_all(struct sqlite_tracks *t)
{
    memset(t->seen, 0, SEEN_SIZE * sizeof *t->seen);
}

/* --- looking at what arrived --- */

struct fresh_day {
    char seal[MODEL_SEAL_SIZE];
    int64_t day;
};

struct fresh_days {
    struct sqlite_tracks *tracks;
    struct fresh_day *items;
    size_t n, size;
    bool failed;
};

static void take_arrival(void *context, const char *seal, int64_t at_ms)
{
    struct fresh_days *list = context;
    int64_t day = day_number(at_ms);
    if (day < -TRACK_DAY_LAST || day > TRACK_DAY_LAST || list->failed || see(list->tracks, seal, day)) {
        return;
    }
    if (list->n == list->size) {
        size_t size = list->size * 2 + 64;
        struct fresh_day *items = realloc(list->items, size * sizeof *items);
        if (!items) {
            list->failed = true;
            return;
        }
        list->items = items;
        list->size = size;
    }
    struct fresh_day *item = &list->items[list->n++];
    snprintf(item->seal, sizeof item->seal, "%s", seal);
    item->day = day;
}

static int number_of_seal(struct store_db *db, const char *seal, int64_t *n)
{
    sqlite3_stmt *s = store_db_prepare(db, "SELECT n FROM seal WHERE name = ?");
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, seal);
    int code = sqlite3_step(s);
    *n = code == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    int outcome = code == SQLITE_ROW || code == SQLITE_DONE ? 0 : store_db_fail(db, "looking a seal up");
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return outcome;
}

static int add_seal(struct store_db *db, const char *seal, int64_t *n)
{
    int outcome = number_of_seal(db, seal, n);
    if (outcome || *n) {
        return outcome;
    }
    sqlite3_stmt *s = store_db_prepare(db, "INSERT INTO seal (name) VALUES (?)");
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, seal);
    outcome = store_db_step(db, s, "writing a seal of tracks");
    sqlite3_clear_bindings(s);
    *n = sqlite3_last_insert_rowid(db->handle);
    return outcome;
}

static int put_meta(struct store_db *db, const char *name, int64_t value)
{
    sqlite3_stmt *s = store_db_prepare(db, "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value");
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, name);
    sqlite3_bind_int64(s, 2, value);
    return store_db_step(db, s, "writing what tracks are due");
}

static int put_place(struct sqlite_tracks *t, const struct store_place *place, int64_t mark)
{
    int outcome = put_meta(t->writer, "segment", place->segment);
    outcome = outcome ? outcome : put_meta(t->writer, "row", place->row);
    return outcome ? outcome : put_meta(t->writer, "mark", mark);
}

static int put_due(struct store_db *db, const struct fresh_day *fresh, int64_t mark)
{
    int64_t n = 0;
    int outcome = add_seal(db, fresh->seal, &n);
    sqlite3_stmt *s = store_db_prepare(db, "INSERT INTO due (key, mark) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET mark = excluded.mark");
    if (outcome || !s) {
        return outcome ? outcome : store_outcome();
    }
    sqlite3_bind_int64(s, 1, fresh->day * (INT64_C(1) << 32) + n);
    sqlite3_bind_int64(s, 2, mark);
    return store_db_step(db, s, "writing what tracks are due");
}

/* Due days and the place go together; without either nothing is known to have been looked at. */
static int keep_look(struct sqlite_tracks *t, const struct fresh_days *list, const struct store_place *place)
{
    bool far = place->segment != t->place.segment || place->row - t->row_kept > LOOK_KEEP;
    if (list->n == 0 && !far) {
        return 0;
    }
    int outcome = store_db_begin(t->writer);
    if (outcome) {
        return outcome;
    }
    for (size_t i = 0; i < list->n && !outcome; i++) {
        outcome = put_due(t->writer, &list->items[i], t->mark + 1);
    }
    outcome = store_db_end(t->writer, outcome ? outcome : put_place(t, place, t->mark + 1));
    if (!outcome) {
        t->mark++;
        t->row_kept = place->row;
    }
    return outcome;
}

/* Needs `writing`. */
static int look(struct sqlite_tracks *t)
{
    bool more = true;
    int outcome = 0;
    struct fresh_days list = {.tracks = t};
    while (more && !outcome) {
        struct store_place place = t->place;
        list.n = 0;
        outcome = store_history_arrivals(t->history, &place, LOOK_ROWS, take_arrival, &list, &more);
        outcome = !outcome && list.failed ? store_fail(STORE_FAILED, "finding what tracks are due: out of memory") : outcome;
        outcome = outcome ? outcome : keep_look(t, &list, &place);
        if (outcome) {
            forget_all(t); /* what it holds for known was not written */
        } else {
            t->place = place;
        }
    }
    free(list.items);
    return outcome;
}

/* --- life --- */

static int make_tables(struct store_db *db)
{
    int64_t version = 0;
    int outcome = store_db_number(db, "PRAGMA user_version", 0, &version);
    if (outcome || version == FORMAT) {
        return outcome;
    }
    if (version != 0) {
        return store_fail(STORE_FAILED, "%s was written by a newer bulla (version %lld, this one knows %d); use that one, or restore a backup",
                          db->path, (long long)version, FORMAT);
    }
    outcome = store_db_begin(db);
    return outcome ? outcome : store_db_end(db, store_db_run(db, store_sql_tracks_001));
}

static int get_place(struct sqlite_tracks *t)
{
    int outcome = store_db_number(t->writer, "SELECT value FROM meta WHERE name = 'segment'", 0, &t->place.segment);
    outcome = outcome ? outcome : store_db_number(t->writer, "SELECT value FROM meta WHERE name = 'row'", 0, &t->place.row);
    t->row_kept = t->place.row;
    return outcome ? outcome : store_db_number(t->writer, "SELECT value FROM meta WHERE name = 'mark'", 0, &t->mark);
}

int sqlite_tracks_open(struct sqlite_tracks *t, const char *folder, struct store_history *history)
{
    char path[STORE_PATH_SIZE];
    snprintf(path, sizeof path, "%.*s/tracks.db", STORE_PATH_SIZE - 12, folder);
    t->history = history;
    t->seen = calloc(SEEN_SIZE, sizeof *t->seen);
    if (!history->options.disk->stepped && getrandom(t->salt, sizeof t->salt, 0) < 0) {
        t->salt[0] = (uint64_t)(uintptr_t)t->seen; /* before the machine has gathered any: what nobody outside knows either */
    }
    if (!t->seen) {
        return store_fail(STORE_FAILED, "%s: out of memory", path);
    }
    int outcome = store_db_open_on(history->options.disk, path, STORE_DB_TRACKS, &t->writer);
    if (outcome) {
        free(t->seen);
        t->seen = NULL;
        return outcome;
    }
    pthread_mutex_init(&t->writing, NULL);
    store_pool_init(&t->readers, history->options.disk, path, STORE_POOL_IDLE);
    outcome = make_tables(t->writer);
    return outcome ? outcome : get_place(t);
}

void sqlite_tracks_close(struct sqlite_tracks *t)
{
    if (!t->writer) {
        return;
    }
    if (t->place.row != t->row_kept && store_db_begin(t->writer) == 0) {
        store_db_end(t->writer, put_place(t, &t->place, t->mark)); /* failing, it is looked at once more */
    }
    store_pool_clear(&t->readers);
    store_db_close(t->writer);
    pthread_mutex_destroy(&t->writing);
    free(t->seen);
    t->writer = NULL;
}

/* --- writing --- */

static int put_block(struct store_db *db, int64_t key, const struct store_track *track)
{
    sqlite3_stmt *s = store_db_prepare(db, track->bytes.len ? "INSERT OR REPLACE INTO track (key, first, last, fixes, step, packed, bytes) "
                                                              "VALUES (?, ?, ?, ?, ?, ?, ?)"
                                                            : "DELETE FROM track WHERE key = ?");
    if (!s) {
        return store_outcome();
    }
    sqlite3_bind_int64(s, 1, key);
    if (track->bytes.len) {
        sqlite3_bind_int64(s, 2, track->first_ms - track->day_ms);
        sqlite3_bind_int64(s, 3, track->last_ms - track->day_ms);
        sqlite3_bind_int64(s, 4, track->fixes);
        sqlite3_bind_int64(s, 5, track->step_s);
        sqlite3_bind_int64(s, 6, track->packed_ms);
        store_db_bind_bytes(s, 7, track->bytes);
    }
    int outcome = store_db_step(db, s, "writing a track");
    sqlite3_clear_bindings(s);
    return outcome;
}

static int put_track(struct sqlite_tracks *t, const struct store_track *track)
{
    int64_t day = track->day_ms / TRACK_DAY_MS, n = 0;
    if (track->day_ms != track_day(track->day_ms) || day < -TRACK_DAY_LAST || day > TRACK_DAY_LAST) {
        return store_fail(STORE_FAILED, "a track of %s: expected the begin of a day, got %lld", track->seal, (long long)track->day_ms);
    }
    int outcome = add_seal(t->writer, track->seal, &n);
    int64_t key = day * (INT64_C(1) << 32) + n;
    outcome = outcome ? outcome : put_block(t->writer, key, track);
    if (outcome || !track->mark) {
        return outcome;
    }
    sqlite3_stmt *s = store_db_prepare(t->writer, "DELETE FROM due WHERE key = ? AND mark <= ?");
    if (!s) {
        return store_outcome();
    }
    sqlite3_bind_int64(s, 1, key);
    sqlite3_bind_int64(s, 2, track->mark);
    return store_db_step(t->writer, s, "writing a track");
}

int sqlite_track_put(struct store *base, const struct store_track *tracks, size_t n)
{
    struct sqlite_tracks *t = &store_sqlite_of(base)->tracks;
    pthread_mutex_lock(&t->writing);
    int outcome = store_db_begin(t->writer);
    if (!outcome) {
        for (size_t i = 0; i < n && !outcome; i++) {
            forget(t, tracks[i].seal); /* the next that comes for that day is news again */
            outcome = put_track(t, &tracks[i]);
        }
        outcome = store_db_end(t->writer, outcome);
    }
    pthread_mutex_unlock(&t->writing);
    return outcome;
}

static int delete_before(struct store_db *db, const char *sql, int64_t key)
{
    sqlite3_stmt *s = store_db_prepare(db, sql);
    if (!s) {
        return store_outcome();
    }
    sqlite3_bind_int64(s, 1, key);
    return store_db_step(db, s, "dropping tracks");
}

int sqlite_track_drop(struct store *base, int64_t before_ms, uint64_t *tracks)
{
    struct sqlite_tracks *t = &store_sqlite_of(base)->tracks;
    int64_t key = key_of_day(before_ms); /* the day that before_ms lies in stays */
    pthread_mutex_lock(&t->writing);
    int outcome = store_db_begin(t->writer);
    if (!outcome) {
        outcome = delete_before(t->writer, "DELETE FROM track WHERE key < ?", key);
        uint64_t n = (uint64_t)sqlite3_changes(t->writer->handle);
        outcome = outcome ? outcome : delete_before(t->writer, "DELETE FROM due WHERE key < ?", key);
        outcome = store_db_end(t->writer, outcome);
        forget_all(t);
        if (!outcome && tracks) {
            *tracks = n;
        }
    }
    pthread_mutex_unlock(&t->writing);
    return outcome;
}

/* Only what was looked at: the days in it are known to be due, or packed. */
int sqlite_history_drop(struct store *base, int64_t before_ms, uint64_t *rows)
{
    struct store_sqlite *store = store_sqlite_of(base);
    uint64_t dropped = 0;
    pthread_mutex_lock(&store->tracks.writing);
    int outcome = look(&store->tracks);
    unsigned below = (unsigned)store->tracks.place.segment;
    pthread_mutex_unlock(&store->tracks.writing);
    outcome = outcome ? outcome : store_history_drop_before(store->history, before_ms, below, &dropped);
    if (rows) {
        *rows = dropped;
    }
    return outcome;
}

/* --- reading --- */

#define TRACK_COLUMNS                                                                                                                      \
    "SELECT t.key, t.first, t.last, t.fixes, t.step, t.packed, t.bytes, EXISTS (SELECT 1 FROM due d WHERE d.key = t.key) FROM track t "

static void give_track(sqlite3_stmt *s, const char *seal, bool stale, store_track_fn each, void *context)
{
    struct store_track track = {.day_ms = day_of_key(sqlite3_column_int64(s, 0)),
                                .fixes = (uint32_t)sqlite3_column_int64(s, 3),
                                .step_s = (uint32_t)sqlite3_column_int64(s, 4),
                                .packed_ms = sqlite3_column_int64(s, 5),
                                .bytes = store_db_column_bytes(s, 6),
                                .stale = stale || sqlite3_column_int(s, 7)};
    track.first_ms = track.day_ms + sqlite3_column_int64(s, 1);
    track.last_ms = track.day_ms + sqlite3_column_int64(s, 2);
    snprintf(track.seal, sizeof track.seal, "%s", seal);
    each(context, &track);
}

struct span {
    int64_t from_ms, until_ms, first_key, last_key; /* keys of the days that there are in it */
    bool stale;
};

/* One seal: its key in every day of the span. */
static int list_of_seal(struct store_db *db, const char *seal, const struct span *span, store_track_fn each, void *context)
{
    int64_t n = 0;
    int outcome = number_of_seal(db, seal, &n);
    sqlite3_stmt *s = outcome || !n ? NULL : store_db_prepare(db, TRACK_COLUMNS "WHERE t.key = ?");
    for (int64_t day = span->first_key >> 32; s && !outcome && day <= span->last_key >> 32; day++) {
        sqlite3_bind_int64(s, 1, day * (INT64_C(1) << 32) + n);
        int code = sqlite3_step(s);
        bool overlaps = code == SQLITE_ROW && day * TRACK_DAY_MS + sqlite3_column_int64(s, 1) <= span->until_ms &&
                        day * TRACK_DAY_MS + sqlite3_column_int64(s, 2) >= span->from_ms;
        if (overlaps) {
            give_track(s, seal, span->stale, each, context);
        }
        outcome = code == SQLITE_ROW || code == SQLITE_DONE ? 0 : store_db_fail(db, "reading a track");
        sqlite3_reset(s);
    }
    return outcome || s || !n ? outcome : store_outcome();
}

/* Every seal: the names of a day in order, then their blocks one by one, so that none is sorted. */
static int list_of_all(struct store_db *db, const struct span *span, store_track_fn each, void *context)
{
    sqlite3_stmt *s = store_db_prepare(db, "SELECT t.key, s.name FROM track t JOIN seal s ON s.n = t.key & 4294967295 "
                                           "WHERE t.key BETWEEN ? AND ? ORDER BY t.key >> 32, s.name");
    sqlite3_stmt *block = store_db_prepare(db, TRACK_COLUMNS "WHERE t.key = ? AND (t.key >> 32) * 86400000 + t.first <= ? AND "
                                                             "(t.key >> 32) * 86400000 + t.last >= ?");
    if (!s || !block) {
        return store_outcome();
    }
    sqlite3_bind_int64(s, 1, span->first_key);
    sqlite3_bind_int64(s, 2, span->last_key);
    int outcome = 0, code = SQLITE_DONE;
    while (!outcome && (code = sqlite3_step(s)) == SQLITE_ROW) {
        char seal[MODEL_SEAL_SIZE];
        store_db_column_text(s, 1, seal, sizeof seal);
        sqlite3_bind_int64(block, 1, sqlite3_column_int64(s, 0));
        sqlite3_bind_int64(block, 2, span->until_ms);
        sqlite3_bind_int64(block, 3, span->from_ms);
        int found = sqlite3_step(block);
        if (found == SQLITE_ROW) {
            give_track(block, seal, span->stale, each, context);
        } else if (found != SQLITE_DONE) {
            outcome = store_db_fail(db, "reading a track");
        }
        sqlite3_reset(block);
    }
    outcome = outcome || code == SQLITE_DONE ? outcome : store_db_fail(db, "reading tracks");
    sqlite3_reset(s);
    return outcome;
}

int sqlite_track_list(struct store *base, const char *seal, int64_t from_ms, int64_t until_ms, store_track_fn each, void *context)
{
    struct sqlite_tracks *t = &store_sqlite_of(base)->tracks;
    struct span span = {from_ms, until_ms, 0, 0, false};
    struct store_db *db = NULL;
    int64_t first = 0, last = 0;
    pthread_mutex_lock(&t->writing);
    span.stale = look(t) != 0; /* with the disk full: nothing is known to be fresh, and whoever reads looks at the observations */
    pthread_mutex_unlock(&t->writing);
    int outcome = store_pool_take(&t->readers, &db);
    outcome = outcome ? outcome : store_db_number(db, "SELECT key FROM track ORDER BY key LIMIT 1", INT64_MAX, &first);
    outcome = outcome ? outcome : store_db_number(db, "SELECT key FROM track ORDER BY key DESC LIMIT 1", INT64_MIN, &last);
    if (!outcome && first <= last) {
        int64_t from = key_of_day(from_ms), until = key_of_day(until_ms) | UINT32_MAX;
        span.first_key = from > first ? from : first;
        span.last_key = until < last ? until : last;
        outcome = *seal ? list_of_seal(db, seal, &span, each, context) : list_of_all(db, &span, each, context);
    }
    store_pool_put(&t->readers, db);
    return outcome;
}

/* --- what is due --- */

static const char SQL_DUE[] = "SELECT d.key, d.mark, s.name FROM due d JOIN seal s ON s.n = d.key & 4294967295 LEFT JOIN track t ON t.key = d.key "
                              "WHERE d.key >= ?1 AND d.key < ?2 AND (t.key IS NULL OR t.packed <= ?3) ORDER BY d.key LIMIT ?4";
static const char SQL_COARSE[] = "SELECT t.key, 0, s.name FROM track t JOIN seal s ON s.n = t.key & 4294967295 "
                                 "WHERE t.key >= ?1 AND t.key < ?2 AND t.step < ?3 ORDER BY t.key LIMIT ?4";

static int list_due(struct sqlite_tracks *t, const struct store_due_query *q, store_due_fn each, void *context)
{
    sqlite3_stmt *s = store_db_prepare(t->writer, q->coarse ? SQL_COARSE : SQL_DUE);
    if (!s) {
        return store_outcome();
    }
    sqlite3_bind_int64(s, 1, key_of_day(q->from_ms));
    sqlite3_bind_int64(s, 2, key_of_day(q->until_ms));
    sqlite3_bind_int64(s, 3, q->coarse ? q->step_s : q->packed_before_ms);
    sqlite3_bind_int64(s, 4, q->limit);
    int code;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        struct store_due due = {.day_ms = day_of_key(sqlite3_column_int64(s, 0)), .mark = sqlite3_column_int64(s, 1)};
        store_db_column_text(s, 2, due.seal, sizeof due.seal);
        forget(t, due.seal); /* what comes from here on is newer than the mark */
        each(context, &due);
    }
    int outcome = code == SQLITE_DONE ? 0 : store_db_fail(t->writer, "reading what tracks are due");
    sqlite3_reset(s);
    return outcome;
}

int sqlite_track_due(struct store *base, const struct store_due_query *q, store_due_fn each, void *context)
{
    struct sqlite_tracks *t = &store_sqlite_of(base)->tracks;
    pthread_mutex_lock(&t->writing);
    int outcome = look(t);
    outcome = outcome ? outcome : list_due(t, q, each, context);
    pthread_mutex_unlock(&t->writing);
    return outcome;
}

int sqlite_track_size(struct store *base, struct store_track_size *out)
{
    static const char *const SQL[] = {"SELECT count(*) FROM track", "SELECT coalesce(sum(fixes), 0) FROM track",
                                      "SELECT coalesce(sum(length(bytes)), 0) FROM track",
                                      "SELECT (SELECT * FROM pragma_page_count) * (SELECT * FROM pragma_page_size)", "SELECT count(*) FROM due",
                                      "SELECT count(*) FROM seal", "SELECT coalesce(min(key), 0) FROM track",
                                      "SELECT coalesce(max(key), 0) FROM track"};
    enum { N = sizeof SQL / sizeof *SQL };
    int64_t values[N] = {0};
    struct sqlite_tracks *t = &store_sqlite_of(base)->tracks;
    pthread_mutex_lock(&t->writing);
    int outcome = look(t);
    for (size_t i = 0; i < N && !outcome; i++) {
        outcome = store_db_number(t->writer, SQL[i], 0, &values[i]);
    }
    pthread_mutex_unlock(&t->writing);
    if (!outcome) {
        *out = (struct store_track_size){(uint64_t)values[0], (uint64_t)values[1], (uint64_t)values[2], (uint64_t)values[3], (uint64_t)values[4],
                                         (uint64_t)values[5], day_of_key(values[6]), day_of_key(values[7])};
    }
    return outcome;
}
