// SPDX-License-Identifier: Apache-2.0
// PostgreSQL alone: what is refused and with which words, several programs at once, work as one transaction, lost connections.

#include "store_both.h"

#include "platform/store/record.h"

#include <pthread.h>

static char url[300];
static struct store *store;

static struct store *open_url(const char *at, char *why, size_t size)
{
    why[0] = '\0';
    return store_open(BOTH, at, why, size);
}

static int set_up(void **state)
{
    (void)state;
    char why[600];
    pg_test_create(url, sizeof url);
    store = open_url(url, why, sizeof why);
    if (!store) {
        fail_msg("%s", why);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_close(store);
    pg_test_drop(url);
    return 0;
}

static void sql(const char *at, const char *text)
{
    char why[600];
    if (!pg_test_sql(at, text, why, sizeof why)) {
        fail_msg("%s: %s", text, why);
    }
}

static void refused(const char *at, const char *piece, const char *advice)
{
    char why[600];
    struct store *got = open_url(at, why, sizeof why);
    assert_null(got);
    if (!strstr(why, piece) || !strstr(why, advice) || strstr(why, "secret")) {
        fail_msg("%s: expected \"%s\" and \"%s\" and no password, got: %s", at, piece, advice, why);
    }
}

/* The URL with another user and database. */
static void other(char to[300], const char *user, const char *database)
{
    const char *host = strchr(url, '@'), *slash = strrchr(url, '/');
    snprintf(to, 300, "postgres://%s%.*s/%s", user, (int)(slash - host), host, database ? database : slash + 1);
}

static void a_wrong_url_is_refused_without_its_password(void **state)
{
    (void)state;
    char at[300];
    refused("postgres:secret", "two slashes", "postgres://USER@HOST:PORT/DATABASE");
    refused("postgres://u:se%zzsecret@127.0.0.1/x", "cannot be read", "%-signs");
    refused("postgres://u:secret@127.0.0.1:port/x", "invalid", "check the address");
    refused("postgress://u:secret@127.0.0.1/x", "got postgress://u:***@", "postgres://USER@HOST:PORT/DATABASE");
    refused("postgres://u:secret@127.0.0.1:1/x", "refused", "PostgreSQL is running there");
    refused("postgres://u:secret@no.such.host.invalid/x", "no.such.host.invalid", "correct the host");
    other(at, "nobody:secret", NULL);
    refused(at, "nobody", "createuser");
    other(at, "postgres", "no_such_database");
    refused(at, "no_such_database", "createdb");
    char long_url[1200] = "postgres://secret@127.0.0.1/";
    memset(long_url + strlen(long_url), 'x', 1100);
    refused(long_url, "are the most", "postgres://");
}

static void a_url_is_shown_without_its_password(void **state)
{
    (void)state;
    static const char *const CASES[][2] = {
        {"postgres://u:secret@h:5432/d", "postgres://u:***@h:5432/d"},
        {"postgres://u:sec@ret@h/d?connect_timeout=3", "postgres://u:***@h/d?connect_timeout=3"},
        {"postgres://u@h/d?user=u&password=secret&sslmode=require", "postgres://u@h/d?user=u&password=***&sslmode=require"},
        {"postgres://u:secret@h/d?password=secret", "postgres://u:***@h/d?password=***"},
        {"postgres://u@h:1,h:2/d", "postgres://u@h:1,h:2/d"},
        {"postgres:///d", "postgres:///d"},
        {"sqlite:/var/lib/bulla", "sqlite:/var/lib/bulla"},
    };
    char shown[100], small[20];
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        store_url_show(CASES[i][0], shown, sizeof shown);
        assert_string_equal(shown, CASES[i][1]);
        store_url_show(CASES[i][0], small, sizeof small);
        assert_null(strstr(small, "secret"));
    }
}

static void a_wrong_password_is_refused(void **state)
{
    (void)state;
    char at[300], why[600];
    pg_test_sql(url, "CREATE ROLE needs_password LOGIN SUPERUSER PASSWORD 'right'", NULL, 0); /* may be there from before */
    other(at, "needs_password:secret", NULL);
    refused(at, "password authentication failed", "check the user and the password");
    other(at, "needs_password", NULL);
    refused(at, "password", "PGPASSWORD");
    other(at, "needs_password:right", NULL);
    struct store *got = open_url(at, why, sizeof why);
    assert_string_equal(why, "");
    store_close(got);
}

