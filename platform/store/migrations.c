// SPDX-License-Identifier: Apache-2.0
// Bringing the records' file from version to version.

#include "platform/store/migrations.h"

extern const char store_sql_001[], store_sql_002[], store_sql_003[], store_sql_004[], store_sql_005[], store_sql_006[], store_sql_007[],
    store_sql_008[];

static const char *const STEPS[] = {store_sql_001, store_sql_002, store_sql_003, store_sql_004, store_sql_005, store_sql_006, store_sql_007,
                                    store_sql_008};

int store_migrate_newest(void)
{
    return (int)(sizeof STEPS / sizeof *STEPS);
}

static int step(struct store_db *db, int version)
{
    char mark[48];
    sqlite3_snprintf(sizeof mark, mark, "PRAGMA user_version = %d", version);
    int outcome = store_db_begin(db);
    if (outcome) {
        return outcome;
    }
    outcome = store_db_run(db, STEPS[version - 1]);
    return store_db_end(db, outcome ? outcome : store_db_run(db, mark));
}

int store_migrate_to(struct store_db *db, int version)
{
    int64_t now = 0;
    int outcome = store_db_number(db, "PRAGMA user_version", 0, &now);
    if (!outcome && now > store_migrate_newest()) {
        return store_fail(STORE_FAILED,
                          "%s was written by a newer bulla (version %lld, this one knows up to %d); use that one, or restore a backup",
                          db->path, (long long)now, store_migrate_newest());
    }
    while (!outcome && now < version) {
        outcome = step(db, (int)++now);
    }
    return outcome;
}

int store_migrate(struct store_db *db)
{
    return store_migrate_to(db, store_migrate_newest());
}
