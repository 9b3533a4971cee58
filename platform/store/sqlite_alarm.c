// SPDX-License-Identifier: Apache-2.0
// Alarms: what rules know and what people do are written apart.

#include "platform/store/sqlite_calls.h"
#include "platform/store/sqlite_work.h"

#include <string.h>

/* What rules know. The life changes only where later facts do: withdrawn unless a person has resolved it, raised again
 * when it was withdrawn. `version` counts the changes of the life, so that an officer's answer is not refused because
 * the count of attempts grew meanwhile. */
static const char FOUND[] = "UPDATE alarm SET grade = ?2, raised_ms = ?3, ended_ms = ?4, evidence = ?5, count = ?6, why = ?7, has_position "
                            "= ?8, lat = ?9, lon = ?10,"
                            " version = version + (CASE WHEN ?11 = 4 THEN state < 3 ELSE state = 4 END),"
                            " state = CASE WHEN ?11 = 4 AND state < 3 THEN 4 WHEN ?11 <> 4 AND state = 4 THEN 0 ELSE state END,"
                            " changed_ms = max(changed_ms, ?12) WHERE id = ?1";
_Static_assert(ALARM_STATE_RAISED == 0 && ALARM_STATE_RESOLVED == 3 && ALARM_STATE_WITHDRAWN == 4, "the numbers above are stored");

static int update_found(struct store_db *db, const struct alarm *alarm)
{
    sqlite3_stmt *s = store_db_prepare(db, FOUND);
    int outcome = s ? sqlite_fields_bind(s, 1, record_found_fields, alarm) : store_outcome();
    if (!outcome) {
        outcome = store_db_step(db, s, "writing an alarm");
        sqlite3_clear_bindings(s);
    }
    return outcome;
}

static int write_found(struct store_db *db, const struct alarm *alarm)
{
    int outcome = update_found(db, alarm);
    if (!outcome && sqlite3_changes(db->handle) == 0) {
        outcome = sqlite_record_write(db, &record_alarm, alarm, 0);
    }
    return outcome;
}

int sqlite_alarm_found(struct store *base, const struct alarm *alarms, size_t n)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = n > 0 ? sqlite_write_begin(store) : NULL;
    if (!db) {
        return n > 0 ? store_outcome() : 0;
    }
    int outcome = 0;
    for (size_t i = 0; i < n && !outcome; i++) {
        outcome = write_found(db, &alarms[i]);
        outcome = outcome ? outcome : sqlite_change(store, db, STORE_CHANGED_ALARM, alarms[i].id);
    }
    return sqlite_write_end(store, outcome, NULL);
}

/* What people do: nothing that rules know, which may have changed since the caller read it. */
static int write_life(struct store_db *db, const struct alarm *alarm)
{
    sqlite3_stmt *s =
        store_db_prepare(db, "UPDATE alarm SET version = version + 1, state = ?, finding = ?, handler = ?, patrol = ?, note = ?, "
                             "changed_ms = ? WHERE id = ? AND version = ?");
    if (!s) {
        return store_outcome();
    }
    sqlite3_bind_int(s, 1, (int)alarm->state);
    sqlite3_bind_int(s, 2, (int)alarm->finding);
    store_db_bind_text(s, 3, alarm->handler);
    store_db_bind_text(s, 4, alarm->patrol);
    store_db_bind_text(s, 5, alarm->note);
    sqlite3_bind_int64(s, 6, alarm->changed_ms);
    store_db_bind_text(s, 7, alarm->id);
    sqlite3_bind_int64(s, 8, alarm->version);
    int outcome = store_db_step(db, s, "writing an alarm");
    sqlite3_clear_bindings(s);
    if (!outcome && sqlite3_changes(db->handle) == 0) {
        outcome = sqlite_record_explain(db, &record_alarm, alarm->id, alarm->version);
    }
    return outcome;
}

int sqlite_alarm_put(struct store *base, struct alarm *alarm, const struct audit *audit)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = sqlite_write_begin(store);
    if (!db) {
        return store_outcome();
    }
    int outcome = alarm->version ? write_life(db, alarm) : sqlite_record_write(db, &record_alarm, alarm, 0);
    outcome = outcome ? outcome : sqlite_change(store, db, STORE_CHANGED_ALARM, alarm->id);
    outcome = sqlite_write_end(store, outcome, audit);
    alarm->version += outcome == 0;
    return outcome;
}