static void a_database_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    char at[400];
    if (pg_test_create_with("TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'", at, sizeof at)) {
        refused(at, "expected encoding UTF8, got LATIN1", "createdb --encoding=UTF8");
        pg_test_drop(at);
    }
    sql(url, "INSERT INTO bulla_schema (version, since) VALUES (999, now())");
    refused(url, "newer bulla (version 999", "restore a backup");
    sql(url, "DELETE FROM bulla_schema WHERE version = 999");
    snprintf(at, sizeof at, "%s?options=-csearch_path%%3Dnowhere", url);
    refused(at, "no schema of the search_path", "CREATE SCHEMA");
}

static void what_is_unwise_is_told_in_the_log(void **state)
{
    (void)state;
    char at[300], why[600];
    assert_non_null(strstr(store_recovery(store), "fsync is off")); /* the tests' server is quick, not safe */
    assert_null(strstr(store_recovery(store), "locale"));
    assert_true(pg_test_create_with("TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'", at, sizeof at));
    struct store *own = open_url(at, why, sizeof why);
    assert_non_null(strstr(store_recovery(own), "locale C"));
    store_close(own);
    pg_test_drop(at);
}

static void a_user_without_rights_is_told_what_to_do(void **state)
{
    (void)state;
    char base[300], at[300], keep[300], why[600];
    pg_test_sql(url, "CREATE ROLE plain LOGIN", NULL, 0);
    pg_test_create(base, sizeof base);
    snprintf(keep, sizeof keep, "%s", url);
    snprintf(url, sizeof url, "%s", base);
    other(at, "plain", NULL);
    snprintf(url, sizeof url, "%s", keep);
    sql(base, "REVOKE CREATE ON SCHEMA public FROM public");
    refused(at, "permission denied", "CREATE EXTENSION");
    sql(base, "GRANT CREATE ON SCHEMA public TO plain");
    refused(at, "pg_trgm", "contrib");
    sql(base, "CREATE EXTENSION pg_trgm");
    struct store *got = open_url(at, why, sizeof why); /* no superuser from here on */
    assert_string_equal(why, "");
    store_close(got);
    pg_test_drop(base);
}

static void schemas_of_one_database_are_apart(void **state)
{
    (void)state;
    char at[2][400], why[600];
    struct party party = {.name = "Kilimo"};
    for (int i = 0; i < 2; i++) {
        char make[60];
        snprintf(make, sizeof make, "CREATE SCHEMA tenant%d", i);
        sql(url, make);
        snprintf(at[i], sizeof at[i], "%s?options=-csearch_path%%3Dtenant%d", url, i);
        struct store *own = open_url(at[i], why, sizeof why);
        assert_string_equal(why, "");
        party.version = 0;
        snprintf(party.id, sizeof party.id, "of %d", i);
        assert_int_equal(store_party_put(own, &party, NULL), STORE_OK);
        assert_int_equal(store_party_get(own, i ? "of 0" : "none", &party), STORE_NOT_FOUND);
        store_close(own);
    }
    assert_int_equal(store_party_get(store, "of 0", &party), STORE_NOT_FOUND);
}

static void *open_thread(void *context)
{
    char why[600];
    struct store *got = open_url(context, why, sizeof why);
    store_close(got);
    return got ? NULL : strdup(why);
}

static void nodes_may_open_a_new_database_at_once(void **state)
{
    (void)state;
    char at[300], text[100];
    pthread_t threads[6];
    pg_test_create(at, sizeof at);
    for (size_t i = 0; i < 6; i++) {
        pthread_create(&threads[i], NULL, open_thread, at);
    }
    for (size_t i = 0; i < 6; i++) {
        void *why = NULL;
        pthread_join(threads[i], &why);
        if (why) {
            fail_msg("%s", (char *)why);
        }
    }
    assert_true(pg_test_sql(at, "SELECT count(*) = max(version) FROM bulla_schema", text, sizeof text));
    assert_string_equal(text, "t");
    pg_test_drop(at);
}

/* Everything that the schema says. */
static void schema_of(const char *at, char *to, size_t size)
{
    assert_true(pg_test_sql(at,
                            "SELECT md5(string_agg(line, E'\\n' ORDER BY line)) FROM (SELECT table_name || column_name || data_type || "
                            "coalesce(generation_expression, '') FROM information_schema.columns WHERE table_schema = 'public' UNION ALL "
                            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' UNION ALL SELECT prosrc FROM pg_proc WHERE "
                            "pronamespace = 'public'::regnamespace) AS lines (line)",
                            to, size));
}

