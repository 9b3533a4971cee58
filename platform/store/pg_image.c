// SPDX-License-Identifier: Apache-2.0
// The image of a PostgreSQL store: records by key, observations by day, then seal and time.

#include "platform/store/image.h"
#include "platform/store/pg_calls.h"
#include "platform/store/pg_history.h"
#include "platform/store/pg_records.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct store_backend store_postgres;

static struct store *look(const char *rest, char *why, size_t size)
{
    struct store *store = store_postgres.open(rest, why, size);
    if (store) {
        store->backend = &store_postgres;
    }
    return store;
}

/* Several processes may have it open: who moves out of it stops them himself. */
static int hold(struct store *base, int *pid)
{
    (void)base;
    *pid = 0;
    return 0;
}

/* --- records: reading --- */

/* How a column is read, and how a parameter becomes one again. */
static const char *const READ[] = {[STORE_CELL_NUMBER] = "\"%s\"::bigint",
                                   [STORE_CELL_BOOL] = "\"%s\"::integer::bigint",
                                   [STORE_CELL_REAL] = "\"%s\"",
                                   [STORE_CELL_TEXT] = "\"%s\"",
                                   [STORE_CELL_BYTES] = "\"%s\""};
static const char *const WRITE[] = {[STORE_CELL_NUMBER] = "$%u",
                                    [STORE_CELL_BOOL] = "$%u::integer::boolean",
                                    [STORE_CELL_REAL] = "$%u",
                                    [STORE_CELL_TEXT] = "$%u",
                                    [STORE_CELL_BYTES] = "$%u"};

static void add_key(struct pg_sql *sql, const struct store_image_table *table)
{
    for (unsigned i = 0; i < table->n_key; i++) {
        pg_sql_add(sql, "%s\"%s\"%s", i ? ", " : "", table->columns[i].name,
                   table->columns[i].kind == STORE_CELL_TEXT ? " COLLATE \"C\"" : "");
    }
}

static void add_param(struct pg_params *p, enum store_cell_kind kind, const struct store_cell *cell, struct pg_owned *owned)
{
    static const Oid TYPES[] = {[STORE_CELL_NUMBER] = PG_TYPE_LONG, [STORE_CELL_BOOL] = PG_TYPE_LONG, [STORE_CELL_REAL] = 701,
                                [STORE_CELL_TEXT] = 25, [STORE_CELL_BYTES] = PG_TYPE_BYTEA};
    if (cell->null) {
        pg_param_null(p, TYPES[kind]);
    } else if (kind == STORE_CELL_REAL) {
        pg_param_real(p, cell->real);
    } else if (kind == STORE_CELL_BYTES) {
        pg_param_bytes(p, cell->bytes);
    } else if (kind == STORE_CELL_TEXT) {
        char *text = strndup(cell->bytes.len ? (const char *)cell->bytes.at : "", cell->bytes.len);
        if (text) {
            owned->at[owned->n++] = text;
        }
        pg_param_text(p, text ? text : "");
    } else {
        pg_param_long(p, cell->number);
    }
}

static void add_params(struct pg_params *p, const struct store_image_table *table, const struct store_cell *cells, unsigned n,
                       struct pg_owned *owned)
{
    for (unsigned i = 0; i < n; i++) {
        add_param(p, table->columns[i].kind, &cells[i], owned);
    }
}

static void write_select(struct pg_sql *sql, const struct store_image_table *table, bool after)
{
    pg_sql_add(sql, "SELECT ");
    for (unsigned i = 0; table->columns[i].name; i++) {
        pg_sql_add(sql, i ? ", " : "");
        pg_sql_add(sql, READ[table->columns[i].kind], table->columns[i].name);
    }
    pg_sql_add(sql, " FROM \"%s\" WHERE %s", table->name, table->where ? table->where : "true");
    if (after) {
        pg_sql_add(sql, " AND (");
        add_key(sql, table);
        pg_sql_add(sql, ") > (");
        for (unsigned i = 0; i < table->n_key; i++) {
            pg_sql_add(sql, "%s$%u", i ? ", " : "", i + 1);
        }
        pg_sql_add(sql, ")");
    }
    pg_sql_add(sql, " ORDER BY ");
    add_key(sql, table);
    pg_sql_add(sql, " LIMIT %u", table->page);
}

static void give_row(const PGresult *r, int row, const struct store_image_table *table, store_image_fn each, void *context)
{
    struct store_cell cells[STORE_IMAGE_COLUMNS];
    for (int i = 0; table->columns[i].name; i++) {
        enum store_cell_kind kind = table->columns[i].kind;
        cells[i] = (struct store_cell){.null = PQgetisnull(r, row, i)};
        if (cells[i].null) {
            continue;
        }
        if (kind == STORE_CELL_REAL) {
            cells[i].real = pg_real(r, row, i);
        } else if (kind == STORE_CELL_NUMBER || kind == STORE_CELL_BOOL) {
            cells[i].number = pg_long(r, row, i);
        } else {
            cells[i].bytes = pg_bytes(r, row, i);
        }
    }
    each(context, cells);
}

