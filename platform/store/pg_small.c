// SPDX-License-Identifier: Apache-2.0
// Sessions and keys, answers given before, settings, damaged messages.

#include "platform/store/pg_records.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAMAGES_KEPT = 100000 };
#define ANSWER_KEPT_MS  (INT64_C(24) * 3600 * 1000)
#define SESSION_KEPT_MS (INT64_C(24) * 3600 * 1000) /* after its end */

static int run_number(struct pg_conn *conn, const char *sql, int64_t number, const char *doing)
{
    struct pg_params p = {.n = 0};
    pg_param_long(&p, number);
    return pg_do(conn, sql, &p, doing, NULL);
}

/* Ended sessions go when a new one comes; keys (expires_ms 0 or less: never) stay until dropped. */
static int write_session(struct pg_conn *conn, const struct session *session)
{
    struct pg_params p = {.n = 0};
    struct pg_owned owned = {.n = 0};
    int64_t now_ms = session->used_ms > session->created_ms ? session->used_ms : session->created_ms;
    int outcome = run_number(conn,
                             "DELETE FROM session WHERE id IN (SELECT id FROM session WHERE expires_ms > 0 AND expires_ms < $1 AND NOT key "
                             "FOR UPDATE SKIP LOCKED)",
                             now_ms - SESSION_KEPT_MS, "writing a session");
    outcome = outcome ? outcome : pg_fields_add(&p, &owned, record_session_fields, session);
    outcome = outcome ? outcome
                      : pg_do(conn,
                              "INSERT INTO session (id, \"user\", csrf, key, label, scopes, created_ms, expires_ms, used_ms) "
                              "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO UPDATE SET \"user\" = excluded.\"user\", "
                              "csrf = excluded.csrf, key = excluded.key, label = excluded.label, scopes = excluded.scopes, "
                              "expires_ms = excluded.expires_ms, used_ms = excluded.used_ms",
                              &p, "writing a session", NULL);
    pg_owned_free(&owned);
    return outcome;
}

int pg_session_put(struct store *base, const struct session *session, const struct audit *audit)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    int outcome = pg_write_begin(store, &conn);
    return outcome ? outcome : pg_write_end(store, conn, write_session(conn, session), audit);
}

struct one {
    struct session *out;
    size_t n;
};

static void take_one(void *context, const void *record)
{
    struct one *one = context;
    *one->out = *(const struct session *)record;
    one->n++;
}

#define SESSION_COLUMNS "SELECT id, \"user\", csrf, key, label, scopes, created_ms, expires_ms, used_ms FROM session "

int pg_session_get(struct store *base, const char *id, struct session *out)
{
    struct session session;
    struct one one = {out, 0};
    int outcome =
        pg_each(store_pg_of(base), SESSION_COLUMNS "WHERE id = $1", id, record_session_fields, &session, sizeof session, take_one, &one);
    return !outcome && one.n == 0 ? store_fail(STORE_NOT_FOUND, "the session does not exist") : outcome;
}

static int drop_session(struct pg_conn *conn, const char *id)
{
    struct pg_params p = {.n = 0};
    long changed = 0;
    pg_param_text(&p, id);
    int outcome = pg_do(conn, "DELETE FROM session WHERE id = $1", &p, "dropping a session", &changed);
    return !outcome && changed == 0 ? store_fail(STORE_NOT_FOUND, "the session does not exist") : outcome;
}

int pg_session_drop(struct store *base, const char *id, const struct audit *audit)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    int outcome = pg_write_begin(store, &conn);
    return outcome ? outcome : pg_write_end(store, conn, drop_session(conn, id), audit);
}

int pg_sessions(struct store *base, const char *user, bool keys, store_each_fn each, void *context)
{
    static const char *const SQL[2][2] = {
        {SESSION_COLUMNS "WHERE NOT key ORDER BY number DESC", SESSION_COLUMNS "WHERE \"user\" = $1 AND NOT key ORDER BY number DESC"},
        {SESSION_COLUMNS "WHERE key ORDER BY number DESC", SESSION_COLUMNS "WHERE \"user\" = $1 AND key ORDER BY number DESC"}};
    struct session session;
    return pg_each(store_pg_of(base), SQL[keys][*user != '\0'], *user ? user : NULL, record_session_fields, &session, sizeof session, each,
                   context);
}

static int write_answer(struct pg_conn *conn, const char *key, int status, const char *body, int64_t now_ms)
{
    struct pg_params p = {.n = 0};
    long changed = 0;
    pg_param_text(&p, key);
    pg_param_int(&p, status);
    pg_param_text(&p, body);
    pg_param_long(&p, now_ms);
    int outcome = run_number(conn, "DELETE FROM answer WHERE key IN (SELECT key FROM answer WHERE time_ms < $1 FOR UPDATE SKIP LOCKED)",
                             now_ms - ANSWER_KEPT_MS, "writing an answer");
    outcome = outcome ? outcome
                      : pg_do(conn,
                              "INSERT INTO answer (key, status, body, time_ms) VALUES ($1, $2, $3, $4) ON CONFLICT (key) DO UPDATE SET "
                              "status = excluded.status, body = excluded.body WHERE answer.status < 100",
                              &p, "writing an answer", &changed);
    return !outcome && changed == 0 ? store_fail(STORE_CONFLICT, "this Idempotency-Key has an answer already") : outcome;
}