static void from_every_version_to_the_same(void **state)
{
    (void)state;
    char first[100], got[100], at[300];
    schema_of(url, first, sizeof first);
    for (int version = 1; version <= PG_SCHEMA_LATEST; version++) {
        struct store_pg bare = {.n_open = 0};
        pg_test_create(at, sizeof at);
        pthread_mutex_init(&bare.lock, NULL);
        pthread_cond_init(&bare.returned, NULL);
        snprintf(bare.conninfo, sizeof bare.conninfo, "%s", at);
        assert_int_equal(pg_schema_bring_to(&bare, version), 0);
        assert_int_equal(pg_schema_bring(&bare), 0);
        schema_of(at, got, sizeof got);
        assert_string_equal(got, first);
        pg_test_drop(at); /* ends the connection too */
        free(bare.idle->statements);
        PQfinish(bare.idle->handle);
        free(bare.idle);
    }
}

/* A step that fails leaves an empty database empty. */
static void a_failed_step_changes_nothing(void **state)
{
    (void)state;
    char at[300], text[100];
    pg_test_create(at, sizeof at);
    sql(at, "CREATE TABLE damage (x integer)"); /* in the way, at the end */
    refused(at, "\"damage\" already exists", "");
    assert_true(pg_test_sql(at, "SELECT count(*) FROM pg_class WHERE relname IN ('journey', 'bulla_schema')", text, sizeof text));
    assert_string_equal(text, "0");
    pg_test_drop(at);
}

static void the_columns_are_those_of_sqlite(void **state)
{
    (void)state;
    static const char *const TABLES[] = {"journey", "journey_seal", "permission",      "alarm",       "file_content", "file",
                                         "seal",    "station",      "party",           "user",        "session",      "command",
                                         "audit",   "answer",       "setting",         "damage",      "paper",        "entry",
                                         "upload",  "upload_part",  "rule_definition", "rule_version"};
    char folder[64], ours[1000], theirs[1000], text[300];
    make_temporary(folder);
    struct store *sqlite = open_store(folder, "");
    for (size_t i = 0; i < sizeof TABLES / sizeof *TABLES; i++) {
        snprintf(text, sizeof text,
                 "SELECT string_agg(column_name, ' ' ORDER BY column_name COLLATE \"C\") FROM information_schema.columns WHERE table_name "
                 "= '%s' "
                 "AND table_schema = 'public' AND is_generated = 'NEVER'",
                 TABLES[i]);
        assert_true(pg_test_sql(url, text, ours, sizeof ours));
        snprintf(text, sizeof text, "SELECT group_concat(name, ' ') FROM (SELECT name FROM pragma_table_info('%s') ORDER BY name)",
                 TABLES[i]);
        sqlite3_stmt *s = store_db_prepare(store_sqlite_of(sqlite)->writer, text);
        assert_int_equal(sqlite3_step(s), SQLITE_ROW);
        store_db_column_text(s, 0, theirs, sizeof theirs);
        sqlite3_reset(s);
        assert_true(*theirs);
        assert_string_equal(ours, theirs);
    }
    store_close(sqlite);
    remove_folder(folder);
}

static int put_party(const char *id, const struct audit *audit)
{
    struct party party = {.kind = PARTY_KIND_CARRIER};
    snprintf(party.id, sizeof party.id, "%s", id);
    return store_party_put(store, &party, audit);
}

static bool has_party(const char *id)
{
    struct party party;
    return store_party_get(store, id, &party) == STORE_OK;
}

static void work_is_kept_or_undone_as_a_whole(void **state)
{
    (void)state;
    struct audit audit = {.time_ms = T0, .action = "party.create"};
    char text[100];
    assert_int_equal(store_work_begin(store, NULL, 0), STORE_OK);
    assert_int_equal(put_party("p1", &audit), STORE_OK);
    assert_true(has_party("p1")); /* by this thread */
    assert_true(pg_test_sql(url, "SELECT count(*) FROM party", text, sizeof text));
    assert_string_equal(text, "0"); /* by nobody else */
    assert_int_equal(store_work_end(store, false), STORE_OK);
    assert_false(has_party("p1"));
    assert_int_equal(store_work_begin(store, NULL, 0), STORE_OK);
    assert_int_equal(put_party("p1", &audit), STORE_OK);
    assert_int_equal(put_party("p1", &audit), STORE_CONFLICT); /* leaves the rest standing */
    struct party gone = {.id = "none", .version = 4};
    assert_int_equal(store_party_put(store, &gone, &audit), STORE_NOT_FOUND);
    assert_int_equal(put_party("p2", &audit), STORE_OK);
    assert_int_equal(store_work_end(store, true), STORE_OK);
    assert_true(has_party("p1") && has_party("p2"));
    assert_int_equal(ask_number_of(store, "SELECT count(*) FROM audit"), 2); /* of what was kept */
}

