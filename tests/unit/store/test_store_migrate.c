// SPDX-License-Identifier: Apache-2.0
// The records' file from every version to the newest; and that its tables are those of record_tables.c.

#include "store_support.h"

#include "platform/store/migrations.h"
#include "platform/store/record.h"

static char folder[64], path[100];

static int set_up(void **state)
{
    (void)state;
    make_temporary(folder);
    snprintf(path, sizeof path, "%s/bulla.db", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

static struct store_db *open_db(void)
{
    struct store_db *db = NULL;
    assert_int_equal(store_db_open(path, STORE_DB_RECORD, &db), 0);
    return db;
}

/* Everything that the schema says, whatever order it was made in. */
static void schema_of(struct store_db *db, char *to, size_t size)
{
    sqlite3_stmt *s = store_db_prepare(db, "SELECT group_concat(name || ': ' || coalesce(sql, ''), char(10)) FROM (SELECT name, sql FROM "
                                           "sqlite_schema ORDER BY name)");
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    store_db_column_text(s, 0, to, size);
    sqlite3_reset(s);
}

static void from_every_version_to_the_same(void **state)
{
    (void)state;
    static char first[200000], other[200000];
    for (int version = 0; version <= store_migrate_newest(); version++) {
        struct store_db *db = open_db();
        int64_t now = 0;
        assert_int_equal(store_migrate_to(db, version), 0);
        assert_int_equal(store_db_number(db, "PRAGMA user_version", 0, &now), 0);
        assert_int_equal(now, version);
        assert_int_equal(store_migrate(db), 0);
        assert_int_equal(store_db_number(db, "PRAGMA user_version", 0, &now), 0);
        assert_int_equal(now, store_migrate_newest());
        schema_of(db, version ? other : first, sizeof first);
        if (version) {
            assert_string_equal(first, other);
        }
        store_db_close(db);
        remove(path);
    }
}

static void collect(void *context, const void *record)
{
    strcat(strcat(context, record), " ");
}

static void records_of_version_1_are_found_by_search(void **state)
{
    (void)state;
    struct store_db *db = open_db();
    assert_int_equal(store_migrate_to(db, 1), 0);
    assert_int_equal(
        store_db_run(db, "INSERT INTO journey (position, id, version, state, mode, regime, carrier, administration, reference, vehicle, "
                         "driver, cargo, containers, seals, created_ms, sealed_at_ms, depart_by_ms, arrive_by_ms, arrived_at_ms, "
                         "unsealed_at_ms, has_origin, origin, has_destination, destination, stops, dead_zones, limits, credentials, "
                         "silence_minutes, stay_minutes, battery_percent, corridor_m, route) VALUES (1048576, 'J1', 3, 2, 0, 0, 'c1', "
                         "'', 'OLD-77', 'KCA 1', '', '', '[]', '[\"jt701:1\"]', 1, 0, 0, 0, 0, 0, 0, '{}', 0, '{}', '[]', '[]', '[]', "
                         "'[]', 0, 0, 0, 500, x'');"
                         "INSERT INTO alarm (position, id, version, journey, seal, kind, grade, onset_ms, raised_ms, ended_ms, evidence, "
                         "count, why, has_position, state, finding, handler, patrol, note, changed_ms, carrier) VALUES (7, 'a1', 1, "
                         "'J1', 'jt701:1', 1, 3, 0, 0, 0, '[]', 1, '', 0, 0, 0, '', '', '', 0, 'c1')"),
        0);
    store_db_close(db);
    struct store *store = open_store(folder, "");
    char ids[100] = "", next[120];
    struct store_query q = {.limit = 5, .search = "old-77"};
    assert_int_equal(store_journeys(store, &q, collect, ids, next), STORE_OK);
    assert_int_equal(store_alarms(store, &q, collect, ids, next), STORE_OK);
    assert_string_equal(ids, "J1 a1 ");
    struct journey *j = NULL;
    assert_int_equal(store_journey_get(store, "J1", &j), STORE_OK);
    assert_int_equal(j->version, 3);
    assert_string_equal(j->seals[0], "jt701:1");
    journey_free(j);
    store_close(store);
}

static void a_newer_version_is_refused(void **state)
{
    (void)state;
    char url[100], why[400] = "";
    struct store_db *db = open_db();
    assert_int_equal(store_migrate(db), 0);
    assert_int_equal(store_db_run(db, "PRAGMA user_version = 999"), 0);
    store_db_close(db);
    snprintf(url, sizeof url, "sqlite:%s", folder);
    assert_null(store_open(BACKENDS, url, why, sizeof why));
    assert_non_null(strstr(why, "newer bulla (version 999"));
}

static void a_file_that_is_no_database_is_refused(void **state)
{
    (void)state;
    char url[100], why[400] = "";
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 2000; i++) {
        fputs("not a database ", file);
    }
    fclose(file);
    snprintf(url, sizeof url, "sqlite:%s", folder);
    assert_null(store_open(BACKENDS, url, why, sizeof why));
    assert_non_null(strstr(why, "bulla.db is damaged"));
    assert_non_null(strstr(why, "backup"));
}

/* A step that fails leaves the version before, whole. */
static void a_failed_step_changes_nothing(void **state)
{
    (void)state;
    struct store_db *db = open_db();
    int64_t now = 0, tables = 0;
    assert_int_equal(store_migrate_to(db, 1), 0);
    assert_int_equal(store_db_run(db, "CREATE TABLE user_words (x)"), 0); /* in the way of step 2 */
    assert_true(store_migrate(db) < 0);
    assert_int_equal(store_db_number(db, "PRAGMA user_version", 0, &now), 0);
    assert_int_equal(now, 1);
    assert_int_equal(store_db_number(db, "SELECT count(*) FROM sqlite_schema WHERE name LIKE '%\\_search%' ESCAPE '\\'", 0, &tables), 0);
    assert_int_equal(tables, 0);
    store_db_close(db);
}

static void every_field_has_its_column(void **state)
{
    (void)state;
    static const struct record_table *const TABLES[] = {
        &record_journey, &record_alarm, &record_seal,  &record_station, &record_party, &record_user,        &record_command,
        &record_audit,   &record_paper, &record_entry, &record_upload,  &record_rule,  &record_rule_version};
    struct store_db *db = open_db();
    assert_int_equal(store_migrate(db), 0);
    for (size_t i = 0; i < sizeof TABLES / sizeof *TABLES; i++) {
        char sql[200];
        int64_t columns = 0, fields = 0;
        for (const struct record_field *f = TABLES[i]->fields; f->name; f++, fields++) {
            int64_t found = 0;
            snprintf(sql, sizeof sql, "SELECT count(*) FROM pragma_table_info('%s') WHERE name = '%s'", TABLES[i]->name, f->name);
            assert_int_equal(store_db_number(db, sql, 0, &found), 0);
            if (!found) {
                fail_msg("%s has no column %s", TABLES[i]->name, f->name);
            }
        }
        snprintf(sql, sizeof sql,
                 "SELECT count(*) FROM pragma_table_info('%s') WHERE name NOT IN ('position', 'version', 'carrier', 'about')",
                 TABLES[i]->name);
        assert_int_equal(store_db_number(db, sql, 0, &columns), 0);
        assert_int_equal(columns, fields - (TABLES[i] == &record_journey || TABLES[i] == &record_paper ||
                                            TABLES[i] == &record_upload)); /* carrier and about of their own */
    }
    store_db_close(db);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(from_every_version_to_the_same), T(records_of_version_1_are_found_by_search),
        T(a_newer_version_is_refused),     T(a_file_that_is_no_database_is_refused),
        T(a_failed_step_changes_nothing),  T(every_field_has_its_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
