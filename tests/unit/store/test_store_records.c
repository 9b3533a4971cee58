// SPDX-License-Identifier: Apache-2.0
// Records through the port: every kind put, got, in conflict; alarms' two writers; what is append-only.

#include "store_both.h"

#include "platform/store/record.h"

#include <math.h>
#include <pthread.h>

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

static void reopen(void)
{
    store_close(store);
    store = place_open(&place);
}

/* Every field of a record gets a value of its own, by the record's description: nothing is left out when a field is added. */
static void fill(const struct record_field *fields, void *record, unsigned *n);

static void fill_one(const struct record_field *f, void *member, unsigned *n)
{
    double real = ++*n * 1.1;
    int32_t narrow = (int32_t)*n % 3;
    int64_t wide = T0 + *n;
    switch (f->kind) {
    case RECORD_TEXT:
        snprintf(member, f->size, "%c%u \"\xc3\xa9\xe7\xb2\xa4", (char)('a' + *n % 26), *n);
        break;
    case RECORD_INT:
        memcpy(member, &narrow, sizeof narrow);
        break;
    case RECORD_LONG:
        memcpy(member, &wide, sizeof wide);
        break;
    case RECORD_BOOL:
        *(bool *)member = true;
        break;
    case RECORD_REAL:
        memcpy(member, &real, sizeof real);
        break;
    case RECORD_ONE:
        fill(f->fields, member, n);
        break;
    default:
        break;
    }
}

static void fill(const struct record_field *fields, void *record, unsigned *n)
{
    for (const struct record_field *f = fields; f->name; f++) {
        char *member = (char *)record + f->offset;
        if (f->kind != RECORD_TEXTS && f->kind != RECORD_MANY) {
            fill_one(f, member, n);
            continue;
        }
        for (size_t i = 0; i < f->most; i++) {
            if (f->kind == RECORD_TEXTS) {
                snprintf(member + i * f->size, f->size, "t%u\n,%zu", ++*n % 100, i);
            } else {
                fill(f->fields, member + i * f->size, n);
            }
        }
        memcpy((char *)record + f->count, &f->most, sizeof f->most);
    }
}

static struct journey *make_journey(void)
{
    static const double LAT[3] = {-1.25, 0.1 + 0.2, 89.999999999}, LON[3] = {36.8, -179.99999999999, 1.0 / 3.0};
    unsigned n = 0;
    struct journey *j = journey_new();
    fill(record_journey.fields, j, &n);
    j->route = (struct route){0, NULL, NULL, 0};
    assert_true(journey_set_route(j, LAT, LON, 3, 512.25));
    return j;
}

static void make_permission(struct permission *p, const char *id, int64_t from_ms)
{
    unsigned n = 40;
    memset(p, 0, sizeof *p);
    fill(record_permission_fields, p, &n);
    snprintf(p->id, sizeof p->id, "%s", id);
    p->from_ms = from_ms;
}

static void same_fields(const struct record_field *fields, const void *a, const void *b)
{
    for (const struct record_field *f = fields; f->name; f++) {
        if (f->kind != RECORD_ROUTE &&
            memcmp((const char *)a + f->offset, (const char *)b + f->offset, f->most ? f->size * f->most : f->size)) {
            fail_msg("%s differs", f->name);
        }
    }
}

static void a_journey_comes_back_whole(void **state)
{
    (void)state;
    struct journey *j = make_journey(), *got = NULL;
    struct permission p[2];
    make_permission(&p[0], "command 2", 2000);
    make_permission(&p[1], "command 1", 1000);
    assert_true(journey_add_permission(j, &p[0]) && journey_add_permission(j, &p[1]));
    j->limits[2].min = NAN;
    assert_int_equal(store_journey_put(store, j, NULL), STORE_OK);
    assert_int_equal(j->version, 1);
    reopen();
    assert_int_equal(store_journey_get(store, j->id, &got), STORE_OK);
    assert_true(isnan(got->limits[2].min));
    got->limits[2].min = j->limits[2].min; /* a NaN may differ in its bits */
    same_fields(record_journey.fields, j, got);
    assert_int_equal(got->n_seals, JOURNEY_SEALS_MAX);
    assert_int_equal(got->n_stops, PLACE_STOPS_MAX);
    assert_int_equal(got->version, 1);
    assert_int_equal(got->route.n, 3);
    assert_memory_equal(got->route.lat, j->route.lat, sizeof(double[3]));
    assert_memory_equal(got->route.lon, j->route.lon, sizeof(double[3]));
    assert_true(got->route.corridor_m == 512.25);
    assert_int_equal(got->n_permissions, 2);
    same_fields(record_permission_fields, &p[1], &got->permissions[0]);
    same_fields(record_permission_fields, &p[0], &got->permissions[1]);
    journey_free(j);
    journey_free(got);
    assert_int_equal(store_journey_get(store, "none", &got), STORE_NOT_FOUND);
    assert_non_null(strstr(store_error(store), "none"));
}