static int rows(struct store *base, const struct store_image_table *table, const struct store_cell *after, store_image_fn each, void *context)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_sql sql = {.len = 0};
    struct pg_params p = {.n = 0};
    struct pg_owned owned = {.n = 0};
    struct pg_conn *conn = NULL;
    int outcome = pg_read_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    write_select(&sql, table, after != NULL);
    if (after) {
        add_params(&p, table, after, table->n_key, &owned);
    }
    PGresult *r = pg_run(conn, sql.at, &p, "reading");
    outcome = r ? 0 : store_outcome();
    pg_read_end(store, conn);
    for (int i = 0; r && i < PQntuples(r); i++) {
        give_row(r, i, table, each, context);
    }
    PQclear(r);
    pg_owned_free(&owned);
    return outcome;
}

/* --- records: writing --- */

static void write_put(struct pg_sql *sql, const struct store_image_table *table)
{
    unsigned width = store_image_width(table);
    pg_sql_add(sql, "INSERT INTO \"%s\" (", table->name);
    for (unsigned i = 0; i < width; i++) {
        pg_sql_add(sql, "%s\"%s\"", i ? ", " : "", table->columns[i].name);
    }
    pg_sql_add(sql, ") VALUES (");
    for (unsigned i = 0; i < width; i++) {
        pg_sql_add(sql, i ? ", " : "");
        pg_sql_add(sql, WRITE[table->columns[i].kind], i + 1);
    }
    pg_sql_add(sql, ") ON CONFLICT (");
    for (unsigned i = 0; i < table->n_key; i++) {
        pg_sql_add(sql, "%s\"%s\"", i ? ", " : "", table->columns[i].name);
    }
    pg_sql_add(sql, table->only_grows || width == table->n_key ? ") DO NOTHING" : ") DO UPDATE SET ");
    for (unsigned i = table->n_key; i < width && !table->only_grows; i++) {
        pg_sql_add(sql, "%s\"%s\" = excluded.\"%s\"", i > table->n_key ? ", " : "", table->columns[i].name, table->columns[i].name);
    }
}

static void write_forget(struct pg_sql *sql, const struct store_image_table *table)
{
    pg_sql_add(sql, "DELETE FROM \"%s\" WHERE ", table->name);
    for (unsigned i = 0; i < table->n_key; i++) {
        pg_sql_add(sql, "%s\"%s\" = $%u", i ? " AND " : "", table->columns[i].name, i + 1);
    }
}

/* Numbers that the database gives go on behind the highest. */
static int go_on_numbering(struct pg_conn *conn, const struct store_image_table *table)
{
    char sql[300];
    snprintf(sql, sizeof sql, "SELECT setval(pg_get_serial_sequence('\"%s\"', 'number'), greatest((SELECT max(number) FROM \"%s\"), 1))", table->name,
             table->name);
    PGresult *r = table->numbered ? pg_run(conn, sql, NULL, "numbering") : NULL;
    int outcome = r || !table->numbered ? 0 : store_outcome();
    PQclear(r);
    return outcome;
}

static int run_rows(struct store *base, const struct store_image_table *table, const char *sql, unsigned bound, const struct store_cell *cells,
                    size_t n)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    int outcome = pg_write_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    for (size_t i = 0; i < n && !outcome; i++) {
        struct pg_params p = {.n = 0};
        struct pg_owned owned = {.n = 0};
        add_params(&p, table, cells + i * store_image_width(table), bound, &owned);
        outcome = pg_do(conn, sql, &p, table->name, NULL);
        pg_owned_free(&owned);
    }
    outcome = outcome ? outcome : go_on_numbering(conn, table);
    return pg_write_end(store, conn, outcome, NULL);
}

static int put(struct store *base, const struct store_image_table *table, const struct store_cell *cells, size_t n)
{
    struct pg_sql sql = {.len = 0};
    write_put(&sql, table);
    return run_rows(base, table, sql.at, store_image_width(table), cells, n);
}

static int forget(struct store *base, const struct store_image_table *table, const struct store_cell *cells, size_t n)
{
    struct pg_sql sql = {.len = 0};
    write_forget(&sql, table);
    return run_rows(base, table, sql.at, table->n_key, cells, n);
}

/* --- observations --- */

/* Behind this row of the strays, and then of the days; as text it sorts as they come. `alone`: the strays and no more. */
struct spot {
    bool alone, in_days;
    int32_t day;
    int32_t seal; /* with at and id: the last that was given; 0: none of this day */
    int64_t at;
    char id[40];
};