static void a_failure_spoils_work(void **state)
{
    (void)state;
    assert_int_equal(store_work_begin(store, NULL, 0), STORE_OK);
    assert_int_equal(put_party("p1", NULL), STORE_OK);
    assert_int_equal(put_party("", NULL), STORE_FAILED);
    assert_true(put_party("p2", NULL) < 0);
    assert_non_null(strstr(store_error(store), "expected an id"));
    assert_true(store_work_end(store, true) < 0);
    assert_false(has_party("p1"));
    assert_int_equal(put_party("p2", NULL), STORE_OK); /* work is over */
}

static void misuse_of_work_is_refused(void **state)
{
    (void)state;
    assert_int_equal(store_work_end(store, true), STORE_FAILED);
    assert_int_equal(store_work_begin(store, NULL, 0), STORE_OK);
    assert_int_equal(store_work_begin(store, NULL, 0), STORE_FAILED);
    assert_int_equal(put_party("p1", NULL), STORE_OK);
    assert_int_equal(store_work_end(store, true), STORE_OK);
    assert_true(has_party("p1"));
}

static void work_without_its_lease_is_refused(void **state)
{
    (void)state;
    struct store_node a = {.name = "a", .source = "sa"}, b = {.name = "b", .source = "sb"};
    struct store_lease leases[STORE_PARTITIONS_MOST] = {{0}}, others[STORE_PARTITIONS_MOST] = {{0}};
    unsigned n = 0, m = 0, partitions = 0;
    assert_int_equal(store_partitions_fix(store, 2, &partitions), STORE_OK);
    assert_int_equal(store_node_beat(store, &a, 60000), STORE_OK);
    assert_int_equal(store_node_beat(store, &b, 60000), STORE_OK);
    assert_int_equal(store_partitions_hold(store, "a", 60000, 2, leases, &n), STORE_OK);
    assert_int_equal(n, 2);
    assert_int_equal(store_work_begin(store, leases, n), STORE_OK);
    assert_int_equal(put_party("p1", NULL), STORE_OK);
    assert_int_equal(store_work_end(store, true), STORE_OK);
    assert_int_equal(store_work_begin(store, leases, n), STORE_OK);
    assert_int_equal(put_party("p2", NULL), STORE_OK);
    struct store_lease released = leases[0];
    assert_int_equal(store_partition_release(store, &released), STORE_OK); /* in the work: with it undone */
    assert_int_equal(store_work_end(store, false), STORE_OK);
    assert_int_equal(store_partition_release(store, &leases[0]), STORE_OK);
    assert_int_equal(store_partitions_hold(store, "b", 60000, 1, others, &m), STORE_OK);
    assert_int_equal(m, 1);
    assert_int_equal(store_work_begin(store, leases, n), STORE_OK);
    assert_int_equal(put_party("p3", NULL), STORE_OK);
    assert_int_equal(store_work_end(store, true), STORE_CONFLICT);
    assert_false(has_party("p3"));
    assert_true(has_party("p1"));
}

static void *write_audited(void *context)
{
    size_t *wrong = context;
    for (int i = 0; i < 40; i++) {
        struct audit audit = {.time_ms = T0 + i, .action = "party.create"};
        char id[40];
        bool joined = i % 2;
        *wrong += joined && store_work_begin(store, NULL, 0) != 0;
        for (int k = 0; k < 3; k++) {
            snprintf(id, sizeof id, "%p-%d-%d", context, i, k);
            *wrong += put_party(id, &audit) != 0;
        }
        *wrong += joined && store_work_end(store, true) != 0;
    }
    return NULL;
}

static void audits_have_no_gap_whoever_writes(void **state)
{
    (void)state;
    enum { THREADS = 40 }; /* more than connections */
    size_t wrong[THREADS] = {0};
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, write_audited, &wrong[i]);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(wrong[i], 0);
    }
    assert_int_equal(ask_number_of(store, "SELECT max(seq) FROM audit"), THREADS * 120);
    assert_int_equal(ask_number_of(store, "SELECT count(*) FROM audit"), THREADS * 120);
}

static void a_taken_position_is_passed_over(void **state)
{
    (void)state;
    struct seal seal = {.id = "s1", .created_ms = T0};
    assert_int_equal(store_seal_put(store, &seal, NULL), STORE_OK);
    sql(url, "ALTER SEQUENCE seal_position RESTART");
    struct seal second = {.id = "s2", .created_ms = T0};
    assert_int_equal(store_seal_put(store, &second, NULL), STORE_OK);
    assert_int_equal(ask_number_of(store, "SELECT count(DISTINCT position) FROM seal"), 2);
    sql(url, "INSERT INTO party (position, id, version, kind, name, code) VALUES (7, 'moved here', 1, 0, '', '')");
    assert_int_equal(put_party("p1", NULL), STORE_OK);
    assert_int_equal(ask_number_of(store, "SELECT position FROM party WHERE id = 'p1'"), 8);
}

