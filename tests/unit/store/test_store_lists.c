// SPDX-License-Identifier: Apache-2.0
// Lists of records through the port: pages that stay put, filters, search.

#include "store_both.h"

static struct test_place place;
static struct store *store;

static int set_up(void **state)
{
    (void)state;
    place_make(&place);
    store = place_open(&place);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_close(store);
    place_remove(&place);
    return 0;
}

static void collect(void *context, const void *record)
{
    char *ids = context; /* each record begins with its id */
    strcat(strcat(ids, record), " ");
}

static const char *list(store_list_fn lister, struct store_query *q, char next[120])
{
    static char ids[100000];
    ids[0] = '\0';
    int outcome = lister(store, q, collect, ids, next);
    if (outcome) {
        snprintf(ids, sizeof ids, "outcome %d: %s", outcome, store_error(store));
    }
    return ids;
}

static void put_seal(const char *id, int64_t created_ms, enum seal_life life)
{
    struct seal seal = {.created_ms = created_ms, .life = life, .class_ = SEAL_CLASS_ACTIVE};
    snprintf(seal.id, sizeof seal.id, "%s", id);
    snprintf(seal.label, sizeof seal.label, "Label %s", id);
    assert_int_equal(store_seal_put(store, &seal, NULL), STORE_OK);
}

static void a_page_is_stable_while_records_come(void **state)
{
    (void)state;
    char next[120], id[40];
    for (int i = 0; i < 10; i++) {
        snprintf(id, sizeof id, "s%d", i);
        put_seal(id, T0 + i / 2 * 1000, SEAL_LIFE_IN_STOCK); /* two of each ms */
    }
    struct store_query q = {.limit = 4};
    assert_string_equal(list(store_seals, &q, next), "s9 s8 s7 s6 ");
    snprintf(q.after, sizeof q.after, "%s", next);
    put_seal("new", T0 + 999000, SEAL_LIFE_IN_STOCK);
    assert_string_equal(list(store_seals, &q, next), "s5 s4 s3 s2 ");
    snprintf(q.after, sizeof q.after, "%s", next);
    assert_string_equal(list(store_seals, &q, next), "s1 s0 ");
    assert_string_equal(next, "");
    q.limit = 2;
    assert_string_equal(list(store_seals, &q, next), "s1 s0 ");
    assert_string_equal(next, ""); /* a full last page is the last */
    snprintf(q.after, sizeof q.after, "rubbish");
    assert_non_null(strstr(list(store_seals, &q, next), "after: expected a position"));
}

static void filters_and_spans_of_time(void **state)
{
    (void)state;
    char next[120];
    put_seal("jt701:1", T0, SEAL_LIFE_IN_STOCK);
    put_seal("jt701:2", T0 + 1000, SEAL_LIFE_SEALED);
    put_seal("jt701:3", T0 + 2000, SEAL_LIFE_SEALED);
    struct store_query q = {.limit = 10, .state = "sealed"};
    assert_string_equal(list(store_seals, &q, next), "jt701:3 jt701:2 ");
    q.until_ms = T0 + 1000;
    assert_string_equal(list(store_seals, &q, next), "jt701:2 ");
    struct store_query since = {.limit = 10, .from_ms = T0 + 1000};
    assert_string_equal(list(store_seals, &since, next), "jt701:3 jt701:2 ");
    struct store_query none = {.limit = 10, .state = "no such word"};
    assert_string_equal(list(store_seals, &none, next), "");
    struct store_query wrong = {.limit = 10, .grade = 2};
    assert_non_null(strstr(list(store_seals, &wrong, next), "grade: the list of seal has no such filter"));
}

static void put_journey(const char *id, enum journey_state life, const char *carrier, const char *reference, const char *vehicle,
                        const char *seal)
{
    struct journey *j = journey_new();
    snprintf(j->id, sizeof j->id, "%s", id);
    snprintf(j->carrier, sizeof j->carrier, "%s", carrier);
    snprintf(j->reference, sizeof j->reference, "%s", reference);
    snprintf(j->vehicle, sizeof j->vehicle, "%s", vehicle);
    snprintf(j->seals[0], sizeof j->seals[0], "%s", seal);
    snprintf(j->containers[0], sizeof j->containers[0], "CSQU3054383");
    j->n_seals = j->n_containers = 1;
    j->state = life;
    j->created_ms = T0;
    assert_int_equal(store_journey_put(store, j, NULL), STORE_OK);
    journey_free(j);
}

