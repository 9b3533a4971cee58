// SPDX-License-Identifier: Apache-2.0
// The observations of a directory in order of arrival, segment after segment, also while a program appends to the last.

#include "platform/store/sqlite_image.h"
#include "platform/store/sqlite_records.h"
#include "platform/store/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct spot { /* behind this row of this segment; as text in hexadecimal digits, so that it sorts */
    unsigned segment;
    int64_t row;
};

static struct spot read_place(const char *text)
{
    struct spot p = {0, 0};
    unsigned long long row = 0;
    if (sscanf(text, "%8x:%16llx", &p.segment, &row) == 2) {
        p.row = (int64_t)row;
    }
    return p;
}

static void write_place(struct spot p, char text[120])
{
    snprintf(text, 120, "%08x:%016llx", p.segment, (unsigned long long)p.row);
}

struct next {
    unsigned after, found; /* found 0: none */
};

static void take_name(void *context, const char *name)
{
    struct next *next = context;
    unsigned number = 0;
    char end[8] = "";
    if (strlen(name) == 9 && sscanf(name, "%6u.%3s", &number, end) == 2 && strcmp(end, "db") == 0 && number > next->after &&
        (next->found == 0 || number < next->found)) {
        next->found = number;
    }
}

/* The segment behind one; 0: there is none. */
static unsigned segment_after(struct store *base, unsigned number)
{
    char folder[STORE_PATH_SIZE];
    struct next next = {number, 0};
    snprintf(folder, sizeof folder, "%.*s/segments", STORE_PATH_SIZE - 40, sqlite_image_folder(base));
    (void)store_disk_machine.list(store_disk_machine.host, folder, take_name, &next);
    return next.found;
}

struct give {
    struct segment *segment; /* only its name is asked for */
    struct store_db *db;
    size_t limit, given;
    store_observation_fn each;
    void *context;
};

static int give_rows(struct give *g, int64_t base_ms, struct spot *place)
{
    struct store_stream stream = {.segment = g->segment, .db = g->db, .base_ms = base_ms};
    char seal[MODEL_SEAL_SIZE];
    int code = SQLITE_DONE, outcome = 0;
    stream.rows = store_db_prepare(g->db, "SELECT id, at, lag, body, raw, name, observation.n FROM observation JOIN seal ON seal.n = "
                                          "observation.seal WHERE observation.n > ? ORDER BY observation.n LIMIT ?");
    if (!stream.rows) {
        return store_outcome();
    }
    sqlite3_bind_int64(stream.rows, 1, place->row);
    sqlite3_bind_int64(stream.rows, 2, (sqlite3_int64)(g->limit - g->given));
    while (!outcome && (code = sqlite3_step(stream.rows)) == SQLITE_ROW) {
        store_db_column_text(stream.rows, 5, seal, sizeof seal);
        int64_t n = sqlite3_column_int64(stream.rows, 6);
        outcome = store_stream_give(&stream, seal, g->each, g->context);
        place->row = outcome ? place->row : n;
        g->given += outcome == 0;
    }
    sqlite3_reset(stream.rows);
    return outcome || code == SQLITE_DONE ? outcome : store_db_fail(g->db, "reading observations");
}

/* Opens a segment; *there is false when it is gone by now (retention), or its tables are not made yet: it has no rows. */
static int open_segment(struct store *base, unsigned number, struct store_db **db, bool *there)
{
    char name[64], path[STORE_PATH_SIZE + 64];
    struct stat info;
    int64_t tables = 0;
    snprintf(name, sizeof name, "segments/%06u.db", number);
    snprintf(path, sizeof path, "%s/%s", sqlite_image_folder(base), name);
    *there = stat(path, &info) == 0;
    int outcome = *there ? sqlite_image_open(base, name, db) : 0;
    if (outcome || !*there) {
        return outcome;
    }
    outcome = store_db_number(*db, "SELECT count(*) FROM sqlite_schema WHERE name IN ('observation', 'seal', 'meta')", 0, &tables);
    *there = !outcome && tables == 3;
    if (!*there) {
        store_db_close(*db);
    }
    return outcome;
}

/* Rows behind place->row of its segment. */
static int give_segment(struct store *base, struct give *g, struct spot *place)
{
    int64_t base_ms = 0;
    bool there;
    int outcome = open_segment(base, place->segment, &g->db, &there);
    if (outcome || !there) {
        return outcome;
    }
    snprintf(g->segment->name, sizeof g->segment->name, "%06u.db", place->segment % 1000000);
    outcome = store_db_number(g->db, "SELECT value FROM meta WHERE name = 'base'", 0, &base_ms);
    outcome = outcome ? outcome : give_rows(g, base_ms, place);
    store_db_close(g->db);
    return outcome;
}

static int has_rows(struct store *base, unsigned number, int64_t *rows)
{
    struct store_db *db = NULL;
    bool there;
    *rows = 0;
    int outcome = open_segment(base, number, &db, &there);
    if (outcome || !there) {
        return outcome;
    }
    outcome = store_db_number(db, "SELECT count(*) FROM (SELECT 1 FROM observation LIMIT 1)", 0, rows);
    store_db_close(db);
    return outcome;
}

/* A segment is finished once one behind it has a row (the next is made ready long before it is written to): only when that is
 * seen is the rest of this one read, and then left. */
static int give_on(struct store *base, struct give *g, struct spot *place)
{
    for (;;) {
        unsigned next = segment_after(base, place->segment);
        int64_t rows = 0;
        int outcome = next ? has_rows(base, next, &rows) : 0;
        outcome = outcome || !place->segment ? outcome : give_segment(base, g, place);
        if (outcome || g->given == g->limit || rows == 0) {
            return outcome;
        }
        *place = (struct spot){next, 0};
    }
}

int sqlite_image_observations(struct store *base, char place[120], size_t limit, store_observation_fn each, void *context)
{
    struct spot at = read_place(place);
    struct give g = {.segment = calloc(1, sizeof *g.segment), .limit = limit, .each = each, .context = context};
    if (!g.segment) {
        return store_fail(STORE_FAILED, "reading observations: out of memory");
    }
    int outcome = give_on(base, &g, &at);
    free(g.segment);
    if (outcome) {
        return outcome;
    }
    write_place(at, place);
    return g.given ? 0 : STORE_NOT_FOUND;
}

static void take_arrival(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    (void)raw;
    *(int64_t *)context = o->received_ms;
}

/* Segments follow one another: what arrived since a time begins in the last one whose first row is not later. */
int sqlite_image_since(struct store *base, int64_t arrival_ms, char place[120])
{
    struct spot at = {0, 0};
    int outcome = 0;
    for (unsigned n = segment_after(base, 0); n && !outcome; n = segment_after(base, n)) {
        struct spot first = {n, 0};
        int64_t arrived_ms = INT64_MAX;
        struct give g = {.segment = calloc(1, sizeof *g.segment), .limit = 1, .each = take_arrival, .context = &arrived_ms};
        outcome = g.segment ? give_segment(base, &g, &first) : store_fail(STORE_FAILED, "reading observations: out of memory");
        free(g.segment);
        if (outcome || arrived_ms > arrival_ms) {
            break;
        }
        at = (struct spot){n, 0};
    }
    write_place(at, place);
    return outcome;
}
