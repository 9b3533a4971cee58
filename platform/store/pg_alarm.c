// SPDX-License-Identifier: Apache-2.0
// Alarms: what rules know and what people do are written apart.

#include "platform/store/pg_records.h"

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
