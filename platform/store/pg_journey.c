// SPDX-License-Identifier: Apache-2.0
// Journeys: the record, the index of its seals, and its permissions, which only grow.

#include "platform/store/pg_records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A permission with the same id, seal, credential and beginning is the same one, changed. */
static int write_permission(struct pg_conn *conn, const char *journey, const struct permission *permission)
{
    struct pg_params p = {.n = 0};
    struct pg_owned owned = {.n = 0};
    pg_param_text(&p, journey);
    int outcome = pg_fields_add(&p, &owned, record_permission_fields, permission);
    outcome = outcome
                  ? outcome
                  : pg_do(conn,
                          "INSERT INTO permission (journey, id, seal, credential, from_ms, until_ms, unseals, has_place, place) "
                          "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (journey, id, seal, credential, from_ms) DO UPDATE SET "
                          "until_ms = excluded.until_ms, unseals = excluded.unseals, has_place = excluded.has_place, "
                          "place = excluded.place",
                          &p, "writing a permission", NULL);
    pg_owned_free(&owned);
    return outcome < 0 && !strcmp(conn->state, "23503") ? store_fail(STORE_NOT_FOUND, "journey %s does not exist", journey) : outcome;
}

static int write_seals(struct pg_conn *conn, const struct journey *journey, bool is_new)
{
    struct pg_params p = {.n = 0};
    pg_param_text(&p, journey->id);
    int outcome = is_new ? 0
                         : pg_do(conn, "DELETE FROM journey_seal WHERE position = (SELECT position FROM journey WHERE id = $1)", &p,
                                 "writing a journey's seals", NULL);
    for (size_t i = 0; i < journey->n_seals && !outcome; i++) {
        struct pg_params each = {.n = 0};
        pg_param_text(&each, journey->id);
        pg_param_text(&each, journey->seals[i]);
        outcome =
            pg_do(conn, "INSERT INTO journey_seal (position, seal) SELECT position, $2 FROM journey WHERE id = $1 ON CONFLICT DO NOTHING",
                  &each, "writing a journey's seals", NULL);
    }
    return outcome;
}

static int write_all(struct pg_conn *conn, const struct journey *journey)
{
    int outcome = pg_record_write(conn, &record_journey, journey, journey->version);
    outcome = outcome ? outcome : write_seals(conn, journey, journey->version == 0);
    for (size_t i = 0; i < journey->n_permissions && !outcome; i++) {
        outcome = write_permission(conn, journey->id, &journey->permissions[i]);
    }
    return outcome;
}

int pg_journey_put(struct store *base, struct journey *journey, const struct audit *audit)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    int outcome = pg_write_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    outcome = pg_write_end(store, conn, write_all(conn, journey), audit);
    journey->version += outcome == 0;
    return outcome;
}

/* The journey's row stays as it is, so its trigger says nothing: the node that judges it must hear of this. */
static int add_permission(struct pg_conn *conn, const char *journey, const struct permission *permission)
{
    struct pg_params p = {.n = 0};
    pg_param_text(&p, journey);
    int outcome = write_permission(conn, journey, permission);
    return outcome
               ? outcome
               : pg_do(conn, "INSERT INTO change (kind, id) SELECT 0, $1 WHERE current_setting('bulla.work', true) IS DISTINCT FROM 'on'",
                       &p, "telling of a permission", NULL);
}

int pg_permission_add(struct store *base, const char *journey, const struct permission *permission, const struct audit *audit)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    int outcome = pg_write_begin(store, &conn);
    return outcome ? outcome : pg_write_end(store, conn, add_permission(conn, journey, permission), audit);
}

int pg_command_order(struct store *base, struct command *command, const struct permission *permission, const struct audit *audit)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    int outcome = pg_write_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    outcome = add_permission(conn, command->journey, permission);
    outcome = outcome ? outcome : pg_record_write(conn, &record_command, command, 0);
    outcome = pg_write_end(store, conn, outcome, audit);
    command->version += outcome == 0;
    return outcome;
}