static void write_place(const struct spot *p, char text[120])
{
    snprintf(text, 120, "%c:%08x:%08x:%016" PRIx64 ":%s", p->alone ? 'a' : p->in_days ? 'd' : 'b', (unsigned)p->day, (unsigned)p->seal,
             (uint64_t)p->at ^ (UINT64_C(1) << 63), p->id);
}

static struct spot read_place(const char *text)
{
    struct spot p = {.id = "00000000-0000-0000-0000-000000000000"};
    char kind = 'b';
    unsigned day = 0, seal = 0;
    uint64_t at = 0;
    if (sscanf(text, "%c:%8x:%8x:%16" SCNx64 ":%36s", &kind, &day, &seal, &at, p.id) == 5) {
        p.alone = kind == 'a';
        p.in_days = kind == 'd';
        p.day = (int32_t)day;
        p.seal = (int32_t)seal;
        p.at = (int64_t)(at ^ (UINT64_C(1) << 63));
    }
    return p;
}

#define COLUMNS "SELECT o.id, o.name, o.at, o.received, o.body, o.raw, s.name, o.seal, o.id::text FROM "
#define BEHIND  " o JOIN seal_name s ON s.n = o.seal WHERE (o.seal, o.at, o.id) > ($1::integer, $2::bigint, $3::text::uuid)"
#define ORDERED " ORDER BY o.seal, o.at, o.id LIMIT $4::bigint"

/* Gives rows behind the place in its table; *given of them. */
static int give_page(struct pg_conn *conn, struct spot *place, size_t limit, store_observation_fn each, void *context, size_t *given)
{
    struct pg_params p = {.n = 0};
    pg_param_int(&p, place->seal);
    pg_param_long(&p, place->at);
    pg_param_text(&p, place->id);
    pg_param_long(&p, (int64_t)limit);
    if (place->in_days) {
        pg_param_long(&p, place->day * PG_DAY_MS);
        pg_param_long(&p, (place->day + 1) * PG_DAY_MS);
    }
    PGresult *r = pg_run(conn, place->in_days ? COLUMNS "observation" BEHIND " AND o.at >= $5 AND o.at < $6" ORDERED : COLUMNS "observation_stray" BEHIND ORDERED,
                         &p, "reading observations");
    int outcome = r ? 0 : store_outcome(), n = r ? PQntuples(r) : 0;
    for (int i = 0; i < n && !outcome; i++) {
        outcome = pg_row_give(r, i, pg_bytes(r, i, 6), each, context);
    }
    if (n > 0) {
        place->seal = pg_int(r, n - 1, 7);
        place->at = pg_long(r, n - 1, 2);
        snprintf(place->id, sizeof place->id, "%s", pg_text(r, n - 1, 8));
    }
    PQclear(r);
    *given += (size_t)n;
    return outcome;
}

/* The first day that is later, and from its beginning; STORE_NOT_FOUND: there is none. */
static int next_day(struct pg_conn *conn, struct spot *place)
{
    struct pg_params p = {.n = 0};
    pg_param_int(&p, place->in_days ? place->day : INT32_MIN);
    PGresult *r = pg_run(conn, "SELECT day FROM observation_day WHERE day > $1::integer ORDER BY day LIMIT 1", &p, "reading observations");
    int outcome = !r ? store_outcome() : PQntuples(r) == 0 ? STORE_NOT_FOUND : 0;
    if (!outcome) {
        *place = (struct spot){.in_days = true, .day = pg_int(r, 0, 0), .id = "00000000-0000-0000-0000-000000000000"};
    }
    PQclear(r);
    return outcome;
}

static int observations(struct store *base, char place[120], size_t limit, store_observation_fn each, void *context)
{
    struct store_pg *store = store_pg_of(base);
    struct spot at = read_place(place), next;
    struct pg_conn *conn = NULL;
    size_t given = 0;
    int outcome = pg_read_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    while (!outcome && given == 0) {
        outcome = give_page(conn, &at, limit, each, context, &given);
        next = at;
        if (!outcome && given == 0) {
            outcome = at.alone ? STORE_NOT_FOUND : next_day(conn, &next);
            at = outcome ? at : next;
        }
    }
    pg_read_end(store, conn);
    if (outcome >= 0) {
        write_place(&at, place);
    }
    return outcome;
}

static bool day(struct store *base, int64_t number, char place[120])
{
    struct spot p = {.alone = number == INT64_MIN, .in_days = number != INT64_MIN, .id = "00000000-0000-0000-0000-000000000000"};
    (void)base;
    if (number != INT64_MIN && (number < INT32_MIN || number > INT32_MAX)) {
        p.alone = true; /* no day's table is so far away: the strays alone */
        p.in_days = false;
    } else if (p.in_days) {
        p.day = (int32_t)number;
    }
    write_place(&p, place);
    return true;
}

const struct store_image store_pg_image = {
    .look = look, .hold = hold, .rows = rows, .put = put, .forget = forget, .observations = observations, .day = day};