static void journeys_are_filtered_and_searched(void **state)
{
    (void)state;
    char next[120];
    put_journey("J1", JOURNEY_UNDER_WAY, "c1", "T1-2026-004711", "KBX 123A", "jt701:7501");
    put_journey("J2", JOURNEY_RELEASED, "c1", "T1-2026-004712", "KBZ 900B", "jt701:7501");
    put_journey("J3", JOURNEY_DRAFT, "c2", "T1-2026-009999",
                "\xe7\xb2\xa4"
                "B12345",
                "jt808:013");
    static const struct {
        struct store_query q;
        const char *want;
    } CASES[] = {
        {{.limit = 9}, "J3 J2 J1 "},
        {{.limit = 9, .state = "open"}, "J3 J1 "},
        {{.limit = 9, .state = "released"}, "J2 "},
        {{.limit = 9, .carrier = "c1"}, "J2 J1 "},
        {{.limit = 9, .seal = "jt701:7501"}, "J2 J1 "},
        {{.limit = 9, .seal = "jt701:7501", .state = "open"}, "J1 "},
        {{.limit = 9, .journey = "J3"}, "J3 "},
        {{.limit = 9, .kind = "road"}, "J3 J2 J1 "},
        {{.limit = 9, .search = "00471"}, "J2 J1 "},
        {{.limit = 9, .search = "kbx 123"}, "J1 "},
        {{.limit = 9, .search = "KB"}, "J2 J1 "},
        {{.limit = 9, .search = "9"}, "J2 "},
        {{.limit = 9, .search = "kb 004712"}, "J2 "},
        {{.limit = 9, .search = "csqu305"}, "J3 J2 J1 "},
        {{.limit = 9, .search = "csqu305", .carrier = "c2"}, "J3 "},
        {{.limit = 9, .search = "csqu305", .state = "open"}, "J3 J1 "},
        {{.limit = 9, .search = "\xe7\xb2\xa4"}, "J3 "},
        {{.limit = 9,
          .search = "\xe7\xb2\xa4"
                    "B1"},
         "J3 "},
        {{.limit = 9, .search = "jt808:013"}, "J3 "},
        {{.limit = 9, .search = "\"quoted\" OR *"}, ""},
        {{.limit = 9, .search = "%%%"}, ""},
        {{.limit = 9, .search = "  "}, "J3 J2 J1 "},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct store_query q = CASES[i].q;
        const char *got = list(store_journeys, &q, next);
        if (strcmp(got, CASES[i].want) != 0) {
            fail_msg("case %zu (search \"%s\"): expected \"%s\", got \"%s\"", i, q.search, CASES[i].want, got);
        }
    }
    struct store_query page = {.limit = 1, .search = "csqu305"};
    assert_string_equal(list(store_journeys, &page, next), "J3 ");
    snprintf(page.after, sizeof page.after, "%s", next);
    assert_string_equal(list(store_journeys, &page, next), "J2 ");
}

static void search_follows_a_change(void **state)
{
    (void)state;
    char next[120];
    put_journey("J1", JOURNEY_DRAFT, "c1", "REF-ALPHA", "KAA 1", "jt701:1");
    struct journey *j = NULL;
    assert_int_equal(store_journey_get(store, "J1", &j), STORE_OK);
    snprintf(j->reference, sizeof j->reference, "REF-OMEGA");
    snprintf(j->seals[0], sizeof j->seals[0], "jt701:2");
    assert_int_equal(store_journey_put(store, j, NULL), STORE_OK);
    struct store_query old = {.limit = 9, .search = "alpha"}, new = {.limit = 9, .search = "omega"};
    struct store_query old_seal = {.limit = 9, .seal = "jt701:1"}, new_seal = {.limit = 9, .seal = "jt701:2"};
    assert_string_equal(list(store_journeys, &old, next), "");
    assert_string_equal(list(store_journeys, &new, next), "J1 ");
    assert_string_equal(list(store_journeys, &old_seal, next), "");
    assert_string_equal(list(store_journeys, &new_seal, next), "J1 ");
    journey_free(j);
}