/* The ids of a page's journeys as the text of an array; heap. */
static char *write_ids(const struct pg_page_rows *page)
{
    size_t room = 3;
    for (int i = 0; i < page->n; i++) {
        room += 2 * strlen(pg_text(page->rows, i, 2)) + 3;
    }
    char *ids = malloc(room), *at = ids;
    for (int i = 0; ids && i < page->n; i++) {
        at += sprintf(at, "%c\"", i ? ',' : '{');
        for (const char *id = pg_text(page->rows, i, 2); *id; id++) {
            if (*id == '"' || *id == '\\') {
                *at++ = '\\';
            }
            *at++ = *id;
        }
        *at++ = '"';
    }
    if (ids) {
        strcpy(at, "}");
    }
    return ids;
}

/* The permissions of all journeys of a page: the number of its row in column 0, then the fields, in the order of the rows. */
static int read_permissions(struct pg_conn *conn, struct pg_page_rows *page)
{
    struct pg_sql sql = {.len = 0};
    struct pg_params p = {.n = 0};
    char *ids = write_ids(page);
    if (!ids) {
        return store_fail(STORE_FAILED, "journey: out of memory");
    }
    pg_param_text(&p, ids);
    pg_sql_add(&sql, "SELECT ours.row");
    for (const struct record_field *f = record_permission_fields; f->name; f++) {
        pg_sql_add(&sql, ", p.\"%s\"", f->name);
    }
    pg_sql_add(&sql,
               " FROM unnest($1::text::text[]) WITH ORDINALITY AS ours (journey, row) JOIN permission AS p ON p.journey = ours.journey "
               "ORDER BY ours.row, p.from_ms, p.number");
    page->more = pg_run(conn, sql.at, &p, "reading permissions");
    free(ids);
    return page->more ? 0 : store_outcome();
}

/* A row (version, position, fields) as a journey on the heap; *at: the next of the page's permissions. */
static int read_journey(const struct pg_page_rows *page, int row, int *at, struct journey **out)
{
    struct journey *journey = journey_new();
    if (!journey) {
        return store_fail(STORE_FAILED, "journey: out of memory");
    }
    int outcome = pg_fields_read(page->rows, row, 2, record_journey.fields, journey);
    journey->version = pg_long(page->rows, row, 0);
    for (; !outcome && *at < PQntuples(page->more) && pg_long(page->more, *at, 0) == row + 1; ++*at) {
        struct permission permission = {.id = ""};
        outcome = pg_fields_read(page->more, *at, 1, record_permission_fields, &permission);
        if (!outcome && !journey_add_permission(journey, &permission)) {
            outcome = store_fail(STORE_FAILED, "journey %s: out of memory", journey->id);
        }
    }
    if (outcome) {
        journey_free(journey);
        return outcome;
    }
    *out = journey;
    return 0;
}

static int load(struct pg_conn *conn, struct pg_page_rows *page, store_each_fn each, void *context)
{
    if (!each) {
        return read_permissions(conn, page);
    }
    int outcome = 0, at = 0;
    for (int i = 0; i < page->n && !outcome; i++) {
        struct journey *journey = NULL;
        outcome = read_journey(page, i, &at, &journey);
        if (!outcome) {
            each(context, journey);
            journey_free(journey);
        }
    }
    return outcome;
}

int pg_journeys(struct store *base, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return pg_record_list(store_pg_of(base), &record_journey, q, load, each, context, next);
}

int pg_journey_get(struct store *base, const char *id, struct journey **out)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_sql sql = {.len = 0};
    struct pg_params p = {.n = 0};
    struct pg_conn *conn = NULL;
    struct pg_page_rows page = {.n = 1};
    int at = 0, outcome = pg_read_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    pg_sql_add(&sql, "SELECT version, position, ");
    pg_sql_add_fields(&sql, record_journey.fields);
    pg_sql_add(&sql, " FROM journey WHERE id = $1");
    pg_param_text(&p, id);
    PGresult *r = pg_run(conn, sql.at, &p, "reading a journey");
    page.rows = r;
    outcome = !r                  ? store_outcome()
              : PQntuples(r) == 0 ? store_fail(STORE_NOT_FOUND, "journey %s does not exist", id)
                                  : read_permissions(conn, &page);
    pg_read_end(store, conn);
    outcome = outcome ? outcome : read_journey(&page, 0, &at, out);
    PQclear(page.more);
    PQclear(r);
    return outcome;
}