static void permissions_only_grow(void **state)
{
    (void)state;
    struct journey *j = make_journey(), *got = NULL;
    struct permission p;
    assert_int_equal(store_journey_put(store, j, NULL), STORE_OK);
    make_permission(&p, "c1", 5000);
    assert_int_equal(store_permission_add(store, j->id, &p, NULL), STORE_OK);
    p.until_ms = 7000; /* cut short: the same one */
    assert_int_equal(store_permission_add(store, j->id, &p, NULL), STORE_OK);
    assert_int_equal(store_permission_add(store, "none", &p, NULL), STORE_NOT_FOUND);
    assert_int_equal(store_journey_put(store, j, NULL), STORE_OK); /* it knows of no permission; it takes none away */
    assert_int_equal(store_journey_get(store, j->id, &got), STORE_OK);
    assert_int_equal(got->n_permissions, 1);
    assert_int_equal(got->permissions[0].until_ms, 7000);
    journey_free(j);
    journey_free(got);
}

static void a_stale_version_is_refused(void **state)
{
    (void)state;
    struct journey *j = make_journey();
    assert_int_equal(store_journey_put(store, j, NULL), STORE_OK);
    struct journey *other = journey_copy(j);
    snprintf(other->vehicle, sizeof other->vehicle, "first");
    assert_int_equal(store_journey_put(store, other, NULL), STORE_OK);
    assert_int_equal(other->version, 2);
    snprintf(j->vehicle, sizeof j->vehicle, "second");
    assert_int_equal(store_journey_put(store, j, NULL), STORE_CONFLICT);
    assert_non_null(strstr(store_error(store), "expected version 1, it is 2"));
    assert_int_equal(j->version, 1);
    j->version = 0;
    assert_int_equal(store_journey_put(store, j, NULL), STORE_CONFLICT);
    snprintf(j->id, sizeof j->id, "missing");
    j->version = 3;
    assert_int_equal(store_journey_put(store, j, NULL), STORE_NOT_FOUND);
    j->id[0] = '\0';
    assert_int_equal(store_journey_put(store, j, NULL), STORE_FAILED);
    struct journey *got = NULL;
    assert_int_equal(store_journey_get(store, other->id, &got), STORE_OK);
    assert_string_equal(got->vehicle, "first");
    journey_free(j);
    journey_free(other);
    journey_free(got);
}