static void half_a_character_does_not_stop_a_batch(void **state)
{
    (void)state;
    struct alarm alarm = {.id = "a1", .kind = ALARM_TAMPER, .grade = 1, .raised_ms = T0, .why = "caf\xc3"}, got;
    assert_int_equal(store_alarm_found(store, &alarm, 1), STORE_OK);
    assert_int_equal(store_alarm_get(store, "a1", &got), STORE_OK);
    assert_string_equal(got.why, "caf?");
}

static void lost_connections_are_made_again(void **state)
{
    (void)state;
    assert_int_equal(put_party("p1", NULL), STORE_OK);
    sql(url,
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
    usleep(100000);
    assert_true(has_party("p1"));
    assert_int_equal(store_work_begin(store, NULL, 0), STORE_OK);
    assert_int_equal(put_party("p2", NULL), STORE_OK);
    sql(url,
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
    usleep(100000);
    assert_true(put_party("p3", NULL) < 0); /* the transaction went with it */
    assert_true(store_work_end(store, true) < 0);
    assert_false(has_party("p2"));
    assert_int_equal(put_party("p3", NULL), STORE_OK);
}

/* An alarm whose journey changes hands at that moment must not stay the old carrier's. */
static void *change_hands(void *context)
{
    size_t *wrong = context;
    for (int i = 0; i < 50; i++) {
        struct journey *j = NULL;
        *wrong += store_journey_get(store, "J1", &j) != 0;
        snprintf(j->carrier, sizeof j->carrier, "c%d", i);
        *wrong += store_journey_put(store, j, NULL) != 0;
        journey_free(j);
    }
    return NULL;
}

static void an_alarm_follows_its_journey(void **state)
{
    (void)state;
    struct journey *j = journey_new();
    pthread_t thread;
    size_t wrong = 0;
    snprintf(j->id, sizeof j->id, "J1");
    assert_int_equal(store_journey_put(store, j, NULL), STORE_OK);
    journey_free(j);
    pthread_create(&thread, NULL, change_hands, &wrong);
    for (int i = 0; i < 100; i++) {
        struct alarm alarm = {.journey = "J1", .kind = ALARM_TAMPER, .grade = 1, .raised_ms = T0};
        snprintf(alarm.id, sizeof alarm.id, "a%d", i);
        assert_int_equal(store_alarm_found(store, &alarm, 1), STORE_OK);
    }
    pthread_join(thread, NULL);
    assert_int_equal(wrong, 0);
    assert_int_equal(ask_number_of(store, "SELECT count(*) FROM alarm WHERE carrier = 'c49'"), 100);
}

static void a_password_is_not_in_errors_of_calls(void **state)
{
    (void)state;
    char at[300], why[600];
    pg_test_sql(url, "CREATE ROLE needs_password LOGIN SUPERUSER PASSWORD 'right'", NULL, 0);
    other(at, "needs_password:right", NULL);
    struct store *own = open_url(at, why, sizeof why);
    assert_non_null(own);
    struct party party;
    sql(url, "ALTER TABLE party RENAME TO elsewhere");
    assert_true(store_party_get(own, "p", &party) < 0);
    assert_null(strstr(store_error(own), "right"));
    assert_non_null(strstr(store_error(own), "party"));
    store_close(own);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_wrong_url_is_refused_without_its_password),
        T(a_url_is_shown_without_its_password),
        T(a_wrong_password_is_refused),
        T(a_database_that_does_not_fit_is_refused),
        T(what_is_unwise_is_told_in_the_log),
        T(a_user_without_rights_is_told_what_to_do),
        T(schemas_of_one_database_are_apart),
        T(nodes_may_open_a_new_database_at_once),
        T(from_every_version_to_the_same),
        T(a_failed_step_changes_nothing),
        T(the_columns_are_those_of_sqlite),
        T(work_is_kept_or_undone_as_a_whole),
        T(a_failure_spoils_work),
        T(misuse_of_work_is_refused),
        T(work_without_its_lease_is_refused),
        T(audits_have_no_gap_whoever_writes),
        T(a_taken_position_is_passed_over),
        T(half_a_character_does_not_stop_a_batch),
        T(lost_connections_are_made_again),
        T(an_alarm_follows_its_journey),
        T(a_password_is_not_in_errors_of_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