int pg_answer_put(struct store *base, const char *key, int status, const char *body, int64_t now_ms)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    int outcome = pg_write_begin(store, &conn);
    return outcome ? outcome : pg_write_end(store, conn, write_answer(conn, key, status, body, now_ms), NULL);
}

int pg_answer_mark(struct pg_conn *conn, const struct store_carried *carried)
{
    struct pg_params p = {.n = 0};
    long changed = 0;
    pg_param_text(&p, carried->key);
    pg_param_text(&p, carried->claim);
    int outcome =
        pg_do(conn, "UPDATE answer SET status = 1 WHERE key = $1 AND body = $2 AND status IN (0, 1)", &p, "marking a claim", &changed);
    return !outcome && changed == 0 ? store_fail(STORE_CONFLICT, STORE_CLAIM_LOST) : outcome;
}

static int write_claim(struct pg_conn *conn, const char *key, const char *claim, int64_t now_ms)
{
    struct pg_params p = {.n = 0};
    long changed = 0;
    pg_param_text(&p, key);
    pg_param_text(&p, claim);
    pg_param_long(&p, now_ms);
    pg_param_long(&p, STORE_CLAIM_MS);
    int outcome = pg_do(conn,
                        "INSERT INTO answer (key, status, body, time_ms) VALUES ($1, 0, $2, $3) ON CONFLICT (key) DO UPDATE SET "
                        "body = excluded.body, time_ms = excluded.time_ms WHERE answer.status = 0 AND abs(answer.time_ms - $3) > $4",
                        &p, "writing a claim", &changed);
    return !outcome && changed == 0 ? store_fail(STORE_CONFLICT, "this Idempotency-Key is in use") : outcome;
}

int pg_answer_claim(struct store *base, const char *key, const char *claim, int64_t now_ms)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    int outcome = pg_write_begin(store, &conn);
    return outcome ? outcome : pg_write_end(store, conn, write_claim(conn, key, claim, now_ms), NULL);
}

/* A write of its own: one statement on two texts. */
static int write_pair(struct store *base, const char *sql, const char *first, const char *second, const char *doing)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_params p = {.n = 0};
    struct pg_conn *conn = NULL;
    int outcome = pg_write_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    pg_param_text(&p, first);
    pg_param_text(&p, second);
    outcome = pg_do(conn, sql, &p, doing, NULL);
    return pg_write_end(store, conn, outcome, NULL);
}

int pg_answer_release(struct store *base, const char *key, const char *claim)
{
    return write_pair(base, "DELETE FROM answer WHERE key = $1 AND body = $2 AND status = 0", key, claim, "releasing a claim");
}

/* The one row that a statement on $1 finds; STORE_NOT_FOUND with `none` as the sentence. */
static int ask_one(struct store_pg *store, const char *sql, const char *value, const char *none, PGresult **out)
{
    struct pg_params p = {.n = 0};
    struct pg_conn *conn = NULL;
    int outcome = pg_read_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    pg_param_text(&p, value);
    PGresult *r = pg_run(conn, sql, &p, "reading");
    outcome = r ? 0 : store_outcome();
    pg_read_end(store, conn);
    if (!outcome && PQntuples(r) == 0) {
        PQclear(r);
        return store_fail(STORE_NOT_FOUND, "%s", none);
    }
    *out = r;
    return outcome;
}

int pg_answer_get(struct store *base, const char *key, int *status, char **body)
{
    PGresult *r = NULL;
    int outcome =
        ask_one(store_pg_of(base), "SELECT status, body FROM answer WHERE key = $1", key, "this Idempotency-Key has no answer yet", &r);
    if (outcome) {
        return outcome;
    }
    char *copy = strdup(pg_text(r, 0, 1));
    if (copy) {
        *status = pg_int(r, 0, 0);
        *body = copy;
    }
    PQclear(r);
    return copy ? 0 : store_fail(STORE_FAILED, "reading an answer: out of memory");
}