#define ROUND_TRIP(type)                                                                                                                   \
    static void a_##type##_comes_back_whole(void **state)                                                                                  \
    {                                                                                                                                      \
        (void)state;                                                                                                                       \
        struct type in = {.version = 0}, out;                                                                                              \
        unsigned n = 7;                                                                                                                    \
        fill(record_##type.fields, &in, &n);                                                                                               \
        assert_int_equal(store_##type##_get(store, in.id, &out), STORE_NOT_FOUND);                                                         \
        assert_int_equal(store_##type##_put(store, &in, NULL), STORE_OK);                                                                  \
        assert_int_equal(store_##type##_get(store, in.id, &out), STORE_OK);                                                                \
        same_fields(record_##type.fields, &in, &out);                                                                                      \
        assert_int_equal(out.version, 1);                                                                                                  \
        in.version = 0;                                                                                                                    \
        assert_int_equal(store_##type##_put(store, &in, NULL), STORE_CONFLICT);                                                            \
        assert_int_equal(store_##type##_put(store, &out, NULL), STORE_OK);                                                                 \
        assert_int_equal(out.version, 2);                                                                                                  \
        in.version = 1;                                                                                                                    \
        assert_int_equal(store_##type##_put(store, &in, NULL), STORE_CONFLICT);                                                            \
    }
/* clang-format off */
ROUND_TRIP(alarm)
ROUND_TRIP(seal)
ROUND_TRIP(station)
ROUND_TRIP(party)
ROUND_TRIP(paper)
ROUND_TRIP(user)
ROUND_TRIP(command)
/* clang-format on */

static void a_sign_in_name_is_unique(void **state)
{
    (void)state;
    struct user a = {.id = "u1", .name = "Amina", .role = USER_ROLE_WATCH_OFFICER}, b = {.id = "u2", .name = "amina"}, got;
    assert_int_equal(store_user_put(store, &a, NULL), STORE_OK);
    assert_int_equal(store_user_put(store, &b, NULL), STORE_CONFLICT);
    assert_int_equal(store_user_by_name(store, "AMINA", &got), STORE_OK);
    assert_string_equal(got.id, "u1");
    assert_int_equal(store_user_by_name(store, "nobody", &got), STORE_NOT_FOUND);
}

static void collect(void *context, const void *record)
{
    char *ids = context; /* each record begins with its id */
    strcat(strcat(ids, record), " ");
}

static void take_audit(void *context, const void *record) /* into the first free place */
{
    struct audit *to = context;
    while (to->seq) {
        to++;
    }
    *to = *(const struct audit *)record;
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

static void rules_and_people_write_an_alarm_apart(void **state)
{
    (void)state;
    struct alarm found = an_alarm("a1", "J1"), mine, got;
    assert_int_equal(store_alarm_found(store, &found, 1), STORE_OK);
    assert_int_equal(store_alarm_get(store, "a1", &mine), STORE_OK);
    assert_int_equal(mine.version, 1);
    found.count = 5; /* the rule goes on finding while the officer writes */
    found.grade = 2;
    assert_int_equal(store_alarm_found(store, &found, 1), STORE_OK);
    mine.state = ALARM_STATE_ACKNOWLEDGED;
    snprintf(mine.note, sizeof mine.note, "called the driver");
    assert_int_equal(store_alarm_put(store, &mine, NULL), STORE_OK);
    assert_int_equal(store_alarm_found(store, &found, 1), STORE_OK);
    assert_int_equal(store_alarm_get(store, "a1", &got), STORE_OK);
    assert_int_equal(got.state, ALARM_STATE_ACKNOWLEDGED);
    assert_string_equal(got.note, "called the driver");
    assert_int_equal(got.count, 5);
    assert_int_equal(got.grade, 2);
    assert_int_equal(got.version, 2);
    mine.version = 1;
    assert_int_equal(store_alarm_put(store, &mine, NULL), STORE_CONFLICT);
}

static void a_withdrawn_alarm(void **state)
{
    (void)state;
    struct alarm open = an_alarm("a1", "J1"), resolved = an_alarm("a2", "J1"), got;
    struct alarm both[2] = {open, resolved};
    assert_int_equal(store_alarm_found(store, both, 2), STORE_OK);
    assert_int_equal(store_alarm_get(store, "a2", &got), STORE_OK);
    got.state = ALARM_STATE_RESOLVED;
    assert_int_equal(store_alarm_put(store, &got, NULL), STORE_OK);
    both[0].state = both[1].state = ALARM_STATE_WITHDRAWN;
    assert_int_equal(store_alarm_found(store, both, 2), STORE_OK);
    assert_int_equal(store_alarm_get(store, "a1", &got), STORE_OK);
    assert_int_equal(got.state, ALARM_STATE_WITHDRAWN);
    assert_int_equal(got.version, 2); /* who has read it raised must look again */
    assert_int_equal(store_alarm_get(store, "a2", &got), STORE_OK);
    assert_int_equal(got.state, ALARM_STATE_RESOLVED); /* a person's word stays */
    assert_int_equal(store_alarm_found(store, &open, 1), STORE_OK);
    assert_int_equal(store_alarm_get(store, "a1", &got), STORE_OK);
    assert_int_equal(got.state, ALARM_STATE_RAISED);
}

static void sessions_and_keys(void **state)
{
    (void)state;
    struct session s = {.id = "s1", .user = "u1", .csrf = "x", .created_ms = T0, .expires_ms = T0 + 1000, .used_ms = T0}, got;
    struct session key = {.id = "k1", .user = "u1", .key = true, .label = "scanner", .scopes = "read", .created_ms = T0, .expires_ms = 0};
    char ids[200] = "";
    assert_int_equal(store_session_put(store, &s, NULL), STORE_OK);
    assert_int_equal(store_session_put(store, &key, NULL), STORE_OK);
    s.used_ms = T0 + 500;
    s.expires_ms = T0 + 1500;
    assert_int_equal(store_session_put(store, &s, NULL), STORE_OK);
    assert_int_equal(store_session_get(store, "s1", &got), STORE_OK);
    same_fields(record_session_fields, &s, &got);
    assert_int_equal(store_sessions(store, "u1", false, collect, ids), STORE_OK);
    assert_int_equal(store_sessions(store, "", true, collect, ids), STORE_OK);
    assert_string_equal(ids, "s1 k1 ");
    struct session later = {.id = "s2", .user = "u1", .created_ms = T0 + 3 * 86400000, .expires_ms = T0 + 4 * 86400000};
    assert_int_equal(store_session_put(store, &later, NULL), STORE_OK);
    assert_int_equal(store_session_get(store, "s1", &got), STORE_NOT_FOUND); /* ended long ago */
    assert_int_equal(store_session_get(store, "k1", &got), STORE_OK);
    assert_int_equal(store_session_drop(store, "k1", NULL), STORE_OK);
    assert_int_equal(store_session_drop(store, "k1", NULL), STORE_NOT_FOUND);
}

static void the_audit_is_written_with_the_change_or_not_at_all(void **state)
{
    (void)state;
    char next[120];
    struct audit audit = {.time_ms = T0, .user = "u1", .user_name = "amina", .action = "party.create", .object = "p1", .detail = "{}"};
    struct party party = {.id = "p1", .name = "Kilimo Freight"};
    assert_int_equal(store_party_put(store, &party, &audit), STORE_OK);
    party.version = 0;
    assert_int_equal(store_party_put(store, &party, &audit), STORE_CONFLICT);
    audit.time_ms++;
    snprintf(audit.action, sizeof audit.action, "sign-in");
    assert_int_equal(store_audit_add(store, &audit), STORE_OK);
    struct audit seen[4] = {{.seq = 0}};
    struct store_query q = {.limit = 10};
    assert_int_equal(store_audits(store, &q, take_audit, seen, next), STORE_OK);
    assert_int_equal(seen[0].seq, 2);
    assert_string_equal(seen[0].action, "sign-in");
    assert_int_equal(seen[1].seq, 1);
    assert_string_equal(seen[1].object, "p1");
    assert_int_equal(seen[2].seq, 0);
    struct store_query by_action = {.limit = 10, .kind = "party.create"};
    memset(seen, 0, sizeof seen);
    assert_int_equal(store_audits(store, &by_action, take_audit, seen, next), STORE_OK);
    assert_int_equal(seen[0].seq, 1);
    assert_int_equal(seen[1].seq, 0);
}

static void the_audit_cannot_be_rewritten(void **state)
{
    (void)state;
    struct audit audit = {.time_ms = T0, .action = "sign-in"};
    assert_int_equal(store_audit_add(store, &audit), STORE_OK);
    assert_true(run_sql(store, "UPDATE audit SET \"user\" = 'other'") < 0);
    assert_non_null(strstr(store_error(store), "append-only"));
    assert_true(run_sql(store, "DELETE FROM audit") < 0);
    assert_int_equal(ask_number(store, "SELECT count(*) FROM audit WHERE \"user\" = ''"), 1);
}

static void answers_are_given_again_for_a_day(void **state)
{
    (void)state;
    int status = 0;
    char *body = NULL;
    assert_int_equal(store_answer_get(store, "key", &status, &body), STORE_NOT_FOUND);
    assert_int_equal(store_answer_put(store, "key", 201, "{\"id\":\"J1\"}", T0), STORE_OK);
    assert_int_equal(store_answer_put(store, "key", 500, "other", T0 + 1), STORE_CONFLICT);
    assert_int_equal(store_answer_get(store, "key", &status, &body), STORE_OK);
    assert_int_equal(status, 201);
    assert_string_equal(body, "{\"id\":\"J1\"}");
    free(body);
    assert_int_equal(store_answer_put(store, "other", 201, "", T0 + INT64_C(86400001)), STORE_OK);
    assert_int_equal(store_answer_get(store, "key", &status, &body), STORE_NOT_FOUND);
}

static void a_setting_is_fixed_once(void **state)
{
    (void)state;
    char value[8] = "";
    assert_int_equal(store_setting_fix(store, "fixed", "first", value, sizeof value), STORE_OK);
    assert_string_equal(value, "first");
    reopen();
    assert_int_equal(store_setting_fix(store, "fixed", "second", value, sizeof value), STORE_OK);
    assert_string_equal(value, "first");
    assert_int_equal(store->backend->setting_make(store, "fixed", "third"), STORE_OK); /* two that ask at once */
    assert_int_equal(store_setting_get(store, "fixed", value, sizeof value), STORE_OK);
    assert_string_equal(value, "first");
}

static void settings_stay(void **state)
{
    (void)state;
    char value[8] = "as was";
    assert_int_equal(store_setting_get(store, "node", value, sizeof value), STORE_NOT_FOUND);
    assert_string_equal(value, "as was");
    assert_int_equal(store_setting_put(store, "node", "one"), STORE_OK);
    assert_int_equal(store_setting_put(store, "node", "two"), STORE_OK);
    reopen();
    assert_int_equal(store_setting_get(store, "node", value, sizeof value), STORE_OK);
    assert_string_equal(value, "two");
    assert_int_equal(store_setting_put(store, "node", "far too long"), STORE_OK);
    assert_int_equal(store_setting_get(store, "node", value, sizeof value), STORE_FAILED);
}

struct damages {
    size_t n;
    int64_t newest, oldest;
    char why[120];
    uint8_t raw;
};

static void see_damage(void *context, const struct store_damage *damage)
{
    struct damages *seen = context;
    if (seen->n++ == 0) {
        seen->newest = damage->received_ms;
        snprintf(seen->why, sizeof seen->why, "%s", damage->why);
        seen->raw = damage->raw.at[0];
    }
    seen->oldest = damage->received_ms;
}

static void damaged_messages_are_kept_and_bounded(void **state)
{
    (void)state;
    enum { N = 20000 };
    struct store_damage *rows = calloc(N, sizeof *rows);
    struct damages seen = {0};
    for (int64_t round = 0; round < 6; round++) {
        for (int64_t i = 0; i < N; i++) {
            rows[i] = (struct store_damage){.received_ms = T0 + round * N + i,
                                            .protocol = "jt701",
                                            .peer = "10.0.0.1:5000",
                                            .outcome = "damaged",
                                            .why = "length: expected 40, got 39",
                                            .raw = {(const uint8_t *)"\x24\x75", 2}};
        }
        assert_int_equal(store_damage_put(store, rows, N), STORE_OK);
    }
    free(rows);
    assert_int_equal(store_damages(store, 1000000, see_damage, &seen), STORE_OK);
    assert_int_equal(seen.n, 100000);
    assert_int_equal(seen.newest, T0 + 119999);
    assert_int_equal(seen.oldest, T0 + 20000);
    assert_string_equal(seen.why, "length: expected 40, got 39");
    assert_int_equal(seen.raw, 0x24);
    memset(&seen, 0, sizeof seen);
    assert_int_equal(store_damages(store, 5, see_damage, &seen), STORE_OK);
    assert_int_equal(seen.n, 5);
}

static void *work(void *context)
{
    size_t *wrong = context;
    char next[120], ids[10000];
    for (int i = 0; i < 60; i++) {
        struct party party = {.kind = PARTY_KIND_CARRIER};
        struct audit audit = {.time_ms = T0 + i, .action = "party.create"};
        snprintf(party.id, sizeof party.id, "%p-%d", context, i);
        struct store_query q = {.limit = 50};
        ids[0] = '\0';
        *wrong += store_party_put(store, &party, &audit) != 0;
        *wrong += store_party_get(store, party.id, &party) != 0;
        *wrong += store_parties(store, &q, collect, ids, next) != 0;
        *wrong += party.version != 1;
    }
    return NULL;
}

static void many_threads_work_at_once(void **state)
{
    (void)state;
    size_t wrong[6] = {0};
    pthread_t threads[6];
    struct store_query q = {.limit = 1};
    struct audit newest[2] = {{.seq = 0}};
    char next[120];
    for (size_t i = 0; i < 6; i++) {
        pthread_create(&threads[i], NULL, work, &wrong[i]);
    }
    for (size_t i = 0; i < 6; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(wrong[i], 0);
    }
    assert_int_equal(store_audits(store, &q, take_audit, newest, next), STORE_OK);
    assert_int_equal(ask_number(store, "SELECT max(seq) FROM audit"), 360);
    assert_int_equal(ask_number(store, "SELECT count(*) FROM audit"), 360);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_journey_comes_back_whole),
        T(permissions_only_grow),
        T(a_stale_version_is_refused),
        T(a_alarm_comes_back_whole),
        T(a_seal_comes_back_whole),
        T(a_station_comes_back_whole),
        T(a_party_comes_back_whole),
        T(a_paper_comes_back_whole),
        T(a_user_comes_back_whole),
        T(a_command_comes_back_whole),
        T(a_sign_in_name_is_unique),
        T(rules_and_people_write_an_alarm_apart),
        T(a_withdrawn_alarm),
        T(sessions_and_keys),
        T(the_audit_is_written_with_the_change_or_not_at_all),
        T(the_audit_cannot_be_rewritten),
        T(answers_are_given_again_for_a_day),
        T(settings_stay),
        T(a_setting_is_fixed_once),
        T(damaged_messages_are_kept_and_bounded),
        T(many_threads_work_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