static struct alarm an_alarm(const char *id, const char *journey)
{
    struct alarm alarm = {.kind = ALARM_ILLEGAL_OPENING,
                          .grade = 3,
                          .raised_ms = T0,
                          .onset_ms = T0 - 5,
                          .ended_ms = BULLA_TIME_NONE,
                          .count = 1,
                          .changed_ms = T0};
    snprintf(alarm.id, sizeof alarm.id, "%s", id);
    snprintf(alarm.journey, sizeof alarm.journey, "%s", journey);
    snprintf(alarm.seal, sizeof alarm.seal, "jt701:7501");
    snprintf(alarm.why, sizeof alarm.why, "opened");
    return alarm;
}

static void alarms_are_filtered_and_searched(void **state)
{
    (void)state;
    char next[120];
    struct alarm early = an_alarm("a1", "J1"), late = an_alarm("a2", "J2");
    assert_int_equal(store_alarm_found(store, &early, 1), STORE_OK); /* before its journey is known */
    put_journey("J1", JOURNEY_UNDER_WAY, "c1", "REF-1", "KBX 123A", "jt701:7501");
    put_journey("J2", JOURNEY_UNDER_WAY, "c2", "REF-2", "KBZ 900B", "jt701:7501");
    late.kind = ALARM_LOW_BATTERY;
    late.grade = 1;
    late.state = ALARM_STATE_WITHDRAWN;
    assert_int_equal(store_alarm_found(store, &late, 1), STORE_OK);
    static const struct {
        struct store_query q;
        const char *want;
    } CASES[] = {
        {{.limit = 9}, "a2 a1 "},
        {{.limit = 9, .state = "open"}, "a1 "},
        {{.limit = 9, .state = "withdrawn"}, "a2 "},
        {{.limit = 9, .carrier = "c1"}, "a1 "},
        {{.limit = 9, .carrier = "c2"}, "a2 "},
        {{.limit = 9, .kind = "low_battery"}, "a2 "},
        {{.limit = 9, .grade = 3}, "a1 "},
        {{.limit = 9, .journey = "J2"}, "a2 "},
        {{.limit = 9, .seal = "jt701:7501"}, "a2 a1 "},
        {{.limit = 9, .search = "KBX 123"}, "a1 "},
        {{.limit = 9, .search = "REF-2"}, "a2 "},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct store_query q = CASES[i].q;
        const char *got = list(store_alarms, &q, next);
        if (strcmp(got, CASES[i].want) != 0) {
            fail_msg("case %zu: expected \"%s\", got \"%s\"", i, CASES[i].want, got);
        }
    }
    struct journey *j = NULL; /* a journey that changes hands takes its alarms along */
    assert_int_equal(store_journey_get(store, "J1", &j), STORE_OK);
    snprintf(j->carrier, sizeof j->carrier, "c9");
    snprintf(j->vehicle, sizeof j->vehicle, "NEW PLATE");
    assert_int_equal(store_journey_put(store, j, NULL), STORE_OK);
    journey_free(j);
    struct store_query old = {.limit = 9, .carrier = "c1"}, new = {.limit = 9, .carrier = "c9", .search = "new plate"};
    assert_string_equal(list(store_alarms, &old, next), "");
    assert_string_equal(list(store_alarms, &new, next), "a1 ");
}

/* A callback may ask the store again: it must not wait for itself. */
static void ask_again(void *context, const void *record)
{
    size_t *n = context;
    struct seal seal;
    char next[120], ids[4000] = "";
    struct store_query q = {.limit = 100};
    assert_int_equal(store_seal_get(store, record, &seal), STORE_OK);
    seal.life = SEAL_LIFE_LOST;
    assert_int_equal(store_seal_put(store, &seal, NULL), STORE_OK);
    assert_int_equal(store_seals(store, &q, collect, ids, next), STORE_OK);
    ++*n;
}

static void a_list_may_ask_again(void **state)
{
    (void)state;
    char id[40], next[120];
    size_t n = 0;
    for (int i = 0; i < 30; i++) {
        snprintf(id, sizeof id, "s%d", i);
        put_seal(id, T0 + i, SEAL_LIFE_IN_STOCK);
    }
    struct store_query q = {.limit = 100, .state = "in-stock"};
    assert_int_equal(store_seals(store, &q, ask_again, &n, next), STORE_OK);
    assert_int_equal(n, 30);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_page_is_stable_while_records_come), T(filters_and_spans_of_time),
        T(journeys_are_filtered_and_searched),  T(search_follows_a_change),
        T(alarms_are_filtered_and_searched),    T(a_list_may_ask_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
