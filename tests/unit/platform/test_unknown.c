/* SPDX-License-Identifier: Apache-2.0
 *
 * Devices that nobody entered, more than there may be: what they say is stored, the records are bounded, and old ones that nobody
 * touched make room for new ones.
 */
#include "tests/unit/store/store_both.h"

#include "platform/base/limits.h"
#include "platform/pipeline.h"
#include "platform/store/record.h"

enum { MOST = 40, DEVICES = 100 };

static int64_t now_ms = T0;

static int64_t now(void *host)
{
    (void)host;
    return now_ms;
}

static void name_seal(char seal[MODEL_SEAL_SIZE], unsigned n)
{
    snprintf(seal, MODEL_SEAL_SIZE, "jt701:99%08u", n);
}

/* Each of them has said something; the platform hears of it when it starts. */
static void all_speak(struct store *store)
{
    struct store_row rows[DEVICES] = {{NULL}};
    struct bulla_observation *o = calloc(DEVICES, sizeof *o);
    static int said;
    said++;
    for (unsigned i = 0; i < DEVICES; i++) {
        bulla_observation_init(&o[i], "jt701");
        snprintf(o[i].id, sizeof o[i].id, "%016x%08d%08u", 0xABCDEF, said, i);
        snprintf(o[i].device, sizeof o[i].device, "99%08u", i);
        o[i].has |= BULLA_HAS_TIME;
        o[i].time_ms = o[i].received_ms = now_ms;
        rows[i] = (struct store_row){.o = &o[i], .raw = {(const uint8_t *)"raw", 3}};
    }
    assert_int_equal(store_append(store, rows, DEVICES), STORE_OK);
    free(o);
}

static void drop_id(void *context, const char *id)
{
    (void)context;
    (void)id;
}

static unsigned unknown(struct store *store)
{
    uint64_t n = 0;
    assert_int_equal(store_seals_unknown(store, 0, 1, drop_id, NULL, &n), STORE_OK);
    return (unsigned)n;
}

static unsigned count_of(const char *metrics, const char *name)
{
    char line[80];
    snprintf(line, sizeof line, "\n%s ", name);
    const char *at = strstr(metrics, line);
    assert_non_null(at);
    return (unsigned)strtoul(at + strlen(line), NULL, 10);
}

struct counts {
    unsigned unknown, refused, forgotten;
};

/* A start of the platform, and what it does in some turns. */
static struct counts run(struct store *store)
{
    char why[MODEL_WHY_SIZE] = "";
    struct platform *p = platform_open(store, &(struct platform_options){.clock = {now, NULL}, .stepped = true, .unknown_most = MOST}, why);
    if (!p || !platform_start(p, why))
        fail_msg("%s", why);
    for (int i = 0; i < 20; i++) {
        now_ms += 1000;
        platform_work_turn(p);
    }
    char *text = platform_metrics(p);
    struct counts c = {count_of(text, "bulla_unknown_seals"), count_of(text, "bulla_unknown_refused_total"),
                       count_of(text, "bulla_unknown_forgotten_total")};
    free(text);
    platform_close(p);
    return c;
}

static void count_seen(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    (void)o;
    (void)raw;
    ++*(unsigned *)context;
}

static unsigned records_of(struct store *store, unsigned from, unsigned to)
{
    unsigned n = 0;
    for (unsigned i = from; i < to; i++) {
        char id[MODEL_SEAL_SIZE];
        struct seal s;
        name_seal(id, i);
        n += store_seal_get(store, id, &s) == STORE_OK;
    }
    return n;
}

/* The first unknown seal from a number on. */
static unsigned some_unknown(struct store *store, unsigned from, struct seal *out)
{
    for (unsigned i = from;; i++) {
        char id[MODEL_SEAL_SIZE];
        assert_true(i < DEVICES);
        name_seal(id, i);
        if (store_seal_get(store, id, out) == STORE_OK)
            return i;
    }
}

