// SPDX-License-Identifier: Apache-2.0
// Alarms: what rules know and what people do are written apart; and the files that people attach.

#include "platform/store/pg_records.h"

#include <stdlib.h>
#include <string.h>

/* What rules know. The life changes only where later facts do: withdrawn unless a person has resolved it, raised again
 * when it was withdrawn. `version` counts the changes of the life, so that an officer's answer is not refused because
 * the count of attempts grew meanwhile. */
static const char FOUND[] = "UPDATE alarm SET grade = $2, raised_ms = $3, ended_ms = $4, evidence = $5, count = $6, why = $7, has_position "
                            "= $8, lat = $9, lon = $10,"
                            " version = version + (CASE WHEN $11 = 4 THEN state < 3 ELSE state = 4 END)::integer,"
                            " state = CASE WHEN $11 = 4 AND state < 3 THEN 4 WHEN $11 <> 4 AND state = 4 THEN 0 ELSE state END,"
                            " changed_ms = greatest(changed_ms, $12) WHERE id = $1";
_Static_assert(ALARM_STATE_RAISED == 0 && ALARM_STATE_RESOLVED == 3 && ALARM_STATE_WITHDRAWN == 4, "the numbers above are stored");

static int write_found(struct pg_conn *conn, const struct alarm *alarm)
{
    struct pg_params p = {.n = 0};
    struct pg_owned owned = {.n = 0};
    long changed = 0;
    int outcome = pg_fields_add(&p, &owned, record_found_fields, alarm);
    outcome = outcome ? outcome : pg_do(conn, FOUND, &p, "writing an alarm", &changed);
    pg_owned_free(&owned);
    return !outcome && changed == 0 ? pg_record_write(conn, &record_alarm, alarm, 0) : outcome;
}

int pg_alarm_found(struct store *base, const struct alarm *alarms, size_t n)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    int outcome = n > 0 ? pg_write_begin(store, &conn) : 0;
    if (outcome || n == 0) {
        return outcome;
    }
    for (size_t i = 0; i < n && !outcome; i++) {
        outcome = write_found(conn, &alarms[i]);
    }
    return pg_write_end(store, conn, outcome, NULL);
}

/* What people do: nothing that rules know, which may have changed since the caller read it. */
static int write_life(struct pg_conn *conn, const struct alarm *alarm)
{
    struct pg_params p = {.n = 0};
    long changed = 0;
    pg_param_int(&p, (int32_t)alarm->state);
    pg_param_int(&p, (int32_t)alarm->finding);
    pg_param_text(&p, alarm->handler);
    pg_param_text(&p, alarm->patrol);
    pg_param_text(&p, alarm->note);
    pg_param_long(&p, alarm->changed_ms);
    pg_param_text(&p, alarm->id);
    pg_param_long(&p, alarm->version);
    int outcome = pg_do(conn,
                        "UPDATE alarm SET version = version + 1, state = $1, finding = $2, handler = $3, patrol = $4, note = $5, "
                        "changed_ms = $6 WHERE id = $7 AND version = $8",
                        &p, "writing an alarm", &changed);
    return !outcome && changed == 0 ? pg_record_explain(conn, &record_alarm, alarm->id, alarm->version) : outcome;
}

int pg_alarm_put(struct store *base, struct alarm *alarm, const struct audit *audit)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    int outcome = pg_write_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    outcome = alarm->version ? write_life(conn, alarm) : pg_record_write(conn, &record_alarm, alarm, 0);
    outcome = pg_write_end(store, conn, outcome, audit);
    alarm->version += outcome == 0;
    return outcome;
}

static int write_file(struct pg_conn *conn, const struct store_file *file, struct bulla_bytes content)
{
    struct pg_params p = {.n = 0}, q = {.n = 0};
    struct pg_owned owned = {.n = 0};
    pg_param_text(&p, file->id);
    pg_param_bytes(&p, content);
    int outcome = pg_do(conn, "INSERT INTO file_content (id, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING", &p, "writing a file", NULL);
    outcome = outcome ? outcome : pg_fields_add(&q, &owned, record_file_fields, file);
    outcome = outcome
                  ? outcome
                  : pg_do(conn, "INSERT INTO file (id, alarm, name, type, \"user\", added_ms, size) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                          &q, "writing a file", NULL);
    pg_owned_free(&owned);
    if (outcome && !strcmp(conn->state, "23505")) {
        return store_fail(STORE_CONFLICT, "the alarm has this file already");
    }
    return outcome && !strcmp(conn->state, "23503") ? store_fail(STORE_NOT_FOUND, "alarm %s does not exist", file->alarm) : outcome;
}

int pg_file_put(struct store *base, const struct store_file *file, struct bulla_bytes content, const struct audit *audit)
{
    struct store_pg *store = store_pg_of(base);
    struct store_file sized = *file;
    struct pg_conn *conn = NULL;
    sized.size = content.len;
    int outcome = pg_write_begin(store, &conn);
    return outcome ? outcome : pg_write_end(store, conn, write_file(conn, &sized, content), audit);
}

static int copy_content(struct bulla_bytes bytes, uint8_t **out)
{
    uint8_t *copy = malloc(bytes.len + 1);
    if (!copy) {
        return store_fail(STORE_FAILED, "reading a file: out of memory");
    }
    memcpy(copy, bytes.at, bytes.len);
    copy[bytes.len] = 0;
    *out = copy;
    return 0;
}

int pg_file_get(struct store *base, const char *id, struct store_file *out, uint8_t **content)
{
    struct store_pg *store = store_pg_of(base);
    struct store_file file = {.size = 0};
    struct pg_params p = {.n = 0};
    struct pg_conn *conn = NULL;
    int outcome = pg_read_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    pg_param_text(&p, id);
    PGresult *r = pg_run(conn,
                         "SELECT file.id, alarm, name, type, \"user\", added_ms, size, bytes FROM file JOIN file_content ON "
                         "file_content.id = file.id WHERE file.id = $1 ORDER BY number LIMIT 1",
                         &p, "reading a file");
    outcome = r ? 0 : store_outcome();
    pg_read_end(store, conn);
    if (!outcome && PQntuples(r) == 0) {
        outcome = store_fail(STORE_NOT_FOUND, "file %s does not exist", id);
    }
    outcome = outcome ? outcome : pg_fields_read(r, 0, 0, record_file_fields, &file);
    outcome = outcome ? outcome : copy_content(pg_bytes(r, 0, 7), content);
    if (!outcome) {
        *out = file;
    }
    PQclear(r);
    return outcome;
}

int pg_files(struct store *base, const char *alarm, store_each_fn each, void *context)
{
    struct store_file file;
    return pg_each(store_pg_of(base),
                   "SELECT id, alarm, name, type, \"user\", added_ms, size FROM file WHERE alarm = $1 ORDER BY number DESC", alarm,
                   record_file_fields, &file, sizeof file, each, context);
}
