/* SPDX-License-Identifier: Apache-2.0
 *
 * An order to open a seal and its permission are stored together: whichever write of them fails, no order is there without one.
 * On SQLite power fails at each call to the disk; on PostgreSQL the nth row is refused.
 */
#include "tests/unit/store/store_both.h"

#include "platform/pipeline.h"
#include "sim/disk.h"

enum { WRITES_MOST = 200 };

#define SEAL "jt701:7570101998"

static int64_t now(void *host)
{
    (void)host;
    return T0;
}

static const struct clock still = {now, NULL};

static void make_journey(struct store *store)
{
    struct journey *j = journey_new();
    snprintf(j->id, sizeof j->id, "J");
    j->state = JOURNEY_SEALED;
    j->created_ms = j->sealed_at_ms = T0;
    j->n_seals = 1;
    snprintf(j->seals[0], sizeof j->seals[0], SEAL);
    assert_int_equal(store_journey_put(store, j, NULL), STORE_OK);
    journey_free(j);
}

/* As the API does it. */
static int order(struct store *store, const char *id)
{
    char why[MODEL_WHY_SIZE] = "";
    struct platform *p = platform_open(store, &(struct platform_options){.clock = still, .stepped = true}, why);
    if (!p)
        return STORE_FAILED; /* the power is gone */
    struct command c = {.journey = "J", .seal = SEAL, .name = "unlock", .args = "password=888888", .reason = "arrived"};
    struct audit audit = {.time_ms = T0, .action = "command.give", .object = SEAL};
    snprintf(c.id, sizeof c.id, "%s", id);
    int outcome = platform_command(p, &c, &audit, why);
    if (outcome > 0)
        fail_msg("%s", why);
    platform_abandon(p);
    return outcome;
}

/* Whether the order is there; then it has its permission, and no permission is there without its order. */
static bool check(struct store *store, const char *id, unsigned n)
{
    struct command c;
    struct journey *j = NULL;
    int got = store_command_get(store, id, &c);
    assert_true(got == STORE_OK || got == STORE_NOT_FOUND);
    assert_int_equal(store_journey_get(store, "J", &j), STORE_OK);
    bool permitted = false;
    for (size_t i = 0; i < j->n_permissions; i++)
        permitted |= strcmp(j->permissions[i].id, id) == 0 && strcmp(j->permissions[i].seal, SEAL) == 0;
    journey_free(j);
    if (permitted != (got == STORE_OK))
        fail_msg("write %u failed: %s", n, permitted ? "a permission without its order" : "an order without its permission");
    return permitted;
}

/* --- SQLite: power fails at each call to the disk --- */

static struct store *open_on(struct sim_disk *disk)
{
    char why[400] = "";
    struct store *store = store_sqlite_open_on(sim_disk_port(disk), "/data", why, sizeof why);
    if (!store)
        fail_msg("%s", why);
    return store;
}

static void check_sqlite(void)
{
    struct sim_disk *disk = sim_disk_new(20261130, still);
    sim_disk_seed_sqlite(1);
    struct store *store = open_on(disk);
    make_journey(store);
    unsigned undone = 0, n = 1;
    for (int outcome = STORE_FAILED; outcome != STORE_OK && n < WRITES_MOST; n++) {
        char id[MODEL_ID_SIZE];
        snprintf(id, sizeof id, "C%u", n);
        sim_disk_crash_after(disk, n);
        outcome = order(store, id);
        sim_disk_crash(disk, true);
        store_close(store);
        store = open_on(disk);
        bool there = check(store, id, n);
        assert_true(there || outcome != STORE_OK); /* acknowledged means stored */
        undone += !there;
        if (outcome == STORE_OK)
            break;
    }
    assert_in_range(undone, 3, WRITES_MOST / 2);
    assert_true(n < WRITES_MOST);
    store_close(store);
    sim_disk_free(disk);
}

/* --- PostgreSQL: the nth row is refused --- */

#define REFUSING                                                                                                                           \
    "CREATE TABLE refuse (n integer); INSERT INTO refuse VALUES (0); CREATE SEQUENCE written; "                                            \
    "CREATE FUNCTION refuse_nth() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "                                                           \
    "IF nextval('written') = (SELECT n FROM refuse) THEN RAISE EXCEPTION 'this row is refused'; END IF; RETURN NEW; END $$; "              \
    "CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON command FOR EACH ROW EXECUTE FUNCTION refuse_nth(); "                                \
    "CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON permission FOR EACH ROW EXECUTE FUNCTION refuse_nth(); "                             \
    "CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON change FOR EACH ROW EXECUTE FUNCTION refuse_nth(); "                                 \
    "CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_nth()"

static void check_postgres(void)
{
    struct test_place place;
    char sql[200];
    place_make(&place);
    struct store *store = place_open(&place);
    make_journey(store);
    assert_int_equal(run_sql(store, REFUSING), 0);
    unsigned n = 0;
    for (int outcome = STORE_FAILED; outcome != STORE_OK && n < WRITES_MOST;) {
        char id[MODEL_ID_SIZE];
        snprintf(id, sizeof id, "C%u", ++n);
        snprintf(sql, sizeof sql, "SELECT setval('written', 1, false); UPDATE refuse SET n = %u", n);
        assert_int_equal(run_sql(store, sql), 0);
        outcome = order(store, id);
        bool there = check(store, id, n);
        assert_int_equal(there, outcome == STORE_OK);
    }
    assert_in_range(n, 5, 10); /* permission, its change, command, its change, audit; then nothing is left to refuse */
    store_close(store);
    place_remove(&place);
}

static void an_order_has_its_permission(void **state)
{
    (void)state;
    if (pg_test_wanted())
        check_postgres();
    else
        check_sqlite();
}

static void an_order_needs_its_journey(void **state)
{
    (void)state;
    struct test_place place;
    place_make(&place);
    struct store *store = place_open(&place);
    struct command c = {.id = "C", .journey = "none", .seal = SEAL, .name = "unlock"};
    struct permission permission = {.id = "C", .seal = SEAL};
    assert_int_equal(store_command_order(store, &c, &permission, NULL), STORE_NOT_FOUND);
    assert_int_equal(c.version, 0);
    assert_int_equal(store_command_get(store, "C", &c), STORE_NOT_FOUND);
    store_close(store);
    place_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_order_has_its_permission), cmocka_unit_test(an_order_needs_its_journey)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