/* Time passes. PostgreSQL has a clock of its own, by which the platform goes: there the records are made older instead. */
static void grow_old(struct store *store)
{
    char sql[120];
    now_ms += LIMIT_UNKNOWN_KEPT_MS;
    snprintf(sql, sizeof sql, "UPDATE seal SET position = position - %lld",
             (long long)(record_position(T0 + LIMIT_UNKNOWN_KEPT_MS + 60000) - record_position(T0)));
    if (pg_test_wanted())
        assert_int_equal(run_sql(store, sql), 0);
}

static void they_are_bounded(void **state)
{
    (void)state;
    struct test_place place;
    struct seal touched, travelled;
    unsigned heard = 0;
    place_make(&place);
    struct store *store = place_open(&place);
    all_speak(store);
    struct counts c = run(store);
    assert_int_equal(unknown(store), MOST);
    assert_int_equal(c.unknown, MOST);
    assert_int_equal(c.refused, DEVICES - MOST);
    assert_int_equal(c.forgotten, 0); /* they are new */

    /* Somebody labels one, another is in a journey. */
    unsigned a = some_unknown(store, 0, &touched);
    some_unknown(store, a + 1, &travelled);
    snprintf(touched.label, sizeof touched.label, "found in the yard");
    assert_int_equal(store_seal_put(store, &touched, NULL), STORE_OK);
    struct journey *j = journey_new();
    snprintf(j->id, sizeof j->id, "J");
    j->created_ms = j->sealed_at_ms = now_ms;
    j->n_seals = 1;
    snprintf(j->seals[0], sizeof j->seals[0], "%s", travelled.id);
    assert_int_equal(store_journey_put(store, j, NULL), STORE_OK);
    journey_free(j);

    grow_old(store);
    all_speak(store);
    c = run(store);
    assert_in_range(c.forgotten, 20, MOST - 2);
    assert_in_range(unknown(store), MOST - 2, MOST);
    assert_true(c.refused > 0);
    assert_int_equal(store_seal_get(store, touched.id, &touched), STORE_OK);
    assert_int_equal(store_seal_get(store, travelled.id, &travelled), STORE_OK);
    assert_int_equal(store_seal_forget(store, touched.id), STORE_NOT_FOUND);
    assert_int_equal(store_seal_forget(store, travelled.id), STORE_NOT_FOUND);
    assert_int_equal(records_of(store, 0, DEVICES), unknown(store));
    for (unsigned i = 0; i < DEVICES; i++) { /* and all that was said is there */
        char id[MODEL_SEAL_SIZE];
        name_seal(id, i);
        assert_int_equal(store_observations(store, id, 0, INT64_MAX, 0, count_seen, &heard), STORE_OK);
    }
    assert_int_equal(heard, 2 * DEVICES);
    store_close(store);
    place_remove(&place);
}

static void keep_id(void *context, const void *record)
{
    snprintf(context, MODEL_SEAL_SIZE, "%s", ((const struct seal *)record)->id);
}

/* One that is forgotten is found no more, and whoever gets its place in the list is found by its own name alone. */
static void the_search_forgets(void **state)
{
    (void)state;
    struct test_place place;
    char next[120], found[MODEL_SEAL_SIZE] = "";
    place_make(&place);
    struct store *store = place_open(&place);
    struct seal s = {.id = "jt701:9900000001", .life = SEAL_LIFE_UNREGISTERED, .created_ms = T0};
    struct store_query q = {.limit = 10, .search = "9900000001"};
    assert_int_equal(store_seal_put(store, &s, NULL), STORE_OK);
    assert_int_equal(store_seal_forget(store, s.id), STORE_OK);
    assert_int_equal(store_seal_forget(store, s.id), STORE_NOT_FOUND);
    s = (struct seal){.id = "jt701:8800000002", .life = SEAL_LIFE_UNREGISTERED, .created_ms = T0};
    assert_int_equal(store_seal_put(store, &s, NULL), STORE_OK);
    assert_int_equal(store_seals(store, &q, keep_id, found, next), STORE_OK);
    assert_string_equal(found, "");
    snprintf(q.search, sizeof q.search, "8800000002");
    assert_int_equal(store_seals(store, &q, keep_id, found, next), STORE_OK);
    assert_string_equal(found, s.id);
    store_close(store);
    place_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(they_are_bounded), cmocka_unit_test(the_search_forgets)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