int pg_setting_put(struct store *base, const char *name, const char *value)
{
    return write_pair(base, "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                      name, value, "writing a setting");
}

int pg_setting_make(struct store *base, const char *name, const char *value)
{
    return write_pair(base, "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", name, value,
                      "writing a setting");
}

int pg_setting_get(struct store *base, const char *name, char *value, size_t size)
{
    char none[200];
    PGresult *r = NULL;
    snprintf(none, sizeof none, "setting %s does not exist", name);
    int outcome = ask_one(store_pg_of(base), "SELECT value FROM setting WHERE name = $1", name, none, &r);
    if (!outcome && (size_t)PQgetlength(r, 0, 0) >= size) {
        outcome = store_fail(STORE_FAILED, "setting %s: expected at most %zu bytes, it has %d", name, size - 1, PQgetlength(r, 0, 0));
    }
    if (!outcome) {
        snprintf(value, size, "%s", pg_text(r, 0, 0));
    }
    PQclear(r);
    return outcome;
}

/* --- damaged messages come in floods: they go by COPY --- */
enum { DAMAGE_COLUMNS = 6, DAMAGE_TEXTS = 4 };

static uint8_t *put_cell(uint8_t *at, const void *bytes, size_t n)
{
    uint32_t length = htobe32((uint32_t)n);
    memcpy(at, &length, sizeof length);
    memcpy(at + 4, n ? bytes : "", n);
    return at + 4 + n;
}

static int send_damage(struct pg_conn *conn, const struct store_damage *damage)
{
    const char *texts[DAMAGE_TEXTS] = {damage->protocol, damage->peer, damage->outcome, damage->why};
    uint64_t received = htobe64((uint64_t)damage->received_ms);
    uint16_t columns = htobe16(DAMAGE_COLUMNS);
    size_t room = sizeof *damage + damage->raw.len + 2 + DAMAGE_COLUMNS * 4;
    uint8_t *row = malloc(room), *at = row;
    if (!row) {
        return store_fail(STORE_FAILED, "writing a damaged message: out of memory");
    }
    memcpy(at, &columns, sizeof columns);
    at = put_cell(at + 2, &received, sizeof received);
    for (size_t i = 0; i < DAMAGE_TEXTS; i++) {
        char *repaired = pg_text_repair(texts[i]);
        const char *text = repaired ? repaired : texts[i];
        at = put_cell(at, text, strlen(text));
        free(repaired);
    }
    at = put_cell(at, damage->raw.at, damage->raw.len);
    int sent = PQputCopyData(conn->handle, (const char *)row, (int)(at - row));
    free(row);
    return sent == 1 ? 0 : pg_fail(conn, NULL, "writing damaged messages");
}

static int copy_damages(struct pg_conn *conn, const struct store_damage *rows, size_t n)
{
    static const char HEAD[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0", END[] = "\377\377";
    PGresult *r = PQexec(conn->handle, "COPY damage (received_ms, protocol, peer, outcome, why, raw) FROM STDIN (FORMAT binary)");
    if (PQresultStatus(r) != PGRES_COPY_IN) {
        return pg_fail(conn, r, "writing damaged messages");
    }
    PQclear(r);
    int outcome = PQputCopyData(conn->handle, HEAD, 19) == 1 ? 0 : STORE_FAILED;
    for (size_t i = 0; i < n && !outcome; i++) {
        outcome = send_damage(conn, &rows[i]);
    }
    outcome = !outcome && PQputCopyData(conn->handle, END, 2) != 1 ? STORE_FAILED : outcome;
    PQputCopyEnd(conn->handle, outcome ? "given up" : NULL);
    for (r = PQgetResult(conn->handle); r; r = PQgetResult(conn->handle)) {
        if (PQresultStatus(r) != PGRES_COMMAND_OK) {
            outcome = pg_fail(conn, r, "writing damaged messages");
        } else {
            PQclear(r);
        }
    }
    return outcome;
}

int pg_damage_put(struct store *base, const struct store_damage *rows, size_t n)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    int outcome = n > 0 ? pg_write_begin(store, &conn) : 0;
    if (outcome || n == 0) {
        return outcome;
    }
    outcome = copy_damages(conn, rows, n);
    outcome = outcome ? outcome
                      : run_number(conn,
                                   "DELETE FROM damage WHERE number IN (SELECT number FROM damage WHERE number <= (SELECT max(number) FROM "
                                   "damage) - $1 FOR UPDATE SKIP LOCKED)",
                                   DAMAGES_KEPT, "writing damaged messages");
    return pg_write_end(store, conn, outcome, NULL);
}

static void give_damage(const PGresult *r, int row, void (*each)(void *context, const struct store_damage *damage), void *context)
{
    struct store_damage damage = {.received_ms = pg_long(r, row, 0), .raw = pg_bytes(r, row, 5)};
    snprintf(damage.protocol, sizeof damage.protocol, "%s", pg_text(r, row, 1));
    snprintf(damage.peer, sizeof damage.peer, "%s", pg_text(r, row, 2));
    snprintf(damage.outcome, sizeof damage.outcome, "%s", pg_text(r, row, 3));
    snprintf(damage.why, sizeof damage.why, "%s", pg_text(r, row, 4));
    each(context, &damage);
}

int pg_damages(struct store *base, unsigned limit, void (*each)(void *context, const struct store_damage *damage), void *context)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_params p = {.n = 0};
    struct pg_conn *conn = NULL;
    int outcome = pg_read_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    pg_param_long(&p, limit);
    PGresult *r = pg_run(conn, "SELECT received_ms, protocol, peer, outcome, why, raw FROM damage ORDER BY number DESC LIMIT $1", &p,
                         "reading damaged messages");
    outcome = r ? 0 : store_outcome();
    pg_read_end(store, conn);
    for (int i = 0; r && i < PQntuples(r); i++) {
        give_damage(r, i, each, context);
    }
    PQclear(r);
    return outcome;
}
